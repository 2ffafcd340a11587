/*
 * A second routine is connected to the device's line, with the first request, and nobody disconnects it.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH SecondWrite;
KSERVICE_ROUTINE SecondIsr;
static VOID SecondStop(PRACE_DEVICE Device);

BOOLEAN SecondIsr(PKINTERRUPT Interrupt, PVOID ServiceContext)
{
    UNREFERENCED_PARAMETER(Interrupt);
    UNREFERENCED_PARAMETER(ServiceContext);
    return FALSE;
}

NTSTATUS SecondWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMISTAKE_DEVICE device = (PMISTAKE_DEVICE)DeviceObject->DeviceExtension;
    IO_CONNECT_INTERRUPT_PARAMETERS parameters;
    PKINTERRUPT interrupt;

    RtlZeroMemory(&parameters, sizeof(parameters));
    parameters.Version = CONNECT_LINE_BASED;
    parameters.LineBased.PhysicalDeviceObject = device->Race.Pdo;
    parameters.LineBased.InterruptObject = &interrupt;
    parameters.LineBased.ServiceRoutine = SecondIsr;
    if (NT_SUCCESS(IoConnectInterruptEx(&parameters))) {
        device->Memory = interrupt;
    }
    return MistakeFinish(Irp);
}

static VOID SecondStop(PRACE_DEVICE Device)
{
#ifdef MENDED
    PMISTAKE_DEVICE device = CONTAINING_RECORD(Device, MISTAKE_DEVICE, Race);

    if (device->Memory != NULL) {
        IoDisconnectInterrupt((PKINTERRUPT)device->Memory);
    }
#else
    UNREFERENCED_PARAMETER(Device);
#endif
}

const RACE_DRIVER RaceDriver = {.ExtensionLength = sizeof(MISTAKE_DEVICE),
                                .AddressWidth = 64,
                                .ReadWrite = SecondWrite,
                                .Stop = SecondStop};
