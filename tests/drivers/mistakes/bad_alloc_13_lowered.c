/*
 * AdapterControl lowers the level from DISPATCH_LEVEL, for a call that is for PASSIVE_LEVEL.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH LoweredWrite;
DRIVER_CONTROL LoweredControl;

IO_ALLOCATION_ACTION LoweredControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                    PVOID Context)
{
    IO_ALLOCATION_ACTION action = MistakeDone(DeviceObject, CurrentIrp, MapRegisterBase, Context);

#ifndef MENDED
    KeLowerIrql(PASSIVE_LEVEL);
#endif
    return action;
}

NTSTATUS LoweredWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;

    IoMarkIrpPending(Irp);
    device->Adapter->DmaOperations->InitializeDmaTransferContext(device->Adapter, device->TransferContext);
    return MistakeAllocate(DeviceObject, Irp, device->TransferContext, LoweredControl);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = LoweredWrite};
