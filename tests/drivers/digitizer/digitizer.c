/*
 * A WDM driver for an ISA card that has no DMA of its own: what it measures comes through a channel of the
 * PC's DMA controllers, and the card interrupts at the terminal count.
 *
 * IRP_MJ_READ is served synchronously, at PASSIVE_LEVEL, into a common buffer that has room behind what is
 * read. One read at a time: a mutex keeps the others out.
 *
 * One source, several drivers: DIGITIZER_BUG says what it trusts the controllers with. Without it the driver
 * believes nothing: it has a watchdog, stops the card before the channel, asks the counter before it believes
 * an interrupt, does not use a channel again that did not come to its end, and is ready for the card's being
 * pulled out.
 */
#include <wdm.h>

#define DIGITIZER_NOTHING          0 /* mended */
#define DIGITIZER_TRUSTS_INTERRUPT 1 /* an interrupt is the end of the transfer */
#define DIGITIZER_NO_WATCHDOG      2 /* the interrupt comes */
#define DIGITIZER_TRUSTS_BOUNDS    3 /* nothing is written behind the buffer, which is the reader's */
#define DIGITIZER_TRUSTS_MASK      4 /* a channel that is masked is at rest: the card may go on */

#ifndef DIGITIZER_BUG
#define DIGITIZER_BUG DIGITIZER_NOTHING
#endif
#define DIGITIZER_READERS_BUFFER \
    (DIGITIZER_BUG == DIGITIZER_TRUSTS_BOUNDS || DIGITIZER_BUG == DIGITIZER_TRUSTS_MASK)

/* Ports. */
#define DIGITIZER_CONTROL 0 /* written: 1 measures, 0 stops */
#define DIGITIZER_STATUS  1 /* read: 1 the terminal count came, which reading forgets */
#define DIGITIZER_ABSENT  0xFF

#define DIGITIZER_MAXIMUM_LENGTH (PAGE_SIZE / 2) /* of a read */
#define DIGITIZER_PATIENCE       (-10 * 10000)   /* 10 ms */

typedef struct _DIGITIZER_EXTENSION {
    PDEVICE_OBJECT Pdo;
    PDEVICE_OBJECT Lower;
    PUCHAR Port;
    PDMA_ADAPTER Adapter;
    PUCHAR Buffer;
    PHYSICAL_ADDRESS BufferAddress;
    PMDL BufferMdl;
    PKINTERRUPT Interrupt;
    KDPC Dpc;
    FAST_MUTEX Mutex;
    KEVENT Granted;
    KEVENT Measured;
    PVOID MapRegisterBase;
    BOOLEAN Broken; /* the channel did not come to its end: the buffer may still be written */
    BOOLEAN Gone;   /* IRP_MN_SURPRISE_REMOVAL has come */
} DIGITIZER_EXTENSION, *PDIGITIZER_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_ADD_DEVICE DigitizerAddDevice;
DRIVER_UNLOAD DigitizerUnload;
_Dispatch_type_(IRP_MJ_PNP) DRIVER_DISPATCH DigitizerPnp;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH DigitizerCreateClose;
_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH DigitizerRead;
DRIVER_CONTROL DigitizerAdapterControl;
KSERVICE_ROUTINE DigitizerIsr;
KDEFERRED_ROUTINE DigitizerDpc;

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverExtension->AddDevice = DigitizerAddDevice;
    DriverObject->DriverUnload = DigitizerUnload;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = DigitizerCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = DigitizerCreateClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = DigitizerRead;
    DriverObject->MajorFunction[IRP_MJ_PNP] = DigitizerPnp;
    return STATUS_SUCCESS;
}

VOID DigitizerUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS DigitizerAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    PDIGITIZER_EXTENSION extension;
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(DriverObject, sizeof(DIGITIZER_EXTENSION), NULL, FILE_DEVICE_UNKNOWN, 0,
                                     FALSE, &device);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    extension = (PDIGITIZER_EXTENSION)device->DeviceExtension;
    RtlZeroMemory(extension, sizeof(DIGITIZER_EXTENSION));
    ExInitializeFastMutex(&extension->Mutex);
    KeInitializeEvent(&extension->Granted, SynchronizationEvent, FALSE);
    KeInitializeEvent(&extension->Measured, SynchronizationEvent, FALSE);
    KeInitializeDpc(&extension->Dpc, DigitizerDpc, extension);
    extension->Pdo = PhysicalDeviceObject;
    extension->Lower = IoAttachDeviceToDeviceStack(device, PhysicalDeviceObject);
    if (extension->Lower == NULL) {
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    device->Flags |= DO_DIRECT_IO;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

/* ---- Starting and stopping the device -------------------------------------------------------- */

static VOID DigitizerStop(PDIGITIZER_EXTENSION Extension)
{
    if (Extension->Interrupt != NULL) {
        IoDisconnectInterrupt(Extension->Interrupt);
        Extension->Interrupt = NULL;
        KeFlushQueuedDpcs();
    }
    if (Extension->BufferMdl != NULL) {
        IoFreeMdl(Extension->BufferMdl);
        Extension->BufferMdl = NULL;
    }
    if (Extension->Buffer != NULL) {
        Extension->Adapter->DmaOperations->FreeCommonBuffer(
            Extension->Adapter, PAGE_SIZE, Extension->BufferAddress, Extension->Buffer, FALSE);
        Extension->Buffer = NULL;
    }
    if (Extension->Adapter != NULL) {
        Extension->Adapter->DmaOperations->PutDmaAdapter(Extension->Adapter);
        Extension->Adapter = NULL;
    }
}

static NTSTATUS DigitizerGetBuffer(PDIGITIZER_EXTENSION Extension, ULONG Channel)
{
    DEVICE_DESCRIPTION description;
    ULONG registers;

    RtlZeroMemory(&description, sizeof(description));
    description.Version = DEVICE_DESCRIPTION_VERSION2;
    description.InterfaceType = Isa;
    description.DmaChannel = Channel;
    description.DmaWidth = Width8Bits;
    description.DmaSpeed = Compatible;
    description.MaximumLength = PAGE_SIZE;
    Extension->Adapter = IoGetDmaAdapter(Extension->Pdo, &description, &registers);
    if (Extension->Adapter == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Extension->Buffer = (PUCHAR)Extension->Adapter->DmaOperations->AllocateCommonBuffer(
        Extension->Adapter, PAGE_SIZE, &Extension->BufferAddress, FALSE);
    if (Extension->Buffer != NULL) {
        Extension->BufferMdl = IoAllocateMdl(Extension->Buffer, PAGE_SIZE, FALSE, FALSE, NULL);
    }
    if (Extension->BufferMdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    MmBuildMdlForNonPagedPool(Extension->BufferMdl);
    return STATUS_SUCCESS;
}

static NTSTATUS DigitizerStart(PDIGITIZER_EXTENSION Extension, PCM_RESOURCE_LIST Resources)
{
    PCM_PARTIAL_RESOURCE_LIST list = &Resources->List[0].PartialResourceList;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR interrupt = NULL;
    ULONG channel = MAXULONG;
    NTSTATUS status;
    ULONG i;

    for (i = 0; i < list->Count; i++) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR resource = &list->PartialDescriptors[i];
        if (resource->Type == CmResourceTypePort) {
            Extension->Port = (PUCHAR)(ULONG_PTR)resource->u.Port.Start.QuadPart;
        } else if (resource->Type == CmResourceTypeInterrupt) {
            interrupt = resource;
        } else if (resource->Type == CmResourceTypeDma) {
            channel = resource->u.Dma.Channel;
        }
    }
    if (Extension->Port == NULL || interrupt == NULL) {
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    status = DigitizerGetBuffer(Extension, channel);
    if (NT_SUCCESS(status)) {
        status = IoConnectInterrupt(&Extension->Interrupt, DigitizerIsr, Extension, NULL,
                                    interrupt->u.Interrupt.Vector, (KIRQL)interrupt->u.Interrupt.Level,
                                    (KIRQL)interrupt->u.Interrupt.Level, Latched, FALSE,
                                    interrupt->u.Interrupt.Affinity, FALSE);
    }
    if (!NT_SUCCESS(status)) {
        Extension->Interrupt = NULL;
        DigitizerStop(Extension);
    }
    return status;
}

NTSTATUS DigitizerPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDIGITIZER_EXTENSION extension = (PDIGITIZER_EXTENSION)DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PDEVICE_OBJECT lower = extension->Lower;
    NTSTATUS status;

    switch (stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        status = STATUS_DEVICE_CONFIGURATION_ERROR;
        if (IoForwardIrpSynchronously(lower, Irp)) {
            status = Irp->IoStatus.Status;
        }
        if (NT_SUCCESS(status)) {
            status = DigitizerStart(extension, stack->Parameters.StartDevice.AllocatedResourcesTranslated);
        }
        Irp->IoStatus.Status = status;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return status;

    case IRP_MN_REMOVE_DEVICE:
        DigitizerStop(extension);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        IoSkipCurrentIrpStackLocation(Irp);
        status = IoCallDriver(lower, Irp);
        IoDetachDevice(lower);
        IoDeleteDevice(DeviceObject);
        return status;

    case IRP_MN_SURPRISE_REMOVAL:
        /* Who waits for the card is woken; the rest waits for IRP_MN_REMOVE_DEVICE, when nobody reads. */
        extension->Gone = TRUE;
        KeSetEvent(&extension->Measured, IO_NO_INCREMENT, FALSE);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;

    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;

    default:
        break;
    }
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(lower, Irp);
}

/* ---- Reading --------------------------------------------------------------------------------- */

BOOLEAN DigitizerIsr(PKINTERRUPT Interrupt, PVOID Context)
{
    PDIGITIZER_EXTENSION extension = (PDIGITIZER_EXTENSION)Context;
    UCHAR ended = READ_PORT_UCHAR(extension->Port + DIGITIZER_STATUS);

    UNREFERENCED_PARAMETER(Interrupt);
    if (ended == 0 || ended == DIGITIZER_ABSENT) {
        return FALSE;
    }
    KeInsertQueueDpc(&extension->Dpc, NULL, NULL);
    return TRUE;
}

VOID DigitizerDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PDIGITIZER_EXTENSION extension = (PDIGITIZER_EXTENSION)Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeSetEvent(&extension->Measured, IO_NO_INCREMENT, FALSE);
}

IO_ALLOCATION_ACTION DigitizerAdapterControl(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID MapRegisterBase,
                                             PVOID Context)
{
    PDIGITIZER_EXTENSION extension = (PDIGITIZER_EXTENSION)Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    extension->MapRegisterBase = MapRegisterBase;
    KeSetEvent(&extension->Granted, IO_NO_INCREMENT, FALSE);
    return KeepObject;
}

/* Waits for the end of what is mapped. */
static NTSTATUS DigitizerWait(PDIGITIZER_EXTENSION Extension)
{
#if DIGITIZER_BUG == DIGITIZER_NO_WATCHDOG
    return KeWaitForSingleObject(&Extension->Measured, Executive, KernelMode, FALSE, NULL);
#else
    LARGE_INTEGER patience;

    patience.QuadPart = DIGITIZER_PATIENCE;
    return KeWaitForSingleObject(&Extension->Measured, Executive, KernelMode, FALSE, &patience);
#endif
}

/* With the channel: measures Length bytes to the beginning of what Mdl describes. */
static NTSTATUS DigitizerMeasure(PDIGITIZER_EXTENSION Extension, PMDL Mdl, ULONG Length)
{
    PDMA_OPERATIONS operations = Extension->Adapter->DmaOperations;
    PVOID address = MmGetMdlVirtualAddress(Mdl);
    ULONG mapped = Length;
    ULONG left = 0;
    NTSTATUS status;

    KeClearEvent(&Extension->Measured);
    operations->MapTransfer(Extension->Adapter, Mdl, Extension->MapRegisterBase, address, &mapped, FALSE);
    WRITE_PORT_UCHAR(Extension->Port + DIGITIZER_CONTROL, 1);
    status = DigitizerWait(Extension);
#if DIGITIZER_BUG != DIGITIZER_TRUSTS_MASK
    WRITE_PORT_UCHAR(Extension->Port + DIGITIZER_CONTROL, 0);
#endif
#if DIGITIZER_BUG != DIGITIZER_TRUSTS_INTERRUPT
    left = operations->ReadDmaCounter(Extension->Adapter);
#endif
    operations->FlushAdapterBuffers(Extension->Adapter, Mdl, Extension->MapRegisterBase, address, mapped,
                                    FALSE);
    if (status != STATUS_SUCCESS || left != 0 || Extension->Gone) {
        Extension->Broken = TRUE;
        return STATUS_IO_DEVICE_ERROR;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS DigitizerReadInto(PDEVICE_OBJECT DeviceObject, PMDL Mdl, ULONG Length)
{
    PDIGITIZER_EXTENSION extension = (PDIGITIZER_EXTENSION)DeviceObject->DeviceExtension;
    PDMA_OPERATIONS operations = extension->Adapter->DmaOperations;
    NTSTATUS status;
    PVOID to;
    KIRQL irql;

    to = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
    if (to == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = operations->AllocateAdapterChannel(extension->Adapter, DeviceObject, 2, DigitizerAdapterControl,
                                                extension);
    KeLowerIrql(irql);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    KeWaitForSingleObject(&extension->Granted, Executive, KernelMode, FALSE, NULL);
    status = DigitizerMeasure(extension, DIGITIZER_READERS_BUFFER ? Mdl : extension->BufferMdl, Length);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    operations->FreeAdapterChannel(extension->Adapter);
    KeLowerIrql(irql);
    if (NT_SUCCESS(status) && !DIGITIZER_READERS_BUFFER) {
        RtlCopyMemory(to, extension->Buffer, Length);
    }
    return status;
}

NTSTATUS DigitizerRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDIGITIZER_EXTENSION extension = (PDIGITIZER_EXTENSION)DeviceObject->DeviceExtension;
    ULONG length = Irp->MdlAddress != NULL ? MmGetMdlByteCount(Irp->MdlAddress) : 0;
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if (length != 0 && length <= DIGITIZER_MAXIMUM_LENGTH) {
        ExAcquireFastMutex(&extension->Mutex);
        status = STATUS_IO_DEVICE_ERROR;
        if (!extension->Broken && !extension->Gone) {
            status = DigitizerReadInto(DeviceObject, Irp->MdlAddress, length);
        }
        ExReleaseFastMutex(&extension->Mutex);
    }
    Irp->IoStatus.Status = status;
    Irp->IoStatus.Information = NT_SUCCESS(status) ? length : 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

NTSTATUS DigitizerCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}
