/*
 * The flush of version 1 is given where the buffer ends and not where it begins: CurrentVa went on already.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH AddressRead;
IO_DPC_ROUTINE AddressDpc;

NTSTATUS AddressRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, RACE_PAGES, RaceAdapterControl);
}

VOID AddressDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PIRP irp = RaceTake(device);
    NTSTATUS status = STATUS_SUCCESS;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(CurrentIrp);
    UNREFERENCED_PARAMETER(Context);

    if (irp == NULL) {
        return;
    }
    PUCHAR current = (PUCHAR)MmGetMdlVirtualAddress(irp->MdlAddress) + device->Offset;

    device->Offset += device->Mapped;
#ifndef MENDED
    current += device->Mapped;
#endif
    device->Adapter->DmaOperations->FlushAdapterBuffers(
        device->Adapter, irp->MdlAddress, device->MapRegisterBase, current, device->Mapped, FALSE);
    if (device->Offset != device->Length) {
        status = RaceStage(device, irp);
        if (NT_SUCCESS(status)) {
            return;
        }
    }
    RaceFree(device);
    RaceEnd(device, irp, status);
}

const RACE_DRIVER RaceDriver = {.ExtensionLength = sizeof(MISTAKE_DEVICE),
                                .AddressWidth = 32,
                                .ReadWrite = AddressRead,
                                .Dpc = AddressDpc};
