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

/* What is not in use of a double buffer, and lies around common buffers: the documented fill. */
enum { DMA_PADDING = 0x0F };

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

/* How many of bytes from memory on are DMA_PADDING before another one comes. */
size_t dma_padding_end(const unsigned char *memory, size_t bytes);
/* The first byte of double buffers that nobody has which is not DMA_PADDING; NULL: there is none. */
const unsigned char *dma_bounce_stray(const struct dma_pool *pool);

/* What register number index of g maps. */
struct dma_piece *dma_bounce_piece(const struct dma_registers *g, uint32_t index);

#endif
