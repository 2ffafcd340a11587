/*
 * StartIo: one IRP of a device at a time, the others in its device queue.
 *
 * StartIo runs at DISPATCH_LEVEL. A driver that calls IoStartNextPacket inside StartIo recurses, unless it
 * asked for deferral (IoSetStartIoAttributes): then the next packet starts when the running StartIo has
 * returned.
 */
#include <wdm.h>

#include "hal/ke_check.h"
#include "hal/kernel.h"
#include "hal/ops.h"

static void call_start_io(PDEVICE_OBJECT device, PIRP irp)
{
    struct emu_machine *m = emu_current();

    emu_note(m, HAL_OP_IO_START_PACKET, emu_object_at(m, irp, "irp"), 0);
    device->DriverObject->DriverStartIo(device, irp);
}

/* Takes the next packet, if there is one, and makes it current. */
static PIRP next_packet(PDEVICE_OBJECT device, bool cancelable, bool by_key, ULONG key)
{
    const struct io_device *d = io_device_of(device);
    KIRQL irql = DISPATCH_LEVEL;

    if (cancelable)
        IoAcquireCancelSpinLock(&irql);
    device->CurrentIrp = NULL;
    PKDEVICE_QUEUE_ENTRY entry = by_key ? KeRemoveByKeyDeviceQueue(&device->DeviceQueue, key)
                                        : KeRemoveDeviceQueue(&device->DeviceQueue);
    PIRP irp = NULL;
    if (entry != NULL) {
        irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.DeviceQueueEntry);
        device->CurrentIrp = irp;
        if (cancelable && d->start_io_not_cancelable)
            IoSetCancelRoutine(irp, NULL);
    }
    if (cancelable)
        IoReleaseCancelSpinLock(irql);
    return irp;
}

/* StartIo for this packet and, where they are deferred, for those that it asks for. */
static void run(PDEVICE_OBJECT device, PIRP irp)
{
    struct io_device *d = io_device_of(device);

    if (!d->start_io_deferred) {
        call_start_io(device, irp);
        return;
    }
    d->start_io_running = true;
    while (irp != NULL) {
        d->start_io_owed = false;
        call_start_io(device, irp);
        irp = d->start_io_owed ? next_packet(device, d->start_io_owed_cancelable, d->start_io_owed_by_key,
                                             d->start_io_owed_key)
                               : NULL;
    }
    d->start_io_running = false;
}

static void start_next(PDEVICE_OBJECT device, bool cancelable, bool by_key, ULONG key)
{
    struct io_device *d = io_device_of(device);

    if (d->start_io_running) {
        d->start_io_owed = true;
        d->start_io_owed_cancelable = cancelable;
        d->start_io_owed_by_key = by_key;
        d->start_io_owed_key = key;
        return;
    }
    PIRP irp = next_packet(device, cancelable, by_key, key);
    if (irp != NULL)
        run(device, irp);
}

VOID IoStartNextPacket(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable)
{
    struct emu_machine *m = emu_current();
    ke_level_at_least(m, DISPATCH_LEVEL, "IO-STARTIO-6", KE_CODE_IRQL_DISPATCH, __func__);
    ke_level_at_most(m, DISPATCH_LEVEL, "IO-STARTIO-6", KE_CODE_IRQL_DISPATCH, __func__);
    start_next(DeviceObject, Cancelable, false, 0);
}

VOID IoStartNextPacketByKey(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable, ULONG Key)
{
    ke_level_at_most(emu_current(), DISPATCH_LEVEL, "IO-STARTIO-6", KE_CODE_WRONG_LEVEL, __func__);
    KIRQL old = KeRaiseIrqlToDpcLevel();
    start_next(DeviceObject, Cancelable, true, Key);
    KeLowerIrql(old);
}

VOID IoStartPacket(PDEVICE_OBJECT DeviceObject, PIRP Irp, PULONG Key, PDRIVER_CANCEL CancelFunction)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    const struct io_device *d = io_device_of(DeviceObject);
    PKDEVICE_QUEUE_ENTRY entry = &Irp->Tail.Overlay.DeviceQueueEntry;
    KIRQL old = KeRaiseIrqlToDpcLevel();
    KIRQL irql = DISPATCH_LEVEL;

    if (CancelFunction != NULL) {
        IoAcquireCancelSpinLock(&irql);
        IoSetCancelRoutine(Irp, CancelFunction);
    }
    BOOLEAN waits = Key != NULL ? KeInsertByKeyDeviceQueue(&DeviceObject->DeviceQueue, entry, *Key)
                                : KeInsertDeviceQueue(&DeviceObject->DeviceQueue, entry);
    if (!waits) {
        DeviceObject->CurrentIrp = Irp;
        if (CancelFunction != NULL) {
            if (d->start_io_not_cancelable)
                IoSetCancelRoutine(Irp, NULL);
            IoReleaseCancelSpinLock(irql);
        }
        run(DeviceObject, Irp);
    } else if (CancelFunction != NULL) {
        PDRIVER_CANCEL routine = Irp->Cancel ? IoSetCancelRoutine(Irp, NULL) : NULL;
        if (routine != NULL) {
            Irp->CancelIrql = irql;
            routine(DeviceObject, Irp);
        } else {
            IoReleaseCancelSpinLock(irql);
        }
    }
    KeLowerIrql(old);
}

VOID IoSetStartIoAttributes(PDEVICE_OBJECT DeviceObject, BOOLEAN DeferredStartIo, BOOLEAN NonCancelable)
{
    struct io_device *d = io_device_of(DeviceObject);

    d->start_io_deferred = DeferredStartIo;
    d->start_io_not_cancelable = NonCancelable;
}
