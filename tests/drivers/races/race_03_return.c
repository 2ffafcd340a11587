/*
 * Race 3: the call-back comes before the allocating call returns, and the driver's object is gone.
 *
 * Each write has a request of its own in pool. AdapterControl runs within AllocateAdapterChannelEx or beside
 * it; the card may be done, and the DPC on another processor may have freed the request, before that call
 * returns. The racy version notes in the request that it waits now.
 */
#include "race_driver.h"

#define RETURN_TAG 'teRR'

typedef enum _RETURN_STATE { RequestNew, RequestWaits } RETURN_STATE;

typedef struct _RETURN_REQUEST {
    RETURN_STATE State; /* for the debugger extension, says the author */
    PIRP Irp;
    UCHAR TransferContext[DMA_TRANSFER_CONTEXT_SIZE_V1];
} RETURN_REQUEST, *PRETURN_REQUEST;

typedef struct _RETURN_EXTENSION {
    RACE_DEVICE Device;
    PRETURN_REQUEST Request; /* that has the device */
} RETURN_EXTENSION, *PRETURN_EXTENSION;

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH ReturnWrite;
DRIVER_CONTROL ReturnAdapterControl;
IO_DPC_ROUTINE ReturnDpc;

static VOID ReturnEnd(PRACE_DEVICE Device, PRETURN_REQUEST Request, NTSTATUS Status)
{
    PIRP irp = Request->Irp;

    ExFreePoolWithTag(Request, RETURN_TAG);
    RaceEnd(Device, irp, Status);
}

IO_ALLOCATION_ACTION ReturnAdapterControl(PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID MapRegisterBase,
                                          PVOID Context)
{
    PRETURN_EXTENSION extension = (PRETURN_EXTENSION)DeviceObject->DeviceExtension;
    PRACE_DEVICE device = &extension->Device;
    PRETURN_REQUEST request = (PRETURN_REQUEST)Context;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(CurrentIrp);

    extension->Request = request;
    device->MapRegisterBase = MapRegisterBase;
    status = RaceStage(device, request->Irp);
    if (!NT_SUCCESS(status)) {
        ReturnEnd(device, request, status);
        return DeallocateObject;
    }
    return DeallocateObjectKeepRegisters;
}

NTSTATUS ReturnWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PRETURN_EXTENSION extension = (PRETURN_EXTENSION)DeviceObject->DeviceExtension;
    PRACE_DEVICE device = &extension->Device;
    PDMA_OPERATIONS operations = device->Adapter->DmaOperations;
    PRETURN_REQUEST request;
    NTSTATUS status;
    KIRQL irql;

    IoMarkIrpPending(Irp);
    if (!RaceBegin(device, Irp, RACE_PAGES)) {
        return STATUS_PENDING;
    }
    request = (PRETURN_REQUEST)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(RETURN_REQUEST), RETURN_TAG);
    if (request == NULL) {
        RaceEnd(device, Irp, STATUS_INSUFFICIENT_RESOURCES);
        return STATUS_PENDING;
    }
    request->Irp = Irp;
    operations->InitializeDmaTransferContext(device->Adapter, request->TransferContext);
#ifdef RACE_MENDED
    request->State = RequestWaits; /* from the call on it is AdapterControl's */
#endif
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = operations->AllocateAdapterChannelEx(device->Adapter, DeviceObject, request->TransferContext,
                                                  device->Allocated, 0, ReturnAdapterControl, request, NULL);
    if (!NT_SUCCESS(status)) {
        ReturnEnd(device, request, status);
#ifndef RACE_MENDED
    } else {
        request->State = RequestWaits;
#endif
    }
    KeLowerIrql(irql);
    return STATUS_PENDING;
}

VOID ReturnDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
{
    PRETURN_EXTENSION extension = (PRETURN_EXTENSION)DeviceObject->DeviceExtension;
    PRACE_DEVICE device = &extension->Device;
    PIRP irp = RaceTake(device);
    NTSTATUS status = STATUS_SUCCESS;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(CurrentIrp);
    UNREFERENCED_PARAMETER(Context);

    if (irp == NULL) {
        return;
    }
    if (!RaceFlush(device, irp)) {
        status = RaceStage(device, irp);
        if (NT_SUCCESS(status)) {
            return;
        }
    }
    RaceFree(device);
    ReturnEnd(device, extension->Request, status);
}

const RACE_DRIVER RaceDriver = {.ExtensionLength = sizeof(RETURN_EXTENSION),
                                .AddressWidth = 64,
                                .ReadWrite = ReturnWrite,
                                .Dpc = ReturnDpc};
