/*
 * A control device that is made with the first request is still there when the driver is unloaded.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH ControlWrite;
static VOID ControlStop(PRACE_DEVICE Device);

NTSTATUS ControlWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;
    PDEVICE_OBJECT control;

    if (NT_SUCCESS(IoCreateDevice(DeviceObject->DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN,
                                  FILE_DEVICE_SECURE_OPEN, FALSE, &control))) {
        device->Memory = control;
    }
    return MistakeFinish(Irp);
}

static VOID ControlStop(PRACE_DEVICE Device)
{
#ifdef MENDED
    PMISTAKE_DEVICE device = CONTAINING_RECORD(Device, MISTAKE_DEVICE, Race);

    if (device->Memory != NULL) {
        IoDeleteDevice((PDEVICE_OBJECT)device->Memory);
    }
#else
    UNREFERENCED_PARAMETER(Device);
#endif
}

const RACE_DRIVER RaceDriver = {.ExtensionLength = sizeof(MISTAKE_DEVICE),
                                .AddressWidth = 64,
                                .ReadWrite = ControlWrite,
                                .Stop = ControlStop};
