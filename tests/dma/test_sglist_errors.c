/*
 * What drivers get wrong about lists: each is a finding that names its rule.
 */
#include "gather.h"

/* A list of two pages on a device with 32 address bits, mapped to the device. */
static PSCATTER_GATHER_LIST list_of(PDMA_ADAPTER adapter)
{
    unsigned char *memory;
    struct gather_call call = {0};
    PMDL mdl = world_buffer(2, true, &memory);
    rig_expect_equal(gather_get(adapter, mdl, 0, 2 * PAGE_SIZE, true, &call), STATUS_SUCCESS);
    rig_expect(call.list != NULL);
    return call.list;
}

/* GetScatterGatherList of one byte. */
static void ask_with(PDMA_ADAPTER adapter, PDRIVER_LIST_CONTROL routine, PVOID context)
{
    unsigned char *memory;
    PMDL mdl = world_buffer(1, false, &memory);
    adapter->DmaOperations->GetScatterGatherList(adapter, NULL, mdl, memory, 1, routine, context, TRUE);
}

/* rule: DMA-LIST-20 */
static void a_list_without_a_routine(void *context)
{
    (void)context;
    ask_with(world_adapter(64), NULL, NULL);
}

/* rule: DMA-LIST-21 */
static void a_built_list_without_a_buffer(void *context)
{
    (void)context;
    unsigned char *memory;
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = world_buffer(1, false, &memory);
    adapter->DmaOperations->BuildScatterGatherList(adapter, NULL, mdl, memory, 1, gather_control, NULL, TRUE,
                                                   NULL, 1024);
}

/* rule: DMA-MAP-23 */
static void a_list_without_an_mdl(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    adapter->DmaOperations->GetScatterGatherList(adapter, NULL, NULL, NULL, 1, gather_control, NULL, TRUE);
}

/* rule: DMA-MAP-17 */
static void a_list_of_nothing(void *context)
{
    (void)context;
    unsigned char *memory;
    gather_get(world_adapter(64), world_buffer(1, false, &memory), 0, 0, true, NULL);
}

/* rule: DMA-MAP-12 */
static void a_list_at_an_address_outside_the_mdl(void *context)
{
    (void)context;
    unsigned char *memory;
    gather_get(world_adapter(64), world_buffer(1, false, &memory), PAGE_SIZE, 1, true, NULL);
}

/* rule: DMA-MAP-15 */
static void a_list_of_a_buffer_that_is_not_locked(void *context)
{
    (void)context;
    PMDL mdl = IoAllocateMdl(world_pages(1, false), PAGE_SIZE, FALSE, FALSE, NULL);
    gather_get(world_adapter(64), mdl, 0, 1, true, NULL);
}

/* rule: DMA-MAP-27 */
static void a_list_of_a_chain_without_an_end(void *context)
{
    (void)context;
    PMDL mdl = gather_piece(0, 100, false, 'x');
    mdl->Next = mdl;
    gather_get(world_adapter(64), mdl, 0, 100000000, true, NULL);
}

/* rule: DMA-LIST-26 */
static void putting_no_list(void *context)
{
    (void)context;
    gather_put(world_adapter(64), NULL, true);
}

/* rule: DMA-LIST-27 */
static void putting_a_list_twice(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(32);
    PSCATTER_GATHER_LIST list = list_of(adapter);
    gather_put(adapter, list, true);
    gather_put(adapter, list, true);
}

/* rule: DMA-LIST-27 */
static void putting_a_built_list_twice(void *context)
{
    (void)context;
    unsigned char *memory;
    struct world_list buffer;
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = world_buffer(1, false, &memory);
    adapter->DmaOperations->BuildScatterGatherList(adapter, NULL, mdl, memory, 1, gather_control, &call, TRUE,
                                                   &buffer, sizeof buffer);
    gather_put(adapter, call.list, true);
    gather_put(adapter, call.list, true);
}

/* rule: DMA-LIST-27 */
static void putting_a_list_that_map_transfer_wrote(void *context)
{
    (void)context;
    unsigned char *memory;
    struct world_list list;
    ULONG length = PAGE_SIZE;
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = world_buffer(1, false, &memory);
    world_map(adapter, mdl, NULL, 0, &length, true, &list);
    gather_put(adapter, world_list(&list), true);
}

/* rule: DMA-LIST-28 */
static void putting_a_copy_of_a_list(void *context)
{
    (void)context;
    struct world_list copy;
    PDMA_ADAPTER adapter = world_adapter(32);
    memcpy(&copy, list_of(adapter), sizeof(SCATTER_GATHER_LIST) + 2 * sizeof(SCATTER_GATHER_ELEMENT));
    gather_put(adapter, world_list(&copy), true);
}

/* rule: DMA-LIST-29 */
static void putting_a_list_through_another_adapter(void *context)
{
    (void)context;
    gather_put(world_adapter(32), list_of(world_adapter(32)), true);
}

/* rule: DMA-FLUSH-9 */
static void putting_a_list_in_the_wrong_direction(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    gather_put(adapter, list_of(adapter), false);
}

/* rule: DMA-LIST-25 */
static void writing_more_elements_than_the_list_has(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(32);
    PSCATTER_GATHER_LIST list = list_of(adapter);
    list->Elements[2].Length = 1;
    gather_put(adapter, list, true);
}

/* rule: DMA-LIST-46 */
static void writing_behind_a_list(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(32);
    PSCATTER_GATHER_LIST list = list_of(adapter);
    list->Elements[3].Address.QuadPart = 1;
    gather_put(adapter, list, true);
}

/* rule: DMA-LIST-46 */
static void writing_into_a_list_after_the_put(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(32);
    PSCATTER_GATHER_LIST list = list_of(adapter);
    gather_put(adapter, list, true);
    list->Elements[0].Length = 0;
    for (int i = 0; i < 100; i++)
        list_of(adapter);
}

/* rule: DMA-LIST-23 */
static void building_two_lists_in_one_buffer(void *context)
{
    (void)context;
    unsigned char *memory;
    struct world_list buffer;
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = world_buffer(1, false, &memory);
    struct gather_call call = {0};
    memset(&buffer, 0, sizeof buffer);
    for (int i = 0; i < 2; i++)
        adapter->DmaOperations->BuildScatterGatherList(adapter, NULL, mdl, memory, 1, gather_control, &call,
                                                       TRUE, &buffer, sizeof buffer);
}

/* rule: DMA-LIST-24 */
static void freeing_the_mdl_before_the_put(void *context)
{
    (void)context;
    unsigned char *memory;
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(1, true, &memory);
    gather_get(adapter, mdl, 0, PAGE_SIZE, true, &call);
    IoFreeMdl(mdl);
    gather_put(adapter, call.list, true);
}

/* rule: DMA-LIST-24 */
static void changing_the_chain_while_the_list_waits(void *context)
{
    (void)context;
    gather_context transfer;
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = gather_piece(0, 100, false, 'x');
    mdl->Next = gather_piece(0, 100, false, 'y');
    world_take(adapter, transfer, 1);
    gather_get(adapter, mdl, 0, 200, true, &call);
    mdl->Next = NULL;
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
}

/* rule: DMA-LIST-30 */
static void freeing_the_adapter_with_the_registers_of_a_list(void *context)
{
    (void)context;
    unsigned char *memory;
    gather_context transfer;
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = world_buffer(1, false, &memory);
    gather_now(adapter, transfer, mdl, 0, true);
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
}

static VOID free_adapter(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    PDMA_ADAPTER adapter = context;
    (void)device;
    (void)irp;
    (void)list;
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObjectKeepRegisters);
}

/* rule: DMA-FREE-5 */
static void freeing_the_adapter_within_the_routine(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(32);
    ask_with(adapter, free_adapter, adapter);
}

/* rule: DMA-ADAPTER-30 */
static void releasing_the_adapter_with_a_list(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    list_of(adapter);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* rule: DMA-ADAPTER-13 */
static void releasing_the_adapter_while_a_list_waits(void *context)
{
    (void)context;
    unsigned char *memory;
    gather_context transfer;
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_adapter(32);
    world_take(adapter, transfer, 1);
    gather_get(adapter, world_buffer(1, false, &memory), 0, 1, true, &call);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* rule: DMA-CONTEXT-9 */
static void losing_the_context_before_the_routine(void *context)
{
    (void)context;
    unsigned char *memory;
    gather_context holder, transfer;
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_adapter(32);
    world_take(adapter, holder, 1);
    gather_get_ex(adapter, transfer, world_buffer(1, false, &memory), 0, 1, 0, true, &call);
    memset(transfer, 0, sizeof transfer);
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
}

static VOID raise_level(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    KIRQL old;
    (void)device;
    (void)irp;
    (void)list;
    (void)context;
    KeRaiseIrql(HIGH_LEVEL, &old);
}

/* rule: DMA-ALLOC-13 */
static void returning_from_the_routine_at_another_level(void *context)
{
    (void)context;
    ask_with(world_adapter(64), raise_level, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_STOPS(a_list_without_a_routine, "DMA-LIST-20", NULL),
        WORLD_STOPS(a_built_list_without_a_buffer, "DMA-LIST-21", NULL),
        WORLD_STOPS(a_list_without_an_mdl, "DMA-MAP-23", NULL),
        WORLD_STOPS(a_list_of_nothing, "DMA-MAP-17", "0xE6/21"),
        WORLD_STOPS(a_list_at_an_address_outside_the_mdl, "DMA-MAP-12", "0xE6/1B"),
        WORLD_STOPS(a_list_of_a_buffer_that_is_not_locked, "DMA-MAP-15", "0xE6/0E"),
        WORLD_STOPS(a_list_of_a_chain_without_an_end, "DMA-MAP-27", NULL),
        WORLD_STOPS(putting_no_list, "DMA-LIST-26", NULL),
        WORLD_STOPS(putting_a_list_twice, "DMA-LIST-27", "0xE6/06"),
        WORLD_STOPS(putting_a_built_list_twice, "DMA-LIST-27", "0xE6/06"),
        WORLD_STOPS(putting_a_list_that_map_transfer_wrote, "DMA-LIST-27", "0xE6/06"),
        WORLD_STOPS(putting_a_copy_of_a_list, "DMA-LIST-28", NULL),
        WORLD_STOPS(putting_a_list_through_another_adapter, "DMA-LIST-29", NULL),
        WORLD_STOPS(putting_a_list_in_the_wrong_direction, "DMA-FLUSH-9", NULL),
        WORLD_STOPS(writing_more_elements_than_the_list_has, "DMA-LIST-25", NULL),
        WORLD_STOPS(writing_behind_a_list, "EX-POOL-6", "0x19/21"),
        WORLD_STOPS(writing_into_a_list_after_the_put, "EX-POOL-8", "0x19/03"),
        WORLD_STOPS(building_two_lists_in_one_buffer, "DMA-LIST-23", NULL),
        WORLD_STOPS(freeing_the_mdl_before_the_put, "DMA-LIST-24", NULL),
        WORLD_STOPS(changing_the_chain_while_the_list_waits, "DMA-LIST-24", NULL),
        WORLD_STOPS(freeing_the_adapter_with_the_registers_of_a_list, "DMA-LIST-30", "0xE6/10"),
        WORLD_STOPS(freeing_the_adapter_within_the_routine, "DMA-FREE-5", "0xE6/04"),
        WORLD_STOPS(releasing_the_adapter_with_a_list, "DMA-ADAPTER-30", "0xE6/0A"),
        WORLD_STOPS(releasing_the_adapter_while_a_list_waits, "DMA-ADAPTER-13", NULL),
        WORLD_STOPS(losing_the_context_before_the_routine, "DMA-CONTEXT-9", NULL),
        WORLD_STOPS(returning_from_the_routine_at_another_level, "DMA-ALLOC-13", NULL),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
