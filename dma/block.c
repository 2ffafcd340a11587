/*
 * Blocks: see block.h.
 *
 * Each node of a machine has its share of every bank of memory, in the order of the nodes. A preferred node
 * that has no room gives way to the others.
 */
#include "dma/block.h"

#include <emu/cache.h>
#include <emu/finding.h>
#include <string.h>

#include "dma/adapter.h"
#include "dma/bounce.h"
#include "dma/domain.h"
#include "dma/iommu_calls.h"
#include "dma/system.h"

enum { BANKS = 3, FIRST_FRAME_LOW = 0x100, FIRST_FRAME_MID = 0x1000, FIRST_FRAME_HIGH = 0x100000 };

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

bool dma_block_node_exists(const struct dma_adapter *a, NODE_REQUIREMENT node)
{
    return node == MM_ANY_NODE_OK || node < a->system->config->numa_nodes;
}

/* A node's part of a bank, in physical addresses. */
static void node_part(const struct dma_system *s, NODE_REQUIREMENT node, unsigned bank, uint64_t *first,
                      uint64_t *last)
{
    const struct emu_config *c = emu_machine_config(s->machine);
    const uint32_t frames[BANKS] = {FIRST_FRAME_MID, FIRST_FRAME_HIGH, FIRST_FRAME_LOW};
    const uint32_t configured[BANKS] = {c->ram_mid_pages, c->ram_high_pages, c->ram_low_pages};
    uint32_t pages = configured[bank] != EMU_NO_PAGES ? configured[bank] : 0;
    uint32_t nodes = s->config->numa_nodes;
    uint64_t from = frames[bank] + (uint64_t)pages * node / nodes;
    uint64_t to = frames[bank] + (uint64_t)pages * (node + 1) / nodes;
    *first = from << EMU_PAGE_SHIFT;
    *last = (to << EMU_PAGE_SHIFT) - 1;
}

static unsigned char *of_node(struct dma_system *s, const struct emu_ram_request *request,
                              NODE_REQUIREMENT node)
{
    unsigned char *memory = NULL;
    for (unsigned bank = 0; bank < BANKS && memory == NULL; bank++) {
        struct emu_ram_request part = *request;
        uint64_t first, last;
        node_part(s, node, bank, &first, &last);
        part.lowest = most(request->lowest, first);
        part.highest = least(request->highest, last);
        if (part.lowest < part.highest)
            memory = emu_ram_alloc(s->machine, &part);
    }
    return memory;
}

static unsigned char *take_memory(struct dma_system *s, const struct emu_ram_request *request,
                                  NODE_REQUIREMENT node)
{
    unsigned char *memory = NULL;
    if (s->config->numa_nodes > 1 && node != MM_ANY_NODE_OK)
        memory = of_node(s, request, node);
    return memory != NULL ? memory : emu_ram_alloc(s->machine, request);
}

/* With the adapter's margins where there is room for them, and where they leave the block what it has to be.
 */
static bool take_with_margin(const struct dma_adapter *a, const struct dma_block_ask *ask,
                             const struct emu_ram_request *request, struct dma_block *block)
{
    struct dma_system *s = a->system;
    struct emu_ram_request wide = *request;
    size_t margin = (size_t)a->margin << EMU_PAGE_SHIFT;
    wide.pages += 2 * a->margin;
    bool fits = request->boundary == 0 || (uint64_t)wide.pages << EMU_PAGE_SHIFT <= request->boundary;
    unsigned char *memory = a->margin > 0 && !ask->large && fits ? take_memory(s, &wide, ask->node) : NULL;
    if (memory == NULL) {
        block->memory = take_memory(s, request, ask->node);
        return block->memory != NULL;
    }
    block->margin = a->margin;
    block->memory = memory + margin;
    memset(memory, DMA_PADDING, margin);
    memset(block->memory + ((size_t)block->pages << EMU_PAGE_SHIFT), DMA_PADDING, margin);
    return true;
}

static void give_memory(struct dma_system *s, const struct dma_block *block)
{
    emu_ram_free(s->machine, block->memory - ((size_t)block->margin << EMU_PAGE_SHIFT),
                 block->pages + 2 * block->margin);
}

/* A contiguous range of logical addresses for its pages, wherever they lie. */
static bool map(const struct dma_block_ask *ask, uint64_t highest, uint64_t boundary, struct dma_block *block)
{
    uint64_t align = ask->large ? DMA_LARGE_PAGE : EMU_PAGE_SIZE;
    uint64_t slack = (align >> EMU_PAGE_SHIFT) - 1;
    struct dma_domain *d = block->domain;
    uint64_t logical = EMU_NO_ADDRESS;
    dma_iommu_touch(dma_system(), EMU_ACCESS_WRITE);
    if (block->pages + slack <= EMU_IOMMU_HIGHEST >> EMU_PAGE_SHIFT)
        logical = dma_domain_find_within(d, block->pages + slack, ask->lowest, highest, boundary);
    if (logical == EMU_NO_ADDRESS)
        return false;
    block->logical = (logical + align - 1) & ~(align - 1);
    for (uint64_t at = 0; at < (uint64_t)block->pages << EMU_PAGE_SHIFT; at += EMU_PAGE_SIZE)
        dma_domain_set(d, block->logical + at, emu_ram_physical(dma_system()->machine, block->memory + at),
                       EMU_IOMMU_BOTH);
    return true;
}

bool dma_block_obtain(struct dma_adapter *a, const struct dma_block_ask *ask, struct dma_block *block)
{
    struct dma_system *s = a->system;
    uint64_t granule = ask->large ? DMA_LARGE_PAGE : EMU_PAGE_SIZE;
    uint64_t pages = ((ask->bytes - 1) / granule + 1) * (granule >> EMU_PAGE_SHIFT);
    uint64_t highest = least(ask->highest, a->highest);
    EMU_ASSERT(ask->bytes > 0);
    if (pages > UINT32_MAX || ask->lowest >= highest)
        return false;
    uint64_t boundary = pages << EMU_PAGE_SHIFT <= a->boundary ? a->boundary : 0;
    struct emu_ram_request request = {
        .pages = (uint32_t)pages,
        .lowest = ask->lowest,
        .highest = highest,
        .alignment = granule,
        .boundary = boundary,
        .contiguous = true,
    };
    *block = (struct dma_block){.pages = request.pages, .domain = ask->domain};
    if (block->domain == NULL)
        block->domain = dma_domain_of(a);
    if (block->domain != NULL)
        request = (struct emu_ram_request){.pages = request.pages, .highest = UINT64_MAX};
    if (!take_with_margin(a, ask, &request, block))
        return false;
    if (block->domain == NULL) {
        block->logical = emu_ram_physical(s->machine, block->memory);
    } else if (!map(ask, highest, boundary, block)) {
        give_memory(s, block);
        return false;
    } else {
        dma_domain_hold(block->domain);
    }
    emu_cache_share(s->machine, block->memory - ((size_t)block->margin << EMU_PAGE_SHIFT),
                    block->pages + 2 * block->margin, !ask->cached);
    emu_ram_meet(s->machine, block->memory, (size_t)block->pages << EMU_PAGE_SHIFT);
    memset(block->memory, DMA_BLOCK_FRESH, (size_t)ask->bytes);
    memset(block->memory + ask->bytes, DMA_PADDING, ((size_t)block->pages << EMU_PAGE_SHIFT) - ask->bytes);
    if (block->domain == NULL)
        dma_owned_share(a, block->logical, (uint64_t)block->pages << EMU_PAGE_SHIFT);
    return true;
}

void dma_block_unmap(const struct dma_adapter *a, const struct dma_block *block)
{
    if (block->domain == NULL) {
        dma_owned_unshare(a, block->logical);
    } else {
        dma_iommu_touch(dma_system(), EMU_ACCESS_WRITE);
        dma_domain_unmap(block->domain, block->logical, block->pages);
        dma_domain_drop(block->domain);
    }
}

void dma_block_require_intact(const struct dma_adapter *a, const struct dma_block *block, uint64_t bytes)
{
    enum { WRITTEN_OUTSIDE = 0x0F, PADDING_BEFORE = 4, PADDING_AFTER = 5 };
    size_t margin = (size_t)block->margin << EMU_PAGE_SHIFT;
    size_t behind = ((size_t)block->pages << EMU_PAGE_SHIFT) + margin - (size_t)bytes;
    size_t clean_before = dma_padding_end(block->memory - margin, margin);
    size_t clean_behind = dma_padding_end(block->memory + bytes, behind);
    if (clean_before == margin && clean_behind == behind)
        return;
    bool before = clean_before < margin;
    const unsigned char *at =
        before ? block->memory - margin + clean_before : block->memory + bytes + clean_behind;
    emu_finding_raise(a->system->machine, "DMA-COMMON-8", "0xE6/0F",
                      (const uint64_t[4]){WRITTEN_OUTSIDE, before ? PADDING_BEFORE : PADDING_AFTER,
                                          (uintptr_t)block->memory, (uintptr_t)at},
                      "a common buffer of %s has %llu bytes, and byte %lld of its pages was written",
                      dma_adapter_name(a).text, (unsigned long long)bytes, (long long)(at - block->memory));
}

void dma_block_return(struct dma_adapter *a, const struct dma_block *block)
{
    dma_block_unmap(a, block);
    give_memory(a->system, block);
}
