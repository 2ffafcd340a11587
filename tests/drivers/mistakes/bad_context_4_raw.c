/*
 * A transfer context that nobody initialised.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH RawWrite;

NTSTATUS RawWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;

    IoMarkIrpPending(Irp);
#ifdef MENDED
    device->Race.Adapter->DmaOperations->InitializeDmaTransferContext(device->Race.Adapter,
                                                                      device->Race.TransferContext);
#endif
    return MistakeAllocate(DeviceObject, Irp, device->Race.TransferContext, MistakeDone);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = RawWrite};
