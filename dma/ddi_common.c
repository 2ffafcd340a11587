/*
 * Common buffers' members of the operations tables: arguments are translated here, and decided on elsewhere.
 */
#include "dma/ddi_common.h"

#include "dma/adapter.h"
#include "dma/common.h"
#include "dma/domain_calls.h"
#include "dma/flush_buffer.h"
#include "dma/mdl_buffer.h"
#include "dma/operations.h"
#include "dma/vector.h"

static enum dma_common_caching said(bool cached)
{
    return cached ? DMA_COMMON_CACHED : DMA_COMMON_UNCACHED;
}

static enum dma_common_caching said_by(const MEMORY_CACHING_TYPE *cache)
{
    return cache != NULL ? said(*cache == MmCached) : DMA_COMMON_UNSAID;
}

/* The limit behind an optional pointer. */
static uint64_t limit(const PHYSICAL_ADDRESS *address, uint64_t none)
{
    return address != NULL ? (uint64_t)address->QuadPart : none;
}

static bool only_large_pages(ULONG flags)
{
    return (flags & ~(ULONG)DOMAIN_COMMON_BUFFER_LARGE_PAGE) == 0;
}

/* The two types that common buffers have. */
static bool caches(const MEMORY_CACHING_TYPE *cache)
{
    return *cache == MmCached || *cache == MmNonCached;
}

PVOID dma_ddi_allocate_common_buffer(PDMA_ADAPTER adapter, ULONG length, PPHYSICAL_ADDRESS logical,
                                     BOOLEAN cached)
{
    struct dma_adapter *a = dma_adapter_of(adapter);
    struct dma_block_ask ask = {.bytes = length, .highest = UINT64_MAX, .node = MM_ANY_NODE_OK};
    return dma_common_allocate(a, DMA_OP_ALLOCATE_COMMON, &ask, said(cached != FALSE), logical);
}

VOID dma_ddi_free_common_buffer(PDMA_ADAPTER adapter, ULONG length, PHYSICAL_ADDRESS logical, PVOID memory,
                                BOOLEAN cached)
{
    dma_common_free(dma_adapter_of(adapter), length, logical, memory, cached != FALSE);
}

PVOID dma_ddi_allocate_common_buffer_ex(PDMA_ADAPTER adapter, PPHYSICAL_ADDRESS highest, ULONG length,
                                        PPHYSICAL_ADDRESS logical, BOOLEAN cached, NODE_REQUIREMENT node)
{
    struct dma_adapter *a = dma_adapter_of(adapter);
    struct dma_block_ask ask = {.bytes = length, .highest = limit(highest, UINT64_MAX), .node = node};
    return dma_common_allocate(a, DMA_OP_COMMON_EX, &ask, said(cached != FALSE), logical);
}

PVOID dma_ddi_allocate_common_buffer_with_bounds(PDMA_ADAPTER adapter, PPHYSICAL_ADDRESS lowest,
                                                 PPHYSICAL_ADDRESS highest, ULONG length, ULONG flags,
                                                 MEMORY_CACHING_TYPE *cache, NODE_REQUIREMENT node,
                                                 PPHYSICAL_ADDRESS logical)
{
    struct dma_adapter *a = dma_adapter_of(adapter);
    struct dma_block_ask ask = {
        .bytes = length,
        .lowest = limit(lowest, 0),
        .highest = limit(highest, UINT64_MAX),
        .node = node,
        .large = (flags & DOMAIN_COMMON_BUFFER_LARGE_PAGE) != 0,
        .cached = cache != NULL && *cache == MmCached,
    };
    bool good = only_large_pages(flags) && (cache == NULL || caches(cache));
    return good ? dma_common_allocate(a, DMA_OP_COMMON_BOUNDS, &ask, said_by(cache), logical) : NULL;
}

NTSTATUS dma_ddi_allocate_common_buffer_vector(PDMA_ADAPTER adapter, PHYSICAL_ADDRESS lowest,
                                               PHYSICAL_ADDRESS highest, MEMORY_CACHING_TYPE cache,
                                               ULONG node, ULONG flags, ULONG count, ULONGLONG bytes,
                                               PDMA_COMMON_BUFFER_VECTOR *vector)
{
    struct dma_adapter *a = dma_adapter_of(adapter);
    struct dma_block_ask each = {
        .bytes = bytes,
        .lowest = (uint64_t)lowest.QuadPart,
        .highest = (uint64_t)highest.QuadPart,
        .node = node,
        .large = (flags & DOMAIN_COMMON_BUFFER_LARGE_PAGE) != 0,
        .cached = cache == MmCached,
    };
    bool good = only_large_pages(flags) && caches(&cache);
    return dma_vector_allocate(a, good ? count : 0, &each, vector);
}

VOID dma_ddi_get_common_buffer_from_vector_by_index(PDMA_ADAPTER adapter, PDMA_COMMON_BUFFER_VECTOR vector,
                                                    ULONG index, PVOID *memory, PPHYSICAL_ADDRESS logical)
{
    dma_vector_get(dma_adapter_of(adapter), vector, index, memory, logical);
}

VOID dma_ddi_free_common_buffer_from_vector(PDMA_ADAPTER adapter, PDMA_COMMON_BUFFER_VECTOR vector,
                                            ULONG index)
{
    dma_vector_free_one(dma_adapter_of(adapter), vector, index);
}

VOID dma_ddi_free_common_buffer_vector(PDMA_ADAPTER adapter, PDMA_COMMON_BUFFER_VECTOR vector)
{
    dma_vector_free(dma_adapter_of(adapter), vector);
}

NTSTATUS dma_ddi_create_common_buffer_from_mdl(PDMA_ADAPTER adapter, PMDL mdl,
                                               PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION configs, ULONG count,
                                               PPHYSICAL_ADDRESS logical)
{
    return dma_mdl_buffer_create(dma_adapter_of(adapter), mdl, configs, count, logical);
}

HANDLE dma_ddi_get_dma_domain(PDMA_ADAPTER adapter)
{
    return dma_domain_get(dma_adapter_of(adapter));
}

NTSTATUS dma_ddi_join_dma_domain(PDMA_ADAPTER adapter, HANDLE domain)
{
    return dma_domain_enter(dma_adapter_of(adapter), domain);
}

NTSTATUS dma_ddi_leave_dma_domain(PDMA_ADAPTER adapter)
{
    return dma_domain_exit(dma_adapter_of(adapter));
}

NTSTATUS dma_ddi_allocate_domain_common_buffer(PDMA_ADAPTER adapter, HANDLE domain, PPHYSICAL_ADDRESS highest,
                                               ULONG length, ULONG flags, MEMORY_CACHING_TYPE *cache,
                                               NODE_REQUIREMENT node, PPHYSICAL_ADDRESS logical,
                                               PVOID *memory)
{
    struct dma_adapter *a = dma_adapter_of(adapter);
    struct dma_block_ask ask = {
        .bytes = length,
        .highest = limit(highest, UINT64_MAX),
        .node = node,
        .large = (flags & DOMAIN_COMMON_BUFFER_LARGE_PAGE) != 0,
        .cached = cache != NULL && *cache == MmCached,
    };
    if (!only_large_pages(flags) || (cache != NULL && !caches(cache)))
        return STATUS_INVALID_PARAMETER;
    return dma_domain_buffer(a, domain, &ask, said_by(cache), logical, memory);
}

NTSTATUS dma_ddi_flush_dma_buffer(PDMA_ADAPTER adapter, PMDL mdl, BOOLEAN read)
{
    UNREFERENCED_PARAMETER(read);
    return dma_flush_buffer(dma_adapter_of(adapter), mdl);
}
