/*
 * A driver with two adapters initialises the transfer context with one of them and allocates with the other.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH OtherWrite;

static PDMA_ADAPTER OtherAdapter(PRACE_DEVICE Device)
{
    DEVICE_DESCRIPTION description;
    ULONG registers;

    RtlZeroMemory(&description, sizeof(description));
    description.Version = DEVICE_DESCRIPTION_VERSION3;
    description.Master = TRUE;
    description.ScatterGather = TRUE;
    description.InterfaceType = PCIBus;
    description.MaximumLength = RACE_MAXIMUM_LENGTH;
    description.DmaAddressWidth = 64;
    return IoGetDmaAdapter(Device->Pdo, &description, &registers);
}

NTSTATUS OtherWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PDMA_ADAPTER other = OtherAdapter(device);
    PDMA_ADAPTER whose = other;
    PVOID base;
    KIRQL irql;

    if (other == NULL) {
        return MistakeFinish(Irp);
    }
#ifndef MENDED
    whose = device->Adapter;
#endif
    whose->DmaOperations->InitializeDmaTransferContext(whose, device->TransferContext);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    if (NT_SUCCESS(other->DmaOperations->AllocateAdapterChannelEx(
            other, DeviceObject, device->TransferContext, 1, DMA_SYNCHRONOUS_CALLBACK, NULL, NULL, &base))) {
        other->DmaOperations->FreeAdapterObject(other, DeallocateObject);
    }
    KeLowerIrql(irql);
    other->DmaOperations->PutDmaAdapter(other);
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = OtherWrite};
