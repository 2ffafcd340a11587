/*
 * IRPs: their way down a stack of devices and up again, cancelling, and what the I/O manager builds and
 * undoes.
 */
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

enum {
    POOL_TAG = 0x74736574,
    SYSTEM_IRP_TAG = 0x20707249,
    SYSTEM_BUFFER_TAG = 0x42536F49,
    MDL_TAG = 0x206C644D
};

static const struct rig_boot boots[] = {{hal_boot, NULL}, {NULL, NULL}};

static void run(void (*body)(void *), struct rig_outcome *outcome)
{
    struct emu_machine *m = rig_machine(NULL, boots);

    rig_run(m, body, NULL, outcome);
    emu_machine_destroy(m);
}

static void run_clean(void (*body)(void *))
{
    struct rig_outcome outcome;

    run(body, &outcome);
    rig_assert_idle(&outcome);
}

static void run_stopped(void (*body)(void *), const char *rule, const char *code)
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

struct stack {
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT lower;
    PDEVICE_OBJECT upper;
    struct lower *state;
};

static UCHAR *data_of(PIRP irp)
{
    if (irp->MdlAddress != NULL)
        return MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
    if (irp->AssociatedIrp.SystemBuffer != NULL)
        return irp->AssociatedIrp.SystemBuffer;
    return irp->UserBuffer;
}

static NTSTATUS lower_dispatch(PDEVICE_OBJECT device, PIRP irp)
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

static NTSTATUS upper_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PDEVICE_OBJECT *next = device->DeviceExtension;

    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(*next, irp);
}

static NTSTATUS entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)driver;
    (void)path;
    return STATUS_SUCCESS;
}

static NTSTATUS dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    return io_device_of(device)->lower != NULL ? upper_dispatch(device, irp) : lower_dispatch(device, irp);
}

static struct stack make_stack(ULONG flags)
{
    struct stack s;

    rig_expect_equal(hal_driver_load("stack", entry, &s.driver), STATUS_SUCCESS);
    for (int i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        s.driver->MajorFunction[i] = dispatch;
    rig_expect_equal(
        IoCreateDevice(s.driver, sizeof(struct lower), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &s.lower), 0);
    rig_expect_equal(
        IoCreateDevice(s.driver, sizeof(PDEVICE_OBJECT), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &s.upper), 0);
    *(PDEVICE_OBJECT *)s.upper->DeviceExtension = IoAttachDeviceToDeviceStack(s.upper, s.lower);
    s.lower->Flags = (s.lower->Flags | flags) & ~(ULONG)DO_DEVICE_INITIALIZING;
    s.upper->Flags = (s.upper->Flags | flags) & ~(ULONG)DO_DEVICE_INITIALIZING;
    s.state = s.lower->DeviceExtension;
    return s;
}

/* ---- Completion routines ---- */

struct seen {
    int calls;
    PDEVICE_OBJECT device;
    NTSTATUS status;
    BOOLEAN pending_returned;
};

static NTSTATUS take_back(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct seen *s = context;

    s->calls++;
    s->device = device;
    s->status = irp->IoStatus.Status;
    s->pending_returned = irp->PendingReturned;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static PIRP own_irp(const struct stack *s, struct seen *seen, BOOLEAN success, BOOLEAN error, BOOLEAN cancel)
{
    PIRP irp = IoAllocateIrp(s->upper->StackSize, FALSE);

    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
    memset(seen, 0, sizeof *seen);
    IoSetCompletionRoutine(irp, take_back, seen, success, error, cancel);
    return irp;
}

static void completion(void *context)
{
    struct stack s = make_stack(0);
    struct seen seen;

    (void)context;
    s.state->status = STATUS_DEVICE_BUSY;
    PIRP irp = own_irp(&s, &seen, FALSE, TRUE, FALSE);
    rig_expect_equal(IoCallDriver(s.upper, irp), STATUS_DEVICE_BUSY);
    rig_expect_equal(seen.calls, 1);
    rig_expect_equal(seen.status, STATUS_DEVICE_BUSY);
    rig_expect(seen.device == NULL); /* the allocator of the IRP has no device in it */
    rig_expect(!seen.pending_returned);
    IoReuseIrp(irp, STATUS_SUCCESS);
    s.state->status = STATUS_SUCCESS;
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
    IoSetCompletionRoutine(irp, take_back, &seen, TRUE, FALSE, FALSE);
    rig_expect_equal(IoCallDriver(s.upper, irp), STATUS_SUCCESS);
    rig_expect_equal(seen.calls, 2);
    IoFreeIrp(irp);
    rig_expect_equal(hal_pool_each(SYSTEM_IRP_TAG, NULL, NULL), 0);
}

/* rule: IO-COMPLETE-2 */
static void a_completion_routine_is_called_for_the_outcomes_that_it_was_set_for(void **state)
{
    (void)state;
    run_clean(completion);
}

static void pending(void *context)
{
    struct stack s = make_stack(0);
    struct seen seen;

    (void)context;
    s.state->pends = true;
    PIRP irp = own_irp(&s, &seen, TRUE, TRUE, TRUE);
    rig_expect_equal(IoCallDriver(s.upper, irp), STATUS_PENDING);
    rig_expect_equal(seen.calls, 0);
    s.state->kept->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(s.state->kept, IO_NO_INCREMENT);
    rig_expect_equal(seen.calls, 1);
    rig_expect(seen.pending_returned);
    IoFreeIrp(irp);
}

/* rule: IO-COMPLETE-3 */
static void pending_returned_tells_the_completion_routine_that_the_irp_was_marked(void **state)
{
    (void)state;
    run_clean(pending);
}

static void complete_twice(void *context)
{
    struct stack s = make_stack(0);
    struct seen seen;

    (void)context;
    PIRP irp = own_irp(&s, &seen, TRUE, TRUE, TRUE);
    IoCallDriver(s.upper, irp);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

static void complete_freed(void *context)
{
    (void)context;
    PIRP irp = IoAllocateIrp(1, FALSE);
    IoFreeIrp(irp);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

/* rule: IO-COMPLETE-1 */
static void completing_an_irp_twice_is_bug_check_44(void **state)
{
    (void)state;
    run_stopped(complete_twice, "IO-COMPLETE-1", "0x44");
    run_stopped(complete_freed, "IO-COMPLETE-1", "0x44");
}

static void cancel_nothing(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoReleaseCancelSpinLock(irp->CancelIrql);
}

static void complete_cancelable(void *context)
{
    struct stack s = make_stack(0);
    struct seen seen;

    (void)context;
    s.state->pends = true;
    PIRP irp = own_irp(&s, &seen, TRUE, TRUE, TRUE);
    IoCallDriver(s.upper, irp);
    IoSetCancelRoutine(irp, cancel_nothing);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

/* rule: IO-COMPLETE-7 */
static void completing_with_a_cancel_routine_set_is_bug_check_c9_7(void **state)
{
    (void)state;
    run_stopped(complete_cancelable, "IO-COMPLETE-7", "0xC9/07");
}

static void complete_pending(void *context)
{
    struct stack s = make_stack(0);
    struct seen seen;

    (void)context;
    s.state->status = STATUS_PENDING;
    IoCallDriver(s.upper, own_irp(&s, &seen, TRUE, TRUE, TRUE));
}

/* rule: IO-COMPLETE-6 */
static void completing_with_status_pending_is_bug_check_c9_6(void **state)
{
    (void)state;
    run_stopped(complete_pending, "IO-COMPLETE-6", "0xC9/06");
}

static void complete_too_high(void *context)
{
    struct stack s = make_stack(0);
    struct seen seen;
    KIRQL irql;

    (void)context;
    s.state->pends = true;
    IoCallDriver(s.upper, own_irp(&s, &seen, TRUE, TRUE, TRUE));
    s.state->kept->IoStatus.Status = STATUS_SUCCESS;
    KeRaiseIrql(5, &irql);
    IoCompleteRequest(s.state->kept, IO_NO_INCREMENT);
}

/* rule: IO-COMPLETE-8 */
static void completing_above_dispatch_level_is_bug_check_c9_e(void **state)
{
    (void)state;
    run_stopped(complete_too_high, "IO-COMPLETE-8", "0xC9/0E");
}

static void nobody_takes_it_back(void *context)
{
    struct stack s = make_stack(0);
    PIRP irp = IoAllocateIrp(s.upper->StackSize, FALSE);

    (void)context;
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
    IoCallDriver(s.upper, irp);
}

/* rule: IO-COMPLETE-9 */
static void a_drivers_own_irp_that_nobody_takes_back_is_a_finding(void **state)
{
    (void)state;
    run_stopped(nobody_takes_it_back, "IO-COMPLETE-9", "");
}

/* ---- Calling ---- */

static void no_location(void *context)
{
    struct stack s = make_stack(0);
    PIRP irp = IoAllocateIrp(1, FALSE);

    (void)context;
    IoSetNextIrpStackLocation(irp);
    IoCallDriver(s.lower, irp);
}

/* rule: IO-CALL-2 */
static void calling_without_a_stack_location_left_is_bug_check_35(void **state)
{
    (void)state;
    run_stopped(no_location, "IO-CALL-2", "0x35");
}

static void call_freed(void *context)
{
    struct stack s = make_stack(0);
    PIRP irp = IoAllocateIrp(1, FALSE);

    (void)context;
    IoFreeIrp(irp);
    IoCallDriver(s.lower, irp);
}

static void call_deleted(void *context)
{
    struct stack s = make_stack(0);

    (void)context;
    IoDetachDevice(s.lower);
    IoDeleteDevice(s.upper);
    IoCallDriver(s.upper, IoAllocateIrp(2, FALSE));
}

static void call_too_high(void *context)
{
    struct stack s = make_stack(0);
    PIRP irp = IoAllocateIrp(1, FALSE);
    KIRQL irql;

    (void)context;
    KeRaiseIrql(5, &irql);
    IoCallDriver(s.lower, irp);
}

static NTSTATUS raises(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    (void)irp;
    KeRaiseIrqlToDpcLevel();
    return STATUS_SUCCESS;
}

static void changes_level(void *context)
{
    struct stack s = make_stack(0);

    (void)context;
    s.driver->MajorFunction[0] = raises;
    IoCallDriver(s.lower, IoAllocateIrp(1, FALSE));
}

/* rule: IO-CALL-3 */
static void calling_with_what_is_no_irp_is_bug_check_c9_3(void **state)
{
    (void)state;
    run_stopped(call_freed, "IO-CALL-3", "0xC9/03");
}

/* rule: IO-CALL-4 */
static void calling_what_is_no_device_is_bug_check_c9_4(void **state)
{
    (void)state;
    run_stopped(call_deleted, "IO-CALL-4", "0xC9/04");
}

/* rule: IO-CALL-5 */
static void calling_a_driver_above_dispatch_level_is_bug_check_c9_10(void **state)
{
    (void)state;
    run_stopped(call_too_high, "IO-CALL-5", "0xC9/10");
}

/* rule: IO-CALL-6 */
static void a_dispatch_routine_that_changes_the_irql_is_bug_check_c9_5(void **state)
{
    (void)state;
    run_stopped(changes_level, "IO-CALL-6", "0xC9/05");
}

static void unsupported(void *context)
{
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT device;
    struct seen seen = {0};

    (void)context;
    hal_driver_load("empty", entry, &driver);
    IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    PIRP irp = IoAllocateIrp(1, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, take_back, &seen, TRUE, TRUE, TRUE);
    rig_expect_equal(IoCallDriver(device, irp), STATUS_INVALID_DEVICE_REQUEST);
    rig_expect_equal(seen.status, STATUS_INVALID_DEVICE_REQUEST);
}

/* rule: IO-DRIVER-2 */
static void a_function_that_a_driver_does_not_set_completes_as_invalid_request(void **state)
{
    (void)state;
    run_clean(unsupported);
}

/* ---- Cancelling ---- */

static void complete_cancelled(PDEVICE_OBJECT device, PIRP irp)
{
    rig_expect(device != NULL);
    rig_expect_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    irp->IoStatus.Status = STATUS_CANCELLED;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

static void cancelling(void *context)
{
    struct stack s = make_stack(0);
    struct seen seen;

    (void)context;
    s.state->pends = true;
    PIRP irp = own_irp(&s, &seen, FALSE, FALSE, TRUE);
    IoCallDriver(s.upper, irp);
    rig_expect(!IoCancelIrp(irp));
    rig_expect(irp->Cancel);
    irp->Cancel = FALSE;
    rig_expect(IoSetCancelRoutine(irp, complete_cancelled) == NULL);
    rig_expect(IoCancelIrp(irp));
    rig_expect(irp->CancelRoutine == NULL);
    rig_expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    rig_expect_equal(seen.calls, 1);
    rig_expect_equal(seen.status, STATUS_CANCELLED);
    IoFreeIrp(irp);
}

/* rule: IO-CANCEL-1 */
static void cancelling_calls_the_cancel_routine_once_and_returns_whether_it_did(void **state)
{
    (void)state;
    run_clean(cancelling);
}

static void cancel_freed(void *context)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    (void)context;
    IoFreeIrp(irp);
    IoCancelIrp(irp);
}

/* rule: IO-CANCEL-5 */
static void cancelling_a_freed_irp_is_a_finding(void **state)
{
    (void)state;
    run_stopped(cancel_freed, "IO-CANCEL-5", "");
}

static void cancel_completed(void *context)
{
    struct stack s = make_stack(0);
    struct seen seen;

    (void)context;
    PIRP irp = own_irp(&s, &seen, TRUE, TRUE, TRUE);
    IoCallDriver(s.upper, irp);
    IoSetCancelRoutine(irp, cancel_nothing);
    IoCancelIrp(irp);
}

/* rule: IO-CANCEL-6 */
static void a_cancel_routine_in_a_completed_irp_is_bug_check_48(void **state)
{
    (void)state;
    run_stopped(cancel_completed, "IO-CANCEL-6", "0x48");
}

/* Two threads: one cancels, one completes. Exactly one of them gets the cancel routine. */
struct race {
    struct stack stack;
    struct seen seen;
    PIRP irp;
    int completed;
};

static void cancel_race_cancels(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    irp->IoStatus.Status = STATUS_CANCELLED;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

static NTSTATUS race_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct race *r = context;

    (void)device;
    (void)irp;
    r->completed++;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void race_canceller(void *context)
{
    struct race *r = context;

    IoCancelIrp(r->irp);
}

static void race_completer(void *context)
{
    struct race *r = context;

    if (IoSetCancelRoutine(r->irp, NULL) != NULL) {
        r->irp->IoStatus.Status = STATUS_SUCCESS;
        IoCompleteRequest(r->irp, IO_NO_INCREMENT);
    }
}

static void race_completer_careless(void *context)
{
    struct race *r = context;

    IoSetCancelRoutine(r->irp, NULL);
    r->irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(r->irp, IO_NO_INCREMENT);
}

static void race_begin(struct race *r)
{
    r->stack = make_stack(0);
    r->completed = 0;
    r->stack.state->pends = true;
    r->irp = own_irp(&r->stack, &r->seen, TRUE, TRUE, TRUE);
    IoSetCompletionRoutine(r->irp, race_done, r, TRUE, TRUE, TRUE);
    IoCallDriver(r->stack.upper, r->irp);
    IoSetCancelRoutine(r->irp, cancel_race_cancels);
    rig_thread("canceller", 0, race_canceller, r);
}

static void race_set_up(void *context)
{
    race_begin(context);
    rig_thread("completer", 1, race_completer, context);
}

static void race_set_up_careless(void *context)
{
    race_begin(context);
    rig_thread("completer", 1, race_completer_careless, context);
}

static void race_check(void *context)
{
    const struct race *r = context;

    rig_expect_equal(r->completed, 1);
}

/* rule: IO-CANCEL-2 */
static void whoever_takes_the_cancel_routine_away_owns_the_irp(void **state)
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct race race;
    const struct emu_program careful = {"cancel", race_set_up, race_check, &race};
    const struct emu_program careless = {"careless", race_set_up_careless, race_check, &race};
    struct emu_report report;

    (void)state;
    rig_explore(m, &careful, EMU_UNBOUNDED, 100000, &report);
    rig_assert_clean(&report);
    rig_assert_complete(&report);
    assert_true(report.runs > 1);
    emu_report_free(&report);
    rig_explore(m, &careless, EMU_UNBOUNDED, 100000, &report);
    rig_assert_found(&report, "IO-COMPLETE-1", "0x44");
    rig_assert_replays(m, &careless, &report.findings[0], 3);
    emu_report_free(&report);
    emu_machine_destroy(m);
}

/* ---- What the I/O manager builds ---- */

static void synchronous(PDEVICE_OBJECT device, struct lower *state, ULONG major, PVOID buffer, ULONG length,
                        IO_STATUS_BLOCK *status)
{
    KEVENT done;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    PIRP irp = IoBuildSynchronousFsdRequest(major, device, buffer, length, NULL, &done, status);
    rig_expect(irp != NULL);
    NTSTATUS returned = IoCallDriver(device, irp);
    if (state->pends) {
        rig_expect_equal(returned, STATUS_PENDING);
        rig_expect_equal(KeReadStateEvent(&done), 0);
        state->kept->IoStatus.Status = state->status;
        state->kept->IoStatus.Information = state->information;
        IoCompleteRequest(state->kept, IO_NO_INCREMENT);
    }
    rig_expect(KeReadStateEvent(&done) != 0);
    rig_expect_equal(hal_pool_each(SYSTEM_IRP_TAG, NULL, NULL), 0);
    rig_expect_equal(hal_pool_each(SYSTEM_BUFFER_TAG, NULL, NULL), 0);
    rig_expect_equal(hal_pool_each(MDL_TAG, NULL, NULL), 0);
    rig_expect_equal(hal_kernel()->mm.locked_mdls, 0);
}

static void transfers(ULONG flags, bool pends)
{
    struct stack s = make_stack(flags);
    UCHAR *buffer = ExAllocatePoolZero(NonPagedPoolNx, 6000, POOL_TAG);
    IO_STATUS_BLOCK status;

    s.state->pends = pends;
    s.state->information = 5000;
    s.state->fill = 0x5A;
    memset(&status, 0, sizeof status);
    synchronous(s.upper, s.state, IRP_MJ_READ, buffer, 5000, &status);
    rig_expect_equal(status.Information, 5000);
    rig_expect_equal(buffer[0], 0x5A);
    rig_expect_equal(buffer[4999], 0x5A);
    rig_expect_equal(buffer[5000], 0);
    rig_expect_equal(s.state->had_mdl, flags == DO_DIRECT_IO);
    rig_expect_equal(s.state->had_system_buffer, flags == DO_BUFFERED_IO);
    buffer[0] = 0x77;
    synchronous(s.upper, s.state, IRP_MJ_WRITE, buffer, 5000, &status);
    rig_expect_equal(s.state->first_byte, 0x77);
    s.state->status = STATUS_DEVICE_NOT_READY;
    s.state->information = 0;
    synchronous(s.upper, s.state, IRP_MJ_READ, buffer, 5000, &status);
    rig_expect_equal(status.Status, STATUS_DEVICE_NOT_READY);
}

static void transfers_of_every_kind(void *context)
{
    (void)context;
    transfers(DO_BUFFERED_IO, false);
    transfers(DO_BUFFERED_IO, true);
    transfers(DO_DIRECT_IO, false);
    transfers(DO_DIRECT_IO, true);
    transfers(0, false);
}

/* rule: IO-BUILD-1 */
static void reads_and_writes_travel_as_the_device_asks_and_everything_is_undone_at_the_end(void **state)
{
    (void)state;
    run_clean(transfers_of_every_kind);
}

static void control(ULONG method, bool expect_system, bool expect_mdl)
{
    struct stack s = make_stack(0);
    ULONG code = CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, method, FILE_ANY_ACCESS);
    UCHAR *in = ExAllocatePoolZero(NonPagedPoolNx, 16, POOL_TAG);
    UCHAR *out = ExAllocatePoolZero(NonPagedPoolNx, 64, POOL_TAG);
    IO_STATUS_BLOCK status = {.Information = 0};
    KEVENT done;

    in[0] = 0x31;
    s.state->fill = 0x42;
    s.state->information = 64;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    PIRP irp = IoBuildDeviceIoControlRequest(code, s.upper, in, 16, out, 64, FALSE, &done, &status);
    rig_expect_equal(IoCallDriver(s.upper, irp), STATUS_SUCCESS);
    rig_expect(KeReadStateEvent(&done) != 0);
    rig_expect_equal(s.state->control_code, code);
    rig_expect_equal(s.state->had_system_buffer, expect_system);
    rig_expect_equal(s.state->had_mdl, expect_mdl);
    if (expect_system)
        rig_expect_equal(s.state->first_byte, 0x31);
    rig_expect_equal(out[63], 0x42);
    rig_expect_equal(status.Information, 64);
    rig_expect_equal(hal_pool_each(SYSTEM_BUFFER_TAG, NULL, NULL), 0);
    rig_expect_equal(hal_pool_each(MDL_TAG, NULL, NULL), 0);
}

static void controls(void *context)
{
    (void)context;
    control(METHOD_BUFFERED, true, false);
    control(METHOD_IN_DIRECT, true, true);
    control(METHOD_OUT_DIRECT, true, true);
    control(METHOD_NEITHER, false, false);
}

/* rule: IO-BUILD-2 */
static void device_controls_travel_by_the_method_of_their_code(void **state)
{
    (void)state;
    run_clean(controls);
}

static void associated(void *context)
{
    struct stack s = make_stack(0);
    struct seen seen;

    (void)context;
    PIRP master = own_irp(&s, &seen, TRUE, TRUE, TRUE);
    IoSetNextIrpStackLocation(master);
    master->AssociatedIrp.IrpCount = 2;
    master->IoStatus.Status = STATUS_SUCCESS;
    for (int i = 0; i < 2; i++) {
        rig_expect_equal(seen.calls, 0);
        PIRP irp = IoMakeAssociatedIrp(master, s.upper->StackSize);
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
        IoCallDriver(s.upper, irp);
    }
    rig_expect_equal(seen.calls, 1);
    rig_expect_equal(hal_pool_each(SYSTEM_IRP_TAG, NULL, NULL), 1);
}

/* rule: IO-IRP-3 */
static void a_master_irp_completes_with_its_last_associated_one(void **state)
{
    (void)state;
    run_clean(associated);
}

static void forward(void *context)
{
    struct stack s = make_stack(0);

    (void)context;
    s.state->status = STATUS_DEVICE_BUSY;
    PIRP irp = IoAllocateIrp((CCHAR)(s.upper->StackSize + 1), FALSE);
    IoSetNextIrpStackLocation(irp);
    IoGetCurrentIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
    rig_expect(IoForwardIrpSynchronously(s.upper, irp));
    rig_expect_equal(irp->IoStatus.Status, STATUS_DEVICE_BUSY);
    IoFreeIrp(irp);
}

/* rule: IO-CALL-7 */
static void forwarding_synchronously_gives_the_irp_back_to_the_caller(void **state)
{
    (void)state;
    run_clean(forward);
}

static void free_twice(void *context)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    (void)context;
    IoFreeIrp(irp);
    IoFreeIrp(irp);
}

/* rule: IO-IRP-4 */
static void freeing_an_irp_twice_is_bug_check_c9_1(void **state)
{
    (void)state;
    run_stopped(free_twice, "IO-IRP-4", "0xC9/01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_completion_routine_is_called_for_the_outcomes_that_it_was_set_for),
        cmocka_unit_test(pending_returned_tells_the_completion_routine_that_the_irp_was_marked),
        cmocka_unit_test(completing_an_irp_twice_is_bug_check_44),
        cmocka_unit_test(completing_with_a_cancel_routine_set_is_bug_check_c9_7),
        cmocka_unit_test(completing_with_status_pending_is_bug_check_c9_6),
        cmocka_unit_test(completing_above_dispatch_level_is_bug_check_c9_e),
        cmocka_unit_test(a_drivers_own_irp_that_nobody_takes_back_is_a_finding),
        cmocka_unit_test(calling_without_a_stack_location_left_is_bug_check_35),
        cmocka_unit_test(calling_with_what_is_no_irp_is_bug_check_c9_3),
        cmocka_unit_test(calling_what_is_no_device_is_bug_check_c9_4),
        cmocka_unit_test(calling_a_driver_above_dispatch_level_is_bug_check_c9_10),
        cmocka_unit_test(a_dispatch_routine_that_changes_the_irql_is_bug_check_c9_5),
        cmocka_unit_test(a_function_that_a_driver_does_not_set_completes_as_invalid_request),
        cmocka_unit_test(cancelling_calls_the_cancel_routine_once_and_returns_whether_it_did),
        cmocka_unit_test(cancelling_a_freed_irp_is_a_finding),
        cmocka_unit_test(a_cancel_routine_in_a_completed_irp_is_bug_check_48),
        cmocka_unit_test(whoever_takes_the_cancel_routine_away_owns_the_irp),
        cmocka_unit_test(reads_and_writes_travel_as_the_device_asks_and_everything_is_undone_at_the_end),
        cmocka_unit_test(device_controls_travel_by_the_method_of_their_code),
        cmocka_unit_test(a_master_irp_completes_with_its_last_associated_one),
        cmocka_unit_test(forwarding_synchronously_gives_the_irp_back_to_the_caller),
        cmocka_unit_test(freeing_an_irp_twice_is_bug_check_c9_1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
