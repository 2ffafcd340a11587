/*
 * Small services of the I/O manager: forwarding, share access, notifications that never come, the error log.
 */
#include <emu/choose.h>
#include <wdm.h>

#include "hal/ke_check.h"
#include "hal/kernel.h"
#include "hal/ops.h"
#include "hal/pool.h"

/* ---- Requests ---------------------------------------------------------------------------------------------
 */

NTSTATUS IoSetCompletionRoutineEx(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                  PIO_COMPLETION_ROUTINE CompletionRoutine, PVOID Context,
                                  BOOLEAN InvokeOnSuccess, BOOLEAN InvokeOnError, BOOLEAN InvokeOnCancel)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)DeviceObject; /* drivers are never unloaded under a completion routine */
    if (emu_fault(hal_kernel()->machine, HAL_OP_IO_COMPLETION_EX))
        return STATUS_INSUFFICIENT_RESOURCES;
    IoSetCompletionRoutine(Irp, CompletionRoutine, Context, InvokeOnSuccess, InvokeOnError, InvokeOnCancel);
    return STATUS_SUCCESS;
}

static NTSTATUS forwarded(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    if (irp->PendingReturned)
        KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

BOOLEAN IoForwardIrpSynchronously(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    KEVENT done;

    if (Irp->CurrentLocation <= 1)
        return FALSE;
    io_irp_require_at(emu_current(), Irp, 1, Irp->StackCount, "IoForwardIrpSynchronously found");
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, forwarded, &done, TRUE, TRUE, TRUE);
    if (IofCallDriver(DeviceObject, Irp) == STATUS_PENDING)
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    return TRUE;
}

/* There is one process, the system's; its object is only ever compared. */
PEPROCESS IoGetCurrentProcess(VOID)
{
    return (PEPROCESS)(void *)hal_kernel();
}

PEPROCESS IoGetRequestorProcess(PIRP Irp)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)Irp;
    return IoGetCurrentProcess();
}

/* ---- Share access -----------------------------------------------------------------------------------------
 */

static void count_share(PFILE_OBJECT file, PSHARE_ACCESS share, ULONG change)
{
    if (!file->ReadAccess && !file->WriteAccess && !file->DeleteAccess)
        return;
    share->OpenCount += change;
    share->Readers += file->ReadAccess ? change : 0;
    share->Writers += file->WriteAccess ? change : 0;
    share->Deleters += file->DeleteAccess ? change : 0;
    share->SharedRead += file->SharedRead ? change : 0;
    share->SharedWrite += file->SharedWrite ? change : 0;
    share->SharedDelete += file->SharedDelete ? change : 0;
}

static void note_access(ACCESS_MASK access, ULONG shared, PFILE_OBJECT file)
{
    file->ReadAccess = (access & (FILE_EXECUTE | FILE_READ_DATA)) != 0;
    file->WriteAccess = (access & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0;
    file->DeleteAccess = (access & DELETE) != 0;
    bool any = file->ReadAccess || file->WriteAccess || file->DeleteAccess;
    file->SharedRead = any && (shared & FILE_SHARE_READ) != 0;
    file->SharedWrite = any && (shared & FILE_SHARE_WRITE) != 0;
    file->SharedDelete = any && (shared & FILE_SHARE_DELETE) != 0;
}

NTSTATUS IoCheckShareAccess(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess, PFILE_OBJECT FileObject,
                            PSHARE_ACCESS ShareAccess, BOOLEAN Update)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_PASSIVE2, __func__);
    const SHARE_ACCESS *s = ShareAccess;
    const FILE_OBJECT *f = FileObject;

    note_access(DesiredAccess, DesiredShareAccess, FileObject);
    if (!f->ReadAccess && !f->WriteAccess && !f->DeleteAccess)
        return STATUS_SUCCESS;
    if ((f->ReadAccess && s->SharedRead < s->OpenCount) ||
        (f->WriteAccess && s->SharedWrite < s->OpenCount) ||
        (f->DeleteAccess && s->SharedDelete < s->OpenCount) || (s->Readers != 0 && !f->SharedRead) ||
        (s->Writers != 0 && !f->SharedWrite) || (s->Deleters != 0 && !f->SharedDelete))
        return STATUS_SHARING_VIOLATION;
    if (Update)
        count_share(FileObject, ShareAccess, 1);
    return STATUS_SUCCESS;
}

VOID IoSetShareAccess(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess, PFILE_OBJECT FileObject,
                      PSHARE_ACCESS ShareAccess)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_PASSIVE5, __func__);
    memset(ShareAccess, 0, sizeof *ShareAccess);
    note_access(DesiredAccess, DesiredShareAccess, FileObject);
    count_share(FileObject, ShareAccess, 1);
}

VOID IoUpdateShareAccess(PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_PASSIVE5, __func__);
    count_share(FileObject, ShareAccess, 1);
}

VOID IoRemoveShareAccess(PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_PASSIVE5, __func__);
    count_share(FileObject, ShareAccess, (ULONG)-1);
}

/* ---- Notifications: the machine is not shut down, nothing arrives or leaves behind a scenario's back
 * ------- */

NTSTATUS IoRegisterShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_PASSIVE5, __func__);
    if (emu_fault(hal_kernel()->machine, HAL_OP_IO_SHUTDOWN))
        return STATUS_INSUFFICIENT_RESOURCES;
    DeviceObject->Flags |= DO_SHUTDOWN_REGISTERED;
    return STATUS_SUCCESS;
}

VOID IoUnregisterShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_PASSIVE5, __func__);
    DeviceObject->Flags &= ~(ULONG)DO_SHUTDOWN_REGISTERED;
}

NTSTATUS IoRegisterPlugPlayNotification(IO_NOTIFICATION_EVENT_CATEGORY EventCategory,
                                        ULONG EventCategoryFlags, PVOID EventCategoryData,
                                        PDRIVER_OBJECT DriverObject,
                                        PDRIVER_NOTIFICATION_CALLBACK_ROUTINE CallbackRoutine, PVOID Context,
                                        PVOID *NotificationEntry)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)EventCategory;
    (void)EventCategoryFlags;
    (void)EventCategoryData;
    (void)CallbackRoutine;
    (void)Context;
    *NotificationEntry = NULL;
    if (emu_fault(hal_kernel()->machine, HAL_OP_IO_NOTIFICATION))
        return STATUS_INSUFFICIENT_RESOURCES;
    *NotificationEntry = DriverObject; /* something that is not NULL, to be handed back */
    return STATUS_SUCCESS;
}

NTSTATUS IoUnregisterPlugPlayNotification(PVOID NotificationEntry)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)NotificationEntry;
    return STATUS_SUCCESS;
}

NTSTATUS IoUnregisterPlugPlayNotificationEx(PVOID NotificationEntry)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    return IoUnregisterPlugPlayNotification(NotificationEntry);
}

VOID IoInvalidateDeviceRelations(PDEVICE_OBJECT DeviceObject, DEVICE_RELATION_TYPE Type)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)DeviceObject;
    (void)Type;
}

VOID IoInvalidateDeviceState(PDEVICE_OBJECT PhysicalDeviceObject)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)PhysicalDeviceObject;
}

VOID IoRequestDeviceEject(PDEVICE_OBJECT PhysicalDeviceObject)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)PhysicalDeviceObject;
}

NTSTATUS IoWMIRegistrationControl(PDEVICE_OBJECT DeviceObject, ULONG Action)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_PASSIVE5, __func__);
    (void)DeviceObject;
    return Action == WMIREG_ACTION_REGISTER || Action == WMIREG_ACTION_DEREGISTER ? STATUS_SUCCESS
                                                                                  : STATUS_INVALID_PARAMETER;
}

/* ---- The error log: entries are taken and dropped ---------------------------------------------------------
 */

/* The tag of error log entries: "IoEr". */
#define ERROR_LOG_TAG 0x72456F49u

PVOID IoAllocateErrorLogEntry(PVOID IoObject, UCHAR EntrySize)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)IoObject;
    if (EntrySize < sizeof(IO_ERROR_LOG_PACKET) || EntrySize > ERROR_LOG_MAXIMUM_SIZE)
        return NULL;
    return hal_pool_take(HAL_OP_IO_ERROR_LOG, NonPagedPoolNx | POOL_ZERO_ALLOCATION, EntrySize,
                         ERROR_LOG_TAG);
}

VOID IoFreeErrorLogEntry(PVOID ElEntry)
{
    ExFreePoolWithTag(ElEntry, ERROR_LOG_TAG);
}

VOID IoWriteErrorLogEntry(PVOID ElEntry)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_IRQL_DISPATCH, __func__);
    ExFreePoolWithTag(ElEntry, ERROR_LOG_TAG);
}
