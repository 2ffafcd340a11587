/*
 * What the scatter/gather sample must show: the early completion is found by each strategy, although the
 * default schedule does not show it, and the right driver is clean, cancelled or not.
 */
#include "../rig/slow_build.h"
#include "subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
    BUDGET = 10000,
    PREEMPTIONS = 2,
    MENDED_PREEMPTIONS = SLOW_BUILD ? 1 : 2,
    SEEDS = SLOW_BUILD ? 2 : 10,
    CLEAN_RANDOM_RUNS = SLOW_BUILD ? 500 : 20000
};

/* The data is not there, or the MDL is gone before the list is put. */
static void require_found_early(const struct emu_report *report)
{
    assert_int_equal(report->found, 1);
    const char *rule = report->findings[0].finding.rule;
    assert_true(strcmp(rule, "property") == 0 || strcmp(rule, "DMA-LIST-24") == 0);
}

static void the_default_schedule_does_not_show_the_early_completion(void **state)
{
    struct subject s = open_subject(*state, "gather_racy");
    assert_int_equal(emu_run_program(s.machine, &s.program), EMU_STOP_IDLE);
    close_subject(&s);
}

/* rule: DMA-LIST-44 */
static void the_early_completion_is_found_exhaustively_within_the_budget(void **state)
{
    struct subject s = open_subject(*state, "gather_racy");
    struct emu_report report = explore_subject(&s, emu_strategy_exhaustive(PREEMPTIONS), BUDGET);
    require_found_early(&report);
    emu_report_free(&report);
    close_subject(&s);
}

static void the_early_completion_is_found_at_random_from_every_seed(void **state)
{
    struct subject s = open_subject(*state, "gather_racy");
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct emu_report report = explore_subject(&s, emu_strategy_random(seed), BUDGET);
        require_found_early(&report);
        emu_report_free(&report);
    }
    close_subject(&s);
}

static void require_clean_in_all_runs(const char *module, const char *scenario)
{
    struct subject s = open_subject(module, scenario);
    struct emu_report report = explore_subject(&s, emu_strategy_exhaustive(MENDED_PREEMPTIONS), 0);
    require_clean(&report);
    assert_true(report.complete);
    emu_report_free(&report);
    report = explore_subject(&s, emu_strategy_random(1), CLEAN_RANDOM_RUNS);
    require_clean(&report);
    emu_report_free(&report);
    close_subject(&s);
}

static void the_mended_driver_is_clean_in_every_run_with_two_preemptions(void **state)
{
    require_clean_in_all_runs(*state, "gather_mended");
}

/* rule: DMA-LIST-42 */
static void a_cancelled_write_ends_once_in_every_run_with_two_preemptions(void **state)
{
    require_clean_in_all_runs(*state, "gather_cancel");
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s sample_scatter_gather.so\n", argv[0]);
        return 2;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(the_default_schedule_does_not_show_the_early_completion, argv[1]),
        cmocka_unit_test_prestate(the_early_completion_is_found_exhaustively_within_the_budget, argv[1]),
        cmocka_unit_test_prestate(the_early_completion_is_found_at_random_from_every_seed, argv[1]),
        cmocka_unit_test_prestate(the_mended_driver_is_clean_in_every_run_with_two_preemptions, argv[1]),
        cmocka_unit_test_prestate(a_cancelled_write_ends_once_in_every_run_with_two_preemptions, argv[1]),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
