/*
 * What lies behind the logical addresses of drivers' domains. See iommu_calls.h.
 *
 * Reserved regions and tokens' ranges are nobody's to map or unmap here. Unmapping what is not mapped is an
 * invalid parameter.
 */
#include <emu/choose.h>

#include "dma/domain.h"
#include "dma/iommu_calls.h"
#include "dma/operations.h"
#include "dma/system.h"

/* ---- Pages and addresses --------------------------------------------------------------------- */

uint64_t dma_iommu_page(const struct dma_iommu_pages *p, uint64_t index)
{
    return (p->frames != NULL ? p->frames[index] : p->first + index) << EMU_PAGE_SHIFT;
}

bool dma_iommu_pages_of_mdl(PMDL mdl, struct dma_iommu_pages *p)
{
    enum { STAYS = MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL };
    if (mdl == NULL || (mdl->MdlFlags & STAYS) == 0 || mdl->ByteOffset != 0 || mdl->ByteCount == 0 ||
        mdl->ByteCount % PAGE_SIZE != 0)
        return false;
    *p = (struct dma_iommu_pages){.frames = MmGetMdlPfnArray(mdl), .count = mdl->ByteCount >> PAGE_SHIFT};
    return true;
}

bool dma_iommu_pages_of(const IOMMU_MAP_PHYSICAL_ADDRESS *a, struct dma_iommu_pages *p)
{
    if (a == NULL)
        return false;
    switch (a->MapType) {
    case MapPhysicalAddressTypeMdl:
        return dma_iommu_pages_of_mdl(a->Mdl.Mdl, p);
    case MapPhysicalAddressTypeContiguousRange:
        *p = (struct dma_iommu_pages){.first = (uint64_t)a->ContiguousRange.Base.QuadPart >> PAGE_SHIFT,
                                      .count = a->ContiguousRange.Size >> PAGE_SHIFT};
        return (uint64_t)a->ContiguousRange.Base.QuadPart % PAGE_SIZE == 0 && p->count > 0 &&
               a->ContiguousRange.Size % PAGE_SIZE == 0;
    case MapPhysicalAddressTypePfn:
        *p = (struct dma_iommu_pages){.frames = a->PfnArray.PageFrame, .count = a->PfnArray.NumberOfPages};
        return p->frames != NULL && p->count > 0;
    default:
        return false;
    }
}

bool dma_iommu_permits(ULONG permissions)
{
    return permissions != 0 && (permissions & ~(ULONG)(IOMMU_ACCESS_READ | IOMMU_ACCESS_WRITE)) == 0;
}

bool dma_iommu_reaches(uint64_t logical, uint64_t pages)
{
    return logical <= EMU_IOMMU_HIGHEST && pages <= (EMU_IOMMU_HIGHEST - logical + 1) >> EMU_PAGE_SHIFT;
}

static uint64_t power_of_two(uint64_t pages)
{
    uint64_t power = 1;
    while (power < pages)
        power *= 2;
    return power;
}

uint64_t dma_iommu_find(const struct dma_iommu_domain *d, uint64_t pages,
                        const IOMMU_DMA_LOGICAL_ADDRESS *lowest, const IOMMU_DMA_LOGICAL_ADDRESS *highest)
{
    uint64_t bytes = pages << EMU_PAGE_SHIFT;
    uint64_t last = (1ull << d->allocator_bits) - 1;
    last = highest != NULL && *highest < last ? *highest : last;
    last = last < EMU_IOMMU_HIGHEST ? last : EMU_IOMMU_HIGHEST;
    if (!dma_iommu_reaches(0, pages))
        return EMU_NO_ADDRESS;
    uint64_t align = power_of_two(pages) << EMU_PAGE_SHIFT;
    uint64_t at = lowest != NULL && *lowest > align ? *lowest : align;
    for (at = (at + align - 1) & ~(align - 1); at <= last && bytes - 1 <= last - at;) {
        uint64_t run = dma_domain_free_run(d->domain, at, pages);
        if (run == pages)
            return at;
        at = (at + ((run + 1) << EMU_PAGE_SHIFT) + align - 1) & ~(align - 1);
    }
    return EMU_NO_ADDRESS;
}

/* Domain, permissions and memory of a mapping, in the order in which the functions take them. */
static NTSTATUS admit(const struct dma_iommu_domain *d, ULONG permissions, bool whole_pages)
{
    if (d->type != DomainTypeTranslate)
        return STATUS_INVALID_PARAMETER_1;
    if (!dma_iommu_permits(permissions))
        return STATUS_INVALID_PARAMETER_2;
    return whole_pages ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER_3;
}

/* ---- Mapping --------------------------------------------------------------------------------- */

/* The memory of page tables: too little for so much, or used up. */
static bool lacks_tables(const struct dma_iommu_pages *p)
{
    return p->count > DMA_IOMMU_PAGES_MAX || emu_fault(dma_system()->machine, DMA_OP_IOMMU_MAP);
}

static NTSTATUS map(const struct dma_iommu_domain *d, uint64_t logical, const struct dma_iommu_pages *p,
                    ULONG permissions)
{
    if (lacks_tables(p))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (dma_domain_free_run(d->domain, logical, p->count) < p->count)
        return STATUS_RESOURCE_IN_USE;
    for (uint64_t i = 0; i < p->count; i++)
        dma_domain_set(d->domain, logical + (i << EMU_PAGE_SHIFT), dma_iommu_page(p, i),
                       (enum emu_iommu_access)permissions);
    return STATUS_SUCCESS;
}

NTSTATUS dma_iommu_map_logical_range(PIOMMU_DMA_DOMAIN Domain, ULONG Permissions, PMDL Mdl,
                                     ULONGLONG LogicalAddress)
{
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_MAP);
    const struct dma_iommu_domain *d = dma_iommu_domain_of(u, Domain, "MapLogicalRange");
    struct dma_iommu_pages pages;
    NTSTATUS status = admit(d, Permissions, dma_iommu_pages_of_mdl(Mdl, &pages));
    if (!NT_SUCCESS(status))
        return status;
    if (LogicalAddress % PAGE_SIZE != 0 || !dma_iommu_reaches(LogicalAddress, pages.count))
        return STATUS_INVALID_PARAMETER_4;
    return d->allocator_bits == 0 ? map(d, LogicalAddress, &pages, Permissions) : STATUS_NOT_SUPPORTED;
}

NTSTATUS dma_iommu_map_logical_range_ex(PIOMMU_DMA_DOMAIN Domain, ULONG Permissions,
                                        PIOMMU_MAP_PHYSICAL_ADDRESS PhysicalAddressToMap,
                                        PIOMMU_DMA_LOGICAL_ADDRESS ExplicitLogicalAddress,
                                        PIOMMU_DMA_LOGICAL_ADDRESS MinLogicalAddress,
                                        PIOMMU_DMA_LOGICAL_ADDRESS MaxLogicalAddress,
                                        PIOMMU_DMA_LOGICAL_ADDRESS LogicalAddressOut)
{
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_MAP);
    const struct dma_iommu_domain *d = dma_iommu_domain_of(u, Domain, "MapLogicalRangeEx");
    struct dma_iommu_pages pages;
    NTSTATUS status = admit(d, Permissions, dma_iommu_pages_of(PhysicalAddressToMap, &pages));
    if (!NT_SUCCESS(status))
        return status;
    if ((ExplicitLogicalAddress != NULL) != (d->allocator_bits == 0))
        return STATUS_NOT_SUPPORTED;
    if (LogicalAddressOut == NULL)
        return STATUS_INVALID_PARAMETER;
    uint64_t logical;
    if (ExplicitLogicalAddress != NULL) {
        logical = *ExplicitLogicalAddress;
        if (logical % PAGE_SIZE != 0 || !dma_iommu_reaches(logical, pages.count))
            return STATUS_INVALID_PARAMETER_4;
    } else {
        logical = dma_iommu_find(d, pages.count, MinLogicalAddress, MaxLogicalAddress);
        if (logical == EMU_NO_ADDRESS)
            return STATUS_INVALID_PARAMETER_MIX;
    }
    status = map(d, logical, &pages, Permissions);
    if (NT_SUCCESS(status))
        *LogicalAddressOut = logical;
    return status;
}

static NTSTATUS unmap(const struct dma_iommu *u, const struct dma_iommu_domain *d, uint64_t logical,
                      uint64_t pages)
{
    bool mapped = dma_iommu_reaches(logical, pages) && !dma_iommu_set_aside(u, d, logical, pages);
    for (uint64_t i = 0; i < pages && mapped; i++)
        mapped = dma_domain_physical(d->domain, logical + (i << EMU_PAGE_SHIFT)) != EMU_NO_ADDRESS;
    if (!mapped)
        return STATUS_INVALID_PARAMETER;
    dma_domain_unmap(d->domain, logical, pages);
    return STATUS_SUCCESS;
}

NTSTATUS dma_iommu_unmap_logical_range(PIOMMU_DMA_DOMAIN Domain, ULONGLONG LogicalAddress,
                                       ULONGLONG NumberOfPages)
{
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_UNMAP);
    const struct dma_iommu_domain *d = dma_iommu_domain_of(u, Domain, "UnmapLogicalRange");
    if (d->type != DomainTypeTranslate)
        return STATUS_INVALID_PARAMETER_1;
    if (LogicalAddress % PAGE_SIZE != 0)
        return STATUS_INVALID_PARAMETER_2;
    if (NumberOfPages == 0)
        return STATUS_INVALID_PARAMETER_3;
    return unmap(u, d, LogicalAddress, NumberOfPages);
}

/* ---- Identity: logical addresses that are the physical ones ---------------------------------- */

static NTSTATUS map_identity(const struct dma_iommu_domain *d, const struct dma_iommu_pages *p,
                             ULONG permissions)
{
    if (lacks_tables(p))
        return STATUS_INSUFFICIENT_RESOURCES;
    for (uint64_t i = 0; i < p->count; i++) {
        if (!dma_iommu_reaches(dma_iommu_page(p, i), 1))
            return STATUS_INVALID_PARAMETER_3;
        if (dma_domain_free_run(d->domain, dma_iommu_page(p, i), 1) == 0)
            return STATUS_RESOURCE_IN_USE;
    }
    for (uint64_t i = 0; i < p->count; i++)
        dma_domain_set(d->domain, dma_iommu_page(p, i), dma_iommu_page(p, i),
                       (enum emu_iommu_access)permissions);
    return STATUS_SUCCESS;
}

/* Each page is mapped to itself. */
static NTSTATUS unmap_identity(const struct dma_iommu_domain *d, const struct dma_iommu_pages *p)
{
    for (uint64_t i = 0; i < p->count; i++)
        if (!dma_iommu_reaches(dma_iommu_page(p, i), 1) ||
            dma_domain_physical(d->domain, dma_iommu_page(p, i)) != dma_iommu_page(p, i))
            return STATUS_INVALID_PARAMETER;
    for (uint64_t i = 0; i < p->count; i++)
        dma_domain_unmap(d->domain, dma_iommu_page(p, i), 1);
    return STATUS_SUCCESS;
}

NTSTATUS dma_iommu_map_identity_range(PIOMMU_DMA_DOMAIN Domain, ULONG Permissions, PMDL Mdl)
{
    IOMMU_MAP_PHYSICAL_ADDRESS memory = {.MapType = MapPhysicalAddressTypeMdl, .Mdl.Mdl = Mdl};
    return dma_iommu_map_identity_range_ex(Domain, Permissions, &memory);
}

NTSTATUS dma_iommu_map_identity_range_ex(PIOMMU_DMA_DOMAIN Domain, ULONG Permissions,
                                         PIOMMU_MAP_PHYSICAL_ADDRESS PhysicalAddressToMap)
{
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_MAP);
    const struct dma_iommu_domain *d = dma_iommu_domain_of(u, Domain, "MapIdentityRange(Ex)");
    struct dma_iommu_pages pages;
    NTSTATUS status = admit(d, Permissions, dma_iommu_pages_of(PhysicalAddressToMap, &pages));
    if (!NT_SUCCESS(status))
        return status;
    return d->allocator_bits == 0 ? map_identity(d, &pages, Permissions) : STATUS_NOT_SUPPORTED;
}

NTSTATUS dma_iommu_unmap_identity_range(PIOMMU_DMA_DOMAIN Domain, PMDL Mdl)
{
    IOMMU_MAP_PHYSICAL_ADDRESS memory = {.MapType = MapPhysicalAddressTypeMdl, .Mdl.Mdl = Mdl};
    return dma_iommu_unmap_identity_range_ex(Domain, &memory);
}

NTSTATUS dma_iommu_unmap_identity_range_ex(PIOMMU_DMA_DOMAIN Domain,
                                           PIOMMU_MAP_PHYSICAL_ADDRESS MappedPhysicalAddress)
{
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_UNMAP);
    const struct dma_iommu_domain *d = dma_iommu_domain_of(u, Domain, "UnmapIdentityRange(Ex)");
    struct dma_iommu_pages pages;
    if (d->type != DomainTypeTranslate)
        return STATUS_INVALID_PARAMETER_1;
    if (!dma_iommu_pages_of(MappedPhysicalAddress, &pages))
        return STATUS_INVALID_PARAMETER_2;
    return d->allocator_bits == 0 ? unmap_identity(d, &pages) : STATUS_NOT_SUPPORTED;
}
