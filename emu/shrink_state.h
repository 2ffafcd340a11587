/*
 * Shrinking, as its parts share it: shrink.c leads and takes deviations away, shrink_below.c searches runs
 * with fewer preemptions, shrink_slide.c moves preemptions to where they are easier to understand. Private to
 * emu.
 */
#ifndef EMU_SHRINK_STATE_H
#define EMU_SHRINK_STATE_H

#include <emu/explore.h>

#include "emu/stopwatch.h"

/* How much there is to understand of a run: compared from the top. */
struct emu_shrink_weight {
    uint64_t preemptions;
    uint64_t interrupts; /* delivered by a choice that is not the default */
    uint64_t deviations;
    uint64_t inside;   /* preemptions between two calls of the driver: at an access or a register */
    uint64_t switches; /* choices after which another context went on */
    uint64_t choices;
};

/* Stands between the machine and whoever answers, and weighs. */
struct emu_shrink_scale {
    struct emu_strategy base;
    struct emu_strategy *answers;
    struct emu_shrink_weight weight; /* of the run */
};

struct emu_shrink {
    struct emu_machine *machine;
    const struct emu_program *program;
    struct emu_stopwatch watch;
    uint64_t runs;
    uint64_t runs_max;
    double seconds_max;
    bool spent; /* a budget is used up */

    struct emu_finding finding; /* what must fail */
    struct emu_shrink_scale scale;
    struct emu_record best;
    struct emu_shrink_weight weight; /* of best */
};

/* Makes one run under a strategy; true when it fails for the same rule and code. Counts against the budget.
 */
bool emu_shrink_fails(struct emu_shrink *s, struct emu_strategy *strategy);

/* The machine's last run becomes the best one. */
void emu_shrink_take(struct emu_shrink *s);

/* Takes the machine's last run, which failed, where it weighs less than the best one. */
bool emu_shrink_take_smaller(struct emu_shrink *s);

/*
 * Searches the runs with 0, 1, 2 ... preemptions while these are fewer than the best run has, and takes the
 * first that fails.
 */
void emu_shrink_search_below(struct emu_shrink *s, struct emu_certificate *certificate);

/*
 * Drops deviations of the best run that can go when the others stay with whom they were, and moves
 * preemptions to the nearest place where the driver calls something, and to where the fewest switches are
 * needed.
 */
void emu_shrink_slide(struct emu_shrink *s);

#endif
