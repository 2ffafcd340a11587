/*
 * Device objects: creating, attaching, detaching, deleting.
 *
 * A device object is one block of pool: the documented structure, then the driver's extension, so that a
 * driver may do DMA to it. A deleted one lives on until nobody refers to it and nothing is attached to it.
 */
#include <wdm.h>

#include <emu/choose.h>
#include <emu/finding.h>

#include "hal/ke_check.h"
#include "hal/kernel.h"
#include "hal/ops.h"
#include "hal/pnp.h"
#include "hal/pool.h"

/* The tag of device objects: "Devi", first character in the low byte. */
#define DEVICE_TAG 0x69766544u
/* The tag of their timers: "IoTm". */
#define DEVICE_TIMER_TAG 0x6D546F49u

enum { DEVICE_SECTOR_BYTES = 512 };

static struct io_device *record_of(struct io_entry *entry)
{
    return CONTAINING_RECORD(entry, struct io_device, entry);
}

struct io_device *io_device_find(struct hal_kernel *k, const void *device)
{
    struct io_entry *e = io_table_first(&k->io.devices, io_table_hash(device));

    while (e != NULL && record_of(e)->device != device)
        e = io_table_next(e);
    return e != NULL ? record_of(e) : NULL;
}

static bool type_has_sectors(DEVICE_TYPE type)
{
    return type == FILE_DEVICE_DISK || type == FILE_DEVICE_VIRTUAL_DISK || type == FILE_DEVICE_CD_ROM;
}

static struct io_device *new_record(struct hal_kernel *k, PDEVICE_OBJECT device)
{
    struct io_device *d = emu_arena_alloc(k->machine, sizeof *d);

    d->extension.Type = IO_TYPE_DEVICE_OBJECT_EXTENSION;
    d->extension.DeviceObject = device;
    d->device = device;
    io_table_add(k->machine, &k->io.devices, &d->entry, io_table_hash(device));
    return d;
}

NTSTATUS IoCreateDevice(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize, PUNICODE_STRING DeviceName,
                        DEVICE_TYPE DeviceType, ULONG DeviceCharacteristics, BOOLEAN Exclusive,
                        PDEVICE_OBJECT *DeviceObject)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_IRQL_IO_PASSIVE1, __func__);
    struct hal_kernel *k = hal_kernel();
    size_t bytes = sizeof(DEVICE_OBJECT) + DeviceExtensionSize;
    bool named = DeviceName != NULL && DeviceName->Length != 0;

    *DeviceObject = NULL;
    if (named && io_name_exists(k, DeviceName))
        return STATUS_OBJECT_NAME_COLLISION;
    if (emu_fault(k->machine, HAL_OP_IO_CREATE_DEVICE) || bytes > UINT16_MAX)
        return STATUS_INSUFFICIENT_RESOURCES;
    PDEVICE_OBJECT device = hal_pool_take(0, NonPagedPoolNx | POOL_ZERO_ALLOCATION, bytes, DEVICE_TAG);
    if (device == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    device->Type = IO_TYPE_DEVICE;
    device->Size = (USHORT)bytes;
    device->DriverObject = DriverObject;
    device->NextDevice = DriverObject->DeviceObject;
    DriverObject->DeviceObject = device;
    device->Flags |= DO_DEVICE_INITIALIZING | (Exclusive ? (ULONG)DO_EXCLUSIVE : 0);
    device->Characteristics = DeviceCharacteristics;
    device->DeviceType = DeviceType;
    device->StackSize = 1;
    device->SectorSize = type_has_sectors(DeviceType) ? DEVICE_SECTOR_BYTES : 0;
    device->DeviceExtension = DeviceExtensionSize != 0 ? device + 1 : NULL;
    KeInitializeDeviceQueue(&device->DeviceQueue);
    KeInitializeEvent(&device->DeviceLock, SynchronizationEvent, TRUE);
    struct io_device *d = new_record(k, device);
    device->DeviceObjectExtension = &d->extension;
    if (named) {
        d->name = io_name_add(k, DeviceName, device, NULL);
        EMU_ASSERT(d->name != NULL); /* nothing came between */
        device->Flags |= DO_DEVICE_HAS_NAME;
    }
    *DeviceObject = device;
    return STATUS_SUCCESS;
}

static void unlink_from_driver(PDEVICE_OBJECT device)
{
    PDEVICE_OBJECT *link = &device->DriverObject->DeviceObject;

    while (*link != NULL && *link != device)
        link = &(*link)->NextDevice;
    if (*link != NULL)
        *link = device->NextDevice;
}

void io_device_settle(struct hal_kernel *k, struct io_device *d)
{
    PDEVICE_OBJECT device = d->device;

    if (device == NULL || !d->deleted || d->references != 0 || device->ReferenceCount != 0 ||
        device->AttachedDevice != NULL)
        return;
    unlink_from_driver(device);
    io_table_remove(&k->io.devices, &d->entry);
    if (device->Timer != NULL)
        ExFreePoolWithTag(device->Timer, DEVICE_TIMER_TAG);
    d->device = NULL;
    emu_object_forget(k->machine, &device->DeviceQueue);
    ExFreePoolWithTag(device, DEVICE_TAG);
}

/* Device objects stay in their stack until IRP_MN_REMOVE_DEVICE. */
static void require_no_surprise(struct hal_kernel *k, PDEVICE_OBJECT in_stack, const char *what)
{
    if (k->io.surprised != NULL && in_stack != NULL && hal_pnp_physical(in_stack) == k->io.surprised)
        emu_finding_raise(k->machine, "IO-SURPRISE-3", NULL, NULL,
                          "%s was called while the device has IRP_MN_SURPRISE_REMOVAL", what);
}

VOID IoDeleteDevice(PDEVICE_OBJECT DeviceObject)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_IRQL_IO_APC_LTE, __func__);
    struct hal_kernel *k = hal_kernel();
    struct io_device *d = io_device_find(k, DeviceObject);

    if (d == NULL || d->deleted) {
        uint64_t parameters[4] = {(uintptr_t)DeviceObject, 0, 0, 0};
        emu_finding_raise(k->machine, "IO-DEVICE-5", NULL, parameters,
                          "IoDeleteDevice was called for what is no device object, or was deleted before");
    }
    require_no_surprise(k, DeviceObject, "IoDeleteDevice");
    if (d->lower != NULL) {
        uint64_t parameters[4] = {0x201, (uintptr_t)DeviceObject, 0, 0};
        emu_finding_raise(k->machine, "IO-DEVICE-6", "0xC9/201", parameters,
                          "IoDeleteDevice was called for a device that is still attached to another one");
    }
    if (d->name != NULL)
        io_name_remove(k, d->name);
    d->name = NULL;
    d->deleted = true;
    io_device_settle(k, d);
}

/* ---- Stacks -----------------------------------------------------------------------------------------------
 */

PDEVICE_OBJECT io_device_top(PDEVICE_OBJECT device)
{
    while (device->AttachedDevice != NULL)
        device = device->AttachedDevice;
    return device;
}

PDEVICE_OBJECT IoAttachDeviceToDeviceStack(PDEVICE_OBJECT SourceDevice, PDEVICE_OBJECT TargetDevice)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    PDEVICE_OBJECT top = io_device_top(TargetDevice);

    if ((top->Flags & DO_DEVICE_INITIALIZING) != 0 && top != TargetDevice)
        return NULL;
    if (io_device_of(top)->deleted)
        return NULL;
    top->AttachedDevice = SourceDevice;
    SourceDevice->StackSize = (CCHAR)(top->StackSize + 1);
    SourceDevice->AlignmentRequirement = top->AlignmentRequirement;
    SourceDevice->SectorSize = top->SectorSize;
    io_device_of(SourceDevice)->lower = top;
    io_device_of(SourceDevice)->extension.AttachedTo = top;
    return top;
}

/* Not in every header that drivers include. */
NTSTATUS IoAttachDeviceToDeviceStackSafe(PDEVICE_OBJECT SourceDevice, PDEVICE_OBJECT TargetDevice,
                                         PDEVICE_OBJECT *AttachedToDeviceObject);

NTSTATUS IoAttachDeviceToDeviceStackSafe(PDEVICE_OBJECT SourceDevice, PDEVICE_OBJECT TargetDevice,
                                         PDEVICE_OBJECT *AttachedToDeviceObject)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    *AttachedToDeviceObject = IoAttachDeviceToDeviceStack(SourceDevice, TargetDevice);
    return *AttachedToDeviceObject != NULL ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;
}

NTSTATUS IoAttachDevice(PDEVICE_OBJECT SourceDevice, PUNICODE_STRING TargetDevice,
                        PDEVICE_OBJECT *AttachedDevice)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_PASSIVE1, __func__);
    const struct io_name *name = io_name_find(hal_kernel(), TargetDevice);

    *AttachedDevice = NULL;
    if (name == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (emu_fault(hal_kernel()->machine, HAL_OP_IO_ATTACH))
        return STATUS_INSUFFICIENT_RESOURCES;
    *AttachedDevice = IoAttachDeviceToDeviceStack(SourceDevice, name->device);
    return *AttachedDevice != NULL ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;
}

VOID IoDetachDevice(PDEVICE_OBJECT TargetDevice)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_PASSIVE3, __func__);
    struct hal_kernel *k = hal_kernel();
    PDEVICE_OBJECT source = TargetDevice != NULL ? TargetDevice->AttachedDevice : NULL;

    if (source == NULL) {
        uint64_t parameters[4] = {0x202, (uintptr_t)TargetDevice, 0, 0};
        emu_finding_raise(
            k->machine, "IO-DEVICE-7", "0xC9/202", parameters, "IoDetachDevice was called for %s",
            TargetDevice == NULL ? "NULL, which is no device" : "a device that nothing is attached to");
    }
    require_no_surprise(k, TargetDevice, "IoDetachDevice");
    TargetDevice->AttachedDevice = NULL;
    io_device_of(source)->lower = NULL;
    io_device_of(source)->extension.AttachedTo = NULL;
    io_device_settle(k, io_device_of(TargetDevice));
}

PDEVICE_OBJECT IoGetAttachedDevice(PDEVICE_OBJECT DeviceObject)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    return io_device_top(DeviceObject);
}

PDEVICE_OBJECT IoGetAttachedDeviceReference(PDEVICE_OBJECT DeviceObject)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    PDEVICE_OBJECT top = io_device_top(DeviceObject);

    ObfReferenceObject(top);
    return top;
}

PDEVICE_OBJECT IoGetRelatedDeviceObject(PFILE_OBJECT FileObject)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    return io_device_top(FileObject->DeviceObject);
}

/* ---- Timers: once a second, at DISPATCH_LEVEL -------------------------------------------------------------
 */

enum { TIMER_PERIOD_MS = 1000, TIMER_FIRST_100NS = 10000000 };

struct _IO_TIMER {
    KTIMER timer;
    KDPC dpc;
    PIO_TIMER_ROUTINE routine;
    PVOID context;
    PDEVICE_OBJECT device;
};

static VOID timer_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    const struct _IO_TIMER *t = context;

    (void)dpc;
    (void)argument1;
    (void)argument2;
    t->routine(t->device, t->context);
}

NTSTATUS IoInitializeTimer(PDEVICE_OBJECT DeviceObject, PIO_TIMER_ROUTINE TimerRoutine, PVOID Context)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_PASSIVE5, __func__);
    PIO_TIMER t = DeviceObject->Timer;

    if (t == NULL) {
        t = hal_pool_take(HAL_OP_IO_INITIALIZE_TIMER, NonPagedPoolNx | POOL_ZERO_ALLOCATION, sizeof *t,
                          DEVICE_TIMER_TAG);
        if (t == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        KeInitializeTimer(&t->timer);
        KeInitializeDpc(&t->dpc, timer_dpc, t);
    }
    t->routine = TimerRoutine;
    t->context = Context;
    t->device = DeviceObject;
    DeviceObject->Timer = t;
    return STATUS_SUCCESS;
}

VOID IoStartTimer(PDEVICE_OBJECT DeviceObject)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    LARGE_INTEGER due = {.QuadPart = -TIMER_FIRST_100NS};

    KeSetTimerEx(&DeviceObject->Timer->timer, due, TIMER_PERIOD_MS, &DeviceObject->Timer->dpc);
}

VOID IoStopTimer(PDEVICE_OBJECT DeviceObject)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    KeCancelTimer(&DeviceObject->Timer->timer);
}
