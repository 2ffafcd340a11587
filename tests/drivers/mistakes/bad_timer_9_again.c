/*
 * A timer is initialised for each request, also while it still runs for the one before.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH TimedWrite;
static VOID TimedStop(PRACE_DEVICE Device);

NTSTATUS TimedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;
    PKTIMER timer;
    LARGE_INTEGER due;
    KIRQL irql;

    due.QuadPart = -10000000;
    KeAcquireSpinLock(&device->Second, &irql);
    timer = (PKTIMER)device->Memory;
    if (timer == NULL) {
        timer = (PKTIMER)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(KTIMER), MISTAKE_TAG);
        device->Memory = timer;
#ifdef MENDED
        if (timer != NULL) {
            KeInitializeTimer(timer);
        }
#endif
    }
    if (timer != NULL) {
#ifndef MENDED
        KeInitializeTimer(timer);
#endif
        KeSetTimer(timer, due, NULL);
    }
    KeReleaseSpinLock(&device->Second, irql);
    return MistakeFinish(Irp);
}

static VOID TimedStop(PRACE_DEVICE Device)
{
    PMISTAKE_DEVICE device = CONTAINING_RECORD(Device, MISTAKE_DEVICE, Race);

    if (device->Memory != NULL) {
        KeCancelTimer((PKTIMER)device->Memory);
        ExFreePoolWithTag(device->Memory, MISTAKE_TAG);
    }
}

const RACE_DRIVER RaceDriver = {.ExtensionLength = sizeof(MISTAKE_DEVICE),
                                .AddressWidth = 64,
                                .ReadWrite = TimedWrite,
                                .Stop = TimedStop};
