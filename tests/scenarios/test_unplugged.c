/*
 * A card that is pulled out at any step (tests/scenarios/unplugged.c): drivers that are not ready for it are
 * found, for the rule that says what went wrong, and the one that is ready is clean.
 */
#include "subject.h"

#include <emu/strategies.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { BUDGET = 10000, RANDOM_RUNS = 5000, DELAYS = 3 };

static const struct mistake {
    const char *scenario, *rule;
} mistakes[] = {
    {"polls", "livelock"},
    {"forgets", "deadlock"},
    {"frees", NULL}, /* one of several, each a result of the same mistake */
    {"detaches", "IO-SURPRISE-3"},
};
enum { MISTAKES = sizeof mistakes / sizeof mistakes[0] };

static void require_found(const char *module, const struct mistake *mistake, struct emu_strategy *strategy)
{
    struct subject s = open_subject(module, mistake->scenario);
    struct emu_report report = explore_subject(&s, strategy, BUDGET);
    if (report.found != 1)
        fail_msg("%s was not found", mistake->scenario);
    if (mistake->rule != NULL)
        assert_string_equal(report.findings[0].finding.rule, mistake->rule);
    emu_report_free(&report);
    close_subject(&s);
}

/* rule: EMU-REMOVE-3, IO-SURPRISE-3 */
static void a_driver_that_is_not_ready_for_surprise_removal_is_found(void **state)
{
    for (unsigned i = 0; i < MISTAKES; i++) {
        require_found(*state, &mistakes[i], emu_strategy_deepening(1));
        require_found(*state, &mistakes[i], emu_strategy_random(1));
    }
}

/* rule: EMU-REMOVE-3 */
static void a_driver_that_is_ready_is_clean_wherever_it_strikes(void **state)
{
    const struct emu_bounds delays = {EMU_UNBOUNDED, EMU_UNBOUNDED, DELAYS, true};
    struct subject s = open_subject(*state, "mended");
    emu_machine_set_profile(s.machine, EMU_PROFILE_TYPICAL);
    struct emu_report report = explore_subject(&s, emu_strategy_bounded(&delays), 0);
    require_clean(&report);
    assert_true(report.complete);
    emu_report_free(&report);
    emu_machine_set_profile(s.machine, EMU_PROFILE_HOSTILE);
    report = explore_subject(&s, emu_strategy_random(1), RANDOM_RUNS);
    require_clean(&report);
    emu_report_free(&report);
    report = explore_subject(&s, emu_strategy_surw(1), RANDOM_RUNS);
    require_clean(&report);
    emu_report_free(&report);
    close_subject(&s);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s unplugged.so\n", argv[0]);
        return 2;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(a_driver_that_is_not_ready_for_surprise_removal_is_found, argv[1]),
        cmocka_unit_test_prestate(a_driver_that_is_ready_is_clean_wherever_it_strikes, argv[1]),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
