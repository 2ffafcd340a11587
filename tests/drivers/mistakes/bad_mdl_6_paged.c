/*
 * An MDL for a transfer is built over paged pool.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH PagedWrite;

NTSTATUS PagedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PVOID memory;
    PMDL mdl;

    UNREFERENCED_PARAMETER(DeviceObject);
#ifdef MENDED
    memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, RACE_PAGES * sizeof(ULONG), MISTAKE_TAG);
#else
    memory = ExAllocatePool2(POOL_FLAG_PAGED, RACE_PAGES * sizeof(ULONG), MISTAKE_TAG);
#endif
    if (memory == NULL) {
        return MistakeFinish(Irp);
    }
    mdl = IoAllocateMdl(memory, RACE_PAGES * sizeof(ULONG), FALSE, FALSE, NULL);
    if (mdl != NULL) {
        MmBuildMdlForNonPagedPool(mdl);
        IoFreeMdl(mdl);
    }
    ExFreePoolWithTag(memory, MISTAKE_TAG);
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = PagedWrite};
