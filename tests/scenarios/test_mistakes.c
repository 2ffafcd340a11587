/*
 * The mistakes of docs/mistakes.md: each bad driver is caught, for its rule and with its code and no other;
 * each mended one is clean, on every platform.
 */
#include "../rig/slow_build.h"
#include "subject.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BUDGET = 4000, MENDED_RUNS = SLOW_BUILD ? 20 : 400, NAME = 64, ROW = 512 };

struct subjects {
    const char *module;
    const char *page;
};

static const struct mistake {
    const char *name; /* of the scenarios bad_NAME and mended_NAME */
    const char *rule;
    const char *code;
    const char *remapped; /* the rule where a remapping unit is in the way first; NULL: the same; "": it makes
                             one piece of the buffer, and nothing goes wrong */
} mistakes[] = {
    {"alloc_12_status", "DMA-ALLOC-12", "", NULL},
    {"adapter_33_mapped", "DMA-ADAPTER-33", "", NULL},
    {"alloc_24_extension", "DMA-ALLOC-24", "", NULL},
    {"call_8_unmarked", "IO-CALL-8", "0xC9/23D", NULL},
    {"call_9_returned", "IO-CALL-9", "0xC9/23E", NULL},
    {"complete_6_pending", "IO-COMPLETE-6", "0xC9/06", NULL},
    {"free_5_twice", "DMA-FREE-5", "0xE6/04", NULL},
    {"map_15_unlocked", "DMA-MAP-15", "0xE6/0E", NULL},
    {"mdl_1_freed", "DMA-MDL-1", "", NULL},
    {"spin_5_free", "KE-SPIN-5", "0xC4/1007", NULL},
    {"alloc_13_lowered", "DMA-ALLOC-13", "", NULL},
    {"call_6_raised", "IO-CALL-6", "0xC9/05", NULL},
    {"dpc_10_raised", "KE-DPC-10", "0x8", NULL},
    {"spin_7_lowered", "KE-SPIN-7", "0xC4/31", NULL},
    {"dpc_13_freed", "KE-DPC-13", "0xC7/01", NULL},
    {"dpc_14_again", "KE-DPC-14", "0xC7/01", NULL},
    {"driver_4_device", "IO-DRIVER-4", "0xCE", NULL},
    {"left_1_pool", "IO-LEFT-1", "0xC4/62", NULL},
    {"left_2_interrupt", "IO-LEFT-2", "", NULL},
    {"left_3_pages", "IO-LEFT-3", "", NULL},
    {"left_4_item", "IO-LEFT-4", "", NULL},
    {"timer_8_freed", "KE-TIMER-8", "0xC7/00", NULL},
    {"timer_9_again", "KE-TIMER-9", "0xC7/00", NULL},
    {"alloc_5_two", "DMA-ALLOC-5", "", NULL},
    {"alloc_23_nested", "DMA-ALLOC-23", "", NULL},
    {"alloc_27_keeps", "DMA-ALLOC-27", "", NULL},
    {"free_7_cancelled", "DMA-FREE-7", "0xE6/10", NULL},
    {"complete_1_twice", "IO-COMPLETE-1", "0x44", NULL},
    {"complete_7_cancel", "IO-COMPLETE-7", "0xC9/07", NULL},
    {"complete_10_cancel", "IO-COMPLETE-10", "", NULL},
    {"complete_10_status", "IO-COMPLETE-10", "", NULL},
    {"context_3_shared", "DMA-CONTEXT-3", "", NULL},
    {"context_4_raw", "DMA-CONTEXT-4", "", NULL},
    {"context_5_copied", "DMA-CONTEXT-5", "", NULL},
    {"context_8_kept", "DMA-CONTEXT-8", "", NULL},
    {"context_9_gone", "DMA-CONTEXT-9", "", NULL},
    {"context_10_other", "DMA-CONTEXT-10", "", NULL},
    {"driver_6_timer", "IO-DRIVER-6", "0xCE", NULL},
    {"exc_1_constant", "KE-EXC-1", "0x1E", NULL},
    {"flush_6_twice", "DMA-FLUSH-6", "0xE6/16", NULL},
    {"map_12_address", "DMA-MAP-12", "0xE6/1B", NULL},
    {"flush_8_mdl", "DMA-FLUSH-8", "0xE6/16", NULL},
    {"flush_8_offset", "DMA-FLUSH-8", "0xE6/16", NULL},
    {"flush_9_direction", "DMA-FLUSH-9", "", NULL},
    {"free_7_mapped", "DMA-FREE-7", "0xE6/10", NULL},
    {"free_10_count", "DMA-FREE-10", "", NULL},
    {"int_8_raised", "KE-INT-8", "0xC4/111", NULL},
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
    {"own_6_unlocked", "DMA-OWN-6", "", NULL},
    {"own_7_freed", "DMA-OWN-7", "", NULL},
    {"own_7_rebuilt", "DMA-OWN-7", "", NULL},
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
    {"location_1_again", "IO-LOCATION-1", "", NULL},
    {"location_2_half", "IO-LOCATION-2", "", NULL},
    {"complete_11_freed", "IO-COMPLETE-11", "", NULL},
    {"int_11_pointer", "KE-INT-11", "", NULL},
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

/* rule: IO-COMPLETE-10, IO-DRIVER-6, DMA-MAP-31 */
static void each_mistake_is_caught_for_its_rule_with_its_code_on_every_platform(void **state)
{
    const struct subjects *subjects = *state;
    const struct haldma_platform *platform;
    unsigned missed = 0;
    for (unsigned p = 0; (platform = haldma_platform_at(p)) != NULL; p++)
        for (unsigned i = 0; i < MISTAKES; i++)
            missed += is_caught(subjects->module, &mistakes[i], platform) ? 0 : 1;
    assert_int_equal(missed, 0);
}

static void each_mended_driver_is_clean_on_every_platform(void **state)
{
    const struct subjects *subjects = *state;
    const struct haldma_platform *platform;
    unsigned stopped = 0;
    for (unsigned p = 0; (platform = haldma_platform_at(p)) != NULL; p++)
        for (unsigned i = 0; i < MISTAKES; i++)
            stopped += is_clean(subjects->module, &mistakes[i], platform) ? 0 : 1;
    assert_int_equal(stopped, 0);
}

/* ---- Going on --------------------------------------------------------------------------------- */

/* Is it told by a run that comes to its end nevertheless, where the scenario's own checks may fail? */
static bool is_gone_past(const char *module, const struct mistake *mistake)
{
    struct subject s;
    if (!open_mistake(module, "bad", mistake, haldma_platform_find("pc"), &s))
        return true;
    emu_machine_set_go_past(s.machine, EMU_REPORTED_MAX);
    emu_run_program(s.machine, &s.program);
    const struct emu_reported *first = emu_machine_reported(s.machine, 0);
    const struct emu_finding *end = emu_machine_finding(s.machine);
    bool past = first != NULL && strcmp(first->finding.rule, mistake->rule) == 0 &&
                (end == NULL || strcmp(end->rule, "property") == 0);
    if (!past)
        print_error("bad_%s: %s, %s\n", mistake->name,
                    first != NULL ? first->finding.rule : "nothing reported",
                    end != NULL ? end->message : "to its end");
    close_subject(&s);
    return past;
}

/* rule: IO-CALL-8, IO-CALL-9, IO-COMPLETE-6, IO-COMPLETE-7, IO-COMPLETE-10, MM-MDL-7 */
/* rule: IO-LEFT-1, IO-LEFT-2, IO-LEFT-3, IO-LEFT-4 */
static void a_run_goes_on_after_what_can_be_refused_or_performed(void **state)
{
    static const char *const names[] = {
        "call_8_unmarked",    "call_9_returned",    "complete_6_pending", "complete_7_cancel",
        "complete_10_cancel", "complete_10_status", "flush_9_direction",  "free_10_count",
        "left_1_pool",        "left_2_interrupt",   "left_3_pages",       "left_4_item",
        "level_1_timer",      "mdl_6_paged",        "mdl_7_stack",        "paged_1_raised"};
    const struct subjects *subjects = *state;
    unsigned halted = 0, tried = 0;
    for (unsigned n = 0; n < sizeof names / sizeof names[0]; n++)
        for (unsigned i = 0; i < MISTAKES; i++)
            if (strcmp(mistakes[i].name, names[n]) == 0) {
                halted += is_gone_past(subjects->module, &mistakes[i]) ? 0 : 1;
                tried++;
            }
    assert_int_equal(tried, sizeof names / sizeof names[0]);
    assert_int_equal(halted, 0);
}

/* ---- The page --------------------------------------------------------------------------------- */

/* Does the row's second column name the rule: in full, or behind another of its family as "-4"? */
static bool names_rule(const char *row, const char *rule)
{
    char column[ROW];
    snprintf(column, sizeof column, "%s", strchr(row + 1, '|') + 1);
    column[strcspn(column, "|")] = '\0';
    return strstr(column, rule) != NULL || strstr(column, strrchr(rule, '-')) != NULL;
}

/* The names in the row's last column, races apart: each is a mistake of the list, with the row's rule. */
static unsigned mark_row(const char *row, bool *seen)
{
    char column[ROW];
    unsigned wrong = 0;
    snprintf(column, sizeof column, "%s", row);
    char *end = strrchr(column, '|');
    *end = '\0';
    char *last = strrchr(column, '|');
    for (char *name = last != NULL ? strtok(last + 1, ", ") : NULL; name != NULL; name = strtok(NULL, ", ")) {
        unsigned i = 0;
        while (i < MISTAKES && strcmp(mistakes[i].name, name) != 0)
            i++;
        if (i < MISTAKES)
            seen[i] = true;
        if (i < MISTAKES ? names_rule(row, mistakes[i].rule)
                         : strncmp(name, "race_", 5) == 0 || name[0] == '(')
            continue;
        print_error("the page says %s in: %s\n", name, row);
        wrong++;
    }
    return wrong;
}

static void the_page_names_each_mistake_with_its_rule(void **state)
{
    const struct subjects *subjects = *state;
    bool seen[MISTAKES] = {false}, in_table = false;
    char row[ROW];
    unsigned wrong = 0;
    FILE *page = fopen(subjects->page, "r");
    assert_non_null(page);
    while (fgets(row, sizeof row, page) != NULL) {
        assert_int_equal(row[strlen(row) - 1], '\n');
        if (row[0] != '|' || strncmp(row, "|---", 4) == 0)
            in_table = row[0] == '|';
        else if (in_table)
            wrong += mark_row(row, seen);
    }
    fclose(page);
    for (unsigned i = 0; i < MISTAKES; i++) {
        if (!seen[i])
            print_error("the page does not name %s\n", mistakes[i].name);
        wrong += seen[i] ? 0 : 1;
    }
    assert_int_equal(wrong, 0);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s mistakes.so mistakes.md\n", argv[0]);
        return EXIT_FAILURE;
    }
    struct subjects subjects = {.module = argv[1], .page = argv[2]};
    void *module = dlopen(subjects.module, RTLD_NOW | RTLD_LOCAL); /* once for all: it has many drivers */
    if (module == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return EXIT_FAILURE;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(each_mistake_is_caught_for_its_rule_with_its_code_on_every_platform,
                                  &subjects),
        cmocka_unit_test_prestate(each_mended_driver_is_clean_on_every_platform, &subjects),
        cmocka_unit_test_prestate(a_run_goes_on_after_what_can_be_refused_or_performed, &subjects),
        cmocka_unit_test_prestate(the_page_names_each_mistake_with_its_rule, &subjects),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dlclose(module);
    return failed;
}
