/*
 * The part that the drivers of races 6 and 7 share: a read that can be cancelled while the card fills its
 * buffer.
 */
#include "race_read.h"

DRIVER_CONTROL RaceReadAdapterControl;

IO_ALLOCATION_ACTION RaceReadAdapterControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp,
                                            PVOID MapRegisterBase, PVOID Context)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PDMA_OPERATIONS operations = device->Adapter->DmaOperations;
    PIRP irp = (PIRP)Context;
    RACE_LIST pieces;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(CurrentIrp);

    device->MapRegisterBase = MapRegisterBase;
    device->Mapped = device->Length;
    status = operations->MapTransferEx(device->Adapter, irp->MdlAddress, MapRegisterBase, 0, 0,
                                       &device->Mapped, FALSE, &pieces.List, sizeof(pieces), NULL, NULL);
    if (!NT_SUCCESS(status)) {
        RaceEnd(device, irp, status);
        return DeallocateObject;
    }

    KeAcquireSpinLockAtDpcLevel(&device->Lock);
    IoSetCancelRoutine(irp, RaceReadCancel);
    if (irp->Cancel && IoSetCancelRoutine(irp, NULL) != NULL) {
        KeReleaseSpinLockFromDpcLevel(&device->Lock);
        RaceFlush(device, irp);
        RaceEnd(device, irp, STATUS_CANCELLED);
        return DeallocateObject;
    }
    device->Irp = irp;
    RaceProgram(device, &pieces.List);
    KeReleaseSpinLockFromDpcLevel(&device->Lock);
    return DeallocateObjectKeepRegisters;
}

NTSTATUS RaceRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, 1, RaceReadAdapterControl);
}
