/*
 * The PC's pair of 8237, misbehaving, and a card behind it that is pulled out
 * (tests/scenarios/pair_misdeeds.c): the driver that trusts is found, the driver that believes nothing is
 * clean.
 */
#include "subject.h"

#include <emu/strategies.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { BUDGET = 20000, CLEAN_RUNS = 2000 };

/* rule: EMU-MISDEED-7 */
static void a_misdeed_of_the_pair_finds_the_driver_that_trusts_it(void **state)
{
    static const struct {
        const char *scenario, *rule;
    } trusts[] = {{"early", "property"},       {"twice", "property"}, {"spurious", "property"},
                  {"short", "property"},       {"never", "deadlock"}, {"beyond", "DMA-OWN-4"},
                  {"after_mask", "DMA-OWN-3"}, {"count", "livelock"}};
    for (unsigned i = 0; i < sizeof trusts / sizeof trusts[0]; i++) {
        struct subject s = open_subject(*state, trusts[i].scenario);
        struct emu_report report = explore_subject(&s, emu_strategy_random(1), BUDGET);
        if (report.found != 1)
            fail_msg("%s was not found in %llu runs", trusts[i].scenario, (unsigned long long)report.runs);
        assert_string_equal(report.findings[0].finding.rule, trusts[i].rule);
        emu_report_free(&report);
        close_subject(&s);
    }
}

static void require_clean_runs(const char *module, const char *scenario, bool misbehaving)
{
    struct subject s = open_subject(module, scenario);
    emu_machine_set_misbehaving(s.machine, misbehaving);
    struct emu_report report = explore_subject(&s, emu_strategy_random(1), CLEAN_RUNS);
    require_clean(&report);
    emu_report_free(&report);
    report = explore_subject(&s, emu_strategy_surw(1), CLEAN_RUNS);
    require_clean(&report);
    emu_report_free(&report);
    close_subject(&s);
}

/* rule: EMU-MISDEED-7 */
static void the_driver_that_believes_nothing_is_clean_whatever_the_pair_does(void **state)
{
    require_clean_runs(*state, "wary", false);
    require_clean_runs(*state, "faithful", true);
}

/* rule: EMU-REMOVE-3 */
static void a_card_behind_the_pair_is_pulled_out_at_any_step(void **state)
{
    struct subject s = open_subject(*state, "unplugged");
    struct emu_report report = explore_subject(&s, emu_strategy_exhaustive(1), CLEAN_RUNS * CLEAN_RUNS);
    require_clean(&report);
    assert_true(report.complete);
    emu_report_free(&report);
    close_subject(&s);
    require_clean_runs(*state, "unplugged", false);
    require_clean_runs(*state, "unplugged", true);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s pair_misdeeds.so\n", argv[0]);
        return 2;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(a_misdeed_of_the_pair_finds_the_driver_that_trusts_it, argv[1]),
        cmocka_unit_test_prestate(the_driver_that_believes_nothing_is_clean_whatever_the_pair_does, argv[1]),
        cmocka_unit_test_prestate(a_card_behind_the_pair_is_pulled_out_at_any_step, argv[1]),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
