/*
 * Every scenario of the tree once as it is, and once with each kind of interposer beneath its drivers: a
 * filter that wraps all members of all adapters. The results must be the same: the findings, and the set of
 * outcomes over every interleaving with one preemption. An outcome is what the requests of a run ended with,
 * in order; that the data is right is stated by the scenario itself.
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

#define INTERPOSER_TAG 0x72746E49u /* "Intr": its adapters and completions */

enum { PREEMPTIONS = 1, TRIALS_MAX = 2048, OUTCOMES_MAX = 4096, NAME_BYTES = 128 };

enum { RUNS_MAX = SLOW_BUILD ? 4 : 200, SLOW_PLATFORMS = 2 };

struct trial {
    const struct haldma_scenario *scenario;
    const struct haldma_platform *platform;
    PDRIVER_INITIALIZE filter;
    char name[NAME_BYTES];
};

/* ---- What a run comes to --------------------------------------------------------------------- */

struct outcomes {
    struct emu_program inner; /* the scenario's program */
    uint64_t seen[OUTCOMES_MAX];
    unsigned count;
    bool interposed; /* an adapter was wrapped */
    bool removed;    /* a run took its device away */
    bool left_over;  /* something of the interposer's is still allocated at the end */
};

/* What the requests of the race ended with, in order, as far as the trace goes. */
static uint64_t digest(const struct emu_machine *m)
{
    const uint64_t prime = 0x100000001B3ull;
    uint64_t hash = 0xCBF29CE484222325ull;
    for (size_t i = emu_trace_race(m); i < emu_trace_length(m); i++) {
        const struct emu_trace_entry *e = emu_trace_entry(m, i);
        const struct emu_op_info *info = emu_op_info(m, e->op);
        if (info != NULL && strcmp(info->name, "IoCompleteRequest") == 0)
            hash = (hash ^ e->arg) * prime;
    }
    return hash;
}

/* Did the run that is ending take its device away? Not every scenario does. */
static bool removed(const struct emu_machine *m)
{
    for (size_t i = emu_trace_length(m); i-- > 0;) {
        const struct emu_trace_entry *e = emu_trace_entry(m, i);
        if (e->arg == IRP_MN_REMOVE_DEVICE &&
            strcmp(emu_op_info(m, e->op)->name, "bus driver's PnP dispatch") == 0)
            return true;
    }
    return false;
}

static void note(struct outcomes *o, uint64_t outcome)
{
    unsigned i = 0;
    while (i < o->count && o->seen[i] != outcome)
        i++;
    if (i == o->count && o->count < OUTCOMES_MAX)
        o->seen[o->count++] = outcome;
}

static void set_up(void *context)
{
    struct outcomes *o = context;
    if (o->inner.set_up != NULL)
        o->inner.set_up(o->inner.context);
    o->interposed |= haldma_pool_blocks(INTERPOSER_TAG) != 0;
}

static void check(void *context)
{
    struct outcomes *o = context;
    note(o, digest(emu_current()));
    o->interposed |= haldma_pool_blocks(INTERPOSER_TAG) != 0;
    o->inner.check(o->inner.context);
    bool gone = removed(emu_current());
    o->removed |= gone;
    o->left_over |= gone && haldma_pool_blocks(INTERPOSER_TAG) != 0;
}

static struct emu_report explore(const struct trial *t, PDRIVER_INITIALIZE filter, int preemptions,
                                 uint64_t runs, struct outcomes *o)
{
    const struct haldma_scenario *scenario = t->scenario;
    struct haldma_config config;
    const char *error = NULL;
    haldma_scenario_configure(scenario, t->platform, &config);
    config.filter = filter;
    struct emu_machine *m = haldma_machine_create(&config, &error);
    if (m == NULL)
        fail_msg("%s", error);
    *o = (struct outcomes){.count = 0};
    haldma_scenario_program(scenario, &o->inner);
    struct emu_program program = {scenario->name, set_up, check, o};
    struct emu_explore_options options = {.runs = runs, .keep_going = true};
    struct emu_report report;
    struct emu_strategy *strategy = emu_strategy_exhaustive(preemptions);
    emu_trace_record(m, true);
    emu_explore(m, &program, strategy, &options, &report);
    emu_strategy_destroy(strategy);
    emu_machine_destroy(m);
    return report;
}

/* ---- The comparison -------------------------------------------------------------------------- */

static void require_same_findings(const struct emu_report *plain, const struct emu_report *filtered)
{
    for (unsigned i = 0; i < plain->found; i++)
        print_message("found %s %s\n", plain->findings[i].finding.rule, plain->findings[i].finding.code);
    assert_int_equal(filtered->found, plain->found);
    for (unsigned i = 0; i < plain->found; i++) {
        const struct emu_finding *f = &plain->findings[i].finding;
        bool same = false;
        for (unsigned k = 0; k < filtered->found; k++)
            same |= strcmp(filtered->findings[k].finding.rule, f->rule) == 0 &&
                    strcmp(filtered->findings[k].finding.code, f->code) == 0;
        if (!same)
            fail_msg("not found through the interposer: %s %s: %s", f->rule, f->code, f->message);
    }
}

static void require_same_outcomes(const struct outcomes *plain, const struct outcomes *filtered)
{
    assert_int_equal(filtered->count, plain->count);
    for (unsigned i = 0; i < plain->count; i++) {
        unsigned k = 0;
        while (k < filtered->count && filtered->seen[k] != plain->seen[i])
            k++;
        if (k == filtered->count)
            fail_msg("an outcome is not reached through the interposer");
    }
}

static unsigned interposed, removals;

/* All runs with so many preemptions. False: there are more than can be made here. */
static bool compare(const struct trial *t, int preemptions)
{
    static struct outcomes plain, filtered;
    struct emu_report without = explore(t, NULL, preemptions, RUNS_MAX, &plain);
    struct emu_report with = explore(t, t->filter, preemptions, RUNS_MAX, &filtered);
    bool complete = without.complete;
    print_message("%d preemptions: %llu and %llu runs%s, %u outcomes\n", preemptions,
                  (unsigned long long)without.runs, (unsigned long long)with.runs,
                  complete ? ", complete" : "", plain.count);
    require_same_findings(&without, &with);
    assert_int_equal(with.complete, complete);
    if (complete)
        require_same_outcomes(&plain, &filtered);
    assert_false(plain.interposed);
    removals += filtered.removed;
    assert_false(filtered.left_over);
    emu_report_free(&without);
    emu_report_free(&with);
    return complete;
}

/* rule: DMA-LEGACY-6 */
static void a_scenario_has_the_same_results_through_the_interposer(void **state)
{
    const struct trial *t = *state;
    static struct outcomes once;
    struct emu_report report = explore(t, t->filter, 0, 1, &once);
    emu_report_free(&report);
    if (!once.interposed)
        skip(); /* no adapter: there is nothing to interpose */
    interposed++;
    if (!compare(t, PREEMPTIONS))
        compare(t, 0);
}

/* The samples use their adapters: a filter that answered nothing would be equal to none. */
static void the_interposer_was_there(void **state)
{
    (void)state;
    assert_true(interposed >= 2);
    assert_true(removals >= 2);
}

/* ---- All of them ----------------------------------------------------------------------------- */

static struct trial trials[TRIALS_MAX];
static struct CMUnitTest tests[TRIALS_MAX + 1];
static size_t count;

static void *open_module(const char *path)
{
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (module == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(2);
    }
    return module;
}

static PDRIVER_INITIALIZE open_filter(const char *path, const char *entry)
{
    PDRIVER_INITIALIZE routine;
    void *symbol = dlsym(open_module(path), entry);
    if (symbol == NULL) {
        fprintf(stderr, "%s has no %s\n", path, entry);
        exit(2);
    }
    memcpy(&routine, &symbol, sizeof routine);
    return routine;
}

static void add(const struct haldma_scenario *scenario, const struct haldma_platform *platform,
                PDRIVER_INITIALIZE filter, const char *kind)
{
    struct trial *t = &trials[count];
    if (count == TRIALS_MAX)
        exit(2);
    *t = (struct trial){.scenario = scenario, .platform = platform, .filter = filter};
    snprintf(t->name, sizeof t->name, "%s on %s has the same results through %s", scenario->name,
             platform->name, kind);
    tests[count++] =
        (struct CMUnitTest){t->name, a_scenario_has_the_same_results_through_the_interposer, NULL, NULL, t};
}

/* On each platform that it is for; on its own machine once. Slow builds: on two, the two kinds in turn. */
static void add_all(const struct haldma_scenario *scenario, PDRIVER_INITIALIZE wraps,
                    PDRIVER_INITIALIZE replaces)
{
    struct haldma_config config;
    const struct haldma_platform *platform;
    bool own = false;
    unsigned suited = 0;
    for (unsigned i = 0; !own && (platform = haldma_platform_at(i)) != NULL; i++) {
        if (!haldma_scenario_suits(scenario, platform) || (SLOW_BUILD && suited == SLOW_PLATFORMS))
            continue;
        suited++;
        own = haldma_scenario_configure(scenario, platform, &config) == NULL;
        if (!SLOW_BUILD || suited % 2 != 0)
            add(scenario, platform, wraps, "an adapter of the interposer's own");
        if (!SLOW_BUILD || suited % 2 == 0 || own)
            add(scenario, platform, replaces, "a replaced table");
    }
}

int main(int argc, char **argv)
{
    enum { WRAPS = 1, REPLACES, MODULES };
    if (argc <= MODULES) {
        fprintf(stderr, "usage: %s interposer_wraps.so interposer_replaces.so scenarios.so...\n", argv[0]);
        return 2;
    }
    PDRIVER_INITIALIZE wraps = open_filter(argv[WRAPS], "interposer_wraps_DriverEntry");
    PDRIVER_INITIALIZE replaces = open_filter(argv[REPLACES], "interposer_replaces_DriverEntry");
    for (int i = MODULES; i < argc; i++) {
        const struct haldma_module *module = dlsym(open_module(argv[i]), "haldma_module");
        for (uint32_t k = 0; module != NULL && k < module->count; k++)
            add_all(&module->scenarios[k], wraps, replaces);
    }
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(the_interposer_was_there);
    return _cmocka_run_group_tests("scenarios.interposer", tests, count, NULL, NULL);
}
