/*
 * An error path completes the IRP and goes on to the end, which completes it as well.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH TwiceWrite;

NTSTATUS TwiceWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;

    UNREFERENCED_PARAMETER(device);
    if (MmGetMdlByteCount(Irp->MdlAddress) > 0) {
        RaceComplete(Irp, STATUS_CANCELLED, 0);
#ifdef MENDED
        return STATUS_CANCELLED;
#endif
    }
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = TwiceWrite};
