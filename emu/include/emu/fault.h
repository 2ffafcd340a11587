/*
 * Which of the calls that can fail do: policies over emu_fault(), with any strategy for all other choices.
 *
 * A machine's configuration says whether anything can fail at all (struct emu_config, faults). Where it can,
 * each such call is a choice of kind FAULT. A strategy of its own may answer it like any other choice
 * ("all"); the strategies below answer it themselves and leave the rest to another strategy.
 */
#ifndef EMU_FAULT_H
#define EMU_FAULT_H

#include <emu/explore.h>

#ifdef __cplusplus
extern "C" {
#endif

enum emu_fault_policy {
    EMU_FAULTS_OFF,    /* nothing fails: the configuration has no faults */
    EMU_FAULTS_ALL,    /* a choice like any other */
    EMU_FAULTS_SWEEP,  /* the Nth call that can fail does, for N = 1, 2, 3 ... until no run has so many */
    EMU_FAULTS_STACKS, /* the first call from each distinct call stack does, one stack after the other */
    EMU_FAULTS_RANDOM  /* each at a rate, at those sites that the draw has switched on */
};

enum { EMU_FAULTS_RUNS = 32, EMU_FAULTS_RATE = 64 /* of EMU_FAULTS_CERTAIN */, EMU_FAULTS_CERTAIN = 1000 };

struct emu_faults {
    enum emu_fault_policy policy; /* SWEEP, STACKS or RANDOM */
    bool persistent;              /* SWEEP: the Nth and all after it */
    unsigned rate;                /* RANDOM: of EMU_FAULTS_CERTAIN calls; 0: EMU_FAULTS_RATE */
    uint64_t seed;                /* RANDOM */
    uint64_t runs; /* for each N, each stack, each draw of RANDOM with a search; 0: EMU_FAULTS_RUNS */
};

/* A new one of the strategy that answers all other choices; NULL without memory. */
typedef struct emu_strategy *emu_strategy_maker(void *context);

/*
 * SWEEP: without a fault first, then with N = 1, 2, ... a new strategy is asked for each N and has its runs,
 * or as many as it has. When none of the runs for an N met so many calls, this ends: every call that can fail
 * did, in a run at least like the strategy's first. Strategies that begin with the default run make that the
 * base schedule.
 *
 * STACKS: the same, but what fails is the first call that a run makes from a call stack (emu/callers.h) that
 * has not had its turn. Ends when every stack that a run met has had it.
 *
 * RANDOM: for each draw half of the sites are switched on (all forms of failure come in clusters in the
 * field), and each call there fails at the rate. Samplers have a draw for each run, by its number, so that
 * they are divided as they are without faults (emu/part.h). A search repeats what it did, so it has a draw
 * for a number of runs, and a new strategy is asked for then. Never ends.
 *
 * In shards (emu/part.h) each has every so manyth N, or draw; STACKS are not divided, since which there are
 * is known from the runs before. What goes on makes the runs for an N, a stack or a draw again.
 *
 * The maker is called here and between runs. NULL: no memory, or the maker had none.
 */
struct emu_strategy *emu_strategy_faults(const struct emu_faults *faults, emu_strategy_maker *make,
                                         void *context);

/* What a sweep, or one by stacks, has come to. */
struct emu_fault_sweep {
    uint64_t calls; /* that can fail: most that a run met, or stacks that were met */
    uint64_t done;  /* of them, those that failed in their turn */
    uint64_t whole; /* of these, those for which the strategy had no further runs */
    bool ended;     /* every one had its turn */
};
/* False: neither. */
bool emu_fault_sweep(const struct emu_strategy *s, struct emu_fault_sweep *sweep);

/* How many calls failed in a record. */
size_t emu_record_faults(const struct emu_record *r);

#ifdef __cplusplus
}
#endif
#endif
