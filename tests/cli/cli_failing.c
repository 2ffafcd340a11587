/*
 * A driver that counts writes, for the tests of `haldma reproduce --faults`: where it gets no memory it
 * counts in place, says so, and can lose a write of the other processor.
 */
#include "scenario_transfer.h"

static const char *const pc[] = {"pc", NULL};

enum { WRITERS = 2, BYTES = 16, TAG = 0x746E6F43 };

static struct writers {
    PDRIVER_OBJECT driver; /* NULL: DriverEntry failed */
    PDEVICE_OBJECT device;
    struct transfer *writes[WRITERS];
} * writers; /* of the current run */

static NTSTATUS count_write(PDEVICE_OBJECT device, PIRP irp)
{
    LONG *count = device->DeviceExtension;
    PVOID note = ExAllocatePoolWithTag(NonPagedPoolNx, BYTES, TAG);
    if (note != NULL) {
        DbgPrint("failing: counts to %ld\n", InterlockedIncrement(count));
        ExFreePoolWithTag(note, TAG);
    } else {
        LONG seen = InterlockedOr(count, 0);
        DbgPrint("failing: no memory, counts on from %ld\n", seen);
        InterlockedExchange(count, seen + 1);
    }
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static NTSTATUS enter(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->MajorFunction[IRP_MJ_WRITE] = count_write;
    return IoCreateDevice(driver, sizeof(LONG), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &writers->device);
}

static void writer(void *context)
{
    transfer_send(context);
}

static void set_up(void)
{
    static const char *const names[WRITERS] = {"first", "other"};
    writers = haldma_scratch(sizeof *writers);
    if (!haldma_succeeded(haldma_load_driver("failing", enter, &writers->driver), "DriverEntry"))
        return;
    writers->device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    for (unsigned i = 0; i < WRITERS; i++) {
        writers->writes[i] = transfer_make(writers->device, IRP_MJ_WRITE, BYTES, 0);
        haldma_thread(names[i], i, writer, writers->writes[i]);
    }
}

static void check(void)
{
    if (writers->driver == NULL)
        return;
    const LONG *count = writers->device->DeviceExtension;
    haldma_require(*count == WRITERS, "%d of %d writes are counted", (int)*count, WRITERS);
}

static const struct haldma_scenario scenarios[] = {
    {"failing", "a lost update where memory is short", NULL, set_up, check, pc, 0}};

HALDMA_MODULE(scenarios);
