/*
 * The next part is mapped before the one before it was flushed.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH AgainRead;
IO_DPC_ROUTINE AgainDpc;

NTSTATUS AgainRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, RACE_PAGES, RaceAdapterControl);
}

VOID AgainDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
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
    BOOLEAN all = RaceFlush(device, irp);
#else
    BOOLEAN all = device->Offset + device->Mapped == device->Length;

    if (!all) {
        device->Offset += device->Mapped;
    } else {
        RaceFlush(device, irp);
    }
#endif
    if (!all) {
        status = RaceStage(device, irp);
        if (NT_SUCCESS(status)) {
            return;
        }
    }
    RaceFree(device);
    RaceEnd(device, irp, status);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 32, .ReadWrite = AgainRead, .Dpc = AgainDpc};
