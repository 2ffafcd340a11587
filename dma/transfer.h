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
struct dma_list;
struct dma_registers;

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

/* A part of a chain of MDLs that is mapped as a whole, and the chain is that long. */
struct dma_part {
    PMDL mdl;
    uint64_t offset;
    uint32_t length; /* not 0 */
    bool to_device;
    bool one_piece; /* for the device it must be contiguous */
};
/* Must some of it be double-buffered? */
bool dma_bounces(struct dma_adapter *a, const struct dma_part *part);
/* Maps it through g, which has a register for each page (NULL: none are needed), into list, which has room
 * for an element for each. False: the machine lacks memory for the double buffer, and nothing is mapped. */
bool dma_map_all(struct dma_adapter *a, struct dma_registers *g, const struct dma_part *part,
                 struct dma_list *list);
/* Flushes what dma_map_all() mapped. deed names the call, in messages. */
void dma_unmap_all(struct dma_adapter *a, struct dma_registers *g, const struct dma_part *part,
                   const char *deed);

#endif
