/*
 * 0xE6/0E: an MDL is mapped as IoAllocateMdl made it, without its pages.
 */
#include "bad.h"

#define TAG 'daB '

static VOID Deed(PBAD_DEVICE Device, PMDL Mdl)
{
    PVOID memory = ExAllocatePoolWithTag(NonPagedPoolNx, PAGE_SIZE, TAG);
    PMDL own = memory != NULL ? IoAllocateMdl(memory, PAGE_SIZE, FALSE, FALSE, NULL) : NULL;

    UNREFERENCED_PARAMETER(Mdl);
    if (own != NULL) {
        if (MENDED) {
            MmBuildMdlForNonPagedPool(own);
        }
        if (BadAllocate(Device, 2)) {
            BadMap(Device, own, 0, PAGE_SIZE, TRUE);
            BadFlush(Device, own, 0, PAGE_SIZE, TRUE);
            BadFreeObject(Device, DeallocateObject);
        }
        IoFreeMdl(own);
    }
    if (memory != NULL) {
        ExFreePoolWithTag(memory, TAG);
    }
}

BAD_DRIVER(e6_0e_not_locked, NULL, Deed, NULL)
