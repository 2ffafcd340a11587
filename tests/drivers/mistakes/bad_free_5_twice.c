/*
 * AdapterControl gives its channel back itself, since there is nothing to transfer, and then returns
 * DeallocateObject, which frees it once more.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH ChannelWrite;
DRIVER_CONTROL ChannelControl;

IO_ALLOCATION_ACTION ChannelControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                    PVOID Context)
{
#ifndef MENDED
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;

    device->Adapter->DmaOperations->FreeAdapterChannel(device->Adapter);
#endif
    return MistakeDone(DeviceObject, CurrentIrp, MapRegisterBase, Context);
}

NTSTATUS ChannelWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;

    IoMarkIrpPending(Irp);
    device->Adapter->DmaOperations->InitializeDmaTransferContext(device->Adapter, device->TransferContext);
    return MistakeAllocate(DeviceObject, Irp, device->TransferContext, ChannelControl);
}

const RACE_DRIVER RaceDriver = {.ExtensionLength = sizeof(MISTAKE_DEVICE), .ReadWrite = ChannelWrite};
