/*
 * Drivers whose mistakes show when a call fails (tests/scenarios/faults.c): each is found by each policy for
 * the rule that says what went wrong, not at all without faults, and the mended one is clean under all of
 * them. And the mended drivers of other modules, which are about other mistakes, are ready for failures as
 * well.
 */
#include "../rig/slow_build.h"
#include "subject.h"

#include <dlfcn.h>
#include <emu/coverage.h>
#include <emu/fault.h>
#include <emu/token.h>

#include <emu/strategies.h>

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BUDGET = 4000, MENDED_RUNS = SLOW_BUILD ? 200 : 4000, WITHOUT = SLOW_BUILD ? 100 : 2000, SEED = 1 };

static const struct mistake {
    const char *scenario, *rule, *code;
} mistakes[] = {
    {"leaks_pool", "IO-LEFT-1", "0xC4/62"},
    {"leaks_buffer", "DMA-ADAPTER-10", "0xE6/07"},
    {"frees_twice", "EX-POOL-1", "0xC2/07"},
    {"completes_twice", "IO-COMPLETE-1", "0x44"},
    {"forgets_registers", "DMA-ADAPTER-12", "0xE6/09"},
    {"ignores_partial", "property", ""},
};
enum { MISTAKES = sizeof mistakes / sizeof mistakes[0] };

static struct emu_strategy *make_random(void *context)
{
    (void)context;
    return emu_strategy_random(1);
}

static struct emu_strategy *make_search(void *context)
{
    (void)context;
    return emu_strategy_exhaustive(0);
}

static struct emu_strategy *make_sweep(void *context)
{
    (void)context;
    return emu_strategy_sweep();
}

static struct emu_report explore(const char *module, const char *scenario, const struct emu_faults *faults,
                                 emu_strategy_maker *make, uint64_t runs)
{
    struct subject s = open_subject(module, scenario);
    if (faults == NULL)
        emu_machine_set_profile(s.machine, EMU_PROFILE_TYPICAL); /* the author's machine */
    emu_machine_set_faults(s.machine, faults != NULL);
    struct emu_strategy *strategy = faults != NULL ? emu_strategy_faults(faults, make, NULL) : make(NULL);
    struct emu_report report = explore_subject(&s, strategy, runs);
    close_subject(&s);
    return report;
}

static void require_found(const char *module, const struct mistake *mistake, const struct emu_faults *faults,
                          emu_strategy_maker *make)
{
    struct emu_report report = explore(module, mistake->scenario, faults, make, BUDGET);
    if (report.found != 1)
        fail_msg("%s was not found in %llu runs", mistake->scenario, (unsigned long long)report.runs);
    assert_string_equal(report.findings[0].finding.rule, mistake->rule);
    assert_string_equal(report.findings[0].finding.code, mistake->code);
    emu_report_free(&report);
}

/* rule: IO-LEFT-1, EMU-FAULT-3 */
static void a_sweep_finds_each_mistake_under_a_search_and_a_sampler(void **state)
{
    const struct emu_faults sweep = {.policy = EMU_FAULTS_SWEEP};
    for (unsigned i = 0; i < MISTAKES; i++) {
        require_found(*state, &mistakes[i], &sweep, make_search);
        require_found(*state, &mistakes[i], &sweep, make_random);
    }
}

/* rule: EMU-FAULT-9 */
static void one_failure_for_each_call_stack_finds_each_mistake(void **state)
{
    const struct emu_faults stacks = {.policy = EMU_FAULTS_STACKS};
    for (unsigned i = 0; i < MISTAKES; i++)
        require_found(*state, &mistakes[i], &stacks, make_search);
}

/* rule: EMU-FAULT-6 */
static void random_failures_find_each_mistake(void **state)
{
    const struct emu_faults random = {.policy = EMU_FAULTS_RANDOM, .rate = EMU_FAULTS_CERTAIN / 4};
    for (unsigned i = 0; i < MISTAKES; i++)
        require_found(*state, &mistakes[i], &random, make_random);
}

static void without_faults_nothing_is_found(void **state)
{
    for (unsigned i = 0; i < MISTAKES; i++) {
        struct emu_report report = explore(*state, mistakes[i].scenario, NULL, make_random, WITHOUT);
        require_clean(&report);
        emu_report_free(&report);
    }
}

/* rule: EMU-FAULT-3, EMU-FAULT-9 */
static void the_mended_driver_is_clean_under_complete_sweeps(void **state)
{
    const struct emu_faults policies[] = {{.policy = EMU_FAULTS_SWEEP},
                                          {.policy = EMU_FAULTS_SWEEP, .persistent = true},
                                          {.policy = EMU_FAULTS_STACKS}};
    for (unsigned i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        struct emu_report report = explore(*state, "mended", &policies[i], make_search, 0);
        require_clean(&report);
        assert_true(report.complete);
        emu_report_free(&report);
    }
    const struct emu_faults random = {.policy = EMU_FAULTS_RANDOM, .rate = EMU_FAULTS_CERTAIN / 4};
    struct emu_report report = explore(*state, "mended", &random, make_random, MENDED_RUNS);
    require_clean(&report);
    emu_report_free(&report);
}

/* Has the scenario a sweep without a finding, on the first platform that it is for? */
static bool is_ready(const char *module, const char *scenario)
{
    const struct emu_faults sweep = {.policy = EMU_FAULTS_SWEEP};
    struct subject s = open_subject(module, scenario);
    unsigned p = 0;
    while (!haldma_scenario_suits(s.scenario, haldma_platform_at(p)))
        p++;
    move_subject(&s, haldma_platform_at(p));
    emu_machine_set_faults(s.machine, true);
    struct emu_report report = explore_subject(&s, emu_strategy_faults(&sweep, make_search, NULL), 0);
    bool ready = report.found == 0 && report.complete;
    if (!ready)
        print_error("%s: %s %s\n", scenario, report.found != 0 ? report.findings[0].finding.rule : "",
                    report.found != 0 ? report.findings[0].finding.message : "the sweep did not end");
    emu_report_free(&report);
    close_subject(&s);
    return ready;
}

/* rule: EMU-FAULT-3 */
static void mended_drivers_are_ready_for_each_failure(void **state)
{
    unsigned mended = 0, ready = 0;
    for (char **path = *state; *path != NULL; path++) {
        void *handle = dlopen(*path, RTLD_NOW | RTLD_LOCAL);
        if (handle == NULL)
            fail_msg("%s", dlerror());
        const struct haldma_module *module = dlsym(handle, "haldma_module");
        assert_non_null(module);
        for (uint32_t i = 0; i < module->count; i++) {
            const char *name = module->scenarios[i].name;
            if (strstr(name, "mended") == NULL)
                continue;
            mended++;
            ready += is_ready(*path, name);
        }
        dlclose(handle);
    }
    assert_true(mended > 0);
    assert_int_equal(ready, mended);
}

/* Each call that a run makes from another place has its turn: fewer runs than calls, for loops. */
/* rule: EMU-FAULT-9 */
static void the_same_stack_fails_once(void **state)
{
    struct subject s = open_subject(*state, "mended");
    const struct emu_faults policies[] = {{.policy = EMU_FAULTS_SWEEP}, {.policy = EMU_FAULTS_STACKS}};
    uint64_t calls[2];
    emu_machine_set_profile(s.machine, EMU_PROFILE_TYPICAL);
    emu_machine_set_faults(s.machine, true);
    for (unsigned i = 0; i < 2; i++) {
        const struct emu_explore_options options = {.runs = 0};
        struct emu_strategy *strategy = emu_strategy_faults(&policies[i], make_search, NULL);
        struct emu_fault_sweep sweep;
        struct emu_report report;
        emu_explore(s.machine, &s.program, strategy, &options, &report);
        assert_true(emu_fault_sweep(strategy, &sweep) && sweep.ended);
        calls[i] = sweep.done;
        emu_report_free(&report);
        emu_strategy_destroy(strategy);
    }
    /* The second write makes the calls of the first one again. */
    assert_true(calls[1] < calls[0]);
    close_subject(&s);
}

/* rule: EMU-FAULT-10 */
static void shrinking_drops_faults_that_do_not_matter(void **state)
{
    const struct emu_faults random = {.policy = EMU_FAULTS_RANDOM, .rate = EMU_FAULTS_CERTAIN / 2, .seed = 3};
    struct subject s = open_subject(*state, "completes_twice");
    emu_machine_set_faults(s.machine, true);
    struct emu_report report = explore_subject(&s, emu_strategy_faults(&random, make_random, NULL), BUDGET);
    assert_int_equal(report.found, 1);
    const struct emu_shrink_options options = {0};
    struct emu_shrink_result result;
    assert_true(emu_shrink(s.machine, &s.program, &report.findings[0].record, &options, &result));
    assert_int_equal(emu_record_faults(&result.record), 1);
    emu_record_free(&result.record);
    emu_report_free(&report);
    close_subject(&s);
}

/* ---- Every strategy -------------------------------------------------------------------------- */

/* A strategy by its number; NULL: no such. Searches come behind the samplers. */
enum { SAMPLERS = 4, AUTO = 11, STRATEGIES = 12 };

static struct emu_strategy *make_strategy(unsigned which, struct emu_coverage *coverage)
{
    enum { DELAYS = 2 };
    const struct emu_bounds delays = {EMU_UNBOUNDED, EMU_UNBOUNDED, DELAYS, true};
    const struct emu_bounds none = {INT_MAX, EMU_UNBOUNDED, EMU_UNBOUNDED, true};
    const struct emu_faults sweep = {.policy = EMU_FAULTS_SWEEP};
    switch (which) {
    case 0:
        return emu_strategy_random(SEED);
    case 1:
        return emu_strategy_pct(SEED, 0);
    case 2:
        return emu_strategy_pos(SEED);
    case 3:
        return emu_strategy_surw(SEED);
    case SAMPLERS:
        return emu_strategy_exhaustive(1);
    case 5:
        return emu_strategy_deepening(1);
    case 6:
        return emu_strategy_bounded(&delays);
    case 7: /* which lets nothing but the schedule deviate, so that its faults are swept */
        return emu_strategy_faults(&sweep, make_sweep, NULL);
    case 8:
        return emu_strategy_dpor();
    case 9:
        return emu_strategy_dpor_source();
    case 10:
        return emu_strategy_dpor_bounded(1);
    case AUTO:
        return emu_strategy_auto(SEED, &none, coverage);
    default:
        return NULL;
    }
}

/* Map registers that are granted late are no default, and there are too many runs for a search. */
static bool is_for(unsigned which, const struct mistake *mistake)
{
    return which < SAMPLERS || which == AUTO || strcmp(mistake->scenario, "forgets_registers") != 0;
}

/* The run comes again out of its token, on a machine of its own, and out of what shrinking makes of it. */
static void require_again(const char *module, const char *scenario, enum emu_profile profile,
                          const struct emu_found *found)
{
    struct subject s = open_subject(module, scenario);
    emu_machine_set_profile(s.machine, profile);
    emu_machine_set_faults(s.machine, true);
    const struct emu_record *record = &found->record;
    struct emu_token token = {.program = emu_token_program(scenario),
                              .configuration = emu_token_configuration(s.machine),
                              .profile = profile,
                              .faults = true,
                              .hash = (uint32_t)found->hash,
                              .record = *record},
                     read;
    const char *why = "";
    char *text = emu_token_write(&token);
    assert_non_null(text);
    if (!emu_token_read(text, &read, &why))
        fail_msg("%s", why);
    assert_true(read.faults);
    struct emu_report report = explore_subject(&s, emu_strategy_replay(&read.record, true), 1);
    assert_int_equal(report.found, 1);
    assert_string_equal(report.findings[0].finding.rule, found->finding.rule);
    assert_true(report.findings[0].hash == found->hash);
    emu_report_free(&report);
    emu_record_free(&read.record);
    free(text);
    const struct emu_shrink_options options = {.runs = BUDGET};
    struct emu_shrink_result result;
    assert_true(emu_shrink(s.machine, &s.program, record, &options, &result));
    assert_true(emu_record_faults(&result.record) <= emu_record_faults(record));
    assert_true(emu_record_faults(&result.record) <= 1);
    emu_record_free(&result.record);
    close_subject(&s);
}

/* Failures are choices like any other: within so many runs each strategy finds each mistake. */
/* rule: EMU-FAULT-12 */
static void every_strategy_finds_each_mistake_and_its_token_is_the_run(void **state)
{
    enum { RUNS = 4000 };
    for (unsigned i = 0; i < MISTAKES * STRATEGIES; i++) {
        const struct mistake *mistake = &mistakes[i / STRATEGIES];
        unsigned which = i % STRATEGIES;
        if (!is_for(which, mistake))
            continue;
        struct emu_coverage *coverage = emu_coverage_create();
        struct emu_strategy *strategy = make_strategy(which, coverage);
        struct subject s = open_subject(*state, mistake->scenario);
        const struct emu_explore_options options = {.runs = RUNS, .coverage = coverage};
        const enum emu_profile profile =
            which < SAMPLERS || which == AUTO ? EMU_PROFILE_HOSTILE : EMU_PROFILE_TYPICAL;
        struct emu_report report;
        emu_machine_set_profile(s.machine, profile);
        emu_machine_set_faults(s.machine, true);
        emu_explore(s.machine, &s.program, strategy, &options, &report);
        if (report.found != 1)
            fail_msg("%s was not found by %s in %llu runs", mistake->scenario, strategy->name,
                     (unsigned long long)report.runs);
        const struct emu_found *found = &report.findings[0];
        assert_string_equal(found->finding.rule, mistake->rule);
        require_again(*state, mistake->scenario, profile, found);
        emu_report_free(&report);
        emu_strategy_destroy(strategy);
        emu_coverage_destroy(coverage);
        close_subject(&s);
    }
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s faults.so other.so...\n", argv[0]);
        return 2;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(a_sweep_finds_each_mistake_under_a_search_and_a_sampler, argv[1]),
        cmocka_unit_test_prestate(one_failure_for_each_call_stack_finds_each_mistake, argv[1]),
        cmocka_unit_test_prestate(random_failures_find_each_mistake, argv[1]),
        cmocka_unit_test_prestate(without_faults_nothing_is_found, argv[1]),
        cmocka_unit_test_prestate(the_mended_driver_is_clean_under_complete_sweeps, argv[1]),
        cmocka_unit_test_prestate(mended_drivers_are_ready_for_each_failure, argv + 2),
        cmocka_unit_test_prestate(the_same_stack_fails_once, argv[1]),
        cmocka_unit_test_prestate(every_strategy_finds_each_mistake_and_its_token_is_the_run, argv[1]),
        cmocka_unit_test_prestate(shrinking_drops_faults_that_do_not_matter, argv[1]),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
