/*
 * Hardware that misbehaves (tests/scenarios/misdeeds.c): each misdeed is met, and the driver that trusts the
 * card is found by it; the driver that believes nothing is clean, whatever the card does.
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

enum { BUDGET = 20000, CLEAN_RUNS = 3000 };

static const struct trust {
    const char *scenario, *rule;
} trusts[] = {
    {"early", "property"},  {"spurious", "property"},     {"twice", "IO-COMPLETE-1"},
    {"never", "deadlock"},  {"short", "property"},        {"error", "property"},
    {"beyond", "property"}, {"status_first", "property"}, {"after_reset", "property"},
};
enum { TRUSTS = sizeof trusts / sizeof trusts[0] };

/* Was it the card? */
static bool has_device_choice(const struct emu_record *r)
{
    for (size_t i = 0; i < r->length; i++)
        if (r->choices[i].kind == EMU_CHOICE_DEVICE && r->choices[i].value != 0)
            return true;
    return false;
}

static void require_found(const struct trust *trust, const struct emu_report *report)
{
    if (report->found != 1)
        fail_msg("%s was not found in %llu runs", trust->scenario, (unsigned long long)report->runs);
    assert_string_equal(report->findings[0].finding.rule, trust->rule);
}

/* On a machine that is typical but for its card; it is the card that makes the difference. */
/* rule: EMU-MISDEED-2, EMU-MISDEED-3, EMU-MISDEED-4 */
static void each_misdeed_finds_the_driver_that_trusts_the_card(void **state)
{
    for (unsigned i = 0; i < TRUSTS; i++) {
        struct subject s = open_subject(*state, trusts[i].scenario);
        emu_machine_set_profile(s.machine, EMU_PROFILE_TYPICAL);
        struct emu_report report = explore_subject(&s, emu_strategy_exhaustive(0), BUDGET);
        require_found(&trusts[i], &report);
        assert_true(has_device_choice(&report.findings[0].record));
        emu_report_free(&report);
        close_subject(&s);
    }
}

/* An interrupt so late that it meets the next transfer takes a machine that is late itself. */
/* rule: EMU-MISDEED-3 */
static void a_late_interrupt_is_taken_for_that_of_the_next_transfer(void **state)
{
    static const struct trust late = {"late", "property"};
    struct subject s = open_subject(*state, late.scenario);
    struct emu_report report = explore_subject(&s, emu_strategy_surw(1), BUDGET);
    require_found(&late, &report);
    emu_report_free(&report);
    close_subject(&s);
}

static void require_clean_runs(const char *module, const char *scenario, bool misbehaving)
{
    struct subject s = open_subject(module, scenario);
    emu_machine_set_misbehaving(s.machine, misbehaving);
    struct emu_report report = explore_subject(&s, emu_strategy_surw(1), CLEAN_RUNS);
    require_clean(&report);
    emu_report_free(&report);
    report = explore_subject(&s, emu_strategy_random(1), CLEAN_RUNS);
    require_clean(&report);
    emu_report_free(&report);
    close_subject(&s);
}

/* A watchdog is no deadlock. */
/* rule: EMU-MISDEED-3, EMU-MISDEED-4 */
static void the_driver_that_believes_nothing_is_clean_whatever_the_card_does(void **state)
{
    require_clean_runs(*state, "wary", false);
    require_clean_runs(*state, "wary_slow", false);
    require_clean_runs(*state, "faithful", true);
}

/* rule: EMU-MISDEED-1 */
static void a_faithful_card_is_asked_nothing(void **state)
{
    struct subject s = open_subject(*state, "faithful");
    struct emu_report report = explore_subject(&s, emu_strategy_random(1), 1);
    const struct emu_record *r = emu_machine_record(s.machine);
    for (size_t i = 0; i < r->length; i++)
        assert_int_not_equal(r->choices[i].kind, EMU_CHOICE_DEVICE);
    emu_report_free(&report);
    uint32_t faithful = haldma_configuration(s.machine);
    emu_machine_set_misbehaving(s.machine, true);
    assert_int_not_equal(haldma_configuration(s.machine), faithful);
    report = explore_subject(&s, emu_strategy_random(1), 1);
    unsigned asked = 0;
    for (size_t i = 0; i < r->length; i++)
        asked += r->choices[i].kind == EMU_CHOICE_DEVICE;
    assert_int_not_equal(asked, 0);
    emu_report_free(&report);
    close_subject(&s);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s misdeeds.so\n", argv[0]);
        return 2;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(each_misdeed_finds_the_driver_that_trusts_the_card, argv[1]),
        cmocka_unit_test_prestate(a_late_interrupt_is_taken_for_that_of_the_next_transfer, argv[1]),
        cmocka_unit_test_prestate(the_driver_that_believes_nothing_is_clean_whatever_the_card_does, argv[1]),
        cmocka_unit_test_prestate(a_faithful_card_is_asked_nothing, argv[1]),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
