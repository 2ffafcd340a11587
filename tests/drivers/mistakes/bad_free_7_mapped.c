/*
 * The map registers are freed while they still map: the flush is forgotten.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH OwedRead;
IO_DPC_ROUTINE OwedDpc;

NTSTATUS OwedRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, RACE_PAGES, RaceAdapterControl);
}

VOID OwedDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PIRP irp = RaceTake(device);
    NTSTATUS status = STATUS_SUCCESS;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(CurrentIrp);
    UNREFERENCED_PARAMETER(Context);

    if (irp == NULL) {
        return;
    }
#ifdef MENDED
    RaceFlush(device, irp);
#else
    device->Offset = device->Length;
#endif
    if (device->Offset != device->Length) {
        status = RaceStage(device, irp);
        if (NT_SUCCESS(status)) {
            return;
        }
    }
    RaceFree(device);
    RaceEnd(device, irp, status);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 24, .ReadWrite = OwedRead, .Dpc = OwedDpc};
