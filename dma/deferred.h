/*
 * Deferred calls: what is called back later, at DISPATCH_LEVEL, by a DPC, on this processor or another one.
 *
 * Each has a DPC of its own, so that none can overwrite another.
 */
#ifndef DMA_DEFERRED_H
#define DMA_DEFERRED_H

#include <emu/step.h>
#include <wdm.h>

#include "dma/slots.h"

struct dma_system;

typedef void dma_deferred_fn(struct dma_system *s, void *argument, uint64_t value);

void dma_deferred_init(struct dma_slots *slots, struct emu_machine *m);

/* fn(s, argument, value) runs at DISPATCH_LEVEL on this processor. A yield point. */
void dma_defer(struct dma_system *s, unsigned processor, dma_deferred_fn *fn, void *argument, uint64_t value);

#endif
