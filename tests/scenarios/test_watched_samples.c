/*
 * The sample drivers with every load and store watched: no data race in them, and the bug of the racy one is
 * found all the same.
 */
#include "../rig/slow_build.h"
#include "subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { CLEAN_RUNS = SLOW_BUILD ? 300 : 10000, CLEAN_PREEMPTIONS = SLOW_BUILD ? 0 : 1, BUDGET = 10000 };

static void require_clean_runs(const char *module, const char *scenario)
{
    struct subject s = open_subject(module, scenario);
    struct emu_report report = explore_subject(&s, emu_strategy_random(1), CLEAN_RUNS);
    require_clean(&report);
    assert_int_equal(report.runs, CLEAN_RUNS);
    emu_report_free(&report);
    report = explore_subject(&s, emu_strategy_exhaustive(CLEAN_PREEMPTIONS), 0);
    require_clean(&report);
    assert_true(report.complete);
    emu_report_free(&report);
    close_subject(&s);
}

/* rule: EMU-RACE-8 */
static void the_bus_master_sample_has_no_data_race(void **state)
{
    require_clean_runs(*state, "cancel_mended");
}

/* rule: EMU-RACE-8 */
static void the_system_dma_sample_has_no_data_race(void **state)
{
    require_clean_runs(*state, "write");
}

static void the_racy_sample_is_caught_while_it_is_watched(void **state)
{
    struct subject s = open_subject(*state, "cancel_racy");
    struct emu_report report = explore_subject(&s, emu_strategy_random(1), BUDGET);
    assert_int_equal(report.found, 1);
    assert_string_equal(report.findings[0].finding.code, "0x44");
    emu_report_free(&report);
    close_subject(&s);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s sample_bus_master_watched.so sample_system_dma_watched.so\n", argv[0]);
        return 2;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(the_bus_master_sample_has_no_data_race, argv[1]),
        cmocka_unit_test_prestate(the_system_dma_sample_has_no_data_race, argv[2]),
        cmocka_unit_test_prestate(the_racy_sample_is_caught_while_it_is_watched, argv[1]),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
