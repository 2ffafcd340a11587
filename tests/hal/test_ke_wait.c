/*
 * Waiting for one object, for any, for all, for a time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <wdm.h>

#include "rig_kernel.h"

enum { OBJECTS = 3, UNITS_PER_MS = 10000 };

static NTSTATUS wait_for(PVOID object, PLARGE_INTEGER timeout)
{
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, timeout);
}

static LARGE_INTEGER no_time(void)
{
    return (LARGE_INTEGER){.QuadPart = 0};
}

static void stop_for(unsigned milliseconds)
{
    LARGE_INTEGER interval = {.QuadPart = -(LONGLONG)milliseconds * UNITS_PER_MS};
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

static void wait_with_timeouts(void *context)
{
    PKEVENT event = context;
    LARGE_INTEGER relative = {.QuadPart = -5 * UNITS_PER_MS};
    LARGE_INTEGER now, absolute;
    KeInitializeEvent(event, NotificationEvent, FALSE);
    const ULONGLONG before = KeQueryInterruptTime();
    rig_expect_equal(wait_for(event, &relative), STATUS_TIMEOUT);
    rig_expect_equal(KeQueryInterruptTime() - before, 5 * UNITS_PER_MS);
    KeQuerySystemTime(&now);
    absolute.QuadPart = now.QuadPart + 7 * UNITS_PER_MS;
    rig_expect_equal(wait_for(event, &absolute), STATUS_TIMEOUT);
    KeQuerySystemTime(&now);
    rig_expect_equal(now.QuadPart, absolute.QuadPart);
    rig_expect_equal(wait_for(event, &absolute), STATUS_TIMEOUT);
    rig_expect_equal(IsListEmpty(&event->Header.WaitListHead), TRUE);
}

/* rule: KE-WAIT-3 */
static void a_wait_ends_at_its_relative_or_absolute_time(void **state)
{
    (void)state;
    KEVENT event;
    rig_kernel_runs(wait_with_timeouts, &event);
}

static void wait_in_time(void *context)
{
    PKEVENT event = context;
    LARGE_INTEGER ten = {.QuadPart = -10 * UNITS_PER_MS};
    const ULONGLONG before = KeQueryInterruptTime();
    rig_expect_equal(wait_for(event, &ten), STATUS_SUCCESS);
    rig_expect_equal(KeQueryInterruptTime() - before, UNITS_PER_MS);
    KeClearEvent(event);
    rig_expect_equal(wait_for(event, NULL), STATUS_SUCCESS);
    rig_expect_equal(KeQueryInterruptTime() - before, 21 * UNITS_PER_MS);
}

static void set_in_time(void *context)
{
    PKEVENT event = context;
    stop_for(1);
    KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    stop_for(20);
    KeSetEvent(event, IO_NO_INCREMENT, FALSE);
}

static void set_up_in_time(void *context)
{
    PKEVENT event = context;
    KeInitializeEvent(event, NotificationEvent, FALSE);
    rig_thread("waiter", 0, wait_in_time, event);
    rig_thread("setter", 1, set_in_time, event);
}

/* rule: KE-WAIT-3 */
static void the_timeout_of_a_wait_that_was_satisfied_does_nothing(void **state)
{
    (void)state;
    KEVENT event;
    const struct emu_program program = {"in time", set_up_in_time, NULL, &event};
    rig_kernel_runs_program(2, &program);
}

static void wait_without_end(void *context)
{
    KeInitializeEvent(context, NotificationEvent, FALSE);
    wait_for(context, NULL);
}

/* rule: KE-WAIT-1 */
static void a_wait_without_timeout_for_what_nobody_sets_is_a_deadlock(void **state)
{
    (void)state;
    KEVENT event;
    rig_kernel_stops(wait_without_end, &event, "deadlock", NULL);
}

struct many {
    KEVENT events[OBJECTS];
    KSEMAPHORE semaphore;
    KMUTEX mutex;
    KWAIT_BLOCK blocks[MAXIMUM_WAIT_OBJECTS];
    NTSTATUS status;
    bool waiting;
};

static void initialize_many(struct many *w)
{
    memset(w, 0, sizeof(*w));
    for (unsigned i = 0; i < OBJECTS; i++) {
        KeInitializeEvent(&w->events[i], SynchronizationEvent, FALSE);
    }
    KeInitializeSemaphore(&w->semaphore, 0, OBJECTS);
    KeInitializeMutex(&w->mutex, 0);
}

static NTSTATUS wait_many(struct many *w, WAIT_TYPE type, PLARGE_INTEGER timeout)
{
    PVOID objects[OBJECTS] = {&w->events[0], &w->events[1], &w->events[2]};
    return KeWaitForMultipleObjects(OBJECTS, objects, type, Executive, KernelMode, FALSE, timeout, NULL);
}

static void wait_for_any(void *context)
{
    struct many *w = context;
    LARGE_INTEGER zero = no_time();
    initialize_many(w);
    rig_expect_equal(wait_many(w, WaitAny, &zero), STATUS_TIMEOUT);
    KeSetEvent(&w->events[2], IO_NO_INCREMENT, FALSE);
    KeSetEvent(&w->events[1], IO_NO_INCREMENT, FALSE);
    rig_expect_equal(wait_many(w, WaitAny, NULL), STATUS_WAIT_0 + 1);
    rig_expect_equal(KeReadStateEvent(&w->events[1]), 0);
    rig_expect(KeReadStateEvent(&w->events[2]) != 0);
    rig_expect_equal(wait_many(w, WaitAny, NULL), STATUS_WAIT_0 + 2);
}

/* rule: KE-WAIT-6 */
static void a_wait_for_any_takes_the_first_that_is_there_and_says_which(void **state)
{
    (void)state;
    struct many many;
    rig_kernel_runs(wait_for_any, &many);
}

static void any_waiter(void *context)
{
    struct many *w = context;
    w->waiting = true;
    w->status = wait_many(w, WaitAny, NULL);
    rig_expect(IsListEmpty(&w->events[0].Header.WaitListHead));
}

static void any_setter(void *context)
{
    struct many *w = context;
    KeSetEvent(&w->events[1], IO_NO_INCREMENT, FALSE);
}

static void set_up_any(void *context)
{
    initialize_many(context);
    rig_thread("waiter", 0, any_waiter, context);
    rig_thread("setter", 1, any_setter, context);
}

static void check_any(void *context)
{
    const struct many *w = context;
    rig_expect_equal(w->status, STATUS_WAIT_0 + 1);
    rig_expect_equal(w->events[1].Header.SignalState, 0);
}

/* rule: KE-WAIT-6 */
static void a_wait_for_any_loses_no_wake_up_in_any_interleaving(void **state)
{
    (void)state;
    struct many many;
    const struct emu_program program = {"any", set_up_any, check_any, &many};
    rig_kernel_explore(2, &program, EMU_UNBOUNDED);
}

static void wait_for_all(void *context)
{
    struct many *w = context;
    LARGE_INTEGER zero = no_time();
    initialize_many(w);
    KeSetEvent(&w->events[0], IO_NO_INCREMENT, FALSE);
    KeSetEvent(&w->events[2], IO_NO_INCREMENT, FALSE);
    rig_expect_equal(wait_many(w, WaitAll, &zero), STATUS_TIMEOUT);
    rig_expect(KeReadStateEvent(&w->events[0]) != 0);
    KeSetEvent(&w->events[1], IO_NO_INCREMENT, FALSE);
    rig_expect_equal(wait_many(w, WaitAll, NULL), STATUS_SUCCESS);
    for (unsigned i = 0; i < OBJECTS; i++) {
        rig_expect_equal(KeReadStateEvent(&w->events[i]), 0);
    }
}

/* rule: KE-WAIT-7 */
static void a_wait_for_all_takes_all_at_once_or_none(void **state)
{
    (void)state;
    struct many many;
    rig_kernel_runs(wait_for_all, &many);
}

static void all_waiter(void *context)
{
    struct many *w = context;
    PVOID objects[] = {&w->events[0], &w->semaphore, &w->mutex, &w->events[1]};
    w->status = KeWaitForMultipleObjects(RTL_NUMBER_OF(objects), objects, WaitAll, Executive, KernelMode,
                                         FALSE, NULL, w->blocks);
    rig_expect_equal(KeReadStateMutex(&w->mutex), 0);
    KeReleaseMutex(&w->mutex, FALSE);
}

static void all_setter(void *context)
{
    struct many *w = context;
    wait_for(&w->mutex, NULL);
    KeSetEvent(&w->events[1], IO_NO_INCREMENT, FALSE);
    KeReleaseSemaphore(&w->semaphore, IO_NO_INCREMENT, 1, FALSE);
    KeSetEvent(&w->events[0], IO_NO_INCREMENT, FALSE);
    KeReleaseMutex(&w->mutex, FALSE);
}

static void set_up_all(void *context)
{
    initialize_many(context);
    rig_thread("waiter", 0, all_waiter, context);
    rig_thread("setter", 1, all_setter, context);
}

static void check_all(void *context)
{
    const struct many *w = context;
    rig_expect_equal(w->status, STATUS_SUCCESS);
    rig_expect_equal(w->events[0].Header.SignalState, 0);
    rig_expect_equal(w->events[1].Header.SignalState, 0);
    rig_expect_equal(w->semaphore.Header.SignalState, 0);
    rig_expect_equal(w->mutex.Header.SignalState, 1);
}

/* rule: KE-WAIT-7 */
static void a_wait_for_all_of_several_kinds_ends_in_every_interleaving(void **state)
{
    (void)state;
    struct many many;
    const struct emu_program program = {"all", set_up_all, check_all, &many};
    rig_kernel_explore(2, &program, 3);
}

static void wait_for_too_many(void *context)
{
    struct many *w = context;
    PVOID objects[] = {&w->events[0], &w->events[1], &w->events[2], &w->semaphore};
    initialize_many(w);
    KeWaitForMultipleObjects(RTL_NUMBER_OF(objects), objects, WaitAny, Executive, KernelMode, FALSE, NULL,
                             NULL);
}

/* rule: KE-WAIT-8 */
static void more_objects_than_a_thread_has_wait_blocks_is_a_finding(void **state)
{
    (void)state;
    struct many many;
    rig_kernel_stops(wait_for_too_many, &many, "KE-WAIT-8", "0xC");
}

static void wait_at_dispatch(void *context)
{
    KeInitializeEvent(context, NotificationEvent, TRUE);
    KeRaiseIrqlToDpcLevel();
    wait_for(context, NULL);
}

static void wait_some_time_at_dispatch(void *context)
{
    LARGE_INTEGER some = {.QuadPart = -1};
    KeInitializeEvent(context, NotificationEvent, TRUE);
    KeRaiseIrqlToDpcLevel();
    wait_for(context, &some);
}

static void wait_above_dispatch(void *context)
{
    LARGE_INTEGER zero = no_time();
    KeInitializeEvent(context, NotificationEvent, TRUE);
    KfRaiseIrql(HIGH_LEVEL);
    wait_for(context, &zero);
}

/* rule: KE-WAIT-5 */
static void waiting_at_dispatch_level_is_a_finding_even_if_nobody_would_wait(void **state)
{
    (void)state;
    KEVENT event;
    rig_kernel_stops(wait_at_dispatch, &event, "KE-WAIT-5", "0xC4/121");
    rig_kernel_stops(wait_some_time_at_dispatch, &event, "KE-WAIT-5", "0xC4/122");
    rig_kernel_stops(wait_above_dispatch, &event, "KE-WAIT-5", "0xC4/120");
}

static void poll_at_dispatch(void *context)
{
    LARGE_INTEGER zero = no_time();
    KeInitializeEvent(context, SynchronizationEvent, TRUE);
    KeRaiseIrqlToDpcLevel();
    rig_expect_equal(wait_for(context, &zero), STATUS_SUCCESS);
    rig_expect_equal(wait_for(context, &zero), STATUS_TIMEOUT);
    KeLowerIrql(PASSIVE_LEVEL);
}

/* rule: KE-WAIT-4 */
static void a_wait_of_no_time_looks_and_takes_at_dispatch_level(void **state)
{
    (void)state;
    KEVENT event;
    rig_kernel_runs(poll_at_dispatch, &event);
}

static void wait_for_zeroes(void *context)
{
    memset(context, 0, sizeof(KEVENT));
    wait_for(context, NULL);
}

static void wait_for_null(void *context)
{
    (void)context;
    wait_for(NULL, NULL);
}

/* rule: KE-WAIT-9 */
static void waiting_for_what_was_never_initialised_is_a_finding(void **state)
{
    (void)state;
    KEVENT event;
    rig_kernel_stops(wait_for_zeroes, &event, "KE-WAIT-9", NULL);
    rig_kernel_stops(wait_for_null, NULL, "KE-WAIT-9", NULL);
}

static void delay_at_dispatch(void *context)
{
    (void)context;
    KeRaiseIrqlToDpcLevel();
    stop_for(1);
}

static void delay(void *context)
{
    (void)context;
    LARGE_INTEGER zero = no_time();
    const ULONGLONG before = KeQueryInterruptTime();
    stop_for(3);
    rig_expect_equal(KeQueryInterruptTime() - before, 3 * UNITS_PER_MS);
    rig_expect_equal(KeDelayExecutionThread(KernelMode, FALSE, &zero), STATUS_SUCCESS);
}

/* rule: KE-WAIT-10 */
static void a_delay_lasts_as_long_as_it_says(void **state)
{
    (void)state;
    rig_kernel_runs(delay, NULL);
    rig_kernel_stops(delay_at_dispatch, NULL, "KE-WAIT-10", NULL);
}

static void delay_without_interval(void *context)
{
    (void)context;
    KeDelayExecutionThread(KernelMode, FALSE, NULL);
}

/* rule: KE-WAIT-11 */
static void a_delay_without_an_interval_is_a_finding(void **state)
{
    (void)state;
    rig_kernel_stops(delay_without_interval, NULL, "KE-WAIT-11", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_ends_at_its_relative_or_absolute_time),
        cmocka_unit_test(the_timeout_of_a_wait_that_was_satisfied_does_nothing),
        cmocka_unit_test(a_wait_without_timeout_for_what_nobody_sets_is_a_deadlock),
        cmocka_unit_test(a_wait_for_any_takes_the_first_that_is_there_and_says_which),
        cmocka_unit_test(a_wait_for_any_loses_no_wake_up_in_any_interleaving),
        cmocka_unit_test(a_wait_for_all_takes_all_at_once_or_none),
        cmocka_unit_test(a_wait_for_all_of_several_kinds_ends_in_every_interleaving),
        cmocka_unit_test(more_objects_than_a_thread_has_wait_blocks_is_a_finding),
        cmocka_unit_test(waiting_at_dispatch_level_is_a_finding_even_if_nobody_would_wait),
        cmocka_unit_test(a_wait_of_no_time_looks_and_takes_at_dispatch_level),
        cmocka_unit_test(waiting_for_what_was_never_initialised_is_a_finding),
        cmocka_unit_test(a_delay_lasts_as_long_as_it_says),
        cmocka_unit_test(a_delay_without_an_interval_is_a_finding),
    };
    return cmocka_run_group_tests_name("ke_wait", tests, NULL, NULL);
}
