/*
 * Common buffers from MDLs: see mdl_buffer.h.
 */
#include "dma/mdl_buffer.h"

#include <emu/choose.h>
#include <emu/mem.h>

#include "dma/adapter.h"
#include "dma/common.h"
#include "dma/domain.h"
#include "dma/legal.h"
#include "dma/operations.h"
#include "dma/system.h"
#include "dma/walk.h"

/* What the configurations say, or their defaults. */
struct wish {
    uint64_t lowest, highest; /* logical addresses, inclusive */
    uint64_t offset;          /* into the chain */
    uint64_t length;
    bool part; /* of the chain: offset and length were given */
    DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_ACCESS_TYPE access;
};

static bool add(struct wish *w, const DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION *c)
{
    switch (c->ConfigType) {
    case CommonBufferConfigTypeLogicalAddressLimits:
        w->lowest = (uint64_t)c->LogicalAddressLimits.MinimumAddress.QuadPart;
        w->highest = (uint64_t)c->LogicalAddressLimits.MaximumAddress.QuadPart;
        return w->lowest <= w->highest;
    case CommonBufferConfigTypeSubSection:
        w->part = true;
        w->offset = c->SubSection.Offset;
        w->length = c->SubSection.Length;
        return w->offset % PAGE_SIZE == 0 && w->length % PAGE_SIZE == 0 && w->length > 0;
    case CommonBufferConfigTypeHardwareAccessPermissions:
        w->access = c->HardwareAccessType;
        return (unsigned)w->access < CommonBufferHardwareAccessMax;
    default:
        return false;
    }
}

/* Each type once at most. */
static bool collect(struct wish *w, const DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION *configs, ULONG count)
{
    bool seen[CommonBufferConfigTypeMax] = {false};
    if (configs == NULL && count > 0)
        return false;
    for (ULONG i = 0; i < count; i++) {
        unsigned type = configs[i].ConfigType;
        if (type >= CommonBufferConfigTypeMax || seen[type] || !add(w, &configs[i]))
            return false;
        seen[type] = true;
    }
    return true;
}

/* Where in the chain the part begins: its MDL holds all of it. */
static bool locate(PMDL mdl, const struct wish *w, struct dma_walk *from)
{
    return dma_walk_to(from, mdl, w->offset) && w->length <= from->mdl->ByteCount - from->at;
}

/* Its pages stay where they are, and the system has an address for them. */
static bool resident(const MDL *mdl)
{
    enum {
        STAYS = MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL,
        MAPPED = MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL,
    };
    return (mdl->MdlFlags & STAYS) != 0 && (mdl->MdlFlags & MAPPED) != 0 && mdl->MappedSystemVa != NULL;
}

static bool contiguous(const PFN_NUMBER *frames, uint32_t pages)
{
    uint32_t i = 1;
    while (i < pages && frames[i] == frames[0] + i)
        i++;
    return i == pages;
}

static const enum emu_iommu_access accesses[] = {
    [CommonBufferHardwareAccessReadOnly] = EMU_IOMMU_READ,
    [CommonBufferHardwareAccessWriteOnly] = EMU_IOMMU_WRITE,
    [CommonBufferHardwareAccessReadWrite] = EMU_IOMMU_BOTH,
};

/* Under remapping any pages will do. */
static NTSTATUS map(const struct wish *w, const PFN_NUMBER *frames, struct dma_block *block)
{
    block->logical = dma_domain_map_frames(block->domain, frames, block->pages, w->lowest, w->highest,
                                           accesses[w->access]);
    if (block->logical == EMU_NO_ADDRESS)
        return STATUS_INSUFFICIENT_RESOURCES;
    dma_domain_hold(block->domain);
    return STATUS_SUCCESS;
}

/* Without remapping: the logical addresses are the physical ones. */
static NTSTATUS take_as_it_is(const struct dma_adapter *a, const struct wish *w, const PFN_NUMBER *frames,
                              struct dma_block *block)
{
    uint64_t bytes = (uint64_t)block->pages << EMU_PAGE_SHIFT;
    uint64_t first = (uint64_t)frames[0] << EMU_PAGE_SHIFT;
    if (w->access != CommonBufferHardwareAccessReadWrite)
        return STATUS_NOT_SUPPORTED;
    if (!contiguous(frames, block->pages) || first < w->lowest || bytes - 1 > w->highest - first ||
        first > w->highest)
        return STATUS_INVALID_PARAMETER;
    block->logical = first;
    dma_owned_share(a, first, bytes);
    return STATUS_SUCCESS;
}

NTSTATUS dma_mdl_buffer_create(struct dma_adapter *a, PMDL mdl,
                               const DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION *configs, ULONG count,
                               PPHYSICAL_ADDRESS logical)
{
    static const char call[] = "CreateCommonBufferFromMdl";
    struct emu_machine *m = a->system->machine;
    struct wish w = {.highest = UINT64_MAX, .access = CommonBufferHardwareAccessReadWrite};
    struct dma_walk from;
    emu_step(m, DMA_OP_COMMON_MDL, a->object, mdl != NULL ? mdl->ByteCount : 0);
    if (mdl != NULL)
        dma_legal_mdl(a, mdl, call);
    if (mdl == NULL || logical == NULL || !collect(&w, configs, count) || (!w.part && mdl->Next != NULL))
        return STATUS_INVALID_PARAMETER;
    dma_legal_chain(a, mdl, w.offset, w.part ? w.length : mdl->ByteCount, call);
    if (!w.part)
        w.length = mdl->ByteCount;
    if (!locate(mdl, &w, &from) || !resident(from.mdl) || w.length == 0 || w.length % PAGE_SIZE != 0 ||
        (from.mdl->ByteOffset + from.at) % PAGE_SIZE != 0)
        return STATUS_INVALID_PARAMETER;
    if (w.highest > a->highest)
        w.highest = a->highest;
    struct dma_common b = {
        .block = {.memory = (unsigned char *)from.mdl->MappedSystemVa + from.at,
                  .pages = (uint32_t)(w.length >> PAGE_SHIFT),
                  .domain = dma_domain_of(a)},
        .length = (uint32_t)w.length,
        .caching = DMA_COMMON_UNSAID,
        .borrowed = true,
    };
    const PFN_NUMBER *frames = MmGetMdlPfnArray(from.mdl) + ((from.mdl->ByteOffset + from.at) >> PAGE_SHIFT);
    if (emu_fault(m, DMA_OP_COMMON_MDL))
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status =
        b.block.domain != NULL ? map(&w, frames, &b.block) : take_as_it_is(a, &w, frames, &b.block);
    if (!NT_SUCCESS(status))
        return status;
    emu_ram_meet(m, b.block.memory, b.length);
    dma_common_add(a, &b);
    logical->QuadPart = (LONGLONG)b.block.logical;
    return STATUS_SUCCESS;
}
