/*
 * A DPC is queued in memory that is freed at once. Mended: the DPC has run before that.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH QueuedWrite;
KDEFERRED_ROUTINE QueuedDpc;

VOID QueuedDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    KeSetEvent((PKEVENT)DeferredContext, IO_NO_INCREMENT, FALSE);
}

NTSTATUS QueuedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;
    PKDPC dpc = (PKDPC)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(KDPC), MISTAKE_TAG);
    KIRQL irql;

    if (dpc == NULL) {
        return MistakeFinish(Irp);
    }
    KeInitializeEvent(&device->Event, NotificationEvent, FALSE);
    KeInitializeDpc(dpc, QueuedDpc, &device->Event);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeInsertQueueDpc(dpc, NULL, NULL);
#ifndef MENDED
    ExFreePoolWithTag(dpc, MISTAKE_TAG);
#endif
    KeLowerIrql(irql);
#ifdef MENDED
    KeWaitForSingleObject(&device->Event, Executive, KernelMode, FALSE, NULL);
    KeFlushQueuedDpcs();
    ExFreePoolWithTag(dpc, MISTAKE_TAG);
#endif
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = QueuedWrite};
