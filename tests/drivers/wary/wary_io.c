/*
 * Reads: StartIo, interrupt, DPC, watchdog. Whoever learns that a transfer is over calls WaryLook().
 */
#include "wary.h"

NTSTATUS WaryRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    IoMarkIrpPending(Irp);
    IoStartPacket(DeviceObject, Irp, NULL, NULL);
    return STATUS_PENDING;
}

static ULONG WaryGet(PWARY_EXTENSION Extension, ULONG Register)
{
    return READ_REGISTER_ULONG((PULONG)(Extension->Registers + Register));
}

static VOID WaryPut(PWARY_EXTENSION Extension, ULONG Register, ULONG Value)
{
    WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + Register), Value);
}

static VOID WaryPrepare(PWARY_EXTENSION Extension)
{
    WaryPut(Extension, WARY_LIST_LOW, Extension->SharedAddress.LowPart);
    WaryPut(Extension, WARY_LIST_HIGH, (ULONG)Extension->SharedAddress.HighPart);
    WaryPut(Extension, WARY_LIST_LENGTH, WARY_PIECES);
    WaryPut(Extension, WARY_CONTROL, WARY_CONTROL_INTERRUPTS | WARY_CONTROL_WRITE_BACK);
}

static VOID WaryArm(PWARY_EXTENSION Extension)
{
#if WARY_BUG != WARY_NO_WATCHDOG && WARY_BUG != WARY_TRUSTS_ONCE && WARY_BUG != WARY_FORGETS_IRP
    LARGE_INTEGER due;

    due.QuadPart = -10000LL * WARY_WATCHDOG_MS;
    KeSetTimer(&Extension->Watchdog, due, &Extension->WatchdogDpc);
#else
    UNREFERENCED_PARAMETER(Extension);
#endif
}

/* With the lock held. */
static VOID WaryReset(PWARY_EXTENSION Extension)
{
    WaryPut(Extension, WARY_CONTROL, WARY_CONTROL_RESET);
    WaryGet(Extension, WARY_STATUS);
#if WARY_BUG != WARY_TRUSTS_RESET
    Extension->Broken = TRUE;
#endif
}

/* How did it end? STATUS_PENDING: it did not. With the lock held. */
static NTSTATUS WaryAsk(PWARY_EXTENSION Extension, BOOLEAN Late)
{
    ULONG status = WaryGet(Extension, WARY_STATUS);

#if WARY_BUG == WARY_TRUSTS_INTERRUPT
    if (!Late) {
        return STATUS_SUCCESS;
    }
#else
    UNREFERENCED_PARAMETER(Late);
#endif
    if (status == WARY_ABSENT) {
        return STATUS_DEVICE_DOES_NOT_EXIST;
    }
    if (status & WARY_STATUS_BUSY) {
        return STATUS_PENDING;
    }
#if WARY_BUG != WARY_TRUSTS_SUCCESS
    if (!(status & WARY_STATUS_DONE)) {
        return STATUS_IO_DEVICE_ERROR;
    }
#endif
#if WARY_BUG != WARY_TRUSTS_LENGTH && WARY_BUG != WARY_TRUSTS_SUCCESS
    if (WaryGet(Extension, WARY_COUNT_LOW) != WARY_READ_BYTES) {
        return STATUS_IO_DEVICE_ERROR;
    }
#endif
    return STATUS_SUCCESS;
}

VOID WaryComplete(PWARY_EXTENSION Extension, PIRP Irp, NTSTATUS Status)
{
    ULONG moved = NT_SUCCESS(Status) ? Extension->Shared->Expected : 0;

    if (NT_SUCCESS(Status)) {
        RtlCopyMemory(MmGetMdlVirtualAddress(Irp->MdlAddress), Extension->Shared->Data, WARY_READ_BYTES);
    }
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = moved;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    IoStartNextPacket(Extension->Self, FALSE);
}

/* Is the transfer over, or is it given up? At DISPATCH_LEVEL. */
static VOID WaryLook(PWARY_EXTENSION Extension, BOOLEAN Late)
{
    NTSTATUS status = STATUS_PENDING;
    PIRP irp;

    KeAcquireSpinLockAtDpcLevel(&Extension->Lock);
    irp = Extension->Irp;
    if (irp != NULL) {
        status = WaryAsk(Extension, Late);
    }
    if (status == STATUS_PENDING && irp != NULL && Late && --Extension->Patience == 0) {
        WaryReset(Extension);
        WaryPrepare(Extension);
        status = STATUS_IO_TIMEOUT;
    }
    if (status == STATUS_PENDING && irp != NULL && Late) {
        WaryArm(Extension);
    }
#if WARY_BUG != WARY_TRUSTS_ONCE
    if (status != STATUS_PENDING) {
        Extension->Irp = NULL;
    }
#endif
    KeReleaseSpinLockFromDpcLevel(&Extension->Lock);

    if (status != STATUS_PENDING) {
        KeCancelTimer(&Extension->Watchdog);
        WaryComplete(Extension, irp, status);
    }
}

VOID WaryStartIo(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PWARY_EXTENSION extension = (PWARY_EXTENSION)DeviceObject->DeviceExtension;
    BOOLEAN broken;
    ULONG i;

    KeAcquireSpinLockAtDpcLevel(&extension->Lock);
    broken = extension->Broken || extension->Gone;
    if (broken) {
        KeReleaseSpinLockFromDpcLevel(&extension->Lock);
        WaryComplete(extension, Irp, STATUS_DEVICE_NOT_READY);
        return;
    }
    for (i = 0; i < WARY_PIECES; i++) {
        extension->Shared->List[i].Mark = 0;
    }
    extension->Shared->Expected = WARY_READ_BYTES;
    extension->Irp = Irp;
    extension->Patience = WARY_WATCHDOG_MAX;
    WaryPrepare(extension);
    WaryPut(extension, WARY_OFFSET, IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.ByteOffset.LowPart);
    WaryPut(extension, WARY_DOORBELL, WARY_TO_MEMORY);
    KeReleaseSpinLockFromDpcLevel(&extension->Lock);
#if WARY_BUG == WARY_TRUSTS_MARK
    while (((volatile WARY_DESCRIPTOR *)extension->Shared->List)[WARY_PIECES - 1].Mark == 0) {
        KeStallExecutionProcessor(1);
    }
    extension->Irp = NULL;
    WaryComplete(extension, Irp, STATUS_SUCCESS);
#elif WARY_BUG == WARY_TRUSTS_PRESENCE
    while (WaryGet(extension, WARY_STATUS) & WARY_STATUS_BUSY) {
        KeStallExecutionProcessor(1);
    }
    WaryLook(extension, FALSE);
#else
    WaryArm(extension);
#endif
}

BOOLEAN WaryIsr(PKINTERRUPT Interrupt, PVOID ServiceContext)
{
    PWARY_EXTENSION extension = (PWARY_EXTENSION)ServiceContext;
    ULONG causes = WaryGet(extension, WARY_INTERRUPT_TAKE);

    UNREFERENCED_PARAMETER(Interrupt);
#if WARY_BUG != WARY_TRUSTS_INTERRUPT
    if (causes == 0 || causes == WARY_ABSENT) {
        return FALSE;
    }
#else
    UNREFERENCED_PARAMETER(causes);
#endif
    IoRequestDpc(extension->Self, NULL, NULL);
    return TRUE;
}

VOID WaryDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    WaryLook((PWARY_EXTENSION)DeviceObject->DeviceExtension, FALSE);
}

VOID WaryWatchdog(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    WaryLook((PWARY_EXTENSION)DeferredContext, TRUE);
}
