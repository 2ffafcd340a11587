/*
 * Posted writes: what a processor wrote to a device's registers and the device has not seen yet.
 *
 * A write to a memory window is done for the processor when it has left it. On its way, in the bridges, it
 * waits behind the writes before it, and nothing that the processor does but a read from the same device
 * makes it arrive. So a write in the hostile profile goes into its device's line, and its arrival is an
 * action of its own: the default of the very next decision, which is how a PC looks from the driver; to leave
 * it on its way is a choice like any other, and from then on it moves as a device's engine does.
 *
 * One line for a device, whoever writes: WRITE_REGISTER_* contain a barrier, so writes that a lock orders
 * leave their processors in that order, and bridges keep it. Windows belong to one device when they have the
 * same device pointer. Ports are not posted, and an access to one pushes like a read.
 */
#include "emu/posted.h"

#include "emu/footprint.h"

static struct emu_posted *of_device(struct emu_machine *m, const struct emu_window *w)
{
    for (uint32_t i = 0; i < m->window_count; i++) {
        const struct emu_window *other = &m->windows[i];
        if (other != w && w->device != NULL && other->device == w->device && other->posted != NULL)
            return other->posted;
    }
    return NULL;
}

static void arrive(struct emu_machine *m, struct emu_posted *p)
{
    EMU_ASSERT(p->count > 0);
    const struct emu_posted_write w = p->writes[p->first];
    p->first = (p->first + 1) % EMU_POSTED_MAX;
    p->count--;
    emu_touch_object(m, w.window->object, EMU_ACCESS_WRITE);
    emu_bus_touch_device(m, w.window->device, EMU_ACCESS_WRITE);
    emu_note(m, EMU_OP_REGISTER_ARRIVE, w.window->object, w.offset);
    emu_note(m, EMU_OP_REGISTER_VALUE, w.window->object, w.value);
    if (!w.window->gone)
        w.window->ops->write(w.window->device, m, w.offset, w.width, w.value);
}

/* One write arrives; those behind it come with it, unless they are held up in turn. */
static void arrive_next(struct emu_machine *m, void *context)
{
    struct emu_posted *p = context;
    arrive(m, p);
    if (p->count == 0)
        return;
    emu_engine_start(m, &p->engine, 0);
    m->arriving = &p->engine;
}

void emu_posted_add(struct emu_machine *m, struct emu_window *w)
{
    w->posted = of_device(m, w);
    if (w->posted != NULL || w->ports || !emu_profile_is_hostile(m->config.profile))
        return;
    w->posted = emu_arena_alloc(m, sizeof *w->posted);
    emu_engine_init(m, &w->posted->engine, "posted writes", arrive_next, w->posted);
}

void emu_post(struct emu_machine *m, struct emu_window *w, struct emu_posted_write write)
{
    struct emu_posted *p = w->posted;
    if (p->count == EMU_POSTED_MAX)
        arrive(m, p); /* bridges hold a few */
    write.window = w;
    p->writes[(p->first + p->count++) % EMU_POSTED_MAX] = write;
    if (emu_engine_started(&p->engine)) {
        emu_touch_object(m, p->engine.object, EMU_ACCESS_WRITE);
        emu_order_release(m, p->engine.object);
    } else {
        emu_engine_start(m, &p->engine, 0);
    }
    m->arriving = &p->engine;
}

void emu_posted_push(struct emu_machine *m, struct emu_window *w)
{
    struct emu_posted *p = w->posted;
    if (p == NULL)
        return;
    emu_touch_object(m, p->engine.object, EMU_ACCESS_WRITE); /* its windows are one device */
    if (p->count == 0)
        return;
    while (p->count > 0)
        arrive(m, p);
    emu_engine_stop(m, &p->engine);
    if (m->arriving == &p->engine)
        m->arriving = NULL;
}
