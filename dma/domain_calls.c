/*
 * Domain members: see domain_calls.h. What a domain is: domain.h.
 */
#include "dma/domain_calls.h"

#include "dma/adapter.h"
#include "dma/domain.h"
#include "dma/iommu_calls.h"
#include "dma/operations.h"
#include "dma/system.h"

HANDLE dma_domain_get(struct dma_adapter *a)
{
    emu_step(a->system->machine, DMA_OP_GET_DOMAIN, a->object, 0);
    dma_iommu_touch(a->system, EMU_ACCESS_READ);
    const struct dma_domain *d = dma_domain_of(a);
    return d != NULL ? dma_domain_handle(d) : NULL;
}

/* What is mapped for the device would not follow it. */
static bool in_use(const struct dma_adapter *a)
{
    return a->registers_held != 0 || a->commons_count != 0 || a->vectors_count != 0;
}

NTSTATUS dma_domain_enter(struct dma_adapter *a, HANDLE domain)
{
    emu_step(a->system->machine, DMA_OP_JOIN_DOMAIN, a->object, 0);
    dma_iommu_touch(a->system, EMU_ACCESS_WRITE);
    if (a->reach == NULL)
        return STATUS_NOT_SUPPORTED;
    struct dma_domain *d = dma_domain_of_handle(a->system, domain);
    if (d == NULL)
        return STATUS_INVALID_PARAMETER;
    if (d == dma_domain_of(a))
        return STATUS_SUCCESS;
    if (!dma_domain_is_own(a))
        return STATUS_INVALID_DEVICE_STATE;
    if (in_use(a))
        return STATUS_RESOURCE_IN_USE;
    dma_domain_join(d, a);
    return STATUS_SUCCESS;
}

NTSTATUS dma_domain_exit(struct dma_adapter *a)
{
    emu_step(a->system->machine, DMA_OP_LEAVE_DOMAIN, a->object, 0);
    dma_iommu_touch(a->system, EMU_ACCESS_WRITE);
    if (a->reach == NULL)
        return STATUS_NOT_SUPPORTED;
    if (dma_domain_is_own(a))
        return STATUS_INVALID_DEVICE_STATE;
    if (in_use(a))
        return STATUS_RESOURCE_IN_USE;
    dma_domain_leave(a);
    return STATUS_SUCCESS;
}

NTSTATUS dma_domain_buffer(struct dma_adapter *a, HANDLE domain, struct dma_block_ask *ask,
                           enum dma_common_caching caching, PPHYSICAL_ADDRESS logical, PVOID *memory)
{
    if (a->reach == NULL)
        return STATUS_NOT_SUPPORTED;
    ask->domain = dma_domain_of_handle(a->system, domain);
    if (ask->domain == NULL || ask->bytes == 0 || logical == NULL || memory == NULL ||
        !dma_block_node_exists(a, ask->node))
        return STATUS_INVALID_PARAMETER;
    PVOID buffer = dma_common_allocate(a, DMA_OP_COMMON_DOMAIN, ask, caching, logical);
    if (buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *memory = buffer;
    return STATUS_SUCCESS;
}
