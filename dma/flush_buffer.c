/*
 * FlushDmaBuffer: see flush_buffer.h. On machines whose devices see what processors see it does nothing.
 */
#include "dma/flush_buffer.h"

#include <emu/cache.h>

#include "dma/adapter.h"
#include "dma/legal.h"
#include "dma/operations.h"
#include "dma/system.h"
#include "dma/walk.h"

NTSTATUS dma_flush_buffer(struct dma_adapter *a, PMDL mdl)
{
    static const char call[] = "FlushDmaBuffer";
    struct emu_machine *m = a->system->machine;
    emu_step(m, DMA_OP_FLUSH_BUFFER, a->object, mdl != NULL ? mdl->ByteCount : 0);
    if (mdl == NULL)
        return STATUS_INVALID_PARAMETER;
    dma_legal_mdl(a, mdl, call);
    const struct dma_walk whole = {.mdl = mdl};
    dma_legal_locked(a, &whole, mdl->ByteCount, call);
    const PFN_NUMBER *frames = MmGetMdlPfnArray(mdl);
    uint64_t at = mdl->ByteOffset, end = at + mdl->ByteCount;
    while (at < end) {
        uint64_t page_end = (at | (PAGE_SIZE - 1)) + 1;
        uint64_t bytes = (page_end < end ? page_end : end) - at;
        uint64_t physical = (uint64_t)frames[at >> PAGE_SHIFT] << PAGE_SHIFT | (at & (PAGE_SIZE - 1));
        emu_cache_flush(m, physical, bytes);
        at += bytes;
    }
    return STATUS_SUCCESS;
}
