/*
 * Race 9: teardown against a late DPC.
 *
 * The DPC completes the request first, since its sender waits, and gives the map registers back after that.
 * Who waited for the request may close the device and remove it: disconnecting the interrupt waits for the
 * ISR, not for the DPC. The racy version releases the adapter while the DPC is still at work with it; the
 * mended one waits for DPCs first.
 */
#include "race_driver.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH TeardownWrite;
IO_DPC_ROUTINE TeardownDpc;

NTSTATUS TeardownWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, 1, RaceAdapterControl);
}

VOID TeardownDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PIRP irp = RaceTake(device);

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(CurrentIrp);
    UNREFERENCED_PARAMETER(Context);

    if (irp == NULL) {
        return;
    }
    RaceHold(device);
    RaceFlush(device, irp);
    RaceEnd(device, irp, STATUS_SUCCESS);
    RaceFree(device);
    RaceRelease(device);
}

#ifdef RACE_MENDED
static VOID TeardownStop(PRACE_DEVICE Device)
{
    UNREFERENCED_PARAMETER(Device);
    KeFlushQueuedDpcs();
}
#else
#define TeardownStop NULL
#endif

const RACE_DRIVER RaceDriver = {.ExtensionLength = sizeof(RACE_DEVICE),
                                .AddressWidth = 32,
                                .ReadWrite = TeardownWrite,
                                .Dpc = TeardownDpc,
                                .Stop = TeardownStop};
