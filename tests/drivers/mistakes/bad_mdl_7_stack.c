/*
 * An MDL for a transfer is built over a buffer on the stack. Mended: its pages are locked, for a while.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH StackWrite;

NTSTATUS StackWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UCHAR buffer[RACE_PAGES * sizeof(ULONG)];
    PMDL mdl = IoAllocateMdl(buffer, sizeof(buffer), FALSE, FALSE, NULL);

    UNREFERENCED_PARAMETER(DeviceObject);
    if (mdl == NULL) {
        return MistakeFinish(Irp);
    }
#ifdef MENDED
    if (!MistakeLock(mdl, IoModifyAccess)) {
        return MistakeFinish(Irp);
    }
    MmUnlockPages(mdl);
#else
    MmBuildMdlForNonPagedPool(mdl);
#endif
    IoFreeMdl(mdl);
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = StackWrite};
