/*
 * Timers.
 *
 * A started timer holds an event of the machine's clock, kept in the arena since a KTIMER has no room for
 * one; its TimerListEntry.Flink points there meanwhile. The DPC of a timer goes to its target, or to the
 * processor that the timer was set on, or in the hostile profile to any. A periodic timer, after its first
 * expiry, does not keep the machine awake.
 */
#include <wdm.h>

#include <emu/choose.h>
#include <emu/event.h>

#include "hal/ke_check.h"
#include "hal/ke_dispatcher.h"
#include "hal/ke_dpc.h"
#include "hal/ke_time.h"
#include "hal/ke_timer.h"

struct ke_timer {
    struct emu_event event;
    KTIMER *timer;             /* the driver's; NULL: not in use */
    struct ke_timer *next;     /* among the free or the running ones */
    struct ke_timer *previous; /* among the running ones */
    unsigned cpu;
};

/* Stops the run: a timer that was set and has not expired is no longer what it was. */
__attribute__((noreturn)) static void timer_lost(struct hal_kernel *k, emu_object object, const char *rule,
                                                 const char *what)
{
    char name[KE_NAME_BYTES];
    emu_finding_raise(k->machine, rule, "0xC7/00", NULL, "%s was %s while it was running",
                      emu_object_text(k->machine, object, name, sizeof(name)), what);
}

static struct ke_timer *running(struct hal_kernel *k, const KTIMER *timer)
{
    if (timer->TimerListEntry.Flink == NULL) {
        return NULL;
    }
    for (struct ke_timer *t = k->ke.timers_running; t != NULL; t = t->next) {
        if (t->timer == timer && (void *)timer->TimerListEntry.Flink == t) {
            return t;
        }
    }
    timer_lost(k, emu_object_at(k->machine, timer, "timer"), "KE-TIMER-9", "overwritten");
}

void ke_timer_freed(struct hal_kernel *k, const void *block, size_t bytes)
{
    for (const struct ke_timer *t = k->ke.timers_running; t != NULL; t = t->next) {
        if ((uintptr_t)t->timer - (uintptr_t)block < bytes) {
            timer_lost(k, t->event.object, "KE-TIMER-8", "freed");
        }
    }
}

emu_object ke_timer_with_code(struct hal_kernel *k, ke_code_fn *is, const void *context)
{
    for (const struct ke_timer *t = k->ke.timers_running; t != NULL; t = t->next) {
        const KDPC *dpc = t->timer->Dpc;
        if (dpc != NULL && is(context, (const void *)(uintptr_t)dpc->DeferredRoutine)) {
            return t->event.object;
        }
    }
    return EMU_NO_OBJECT;
}

static void release(struct hal_kernel *k, struct ke_timer *t)
{
    EMU_DECLARED(k->machine, t->event.object, EMU_ACCESS_WRITE);
    emu_event_stop(k->machine, &t->event);
    t->timer->TimerListEntry.Flink = NULL;
    t->timer = NULL;
    if (t->previous != NULL) {
        t->previous->next = t->next;
    } else {
        k->ke.timers_running = t->next;
    }
    if (t->next != NULL) {
        t->next->previous = t->previous;
    }
    t->next = k->ke.timers_free;
    k->ke.timers_free = t;
}

static void expire(struct hal_kernel *k, struct ke_timer *t)
{
    KTIMER *timer = t->timer;
    if ((void *)timer->TimerListEntry.Flink != t || (timer->Header.Type != KE_OBJECT_TIMER_NOTIFICATION &&
                                                     timer->Header.Type != KE_OBJECT_TIMER_SYNCHRONIZATION)) {
        timer_lost(k, t->event.object, "KE-TIMER-9", "overwritten");
    }
    KDPC *dpc = timer->Dpc;
    const unsigned cpu = t->cpu;
    if (timer->Period != 0) {
        const uint64_t period = (uint64_t)timer->Period;
        t->event.background = true;
        emu_event_start(k->machine, &t->event, emu_now(k->machine) + period * EMU_MILLISECOND);
    } else {
        release(k, t);
    }
    ke_dispatcher_signal(k, &timer->Header, 1);
    if (dpc != NULL) {
        ke_dpc_queue(k, dpc, NULL, NULL, cpu);
    }
}

static void clock_reached(struct emu_machine *m, void *context)
{
    const struct ke_timer *t = context;
    emu_touch(m, t->event.object, EMU_ACCESS_WRITE);
    expire(hal_kernel(), context);
}

static struct ke_timer *take(struct hal_kernel *k, KTIMER *timer, emu_object object)
{
    struct ke_timer *t = k->ke.timers_free;
    if (t != NULL) {
        k->ke.timers_free = t->next;
    } else {
        t = emu_arena_alloc(k->machine, sizeof(*t));
        emu_event_init(k->machine, &t->event, "clock interrupt", clock_reached, t);
    }
    t->event.object = object;
    t->event.background = false;
    t->timer = timer;
    t->previous = NULL;
    t->next = k->ke.timers_running;
    if (t->next != NULL) {
        t->next->previous = t;
    }
    k->ke.timers_running = t;
    timer->TimerListEntry.Flink = (PLIST_ENTRY)(void *)t;
    return t;
}

VOID KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_IRQL_KE_DISPATCH_LTE, __func__);
    ke_dispatcher_init(
        &Timer->Header,
        Type == NotificationTimer ? KE_OBJECT_TIMER_NOTIFICATION : KE_OBJECT_TIMER_SYNCHRONIZATION, 0);
    Timer->DueTime.QuadPart = 0;
    Timer->TimerListEntry.Flink = NULL;
    Timer->TimerListEntry.Blink = NULL;
    Timer->Dpc = NULL;
    Timer->Processor = 0;
    Timer->Period = 0;
    ke_dispatcher_born(hal_kernel(), &Timer->Header);
}

VOID KeInitializeTimer(PKTIMER Timer)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_IRQL_KE_DISPATCH_LTE, __func__);
    KeInitializeTimerEx(Timer, NotificationTimer);
}

BOOLEAN KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc)
{
    struct hal_kernel *k = hal_kernel();
    struct emu_machine *m = k->machine;
    ke_level_at_most(m, DISPATCH_LEVEL, "KE-TIMER-5", KE_CODE_IRQL_KE_DISPATCH_LTE, "KeSetTimer");
    const emu_object object = ke_dispatcher_object(k, &Timer->Header);
    if (Period < 0) {
        emu_finding_raise(m, "KE-TIMER-5", NULL, NULL, "KeSetTimerEx with a period of %d", Period);
    }
    const uint64_t due = ke_due(k, DueTime);
    emu_step(m, HAL_OP_KE_SET_TIMER, object, due - emu_now(m));
    const bool was_running = running(k, Timer) != NULL;
    if (was_running) {
        release(k, running(k, Timer));
    }
    struct ke_timer *t = take(k, Timer, object);
    t->cpu = emu_cpu(m);
    if (Dpc != NULL && Dpc->Number < MAXIMUM_PROCESSORS) {
        const uint32_t count = k->ke.processor_count;
        t->cpu = (t->cpu + emu_latitude(m, HAL_OP_KE_TIMER_PROCESSOR, count)) % count;
    }
    Timer->Header.SignalState = 0;
    Timer->DueTime.QuadPart = (ULONGLONG)KE_BOOT_TIME + due / KE_TIME_UNIT;
    Timer->Period = Period;
    Timer->Dpc = Dpc;
    if (due <= emu_now(m)) {
        expire(k, t);
    } else {
        emu_event_start(m, &t->event, due);
    }
    ke_after(m);
    return was_running;
}

BOOLEAN KeSetTimer(PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc)
{
    return KeSetTimerEx(Timer, DueTime, 0, Dpc);
}

BOOLEAN KeSetCoalescableTimer(PKTIMER Timer, LARGE_INTEGER DueTime, ULONG Period, ULONG TolerableDelay,
                              PKDPC Dpc)
{
    (void)TolerableDelay;
    ke_level_at_most(emu_current(), DISPATCH_LEVEL, "KE-TIMER-5", KE_CODE_WRONG_LEVEL, __func__);
    return KeSetTimerEx(Timer, DueTime, (LONG)Period, Dpc);
}

BOOLEAN KeCancelTimer(PKTIMER Timer)
{
    struct hal_kernel *k = hal_kernel();
    ke_level_at_most(k->machine, DISPATCH_LEVEL, "KE-TIMER-5", KE_CODE_IRQL_KE_DISPATCH_LTE, "KeCancelTimer");
    emu_step(k->machine, HAL_OP_KE_CANCEL_TIMER, ke_dispatcher_object(k, &Timer->Header), 0);
    struct ke_timer *t = running(k, Timer);
    if (t == NULL) {
        return FALSE;
    }
    release(k, t);
    return TRUE;
}

BOOLEAN KeReadStateTimer(PKTIMER Timer)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_IRQL_KE_DISPATCH_LTE, __func__);
    struct hal_kernel *k = hal_kernel();
    emu_step(k->machine, HAL_OP_KE_READ_STATE, ke_dispatcher_object(k, &Timer->Header), 0);
    return Timer->Header.SignalState != 0;
}
