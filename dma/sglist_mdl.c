/*
 * BuildMdlFromScatterGatherList: MDLs of the memory that a list's device really touches.
 *
 * Where nothing was double-buffered that is the driver's memory, and its own MDL says so. Otherwise the
 * answer is a chain with an MDL for each contiguous run, in the order of the transfer; it is freed with the
 * list.
 */
#include <emu/finding.h>
#include <emu/mem.h>

#include "dma/adapter.h"
#include "dma/bounce.h"
#include "dma/operations.h"
#include "dma/registers.h"
#include "dma/sglist.h"
#include "dma/system.h"
#include "dma/walk.h"

/* A place in a list's memory, page by page. */
struct reader {
    struct emu_machine *machine;
    const struct dma_registers *registers; /* NULL: the memory is the driver's */
    struct dma_walk walk;
    uint32_t page;
    uint32_t left; /* bytes */
};

/* The next page's bytes where the device sees them. Not at the end. */
static struct dma_step look(const struct reader *r)
{
    struct dma_step step = dma_walk_look(&r->walk, r->left);
    const struct dma_registers *g = r->registers;
    const struct dma_piece *piece = g != NULL && g->bank != NULL ? dma_bounce_piece(g, r->page) : NULL;
    if (piece != NULL && piece->memory != NULL)
        step.physical = emu_ram_physical(r->machine, dma_bounce_memory(g) + piece->offset);
    return step;
}

static void go(struct reader *r, struct dma_step step)
{
    dma_walk_go(&r->walk, step.bytes);
    r->left -= step.bytes;
    r->page++;
}

/* Bytes that lie in a row from here on. */
static uint32_t run_length(struct reader r)
{
    uint32_t bytes = 0;
    for (uint64_t next = 0; r.left > 0;) {
        struct dma_step step = look(&r);
        if (bytes > 0 && step.physical != next)
            break;
        bytes += step.bytes;
        next = step.physical + step.bytes;
        go(&r, step);
    }
    return bytes;
}

/* An MDL of the run that begins here, which is read; NULL without memory. */
static PMDL describe_run(struct reader *r)
{
    uint32_t bytes = run_length(*r);
    uint64_t first = look(r).physical;
    PMDL mdl = IoAllocateMdl((PVOID)(uintptr_t)(first % EMU_PAGE_SIZE), bytes, FALSE, FALSE, NULL);
    if (mdl == NULL)
        return NULL;
    PPFN_NUMBER frames = MmGetMdlPfnArray(mdl);
    uint32_t pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES((ULONG_PTR)mdl->ByteOffset, bytes);
    for (uint32_t i = 0; i < pages; i++)
        frames[i] = (first >> EMU_PAGE_SHIFT) + i;
    mdl->MdlFlags |= MDL_PAGES_LOCKED;
    for (uint32_t end = r->left - bytes; r->left > end;)
        go(r, look(r));
    return mdl;
}

void dma_sglist_forget_copies(struct dma_sglist *l)
{
    while (l->copies != NULL) {
        PMDL mdl = l->copies;
        l->copies = mdl->Next;
        mdl->MdlFlags &= (CSHORT)~MDL_PAGES_LOCKED;
        IoFreeMdl(mdl);
    }
}

static bool is_double_buffered(const struct dma_registers *g, uint32_t pages)
{
    if (g == NULL || g->bank == NULL)
        return false;
    for (uint32_t i = 0; i < pages; i++)
        if (dma_bounce_piece(g, i)->memory != NULL)
            return true;
    return false;
}

NTSTATUS dma_sglist_describe(struct dma_adapter *a, PSCATTER_GATHER_LIST list, PMDL original, PMDL *target)
{
    static const char deed[] = "BuildMdlFromScatterGatherList";
    struct dma_system *s = a->system;
    emu_step(s->machine, DMA_OP_DESCRIBE_LIST, a->object, 0);
    struct dma_sglist *l = dma_sglist_of(a, list, deed);
    if (target == NULL)
        emu_finding_raise(s->machine, "DMA-LIST-31", NULL, NULL, "%s of %s without a place for the MDL", deed,
                          dma_adapter_name(a).text);
    if (original == NULL)
        return STATUS_INVALID_PARAMETER;
    if (original != l->part.mdl)
        emu_finding_raise(s->machine, "DMA-LIST-32", NULL, NULL,
                          "%s of %s with another MDL than the list was built from", deed,
                          dma_adapter_name(a).text);
    if (l->described)
        return STATUS_NONE_MAPPED;
    const struct dma_registers *g = dma_slots_find(&s->pool.held, l->registers);
    PMDL *link = &l->copies;
    if (is_double_buffered(g, l->pages)) {
        struct reader r = {.machine = s->machine, .registers = g, .left = l->part.length};
        bool there = dma_walk_to(&r.walk, l->part.mdl, l->part.offset);
        EMU_ASSERT(there);
        for (; r.left > 0; link = &(*link)->Next)
            if ((*link = describe_run(&r)) == NULL) {
                dma_sglist_forget_copies(l);
                return STATUS_INSUFFICIENT_RESOURCES;
            }
    }
    l->described = true;
    *target = l->copies != NULL ? l->copies : original;
    return STATUS_SUCCESS;
}
