/*
 * Operations of this layer, as the trace and the explorer know them.
 *
 * One line an operation: X(id, name, what it does to its object, what its argument means). Each entry point
 * announces itself before it touches anything shared. The other operations are the named moments in the life
 * of a request: they read, so that whatever another processor writes can come before or after them.
 */
#ifndef DMA_OPERATIONS_H
#define DMA_OPERATIONS_H

#include <emu/step.h>

#define DMA_OPS(X)                                                                        \
    X(DMA_OP_GET_ADAPTER, "IoGetDmaAdapter", EMU_ACCESS_WRITE, "version")                 \
    X(DMA_OP_PUT_ADAPTER, "PutDmaAdapter", EMU_ACCESS_WRITE, NULL)                        \
    X(DMA_OP_INITIALIZE_CONTEXT, "InitializeDmaTransferContext", EMU_ACCESS_WRITE, NULL)  \
    X(DMA_OP_ALLOCATE, "AllocateAdapterChannel", EMU_ACCESS_WRITE, "registers")           \
    X(DMA_OP_ALLOCATE_EX, "AllocateAdapterChannelEx", EMU_ACCESS_WRITE, "registers")      \
    X(DMA_OP_ENQUEUED, "enqueued", EMU_ACCESS_READ, "registers")                          \
    X(DMA_OP_GRANTED, "grant decided", EMU_ACCESS_READ, "registers")                      \
    X(DMA_OP_CALL, "about to call AdapterControl", EMU_ACCESS_READ, "registers")          \
    X(DMA_OP_RETURNED, "AdapterControl returned", EMU_ACCESS_WRITE, "action")             \
    X(DMA_OP_CANCEL, "CancelAdapterChannel", EMU_ACCESS_WRITE, NULL)                      \
    X(DMA_OP_CANCELLED, "cancelled", EMU_ACCESS_READ, NULL)                               \
    X(DMA_OP_FREE_CHANNEL, "FreeAdapterChannel", EMU_ACCESS_WRITE, NULL)                  \
    X(DMA_OP_FREE_OBJECT, "FreeAdapterObject", EMU_ACCESS_WRITE, "action")                \
    X(DMA_OP_FREE_REGISTERS, "FreeMapRegisters", EMU_ACCESS_WRITE, "registers")           \
    X(DMA_OP_MAP, "MapTransfer", EMU_ACCESS_WRITE, "bytes")                               \
    X(DMA_OP_MAP_EX, "MapTransferEx", EMU_ACCESS_WRITE, "bytes")                          \
    X(DMA_OP_FLUSH, "FlushAdapterBuffers", EMU_ACCESS_WRITE, "bytes")                     \
    X(DMA_OP_FLUSH_EX, "FlushAdapterBuffersEx", EMU_ACCESS_WRITE, "bytes")                \
    X(DMA_OP_CANCEL_MAPPED, "CancelMappedTransfer", EMU_ACCESS_WRITE, NULL)               \
    X(DMA_OP_READ_COUNTER, "ReadDmaCounter", EMU_ACCESS_READ, NULL)                       \
    X(DMA_OP_INTERRUPT, "DMA controller's interrupt", EMU_ACCESS_WRITE, NULL)             \
    X(DMA_OP_COMPLETION, "about to call DmaCompletionRoutine", EMU_ACCESS_READ, "status") \
    X(DMA_OP_ALLOCATE_COMMON, "AllocateCommonBuffer", EMU_ACCESS_WRITE, "bytes")          \
    X(DMA_OP_FREE_COMMON, "FreeCommonBuffer", EMU_ACCESS_WRITE, "bytes")

#define DMA_OP_ENUMERATOR(id, name, access, arg) id,
enum dma_op { DMA_OP_BEFORE_FIRST = EMU_OP_BASE_DMA - 1, DMA_OPS(DMA_OP_ENUMERATOR) DMA_OP_END };
#undef DMA_OP_ENUMERATOR

enum { DMA_OP_COUNT = DMA_OP_END - EMU_OP_BASE_DMA };

#endif
