/*
 * One transfer context in the device extension, for however many requests come at once. Mended: each request
 * has its own.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH SharedWrite;
DRIVER_CONTROL SharedControl;

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

    IoMarkIrpPending(Irp);
#ifdef MENDED
    context = ExAllocatePool2(POOL_FLAG_NON_PAGED, DMA_TRANSFER_CONTEXT_SIZE_V1, MISTAKE_TAG);
    Irp->Tail.Overlay.DriverContext[0] = context;
#endif
    device->Race.Adapter->DmaOperations->InitializeDmaTransferContext(device->Race.Adapter, context);
    return MistakeAllocate(DeviceObject, Irp, context, SharedControl);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = SharedWrite};
