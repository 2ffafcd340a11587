/*
 * What an adapter can do, and what a transfer needs: see info.h.
 *
 * A list can be built into a buffer of the size that is told here whatever the platform makes of the pages,
 * so each page counts as an element of its own.
 */
#include "dma/info.h"

#include "dma/adapter.h"
#include "dma/channel.h"
#include "dma/legal.h"
#include "dma/sglist.h"
#include "dma/walk.h"

enum { MINIMUM_TRANSFER_BYTES = 1 };

NTSTATUS dma_adapter_info(const struct dma_adapter *a, PDMA_ADAPTER_INFO info)
{
    if (info == NULL)
        return STATUS_INVALID_PARAMETER;
    if (info->Version != DMA_ADAPTER_INFO_VERSION1)
        return STATUS_NOT_SUPPORTED;
    uint32_t fragments = a->channel != NULL ? dma_channel_fragments_max(a->channel) : UINT32_MAX;
    info->V1 = (DMA_ADAPTER_INFO_V1){
        .ReadDmaCounterAvailable = a->channel != NULL,
        .ScatterGatherLimit = a->scatter_gather ? fragments : 1,
        .DmaAddressWidth = a->width,
        .Flags = ADAPTER_INFO_SYNCHRONOUS_CALLBACK,
        .MinimumTransferUnit = a->channel != NULL ? a->channel->unit_bytes : MINIMUM_TRANSFER_BYTES,
    };
    return STATUS_SUCCESS;
}

NTSTATUS dma_transfer_info(const struct dma_adapter *a, PMDL mdl, ULONGLONG offset, ULONG length,
                           PDMA_TRANSFER_INFO info)
{
    struct dma_walk walk;
    if (info == NULL)
        return STATUS_INVALID_PARAMETER;
    if (info->Version != DMA_TRANSFER_INFO_VERSION1 && info->Version != DMA_TRANSFER_INFO_VERSION2)
        return STATUS_NOT_SUPPORTED;
    if (mdl == NULL)
        return STATUS_INVALID_PARAMETER;
    dma_legal_chain(a, mdl, offset, length, "GetDmaTransferInfo");
    if (length == 0 || !dma_walk_to(&walk, mdl, offset) || !dma_walk_has(&walk, length))
        return STATUS_INVALID_PARAMETER;
    uint32_t pages = dma_walk_pages(&walk, length);
    info->V1 = (DMA_TRANSFER_INFO_V1){
        .MapRegisterCount = pages,
        .ScatterGatherElementCount = dma_sglist_elements(a, pages),
        .ScatterGatherListSize = dma_sglist_bytes(a, pages),
    };
    if (info->Version == DMA_TRANSFER_INFO_VERSION2)
        info->V2.LogicalPageCount = pages;
    return STATUS_SUCCESS;
}
