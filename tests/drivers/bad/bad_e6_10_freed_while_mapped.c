/*
 * 0xE6/10: map registers are freed before what they map is flushed.
 */
#include "bad.h"

static VOID Deed(PBAD_DEVICE Device, PMDL Mdl)
{
    if (!BadAllocate(Device, 2)) {
        return;
    }
    BadFreeObject(Device, DeallocateObjectKeepRegisters);
    BadMap(Device, Mdl, 0, 2 * PAGE_SIZE, TRUE);
    if (MENDED) {
        BadFlush(Device, Mdl, 0, 2 * PAGE_SIZE, TRUE);
    }
    BadFreeRegisters(Device);
}

BAD_DRIVER(e6_10_freed_while_mapped, NULL, Deed, NULL)
