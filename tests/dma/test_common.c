/*
 * AllocateCommonBuffer and FreeCommonBuffer.
 */
#include "world.h"

#include "emu/machine_state.h"

static PVOID allocate(PDMA_ADAPTER adapter, ULONG length, uint64_t *logical)
{
    PHYSICAL_ADDRESS address = {.QuadPart = 0};
    PVOID memory = adapter->DmaOperations->AllocateCommonBuffer(adapter, length, &address, TRUE);
    *logical = (uint64_t)address.QuadPart;
    return memory;
}

static void release(PDMA_ADAPTER adapter, ULONG length, uint64_t logical, PVOID memory)
{
    PHYSICAL_ADDRESS address = {.QuadPart = (LONGLONG)logical};
    adapter->DmaOperations->FreeCommonBuffer(adapter, length, address, memory, TRUE);
}

/* rule: EMU-RACE-14 */
static void accesses_to_it_meet_those_of_devices_until_it_is_freed(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(64);
    unsigned char *memory = allocate(adapter, 2 * PAGE_SIZE, &logical);
    rig_expect(emu_ram_is_met(emu_current(), memory) &&
               emu_ram_is_met(emu_current(), memory + 2 * PAGE_SIZE - 1));
    release(adapter, 2 * PAGE_SIZE, logical, memory);
    rig_expect(!emu_ram_is_met(emu_current(), memory) && !emu_ram_is_met(emu_current(), memory + PAGE_SIZE));
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* rule: DMA-COMMON-1 */
static void processor_and_device_share_it(void *context)
{
    (void)context;
    uint64_t logical;
    char seen[4];
    PDMA_ADAPTER adapter = world_adapter(64);
    unsigned char *memory = allocate(adapter, 3 * PAGE_SIZE, &logical);
    rig_expect(memory != NULL && (uintptr_t)memory % PAGE_SIZE == 0);
    memcpy(memory + 2 * PAGE_SIZE, "cpu", 4);
    world_device_read(logical + 2 * PAGE_SIZE, seen, sizeof seen);
    rig_expect(strcmp(seen, "cpu") == 0);
    world_device_write(logical + PAGE_SIZE, "dev", 4);
    rig_expect(strcmp((char *)memory + PAGE_SIZE, "dev") == 0);
    release(adapter, 3 * PAGE_SIZE, logical, memory);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* rule: DMA-COMMON-2 */
static void it_is_contiguous_and_within_the_devices_reach(void *context)
{
    (void)context;
    static const ULONG widths[] = {24, 32, 31, 64};
    for (unsigned i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        uint64_t logical;
        PDMA_ADAPTER adapter = world_adapter(widths[i]);
        unsigned char *memory = allocate(adapter, 4 * PAGE_SIZE, &logical);
        rig_expect(memory != NULL);
        for (unsigned page = 0; page < 4; page++)
            rig_expect_equal(emu_ram_physical(emu_current(), memory + page * PAGE_SIZE),
                             logical + page * PAGE_SIZE);
        rig_expect(widths[i] == 64 || logical + 4 * PAGE_SIZE <= 1ull << widths[i]);
    }
}

/* rule: DMA-COMMON-3 */
static void there_is_none_where_no_memory_fits(void *context)
{
    (void)context;
    uint64_t logical;
    rig_expect(allocate(world_adapter(16), PAGE_SIZE, &logical) == NULL);
    rig_expect(allocate(world_adapter(32), 0xFFFFFFFF, &logical) == NULL);
    rig_expect(allocate(world_adapter(32), 0, &logical) == NULL);
}

/* rule: DMA-COMMON-4 */
static void freeing_it_twice(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(32);
    PVOID memory = allocate(adapter, 100, &logical);
    release(adapter, 100, logical, memory);
    release(adapter, 100, logical, memory);
}

/* rule: DMA-COMMON-5 */
static void freeing_it_with_another_length(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(32);
    PVOID memory = allocate(adapter, 100, &logical);
    release(adapter, 99, logical, memory);
}

/* rule: DMA-COMMON-5 */
static void freeing_it_with_another_logical_address(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(32);
    PVOID memory = allocate(adapter, 100, &logical);
    release(adapter, 100, logical + PAGE_SIZE, memory);
}

/* rule: DMA-COMMON-5 */
static void freeing_it_as_if_it_were_not_cached(void *context)
{
    (void)context;
    PHYSICAL_ADDRESS logical;
    PDMA_ADAPTER adapter = world_adapter(32);
    PVOID memory = adapter->DmaOperations->AllocateCommonBuffer(adapter, 100, &logical, TRUE);
    adapter->DmaOperations->FreeCommonBuffer(adapter, 100, logical, memory, FALSE);
}

/* rule: DMA-COMMON-7 */
static void what_is_in_it_at_first_is_not_zero(void *context)
{
    (void)context;
    enum { BYTES = PAGE_SIZE + 100 };
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(32);
    for (unsigned round = 0; round < 2; round++) {
        unsigned char *memory = allocate(adapter, BYTES, &logical);
        for (unsigned i = 0; i < BYTES; i++)
            rig_expect(memory[i] != 0);
        memset(memory, 0, BYTES);
        release(adapter, BYTES, logical, memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(processor_and_device_share_it),
        WORLD_HOLDS(accesses_to_it_meet_those_of_devices_until_it_is_freed),
        WORLD_HOLDS(it_is_contiguous_and_within_the_devices_reach),
        WORLD_HOLDS(there_is_none_where_no_memory_fits),
        WORLD_STOPS(freeing_it_twice, "DMA-COMMON-4", "0xE6/03"),
        WORLD_STOPS(freeing_it_with_another_length, "DMA-COMMON-5", NULL),
        WORLD_STOPS(freeing_it_with_another_logical_address, "DMA-COMMON-5", NULL),
        WORLD_STOPS(freeing_it_as_if_it_were_not_cached, "DMA-COMMON-5", NULL),
        WORLD_HOLDS(what_is_in_it_at_first_is_not_zero),
    };
    return cmocka_run_group_tests_name("dma.common", tests, NULL, NULL);
}
