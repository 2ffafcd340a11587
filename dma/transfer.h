/*
 * Mapping and flushing: what the device sees of a buffer, and when the processor sees what the device did.
 *
 * A device with scatter/gather gets each page where it lies, or, where it cannot reach that, in a double
 * buffer; a device without gets the whole of a call as one piece, in a double buffer unless the memory
 * happens to be one piece. Memory-to-device data is taken when it is mapped, device-to-memory data is put
 * back when it is flushed.
 */
#ifndef DMA_TRANSFER_H
#define DMA_TRANSFER_H

#include <emu/step.h>
#include <wdm.h>

struct dma_adapter;

/* MapTransferEx. */
struct dma_map_ask {
    PMDL mdl;
    PVOID base;
    ULONGLONG offset;
    ULONG device_offset;
    PULONG length;
    bool to_device;
    PSCATTER_GATHER_LIST buffer;
    ULONG buffer_bytes;
    PDMA_COMPLETION_ROUTINE completion;
    PVOID completion_context;
};
NTSTATUS dma_map_ex(struct dma_adapter *a, const struct dma_map_ask *ask);

/* MapTransfer: one piece; the logical address. */
uint64_t dma_map(struct dma_adapter *a, PMDL mdl, PVOID base, PVOID virtual_address, PULONG length,
                 bool to_device);

/* FlushAdapterBuffersEx and FlushAdapterBuffers. */
NTSTATUS dma_flush_ex(struct dma_adapter *a, PMDL mdl, PVOID base, ULONGLONG offset, ULONG length,
                      bool to_device);
BOOLEAN dma_flush(struct dma_adapter *a, PMDL mdl, PVOID base, PVOID virtual_address, ULONG length,
                  bool to_device);

#endif
