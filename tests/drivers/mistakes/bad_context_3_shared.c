/*
 * One transfer context in the device extension, for however many requests come at once. Mended: each request
 * has its own.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH SharedWrite;
DRIVER_CONTROL SharedControl;

/* Also where there is no register. */
IO_ALLOCATION_ACTION SharedControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                   PVOID Context)
{
#ifdef MENDED
    ExFreePoolWithTag(((PIRP)Context)->Tail.Overlay.DriverContext[0], MISTAKE_TAG);
#endif
    return MistakeDone(DeviceObject, CurrentIrp, MapRegisterBase, Context);
}

NTSTATUS SharedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;
    PVOID context = device->Race.TransferContext;

#ifdef MENDED
    context = ExAllocatePool2(POOL_FLAG_NON_PAGED, DMA_TRANSFER_CONTEXT_SIZE_V1, MISTAKE_TAG);
    if (context == NULL) {
        return MistakeFinish(Irp);
    }
    Irp->Tail.Overlay.DriverContext[0] = context;
#endif
    IoMarkIrpPending(Irp);
    device->Race.Adapter->DmaOperations->InitializeDmaTransferContext(device->Race.Adapter, context);
    if (!MistakeAsk(DeviceObject, Irp, context, SharedControl)) {
        SharedControl(DeviceObject, NULL, NULL, Irp);
    }
    return STATUS_PENDING;
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = SharedWrite};
