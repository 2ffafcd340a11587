/*
 * Memory in whole pages: contiguous, non-cached, and the pages behind an MDL.
 */
#include <string.h>
#include <wdm.h>

#include <emu/cache.h>
#include <emu/choose.h>
#include <emu/finding.h>

#include "hal/ke_check.h"
#include "hal/kernel.h"
#include "hal/ops.h"

enum { CONTIGUOUS_FILL = 0xA5 }; /* contents are not initialised for the caller */

static uint32_t pages_of(uint64_t bytes)
{
    uint64_t pages = (bytes >> PAGE_SHIFT) + (bytes % PAGE_SIZE != 0);

    return pages <= UINT32_MAX ? (uint32_t)pages : UINT32_MAX;
}

/* ---- Contiguous memory ------------------------------------------------------------------------------------
 */

PVOID MmAllocateContiguousMemorySpecifyCacheNode(
    SIZE_T NumberOfBytes, PHYSICAL_ADDRESS LowestAcceptableAddress, PHYSICAL_ADDRESS HighestAcceptableAddress,
    PHYSICAL_ADDRESS BoundaryAddressMultiple, MEMORY_CACHING_TYPE CacheType, NODE_REQUIREMENT PreferredNode)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    struct hal_kernel *k = hal_kernel();
    struct emu_ram_request request = {.pages = pages_of(NumberOfBytes),
                                      .lowest = (uint64_t)LowestAcceptableAddress.QuadPart,
                                      .highest = (uint64_t)HighestAcceptableAddress.QuadPart,
                                      .boundary = (uint64_t)BoundaryAddressMultiple.QuadPart,
                                      .contiguous = true};

    (void)PreferredNode;
    if (request.pages == 0 || emu_fault(k->machine, HAL_OP_IO_CONTIGUOUS))
        return NULL;
    if (request.highest == 0)
        return NULL; /* nothing lies below the first byte */
    void *base = emu_ram_alloc(k->machine, &request);
    if (base == NULL)
        return NULL;
    emu_cache_share(k->machine, base, request.pages, CacheType != MmCached);
    mm_pages_hold(k, base, request.pages, NumberOfBytes, MM_PAGES_CONTIGUOUS);
    memset(base, CONTIGUOUS_FILL, NumberOfBytes);
    return base;
}

PVOID MmAllocateContiguousNodeMemory(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS LowestAcceptableAddress,
                                     PHYSICAL_ADDRESS HighestAcceptableAddress,
                                     PHYSICAL_ADDRESS BoundaryAddressMultiple, ULONG Protect,
                                     NODE_REQUIREMENT PreferredNode)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)Protect;
    return MmAllocateContiguousMemorySpecifyCacheNode(NumberOfBytes, LowestAcceptableAddress,
                                                      HighestAcceptableAddress, BoundaryAddressMultiple,
                                                      MmCached, PreferredNode);
}

PVOID MmAllocateContiguousMemorySpecifyCache(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS LowestAcceptableAddress,
                                             PHYSICAL_ADDRESS HighestAcceptableAddress,
                                             PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                             MEMORY_CACHING_TYPE CacheType)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    return MmAllocateContiguousMemorySpecifyCacheNode(NumberOfBytes, LowestAcceptableAddress,
                                                      HighestAcceptableAddress, BoundaryAddressMultiple,
                                                      CacheType, MM_ANY_NODE_OK);
}

PVOID MmAllocateContiguousMemory(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS HighestAcceptableAddress)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    PHYSICAL_ADDRESS none = {.QuadPart = 0};

    return MmAllocateContiguousMemorySpecifyCacheNode(NumberOfBytes, none, HighestAcceptableAddress, none,
                                                      MmCached, MM_ANY_NODE_OK);
}

static void free_pages(PVOID base, enum mm_pages_kind kind, const char *what)
{
    struct hal_kernel *k = hal_kernel();
    const struct mm_pages *p = mm_pages_take(k, base, kind);

    if (p == NULL) {
        uint64_t parameters[4] = {0x60, (uintptr_t)base, 0, 0};
        emu_finding_raise(k->machine, "MM-CONTIGUOUS-4", "0xC2/60", parameters,
                          "%s was given an address that it did not hand out, or gave back before", what);
    }
    emu_ram_free(k->machine, base, p->pages);
}

VOID MmFreeContiguousMemory(PVOID BaseAddress)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_IRQL_MM_DISPATCH, __func__);
    free_pages(BaseAddress, MM_PAGES_CONTIGUOUS, "MmFreeContiguousMemory");
}

VOID MmFreeContiguousMemorySpecifyCache(PVOID BaseAddress, SIZE_T NumberOfBytes,
                                        MEMORY_CACHING_TYPE CacheType)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)NumberOfBytes;
    (void)CacheType;
    free_pages(BaseAddress, MM_PAGES_CONTIGUOUS, "MmFreeContiguousMemorySpecifyCache");
}

/* ---- Non-cached memory ------------------------------------------------------------------------------------
 */

PVOID MmAllocateNonCachedMemory(SIZE_T NumberOfBytes)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_IRQL_MM_APC_LTE, __func__);
    struct hal_kernel *k = hal_kernel();
    const struct emu_ram_request request = {.pages = pages_of(NumberOfBytes)};

    if (request.pages == 0 || emu_fault(k->machine, HAL_OP_MM_NONCACHED))
        return NULL;
    void *base = emu_ram_alloc(k->machine, &request);
    if (base == NULL)
        return NULL;
    emu_cache_share(k->machine, base, request.pages, true);
    mm_pages_hold(k, base, request.pages, NumberOfBytes, MM_PAGES_NONCACHED);
    memset(base, CONTIGUOUS_FILL, NumberOfBytes);
    return base;
}

VOID MmFreeNonCachedMemory(PVOID BaseAddress, SIZE_T NumberOfBytes)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_IRQL_MM_APC_LTE, __func__);
    (void)NumberOfBytes;
    free_pages(BaseAddress, MM_PAGES_NONCACHED, "MmFreeNonCachedMemory");
}

/* ---- Pages behind an MDL ----------------------------------------------------------------------------------
 */

/* The tag of such an MDL, which the caller frees with ExFreePool: "MmPg". */
#define MDL_PAGES_TAG 0x67506D4Du

/* Takes as many of the pages as there are, with room for the MDL, and at least one; NULL when there is none.
 */
static PMDL take_pages(struct emu_machine *m, struct emu_ram_request *request, bool all, uint8_t **base)
{
    for (;; request->pages /= 2) {
        size_t bytes = (size_t)request->pages << PAGE_SHIFT;
        *base = emu_ram_alloc(m, request);
        PMDL mdl =
            *base != NULL ? hal_pool_take(0, NonPagedPoolNx, MmSizeOfMdl(NULL, bytes), MDL_PAGES_TAG) : NULL;
        if (mdl != NULL)
            return mdl;
        if (*base != NULL)
            emu_ram_free(m, *base, request->pages);
        if (all || request->pages == 1)
            return NULL;
    }
}

PMDL MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                             PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes, MEMORY_CACHING_TYPE CacheType,
                             ULONG Flags)
{
    ke_called_at_most(DISPATCH_LEVEL, "0xC4/7E", __func__);
    struct hal_kernel *k = hal_kernel();
    struct emu_machine *m = k->machine;
    bool all = (Flags & MM_ALLOCATE_FULLY_REQUIRED) != 0;
    struct emu_ram_request request = {.pages = pages_of(TotalBytes),
                                      .lowest = (uint64_t)LowAddress.QuadPart,
                                      .highest = (uint64_t)HighAddress.QuadPart,
                                      .contiguous = (Flags & MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS) != 0};

    (void)SkipBytes;
    if (request.pages == 0 || request.highest == 0 || emu_fault(m, HAL_OP_IO_ALLOCATE_PAGES))
        return NULL;
    if (!all && request.pages > 1 && emu_latitude(m, HAL_OP_IO_ALLOCATE_PAGES, 2) != 0)
        request.pages -= request.pages / 2;
    uint8_t *base;
    PMDL mdl = take_pages(m, &request, all, &base);
    if (mdl == NULL)
        return NULL;
    emu_cache_share(m, base, request.pages, CacheType != MmCached && CacheType != MmNotMapped);
    MmInitializeMdl(mdl, NULL, request.pages << PAGE_SHIFT);
    mdl->Process = NULL;
    mdl->MappedSystemVa = NULL;
    mdl->MdlFlags |= MDL_PAGES_LOCKED;
    for (uint32_t i = 0; i < request.pages; i++)
        MmGetMdlPfnArray(mdl)[i] = emu_ram_physical(m, base + ((size_t)i << PAGE_SHIFT)) >> PAGE_SHIFT;
    mm_pages_hold(k, base, request.pages, TotalBytes, MM_PAGES_MDL);
    if ((Flags & MM_DONT_ZERO_ALLOCATION) != 0)
        memset(base, CONTIGUOUS_FILL, (size_t)request.pages << PAGE_SHIFT);
    return mdl;
}

PMDL MmAllocatePagesForMdl(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                           PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes)
{
    ke_called_at_most(DISPATCH_LEVEL, "0xC4/7E", __func__);
    return MmAllocatePagesForMdlEx(LowAddress, HighAddress, SkipBytes, TotalBytes, MmCached, 0);
}

PMDL MmAllocateNodePagesForMdlEx(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                 PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes, MEMORY_CACHING_TYPE CacheType,
                                 ULONG IdealNode, ULONG Flags)
{
    ke_called_at_most(DISPATCH_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)IdealNode;
    return MmAllocatePagesForMdlEx(LowAddress, HighAddress, SkipBytes, TotalBytes, CacheType, Flags);
}

VOID MmFreePagesFromMdl(PMDL MemoryDescriptorList)
{
    ke_called_at_most(DISPATCH_LEVEL, "0xC4/7E", __func__);
    PMDL mdl = MemoryDescriptorList;
    void *base = emu_ram_at(emu_current(), (uint64_t)MmGetMdlPfnArray(mdl)[0] << PAGE_SHIFT);

    if ((mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0)
        MmUnmapLockedPages(mdl->MappedSystemVa, mdl);
    free_pages(base, MM_PAGES_MDL, "MmFreePagesFromMdl");
    mdl->MdlFlags &= ~MDL_PAGES_LOCKED;
}
