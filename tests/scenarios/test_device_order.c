/*
 * What a device sees late: register writes that are still on their way, and, where devices do not see
 * processors' caches, data that was not flushed yet. Each mistake is found, and its mended driver is clean.
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
    PREEMPTIONS = 2,
    SEEDS = SLOW_BUILD ? 2 : 10,
    MENDED_PREEMPTIONS = SLOW_BUILD ? 1 : 2,
    MENDED_RUNS = SLOW_BUILD ? 300 : 10000
};

enum { POSTED, LISTS, MODULES };

#define ANY_RULE NULL /* it is told by what comes first of several mistakes */

/* The module's scenario on a platform. */
static struct subject on_platform(char **modules, unsigned module, const char *scenario, const char *platform)
{
    struct subject s = open_subject(modules[module], scenario);
    struct haldma_config config;
    const char *error = NULL;
    haldma_scenario_configure(s.scenario, haldma_platform_find(platform), &config);
    emu_machine_destroy(s.machine);
    s.machine = haldma_machine_create(&config, &error);
    if (s.machine == NULL)
        fail_msg("%s", error);
    return s;
}

static void require_found(struct emu_report *report, const char *rule)
{
    assert_int_equal(report->found, 1);
    if (rule != ANY_RULE)
        assert_string_equal(report->findings[0].finding.rule, rule);
    emu_report_free(report);
}

/* Not by default, and within the budget otherwise. */
static void require_race(char **modules, unsigned module, const char *scenario, const char *platform,
                         const char *rule)
{
    struct subject s = on_platform(modules, module, scenario, platform);
    assert_int_equal(emu_run_program(s.machine, &s.program), EMU_STOP_IDLE);
    struct emu_report report = explore_subject(&s, emu_strategy_exhaustive(PREEMPTIONS), BUDGET);
    require_found(&report, rule);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        report = explore_subject(&s, emu_strategy_random(seed), BUDGET);
        require_found(&report, rule);
    }
    close_subject(&s);
}

static void require_no_race(char **modules, unsigned module, const char *scenario, const char *platform)
{
    struct subject s = on_platform(modules, module, scenario, platform);
    struct emu_report report = explore_subject(&s, emu_strategy_exhaustive(MENDED_PREEMPTIONS), 0);
    require_clean(&report);
    assert_true(report.complete);
    emu_report_free(&report);
    report = explore_subject(&s, emu_strategy_random(1), MENDED_RUNS);
    require_clean(&report);
    emu_report_free(&report);
    close_subject(&s);
}

/* rule: EMU-POST-11 */
static void a_reset_without_a_read_back_is_found_by_what_the_device_writes(void **state)
{
    require_race(*state, POSTED, "give_up_racy", "pc", "DMA-OWN-3");
    require_race(*state, POSTED, "give_up_racy", "pc-remapped", "DMA-REMAP-3");
    require_race(*state, POSTED, "give_up_racy", "pc-lowmem", "DMA-OWN-3");
}

static void a_reset_with_a_read_back_is_right(void **state)
{
    require_no_race(*state, POSTED, "give_up_mended", "pc");
    require_no_race(*state, POSTED, "give_up_mended", "pc-remapped");
    require_no_race(*state, POSTED, "give_up_mended", "pc-lowmem");
}

/* rule: EMU-POST-11 */
static void an_acknowledgement_without_a_read_back_is_found_by_the_second_interrupt(void **state)
{
    require_race(*state, POSTED, "acknowledge_racy", "pc", ANY_RULE);
    require_race(*state, POSTED, "acknowledge_racy", "pc-remapped", ANY_RULE);
}

static void an_acknowledgement_with_a_read_back_is_right(void **state)
{
    require_no_race(*state, POSTED, "acknowledge_mended", "pc");
    require_no_race(*state, POSTED, "acknowledge_mended", "soc");
}

/* rule: EMU-POST-12 */
static void a_flush_that_comes_too_late_is_found_where_caches_are_not_seen(void **state)
{
    require_race(*state, LISTS, "gather_racy", "soc", "property");
}

static void a_flush_in_time_is_right_where_caches_are_not_seen(void **state)
{
    require_no_race(*state, LISTS, "gather_mended", "soc");
}

int main(int argc, char **argv)
{
    if (argc != 1 + MODULES) {
        fprintf(stderr, "usage: %s device_order.so sample_scatter_gather.so\n", argv[0]);
        return 2;
    }
    char **modules = argv + 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(a_reset_without_a_read_back_is_found_by_what_the_device_writes, modules),
        cmocka_unit_test_prestate(a_reset_with_a_read_back_is_right, modules),
        cmocka_unit_test_prestate(an_acknowledgement_without_a_read_back_is_found_by_the_second_interrupt,
                                  modules),
        cmocka_unit_test_prestate(an_acknowledgement_with_a_read_back_is_right, modules),
        cmocka_unit_test_prestate(a_flush_that_comes_too_late_is_found_where_caches_are_not_seen, modules),
        cmocka_unit_test_prestate(a_flush_in_time_is_right_where_caches_are_not_seen, modules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
