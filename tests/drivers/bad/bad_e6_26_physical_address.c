/*
 * 0xE6/26: the card is given a physical address where there are logical ones.
 */
#include "bad.h"

static VOID Deed(PBAD_DEVICE Device, PMDL Mdl)
{
    ULONGLONG physical = (ULONGLONG)MmGetMdlPfnArray(Mdl)[0] << PAGE_SHIFT;
    PHYSICAL_ADDRESS logical;

    if (!BadAllocate(Device, 1)) {
        return;
    }
    logical = BadMap(Device, Mdl, 0, 64, FALSE);
    BadCardWrites(Device, MENDED ? (ULONGLONG)logical.QuadPart : physical, 64);
    BadFlush(Device, Mdl, 0, 64, FALSE);
    BadFreeObject(Device, DeallocateObject);
}

BAD_DRIVER(e6_26_physical_address, NULL, Deed, NULL)
