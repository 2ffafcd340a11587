/*
 * GetScatterGatherListEx and BuildScatterGatherListEx: parameters, synchronous requests, who frees what, and
 * cancelling.
 */
#include "gather.h"

enum { NO_FLAGS = 0, UNKNOWN_FLAG = 0x10 };

/* All that may be wrong about a call; a good one is a buffer of three pages. */
struct call {
    PDMA_ADAPTER adapter;
    PVOID transfer;
    PMDL mdl;
    ULONGLONG offset;
    ULONG length;
    ULONG flags;
    PDRIVER_LIST_CONTROL routine;
    PVOID buffer;
    PSCATTER_GATHER_LIST *answer;
};

static struct gather_call seen(void *context)
{
    return *(struct gather_call *)context;
}

static NTSTATUS get(const struct call *c, struct gather_call *call)
{
    return c->adapter->DmaOperations->GetScatterGatherListEx(c->adapter, NULL, c->transfer, c->mdl, c->offset,
                                                             c->length, c->flags, c->routine, call, TRUE,
                                                             NULL, NULL, c->answer);
}

static NTSTATUS build(const struct call *c, struct gather_call *call)
{
    return c->adapter->DmaOperations->BuildScatterGatherListEx(
        c->adapter, NULL, c->transfer, c->mdl, c->offset, c->length, c->flags, c->routine, call, TRUE,
        c->buffer, sizeof(struct world_list), NULL, NULL, c->answer);
}

static struct call good_call(PVOID transfer, struct world_list *buffer)
{
    unsigned char *memory;
    struct call c = {.adapter = world_adapter(32),
                     .transfer = transfer,
                     .length = 3 * PAGE_SIZE,
                     .routine = gather_control,
                     .buffer = buffer};
    c.mdl = world_buffer(3, false, &memory);
    c.adapter->DmaOperations->InitializeDmaTransferContext(c.adapter, transfer);
    return c;
}

static void expect_both(const struct call *c, NTSTATUS status)
{
    struct gather_call call = {0};
    rig_expect_equal(get(c, &call), status);
    rig_expect_equal(build(c, &call), status);
    rig_expect_equal(seen(&call).calls, 0);
    rig_expect_equal(haldma_pool_blocks(GATHER_LIST_TAG), 0);
}

/* rule: DMA-LIST-9 */
static void offset_and_length_lie_within_the_chain(void *context)
{
    (void)context;
    gather_context transfer;
    struct world_list buffer;
    const struct call good = good_call(transfer, &buffer);
    struct call c = good;
    c.length = 0;
    expect_both(&c, STATUS_INVALID_PARAMETER);
    c.length = 3 * PAGE_SIZE + 1;
    expect_both(&c, STATUS_INVALID_PARAMETER);
    c = good, c.offset = 3 * PAGE_SIZE, c.length = 1;
    expect_both(&c, STATUS_INVALID_PARAMETER);
    c.offset = 0x100000000ull;
    expect_both(&c, STATUS_INVALID_PARAMETER);
    c = good, c.offset = 1;
    expect_both(&c, STATUS_INVALID_PARAMETER);
    c.length--;
    struct gather_call call = {0};
    rig_expect_equal(get(&c, &call), STATUS_SUCCESS);
    rig_expect_equal(gather_bytes(call.list), 3 * PAGE_SIZE - 1);
    gather_put(c.adapter, call.list, true);
    c = good, c.offset = 3 * PAGE_SIZE - 1, c.length = 1;
    rig_expect_equal(build(&c, &call), STATUS_SUCCESS);
    rig_expect_equal(gather_bytes(call.list), 1);
    gather_put(c.adapter, call.list, true);
}

/* rule: DMA-LIST-10 */
static void parameters_that_contradict_each_other_are_invalid(void *context)
{
    (void)context;
    gather_context transfer;
    struct world_list buffer;
    PSCATTER_GATHER_LIST list;
    const struct call good = good_call(transfer, &buffer);
    struct call c = good;
    c.routine = NULL, c.answer = &list;
    expect_both(&c, STATUS_INVALID_PARAMETER);
    c.flags = DMA_SYNCHRONOUS_CALLBACK, c.answer = NULL;
    expect_both(&c, STATUS_INVALID_PARAMETER);
    c = good, c.transfer = NULL;
    expect_both(&c, STATUS_INVALID_PARAMETER);
    c = good, c.mdl = NULL;
    expect_both(&c, STATUS_INVALID_PARAMETER);
    c = good, c.flags = UNKNOWN_FLAG;
    expect_both(&c, STATUS_INVALID_PARAMETER);
    c = good, c.buffer = NULL;
    rig_expect_equal(build(&c, NULL), STATUS_INVALID_PARAMETER);
}

/* rule: DMA-LIST-33 */
static void a_completion_routine_is_never_called(void *context)
{
    (void)context;
    gather_context transfer;
    struct world_list buffer;
    struct gather_call call = {0};
    struct call c = good_call(transfer, &buffer);
    PDMA_COMPLETION_ROUTINE nobody = (PDMA_COMPLETION_ROUTINE)(uintptr_t)1;
    rig_expect_equal(c.adapter->DmaOperations->GetScatterGatherListEx(c.adapter, NULL, transfer, c.mdl, 0,
                                                                      c.length, 0, gather_control, &call,
                                                                      TRUE, nobody, &call, NULL),
                     STATUS_SUCCESS);
    gather_put(c.adapter, call.list, true);
    rig_expect_equal(c.adapter->DmaOperations->BuildScatterGatherListEx(
                         c.adapter, NULL, transfer, c.mdl, 0, c.length, 0, gather_control, &call, TRUE,
                         &buffer, sizeof buffer, nobody, &call, NULL),
                     STATUS_SUCCESS);
    gather_put(c.adapter, call.list, true);
    rig_expect_equal(call.calls, 2);
}

/* rule: DMA-LIST-11 */
static void a_synchronous_request_does_not_wait(void *context)
{
    (void)context;
    gather_context holder, transfer;
    struct world_list buffer;
    PSCATTER_GATHER_LIST list = NULL;
    struct call c = good_call(transfer, &buffer);
    c.flags = DMA_SYNCHRONOUS_CALLBACK;
    world_take(c.adapter, holder, 1);
    expect_both(&c, STATUS_INSUFFICIENT_RESOURCES);
    c.routine = NULL, c.answer = &list;
    expect_both(&c, STATUS_INSUFFICIENT_RESOURCES);
    rig_expect(list == NULL);
    c.adapter->DmaOperations->FreeAdapterObject(c.adapter, DeallocateObject);
    rig_expect_equal(get(&c, NULL), STATUS_SUCCESS);
    gather_put(c.adapter, list, true);
}

/* rule: DMA-LIST-12 */
static void a_synchronous_routine_runs_here_before_the_return(void *context)
{
    (void)context;
    gather_context transfer;
    struct world_list buffer;
    PSCATTER_GATHER_LIST list = NULL;
    struct gather_call call = {0};
    struct call c = good_call(transfer, &buffer);
    c.flags = DMA_SYNCHRONOUS_CALLBACK, c.answer = &list;
    rig_expect_equal(get(&c, &call), STATUS_SUCCESS);
    rig_expect_equal(call.calls, 1);
    rig_expect_equal(call.processor, emu_cpu(emu_current()));
    rig_expect(call.list == list);
    gather_put(c.adapter, list, true);
    rig_expect_equal(build(&c, &call), STATUS_SUCCESS);
    rig_expect_equal(call.calls, 2);
    gather_put(c.adapter, list, true);
    world_take(c.adapter, transfer, 1); /* the adapter is free */
}

/* rule: DMA-LIST-13 */
static void a_synchronous_request_without_a_routine_keeps_the_adapter(void *context)
{
    (void)context;
    gather_context transfer, other;
    struct world_list buffer;
    struct gather_call call = {0};
    PSCATTER_GATHER_LIST list = NULL;
    struct call c = good_call(transfer, &buffer);
    PDMA_OPERATIONS o = c.adapter->DmaOperations;
    c.flags = DMA_SYNCHRONOUS_CALLBACK, c.routine = NULL, c.answer = &list;
    rig_expect_equal(get(&c, NULL), STATUS_SUCCESS);
    rig_expect_equal(gather_bytes(list), 3 * PAGE_SIZE);
    rig_expect_equal(gather_get_ex(c.adapter, other, c.mdl, 0, 1, 0, true, &call), STATUS_SUCCESS);
    rig_expect_equal(call.calls, 0);
    gather_put(c.adapter, list, true);
    rig_expect_equal(call.calls, 0);
    o->FreeAdapterObject(c.adapter, DeallocateObject);
    rig_expect_equal(call.calls, 1);
    gather_put(c.adapter, call.list, true);
    o->PutDmaAdapter(c.adapter);
}

/* rule: DMA-LIST-14 */
static void the_adapter_is_freed_before_or_after_the_list(void *context)
{
    (void)context;
    gather_context transfer;
    unsigned char *memory;
    PDMA_ADAPTER adapter = world_adapter(32);
    PDMA_OPERATIONS o = adapter->DmaOperations;
    PMDL mdl = world_buffer(2, true, &memory);
    PSCATTER_GATHER_LIST list = gather_now(adapter, transfer, mdl, 0, false);
    gather_device(list, (unsigned char[2 * PAGE_SIZE]){"one"}, true);
    o->FreeAdapterObject(adapter, KeepObject);
    o->FreeAdapterObject(adapter, DeallocateObjectKeepRegisters);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS - 2);
    gather_put(adapter, list, false);
    rig_expect(strcmp((char *)memory, "one") == 0);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);

    list = gather_now(adapter, transfer, mdl, 0, false);
    gather_device(list, (unsigned char[2 * PAGE_SIZE]){"two"}, true);
    gather_put(adapter, list, false);
    rig_expect(strcmp((char *)memory, "two") == 0);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
    o->FreeAdapterObject(adapter, DeallocateObjectKeepRegisters);
    o->PutDmaAdapter(adapter);
}

/* rule: DMA-LIST-15 */
static void the_built_list_is_the_drivers_buffer(void *context)
{
    (void)context;
    gather_context transfer;
    struct world_list buffer;
    PSCATTER_GATHER_LIST list = NULL;
    struct gather_call call = {0};
    struct call c = good_call(transfer, &buffer);
    c.answer = &list;
    rig_expect_equal(build(&c, &call), STATUS_SUCCESS);
    rig_expect(list == (PVOID)&buffer && call.list == list);
    gather_put(c.adapter, list, true);
    list = NULL;
    rig_expect_equal(get(&c, &call), STATUS_SUCCESS);
    rig_expect(list == call.list && list != (PVOID)&buffer);
    gather_put(c.adapter, list, true);
}

/* rule: DMA-LIST-19 */
static void a_system_dma_adapter_has_no_extended_lists(void *context)
{
    (void)context;
    gather_context transfer;
    unsigned char *memory;
    struct gather_call call = {0};
    PMDL mdl = world_buffer(1, false, &memory);
    gather_get_ex(world_channel(WORLD_LINE), transfer, mdl, 0, 1, 0, true, &call);
}

/* rule: DMA-LIST-36 */
static void fresh_double_buffers_are_zero_where_the_driver_wants_that(void *context)
{
    (void)context;
    gather_context transfer;
    unsigned char *memory;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(2, true, &memory);
    PSCATTER_GATHER_LIST list = gather_now(adapter, transfer, mdl, 0, false);
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObjectKeepRegisters);
    gather_put(adapter, list, false);
    rig_expect(memory[0] != 0 && memory[0] != 'a');

    list = gather_now(adapter, transfer, mdl, DMA_ZERO_BUFFERS, false);
    gather_device(list, (unsigned char[2 * PAGE_SIZE]){0}, false);
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObjectKeepRegisters);
    gather_put(adapter, list, false);
    for (uint32_t i = 0; i < 2 * PAGE_SIZE; i++)
        rig_expect_equal(memory[i], 0);

    memset(memory, 'w', 2 * PAGE_SIZE);
    unsigned char got[2 * PAGE_SIZE];
    list = gather_now(adapter, transfer, mdl, DMA_ZERO_BUFFERS, true);
    gather_device(list, got, false);
    rig_expect(memcmp(got, memory, sizeof got) == 0);
    gather_put(adapter, list, true);
}

/* rule: DMA-LIST-37 */
static void a_request_that_must_not_bounce_fails_where_it_would(void *context)
{
    (void)context;
    gather_context transfer;
    unsigned char *memory;
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_adapter(32), wide = world_adapter(64);
    PMDL near = world_buffer(2, false, &memory), far = world_buffer(2, true, &memory);
    near->Next = far;
    rig_expect_equal(
        gather_get_ex(adapter, transfer, near, 0, 2 * PAGE_SIZE + 1, DMA_FAIL_ON_BOUNCE, true, &call),
        STATUS_INSUFFICIENT_RESOURCES);
    rig_expect_equal(call.calls, 0);
    rig_expect_equal(haldma_pool_blocks(GATHER_LIST_TAG), 0);
    rig_expect_equal(
        gather_get_ex(adapter, transfer, near, 0, 2 * PAGE_SIZE, DMA_FAIL_ON_BOUNCE, true, &call),
        STATUS_SUCCESS);
    gather_put(adapter, call.list, true);
    rig_expect_equal(gather_get_ex(wide, transfer, near, 0, 4 * PAGE_SIZE, DMA_FAIL_ON_BOUNCE, true, &call),
                     STATUS_SUCCESS);
    gather_put(wide, call.list, true);
    rig_expect_equal(call.calls, 2);
}

/* rule: DMA-LIST-37 */
static void a_device_without_scatter_gather_bounces_where_the_memory_is_not_one_piece(void *context)
{
    (void)context;
    gather_context transfer;
    unsigned char *memory;
    struct gather_call call = {0};
    DEVICE_DESCRIPTION description = world_master(DEVICE_DESCRIPTION_VERSION3, 64);
    description.ScatterGather = FALSE;
    PDMA_ADAPTER adapter = world_get(description, NULL);
    PMDL mdl = world_buffer(2, true, &memory);
    MmGetMdlPfnArray(mdl)[1] = MmGetMdlPfnArray(mdl)[0] + 1;
    rig_expect_equal(gather_get_ex(adapter, transfer, mdl, 0, 2 * PAGE_SIZE, DMA_FAIL_ON_BOUNCE, true, &call),
                     STATUS_SUCCESS);
    gather_put(adapter, call.list, true);
    MmGetMdlPfnArray(mdl)[1] += 1;
    rig_expect_equal(gather_get_ex(adapter, transfer, mdl, 0, 2 * PAGE_SIZE, DMA_FAIL_ON_BOUNCE, true, &call),
                     STATUS_INSUFFICIENT_RESOURCES);
    rig_expect_equal(call.calls, 1);
}

static BOOLEAN cancel(PDMA_ADAPTER adapter, PVOID transfer)
{
    return adapter->DmaOperations->CancelAdapterChannel(adapter, NULL, transfer);
}

/* rule: DMA-LIST-42 */
static void a_waiting_list_is_withdrawn_and_its_memory_freed(void *context)
{
    (void)context;
    gather_context holder, first, second;
    struct world_list buffer;
    struct gather_call call = {0};
    struct call c = good_call(first, &buffer);
    world_take(c.adapter, holder, 1);
    rig_expect_equal(get(&c, &call), STATUS_SUCCESS);
    c.transfer = second;
    c.adapter->DmaOperations->InitializeDmaTransferContext(c.adapter, second);
    rig_expect_equal(build(&c, &call), STATUS_SUCCESS);
    rig_expect_equal(haldma_pool_blocks(GATHER_LIST_TAG), 1);
    rig_expect_equal(cancel(c.adapter, first), TRUE);
    rig_expect_equal(haldma_pool_blocks(GATHER_LIST_TAG), 0);
    rig_expect_equal(cancel(c.adapter, second), TRUE);
    c.adapter->DmaOperations->FreeAdapterObject(c.adapter, DeallocateObject);
    rig_expect_equal(call.calls, 0);
    rig_expect_equal(cancel(c.adapter, first), FALSE);
    c.adapter->DmaOperations->PutDmaAdapter(c.adapter);
}

static VOID cancel_within(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    struct call *c = context;
    (void)device;
    (void)irp;
    rig_expect_equal(cancel(c->adapter, c->transfer), FALSE);
    gather_put(c->adapter, list, true);
}

/* rule: DMA-LIST-42 */
static void once_the_routine_is_called_it_is_too_late(void *context)
{
    (void)context;
    gather_context transfer;
    struct world_list buffer;
    struct call c = good_call(transfer, &buffer);
    rig_expect_equal(c.adapter->DmaOperations->GetScatterGatherListEx(c.adapter, NULL, transfer, c.mdl, 0, 1,
                                                                      0, cancel_within, &c, TRUE, NULL, NULL,
                                                                      NULL),
                     STATUS_SUCCESS);
    rig_expect_equal(cancel(c.adapter, transfer), FALSE);
}

/* rule: DMA-LIST-43 */
static void a_context_that_is_cancelled_first_cancels_its_next_list(void *context)
{
    (void)context;
    gather_context transfer;
    struct world_list buffer;
    struct call c = good_call(transfer, &buffer);
    rig_expect_equal(cancel(c.adapter, transfer), TRUE);
    expect_both(&c, STATUS_CANCELLED);
    struct gather_call call = {0};
    c.adapter->DmaOperations->InitializeDmaTransferContext(c.adapter, transfer);
    rig_expect_equal(get(&c, &call), STATUS_SUCCESS);
    gather_put(c.adapter, call.list, true);
}

/* rule: DMA-CONTEXT-3 */
static void a_context_whose_list_waits_is_not_used_again(void *context)
{
    (void)context;
    gather_context holder, transfer;
    struct world_list buffer;
    struct call c = good_call(transfer, &buffer);
    world_take(c.adapter, holder, 1);
    rig_expect_equal(get(&c, NULL), STATUS_SUCCESS);
    get(&c, NULL);
}

/* rule: DMA-CONTEXT-8 */
static void a_context_that_stands_for_a_kept_adapter_is_not_used_again(void *context)
{
    (void)context;
    gather_context transfer;
    struct world_list buffer;
    PSCATTER_GATHER_LIST list = NULL;
    struct call c = good_call(transfer, &buffer);
    c.flags = DMA_SYNCHRONOUS_CALLBACK, c.routine = NULL, c.answer = &list;
    rig_expect_equal(get(&c, NULL), STATUS_SUCCESS);
    gather_put(c.adapter, list, true);
    get(&c, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(offset_and_length_lie_within_the_chain),
        WORLD_HOLDS(parameters_that_contradict_each_other_are_invalid),
        WORLD_HOLDS(a_completion_routine_is_never_called),
        WORLD_HOLDS(a_synchronous_request_does_not_wait),
        WORLD_HOLDS(a_synchronous_routine_runs_here_before_the_return),
        WORLD_HOLDS(a_synchronous_request_without_a_routine_keeps_the_adapter),
        WORLD_HOLDS(the_adapter_is_freed_before_or_after_the_list),
        WORLD_HOLDS(the_built_list_is_the_drivers_buffer),
        WORLD_STOPS(a_system_dma_adapter_has_no_extended_lists, "DMA-LIST-19", NULL),
        WORLD_HOLDS(fresh_double_buffers_are_zero_where_the_driver_wants_that),
        WORLD_HOLDS(a_request_that_must_not_bounce_fails_where_it_would),
        WORLD_HOLDS(a_device_without_scatter_gather_bounces_where_the_memory_is_not_one_piece),
        WORLD_HOLDS(a_waiting_list_is_withdrawn_and_its_memory_freed),
        WORLD_HOLDS(once_the_routine_is_called_it_is_too_late),
        WORLD_HOLDS(a_context_that_is_cancelled_first_cancels_its_next_list),
        WORLD_STOPS(a_context_whose_list_waits_is_not_used_again, "DMA-CONTEXT-3", NULL),
        WORLD_STOPS(a_context_that_stands_for_a_kept_adapter_is_not_used_again, "DMA-CONTEXT-8", NULL),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
