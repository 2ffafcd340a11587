/*
 * System addresses for the pages of an MDL.
 *
 * All simulated memory has one address that everybody shares, so a mapping is that address again, found from
 * the page-frame numbers and not from StartVa: an MDL without one, or one whose numbers were put there by
 * hand, works too. Pages that do not follow each other at that address cannot be mapped as one range: NULL,
 * as when system addresses have run out.
 */
#include <wdm.h>

#include <emu/choose.h>
#include <emu/finding.h>

#include "hal/ke_check.h"
#include "hal/ke_exception.h"
#include "hal/kernel.h"
#include "hal/ops.h"

/* The address of the first page, when the others follow it; NULL otherwise. */
static uint8_t *pages_address(struct emu_machine *m, PMDL mdl)
{
    const PFN_NUMBER *frames = MmGetMdlPfnArray(mdl);
    ULONG pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES((ULONG_PTR)mdl->ByteOffset, mdl->ByteCount);
    uint8_t *first = emu_ram_at(m, (uint64_t)frames[0] << PAGE_SHIFT);

    for (ULONG i = 1; first != NULL && i < pages; i++)
        if (emu_ram_at(m, (uint64_t)frames[i] << PAGE_SHIFT) != first + ((size_t)i << PAGE_SHIFT))
            return NULL;
    return first;
}

PVOID MmMapLockedPagesSpecifyCache(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                                   MEMORY_CACHING_TYPE CacheType, PVOID RequestedAddress,
                                   ULONG BugCheckOnFailure, ULONG Priority)
{
    ke_called_at_most(DISPATCH_LEVEL, "0xC4/76", __func__);
    struct emu_machine *m = emu_current();
    PMDL mdl = MemoryDescriptorList;
    char name[MM_NAME_BYTES];
    const CSHORT resident = MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL | MDL_IO_SPACE;

    (void)CacheType;
    (void)RequestedAddress;
    (void)Priority;
    if ((mdl->MdlFlags & resident) == 0) {
        uint64_t parameters[4] = {0, (uintptr_t)mdl, (uint64_t)(USHORT)mdl->MdlFlags, 0};
        emu_finding_raise(m, "MM-MAP-4", NULL, parameters,
                          "%s (%u bytes) was mapped, whose pages are neither locked nor non-paged",
                          mm_mdl_tell(m, mdl, name), mdl->ByteCount);
    }
    uint8_t *base = emu_fault(m, HAL_OP_IO_MAP_PAGES) ? NULL : pages_address(m, mdl);
    if (base == NULL) {
        if (AccessMode != KernelMode)
            ke_raise(STATUS_INSUFFICIENT_RESOURCES);
        if (BugCheckOnFailure != 0) {
            uint64_t parameters[4] = {0, (uintptr_t)mdl, mdl->ByteCount, 0};
            emu_finding_raise(m, "MM-MAP-5", "0x3F", parameters,
                              "no system addresses for %s (%u bytes), and the caller asked for a bug check",
                              mm_mdl_tell(m, mdl, name), mdl->ByteCount);
        }
        return NULL;
    }
    base += mdl->ByteOffset;
    if (AccessMode == KernelMode) {
        mdl->MappedSystemVa = base;
        mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
        if ((mdl->MdlFlags & MDL_PARTIAL) != 0)
            mdl->MdlFlags |= MDL_PARTIAL_HAS_BEEN_MAPPED;
    }
    return base;
}

PVOID MmMapLockedPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode)
{
    ke_called_at_most(DISPATCH_LEVEL, "0xC4/74", __func__);
    return MmMapLockedPagesSpecifyCache(MemoryDescriptorList, AccessMode, MmCached, NULL, TRUE,
                                        HighPagePriority);
}

VOID MmUnmapLockedPages(PVOID BaseAddress, PMDL MemoryDescriptorList)
{
    ke_called_at_most(DISPATCH_LEVEL, "0xC4/79", __func__);
    PMDL mdl = MemoryDescriptorList;

    if ((mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) == 0 || mdl->MappedSystemVa != BaseAddress)
        return; /* a mapping for user mode: nothing is kept about it */
    mdl->MdlFlags &= ~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED);
    if ((mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL) == 0)
        mdl->MappedSystemVa = NULL;
}

/* ---- Reserved ranges of addresses -------------------------------------------------------------------------
 */

/* What a caller of MmAllocateMappingAddress holds: never touched, only handed back. */
struct mm_reservation {
    uint64_t bytes;
};

PVOID MmAllocateMappingAddress(SIZE_T NumberOfBytes, ULONG PoolTag)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    struct mm_reservation *r = hal_pool_take(HAL_OP_MM_MAPPING_ADDRESS, NonPagedPoolNx, sizeof *r, PoolTag);

    if (r != NULL)
        r->bytes = NumberOfBytes;
    return r;
}

VOID MmFreeMappingAddress(PVOID BaseAddress, ULONG PoolTag)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    ExFreePoolWithTag(BaseAddress, PoolTag);
}

PVOID MmMapLockedPagesWithReservedMapping(PVOID MappingAddress, ULONG PoolTag, PMDL MemoryDescriptorList,
                                          MEMORY_CACHING_TYPE CacheType)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    const struct mm_reservation *r = MappingAddress;
    PMDL mdl = MemoryDescriptorList;

    (void)PoolTag;
    if (r->bytes < (uint64_t)mdl->ByteOffset + mdl->ByteCount)
        return NULL;
    return MmMapLockedPagesSpecifyCache(mdl, KernelMode, CacheType, NULL, FALSE, HighPagePriority);
}

VOID MmUnmapReservedMapping(PVOID BaseAddress, ULONG PoolTag, PMDL MemoryDescriptorList)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)PoolTag;
    MmUnmapLockedPages(BaseAddress, MemoryDescriptorList);
}

NTSTATUS MmProtectMdlSystemAddress(PMDL MemoryDescriptorList, ULONG NewProtect)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)NewProtect; /* pages are not protected from anybody here */
    return (MemoryDescriptorList->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0 ? STATUS_SUCCESS
                                                                           : STATUS_NOT_MAPPED_VIEW;
}
