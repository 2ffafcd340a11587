/*
 * Sliding: a preemption is moved to a neighbouring place of the context that it leaves, where that is easier
 * to understand: to a call of the driver's rather than between two accesses to memory, and to where fewer
 * switches are needed.
 *
 * A record says where things happen by counting choices, and to move one displaces all that follow. So the
 * run is told once more, as a plan: "when this context is about to decide for the nth time, that one goes
 * on". Who is told apart by names that stay the same when others move. By that a deviation can also be
 * dropped whose removal from the record would have displaced the others.
 */
#include "emu/shrink_state.h"

#include <stdlib.h>

#define NEVER UINT32_MAX /* no decision has that number */

enum {
    DISTANCE_MAX = 32, /* how far a preemption is moved, in decisions of its context */
    DECIDERS_MAX = 256,
    ROUNDS_MAX = 64, /* moves that are taken */
};

/* Who decides, or what is asked. */
struct decider {
    uint32_t kind; /* enum emu_choice_kind */
    uint32_t who;  /* the strand that could go on; 0: nobody could; else the site */
};

/* One deviation. */
struct item {
    struct decider decider;
    uint32_t nth;   /* of the decider's decisions */
    bool costs;     /* a preemption */
    uint32_t value; /* or, where the scheduler decides: */
    struct emu_action action;
};

struct plan {
    struct emu_strategy base;
    struct emu_strategy *teller; /* the run that is put down; NULL: the plan answers */
    struct item *items;
    size_t count, capacity;
    struct decider deciders[DECIDERS_MAX];
    uint32_t asked[DECIDERS_MAX]; /* how often in this run */
    unsigned decider_count;
};

static bool same_decider(struct decider a, struct decider b)
{
    return a.kind == b.kind && a.who == b.who;
}

static struct decider decider_of(const struct emu_decision *d)
{
    bool schedule = d->kind == EMU_CHOICE_SCHEDULE;
    uint32_t who = !schedule ? d->site : d->free ? 0 : d->actions[0].id;
    return (struct decider){.kind = (uint32_t)d->kind, .who = who};
}

/* How often it was asked before. What is beyond the table shares its last entry. */
static uint32_t count_decider(struct plan *p, struct decider decider)
{
    unsigned i = 0;
    while (i < p->decider_count && !same_decider(p->deciders[i], decider))
        i++;
    if (i == p->decider_count && i < DECIDERS_MAX) {
        p->deciders[i] = decider;
        p->asked[i] = 0;
        p->decider_count++;
    }
    return p->asked[i < DECIDERS_MAX ? i : DECIDERS_MAX - 1]++;
}

/* Steps are known by who makes them, everything else by what it is of. */
static bool same_action(const struct emu_action *a, const struct emu_action *b)
{
    bool step = a->kind == EMU_ACTION_STEP;
    return a->kind == b->kind && a->cpu == b->cpu && a->id == b->id && (step || a->object == b->object);
}

static void add_item(struct plan *p, struct item item)
{
    if (p->count == p->capacity) {
        p->capacity = p->capacity == 0 ? DISTANCE_MAX : 2 * p->capacity;
        p->items = realloc(p->items, p->capacity * sizeof *p->items);
        EMU_ASSERT(p->items != NULL);
    }
    p->items[p->count++] = item;
}

static uint32_t put_down(struct plan *p, const struct emu_decision *d, struct decider decider, uint32_t nth)
{
    uint32_t value = p->teller->choose(p->teller, d);
    bool schedule = d->kind == EMU_CHOICE_SCHEDULE;
    if (value != 0)
        add_item(p, (struct item){.decider = decider,
                                  .nth = nth,
                                  .costs = schedule && !d->free,
                                  .value = value,
                                  .action = schedule ? d->actions[value] : (struct emu_action){0}});
    return value;
}

static uint32_t answer(const struct item *item, const struct emu_decision *d)
{
    if (d->kind != EMU_CHOICE_SCHEDULE)
        return item->value < d->count ? item->value : d->happened;
    for (uint32_t i = 0; i < d->count; i++) {
        if (same_action(&d->actions[i], &item->action))
            return i;
    }
    return 0;
}

static void plan_begin(struct emu_strategy *s, uint64_t run)
{
    struct plan *p = (struct plan *)s;
    p->decider_count = 0;
    if (p->teller != NULL) {
        p->count = 0;
        p->teller->begin(p->teller, run);
    }
}

static uint32_t plan_choose(struct emu_strategy *s, const struct emu_decision *d)
{
    struct plan *p = (struct plan *)s;
    struct decider decider = decider_of(d);
    uint32_t nth = count_decider(p, decider);
    if (p->teller != NULL)
        return put_down(p, d, decider, nth);
    for (size_t i = 0; i < p->count; i++) {
        if (p->items[i].nth == nth && same_decider(p->items[i].decider, decider))
            return answer(&p->items[i], d);
    }
    return d->happened;
}

/* Tells the best run as a plan. */
static void tell_best(struct emu_shrink *s, struct plan *p)
{
    p->teller = emu_strategy_replay(&s->best, true);
    EMU_ASSERT(p->teller != NULL);
    emu_shrink_fails(s, &p->base);
    emu_strategy_destroy(p->teller);
    p->teller = NULL;
}

/* True: one place was found that is better; the plan is no longer the best run's then. */
static bool slide_item(struct emu_shrink *s, struct plan *p, size_t index)
{
    struct item *item = &p->items[index];
    uint32_t here = item->nth;
    for (uint32_t distance = 1; distance <= DISTANCE_MAX && !s->spent; distance++) {
        for (int later = 0; later <= 1 && !s->spent; later++) {
            if (!later && distance > here)
                continue;
            item->nth = later ? here + distance : here - distance;
            if (emu_shrink_fails(s, &p->base) && emu_shrink_take_smaller(s))
                return true;
        }
    }
    item->nth = here;
    return false;
}

/* True: it fails without this deviation, too, where those that follow stay with whom they were. */
static bool drop_item(struct emu_shrink *s, struct plan *p, size_t index)
{
    uint32_t here = p->items[index].nth;
    p->items[index].nth = NEVER;
    bool dropped = emu_shrink_fails(s, &p->base) && emu_shrink_take_smaller(s);
    p->items[index].nth = here;
    return dropped;
}

static bool improve_any(struct emu_shrink *s, struct plan *p)
{
    for (size_t i = p->count; i-- > 0 && !s->spent;) {
        if (drop_item(s, p, i))
            return true;
    }
    for (size_t i = p->count; i-- > 0 && !s->spent;) {
        if (p->items[i].costs && slide_item(s, p, i))
            return true;
    }
    return false;
}

void emu_shrink_slide(struct emu_shrink *s)
{
    struct plan p = {
        .base = {.name = "plan", .answers_input = true, .begin = plan_begin, .choose = plan_choose}};
    bool better = s->weight.deviations > 0;
    for (unsigned round = 0; better && round < ROUNDS_MAX && !s->spent; round++) {
        tell_best(s, &p);
        better = improve_any(s, &p);
    }
    free(p.items);
}
