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
        .MinimumTransferUnit = MINIMUM_TRANSFER_BYTES,
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
    uint32_t pages = 0;
    for (uint32_t done = 0; done < length; pages++) {
        EMU_ASSERT(walk.mdl != NULL);
        struct dma_step step = dma_walk_look(&walk, length - done);
        dma_walk_go(&walk, step.bytes);
        done += step.bytes;
    }
    uint32_t elements = a->scatter_gather ? pages : 1;
    info->V1 = (DMA_TRANSFER_INFO_V1){
        .MapRegisterCount = pages,
        .ScatterGatherElementCount = elements,
        .ScatterGatherListSize =
            (ULONG)(offsetof(SCATTER_GATHER_LIST, Elements) + elements * sizeof(SCATTER_GATHER_ELEMENT)),
    };
    if (info->Version == DMA_TRANSFER_INFO_VERSION2)
        info->V2.LogicalPageCount = pages;
    return STATUS_SUCCESS;
}
