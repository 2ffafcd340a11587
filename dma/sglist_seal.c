/*
 * How a list that a driver names is told from anything else, and how large a list's buffer is: see sglist.h.
 *
 * A driver's buffer may lie at any address, so head and private bytes are read and written as bytes.
 */
#include "dma/sglist_seal.h"

#include <emu/finding.h>
#include <string.h>

#include "dma/adapter.h"
#include "dma/channel.h"
#include "dma/legal.h"
#include "dma/registers.h"
#include "dma/sglist.h"
#include "dma/system.h"
#include "dma/walk.h"

#define SEAL_MAGIC  0x5453494C47534D44ull
#define PLACE_MIX   0x9E3779B97F4A7C15ull
#define HEAD_BYTES  ((uint32_t)offsetof(SCATTER_GATHER_LIST, Elements))
#define BYTES_LIMIT UINT32_MAX

/* ---- Sizes ----------------------------------------------------------------------------------- */

/* A device without scatter/gather gets one element; so does a controller that cannot take that many. */
uint32_t dma_sglist_elements(const struct dma_adapter *a, uint32_t pages)
{
    if (!a->scatter_gather)
        return 1;
    return a->channel != NULL && pages > dma_channel_fragments_max(a->channel) ? 1 : pages;
}

uint32_t dma_sglist_bytes(const struct dma_adapter *a, uint32_t pages)
{
    uint64_t elements = (uint64_t)dma_sglist_elements(a, pages) * sizeof(SCATTER_GATHER_ELEMENT);
    uint64_t bytes = HEAD_BYTES + elements + sizeof(struct dma_sglist_private);
    EMU_ASSERT(bytes <= BYTES_LIMIT);
    return (uint32_t)bytes;
}

uint64_t dma_sglist_offset(const struct dma_adapter *a, PMDL mdl, PVOID virtual_address, const char *deed)
{
    uint64_t first = (uint64_t)(uintptr_t)mdl->StartVa + mdl->ByteOffset;
    uint64_t at = (uint64_t)(uintptr_t)virtual_address - first;
    if (at == 0 && mdl->ByteCount == 0)
        return 0;
    return dma_legal_offset(a, mdl, virtual_address, 0, deed);
}

NTSTATUS dma_sglist_calculate(struct dma_adapter *a, PMDL mdl, PVOID virtual_address, uint32_t length,
                              PULONG bytes, PULONG registers)
{
    static const char deed[] = "CalculateScatterGatherList";
    if (bytes == NULL)
        emu_finding_raise(a->system->machine, "DMA-LIST-22", NULL, NULL,
                          "%s of %s without a place for the size", deed, dma_adapter_name(a).text);
    uint64_t in_page = (uint64_t)(uintptr_t)virtual_address % EMU_PAGE_SIZE;
    uint32_t pages = (uint32_t)((in_page + length + EMU_PAGE_SIZE - 1) >> EMU_PAGE_SHIFT);
    if (mdl != NULL) {
        struct dma_walk walk;
        dma_legal_mdl(a, mdl, deed);
        uint64_t offset = dma_sglist_offset(a, mdl, virtual_address, deed);
        dma_legal_chain(a, mdl, offset, length, deed);
        if (!dma_walk_to(&walk, mdl, offset) || !dma_walk_has(&walk, length))
            return STATUS_BUFFER_TOO_SMALL;
        pages = dma_walk_pages(&walk, length);
    }
    if (pages > a->registers_max)
        return STATUS_INSUFFICIENT_RESOURCES;
    *bytes = dma_sglist_bytes(a, pages);
    if (registers != NULL)
        *registers = pages;
    return STATUS_SUCCESS;
}

/* ---- Seals ----------------------------------------------------------------------------------- */

static unsigned char *private_bytes(const struct dma_sglist *l)
{
    uint32_t bytes = dma_sglist_bytes(l->adapter, l->pages);
    return (unsigned char *)l->buffer + bytes - sizeof(struct dma_sglist_private);
}

static struct dma_sglist_private expected(const struct dma_sglist *l)
{
    return (struct dma_sglist_private){
        .magic = SEAL_MAGIC,
        .place = (uint64_t)(uintptr_t)l->buffer * PLACE_MIX,
        .list = dma_slot_handle(&l->slot),
    };
}

/* The live list whose handle a buffer carries, wherever that was built; or NULL. */
static struct dma_sglist *named_by(const struct dma_system *s, const void *buffer)
{
    SCATTER_GATHER_LIST head;
    memcpy(&head, buffer, HEAD_BYTES);
    return dma_slots_find(&s->lists, dma_handle_of((PVOID)head.Reserved));
}

void dma_sglist_require_unused(const struct dma_sglist *l)
{
    const struct dma_sglist *other = l->from_pool ? NULL : named_by(l->adapter->system, l->buffer);
    if (other == NULL || other == l || other->buffer != l->buffer || !other->built)
        return;
    emu_finding_raise(l->adapter->system->machine, "DMA-LIST-23", NULL, NULL,
                      "a scatter/gather list of %s is built in a buffer whose list is still in use: "
                      "PutScatterGatherList is owed",
                      dma_adapter_name(l->adapter).text);
}

void dma_sglist_seal(const struct dma_sglist *l, uint32_t elements)
{
    SCATTER_GATHER_LIST head = {
        .NumberOfElements = elements,
        .Reserved = (ULONG_PTR)dma_base_of(dma_slot_handle(&l->slot)),
    };
    struct dma_sglist_private seal = expected(l);
    memcpy(l->buffer, &head, HEAD_BYTES);
    memcpy(private_bytes(l), &seal, sizeof seal);
}

static void require_seal(const struct dma_sglist *l, const char *deed)
{
    struct dma_sglist_private seal = expected(l);
    if (memcmp(private_bytes(l), &seal, sizeof seal) == 0)
        return;
    emu_finding_raise(l->adapter->system->machine, "DMA-LIST-25", NULL, NULL,
                      "%s of %s with a scatter/gather list whose buffer was overwritten behind its elements",
                      deed, dma_adapter_name(l->adapter).text);
}

struct dma_sglist *dma_sglist_of(struct dma_adapter *a, PSCATTER_GATHER_LIST list, const char *deed)
{
    enum { FREED_TWICE = 0x06 };
    struct emu_machine *m = a->system->machine;
    if (list == NULL)
        emu_finding_raise(m, "DMA-LIST-26", NULL, NULL, "%s of %s without a scatter/gather list", deed,
                          dma_adapter_name(a).text);
    struct dma_sglist *l = named_by(a->system, list);
    if (l == NULL || !l->built)
        emu_finding_raise(m, "DMA-LIST-27", "0xE6/06",
                          (const uint64_t[4]){FREED_TWICE, a->lists_built, a->lists_put + 1, 0},
                          "%s of %s with a scatter/gather list that is none: it was put before, was never "
                          "built, or its Reserved member was overwritten",
                          deed, dma_adapter_name(a).text);
    if (l->buffer != list)
        emu_finding_raise(m, "DMA-LIST-28", NULL, NULL,
                          "%s of %s with a copy of a scatter/gather list: it was built at another address",
                          deed, dma_adapter_name(a).text);
    if (l->adapter != a)
        emu_finding_raise(m, "DMA-LIST-29", NULL, NULL, "%s of %s with a scatter/gather list of %s", deed,
                          dma_adapter_name(a).text, dma_adapter_name(l->adapter).text);
    require_seal(l, deed);
    return l;
}
