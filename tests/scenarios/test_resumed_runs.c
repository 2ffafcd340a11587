/*
 * Runs that begin where an earlier set-up ended are the runs that they would have been from their set-up:
 * every scenario of the tree, on every platform that it is for, under strategies that vary frames, orders and
 * faults.
 */
#include "subject.h"

#include <dlfcn.h>
#include <emu/coverage.h>
#include <emu/crash.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 1, RUNS = 4, STEP_LIMIT = 2000, PREEMPTIONS = 1, PLATFORMS = 4, STACK_BYTES = 1 << 16 };

static char **modules;

/* Answers as the strategy inside does, and keeps the hash of each run. */
struct witness {
    struct emu_strategy base;
    struct emu_strategy *inside;
    struct emu_machine *machine;
    uint64_t hashes[2 * RUNS]; /* those of a profile come first */
    unsigned count;
};

static void witness_begin(struct emu_strategy *s, uint64_t run)
{
    struct witness *w = (struct witness *)s;
    w->inside->begin(w->inside, run);
}

static uint32_t witness_choose(struct emu_strategy *s, const struct emu_decision *d)
{
    struct witness *w = (struct witness *)s;
    return w->inside->choose(w->inside, d);
}

static bool witness_end(struct emu_strategy *s)
{
    struct witness *w = (struct witness *)s;
    if (w->count < 2 * RUNS)
        w->hashes[w->count++] = emu_trace_hash(w->machine);
    return w->inside->end(w->inside);
}

static const struct emu_divergence *witness_divergence(const struct emu_strategy *s)
{
    return emu_strategy_divergence(((const struct witness *)s)->inside);
}

static void witness_destroy(struct emu_strategy *s)
{
    (void)s;
}

struct shown {
    struct witness witness;
    struct emu_report report;
    uint64_t classes;
};

static void show(struct emu_machine *m, const struct haldma_scenario *scenario, struct emu_strategy *inside,
                 bool afresh, struct shown *shown)
{
    struct emu_program program;
    haldma_scenario_program(scenario, &program);
    memset(shown, 0, sizeof *shown);
    struct witness *w = &shown->witness;
    *w = (struct witness){.base = *inside, .inside = inside, .machine = m};
    w->base = (struct emu_strategy){.name = inside->name,
                                    .footprints = inside->footprints,
                                    .begin = witness_begin,
                                    .choose = witness_choose,
                                    .end = witness_end,
                                    .divergence = witness_divergence,
                                    .profile_runs = inside->profile_runs,
                                    .destroy = witness_destroy};
    struct emu_coverage *coverage = emu_coverage_create();
    struct emu_explore_options options = {.runs = RUNS,
                                          .keep_going = true,
                                          .coverage = coverage,
                                          .memory = afresh ? NULL : haldma_scenario_memory};
    emu_explore(m, &program, &w->base, &options, &shown->report);
    shown->classes = emu_coverage_classes(coverage);
    emu_coverage_destroy(coverage);
    emu_strategy_destroy(inside);
}

static struct emu_strategy *by_random(void)
{
    return emu_strategy_random(SEED);
}

static struct emu_strategy *by_surw(void)
{
    return emu_strategy_surw(SEED);
}

static struct emu_strategy *by_search(void)
{
    return emu_strategy_exhaustive(PREEMPTIONS);
}

static struct emu_strategy *(*const strategies[])(void) = {by_random, by_surw, by_search,
                                                           emu_strategy_dpor_source};
enum { STRATEGIES = sizeof strategies / sizeof strategies[0] };

static void compare_under(struct emu_machine *m, const struct haldma_scenario *scenario,
                          struct emu_strategy *(*strategy)(void), uint64_t *resumed_runs)
{
    static struct shown afresh, resumed;
    show(m, scenario, strategy(), true, &afresh);
    show(m, scenario, strategy(), false, &resumed);
    assert_int_equal(afresh.report.resumed, 0);
    assert_int_equal(afresh.report.runs, resumed.report.runs);
    assert_int_equal(afresh.report.steps, resumed.report.steps);
    assert_int_equal(afresh.report.found, resumed.report.found);
    for (unsigned f = 0; f < afresh.report.found; f++)
        assert_string_equal(afresh.report.findings[f].finding.message,
                            resumed.report.findings[f].finding.message);
    assert_int_equal(afresh.classes, resumed.classes);
    assert_int_equal(afresh.witness.count, resumed.witness.count);
    assert_memory_equal(afresh.witness.hashes, resumed.witness.hashes,
                        afresh.witness.count * sizeof afresh.witness.hashes[0]);
    *resumed_runs += resumed.report.resumed;
    emu_report_free(&afresh.report);
    emu_report_free(&resumed.report);
}

/* Runs that began at a checkpoint. Every strategy on the first machine, one that varies frames on the others.
 */
static uint64_t compare(const struct haldma_scenario *scenario, const struct haldma_config *config,
                        bool first)
{
    uint64_t runs = 0, failing = 0;
    const char *error = NULL;
    struct emu_machine *m = haldma_machine_create(config, &error);
    if (m == NULL)
        fail_msg("%s: %s", scenario->name, error);
    emu_crash_catch(m);
    for (unsigned i = 0; i < (first ? STRATEGIES : 1); i++)
        compare_under(m, scenario, strategies[i], &runs);
    emu_machine_set_faults(m, true);
    emu_machine_set_misbehaving(m, true);
    if (first)
        compare_under(m, scenario, by_random, &failing);
    emu_machine_destroy(m);
    return runs;
}

static uint64_t compare_everywhere(const struct haldma_scenario *scenario)
{
    const struct haldma_platform *platform;
    uint64_t runs = 0;
    bool first = true;
    for (unsigned i = 0; (platform = haldma_platform_at(i)) != NULL; i++) {
        struct haldma_config config;
        bool has_its_own = haldma_scenario_configure(scenario, platform, &config) == NULL;
        if (!has_its_own && !haldma_scenario_suits(scenario, platform))
            continue;
        config.machine.step_limit = STEP_LIMIT;
        runs += compare(scenario, &config, first);
        first = false;
        if (has_its_own)
            break;
    }
    return runs;
}

static void crashed(int number, siginfo_t *info, void *context)
{
    if (!emu_crash_signal(number, info, context)) {
        signal(number, SIG_DFL);
        raise(number);
    }
}

/* A driver may crash where something failed: that is a finding as any other. To be called in a test, before
 * which cmocka has set handlers of its own. */
static void catch_crashes(void)
{
    static char stack[STACK_BYTES];
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    struct sigaction action = {.sa_sigaction = crashed, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaction(numbers[i], &action, NULL);
}

static void runs_from_a_checkpoint_are_those_from_set_up(void **state)
{
    (void)state;
    catch_crashes();
    for (char **path = modules; *path != NULL; path++) {
        void *handle = dlopen(*path, RTLD_NOW | RTLD_LOCAL);
        if (handle == NULL)
            fail_msg("%s", dlerror());
        const struct haldma_module *module = dlsym(handle, "haldma_module");
        assert_non_null(module);
        for (uint32_t i = 0; i < module->count; i++) {
            const char *name = module->scenarios[i].name;
            uint64_t runs = compare_everywhere(&module->scenarios[i]);
            if (strcmp(name, "on_the_heap") == 0)
                assert_int_equal(runs, 0);
            else if (strcmp(name, "protocol_ddi_1") == 0)
                assert_in_range(runs, RUNS, STRATEGIES * RUNS * PLATFORMS);
        }
        dlclose(handle);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    modules = argv + 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(runs_from_a_checkpoint_are_those_from_set_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
