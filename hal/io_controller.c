/*
 * Controller objects: one driver's devices that share an interface, one of them at a time.
 *
 * A controller is a device queue of the devices that wait for it, linked through their wait blocks. Such a
 * block is the device object's only one: a device waits for a controller or for a DMA adapter, not for both.
 */
#include <ntddk.h>

#include "hal/ke_check.h"
#include "hal/kernel.h"
#include "hal/ops.h"
#include "hal/pool.h"

/* The tag of controller objects: "Cont", first character in the low byte. */
#define CONTROLLER_TAG 0x746E6F43u

PCONTROLLER_OBJECT IoCreateController(ULONG Size)
{
    struct emu_machine *m = emu_current();

    ke_level_at_most(m, PASSIVE_LEVEL, "IO-CONTROLLER-2", KE_CODE_IRQL_IO_PASSIVE2, "IoCreateController");
    PCONTROLLER_OBJECT c = hal_pool_take(HAL_OP_IO_CONTROLLER, NonPagedPoolNx | POOL_ZERO_ALLOCATION,
                                         sizeof *c + (SIZE_T)Size, CONTROLLER_TAG);
    if (c == NULL)
        return NULL;
    c->Type = IO_TYPE_CONTROLLER;
    c->Size = (CSHORT)(sizeof *c + Size);
    c->ControllerExtension = c + 1;
    KeInitializeDeviceQueue(&c->DeviceWaitQueue);
    return c;
}

static void require_controller(const CONTROLLER_OBJECT *controller, const char *what)
{
    if (controller == NULL || controller->Type != IO_TYPE_CONTROLLER)
        emu_finding_raise(emu_current(), "IO-CONTROLLER-5", NULL, NULL,
                          "%s was called with what is no controller object, or was deleted", what);
}

VOID IoDeleteController(PCONTROLLER_OBJECT ControllerObject)
{
    struct emu_machine *m = emu_current();

    ke_level_at_most(m, PASSIVE_LEVEL, "IO-CONTROLLER-2", KE_CODE_IRQL_IO_PASSIVE4, "IoDeleteController");
    require_controller(ControllerObject, "IoDeleteController");
    if (ControllerObject->DeviceWaitQueue.Busy)
        emu_finding_raise(m, "IO-CONTROLLER-6", NULL, NULL,
                          "IoDeleteController was called for a controller that a device has");
    emu_object_forget(m, &ControllerObject->DeviceWaitQueue);
    ControllerObject->Type = 0;
    ExFreePoolWithTag(ControllerObject, CONTROLLER_TAG);
}

/* The device's turn: true when it keeps the controller. */
static bool call(PDEVICE_OBJECT device)
{
    WAIT_CONTEXT_BLOCK *block = &device->Queue.Wcb;
    PDRIVER_CONTROL routine = block->DeviceRoutine;

    block->DeviceRoutine = NULL; /* free for what the routine asks for */
    return routine(device, block->CurrentIrp, NULL, block->DeviceContext) == KeepObject;
}

/* Gives the controller to those that wait, as long as they give it back at once. */
static void next(PCONTROLLER_OBJECT controller)
{
    PKDEVICE_QUEUE_ENTRY entry;

    while ((entry = KeRemoveDeviceQueue(&controller->DeviceWaitQueue)) != NULL)
        if (call(CONTAINING_RECORD(entry, DEVICE_OBJECT, Queue.Wcb.WaitQueueEntry)))
            return;
}

static void check_level(const char *what)
{
    struct emu_machine *m = emu_current();

    ke_level_at_least(m, DISPATCH_LEVEL, "IO-CONTROLLER-2", KE_CODE_IRQL_DISPATCH, what);
    ke_level_at_most(m, DISPATCH_LEVEL, "IO-CONTROLLER-2", KE_CODE_IRQL_DISPATCH, what);
}

VOID IoAllocateController(PCONTROLLER_OBJECT ControllerObject, PDEVICE_OBJECT DeviceObject,
                          PDRIVER_CONTROL ExecutionRoutine, PVOID Context)
{
    check_level("IoAllocateController");
    require_controller(ControllerObject, "IoAllocateController");
    if (DeviceObject == NULL || DeviceObject->Type != IO_TYPE_DEVICE || ExecutionRoutine == NULL)
        emu_finding_raise(emu_current(), "IO-CONTROLLER-7", NULL, NULL,
                          "IoAllocateController was called without a device object or a routine");
    WAIT_CONTEXT_BLOCK *block = &DeviceObject->Queue.Wcb;
    if (block->DeviceRoutine != NULL)
        emu_finding_raise(emu_current(), "IO-CONTROLLER-3", NULL, NULL,
                          "IoAllocateController was called for a device that waits for a controller or an "
                          "adapter already");
    block->DeviceRoutine = ExecutionRoutine;
    block->DeviceContext = Context;
    block->CurrentIrp = DeviceObject->CurrentIrp;
    if (!KeInsertDeviceQueue(&ControllerObject->DeviceWaitQueue, &block->WaitQueueEntry) &&
        !call(DeviceObject))
        next(ControllerObject);
}

VOID IoFreeController(PCONTROLLER_OBJECT ControllerObject)
{
    check_level("IoFreeController");
    require_controller(ControllerObject, "IoFreeController");
    emu_touch(emu_current(), emu_object_at(emu_current(), &ControllerObject->DeviceWaitQueue, "device queue"),
              EMU_ACCESS_READ);
    if (!ControllerObject->DeviceWaitQueue.Busy)
        emu_finding_raise(emu_current(), "IO-CONTROLLER-4", NULL, NULL,
                          "IoFreeController was called for a controller that no device has");
    next(ControllerObject);
}
