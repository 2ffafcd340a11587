/*
 * Race 10: two drivers each hold some map registers and wait for more.
 *
 * So that the card has no pause between the halves of a write, the racy version allocates for the second half
 * before it starts the first, and holds what it has. Two devices that do so on a machine with few registers
 * wait for each other for ever. The mended version asks for all in one allocation.
 */
#include "race_driver.h"

typedef struct _EXHAUST_EXTENSION {
    RACE_DEVICE Device;
    PVOID FirstBase; /* the first half's; the second's is the device's MapRegisterBase */
    UCHAR SecondContext[DMA_TRANSFER_CONTEXT_SIZE_V1];
} EXHAUST_EXTENSION, *PEXHAUST_EXTENSION;

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH ExhaustWrite;

#ifdef RACE_MENDED

#define ExhaustDpc            RaceDpc
#define ExhaustAdapterControl RaceAdapterControl

static ULONG ExhaustRegisters(PRACE_DEVICE Device)
{
    return Device->Allocated;
}

#else

DRIVER_CONTROL ExhaustAdapterControl;
DRIVER_CONTROL ExhaustSecondControl;
IO_DPC_ROUTINE ExhaustDpc;

static ULONG ExhaustRegisters(PRACE_DEVICE Device)
{
    UNREFERENCED_PARAMETER(Device);
    return 1;
}

/* Maps a half, which lies in one page, and adds it to what the card will transfer. */
static NTSTATUS ExhaustMap(PRACE_DEVICE Device, PIRP Irp, PVOID MapRegisterBase, ULONG Offset,
                           PSCATTER_GATHER_LIST List)
{
    RACE_LIST piece;
    ULONG mapped = PAGE_SIZE;
    NTSTATUS status = Device->Adapter->DmaOperations->MapTransferEx(Device->Adapter, Irp->MdlAddress,
                                                                    MapRegisterBase, Offset, 0, &mapped, TRUE,
                                                                    &piece.List, sizeof(piece), NULL, NULL);

    if (NT_SUCCESS(status)) {
        List->Elements[List->NumberOfElements++] = piece.List.Elements[0];
    }
    return status;
}

IO_ALLOCATION_ACTION ExhaustSecondControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                          PVOID Context)
{
    PEXHAUST_EXTENSION extension = (PEXHAUST_EXTENSION)DeviceObject->DeviceExtension;
    PRACE_DEVICE device = &extension->Device;
    PDMA_OPERATIONS operations = device->Adapter->DmaOperations;
    PIRP irp = (PIRP)Context;
    NTSTATUS status;
    RACE_LIST pieces;

    UNREFERENCED_PARAMETER(CurrentIrp);

    device->MapRegisterBase = MapRegisterBase;
    pieces.List.NumberOfElements = 0;
    status = ExhaustMap(device, irp, extension->FirstBase, 0, &pieces.List);
    if (NT_SUCCESS(status)) {
        status = ExhaustMap(device, irp, MapRegisterBase, PAGE_SIZE, &pieces.List);
        if (!NT_SUCCESS(status)) {
            operations->FlushAdapterBuffersEx(device->Adapter, irp->MdlAddress, extension->FirstBase, 0,
                                              PAGE_SIZE, TRUE);
        }
    }
    if (!NT_SUCCESS(status)) {
        operations->FreeMapRegisters(device->Adapter, extension->FirstBase, 1);
        RaceEnd(device, irp, status);
        return DeallocateObject;
    }
    device->Irp = irp;
    RaceProgram(device, &pieces.List);
    return DeallocateObjectKeepRegisters;
}

IO_ALLOCATION_ACTION ExhaustAdapterControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp,
                                           PVOID MapRegisterBase, PVOID Context)
{
    PEXHAUST_EXTENSION extension = (PEXHAUST_EXTENSION)DeviceObject->DeviceExtension;
    PRACE_DEVICE device = &extension->Device;
    PDMA_OPERATIONS operations = device->Adapter->DmaOperations;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(CurrentIrp);

    extension->FirstBase = MapRegisterBase;
    operations->InitializeDmaTransferContext(device->Adapter, extension->SecondContext);
    status = operations->AllocateAdapterChannelEx(device->Adapter, DeviceObject, extension->SecondContext, 1,
                                                  0, ExhaustSecondControl, Context, NULL);
    if (!NT_SUCCESS(status)) {
        RaceEnd(device, (PIRP)Context, status);
        return DeallocateObject;
    }
    return DeallocateObjectKeepRegisters;
}

VOID ExhaustDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
{
    PEXHAUST_EXTENSION extension = (PEXHAUST_EXTENSION)DeviceObject->DeviceExtension;
    PRACE_DEVICE device = &extension->Device;
    PDMA_OPERATIONS operations = device->Adapter->DmaOperations;
    PIRP irp = RaceTake(device);

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(CurrentIrp);
    UNREFERENCED_PARAMETER(Context);

    if (irp == NULL) {
        return;
    }
    operations->FlushAdapterBuffersEx(device->Adapter, irp->MdlAddress, extension->FirstBase, 0, PAGE_SIZE,
                                      TRUE);
    operations->FlushAdapterBuffersEx(device->Adapter, irp->MdlAddress, device->MapRegisterBase, PAGE_SIZE,
                                      PAGE_SIZE, TRUE);
    operations->FreeMapRegisters(device->Adapter, extension->FirstBase, 1);
    operations->FreeMapRegisters(device->Adapter, device->MapRegisterBase, 1);
    RaceEnd(device, irp, STATUS_SUCCESS);
}

#endif

NTSTATUS ExhaustWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PDMA_OPERATIONS operations = device->Adapter->DmaOperations;
    NTSTATUS status;
    KIRQL irql;

    IoMarkIrpPending(Irp);
    if (!RaceBegin(device, Irp, RACE_PAGES)) {
        return STATUS_PENDING;
    }
    if (device->Length != RACE_MAXIMUM_LENGTH) { /* whole frames only */
        RaceEnd(device, Irp, STATUS_INVALID_PARAMETER);
        return STATUS_PENDING;
    }
    operations->InitializeDmaTransferContext(device->Adapter, device->TransferContext);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status =
        operations->AllocateAdapterChannelEx(device->Adapter, DeviceObject, device->TransferContext,
                                             ExhaustRegisters(device), 0, ExhaustAdapterControl, Irp, NULL);
    if (!NT_SUCCESS(status)) {
        RaceEnd(device, Irp, status);
    }
    KeLowerIrql(irql);
    return STATUS_PENDING;
}

const RACE_DRIVER RaceDriver = {.ExtensionLength = sizeof(EXHAUST_EXTENSION),
                                .AddressWidth = 32,
                                .ReadWrite = ExhaustWrite,
                                .Dpc = ExhaustDpc};
