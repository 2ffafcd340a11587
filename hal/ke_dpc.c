/*
 * Deferred procedure calls.
 *
 * Each processor has a queue, linked through the KDPCs, that its DISPATCH_LEVEL software interrupt empties;
 * DpcData points to the queue while a DPC is queued and is NULL otherwise. Number is 0, or MAXIMUM_PROCESSORS
 * plus the target. When a queue is emptied follows importance and target: at once where the documentation
 * says so, else lazily, which leaves the moment to the machine's choices. A threaded DPC goes to a second
 * queue, emptied by a thread at PASSIVE_LEVEL, or to the first one, as where the system has threaded DPCs
 * switched off.
 */
#include "hal/ke_dpc.h"

#include <wdm.h>

#include <emu/choose.h>
#include <emu/strand.h>

#include "hal/ke_check.h"
#include "hal/ke_dispatcher.h"
#include "hal/ke_spinlock.h"
#include "hal/ke_thread.h"

enum {
    DPC_ORDINARY = 0x13, /* KDPC.Type */
    DPC_THREADED = 0x1A,
    DPC_NO_TARGET = 0
};

enum threaded_where { THREADED_IN_THREAD, THREADED_AT_DISPATCH, THREADED_WAYS };

static emu_object object_of(struct emu_machine *m, const KDPC *dpc)
{
    return emu_object_at(m, dpc, "dpc");
}

VOID KeSetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE Importance)
{
    struct emu_machine *m = emu_current();
    emu_touch(m, object_of(m, Dpc), EMU_ACCESS_WRITE);
    Dpc->Importance = (UCHAR)Importance;
}

VOID KeSetTargetProcessorDpc(PRKDPC Dpc, CCHAR Number)
{
    struct hal_kernel *k = hal_kernel();
    if (Number < 0 || (uint32_t)Number >= k->ke.processor_count) {
        emu_finding_raise(k->machine, "KE-DPC-9", NULL, NULL, "KeSetTargetProcessorDpc to processor %d of %u",
                          Number, k->ke.processor_count);
    }
    emu_touch(k->machine, object_of(k->machine, Dpc), EMU_ACCESS_WRITE);
    Dpc->Number = (USHORT)(MAXIMUM_PROCESSORS + Number);
}

NTSTATUS KeSetTargetProcessorDpcEx(PKDPC Dpc, PPROCESSOR_NUMBER ProcNumber)
{
    const struct hal_kernel *k = hal_kernel();
    if (ProcNumber->Group != 0 || ProcNumber->Reserved != 0 || ProcNumber->Number >= k->ke.processor_count) {
        return STATUS_INVALID_PARAMETER;
    }
    emu_touch(k->machine, object_of(k->machine, Dpc), EMU_ACCESS_WRITE);
    Dpc->Number = (USHORT)(MAXIMUM_PROCESSORS + ProcNumber->Number);
    return STATUS_SUCCESS;
}

/* ---- Queues ---- */

static void put_last(struct ke_dpc_queue *queue, KDPC *dpc)
{
    dpc->DpcListEntry.Next = NULL;
    if (queue->last != NULL) {
        queue->last->DpcListEntry.Next = &dpc->DpcListEntry;
    } else {
        queue->first = dpc;
    }
    queue->last = dpc;
}

static KDPC *successor(const KDPC *dpc)
{
    PSINGLE_LIST_ENTRY next = dpc->DpcListEntry.Next;
    return next != NULL ? CONTAINING_RECORD(next, KDPC, DpcListEntry) : NULL;
}

static void put_first(struct ke_dpc_queue *queue, KDPC *dpc)
{
    dpc->DpcListEntry.Next = queue->first != NULL ? &queue->first->DpcListEntry : NULL;
    queue->first = dpc;
    if (queue->last == NULL) {
        queue->last = dpc;
    }
}

static void count_queued(struct hal_kernel *k, int change)
{
    EMU_UNSEEN(k->machine, "only whether a search is worth while")
    {
        k->ke.dpcs_queued += (uint32_t)change;
    }
}

static void take_out(struct ke_dpc_queue *queue, KDPC *dpc)
{
    EMU_DECLARED(emu_current(), queue->object, EMU_ACCESS_WRITE);
    EMU_DECLARED(emu_current(), object_of(emu_current(), dpc), EMU_ACCESS_WRITE);
    KDPC *before = NULL;
    for (KDPC *at = queue->first; at != dpc; at = successor(at)) {
        EMU_ASSERT(at != NULL);
        before = at;
    }
    if (before != NULL) {
        before->DpcListEntry.Next = dpc->DpcListEntry.Next;
    } else {
        queue->first = successor(dpc);
    }
    if (queue->last == dpc) {
        queue->last = before;
    }
    dpc->DpcListEntry.Next = NULL;
    dpc->DpcData = NULL;
    count_queued(hal_kernel(), -1);
}

/* Stops the run: a DPC on a queue is no longer what it was. */
__attribute__((noreturn)) static void dpc_lost(struct emu_machine *m, const KDPC *dpc, const char *rule,
                                               const char *what)
{
    char name[KE_NAME_BYTES];
    emu_finding_raise(m, rule, "0xC7/01", NULL, "%s was %s while it was queued",
                      emu_object_text(m, object_of(m, dpc), name, sizeof(name)), what);
}

static bool has(struct emu_machine *m, const struct ke_dpc_queue *queue, const KDPC *dpc)
{
    const KDPC *at = queue->first;
    for (; at != NULL && at != dpc; at = successor(at)) {
        if (at->DpcData != queue) {
            dpc_lost(m, at, "KE-DPC-14", "overwritten");
        }
    }
    return at != NULL;
}

/* By the queues: what a KDPC says of itself before it is initialised means nothing. */
static bool is_queued(struct hal_kernel *k, const KDPC *dpc)
{
    bool queued = false;
    EMU_UNSEEN(k->machine, "whoever queues it or takes it touches it, as does who initialises it")
    {
        for (uint32_t i = 0; i < k->ke.processor_count && k->ke.dpcs_queued != 0; i++) {
            queued = queued || has(k->machine, &k->ke.processors[i].dpcs, dpc) ||
                     has(k->machine, &k->ke.processors[i].threaded, dpc);
        }
    }
    return queued;
}

static void look_for_freed(struct emu_machine *m, const struct ke_dpc_queue *queue, const void *block,
                           size_t bytes)
{
    for (const KDPC *dpc = queue->first; dpc != NULL; dpc = successor(dpc)) {
        if (dpc->DpcData != queue) {
            dpc_lost(m, dpc, "KE-DPC-14", "overwritten");
        }
        if ((uintptr_t)dpc - (uintptr_t)block < bytes) {
            dpc_lost(m, dpc, "KE-DPC-13", "freed");
        }
    }
}

static const KDPC *with_code(const struct ke_dpc_queue *queue, ke_code_fn *is, const void *context)
{
    const KDPC *dpc = queue->first;
    while (dpc != NULL && !is(context, (const void *)(uintptr_t)dpc->DeferredRoutine)) {
        dpc = successor(dpc);
    }
    return dpc;
}

emu_object ke_dpc_with_code(struct hal_kernel *k, ke_code_fn *is, const void *context)
{
    for (uint32_t i = 0; i < k->ke.processor_count; i++) {
        const KDPC *dpc = with_code(&k->ke.processors[i].dpcs, is, context);
        if (dpc == NULL) {
            dpc = with_code(&k->ke.processors[i].threaded, is, context);
        }
        if (dpc != NULL) {
            return object_of(k->machine, dpc);
        }
    }
    return EMU_NO_OBJECT;
}

void ke_dpc_freed(struct hal_kernel *k, const void *block, size_t bytes)
{
    for (uint32_t i = 0; i < k->ke.processor_count; i++) {
        look_for_freed(k->machine, &k->ke.processors[i].dpcs, block, bytes);
        look_for_freed(k->machine, &k->ke.processors[i].threaded, block, bytes);
    }
}

/* The same one whoever comes first: its address names it. */
static emu_object queue_object(struct emu_machine *m, struct ke_dpc_queue *queue)
{
    EMU_UNSEEN(m, "who is the first to need it")
    {
        if (queue->object == EMU_NO_OBJECT) {
            queue->object = emu_object_at(m, queue, "DPC queue");
        }
    }
    return queue->object;
}

/* Is there one? The event that is under way looks at the queue. */
static bool has_dpcs(struct emu_machine *m, struct ke_dpc_queue *queue)
{
    emu_touch(m, queue_object(m, queue), EMU_ACCESS_READ);
    return queue->first != NULL;
}

/* Announces that the queue's first is taken next, then takes it: NULL when it went away meanwhile. */
static KDPC *take_first(struct emu_machine *m, struct ke_dpc_queue *queue)
{
    emu_step(m, HAL_OP_KE_TAKE_DPC, queue_object(m, queue), 0);
    KDPC *dpc = queue->first;
    if (dpc != NULL) {
        if (dpc->DpcData != queue || (dpc->Type != DPC_ORDINARY && dpc->Type != DPC_THREADED)) {
            dpc_lost(m, dpc, "KE-DPC-14", "overwritten");
        }
        take_out(queue, dpc);
    }
    return dpc;
}

/* ---- Initialising them ---- */

static void initialize(PRKDPC dpc, UCHAR type, PKDEFERRED_ROUTINE routine, PVOID context)
{
    struct hal_kernel *k = hal_kernel();
    emu_touch(k->machine, object_of(k->machine, dpc), EMU_ACCESS_WRITE);
    if (is_queued(k, dpc)) {
        dpc_lost(k->machine, dpc, "KE-DPC-14", "initialised again");
    }
    dpc->TargetInfoAsUlong = 0;
    dpc->Type = type;
    dpc->Importance = MediumImportance;
    dpc->Number = DPC_NO_TARGET;
    dpc->DpcListEntry.Next = NULL;
    dpc->ProcessorHistory = 0;
    dpc->DeferredRoutine = routine;
    dpc->DeferredContext = context;
    dpc->SystemArgument1 = NULL;
    dpc->SystemArgument2 = NULL;
    dpc->DpcData = NULL;
}

VOID KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext)
{
    initialize(Dpc, DPC_ORDINARY, DeferredRoutine, DeferredContext);
}

VOID KeInitializeThreadedDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext)
{
    initialize(Dpc, DPC_THREADED, DeferredRoutine, DeferredContext);
}

/* ---- Running them ---- */

static void run(struct emu_machine *m, KDPC *dpc)
{
    const emu_object object = object_of(m, dpc);
    const uint8_t level = emu_level(m);
    emu_touch(m, object, EMU_ACCESS_WRITE);
    emu_note(m, HAL_OP_KE_DPC_BEGIN, object, 0);
    emu_order_acquire(m, object);
    emu_access_runs(m, object);
    const uint32_t locks = ke_spinlocks_held();
    /* Once it is off its queue a DPC may be queued again, or be gone: nothing of it is touched after the
     * call. */
    dpc->DeferredRoutine(dpc, dpc->DeferredContext, dpc->SystemArgument1, dpc->SystemArgument2);
    emu_note(m, HAL_OP_KE_DPC_END, object, 0);
    ke_spinlocks_require(m, locks, "a DPC's routine", NULL);
    if (emu_level(m) != level) {
        char name[KE_NAME_BYTES];
        emu_finding_raise(m, "KE-DPC-10", "0x8", NULL,
                          "the routine of %s returns at level %u, it was called at %u",
                          emu_object_text(m, object, name, sizeof(name)), emu_level(m), level);
    }
}

void ke_dpc_drain(struct emu_machine *m, unsigned cpu)
{
    struct hal_kernel *k = hal_kernel();
    struct ke_processor *p = &k->ke.processors[cpu];
    struct ke_handler handler;
    ke_handler_begin(k, &handler, DISPATCH_LEVEL);
    emu_touch(m, queue_object(m, &p->dpcs), EMU_ACCESS_WRITE);
    p->dpcs_running++;
    while (has_dpcs(m, &p->dpcs)) {
        KDPC *dpc = take_first(m, &p->dpcs);
        if (dpc != NULL) {
            run(m, dpc);
        }
    }
    emu_touch(m, p->dpcs.object, EMU_ACCESS_WRITE);
    p->dpcs_running--;
    ke_handler_end(k, &handler);
}

static void dpc_thread(PVOID context)
{
    struct ke_processor *p = context;
    struct hal_kernel *k = hal_kernel();
    for (;;) {
        while (has_dpcs(k->machine, &p->threaded)) {
            KDPC *dpc = take_first(k->machine, &p->threaded);
            if (dpc != NULL) {
                run(k->machine, dpc);
            }
        }
        if (p->threaded_flushed.WaitListHead.Flink != NULL) {
            ke_dispatcher_signal(k, &p->threaded_flushed, 1);
        }
        p->dpc_thread_idle = true;
        emu_strand_block(k->machine, HAL_OP_KE_TAKE_DPC, queue_object(k->machine, &p->threaded));
    }
}

static void wake_dpc_thread(struct hal_kernel *k, unsigned cpu)
{
    struct ke_processor *p = &k->ke.processors[cpu];
    if (p->dpc_thread == NULL) {
        const struct ke_thread_config config = {
            .name = "DPC thread",
            .routine = dpc_thread,
            .context = p,
            .processor = (int)cpu,
            .priority = HIGH_PRIORITY,
        };
        p->dpc_thread = ke_thread_start(k, &config);
        EMU_ASSERT(p->dpc_thread != NULL);
    } else if (p->dpc_thread_idle) {
        p->dpc_thread_idle = false;
        emu_strand_ready(k->machine, p->dpc_thread->strand);
    }
}

/* ---- Queueing them ---- */

static bool starts_at_once(const KDPC *dpc, bool own)
{
    if (own) {
        return dpc->Importance != LowImportance;
    }
    return dpc->Importance == HighImportance || dpc->Importance == MediumHighImportance;
}

bool ke_dpc_queue(struct hal_kernel *k, KDPC *dpc, void *argument1, void *argument2, unsigned cpu)
{
    emu_touch(k->machine, object_of(k->machine, dpc), EMU_ACCESS_WRITE);
    if (dpc->DpcData != NULL) {
        return false;
    }
    const bool targeted = dpc->Number >= MAXIMUM_PROCESSORS;
    const unsigned target = targeted ? (unsigned)dpc->Number - MAXIMUM_PROCESSORS : cpu;
    struct ke_processor *p = &k->ke.processors[target];
    const bool in_thread = dpc->Type == DPC_THREADED && emu_latitude(k->machine, HAL_OP_KE_THREADED_DPC,
                                                                     THREADED_WAYS) == THREADED_IN_THREAD;
    struct ke_dpc_queue *queue = in_thread ? &p->threaded : &p->dpcs;
    if (emu_access_watched(k->machine)) {
        emu_order_release(k->machine, object_of(k->machine, dpc));
    }
    dpc->SystemArgument1 = argument1;
    dpc->SystemArgument2 = argument2;
    dpc->DpcData = queue;
    count_queued(k, 1);
    emu_touch(k->machine, queue_object(k->machine, queue), EMU_ACCESS_WRITE);
    if (dpc->Importance == HighImportance) {
        put_first(queue, dpc);
    } else {
        put_last(queue, dpc);
    }
    if (in_thread) {
        wake_dpc_thread(k, target);
    } else {
        emu_soft_request(k->machine, target, DISPATCH_LEVEL,
                         !starts_at_once(dpc, target == emu_cpu(k->machine)));
    }
    return true;
}

BOOLEAN KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2)
{
    struct hal_kernel *k = hal_kernel();
    struct emu_machine *m = k->machine;
    const emu_object object = object_of(m, Dpc);
    if (Dpc->DeferredRoutine == NULL || (Dpc->Type != DPC_ORDINARY && Dpc->Type != DPC_THREADED)) {
        char name[KE_NAME_BYTES];
        emu_finding_raise(m, "KE-DPC-11", NULL, NULL, "KeInsertQueueDpc of %s, which was never initialised",
                          emu_object_text(m, object, name, sizeof(name)));
    }
    emu_step(m, HAL_OP_KE_INSERT_DPC, object, 0);
    const bool queued = ke_dpc_queue(k, Dpc, SystemArgument1, SystemArgument2, emu_cpu(m));
    ke_after(m);
    return queued;
}

BOOLEAN KeRemoveQueueDpc(PRKDPC Dpc)
{
    struct emu_machine *m = emu_current();
    emu_step(m, HAL_OP_KE_REMOVE_DPC, object_of(m, Dpc), 0);
    if (Dpc->DpcData == NULL) {
        return FALSE;
    }
    struct ke_dpc_queue *queue = Dpc->DpcData;
    emu_touch(m, queue_object(m, queue), EMU_ACCESS_WRITE);
    take_out(queue, Dpc);
    return TRUE;
}

/* ---- Flushing ---- */

/* The caller comes by on the processor: no DPC runs there then, and those that are queued it runs itself. */
static void flush_ordinary(struct hal_kernel *k, struct emu_strand *self, unsigned cpu)
{
    struct ke_processor *p = &k->ke.processors[cpu];
    emu_order_after_level(k->machine, cpu);
    emu_touch(k->machine, queue_object(k->machine, &p->dpcs), EMU_ACCESS_READ);
    if (p->dpcs.first == NULL && p->dpcs_running == 0) {
        return;
    }
    emu_strand_set_cpu(k->machine, self, cpu);
    emu_level_raise(k->machine, DISPATCH_LEVEL);
    ke_dpc_drain(k->machine, cpu);
    emu_level_lower(k->machine, PASSIVE_LEVEL);
}

static void flush_threaded(struct hal_kernel *k, unsigned cpu)
{
    struct ke_processor *p = &k->ke.processors[cpu];
    if (p->dpc_thread == NULL || p->dpc_thread_idle) {
        return;
    }
    if (p->threaded_flushed.WaitListHead.Flink == NULL) {
        ke_dispatcher_init(&p->threaded_flushed, KE_OBJECT_EVENT_NOTIFICATION, 0);
    }
    p->threaded_flushed.SignalState = 0;
    PVOID objects[1] = {&p->threaded_flushed};
    KWAIT_BLOCK block;
    ke_wait(k, 1, objects, WaitAny, NULL, &block, HAL_OP_KE_FLUSH_DPCS,
            queue_object(k->machine, &p->threaded));
}

VOID KeFlushQueuedDpcs(VOID)
{
    struct hal_kernel *k = hal_kernel();
    struct emu_machine *m = k->machine;
    ke_level_at_most(m, PASSIVE_LEVEL, "KE-DPC-8", KE_CODE_WRONG_LEVEL, "KeFlushQueuedDpcs");
    emu_step(m, HAL_OP_KE_FLUSH_DPCS, EMU_NO_OBJECT, 0);
    struct emu_strand *self = emu_strand_self(m);
    const unsigned home = emu_cpu(m);
    const KPRIORITY priority = KeSetPriorityThread(ke_thread_self(k), HIGH_PRIORITY);
    for (unsigned cpu = 0; cpu < k->ke.processor_count; cpu++) {
        flush_ordinary(k, self, cpu);
    }
    emu_strand_set_cpu(m, self, home);
    KeSetPriorityThread(ke_thread_self(k), priority);
    for (unsigned cpu = 0; cpu < k->ke.processor_count; cpu++) {
        flush_threaded(k, cpu);
    }
}
