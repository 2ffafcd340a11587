/*
 * IRPs: their way down a stack of devices and up again.
 */
#include "tests/hal/io_stack.h"

/* ---- Completion routines ---- */

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

static void pending(bool copies)
{
    struct stack s = make_stack(0);
    struct seen seen;

    ((struct upper *)s.upper->DeviceExtension)->copies = copies;
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

static void pending_of_both_kinds(void *context)
{
    (void)context;
    pending(false);
    pending(true);
}

/* rule: IO-COMPLETE-3 */
static void pending_returned_tells_the_completion_routine_that_the_irp_was_marked(void **state)
{
    (void)state;
    run_clean(pending_of_both_kinds);
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

static void complete_null(void *context)
{
    (void)context;
    IoCompleteRequest(NULL, IO_NO_INCREMENT);
}

/* rule: IO-COMPLETE-1 */
static void completing_an_irp_twice_is_bug_check_44(void **state)
{
    (void)state;
    run_stopped(complete_twice, "IO-COMPLETE-1", "0x44");
    run_stopped(complete_freed, "IO-COMPLETE-1", "0x44");
    run_stopped(complete_null, "IO-COMPLETE-1", "0x44");
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

/* An IRP of a driver's own, of two locations, of which the upper is current. */
static PIRP irp_at_its_second(void)
{
    PIRP irp = IoAllocateIrp(2, FALSE);

    IoSetNextIrpStackLocation(irp);
    irp->IoStatus.Status = STATUS_SUCCESS;
    return irp;
}

static void move_down_too_often(void *context)
{
    PIRP irp = irp_at_its_second();

    (void)context;
    IoSetNextIrpStackLocation(irp);
    rig_expect(IoGetCurrentIrpStackLocation(irp) == (PIO_STACK_LOCATION)(irp + 1));
    IoSetNextIrpStackLocation(irp);
}

static void move_up_too_often(void *context)
{
    PIRP irp = irp_at_its_second();

    (void)context;
    IoSkipCurrentIrpStackLocation(irp);
    rig_expect_equal(irp->CurrentLocation, 3);
    IoSkipCurrentIrpStackLocation(irp);
}

static void move_where_there_are_none(void *context)
{
    (void)context;
    IoSetNextIrpStackLocation(IoAllocateIrp(0, FALSE));
}

static void move_in_too_many(void *context)
{
    (void)context;
    IoSetNextIrpStackLocation(IoAllocateIrp(MAXCHAR, FALSE));
}

/* rule: IO-LOCATION-1 */
static void the_current_location_is_not_moved_out_of_the_irp(void **state)
{
    (void)state;
    run_stopped(move_down_too_often, "IO-LOCATION-1", "");
    run_stopped(move_up_too_often, "IO-LOCATION-1", "");
    run_stopped(move_where_there_are_none, "IO-LOCATION-1", "");
    run_stopped(move_in_too_many, "IO-LOCATION-1", "");
}

/* What a driver writes itself into an IRP whose second location is current. */
struct by_hand {
    CHAR number;
    int pointer; /* how many locations further */
};

static const struct by_hand by_hand[] = {{0, 0},  {-3, 0},  {-3, -5},  {-100, 0}, {1, 0},
                                         {2, -1}, {2, -50}, {2, 5000}, {1, -2}};

static void (*use)(struct stack *s, PIRP irp);

static void write_and_use(void *context)
{
    const struct by_hand *h = context;
    struct stack s = make_stack(0);
    PIRP irp = irp_at_its_second();

    irp->CurrentLocation = h->number;
    irp->Tail.Overlay.CurrentStackLocation += h->pointer;
    use(&s, irp);
}

static void run_by_hand(const struct by_hand *h, const char *rule, const char *code)
{
    struct rig_outcome outcome;
    struct emu_machine *m = rig_machine(NULL, boots);
    struct by_hand copy = *h;

    rig_run(m, write_and_use, &copy, &outcome);
    emu_machine_destroy(m);
    rig_assert_stopped(&outcome, rule, code);
}

static void use_complete(struct stack *s, PIRP irp)
{
    (void)s;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

static void use_call(struct stack *s, PIRP irp)
{
    IoCallDriver(s->lower, irp);
}

static void use_forward(struct stack *s, PIRP irp)
{
    IoForwardIrpSynchronously(s->lower, irp);
}

static VOID never_called(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    (void)irp;
    rig_expect(false);
}

static void use_cancel(struct stack *s, PIRP irp)
{
    (void)s;
    IoSetCancelRoutine(irp, never_called);
    IoCancelIrp(irp);
}

/* rule: IO-LOCATION-2 */
static void a_location_that_a_driver_wrote_by_hand_is_told_and_not_read(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof by_hand / sizeof by_hand[0]; i++) {
        use = use_complete;
        run_by_hand(&by_hand[i], "IO-LOCATION-2", "");
        use = use_cancel;
        run_by_hand(&by_hand[i], "IO-LOCATION-2", "");
        use = use_call;
        if (by_hand[i].number > 1)
            run_by_hand(&by_hand[i], "IO-LOCATION-2", "");
        else
            run_by_hand(&by_hand[i], "IO-CALL-2", "0x35");
        use = use_forward;
        if (by_hand[i].number > 1)
            run_by_hand(&by_hand[i], "IO-LOCATION-2", "");
    }
    use = use_call;
    run_by_hand(&(struct by_hand){4, 2}, "IO-LOCATION-2", "");
    use = use_forward;
    run_by_hand(&(struct by_hand){3, 1}, "IO-LOCATION-2", "");
}

static NTSTATUS moves_down(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)context;
    IoSetNextIrpStackLocation(irp);
    return STATUS_SUCCESS;
}

static NTSTATUS frees_and_goes_on(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)context;
    IoFreeIrp(irp);
    return STATUS_SUCCESS;
}

static void complete_by(PIO_COMPLETION_ROUTINE routine)
{
    struct stack s = make_stack(0);
    PIRP irp = IoAllocateIrp(s.lower->StackSize, FALSE);

    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
    IoSetCompletionRoutine(irp, routine, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(s.lower, irp);
}

static void complete_by_moving(void *context)
{
    (void)context;
    complete_by(moves_down);
}

static void complete_by_freeing(void *context)
{
    (void)context;
    complete_by(frees_and_goes_on);
}

/* rule: IO-LOCATION-2 */
static void a_completion_routine_that_moves_the_location_and_goes_on_is_a_finding(void **state)
{
    (void)state;
    run_stopped(complete_by_moving, "IO-LOCATION-2", "");
}

/* rule: IO-COMPLETE-11 */
static void a_completion_routine_that_frees_the_irp_and_goes_on_is_a_finding(void **state)
{
    (void)state;
    run_stopped(complete_by_freeing, "IO-COMPLETE-11", "");
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

static void call_with_null(void *context)
{
    struct stack s = make_stack(0);

    (void)context;
    IoCallDriver(s.upper, NULL);
}

/* rule: IO-CALL-3 */
static void calling_with_what_is_no_irp_is_bug_check_c9_3(void **state)
{
    (void)state;
    run_stopped(call_freed, "IO-CALL-3", "0xC9/03");
    run_stopped(call_with_null, "IO-CALL-3", "0xC9/03");
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
        cmocka_unit_test(the_current_location_is_not_moved_out_of_the_irp),
        cmocka_unit_test(a_location_that_a_driver_wrote_by_hand_is_told_and_not_read),
        cmocka_unit_test(a_completion_routine_that_moves_the_location_and_goes_on_is_a_finding),
        cmocka_unit_test(a_completion_routine_that_frees_the_irp_and_goes_on_is_a_finding),
        cmocka_unit_test(calling_with_what_is_no_irp_is_bug_check_c9_3),
        cmocka_unit_test(calling_what_is_no_device_is_bug_check_c9_4),
        cmocka_unit_test(calling_a_driver_above_dispatch_level_is_bug_check_c9_10),
        cmocka_unit_test(a_dispatch_routine_that_changes_the_irql_is_bug_check_c9_5),
        cmocka_unit_test(a_function_that_a_driver_does_not_set_completes_as_invalid_request),
        cmocka_unit_test(a_master_irp_completes_with_its_last_associated_one),
        cmocka_unit_test(forwarding_synchronously_gives_the_irp_back_to_the_caller),
        cmocka_unit_test(freeing_an_irp_twice_is_bug_check_c9_1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
