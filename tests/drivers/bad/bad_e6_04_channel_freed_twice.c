/*
 * 0xE6/04: both the completion and the cleanup free the channel.
 */
#include "bad.h"

static VOID Deed(PBAD_DEVICE Device, PMDL Mdl)
{
    UNREFERENCED_PARAMETER(Mdl);
    if (!BadAllocate(Device, 1)) {
        return;
    }
    BadFreeObject(Device, DeallocateObject);
    if (!MENDED) {
        BadFreeObject(Device, DeallocateObject);
    }
}

BAD_DRIVER(e6_04_channel_freed_twice, NULL, Deed, NULL)
