/*
 * A DPC is initialised for each request, also while it is still queued for the one before. Mended: with the
 * first request.
 */
#include "mistake.h"

typedef struct _QUEUED_DEVICE {
    RACE_DEVICE Race;
    KDPC Dpc;
    BOOLEAN Initialised;
    LONG Served;
} QUEUED_DEVICE, *PQUEUED_DEVICE;

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH QueuedWrite;
KDEFERRED_ROUTINE QueuedDpc;

VOID QueuedDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    InterlockedIncrement(&((PQUEUED_DEVICE)DeferredContext)->Served);
}

NTSTATUS QueuedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PQUEUED_DEVICE device = (PQUEUED_DEVICE)DeviceObject->DeviceExtension;
    KIRQL irql;

    KeAcquireSpinLock(&device->Race.Lock, &irql);
#ifdef MENDED
    if (!device->Initialised)
#endif
    {
        KeInitializeDpc(&device->Dpc, QueuedDpc, device);
        device->Initialised = TRUE;
    }
    KeInsertQueueDpc(&device->Dpc, NULL, NULL);
    KeReleaseSpinLock(&device->Race.Lock, irql);
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(QUEUED_DEVICE), .AddressWidth = 64, .ReadWrite = QueuedWrite};
