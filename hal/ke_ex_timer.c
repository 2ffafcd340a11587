/*
 * ExAllocateTimer and its kin: a timer with a callback at DISPATCH_LEVEL, in one object of the kernel's.
 *
 * Made of a KTIMER and a KDPC in the arena. A deleted timer that is not cancelled expires one last time; its
 * memory is used again when its callback runs nowhere.
 */
#include <wdm.h>

#include <emu/choose.h>

#include "hal/ke_check.h"
#include "hal/ke_dispatcher.h"
#include "hal/ops.h"

struct _EX_TIMER {
    KTIMER timer; /* first: it can be waited for */
    KDPC dpc;
    KEVENT idle; /* no callback runs */
    PEXT_CALLBACK callback;
    PVOID context;
    PEXT_DELETE_CALLBACK delete_callback;
    PVOID delete_context;
    struct _EX_TIMER *next_free;
    uint32_t running;
    bool deleted;
};

enum { UNITS_PER_MILLISECOND = 10000 };

/* The last one who needed it is gone. */
static void discard(struct hal_kernel *k, PEX_TIMER t)
{
    PEXT_DELETE_CALLBACK callback = t->delete_callback;
    PVOID context = t->delete_context;
    EMU_UNSEEN(k->machine, "which of the free ones is taken")
    {
        t->next_free = k->ke.ex_timers_free;
        k->ke.ex_timers_free = t;
    }
    if (callback != NULL) {
        callback(context);
    }
}

/* What is under way changes its state, and looks at what it is made of. */
static void touch(struct hal_kernel *k, PEX_TIMER t)
{
    emu_touch(k->machine, ke_dispatcher_object(k, &t->idle.Header), EMU_ACCESS_WRITE);
    emu_touch(k->machine, ke_dispatcher_object(k, &t->timer.Header), EMU_ACCESS_READ);
    emu_touch(k->machine, emu_object_at(k->machine, &t->dpc, "dpc"), EMU_ACCESS_READ);
}

/* Neither running, nor about to, nor queued. */
static bool is_at_rest(struct hal_kernel *k, PEX_TIMER t)
{
    touch(k, t);
    return t->running == 0 && t->dpc.DpcData == NULL && t->timer.TimerListEntry.Flink == NULL;
}

static KDEFERRED_ROUTINE expire;
static VOID expire(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    (void)Dpc;
    (void)SystemArgument1;
    (void)SystemArgument2;
    struct hal_kernel *k = hal_kernel();
    PEX_TIMER t = DeferredContext;
    touch(k, t);
    t->running++;
    if (t->callback != NULL) {
        t->callback(t, t->context);
    }
    touch(k, t);
    t->running--;
    if (is_at_rest(k, t)) {
        ke_dispatcher_signal(k, &t->idle.Header, 1);
        if (t->deleted) {
            discard(k, t);
        }
    }
}

PEX_TIMER ExAllocateTimer(PEXT_CALLBACK Callback, PVOID CallbackContext, ULONG Attributes)
{
    struct hal_kernel *k = hal_kernel();
    ke_level_at_most(k->machine, DISPATCH_LEVEL, "KE-EXTIMER-1", KE_CODE_WRONG_LEVEL, "ExAllocateTimer");
    if (emu_fault(k->machine, HAL_OP_EX_TIMER)) {
        return NULL;
    }
    PEX_TIMER t = NULL;
    EMU_UNSEEN(k->machine, "which of the free ones it is")
    {
        t = k->ke.ex_timers_free;
        if (t != NULL) {
            k->ke.ex_timers_free = t->next_free;
        } else {
            t = emu_arena_alloc(k->machine, sizeof(*t));
        }
    }
    emu_access_fresh(k->machine, t, sizeof *t);
    *t = (struct _EX_TIMER){.callback = Callback, .context = CallbackContext};
    KeInitializeTimerEx(&t->timer,
                        (Attributes & EX_TIMER_NOTIFICATION) != 0 ? NotificationTimer : SynchronizationTimer);
    KeInitializeDpc(&t->dpc, expire, t);
    KeInitializeEvent(&t->idle, NotificationEvent, TRUE);
    return t;
}

BOOLEAN ExSetTimer(PEX_TIMER Timer, LONGLONG DueTime, LONGLONG Period, PEXT_SET_PARAMETERS Parameters)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)Parameters;
    struct hal_kernel *k = hal_kernel();
    const LARGE_INTEGER due = {.QuadPart = DueTime};
    touch(k, Timer);
    if (Period < 0 || Timer->deleted) {
        emu_finding_raise(k->machine, "KE-EXTIMER-2", NULL, NULL, "ExSetTimer %s",
                          Timer->deleted ? "of a timer that was deleted" : "with a negative period");
    }
    Timer->idle.Header.SignalState = 0;
    const LONGLONG milliseconds = (Period + UNITS_PER_MILLISECOND - 1) / UNITS_PER_MILLISECOND;
    return KeSetTimerEx(&Timer->timer, due, (LONG)milliseconds, &Timer->dpc);
}

BOOLEAN ExCancelTimer(PEX_TIMER Timer, PVOID Parameters)
{
    (void)Parameters;
    struct hal_kernel *k = hal_kernel();
    ke_level_at_most(k->machine, DISPATCH_LEVEL, "KE-EXTIMER-1", KE_CODE_WRONG_LEVEL, __func__);
    const BOOLEAN cancelled = KeCancelTimer(&Timer->timer);
    if (is_at_rest(k, Timer)) {
        ke_dispatcher_signal(k, &Timer->idle.Header, 1);
    }
    return cancelled;
}

/* Wait needs Cancel, and a level at which one may wait. */
static void check_delete(struct hal_kernel *k, BOOLEAN cancel, BOOLEAN wait)
{
    ke_level_at_most(k->machine, wait ? APC_LEVEL : DISPATCH_LEVEL, "KE-EXTIMER-1", KE_CODE_WRONG_LEVEL,
                     "ExDeleteTimer");
    if (wait && !cancel) {
        emu_finding_raise(k->machine, "KE-EXTIMER-2", NULL, NULL,
                          "ExDeleteTimer with Wait and without Cancel");
    }
}

BOOLEAN ExDeleteTimer(PEX_TIMER Timer, BOOLEAN Cancel, BOOLEAN Wait, PEXT_DELETE_PARAMETERS Parameters)
{
    struct hal_kernel *k = hal_kernel();
    check_delete(k, Cancel, Wait);
    const BOOLEAN cancelled = Cancel ? ExCancelTimer(Timer, NULL) : FALSE;
    touch(k, Timer);
    if (Parameters != NULL) {
        Timer->delete_callback = Parameters->DeleteCallback;
        Timer->delete_context = Parameters->DeleteContext;
    }
    if (Wait) {
        KeWaitForSingleObject(&Timer->idle, Executive, KernelMode, FALSE, NULL);
    }
    touch(k, Timer);
    Timer->deleted = true;
    if (is_at_rest(k, Timer)) {
        discard(k, Timer);
    }
    return cancelled;
}
