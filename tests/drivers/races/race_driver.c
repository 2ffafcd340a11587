/*
 * What the drivers of the races share: what DriverEntry does, AddDevice, plug and play, the interrupt.
 */
#include "race_driver.h"

DRIVER_UNLOAD RaceUnload;
DRIVER_ADD_DEVICE RaceAddDevice;
_Dispatch_type_(IRP_MJ_PNP) DRIVER_DISPATCH RacePnp;

VOID RaceComplete(PIRP Irp, NTSTATUS Status, ULONG Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

VOID RaceReset(PRACE_DEVICE Device)
{
    WRITE_REGISTER_ULONG((PULONG)(Device->Registers + RACE_CONTROL),
                         RACE_CONTROL_RESET | RACE_CONTROL_INTERRUPTS);
    READ_REGISTER_ULONG((PULONG)(Device->Registers + RACE_STATUS)); /* a write may be posted, a read is not */
}

BOOLEAN RaceIsr(PKINTERRUPT Interrupt, PVOID ServiceContext)
{
    PRACE_DEVICE device = (PRACE_DEVICE)ServiceContext;
    ULONG causes = READ_REGISTER_ULONG((PULONG)(device->Registers + RACE_INTERRUPT_TAKE));

    UNREFERENCED_PARAMETER(Interrupt);
    if (causes == 0) {
        return FALSE;
    }
    InterlockedOr(&device->Causes, (LONG)causes);
    IoRequestDpc(device->Self, NULL, NULL);
    return TRUE;
}

VOID RaceEntry(PDRIVER_OBJECT DriverObject)
{
    DriverObject->DriverExtension->AddDevice = RaceAddDevice;
    DriverObject->DriverUnload = RaceUnload;
    DriverObject->DriverStartIo = RaceDriver.StartIo;
    DriverObject->MajorFunction[IRP_MJ_READ] = RaceDriver.ReadWrite;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = RaceDriver.ReadWrite;
    DriverObject->MajorFunction[IRP_MJ_PNP] = RacePnp;
    if (RaceDriver.Power != NULL) {
        DriverObject->MajorFunction[IRP_MJ_POWER] = RaceDriver.Power;
    }
}

VOID RaceUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS RaceAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    PDEVICE_OBJECT object;
    PRACE_DEVICE device;
    NTSTATUS status;

    status = IoCreateDevice(DriverObject, RaceDriver.ExtensionLength, NULL, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &object);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    device = (PRACE_DEVICE)object->DeviceExtension;
    device->Self = object;
    device->Pdo = PhysicalDeviceObject;
    KeInitializeSpinLock(&device->Lock);
    if (RaceDriver.Dpc != NULL) {
        IoInitializeDpcRequest(object, RaceDriver.Dpc);
    }
    device->Lower = IoAttachDeviceToDeviceStack(object, PhysicalDeviceObject);
    if (device->Lower == NULL) {
        IoDeleteDevice(object);
        return STATUS_NO_SUCH_DEVICE;
    }
    object->Flags |= DO_DIRECT_IO | DO_POWER_PAGABLE;
    object->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

/* Gives back whatever RaceStart got, in the reverse order. */
static VOID RaceStop(PRACE_DEVICE Device)
{
    if (Device->Interrupt != NULL) {
        RaceReset(Device);
        IoDisconnectInterrupt(Device->Interrupt);
        Device->Interrupt = NULL;
    }
    if (RaceDriver.Stop != NULL) {
        RaceDriver.Stop(Device);
    }
    if (Device->Adapter != NULL) {
        Device->Adapter->DmaOperations->PutDmaAdapter(Device->Adapter);
        Device->Adapter = NULL;
    }
    if (Device->Registers != NULL) {
        MmUnmapIoSpace(Device->Registers, Device->RegistersLength);
        Device->Registers = NULL;
    }
}

static NTSTATUS RaceGetAdapter(PRACE_DEVICE Device, PCM_PARTIAL_RESOURCE_DESCRIPTOR Dma)
{
    DEVICE_DESCRIPTION description;

    RtlZeroMemory(&description, sizeof(description));
    description.Version = DEVICE_DESCRIPTION_VERSION3;
    description.MaximumLength = RACE_MAXIMUM_LENGTH;
    if (RaceDriver.AddressWidth != 0) {
        description.Master = TRUE;
        description.ScatterGather = TRUE;
        description.InterfaceType = PCIBus;
        description.DmaAddressWidth = RaceDriver.AddressWidth;
    } else if (Dma != NULL) {
        description.InterfaceType = Internal;
        description.DmaWidth = Width32Bits;
        description.DmaRequestLine = Dma->u.DmaV3.RequestLine;
        description.DmaChannel = Dma->u.DmaV3.Channel;
    } else {
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    Device->Adapter = IoGetDmaAdapter(Device->Pdo, &description, &Device->MapRegisters);
    return Device->Adapter != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS RaceStart(PRACE_DEVICE Device, PCM_PARTIAL_RESOURCE_LIST List)
{
    PCM_PARTIAL_RESOURCE_DESCRIPTOR interrupt = NULL;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR dma = NULL;
    NTSTATUS status;
    ULONG i;

    for (i = 0; i < List->Count; i++) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR part = &List->PartialDescriptors[i];

        if (part->Type == CmResourceTypeMemory) {
            Device->RegistersLength = part->u.Memory.Length;
            Device->Registers =
                (PUCHAR)MmMapIoSpace(part->u.Memory.Start, part->u.Memory.Length, MmNonCached);
        } else if (part->Type == CmResourceTypeInterrupt) {
            interrupt = part;
        } else if (part->Type == CmResourceTypeDma) {
            dma = part;
        }
    }

    status = RaceGetAdapter(Device, dma);
    if (!NT_SUCCESS(status) || RaceDriver.AddressWidth == 0) {
        return status;
    }
    if (Device->Registers == NULL || interrupt == NULL) {
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    status = IoConnectInterrupt(&Device->Interrupt, RaceDriver.Isr != NULL ? RaceDriver.Isr : RaceIsr, Device,
                                NULL, interrupt->u.Interrupt.Vector, (KIRQL)interrupt->u.Interrupt.Level,
                                (KIRQL)interrupt->u.Interrupt.Level, LevelSensitive, TRUE,
                                interrupt->u.Interrupt.Affinity, FALSE);
    if (NT_SUCCESS(status)) {
        WRITE_REGISTER_ULONG((PULONG)(Device->Registers + RACE_CONTROL), RACE_CONTROL_INTERRUPTS);
    }
    return status;
}

NTSTATUS RacePnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PDEVICE_OBJECT lower = device->Lower;
    NTSTATUS status;

    switch (stack->MinorFunction) {
    case IRP_MN_START_DEVICE: /* the bus driver of a PCI device has nothing to do first */
        status = stack->Parameters.StartDevice.AllocatedResourcesTranslated == NULL
                     ? STATUS_DEVICE_CONFIGURATION_ERROR
                     : RaceStart(device, &stack->Parameters.StartDevice.AllocatedResourcesTranslated->List[0]
                                              .PartialResourceList);
        if (!NT_SUCCESS(status)) {
            RaceStop(device);
        }
        RaceComplete(Irp, status, 0);
        return status;

    case IRP_MN_REMOVE_DEVICE:
        RaceStop(device);
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
