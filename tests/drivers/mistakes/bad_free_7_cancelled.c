/*
 * A mapped transfer is cancelled and the channel let go. Mended: it is flushed between, which
 * CancelMappedTransfer leaves to the driver.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH CancelledWrite;
DRIVER_CONTROL CancelledControl;

IO_ALLOCATION_ACTION CancelledControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                      PVOID Context)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PDMA_OPERATIONS operations = device->Adapter->DmaOperations;
    PMDL mdl = ((PIRP)Context)->MdlAddress;
    RACE_LIST pieces;

    device->Mapped = MmGetMdlByteCount(mdl);
    if (NT_SUCCESS(operations->MapTransferEx(device->Adapter, mdl, MapRegisterBase, 0, 0, &device->Mapped,
                                             TRUE, &pieces.List, sizeof(pieces), NULL, NULL))) {
        operations->CancelMappedTransfer(device->Adapter, device->TransferContext);
#ifdef MENDED
        operations->FlushAdapterBuffersEx(device->Adapter, mdl, MapRegisterBase, 0, device->Mapped, TRUE);
#endif
    }
    return MistakeDone(DeviceObject, CurrentIrp, MapRegisterBase, Context);
}

NTSTATUS CancelledWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;

    IoMarkIrpPending(Irp);
    device->Adapter->DmaOperations->InitializeDmaTransferContext(device->Adapter, device->TransferContext);
    return MistakeAllocate(DeviceObject, Irp, device->TransferContext, CancelledControl);
}

const RACE_DRIVER RaceDriver = {.ExtensionLength = sizeof(MISTAKE_DEVICE), .ReadWrite = CancelledWrite};
