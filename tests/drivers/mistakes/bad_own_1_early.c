/*
 * The DPC looks at what the device wrote before it flushes. On a PC that mostly works. Mended: afterwards.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH EarlyRead;
IO_DPC_ROUTINE EarlyDpc;

NTSTATUS EarlyRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, RACE_PAGES, RaceAdapterControl);
}

VOID EarlyDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
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
    volatile UCHAR *data =
        (volatile UCHAR *)MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
    UCHAR first = 0;

#ifndef MENDED
    first = data[0];
#endif
    if (!RaceFlush(device, irp)) {
        status = RaceStage(device, irp);
        if (NT_SUCCESS(status)) {
            return;
        }
    }
#ifdef MENDED
    if (data != NULL) {
        first = data[0];
    }
#endif
    UNREFERENCED_PARAMETER(first);
    RaceFree(device);
    RaceEnd(device, irp, status);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = EarlyRead, .Dpc = EarlyDpc};
