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

struct ke_timer {
    struct emu_event event;
    KTIMER *timer; /* the driver's; NULL: not in use */
    struct ke_timer *next_free;
    unsigned cpu;
};

static struct ke_timer *running(const KTIMER *timer)
{
    return (struct ke_timer *)(void *)timer->TimerListEntry.Flink;
}

static void release(struct hal_kernel *k, struct ke_timer *t)
{
    emu_event_stop(k->machine, &t->event);
    t->timer->TimerListEntry.Flink = NULL;
    t->timer = NULL;
    t->next_free = k->ke.timers_free;
    k->ke.timers_free = t;
}

static void expire(struct hal_kernel *k, struct ke_timer *t)
{
    KTIMER *timer = t->timer;
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
    (void)m;
    expire(hal_kernel(), context);
}

static struct ke_timer *take(struct hal_kernel *k, KTIMER *timer, emu_object object)
{
    struct ke_timer *t = k->ke.timers_free;
    if (t != NULL) {
        k->ke.timers_free = t->next_free;
    } else {
        t = emu_arena_alloc(k->machine, sizeof(*t));
        emu_event_init(k->machine, &t->event, "clock interrupt", clock_reached, t);
    }
    t->event.object = object;
    t->event.background = false;
    t->timer = timer;
    timer->TimerListEntry.Flink = (PLIST_ENTRY)(void *)t;
    return t;
}

VOID KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type)
{
    ke_dispatcher_init(
        &Timer->Header,
        Type == NotificationTimer ? KE_OBJECT_TIMER_NOTIFICATION : KE_OBJECT_TIMER_SYNCHRONIZATION, 0);
    Timer->DueTime.QuadPart = 0;
    Timer->TimerListEntry.Flink = NULL;
    Timer->TimerListEntry.Blink = NULL;
    Timer->Dpc = NULL;
    Timer->Processor = 0;
    Timer->Period = 0;
    ke_dispatcher_object(hal_kernel(), &Timer->Header);
}

VOID KeInitializeTimer(PKTIMER Timer)
{
    KeInitializeTimerEx(Timer, NotificationTimer);
}

BOOLEAN KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc)
{
    struct hal_kernel *k = hal_kernel();
    struct emu_machine *m = k->machine;
    ke_level_at_most(m, DISPATCH_LEVEL, "KE-TIMER-5", KE_CODE_WRONG_LEVEL, "KeSetTimer");
    const emu_object object = ke_dispatcher_object(k, &Timer->Header);
    if (Period < 0) {
        emu_finding_raise(m, "KE-TIMER-5", NULL, NULL, "KeSetTimerEx with a period of %d", Period);
    }
    const uint64_t due = ke_due(k, DueTime);
    emu_step(m, HAL_OP_KE_SET_TIMER, object, due - emu_now(m));
    const bool was_running = running(Timer) != NULL;
    if (was_running) {
        release(k, running(Timer));
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
    return KeSetTimerEx(Timer, DueTime, (LONG)Period, Dpc);
}

BOOLEAN KeCancelTimer(PKTIMER Timer)
{
    struct hal_kernel *k = hal_kernel();
    ke_level_at_most(k->machine, DISPATCH_LEVEL, "KE-TIMER-5", KE_CODE_WRONG_LEVEL, "KeCancelTimer");
    emu_step(k->machine, HAL_OP_KE_CANCEL_TIMER, ke_dispatcher_object(k, &Timer->Header), 0);
    struct ke_timer *t = running(Timer);
    if (t == NULL) {
        return FALSE;
    }
    release(k, t);
    return TRUE;
}

BOOLEAN KeReadStateTimer(PKTIMER Timer)
{
    struct hal_kernel *k = hal_kernel();
    emu_step(k->machine, HAL_OP_KE_READ_STATE, ke_dispatcher_object(k, &Timer->Header), 0);
    return Timer->Header.SignalState != 0;
}
