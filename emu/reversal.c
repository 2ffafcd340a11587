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

/* Who is under all handlers where the event happens; 0: nobody. */
static emu_actor base_of(const struct emu_happens *h, uint32_t event)
{
    emu_actor base = h->f->events[event].actor;
    while (base != 0 && emu_actor_is_handler(&h->f->actors[base]))
        base = h->f->actors[base].parent;
    return base;
}

/* The first event of those in a row, up to this one, that one strand and the handlers on it did there. */
static uint32_t run_start(const struct emu_happens *h, uint32_t event)
{
    emu_actor base = base_of(h, event);
    while (h->beside[event] != 0 && base_of(h, h->beside[event] - 1) == base)
        event = h->beside[event] - 1;
    return event;
}

/* The first event of this one's processor after another one. */
static uint32_t first_after(const struct emu_happens *h, uint32_t event, uint32_t other)
{
    while (h->beside[event] != 0 && h->beside[event] - 1 > other)
        event = h->beside[event] - 1;
    return event;
}

/*
 * The same for a strand that is not under what happens there: its processor takes it below DISPATCH_LEVEL,
 * and where none of a higher priority is ready. That one was made ready by its cause.
 */
static uint32_t place_switch(const struct emu_happens *h, uint32_t event, uint32_t later)
{
    const struct emu_footprint_event *events = h->f->events;
    for (;;) {
        event = split_before(h, event, EMU_LEVEL_DISPATCH);
        if (event == UINT32_MAX || events[event].priority <= events[later].priority)
            return event;
        event = run_start(h, event);
        bool ran = events[later].cause == 0 && h->beside[event] != 0;
        if (ran && base_of(h, h->beside[event] - 1) == events[later].actor)
            return event;
        if (events[event].cause == 0 && h->beside[event] == 0)
            return UINT32_MAX;
        if (events[event].cause == 0) {
            event = h->beside[event] - 1;
            continue;
        }
        uint32_t cause = events[event].cause - 1;
        event = first_after(h, event, cause);
        if (events[cause].cpu == events[later].cpu)
            event = cause;
        else if (emu_event_splits(&events[event], EMU_LEVEL_DISPATCH))
            return cause;
    }
}

/*
 * The last event on the later one's processor, from the earlier one on backwards, before which the later one
 * could have come as far as the processor goes; UINT32_MAX: none.
 */
static uint32_t place_on_processor(const struct emu_happens *h, uint32_t earlier, uint32_t later)
{
    const struct emu_footprint_event *y = &h->f->events[later];
    const struct emu_footprint_actor *actor = &h->f->actors[y->actor];
    if (h->f->events[earlier].cpu != y->cpu || y->cpu == EMU_NO_CPU)
        return earlier;
    bool handler = emu_actor_is_handler(actor);
    if (handler && ((y->flags & EMU_EVENT_WITHDRAWN) || h->first[y->actor] == later + 1))
        return split_before(h, earlier, actor->level);
    emu_actor jumped = outermost(h, earlier, later);
    uint32_t event = jumped != 0 ? h->first[jumped] - 1 : earlier;
    return handler || base_of(h, event) == y->actor ? event : place_switch(h, event, later);
}

/* Did the later event wait for nothing that comes after the other one but its turn? */
static bool is_possible(const struct emu_happens *h, uint32_t event, uint32_t later)
{
    const struct emu_footprint_event *y = &h->f->events[later];
    if (h->before[later] != 0 && h->before[later] - 1 >= event &&
        emu_happens_before(h, event, h->before[later] - 1))
        return false;
    return y->cause == 0 || y->cause - 1 < event || y->cause - 1 >= later ||
           !emu_happens_before(h, event, y->cause - 1);
}

static bool is_immediate(const struct emu_happens *h, uint32_t earlier, uint32_t later)
{
    for (uint32_t i = h->conflicts[later]; i < h->conflicts[later + 1]; i++) {
        uint32_t p = h->pairs[i].earlier;
        if (p > earlier && emu_happens_before(h, earlier, p))
            return false;
    }
    return is_possible(h, earlier, later);
}

/* Timers of different deadlines come in their order on every machine. */
static bool is_fixed(const struct emu_happens *h, uint32_t earlier, uint32_t later)
{
    const struct emu_footprint_event *x = &h->f->events[earlier];
    const struct emu_footprint_event *y = &h->f->events[later];
    return h->f->actors[x->actor].kind == EMU_ACTOR_TIMER && h->f->actors[y->actor].kind == EMU_ACTOR_TIMER &&
           x->due != y->due;
}

/*
 * What the pair has to be turned before: the earlier event, or what kept the later one from coming before
 * that one (who took the lock, what started the timer of the earlier deadline).
 */
static uint32_t turn_before(const struct emu_happens *h, const struct emu_pair *p, uint32_t later)
{
    if (p->turn == 0)
        return UINT32_MAX;
    if (is_fixed(h, p->earlier, later)) {
        uint32_t cause = h->f->events[p->earlier].cause;
        return cause != 0 ? cause - 1 : UINT32_MAX;
    }
    return p->turn - 1;
}

void emu_happens_reversals(const struct emu_happens *h, emu_reversal_fn *take, void *context)
{
    for (uint32_t later = 0; later < h->all; later++)
        for (uint32_t i = h->conflicts[later]; i < h->conflicts[later + 1]; i++) {
            const struct emu_pair *p = &h->pairs[i];
            if (!is_immediate(h, p->earlier, later))
                continue;
            uint32_t turn = turn_before(h, p, later);
            uint32_t event = turn != UINT32_MAX ? place_on_processor(h, turn, later) : UINT32_MAX;
            if (event != UINT32_MAX && (event == p->earlier || is_possible(h, event, later)))
                take(context, (struct emu_reversal){event, later, turn, event != p->earlier});
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
        if (i != r->target && (i == event || emu_happens_before(h, event, i)) &&
            !emu_happens_before(h, r->event, i) && !emu_happens_before(h, r->target, i) &&
            conflict(h->f, i, r->target))
            return true;
    return false;
}

bool emu_happens_leads(const struct emu_happens *h, uint32_t earlier, uint32_t later)
{
    const struct emu_footprint_event *events = h->f->events;
    if (later != h->reversal.target)
        return emu_happens_before(h, earlier, later) || (h->only_needed && earlier == h->reversal.target);
    if (h->only_needed)
        return true;
    if (h->before[later] != 0 && emu_happens_before(h, earlier, h->before[later] - 1))
        return true;
    if (events[later].cause != 0 && emu_happens_before(h, earlier, events[later].cause - 1))
        return true;
    for (uint32_t i = h->conflicts[later]; i < h->conflicts[later + 1]; i++)
        if (!emu_happens_before(h, h->reversal.event, h->pairs[i].earlier) &&
            emu_happens_before(h, earlier, h->pairs[i].earlier))
            return true;
    return (events[later].flags & EMU_EVENT_GUARDED) && meets_target(h, earlier);
}

static bool left_out(const struct emu_happens *h, const struct emu_reversal *r, uint32_t event)
{
    return event == r->target || emu_happens_before(h, r->event, event) ||
           emu_happens_before(h, r->target, event);
}

uint32_t emu_happens_instead(struct emu_happens *h, const struct emu_reversal *r, uint32_t *out)
{
    uint32_t count = 0;
    h->reversal = *r;
    h->only_needed = false;
    for (uint32_t i = r->event + 1; i < h->count; i++)
        if (!left_out(h, r, i))
            out[count++] = i;
    out[count++] = r->target;
    return count;
}

/* Does the event come before something that the target directly comes after, and that stays? */
static bool is_needed(const struct emu_happens *h, const struct emu_reversal *r, uint32_t event)
{
    uint32_t before = h->before[r->target], cause = h->f->events[r->target].cause;
    if (before != 0 && emu_happens_before(h, event, before - 1))
        return true;
    if (cause != 0 && cause <= r->target && emu_happens_before(h, event, cause - 1))
        return true;
    if (h->f->events[r->target].flags & EMU_EVENT_WITHDRAWN)
        return false;
    for (uint32_t i = h->conflicts[r->target]; i < h->conflicts[r->target + 1]; i++) {
        uint32_t p = h->pairs[i].earlier;
        if (p > r->event && !emu_happens_before(h, r->event, p) && emu_happens_before(h, event, p))
            return true;
    }
    return r->jumps && meets_target(h, event);
}

uint32_t emu_happens_needed(struct emu_happens *h, const struct emu_reversal *r, uint32_t *out)
{
    uint32_t count = 0;
    uint32_t end = r->target < h->count ? r->target : h->count;
    h->reversal = *r;
    h->only_needed = true;
    for (uint32_t i = r->event + 1; i < end; i++)
        if (!emu_happens_before(h, r->event, i) && is_needed(h, r, i))
            out[count++] = i;
    uint32_t needed = count;
    out[count++] = r->target;
    for (uint32_t i = r->event; i < r->turn; i++) {
        bool is_there = false;
        for (uint32_t k = 0; k < needed && !is_there; k++)
            is_there = out[k] == i;
        if (!is_there)
            out[count++] = i;
    }
    return count;
}

static bool is_initial(const struct emu_happens *h, const struct emu_reversal *r, uint32_t event)
{
    for (uint32_t i = r->event; i < event; i++)
        if ((i == r->event || !emu_happens_before(h, r->event, i)) && emu_happens_before(h, i, event))
            return false;
    return true;
}

uint32_t emu_happens_initials(const struct emu_happens *h, const struct emu_reversal *r, uint32_t *out)
{
    uint32_t count = 0;
    for (uint32_t i = r->event + 1; i < h->count; i++)
        if (is_initial(h, r, i))
            out[count++] = i;
    out[count++] = r->target;
    return count;
}
