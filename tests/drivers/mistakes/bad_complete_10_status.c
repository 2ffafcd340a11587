/*
 * The dispatch routine returns what it reads from its IRP, which it has completed. The sender still has it,
 * so that nothing is wrong with the memory.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH StatusWrite;

NTSTATUS StatusWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    NTSTATUS status = STATUS_CANCELLED;

    UNREFERENCED_PARAMETER(DeviceObject);
    RaceComplete(Irp, status, 0);
#ifndef MENDED
    status = Irp->IoStatus.Status;
#endif
    return status;
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = StatusWrite};
