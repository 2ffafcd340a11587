/*
 * Probabilistic concurrency testing: random priorities, and a few decisions at which the first becomes the
 * last.
 *
 * A context's priority in a run is a hash of the two; those that were lowered stand in a short list, the
 * latest with the lowest priority. What is drawn follows from the seed, the number of the run and the
 * profile, so the bound holds for bugs within the first k decisions of a run, k being the longest run of the
 * profile.
 */
#include <emu/part.h>
#include <emu/strategies.h>

#include "emu/strategy_sampler.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEPTH_FIRST = 2, DEPTHS_IN_TURN = 4 };

struct lowered {
    uint32_t context;
    uint32_t rank; /* lower goes later */
};

struct pct {
    struct emu_sampler sampler;
    struct emu_program_profile profile;
    bool profiling;
    unsigned depth_wanted; /* 0: in turn */
    unsigned depth;        /* of this run */
    uint64_t runs[EMU_PCT_DEPTH_MAX + 1];
    uint64_t salt;
    uint32_t decision;
    uint32_t changes[EMU_PCT_DEPTH_MAX]; /* decisions at which the first becomes the last */
    struct lowered lowered[EMU_PCT_DEPTH_MAX];
    unsigned lowered_count;
};

static uint32_t decisions_of(const struct pct *p)
{
    return p->profile.decisions > 0 ? p->profile.decisions : EMU_PROFILE_DECISIONS_GUESS;
}

static uint32_t contexts_of(const struct pct *p)
{
    return p->profile.context_count > 0 ? p->profile.context_count : EMU_PROFILE_CONTEXTS_GUESS;
}

static void pct_give_up(struct emu_strategy *s)
{
    struct pct *p = (struct pct *)s;
    p->runs[p->depth] -= !p->profiling;
}

static void pct_begin(struct emu_strategy *s, uint64_t run)
{
    struct pct *p = (struct pct *)s;
    emu_sampler_begin(&p->sampler, run);
    p->profiling = run >= EMU_PROFILE_FIRST;
    if (p->profiling) {
        emu_profile_begin(&p->profile);
        return;
    }
    p->depth = p->depth_wanted != 0 ? p->depth_wanted : DEPTH_FIRST + (unsigned)(run % DEPTHS_IN_TURN);
    p->runs[p->depth]++;
    p->decision = 0;
    p->lowered_count = 0;
    p->salt = emu_splitmix(p->sampler.state);
    for (unsigned i = 0; i + 1 < p->depth; i++)
        p->changes[i] = emu_draw_below(&p->sampler, decisions_of(p));
}

static uint64_t priority(const struct pct *p, uint32_t context)
{
    for (unsigned i = 0; i < p->lowered_count; i++)
        if (p->lowered[i].context == context)
            return p->lowered[i].rank;
    return emu_splitmix(p->salt ^ context) | (uint64_t)1 << 63; /* above every rank */
}

static uint32_t first(const struct pct *p, const struct emu_decision *d)
{
    uint32_t best = 0;
    uint64_t highest = priority(p, emu_action_context(&d->actions[0]));
    for (uint32_t i = 1; i < d->count; i++) {
        uint64_t mine = priority(p, emu_action_context(&d->actions[i]));
        if (mine > highest) {
            highest = mine;
            best = i;
        }
    }
    return best;
}

/* The later the change, the lower the rank. */
static void lower(struct pct *p, uint32_t context, unsigned change)
{
    unsigned i = 0;
    while (i < p->lowered_count && p->lowered[i].context != context)
        i++;
    p->lowered[i] = (struct lowered){context, EMU_PCT_DEPTH_MAX - change};
    p->lowered_count += i == p->lowered_count;
}

static uint32_t pct_choose(struct emu_strategy *s, const struct emu_decision *d)
{
    struct pct *p = (struct pct *)s;
    if (p->profiling)
        return emu_profile_choose(&p->profile, &p->sampler, d);
    if (d->kind != EMU_CHOICE_SCHEDULE || d->actions == NULL)
        return emu_sampler_walk(&p->sampler, d);
    uint32_t best = first(p, d);
    for (unsigned i = 0; i + 1 < p->depth; i++) {
        if (p->changes[i] == p->decision) {
            lower(p, emu_action_context(&d->actions[best]), i);
            best = first(p, d);
        }
    }
    p->decision++;
    return best;
}

static bool pct_end(struct emu_strategy *s)
{
    struct pct *p = (struct pct *)s;
    if (p->profiling)
        emu_profile_end(&p->profile);
    return true;
}

static void pct_destroy(struct emu_strategy *s)
{
    free(s);
}

/* 1/(n k^(d-1)) */
static double chance(const struct pct *p, unsigned depth)
{
    double c = 1.0 / contexts_of(p);
    for (unsigned i = 1; i < depth; i++)
        c /= decisions_of(p);
    return c;
}

/* 1 - (1 - c)^runs, which for a small c a power would not tell from 0. */
static double chance_in(double c, uint64_t runs)
{
    double missed = 1.0, factor = 1.0 - c;
    for (uint64_t left = runs; left > 0; left >>= 1) {
        missed *= left & 1 ? factor : 1.0;
        factor *= factor;
    }
    return 1.0 - missed;
}

static bool pct_describe(const struct emu_strategy *s, char *text, size_t size)
{
    const struct pct *p = (const struct pct *)s;
    uint64_t runs = 0;
    for (unsigned depth = 1; depth <= EMU_PCT_DEPTH_MAX; depth++)
        runs += p->runs[depth];
    if (runs == 0)
        return false;
    int used = snprintf(text, size,
                        "pct finds a bug of depth d in the first k decisions with probability at least 1/(n "
                        "k^(d-1)) a run, n = %" PRIu32 ", k = %" PRIu32 ":",
                        contexts_of(p), decisions_of(p));
    for (unsigned depth = 1; depth <= EMU_PCT_DEPTH_MAX && used > 0 && (size_t)used < size; depth++) {
        if (p->runs[depth] == 0)
            continue;
        double c = chance(p, depth);
        used += snprintf(text + used, size - (size_t)used, " d = %u: %.2g a run, %.2g in %" PRIu64 " runs;",
                         depth, c, chance_in(c, p->runs[depth]), p->runs[depth]);
    }
    if (used > 0 && (size_t)used < size)
        text[used - 1] = '\0';
    return true;
}

static void pct_save(const struct emu_strategy *s, struct emu_words *to)
{
    const struct pct *p = (const struct pct *)s;
    for (unsigned depth = 1; depth <= EMU_PCT_DEPTH_MAX; depth++)
        emu_words_put(to, p->runs[depth]);
}

static bool pct_restore(struct emu_strategy *s, struct emu_words *from)
{
    struct pct *p = (struct pct *)s;
    for (unsigned depth = 1; depth <= EMU_PCT_DEPTH_MAX; depth++)
        p->runs[depth] = emu_words_take(from);
    return !from->short_of;
}

struct emu_strategy *emu_strategy_pct(uint64_t seed, unsigned depth)
{
    EMU_ASSERT(depth <= EMU_PCT_DEPTH_MAX);
    struct pct *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->sampler.base = (struct emu_strategy){.name = "pct",
                                            .begin = pct_begin,
                                            .give_up = pct_give_up,
                                            .choose = pct_choose,
                                            .end = pct_end,
                                            .destroy = pct_destroy,
                                            .profile_runs = EMU_PROFILE_RUNS,
                                            .describe = pct_describe,
                                            .save = pct_save,
                                            .restore = pct_restore};
    p->sampler.seed = seed;
    p->depth_wanted = depth;
    return &p->sampler.base;
}
