/*
 * Double buffers: see bounce.h.
 */
#include "dma/bounce.h"

#include <emu/cache.h>
#include <emu/mem.h>
#include <string.h>

#include "dma/adapter.h"

enum { BANK_PAGES_MIN = 16, WORD_BITS = 64 };

struct dma_bank {
    struct dma_bank *next;
    unsigned char *memory;
    uint64_t logical;
    uint32_t pages;
    uint64_t *used;           /* a bit per page */
    struct dma_piece *pieces; /* one per page */
};

static bool page_used(const struct dma_bank *b, uint32_t page)
{
    return b->used[page / WORD_BITS] >> page % WORD_BITS & 1;
}

static uint64_t page_address(const struct dma_bank *b, uint32_t page)
{
    return b->logical + ((uint64_t)page << EMU_PAGE_SHIFT);
}

/* The first of count free pages in a row, which cross no multiple of boundary (0: of nothing); or b->pages.
 */
static uint32_t find_run(const struct dma_bank *b, uint32_t count, uint64_t boundary)
{
    uint32_t first = 0;
    for (uint32_t page = 0; page < b->pages && first + count <= b->pages; page++) {
        if (page > first && boundary != 0 && page_address(b, page) % boundary == 0)
            first = page;
        if (page_used(b, page))
            first = page + 1;
        else if (page + 1 - first == count)
            return first;
    }
    return b->pages;
}

static void mark(struct dma_bank *b, uint32_t first, uint32_t count, bool used)
{
    for (uint32_t page = first, end = first + count; page < end;) {
        uint32_t bit = page % WORD_BITS;
        uint32_t bits = end - page < WORD_BITS - bit ? end - page : WORD_BITS - bit;
        uint64_t mask = UINT64_MAX >> (WORD_BITS - bits) << bit;
        uint64_t *word = &b->used[page / WORD_BITS];
        EMU_ASSERT((*word & mask) == (used ? 0 : mask));
        *word ^= mask;
        page += bits;
    }
}

/* The last address of memory that can be given to the adapter's device: all of it where it is remapped. */
static uint64_t highest_of(const struct dma_adapter *a)
{
    return a->reach != NULL ? UINT64_MAX : a->highest;
}

static struct dma_bank *make_bank(struct dma_pool *pool, struct emu_machine *m, const struct dma_adapter *a,
                                  uint32_t pages)
{
    struct emu_ram_request request = {
        .pages = pages, .highest = highest_of(a), .boundary = a->boundary, .contiguous = true};
    void *memory = emu_ram_alloc(m, &request);
    if (memory == NULL)
        return NULL;
    memset(memory, DMA_PADDING, (size_t)pages << EMU_PAGE_SHIFT);
    emu_cache_share(m, memory, pages, true);
    struct dma_bank *b = emu_arena_alloc(m, sizeof *b);
    *b = (struct dma_bank){
        .next = pool->banks,
        .memory = memory,
        .logical = emu_ram_physical(m, memory),
        .pages = pages,
        .used = emu_arena_alloc(m, (pages + WORD_BITS - 1) / WORD_BITS * sizeof(uint64_t)),
        .pieces = emu_arena_alloc(m, pages * sizeof(struct dma_piece)),
    };
    pool->banks = b;
    return b;
}

static bool give_run(struct dma_registers *g, struct dma_bank *b)
{
    uint64_t last = b->logical + ((uint64_t)b->pages << EMU_PAGE_SHIFT) - 1;
    uint32_t first = last <= highest_of(g->adapter) ? find_run(b, g->count, g->adapter->boundary) : b->pages;
    if (first == b->pages)
        return false;
    mark(b, first, g->count, true);
    for (uint32_t i = 0; i < g->count; i++)
        b->pieces[first + i].memory = NULL;
    g->bank = b;
    g->first = first;
    return true;
}

bool dma_bounce_take(struct dma_pool *pool, struct dma_registers *g, struct emu_machine *m)
{
    if (g->bank != NULL)
        return true;
    for (struct dma_bank *b = pool->banks; b != NULL; b = b->next)
        if (give_run(g, b))
            return true;
    struct dma_bank *b = NULL;
    if (g->count < BANK_PAGES_MIN)
        b = make_bank(pool, m, g->adapter, BANK_PAGES_MIN);
    if (b == NULL)
        b = make_bank(pool, m, g->adapter, g->count);
    return b != NULL && give_run(g, b);
}

void dma_bounce_give(struct dma_registers *g)
{
    mark(g->bank, g->first, g->count, false);
    g->bank = NULL;
}

static const unsigned char *first_stray(const struct dma_bank *b)
{
    for (uint32_t page = 0; page < b->pages; page++) {
        const unsigned char *memory = b->memory + ((size_t)page << EMU_PAGE_SHIFT);
        if (!page_used(b, page) && dma_padding_end(memory, EMU_PAGE_SIZE) < EMU_PAGE_SIZE)
            return memory + dma_padding_end(memory, EMU_PAGE_SIZE);
    }
    return NULL;
}

const unsigned char *dma_bounce_stray(const struct dma_pool *pool)
{
    const unsigned char *stray = NULL;
    for (const struct dma_bank *b = pool->banks; b != NULL && stray == NULL; b = b->next)
        stray = first_stray(b);
    return stray;
}

size_t dma_padding_end(const unsigned char *memory, size_t bytes)
{
    size_t at = 0;
    if (bytes == 0 || (memory[0] == DMA_PADDING && memcmp(memory, memory + 1, bytes - 1) == 0))
        return bytes;
    while (memory[at] == DMA_PADDING)
        at++;
    return at;
}

unsigned char *dma_bounce_memory(const struct dma_registers *g)
{
    return g->bank->memory + ((size_t)g->first << EMU_PAGE_SHIFT);
}

uint64_t dma_bounce_logical(const struct dma_registers *g)
{
    return g->bank->logical + ((uint64_t)g->first << EMU_PAGE_SHIFT);
}

struct dma_piece *dma_bounce_piece(const struct dma_registers *g, uint32_t index)
{
    EMU_ASSERT(index < g->count);
    return &g->bank->pieces[g->first + index];
}
