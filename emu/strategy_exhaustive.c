/*
 * Depth-first search through every choice, with optional bounds on preemptions, interrupts and delays.
 *
 * A path is the stack of branching points of one run. The next run repeats the path up to the last branching
 * point that has an untried value, takes the next value there and defaults from there on. A schedule choice
 * of which the bounds leave nothing but the default is no branching point: it is answered with the default
 * and not on the path.
 *
 * What a schedule choice costs: a preemption, when it leaves a context that could have gone on; an interrupt
 * instead, when it does so for a delivery and interrupts have a bound of their own; and as many delays as its
 * value, since that many contexts are passed over, where delays are bounded.
 *
 * The search is sound only if repeating the path gives the same run. Each repeated branching point is
 * compared with the one on the path; a difference is a divergence, after which the search ends, for there is
 * nothing true left to say.
 *
 * Deepening makes separate searches with 0, 1, 2 ... preemptions (or delays), and is done when a search was
 * not cut anywhere.
 */
#include <emu/part.h>
#include <emu/strategies.h>

#include "emu/shard.h"
#include "emu/strategy.h"
#include "emu/strategy_search.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_CAPACITY_FIRST = 256 };
#define NO_BOUND UINT_MAX

/* What may be spent, or is left of it in this run. */
struct budget {
    unsigned preemptions, interrupts, delays;
};

struct branch {
    struct emu_choice choice;
    uint16_t first_delivery, end_deliveries; /* where interrupts stand on the menu */
    uint16_t beyond;                         /* values from here on cost too many delays */
    bool may_preempt, may_interrupt;
};

struct exhaustive {
    struct emu_strategy base;
    struct branch *path;
    size_t capacity;
    size_t depth;  /* branching points met in this run */
    size_t prefix; /* how many of them are repeated */
    size_t index;  /* choices met in this run */
    struct budget left;
    struct budget bound;  /* of the present search */
    unsigned bound_limit; /* of the last search, in what deepens */
    bool deepens_delays;
    bool cut; /* the bounds took a value away somewhere in this search */
    struct emu_divergence divergence;
    struct emu_shard shard;
    struct emu_shard_way way; /* of this run, as far as the top goes */
};

static void exhaustive_begin(struct emu_strategy *s, uint64_t run)
{
    struct exhaustive *e = (struct exhaustive *)s;
    (void)run;
    e->depth = 0;
    e->index = 0;
    e->left = e->bound;
    e->way = (struct emu_shard_way){0};
    s->is_elsewhere = !emu_shard_owns(&e->shard, &e->way);
}

static void path_grow(struct exhaustive *e)
{
    size_t capacity = e->capacity == 0 ? PATH_CAPACITY_FIRST : 2 * e->capacity;
    struct branch *path = realloc(e->path, capacity * sizeof *path);
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
        .diverged = true, .index = e->index, .recorded = e->path[e->depth].choice, .offered = offered};
}

/* ---- What is affordable -----------------------------------------------------------------------------------
 */

static bool is_delivery(const struct branch *b, uint32_t value)
{
    return value >= b->first_delivery && value < b->end_deliveries;
}

/* The next value above this one that the budget allowed; the count when there is none. */
static uint32_t next_value(const struct branch *b, uint32_t value)
{
    uint32_t end = b->choice.count < b->beyond ? b->choice.count : b->beyond;
    for (value++; value < end; value++)
        if (is_delivery(b, value) ? b->may_interrupt : b->may_preempt)
            return value;
    return b->choice.count;
}

/* Deliveries stand side by side on a menu; without a bound of their own they are like everything else. */
static void find_deliveries(struct branch *b, const struct emu_decision *d)
{
    uint32_t at = 0;
    while (at < d->count && d->actions[at].kind != EMU_ACTION_DELIVER &&
           d->actions[at].kind != EMU_ACTION_SOFT)
        at++;
    b->first_delivery = (uint16_t)at;
    while (at < d->count &&
           (d->actions[at].kind == EMU_ACTION_DELIVER || d->actions[at].kind == EMU_ACTION_SOFT))
        at++;
    b->end_deliveries = (uint16_t)at;
}

static struct branch branch_at(struct exhaustive *e, const struct emu_decision *d)
{
    struct branch b = {
        .choice = emu_decision_choice(d), .beyond = UINT16_MAX, .may_preempt = true, .may_interrupt = true};
    if (d->kind != EMU_CHOICE_SCHEDULE)
        return b;
    if (emu_decision_costs(d)) {
        b.may_preempt = e->left.preemptions > 0;
        b.may_interrupt = e->left.interrupts > 0;
        if (e->bound.interrupts != NO_BOUND && d->actions != NULL)
            find_deliveries(&b, d);
        uint32_t deliveries = b.end_deliveries - b.first_delivery;
        e->cut |= (!b.may_preempt && d->count - 1 > deliveries) || (!b.may_interrupt && deliveries > 0);
    }
    if (e->left.delays < d->count - 1) {
        b.beyond = (uint16_t)(e->left.delays + 1);
        e->cut = true;
    }
    return b;
}

static void spend(unsigned *left, unsigned cost)
{
    EMU_ASSERT(*left >= cost);
    *left -= *left == NO_BOUND ? 0 : cost;
}

static void pay(struct exhaustive *e, const struct emu_decision *d, const struct branch *b, uint32_t value)
{
    if (d->kind != EMU_CHOICE_SCHEDULE || value == 0)
        return;
    spend(&e->left.delays, value);
    if (emu_decision_costs(d))
        spend(is_delivery(b, value) ? &e->left.interrupts : &e->left.preemptions, 1);
}

/* ---- The search -------------------------------------------------------------------------------------------
 */

/* Is the run below the top, in another shard's subtree? Then what it chooses is no branching point. */
static bool is_left_out(const struct exhaustive *e)
{
    return e->base.is_elsewhere && emu_shard_is_below(&e->shard, &e->way);
}

static void go_on(struct exhaustive *e, const struct branch *b, uint32_t value)
{
    if (emu_shard_is_below(&e->shard, &e->way))
        return;
    uint32_t count = 1;
    for (uint32_t v = next_value(b, 0); v < b->choice.count; v = next_value(b, v))
        count++;
    emu_shard_go(&e->way, value, count);
    e->base.is_elsewhere = !emu_shard_owns(&e->shard, &e->way);
}

static uint32_t exhaustive_choose(struct emu_strategy *s, const struct emu_decision *d)
{
    struct exhaustive *e = (struct exhaustive *)s;
    struct branch here = branch_at(e, d);
    if (next_value(&here, 0) == d->count || is_left_out(e)) {
        e->index++;
        return 0;
    }
    uint32_t value = 0;
    if (e->depth < e->prefix) {
        if (e->divergence.diverged || !same_place(e->path[e->depth].choice, here.choice)) {
            diverge(e, here.choice);
            return 0;
        }
        value = e->path[e->depth].choice.value;
        pay(e, d, &here, value);
    } else {
        if (e->depth == e->capacity)
            path_grow(e);
        e->path[e->depth] = here;
    }
    if (emu_shard_divides(&e->shard))
        go_on(e, &here, value);
    e->depth++;
    e->index++;
    return value;
}

/* The next search of a deepening, where one is left. */
static bool deepen(struct exhaustive *e)
{
    unsigned *bound = e->deepens_delays ? &e->bound.delays : &e->bound.preemptions;
    if (!e->cut || *bound == e->bound_limit)
        return false;
    ++*bound;
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
    for (size_t depth = e->depth; depth > 0; depth--) {
        struct branch *b = &e->path[depth - 1];
        uint32_t value = next_value(b, b->choice.value);
        if (value < b->choice.count) {
            b->choice.value = (uint16_t)value;
            e->prefix = depth;
            return true;
        }
    }
    return deepen(e);
}

/* ---- Parts ------------------------------------------------------------------------------------------------
 */

static void exhaustive_set_shard(struct emu_strategy *s, uint32_t index, uint32_t count)
{
    ((struct exhaustive *)s)->shard = (struct emu_shard){index, count};
}

enum { FIELD_BITS = 16 };

static uint64_t packed(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    return a | b << FIELD_BITS | c << 2 * FIELD_BITS | d << 3 * FIELD_BITS;
}

static uint16_t field(uint64_t word, unsigned number)
{
    return (uint16_t)(word >> number * FIELD_BITS);
}

static void exhaustive_save(const struct emu_strategy *s, struct emu_words *to)
{
    const struct exhaustive *e = (const struct exhaustive *)s;
    emu_words_put(to, e->bound.preemptions);
    emu_words_put(to, e->bound.delays);
    emu_words_put(to, e->cut);
    emu_words_put(to, e->prefix);
    for (size_t i = 0; i < e->prefix; i++) {
        const struct branch *b = &e->path[i];
        const struct emu_choice *c = &b->choice;
        emu_words_put(to, packed(c->kind | (uint64_t)c->free << 8, c->site, c->count, c->value));
        emu_words_put(to, packed(b->first_delivery, b->end_deliveries, b->beyond,
                                 b->may_preempt | (uint64_t)b->may_interrupt << 1));
    }
}

static bool exhaustive_restore(struct emu_strategy *s, struct emu_words *from)
{
    struct exhaustive *e = (struct exhaustive *)s;
    e->bound.preemptions = (unsigned)emu_words_take_below(from, (uint64_t)UINT_MAX + 1);
    e->bound.delays = (unsigned)emu_words_take_below(from, (uint64_t)UINT_MAX + 1);
    e->cut = emu_words_take_below(from, 2) != 0;
    e->prefix = (size_t)emu_words_take_below(from, from->count);
    while (e->capacity < e->prefix)
        path_grow(e);
    for (size_t i = 0; i < e->prefix && !from->short_of; i++) {
        uint64_t choice = emu_words_take(from), rest = emu_words_take(from);
        e->path[i] = (struct branch){.choice = {.kind = (uint8_t)field(choice, 0),
                                                .free = (uint8_t)(field(choice, 0) >> 8),
                                                .site = field(choice, 1),
                                                .count = field(choice, 2),
                                                .value = field(choice, 3)},
                                     .first_delivery = field(rest, 0),
                                     .end_deliveries = field(rest, 1),
                                     .beyond = field(rest, 2),
                                     .may_preempt = (field(rest, 3) & 1) != 0,
                                     .may_interrupt = (field(rest, 3) & 2) != 0};
        const struct emu_choice *c = &e->path[i].choice;
        from->short_of |= c->kind >= EMU_CHOICE_KINDS || c->value >= c->count;
    }
    return !from->short_of;
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

bool emu_search_was_cut(const struct emu_strategy *s)
{
    return ((const struct exhaustive *)s)->cut;
}

static unsigned limit_of(int bound)
{
    return bound < 0 ? NO_BOUND : (unsigned)bound;
}

struct emu_strategy *emu_strategy_bounded(const struct emu_bounds *bounds)
{
    struct exhaustive *e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
    e->bound = (struct budget){limit_of(bounds->preemptions), limit_of(bounds->interrupts),
                               limit_of(bounds->delays)};
    e->deepens_delays = bounds->delays >= 0 && bounds->preemptions < 0;
    if (bounds->deepening) {
        unsigned *deepened = e->deepens_delays ? &e->bound.delays : &e->bound.preemptions;
        e->bound_limit = *deepened;
        *deepened = 0;
    } else {
        e->bound_limit = e->deepens_delays ? e->bound.delays : e->bound.preemptions;
    }
    e->left = e->bound;
    e->base = (struct emu_strategy){.name = e->deepens_delays   ? "delay"
                                            : bounds->deepening ? "deepening"
                                                                : "exhaustive",
                                    .begin = exhaustive_begin,
                                    .choose = exhaustive_choose,
                                    .end = exhaustive_end,
                                    .destroy = exhaustive_destroy,
                                    .divergence = exhaustive_divergence,
                                    .set_shard = exhaustive_set_shard,
                                    .save = exhaustive_save,
                                    .restore = exhaustive_restore};
    return &e->base;
}

struct emu_strategy *emu_strategy_exhaustive(int preemptions)
{
    return emu_strategy_bounded(&(struct emu_bounds){
        .preemptions = preemptions, .interrupts = EMU_UNBOUNDED, .delays = EMU_UNBOUNDED});
}

struct emu_strategy *emu_strategy_deepening(int preemptions)
{
    return emu_strategy_bounded(&(struct emu_bounds){
        .preemptions = preemptions, .interrupts = EMU_UNBOUNDED, .delays = EMU_UNBOUNDED, .deepening = true});
}
