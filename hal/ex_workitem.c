/*
 * Work items: routines that system worker threads call at PASSIVE_LEVEL.
 *
 * One queue, first in, first out; the queues' types make no difference. A worker is started when an item
 * comes and none is idle, so that items may wait for each other, up to a limit. Workers wait for work for
 * ever: a run may end while they do. An item is off the queue before its routine is called, which may queue
 * it again or free it.
 */
#include <wdm.h>

#include <emu/access.h>
#include <emu/choose.h>
#include <emu/strand.h>

#include "hal/ex_workitem.h"
#include "hal/ke_check.h"
#include "hal/ke_object.h"
#include "hal/ke_thread.h"

enum { WORKERS_MAX = 32 };

struct ke_worker {
    struct _KTHREAD *thread;
    struct ke_worker *next_idle;
};

struct _IO_WORKITEM {
    WORK_QUEUE_ITEM item; /* first */
    PVOID io_object;
    PIO_WORKITEM_ROUTINE routine;
    PIO_WORKITEM_ROUTINE_EX routine_ex; /* one of the two is set */
    PVOID context;
    struct _IO_WORKITEM *next_free;
    bool free;
};

static emu_object object_of(struct emu_machine *m, const WORK_QUEUE_ITEM *item)
{
    return emu_object_at(m, item, "work item");
}

/* The same one whoever comes first: its address names it. */
static emu_object queue_object(struct hal_kernel *k)
{
    EMU_UNSEEN(k->machine, "who is the first to need it")
    {
        if (k->ke.work_object == EMU_NO_OBJECT) {
            k->ke.work_object = emu_object_at(k->machine, &k->ke.work_object, "work queue");
        }
    }
    return k->ke.work_object;
}

/* Is there one? The event that is under way looks at the queue. */
static bool has_items(struct hal_kernel *k)
{
    emu_touch(k->machine, queue_object(k), EMU_ACCESS_READ);
    return !IsListEmpty(k->ke.work_queue);
}

static bool is_queued(const WORK_QUEUE_ITEM *item)
{
    return item->List.Flink != NULL;
}

/* ---- Workers ---- */

static void check_return(struct hal_kernel *k, const struct _KTHREAD *worker, emu_object object)
{
    struct emu_machine *m = k->machine;
    char name[KE_NAME_BYTES];
    if (emu_level(m) != PASSIVE_LEVEL) {
        emu_finding_raise(m, "KE-WORK-6", "0xE1", NULL,
                          "the routine of %s returns at level %u, not at PASSIVE_LEVEL",
                          emu_object_text(m, object, name, sizeof(name)), emu_level(m));
    }
    if (worker->critical != 0 || worker->guarded != 0) {
        emu_finding_raise(m, "KE-WORK-6", NULL, NULL, "the routine of %s returns inside a critical region",
                          emu_object_text(m, object, name, sizeof(name)));
    }
}

static void run(struct hal_kernel *k, PWORK_QUEUE_ITEM item)
{
    struct emu_machine *m = k->machine;
    const emu_object object = object_of(m, item);
    emu_note(m, HAL_OP_KE_WORK_BEGIN, object, 0);
    emu_order_acquire(m, object);
    item->WorkerRoutine(item->Parameter);
    emu_note(m, HAL_OP_KE_WORK_END, object, 0);
    check_return(k, ke_thread_self(k), object);
}

static PWORK_QUEUE_ITEM take(struct hal_kernel *k)
{
    emu_step(k->machine, HAL_OP_KE_TAKE_WORK, queue_object(k), 0);
    if (IsListEmpty(k->ke.work_queue)) {
        return NULL;
    }
    PWORK_QUEUE_ITEM item = CONTAINING_RECORD(RemoveHeadList(k->ke.work_queue), WORK_QUEUE_ITEM, List);
    item->List.Flink = NULL;
    return item;
}

static void worker_thread(PVOID context)
{
    struct ke_worker *worker = context;
    struct hal_kernel *k = hal_kernel();
    for (;;) {
        while (has_items(k)) {
            PWORK_QUEUE_ITEM item = take(k);
            if (item != NULL) {
                run(k, item);
            }
        }
        worker->next_idle = k->ke.workers_idle;
        k->ke.workers_idle = worker;
        emu_strand_block(k->machine, HAL_OP_KE_TAKE_WORK, queue_object(k));
    }
}

static void wake_worker(struct hal_kernel *k)
{
    struct ke_worker *worker = k->ke.workers_idle;
    if (worker != NULL) {
        k->ke.workers_idle = worker->next_idle;
        emu_strand_ready(k->machine, worker->thread->strand);
        return;
    }
    if (k->ke.worker_count == WORKERS_MAX) {
        return;
    }
    worker = emu_arena_alloc(k->machine, sizeof(*worker));
    const struct ke_thread_config config = {
        .name = "worker thread",
        .routine = worker_thread,
        .context = worker,
        .processor = KE_ANY_PROCESSOR,
        .priority = KE_PRIORITY_NORMAL,
    };
    worker->thread = ke_thread_start(k, &config);
    if (worker->thread != NULL) {
        k->ke.worker_count++;
    }
    EMU_ASSERT(k->ke.worker_count > 0);
}

/* ---- The queue ---- */

static void queue_item(struct hal_kernel *k, PWORK_QUEUE_ITEM item)
{
    if (k->ke.work_queue == NULL) {
        k->ke.work_queue = emu_arena_alloc(k->machine, sizeof(*k->ke.work_queue));
        InitializeListHead(k->ke.work_queue);
    }
    emu_touch(k->machine, queue_object(k), EMU_ACCESS_WRITE);
    InsertTailList(k->ke.work_queue, &item->List);
    wake_worker(k);
}

static void announce(struct hal_kernel *k, const WORK_QUEUE_ITEM *item, const char *what)
{
    ke_level_at_most(k->machine, DISPATCH_LEVEL, "KE-WORK-3", KE_CODE_WRONG_LEVEL, what);
    emu_step(k->machine, HAL_OP_KE_QUEUE_WORK, object_of(k->machine, item), 0);
}

static void refuse_queued(struct hal_kernel *k, const WORK_QUEUE_ITEM *item, const char *what)
{
    if (is_queued(item)) {
        char name[KE_NAME_BYTES];
        const uint64_t parameters[4] = {1, 0, 0, 0};
        emu_finding_raise(k->machine, "KE-WORK-4", "0xE4", parameters, "%s of %s, which is queued already",
                          what, emu_object_text(k->machine, object_of(k->machine, item), name, sizeof(name)));
    }
}

VOID ExQueueWorkItem(PWORK_QUEUE_ITEM WorkItem, WORK_QUEUE_TYPE QueueType)
{
    (void)QueueType;
    struct hal_kernel *k = hal_kernel();
    announce(k, WorkItem, "ExQueueWorkItem");
    refuse_queued(k, WorkItem, "ExQueueWorkItem");
    queue_item(k, WorkItem);
    ke_after(k->machine);
}

/* ---- Work items of the I/O manager ---- */

/* The device (or driver) stays as long as the routine runs; the item may be gone when it returns. */
static void run_io_item(PVOID parameter)
{
    const struct _IO_WORKITEM *item = parameter;
    PVOID io_object = item->io_object;
    if (item->routine_ex != NULL) {
        item->routine_ex(io_object, item->context, parameter);
    } else {
        item->routine(io_object, item->context);
    }
    ke_object_dereference(hal_kernel(), io_object);
}

static const void *code_of(const WORK_QUEUE_ITEM *item)
{
    const struct _IO_WORKITEM *io = item->Parameter;
    if (item->WorkerRoutine != run_io_item) {
        return (const void *)(uintptr_t)item->WorkerRoutine;
    }
    return io->routine_ex != NULL ? (const void *)(uintptr_t)io->routine_ex
                                  : (const void *)(uintptr_t)io->routine;
}

emu_object ex_work_item_with_code(struct hal_kernel *k, ke_code_fn *is, const void *context)
{
    LIST_ENTRY *queue = k->ke.work_queue;
    for (LIST_ENTRY *e = queue != NULL ? queue->Flink : NULL; e != NULL && e != queue; e = e->Flink) {
        const WORK_QUEUE_ITEM *item = CONTAINING_RECORD(e, WORK_QUEUE_ITEM, List);
        if (is(context, code_of(item))) {
            return object_of(k->machine, item);
        }
    }
    return EMU_NO_OBJECT;
}

ULONG IoSizeofWorkItem(VOID)
{
    return sizeof(struct _IO_WORKITEM);
}

VOID IoInitializeWorkItem(PVOID IoObject, PIO_WORKITEM IoWorkItem)
{
    *IoWorkItem = (struct _IO_WORKITEM){.io_object = IoObject};
    ExInitializeWorkItem(&IoWorkItem->item, run_io_item, IoWorkItem);
    object_of(emu_current(), &IoWorkItem->item);
}

VOID IoUninitializeWorkItem(PIO_WORKITEM IoWorkItem)
{
    refuse_queued(hal_kernel(), &IoWorkItem->item, "IoUninitializeWorkItem");
}

PIO_WORKITEM IoAllocateWorkItem(PDEVICE_OBJECT DeviceObject)
{
    struct hal_kernel *k = hal_kernel();
    ke_level_at_most(k->machine, DISPATCH_LEVEL, "KE-WORK-3", KE_CODE_WRONG_LEVEL, "IoAllocateWorkItem");
    if (emu_fault(k->machine, HAL_OP_KE_ALLOCATE_WORK)) {
        return NULL;
    }
    struct _IO_WORKITEM *item = NULL;
    EMU_UNSEEN(k->machine, "which of the free ones it is; how many live is asked when all is over")
    {
        item = k->ke.work_items_free;
        if (item != NULL) {
            k->ke.work_items_free = item->next_free;
        } else {
            item = emu_arena_alloc(k->machine, sizeof(*item));
        }
        k->ke.work_items_live++;
    }
    emu_access_fresh(k->machine, item, sizeof(*item));
    IoInitializeWorkItem(DeviceObject, item);
    return item;
}

VOID IoFreeWorkItem(PIO_WORKITEM IoWorkItem)
{
    struct hal_kernel *k = hal_kernel();
    ke_level_at_most(k->machine, DISPATCH_LEVEL, "KE-WORK-3", KE_CODE_WRONG_LEVEL, "IoFreeWorkItem");
    const emu_object object = object_of(k->machine, &IoWorkItem->item);
    emu_step(k->machine, HAL_OP_KE_FREE_WORK, object, 0);
    if (is_queued(&IoWorkItem->item) || IoWorkItem->free) {
        char name[KE_NAME_BYTES];
        emu_finding_raise(k->machine, "KE-WORK-5", "0xE4", NULL, "IoFreeWorkItem of %s, which is %s",
                          emu_object_text(k->machine, object, name, sizeof(name)),
                          IoWorkItem->free ? "free already" : "still queued");
    }
    IoWorkItem->free = true;
    EMU_UNSEEN(k->machine, "which of the free ones is taken; how many live is asked when all is over")
    {
        IoWorkItem->next_free = k->ke.work_items_free;
        k->ke.work_items_free = IoWorkItem;
        k->ke.work_items_live--;
    }
}

static bool queue_io_item(PIO_WORKITEM item, PIO_WORKITEM_ROUTINE routine, PIO_WORKITEM_ROUTINE_EX routine_ex,
                          PVOID context, const char *what, bool refuse)
{
    struct hal_kernel *k = hal_kernel();
    announce(k, &item->item, what);
    if (refuse) {
        refuse_queued(k, &item->item, what);
    } else if (is_queued(&item->item)) {
        return false;
    }
    item->routine = routine;
    item->routine_ex = routine_ex;
    item->context = context;
    ke_object_reference(k, item->io_object);
    queue_item(k, &item->item);
    ke_after(k->machine);
    return true;
}

VOID IoQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE WorkerRoutine, WORK_QUEUE_TYPE QueueType,
                     PVOID Context)
{
    (void)QueueType;
    queue_io_item(IoWorkItem, WorkerRoutine, NULL, Context, "IoQueueWorkItem", true);
}

VOID IoQueueWorkItemEx(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                       WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    (void)QueueType;
    queue_io_item(IoWorkItem, NULL, WorkerRoutine, Context, "IoQueueWorkItemEx", true);
}

BOOLEAN IoTryQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                           WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    (void)QueueType;
    return queue_io_item(IoWorkItem, NULL, WorkerRoutine, Context, "IoTryQueueWorkItem", false);
}
