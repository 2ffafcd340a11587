/*
 * Guided runs: each begins where an earlier one got far.
 *
 * Somebody scores the runs while they go on. For each score that was ever reached the strategy keeps a few
 * ways there: the choices that a run had made when it reached it. A new run repeats one of them and goes on
 * as the sampler does. Every second run begins at the highest score, the others at every score in turn, the
 * lowest included: what got highest may be a way that leads no further.
 *
 * The ways of a score are taken in turn, and a new one takes the place of the oldest. No draw is made here:
 * run k follows from the sampler and the scores of the runs before it.
 */
#include <emu/explore.h>

#include "emu/strategy.h"

#include <stdlib.h>

enum { WAYS = 16 };

/* How a score was reached. */
struct summit {
    struct emu_record ways[WAYS];
    uint64_t kept;  /* ever */
    uint64_t taken; /* ever */
};

struct guided {
    struct emu_strategy base;
    struct emu_strategy *sampler;
    emu_score_fn *score;
    void *context;
    unsigned highest; /* score */
    unsigned limit;   /* scores above it count as it */

    struct emu_record made;             /* choices of this run */
    const struct emu_record *repeating; /* its first part */
    unsigned reached;                   /* by this run */
    size_t *when;                       /* for each score: choices made when this run reached it */
    unsigned begins_at;                 /* the score whose way it repeats */
    struct summit *summits;             /* limit + 1 */
};

static void guided_begin(struct emu_strategy *s, uint64_t run)
{
    struct guided *g = (struct guided *)s;
    g->sampler->begin(g->sampler, run);
    g->made.length = 0;
    g->reached = 0;
    g->begins_at = run % 2 == 0 ? g->highest : (unsigned)(run / 2 % (g->highest + 1));
    struct summit *from = &g->summits[g->begins_at];
    uint64_t ways = from->kept < WAYS ? from->kept : WAYS;
    g->repeating = ways != 0 ? &from->ways[from->taken++ % ways] : NULL;
}

/* Notes how far the run has got. */
static void look(struct guided *g)
{
    unsigned score = g->score(g->context);
    score = score < g->limit ? score : g->limit;
    while (g->reached < score)
        g->when[++g->reached] = g->made.length;
}

static uint32_t guided_choose(struct emu_strategy *s, const struct emu_decision *d)
{
    struct guided *g = (struct guided *)s;
    struct emu_choice choice = emu_decision_choice(d);
    size_t index = g->made.length;
    look(g);
    if (g->repeating != NULL && index < g->repeating->length && g->repeating->choices[index].value < d->count)
        choice.value = g->repeating->choices[index].value;
    else
        choice.value = (uint16_t)g->sampler->choose(g->sampler, d);
    emu_record_append(&g->made, choice);
    return choice.value;
}

static bool same_way(const struct emu_record *a, const struct emu_record *b)
{
    if (a->length != b->length)
        return false;
    for (size_t i = 0; i < a->length; i++) {
        if (a->choices[i].value != b->choices[i].value)
            return false;
    }
    return true;
}

static bool is_kept(const struct summit *s, const struct emu_record *way)
{
    for (uint64_t i = 0; i < s->kept && i < WAYS; i++) {
        if (same_way(&s->ways[i], way))
            return true;
    }
    return false;
}

/* What this run had chosen when it reached a score. */
static void keep(struct guided *g, unsigned score)
{
    struct summit *s = &g->summits[score];
    size_t whole = g->made.length;
    g->made.length = g->when[score];
    if (!is_kept(s, &g->made))
        emu_record_copy(&s->ways[s->kept++ % WAYS], &g->made);
    g->made.length = whole;
}

static bool guided_end(struct emu_strategy *s)
{
    struct guided *g = (struct guided *)s;
    look(g);
    for (unsigned score = g->begins_at + 1; score <= g->reached; score++)
        keep(g, score);
    g->highest = g->reached > g->highest ? g->reached : g->highest;
    return g->sampler->end(g->sampler);
}

static void guided_destroy(struct emu_strategy *s)
{
    struct guided *g = (struct guided *)s;
    emu_strategy_destroy(g->sampler);
    for (unsigned score = 0; g->summits != NULL && score <= g->limit; score++)
        for (unsigned way = 0; way < WAYS; way++)
            emu_record_free(&g->summits[score].ways[way]);
    emu_record_free(&g->made);
    free(g->summits);
    free(g->when);
    free(g);
}

struct emu_strategy *emu_strategy_guided(struct emu_strategy *sampler, unsigned limit, emu_score_fn *score,
                                         void *context)
{
    struct guided *g = sampler != NULL ? calloc(1, sizeof *g) : NULL;
    if (g == NULL) {
        emu_strategy_destroy(sampler);
        return NULL;
    }
    g->base = (struct emu_strategy){.name = "guided",
                                    .begin = guided_begin,
                                    .choose = guided_choose,
                                    .end = guided_end,
                                    .destroy = guided_destroy};
    g->sampler = sampler;
    g->limit = limit;
    g->score = score;
    g->context = context;
    g->summits = calloc((size_t)limit + 1, sizeof *g->summits);
    g->when = calloc((size_t)limit + 1, sizeof *g->when);
    if (g->summits == NULL || g->when == NULL) {
        guided_destroy(&g->base);
        return NULL;
    }
    return &g->base;
}
