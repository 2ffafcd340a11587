/*
 * DriverEntry, AddDevice, plug and play.
 */
#include "wary.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_ADD_DEVICE WaryAddDevice;
DRIVER_UNLOAD WaryUnload;
DRIVER_DISPATCH WaryPnp;

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverExtension->AddDevice = WaryAddDevice;
    DriverObject->DriverUnload = WaryUnload;
    DriverObject->DriverStartIo = WaryStartIo;
    DriverObject->MajorFunction[IRP_MJ_READ] = WaryRead;
    DriverObject->MajorFunction[IRP_MJ_PNP] = WaryPnp;
    return STATUS_SUCCESS;
}

VOID WaryUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS WaryAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    PDEVICE_OBJECT device;
    PWARY_EXTENSION extension;
    NTSTATUS status =
        IoCreateDevice(DriverObject, sizeof(WARY_EXTENSION), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    extension = (PWARY_EXTENSION)device->DeviceExtension;
    extension->Self = device;
    extension->Pdo = PhysicalDeviceObject;
    KeInitializeSpinLock(&extension->Lock);
    KeInitializeTimer(&extension->Watchdog);
    KeInitializeDpc(&extension->WatchdogDpc, WaryWatchdog, extension);
    IoInitializeDpcRequest(device, WaryDpc);
    extension->Lower = IoAttachDeviceToDeviceStack(device, PhysicalDeviceObject);
    if (extension->Lower == NULL) {
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    device->Flags |= DO_DIRECT_IO;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID WaryStop(PWARY_EXTENSION Extension)
{
    PDMA_OPERATIONS operations;

    KeCancelTimer(&Extension->Watchdog);
    KeFlushQueuedDpcs();
    if (Extension->Interrupt != NULL && !Extension->Gone) {
        WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + WARY_CONTROL), WARY_CONTROL_RESET);
        READ_REGISTER_ULONG((PULONG)(Extension->Registers + WARY_STATUS));
    }
    if (Extension->Interrupt != NULL) {
        IoDisconnectInterrupt(Extension->Interrupt);
        Extension->Interrupt = NULL;
        KeFlushQueuedDpcs();
    }
    if (Extension->Adapter != NULL) {
        operations = Extension->Adapter->DmaOperations;
        if (Extension->Shared != NULL) {
            operations->FreeCommonBuffer(Extension->Adapter, sizeof(WARY_SHARED), Extension->SharedAddress,
                                         Extension->Shared, FALSE);
            Extension->Shared = NULL;
        }
        operations->PutDmaAdapter(Extension->Adapter);
        Extension->Adapter = NULL;
    }
    if (Extension->Registers != NULL) {
        MmUnmapIoSpace(Extension->Registers, Extension->RegistersLength);
        Extension->Registers = NULL;
    }
}

/* The card is gone: what it had to do is failed, nothing new begins, its interrupt is given back. */
static VOID WaryGone(PWARY_EXTENSION Extension)
{
    PIRP irp;
    KIRQL irql;

    KeAcquireSpinLock(&Extension->Lock, &irql);
    Extension->Gone = TRUE;
    irp = Extension->Irp;
#if WARY_BUG == WARY_FORGETS_IRP
    irp = NULL;
#else
    Extension->Irp = NULL;
#endif
    KeReleaseSpinLockFromDpcLevel(&Extension->Lock);
    KeCancelTimer(&Extension->Watchdog);
    if (irp != NULL) {
        WaryComplete(Extension, irp, STATUS_DEVICE_DOES_NOT_EXIST);
    }
    KeLowerIrql(irql);
#if WARY_BUG == WARY_FREES_EARLY
    WaryStop(Extension);
#else
    if (Extension->Interrupt != NULL) {
        IoDisconnectInterrupt(Extension->Interrupt);
        Extension->Interrupt = NULL;
    }
#endif
}

static NTSTATUS WaryShare(PWARY_EXTENSION Extension)
{
    DEVICE_DESCRIPTION description;
    ULONG registers;
    ULONG i;

    RtlZeroMemory(&description, sizeof(description));
    description.Version = DEVICE_DESCRIPTION_VERSION3;
    description.Master = TRUE;
    description.ScatterGather = TRUE;
    description.InterfaceType = PCIBus;
    description.MaximumLength = PAGE_SIZE;
    description.DmaAddressWidth = 64;
    Extension->Adapter = IoGetDmaAdapter(Extension->Pdo, &description, &registers);
    if (Extension->Adapter == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Extension->Shared = (PWARY_SHARED)Extension->Adapter->DmaOperations->AllocateCommonBuffer(
        Extension->Adapter, sizeof(WARY_SHARED), &Extension->SharedAddress, FALSE);
    if (Extension->Shared == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlZeroMemory(Extension->Shared, sizeof(WARY_SHARED));
    for (i = 0; i < WARY_PIECES; i++) {
        Extension->Shared->List[i].Length = WARY_READ_BYTES / WARY_PIECES;
        Extension->Shared->List[i].Address = (ULONGLONG)Extension->SharedAddress.QuadPart +
                                             FIELD_OFFSET(WARY_SHARED, Data) +
                                             i * (WARY_READ_BYTES / WARY_PIECES);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS WaryStart(PWARY_EXTENSION Extension, PIO_STACK_LOCATION Stack)
{
    PCM_PARTIAL_RESOURCE_LIST list =
        &Stack->Parameters.StartDevice.AllocatedResourcesTranslated->List[0].PartialResourceList;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR memory = NULL;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR interrupt = NULL;
    NTSTATUS status;
    ULONG i;

    for (i = 0; i < list->Count; i++) {
        if (list->PartialDescriptors[i].Type == CmResourceTypeMemory) {
            memory = &list->PartialDescriptors[i];
        } else if (list->PartialDescriptors[i].Type == CmResourceTypeInterrupt) {
            interrupt = &list->PartialDescriptors[i];
        }
    }
    if (memory == NULL || interrupt == NULL) {
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    Extension->RegistersLength = memory->u.Memory.Length;
    Extension->Registers = (PUCHAR)MmMapIoSpace(memory->u.Memory.Start, memory->u.Memory.Length, MmNonCached);
    if (Extension->Registers == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = WaryShare(Extension);
    if (NT_SUCCESS(status)) {
        status = IoConnectInterrupt(
            &Extension->Interrupt, WaryIsr, Extension, NULL, interrupt->u.Interrupt.Vector,
            (KIRQL)interrupt->u.Interrupt.Level, (KIRQL)interrupt->u.Interrupt.Level,
            interrupt->Flags & CM_RESOURCE_INTERRUPT_LATCHED ? Latched : LevelSensitive,
            interrupt->ShareDisposition == CmResourceShareShared, interrupt->u.Interrupt.Affinity, FALSE);
    }
    return status; /* what was got is given back when the device is removed, as it now will be */
}

NTSTATUS WaryPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PWARY_EXTENSION extension = (PWARY_EXTENSION)DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PDEVICE_OBJECT lower = extension->Lower;
    NTSTATUS status;

    switch (stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        if (!IoForwardIrpSynchronously(lower, Irp)) {
            Irp->IoStatus.Status = STATUS_UNSUCCESSFUL;
        }
        status = Irp->IoStatus.Status;
        if (NT_SUCCESS(status)) {
            status = WaryStart(extension, stack);
        }
        Irp->IoStatus.Status = status;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return status;

    case IRP_MN_REMOVE_DEVICE:
        WaryStop(extension);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        IoSkipCurrentIrpStackLocation(Irp);
        status = IoCallDriver(lower, Irp);
        IoDetachDevice(lower);
        IoDeleteDevice(DeviceObject);
        return status;

    case IRP_MN_SURPRISE_REMOVAL:
        WaryGone(extension);
#if WARY_BUG == WARY_DETACHES_EARLY
        IoDetachDevice(lower);
#endif
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
