/*
 * Whole runs of the sample scenario a second, by strategy, in one process.
 */
#include "bench.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t runs_measured = 200000;
enum { PREEMPTIONS = 2, SEED = 1 };

struct subject {
    struct emu_machine *machine;
    struct emu_program program;
    struct emu_strategy *(*strategy)(void);
};

static struct emu_strategy *random_strategy(void)
{
    return emu_strategy_random(SEED);
}

static struct emu_strategy *exhaustive_strategy(void)
{
    return emu_strategy_exhaustive(PREEMPTIONS);
}

static double runs_per_second(void *context)
{
    struct subject *s = context;
    struct emu_strategy *strategy = s->strategy();
    struct emu_explore_options options = {.runs = runs_measured};
    struct emu_report report;
    emu_explore(s->machine, &s->program, strategy, &options, &report);
    if (report.found > 0) {
        fprintf(stderr, "haldma-bench: %s\n", report.findings[0].finding.message);
        exit(EXIT_FAILURE);
    }
    double rate = (double)report.runs / report.seconds;
    emu_report_free(&report);
    emu_strategy_destroy(strategy);
    return rate;
}

static void measure(const struct haldma_scenario *scenario, const char *name,
                    struct emu_strategy *(*strategy)(void))
{
    struct haldma_config config = {0};
    const char *error;
    if (scenario->configure != NULL)
        scenario->configure(&config);
    struct subject s = {.machine = haldma_machine_create(&config, &error), .strategy = strategy};
    if (s.machine == NULL) {
        fprintf(stderr, "haldma-bench: %s\n", error);
        exit(EXIT_FAILURE);
    }
    haldma_scenario_program(scenario, &s.program);
    bench_line(name, bench_median(runs_per_second, &s), "runs/s", 0, NULL);
    emu_machine_destroy(s.machine);
}

int bench_explore(const char *module_path)
{
    void *module = dlopen(module_path, RTLD_NOW | RTLD_LOCAL);
    const struct haldma_module *list = module != NULL ? dlsym(module, "haldma_module") : NULL;
    if (list == NULL) {
        fprintf(stderr, "haldma-bench: %s\n", dlerror());
        return EXIT_FAILURE;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        const struct haldma_scenario *scenario = &list->scenarios[i];
        if (strcmp(scenario->name, "cancel_mended") != 0)
            continue;
        measure(scenario, "sample, random", random_strategy);
        measure(scenario, "sample, exhaustive, 2 preemptions", exhaustive_strategy);
    }
    dlclose(module);
    return EXIT_SUCCESS;
}
