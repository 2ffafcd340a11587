/*
 * Shrinking: from a record that fails to the smallest one that can be found that fails for the same rule and
 * code. What is smaller is said in struct emu_shrink_weight.
 *
 * A record is edited, replayed tolerantly, and what that run really chose is the new record, if it failed in
 * the same way and is smaller:
 *
 *   delta debugging   takes away ever smaller groups of deviations until no single one can go (Zeller,
 *                     Hildebrandt 2002)
 *   beginning anew    does that with other runs that fail in this way, drawn at random: from the first one
 *                     there may be no way down to the smallest
 *   search below      looks at every run with 0, 1, 2 ... preemptions, while these are fewer than there are
 *                     now: the first that fails is taken; a number whose runs were all clean is a certificate
 *   replacing         puts something else in an interrupt's place
 *   sliding           moves preemptions to neighbouring places
 *   delta debugging   once more, on what the search found
 *
 * Every decision follows from the runs made so far: equal budgets of runs give equal results. Seconds are an
 * outer guard.
 */
#include "emu/shrink_state.h"

#include <emu/trace.h>

#include <stdlib.h>
#include <string.h>

#define SECONDS_DEFAULT 10.0
enum {
    RUNS_DEFAULT = 200000,
    ANEW_SHARE = 8, /* of the budget: one part in so many goes into beginning anew */
    ANEW_MOST = 16, /* failing runs to begin with */
    ANEW_SEED = 1,
};

/* What delta debugging works with. */
struct editing {
    struct emu_record edited;      /* what the tolerant replay answers from */
    struct emu_strategy *tolerant; /* replay of edited */
    size_t *places;                /* where the best record deviates */
    size_t places_capacity;
};

/* ---- Making runs --------------------------------------------------------------------------------------- */

static uint32_t weigh(struct emu_strategy *strategy, const struct emu_decision *d)
{
    struct emu_shrink_scale *scale = (struct emu_shrink_scale *)strategy;
    struct emu_shrink_weight *w = &scale->weight;
    uint32_t value = scale->answers->choose(scale->answers, d);
    bool deviates = value != 0;
    w->choices++;
    w->deviations += deviates;
    if (d->kind != EMU_CHOICE_SCHEDULE)
        return value;
    const struct emu_action *a = &d->actions[value];
    bool preempts = deviates && !d->free;
    w->preemptions += preempts;
    w->inside += preempts && d->actions[0].op < EMU_OP_BASE_KERNEL;
    w->interrupts += deviates && (a->kind == EMU_ACTION_DELIVER || a->kind == EMU_ACTION_SOFT);
    w->switches += deviates || d->free;
    return value;
}

bool emu_shrink_fails(struct emu_shrink *s, struct emu_strategy *strategy)
{
    struct emu_machine *m = s->machine;
    s->scale = (struct emu_shrink_scale){.answers = strategy};
    s->scale.base = *strategy;
    s->scale.base.choose = weigh;
    emu_machine_set_strategy(m, &s->scale.base);
    strategy->begin(strategy, s->runs);
    bool failed = emu_run_program(m, s->program) == EMU_STOP_FINDING;
    emu_machine_set_strategy(m, NULL);
    s->runs++;
    bool late = emu_stopwatch_tick(&s->watch) && s->watch.looked >= s->seconds_max;
    s->spent = s->spent || late || s->runs >= s->runs_max;
    const struct emu_finding *f = emu_machine_finding(m);
    return failed && strcmp(f->rule, s->finding.rule) == 0 && strcmp(f->code, s->finding.code) == 0;
}

void emu_shrink_take(struct emu_shrink *s)
{
    emu_record_copy(&s->best, emu_machine_record(s->machine));
    s->weight = s->scale.weight;
    EMU_ASSERT(s->weight.preemptions == emu_record_preemptions(&s->best));
    EMU_ASSERT(s->weight.deviations == emu_record_deviations(&s->best));
}

static bool is_smaller(const struct emu_shrink_weight *a, const struct emu_shrink_weight *b)
{
    const uint64_t mine[] = {a->preemptions, a->interrupts, a->deviations,
                             a->inside,      a->switches,   a->choices};
    const uint64_t other[] = {b->preemptions, b->interrupts, b->deviations,
                              b->inside,      b->switches,   b->choices};
    for (unsigned i = 0; i < sizeof mine / sizeof mine[0]; i++) {
        if (mine[i] != other[i])
            return mine[i] < other[i];
    }
    return false;
}

bool emu_shrink_take_smaller(struct emu_shrink *s)
{
    if (!is_smaller(&s->scale.weight, &s->weight))
        return false;
    emu_shrink_take(s);
    return true;
}

/* ---- Delta debugging ------------------------------------------------------------------------------------
 */

static size_t list_places(const struct emu_shrink *s, struct editing *e, bool preemptions_only)
{
    if (e->places_capacity < s->weight.deviations) {
        size_t *places = realloc(e->places, s->weight.deviations * sizeof *places);
        EMU_ASSERT(places != NULL);
        e->places = places;
        e->places_capacity = s->weight.deviations;
    }
    size_t count = 0;
    for (size_t i = 0; i < s->best.length; i++) {
        const struct emu_choice *c = &s->best.choices[i];
        bool costs = c->kind == EMU_CHOICE_SCHEDULE && !c->free;
        if (c->value != 0 && (costs || !preemptions_only))
            e->places[count++] = i;
    }
    return count;
}

/* Tries the best record without the deviations at places first to end - 1. */
static bool try_without(struct emu_shrink *s, struct editing *e, size_t first, size_t end)
{
    emu_record_copy(&e->edited, &s->best);
    for (size_t i = first; i < end; i++)
        e->edited.choices[e->places[i]].value = 0;
    return emu_shrink_fails(s, e->tolerant) && emu_shrink_take_smaller(s);
}

/* One pass over the groups of this size, later ones first: they disturb least of what comes after. True: one
 * could go. */
static bool remove_groups(struct emu_shrink *s, struct editing *e, size_t count, size_t size)
{
    for (size_t end = count; end > 0 && !s->spent; end -= size < end ? size : end) {
        if (try_without(s, e, end > size ? end - size : 0, end))
            return true;
    }
    return false;
}

static void delta_debug(struct emu_shrink *s, struct editing *e, bool preemptions_only)
{
    size_t count = list_places(s, e, preemptions_only);
    size_t size = count;
    while (size > 0 && !s->spent) {
        if (remove_groups(s, e, count, size)) {
            count = list_places(s, e, preemptions_only);
            size = size < count ? size : count;
        } else {
            size /= 2;
        }
    }
}

static void delta_debug_all(struct emu_shrink *s, struct editing *e)
{
    delta_debug(s, e, true);
    delta_debug(s, e, false);
}

/* The machine's last run, which failed, is reduced, and is the best one where it comes to less. */
static void reduce_another(struct emu_shrink *s, struct editing *e)
{
    struct emu_record kept = {0};
    struct emu_shrink_weight weight = s->weight;
    emu_record_copy(&kept, &s->best);
    emu_shrink_take(s);
    delta_debug_all(s, e);
    if (!is_smaller(&s->weight, &weight)) {
        emu_record_copy(&s->best, &kept);
        s->weight = weight;
    }
    emu_record_free(&kept);
}

static void begin_anew(struct emu_shrink *s, struct editing *e)
{
    struct emu_strategy *random = emu_strategy_random(ANEW_SEED);
    EMU_ASSERT(random != NULL);
    uint64_t last = s->runs + (s->runs_max - s->runs) / ANEW_SHARE;
    double until = s->watch.looked + (s->seconds_max - s->watch.looked) / ANEW_SHARE;
    unsigned found = 0;
    while (s->weight.preemptions > 0 && found < ANEW_MOST && s->runs < last && s->watch.looked < until &&
           !s->spent) {
        bool failed = emu_shrink_fails(s, random);
        random->end(random);
        if (failed) {
            found++;
            reduce_another(s, e);
        }
    }
    emu_strategy_destroy(random);
}

/* Tries every other answer at one place; true: it is smaller with one of them. */
static bool replace(struct emu_shrink *s, struct editing *e, size_t place)
{
    struct emu_choice here = s->best.choices[place];
    for (uint16_t value = 1; value < here.count && !s->spent; value++) {
        if (value == here.value)
            continue;
        emu_record_copy(&e->edited, &s->best);
        e->edited.choices[place].value = value;
        if (emu_shrink_fails(s, e->tolerant) && emu_shrink_take_smaller(s))
            return true;
    }
    return false;
}

/* Where an interrupt was delivered something else may do as well. */
static void replace_interrupts(struct emu_shrink *s, struct editing *e)
{
    uint64_t before = s->weight.interrupts + 1;
    while (s->weight.interrupts > 0 && s->weight.interrupts < before && !s->spent) {
        before = s->weight.interrupts;
        size_t count = list_places(s, e, false);
        while (count > 0 && s->weight.interrupts == before && !s->spent)
            replace(s, e, e->places[--count]);
    }
}

/* ---- The whole ------------------------------------------------------------------------------------------
 */

static void begin(struct emu_shrink *s, struct editing *e, const struct emu_shrink_options *options,
                  struct emu_shrink_result *result)
{
    s->runs_max = options->runs != 0 ? options->runs : RUNS_DEFAULT;
    s->seconds_max = options->seconds > 0 ? options->seconds : SECONDS_DEFAULT;
    emu_stopwatch_start(&s->watch);
    e->tolerant = emu_strategy_replay(&e->edited, false);
    EMU_ASSERT(e->tolerant != NULL);
    *result = (struct emu_shrink_result){.exhausted_below = -1};
}

/* Runs the failing record as it is; what it fails with is what shall be kept. */
static bool learn(struct emu_shrink *s, struct editing *e, const struct emu_record *failing)
{
    emu_record_copy(&e->edited, failing);
    emu_shrink_fails(s, e->tolerant);
    const struct emu_finding *f = emu_machine_finding(s->machine);
    if (f == NULL)
        return false;
    s->finding = *f;
    emu_shrink_take(s);
    return true;
}

static bool confirm(struct emu_shrink *s, uint64_t *hash)
{
    struct emu_strategy *strict = emu_strategy_replay(&s->best, true);
    EMU_ASSERT(strict != NULL);
    bool failed = emu_shrink_fails(s, strict);
    strict->end(strict);
    *hash = emu_trace_hash(s->machine);
    bool same = failed && !emu_strategy_divergence(strict)->diverged;
    emu_strategy_destroy(strict);
    return same;
}

/* Gives the best record up to the result, where there is one that fails again. */
static bool finish(struct emu_shrink *s, struct editing *e, bool failed, struct emu_shrink_result *result)
{
    if (failed && confirm(s, &result->hash)) {
        result->record = s->best;
        result->preemptions_after = (unsigned)s->weight.preemptions;
        result->interrupts_after = (unsigned)s->weight.interrupts;
        result->deviations_after = s->weight.deviations;
    } else {
        emu_record_free(&s->best);
        failed = false;
    }
    result->runs = s->runs;
    result->seconds = emu_stopwatch_read(&s->watch);
    result->exhausted_below = result->certificate.bounds - 1;
    emu_strategy_destroy(e->tolerant);
    emu_record_free(&e->edited);
    free(e->places);
    return failed;
}

/* What is left to do when no run with fewer preemptions is looked for any more. */
static void simplify(struct emu_shrink *s, struct editing *e)
{
    delta_debug_all(s, e);
    emu_shrink_slide(s);
    replace_interrupts(s, e);
    emu_shrink_slide(s);
}

bool emu_shrink(struct emu_machine *m, const struct emu_program *program, const struct emu_record *failing,
                const struct emu_shrink_options *options, struct emu_shrink_result *result)
{
    struct emu_shrink s = {.machine = m, .program = program};
    struct editing e = {0};
    begin(&s, &e, options, result);
    bool failed = learn(&s, &e, failing);
    if (failed) {
        result->preemptions_before = (unsigned)s.weight.preemptions;
        result->interrupts_before = (unsigned)s.weight.interrupts;
        result->deviations_before = s.weight.deviations;
        delta_debug_all(&s, &e);
        begin_anew(&s, &e);
        emu_shrink_search_below(&s, &result->certificate);
        simplify(&s, &e);
    }
    return finish(&s, &e, failed, result);
}

bool emu_shrink_find(struct emu_machine *m, const struct emu_program *program,
                     const struct emu_finding *finding, unsigned preemptions,
                     const struct emu_shrink_options *options, struct emu_shrink_result *result)
{
    struct emu_shrink s = {.machine = m, .program = program, .finding = *finding};
    struct editing e = {0};
    begin(&s, &e, options, result);
    s.weight.preemptions = (uint64_t)preemptions + 1; /* what is found has fewer */
    emu_shrink_search_below(&s, &result->certificate);
    bool found = s.weight.preemptions <= preemptions;
    if (found) {
        simplify(&s, &e);
    }
    return finish(&s, &e, found, result);
}
