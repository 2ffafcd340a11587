/*
 * What the watching of accesses is made of: private to emu/access*.c.
 *
 * All of it belongs to the machine and is reused by every run: a run or an era that begins makes what was
 * before stale by a number, without touching it. Tables grow in the first runs and are as large as needed
 * from then on.
 */
#ifndef EMU_ACCESS_STATE_H
#define EMU_ACCESS_STATE_H

#include <emu/access.h>

#include "emu/machine_state.h"

enum {
    EMU_GRANULE = 8, /* bytes that share a cell */
    EMU_GRANULE_SHIFT = 3,
    EMU_PAGE_CELLS = EMU_PAGE_SIZE / EMU_GRANULE,
    EMU_CONTEXTS_MAX = 60000,
    EMU_NOBODY = 0,
    EMU_SEVERAL = 0xFFFF,
    EMU_STILL_MAX = 20000, /* accesses in a row without a step, after which one is a yield point */
    EMU_PLACES_MAX = 256,
};

/* A vector clock: at[i] is the time of context i that is known. */
struct emu_clock {
    uint32_t count;
    uint32_t capacity;
    uint32_t *at;
};

/* The clock that an object carries from who releases it to who acquires it. */
struct emu_carrier {
    uint32_t run;
    struct emu_clock clock;
};

struct emu_context {
    struct emu_clock clock;
    struct emu_clock fenced; /* as of its last barrier */
    struct emu_clock seen;   /* what volatile variables told it since then */
    uint16_t id;
    uint8_t entry; /* the level it interrupts from; a strand's is DISPATCH, which keeps strands out */
    bool handler;
    bool has_fenced;
    uint32_t locks;    /* held: a node of the tree of locks */
    emu_object object; /* what it is */
};

/* Locks held, as a path in a tree, so that a record of an access can name them with one number. */
struct emu_lock_node {
    uint32_t parent;
    uint32_t child; /* made last */
    emu_object lock;
};

/* An access that a later one could race with. */
struct emu_access_record {
    uint32_t clock; /* of its context */
    uint32_t next;
    uintptr_t pc;
    uint64_t step;
    uint32_t locks;
    emu_object object; /* what the context ran */
    uint16_t context;
    uint8_t bytes;  /* of the granule, a bit each */
    uint8_t memory; /* enum emu_memory */
    uint8_t cpu;
    uint8_t level;
    bool handler;
};

/* A granule. Valid while its life is its page's. */
struct emu_cell {
    uint32_t life;
    uint32_t first;          /* record; 0: none */
    uint16_t writer, reader; /* EMU_NOBODY, the one context that did, or EMU_SEVERAL */
    emu_object object;       /* once an access was announced */
};

struct emu_shadow_page {
    uintptr_t number; /* of the page */
    uint32_t era;
    uint32_t life;
    uint32_t guarded_run; /* that guards is of */
    uint32_t guards;      /* reasons to show accesses to the guard */
    struct emu_cell cells[EMU_PAGE_CELLS];
};

struct emu_known_place {
    uintptr_t pc;
    struct emu_source place;
};

struct emu_watch {
    uint32_t processors;
    uint32_t run;
    uint32_t era; /* accesses of an earlier one are ordered before all of this one */
    uint32_t life;
    uint32_t still;
    uint64_t still_step;

    struct emu_shadow_page **pages; /* hash by number */
    uint32_t page_mask;
    uint32_t page_count;
    struct emu_shadow_page *last;
    uint32_t guards; /* of all pages, in this run */

    struct emu_access_record *records;
    uint32_t record_count, record_capacity;
    uint32_t record_free;

    struct emu_context **contexts; /* by id, from 1 on */
    uint32_t context_count, context_made, context_capacity;
    struct {
        uint32_t run;
        struct emu_context *context;
    } handlers[EMU_PROCESSORS_MAX][EMU_LEVELS];

    struct emu_carrier *carriers; /* by object */
    uint32_t carrier_count;
    struct emu_carrier (*levels)[EMU_LEVELS][EMU_LEVELS]; /* by processor: see access_order.c */
    struct emu_carrier registers;                         /* of all devices */
    emu_object registers_object;
    struct emu_clock device; /* of the engine or event that is running */

    struct emu_lock_node *locks; /* from 1 on */
    uint32_t lock_count, lock_capacity;

    bool raced;
    struct emu_access_record earlier, later;
    uintptr_t race_address;
    uint32_t race_bytes;

    struct emu_known_place places[EMU_PLACES_MAX];
    uint32_t place_count;
};

/* access_order.c */
struct emu_context *emu_watch_context(struct emu_machine *m); /* the running one */
struct emu_carrier *emu_watch_carrier(struct emu_watch *w, emu_object object);
void emu_clock_join(struct emu_clock *into, const struct emu_clock *from);
void emu_context_release(struct emu_machine *m, struct emu_carrier *carrier);
void emu_context_acquire(struct emu_machine *m, const struct emu_carrier *carrier);
void *emu_watch_grow(void *table, uint32_t *capacity, size_t item); /* twice as many; the new ones are zero */

/* What context knows of a context's time. */
static inline uint32_t emu_clock_of(const struct emu_clock *c, uint16_t id)
{
    return id < c->count ? c->at[id] : 0;
}

/* access.c */
void emu_access_end(void *watch);

#endif
