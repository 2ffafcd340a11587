/*
 * A request is completed with whatever the last call returned, and that is STATUS_PENDING.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH PendingWrite;

/* Would start something; here there is nothing to start. */
static NTSTATUS PendingStart(PRACE_DEVICE Device)
{
    return Device->Adapter != NULL ? STATUS_PENDING : STATUS_CANCELLED;
}

NTSTATUS PendingWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    NTSTATUS status = PendingStart((PRACE_DEVICE)DeviceObject->DeviceExtension);

#ifdef MENDED
    if (status == STATUS_PENDING) {
        status = STATUS_CANCELLED;
    }
#endif
    RaceComplete(Irp, status, 0);
    return status;
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = PendingWrite};
