/*
 * The DPC takes its spin lock with the call for DISPATCH_LEVEL, and releases it with the one that lowers the
 * level, to PASSIVE_LEVEL.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH LoweredRead;
IO_DPC_ROUTINE LoweredDpc;

NTSTATUS LoweredRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, RACE_PAGES, RaceAdapterControl);
}

VOID LoweredDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;

    RaceDpc(Dpc, DeviceObject, CurrentIrp, Context);
    KeAcquireSpinLockAtDpcLevel(&device->Second);
#ifdef MENDED
    KeReleaseSpinLockFromDpcLevel(&device->Second);
#else
    KeReleaseSpinLock(&device->Second, PASSIVE_LEVEL);
#endif
}

const RACE_DRIVER RaceDriver = {.ExtensionLength = sizeof(MISTAKE_DEVICE),
                                .AddressWidth = 64,
                                .ReadWrite = LoweredRead,
                                .Dpc = LoweredDpc};
