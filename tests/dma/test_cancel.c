/*
 * CancelAdapterChannel: exactly one of "the routine was called" and "cancel returned TRUE".
 */
#include "world.h"

typedef UCHAR transfer_bytes[DMA_TRANSFER_CONTEXT_SIZE_V1];

static BOOLEAN cancel(PDMA_ADAPTER adapter, PVOID transfer)
{
    return adapter->DmaOperations->CancelAdapterChannel(adapter, NULL, transfer);
}

/* rule: DMA-CANCEL-1 */
static void a_waiting_request_is_withdrawn_and_its_routine_never_runs(void *context)
{
    (void)context;
    transfer_bytes first, second;
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(32);
    world_take(adapter, first, 1);
    rig_expect_equal(world_ask(adapter, second, 2, &call), STATUS_SUCCESS);
    rig_expect_equal(cancel(adapter, second), TRUE);
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
    rig_expect_equal(call.calls, 0);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
}

static IO_ALLOCATION_ACTION cancel_itself(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    (void)device;
    (void)irp;
    (void)base;
    struct {
        PDMA_ADAPTER adapter;
        PVOID transfer;
    } *self = context;
    rig_expect_equal(cancel(self->adapter, self->transfer), FALSE);
    return KeepObject;
}

/* rule: DMA-CANCEL-2 */
static void once_the_routine_is_called_it_is_too_late(void *context)
{
    (void)context;
    transfer_bytes transfer;
    struct {
        PDMA_ADAPTER adapter;
        PVOID transfer;
    } self = {world_adapter(32), transfer};
    self.adapter->DmaOperations->InitializeDmaTransferContext(self.adapter, transfer);
    rig_expect_equal(self.adapter->DmaOperations->AllocateAdapterChannelEx(self.adapter, NULL, transfer, 1, 0,
                                                                           cancel_itself, &self, NULL),
                     STATUS_SUCCESS);
    rig_expect_equal(cancel(self.adapter, transfer), FALSE);
    self.adapter->DmaOperations->FreeAdapterObject(self.adapter, DeallocateObject);
    rig_expect_equal(cancel(self.adapter, transfer), FALSE);
}

/* rule: DMA-CANCEL-4 */
static void a_context_that_is_cancelled_first_cancels_its_next_allocation(void *context)
{
    (void)context;
    transfer_bytes transfer;
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(64);
    adapter->DmaOperations->InitializeDmaTransferContext(adapter, transfer);
    rig_expect_equal(cancel(adapter, transfer), TRUE);
    rig_expect_equal(adapter->DmaOperations->AllocateAdapterChannelEx(adapter, NULL, transfer, 1, 0,
                                                                      world_control, &call, NULL),
                     STATUS_CANCELLED);
    rig_expect_equal(call.calls, 0);
}

/* rule: DMA-CANCEL-5 */
static void initializing_the_context_again_takes_the_mark_away(void *context)
{
    (void)context;
    transfer_bytes transfer;
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(64);
    adapter->DmaOperations->InitializeDmaTransferContext(adapter, transfer);
    rig_expect_equal(cancel(adapter, transfer), TRUE);
    rig_expect_equal(world_ask(adapter, transfer, 1, &call), STATUS_SUCCESS);
    rig_expect_equal(call.calls, 1);
}

/* rule: DMA-CANCEL-6 */
static void cancelling_what_ended_or_was_cancelled_before_is_false(void *context)
{
    (void)context;
    transfer_bytes first, second;
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(32);
    rig_expect_equal(world_ask(adapter, first, 1, &call), STATUS_SUCCESS);
    rig_expect_equal(cancel(adapter, first), FALSE);
    world_take(adapter, first, 1);
    rig_expect_equal(world_ask(adapter, second, 1, &call), STATUS_SUCCESS);
    rig_expect_equal(cancel(adapter, second), TRUE);
    rig_expect_equal(cancel(adapter, second), FALSE);
    rig_expect_equal(cancel(adapter, NULL), FALSE);
}

/* rule: DMA-CANCEL-7 */
static void those_behind_a_cancelled_head_move_up(void *context)
{
    (void)context;
    transfer_bytes transfers[6];
    struct world_call large = {.action = DeallocateObject}, small = {.action = DeallocateObject};
    PDMA_ADAPTER holder = world_adapter(32), one = world_adapter(32), two = world_adapter(32);
    for (int i = 0; i < 3; i++) { /* leaves 13 */
        world_take(holder, transfers[i], 17);
        holder->DmaOperations->FreeAdapterObject(holder, DeallocateObjectKeepRegisters);
    }
    rig_expect_equal(world_ask(one, transfers[3], 14, &large), STATUS_SUCCESS);
    rig_expect_equal(world_ask(two, transfers[4], 13, &small), STATUS_SUCCESS);
    rig_expect_equal(world_ask(one, transfers[5], 1, &small), STATUS_SUCCESS);
    rig_expect_equal(cancel(one, transfers[3]), TRUE);
    rig_expect_equal(large.calls, 0);
    rig_expect_equal(small.calls, 2);
}

/* ---- Every interleaving ---------------------------------------------------------------------- */

enum { REQUESTERS = 2 };

/* The state of one run. */
static struct race {
    PDMA_ADAPTER adapter;
    transfer_bytes holder;
    struct racer {
        transfer_bytes transfer;
        struct world_call call;
        NTSTATUS status;
        BOOLEAN cancelled;
    } racers[REQUESTERS];
} * race;

/* What was seen over all runs. */
static struct {
    unsigned called, cancelled, before;
} outcomes;

static void request(void *context)
{
    struct racer *r = context;
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    r->status = race->adapter->DmaOperations->AllocateAdapterChannelEx(race->adapter, NULL, r->transfer, 1, 0,
                                                                       world_control, &r->call, NULL);
    KeLowerIrql(old);
}

static void cancel_first(void *context)
{
    (void)context;
    race->racers[0].cancelled = cancel(race->adapter, race->racers[0].transfer);
}

static void release_holder(void *context)
{
    (void)context;
    race->adapter->DmaOperations->FreeAdapterObject(race->adapter, DeallocateObject);
}

static void set_up_race(uint32_t width)
{
    race = haldma_scratch(sizeof *race);
    race->adapter = world_adapter(width);
    world_take(race->adapter, race->holder, 1);
    for (unsigned i = 0; i < REQUESTERS; i++) {
        race->racers[i].call.action = DeallocateObject;
        race->adapter->DmaOperations->InitializeDmaTransferContext(race->adapter, race->racers[i].transfer);
    }
}

static void set_up_pending(void *context)
{
    (void)context;
    set_up_race(32);
    request(&race->racers[0]);
    request(&race->racers[1]);
    rig_thread("canceller", 0, cancel_first, NULL);
    rig_thread("releaser", 1, release_holder, NULL);
}

static void set_up_three(void *context)
{
    (void)context;
    set_up_race(32);
    rig_thread("requester", 0, request, &race->racers[0]);
    rig_thread("canceller", 1, cancel_first, NULL);
    rig_thread("releaser", 2, release_holder, NULL);
}

/* The first racer was raced for; each other one that was submitted was called. */
static void check_exactly_one(void *context)
{
    (void)context;
    struct racer *r = &race->racers[0];
    rig_expect_equal(r->call.calls + r->cancelled, 1);
    rig_expect(r->status == STATUS_SUCCESS || (r->status == STATUS_CANCELLED && r->cancelled));
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
    outcomes.called += r->call.calls;
    outcomes.cancelled += r->cancelled && r->status == STATUS_SUCCESS;
    outcomes.before += r->status == STATUS_CANCELLED;
}

static void check_pending(void *context)
{
    check_exactly_one(context);
    rig_expect_equal(race->racers[1].call.calls, 1);
}

/* rule: DMA-CANCEL-3 */
static void either_it_is_called_or_cancel_succeeds_under_every_interleaving_with_the_grant(void **state)
{
    (void)state;
    struct haldma_config config = world_config();
    config.machine.profile = EMU_PROFILE_HOSTILE;
    memset(&outcomes, 0, sizeof outcomes);
    world_explore(&config, set_up_pending, check_pending, EMU_UNBOUNDED);
    assert_true(outcomes.called > 0 && outcomes.cancelled > 0);
}

/* rule: DMA-CANCEL-3 */
static void the_same_with_the_submission_on_a_third_processor(void **state)
{
    (void)state;
    struct haldma_config config = world_config();
    config.machine.processors = 3;
    memset(&outcomes, 0, sizeof outcomes);
    world_explore(&config, set_up_three, check_exactly_one, EMU_UNBOUNDED);
    assert_true(outcomes.called > 0 && outcomes.cancelled > 0 && outcomes.before > 0);
}

/* rule: DMA-CANCEL-8 */
static void the_same_whatever_the_platform_makes_of_the_grant(void **state)
{
    (void)state;
    struct haldma_config config = world_config();
    config.machine.processors = 3;
    config.machine.profile = EMU_PROFILE_HOSTILE;
    memset(&outcomes, 0, sizeof outcomes);
    world_explore(&config, set_up_three, check_exactly_one, 2);
    assert_true(outcomes.called > 0 && outcomes.cancelled > 0 && outcomes.before > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(a_waiting_request_is_withdrawn_and_its_routine_never_runs),
        WORLD_HOLDS(once_the_routine_is_called_it_is_too_late),
        WORLD_HOLDS(a_context_that_is_cancelled_first_cancels_its_next_allocation),
        WORLD_HOLDS(initializing_the_context_again_takes_the_mark_away),
        WORLD_HOLDS(cancelling_what_ended_or_was_cancelled_before_is_false),
        WORLD_HOLDS(those_behind_a_cancelled_head_move_up),
        cmocka_unit_test(either_it_is_called_or_cancel_succeeds_under_every_interleaving_with_the_grant),
        cmocka_unit_test(the_same_with_the_submission_on_a_third_processor),
        cmocka_unit_test(the_same_whatever_the_platform_makes_of_the_grant),
    };
    return cmocka_run_group_tests_name("dma.cancel", tests, NULL, NULL);
}
