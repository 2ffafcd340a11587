/*
 * FlushDmaBuffer: memory that a device uses without map registers, and processors' caches.
 */
#ifndef DMA_FLUSH_BUFFER_H
#define DMA_FLUSH_BUFFER_H

#include <emu/step.h>
#include <wdm.h>

struct dma_adapter;

/* What processors wrote is in memory, and what the device wrote is what processors see. */
NTSTATUS dma_flush_buffer(struct dma_adapter *a, PMDL mdl);

#endif
