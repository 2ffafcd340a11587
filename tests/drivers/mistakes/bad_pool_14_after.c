/*
 * A request of the driver's own is looked at after it was freed.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH AfterWrite;

NTSTATUS AfterWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;
    PIRP own = IoAllocateIrp(DeviceObject->StackSize, FALSE);
    NTSTATUS status;

    if (own == NULL) {
        return MistakeFinish(Irp);
    }
    own->IoStatus.Status = STATUS_SUCCESS;
#ifdef MENDED
    status = own->IoStatus.Status;
    IoFreeIrp(own);
#else
    IoFreeIrp(own);
    status = own->IoStatus.Status;
#endif
    device->Memory = NT_SUCCESS(status) ? DeviceObject : NULL;
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = AfterWrite};
