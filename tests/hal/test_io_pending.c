/*
 * Pending requests: what a dispatch routine returns agrees with the mark that it sets, and who built a
 * request waits for it only when it is pending.
 */
#include "io_stack.h"

/* What the devices of one test do; the lower device's extension. */
struct plan {
    bool marks;
    bool completes; /* before the dispatch routine returns */
    NTSTATUS returns;
    NTSTATUS completion; /* what the request is completed with */
    bool watched;        /* the upper device forwards with a completion routine */
    bool hands_on;       /* which passes the mark on */
    PIRP kept;
};

static NTSTATUS hand_on(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    const struct plan *p = context;

    (void)device;
    if (irp->PendingReturned && p->hands_on)
        IoMarkIrpPending(irp);
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS planned(PDEVICE_OBJECT device, PIRP irp)
{
    PDEVICE_OBJECT next = io_device_of(device)->lower;
    struct plan *p = next != NULL ? next->DeviceExtension : device->DeviceExtension;

    if (next != NULL && !p->watched) {
        IoSkipCurrentIrpStackLocation(irp);
        return IoCallDriver(next, irp);
    }
    if (next != NULL) {
        IoCopyCurrentIrpStackLocationToNext(irp);
        IoSetCompletionRoutine(irp, hand_on, p, TRUE, TRUE, TRUE);
        return IoCallDriver(next, irp);
    }
    NTSTATUS status = p->returns;
    if (p->marks)
        IoMarkIrpPending(irp);
    if (p->completes) {
        irp->IoStatus.Status = p->completion;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
    } else {
        p->kept = irp;
    }
    return status;
}

_Static_assert(sizeof(struct plan) <= sizeof(struct lower), "it fits into the lower device's extension");

/* The stack's devices follow this plan; where it is. */
static struct plan *follow(const struct stack *s, struct plan plan)
{
    for (int i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        s->driver->MajorFunction[i] = planned;
    *(struct plan *)s->lower->DeviceExtension = plan;
    return s->lower->DeviceExtension;
}

static NTSTATUS send(struct plan plan)
{
    struct stack s = make_stack(0);
    struct seen seen;

    follow(&s, plan);
    return IoCallDriver(s.upper, own_irp(&s, &seen, TRUE, TRUE, TRUE));
}

static void kept_unmarked(void *context)
{
    (void)context;
    send((struct plan){.returns = STATUS_PENDING});
}

static void completed_unmarked(void *context)
{
    (void)context;
    send((struct plan){.completes = true, .returns = STATUS_PENDING});
}

static void mark_not_handed_on(void *context)
{
    (void)context;
    send((struct plan){.marks = true, .completes = true, .returns = STATUS_PENDING, .watched = true});
}

/* rule: IO-CALL-8 */
static void returning_pending_without_the_mark_is_io_error_23d(void **state)
{
    (void)state;
    run_stopped(kept_unmarked, "IO-CALL-8", "0xC9/23D");
    run_stopped(completed_unmarked, "IO-CALL-8", "0xC9/23D");
    run_stopped(mark_not_handed_on, "IO-CALL-8", "0xC9/23D");
}

static void marked_and_kept(void *context)
{
    (void)context;
    send((struct plan){.marks = true, .returns = STATUS_SUCCESS});
}

static void marked_and_completed(void *context)
{
    (void)context;
    send((struct plan){.marks = true, .completes = true, .returns = STATUS_SUCCESS});
}

/* rule: IO-CALL-9 */
static void marking_and_returning_another_status_is_io_error_23e(void **state)
{
    (void)state;
    run_stopped(marked_and_kept, "IO-CALL-9", "0xC9/23E");
    run_stopped(marked_and_completed, "IO-CALL-9", "0xC9/23E");
}

static void agreeing(void *context)
{
    (void)context;
    rig_expect_equal(send((struct plan){.marks = true, .completes = true, .returns = STATUS_PENDING}),
                     STATUS_PENDING);
    rig_expect_equal(send((struct plan){.marks = true, .returns = STATUS_PENDING}), STATUS_PENDING);
    rig_expect_equal(send((struct plan){.completes = true}), STATUS_SUCCESS);
    rig_expect_equal(
        send((struct plan){
            .marks = true, .completes = true, .returns = STATUS_PENDING, .watched = true, .hands_on = true}),
        STATUS_PENDING);
    /* Not certain: the routine may still hand the mark on when the lower driver is done. */
    rig_expect_equal(send((struct plan){.marks = true, .returns = STATUS_PENDING, .watched = true}),
                     STATUS_PENDING);
}

/* rule: IO-CALL-8 */
/* rule: IO-CALL-9 */
static void a_mark_that_agrees_with_the_status_is_in_order(void **state)
{
    (void)state;
    run_clean(agreeing);
}

/* The allocator takes its IRP back, frees it and makes another one, which it marks: all before the call
 * returns. */
static NTSTATUS free_and_replace(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    PIRP *other = context;

    (void)device;
    CCHAR locations = irp->StackCount;
    IoFreeIrp(irp);
    *other = IoAllocateIrp(locations, FALSE);
    IoSetNextIrpStackLocation(*other);
    IoSetNextIrpStackLocation(*other);
    IoMarkIrpPending(*other);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void replaced(void *context)
{
    struct stack s = make_stack(0);
    PIRP irp = IoAllocateIrp(s.upper->StackSize, FALSE);
    PIRP other = NULL;

    (void)context;
    follow(&s, (struct plan){.completes = true});
    IoSetCompletionRoutine(irp, free_and_replace, &other, TRUE, TRUE, TRUE);
    rig_expect_equal(IoCallDriver(s.upper, irp), STATUS_SUCCESS);
    rig_expect(other != NULL);
    IoFreeIrp(other);
}

/* The owner sends the same IRP once more from its completion routine; the second time it is kept. */
static NTSTATUS send_again(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct plan *p = ((PDEVICE_OBJECT)context)->DeviceExtension;

    (void)device;
    p->completes = false;
    p->marks = true;
    p->returns = STATUS_PENDING;
    IoSetCompletionRoutine(irp, send_again, context, FALSE, FALSE, FALSE);
    rig_expect_equal(IoCallDriver(context, irp), STATUS_PENDING);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void sent_again(void *context)
{
    struct stack s = make_stack(0);
    PIRP irp = IoAllocateIrp(1, FALSE);

    (void)context;
    follow(&s, (struct plan){.completes = true});
    IoSetCompletionRoutine(irp, send_again, s.lower, TRUE, TRUE, TRUE);
    rig_expect_equal(IoCallDriver(s.lower, irp), STATUS_SUCCESS);
}

/* A driver's own IRP, which it sends to itself and frees in its dispatch routine. */
static NTSTATUS free_it(PDEVICE_OBJECT device, PIRP irp)
{
    const struct plan *p = device->DeviceExtension;

    IoFreeIrp(irp);
    return p->returns;
}

static void freed_on_the_way(void *context)
{
    const NTSTATUS answers[] = {STATUS_SUCCESS, STATUS_PENDING};
    struct stack s = make_stack(0);
    struct plan *p = follow(&s, (struct plan){.returns = STATUS_SUCCESS});

    (void)context;
    s.driver->MajorFunction[IRP_MJ_CREATE] = free_it;
    for (size_t i = 0; i < RTL_NUMBER_OF(answers); i++) {
        p->returns = answers[i];
        rig_expect_equal(IoCallDriver(s.lower, IoAllocateIrp(1, FALSE)), answers[i]);
    }
}

/* rule: IO-CALL-8 */
/* rule: IO-CALL-9 */
static void an_irp_that_is_gone_or_was_sent_again_is_not_looked_at(void **state)
{
    (void)state;
    run_clean(replaced);
    run_clean(sent_again);
    run_clean(freed_on_the_way);
}

/* ---- The requester of a synchronous IRP ---- */

struct requester {
    bool waits_always;
    NTSTATUS completion;
    bool pends;
};

static void build_and_wait(void *context)
{
    const struct requester *r = context;
    struct stack s = make_stack(0);
    LARGE_INTEGER offset = {.QuadPart = 0};
    IO_STATUS_BLOCK result = {.Status = STATUS_NOT_SUPPORTED};
    UCHAR data[4];
    KEVENT done;

    follow(&s, (struct plan){.completes = true,
                             .marks = r->pends,
                             .returns = r->pends ? STATUS_PENDING : r->completion,
                             .completion = r->completion});
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_READ, s.upper, data, sizeof data, &offset, &done, &result);
    NTSTATUS status = IoCallDriver(s.upper, irp);
    if (status == STATUS_PENDING || r->waits_always)
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    if (status == STATUS_PENDING || NT_SUCCESS(status))
        rig_expect_equal(result.Status, r->completion);
}

static void set_up_requester(void *context)
{
    rig_thread("requester", 0, build_and_wait, context);
}

static void explore_requester(struct requester r, const char *rule)
{
    struct emu_machine *m = rig_machine(NULL, boots);
    const struct emu_program program = {"requester", set_up_requester, NULL, &r};
    struct emu_report report;

    rig_explore(m, &program, 0, 1000, &report);
    if (rule != NULL)
        rig_assert_found(&report, rule, NULL);
    else
        rig_assert_clean(&report);
    emu_report_free(&report);
    emu_machine_destroy(m);
}

/* rule: IO-BUILD-3 */
static void who_waits_for_a_request_that_failed_at_once_may_wait_for_ever(void **state)
{
    (void)state;
    explore_requester((struct requester){.waits_always = true, .completion = STATUS_UNSUCCESSFUL},
                      "deadlock");
    explore_requester((struct requester){.waits_always = false, .completion = STATUS_UNSUCCESSFUL}, NULL);
    explore_requester((struct requester){.waits_always = true, .completion = STATUS_SUCCESS}, NULL);
    explore_requester(
        (struct requester){.waits_always = true, .completion = STATUS_UNSUCCESSFUL, .pends = true}, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(returning_pending_without_the_mark_is_io_error_23d),
        cmocka_unit_test(marking_and_returning_another_status_is_io_error_23e),
        cmocka_unit_test(a_mark_that_agrees_with_the_status_is_in_order),
        cmocka_unit_test(an_irp_that_is_gone_or_was_sent_again_is_not_looked_at),
        cmocka_unit_test(who_waits_for_a_request_that_failed_at_once_may_wait_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
