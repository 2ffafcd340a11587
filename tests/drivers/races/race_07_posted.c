/*
 * Race 7: the reset completes, then the device writes.
 *
 * A burst card posts what it writes: bytes that it has sent are in memory some time later, and a reset does
 * not call them back. The card says so with an interrupt of its own (QUIET) when nothing is under way any
 * more. The racy version takes the reset for the end.
 */
#include "race_read.h"

typedef struct _POSTED_EXTENSION {
    RACE_DEVICE Device;
    PIRP Cancelled; /* ends when the card is quiet; with the lock */
} POSTED_EXTENSION, *PPOSTED_EXTENSION;

IO_DPC_ROUTINE PostedDpc;

static VOID PostedEnd(PRACE_DEVICE Device, PIRP Irp, NTSTATUS Status)
{
    RaceFlush(Device, Irp);
    RaceFree(Device);
    RaceEnd(Device, Irp, Status);
}

VOID RaceReadCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PPOSTED_EXTENSION extension = (PPOSTED_EXTENSION)DeviceObject->DeviceExtension;
    PRACE_DEVICE device = &extension->Device;
    KIRQL irql = Irp->CancelIrql;

    IoReleaseCancelSpinLock(DISPATCH_LEVEL);

    KeAcquireSpinLockAtDpcLevel(&device->Lock);
    device->Irp = NULL;
#ifdef RACE_MENDED
    extension->Cancelled = Irp;
#endif
    RaceReset(device);
    KeReleaseSpinLockFromDpcLevel(&device->Lock);
#ifndef RACE_MENDED
    PostedEnd(device, Irp, STATUS_CANCELLED);
#endif
    KeLowerIrql(irql);
}

VOID PostedDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
{
    PPOSTED_EXTENSION extension = (PPOSTED_EXTENSION)DeviceObject->DeviceExtension;
    PRACE_DEVICE device = &extension->Device;
    LONG causes = InterlockedExchange(&device->Causes, 0);
    PIRP cancelled = NULL;
    PIRP irp;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(CurrentIrp);
    UNREFERENCED_PARAMETER(Context);

    if (causes & RACE_INTERRUPT_QUIET) {
        KeAcquireSpinLockAtDpcLevel(&device->Lock);
        cancelled = extension->Cancelled;
        extension->Cancelled = NULL;
        KeReleaseSpinLockFromDpcLevel(&device->Lock);
    }
    if (cancelled != NULL) {
        PostedEnd(device, cancelled, STATUS_CANCELLED);
        return;
    }
    irp = RaceTakeFromCancel(device);
    if (irp != NULL) {
        PostedEnd(device, irp, STATUS_SUCCESS);
    }
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(POSTED_EXTENSION), .AddressWidth = 64, .ReadWrite = RaceRead, .Dpc = PostedDpc};
