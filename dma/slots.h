/*
 * Slots: records that are named by a handle (index and generation), never by a pointer.
 *
 * Whoever holds a handle of a record that was given back, or any other number, learns that it names nothing.
 * Records never move; taking, giving back and finding one are O(1) however many there are.
 */
#ifndef DMA_SLOTS_H
#define DMA_SLOTS_H

#include <emu/machine.h>

enum {
    DMA_SLOTS_FIRST_SHIFT = 3, /* the first block has 8 records, each further one as many as all before it */
    DMA_SLOTS_BLOCKS = 22,     /* which makes 16 Mi records */
    DMA_SLOT_INDEX_BITS = 24,
    DMA_SLOT_GENERATION_BITS = 24,
};

/* The first member of every record. */
struct dma_slot {
    uint32_t index;
    uint32_t generation; /* odd while it is taken */
    struct dma_slot *next_free;
};

struct dma_slots {
    struct emu_machine *machine;
    size_t bytes;   /* of a record */
    uint32_t count; /* records ever made */
    uint32_t taken;
    struct dma_slot *free; /* given back last, taken first */
    unsigned char *blocks[DMA_SLOTS_BLOCKS];
};

/* s is zeroed. */
void dma_slots_init(struct dma_slots *s, struct emu_machine *m, size_t bytes);

/* A record whose bytes behind the slot are as its last owner left them (zero at first). */
void *dma_slots_take(struct dma_slots *s);
void dma_slots_give(struct dma_slots *s, void *record);

/* The handle of a taken record: not 0, DMA_SLOT_INDEX_BITS + DMA_SLOT_GENERATION_BITS wide. */
uint64_t dma_slot_handle(const struct dma_slot *slot);
/* The taken record of this number, which is below count, or NULL. */
void *dma_slots_at(const struct dma_slots *s, uint32_t index);
/* The taken record that the handle names, or NULL. */
void *dma_slots_find(const struct dma_slots *s, uint64_t handle);

#endif
