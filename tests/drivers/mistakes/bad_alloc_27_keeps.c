/*
 * AdapterControl of a system DMA device returns what is for bus masters. Mended: DeallocateObject, since
 * nothing was mapped; KeepObject, had a transfer been started.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH KeepsWrite;
DRIVER_CONTROL KeepsControl;

IO_ALLOCATION_ACTION KeepsControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                  PVOID Context)
{
    IO_ALLOCATION_ACTION action = MistakeDone(DeviceObject, CurrentIrp, MapRegisterBase, Context);

#ifndef MENDED
    action = DeallocateObjectKeepRegisters;
#endif
    return action;
}

NTSTATUS KeepsWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;

    IoMarkIrpPending(Irp);
    device->Adapter->DmaOperations->InitializeDmaTransferContext(device->Adapter, device->TransferContext);
    return MistakeAllocate(DeviceObject, Irp, device->TransferContext, KeepsControl);
}

const RACE_DRIVER RaceDriver = {.ExtensionLength = sizeof(MISTAKE_DEVICE), .ReadWrite = KeepsWrite};
