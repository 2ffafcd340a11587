/*
 * What the tests of IRPs share: a stack of two devices, the upper of which forwards while the lower does what
 * its extension says, and IRPs that come back to their allocator.
 */
#ifndef IO_STACK_H
#define IO_STACK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <wdm.h>

#include "hal/boot.h"
#include "hal/io_driver.h"
#include "hal/kernel.h"
#include "rig/rig.h"

enum { SYSTEM_IRP_TAG = 0x20707249 };

static const struct rig_boot boots[] = {{hal_boot, NULL}, {NULL, NULL}};

static inline void run(void (*body)(void *), struct rig_outcome *outcome)
{
    struct emu_machine *m = rig_machine(NULL, boots);

    rig_run(m, body, NULL, outcome);
    emu_machine_destroy(m);
}

static inline void run_clean(void (*body)(void *))
{
    struct rig_outcome outcome;

    run(body, &outcome);
    rig_assert_idle(&outcome);
}

static inline void run_stopped(void (*body)(void *), const char *rule, const char *code)
{
    struct rig_outcome outcome;

    run(body, &outcome);
    rig_assert_stopped(&outcome, rule, code);
}

/* A stack of two devices: a filter that forwards, above a device that does what its extension says. */
struct lower {
    NTSTATUS status; /* to complete with */
    ULONG_PTR information;
    bool pends; /* completes later: keeps the IRP */
    PIRP kept;
    UCHAR fill;       /* what a read is filled with */
    UCHAR first_byte; /* of what was written */
    ULONG control_code;
    bool had_mdl;
    bool had_system_buffer;
    PVOID user_buffer;
};

struct upper {
    PDEVICE_OBJECT next;
    bool copies; /* its stack location to the next one, without a completion routine; else skips */
};

struct stack {
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT lower;
    PDEVICE_OBJECT upper;
    struct lower *state;
};

static inline UCHAR *data_of(PIRP irp)
{
    if (irp->MdlAddress != NULL)
        return MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
    if (irp->AssociatedIrp.SystemBuffer != NULL)
        return irp->AssociatedIrp.SystemBuffer;
    return irp->UserBuffer;
}

static inline NTSTATUS lower_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    struct lower *s = device->DeviceExtension;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);

    s->had_mdl = irp->MdlAddress != NULL;
    s->had_system_buffer = irp->AssociatedIrp.SystemBuffer != NULL;
    s->user_buffer = irp->UserBuffer;
    if (location->MajorFunction == IRP_MJ_READ && s->fill != 0)
        memset(data_of(irp), s->fill, location->Parameters.Read.Length);
    if (location->MajorFunction == IRP_MJ_WRITE && location->Parameters.Write.Length != 0)
        s->first_byte = data_of(irp)[0];
    if (location->MajorFunction == IRP_MJ_DEVICE_CONTROL) {
        s->control_code = location->Parameters.DeviceIoControl.IoControlCode;
        if (irp->AssociatedIrp.SystemBuffer != NULL)
            s->first_byte = *(UCHAR *)irp->AssociatedIrp.SystemBuffer;
        if (s->fill != 0)
            memset(data_of(irp), s->fill, location->Parameters.DeviceIoControl.OutputBufferLength);
    }
    if (s->pends) {
        IoMarkIrpPending(irp);
        s->kept = irp;
        return STATUS_PENDING;
    }
    irp->IoStatus.Status = s->status;
    irp->IoStatus.Information = s->information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return s->status;
}

static inline NTSTATUS upper_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    const struct upper *u = device->DeviceExtension;

    if (u->copies)
        IoCopyCurrentIrpStackLocationToNext(irp);
    else
        IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(u->next, irp);
}

static inline NTSTATUS entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)driver;
    (void)path;
    return STATUS_SUCCESS;
}

static inline NTSTATUS dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    return io_device_of(device)->lower != NULL ? upper_dispatch(device, irp) : lower_dispatch(device, irp);
}

static inline struct stack make_stack(ULONG flags)
{
    struct stack s;

    rig_expect_equal(hal_driver_load("stack", entry, &s.driver), STATUS_SUCCESS);
    for (int i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        s.driver->MajorFunction[i] = dispatch;
    rig_expect_equal(
        IoCreateDevice(s.driver, sizeof(struct lower), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &s.lower), 0);
    rig_expect_equal(
        IoCreateDevice(s.driver, sizeof(struct upper), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &s.upper), 0);
    ((struct upper *)s.upper->DeviceExtension)->next = IoAttachDeviceToDeviceStack(s.upper, s.lower);
    s.lower->Flags = (s.lower->Flags | flags) & ~(ULONG)DO_DEVICE_INITIALIZING;
    s.upper->Flags = (s.upper->Flags | flags) & ~(ULONG)DO_DEVICE_INITIALIZING;
    s.state = s.lower->DeviceExtension;
    return s;
}

struct seen {
    int calls;
    PDEVICE_OBJECT device;
    NTSTATUS status;
    BOOLEAN pending_returned;
};

static inline NTSTATUS take_back(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct seen *s = context;

    s->calls++;
    s->device = device;
    s->status = irp->IoStatus.Status;
    s->pending_returned = irp->PendingReturned;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static inline PIRP own_irp(const struct stack *s, struct seen *seen, BOOLEAN success, BOOLEAN error,
                           BOOLEAN cancel)
{
    PIRP irp = IoAllocateIrp(s->upper->StackSize, FALSE);

    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
    memset(seen, 0, sizeof *seen);
    IoSetCompletionRoutine(irp, take_back, seen, success, error, cancel);
    return irp;
}

#endif
