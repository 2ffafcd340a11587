/*
 * The transfer is flushed and the request completed as soon as the device was started. Mended: when it is
 * done.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH HastyRead;
DRIVER_CONTROL HastyControl;

IO_ALLOCATION_ACTION HastyControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                  PVOID Context)
{
    IO_ALLOCATION_ACTION action = RaceAdapterControl(DeviceObject, CurrentIrp, MapRegisterBase, Context);
#ifndef MENDED
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;

    if (action == DeallocateObjectKeepRegisters) {
        PIRP irp;

        KeAcquireSpinLockAtDpcLevel(&device->Lock);
        irp = device->Irp;
        device->Irp = NULL;
        KeReleaseSpinLockFromDpcLevel(&device->Lock);
        if (irp != NULL) {
            RaceFlush(device, irp);
            RaceEnd(device, irp, STATUS_CANCELLED);
            action = DeallocateObject;
        }
    }
#endif
    return action;
}

NTSTATUS HastyRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, RACE_PAGES, HastyControl);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = HastyRead, .Dpc = RaceDpc};
