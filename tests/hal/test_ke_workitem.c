/*
 * Work items.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <wdm.h>

#include "hal/kernel.h"
#include "rig_kernel.h"

struct work {
    DEVICE_OBJECT device;
    PIO_WORKITEM io_item;
    WORK_QUEUE_ITEM item;
    KEVENT done, other;
    unsigned runs;
    KIRQL level;
    bool frees;
    int references;
};

static void count_reference(struct hal_kernel *k, void *object, int change)
{
    (void)k;
    struct work *w = CONTAINING_RECORD(object, struct work, device);
    w->references += change;
}

static void initialize(struct work *w)
{
    *w = (struct work){.runs = 0};
    w->device.Type = IO_TYPE_DEVICE;
    KeInitializeEvent(&w->done, NotificationEvent, FALSE);
    KeInitializeEvent(&w->other, NotificationEvent, FALSE);
    hal_kernel()->ke.io_reference = count_reference;
}

static void wait_for(PKEVENT event)
{
    KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL);
}

static WORKER_THREAD_ROUTINE do_work;
static VOID do_work(PVOID Parameter)
{
    struct work *w = Parameter;
    w->level = KeGetCurrentIrql();
    w->runs++;
    KeSetEvent(&w->done, IO_NO_INCREMENT, FALSE);
}

static void queue_executive(void *context)
{
    struct work *w = context;
    initialize(w);
    ExInitializeWorkItem(&w->item, do_work, w);
    const KIRQL old = KeRaiseIrqlToDpcLevel();
    ExQueueWorkItem(&w->item, DelayedWorkQueue);
    KeLowerIrql(old);
    wait_for(&w->done);
    rig_expect_equal(w->level, PASSIVE_LEVEL);
    KeClearEvent(&w->done);
    ExQueueWorkItem(&w->item, CriticalWorkQueue);
    wait_for(&w->done);
    rig_expect_equal(w->runs, 2);
}

/* rule: KE-WORK-1 */
static void a_work_item_is_called_once_per_queueing_at_passive_level(void **state)
{
    (void)state;
    struct work w = {.runs = 0};
    rig_kernel_runs(queue_executive, &w);
}

static IO_WORKITEM_ROUTINE do_io_work;
static VOID do_io_work(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    struct work *w = Context;
    rig_expect(DeviceObject == &w->device);
    rig_expect(w->references > 0);
    w->runs++;
    if (w->frees) {
        IoFreeWorkItem(w->io_item);
    }
    KeSetEvent(&w->done, IO_NO_INCREMENT, FALSE);
}

static IO_WORKITEM_ROUTINE_EX do_io_work_ex;
static VOID do_io_work_ex(PVOID IoObject, PVOID Context, PIO_WORKITEM IoWorkItem)
{
    struct work *w = Context;
    rig_expect(IoWorkItem == w->io_item);
    do_io_work(IoObject, Context);
}

static void queue_io(void *context)
{
    struct work *w = context;
    initialize(w);
    w->io_item = IoAllocateWorkItem(&w->device);
    rig_expect(w->io_item != NULL);
    IoQueueWorkItem(w->io_item, do_io_work, DelayedWorkQueue, w);
    wait_for(&w->done);
    KeClearEvent(&w->done);
    w->frees = true;
    IoQueueWorkItemEx(w->io_item, do_io_work_ex, DelayedWorkQueue, w);
    wait_for(&w->done);
    rig_expect_equal(w->runs, 2);
}

static void check_references(void *context)
{
    const struct work *w = context;
    rig_expect_equal(w->references, 0);
    rig_expect_equal(w->runs, 2);
}

static void set_up_queue_io(void *context)
{
    rig_thread("queuer", 0, queue_io, context);
}

/* rule: KE-WORK-2 */
static void the_device_is_referenced_while_its_work_item_is_queued_or_runs(void **state)
{
    (void)state;
    struct work w = {.runs = 0};
    const struct emu_program program = {"work", set_up_queue_io, check_references, &w};
    rig_kernel_explore(2, &program, 1);
}

static void queue_above_dispatch(void *context)
{
    struct work *w = context;
    initialize(w);
    ExInitializeWorkItem(&w->item, do_work, w);
    KfRaiseIrql(HIGH_LEVEL);
    ExQueueWorkItem(&w->item, DelayedWorkQueue);
}

/* rule: KE-WORK-3 */
static void queueing_work_above_dispatch_level_is_a_finding(void **state)
{
    (void)state;
    struct work w = {.runs = 0};
    rig_kernel_stops(queue_above_dispatch, &w, "KE-WORK-3", NULL);
}

static void queue_twice(void *context)
{
    struct work *w = context;
    initialize(w);
    ExInitializeWorkItem(&w->item, do_work, w);
    KeRaiseIrqlToDpcLevel();
    ExQueueWorkItem(&w->item, DelayedWorkQueue);
    ExQueueWorkItem(&w->item, DelayedWorkQueue);
}

/* rule: KE-WORK-4 */
static void queueing_a_queued_work_item_is_a_finding(void **state)
{
    (void)state;
    struct work w = {.runs = 0};
    rig_kernel_stops(queue_twice, &w, "KE-WORK-4", "0xE4");
}

static void free_queued(void *context)
{
    struct work *w = context;
    initialize(w);
    w->io_item = IoAllocateWorkItem(&w->device);
    IoQueueWorkItem(w->io_item, do_io_work, DelayedWorkQueue, w);
    IoFreeWorkItem(w->io_item);
}

/* rule: KE-WORK-5 */
static void freeing_a_queued_work_item_is_a_finding(void **state)
{
    (void)state;
    struct work w = {.runs = 0};
    rig_kernel_stops(free_queued, &w, "KE-WORK-5", "0xE4");
}

static WORKER_THREAD_ROUTINE return_raised;
static VOID return_raised(PVOID Parameter)
{
    (void)Parameter;
    KfRaiseIrql(APC_LEVEL);
}

static void queue_raising(void *context)
{
    struct work *w = context;
    initialize(w);
    ExInitializeWorkItem(&w->item, return_raised, w);
    ExQueueWorkItem(&w->item, DelayedWorkQueue);
    wait_for(&w->done);
}

/* rule: KE-WORK-6 */
static void a_work_routine_that_returns_above_passive_level_is_a_finding(void **state)
{
    (void)state;
    struct work w = {.runs = 0};
    rig_kernel_stops(queue_raising, &w, "KE-WORK-6", "0xE1");
}

static WORKER_THREAD_ROUTINE wait_for_other;
static VOID wait_for_other(PVOID Parameter)
{
    struct work *w = Parameter;
    wait_for(&w->other);
    KeSetEvent(&w->done, IO_NO_INCREMENT, FALSE);
}

static IO_WORKITEM_ROUTINE set_other;
static VOID set_other(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    (void)DeviceObject;
    struct work *w = Context;
    KeSetEvent(&w->other, IO_NO_INCREMENT, FALSE);
}

static void queue_dependent(void *context)
{
    struct work *w = context;
    initialize(w);
    w->io_item = IoAllocateWorkItem(&w->device);
    ExInitializeWorkItem(&w->item, wait_for_other, w);
    ExQueueWorkItem(&w->item, DelayedWorkQueue);
    IoQueueWorkItem(w->io_item, set_other, DelayedWorkQueue, w);
    wait_for(&w->done);
}

/* rule: KE-WORK-7 */
static void a_work_item_may_wait_for_a_later_one(void **state)
{
    (void)state;
    struct work w = {.runs = 0};
    rig_kernel_runs(queue_dependent, &w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_work_item_is_called_once_per_queueing_at_passive_level),
        cmocka_unit_test(the_device_is_referenced_while_its_work_item_is_queued_or_runs),
        cmocka_unit_test(queueing_work_above_dispatch_level_is_a_finding),
        cmocka_unit_test(queueing_a_queued_work_item_is_a_finding),
        cmocka_unit_test(freeing_a_queued_work_item_is_a_finding),
        cmocka_unit_test(a_work_routine_that_returns_above_passive_level_is_a_finding),
        cmocka_unit_test(a_work_item_may_wait_for_a_later_one),
    };
    return cmocka_run_group_tests_name("ke_workitem", tests, NULL, NULL);
}
