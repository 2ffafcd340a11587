/*
 * A driver of Windows NT 4 runs unchanged on every platform, under every interleaving with one preemption.
 */
#include "../rig/slow_build.h"
#include "subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { RUNS = SLOW_BUILD ? 300 : 3000, RANDOM_RUNS = RUNS };

/* rule: DMA-LEGACY-7 */
static void two_units_share_channel_and_controller_on_every_platform(void **state)
{
    const struct haldma_platform *platform;
    struct subject s = open_subject(*state, "old_style");
    for (unsigned i = 0; (platform = haldma_platform_at(i)) != NULL; i++) {
        struct haldma_config config;
        const char *error = NULL;
        haldma_scenario_configure(s.scenario, platform, &config);
        emu_machine_destroy(s.machine);
        s.machine = haldma_machine_create(&config, &error);
        assert_non_null(s.machine);
        struct emu_report report = explore_subject(&s, emu_strategy_exhaustive(1), RUNS);
        require_clean(&report);
        emu_report_free(&report);
        report = explore_subject(&s, emu_strategy_random(1), RANDOM_RUNS);
        require_clean(&report);
        assert_int_equal(report.runs, RANDOM_RUNS);
        emu_report_free(&report);
    }
    close_subject(&s);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s old_style_scenarios.so\n", argv[0]);
        return 2;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(two_units_share_channel_and_controller_on_every_platform, argv[1]),
    };
    return cmocka_run_group_tests_name("scenarios.old_style", tests, NULL, NULL);
}
