/*
 * KeIpiGenericCall: on every processor at once, one broadcast at a time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <wdm.h>

#include "hal/boot.h"
#include "rig/rig.h"

static const struct rig_boot boots[] = {{hal_boot, NULL}, {NULL, NULL}};

enum { CALLERS = 2, PROCESSORS = 3 };

struct broadcast {
    LONG arrived;
    KAFFINITY processors;
    bool wrong_level;
    ULONG_PTR result;
};

/* What the last processor does. */
struct shut {
    bool shut;
    bool called;
};

static ULONG_PTR everywhere(ULONG_PTR argument)
{
    struct broadcast *b = (struct broadcast *)argument;
    ULONG here = KeGetCurrentProcessorNumber();

    b->wrong_level |= KeGetCurrentIrql() != IPI_LEVEL;
    b->processors |= (KAFFINITY)1 << here;
    b->arrived++;
    return here;
}

/* At HIGH_LEVEL a processor cannot come, so nobody may begin. */
static void busy_elsewhere(void *context)
{
    struct shut *s = context;
    KIRQL irql;

    KeRaiseIrql(HIGH_LEVEL, &irql);
    s->shut = true;
    KeMemoryBarrier();
    s->shut = false;
    KeLowerIrql(irql);
}

static ULONG_PTR while_open(ULONG_PTR argument)
{
    struct shut *s = (struct shut *)argument;

    s->called |= KeGetCurrentProcessorNumber() == PROCESSORS - 1;
    rig_expect(!s->shut || s->called);
    return 0;
}

static void calls_while_open(void *context)
{
    KeIpiGenericCall(while_open, (ULONG_PTR)context);
}

static void set_up_shut(void *context)
{
    memset(context, 0, sizeof(struct shut));
    rig_thread("caller", 0, calls_while_open, context);
    rig_thread("busy", PROCESSORS - 1, busy_elsewhere, context);
}

static void caller(void *context)
{
    struct broadcast *b = context;
    ULONG here = KeGetCurrentProcessorNumber();

    b->result = KeIpiGenericCall(everywhere, (ULONG_PTR)b);
    rig_expect_equal(b->arrived, PROCESSORS); /* every call is done */
    rig_expect_equal(b->processors, ((KAFFINITY)1 << PROCESSORS) - 1);
    rig_expect(!b->wrong_level);
    rig_expect_equal(b->result, here);
    rig_expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void set_up(void *context)
{
    struct broadcast *b = context;

    memset(b, 0, CALLERS * sizeof *b);
    for (unsigned i = 0; i < CALLERS; i++)
        rig_thread("caller", i, caller, &b[i]);
}

/* rule: KE-IPI-1 */
static void a_broadcast_runs_on_every_processor_before_it_returns(void **state)
{
    const struct emu_config config = {.processors = PROCESSORS};
    struct emu_machine *m = rig_machine(&config, boots);
    struct broadcast broadcasts[CALLERS];
    const struct emu_program program = {"broadcasts", set_up, NULL, broadcasts};
    struct emu_report report;

    (void)state;
    rig_explore(m, &program, 2, 20000, &report);
    rig_assert_clean(&report);
    assert_true(report.runs > 1);
    emu_report_free(&report);
    rig_explore_random(m, &program, 1, 500, &report);
    rig_assert_clean(&report);
    emu_report_free(&report);
    emu_machine_destroy(m);
}

/* rule: KE-IPI-1 */
static void no_processor_begins_before_every_one_has_come(void **state)
{
    const struct emu_config config = {.processors = PROCESSORS};
    struct emu_machine *m = rig_machine(&config, boots);
    struct shut shut;
    const struct emu_program program = {"shut", set_up_shut, NULL, &shut};
    struct emu_report report;

    (void)state;
    rig_explore(m, &program, 2, 20000, &report);
    rig_assert_clean(&report);
    assert_true(report.runs > 1);
    emu_report_free(&report);
    emu_machine_destroy(m);
}

static ULONG_PTR leaves_raised(ULONG_PTR argument)
{
    KIRQL irql;

    KeRaiseIrql(HIGH_LEVEL, &irql);
    return argument;
}

static void call_at_ipi_level(void *context)
{
    struct broadcast b = {0};
    KIRQL irql;

    (void)context;
    KeRaiseIrql(IPI_LEVEL, &irql);
    KeIpiGenericCall(everywhere, (ULONG_PTR)&b);
}

static void call_that_raises(void *context)
{
    (void)context;
    KeIpiGenericCall(leaves_raised, 0);
}

static void run_stopped(void (*body)(void *), const char *rule)
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;

    rig_run(m, body, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_stopped(&outcome, rule, NULL);
}

/* rule: KE-IPI-2 */
static void a_broadcast_is_made_below_ipi_level(void **state)
{
    (void)state;
    run_stopped(call_at_ipi_level, "KE-IPI-2");
}

/* rule: KE-IPI-3 */
static void its_routine_returns_at_ipi_level(void **state)
{
    (void)state;
    run_stopped(call_that_raises, "KE-IPI-3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broadcast_runs_on_every_processor_before_it_returns),
        cmocka_unit_test(no_processor_begins_before_every_one_has_come),
        cmocka_unit_test(a_broadcast_is_made_below_ipi_level),
        cmocka_unit_test(its_routine_returns_at_ipi_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
