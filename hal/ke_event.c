/*
 * Events.
 */
#include <wdm.h>

#include "hal/ke_check.h"
#include "hal/ke_dispatcher.h"

VOID KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State)
{
    ke_dispatcher_init(&Event->Header,
                       Type == NotificationEvent ? KE_OBJECT_EVENT_NOTIFICATION
                                                 : KE_OBJECT_EVENT_SYNCHRONIZATION,
                       State != FALSE);
    ke_dispatcher_born(hal_kernel(), &Event->Header);
}

LONG KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    (void)Increment;
    struct hal_kernel *k = hal_kernel();
    ke_level_at_most(k->machine, Wait ? APC_LEVEL : DISPATCH_LEVEL, "KE-EVENT-4",
                     Wait ? KE_CODE_IRQL_KE_SET_EVENT : "0xC4/80", "KeSetEvent");
    emu_step(k->machine, HAL_OP_KE_SET_EVENT, ke_dispatcher_object(k, &Event->Header), 0);
    const LONG old = Event->Header.SignalState;
    ke_dispatcher_signal(k, &Event->Header, 1);
    if (!Wait) {
        ke_after(k->machine);
    }
    return old;
}

LONG KePulseEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    (void)Increment;
    struct hal_kernel *k = hal_kernel();
    ke_level_at_most(k->machine, Wait ? APC_LEVEL : DISPATCH_LEVEL, "KE-EVENT-4",
                     KE_CODE_IRQL_KE_DISPATCH_LTE, "KePulseEvent");
    emu_step(k->machine, HAL_OP_KE_PULSE_EVENT, ke_dispatcher_object(k, &Event->Header), 0);
    const LONG old = Event->Header.SignalState;
    ke_dispatcher_signal(k, &Event->Header, 1);
    Event->Header.SignalState = 0;
    if (!Wait) {
        ke_after(k->machine);
    }
    return old;
}

LONG KeResetEvent(PRKEVENT Event)
{
    struct hal_kernel *k = hal_kernel();
    ke_level_at_most(k->machine, DISPATCH_LEVEL, "KE-EVENT-4", KE_CODE_IRQL_KE_DISPATCH_LTE, "KeResetEvent");
    emu_step(k->machine, HAL_OP_KE_RESET_EVENT, ke_dispatcher_object(k, &Event->Header), 0);
    const LONG old = Event->Header.SignalState;
    Event->Header.SignalState = 0;
    return old;
}

VOID KeClearEvent(PRKEVENT Event)
{
    KeResetEvent(Event);
}

LONG KeReadStateEvent(PRKEVENT Event)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_IRQL_KE_DISPATCH_LTE, __func__);
    struct hal_kernel *k = hal_kernel();
    emu_step(k->machine, HAL_OP_KE_READ_STATE, ke_dispatcher_object(k, &Event->Header), 0);
    return Event->Header.SignalState;
}
