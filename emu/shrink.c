/*
 * Shrinking: from a record that fails to the smallest one that can be found that fails for the same rule and
 * code.
 *
 * Smaller means fewer preemptions, then fewer deviations from the defaults, then fewer choices. A record is
 * edited, replayed tolerantly, and what that run really chose is the new record, if it failed in the same way
 * and is smaller. Three tools:
 *
 *   delta debugging   takes away ever smaller groups of deviations until no single one can go (Zeller,
 * Hildebrandt 2002) search below      looks at every run with 0, 1, 2 ... preemptions, while these are fewer
 * than there are now: the first that fails is taken; a number whose runs were all clean is a certificate
 *   delta debugging   once more, on what the search found
 *
 * Every decision follows from the runs made so far: equal budgets of runs give equal results. Seconds are an
 * outer guard.
 */
#include <emu/explore.h>
#include <emu/trace.h>

#include "emu/stopwatch.h"

#include <stdlib.h>
#include <string.h>

#define SECONDS_DEFAULT 10.0
enum { RUNS_DEFAULT = 200000 };

struct shrink {
    struct emu_machine *machine;
    const struct emu_program *program;
    struct emu_stopwatch watch;
    uint64_t runs;
    uint64_t runs_max;
    double seconds_max;
    bool spent; /* a budget is used up */

    struct emu_finding finding; /* what must fail */
    struct emu_record best;
    unsigned preemptions; /* of best */
    size_t deviations;

    struct emu_record edited;      /* what the tolerant replay answers from */
    struct emu_strategy *tolerant; /* replay of edited */
    size_t *places;                /* where best deviates */
    size_t places_capacity;
};

/* Makes one run; true when it fails for the same rule and code. Counts against the budget. */
static bool fails(struct shrink *s, struct emu_strategy *strategy)
{
    struct emu_machine *m = s->machine;
    emu_machine_set_strategy(m, strategy);
    strategy->begin(strategy, 0);
    bool failed = emu_run_program(m, s->program) == EMU_STOP_FINDING;
    s->runs++;
    bool late = emu_stopwatch_tick(&s->watch) && s->watch.looked >= s->seconds_max;
    s->spent = s->spent || late || s->runs >= s->runs_max;
    const struct emu_finding *f = emu_machine_finding(m);
    return failed && strcmp(f->rule, s->finding.rule) == 0 && strcmp(f->code, s->finding.code) == 0;
}

/* The machine's last run becomes the best one. */
static void take(struct shrink *s)
{
    emu_record_copy(&s->best, emu_machine_record(s->machine));
    s->preemptions = emu_record_preemptions(&s->best);
    s->deviations = emu_record_deviations(&s->best);
}

static bool is_smaller(const struct shrink *s, const struct emu_record *r)
{
    unsigned preemptions = emu_record_preemptions(r);
    if (preemptions != s->preemptions)
        return preemptions < s->preemptions;
    size_t deviations = emu_record_deviations(r);
    if (deviations != s->deviations)
        return deviations < s->deviations;
    return r->length < s->best.length;
}

/* Runs what was edited, and takes the run when it fails and is smaller. */
static bool try_edited(struct shrink *s)
{
    if (!fails(s, s->tolerant) || !is_smaller(s, emu_machine_record(s->machine)))
        return false;
    take(s);
    return true;
}

/* ---- Delta debugging --------------------------------------------------------------------------------------
 */

static size_t list_places(struct shrink *s, bool preemptions_only)
{
    if (s->places_capacity < s->deviations) {
        size_t *places = realloc(s->places, s->deviations * sizeof *places);
        EMU_ASSERT(places != NULL);
        s->places = places;
        s->places_capacity = s->deviations;
    }
    size_t count = 0;
    for (size_t i = 0; i < s->best.length; i++) {
        const struct emu_choice *c = &s->best.choices[i];
        bool costs = c->kind == EMU_CHOICE_SCHEDULE && !c->free;
        if (c->value != 0 && (costs || !preemptions_only))
            s->places[count++] = i;
    }
    return count;
}

/* Tries the best record without the deviations at places first to end - 1. */
static bool try_without(struct shrink *s, size_t first, size_t end)
{
    emu_record_copy(&s->edited, &s->best);
    for (size_t i = first; i < end; i++)
        s->edited.choices[s->places[i]].value = 0;
    return try_edited(s);
}

/* One pass over the groups of this size, later ones first: they disturb least of what comes after. True: one
 * could go. */
static bool remove_groups(struct shrink *s, size_t count, size_t size)
{
    for (size_t end = count; end > 0 && !s->spent; end -= size < end ? size : end) {
        if (try_without(s, end > size ? end - size : 0, end))
            return true;
    }
    return false;
}

static void delta_debug(struct shrink *s, bool preemptions_only)
{
    size_t count = list_places(s, preemptions_only);
    size_t size = count;
    while (size > 0 && !s->spent) {
        if (remove_groups(s, count, size)) {
            count = list_places(s, preemptions_only);
            size = size < count ? size : count;
        } else {
            size /= 2;
        }
    }
}

static void delta_debug_all(struct shrink *s)
{
    delta_debug(s, true);
    delta_debug(s, false);
}

/* ---- Search below -----------------------------------------------------------------------------------------
 */

enum search_end { SEARCH_FOUND, SEARCH_EXHAUSTED, SEARCH_SPENT };

static enum search_end search(struct shrink *s, int preemptions)
{
    struct emu_strategy *strategy = emu_strategy_exhaustive(preemptions);
    EMU_ASSERT(strategy != NULL);
    enum search_end end = SEARCH_SPENT;
    bool more = true;
    while (more && !s->spent) {
        if (fails(s, strategy)) {
            take(s);
            end = SEARCH_FOUND;
            break;
        }
        more = strategy->end(strategy);
    }
    if (!more && !emu_strategy_divergence(strategy)->diverged)
        end = SEARCH_EXHAUSTED;
    emu_strategy_destroy(strategy);
    return end;
}

/* Returns the largest number of preemptions shown to be too few, or -1. */
static int search_below(struct shrink *s)
{
    int exhausted = -1;
    for (int bound = 0; (unsigned)bound < s->preemptions; bound++) {
        if (search(s, bound) != SEARCH_EXHAUSTED)
            break;
        exhausted = bound;
    }
    return exhausted;
}

/* ---- The whole --------------------------------------------------------------------------------------------
 */

/* Runs the failing record as it is; what it fails with is what shall be kept. */
static bool learn(struct shrink *s, const struct emu_record *failing)
{
    emu_record_copy(&s->edited, failing);
    fails(s, s->tolerant);
    const struct emu_finding *f = emu_machine_finding(s->machine);
    if (f == NULL)
        return false;
    s->finding = *f;
    take(s);
    return true;
}

static bool confirm(struct shrink *s, uint64_t *hash)
{
    struct emu_strategy *strict = emu_strategy_replay(&s->best, true);
    EMU_ASSERT(strict != NULL);
    bool failed = fails(s, strict);
    strict->end(strict);
    *hash = emu_trace_hash(s->machine);
    bool same = failed && !emu_strategy_divergence(strict)->diverged;
    emu_machine_set_strategy(s->machine, NULL);
    emu_strategy_destroy(strict);
    return same;
}

bool emu_shrink(struct emu_machine *m, const struct emu_program *program, const struct emu_record *failing,
                const struct emu_shrink_options *options, struct emu_shrink_result *result)
{
    struct shrink s = {.machine = m,
                       .program = program,
                       .runs_max = options->runs != 0 ? options->runs : RUNS_DEFAULT,
                       .seconds_max = options->seconds > 0 ? options->seconds : SECONDS_DEFAULT};
    *result = (struct emu_shrink_result){.exhausted_below = -1};
    emu_stopwatch_start(&s.watch);
    s.tolerant = emu_strategy_replay(&s.edited, false);
    EMU_ASSERT(s.tolerant != NULL);

    bool failed = learn(&s, failing);
    if (failed) {
        result->preemptions_before = s.preemptions;
        result->deviations_before = s.deviations;
        delta_debug_all(&s);
        result->exhausted_below = search_below(&s);
        delta_debug_all(&s);
        failed = confirm(&s, &result->hash);
    }
    if (failed) {
        result->record = s.best;
        result->runs = s.runs;
        result->preemptions_after = s.preemptions;
        result->deviations_after = s.deviations;
    } else {
        emu_record_free(&s.best);
    }
    emu_machine_set_strategy(m, NULL);
    emu_strategy_destroy(s.tolerant);
    emu_record_free(&s.edited);
    free(s.places);
    return failed;
}
