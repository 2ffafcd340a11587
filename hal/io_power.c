/*
 * Power: every device is and stays in the working state, so power IRPs only travel.
 */
#include <wdm.h>

#include "hal/ke_check.h"
#include "hal/kernel.h"
#include "hal/ops.h"
#include "hal/pool.h"

NTSTATUS PoCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return IofCallDriver(DeviceObject, Irp);
}

VOID PoStartNextPowerIrp(PIRP Irp)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)Irp; /* since Windows Vista the power manager needs no telling */
}

POWER_STATE PoSetPowerState(PDEVICE_OBJECT DeviceObject, POWER_STATE_TYPE Type, POWER_STATE State)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    POWER_STATE previous = State;

    (void)DeviceObject;
    if (Type == DevicePowerState)
        previous.DeviceState = PowerDeviceD0;
    return previous;
}

/* The tag of what a requested power IRP carries: "PoRq". */
#define POWER_TAG 0x71526F50u

struct power_request {
    PREQUEST_POWER_COMPLETE completion;
    PVOID context;
    PDEVICE_OBJECT device;
    PDEVICE_OBJECT top;
    POWER_STATE state;
    UCHAR minor;
};

static NTSTATUS power_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct power_request *r = context;
    IO_STATUS_BLOCK status = irp->IoStatus;

    (void)device;
    IoFreeIrp(irp);
    ObDereferenceObject(r->top);
    if (r->completion != NULL)
        r->completion(r->device, r->minor, r->state, r->context, &status);
    ExFreePoolWithTag(r, POWER_TAG);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

NTSTATUS PoRequestPowerIrp(PDEVICE_OBJECT DeviceObject, UCHAR MinorFunction, POWER_STATE PowerState,
                           PREQUEST_POWER_COMPLETE CompletionFunction, PVOID Context, PIRP *Irp)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    if (MinorFunction != IRP_MN_QUERY_POWER && MinorFunction != IRP_MN_SET_POWER &&
        MinorFunction != IRP_MN_WAIT_WAKE)
        return STATUS_INVALID_PARAMETER_2;
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(DeviceObject);
    struct power_request *r =
        hal_pool_take(HAL_OP_IO_POWER_IRP, NonPagedPoolNx | POOL_ZERO_ALLOCATION, sizeof *r, POWER_TAG);
    PIRP irp = r != NULL ? IoAllocateIrp(top->StackSize, FALSE) : NULL;
    if (irp == NULL) {
        if (r != NULL)
            ExFreePoolWithTag(r, POWER_TAG);
        ObDereferenceObject(top);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    r->completion = CompletionFunction;
    r->context = Context;
    r->device = DeviceObject;
    r->top = top;
    r->state = PowerState;
    r->minor = MinorFunction;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    PIO_STACK_LOCATION location = IoGetNextIrpStackLocation(irp);
    location->MajorFunction = IRP_MJ_POWER;
    location->MinorFunction = MinorFunction;
    location->Parameters.Power.Type = DevicePowerState;
    location->Parameters.Power.State = PowerState;
    IoSetCompletionRoutine(irp, power_done, r, TRUE, TRUE, TRUE);
    if (Irp != NULL)
        *Irp = irp;
    IofCallDriver(top, irp);
    return STATUS_PENDING;
}

/* Idle detection never finds a device idle: it is refused, which drivers must expect. */
PULONG PoRegisterDeviceForIdleDetection(PDEVICE_OBJECT DeviceObject, ULONG ConservationIdleTime,
                                        ULONG PerformanceIdleTime, DEVICE_POWER_STATE State)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)DeviceObject;
    (void)ConservationIdleTime;
    (void)PerformanceIdleTime;
    (void)State;
    return NULL;
}

VOID PoSetDeviceBusyEx(PULONG IdlePointer)
{
    (void)IdlePointer;
}

VOID PoStartDeviceBusy(PULONG IdlePointer)
{
    (void)IdlePointer;
}

VOID PoEndDeviceBusy(PULONG IdlePointer)
{
    (void)IdlePointer;
}
