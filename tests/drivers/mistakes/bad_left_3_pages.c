/*
 * Pages are allocated behind an MDL, and the MDL alone is freed: the pages are not part of it.
 */
#include "mistake.h"

_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH PagesWrite;

NTSTATUS PagesWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PHYSICAL_ADDRESS lowest, highest, skip;
    PMDL mdl;

    UNREFERENCED_PARAMETER(DeviceObject);
    lowest.QuadPart = 0;
    highest.QuadPart = -1;
    skip.QuadPart = 0;
    mdl = MmAllocatePagesForMdl(lowest, highest, skip, PAGE_SIZE);
    if (mdl != NULL) {
#ifdef MENDED
        MmFreePagesFromMdl(mdl);
#endif
        ExFreePool(mdl);
    }
    return MistakeFinish(Irp);
}

const RACE_DRIVER RaceDriver = {
    .ExtensionLength = sizeof(MISTAKE_DEVICE), .AddressWidth = 64, .ReadWrite = PagesWrite};
