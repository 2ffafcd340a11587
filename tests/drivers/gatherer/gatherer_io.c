/*
 * The gatherer's requests: lists, interrupt, DPC, cancel routine.
 */
#include "gatherer.h"

#define GATHERER_TAG 'rhtG'

static DRIVER_CANCEL GathererCancel;
static DRIVER_LIST_CONTROL GathererListControl;

/* Whoever is last completes the IRP: until then nobody's MDL is freed under him. */
static VOID GathererRelease(PGATHERER_REQUEST Request)
{
    PIRP irp = Request->Irp;

    if (InterlockedDecrement(&Request->References) == 0) {
        irp->IoStatus.Status = Request->Status;
        irp->IoStatus.Information = NT_SUCCESS(Request->Status) ? MmGetMdlByteCount(irp->MdlAddress) : 0;
        ExFreePoolWithTag(Request, GATHERER_TAG);
        IoCompleteRequest(irp, IO_DISK_INCREMENT);
    }
}

/* The transfer is over, or will not be. Said once for each request. */
VOID GathererEnd(PGATHERER_REQUEST Request, NTSTATUS Status)
{
    Request->Status = Status;
    GathererRelease(Request);
}

VOID GathererPut(PCOPIER_EXTENSION Extension, PSCATTER_GATHER_LIST List, BOOLEAN Write)
{
    Extension->Adapter->DmaOperations->PutScatterGatherList(Extension->Adapter, List, Write);
}

/* Takes the IRP from its cancel routine; FALSE: that has run, or is about to. */
static BOOLEAN GathererTake(PGATHERER_REQUEST Request)
{
    if (IoSetCancelRoutine(Request->Irp, NULL) == NULL) {
        return FALSE;
    }
    GathererRelease(Request);
    return TRUE;
}

static PGATHERER_REQUEST GathererNewRequest(PCOPIER_EXTENSION Extension, PIRP Irp)
{
    PGATHERER_REQUEST request =
        (PGATHERER_REQUEST)ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(GATHERER_REQUEST), GATHERER_TAG);

    if (request != NULL) {
        RtlZeroMemory(request, sizeof(GATHERER_REQUEST));
        request->Extension = Extension;
        request->Irp = Irp;
        request->Write = IoGetCurrentIrpStackLocation(Irp)->MajorFunction == IRP_MJ_WRITE;
        request->References = 3;
        Irp->Tail.Overlay.DriverContext[0] = request;
    }
    return request;
}

/* Asks for the request's list. It may be over before that returns. */
static VOID GathererAsk(PGATHERER_REQUEST Request)
{
    PDMA_ADAPTER adapter = Request->Extension->Adapter;
    PMDL mdl = Request->Irp->MdlAddress;
    NTSTATUS status;

    status = adapter->DmaOperations->GetScatterGatherListEx(
        adapter, Request->Extension->Self, Request->TransferContext, mdl, 0, MmGetMdlByteCount(mdl), 0,
        GathererListControl, Request, Request->Write, NULL, NULL, NULL);
    if (!NT_SUCCESS(status) && GathererTake(Request)) {
        GathererEnd(Request, status);
    }
}

NTSTATUS CopierReadWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCOPIER_EXTENSION extension = (PCOPIER_EXTENSION)DeviceObject->DeviceExtension;
    PGATHERER_REQUEST request = NULL;
    NTSTATUS status = STATUS_INVALID_PARAMETER;
    KIRQL irql;

    if (Irp->MdlAddress != NULL && MmGetMdlByteCount(Irp->MdlAddress) != 0 &&
        MmGetMdlByteCount(Irp->MdlAddress) <= COPIER_MAXIMUM_LENGTH) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        request = GathererNewRequest(extension, Irp);
    }
    if (request == NULL) {
        Irp->IoStatus.Status = status;
        Irp->IoStatus.Information = 0;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return status;
    }

    extension->Adapter->DmaOperations->InitializeDmaTransferContext(extension->Adapter,
                                                                    request->TransferContext);
    IoMarkIrpPending(Irp);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    IoSetCancelRoutine(Irp, GathererCancel);
    if (Irp->Cancel && GathererTake(request)) {
        GathererEnd(request, STATUS_CANCELLED);
    } else {
        GathererAsk(request);
    }
    GathererRelease(request);
    KeLowerIrql(irql);
    return STATUS_PENDING;
}

/*
 * Only if CancelAdapterChannel succeeds is the list not made. Otherwise GathererListControl has been called
 * or is about to be, sees that the cancel routine is gone, and ends the request.
 */
static VOID GathererCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PGATHERER_REQUEST request = (PGATHERER_REQUEST)Irp->Tail.Overlay.DriverContext[0];
    PDMA_ADAPTER adapter = request->Extension->Adapter;
    KIRQL irql = Irp->CancelIrql;

    IoReleaseCancelSpinLock(DISPATCH_LEVEL);
    if (adapter->DmaOperations->CancelAdapterChannel(adapter, DeviceObject, request->TransferContext)) {
        GathererEnd(request, STATUS_CANCELLED);
    }
    GathererRelease(request);
    KeLowerIrql(irql);
}

/* The device gets the request that has it now. At DISPATCH_LEVEL. */
static VOID GathererProgram(PGATHERER_REQUEST Request)
{
    PCOPIER_EXTENSION extension = Request->Extension;
    PSCATTER_GATHER_LIST list = Request->List;
    ULONG i;

    for (i = 0; i < list->NumberOfElements; i++) {
        extension->List[i].Address = (ULONGLONG)list->Elements[i].Address.QuadPart;
        extension->List[i].Length = list->Elements[i].Length;
    }
    WRITE_REGISTER_ULONG((PULONG)(extension->Registers + COPIER_OFFSET), 0);
    WRITE_REGISTER_ULONG((PULONG)(extension->Registers + COPIER_LIST_LENGTH), list->NumberOfElements);
    WRITE_REGISTER_ULONG((PULONG)(extension->Registers + COPIER_DOORBELL),
                         Request->Write ? COPIER_FROM_MEMORY : COPIER_TO_MEMORY);
}

/* The list is there. */
static VOID GathererListControl(PDEVICE_OBJECT DeviceObject, PIRP Irp, PSCATTER_GATHER_LIST ScatterGather,
                                PVOID Context)
{
    PGATHERER_REQUEST request = (PGATHERER_REQUEST)Context;
    PCOPIER_EXTENSION extension = request->Extension;
    BOOLEAN first;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp); /* DeviceObject->CurrentIrp, which this driver does not use */

    if (!GathererTake(request)) {
        GathererPut(extension, ScatterGather, request->Write);
        GathererEnd(request, STATUS_CANCELLED);
        return;
    }

    request->List = ScatterGather;
    KeAcquireSpinLockAtDpcLevel(&extension->Lock);
    first = extension->Gathering == NULL;
    if (first) {
        extension->Gathering = request;
    } else {
        InsertTailList(&extension->Queue, &request->Link);
    }
    KeReleaseSpinLockFromDpcLevel(&extension->Lock);
    if (first) {
        GathererProgram(request);
    }
}

BOOLEAN CopierIsr(PKINTERRUPT Interrupt, PVOID ServiceContext)
{
    PCOPIER_EXTENSION extension = (PCOPIER_EXTENSION)ServiceContext;
    ULONG causes = READ_REGISTER_ULONG((PULONG)(extension->Registers + COPIER_INTERRUPT_TAKE));

    UNREFERENCED_PARAMETER(Interrupt);
    if (causes == 0) {
        return FALSE;
    }
    extension->Causes |= causes;
    IoRequestDpc(extension->Self, NULL, NULL);
    return TRUE;
}

static BOOLEAN GathererTakeCauses(PVOID Context)
{
    PCOPIER_EXTENSION extension = (PCOPIER_EXTENSION)Context;
    ULONG causes = extension->Causes;

    extension->Causes = 0;
    return (causes & COPIER_INTERRUPT_ERROR) == 0;
}

/* A transfer is over: the next one gets the device. */
VOID CopierDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PCOPIER_EXTENSION extension = (PCOPIER_EXTENSION)DeviceObject->DeviceExtension;
    PGATHERER_REQUEST done, next = NULL;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);

    status = KeSynchronizeExecution(extension->Interrupt, GathererTakeCauses, extension)
                 ? STATUS_SUCCESS
                 : STATUS_IO_DEVICE_ERROR;
    KeAcquireSpinLockAtDpcLevel(&extension->Lock);
    done = (PGATHERER_REQUEST)extension->Gathering;
    if (!IsListEmpty(&extension->Queue)) {
        next = CONTAINING_RECORD(RemoveHeadList(&extension->Queue), GATHERER_REQUEST, Link);
    }
    extension->Gathering = next;
    KeReleaseSpinLockFromDpcLevel(&extension->Lock);

    if (next != NULL) {
        GathererProgram(next);
    }
    GathererDone(done, status);
}
