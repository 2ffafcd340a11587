/*
 * The names of Windows NT 4: what drivers call that were written before an adapter had a table.
 *
 * Each is a member of version 1's table under its old name, and is performed by that member: of the table
 * here, not of the one that the adapter's DmaOperations names, as an exported function does on Windows. A
 * driver that is compiled as for 64-bit Windows gets inline functions of the same names instead, which go
 * through DmaOperations (wdk/wdm_dma.h); _NTHAL_ asks for these.
 */
#define _NTHAL_ 1
#include <ntddk.h>

#include "dma/adapter.h"
#include "dma/system.h"

/* What an adapter of HalGetAdapter can be asked for. */
static const DMA_OPERATIONS *operations(void)
{
    return dma_system()->entry->tables[0];
}

PADAPTER_OBJECT HalGetAdapter(PDEVICE_DESCRIPTION DeviceDescription, PULONG NumberOfMapRegisters)
{
    struct dma_system *s = dma_system();
    s->entry->obsolete(s, "HalGetAdapter");
    if (DeviceDescription != NULL && DeviceDescription->Version > DEVICE_DESCRIPTION_VERSION2)
        return NULL;
    PADAPTER_OBJECT adapter = IoGetDmaAdapter(NULL, DeviceDescription, NumberOfMapRegisters);
    if (adapter != NULL)
        dma_adapter_of(adapter)->drivers = false; /* it is nobody's to release */
    return adapter;
}

NTSTATUS IoAllocateAdapterChannel(PADAPTER_OBJECT AdapterObject, PDEVICE_OBJECT DeviceObject,
                                  ULONG NumberOfMapRegisters, PDRIVER_CONTROL ExecutionRoutine, PVOID Context)
{
    return operations()->AllocateAdapterChannel(AdapterObject, DeviceObject, NumberOfMapRegisters,
                                                ExecutionRoutine, Context);
}

PHYSICAL_ADDRESS IoMapTransfer(PADAPTER_OBJECT AdapterObject, PMDL Mdl, PVOID MapRegisterBase,
                               PVOID CurrentVa, PULONG Length, BOOLEAN WriteToDevice)
{
    return operations()->MapTransfer(AdapterObject, Mdl, MapRegisterBase, CurrentVa, Length, WriteToDevice);
}

BOOLEAN IoFlushAdapterBuffers(PADAPTER_OBJECT AdapterObject, PMDL Mdl, PVOID MapRegisterBase, PVOID CurrentVa,
                              ULONG Length, BOOLEAN WriteToDevice)
{
    return operations()->FlushAdapterBuffers(AdapterObject, Mdl, MapRegisterBase, CurrentVa, Length,
                                             WriteToDevice);
}

VOID IoFreeAdapterChannel(PADAPTER_OBJECT AdapterObject)
{
    operations()->FreeAdapterChannel(AdapterObject);
}

VOID IoFreeMapRegisters(PADAPTER_OBJECT AdapterObject, PVOID MapRegisterBase, ULONG NumberOfMapRegisters)
{
    operations()->FreeMapRegisters(AdapterObject, MapRegisterBase, NumberOfMapRegisters);
}

PVOID HalAllocateCommonBuffer(PADAPTER_OBJECT AdapterObject, ULONG Length, PPHYSICAL_ADDRESS LogicalAddress,
                              BOOLEAN CacheEnabled)
{
    return operations()->AllocateCommonBuffer(AdapterObject, Length, LogicalAddress, CacheEnabled);
}

VOID HalFreeCommonBuffer(PADAPTER_OBJECT AdapterObject, ULONG Length, PHYSICAL_ADDRESS LogicalAddress,
                         PVOID VirtualAddress, BOOLEAN CacheEnabled)
{
    operations()->FreeCommonBuffer(AdapterObject, Length, LogicalAddress, VirtualAddress, CacheEnabled);
}

ULONG HalReadDmaCounter(PADAPTER_OBJECT AdapterObject)
{
    return operations()->ReadDmaCounter(AdapterObject);
}

VOID HalPutDmaAdapter(PADAPTER_OBJECT AdapterObject)
{
    operations()->PutDmaAdapter(AdapterObject);
}
