/*
 * An MDL is allocated for a buffer and mapped, and nobody locked or built it: it describes no pages.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH UnlockedWrite;
DRIVER_CONTROL UnlockedControl;

static VOID UnlockedFree(PMISTAKE_DEVICE Device)
{
    if (Device->Mdl != NULL) {
        IoFreeMdl(Device->Mdl);
    }
    if (Device->Memory != NULL) {
        ExFreePoolWithTag(Device->Memory, MISTAKE_TAG);
    }
}

IO_ALLOCATION_ACTION UnlockedControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                     PVOID Context)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;
    PDMA_OPERATIONS operations = device->Race.Adapter->DmaOperations;
    ULONG length = MmGetMdlByteCount(device->Mdl);
    RACE_LIST pieces;
    NTSTATUS status;

    status = operations->MapTransferEx(device->Race.Adapter, device->Mdl, MapRegisterBase, 0, 0, &length,
                                       TRUE, &pieces.List, sizeof(pieces), NULL, NULL);
    if (NT_SUCCESS(status)) {
        operations->FlushAdapterBuffersEx(device->Race.Adapter, device->Mdl, MapRegisterBase, 0, length,
                                          TRUE);
    }
    UnlockedFree(device);
    return MistakeDone(DeviceObject, CurrentIrp, MapRegisterBase, Context);
}

NTSTATUS UnlockedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;

    device->Memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, RACE_PAGES * sizeof(ULONG), MISTAKE_TAG);
    device->Mdl = device->Memory != NULL
                      ? IoAllocateMdl(device->Memory, RACE_PAGES * sizeof(ULONG), FALSE, FALSE, NULL)
                      : NULL;
    if (device->Mdl == NULL) {
        UnlockedFree(device);
        return MistakeFinish(Irp);
    }
#ifdef MENDED
    MmBuildMdlForNonPagedPool(device->Mdl);
#endif
    IoMarkIrpPending(Irp);
    device->Race.Adapter->DmaOperations->InitializeDmaTransferContext(device->Race.Adapter,
                                                                      device->Race.TransferContext);
    if (!MistakeAsk(DeviceObject, Irp, device->Race.TransferContext, UnlockedControl)) {
        UnlockedFree(device);
        RaceComplete(Irp, STATUS_CANCELLED, 0);
    }
    return STATUS_PENDING;
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = UnlockedWrite};
