/*
 * Order between contexts: vector clocks, and what carries them from one context to another.
 *
 * A context's clock says up to which time of each other context everything comes before what it does next.
 * Releasing an object leaves the clock with the object and lets the context's own time go on; acquiring takes
 * over what was left there.
 *
 * Levels exclude, too. Of two stretches of code on one processor, A (entered by an interrupt of level a,
 * running at level A) and B, neither can come in the middle of the other exactly when b <= A and a <= B; what
 * does not come from an interrupt is a strand, which takes a processor over below DISPATCH: that is its entry
 * level. Only then is the one that was first ordered before the other. So a thread that raised to the level
 * of its device's interrupt is ordered with it, one at DISPATCH only with DPCs and raised threads, and one
 * below with neither: it could have been interrupted between any two of its instructions. The clocks of
 * stretches that ended lie in levels[processor][entry level][l], for each level l below which its processor
 * fell.
 */
#include "emu/access_state.h"
#include "emu/footprint.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ITEMS = 16 };

void *emu_watch_grow(void *table, uint32_t *capacity, size_t item)
{
    uint32_t more = *capacity != 0 ? 2 * *capacity : FIRST_ITEMS;
    unsigned char *grown = realloc(table, more * item);
    EMU_ASSERT(grown != NULL);
    memset(grown + *capacity * item, 0, (more - *capacity) * item);
    *capacity = more;
    return grown;
}

/* ---- Clocks -----------------------------------------------------------------------------------------------
 */

static void widen(struct emu_clock *c, uint32_t count)
{
    while (c->capacity < count)
        c->at = emu_watch_grow(c->at, &c->capacity, sizeof *c->at);
    if (c->count < count) {
        memset(c->at + c->count, 0, (count - c->count) * sizeof *c->at);
        c->count = count;
    }
}

void emu_clock_join(struct emu_clock *into, const struct emu_clock *from)
{
    widen(into, from->count);
    for (uint32_t i = 0; i < from->count; i++)
        into->at[i] = into->at[i] > from->at[i] ? into->at[i] : from->at[i];
}

/* ---- Contexts ---------------------------------------------------------------------------------------------
 */

static struct emu_context *new_context(struct emu_watch *w, emu_object object, uint8_t entry, bool handler)
{
    EMU_ASSERT(w->context_count < EMU_CONTEXTS_MAX);
    if (w->context_count == w->context_made) {
        if (w->context_made >= w->context_capacity)
            w->contexts = emu_watch_grow(w->contexts, &w->context_capacity, sizeof(struct emu_context *));
        w->contexts[w->context_made] = calloc(1, sizeof *w->contexts[w->context_made]);
        EMU_ASSERT(w->contexts[w->context_made] != NULL);
        w->context_made++;
    }
    uint16_t id = (uint16_t)w->context_count++;
    struct emu_context *c = w->contexts[id];
    c->id = id;
    c->entry = entry > EMU_LEVEL_DISPATCH ? entry : EMU_LEVEL_DISPATCH;
    c->handler = handler;
    c->has_fenced = false;
    c->locks = 0;
    c->object = object;
    c->clock.count = c->fenced.count = c->seen.count = 0;
    widen(&c->clock, id + 1u);
    c->clock.at[id] = 1;
    return c;
}

static struct emu_context *handler_context(struct emu_watch *w, unsigned cpu, uint8_t level)
{
    if (w->handlers[cpu][level].run != w->run) {
        w->handlers[cpu][level].run = w->run;
        w->handlers[cpu][level].context = new_context(w, EMU_NO_OBJECT, level, true);
    }
    return w->handlers[cpu][level].context;
}

/* A strand that was there before the watch began has no context yet, nor has a handler that was running. */
struct emu_context *emu_watch_context(struct emu_machine *m)
{
    struct emu_strand *self = m->self;
    if (EMU_UNLIKELY(self->watched == NULL)) {
        const struct emu_cpu *c = &m->cpus[self->cpu];
        self->watched = c->depth > 0 ? handler_context(m->watch, self->cpu, c->level)
                                     : new_context(m->watch, self->object, EMU_LEVEL_DISPATCH, false);
    }
    return self->watched;
}

/* What the running context knows: a strand's, a handler's, or a device's clock. NULL: the host's. */
static struct emu_clock *clock_of(struct emu_machine *m)
{
    if (m->in_callback)
        return &m->watch->device;
    return m->self != &m->host ? &emu_watch_context(m)->clock : NULL;
}

/* Its own time goes on; a device has none. */
static void tick(struct emu_machine *m)
{
    if (!m->in_callback && m->self != &m->host) {
        struct emu_context *c = emu_watch_context(m);
        c->clock.at[c->id]++;
    }
}

/* ---- Carriers ---------------------------------------------------------------------------------------------
 */

static struct emu_carrier *of_this_run(const struct emu_watch *w, struct emu_carrier *carrier)
{
    if (carrier->run != w->run) {
        carrier->run = w->run;
        carrier->clock.count = 0;
    }
    return carrier;
}

struct emu_carrier *emu_watch_carrier(struct emu_watch *w, emu_object object)
{
    while (object >= w->carrier_count)
        w->carriers = emu_watch_grow(w->carriers, &w->carrier_count, sizeof *w->carriers);
    return of_this_run(w, &w->carriers[object]);
}

void emu_context_release(struct emu_machine *m, struct emu_carrier *carrier)
{
    const struct emu_clock *mine = clock_of(m);
    if (mine == NULL)
        return;
    emu_clock_join(&carrier->clock, mine);
    tick(m);
}

void emu_context_acquire(struct emu_machine *m, const struct emu_carrier *carrier)
{
    struct emu_clock *mine = clock_of(m);
    if (mine != NULL)
        emu_clock_join(mine, &carrier->clock);
}

void emu_order_release(struct emu_machine *m, emu_object object)
{
    if (EMU_LIKELY(m->watch == NULL || clock_of(m) == NULL))
        return;
    emu_touch(m, object, EMU_ACCESS_WRITE); /* what orders must not be taken for independent */
    emu_context_release(m, emu_watch_carrier(m->watch, object));
}

void emu_order_acquire(struct emu_machine *m, emu_object object)
{
    if (EMU_LIKELY(m->watch == NULL || clock_of(m) == NULL))
        return;
    emu_touch(m, object, EMU_ACCESS_READ);
    emu_context_acquire(m, emu_watch_carrier(m->watch, object));
}

static struct emu_carrier *ended(struct emu_machine *m, unsigned cpu, unsigned entry, unsigned level)
{
    return of_this_run(m->watch, &m->watch->levels[cpu][entry][level]);
}

void emu_order_after_level(struct emu_machine *m, unsigned cpu)
{
    if (EMU_LIKELY(m->watch == NULL))
        return;
    emu_context_acquire(m, ended(m, cpu, EMU_LEVEL_DISPATCH, EMU_LEVEL_DISPATCH));
    emu_touch_place(m, EMU_PLACE_RUN + cpu, EMU_ACCESS_READ);
}

/* ---- What the machine does
 * ---------------------------------------------------------------------------------
 */

/* A step was performed. Only registers and interrupts order among the operations of the machine itself. */
void emu_watch_performed(struct emu_machine *m, emu_op op, emu_object object)
{
    struct emu_watch *w = m->watch;
    enum emu_access access = emu_op_info(m, op)->access;
    bool own = emu_layer_of(op) == emu_layer_of(EMU_OP_BASE);
    bool registers = own && op >= EMU_OP_REGISTER_READ && op <= EMU_OP_PORT_WRITE;
    if (access == EMU_ACCESS_LOCAL || m->self == &m->host || (own && !registers && op != EMU_OP_INTERRUPT))
        return;
    struct emu_carrier *carrier = emu_watch_carrier(w, object);
    emu_context_acquire(m, carrier);
    if (op == EMU_OP_INTERRUPT)
        emu_watch_context(m)->object = object;
    if (access != EMU_ACCESS_WRITE || op == EMU_OP_INTERRUPT)
        return;
    if (registers) {
        emu_touch(m, w->registers_object, EMU_ACCESS_READ); /* these commute, a device's move does not */
        emu_clock_join(&of_this_run(w, &w->registers)->clock, &emu_watch_context(m)->clock);
    }
    emu_context_release(m, emu_watch_carrier(w, object));
}

void emu_watch_device(struct emu_machine *m, emu_object object, bool engine)
{
    struct emu_watch *w = m->watch;
    w->device.count = 0;
    emu_clock_join(&w->device, &emu_watch_carrier(w, object)->clock);
    if (engine) {
        emu_touch(m, w->registers_object, EMU_ACCESS_WRITE);
        emu_clock_join(&w->device, &of_this_run(w, &w->registers)->clock);
    }
}

void emu_watch_started(struct emu_machine *m, struct emu_strand *s)
{
    s->watched = new_context(m->watch, s->object, EMU_LEVEL_DISPATCH, false);
    emu_watch_readied(m, s);
}

void emu_watch_readied(struct emu_machine *m, struct emu_strand *s)
{
    const struct emu_clock *mine = clock_of(m);
    if (mine == NULL || s == m->self)
        return;
    if (s->watched == NULL)
        s->watched = new_context(m->watch, s->object, EMU_LEVEL_DISPATCH, false);
    emu_clock_join(&s->watched->clock, mine);
    tick(m);
}

static unsigned from_dispatch(unsigned level)
{
    return level > EMU_LEVEL_DISPATCH ? level : EMU_LEVEL_DISPATCH;
}

/* Whatever can interrupt no longer, and cannot be interrupted by this context, is over. */
void emu_watch_raised(struct emu_machine *m, uint8_t from, uint8_t to)
{
    if (m->in_callback || m->self == &m->host)
        return;
    const struct emu_context *c = emu_watch_context(m);
    if (to >= EMU_LEVEL_DISPATCH)
        emu_touch_place(m, EMU_PLACE_RUN + m->self->cpu, EMU_ACCESS_READ);
    for (unsigned entry = from_dispatch(from + 1u); entry <= to; entry++)
        emu_context_acquire(m, ended(m, m->self->cpu, entry, c->entry));
}

/* Below each of these levels the stretch is over for whatever enters there. */
static void end_stretch(struct emu_machine *m, unsigned from, unsigned to)
{
    if (from < EMU_LEVEL_DISPATCH || m->in_callback || m->self == &m->host)
        return;
    const struct emu_context *c = emu_watch_context(m);
    emu_touch_place(m, EMU_PLACE_RUN + m->self->cpu, EMU_ACCESS_WRITE);
    for (unsigned level = from_dispatch(to + 1u); level <= from; level++)
        emu_clock_join(&ended(m, m->self->cpu, c->entry, level)->clock, &c->clock);
    tick(m);
}

void emu_watch_lowered(struct emu_machine *m, uint8_t from, uint8_t to)
{
    end_stretch(m, from, to);
}

/* Below the stack pointer nothing is alive, when a handler begins there and when it has ended. */
static void forget_dead_stack(struct emu_machine *m, const struct emu_strand *self)
{
    uintptr_t sp = (uintptr_t)__builtin_frame_address(0), low = (uintptr_t)self->stack_low;
    if (sp > low && sp - low <= m->config.stack_bytes)
        emu_access_fresh(m, self->stack_low, sp - low);
}

struct emu_context *emu_watch_enter(struct emu_machine *m, struct emu_strand *self, uint8_t level)
{
    struct emu_context *interrupted = self->watched;
    forget_dead_stack(m, self);
    self->watched = handler_context(m->watch, self->cpu, level);
    self->watched->object = EMU_NO_OBJECT;
    self->watched->locks = 0;
    emu_watch_raised(m, EMU_LEVEL_PASSIVE, level);
    return interrupted;
}

void emu_watch_leave(struct emu_machine *m, struct emu_strand *self, struct emu_context *interrupted)
{
    if (self->watched != NULL)
        end_stretch(m, self->watched->entry, EMU_LEVEL_PASSIVE);
    forget_dead_stack(m, self);
    self->watched = interrupted;
}

void emu_watch_era(struct emu_machine *m)
{
    struct emu_watch *w = m->watch;
    w->era++;
    w->record_count = 1;
    w->record_free = 0;
}

/* ---- Beginning --------------------------------------------------------------------------------------------
 */

void emu_access_watch(struct emu_machine *m)
{
    if (m->watch != NULL)
        return;
    if (m->watch_made == NULL) {
        m->watch_made = emu_machine_own(m, sizeof *m->watch_made, emu_access_end);
        EMU_ASSERT(m->watch_made != NULL);
        m->watch_made->context_made = 1; /* 0 is nobody, and no record, and no lock */
        struct emu_watch *w = m->watch_made;
        w->contexts = emu_watch_grow(w->contexts, &w->context_capacity, sizeof(struct emu_context *));
        w->records = emu_watch_grow(w->records, &w->record_capacity, sizeof *w->records);
        w->locks = emu_watch_grow(w->locks, &w->lock_capacity, sizeof *w->locks);
        w->levels = calloc(m->config.processors, sizeof *w->levels);
        EMU_ASSERT(w->levels != NULL);
        w->processors = m->config.processors;
    }
    struct emu_watch *w = m->watch = m->watch_made;
    w->run++;
    w->context_count = 1;
    w->lock_count = 1;
    w->locks[0].child = 0;
    w->raced = false;
    w->guards = 0;
    w->registers_object = emu_object_new(m, "registers");
    w->still = 0;
    w->still_step = 0;
    emu_watch_era(m);
}

bool emu_access_watched(const struct emu_machine *m)
{
    return m->watch != NULL;
}
