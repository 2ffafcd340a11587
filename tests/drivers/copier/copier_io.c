/*
 * The copier's driver: queue, map registers, transfer, interrupt, DPC.
 */
#include "copier_driver.h"

static VOID CopierStartNext(PCOPIER_EXTENSION Extension);

VOID CopierComplete(PIRP Irp, NTSTATUS Status, ULONG Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_DISK_INCREMENT);
}

/* That much of the request is over. At DISPATCH_LEVEL. */
VOID CopierOver(PCOPIER_EXTENSION Extension, LONG What)
{
    PCOPIER_REQUEST request = &Extension->Request;

    if ((InterlockedOr(&request->Done, What) | What) == COPIER_ALL) {
        CopierComplete(request->Irp, request->Status, NT_SUCCESS(request->Status) ? request->Length : 0);
        CopierStartNext(Extension);
    }
}

VOID CopierOutcome(PCOPIER_EXTENSION Extension, LONG What, NTSTATUS Status)
{
    Extension->Request.Status = Status;
    CopierOver(Extension, What | COPIER_OUTCOME);
}

/* Takes an IRP out of the queue, if it waits there. */
BOOLEAN CopierUnqueue(PCOPIER_EXTENSION Extension, PIRP Irp)
{
    BOOLEAN waits;
    KIRQL irql;

    KeAcquireSpinLock(&Extension->Lock, &irql);
    waits = Extension->Request.Irp != Irp;
    if (waits) {
        RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    }
    KeReleaseSpinLock(&Extension->Lock, irql);
    return waits;
}

/* The IRP has the device from now on. With the lock held. */
static VOID CopierTakeDevice(PCOPIER_EXTENSION Extension, PIRP Irp)
{
    PCOPIER_REQUEST request = &Extension->Request;

    Extension->Busy = TRUE;
    request->Irp = Irp;
    request->Done = 0;
    request->Write = IoGetCurrentIrpStackLocation(Irp)->MajorFunction == IRP_MJ_WRITE;
    request->Length = MmGetMdlByteCount(Irp->MdlAddress);
    request->Offset = 0;
    request->Registers =
        ADDRESS_AND_SIZE_TO_SPAN_PAGES(MmGetMdlVirtualAddress(Irp->MdlAddress), request->Length);
    request->TransferContext =
        request->TransferContexts[request->TransferContext == request->TransferContexts[0]];
    Extension->Adapter->DmaOperations->InitializeDmaTransferContext(Extension->Adapter,
                                                                    request->TransferContext);
}

/* Asks for map registers. At DISPATCH_LEVEL. */
static VOID CopierAllocate(PCOPIER_EXTENSION Extension)
{
    PCOPIER_REQUEST request = &Extension->Request;
    NTSTATUS status;

    status = Extension->Adapter->DmaOperations->AllocateAdapterChannelEx(
        Extension->Adapter, Extension->Self, request->TransferContext, request->Registers, 0,
        CopierAdapterControl, Extension, NULL);

    /* Where the cancel routine is gone it has run or is about to, and the outcome comes from there. */
    if (!NT_SUCCESS(status) && IoSetCancelRoutine(request->Irp, NULL) != NULL) {
        CopierOutcome(Extension, COPIER_LINE, status);
    }
    CopierOver(Extension, COPIER_STARTED);
}

/* The device is free: the first IRP that waits has it next. At DISPATCH_LEVEL. */
static VOID CopierStartNext(PCOPIER_EXTENSION Extension)
{
    PLIST_ENTRY entry = NULL;

    KeAcquireSpinLockAtDpcLevel(&Extension->Lock);
    if (IsListEmpty(&Extension->Queue)) {
        Extension->Busy = FALSE;
    } else {
        entry = RemoveHeadList(&Extension->Queue);
        CopierTakeDevice(Extension, CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry));
    }
    KeReleaseSpinLockFromDpcLevel(&Extension->Lock);

    if (entry != NULL) {
        CopierAllocate(Extension);
    }
}

NTSTATUS CopierReadWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCOPIER_EXTENSION extension = (PCOPIER_EXTENSION)DeviceObject->DeviceExtension;
    BOOLEAN mine;
    KIRQL irql;

    if (Irp->MdlAddress == NULL || MmGetMdlByteCount(Irp->MdlAddress) == 0 ||
        MmGetMdlByteCount(Irp->MdlAddress) > COPIER_MAXIMUM_LENGTH) {
        CopierComplete(Irp, STATUS_INVALID_PARAMETER, 0);
        return STATUS_INVALID_PARAMETER;
    }
    IoMarkIrpPending(Irp);

    KeAcquireSpinLock(&extension->Lock, &irql);
    mine = !extension->Busy;
    if (mine) {
        CopierTakeDevice(extension, Irp);
    } else {
        InsertTailList(&extension->Queue, &Irp->Tail.Overlay.ListEntry);
    }
    IoSetCancelRoutine(Irp, CopierCancel);
    KeReleaseSpinLockFromDpcLevel(&extension->Lock);

    if (mine) {
        CopierAllocate(extension);
    }
    KeLowerIrql(irql);
    return STATUS_PENDING;
}

/* Maps what is left of the transfer, or as much of it as the HAL does in one go, and starts the device. */
static NTSTATUS CopierMapAndStart(PCOPIER_EXTENSION Extension)
{
    PCOPIER_REQUEST request = &Extension->Request;
    ULONGLONG buffer[(sizeof(SCATTER_GATHER_LIST) + COPIER_LIST_CAPACITY * sizeof(SCATTER_GATHER_ELEMENT)) /
                     sizeof(ULONGLONG)];
    PSCATTER_GATHER_LIST pieces = (PSCATTER_GATHER_LIST)buffer;
    NTSTATUS status;
    ULONG i;

    request->Mapped = request->Length - request->Offset;
    status = Extension->Adapter->DmaOperations->MapTransferEx(
        Extension->Adapter, request->Irp->MdlAddress, request->MapRegisterBase, request->Offset, 0,
        &request->Mapped, request->Write, pieces, sizeof(buffer), NULL, NULL);
    if (!NT_SUCCESS(status)) {
        return status;
    }

    for (i = 0; i < pieces->NumberOfElements; i++) {
        Extension->List[i].Address = (ULONGLONG)pieces->Elements[i].Address.QuadPart;
        Extension->List[i].Length = pieces->Elements[i].Length;
    }
    WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + COPIER_OFFSET), request->Offset);
    WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + COPIER_LIST_LENGTH), pieces->NumberOfElements);
    WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + COPIER_DOORBELL),
                         request->Write ? COPIER_FROM_MEMORY : COPIER_TO_MEMORY);
    return STATUS_SUCCESS;
}

/* The map registers are ours. */
IO_ALLOCATION_ACTION CopierAdapterControl(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID MapRegisterBase,
                                          PVOID Context)
{
    PCOPIER_EXTENSION extension = (PCOPIER_EXTENSION)Context;
    PCOPIER_REQUEST request = &extension->Request;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp); /* DeviceObject->CurrentIrp, which this driver does not use */

    /* The cancel routine came first, but found nothing to withdraw: the outcome comes from there. */
    if (IoSetCancelRoutine(request->Irp, NULL) == NULL) {
        CopierOver(extension, COPIER_LINE);
        return DeallocateObject;
    }

    request->MapRegisterBase = MapRegisterBase;
    status = request->Irp->Cancel ? STATUS_CANCELLED : CopierMapAndStart(extension);
    if (!NT_SUCCESS(status)) {
        CopierOutcome(extension, COPIER_LINE, status);
        return DeallocateObject;
    }
    CopierOver(extension, COPIER_LINE);
    return DeallocateObjectKeepRegisters;
}

BOOLEAN CopierIsr(PKINTERRUPT Interrupt, PVOID ServiceContext)
{
    PCOPIER_EXTENSION extension = (PCOPIER_EXTENSION)ServiceContext;
    ULONG causes;

    UNREFERENCED_PARAMETER(Interrupt);

    causes = READ_REGISTER_ULONG((PULONG)(extension->Registers + COPIER_INTERRUPT_TAKE));
    if (causes == 0) {
        return FALSE;
    }
    extension->Causes |= causes;
    IoRequestDpc(extension->Self, NULL, NULL);
    return TRUE;
}

static BOOLEAN CopierTakeCauses(PVOID Context)
{
    PCOPIER_EXTENSION extension = (PCOPIER_EXTENSION)Context;
    ULONG causes = extension->Causes;

    extension->Causes = 0;
    return (causes & COPIER_INTERRUPT_ERROR) == 0;
}

/* A transfer, or the part of it that was mapped, is over. */
VOID CopierDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PCOPIER_EXTENSION extension = (PCOPIER_EXTENSION)DeviceObject->DeviceExtension;
    PDMA_OPERATIONS operations = extension->Adapter->DmaOperations;
    PCOPIER_REQUEST request = &extension->Request;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);

    status = KeSynchronizeExecution(extension->Interrupt, CopierTakeCauses, extension)
                 ? STATUS_SUCCESS
                 : STATUS_IO_DEVICE_ERROR;
    operations->FlushAdapterBuffersEx(extension->Adapter, request->Irp->MdlAddress, request->MapRegisterBase,
                                      request->Offset, request->Mapped, request->Write);
    request->Offset += request->Mapped;
    if (NT_SUCCESS(status) && request->Offset < request->Length) {
        status = CopierMapAndStart(extension);
        if (NT_SUCCESS(status)) {
            return;
        }
    }
    if (request->MapRegisterBase != NULL) {
        operations->FreeMapRegisters(extension->Adapter, request->MapRegisterBase, request->Registers);
    }
    CopierOutcome(extension, 0, status);
}
