/*
 * Timers, and reading the time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <wdm.h>

#include "rig_kernel.h"

enum { UNITS_PER_MS = 10000, PERIODS = 3 };

struct ticking {
    KTIMER timer;
    KDPC dpc;
    KEVENT enough;
    unsigned ticks;
    bool cancelled;
    ULONG processor;
};

static LARGE_INTEGER in_ms(LONGLONG milliseconds)
{
    return (LARGE_INTEGER){.QuadPart = -milliseconds * UNITS_PER_MS};
}

static NTSTATUS wait_for(PVOID object, PLARGE_INTEGER timeout)
{
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, timeout);
}

static KDEFERRED_ROUTINE tick;
static VOID tick(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    struct ticking *t = DeferredContext;
    (void)Dpc;
    (void)SystemArgument1;
    (void)SystemArgument2;
    rig_expect_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    t->processor = KeGetCurrentProcessorNumber();
    if (++t->ticks == PERIODS) {
        KeSetEvent(&t->enough, IO_NO_INCREMENT, FALSE);
    }
}

static void initialize(struct ticking *t)
{
    *t = (struct ticking){.ticks = 0};
    KeInitializeTimer(&t->timer);
    KeInitializeDpc(&t->dpc, tick, t);
    KeInitializeEvent(&t->enough, NotificationEvent, FALSE);
}

static void wait_for_timer(void *context)
{
    struct ticking *t = context;
    LARGE_INTEGER zero = {.QuadPart = 0};
    initialize(t);
    const ULONGLONG before = KeQueryInterruptTime();
    rig_expect(!KeSetTimer(&t->timer, in_ms(4), NULL));
    rig_expect(!KeReadStateTimer(&t->timer));
    rig_expect_equal(wait_for(&t->timer, &zero), STATUS_TIMEOUT);
    rig_expect_equal(wait_for(&t->timer, NULL), STATUS_SUCCESS);
    rig_expect_equal(KeQueryInterruptTime() - before, 4 * UNITS_PER_MS);
    rig_expect(KeReadStateTimer(&t->timer));
    rig_expect_equal(wait_for(&t->timer, NULL), STATUS_SUCCESS);
    KeSetTimer(&t->timer, in_ms(1), NULL);
    rig_expect(!KeReadStateTimer(&t->timer));
    KeCancelTimer(&t->timer);
    KeInitializeTimerEx(&t->timer, SynchronizationTimer);
    KeSetTimer(&t->timer, in_ms(1), NULL);
    rig_expect_equal(wait_for(&t->timer, NULL), STATUS_SUCCESS);
    rig_expect(!KeReadStateTimer(&t->timer));
}

/* rule: KE-TIMER-1 */
static void a_timer_is_signalled_at_its_time_and_reset_when_it_is_set(void **state)
{
    (void)state;
    struct ticking t;
    rig_kernel_runs(wait_for_timer, &t);
}

static void set_twice(void *context)
{
    struct ticking *t = context;
    LARGE_INTEGER long_enough = in_ms(50);
    initialize(t);
    rig_expect(!KeSetTimer(&t->timer, in_ms(1), &t->dpc));
    rig_expect(KeSetTimer(&t->timer, in_ms(9), &t->dpc));
    const ULONGLONG before = KeQueryInterruptTime();
    wait_for(&t->timer, NULL);
    rig_expect_equal(KeQueryInterruptTime() - before, 9 * UNITS_PER_MS);
    KeDelayExecutionThread(KernelMode, FALSE, &long_enough);
    rig_expect_equal(t->ticks, 1);
}

/* rule: KE-TIMER-2 */
static void setting_a_running_timer_cancels_its_first_setting(void **state)
{
    (void)state;
    struct ticking t;
    rig_kernel_runs(set_twice, &t);
}

static void cancel(void *context)
{
    struct ticking *t = context;
    LARGE_INTEGER long_enough = in_ms(50);
    initialize(t);
    rig_expect(!KeCancelTimer(&t->timer));
    KeSetTimer(&t->timer, in_ms(1), &t->dpc);
    rig_expect(KeCancelTimer(&t->timer));
    rig_expect(!KeCancelTimer(&t->timer));
    KeDelayExecutionThread(KernelMode, FALSE, &long_enough);
    rig_expect_equal(t->ticks, 0);
    KeSetTimer(&t->timer, in_ms(1), &t->dpc);
    KeDelayExecutionThread(KernelMode, FALSE, &long_enough);
    rig_expect_equal(t->ticks, 1);
    rig_expect(!KeCancelTimer(&t->timer));
}

/* rule: KE-TIMER-3 */
static void a_cancelled_timer_does_not_expire(void **state)
{
    (void)state;
    struct ticking t;
    rig_kernel_runs(cancel, &t);
}

static void canceller(void *context)
{
    struct ticking *t = context;
    KeSetTimer(&t->timer, in_ms(1), &t->dpc);
    t->cancelled = KeCancelTimer(&t->timer);
}

static void set_up_race(void *context)
{
    struct ticking *t = context;
    initialize(t);
    rig_thread("canceller", 1, canceller, t);
}

static void check_race(void *context)
{
    const struct ticking *t = context;
    rig_expect_equal(t->ticks + t->cancelled, 1);
}

/* rule: KE-TIMER-3 */
static void a_timer_expires_or_is_cancelled_and_never_both(void **state)
{
    (void)state;
    struct ticking t;
    const struct emu_program program = {"timer race", set_up_race, check_race, &t};
    assert_true(rig_kernel_explore(2, &program, EMU_UNBOUNDED) > 1);
}

static void tick_periodically(void *context)
{
    struct ticking *t = context;
    initialize(t);
    const ULONGLONG before = KeQueryInterruptTime();
    KeSetTimerEx(&t->timer, in_ms(2), 5, &t->dpc);
    wait_for(&t->enough, NULL);
    rig_expect_equal(KeQueryInterruptTime() - before, (2 + 5 * (PERIODS - 1)) * UNITS_PER_MS);
    rig_expect(KeCancelTimer(&t->timer));
}

/* rule: KE-TIMER-4 */
static void a_periodic_timer_expires_again_and_again(void **state)
{
    (void)state;
    struct ticking t;
    rig_kernel_runs(tick_periodically, &t);
}

static void tick_for_ever(void *context)
{
    struct ticking *t = context;
    initialize(t);
    KeSetTimerEx(&t->timer, in_ms(2), 5, &t->dpc);
}

/* rule: KE-TIMER-4 */
static void a_periodic_timer_does_not_keep_a_run_from_its_end(void **state)
{
    (void)state;
    struct ticking t;
    rig_kernel_runs(tick_for_ever, &t);
    assert_int_equal(t.ticks, 1);
}

static void set_above_dispatch(void *context)
{
    KeInitializeTimer(context);
    KfRaiseIrql(HIGH_LEVEL);
    KeSetTimer(context, in_ms(1), NULL);
}

/* rule: KE-TIMER-5 */
static void setting_a_timer_above_dispatch_level_is_a_finding(void **state)
{
    (void)state;
    KTIMER timer;
    rig_kernel_stops(set_above_dispatch, &timer, "KE-TIMER-5", NULL);
}

static void set_past(void *context)
{
    struct ticking *t = context;
    LARGE_INTEGER past = {.QuadPart = 1};
    initialize(t);
    KeSetTimer(&t->timer, past, &t->dpc);
    rig_expect(KeReadStateTimer(&t->timer));
    rig_expect_equal(t->ticks, 1);
}

/* rule: KE-TIMER-6 */
static void a_timer_whose_time_is_past_expires_at_once(void **state)
{
    (void)state;
    struct ticking t;
    rig_kernel_runs(set_past, &t);
}

static void set_with_target(void *context)
{
    struct ticking *t = context;
    LARGE_INTEGER long_enough = in_ms(5);
    initialize(t);
    KeSetTargetProcessorDpc(&t->dpc, 1);
    KeSetTimer(&t->timer, in_ms(1), &t->dpc);
    KeDelayExecutionThread(KernelMode, FALSE, &long_enough);
    rig_expect_equal(t->ticks, 1);
    rig_expect_equal(t->processor, 1);
}

/* rule: KE-TIMER-7 */
static void the_dpc_of_a_timer_runs_on_its_target(void **state)
{
    (void)state;
    struct ticking t;
    rig_kernel_runs(set_with_target, &t);
}

static void set_and_expect_here(void *context)
{
    struct ticking *t = context;
    LARGE_INTEGER long_enough = in_ms(5);
    KeSetTimer(&t->timer, in_ms(1), &t->dpc);
    KeDelayExecutionThread(KernelMode, FALSE, &long_enough);
    rig_expect_equal(t->processor, 0);
}

static void set_up_anywhere(void *context)
{
    initialize(context);
    rig_thread("sets", 0, set_and_expect_here, context);
}

/* rule: KE-TIMER-7 */
static void the_dpc_of_a_timer_may_run_on_any_processor(void **state)
{
    (void)state;
    struct ticking t;
    const struct emu_program program = {"anywhere", set_up_anywhere, NULL, &t};
    rig_kernel_finds(2, &program, 0, "expectation", NULL);
}

static void read_clocks(void *context)
{
    (void)context;
    LARGE_INTEGER system, later, ticks, frequency;
    LARGE_INTEGER interval = in_ms(1000);
    KeQuerySystemTime(&system);
    const LARGE_INTEGER counter = KeQueryPerformanceCounter(&frequency);
    KeQueryTickCount(&ticks);
    const LONGLONG first_tick = ticks.QuadPart;
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
    KeQuerySystemTimePrecise(&later);
    KeQueryTickCount(&ticks);
    rig_expect_equal(later.QuadPart - system.QuadPart, -interval.QuadPart);
    rig_expect_equal(KeQueryPerformanceCounter(NULL).QuadPart - counter.QuadPart, frequency.QuadPart);
    rig_expect_equal((ticks.QuadPart - first_tick) * KeQueryTimeIncrement(), -interval.QuadPart);
    const ULONGLONG before = KeQueryInterruptTime();
    KeStallExecutionProcessor(20);
    rig_expect_equal(KeQueryInterruptTime() - before, 200);
}

/* rule: KE-TIME-1 */
static void all_clocks_tell_the_same_time(void **state)
{
    (void)state;
    rig_kernel_runs(read_clocks, NULL);
}

enum { TAG = 0x74736574, LATER = -10000 };

static PKTIMER pool_timer(PKDPC dpc)
{
    PKTIMER timer = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*timer), TAG);
    KeInitializeTimer(timer);
    KeSetTimer(timer, (LARGE_INTEGER){.QuadPart = LATER}, dpc);
    return timer;
}

static void free_running(void *context)
{
    (void)context;
    ExFreePoolWithTag(pool_timer(NULL), TAG);
}

/* rule: KE-TIMER-8 */
static void freeing_a_running_timer_is_a_finding(void **state)
{
    (void)state;
    rig_kernel_stops(free_running, NULL, "KE-TIMER-8", "0xC7/00");
}

static void free_cancelled(void *context)
{
    (void)context;
    PKTIMER timer = pool_timer(NULL);
    PKTIMER other = pool_timer(NULL);
    rig_expect_equal(KeCancelTimer(timer), TRUE);
    ExFreePoolWithTag(timer, TAG);
    rig_expect_equal(KeCancelTimer(other), TRUE);
    ExFreePoolWithTag(other, TAG);
}

/* rule: KE-TIMER-8 */
static void freeing_a_cancelled_timer_is_in_order(void **state)
{
    (void)state;
    rig_kernel_runs(free_cancelled, NULL);
}

static void let_time_pass(void)
{
    LARGE_INTEGER twice = {.QuadPart = 2 * LATER};
    KeDelayExecutionThread(KernelMode, FALSE, &twice);
}

static void overwrite_running(void *context)
{
    (void)context;
    memset(pool_timer(NULL), 0x11, sizeof(KTIMER));
    let_time_pass();
}

static void initialize_running(void *context)
{
    (void)context;
    KeInitializeTimer(pool_timer(NULL));
    let_time_pass();
}

static void cancel_overwritten(void *context)
{
    (void)context;
    PKTIMER timer = pool_timer(NULL);
    timer->TimerListEntry.Flink = &timer->TimerListEntry;
    KeCancelTimer(timer);
}

/* rule: KE-TIMER-9 */
static void overwriting_a_running_timer_is_a_finding(void **state)
{
    (void)state;
    rig_kernel_stops(overwrite_running, NULL, "KE-TIMER-9", "0xC7/00");
    rig_kernel_stops(initialize_running, NULL, "KE-TIMER-9", "0xC7/00");
    rig_kernel_stops(cancel_overwritten, NULL, "KE-TIMER-9", "0xC7/00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_is_signalled_at_its_time_and_reset_when_it_is_set),
        cmocka_unit_test(setting_a_running_timer_cancels_its_first_setting),
        cmocka_unit_test(a_cancelled_timer_does_not_expire),
        cmocka_unit_test(a_timer_expires_or_is_cancelled_and_never_both),
        cmocka_unit_test(a_periodic_timer_expires_again_and_again),
        cmocka_unit_test(a_periodic_timer_does_not_keep_a_run_from_its_end),
        cmocka_unit_test(setting_a_timer_above_dispatch_level_is_a_finding),
        cmocka_unit_test(a_timer_whose_time_is_past_expires_at_once),
        cmocka_unit_test(the_dpc_of_a_timer_runs_on_its_target),
        cmocka_unit_test(the_dpc_of_a_timer_may_run_on_any_processor),
        cmocka_unit_test(all_clocks_tell_the_same_time),
        cmocka_unit_test(freeing_a_running_timer_is_a_finding),
        cmocka_unit_test(freeing_a_cancelled_timer_is_in_order),
        cmocka_unit_test(overwriting_a_running_timer_is_a_finding),
    };
    return cmocka_run_group_tests_name("ke_timer", tests, NULL, NULL);
}
