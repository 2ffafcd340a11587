/*
 * Requests of a driver that takes a written register for an arrived one; linked with the copier's plug and
 * play (tests/drivers/copier/copier_driver.c). Written as for the WDK, for one device and one request at a
 * time.
 *
 *   IRP_MJ_READ   gives up after a while: resets the device and gives the buffer back, into which the device
 *                 may still write while the reset is on its way
 *   IRP_MJ_WRITE  the ISR acknowledges the interrupt and returns; while that is on its way the line stays
 *                 up, and the interrupt comes a second time
 *
 * POSTED_READS_BACK reads a register of the device after either write, which pushes it there.
 */
#include "../copier/copier_driver.h"

#define POSTED_INTERRUPT 0x0C
#define POSTED_PATIENCE  (-10LL * 3) /* 3 us, in units of 100 ns */

static KEVENT PostedDone;

/* The register has its value when this returns, or so this driver believes. */
static VOID PostedWrite(PCOPIER_EXTENSION Extension, ULONG Register, ULONG Value)
{
    WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + Register), Value);
#ifdef POSTED_READS_BACK
    READ_REGISTER_ULONG((PULONG)(Extension->Registers + COPIER_STATUS));
#endif
}

/* The line is nobody else's: an interrupt is the end of the transfer. */
BOOLEAN CopierIsr(PKINTERRUPT Interrupt, PVOID ServiceContext)
{
    PCOPIER_EXTENSION extension = (PCOPIER_EXTENSION)ServiceContext;

    UNREFERENCED_PARAMETER(Interrupt);
    PostedWrite(extension, POSTED_INTERRUPT, COPIER_INTERRUPT_DONE | COPIER_INTERRUPT_ERROR);
    IoRequestDpc(extension->Self, NULL, NULL);
    return TRUE;
}

/* At DISPATCH_LEVEL. */
static VOID PostedEnd(PCOPIER_EXTENSION Extension, BOOLEAN Mapped, NTSTATUS Status)
{
    PCOPIER_REQUEST request = &Extension->Request;
    PDMA_OPERATIONS operations = Extension->Adapter->DmaOperations;
    PIRP irp = request->Irp;

    if (Mapped) {
        operations->FlushAdapterBuffersEx(Extension->Adapter, irp->MdlAddress, request->MapRegisterBase, 0,
                                          request->Mapped, request->Write);
    }
    operations->FreeAdapterObject(Extension->Adapter, DeallocateObject);
    irp->IoStatus.Status = Status;
    irp->IoStatus.Information = NT_SUCCESS(Status) ? request->Mapped : 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

VOID CopierDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PCOPIER_EXTENSION extension = (PCOPIER_EXTENSION)DeviceObject->DeviceExtension;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    if (extension->Request.Write) {
        PostedEnd(extension, TRUE, STATUS_SUCCESS);
    } else {
        KeSetEvent(&PostedDone, IO_NO_INCREMENT, FALSE);
    }
}

VOID CopierCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql); /* a request of this driver ends soon enough by itself */
}

static NTSTATUS PostedStart(PCOPIER_EXTENSION Extension, PMDL Mdl)
{
    PCOPIER_REQUEST request = &Extension->Request;
    PDMA_OPERATIONS operations = Extension->Adapter->DmaOperations;
    ULONGLONG buffer[(sizeof(SCATTER_GATHER_LIST) + COPIER_LIST_CAPACITY * sizeof(SCATTER_GATHER_ELEMENT)) /
                     sizeof(ULONGLONG)];
    PSCATTER_GATHER_LIST pieces = (PSCATTER_GATHER_LIST)buffer;
    NTSTATUS status;
    ULONG i;

    request->Mapped = request->Length;
    status = operations->MapTransferEx(Extension->Adapter, Mdl, request->MapRegisterBase, 0, 0,
                                       &request->Mapped, request->Write, pieces, sizeof(buffer), NULL, NULL);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    for (i = 0; i < pieces->NumberOfElements; i++) {
        Extension->List[i].Address = (ULONGLONG)pieces->Elements[i].Address.QuadPart;
        Extension->List[i].Length = pieces->Elements[i].Length;
    }
    WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + COPIER_LIST_LENGTH), pieces->NumberOfElements);
    WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + COPIER_DOORBELL),
                         request->Write ? COPIER_FROM_MEMORY : COPIER_TO_MEMORY);
    return STATUS_SUCCESS;
}

/* Waits for the interrupt; after a while the device is stopped. */
static NTSTATUS PostedAwait(PCOPIER_EXTENSION Extension)
{
    LARGE_INTEGER patience;

    patience.QuadPart = POSTED_PATIENCE;
    if (KeWaitForSingleObject(&PostedDone, Executive, KernelMode, FALSE, &patience) != STATUS_TIMEOUT) {
        return STATUS_SUCCESS;
    }
    PostedWrite(Extension, COPIER_CONTROL, COPIER_CONTROL_RESET | COPIER_CONTROL_INTERRUPTS);
    return STATUS_IO_TIMEOUT;
}

NTSTATUS CopierReadWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCOPIER_EXTENSION extension = (PCOPIER_EXTENSION)DeviceObject->DeviceExtension;
    PCOPIER_REQUEST request = &extension->Request;
    PDMA_OPERATIONS operations = extension->Adapter->DmaOperations;
    BOOLEAN started;
    NTSTATUS status;
    KIRQL irql;

    IoMarkIrpPending(Irp);
    KeInitializeEvent(&PostedDone, NotificationEvent, FALSE);
    request->Irp = Irp;
    request->Write = IoGetCurrentIrpStackLocation(Irp)->MajorFunction == IRP_MJ_WRITE;
    request->Length = MmGetMdlByteCount(Irp->MdlAddress);
    request->Registers =
        ADDRESS_AND_SIZE_TO_SPAN_PAGES(MmGetMdlVirtualAddress(Irp->MdlAddress), request->Length);
    operations->InitializeDmaTransferContext(extension->Adapter, request->TransferContexts[0]);

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = operations->AllocateAdapterChannelEx(
        extension->Adapter, DeviceObject, request->TransferContexts[0], request->Registers,
        DMA_SYNCHRONOUS_CALLBACK, NULL, NULL, &request->MapRegisterBase);
    KeLowerIrql(irql);
    if (!NT_SUCCESS(status)) {
        Irp->IoStatus.Status = status;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return STATUS_PENDING;
    }

    status = PostedStart(extension, Irp->MdlAddress);
    started = NT_SUCCESS(status);
    if (started && request->Write) {
        return STATUS_PENDING; /* the DPC sees to the rest */
    }
    if (started) {
        status = PostedAwait(extension);
    }
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    PostedEnd(extension, started, status);
    KeLowerIrql(irql);
    return STATUS_PENDING;
}
