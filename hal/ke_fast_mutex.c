/*
 * Fast and guarded mutexes: owned by a thread, not recursive, never taken above APC_LEVEL.
 *
 * Count is 1 while free and 0 while owned. Who finds it owned waits for the event that a release sets; who
 * comes first then takes it, whether it waited or not: no order is promised, and none is kept.
 */
#include <wdm.h>

#include "hal/ke_check.h"
#include "hal/ke_dispatcher.h"
#include "hal/ke_thread.h"

enum { FAST_MUTEX_FREE = 1, FAST_MUTEX_OWNED = 0 };

static emu_object object_of(struct emu_machine *m, const FAST_MUTEX *mutex)
{
    return emu_object_at(m, mutex, "fast mutex");
}

static void initialize(PFAST_MUTEX mutex)
{
    mutex->Count = FAST_MUTEX_FREE;
    mutex->Owner = NULL;
    mutex->Contention = 0;
    mutex->OldIrql = PASSIVE_LEVEL;
    ke_dispatcher_init(&mutex->Event.Header, KE_OBJECT_EVENT_SYNCHRONIZATION, 0);
    object_of(emu_current(), mutex);
}

static void acquire(struct hal_kernel *k, PFAST_MUTEX mutex, const char *what)
{
    struct emu_machine *m = k->machine;
    struct _KTHREAD *thread = ke_thread_self(k);
    const emu_object object = object_of(m, mutex);
    char name[KE_NAME_BYTES];
    bool initialised = false;
    EMU_UNSEEN(m, "it has a list from its initialisation on, whatever the list holds")
    {
        initialised = mutex->Event.Header.WaitListHead.Flink != NULL;
    }
    if (!initialised) {
        emu_finding_raise(m, "KE-FMUTEX-5", "0xC4/1002", NULL, "%s of %s, which was never initialised", what,
                          emu_object_text(m, object, name, sizeof(name)));
    }
    emu_step(m, HAL_OP_KE_ACQUIRE_FAST_MUTEX, object, 0);
    if (mutex->Owner == thread) {
        emu_finding_raise(m, "KE-FMUTEX-3", "0xC4/1000", NULL,
                          "%s of %s by the thread that owns it: it waits for itself", what,
                          emu_object_text(m, object, name, sizeof(name)));
    }
    while (mutex->Count != FAST_MUTEX_FREE) {
        PVOID objects[1] = {&mutex->Event};
        KWAIT_BLOCK block;
        mutex->Contention++;
        ke_wait(k, 1, objects, WaitAny, NULL, &block, HAL_OP_KE_ACQUIRE_FAST_MUTEX, object);
        emu_touch(m, object, EMU_ACCESS_WRITE); /* who was woken looks again */
        mutex->Contention--;
    }
    mutex->Count = FAST_MUTEX_OWNED;
    mutex->Owner = thread;
    emu_order_acquire(m, object);
    emu_lock_taken(m, object);
}

static bool try_acquire(struct hal_kernel *k, PFAST_MUTEX mutex)
{
    emu_step(k->machine, HAL_OP_KE_ACQUIRE_FAST_MUTEX, object_of(k->machine, mutex), 0);
    if (mutex->Count != FAST_MUTEX_FREE) {
        return false;
    }
    mutex->Count = FAST_MUTEX_OWNED;
    mutex->Owner = ke_thread_self(k);
    emu_lock_taken(k->machine, object_of(k->machine, mutex));
    return true;
}

static void release(struct hal_kernel *k, PFAST_MUTEX mutex, const char *what)
{
    struct emu_machine *m = k->machine;
    const emu_object object = object_of(m, mutex);
    emu_touch(m, object, EMU_ACCESS_READ);
    if (mutex->Owner != ke_thread_self(k)) {
        char name[KE_NAME_BYTES];
        emu_finding_raise(m, "KE-FMUTEX-4", mutex->Owner == NULL ? "0xC4/1007" : "0xC4/1004", NULL,
                          "%s of %s, which %s", what, emu_object_text(m, object, name, sizeof(name)),
                          mutex->Owner == NULL ? "nobody owns" : "another thread owns");
    }
    emu_step(m, HAL_OP_KE_RELEASE_FAST_MUTEX, object, 0);
    emu_lock_left(m, object);
    mutex->Owner = NULL;
    mutex->Count = FAST_MUTEX_FREE;
    if (mutex->Contention > 0) {
        ke_dispatcher_signal(k, &mutex->Event.Header, 1);
    }
}

/* ---- Fast mutexes ---- */

VOID ExInitializeFastMutex(PFAST_MUTEX FastMutex)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    initialize(FastMutex);
}

VOID ExAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    struct hal_kernel *k = hal_kernel();
    ke_level_at_most(k->machine, APC_LEVEL, "KE-FMUTEX-2", "0xC4/33", "ExAcquireFastMutex");
    const uint8_t old = emu_level_raise(k->machine, APC_LEVEL);
    acquire(k, FastMutex, "ExAcquireFastMutex");
    FastMutex->OldIrql = old;
}

BOOLEAN ExTryToAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    struct hal_kernel *k = hal_kernel();
    ke_level_at_most(k->machine, APC_LEVEL, "KE-FMUTEX-2", "0xC4/33", "ExTryToAcquireFastMutex");
    const uint8_t old = emu_level_raise(k->machine, APC_LEVEL);
    if (!try_acquire(k, FastMutex)) {
        emu_level_lower(k->machine, old);
        return FALSE;
    }
    FastMutex->OldIrql = old;
    return TRUE;
}

VOID ExReleaseFastMutex(PFAST_MUTEX FastMutex)
{
    struct hal_kernel *k = hal_kernel();
    if (emu_level(k->machine) != APC_LEVEL) {
        emu_finding_raise(k->machine, "KE-FMUTEX-2", "0xC4/34", NULL,
                          "ExReleaseFastMutex at level %u, not at APC_LEVEL", emu_level(k->machine));
    }
    const KIRQL old = (KIRQL)FastMutex->OldIrql;
    release(k, FastMutex, "ExReleaseFastMutex");
    emu_level_lower(k->machine, old);
    ke_after(k->machine);
}

/* The caller has seen to it that it takes no APCs. */
static void check_apcs_off(struct hal_kernel *k, const char *code, const char *what)
{
    ke_level_at_most(k->machine, APC_LEVEL, "KE-FMUTEX-2", code, what);
    if (!KeAreApcsDisabled()) {
        emu_finding_raise(k->machine, "KE-FMUTEX-6", code, NULL, "%s while the thread takes APCs", what);
    }
}

VOID ExAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    struct hal_kernel *k = hal_kernel();
    check_apcs_off(k, "0xC4/39", "ExAcquireFastMutexUnsafe");
    acquire(k, FastMutex, "ExAcquireFastMutexUnsafe");
}

VOID ExReleaseFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    struct hal_kernel *k = hal_kernel();
    check_apcs_off(k, "0xC4/3A", "ExReleaseFastMutexUnsafe");
    release(k, FastMutex, "ExReleaseFastMutexUnsafe");
    ke_after(k->machine);
}

/* ---- Guarded mutexes ---- */

VOID KeInitializeGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    ke_level_at_most(emu_current(), APC_LEVEL, KE_RULE_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    initialize(Mutex);
}

VOID KeAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    ke_level_at_most(emu_current(), APC_LEVEL, KE_RULE_LEVEL, KE_CODE_IRQL_KE_APC_LTE1, __func__);
    KeEnterGuardedRegion();
    acquire(hal_kernel(), Mutex, "KeAcquireGuardedMutex");
}

VOID KeAcquireGuardedMutexUnsafe(PKGUARDED_MUTEX Mutex)
{
    ke_level_at_most(emu_current(), APC_LEVEL, KE_RULE_LEVEL, KE_CODE_IRQL_KE_APC_LTE1, __func__);
    struct hal_kernel *k = hal_kernel();
    check_apcs_off(k, "0xC4/39", "KeAcquireGuardedMutexUnsafe");
    acquire(k, Mutex, "KeAcquireGuardedMutexUnsafe");
}

BOOLEAN KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    ke_level_at_most(emu_current(), APC_LEVEL, KE_RULE_LEVEL, KE_CODE_IRQL_KE_APC_LTE1, __func__);
    KeEnterGuardedRegion();
    if (try_acquire(hal_kernel(), Mutex)) {
        return TRUE;
    }
    KeLeaveGuardedRegion();
    return FALSE;
}

VOID KeReleaseGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    ke_level_at_most(emu_current(), APC_LEVEL, KE_RULE_LEVEL, KE_CODE_IRQL_KE_APC_LTE1, __func__);
    struct hal_kernel *k = hal_kernel();
    release(k, Mutex, "KeReleaseGuardedMutex");
    KeLeaveGuardedRegion();
    ke_after(k->machine);
}

VOID KeReleaseGuardedMutexUnsafe(PKGUARDED_MUTEX Mutex)
{
    ke_level_at_most(emu_current(), APC_LEVEL, KE_RULE_LEVEL, KE_CODE_IRQL_KE_APC_LTE1, __func__);
    struct hal_kernel *k = hal_kernel();
    check_apcs_off(k, "0xC4/3A", "KeReleaseGuardedMutexUnsafe");
    release(k, Mutex, "KeReleaseGuardedMutexUnsafe");
    ke_after(k->machine);
}
