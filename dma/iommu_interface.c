/*
 * IoGetIommuInterface and IoGetIommuInterfaceEx: the remapping unit as drivers see it. See iommu_calls.h.
 *
 * The system's own registry key (DmaRemappingCompatible) is not asked: whoever calls is let in.
 */
#include <emu/finding.h>

#include "dma/domain.h"
#include "dma/iommu_calls.h"
#include "dma/operations.h"
#include "dma/system.h"

#define FUNCTIONS_1                                                                                       \
    .CreateDomain = dma_iommu_create_domain, .DeleteDomain = dma_iommu_delete_domain,                     \
    .AttachDevice = dma_iommu_attach_device, .DetachDevice = dma_iommu_detach_device,                     \
    .FlushDomain = dma_iommu_flush_domain, .FlushDomainByVaList = dma_iommu_flush_domain_by_va_list,      \
    .QueryInputMappings = dma_iommu_query_input_mappings, .MapLogicalRange = dma_iommu_map_logical_range, \
    .UnmapLogicalRange = dma_iommu_unmap_logical_range, .MapIdentityRange = dma_iommu_map_identity_range, \
    .UnmapIdentityRange = dma_iommu_unmap_identity_range,                                                 \
    .SetDeviceFaultReporting = dma_iommu_set_device_fault_reporting,                                      \
    .ConfigureDomain = dma_iommu_configure_domain

static const DMA_IOMMU_INTERFACE deprecated = {.Version = DMA_IOMMU_INTERFACE_VERSION, FUNCTIONS_1};

static const DMA_IOMMU_INTERFACE_V1 version_1 = {FUNCTIONS_1};

static const DMA_IOMMU_INTERFACE_V2 version_2 = {
    .CreateDomainEx = dma_iommu_create_domain_ex,
    .DeleteDomain = dma_iommu_delete_domain,
    .AttachDeviceEx = dma_iommu_attach_device_ex,
    .DetachDeviceEx = dma_iommu_detach_device_ex,
    .FlushDomain = dma_iommu_flush_domain,
    .FlushDomainByVaList = dma_iommu_flush_domain_by_va_list,
    .QueryInputMappings = dma_iommu_query_input_mappings,
    .MapLogicalRangeEx = dma_iommu_map_logical_range_ex,
    .UnmapLogicalRange = dma_iommu_unmap_logical_range,
    .MapIdentityRangeEx = dma_iommu_map_identity_range_ex,
    .UnmapIdentityRangeEx = dma_iommu_unmap_identity_range_ex,
    .SetDeviceFaultReportingEx = dma_iommu_set_device_fault_reporting_ex,
    .ConfigureDomain = dma_iommu_configure_domain,
    .QueryAvailableDomainTypes = dma_iommu_query_domain_types,
    .RegisterInterfaceStateChangeCallback = dma_iommu_register_callback,
    .UnregisterInterfaceStateChangeCallback = dma_iommu_unregister_callback,
    .ReserveLogicalAddressRange = dma_iommu_reserve,
    .FreeReservedLogicalAddressRange = dma_iommu_free_reserved,
    .MapReservedLogicalRange = dma_iommu_map_reserved,
    .UnmapReservedLogicalRange = dma_iommu_unmap_reserved,
    .CreateDevice = dma_iommu_create_device,
    .DeleteDevice = dma_iommu_delete_device,
};

void dma_iommu_boot(struct dma_system *s)
{
    if (s->domains == NULL)
        return;
    struct dma_iommu *u = emu_arena_alloc(s->machine, sizeof *u);
    u->system = s;
    u->object = emu_object_new(s->machine, "remapping unit");
    dma_slots_init(&u->domains, s->machine, sizeof(struct dma_iommu_domain));
    dma_slots_init(&u->devices, s->machine, sizeof(struct dma_iommu_device));
    s->iommu = u;
}

void dma_iommu_touch(struct dma_system *s, enum emu_access access)
{
    if (s->iommu != NULL)
        emu_touch(s->machine, s->iommu->object, access);
}

NTSTATUS IoGetIommuInterface(ULONG Version, PDMA_IOMMU_INTERFACE InterfaceOut)
{
    if (InterfaceOut == NULL)
        return STATUS_INVALID_PARAMETER_2;
    if (Version != DMA_IOMMU_INTERFACE_VERSION_1 || dma_system()->iommu == NULL)
        return STATUS_NOT_SUPPORTED;
    *InterfaceOut = deprecated;
    return STATUS_SUCCESS;
}

NTSTATUS IoGetIommuInterfaceEx(ULONG Version, ULONGLONG Flags, PDMA_IOMMU_INTERFACE_EX InterfaceOut)
{
    UNREFERENCED_PARAMETER(Flags);
    if (InterfaceOut == NULL)
        return STATUS_INVALID_PARAMETER_3;
    if (Version < DMA_IOMMU_INTERFACE_EX_VERSION_1 || Version > DMA_IOMMU_INTERFACE_EX_VERSION_2 ||
        dma_system()->iommu == NULL)
        return STATUS_NOT_SUPPORTED;
    *InterfaceOut = (DMA_IOMMU_INTERFACE_EX){.Size = sizeof *InterfaceOut, .Version = Version};
    if (Version == DMA_IOMMU_INTERFACE_EX_VERSION_1)
        InterfaceOut->V1 = version_1;
    else
        InterfaceOut->V2 = version_2;
    return STATUS_SUCCESS;
}

/* ---- For all functions ----------------------------------------------------------------------- */

struct dma_iommu *dma_iommu_enter(emu_op op)
{
    struct dma_iommu *u = dma_system()->iommu;
    emu_step(u->system->machine, op, u->object, 0);
    return u;
}

struct dma_iommu_domain *dma_iommu_domain_of(struct dma_iommu *u, PIOMMU_DMA_DOMAIN handle, const char *call)
{
    struct dma_iommu_domain *d = dma_handle_find(DMA_HANDLE_IOMMU_DOMAIN, &u->domains, handle);
    if (d != NULL)
        return d;
    emu_finding_raise(u->system->machine, "DMA-IOMMU-1", NULL, NULL,
                      "%s was called with a domain that was deleted, or was never created", call);
}

struct dma_iommu_device *dma_iommu_device_of(struct dma_iommu *u, PIOMMU_DMA_DEVICE handle, const char *call)
{
    struct dma_iommu_device *d = dma_handle_find(DMA_HANDLE_IOMMU_DEVICE, &u->devices, handle);
    if (d != NULL)
        return d;
    emu_finding_raise(u->system->machine, "DMA-IOMMU-2", NULL, NULL,
                      "%s was called with a device that was deleted, or was never created", call);
}
