/*
 * The adapter of a bus driver: see bus_interface.h. IRP_MN_QUERY_INTERFACE for GUID_BUS_INTERFACE_STANDARD
 * goes to the top of the stack, so that a filter driver can answer as well as the bus driver.
 */
#include "dma/bus_interface.h"

#include <wdmguid.h>

static NTSTATUS query(PDEVICE_OBJECT top, PBUS_INTERFACE_STANDARD answer)
{
    KEVENT done;
    IO_STATUS_BLOCK end;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, top, NULL, 0, NULL, &done, &end);
    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    stack->MinorFunction = IRP_MN_QUERY_INTERFACE;
    stack->Parameters.QueryInterface.InterfaceType = &GUID_BUS_INTERFACE_STANDARD;
    stack->Parameters.QueryInterface.Size = sizeof *answer;
    stack->Parameters.QueryInterface.Version = BUS_INTERFACE_STANDARD_VERSION_1;
    stack->Parameters.QueryInterface.Interface = (PINTERFACE)(PVOID)answer;
    NTSTATUS status = IoCallDriver(top, irp);
    if (status != STATUS_PENDING)
        return status;
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    return end.Status;
}

PDMA_ADAPTER dma_bus_adapter(PDEVICE_OBJECT physical_device, PDEVICE_DESCRIPTION description,
                             PULONG map_registers)
{
    if (physical_device == NULL || physical_device->DriverObject == NULL ||
        KeGetCurrentIrql() > PASSIVE_LEVEL)
        return NULL;
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(physical_device);
    BUS_INTERFACE_STANDARD bus = {0};
    NTSTATUS status = query(top, &bus);
    ObDereferenceObject(top);
    if (!NT_SUCCESS(status))
        return NULL;
    PDMA_ADAPTER adapter =
        bus.GetDmaAdapter != NULL ? bus.GetDmaAdapter(bus.Context, description, map_registers) : NULL;
    if (bus.InterfaceDereference != NULL)
        bus.InterfaceDereference(bus.Context);
    return adapter;
}
