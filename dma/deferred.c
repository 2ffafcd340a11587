/*
 * Deferred calls: see deferred.h.
 */
#include "dma/deferred.h"

#include "dma/system.h"

struct dma_deferred {
    struct dma_slot slot;
    KDPC dpc;
    struct dma_system *system;
    dma_deferred_fn *fn;
    void *argument;
    uint64_t value;
};

void dma_deferred_init(struct dma_slots *slots, struct emu_machine *m)
{
    dma_slots_init(slots, m, sizeof(struct dma_deferred));
}

static VOID run(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    struct dma_deferred *d = context;
    struct dma_deferred call = *d;
    dma_slots_give(&d->system->deferred, d);
    call.fn(call.system, call.argument, call.value);
}

void dma_defer(struct dma_system *s, unsigned processor, dma_deferred_fn *fn, void *argument, uint64_t value)
{
    struct dma_deferred *d = dma_slots_take(&s->deferred);
    d->system = s;
    d->fn = fn;
    d->argument = argument;
    d->value = value;
    KeInitializeDpc(&d->dpc, run, d);
    KeSetTargetProcessorDpc(&d->dpc, (CCHAR)processor);
    BOOLEAN queued = KeInsertQueueDpc(&d->dpc, NULL, NULL);
    EMU_ASSERT(queued);
}
