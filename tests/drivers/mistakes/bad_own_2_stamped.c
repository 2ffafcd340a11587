/*
 * A serial number is stamped into the buffer when the transfer is started, after it was mapped. Mended:
 * before.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH StampedWrite;
DRIVER_CONTROL StampedControl;

static BOOLEAN Stamp(PIRP Irp)
{
    PUCHAR data = (PUCHAR)MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);

    if (data != NULL) {
        data[0] = 'S';
    }
    return data != NULL;
}

IO_ALLOCATION_ACTION StampedControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                    PVOID Context)
{
    IO_ALLOCATION_ACTION action;

#ifdef MENDED
    if (!Stamp((PIRP)Context)) {
        RaceEnd((PRACE_DEVICE)DeviceObject->DeviceExtension, (PIRP)Context, STATUS_INSUFFICIENT_RESOURCES);
        return DeallocateObject;
    }
#endif
    action = RaceAdapterControl(DeviceObject, CurrentIrp, MapRegisterBase, Context);
#ifndef MENDED
    if (action == DeallocateObjectKeepRegisters) {
        Stamp((PIRP)Context);
    }
#endif
    return action;
}

NTSTATUS StampedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, RACE_PAGES, StampedControl);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = StampedWrite, .Dpc = RaceDpc};
