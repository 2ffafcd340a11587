/*
 * Memory for a request is freed where the request succeeds, and forgotten where it fails.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH ForgetfulWrite;

NTSTATUS ForgetfulWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PVOID memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, RACE_PAGES * sizeof(ULONG), MISTAKE_TAG);

    UNREFERENCED_PARAMETER(DeviceObject);
#ifdef MENDED
    if (memory != NULL) {
        ExFreePoolWithTag(memory, MISTAKE_TAG);
    }
#else
    UNREFERENCED_PARAMETER(memory);
#endif
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = ForgetfulWrite};
