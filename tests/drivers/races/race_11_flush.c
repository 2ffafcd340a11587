/*
 * Race 11: double buffers and the NULL base.
 *
 * Where a device reaches all memory there may be no map registers, and MapRegisterBase is NULL; where it does
 * not, each mapping is a part of the transfer, as long as the HAL made it. RACE_NULL frees what it was given
 * in any case: the author tested under Driver Verifier, which double-buffers everything. RACE_ASKED flushes
 * what it asked for and not what was mapped: the author's transfers were always mapped in one go.
 */
#include "race_driver.h"

_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH FlushRead;
IO_DPC_ROUTINE FlushDpc;

NTSTATUS FlushRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return RaceSubmit(DeviceObject, Irp, RACE_PAGES, RaceAdapterControl);
}

VOID FlushDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP CurrentIrp, PVOID Context)
{
#if defined RACE_NULL || defined RACE_ASKED
    PRACE_DEVICE device = (PRACE_DEVICE)DeviceObject->DeviceExtension;
    PDMA_OPERATIONS operations = device->Adapter->DmaOperations;
    PIRP irp = RaceTake(device);

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(CurrentIrp);
    UNREFERENCED_PARAMETER(Context);

    if (irp == NULL) {
        return;
    }
#ifdef RACE_ASKED
    operations->FlushAdapterBuffersEx(device->Adapter, irp->MdlAddress, device->MapRegisterBase, 0,
                                      device->Length, FALSE);
    RaceFree(device);
#else
    if (!RaceFlush(device, irp) && NT_SUCCESS(RaceStage(device, irp))) {
        return;
    }
    operations->FreeMapRegisters(device->Adapter, device->MapRegisterBase, device->Allocated);
#endif
    RaceEnd(device, irp, STATUS_SUCCESS);
#else
    RaceDpc(Dpc, DeviceObject, CurrentIrp, Context);
#endif
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(RACE_DEVICE), .AddressWidth = 64, .ReadWrite = FlushRead, .Dpc = FlushDpc};
