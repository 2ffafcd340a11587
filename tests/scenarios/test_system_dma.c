/*
 * The scenarios of system DMA: a sound card on the PC's controllers, and a controller that a HAL extension
 * serves.
 */
#include "../rig/slow_build.h"
#include "subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum {
    HASTY_PREEMPTIONS = 2,
    SOUND_PREEMPTIONS = SLOW_BUILD ? 1 : 2,
    EXTENSION_PREEMPTIONS = SLOW_BUILD ? 0 : 1,
    RUNS = SLOW_BUILD ? 500 : 20000
};

static const char *sound_module, *extension_module;

static void explore_clean(const char *module, const char *name, int preemptions)
{
    struct subject s = open_subject(module, name);
    struct emu_report report = explore_subject(&s, emu_strategy_exhaustive(preemptions), 0);
    require_clean(&report);
    assert_true(report.complete);
    emu_report_free(&report);
    report = explore_subject(&s, emu_strategy_random(1), RUNS);
    require_clean(&report);
    emu_report_free(&report);
    close_subject(&s);
}

/* rule: DMA-I8237-8 */
static void a_ring_is_played_in_order_in_every_run(void **state)
{
    (void)state;
    explore_clean(sound_module, "sound", SOUND_PREEMPTIONS);
}

static void a_half_that_is_acknowledged_too_early_is_heard(void **state)
{
    (void)state;
    struct subject s = open_subject(sound_module, "sound_hasty");
    assert_int_equal(emu_run_program(s.machine, &s.program), EMU_STOP_IDLE);
    struct emu_report report = explore_subject(&s, emu_strategy_exhaustive(HASTY_PREEMPTIONS), 0);
    assert_int_equal(report.found, 1);
    emu_report_free(&report);
    close_subject(&s);
}

/* rule: DMA-EXT-22 */
static void drivers_share_the_controller_of_an_extension_in_every_run(void **state)
{
    (void)state;
    explore_clean(extension_module, "extension", EXTENSION_PREEMPTIONS);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s sample_i8237.so sample_extension.so\n", argv[0]);
        return 2;
    }
    sound_module = argv[1];
    extension_module = argv[2];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ring_is_played_in_order_in_every_run),
        cmocka_unit_test(a_half_that_is_acknowledged_too_early_is_heard),
        cmocka_unit_test(drivers_share_the_controller_of_an_extension_in_every_run),
    };
    return cmocka_run_group_tests_name("system DMA scenarios", tests, NULL, NULL);
}
