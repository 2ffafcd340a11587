/*
 * Whole runs a second, by strategy, in one process.
 */
#include "bench_strategies.h"

#include "bench_protocol.h"

#include <stdio.h>
#include <stdlib.h>

static const uint64_t runs_measured = 100000;
enum { PREEMPTIONS = 2, DELAYS = 2, SEED = 1, NAME_TEXT = 64 };

struct subject {
    struct emu_machine *machine;
    struct emu_program program;
    struct emu_strategy *(*strategy)(void);
    struct emu_coverage *coverage; /* NULL: classes are not counted */
};

static struct emu_strategy *random_strategy(void)
{
    return emu_strategy_random(SEED);
}

static struct emu_strategy *exhaustive_strategy(void)
{
    return emu_strategy_exhaustive(PREEMPTIONS);
}

static struct emu_strategy *delay_strategy(void)
{
    return emu_strategy_bounded(&(struct emu_bounds){
        .preemptions = EMU_UNBOUNDED, .interrupts = EMU_UNBOUNDED, .delays = DELAYS, .deepening = true});
}

static struct emu_strategy *pct_strategy(void)
{
    return emu_strategy_pct(SEED, 0);
}

static struct emu_strategy *pos_strategy(void)
{
    return emu_strategy_pos(SEED);
}

static struct emu_strategy *surw_strategy(void)
{
    return emu_strategy_surw(SEED);
}

static const struct {
    const char *name;
    struct emu_strategy *(*make)(void);
} strategies[] = {
    {"random", random_strategy},
    {"exhaustive, 2 preemptions", exhaustive_strategy},
    {"delay, 2 delays", delay_strategy},
    {"sweep", emu_strategy_sweep},
    {"pct", pct_strategy},
    {"pos", pos_strategy},
    {"surw", surw_strategy},
    {"dpor", emu_strategy_dpor},
};
enum { STRATEGIES = sizeof strategies / sizeof strategies[0] };

/* As many runs as are to be measured, in as many explorations as that takes. */
static double runs_per_second(void *context)
{
    struct subject *s = context;
    uint64_t runs = 0;
    double start = bench_now();
    while (runs < runs_measured) {
        struct emu_strategy *strategy = s->strategy();
        struct emu_explore_options options = {
            .runs = runs_measured - runs, .coverage = s->coverage, .memory = haldma_scenario_memory};
        struct emu_report report;
        emu_explore(s->machine, &s->program, strategy, &options, &report);
        if (report.found > 0) {
            fprintf(stderr, "haldma-bench: %s\n", report.findings[0].finding.message);
            exit(EXIT_FAILURE);
        }
        runs += report.runs;
        emu_report_free(&report);
        emu_strategy_destroy(strategy);
    }
    static const double nanoseconds = 1e9;
    return (double)runs / (bench_now() - start) * nanoseconds;
}

void bench_strategies_on(const struct haldma_scenario *scenario, const char *name)
{
    struct haldma_config config = {0};
    const char *error;
    if (scenario->configure != NULL)
        scenario->configure(&config);
    for (unsigned i = 0; i < STRATEGIES; i++) {
        char line[NAME_TEXT];
        struct subject s = {.machine = haldma_machine_create(&config, &error),
                            .strategy = strategies[i].make};
        if (s.machine == NULL) {
            fprintf(stderr, "haldma-bench: %s\n", error);
            exit(EXIT_FAILURE);
        }
        haldma_scenario_program(scenario, &s.program);
        snprintf(line, sizeof line, "%s, %s", name, strategies[i].name);
        double plain = bench_median(runs_per_second, &s);
        bench_line(line, plain, "runs/s", 0, NULL);
        if (i == 0) {
            s.coverage = emu_coverage_create();
            snprintf(line, sizeof line, "%s, %s, classes counted", name, strategies[i].name);
            bench_line(line, bench_median(runs_per_second, &s), "runs/s", 0, NULL);
            emu_coverage_destroy(s.coverage);
        }
        emu_machine_destroy(s.machine);
    }
}

void bench_strategies(void)
{
    bench_strategies_on(&bench_protocol_locks, "protocol");
    bench_strategies_on(&bench_protocol_interface, "protocol by DDI");
}
