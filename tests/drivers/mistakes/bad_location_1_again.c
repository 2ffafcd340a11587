/*
 * An IRP is prepared for each of several attempts, each time with a stack location for the driver itself, and
 * is not reused in between: its locations are used up.
 */
#include "mistake.h"

#define ATTEMPTS 3

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH AgainWrite;

NTSTATUS AgainWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PIRP attempt = IoAllocateIrp((CCHAR)(device->Lower->StackSize + 1), FALSE);
    ULONG i;

    if (attempt == NULL) {
        return MistakeFinish(Irp);
    }
    for (i = 0; i < ATTEMPTS; i++) {
#ifdef MENDED
        IoReuseIrp(attempt, STATUS_SUCCESS);
#endif
        IoSetNextIrpStackLocation(attempt);
        IoGetCurrentIrpStackLocation(attempt)->DeviceObject = DeviceObject;
    }
    IoFreeIrp(attempt);
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = AgainWrite};
