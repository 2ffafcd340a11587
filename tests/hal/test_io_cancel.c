/*
 * Cancelling IRPs, and IRPs that the I/O manager builds and undoes.
 */
#include "tests/hal/io_stack.h"

enum { POOL_TAG = 0x74736574, SYSTEM_BUFFER_TAG = 0x42536F49, MDL_TAG = 0x206C644D };

static void cancel_nothing(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoReleaseCancelSpinLock(irp->CancelIrql);
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

static void keep_the_cancel_lock(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    (void)irp;
}

static void cancel_with_a_keeper(void *context)
{
    struct stack s = make_stack(0);
    struct seen seen;

    (void)context;
    s.state->pends = true;
    PIRP irp = own_irp(&s, &seen, FALSE, FALSE, TRUE);
    IoCallDriver(s.upper, irp);
    IoSetCancelRoutine(irp, keep_the_cancel_lock);
    IoCancelIrp(irp);
}

/* rule: KE-SPIN-9 */
static void a_cancel_routine_that_keeps_the_cancel_spin_lock_is_a_finding(void **state)
{
    (void)state;
    run_stopped(cancel_with_a_keeper, "KE-SPIN-9", "0xC4/40009");
}

static KSPIN_LOCK kept;

static NTSTATUS return_with_a_lock(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    (void)irp;
    KIRQL old;
    KeAcquireSpinLock(&kept, &old);
    return STATUS_SUCCESS;
}

static void call_a_keeper(void *context)
{
    struct stack s = make_stack(0);
    struct seen seen;

    (void)context;
    KeInitializeSpinLock(&kept);
    s.driver->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = return_with_a_lock;
    PIRP irp = own_irp(&s, &seen, FALSE, FALSE, TRUE);
    IoCallDriver(s.upper, irp);
}

/* rule: KE-SPIN-9 */
static void a_dispatch_routine_that_returns_with_a_spin_lock_is_a_finding(void **state)
{
    (void)state;
    run_stopped(call_a_keeper, "KE-SPIN-9", "0xC4/40009");
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

static void set_cancel_routine(void *context)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    (void)context;
    IoSetCancelRoutine(irp, cancel_nothing);
    rig_expect(IoSetCancelRoutine(irp, NULL) == cancel_nothing);
    IoFreeIrp(irp);
}

static void keep_line(void *context, const char *line)
{
    int *lines = context;

    if (strstr(line, "IoSetCancelRoutine") != NULL && strstr(line, "cancel routine#1") != NULL)
        ++*lines;
}

/* rule: IO-CANCEL-8 */
static void a_timeline_names_the_setting_of_a_cancel_routine_and_its_object(void **state)
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;
    int lines = 0;

    (void)state;
    emu_trace_record(m, true);
    rig_run(m, set_cancel_routine, NULL, &outcome);
    emu_trace_timeline(m, 0, keep_line, &lines);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
    assert_int_equal(lines, 2);
}

static void cancel_null(void *context)
{
    (void)context;
    IoCancelIrp(NULL);
}

static void set_cancel_routine_of_null(void *context)
{
    (void)context;
    IoSetCancelRoutine(NULL, cancel_nothing);
}

/* rule: IO-CANCEL-7 */
static void cancelling_no_irp_is_a_finding(void **state)
{
    (void)state;
    run_stopped(cancel_null, "IO-CANCEL-7", "");
    run_stopped(set_cancel_routine_of_null, "IO-CANCEL-7", "");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cancel_routine_that_keeps_the_cancel_spin_lock_is_a_finding),
        cmocka_unit_test(a_dispatch_routine_that_returns_with_a_spin_lock_is_a_finding),
        cmocka_unit_test(cancelling_calls_the_cancel_routine_once_and_returns_whether_it_did),
        cmocka_unit_test(cancelling_a_freed_irp_is_a_finding),
        cmocka_unit_test(a_cancel_routine_in_a_completed_irp_is_bug_check_48),
        cmocka_unit_test(a_timeline_names_the_setting_of_a_cancel_routine_and_its_object),
        cmocka_unit_test(cancelling_no_irp_is_a_finding),
        cmocka_unit_test(whoever_takes_the_cancel_routine_away_owns_the_irp),
        cmocka_unit_test(reads_and_writes_travel_as_the_device_asks_and_everything_is_undone_at_the_end),
        cmocka_unit_test(device_controls_travel_by_the_method_of_their_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
