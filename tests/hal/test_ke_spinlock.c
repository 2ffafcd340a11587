/*
 * Interrupt levels and spin locks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <wdm.h>

#include "rig_kernel.h"

/* ---- Levels ---- */

static void raise_and_lower(void *context)
{
    (void)context;
    KIRQL old;
    rig_expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    rig_expect_equal(old, PASSIVE_LEVEL);
    rig_expect_equal(KeRaiseIrqlToDpcLevel(), DISPATCH_LEVEL);
    rig_expect_equal(KfRaiseIrql(HIGH_LEVEL), DISPATCH_LEVEL);
    rig_expect_equal(KeGetCurrentIrql(), HIGH_LEVEL);
    KeLowerIrql(APC_LEVEL);
    rig_expect_equal(KeGetCurrentIrql(), APC_LEVEL);
    KeLowerIrql(old);
    rig_expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

/* rule: KE-IRQL-1 */
static void raising_returns_the_old_level_and_lowering_restores_it(void **state)
{
    (void)state;
    rig_kernel_runs(raise_and_lower, NULL);
}

static void raise_downwards(void *context)
{
    (void)context;
    KfRaiseIrql(DISPATCH_LEVEL);
    KfRaiseIrql(APC_LEVEL);
}

/* rule: KE-IRQL-2 */
static void raising_to_a_lower_level_is_a_finding(void **state)
{
    (void)state;
    rig_kernel_stops(raise_downwards, NULL, "KE-IRQL-2", "0xC4/30");
}

static void lower_upwards(void *context)
{
    (void)context;
    KeLowerIrql(APC_LEVEL);
}

/* rule: KE-IRQL-3 */
static void lowering_to_a_higher_level_is_a_finding(void **state)
{
    (void)state;
    rig_kernel_stops(lower_upwards, NULL, "KE-IRQL-3", "0xC4/31");
}

static void regions_nest(void *context)
{
    (void)context;
    rig_expect(!KeAreApcsDisabled());
    KeEnterCriticalRegion();
    KeEnterCriticalRegion();
    KeLeaveCriticalRegion();
    rig_expect(KeAreApcsDisabled());
    rig_expect(!KeAreAllApcsDisabled());
    KeLeaveCriticalRegion();
    rig_expect(!KeAreApcsDisabled());
    KeEnterGuardedRegion();
    rig_expect(KeAreAllApcsDisabled());
    KeLeaveGuardedRegion();
    rig_expect(!KeAreAllApcsDisabled());
}

/* rule: KE-IRQL-4 */
static void regions_without_apcs_nest(void **state)
{
    (void)state;
    rig_kernel_runs(regions_nest, NULL);
}

static void leave_no_region(void *context)
{
    (void)context;
    KeLeaveCriticalRegion();
}

/* rule: KE-IRQL-5 */
static void leaving_a_region_that_was_not_entered_is_a_finding(void **state)
{
    (void)state;
    rig_kernel_stops(leave_no_region, NULL, "KE-IRQL-5", "0xC4/3E");
}

static void region_at_dispatch(void *context)
{
    (void)context;
    KfRaiseIrql(DISPATCH_LEVEL);
    KeEnterCriticalRegion();
}

/* rule: KE-IRQL-6 */
static void entering_a_region_at_dispatch_level_is_a_finding(void **state)
{
    (void)state;
    rig_kernel_stops(region_at_dispatch, NULL, "KE-IRQL-6", "0xC4/11A");
}

/* ---- Plain locks ---- */

struct counting {
    KSPIN_LOCK lock;
    bool with_lock;
    int inside;
    int count;
};

enum { COUNTERS = 3 };

static void count_once(void *context)
{
    struct counting *c = context;
    KIRQL old = PASSIVE_LEVEL;
    if (c->with_lock) {
        KeAcquireSpinLock(&c->lock, &old);
        rig_expect_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
        rig_expect_equal(c->inside, 0);
    }
    c->inside++;
    const int seen = c->count;
    KeMemoryBarrier();
    c->count = seen + 1;
    c->inside--;
    if (c->with_lock) {
        KeReleaseSpinLock(&c->lock, old);
        rig_expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    }
}

static void set_up_counting(void *context)
{
    struct counting *c = context;
    KeInitializeSpinLock(&c->lock);
    c->count = c->inside = 0;
    for (unsigned i = 0; i < COUNTERS; i++) {
        rig_thread("counter", i, count_once, c);
    }
}

static void check_counting(void *context)
{
    const struct counting *c = context;
    rig_expect_equal(c->count, COUNTERS);
    rig_expect_equal(c->lock, 0);
}

/* rule: KE-SPIN-1 */
static void a_spin_lock_keeps_others_out_in_every_interleaving(void **state)
{
    (void)state;
    struct counting c = {.with_lock = true};
    const struct emu_program program = {"counting", set_up_counting, check_counting, &c};
    assert_true(rig_kernel_explore(COUNTERS, &program, 2) > COUNTERS);
}

/* rule: KE-SPIN-1 */
static void without_the_lock_the_count_is_lost(void **state)
{
    (void)state;
    struct counting c = {.with_lock = false};
    const struct emu_program program = {"counting", set_up_counting, check_counting, &c};
    rig_kernel_finds(COUNTERS, &program, 1, "expectation", NULL);
}

static void acquire_above_dispatch(void *context)
{
    KfRaiseIrql(HIGH_LEVEL);
    KeAcquireSpinLockRaiseToDpc(context);
}

/* rule: KE-SPIN-1 */
static void acquiring_above_dispatch_level_is_a_finding(void **state)
{
    (void)state;
    KSPIN_LOCK lock = 0;
    rig_kernel_stops(acquire_above_dispatch, &lock, "KE-SPIN-1", "0xC4/42");
}

static void release_at_passive(void *context)
{
    KIRQL old = KeAcquireSpinLockRaiseToDpc(context);
    KeLowerIrql(old);
    KeReleaseSpinLock(context, old);
}

/* rule: KE-SPIN-2 */
static void releasing_below_dispatch_level_is_a_finding(void **state)
{
    (void)state;
    KSPIN_LOCK lock = 0;
    rig_kernel_stops(release_at_passive, &lock, "KE-SPIN-2", "0xC4/32");
}

static void acquire_at_dpc_level_at_passive(void *context)
{
    KeAcquireSpinLockAtDpcLevel(context);
}

/* rule: KE-SPIN-3 */
static void acquiring_at_dpc_level_below_it_is_a_finding(void **state)
{
    (void)state;
    KSPIN_LOCK lock = 0;
    rig_kernel_stops(acquire_at_dpc_level_at_passive, &lock, "KE-SPIN-3", "0xC4/40");
}

static void at_dpc_level(void *context)
{
    PKSPIN_LOCK lock = context;
    KeInitializeSpinLock(lock);
    const KIRQL old = KeRaiseIrqlToDpcLevel();
    KeAcquireSpinLockAtDpcLevel(lock);
    rig_expect(!KeTestSpinLock(lock));
    rig_expect(!KeTryToAcquireSpinLockAtDpcLevel(lock));
    KeReleaseSpinLockFromDpcLevel(lock);
    rig_expect(KeTestSpinLock(lock));
    rig_expect(KeTryToAcquireSpinLockAtDpcLevel(lock));
    KeReleaseSpinLockFromDpcLevel(lock);
    rig_expect_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(old);
    const KIRQL before = KeAcquireSpinLockForDpc(lock);
    rig_expect_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeReleaseSpinLockForDpc(lock, before);
    rig_expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

/* rule: KE-SPIN-8 */
static void trying_takes_a_free_lock_and_leaves_a_taken_one(void **state)
{
    (void)state;
    KSPIN_LOCK lock = 1;
    rig_kernel_runs(at_dpc_level, &lock);
}

static void acquire_twice(void *context)
{
    KeAcquireSpinLockRaiseToDpc(context);
    KeAcquireSpinLockAtDpcLevel(context);
}

/* rule: KE-SPIN-4 */
static void acquiring_a_lock_that_one_holds_is_named_at_once(void **state)
{
    (void)state;
    KSPIN_LOCK lock = 0;
    rig_kernel_stops(acquire_twice, &lock, "KE-SPIN-4", "0xC4/1000");
}

static void release_unowned(void *context)
{
    KeRaiseIrqlToDpcLevel();
    KeReleaseSpinLockFromDpcLevel(context);
}

/* rule: KE-SPIN-5 */
static void releasing_a_free_lock_is_a_finding(void **state)
{
    (void)state;
    KSPIN_LOCK lock = 0;
    rig_kernel_stops(release_unowned, &lock, "KE-SPIN-5", "0xC4/1007");
}

static void acquire_and_keep(void *context)
{
    KeAcquireSpinLockRaiseToDpc(context);
    KeStallExecutionProcessor(10);
    KeReleaseSpinLock(context, PASSIVE_LEVEL);
}

static void release_late(void *context)
{
    KeStallExecutionProcessor(5);
    release_unowned(context);
}

static void set_up_theft(void *context)
{
    KeInitializeSpinLock(context);
    rig_thread("owner", 0, acquire_and_keep, context);
    rig_thread("thief", 1, release_late, context);
}

/* rule: KE-SPIN-6 */
static void releasing_the_lock_of_another_processor_is_a_finding(void **state)
{
    (void)state;
    KSPIN_LOCK lock;
    const struct emu_program program = {"theft", set_up_theft, NULL, &lock};
    rig_kernel_finds(2, &program, 0, "KE-SPIN-6", "0xC4/1004");
}

static void release_to_a_higher_level(void *context)
{
    KeAcquireSpinLockRaiseToDpc(context);
    KeReleaseSpinLock(context, HIGH_LEVEL);
}

/* rule: KE-SPIN-7 */
static void releasing_to_a_level_that_is_not_below_is_a_finding(void **state)
{
    (void)state;
    KSPIN_LOCK lock = 0;
    rig_kernel_stops(release_to_a_higher_level, &lock, "KE-SPIN-7", "0xC4/31");
}

struct two_locks {
    KSPIN_LOCK first, second;
};

static void first_then_second(void *context)
{
    struct two_locks *l = context;
    const KIRQL old = KeAcquireSpinLockRaiseToDpc(&l->first);
    KeAcquireSpinLockAtDpcLevel(&l->second);
    KeReleaseSpinLockFromDpcLevel(&l->second);
    KeReleaseSpinLock(&l->first, old);
}

static void second_then_first(void *context)
{
    struct two_locks *l = context;
    const KIRQL old = KeAcquireSpinLockRaiseToDpc(&l->second);
    KeAcquireSpinLockAtDpcLevel(&l->first);
    KeReleaseSpinLockFromDpcLevel(&l->first);
    KeReleaseSpinLock(&l->second, old);
}

static void set_up_crossing(void *context)
{
    struct two_locks *l = context;
    KeInitializeSpinLock(&l->first);
    KeInitializeSpinLock(&l->second);
    rig_thread("forward", 0, first_then_second, l);
    rig_thread("backward", 1, second_then_first, l);
}

/* rule: KE-SPIN-1 */
static void locks_taken_in_opposite_order_deadlock(void **state)
{
    (void)state;
    struct two_locks locks;
    const struct emu_program program = {"crossing", set_up_crossing, NULL, &locks};
    rig_kernel_finds(2, &program, 1, "deadlock", NULL);
}

/* ---- Queued locks ---- */

enum { LINE = 4 };

struct line {
    KSPIN_LOCK lock;
    bool at_dpc_level;
    unsigned arrivals, departures;
    unsigned arrived[LINE]; /* who came n-th */
    unsigned inside;
    unsigned next;
};

static void stand_in_line(void *context)
{
    struct line *l = context;
    KLOCK_QUEUE_HANDLE handle;
    KIRQL old = PASSIVE_LEVEL;
    if (l->at_dpc_level) {
        old = KeRaiseIrqlToDpcLevel();
        KeAcquireInStackQueuedSpinLockAtDpcLevel(&l->lock, &handle);
    } else {
        KeAcquireInStackQueuedSpinLock(&l->lock, &handle);
    }
    rig_expect_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    rig_expect_equal(l->inside++, 0);
    KeMemoryBarrier();
    l->inside--;
    l->departures++;
    if (l->at_dpc_level) {
        KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
        KeLowerIrql(old);
    } else {
        KeReleaseInStackQueuedSpinLock(&handle);
    }
    rig_expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void set_up_line(void *context)
{
    struct line *l = context;
    KeInitializeSpinLock(&l->lock);
    l->departures = l->inside = 0;
    for (unsigned i = 0; i < LINE - 1; i++) {
        rig_thread("in line", i, stand_in_line, l);
    }
}

static void check_line(void *context)
{
    const struct line *l = context;
    rig_expect_equal(l->departures, LINE - 1);
    rig_expect_equal(l->lock, 0);
}

/* rule: KE-QLOCK-1 */
static void a_queued_lock_keeps_others_out_in_every_interleaving(void **state)
{
    (void)state;
    struct line line = {.at_dpc_level = false};
    const struct emu_program program = {"line", set_up_line, check_line, &line};
    rig_kernel_explore(LINE - 1, &program, 2);
    line.at_dpc_level = true;
    rig_kernel_explore(LINE - 1, &program, 2);
}

/* Comes at its own time, and must go in the order of coming. */
static void stand_in_order(void *context)
{
    struct line *l = context;
    KLOCK_QUEUE_HANDLE handle;
    const unsigned place = KeGetCurrentProcessorNumber();
    KeStallExecutionProcessor(1 + (LINE - place));
    KeAcquireInStackQueuedSpinLock(&l->lock, &handle);
    l->arrived[l->departures++] = place;
    KeStallExecutionProcessor(LINE * LINE);
    KeReleaseInStackQueuedSpinLock(&handle);
}

static void set_up_order(void *context)
{
    struct line *l = context;
    KeInitializeSpinLock(&l->lock);
    l->departures = 0;
    for (unsigned i = 0; i < LINE; i++) {
        rig_thread("in order", i, stand_in_order, l);
    }
}

/* rule: KE-QLOCK-1 */
static void a_queued_lock_is_handed_over_in_order_of_arrival(void **state)
{
    (void)state;
    struct line line = {.at_dpc_level = false};
    const struct emu_program program = {"order", set_up_order, NULL, &line};
    rig_kernel_runs_program(LINE, &program);
    for (unsigned i = 0; i < LINE; i++) {
        assert_int_equal(line.arrived[i], LINE - 1 - i);
    }
}

static void queue_at_passive(void *context)
{
    KLOCK_QUEUE_HANDLE handle;
    KeAcquireInStackQueuedSpinLockAtDpcLevel(context, &handle);
}

/* rule: KE-QLOCK-2 */
static void queueing_at_dpc_level_below_it_is_a_finding(void **state)
{
    (void)state;
    KSPIN_LOCK lock = 0;
    rig_kernel_stops(queue_at_passive, &lock, "KE-QLOCK-2", "0xC4/40");
}

static void release_handle_twice(void *context)
{
    KLOCK_QUEUE_HANDLE handle;
    KeRaiseIrqlToDpcLevel();
    KeAcquireInStackQueuedSpinLockAtDpcLevel(context, &handle);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
}

/* rule: KE-QLOCK-3 */
static void releasing_a_handle_that_does_not_own_the_lock_is_a_finding(void **state)
{
    (void)state;
    KSPIN_LOCK lock = 0;
    rig_kernel_stops(release_handle_twice, &lock, "KE-QLOCK-3", "0xC4/1007");
}

/* ---- Who returns ---- */

struct keeper {
    KDPC dpc;
    KSPIN_LOCK lock;
    KLOCK_QUEUE_HANDLE handle;
    bool queued, gives_back;
};

static KDEFERRED_ROUTINE keep_lock;
static VOID keep_lock(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    struct keeper *k = DeferredContext;
    (void)Dpc;
    (void)SystemArgument1;
    (void)SystemArgument2;
    if (k->queued) {
        KeAcquireInStackQueuedSpinLockAtDpcLevel(&k->lock, &k->handle);
    } else {
        KeAcquireSpinLockAtDpcLevel(&k->lock);
    }
    if (k->gives_back && k->queued) {
        KeReleaseInStackQueuedSpinLockFromDpcLevel(&k->handle);
    } else if (k->gives_back) {
        KeReleaseSpinLockFromDpcLevel(&k->lock);
    }
}

/* The thread that the DPC interrupts has a lock of its own. */
static void let_a_dpc_keep(void *context)
{
    struct keeper *k = context;
    KSPIN_LOCK own;
    KIRQL old;
    KeInitializeSpinLock(&own);
    KeInitializeSpinLock(&k->lock);
    KeInitializeDpc(&k->dpc, keep_lock, k);
    KeAcquireSpinLock(&own, &old);
    KeInsertQueueDpc(&k->dpc, NULL, NULL);
    KeReleaseSpinLock(&own, old);
}

/* rule: KE-SPIN-9 */
static void a_dpc_that_returns_with_a_spin_lock_is_a_finding(void **state)
{
    (void)state;
    for (int queued = 0; queued <= 1; queued++) {
        struct keeper k = {.queued = queued != 0};
        rig_kernel_stops(let_a_dpc_keep, &k, "KE-SPIN-9", "");
        k = (struct keeper){.queued = queued != 0, .gives_back = true};
        rig_kernel_runs(let_a_dpc_keep, &k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raising_returns_the_old_level_and_lowering_restores_it),
        cmocka_unit_test(raising_to_a_lower_level_is_a_finding),
        cmocka_unit_test(lowering_to_a_higher_level_is_a_finding),
        cmocka_unit_test(regions_without_apcs_nest),
        cmocka_unit_test(leaving_a_region_that_was_not_entered_is_a_finding),
        cmocka_unit_test(entering_a_region_at_dispatch_level_is_a_finding),
        cmocka_unit_test(a_spin_lock_keeps_others_out_in_every_interleaving),
        cmocka_unit_test(without_the_lock_the_count_is_lost),
        cmocka_unit_test(acquiring_above_dispatch_level_is_a_finding),
        cmocka_unit_test(releasing_below_dispatch_level_is_a_finding),
        cmocka_unit_test(acquiring_at_dpc_level_below_it_is_a_finding),
        cmocka_unit_test(trying_takes_a_free_lock_and_leaves_a_taken_one),
        cmocka_unit_test(acquiring_a_lock_that_one_holds_is_named_at_once),
        cmocka_unit_test(releasing_a_free_lock_is_a_finding),
        cmocka_unit_test(releasing_the_lock_of_another_processor_is_a_finding),
        cmocka_unit_test(releasing_to_a_level_that_is_not_below_is_a_finding),
        cmocka_unit_test(locks_taken_in_opposite_order_deadlock),
        cmocka_unit_test(a_queued_lock_keeps_others_out_in_every_interleaving),
        cmocka_unit_test(a_queued_lock_is_handed_over_in_order_of_arrival),
        cmocka_unit_test(a_dpc_that_returns_with_a_spin_lock_is_a_finding),
        cmocka_unit_test(queueing_at_dpc_level_below_it_is_a_finding),
        cmocka_unit_test(releasing_a_handle_that_does_not_own_the_lock_is_a_finding),
    };
    return cmocka_run_group_tests_name("ke_spinlock", tests, NULL, NULL);
}
