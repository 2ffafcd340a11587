/*
 * Map registers: see registers.h.
 */
#include "dma/registers.h"

#include <emu/unseen.h>

#include "dma/adapter.h"
#include "dma/bounce.h"
#include "dma/system.h"

/* In the top 16 bits of a base: no address of any processor begins so. */
#define BASE_TAG 0xD3A0ull
enum { BASE_TAG_SHIFT = DMA_SLOT_INDEX_BITS + DMA_SLOT_GENERATION_BITS };

static void audit(const struct dma_pool *pool)
{
    EMU_ASSERT(pool->total == pool->free + pool->reserved + pool->mapped);
}

void dma_pool_init(struct dma_pool *pool, struct emu_machine *m, uint32_t total)
{
    pool->object = emu_object_new(m, "map registers");
    pool->total = total;
    pool->free = total;
    dma_slots_init(&pool->held, m, sizeof(struct dma_registers));
}

struct dma_registers *dma_registers_take(struct dma_pool *pool, struct dma_adapter *a, uint32_t count)
{
    EMU_ASSERT(count > 0);
    EMU_DECLARED(a->system->machine, pool->object, EMU_ACCESS_WRITE);
    if (count > pool->free)
        return NULL;
    pool->free -= count;
    EMU_UNSEEN(a->system->machine, "registers that are held; what is free is counted apart")
    {
        pool->reserved += count;
        audit(pool);
    }
    struct dma_registers *g = dma_slots_take(&pool->held);
    struct dma_slot slot = g->slot;
    *g = (struct dma_registers){.slot = slot, .adapter = a, .count = count};
    a->registers_held += count;
    return g;
}

void dma_registers_give(struct dma_pool *pool, struct dma_registers *g)
{
    EMU_DECLARED(g->adapter->system->machine, pool->object, EMU_ACCESS_WRITE);
    EMU_ASSERT(g->used == 0 && g->adapter->registers_held >= g->count);
    emu_touch(g->adapter->system->machine, dma_adapter_transfers(g->adapter), EMU_ACCESS_WRITE);
    if (g->bank != NULL)
        dma_bounce_give(g);
    g->adapter->registers_held -= g->count;
    pool->free += g->count;
    EMU_UNSEEN(g->adapter->system->machine, "registers that are held; what is free is counted apart")
    {
        pool->reserved -= g->count;
        audit(pool);
    }
    dma_slots_give(&pool->held, g);
}

void dma_registers_use(struct dma_pool *pool, struct dma_registers *g)
{
    EMU_ASSERT(g->next < g->count);
    EMU_DECLARED(g->adapter->system->machine, dma_adapter_transfers(g->adapter), EMU_ACCESS_WRITE);
    g->next++;
    g->used++;
    EMU_UNSEEN(g->adapter->system->machine, "registers that are held; what is free is counted apart")
    {
        pool->reserved--;
        pool->mapped++;
    }
}

void dma_registers_record(struct dma_pool *pool, struct dma_registers *g, const struct dma_mapped *what)
{
    struct dma_mapped *to = &g->map;
    if (to->count != 0) {
        to = pool->free_maps;
        if (to != NULL)
            pool->free_maps = to->next;
        else
            to = emu_arena_alloc(pool->held.machine, sizeof *to);
        to->next = g->map.next;
        g->map.next = to;
    }
    struct dma_mapped *next = to->next;
    *to = *what;
    to->next = next;
    to->count = g->next - what->first;
}

/* One that is not the allocation's own goes back to the pool. */
static void forget(struct dma_pool *pool, struct dma_registers *g, struct dma_mapped *what)
{
    struct dma_mapped *before = &g->map;
    while (before->next != what)
        before = before->next;
    before->next = what->next;
    what->next = pool->free_maps;
    pool->free_maps = what;
}

void dma_registers_unmap(struct dma_pool *pool, struct dma_registers *g, struct dma_mapped *what)
{
    EMU_DECLARED(g->adapter->system->machine, dma_adapter_transfers(g->adapter), EMU_ACCESS_WRITE);
    EMU_ASSERT(what->count != 0 && what->count <= g->used);
    g->used -= what->count;
    EMU_UNSEEN(g->adapter->system->machine, "registers that are held; what is free is counted apart")
    {
        pool->mapped -= what->count;
        pool->reserved += what->count;
        audit(pool);
    }
    if (g->used == 0)
        g->next = 0;
    what->count = 0;
    if (what != &g->map)
        forget(pool, g, what);
}

uint64_t dma_registers_bytes(const struct dma_registers *g)
{
    uint64_t bytes = 0;
    for (const struct dma_mapped *map = &g->map; map != NULL; map = map->next)
        bytes += map->count != 0 ? map->bytes : 0;
    return bytes;
}

PVOID dma_base_of(uint64_t handle)
{
    return handle == 0 ? NULL : (PVOID)(uintptr_t)(BASE_TAG << BASE_TAG_SHIFT | handle);
}

uint64_t dma_handle_of(PVOID base)
{
    uint64_t bits = (uint64_t)(uintptr_t)base;
    return bits >> BASE_TAG_SHIFT == BASE_TAG ? bits & ((1ull << BASE_TAG_SHIFT) - 1) : 0;
}
