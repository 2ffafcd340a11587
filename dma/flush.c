/*
 * Flushing: see transfer.h.
 */
#include <emu/finding.h>
#include <string.h>

#include "dma/adapter.h"
#include "dma/bounce.h"
#include "dma/channel.h"
#include "dma/legal.h"
#include "dma/operations.h"
#include "dma/registers.h"
#include "dma/system.h"
#include "dma/transfer.h"
#include "dma/walk.h"

/* What is flushed. */
struct part {
    PMDL mdl;
    uint64_t start;
    uint64_t end;
    bool to_device;
};

/* What lies in the double buffers of a mapping, and in this part of it, goes back to the driver's memory. */
static void put_back(const struct dma_registers *g, const struct dma_mapped *map, const struct part *part)
{
    for (uint32_t i = map->first; i < map->first + map->count; i++) {
        struct dma_piece *p = dma_bounce_piece(g, i);
        if (p->memory == NULL)
            continue;
        uint64_t from = p->at > part->start ? p->at : part->start;
        uint64_t to = p->at + p->bytes < part->end ? p->at + p->bytes : part->end;
        if (!part->to_device && from < to)
            memcpy(p->memory + (from - p->at), dma_bounce_memory(g) + p->offset + (from - p->at), to - from);
        p->memory = NULL;
    }
}

/* A part without bytes lies in a mapping as well: the device may have transferred none. */
static bool is_mapped_by(const struct part *part, const struct dma_mapped *map)
{
    bool somewhere = part->start < map->start + map->bytes &&
                     (part->end > map->start || (part->start == part->end && part->start >= map->start));
    return map->count != 0 && map->mdl == part->mdl && somewhere;
}

/* Every mapping of g that the part lies in ends. */
static void flush_registers(struct dma_adapter *a, struct dma_registers *g, const struct part *part,
                            const char *deed)
{
    bool flushed = false;
    for (struct dma_mapped *map = &g->map, *next; map != NULL; map = next) {
        next = map->next;
        if (!is_mapped_by(part, map))
            continue;
        if (map->to_device != part->to_device)
            emu_finding_raise(a->system->machine, "DMA-FLUSH-9", NULL, NULL,
                              "%s of %s says that the data went %s the device, and it was mapped to go %s it",
                              deed, dma_adapter_name(a).text, part->to_device ? "to" : "from",
                              map->to_device ? "to" : "from");
        if (g->bank != NULL)
            put_back(g, map, part);
        dma_registers_unmap(&a->system->pool, g, map);
        flushed = true;
    }
    if (!flushed)
        emu_finding_raise(
            a->system->machine, "DMA-FLUSH-8", "0xE6/16", NULL,
            "%s of %s for bytes %llu to %llu of an MDL, of which none is mapped: something else "
            "was mapped, and is not flushed",
            deed, dma_adapter_name(a).text, (unsigned long long)part->start, (unsigned long long)part->end);
}

static void require_something_mapped(const struct dma_adapter *a, const struct dma_registers *g, ULONG length,
                                     const char *deed)
{
    const struct dma_channel *c = a->channel;
    bool nothing =
        c != NULL ? c->state == DMA_CHANNEL_IDLE && !dma_channel_cancelled(c) : g != NULL && g->used == 0;
    if (!nothing || length == 0)
        return;
    emu_finding_raise(a->system->machine, "DMA-FLUSH-6", "0xE6/16", NULL, "%s of %s where nothing is mapped",
                      deed, dma_adapter_name(a).text);
}

static void flush(struct dma_adapter *a, PMDL mdl, PVOID base, uint64_t at, ULONG length, bool to_device,
                  const char *deed)
{
    struct dma_registers *g = dma_legal_registers(a, base, deed);
    require_something_mapped(a, g, length, deed);
    if (a->channel != NULL && a->channel->owner != NULL)
        dma_channel_require_owned(a->channel, a, deed);
    if (a->channel != NULL)
        dma_channel_stop(a->channel);
    if (g != NULL && g->used > 0) {
        struct part part = {.mdl = mdl, .start = at, .end = at + length, .to_device = to_device};
        flush_registers(a, g, &part, deed);
    }
    if (a->channel != NULL)
        dma_channel_flushed(a->channel);
}

NTSTATUS dma_flush_ex(struct dma_adapter *a, PMDL mdl, PVOID base, ULONGLONG offset, ULONG length,
                      bool to_device)
{
    static const char deed[] = "FlushAdapterBuffersEx";
    struct dma_walk walk;
    emu_step(a->system->machine, DMA_OP_FLUSH_EX, dma_adapter_transfers(a), length);
    if (mdl == NULL)
        return STATUS_INVALID_PARAMETER;
    dma_legal_chain(a, mdl, offset, length, deed);
    if (!dma_walk_to(&walk, mdl, offset) || !dma_walk_has(&walk, length))
        return STATUS_INVALID_PARAMETER;
    flush(a, mdl, base, offset, length, to_device, deed);
    return STATUS_SUCCESS;
}

BOOLEAN dma_flush(struct dma_adapter *a, PMDL mdl, PVOID base, PVOID virtual_address, ULONG length,
                  bool to_device)
{
    static const char deed[] = "FlushAdapterBuffers";
    emu_step(a->system->machine, DMA_OP_FLUSH, dma_adapter_transfers(a), length);
    dma_legal_mdl(a, mdl, deed);
    flush(a, mdl, base, dma_legal_offset(a, mdl, virtual_address, length, deed), length, to_device, deed);
    return TRUE;
}
