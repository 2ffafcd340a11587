/*
 * A run in which a bit of everything happens: strands that lock, block and move, interrupts that nest,
 * software interrupts, events, engines, registers, memory of every kind, printed text. For tests of what must
 * be equal between two runs.
 */
#ifndef TESTS_EMU_WORKLOAD_H
#define TESTS_EMU_WORKLOAD_H

#include <emu/machine.h>

/* What a run ended with. No padding: it is compared as bytes. */
struct workload_outcome {
    uint64_t hash;
    uint64_t steps;
    uint64_t time;
    uint64_t choices;
};

/* Resets m and makes one run with choices drawn from seed (0: every choice its default). Steady: allocates
 * nothing. */
void workload_run(struct emu_machine *m, uint64_t seed, struct workload_outcome *outcome);

/* The hashes of runs runs, folded into one. */
uint64_t workload_hash(struct emu_machine *m, unsigned runs);

#endif
