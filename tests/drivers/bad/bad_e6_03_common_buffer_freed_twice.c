/*
 * 0xE6/03: an error path frees a common buffer that the caller has freed.
 */
#include "bad.h"

static VOID Deed(PBAD_DEVICE Device, PMDL Mdl)
{
    UNREFERENCED_PARAMETER(Mdl);
    if (BadAllocateCommon(Device)) {
        BadFreeCommon(Device);
        if (!MENDED) {
            BadFreeCommon(Device);
        }
    }
}

BAD_DRIVER(e6_03_common_buffer_freed_twice, NULL, Deed, NULL)
