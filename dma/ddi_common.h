/*
 * The members of the operations tables that deal with common buffers and domains.
 */
#ifndef DMA_DDI_COMMON_H
#define DMA_DDI_COMMON_H

#include <wdm.h>

/* Each is documented at its function type (wdk/wdm_dma.h). */
PVOID dma_ddi_allocate_common_buffer(PDMA_ADAPTER adapter, ULONG length, PPHYSICAL_ADDRESS logical,
                                     BOOLEAN cached);
VOID dma_ddi_free_common_buffer(PDMA_ADAPTER adapter, ULONG length, PHYSICAL_ADDRESS logical, PVOID memory,
                                BOOLEAN cached);
PVOID dma_ddi_allocate_common_buffer_ex(PDMA_ADAPTER adapter, PPHYSICAL_ADDRESS highest, ULONG length,
                                        PPHYSICAL_ADDRESS logical, BOOLEAN cached, NODE_REQUIREMENT node);
PVOID dma_ddi_allocate_common_buffer_with_bounds(PDMA_ADAPTER adapter, PPHYSICAL_ADDRESS lowest,
                                                 PPHYSICAL_ADDRESS highest, ULONG length, ULONG flags,
                                                 MEMORY_CACHING_TYPE *cache, NODE_REQUIREMENT node,
                                                 PPHYSICAL_ADDRESS logical);

NTSTATUS dma_ddi_allocate_common_buffer_vector(PDMA_ADAPTER adapter, PHYSICAL_ADDRESS lowest,
                                               PHYSICAL_ADDRESS highest, MEMORY_CACHING_TYPE cache,
                                               ULONG node, ULONG flags, ULONG count, ULONGLONG bytes,
                                               PDMA_COMMON_BUFFER_VECTOR *vector);
VOID dma_ddi_get_common_buffer_from_vector_by_index(PDMA_ADAPTER adapter, PDMA_COMMON_BUFFER_VECTOR vector,
                                                    ULONG index, PVOID *memory, PPHYSICAL_ADDRESS logical);
VOID dma_ddi_free_common_buffer_from_vector(PDMA_ADAPTER adapter, PDMA_COMMON_BUFFER_VECTOR vector,
                                            ULONG index);
VOID dma_ddi_free_common_buffer_vector(PDMA_ADAPTER adapter, PDMA_COMMON_BUFFER_VECTOR vector);
NTSTATUS dma_ddi_create_common_buffer_from_mdl(PDMA_ADAPTER adapter, PMDL mdl,
                                               PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION configs, ULONG count,
                                               PPHYSICAL_ADDRESS logical);
HANDLE dma_ddi_get_dma_domain(PDMA_ADAPTER adapter);
NTSTATUS dma_ddi_join_dma_domain(PDMA_ADAPTER adapter, HANDLE domain);
NTSTATUS dma_ddi_leave_dma_domain(PDMA_ADAPTER adapter);
NTSTATUS dma_ddi_allocate_domain_common_buffer(PDMA_ADAPTER adapter, HANDLE domain, PPHYSICAL_ADDRESS highest,
                                               ULONG length, ULONG flags, MEMORY_CACHING_TYPE *cache,
                                               NODE_REQUIREMENT node, PPHYSICAL_ADDRESS logical,
                                               PVOID *memory);
NTSTATUS dma_ddi_flush_dma_buffer(PDMA_ADAPTER adapter, PMDL mdl, BOOLEAN read);

#endif
