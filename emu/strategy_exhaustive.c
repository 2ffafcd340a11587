/*
 * Depth-first search through every choice, with an optional bound on preemptions.
 *
 * A path is the stack of branching points of one run. The next run repeats the path up to the last branching
 * point that has an untried value, takes the next value there and defaults from there on. A schedule choice
 * that would cost a preemption when none is left is no branching point: it is answered with the default and
 * not on the path.
 *
 * The search is sound only if repeating the path gives the same run. Each repeated branching point is
 * compared with the one on the path; a difference is a divergence, after which the search ends, for there is
 * nothing true left to say.
 *
 * Deepening makes separate searches with 0, 1, 2 ... preemptions, and is done when a search was not cut
 * anywhere.
 */
#include <emu/explore.h>

#include "emu/strategy.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_CAPACITY_FIRST = 256 };

struct exhaustive {
    struct emu_strategy base;
    struct emu_choice *path;
    size_t capacity;
    size_t depth;         /* branching points met in this run */
    size_t prefix;        /* how many of them are repeated */
    size_t index;         /* choices met in this run */
    unsigned left;        /* preemptions left in this run; UINT_MAX: no bound */
    unsigned bound;       /* of the present search */
    unsigned bound_limit; /* of the last search */
    bool cut;             /* the bound took a value away somewhere in this search */
    struct emu_divergence divergence;
};

static void exhaustive_begin(struct emu_strategy *s, uint64_t run)
{
    struct exhaustive *e = (struct exhaustive *)s;
    (void)run;
    e->depth = 0;
    e->index = 0;
    e->left = e->bound;
}

static void path_grow(struct exhaustive *e)
{
    size_t capacity = e->capacity == 0 ? PATH_CAPACITY_FIRST : 2 * e->capacity;
    struct emu_choice *path = realloc(e->path, capacity * sizeof *path);
    EMU_ASSERT(path != NULL);
    e->path = path;
    e->capacity = capacity;
}

static bool same_place(struct emu_choice a, struct emu_choice b)
{
    return a.kind == b.kind && a.free == b.free && a.site == b.site && a.count == b.count;
}

static void diverge(struct exhaustive *e, struct emu_choice offered)
{
    if (e->divergence.diverged)
        return;
    e->divergence = (struct emu_divergence){
        .diverged = true, .index = e->index, .recorded = e->path[e->depth], .offered = offered};
}

static uint32_t exhaustive_choose(struct emu_strategy *s, const struct emu_decision *d)
{
    struct exhaustive *e = (struct exhaustive *)s;
    bool costs = emu_decision_costs(d);
    if (costs && e->left == 0) {
        e->cut = true;
        e->index++;
        return 0;
    }
    struct emu_choice here = emu_decision_choice(d);
    uint32_t value = 0;
    if (e->depth < e->prefix) {
        if (e->divergence.diverged || !same_place(e->path[e->depth], here)) {
            diverge(e, here);
            return 0;
        }
        value = e->path[e->depth].value;
        if (costs && value != 0 && e->left != UINT_MAX)
            e->left--;
    } else {
        if (e->depth == e->capacity)
            path_grow(e);
        e->path[e->depth] = here;
    }
    e->depth++;
    e->index++;
    return value;
}

/* The next search of a deepening, where one is left. */
static bool deepen(struct exhaustive *e)
{
    if (!e->cut || e->bound == e->bound_limit)
        return false;
    e->bound++;
    e->cut = false;
    e->prefix = 0;
    return true;
}

static bool exhaustive_end(struct emu_strategy *s)
{
    struct exhaustive *e = (struct exhaustive *)s;
    if (e->depth < e->prefix)
        diverge(e, (struct emu_choice){0});
    if (e->divergence.diverged)
        return false;
    size_t depth = e->depth;
    while (depth > 0 && e->path[depth - 1].value + 1 == e->path[depth - 1].count)
        depth--;
    if (depth == 0)
        return deepen(e);
    e->path[depth - 1].value++;
    e->prefix = depth;
    return true;
}

static void exhaustive_destroy(struct emu_strategy *s)
{
    struct exhaustive *e = (struct exhaustive *)s;
    free(e->path);
    free(e);
}

static const struct emu_divergence *exhaustive_divergence(const struct emu_strategy *s)
{
    return &((const struct exhaustive *)s)->divergence;
}

static struct emu_strategy *exhaustive_create(const char *name, unsigned bound, unsigned bound_limit)
{
    struct exhaustive *e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
    e->base = (struct emu_strategy){.name = name,
                                    .begin = exhaustive_begin,
                                    .choose = exhaustive_choose,
                                    .end = exhaustive_end,
                                    .destroy = exhaustive_destroy,
                                    .divergence = exhaustive_divergence};
    e->bound = bound;
    e->bound_limit = bound_limit;
    e->left = bound;
    return &e->base;
}

struct emu_strategy *emu_strategy_exhaustive(int preemptions)
{
    unsigned bound = preemptions < 0 ? UINT_MAX : (unsigned)preemptions;
    return exhaustive_create("exhaustive", bound, bound);
}

struct emu_strategy *emu_strategy_deepening(int preemptions)
{
    return exhaustive_create("deepening", 0, preemptions < 0 ? UINT_MAX : (unsigned)preemptions);
}
