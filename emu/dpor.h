/*
 * What a search with dynamic partial-order reduction is made of: private to strategy_dpor.c, which says what
 * it does, dpor_run.c and dpor_source.c.
 */
#ifndef EMU_DPOR_H
#define EMU_DPOR_H

#include <emu/part.h>

#include "emu/number_set.h"
#include "emu/shard.h"
#include "emu/strategy.h"
#include "emu/wakeup.h"

/* In the list of sleepers, beside the index: what could come otherwise was left out for him. */
#define EMU_SLEEPER_STANDS ((uint32_t)1 << 31)

/* One event of the path. */
struct node {
    emu_actor actor;
    uint32_t waiting; /* alternatives that were found: the first wake */
    uint32_t done;    /* index of the first of its own in the list of those that are done */
    uint32_t sleep;   /* the same in the list of sleepers */
    uint32_t sleepers;
    uint32_t menu, menu_count; /* who could be taken: in the list of menus */
    bool decided;              /* there was something to decide */
    bool recorded;             /* print is that of its event */
    bool expanded;             /* in the top that all shards walk: everybody has his turn here */
    struct emu_print print;
};

/* One choice that is not the scheduler's. */
struct value {
    uint32_t node; /* 1 + the event that made it; 0: before the first */
    uint32_t count;
    uint32_t first, tried;
};

struct dpor {
    struct emu_strategy base;
    struct emu_footprints footprints;
    struct emu_happens happens;
    struct emu_wakes wakes;
    uint32_t wakes_most; /* when there are more, source sets have to do */
    bool optimal;
    struct node *nodes;
    uint32_t count, capacity; /* nodes of this run */
    uint32_t prefix;          /* of them, repeated */
    struct value *values;
    uint32_t value_count, value_capacity;
    uint32_t value_at; /* choices made in this run */
    struct emu_print *done;
    uint32_t done_count, done_capacity;
    uint32_t *sleepers; /* indices of done ones, and EMU_SLEEPER_STANDS */
    uint32_t sleeper_count, sleeper_capacity;
    uint32_t follow;  /* the wake that the run follows: what is below it comes next; 0: it is free */
    emu_actor *menus; /* of all nodes, one after the other */
    uint32_t menu_capacity;
    uint32_t *sequence, *scratch;
    uint32_t sequence_capacity;
    uint32_t blocked_at;           /* 1 + the event before which all who could go on slept; 0: none */
    uint32_t seen;                 /* events of the run that were looked at */
    struct emu_number_set classes; /* that were seen, where one may come twice */
    struct emu_reduction tally;
    struct emu_divergence divergence;
    struct emu_shard shard;
    struct emu_shard_way way; /* of this run, as far as the top goes */
    uint64_t made;            /* runs */
    uint32_t top;             /* nodes as far as the last one that is expanded */
    bool ranked;              /* the search knows of struct emu_footprints */
};

/* dpor_run.c: what the strategy does during a run. */
void emu_dpor_begin(struct emu_strategy *s, uint64_t run);
uint32_t emu_dpor_choose(struct emu_strategy *s, const struct emu_decision *decision);
/* Events that were performed without a decision get their nodes. */
void emu_dpor_catch_up(struct dpor *d);
/* The actor of this wake is taken at the node: what is below the wake comes next. */
void emu_dpor_follow(struct dpor *d, struct node *n, uint32_t wake);
/* An alternative of which nothing is known but who it is. */
void emu_dpor_add_single(struct dpor *d, uint32_t at, emu_actor actor);
/* Which of the node's sleepers the actor is; UINT32_MAX: it does not sleep there. */
uint32_t emu_dpor_sleeper(const struct dpor *d, uint32_t at, emu_actor actor);
/* Which of those who could be taken at the node the actor is; UINT32_MAX: none. */
uint32_t emu_dpor_option(const struct dpor *d, const struct node *n, emu_actor actor);
/* Was the actor taken at the node, is it, or will it be? */
bool emu_dpor_is_taken(const struct dpor *d, uint32_t at, emu_actor actor);

/* The node's sleeper, as an index of those that are done. */
static inline uint32_t emu_dpor_done_of(const struct dpor *d, const struct node *n, uint32_t sleeper)
{
    return d->sleepers[n->sleep + sleeper] & ~EMU_SLEEPER_STANDS;
}

/* dpor_source.c: after a run, who else is to be taken at which of its nodes. */
void emu_dpor_extend_sources(struct dpor *d);

#endif
