/*
 * Blocks: memory that a processor and a device share, in whole pages.
 *
 * What every kind of common buffer is made of. A block appears contiguous to the device: without remapping
 * its frames follow each other and its logical address is the physical one; under remapping the frames may
 * lie anywhere, and the domain gives them one range of logical addresses.
 */
#ifndef DMA_BLOCK_H
#define DMA_BLOCK_H

#include <emu/step.h>
#include <wdm.h>

struct dma_adapter;
struct dma_domain;

/* Nobody promises what is in new memory: each byte is this one. What lies around it in its pages, and in its
 * margins, is DMA_PADDING (bounce.h). */
enum { DMA_BLOCK_FRESH = 0xCB };

/* Blocks of large pages are multiples of this, and begin at one. */
enum { DMA_LARGE_PAGE = 512 * PAGE_SIZE };

struct dma_block_ask {
    uint64_t bytes;            /* not 0 */
    uint64_t lowest, highest;  /* logical addresses that its first and its last byte may have; the adapter's
                                  own limit holds besides */
    NODE_REQUIREMENT node;     /* preferred; or MM_ANY_NODE_OK */
    bool large;                /* in large pages */
    bool cached;               /* where devices do not see caches: cached all the same, to be flushed */
    struct dma_domain *domain; /* whose devices shall reach it; NULL: the adapter's, if it has one */
};

struct dma_block {
    unsigned char *memory;
    uint64_t logical;
    uint32_t pages;
    uint32_t margin;           /* pages before and behind it that are nobody's */
    struct dma_domain *domain; /* where it is mapped; NULL: nowhere, logical addresses are physical ones */
};

/* Is there such a node (or any)? */
bool dma_block_node_exists(const struct dma_adapter *a, NODE_REQUIREMENT node);

/* False where no memory or no logical addresses fit. */
bool dma_block_obtain(struct dma_adapter *a, const struct dma_block_ask *ask, struct dma_block *block);
/* Nobody wrote around its first so many bytes: in the rest of its pages, and in its margins. */
void dma_block_require_intact(const struct dma_adapter *a, const struct dma_block *block, uint64_t bytes);
void dma_block_return(struct dma_adapter *a, const struct dma_block *block);
/* Its logical addresses are gone, its memory stays. */
void dma_block_unmap(const struct dma_adapter *a, const struct dma_block *block);

#endif
