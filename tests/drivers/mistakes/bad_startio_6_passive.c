/*
 * IoStartNextPacket at PASSIVE_LEVEL. Mended: at DISPATCH_LEVEL.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH PassiveWrite;

NTSTATUS PassiveWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;

    UNREFERENCED_PARAMETER(device);
    KIRQL irql = PASSIVE_LEVEL;

#ifdef MENDED
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
#endif
    IoStartNextPacket(DeviceObject, FALSE);
#ifdef MENDED
    KeLowerIrql(irql);
#endif
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = PassiveWrite};
