/*
 * Driver globals are put back between runs.
 */
#include "subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { RUNS = 1000 };

/* rule: IO-DRIVER-5 */
static void every_run_finds_a_drivers_static_variables_as_they_were_linked(void **state)
{
    struct subject s = open_subject(*state, "globals");
    struct emu_report report = explore_subject(&s, emu_strategy_random(1), RUNS);
    require_clean(&report);
    assert_int_equal(report.runs, RUNS);
    emu_report_free(&report);
    close_subject(&s);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s driver_globals.so\n", argv[0]);
        return 2;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(every_run_finds_a_drivers_static_variables_as_they_were_linked, argv[1]),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
