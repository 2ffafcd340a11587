/*
 * Queues of requests: device queues, StartIo, cancel-safe queues, remove locks.
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

static const struct rig_boot boots[] = {{hal_boot, NULL}, {NULL, NULL}};

static void run_clean(void (*body)(void *))
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;

    rig_run(m, body, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
}

static void run_stopped(void (*body)(void *), const char *rule, const char *code)
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;

    rig_run(m, body, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_stopped(&outcome, rule, code);
}

static void explore_clean(const struct emu_program *program, int preemptions)
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct emu_report report;

    rig_explore(m, program, preemptions, 200000, &report);
    rig_assert_clean(&report);
    rig_assert_complete(&report);
    assert_true(report.runs > 1);
    emu_report_free(&report);
    emu_machine_destroy(m);
}

/* ---- Device queues ---- */

static void queue_order(void *context)
{
    KDEVICE_QUEUE queue;
    KDEVICE_QUEUE_ENTRY entries[4];
    KIRQL irql = KeRaiseIrqlToDpcLevel();

    (void)context;
    memset(entries, 0, sizeof entries);
    KeInitializeDeviceQueue(&queue);
    rig_expect(!KeInsertDeviceQueue(&queue, &entries[0]));
    rig_expect(!entries[0].Inserted);
    rig_expect(KeInsertDeviceQueue(&queue, &entries[1]));
    rig_expect(KeInsertDeviceQueue(&queue, &entries[2]));
    rig_expect(KeInsertDeviceQueue(&queue, &entries[3]));
    rig_expect(KeRemoveEntryDeviceQueue(&queue, &entries[2]));
    rig_expect(!KeRemoveEntryDeviceQueue(&queue, &entries[2]));
    rig_expect(KeRemoveDeviceQueue(&queue) == &entries[1]);
    rig_expect(!entries[1].Inserted && entries[3].Inserted);
    rig_expect(KeRemoveDeviceQueue(&queue) == &entries[3]);
    rig_expect(queue.Busy);
    rig_expect(KeRemoveDeviceQueue(&queue) == NULL);
    rig_expect(!queue.Busy);
    KeLowerIrql(irql);
}

/* rule: IO-QUEUE-1 */
static void a_device_queue_takes_the_first_entry_as_current_and_the_others_in_order(void **state)
{
    (void)state;
    run_clean(queue_order);
}

static void queue_keys(void *context)
{
    KDEVICE_QUEUE queue;
    KDEVICE_QUEUE_ENTRY entries[5];
    KIRQL irql = KeRaiseIrqlToDpcLevel();

    (void)context;
    KeInitializeDeviceQueue(&queue);
    rig_expect(KeRemoveByKeyDeviceQueueIfBusy(&queue, 0) == NULL);
    rig_expect(!KeInsertByKeyDeviceQueue(&queue, &entries[0], 100));
    rig_expect(KeInsertByKeyDeviceQueue(&queue, &entries[1], 30));
    rig_expect(KeInsertByKeyDeviceQueue(&queue, &entries[2], 10));
    rig_expect(KeInsertByKeyDeviceQueue(&queue, &entries[3], 20));
    rig_expect(KeInsertByKeyDeviceQueue(&queue, &entries[4], 20));
    rig_expect(KeRemoveByKeyDeviceQueue(&queue, 15) == &entries[3]);
    rig_expect(KeRemoveByKeyDeviceQueue(&queue, 20) == &entries[4]);
    rig_expect(KeRemoveByKeyDeviceQueue(&queue, 40) == &entries[2]); /* none is as high: from the start */
    rig_expect(KeRemoveByKeyDeviceQueueIfBusy(&queue, 30) == &entries[1]);
    rig_expect(KeRemoveByKeyDeviceQueueIfBusy(&queue, 30) == NULL);
    KeLowerIrql(irql);
}

/* rule: IO-QUEUE-2 */
static void by_key_the_first_entry_that_is_high_enough_comes_out(void **state)
{
    (void)state;
    run_clean(queue_keys);
}

/* ---- StartIo ---- */

enum { PACKETS = 3 };

struct start_io {
    PDEVICE_OBJECT device;
    PIRP irps[PACKETS];
    PIRP started[2 * PACKETS];
    int starts;
    int depth;
    int deepest;
    int cancelled;
    bool inside; /* StartIo asks for the next packet itself */
    bool wrong_level;
    bool not_current;
};

static struct start_io *state_of(PDEVICE_OBJECT device)
{
    return *(struct start_io **)device->DeviceExtension;
}

static VOID start_io(PDEVICE_OBJECT device, PIRP irp)
{
    struct start_io *s = state_of(device);

    s->wrong_level |= KeGetCurrentIrql() != DISPATCH_LEVEL;
    s->not_current |= device->CurrentIrp != irp;
    s->started[s->starts++] = irp;
    if (++s->depth > s->deepest)
        s->deepest = s->depth;
    if (s->inside)
        IoStartNextPacket(device, TRUE);
    s->depth--;
}

static NTSTATUS entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverStartIo = start_io;
    return STATUS_SUCCESS;
}

static void begin(struct start_io *s)
{
    PDRIVER_OBJECT driver;

    memset(s, 0, sizeof *s);
    rig_expect_equal(hal_driver_load("startio", entry, &driver), STATUS_SUCCESS);
    rig_expect_equal(IoCreateDevice(driver, sizeof s, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &s->device),
                     STATUS_SUCCESS);
    *(struct start_io **)s->device->DeviceExtension = s;
    for (int i = 0; i < PACKETS; i++) {
        s->irps[i] = IoAllocateIrp(1, FALSE);
        IoSetNextIrpStackLocation(s->irps[i]);
        IoGetCurrentIrpStackLocation(s->irps[i])->DeviceObject = s->device;
    }
}

static void start_next(struct start_io *s)
{
    KIRQL irql = KeRaiseIrqlToDpcLevel();

    IoStartNextPacket(s->device, TRUE);
    KeLowerIrql(irql);
}

static void packets(void *context)
{
    struct start_io s;

    (void)context;
    begin(&s);
    for (int i = 0; i < PACKETS; i++)
        IoStartPacket(s.device, s.irps[i], NULL, NULL);
    rig_expect_equal(s.starts, 1);
    start_next(&s);
    start_next(&s);
    rig_expect_equal(s.starts, PACKETS);
    for (int i = 0; i < PACKETS; i++)
        rig_expect(s.started[i] == s.irps[i]);
    start_next(&s);
    rig_expect(s.device->CurrentIrp == NULL);
    rig_expect(!s.device->DeviceQueue.Busy);
    rig_expect(!s.wrong_level && !s.not_current);
    rig_expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

/* rule: IO-STARTIO-1 */
static void packets_start_one_at_a_time_in_order_at_dispatch_level(void **state)
{
    (void)state;
    run_clean(packets);
}

static void next_at_passive_level(void *context)
{
    struct start_io s;

    (void)context;
    begin(&s);
    IoStartPacket(s.device, s.irps[0], NULL, NULL);
    IoStartNextPacket(s.device, TRUE);
}

static void next_at_device_level(void *context)
{
    struct start_io s;
    KIRQL irql;

    (void)context;
    begin(&s);
    IoStartPacket(s.device, s.irps[0], NULL, NULL);
    KeRaiseIrql(DISPATCH_LEVEL + 1, &irql);
    IoStartNextPacketByKey(s.device, FALSE, 0);
}

/* rule: IO-STARTIO-6 */
static void the_next_packet_is_asked_for_at_dispatch_level(void **state)
{
    (void)state;
    run_stopped(next_at_passive_level, "IO-STARTIO-6", NULL);
    run_stopped(next_at_device_level, "IO-STARTIO-6", NULL);
}

static void keyed_packets(void *context)
{
    const ULONG keys[PACKETS] = {5, 9, 7};
    struct start_io s;

    (void)context;
    begin(&s);
    for (int i = 0; i < PACKETS; i++) {
        ULONG key = keys[i];
        IoStartPacket(s.device, s.irps[i], &key, NULL);
    }
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    IoStartNextPacketByKey(s.device, FALSE, 6);
    KeLowerIrql(irql);
    rig_expect(s.started[1] == s.irps[2]);
}

/* rule: IO-STARTIO-2 */
static void packets_can_be_ordered_by_key(void **state)
{
    (void)state;
    run_clean(keyed_packets);
}

static void recursion(bool deferred, int expected)
{
    struct start_io s;

    begin(&s);
    IoSetStartIoAttributes(s.device, deferred, FALSE);
    for (int i = 0; i < PACKETS; i++)
        IoStartPacket(s.device, s.irps[i], NULL, NULL);
    s.inside = true;
    start_next(&s);
    rig_expect_equal(s.starts, PACKETS);
    rig_expect_equal(s.deepest, expected);
}

static void recursion_of_both_kinds(void *context)
{
    (void)context;
    recursion(false, 2);
    recursion(true, 1);
}

/* rule: IO-STARTIO-3 */
static void deferral_keeps_startio_from_recursing(void **state)
{
    (void)state;
    run_clean(recursion_of_both_kinds);
}

static VOID cancel_packet(PDEVICE_OBJECT device, PIRP irp)
{
    struct start_io *s = state_of(device);

    if (irp == device->CurrentIrp) {
        IoReleaseCancelSpinLock(irp->CancelIrql);
        s->cancelled++;
        KIRQL irql = KeRaiseIrqlToDpcLevel();
        IoStartNextPacket(device, TRUE);
        KeLowerIrql(irql);
        return;
    }
    KeRemoveEntryDeviceQueue(&device->DeviceQueue, &irp->Tail.Overlay.DeviceQueueEntry);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    s->cancelled++;
}

static void cancel_queued(void *context)
{
    struct start_io s;

    (void)context;
    begin(&s);
    for (int i = 0; i < PACKETS; i++)
        IoStartPacket(s.device, s.irps[i], NULL, cancel_packet);
    rig_expect(IoCancelIrp(s.irps[1]));
    rig_expect_equal(s.cancelled, 1);
    start_next(&s);
    rig_expect(s.started[1] == s.irps[2]);
    /* One that was cancelled before it came. */
    PIRP late = s.irps[1];
    late->Cancel = TRUE;
    IoStartPacket(s.device, late, NULL, cancel_packet);
    rig_expect_equal(s.cancelled, 2);
    rig_expect(!late->Tail.Overlay.DeviceQueueEntry.Inserted);
    rig_expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

/* rule: IO-STARTIO-4 */
static void a_queued_packet_can_be_cancelled_also_when_it_was_cancelled_before(void **state)
{
    (void)state;
    run_clean(cancel_queued);
}

static void not_cancelable(void *context)
{
    struct start_io s;

    (void)context;
    begin(&s);
    IoSetStartIoAttributes(s.device, FALSE, TRUE);
    IoStartPacket(s.device, s.irps[0], NULL, cancel_packet);
    IoStartPacket(s.device, s.irps[1], NULL, cancel_packet);
    rig_expect(!IoCancelIrp(s.irps[0]));
    start_next(&s);
    rig_expect(!IoCancelIrp(s.irps[1]));
    rig_expect_equal(s.cancelled, 0);
}

/* rule: IO-STARTIO-5 */
static void a_started_packet_is_not_cancelable_where_that_was_asked_for(void **state)
{
    (void)state;
    run_clean(not_cancelable);
}

/* ---- Cancel-safe queues ---- */

struct csq {
    IO_CSQ queue;
    LIST_ENTRY list;
    KSPIN_LOCK lock;
    PIRP irp;
    int cancelled;
    int removed;
    IO_CSQ_IRP_CONTEXT irp_context;
};

static struct csq *csq_of(PIO_CSQ queue)
{
    return CONTAINING_RECORD(queue, struct csq, queue);
}

static VOID csq_insert(PIO_CSQ queue, PIRP irp)
{
    InsertTailList(&csq_of(queue)->list, &irp->Tail.Overlay.ListEntry);
}

static VOID csq_remove(PIO_CSQ queue, PIRP irp)
{
    (void)queue;
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

static PIRP csq_peek(PIO_CSQ queue, PIRP irp, PVOID context)
{
    PLIST_ENTRY head = &csq_of(queue)->list;
    PLIST_ENTRY next = irp == NULL ? head->Flink : irp->Tail.Overlay.ListEntry.Flink;

    (void)context;
    return next == head ? NULL : CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
}

static VOID csq_acquire(PIO_CSQ queue, PKIRQL irql)
{
    KeAcquireSpinLock(&csq_of(queue)->lock, irql);
}

static VOID csq_release(PIO_CSQ queue, KIRQL irql)
{
    KeReleaseSpinLock(&csq_of(queue)->lock, irql);
}

static VOID csq_complete(PIO_CSQ queue, PIRP irp)
{
    (void)irp;
    csq_of(queue)->cancelled++;
}

static void csq_begin(struct csq *c)
{
    memset(c, 0, sizeof *c);
    InitializeListHead(&c->list);
    KeInitializeSpinLock(&c->lock);
    IoCsqInitialize(&c->queue, csq_insert, csq_remove, csq_peek, csq_acquire, csq_release, csq_complete);
    c->irp = IoAllocateIrp(1, FALSE);
    IoSetNextIrpStackLocation(c->irp);
}

static void csq_alone(void *context)
{
    struct csq c;

    (void)context;
    csq_begin(&c);
    IoCsqInsertIrp(&c.queue, c.irp, NULL);
    rig_expect((IoGetCurrentIrpStackLocation(c.irp)->Control & SL_PENDING_RETURNED) != 0);
    rig_expect(IoCsqRemoveNextIrp(&c.queue, NULL) == c.irp);
    rig_expect(c.irp->CancelRoutine == NULL);
    rig_expect(IoCsqRemoveNextIrp(&c.queue, NULL) == NULL);
    IoCsqInsertIrp(&c.queue, c.irp, &c.irp_context);
    rig_expect(IoCsqRemoveIrp(&c.queue, &c.irp_context) == c.irp);
    rig_expect(IoCsqRemoveIrp(&c.queue, &c.irp_context) == NULL);
    IoCsqInsertIrp(&c.queue, c.irp, &c.irp_context);
    rig_expect(IoCancelIrp(c.irp));
    rig_expect_equal(c.cancelled, 1);
    rig_expect(IoCsqRemoveIrp(&c.queue, &c.irp_context) == NULL);
    IoCsqInsertIrp(&c.queue, c.irp, NULL); /* cancelled already */
    rig_expect_equal(c.cancelled, 2);
    rig_expect(IsListEmpty(&c.list));
}

/* rule: IO-CSQ-1 */
static void a_cancel_safe_queue_gives_an_irp_to_the_remover_or_to_the_canceller(void **state)
{
    (void)state;
    run_clean(csq_alone);
}

static void csq_inserter(void *context)
{
    struct csq *c = context;

    IoCsqInsertIrp(&c->queue, c->irp, NULL);
    if (IoCsqRemoveNextIrp(&c->queue, NULL) != NULL)
        c->removed++;
}

static void csq_canceller(void *context)
{
    struct csq *c = context;

    IoCancelIrp(c->irp);
}

static void csq_set_up(void *context)
{
    csq_begin(context);
    rig_thread("inserter", 0, csq_inserter, context);
    rig_thread("canceller", 1, csq_canceller, context);
}

static void csq_check(void *context)
{
    const struct csq *c = context;

    rig_expect_equal(c->cancelled + c->removed, 1);
    rig_expect(IsListEmpty(&c->list));
}

/* rule: IO-CSQ-2 */
static void under_every_interleaving_exactly_one_of_remover_and_canceller_gets_the_irp(void **state)
{
    struct csq c;
    const struct emu_program program = {"csq", csq_set_up, csq_check, &c};

    (void)state;
    explore_clean(&program, 3);
}

/* ---- Remove locks ---- */

struct removal {
    IO_REMOVE_LOCK lock;
    bool gone;
    bool used_after;
};

static void removal_user(void *context)
{
    struct removal *r = context;

    if (!NT_SUCCESS(IoAcquireRemoveLock(&r->lock, NULL)))
        return;
    KeStallExecutionProcessor(1);
    r->used_after |= r->gone;
    IoReleaseRemoveLock(&r->lock, NULL);
}

static void removal_remover(void *context)
{
    struct removal *r = context;

    rig_expect_equal(IoAcquireRemoveLock(&r->lock, NULL), STATUS_SUCCESS);
    IoReleaseRemoveLockAndWait(&r->lock, NULL);
    r->gone = true;
    rig_expect_equal(IoAcquireRemoveLock(&r->lock, NULL), STATUS_DELETE_PENDING);
}

static void removal_set_up(void *context)
{
    struct removal *r = context;

    memset(r, 0, sizeof *r);
    IoInitializeRemoveLock(&r->lock, 0, 0, 0);
    rig_thread("user", 0, removal_user, context);
    rig_thread("remover", 1, removal_remover, context);
}

static void removal_check(void *context)
{
    const struct removal *r = context;

    rig_expect(!r->used_after);
    rig_expect(r->gone);
}

/* rule: IO-REMOVELOCK-1 */
static void after_release_and_wait_nobody_holds_the_lock_and_nobody_gets_it(void **state)
{
    struct removal r;
    const struct emu_program program = {"remove lock", removal_set_up, removal_check, &r};

    (void)state;
    explore_clean(&program, 3);
}

static void release_too_often(void *context)
{
    IO_REMOVE_LOCK lock;

    (void)context;
    IoInitializeRemoveLock(&lock, 0, 0, 0);
    IoReleaseRemoveLock(&lock, NULL);
    IoReleaseRemoveLock(&lock, NULL);
}

/* rule: IO-REMOVELOCK-4 */
static void releasing_a_remove_lock_too_often_is_a_finding(void **state)
{
    (void)state;
    run_stopped(release_too_often, "IO-REMOVELOCK-4", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_queue_takes_the_first_entry_as_current_and_the_others_in_order),
        cmocka_unit_test(by_key_the_first_entry_that_is_high_enough_comes_out),
        cmocka_unit_test(packets_start_one_at_a_time_in_order_at_dispatch_level),
        cmocka_unit_test(the_next_packet_is_asked_for_at_dispatch_level),
        cmocka_unit_test(packets_can_be_ordered_by_key),
        cmocka_unit_test(deferral_keeps_startio_from_recursing),
        cmocka_unit_test(a_queued_packet_can_be_cancelled_also_when_it_was_cancelled_before),
        cmocka_unit_test(a_started_packet_is_not_cancelable_where_that_was_asked_for),
        cmocka_unit_test(a_cancel_safe_queue_gives_an_irp_to_the_remover_or_to_the_canceller),
        cmocka_unit_test(under_every_interleaving_exactly_one_of_remover_and_canceller_gets_the_irp),
        cmocka_unit_test(after_release_and_wait_nobody_holds_the_lock_and_nobody_gets_it),
        cmocka_unit_test(releasing_a_remove_lock_too_often_is_a_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
