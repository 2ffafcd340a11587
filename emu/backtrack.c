/*
 * Backtracking: which pairs of a run's events have to be tried the other way round, for a search that takes
 * one event at a time (source sets, persistent sets).
 *
 * An event could have come before every earlier one that it depends on, as long as it was the next one of its
 * actor there. Of those before it became that, the last one that does not lead to it is enough: others show
 * in the runs in which that one comes later (Flanagan and Godefroid, POPL 2005). To depend is to conflict,
 * or, coarsely, to be in order on one processor.
 *
 * Left out are pairs that can never be chosen between: a lock's release and its next acquisition, what runs
 * at a level and what the level masks. Who took the lock, and what raised the level, come earlier, and are
 * pairs of their own.
 */
#include "emu/happens.h"

/* What an event needs: its actor's one before it, and what made it possible, with all that come before these.
 */
struct needs {
    const uint16_t *before, *cause; /* clocks; NULL: there is none */
};

static struct needs needs_of(const struct emu_happens *h, uint32_t target)
{
    uint32_t before = h->before[target], cause = h->f->events[target].cause;
    const uint16_t *clocks = h->order;
    return (struct needs){.before = before != 0 ? clocks + (size_t)(before - 1) * h->stride : NULL,
                          .cause = cause != 0 && cause <= target ? clocks + (size_t)(cause - 1) * h->stride
                                                                 : NULL};
}

static bool is_among(const struct emu_happens *h, const struct needs *n, uint32_t event)
{
    emu_actor actor = h->f->events[event].actor;
    uint16_t local = h->local[event];
    return (n->before != NULL && n->before[actor] >= local) || (n->cause != NULL && n->cause[actor] >= local);
}

/* Was the target the next one of its actor already when the event happened? */
static bool is_next(const struct emu_happens *h, uint32_t event, uint32_t target)
{
    return event >= h->before[target] && event >= h->f->events[target].cause;
}

static bool on_one_processor(const struct emu_happens *h, uint32_t a, uint32_t b)
{
    uint8_t cpu = h->f->events[a].cpu;
    return h->in_order && cpu == h->f->events[b].cpu && cpu != EMU_NO_CPU;
}

static bool depends(const struct emu_happens *h, uint32_t event, uint32_t target)
{
    if (on_one_processor(h, event, target)) {
        if ((h->f->events[target].flags & EMU_EVENT_WITHDRAWN) ||
            !emu_standings_commute(&h->standings[event], &h->standings[target]))
            return true;
    }
    return emu_events_conflict(h->f, event, target);
}

/* ---- What can never be chosen between ---- */

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

/* Who is under all handlers where the event happens; 0: nobody. */
static emu_actor base_of(const struct emu_happens *h, uint32_t event)
{
    emu_actor base = h->f->events[event].actor;
    while (base != 0 && emu_actor_is_handler(&h->f->actors[base]))
        base = h->f->actors[base].parent;
    return base;
}

/* Is the processor never free for the target where the event comes next? */
static bool is_masked(const struct emu_happens *h, uint32_t event, uint32_t target)
{
    const struct emu_footprint_event *x = &h->f->events[event], *y = &h->f->events[target];
    const struct emu_footprint_actor *actor = &h->f->actors[y->actor];
    bool handler = emu_actor_is_handler(actor);
    if (handler && ((y->flags & EMU_EVENT_WITHDRAWN) || h->first[y->actor] == target + 1))
        return x->level >= actor->level;
    emu_actor above = outermost(h, event, target);
    if (above != 0 && h->first[above] != event + 1)
        return true; /* the handler is over before that one goes on */
    if (handler || base_of(h, event) == y->actor)
        return false;
    return x->level >= EMU_LEVEL_DISPATCH || x->priority > y->priority;
}

static bool takes(const struct emu_footprints *f, uint32_t event, uint32_t place)
{
    const struct emu_footprint_event *e = &f->events[event];
    for (uint32_t i = e->accesses; i < e[1].accesses; i++)
        if (f->accesses[i].place == place && f->accesses[i].takes)
            return true;
    return false;
}

static bool writes(const struct emu_footprints *f, uint32_t event, uint32_t place)
{
    const struct emu_footprint_event *e = &f->events[event];
    for (uint32_t i = e->accesses; i < e[1].accesses; i++)
        if (f->accesses[i].place == place && f->accesses[i].access == EMU_ACCESS_WRITE)
            return true;
    return false;
}

/* Does the event write what its own actor had taken? */
static bool is_holders(const struct emu_happens *h, uint32_t event, uint32_t place)
{
    if (!writes(h->f, event, place) || takes(h->f, event, place))
        return false;
    for (uint32_t i = event; i-- > 0;) {
        if (!writes(h->f, i, place))
            continue;
        if (h->f->events[i].actor != h->f->events[event].actor)
            return false;
        if (takes(h->f, i, place))
            return true;
    }
    return false;
}

/* Does the target wait for a lock that the event's actor holds? */
static bool is_locked_out(const struct emu_happens *h, uint32_t event, uint32_t target)
{
    const struct emu_footprint_event *y = &h->f->events[target];
    if (!(y->flags & EMU_EVENT_GUARDED))
        return false;
    for (uint32_t i = y->accesses; i < y[1].accesses; i++)
        if (h->f->accesses[i].takes && is_holders(h, event, h->f->accesses[i].place))
            return true;
    return false;
}

/* Timers of different deadlines come in their order on every machine. */
static bool never_together(const struct emu_happens *h, uint32_t event, uint32_t target)
{
    return emu_events_are_fixed(h->f, event, target) ||
           (on_one_processor(h, event, target) && is_masked(h, event, target)) ||
           is_locked_out(h, event, target);
}

/* ---- The pairs ---- */

void emu_happens_backtracks(const struct emu_happens *h, uint32_t first, emu_backtrack_fn *take,
                            void *context)
{
    const struct emu_footprint_event *events = h->f->events;
    for (uint32_t target = first; target < h->all; target++) {
        uint32_t end = target < h->count ? target : h->count;
        if ((events[target].flags & EMU_EVENT_WITHDRAWN) && events[target].disabled_at < end)
            end = events[target].disabled_at;
        const struct needs needs = needs_of(h, target);
        for (uint32_t i = end; i-- > 0;) {
            if (events[i].actor == events[target].actor || is_among(h, &needs, i) || !depends(h, i, target) ||
                never_together(h, i, target))
                continue;
            take(context, i, target);
            if (!is_next(h, i, target))
                break;
        }
    }
}

uint32_t emu_happens_past(const struct emu_happens *h, uint32_t event, uint32_t target, uint32_t *out)
{
    uint32_t end = target < h->count ? target : h->count;
    uint32_t count = 0;
    const struct needs needs = needs_of(h, target);
    for (uint32_t i = event + 1; i < end; i++)
        if (is_among(h, &needs, i))
            out[count++] = i;
    out[count++] = target;
    return count;
}

/*
 * Who waits for a place, or for the processor, waits for an event that depends on this one: that one is a
 * pair of this one itself.
 */
bool emu_happens_waits_for_others(const struct emu_happens *h, uint32_t event, uint32_t target)
{
    const struct emu_footprint_event *y = &h->f->events[target];
    if (!is_next(h, event, target))
        return false;
    if (on_one_processor(h, event, target) && !h->standings[event].low && !h->standings[event].whole)
        return true;
    for (uint32_t i = y->accesses; i < y[1].accesses; i++) {
        const struct emu_footprint_access *a = &h->f->accesses[i];
        bool waits =
            ((y->flags & EMU_EVENT_GUARDED) && (a->takes || a->waits)) || a->place == EMU_PLACE_TIMERS;
        if (waits && writes(h->f, event, a->place))
            return true;
    }
    return false;
}
