/*
 * Map registers: the pool that adapters share, and the handle that names what one allocation holds.
 */
#include "slow_build.h"
#include "world.h"

typedef UCHAR transfer_bytes[DMA_TRANSFER_CONTEXT_SIZE_V1];

static bool balanced(void)
{
    const struct dma_pool *pool = world_pool();
    return pool->total == pool->free + pool->reserved + pool->mapped;
}

/* rule: DMA-REG-1 */
static void every_register_is_free_reserved_or_mapped(void *context)
{
    (void)context;
    transfer_bytes transfer;
    unsigned char *memory;
    struct world_list list;
    ULONG length = 2 * PAGE_SIZE;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(2, false, &memory);
    struct dma_pool *pool = world_pool();
    rig_expect(balanced() && pool->free == WORLD_REGISTERS);
    PVOID base = world_take(adapter, transfer, 3);
    rig_expect(balanced() && pool->free == WORLD_REGISTERS - 3 && pool->reserved == 3);
    rig_expect_equal(world_map(adapter, mdl, base, 0, &length, true, &list), STATUS_SUCCESS);
    rig_expect(balanced() && pool->mapped == 2 && pool->reserved == 1);
    adapter->DmaOperations->FlushAdapterBuffersEx(adapter, mdl, base, 0, length, TRUE);
    rig_expect(balanced() && pool->mapped == 0 && pool->reserved == 3);
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
    rig_expect(balanced() && pool->free == WORLD_REGISTERS);
}

/* rule: DMA-REG-2 */
static void a_base_is_no_address_and_names_one_allocation_only(void *context)
{
    (void)context;
    transfer_bytes transfer;
    PDMA_ADAPTER adapter = world_adapter(32);
    PVOID first = world_take(adapter, transfer, 3);
    rig_expect(!emu_ram_owns(emu_current(), first) && (uintptr_t)first >> 48 != 0);
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
    rig_expect(world_take(adapter, transfer, 3) != first);
}

static void map_with(PDMA_ADAPTER adapter, PVOID base)
{
    unsigned char *memory;
    struct world_list list;
    ULONG length = PAGE_SIZE;
    world_map(adapter, world_buffer(1, false, &memory), base, 0, &length, true, &list);
}

/* rule: DMA-REG-3 */
static void mapping_with_registers_that_were_freed(void *context)
{
    (void)context;
    transfer_bytes transfer;
    PDMA_ADAPTER adapter = world_adapter(32);
    PVOID base = world_take(adapter, transfer, 3);
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
    map_with(adapter, base);
}

/* rule: DMA-REG-3 */
static void mapping_with_registers_of_another_adapter(void *context)
{
    (void)context;
    transfer_bytes transfer;
    PDMA_ADAPTER one = world_adapter(32), two = world_adapter(32);
    map_with(two, world_take(one, transfer, 3));
}

/* rule: DMA-REG-3 */
static void mapping_with_a_base_that_is_a_pointer(void *context)
{
    (void)context;
    int something;
    map_with(world_adapter(32), &something);
}

/* rule: DMA-REG-4 */
static void double_buffers_lie_within_the_devices_reach(void *context)
{
    (void)context;
    static const ULONG widths[] = {32, 28, 24};
    for (unsigned i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        transfer_bytes transfer;
        unsigned char *memory;
        struct world_list list;
        ULONG length = 3 * PAGE_SIZE;
        PDMA_ADAPTER adapter = world_adapter(widths[i]);
        PMDL mdl = world_buffer(3, true, &memory);
        PVOID base = world_take(adapter, transfer, 3);
        rig_expect_equal(world_map(adapter, mdl, base, 0, &length, true, &list), STATUS_SUCCESS);
        rig_expect_equal(length, 3 * PAGE_SIZE);
        for (ULONG e = 0; e < world_list(&list)->NumberOfElements; e++)
            rig_expect(world_address(&list, e) + world_list(&list)->Elements[e].Length <= 1ull << widths[i]);
        adapter->DmaOperations->FlushAdapterBuffersEx(adapter, mdl, base, 0, length, TRUE);
        adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
    }
}

/* ---- However many wait ----------------------------------------------------------------------- */

enum { MANY = SLOW_BUILD ? 100000 : 1000000, SOME = 1000 };

static void wait_and_cancel(void *context)
{
    uint64_t *arena = context;
    transfer_bytes first;
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(32);
    world_take(adapter, first, 1);
    transfer_bytes *transfers = haldma_scratch((size_t)MANY * sizeof *transfers);
    for (unsigned i = 0; i < MANY; i++)
        rig_expect_equal(world_ask(adapter, transfers[i], 1, &call), STATUS_SUCCESS);
    rig_expect_equal(dma_adapter_of(adapter)->line.length, MANY);
    for (unsigned i = SOME; i < MANY; i++)
        rig_expect_equal(adapter->DmaOperations->CancelAdapterChannel(adapter, NULL, transfers[i]), TRUE);
    rig_expect_equal(dma_adapter_of(adapter)->line.length, SOME);
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
    rig_expect_equal(call.calls, SOME);
    *arena = dma_system()->requests.count;
}

/* rule: DMA-REG-5 */
static void very_many_requests_can_wait_and_be_cancelled_one_by_one(void **state)
{
    (void)state;
    struct haldma_config config = world_config();
    config.machine.step_limit = 10ull * MANY;
    struct emu_machine *m = world_machine(&config);
    struct rig_outcome outcome;
    uint64_t records = 0;
    rig_run(m, wait_and_cancel, &records, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
    assert_int_equal(records, MANY + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(every_register_is_free_reserved_or_mapped),
        WORLD_HOLDS(a_base_is_no_address_and_names_one_allocation_only),
        WORLD_STOPS(mapping_with_registers_that_were_freed, "DMA-REG-3", NULL),
        WORLD_STOPS(mapping_with_registers_of_another_adapter, "DMA-REG-3", NULL),
        WORLD_STOPS(mapping_with_a_base_that_is_a_pointer, "DMA-REG-3", NULL),
        WORLD_HOLDS(double_buffers_lie_within_the_devices_reach),
        cmocka_unit_test(very_many_requests_can_wait_and_be_cancelled_one_by_one),
    };
    return cmocka_run_group_tests_name("dma.registers", tests, NULL, NULL);
}
