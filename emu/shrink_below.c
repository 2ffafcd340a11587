/*
 * Searching below: is there a run that fails in the same way with fewer preemptions? Where the search ends by
 * itself and none was found, that is a certificate.
 *
 * For each number of preemptions every run is made first, since what that shows rests on nothing. Where they
 * are too many for its share of the budget, partial-order reduction makes one run of each class
 * (strategy_dpor_bounded.c): what that shows rests on the footprints of steps, and on there being no races in
 * memory that is not watched.
 */
#include "emu/shrink_state.h"

enum { SHARE_OF_EVERY_RUN = 4 }; /* of what is left: one part in so many */

enum search_end { SEARCH_FOUND, SEARCH_EXHAUSTED, SEARCH_SPENT };

/* Is the whole of it known to have been seen? */
static bool is_proof(const struct emu_strategy *strategy)
{
    return !emu_strategy_divergence(strategy)->diverged && emu_strategy_is_proof(strategy);
}

static enum search_end search(struct emu_shrink *s, struct emu_strategy *strategy, uint64_t runs_max)
{
    EMU_ASSERT(strategy != NULL);
    enum search_end end = SEARCH_SPENT;
    uint64_t first = s->runs;
    bool more = true;
    while (more && !s->spent && s->runs - first < runs_max) {
        if (emu_shrink_fails(s, strategy)) {
            emu_shrink_take(s);
            end = SEARCH_FOUND;
            break;
        }
        more = strategy->end(strategy);
    }
    if (!more && is_proof(strategy))
        end = SEARCH_EXHAUSTED;
    emu_strategy_destroy(strategy);
    return end;
}

void emu_shrink_search_below(struct emu_shrink *s, struct emu_certificate *certificate)
{
    uint64_t first = s->runs;
    double started = emu_stopwatch_read(&s->watch);
    enum search_end end = SEARCH_EXHAUSTED;
    for (int bound = 0; end == SEARCH_EXHAUSTED && (uint64_t)bound < s->weight.preemptions; bound++) {
        end = search(s, emu_strategy_exhaustive(bound), (s->runs_max - s->runs) / SHARE_OF_EVERY_RUN);
        if (end == SEARCH_SPENT && !s->spent) {
            end = search(s, emu_strategy_dpor_bounded(bound), UINT64_MAX);
            certificate->by_classes |= end == SEARCH_EXHAUSTED;
        }
        if (end == SEARCH_EXHAUSTED)
            certificate->bounds = bound + 1;
    }
    certificate->stopped = end == SEARCH_SPENT;
    certificate->runs = s->runs - first;
    certificate->seconds = emu_stopwatch_read(&s->watch) - started;
}
