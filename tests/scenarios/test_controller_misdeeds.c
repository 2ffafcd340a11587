/*
 * A system DMA controller that misbehaves (tests/scenarios/controller_misdeeds.c): the driver that trusts it
 * is found, the driver that believes nothing is clean, and no interrupt too many completes a transfer.
 */
#include "subject.h"

#include <emu/strategies.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { BUDGET = 5000, CLEAN_RUNS = 1000 };

/* rule: EMU-MISDEED-5 */
static void a_misdeed_of_the_controller_finds_the_driver_that_trusts_it(void **state)
{
    static const struct {
        const char *scenario, *rule;
    } trusts[] = {{"never", "deadlock"}, {"early", "deadlock"}, {"short", "property"}, {"error", "property"}};
    for (unsigned i = 0; i < sizeof trusts / sizeof trusts[0]; i++) {
        struct subject s = open_subject(*state, trusts[i].scenario);
        emu_machine_set_profile(s.machine, EMU_PROFILE_TYPICAL);
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

/* rule: EMU-MISDEED-5 */
static void the_driver_that_believes_nothing_is_clean_whatever_the_controller_does(void **state)
{
    require_clean_runs(*state, "wary", false);
    require_clean_runs(*state, "wary_slow", false);
    require_clean_runs(*state, "faithful", true);
}

/* Nor one too late, or twice: of a driver that waits for each end, and does no more than that. */
/* rule: EMU-MISDEED-6 */
static void an_interrupt_without_an_end_completes_no_transfer(void **state)
{
    require_clean_runs(*state, "harmless", false);
}

/* rule: EMU-MISDEED-1 */
static void a_faithful_controller_is_asked_nothing(void **state)
{
    struct subject s = open_subject(*state, "faithful");
    for (unsigned misbehaving = 0; misbehaving < 2; misbehaving++) {
        emu_machine_set_misbehaving(s.machine, misbehaving != 0);
        struct emu_report report = explore_subject(&s, emu_strategy_random(1), 1);
        const struct emu_record *r = emu_machine_record(s.machine);
        unsigned asked = 0;
        for (size_t i = 0; i < r->length; i++)
            asked += r->choices[i].kind == EMU_CHOICE_DEVICE;
        assert_true((asked != 0) == (misbehaving != 0));
        emu_report_free(&report);
    }
    close_subject(&s);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s controller_misdeeds.so\n", argv[0]);
        return 2;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(a_misdeed_of_the_controller_finds_the_driver_that_trusts_it, argv[1]),
        cmocka_unit_test_prestate(the_driver_that_believes_nothing_is_clean_whatever_the_controller_does,
                                  argv[1]),
        cmocka_unit_test_prestate(an_interrupt_without_an_end_completes_no_transfer, argv[1]),
        cmocka_unit_test_prestate(a_faithful_controller_is_asked_nothing, argv[1]),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
