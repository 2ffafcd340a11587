/*
 * Processor caches, as far as a driver flushes them by hand. Where devices see what processors see there is
 * nothing to do; where they do not, mapping and flushing a transfer does it, and this does it for whoever
 * programs a device without them.
 */
#include <emu/cache.h>
#include <wdm.h>

#include "hal/ke_check.h"

VOID KeFlushIoBuffers(PMDL Mdl, BOOLEAN ReadOperation, BOOLEAN DmaOperation)
{
    struct emu_machine *m = emu_current();
    (void)ReadOperation; /* line by line it shows who wrote last */
    (void)DmaOperation;
    ke_level_at_most(m, DISPATCH_LEVEL, "KE-CACHE-1", KE_CODE_WRONG_LEVEL, "KeFlushIoBuffers");
    if (Mdl == NULL || !emu_machine_config(m)->incoherent)
        return;
    const PFN_NUMBER *frames = MmGetMdlPfnArray(Mdl);
    uint64_t end = (uint64_t)Mdl->ByteOffset + Mdl->ByteCount;
    for (uint64_t at = Mdl->ByteOffset, next; at < end; at = next) {
        next = (at / PAGE_SIZE + 1) * PAGE_SIZE;
        next = next < end ? next : end;
        emu_cache_flush(m, (uint64_t)frames[at / PAGE_SIZE] * PAGE_SIZE + at % PAGE_SIZE, next - at);
    }
}
