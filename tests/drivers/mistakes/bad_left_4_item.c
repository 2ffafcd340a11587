/*
 * A work item for each request, which nobody frees.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH ItemWrite;
IO_WORKITEM_ROUTINE_EX ItemRoutine;

VOID ItemRoutine(PVOID IoObject, PVOID Context, PIO_WORKITEM IoWorkItem)
{
    UNREFERENCED_PARAMETER(IoObject);
#ifdef MENDED
    IoFreeWorkItem(IoWorkItem);
#else
    UNREFERENCED_PARAMETER(IoWorkItem);
#endif
    RaceComplete((PIRP)Context, STATUS_CANCELLED, 0);
}

NTSTATUS ItemWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_WORKITEM item = IoAllocateWorkItem(DeviceObject);

    if (item == NULL) {
        return MistakeFinish(Irp);
    }
    IoMarkIrpPending(Irp);
    IoQueueWorkItemEx(item, ItemRoutine, DelayedWorkQueue, Irp);
    return STATUS_PENDING;
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = ItemWrite};
