/*
 * Partial-order reduction under a bound on preemptions.
 *
 * Sleep sets and wakeup trees leave a run out because another one of its class was made or will be; under a
 * bound that other one may cost a preemption too many, and the class would be lost. So this search goes
 * through every choice, as the exhaustive one does, and leaves out what comes after a beginning only when it
 * has been at an equal beginning: the same class of events so far, the same context going on, the same number
 * of preemptions used. What follows is the same then. It remembers a number for each beginning.
 */
#include <emu/part.h>

#include "emu/happens.h"
#include "emu/number_set.h"
#include "emu/strategy.h"

#include <limits.h>
#include <stdlib.h>

enum { POINTS_FIRST = 256, EVENTS_FIRST = 256 };

struct point {
    uint16_t count, value;
    bool costs;
};

struct bounded {
    struct emu_strategy base;
    struct emu_footprints footprints;
    struct emu_happens happens; /* only to name classes */
    struct point *points;
    size_t depth, capacity, prefix;
    uint64_t *events; /* names of the events of the run: which one, after which others */
    uint32_t named, event_capacity;
    uint64_t sum;                      /* of their names: the class so far */
    uint64_t values;                   /* of the choices that are not the scheduler's, by name */
    uint64_t chosen;                   /* their sum */
    uint32_t chosen_in, chosen_number; /* the event that made the last one, and its number there */
    unsigned bound, used;
    bool pruned;
    uint64_t made; /* runs */
    struct emu_number_set beginnings, classes;
    struct emu_reduction tally;
    struct emu_divergence divergence;
};

/* ---- Names of events ---- */

static bool conflict(const struct emu_footprint_access *a, const struct emu_footprint_access *b)
{
    if (a->place >= EMU_PLACE_READY && a->place < EMU_PLACE_OBJECTS)
        return false; /* which strand goes first is no state of the program */
    bool everything = (a->place == EMU_PLACE_EVERYTHING && a->access == EMU_ACCESS_WRITE) ||
                      (b->place == EMU_PLACE_EVERYTHING && b->access == EMU_ACCESS_WRITE);
    return everything ||
           (a->key == b->key && (a->access == EMU_ACCESS_WRITE || b->access == EMU_ACCESS_WRITE));
}

static bool events_conflict(const struct emu_footprints *f, uint32_t a, uint32_t b)
{
    for (uint32_t i = f->events[a].accesses; i < f->events[a + 1].accesses; i++)
        for (uint32_t k = f->events[b].accesses; k < f->events[b + 1].accesses; k++)
            if (conflict(&f->accesses[i], &f->accesses[k]))
                return true;
    return false;
}

static void name_event(struct bounded *b, uint32_t event)
{
    const struct emu_footprints *f = &b->footprints;
    emu_actor actor = f->events[event].actor;
    uint64_t past = emu_mix(f->actors[actor].key ^ b->values);
    for (uint32_t i = f->events[event].accesses; i < f->events[event + 1].accesses; i++)
        past += emu_mix(f->accesses[i].key + f->accesses[i].access);
    for (uint32_t i = 0; i < event; i++)
        if (f->events[i].actor == actor || events_conflict(f, i, event))
            past += emu_mix(b->events[i] + (f->events[i].actor == actor));
    if (f->events[event].cause != 0 && f->events[event].cause <= event)
        past += emu_mix(b->events[f->events[event].cause - 1]) * 3;
    b->events[event] = emu_mix(past);
    b->sum += emu_mix(b->events[event] + 1);
}

static void catch_up(struct bounded *b)
{
    uint32_t performed = b->footprints.count - b->footprints.waiting;
    if (EMU_UNLIKELY(b->event_capacity < performed)) {
        b->event_capacity = 2 * performed;
        b->events = emu_grown(b->events, b->event_capacity, sizeof *b->events);
    }
    while (b->named < performed)
        name_event(b, b->named++);
}

/* ---- The search ---- */

static void bounded_begin(struct emu_strategy *s, uint64_t run)
{
    struct bounded *b = (struct bounded *)s;
    (void)run;
    b->made++;
    emu_footprints_clear(&b->footprints);
    b->depth = 0;
    b->named = 0;
    b->sum = 0;
    b->values = 0;
    b->chosen = 0;
    b->chosen_in = UINT32_MAX;
    b->used = 0;
    b->pruned = false;
}

/* Which strand each processor runs: it goes on after a handler. */
static uint64_t strands_on_top(const struct emu_machine *m)
{
    uint64_t sum = 0;
    for (uint64_t left = m->busy; left != 0; left &= left - 1) {
        unsigned cpu = (unsigned)__builtin_ctzll(left);
        sum += emu_mix(emu_mix(m->objects[m->cpus[cpu].top->object].key) + cpu);
    }
    return sum;
}

static bool was_here(struct bounded *b, const struct emu_decision *d)
{
    uint64_t here = emu_mix(b->sum ^ emu_mix(b->values)) + b->used;
    if (d->kind == EMU_CHOICE_SCHEDULE) {
        emu_actor self = d->free ? 0 : emu_footprint_who(b->footprints.machine, &d->actions[0]);
        here =
            emu_mix(here + strands_on_top(b->footprints.machine)) + b->footprints.actors[self].key + d->free;
    }
    return !emu_number_set_add(&b->beginnings, emu_mix(here));
}

static void note_value(struct bounded *b, uint32_t value)
{
    uint32_t in = b->footprints.count;
    b->chosen_number = b->chosen_in == in ? b->chosen_number + 1 : 0;
    b->chosen_in = in;
    uint64_t name = emu_happens_value(&b->footprints, in, b->chosen_number, value);
    b->chosen += name;
    b->values = emu_mix(b->values + name);
}

static uint32_t bounded_choose(struct emu_strategy *s, const struct emu_decision *d)
{
    struct bounded *b = (struct bounded *)s;
    bool costs = emu_decision_costs(d);
    if (b->pruned || b->divergence.diverged)
        return 0;
    if (d->kind == EMU_CHOICE_SCHEDULE)
        catch_up(b);
    if (b->depth == b->prefix && d->kind == EMU_CHOICE_SCHEDULE && was_here(b, d)) {
        b->pruned = true;
        return 0;
    }
    if (costs && b->used == b->bound)
        return 0;
    if (b->depth == b->capacity) {
        b->capacity *= 2;
        b->points = emu_grown(b->points, b->capacity, sizeof *b->points);
    }
    struct point *p = &b->points[b->depth];
    if (b->depth == b->prefix) {
        *p = (struct point){.count = (uint16_t)d->count, .costs = costs};
        b->prefix++;
    } else if (p->count != d->count) {
        b->divergence = (struct emu_divergence){.diverged = true,
                                                .index = b->depth,
                                                .recorded = {.kind = (uint8_t)d->kind, .count = p->count},
                                                .offered = emu_decision_choice(d)};
        return 0;
    }
    b->depth++;
    b->used += costs && p->value != 0;
    if (d->kind != EMU_CHOICE_SCHEDULE)
        note_value(b, p->value);
    return p->value;
}

/* By the order of conflicts and the values of the other choices, as for the unbounded search. */
static bool is_new_class(struct bounded *b)
{
    emu_happens_compute(&b->happens, &b->footprints, b->footprints.count - b->footprints.waiting);
    return emu_number_set_add(&b->classes, emu_mix(emu_happens_class(&b->happens) + b->chosen));
}

static bool bounded_end(struct emu_strategy *s)
{
    struct bounded *b = (struct bounded *)s;
    if (b->divergence.diverged)
        return false;
    bool counts = !b->pruned && is_new_class(b);
    b->tally.classes += counts;
    b->tally.blocked += !counts;
    b->tally.forced |= b->footprints.forced;
    b->prefix = b->depth;
    while (b->prefix > 0 && b->points[b->prefix - 1].value + 1u == b->points[b->prefix - 1].count)
        b->prefix--;
    if (b->prefix == 0)
        return false;
    b->points[b->prefix - 1].value++;
    return true;
}

static void bounded_destroy(struct emu_strategy *s)
{
    struct bounded *b = (struct bounded *)s;
    emu_footprints_destroy(&b->footprints);
    emu_happens_destroy(&b->happens);
    free(b->points);
    free(b->events);
    emu_number_set_free(&b->beginnings);
    emu_number_set_free(&b->classes);
    free(b);
}

static const struct emu_divergence *bounded_divergence(const struct emu_strategy *s)
{
    return &((const struct bounded *)s)->divergence;
}

static const struct emu_reduction *bounded_reduction(const struct emu_strategy *s)
{
    return &((const struct bounded *)s)->tally;
}

/* What it saw is taken for seen, but where it stood is known. */
static void bounded_give_up(struct emu_strategy *s)
{
    ((struct bounded *)s)->made--;
}

/* Names of events are of this process: what was seen is seen again. */
static void bounded_save(const struct emu_strategy *s, struct emu_words *to)
{
    emu_words_put(to, ((const struct bounded *)s)->made);
}

static bool bounded_restore(struct emu_strategy *s, struct emu_words *from)
{
    s->to_be_made_again = emu_words_take(from);
    return !from->short_of;
}

struct emu_strategy *emu_strategy_dpor_bounded(int preemptions)
{
    struct bounded *b = calloc(1, sizeof *b);
    if (b == NULL)
        return NULL;
    b->base = (struct emu_strategy){.name = "dpor",
                                    .footprints = &b->footprints,
                                    .begin = bounded_begin,
                                    .give_up = bounded_give_up,
                                    .choose = bounded_choose,
                                    .end = bounded_end,
                                    .destroy = bounded_destroy,
                                    .divergence = bounded_divergence,
                                    .reduction = bounded_reduction,
                                    .save = bounded_save,
                                    .restore = bounded_restore};
    b->bound = preemptions < 0 ? UINT_MAX : (unsigned)preemptions;
    b->capacity = POINTS_FIRST;
    b->points = calloc(POINTS_FIRST, sizeof *b->points);
    b->event_capacity = EVENTS_FIRST;
    b->events = calloc(EVENTS_FIRST, sizeof *b->events);
    if (emu_footprints_create(&b->footprints) && b->points != NULL && b->events != NULL)
        return &b->base;
    bounded_destroy(&b->base);
    return NULL;
}
