/*
 * 0xE6/16, 20 and 23: a flush of another buffer, of nothing, and before the end.
 */
#include "bad.h"

/* 16: the second buffer of a request is flushed, and the first was mapped. */
static VOID Another(PBAD_DEVICE Device, PMDL Mdl)
{
    if (!BadAllocate(Device, 2)) {
        return;
    }
    BadMap(Device, Mdl, 0, 100, TRUE);
    BadFlush(Device, Mdl, MENDED ? 0 : PAGE_SIZE, 100, TRUE);
    BadFreeObject(Device, DeallocateObject);
}

/* 20: flushed twice. */
static VOID Twice(PBAD_DEVICE Device, PMDL Mdl)
{
    if (!BadAllocate(Device, 1)) {
        return;
    }
    BadMap(Device, Mdl, 0, 100, TRUE);
    BadFlush(Device, Mdl, 0, 100, TRUE);
    if (!MENDED) {
        BadFlush(Device, Mdl, 0, 100, TRUE);
    }
    BadFreeObject(Device, DeallocateObject);
}

/* 23: system DMA, and the driver does not wait for its completion routine. */
static VOID Subordinate(PBAD_DEVICE Device, PDEVICE_DESCRIPTION Description)
{
    Description->Master = FALSE;
    Description->InterfaceType = Internal;
    Description->DmaWidth = Width32Bits;
    Description->DmaRequestLine = Device->RequestLine;
}

static VOID Completed(PDMA_ADAPTER Adapter, PDEVICE_OBJECT DeviceObject, PVOID Context,
                      DMA_COMPLETION_STATUS Status)
{
    UNREFERENCED_PARAMETER(Adapter);
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Status);
    KeSetEvent(&((PBAD_DEVICE)Context)->Event, IO_NO_INCREMENT, FALSE);
}

static VOID TooEarly(PBAD_DEVICE Device, PMDL Mdl)
{
    ULONG length = 256;
    NTSTATUS status;

    if (!BadAllocate(Device, 1)) {
        return;
    }
    KeClearEvent(&Device->Event);
    status = Device->Operations->MapTransferEx(Device->Adapter, Mdl, Device->Base, 0, 0, &length, TRUE, NULL,
                                               0, Completed, Device);
    if (NT_SUCCESS(status)) {
        if (MENDED) {
            KeWaitForSingleObject(&Device->Event, Executive, KernelMode, FALSE, NULL);
        }
        Device->Operations->FlushAdapterBuffersEx(Device->Adapter, Mdl, Device->Base, 0, length, TRUE);
    }
    BadFreeObject(Device, DeallocateObject);
}

BAD_DRIVER(e6_16_flush_of_another_buffer, NULL, Another, NULL)
BAD_DRIVER(e6_20_flush_of_nothing, NULL, Twice, NULL)
BAD_DRIVER(e6_23_flush_before_the_end, Subordinate, TooEarly, NULL)
