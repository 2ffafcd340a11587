/*
 * Common buffers: memory that processor and device share, contiguous for the device, within its reach.
 *
 * An adapter knows its own. What they are made of: a block that was allocated for them, or a driver's pages
 * (mdl_buffer.h). Vectors of them are in vector.h.
 */
#ifndef DMA_COMMON_H
#define DMA_COMMON_H

#include <emu/step.h>
#include <wdm.h>

#include "dma/block.h"

struct dma_adapter;

/* What the driver said about caching; it says it again when it frees the buffer. */
enum dma_common_caching { DMA_COMMON_CACHED, DMA_COMMON_UNCACHED, DMA_COMMON_UNSAID };

struct dma_common {
    struct dma_common *next;
    struct dma_block block;
    uint32_t length; /* bytes, as asked for */
    uint8_t caching; /* enum dma_common_caching */
    bool borrowed;   /* the pages are the driver's */
};

/*
 * AllocateCommonBuffer and its kin: NULL where logical is NULL, or nothing fits. op announces the call. What
 * is in the buffer at first is arbitrary, not zero.
 */
PVOID dma_common_allocate(struct dma_adapter *a, emu_op op, const struct dma_block_ask *ask,
                          enum dma_common_caching caching, PPHYSICAL_ADDRESS logical);
/* A buffer of the adapter's, with this in it. */
void dma_common_add(struct dma_adapter *a, const struct dma_common *buffer);
/* FreeCommonBuffer: all arguments as at the allocation. */
void dma_common_free(struct dma_adapter *a, ULONG length, PHYSICAL_ADDRESS logical, PVOID memory,
                     bool cached);

#endif
