/*
 * Where there are no map registers there is nothing to flush, the author says: what was mapped without them
 * stays mapped, and the adapter is released. Mended: each mapping is flushed.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH MappedWrite;
IO_DPC_ROUTINE MappedDpc;

NTSTATUS MappedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, 1, RaceAdapterControl);
}

VOID MappedDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PIRP irp = RaceTake(device);
    BOOLEAN owed = TRUE;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(CurrentIrp);
    UNREFERENCED_PARAMETER(Context);

    if (irp == NULL) {
        return;
    }
#ifndef MENDED
    owed = device->MapRegisterBase != NULL;
#endif
    if (owed) {
        RaceFlush(device, irp);
    }
    RaceFree(device);
    RaceEnd(device, irp, STATUS_SUCCESS);
}

const RACE_DRIVER RaceDriver = {.ExtensionLength = sizeof(MISTAKE_DEVICE),
                                .AddressWidth = 64,
                                .ReadWrite = MappedWrite,
                                .Dpc = MappedDpc};
