/*
 * 0xE6/07 to 0A and 11: the device is removed with what a write allocated, or without its adapter being put.
 */
#include "bad.h"

/* 07 */
static VOID AllocateCommon(PBAD_DEVICE Device, PMDL Mdl)
{
    UNREFERENCED_PARAMETER(Mdl);
    BadAllocateCommon(Device);
}

static VOID KeepCommon(PBAD_DEVICE Device)
{
    if (MENDED && Device->Common != NULL) {
        BadFreeCommon(Device);
    }
    Device->Operations->PutDmaAdapter(Device->Adapter);
}

/* 08 */
static VOID AllocateChannel(PBAD_DEVICE Device, PMDL Mdl)
{
    UNREFERENCED_PARAMETER(Mdl);
    BadAllocate(Device, 1);
}

static VOID KeepChannel(PBAD_DEVICE Device)
{
    if (MENDED && Device->Count != 0) {
        BadFreeObject(Device, DeallocateObject);
    }
    Device->Operations->PutDmaAdapter(Device->Adapter);
}

/* 09 */
static VOID AllocateRegisters(PBAD_DEVICE Device, PMDL Mdl)
{
    UNREFERENCED_PARAMETER(Mdl);
    if (BadAllocate(Device, 2)) {
        BadFreeObject(Device, DeallocateObjectKeepRegisters);
    }
}

static VOID KeepRegisters(PBAD_DEVICE Device)
{
    if (MENDED && Device->Count != 0) {
        BadFreeRegisters(Device);
    }
    Device->Operations->PutDmaAdapter(Device->Adapter);
}

/* 0A */
static VOID GetList(PBAD_DEVICE Device, PMDL Mdl)
{
    if (BadGetList(Device, Mdl, (PUCHAR)MmGetMdlVirtualAddress(Mdl), PAGE_SIZE) && MENDED) {
        BadPutList(Device);
    }
}

/* 11: requests wait when the adapter is released, since nobody cancels them. */
static IO_ALLOCATION_ACTION NeverCalled(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Base, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Base);
    UNREFERENCED_PARAMETER(Context);
    return DeallocateObject;
}

static VOID Wait(PBAD_DEVICE Device, PMDL Mdl)
{
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    NTSTATUS status;
    KIRQL irql;

    UNREFERENCED_PARAMETER(Mdl);
    if (!BadAllocate(Device, 1)) {
        return;
    }
    Device->Operations->InitializeDmaTransferContext(Device->Adapter, transfer);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = Device->Operations->AllocateAdapterChannelEx(Device->Adapter, Device->Self, transfer, 1, 0,
                                                          NeverCalled, Device, NULL);
    if (MENDED) {
        if (NT_SUCCESS(status)) {
            Device->Operations->CancelAdapterChannel(Device->Adapter, Device->Self, transfer);
        }
    } else {
        Device->Operations->PutDmaAdapter(Device->Adapter);
    }
    KeLowerIrql(irql);
    BadFreeObject(Device, DeallocateObject);
}

/* 11: the adapter itself. */
static VOID Nothing(PBAD_DEVICE Device, PMDL Mdl)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Mdl);
}

static VOID KeepAdapter(PBAD_DEVICE Device)
{
    if (MENDED) {
        Device->Operations->PutDmaAdapter(Device->Adapter);
    }
}

BAD_DRIVER(e6_07_common_buffer_left, NULL, AllocateCommon, KeepCommon)
BAD_DRIVER(e6_08_channel_left, NULL, AllocateChannel, KeepChannel)
BAD_DRIVER(e6_09_registers_left, NULL, AllocateRegisters, KeepRegisters)
BAD_DRIVER(e6_0a_list_left, NULL, GetList, NULL)
BAD_DRIVER(e6_11_released_while_requests_wait, NULL, Wait, NULL)
BAD_DRIVER(e6_11_adapter_left, NULL, Nothing, KeepAdapter)
