/*
 * The interposer: DriverEntry, AddDevice, Plug and Play, the bus interface.
 */
#include "interposer.h"

#include <wdmguid.h>

DRIVER_INITIALIZE DriverEntry;
DRIVER_ADD_DEVICE InterposerAddDevice;
DRIVER_UNLOAD InterposerUnload;
_Dispatch_type_(IRP_MJ_PNP) DRIVER_DISPATCH InterposerPnp;
_Dispatch_type_(IRP_MJ_POWER) DRIVER_DISPATCH InterposerPower;
DRIVER_DISPATCH InterposerPass;

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    ULONG i;

    UNREFERENCED_PARAMETER(RegistryPath);

    for (i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        DriverObject->MajorFunction[i] = InterposerPass;
    }
    DriverObject->MajorFunction[IRP_MJ_PNP] = InterposerPnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = InterposerPower;
    DriverObject->DriverExtension->AddDevice = InterposerAddDevice;
    DriverObject->DriverUnload = InterposerUnload;
    return STATUS_SUCCESS;
}

VOID InterposerUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS InterposerAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    PDEVICE_OBJECT device;
    PINTERPOSER_EXTENSION extension;
    NTSTATUS status;

    PAGED_CODE();

    status = IoCreateDevice(DriverObject, sizeof(INTERPOSER_EXTENSION), NULL, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    extension = (PINTERPOSER_EXTENSION)device->DeviceExtension;
    RtlZeroMemory(extension, sizeof(INTERPOSER_EXTENSION));
    extension->Pdo = PhysicalDeviceObject;
    extension->Lower = IoAttachDeviceToDeviceStack(device, PhysicalDeviceObject);
    if (extension->Lower == NULL) {
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    device->Flags |= extension->Lower->Flags & (DO_BUFFERED_IO | DO_DIRECT_IO | DO_POWER_PAGABLE);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

NTSTATUS InterposerPass(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(((PINTERPOSER_EXTENSION)DeviceObject->DeviceExtension)->Lower, Irp);
}

NTSTATUS InterposerPower(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PoStartNextPowerIrp(Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    return PoCallDriver(((PINTERPOSER_EXTENSION)DeviceObject->DeviceExtension)->Lower, Irp);
}

/* --- the standard bus interface ----------------------------------------------------------------- */

static VOID InterposerReference(PVOID Context)
{
    PINTERPOSER_EXTENSION extension = (PINTERPOSER_EXTENSION)Context;

    if (extension->LowerBus.InterfaceReference != NULL) {
        extension->LowerBus.InterfaceReference(extension->LowerBus.Context);
    }
}

static VOID InterposerDereference(PVOID Context)
{
    PINTERPOSER_EXTENSION extension = (PINTERPOSER_EXTENSION)Context;

    if (extension->LowerBus.InterfaceDereference != NULL) {
        extension->LowerBus.InterfaceDereference(extension->LowerBus.Context);
    }
}

/* The bus driver's adapter or, where that has none, the platform's. */
static PDMA_ADAPTER InterposerGetDmaAdapter(PVOID Context, PDEVICE_DESCRIPTION DeviceDescription,
                                            PULONG NumberOfMapRegisters)
{
    PINTERPOSER_EXTENSION extension = (PINTERPOSER_EXTENSION)Context;
    PDMA_ADAPTER lower;

    if (extension->LowerBus.GetDmaAdapter != NULL) {
        lower = extension->LowerBus.GetDmaAdapter(extension->LowerBus.Context, DeviceDescription,
                                                  NumberOfMapRegisters);
    } else {
        extension->Asking = KeGetCurrentThread();
        lower = IoGetDmaAdapter(extension->Pdo, DeviceDescription, NumberOfMapRegisters);
        extension->Asking = NULL;
    }
    return lower != NULL ? InterposerWrap(lower) : NULL;
}

static VOID InterposerAnswer(PINTERPOSER_EXTENSION Extension, PBUS_INTERFACE_STANDARD Bus, BOOLEAN Answered)
{
    if (Answered) {
        Extension->LowerBus = *Bus;
    } else {
        RtlZeroMemory(Bus, sizeof(*Bus));
        Bus->Size = sizeof(*Bus);
        Bus->Version = BUS_INTERFACE_STANDARD_VERSION_1;
    }
    Bus->Context = Extension;
    Bus->InterfaceReference = InterposerReference;
    Bus->InterfaceDereference = InterposerDereference;
    Bus->GetDmaAdapter = InterposerGetDmaAdapter;
}

static NTSTATUS InterposerQueryInterface(PINTERPOSER_EXTENSION Extension, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PBUS_INTERFACE_STANDARD bus = (PBUS_INTERFACE_STANDARD)stack->Parameters.QueryInterface.Interface;
    BOOLEAN answered;

    answered = IoForwardIrpSynchronously(Extension->Lower, Irp) && NT_SUCCESS(Irp->IoStatus.Status);
    InterposerAnswer(Extension, bus, answered);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static BOOLEAN InterposerIsAsked(PINTERPOSER_EXTENSION Extension, PIO_STACK_LOCATION Stack)
{
    return Stack->MinorFunction == IRP_MN_QUERY_INTERFACE && Extension->Asking != KeGetCurrentThread() &&
           IsEqualGUID(Stack->Parameters.QueryInterface.InterfaceType, &GUID_BUS_INTERFACE_STANDARD) &&
           Stack->Parameters.QueryInterface.Size >= sizeof(BUS_INTERFACE_STANDARD);
}

NTSTATUS InterposerPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PINTERPOSER_EXTENSION extension = (PINTERPOSER_EXTENSION)DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PDEVICE_OBJECT lower = extension->Lower;
    NTSTATUS status;

    PAGED_CODE();

    if (InterposerIsAsked(extension, stack)) {
        return InterposerQueryInterface(extension, Irp);
    }
    if (stack->MinorFunction == IRP_MN_REMOVE_DEVICE) {
        IoSkipCurrentIrpStackLocation(Irp);
        status = IoCallDriver(lower, Irp);
        IoDetachDevice(lower);
        IoDeleteDevice(DeviceObject);
        return status;
    }
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(lower, Irp);
}
