/*
 * 0xE6/05: map registers are freed with the channel, and once more by themselves.
 */
#include "bad.h"

static VOID Deed(PBAD_DEVICE Device, PMDL Mdl)
{
    UNREFERENCED_PARAMETER(Mdl);
    if (!BadAllocate(Device, 3)) {
        return;
    }
    BadFreeObject(Device, MENDED ? DeallocateObjectKeepRegisters : DeallocateObject);
    BadFreeRegisters(Device);
}

BAD_DRIVER(e6_05_registers_freed_twice, NULL, Deed, NULL)
