/*
 * What an adapter can do, and what a transfer needs.
 */
#ifndef DMA_INFO_H
#define DMA_INFO_H

#include <wdm.h>

struct dma_adapter;

/* GetDmaAdapterInfo and GetDmaTransferInfo: the caller has set Version. */
NTSTATUS dma_adapter_info(const struct dma_adapter *a, PDMA_ADAPTER_INFO info);
NTSTATUS dma_transfer_info(const struct dma_adapter *a, PMDL mdl, ULONGLONG offset, ULONG length,
                           PDMA_TRANSFER_INFO info);

#endif
