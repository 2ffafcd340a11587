/*
 * Remove locks: a count of those who use a device, and an event for him who waits until nobody does.
 *
 * The count starts at one, for the device's existence; IoReleaseRemoveLockAndWait gives that one back as
 * well.
 */
#include <wdm.h>

#include <emu/finding.h>

#include "hal/ke_check.h"
#include "hal/ops.h"

VOID IoInitializeRemoveLockEx(PIO_REMOVE_LOCK Lock, ULONG AllocateTag, ULONG MaxLockedMinutes,
                              ULONG HighWatermark, ULONG RemlockSize)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_WRONG_LEVEL, "IoInitializeRemoveLock");
    (void)AllocateTag; /* these three are for checked builds */
    (void)MaxLockedMinutes;
    (void)HighWatermark;
    (void)RemlockSize;
    Lock->Common.Removed = FALSE;
    Lock->Common.IoCount = 1;
    KeInitializeEvent(&Lock->Common.RemoveEvent, NotificationEvent, FALSE);
}

static void release(PIO_REMOVE_LOCK lock)
{
    LONG left = InterlockedDecrement(&lock->Common.IoCount);

    if (left < 0) {
        emu_finding_raise(emu_current(), "IO-REMOVELOCK-4", NULL, NULL,
                          "a remove lock was released more often than it was acquired");
    }
    if (left == 0)
        KeSetEvent(&lock->Common.RemoveEvent, IO_NO_INCREMENT, FALSE);
}

NTSTATUS IoAcquireRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, PCSTR File, ULONG Line,
                               ULONG RemlockSize)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, "IoAcquireRemoveLock");
    (void)Tag;
    (void)File;
    (void)Line;
    (void)RemlockSize;
    InterlockedIncrement(&RemoveLock->Common.IoCount);
    if (RemoveLock->Common.Removed) {
        release(RemoveLock);
        return STATUS_DELETE_PENDING;
    }
    return STATUS_SUCCESS;
}

VOID IoReleaseRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, "IoReleaseRemoveLock");
    (void)Tag;
    (void)RemlockSize;
    release(RemoveLock);
}

VOID IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_WRONG_LEVEL, "IoReleaseRemoveLockAndWait");
    (void)Tag;
    (void)RemlockSize;
    struct emu_machine *m = emu_current();
    const void *count = (const char *)RemoveLock + UFIELD_OFFSET(IO_REMOVE_LOCK, Common.IoCount);

    emu_step(m, HAL_OP_IO_REMOVE_LOCK, emu_object_at(m, count, "remove lock"), 0);
    RemoveLock->Common.Removed = TRUE;
    release(RemoveLock);
    release(RemoveLock);
    KeWaitForSingleObject(&RemoveLock->Common.RemoveEvent, Executive, KernelMode, FALSE, NULL);
}
