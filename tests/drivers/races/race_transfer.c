/*
 * A transfer as it should be, for the drivers of the races whose bug is elsewhere.
 */
#include "race_driver.h"

BOOLEAN RaceBegin(PRACE_DEVICE Device, PIRP Irp, ULONG Pages)
{
    ULONG length = Irp->MdlAddress != NULL ? MmGetMdlByteCount(Irp->MdlAddress) : 0;
    ULONG pages =
        length != 0 ? ADDRESS_AND_SIZE_TO_SPAN_PAGES(MmGetMdlVirtualAddress(Irp->MdlAddress), length) : 0;

    if (pages == 0 || pages > Pages) {
        RaceComplete(Irp, STATUS_INVALID_PARAMETER, 0);
        return FALSE;
    }
    if (InterlockedCompareExchange(&Device->Busy, 1, 0) != 0) {
        RaceComplete(Irp, STATUS_DEVICE_BUSY, 0);
        return FALSE;
    }
    Device->Write = IoGetCurrentIrpStackLocation(Irp)->MajorFunction == IRP_MJ_WRITE;
    Device->Length = length;
    Device->Offset = 0;
    Device->Allocated = pages;
    return TRUE;
}

VOID RaceProgram(PRACE_DEVICE Device, PSCATTER_GATHER_LIST List)
{
    ULONG i;

    WRITE_REGISTER_ULONG((PULONG)(Device->Registers + RACE_OFFSET), Device->Offset);
    for (i = 0; i < List->NumberOfElements; i++) {
        WRITE_REGISTER_ULONG64((PULONG64)(Device->Registers + RACE_ADDRESS),
                               (ULONG64)List->Elements[i].Address.QuadPart);
        WRITE_REGISTER_ULONG((PULONG)(Device->Registers + RACE_LENGTH), List->Elements[i].Length);
    }
    WRITE_REGISTER_ULONG((PULONG)(Device->Registers + RACE_DOORBELL),
                         Device->Write ? RACE_FROM_MEMORY : RACE_TO_MEMORY);
}

NTSTATUS RaceStage(PRACE_DEVICE Device, PIRP Irp)
{
    RACE_LIST pieces;
    NTSTATUS status;

    Device->Mapped = Device->Length - Device->Offset;
    status = Device->Adapter->DmaOperations->MapTransferEx(
        Device->Adapter, Irp->MdlAddress, Device->MapRegisterBase, Device->Offset, 0, &Device->Mapped,
        Device->Write, &pieces.List, sizeof(pieces), NULL, NULL);
    if (NT_SUCCESS(status)) {
        KeAcquireSpinLockAtDpcLevel(&Device->Lock);
        Device->Irp = Irp;
        RaceProgram(Device, &pieces.List);
        KeReleaseSpinLockFromDpcLevel(&Device->Lock);
    }
    return status;
}

BOOLEAN RaceFlush(PRACE_DEVICE Device, PIRP Irp)
{
    Device->Adapter->DmaOperations->FlushAdapterBuffersEx(Device->Adapter, Irp->MdlAddress,
                                                          Device->MapRegisterBase, Device->Offset,
                                                          Device->Mapped, Device->Write);
    Device->Offset += Device->Mapped;
    return Device->Offset == Device->Length;
}

VOID RaceFree(PRACE_DEVICE Device)
{
    if (Device->MapRegisterBase != NULL) {
        Device->Adapter->DmaOperations->FreeMapRegisters(Device->Adapter, Device->MapRegisterBase,
                                                         Device->Allocated);
    }
}

VOID RaceHold(PRACE_DEVICE Device)
{
    InterlockedIncrement(&Device->Busy);
}

VOID RaceRelease(PRACE_DEVICE Device)
{
    InterlockedDecrement(&Device->Busy);
}

VOID RaceEnd(PRACE_DEVICE Device, PIRP Irp, NTSTATUS Status)
{
    ULONG length = Device->Length;

    RaceRelease(Device);
    RaceComplete(Irp, Status, NT_SUCCESS(Status) ? length : 0);
}

/* Is the card at work? */
static BOOLEAN RaceIsBusy(PRACE_DEVICE Device)
{
    return (READ_REGISTER_ULONG((PULONG)(Device->Registers + RACE_STATUS)) & RACE_STATUS_BUSY) != 0;
}

PIRP RaceTake(PRACE_DEVICE Device)
{
    PIRP irp;

    KeAcquireSpinLockAtDpcLevel(&Device->Lock);
    irp = Device->Irp;
    if (irp != NULL && RaceIsBusy(Device)) {
        irp = NULL;
    } else {
        Device->Irp = NULL;
    }
    KeReleaseSpinLockFromDpcLevel(&Device->Lock);
    return irp;
}

PIRP RaceTakeFromCancel(PRACE_DEVICE Device)
{
    PIRP irp;

    KeAcquireSpinLockAtDpcLevel(&Device->Lock);
    irp = Device->Irp;
    if (irp != NULL && (RaceIsBusy(Device) || IoSetCancelRoutine(irp, NULL) == NULL)) {
        irp = NULL;
    } else {
        Device->Irp = NULL;
    }
    KeReleaseSpinLockFromDpcLevel(&Device->Lock);
    return irp;
}

VOID RaceDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PIRP irp = RaceTake(device);
    NTSTATUS status = STATUS_SUCCESS;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(CurrentIrp);
    UNREFERENCED_PARAMETER(Context);

    if (irp == NULL) {
        return;
    }
    if (!RaceFlush(device, irp)) {
        status = RaceStage(device, irp);
        if (NT_SUCCESS(status)) {
            return;
        }
    }
    RaceFree(device);
    RaceEnd(device, irp, status);
}

IO_ALLOCATION_ACTION RaceAdapterControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                        PVOID Context)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PIRP irp = (PIRP)Context;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(CurrentIrp);

    device->MapRegisterBase = MapRegisterBase;
    status = RaceStage(device, irp);
    if (!NT_SUCCESS(status)) {
        RaceEnd(device, irp, status);
        return DeallocateObject;
    }
    return DeallocateObjectKeepRegisters;
}

NTSTATUS RaceSubmit(PDEVICE_OBJECT DeviceObject, PIRP Irp, ULONG Pages, PDRIVER_CONTROL AdapterControl)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PDMA_OPERATIONS operations = device->Adapter->DmaOperations;
    NTSTATUS status;
    KIRQL irql;

    IoMarkIrpPending(Irp);
    if (!RaceBegin(device, Irp, Pages)) {
        return STATUS_PENDING;
    }
    operations->InitializeDmaTransferContext(device->Adapter, device->TransferContext);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = operations->AllocateAdapterChannelEx(device->Adapter, DeviceObject, device->TransferContext,
                                                  device->Allocated, 0, AdapterControl, Irp, NULL);
    if (!NT_SUCCESS(status)) {
        RaceEnd(device, Irp, status);
    }
    KeLowerIrql(irql);
    return STATUS_PENDING;
}
