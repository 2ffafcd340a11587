/*
 * Paged pool is touched while a spin lock is held.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH PagedWrite;

NTSTATUS PagedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;
    POOL_FLAGS flags = POOL_FLAG_PAGED;
    PULONG count;
    KIRQL irql;

#ifdef MENDED
    flags = POOL_FLAG_NON_PAGED;
#endif
    count = (PULONG)ExAllocatePool2(flags, sizeof(ULONG), MISTAKE_TAG);
    if (count == NULL) {
        return MistakeFinish(Irp);
    }
    KeAcquireSpinLock(&device->Race.Lock, &irql);
    *count = MmGetMdlByteCount(Irp->MdlAddress);
    KeReleaseSpinLock(&device->Race.Lock, irql);
    ExFreePoolWithTag(count, MISTAKE_TAG);
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = PagedWrite};
