/*
 * The cancel routine is set when the request has been completed: AdapterControl was called at once. Mended:
 * it is set before, and taken out by AdapterControl.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH LateWrite;
DRIVER_CONTROL LateControl;
DRIVER_CANCEL LateCancel;

VOID LateCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql); /* AdapterControl will be called, and ends the request */
}

IO_ALLOCATION_ACTION LateControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                 PVOID Context)
{
#ifdef MENDED
    IoSetCancelRoutine((PIRP)Context, NULL);
#endif
    return MistakeDone(DeviceObject, CurrentIrp, MapRegisterBase, Context);
}

NTSTATUS LateWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;

    IoMarkIrpPending(Irp);
#ifdef MENDED
    IoSetCancelRoutine(Irp, LateCancel);
#endif
    device->Adapter->DmaOperations->InitializeDmaTransferContext(device->Adapter, device->TransferContext);
    if (!MistakeAsk(DeviceObject, Irp, device->TransferContext, LateControl)) {
        LateControl(DeviceObject, NULL, NULL, Irp);
    }
#ifndef MENDED
    IoSetCancelRoutine(Irp, LateCancel);
#endif
    return STATUS_PENDING;
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = LateWrite};
