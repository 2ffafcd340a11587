/*
 * Services of the kernel after whose misuse a run can go on: what they do then.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ntddk.h>

#include "rig/rig_kernel.h"

enum { BYTES = 64, TAG = 0x74736574 };

static void goes_past(void (*body)(void *), const char *rule)
{
    struct emu_machine *m = rig_kernel_machine(2);
    rig_goes_past(m, body, NULL, rule);
    emu_machine_destroy(m);
}

static PMDL mdl_of_pool(POOL_TYPE type)
{
    PVOID buffer = ExAllocatePoolWithTag(type, BYTES, TAG);
    return IoAllocateMdl(buffer, BYTES, FALSE, FALSE, NULL);
}

static void lock_twice(void *context)
{
    PMDL mdl = mdl_of_pool(NonPagedPoolNx);
    (void)context;
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl); /* one unlock is enough: the second lock did nothing */
}

static void unlock_twice(void *context)
{
    PMDL mdl = mdl_of_pool(NonPagedPoolNx);
    (void)context;
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    MmUnlockPages(mdl);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
}

static void free_locked(void *context)
{
    PMDL mdl = mdl_of_pool(NonPagedPoolNx);
    (void)context;
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    IoFreeMdl(mdl);
}

static void build_over_paged_pool(void *context)
{
    PMDL mdl = mdl_of_pool(PagedPool);
    (void)context;
    MmBuildMdlForNonPagedPool(mdl);
    rig_expect_equal((mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL) != 0, true);
    IoFreeMdl(mdl);
}

/* rule: MM-LOCK-3, MM-LOCK-4, MM-MDL-4, MM-MDL-6 */
static void mdls_are_left_as_they_are_locked_unlocked_or_built(void **state)
{
    (void)state;
    goes_past(lock_twice, "MM-LOCK-4");
    goes_past(unlock_twice, "MM-LOCK-3");
    goes_past(free_locked, "MM-MDL-4");
    goes_past(build_over_paged_pool, "MM-MDL-6");
}

static void assert_nothing(void *context)
{
    RtlAssert((PVOID)(ULONG_PTR) "FALSE", (PVOID)(ULONG_PTR) "file", 1, NULL);
    (void)context;
}

/* rule: DBG-ASSERT-1 */
static void an_assertion_that_fails_is_ignored(void **state)
{
    (void)state;
    goes_past(assert_nothing, "DBG-ASSERT-1");
}

static void call_at_dispatch(void *context)
{
    static WCHAR text[] = L"IoAllocateIrp";
    UNICODE_STRING name = {
        .Length = sizeof text - sizeof(WCHAR), .MaximumLength = sizeof text, .Buffer = text};
    KIRQL irql;
    (void)context;
    PVOID there = MmGetSystemRoutineAddress(&name);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    rig_expect(MmGetSystemRoutineAddress(&name) == there);
    KeLowerIrql(irql);
}

/* rule: KE-LEVEL-1 */
static void a_service_at_dispatch_level_is_performed(void **state)
{
    (void)state;
    goes_past(call_at_dispatch, "KE-LEVEL-1");
}

static void wait_at_dispatch(void *context)
{
    static EX_RUNDOWN_REF reference;
    KIRQL irql;
    (void)context;
    ExInitializeRundownProtection(&reference);
    ExAcquireRundownProtection(&reference);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ExWaitForRundownProtectionRelease(&reference);
}

/* rule: KE-WAIT-5 */
static void a_service_at_dispatch_level_that_has_to_wait_ends_the_run(void **state)
{
    (void)state;
    struct emu_machine *m = rig_kernel_machine(2);
    struct rig_outcome outcome;
    emu_machine_set_go_past(m, EMU_REPORTED_MAX);
    rig_run(m, wait_at_dispatch, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_stopped(&outcome, "KE-WAIT-5", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mdls_are_left_as_they_are_locked_unlocked_or_built),
        cmocka_unit_test(an_assertion_that_fails_is_ignored),
        cmocka_unit_test(a_service_at_dispatch_level_is_performed),
        cmocka_unit_test(a_service_at_dispatch_level_that_has_to_wait_ends_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
