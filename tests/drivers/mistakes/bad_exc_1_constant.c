/*
 * A buffer that the device is to fill is a constant, and locked for that: the exception is nobody's. Mended:
 * it is a variable, and an exception is handled.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH ConstantWrite;

#ifdef MENDED
static UCHAR ConstantAnswer[PAGE_SIZE] = {1};
#else
static const UCHAR ConstantAnswer[PAGE_SIZE] = {1};
#endif

NTSTATUS ConstantWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMDL mdl = IoAllocateMdl((PVOID)(ULONG_PTR)ConstantAnswer, sizeof(ConstantAnswer), FALSE, FALSE, NULL);

    UNREFERENCED_PARAMETER(DeviceObject);
    if (mdl == NULL) {
        return MistakeFinish(Irp);
    }
#ifdef MENDED
    if (!MistakeLock(mdl, IoWriteAccess)) {
        return MistakeFinish(Irp);
    }
#else
    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
#endif
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = ConstantWrite};
