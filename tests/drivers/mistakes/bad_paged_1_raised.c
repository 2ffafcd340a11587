/*
 * Paged code is called at DISPATCH_LEVEL. Mended: at PASSIVE_LEVEL.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH RaisedWrite;

static VOID PagedHelper(PMISTAKE_DEVICE Device)
{
    PAGED_CODE();
    Device->Memory = NULL;
}

NTSTATUS RaisedWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;

    UNREFERENCED_PARAMETER(device);
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
#ifdef MENDED
    KeLowerIrql(irql);
#endif
    PagedHelper(device);
#ifndef MENDED
    KeLowerIrql(irql);
#endif
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = RaisedWrite};
