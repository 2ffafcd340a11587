/*
 * The buffers that drivers name, under verification: locked, with an address, long enough, aligned.
 */
#include <emu/cache.h>
#include <emu/mem.h>

#include "dma/adapter.h"
#include "dma/legal.h"
#include "dma/verifier_check.h"
#include "dma/verifier_shadow.h"
#include "dma/walk.h"

enum {
    NOT_LOCKED = 0x0E,
    ADDRESS_OUTSIDE = 0x1B,
    INVALID_BUFFER = 0x1F,
    ZERO_LENGTH = 0x21,
    NO_ADDRESS = 0x22,
    TOO_SHORT = 0x24,
};
enum { BEFORE_FIRST = 1, BEHIND_FIRST = 2, CROSSES_PAGE = 3, ADDRESS_UNALIGNED = 4, LENGTH_UNALIGNED = 5 };

static uint64_t address_of(const MDL *mdl)
{
    return (uint64_t)(uintptr_t)mdl->StartVa + mdl->ByteOffset;
}

void dma_named_require_bytes(const struct dma_shadow *s, ULONG length, const char *call)
{
    if (length == 0)
        dma_verifier_raise((struct dma_violation){ZERO_LENGTH, dma_violation_pointer(s), 0, 0},
                           "%s of %s maps a buffer of zero bytes", call, dma_adapter_name(s->adapter).text);
}

uint64_t dma_named_offset(const struct dma_shadow *s, PMDL mdl, PVOID address, bool of_list, const char *call)
{
    uint64_t first = address_of(mdl), va = (uint64_t)(uintptr_t)address;
    bool empty = mdl->ByteCount == 0 && va == first;
    if (va - first < mdl->ByteCount || (of_list && empty))
        return va - first;
    const struct dma_name name = dma_adapter_name(s->adapter);
    const char *where = va < first ? "before the start" : "behind the end";
    if (of_list)
        dma_verifier_raise((struct dma_violation){INVALID_BUFFER, va < first ? BEFORE_FIRST : BEHIND_FIRST,
                                                  va, dma_violation_pointer(mdl)},
                           "%s of %s with an address that lies %llu bytes %s of the first MDL's %u bytes",
                           call, name.text,
                           (unsigned long long)(va < first ? first - va : va - first - mdl->ByteCount), where,
                           (unsigned)mdl->ByteCount);
    dma_verifier_raise((struct dma_violation){ADDRESS_OUTSIDE, va, dma_violation_pointer(mdl), 0},
                       "%s of %s with an address that lies %llu bytes %s of its MDL's %u bytes", call,
                       name.text, (unsigned long long)(va < first ? first - va : va - first - mdl->ByteCount),
                       where, (unsigned)mdl->ByteCount);
}

/* Bytes that the chain, or its first MDL alone, has from the offset on, of so many. */
static uint64_t bytes_there(const struct dma_named *n)
{
    uint64_t there = 0, skip = n->offset;
    for (const MDL *mdl = n->mdl; mdl != NULL && there < n->length; mdl = n->chain ? mdl->Next : NULL) {
        uint64_t here = mdl->ByteCount > skip ? mdl->ByteCount - skip : 0;
        skip -= skip < mdl->ByteCount ? skip : mdl->ByteCount;
        there += here;
    }
    return there < n->length ? there : n->length;
}

static void require_long_enough(const struct dma_shadow *s, const struct dma_named *n, const char *call)
{
    uint64_t there = bytes_there(n), missing = n->length - there;
    if (missing == 0)
        return;
    uint64_t last = (n->mdl->ByteOffset + n->offset + there) % EMU_PAGE_SIZE;
    bool crosses = !n->chain && (last == 0 || missing > EMU_PAGE_SIZE - last);
    if (crosses)
        dma_verifier_raise(
            (struct dma_violation){INVALID_BUFFER, CROSSES_PAGE, dma_violation_pointer(n->mdl), n->length},
            "%s of %s for %u bytes where the MDL has %llu left, and the rest is on another page", call,
            dma_adapter_name(s->adapter).text, (unsigned)n->length, (unsigned long long)there);
    dma_verifier_raise((struct dma_violation){TOO_SHORT, missing, 0, 0},
                       "%s of %s for %u bytes where the buffer has %llu: %llu are unaccounted for", call,
                       dma_adapter_name(s->adapter).text, (unsigned)n->length, (unsigned long long)there,
                       (unsigned long long)missing);
}

static void require_resident(const struct dma_shadow *s, const MDL *mdl, const char *call)
{
    enum { RESIDENT = MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL | MDL_IO_SPACE };
    if ((mdl->MdlFlags & RESIDENT) == 0)
        dma_verifier_raise((struct dma_violation){NOT_LOCKED, dma_violation_pointer(mdl), 0, 0},
                           "%s of %s for a buffer that is not locked: its MDL's flags are 0x%04X", call,
                           dma_adapter_name(s->adapter).text, (unsigned)(USHORT)mdl->MdlFlags);
}

/* Double buffers are filled and emptied through an address. */
static void require_address(const struct dma_shadow *s, const MDL *mdl, uint64_t offset, const char *call)
{
    bool says = (mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) != 0;
    const PFN_NUMBER *frames = (const PFN_NUMBER *)(mdl + 1);
    uint64_t page = (mdl->ByteOffset + offset) >> EMU_PAGE_SHIFT;
    bool memory = emu_ram_at(s->verifier->system->machine, (uint64_t)frames[page] << EMU_PAGE_SHIFT) != NULL;
    if (memory && !(says && mdl->MappedSystemVa == NULL))
        return;
    dma_verifier_raise((struct dma_violation){NO_ADDRESS, dma_violation_pointer(mdl), 0, 0},
                       "%s of %s for a buffer that has no system address: %s", call,
                       dma_adapter_name(s->adapter).text,
                       memory ? "its MDL says that it is mapped, and not where" : "its pages are no memory");
}

/* Where processors' caches hide what devices write, a line is all the device's or not at all. */
static void require_aligned(const struct dma_shadow *s, const struct dma_named *n, const char *call)
{
    if (n->to_device || !emu_machine_config(s->verifier->system->machine)->incoherent)
        return;
    uint64_t va = address_of(n->mdl) + n->offset;
    const struct dma_name name = dma_adapter_name(s->adapter);
    if (va % EMU_CACHE_LINE != 0)
        dma_verifier_raise(
            (struct dma_violation){INVALID_BUFFER, ADDRESS_UNALIGNED, va, dma_violation_pointer(n->mdl)},
            "%s of %s from the device into a buffer that begins %u bytes into a cache line of %u", call,
            name.text, (unsigned)(va % EMU_CACHE_LINE), (unsigned)EMU_CACHE_LINE);
    if (n->length % EMU_CACHE_LINE != 0)
        dma_verifier_raise(
            (struct dma_violation){INVALID_BUFFER, LENGTH_UNALIGNED, n->length,
                                   dma_violation_pointer(n->mdl)},
            "%s of %s from the device into a buffer of %u bytes, which is no multiple of a cache "
            "line of %u",
            call, name.text, (unsigned)n->length, (unsigned)EMU_CACHE_LINE);
}

void dma_named_require(const struct dma_shadow *s, const struct dma_named *named, const char *call)
{
    struct dma_walk walk;
    dma_legal_chain(s->adapter, named->mdl, named->offset, named->length, call);
    require_long_enough(s, named, call);
    if (!dma_walk_to(&walk, named->mdl, named->offset))
        return;
    uint64_t left = named->length;
    for (const MDL *mdl = walk.mdl; left > 0; mdl = mdl->Next) {
        uint64_t at = mdl == walk.mdl ? walk.at : 0;
        uint64_t here = mdl->ByteCount - at < left ? mdl->ByteCount - at : left;
        require_resident(s, mdl, call);
        if (here > 0)
            require_address(s, mdl, at, call);
        left -= here;
    }
    require_aligned(s, named, call);
}
