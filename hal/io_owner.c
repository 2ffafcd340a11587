/*
 * Who has an IRP. A driver that has completed it, or whose stack location its completion has passed, has it
 * no more, even where whoever sent it still does.
 *
 * A driver is known by the module of its code. It has the IRP while a stack location that is not passed yet
 * is of a device of it, and always where it allocated the IRP. A driver that skipped its stack location is
 * known as long as its dispatch routine has not returned. Nothing is said where this cannot be told: code
 * without frame pointers, an IRP that lies in memory of a driver's own.
 */
#include <wdm.h>

#include <emu/deed.h>
#include <emu/finding.h>

#include "hal/kernel.h"

struct question {
    struct hal_kernel *kernel;
    uint32_t module; /* of the code that runs */
};

static bool is_of(const void *context, const DEVICE_OBJECT *device)
{
    const struct question *q = context;

    if (io_device_find(q->kernel, device) == NULL || device->DriverObject->DriverInit == NULL)
        return false;
    return emu_code_module(q->kernel->machine, (uintptr_t)device->DriverObject->DriverInit) == q->module;
}

/* Has its completion passed a location of this driver, and none is left? */
static bool is_passed(const struct question *q, const IRP *irp)
{
    const IO_STACK_LOCATION *locations = (const IO_STACK_LOCATION *)(irp + 1);
    bool passed = false;

    for (int number = 1; number <= irp->StackCount; number++) {
        if (!is_of(q, locations[number - 1].DeviceObject))
            continue;
        if (number >= irp->CurrentLocation)
            return false;
        passed = true;
    }
    return passed || io_call_passed_by(q->kernel, irp, is_of, q);
}

/* Did the driver allocate it? True where nobody knows. */
static bool is_allocator(const struct question *q, const IRP *irp)
{
    const struct emu_birth *birth = emu_deed_birth(q->kernel->machine, irp);
    struct emu_callers callers;

    if ((irp->AllocationFlags & IO_IRP_SYSTEMS) != 0)
        return false;
    if (birth == NULL)
        return true;
    emu_birth_callers(q->kernel->machine, birth, &callers);
    return callers.count > 0 && callers.module[0] == q->module;
}

static bool is_drivers(const void *context, const DEVICE_OBJECT *device)
{
    struct hal_kernel *k = hal_kernel();
    (void)context;
    return io_device_find(k, device) != NULL && device->DriverObject->DriverInit != NULL;
}

/* Is there a driver that it has passed, whichever? Mostly there is but a bus driver, which is the kernel's.
 */
static bool has_passed_drivers(struct hal_kernel *k, const IRP *irp)
{
    const IO_STACK_LOCATION *locations = (const IO_STACK_LOCATION *)(irp + 1);

    for (int number = 1; number < irp->CurrentLocation && number <= irp->StackCount; number++)
        if (is_drivers(NULL, locations[number - 1].DeviceObject))
            return true;
    return io_call_passed_by(k, irp, is_drivers, NULL);
}

bool io_irp_is_lost_to(struct hal_kernel *k, const IRP *irp, const char *what)
{
    struct question q = {k, EMU_MODULES_MAX};
    if (!has_passed_drivers(k, irp))
        return false;
    q.module = emu_code_running(k->machine);
    if (q.module == EMU_MODULES_MAX || !is_passed(&q, irp) || is_allocator(&q, irp))
        return false;
    char name[IO_NAME_BYTES];
    uint64_t parameters[4] = {(uintptr_t)irp, 0, 0, 0};
    emu_finding_report(
        k->machine, "IO-COMPLETE-10", NULL, parameters,
        "%s %s, which this driver has no more: it was completed, and its completion has passed "
        "the driver's stack location",
        what, io_irp_tell(k->machine, irp, name));
    return true;
}
