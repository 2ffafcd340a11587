/*
 * Race 1: cancel against grant.
 *
 * A write waits for its map registers and can be cancelled meanwhile. CancelAdapterChannel says who came
 * first: where it is TRUE, AdapterControl is not called, and the cancel routine ends the request; where it is
 * FALSE, AdapterControl was called or will be, finds the cancel routine gone, and ends it. RACE_BOTH does not
 * listen: the cancel routine ends the request in any case. RACE_NONE has AdapterControl leave it to the
 * cancel routine, as if that had been TRUE.
 *
 * The upper layer of a driver; the lower one, which asks for the registers, is race_02_execute.c.
 */
#include "race_01_grant.h"

DRIVER_CANCEL GrantCancel;
_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH GrantWrite;

/* It does not wait any more. FALSE: it did not before. */
static BOOLEAN GrantWaitsNoMore(PGRANT_EXTENSION Extension, PIRP Irp)
{
    BOOLEAN waited;

    KeAcquireSpinLockAtDpcLevel(&Extension->Device.Lock);
    waited = Extension->Waiting == Irp;
    if (waited) {
        Extension->Waiting = NULL;
    }
    KeReleaseSpinLockFromDpcLevel(&Extension->Device.Lock);
    return waited;
}

VOID GrantCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PGRANT_EXTENSION extension = (PGRANT_EXTENSION)DeviceObject->DeviceExtension;
    PRACE_DEVICE device = &extension->Device;
    KIRQL irql = Irp->CancelIrql;
    BOOLEAN mine = FALSE;

    IoReleaseCancelSpinLock(DISPATCH_LEVEL);

    KeAcquireSpinLockAtDpcLevel(&device->Lock);
    if (extension->Waiting == Irp) {
        mine = device->Adapter->DmaOperations->CancelAdapterChannel(device->Adapter, DeviceObject,
                                                                    device->TransferContext);
#ifdef RACE_BOTH
        mine = TRUE;
#endif
        extension->Waiting = NULL;
    }
    KeReleaseSpinLockFromDpcLevel(&device->Lock);

    if (mine) {
        RaceEnd(device, Irp, STATUS_CANCELLED);
    }
    KeLowerIrql(irql);
}

/* FALSE: the cancel routine is called; under the cancel lock, so that it does not look at the IRP any more.
 */
static BOOLEAN GrantCannotBeCancelled(PIRP Irp)
{
    BOOLEAN was;
    KIRQL irql;

    IoAcquireCancelSpinLock(&irql);
    was = IoSetCancelRoutine(Irp, NULL) != NULL;
    IoReleaseCancelSpinLock(irql);
    return was;
}

IO_ALLOCATION_ACTION GrantAdapterControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                         PVOID Context)
{
    PGRANT_EXTENSION extension = (PGRANT_EXTENSION)DeviceObject->DeviceExtension;
    PIRP irp = (PIRP)Context;

    if (GrantCannotBeCancelled(irp)) {
        return RaceAdapterControl(DeviceObject, CurrentIrp, MapRegisterBase, irp);
    }
#ifndef RACE_NONE
    GrantWaitsNoMore(extension, irp);
    RaceEnd(&extension->Device, irp, STATUS_CANCELLED);
#else
    UNREFERENCED_PARAMETER(extension);
#endif
    return DeallocateObject;
}

/* The request can be cancelled from now on. FALSE: it was already. */
static BOOLEAN GrantCanBeCancelled(PGRANT_EXTENSION Extension, PIRP Irp)
{
    BOOLEAN cancelled;

    KeAcquireSpinLockAtDpcLevel(&Extension->Device.Lock);
    IoSetCancelRoutine(Irp, GrantCancel);
    cancelled = Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL;
    Extension->Waiting = cancelled ? NULL : Irp;
    KeReleaseSpinLockFromDpcLevel(&Extension->Device.Lock);
    return !cancelled;
}

/* There will be no AdapterControl. Where the cancel routine withdrew the request, it ends it. */
static VOID GrantFailed(PGRANT_EXTENSION Extension, PIRP Irp, NTSTATUS Status)
{
    if (GrantWaitsNoMore(Extension, Irp)) {
        GrantCannotBeCancelled(Irp);
        RaceEnd(&Extension->Device, Irp, Status);
    }
}

NTSTATUS GrantWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PGRANT_EXTENSION extension = (PGRANT_EXTENSION)DeviceObject->DeviceExtension;
    PRACE_DEVICE device = &extension->Device;
    NTSTATUS status;
    KIRQL irql;

    IoMarkIrpPending(Irp);
    if (!RaceBegin(device, Irp, RACE_PAGES)) {
        return STATUS_PENDING;
    }
    RaceHold(device); /* until the allocation is made, whatever becomes of the IRP */
    device->Adapter->DmaOperations->InitializeDmaTransferContext(device->Adapter, device->TransferContext);

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    if (GrantCanBeCancelled(extension, Irp)) {
        status = GrantExecute(extension, Irp);
        if (!NT_SUCCESS(status)) {
            GrantFailed(extension, Irp, status);
        }
    } else {
        RaceEnd(device, Irp, STATUS_CANCELLED);
    }
    RaceRelease(device);
    KeLowerIrql(irql);
    return STATUS_PENDING;
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(GRANT_EXTENSION), .AddressWidth = 64, .ReadWrite = GrantWrite, .Dpc = RaceDpc};
