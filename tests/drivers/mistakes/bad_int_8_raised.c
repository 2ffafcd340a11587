/*
 * The interrupt service routine raises the level, against what interrupts it, and does not lower it again.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH RaisedRead;
KSERVICE_ROUTINE RaisedIsr;

BOOLEAN RaisedIsr(PKINTERRUPT Interrupt, PVOID ServiceContext)
{
    BOOLEAN mine;
    KIRQL irql;

    KeRaiseIrql(HIGH_LEVEL, &irql);
    mine = RaceIsr(Interrupt, ServiceContext);
#ifdef MENDED
    KeLowerIrql(irql);
#endif
    return mine;
}

NTSTATUS RaisedRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, RACE_PAGES, RaceAdapterControl);
}

const RACE_DRIVER RaceDriver = {.ExtensionLength = sizeof(MISTAKE_DEVICE),
                                .AddressWidth = 64,
                                .ReadWrite = RaisedRead,
                                .Isr = RaisedIsr,
                                .Dpc = RaceDpc};
