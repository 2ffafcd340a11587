/*
 * Objects to wait for: events and semaphores.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <wdm.h>

#include "rig_kernel.h"

enum { WAITERS = 3, UNITS_PER_MS = 10000 };

static NTSTATUS wait_for(PVOID object, PLARGE_INTEGER timeout)
{
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, timeout);
}

static LARGE_INTEGER no_time(void)
{
    return (LARGE_INTEGER){.QuadPart = 0};
}

/* ---- Events ---- */

static void use_notification(void *context)
{
    PKEVENT event = context;
    LARGE_INTEGER zero = no_time();
    KeInitializeEvent(event, NotificationEvent, FALSE);
    rig_expect_equal(KeReadStateEvent(event), 0);
    rig_expect_equal(wait_for(event, &zero), STATUS_TIMEOUT);
    rig_expect_equal(KeSetEvent(event, IO_NO_INCREMENT, FALSE), 0);
    rig_expect(KeSetEvent(event, IO_NO_INCREMENT, FALSE) != 0);
    rig_expect_equal(wait_for(event, NULL), STATUS_SUCCESS);
    rig_expect_equal(wait_for(event, &zero), STATUS_SUCCESS);
    rig_expect(KeResetEvent(event) != 0);
    rig_expect_equal(KeResetEvent(event), 0);
    rig_expect_equal(wait_for(event, &zero), STATUS_TIMEOUT);
    KeInitializeEvent(event, NotificationEvent, TRUE);
    rig_expect(KeReadStateEvent(event) != 0);
    KeClearEvent(event);
    rig_expect_equal(KeReadStateEvent(event), 0);
}

/* rule: KE-EVENT-1 */
static void a_notification_event_stays_set_until_it_is_reset(void **state)
{
    (void)state;
    KEVENT event;
    rig_kernel_runs(use_notification, &event);
}

static void use_synchronization(void *context)
{
    PKEVENT event = context;
    LARGE_INTEGER zero = no_time();
    KeInitializeEvent(event, SynchronizationEvent, TRUE);
    rig_expect_equal(wait_for(event, NULL), STATUS_SUCCESS);
    rig_expect_equal(KeReadStateEvent(event), 0);
    rig_expect_equal(wait_for(event, &zero), STATUS_TIMEOUT);
}

/* rule: KE-EVENT-2 */
static void a_synchronization_event_is_reset_by_the_wait_it_satisfies(void **state)
{
    (void)state;
    KEVENT event;
    rig_kernel_runs(use_synchronization, &event);
}

struct crowd {
    union {
        DISPATCHER_HEADER header;
        KEVENT event;
        KSEMAPHORE semaphore;
    };
    unsigned waiting;
    unsigned woken;
    unsigned order[WAITERS];
};

static void join_crowd(void *context)
{
    struct crowd *c = context;
    const unsigned place = c->waiting++;
    rig_expect_equal(wait_for(&c->header, NULL), STATUS_SUCCESS);
    c->order[c->woken++] = place;
}

static void start_crowd(struct crowd *c)
{
    c->waiting = c->woken = 0;
    for (unsigned i = 0; i < WAITERS; i++) {
        rig_thread("waiter", 0, join_crowd, c);
    }
}

static void stop_for(unsigned milliseconds)
{
    LARGE_INTEGER interval = {.QuadPart = -(LONGLONG)milliseconds * UNITS_PER_MS};
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

static void wake_all(void *context)
{
    struct crowd *c = context;
    stop_for(1);
    rig_expect_equal(c->waiting, WAITERS);
    KeSetEvent(&c->event, IO_NO_INCREMENT, FALSE);
    stop_for(1);
    rig_expect_equal(c->woken, WAITERS);
}

static void set_up_wake_all(void *context)
{
    struct crowd *c = context;
    KeInitializeEvent(&c->event, NotificationEvent, FALSE);
    start_crowd(c);
    rig_thread("setter", 1, wake_all, c);
}

/* rule: KE-EVENT-1 */
static void a_notification_event_lets_every_waiter_go(void **state)
{
    (void)state;
    struct crowd crowd;
    const struct emu_program program = {"wake all", set_up_wake_all, NULL, &crowd};
    rig_kernel_runs_program(2, &program);
}

static void wake_one_by_one(void *context)
{
    struct crowd *c = context;
    for (unsigned i = 0; i < WAITERS; i++) {
        stop_for(1);
        rig_expect_equal(c->woken, i);
        rig_expect_equal(KeSetEvent(&c->event, IO_NO_INCREMENT, FALSE), 0);
        rig_expect_equal(KeReadStateEvent(&c->event), 0);
    }
    stop_for(1);
    for (unsigned i = 0; i < WAITERS; i++) {
        rig_expect_equal(c->order[i], i);
    }
}

static void set_up_one_by_one(void *context)
{
    struct crowd *c = context;
    KeInitializeEvent(&c->event, SynchronizationEvent, FALSE);
    start_crowd(c);
    rig_thread("setter", 1, wake_one_by_one, c);
}

/* rule: KE-WAIT-2 */
static void waiters_go_on_in_order_of_arrival(void **state)
{
    (void)state;
    struct crowd crowd;
    const struct emu_program program = {"one by one", set_up_one_by_one, NULL, &crowd};
    rig_kernel_runs_program(2, &program);
}

static void pulse(void *context)
{
    struct crowd *c = context;
    stop_for(1);
    KePulseEvent(&c->event, IO_NO_INCREMENT, FALSE);
    rig_expect_equal(KeReadStateEvent(&c->event), 0);
    stop_for(1);
    rig_expect_equal(c->woken, WAITERS);
}

static void set_up_pulse(void *context)
{
    struct crowd *c = context;
    KeInitializeEvent(&c->event, NotificationEvent, FALSE);
    start_crowd(c);
    rig_thread("pulser", 1, pulse, c);
}

/* rule: KE-EVENT-3 */
static void a_pulse_lets_those_go_that_wait_and_leaves_the_event_reset(void **state)
{
    (void)state;
    struct crowd crowd;
    const struct emu_program program = {"pulse", set_up_pulse, NULL, &crowd};
    rig_kernel_runs_program(2, &program);
}

static void set_above_dispatch(void *context)
{
    KeInitializeEvent(context, NotificationEvent, FALSE);
    KfRaiseIrql(HIGH_LEVEL);
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
}

/* rule: KE-EVENT-4 */
static void setting_an_event_above_dispatch_level_is_a_finding(void **state)
{
    (void)state;
    KEVENT event;
    rig_kernel_stops(set_above_dispatch, &event, "KE-EVENT-4", "0xC4/80");
}

static void set_with_wait_at_dispatch(void *context)
{
    KeInitializeEvent(context, NotificationEvent, FALSE);
    KeRaiseIrqlToDpcLevel();
    KeSetEvent(context, IO_NO_INCREMENT, TRUE);
}

/* rule: KE-EVENT-4 */
static void setting_an_event_with_wait_at_dispatch_level_is_a_finding(void **state)
{
    (void)state;
    KEVENT event;
    rig_kernel_stops(set_with_wait_at_dispatch, &event, "KE-EVENT-4", NULL);
}

static void touch_after_set(void *context)
{
    struct crowd *c = context;
    KeSetEvent(&c->event, IO_NO_INCREMENT, FALSE);
    rig_expect_equal(c->woken, 0);
}

static void free_after_wait(void *context)
{
    struct crowd *c = context;
    wait_for(&c->event, NULL);
    c->woken = 1;
}

static void set_up_touch(void *context)
{
    struct crowd *c = context;
    KeInitializeEvent(&c->event, NotificationEvent, FALSE);
    c->woken = 0;
    rig_thread("setter", 0, touch_after_set, c);
    rig_thread("waiter", 1, free_after_wait, c);
}

/* rule: KE-EVENT-5 */
static void the_waiter_may_be_done_before_setting_the_event_returns(void **state)
{
    (void)state;
    struct crowd crowd;
    const struct emu_program program = {"touch after set", set_up_touch, NULL, &crowd};
    rig_kernel_finds(2, &program, 2, "expectation", NULL);
}

/* ---- Semaphores ---- */

static void use_semaphore(void *context)
{
    PKSEMAPHORE semaphore = context;
    LARGE_INTEGER zero = no_time();
    KeInitializeSemaphore(semaphore, 1, 3);
    rig_expect_equal(KeReadStateSemaphore(semaphore), 1);
    rig_expect_equal(KeReleaseSemaphore(semaphore, IO_NO_INCREMENT, 2, FALSE), 1);
    for (unsigned i = 0; i < 3; i++) {
        rig_expect_equal(wait_for(semaphore, NULL), STATUS_SUCCESS);
    }
    rig_expect_equal(wait_for(semaphore, &zero), STATUS_TIMEOUT);
    rig_expect_equal(KeReadStateSemaphore(semaphore), 0);
}

/* rule: KE-SEM-1 */
static void a_semaphore_satisfies_as_many_waits_as_its_count(void **state)
{
    (void)state;
    KSEMAPHORE semaphore;
    rig_kernel_runs(use_semaphore, &semaphore);
}

static void release_two(void *context)
{
    struct crowd *c = context;
    stop_for(1);
    KeReleaseSemaphore(&c->semaphore, IO_NO_INCREMENT, 2, FALSE);
    stop_for(1);
    rig_expect_equal(c->woken, 2);
    rig_expect_equal(c->order[0], 0);
    rig_expect_equal(c->order[1], 1);
    KeReleaseSemaphore(&c->semaphore, IO_NO_INCREMENT, 1, FALSE);
}

static void set_up_semaphore(void *context)
{
    struct crowd *c = context;
    KeInitializeSemaphore(&c->semaphore, 0, WAITERS);
    start_crowd(c);
    rig_thread("releaser", 1, release_two, c);
}

/* rule: KE-SEM-1 */
static void a_release_lets_that_many_waiters_go(void **state)
{
    (void)state;
    struct crowd crowd;
    const struct emu_program program = {"semaphore", set_up_semaphore, NULL, &crowd};
    rig_kernel_runs_program(2, &program);
}

static void release_over_the_limit(void *context)
{
    KeInitializeSemaphore(context, 1, 2);
    KeReleaseSemaphore(context, IO_NO_INCREMENT, 2, FALSE);
}

/* rule: KE-SEM-2 */
static void releasing_over_the_limit_is_a_finding(void **state)
{
    (void)state;
    KSEMAPHORE semaphore;
    rig_kernel_stops(release_over_the_limit, &semaphore, "KE-SEM-2", NULL);
}

static void release_semaphore_above_dispatch(void *context)
{
    KeInitializeSemaphore(context, 1, 2);
    KfRaiseIrql(HIGH_LEVEL);
    KeReleaseSemaphore(context, IO_NO_INCREMENT, 1, FALSE);
}

/* rule: KE-SEM-3 */
static void releasing_a_semaphore_above_dispatch_level_is_a_finding(void **state)
{
    (void)state;
    KSEMAPHORE semaphore;
    rig_kernel_stops(release_semaphore_above_dispatch, &semaphore, "KE-SEM-3", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notification_event_stays_set_until_it_is_reset),
        cmocka_unit_test(a_synchronization_event_is_reset_by_the_wait_it_satisfies),
        cmocka_unit_test(a_notification_event_lets_every_waiter_go),
        cmocka_unit_test(waiters_go_on_in_order_of_arrival),
        cmocka_unit_test(a_pulse_lets_those_go_that_wait_and_leaves_the_event_reset),
        cmocka_unit_test(setting_an_event_above_dispatch_level_is_a_finding),
        cmocka_unit_test(setting_an_event_with_wait_at_dispatch_level_is_a_finding),
        cmocka_unit_test(the_waiter_may_be_done_before_setting_the_event_returns),
        cmocka_unit_test(a_semaphore_satisfies_as_many_waits_as_its_count),
        cmocka_unit_test(a_release_lets_that_many_waiters_go),
        cmocka_unit_test(releasing_over_the_limit_is_a_finding),
        cmocka_unit_test(releasing_a_semaphore_above_dispatch_level_is_a_finding),
    };
    return cmocka_run_group_tests_name("ke_event", tests, NULL, NULL);
}
