/*
 * The sample drivers on every platform: a bus master and a system DMA device, unchanged, on machines with and
 * without remapping, with few map registers, and with caches that devices do not see.
 *
 * What is wrong with one of them is found everywhere, and what is right holds everywhere.
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

enum { RANDOM_RUNS = SLOW_BUILD ? 300 : 3000, PREEMPTIONS = 1, MENDED_PREEMPTIONS = SLOW_BUILD ? 0 : 1 };

static void require_clean_on(const struct haldma_platform *platform, struct emu_report *report)
{
    if (report->found != 0)
        fail_msg("on %s: %s: %s", platform->name, report->findings[0].finding.rule,
                 report->findings[0].finding.message);
    emu_report_free(report);
}

/* Every run with so many preemptions at most, and random ones with any number. */
static void require_clean_everywhere(const char *module, const char *scenario, int preemptions)
{
    unsigned platforms = 0;
    for (; haldma_platform_at(platforms) != NULL; platforms++) {
        const struct haldma_platform *platform = haldma_platform_at(platforms);
        struct subject s = open_subject(module, scenario);
        move_subject(&s, platform);
        struct emu_report report = explore_subject(&s, emu_strategy_exhaustive(preemptions), 0);
        assert_true(report.found != 0 || report.complete);
        require_clean_on(platform, &report);
        report = explore_subject(&s, emu_strategy_random(1), RANDOM_RUNS);
        require_clean_on(platform, &report);
        close_subject(&s);
    }
    assert_true(platforms > 1);
}

/* rule: DMA-PLATFORM-10 */
static void a_right_bus_master_is_right_on_every_platform(void **state)
{
    char **modules = *state;
    require_clean_everywhere(modules[0], "cancel_mended", MENDED_PREEMPTIONS);
}

/* rule: DMA-PLATFORM-10 */
static void a_right_system_dma_driver_is_right_on_every_platform(void **state)
{
    char **modules = *state;
    require_clean_everywhere(modules[1], "write", 0);
}

/* rule: DMA-PLATFORM-10 */
static void a_race_is_found_on_every_platform_and_its_token_names_the_platform(void **state)
{
    char **modules = *state;
    for (unsigned i = 0; haldma_platform_at(i) != NULL; i++) {
        struct subject s = open_subject(modules[0], "cancel_racy");
        move_subject(&s, haldma_platform_at(i));
        struct emu_report report = explore_subject(&s, emu_strategy_exhaustive(PREEMPTIONS), 0);
        assert_int_equal(report.found, 1);
        assert_string_equal(report.findings[0].finding.code, "0x44");
        char *text = haldma_token(s.machine, s.scenario, &report.findings[0].record, report.findings[0].hash);
        struct emu_token token;
        const char *why = NULL;
        assert_true(emu_token_read(text, &token, &why));
        assert_int_equal(token.configuration, haldma_configuration(s.machine));
        for (unsigned other = 0; haldma_platform_at(other) != NULL; other++) {
            move_subject(&s, haldma_platform_at(other));
            assert_int_equal(token.configuration == haldma_configuration(s.machine), other == i);
        }
        emu_record_free(&token.record);
        free(text);
        emu_report_free(&report);
        close_subject(&s);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s sample_bus_master.so sample_system_dma.so\n", argv[0]);
        return 2;
    }
    char *modules[] = {argv[1], argv[2]};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(a_right_bus_master_is_right_on_every_platform, modules),
        cmocka_unit_test_prestate(a_right_system_dma_driver_is_right_on_every_platform, modules),
        cmocka_unit_test_prestate(a_race_is_found_on_every_platform_and_its_token_names_the_platform,
                                  modules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
