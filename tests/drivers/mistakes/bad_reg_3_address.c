/*
 * The flush is given the address of the variable that has the base: any pointer is a PVOID.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH BaseRead;
IO_DPC_ROUTINE BaseDpc;

NTSTATUS BaseRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, RACE_PAGES, RaceAdapterControl);
}

VOID BaseDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
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
#ifndef MENDED
    device->Adapter->DmaOperations->FlushAdapterBuffersEx(
        device->Adapter, irp->MdlAddress, &device->MapRegisterBase, device->Offset, device->Mapped, FALSE);
    device->Offset += device->Mapped;
#else
    RaceFlush(device, irp);
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

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = BaseRead, .Dpc = BaseDpc};
