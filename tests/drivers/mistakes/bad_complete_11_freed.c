/*
 * The completion routine of the driver's own IRP frees it and lets the completion go on.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH FreedWrite;
IO_COMPLETION_ROUTINE FreedCompleted;

NTSTATUS FreedCompleted(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);

    IoFreeIrp(Irp);
#ifdef MENDED
    return STATUS_MORE_PROCESSING_REQUIRED;
#else
    return STATUS_SUCCESS;
#endif
}

NTSTATUS FreedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PIRP query = IoAllocateIrp(device->Lower->StackSize, FALSE);
    PIO_STACK_LOCATION next;

    if (query == NULL) {
        return MistakeFinish(Irp);
    }
    query->IoStatus.Status = STATUS_NOT_SUPPORTED;
    next = IoGetNextIrpStackLocation(query);
    next->MajorFunction = IRP_MJ_PNP;
    next->MinorFunction = IRP_MN_QUERY_PNP_DEVICE_STATE;
    IoSetCompletionRoutine(query, FreedCompleted, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(device->Lower, query);
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = FreedWrite};
