/*
 * Strategies beyond the plain ones of explore.h: samplers that aim, searches with other bounds, and the one
 * that shares its runs among all of them.
 *
 * Where a strategy samples, run k depends on the program, on (seed, k) and on its profile alone. The profile
 * is what a few runs show that emu_explore() makes before the first (see struct emu_strategy); they follow
 * from the program and the seed. Without them (somebody calls begin() by hand) guesses take its place.
 */
#ifndef EMU_STRATEGIES_H
#define EMU_STRATEGIES_H

#include <emu/coverage.h>
#include <emu/explore.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Probabilistic concurrency testing (Burckhardt and others, 2010). Contexts (strands, interrupt lines,
 * software interrupts, engines, timers) have priorities drawn for the run, the first of those that can go on
 * goes on, and at depth - 1 decisions drawn from all of them the first becomes the last. With n contexts and
 * k decisions a run finds a bug that depends on the order of depth decisions with probability at least 1/(n
 * k^(depth-1)). A depth of 0: 2, 3, 4 and 5 in turn.
 */
enum { EMU_PCT_DEPTH_MAX = 16 };
struct emu_strategy *emu_strategy_pct(uint64_t seed, unsigned depth);

/*
 * Partial order sampling (Yuan and others, 2018). Every announced operation has a priority of its own, the
 * first goes on, and those that it conflicts with (same object, not both reading) draw anew.
 */
struct emu_strategy *emu_strategy_pos(uint64_t seed);

/*
 * Selectively uniform random walk (2025). Contexts are drawn with the number of decisions that they have left
 * by the profile (at least one) as their weight; in every other run only operations on one object, drawn from
 * those that several contexts use, are ordered in this way, and the others at random.
 */
struct emu_strategy *emu_strategy_surw(uint64_t seed);

/*
 * Default runs with one thing out of order: run k takes the kth of all interrupts, engines and timers that
 * the default run could have taken at any of its decisions, and after an engine or a timer the first
 * interrupt that it brings. Run 0 is the default run. Ends by itself.
 */
struct emu_strategy *emu_strategy_sweep(void);

/* A depth-first search; EMU_UNBOUNDED in a field: no bound. */
struct emu_bounds {
    int preemptions;
    int interrupts; /* bounded: a delivery that leaves a context which could have gone on counts here and is
                       no preemption */
    int delays;     /* a schedule choice of value v costs v of them, free or not */
    bool deepening; /* separate complete passes with 0, 1, 2 ... preemptions (or delays, where those alone are
                       bounded), up to the bound, as long as the bound cuts something off */
};
struct emu_strategy *emu_strategy_bounded(const struct emu_bounds *bounds);

/*
 * All of them, in slices of runs. Each goes on as long as it finds new happens-before classes, counted by
 * *coverage, for fewer steps than the others do; every few slices each has its turn anyway. Steps, not time:
 * which run comes when follows from the program and the seed. bounds: of the depth-first search among them;
 * when that ends with nothing cut off, every run there is was made, and so does this. The caller owns
 * *coverage and gives it to emu_explore(), too.
 */
struct emu_strategy *emu_strategy_auto(uint64_t seed, const struct emu_bounds *bounds,
                                       struct emu_coverage *coverage);

/* One of the strategies that auto shares its runs among: its name and how many it has had. False: no such. */
struct emu_share {
    const char *name;
    uint64_t runs;
    uint64_t classes; /* that were new */
    bool ended;       /* it has no further runs */
    bool whole;       /* and nothing was left out: the space is exhausted */
};
bool emu_strategy_share(const struct emu_strategy *auto_strategy, unsigned index, struct emu_share *share);

/* One line about what a clean result of this strategy says (PCT: its bound); false: there is nothing to say.
 */
bool emu_strategy_describe(const struct emu_strategy *s, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
