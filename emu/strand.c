/*
 * Strands: their slots, stacks and ready lines. The first slots are those of the idle strands, one for each
 * processor, whether it is needed or not.
 */
#include <emu/unseen.h>

#include "emu/footprint.h"

#include <stdlib.h>
#include <string.h>

enum { STACK_PIECE = 2048, STACK_LINE = 64, LOWEST_PRIORITY = 0, DEPTH_KEPT = 1024 /* cleanings */ };

bool emu_strands_create(struct emu_machine *m)
{
    m->strands = calloc(m->config.strands_max, sizeof *m->strands);
    return m->strands != NULL;
}

void emu_strands_destroy(struct emu_machine *m)
{
    free(m->strands);
}

void emu_strands_reset(struct emu_machine *m)
{
    for (uint32_t i = 0; i < m->strands_used; i++)
        m->strands[i].state = STRAND_FREE;
    for (uint32_t cpu = 0; cpu < m->config.processors; cpu++)
        m->strands[cpu].object = EMU_NO_OBJECT; /* until it is needed */
    m->strands_used = m->config.processors;
    m->free_strands = NULL;
    m->unfinished = 0;
    m->held = 0;
    m->released = false;
    m->ready_total = 0;
    m->ready_cpus = 0;
    m->soft_cpus = 0;
    memset(m->cpus, 0, m->config.processors * sizeof m->cpus[0]);
    memset(m->soft, 0, sizeof m->soft);
    m->host.machine = m;
    m->host.name = "host";
    m->host.cpu = 0;
    m->host.object = EMU_NO_OBJECT;
    m->host.spared = true;
    m->self = &m->host;
}

static struct emu_strand *take_slot(struct emu_machine *m)
{
    if (m->free_strands != NULL) {
        struct emu_strand *s = m->free_strands;
        m->free_strands = s->next_ready;
        return s;
    }
    uint32_t reserve = m->self != &m->host; /* for what a host starts after a run */
    if (m->strands_used + reserve >= m->config.strands_max)
        return NULL;
    return &m->strands[m->strands_used++];
}

/* All zero? memcmp looks at many bytes at a time. */
static bool is_clean(const unsigned char *piece)
{
    static const _Alignas(STACK_LINE) unsigned char zeros[STACK_PIECE];
    return memcmp(piece, zeros, STACK_PIECE) == 0;
}

/* The offset of the first byte's line in the piece that is not zero; the piece is not clean. */
static size_t first_dirt(const unsigned char *piece)
{
    size_t at = 0;
    while (piece[at] == 0)
        at++;
    return at & ~(size_t)(STACK_LINE - 1);
}

/*
 * What an earlier run left on the stack must not be seen by this one: down to where it was dirty before or
 * the strand was parked deepest, and from there on piece by piece until one is clean, for what calls between
 * two steps have left. From end (an offset, of a whole line) on it is left alone. That depth is kept, so that
 * in the steady state one clean piece is looked at; now and then it is forgotten, for one deep run would make
 * all others pay.
 */
static void clean_stack(struct emu_machine *m, struct emu_strand *s, size_t end)
{
    unsigned char *low = s->stack_low;
    size_t bytes = m->config.stack_bytes;
    size_t from = s->deepest != 0 ? (s->deepest - (uintptr_t)low) & ~(size_t)(STACK_LINE - 1) : bytes;
    from = from < end ? from : end;
    memset(low + from, 0, end - from);
    while (from >= STACK_PIECE && !is_clean(low + from - STACK_PIECE)) {
        size_t dirt = from - STACK_PIECE + first_dirt(low + from - STACK_PIECE);
        memset(low + dirt, 0, from - dirt);
        from = dirt;
    }
    if (from < STACK_PIECE)
        memset(low, 0, from);
    s->deepest = (uintptr_t)low + (++s->cleanings % DEPTH_KEPT == 0 ? bytes : from);
}

/* What is known of its stack's dirt is about the stack as it is, and stays. */
void emu_strand_put_back(struct emu_strand *s, const struct emu_strand *copy)
{
    uintptr_t deepest = s->deepest;
    uint32_t cleanings = s->cleanings;
    bool soiled = s->soiled;
    void *low = s->stack_low;
    *s = *copy;
    s->deepest = deepest;
    s->cleanings = cleanings;
    s->soiled |= soiled;
    s->stack_low = low;
}

void emu_strand_put_stack(struct emu_machine *m, struct emu_strand *s, const void *copy, size_t from)
{
    if (s->soiled)
        clean_stack(m, s, from);
    memcpy((unsigned char *)s->stack_low + from, copy, m->config.stack_bytes - from);
}

/* The first code on a strand's stack. */
static void strand_main(void *arg)
{
    struct emu_strand *s = arg;
    struct emu_machine *m = s->machine;
    emu_fiber_arrived(&m->host.fiber);
    emu_bury_dead(m);
    EMU_ASSERT(s->order == ORDER_GO);
    s->fn(s->arg);
    emu_strand_exit(m);
}

static void make(struct emu_machine *m, struct emu_strand *s, const struct emu_strand_config *config,
                 emu_fiber_entry *entry)
{
    if (s->stack_low == NULL)
        s->stack_low = emu_stack_slot(m, (uint32_t)(s - m->strands));
    emu_fiber_forget(s->stack_low, m->config.stack_bytes);
    if (s->soiled)
        clean_stack(m, s, m->config.stack_bytes);
    s->soiled = true;
    s->machine = m;
    s->pending = (struct emu_pending){.op = EMU_OP_STRAND_RUN};
    s->name = config->name;
    s->fn = config->fn;
    s->arg = config->arg;
    s->user = NULL;
    s->next_ready = NULL;
    s->since = m->steps;
    s->order_id = 0;
    s->object = emu_object_new(m, "strand");
    s->pending.object = s->object;
    emu_object_name(m, s->object, config->name);
    s->cpu = s->next_cpu = (uint8_t)config->cpu;
    s->level = EMU_LEVEL_PASSIVE;
    s->priority = config->priority;
    s->must_finish = config->must_finish;
    s->spared = config->spared;
    s->is_idle = false;
    s->order = ORDER_GO;
    s->steps = 0;
    s->actor = 0;
    s->woken = 0;
    s->disabled_at = 0;
    s->resumes = true;
    s->watched = NULL;
    emu_access_fresh(m, s->stack_low, m->config.stack_bytes);
    if (EMU_UNLIKELY(m->watch != NULL))
        emu_watch_started(m, s);
    emu_fiber_init(&s->fiber, s->stack_low, m->config.stack_bytes, entry, s);
}

struct emu_strand *emu_idle_strand(struct emu_machine *m, unsigned cpu)
{
    struct emu_cpu *c = &m->cpus[cpu];
    if (c->idle == NULL) {
        EMU_UNSEEN(m, "who is the first to need it")
        {
            struct emu_strand_config config = {.name = "idle", .cpu = cpu, .priority = LOWEST_PRIORITY};
            c->idle = &m->strands[cpu];
            make(m, c->idle, &config, emu_idle_main);
            emu_footprint_idle(m, c->idle->object, cpu);
            c->idle->soiled = false; /* the machine's own code reads nothing that an earlier run left */
            c->idle->is_idle = true;
            c->idle->state = STRAND_TOP;
        }
    }
    return c->idle;
}

struct emu_strand *emu_strand_start(struct emu_machine *m, const struct emu_strand_config *config)
{
    EMU_ASSERT(config->cpu < m->config.processors && config->fn != NULL && config->name != NULL);
    struct emu_strand *s = NULL;
    EMU_UNSEEN(m, "which slot it is")
    {
        s = take_slot(m);
    }
    if (s == NULL)
        return NULL;
    emu_access_fresh(m, s, sizeof *s);
    make(m, s, config, strand_main);
    emu_note(m, EMU_OP_STRAND_START, s->object, config->cpu);
    if (config->held && !m->released) {
        s->state = STRAND_HELD;
        m->held++;
        return s;
    }
    m->unfinished += config->must_finish;
    emu_footprint_woken(m, s);
    emu_ready_push(m, s);
    return s;
}

void emu_strand_release_held(struct emu_machine *m)
{
    if (EMU_UNLIKELY(m->watch != NULL && m->self == &m->host))
        emu_watch_era(m);
    m->released = true;
    for (uint32_t i = m->config.processors; m->held > 0 && i < m->strands_used; i++) {
        struct emu_strand *s = &m->strands[i];
        if (s->state != STRAND_HELD)
            continue;
        m->held--;
        m->unfinished += s->must_finish;
        emu_ready_push(m, s);
    }
}

void emu_ready_push(struct emu_machine *m, struct emu_strand *s)
{
    s->state = STRAND_READY;
    s->since = m->steps;
    s->cpu = s->next_cpu;
    s->next_ready = NULL;
    struct emu_cpu *c = &m->cpus[s->cpu];
    if (c->ready_last != NULL)
        c->ready_last->next_ready = s;
    else
        c->ready_first = s;
    c->ready_last = s;
    m->ready_cpus |= 1ull << s->cpu;
    m->ready_total++;
    m->agenda++;
}

void emu_ready_remove(struct emu_machine *m, struct emu_strand *s)
{
    struct emu_cpu *c = &m->cpus[s->cpu];
    struct emu_strand *before = NULL;
    for (struct emu_strand *at = c->ready_first; at != s; at = at->next_ready)
        before = at;
    if (before != NULL)
        before->next_ready = s->next_ready;
    else
        c->ready_first = s->next_ready;
    if (c->ready_last == s)
        c->ready_last = before;
    if (c->ready_first == NULL)
        m->ready_cpus &= ~(1ull << s->cpu);
    m->ready_total--;
    m->agenda--;
}

/* The strand that ended is off its stack now. */
void emu_bury_dead(struct emu_machine *m)
{
    struct emu_strand *s = m->dead;
    if (EMU_LIKELY(s == NULL))
        return;
    EMU_UNSEEN(m, "which slot is free")
    {
        m->dead = NULL;
        s->state = STRAND_FREE;
        s->next_ready = NULL;
        if (m->free_strands != NULL)
            m->free_last->next_ready = s;
        else
            m->free_strands = s;
        m->free_last = s;
    }
}

static void leave_processor(struct emu_machine *m, struct emu_strand *s)
{
    struct emu_cpu *c = &m->cpus[s->cpu];
    EMU_ASSERT(c->top == s && c->level < EMU_LEVEL_DISPATCH && c->depth == 0);
    s->level = c->level;
    c->top = NULL;
    c->level = EMU_LEVEL_PASSIVE;
    m->busy &= ~(1ull << s->cpu);
}

void emu_strand_exit(struct emu_machine *m)
{
    struct emu_strand *s = m->self;
    emu_note(m, EMU_OP_STRAND_EXIT, s->object, 0);
    leave_processor(m, s);
    s->state = STRAND_DONE;
    m->unfinished -= s->must_finish;
    m->dead = s;
    struct emu_strand *idle = emu_idle_strand(m, s->cpu);
    idle->order = ORDER_DECIDE;
    m->self = idle;
    emu_fiber_switch(&s->fiber, &idle->fiber);
    EMU_NEVER_HERE("a strand runs after its end");
}

void emu_strand_block(struct emu_machine *m, emu_op op, emu_object object)
{
    struct emu_strand *s = m->self;
    emu_footprint_same(m);
    s->resumes = true;
    emu_perform(m, op, object, 0);
    leave_processor(m, s);
    s->state = STRAND_BLOCKED;
    s->pending = (struct emu_pending){.op = op, .object = object};
    emu_decide(m, s);
}

void emu_strand_ready(struct emu_machine *m, struct emu_strand *s)
{
    EMU_ASSERT(s->state == STRAND_BLOCKED);
    emu_note(m, EMU_OP_STRAND_READY, s->object, s->next_cpu);
    emu_footprint_woken(m, s);
    if (EMU_UNLIKELY(m->watch != NULL))
        emu_watch_readied(m, s);
    emu_ready_push(m, s);
}

struct emu_strand *emu_strand_self(const struct emu_machine *m)
{
    return m->self;
}

void emu_strand_set_user(struct emu_strand *s, void *user)
{
    s->user = user;
}

void *emu_strand_user(const struct emu_strand *s)
{
    return s->user;
}

emu_object emu_strand_object(const struct emu_strand *s)
{
    return s->object;
}

unsigned emu_strand_cpu(const struct emu_strand *s)
{
    return s->cpu;
}

void emu_strand_set_cpu(struct emu_machine *m, struct emu_strand *s, unsigned cpu)
{
    EMU_ASSERT(cpu < m->config.processors);
    s->next_cpu = (uint8_t)cpu;
    if (s != m->self || s->cpu == cpu)
        return;
    leave_processor(m, s);
    s->pending = (struct emu_pending){.op = EMU_OP_STRAND_RUN, .object = s->object};
    s->resumes = true;
    emu_touch_place(m, EMU_PLACE_READY + cpu, EMU_ACCESS_WRITE);
    emu_ready_push(m, s);
    emu_decide(m, s);
}

uint8_t emu_strand_set_priority(struct emu_strand *s, uint8_t priority)
{
    uint8_t old = s->priority;
    emu_touch_place(s->machine, EMU_PLACE_READY + s->cpu, EMU_ACCESS_WRITE);
    s->priority = priority;
    return old;
}

void emu_strand_stack(const struct emu_strand *s, void **base, size_t *bytes)
{
    *base = s->stack_low;
    *bytes = s->fiber.bytes;
}
