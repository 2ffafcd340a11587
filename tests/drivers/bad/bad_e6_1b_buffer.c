/*
 * 0xE6/1B, 1D, 1F, 21, 22 and 24: buffers that are none, or not this one.
 */
#include "bad.h"

static VOID Transfer(PBAD_DEVICE Device, PMDL Mdl, ULONG Offset, ULONG Length, BOOLEAN ToDevice)
{
    if (!BadAllocate(Device, 3)) {
        return;
    }
    BadMap(Device, Mdl, Offset, Length, ToDevice);
    BadFlush(Device, Mdl, Offset, Length, ToDevice);
    BadFreeObject(Device, DeallocateObject);
}

/* 1B: the address is advanced once too often. */
static VOID Outside(PBAD_DEVICE Device, PMDL Mdl)
{
    Transfer(Device, Mdl, MENDED ? Mdl->ByteCount - 100 : Mdl->ByteCount, 100, TRUE);
}

/* 1D: the parts overlap. */
static VOID Overlap(PBAD_DEVICE Device, PMDL Mdl)
{
    if (!BadAllocate(Device, 3)) {
        return;
    }
    BadMap(Device, Mdl, 0, 100, TRUE);
    BadMap(Device, Mdl, MENDED ? 100 : 50, 100, TRUE);
    BadFlush(Device, Mdl, 0, 100, TRUE);
    BadFlush(Device, Mdl, 100, 100, TRUE);
    BadFreeObject(Device, DeallocateObject);
}

/* 1F, 1 and 2: the list is asked for with the address of another buffer. */
static VOID ListFrom(PBAD_DEVICE Device, PMDL Mdl, LONG Offset)
{
    if (BadGetList(Device, Mdl, (PUCHAR)MmGetMdlVirtualAddress(Mdl) + (MENDED ? 0 : Offset), 100)) {
        BadPutList(Device);
    }
}

static VOID BeforeFirst(PBAD_DEVICE Device, PMDL Mdl)
{
    ListFrom(Device, Mdl, -100);
}

static VOID BehindFirst(PBAD_DEVICE Device, PMDL Mdl)
{
    ListFrom(Device, Mdl, (LONG)Mdl->ByteCount);
}

/* 1F, 3: the length is rounded up, beyond the last page. */
static VOID CrossesPage(PBAD_DEVICE Device, PMDL Mdl)
{
    ULONG left = MENDED ? 0 : PAGE_SIZE;

    Transfer(Device, Mdl, Mdl->ByteCount - PAGE_SIZE, PAGE_SIZE + left, TRUE);
}

/* 1F, 4 and 5: where devices do not see caches. */
static VOID AddressUnaligned(PBAD_DEVICE Device, PMDL Mdl)
{
    Transfer(Device, Mdl, MENDED ? 64 : 4, 64, FALSE);
}

static VOID LengthUnaligned(PBAD_DEVICE Device, PMDL Mdl)
{
    Transfer(Device, Mdl, 0, MENDED ? 128 : 100, FALSE);
}

/* 21: a request of no bytes. */
static VOID Zero(PBAD_DEVICE Device, PMDL Mdl)
{
    Transfer(Device, Mdl, 0, MENDED ? 100 : 0, TRUE);
}

/* 22: the driver sets a flag that is the memory manager's. */
static VOID NoAddress(PBAD_DEVICE Device, PMDL Mdl)
{
    PMDL part = IoAllocateMdl(MmGetMdlVirtualAddress(Mdl), PAGE_SIZE, FALSE, FALSE, NULL);

    if (part == NULL) {
        return;
    }
    IoBuildPartialMdl(Mdl, part, MmGetMdlVirtualAddress(Mdl), PAGE_SIZE);
    if (!MENDED) {
        part->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
        part->MappedSystemVa = NULL;
    }
    Transfer(Device, part, 0, 100, TRUE);
    IoFreeMdl(part);
}

/* 24: the list is for more than the chain has. */
static VOID TooShort(PBAD_DEVICE Device, PMDL Mdl)
{
    if (BadGetList(Device, Mdl, (PUCHAR)MmGetMdlVirtualAddress(Mdl) + 2 * PAGE_SIZE,
                   MENDED ? PAGE_SIZE : PAGE_SIZE + 7)) {
        BadPutList(Device);
    }
}

BAD_DRIVER(e6_1b_address_outside, NULL, Outside, NULL)
BAD_DRIVER(e6_1d_mapped_twice, NULL, Overlap, NULL)
BAD_DRIVER(e6_1f_before_first, NULL, BeforeFirst, NULL)
BAD_DRIVER(e6_1f_behind_first, NULL, BehindFirst, NULL)
BAD_DRIVER(e6_1f_crosses_page, NULL, CrossesPage, NULL)
BAD_DRIVER(e6_1f_address_unaligned, NULL, AddressUnaligned, NULL)
BAD_DRIVER(e6_1f_length_unaligned, NULL, LengthUnaligned, NULL)
BAD_DRIVER(e6_21_zero_bytes, NULL, Zero, NULL)
BAD_DRIVER(e6_22_no_address, NULL, NoAddress, NULL)
BAD_DRIVER(e6_24_too_short, NULL, TooShort, NULL)
