/*
 * What the drivers of this folder have in common: entry, plug and play, the write; and the DMA that is right.
 */
#include "bad.h"

/* Where a driver object keeps its routines. */
static const CHAR BadRoutinesKey = 'r';

static PBAD_ROUTINES BadRoutines(PDEVICE_OBJECT DeviceObject)
{
    return *(PBAD_ROUTINES *)IoGetDriverObjectExtension(DeviceObject->DriverObject, (PVOID)&BadRoutinesKey);
}

/* --- DMA that is right -------------------------------------------------------------------------- */

BOOLEAN BadAllocateCommon(PBAD_DEVICE Device)
{
    Device->Common = Device->Operations->AllocateCommonBuffer(Device->Adapter, BAD_COMMON_LENGTH,
                                                              &Device->CommonLogical, TRUE);
    return Device->Common != NULL;
}

VOID BadFreeCommon(PBAD_DEVICE Device)
{
    Device->Operations->FreeCommonBuffer(Device->Adapter, BAD_COMMON_LENGTH, Device->CommonLogical,
                                         Device->Common, TRUE);
}

BOOLEAN BadAllocate(PBAD_DEVICE Device, ULONG Count)
{
    KIRQL irql;
    NTSTATUS status;

    Device->Operations->InitializeDmaTransferContext(Device->Adapter, Device->Transfer);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status =
        Device->Operations->AllocateAdapterChannelEx(Device->Adapter, Device->Self, Device->Transfer, Count,
                                                     DMA_SYNCHRONOUS_CALLBACK, NULL, NULL, &Device->Base);
    KeLowerIrql(irql);
    Device->Count = NT_SUCCESS(status) ? Count : 0;
    return NT_SUCCESS(status);
}

VOID BadFreeObject(PBAD_DEVICE Device, IO_ALLOCATION_ACTION Action)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Device->Operations->FreeAdapterObject(Device->Adapter, Action);
    KeLowerIrql(irql);
}

VOID BadFreeRegisters(PBAD_DEVICE Device)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Device->Operations->FreeMapRegisters(Device->Adapter, Device->Base, Device->Count);
    KeLowerIrql(irql);
}

PHYSICAL_ADDRESS BadMap(PBAD_DEVICE Device, PMDL Mdl, ULONG Offset, ULONG Length, BOOLEAN ToDevice)
{
    ULONG length = Length;

    return Device->Operations->MapTransfer(Device->Adapter, Mdl, Device->Base,
                                           (PUCHAR)MmGetMdlVirtualAddress(Mdl) + Offset, &length, ToDevice);
}

VOID BadFlush(PBAD_DEVICE Device, PMDL Mdl, ULONG Offset, ULONG Length, BOOLEAN ToDevice)
{
    Device->Operations->FlushAdapterBuffers(Device->Adapter, Mdl, Device->Base,
                                            (PUCHAR)MmGetMdlVirtualAddress(Mdl) + Offset, Length, ToDevice);
}

static VOID BadListControl(PDEVICE_OBJECT DeviceObject, PIRP Irp, PSCATTER_GATHER_LIST List, PVOID Context)
{
    PBAD_DEVICE device = (PBAD_DEVICE)Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    device->List = List;
    KeSetEvent(&device->Event, IO_NO_INCREMENT, FALSE);
}

BOOLEAN BadGetList(PBAD_DEVICE Device, PMDL Mdl, PUCHAR Address, ULONG Length)
{
    KIRQL irql;
    NTSTATUS status;

    KeClearEvent(&Device->Event);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = Device->Operations->GetScatterGatherList(Device->Adapter, Device->Self, Mdl, Address, Length,
                                                      BadListControl, Device, TRUE);
    KeLowerIrql(irql);
    if (!NT_SUCCESS(status)) {
        return FALSE;
    }
    KeWaitForSingleObject(&Device->Event, Executive, KernelMode, FALSE, NULL);
    KeFlushQueuedDpcs(); /* the routine may have been called in one, and not have returned yet */
    return TRUE;
}

VOID BadPutList(PBAD_DEVICE Device)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Device->Operations->PutScatterGatherList(Device->Adapter, Device->List, TRUE);
    KeLowerIrql(irql);
}

VOID BadCardWrites(PBAD_DEVICE Device, ULONGLONG Logical, ULONG Length)
{
    WRITE_REGISTER_ULONG64((PULONG64)(Device->Registers + BAD_CARD_ADDRESS), Logical);
    WRITE_REGISTER_ULONG((PULONG)(Device->Registers + BAD_CARD_LENGTH), Length);
    WRITE_REGISTER_ULONG((PULONG)(Device->Registers + BAD_CARD_DOORBELL), BAD_CARD_TO_MEMORY);
    while (READ_REGISTER_ULONG((PULONG)(Device->Registers + BAD_CARD_STATUS)) & BAD_CARD_BUSY) {
        KeStallExecutionProcessor(1);
    }
}

/* --- Plug and play ------------------------------------------------------------------------------ */

/* A bus master without scatter/gather: MapTransfer makes one piece of a buffer. */
static NTSTATUS BadStart(PBAD_DEVICE Device, PIO_STACK_LOCATION Stack)
{
    PBAD_ROUTINES routines = BadRoutines(Device->Self);
    PCM_PARTIAL_RESOURCE_LIST list =
        &Stack->Parameters.StartDevice.AllocatedResourcesTranslated->List[0].PartialResourceList;
    DEVICE_DESCRIPTION description;
    ULONG i;

    for (i = 0; i < list->Count; i++) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR resource = &list->PartialDescriptors[i];
        if (resource->Type == CmResourceTypeMemory) {
            Device->Registers =
                (PUCHAR)MmMapIoSpace(resource->u.Memory.Start, resource->u.Memory.Length, MmNonCached);
        } else if (resource->Type == CmResourceTypeDma) {
            Device->RequestLine = resource->u.DmaV3.RequestLine;
        }
    }
    if (Device->Registers == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlZeroMemory(&description, sizeof(description));
    description.Version = DEVICE_DESCRIPTION_VERSION3;
    description.Master = TRUE;
    description.InterfaceType = PCIBus;
    description.MaximumLength = 4 * PAGE_SIZE;
    description.DmaAddressWidth = 32;
    if (routines->Describe != NULL) {
        routines->Describe(Device, &description);
    }
    Device->Adapter = IoGetDmaAdapter(Device->Pdo, &description, &Device->MapRegisters);
    if (Device->Adapter == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Device->Operations = Device->Adapter->DmaOperations;
    return STATUS_SUCCESS;
}

/* Also after a start that failed. */
static VOID BadRemove(PBAD_DEVICE Device)
{
    PBAD_ROUTINES routines = BadRoutines(Device->Self);

    if (Device->Adapter != NULL && routines->Stop != NULL) {
        routines->Stop(Device);
    } else if (Device->Adapter != NULL) {
        Device->Operations->PutDmaAdapter(Device->Adapter);
    }
    if (Device->Registers != NULL) {
        MmUnmapIoSpace(Device->Registers, PAGE_SIZE);
    }
}

static NTSTATUS BadForwarded(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent((PRKEVENT)Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS BadPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PBAD_DEVICE device = (PBAD_DEVICE)DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PDEVICE_OBJECT lower = device->Lower;
    NTSTATUS status;
    KEVENT forwarded;

    switch (stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        KeInitializeEvent(&forwarded, NotificationEvent, FALSE);
        IoCopyCurrentIrpStackLocationToNext(Irp);
        IoSetCompletionRoutine(Irp, BadForwarded, &forwarded, TRUE, TRUE, TRUE);
        IoCallDriver(lower, Irp);
        KeWaitForSingleObject(&forwarded, Executive, KernelMode, FALSE, NULL);
        status = Irp->IoStatus.Status;
        if (NT_SUCCESS(status)) {
            status = BadStart(device, stack);
        }
        Irp->IoStatus.Status = status;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return status;
    case IRP_MN_REMOVE_DEVICE:
        BadRemove(device);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        IoSkipCurrentIrpStackLocation(Irp);
        status = IoCallDriver(lower, Irp);
        IoDetachDevice(lower);
        IoDeleteDevice(DeviceObject);
        return status;
    default:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        IoSkipCurrentIrpStackLocation(Irp);
        return IoCallDriver(lower, Irp);
    }
}

static NTSTATUS BadWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    BadRoutines(DeviceObject)->Deed((PBAD_DEVICE)DeviceObject->DeviceExtension, Irp->MdlAddress);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static NTSTATUS BadAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    PDEVICE_OBJECT object;
    PBAD_DEVICE device;
    NTSTATUS status =
        IoCreateDevice(DriverObject, sizeof(BAD_DEVICE), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &object);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    device = (PBAD_DEVICE)object->DeviceExtension;
    RtlZeroMemory(device, sizeof(BAD_DEVICE));
    device->Self = object;
    device->Pdo = PhysicalDeviceObject;
    KeInitializeEvent(&device->Event, NotificationEvent, FALSE);
    device->Lower = IoAttachDeviceToDeviceStack(object, PhysicalDeviceObject);
    object->Flags |= DO_DIRECT_IO;
    object->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID BadUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS BadDriverEntry(PDRIVER_OBJECT DriverObject, const BAD_ROUTINES *Routines)
{
    const BAD_ROUTINES **place;
    NTSTATUS status = IoAllocateDriverObjectExtension(DriverObject, (PVOID)&BadRoutinesKey, sizeof(*place),
                                                      (PVOID *)&place);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    *place = Routines;
    DriverObject->DriverExtension->AddDevice = BadAddDevice;
    DriverObject->DriverUnload = BadUnload;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = BadWrite;
    DriverObject->MajorFunction[IRP_MJ_PNP] = BadPnp;
    return STATUS_SUCCESS;
}
