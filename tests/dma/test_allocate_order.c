/*
 * AllocateAdapterChannel and AllocateAdapterChannelEx: in which order requests are served.
 */
#include "world.h"

#include "dma/request.h"

enum { WAITERS = 5 };

struct turn {
    unsigned number;
    unsigned *next;
};

static IO_ALLOCATION_ACTION take_turn(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    struct turn *turn = context;
    (void)device;
    (void)irp;
    (void)base;
    rig_expect_equal(turn->number, *turn->next);
    ++*turn->next;
    return DeallocateObject;
}

/* rule: DMA-ALLOC-14 */
static void waiting_requests_are_served_in_order_of_arrival(void *context)
{
    (void)context;
    UCHAR transfers[WAITERS + 1][DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct turn turns[WAITERS];
    unsigned next = 0;
    PDMA_ADAPTER adapter = world_adapter(32);
    PDMA_OPERATIONS o = adapter->DmaOperations;
    world_take(adapter, transfers[WAITERS], 1);
    for (unsigned i = 0; i < WAITERS; i++) {
        turns[i] = (struct turn){i, &next};
        o->InitializeDmaTransferContext(adapter, transfers[i]);
        rig_expect_equal(o->AllocateAdapterChannelEx(adapter, NULL, transfers[i], WAITERS - i, 0, take_turn,
                                                     &turns[i], NULL),
                         STATUS_SUCCESS);
    }
    o->FreeAdapterObject(adapter, DeallocateObject);
    rig_expect_equal(next, WAITERS);
}

/* rule: DMA-ALLOC-15 */
static void a_request_that_would_fit_does_not_overtake_one_that_does_not(void *context)
{
    (void)context;
    UCHAR transfers[5][DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call large = {.action = DeallocateObjectKeepRegisters}, small = {.action = DeallocateObject};
    PDMA_ADAPTER holder = world_adapter(32), one = world_adapter(32), two = world_adapter(32);
    PVOID bases[3];
    for (int i = 0; i < 3; i++) { /* leaves 13 */
        bases[i] = world_take(holder, transfers[i], 17);
        holder->DmaOperations->FreeAdapterObject(holder, DeallocateObjectKeepRegisters);
    }
    rig_expect_equal(world_ask(one, transfers[3], 14, &large), STATUS_SUCCESS);
    rig_expect_equal(world_ask(two, transfers[4], 1, &small), STATUS_SUCCESS);
    rig_expect_equal(large.calls + small.calls, 0);
    holder->DmaOperations->FreeMapRegisters(holder, bases[0], 17);
    rig_expect_equal(large.calls, 1);
    rig_expect_equal(small.calls, 1);
}

/* ---- Order under every interleaving ----------------------------------------------------------- */

enum { RIVALS = 2 };

static struct arrivals {
    PDMA_ADAPTER adapter;
    UCHAR holder[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct rival {
        UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
        unsigned place; /* in the order of the calls, from 1 */
    } rivals[RIVALS];
    const void *first; /* context of the first in line, when both waited */
    unsigned calls;
} * arrivals; /* of the current run */

static unsigned first_by_rival[RIVALS]; /* over all runs */

static IO_ALLOCATION_ACTION note_place(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    struct rival *rival = context;
    (void)device;
    (void)irp;
    (void)base;
    rival->place = ++arrivals->calls;
    return DeallocateObject;
}

static void arrive(void *context)
{
    struct rival *rival = context;
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    rig_expect_equal(arrivals->adapter->DmaOperations->AllocateAdapterChannelEx(
                         arrivals->adapter, NULL, rival->transfer, 1, 0, note_place, rival, NULL),
                     STATUS_SUCCESS);
    KeLowerIrql(old);
}

static void release_holder(void *context)
{
    struct dma_adapter *a = dma_adapter_of(arrivals->adapter);
    (void)context;
    if (a->line.length == RIVALS) {
        const char *place = (const char *)a->line.first;
        arrivals->first =
            ((const struct dma_request *)(const void *)(place - offsetof(struct dma_request, place)))
                ->context;
    }
    arrivals->adapter->DmaOperations->FreeAdapterObject(arrivals->adapter, DeallocateObject);
}

static void set_up_arrivals(void *context)
{
    (void)context;
    arrivals = haldma_scratch(sizeof *arrivals);
    arrivals->adapter = world_adapter(32);
    world_take(arrivals->adapter, arrivals->holder, 1);
    for (unsigned i = 0; i < RIVALS; i++) {
        arrivals->adapter->DmaOperations->InitializeDmaTransferContext(arrivals->adapter,
                                                                       arrivals->rivals[i].transfer);
        rig_thread(i == 0 ? "rival 0" : "rival 1", i, arrive, &arrivals->rivals[i]);
    }
    rig_thread("releaser", RIVALS, release_holder, NULL);
}

static void check_arrivals(void *context)
{
    (void)context;
    rig_expect_equal(arrivals->calls, RIVALS);
    for (unsigned i = 0; i < RIVALS; i++) {
        bool was_first = arrivals->first == arrivals->rivals[i].transfer;
        rig_expect(arrivals->first == NULL || was_first == (arrivals->rivals[i].place == 1));
        first_by_rival[i] += was_first;
    }
}

/* rule: DMA-ALLOC-14 */
static void whoever_came_first_is_called_first_under_every_interleaving(void **state)
{
    (void)state;
    struct haldma_config config = world_config();
    config.machine.processors = RIVALS + 1;
    memset(first_by_rival, 0, sizeof first_by_rival);
    world_explore(&config, set_up_arrivals, check_arrivals, EMU_UNBOUNDED);
    assert_true(first_by_rival[0] > 0 && first_by_rival[1] > 0);
}

enum { CHAINED = 2000 };

struct chained {
    PDMA_ADAPTER adapter;
    UCHAR transfers[2][DMA_TRANSFER_CONTEXT_SIZE_V1];
    unsigned calls;
};

static IO_ALLOCATION_ACTION free_and_ask_again(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    struct chained *c = context;
    PDMA_OPERATIONS ops = c->adapter->DmaOperations;
    PVOID transfer = c->transfers[++c->calls % 2];
    (void)device;
    (void)irp;
    (void)base;
    ops->FreeAdapterObject(c->adapter, DeallocateObject);
    if (c->calls == CHAINED)
        return KeepObject;
    ops->InitializeDmaTransferContext(c->adapter, transfer);
    rig_expect_equal(
        ops->AllocateAdapterChannelEx(c->adapter, NULL, transfer, 1, 0, free_and_ask_again, c, NULL),
        STATUS_SUCCESS);
    return KeepObject;
}

/* rule: DMA-ALLOC-16 */
static void routines_that_free_and_allocate_again_do_not_nest(void *context)
{
    (void)context;
    struct chained c = {.adapter = world_adapter(32)};
    PDMA_OPERATIONS ops = c.adapter->DmaOperations;
    ops->InitializeDmaTransferContext(c.adapter, c.transfers[0]);
    rig_expect_equal(
        ops->AllocateAdapterChannelEx(c.adapter, NULL, c.transfers[0], 1, 0, free_and_ask_again, &c, NULL),
        STATUS_SUCCESS);
    rig_expect_equal(c.calls, CHAINED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(routines_that_free_and_allocate_again_do_not_nest),
        WORLD_HOLDS(waiting_requests_are_served_in_order_of_arrival),
        WORLD_HOLDS(a_request_that_would_fit_does_not_overtake_one_that_does_not),
        cmocka_unit_test(whoever_came_first_is_called_first_under_every_interleaving),
    };
    return cmocka_run_group_tests_name("dma.allocate_order", tests, NULL, NULL);
}
