/*
 * Race 8: power-down requeues while the DPC completes.
 *
 * When the device loses power, the driver takes back the request that the card has, and starts it again when
 * power is back. The card may just be done with it: the racy version does not keep its DPC and its power-down
 * from taking the same request.
 */
#include "race_driver.h"

typedef struct _REQUEUE_EXTENSION {
    RACE_DEVICE Device;
    BOOLEAN Off;   /* with the lock */
    PIRP Requeued; /* to be started when power is back; with the lock */
} REQUEUE_EXTENSION, *PREQUEUE_EXTENSION;

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH RequeueWrite;
_Dispatch_type_(IRP_MJ_POWER) DRIVER_DISPATCH RequeuePower;
DRIVER_CONTROL RequeueAdapterControl;
IO_DPC_ROUTINE RequeueDpc;

IO_ALLOCATION_ACTION RequeueAdapterControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp,
                                           PVOID MapRegisterBase, PVOID Context)
{
    PREQUEUE_EXTENSION extension = (PREQUEUE_EXTENSION)DeviceObject->DeviceExtension;
    PRACE_DEVICE device = &extension->Device;
    PDMA_OPERATIONS operations = device->Adapter->DmaOperations;
    PIRP irp = (PIRP)Context;
    NTSTATUS status = STATUS_SUCCESS;
    RACE_LIST pieces;
    BOOLEAN off;

    UNREFERENCED_PARAMETER(CurrentIrp);

    KeAcquireSpinLockAtDpcLevel(&device->Lock);
    off = extension->Off;
    if (off) {
        extension->Requeued = irp;
    } else {
        device->MapRegisterBase = MapRegisterBase;
        device->Offset = 0;
        device->Mapped = device->Length;
        status = operations->MapTransferEx(device->Adapter, irp->MdlAddress, MapRegisterBase, 0, 0,
                                           &device->Mapped, TRUE, &pieces.List, sizeof(pieces), NULL, NULL);
        if (NT_SUCCESS(status)) {
            device->Irp = irp;
            RaceProgram(device, &pieces.List);
        }
    }
    KeReleaseSpinLockFromDpcLevel(&device->Lock);

    if (!NT_SUCCESS(status)) {
        RaceEnd(device, irp, status);
    }
    return off || !NT_SUCCESS(status) ? DeallocateObject : DeallocateObjectKeepRegisters;
}

static VOID RequeueStart(PRACE_DEVICE Device, PIRP Irp)
{
    PDMA_OPERATIONS operations = Device->Adapter->DmaOperations;
    NTSTATUS status;
    KIRQL irql;

    operations->InitializeDmaTransferContext(Device->Adapter, Device->TransferContext);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = operations->AllocateAdapterChannelEx(Device->Adapter, Device->Self, Device->TransferContext,
                                                  Device->Allocated, 0, RequeueAdapterControl, Irp, NULL);
    if (!NT_SUCCESS(status)) {
        RaceEnd(Device, Irp, status);
    }
    KeLowerIrql(irql);
}

NTSTATUS RequeueWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;

    IoMarkIrpPending(Irp);
    if (RaceBegin(device, Irp, 1)) {
        RequeueStart(device, Irp);
    }
    return STATUS_PENDING;
}

VOID RequeueDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
#ifdef RACE_MENDED
    PIRP irp = RaceTake(device);
#else
    PIRP irp = device->Irp;
#endif

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(CurrentIrp);
    UNREFERENCED_PARAMETER(Context);

    if (irp == NULL) {
        return;
    }
    RaceFlush(device, irp);
    RaceFree(device);
#ifndef RACE_MENDED
    device->Irp = NULL;
#endif
    RaceEnd(device, irp, STATUS_SUCCESS);
}

static VOID RequeuePowerDown(PREQUEUE_EXTENSION Extension)
{
    PRACE_DEVICE device = &Extension->Device;
    PIRP irp;
    KIRQL irql;

    KeAcquireSpinLock(&device->Lock, &irql);
    Extension->Off = TRUE;
    RaceReset(device);
    irp = device->Irp; /* from here on it is ours, and not the DPC's */
    device->Irp = NULL;
    KeReleaseSpinLockFromDpcLevel(&device->Lock);

    if (irp != NULL) {
        RaceFlush(device, irp);
        RaceFree(device);
        Extension->Requeued = irp;
    }
    KeLowerIrql(irql);
}

static VOID RequeuePowerUp(PREQUEUE_EXTENSION Extension)
{
    PRACE_DEVICE device = &Extension->Device;
    PIRP irp;
    KIRQL irql;

    KeAcquireSpinLock(&device->Lock, &irql);
    Extension->Off = FALSE;
    irp = Extension->Requeued;
    Extension->Requeued = NULL;
    KeReleaseSpinLock(&device->Lock, irql);
    if (irp != NULL) {
        RequeueStart(device, irp);
    }
}

NTSTATUS RequeuePower(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PREQUEUE_EXTENSION extension = (PREQUEUE_EXTENSION)DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);

    if (stack->MinorFunction == IRP_MN_SET_POWER && stack->Parameters.Power.Type == DevicePowerState) {
        if (stack->Parameters.Power.State.DeviceState == PowerDeviceD0) {
            IoForwardIrpSynchronously(extension->Device.Lower, Irp);
            RequeuePowerUp(extension);
            IoCompleteRequest(Irp, IO_NO_INCREMENT);
            return STATUS_SUCCESS;
        }
        RequeuePowerDown(extension);
    }
    IoSkipCurrentIrpStackLocation(Irp);
    return PoCallDriver(extension->Device.Lower, Irp);
}

const RACE_DRIVER RaceDriver = {.ExtensionLength = sizeof(REQUEUE_EXTENSION),
                                .AddressWidth = 64,
                                .ReadWrite = RequeueWrite,
                                .Power = RequeuePower,
                                .Dpc = RequeueDpc};
