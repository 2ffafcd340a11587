/*
 * IoInitializeTimer with a spin lock held, at DISPATCH_LEVEL. Mended: before.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH TimerWrite;

IO_TIMER_ROUTINE TimerTick;

VOID TimerTick(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
}

NTSTATUS TimerWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;

    UNREFERENCED_PARAMETER(device);
    KIRQL irql;

#ifdef MENDED
    IoInitializeTimer(DeviceObject, TimerTick, NULL);
#endif
    KeAcquireSpinLock(&device->Race.Lock, &irql);
#ifndef MENDED
    IoInitializeTimer(DeviceObject, TimerTick, NULL);
#endif
    KeReleaseSpinLock(&device->Race.Lock, irql);
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = TimerWrite};
