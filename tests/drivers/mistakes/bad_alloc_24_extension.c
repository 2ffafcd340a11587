/*
 * AllocateAdapterChannelEx is given the device extension where the device object is wanted: both are
 * pointers that a cast makes fit.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH ExtensionWrite;

NTSTATUS ExtensionWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PDEVICE_OBJECT waits = DeviceObject;
    KIRQL irql;
    NTSTATUS status;

#ifndef MENDED
    waits = (PDEVICE_OBJECT)DeviceObject->DeviceExtension;
#endif
    IoMarkIrpPending(Irp);
    device->Adapter->DmaOperations->InitializeDmaTransferContext(device->Adapter, device->TransferContext);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = device->Adapter->DmaOperations->AllocateAdapterChannelEx(
        device->Adapter, waits, device->TransferContext, 1, 0, MistakeDone, Irp, NULL);
    KeLowerIrql(irql);
    if (!NT_SUCCESS(status)) {
        MistakeFinish(Irp);
    }
    return STATUS_PENDING;
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = ExtensionWrite};
