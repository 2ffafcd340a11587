/*
 * Reversals: which pairs of a run's events could have come the other way round, and what would happen then.
 */
#include "emu/happens.h"

#include <string.h>

/* ---- Reversals ---- */

/* The outermost handler that the event runs in and the other one does not; 0: none. */
static emu_actor outermost(const struct emu_happens *h, uint32_t event, uint32_t other)
{
    const struct emu_footprint_event *events = h->f->events;
    emu_actor found = 0;
    for (emu_actor a = events[event].actor; a != 0 && emu_actor_is_handler(&h->f->actors[a]);
         a = h->f->actors[a].parent) {
        bool spans =
            events[other].cpu == events[event].cpu && h->first[a] <= other + 1 && other + 1 <= h->last[a];
        if (spans)
            break;
        found = a;
    }
    return found;
}

/* The last event of a unit's surroundings that it could have come before: from event on backwards. */
static uint32_t split_before(const struct emu_happens *h, uint32_t event, unsigned level)
{
    while (!emu_event_splits(&h->f->events[event], level)) {
        if (h->beside[event] == 0)
            return UINT32_MAX;
        event = h->beside[event] - 1;
    }
    return event;
}

/* Where what is kept together with the event begins, of what its actor does after another event. */
static uint32_t section_start(const struct emu_happens *h, uint32_t event, uint32_t after, unsigned level)
{
    while (!emu_event_splits(&h->f->events[event], level) && h->before[event] != 0 &&
           h->before[event] - 1 > after)
        event = h->before[event] - 1;
    return event;
}

/* Where the pair has to be turned; false: nowhere. */
static bool place_reversal(const struct emu_happens *h, uint32_t earlier, uint32_t later,
                           struct emu_reversal *r, uint32_t *over)
{
    const struct emu_footprint_event *x = &h->f->events[earlier];
    const struct emu_footprint_event *y = &h->f->events[later];
    *r = (struct emu_reversal){earlier, later, earlier, false};
    *over = earlier;
    if (x->cpu != y->cpu || x->cpu == EMU_NO_CPU)
        return true;
    const struct emu_footprint_actor *actor = &h->f->actors[y->actor];
    if (emu_actor_is_handler(actor) && h->first[y->actor] - 1 > earlier) {
        r->target = h->first[y->actor] - 1;
        r->event = split_before(h, earlier, actor->level);
        return r->event != UINT32_MAX;
    }
    emu_actor jumped = outermost(h, earlier, later);
    if (jumped != 0) {
        r->event = h->first[jumped] - 1;
        *over = h->last[jumped] - 1;
    }
    if (!emu_actor_is_handler(actor)) {
        emu_actor base = h->f->events[r->event].actor;
        while (base != 0 && emu_actor_is_handler(&h->f->actors[base]))
            base = h->f->actors[base].parent;
        if (base != y->actor)
            r->event = split_before(h, r->event, EMU_LEVEL_DISPATCH);
        if (r->event == UINT32_MAX)
            return false;
        unsigned level = jumped != 0 && base == y->actor ? h->f->actors[jumped].level : EMU_LEVEL_DISPATCH;
        r->target = section_start(h, later, r->event, level);
    }
    return r->event != UINT32_MAX;
}

/* Coarsely: is this one of what ran on the processor of somebody who waited there for a condition? */
static bool waits_through(const struct emu_happens *h, uint32_t waiter, uint32_t event)
{
    const struct emu_footprint_event *w = &h->f->events[waiter];
    const struct emu_footprint_event *e = &h->f->events[event];
    return h->coarse && (w->flags & EMU_EVENT_GUARDED) && e->cpu == w->cpu && e->actor != w->actor &&
           event >= h->before[waiter];
}

/* Does what the target directly comes after allow it to be moved before the event? */
static bool is_possible(const struct emu_happens *h, struct emu_reversal r, uint32_t over)
{
    const struct emu_footprint_event *t = &h->f->events[r.target];
    uint8_t cpu = h->f->events[r.event].cpu;
    if (h->before[r.target] != 0 && h->before[r.target] - 1 >= r.event &&
        emu_happens_before(h, r.event, h->before[r.target] - 1))
        return false;
    if (t->cause > r.event && t->cause <= r.target && emu_happens_before(h, r.event, t->cause - 1))
        return false;
    for (uint32_t i = h->conflicts[r.target]; i < h->conflicts[r.target + 1]; i++) {
        uint32_t p = h->pairs[i];
        bool jumped = p >= r.event && p <= over && (p == over || h->f->events[p].cpu == cpu);
        jumped |= waits_through(h, r.target, p);
        if (!jumped && p >= r.event && emu_happens_before(h, r.event, p))
            return false;
    }
    return true;
}

static bool is_immediate(const struct emu_happens *h, uint32_t earlier, uint32_t later)
{
    const struct emu_footprint_event *y = &h->f->events[later];
    if (h->before[later] != 0 && h->before[later] - 1 >= earlier &&
        emu_happens_before(h, earlier, h->before[later] - 1))
        return false;
    if (y->cause > earlier && y->cause <= later && emu_happens_before(h, earlier, y->cause - 1))
        return false; /* it is the cause, or comes before it */
    for (uint32_t i = h->conflicts[later]; i < h->conflicts[later + 1]; i++) {
        uint32_t p = h->pairs[i];
        if (p > earlier && !waits_through(h, later, p) && emu_happens_before(h, earlier, p))
            return false;
    }
    return true;
}

/*
 * Who waits for a condition is interrupted meanwhile, and could have gone on before those interrupts had the
 * condition held: those that come after the reversal's event come after its target, too.
 */
static struct emu_reversal pass_interrupts(const struct emu_happens *h, struct emu_reversal r)
{
    uint32_t end = r.target < h->count ? r.target : h->count;
    for (uint32_t i = h->before[r.target]; i < end; i++) {
        if (!waits_through(h, r.target, i) || !emu_happens_before(h, r.event, i))
            continue;
        emu_actor handler = outermost(h, i, r.target);
        uint32_t start = handler != 0 ? h->first[handler] - 1 : i;
        if (start < r.event)
            return (struct emu_reversal){start, r.target, r.event, false};
        return (struct emu_reversal){r.event, r.target, start, false};
    }
    return (struct emu_reversal){r.event, r.target, r.event, false};
}

/* Timers of different deadlines come in their order on every machine. */
static bool is_fixed(const struct emu_happens *h, uint32_t earlier, uint32_t later)
{
    const struct emu_footprint_event *x = &h->f->events[earlier];
    const struct emu_footprint_event *y = &h->f->events[later];
    return h->f->actors[x->actor].kind == EMU_ACTOR_TIMER && h->f->actors[y->actor].kind == EMU_ACTOR_TIMER &&
           x->due != y->due;
}

void emu_happens_reversals(const struct emu_happens *h, emu_reversal_fn *take, void *context)
{
    for (uint32_t later = 0; later < h->all; later++)
        for (uint32_t i = h->conflicts[later]; i < h->conflicts[later + 1]; i++) {
            struct emu_reversal r;
            uint32_t over;
            uint32_t earlier = h->pairs[i];
            if (!is_immediate(h, earlier, later))
                continue;
            if (is_fixed(h, earlier, later)) {
                /* The earlier deadline comes first; the later one could have passed before that was set. */
                if (h->f->events[earlier].cause == 0)
                    continue;
                over = earlier;
                r = (struct emu_reversal){h->f->events[earlier].cause - 1, later, earlier, false};
                if (is_possible(h, r, over))
                    take(context, (struct emu_reversal){r.event, later, r.event, false});
                continue;
            }
            if (place_reversal(h, earlier, later, &r, &over) && is_possible(h, r, over))
                take(context, pass_interrupts(h, r));
        }
}

/* ---- What happens instead ---- */

static bool conflict(const struct emu_footprints *f, uint32_t a, uint32_t b)
{
    const struct emu_footprint_event *x = &f->events[a], *y = &f->events[b];
    for (uint32_t i = x->accesses; i < x[1].accesses; i++)
        for (uint32_t k = y->accesses; k < y[1].accesses; k++) {
            const struct emu_footprint_access *s = &f->accesses[i], *t = &f->accesses[k];
            if (s->access != EMU_ACCESS_WRITE && t->access != EMU_ACCESS_WRITE)
                continue;
            if (s->place == t->place || (s->place == EMU_PLACE_EVERYTHING && s->access == EMU_ACCESS_WRITE) ||
                (t->place == EMU_PLACE_EVERYTHING && t->access == EMU_ACCESS_WRITE))
                return true;
        }
    return false;
}

/* Does the event, or one after it that stays before the target, conflict with the target? */
static bool meets_target(const struct emu_happens *h, uint32_t event)
{
    const struct emu_reversal *r = &h->reversal;
    for (uint32_t i = event; i < h->count; i++)
        if (i != r->target && (i == event || emu_happens_before(h, event, i)) && i != r->besides &&
            !emu_happens_before(h, r->event, i) && !emu_happens_before(h, r->besides, i) &&
            !emu_happens_before(h, r->target, i) && conflict(h->f, i, r->target))
            return true;
    return false;
}

bool emu_happens_leads(const struct emu_happens *h, uint32_t earlier, uint32_t later)
{
    const struct emu_footprint_event *events = h->f->events;
    if (later != h->reversal.target)
        return emu_happens_before(h, earlier, later);
    if (h->careful && (events[later].flags & EMU_EVENT_WITHDRAWN))
        return true;
    if (h->before[later] != 0 && emu_happens_before(h, earlier, h->before[later] - 1))
        return true;
    if (events[later].cause != 0 && emu_happens_before(h, earlier, events[later].cause - 1))
        return true;
    for (uint32_t i = h->conflicts[later]; i < h->conflicts[later + 1]; i++)
        if (h->pairs[i] != h->reversal.besides && !emu_happens_before(h, h->reversal.event, h->pairs[i]) &&
            !emu_happens_before(h, h->reversal.besides, h->pairs[i]) &&
            emu_happens_before(h, earlier, h->pairs[i]))
            return true;
    if ((h->coarse) && events[earlier].cpu == events[later].cpu && emu_happens_before(h, earlier, later))
        return true;
    return (h->coarse || (events[later].flags & EMU_EVENT_GUARDED)) && meets_target(h, earlier);
}

/* Of what never happened only its causes are known; what else it would have come before or after is not. */
static bool is_cause(const struct emu_happens *h, uint32_t event, uint32_t target)
{
    uint32_t cause = h->f->events[target].cause;
    return (cause != 0 && emu_happens_before(h, event, cause - 1)) ||
           (h->before[target] != 0 && emu_happens_before(h, event, h->before[target] - 1));
}

static bool left_out(const struct emu_happens *h, const struct emu_reversal *r, uint32_t event)
{
    if (r->at_once && !is_cause(h, event, r->target))
        return true;
    return event == r->target || event == r->besides || emu_happens_before(h, r->event, event) ||
           emu_happens_before(h, r->besides, event) || emu_happens_before(h, r->target, event);
}

uint32_t emu_happens_instead(struct emu_happens *h, const struct emu_reversal *r, uint32_t *out)
{
    uint32_t count = 0;
    h->reversal = *r;
    for (uint32_t i = r->event + 1; i < h->count; i++)
        if (!left_out(h, r, i))
            out[count++] = i;
    out[count++] = r->target;
    return count;
}
