/*
 * Channels and map registers under verification: who asks, who has, who gives back.
 *
 * A request is in the books from the call that makes it. Its routine is called through the verifier's, which
 * writes down what was granted before the driver hears of it, and what was given back before anybody else can
 * get it.
 */
#include <emu/cpu.h>
#include <emu/finding.h>

#include "dma/adapter.h"
#include "dma/verifier_check.h"
#include "dma/verifier_shadow.h"

enum {
    FREED_CHANNEL_TWICE = 0x04,
    FREED_REGISTERS_TWICE = 0x05,
    TWO_CHANNELS = 0x0B,
    TOO_MANY_AT_ONCE = 0x0C,
    STILL_MAPPED = 0x10,
};

/* ---- Requests -------------------------------------------------------------------------------- */

struct dma_shadow_request *dma_channel_ask(struct dma_shadow *s, const struct dma_shadow_ask *ask)
{
    struct dma_shadow_request *r = dma_slots_take(&s->verifier->requests);
    struct dma_shadow_request **link = &s->requests;
    struct dma_slot slot = r->slot;
    *r = (struct dma_shadow_request){
        .slot = slot,
        .of = s,
        .stage = DMA_SHADOW_WAITS,
        .device = ask->device,
        .context = ask->context,
        .routine = ask->routine,
        .list_routine = ask->list_routine,
        .routine_context = ask->routine_context,
        .registers = ask->registers,
    };
    emu_birth_note(emu_current(), &r->birth);
    while (*link != NULL)
        link = &(*link)->next;
    *link = r;
    return r;
}

static void strike_out(struct dma_shadow_request *r)
{
    struct dma_shadow_request **link = &r->of->requests;
    while (*link != r)
        link = &(*link)->next;
    *link = r->next;
    dma_slots_give(&r->of->verifier->requests, r);
}

void dma_channel_forget(struct dma_shadow_request *r, uint32_t generation)
{
    if (r->slot.generation == generation)
        strike_out(r);
}

struct dma_shadow_request *dma_channel_waiting(const struct dma_shadow *s, const void *context)
{
    struct dma_shadow_request *r = s->requests;
    while (r != NULL && (r->stage != DMA_SHADOW_WAITS || r->context != context || context == NULL))
        r = r->next;
    return r;
}

/* Version 1: one request of a device object at a time, and none from within AdapterControl. */
void dma_channel_require_calm(const struct dma_shadow *s, PDEVICE_OBJECT device)
{
    struct emu_machine *m = emu_current();
    for (const struct dma_shadow_request *r = s->requests; r != NULL; r = r->next) {
        bool same = r->context == NULL && r->list_routine == NULL && device != NULL && r->device == device &&
                    r->stage != DMA_SHADOW_KEPT;
        bool within = r->stage == DMA_SHADOW_CALLED && r->list_routine == NULL && r->cpu == emu_cpu(m);
        if (!same && !within)
            continue;
        emu_finding_came_from(m, EMU_NO_OBJECT, "asked for", &r->birth);
        dma_verifier_raise((struct dma_violation){TWO_CHANNELS, 2, 0, 0},
                           "AllocateAdapterChannel of %s %s: 2 adapter channels at the same time, where 1 is "
                           "permitted",
                           dma_adapter_name(s->adapter).text,
                           r->stage == DMA_SHADOW_WAITS
                               ? "while an earlier request of the same device object waits"
                               : "while AdapterControl of an earlier request runs");
    }
}

void dma_channel_require_few(const struct dma_shadow *s, ULONG registers)
{
    if (registers > s->adapter->registers_max)
        dma_verifier_raise(
            (struct dma_violation){TOO_MANY_AT_ONCE, registers, s->adapter->registers_max, 0},
            "%u map registers were asked for in one request of %s; IoGetDmaAdapter said that %u are the most",
            (unsigned)registers, dma_adapter_name(s->adapter).text, s->adapter->registers_max);
}

/* ---- What is granted, and given back --------------------------------------------------------- */

static void grant(struct dma_shadow_request *r, PVOID base)
{
    struct dma_shadow *s = r->of;
    EMU_ASSERT(s->owner == NULL);
    s->owner = r;
    s->channels_allocated++;
    r->stage = DMA_SHADOW_CALLED;
    r->cpu = emu_cpu(emu_current());
    r->base = base;
    if (base != NULL)
        dma_shadow_add(s, DMA_SHADOW_REGISTERS, base, r->registers)->birth = r->birth;
}

void dma_channel_grant_now(struct dma_shadow_request *r, PVOID base)
{
    grant(r, base);
    r->stage = DMA_SHADOW_KEPT;
}

static void require_unmapped(const struct dma_shadow *s, const struct dma_shadow_thing *t, const char *call)
{
    uint32_t mapped = dma_shadow_mapped(t);
    if (mapped == 0)
        return;
    dma_shadow_tell(t);
    dma_verifier_raise(
        (struct dma_violation){STILL_MAPPED, mapped, 0, 0},
        "%s frees %u map registers of %s, of which %u are still mapped: FlushAdapterBuffers is owed", call,
        t->count, dma_adapter_name(s->adapter).text, mapped);
}

static void free_registers(struct dma_shadow *s, struct dma_shadow_thing *t, const char *call)
{
    dma_guard_require(s->adapter, (PVOID)(uintptr_t)t->key);
    require_unmapped(s, t, call);
    dma_shadow_remove(s, t);
}

static void raise_freed_twice(const struct dma_shadow *s, PVOID base, uint32_t extra, const char *call)
{
    dma_shadow_tell_gone(s, DMA_SHADOW_REGISTERS, base);
    dma_verifier_raise(
        (struct dma_violation){FREED_REGISTERS_TWICE, extra, 0, 0},
        "%s of %s frees %u map registers more than are allocated: allocated %u, freed %u before", call,
        dma_adapter_name(s->adapter).text, extra, s->allocated[DMA_SHADOW_REGISTERS],
        s->freed[DMA_SHADOW_REGISTERS]);
}

static void free_with_channel(struct dma_shadow *s, const struct dma_shadow_request *r, const char *call)
{
    struct dma_shadow_thing *t = dma_shadow_find(s, DMA_SHADOW_REGISTERS, r->base);
    if (r->base != NULL && t == NULL)
        raise_freed_twice(s, r->base, r->registers, call);
    if (t != NULL)
        free_registers(s, t, call);
}

void dma_channel_end(struct dma_shadow_request *r)
{
    struct dma_shadow *s = r->of;
    if (s->owner == r) {
        s->owner = NULL;
        s->channels_freed++;
    }
    strike_out(r);
}

static void raise_no_channel(const struct dma_shadow *s, const char *call)
{
    dma_verifier_raise(
        (struct dma_violation){FREED_CHANNEL_TWICE, 1, 0, 0},
        "%s of %s frees an adapter channel more than is allocated: allocated %u, freed %u before", call,
        dma_adapter_name(s->adapter).text, s->channels_allocated, s->channels_freed);
}

static void require_action(const struct dma_shadow_request *r, IO_ALLOCATION_ACTION action)
{
    static const char call[] = "AdapterControl's return";
    struct dma_shadow *s = r->of;
    if (r->released && (action == DeallocateObject || action == DeallocateObjectKeepRegisters))
        raise_no_channel(s, call);
    if (!r->released && action == DeallocateObject)
        free_with_channel(s, r, call);
}

IO_ALLOCATION_ACTION dma_channel_control(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID MapRegisterBase,
                                         PVOID Context)
{
    struct dma_shadow_request *r = Context;
    grant(r, MapRegisterBase);
    IO_ALLOCATION_ACTION action = r->routine(DeviceObject, Irp, MapRegisterBase, r->routine_context);
    require_action(r, action);
    if (r->released || action != KeepObject)
        dma_channel_end(r);
    else
        r->stage = DMA_SHADOW_KEPT;
    return action;
}

void dma_channel_release(struct dma_shadow *s, IO_ALLOCATION_ACTION action, const char *call)
{
    struct dma_shadow_request *r = s->owner;
    if (action != DeallocateObject && action != DeallocateObjectKeepRegisters)
        return;
    if (r == NULL)
        raise_no_channel(s, call);
    if (action == DeallocateObject && r->list == NULL)
        free_with_channel(s, r, call);
    s->owner = NULL;
    s->channels_freed++;
    if (r->stage == DMA_SHADOW_CALLED)
        r->released = true;
    else
        strike_out(r);
}

void dma_registers_release(struct dma_shadow *s, PVOID base, ULONG count)
{
    static const char call[] = "FreeMapRegisters";
    struct dma_shadow_thing *t = dma_shadow_find(s, DMA_SHADOW_REGISTERS, base);
    if (base == NULL)
        return;
    if (t == NULL)
        raise_freed_twice(s, base, (uint32_t)count, call);
    if (count > t->count)
        raise_freed_twice(s, base, (uint32_t)count - t->count, call);
    if (count == t->count)
        free_registers(s, t, call);
}
