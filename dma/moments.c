/*
 * The named moments of a request, for the coverage of the space: which of them came before which.
 */
#include "dma/operations.h"

#include <haldma.h>

const emu_op *haldma_moments(unsigned *count)
{
    static const emu_op moments[] = {
        DMA_OP_ALLOCATE,      DMA_OP_ALLOCATE_EX,    DMA_OP_ENQUEUED,      DMA_OP_GRANTED,
        DMA_OP_CALL,          DMA_OP_RETURNED,       DMA_OP_CANCEL,        DMA_OP_CANCELLED,
        DMA_OP_MAP,           DMA_OP_MAP_EX,         DMA_OP_FLUSH,         DMA_OP_FLUSH_EX,
        DMA_OP_CANCEL_MAPPED, DMA_OP_INTERRUPT,      DMA_OP_COMPLETION,    DMA_OP_FREE_CHANNEL,
        DMA_OP_FREE_OBJECT,   DMA_OP_FREE_REGISTERS, DMA_OP_PUT_ADAPTER,   DMA_OP_GET_LIST,
        DMA_OP_GET_LIST_EX,   DMA_OP_BUILD_LIST,     DMA_OP_BUILD_LIST_EX, DMA_OP_CALL_LIST,
        DMA_OP_LIST_RETURNED, DMA_OP_PUT_LIST,
    };
    *count = sizeof moments / sizeof moments[0];
    _Static_assert(sizeof moments / sizeof moments[0] <= EMU_MOMENTS_MAX, "there is room for all");
    return moments;
}
