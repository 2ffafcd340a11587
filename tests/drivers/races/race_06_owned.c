/*
 * Race 6: cancel while the hardware owns the buffer.
 *
 * A read can be cancelled while the card fills its buffer. The racy version ends the request, and gives the
 * buffer back to its owner, with the card still at work; the mended one stops the card first.
 */
#include "race_read.h"

IO_DPC_ROUTINE OwnedDpc;

VOID RaceReadCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    KIRQL irql = Irp->CancelIrql;

    IoReleaseCancelSpinLock(DISPATCH_LEVEL);

    /* The DPC leaves a request whose cancel routine is called: it is ours. */
    KeAcquireSpinLockAtDpcLevel(&device->Lock);
    device->Irp = NULL;
#ifdef RACE_MENDED
    RaceReset(device);
#endif
    KeReleaseSpinLockFromDpcLevel(&device->Lock);
    RaceFlush(device, Irp);
    RaceFree(device);
    RaceEnd(device, Irp, STATUS_CANCELLED);
    KeLowerIrql(irql);
}

VOID OwnedDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PIRP irp = RaceTakeFromCancel(device);

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(CurrentIrp);
    UNREFERENCED_PARAMETER(Context);

    if (irp == NULL) {
        return;
    }
    RaceFlush(device, irp);
    RaceFree(device);
    RaceEnd(device, irp, STATUS_SUCCESS);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(RACE_DEVICE), .AddressWidth = 64, .ReadWrite = RaceRead, .Dpc = OwnedDpc};
