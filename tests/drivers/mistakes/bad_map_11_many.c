/*
 * One map register is asked for and two pages are mapped with it, by version 1. Mended: a register for each.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH ManyRead;
DRIVER_CONTROL ManyControl;

IO_ALLOCATION_ACTION ManyControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                 PVOID Context)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PDMA_OPERATIONS operations = device->Adapter->DmaOperations;
    PMDL mdl = ((PIRP)Context)->MdlAddress;
    PUCHAR first = (PUCHAR)MmGetMdlVirtualAddress(mdl);
    ULONG mapped = 0;

    while (mapped != MmGetMdlByteCount(mdl)) {
        ULONG length = MmGetMdlByteCount(mdl) - mapped;

        operations->MapTransfer(device->Adapter, mdl, MapRegisterBase, first + mapped, &length, FALSE);
        mapped += length;
    }
    operations->FlushAdapterBuffers(device->Adapter, mdl, MapRegisterBase, first, mapped, FALSE);
    return MistakeDone(DeviceObject, CurrentIrp, MapRegisterBase, Context);
}

NTSTATUS ManyRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    ULONG count = 1;
    NTSTATUS status;
    KIRQL irql;

#ifdef MENDED
    count = ADDRESS_AND_SIZE_TO_SPAN_PAGES(MmGetMdlVirtualAddress(Irp->MdlAddress),
                                           MmGetMdlByteCount(Irp->MdlAddress));
#endif
    IoMarkIrpPending(Irp);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = device->Adapter->DmaOperations->AllocateAdapterChannel(device->Adapter, DeviceObject, count,
                                                                    ManyControl, Irp);
    KeLowerIrql(irql);
    if (!NT_SUCCESS(status)) {
        MistakeFinish(Irp);
    }
    return STATUS_PENDING;
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 24, .ReadWrite = ManyRead};
