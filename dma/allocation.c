/*
 * Allocation: what drivers call to get adapter objects, channels and map registers, and to give them back.
 */
#include "dma/allocation.h"

#include <emu/choose.h>
#include <emu/finding.h>

#include "dma/adapter.h"
#include "dma/context.h"
#include "dma/operations.h"
#include "dma/queue.h"
#include "dma/request.h"
#include "dma/sglist.h"
#include "dma/system.h"

static uint32_t wanted_registers(const struct dma_adapter *a, const struct dma_ask *ask, enum dma_mood mood)
{
    return a->needs_registers || mood == DMA_MOOD_BUFFERED ? ask->registers : 0;
}

static emu_op op_of(const struct dma_ask *ask)
{
    if (ask->list != NULL)
        return ask->list->op;
    return ask->context != NULL ? DMA_OP_ALLOCATE_EX : DMA_OP_ALLOCATE;
}

/* AllocateAdapterChannel, which calls its routine before it returns where all is free. */
static bool is_version1(const struct dma_ask *ask)
{
    return ask->context == NULL && ask->list == NULL;
}

/* What the platform makes of this request. One choice; which moods are legal depends on what is asked. */
static enum dma_mood choose_mood(const struct dma_adapter *a, const struct dma_ask *ask)
{
    struct emu_machine *m = a->system->machine;
    enum dma_mood moods[DMA_MOODS] = {DMA_MOOD_AT_ONCE};
    uint32_t count = 1;
    bool at_once = ask->synchronous ||
                   (is_version1(ask) && dma_queue_is_free(a, wanted_registers(a, ask, DMA_MOOD_AT_ONCE)));
    bool may_buffer = ask->list == NULL || !ask->list->fail_on_bounce;
    if (!at_once) {
        moods[count++] = DMA_MOOD_LATER;
        if (emu_machine_config(m)->processors > 1)
            moods[count++] = DMA_MOOD_ELSEWHERE;
    }
    if (!a->needs_registers && ask->registers > 0 && may_buffer)
        moods[count++] = DMA_MOOD_BUFFERED;
    return moods[emu_latitude(m, op_of(ask), count)];
}

/* Version 1 keeps one wait block in the device object: one request of it at a time. */
static void mark_device(struct dma_request *r)
{
    PWAIT_CONTEXT_BLOCK wcb = &r->device->Queue.Wcb;
    if (wcb->DeviceRoutine != NULL)
        emu_finding_raise(r->adapter->system->machine, "DMA-ALLOC-5", NULL, NULL,
                          "AllocateAdapterChannel on %s while an earlier request of the same device object "
                          "waits, or its AdapterControl runs",
                          dma_adapter_name(r->adapter).text);
    wcb->DeviceRoutine = r->routine;
    wcb->DeviceContext = r->routine_context;
    wcb->NumberOfMapRegisters = r->wanted;
    wcb->DeviceObject = r->device;
    wcb->CurrentIrp = r->irp;
    r->one_per_device = true;
}

static struct dma_request *make_request(struct dma_adapter *a, const struct dma_ask *ask, enum dma_mood mood)
{
    struct dma_request *r = dma_slots_take(&a->system->requests);
    r->adapter = a;
    r->device = ask->device;
    r->irp = ask->device != NULL ? ask->device->CurrentIrp : NULL;
    r->routine = ask->routine;
    r->routine_context = ask->routine_context;
    r->list = ask->list;
    r->context = NULL;
    r->registers = 0;
    r->wanted = wanted_registers(a, ask, mood);
    r->mood = (uint8_t)mood;
    r->transfer_cancelled = false;
    r->one_per_device = false;
    r->registers_freed = false;
    if (ask->context != NULL)
        dma_context_bind(ask->context, r);
    return r;
}

/* Where the caller wants to know what it got. */
static void answer(const struct dma_ask *ask, const struct dma_request *r)
{
    if (ask->base != NULL)
        *ask->base = dma_base_of(r->registers);
    if (ask->list != NULL && ask->list->answer != NULL)
        *ask->list->answer = ask->list->buffer;
}

/* Now or not at all. */
static NTSTATUS allocate_now(struct dma_adapter *a, const struct dma_ask *ask)
{
    enum dma_mood mood = choose_mood(a, ask);
    if (!dma_queue_is_free(a, wanted_registers(a, ask, mood)))
        return STATUS_INSUFFICIENT_RESOURCES;
    struct dma_request *r = make_request(a, ask, mood);
    dma_queue_submit(r);
    EMU_ASSERT(r->state == DMA_REQUEST_GRANTED);
    if (ask->list != NULL && !dma_sglist_build(r)) {
        r->list = NULL;
        dma_request_enter(r, DMA_REQUEST_KEPT);
        dma_queue_end(r, false, DMA_REQUEST_FREE, "the platform");
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    answer(ask, r);
    if (ask->routine != NULL || (ask->list != NULL && ask->list->routine != NULL))
        dma_queue_call(r);
    else
        dma_request_enter(r, DMA_REQUEST_KEPT);
    return STATUS_SUCCESS;
}

/* Now or later. */
static void allocate_in_turn(struct dma_adapter *a, const struct dma_ask *ask)
{
    bool version1 = is_version1(ask);
    struct dma_request *r = make_request(a, ask, choose_mood(a, ask));
    answer(ask, r);
    if (version1 && r->device != NULL)
        mark_device(r);
    dma_queue_submit(r);
    bool waits = r->state != DMA_REQUEST_GRANTED;
    if (!waits && (version1 || !dma_queue_defer(r))) {
        dma_queue_call_soon(r);
        return;
    }
    emu_step(a->system->machine, DMA_OP_ENQUEUED, dma_adapter_domain(a), ask->registers);
}

static void require_legal_of_version1(const struct dma_adapter *a, const struct dma_ask *ask)
{
    if (ask->device == NULL)
        emu_finding_raise(a->system->machine, "DMA-ALLOC-24", NULL, NULL,
                          "AllocateAdapterChannel of %s without the device object that a request waits in",
                          dma_adapter_name(a).text);
    if (ask->routine == NULL)
        emu_finding_raise(a->system->machine, "DMA-ALLOC-22", NULL, NULL,
                          "AllocateAdapterChannel of %s without an AdapterControl routine",
                          dma_adapter_name(a).text);
    if (dma_queue_calls(a))
        emu_finding_raise(a->system->machine, "DMA-ALLOC-23", NULL, NULL,
                          "AllocateAdapterChannel of %s from within its AdapterControl",
                          dma_adapter_name(a).text);
}

NTSTATUS dma_allocate(struct dma_adapter *a, const struct dma_ask *ask)
{
    struct dma_system *s = a->system;
    emu_op op = op_of(ask);
    emu_step(s->machine, op, dma_adapter_domain(a), ask->registers);
    if (is_version1(ask))
        require_legal_of_version1(a, ask);
    dma_queue_require_device(a, ask->device, "an allocation");
    NTSTATUS status = ask->context == NULL ? STATUS_SUCCESS : dma_context_admit(a, ask->context);
    if (NT_SUCCESS(status) && (ask->registers > a->registers_max || emu_fault(s->machine, op)))
        status = STATUS_INSUFFICIENT_RESOURCES;
    if (!NT_SUCCESS(status))
        return status;
    uint8_t level = dma_queue_rise(s->machine);
    if (ask->synchronous)
        status = allocate_now(a, ask);
    else
        allocate_in_turn(a, ask);
    dma_queue_run(s);
    dma_queue_sink(s->machine, level);
    return status;
}

BOOLEAN dma_cancel(struct dma_adapter *a, PVOID context)
{
    struct dma_system *s = a->system;
    emu_step(s->machine, DMA_OP_CANCEL, dma_adapter_domain(a), 0);
    bool idle;
    struct dma_request *r = dma_context_request(a, context, &idle);
    bool waits = r != NULL && r->adapter == a && dma_request_waits(r);
    if (!waits && !idle)
        return FALSE;
    uint8_t level = dma_queue_rise(s->machine);
    struct dma_sglist *list = waits ? r->list : NULL;
    if (waits)
        dma_queue_withdraw(r);
    else
        dma_context_cancel_allocation(context);
    if (list != NULL)
        dma_sglist_drop(list);
    emu_step(s->machine, DMA_OP_CANCELLED, dma_adapter_domain(a), 0);
    dma_queue_run(s);
    dma_queue_sink(s->machine, level);
    return TRUE;
}

void dma_release(struct dma_adapter *a, IO_ALLOCATION_ACTION action, emu_op op)
{
    struct dma_system *s = a->system;
    const char *deed = op == DMA_OP_FREE_CHANNEL ? "FreeAdapterChannel" : "FreeAdapterObject";
    emu_step(s->machine, op, dma_adapter_domain(a), (uint64_t)action);
    if (action == KeepObject)
        return;
    if (action != DeallocateObject && action != DeallocateObjectKeepRegisters)
        emu_finding_raise(s->machine, "DMA-FREE-4", NULL, NULL,
                          "FreeAdapterObject of %s with %d, which is no IO_ALLOCATION_ACTION",
                          dma_adapter_name(a).text, (int)action);
    struct dma_request *r = a->owner;
    if (r == NULL || !dma_request_has_adapter(r))
        dma_queue_raise_freed_twice(a, deed);
    uint8_t level = dma_queue_rise(s->machine);
    dma_queue_end(r, action == DeallocateObjectKeepRegisters,
                  r->state == DMA_REQUEST_CALLING ? DMA_REQUEST_RELEASED : DMA_REQUEST_FREE, deed);
    dma_queue_run(s);
    dma_queue_sink(s->machine, level);
}

/* The registers that FreeMapRegisters names, or a finding; NULL: none, and the run goes on. */
static struct dma_registers *registers_to_free(struct dma_adapter *a, PVOID base, ULONG count)
{
    struct emu_machine *m = a->system->machine;
    if (base == NULL) {
        emu_finding_report(
            m, "DMA-FREE-8", NULL, NULL,
            "FreeMapRegisters of %s with a MapRegisterBase of NULL: no registers were allocated",
            dma_adapter_name(a).text);
        return NULL;
    }
    struct dma_registers *g = dma_slots_find(&a->system->pool.held, dma_handle_of(base));
    if (g == NULL)
        emu_finding_raise(
            m, "DMA-FREE-6", "0xE6/05", (const uint64_t[4]){0x05, count, 0, 0},
            "FreeMapRegisters of %s frees %u map registers that are not allocated: they were freed twice",
            dma_adapter_name(a).text, (unsigned)count);
    if (g->adapter != a)
        emu_finding_raise(m, "DMA-FREE-9", NULL, NULL, "FreeMapRegisters of %s with map registers of %s",
                          dma_adapter_name(a).text, dma_adapter_name(g->adapter).text);
    if (g->count != count)
        emu_finding_report(m, "DMA-FREE-10", NULL, NULL,
                           "FreeMapRegisters of %s frees %u map registers where %u were allocated",
                           dma_adapter_name(a).text, (unsigned)count, g->count);
    dma_queue_require_unmapped(g, "FreeMapRegisters");
    return g;
}

void dma_free_registers(struct dma_adapter *a, PVOID base, ULONG count)
{
    struct dma_system *s = a->system;
    emu_step(s->machine, DMA_OP_FREE_REGISTERS, dma_adapter_domain(a), count);
    struct dma_registers *g = registers_to_free(a, base, count);
    if (g == NULL)
        return;
    uint8_t level = dma_queue_rise(s->machine);
    if (a->owner != NULL && a->owner->registers == dma_slot_handle(&g->slot)) {
        a->owner->registers = 0;
        a->owner->registers_freed = true;
    }
    dma_queue_give_registers(s, g);
    dma_queue_run(s);
    dma_queue_sink(s->machine, level);
}
