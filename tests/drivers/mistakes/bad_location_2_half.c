/*
 * The stack location is skipped by hand, and only one of the two members is changed.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH HalfWrite;

NTSTATUS HalfWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);

#ifndef MENDED
    Irp->Tail.Overlay.CurrentStackLocation++;
#endif
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = HalfWrite};
