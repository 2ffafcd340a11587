/*
 * The oracle for reductions: every interleaving of a small program, and which of them are one class.
 *
 * The relation is computed here a second time and in the simplest way: two events conflict when they touch
 * one place and one of them writes; a class is the order that follows from all pairs of conflicting events.
 * Nothing is shared with the code under test but the list of what each event touched.
 */
#ifndef TESTS_EMU_BRUTE_FORCE_H
#define TESTS_EMU_BRUTE_FORCE_H

#include "race.h"

#include "emu/footprint.h"

/* A set of 64-bit values with how often each came. */
struct tally {
    uint64_t *values;
    uint32_t *times;
    size_t count, capacity;
};
void tally_free(struct tally *t);
void tally_add(struct tally *t, uint64_t value);
bool tally_has(const struct tally *t, uint64_t value);
uint32_t tally_most(const struct tally *t);                    /* how often the most frequent one came */
bool tally_same(const struct tally *a, const struct tally *b); /* the same values, however often */

/* What an exploration saw. */
struct seen {
    struct tally classes;
    struct tally
        whole; /* of these, those of runs that no finding stopped: how far others were does not matter */
    struct tally outcomes;
    uint64_t runs, blocked;
    bool complete;
    struct emu_reduction reduction;
};
void seen_free(struct seen *s);

/* The class of the run that a book of footprints is about. */
uint64_t brute_class(const struct emu_footprints *f);

/* Explores; outcome(context) is asked after each run, NULL: there is none. The strategy ends with the call.
 */
typedef uint64_t outcome_fn(void *context);
struct seen explore_seen(struct emu_machine *m, const struct emu_program *program,
                         struct emu_strategy *strategy, outcome_fn *outcome, void *context,
                         uint64_t runs_max);

/*
 * For searches beyond the tests, by the environment: HALDMA_ORACLE_OFFSET=N draws other programs (N thousand
 * is added to each first state), HALDMA_ORACLE_PROGRAMS=N draws so many of each kind.
 */
uint64_t oracle_offset(void);
unsigned oracle_programs(unsigned count);

#endif
