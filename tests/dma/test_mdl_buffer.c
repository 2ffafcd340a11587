/*
 * CreateCommonBufferFromMdl without a remapping unit.
 */
#include "world.h"

#include "emu/machine_state.h"

enum { PAGES = 4, BYTES = PAGES * PAGE_SIZE, CONFIGS = 3 };

typedef DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION config;

static NTSTATUS create(PDMA_ADAPTER adapter, PMDL mdl, config *configs, ULONG count, uint64_t *logical)
{
    PHYSICAL_ADDRESS address = {.QuadPart = 0};
    NTSTATUS status =
        adapter->DmaOperations->CreateCommonBufferFromMdl(adapter, mdl, configs, count, &address);
    *logical = (uint64_t)address.QuadPart;
    return status;
}

static void release(PDMA_ADAPTER adapter, ULONG length, uint64_t logical, PVOID memory)
{
    PHYSICAL_ADDRESS address = {.QuadPart = (LONGLONG)logical};
    adapter->DmaOperations->FreeCommonBuffer(adapter, length, address, memory, TRUE);
}

/* Physically contiguous pages within a 32-bit device's reach. */
static unsigned char *contiguous(uint32_t pages)
{
    PHYSICAL_ADDRESS highest = {.QuadPart = 0xFFFFFFFF};
    unsigned char *memory = MmAllocateContiguousMemory((SIZE_T)pages * PAGE_SIZE, highest);
    rig_expect(memory != NULL);
    return memory;
}

static config limits(uint64_t lowest, uint64_t highest)
{
    config c = {.ConfigType = CommonBufferConfigTypeLogicalAddressLimits};
    c.LogicalAddressLimits.MinimumAddress.QuadPart = (LONGLONG)lowest;
    c.LogicalAddressLimits.MaximumAddress.QuadPart = (LONGLONG)highest;
    return c;
}

static config section(uint64_t offset, ULONG length)
{
    config c = {.ConfigType = CommonBufferConfigTypeSubSection};
    c.SubSection.Offset = offset;
    c.SubSection.Length = length;
    return c;
}

static config access(DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_ACCESS_TYPE type)
{
    return (config){.ConfigType = CommonBufferConfigTypeHardwareAccessPermissions,
                    .HardwareAccessType = type};
}

static void expect(PDMA_ADAPTER adapter, PMDL mdl, config c, NTSTATUS status)
{
    uint64_t logical;
    rig_expect_equal(create(adapter, mdl, &c, 1, &logical), status);
}

/* ---- What it is ------------------------------------------------------------------------------ */

/* rule: DMA-MDLBUFFER-1, EMU-RACE-14 */
static void the_device_reaches_the_mdls_pages(void *context)
{
    (void)context;
    char seen[4];
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(32);
    unsigned char *memory = contiguous(PAGES);
    PMDL mdl = world_mdl(memory, BYTES);
    rig_expect_equal(create(adapter, mdl, NULL, 0, &logical), STATUS_SUCCESS);
    rig_expect_equal(logical, emu_ram_physical(emu_current(), memory));
    rig_expect(emu_ram_is_met(emu_current(), memory + BYTES - 1));
    memcpy(memory + BYTES - 4, "mdl", 4);
    world_device_read(logical + BYTES - 4, seen, sizeof seen);
    rig_expect(strcmp(seen, "mdl") == 0);
    release(adapter, BYTES, logical, memory);
    IoFreeMdl(mdl);
    MmFreeContiguousMemory(memory);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* rule: DMA-MDLBUFFER-2 */
static void freeing_it_leaves_the_pages_to_the_driver(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(32);
    unsigned char *memory = contiguous(PAGES);
    PMDL mdl = world_mdl(memory, BYTES);
    for (unsigned round = 0; round < 2; round++) {
        rig_expect_equal(create(adapter, mdl, NULL, 0, &logical), STATUS_SUCCESS);
        memory[BYTES - 1] = (unsigned char)round;
        release(adapter, BYTES, logical, memory);
        rig_expect_equal(memory[BYTES - 1], round);
    }
    MmFreeContiguousMemory(memory);
}

/* rule: DMA-MDLBUFFER-3 */
static void locked_pages_with_a_system_address_will_do(void *context)
{
    (void)context;
    uint64_t logical;
    PHYSICAL_ADDRESS zero = {.QuadPart = 0}, highest = {.QuadPart = 0xFFFFFFFF};
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = MmAllocatePagesForMdlEx(zero, highest, zero, PAGE_SIZE, MmCached, 0);
    rig_expect(mdl != NULL);
    rig_expect_equal(create(adapter, mdl, NULL, 0, &logical), STATUS_INVALID_PARAMETER);
    PVOID memory = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    rig_expect_equal(create(adapter, mdl, NULL, 0, &logical), STATUS_SUCCESS);
    release(adapter, PAGE_SIZE, logical, memory);
    MmFreePagesFromMdl(mdl);
    ExFreePool(mdl);
}

/* rule: DMA-MDLBUFFER-4 */
static void pages_that_are_not_locked_will_not(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(32);
    unsigned char *memory = contiguous(1);
    PMDL mdl = IoAllocateMdl(memory, PAGE_SIZE, FALSE, FALSE, NULL);
    PMDL forged = world_mdl(memory, PAGE_SIZE);
    forged->MdlFlags = MDL_MAPPED_TO_SYSTEM_VA;
    rig_expect_equal(create(adapter, forged, NULL, 0, &logical), STATUS_INVALID_PARAMETER);
    rig_expect_equal(create(adapter, mdl, NULL, 0, &logical), STATUS_INVALID_PARAMETER);
    MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
    rig_expect_equal(create(adapter, mdl, NULL, 0, &logical), STATUS_INVALID_PARAMETER);
    rig_expect(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) != NULL);
    rig_expect_equal(create(adapter, mdl, NULL, 0, &logical), STATUS_SUCCESS);
}

/* rule: DMA-MDLBUFFER-5 */
static void it_is_whole_pages(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(32);
    unsigned char *memory = contiguous(PAGES);
    rig_expect_equal(create(adapter, world_mdl(memory + 1, PAGE_SIZE), NULL, 0, &logical),
                     STATUS_INVALID_PARAMETER);
    rig_expect_equal(create(adapter, world_mdl(memory, PAGE_SIZE + 1), NULL, 0, &logical),
                     STATUS_INVALID_PARAMETER);
    rig_expect_equal(create(adapter, world_mdl(memory, PAGE_SIZE - 1), NULL, 0, &logical),
                     STATUS_INVALID_PARAMETER);
    rig_expect_equal(create(adapter, world_mdl(memory, PAGE_SIZE), NULL, 0, &logical), STATUS_SUCCESS);
}

/* rule: DMA-MDLBUFFER-6 */
static void without_remapping_it_is_contiguous(void *context)
{
    (void)context;
    uint64_t logical;
    unsigned char *memory;
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = world_buffer(2, false, &memory); /* pages that are not neighbours */
    rig_expect_equal(create(adapter, mdl, NULL, 0, &logical), STATUS_INVALID_PARAMETER);
    expect(adapter, mdl, section(PAGE_SIZE, PAGE_SIZE), STATUS_SUCCESS);
}

/* rule: DMA-MDLBUFFER-7 */
static void without_remapping_the_device_reaches_all_of_it(void *context)
{
    (void)context;
    uint64_t logical;
    unsigned char *memory;
    PMDL mdl = world_buffer(1, true, &memory);
    rig_expect_equal(create(world_adapter(32), mdl, NULL, 0, &logical), STATUS_INVALID_PARAMETER);
    rig_expect_equal(create(world_adapter(64), mdl, NULL, 0, &logical), STATUS_SUCCESS);
}

/* rule: DMA-MDLBUFFER-8 */
static void nothing_is_made_of_nothing(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_mdl(contiguous(1), PAGE_SIZE);
    rig_expect_equal(create(adapter, NULL, NULL, 0, &logical), STATUS_INVALID_PARAMETER);
    rig_expect_equal(create(adapter, mdl, NULL, 1, &logical), STATUS_INVALID_PARAMETER);
    rig_expect_equal(adapter->DmaOperations->CreateCommonBufferFromMdl(adapter, mdl, NULL, 0, NULL),
                     STATUS_INVALID_PARAMETER);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* ---- Chains and parts ------------------------------------------------------------------------ */

/* rule: DMA-MDLBUFFER-9 */
static void a_chain_will_not_do(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(32);
    unsigned char *memory = contiguous(2);
    PMDL mdl = world_mdl(memory, PAGE_SIZE);
    mdl->Next = world_mdl(memory + PAGE_SIZE, PAGE_SIZE);
    rig_expect_equal(create(adapter, mdl, NULL, 0, &logical), STATUS_INVALID_PARAMETER);
}

/* rule: DMA-MDLBUFFER-10 */
static void a_part_of_one_mdl_of_a_chain_will(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(32);
    unsigned char *first = contiguous(1), *second = contiguous(PAGES);
    PMDL mdl = world_mdl(first, PAGE_SIZE);
    config part = section(2 * PAGE_SIZE, 2 * PAGE_SIZE);
    mdl->Next = world_mdl(second, BYTES);
    rig_expect_equal(create(adapter, mdl, &part, 1, &logical), STATUS_SUCCESS);
    rig_expect_equal(logical, emu_ram_physical(emu_current(), second + PAGE_SIZE));
    release(adapter, 2 * PAGE_SIZE, logical, second + PAGE_SIZE);
    expect(adapter, mdl, section(0, PAGE_SIZE), STATUS_SUCCESS);
    expect(adapter, mdl, section(0, 2 * PAGE_SIZE), STATUS_INVALID_PARAMETER);
    expect(adapter, mdl, section(PAGE_SIZE, BYTES), STATUS_SUCCESS);
    expect(adapter, mdl, section(PAGE_SIZE, BYTES + PAGE_SIZE), STATUS_INVALID_PARAMETER);
    expect(adapter, mdl, section(PAGE_SIZE + BYTES, PAGE_SIZE), STATUS_INVALID_PARAMETER);
    expect(adapter, mdl, section(~0ull << PAGE_SHIFT, PAGE_SIZE), STATUS_INVALID_PARAMETER);
}

/* rule: DMA-MDLBUFFER-11 */
static void a_part_is_page_aligned(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(32);
    unsigned char *memory = contiguous(PAGES);
    PMDL mdl = world_mdl(memory, BYTES), odd = world_mdl(memory + 1, BYTES - 1);
    expect(adapter, mdl, section(1, PAGE_SIZE), STATUS_INVALID_PARAMETER);
    expect(adapter, mdl, section(0, PAGE_SIZE + 1), STATUS_INVALID_PARAMETER);
    expect(adapter, mdl, section(0, 0), STATUS_INVALID_PARAMETER);
    expect(adapter, odd, section(0, PAGE_SIZE), STATUS_INVALID_PARAMETER);
    expect(adapter, odd, section(PAGE_SIZE, PAGE_SIZE), STATUS_INVALID_PARAMETER);
}

/* ---- Configurations -------------------------------------------------------------------------- */

/* rule: DMA-MDLBUFFER-12 */
static void its_logical_addresses_lie_within_limits_that_count_themselves(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(32);
    unsigned char *memory = contiguous(PAGES);
    PMDL mdl = world_mdl(memory, BYTES);
    uint64_t at = emu_ram_physical(emu_current(), memory);
    expect(adapter, mdl, limits(at, at + BYTES - 1), STATUS_SUCCESS);
    expect(adapter, mdl, limits(0, UINT64_MAX), STATUS_SUCCESS);
    expect(adapter, mdl, limits(at + 1, at + BYTES), STATUS_INVALID_PARAMETER);
    expect(adapter, mdl, limits(at, at + BYTES - 2), STATUS_INVALID_PARAMETER);
    expect(adapter, mdl, limits(0, at - 1), STATUS_INVALID_PARAMETER);
    expect(adapter, mdl, limits(at + BYTES, at), STATUS_INVALID_PARAMETER);
}

/* rule: DMA-MDLBUFFER-13 */
static void without_remapping_the_device_may_read_and_write(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_mdl(contiguous(1), PAGE_SIZE);
    expect(adapter, mdl, access(CommonBufferHardwareAccessReadOnly), STATUS_NOT_SUPPORTED);
    expect(adapter, mdl, access(CommonBufferHardwareAccessWriteOnly), STATUS_NOT_SUPPORTED);
    expect(adapter, mdl, access(CommonBufferHardwareAccessReadWrite), STATUS_SUCCESS);
    expect(adapter, mdl, access(CommonBufferHardwareAccessMax), STATUS_INVALID_PARAMETER);
}

/* rule: DMA-MDLBUFFER-14 */
static void one_configuration_of_each_type(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_mdl(contiguous(PAGES), BYTES);
    const config each[CONFIGS] = {limits(0, UINT64_MAX), section(0, PAGE_SIZE),
                                  access(CommonBufferHardwareAccessReadWrite)};
    config all[CONFIGS];
    memcpy(all, each, sizeof all);
    rig_expect_equal(create(adapter, mdl, all, CONFIGS, &logical), STATUS_SUCCESS);
    for (unsigned i = 0; i < CONFIGS; i++) {
        config twice[2] = {each[i], each[i]};
        rig_expect_equal(create(adapter, mdl, twice, 2, &logical), STATUS_INVALID_PARAMETER);
    }
}

/* rule: DMA-MDLBUFFER-15 */
static void a_type_that_does_not_exist(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_mdl(contiguous(1), PAGE_SIZE);
    expect(adapter, mdl, (config){.ConfigType = CommonBufferConfigTypeMax}, STATUS_INVALID_PARAMETER);
}

/* ---- Its end --------------------------------------------------------------------------------- */

/* rule: DMA-MDLBUFFER-16 */
static void freeing_it_by_another_address_than_the_systems(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(32);
    unsigned char *memory = contiguous(PAGES);
    rig_expect_equal(create(adapter, world_mdl(memory, BYTES), NULL, 0, &logical), STATUS_SUCCESS);
    release(adapter, BYTES, logical, memory + PAGE_SIZE);
}

/* rule: DMA-MDLBUFFER-17 */
static void releasing_the_adapter_before_it(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(32);
    rig_expect_equal(create(adapter, world_mdl(contiguous(PAGES), BYTES), NULL, 0, &logical), STATUS_SUCCESS);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* rule: DMA-MDLBUFFER-18 */
static void two_of_the_same_pages_are_two(void *context)
{
    (void)context;
    uint64_t one, other;
    PDMA_ADAPTER adapter = world_adapter(32);
    unsigned char *memory = contiguous(PAGES);
    PMDL mdl = world_mdl(memory, BYTES);
    config part = section(0, PAGE_SIZE);
    rig_expect_equal(create(adapter, mdl, NULL, 0, &one), STATUS_SUCCESS);
    rig_expect_equal(create(adapter, mdl, &part, 1, &other), STATUS_SUCCESS);
    release(adapter, BYTES, one, memory);
    release(adapter, PAGE_SIZE, other, memory);
    rig_expect_equal(create(adapter, mdl, NULL, 0, &one), STATUS_SUCCESS);
    rig_expect_equal(create(adapter, mdl, &part, 1, &other), STATUS_SUCCESS);
    release(adapter, PAGE_SIZE, other, memory);
    release(adapter, BYTES, one, memory);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(the_device_reaches_the_mdls_pages),
        WORLD_HOLDS(freeing_it_leaves_the_pages_to_the_driver),
        WORLD_HOLDS(locked_pages_with_a_system_address_will_do),
        WORLD_HOLDS(pages_that_are_not_locked_will_not),
        WORLD_HOLDS(it_is_whole_pages),
        WORLD_HOLDS(without_remapping_it_is_contiguous),
        WORLD_HOLDS(without_remapping_the_device_reaches_all_of_it),
        WORLD_HOLDS(nothing_is_made_of_nothing),
        WORLD_HOLDS(a_chain_will_not_do),
        WORLD_HOLDS(a_part_of_one_mdl_of_a_chain_will),
        WORLD_HOLDS(a_part_is_page_aligned),
        WORLD_HOLDS(its_logical_addresses_lie_within_limits_that_count_themselves),
        WORLD_HOLDS(without_remapping_the_device_may_read_and_write),
        WORLD_HOLDS(one_configuration_of_each_type),
        WORLD_HOLDS(a_type_that_does_not_exist),
        WORLD_STOPS(freeing_it_by_another_address_than_the_systems, "DMA-COMMON-4", "0xE6/03"),
        WORLD_STOPS(releasing_the_adapter_before_it, "DMA-ADAPTER-10", "0xE6/07"),
        WORLD_HOLDS(two_of_the_same_pages_are_two),
    };
    return cmocka_run_group_tests_name("dma.mdl_buffer", tests, NULL, NULL);
}
