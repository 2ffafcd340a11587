/*
 * Walking the physical memory that a chain of MDLs describes, a page or less at a time.
 */
#ifndef DMA_WALK_H
#define DMA_WALK_H

#include <emu/machine.h>
#include <wdm.h>

struct dma_walk {
    PMDL mdl;    /* NULL: at the end of the chain */
    uint32_t at; /* bytes into it */
};

/* Bytes of one page that the walk is at. */
struct dma_step {
    uint64_t physical;
    uint32_t bytes;
};

/* To byte offset of the chain. False when it is not that long; offset 0 of an empty one included. */
static inline bool dma_walk_to(struct dma_walk *w, PMDL mdl, uint64_t offset)
{
    while (mdl != NULL && offset >= mdl->ByteCount) {
        offset -= mdl->ByteCount;
        mdl = mdl->Next;
    }
    *w = (struct dma_walk){mdl, (uint32_t)offset};
    return mdl != NULL;
}

/* Does the chain have length bytes from here on? */
static inline bool dma_walk_has(const struct dma_walk *w, uint64_t length)
{
    uint64_t bytes = 0;
    uint32_t at = w->at;
    for (PMDL mdl = w->mdl; mdl != NULL && bytes < length; mdl = mdl->Next, at = 0)
        bytes += mdl->ByteCount - at;
    return bytes >= length;
}

/* Pages that length bytes from here on touch. The chain is that long. */
static inline uint32_t dma_walk_pages(const struct dma_walk *w, uint64_t length)
{
    uint64_t pages = 0;
    uint32_t at = w->at;
    for (const MDL *mdl = w->mdl; length > 0; mdl = mdl->Next, at = 0) {
        uint64_t here = mdl->ByteCount - at;
        here = here < length ? here : length;
        uint64_t in_page = ((uint64_t)mdl->ByteOffset + at) % EMU_PAGE_SIZE;
        if (here > 0)
            pages += (in_page + here + EMU_PAGE_SIZE - 1) >> EMU_PAGE_SHIFT;
        length -= here;
    }
    return (uint32_t)pages;
}

/* At most limit bytes from here on; the walk stays. Not at the end of the chain. */
static inline struct dma_step dma_walk_look(const struct dma_walk *w, uint64_t limit)
{
    PPFN_NUMBER frames = (PPFN_NUMBER)(w->mdl + 1);
    uint64_t place = (uint64_t)w->mdl->ByteOffset + w->at;
    uint64_t in_page = place % EMU_PAGE_SIZE;
    uint64_t bytes = EMU_PAGE_SIZE - in_page;
    uint64_t left = w->mdl->ByteCount - w->at;
    bytes = bytes < left ? bytes : left;
    bytes = bytes < limit ? bytes : limit;
    return (struct dma_step){(uint64_t)frames[place >> EMU_PAGE_SHIFT] << EMU_PAGE_SHIFT | in_page,
                             (uint32_t)bytes};
}

/* Past bytes of this MDL, and of empty ones behind it. */
static inline void dma_walk_go(struct dma_walk *w, uint32_t bytes)
{
    w->at += bytes;
    while (w->mdl != NULL && w->at == w->mdl->ByteCount)
        *w = (struct dma_walk){w->mdl->Next, 0};
}

#endif
