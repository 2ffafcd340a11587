/*
 * In-stack queued spin locks: first come, first served.
 *
 * The lock's word points to the handle of the last in line. Each handle knows its successor, and carries in
 * the low bits of its pointer to the lock (which is aligned) whether it waits or owns. Handing over is one
 * store of the owner.
 */
#include <wdm.h>

#include "hal/ke_check.h"
#include "hal/ke_spinlock.h"

enum { HANDLE_WAITS = 1, HANDLE_OWNS = 2, HANDLE_BITS = 3 };

static ULONG_PTR bits_of(const KSPIN_LOCK_QUEUE *handle)
{
    return (ULONG_PTR)handle->Lock & HANDLE_BITS;
}

static PKSPIN_LOCK lock_of(const KSPIN_LOCK_QUEUE *handle)
{
    return (PKSPIN_LOCK)((ULONG_PTR)handle->Lock & ~(ULONG_PTR)HANDLE_BITS);
}

static void mark(KSPIN_LOCK_QUEUE *handle, PKSPIN_LOCK lock, ULONG_PTR bits)
{
    handle->Lock = (PKSPIN_LOCK)((ULONG_PTR)lock | bits);
}

static bool handle_owns(const void *context)
{
    return bits_of(context) == HANDLE_OWNS;
}

static void acquire(struct emu_machine *m, PKSPIN_LOCK lock, KSPIN_LOCK_QUEUE *handle)
{
    const emu_object object = emu_object_at(m, lock, "lock");
    emu_step(m, HAL_OP_KE_QUEUE_LOCK, object, 0);
    KSPIN_LOCK_QUEUE *last = (KSPIN_LOCK_QUEUE *)*lock;
    handle->Next = NULL;
    *lock = (KSPIN_LOCK)handle;
    if (last == NULL) {
        mark(handle, lock, HANDLE_OWNS);
        ke_spinlock_taken(m, lock, object);
        return;
    }
    mark(handle, lock, HANDLE_WAITS);
    last->Next = handle;
    emu_step_when(m, HAL_OP_KE_QUEUED_LOCK, object, 0, handle_owns, handle);
    ke_spinlock_taken(m, lock, object);
}

static void release(struct emu_machine *m, KSPIN_LOCK_QUEUE *handle)
{
    PKSPIN_LOCK lock = lock_of(handle);
    const emu_object object = emu_object_at(m, lock, "lock");
    if (bits_of(handle) != HANDLE_OWNS) {
        char name[KE_NAME_BYTES];
        emu_finding_raise(m, "KE-QLOCK-3", "0xC4/1007", NULL,
                          "a queue handle that does not own %s releases it",
                          emu_object_text(m, object, name, sizeof(name)));
    }
    emu_step(m, HAL_OP_KE_RELEASE_LOCK, object, 0);
    ke_spinlock_left(m, lock, object);
    KSPIN_LOCK_QUEUE *next = handle->Next;
    mark(handle, lock, 0);
    if (next == NULL) {
        EMU_ASSERT(*lock == (KSPIN_LOCK)handle);
        *lock = 0;
    } else {
        mark(next, lock, HANDLE_OWNS);
    }
}

VOID KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    struct emu_machine *m = emu_current();
    ke_level_at_most(m, DISPATCH_LEVEL, "KE-QLOCK-2", "0xC4/42", "KeAcquireInStackQueuedSpinLock");
    LockHandle->OldIrql = emu_level_raise(m, DISPATCH_LEVEL);
    acquire(m, SpinLock, &LockHandle->LockQueue);
}

VOID KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle)
{
    struct emu_machine *m = emu_current();
    ke_level_at_least(m, DISPATCH_LEVEL, "KE-QLOCK-2", "0xC4/36", __func__);
    ke_level_at_most(m, DISPATCH_LEVEL, "KE-QLOCK-2", "0xC4/36", __func__);
    release(m, &LockHandle->LockQueue);
    ke_spinlock_lower(m, LockHandle->OldIrql);
}

VOID KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    struct emu_machine *m = emu_current();
    ke_level_at_least(m, DISPATCH_LEVEL, "KE-QLOCK-2", "0xC4/40", "KeAcquireInStackQueuedSpinLockAtDpcLevel");
    acquire(m, SpinLock, &LockHandle->LockQueue);
}

VOID KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle)
{
    struct emu_machine *m = emu_current();
    ke_level_at_least(m, DISPATCH_LEVEL, "KE-QLOCK-2", "0xC4/41",
                      "KeReleaseInStackQueuedSpinLockFromDpcLevel");
    release(m, &LockHandle->LockQueue);
    ke_after(m);
}

VOID KeAcquireInStackQueuedSpinLockForDpc(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    KeAcquireInStackQueuedSpinLock(SpinLock, LockHandle);
}

VOID KeReleaseInStackQueuedSpinLockForDpc(PKLOCK_QUEUE_HANDLE LockHandle)
{
    KeReleaseInStackQueuedSpinLock(LockHandle);
}
