/*
 * The seal on a scatter/gather list's buffer: which list this is, and where it was built.
 */
#ifndef DMA_SGLIST_SEAL_H
#define DMA_SGLIST_SEAL_H

#include <stdint.h>

struct dma_sglist;

/* The platform's bytes in the buffer, behind the room for the elements. */
struct dma_sglist_private {
    uint64_t magic;
    uint64_t place; /* hash of the buffer's address */
    uint64_t list;  /* handle */
};

/* A finding where the driver gave the buffer to another list, which is still in use. */
void dma_sglist_require_unused(const struct dma_sglist *l);
/* Writes the head and the private bytes of a list with this many elements. They mean nothing once the list's
 * record is gone. */
void dma_sglist_seal(const struct dma_sglist *l, uint32_t elements);

#endif
