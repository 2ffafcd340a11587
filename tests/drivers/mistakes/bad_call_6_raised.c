/*
 * The dispatch routine takes its spin lock with the call that raises the level, and releases it with the one
 * that leaves the level as it is.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH RaisedWrite;

NTSTATUS RaisedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    KIRQL irql;

    KeAcquireSpinLock(&device->Lock, &irql);
    device->Length = MmGetMdlByteCount(Irp->MdlAddress);
#ifdef MENDED
    KeReleaseSpinLock(&device->Lock, irql);
#else
    KeReleaseSpinLockFromDpcLevel(&device->Lock);
#endif
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = RaisedWrite};
