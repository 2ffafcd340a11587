/*
 * AllocateAdapterChannel and AllocateAdapterChannelEx: when the routine is called, and with what.
 */
#include "world.h"

/* rule: DMA-ALLOC-1 */
static void version_1_calls_the_routine_before_it_returns_where_all_is_free(void *context)
{
    (void)context;
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(32);
    rig_expect_equal(
        adapter->DmaOperations->AllocateAdapterChannel(adapter, world_device(), 2, world_control, &call),
        STATUS_SUCCESS);
    rig_expect_equal(call.calls, 1);
    rig_expect(call.base != NULL);
}

/* rule: DMA-ALLOC-2 */
static void a_request_that_must_wait_succeeds_and_is_called_when_its_turn_comes(void *context)
{
    (void)context;
    struct world_call first = {.action = KeepObject}, second = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(32);
    PDMA_OPERATIONS o = adapter->DmaOperations;
    rig_expect_equal(o->AllocateAdapterChannel(adapter, world_device(), 2, world_control, &first),
                     STATUS_SUCCESS);
    rig_expect_equal(o->AllocateAdapterChannel(adapter, world_device(), 2, world_control, &second),
                     STATUS_SUCCESS);
    rig_expect_equal(second.calls, 0);
    o->FreeAdapterChannel(adapter);
    rig_expect_equal(second.calls, 1);
}

/* rule: DMA-ALLOC-3 */
static void more_registers_than_the_adapter_has_are_refused_and_nothing_is_called(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    ULONG registers;
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_get(world_master(DEVICE_DESCRIPTION_VERSION3, 64), &registers);
    rig_expect_equal(adapter->DmaOperations->AllocateAdapterChannel(adapter, world_device(), registers + 1,
                                                                    world_control, &call),
                     STATUS_INSUFFICIENT_RESOURCES);
    rig_expect_equal(world_ask(adapter, transfer, registers + 1, &call), STATUS_INSUFFICIENT_RESOURCES);
    rig_expect_equal(call.calls, 0);
    rig_expect_equal(world_ask(adapter, transfer, registers, &call), STATUS_SUCCESS);
    rig_expect_equal(call.calls, 1);
}

/* rule: DMA-ALLOC-4 */
static void the_routine_gets_the_irp_that_was_current_when_it_was_asked(void *context)
{
    (void)context;
    DEVICE_OBJECT device = {.Type = IO_TYPE_DEVICE};
    IRP asked, later;
    struct world_call first = {.action = KeepObject}, second = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(64);
    adapter->DmaOperations->AllocateAdapterChannel(adapter, world_device(), 0, world_control, &first);
    device.CurrentIrp = &asked;
    adapter->DmaOperations->AllocateAdapterChannel(adapter, &device, 0, world_control, &second);
    device.CurrentIrp = &later;
    adapter->DmaOperations->FreeAdapterChannel(adapter);
    rig_expect(second.irp == &asked);
    rig_expect(second.device == &device);
}

/* rule: DMA-ALLOC-6 */
static void the_routine_runs_at_dispatch_level(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(64);
    rig_expect_equal(world_ask(adapter, transfer, 1, &call), STATUS_SUCCESS);
    rig_expect_equal(call.level, DISPATCH_LEVEL);
    rig_expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

/* rule: DMA-ALLOC-7 */
static void a_synchronous_request_never_waits(void *context)
{
    (void)context;
    UCHAR first[DMA_TRANSFER_CONTEXT_SIZE_V1], second[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call call = {.action = DeallocateObject};
    PVOID base = NULL;
    PDMA_ADAPTER one = world_adapter(32), two = world_adapter(32);
    PDMA_OPERATIONS o = one->DmaOperations;
    for (int i = 0; i < 3; i++) { /* all but 13 of the 64 registers */
        world_take(one, first, 17);
        o->FreeAdapterObject(one, DeallocateObjectKeepRegisters);
    }
    o->InitializeDmaTransferContext(two, second);
    rig_expect_equal(o->AllocateAdapterChannelEx(two, NULL, second, 14, DMA_SYNCHRONOUS_CALLBACK,
                                                 world_control, &call, NULL),
                     STATUS_INSUFFICIENT_RESOURCES);
    rig_expect_equal(call.calls, 0);
    rig_expect_equal(
        o->AllocateAdapterChannelEx(two, NULL, second, 13, DMA_SYNCHRONOUS_CALLBACK, NULL, NULL, &base),
        STATUS_SUCCESS);
    rig_expect_equal(
        o->AllocateAdapterChannelEx(two, NULL, first, 0, DMA_SYNCHRONOUS_CALLBACK, NULL, NULL, &base),
        STATUS_INSUFFICIENT_RESOURCES);
}

/* rule: DMA-ALLOC-8 */
static void a_synchronous_request_with_a_routine_calls_it_before_it_returns(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call call = {.action = DeallocateObject};
    PVOID base = NULL;
    PDMA_ADAPTER adapter = world_adapter(32);
    adapter->DmaOperations->InitializeDmaTransferContext(adapter, transfer);
    rig_expect_equal(adapter->DmaOperations->AllocateAdapterChannelEx(
                         adapter, NULL, transfer, 3, DMA_SYNCHRONOUS_CALLBACK, world_control, &call, &base),
                     STATUS_SUCCESS);
    rig_expect_equal(call.calls, 1);
    rig_expect(base != NULL && base == call.base);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
}

/* rule: DMA-ALLOC-9 */
static void without_a_routine_the_caller_owns_what_it_got_until_it_frees_the_adapter_object(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1], other[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(32);
    rig_expect(world_take(adapter, transfer, 3) != NULL);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS - 3);
    rig_expect_equal(world_ask(adapter, other, 1, &call), STATUS_SUCCESS);
    rig_expect_equal(call.calls, 0);
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
    rig_expect_equal(call.calls, 1);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
}

/* rule: DMA-ALLOC-10 */
static void impossible_combinations_of_routine_base_and_flags_are_invalid(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    PVOID base;
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER a = world_adapter(64);
    PALLOCATE_ADAPTER_CHANNEL_EX allocate = a->DmaOperations->AllocateAdapterChannelEx;
    a->DmaOperations->InitializeDmaTransferContext(a, transfer);
    rig_expect_equal(allocate(a, NULL, transfer, 1, 0, NULL, NULL, NULL), STATUS_INVALID_PARAMETER);
    rig_expect_equal(allocate(a, NULL, transfer, 1, 0, NULL, NULL, &base), STATUS_INVALID_PARAMETER);
    rig_expect_equal(allocate(a, NULL, transfer, 1, 0, world_control, &call, &base),
                     STATUS_INVALID_PARAMETER);
    rig_expect_equal(allocate(a, NULL, transfer, 1, DMA_SYNCHRONOUS_CALLBACK, NULL, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
    rig_expect_equal(allocate(a, NULL, NULL, 1, 0, world_control, &call, NULL), STATUS_INVALID_PARAMETER);
    rig_expect_equal(allocate(a, NULL, transfer, 1, 0x80, world_control, &call, NULL),
                     STATUS_INVALID_PARAMETER);
    rig_expect_equal(call.calls, 0);
}

/* ---- The pump -------------------------------------------------------------------------------- */

enum { CHAIN = 20000 };

struct chain {
    PDMA_ADAPTER adapter;
    unsigned calls;
    uintptr_t highest, lowest; /* stack addresses of the calls */
};

static IO_ALLOCATION_ACTION link_of_chain(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    struct chain *chain = context;
    (void)device;
    (void)irp;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    chain->calls++;
    chain->highest = here > chain->highest ? here : chain->highest;
    chain->lowest = here < chain->lowest ? here : chain->lowest;
    chain->adapter->DmaOperations->FreeAdapterObject(chain->adapter, DeallocateObjectKeepRegisters);
    chain->adapter->DmaOperations->FreeMapRegisters(chain->adapter, base, 1);
    return KeepObject;
}

static void free_a_long_chain(void *context)
{
    UCHAR first[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct chain *chain = context;
    PDMA_ADAPTER adapter = world_adapter(32);
    chain->adapter = adapter;
    chain->lowest = UINTPTR_MAX;
    unsigned char(*transfers)[DMA_TRANSFER_CONTEXT_SIZE_V1] = haldma_scratch(CHAIN * sizeof *transfers);
    world_take(adapter, first, 1);
    for (unsigned i = 0; i < CHAIN; i++) {
        adapter->DmaOperations->InitializeDmaTransferContext(adapter, transfers[i]);
        rig_expect_equal(adapter->DmaOperations->AllocateAdapterChannelEx(adapter, NULL, transfers[i], 1, 0,
                                                                          link_of_chain, chain, NULL),
                         STATUS_SUCCESS);
    }
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
}

/* rule: DMA-ALLOC-16 */
static void each_call_frees_the_next_20000_times_on_one_frame_of_stack(void **state)
{
    (void)state;
    struct haldma_config config = world_config();
    config.machine.step_limit = 100 * CHAIN;
    struct emu_machine *m = world_machine(&config);
    struct rig_outcome outcome;
    struct chain chain = {.calls = 0};
    rig_run(m, free_a_long_chain, &chain, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
    assert_int_equal(chain.calls, CHAIN);
    assert_true(chain.highest == chain.lowest);
}

/* ---- What a routine may do ------------------------------------------------------------------- */

struct busy {
    PDMA_ADAPTER adapter;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    UCHAR cancelled[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call submitted, never;
    unsigned calls;
};

static IO_ALLOCATION_ACTION submit_and_cancel(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    struct busy *b = context;
    PDMA_OPERATIONS o = b->adapter->DmaOperations;
    (void)device;
    (void)irp;
    b->calls++;
    b->submitted.action = DeallocateObject;
    rig_expect_equal(world_ask(b->adapter, b->transfer, 2, &b->submitted), STATUS_SUCCESS);
    rig_expect_equal(world_ask(b->adapter, b->cancelled, 2, &b->never), STATUS_SUCCESS);
    rig_expect_equal(o->CancelAdapterChannel(b->adapter, NULL, b->cancelled), TRUE);
    o->FreeMapRegisters(b->adapter, base, 4);
    rig_expect_equal(b->submitted.calls, 0);
    return DeallocateObjectKeepRegisters;
}

/* rule: DMA-ALLOC-17 */
static void a_routine_may_submit_cancel_and_free(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct busy b = {.adapter = world_adapter(32)};
    b.adapter->DmaOperations->InitializeDmaTransferContext(b.adapter, transfer);
    rig_expect_equal(b.adapter->DmaOperations->AllocateAdapterChannelEx(b.adapter, NULL, transfer, 4, 0,
                                                                        submit_and_cancel, &b, NULL),
                     STATUS_SUCCESS);
    rig_expect_equal(b.calls, 1);
    rig_expect_equal(b.submitted.calls, 1);
    rig_expect_equal(b.never.calls, 0);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
}

/* rule: DMA-ALLOC-5 */
static void the_device_objects_next_request_may_be_made_once_its_routine_has_returned(void *context)
{
    (void)context;
    DEVICE_OBJECT device = {.Type = IO_TYPE_DEVICE};
    struct world_call call = {.action = KeepObject};
    PDMA_ADAPTER adapter = world_adapter(64);
    for (unsigned i = 0; i < 2; i++) {
        rig_expect_equal(
            adapter->DmaOperations->AllocateAdapterChannel(adapter, &device, 0, world_control, &call),
            STATUS_SUCCESS);
        adapter->DmaOperations->FreeAdapterChannel(adapter);
    }
    rig_expect_equal(call.calls, 2);
}

/* rule: DMA-ALLOC-19 */
static void freeing_runs_the_next_ones_routine_before_it_returns(void *context)
{
    (void)context;
    UCHAR first[DMA_TRANSFER_CONTEXT_SIZE_V1], second[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER one = world_channel(WORLD_LINE), two = world_channel(WORLD_LINE + 1);
    world_take(one, first, 1);
    rig_expect_equal(world_ask(two, second, 1, &call), STATUS_SUCCESS);
    rig_expect_equal(call.calls, 0);
    one->DmaOperations->FreeAdapterChannel(one);
    rig_expect_equal(call.calls, 1);
}

/* ---- Latitude -------------------------------------------------------------------------------- */

static struct {
    PDMA_ADAPTER adapter;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call call;
} latitude;

/* Which moods were seen over all runs: survives them on purpose. */
static struct {
    unsigned before_return, after_return, other_processor, with_base, without_base;
} seen;

static void ask_once(void *context)
{
    (void)context;
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    rig_expect_equal(world_ask(latitude.adapter, latitude.transfer, 2, &latitude.call), STATUS_SUCCESS);
    seen.before_return += latitude.call.calls == 1 && latitude.call.processor == 0;
    seen.after_return += latitude.call.calls == 0;
    KeLowerIrql(old);
}

static void ask_set_up(void *context)
{
    (void)context;
    memset(&latitude, 0, sizeof latitude);
    latitude.adapter = world_adapter(64);
    latitude.call.action = DeallocateObject;
    rig_thread("asks", 0, ask_once, NULL);
}

static void ask_check(void *context)
{
    (void)context;
    rig_expect_equal(latitude.call.calls, 1);
    rig_expect_equal(latitude.call.level, DISPATCH_LEVEL);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
    seen.other_processor += latitude.call.processor == 1;
    seen.with_base += latitude.call.base != NULL;
    seen.without_base += latitude.call.base == NULL;
}

/* rule: DMA-ALLOC-11, DMA-ALLOC-20 */
static void the_platform_chooses_when_and_where_and_with_what(void **state)
{
    (void)state;
    struct haldma_config config = world_config();
    config.machine.profile = EMU_PROFILE_HOSTILE;
    memset(&seen, 0, sizeof seen);
    world_explore(&config, ask_set_up, ask_check, 2);
    assert_true(seen.before_return > 0);
    assert_true(seen.after_return > 0);
    assert_true(seen.other_processor > 0);
    assert_true(seen.with_base > 0);
    assert_true(seen.without_base > 0);
}

/* rule: DMA-ALLOC-20 */
static void a_typical_platform_gives_no_registers_where_none_are_needed(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    rig_expect(world_take(world_adapter(64), transfer, 4) == NULL);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
    rig_expect(world_take(world_adapter(32), transfer, 4) != NULL);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS - 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(version_1_calls_the_routine_before_it_returns_where_all_is_free),
        WORLD_HOLDS(a_request_that_must_wait_succeeds_and_is_called_when_its_turn_comes),
        WORLD_HOLDS(more_registers_than_the_adapter_has_are_refused_and_nothing_is_called),
        WORLD_HOLDS(the_routine_gets_the_irp_that_was_current_when_it_was_asked),
        WORLD_HOLDS(the_device_objects_next_request_may_be_made_once_its_routine_has_returned),
        WORLD_HOLDS(the_routine_runs_at_dispatch_level),
        WORLD_HOLDS(a_synchronous_request_never_waits),
        WORLD_HOLDS(a_synchronous_request_with_a_routine_calls_it_before_it_returns),
        WORLD_HOLDS(without_a_routine_the_caller_owns_what_it_got_until_it_frees_the_adapter_object),
        WORLD_HOLDS(impossible_combinations_of_routine_base_and_flags_are_invalid),
        cmocka_unit_test(each_call_frees_the_next_20000_times_on_one_frame_of_stack),
        WORLD_HOLDS(a_routine_may_submit_cancel_and_free),
        WORLD_HOLDS(freeing_runs_the_next_ones_routine_before_it_returns),
        cmocka_unit_test(the_platform_chooses_when_and_where_and_with_what),
        WORLD_HOLDS(a_typical_platform_gives_no_registers_where_none_are_needed),
    };
    return cmocka_run_group_tests_name("dma.allocate", tests, NULL, NULL);
}
