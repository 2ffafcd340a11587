/*
 * Double buffers: the memory behind map registers, for pages that the device cannot reach where they lie.
 *
 * Banks of physically contiguous pages, made when first needed and kept for the run, below the highest
 * address of the device that needed them. An allocation gets as many contiguous pages as it has registers, so
 * that a device without scatter/gather sees one piece.
 */
#ifndef DMA_BOUNCE_H
#define DMA_BOUNCE_H

#include "dma/registers.h"

/* A piece of a transfer that goes through a double buffer. */
struct dma_piece {
    unsigned char *memory; /* the driver's bytes; NULL: this register maps its page directly */
    uint64_t at;           /* where in the driver's MDL, or in its chain, the piece begins */
    uint32_t bytes;
    uint32_t offset; /* in the allocation's double buffer */
};

/* Gives g its double buffer, if it has none. False when there is no such memory left. */
bool dma_bounce_take(struct dma_pool *pool, struct dma_registers *g, struct emu_machine *m);
void dma_bounce_give(struct dma_registers *g);

/* The first byte of g's double buffer: as the processor and as the device sees it. */
unsigned char *dma_bounce_memory(const struct dma_registers *g);
uint64_t dma_bounce_logical(const struct dma_registers *g);

/* What register number index of g maps. */
struct dma_piece *dma_bounce_piece(const struct dma_registers *g, uint32_t index);

#endif
