/*
 * Semaphores.
 */
#include <wdm.h>

#include "hal/ke_check.h"
#include "hal/ke_dispatcher.h"

VOID KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_IRQL_KE_DISPATCH_LTE, __func__);
    ke_dispatcher_init(&Semaphore->Header, KE_OBJECT_SEMAPHORE, Count);
    Semaphore->Limit = Limit;
    ke_dispatcher_born(hal_kernel(), &Semaphore->Header);
}

LONG KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment, BOOLEAN Wait)
{
    (void)Increment;
    struct hal_kernel *k = hal_kernel();
    ke_level_at_most(k->machine, Wait ? APC_LEVEL : DISPATCH_LEVEL, "KE-SEM-3", KE_CODE_WRONG_LEVEL,
                     "KeReleaseSemaphore");
    const emu_object object = ke_dispatcher_object(k, &Semaphore->Header);
    emu_step(k->machine, HAL_OP_KE_RELEASE_SEMAPHORE, object, (ULONG)Adjustment);
    const LONG old = Semaphore->Header.SignalState;
    if (Adjustment <= 0 || Adjustment > Semaphore->Limit - old) {
        char name[KE_NAME_BYTES];
        emu_finding_raise(k->machine, "KE-SEM-2", NULL, NULL,
                          "KeReleaseSemaphore by %d of %s, whose count is %d and whose limit is %d "
                          "(STATUS_SEMAPHORE_LIMIT_EXCEEDED)",
                          Adjustment, emu_object_text(k->machine, object, name, sizeof(name)), old,
                          Semaphore->Limit);
    }
    ke_dispatcher_signal(k, &Semaphore->Header, old + Adjustment);
    if (!Wait) {
        ke_after(k->machine);
    }
    return old;
}

LONG KeReadStateSemaphore(PRKSEMAPHORE Semaphore)
{
    struct hal_kernel *k = hal_kernel();
    emu_step(k->machine, HAL_OP_KE_READ_STATE, ke_dispatcher_object(k, &Semaphore->Header), 0);
    return Semaphore->Header.SignalState;
}
