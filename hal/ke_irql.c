/*
 * The interrupt level of the current processor, and the regions in which a thread takes no APCs.
 *
 * Levels are the machine's own; what is added here is what Windows asks of callers.
 */
#include <wdm.h>

#include "hal/ke_check.h"
#include "hal/ke_thread.h"

/* Synchronisation level of 64-bit Windows: above every device, below the clock's. */
enum { KE_SYNCH_LEVEL = 12 };

KIRQL KeGetCurrentIrql(VOID)
{
    return emu_level(emu_current());
}

KIRQL KfRaiseIrql(KIRQL NewIrql)
{
    struct emu_machine *m = emu_current();
    const uint8_t old = emu_level(m);
    if (NewIrql < old || NewIrql > HIGH_LEVEL) {
        const uint64_t parameters[4] = {0x30, old, NewIrql, 0};
        emu_finding_raise(m, "KE-IRQL-2", "0xC4/30", parameters, "KeRaiseIrql to level %u from level %u",
                          NewIrql, old);
    }
    return emu_level_raise(m, NewIrql);
}

VOID KeLowerIrql(KIRQL NewIrql)
{
    struct emu_machine *m = emu_current();
    const uint8_t old = emu_level(m);
    const uint8_t floor = ke_handler_floor(hal_kernel());
    if (NewIrql > old || NewIrql < floor) {
        const uint64_t parameters[4] = {0x31, old, NewIrql, NewIrql < floor};
        emu_finding_raise(m, "KE-IRQL-3", "0xC4/31", parameters, "KeLowerIrql to level %u from level %u%s",
                          NewIrql, old, NewIrql < floor ? ", below the level of the handler that runs" : "");
    }
    emu_level_lower(m, NewIrql);
    if (NewIrql < old) {
        emu_step(m, HAL_OP_KE_LOWER_IRQL, EMU_NO_OBJECT, NewIrql);
    }
}

KIRQL KeRaiseIrqlToDpcLevel(VOID)
{
    return KfRaiseIrql(DISPATCH_LEVEL);
}

KIRQL KeRaiseIrqlToSynchLevel(VOID)
{
    return KfRaiseIrql(KE_SYNCH_LEVEL);
}

BOOLEAN KeAreApcsDisabled(VOID)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    const struct _KTHREAD *thread = ke_thread_self(hal_kernel());
    return thread->critical > 0 || thread->guarded > 0 || emu_level(emu_current()) >= APC_LEVEL;
}

BOOLEAN KeAreAllApcsDisabled(VOID)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    return ke_thread_self(hal_kernel())->guarded > 0 || emu_level(emu_current()) >= APC_LEVEL;
}

VOID KeEnterCriticalRegion(VOID)
{
    ke_level_at_most(emu_current(), APC_LEVEL, "KE-IRQL-6", "0xC4/11A", "KeEnterCriticalRegion");
    ke_thread_self(hal_kernel())->critical++;
}

VOID KeLeaveCriticalRegion(VOID)
{
    struct emu_machine *m = emu_current();
    struct _KTHREAD *thread = ke_thread_self(hal_kernel());
    ke_level_at_most(m, APC_LEVEL, "KE-IRQL-6", "0xC4/11B", "KeLeaveCriticalRegion");
    if (thread->critical == 0) {
        emu_finding_raise(m, "KE-IRQL-5", "0xC4/3E", NULL,
                          "KeLeaveCriticalRegion by a thread that is in none");
    }
    thread->critical--;
}

VOID KeEnterGuardedRegion(VOID)
{
    ke_level_at_most(emu_current(), APC_LEVEL, "KE-IRQL-6", KE_CODE_IRQL_KE_APC_LTE2, "KeEnterGuardedRegion");
    ke_thread_self(hal_kernel())->guarded++;
}

VOID KeLeaveGuardedRegion(VOID)
{
    struct emu_machine *m = emu_current();
    struct _KTHREAD *thread = ke_thread_self(hal_kernel());
    ke_level_at_most(m, APC_LEVEL, "KE-IRQL-6", KE_CODE_IRQL_KE_APC_LTE2, "KeLeaveGuardedRegion");
    if (thread->guarded == 0) {
        emu_finding_raise(m, "KE-IRQL-5", NULL, NULL, "KeLeaveGuardedRegion by a thread that is in none");
    }
    thread->guarded--;
}
