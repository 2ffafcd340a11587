/*
 * A transfer context is used for another allocation while it stands for one that is kept. Mended: what is
 * kept is freed first.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH KeptWrite;

NTSTATUS KeptWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PDMA_OPERATIONS operations = device->Adapter->DmaOperations;
    PVOID base;
    KIRQL irql;

    operations->InitializeDmaTransferContext(device->Adapter, device->TransferContext);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    if (NT_SUCCESS(operations->AllocateAdapterChannelEx(device->Adapter, DeviceObject,
                                                        device->TransferContext, 1, DMA_SYNCHRONOUS_CALLBACK,
                                                        NULL, NULL, &base))) {
#ifdef MENDED
        operations->FreeAdapterObject(device->Adapter, DeallocateObject);
#endif
        if (NT_SUCCESS(operations->AllocateAdapterChannelEx(device->Adapter, DeviceObject,
                                                            device->TransferContext, 1,
                                                            DMA_SYNCHRONOUS_CALLBACK, NULL, NULL, &base))) {
            operations->FreeAdapterObject(device->Adapter, DeallocateObject);
        }
    }
    KeLowerIrql(irql);
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = KeptWrite};
