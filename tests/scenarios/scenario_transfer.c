/*
 * Requests for scenarios: made with the I/O manager's own calls.
 */
#include "scenario_transfer.h"

static NTSTATUS completed(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct transfer *t = context;
    (void)device;
    t->completions++;
    t->status = irp->IoStatus.Status;
    t->information = irp->IoStatus.Information;
    KeSetEvent(&t->completed, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

struct transfer *transfer_make(PDEVICE_OBJECT device, UCHAR function, uint32_t bytes, uint32_t page_offset)
{
    struct transfer *t = haldma_scratch(sizeof *t);
    uint8_t *pages = haldma_alloc_pages((page_offset + bytes + PAGE_SIZE - 1) / PAGE_SIZE, 0, 0);
    haldma_require(pages != NULL, "no pages for a buffer of %u bytes", bytes);
    t->device = device;
    t->buffer = pages + page_offset;
    t->bytes = bytes;
    KeInitializeEvent(&t->completed, NotificationEvent, FALSE);
    t->mdl = IoAllocateMdl(t->buffer, bytes, FALSE, FALSE, NULL);
    t->irp = IoAllocateIrp(device->StackSize, FALSE);
    haldma_require(t->mdl != NULL && t->irp != NULL, "no IRP or MDL");
    MmBuildMdlForNonPagedPool(t->mdl);
    t->irp->MdlAddress = t->mdl;

    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(t->irp);
    stack->MajorFunction = function;
    stack->DeviceObject = device;
    if (function == IRP_MJ_WRITE)
        stack->Parameters.Write.Length = bytes;
    else
        stack->Parameters.Read.Length = bytes;
    IoSetCompletionRoutine(t->irp, completed, t, TRUE, TRUE, TRUE);
    return t;
}

void transfer_send(struct transfer *t)
{
    IoCallDriver(t->device, t->irp);
    KeWaitForSingleObject(&t->completed, Executive, KernelMode, FALSE, NULL);
}

void transfer_check(struct transfer *t)
{
    haldma_require(t->completions == 1, "the request was completed %d times", (int)t->completions);
    IoFreeMdl(t->mdl);
    IoFreeIrp(t->irp);
}
