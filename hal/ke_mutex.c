/*
 * Mutexes: owned by a thread, recursive. Their state is 1 while free, 1 minus the number of acquisitions
 * while owned.
 *
 * A thread that owns one takes no normal APCs, which is counted as a critical region.
 */
#include <wdm.h>

#include "hal/ke_check.h"
#include "hal/ke_dispatcher.h"
#include "hal/ke_thread.h"

enum { MUTEX_FREE = 1 };

VOID KeInitializeMutex(PRKMUTEX Mutex, ULONG Level)
{
    (void)Level;
    ke_dispatcher_init(&Mutex->Header, KE_OBJECT_MUTEX, MUTEX_FREE);
    InitializeListHead(&Mutex->MutantListEntry);
    Mutex->OwnerThread = NULL;
    Mutex->Abandoned = FALSE;
    Mutex->ApcDisable = 1;
    ke_dispatcher_born(hal_kernel(), &Mutex->Header);
}

LONG KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait)
{
    struct hal_kernel *k = hal_kernel();
    struct _KTHREAD *thread = ke_thread_self(k);
    ke_level_at_most(k->machine, Wait ? APC_LEVEL : DISPATCH_LEVEL, "KE-MUTEX-5",
                     KE_CODE_IRQL_KE_DISPATCH_LTE, "KeReleaseMutex");
    const emu_object object = ke_dispatcher_object(k, &Mutex->Header);
    emu_step(k->machine, HAL_OP_KE_RELEASE_MUTEX, object, 0);
    if (Mutex->OwnerThread != thread) {
        char name[KE_NAME_BYTES];
        emu_finding_raise(k->machine, "KE-MUTEX-4", NULL, NULL,
                          "KeReleaseMutex of %s, which %s (STATUS_MUTANT_NOT_OWNED)",
                          emu_object_text(k->machine, object, name, sizeof(name)),
                          Mutex->OwnerThread == NULL ? "nobody owns" : "another thread owns");
    }
    const LONG old = Mutex->Header.SignalState;
    if (old + 1 < MUTEX_FREE) {
        Mutex->Header.SignalState = old + 1;
    } else {
        emu_lock_left(k->machine, object);
        Mutex->OwnerThread = NULL;
        thread->mutexes--;
        thread->critical--;
        ke_dispatcher_signal(k, &Mutex->Header, MUTEX_FREE);
    }
    if (!Wait) {
        ke_after(k->machine);
    }
    return old;
}

LONG KeReadStateMutex(PRKMUTEX Mutex)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    struct hal_kernel *k = hal_kernel();
    emu_step(k->machine, HAL_OP_KE_READ_STATE, ke_dispatcher_object(k, &Mutex->Header), 0);
    return Mutex->Header.SignalState;
}
