/*
 * Programs that do not come to their end are found, with who waits for whom; mended they are clean.
 */
#include "../rig/slow_build.h"
#include "subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    BUDGET = 10000,
    PREEMPTIONS = 1,
    MENDED_RUNS = SLOW_BUILD ? 200 : 2000,
    MENDED_PREEMPTIONS = SLOW_BUILD ? 0 : 1
};

static struct subject open_scenario(const char *module, const char *scenario)
{
    struct subject s = open_subject(module, scenario);
    const char *name = s.scenario->platforms != NULL ? s.scenario->platforms[0] : "pc";
    struct haldma_config config;
    const char *error = NULL;
    haldma_scenario_configure(s.scenario, haldma_platform_find(name), &config);
    emu_machine_destroy(s.machine);
    s.machine = haldma_machine_create(&config, &error);
    if (s.machine == NULL)
        fail_msg("%s", error);
    return s;
}

static void require_told(struct emu_report *report, const char *rule, const char *const words[])
{
    assert_int_equal(report->found, 1);
    const struct emu_finding *f = &report->findings[0].finding;
    assert_string_equal(f->rule, rule);
    for (; *words != NULL; words++)
        if (strstr(f->message, *words) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", f->message, *words);
    emu_report_free(report);
}

static void require_found(const char *module, const char *scenario, const char *rule,
                          const char *const words[])
{
    struct subject s = open_scenario(module, scenario);
    struct emu_report report = explore_subject(&s, emu_strategy_exhaustive(PREEMPTIONS), BUDGET);
    require_told(&report, rule, words);
    report = explore_subject(&s, emu_strategy_random(1), BUDGET);
    require_told(&report, rule, words);
    close_subject(&s);
}

static void require_mended(const char *module, const char *scenario, int preemptions)
{
    struct subject s = open_scenario(module, scenario);
    struct emu_report report = explore_subject(&s, emu_strategy_exhaustive(preemptions), 0);
    require_clean(&report);
    assert_true(report.complete);
    emu_report_free(&report);
    report = explore_subject(&s, emu_strategy_random(1), MENDED_RUNS);
    require_clean(&report);
    emu_report_free(&report);
    close_subject(&s);
}

/* rule: EMU-LIVE-2 */
static void a_lost_wake_up_is_a_deadlock_that_names_the_sleeper_and_its_event(void **state)
{
    require_found(*state, "wake_up_racy", "deadlock",
                  (const char *const[]){"sleeper on processor 0 waits for event#", NULL});
    require_mended(*state, "wake_up_mended", MENDED_PREEMPTIONS);
}

/* rule: EMU-LIVE-6 */
static void two_that_hold_registers_and_wait_for_more_are_named_as_a_cycle(void **state)
{
    require_found(*state, "registers_racy", "deadlock",
                  (const char *const[]){"a request of adapter#1 waits for 4 map registers, 0 are free",
                                        "adapter#1 holds 4, adapter#2 holds 4",
                                        "each of these waits itself: a cycle", NULL});
    require_mended(*state, "registers_mended", MENDED_PREEMPTIONS);
}

/* rule: EMU-LIVE-3 */
static void dpcs_that_queue_each_other_are_a_livelock(void **state)
{
    require_found(*state, "ping_pong_racy", "livelock",
                  (const char *const[]){"for ever: ", "a software interrupt on processor 0",
                                        "a software interrupt on processor 1", NULL});
    require_mended(*state, "ping_pong_mended", MENDED_PREEMPTIONS);
}

/* rule: EMU-LIVE-7 */
static void a_request_that_nobody_completes_is_named_with_its_driver(void **state)
{
    require_found(*state, "forget_racy", "undrained",
                  (const char *const[]){"irp#", "(major function 4) waits for answerer", NULL});
    require_mended(*state, "forget_mended", MENDED_PREEMPTIONS);
}

/* rule: EMU-LIVE-4 */
static void a_request_that_newer_ones_pass_for_ever_starves(void **state)
{
    require_found(*state, "starve_racy", "starvation",
                  (const char *const[]){"requests ended since step", "waits for answerer", NULL});
    require_mended(*state, "starve_mended", 0); /* with one preemption they are 130,000 runs */
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s no_end.so\n", argv[0]);
        return 2;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(a_lost_wake_up_is_a_deadlock_that_names_the_sleeper_and_its_event, argv[1]),
        cmocka_unit_test_prestate(two_that_hold_registers_and_wait_for_more_are_named_as_a_cycle, argv[1]),
        cmocka_unit_test_prestate(dpcs_that_queue_each_other_are_a_livelock, argv[1]),
        cmocka_unit_test_prestate(a_request_that_nobody_completes_is_named_with_its_driver, argv[1]),
        cmocka_unit_test_prestate(a_request_that_newer_ones_pass_for_ever_starves, argv[1]),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
