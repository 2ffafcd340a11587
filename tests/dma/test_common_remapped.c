/*
 * Common buffers on a machine with a remapping unit.
 */
#include "remapped.h"

enum { DEVICE = 0x77, OTHER = 0x78, PAGES = 5, BYTES = PAGES * PAGE_SIZE, LARGE = 512 * PAGE_SIZE };

#define MIB 0x100000ull

static PDMA_ADAPTER adapter_of(ULONG width)
{
    return remapped_adapter(remapped_device("disk", DEVICE), width);
}

static unsigned char *allocate(PDMA_ADAPTER adapter, uint64_t *logical)
{
    PHYSICAL_ADDRESS address = {.QuadPart = 0};
    unsigned char *memory = adapter->DmaOperations->AllocateCommonBuffer(adapter, BYTES, &address, TRUE);
    rig_expect(memory != NULL);
    *logical = (uint64_t)address.QuadPart;
    return memory;
}

/* rule: DMA-COMMON-26 */
static void its_logical_address_is_not_the_physical_one(void *context)
{
    (void)context;
    static const ULONG widths[] = {64, 40, 32, 24};
    for (unsigned i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        uint64_t logical;
        PDMA_ADAPTER adapter = adapter_of(widths[i]);
        unsigned char *memory = allocate(adapter, &logical);
        for (unsigned page = 0; page < PAGES; page++)
            rig_expect(emu_ram_physical(emu_current(), memory + page * PAGE_SIZE) !=
                       logical + page * PAGE_SIZE);
        rig_expect(widths[i] == 64 || logical + BYTES <= 1ull << widths[i]);
        remapped_free(adapter, BYTES, logical, memory);
        adapter->DmaOperations->PutDmaAdapter(adapter);
    }
}

/* rule: DMA-COMMON-27 */
static void it_is_contiguous_for_the_device_alone(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = adapter_of(64);
    unsigned char *memory = allocate(adapter, &logical);
    bool neighbours = true;
    for (unsigned page = 0; page < PAGES; page++) {
        memory[page * PAGE_SIZE] = (unsigned char)('a' + page);
        rig_expect_equal(remapped_read(DEVICE, logical + page * PAGE_SIZE), 'a' + page);
        neighbours &= emu_ram_physical(emu_current(), memory + page * PAGE_SIZE) ==
                      emu_ram_physical(emu_current(), memory) + page * PAGE_SIZE;
    }
    rig_expect(!neighbours);
    remapped_write(DEVICE, logical + BYTES - 1, 'z');
    rig_expect_equal(memory[BYTES - 1], 'z');
}

/* rule: DMA-COMMON-28 */
static void reading_it_after_it_was_freed(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = adapter_of(64);
    unsigned char *memory = allocate(adapter, &logical);
    remapped_free(adapter, BYTES, logical, memory);
    remapped_read(DEVICE, logical);
}

/* rule: DMA-COMMON-29 */
static void reading_another_devices(void *context)
{
    (void)context;
    uint64_t logical;
    allocate(adapter_of(64), &logical);
    remapped_adapter(remapped_device("network", OTHER), 64);
    remapped_read(OTHER, logical);
}

/* rule: DMA-COMMON-26 */
static void reading_it_by_its_physical_address(void *context)
{
    (void)context;
    uint64_t logical;
    unsigned char *memory = allocate(adapter_of(64), &logical);
    remapped_read(DEVICE, emu_ram_physical(emu_current(), memory));
}

/* rule: DMA-COMMON-30 */
static void bounds_are_bounds_of_logical_addresses(void *context)
{
    (void)context;
    PHYSICAL_ADDRESS lowest = {.QuadPart = 0x5000000000}, highest = {.QuadPart = 0x5000000000 + BYTES - 1};
    PHYSICAL_ADDRESS address;
    PDMA_ADAPTER adapter = adapter_of(64);
    PDMA_OPERATIONS o = adapter->DmaOperations;
    PVOID memory = o->AllocateCommonBufferWithBounds(adapter, &lowest, &highest, BYTES, 0, NULL, 0, &address);
    rig_expect(memory != NULL);
    rig_expect_equal(address.QuadPart, lowest.QuadPart);
    rig_expect(o->AllocateCommonBufferWithBounds(adapter, &lowest, &highest, PAGE_SIZE, 0, NULL, 0,
                                                 &address) == NULL);
    remapped_free(adapter, BYTES, (uint64_t)lowest.QuadPart, memory);
    rig_expect(o->AllocateCommonBufferWithBounds(adapter, &lowest, &highest, PAGE_SIZE, 0, NULL, 0,
                                                 &address) != NULL);
}

/* rule: DMA-COMMON-31 */
static void large_pages_are_large_in_logical_addresses(void *context)
{
    (void)context;
    PHYSICAL_ADDRESS address;
    PDMA_ADAPTER adapter = adapter_of(64);
    for (unsigned i = 0; i < 2; i++) {
        unsigned char *memory = adapter->DmaOperations->AllocateCommonBufferWithBounds(
            adapter, NULL, NULL, 1, DOMAIN_COMMON_BUFFER_LARGE_PAGE, NULL, 0, &address);
        rig_expect(memory != NULL && address.QuadPart % LARGE == 0);
        memory[LARGE - PAGE_SIZE] = 'l';
        rig_expect_equal(remapped_read(DEVICE, (uint64_t)address.QuadPart + LARGE - PAGE_SIZE), 'l');
    }
}

/* rule: DMA-VECTOR-15 */
static void buffers_of_a_vector_are_remapped_too(void *context)
{
    (void)context;
    PHYSICAL_ADDRESS zero = {.QuadPart = 0}, all = {.QuadPart = -1}, address;
    PDMA_COMMON_BUFFER_VECTOR vector;
    PVOID memory;
    PDMA_ADAPTER adapter = adapter_of(32);
    PDMA_OPERATIONS o = adapter->DmaOperations;
    rig_expect_equal(o->AllocateCommonBufferVector(adapter, zero, all, MmCached, 0, 0, 3, BYTES, &vector),
                     STATUS_SUCCESS);
    for (ULONG i = 0; i < 3; i++) {
        o->GetCommonBufferFromVectorByIndex(adapter, vector, i, &memory, &address);
        ((unsigned char *)memory)[BYTES - 1] = (unsigned char)i;
        rig_expect_equal(remapped_read(DEVICE, (uint64_t)address.QuadPart + BYTES - 1), i);
        rig_expect(address.QuadPart + BYTES <= 1ll << 32);
        o->FreeCommonBufferFromVector(adapter, vector, i);
    }
    o->FreeCommonBufferVector(adapter, vector);
    o->PutDmaAdapter(adapter);
}

/* ---- CreateCommonBufferFromMdl --------------------------------------------------------------- */

static NTSTATUS create(PDMA_ADAPTER adapter, PMDL mdl, DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION *config,
                       uint64_t *logical)
{
    PHYSICAL_ADDRESS address = {.QuadPart = 0};
    NTSTATUS status =
        adapter->DmaOperations->CreateCommonBufferFromMdl(adapter, mdl, config, config != NULL, &address);
    *logical = (uint64_t)address.QuadPart;
    return status;
}

static uint64_t permitted(DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_ACCESS_TYPE access)
{
    unsigned char *memory;
    uint64_t logical;
    PMDL mdl = world_buffer(PAGES, false, &memory);
    DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION config = {
        .ConfigType = CommonBufferConfigTypeHardwareAccessPermissions, .HardwareAccessType = access};
    rig_expect_equal(create(adapter_of(64), mdl, &config, &logical), STATUS_SUCCESS);
    return logical;
}

/* rule: DMA-MDLBUFFER-19 */
static void under_remapping_any_pages_will_do(void *context)
{
    (void)context;
    unsigned char *memory;
    uint64_t logical;
    PDMA_ADAPTER adapter = adapter_of(32);
    PMDL mdl = world_buffer(PAGES, true, &memory); /* not neighbours, and above 4 GiB */
    rig_expect_equal(create(adapter, mdl, NULL, &logical), STATUS_SUCCESS);
    rig_expect(logical + BYTES <= 1ull << 32);
    for (unsigned page = 0; page < PAGES; page++)
        rig_expect_equal(remapped_read(DEVICE, logical + page * PAGE_SIZE), 'a' + page);
    remapped_free(adapter, BYTES, logical, memory);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* rule: DMA-MDLBUFFER-10 */
static void a_part_that_two_mdls_share_will_not_do(void *context)
{
    (void)context;
    unsigned char *memory;
    uint64_t logical;
    PMDL mdl = world_buffer(1, false, &memory);
    DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION part = {.ConfigType = CommonBufferConfigTypeSubSection};
    part.SubSection.Length = 2 * PAGE_SIZE;
    mdl->Next = world_buffer(1, false, &memory);
    rig_expect_equal(create(adapter_of(64), mdl, &part, &logical), STATUS_INVALID_PARAMETER);
}

/* rule: DMA-MDLBUFFER-20 */
static void reading_it_after_it_was_removed(void *context)
{
    (void)context;
    unsigned char *memory;
    uint64_t logical;
    PDMA_ADAPTER adapter = adapter_of(32);
    rig_expect_equal(create(adapter, world_buffer(PAGES, false, &memory), NULL, &logical), STATUS_SUCCESS);
    remapped_free(adapter, BYTES, logical, memory);
    remapped_read(DEVICE, logical);
}

/* rule: DMA-MDLBUFFER-21 */
static void a_device_reads_what_it_may_read_only(void *context)
{
    (void)context;
    rig_expect_equal(remapped_read(DEVICE, permitted(CommonBufferHardwareAccessReadOnly)), 'a');
}

/* rule: DMA-MDLBUFFER-21 */
static void a_device_writes_what_it_may_write_only(void *context)
{
    (void)context;
    remapped_write(DEVICE, permitted(CommonBufferHardwareAccessWriteOnly), 'w');
}

/* rule: DMA-MDLBUFFER-21 */
static void a_device_writes_what_it_may_read_only(void *context)
{
    (void)context;
    remapped_write(DEVICE, permitted(CommonBufferHardwareAccessReadOnly), 'w');
}

/* rule: DMA-MDLBUFFER-21 */
static void a_device_reads_what_it_may_write_only(void *context)
{
    (void)context;
    remapped_read(DEVICE, permitted(CommonBufferHardwareAccessWriteOnly));
}

/* rule: DMA-MDLBUFFER-22 */
static void limits_are_limits_of_logical_addresses(void *context)
{
    (void)context;
    unsigned char *memory;
    uint64_t logical;
    PDMA_ADAPTER adapter = adapter_of(64);
    PMDL mdl = world_buffer(PAGES, false, &memory);
    DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION config = {.ConfigType =
                                                           CommonBufferConfigTypeLogicalAddressLimits};
    config.LogicalAddressLimits.MinimumAddress.QuadPart = 0x30000;
    config.LogicalAddressLimits.MaximumAddress.QuadPart = 0x30000 + BYTES - 1;
    rig_expect_equal(create(adapter, mdl, &config, &logical), STATUS_SUCCESS);
    rig_expect_equal(logical, 0x30000);
    rig_expect_equal(create(adapter, mdl, &config, &logical), STATUS_INSUFFICIENT_RESOURCES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        REMAPPED_HOLDS(its_logical_address_is_not_the_physical_one),
        REMAPPED_HOLDS(it_is_contiguous_for_the_device_alone),
        REMAPPED_STOPS(reading_it_after_it_was_freed, "DMA-REMAP-3", "0xE6/26"),
        REMAPPED_STOPS(reading_another_devices, "DMA-REMAP-3", "0xE6/26"),
        REMAPPED_STOPS(reading_it_by_its_physical_address, "DMA-REMAP-3", "0xE6/26"),
        REMAPPED_HOLDS(bounds_are_bounds_of_logical_addresses),
        REMAPPED_HOLDS(large_pages_are_large_in_logical_addresses),
        REMAPPED_HOLDS(buffers_of_a_vector_are_remapped_too),
        REMAPPED_HOLDS(under_remapping_any_pages_will_do),
        REMAPPED_HOLDS(a_part_that_two_mdls_share_will_not_do),
        REMAPPED_STOPS(reading_it_after_it_was_removed, "DMA-REMAP-3", "0xE6/26"),
        REMAPPED_HOLDS(a_device_reads_what_it_may_read_only),
        REMAPPED_HOLDS(a_device_writes_what_it_may_write_only),
        REMAPPED_STOPS(a_device_writes_what_it_may_read_only, "DMA-REMAP-3", "0xE6/26"),
        REMAPPED_STOPS(a_device_reads_what_it_may_write_only, "DMA-REMAP-3", "0xE6/26"),
        REMAPPED_HOLDS(limits_are_limits_of_logical_addresses),
    };
    return cmocka_run_group_tests_name("dma.common_remapped", tests, NULL, NULL);
}
