/*
 * A mark says that the lock is held, and the DPC, which finds it, releases the lock: it is held by the
 * dispatch routine, on another processor. Mended: the DPC takes the lock itself.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH OtherRead;
IO_DPC_ROUTINE OtherDpc;

NTSTATUS OtherRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;
    NTSTATUS status = RaceSubmit(DeviceObject, Irp, RACE_PAGES, RaceAdapterControl);
    KIRQL irql;

    KeAcquireSpinLock(&device->Second, &irql);
    device->Memory = device; /* the lock is held, this says */
    READ_REGISTER_ULONG((PULONG)(device->Race.Registers + RACE_STATUS));
    device->Memory = NULL;
    KeReleaseSpinLock(&device->Second, irql);
    return status;
}

VOID OtherDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;

#ifdef MENDED
    KeAcquireSpinLockAtDpcLevel(&device->Second);
    KeReleaseSpinLockFromDpcLevel(&device->Second);
#else
    if (device->Memory != NULL) {
        KeReleaseSpinLockFromDpcLevel(&device->Second);
    }
#endif
    RaceDpc(Dpc, DeviceObject, CurrentIrp, Context);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = OtherRead, .Dpc = OtherDpc};
