/*
 * The buffer is locked through an MDL of the driver's own, and unlocked as soon as the card is done. Mended:
 * the flush comes first.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH UnlockedRead;
DRIVER_CONTROL UnlockedControl;
IO_DPC_ROUTINE UnlockedDpc;

/* An MDL of the IRP's buffer, whose pages are locked; or NULL. */
static PMDL LockedMdl(PIRP Irp)
{
    PMDL mdl = IoAllocateMdl(MmGetMdlVirtualAddress(Irp->MdlAddress), MmGetMdlByteCount(Irp->MdlAddress),
                             FALSE, FALSE, NULL);

    return mdl != NULL && MistakeLock(mdl, IoWriteAccess) ? mdl : NULL;
}

static VOID UnlockMdl(PMDL Mdl)
{
    MmUnlockPages(Mdl);
    IoFreeMdl(Mdl);
}

IO_ALLOCATION_ACTION UnlockedControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                     PVOID Context)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;
    PIRP irp = (PIRP)Context;
    NTSTATUS status = STATUS_CANCELLED;

    UNREFERENCED_PARAMETER(CurrentIrp);

    device->Race.MapRegisterBase = MapRegisterBase;
    device->Mdl = LockedMdl(irp);
    if (device->Mdl != NULL) {
        status = MistakeStage(device, irp);
        if (!NT_SUCCESS(status)) {
            UnlockMdl(device->Mdl);
        }
    }
    if (!NT_SUCCESS(status)) {
        RaceEnd(&device->Race, irp, STATUS_CANCELLED);
        return DeallocateObject;
    }
    return DeallocateObjectKeepRegisters;
}

NTSTATUS UnlockedRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, 1, UnlockedControl);
}

VOID UnlockedDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;
    PIRP irp = RaceTake(&device->Race);

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(CurrentIrp);
    UNREFERENCED_PARAMETER(Context);

    if (irp == NULL) {
        return;
    }
#ifdef MENDED
    MistakeFlush(device);
    UnlockMdl(device->Mdl);
#else
    MmUnlockPages(device->Mdl);
    MistakeFlush(device);
    IoFreeMdl(device->Mdl);
#endif
    RaceFree(&device->Race);
    RaceEnd(&device->Race, irp, STATUS_SUCCESS);
}

const RACE_DRIVER RaceDriver = {.ExtensionLength = sizeof(MISTAKE_DEVICE),
                                .AddressWidth = 64,
                                .ReadWrite = UnlockedRead,
                                .Dpc = UnlockedDpc};
