/*
 * Footprints: what each event of a run touched, for strategies that reason about independence. Private to
 * emu.
 *
 * An event is what happens from one decision to the next: a step with everything that its context does until
 * it announces the next one, a device's move, a timer's. Who does it is an actor: a strand, one delivery of
 * an interrupt (of either sort), an engine, a timer. Actors have the same number in every run of an
 * exploration; objects have a key that is the same in every run that agrees on what came before. Keys are
 * compared and never hashed into anything, so an address may be one.
 *
 * The machine writes, a strategy reads. Writing happens only in the race of a program, only under a strategy
 * that brought a book of footprints (struct emu_strategy).
 */
#ifndef EMU_FOOTPRINT_H
#define EMU_FOOTPRINT_H

#include "emu/coverage_state.h"
#include "emu/machine_state.h"

#include <stdlib.h>

enum {
    /* Places of the machine itself; those of objects follow. */
    EMU_PLACE_EVERYTHING,
    EMU_PLACE_CLOCK,
    EMU_PLACE_MEMORY,                                     /* what devices read and write of it */
    EMU_PLACE_TIMERS,                                     /* which timer is next */
    EMU_PAGE_PLACES = 64,                                 /* pages of one remainder share a place */
    EMU_PLACE_PAGES = EMU_PLACE_TIMERS + 1,               /* a page, where devices and processors meet */
    EMU_PLACE_SOFT = EMU_PLACE_PAGES + EMU_PAGE_PLACES,   /* and a processor's number */
    EMU_PLACE_RUN = EMU_PLACE_SOFT + EMU_PROCESSORS_MAX,  /* the same: which strand it runs */
    EMU_PLACE_READY = EMU_PLACE_RUN + EMU_PROCESSORS_MAX, /* the same: which strands it would run first */
    EMU_PLACE_OBJECTS = EMU_PLACE_READY + EMU_PROCESSORS_MAX,

    EMU_WITHDRAWN_MAX = 256, /* in a run; of more the rest is taken for forced */
    EMU_EXPECTED_MAX = 64,   /* in an event; more are not compared */
};

typedef uint32_t emu_actor; /* from 1 on */

enum emu_actor_kind {
    EMU_ACTOR_STRAND,
    EMU_ACTOR_LINE, /* one delivery of a line */
    EMU_ACTOR_SOFT, /* one delivery of a software interrupt that was a choice */
    EMU_ACTOR_ENGINE,
    EMU_ACTOR_TIMER,
};

enum { EMU_NO_CPU = UINT8_MAX }; /* timers and engines stand on no processor */

enum emu_event_flag {
    EMU_EVENT_GUARDED = 1,   /* it had a condition */
    EMU_EVENT_NESTED = 4,    /* in a handler, whoever does it */
    EMU_EVENT_WITHDRAWN = 2, /* it could have been, until another event took it away or kept it back */
};

struct emu_footprint_access {
    uint64_t key;
    uint32_t place;
    uint8_t access; /* enum emu_access */
    bool takes;     /* what others wait for on this place is gone after it: a lock's acquisition */
    bool waits;     /* what was waited for on this place stays once it is there */
};

struct emu_footprint_event {
    emu_actor actor;
    uint32_t accesses;    /* index of its first one; the next event's is the end */
    uint32_t cause;       /* 1 + the event that made it possible (a wake-up), 0: none */
    uint32_t disabled_at; /* GUARDED: 1 + events before the last moment when the condition did not hold */
    uint64_t due;         /* timers */
    uint8_t cpu;
    uint8_t level; /* of the processor, before it */
    uint8_t after; /* the same, after it */
    uint8_t flags;
    uint8_t priority; /* of the strand that does it, or is under the handler that does */
};

/* Something that was pending, and the event that took it away, or keeps it back where the run ends. */
struct emu_footprint_withdrawn {
    emu_actor actor;
    uint32_t cause, by;
    uint64_t due;
    uint32_t place;
    uint8_t cpu;
    uint8_t flags;
    uint8_t priority;
};

/* What a function says that the event under way declares (unseen.h). */
struct emu_footprint_expected {
    uint32_t place;
    uint8_t access;
    int line;
    const char *file;
};

struct emu_footprint_actor {
    uint64_t key;
    uint8_t kind;
    uint8_t cpu;
    uint8_t level;    /* interrupts: at which it runs */
    emu_actor parent; /* interrupts: on whose stack; 0: nobody's */
    uint32_t made;    /* objects it made in this run */
    uint32_t run;     /* the run that this is about */
};

struct emu_footprints {
    struct emu_footprint_event *events;
    uint32_t count, capacity;
    struct emu_footprint_access *accesses;
    uint32_t access_count, access_capacity;
    struct emu_footprint_actor *actors; /* [0] is nobody */
    uint32_t actor_count, actor_capacity;
    uint32_t *actor_slots; /* from key to number */
    uint32_t actor_mask;
    uint32_t run;
    uint32_t soft_deliveries[EMU_PROCESSORS_MAX];
    emu_actor soft_next[EMU_PROCESSORS_MAX]; /* who the next delivery will be */
    struct emu_machine *machine;             /* whose race this is */
    struct emu_footprint_withdrawn withdrawn[EMU_WITHDRAWN_MAX];
    uint32_t withdrawn_count;
    struct emu_footprint_expected expected[EMU_EXPECTED_MAX]; /* of the event that is under way */
    uint32_t expected_count;
    uint32_t waiting; /* so many events at the end never happened */
    bool deadlock;
    bool ended;    /* by a finding that is no deadlock */
    bool forced;   /* fairness decided, or a menu was not whole */
    bool open;     /* the last event was decided upon and has not been performed */
    bool ranked;   /* in some run a strand became ready that goes before others */
    bool in_order; /* asked for: what a strand does at a low level reads which strands would go first */
};

/* A table with room for so many; an emulator error without memory. */
static inline void *emu_grown(void *old, size_t count, size_t size)
{
    void *block = realloc(old, count * size);
    EMU_ASSERT(block != NULL);
    return block;
}

/* False without memory. */
bool emu_footprints_create(struct emu_footprints *f);
void emu_footprints_destroy(struct emu_footprints *f);

/* That of debug builds, if there is one. */
void emu_footprints_forget_own(struct emu_machine *m);

/* Nothing was written: for a run that may end before its race. */
void emu_footprints_clear(struct emu_footprints *f);

/* Of the race of a program, around which the machine writes. */
void emu_footprints_begin(struct emu_machine *m);
void emu_footprints_end(struct emu_machine *m);

/* After the race: forgets all but so many events and what was withdrawn by them. */
void emu_footprints_cut(struct emu_footprints *f, uint32_t events);

/* The actor of an action on the menu. */
emu_actor emu_footprint_who(struct emu_machine *m, const struct emu_action *a);

/* ---- Writing: each does nothing where nobody reads ---- */

void emu_footprint_decided(struct emu_machine *m, const struct emu_action *a);
void emu_footprint_performed(struct emu_machine *m, emu_op op, emu_object object, bool guarded);
void emu_footprint_touch(struct emu_machine *m, uint32_t place, enum emu_access access);
/* The event takes the object: who waits for it waits until this actor gives it back. */
/* What the last event left behind is as it stands. */
void emu_footprint_settle(struct emu_machine *m);
void emu_footprint_takes(struct emu_machine *m, emu_object object);
void emu_footprint_disabled(struct emu_machine *m, struct emu_strand *s);
void emu_footprint_deadlock(struct emu_machine *m);
/* What is pending and kept back (by a level, a lock, an earlier deadline) is written down as withdrawn. */
void emu_footprint_kept_back(struct emu_machine *m);
/* The event that is under way takes away what was pending. */
void emu_footprint_withdraw_line(struct emu_machine *m, uint32_t line);
void emu_footprint_withdraw_soft(struct emu_machine *m, unsigned cpu, unsigned level);
void emu_footprint_withdraw_event(struct emu_machine *m, struct emu_event *e);
void emu_footprint_withdraw_engine(struct emu_machine *m, struct emu_engine *e);
/* A handler begins or ends on the strand's stack. enter() returns what leave() wants back. */
emu_actor emu_footprint_enter(struct emu_machine *m, struct emu_strand *s);
void emu_footprint_leave(struct emu_machine *m, struct emu_strand *s, emu_actor interrupted);
/* What an object that comes into being is known by; called only where footprints are kept. */
uint64_t emu_footprint_key(struct emu_machine *m, const void *address);
/* An idle strand was just made: by its processor, not by who is the first to need it. */
void emu_footprint_idle(struct emu_machine *m, emu_object strand, unsigned cpu);

void emu_footprint_wakes(struct emu_machine *m, struct emu_strand *s);

/* 1 + the event that is under way; 0: none, or nobody reads. */
static inline uint32_t emu_footprint_now(const struct emu_machine *m)
{
    return EMU_UNLIKELY(m->footprints != NULL) ? m->footprints->count : 0;
}

/* The event that is under way made the strand's next one possible. */
static inline void emu_footprint_woken(struct emu_machine *m, struct emu_strand *s)
{
    if (EMU_UNLIKELY(m->footprints != NULL))
        emu_footprint_wakes(m, s);
    if (EMU_UNLIKELY(m->coverage != NULL))
        emu_cover_touch(m, EMU_PLACE_OBJECTS + s->object, EMU_ACCESS_WRITE);
}

/* What is performed next belongs to the event that is under way: nothing can come between. */
static inline void emu_footprint_same(struct emu_machine *m)
{
    if (EMU_UNLIKELY(m->footprints != NULL))
        m->footprints->open = m->footprints->count > 0;
}

/* What follows is not decided by independence alone: nothing can be proved of this run's neighbours. */
static inline void emu_footprint_forced(struct emu_machine *m)
{
    if (EMU_UNLIKELY(m->footprints != NULL))
        m->footprints->forced = true;
}

static inline void emu_touch_place(struct emu_machine *m, uint32_t place, enum emu_access access)
{
    if (EMU_UNLIKELY(m->footprints != NULL))
        emu_footprint_touch(m, place, access);
    if (EMU_UNLIKELY(m->coverage != NULL))
        emu_cover_touch(m, place, access);
}

static inline void emu_touch_object(struct emu_machine *m, emu_object object, enum emu_access access)
{
    emu_touch_place(m, EMU_PLACE_OBJECTS + object, access);
}

#endif
