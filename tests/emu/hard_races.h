/*
 * Races that a random walk hardly ever finds once there are many threads: both need one thread to get through
 * while none of the many others takes its second step. (Known from the benchmarks of systematic testers.)
 */
#ifndef TESTS_EMU_HARD_RACES_H
#define TESTS_EMU_HARD_RACES_H

#include "lock.h"
#include "race.h"

enum { HARD_LOCKS = 2 };

struct hard_race {
    unsigned setters; /* each on a processor of its own, as are who starts them (the first) and the checker */
    emu_strand_fn *set, *look;
    int a, b;
    struct lock locks[HARD_LOCKS];
};

static inline void hard_touch(const void *variable)
{
    struct emu_machine *m = emu_current();
    emu_step(m, OP_WORK, emu_object_at(m, variable, "variable"), 0);
}

/* The setters come one after another, the checker last. */
static inline void hard_starter(void *context)
{
    struct hard_race *r = context;
    struct emu_machine *m = emu_current();
    for (unsigned i = 1; i <= r->setters; i++) {
        emu_step(m, OP_WORK, emu_strand_object(emu_strand_self(m)), i);
        bare_start(m, "setter", i, r->set, r);
    }
    emu_step(m, OP_WORK, emu_strand_object(emu_strand_self(m)), 0);
    bare_start(m, "checker", r->setters + 1, r->look, r);
}

static inline void hard_start(struct hard_race *r, emu_strand_fn *set, emu_strand_fn *look)
{
    r->a = r->b = 0;
    r->set = set;
    r->look = look;
    memset(r->locks, 0, sizeof r->locks);
    race_start("starter", 0, hard_starter, r);
}

/* ---- reorder: a = 1; b = -1, and somebody who sees the first without the second ---------------------------
 */

static inline void reorder_set(void *context)
{
    struct hard_race *r = context;
    hard_touch(&r->a);
    r->a = 1;
    hard_touch(&r->b);
    r->b = -1;
}

static inline void reorder_look(void *context)
{
    struct hard_race *r = context;
    hard_touch(&r->a);
    int a = r->a;
    hard_touch(&r->b);
    int b = r->b;
    if (a == 1 && b == 0)
        emu_finding_raise(emu_current(), "property", NULL, NULL, "one without the other");
}

static inline void reorder_set_up(void *context)
{
    hard_start(context, reorder_set, reorder_look);
}

/* ---- twostage: data set under one lock, what follows from it under another --------------------------------
 */

static inline void twostage_set(void *context)
{
    struct hard_race *r = context;
    struct emu_machine *m = emu_current();
    lock_acquire(m, &r->locks[0]);
    r->a = 1;
    lock_release(m, &r->locks[0]);
    lock_acquire(m, &r->locks[1]);
    r->b = r->a + 1;
    lock_release(m, &r->locks[1]);
}

static inline void twostage_look(void *context)
{
    struct hard_race *r = context;
    struct emu_machine *m = emu_current();
    lock_acquire(m, &r->locks[0]);
    int a = r->a;
    lock_release(m, &r->locks[0]);
    lock_acquire(m, &r->locks[1]);
    int b = r->b;
    lock_release(m, &r->locks[1]);
    if (a == 1 && b == 0)
        emu_finding_raise(m, "property", NULL, NULL, "the second stage is missing");
}

static inline void twostage_set_up(void *context)
{
    hard_start(context, twostage_set, twostage_look);
}

#endif
