/*
 * An error path releases the spin lock and goes on to the end, which releases it as well.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH FreeWrite;

NTSTATUS FreeWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeAcquireSpinLockAtDpcLevel(&device->Second);
    if (device->Memory == NULL) {
        KeReleaseSpinLockFromDpcLevel(&device->Second);
#ifdef MENDED
        KeLowerIrql(irql);
        return MistakeFinish(Irp);
#endif
    }
    KeReleaseSpinLockFromDpcLevel(&device->Second);
    KeLowerIrql(irql);
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = FreeWrite};
