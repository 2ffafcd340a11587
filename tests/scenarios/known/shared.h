/*
 * Shared variables and locks for small programs whose interleavings are counted.
 *
 * Each access is one step of the machine on an object of its own, so a search knows exactly what conflicts:
 * two accesses of one variable of which one writes, two acquisitions of one lock. Between two of these calls
 * a thread touches nothing that others use.
 */
#ifndef TESTS_SCENARIOS_KNOWN_SHARED_H
#define TESTS_SCENARIOS_KNOWN_SHARED_H

#include <emu/finding.h>
#include <emu/step.h>
#include <emu/strand.h>

typedef struct {
    uint64_t value;
} shared_word;

typedef struct {
    uint64_t taken;
} shared_lock;

enum shared_op { SHARED_READ = EMU_OP_BASE_HOST, SHARED_WRITE, SHARED_LOCK, SHARED_UNLOCK };

/* In set_up, before the first access. */
static inline void shared_describe(void)
{
    static const struct emu_op_info ops[] = {
        {"read", EMU_ACCESS_READ, NULL},
        {"write", EMU_ACCESS_WRITE, NULL},
        {"lock", EMU_ACCESS_WRITE, NULL},
        {"unlock", EMU_ACCESS_WRITE, NULL},
    };
    emu_describe_ops(emu_current(), EMU_OP_BASE_HOST, ops, sizeof ops / sizeof ops[0]);
}

/* In set_up: a thread of its own that races when set_up has returned. The name is not copied. */
static inline void shared_thread(const char *name, unsigned processor, void (*routine)(void *), void *context)
{
    struct emu_strand_config config = {
        .name = name, .fn = routine, .arg = context, .cpu = processor, .must_finish = true, .held = true};
    emu_strand_start(emu_current(), &config);
}

static inline void shared_step(enum shared_op op, const void *object)
{
    struct emu_machine *m = emu_current();
    emu_step(m, (emu_op)op, emu_object_at(m, object, "shared"), 0);
}

static inline uint64_t shared_read(const shared_word *w)
{
    shared_step(SHARED_READ, w);
    return w->value;
}

static inline void shared_write(shared_word *w, uint64_t value)
{
    shared_step(SHARED_WRITE, w);
    w->value = value;
}

/* Compare and exchange in one step; true when it was old. */
static inline bool shared_exchange(shared_word *w, uint64_t old, uint64_t value)
{
    shared_step(SHARED_WRITE, w);
    if (w->value != old)
        return false;
    w->value = value;
    return true;
}

static inline bool shared_is_free(const void *context)
{
    const shared_lock *l = context;
    return l->taken == 0;
}

/* Waits as a spin lock does: the processor stays occupied. The level is the caller's. */
static inline void shared_acquire(shared_lock *l)
{
    struct emu_machine *m = emu_current();
    emu_step_when(m, (emu_op)SHARED_LOCK, emu_object_at(m, l, "shared"), 0, shared_is_free, l);
    l->taken = 1;
}

static inline void shared_release(shared_lock *l)
{
    shared_step(SHARED_UNLOCK, l);
    l->taken = 0;
}

#endif
