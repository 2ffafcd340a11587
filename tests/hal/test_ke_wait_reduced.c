/*
 * Waits under partial-order reduction: what a wait touches is what it waits for. Nothing that an exhaustive
 * search sees is missed, and what has nothing to do with a wait is not tried in every order with it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <wdm.h>

#include "rig_kernel.h"

enum { PROCESSORS = 4, RUNS_MAX = 1000000, UNITS_PER_MS = 10000 };
enum { TIMED_OUT = 2 }; /* an outcome behind STATUS_WAIT_0 and STATUS_WAIT_0 + 1 */

/* A program and what its runs came to. */
struct subject {
    KEVENT a, b, elsewhere;
    NTSTATUS status;
    uint64_t outcomes; /* a bit each */
};

static NTSTATUS wait_for_both(struct subject *s, WAIT_TYPE type, PLARGE_INTEGER timeout)
{
    PVOID objects[] = {&s->a, &s->b};
    return KeWaitForMultipleObjects(2, objects, type, Executive, KernelMode, FALSE, timeout, NULL);
}

static LARGE_INTEGER milliseconds(unsigned count)
{
    return (LARGE_INTEGER){.QuadPart = -(LONGLONG)count * UNITS_PER_MS};
}

static void set(void *event)
{
    KeSetEvent(event, IO_NO_INCREMENT, FALSE);
}

static void reset(void *event)
{
    KeResetEvent(event);
}

static void set_twice(void *event)
{
    set(event);
    set(event);
}

static void initialize(struct subject *s)
{
    KeInitializeEvent(&s->a, NotificationEvent, FALSE);
    KeInitializeEvent(&s->b, NotificationEvent, FALSE);
    KeInitializeEvent(&s->elsewhere, NotificationEvent, FALSE);
    s->status = STATUS_PENDING;
}

static void note_outcome(void *context)
{
    struct subject *s = context;
    unsigned how = s->status == STATUS_TIMEOUT ? TIMED_OUT : (unsigned)s->status;
    rig_expect(how <= TIMED_OUT);
    unsigned states = (KeReadStateEvent(&s->a) != 0) | (unsigned)(KeReadStateEvent(&s->b) != 0) << 1;
    s->outcomes |= 1ull << (how << 2 | states);
}

/* Explores; returns how many runs that took. */
static uint64_t runs_of(struct emu_strategy *strategy, void (*set_up)(void *), struct subject *s)
{
    struct emu_machine *m = rig_kernel_machine(PROCESSORS);
    const struct emu_program program = {"waits", set_up, note_outcome, s};
    const struct emu_explore_options options = {.runs = RUNS_MAX};
    struct emu_report report;
    assert_non_null(strategy);
    s->outcomes = 0;
    emu_explore(m, &program, strategy, &options, &report);
    emu_strategy_destroy(strategy);
    emu_machine_destroy(m);
    rig_assert_clean(&report);
    const uint64_t runs = report.runs;
    emu_report_free(&report);
    assert_true(runs < RUNS_MAX);
    return runs;
}

/* Both searches see the same; returns the runs of the reduced one. */
static uint64_t compare(void (*set_up)(void *), unsigned outcomes)
{
    struct subject exhaustive, reduced;
    runs_of(emu_strategy_exhaustive(EMU_UNBOUNDED), set_up, &exhaustive);
    const uint64_t runs = runs_of(emu_strategy_dpor(), set_up, &reduced);
    assert_int_equal(reduced.outcomes, exhaustive.outcomes);
    assert_int_equal(__builtin_popcountll(exhaustive.outcomes), outcomes);
    return runs;
}

/* ---- Any ---- */

static void wait_for_any(void *context)
{
    struct subject *s = context;
    s->status = wait_for_both(s, WaitAny, NULL);
}

static void set_up_any(void *context)
{
    struct subject *s = context;
    initialize(s);
    rig_thread("waits", 0, wait_for_any, s);
    rig_thread("sets a", 1, set, &s->a);
    rig_thread("sets b", 2, set, &s->b);
}

static void set_up_any_beside_others(void *context)
{
    struct subject *s = context;
    set_up_any(context);
    rig_thread("sets elsewhere", 3, set_twice, &s->elsewhere);
}

/* rule: KE-WAIT-6 */
static void a_reduced_search_sees_every_end_of_a_wait_for_any(void **state)
{
    (void)state;
    compare(set_up_any, 2);
}

/* rule: KE-WAIT-12 */
static void what_happens_elsewhere_multiplies_no_classes_of_a_wait_for_several(void **state)
{
    (void)state;
    struct subject s;
    const uint64_t alone = runs_of(emu_strategy_dpor(), set_up_any, &s);
    assert_int_equal(runs_of(emu_strategy_dpor(), set_up_any_beside_others, &s), alone);
}

static void look_at_both(void *context)
{
    struct subject *s = context;
    LARGE_INTEGER no_time = milliseconds(0);
    s->status = wait_for_both(s, WaitAny, &no_time);
}

static void set_up_a_look(void *context)
{
    struct subject *s = context;
    initialize(s);
    rig_thread("looks", 0, look_at_both, s);
    rig_thread("sets b", 1, set, &s->b);
}

/* rule: KE-WAIT-6 */
static void a_reduced_search_sees_the_second_object_come_before_and_after_a_look(void **state)
{
    (void)state;
    compare(set_up_a_look, 2);
}

/* ---- All ---- */

static void wait_for_all(void *context)
{
    struct subject *s = context;
    LARGE_INTEGER timeout = milliseconds(1);
    s->status = wait_for_both(s, WaitAll, &timeout);
}

static bool waits_or_is_done(const void *context)
{
    const struct subject *s = context;
    return !IsListEmpty(&s->a.Header.WaitListHead) || s->status != STATUS_PENDING;
}

/* No earlier than the other waits. */
static void set_a_meanwhile(void *context)
{
    struct subject *s = context;
    struct emu_machine *m = emu_current();
    emu_step_when(m, EMU_OP_BASE_HOST, emu_object_at(m, &s->a.Header, "event"), 0, waits_or_is_done, s);
    set(&s->a);
}

static void set_up_all(void *context)
{
    struct subject *s = context;
    initialize(s);
    KeSetEvent(&s->b, IO_NO_INCREMENT, FALSE);
    rig_thread("waits", 0, wait_for_all, s);
    rig_thread("resets b", 1, reset, &s->b);
    rig_thread("sets a", 2, set_a_meanwhile, s);
}

/* rule: KE-WAIT-7 */
static void a_reduced_search_sees_every_end_of_a_wait_for_all(void **state)
{
    (void)state;
    compare(set_up_all, 2);
}

/* ---- One, for a time ---- */

static void wait_for_a_time(void *context)
{
    struct subject *s = context;
    LARGE_INTEGER timeout = milliseconds(1);
    s->status = KeWaitForSingleObject(&s->a, Executive, KernelMode, FALSE, &timeout);
}

static void set_later(void *event)
{
    LARGE_INTEGER interval = milliseconds(1);
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
    set(event);
}

static void set_up_a_time(void *context)
{
    struct subject *s = context;
    initialize(s);
    rig_thread("waits", 0, wait_for_a_time, s);
    rig_thread("sets a", 1, set_later, &s->a);
}

/* rule: KE-WAIT-3 */
static void a_reduced_search_sees_a_wait_end_in_time_and_too_late(void **state)
{
    (void)state;
    compare(set_up_a_time, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reduced_search_sees_every_end_of_a_wait_for_any),
        cmocka_unit_test(what_happens_elsewhere_multiplies_no_classes_of_a_wait_for_several),
        cmocka_unit_test(a_reduced_search_sees_the_second_object_come_before_and_after_a_look),
        cmocka_unit_test(a_reduced_search_sees_every_end_of_a_wait_for_all),
        cmocka_unit_test(a_reduced_search_sees_a_wait_end_in_time_and_too_late),
    };
    return cmocka_run_group_tests_name("ke.wait_reduced", tests, NULL, NULL);
}
