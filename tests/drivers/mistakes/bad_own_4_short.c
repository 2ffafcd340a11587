/*
 * The device is told to transfer all that was asked for, where MapTransferEx mapped less. Mended: what was
 * mapped, and then the rest.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH ShortRead;
DRIVER_CONTROL ShortControl;

IO_ALLOCATION_ACTION ShortControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                  PVOID Context)
{
#ifdef MENDED
    return RaceAdapterControl(DeviceObject, CurrentIrp, MapRegisterBase, Context);
#else
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PIRP irp = (PIRP)Context;
    RACE_LIST pieces;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(CurrentIrp);
    device->MapRegisterBase = MapRegisterBase;
    device->Mapped = device->Length;
    status = device->Adapter->DmaOperations->MapTransferEx(device->Adapter, irp->MdlAddress, MapRegisterBase,
                                                           0, 0, &device->Mapped, FALSE, &pieces.List,
                                                           sizeof(pieces), NULL, NULL);
    if (!NT_SUCCESS(status)) {
        RaceEnd(device, irp, status);
        return DeallocateObject;
    }
    pieces.List.Elements[0].Length = device->Length; /* one piece, says the author */
    pieces.List.NumberOfElements = 1;
    KeAcquireSpinLockAtDpcLevel(&device->Lock);
    device->Irp = irp;
    RaceProgram(device, &pieces.List);
    KeReleaseSpinLockFromDpcLevel(&device->Lock);
    return DeallocateObjectKeepRegisters;
#endif
}

NTSTATUS ShortRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, RACE_PAGES, ShortControl);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = ShortRead, .Dpc = RaceDpc};
