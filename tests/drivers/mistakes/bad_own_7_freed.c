/*
 * The buffer is transferred through an MDL of the driver's own, which is freed when the card is done; the
 * flush is forgotten. Mended: the flush comes first.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH ForgottenWrite;
DRIVER_CONTROL ForgottenControl;
IO_DPC_ROUTINE ForgottenDpc;

IO_ALLOCATION_ACTION ForgottenControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                      PVOID Context)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;
    PIRP irp = (PIRP)Context;

    UNREFERENCED_PARAMETER(CurrentIrp);

    device->Race.MapRegisterBase = MapRegisterBase;
    if (!MistakeStageOwn(device, irp)) {
        return DeallocateObject;
    }
    return DeallocateObjectKeepRegisters;
}

NTSTATUS ForgottenWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, 1, ForgottenControl);
}

VOID ForgottenDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;
    PIRP irp = RaceTake(&device->Race);

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(CurrentIrp);
    UNREFERENCED_PARAMETER(Context);

    if (irp == NULL) {
        return;
    }
#ifdef MENDED
    MistakeFlush(device);
#endif
    IoFreeMdl(device->Mdl);
    RaceFree(&device->Race);
    RaceEnd(&device->Race, irp, STATUS_SUCCESS);
}

const RACE_DRIVER RaceDriver = {.ExtensionLength = sizeof(MISTAKE_DEVICE),
                                .AddressWidth = 64,
                                .ReadWrite = ForgottenWrite,
                                .Dpc = ForgottenDpc};
