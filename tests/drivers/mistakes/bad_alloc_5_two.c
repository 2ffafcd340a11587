/*
 * Version 2 of the interface takes one request of a device object at a time: its wait block lies there.
 * Mended: the second request waits in the driver (here it is refused).
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH TwoWrite;
NTSTATUS TwoWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    NTSTATUS status;
    KIRQL irql;

    IoMarkIrpPending(Irp);
#ifdef MENDED
    if (InterlockedExchange(&device->Busy, 1) != 0) {
        RaceComplete(Irp, STATUS_CANCELLED, 0);
        return STATUS_PENDING;
    }
#endif
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = device->Adapter->DmaOperations->AllocateAdapterChannel(device->Adapter, DeviceObject, 1,
                                                                    MistakeDone, Irp);
    KeLowerIrql(irql);
    if (!NT_SUCCESS(status)) {
        RaceComplete(Irp, STATUS_CANCELLED, 0);
    }
    return STATUS_PENDING;
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 32, .ReadWrite = TwoWrite};
