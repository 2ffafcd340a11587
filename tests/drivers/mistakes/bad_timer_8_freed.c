/*
 * A watchdog is set in memory that is freed with the request, and nobody cancels it.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH WatchdogWrite;

NTSTATUS WatchdogWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PKTIMER timer = (PKTIMER)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(KTIMER), MISTAKE_TAG);
    LARGE_INTEGER due;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (timer == NULL) {
        return MistakeFinish(Irp);
    }
    due.QuadPart = -10000000;
    KeInitializeTimer(timer);
    KeSetTimer(timer, due, NULL);
#ifdef MENDED
    KeCancelTimer(timer);
#endif
    ExFreePoolWithTag(timer, MISTAKE_TAG);
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = WatchdogWrite};
