/*
 * Map registers: see registers.h.
 */
#include "dma/registers.h"

#include "dma/adapter.h"
#include "dma/bounce.h"

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
    if (count > pool->free)
        return NULL;
    pool->free -= count;
    pool->reserved += count;
    audit(pool);
    struct dma_registers *g = dma_slots_take(&pool->held);
    struct dma_slot slot = g->slot;
    *g = (struct dma_registers){.slot = slot, .adapter = a, .count = count};
    a->registers_held += count;
    return g;
}

void dma_registers_give(struct dma_pool *pool, struct dma_registers *g)
{
    EMU_ASSERT(g->used == 0 && g->adapter->registers_held >= g->count);
    if (g->bank != NULL)
        dma_bounce_give(g);
    g->adapter->registers_held -= g->count;
    pool->reserved -= g->count;
    pool->free += g->count;
    audit(pool);
    dma_slots_give(&pool->held, g);
}

void dma_registers_use(struct dma_pool *pool, struct dma_registers *g)
{
    EMU_ASSERT(g->used < g->count);
    g->used++;
    pool->reserved--;
    pool->mapped++;
}

void dma_registers_unmap(struct dma_pool *pool, struct dma_registers *g)
{
    pool->mapped -= g->used;
    pool->reserved += g->used;
    audit(pool);
    g->used = 0;
    g->bytes = 0;
    g->mdl = NULL;
    g->several = false;
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
