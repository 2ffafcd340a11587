/*
 * 0xE6/13 and 14: calls at a wrong IRQL.
 */
#include "bad.h"

/* 13, 1: at PASSIVE_LEVEL what is done at DISPATCH_LEVEL. */
static VOID Differs(PBAD_DEVICE Device, PMDL Mdl)
{
    UNREFERENCED_PARAMETER(Mdl);
    if (!BadAllocate(Device, 1)) {
        return;
    }
    BadFreeObject(Device, DeallocateObjectKeepRegisters);
    if (MENDED) {
        BadFreeRegisters(Device);
    } else {
        Device->Operations->FreeMapRegisters(Device->Adapter, Device->Base, Device->Count);
    }
}

/* 13, 2: a common buffer at DISPATCH_LEVEL, as under a spin lock. */
static VOID TooHigh(PBAD_DEVICE Device, PMDL Mdl)
{
    BOOLEAN allocated;
    KIRQL irql;

    UNREFERENCED_PARAMETER(Mdl);
    KeRaiseIrql(MENDED ? PASSIVE_LEVEL : DISPATCH_LEVEL, &irql);
    allocated = BadAllocateCommon(Device);
    KeLowerIrql(irql);
    if (allocated) {
        BadFreeCommon(Device);
    }
}

/* 14: an adapter at DISPATCH_LEVEL. */
static VOID GetAdapter(PBAD_DEVICE Device, PMDL Mdl)
{
    DEVICE_DESCRIPTION description;
    PDMA_ADAPTER adapter;
    ULONG registers;
    KIRQL irql;

    UNREFERENCED_PARAMETER(Mdl);
    RtlZeroMemory(&description, sizeof(description));
    description.Version = DEVICE_DESCRIPTION_VERSION3;
    description.Master = TRUE;
    description.InterfaceType = PCIBus;
    description.MaximumLength = PAGE_SIZE;
    description.DmaAddressWidth = 32;
    KeRaiseIrql(MENDED ? PASSIVE_LEVEL : DISPATCH_LEVEL, &irql);
    adapter = IoGetDmaAdapter(Device->Pdo, &description, &registers);
    KeLowerIrql(irql);
    if (adapter != NULL) {
        adapter->DmaOperations->PutDmaAdapter(adapter);
    }
}

BAD_DRIVER(e6_13_level_differs, NULL, Differs, NULL)
BAD_DRIVER(e6_13_level_too_high, NULL, TooHigh, NULL)
BAD_DRIVER(e6_14_adapter_at_wrong_level, NULL, GetAdapter, NULL)
