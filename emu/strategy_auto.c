/*
 * The portfolio: every strategy has its slices of runs, and those that find most that is new have most.
 *
 * First each has a slice in turn. From then on the next slice goes to whom new happens-before classes cost
 * the fewest steps lately; every so many slices it goes to the next in turn, so that nobody is given up for
 * good. Steps are counted, not time: what is run follows from the program and the seed, wherever it is run.
 *
 * The profile is made once, before the first slice of somebody who wants one, and shown to all who do: each
 * would make the same runs, for the answers follow from the seed.
 */
#include <emu/part.h>
#include <emu/strategies.h>

#include "emu/strategy_part.h"

#include "emu/strategy_sampler.h"
#include "emu/strategy_search.h"

#include <limits.h>
#include <stdlib.h>

enum {
    SLICE_RUNS = 64,
    FIRST_SLICE_RUNS = 2048, /* of the search: what it finds soon has the fewest preemptions */
    TURN_SLICES = 8,         /* every so many slices one goes by turn */
    LATELY_SHIFT = 1,        /* what was before the last slice counts half */
    STRATEGIES_MAX = 8,
};

/* What the end of a strategy means. */
enum arm_kind {
    ARM_SAMPLER, /* nothing */
    ARM_SEARCH,  /* every run was made, where the bounds cut nothing off */
    ARM_REDUCER, /* a run of every class was made, where nothing was in the way */
};

struct arm {
    struct emu_strategy *strategy;
    uint64_t runs;
    uint64_t classes;
    uint64_t lately_classes, lately_steps;
    bool ended;
    enum arm_kind kind;
};

struct portfolio {
    struct emu_strategy base;
    struct emu_coverage *coverage;
    struct arm arms[STRATEGIES_MAX];
    unsigned count;
    unsigned now;      /* whose slice it is */
    unsigned turn;     /* whose turn comes next */
    unsigned left;     /* runs of this slice */
    uint64_t slices;   /* begun so far */
    uint64_t profiled; /* runs of the profile begun so far */
    bool profiling;
    uint64_t classes_before;
    uint64_t shard, shards; /* of the numbers of runs, where a strategy does not divide itself */
};

static uint64_t classes_so_far(const struct portfolio *p)
{
    return emu_coverage_classes(p->coverage);
}

static unsigned next_in_turn(struct portfolio *p)
{
    do
        p->turn = (p->turn + 1) % p->count;
    while (p->arms[p->turn].ended);
    return p->turn;
}

/* Does a find more for its steps than b? Products instead of quotients. */
static bool is_better(const struct arm *a, const struct arm *b)
{
    return a->lately_classes * b->lately_steps > b->lately_classes * a->lately_steps;
}

static unsigned best_of(const struct portfolio *p)
{
    unsigned best = p->count;
    for (unsigned i = 0; i < p->count; i++)
        if (!p->arms[i].ended && (best == p->count || is_better(&p->arms[i], &p->arms[best])))
            best = i;
    EMU_ASSERT(best < p->count);
    return best;
}

static void next_slice(struct portfolio *p)
{
    bool by_turn = p->slices < p->count || p->slices % TURN_SLICES == 0;
    p->now = by_turn ? next_in_turn(p) : best_of(p);
    p->left = p->slices == 0 ? FIRST_SLICE_RUNS : SLICE_RUNS;
    p->slices++;
    struct arm *a = &p->arms[p->now];
    a->lately_classes >>= LATELY_SHIFT;
    a->lately_steps >>= LATELY_SHIFT;
}

static void begin_profile(struct portfolio *p)
{
    for (unsigned i = 0; i < p->count; i++)
        if (p->arms[i].strategy->profile_runs > 0)
            p->arms[i].strategy->begin(p->arms[i].strategy, EMU_PROFILE_FIRST + p->profiled);
    p->profiled++;
}

static void auto_begin(struct emu_strategy *s, uint64_t run)
{
    struct portfolio *p = (struct portfolio *)s;
    (void)run;
    if (p->left == 0)
        next_slice(p);
    struct arm *a = &p->arms[p->now];
    p->base.footprints = a->strategy->footprints;
    p->profiling = p->profiled < a->strategy->profile_runs;
    if (p->profiling) {
        begin_profile(p);
        return;
    }
    p->left--;
    p->classes_before = classes_so_far(p);
    a->strategy->begin(a->strategy, p->shard + a->runs++ * p->shards);
    s->is_elsewhere = a->strategy->is_elsewhere;
}

static uint32_t show_everybody(struct portfolio *p, const struct emu_decision *d)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < p->count; i++)
        if (p->arms[i].strategy->profile_runs > 0)
            value = p->arms[i].strategy->choose(p->arms[i].strategy, d);
    return value;
}

static uint32_t auto_choose(struct emu_strategy *s, const struct emu_decision *d)
{
    struct portfolio *p = (struct portfolio *)s;
    if (p->profiling)
        return show_everybody(p, d);
    struct emu_strategy *mine = p->arms[p->now].strategy;
    uint32_t value = mine->choose(mine, d);
    s->is_elsewhere = mine->is_elsewhere;
    return value;
}

static bool end_profile(struct portfolio *p)
{
    for (unsigned i = 0; i < p->count; i++)
        if (p->arms[i].strategy->profile_runs > 0)
            p->arms[i].strategy->end(p->arms[i].strategy);
    return true;
}

static bool has_diverged(const struct emu_strategy *s)
{
    const struct emu_divergence *d = emu_strategy_divergence(s);
    return d != NULL && d->diverged;
}

/* It ended: was nothing left out? */
static bool is_whole(const struct arm *a)
{
    if (has_diverged(a->strategy))
        return false;
    if (a->kind == ARM_REDUCER)
        return emu_strategy_is_proof(a->strategy);
    return a->kind == ARM_SEARCH && !emu_search_was_cut(a->strategy);
}

static bool auto_end(struct emu_strategy *s)
{
    struct portfolio *p = (struct portfolio *)s;
    if (p->profiling)
        return end_profile(p);
    struct arm *a = &p->arms[p->now];
    uint64_t found = classes_so_far(p) - p->classes_before;
    a->classes += found;
    a->lately_classes += found;
    a->lately_steps += emu_coverage_steps(p->coverage) + 1;
    if (a->strategy->end(a->strategy))
        return true;
    a->ended = true;
    p->left = 0;
    return !is_whole(a);
}

static void give_up(struct emu_strategy *s)
{
    if (s->give_up != NULL)
        s->give_up(s);
}

static void auto_give_up(struct emu_strategy *s)
{
    struct portfolio *p = (struct portfolio *)s;
    if (p->profiling) {
        p->profiled--;
        return;
    }
    struct arm *a = &p->arms[p->now];
    p->left++;
    a->runs--;
    give_up(a->strategy);
}

static void auto_destroy(struct emu_strategy *s)
{
    struct portfolio *p = (struct portfolio *)s;
    for (unsigned i = 0; i < p->count; i++)
        emu_strategy_destroy(p->arms[i].strategy);
    free(p);
}

/* A search repeats choices: where they do not come again, the program depends on more than choices. A reducer
 * predicts which ones come: where it is wrong, it is given up, and the others go on. */
static const struct emu_divergence *auto_divergence(const struct emu_strategy *s)
{
    const struct portfolio *p = (const struct portfolio *)s;
    const struct arm *a = &p->arms[p->now];
    return p->profiling || a->kind == ARM_REDUCER ? NULL : emu_strategy_divergence(a->strategy);
}

/* Where it is the reducer that made it complete. */
static const struct emu_reduction *auto_reduction(const struct emu_strategy *s)
{
    const struct portfolio *p = (const struct portfolio *)s;
    const struct arm *a = &p->arms[p->now];
    return a->kind == ARM_REDUCER && a->ended && is_whole(a) ? emu_strategy_reduction(a->strategy) : NULL;
}

static const char *auto_running(const struct emu_strategy *s)
{
    const struct portfolio *p = (const struct portfolio *)s;
    return p->profiling ? "profile" : p->arms[p->now].strategy->name;
}

static bool auto_describe(const struct emu_strategy *s, char *text, size_t size)
{
    const struct portfolio *p = (const struct portfolio *)s;
    for (unsigned i = 0; i < p->count; i++)
        if (emu_strategy_describe(p->arms[i].strategy, text, size))
            return true;
    return false;
}

/* ---- Parts ---- */

static void auto_set_shard(struct emu_strategy *s, uint32_t index, uint32_t count)
{
    struct portfolio *p = (struct portfolio *)s;
    p->shard = index;
    p->shards = count;
    for (unsigned i = 0; i < p->count; i++)
        emu_strategy_set_shard(p->arms[i].strategy, index, count);
}

struct emu_strategy *emu_auto_arm(struct emu_strategy *s, unsigned index)
{
    struct portfolio *p = (struct portfolio *)s;
    return s->begin == auto_begin && index < p->count ? p->arms[index].strategy : NULL;
}

uint64_t emu_auto_profiled(const struct emu_strategy *s)
{
    return ((const struct portfolio *)s)->profiled;
}

static void auto_save(const struct emu_strategy *s, struct emu_words *to)
{
    const struct portfolio *p = (const struct portfolio *)s;
    const uint64_t numbers[] = {p->now, p->turn, p->left, p->slices, p->profiled};
    for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        emu_words_put(to, numbers[i]);
    for (unsigned i = 0; i < p->count; i++) {
        const struct arm *a = &p->arms[i];
        const uint64_t counts[] = {a->runs, a->classes, a->lately_classes, a->lately_steps, a->ended};
        for (unsigned k = 0; k < sizeof counts / sizeof counts[0]; k++)
            emu_words_put(to, counts[k]);
        emu_strategy_save(a->strategy, to);
    }
}

static bool auto_restore(struct emu_strategy *s, struct emu_words *from)
{
    struct portfolio *p = (struct portfolio *)s;
    p->now = (unsigned)emu_words_take_below(from, p->count);
    p->turn = (unsigned)emu_words_take_below(from, p->count);
    p->left = (unsigned)emu_words_take_below(from, FIRST_SLICE_RUNS + 1);
    p->slices = emu_words_take(from);
    p->profiled = emu_words_take_below(from, EMU_PROFILE_RUNS + 1);
    bool good = true;
    for (unsigned i = 0; i < p->count && good; i++) {
        struct arm *a = &p->arms[i];
        a->runs = emu_words_take(from);
        a->classes = emu_words_take(from);
        a->lately_classes = emu_words_take(from);
        a->lately_steps = emu_words_take(from);
        a->ended = emu_words_take_below(from, 2) != 0;
        good = a->strategy->restore == NULL || a->strategy->restore(a->strategy, from);
    }
    return good && !from->short_of;
}

static bool add(struct portfolio *p, struct emu_strategy *strategy, enum arm_kind kind)
{
    EMU_ASSERT(p->count < STRATEGIES_MAX);
    if (strategy != NULL)
        p->arms[p->count++] = (struct arm){.strategy = strategy, .kind = kind};
    return strategy != NULL;
}

struct emu_strategy *emu_strategy_auto(uint64_t seed, const struct emu_bounds *bounds,
                                       struct emu_coverage *coverage)
{
    struct portfolio *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->base = (struct emu_strategy){.name = "auto",
                                    .begin = auto_begin,
                                    .give_up = auto_give_up,
                                    .choose = auto_choose,
                                    .end = auto_end,
                                    .destroy = auto_destroy,
                                    .divergence = auto_divergence,
                                    .reduction = auto_reduction,
                                    .describe = auto_describe,
                                    .running = auto_running,
                                    .set_shard = auto_set_shard,
                                    .save = auto_save,
                                    .restore = auto_restore};
    p->coverage = coverage;
    p->shards = 1;
    struct emu_bounds delays = {EMU_UNBOUNDED, EMU_UNBOUNDED, INT_MAX, true};
    bool complete =
        add(p, emu_strategy_bounded(bounds), ARM_SEARCH) && add(p, emu_strategy_sweep(), ARM_SAMPLER) &&
        add(p, emu_strategy_dpor(), ARM_REDUCER) && add(p, emu_strategy_pct(seed, 0), ARM_SAMPLER) &&
        add(p, emu_strategy_surw(seed), ARM_SAMPLER) && add(p, emu_strategy_pos(seed), ARM_SAMPLER) &&
        add(p, emu_strategy_random(seed), ARM_SAMPLER) && add(p, emu_strategy_bounded(&delays), ARM_SEARCH);
    if (!complete) {
        auto_destroy(&p->base);
        return NULL;
    }
    p->turn = p->count - 1; /* so that the first is the first */
    return &p->base;
}

bool emu_strategy_share(const struct emu_strategy *auto_strategy, unsigned index, struct emu_share *share)
{
    if (auto_strategy->begin != auto_begin)
        return false;
    const struct portfolio *p = (const struct portfolio *)auto_strategy;
    if (index >= p->count)
        return false;
    const struct arm *a = &p->arms[index];
    *share = (struct emu_share){.name = a->strategy->name,
                                .runs = a->runs,
                                .classes = a->classes,
                                .ended = a->ended,
                                .whole = a->ended && is_whole(a)};
    return true;
}

bool emu_strategy_describe(const struct emu_strategy *s, char *text, size_t size)
{
    return s->describe != NULL && s->describe(s, text, size);
}
