/*
 * 0xE6/06: a scatter/gather list is put twice.
 */
#include "bad.h"

static VOID Deed(PBAD_DEVICE Device, PMDL Mdl)
{
    if (!BadGetList(Device, Mdl, (PUCHAR)MmGetMdlVirtualAddress(Mdl), PAGE_SIZE)) {
        return;
    }
    BadPutList(Device);
    if (!MENDED) {
        BadPutList(Device);
    }
}

BAD_DRIVER(e6_06_list_freed_twice, NULL, Deed, NULL)
