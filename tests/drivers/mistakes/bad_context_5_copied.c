/*
 * A transfer context that was initialised at one place and is used at another. Mended: it is initialised
 * where it is used.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH CopiedWrite;

NTSTATUS CopiedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;

    IoMarkIrpPending(Irp);
#ifdef MENDED
    device->Race.Adapter->DmaOperations->InitializeDmaTransferContext(device->Race.Adapter,
                                                                      device->Race.TransferContext);
#else
    device->Race.Adapter->DmaOperations->InitializeDmaTransferContext(device->Race.Adapter, device->Other);
    RtlCopyMemory(device->Race.TransferContext, device->Other, sizeof(device->Other));
#endif
    return MistakeAllocate(DeviceObject, Irp, device->Race.TransferContext, MistakeDone);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = CopiedWrite};
