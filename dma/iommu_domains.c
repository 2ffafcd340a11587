/*
 * Domains that drivers make. See iommu_calls.h.
 *
 * The system's own page tables are all there is: a domain whose driver keeps the table can be made and
 * attached to, but the formats of page tables that ConfigureDomain takes are another processor's, or reserved
 * for the system. So it blocks all DMA for ever, as the page says of one that is not configured.
 */
#include <emu/choose.h>

#include "dma/domain.h"
#include "dma/iommu_calls.h"
#include "dma/operations.h"
#include "dma/system.h"

enum { ALLOCATOR_BITS_MAX = 63 };

static NTSTATUS make(struct dma_iommu *u, IOMMU_DMA_DOMAIN_TYPE type, uint32_t allocator_bits,
                     PIOMMU_DMA_DOMAIN *out)
{
    if (emu_fault(u->system->machine, DMA_OP_IOMMU_CREATE))
        return STATUS_INSUFFICIENT_RESOURCES;
    struct dma_iommu_domain *d = dma_slots_take(&u->domains);
    d->domain = dma_domain_make(u->system);
    d->type = type;
    d->allocator_bits = allocator_bits;
    d->devices = 0;
    d->tokens = 0;
    *out = dma_handle_pointer(DMA_HANDLE_IOMMU_DOMAIN, &d->slot);
    return STATUS_SUCCESS;
}

NTSTATUS dma_iommu_create_domain(BOOLEAN OsManagedPageTable, PIOMMU_DMA_DOMAIN *DomainOut)
{
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_CREATE);
    if (DomainOut == NULL)
        return STATUS_INVALID_PARAMETER_2;
    return make(u, OsManagedPageTable ? DomainTypeTranslate : DomainTypeUnmanaged, 0, DomainOut);
}

static bool good_regions(const IOMMU_DMA_RESERVED_REGION *r)
{
    while (r != NULL && r->Base % PAGE_SIZE == 0 && r->NumberOfPages > 0 &&
           r->NumberOfPages <= DMA_IOMMU_PAGES_MAX && dma_iommu_reaches(r->Base, r->NumberOfPages))
        r = r->RegionNext;
    return r == NULL;
}

static void keep_regions(struct dma_domain *d, const IOMMU_DMA_RESERVED_REGION *r)
{
    for (; r != NULL; r = r->RegionNext) {
        if (r->ShouldMap)
            dma_domain_map_at(d, r->Base, r->Base, r->NumberOfPages, EMU_IOMMU_BOTH);
        else
            dma_domain_reserve_at(d, r->Base, r->NumberOfPages);
    }
}

/* 0: none is wanted; above the limit: a wrong one. */
static uint32_t allocator_bits(const IOMMU_DMA_LOGICAL_ALLOCATOR_CONFIG *c)
{
    if (c == NULL || c->LogicalAllocatorType == IommuDmaLogicalAllocatorNone)
        return 0;
    bool good = c->LogicalAllocatorType == IommuDmaLogicalAllocatorBuddy &&
                c->BuddyAllocatorConfig.AddressWidth > PAGE_SHIFT;
    return good ? c->BuddyAllocatorConfig.AddressWidth : UINT32_MAX;
}

NTSTATUS dma_iommu_create_domain_ex(IOMMU_DMA_DOMAIN_TYPE DomainType, IOMMU_DMA_DOMAIN_CREATION_FLAGS Flags,
                                    PIOMMU_DMA_LOGICAL_ALLOCATOR_CONFIG LogicalAllocatorConfig,
                                    PIOMMU_DMA_RESERVED_REGION ReservedRegions, PIOMMU_DMA_DOMAIN *DomainOut)
{
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_CREATE);
    uint32_t bits = allocator_bits(LogicalAllocatorConfig);
    if ((unsigned)DomainType >= DomainTypeMax)
        return STATUS_INVALID_PARAMETER_1;
    if (Flags.AsUlonglong != 0)
        return STATUS_INVALID_PARAMETER_2;
    if (bits > ALLOCATOR_BITS_MAX)
        return STATUS_INVALID_PARAMETER_3;
    if (!good_regions(ReservedRegions))
        return STATUS_INVALID_PARAMETER_4;
    if (DomainOut == NULL)
        return STATUS_INVALID_PARAMETER_5;
    if (DomainType != DomainTypeTranslate && DomainType != DomainTypeUnmanaged)
        return STATUS_NOT_SUPPORTED;
    NTSTATUS status = make(u, DomainType, bits, DomainOut);
    if (NT_SUCCESS(status))
        keep_regions(dma_iommu_domain_of(u, *DomainOut, "CreateDomainEx")->domain, ReservedRegions);
    return status;
}

NTSTATUS dma_iommu_delete_domain(PIOMMU_DMA_DOMAIN Domain)
{
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_DELETE);
    struct dma_iommu_domain *d = dma_iommu_domain_of(u, Domain, "DeleteDomain");
    if (d->devices > 0 || d->tokens > 0)
        return STATUS_RESOURCE_IN_USE;
    dma_domain_end(d->domain);
    dma_slots_give(&u->domains, d);
    return STATUS_SUCCESS;
}

NTSTATUS dma_iommu_configure_domain(PIOMMU_DMA_DOMAIN Domain, PDOMAIN_CONFIGURATION Configuration)
{
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_CONFIGURE);
    const struct dma_iommu_domain *d = dma_iommu_domain_of(u, Domain, "ConfigureDomain");
    if (d->type != DomainTypeUnmanaged)
        return STATUS_INVALID_PARAMETER_1;
    if (Configuration == NULL || (unsigned)Configuration->Type >= DomainConfigurationInvalid)
        return STATUS_INVALID_PARAMETER_2;
    return STATUS_NOT_SUPPORTED;
}

/* The unit remembers no translation: there is nothing to forget. */
static NTSTATUS flush(PIOMMU_DMA_DOMAIN domain, const char *call)
{
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_FLUSH);
    const struct dma_iommu_domain *d = dma_iommu_domain_of(u, domain, call);
    return d->type == DomainTypeUnmanaged ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER_1;
}

NTSTATUS dma_iommu_flush_domain(PIOMMU_DMA_DOMAIN Domain)
{
    return flush(Domain, "FlushDomain");
}

NTSTATUS dma_iommu_flush_domain_by_va_list(PIOMMU_DMA_DOMAIN Domain, BOOLEAN LastLevel, ULONG Number,
                                           PVOID VaList)
{
    UNREFERENCED_PARAMETER(LastLevel);
    NTSTATUS status = flush(Domain, "FlushDomainByVaList");
    return NT_SUCCESS(status) && Number > 0 && VaList == NULL ? STATUS_INVALID_PARAMETER_4 : status;
}
