/*
 * AllocateAdapterChannel from within AdapterControl. Mended: from the routine that began.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH NestedWrite;
DRIVER_CONTROL NestedControl;

static VOID NestedAllocate(PDEVICE_OBJECT DeviceObject, PDRIVER_CONTROL Control, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;

    if (!NT_SUCCESS(device->Adapter->DmaOperations->AllocateAdapterChannel(device->Adapter, DeviceObject, 1,
                                                                           Control, Irp))) {
        RaceComplete(Irp, STATUS_CANCELLED, 0);
    }
}

IO_ALLOCATION_ACTION NestedControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                   PVOID Context)
{
    UNREFERENCED_PARAMETER(CurrentIrp);
    UNREFERENCED_PARAMETER(MapRegisterBase);
    NestedAllocate(DeviceObject, MistakeDone, (PIRP)Context);
    return DeallocateObject;
}

NTSTATUS NestedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KIRQL irql;

    IoMarkIrpPending(Irp);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
#ifdef MENDED
    NestedAllocate(DeviceObject, MistakeDone, Irp);
#else
    NestedAllocate(DeviceObject, NestedControl, Irp);
#endif
    KeLowerIrql(irql);
    return STATUS_PENDING;
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = NestedWrite};
