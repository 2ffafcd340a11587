/*
 * The virtual clock and its timer events: a binary heap ordered by (due, order of start).
 */
#include <emu/unseen.h>

#include "emu/footprint.h"

#include <stdlib.h>

enum { HEAP_FIRST = 64 };

void emu_clock_reset(struct emu_machine *m)
{
    m->now = 0;
    m->time_limit = EMU_NEVER;
    m->order = 0;
    m->heap_length = 0;
    m->background = 0;
    m->engines_length = 0;
    m->engine_ids = 0;
    m->stall_object = EMU_NO_OBJECT;
}

uint64_t emu_now(const struct emu_machine *m)
{
    if (EMU_UNLIKELY(m->footprints != NULL))
        emu_footprint_touch((struct emu_machine *)(uintptr_t)m, EMU_PLACE_CLOCK, EMU_ACCESS_READ);
    return m->now;
}

void emu_set_time_limit(struct emu_machine *m, uint64_t ns)
{
    m->time_limit = ns;
}

uint64_t emu_next_due(const struct emu_machine *m)
{
    uint64_t due = m->heap_length > 0 ? m->heap[0]->due : EMU_NEVER;
    for (uint32_t i = 0; i < m->engines_length; i++)
        if (m->engines[i]->due < due)
            due = m->engines[i]->due;
    return due;
}

void emu_move_clock(struct emu_machine *m, uint64_t due)
{
    emu_touch_place(m, EMU_PLACE_CLOCK, due > m->now ? EMU_ACCESS_WRITE : EMU_ACCESS_READ);
    if (due <= m->now)
        return;
    m->now = due;
}

void emu_advance_clock(struct emu_machine *m, uint64_t ns)
{
    uint64_t due = emu_next_due(m);
    emu_move_clock(m, ns < due ? ns : due);
}

/* ---- The heap
 * ---------------------------------------------------------------------------------------------- */

static bool earlier(const struct emu_event *a, const struct emu_event *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void put(struct emu_machine *m, uint32_t at, struct emu_event *e)
{
    m->heap[at] = e;
    e->place = at + 1;
}

static void sift_up(struct emu_machine *m, uint32_t at, struct emu_event *e)
{
    while (at > 0 && earlier(e, m->heap[(at - 1) / 2])) {
        put(m, at, m->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(m, at, e);
}

static void sift_down(struct emu_machine *m, uint32_t at, struct emu_event *e)
{
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= m->heap_length)
            break;
        if (child + 1 < m->heap_length && earlier(m->heap[child + 1], m->heap[child]))
            child++;
        if (!earlier(m->heap[child], e))
            break;
        put(m, at, m->heap[child]);
        at = child;
    }
    put(m, at, e);
}

static void take_out(struct emu_machine *m, struct emu_event *e)
{
    uint32_t at = e->place - 1;
    EMU_ASSERT(at < m->heap_length && m->heap[at] == e);
    struct emu_event *last = m->heap[--m->heap_length];
    e->place = 0;
    m->agenda--;
    m->background -= e->background;
    if (last == e)
        return;
    if (at > 0 && earlier(last, m->heap[(at - 1) / 2]))
        sift_up(m, at, last);
    else
        sift_down(m, at, last);
}

/* ---- Events
 * ------------------------------------------------------------------------------------------------ */

void emu_event_init(struct emu_machine *m, struct emu_event *e, const char *class_name, emu_due_fn *fn,
                    void *context)
{
    *e = (struct emu_event){.fn = fn, .context = context, .object = emu_object_new(m, class_name)};
}

void emu_event_start(struct emu_machine *m, struct emu_event *e, uint64_t due)
{
    emu_touch_place(m, EMU_PLACE_TIMERS, EMU_ACCESS_WRITE);
    emu_touch_place(m, EMU_PLACE_CLOCK, EMU_ACCESS_READ);
    if (e->place != 0) {
        emu_footprint_withdraw_event(m, e);
        take_out(m, e);
    }
    e->woken = emu_footprint_now(m);
    if (EMU_UNLIKELY(m->heap_length == m->heap_capacity)) {
        m->heap_capacity = m->heap_capacity ? 2 * m->heap_capacity : HEAP_FIRST;
        m->heap = realloc(m->heap, m->heap_capacity * sizeof *m->heap);
        EMU_ASSERT(m->heap != NULL);
    }
    e->due = due > m->now ? due : m->now;
    emu_order_release(m, e->object);
    e->order = m->order++;
    m->agenda++;
    m->background += e->background;
    sift_up(m, m->heap_length++, e);
}

bool emu_event_stop(struct emu_machine *m, struct emu_event *e)
{
    emu_touch_place(m, EMU_PLACE_TIMERS, EMU_ACCESS_WRITE);
    if (e->place == 0)
        return false;
    emu_footprint_withdraw_event(m, e);
    take_out(m, e);
    return true;
}

bool emu_event_started(const struct emu_event *e)
{
    return e->place != 0;
}

void emu_fire_event(struct emu_machine *m, struct emu_event *e)
{
    EMU_UNSEEN(m, "fairness; where it decides, nothing is claimed")
    {
        for (uint32_t i = 0; i < m->engines_length; i++)
            m->engines[i]->passed += m->engines[i]->due < e->due;
    }
    take_out(m, e);
    emu_move_clock(m, e->due);
    emu_perform(m, EMU_OP_EVENT, e->object, 0);
    if (EMU_UNLIKELY(m->watch != NULL))
        emu_watch_device(m, e->object, false);
    m->in_callback = true;
    m->callback_frame = (uintptr_t)__builtin_frame_address(0);
    e->fn(m, e->context);
    m->in_callback = false;
}

/* ---- Stalling
 * ---------------------------------------------------------------------------------------------- */

struct stall {
    struct emu_strand *strand;
    bool over;
};

static void stall_over(struct emu_machine *m, void *context)
{
    struct stall *s = context;
    s->over = true;
    emu_footprint_woken(m, s->strand);
}

static bool is_over(const void *context)
{
    const struct stall *s = context;
    return s->over;
}

void emu_stall(struct emu_machine *m, uint64_t ns)
{
    struct stall stall = {m->self, false};
    if (m->stall_object == EMU_NO_OBJECT)
        m->stall_object = emu_object_at(m, &m->stall_object, "stall");
    struct emu_event alarm = {
        .fn = stall_over, .context = &stall, .object = m->stall_object, .owner = m->self->object};
    emu_event_start(m, &alarm, ns < EMU_NEVER - m->now ? m->now + ns : EMU_NEVER);
    emu_step_when(m, EMU_OP_STALL, alarm.object, ns, is_over, &stall);
}
