/*
 * The DPC raises the level, against its own interrupt, and does not lower it again.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH RaisedRead;
IO_DPC_ROUTINE RaisedDpc;

NTSTATUS RaisedRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, RACE_PAGES, RaceAdapterControl);
}

VOID RaisedDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    KIRQL irql;

    RaceDpc(Dpc, DeviceObject, CurrentIrp, Context);
    KeRaiseIrql(HIGH_LEVEL, &irql);
    device->Causes = 0;
#ifdef MENDED
    KeLowerIrql(irql);
#endif
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = RaisedRead, .Dpc = RaisedDpc};
