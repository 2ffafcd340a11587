/*
 * Resources: one writer or many readers, each as often as it likes.
 *
 * Who holds a resource stands in a list in the arena: a thread, how often, and whether exclusively. Whoever
 * cannot have it now waits for the resource's event, which each release pulses, and looks again. A reader
 * that comes while a writer waits stands back (unless it holds the resource already, or asks to starve
 * writers), so that writers get their turn.
 */
#include <wdm.h>

#include "hal/ke_check.h"
#include "hal/ke_dispatcher.h"
#include "hal/ke_thread.h"

enum { RESOURCE_EXCLUSIVE = 0x80 }; /* ERESOURCE.Flag */

struct ke_holder {
    struct _KTHREAD *thread;
    struct ke_holder *next;
    LONG count;
};

/* Hangs off OwnerTable, which drivers do not look at. */
struct ke_resource {
    struct ke_holder *holders;
    KEVENT released;
    struct ke_resource *next_free;
};

enum reader { READER_FAIR, READER_STARVES_WRITERS, READER_AFTER_WRITERS };

static struct ke_resource *private_of(const ERESOURCE *resource)
{
    return (struct ke_resource *)(void *)resource->OwnerTable;
}

static emu_object object_of(struct emu_machine *m, const ERESOURCE *resource)
{
    return emu_object_at(m, resource, "resource");
}

static struct ke_holder *find(const ERESOURCE *resource, const struct _KTHREAD *thread)
{
    struct ke_holder *h = private_of(resource)->holders;
    while (h != NULL && h->thread != thread) {
        h = h->next;
    }
    return h;
}

static bool is_exclusive(const ERESOURCE *resource)
{
    return (resource->Flag & RESOURCE_EXCLUSIVE) != 0;
}

/* ---- Having and getting ---- */

static bool can_write(const ERESOURCE *resource, const struct _KTHREAD *thread)
{
    return resource->ActiveCount == 0 || (is_exclusive(resource) && find(resource, thread) != NULL);
}

static bool can_read(const ERESOURCE *resource, const struct _KTHREAD *thread, enum reader reader)
{
    if (is_exclusive(resource)) {
        return find(resource, thread) != NULL;
    }
    if (resource->NumberOfExclusiveWaiters == 0 || reader == READER_STARVES_WRITERS) {
        return true;
    }
    return reader == READER_FAIR && find(resource, thread) != NULL;
}

static void hold(struct hal_kernel *k, PERESOURCE resource, struct _KTHREAD *thread, bool exclusive)
{
    struct ke_holder *h = find(resource, thread);
    if (h != NULL) {
        h->count++;
        return;
    }
    EMU_UNSEEN(k->machine, "which of the free ones it is")
    {
        h = k->ke.holders_free;
        if (h != NULL) {
            k->ke.holders_free = h->next;
        } else {
            h = emu_arena_alloc(k->machine, sizeof(*h));
        }
    }
    emu_access_fresh(k->machine, h, sizeof *h);
    *h = (struct ke_holder){.thread = thread, .next = private_of(resource)->holders, .count = 1};
    private_of(resource)->holders = h;
    resource->ActiveCount++;
    if (exclusive) {
        resource->Flag |= RESOURCE_EXCLUSIVE;
    }
    emu_order_acquire(k->machine, object_of(k->machine, resource));
    emu_lock_taken(k->machine, object_of(k->machine, resource));
}

static void check_use(struct hal_kernel *k, const ERESOURCE *resource, const char *what)
{
    struct emu_machine *m = k->machine;
    ke_level_at_most(m, APC_LEVEL, "KE-RES-3", "0xC4/37", what);
    if (private_of(resource) == NULL) {
        emu_finding_raise(m, "KE-RES-5", "0xC4/1002", NULL, "%s of a resource that was never initialised",
                          what);
    }
    if (!KeAreApcsDisabled()) {
        emu_finding_raise(m, "KE-RES-3", "0xC4/37", NULL, "%s while the thread takes APCs", what);
    }
}

static void wait_for_release(struct hal_kernel *k, PERESOURCE resource, ULONG *waiters, emu_object object)
{
    PVOID objects[1] = {&private_of(resource)->released};
    KWAIT_BLOCK block;
    ++*waiters;
    resource->ContentionCount++;
    ke_wait(k, 1, objects, WaitAny, NULL, &block, HAL_OP_KE_ACQUIRE_RESOURCE, object);
    emu_touch(k->machine, object, EMU_ACCESS_WRITE); /* who was woken looks again */
    --*waiters;
}

static bool acquire_exclusive(PERESOURCE resource, bool wait)
{
    struct hal_kernel *k = hal_kernel();
    struct _KTHREAD *thread = ke_thread_self(k);
    check_use(k, resource, "ExAcquireResourceExclusiveLite");
    const emu_object object = object_of(k->machine, resource);
    emu_step(k->machine, HAL_OP_KE_ACQUIRE_RESOURCE, object, true);
    if (wait && !is_exclusive(resource) && find(resource, thread) != NULL) {
        emu_finding_raise(
            k->machine, "KE-RES-2", "0xC4/1000", NULL,
            "a thread that holds a resource shared waits to have it exclusively: it waits for itself");
    }
    while (!can_write(resource, thread)) {
        if (!wait) {
            return false;
        }
        wait_for_release(k, resource, &resource->NumberOfExclusiveWaiters, object);
    }
    hold(k, resource, thread, true);
    return true;
}

static bool acquire_shared(PERESOURCE resource, bool wait, enum reader reader)
{
    struct hal_kernel *k = hal_kernel();
    struct _KTHREAD *thread = ke_thread_self(k);
    check_use(k, resource, "ExAcquireResourceSharedLite");
    const emu_object object = object_of(k->machine, resource);
    emu_step(k->machine, HAL_OP_KE_ACQUIRE_RESOURCE, object, false);
    while (!can_read(resource, thread, reader)) {
        if (!wait) {
            return false;
        }
        wait_for_release(k, resource, &resource->NumberOfSharedWaiters, object);
    }
    hold(k, resource, thread, false);
    return true;
}

/* Everybody who waits looks again. */
static void call_waiters(struct hal_kernel *k, PERESOURCE resource)
{
    DISPATCHER_HEADER *released = &private_of(resource)->released.Header;
    ke_dispatcher_signal(k, released, 1);
    released->SignalState = 0;
}

static void release(PERESOURCE resource, struct _KTHREAD *thread)
{
    struct hal_kernel *k = hal_kernel();
    ke_level_at_most(k->machine, DISPATCH_LEVEL, "KE-RES-3", "0xC4/38", "ExReleaseResourceLite");
    emu_step(k->machine, HAL_OP_KE_RELEASE_RESOURCE, object_of(k->machine, resource), 0);
    struct ke_holder **at = &private_of(resource)->holders;
    while (*at != NULL && (*at)->thread != thread) {
        at = &(*at)->next;
    }
    struct ke_holder *h = *at;
    if (h == NULL) {
        emu_finding_raise(k->machine, "KE-RES-4", "0xE3", NULL,
                          "a resource is released for a thread that does not hold it");
    }
    if (--h->count > 0) {
        return;
    }
    *at = h->next;
    EMU_UNSEEN(k->machine, "which of the free ones is taken")
    {
        h->next = k->ke.holders_free;
        k->ke.holders_free = h;
    }
    resource->ActiveCount--;
    if (resource->ActiveCount == 0) {
        resource->Flag = (USHORT)(resource->Flag & ~RESOURCE_EXCLUSIVE);
    }
    call_waiters(k, resource);
    ke_after(k->machine);
}

/* ---- The Windows face ---- */

NTSTATUS ExInitializeResourceLite(PERESOURCE Resource)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    struct hal_kernel *k = hal_kernel();
    struct ke_resource *r = NULL;
    EMU_UNSEEN(k->machine, "which of the free ones it is")
    {
        r = k->ke.resources_free;
        if (r != NULL) {
            k->ke.resources_free = r->next_free;
        } else {
            r = emu_arena_alloc(k->machine, sizeof(*r));
        }
    }
    emu_access_fresh(k->machine, r, sizeof *r);
    *r = (struct ke_resource){.holders = NULL};
    ke_dispatcher_init(&r->released.Header, KE_OBJECT_EVENT_NOTIFICATION, 0);
    *Resource = (ERESOURCE){.OwnerTable = (POWNER_ENTRY)(void *)r};
    object_of(k->machine, Resource);
    return STATUS_SUCCESS;
}

NTSTATUS ExDeleteResourceLite(PERESOURCE Resource)
{
    ke_called_at_most(APC_LEVEL, "0xC4/20007", __func__);
    struct hal_kernel *k = hal_kernel();
    struct ke_resource *r = private_of(Resource);
    emu_touch(k->machine, object_of(k->machine, Resource), EMU_ACCESS_WRITE);
    if (r == NULL || Resource->ActiveCount != 0) {
        emu_finding_raise(k->machine, "KE-RES-5", r == NULL ? "0xC4/D1" : "0xC4/100B", NULL,
                          "ExDeleteResourceLite of a resource that %s",
                          r == NULL ? "was never initialised" : "somebody holds");
    }
    EMU_UNSEEN(k->machine, "which of the free ones is taken")
    {
        r->next_free = k->ke.resources_free;
        k->ke.resources_free = r;
    }
    Resource->OwnerTable = NULL;
    return STATUS_SUCCESS;
}

NTSTATUS ExReinitializeResourceLite(PERESOURCE Resource)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    ExDeleteResourceLite(Resource);
    return ExInitializeResourceLite(Resource);
}

BOOLEAN ExAcquireResourceExclusiveLite(PERESOURCE Resource, BOOLEAN Wait)
{
    return acquire_exclusive(Resource, Wait);
}

BOOLEAN ExAcquireResourceSharedLite(PERESOURCE Resource, BOOLEAN Wait)
{
    return acquire_shared(Resource, Wait, READER_FAIR);
}

BOOLEAN ExAcquireSharedStarveExclusive(PERESOURCE Resource, BOOLEAN Wait)
{
    return acquire_shared(Resource, Wait, READER_STARVES_WRITERS);
}

BOOLEAN ExAcquireSharedWaitForExclusive(PERESOURCE Resource, BOOLEAN Wait)
{
    return acquire_shared(Resource, Wait, READER_AFTER_WRITERS);
}

PVOID ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE Resource)
{
    KeEnterCriticalRegion();
    acquire_exclusive(Resource, true);
    return NULL;
}

PVOID ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE Resource)
{
    KeEnterCriticalRegion();
    acquire_shared(Resource, true, READER_FAIR);
    return NULL;
}

VOID ExReleaseResourceLite(PERESOURCE Resource)
{
    release(Resource, ke_thread_self(hal_kernel()));
}

VOID ExReleaseResourceForThreadLite(PERESOURCE Resource, ERESOURCE_THREAD ResourceThreadId)
{
    release(Resource, (struct _KTHREAD *)ResourceThreadId);
}

VOID ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE Resource)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    ExReleaseResourceLite(Resource);
    KeLeaveCriticalRegion();
}

VOID ExConvertExclusiveToSharedLite(PERESOURCE Resource)
{
    ke_called_at_most(APC_LEVEL, "0xC4/20007", __func__);
    struct hal_kernel *k = hal_kernel();
    emu_step(k->machine, HAL_OP_KE_RELEASE_RESOURCE, object_of(k->machine, Resource), 0);
    if (!ExIsResourceAcquiredExclusiveLite(Resource)) {
        emu_finding_raise(
            k->machine, "KE-RES-4", "0xE3", NULL,
            "ExConvertExclusiveToSharedLite by a thread that does not hold the resource exclusively");
    }
    Resource->Flag = (USHORT)(Resource->Flag & ~RESOURCE_EXCLUSIVE);
    call_waiters(k, Resource);
    ke_after(k->machine);
}

BOOLEAN ExIsResourceAcquiredExclusiveLite(PERESOURCE Resource)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    return is_exclusive(Resource) && find(Resource, ke_thread_self(hal_kernel())) != NULL;
}

ULONG ExIsResourceAcquiredSharedLite(PERESOURCE Resource)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    const struct ke_holder *h = find(Resource, ke_thread_self(hal_kernel()));
    return h != NULL ? (ULONG)h->count : 0;
}

ULONG ExGetExclusiveWaiterCount(PERESOURCE Resource)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    return Resource->NumberOfExclusiveWaiters;
}

ULONG ExGetSharedWaiterCount(PERESOURCE Resource)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    return Resource->NumberOfSharedWaiters;
}
