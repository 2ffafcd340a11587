/*
 * The dispatch routine has marked its IRP pending, and returns the status with which it ended after all.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH ReturnedWrite;

NTSTATUS ReturnedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    NTSTATUS status;

    UNREFERENCED_PARAMETER(DeviceObject);
    IoMarkIrpPending(Irp);
    status = MistakeFinish(Irp);
#ifdef MENDED
    status = STATUS_PENDING;
#endif
    return status;
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = ReturnedWrite};
