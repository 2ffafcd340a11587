/*
 * A buffer is transferred in halves, and the offset goes on to the second before the first is flushed: the
 * flush is given it.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH OffsetRead;
IO_DPC_ROUTINE OffsetDpc;
DRIVER_CONTROL OffsetControl;

IO_ALLOCATION_ACTION OffsetControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                   PVOID Context)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;

    device->Length /= 2;
    return RaceAdapterControl(DeviceObject, CurrentIrp, MapRegisterBase, Context);
}

NTSTATUS OffsetRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, RACE_PAGES, OffsetControl);
}

VOID OffsetDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
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
#ifdef MENDED
    RaceFlush(device, irp);
#else
    device->Offset += device->Mapped;
    device->Adapter->DmaOperations->FlushAdapterBuffersEx(
        device->Adapter, irp->MdlAddress, device->MapRegisterBase, device->Offset, device->Mapped, FALSE);
#endif
    if (device->Offset == device->Length) {
        device->Length = MmGetMdlByteCount(irp->MdlAddress);
    }
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
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 32, .ReadWrite = OffsetRead, .Dpc = OffsetDpc};
