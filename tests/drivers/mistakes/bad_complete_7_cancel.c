/*
 * The IRP is completed while its cancel routine is set.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH CancelWrite;

DRIVER_CANCEL CancelIt;

VOID CancelIt(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    RaceComplete(Irp, STATUS_CANCELLED, 0);
}

NTSTATUS CancelWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;

    UNREFERENCED_PARAMETER(device);
    IoMarkIrpPending(Irp);
    IoSetCancelRoutine(Irp, CancelIt);
#ifdef MENDED
    if (IoSetCancelRoutine(Irp, NULL) == NULL) {
        return STATUS_PENDING; /* the cancel routine completes it */
    }
#endif
    MistakeFinish(Irp);
    return STATUS_PENDING;
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = CancelWrite};
