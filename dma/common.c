/*
 * Common buffers: see common.h. Each adapter has a list of its own; drivers have few.
 */
#include "dma/common.h"

#include <emu/access.h>
#include <emu/choose.h>
#include <emu/finding.h>
#include <emu/mem.h>
#include <emu/unseen.h>

#include "dma/adapter.h"
#include "dma/channel.h"
#include "dma/operations.h"
#include "dma/system.h"

void dma_common_add(struct dma_adapter *a, const struct dma_common *buffer)
{
    struct dma_system *s = a->system;
    struct dma_common *b = NULL;
    EMU_DECLARED(s->machine, a->object, EMU_ACCESS_WRITE);
    EMU_UNSEEN(s->machine, "which of the free ones it is")
    {
        b = s->free_commons;
        if (b != NULL)
            s->free_commons = b->next;
        else
            b = emu_arena_alloc(s->machine, sizeof *b);
    }
    emu_access_fresh(s->machine, b, sizeof *b);
    *b = *buffer;
    b->next = a->commons;
    a->commons = b;
    a->commons_count++;
}

PVOID dma_common_allocate(struct dma_adapter *a, emu_op op, const struct dma_block_ask *ask,
                          enum dma_common_caching caching, PPHYSICAL_ADDRESS logical)
{
    struct emu_machine *m = a->system->machine;
    struct dma_common b = {.length = (uint32_t)ask->bytes, .caching = (uint8_t)caching};
    emu_step(m, op, a->object, ask->bytes);
    if (ask->bytes == 0 || logical == NULL || !dma_block_node_exists(a, ask->node) || emu_fault(m, op) ||
        !dma_block_obtain(a, ask, &b.block))
        return NULL;
    dma_common_add(a, &b);
    logical->QuadPart = (LONGLONG)b.block.logical;
    return b.block.memory;
}

static void require_same(const struct dma_adapter *a, const struct dma_common *b, ULONG length,
                         uint64_t logical, bool cached)
{
    static const bool said_cached[] = {[DMA_COMMON_CACHED] = true, [DMA_COMMON_UNCACHED] = false};
    struct emu_machine *m = a->system->machine;
    if (b->length != length || b->block.logical != logical)
        emu_finding_raise(
            m, "DMA-COMMON-5", NULL, NULL,
            "FreeCommonBuffer of %s with %u bytes where %u were allocated, or with another logical address",
            dma_adapter_name(a).text, (unsigned)length, b->length);
    if (b->caching != DMA_COMMON_UNSAID && said_cached[b->caching] != cached)
        emu_finding_raise(m, "DMA-COMMON-5", NULL, NULL,
                          "FreeCommonBuffer of %s with CacheEnabled %s where it was allocated with %s",
                          dma_adapter_name(a).text, cached ? "TRUE" : "FALSE", cached ? "FALSE" : "TRUE");
}

/* The link to the buffer that begins there; of several (a driver's own pages), to the one that fits. */
static struct dma_common **find(struct dma_adapter *a, const void *memory, uint64_t logical, ULONG length)
{
    struct dma_common **found = NULL;
    for (struct dma_common **link = &a->commons; *link != NULL; link = &(*link)->next) {
        const struct dma_common *b = *link;
        bool fits = b->block.logical == logical && b->length == length;
        if (b->block.memory == memory && (found == NULL || fits))
            found = link;
    }
    return found;
}

void dma_common_free(struct dma_adapter *a, ULONG length, PHYSICAL_ADDRESS logical, PVOID memory, bool cached)
{
    struct dma_system *s = a->system;
    emu_step(s->machine, DMA_OP_FREE_COMMON, a->object, length);
    struct dma_common **link = find(a, memory, (uint64_t)logical.QuadPart, length);
    if (link == NULL)
        emu_finding_raise(
            s->machine, "DMA-COMMON-4", "0xE6/03", (const uint64_t[4]){0x03, 1, 0, 0},
            "FreeCommonBuffer of %s with memory that is no common buffer of it: it was freed twice",
            dma_adapter_name(a).text);
    struct dma_common *b = *link;
    require_same(a, b, length, (uint64_t)logical.QuadPart, cached);
    if (b->borrowed) {
        dma_block_unmap(a, &b->block);
    } else {
        dma_block_require_intact(a, &b->block, b->length);
        dma_block_return(a, &b->block);
    }
    *link = b->next;
    a->commons_count--;
    EMU_UNSEEN(s->machine, "which of the free ones is taken")
    {
        b->next = s->free_commons;
        s->free_commons = b;
    }
}
