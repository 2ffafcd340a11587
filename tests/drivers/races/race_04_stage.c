/*
 * Race 4: the completion comes on another processor while the start path still stages, and the transaction is
 * used again.
 *
 * One transaction serves one packet after the other (StartIo). AdapterControl maps, starts the card, and then
 * notes what it mapped. The card may be quicker: the DPC on another processor flushes what the transaction
 * says, which is the last packet's part, and starts the next packet, whose numbers the first AdapterControl
 * then writes over. The mended version lets a completion that comes during staging wait: whoever stages sees
 * to it.
 */
#include "race_driver.h"

typedef struct _STAGE_EXTENSION {
    RACE_DEVICE Device;
    BOOLEAN Staging;   /* AdapterControl is at work; with the lock */
    BOOLEAN Completed; /* meanwhile the card was done; with the lock */
} STAGE_EXTENSION, *PSTAGE_EXTENSION;

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH StageWrite;
DRIVER_STARTIO StageStartIo;
DRIVER_CONTROL StageAdapterControl;
IO_DPC_ROUTINE StageDpc;

NTSTATUS StageWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG length = Irp->MdlAddress != NULL ? MmGetMdlByteCount(Irp->MdlAddress) : 0;

    if (length == 0 || BYTE_OFFSET(MmGetMdlVirtualAddress(Irp->MdlAddress)) + length > PAGE_SIZE) {
        RaceComplete(Irp, STATUS_INVALID_PARAMETER, 0);
        return STATUS_INVALID_PARAMETER;
    }
    IoMarkIrpPending(Irp);
    IoStartPacket(DeviceObject, Irp, NULL, NULL);
    return STATUS_PENDING;
}

static VOID StageEnd(PRACE_DEVICE Device, PIRP Irp, NTSTATUS Status, ULONG Information)
{
    RaceComplete(Irp, Status, Information);
    IoStartNextPacket(Device->Self, FALSE);
}

VOID StageStartIo(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PDMA_OPERATIONS operations = device->Adapter->DmaOperations;
    NTSTATUS status;

    operations->InitializeDmaTransferContext(device->Adapter, device->TransferContext);
    status = operations->AllocateAdapterChannelEx(device->Adapter, DeviceObject, device->TransferContext, 1,
                                                  0, StageAdapterControl, Irp, NULL);
    if (!NT_SUCCESS(status)) {
        StageEnd(device, Irp, status, 0);
    }
}

/* The card is done with the packet. */
static VOID StageCompleted(PRACE_DEVICE Device)
{
    PDMA_OPERATIONS operations = Device->Adapter->DmaOperations;
    PIRP irp = Device->Irp;
    ULONG mapped = Device->Mapped;

    operations->FlushAdapterBuffersEx(Device->Adapter, irp->MdlAddress, Device->MapRegisterBase, 0, mapped,
                                      TRUE);
    if (Device->MapRegisterBase != NULL) {
        operations->FreeMapRegisters(Device->Adapter, Device->MapRegisterBase, 1);
    }
    StageEnd(Device, irp, STATUS_SUCCESS, mapped);
}

#ifdef RACE_MENDED
static VOID StageBegins(PSTAGE_EXTENSION Extension)
{
    KeAcquireSpinLockAtDpcLevel(&Extension->Device.Lock);
    Extension->Staging = TRUE;
    KeReleaseSpinLockFromDpcLevel(&Extension->Device.Lock);
}

static VOID StageEnds(PSTAGE_EXTENSION Extension)
{
    BOOLEAN completed;

    KeAcquireSpinLockAtDpcLevel(&Extension->Device.Lock);
    Extension->Staging = FALSE;
    completed = Extension->Completed;
    Extension->Completed = FALSE;
    KeReleaseSpinLockFromDpcLevel(&Extension->Device.Lock);
    if (completed) {
        StageCompleted(&Extension->Device);
    }
}

/* Is it for whoever stages to see to? */
static BOOLEAN StageDefers(PSTAGE_EXTENSION Extension)
{
    BOOLEAN deferred;

    KeAcquireSpinLockAtDpcLevel(&Extension->Device.Lock);
    deferred = Extension->Staging;
    Extension->Completed = deferred;
    KeReleaseSpinLockFromDpcLevel(&Extension->Device.Lock);
    return deferred;
}
#else
#define StageBegins(Extension) UNREFERENCED_PARAMETER(Extension)
#define StageEnds(Extension)   UNREFERENCED_PARAMETER(Extension)
#define StageDefers(Extension) (UNREFERENCED_PARAMETER(Extension), FALSE)
#endif

IO_ALLOCATION_ACTION StageAdapterControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                         PVOID Context)
{
    PSTAGE_EXTENSION extension = (PSTAGE_EXTENSION)DeviceObject->DeviceExtension;
    PRACE_DEVICE device = &extension->Device;
    PIRP irp = (PIRP)Context;
    RACE_LIST pieces;
    ULONG mapped = MmGetMdlByteCount(irp->MdlAddress);
    NTSTATUS status;

    UNREFERENCED_PARAMETER(CurrentIrp);

    StageBegins(extension);
    device->Irp = irp;
    device->Write = TRUE;
    device->MapRegisterBase = MapRegisterBase;
    status = device->Adapter->DmaOperations->MapTransferEx(device->Adapter, irp->MdlAddress, MapRegisterBase,
                                                           0, 0, &mapped, TRUE, &pieces.List, sizeof(pieces),
                                                           NULL, NULL);
    if (NT_SUCCESS(status)) {
        RaceProgram(device, &pieces.List);
        READ_REGISTER_ULONG(
            (PULONG)(device->Registers + RACE_STATUS)); /* so that no bridge keeps the doorbell back */
        device->Mapped = mapped;
    }
    StageEnds(extension);
    if (!NT_SUCCESS(status)) {
        StageEnd(device, irp, status, 0);
        return DeallocateObject;
    }
    return DeallocateObjectKeepRegisters;
}

VOID StageDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
{
    PSTAGE_EXTENSION extension = (PSTAGE_EXTENSION)DeviceObject->DeviceExtension;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(CurrentIrp);
    UNREFERENCED_PARAMETER(Context);

    if (!StageDefers(extension)) {
        StageCompleted(&extension->Device);
    }
}

const RACE_DRIVER RaceDriver = {.ExtensionLength = sizeof(STAGE_EXTENSION),
                                .AddressWidth = 32,
                                .ReadWrite = StageWrite,
                                .StartIo = StageStartIo,
                                .Dpc = StageDpc};
