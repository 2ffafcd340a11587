/*
 * A timer of the driver's is running when it is unloaded. Mended: it is cancelled, and its DPC waited for.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH TimerWrite;
KDEFERRED_ROUTINE TimerDpc;

static KTIMER Timer; /* of the driver, not of the device */
static KDPC Dpc;
static BOOLEAN Running;

VOID TimerDpc(PKDPC TimersDpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    UNREFERENCED_PARAMETER(TimersDpc);
    UNREFERENCED_PARAMETER(DeferredContext);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
}

NTSTATUS TimerWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    LARGE_INTEGER due;

    UNREFERENCED_PARAMETER(DeviceObject);
    due.QuadPart = -10 * 1000 * 1000;
    KeInitializeTimer(&Timer);
    KeInitializeDpc(&Dpc, TimerDpc, NULL);
    KeSetTimerEx(&Timer, due, 1000, &Dpc);
    Running = TRUE;
    return MistakeFinish(Irp);
}

static VOID TimerStop(PRACE_DEVICE Device)
{
    UNREFERENCED_PARAMETER(Device);
#ifdef MENDED
    if (Running) {
        KeCancelTimer(&Timer);
        KeFlushQueuedDpcs();
        Running = FALSE;
    }
#endif
}

const RACE_DRIVER RaceDriver = {.ExtensionLength = sizeof(MISTAKE_DEVICE),
                                .AddressWidth = 64,
                                .ReadWrite = TimerWrite,
                                .Stop = TimerStop};
