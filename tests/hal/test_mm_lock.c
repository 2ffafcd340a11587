/*
 * Locked pages: what may not be locked, and what must be unlocked before its MDL is freed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <wdm.h>

#include "hal/boot.h"
#include "rig/rig.h"

enum { TAG = 0x74736574 };

static const struct rig_boot boots[] = {{hal_boot, NULL}, {NULL, NULL}};

static void run_stopped(void (*body)(void *), const char *rule)
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;

    rig_run(m, body, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_stopped(&outcome, rule, NULL);
    assert_non_null(strstr(outcome.finding.message, "mdl#"));
}

static PMDL new_mdl(void)
{
    return IoAllocateMdl(ExAllocatePoolWithTag(NonPagedPoolNx, PAGE_SIZE, TAG), PAGE_SIZE, FALSE, FALSE,
                         NULL);
}

static void lock_twice(void *context)
{
    PMDL mdl = new_mdl();

    (void)context;
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    MmUnlockPages(mdl);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess); /* once more after the unlock is in order */
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
}

static void lock_nonpaged(void *context)
{
    PMDL mdl = new_mdl();

    (void)context;
    MmBuildMdlForNonPagedPool(mdl);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
}

static void lock_partial(void *context)
{
    PMDL source = new_mdl();
    PMDL part = IoAllocateMdl(MmGetMdlVirtualAddress(source), PAGE_SIZE, FALSE, FALSE, NULL);

    (void)context;
    MmProbeAndLockPages(source, KernelMode, IoReadAccess);
    IoBuildPartialMdl(source, part, MmGetMdlVirtualAddress(source), 0);
    MmProbeAndLockPages(part, KernelMode, IoReadAccess);
}

/* rule: MM-LOCK-4 */
static void an_mdl_of_pages_that_stay_anyway_is_not_locked(void **state)
{
    (void)state;
    run_stopped(lock_twice, "MM-LOCK-4");
    run_stopped(lock_nonpaged, "MM-LOCK-4");
    run_stopped(lock_partial, "MM-LOCK-4");
}

/* No host has memory here. */
#define NO_MEMORY ((PVOID)0xFFFF800000001000ull)

static void lock_no_memory(void *context)
{
    (void)context;
    MmProbeAndLockPages(IoAllocateMdl(NO_MEMORY, 100, FALSE, FALSE, NULL), KernelMode, IoReadAccess);
}

static void lock_freed_pages(void *context)
{
    uint8_t *pages = ExAllocatePoolWithTag(NonPagedPoolNx, 2 * PAGE_SIZE, TAG);
    PMDL mdl = IoAllocateMdl(pages, PAGE_SIZE, FALSE, FALSE, NULL);

    (void)context;
    ExFreePoolWithTag(pages, TAG);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
}

static void lock_static_memory(void *context)
{
    PMDL mdl = IoAllocateMdl(context, sizeof(int), FALSE, FALSE, NULL);

    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    rig_expect((mdl->MdlFlags & MDL_PAGES_LOCKED) != 0);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
}

static void run_raises(void (*body)(void *))
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;

    rig_run(m, body, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_stopped(&outcome, "KE-EXC-1", NULL); /* nobody handles it */
    assert_non_null(strstr(outcome.finding.message, "C0000005"));
}

/* rule: MM-LOCK-2 */
static void locking_addresses_without_memory_raises_an_access_violation(void **state)
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;
    int host_memory = 0;

    (void)state;
    run_raises(lock_no_memory);
    run_raises(lock_freed_pages);
    rig_run(m, lock_static_memory, &host_memory, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
}

static const char constants[PAGE_SIZE] = "read-only";
static char variables[PAGE_SIZE] = "writable";

/* Of an address that is const only for its owner. */
static PMDL mdl_of(const void *address)
{
    return IoAllocateMdl((PVOID)(ULONG_PTR)address, sizeof(int), FALSE, FALSE, NULL);
}

static void lock_constants_to_write(void *context)
{
    (void)context;
    MmProbeAndLockPages(mdl_of(constants + PAGE_SIZE / 2), KernelMode, IoWriteAccess);
}

static void lock_constants_to_modify(void *context)
{
    (void)context;
    MmProbeAndLockPages(mdl_of(constants + PAGE_SIZE / 2), KernelMode, IoModifyAccess);
}

static void lock_what_permits_it(void *context)
{
    PMDL read = mdl_of(constants), written = mdl_of(variables);

    (void)context;
    MmProbeAndLockPages(read, KernelMode, IoReadAccess);
    MmProbeAndLockPages(written, KernelMode, IoWriteAccess);
    MmUnlockPages(written);
    MmUnlockPages(read);
    IoFreeMdl(written);
    IoFreeMdl(read);
}

/* rule: MM-LOCK-5 */
static void locking_read_only_data_for_writing_raises_an_access_violation(void **state)
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;

    (void)state;
    run_raises(lock_constants_to_write);
    run_raises(lock_constants_to_modify);
    rig_run(m, lock_what_permits_it, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
}

static void build_no_memory(void *context)
{
    (void)context;
    MmBuildMdlForNonPagedPool(IoAllocateMdl(NO_MEMORY, 100, FALSE, FALSE, NULL));
}

/* rule: MM-MDL-5 */
static void building_an_mdl_of_what_is_no_memory_is_a_finding(void **state)
{
    (void)state;
    run_stopped(build_no_memory, "MM-MDL-5");
}

static void free_locked(void *context)
{
    PMDL mdl = new_mdl();

    (void)context;
    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
    IoFreeMdl(mdl);
}

/* rule: MM-MDL-4 */
static void an_mdl_is_unlocked_before_it_is_freed(void **state)
{
    (void)state;
    run_stopped(free_locked, "MM-MDL-4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_mdl_of_pages_that_stay_anyway_is_not_locked),
        cmocka_unit_test(locking_addresses_without_memory_raises_an_access_violation),
        cmocka_unit_test(locking_read_only_data_for_writing_raises_an_access_violation),
        cmocka_unit_test(building_an_mdl_of_what_is_no_memory_is_a_finding),
        cmocka_unit_test(an_mdl_is_unlocked_before_it_is_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
