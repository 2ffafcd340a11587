/*
 * Race 5: stop against flush.
 *
 * A device behind a system DMA controller, served piece by piece at PASSIVE_LEVEL. The cancel routine stops
 * the transfer with CancelMappedTransfer, which marks it: the completion routine says DmaCancelled, or the
 * next MapTransferEx is STATUS_CANCELLED. But a stop that comes between the end of a piece and its flush is
 * forgotten, because the flush takes the mark away, and the next piece goes out after the driver said that it
 * had stopped. The mended version remembers the stop itself, before it makes it.
 */
#include "race_driver.h"

#define STOP_REGISTERS 1 /* the device's FIFO is a page: a piece is no longer */

typedef struct _STOP_EXTENSION {
    RACE_DEVICE Device;
    KEVENT Granted;
    KEVENT Completed;
    DMA_COMPLETION_STATUS Status;
    LONG Stopped;
} STOP_EXTENSION, *PSTOP_EXTENSION;

DRIVER_CANCEL StopCancel;
_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH StopWrite;
DRIVER_CONTROL StopAdapterControl;
DMA_COMPLETION_ROUTINE StopPieceDone;

VOID StopCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSTOP_EXTENSION extension = (PSTOP_EXTENSION)DeviceObject->DeviceExtension;
    PRACE_DEVICE device = &extension->Device;
    KIRQL irql = Irp->CancelIrql;

    IoReleaseCancelSpinLock(DISPATCH_LEVEL);

    KeAcquireSpinLockAtDpcLevel(&device->Lock);
    if (device->Irp == Irp) { /* else all of it was transferred */
#ifdef RACE_MENDED
        InterlockedExchange(&extension->Stopped, TRUE);
#endif
        device->Adapter->DmaOperations->CancelMappedTransfer(device->Adapter, device->TransferContext);
    }
    KeReleaseSpinLockFromDpcLevel(&device->Lock);
    KeLowerIrql(irql);
}

IO_ALLOCATION_ACTION StopAdapterControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                        PVOID Context)
{
    PSTOP_EXTENSION extension = (PSTOP_EXTENSION)Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(CurrentIrp);
    extension->Device.MapRegisterBase = MapRegisterBase;
    KeSetEvent(&extension->Granted, IO_NO_INCREMENT, FALSE);
    return KeepObject;
}

VOID StopPieceDone(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PVOID CompletionContext,
                   DMA_COMPLETION_STATUS Status)
{
    PSTOP_EXTENSION extension = (PSTOP_EXTENSION)CompletionContext;

    UNREFERENCED_PARAMETER(DmaAdapter);
    UNREFERENCED_PARAMETER(DeviceObject);
    extension->Status = Status;
    KeSetEvent(&extension->Completed, IO_NO_INCREMENT, FALSE);
}

/* One piece, as long as the controller takes it. */
static NTSTATUS StopPiece(PSTOP_EXTENSION Extension, PMDL Mdl)
{
    PRACE_DEVICE device = &Extension->Device;
    PDMA_OPERATIONS operations = device->Adapter->DmaOperations;
    NTSTATUS status;
    KIRQL irql;

    device->Mapped = device->Length - device->Offset;
    KeClearEvent(&Extension->Completed);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = operations->MapTransferEx(device->Adapter, Mdl, device->MapRegisterBase, device->Offset, 0,
                                       &device->Mapped, TRUE, NULL, 0, StopPieceDone, Extension);
    KeLowerIrql(irql);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    KeWaitForSingleObject(&Extension->Completed, Executive, KernelMode, FALSE, NULL);
    operations->FlushAdapterBuffersEx(device->Adapter, Mdl, device->MapRegisterBase, device->Offset,
                                      device->Mapped, TRUE);
    device->Offset += device->Mapped;
    if (Extension->Status != DmaComplete) {
        return Extension->Status == DmaCancelled ? STATUS_CANCELLED : STATUS_IO_DEVICE_ERROR;
    }
    /* A stop that comes from here on marks the context, and the next MapTransferEx sees it. */
    return InterlockedCompareExchange(&Extension->Stopped, FALSE, FALSE) ? STATUS_CANCELLED : STATUS_SUCCESS;
}

/* The channel is granted. */
static NTSTATUS StopTransfer(PSTOP_EXTENSION Extension, PIRP Irp)
{
    PRACE_DEVICE device = &Extension->Device;
    NTSTATUS status = STATUS_SUCCESS;
    KIRQL irql;

    KeAcquireSpinLock(&device->Lock, &irql);
    device->Irp = Irp;
    KeReleaseSpinLock(&device->Lock, irql);
    IoSetCancelRoutine(Irp, StopCancel);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        return STATUS_CANCELLED;
    }
    while (NT_SUCCESS(status) && device->Offset < device->Length) {
        status = StopPiece(Extension, Irp->MdlAddress);
    }
    KeAcquireSpinLock(&device->Lock, &irql);
    device->Irp = NULL;
    KeReleaseSpinLock(&device->Lock, irql);
    /* Under the cancel lock: a routine that was called does not look at the IRP any more then. */
    IoAcquireCancelSpinLock(&irql);
    if (IoSetCancelRoutine(Irp, NULL) == NULL) {
        status = STATUS_CANCELLED;
    }
    IoReleaseCancelSpinLock(irql);
    return status;
}

NTSTATUS StopWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSTOP_EXTENSION extension = (PSTOP_EXTENSION)DeviceObject->DeviceExtension;
    PRACE_DEVICE device = &extension->Device;
    PDMA_OPERATIONS operations = device->Adapter->DmaOperations;
    NTSTATUS status;
    KIRQL irql;

    IoMarkIrpPending(Irp);
    if (!RaceBegin(device, Irp, RACE_PAGES)) {
        return STATUS_PENDING;
    }
    extension->Stopped = FALSE;
    KeInitializeEvent(&extension->Granted, NotificationEvent, FALSE);
    KeInitializeEvent(&extension->Completed, NotificationEvent, FALSE);
    operations->InitializeDmaTransferContext(device->Adapter, device->TransferContext);

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = operations->AllocateAdapterChannelEx(device->Adapter, DeviceObject, device->TransferContext,
                                                  STOP_REGISTERS, 0, StopAdapterControl, extension, NULL);
    KeLowerIrql(irql);
    if (NT_SUCCESS(status)) {
        KeWaitForSingleObject(&extension->Granted, Executive, KernelMode, FALSE, NULL);
        status = StopTransfer(extension, Irp);
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        operations->FreeAdapterChannel(device->Adapter);
        KeLowerIrql(irql);
    }
    RaceEnd(device, Irp, status);
    return STATUS_PENDING;
}

const RACE_DRIVER RaceDriver = {.ExtensionLength = sizeof(STOP_EXTENSION), .ReadWrite = StopWrite};
