/*
 * Mutexes, fast mutexes, guarded mutexes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <wdm.h>

#include "rig_kernel.h"

enum { PASSAGES = 3 };

static NTSTATUS wait_for(PVOID object)
{
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, NULL);
}

enum protection { WITH_MUTEX, WITH_FAST, WITH_GUARDED };

struct guarded {
    KMUTEX mutex;
    FAST_MUTEX fast;
    KGUARDED_MUTEX guarded;
    enum protection with;
    unsigned inside;
    unsigned passages;
};

static void use_mutex(void *context)
{
    struct guarded *g = context;
    KeInitializeMutex(&g->mutex, 0);
    rig_expect_equal(KeReadStateMutex(&g->mutex), 1);
    rig_expect_equal(wait_for(&g->mutex), STATUS_SUCCESS);
    rig_expect(KeAreApcsDisabled());
    rig_expect_equal(wait_for(&g->mutex), STATUS_SUCCESS);
    rig_expect(KeReleaseMutex(&g->mutex, FALSE) != 0);
    rig_expect_equal(KeReadStateMutex(&g->mutex), 0);
    rig_expect_equal(KeReleaseMutex(&g->mutex, FALSE), 0);
    rig_expect_equal(KeReadStateMutex(&g->mutex), 1);
    rig_expect(!KeAreApcsDisabled());
}

/* rule: KE-MUTEX-1 */
static void a_mutex_is_released_as_often_as_it_was_acquired(void **state)
{
    (void)state;
    struct guarded g;
    rig_kernel_runs(use_mutex, &g);
}

/* rule: KE-MUTEX-2 */
static void the_owner_of_a_mutex_takes_no_apcs(void **state)
{
    (void)state;
    struct guarded g;
    rig_kernel_runs(use_mutex, &g);
}

static void pass(void *context)
{
    struct guarded *g = context;
    switch (g->with) {
    case WITH_MUTEX:
        wait_for(&g->mutex);
        break;
    case WITH_FAST:
        ExAcquireFastMutex(&g->fast);
        rig_expect_equal(KeGetCurrentIrql(), APC_LEVEL);
        break;
    case WITH_GUARDED:
        KeAcquireGuardedMutex(&g->guarded);
        rig_expect(KeAreAllApcsDisabled());
        break;
    }
    rig_expect_equal(g->inside++, 0);
    KeMemoryBarrier();
    g->inside--;
    g->passages++;
    switch (g->with) {
    case WITH_MUTEX:
        KeReleaseMutex(&g->mutex, FALSE);
        break;
    case WITH_FAST:
        ExReleaseFastMutex(&g->fast);
        break;
    case WITH_GUARDED:
        KeReleaseGuardedMutex(&g->guarded);
        break;
    }
    rig_expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void set_up_passages(void *context)
{
    struct guarded *g = context;
    KeInitializeMutex(&g->mutex, 0);
    ExInitializeFastMutex(&g->fast);
    KeInitializeGuardedMutex(&g->guarded);
    g->inside = g->passages = 0;
    rig_thread("first", 0, pass, g);
    rig_thread("second", 0, pass, g);
    rig_thread("third", 1, pass, g);
}

static void check_passages(void *context)
{
    const struct guarded *g = context;
    rig_expect_equal(g->passages, PASSAGES);
    rig_expect_equal(g->mutex.Header.SignalState, 1);
    rig_expect_equal(g->fast.Count, 1);
    rig_expect_equal(g->guarded.Count, 1);
}

static void explore_passages(enum protection with)
{
    struct guarded g = {.with = with};
    const struct emu_program program = {"passages", set_up_passages, check_passages, &g};
    rig_kernel_explore(2, &program, 2);
}

/* rule: KE-MUTEX-3 */
static void a_mutex_keeps_others_out_in_every_interleaving(void **state)
{
    (void)state;
    explore_passages(WITH_MUTEX);
}

/* rule: KE-FMUTEX-1 */
static void a_fast_mutex_keeps_others_out_in_every_interleaving(void **state)
{
    (void)state;
    explore_passages(WITH_FAST);
}

/* rule: KE-FMUTEX-7 */
static void a_guarded_mutex_keeps_others_out_in_every_interleaving(void **state)
{
    (void)state;
    explore_passages(WITH_GUARDED);
}

static void release_unowned_mutex(void *context)
{
    KeInitializeMutex(context, 0);
    KeReleaseMutex(context, FALSE);
}

/* rule: KE-MUTEX-4 */
static void releasing_a_mutex_that_one_does_not_own_is_a_finding(void **state)
{
    (void)state;
    KMUTEX mutex;
    rig_kernel_stops(release_unowned_mutex, &mutex, "KE-MUTEX-4", NULL);
}

static void release_mutex_above_dispatch(void *context)
{
    KeInitializeMutex(context, 0);
    wait_for(context);
    KfRaiseIrql(HIGH_LEVEL);
    KeReleaseMutex(context, FALSE);
}

/* rule: KE-MUTEX-5 */
static void releasing_a_mutex_above_dispatch_level_is_a_finding(void **state)
{
    (void)state;
    KMUTEX mutex;
    rig_kernel_stops(release_mutex_above_dispatch, &mutex, "KE-MUTEX-5", NULL);
}

static void try_fast(void *context)
{
    PFAST_MUTEX fast = context;
    ExInitializeFastMutex(fast);
    rig_expect(ExTryToAcquireFastMutex(fast));
    rig_expect_equal(KeGetCurrentIrql(), APC_LEVEL);
    rig_expect(!ExTryToAcquireFastMutex(fast));
    rig_expect_equal(KeGetCurrentIrql(), APC_LEVEL);
    ExReleaseFastMutex(fast);
    rig_expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(fast);
    rig_expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    ExReleaseFastMutexUnsafe(fast);
    KeLeaveCriticalRegion();
    KeInitializeGuardedMutex(fast);
    rig_expect(KeTryToAcquireGuardedMutex(fast));
    rig_expect(!KeTryToAcquireGuardedMutex(fast));
    KeReleaseGuardedMutex(fast);
    rig_expect(!KeAreApcsDisabled());
}

/* rule: KE-FMUTEX-1 */
static void trying_never_waits_and_changes_the_level_only_on_success(void **state)
{
    (void)state;
    FAST_MUTEX fast;
    rig_kernel_runs(try_fast, &fast);
}

static void acquire_fast_at_dispatch(void *context)
{
    ExInitializeFastMutex(context);
    KeRaiseIrqlToDpcLevel();
    ExAcquireFastMutex(context);
}

static void release_fast_at_passive(void *context)
{
    ExInitializeFastMutex(context);
    ExAcquireFastMutex(context);
    KeLowerIrql(PASSIVE_LEVEL);
    ExReleaseFastMutex(context);
}

/* rule: KE-FMUTEX-2 */
static void a_fast_mutex_at_a_wrong_level_is_a_finding(void **state)
{
    (void)state;
    FAST_MUTEX fast;
    rig_kernel_stops(acquire_fast_at_dispatch, &fast, "KE-FMUTEX-2", "0xC4/33");
    rig_kernel_stops(release_fast_at_passive, &fast, "KE-FMUTEX-2", "0xC4/34");
}

static void acquire_fast_twice(void *context)
{
    ExInitializeFastMutex(context);
    ExAcquireFastMutex(context);
    ExAcquireFastMutex(context);
}

/* rule: KE-FMUTEX-3 */
static void acquiring_a_fast_mutex_that_one_owns_is_a_finding(void **state)
{
    (void)state;
    FAST_MUTEX fast;
    rig_kernel_stops(acquire_fast_twice, &fast, "KE-FMUTEX-3", "0xC4/1000");
}

static void release_fast_unowned(void *context)
{
    ExInitializeFastMutex(context);
    KfRaiseIrql(APC_LEVEL);
    ExReleaseFastMutex(context);
}

/* rule: KE-FMUTEX-4 */
static void releasing_a_fast_mutex_that_nobody_owns_is_a_finding(void **state)
{
    (void)state;
    FAST_MUTEX fast;
    rig_kernel_stops(release_fast_unowned, &fast, "KE-FMUTEX-4", "0xC4/1007");
}

static void acquire_zeroes(void *context)
{
    memset(context, 0, sizeof(FAST_MUTEX));
    ExAcquireFastMutex(context);
}

/* rule: KE-FMUTEX-5 */
static void acquiring_a_fast_mutex_that_was_never_initialised_is_a_finding(void **state)
{
    (void)state;
    FAST_MUTEX fast;
    rig_kernel_stops(acquire_zeroes, &fast, "KE-FMUTEX-5", "0xC4/1002");
}

static void acquire_unsafe(void *context)
{
    ExInitializeFastMutex(context);
    ExAcquireFastMutexUnsafe(context);
}

/* rule: KE-FMUTEX-6 */
static void acquiring_unsafely_while_taking_apcs_is_a_finding(void **state)
{
    (void)state;
    FAST_MUTEX fast;
    rig_kernel_stops(acquire_unsafe, &fast, "KE-FMUTEX-6", "0xC4/39");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mutex_is_released_as_often_as_it_was_acquired),
        cmocka_unit_test(the_owner_of_a_mutex_takes_no_apcs),
        cmocka_unit_test(a_mutex_keeps_others_out_in_every_interleaving),
        cmocka_unit_test(a_fast_mutex_keeps_others_out_in_every_interleaving),
        cmocka_unit_test(a_guarded_mutex_keeps_others_out_in_every_interleaving),
        cmocka_unit_test(releasing_a_mutex_that_one_does_not_own_is_a_finding),
        cmocka_unit_test(releasing_a_mutex_above_dispatch_level_is_a_finding),
        cmocka_unit_test(trying_never_waits_and_changes_the_level_only_on_success),
        cmocka_unit_test(a_fast_mutex_at_a_wrong_level_is_a_finding),
        cmocka_unit_test(acquiring_a_fast_mutex_that_one_owns_is_a_finding),
        cmocka_unit_test(releasing_a_fast_mutex_that_nobody_owns_is_a_finding),
        cmocka_unit_test(acquiring_a_fast_mutex_that_was_never_initialised_is_a_finding),
        cmocka_unit_test(acquiring_unsafely_while_taking_apcs_is_a_finding),
    };
    return cmocka_run_group_tests_name("ke_mutex", tests, NULL, NULL);
}
