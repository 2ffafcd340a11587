/*
 * Deferred procedure calls.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <wdm.h>

#include "rig_kernel.h"

enum { DPCS = 3, RUNS_MAX = 16 };

/* What ran, in order. */
struct log {
    KDPC dpcs[DPCS];
    KEVENT done;
    unsigned runs;
    char ran[RUNS_MAX + 1];
    ULONG processor;
    KIRQL level;
    PVOID arguments[2];
    int requeues;
};

static KDEFERRED_ROUTINE note_run;
static VOID note_run(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    struct log *l = DeferredContext;
    rig_expect(l->runs < RUNS_MAX);
    l->ran[l->runs++] = (char)('a' + (Dpc - l->dpcs));
    l->processor = KeGetCurrentProcessorNumber();
    l->level = KeGetCurrentIrql();
    l->arguments[0] = SystemArgument1;
    l->arguments[1] = SystemArgument2;
}

static void initialize(struct log *l)
{
    memset(l, 0, sizeof(*l));
    KeInitializeEvent(&l->done, NotificationEvent, FALSE);
    for (unsigned i = 0; i < DPCS; i++) {
        KeInitializeDpc(&l->dpcs[i], note_run, l);
    }
}

static void queue_at_passive(void *context)
{
    struct log *l = context;
    int first = 0, second = 0;
    initialize(l);
    rig_expect(KeInsertQueueDpc(&l->dpcs[0], &first, &second));
    rig_expect_equal(l->runs, 1);
    rig_expect_equal(l->level, DISPATCH_LEVEL);
    rig_expect(l->arguments[0] == &first && l->arguments[1] == &second);
    rig_expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

/* rule: KE-DPC-1 */
static void a_dpc_queued_at_passive_level_runs_before_the_call_returns(void **state)
{
    (void)state;
    struct log log;
    rig_kernel_runs(queue_at_passive, &log);
}

static void queue_at_dispatch(void *context)
{
    struct log *l = context;
    initialize(l);
    const KIRQL old = KeRaiseIrqlToDpcLevel();
    rig_expect(KeInsertQueueDpc(&l->dpcs[0], NULL, NULL));
    rig_expect(!KeInsertQueueDpc(&l->dpcs[0], l, l));
    rig_expect(KeInsertQueueDpc(&l->dpcs[1], NULL, NULL));
    rig_expect_equal(l->runs, 0);
    KeLowerIrql(old);
    rig_expect_equal(l->runs, 2);
    rig_expect(strcmp(l->ran, "ab") == 0);
    rig_expect(l->arguments[0] == NULL);
}

/* rule: KE-DPC-2 */
static void a_dpc_queued_at_dispatch_level_runs_when_the_level_drops(void **state)
{
    (void)state;
    struct log log;
    rig_kernel_runs(queue_at_dispatch, &log);
}

/* rule: KE-DPC-3 */
static void queueing_a_queued_dpc_returns_false_and_changes_nothing(void **state)
{
    (void)state;
    struct log log;
    rig_kernel_runs(queue_at_dispatch, &log);
    assert_int_equal(log.runs, 2);
    assert_null(log.arguments[1]);
}

static void queue_by_importance(void *context)
{
    struct log *l = context;
    initialize(l);
    KeSetImportanceDpc(&l->dpcs[0], LowImportance);
    KeSetImportanceDpc(&l->dpcs[2], HighImportance);
    const KIRQL old = KeRaiseIrqlToDpcLevel();
    KeInsertQueueDpc(&l->dpcs[0], NULL, NULL);
    KeInsertQueueDpc(&l->dpcs[1], NULL, NULL);
    KeInsertQueueDpc(&l->dpcs[2], NULL, NULL);
    KeLowerIrql(old);
    rig_expect(strcmp(l->ran, "cab") == 0);
}

/* rule: KE-DPC-4 */
static void high_importance_goes_to_the_head_of_the_queue(void **state)
{
    (void)state;
    struct log log;
    rig_kernel_runs(queue_by_importance, &log);
}

static void queue_low(void *context)
{
    struct log *l = context;
    initialize(l);
    KeSetImportanceDpc(&l->dpcs[0], LowImportance);
    KeInsertQueueDpc(&l->dpcs[0], NULL, NULL);
    rig_expect_equal(l->runs, 0);
    KeInsertQueueDpc(&l->dpcs[1], NULL, NULL);
    rig_expect(strcmp(l->ran, "ab") == 0);
}

/* rule: KE-DPC-5 */
static void low_importance_waits_for_an_occasion(void **state)
{
    (void)state;
    struct log log;
    rig_kernel_runs(queue_low, &log);
}

static void queue_low_and_expect_it_later(void *context)
{
    struct log *l = context;
    KeSetImportanceDpc(&l->dpcs[0], LowImportance);
    KeInsertQueueDpc(&l->dpcs[0], NULL, NULL);
    rig_expect_equal(l->runs, 0);
}

static void set_up_low(void *context)
{
    initialize(context);
    rig_thread("queues low", 0, queue_low_and_expect_it_later, context);
}

/* rule: KE-DPC-5 */
static void low_importance_may_run_at_once_as_well(void **state)
{
    (void)state;
    struct log log;
    const struct emu_program program = {"low", set_up_low, NULL, &log};
    rig_kernel_finds(2, &program, 1, "expectation", NULL);
}

static void queue_elsewhere(void *context)
{
    struct log *l = context;
    PROCESSOR_NUMBER number = {.Number = 1};
    initialize(l);
    KeSetTargetProcessorDpc(&l->dpcs[0], 1);
    KeInsertQueueDpc(&l->dpcs[0], NULL, NULL);
    KeFlushQueuedDpcs();
    rig_expect_equal(l->runs, 1);
    rig_expect_equal(l->processor, 1);
    rig_expect_equal(KeGetCurrentProcessorNumber(), 0);
    rig_expect_equal(KeSetTargetProcessorDpcEx(&l->dpcs[1], &number), STATUS_SUCCESS);
    KeInsertQueueDpc(&l->dpcs[1], NULL, NULL);
    KeFlushQueuedDpcs();
    rig_expect_equal(l->processor, 1);
    rig_expect_equal(l->runs, 2);
    number.Number = 2;
    rig_expect_equal(KeSetTargetProcessorDpcEx(&l->dpcs[1], &number), STATUS_INVALID_PARAMETER);
}

/* rule: KE-DPC-6 */
static void a_targeted_dpc_runs_on_its_processor(void **state)
{
    (void)state;
    struct log log;
    rig_kernel_runs(queue_elsewhere, &log);
}

static void target_nobody(void *context)
{
    initialize(context);
    KeSetTargetProcessorDpc(&((struct log *)context)->dpcs[0], 2);
}

/* rule: KE-DPC-9 */
static void a_target_that_there_is_not_is_a_finding(void **state)
{
    (void)state;
    struct log log;
    rig_kernel_stops(target_nobody, &log, "KE-DPC-9", NULL);
}

static void queue_and_remove(void *context)
{
    struct log *l = context;
    initialize(l);
    rig_expect(!KeRemoveQueueDpc(&l->dpcs[0]));
    const KIRQL old = KeRaiseIrqlToDpcLevel();
    for (unsigned i = 0; i < DPCS; i++) {
        KeInsertQueueDpc(&l->dpcs[i], NULL, NULL);
    }
    rig_expect(KeRemoveQueueDpc(&l->dpcs[1]));
    rig_expect(!KeRemoveQueueDpc(&l->dpcs[1]));
    rig_expect(KeRemoveQueueDpc(&l->dpcs[2]));
    rig_expect(KeInsertQueueDpc(&l->dpcs[1], NULL, NULL));
    KeLowerIrql(old);
    rig_expect(strcmp(l->ran, "ab") == 0);
    rig_expect(!KeRemoveQueueDpc(&l->dpcs[0]));
}

/* rule: KE-DPC-7 */
static void a_removed_dpc_does_not_run(void **state)
{
    (void)state;
    struct log log;
    rig_kernel_runs(queue_and_remove, &log);
}

static void remover(void *context)
{
    struct log *l = context;
    if (KeRemoveQueueDpc(&l->dpcs[0])) {
        l->runs++;
    }
}

static void queuer(void *context)
{
    struct log *l = context;
    rig_expect(KeInsertQueueDpc(&l->dpcs[0], NULL, NULL));
}

static void set_up_removal(void *context)
{
    struct log *l = context;
    initialize(l);
    KeSetTargetProcessorDpc(&l->dpcs[0], 2);
    rig_thread("queuer", 0, queuer, l);
    rig_thread("remover", 1, remover, l);
}

static void check_removal(void *context)
{
    const struct log *l = context;
    rig_expect_equal(l->runs, 1);
}

/* rule: KE-DPC-7 */
static void a_dpc_runs_or_is_removed_and_never_both(void **state)
{
    (void)state;
    struct log log;
    const struct emu_program program = {"removal", set_up_removal, check_removal, &log};
    rig_kernel_explore(3, &program, 3);
}

static void flusher(void *context)
{
    struct log *l = context;
    const KIRQL old = KeRaiseIrqlToDpcLevel();
    KeInsertQueueDpc(&l->dpcs[0], NULL, NULL);
    KeInsertQueueDpc(&l->dpcs[1], NULL, NULL);
    KeLowerIrql(old);
    KeFlushQueuedDpcs();
    rig_expect_equal(l->runs, 2);
    rig_expect_equal(KeGetCurrentProcessorNumber(), 0);
    rig_expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void set_up_flush(void *context)
{
    struct log *l = context;
    initialize(l);
    KeSetTargetProcessorDpc(&l->dpcs[0], 1);
    KeSetImportanceDpc(&l->dpcs[1], LowImportance);
    rig_thread("flusher", 0, flusher, l);
}

/* rule: KE-DPC-8 */
static void flushing_waits_for_every_queued_dpc(void **state)
{
    (void)state;
    struct log log;
    const struct emu_program program = {"flush", set_up_flush, NULL, &log};
    rig_kernel_explore(2, &program, 2);
}

static void flush_at_dispatch(void *context)
{
    (void)context;
    KeRaiseIrqlToDpcLevel();
    KeFlushQueuedDpcs();
}

/* rule: KE-DPC-8 */
static void flushing_above_passive_level_is_a_finding(void **state)
{
    (void)state;
    rig_kernel_stops(flush_at_dispatch, NULL, "KE-DPC-8", NULL);
}

static KDEFERRED_ROUTINE raise_and_return;
static VOID raise_and_return(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    (void)Dpc;
    (void)DeferredContext;
    (void)SystemArgument1;
    (void)SystemArgument2;
    KfRaiseIrql(HIGH_LEVEL);
}

static void queue_raising(void *context)
{
    KeInitializeDpc(context, raise_and_return, NULL);
    KeInsertQueueDpc(context, NULL, NULL);
}

/* rule: KE-DPC-10 */
static void a_dpc_that_returns_at_another_level_is_a_finding(void **state)
{
    (void)state;
    KDPC dpc;
    rig_kernel_stops(queue_raising, &dpc, "KE-DPC-10", "0x8");
}

static KDEFERRED_ROUTINE lower_inside;
static VOID lower_inside(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    (void)Dpc;
    (void)DeferredContext;
    (void)SystemArgument1;
    (void)SystemArgument2;
    KeLowerIrql(PASSIVE_LEVEL);
}

static void queue_lowering(void *context)
{
    KeInitializeDpc(context, lower_inside, NULL);
    KeInsertQueueDpc(context, NULL, NULL);
}

/* rule: KE-IRQL-3 */
static void a_dpc_that_lowers_below_its_level_is_a_finding(void **state)
{
    (void)state;
    KDPC dpc;
    rig_kernel_stops(queue_lowering, &dpc, "KE-IRQL-3", "0xC4/31");
}

static void queue_zeroes(void *context)
{
    memset(context, 0, sizeof(KDPC));
    KeInsertQueueDpc(context, NULL, NULL);
}

/* rule: KE-DPC-11 */
static void queueing_what_was_never_initialised_is_a_finding(void **state)
{
    (void)state;
    KDPC dpc;
    rig_kernel_stops(queue_zeroes, &dpc, "KE-DPC-11", NULL);
}

static KDEFERRED_ROUTINE queue_again;
static VOID queue_again(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    struct log *l = DeferredContext;
    (void)SystemArgument1;
    (void)SystemArgument2;
    l->runs++;
    if (l->requeues-- > 0) {
        rig_expect(KeInsertQueueDpc(Dpc, NULL, NULL));
    }
}

static void requeue(void *context)
{
    struct log *l = context;
    initialize(l);
    l->requeues = 2;
    KeInitializeDpc(&l->dpcs[0], queue_again, l);
    rig_expect(KeInsertQueueDpc(&l->dpcs[0], NULL, NULL));
    rig_expect_equal(l->runs, 3);
}

/* rule: KE-DPC-3 */
static void a_dpc_may_queue_itself_again_while_it_runs(void **state)
{
    (void)state;
    struct log log;
    rig_kernel_runs(requeue, &log);
}

static KDEFERRED_ROUTINE threaded_routine;
static VOID threaded_routine(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    struct log *l = DeferredContext;
    KSPIN_LOCK lock;
    note_run(Dpc, DeferredContext, SystemArgument1, SystemArgument2);
    KeInitializeSpinLock(&lock);
    const KIRQL old = KeAcquireSpinLockForDpc(&lock);
    rig_expect_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeReleaseSpinLockForDpc(&lock, old);
    KeSetEvent(&l->done, IO_NO_INCREMENT, FALSE);
}

static void queue_threaded(void *context)
{
    struct log *l = context;
    KeInitializeThreadedDpc(&l->dpcs[0], threaded_routine, l);
    KeInsertQueueDpc(&l->dpcs[0], NULL, NULL);
    KeWaitForSingleObject(&l->done, Executive, KernelMode, FALSE, NULL);
    KeFlushQueuedDpcs();
    rig_expect_equal(l->runs, 1);
    rig_expect_equal(l->processor, 0);
}

static void queue_threaded_alone(void *context)
{
    struct log *l = context;
    initialize(l);
    queue_threaded(l);
    rig_expect_equal(l->level, PASSIVE_LEVEL);
}

/* rule: KE-DPC-12 */
static void a_threaded_dpc_runs_at_passive_level_by_default(void **state)
{
    (void)state;
    struct log log;
    rig_kernel_runs(queue_threaded_alone, &log);
}

static void queue_threaded_and_hope(void *context)
{
    struct log *l = context;
    queue_threaded(l);
    rig_expect(l->level == PASSIVE_LEVEL);
}

static void set_up_threaded(void *context)
{
    initialize(context);
    rig_thread("queues", 0, queue_threaded_and_hope, context);
}

/* rule: KE-DPC-12 */
static void a_threaded_dpc_may_run_at_dispatch_level(void **state)
{
    (void)state;
    struct log log;
    const struct emu_program program = {"threaded", set_up_threaded, NULL, &log};
    rig_kernel_finds(1, &program, 0, "expectation", NULL);
}

enum { TAG = 0x74736574 };

static KDEFERRED_ROUTINE lost_routine;
static VOID lost_routine(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    (void)Dpc;
    (void)DeferredContext;
    (void)SystemArgument1;
    (void)SystemArgument2;
}

static PKDPC queued_dpc(void)
{
    PKDPC dpc = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*dpc), TAG);
    KeInitializeDpc(dpc, lost_routine, NULL);
    KeRaiseIrqlToDpcLevel();
    KeInsertQueueDpc(dpc, NULL, NULL);
    return dpc;
}

static void free_queued(void *context)
{
    (void)context;
    ExFreePoolWithTag(queued_dpc(), TAG);
}

/* rule: KE-DPC-13 */
static void freeing_a_queued_dpc_is_a_finding(void **state)
{
    (void)state;
    rig_kernel_stops(free_queued, NULL, "KE-DPC-13", "0xC7/01");
}

static void overwrite_queued(void *context)
{
    (void)context;
    memset(queued_dpc(), 0x11, sizeof(KDPC));
    KeLowerIrql(PASSIVE_LEVEL);
}

static void initialize_queued(void *context)
{
    (void)context;
    KeInitializeDpc(queued_dpc(), lost_routine, NULL);
    KeLowerIrql(PASSIVE_LEVEL);
}

/* rule: KE-DPC-14 */
static void overwriting_a_queued_dpc_is_a_finding(void **state)
{
    (void)state;
    rig_kernel_stops(overwrite_queued, NULL, "KE-DPC-14", "0xC7/01");
}

static void initialize_and_queue_queued(void *context)
{
    (void)context;
    PKDPC dpc = queued_dpc();
    KeInitializeDpc(dpc, lost_routine, NULL);
    KeInsertQueueDpc(dpc, NULL, NULL);
    ExFreePoolWithTag(ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(KDPC), TAG), TAG);
    KeLowerIrql(PASSIVE_LEVEL);
}

/* rule: KE-DPC-14 */
static void initializing_a_queued_dpc_is_a_finding_at_once(void **state)
{
    (void)state;
    rig_kernel_stops(initialize_queued, NULL, "KE-DPC-14", "0xC7/01");
    rig_kernel_stops(initialize_and_queue_queued, NULL, "KE-DPC-14", "0xC7/01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dpc_queued_at_passive_level_runs_before_the_call_returns),
        cmocka_unit_test(a_dpc_queued_at_dispatch_level_runs_when_the_level_drops),
        cmocka_unit_test(queueing_a_queued_dpc_returns_false_and_changes_nothing),
        cmocka_unit_test(high_importance_goes_to_the_head_of_the_queue),
        cmocka_unit_test(low_importance_waits_for_an_occasion),
        cmocka_unit_test(low_importance_may_run_at_once_as_well),
        cmocka_unit_test(a_targeted_dpc_runs_on_its_processor),
        cmocka_unit_test(a_target_that_there_is_not_is_a_finding),
        cmocka_unit_test(a_removed_dpc_does_not_run),
        cmocka_unit_test(a_dpc_runs_or_is_removed_and_never_both),
        cmocka_unit_test(flushing_waits_for_every_queued_dpc),
        cmocka_unit_test(flushing_above_passive_level_is_a_finding),
        cmocka_unit_test(a_dpc_that_returns_at_another_level_is_a_finding),
        cmocka_unit_test(a_dpc_that_lowers_below_its_level_is_a_finding),
        cmocka_unit_test(queueing_what_was_never_initialised_is_a_finding),
        cmocka_unit_test(a_dpc_may_queue_itself_again_while_it_runs),
        cmocka_unit_test(a_threaded_dpc_runs_at_passive_level_by_default),
        cmocka_unit_test(a_threaded_dpc_may_run_at_dispatch_level),
        cmocka_unit_test(freeing_a_queued_dpc_is_a_finding),
        cmocka_unit_test(overwriting_a_queued_dpc_is_a_finding),
        cmocka_unit_test(initializing_a_queued_dpc_is_a_finding_at_once),
    };
    return cmocka_run_group_tests_name("ke_dpc", tests, NULL, NULL);
}
