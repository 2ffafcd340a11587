/*
 * Objects to wait for, for the rest of the kernel layer.
 *
 * The object is the driver's memory: a DISPATCHER_HEADER with its state and the list of those that wait,
 * oldest first. A wait is the waiting strand's memory: one KWAIT_BLOCK per object, linked into the objects'
 * lists.
 */
#ifndef HAL_KE_DISPATCHER_H
#define HAL_KE_DISPATCHER_H

#include <emu/step.h>
#include <wdm.h>

struct hal_kernel;
struct _KTHREAD;

/* What DISPATCHER_HEADER.Type holds. The two kinds of events and timers follow EVENT_TYPE and TIMER_TYPE. */
enum ke_object_kind {
    KE_OBJECT_EVENT_NOTIFICATION = 0,
    KE_OBJECT_EVENT_SYNCHRONIZATION = 1,
    KE_OBJECT_MUTEX = 2,
    KE_OBJECT_SEMAPHORE = 5,
    KE_OBJECT_THREAD = 6,
    KE_OBJECT_TIMER_NOTIFICATION = 8,
    KE_OBJECT_TIMER_SYNCHRONIZATION = 9,
    KE_OBJECT_CALLBACK = 24 /* is referenced, but cannot be waited for */
};

void ke_dispatcher_init(DISPATCHER_HEADER *header, enum ke_object_kind kind, LONG state);

/* It was initialised: another object in the trace than whatever was at its address before. */
void ke_dispatcher_born(struct hal_kernel *k, const DISPATCHER_HEADER *header);

/* Its name in the trace. A finding when it was never initialised, or is none of the kinds that can be waited
 * for. */
emu_object ke_dispatcher_object(struct hal_kernel *k, const DISPATCHER_HEADER *header);

/* Gives the object this state and lets those go on whose wait that ends, oldest first. Not a yield point. */
void ke_dispatcher_signal(struct hal_kernel *k, DISPATCHER_HEADER *header, LONG state);

/* What an absolute (positive) or relative (negative) time in units of 100 ns means on the machine's clock. */
uint64_t ke_due(struct hal_kernel *k, LARGE_INTEGER when);

/*
 * Waits for all or any of count objects; op and object say what the trace shows. A single one is object, or a
 * part of that. blocks: one each; they are in use until it returns. No yield point before the objects are
 * looked at: the caller has just made one.
 */
NTSTATUS ke_wait(struct hal_kernel *k, ULONG count, PVOID objects[], WAIT_TYPE type,
                 const LARGE_INTEGER *timeout, KWAIT_BLOCK *blocks, emu_op op, emu_object object);

#endif
