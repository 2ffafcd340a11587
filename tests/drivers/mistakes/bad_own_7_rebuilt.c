/*
 * A buffer is transferred page by page through one partial MDL, which is built for the next page before the
 * last one is flushed. Mended: the flush comes first.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH PagedRead;
DRIVER_CONTROL PagedControl;
IO_DPC_ROUTINE PagedDpc;

/* The next page of the IRP's buffer, or what it has of it. */
static VOID BuildPage(PMISTAKE_DEVICE Device, PIRP Irp, ULONG Offset)
{
    PUCHAR page = (PUCHAR)MmGetMdlVirtualAddress(Irp->MdlAddress) + Offset;
    ULONG left = Device->Race.Length - Offset;
    ULONG in_page = PAGE_SIZE - BYTE_OFFSET(page);

    MmPrepareMdlForReuse(Device->Mdl);
    IoBuildPartialMdl(Irp->MdlAddress, Device->Mdl, page, left < in_page ? left : in_page);
}

/* The transfer ends, and nothing is mapped. */
static VOID PagedEnd(PMISTAKE_DEVICE Device, PIRP Irp, NTSTATUS Status)
{
    IoFreeMdl(Device->Mdl);
    RaceEnd(&Device->Race, Irp, Status);
}

IO_ALLOCATION_ACTION PagedControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                  PVOID Context)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;
    PIRP irp = (PIRP)Context;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(CurrentIrp);

    device->Race.MapRegisterBase = MapRegisterBase;
    device->Mdl =
        IoAllocateMdl(MmGetMdlVirtualAddress(irp->MdlAddress), device->Race.Length, FALSE, FALSE, NULL);
    if (device->Mdl == NULL) {
        RaceEnd(&device->Race, irp, STATUS_CANCELLED);
        return DeallocateObject;
    }
    BuildPage(device, irp, 0);
    status = MistakeStage(device, irp);
    if (!NT_SUCCESS(status)) {
        PagedEnd(device, irp, status);
        return DeallocateObject;
    }
    return DeallocateObjectKeepRegisters;
}

NTSTATUS PagedRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, RACE_PAGES, PagedControl);
}

VOID PagedDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;
    PIRP irp = RaceTake(&device->Race);
    NTSTATUS status = STATUS_SUCCESS;
    ULONG next;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(CurrentIrp);
    UNREFERENCED_PARAMETER(Context);

    if (irp == NULL) {
        return;
    }
    next = device->Race.Offset + device->Race.Mapped;
#ifdef MENDED
    MistakeFlush(device);
#endif
    if (next != device->Race.Length) {
        BuildPage(device, irp, next);
    }
#ifndef MENDED
    MistakeFlush(device);
#endif
    device->Race.Offset = next;
    if (next != device->Race.Length) {
        status = MistakeStage(device, irp);
        if (NT_SUCCESS(status)) {
            return;
        }
    }
    RaceFree(&device->Race);
    PagedEnd(device, irp, status);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = PagedRead, .Dpc = PagedDpc};
