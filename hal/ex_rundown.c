/*
 * Rundown protection: a count of users in the upper bits of one word, "no more" in its lowest.
 *
 * While somebody waits for the users to leave, the word holds the address of what he waits on, with the
 * lowest bit set.
 */
#include <wdm.h>

#include <emu/finding.h>

#include "hal/ke_check.h"
#include "hal/ops.h"

enum { RUNDOWN_ACTIVE = 1, RUNDOWN_USER = 2 };

/* On the waiter's stack. */
struct rundown_wait {
    ULONG_PTR users;
    KEVENT gone;
};

/* What is done, as the trace's argument shows it. */
enum rundown_action { RUNDOWN_ACQUIRE, RUNDOWN_RELEASE, RUNDOWN_WAIT };

static void announce(PEX_RUNDOWN_REF reference, enum rundown_action action)
{
    struct emu_machine *m = emu_current();

    emu_step(m, HAL_OP_IO_RUNDOWN, emu_object_at(m, reference, "rundown protection"), action);
}

VOID ExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    RunRef->Count = 0;
}

VOID ExReInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    RunRef->Count = 0;
}

BOOLEAN ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    announce(RunRef, RUNDOWN_ACQUIRE);
    if ((RunRef->Count & RUNDOWN_ACTIVE) != 0)
        return FALSE;
    RunRef->Count += (ULONG_PTR)Count * RUNDOWN_USER;
    return TRUE;
}

BOOLEAN ExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    return ExAcquireRundownProtectionEx(RunRef, 1);
}

VOID ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    announce(RunRef, RUNDOWN_RELEASE);
    bool active = (RunRef->Count & RUNDOWN_ACTIVE) != 0;
    struct rundown_wait *wait =
        active ? (struct rundown_wait *)(RunRef->Count & ~(ULONG_PTR)RUNDOWN_ACTIVE) : NULL;
    ULONG_PTR users = active ? (wait != NULL ? wait->users : 0) : RunRef->Count / RUNDOWN_USER;

    if (users < Count) {
        emu_finding_raise(emu_current(), "EX-RUNDOWN-4", NULL, NULL,
                          "rundown protection was released %u times; it is held %llu times", Count,
                          (unsigned long long)users);
    }
    if (!active) {
        RunRef->Count -= (ULONG_PTR)Count * RUNDOWN_USER;
        return;
    }
    wait->users -= Count;
    if (wait->users == 0)
        KeSetEvent(&wait->gone, IO_NO_INCREMENT, FALSE);
}

VOID ExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    ExReleaseRundownProtectionEx(RunRef, 1);
}

VOID ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    struct rundown_wait wait;

    KeInitializeEvent(&wait.gone, NotificationEvent, FALSE);
    announce(RunRef, RUNDOWN_WAIT);
    if ((RunRef->Count & RUNDOWN_ACTIVE) != 0)
        return;
    wait.users = RunRef->Count / RUNDOWN_USER;
    if (wait.users == 0) {
        RunRef->Count = RUNDOWN_ACTIVE;
        return;
    }
    RunRef->Count = (ULONG_PTR)&wait | RUNDOWN_ACTIVE;
    KeWaitForSingleObject(&wait.gone, Executive, KernelMode, FALSE, NULL);
    RunRef->Count = RUNDOWN_ACTIVE;
}

VOID ExRundownCompleted(PEX_RUNDOWN_REF RunRef)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    RunRef->Count = RUNDOWN_ACTIVE;
}
