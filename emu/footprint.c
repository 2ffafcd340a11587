/*
 * Footprints as they are written: actors, events, what they touch.
 */
#include "emu/footprint.h"

#include <emu/unseen.h>

#ifdef EMU_CHECK_FOOTPRINTS
#include "emu/audit.h"
#endif
#include "emu/number_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_FIRST = 256, ACCESSES_FIRST = 1024, ACTORS_FIRST = 64, SLOTS_FIRST = 256 };
enum { KEY_KIND_SHIFT = 56, KEY_CPU_SHIFT = 32, KEY_MADE_SHIFT = 32, KEY_KINDS = 3 /* bits */ };
enum { NAME_BYTES = 48, WHAT_BYTES = 128 };
#define KEY_MIX     0x9E3779B97F4A7C15ull
#define KEY_MADE    (1ull << 63)
#define KEY_ADDRESS (1ull << 62)
#define KEY_PLACE   (1ull << 61)
#define KEY_IDLE    (KEY_PLACE | 1ull << 60)

bool emu_footprints_create(struct emu_footprints *f)
{
    memset(f, 0, sizeof *f);
    f->events = calloc(EVENTS_FIRST + 1, sizeof *f->events);
    f->capacity = EVENTS_FIRST;
    f->accesses = calloc(ACCESSES_FIRST, sizeof *f->accesses);
    f->access_capacity = ACCESSES_FIRST;
    f->actors = calloc(ACTORS_FIRST, sizeof *f->actors);
    f->actor_capacity = ACTORS_FIRST;
    f->actor_count = 1;
    f->actor_slots = calloc(SLOTS_FIRST, sizeof *f->actor_slots);
    f->actor_mask = SLOTS_FIRST - 1;
    return f->events != NULL && f->accesses != NULL && f->actors != NULL && f->actor_slots != NULL;
}

void emu_footprints_destroy(struct emu_footprints *f)
{
    free(f->events);
    free(f->accesses);
    free(f->actors);
    free(f->actor_slots);
}

static void list_withdrawn(struct emu_machine *m);
static void compare_expected(struct emu_machine *m);

#if defined(EMU_EXPECT_FOOTPRINTS) || defined(EMU_CHECK_FOOTPRINTS)
/* Debug builds write in every run. Other runs' actors would only make clocks longer. */
static struct emu_footprints *book_of(struct emu_machine *m)
{
    if (m->strategy != NULL && m->strategy->footprints != NULL)
        return m->strategy->footprints;
    if (m->own_book == NULL) {
        m->own_book = emu_grown(NULL, 1, sizeof *m->own_book);
        EMU_ASSERT(emu_footprints_create(m->own_book));
    }
    m->own_book->actor_count = 1;
    memset(m->own_book->actor_slots, 0, ((size_t)m->own_book->actor_mask + 1) * sizeof(uint32_t));
    return m->own_book;
}
#else
static struct emu_footprints *book_of(struct emu_machine *m)
{
    return m->strategy != NULL ? m->strategy->footprints : NULL;
}
#endif

void emu_footprints_forget_own(struct emu_machine *m)
{
    if (m->own_book != NULL)
        emu_footprints_destroy(m->own_book);
    free(m->own_book);
}

void emu_footprints_clear(struct emu_footprints *f)
{
    f->count = 0;
    f->access_count = 0;
    f->events[0].accesses = 0;
    f->waiting = 0;
    f->deadlock = false;
    f->ended = false;
    f->forced = false;
    f->withdrawn_count = 0;
    f->expected_count = 0;
    f->open = false;
}

void emu_footprints_begin(struct emu_machine *m)
{
    struct emu_footprints *f = book_of(m);
    m->footprints = f;
    if (f == NULL)
        return;
    emu_footprints_clear(f);
    f->run++;
    f->actors[0].made = 0;
    f->machine = m;
    memset(f->soft_deliveries, 0, m->config.processors * sizeof f->soft_deliveries[0]);
    memset(f->soft_next, 0, m->config.processors * sizeof f->soft_next[0]);
#ifdef EMU_CHECK_FOOTPRINTS
    emu_audit_begin(m);
#endif
}

void emu_footprints_end(struct emu_machine *m)
{
    struct emu_footprints *f = m->footprints;
    if (f == NULL)
        return;
    emu_footprint_settle(m);
    if (!m->halted)
        compare_expected(m);
#ifdef EMU_CHECK_FOOTPRINTS
    emu_audit_end(m);
#endif
    if (m->halted)
        emu_footprint_kept_back(m);
    list_withdrawn(m);
    f->ended = m->halted && !f->deadlock;
    m->footprints = NULL;
}

/* ---- What functions say ---- */

void emu_declared(struct emu_machine *m, emu_object object, enum emu_access access, const char *file,
                  int line)
{
    struct emu_footprints *f = m->footprints;
    if (f == NULL || f->count == 0 || f->expected_count == EMU_EXPECTED_MAX)
        return;
    f->expected[f->expected_count++] = (struct emu_footprint_expected){
        .place = EMU_PLACE_OBJECTS + object, .access = (uint8_t)access, .line = line, .file = file};
}

static bool is_declared(const struct emu_footprints *f, const struct emu_footprint_expected *x)
{
    for (uint32_t i = f->events[f->count - 1].accesses; i < f->access_count; i++) {
        const struct emu_footprint_access *a = &f->accesses[i];
        if ((a->place == x->place || a->place == EMU_PLACE_EVERYTHING) &&
            (a->access == EMU_ACCESS_WRITE || x->access == EMU_ACCESS_READ))
            return true;
    }
    return false;
}

/* The event that was under way is complete. */
static void compare_expected(struct emu_machine *m)
{
    struct emu_footprints *f = m->footprints;
    for (uint32_t i = 0; i < f->expected_count; i++) {
        const struct emu_footprint_expected *x = &f->expected[i];
        if (is_declared(f, x))
            continue;
        char name[NAME_BYTES], what[WHAT_BYTES];
        snprintf(what, sizeof what, "an event touches %s and does not declare it (emu_step, emu_touch)",
                 emu_object_text(m, x->place - EMU_PLACE_OBJECTS, name, sizeof name));
        emu_bug(x->file, x->line, what);
    }
    f->expected_count = 0;
}

/* ---- Actors ---- */

static uint32_t place_of(const struct emu_footprints *f, uint64_t key)
{
    return (uint32_t)(key * KEY_MIX >> KEY_CPU_SHIFT) & f->actor_mask;
}

static void index_actor(struct emu_footprints *f, emu_actor actor)
{
    uint32_t at = place_of(f, f->actors[actor].key);
    while (f->actor_slots[at] != 0)
        at = (at + 1) & f->actor_mask;
    f->actor_slots[at] = actor;
}

static void grow_actors(struct emu_footprints *f)
{
    f->actor_capacity *= 2;
    f->actors = realloc(f->actors, f->actor_capacity * sizeof *f->actors);
    free(f->actor_slots);
    f->actor_mask = 4 * f->actor_capacity - 1;
    f->actor_slots = calloc((size_t)f->actor_mask + 1, sizeof *f->actor_slots);
    EMU_ASSERT(f->actors != NULL && f->actor_slots != NULL);
    for (emu_actor i = 1; i < f->actor_count; i++)
        index_actor(f, i);
}

static emu_actor find_actor(struct emu_footprints *f, uint64_t key)
{
    for (uint32_t at = place_of(f, key); f->actor_slots[at] != 0; at = (at + 1) & f->actor_mask)
        if (f->actors[f->actor_slots[at]].key == key)
            return f->actor_slots[at];
    if (f->actor_count == f->actor_capacity)
        grow_actors(f);
    f->actors[f->actor_count] = (struct emu_footprint_actor){.key = key};
    index_actor(f, f->actor_count);
    return f->actor_count++;
}

static emu_actor actor(struct emu_footprints *f, enum emu_actor_kind kind, uint64_t key, unsigned cpu,
                       unsigned level, emu_actor parent)
{
    emu_actor number = find_actor(f, (key * KEY_MIX) ^ (uint64_t)kind << KEY_KIND_SHIFT);
    struct emu_footprint_actor *a = &f->actors[number];
    if (a->run != f->run) {
        a->run = f->run;
        a->made = 0;
    }
    a->kind = (uint8_t)kind;
    a->cpu = (uint8_t)cpu;
    a->level = (uint8_t)level;
    a->parent = parent;
    return number;
}

static emu_actor strand_actor(struct emu_machine *m, struct emu_strand *s)
{
    struct emu_footprints *f = m->footprints;
    if (s->actor == 0 && !s->is_idle)
        s->actor = actor(f, EMU_ACTOR_STRAND, m->objects[s->object].key, s->cpu, 0, 0);
    return s->actor;
}

static emu_actor parent_on(struct emu_machine *m, unsigned cpu)
{
    struct emu_strand *top = m->cpus[cpu].top;
    return top != NULL ? strand_actor(m, top) : 0;
}

static emu_actor line_actor(struct emu_machine *m, emu_line line)
{
    const struct emu_line_state *l = &m->lines[line - 1];
    return actor(m->footprints, EMU_ACTOR_LINE, (uint64_t)l->delivered << KEY_MADE_SHIFT | line, l->cpu,
                 l->config.level, parent_on(m, l->cpu));
}

static emu_actor soft_actor(struct emu_machine *m, unsigned cpu, unsigned level)
{
    uint64_t key = (uint64_t)m->footprints->soft_deliveries[cpu] << KEY_MADE_SHIFT | cpu << 8 | level;
    return actor(m->footprints, EMU_ACTOR_SOFT, key, cpu, level, parent_on(m, cpu));
}

emu_actor emu_footprint_who(struct emu_machine *m, const struct emu_action *a)
{
    const struct emu_event *e;
    switch ((enum emu_action_kind)a->kind) {
    case EMU_ACTION_STEP:
    case EMU_ACTION_SWITCH:
        return strand_actor(m, a->what);
    case EMU_ACTION_DELIVER:
        return line_actor(m, a->id);
    case EMU_ACTION_SOFT:
        return soft_actor(m, a->cpu, a->id);
    case EMU_ACTION_ENGINE:
        return actor(m->footprints, EMU_ACTOR_ENGINE, m->objects[a->object].key, 0, 0, 0);
    case EMU_ACTION_EVENT:
        e = a->what;
        return actor(m->footprints, EMU_ACTOR_TIMER,
                     m->objects[e->object].key ^ m->objects[e->owner].key << KEY_MADE_SHIFT, 0, 0, 0);
    }
    EMU_NEVER_HERE("an action of the menu");
}

/* ---- Events ---- */

void emu_footprint_settle(struct emu_machine *m)
{
    struct emu_footprints *f = m->footprints;
    if (f->count == 0 || f->waiting > 0)
        return;
    struct emu_footprint_event *last = &f->events[f->count - 1];
    if (last->cpu != EMU_NO_CPU)
        last->after = m->cpus[last->cpu].level;
}

static struct emu_footprint_event *add_event(struct emu_machine *m, emu_actor who, unsigned cpu)
{
    struct emu_footprints *f = m->footprints;
    if (EMU_UNLIKELY(f->expected_count != 0))
        compare_expected(m);
    if (EMU_UNLIKELY(f->count == f->capacity)) {
        f->capacity *= 2;
        f->events = realloc(f->events, (f->capacity + 1) * sizeof *f->events);
        EMU_ASSERT(f->events != NULL);
    }
    emu_footprint_settle(m);
    struct emu_footprint_event *e = &f->events[f->count++];
    *e = (struct emu_footprint_event){
        .actor = who, .accesses = f->access_count, .cpu = (uint8_t)cpu, .level = m->cpus[cpu].level};
    if (m->cpus[cpu].top != NULL)
        e->priority = m->cpus[cpu].top->priority;
    if (m->cpus[cpu].depth > 0)
        e->flags = EMU_EVENT_NESTED;
    f->events[f->count].accesses = f->access_count;
    return e;
}

/* Whether it is a step or a switch depends on what was before: the two look the same. */
static void read_ready(struct emu_machine *m, unsigned cpu)
{
    if (m->footprints->in_order && m->cpus[cpu].level < EMU_LEVEL_DISPATCH)
        emu_footprint_touch(m, EMU_PLACE_READY + cpu, EMU_ACCESS_READ);
}

void emu_footprint_decided(struct emu_machine *m, const struct emu_action *a)
{
    struct emu_footprints *f = m->footprints;
    emu_actor who = emu_footprint_who(m, a);
    struct emu_footprint_event *e = add_event(m, who, a->cpu);
    f->open = true;
    switch ((enum emu_action_kind)a->kind) {
    case EMU_ACTION_STEP:
    case EMU_ACTION_SWITCH: {
        struct emu_strand *s = a->what;
        read_ready(m, a->cpu);
        e->priority = s->priority;
        e->cause = s->woken;
        s->woken = 0;
        f->open = a->kind == EMU_ACTION_STEP || !s->resumes;
        s->resumes = false;
        return;
    }
    case EMU_ACTION_DELIVER:
        m->lines[a->id - 1].delivered++;
        e->cause = m->lines[a->id - 1].woken;
        f->soft_next[a->cpu] = who;
        return;
    case EMU_ACTION_SOFT:
        f->soft_deliveries[a->cpu]++;
        e->cause = m->cpus[a->cpu].soft_woken;
        f->soft_next[a->cpu] = who;
        return;
    case EMU_ACTION_ENGINE:
        e->cpu = EMU_NO_CPU;
        e->cause = ((const struct emu_engine *)a->what)->woken;
        return;
    case EMU_ACTION_EVENT:
        e->cpu = EMU_NO_CPU;
        e->cause = ((const struct emu_event *)a->what)->woken;
        e->due = ((const struct emu_event *)a->what)->due;
        return;
    }
}

void emu_footprint_touch(struct emu_machine *m, uint32_t place, enum emu_access access)
{
    struct emu_footprints *f = m->footprints;
    if (access == EMU_ACCESS_LOCAL || f->count == 0)
        return;
    f->ranked |= access == EMU_ACCESS_WRITE && place >= EMU_PLACE_READY && place < EMU_PLACE_OBJECTS;
    for (uint32_t i = f->events[f->count - 1].accesses; i < f->access_count; i++)
        if (f->accesses[i].place == place) {
            if (access == EMU_ACCESS_WRITE)
                f->accesses[i].access = EMU_ACCESS_WRITE;
            return;
        }
    if (EMU_UNLIKELY(f->access_count == f->access_capacity)) {
        f->access_capacity *= 2;
        f->accesses = realloc(f->accesses, f->access_capacity * sizeof *f->accesses);
        EMU_ASSERT(f->accesses != NULL);
    }
    struct emu_footprint_access *a = &f->accesses[f->access_count++];
    f->events[f->count].accesses = f->access_count;
    a->place = place;
    a->access = (uint8_t)access;
    a->takes = false;
    a->waits = false;
    a->key = place < EMU_PLACE_OBJECTS ? KEY_PLACE | place : m->objects[place - EMU_PLACE_OBJECTS].key;
}

void emu_footprint_takes(struct emu_machine *m, emu_object object)
{
    struct emu_footprints *f = m->footprints;
    if (f->count == 0)
        return;
    emu_footprint_touch(m, EMU_PLACE_OBJECTS + object, EMU_ACCESS_WRITE);
    for (uint32_t i = f->events[f->count - 1].accesses; i < f->access_count; i++)
        f->accesses[i].takes |= f->accesses[i].place == EMU_PLACE_OBJECTS + object;
}

static void touch_announced(struct emu_machine *m, emu_op op, emu_object object, bool guarded)
{
    enum emu_access access = emu_op_info(m, op)->access;
    if (object == EMU_NO_OBJECT)
        emu_footprint_touch(m, EMU_PLACE_EVERYTHING, access);
    else if (guarded && access == EMU_ACCESS_WRITE)
        emu_footprint_takes(m, object);
    else
        emu_footprint_touch(m, EMU_PLACE_OBJECTS + object, access);
    if (guarded && access == EMU_ACCESS_READ && object != EMU_NO_OBJECT)
        m->footprints->accesses[m->footprints->access_count - 1].waits = true;
}

/* What an operation of this layer touches: its others say so where they do it. */
static void touch_own(struct emu_machine *m, emu_op op, emu_object object)
{
    switch (op) {
    case EMU_OP_INTERRUPT:
        emu_footprint_touch(m, EMU_PLACE_RUN + m->self->cpu, EMU_ACCESS_READ);
        emu_footprint_touch(m, EMU_PLACE_OBJECTS + object, EMU_ACCESS_WRITE);
        break;
    case EMU_OP_ENGINE:
    case EMU_OP_REGISTER_READ:
    case EMU_OP_REGISTER_WRITE:
    case EMU_OP_PORT_READ:
    case EMU_OP_PORT_WRITE:
    case EMU_OP_REMOVED:
        emu_footprint_touch(m, EMU_PLACE_OBJECTS + object, EMU_ACCESS_WRITE);
        break;
    case EMU_OP_SOFT:
        emu_footprint_touch(m, EMU_PLACE_RUN + m->self->cpu, EMU_ACCESS_READ);
        emu_footprint_touch(m, EMU_PLACE_SOFT + m->self->cpu, EMU_ACCESS_WRITE);
        break;
    case EMU_OP_EVENT:
        emu_footprint_touch(m, EMU_PLACE_TIMERS, EMU_ACCESS_WRITE);
        break;
    default:
        break;
    }
}

void emu_footprint_performed(struct emu_machine *m, emu_op op, emu_object object, bool guarded)
{
    struct emu_footprints *f = m->footprints;
    struct emu_strand *s = m->self;
    struct emu_footprint_event *e;
    if (f->open || (m->quiet != 0 && f->count > 0)) {
        f->open = false;
        e = &f->events[f->count - 1];
    } else {
        e = add_event(m, strand_actor(m, s), s->cpu);
        read_ready(m, s->cpu);
        e->cause = s->woken;
        s->woken = 0;
    }
    if (guarded) {
        e->flags |= EMU_EVENT_GUARDED;
        e->disabled_at = s->disabled_at;
    }
    s->disabled_at = 0;
#ifdef EMU_CHECK_FOOTPRINTS
    emu_audit_performed(m, op, object);
#endif
    if (emu_layer_of(op) == 0) {
        touch_own(m, op, object);
        return;
    }
    touch_announced(m, op, object, guarded);
}

/* One that goes before others keeps them from the processor. */
void emu_footprint_wakes(struct emu_machine *m, struct emu_strand *s)
{
    s->woken = m->footprints->count;
    if (s->priority > 0)
        emu_footprint_touch(m, EMU_PLACE_READY + s->next_cpu, EMU_ACCESS_WRITE);
}

void emu_footprint_disabled(struct emu_machine *m, struct emu_strand *s)
{
    s->disabled_at = m->footprints->count + 1;
}

void emu_footprint_deadlock(struct emu_machine *m)
{
    if (m->footprints != NULL)
        m->footprints->deadlock = true;
}

/* ---- What was taken away ---- */

static void add_withdrawn(struct emu_footprints *f, struct emu_footprint_withdrawn w)
{
    if (w.by == 0) /* before the race, or by nobody */
        return;
    if (f->withdrawn_count == EMU_WITHDRAWN_MAX)
        f->forced = true;
    else
        f->withdrawn[f->withdrawn_count++] = w;
}

static void withdraw(struct emu_machine *m, emu_actor who, uint32_t cause, uint64_t due, uint32_t place,
                     uint8_t cpu)
{
    add_withdrawn(m->footprints, (struct emu_footprint_withdrawn){.actor = who,
                                                                  .cause = cause,
                                                                  .by = m->footprints->count,
                                                                  .due = due,
                                                                  .place = place,
                                                                  .cpu = cpu,
                                                                  .flags = EMU_EVENT_WITHDRAWN});
}

void emu_footprint_withdraw_line(struct emu_machine *m, uint32_t line)
{
    struct emu_line_state *l = &m->lines[line - 1];
    if (m->footprints == NULL)
        return;
    withdraw(m, line_actor(m, line), l->woken, 0, EMU_PLACE_OBJECTS + l->object, l->cpu);
    l->delivered++;
}

void emu_footprint_withdraw_soft(struct emu_machine *m, unsigned cpu, unsigned level)
{
    if (m->footprints == NULL || m->footprints->open)
        return;
    withdraw(m, soft_actor(m, cpu, level), m->cpus[cpu].soft_woken, 0, EMU_PLACE_SOFT + cpu, (uint8_t)cpu);
    m->footprints->soft_deliveries[cpu]++;
}

void emu_footprint_withdraw_event(struct emu_machine *m, struct emu_event *e)
{
    if (m->footprints == NULL)
        return;
    const struct emu_action fire = {.kind = EMU_ACTION_EVENT, .object = e->object, .what = e};
    withdraw(m, emu_footprint_who(m, &fire), e->woken, e->due, EMU_PLACE_TIMERS, EMU_NO_CPU);
}

void emu_footprint_withdraw_engine(struct emu_machine *m, struct emu_engine *e)
{
    if (m->footprints == NULL || m->footprints->open)
        return;
    const struct emu_action fire = {.kind = EMU_ACTION_ENGINE, .object = e->object, .what = e};
    withdraw(m, emu_footprint_who(m, &fire), e->woken, 0, EMU_PLACE_OBJECTS + e->object, EMU_NO_CPU);
}

/* ---- What is kept back ---- */

/* 1 + the last event of the processor; 0: none. */
static uint32_t last_on(const struct emu_footprints *f, unsigned cpu)
{
    uint32_t at = f->count;
    while (at > 0 && f->events[at - 1].cpu != cpu)
        at--;
    return at;
}

static void keep_back(struct emu_machine *m, emu_actor who, uint32_t cause, uint32_t place, unsigned cpu,
                      uint8_t priority)
{
    add_withdrawn(m->footprints, (struct emu_footprint_withdrawn){.actor = who,
                                                                  .cause = cause,
                                                                  .by = last_on(m->footprints, cpu),
                                                                  .place = place,
                                                                  .cpu = (uint8_t)cpu,
                                                                  .flags = EMU_EVENT_WITHDRAWN,
                                                                  .priority = priority});
}

static void keep_back_strands(struct emu_machine *m, unsigned cpu)
{
    const struct emu_cpu *c = &m->cpus[cpu];
    struct emu_strand *top = c->top;
    bool waits = top != NULL && top->pending.enabled != NULL && !top->pending.enabled(top->pending.context);
    if (waits && top->pending.object != EMU_NO_OBJECT)
        add_withdrawn(m->footprints,
                      (struct emu_footprint_withdrawn){.actor = strand_actor(m, top),
                                                       .cause = top->woken,
                                                       .by = top->disabled_at,
                                                       .place = EMU_PLACE_OBJECTS + top->pending.object,
                                                       .cpu = (uint8_t)cpu,
                                                       .flags = EMU_EVENT_GUARDED});
    for (struct emu_strand *s = c->ready_first; s != NULL; s = s->next_ready)
        keep_back(m, strand_actor(m, s), s->woken, EMU_PLACE_OBJECTS + s->object, cpu, s->priority);
}

static void keep_back_timers(struct emu_machine *m)
{
    for (uint32_t i = 1; i < m->heap_length; i++) {
        struct emu_event *e = m->heap[i];
        if (e->due == m->heap[0]->due || m->heap[0]->woken == 0)
            continue;
        const struct emu_action fire = {.kind = EMU_ACTION_EVENT, .object = e->object, .what = e};
        add_withdrawn(m->footprints, (struct emu_footprint_withdrawn){.actor = emu_footprint_who(m, &fire),
                                                                      .cause = e->woken,
                                                                      .by = m->heap[0]->woken,
                                                                      .due = e->due,
                                                                      .place = EMU_PLACE_TIMERS,
                                                                      .cpu = EMU_NO_CPU,
                                                                      .flags = EMU_EVENT_WITHDRAWN});
    }
}

void emu_footprint_kept_back(struct emu_machine *m)
{
    for (unsigned cpu = 0; cpu < m->config.processors; cpu++) {
        const struct emu_cpu *c = &m->cpus[cpu];
        keep_back_strands(m, cpu);
        for (uint8_t level = c->level; level >= EMU_LEVEL_APC; level--)
            if (level <= EMU_LEVEL_DISPATCH && (c->soft & 1u << level))
                keep_back(m, soft_actor(m, cpu, level), c->soft_woken, EMU_PLACE_SOFT + cpu, cpu, 0);
    }
    for (uint32_t i = 0; i < m->pending_count; i++) {
        const struct emu_line_state *l = &m->lines[m->pending_lines[i] - 1];
        if (l->handler != NULL && l->config.level <= m->cpus[l->cpu].level)
            keep_back(m, line_actor(m, m->pending_lines[i]), l->woken, EMU_PLACE_OBJECTS + l->object, l->cpu,
                      0);
    }
    keep_back_timers(m);
}

/* After the last event. */
static void list_withdrawn(struct emu_machine *m)
{
    struct emu_footprints *f = m->footprints;
    for (uint32_t i = 0; i < f->withdrawn_count; i++) {
        const struct emu_footprint_withdrawn *w = &f->withdrawn[i];
        struct emu_footprint_event *e = add_event(m, w->actor, w->cpu == EMU_NO_CPU ? 0 : w->cpu);
        e->after = e->level;
        e->cpu = w->cpu;
        e->cause = w->cause;
        e->due = w->due;
        e->disabled_at = w->by;
        e->flags = w->flags;
        e->priority = w->priority;
        emu_footprint_touch(m, w->place, EMU_ACCESS_WRITE);
        f->accesses[f->access_count - 1].takes = (w->flags & EMU_EVENT_GUARDED) != 0;
        f->waiting++;
    }
}

void emu_footprints_cut(struct emu_footprints *f, uint32_t events)
{
    uint32_t first = f->count - f->waiting, all = f->count;
    if (events == first)
        return;
    f->count = events;
    f->waiting = 0;
    f->access_count = f->events[events].accesses;
    for (uint32_t i = first; i < all; i++) {
        struct emu_footprint_event e = f->events[i];
        const struct emu_footprint_access a = f->accesses[e.accesses];
        if (e.disabled_at > events)
            continue;
        e.accesses = f->access_count;
        f->accesses[f->access_count++] = a;
        f->events[f->count++] = e;
        f->events[f->count].accesses = f->access_count;
        f->waiting++;
    }
}

emu_actor emu_footprint_enter(struct emu_machine *m, struct emu_strand *s)
{
    struct emu_footprints *f = m->footprints;
    emu_actor interrupted = s->actor;
    if (f != NULL && f->open)
        s->actor = f->soft_next[s->cpu];
    return interrupted;
}

void emu_footprint_leave(struct emu_machine *m, struct emu_strand *s, emu_actor interrupted)
{
    if (m->footprints != NULL)
        s->actor = interrupted;
}

/* Whoever does the event that is under way; before the race nobody. */
static struct emu_footprint_actor *maker(struct emu_footprints *f)
{
    return &f->actors[f->count > 0 ? f->events[f->count - 1].actor : 0];
}

/* Before the race ids are the same in every run; in it, whoever makes an object counts its own. */
uint64_t emu_footprint_key(struct emu_machine *m, const void *address)
{
    struct emu_footprints *f = m->footprints;
    if (address != NULL)
        return KEY_ADDRESS | (uintptr_t)address;
    struct emu_footprint_actor *who = maker(f);
    return KEY_MADE | emu_mix(who->key + who->made++) >> KEY_KINDS;
}

void emu_footprint_idle(struct emu_machine *m, emu_object strand, unsigned cpu)
{
    if (m->footprints == NULL)
        return;
    maker(m->footprints)->made--;
    m->objects[strand].key = KEY_IDLE | cpu;
}
