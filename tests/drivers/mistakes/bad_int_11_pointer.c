/*
 * KeSynchronizeExecution is given the place where the pointer to the interrupt object is kept.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH PointerWrite;
KSYNCHRONIZE_ROUTINE PointerTakeCauses;

BOOLEAN PointerTakeCauses(PVOID SynchronizeContext)
{
    PRACE_DEVICE device = (PRACE_DEVICE)SynchronizeContext;

    device->Causes = 0;
    return TRUE;
}

NTSTATUS PointerWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
#ifdef MENDED
    PKINTERRUPT interrupt = device->Interrupt;
#else
    PKINTERRUPT interrupt = (PKINTERRUPT)(PVOID)&device->Interrupt;
#endif

    KeSynchronizeExecution(interrupt, PointerTakeCauses, device);
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = PointerWrite};
