/*
 * Common buffers: memory that processor and device share, physically contiguous, within the device's reach.
 */
#ifndef DMA_COMMON_H
#define DMA_COMMON_H

#include <emu/step.h>
#include <wdm.h>

struct dma_adapter;

/* AllocateCommonBuffer: NULL when no such memory is left. What is in it at first is arbitrary, not zero. */
PVOID dma_common_allocate(struct dma_adapter *a, ULONG length, PPHYSICAL_ADDRESS logical, bool cached);
/* FreeCommonBuffer: all arguments as at the allocation. */
void dma_common_free(struct dma_adapter *a, ULONG length, PHYSICAL_ADDRESS logical, PVOID memory,
                     bool cached);

#endif
