/*
 * DriverEntry, AddDevice, plug and play: what is got at the start and given back.
 */
#include "faulty.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_ADD_DEVICE FaultyAddDevice;
DRIVER_UNLOAD FaultyUnload;
DRIVER_DISPATCH FaultyPnp;

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverExtension->AddDevice = FaultyAddDevice;
    DriverObject->DriverUnload = FaultyUnload;
    DriverObject->DriverStartIo = FaultyStartIo;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = FaultyWrite;
    DriverObject->MajorFunction[IRP_MJ_PNP] = FaultyPnp;
    return STATUS_SUCCESS;
}

VOID FaultyUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS FaultyAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    PDEVICE_OBJECT device;
    PFAULTY_EXTENSION extension;
    NTSTATUS status =
        IoCreateDevice(DriverObject, sizeof(FAULTY_EXTENSION), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    extension = (PFAULTY_EXTENSION)device->DeviceExtension;
    extension->Self = device;
    extension->Pdo = PhysicalDeviceObject;
    IoInitializeDpcRequest(device, FaultyDpc);
    extension->Lower = IoAttachDeviceToDeviceStack(device, PhysicalDeviceObject);
    if (extension->Lower == NULL) {
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    device->Flags |= DO_DIRECT_IO;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID FaultyFreeLog(PFAULTY_EXTENSION Extension)
{
    if (Extension->Log != NULL) {
        ExFreePoolWithTag(Extension->Log, FAULTY_TAG);
        Extension->Log = NULL;
    }
}

/* Gives back what FaultyStart got, as far as it came. */
static VOID FaultyStop(PFAULTY_EXTENSION Extension)
{
    PDMA_OPERATIONS operations;

    if (Extension->Interrupt != NULL) {
        WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + FAULTY_CONTROL), FAULTY_CONTROL_RESET);
        READ_REGISTER_ULONG((PULONG)(Extension->Registers + FAULTY_STATUS));
        IoDisconnectInterrupt(Extension->Interrupt);
        Extension->Interrupt = NULL;
    }
    FaultyFreeLog(Extension);
    if (Extension->Adapter != NULL) {
        operations = Extension->Adapter->DmaOperations;
        if (Extension->List != NULL) {
            operations->FreeCommonBuffer(Extension->Adapter, FAULTY_LIST_CAPACITY * sizeof(FAULTY_DESCRIPTOR),
                                         Extension->ListAddress, Extension->List, FALSE);
            Extension->List = NULL;
        }
        operations->PutDmaAdapter(Extension->Adapter);
        Extension->Adapter = NULL;
    }
    if (Extension->Registers != NULL) {
        MmUnmapIoSpace(Extension->Registers, Extension->RegistersLength);
        Extension->Registers = NULL;
    }
}

static NTSTATUS FaultyGetBuffers(PFAULTY_EXTENSION Extension)
{
    DEVICE_DESCRIPTION description;

    RtlZeroMemory(&description, sizeof(description));
    description.Version = DEVICE_DESCRIPTION_VERSION3;
    description.Master = TRUE;
    description.ScatterGather = TRUE;
    description.InterfaceType = PCIBus;
    description.MaximumLength = FAULTY_MAXIMUM_LENGTH;
    description.DmaAddressWidth = 64;
    Extension->Adapter = IoGetDmaAdapter(Extension->Pdo, &description, &Extension->MapRegisters);
    if (Extension->Adapter == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Extension->List = (PFAULTY_DESCRIPTOR)Extension->Adapter->DmaOperations->AllocateCommonBuffer(
        Extension->Adapter, FAULTY_LIST_CAPACITY * sizeof(FAULTY_DESCRIPTOR), &Extension->ListAddress, FALSE);
    if (Extension->List == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Extension->Log = (PULONG)ExAllocatePool2(POOL_FLAG_NON_PAGED, FAULTY_LOG_BYTES, FAULTY_TAG);
    if (Extension->Log == NULL) {
#if FAULTY_BUG == FAULTY_LEAKS_BUFFER
        Extension->List = NULL; /* so that nobody uses it, thought the author */
#endif
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS FaultyConnect(PFAULTY_EXTENSION Extension, PCM_PARTIAL_RESOURCE_DESCRIPTOR Interrupt)
{
    NTSTATUS status = IoConnectInterrupt(
        &Extension->Interrupt, FaultyIsr, Extension, NULL, Interrupt->u.Interrupt.Vector,
        (KIRQL)Interrupt->u.Interrupt.Level, (KIRQL)Interrupt->u.Interrupt.Level,
        Interrupt->Flags & CM_RESOURCE_INTERRUPT_LATCHED ? Latched : LevelSensitive,
        Interrupt->ShareDisposition == CmResourceShareShared, Interrupt->u.Interrupt.Affinity, FALSE);

    if (!NT_SUCCESS(status)) {
#if FAULTY_BUG == FAULTY_LEAKS_POOL
        Extension->Log = NULL;
#elif FAULTY_BUG == FAULTY_FREES_TWICE
        ExFreePoolWithTag(Extension->Log, FAULTY_TAG);
#endif
    }
    return status;
}

static NTSTATUS FaultyStart(PFAULTY_EXTENSION Extension, PIO_STACK_LOCATION Stack)
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
    status = FaultyGetBuffers(Extension);
    if (NT_SUCCESS(status)) {
        status = FaultyConnect(Extension, interrupt);
    }
    if (NT_SUCCESS(status)) {
        WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + FAULTY_LIST_LOW),
                             Extension->ListAddress.LowPart);
        WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + FAULTY_LIST_HIGH),
                             (ULONG)Extension->ListAddress.HighPart);
        WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + FAULTY_CONTROL), FAULTY_CONTROL_INTERRUPTS);
    }
    return status; /* what was got is given back when the device is removed, as it now will be */
}

NTSTATUS FaultyPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFAULTY_EXTENSION extension = (PFAULTY_EXTENSION)DeviceObject->DeviceExtension;
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
            status = FaultyStart(extension, stack);
        }
        Irp->IoStatus.Status = status;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return status;

    case IRP_MN_REMOVE_DEVICE:
        FaultyStop(extension);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        IoSkipCurrentIrpStackLocation(Irp);
        status = IoCallDriver(lower, Irp);
        IoDetachDevice(lower);
        IoDeleteDevice(DeviceObject);
        return status;

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
