/*
 * A driver as they were written for Windows NT 4: no Plug and Play, a DMA channel of the ISA bus that it
 * knows by number, an adapter from HalGetAdapter, and the names that adapters' operations had before there
 * was a table.
 *
 * Two units share one interface and one DMA channel: a controller object lets one of them work at a time.
 * There is no interrupt; a timer looks at the DMA counter until the transfer is over.
 */
#include <ntddk.h>

#define OLD_UNITS          2
#define OLD_CHANNEL        1
#define OLD_MAXIMUM_LENGTH (16 * 1024)
#define OLD_POLL_TIME      (-200) /* 20 microseconds */

/* The controller's extension. */
typedef struct _OLD_CONTROLLER {
    PADAPTER_OBJECT Adapter;
    ULONG MapRegisters;
    KTIMER Timer;
    KDPC Dpc;
    PDEVICE_OBJECT Owner; /* whose transfer runs */
} OLD_CONTROLLER, *POLD_CONTROLLER;

typedef struct _OLD_UNIT {
    PCONTROLLER_OBJECT Controller;
    PVOID MapRegisterBase;
    PVOID CurrentVa;
    ULONG Length; /* of the running transfer */
    BOOLEAN Write;
} OLD_UNIT, *POLD_UNIT;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD OldUnload;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH OldCreateClose;
_Dispatch_type_(IRP_MJ_READ) _Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH OldReadWrite;
DRIVER_STARTIO OldStartIo;
DRIVER_CONTROL OldControllerControl;
DRIVER_CONTROL OldAdapterControl;
KDEFERRED_ROUTINE OldPoll;

static POLD_CONTROLLER OldShared(POLD_UNIT Unit)
{
    return (POLD_CONTROLLER)Unit->Controller->ControllerExtension;
}

static NTSTATUS OldGetAdapter(POLD_CONTROLLER Shared)
{
    DEVICE_DESCRIPTION description;

    RtlZeroMemory(&description, sizeof(description));
    description.Version = DEVICE_DESCRIPTION_VERSION;
    description.Master = FALSE;
    description.DemandMode = FALSE;
    description.DmaChannel = OLD_CHANNEL;
    description.InterfaceType = Isa;
    description.DmaWidth = Width8Bits;
    description.DmaSpeed = Compatible;
    description.MaximumLength = OLD_MAXIMUM_LENGTH;
    Shared->Adapter = HalGetAdapter(&description, &Shared->MapRegisters);
    return Shared->Adapter != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PCONTROLLER_OBJECT controller;
    POLD_CONTROLLER shared;
    PDEVICE_OBJECT device;
    NTSTATUS status;
    ULONG i;

    UNREFERENCED_PARAMETER(RegistryPath);

    DriverObject->DriverUnload = OldUnload;
    DriverObject->DriverStartIo = OldStartIo;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = OldCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = OldCreateClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = OldReadWrite;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = OldReadWrite;

    controller = IoCreateController(sizeof(OLD_CONTROLLER));
    if (controller == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    shared = (POLD_CONTROLLER)controller->ControllerExtension;
    KeInitializeTimer(&shared->Timer);
    KeInitializeDpc(&shared->Dpc, OldPoll, shared);

    status = OldGetAdapter(shared);
    for (i = 0; i < OLD_UNITS && NT_SUCCESS(status); i++) {
        status = IoCreateDevice(DriverObject, sizeof(OLD_UNIT), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
        if (NT_SUCCESS(status)) {
            device->Flags |= DO_DIRECT_IO;
            ((POLD_UNIT)device->DeviceExtension)->Controller = controller;
        }
    }
    if (!NT_SUCCESS(status)) {
        while (DriverObject->DeviceObject != NULL) {
            IoDeleteDevice(DriverObject->DeviceObject);
        }
        IoDeleteController(controller);
    }
    return status;
}

/* An adapter of HalGetAdapter's is not given back. */
VOID OldUnload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteController(((POLD_UNIT)DriverObject->DeviceObject->DeviceExtension)->Controller);
    while (DriverObject->DeviceObject != NULL) {
        IoDeleteDevice(DriverObject->DeviceObject);
    }
}

NTSTATUS OldCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

NTSTATUS OldReadWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    if (Irp->MdlAddress == NULL || MmGetMdlByteCount(Irp->MdlAddress) == 0 ||
        MmGetMdlByteCount(Irp->MdlAddress) > OLD_MAXIMUM_LENGTH) {
        Irp->IoStatus.Status = STATUS_INVALID_PARAMETER;
        Irp->IoStatus.Information = 0;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return STATUS_INVALID_PARAMETER;
    }
    IoMarkIrpPending(Irp);
    IoStartPacket(DeviceObject, Irp, NULL, NULL);
    return STATUS_PENDING;
}

static VOID OldComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, NTSTATUS Status, ULONG Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoStartNextPacket(DeviceObject, FALSE);
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

VOID OldStartIo(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    POLD_UNIT unit = (POLD_UNIT)DeviceObject->DeviceExtension;

    unit->Write = IoGetCurrentIrpStackLocation(Irp)->MajorFunction == IRP_MJ_WRITE;
    unit->CurrentVa = MmGetMdlVirtualAddress(Irp->MdlAddress);
    IoAllocateController(unit->Controller, DeviceObject, OldControllerControl, unit);
}

/* The interface is this unit's: now for the DMA channel. */
IO_ALLOCATION_ACTION OldControllerControl(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID MapRegisterBase,
                                          PVOID Context)
{
    POLD_UNIT unit = (POLD_UNIT)Context;
    POLD_CONTROLLER shared = OldShared(unit);
    ULONG registers;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(MapRegisterBase);

    shared->Owner = DeviceObject;
    registers = ADDRESS_AND_SIZE_TO_SPAN_PAGES(unit->CurrentVa, MmGetMdlByteCount(Irp->MdlAddress));
    if (registers > shared->MapRegisters) {
        registers = shared->MapRegisters;
    }
    status = IoAllocateAdapterChannel(shared->Adapter, DeviceObject, registers, OldAdapterControl, unit);
    if (!NT_SUCCESS(status)) {
        OldComplete(DeviceObject, Irp, status, 0);
        return DeallocateObject;
    }
    return KeepObject;
}

IO_ALLOCATION_ACTION OldAdapterControl(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID MapRegisterBase,
                                       PVOID Context)
{
    POLD_UNIT unit = (POLD_UNIT)Context;
    POLD_CONTROLLER shared = OldShared(unit);
    LARGE_INTEGER soon;

    UNREFERENCED_PARAMETER(DeviceObject);

    unit->MapRegisterBase = MapRegisterBase;
    unit->Length = MmGetMdlByteCount(Irp->MdlAddress);
    KeFlushIoBuffers(Irp->MdlAddress, !unit->Write, TRUE);
    IoMapTransfer(shared->Adapter, Irp->MdlAddress, MapRegisterBase, unit->CurrentVa, &unit->Length,
                  unit->Write);
    soon.QuadPart = OLD_POLL_TIME;
    KeSetTimer(&shared->Timer, soon, &shared->Dpc);
    return KeepObject;
}

VOID OldPoll(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    POLD_CONTROLLER shared = (POLD_CONTROLLER)DeferredContext;
    PDEVICE_OBJECT device = shared->Owner;
    POLD_UNIT unit = (POLD_UNIT)device->DeviceExtension;
    PIRP irp = device->CurrentIrp;
    LARGE_INTEGER soon;
    ULONG length;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);

    if (HalReadDmaCounter(shared->Adapter) != 0) {
        soon.QuadPart = OLD_POLL_TIME;
        KeSetTimer(&shared->Timer, soon, &shared->Dpc);
        return;
    }
    length = unit->Length;
    IoFlushAdapterBuffers(shared->Adapter, irp->MdlAddress, unit->MapRegisterBase, unit->CurrentVa, length,
                          unit->Write);
    IoFreeAdapterChannel(shared->Adapter);
    IoFreeController(unit->Controller);
    OldComplete(device, irp, STATUS_SUCCESS, length);
}
