/*
 * What the sample must show: the race is found by each strategy, its token replays, it shrinks; and the
 * mended driver is clean.
 *
 * The scenario comes from its module, as it does for the command line.
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
    CLEAN_RANDOM_RUNS = SLOW_BUILD ? 2000 : 1000000,
    REPLAYS = SLOW_BUILD ? 20 : 1000,
    SEEDS = SLOW_BUILD ? 3 : 20,
    MENDED_PREEMPTIONS = SLOW_BUILD ? 1 : 2,
    WRITERS_PREEMPTIONS = SLOW_BUILD ? 0 : 1
};
enum { BUDGET = 10000, PREEMPTIONS = 2, LINE_MIN = 20, LINE_MAX = 200 };

static void require_double_completion(const struct emu_report *report)
{
    assert_int_equal(report->found, 1);
    assert_string_equal(report->findings[0].finding.code, "0x44");
}

/* rule: DMA-CANCEL-1 */
static void the_racy_driver_is_caught_exhaustively_within_the_budget(void **state)
{
    struct subject s = open_subject(*state, "cancel_racy");
    struct emu_report report = explore_subject(&s, emu_strategy_exhaustive(PREEMPTIONS), BUDGET);
    require_double_completion(&report);
    emu_report_free(&report);
    close_subject(&s);
}

static void the_racy_driver_is_caught_at_random_within_the_budget_from_every_seed(void **state)
{
    struct subject s = open_subject(*state, "cancel_racy");
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct emu_report report = explore_subject(&s, emu_strategy_random(seed), BUDGET);
        require_double_completion(&report);
        emu_report_free(&report);
    }
    close_subject(&s);
}

/* rule: EMU-FINDING-4 */
static void the_finding_names_the_drivers_function_and_line(void **state)
{
    struct subject s = open_subject(*state, "cancel_racy");
    struct emu_report report = explore_subject(&s, emu_strategy_exhaustive(PREEMPTIONS), BUDGET);
    require_double_completion(&report);
    const struct emu_callers *callers = &report.findings[0].finding.callers;
    const char *modules[EMU_CALLERS_MAX];
    struct emu_source places[EMU_CALLERS_MAX];
    emu_callers_tell(s.machine, callers, modules, places);
    assert_in_range(callers->count, 1, EMU_CALLERS_MAX);
    assert_string_equal(modules[0], "copier_racy.so");
    assert_string_equal(emu_source_base(&places[0]), "copier_io.c");
    assert_string_equal(places[0].name, "CopierComplete");
    assert_true(places[0].line > 0);
    emu_report_free(&report);
    close_subject(&s);
}

static bool has_function(const struct emu_machine *m, const struct emu_callers *callers, const char *name)
{
    const char *modules[EMU_CALLERS_MAX];
    struct emu_source places[EMU_CALLERS_MAX];
    bool has = false;
    emu_callers_tell(m, callers, modules, places);
    for (unsigned i = 0; i < callers->count; i++)
        has |= strcmp(places[i].name, name) == 0;
    return has;
}

/* The mistake is in what calls, not in what is called, however the driver is optimised. */
/* rule: EMU-FINDING-4 */
static void a_stack_has_the_routine_with_the_mistake(void **state)
{
    struct subject s = open_subject(*state, "cancel_racy");
    struct emu_report report = explore_subject(&s, emu_strategy_exhaustive(PREEMPTIONS), BUDGET);
    require_double_completion(&report);
    const struct emu_finding *f = &report.findings[0].finding;
    bool has = has_function(s.machine, &f->callers, "CopierCancel");
    for (unsigned i = 0; i < f->origin_count; i++)
        has |= has_function(s.machine, &f->origins[i].callers, "CopierCancel");
    assert_true(has);
    emu_report_free(&report);
    close_subject(&s);
}

static void the_default_schedule_does_not_show_the_race(void **state)
{
    struct subject s = open_subject(*state, "cancel_racy");
    assert_int_equal(emu_run_program(s.machine, &s.program), EMU_STOP_IDLE);
    close_subject(&s);
}

static void the_mended_driver_is_clean_in_every_run_with_few_preemptions(void **state)
{
    struct subject s = open_subject(*state, "cancel_mended");
    struct emu_report report = explore_subject(&s, emu_strategy_exhaustive(MENDED_PREEMPTIONS), 0);
    require_clean(&report);
    assert_true(report.complete);
    assert_true(SLOW_BUILD || report.runs > BUDGET);
    emu_report_free(&report);
    close_subject(&s);
}

static void the_mended_driver_is_clean_in_random_runs(void **state)
{
    struct subject s = open_subject(*state, "cancel_mended");
    struct emu_report report = explore_subject(&s, emu_strategy_random(1), CLEAN_RANDOM_RUNS);
    require_clean(&report);
    assert_int_equal(report.runs, CLEAN_RANDOM_RUNS);
    emu_report_free(&report);
    close_subject(&s);
}

/* The token is all that a replay needs, and every replay ends on the same hash. */
static void the_race_replays_from_its_token_with_one_hash(void **state)
{
    struct subject s = open_subject(*state, "cancel_racy");
    struct emu_report report = explore_subject(&s, emu_strategy_random(1), BUDGET);
    require_double_completion(&report);
    char *text = haldma_token(s.machine, s.scenario, &report.findings[0].record, report.findings[0].hash);
    assert_non_null(text);
    assert_in_range(strlen(text), LINE_MIN, LINE_MAX);

    struct emu_token token;
    const char *why = NULL;
    assert_true(emu_token_read(text, &token, &why));
    for (int i = 0; i < REPLAYS; i++) {
        struct emu_strategy *replay = emu_strategy_replay(&token.record, true);
        emu_machine_set_strategy(s.machine, replay);
        replay->begin(replay, 0);
        assert_int_equal(emu_run_program(s.machine, &s.program), EMU_STOP_FINDING);
        replay->end(replay);
        assert_false(emu_strategy_divergence(replay)->diverged);
        assert_true(emu_trace_hash(s.machine) == report.findings[0].hash);
        emu_machine_set_strategy(s.machine, NULL);
        emu_strategy_destroy(replay);
    }
    emu_record_free(&token.record);
    free(text);
    emu_report_free(&report);
    close_subject(&s);
}

static void the_race_shrinks_to_two_preemptions_at_most(void **state)
{
    struct subject s = open_subject(*state, "cancel_racy");
    struct emu_report report = explore_subject(&s, emu_strategy_random(1), BUDGET);
    require_double_completion(&report);
    struct emu_shrink_options options = {0};
    struct emu_shrink_result result;
    assert_true(emu_shrink(s.machine, &s.program, &report.findings[0].record, &options, &result));
    assert_true(result.preemptions_after <= PREEMPTIONS);
    assert_true(result.deviations_after <= result.deviations_before);
    emu_record_free(&result.record);
    emu_report_free(&report);
    close_subject(&s);
}

static void two_writers_share_the_channel_in_every_run_with_few_preemptions(void **state)
{
    struct subject s = open_subject(*state, "write");
    struct emu_report report = explore_subject(&s, emu_strategy_exhaustive(WRITERS_PREEMPTIONS), 0);
    require_clean(&report);
    assert_true(report.complete);
    emu_report_free(&report);
    close_subject(&s);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s sample_bus_master.so sample_system_dma.so\n", argv[0]);
        return 2;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(the_racy_driver_is_caught_exhaustively_within_the_budget, argv[1]),
        cmocka_unit_test_prestate(the_racy_driver_is_caught_at_random_within_the_budget_from_every_seed,
                                  argv[1]),
        cmocka_unit_test_prestate(the_finding_names_the_drivers_function_and_line, argv[1]),
        cmocka_unit_test_prestate(a_stack_has_the_routine_with_the_mistake, argv[1]),
        cmocka_unit_test_prestate(the_default_schedule_does_not_show_the_race, argv[1]),
        cmocka_unit_test_prestate(the_mended_driver_is_clean_in_every_run_with_few_preemptions, argv[1]),
        cmocka_unit_test_prestate(the_mended_driver_is_clean_in_random_runs, argv[1]),
        cmocka_unit_test_prestate(the_race_replays_from_its_token_with_one_hash, argv[1]),
        cmocka_unit_test_prestate(the_race_shrinks_to_two_preemptions_at_most, argv[1]),
        cmocka_unit_test_prestate(two_writers_share_the_channel_in_every_run_with_few_preemptions, argv[2]),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
