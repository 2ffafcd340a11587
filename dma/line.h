/*
 * A waiting line: first come, first served. Joining, leaving from anywhere and serving the head are O(1).
 */
#ifndef DMA_LINE_H
#define DMA_LINE_H

#include <emu/machine.h>

struct dma_line;

/* Where somebody stands; part of who waits. */
struct dma_place {
    struct dma_place *next;
    struct dma_place *previous;
    struct dma_line *line; /* NULL: nowhere */
};

struct dma_line {
    struct dma_place *first;
    struct dma_place *last;
    uint32_t length;
};

static inline void dma_line_join(struct dma_line *line, struct dma_place *p)
{
    EMU_ASSERT(p->line == NULL);
    *p = (struct dma_place){.previous = line->last, .line = line};
    if (line->last != NULL)
        line->last->next = p;
    else
        line->first = p;
    line->last = p;
    line->length++;
}

static inline void dma_line_leave(struct dma_place *p)
{
    struct dma_line *line = p->line;
    EMU_ASSERT(line != NULL && line->length > 0);
    if (p->previous != NULL)
        p->previous->next = p->next;
    else
        line->first = p->next;
    if (p->next != NULL)
        p->next->previous = p->previous;
    else
        line->last = p->previous;
    line->length--;
    p->line = NULL;
}

#endif
