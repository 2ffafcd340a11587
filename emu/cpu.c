/*
 * Processors: the task-priority level, and handlers nested on the stack of whoever is interrupted.
 */
#include "emu/footprint.h"

unsigned emu_cpu(const struct emu_machine *m)
{
    return m->self->cpu;
}

uint8_t emu_level(const struct emu_machine *m)
{
    return m->cpus[m->self->cpu].level;
}

bool emu_cpu_in_interrupt(const struct emu_machine *m)
{
    return m->cpus[m->self->cpu].depth > 0;
}

uint8_t emu_level_raise(struct emu_machine *m, uint8_t level)
{
    struct emu_cpu *c = &m->cpus[m->self->cpu];
    uint8_t old = c->level;
    EMU_ASSERT(level >= old && level < EMU_LEVELS);
    c->level = level;
    if (EMU_UNLIKELY(m->watch != NULL))
        emu_watch_raised(m, old, level);
    return old;
}

/* Software interrupts above a level, highest first; 0 when none is pending. */
static uint8_t soft_above(const struct emu_cpu *c, uint8_t level)
{
    for (uint8_t l = EMU_LEVEL_DISPATCH; l > level; l--)
        if (c->soft & 1u << l)
            return l;
    return 0;
}

void emu_level_lower(struct emu_machine *m, uint8_t level)
{
    struct emu_strand *self = m->self;
    struct emu_cpu *c = &m->cpus[self->cpu];
    EMU_ASSERT(level <= c->level);
    if (level < EMU_LEVEL_DISPATCH)
        emu_touch_place(m, EMU_PLACE_SOFT + self->cpu, EMU_ACCESS_READ);
    if (EMU_UNLIKELY(m->watch != NULL))
        emu_watch_lowered(m, c->level, level);
    if (level < EMU_LEVEL_DISPATCH && EMU_UNLIKELY(c->soft != 0)) {
        uint8_t next;
        while ((next = soft_above(c, level)) != 0) {
            c->level = level; /* the handler comes back to it */
            emu_run_soft(m, self, next);
        }
    }
    c->level = level;
}

void emu_soft_connect(struct emu_machine *m, uint8_t level, emu_soft_fn *handler)
{
    EMU_ASSERT(level >= EMU_LEVEL_APC && level <= EMU_LEVEL_DISPATCH);
    m->soft[level] = handler;
}

void emu_soft_request(struct emu_machine *m, unsigned cpu, uint8_t level, bool lazy)
{
    struct emu_cpu *c = &m->cpus[cpu];
    EMU_ASSERT(cpu < m->config.processors && m->soft[level] != NULL);
    emu_touch_place(m, EMU_PLACE_SOFT + cpu, EMU_ACCESS_WRITE);
    if (c->soft == 0) {
        m->agenda++;
        c->soft_since = m->steps;
        c->soft_woken = emu_footprint_now(m);
    }
    m->soft_cpus |= 1ull << cpu;
    c->soft = (uint8_t)(c->soft | 1u << level);
    struct emu_strand *self = m->self;
    bool own = self != NULL && c->top == self && !m->in_callback;
    if (own && !lazy && c->level < level)
        emu_run_soft(m, self, level);
}

/* A handler runs in the middle of whatever its strand had announced. */
struct interrupted {
    struct emu_pending pending;
    uintptr_t handler_frame;
};

static struct interrupted enter(struct emu_cpu *c, struct emu_strand *self, uint8_t level, void *frame)
{
    struct interrupted interrupted = {self->pending, c->handler_frame};
    c->level = level;
    c->depth++;
    c->handler_frame = (uintptr_t)frame;
    return interrupted;
}

static void leave(struct emu_machine *m, struct emu_cpu *c, struct emu_strand *self, uint8_t level,
                  struct interrupted interrupted)
{
    c->depth--;
    c->handler_frame = interrupted.handler_frame;
    emu_level_lower(m, level);
    self->pending = interrupted.pending;
}

/* Whether what a handler requested runs when it ends depends on what it is nested in. */
static void touch_nesting(struct emu_machine *m, const struct emu_cpu *c)
{
    emu_touch_place(m, EMU_PLACE_SOFT + m->self->cpu, EMU_ACCESS_READ);
    if (EMU_UNLIKELY(m->footprints != NULL) && c->soft != 0)
        emu_touch_place(m, EMU_PLACE_RUN + m->self->cpu, EMU_ACCESS_WRITE);
}

void emu_run_soft(struct emu_machine *m, struct emu_strand *self, uint8_t level)
{
    struct emu_cpu *c = &m->cpus[self->cpu];
    EMU_ASSERT(c->top == self && c->level < level && (c->soft & 1u << level));
    emu_footprint_withdraw_soft(m, self->cpu, level);
    c->soft = (uint8_t)(c->soft & ~(1u << level));
    if (c->soft == 0) {
        m->agenda--;
        m->soft_cpus &= ~(1ull << self->cpu);
    }
    uint8_t old = c->level;
    uint32_t actor = emu_footprint_enter(m, self);
    emu_footprint_same(m);
    struct interrupted interrupted = enter(c, self, level, __builtin_frame_address(0));
    struct emu_context *outer = m->watch != NULL ? emu_watch_enter(m, self, level) : self->watched;
    emu_perform(m, EMU_OP_SOFT, EMU_NO_OBJECT, level);
    m->soft[level](m, self->cpu);
    emu_note(m, EMU_OP_SOFT_END, EMU_NO_OBJECT, level);
    touch_nesting(m, c);
    leave(m, c, self, old, interrupted);
    emu_footprint_leave(m, self, actor);
    if (EMU_UNLIKELY(m->watch != NULL))
        emu_watch_leave(m, self, outer);
}

void emu_run_line(struct emu_machine *m, struct emu_strand *self, emu_line line)
{
    struct emu_line_state *l = &m->lines[line - 1];
    struct emu_cpu *c = &m->cpus[self->cpu];
    EMU_ASSERT(c->top == self && c->level < l->config.level && l->handler != NULL);
    uint8_t old = c->level;
    uint32_t actor = emu_footprint_enter(m, self);
    struct interrupted interrupted = enter(c, self, l->config.level, __builtin_frame_address(0));
    struct emu_context *outer = m->watch != NULL ? emu_watch_enter(m, self, l->config.level) : self->watched;
    emu_perform(m, EMU_OP_INTERRUPT, l->object, 0);
    l->handler(m, l->context);
    emu_note(m, EMU_OP_INTERRUPT_END, l->object, 0);
    emu_line_again(m, line);
    touch_nesting(m, c);
    leave(m, c, self, old, interrupted);
    emu_footprint_leave(m, self, actor);
    if (EMU_UNLIKELY(m->watch != NULL))
        emu_watch_leave(m, self, outer);
}
