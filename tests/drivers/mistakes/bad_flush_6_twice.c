/*
 * What was flushed is flushed again, to be on the safe side.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH RepeatedRead;
IO_DPC_ROUTINE RepeatedDpc;

NTSTATUS RepeatedRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, RACE_PAGES, RaceAdapterControl);
}

VOID RepeatedDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PIRP irp = RaceTake(device);
    NTSTATUS status = STATUS_SUCCESS;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(CurrentIrp);
    UNREFERENCED_PARAMETER(Context);

    if (irp == NULL) {
        return;
    }
    RaceFlush(device, irp);
#ifndef MENDED
    device->Adapter->DmaOperations->FlushAdapterBuffersEx(
        device->Adapter, irp->MdlAddress, device->MapRegisterBase, device->Offset - device->Mapped,
        device->Mapped, FALSE);
#endif
    if (device->Offset != device->Length) {
        status = RaceStage(device, irp);
        if (NT_SUCCESS(status)) {
            return;
        }
    }
    RaceFree(device);
    RaceEnd(device, irp, status);
}

const RACE_DRIVER RaceDriver = {.ExtensionLength = sizeof(MISTAKE_DEVICE),
                                .AddressWidth = 32,
                                .ReadWrite = RepeatedRead,
                                .Dpc = RepeatedDpc};
