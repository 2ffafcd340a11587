/*
 * A scatter/gather list is asked for from a system DMA adapter, by an Ex form, which is for bus masters.
 * Mended: the channel is asked for.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH SlaveWrite;
DRIVER_LIST_CONTROL SlaveList;

VOID SlaveList(PDEVICE_OBJECT DeviceObject, PIRP Irp, PSCATTER_GATHER_LIST ScatterGather, PVOID Context)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;

    UNREFERENCED_PARAMETER(Irp);
    device->Adapter->DmaOperations->PutScatterGatherList(device->Adapter, ScatterGather, TRUE);
    MistakeFinish((PIRP)Context);
}

NTSTATUS SlaveWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PDMA_OPERATIONS operations = device->Adapter->DmaOperations;

    IoMarkIrpPending(Irp);
    operations->InitializeDmaTransferContext(device->Adapter, device->TransferContext);
#ifdef MENDED
    return MistakeAllocate(DeviceObject, Irp, device->TransferContext, MistakeDone);
#else
    NTSTATUS status;
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = operations->GetScatterGatherListEx(device->Adapter, DeviceObject, device->TransferContext,
                                                Irp->MdlAddress, 0, MmGetMdlByteCount(Irp->MdlAddress), 0,
                                                SlaveList, Irp, TRUE, NULL, NULL, NULL);
    KeLowerIrql(irql);
    if (!NT_SUCCESS(status)) {
        MistakeFinish(Irp);
    }
    return STATUS_PENDING;
#endif
}

const RACE_DRIVER RaceDriver = {.ExtensionLength = sizeof(MISTAKE_DEVICE), .ReadWrite = SlaveWrite};
