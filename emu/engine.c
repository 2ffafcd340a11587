/*
 * Device engines: what has something to do, in order of their ids so that menus are the same in every run.
 */
#include <emu/unseen.h>

#include "emu/footprint.h"

#include <stdlib.h>

enum { ENGINES_FIRST = 16 };

void emu_engine_init(struct emu_machine *m, struct emu_engine *e, const char *class_name, emu_due_fn *fn,
                     void *context)
{
    *e = (struct emu_engine){
        .fn = fn, .context = context, .id = ++m->engine_ids, .object = emu_object_new(m, class_name)};
}

static void put(struct emu_machine *m, uint32_t at, struct emu_engine *e)
{
    m->engines[at] = e;
    e->place = at + 1;
}

void emu_engine_start(struct emu_machine *m, struct emu_engine *e, uint64_t delay)
{
    emu_touch_object(m, e->object, EMU_ACCESS_WRITE);
    emu_touch_place(m, EMU_PLACE_CLOCK, EMU_ACCESS_READ);
    e->due = delay < EMU_NEVER - m->now ? m->now + delay : EMU_NEVER;
    e->order = m->order++;
    e->since = m->steps;
    e->passed = 0;
    emu_order_release(m, e->object);
    if (e->place != 0)
        return;
    e->woken = emu_footprint_now(m);
    if (EMU_UNLIKELY(m->engines_length == m->engines_capacity)) {
        m->engines_capacity = m->engines_capacity ? 2 * m->engines_capacity : ENGINES_FIRST;
        m->engines = realloc(m->engines, m->engines_capacity * sizeof *m->engines);
        EMU_ASSERT(m->engines != NULL);
    }
    EMU_UNSEEN(m, "the menu's order")
    {
        uint32_t at = m->engines_length++;
        for (; at > 0 && m->engines[at - 1]->id > e->id; at--)
            put(m, at, m->engines[at - 1]);
        put(m, at, e);
    }
    m->agenda++;
}

void emu_engine_stop(struct emu_machine *m, struct emu_engine *e)
{
    emu_touch_object(m, e->object, EMU_ACCESS_WRITE);
    if (e->place == 0)
        return;
    emu_footprint_withdraw_engine(m, e);
    EMU_UNSEEN(m, "the menu's order")
    {
        m->engines_length--;
        for (uint32_t at = e->place - 1; at < m->engines_length; at++)
            put(m, at, m->engines[at + 1]);
    }
    e->place = 0;
    m->agenda--;
}

bool emu_engine_started(const struct emu_engine *e)
{
    return e->place != 0;
}

void emu_fire_engine(struct emu_machine *m, struct emu_engine *e)
{
    emu_engine_stop(m, e);
    emu_move_clock(m, e->due);
    emu_perform(m, EMU_OP_ENGINE, e->object, 0);
    if (EMU_UNLIKELY(m->watch != NULL))
        emu_watch_device(m, e->object, true);
    emu_bus_touch_device(m, e->context, EMU_ACCESS_WRITE);
    m->in_callback = true;
    m->callback_frame = (uintptr_t)__builtin_frame_address(0);
    e->fn(m, e->context);
    m->in_callback = false;
}
