/*
 * The mistakes of docs/mistakes.md: each bad driver is caught, for its rule and with its code and no other;
 * each mended one is clean, on every platform.
 */
#include "subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BUDGET = 4000, MENDED_RUNS = 400, NAME = 64 };

static const struct mistake {
    const char *name; /* of the scenarios bad_NAME and mended_NAME */
    const char *rule;
    const char *code;
    const char *remapped; /* the rule where a remapping unit is in the way first; NULL: the same; "": it makes
                             one piece of the buffer, and nothing goes wrong */
} mistakes[] = {
    {"alloc_5_two", "DMA-ALLOC-5", "", NULL},
    {"alloc_23_nested", "DMA-ALLOC-23", "", NULL},
    {"alloc_27_keeps", "DMA-ALLOC-27", "", NULL},
    {"free_7_cancelled", "DMA-FREE-7", "0xE6/10", NULL},
    {"complete_1_twice", "IO-COMPLETE-1", "0x44", NULL},
    {"complete_7_cancel", "IO-COMPLETE-7", "0xC9/07", NULL},
    {"context_3_shared", "DMA-CONTEXT-3", "", NULL},
    {"context_4_raw", "DMA-CONTEXT-4", "", NULL},
    {"context_5_copied", "DMA-CONTEXT-5", "", NULL},
    {"context_8_kept", "DMA-CONTEXT-8", "", NULL},
    {"context_9_gone", "DMA-CONTEXT-9", "", NULL},
    {"driver_6_timer", "IO-DRIVER-6", "0xCE", NULL},
    {"exc_1_constant", "KE-EXC-1", "0x1E", NULL},
    {"flush_6_twice", "DMA-FLUSH-6", "0xE6/16", NULL},
    {"map_12_address", "DMA-MAP-12", "0xE6/1B", NULL},
    {"flush_8_mdl", "DMA-FLUSH-8", "0xE6/16", NULL},
    {"flush_8_offset", "DMA-FLUSH-8", "0xE6/16", NULL},
    {"flush_9_direction", "DMA-FLUSH-9", "", NULL},
    {"free_7_mapped", "DMA-FREE-7", "0xE6/10", NULL},
    {"free_10_count", "DMA-FREE-10", "", NULL},
    {"level_1_timer", "KE-LEVEL-1", "0xC4/2000E", NULL},
    {"list_19_slave", "DMA-LIST-19", "", NULL},
    {"map_11_many", "DMA-MAP-11", "", NULL},
    {"map_14_again", "DMA-MAP-14", "0xE6/0D", ""},
    {"map_31_constant", "DMA-MAP-31", "", NULL},
    {"mdl_6_paged", "MM-MDL-6", "0xC4/7F", NULL},
    {"mdl_7_stack", "MM-MDL-7", "0xC4/140", NULL},
    {"own_1_early", "DMA-OWN-1", "", NULL},
    {"own_2_stamped", "DMA-OWN-2", "", NULL},
    {"own_3_hasty", "DMA-OWN-3", "", "DMA-REMAP-3"},
    {"own_4_short", "DMA-OWN-4", "", ""},
    {"pool_13_paged", "EX-POOL-13", "0xD1", NULL},
    {"pool_14_after", "EX-POOL-14", "0xD5", NULL},
    {"pool_15_beyond", "EX-POOL-15", "0xD6", NULL},
    {"paged_1_raised", "DBG-PAGED-1", "0xA", NULL},
    {"reg_3_address", "DMA-REG-3", "", NULL},
    {"spin_4_twice", "KE-SPIN-4", "0xC4/1000", NULL},
    {"spin_6_other", "KE-SPIN-6", "0xC4/1004", NULL},
    {"spin_9_held", "KE-SPIN-9", "", NULL},
    {"startio_6_passive", "IO-STARTIO-6", "0xC4/20003", NULL},
    {"wait_5_locked", "KE-WAIT-5", "0xC4/121", NULL},
};
enum { MISTAKES = sizeof mistakes / sizeof mistakes[0] };

static bool is_remapped(const struct haldma_platform *platform)
{
    return strcmp(platform->name, "pc-remapped") == 0;
}

/* The subject on the platform; false: it is not for that. */
static bool open_mistake(const char *module, const char *kind, const struct mistake *mistake,
                         const struct haldma_platform *platform, struct subject *s)
{
    char name[NAME];
    snprintf(name, sizeof name, "%s_%s", kind, mistake->name);
    *s = open_subject(module, name);
    if (haldma_scenario_suits(s->scenario, platform)) {
        move_subject(s, platform);
        return true;
    }
    close_subject(s);
    return false;
}

static bool is_caught(const char *module, const struct mistake *mistake,
                      const struct haldma_platform *platform)
{
    const char *rule = is_remapped(platform) && mistake->remapped != NULL ? mistake->remapped : mistake->rule;
    const char *code = rule == mistake->rule ? mistake->code : "0xE6/26";
    struct subject s;
    if (rule[0] == '\0' || !open_mistake(module, "bad", mistake, platform, &s))
        return true;
    struct emu_report report = explore_subject(&s, emu_strategy_random(1), BUDGET);
    const struct emu_finding *f = report.found != 0 ? &report.findings[0].finding : NULL;
    bool caught = f != NULL && strcmp(f->rule, rule) == 0 && strcmp(f->code, code) == 0;
    if (!caught)
        print_error("bad_%s on %s: %s %s %s; wanted %s %s\n", mistake->name, platform->name,
                    f != NULL ? f->rule : "not found", f != NULL ? f->code : "", f != NULL ? f->message : "",
                    rule, code);
    emu_report_free(&report);
    close_subject(&s);
    return caught;
}

static bool is_clean(const char *module, const struct mistake *mistake,
                     const struct haldma_platform *platform)
{
    struct subject s;
    if (!open_mistake(module, "mended", mistake, platform, &s))
        return true;
    struct emu_report report = explore_subject(&s, emu_strategy_random(1), MENDED_RUNS);
    bool clean = report.found == 0;
    if (!clean)
        print_error("mended_%s on %s: %s %s\n", mistake->name, platform->name,
                    report.findings[0].finding.rule, report.findings[0].finding.message);
    emu_report_free(&report);
    close_subject(&s);
    return clean;
}

/* rule: IO-DRIVER-6, DMA-MAP-31 */
static void each_mistake_is_caught_for_its_rule_with_its_code_on_every_platform(void **state)
{
    const struct haldma_platform *platform;
    unsigned missed = 0;
    for (unsigned p = 0; (platform = haldma_platform_at(p)) != NULL; p++)
        for (unsigned i = 0; i < MISTAKES; i++)
            missed += is_caught(*state, &mistakes[i], platform) ? 0 : 1;
    assert_int_equal(missed, 0);
}

static void each_mended_driver_is_clean_on_every_platform(void **state)
{
    const struct haldma_platform *platform;
    unsigned stopped = 0;
    for (unsigned p = 0; (platform = haldma_platform_at(p)) != NULL; p++)
        for (unsigned i = 0; i < MISTAKES; i++)
            stopped += is_clean(*state, &mistakes[i], platform) ? 0 : 1;
    assert_int_equal(stopped, 0);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s mistakes.so\n", argv[0]);
        return EXIT_FAILURE;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(each_mistake_is_caught_for_its_rule_with_its_code_on_every_platform,
                                  argv[1]),
        cmocka_unit_test_prestate(each_mended_driver_is_clean_on_every_platform, argv[1]),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
