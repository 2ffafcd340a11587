/*
 * 0xE6/0D: the next part of a buffer is mapped where the last one was not flushed.
 */
#include "bad.h"

static VOID Deed(PBAD_DEVICE Device, PMDL Mdl)
{
    if (!BadAllocate(Device, 1)) {
        return;
    }
    BadMap(Device, Mdl, 0, PAGE_SIZE, TRUE);
    if (MENDED) {
        BadFlush(Device, Mdl, 0, PAGE_SIZE, TRUE);
    }
    BadMap(Device, Mdl, PAGE_SIZE, PAGE_SIZE, TRUE);
    BadFlush(Device, Mdl, PAGE_SIZE, PAGE_SIZE, TRUE);
    BadFreeObject(Device, DeallocateObject);
}

BAD_DRIVER(e6_0d_not_flushed, NULL, Deed, NULL)
