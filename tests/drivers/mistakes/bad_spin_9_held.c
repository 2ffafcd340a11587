/*
 * A way out of the DPC that forgets the spin lock.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH HeldRead;
IO_DPC_ROUTINE HeldDpc;

NTSTATUS HeldRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, RACE_PAGES, RaceAdapterControl);
}

VOID HeldDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
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
    KeAcquireSpinLockAtDpcLevel(&device->Lock);
    if (!RaceFlush(device, irp)) {
        KeReleaseSpinLockFromDpcLevel(&device->Lock);
        status = RaceStage(device, irp);
        KeAcquireSpinLockAtDpcLevel(&device->Lock);
        if (NT_SUCCESS(status)) {
#ifdef MENDED
            KeReleaseSpinLockFromDpcLevel(&device->Lock);
#endif
            return;
        }
    }
#ifdef MENDED
    KeReleaseSpinLockFromDpcLevel(&device->Lock);
#else
    if (device->Write) {
        KeReleaseSpinLockFromDpcLevel(&device->Lock);
    }
#endif
    RaceFree(device);
    RaceEnd(device, irp, status);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = HeldRead, .Dpc = HeldDpc};
