/*
 * A spin lock as a layer above would make it: free or not, taken at DISPATCH_LEVEL with emu_step_when().
 */
#ifndef TESTS_EMU_LOCK_H
#define TESTS_EMU_LOCK_H

#include "bare.h"

#include <emu/access.h>

struct lock {
    bool taken;
    uint8_t old_level;
};

static inline bool lock_is_free(const void *context)
{
    const struct lock *l = context;
    return !l->taken;
}

static inline void lock_acquire(struct emu_machine *m, struct lock *l)
{
    uint8_t level = emu_level(m);
    uint8_t old = emu_level_raise(m, level > EMU_LEVEL_DISPATCH ? level : EMU_LEVEL_DISPATCH);
    emu_step_when(m, OP_LOCK, emu_object_at(m, l, "lock"), 0, lock_is_free, l);
    l->taken = true;
    l->old_level = old;
}

/* False: somebody has it. The level is the caller's. */
static inline bool lock_try(struct emu_machine *m, struct lock *l)
{
    emu_object object = emu_object_at(m, l, "lock");
    emu_step(m, OP_LOCK, object, 0);
    if (l->taken)
        return false;
    l->taken = true;
    l->old_level = emu_level(m);
    emu_lock_taken(m, object);
    return true;
}

static inline void lock_release(struct emu_machine *m, struct lock *l)
{
    emu_step(m, OP_UNLOCK, emu_object_at(m, l, "lock"), 0);
    l->taken = false;
    emu_level_lower(m, l->old_level);
}

#endif
