/*
 * 0xE6/18, 19, 1E and 25: adapters that were released, that are null, or got in a way that is none.
 */
#include "bad.h"

#include <ntddk.h>

static VOID Describe(PDEVICE_DESCRIPTION Description)
{
    RtlZeroMemory(Description, sizeof(*Description));
    Description->Version = DEVICE_DESCRIPTION_VERSION2;
    Description->Master = TRUE;
    Description->InterfaceType = PCIBus;
    Description->MaximumLength = PAGE_SIZE;
    Description->Dma32BitAddresses = TRUE;
}

/* 18: a timer of the driver's comes after the adapter was put. */
static VOID Released(PBAD_DEVICE Device, PMDL Mdl)
{
    DEVICE_DESCRIPTION description;
    PDMA_ADAPTER adapter;
    ULONG registers;

    UNREFERENCED_PARAMETER(Mdl);
    Describe(&description);
    adapter = IoGetDmaAdapter(Device->Pdo, &description, &registers);
    if (adapter == NULL) {
        return;
    }
    if (MENDED) {
        Device->Operations->GetDmaAlignment(adapter);
    }
    adapter->DmaOperations->PutDmaAdapter(adapter);
    if (!MENDED) {
        Device->Operations->GetDmaAlignment(adapter);
    }
}

/* 19: nobody looked whether there is an adapter. */
static VOID Null(PBAD_DEVICE Device, PMDL Mdl)
{
    UNREFERENCED_PARAMETER(Mdl);
    Device->Operations->GetDmaAlignment(MENDED ? Device->Adapter : NULL);
}

/* 1E: a function of Windows NT 4. */
static VOID Obsolete(PBAD_DEVICE Device, PMDL Mdl)
{
    DEVICE_DESCRIPTION description;
    PDMA_ADAPTER adapter;
    ULONG registers;

    UNREFERENCED_PARAMETER(Mdl);
    Describe(&description);
    adapter = MENDED ? IoGetDmaAdapter(Device->Pdo, &description, &registers)
                     : (PDMA_ADAPTER)HalGetAdapter(&description, &registers);
    if (adapter != NULL) {
        adapter->DmaOperations->PutDmaAdapter(adapter);
    }
}

/* 25: the structure is not zeroed before it is filled in. */
static VOID Version(PBAD_DEVICE Device, PMDL Mdl)
{
    DEVICE_DESCRIPTION description;
    PDMA_ADAPTER adapter;
    ULONG registers;

    UNREFERENCED_PARAMETER(Mdl);
    Describe(&description);
    if (!MENDED) {
        description.Version = 0xCDCDCDCD;
    }
    adapter = IoGetDmaAdapter(Device->Pdo, &description, &registers);
    if (adapter != NULL) {
        adapter->DmaOperations->PutDmaAdapter(adapter);
    }
}

BAD_DRIVER(e6_18_released_adapter, NULL, Released, NULL)
BAD_DRIVER(e6_19_null_adapter, NULL, Null, NULL)
BAD_DRIVER(e6_1e_hal_get_adapter, NULL, Obsolete, NULL)
BAD_DRIVER(e6_25_unknown_version, NULL, Version, NULL)
