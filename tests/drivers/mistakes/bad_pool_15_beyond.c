/*
 * One element more than the array has.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH BeyondWrite;

NTSTATUS BeyondWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PULONG counts = (PULONG)ExAllocatePool2(POOL_FLAG_NON_PAGED, RACE_PAGES * sizeof(ULONG), MISTAKE_TAG);
    ULONG last = RACE_PAGES;
    ULONG i;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (counts == NULL) {
        return MistakeFinish(Irp);
    }
#ifdef MENDED
    last = RACE_PAGES - 1;
#endif
    for (i = 0; i <= last; i++) {
        ((volatile ULONG *)counts)[i] = i;
    }
    ExFreePoolWithTag(counts, MISTAKE_TAG);
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = BeyondWrite};
