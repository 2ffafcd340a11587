/*
 * Processors: the task-priority level, and handlers nested on the stack of whoever is interrupted.
 */
#include "emu/machine_state.h"

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
    if (EMU_UNLIKELY(c->soft != 0)) {
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
    if (c->soft == 0) {
        m->agenda++;
        c->soft_since = m->steps;
    }
    m->soft_cpus |= 1ull << cpu;
    c->soft = (uint8_t)(c->soft | 1u << level);
    struct emu_strand *self = m->self;
    bool own = self != NULL && c->top == self && !m->in_callback;
    if (own && !lazy && c->level < level)
        emu_run_soft(m, self, level);
}

/* A handler runs in the middle of whatever its strand had announced. */
static struct emu_pending enter(struct emu_cpu *c, struct emu_strand *self, uint8_t level)
{
    struct emu_pending interrupted = self->pending;
    c->level = level;
    c->depth++;
    return interrupted;
}

static void leave(struct emu_machine *m, struct emu_cpu *c, struct emu_strand *self, uint8_t level,
                  struct emu_pending interrupted)
{
    c->depth--;
    emu_level_lower(m, level);
    self->pending = interrupted;
}

void emu_run_soft(struct emu_machine *m, struct emu_strand *self, uint8_t level)
{
    struct emu_cpu *c = &m->cpus[self->cpu];
    EMU_ASSERT(c->top == self && c->level < level && (c->soft & 1u << level));
    c->soft = (uint8_t)(c->soft & ~(1u << level));
    if (c->soft == 0) {
        m->agenda--;
        m->soft_cpus &= ~(1ull << self->cpu);
    }
    uint8_t old = c->level;
    struct emu_pending interrupted = enter(c, self, level);
    emu_perform(m, EMU_OP_SOFT, EMU_NO_OBJECT, level);
    m->soft[level](m, self->cpu);
    emu_note(m, EMU_OP_SOFT_END, EMU_NO_OBJECT, level);
    leave(m, c, self, old, interrupted);
}

void emu_run_line(struct emu_machine *m, struct emu_strand *self, emu_line line)
{
    struct emu_line_state *l = &m->lines[line - 1];
    struct emu_cpu *c = &m->cpus[self->cpu];
    EMU_ASSERT(c->top == self && c->level < l->config.level && l->handler != NULL);
    uint8_t old = c->level;
    struct emu_pending interrupted = enter(c, self, l->config.level);
    emu_perform(m, EMU_OP_INTERRUPT, l->object, 0);
    l->handler(m, l->context);
    emu_note(m, EMU_OP_INTERRUPT_END, l->object, 0);
    emu_line_again(m, line);
    leave(m, c, self, old, interrupted);
}
