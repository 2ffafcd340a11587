/*
 * Common buffers: see common.h. Each adapter has a list of its own; drivers have few.
 */
#include "dma/common.h"

#include <emu/choose.h>
#include <emu/finding.h>
#include <emu/mem.h>
#include <string.h>

#include "dma/adapter.h"
#include "dma/channel.h"
#include "dma/controller.h"
#include "dma/operations.h"
#include "dma/system.h"

struct dma_common {
    struct dma_common *next;
    unsigned char *memory;
    uint64_t logical;
    uint32_t length;
    uint32_t pages;
    bool cached;
};

enum { FRESH_BYTE = 0xCB };

PVOID dma_common_allocate(struct dma_adapter *a, ULONG length, PPHYSICAL_ADDRESS logical, bool cached)
{
    struct dma_system *s = a->system;
    emu_step(s->machine, DMA_OP_ALLOCATE_COMMON, a->object, length);
    uint32_t pages = (uint32_t)(((uint64_t)length + EMU_PAGE_SIZE - 1) >> EMU_PAGE_SHIFT);
    if (pages == 0 || logical == NULL || emu_fault(s->machine, DMA_OP_ALLOCATE_COMMON))
        return NULL;
    struct emu_ram_request request = {.pages = pages, .highest = a->highest, .contiguous = true};
    unsigned char *memory = emu_ram_alloc(s->machine, &request);
    if (memory == NULL)
        return NULL;
    memset(memory, FRESH_BYTE, (size_t)pages << EMU_PAGE_SHIFT);
    struct dma_common *b = s->free_commons;
    if (b != NULL)
        s->free_commons = b->next;
    else
        b = emu_arena_alloc(s->machine, sizeof *b);
    *b = (struct dma_common){a->commons, memory, emu_ram_physical(s->machine, memory), length, pages, cached};
    a->commons = b;
    a->commons_count++;
    logical->QuadPart = (LONGLONG)b->logical;
    if (a->channel != NULL) {
        struct dma_controller *c = a->channel->controller;
        c->ops->report_common_buffer(c, a->channel->number, memory, b->logical);
    }
    return memory;
}

void dma_common_free(struct dma_adapter *a, ULONG length, PHYSICAL_ADDRESS logical, PVOID memory, bool cached)
{
    struct dma_system *s = a->system;
    emu_step(s->machine, DMA_OP_FREE_COMMON, a->object, length);
    struct dma_common **link = &a->commons;
    while (*link != NULL && (*link)->memory != memory)
        link = &(*link)->next;
    struct dma_common *b = *link;
    if (b == NULL)
        emu_finding_raise(
            s->machine, "DMA-COMMON-4", "0xE6/03", NULL,
            "FreeCommonBuffer of %s with memory that is no common buffer of it: it was freed twice",
            dma_adapter_name(a).text);
    if (b->length != length || b->logical != (uint64_t)logical.QuadPart)
        emu_finding_raise(
            s->machine, "DMA-COMMON-5", NULL, NULL,
            "FreeCommonBuffer of %s with %u bytes where %u were allocated, or with another logical address",
            dma_adapter_name(a).text, (unsigned)length, b->length);
    if (b->cached != cached)
        emu_finding_raise(s->machine, "DMA-COMMON-5", NULL, NULL,
                          "FreeCommonBuffer of %s with CacheEnabled %s where it was allocated with %s",
                          dma_adapter_name(a).text, cached ? "TRUE" : "FALSE", b->cached ? "TRUE" : "FALSE");
    *link = b->next;
    a->commons_count--;
    emu_ram_free(s->machine, b->memory, b->pages);
    b->next = s->free_commons;
    s->free_commons = b;
}
