/*
 * 0xE6/00: more is flushed than the map registers hold; and more is mapped than there are.
 */
#include "bad.h"

/* 1: the author flushes what the request asked for, not what was mapped. */
static VOID FlushPast(PBAD_DEVICE Device, PMDL Mdl)
{
    if (!BadAllocate(Device, 1)) {
        return;
    }
    BadMap(Device, Mdl, 0, 100, TRUE);
    BadFlush(Device, Mdl, 0, MENDED ? 100 : 150, TRUE);
    BadFreeObject(Device, DeallocateObject);
}

/* 2: the buffer lies in three pages, and two map registers are asked for. */
static VOID OutOfRegisters(PBAD_DEVICE Device, PMDL Mdl)
{
    if (!BadAllocate(Device, MENDED ? 3 : 2)) {
        return;
    }
    BadMap(Device, Mdl, 0, 3 * PAGE_SIZE, TRUE);
    BadFlush(Device, Mdl, 0, 3 * PAGE_SIZE, TRUE);
    BadFreeObject(Device, DeallocateObject);
}

BAD_DRIVER(e6_00_flush_past_registers, NULL, FlushPast, NULL)
BAD_DRIVER(e6_00_out_of_registers, NULL, OutOfRegisters, NULL)
