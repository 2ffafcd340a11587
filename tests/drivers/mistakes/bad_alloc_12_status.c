/*
 * AdapterControl returns a status where an IO_ALLOCATION_ACTION is wanted.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH StatusWrite;
DRIVER_CONTROL StatusControl;

IO_ALLOCATION_ACTION StatusControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                   PVOID Context)
{
    IO_ALLOCATION_ACTION action = MistakeDone(DeviceObject, CurrentIrp, MapRegisterBase, Context);

#ifndef MENDED
    action = (IO_ALLOCATION_ACTION)STATUS_SUCCESS;
#endif
    return action;
}

NTSTATUS StatusWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;

    IoMarkIrpPending(Irp);
    device->Adapter->DmaOperations->InitializeDmaTransferContext(device->Adapter, device->TransferContext);
    return MistakeAllocate(DeviceObject, Irp, device->TransferContext, StatusControl);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = StatusWrite};
