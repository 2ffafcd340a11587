/*
 * The copier's driver: DriverEntry, AddDevice, plug and play, dispatch.
 */
#include "copier_driver.h"

DRIVER_UNLOAD CopierUnload;
_Dispatch_type_(IRP_MJ_PNP) DRIVER_DISPATCH CopierPnp;
_Dispatch_type_(IRP_MJ_POWER) DRIVER_DISPATCH CopierPower;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH CopierCreateClose;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, CopierAddDevice)
#pragma alloc_text(PAGE, CopierPnp)
#endif

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);

    DriverObject->DriverExtension->AddDevice = CopierAddDevice;
    DriverObject->DriverUnload = CopierUnload;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = CopierCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = CopierCreateClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = CopierReadWrite;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = CopierReadWrite;
    DriverObject->MajorFunction[IRP_MJ_PNP] = CopierPnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = CopierPower;
    return STATUS_SUCCESS;
}

VOID CopierUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS CopierAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    PDEVICE_OBJECT device;
    PCOPIER_EXTENSION extension;
    NTSTATUS status;

    PAGED_CODE();

    status = IoCreateDevice(DriverObject, sizeof(COPIER_EXTENSION), NULL, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }

    extension = (PCOPIER_EXTENSION)device->DeviceExtension;
    RtlZeroMemory(extension, sizeof(COPIER_EXTENSION));
    extension->Self = device;
    extension->Pdo = PhysicalDeviceObject;
    KeInitializeSpinLock(&extension->Lock);
    InitializeListHead(&extension->Queue);
    IoInitializeDpcRequest(device, CopierDpc);

    extension->Lower = IoAttachDeviceToDeviceStack(device, PhysicalDeviceObject);
    if (extension->Lower == NULL) {
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }

    device->Flags |= DO_DIRECT_IO | DO_POWER_PAGABLE;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

/* Gives back whatever CopierStart got, in the reverse order. */
static VOID CopierStop(PCOPIER_EXTENSION Extension)
{
    if (Extension->Registers != NULL) {
        WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + COPIER_CONTROL), COPIER_CONTROL_RESET);
        READ_REGISTER_ULONG((PULONG)(Extension->Registers + COPIER_STATUS)); /* it has arrived */
    }
    if (Extension->Interrupt != NULL) {
        IoDisconnectInterrupt(Extension->Interrupt);
        Extension->Interrupt = NULL;
    }
    if (Extension->List != NULL) {
        Extension->Adapter->DmaOperations->FreeCommonBuffer(Extension->Adapter,
                                                            COPIER_LIST_CAPACITY * sizeof(COPIER_DESCRIPTOR),
                                                            Extension->ListAddress, Extension->List, FALSE);
        Extension->List = NULL;
    }
    if (Extension->Adapter != NULL) {
        Extension->Adapter->DmaOperations->PutDmaAdapter(Extension->Adapter);
        Extension->Adapter = NULL;
    }
    if (Extension->Registers != NULL) {
        MmUnmapIoSpace(Extension->Registers, Extension->RegistersLength);
        Extension->Registers = NULL;
    }
}

static NTSTATUS CopierGetAdapter(PCOPIER_EXTENSION Extension)
{
    DEVICE_DESCRIPTION description;

    RtlZeroMemory(&description, sizeof(description));
    description.Version = DEVICE_DESCRIPTION_VERSION3;
    description.Master = TRUE;
    description.ScatterGather = TRUE;
    description.InterfaceType = PCIBus;
    description.MaximumLength = COPIER_MAXIMUM_LENGTH;
    description.DmaAddressWidth = 64;

    Extension->Adapter = IoGetDmaAdapter(Extension->Pdo, &description, &Extension->MapRegisters);
    if (Extension->Adapter == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }

    Extension->List = (PCOPIER_DESCRIPTOR)Extension->Adapter->DmaOperations->AllocateCommonBuffer(
        Extension->Adapter, COPIER_LIST_CAPACITY * sizeof(COPIER_DESCRIPTOR), &Extension->ListAddress, FALSE);
    return Extension->List != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS CopierStart(PCOPIER_EXTENSION Extension, PIO_STACK_LOCATION Stack)
{
    PCM_PARTIAL_RESOURCE_LIST list;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR memory = NULL;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR interrupt = NULL;
    NTSTATUS status;
    ULONG i;

    if (Stack->Parameters.StartDevice.AllocatedResourcesTranslated == NULL) {
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    list = &Stack->Parameters.StartDevice.AllocatedResourcesTranslated->List[0].PartialResourceList;
    for (i = 0; i < list->Count; i++) {
        switch (list->PartialDescriptors[i].Type) {
        case CmResourceTypeMemory:
            memory = &list->PartialDescriptors[i];
            break;
        case CmResourceTypeInterrupt:
            interrupt = &list->PartialDescriptors[i];
            break;
        default:
            break;
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

    status = CopierGetAdapter(Extension);
    if (NT_SUCCESS(status)) {
        status = IoConnectInterrupt(
            &Extension->Interrupt, CopierIsr, Extension, NULL, interrupt->u.Interrupt.Vector,
            (KIRQL)interrupt->u.Interrupt.Level, (KIRQL)interrupt->u.Interrupt.Level,
            interrupt->Flags & CM_RESOURCE_INTERRUPT_LATCHED ? Latched : LevelSensitive,
            interrupt->ShareDisposition == CmResourceShareShared, interrupt->u.Interrupt.Affinity, FALSE);
    }
    if (!NT_SUCCESS(status)) {
        CopierStop(Extension);
        return status;
    }

    WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + COPIER_LIST_LOW), Extension->ListAddress.LowPart);
    WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + COPIER_LIST_HIGH),
                         (ULONG)Extension->ListAddress.HighPart);
    WRITE_REGISTER_ULONG((PULONG)(Extension->Registers + COPIER_CONTROL), COPIER_CONTROL_INTERRUPTS);
    return STATUS_SUCCESS;
}

static NTSTATUS CopierPnpDone(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    if (Irp->PendingReturned) {
        KeSetEvent((PRKEVENT)Context, IO_NO_INCREMENT, FALSE);
    }
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS CopierForwardAndWait(PCOPIER_EXTENSION Extension, PIRP Irp)
{
    KEVENT done;
    NTSTATUS status;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, CopierPnpDone, &done, TRUE, TRUE, TRUE);
    status = IoCallDriver(Extension->Lower, Irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
        status = Irp->IoStatus.Status;
    }
    return status;
}

NTSTATUS CopierPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCOPIER_EXTENSION extension = (PCOPIER_EXTENSION)DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PDEVICE_OBJECT lower = extension->Lower;
    NTSTATUS status;

    PAGED_CODE();

    switch (stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        status = CopierForwardAndWait(extension, Irp);
        if (NT_SUCCESS(status)) {
            status = CopierStart(extension, stack);
        }
        Irp->IoStatus.Status = status;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return status;

    case IRP_MN_REMOVE_DEVICE:
        CopierStop(extension);
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

NTSTATUS CopierPower(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCOPIER_EXTENSION extension = (PCOPIER_EXTENSION)DeviceObject->DeviceExtension;

    PoStartNextPowerIrp(Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    return PoCallDriver(extension->Lower, Irp);
}

NTSTATUS CopierCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}
