/*
 * The padding of double buffers under verification.
 *
 * Double buffers hold DMA_PADDING wherever nothing is mapped: in pages of map registers that are free, in
 * those of an allocation that map nothing, and before and behind what is mapped. A device, or a driver, that
 * writes outside of what it was given is seen there.
 */
#include <emu/finding.h>
#include <emu/mem.h>

#include "dma/adapter.h"
#include "dma/bounce.h"
#include "dma/owned.h"
#include "dma/verifier_check.h"
#include "dma/verifier_shadow.h"

enum { WRITTEN_OUTSIDE = 0x0F, FREE_REGISTER = 3, PADDING_BEFORE = 4, PADDING_AFTER = 5 };

static void raise_free(const unsigned char *at, const char *whose)
{
    dma_verifier_raise(
        (struct dma_violation){WRITTEN_OUTSIDE, FREE_REGISTER, dma_violation_pointer(at), 0},
        "the double buffer of a map register %s was written, which maps nothing: 0x%02X stands "
        "there, not 0x%02X",
        whose, *at, DMA_PADDING);
}

void dma_guard_require_pool(struct dma_system *s)
{
    const unsigned char *stray = dma_bounce_stray(&s->pool);
    if (stray != NULL)
        raise_free(stray, "that nobody has");
}

static void raise_stray(const struct dma_registers *g, size_t at, const struct dma_piece *before,
                        const struct dma_piece *behind)
{
    const unsigned char *memory = dma_bounce_memory(g);
    size_t page = at >> EMU_PAGE_SHIFT;
    bool ends_here = before != NULL && (before->offset + before->bytes - 1) >> EMU_PAGE_SHIFT == page;
    bool begins_here = behind != NULL && behind->offset >> EMU_PAGE_SHIFT == page;
    if (!ends_here && !begins_here)
        raise_free(memory + at, dma_adapter_name(g->adapter).text);
    const unsigned char *start = memory + (ends_here ? before->offset : behind->offset);
    dma_verifier_raise(
        (struct dma_violation){WRITTEN_OUTSIDE, ends_here ? PADDING_AFTER : PADDING_BEFORE,
                               dma_violation_pointer(start), dma_violation_pointer(memory + at)},
        "byte %lld of a mapped buffer of %s was written, %s it: the padding there is 0x%02X, not "
        "0x%02X",
        (long long)(memory + at - start), dma_adapter_name(g->adapter).text,
        ends_here ? "behind the end of" : "before", memory[at], DMA_PADDING);
}

/* Pieces lie in the order of their registers. */
void dma_guard_require_registers(const struct dma_registers *g)
{
    const struct dma_piece *before = NULL;
    if (g->bank == NULL || !g->adapter->padded)
        return;
    for (uint32_t i = 0; i <= g->count; i++) {
        const struct dma_piece *next = i < g->count ? dma_bounce_piece(g, i) : NULL;
        if (next != NULL && next->memory == NULL)
            continue;
        size_t from = before != NULL ? before->offset + before->bytes : 0;
        size_t to = next != NULL ? next->offset : (size_t)g->count << EMU_PAGE_SHIFT;
        EMU_ASSERT(from <= to);
        size_t clean = dma_padding_end(dma_bounce_memory(g) + from, to - from);
        if (clean < to - from)
            raise_stray(g, from + clean, before, next);
        before = next;
    }
}

void dma_guard_strayed(struct dma_system *s, const struct dma_owned *from, uint64_t logical, bool beyond)
{
    char name[sizeof(struct dma_name)];
    const void *start = emu_ram_at(s->machine, from->device), *at = emu_ram_at(s->machine, logical);
    if ((s->verifier->verify & HALDMA_VERIFY_DMA) == 0)
        return;
    emu_object_text(s->machine, from->adapter, name, sizeof name);
    emu_finding_came_from(s->machine, from->adapter, beyond ? "given the buffer" : "flushed", &from->birth);
    if (beyond)
        dma_verifier_raise((struct dma_violation){WRITTEN_OUTSIDE, PADDING_AFTER,
                                                  dma_violation_pointer(start), dma_violation_pointer(at)},
                           "the device of %s writes on beyond the %llu bytes that are mapped for it", name,
                           (unsigned long long)from->bytes);
    dma_verifier_raise(
        (struct dma_violation){WRITTEN_OUTSIDE, FREE_REGISTER, dma_violation_pointer(at), 0},
        "the device of %s writes to memory that was mapped for it until step %llu and is not any "
        "more",
        name, (unsigned long long)from->birth.step);
}

void dma_guard_require(struct dma_adapter *a, PVOID base)
{
    const struct dma_registers *g = dma_slots_find(&a->system->pool.held, dma_handle_of(base));
    if (g != NULL && g->adapter == a)
        dma_guard_require_registers(g);
}
