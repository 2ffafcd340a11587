/*
 * Writes: StartIo, map registers, interrupt, DPC. One at a time.
 */
#include "faulty.h"

DRIVER_CONTROL FaultyAdapterControl;

NTSTATUS FaultyWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    IoMarkIrpPending(Irp);
    IoStartPacket(DeviceObject, Irp, NULL, NULL);
    return STATUS_PENDING;
}

/* At DISPATCH_LEVEL. */
static VOID FaultyComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, NTSTATUS Status, ULONG Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    IoStartNextPacket(DeviceObject, FALSE);
}

/* The write is over, and has no map registers. */
static VOID FaultyFinish(PFAULTY_EXTENSION Extension, PFAULTY_REQUEST Request, NTSTATUS Status)
{
    PIRP irp = Request->Irp;
    ULONG length = NT_SUCCESS(Status) ? Request->Length : 0;

    if (Request->Part != NULL) {
        IoFreeMdl(Request->Part);
    }
    ExFreePoolWithTag(Request, FAULTY_TAG);
    FaultyComplete(Extension->Self, irp, Status, length);
}

static NTSTATUS FaultyAllocate(PFAULTY_EXTENSION Extension, PFAULTY_REQUEST Request)
{
    PDMA_OPERATIONS operations = Extension->Adapter->DmaOperations;
    NTSTATUS status;

    operations->InitializeDmaTransferContext(Extension->Adapter, Request->TransferContext);
    status =
        operations->AllocateAdapterChannelEx(Extension->Adapter, Extension->Self, Request->TransferContext,
                                             Request->Registers, 0, FaultyAdapterControl, Request, NULL);
#if FAULTY_BUG == FAULTY_COMPLETES_TWICE
    if (!NT_SUCCESS(status)) {
        FaultyFinish(Extension, Request, status);
    }
#endif
    return status;
}

VOID FaultyStartIo(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFAULTY_EXTENSION extension = (PFAULTY_EXTENSION)DeviceObject->DeviceExtension;
    PFAULTY_REQUEST request;
    NTSTATUS status;

    request = (PFAULTY_REQUEST)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(FAULTY_REQUEST), FAULTY_TAG);
    if (request == NULL) {
        FaultyComplete(DeviceObject, Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
        return;
    }
    request->Irp = Irp;
    request->Length = MmGetMdlByteCount(Irp->MdlAddress);
    request->Registers =
        ADDRESS_AND_SIZE_TO_SPAN_PAGES(MmGetMdlVirtualAddress(Irp->MdlAddress), request->Length);
    extension->Request = request;

    status = FaultyAllocate(extension, request);
    if (!NT_SUCCESS(status)) {
#if FAULTY_BUG == FAULTY_COMPLETES_TWICE
        FaultyComplete(DeviceObject, Irp, status, 0);
#else
        FaultyFinish(extension, request, status);
#endif
    }
}

/* Maps what is left, or as much of it as the HAL does in one go, and starts the device. */
static NTSTATUS FaultyMap(PFAULTY_EXTENSION Extension, PFAULTY_REQUEST Request)
{
    ULONGLONG buffer[(sizeof(SCATTER_GATHER_LIST) + FAULTY_LIST_CAPACITY * sizeof(SCATTER_GATHER_ELEMENT)) /
                     sizeof(ULONGLONG)];
    PSCATTER_GATHER_LIST pieces = (PSCATTER_GATHER_LIST)buffer;
    NTSTATUS status;
    ULONG i;

    Request->Mapped = Request->Length - Request->Offset;
    status = Extension->Adapter->DmaOperations->MapTransferEx(
        Extension->Adapter, Request->Part, Request->MapRegisterBase, Request->Offset, 0, &Request->Mapped,
        TRUE, pieces, sizeof(buffer), NULL, NULL);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    for (i = 0; i < pieces->NumberOfElements; i++) {
        Extension->List[i].Address = (ULONGLONG)pieces->Elements[i].Address.QuadPart;
        Extension->List[i].Length = pieces->Elements[i].Length;
    }
    WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + FAULTY_OFFSET), Request->Offset);
    WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + FAULTY_LIST_LENGTH), pieces->NumberOfElements);
    WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + FAULTY_DOORBELL), FAULTY_FROM_MEMORY);
    return STATUS_SUCCESS;
}

static NTSTATUS FaultyDescribe(PFAULTY_REQUEST Request)
{
    PMDL whole = Request->Irp->MdlAddress;

    Request->Part = IoAllocateMdl(MmGetMdlVirtualAddress(whole), Request->Length, FALSE, FALSE, NULL);
    if (Request->Part == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    IoBuildPartialMdl(whole, Request->Part, MmGetMdlVirtualAddress(whole), Request->Length);
    return STATUS_SUCCESS;
}

IO_ALLOCATION_ACTION FaultyAdapterControl(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID MapRegisterBase,
                                          PVOID Context)
{
    PFAULTY_EXTENSION extension = (PFAULTY_EXTENSION)DeviceObject->DeviceExtension;
    PFAULTY_REQUEST request = (PFAULTY_REQUEST)Context;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(Irp);
    request->MapRegisterBase = MapRegisterBase;
    status = FaultyDescribe(request);
#if FAULTY_BUG == FAULTY_FORGETS_REGISTERS
    if (!NT_SUCCESS(status)) {
        FaultyFinish(extension, request, status);
        return DeallocateObjectKeepRegisters;
    }
#endif
    if (NT_SUCCESS(status)) {
        status = FaultyMap(extension, request);
    }
    if (!NT_SUCCESS(status)) {
        FaultyFinish(extension, request, status);
        return DeallocateObject;
    }
    return DeallocateObjectKeepRegisters;
}

BOOLEAN FaultyIsr(PKINTERRUPT Interrupt, PVOID ServiceContext)
{
    PFAULTY_EXTENSION extension = (PFAULTY_EXTENSION)ServiceContext;
    ULONG causes = READ_REGISTER_ULONG((PULONG)(extension->Registers + FAULTY_INTERRUPT_TAKE));

    UNREFERENCED_PARAMETER(Interrupt);
    if (causes == 0) {
        return FALSE;
    }
    extension->Log[0] = causes;
    IoRequestDpc(extension->Self, NULL, NULL);
    return TRUE;
}

VOID FaultyDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PFAULTY_EXTENSION extension = (PFAULTY_EXTENSION)DeviceObject->DeviceExtension;
    PDMA_OPERATIONS operations = extension->Adapter->DmaOperations;
    PFAULTY_REQUEST request = extension->Request;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    status = extension->Log[0] & FAULTY_INTERRUPT_ERROR ? STATUS_IO_DEVICE_ERROR : STATUS_SUCCESS;
    operations->FlushAdapterBuffersEx(extension->Adapter, request->Part, request->MapRegisterBase,
                                      request->Offset, request->Mapped, TRUE);
    request->Offset += request->Mapped;
#if FAULTY_BUG != FAULTY_IGNORES_PARTIAL
    if (NT_SUCCESS(status) && request->Offset < request->Length) {
        status = FaultyMap(extension, request);
        if (NT_SUCCESS(status)) {
            return;
        }
    }
#endif
    if (request->MapRegisterBase != NULL) {
        operations->FreeMapRegisters(extension->Adapter, request->MapRegisterBase, request->Registers);
    }
    FaultyFinish(extension, request, status);
}
