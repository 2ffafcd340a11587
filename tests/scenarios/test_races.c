/*
 * The field's own races (docs/field-races.md): each racy driver is caught by each strategy within the budget,
 * for the rule that says what went wrong; each mended one is clean in every run within its bound.
 *
 * With the argument "figures" the program prints a table instead: runs to find, and the size of the mended
 * searches.
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
    SEEDS = SLOW_BUILD ? 1 : 3,
    FIGURE_SEEDS = 20,
    MENDED_PREEMPTIONS = SLOW_BUILD ? 0 : 2,
    EVERYWHERE_PREEMPTIONS = SLOW_BUILD ? 0 : 1
};
enum { BUDGET = 10000, BOUND = 2, NAME = 64 };

static const struct race {
    const char *scenario; /* without "race_" */
    const char *platform;
    const char *rule; /* NULL: one of several, each a result of the same race */
} races[] = {
    {"01_racy", "pc", "IO-COMPLETE-1"},
    {"01_racy_none", "pc", "deadlock"},
    {"02_racy", "pc", "IO-COMPLETE-1"},
    {"03_racy", "pc", "EX-POOL-8"},
    {"04_racy", "pc", "property"},
    {"05_racy", "pc", "property"},
    {"06_racy", "pc", "DMA-OWN-3"},
    {"06_racy", "pc-remapped", "DMA-REMAP-3"},
    {"07_racy", "pc", "DMA-OWN-3"},
    {"07_racy", "pc-remapped", "DMA-REMAP-3"},
    {"08_racy", "pc", NULL},
    {"09_racy", "pc", NULL},
    {"10_racy", "pc", "deadlock"},
    {"11_racy", "pc", "DMA-FREE-8"},
    {"11_racy_length", "pc", "DMA-FLUSH-10"},
    {"12_racy", "pc-remapped", "DMA-REMAP-3"},
};
enum { RACES = sizeof races / sizeof races[0] };

static const char *const mended[] = {"01_mended", "02_mended", "03_mended", "04_mended",
                                     "05_mended", "06_mended", "07_mended", "08_mended",
                                     "09_mended", "10_mended", "11_mended", "12_mended"};
enum { MENDED = sizeof mended / sizeof mended[0] };

static struct subject open_race(const char *module, const char *scenario, const char *platform)
{
    char name[NAME];
    snprintf(name, sizeof name, "race_%s", scenario);
    struct subject s = open_subject(module, name);
    move_subject(&s, haldma_platform_find(platform));
    return s;
}

/* Runs until the first finding; 0: none within the budget. */
static uint64_t runs_to_find(const char *module, const struct race *race, struct emu_strategy *strategy)
{
    struct subject s = open_race(module, race->scenario, race->platform);
    struct emu_report report = explore_subject(&s, strategy, BUDGET);
    uint64_t runs = report.found != 0 ? report.runs : 0;
    if (report.found == 0)
        print_error("race_%s on %s: not found\n", race->scenario, race->platform);
    else if (race->rule != NULL && strcmp(report.findings[0].finding.rule, race->rule) != 0) {
        print_error("race_%s on %s: %s, not %s\n", race->scenario, race->platform,
                    report.findings[0].finding.rule, race->rule);
        runs = 0;
    }
    emu_report_free(&report);
    close_subject(&s);
    return runs;
}

static void each_race_is_found_at_random_within_the_budget_from_every_seed(void **state)
{
    for (unsigned i = 0; i < RACES; i++)
        for (uint64_t seed = 1; seed <= SEEDS; seed++)
            assert_true(runs_to_find(*state, &races[i], emu_strategy_random(seed)) > 0);
}

static void each_race_is_found_by_pct_within_the_budget_from_every_seed(void **state)
{
    for (unsigned i = 0; i < RACES; i++)
        for (uint64_t seed = 1; seed <= SEEDS; seed++)
            assert_true(runs_to_find(*state, &races[i], emu_strategy_pct(seed, 0)) > 0);
}

static void each_race_is_found_with_two_preemptions_at_most(void **state)
{
    for (unsigned i = 0; i < RACES; i++)
        assert_true(runs_to_find(*state, &races[i], emu_strategy_deepening(BOUND)) > 0);
}

/* Every run of a mended driver; how many they are. */
static uint64_t require_mended(const char *module, const char *scenario, const char *platform,
                               int preemptions)
{
    struct subject s = open_race(module, scenario, platform);
    struct emu_report report = explore_subject(&s, emu_strategy_exhaustive(preemptions), 0);
    require_clean(&report);
    assert_true(report.complete);
    uint64_t runs = report.runs;
    emu_report_free(&report);
    close_subject(&s);
    return runs;
}

static const char *home_of(const char *scenario)
{
    return strcmp(scenario, "12_mended") == 0 ? "pc-remapped" : "pc";
}

static void each_mended_driver_is_clean_in_every_run_with_two_preemptions(void **state)
{
    for (unsigned i = 0; i < MENDED; i++)
        require_mended(*state, mended[i], home_of(mended[i]), MENDED_PREEMPTIONS);
}

static void each_mended_driver_is_clean_on_every_other_platform(void **state)
{
    const struct haldma_platform *platform;
    for (unsigned p = 0; (platform = haldma_platform_at(p)) != NULL; p++)
        for (unsigned i = 0; i < MENDED; i++) {
            struct subject s = open_race(*state, mended[i], platform->name);
            bool suits = haldma_scenario_suits(s.scenario, platform);
            close_subject(&s);
            if (suits && strcmp(platform->name, home_of(mended[i])) != 0)
                require_mended(*state, mended[i], platform->name, EVERYWHERE_PREEMPTIONS);
        }
}

/* The twelfth is no race: on the platform that its author had there is nothing to find. */
static void a_physical_address_is_fine_without_remapping(void **state)
{
    require_mended(*state, "12_racy", "pc", BOUND);
}

/* ---- Figures
 * ----------------------------------------------------------------------------------------------------------
 */

static int ascending(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void print_sampler(const char *module, const struct race *race,
                          struct emu_strategy *(*make)(uint64_t seed))
{
    uint64_t runs[FIGURE_SEEDS];
    unsigned found = 0;
    for (uint64_t seed = 1; seed <= FIGURE_SEEDS; seed++) {
        uint64_t needed = runs_to_find(module, race, make(seed));
        runs[seed - 1] = needed > 0 ? needed : BUDGET + 1; /* behind all that found it */
        found += needed > 0;
    }
    qsort(runs, FIGURE_SEEDS, sizeof runs[0], ascending);
    if (found == FIGURE_SEEDS)
        printf(" %llu / %llu |", (unsigned long long)runs[FIGURE_SEEDS / 2],
               (unsigned long long)runs[FIGURE_SEEDS - 1]);
    else
        printf(" %llu, of %u seeds |", (unsigned long long)runs[found / 2], found);
}

static struct emu_strategy *pct(uint64_t seed)
{
    return emu_strategy_pct(seed, 0);
}

static struct emu_strategy *delay(void)
{
    return emu_strategy_bounded(&(struct emu_bounds){
        .preemptions = EMU_UNBOUNDED, .interrupts = EMU_UNBOUNDED, .delays = BOUND, .deepening = true});
}

/* A dash: not within the budget, or it is not among its runs. */
static void print_search(const char *module, const struct race *race, struct emu_strategy *strategy)
{
    uint64_t runs = runs_to_find(module, race, strategy);
    if (runs > 0)
        printf(" %llu |", (unsigned long long)runs);
    else
        printf(" - |");
}

static void print_figures(const char *module)
{
    for (unsigned i = 0; i < RACES; i++) {
        printf("| race_%s | %s |", races[i].scenario, races[i].platform);
        print_sampler(module, &races[i], emu_strategy_random);
        print_sampler(module, &races[i], pct);
        print_sampler(module, &races[i], emu_strategy_pos);
        print_sampler(module, &races[i], emu_strategy_surw);
        print_search(module, &races[i], emu_strategy_deepening(BOUND));
        print_search(module, &races[i], delay());
        print_search(module, &races[i], emu_strategy_sweep());
        print_search(module, &races[i], emu_strategy_dpor());
        printf("\n");
    }
    for (unsigned i = 0; i < MENDED; i++) {
        const char *platform = home_of(mended[i]);
        printf("| race_%s | %s | %llu |\n", mended[i], platform,
               (unsigned long long)require_mended(module, mended[i], platform, BOUND));
    }
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s races.so [figures]\n", argv[0]);
        return 2;
    }
    if (argc > 2) {
        print_figures(argv[1]);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(each_race_is_found_at_random_within_the_budget_from_every_seed, argv[1]),
        cmocka_unit_test_prestate(each_race_is_found_by_pct_within_the_budget_from_every_seed, argv[1]),
        cmocka_unit_test_prestate(each_race_is_found_with_two_preemptions_at_most, argv[1]),
        cmocka_unit_test_prestate(each_mended_driver_is_clean_in_every_run_with_two_preemptions, argv[1]),
        cmocka_unit_test_prestate(each_mended_driver_is_clean_on_every_other_platform, argv[1]),
        cmocka_unit_test_prestate(a_physical_address_is_fine_without_remapping, argv[1]),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
