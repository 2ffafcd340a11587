/*
 * Runs a second of a scenario, under each strategy.
 */
#ifndef BENCH_STRATEGIES_H
#define BENCH_STRATEGIES_H

#include "bench.h"

/* Prints a line for each strategy. */
void bench_strategies_on(const struct haldma_scenario *scenario, const char *name);

/* The same for the two protocols of bench_protocol.h. */
void bench_strategies(void);

#endif
