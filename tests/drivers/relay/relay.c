/*
 * relay: a driver for the copier with a watchdog, and with a race that only a customer ever saw.
 *
 * Written as for the WDK, in the StartIo style. It serves IRP_MJ_WRITE with direct I/O, prints what it does,
 * and gives a transfer that takes too long up: the watchdog resets the device and completes the request with
 * STATUS_IO_TIMEOUT.
 *
 * The race: when the watchdog fires, the transfer may have ended after all, and the DPC of its interrupt may
 * be waiting on another processor. The watchdog starts the next request, and then that DPC takes the request
 * that it finds for the one that it was queued for. RELAY_MENDED has the ISR note which transfer ended, and
 * reads back after the reset: until the write has arrived the device goes on with what is flushed by then.
 */
#include <wdm.h>

/* Registers of the copier, byte offsets. */
#define RELAY_CONTROL        0x04
#define RELAY_STATUS         0x08
#define RELAY_INTERRUPT_TAKE 0x10
#define RELAY_DOORBELL       0x14
#define RELAY_ADDRESS_LOW    0x18
#define RELAY_ADDRESS_HIGH   0x1C
#define RELAY_LENGTH         0x20
#define RELAY_OFFSET         0x24

#define RELAY_CONTROL_INTERRUPTS 0x1
#define RELAY_CONTROL_RESET      0x2
#define RELAY_FROM_MEMORY        1

#define RELAY_MAXIMUM_LENGTH (16 * 1024)
#define RELAY_PIECES         (RELAY_MAXIMUM_LENGTH / PAGE_SIZE + 1)
#define RELAY_PATIENCE       (-10LL * 10) /* 10 us, in units of 100 ns */

typedef struct _RELAY_EXTENSION {
    PDEVICE_OBJECT Self;
    PDEVICE_OBJECT Pdo;
    PDEVICE_OBJECT Lower;

    PUCHAR Registers;
    ULONG RegistersLength;
    PKINTERRUPT Interrupt;
    PDMA_ADAPTER Adapter;
    ULONG MapRegisters;

    KTIMER Watchdog;
    KDPC WatchdogDpc;

    KSPIN_LOCK Lock; /* protects what follows */
    PIRP Irp;        /* whose transfer goes on, or NULL */
    ULONG Sequence;  /* of that transfer */
    ULONG Length;
    ULONG Allocated; /* map registers */
    PVOID MapRegisterBase;
    UCHAR TransferContext[DMA_TRANSFER_CONTEXT_SIZE_V1];

    ULONG Ended; /* sequence of the transfer that last interrupted; from the ISR to the DPC */
} RELAY_EXTENSION, *PRELAY_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD RelayUnload;
DRIVER_ADD_DEVICE RelayAddDevice;
_Dispatch_type_(IRP_MJ_PNP) DRIVER_DISPATCH RelayPnp;
_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH RelayWrite;
DRIVER_STARTIO RelayStartIo;
DRIVER_CONTROL RelayAdapterControl;
KSERVICE_ROUTINE RelayIsr;
IO_DPC_ROUTINE RelayDpc;
KDEFERRED_ROUTINE RelayWatchdog;

static VOID RelayComplete(PIRP Irp, NTSTATUS Status, ULONG Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

/* ---- A transfer ------------------------------------------------------------------------------------------
 */

NTSTATUS RelayWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG length = Irp->MdlAddress != NULL ? MmGetMdlByteCount(Irp->MdlAddress) : 0;

    if (length == 0 || length > RELAY_MAXIMUM_LENGTH) {
        RelayComplete(Irp, STATUS_INVALID_PARAMETER, 0);
        return STATUS_INVALID_PARAMETER;
    }
    DbgPrint("relay: write of %lu bytes\n", length);
    IoMarkIrpPending(Irp);
    IoStartPacket(DeviceObject, Irp, NULL, NULL);
    return STATUS_PENDING;
}

VOID RelayStartIo(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRELAY_EXTENSION extension = (PRELAY_EXTENSION)DeviceObject->DeviceExtension;
    PDMA_OPERATIONS operations = extension->Adapter->DmaOperations;
    NTSTATUS status;

    extension->Length = MmGetMdlByteCount(Irp->MdlAddress);
    extension->Allocated =
        ADDRESS_AND_SIZE_TO_SPAN_PAGES(MmGetMdlVirtualAddress(Irp->MdlAddress), extension->Length);
    operations->InitializeDmaTransferContext(extension->Adapter, extension->TransferContext);
    status =
        operations->AllocateAdapterChannelEx(extension->Adapter, DeviceObject, extension->TransferContext,
                                             extension->Allocated, 0, RelayAdapterControl, Irp, NULL);
    if (!NT_SUCCESS(status)) {
        RelayComplete(Irp, status, 0);
        IoStartNextPacket(DeviceObject, FALSE);
    }
}

/* Maps all of the request, tells the device, and sets the watchdog. */
IO_ALLOCATION_ACTION RelayAdapterControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                         PVOID Context)
{
    PRELAY_EXTENSION extension = (PRELAY_EXTENSION)DeviceObject->DeviceExtension;
    PIRP irp = (PIRP)Context;
    ULONGLONG buffer[(sizeof(SCATTER_GATHER_LIST) + RELAY_PIECES * sizeof(SCATTER_GATHER_ELEMENT)) /
                     sizeof(ULONGLONG)];
    PSCATTER_GATHER_LIST pieces = (PSCATTER_GATHER_LIST)buffer;
    LARGE_INTEGER patience;
    ULONG mapped = extension->Length;
    NTSTATUS status;
    ULONG i;

    UNREFERENCED_PARAMETER(CurrentIrp);

    status = extension->Adapter->DmaOperations->MapTransferEx(extension->Adapter, irp->MdlAddress,
                                                              MapRegisterBase, 0, 0, &mapped, TRUE, pieces,
                                                              sizeof(buffer), NULL, NULL);
    if (!NT_SUCCESS(status)) {
        RelayComplete(irp, status, 0);
        IoStartNextPacket(DeviceObject, FALSE);
        return DeallocateObject;
    }

    KeAcquireSpinLockAtDpcLevel(&extension->Lock);
    extension->Irp = irp;
    extension->Length = mapped;
    extension->MapRegisterBase = MapRegisterBase;
    extension->Sequence++;
    DbgPrint("relay: transfer %lu begins, %lu bytes\n", extension->Sequence, mapped);
    WRITE_REGISTER_ULONG((PULONG)(extension->Registers + RELAY_OFFSET),
                         IoGetCurrentIrpStackLocation(irp)->Parameters.Write.ByteOffset.LowPart);
    for (i = 0; i < pieces->NumberOfElements; i++) {
        WRITE_REGISTER_ULONG((PULONG)(extension->Registers + RELAY_ADDRESS_LOW),
                             pieces->Elements[i].Address.LowPart);
        WRITE_REGISTER_ULONG((PULONG)(extension->Registers + RELAY_ADDRESS_HIGH),
                             (ULONG)pieces->Elements[i].Address.HighPart);
        WRITE_REGISTER_ULONG((PULONG)(extension->Registers + RELAY_LENGTH), pieces->Elements[i].Length);
    }
    WRITE_REGISTER_ULONG((PULONG)(extension->Registers + RELAY_DOORBELL), RELAY_FROM_MEMORY);
    patience.QuadPart = RELAY_PATIENCE;
    KeSetTimer(&extension->Watchdog, patience, &extension->WatchdogDpc);
    KeReleaseSpinLockFromDpcLevel(&extension->Lock);
    return DeallocateObjectKeepRegisters;
}

/* Takes the transfer that goes on, with the lock held; NULL: there is none. */
static PIRP RelayTake(PRELAY_EXTENSION Extension)
{
    PDMA_OPERATIONS operations = Extension->Adapter->DmaOperations;
    PIRP irp = Extension->Irp;

    if (irp != NULL) {
        Extension->Irp = NULL;
        KeCancelTimer(&Extension->Watchdog);
        operations->FlushAdapterBuffersEx(Extension->Adapter, irp->MdlAddress, Extension->MapRegisterBase, 0,
                                          Extension->Length, TRUE);
        if (Extension->MapRegisterBase != NULL) {
            operations->FreeMapRegisters(Extension->Adapter, Extension->MapRegisterBase,
                                         Extension->Allocated);
        }
    }
    return irp;
}

static BOOLEAN RelayTakeEnded(PVOID Context)
{
    PRELAY_EXTENSION extension = (PRELAY_EXTENSION)Context;
    BOOLEAN mine = extension->Ended == extension->Sequence;

    extension->Ended = 0;
    return mine;
}

static VOID RelayReset(PRELAY_EXTENSION Extension)
{
    WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + RELAY_CONTROL), RELAY_CONTROL_RESET);
    WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + RELAY_CONTROL), RELAY_CONTROL_INTERRUPTS);
#ifdef RELAY_MENDED
    (VOID) READ_REGISTER_ULONG((PULONG)(Extension->Registers + RELAY_STATUS));
#endif
}

BOOLEAN RelayIsr(PKINTERRUPT Interrupt, PVOID ServiceContext)
{
    PRELAY_EXTENSION extension = (PRELAY_EXTENSION)ServiceContext;

    UNREFERENCED_PARAMETER(Interrupt);

    if (READ_REGISTER_ULONG((PULONG)(extension->Registers + RELAY_INTERRUPT_TAKE)) == 0) {
        return FALSE;
    }
    extension->Ended = extension->Sequence;
    IoRequestDpc(extension->Self, NULL, NULL);
    return TRUE;
}

/* The device says that a transfer ended. */
VOID RelayDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PRELAY_EXTENSION extension = (PRELAY_EXTENSION)DeviceObject->DeviceExtension;
    ULONG sequence;
    ULONG length;
    PIRP irp = NULL;
    BOOLEAN mine;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);

    KeAcquireSpinLockAtDpcLevel(&extension->Lock);
    mine = KeSynchronizeExecution(extension->Interrupt, RelayTakeEnded, extension);
#ifndef RELAY_MENDED
    mine = TRUE;
#endif
    if (mine) {
        irp = RelayTake(extension);
    }
    sequence = extension->Sequence;
    length = extension->Length;
    KeReleaseSpinLockFromDpcLevel(&extension->Lock);

    if (irp != NULL) {
        DbgPrint("relay: transfer %lu is done\n", sequence);
        RelayComplete(irp, STATUS_SUCCESS, length);
        IoStartNextPacket(DeviceObject, FALSE);
    }
}

/* A transfer takes too long. */
VOID RelayWatchdog(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PRELAY_EXTENSION extension = (PRELAY_EXTENSION)DeferredContext;
    ULONG sequence;
    PIRP irp;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);

    KeAcquireSpinLockAtDpcLevel(&extension->Lock);
    if (extension->Irp != NULL) {
        RelayReset(extension);
    }
    irp = RelayTake(extension);
    sequence = extension->Sequence;
    KeReleaseSpinLockFromDpcLevel(&extension->Lock);

    if (irp != NULL) {
        DbgPrint("relay: transfer %lu takes too long, device reset\n", sequence);
        RelayComplete(irp, STATUS_IO_TIMEOUT, 0);
        IoStartNextPacket(extension->Self, FALSE);
    }
}

/* ---- Plug and play ---------------------------------------------------------------------------------------
 */

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);

    DriverObject->DriverExtension->AddDevice = RelayAddDevice;
    DriverObject->DriverUnload = RelayUnload;
    DriverObject->DriverStartIo = RelayStartIo;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = RelayWrite;
    DriverObject->MajorFunction[IRP_MJ_PNP] = RelayPnp;
    return STATUS_SUCCESS;
}

VOID RelayUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS RelayAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    PDEVICE_OBJECT device;
    PRELAY_EXTENSION extension;
    NTSTATUS status;

    status =
        IoCreateDevice(DriverObject, sizeof(RELAY_EXTENSION), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    extension = (PRELAY_EXTENSION)device->DeviceExtension;
    extension->Self = device;
    extension->Pdo = PhysicalDeviceObject;
    KeInitializeSpinLock(&extension->Lock);
    KeInitializeTimer(&extension->Watchdog);
    KeInitializeDpc(&extension->WatchdogDpc, RelayWatchdog, extension);
    IoInitializeDpcRequest(device, RelayDpc);
    extension->Lower = IoAttachDeviceToDeviceStack(device, PhysicalDeviceObject);
    if (extension->Lower == NULL) {
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    device->Flags |= DO_DIRECT_IO;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID RelayStop(PRELAY_EXTENSION Extension)
{
    KeCancelTimer(&Extension->Watchdog);
    if (Extension->Interrupt != NULL) {
        WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + RELAY_CONTROL), RELAY_CONTROL_RESET);
        IoDisconnectInterrupt(Extension->Interrupt);
        Extension->Interrupt = NULL;
    }
    KeFlushQueuedDpcs();
    if (Extension->Adapter != NULL) {
        Extension->Adapter->DmaOperations->PutDmaAdapter(Extension->Adapter);
        Extension->Adapter = NULL;
    }
    if (Extension->Registers != NULL) {
        MmUnmapIoSpace(Extension->Registers, Extension->RegistersLength);
        Extension->Registers = NULL;
    }
}

static NTSTATUS RelayStart(PRELAY_EXTENSION Extension, PCM_PARTIAL_RESOURCE_LIST List)
{
    PCM_PARTIAL_RESOURCE_DESCRIPTOR interrupt = NULL;
    DEVICE_DESCRIPTION description;
    NTSTATUS status;
    ULONG i;

    for (i = 0; i < List->Count; i++) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR part = &List->PartialDescriptors[i];

        if (part->Type == CmResourceTypeMemory) {
            Extension->RegistersLength = part->u.Memory.Length;
            Extension->Registers =
                (PUCHAR)MmMapIoSpace(part->u.Memory.Start, part->u.Memory.Length, MmNonCached);
        } else if (part->Type == CmResourceTypeInterrupt) {
            interrupt = part;
        }
    }
    if (Extension->Registers == NULL || interrupt == NULL) {
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }

    RtlZeroMemory(&description, sizeof(description));
    description.Version = DEVICE_DESCRIPTION_VERSION3;
    description.Master = TRUE;
    description.ScatterGather = TRUE;
    description.InterfaceType = PCIBus;
    description.MaximumLength = RELAY_MAXIMUM_LENGTH;
    description.DmaAddressWidth = 64;
    Extension->Adapter = IoGetDmaAdapter(Extension->Pdo, &description, &Extension->MapRegisters);
    if (Extension->Adapter == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }

    status =
        IoConnectInterrupt(&Extension->Interrupt, RelayIsr, Extension, NULL, interrupt->u.Interrupt.Vector,
                           (KIRQL)interrupt->u.Interrupt.Level, (KIRQL)interrupt->u.Interrupt.Level,
                           LevelSensitive, TRUE, interrupt->u.Interrupt.Affinity, FALSE);
    if (NT_SUCCESS(status)) {
        WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + RELAY_CONTROL), RELAY_CONTROL_INTERRUPTS);
    }
    return status;
}

NTSTATUS RelayPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRELAY_EXTENSION extension = (PRELAY_EXTENSION)DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PDEVICE_OBJECT lower = extension->Lower;
    NTSTATUS status;

    switch (stack->MinorFunction) {
    case IRP_MN_START_DEVICE: /* the bus driver of a PCI device has nothing to do first */
        status =
            stack->Parameters.StartDevice.AllocatedResourcesTranslated == NULL
                ? STATUS_DEVICE_CONFIGURATION_ERROR
                : RelayStart(extension, &stack->Parameters.StartDevice.AllocatedResourcesTranslated->List[0]
                                             .PartialResourceList);
        if (!NT_SUCCESS(status)) {
            RelayStop(extension);
        }
        RelayComplete(Irp, status, 0);
        return status;

    case IRP_MN_REMOVE_DEVICE:
        RelayStop(extension);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        IoSkipCurrentIrpStackLocation(Irp);
        status = IoCallDriver(lower, Irp);
        IoDetachDevice(lower);
        IoDeleteDevice(DeviceObject);
        return status;

    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;

    default:
        break;
    }
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(lower, Irp);
}
