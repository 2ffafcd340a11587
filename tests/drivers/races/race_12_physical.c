/*
 * Race 12: a physical address where the device wants a logical one.
 *
 * The buffer lies in one page, so the racy version asks the memory manager where, and tells the card that. It
 * maps and flushes, as the book says, and uses nothing of what the mapping returned. On a PC without
 * remapping both addresses are one.
 */
#include "race_driver.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH PhysicalWrite;
DRIVER_CONTROL PhysicalAdapterControl;

IO_ALLOCATION_ACTION PhysicalAdapterControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp,
                                            PVOID MapRegisterBase, PVOID Context)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PIRP irp = (PIRP)Context;
    RACE_LIST pieces;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(CurrentIrp);

    device->MapRegisterBase = MapRegisterBase;
    device->Mapped = device->Length;
    status = device->Adapter->DmaOperations->MapTransferEx(device->Adapter, irp->MdlAddress, MapRegisterBase,
                                                           0, 0, &device->Mapped, TRUE, &pieces.List,
                                                           sizeof(pieces), NULL, NULL);
    if (!NT_SUCCESS(status)) {
        RaceEnd(device, irp, status);
        return DeallocateObject;
    }
#ifndef RACE_MENDED
    pieces.List.Elements[0].Address =
        MmGetPhysicalAddress(MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority));
#endif
    device->Irp = irp;
    RaceProgram(device, &pieces.List);
    return DeallocateObjectKeepRegisters;
}

NTSTATUS PhysicalWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, 1, PhysicalAdapterControl);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(RACE_DEVICE), .AddressWidth = 64, .ReadWrite = PhysicalWrite, .Dpc = RaceDpc};
