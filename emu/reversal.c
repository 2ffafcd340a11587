/*
 * Reversals: which pairs of a run's events could have come the other way round, and what would happen then.
 */
#include "emu/happens.h"

/* ---- Reversals ---- */

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
bool emu_events_are_fixed(const struct emu_footprints *f, uint32_t earlier, uint32_t later)
{
    const struct emu_footprint_event *x = &f->events[earlier], *y = &f->events[later];
    return f->actors[x->actor].kind == EMU_ACTOR_TIMER && f->actors[y->actor].kind == EMU_ACTOR_TIMER &&
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
    if (emu_events_are_fixed(h->f, p->earlier, later)) {
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
            uint32_t event = turn_before(h, p, later);
            if (event != UINT32_MAX && (event == p->earlier || is_possible(h, event, later)))
                take(context, (struct emu_reversal){event, later, event != p->earlier});
        }
}

/* ---- What happens instead ---- */

/* Does the event, or one after it that stays before the target, conflict with the target? */
static bool meets_target(const struct emu_happens *h, uint32_t event)
{
    const struct emu_reversal *r = &h->reversal;
    for (uint32_t i = event; i < h->count; i++)
        if (i != r->target && (i == event || emu_happens_before(h, event, i)) &&
            !emu_happens_before(h, r->event, i) && !emu_happens_before(h, r->target, i) &&
            emu_events_conflict(h->f, i, r->target))
            return true;
    return false;
}

bool emu_happens_leads(const struct emu_happens *h, uint32_t earlier, uint32_t later)
{
    const struct emu_footprint_event *events = h->f->events;
    if (later != h->reversal.target)
        return emu_happens_before(h, earlier, later);
    if (h->before[later] != 0 && emu_happens_before(h, earlier, h->before[later] - 1))
        return true;
    if (events[later].cause != 0 && emu_happens_before(h, earlier, events[later].cause - 1))
        return true;
    for (uint32_t i = h->conflicts[later]; i < h->conflicts[later + 1]; i++)
        if (!emu_happens_before(h, h->reversal.event, h->pairs[i].earlier) &&
            emu_happens_before(h, earlier, h->pairs[i].earlier))
            return true;
    /* What the target conflicts with directly may be hidden by what comes after it. */
    bool hidden = (events[later].flags & EMU_EVENT_GUARDED) || h->reversal.jumps;
    return hidden && meets_target(h, earlier);
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
    for (uint32_t i = r->event + 1; i < h->count; i++)
        if (!left_out(h, r, i))
            out[count++] = i;
    out[count++] = r->target;
    return count;
}
