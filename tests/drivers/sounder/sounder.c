/*
 * A WDM driver for a sound card that has no DMA of its own: it plays from a ring, a common buffer that a
 * channel of the PC's DMA controllers carries to the card round and round (auto-initialize).
 *
 * IRP_MJ_WRITE is served synchronously, at PASSIVE_LEVEL: fill the ring, allocate the channel, map the ring
 * once, start the card; the interrupt refills what was played. One write at a time: a mutex keeps the others
 * out.
 */
#include "sounder.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_ADD_DEVICE SounderAddDevice;
DRIVER_UNLOAD SounderUnload;
_Dispatch_type_(IRP_MJ_PNP) DRIVER_DISPATCH SounderPnp;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH SounderCreateClose;
_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH SounderWrite;
DRIVER_CONTROL SounderAdapterControl;

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverExtension->AddDevice = SounderAddDevice;
    DriverObject->DriverUnload = SounderUnload;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = SounderCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = SounderCreateClose;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = SounderWrite;
    DriverObject->MajorFunction[IRP_MJ_PNP] = SounderPnp;
    return STATUS_SUCCESS;
}

VOID SounderUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS SounderAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    PSOUNDER_EXTENSION extension;
    PDEVICE_OBJECT device;
    NTSTATUS status =
        IoCreateDevice(DriverObject, sizeof(SOUNDER_EXTENSION), NULL, FILE_DEVICE_SOUND, 0, FALSE, &device);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    extension = (PSOUNDER_EXTENSION)device->DeviceExtension;
    RtlZeroMemory(extension, sizeof(SOUNDER_EXTENSION));
    ExInitializeFastMutex(&extension->Mutex);
    KeInitializeEvent(&extension->Granted, SynchronizationEvent, FALSE);
    KeInitializeEvent(&extension->Played, SynchronizationEvent, FALSE);
    KeInitializeDpc(&extension->Dpc, SounderDpc, extension);
    extension->Pdo = PhysicalDeviceObject;
    extension->Lower = IoAttachDeviceToDeviceStack(device, PhysicalDeviceObject);
    device->Flags |= DO_DIRECT_IO;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

/* ---- Starting and stopping the device -------------------------------------------------------- */

static VOID SounderStop(PSOUNDER_EXTENSION Extension)
{
    if (Extension->Interrupt != NULL) {
        IoDisconnectInterrupt(Extension->Interrupt);
    }
    if (Extension->RingMdl != NULL) {
        IoFreeMdl(Extension->RingMdl);
    }
    if (Extension->Ring != NULL) {
        Extension->Adapter->DmaOperations->FreeCommonBuffer(Extension->Adapter, SOUNDER_RING,
                                                            Extension->RingAddress, Extension->Ring, FALSE);
    }
    if (Extension->Adapter != NULL) {
        Extension->Adapter->DmaOperations->PutDmaAdapter(Extension->Adapter);
    }
    Extension->Interrupt = NULL;
    Extension->RingMdl = NULL;
    Extension->Ring = NULL;
    Extension->Adapter = NULL;
}

static NTSTATUS SounderGetRing(PSOUNDER_EXTENSION Extension, ULONG Channel)
{
    DEVICE_DESCRIPTION description;
    ULONG registers;

    RtlZeroMemory(&description, sizeof(description));
    description.Version = DEVICE_DESCRIPTION_VERSION2;
    description.AutoInitialize = TRUE;
    description.InterfaceType = Isa;
    description.DmaChannel = Channel;
    description.DmaWidth = Width8Bits;
    description.DmaSpeed = Compatible;
    description.MaximumLength = SOUNDER_RING;
    Extension->Adapter = IoGetDmaAdapter(Extension->Pdo, &description, &registers);
    if (Extension->Adapter == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Extension->Ring = (PUCHAR)Extension->Adapter->DmaOperations->AllocateCommonBuffer(
        Extension->Adapter, SOUNDER_RING, &Extension->RingAddress, FALSE);
    if (Extension->Ring != NULL) {
        Extension->RingMdl = IoAllocateMdl(Extension->Ring, SOUNDER_RING, FALSE, FALSE, NULL);
    }
    if (Extension->RingMdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    MmBuildMdlForNonPagedPool(Extension->RingMdl);
    return STATUS_SUCCESS;
}

static NTSTATUS SounderStart(PSOUNDER_EXTENSION Extension, PCM_RESOURCE_LIST Resources)
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
    status = SounderGetRing(Extension, channel);
    if (NT_SUCCESS(status)) {
        status = IoConnectInterrupt(&Extension->Interrupt, SounderIsr, Extension, NULL,
                                    interrupt->u.Interrupt.Vector, (KIRQL)interrupt->u.Interrupt.Level,
                                    (KIRQL)interrupt->u.Interrupt.Level, Latched, FALSE,
                                    interrupt->u.Interrupt.Affinity, FALSE);
    }
    if (!NT_SUCCESS(status)) {
        SounderStop(Extension);
    }
    return status;
}

NTSTATUS SounderPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSOUNDER_EXTENSION extension = (PSOUNDER_EXTENSION)DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PDEVICE_OBJECT lower = extension->Lower;
    NTSTATUS status;

    if (stack->MinorFunction == IRP_MN_START_DEVICE) {
        status = STATUS_DEVICE_CONFIGURATION_ERROR;
        if (IoForwardIrpSynchronously(lower, Irp) &&
            stack->Parameters.StartDevice.AllocatedResourcesTranslated != NULL) {
            status = SounderStart(extension, stack->Parameters.StartDevice.AllocatedResourcesTranslated);
        }
        Irp->IoStatus.Status = status;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return status;
    }
    if (stack->MinorFunction == IRP_MN_REMOVE_DEVICE) {
        SounderStop(extension);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        IoSkipCurrentIrpStackLocation(Irp);
        status = IoCallDriver(lower, Irp);
        IoDetachDevice(lower);
        IoDeleteDevice(DeviceObject);
        return status;
    }
    if (stack->MinorFunction == IRP_MN_QUERY_REMOVE_DEVICE) {
        Irp->IoStatus.Status = STATUS_SUCCESS;
    }
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(lower, Irp);
}

/* ---- Playing --------------------------------------------------------------------------------- */

IO_ALLOCATION_ACTION SounderAdapterControl(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID MapRegisterBase,
                                           PVOID Context)
{
    PSOUNDER_EXTENSION extension = (PSOUNDER_EXTENSION)Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    extension->MapRegisterBase = MapRegisterBase;
    KeSetEvent(&extension->Granted, IO_NO_INCREMENT, FALSE);
    return KeepObject;
}

/* The next half of what is played goes to this half of the ring; silence where there is no more. */
static VOID SounderQueue(PSOUNDER_EXTENSION Extension, ULONG Half)
{
    PUCHAR to = Extension->Ring + Half * SOUNDER_HALF;

    if (Extension->Queued < Extension->Halves) {
        RtlCopyMemory(to, Extension->Source + Extension->Queued * SOUNDER_HALF, SOUNDER_HALF);
        Extension->Queued++;
    } else {
        RtlFillMemory(to, SOUNDER_HALF, SOUNDER_SILENCE);
    }
}

BOOLEAN SounderRefill(PSOUNDER_EXTENSION Extension)
{
    SounderQueue(Extension, Extension->Done % 2);
    Extension->Done++;
    return Extension->Done == Extension->Halves;
}

static NTSTATUS SounderPlay(PSOUNDER_EXTENSION Extension, PDEVICE_OBJECT DeviceObject)
{
    PDMA_OPERATIONS operations = Extension->Adapter->DmaOperations;
    ULONG length = SOUNDER_RING;
    NTSTATUS status;
    KIRQL irql;

    Extension->Queued = 0;
    Extension->Done = 0;
    SounderQueue(Extension, 0);
    SounderQueue(Extension, 1);

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = operations->AllocateAdapterChannel(Extension->Adapter, DeviceObject, 1, SounderAdapterControl,
                                                Extension);
    KeLowerIrql(irql);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    KeWaitForSingleObject(&Extension->Granted, Executive, KernelMode, FALSE, NULL);
    operations->MapTransfer(Extension->Adapter, Extension->RingMdl, Extension->MapRegisterBase,
                            MmGetMdlVirtualAddress(Extension->RingMdl), &length, TRUE);
    WRITE_PORT_UCHAR(Extension->Port + SOUNDER_CONTROL, 1);
    KeWaitForSingleObject(&Extension->Played, Executive, KernelMode, FALSE, NULL);
    operations->FlushAdapterBuffers(Extension->Adapter, Extension->RingMdl, Extension->MapRegisterBase,
                                    MmGetMdlVirtualAddress(Extension->RingMdl), length, TRUE);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    operations->FreeAdapterChannel(Extension->Adapter);
    KeLowerIrql(irql);
    return STATUS_SUCCESS;
}

NTSTATUS SounderWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSOUNDER_EXTENSION extension = (PSOUNDER_EXTENSION)DeviceObject->DeviceExtension;
    ULONG length = Irp->MdlAddress != NULL ? MmGetMdlByteCount(Irp->MdlAddress) : 0;
    PVOID source = length != 0 ? MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority) : NULL;
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if (source != NULL && length % SOUNDER_HALF == 0) {
        ExAcquireFastMutex(&extension->Mutex);
        extension->Source = (const UCHAR *)source;
        extension->Halves = length / SOUNDER_HALF;
        status = SounderPlay(extension, DeviceObject);
        ExReleaseFastMutex(&extension->Mutex);
    }
    Irp->IoStatus.Status = status;
    Irp->IoStatus.Information = NT_SUCCESS(status) ? length : 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

NTSTATUS SounderCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}
