/*
 * A scatter/gather list while it is built: the caller's elements, or our own.
 *
 * The elements may lie at any address, so they are written and read as bytes. What follows the last piece
 * directly is joined to it: an element is one contiguous block.
 */
#ifndef DMA_LIST_H
#define DMA_LIST_H

#include <string.h>
#include <wdm.h>

struct dma_list {
    unsigned char *elements; /* SCATTER_GATHER_ELEMENT each */
    uint32_t limit;
    uint32_t count;
    uint32_t bytes; /* of the last one, which dma_list_end() or the next one writes to elements[count - 1] */
    uint64_t logical;
};

static inline void dma_list_init(struct dma_list *list, void *elements, uint32_t limit)
{
    *list = (struct dma_list){.elements = elements, .limit = limit};
}

static inline bool dma_list_joins(const struct dma_list *list, uint64_t logical)
{
    return list->count > 0 && list->logical + list->bytes == logical;
}

/* Is there room for bytes at logical? */
static inline bool dma_list_takes(const struct dma_list *list, uint64_t logical)
{
    return dma_list_joins(list, logical) || list->count < list->limit;
}

/* Writes what is still open. */
static inline void dma_list_end(struct dma_list *list)
{
    if (list->count == 0)
        return;
    SCATTER_GATHER_ELEMENT e = {.Address.QuadPart = (LONGLONG)list->logical, .Length = list->bytes};
    memcpy(list->elements + (list->count - 1) * sizeof e, &e, sizeof e);
}

static inline void dma_list_add(struct dma_list *list, uint64_t logical, uint32_t bytes)
{
    if (dma_list_joins(list, logical)) {
        list->bytes += bytes;
        return;
    }
    dma_list_end(list);
    list->logical = logical;
    list->bytes = bytes;
    list->count++;
}

static inline SCATTER_GATHER_ELEMENT dma_list_element(const struct dma_list *list, uint32_t index)
{
    SCATTER_GATHER_ELEMENT e;
    memcpy(&e, list->elements + index * sizeof e, sizeof e);
    return e;
}

#endif
