/*
 * Processor caches, as far as a driver flushes them by hand. Where devices see what processors see there is
 * nothing to do; where they do not, mapping and flushing a transfer does it.
 */
#include <wdm.h>

#include "hal/ke_check.h"

VOID KeFlushIoBuffers(PMDL Mdl, BOOLEAN ReadOperation, BOOLEAN DmaOperation)
{
    (void)Mdl;
    (void)ReadOperation;
    (void)DmaOperation;
    ke_level_at_most(emu_current(), DISPATCH_LEVEL, "KE-CACHE-1", KE_CODE_WRONG_LEVEL, "KeFlushIoBuffers");
}
