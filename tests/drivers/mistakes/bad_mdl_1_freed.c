/*
 * A part of the buffer is transferred through an MDL of the driver's own, which is freed when the card is
 * started, and flushed when it is done. Mended: it is freed after the flush.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH FreedRead;
DRIVER_CONTROL FreedControl;
IO_DPC_ROUTINE FreedDpc;

IO_ALLOCATION_ACTION FreedControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                  PVOID Context)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;
    PIRP irp = (PIRP)Context;

    UNREFERENCED_PARAMETER(CurrentIrp);

    device->Race.MapRegisterBase = MapRegisterBase;
    if (!MistakeStageOwn(device, irp)) {
        return DeallocateObject;
    }
#ifndef MENDED
    IoFreeMdl(device->Mdl);
#endif
    return DeallocateObjectKeepRegisters;
}

NTSTATUS FreedRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, 1, FreedControl);
}

VOID FreedDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;
    PIRP irp = RaceTake(&device->Race);

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(CurrentIrp);
    UNREFERENCED_PARAMETER(Context);

    if (irp == NULL) {
        return;
    }
    MistakeFlush(device);
#ifdef MENDED
    IoFreeMdl(device->Mdl);
#endif
    RaceFree(&device->Race);
    RaceEnd(&device->Race, irp, STATUS_SUCCESS);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = FreedRead, .Dpc = FreedDpc};
