/*
 * Device queues: a list of waiting entries and whether the device is busy.
 *
 * Each call is one step on the queue: what its own lock makes of it on the real thing.
 */
#include <wdm.h>

#include "hal/ke_check.h"
#include "hal/kernel.h"
#include "hal/ops.h"

enum { QUEUE_OBJECT_TYPE = 20 }; /* the number that Windows gives device queues */

/* What is done to the queue, as the trace's argument shows it. */
enum queue_action {
    QUEUE_INSERT,
    QUEUE_INSERT_BY_KEY,
    QUEUE_REMOVE,
    QUEUE_REMOVE_BY_KEY,
    QUEUE_REMOVE_ENTRY
};

static void announce(PKDEVICE_QUEUE queue, enum queue_action action)
{
    struct emu_machine *m = emu_current();

    emu_step(m, HAL_OP_IO_DEVICE_QUEUE, emu_object_at(m, queue, "device queue"), action);
}

VOID KeInitializeDeviceQueue(PKDEVICE_QUEUE DeviceQueue)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_IRQL_KE_DISPATCH_LTE, __func__);
    memset(DeviceQueue, 0, sizeof *DeviceQueue);
    DeviceQueue->Type = QUEUE_OBJECT_TYPE;
    DeviceQueue->Size = (CSHORT)sizeof *DeviceQueue;
    InitializeListHead(&DeviceQueue->DeviceListHead);
}

/* True when the queue was busy, that is when the entry now waits. */
static BOOLEAN insert(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry, PLIST_ENTRY before)
{
    BOOLEAN busy = queue->Busy;

    entry->Inserted = busy;
    queue->Busy = TRUE;
    if (busy)
        InsertTailList(before, &entry->DeviceListEntry);
    return busy;
}

BOOLEAN KeInsertDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry)
{
    ke_called_at(DISPATCH_LEVEL, KE_CODE_IRQL_DISPATCH, __func__);
    announce(DeviceQueue, QUEUE_INSERT);
    DeviceQueueEntry->SortKey = 0;
    return insert(DeviceQueue, DeviceQueueEntry, &DeviceQueue->DeviceListHead);
}

BOOLEAN KeInsertByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry,
                                 ULONG SortKey)
{
    ke_called_at(DISPATCH_LEVEL, KE_CODE_IRQL_DISPATCH, __func__);
    PLIST_ENTRY head = &DeviceQueue->DeviceListHead;
    PLIST_ENTRY at;

    announce(DeviceQueue, QUEUE_INSERT_BY_KEY);
    DeviceQueueEntry->SortKey = SortKey;
    for (at = head->Flink; at != head; at = at->Flink)
        if (CONTAINING_RECORD(at, KDEVICE_QUEUE_ENTRY, DeviceListEntry)->SortKey > SortKey)
            break;
    return insert(DeviceQueue, DeviceQueueEntry, at);
}

static PKDEVICE_QUEUE_ENTRY take(PKDEVICE_QUEUE queue, PLIST_ENTRY at)
{
    if (IsListEmpty(&queue->DeviceListHead)) {
        queue->Busy = FALSE;
        return NULL;
    }
    PKDEVICE_QUEUE_ENTRY entry = CONTAINING_RECORD(at, KDEVICE_QUEUE_ENTRY, DeviceListEntry);
    RemoveEntryList(at);
    entry->Inserted = FALSE;
    return entry;
}

PKDEVICE_QUEUE_ENTRY KeRemoveDeviceQueue(PKDEVICE_QUEUE DeviceQueue)
{
    ke_called_at(DISPATCH_LEVEL, KE_CODE_IRQL_DISPATCH, __func__);
    announce(DeviceQueue, QUEUE_REMOVE);
    return take(DeviceQueue, DeviceQueue->DeviceListHead.Flink);
}

/* The first entry whose key is at least this one; the queue's first when all are below. */
static PLIST_ENTRY find_key(PKDEVICE_QUEUE queue, ULONG key)
{
    PLIST_ENTRY head = &queue->DeviceListHead;

    for (PLIST_ENTRY at = head->Flink; at != head; at = at->Flink)
        if (CONTAINING_RECORD(at, KDEVICE_QUEUE_ENTRY, DeviceListEntry)->SortKey >= key)
            return at;
    return head->Flink;
}

PKDEVICE_QUEUE_ENTRY KeRemoveByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey)
{
    ke_called_at(DISPATCH_LEVEL, KE_CODE_IRQL_DISPATCH, __func__);
    announce(DeviceQueue, QUEUE_REMOVE_BY_KEY);
    return take(DeviceQueue, find_key(DeviceQueue, SortKey));
}

PKDEVICE_QUEUE_ENTRY KeRemoveByKeyDeviceQueueIfBusy(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey)
{
    announce(DeviceQueue, QUEUE_REMOVE_BY_KEY);
    return DeviceQueue->Busy ? take(DeviceQueue, find_key(DeviceQueue, SortKey)) : NULL;
}

BOOLEAN KeRemoveEntryDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_IRQL_KE_DISPATCH_LTE, __func__);
    announce(DeviceQueue, QUEUE_REMOVE_ENTRY);
    BOOLEAN queued = DeviceQueueEntry->Inserted;

    if (queued) {
        DeviceQueueEntry->Inserted = FALSE;
        RemoveEntryList(&DeviceQueueEntry->DeviceListEntry);
    }
    return queued;
}
