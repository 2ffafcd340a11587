/*
 * An IRP's way down and up: IoCallDriver, IoCompleteRequest, IoCancelIrp.
 */
#include <wdm.h>

#include <emu/choose.h>
#include <emu/cpu.h>
#include <emu/deed.h>
#include <emu/finding.h>
#include <emu/liveness.h>

#include "hal/ke_check.h"
#include "hal/ke_spinlock.h"
#include "hal/kernel.h"
#include "hal/ops.h"

static emu_object irp_object(struct emu_machine *m, PIRP irp)
{
    return emu_object_at(m, irp, "irp");
}

/* Stops the run: a routine was given NULL for an IRP. */
__attribute__((noreturn)) static void no_irp(struct emu_machine *m, const char *what, const char *rule,
                                             const char *code)
{
    emu_finding_raise(m, rule, code, NULL, "%s was called for NULL, which is no IRP", what);
}

/* ---- Down -------------------------------------------------------------------------------------------------
 */

static void check_call(struct emu_machine *m, PDEVICE_OBJECT device, PIRP irp)
{
    uint64_t parameters[4] = {0, (uintptr_t)irp, (uintptr_t)device, 0};
    char name[IO_NAME_BYTES];

    if (emu_level(m) > EMU_LEVEL_DISPATCH) {
        parameters[0] = 0x10;
        emu_finding_raise(m, "IO-CALL-5", "0xC9/10", parameters, "IoCallDriver was called at IRQL %u",
                          emu_level(m));
    }
    if (irp == NULL)
        no_irp(m, "IoCallDriver", "IO-CALL-3", "0xC9/03");
    if (irp->Type != IO_TYPE_IRP) {
        parameters[0] = 0x3;
        emu_finding_raise(m, "IO-CALL-3", "0xC9/03", parameters,
                          "IoCallDriver was given %s, which is no IRP, or was freed",
                          io_irp_tell(m, irp, name));
    }
    if (device == NULL || device->Type != IO_TYPE_DEVICE) {
        parameters[0] = 0x4;
        emu_finding_raise(m, "IO-CALL-4", "0xC9/04", parameters,
                          "IoCallDriver was given what is no device object, or one that was deleted");
    }
    if (irp->CurrentLocation <= 1) {
        emu_finding_raise(m, "IO-CALL-2", "0x35", parameters,
                          "IoCallDriver found no stack location left in %s, which has %d",
                          io_irp_tell(m, irp, name), irp->StackCount);
    }
    io_irp_require_at(m, irp, 1, irp->StackCount + 1, "IoCallDriver found");
}

NTSTATUS IofCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct emu_machine *m = emu_current();

    check_call(m, DeviceObject, Irp);
    if (io_irp_is_lost(hal_kernel(), Irp, "IoCallDriver was called for"))
        return STATUS_INVALID_DEVICE_REQUEST;
    Irp->CurrentLocation--;
    PIO_STACK_LOCATION location = IoGetNextIrpStackLocation(Irp);
    Irp->Tail.Overlay.CurrentStackLocation = location;
    location->DeviceObject = DeviceObject;
    UCHAR major = location->MajorFunction;
    uint8_t level = emu_level(m);
    emu_object object = irp_object(m, Irp);
    struct hal_kernel *k = hal_kernel();

    emu_note(m, HAL_OP_IO_CALL_DRIVER, object, major);
    PDRIVER_DISPATCH dispatch = major <= IRP_MJ_MAXIMUM_FUNCTION
                                    ? DeviceObject->DriverObject->MajorFunction[major]
                                    : io_invalid_request;
    struct io_call *call = io_call_begin(k, Irp, location);
    uint32_t locks = level >= EMU_LEVEL_DISPATCH ? ke_spinlocks_held() : 0;
    bool spared = emu_spare(m, DeviceObject->DriverObject == k->io.bus_driver);
    NTSTATUS status = dispatch(DeviceObject, Irp);
    emu_spare(m, spared);
    if (emu_level(m) >= EMU_LEVEL_DISPATCH)
        ke_spinlocks_require(m, locks, "a dispatch routine", KE_CODE_SPIN_LOCK);
    if (emu_level(m) != level) {
        uint64_t parameters[4] = {0x5, (uintptr_t)DeviceObject, level, emu_level(m)};
        emu_finding_raise(m, "IO-CALL-6", "0xC9/05", parameters,
                          "a dispatch routine (major function %u) was called at IRQL %u and returned at %u",
                          major, level, emu_level(m));
    }
    io_call_end(k, call, object, status, major);
    return status;
}

NTSTATUS io_invalid_request(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    irp->IoStatus.Information = 0;
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}

/* ---- Up ---------------------------------------------------------------------------------------------------
 */

static emu_object cancel_object(struct emu_machine *m, const IRP *irp)
{
    return emu_object_at(m, io_cancel_slot(irp), "cancel routine");
}

static void check_completion(struct emu_machine *m, PIRP irp)
{
    uint64_t parameters[4] = {(uintptr_t)irp, 0, 0, 0};
    char name[IO_NAME_BYTES];

    /* No location is current any more once the last completion routine was called, whatever it answered. */
    if (irp->Type != IO_TYPE_IRP || irp->CurrentLocation > irp->StackCount) {
        emu_finding_raise(m, "IO-COMPLETE-1", "0x44", parameters,
                          "IoCompleteRequest was called for %s, which is already completed",
                          io_irp_tell(m, irp, name));
    }
    io_irp_require_at(m, irp, 1, irp->StackCount, "IoCompleteRequest found");
    if (irp->IoStatus.Status == STATUS_PENDING || irp->IoStatus.Status == -1) {
        emu_finding_report(m, "IO-COMPLETE-6", "0xC9/06", parameters,
                           "IoCompleteRequest was called for %s, whose status is 0x%08x",
                           io_irp_tell(m, irp, name), (unsigned)irp->IoStatus.Status);
    }
    if (irp->CancelRoutine != NULL) {
        emu_finding_report(m, "IO-COMPLETE-7", "0xC9/07", parameters,
                           "IoCompleteRequest was called for %s, whose cancel routine is still set",
                           io_irp_tell(m, irp, name));
        irp->CancelRoutine = NULL; /* it would be called for an IRP that is completed */
    }
}

static void clear_location(PIO_STACK_LOCATION location)
{
    location->MinorFunction = 0;
    location->Flags = 0;
    location->Control = 0;
    memset(&location->Parameters, 0, sizeof location->Parameters);
    location->FileObject = NULL;
}

static bool wants_call(const IO_STACK_LOCATION *location, const IRP *irp)
{
    UCHAR control = location->Control;

    if (irp->Cancel && (control & SL_INVOKE_ON_CANCEL) != 0)
        return true;
    return (control & (NT_SUCCESS(irp->IoStatus.Status) ? SL_INVOKE_ON_SUCCESS : SL_INVOKE_ON_ERROR)) != 0;
}

/* What the I/O manager had set up for the requester's buffers is undone; data that was read is copied to him.
 */
static void finish_buffers(PIRP irp)
{
    PMDL mdl = irp->MdlAddress;

    if ((irp->Flags & IRP_BUFFERED_IO) != 0) {
        if ((irp->Flags & IRP_INPUT_OPERATION) != 0 && !NT_ERROR(irp->IoStatus.Status) &&
            irp->UserBuffer != NULL && irp->IoStatus.Information != 0)
            memcpy(irp->UserBuffer, irp->AssociatedIrp.SystemBuffer, irp->IoStatus.Information);
        if ((irp->Flags & IRP_DEALLOCATE_BUFFER) != 0)
            ExFreePool(irp->AssociatedIrp.SystemBuffer);
    }
    irp->Flags &= ~(ULONG)(IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER);
    irp->MdlAddress = NULL;
    while (mdl != NULL) {
        PMDL next = mdl->Next;
        if ((mdl->MdlFlags & MDL_PAGES_LOCKED) != 0 && (mdl->MdlFlags & MDL_PARTIAL) == 0)
            MmUnlockPages(mdl);
        IoFreeMdl(mdl);
        mdl = next;
    }
}

static void finish_associated(PIRP irp)
{
    PIRP master = irp->AssociatedIrp.MasterIrp;

    finish_buffers(irp);
    IoFreeIrp(irp);
    if (InterlockedDecrement(&master->AssociatedIrp.IrpCount) == 0)
        IofCompleteRequest(master, IO_NO_INCREMENT);
}

/* Who built a request that fails at once knows it from IoCallDriver; event and status block may stay as they
 * are. */
static bool tells_requester(struct emu_machine *m, const IRP *irp)
{
    if (irp->PendingReturned || !NT_ERROR(irp->IoStatus.Status))
        return true;
    return irp->UserEvent == NULL || emu_latitude(m, HAL_OP_IO_COMPLETE, 2) == 0;
}

/* Every driver has seen it; the I/O manager's own part. */
static void finish(struct emu_machine *m, PIRP irp)
{
    if ((irp->Flags & IRP_ASSOCIATED_IRP) != 0) {
        finish_associated(irp);
        return;
    }
    if (irp->Tail.Overlay.Thread == NULL) {
        uint64_t parameters[4] = {(uintptr_t)irp, 0, 0, 0};
        char name[IO_NAME_BYTES];
        emu_finding_raise(
            m, "IO-COMPLETE-9", NULL, parameters,
            "%s, which a driver allocated, reached the I/O manager: no completion routine took it "
            "back with STATUS_MORE_PROCESSING_REQUIRED",
            io_irp_tell(m, irp, name));
    }
    finish_buffers(irp);
    PKEVENT event = irp->UserEvent;
    bool told = tells_requester(m, irp);
    if (irp->UserIosb != NULL && told)
        *irp->UserIosb = irp->IoStatus;
    IoFreeIrp(irp);
    if (event != NULL && told)
        KeSetEvent(event, IO_NO_INCREMENT, FALSE);
}

/* The completion routine has answered that the way up goes on: the IRP is still there, and where it was. */
static void check_answered(struct emu_machine *m, const IRP *irp, int current)
{
    uint64_t parameters[4] = {(uintptr_t)irp, 0, 0, 0};
    char name[IO_NAME_BYTES];

    if (irp->Type != IO_TYPE_IRP)
        emu_finding_raise(m, "IO-COMPLETE-11", NULL, parameters,
                          "a completion routine freed %s and did not return STATUS_MORE_PROCESSING_REQUIRED",
                          io_irp_tell(m, irp, name));
    io_irp_require_at(m, irp, current, current, "a completion routine left");
}

VOID IofCompleteRequest(PIRP Irp, CCHAR PriorityBoost)
{
    struct emu_machine *m = emu_current();
    struct hal_kernel *k = hal_kernel();
    PIRP irp = Irp;

    (void)PriorityBoost; /* thread priorities do not change with I/O */
    if (emu_level(m) > EMU_LEVEL_DISPATCH)
        emu_finding_raise(m, "IO-COMPLETE-8", "0xC9/0E",
                          (const uint64_t[4]){emu_level(m), (uintptr_t)irp, 0, 0},
                          "IoCompleteRequest was called at IRQL %u", emu_level(m));
    if (irp == NULL)
        no_irp(m, "IoCompleteRequest", "IO-COMPLETE-1", "0x44");
    emu_step(m, HAL_OP_IO_COMPLETE, irp_object(m, irp), (uint32_t)irp->IoStatus.Status);
    emu_touch(m, cancel_object(m, irp), EMU_ACCESS_READ);
    check_completion(m, irp);
    if (io_irp_is_lost(k, irp, "IoCompleteRequest was called for"))
        return;
    if ((irp->AllocationFlags & IO_IRP_SYSTEMS) == 0)
        emu_deed_note(m, irp, "completed");
    emu_progress(m);

    const int highest = irp->StackCount;
    for (int number = irp->CurrentLocation; number <= highest; number++) {
        PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
        bool last = number == highest;
        irp->CurrentLocation++;
        irp->Tail.Overlay.CurrentStackLocation++;
        io_call_passed(k, irp, location);
        irp->AllocationFlags |= IO_IRP_PASSED;
        irp->PendingReturned = (location->Control & SL_PENDING_RETURNED) != 0;
        if (wants_call(location, irp)) {
            PIO_COMPLETION_ROUTINE routine = location->CompletionRoutine;
            PVOID context = location->Context;
            PDEVICE_OBJECT device = last ? NULL : IoGetCurrentIrpStackLocation(irp)->DeviceObject;
            clear_location(location);
            bool spared = emu_spare(m, false);
            NTSTATUS answer = routine(device, irp, context);
            emu_spare(m, spared);
            if (answer == STATUS_MORE_PROCESSING_REQUIRED)
                return;
            check_answered(m, irp, number + 1);
        } else {
            if (irp->PendingReturned && !last)
                IoMarkIrpPending(irp);
            clear_location(location);
        }
    }
    finish(m, irp);
}

/* ---- Cancelling -------------------------------------------------------------------------------------------
 */

VOID IoAcquireCancelSpinLock(PKIRQL Irql)
{
    *Irql = KeAcquireSpinLockRaiseToDpc(&hal_kernel()->io.cancel_lock);
}

VOID IoReleaseCancelSpinLock(KIRQL Irql)
{
    KeReleaseSpinLock(&hal_kernel()->io.cancel_lock, Irql);
}

PDRIVER_CANCEL haldma_IoSetCancelRoutine(PIRP Irp, PDRIVER_CANCEL CancelRoutine)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, "IoSetCancelRoutine");
    struct emu_machine *m = emu_current();

    if (Irp == NULL)
        no_irp(m, "IoSetCancelRoutine", "IO-CANCEL-7", NULL);
    emu_step(m, HAL_OP_IO_SET_CANCEL, cancel_object(m, Irp), 0);
    emu_touch(m, irp_object(m, Irp), EMU_ACCESS_READ);
    if (CancelRoutine != NULL) /* NULL asks who won; what comes of the answer is told */
        io_irp_is_lost(hal_kernel(), Irp, "IoSetCancelRoutine was called for");
    PDRIVER_CANCEL old = Irp->CancelRoutine;
    Irp->CancelRoutine = CancelRoutine;
    return old;
}

BOOLEAN IoCancelIrp(PIRP Irp)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    struct emu_machine *m = emu_current();
    char name[IO_NAME_BYTES];
    KIRQL irql;

    if (Irp == NULL)
        no_irp(m, "IoCancelIrp", "IO-CANCEL-7", NULL);
    uint32_t locks = emu_level(m) >= EMU_LEVEL_DISPATCH ? ke_spinlocks_held() : 0;
    IoAcquireCancelSpinLock(&irql);
    emu_step(m, HAL_OP_IO_CANCEL, cancel_object(m, Irp), 0);
    emu_touch(m, irp_object(m, Irp), EMU_ACCESS_READ);
    if (Irp->Type != IO_TYPE_IRP) {
        uint64_t parameters[4] = {(uintptr_t)Irp, 0, 0, 0};
        emu_finding_raise(m, "IO-CANCEL-5", NULL, parameters,
                          "IoCancelIrp was called for %s, which is no IRP, or was freed before",
                          io_irp_tell(m, Irp, name));
    }
    Irp->Cancel = TRUE;
    PDRIVER_CANCEL routine = IoSetCancelRoutine(Irp, NULL);
    if (routine == NULL) {
        IoReleaseCancelSpinLock(irql);
        return FALSE;
    }
    if (Irp->CurrentLocation > Irp->StackCount) {
        uint64_t parameters[4] = {(uintptr_t)Irp, (uintptr_t)routine, 0, 0};
        emu_finding_raise(m, "IO-CANCEL-6", "0x48", parameters,
                          "IoCancelIrp found a cancel routine in %s, which is already completed",
                          io_irp_tell(m, Irp, name));
    }
    io_irp_require_at(m, Irp, 1, Irp->StackCount, "IoCancelIrp found");
    Irp->CancelIrql = irql;
    bool spared = emu_spare(m, false);
    routine(IoGetCurrentIrpStackLocation(Irp)->DeviceObject, Irp);
    emu_spare(m, spared);
    if (emu_level(m) >= EMU_LEVEL_DISPATCH)
        ke_spinlocks_require(m, locks, "a cancel routine", KE_CODE_SPIN_LOCK);
    return TRUE;
}
