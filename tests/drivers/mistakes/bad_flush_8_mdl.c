/*
 * The flush names an MDL of its own making for the same buffer. Mended: the MDL that was mapped.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH MdlRead;
IO_DPC_ROUTINE MdlDpc;

NTSTATUS MdlRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, RACE_PAGES, RaceAdapterControl);
}

VOID MdlDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
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
#ifdef MENDED
    if (!RaceFlush(device, irp)) {
        status = RaceStage(device, irp);
        if (NT_SUCCESS(status)) {
            return;
        }
    }
#else
    PMDL own = IoAllocateMdl(MmGetMdlVirtualAddress(irp->MdlAddress), device->Length, FALSE, FALSE, NULL);

    MmBuildMdlForNonPagedPool(own);
    device->Adapter->DmaOperations->FlushAdapterBuffersEx(device->Adapter, own, device->MapRegisterBase,
                                                          device->Offset, device->Mapped, FALSE);
    IoFreeMdl(own);
#endif
    RaceFree(device);
    RaceEnd(device, irp, status);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = MdlRead, .Dpc = MdlDpc};
