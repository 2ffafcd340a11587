/*
 * A WDM driver for a streaming device that has no DMA of its own: it sits behind a request line of a system
 * DMA controller.
 *
 * IRP_MJ_WRITE is served synchronously, at PASSIVE_LEVEL, as simple drivers do it: allocate the channel, map,
 * wait for the completion routine, flush, free, piece by piece until all is written. The transfer context is
 * a CHAR array on the stack. One write at a time: a mutex keeps the others out.
 *
 * With STREAMER_WARY it trusts the controller in nothing: a watchdog stops a transfer whose end is not heard
 * of, and the counter is asked before a success is believed.
 */
#include <wdm.h>

#define STREAMER_MAXIMUM_LENGTH (256 * 1024)
#define STREAMER_PATIENCE       (-10 * 10000) /* 10 ms */

typedef struct _STREAMER_EXTENSION {
    PDEVICE_OBJECT Pdo;
    PDEVICE_OBJECT Lower;
    PDMA_ADAPTER Adapter;
    ULONG MapRegisters;
    FAST_MUTEX Mutex;
} STREAMER_EXTENSION, *PSTREAMER_EXTENSION;

/* What a write and its two callbacks share. */
typedef struct _STREAMER_TRANSFER {
    KEVENT Granted;
    KEVENT Completed;
    PVOID MapRegisterBase;
    PVOID Context;
    DMA_COMPLETION_STATUS Status;
} STREAMER_TRANSFER, *PSTREAMER_TRANSFER;

DRIVER_INITIALIZE DriverEntry;
DRIVER_ADD_DEVICE StreamerAddDevice;
DRIVER_UNLOAD StreamerUnload;
_Dispatch_type_(IRP_MJ_PNP) DRIVER_DISPATCH StreamerPnp;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH StreamerCreateClose;
_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH StreamerWrite;
DRIVER_CONTROL StreamerAdapterControl;
DMA_COMPLETION_ROUTINE StreamerDmaCompletion;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, StreamerAddDevice)
#pragma alloc_text(PAGE, StreamerPnp)
#endif

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);

    DriverObject->DriverExtension->AddDevice = StreamerAddDevice;
    DriverObject->DriverUnload = StreamerUnload;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = StreamerCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = StreamerCreateClose;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = StreamerWrite;
    DriverObject->MajorFunction[IRP_MJ_PNP] = StreamerPnp;
    return STATUS_SUCCESS;
}

VOID StreamerUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS StreamerAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    PDEVICE_OBJECT device;
    PSTREAMER_EXTENSION extension;
    NTSTATUS status;

    PAGED_CODE();

    status = IoCreateDevice(DriverObject, sizeof(STREAMER_EXTENSION), NULL, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }

    extension = (PSTREAMER_EXTENSION)device->DeviceExtension;
    RtlZeroMemory(extension, sizeof(STREAMER_EXTENSION));
    extension->Pdo = PhysicalDeviceObject;
    ExInitializeFastMutex(&extension->Mutex);

    extension->Lower = IoAttachDeviceToDeviceStack(device, PhysicalDeviceObject);
    if (extension->Lower == NULL) {
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }

    device->Flags |= DO_DIRECT_IO;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

/* The device's request line and the width of its data register come from its resources. */
static NTSTATUS StreamerStart(PSTREAMER_EXTENSION Extension, PIO_STACK_LOCATION Stack)
{
    PCM_PARTIAL_RESOURCE_DESCRIPTOR dma = NULL;
    PCM_PARTIAL_RESOURCE_LIST list;
    DEVICE_DESCRIPTION description;
    ULONG i;

    if (Stack->Parameters.StartDevice.AllocatedResourcesTranslated == NULL) {
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    list = &Stack->Parameters.StartDevice.AllocatedResourcesTranslated->List[0].PartialResourceList;
    for (i = 0; i < list->Count; i++) {
        if (list->PartialDescriptors[i].Type == CmResourceTypeDma) {
            dma = &list->PartialDescriptors[i];
        }
    }
    if (dma == NULL) {
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }

    RtlZeroMemory(&description, sizeof(description));
    description.Version = DEVICE_DESCRIPTION_VERSION3;
    description.Master = FALSE;
    description.InterfaceType = Internal;
    description.DmaWidth = Width32Bits;
    description.DmaSpeed = Compatible;
    description.MaximumLength = STREAMER_MAXIMUM_LENGTH;
    description.DmaRequestLine = dma->u.DmaV3.RequestLine;
    description.DmaChannel = dma->u.DmaV3.Channel;

    Extension->Adapter = IoGetDmaAdapter(Extension->Pdo, &description, &Extension->MapRegisters);
    return Extension->Adapter != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS StreamerForwarded(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent((PRKEVENT)Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

NTSTATUS StreamerPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSTREAMER_EXTENSION extension = (PSTREAMER_EXTENSION)DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PDEVICE_OBJECT lower = extension->Lower;
    NTSTATUS status;
    KEVENT forwarded;

    PAGED_CODE();

    switch (stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        KeInitializeEvent(&forwarded, NotificationEvent, FALSE);
        IoCopyCurrentIrpStackLocationToNext(Irp);
        IoSetCompletionRoutine(Irp, StreamerForwarded, &forwarded, TRUE, TRUE, TRUE);
        IoCallDriver(lower, Irp);
        KeWaitForSingleObject(&forwarded, Executive, KernelMode, FALSE, NULL);
        status = Irp->IoStatus.Status;
        if (NT_SUCCESS(status)) {
            status = StreamerStart(extension, stack);
        }
        Irp->IoStatus.Status = status;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return status;

    case IRP_MN_REMOVE_DEVICE:
        if (extension->Adapter != NULL) {
            extension->Adapter->DmaOperations->PutDmaAdapter(extension->Adapter);
            extension->Adapter = NULL;
        }
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

NTSTATUS StreamerCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

IO_ALLOCATION_ACTION StreamerAdapterControl(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID MapRegisterBase,
                                            PVOID Context)
{
    PSTREAMER_TRANSFER transfer = (PSTREAMER_TRANSFER)Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    transfer->MapRegisterBase = MapRegisterBase;
    KeSetEvent(&transfer->Granted, IO_NO_INCREMENT, FALSE);
    return KeepObject;
}

VOID StreamerDmaCompletion(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PVOID CompletionContext,
                           DMA_COMPLETION_STATUS Status)
{
    PSTREAMER_TRANSFER transfer = (PSTREAMER_TRANSFER)CompletionContext;

    UNREFERENCED_PARAMETER(DmaAdapter);
    UNREFERENCED_PARAMETER(DeviceObject);
    transfer->Status = Status;
    KeSetEvent(&transfer->Completed, IO_NO_INCREMENT, FALSE);
}

/*
 * Waits for the end of the transfer and flushes. One that was given up is flushed before its completion
 * routine is waited for: the flush is what makes sure that it is called.
 */
static NTSTATUS StreamerFinish(PSTREAMER_EXTENSION Extension, PSTREAMER_TRANSFER Transfer, PMDL Mdl,
                               ULONG Offset, ULONG Mapped)
{
    PDMA_OPERATIONS operations = Extension->Adapter->DmaOperations;
    NTSTATUS status;
#if defined(STREAMER_WARY)
    LARGE_INTEGER patience;
    ULONG left;

    patience.QuadPart = STREAMER_PATIENCE;
    status = KeWaitForSingleObject(&Transfer->Completed, Executive, KernelMode, FALSE, &patience);
    if (status == STATUS_TIMEOUT) {
        operations->CancelMappedTransfer(Extension->Adapter, Transfer->Context);
    }
    left = operations->ReadDmaCounter(Extension->Adapter);
#else
    KeWaitForSingleObject(&Transfer->Completed, Executive, KernelMode, FALSE, NULL);
#endif
    status = operations->FlushAdapterBuffersEx(Extension->Adapter, Mdl, Transfer->MapRegisterBase, Offset,
                                               Mapped, TRUE);
#if defined(STREAMER_WARY)
    KeWaitForSingleObject(&Transfer->Completed, Executive, KernelMode, FALSE, NULL);
    if (left != 0) {
        return STATUS_IO_DEVICE_ERROR;
    }
#endif
#if !defined(STREAMER_TRUSTS_STATUS)
    if (Transfer->Status != DmaComplete) {
        return STATUS_IO_DEVICE_ERROR;
    }
#endif
    return status;
}

/* Writes it all, in as many transfers as the controller needs. */
static NTSTATUS StreamerTransfer(PSTREAMER_EXTENSION Extension, PSTREAMER_TRANSFER Transfer, PMDL Mdl)
{
    PDMA_OPERATIONS operations = Extension->Adapter->DmaOperations;
    ULONG length = MmGetMdlByteCount(Mdl);
    ULONG offset = 0;
    ULONG mapped;
    NTSTATUS status = STATUS_SUCCESS;
    KIRQL irql;

    while (offset < length) {
        mapped = length - offset;
        KeClearEvent(&Transfer->Completed);
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        status = operations->MapTransferEx(Extension->Adapter, Mdl, Transfer->MapRegisterBase, offset, 0,
                                           &mapped, TRUE, NULL, 0, StreamerDmaCompletion, Transfer);
        KeLowerIrql(irql);
        if (!NT_SUCCESS(status)) {
            break;
        }
        status = StreamerFinish(Extension, Transfer, Mdl, offset, mapped);
        if (!NT_SUCCESS(status)) {
            break;
        }
        offset += mapped;
    }
    return status;
}

NTSTATUS StreamerWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PSTREAMER_EXTENSION extension = (PSTREAMER_EXTENSION)DeviceObject->DeviceExtension;
    PDMA_OPERATIONS operations = extension->Adapter->DmaOperations;
    CHAR context[DMA_TRANSFER_CONTEXT_SIZE_V1];
    STREAMER_TRANSFER transfer;
    NTSTATUS status;
    ULONG registers;
    KIRQL irql;

    Irp->IoStatus.Information = 0;
    if (Irp->MdlAddress == NULL || MmGetMdlByteCount(Irp->MdlAddress) == 0) {
        Irp->IoStatus.Status = STATUS_INVALID_PARAMETER;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return STATUS_INVALID_PARAMETER;
    }
    registers = ADDRESS_AND_SIZE_TO_SPAN_PAGES(MmGetMdlVirtualAddress(Irp->MdlAddress),
                                               MmGetMdlByteCount(Irp->MdlAddress));
    if (registers > extension->MapRegisters) {
        registers = extension->MapRegisters;
    }

    transfer.Context = context;
    KeInitializeEvent(&transfer.Granted, NotificationEvent, FALSE);
    KeInitializeEvent(&transfer.Completed, NotificationEvent, FALSE);
    ExAcquireFastMutex(&extension->Mutex);

    status = operations->InitializeDmaTransferContext(extension->Adapter, context);
    if (NT_SUCCESS(status)) {
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        status = operations->AllocateAdapterChannelEx(extension->Adapter, DeviceObject, context, registers, 0,
                                                      StreamerAdapterControl, &transfer, NULL);
        KeLowerIrql(irql);
    }
    if (NT_SUCCESS(status)) {
        KeWaitForSingleObject(&transfer.Granted, Executive, KernelMode, FALSE, NULL);
        status = StreamerTransfer(extension, &transfer, Irp->MdlAddress);
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        operations->FreeAdapterChannel(extension->Adapter);
        KeLowerIrql(irql);
    }

    ExReleaseFastMutex(&extension->Mutex);
    Irp->IoStatus.Status = status;
    Irp->IoStatus.Information = NT_SUCCESS(status) ? MmGetMdlByteCount(Irp->MdlAddress) : 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}
