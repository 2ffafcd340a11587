/*
 * Ranges of logical addresses that drivers set aside, to map and unmap parts of them without ever failing for
 * want of memory. See iommu_calls.h.
 */
#include <emu/choose.h>
#include <emu/finding.h>

#include "dma/domain.h"
#include "dma/iommu_calls.h"
#include "dma/operations.h"
#include "dma/system.h"

bool dma_iommu_set_aside(const struct dma_iommu *u, const struct dma_iommu_domain *d, uint64_t logical,
                         uint64_t pages)
{
    uint64_t last = logical + (pages << EMU_PAGE_SHIFT) - 1;
    const struct dma_iommu_token *t = u->first_token;
    while (t != NULL && (t->owner != d || t->base > last || t->base + t->bytes - 1 < logical))
        t = t->next;
    return t != NULL;
}

static struct dma_iommu_token *token_of(const struct dma_iommu *u,
                                        const IOMMU_DMA_LOGICAL_ADDRESS_TOKEN *face, const char *call)
{
    struct dma_iommu_token *t = u->first_token;
    while (t != NULL && &t->face != face)
        t = t->next;
    if (t != NULL)
        return t;
    emu_finding_raise(u->system->machine, "DMA-IOMMU-34", NULL, NULL,
                      "%s was called with a logical address token that was freed, or was never reserved",
                      call);
}

static uint64_t bytes_mapped(const struct dma_iommu_token *t, uint64_t offset, uint64_t bytes)
{
    uint64_t mapped = 0;
    for (uint64_t at = offset; at < offset + bytes; at += PAGE_SIZE)
        mapped += dma_domain_physical(t->owner->domain, t->base + at) != EMU_NO_ADDRESS ? PAGE_SIZE : 0;
    return mapped;
}

static struct dma_iommu_token *make(struct dma_iommu *u, struct dma_iommu_domain *d, uint64_t logical,
                                    uint64_t bytes)
{
    struct dma_iommu_token *t = u->spare_tokens;
    if (t != NULL)
        u->spare_tokens = t->next;
    else
        t = emu_arena_alloc(u->system->machine, sizeof *t);
    *t = (struct dma_iommu_token){
        .face = {logical, bytes}, .next = u->first_token, .owner = d, .base = logical, .bytes = bytes};
    u->first_token = t;
    d->tokens++;
    dma_domain_reserve_at(d->domain, logical, bytes >> PAGE_SHIFT);
    return t;
}

NTSTATUS dma_iommu_reserve(PIOMMU_DMA_DOMAIN Domain, SIZE_T Size,
                           PIOMMU_DMA_LOGICAL_ADDRESS ExplicitLogicalAddress,
                           PIOMMU_DMA_LOGICAL_ADDRESS MinLogicalAddress,
                           PIOMMU_DMA_LOGICAL_ADDRESS MaxLogicalAddress,
                           PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN *LogicalAddressToken)
{
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_RESERVE);
    struct dma_iommu_domain *d = dma_iommu_domain_of(u, Domain, "ReserveLogicalAddressRange");
    uint64_t pages = Size >> PAGE_SHIFT;
    if (d->type != DomainTypeTranslate)
        return STATUS_INVALID_PARAMETER_1;
    if (Size == 0 || Size % PAGE_SIZE != 0)
        return STATUS_INVALID_PARAMETER_2;
    if ((ExplicitLogicalAddress != NULL) != (d->allocator_bits == 0))
        return STATUS_NOT_SUPPORTED;
    if (LogicalAddressToken == NULL)
        return STATUS_INVALID_PARAMETER;
    uint64_t logical;
    if (ExplicitLogicalAddress != NULL) {
        logical = *ExplicitLogicalAddress;
        if (logical % PAGE_SIZE != 0 || !dma_iommu_reaches(logical, pages))
            return STATUS_INVALID_PARAMETER_3;
        if (dma_domain_free_run(d->domain, logical, pages) < pages)
            return STATUS_RESOURCE_IN_USE;
    } else {
        logical = dma_iommu_find(d, pages, MinLogicalAddress, MaxLogicalAddress);
        if (logical == EMU_NO_ADDRESS)
            return STATUS_INVALID_PARAMETER_MIX;
    }
    if (pages > DMA_IOMMU_PAGES_MAX || emu_fault(u->system->machine, DMA_OP_IOMMU_RESERVE))
        return STATUS_INSUFFICIENT_RESOURCES;
    *LogicalAddressToken = &make(u, d, logical, Size)->face;
    return STATUS_SUCCESS;
}

NTSTATUS dma_iommu_free_reserved(PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN LogicalAddressToken)
{
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_RESERVE);
    struct dma_iommu_token *t = token_of(u, LogicalAddressToken, "FreeReservedLogicalAddressRange");
    struct dma_iommu_token **link = &u->first_token;
    if (bytes_mapped(t, 0, t->bytes) > 0)
        return STATUS_RESOURCE_IN_USE;
    while (*link != t)
        link = &(*link)->next;
    *link = t->next;
    t->owner->tokens--;
    dma_domain_unmap(t->owner->domain, t->base, t->bytes >> PAGE_SHIFT);
    t->next = u->spare_tokens;
    u->spare_tokens = t;
    return STATUS_SUCCESS;
}

NTSTATUS dma_iommu_map_reserved(PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN LogicalAddressToken, SIZE_T Offset,
                                ULONG Permissions, PIOMMU_MAP_PHYSICAL_ADDRESS PhysicalAddressToMap,
                                PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN_MAPPED_SEGMENT MappedSegment)
{
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_MAP);
    const struct dma_iommu_token *t = token_of(u, LogicalAddressToken, "MapReservedLogicalRange");
    struct dma_iommu_pages pages;
    if (Offset % PAGE_SIZE != 0 || Offset >= t->bytes)
        return STATUS_INVALID_PARAMETER_2;
    if (!dma_iommu_permits(Permissions))
        return STATUS_INVALID_PARAMETER_3;
    if (!dma_iommu_pages_of(PhysicalAddressToMap, &pages) || pages.count > (t->bytes - Offset) >> PAGE_SHIFT)
        return STATUS_INVALID_PARAMETER_4;
    if (MappedSegment == NULL)
        return STATUS_INVALID_PARAMETER_5;
    uint64_t bytes = pages.count << PAGE_SHIFT;
    if (bytes_mapped(t, Offset, bytes) > 0)
        return STATUS_RESOURCE_IN_USE;
    if (emu_fault(u->system->machine, DMA_OP_IOMMU_MAP))
        return STATUS_INSUFFICIENT_RESOURCES;
    for (uint64_t i = 0; i < pages.count; i++)
        dma_domain_set(t->owner->domain, t->base + Offset + (i << PAGE_SHIFT), dma_iommu_page(&pages, i),
                       (enum emu_iommu_access)Permissions);
    *MappedSegment = (IOMMU_DMA_LOGICAL_ADDRESS_TOKEN_MAPPED_SEGMENT){LogicalAddressToken, Offset, bytes};
    return STATUS_SUCCESS;
}

NTSTATUS dma_iommu_unmap_reserved(PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN_MAPPED_SEGMENT MappedSegment)
{
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_UNMAP);
    if (MappedSegment == NULL || MappedSegment->OwningToken == NULL || MappedSegment->Size == 0)
        return STATUS_INVALID_PARAMETER;
    const struct dma_iommu_token *t = token_of(u, MappedSegment->OwningToken, "UnmapReservedLogicalRange");
    uint64_t offset = MappedSegment->Offset, bytes = MappedSegment->Size;
    if (offset % PAGE_SIZE != 0 || bytes % PAGE_SIZE != 0 || offset >= t->bytes ||
        bytes > t->bytes - offset || bytes_mapped(t, offset, bytes) < bytes)
        return STATUS_INVALID_PARAMETER;
    dma_domain_unmap(t->owner->domain, t->base + offset, bytes >> PAGE_SHIFT);
    dma_domain_reserve_at(t->owner->domain, t->base + offset, bytes >> PAGE_SHIFT);
    *MappedSegment = (IOMMU_DMA_LOGICAL_ADDRESS_TOKEN_MAPPED_SEGMENT){.OwningToken = NULL};
    return STATUS_SUCCESS;
}
