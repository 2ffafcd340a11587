/*
 * 0xE6/0F: the driver, or the card, writes outside of its buffer.
 */
#include "bad.h"

#define BEYOND 64 /* beyond the tags */

/* 1, 2, 4, 5: a common buffer is written by an index that is wrong by one, or by far. */
static VOID WriteAt(PBAD_DEVICE Device, LONG Offset, LONG Right)
{
    if (!BadAllocateCommon(Device)) {
        return;
    }
    ((PUCHAR)Device->Common)[MENDED ? Right : Offset] = 0;
    BadFreeCommon(Device);
}

static VOID TagBefore(PBAD_DEVICE Device, PMDL Mdl)
{
    UNREFERENCED_PARAMETER(Mdl);
    WriteAt(Device, -1, 0);
}

static VOID TagAfter(PBAD_DEVICE Device, PMDL Mdl)
{
    UNREFERENCED_PARAMETER(Mdl);
    WriteAt(Device, BAD_COMMON_LENGTH, BAD_COMMON_LENGTH - 1);
}

static VOID PaddingBefore(PBAD_DEVICE Device, PMDL Mdl)
{
    UNREFERENCED_PARAMETER(Mdl);
    WriteAt(Device, -BEYOND, 0);
}

static VOID PaddingAfter(PBAD_DEVICE Device, PMDL Mdl)
{
    UNREFERENCED_PARAMETER(Mdl);
    WriteAt(Device, BAD_COMMON_LENGTH + BEYOND, 0);
}

/* 3: the card is told of the buffer when it is no longer mapped. */
static VOID FreeRegister(PBAD_DEVICE Device, PMDL Mdl)
{
    PHYSICAL_ADDRESS logical;

    if (!BadAllocate(Device, 1)) {
        return;
    }
    logical = BadMap(Device, Mdl, 0, PAGE_SIZE, FALSE);
    if (MENDED) {
        BadCardWrites(Device, (ULONGLONG)logical.QuadPart, PAGE_SIZE);
    }
    BadFlush(Device, Mdl, 0, PAGE_SIZE, FALSE);
    if (!MENDED) {
        BadCardWrites(Device, (ULONGLONG)logical.QuadPart, PAGE_SIZE);
    }
    BadFreeObject(Device, DeallocateObject);
}

/* 5: the card is told to write more than was mapped, and does so while it is mapped. */
static VOID MappedLonger(PBAD_DEVICE Device, PMDL Mdl)
{
    PHYSICAL_ADDRESS logical;

    if (!BadAllocate(Device, 1)) {
        return;
    }
    logical = BadMap(Device, Mdl, 0, PAGE_SIZE / 2, FALSE);
    BadCardWrites(Device, (ULONGLONG)logical.QuadPart, MENDED ? PAGE_SIZE / 2 : PAGE_SIZE);
    BadFlush(Device, Mdl, 0, PAGE_SIZE / 2, FALSE);
    BadFreeObject(Device, DeallocateObject);
}

BAD_DRIVER(e6_0f_tag_before, NULL, TagBefore, NULL)
BAD_DRIVER(e6_0f_tag_after, NULL, TagAfter, NULL)
BAD_DRIVER(e6_0f_free_register, NULL, FreeRegister, NULL)
BAD_DRIVER(e6_0f_padding_before, NULL, PaddingBefore, NULL)
BAD_DRIVER(e6_0f_padding_after, NULL, PaddingAfter, NULL)
BAD_DRIVER(e6_0f_card_writes_on, NULL, MappedLonger, NULL)
