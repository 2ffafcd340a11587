/*
 * IRPs that were sent and that nobody has completed: for those who ask who still waits.
 *
 * An IRP is with a driver from IoCallDriver on until its last stack location was passed on its way up. All of
 * them are found in the pool: nothing is kept about them while a run goes on.
 */
#include <wdm.h>

#include <emu/liveness.h>

#include "hal/kernel.h"
#include <hal/pool.h>

struct question {
    struct hal_kernel *kernel;
    struct emu_waiters *waiters;
};

static const char *driver_of(struct hal_kernel *k, const DEVICE_OBJECT *device)
{
    if (io_device_find(k, device) == NULL)
        return "a device that is gone";
    const struct io_driver *driver = io_driver_find(k, device->DriverObject);
    return driver != NULL ? driver->name : "a driver that is gone";
}

static void take(void *context, const struct hal_pool_live *block)
{
    const struct question *q = context;
    const IRP *irp = block->address;
    char name[IO_NAME_BYTES];

    if (block->bytes < sizeof *irp || irp->Type != IO_TYPE_IRP || !io_irp_is_at(irp, 1, irp->StackCount))
        return;
    struct emu_machine *m = q->kernel->machine;
    const IO_STACK_LOCATION *location = IoGetCurrentIrpStackLocation((PIRP)(uintptr_t)irp);
    emu_object_text(m, emu_object_at(m, irp, "irp"), name, sizeof name);
    emu_waiter(q->waiters, block->birth, "%s (major function %u) waits for %s%s, which has not completed it",
               name, location->MajorFunction, driver_of(q->kernel, location->DeviceObject),
               io_csq_holds(irp) ? " (in a cancel-safe queue)" : "");
}

static void list_irps(struct emu_machine *m, void *context, struct emu_waiters *w)
{
    struct question q = {.kernel = context, .waiters = w};
    (void)m;
    hal_pool_each(IO_IRP_TAG, take, &q);
}

void io_waiting_boot(struct hal_kernel *k)
{
    emu_waiters_add(k->machine, list_irps, k);
}
