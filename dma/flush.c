/*
 * Flushing: see transfer.h.
 */
#include <emu/cache.h>
#include <emu/finding.h>
#include <string.h>

#include "dma/adapter.h"
#include "dma/bounce.h"
#include "dma/channel.h"
#include "dma/controller.h"
#include "dma/domain.h"
#include "dma/legal.h"
#include "dma/operations.h"
#include "dma/owned.h"
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
    emu_bus_touch_memory(g->adapter->system->machine, EMU_ACCESS_WRITE);
    for (uint32_t i = map->first; i < map->first + map->count; i++) {
        struct dma_piece *p = dma_bounce_piece(g, i);
        if (p->memory == NULL)
            continue;
        uint64_t from = p->at > part->start ? p->at : part->start;
        uint64_t to = p->at + p->bytes < part->end ? p->at + p->bytes : part->end;
        emu_bus_touch_pages(g->adapter->system->machine, p->memory, p->bytes);
        if (!part->to_device && from < to)
            memcpy(p->memory + (from - p->at), dma_bounce_memory(g) + p->offset + (from - p->at), to - from);
        if (g->adapter->padded)
            memset(dma_bounce_memory(g) + p->offset, DMA_PADDING, p->bytes);
        p->memory = NULL;
    }
}

/*
 * Where caches hide it: what the device wrote into this part of the mapping, and not into double buffers, is
 * what processors see. g NULL: the part itself was mapped, without registers.
 */
static void uncover(struct dma_adapter *a, const struct dma_registers *g, const struct dma_mapped *map,
                    const struct part *part)
{
    struct emu_machine *m = a->system->machine;
    struct dma_walk walk;
    uint64_t at = map->start, end = map->start + map->bytes;
    if (part->to_device || !emu_machine_config(m)->incoherent || !dma_walk_to(&walk, map->mdl, at))
        return;
    for (uint32_t i = map->first; at < end && walk.mdl != NULL; i++) {
        struct dma_step step = dma_walk_look(&walk, end - at);
        uint64_t from = at > part->start ? at : part->start;
        uint64_t to = at + step.bytes < part->end ? at + step.bytes : part->end;
        bool direct = g == NULL || g->bank == NULL || dma_bounce_piece(g, i)->memory == NULL;
        if (direct && from < to)
            emu_cache_invalidate(m, step.physical + (from - at), to - from);
        dma_walk_go(&walk, step.bytes);
        at += step.bytes;
    }
}

/* A part without bytes lies in a mapping as well: the device may have transferred none. */
static bool is_mapped_by(const struct part *part, const struct dma_mapped *map)
{
    bool somewhere = part->start < map->start + map->bytes &&
                     (part->end > map->start || (part->start == part->end && part->start >= map->start));
    return map->count != 0 && map->mdl == part->mdl && somewhere;
}

static void require_direction(const struct dma_adapter *a, const struct part *part, bool to_device,
                              const char *deed)
{
    if (to_device != part->to_device)
        emu_finding_report(a->system->machine, "DMA-FLUSH-9", NULL, NULL,
                           "%s of %s says that the data went %s the device, and it was mapped to go %s it",
                           deed, dma_adapter_name(a).text, part->to_device ? "to" : "from",
                           to_device ? "to" : "from");
}

static void raise_other(const struct dma_adapter *a, const struct part *part, const char *deed)
    __attribute__((noreturn));
static void raise_other(const struct dma_adapter *a, const struct part *part, const char *deed)
{
    emu_finding_raise(a->system->machine, "DMA-FLUSH-8", "0xE6/16", (const uint64_t[4]){0x16, 0, 0, 0},
                      "%s of %s for bytes %llu to %llu of an MDL, of which none is mapped: something else "
                      "was mapped, and is not flushed",
                      deed, dma_adapter_name(a).text, (unsigned long long)part->start,
                      (unsigned long long)part->end);
}

static void require_end(const struct dma_adapter *a, const struct part *part, uint64_t end, const char *deed)
{
    if (part->end > end)
        emu_finding_report(a->system->machine, "DMA-FLUSH-10", NULL, NULL,
                           "%s of %s up to byte %llu of an MDL that is mapped up to byte %llu", deed,
                           dma_adapter_name(a).text, (unsigned long long)part->end, (unsigned long long)end);
}

/* Every mapping of g that the part lies in ends. */
static void flush_registers(struct dma_adapter *a, struct dma_registers *g, const struct part *part,
                            const char *deed)
{
    uint64_t end = 0; /* of what was mapped and is flushed */
    bool flushed = false;
    for (struct dma_mapped *map = &g->map, *next; map != NULL; map = next) {
        next = map->next;
        if (!is_mapped_by(part, map))
            continue;
        require_direction(a, part, map->to_device, deed);
        if (map->start + map->bytes > end)
            end = map->start + map->bytes;
        uncover(a, g, map, part);
        if (g->bank != NULL)
            put_back(g, map, part);
        if (map->logical_pages > 0)
            dma_domain_unmap(dma_domain_of(a), map->logical, map->logical_pages);
        dma_owned_end(a->system, map->owned);
        dma_registers_unmap(&a->system->pool, g, map);
        flushed = true;
    }
    if (!flushed)
        raise_other(a, part, deed);
    require_end(a, part, end, deed);
}

/* The same where no registers know what is mapped. */
static void flush_owned(struct dma_adapter *a, enum dma_owned_kind kind, const struct part *part,
                        const char *deed)
{
    struct dma_owned_part owned = dma_owned_find(a, kind, part->mdl, part->start, part->end);
    uint64_t end = owned.end;
    if (owned.piece == NULL && part->start != part->end)
        raise_other(a, part, deed);
    while (owned.piece != NULL) {
        require_direction(a, part, owned.to_device, deed);
        dma_owned_end(a->system, owned.piece);
        owned = dma_owned_find(a, kind, part->mdl, part->start, part->end);
    }
    if (end != 0)
        require_end(a, part, end, deed);
}

static void flush_part(struct dma_adapter *a, struct dma_registers *g, enum dma_owned_kind without,
                       const struct part *part, const char *deed)
{
    if (g != NULL && g->used > 0)
        flush_registers(a, g, part, deed);
    if (g != NULL)
        return;
    struct dma_mapped whole = {.mdl = part->mdl, .start = part->start, .bytes = part->end - part->start};
    uncover(a, NULL, &whole, part);
    flush_owned(a, without, part, deed);
}

static void require_something_mapped(const struct dma_adapter *a, const struct dma_registers *g, ULONG length,
                                     const char *deed)
{
    const struct dma_channel *c = a->channel;
    bool nothing = c != NULL   ? c->state == DMA_CHANNEL_IDLE && !dma_channel_cancelled(c)
                   : g != NULL ? g->used == 0
                               : !dma_owned_any(a);
    if (!nothing || length == 0)
        return;
    emu_finding_raise(a->system->machine, "DMA-FLUSH-6", "0xE6/16", (const uint64_t[4]){0x16, 0, 0, 0},
                      "%s of %s where nothing is mapped", deed, dma_adapter_name(a).text);
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
    uint64_t done = a->channel != NULL ? dma_channel_done(a->channel, a, length) : length;
    flush_part(a, g, DMA_OWNED_WITHOUT, &(struct part){mdl, at, at + done, to_device}, deed);
    if (a->channel != NULL)
        dma_channel_flushed(a->channel);
}

void dma_unmap_all(struct dma_adapter *a, struct dma_registers *g, const struct dma_part *whole,
                   const char *deed)
{
    if (a->channel != NULL)
        dma_channel_stop(a->channel);
    flush_part(a, g, DMA_OWNED_BY_LIST,
               &(struct part){whole->mdl, whole->offset, whole->offset + whole->length, whole->to_device},
               deed);
    if (a->channel != NULL)
        dma_channel_flushed(a->channel);
}

NTSTATUS dma_flush_ex(struct dma_adapter *a, PMDL mdl, PVOID base, ULONGLONG offset, ULONG length,
                      bool to_device)
{
    static const char deed[] = "FlushAdapterBuffersEx";
    struct dma_walk walk;
    dma_controller_step(a, DMA_OP_FLUSH_EX, length);
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
    dma_controller_step(a, DMA_OP_FLUSH, length);
    dma_legal_mdl(a, mdl, deed);
    flush(a, mdl, base, dma_legal_offset(a, mdl, virtual_address, length, deed), length, to_device, deed);
    return TRUE;
}
