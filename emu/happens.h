/*
 * Happens-before over one run, and which pairs of its events could have come the other way round. Private to
 * emu.
 *
 * The order of a run is an actor's own order, what a wake-up makes possible, and the order of accesses to one
 * place of which one writes; it names the class. Coarsely, what happens on one processor is in order besides:
 * a handler runs as a whole between two events of what it interrupts, and a raised level keeps events
 * together.
 */
#ifndef EMU_HAPPENS_H
#define EMU_HAPPENS_H

#include "emu/footprint.h"

/* A pair whose order can be turned: target is to be performed in the state before event. */
struct emu_reversal {
    uint32_t event;
    uint32_t target;
    bool
        jumps; /* the event is not what the target conflicts with, but what kept it from coming before that */
};

/* An earlier event that conflicts directly with one. */
struct emu_pair {
    uint32_t earlier;
    uint32_t turn; /* 1 + the event before which the later one could have come instead; 0: none */
};

/* How an event stands on its processor. */
struct emu_standing {
    uint8_t cpu;
    uint8_t before, after; /* levels */
    uint8_t handler;       /* its level; 0: a strand */
    uint8_t priority;      /* strands */
    bool whole;            /* all of a handler */
    bool low;              /* a strand's, where the processor may change its strand before and after it */
};

struct emu_happens {
    const struct emu_footprints *f;
    uint32_t count;   /* events performed; those that wait in vain follow */
    uint32_t all;     /* with them */
    uint32_t stride;  /* clocks per event */
    bool units;       /* there are interrupts, or strands of one processor that do not commute there */
    uint16_t *order;  /* vector clocks, a row per event */
    uint16_t *local;  /* the event's own clock: its number among its actor's, from 1 */
    uint32_t *before; /* 1 + its actor's event before it */
    uint32_t *beside; /* 1 + the event before it on its processor */
    struct emu_standing *standings;
    uint32_t *conflicts; /* per event the index of its first one in pairs; one more at the end */
    struct emu_pair *pairs;
    uint32_t pair_count, pair_capacity;
    uint32_t capacity;      /* of events, by stride */
    size_t clocks;          /* room in each table of clocks */
    uint32_t *first, *last; /* by actor: 1 + event */
    uint32_t actor_capacity;
    struct emu_place *places;
    uint32_t place_capacity;
    uint32_t *readers; /* by access: 1 + the access that read before it */
    uint32_t reader_capacity;
    uint32_t stamp;
    bool coarse;    /* asked for: what happens on one processor is in order, unless either could be first */
    bool in_order;  /* the clocks are being set so */
    uint64_t class; /* coarse: by the other relation */
    uint32_t whole[EMU_PROCESSORS_MAX]; /* 1 + the first event of the processor that is all of a handler */
    uint32_t everything;                /* 1 + the last event that concerned everything */
    struct emu_reversal reversal;       /* of the sequence that was made last */
};

void emu_happens_destroy(struct emu_happens *h);
void emu_happens_compute(struct emu_happens *h, const struct emu_footprints *f, uint32_t count);

struct emu_standing emu_standing_of(const struct emu_footprints *f, uint32_t event);

/* On one processor: could either come before the other, as far as the processor goes? */
static inline bool emu_standings_commute(const struct emu_standing *a, const struct emu_standing *b)
{
    if (a->low && b->low)
        return a->priority == b->priority;
    return (a->whole && b->before < a->handler && b->after < a->handler) ||
           (b->whole && a->before < b->handler && a->after < b->handler);
}

/* Is earlier before later? Indices of events. */
static inline bool emu_happens_before(const struct emu_happens *h, uint32_t earlier, uint32_t later)
{
    return h->order[(size_t)later * h->stride + h->f->events[earlier].actor] >= h->local[earlier];
}

/* Do they touch one place, and one of them writes it? */
bool emu_events_conflict(const struct emu_footprints *f, uint32_t a, uint32_t b);
/* Timers whose deadlines decide. */
bool emu_events_are_fixed(const struct emu_footprints *f, uint32_t earlier, uint32_t later);

/* Names the class of the run: equal for runs that differ only in the order of what commutes. */
uint64_t emu_happens_class(const struct emu_happens *h);
/*
 * Names a choice that is not the scheduler's, to be added to that: event is 1 + the event that made it (0:
 * before the first), number counts its choices.
 */
uint64_t emu_happens_value(const struct emu_footprints *f, uint32_t event, uint32_t number, uint32_t value);

/* Calls take for each pair that can be turned. */
typedef void emu_reversal_fn(void *context, struct emu_reversal r);
void emu_happens_reversals(const struct emu_happens *h, emu_reversal_fn *take, void *context);

/*
 * What happens instead: the events after r->event that do not come after it, then r->target. Writes indices
 * of events, in order, and returns how many; room for as many as there are events.
 */
uint32_t emu_happens_instead(struct emu_happens *h, const struct emu_reversal *r, uint32_t *out);
/*
 * Is the first of two events of such a sequence to come before the second? Its last one has left behind what
 * it came after in the run only because of what it is put before.
 */
bool emu_happens_leads(const struct emu_happens *h, uint32_t earlier, uint32_t later);

/*
 * backtrack.c: calls take for each pair of which the target is to be tried before the event, for each target
 * from first on.
 */
typedef void emu_backtrack_fn(void *context, uint32_t event, uint32_t target);
void emu_happens_backtracks(const struct emu_happens *h, uint32_t first, emu_backtrack_fn *take,
                            void *context);
/*
 * What the target needs of what comes after the event: its actor's own events, what made these possible, and
 * so on; and the target. Writes indices, in order, and returns how many.
 */
uint32_t emu_happens_past(const struct emu_happens *h, uint32_t event, uint32_t target, uint32_t *out);
/* The target cannot be taken where the event comes next. Is there nothing to be tried for it? */
bool emu_happens_waits_for_others(const struct emu_happens *h, uint32_t event, uint32_t target);

static inline bool emu_actor_is_handler(const struct emu_footprint_actor *a)
{
    return a->kind == EMU_ACTOR_LINE || a->kind == EMU_ACTOR_SOFT;
}

#endif
