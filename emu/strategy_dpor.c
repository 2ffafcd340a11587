/*
 * Dynamic partial-order reduction: one run for each class of runs that differ only in the order of events
 * that commute.
 *
 * A path is the list of events of the run, a node each. The next run repeats the path up to some node, takes
 * another actor there, and goes on by itself. What is to be taken where is found when a run has ended: for
 * each pair of events that conflict, with nothing in between, the sequence that brings the later one before
 * the earlier one is put into the wakeup tree of the node of the earlier one, unless one that sleeps there,
 * or one that waits there already, covers it.
 *
 * What was explored at a node goes to sleep there. A sleeper stays asleep in the runs that follow until an
 * event that conflicts with it is performed; whoever sleeps is not taken, since what could come of it was
 * seen.
 *
 * With source sets (dpor_source.c) instead of wakeup trees only whom the sequence begins with is kept: the
 * same classes, and some runs in vain that end where all who could go on sleep.
 *
 * Choices that are not the scheduler's are branches of the event that makes them: each value is explored.
 */
#include "emu/dpor.h"

#include <stdlib.h>
#include <string.h>

enum { WAKES_MOST = 1 << 18 /* 64 MiB */ };
enum { NODES_FIRST = 256, VALUES_FIRST = 64, SLEEPERS_FIRST = 256 };

/* ---- After a run ---- */

/* The prints of what is under way at each node, as this run shows them. */
static void record_prints(struct dpor *d, uint32_t events)
{
    uint32_t from = d->prefix > 0 ? d->prefix - 1 : 0;
    for (uint32_t i = from; i < events; i++) {
        struct node *n = &d->nodes[i];
        if (n->recorded)
            emu_print_add(&n->print, &d->happens, i);
        else
            emu_print_take(&n->print, &d->happens, i);
        n->recorded = true;
    }
}

/* Nothing of the sequence that comes before the sleeper's own event in it conflicts with what he touched. */
static bool is_undisturbed(const struct dpor *d, const struct emu_print *sleeper, const uint32_t *sequence,
                           uint32_t count)
{
    for (uint32_t i = 0; i < count && d->footprints.events[sequence[i]].actor != sleeper->actor; i++)
        if (!emu_print_commutes(sleeper, &d->footprints, sequence[i]))
            return false;
    return true;
}

/* Was all that can come of the sequence seen when somebody was taken who sleeps at the node, or is done
 * there? */
static bool slept_through(struct dpor *d, uint32_t at, uint32_t end, const uint32_t *sequence, uint32_t count)
{
    const struct node *n = &d->nodes[at];
    /* Nobody had a reason to be taken in the top: what sleeps from there does not tell what its order is for.
     */
    uint32_t top_end = d->top < d->count ? d->nodes[d->top].done : d->done_count;
    for (uint32_t i = 0; i < n->sleepers + (end - n->done); i++) {
        bool sleeps = i < n->sleepers;
        uint32_t done = sleeps ? emu_dpor_done_of(d, n, i) : n->done + (i - n->sleepers);
        uint32_t left = count;
        memcpy(d->scratch, sequence, count * sizeof *sequence);
        if (!emu_wake_begins(&d->done[done], &d->happens, d->scratch, &left))
            continue;
        if (!sleeps ||
            ((done >= top_end || left < count) && is_undisturbed(d, &d->done[done], sequence, count)))
            return true;
    }
    return false;
}

static void explore_instead(void *context, struct emu_reversal r)
{
    struct dpor *d = context;
    struct node *n = &d->nodes[r.event];
    if (n->expanded || !n->decided) /* all who could be taken here are, or there was nobody else */
        return;
    uint32_t count = emu_happens_instead(&d->happens, &r, d->sequence);
    uint32_t end = r.event + 1 < d->count ? d->nodes[r.event + 1].done : d->done_count;
    if (!slept_through(d, r.event, end, d->sequence, count))
        emu_wake_insert(&d->wakes, &n->waiting, &d->happens, d->sequence, count);
}

/* A finding ended the run: who could have gone on is to go on before it. */
static void take_rest(struct dpor *d, uint32_t events)
{
    const struct node *n = &d->nodes[events - 1];
    for (uint32_t i = 0; i < n->menu_count; i++)
        emu_dpor_add_single(d, events - 1, d->menus[n->menu + i]);
}

static void put_to_sleep(struct dpor *d, const struct node *n)
{
    if (EMU_UNLIKELY(d->done_count == d->done_capacity)) {
        d->done_capacity *= 2;
        d->done = emu_grown(d->done, d->done_capacity, sizeof *d->done);
    }
    d->done[d->done_count++] = n->print;
}

/* The last choice of the event with a value that was not tried. */
static bool next_value(struct dpor *d, uint32_t event)
{
    while (d->value_count > 0 && d->values[d->value_count - 1].node == event) {
        struct value *v = &d->values[d->value_count - 1];
        if (++v->tried < v->count)
            return true;
        d->value_count--;
    }
    return false;
}

/* Goes back to the last node where something is left to do. False: everything was done. */
static bool go_back(struct dpor *d, uint32_t events)
{
    d->follow = 0;
    for (uint32_t at = d->count; at-- > 0;) {
        struct node *n = &d->nodes[at];
        d->count = at + 1;
        d->prefix = at + 1;
        if (at < events && next_value(d, at + 1)) {
            d->sleeper_count = n->sleep + n->sleepers;
            return true;
        }
        d->sleeper_count = n->sleep + n->sleepers;
        if (n->waiting != 0) {
            if (at < events)
                put_to_sleep(d, n);
            n->recorded = false;
            emu_dpor_follow(d, n, n->waiting);
            return true;
        }
        d->done_count = n->done;
        d->sleeper_count = n->sleep;
    }
    d->count = 0;
    d->prefix = 0;
    return next_value(d, 0);
}

static void make_room(struct dpor *d)
{
    uint32_t needed = 2 * (d->footprints.count + 1);
    if (d->sequence_capacity >= needed)
        return;
    d->sequence_capacity = 2 * needed;
    d->sequence = emu_grown(d->sequence, d->sequence_capacity, sizeof *d->sequence);
    d->scratch = emu_grown(d->scratch, d->sequence_capacity, sizeof *d->scratch);
}

/* Which values the other choices had is part of the class. */
static uint64_t class_of(const struct dpor *d)
{
    uint64_t class = emu_happens_class(&d->happens);
    uint32_t number = 0;
    for (uint32_t i = 0; i < d->value_count; i++) {
        const struct value *v = &d->values[i];
        number = i > 0 && d->values[i - 1].node == v->node ? number + 1 : 0;
        class += emu_happens_value(&d->footprints, v->node, number, (v->first + v->tried) % v->count);
    }
    return class;
}

/*
 * Where interrupts and shared processors are, sleepers and wakeup trees go by a relation that is not that of
 * the classes, and one may come twice: it counts once.
 */
static bool is_new_class(struct dpor *d)
{
    if (!d->happens.units && !d->happens.coarse && d->footprints.withdrawn_count == 0 &&
        d->classes.count == 0)
        return true;
    return emu_number_set_add(&d->classes, emu_mix(class_of(d)));
}

/*
 * Interrupts, or strands that share a processor: the search begins again with all that happens on one
 * processor in order, which misses nothing.
 */
static bool needs_coarse(const struct dpor *d)
{
    return !d->happens.coarse && d->happens.units;
}

/*
 * Wakeup trees promise sequences that can be followed to their end. Where processors are shared, where what
 * was pending was taken away, and where a promise was not kept, the search begins again with source sets,
 * which promise one event each, and keep no more than the actors of each node; so it does where the trees
 * have grown too large.
 */
static bool needs_source_sets(const struct dpor *d)
{
    bool needs = d->happens.units || d->tally.misfits > 0 || d->wakes.used > d->wakes_most;
    for (uint32_t i = d->happens.count; i < d->happens.all; i++)
        needs |= (d->footprints.events[i].flags & EMU_EVENT_WITHDRAWN) != 0;
    return d->optimal && needs;
}

/* Sleepers were put there before the strands of a processor were known to have ranks. */
static bool needs_ranks(const struct dpor *d)
{
    return d->happens.coarse && d->footprints.ranked && !d->ranked;
}

static void change_rules(struct dpor *d)
{
    d->ranked = d->footprints.ranked;
    d->optimal &= !needs_source_sets(d);
    d->happens.coarse |= needs_coarse(d);
    d->footprints.in_order = d->happens.coarse;
}

/* The first run is as good a first one by other rules: nobody sleeps, nothing waits. */
static bool can_be_kept(const struct dpor *d)
{
    return d->made == 1 && d->blocked_at == 0 && !emu_shard_divides(&d->shard);
}

static void begin_again(struct dpor *d)
{
    d->tally.blocked++;
    d->tally.misfits = 0;
    d->wakes.used = 0;
    d->wakes.free = 0;
    d->count = 0;
    d->prefix = 0;
    d->follow = 0;
    d->done_count = 0;
    d->sleeper_count = 0;
    d->value_count = 0;
    d->tally.blocked += d->tally.classes;
    d->tally.classes = 0;
    emu_number_set_clear(&d->classes);
}

static bool dpor_end(struct emu_strategy *s)
{
    struct dpor *d = (struct dpor *)s;
    emu_dpor_catch_up(d);
    if (d->divergence.diverged)
        return false;
    uint32_t events = d->footprints.count - d->footprints.waiting;
    if (d->blocked_at != 0)
        events = d->blocked_at - 1;
    emu_footprints_cut(&d->footprints, events);
    while (d->value_count > 0 && d->values[d->value_count - 1].node > events)
        d->value_count--;
    make_room(d);
    emu_happens_compute(&d->happens, &d->footprints, events);
    if (needs_coarse(d) || needs_source_sets(d) || needs_ranks(d)) {
        change_rules(d);
        if (!can_be_kept(d)) {
            begin_again(d);
            return true;
        }
        emu_happens_compute(&d->happens, &d->footprints, events);
    }
    d->footprints.in_order = d->happens.coarse;
    if (d->count > events) {
        for (uint32_t i = events; i < d->count; i++)
            emu_wake_drop(&d->wakes, d->nodes[i].waiting);
        d->count = events;
        d->done_count = d->nodes[events].done;
        d->sleeper_count = d->nodes[events].sleep;
    }
    record_prints(d, events);
    if (d->optimal)
        emu_happens_reversals(&d->happens, explore_instead, d);
    else
        emu_dpor_extend_sources(d);
    if (d->footprints.ended && events > 0 && d->blocked_at == 0)
        take_rest(d, events);
    bool counts = d->blocked_at == 0 && !s->is_elsewhere && is_new_class(d);
    d->tally.classes += counts;
    d->tally.blocked += !counts && !s->is_elsewhere;
    d->tally.forced |= d->footprints.forced;
    d->tally.repeated |= d->happens.units && emu_shard_divides(&d->shard);
    return go_back(d, events);
}

static void dpor_destroy(struct emu_strategy *s)
{
    struct dpor *d = (struct dpor *)s;
    emu_footprints_destroy(&d->footprints);
    emu_happens_destroy(&d->happens);
    emu_wakes_destroy(&d->wakes);
    free(d->nodes);
    free(d->values);
    free(d->done);
    free(d->sleepers);
    free(d->menus);
    free(d->sequence);
    free(d->scratch);
    emu_number_set_free(&d->classes);
    free(d);
}

static const struct emu_divergence *dpor_divergence(const struct emu_strategy *s)
{
    return &((const struct dpor *)s)->divergence;
}

static const struct emu_reduction *dpor_reduction(const struct emu_strategy *s)
{
    return &((const struct dpor *)s)->tally;
}

/* All shards walk one top, so none may find out alone that processors are shared, and what goes first there.
 */
static void dpor_set_shard(struct emu_strategy *s, uint32_t index, uint32_t count)
{
    struct dpor *d = (struct dpor *)s;
    d->shard = (struct emu_shard){index, count};
    d->happens.coarse = d->ranked = d->footprints.ranked = emu_shard_divides(&d->shard);
}

/* The tree is of no use any more, but where it stood is known. */
static void dpor_give_up(struct emu_strategy *s)
{
    ((struct dpor *)s)->made--;
}

/* Prints refer to what is in memory, so the tree is not kept: it grows again from as many runs. */
static void dpor_save(const struct emu_strategy *s, struct emu_words *to)
{
    emu_words_put(to, ((const struct dpor *)s)->made);
}

static bool dpor_restore(struct emu_strategy *s, struct emu_words *from)
{
    s->to_be_made_again = emu_words_take(from);
    return !from->short_of;
}

static struct emu_strategy *dpor_create(const char *name, bool optimal)
{
    struct dpor *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->base = (struct emu_strategy){.name = name,
                                    .footprints = &d->footprints,
                                    .begin = emu_dpor_begin,
                                    .give_up = dpor_give_up,
                                    .choose = emu_dpor_choose,
                                    .end = dpor_end,
                                    .destroy = dpor_destroy,
                                    .divergence = dpor_divergence,
                                    .reduction = dpor_reduction,
                                    .set_shard = dpor_set_shard,
                                    .save = dpor_save,
                                    .restore = dpor_restore};
    d->optimal = optimal;
    d->wakes_most = WAKES_MOST;
    d->capacity = NODES_FIRST;
    d->nodes = calloc(NODES_FIRST, sizeof *d->nodes);
    d->value_capacity = VALUES_FIRST;
    d->values = calloc(VALUES_FIRST, sizeof *d->values);
    d->done_capacity = SLEEPERS_FIRST;
    d->done = calloc(SLEEPERS_FIRST, sizeof *d->done);
    d->sleeper_capacity = SLEEPERS_FIRST;
    d->sleepers = calloc(SLEEPERS_FIRST, sizeof *d->sleepers);
    bool made = emu_footprints_create(&d->footprints) && d->nodes != NULL && d->values != NULL &&
                d->done != NULL && d->sleepers != NULL;
    d->footprints.in_order = true; /* the first run tells whether it matters */
    if (made)
        return &d->base;
    dpor_destroy(&d->base);
    return NULL;
}

struct emu_strategy *emu_strategy_dpor(void)
{
    return dpor_create("dpor", true);
}

struct emu_strategy *emu_strategy_dpor_source(void)
{
    return dpor_create("dpor-source", false);
}
