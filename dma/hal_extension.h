/*
 * HAL extensions: see nthalext.h for what they see, haldma.h for how a scenario loads one.
 */
#ifndef DMA_HAL_EXTENSION_H
#define DMA_HAL_EXTENSION_H

#include <haldma.h>

struct dma_system;

/* Calls its entry point, then makes the controllers ready that it registered. It is kept until the next
 * reset. On a strand, at PASSIVE_LEVEL. */
NTSTATUS dma_extension_load(struct dma_system *s, const struct haldma_extension *extension);

#endif
