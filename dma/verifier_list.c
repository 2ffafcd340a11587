/*
 * Scatter/gather lists under verification.
 *
 * A list is in the books from the moment that its routine is about to be called, or its call returns, until
 * it is put. Of system DMA it keeps the channel as long.
 */
#include <emu/cpu.h>
#include <emu/finding.h>

#include "dma/adapter.h"
#include "dma/sglist.h"
#include "dma/verifier_check.h"
#include "dma/verifier_shadow.h"
#include "dma/walk.h"

enum { FREED_TWICE = 0x06, TOO_MANY_REGISTERS = 0x15 };

static void take_channel(struct dma_shadow_request *r, const void *list)
{
    struct dma_shadow *s = r->of;
    EMU_ASSERT(s->owner == NULL);
    s->owner = r;
    s->channels_allocated++;
    r->list = list;
    dma_shadow_add(s, DMA_SHADOW_LIST, list, 1)->birth = r->birth;
}

VOID dma_list_control(PDEVICE_OBJECT DeviceObject, PIRP Irp, PSCATTER_GATHER_LIST List, PVOID Context)
{
    struct dma_shadow_request *r = Context;
    struct dma_shadow *s = r->of;
    take_channel(r, List);
    r->stage = DMA_SHADOW_CALLED;
    r->cpu = emu_cpu(emu_current());
    r->list_routine(DeviceObject, Irp, List, r->routine_context);
    bool keeps =
        s->adapter->channel != NULL && !r->released && dma_shadow_find(s, DMA_SHADOW_LIST, List) != NULL;
    if (keeps)
        r->stage = DMA_SHADOW_KEPT;
    else
        dma_channel_end(r);
}

void dma_list_grant(struct dma_shadow_request *r, const void *list)
{
    take_channel(r, list);
    r->stage = DMA_SHADOW_KEPT;
}

void dma_list_require_few(const struct dma_shadow *s, PMDL mdl, uint64_t offset, ULONG length,
                          const char *call)
{
    struct dma_walk walk;
    if (mdl == NULL || !dma_walk_to(&walk, mdl, offset) || !dma_walk_has(&walk, length))
        return;
    uint32_t pages = dma_walk_pages(&walk, length);
    if (pages > s->adapter->registers_max)
        dma_verifier_raise(
            (struct dma_violation){TOO_MANY_REGISTERS, pages, s->adapter->registers_max, 0},
            "%s of %s for %u bytes, which need %u map registers; IoGetDmaAdapter said that %u are the most",
            call, dma_adapter_name(s->adapter).text, (unsigned)length, pages, s->adapter->registers_max);
}

void dma_list_release(struct dma_shadow *s, PSCATTER_GATHER_LIST list)
{
    static const char call[] = "PutScatterGatherList";
    struct dma_shadow_thing *t = dma_shadow_find(s, DMA_SHADOW_LIST, list);
    if (list == NULL)
        return;
    if (t == NULL) {
        dma_shadow_tell_gone(s, DMA_SHADOW_LIST, list);
        dma_verifier_raise(
            (struct dma_violation){FREED_TWICE, s->allocated[DMA_SHADOW_LIST], s->freed[DMA_SHADOW_LIST] + 1,
                                   0},
            "%s of %s frees a scatter/gather list more than is allocated: allocated %u, freed %u", call,
            dma_adapter_name(s->adapter).text, s->allocated[DMA_SHADOW_LIST], s->freed[DMA_SHADOW_LIST] + 1);
    }
    const struct dma_sglist *l = dma_sglist_of(s->adapter, list, call);
    dma_guard_require(s->adapter, dma_base_of(l->registers));
    dma_shadow_remove(s, t);
    if (s->adapter->channel != NULL && s->owner != NULL && s->owner->list == list &&
        s->owner->stage == DMA_SHADOW_KEPT)
        dma_channel_end(s->owner);
}
