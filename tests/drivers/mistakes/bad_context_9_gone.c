/*
 * The transfer context is freed when the allocating call has returned, while the request still waits. Mended:
 * AdapterControl frees it.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH GoneWrite;
DRIVER_CONTROL GoneControl;

/* Also where there is no register. */
IO_ALLOCATION_ACTION GoneControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                 PVOID Context)
{
#ifdef MENDED
    ExFreePoolWithTag(((PIRP)Context)->Tail.Overlay.DriverContext[0], MISTAKE_TAG);
#endif
    return MistakeDone(DeviceObject, CurrentIrp, MapRegisterBase, Context);
}

NTSTATUS GoneWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PVOID context = ExAllocatePool2(POOL_FLAG_NON_PAGED, DMA_TRANSFER_CONTEXT_SIZE_V1, MISTAKE_TAG);

    if (context == NULL) {
        return MistakeFinish(Irp);
    }
    IoMarkIrpPending(Irp);
    Irp->Tail.Overlay.DriverContext[0] = context;
    device->Adapter->DmaOperations->InitializeDmaTransferContext(device->Adapter, context);
    if (!MistakeAsk(DeviceObject, Irp, context, GoneControl)) {
        GoneControl(DeviceObject, NULL, NULL, Irp);
    }
#ifndef MENDED
    ExFreePoolWithTag(context, MISTAKE_TAG);
#endif
    return STATUS_PENDING;
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = GoneWrite};
