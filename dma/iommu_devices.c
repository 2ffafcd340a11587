/*
 * Devices that drivers put into domains. See iommu_calls.h.
 *
 * A device is behind the unit when its requester is known. As long as it has an adapter the system keeps it
 * in a domain, and it cannot be put into a driver's.
 */
#include <emu/choose.h>
#include <emu/finding.h>

#include "dma/domain.h"
#include "dma/iommu_calls.h"
#include "dma/operations.h"
#include "dma/system.h"

enum { AVAILABLE_TYPES = 1 << DomainTypeTranslate | 1 << DomainTypeUnmanaged };

/* ---- Making and deleting --------------------------------------------------------------------- */

static struct dma_iommu_device *make(struct dma_iommu *u, PDEVICE_OBJECT physical_device)
{
    struct dma_reach *reach = dma_reach_hold(u->system, physical_device);
    if (reach == NULL)
        return NULL;
    struct dma_iommu_device *d = dma_slots_take(&u->devices);
    d->next = u->first_device;
    d->physical_device = physical_device;
    d->reach = reach;
    d->in = NULL;
    d->of_version_1 = false;
    d->callback = NULL;
    u->first_device = d;
    return d;
}

static void forget(struct dma_iommu *u, struct dma_iommu_device *d)
{
    struct dma_iommu_device **link = &u->first_device;
    while (*link != d)
        link = &(*link)->next;
    *link = d->next;
    dma_reach_release(u->system, d->reach);
    dma_slots_give(&u->devices, d);
}

NTSTATUS dma_iommu_create_device(PDEVICE_OBJECT DeviceObject,
                                 PIOMMU_DEVICE_CREATION_CONFIGURATION DeviceConfig,
                                 PIOMMU_DMA_DEVICE *DmaDeviceOut)
{
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_DEVICE);
    if (DeviceObject == NULL)
        return STATUS_INVALID_PARAMETER;
    if (DeviceConfig != NULL)
        return STATUS_INVALID_PARAMETER_2;
    if (DmaDeviceOut == NULL)
        return STATUS_INVALID_PARAMETER_3;
    if (emu_fault(u->system->machine, DMA_OP_IOMMU_DEVICE))
        return STATUS_INSUFFICIENT_RESOURCES;
    const struct dma_iommu_device *d = make(u, DeviceObject);
    if (d == NULL)
        return STATUS_NOT_FOUND;
    *DmaDeviceOut = dma_handle_pointer(DMA_HANDLE_IOMMU_DEVICE, &d->slot);
    return STATUS_SUCCESS;
}

NTSTATUS dma_iommu_delete_device(PIOMMU_DMA_DEVICE DmaDevice)
{
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_DEVICE_END);
    struct dma_iommu_device *d = dma_iommu_device_of(u, DmaDevice, "DeleteDevice");
    if (d->in != NULL)
        return STATUS_RESOURCE_IN_USE;
    if (d->callback != NULL)
        emu_finding_raise(u->system->machine, "DMA-IOMMU-27", NULL, NULL,
                          "DeleteDevice was called for %s, whose state change callback is still registered",
                          d->reach->name);
    forget(u, d);
    return STATUS_SUCCESS;
}

/* ---- Attaching and detaching ----------------------------------------------------------------- */

static bool is_attached(const struct dma_iommu *u, const struct dma_iommu_device *d)
{
    bool attached = d->reach->adapters > 0;
    for (const struct dma_iommu_device *other = u->first_device; other != NULL; other = other->next)
        attached |= other->reach == d->reach && other->in != NULL;
    return attached;
}

bool dma_iommu_has(const struct dma_system *s, PDEVICE_OBJECT physical_device)
{
    const struct dma_iommu_device *d = s->iommu != NULL ? s->iommu->first_device : NULL;
    while (d != NULL && (d->physical_device != physical_device || d->in == NULL))
        d = d->next;
    return d != NULL;
}

static NTSTATUS attach(struct dma_iommu *u, struct dma_iommu_domain *to, struct dma_iommu_device *d)
{
    if (is_attached(u, d))
        return STATUS_INVALID_PARAMETER;
    if (emu_fault(u->system->machine, DMA_OP_IOMMU_ATTACH))
        return STATUS_INSUFFICIENT_RESOURCES;
    d->in = to;
    to->devices++;
    dma_reach_move(u->system, d->reach, to->domain);
    return STATUS_SUCCESS;
}

static void detach(struct dma_iommu *u, struct dma_iommu_device *d)
{
    d->in->devices--;
    d->in = NULL;
    dma_reach_move(u->system, d->reach, NULL);
}

NTSTATUS dma_iommu_attach_device_ex(PIOMMU_DMA_DOMAIN Domain, PIOMMU_DMA_DEVICE DmaDevice)
{
    static const char call[] = "AttachDeviceEx";
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_ATTACH);
    struct dma_iommu_domain *to = dma_iommu_domain_of(u, Domain, call);
    return attach(u, to, dma_iommu_device_of(u, DmaDevice, call));
}

NTSTATUS dma_iommu_detach_device_ex(PIOMMU_DMA_DEVICE DmaDevice)
{
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_DETACH);
    struct dma_iommu_device *d = dma_iommu_device_of(u, DmaDevice, "DetachDeviceEx");
    if (d->in == NULL)
        return STATUS_INVALID_PARAMETER_1;
    detach(u, d);
    return STATUS_SUCCESS;
}

NTSTATUS dma_iommu_attach_device(PIOMMU_DMA_DOMAIN Domain, PDEVICE_OBJECT PhysicalDeviceObject,
                                 ULONG InputMappingIdBase, ULONG MappingCount)
{
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_ATTACH);
    struct dma_iommu_domain *to = dma_iommu_domain_of(u, Domain, "AttachDevice");
    if (PhysicalDeviceObject == NULL)
        return STATUS_INVALID_PARAMETER_2;
    if (InputMappingIdBase != 0)
        return STATUS_INVALID_PARAMETER_3;
    if (MappingCount != 1)
        return STATUS_INVALID_PARAMETER_4;
    struct dma_iommu_device *d = make(u, PhysicalDeviceObject);
    if (d == NULL)
        return STATUS_INVALID_PARAMETER_2;
    NTSTATUS status = attach(u, to, d);
    d->of_version_1 = true;
    if (!NT_SUCCESS(status))
        forget(u, d);
    return status;
}

/* The device that was attached by its device object; NULL: it was not. */
static struct dma_iommu_device *attached_by_object(const struct dma_iommu *u, PDEVICE_OBJECT physical_device)
{
    struct dma_iommu_device *d = u->first_device;
    while (d != NULL && (!d->of_version_1 || d->physical_device != physical_device))
        d = d->next;
    return d;
}

NTSTATUS dma_iommu_detach_device(PIOMMU_DMA_DOMAIN Domain, PDEVICE_OBJECT PhysicalDeviceObject,
                                 ULONG InputMappingId)
{
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_DETACH);
    const struct dma_iommu_domain *from = dma_iommu_domain_of(u, Domain, "DetachDevice");
    struct dma_iommu_device *d = attached_by_object(u, PhysicalDeviceObject);
    if (d == NULL || d->in != from)
        return STATUS_INVALID_PARAMETER_2;
    if (InputMappingId != 0)
        return STATUS_INVALID_PARAMETER_3;
    detach(u, d);
    forget(u, d);
    return STATUS_SUCCESS;
}

/* ---- What a device is told ------------------------------------------------------------------- */

NTSTATUS dma_iommu_query_input_mappings(PDEVICE_OBJECT PhysicalDeviceObject, PINPUT_MAPPING_ELEMENT Buffer,
                                        ULONG BufferLength, PULONG ReturnLength)
{
    UNREFERENCED_PARAMETER(PhysicalDeviceObject);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(ReturnLength);
    dma_iommu_enter(DMA_OP_IOMMU_QUERY);
    return STATUS_UNSUCCESSFUL;
}

NTSTATUS dma_iommu_set_device_fault_reporting(PDEVICE_OBJECT PhysicalDeviceObject, ULONG InputMappingIdBase,
                                              BOOLEAN Enable, PDEVICE_FAULT_CONFIGURATION FaultConfig)
{
    const struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_REPORT);
    if (attached_by_object(u, PhysicalDeviceObject) == NULL)
        return STATUS_INVALID_PARAMETER_1;
    if (InputMappingIdBase != 0)
        return STATUS_INVALID_PARAMETER_2;
    if (Enable && (FaultConfig == NULL || FaultConfig->FaultHandler == NULL))
        return STATUS_INVALID_PARAMETER_4;
    return STATUS_SUCCESS;
}

NTSTATUS dma_iommu_set_device_fault_reporting_ex(PIOMMU_DMA_DEVICE DmaDevice, ULONG InputMappingIdBase,
                                                 BOOLEAN Enable, PDEVICE_FAULT_CONFIGURATION FaultConfig)
{
    UNREFERENCED_PARAMETER(DmaDevice);
    UNREFERENCED_PARAMETER(InputMappingIdBase);
    UNREFERENCED_PARAMETER(Enable);
    UNREFERENCED_PARAMETER(FaultConfig);
    return STATUS_NOT_IMPLEMENTED;
}

VOID dma_iommu_query_domain_types(PIOMMU_DMA_DEVICE DmaDevice, PULONG AvailableDomains)
{
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_QUERY);
    dma_iommu_device_of(u, DmaDevice, "QueryAvailableDomainTypes");
    *AvailableDomains = AVAILABLE_TYPES;
}

NTSTATUS dma_iommu_register_callback(PIOMMU_INTERFACE_STATE_CHANGE_CALLBACK StateChangeCallback,
                                     PVOID Context, PIOMMU_DMA_DEVICE DmaDevice,
                                     PIOMMU_INTERFACE_STATE_CHANGE_FIELDS StateFields)
{
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_STATE);
    struct dma_iommu_device *d = dma_iommu_device_of(u, DmaDevice, "RegisterInterfaceStateChangeCallback");
    IOMMU_INTERFACE_STATE_CHANGE now = {.PresentFields.AvailableDomainTypes = 1,
                                        .AvailableDomainTypes = AVAILABLE_TYPES};
    if (StateChangeCallback == NULL)
        return STATUS_INVALID_PARAMETER_1;
    if (StateFields == NULL || !StateFields->AvailableDomainTypes)
        return STATUS_INVALID_PARAMETER_4;
    if (d->callback != NULL)
        return STATUS_UNSUCCESSFUL;
    d->callback = StateChangeCallback;
    StateChangeCallback(&now, Context);
    return STATUS_SUCCESS;
}

NTSTATUS dma_iommu_unregister_callback(PIOMMU_INTERFACE_STATE_CHANGE_CALLBACK StateChangeCallback,
                                       PIOMMU_DMA_DEVICE DmaDevice)
{
    struct dma_iommu *u = dma_iommu_enter(DMA_OP_IOMMU_STATE);
    struct dma_iommu_device *d = dma_iommu_device_of(u, DmaDevice, "UnregisterInterfaceStateChangeCallback");
    if (StateChangeCallback == NULL || d->callback != StateChangeCallback)
        return STATUS_UNSUCCESSFUL;
    d->callback = NULL;
    return STATUS_SUCCESS;
}
