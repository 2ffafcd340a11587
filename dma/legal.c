/*
 * What drivers get wrong about buffers: see legal.h.
 */
#include "dma/legal.h"

#include <emu/deed.h>
#include <emu/finding.h>
#include <hal/pool.h>

#include "dma/adapter.h"
#include "dma/registers.h"
#include "dma/system.h"
#include "dma/walk.h"

/* First parameters of bug check 0xE6. */
enum { NOT_LOCKED = 0x0E, OUTSIDE = 0x1B, TOO_SHORT = 0x24 };

struct dma_registers *dma_legal_registers(struct dma_adapter *a, PVOID base, const char *deed)
{
    if (base == NULL)
        return NULL;
    struct dma_registers *g = dma_slots_find(&a->system->pool.held, dma_handle_of(base));
    if (g != NULL && g->adapter == a)
        return g;
    emu_finding_raise(a->system->machine, "DMA-REG-3", NULL, NULL, "%s of %s with a MapRegisterBase that %s",
                      deed, dma_adapter_name(a).text,
                      g != NULL ? "belongs to another adapter" : "was freed, or was never allocated");
}

void dma_legal_touch_mdl(const struct dma_adapter *a, const MDL *mdl)
{
    emu_touch_within(a->system->machine, mdl, 1, EMU_ACCESS_READ);
}

void dma_legal_raise_no_mdl(const struct dma_adapter *a, const MDL *mdl, const char *deed)
{
    emu_deed_tell(a->system->machine, mdl);
    emu_finding_raise(a->system->machine, "DMA-MDL-1", NULL, NULL,
                      "%s of %s with an MDL that was freed, overwritten or never made", deed,
                      dma_adapter_name(a).text);
}

/* Size has 16 bits and wraps for the largest ones: those have as much room as their block of pool. */
static uint64_t room_of(const MDL *mdl, uint64_t bytes)
{
    return bytes <= UINT16_MAX ? (USHORT)mdl->Size : hal_pool_room(mdl);
}

static void require_room(const struct dma_adapter *a, const MDL *mdl, const char *deed)
{
    uint64_t pages = ((uint64_t)mdl->ByteOffset + mdl->ByteCount + EMU_PAGE_SIZE - 1) >> EMU_PAGE_SHIFT;
    uint64_t bytes = sizeof(MDL) + pages * sizeof(PFN_NUMBER);
    if (bytes <= room_of(mdl, bytes))
        return;
    emu_finding_raise(a->system->machine, "DMA-MAP-29", NULL, NULL,
                      "%s of %s with an MDL of %u bytes, whose size has no room for their %u pages", deed,
                      dma_adapter_name(a).text, (unsigned)mdl->ByteCount, (unsigned)pages);
}

void dma_legal_locked(const struct dma_adapter *a, const struct dma_walk *from, uint64_t length,
                      const char *deed)
{
    enum { RESIDENT = MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL | MDL_IO_SPACE };
    const MDL *mdl = from->mdl;
    for (uint64_t end = from->at + length; mdl->MdlFlags & RESIDENT; mdl = mdl->Next) {
        require_room(a, mdl, deed);
        if (end <= mdl->ByteCount)
            return;
        end -= mdl->ByteCount;
    }
    emu_deed_tell(a->system->machine, mdl);
    emu_finding_raise(a->system->machine, "DMA-MAP-15", "0xE6/0E",
                      (const uint64_t[4]){NOT_LOCKED, (uintptr_t)from->mdl, 0, 0},
                      "%s of %s for a buffer that is not locked: its MDL describes no pages", deed,
                      dma_adapter_name(a).text);
}

void dma_legal_mdl(const struct dma_adapter *a, const MDL *mdl, const char *deed)
{
    if (mdl == NULL)
        emu_finding_raise(a->system->machine, "DMA-MAP-23", NULL, NULL, "%s of %s without an MDL", deed,
                          dma_adapter_name(a).text);
    if (!dma_is_mdl(mdl))
        dma_legal_raise_no_mdl(a, mdl, deed);
}

uint64_t dma_legal_offset(const struct dma_adapter *a, PMDL mdl, PVOID virtual_address, ULONG length,
                          const char *deed)
{
    uint64_t first = (uint64_t)(uintptr_t)mdl->StartVa + mdl->ByteOffset;
    uint64_t at = (uint64_t)(uintptr_t)virtual_address - first;
    if (at >= mdl->ByteCount || length > mdl->ByteCount - at)
        emu_deed_tell(a->system->machine, mdl);
    if (at >= mdl->ByteCount)
        emu_finding_raise(a->system->machine, "DMA-MAP-12", "0xE6/1B",
                          (const uint64_t[4]){OUTSIDE, (uintptr_t)virtual_address, (uintptr_t)mdl, 0},
                          "%s of %s with an address that is not in the MDL", deed, dma_adapter_name(a).text);
    if (length > mdl->ByteCount - at)
        emu_finding_raise(a->system->machine, "DMA-MAP-13", "0xE6/24",
                          (const uint64_t[4]){TOO_SHORT, length - (mdl->ByteCount - at), 0, 0},
                          "%s of %s for %u bytes where the MDL has %u left", deed, dma_adapter_name(a).text,
                          (unsigned)length, (unsigned)(mdl->ByteCount - at));
    return at;
}

/* After Brent: the walk waits at one MDL, twice as long each time, and would come by again. */
void dma_legal_long_chain(const struct dma_adapter *a, const MDL *mdl, uint64_t offset, uint64_t length,
                          const char *deed)
{
    const MDL *mark = mdl;
    uint64_t left = offset < UINT64_MAX - length ? offset + length : UINT64_MAX;
    uint64_t steps = 0, patience = 1;
    while (mdl != NULL && (left > 0 || mdl->ByteCount == 0)) {
        dma_legal_touch_mdl(a, mdl);
        if (!dma_is_mdl(mdl))
            dma_legal_raise_no_mdl(a, mdl, deed);
        left -= left < mdl->ByteCount ? left : mdl->ByteCount;
        mdl = mdl->Next;
        if (mdl != NULL && mdl == mark)
            emu_finding_raise(
                a->system->machine, "DMA-MAP-27", NULL, NULL,
                "%s of %s with a chain of MDLs that has no end: it comes back to one of its own", deed,
                dma_adapter_name(a).text);
        if (++steps == patience) {
            mark = mdl;
            steps = 0;
            patience *= 2;
        }
    }
}
