/*
 * A constant, described as non-paged memory, is mapped for a device that fills it. Mended: a variable.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH FilledWrite;
DRIVER_CONTROL FilledControl;

#ifdef MENDED
static UCHAR FilledAnswer[PAGE_SIZE] = {1};
#else
static const UCHAR FilledAnswer[PAGE_SIZE] = {1};
#endif

IO_ALLOCATION_ACTION FilledControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                   PVOID Context)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PDMA_OPERATIONS operations = device->Adapter->DmaOperations;
    PMDL mdl = IoAllocateMdl((PVOID)(ULONG_PTR)FilledAnswer, sizeof(ULONG), FALSE, FALSE, NULL);
    RACE_LIST pieces;

    if (mdl != NULL) {
        MmBuildMdlForNonPagedPool(mdl);
        device->Mapped = sizeof(ULONG);
        if (NT_SUCCESS(operations->MapTransferEx(device->Adapter, mdl, MapRegisterBase, 0, 0, &device->Mapped,
                                                 FALSE, &pieces.List, sizeof(pieces), NULL, NULL))) {
            operations->FlushAdapterBuffersEx(device->Adapter, mdl, MapRegisterBase, 0, device->Mapped,
                                              FALSE);
        }
        IoFreeMdl(mdl);
    }
    return MistakeDone(DeviceObject, CurrentIrp, MapRegisterBase, Context);
}

NTSTATUS FilledWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;

    IoMarkIrpPending(Irp);
    device->Adapter->DmaOperations->InitializeDmaTransferContext(device->Adapter, device->TransferContext);
    return MistakeAllocate(DeviceObject, Irp, device->TransferContext, FilledControl);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = FilledWrite};
