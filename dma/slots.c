/*
 * Slots: see slots.h. Blocks double, so that the directory of 16 Mi records is 22 pointers.
 */
#include "dma/slots.h"

#include <emu/access.h>
#include <emu/unseen.h>

enum { GENERATION_MASK = (1 << DMA_SLOT_GENERATION_BITS) - 1, INDEX_MASK = (1 << DMA_SLOT_INDEX_BITS) - 1 };

static unsigned log2_of(uint32_t value)
{
    return 31u - (unsigned)__builtin_clz(value);
}

/* Block 0 holds records 0 to 7, block b > 0 holds 8 << (b - 1) records, the first of them with that number.
 */
static unsigned block_of(uint32_t index)
{
    uint32_t eights = index >> DMA_SLOTS_FIRST_SHIFT;
    return eights == 0 ? 0 : 1 + log2_of(eights);
}

static uint32_t block_first(unsigned block)
{
    return block == 0 ? 0 : 1u << (block - 1 + DMA_SLOTS_FIRST_SHIFT);
}

static uint32_t block_count(unsigned block)
{
    return 1u << (block == 0 ? DMA_SLOTS_FIRST_SHIFT : block - 1 + DMA_SLOTS_FIRST_SHIFT);
}

static struct dma_slot *slot_at(const struct dma_slots *s, uint32_t index)
{
    unsigned block = block_of(index);
    return (struct dma_slot *)(void *)(s->blocks[block] + s->bytes * (index - block_first(block)));
}

void dma_slots_init(struct dma_slots *s, struct emu_machine *m, size_t bytes)
{
    EMU_ASSERT(bytes >= sizeof(struct dma_slot) && bytes % _Alignof(struct dma_slot) == 0);
    s->machine = m;
    s->bytes = bytes;
}

static struct dma_slot *make(struct dma_slots *s)
{
    unsigned block = block_of(s->count);
    EMU_ASSERT(block < DMA_SLOTS_BLOCKS);
    if (s->blocks[block] == NULL)
        s->blocks[block] = emu_arena_alloc(s->machine, s->bytes * block_count(block));
    struct dma_slot *slot = slot_at(s, s->count);
    slot->index = s->count++;
    return slot;
}

void *dma_slots_take(struct dma_slots *s)
{
    struct dma_slot *slot = NULL;
    EMU_UNSEEN(s->machine, "which of the free ones it is")
    {
        slot = s->free;
        if (slot != NULL)
            s->free = slot->next_free;
        else
            slot = make(s);
        s->taken++;
    }
    emu_access_fresh(s->machine, slot, s->bytes);
    slot->generation = (slot->generation + 1) & GENERATION_MASK;
    EMU_ASSERT(slot->generation & 1);
    return slot;
}

void dma_slots_give(struct dma_slots *s, void *record)
{
    struct dma_slot *slot = record;
    EMU_ASSERT(slot->generation & 1);
    slot->generation = (slot->generation + 1) & GENERATION_MASK;
    EMU_UNSEEN(s->machine, "which of the free ones is taken")
    {
        EMU_ASSERT(s->taken > 0);
        s->taken--;
        slot->next_free = s->free;
        s->free = slot;
    }
}

uint64_t dma_slot_handle(const struct dma_slot *slot)
{
    return (uint64_t)slot->generation << DMA_SLOT_INDEX_BITS | slot->index;
}

void *dma_slots_at(const struct dma_slots *s, uint32_t index)
{
    struct dma_slot *slot = index < s->count ? slot_at(s, index) : NULL;
    return slot != NULL && (slot->generation & 1) != 0 ? slot : NULL;
}

void *dma_slots_find(const struct dma_slots *s, uint64_t handle)
{
    uint32_t index = (uint32_t)handle & INDEX_MASK;
    uint64_t generation = handle >> DMA_SLOT_INDEX_BITS;
    struct dma_slot *slot = NULL;
    EMU_UNSEEN(s->machine, "a handle's record was made before the handle")
    {
        slot = index < s->count ? slot_at(s, index) : NULL;
    }
    if (slot == NULL || (generation & 1) == 0)
        return NULL;
    return slot->generation == generation ? slot : NULL;
}
