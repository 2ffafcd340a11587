/*
 * What stops the machine on purpose: bug checks, and exceptions that nobody handles.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <wdm.h>

#include "rig_kernel.h"

struct bug {
    ULONG code;
    ULONG_PTR parameter;
};

static void check(void *context)
{
    const struct bug *bug = context;
    KeBugCheckEx(bug->code, bug->parameter, 2, 3, 4);
}

static void check_plainly(void *context)
{
    (void)context;
    KeBugCheck(MANUALLY_INITIATED_CRASH);
}

/* rule: KE-BUG-1 */
static void a_bug_check_stops_the_run_with_its_documented_code(void **state)
{
    (void)state;
    struct bug dma = {DRIVER_VERIFIER_DMA_VIOLATION, 0xD};
    struct bug verifier = {DRIVER_VERIFIER_DETECTED_VIOLATION, 0x1001};
    struct bug unknown = {0xDEADBEEF, 1};
    rig_kernel_stops(check, &dma, "bugcheck", "0xE6/0D");
    rig_kernel_stops(check, &verifier, "bugcheck", "0xC4/1001");
    rig_kernel_stops(check, &unknown, "bugcheck", "0xDEADBEEF");
    rig_kernel_stops(check_plainly, NULL, "bugcheck", "0xE2");
}

/* rule: KE-BUG-1 */
static void the_parameters_of_a_bug_check_are_kept(void **state)
{
    (void)state;
    struct bug bug = {DRIVER_VERIFIER_DMA_VIOLATION, 0xD};
    struct emu_machine *m = rig_kernel_machine(1);
    struct rig_outcome outcome;
    rig_run(m, check, &bug, &outcome);
    emu_machine_destroy(m);
    assert_int_equal(outcome.finding.parameters[0], 0xD);
    assert_int_equal(outcome.finding.parameters[3], 4);
}

static KBUGCHECK_CALLBACK_ROUTINE note_call;
static VOID note_call(PVOID Buffer, ULONG Length)
{
    char *calls = Buffer;
    calls[0]++;
    calls[1] = (char)Length;
}

struct registered {
    KBUGCHECK_CALLBACK_RECORD kept, dropped;
    char calls[2], no_calls[2];
};

static void check_with_callbacks(void *context)
{
    struct registered *r = context;
    *r = (struct registered){.calls = {0}};
    KeInitializeCallbackRecord(&r->kept);
    KeInitializeCallbackRecord(&r->dropped);
    rig_expect(KeRegisterBugCheckCallback(&r->dropped, note_call, r->no_calls, 1, NULL));
    rig_expect(KeRegisterBugCheckCallback(&r->kept, note_call, r->calls, 7, NULL));
    rig_expect(!KeRegisterBugCheckCallback(&r->kept, note_call, r->calls, 7, NULL));
    rig_expect(KeDeregisterBugCheckCallback(&r->dropped));
    rig_expect(!KeDeregisterBugCheckCallback(&r->dropped));
    KeBugCheck(MANUALLY_INITIATED_CRASH);
}

/* rule: KE-BUG-2 */
static void a_bug_check_tells_those_who_registered(void **state)
{
    (void)state;
    struct registered r;
    rig_kernel_stops(check_with_callbacks, &r, "bugcheck", "0xE2");
    assert_int_equal(r.calls[0], 1);
    assert_int_equal(r.calls[1], 7);
    assert_int_equal(r.no_calls[0], 0);
}

static void flush_above_dispatch(void *context)
{
    (void)context;
    KeFlushIoBuffers(NULL, TRUE, TRUE);
    KfRaiseIrql(HIGH_LEVEL);
    KeFlushIoBuffers(NULL, TRUE, TRUE);
}

/* rule: KE-CACHE-1 */
static void flushing_buffers_above_dispatch_level_is_a_finding(void **state)
{
    (void)state;
    rig_kernel_stops(flush_above_dispatch, NULL, "KE-CACHE-1", NULL);
}

static void raise_status(void *context)
{
    (void)context;
    ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
}

/* rule: KE-EXC-1 */
static void an_exception_that_nobody_handles_stops_the_run(void **state)
{
    (void)state;
    rig_kernel_stops(raise_status, NULL, "KE-EXC-1", "0x1E");
}

/*
 * The __try of a driver, written out: the keywords exist in drivers only.
 */
static NTSTATUS guarded(LONG answer, unsigned *finally_runs)
{
    volatile NTSTATUS status = STATUS_SUCCESS;
    for (struct haldma_seh_frame frame
         __attribute__((__cleanup__(haldma_seh_close))) = haldma_seh_frame_new();
         frame.stage != HALDMA_SEH_DONE; haldma_seh_next(&frame)) {
        if (frame.stage == HALDMA_SEH_BODY && (haldma_seh_open(&frame), __builtin_setjmp(frame.jump) == 0)) {
            for (struct haldma_seh_frame inner
                 __attribute__((__cleanup__(haldma_seh_close))) = haldma_seh_frame_new();
                 inner.stage != HALDMA_SEH_DONE; haldma_seh_next(&inner)) {
                if (inner.stage == HALDMA_SEH_BODY &&
                    (haldma_seh_open(&inner), __builtin_setjmp(inner.jump) == 0)) {
                    ExRaiseStatus(STATUS_ACCESS_VIOLATION);
                } else {
                    ++*finally_runs;
                }
            }
        } else if (frame.stage == HALDMA_SEH_RAISED && haldma_seh_filter(&frame, answer)) {
            status = frame.record.ExceptionCode;
        }
    }
    return status;
}

static void handle(void *context)
{
    unsigned *finally_runs = context;
    *finally_runs = 0;
    rig_expect_equal(guarded(EXCEPTION_EXECUTE_HANDLER, finally_runs), STATUS_ACCESS_VIOLATION);
    rig_expect_equal(*finally_runs, 1);
}

static void decline(void *context)
{
    unsigned finally_runs = 0;
    (void)context;
    guarded(EXCEPTION_CONTINUE_SEARCH, &finally_runs);
}

/* rule: KE-EXC-2 */
static void an_exception_goes_outwards_through_finally_blocks_to_a_filter_that_takes_it(void **state)
{
    (void)state;
    unsigned finally_runs;
    rig_kernel_runs(handle, &finally_runs);
    rig_kernel_stops(decline, NULL, "KE-EXC-1", "0x1E");
}

static KDEFERRED_ROUTINE raise_in_dpc;
static VOID raise_in_dpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    (void)Dpc;
    (void)DeferredContext;
    (void)SystemArgument1;
    (void)SystemArgument2;
    MDL nowhere = {.Size = sizeof nowhere, .ByteCount = 1};
    MmProbeAndLockPages(&nowhere, KernelMode, IoReadAccess);
}

static void interrupted(void *context)
{
    KDPC *dpc = context;
    KeInitializeDpc(dpc, raise_in_dpc, NULL);
    for (struct haldma_seh_frame frame
         __attribute__((__cleanup__(haldma_seh_close))) = haldma_seh_frame_new();
         frame.stage != HALDMA_SEH_DONE; haldma_seh_next(&frame)) {
        if (frame.stage == HALDMA_SEH_BODY && (haldma_seh_open(&frame), __builtin_setjmp(frame.jump) == 0)) {
            KeInsertQueueDpc(dpc, NULL, NULL);
        } else {
            haldma_seh_filter(&frame, EXCEPTION_EXECUTE_HANDLER);
        }
    }
}

/* rule: KE-EXC-1 */
static void an_exception_in_a_dpc_is_not_handled_by_the_thread_it_interrupts(void **state)
{
    (void)state;
    KDPC dpc;
    rig_kernel_stops(interrupted, &dpc, "KE-EXC-1", "0x1E");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bug_check_stops_the_run_with_its_documented_code),
        cmocka_unit_test(the_parameters_of_a_bug_check_are_kept),
        cmocka_unit_test(a_bug_check_tells_those_who_registered),
        cmocka_unit_test(flushing_buffers_above_dispatch_level_is_a_finding),
        cmocka_unit_test(an_exception_that_nobody_handles_stops_the_run),
        cmocka_unit_test(an_exception_goes_outwards_through_finally_blocks_to_a_filter_that_takes_it),
        cmocka_unit_test(an_exception_in_a_dpc_is_not_handled_by_the_thread_it_interrupts),
    };
    return cmocka_run_group_tests_name("ke_bugcheck", tests, NULL, NULL);
}
