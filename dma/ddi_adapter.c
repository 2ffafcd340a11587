/*
 * IoGetDmaAdapter: from a device description to an adapter.
 *
 * The PDO's stack is asked first, since a bus driver may have adapters of its own; without an answer the
 * description decides here. What it means depends on its version: see DEVICE_DESCRIPTION and the rules in
 * docs/rules/dma_adapter.md.
 */
#include <emu/choose.h>
#include <emu/finding.h>
#include <wdm.h>

#include "dma/adapter.h"
#include "dma/bus_interface.h"
#include "dma/channel.h"
#include "dma/controller.h"
#include "dma/ddi_adapter.h"
#include "dma/iommu_calls.h"
#include "dma/operations.h"
#include "dma/system.h"

enum { WIDTH_ISA = 24, WIDTH_32 = 32, WIDTH_64 = 64 };

/* The bus of a description, or of its device where the description leaves that open. */
static INTERFACE_TYPE bus_of(const DEVICE_DESCRIPTION *d, PDEVICE_OBJECT physical_device)
{
    INTERFACE_TYPE bus;
    ULONG bytes;
    bool open = d->InterfaceType == InterfaceTypeUndefined || d->InterfaceType == PNPBus;
    if (!open || physical_device == NULL)
        return d->InterfaceType;
    NTSTATUS status =
        IoGetDeviceProperty(physical_device, DevicePropertyLegacyBusType, sizeof bus, &bus, &bytes);
    return NT_SUCCESS(status) ? bus : InterfaceTypeUndefined;
}

/* Versions 0 to 2 say how wide the device's addresses are by flags. */
static uint32_t width_of_flags(const DEVICE_DESCRIPTION *d)
{
    if (d->Dma64BitAddresses)
        return WIDTH_64;
    if (d->Dma32BitAddresses || (d->ScatterGather && d->InterfaceType == PCIBus))
        return WIDTH_32;
    return WIDTH_ISA;
}

static bool plan_master(const DEVICE_DESCRIPTION *d, struct dma_adapter_plan *plan)
{
    plan->master = true;
    plan->scatter_gather = d->ScatterGather != FALSE;
    plan->width = d->Version < DEVICE_DESCRIPTION_VERSION3 ? width_of_flags(d) : d->DmaAddressWidth;
    return plan->width >= 1 && plan->width <= WIDTH_64;
}

/* A subordinate device can what its controller can. */
static bool plan_subordinate(struct dma_system *s, const DEVICE_DESCRIPTION *d, struct dma_adapter_plan *plan)
{
    bool version3 = d->Version == DEVICE_DESCRIPTION_VERSION3;
    plan->channel = dma_controller_bind(s, d, &plan->request_line);
    if (plan->channel == NULL)
        return false;
    plan->width = dma_channel_width(plan->channel);
    plan->scatter_gather = dma_channel_fragments_max(plan->channel) > 1;
    plan->transfer_width = d->DmaWidth;
    plan->loops = d->AutoInitialize != FALSE;
    plan->demands = d->Version == DEVICE_DESCRIPTION_VERSION2 && d->DemandMode;
    plan->ignore_count = d->Version != DEVICE_DESCRIPTION_VERSION && d->IgnoreCount;
    plan->boundary = plan->channel->boundary;
    plan->device_address = version3 ? (uint64_t)d->DeviceAddress.QuadPart : 0;
    return true;
}

PDMA_ADAPTER IoGetDmaAdapter(PDEVICE_OBJECT PhysicalDeviceObject, PDEVICE_DESCRIPTION DeviceDescription,
                             PULONG NumberOfMapRegisters)
{
    struct dma_system *s = dma_system();
    return s->entry->get_adapter(s, PhysicalDeviceObject, DeviceDescription, NumberOfMapRegisters);
}

PDMA_ADAPTER dma_adapter_get(struct dma_system *s, PDEVICE_OBJECT PhysicalDeviceObject,
                             PDEVICE_DESCRIPTION DeviceDescription, PULONG NumberOfMapRegisters)
{
    const DEVICE_DESCRIPTION *d = DeviceDescription;
    DEVICE_DESCRIPTION known; /* with the device's bus, for who is asked */
    emu_step(s->machine, DMA_OP_GET_ADAPTER, s->pool.object, d != NULL ? d->Version : 0);
    if (d == NULL || NumberOfMapRegisters == NULL || d->Version > DEVICE_DESCRIPTION_VERSION3)
        return NULL;
    if (PhysicalDeviceObject != NULL && PhysicalDeviceObject->Type != IO_TYPE_DEVICE)
        emu_finding_raise(s->machine, "DMA-ADAPTER-24", NULL, NULL,
                          "IoGetDmaAdapter was called with a device object that is none, or was deleted");
    known = *d;
    known.InterfaceType = bus_of(d, PhysicalDeviceObject);
    d = &known;
    PDMA_ADAPTER of_bus = dma_bus_adapter(PhysicalDeviceObject, &known, NumberOfMapRegisters);
    if (of_bus != NULL)
        return of_bus;

    const USHORT first_table = 1;
    struct dma_adapter_plan plan = {
        .version = d->Version < DEVICE_DESCRIPTION_VERSION2 ? first_table : (USHORT)d->Version,
        .pages = (uint32_t)(((uint64_t)d->MaximumLength + EMU_PAGE_SIZE - 1) >> EMU_PAGE_SHIFT),
        .physical_device = PhysicalDeviceObject,
    };
    bool good = d->Master ? plan_master(d, &plan) : plan_subordinate(s, d, &plan);
    if (!good || dma_iommu_has(s, PhysicalDeviceObject) || emu_fault(s->machine, DMA_OP_GET_ADAPTER))
        return NULL;
    if (plan.pages > 0)
        plan.pages -= emu_latitude(s->machine, DMA_OP_GET_ADAPTER, 2);
    struct dma_adapter *a = dma_adapter_make(s, &plan);
    *NumberOfMapRegisters = a->registers_max;
    return &a->face;
}
