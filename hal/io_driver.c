/*
 * Driver objects: loading, unloading, extensions. And the I/O manager's boot.
 */
#include "hal/io_driver.h"
#include "hal/ex_workitem.h"
#include "hal/ke_check.h"
#include "hal/ke_dpc.h"
#include "hal/ke_thread.h"
#include "hal/ke_timer.h"

#include <emu/choose.h>
#include <emu/finding.h>

#include "hal/kernel.h"
#include "hal/ops.h"
#include "hal/pnp.h"
#include "hal/pool.h"

/* The tag of driver objects: "Driv", first character in the low byte. */
#define DRIVER_TAG 0x76697244u
/* The tag of IoAllocateDriverObjectExtension's blocks: "DrvE". */
#define EXTENSION_TAG 0x45767244u

static const char registry_services[] = "\\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet\\Services\\";

void io_boot(struct hal_kernel *k)
{
    k->ke.io_reference = io_reference;
    k->ke.device_line = hal_pnp_line;
    emu_object_name(k->machine, emu_object_at(k->machine, &k->io.cancel_lock, "spin lock"),
                    "cancel spin lock");
}

struct io_driver *io_driver_find(struct hal_kernel *k, const void *driver)
{
    struct io_driver *d = k->io.drivers;

    while (d != NULL && d->driver != driver)
        d = d->next;
    return d;
}

/* What lies in pool for one driver. */
struct driver_block {
    DRIVER_OBJECT object;
    DRIVER_EXTENSION extension;
};

PDRIVER_OBJECT hal_driver_create(const char *name)
{
    struct hal_kernel *k = hal_kernel();
    bool spared = emu_spare(k->machine, true);
    struct driver_block *block =
        hal_pool_take(0, NonPagedPoolNx | POOL_ZERO_ALLOCATION, sizeof *block, DRIVER_TAG);

    emu_spare(k->machine, spared);
    if (block == NULL)
        return NULL;
    PDRIVER_OBJECT driver = &block->object;
    driver->Type = IO_TYPE_DRIVER;
    driver->Size = (CSHORT)sizeof *driver;
    driver->DriverExtension = &block->extension;
    driver->DriverExtension->DriverObject = driver;
    driver->DriverExtension->ServiceKeyName = io_string_from_ascii(k, "", name);
    driver->DriverName = io_string_from_ascii(k, "\\Driver\\", name);
    for (size_t i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->MajorFunction[i] = io_invalid_request;
    struct io_driver *d = emu_arena_alloc(k->machine, sizeof *d);
    d->driver = driver;
    d->name = name;
    d->next = k->io.drivers;
    k->io.drivers = d;
    return driver;
}

static void forget(struct hal_kernel *k, PDRIVER_OBJECT driver)
{
    struct io_driver *d = io_driver_find(k, driver);

    while (d->extensions != NULL) {
        struct io_client_extension *e = d->extensions;
        d->extensions = e->next;
        ExFreePoolWithTag(e, EXTENSION_TAG);
    }
    d->driver = NULL;
    ExFreePoolWithTag(CONTAINING_RECORD(driver, struct driver_block, object), DRIVER_TAG);
}

/* Is a driver loaded that came with the same module? Then its data is in use. */
static bool module_is_in_use(struct hal_kernel *k, const void *code)
{
    for (const struct io_driver *d = k->io.drivers; d != NULL; d = d->next)
        if (d->driver != NULL && d->driver->DriverInit != NULL &&
            hal_images_share(k->io.images, code, (const void *)(uintptr_t)d->driver->DriverInit))
            return true;
    return false;
}

bool hal_driver_restore(const void *code)
{
    struct hal_kernel *k = hal_kernel();

    hal_code_note(k->machine, code);
    return k->io.images == NULL || module_is_in_use(k, code) || hal_images_restore(k->io.images, code);
}

NTSTATUS hal_driver_load(const char *name, PDRIVER_INITIALIZE entry, PDRIVER_OBJECT *driver)
{
    struct hal_kernel *k = hal_kernel();

    *driver = NULL;
    if (!hal_driver_restore((const void *)(uintptr_t)entry))
        return STATUS_INSUFFICIENT_RESOURCES;
    PDRIVER_OBJECT object = hal_driver_create(name);
    if (object == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    object->DriverInit = entry;
    UNICODE_STRING path = io_string_from_ascii(k, registry_services, name);
    bool spared = emu_spare(k->machine, false);
    NTSTATUS status = entry(object, &path);
    emu_spare(k->machine, spared);
    if (!NT_SUCCESS(status)) {
        forget(k, object);
        if (hal_drivers_are_gone())
            hal_drivers_left(name);
        return status;
    }
    for (PDEVICE_OBJECT device = object->DeviceObject; device != NULL; device = device->NextDevice)
        device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    *driver = object;
    return status;
}

/* ---- What is left of a driver's ---- */

static bool is_of_module(const void *driver, const void *code)
{
    const DRIVER_OBJECT *object = driver;
    return hal_images_has(hal_kernel()->io.images, (const void *)(uintptr_t)object->DriverInit, code);
}

/* A driver that is linked into the same module keeps the code. */
static bool has_neighbour(struct hal_kernel *k, const DRIVER_OBJECT *driver)
{
    for (const struct io_driver *d = k->io.drivers; d != NULL; d = d->next)
        if (d->driver != NULL && d->driver != driver && d->driver->DriverInit != NULL &&
            is_of_module(driver, (const void *)(uintptr_t)d->driver->DriverInit))
            return true;
    return false;
}

static void require_no_code(struct hal_kernel *k, const DRIVER_OBJECT *driver, const char *name)
{
    static const struct {
        emu_object (*find)(struct hal_kernel *k, ke_code_fn *is, const void *context);
        const char *is;
    } kinds[] = {
        {ke_timer_with_code, "is running, whose DPC is the driver's"},
        {ke_dpc_with_code, "is queued, whose routine is the driver's"},
        {ex_work_item_with_code, "is queued, whose routine is the driver's"},
        {ke_thread_with_code, "has not ended, which runs the driver's code"},
    };
    char text[IO_NAME_BYTES];
    if (k->io.images == NULL || has_neighbour(k, driver))
        return;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        emu_object object = kinds[i].find(k, is_of_module, driver);
        uint64_t parameters[4] = {(uintptr_t)driver, 0, 0, 0};
        if (object != EMU_NO_OBJECT)
            emu_finding_raise(k->machine, "IO-DRIVER-6", "0xCE", parameters,
                              "driver %s was unloaded while %s %s", name,
                              emu_object_text(k->machine, object, text, sizeof text), kinds[i].is);
    }
}

const char *hal_driver_unload(PDRIVER_OBJECT driver)
{
    struct hal_kernel *k = hal_kernel();
    const struct io_driver *d = io_driver_find(k, driver);

    driver->Flags |= DRVO_UNLOAD_INVOKED;
    if (driver->DriverUnload != NULL) {
        bool spared = emu_spare(k->machine, false);
        driver->DriverUnload(driver);
        emu_spare(k->machine, spared);
    }
    if (driver->DeviceObject != NULL) {
        uint64_t parameters[4] = {(uintptr_t)driver, (uintptr_t)driver->DeviceObject, 0, 0};
        emu_finding_raise(k->machine, "IO-DRIVER-4", "0xCE", parameters,
                          "driver %s was unloaded while a device object of it still exists", d->name);
    }
    require_no_code(k, driver, d->name);
    const char *name = d->name;
    forget(k, driver);
    if (hal_drivers_are_gone())
        hal_drivers_left(name);
    return name;
}

/* ---- Extensions of the driver object ----------------------------------------------------------------------
 */

PVOID IoGetDriverObjectExtension(PDRIVER_OBJECT DriverObject, PVOID ClientIdentificationAddress)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    struct io_client_extension *e = io_driver_find(hal_kernel(), DriverObject)->extensions;

    while (e != NULL && e->identity != ClientIdentificationAddress)
        e = e->next;
    return e != NULL ? e + 1 : NULL;
}

NTSTATUS IoAllocateDriverObjectExtension(PDRIVER_OBJECT DriverObject, PVOID ClientIdentificationAddress,
                                         ULONG DriverObjectExtensionSize, PVOID *DriverObjectExtension)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    struct io_driver *d = io_driver_find(hal_kernel(), DriverObject);

    *DriverObjectExtension = NULL;
    if (IoGetDriverObjectExtension(DriverObject, ClientIdentificationAddress) != NULL)
        return STATUS_OBJECT_NAME_COLLISION;
    struct io_client_extension *e =
        hal_pool_take(HAL_OP_IO_DRIVER_EXTENSION, NonPagedPoolNx | POOL_ZERO_ALLOCATION,
                      sizeof *e + (SIZE_T)DriverObjectExtensionSize, EXTENSION_TAG);
    if (e == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    e->identity = ClientIdentificationAddress;
    e->next = d->extensions;
    d->extensions = e;
    *DriverObjectExtension = e + 1;
    return STATUS_SUCCESS;
}

VOID IoRegisterDriverReinitialization(PDRIVER_OBJECT DriverObject,
                                      PDRIVER_REINITIALIZE DriverReinitializationRoutine, PVOID Context)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_PASSIVE5, __func__);
    /* Called when every boot driver has had its turn: here that is at once, since drivers load one by one. */
    DriverObject->DriverExtension->Count++;
    DriverReinitializationRoutine(DriverObject, Context, DriverObject->DriverExtension->Count);
}
