/*
 * The queue: see queue.h. The states of a request are in request.h.
 */
#include "dma/queue.h"

#include <emu/cpu.h>
#include <emu/finding.h>
#include <hal/pnp.h>

#include "dma/adapter.h"
#include "dma/channel.h"
#include "dma/context.h"
#include "dma/deferred.h"
#include "dma/operations.h"
#include "dma/sglist.h"
#include "dma/system.h"

static struct dma_request *request_at(struct dma_place *p)
{
    return (struct dma_request *)(void *)((char *)p - offsetof(struct dma_request, place));
}

/* The head of the line, which leaves it; NULL when nobody waits. */
static struct dma_request *serve(struct dma_line *line)
{
    if (line->first == NULL)
        return NULL;
    struct dma_request *r = request_at(line->first);
    dma_line_leave(&r->place);
    return r;
}

static struct dma_dispatcher *dispatcher(struct dma_system *s)
{
    return &s->dispatchers[emu_cpu(s->machine)];
}

uint8_t dma_queue_rise(struct emu_machine *m)
{
    uint8_t level = emu_level(m);
    if (level < EMU_LEVEL_DISPATCH)
        emu_level_raise(m, EMU_LEVEL_DISPATCH);
    return level;
}

void dma_queue_sink(struct emu_machine *m, uint8_t level)
{
    if (level < EMU_LEVEL_DISPATCH)
        emu_level_lower(m, level);
}

/* ---- Taking what a request needs, in order --------------------------------------------------- */

/* Where a controller runs in circles, or the driver asked for no double buffers, there are none without need.
 */
static bool buffers_always(const struct dma_request *r)
{
    const struct dma_adapter *a = r->adapter;
    bool may = !a->loops && (r->list == NULL || !r->list->fail_on_bounce);
    return may && (r->mood == DMA_MOOD_BUFFERED || a->always_buffer);
}

static void grant(struct dma_request *r, struct dma_registers *g)
{
    if (g != NULL) {
        g->always_buffer = buffers_always(r);
        g->zero_buffers = r->list != NULL && r->list->zero_buffers;
        r->registers = dma_slot_handle(&g->slot);
    }
    dma_request_enter(r, DMA_REQUEST_GRANTED);
    emu_note(r->adapter->system->machine, DMA_OP_GRANTED, r->adapter->object, r->wanted);
}

/* It has its channel, or needs none. */
static void want_registers(struct dma_request *r)
{
    struct dma_pool *pool = &r->adapter->system->pool;
    dma_request_enter(r, DMA_REQUEST_WAIT_REGISTERS);
    if (r->wanted == 0) {
        grant(r, NULL);
        return;
    }
    struct dma_registers *g = pool->line.length == 0 ? dma_registers_take(pool, r->adapter, r->wanted) : NULL;
    if (g != NULL)
        grant(r, g);
    else
        dma_line_join(&pool->line, &r->place);
}

/* It has the adapter object. */
static void want_channel(struct dma_request *r)
{
    struct dma_channel *c = r->adapter->channel;
    dma_request_enter(r, DMA_REQUEST_WAIT_CHANNEL);
    if (c != NULL && (c->owner != NULL || c->line.length != 0)) {
        dma_line_join(&c->line, &r->place);
        return;
    }
    if (c != NULL)
        c->owner = r;
    want_registers(r);
}

void dma_queue_submit(struct dma_request *r)
{
    struct dma_adapter *a = r->adapter;
    dma_request_enter(r, DMA_REQUEST_WAIT_ADAPTER);
    if (a->owner != NULL || a->line.length != 0) {
        dma_line_join(&a->line, &r->place);
        return;
    }
    a->owner = r;
    want_channel(r);
}

/* ---- Calling back ---------------------------------------------------------------------------- */

static void finish(struct dma_request *r, IO_ALLOCATION_ACTION action);

void dma_queue_require_device(const struct dma_adapter *a, const DEVICE_OBJECT *device, const char *what)
{
    if (device == NULL || device->Type == IO_TYPE_DEVICE)
        return;
    const struct hal_pnp_device *hardware =
        a->physical_device != NULL ? hal_pnp_hardware(a->physical_device) : NULL;
    bool named = hardware != NULL && hardware->name != NULL;
    emu_finding_raise(a->system->machine, "DMA-ALLOC-24", NULL, NULL,
                      "%s of %s%s%s has a device object that is none, or was deleted", what,
                      dma_adapter_name(a).text, named ? " for device " : "", named ? hardware->name : "");
}

/* The next request of its device object may come. */
static void unmark_device(struct dma_request *r)
{
    if (!r->one_per_device)
        return;
    dma_queue_require_device(r->adapter, r->device, "a request");
    r->device->Queue.Wcb.DeviceRoutine = NULL;
    r->one_per_device = false;
}

bool dma_queue_calls(const struct dma_adapter *a)
{
    const struct dma_request *calling = dispatcher(a->system)->calling;
    return calling != NULL && calling->adapter == a;
}

/* System DMA needs its channel until the transfer is over. */
static void require_action(const struct dma_adapter *a, IO_ALLOCATION_ACTION action)
{
    if (a->channel != NULL && action == DeallocateObjectKeepRegisters)
        emu_finding_raise(
            a->system->machine, "DMA-ALLOC-27", NULL, NULL,
            "AdapterControl of %s, whose device transfers through a system DMA controller, returned "
            "DeallocateObjectKeepRegisters, which is for bus masters: the channel would be gone",
            dma_adapter_name(a).text);
}

void dma_queue_call(struct dma_request *r)
{
    struct dma_adapter *a = r->adapter;
    struct emu_machine *m = a->system->machine;
    emu_step(m, r->list != NULL ? DMA_OP_CALL_LIST : DMA_OP_CALL, dma_adapter_domain(a), r->wanted);
    dma_queue_require_device(a, r->device, "a request");
    if (r->context != NULL)
        dma_context_require_intact(r);
    uint8_t level = emu_level(m);
    bool is_list = r->list != NULL;
    struct dma_dispatcher *d = dispatcher(a->system);
    struct dma_request *beneath = d->calling;
    dma_request_enter(r, DMA_REQUEST_CALLING);
    d->calling = r;
    d->depth++;
    IO_ALLOCATION_ACTION action =
        r->list != NULL ? dma_sglist_call(r)
                        : r->routine(r->device, r->irp, dma_base_of(r->registers), r->routine_context);
    d->depth--;
    d->calling = beneath;
    if (emu_level(m) != level)
        emu_finding_raise(m, "DMA-ALLOC-13", NULL, NULL, "%s of %s was called at IRQL %u and returned at %u",
                          is_list ? "AdapterListControl" : "AdapterControl", dma_adapter_name(a).text, level,
                          emu_level(m));
    emu_step(m, is_list ? DMA_OP_LIST_RETURNED : DMA_OP_RETURNED, dma_adapter_domain(a), (uint64_t)action);
    unmark_device(r);
    if (!is_list)
        require_action(a, action);
    finish(r, action);
}

void dma_queue_call_soon(struct dma_request *r)
{
    enum { NESTED_MAX = 8 };
    struct dma_dispatcher *d = dispatcher(r->adapter->system);
    if (d->depth < NESTED_MAX)
        dma_queue_call(r);
    else
        dma_line_join(&d->ready, &r->place);
}

void dma_queue_run(struct dma_system *s)
{
    struct dma_dispatcher *d = dispatcher(s);
    if (d->running || d->ready.length == 0)
        return;
    d->running = true;
    struct dma_request *r;
    while ((r = serve(&d->ready)) != NULL)
        if (!dma_queue_defer(r))
            dma_queue_call(r);
    d->running = false;
}

static void call_later(struct dma_system *s, void *argument, uint64_t value)
{
    UNREFERENCED_PARAMETER(value);
    dma_queue_call(argument);
    dma_queue_run(s);
}

bool dma_queue_defer(struct dma_request *r)
{
    struct dma_system *s = r->adapter->system;
    unsigned here = emu_cpu(s->machine);
    unsigned processors = emu_machine_config(s->machine)->processors;
    if (r->mood != DMA_MOOD_LATER && r->mood != DMA_MOOD_ELSEWHERE)
        return false;
    dma_defer(s, r->mood == DMA_MOOD_LATER ? here : (here + 1) % processors, call_later, r, 0);
    return true;
}

/* ---- Giving back, and serving who waits for it ----------------------------------------------- */

/* The pump hands a request on: granted ones are the dispatcher's, others wait in their next line. */
static void hand_on(struct dma_request *r)
{
    if (r->state == DMA_REQUEST_GRANTED)
        dma_line_join(&dispatcher(r->adapter->system)->ready, &r->place);
}

static void pump_registers(struct dma_system *s)
{
    struct dma_pool *pool = &s->pool;
    while (pool->line.first != NULL) {
        struct dma_request *r = request_at(pool->line.first);
        struct dma_registers *g = dma_registers_take(pool, r->adapter, r->wanted);
        if (g == NULL)
            return;
        dma_line_leave(&r->place);
        grant(r, g);
        hand_on(r);
    }
}

void dma_queue_give_registers(struct dma_system *s, struct dma_registers *g)
{
    dma_registers_give(&s->pool, g);
    pump_registers(s);
}

static void give_channel(struct dma_channel *c)
{
    c->owner = serve(&c->line);
    if (c->owner == NULL)
        return;
    want_registers(c->owner);
    hand_on(c->owner);
}

static void give_adapter(struct dma_adapter *a)
{
    a->owner = serve(&a->line);
    if (a->owner == NULL)
        return;
    want_channel(a->owner);
    hand_on(a->owner);
}

/* ---- The end of a request -------------------------------------------------------------------- */

void dma_queue_raise_freed_twice(const struct dma_adapter *a, const char *deed)
{
    emu_finding_raise(
        a->system->machine, "DMA-FREE-5", "0xE6/04", (const uint64_t[4]){0x04, 1, 0, 0},
        "%s of %s, whose adapter channel is not allocated: it was freed twice, or never granted", deed,
        dma_adapter_name(a).text);
}

void dma_queue_require_unmapped(const struct dma_registers *g, const char *deed)
{
    if (g->used == 0)
        return;
    emu_finding_raise(
        g->adapter->system->machine, "DMA-FREE-7", "0xE6/10", (const uint64_t[4]){0x10, g->used, 0, 0},
        "%s frees %u map registers of %s while %u still map a page: FlushAdapterBuffers is owed", deed,
        g->count, dma_adapter_name(g->adapter).text, g->used);
}

/*
 * Gives back what r has: registers unless they are kept, the channel, the adapter object, in this order. The
 * record is then in state to, RELEASED while its AdapterControl still runs, else FREE.
 */
void dma_queue_end(struct dma_request *r, bool keep_registers, enum dma_request_state to, const char *deed)
{
    struct dma_adapter *a = r->adapter;
    struct dma_system *s = a->system;
    struct dma_registers *g = NULL;
    if (r->list != NULL && !keep_registers)
        emu_finding_raise(
            s->machine, "DMA-LIST-30", "0xE6/10", (const uint64_t[4]){0x10, r->wanted, 0, 0},
            "%s of %s frees what its scatter/gather list is mapped with: PutScatterGatherList is "
            "owed, and frees it",
            deed, dma_adapter_name(a).text);
    if (r->registers != 0 && !keep_registers) {
        g = dma_slots_find(&s->pool.held, r->registers);
        EMU_ASSERT(g != NULL && g->adapter == a);
        dma_queue_require_unmapped(g, deed);
    }
    if (r->registers_freed && !keep_registers)
        emu_finding_raise(s->machine, "DMA-FREE-12", "0xE6/05", (const uint64_t[4]){0x05, r->wanted, 0, 0},
                          "%s frees %u map registers of %s that FreeMapRegisters has freed before", deed,
                          r->wanted, dma_adapter_name(a).text);
    if (a->channel != NULL)
        dma_channel_require_flushed(a->channel, a, deed);
    unmark_device(r);
    r->registers = 0;
    a->owner = NULL;
    if (a->channel != NULL)
        a->channel->owner = NULL;
    dma_request_enter(r, to);
    if (to == DMA_REQUEST_FREE)
        dma_slots_give(&s->requests, r);
    if (g != NULL)
        dma_queue_give_registers(s, g);
    if (a->channel != NULL)
        give_channel(a->channel);
    give_adapter(a);
}

static void finish(struct dma_request *r, IO_ALLOCATION_ACTION action)
{
    struct dma_adapter *a = r->adapter;
    if (action < KeepObject || action > DeallocateObjectKeepRegisters)
        emu_finding_raise(a->system->machine, "DMA-ALLOC-12", NULL, NULL,
                          "AdapterControl of %s returned %d, which is no IO_ALLOCATION_ACTION",
                          dma_adapter_name(a).text, (int)action);
    if (r->state == DMA_REQUEST_RELEASED) {
        if (action != KeepObject)
            dma_queue_raise_freed_twice(a, "AdapterControl's return");
        dma_request_enter(r, DMA_REQUEST_FREE);
        dma_slots_give(&a->system->requests, r);
    } else if (action == KeepObject) {
        dma_request_enter(r, DMA_REQUEST_KEPT);
    } else {
        dma_queue_end(r, action == DeallocateObjectKeepRegisters, DMA_REQUEST_FREE,
                      "AdapterControl's return");
    }
}

/* Everything that the request needs is free, and nobody waits for any of it. */
bool dma_queue_is_free(const struct dma_adapter *a, uint32_t wanted)
{
    const struct dma_pool *pool = &a->system->pool;
    return a->owner == NULL && a->line.length == 0 &&
           (a->channel == NULL || (a->channel->owner == NULL && a->channel->line.length == 0)) &&
           (wanted == 0 || (pool->line.length == 0 && pool->free >= wanted));
}

/* A waiting request leaves its line, and those behind it move up. */
void dma_queue_withdraw(struct dma_request *r)
{
    struct dma_adapter *a = r->adapter;
    struct dma_system *s = a->system;
    enum dma_request_state waited_for = r->state;
    bool had_adapter = waited_for > DMA_REQUEST_WAIT_ADAPTER;
    bool had_channel = waited_for > DMA_REQUEST_WAIT_CHANNEL && a->channel != NULL;
    dma_line_leave(&r->place);
    unmark_device(r);
    if (had_adapter)
        a->owner = NULL;
    if (had_channel)
        a->channel->owner = NULL;
    dma_request_enter(r, DMA_REQUEST_FREE);
    dma_slots_give(&s->requests, r);
    if (waited_for == DMA_REQUEST_WAIT_REGISTERS)
        pump_registers(s);
    if (had_channel)
        give_channel(a->channel);
    if (had_adapter)
        give_adapter(a);
}
