/*
 * A wait without a timeout while a spin lock is held. Mended: without the lock.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH LockedWrite;

NTSTATUS LockedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;

    UNREFERENCED_PARAMETER(device);
    KIRQL irql;

    KeInitializeEvent(&device->Event, NotificationEvent, TRUE);
    KeAcquireSpinLock(&device->Race.Lock, &irql);
#ifdef MENDED
    KeReleaseSpinLock(&device->Race.Lock, irql);
#endif
    KeWaitForSingleObject(&device->Event, Executive, KernelMode, FALSE, NULL);
#ifndef MENDED
    KeReleaseSpinLock(&device->Race.Lock, irql);
#endif
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = LockedWrite};
