/*
 * Waiting: how a thread stops for objects, and how an object that changes lets threads go on.
 *
 * A wait looks at its objects; if they do not satisfy it, it links a block into each object's list and leaves
 * the processor. Whoever changes an object walks its list from the oldest block on: a wait for any object
 * takes what it came for and is ended, a wait for all is ended when every one of its objects is there at
 * once, and takes all of them then. Ending a wait unlinks its blocks, stops its alarm, leaves the status in
 * it and makes the thread ready. Nothing here is a yield point but the leaving itself, so no wake-up is lost.
 */
#include "hal/ke_dispatcher.h"

#include <emu/access.h>
#include <emu/event.h>
#include <emu/finding.h>
#include <emu/strand.h>

#include "hal/ke_check.h"
#include "hal/ke_thread.h"
#include "hal/ke_time.h"

/* One thread's wait, on its stack. */
struct ke_wait {
    KWAIT_BLOCK *blocks;
    ULONG count;
    WAIT_TYPE type;
    NTSTATUS status;
};

static const char *class_of(const DISPATCHER_HEADER *header)
{
    switch (header->Type) {
    case KE_OBJECT_EVENT_NOTIFICATION:
    case KE_OBJECT_EVENT_SYNCHRONIZATION:
        return "event";
    case KE_OBJECT_MUTEX:
        return "mutex";
    case KE_OBJECT_SEMAPHORE:
        return "semaphore";
    case KE_OBJECT_THREAD:
        return "thread";
    case KE_OBJECT_TIMER_NOTIFICATION:
    case KE_OBJECT_TIMER_SYNCHRONIZATION:
        return "timer";
    default:
        return NULL;
    }
}

void ke_dispatcher_init(DISPATCHER_HEADER *header, enum ke_object_kind kind, LONG state)
{
    header->Lock = 0;
    header->Type = (UCHAR)kind;
    header->SignalState = state;
    InitializeListHead(&header->WaitListHead);
}

void ke_dispatcher_born(struct hal_kernel *k, const DISPATCHER_HEADER *header)
{
    emu_object_fresh(k->machine, header, class_of(header));
}

emu_object ke_dispatcher_object(struct hal_kernel *k, const DISPATCHER_HEADER *header)
{
    const char *class_name = header != NULL ? class_of(header) : NULL;
    bool initialised = class_name != NULL;
    EMU_UNSEEN(k->machine, "it has a list from its initialisation on, whatever the list holds")
    {
        initialised = initialised && header->WaitListHead.Flink != NULL;
    }
    if (!initialised) {
        emu_finding_raise(k->machine, "KE-WAIT-9", "0xC4/E1", NULL,
                          "an object to wait for is used that was never initialised");
    }
    if (header->Type == KE_OBJECT_THREAD) {
        return ((const struct _KTHREAD *)(const void *)header)->object;
    }
    return emu_object_at(k->machine, header, class_name);
}

/* ---- Objects and takers ---- */

static bool can_take(const DISPATCHER_HEADER *header, const struct _KTHREAD *thread)
{
    if (header->Type == KE_OBJECT_MUTEX && ((const KMUTANT *)(const void *)header)->OwnerThread == thread) {
        return true;
    }
    return header->SignalState > 0;
}

static void take_mutex(KMUTANT *mutex, struct _KTHREAD *thread)
{
    if (--mutex->Header.SignalState == 0) {
        mutex->OwnerThread = thread;
        thread->mutexes++;
        thread->critical++;
    }
}

static void take(DISPATCHER_HEADER *header, struct _KTHREAD *thread)
{
    switch (header->Type) {
    case KE_OBJECT_EVENT_SYNCHRONIZATION:
    case KE_OBJECT_TIMER_SYNCHRONIZATION:
        header->SignalState = 0;
        break;
    case KE_OBJECT_SEMAPHORE:
        header->SignalState--;
        break;
    case KE_OBJECT_MUTEX:
        take_mutex(CONTAINING_RECORD(header, KMUTANT, Header), thread);
        break;
    default:
        break;
    }
}

/* ---- Waits ---- */

static bool all_there(const struct ke_wait *wait, const struct _KTHREAD *thread)
{
    for (ULONG i = 0; i < wait->count; i++) {
        if (!can_take(wait->blocks[i].Object, thread)) {
            return false;
        }
    }
    return true;
}

static void take_all(const struct ke_wait *wait, struct _KTHREAD *thread)
{
    for (ULONG i = 0; i < wait->count; i++) {
        take(wait->blocks[i].Object, thread);
    }
}

/* Whoever ends a wait, or looks whether it ends, touches all that is waited for. */
static void touch_all(struct hal_kernel *k, const struct ke_wait *wait, enum emu_access access)
{
    for (ULONG i = 0; i < wait->count; i++) {
        emu_touch(k->machine, (emu_object)wait->blocks[i].Spare, access);
    }
}

static void end_wait(struct hal_kernel *k, struct _KTHREAD *thread, NTSTATUS status)
{
    struct ke_wait *wait = thread->wait;
    touch_all(k, wait, EMU_ACCESS_WRITE);
    for (ULONG i = 0; i < wait->count; i++) {
        RemoveEntryList(&wait->blocks[i].WaitListEntry);
    }
    if (thread->alarm_ready) {
        emu_event_stop(k->machine, &thread->alarm);
    }
    wait->status = status;
    thread->wait = NULL;
    emu_strand_ready(k->machine, thread->strand);
}

/* One block of an object's list: true when its wait has ended. */
static bool try_block(struct hal_kernel *k, const KWAIT_BLOCK *block)
{
    struct _KTHREAD *thread = block->Thread;
    const struct ke_wait *wait = thread->wait;
    EMU_ASSERT(wait != NULL);
    if (wait->type == WaitAll) {
        touch_all(k, wait, EMU_ACCESS_READ);
        if (!all_there(wait, thread)) {
            return false;
        }
        take_all(wait, thread);
        end_wait(k, thread, STATUS_WAIT_0);
        return true;
    }
    take(block->Object, thread);
    end_wait(k, thread, STATUS_WAIT_0 + block->WaitKey);
    return true;
}

void ke_dispatcher_signal(struct hal_kernel *k, DISPATCHER_HEADER *header, LONG state)
{
    header->SignalState = state;
    if (emu_access_watched(k->machine)) {
        emu_order_release(k->machine, ke_dispatcher_object(k, header));
    }
    PLIST_ENTRY entry = header->WaitListHead.Flink;
    while (entry != &header->WaitListHead && header->SignalState > 0) {
        const KWAIT_BLOCK *block = CONTAINING_RECORD(entry, KWAIT_BLOCK, WaitListEntry);
        entry = try_block(k, block) ? header->WaitListHead.Flink : entry->Flink;
    }
}

static void alarm_rings(struct emu_machine *m, void *context)
{
    (void)m;
    struct _KTHREAD *thread = context;
    EMU_ASSERT(thread->wait != NULL);
    end_wait(hal_kernel(), thread, STATUS_TIMEOUT);
}

static void set_alarm(struct hal_kernel *k, struct _KTHREAD *thread, uint64_t due)
{
    if (!thread->alarm_ready) {
        emu_event_init(k->machine, &thread->alarm, "alarm", alarm_rings, thread);
        thread->alarm_ready = true;
    }
    emu_event_start(k->machine, &thread->alarm, due);
}

/* Where the layout has a hole, it keeps the object's id. */
static void link_block(KWAIT_BLOCK *block, ULONG index, DISPATCHER_HEADER *header, emu_object object,
                       struct _KTHREAD *thread, WAIT_TYPE type)
{
    block->Spare = (LONG)object;
    block->WaitType = (UCHAR)type;
    block->BlockState = 0;
    block->WaitKey = (USHORT)index;
    block->Thread = thread;
    block->Object = header;
    block->SparePtr = NULL;
    InsertTailList(&header->WaitListHead, &block->WaitListEntry);
}

/* Without waiting: true when the wait is satisfied, with its status. */
static bool satisfied_at_once(ULONG count, PVOID objects[], WAIT_TYPE type, struct _KTHREAD *thread,
                              NTSTATUS *status)
{
    ULONG there = 0;
    for (ULONG i = 0; i < count; i++) {
        if (!can_take(objects[i], thread)) {
            continue;
        }
        if (type == WaitAny) {
            take(objects[i], thread);
            *status = STATUS_WAIT_0 + (NTSTATUS)i;
            return true;
        }
        there++;
    }
    if (count == 0 || there < count) {
        return false;
    }
    for (ULONG i = 0; i < count; i++) {
        take(objects[i], thread);
    }
    *status = STATUS_WAIT_0;
    return true;
}

/* What was done before the objects came to be as they are comes before what the thread does next. */
static void learn(struct hal_kernel *k, ULONG count, PVOID objects[])
{
    for (ULONG i = 0; i < count && emu_access_watched(k->machine); i++) {
        const DISPATCHER_HEADER *header = objects[i];
        const emu_object object = ke_dispatcher_object(k, header);
        emu_order_acquire(k->machine, object);
        if (header->Type == KE_OBJECT_MUTEX && header->SignalState == 0 &&
            ((const KMUTANT *)(const void *)header)->OwnerThread == ke_thread_self(k)) {
            emu_lock_taken(k->machine, object);
        }
    }
}

NTSTATUS ke_wait(struct hal_kernel *k, ULONG count, PVOID objects[], WAIT_TYPE type,
                 const LARGE_INTEGER *timeout, KWAIT_BLOCK *blocks, emu_op op, emu_object object)
{
    struct _KTHREAD *thread = ke_thread_self(k);
    NTSTATUS status;
    if (satisfied_at_once(count, objects, type, thread, &status)) {
        learn(k, count, objects);
        return status;
    }
    if (timeout != NULL && timeout->QuadPart == 0) {
        return STATUS_TIMEOUT;
    }
    ke_level_at_most(k->machine, APC_LEVEL, "KE-WAIT-5", "0xC4/121", "a service that waits");
    struct ke_wait wait = {.blocks = blocks, .count = count, .type = type, .status = STATUS_PENDING};
    for (ULONG i = 0; i < count; i++) {
        const emu_object each = count == 1 ? object : ke_dispatcher_object(k, objects[i]);
        link_block(&blocks[i], i, objects[i], each, thread, type);
    }
    thread->wait = &wait;
    if (timeout != NULL) {
        set_alarm(k, thread, ke_due(k, *timeout));
    }
    emu_strand_block(k->machine, op, object);
    EMU_ASSERT(thread->wait == NULL && wait.status != STATUS_PENDING);
    learn(k, count, objects);
    return wait.status;
}

uint64_t ke_due(struct hal_kernel *k, LARGE_INTEGER when)
{
    const uint64_t now = emu_now(k->machine);
    if (when.QuadPart < 0) {
        const uint64_t units = 0 - (uint64_t)when.QuadPart;
        return units > (KE_FOREVER - now) / KE_TIME_UNIT ? KE_FOREVER : now + units * KE_TIME_UNIT;
    }
    if (when.QuadPart <= KE_BOOT_TIME) {
        return now;
    }
    const uint64_t units = (uint64_t)(when.QuadPart - KE_BOOT_TIME);
    const uint64_t due = units > KE_FOREVER / KE_TIME_UNIT ? KE_FOREVER : units * KE_TIME_UNIT;
    return due > now ? due : now;
}
