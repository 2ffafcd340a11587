/*
 * Vectors: many common buffers of one size, allocated together and freed one by one.
 *
 * What the driver holds is a handle, never a pointer. Misuse is bug check 0x1DC; its five codes are the whole
 * documentation of the order in which a vector is taken apart: each buffer first, then the vector, then the
 * adapter.
 */
#ifndef DMA_VECTOR_H
#define DMA_VECTOR_H

#include <emu/step.h>
#include <wdm.h>

#include "dma/block.h"

struct dma_adapter;
struct dma_system;

/* Called at each boot. */
void dma_vectors_boot(struct dma_system *s);

/* AllocateCommonBufferVector: all of its buffers, or none and a status. each: what one of them shall be. */
NTSTATUS dma_vector_allocate(struct dma_adapter *a, ULONG count, const struct dma_block_ask *each,
                             PDMA_COMMON_BUFFER_VECTOR *vector);
/* GetCommonBufferFromVectorByIndex. */
void dma_vector_get(struct dma_adapter *a, PDMA_COMMON_BUFFER_VECTOR vector, ULONG index, PVOID *memory,
                    PPHYSICAL_ADDRESS logical);
/* FreeCommonBufferFromVector. */
void dma_vector_free_one(struct dma_adapter *a, PDMA_COMMON_BUFFER_VECTOR vector, ULONG index);
/* FreeCommonBufferVector. */
void dma_vector_free(struct dma_adapter *a, PDMA_COMMON_BUFFER_VECTOR vector);

#endif
