/*
 * What the drivers of docs/mistakes.md share, beside what they have of the races' drivers
 * (../races/race_driver.h): each is one file with one mistake, built twice; with MENDED it is right.
 */
#pragma once
#include "race_driver.h"

/* An extension with room for what a mistake needs besides. */
typedef struct _MISTAKE_DEVICE {
    RACE_DEVICE Race;
    UCHAR Other[DMA_TRANSFER_CONTEXT_SIZE_V1];
    KSPIN_LOCK Second;
    PVOID Memory;
    PMDL Mdl;
    KEVENT Event;
} MISTAKE_DEVICE, *PMISTAKE_DEVICE;

#define MISTAKE_TAG 'tsiM'

/* Requests of drivers that transfer nothing end with STATUS_CANCELLED. */

/* The IRP as Context: completes it, and needs the adapter no more. */
static inline IO_ALLOCATION_ACTION MistakeDone(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp,
                                               PVOID MapRegisterBase, PVOID Context)
{
    PIRP irp = (PIRP)Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(CurrentIrp);
    UNREFERENCED_PARAMETER(MapRegisterBase);
    RaceComplete(irp, STATUS_CANCELLED, 0);
    return DeallocateObject;
}

/* A dispatch routine that completes its IRP at once. */
static inline NTSTATUS MistakeFinish(PIRP Irp)
{
    RaceComplete(Irp, STATUS_CANCELLED, 0);
    return STATUS_CANCELLED;
}

/* Asks for a register with this context; AdapterControl, which is MistakeDone() or of its kind, ends the IRP.
 * FALSE: it will not be called. */
static inline BOOLEAN MistakeAsk(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID TransferContext,
                                 PDRIVER_CONTROL AdapterControl)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    KIRQL irql;
    NTSTATUS status;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = device->Adapter->DmaOperations->AllocateAdapterChannelEx(
        device->Adapter, DeviceObject, TransferContext, 1, 0, AdapterControl, Irp, NULL);
    KeLowerIrql(irql);
    return NT_SUCCESS(status);
}

/* The same for an IRP that has nothing else to be given back. */
static inline NTSTATUS MistakeAllocate(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID TransferContext,
                                       PDRIVER_CONTROL AdapterControl)
{
    if (!MistakeAsk(DeviceObject, Irp, TransferContext, AdapterControl)) {
        RaceComplete(Irp, STATUS_CANCELLED, 0);
    }
    return STATUS_PENDING;
}

/* Locks the MDL's pages. FALSE: they cannot be locked, and the MDL is freed. */
static DECLSPEC_NOINLINE BOOLEAN MistakeLock(PMDL Mdl, LOCK_OPERATION Operation)
{
    volatile BOOLEAN locked = TRUE;

    __try {
        MmProbeAndLockPages(Mdl, KernelMode, Operation);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        locked = FALSE;
    }
    if (!locked) {
        IoFreeMdl(Mdl);
    }
    return locked;
}

/* Maps what the MDL in the extension describes, one page at most, and starts the card; and flushes it. */
static inline NTSTATUS MistakeStage(PMISTAKE_DEVICE Device, PIRP Irp)
{
    PRACE_DEVICE race = &Device->Race;
    RACE_LIST pieces;
    NTSTATUS status;

    race->Mapped = MmGetMdlByteCount(Device->Mdl);
    status = race->Adapter->DmaOperations->MapTransferEx(race->Adapter, Device->Mdl, race->MapRegisterBase, 0,
                                                         0, &race->Mapped, race->Write, &pieces.List,
                                                         sizeof(pieces), NULL, NULL);
    if (NT_SUCCESS(status)) {
        KeAcquireSpinLockAtDpcLevel(&race->Lock);
        race->Irp = Irp;
        RaceProgram(race, &pieces.List);
        KeReleaseSpinLockFromDpcLevel(&race->Lock);
    }
    return status;
}

/* The same with an MDL of the driver's own over the IRP's buffer. FALSE: it is freed, and the request ended.
 */
static inline BOOLEAN MistakeStageOwn(PMISTAKE_DEVICE Device, PIRP Irp)
{
    PVOID start = MmGetMdlVirtualAddress(Irp->MdlAddress);

    Device->Mdl = IoAllocateMdl(start, Device->Race.Length, FALSE, FALSE, NULL);
    if (Device->Mdl != NULL) {
        IoBuildPartialMdl(Irp->MdlAddress, Device->Mdl, start, Device->Race.Length);
        if (NT_SUCCESS(MistakeStage(Device, Irp))) {
            return TRUE;
        }
        IoFreeMdl(Device->Mdl);
    }
    RaceEnd(&Device->Race, Irp, STATUS_CANCELLED);
    return FALSE;
}

static inline VOID MistakeFlush(PMISTAKE_DEVICE Device)
{
    PRACE_DEVICE race = &Device->Race;

    race->Adapter->DmaOperations->FlushAdapterBuffersEx(race->Adapter, Device->Mdl, race->MapRegisterBase, 0,
                                                        race->Mapped, race->Write);
}
