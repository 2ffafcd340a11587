/*
 * Mapping and flushing under verification: which bytes each allocation's registers map.
 *
 * A mapping is in the books before it is made, since a system DMA transfer can end, and be flushed, before
 * the call that started it returns.
 */
#include <emu/finding.h>

#include "dma/adapter.h"
#include "dma/bounce.h"
#include "dma/channel.h"
#include "dma/controller.h"
#include "dma/verifier_check.h"
#include "dma/verifier_shadow.h"
#include "dma/walk.h"

enum {
    MISCELLANEOUS = 0x00,
    NOT_FLUSHED = 0x0D,
    NOT_MAPPED = 0x16,
    MAPPED_TWICE = 0x1D,
    REGISTER_NOT_MAPPED = 0x20,
    NOT_ENDED = 0x23,
};
enum { BEHIND_REGISTERS = 1, NOT_ENOUGH_IN_A_ROW = 2 };

uint32_t dma_shadow_mapped(const struct dma_shadow_thing *registers)
{
    uint32_t count = 0;
    for (const struct dma_shadow_map *map = registers->maps; map != NULL; map = map->next)
        count += map->registers;
    return count;
}

static uint64_t bytes_mapped(const struct dma_shadow_thing *registers)
{
    uint64_t bytes = 0;
    for (const struct dma_shadow_map *map = registers->maps; map != NULL; map = map->next)
        bytes += map->bytes;
    return bytes;
}

static void forget(struct dma_shadow *s, struct dma_shadow_thing *t, struct dma_shadow_map *map)
{
    struct dma_shadow_map **link = &t->maps;
    while (*link != map)
        link = &(*link)->next;
    *link = map->next;
    s->bytes_mapped -= map->bytes;
    dma_slots_give(&s->verifier->maps, map);
}

/* The address of a byte of a chain's first MDL. */
static uint64_t address_at(const MDL *mdl, uint64_t offset)
{
    return (uint64_t)(uintptr_t)mdl->StartVa + mdl->ByteOffset + offset;
}

/* ---- Mapping --------------------------------------------------------------------------------- */

static void require_not_mapped(const struct dma_shadow *s, const struct dma_shadow_thing *t,
                               const struct dma_named *n, const char *call)
{
    for (const struct dma_shadow_map *map = t->maps; map != NULL; map = map->next) {
        uint64_t from = map->start > n->offset ? map->start : n->offset;
        bool meets = from < map->start + map->bytes && from < n->offset + n->length;
        if (map->mdl != n->mdl || !meets)
            continue;
        uint64_t first = address_at(n->mdl, n->offset);
        dma_verifier_raise(
            (struct dma_violation){MAPPED_TWICE, first, first + n->length, address_at(n->mdl, from)},
            "%s of %s maps bytes %llu to %llu of an MDL through registers that map bytes %llu to "
            "%llu of it already",
            call, dma_adapter_name(s->adapter).text, (unsigned long long)n->offset,
            (unsigned long long)(n->offset + n->length), (unsigned long long)map->start,
            (unsigned long long)(map->start + map->bytes));
    }
}

static void require_flushed(const struct dma_shadow *s, const struct dma_shadow_thing *t, const char *call)
{
    uint64_t most = (uint64_t)t->count << EMU_PAGE_SHIFT;
    dma_shadow_tell(t);
    dma_verifier_raise(
        (struct dma_violation){NOT_FLUSHED, bytes_mapped(t), most, 0},
        "%s of %s while %llu bytes are mapped that were not flushed, through registers for %llu: "
        "FlushAdapterBuffers is owed",
        call, dma_adapter_name(s->adapter).text, (unsigned long long)bytes_mapped(t),
        (unsigned long long)most);
}

/* Room in the registers for what is mapped: at all, and of one that must be one piece, for all of it. */
static void require_room(const struct dma_shadow *s, const struct dma_shadow_thing *t, uint32_t pages,
                         const struct dma_named *n, const char *call)
{
    uint32_t mapped = dma_shadow_mapped(t), left = t->count - mapped;
    bool one_piece = !s->adapter->master || !s->adapter->scatter_gather;
    bool ends = n->chain || s->adapter->channel != NULL; /* one mapping at a time */
    if ((ends && t->maps != NULL) || (mapped > 0 && (left == 0 || (one_piece && pages > left))))
        require_flushed(s, t, call);
    if (!n->chain && one_piece && pages > left)
        dma_verifier_raise((struct dma_violation){MISCELLANEOUS, NOT_ENOUGH_IN_A_ROW, pages, left},
                           "%s of %s for %u bytes, which need %u map registers in a row; %u were allocated",
                           call, dma_adapter_name(s->adapter).text, (unsigned)n->length, pages, left);
}

/* A transfer under a context that was cancelled is refused, or has ended; its flush is owed all the same. */
static bool is_cancelled(const struct dma_shadow *s)
{
    return s->adapter->channel != NULL && dma_channel_cancelled(s->adapter->channel);
}

struct dma_shadow_map *dma_map_note(struct dma_shadow *s, const struct dma_named *named, PVOID base,
                                    const char *call)
{
    struct dma_shadow_thing *t = dma_shadow_find(s, DMA_SHADOW_REGISTERS, base);
    struct dma_walk walk;
    if (t == NULL || is_cancelled(s) || !dma_walk_to(&walk, named->mdl, named->offset))
        return NULL;
    uint32_t pages = dma_walk_pages(&walk, named->length);
    if (!named->chain)
        require_not_mapped(s, t, named, call);
    require_room(s, t, pages, named, call);
    dma_guard_require(s->adapter, base);
    uint32_t left = t->count - dma_shadow_mapped(t);
    struct dma_shadow_map *map = dma_slots_take(&s->verifier->maps);
    map->mdl = named->mdl;
    map->start = named->offset;
    map->bytes = named->length;
    map->registers = pages < left ? pages : left;
    map->next = t->maps;
    t->maps = map;
    s->bytes_mapped += map->bytes;
    return map;
}

void dma_map_settle(struct dma_shadow *s, PVOID base, struct dma_shadow_map *map, uint32_t generation,
                    uint64_t bytes)
{
    struct dma_shadow_thing *t = dma_shadow_find(s, DMA_SHADOW_REGISTERS, base);
    struct dma_walk walk;
    if (map == NULL || map->slot.generation != generation || t == NULL)
        return;
    if (bytes == 0 || !dma_walk_to(&walk, map->mdl, map->start)) {
        forget(s, t, map);
        return;
    }
    s->bytes_mapped -= map->bytes - bytes;
    map->bytes = bytes;
    map->registers = dma_walk_pages(&walk, bytes);
}

/* ---- Flushing -------------------------------------------------------------------------------- */

/* A part without bytes lies in a mapping as well. */
static bool lies_in(const struct dma_named *n, const struct dma_shadow_map *map)
{
    uint64_t end = n->offset + n->length;
    return map->mdl == n->mdl && n->offset < map->start + map->bytes &&
           (end > map->start || (n->length == 0 && n->offset >= map->start));
}

static uint64_t chain_bytes(const struct dma_named *n)
{
    uint64_t bytes = 0;
    for (const MDL *mdl = n->mdl; mdl != NULL; mdl = n->chain ? mdl->Next : NULL)
        bytes += mdl->ByteCount;
    return bytes;
}

/* A base that names nobody's registers; others' are the subsystem's to tell. */
static void require_known(const struct dma_shadow *s, const struct dma_named *n, PVOID base, const char *call)
{
    if (base == NULL || dma_slots_find(&s->verifier->system->pool.held, dma_handle_of(base)) != NULL)
        return;
    dma_shadow_tell_gone(s, DMA_SHADOW_REGISTERS, base);
    dma_verifier_raise(
        (struct dma_violation){REGISTER_NOT_MAPPED, dma_violation_pointer(base),
                               address_at(n->mdl, n->offset), dma_violation_pointer(n->mdl)},
        "%s of %s flushes map registers that are not allocated, and map nothing: they were freed, or "
        "never granted",
        call, dma_adapter_name(s->adapter).text);
}

static void raise_not_mapped(const struct dma_shadow *s, const struct dma_shadow_thing *t,
                             const struct dma_named *n, const char *call)
{
    struct dma_adapter *a = s->adapter;
    const struct dma_registers *g =
        dma_slots_find(&a->system->pool.held, dma_handle_of((PVOID)(uintptr_t)t->key));
    const struct dma_name name = dma_adapter_name(a);
    dma_shadow_tell(t);
    if (t->maps == NULL)
        dma_verifier_raise(
            (struct dma_violation){REGISTER_NOT_MAPPED, dma_violation_pointer(t->key),
                                   address_at(n->mdl, n->offset), dma_violation_pointer(n->mdl)},
            "%s of %s flushes %u map registers, of which none is mapped", call, name.text, t->count);
    const void *memory = g != NULL && g->bank != NULL ? dma_bounce_memory(g) : NULL;
    dma_verifier_raise(
        (struct dma_violation){NOT_MAPPED, dma_violation_pointer(memory), dma_violation_pointer(s), 0},
        "%s of %s for bytes %llu to %llu of an MDL that are not mapped: bytes %llu to %llu of %s "
        "are",
        call, name.text, (unsigned long long)n->offset, (unsigned long long)(n->offset + n->length),
        (unsigned long long)t->maps->start, (unsigned long long)(t->maps->start + t->maps->bytes),
        t->maps->mdl == n->mdl ? "it" : "another one");
}

void dma_flush_note(struct dma_shadow *s, const struct dma_named *named, PVOID base, const char *call)
{
    struct dma_shadow_thing *t = dma_shadow_find(s, DMA_SHADOW_REGISTERS, base);
    uint64_t end = 0, asked = named->offset + named->length;
    if (t == NULL)
        require_known(s, named, base, call);
    if (t == NULL || (t->maps == NULL && (named->length == 0 || is_cancelled(s))))
        return;
    for (const struct dma_shadow_map *map = t->maps; map != NULL; map = map->next)
        if (lies_in(named, map) && map->start + map->bytes > end)
            end = map->start + map->bytes;
    if (end == 0)
        raise_not_mapped(s, t, named, call);
    uint64_t whole = chain_bytes(named);
    if (asked > end) {
        dma_shadow_tell(t);
        dma_verifier_raise((struct dma_violation){MISCELLANEOUS, BEHIND_REGISTERS,
                                                  whole > end ? whole - end : 0, asked - end},
                           "%s of %s up to byte %llu of an MDL that is mapped up to byte %llu", call,
                           dma_adapter_name(s->adapter).text, (unsigned long long)asked,
                           (unsigned long long)end);
    }
    dma_guard_require(s->adapter, base);
    for (struct dma_shadow_map *map = t->maps, *next; map != NULL; map = next) {
        next = map->next;
        if (lies_in(named, map))
            forget(s, t, map);
    }
}

void dma_flush_require_ended(const struct dma_shadow *s)
{
    struct dma_adapter *a = s->adapter;
    const struct dma_channel *c = a->channel;
    if (c == NULL || s->owner == NULL || c->state != DMA_CHANNEL_RUNNING || c->completion == NULL ||
        c->loops || dma_channel_cancelled(c))
        return;
    dma_verifier_raise(
        (struct dma_violation){NOT_ENDED, 0, c->controller->id, c->number},
        "FlushAdapterBuffersEx of %s while its transfer runs on channel %u of %s: its completion "
        "routine was not called, and it was not cancelled",
        dma_adapter_name(a).text, c->number, c->controller->name);
}
