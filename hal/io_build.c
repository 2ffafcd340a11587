/*
 * IRPs that the I/O manager builds for a driver: reads, writes, device controls.
 *
 * How the buffers travel is settled here as Windows settles it: by the target's DO_BUFFERED_IO and
 * DO_DIRECT_IO, or by the control code's method. IoCompleteRequest undoes it.
 */
#include <wdm.h>

#include <emu/choose.h>

#include "hal/ke_check.h"
#include "hal/kernel.h"
#include "hal/ops.h"
#include "hal/pool.h"

/* The tag of system buffers: "IoSB", first character in the low byte. */
#define SYSTEM_BUFFER_TAG 0x42536F49u

static PIRP new_irp(PDEVICE_OBJECT device, bool for_itself)
{
    PIRP irp = io_irp_allocate(hal_kernel(), device->StackSize, for_itself);

    if (irp != NULL)
        irp->Tail.Overlay.Thread = PsGetCurrentThread();
    return irp;
}

static bool use_system_buffer(PIRP irp, ULONG bytes)
{
    irp->AssociatedIrp.SystemBuffer = hal_pool_take(0, NonPagedPoolNx, bytes, SYSTEM_BUFFER_TAG);
    if (irp->AssociatedIrp.SystemBuffer == NULL)
        return false;
    irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    return true;
}

static bool use_mdl(PIRP irp, PVOID buffer, ULONG bytes, LOCK_OPERATION operation)
{
    PMDL mdl = IoAllocateMdl(buffer, bytes, FALSE, FALSE, irp);

    struct emu_machine *m = emu_current();

    if (mdl == NULL || emu_fault(m, HAL_OP_IO_LOCK_PAGES))
        return false; /* what locking raises ends here */
    bool spared = emu_spare(m, true);
    MmProbeAndLockPages(mdl, KernelMode, operation);
    emu_spare(m, spared);
    return true;
}

/* Gives back what a half-built IRP holds. */
static PIRP give_up(PIRP irp)
{
    if ((irp->Flags & IRP_DEALLOCATE_BUFFER) != 0)
        ExFreePoolWithTag(irp->AssociatedIrp.SystemBuffer, SYSTEM_BUFFER_TAG);
    if (irp->MdlAddress != NULL)
        IoFreeMdl(irp->MdlAddress);
    IoFreeIrp(irp);
    return NULL;
}

static bool set_up_transfer(PDEVICE_OBJECT device, PIRP irp, PVOID buffer, ULONG length, bool is_read)
{
    irp->UserBuffer = buffer;
    if (length == 0)
        return true;
    if ((device->Flags & DO_BUFFERED_IO) != 0) {
        if (!use_system_buffer(irp, length))
            return false;
        if (is_read)
            irp->Flags |= IRP_INPUT_OPERATION;
        else
            memcpy(irp->AssociatedIrp.SystemBuffer, buffer, length);
        return true;
    }
    if ((device->Flags & DO_DIRECT_IO) != 0)
        return use_mdl(irp, buffer, length, is_read ? IoWriteAccess : IoReadAccess);
    return true;
}

PIRP IoBuildAsynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer,
                                   ULONG Length, PLARGE_INTEGER StartingOffset,
                                   PIO_STATUS_BLOCK IoStatusBlock)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    PIRP irp = new_irp(DeviceObject, false);
    LARGE_INTEGER offset = {.QuadPart = 0};

    if (irp == NULL)
        return NULL;
    if (StartingOffset != NULL)
        offset = *StartingOffset;
    PIO_STACK_LOCATION location = IoGetNextIrpStackLocation(irp);
    location->MajorFunction = (UCHAR)MajorFunction;
    if (MajorFunction == IRP_MJ_READ || MajorFunction == IRP_MJ_WRITE) {
        bool is_read = MajorFunction == IRP_MJ_READ;
        if (!set_up_transfer(DeviceObject, irp, Buffer, Length, is_read))
            return give_up(irp);
        irp->Flags |= is_read ? IRP_READ_OPERATION : IRP_WRITE_OPERATION;
        if (is_read) {
            location->Parameters.Read.Length = Length;
            location->Parameters.Read.ByteOffset = offset;
        } else {
            location->Parameters.Write.Length = Length;
            location->Parameters.Write.ByteOffset = offset;
        }
    }
    irp->UserIosb = IoStatusBlock;
    return irp;
}

PIRP IoBuildSynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer,
                                  ULONG Length, PLARGE_INTEGER StartingOffset, PKEVENT Event,
                                  PIO_STATUS_BLOCK IoStatusBlock)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    PIRP irp = IoBuildAsynchronousFsdRequest(MajorFunction, DeviceObject, Buffer, Length, StartingOffset,
                                             IoStatusBlock);

    if (irp != NULL)
        irp->UserEvent = Event;
    return irp;
}

static bool set_up_control(PIRP irp, PIO_STACK_LOCATION location, ULONG code, PVOID input, ULONG input_bytes,
                           PVOID output, ULONG output_bytes)
{
    ULONG method = code & (METHOD_BUFFERED | METHOD_IN_DIRECT | METHOD_OUT_DIRECT | METHOD_NEITHER);

    if (method == METHOD_NEITHER) {
        location->Parameters.DeviceIoControl.Type3InputBuffer = input;
        irp->UserBuffer = output;
        return true;
    }
    ULONG system_bytes = method == METHOD_BUFFERED && output_bytes > input_bytes ? output_bytes : input_bytes;
    if (system_bytes != 0) {
        if (!use_system_buffer(irp, system_bytes))
            return false;
        if (input_bytes != 0)
            memcpy(irp->AssociatedIrp.SystemBuffer, input, input_bytes);
    }
    if (method == METHOD_BUFFERED) {
        irp->UserBuffer = output;
        if (output_bytes != 0)
            irp->Flags |= IRP_INPUT_OPERATION;
        return true;
    }
    return output_bytes == 0 ||
           use_mdl(irp, output, output_bytes, method == METHOD_IN_DIRECT ? IoReadAccess : IoWriteAccess);
}

PIRP IoBuildDeviceIoControlRequest(ULONG IoControlCode, PDEVICE_OBJECT DeviceObject, PVOID InputBuffer,
                                   ULONG InputBufferLength, PVOID OutputBuffer, ULONG OutputBufferLength,
                                   BOOLEAN InternalDeviceIoControl, PKEVENT Event,
                                   PIO_STATUS_BLOCK IoStatusBlock)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_IRQL_IO_PASSIVE1, __func__);
    PIRP irp = new_irp(DeviceObject, false);

    if (irp == NULL)
        return NULL;
    PIO_STACK_LOCATION location = IoGetNextIrpStackLocation(irp);
    location->MajorFunction =
        InternalDeviceIoControl ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL;
    location->Parameters.DeviceIoControl.IoControlCode = IoControlCode;
    location->Parameters.DeviceIoControl.InputBufferLength = InputBufferLength;
    location->Parameters.DeviceIoControl.OutputBufferLength = OutputBufferLength;
    if (!set_up_control(irp, location, IoControlCode, InputBuffer, InputBufferLength, OutputBuffer,
                        OutputBufferLength))
        return give_up(irp);
    irp->UserEvent = Event;
    irp->UserIosb = IoStatusBlock;
    return irp;
}

NTSTATUS io_send_and_wait(PDEVICE_OBJECT device, const IO_STACK_LOCATION *location, NTSTATUS initial,
                          ULONG_PTR *information)
{
    PIRP irp = new_irp(device, true);
    IO_STATUS_BLOCK status_block = {.Status = STATUS_SUCCESS};
    KEVENT done;

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = location->MajorFunction;
    next->MinorFunction = location->MinorFunction;
    next->Parameters = location->Parameters;
    next->FileObject = location->FileObject;
    irp->IoStatus.Status = initial;
    irp->IoStatus.Information = information != NULL ? *information : 0;
    irp->UserEvent = &done;
    irp->UserIosb = &status_block;
    NTSTATUS status = IofCallDriver(device, irp);
    if (status == STATUS_PENDING)
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    if (information != NULL)
        *information = status_block.Information;
    return status_block.Status;
}
