/*
 * Handles as drivers hold them: pointers that are no addresses, each kind of record with a tag of its own.
 */
#ifndef DMA_HANDLE_H
#define DMA_HANDLE_H

#include <wdm.h>

#include "dma/slots.h"

enum dma_handle_kind {
    DMA_HANDLE_VECTOR = 0xD3A1,
    DMA_HANDLE_IOMMU_DOMAIN = 0xD3A2,
    DMA_HANDLE_IOMMU_DEVICE = 0xD3A3,
    DMA_HANDLE_DOMAIN = 0xD3A4,
};

enum { DMA_HANDLE_BITS = DMA_SLOT_INDEX_BITS + DMA_SLOT_GENERATION_BITS };

static inline void *dma_handle_pointer(enum dma_handle_kind kind, const struct dma_slot *slot)
{
    return (void *)(uintptr_t)((uint64_t)kind << DMA_HANDLE_BITS | dma_slot_handle(slot));
}

/* The record behind a pointer; NULL: none of this kind, or one that was given back. */
static inline void *dma_handle_find(enum dma_handle_kind kind, const struct dma_slots *slots,
                                    const void *pointer)
{
    uint64_t bits = (uint64_t)(uintptr_t)pointer;
    if (bits >> DMA_HANDLE_BITS != (uint64_t)kind)
        return NULL;
    return dma_slots_find(slots, bits & ((1ull << DMA_HANDLE_BITS) - 1));
}

#endif
