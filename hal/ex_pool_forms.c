/*
 * The documented forms of allocating from pool: they translate their flags into one request.
 */
#include <wdm.h>

#include "hal/ke_check.h"
#include "hal/ke_exception.h"
#include "hal/mm_state.h"
#include "hal/ops.h"
#include "hal/pool.h"

/* The tag of blocks that were allocated without one: "None", first character in the low byte. */
#define POOL_TAG_NONE 0x656E6F4Eu

/* The bits of a POOL_TYPE that say what kind of memory it is; the others say how to fail and how to align. */
static bool type_is_paged(POOL_TYPE type)
{
    return ((uint32_t)type & 1u) == PagedPool;
}

static bool type_is_cache_aligned(POOL_TYPE type)
{
    return ((uint32_t)type & (uint32_t)NonPagedPoolCacheAligned) != 0;
}

static struct pool_request request_of(uint32_t site, POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    struct pool_request r = {.bytes = bytes,
                             .tag = tag,
                             .type = (uint32_t)type,
                             .site = site,
                             .paged = type_is_paged(type),
                             .zero = ((uint32_t)type & POOL_ZERO_ALLOCATION) != 0,
                             .cache_aligned = type_is_cache_aligned(type)};
    return r;
}

void *hal_pool_take(uint32_t site, uint32_t type, size_t bytes, uint32_t tag)
{
    struct pool_request r = request_of(site, (POOL_TYPE)type, bytes, tag);

    return pool_allocate(&r);
}

static PVOID allocate(uint32_t site, POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    PVOID p = hal_pool_take(site, (uint32_t)type, bytes, tag);

    if (p == NULL && ((uint32_t)type & POOL_RAISE_IF_ALLOCATION_FAILURE) != 0)
        ke_raise(STATUS_INSUFFICIENT_RESOURCES);
    return p;
}

PVOID ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return allocate(HAL_OP_EX_POOL_WITH_TAG, PoolType, NumberOfBytes, Tag);
}

PVOID ExAllocatePool(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    return allocate(HAL_OP_EX_POOL, PoolType, NumberOfBytes, POOL_TAG_NONE);
}

PVOID ExAllocatePoolWithTagPriority(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                                    EX_POOL_PRIORITY Priority)
{
    (void)Priority;
    return allocate(HAL_OP_EX_POOL_PRIORITY, PoolType, NumberOfBytes, Tag);
}

PVOID ExAllocatePoolWithQuotaTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    bool returns = ((uint32_t)PoolType & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE) != 0;
    POOL_TYPE type = (POOL_TYPE)((uint32_t)PoolType & ~(uint32_t)POOL_QUOTA_FAIL_INSTEAD_OF_RAISE);
    PVOID p = allocate(HAL_OP_EX_POOL_QUOTA, type, NumberOfBytes, Tag);

    if (p == NULL && !returns)
        ke_raise(STATUS_INSUFFICIENT_RESOURCES);
    return p;
}

PVOID ExAllocatePoolWithQuota(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    return ExAllocatePoolWithQuotaTag(PoolType, NumberOfBytes, POOL_TAG_NONE);
}

static PVOID allocate_by_flags(uint32_t site, POOL_FLAGS flags, SIZE_T bytes, ULONG tag)
{
    POOL_FLAGS kinds = flags & (POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED);
    struct pool_request r = {.bytes = bytes,
                             .tag = tag,
                             .type = (uint32_t)flags,
                             .site = site,
                             .paged = (flags & POOL_FLAG_PAGED) != 0,
                             .zero = (flags & POOL_FLAG_UNINITIALIZED) == 0,
                             .cache_aligned = (flags & POOL_FLAG_CACHE_ALIGNED) != 0};
    bool one_kind = kinds != 0 && (kinds & (kinds - 1)) == 0;
    PVOID p = one_kind && bytes != 0 ? pool_allocate(&r) : NULL;

    if (p == NULL && (flags & POOL_FLAG_RAISE_ON_FAILURE) != 0)
        ke_raise(one_kind ? STATUS_INSUFFICIENT_RESOURCES : STATUS_INVALID_PARAMETER);
    return p;
}

PVOID ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag)
{
    ke_called_at_most(DISPATCH_LEVEL, "0xC2/08", __func__);
    return allocate_by_flags(HAL_OP_EX_POOL_2, Flags, NumberOfBytes, Tag);
}

PVOID ExAllocatePool3(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag,
                      PCPOOL_EXTENDED_PARAMETER ExtendedParameters, ULONG ExtendedParametersCount)
{
    ke_called_at_most(DISPATCH_LEVEL, "0xC2/08", __func__);
    for (ULONG i = 0; i < ExtendedParametersCount; i++)
        if (ExtendedParameters[i].Type == PoolExtendedParameterInvalidType && !ExtendedParameters[i].Optional)
            return NULL;
    return allocate_by_flags(HAL_OP_EX_POOL_3, Flags, NumberOfBytes, Tag);
}

void ExFreePool(PVOID P)
{
    pool_release(P, 0);
}

void ExFreePoolWithTag(PVOID P, ULONG Tag)
{
    pool_release(P, Tag);
}

void ExFreePool2(PVOID P, ULONG Tag, PCPOOL_EXTENDED_PARAMETER ExtendedParameters,
                 ULONG ExtendedParametersCount)
{
    (void)ExtendedParameters;
    (void)ExtendedParametersCount;
    pool_release(P, Tag);
}

/* ---- The forms that say in their name whether memory is zeroed --------------------------------------------
 */

static POOL_TYPE zeroed(POOL_TYPE type)
{
    return (POOL_TYPE)((uint32_t)type | POOL_ZERO_ALLOCATION);
}

PVOID ExAllocatePoolZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return allocate(HAL_OP_EX_POOL_ZERO, zeroed(PoolType), NumberOfBytes, Tag);
}

PVOID ExAllocatePoolUninitialized(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return allocate(HAL_OP_EX_POOL_UNINITIALIZED, PoolType, NumberOfBytes, Tag);
}

PVOID ExAllocatePoolQuotaZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return ExAllocatePoolWithQuotaTag(zeroed(PoolType), NumberOfBytes, Tag);
}

PVOID ExAllocatePoolQuotaUninitialized(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return ExAllocatePoolWithQuotaTag(PoolType, NumberOfBytes, Tag);
}

PVOID ExAllocatePoolPriorityZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                                 EX_POOL_PRIORITY Priority)
{
    return ExAllocatePoolWithTagPriority(zeroed(PoolType), NumberOfBytes, Tag, Priority);
}

PVOID ExAllocatePoolPriorityUninitialized(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                                          EX_POOL_PRIORITY Priority)
{
    return ExAllocatePoolWithTagPriority(PoolType, NumberOfBytes, Tag, Priority);
}

VOID ExInitializeDriverRuntime(ULONG RuntimeFlags)
{
    (void)RuntimeFlags; /* no pool is executable here anyway */
}
