/*
 * Steps: announcing, deciding, performing. The hot path of everything.
 */
#include <emu/unseen.h>

#include "emu/coverage_state.h"
#include "emu/footprint.h"

/* Odd constants with well spread bits (from the fractional parts of the golden ratio and of the square root
 * of 3). */
#define MIX_A 0x9E3779B97F4A7C15ull
#define MIX_B 0xBB67AE8584CAA73Bull
enum { MIX_SHIFT = 32, STRAND_SHIFT = 32, CPU_SHIFT = 16, LEVEL_SHIFT = 24, OBJECT_SHIFT = 40 };

static inline void mix(struct emu_machine *m, emu_op op, emu_object object, uint64_t arg)
{
    const struct emu_strand *s = m->self;
    uint64_t where = (uint64_t)op | (uint64_t)s->cpu << CPU_SHIFT |
                     (uint64_t)m->cpus[s->cpu].level << LEVEL_SHIFT | (uint64_t)s->object << STRAND_SHIFT;
    uint64_t h = (m->hash ^ where) * MIX_A;
    h ^= h >> MIX_SHIFT;
    h = (h ^ arg ^ (uint64_t)object << OBJECT_SHIFT) * MIX_B;
    m->hash = h ^ h >> MIX_SHIFT;
}

void emu_hash(struct emu_machine *m, emu_op op, emu_object object, uint64_t arg)
{
    mix(m, op, object, arg);
}

void emu_set_step_stop(struct emu_machine *m)
{
    m->step_stop = m->budget_stop < m->config.step_limit ? m->budget_stop : m->config.step_limit;
}

static inline void write_down(struct emu_machine *m, emu_op op, emu_object object, uint64_t arg)
{
    EMU_UNSEEN(m, "the hash and the trace name the run")
    {
        mix(m, op, object, arg);
        if (EMU_UNLIKELY(m->tracing))
            emu_trace_add(m, op, object, arg, NULL);
    }
}

static inline void perform(struct emu_machine *m, emu_op op, emu_object object, uint64_t arg, bool guarded)
{
    m->steps++;
    m->self->steps++;
    if (EMU_UNLIKELY(m->footprints != NULL))
        emu_footprint_performed(m, op, object, guarded);
    if (EMU_UNLIKELY(m->coverage != NULL))
        emu_cover_performed(m, op, object);
    write_down(m, op, object, arg);
    if (EMU_UNLIKELY(m->watch != NULL))
        emu_watch_performed(m, op, object);
}

void emu_perform(struct emu_machine *m, emu_op op, emu_object object, uint64_t arg)
{
    perform(m, op, object, arg, false);
}

void emu_step(struct emu_machine *m, emu_op op, emu_object object, uint64_t arg)
{
    if (EMU_UNLIKELY(!emu_alone(m) || m->steps >= m->step_stop)) {
        struct emu_strand *self = m->self;
        self->pending = (struct emu_pending){.op = op, .object = object, .arg = arg};
        emu_decide(m, self);
    }
    perform(m, op, object, arg, false);
}

static inline bool holds(struct emu_machine *m, emu_enabled_fn *enabled, const void *context)
{
    bool now = false;
    EMU_UNSEEN(m, "belongs to the step that comes, which looks again")
    {
        now = enabled(context);
    }
    return now;
}

void emu_step_when(struct emu_machine *m, emu_op op, emu_object object, uint64_t arg, emu_enabled_fn *enabled,
                   const void *context)
{
    if (EMU_UNLIKELY(!emu_alone(m) || m->steps >= m->step_stop || !holds(m, enabled, context))) {
        struct emu_strand *self = m->self;
        self->pending = (struct emu_pending){
            .op = op, .object = object, .arg = arg, .enabled = enabled, .context = context};
        emu_decide(m, self);
        self->pending.enabled = NULL; /* context may be gone when somebody asks again */
    }
    perform(m, op, object, arg, true);
#ifdef EMU_CHECK_FOOTPRINTS
    EMU_ASSERT(enabled(context)); /* in the event whose condition it is */
#endif
}

void emu_touch(struct emu_machine *m, emu_object object, enum emu_access access)
{
    emu_touch_place(m, object == EMU_NO_OBJECT ? EMU_PLACE_EVERYTHING : EMU_PLACE_OBJECTS + object, access);
}

void emu_note(struct emu_machine *m, emu_op op, emu_object object, uint64_t arg)
{
    emu_count_call(m, op);
    if (m->coverage != NULL && (op == EMU_OP_CHOICE || m->moments[op] != 0))
        emu_cover_noted(m, op, arg);
    write_down(m, op, object, arg);
}

uint64_t emu_steps(const struct emu_machine *m)
{
    return m->steps;
}
