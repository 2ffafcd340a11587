/*
 * The domain members of the operations table: GetDmaDomain, JoinDmaDomain, LeaveDmaDomain,
 * AllocateDomainCommonBuffer.
 */
#ifndef DMA_DOMAIN_CALLS_H
#define DMA_DOMAIN_CALLS_H

#include <emu/step.h>
#include <wdm.h>

#include "dma/common.h"

struct dma_adapter;

/* The handle of the domain that the adapter's device is in; NULL without a remapping unit. */
HANDLE dma_domain_get(struct dma_adapter *a);
/*
 * STATUS_NOT_SUPPORTED without a remapping unit; STATUS_INVALID_PARAMETER: no such domain;
 * STATUS_INVALID_DEVICE_STATE: the device is not in the domain that it comes from; STATUS_RESOURCE_IN_USE:
 * the adapter has map registers or common buffers.
 */
NTSTATUS dma_domain_enter(struct dma_adapter *a, HANDLE domain);
NTSTATUS dma_domain_exit(struct dma_adapter *a);
/* A common buffer of the adapter's for all devices of a domain. */
NTSTATUS dma_domain_buffer(struct dma_adapter *a, HANDLE domain, struct dma_block_ask *ask,
                           enum dma_common_caching caching, PPHYSICAL_ADDRESS logical, PVOID *memory);

#endif
