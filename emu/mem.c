/*
 * Physical memory: host pages with page frame numbers.
 *
 *   page area    what emu_ram_alloc() hands out; each used page has a frame of one of three banks
 *   stack area   strand stacks, a guard page below each; frames from STACK_FRAMES downwards per stack
 *   adopted      host pages seen for the first time; frames from ADOPTED_FRAMES on
 *   I/O area     addresses without memory behind them, for registers (bus.c)
 */
#include <emu/unseen.h>

#include "emu/footprint.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    LOW_FIRST = 0x100,        /* 1 MiB */
    MID_FIRST = 0x1000,       /* 16 MiB */
    HIGH_FIRST = 0x100000,    /* 4 GiB */
    STACK_FRAMES = 0x80000,   /* 2 GiB */
    ADOPTED_FRAMES = 0xC0000, /* 3 GiB */
    ADOPTED_MAX = 0x10000,
    ADOPTED_SLOTS = 2 * ADOPTED_MAX,
    WORD_BITS = 64,
    NO_FRAME = 0, /* frame 0 is never memory */
    LAYOUTS = 3,
};
enum layout { LAYOUT_DESCENDING, LAYOUT_ASCENDING, LAYOUT_ALTERNATING };

#define ADDRESS_MIX 0x9E3779B97F4A7C15ull
enum { ADOPTED_SHIFT = 40 };

struct emu_adopted {
    uintptr_t page; /* host address >> page shift */
    uint32_t epoch;
    uint32_t ordinal;
};

/* ---- Bitmaps
 * ----------------------------------------------------------------------------------------------- */

static bool is_set(const uint64_t *bits, uint32_t i)
{
    return bits[i / WORD_BITS] >> (i % WORD_BITS) & 1;
}

static void set(uint64_t *bits, uint32_t i)
{
    bits[i / WORD_BITS] |= 1ull << (i % WORD_BITS);
}

static void clear(uint64_t *bits, uint32_t i)
{
    bits[i / WORD_BITS] &= ~(1ull << (i % WORD_BITS));
}

/* The first run of free bits in [from, to), or UINT32_MAX. */
static uint32_t find_run(const uint64_t *bits, uint32_t from, uint32_t to, uint32_t length)
{
    uint32_t run = 0;
    for (uint32_t i = from; i < to; i++) {
        if (run == 0 && i % WORD_BITS == 0 && bits[i / WORD_BITS] == UINT64_MAX) {
            i += WORD_BITS - 1;
            continue;
        }
        run = is_set(bits, i) ? 0 : run + 1;
        if (run == length)
            return i + 1 - length;
    }
    return UINT32_MAX;
}

/* ---- Creation and reset
 * ------------------------------------------------------------------------------------ */

static uint32_t words_for(uint32_t bits)
{
    return (bits + WORD_BITS - 1) / WORD_BITS;
}

static void *reserve(size_t bytes, int protection)
{
    void *p = mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

bool emu_ram_create(struct emu_machine *m)
{
    struct emu_ram *r = &m->ram;
    const uint32_t first[BANKS] = {[BANK_MID] = MID_FIRST, [BANK_HIGH] = HIGH_FIRST, [BANK_LOW] = LOW_FIRST};
    const uint32_t count[BANKS] = {[BANK_MID] = m->config.ram_mid_pages,
                                   [BANK_HIGH] = m->config.ram_high_pages,
                                   [BANK_LOW] = m->config.ram_low_pages};
    r->page_count = count[BANK_MID] + count[BANK_HIGH] + count[BANK_LOW];
    r->page_words = words_for(r->page_count);
    r->words_all = 2 * r->page_words;
    for (int b = 0; b < BANKS; b++)
        r->words_all += words_for(count[b]);
    r->stack_stride = (size_t)m->config.stack_bytes + EMU_PAGE_SIZE;
    r->stacks_bytes = r->stack_stride * m->config.strands_max;

    r->pages = reserve((size_t)r->page_count << EMU_PAGE_SHIFT, PROT_READ | PROT_WRITE);
    r->stacks = reserve(r->stacks_bytes, PROT_READ | PROT_WRITE);
    r->io = reserve((size_t)EMU_IO_PAGES << EMU_PAGE_SHIFT, PROT_NONE);
    r->bitmaps = calloc(r->words_all, sizeof *r->bitmaps);
    r->frame_of = calloc(r->page_count, sizeof *r->frame_of);
    r->adopted = calloc(ADOPTED_SLOTS, sizeof *r->adopted);
    r->adopted_page = calloc(ADOPTED_MAX, sizeof *r->adopted_page);
    m->io_pages = calloc(EMU_IO_PAGES, sizeof *m->io_pages);
    bool complete = r->pages && r->stacks && r->io && r->bitmaps && r->frame_of && r->adopted &&
                    r->adopted_page && m->io_pages;

    uint64_t *bits = r->bitmaps;
    r->page_used = bits;
    r->page_met = complete ? bits + r->page_words : NULL;
    bits = complete ? bits + 2 * r->page_words : NULL;
    for (int b = 0; complete && b < BANKS; b++) {
        struct emu_bank *bank = &r->banks[b];
        bank->first = first[b];
        bank->count = count[b];
        bank->used = bits;
        bits += words_for(count[b]);
        bank->page_of = calloc(count[b] ? count[b] : 1, sizeof *bank->page_of);
        complete = bank->page_of != NULL;
    }
    return complete;
}

static void release(void *p, size_t bytes)
{
    if (p != NULL)
        munmap(p, bytes);
}

void emu_ram_destroy(struct emu_machine *m)
{
    struct emu_ram *r = &m->ram;
    release(r->pages, (size_t)r->page_count << EMU_PAGE_SHIFT);
    if (r->stacks != NULL)
        emu_fiber_forget(r->stacks, r->stacks_bytes);
    release(r->stacks, r->stacks_bytes);
    release(r->io, (size_t)EMU_IO_PAGES << EMU_PAGE_SHIFT);
    free(r->bitmaps);
    free(r->frame_of);
    free(r->adopted);
    free(r->adopted_page);
    for (int b = 0; b < BANKS; b++)
        free(r->banks[b].page_of);
    free(m->io_pages);
}

void emu_ram_reset(struct emu_machine *m)
{
    struct emu_ram *r = &m->ram;
    if (r->page_touched > 0)
        memset(r->frame_of, 0, r->page_touched * sizeof *r->frame_of);
    memset(r->bitmaps, 0, r->words_all * sizeof *r->bitmaps);
    r->page_touched = 0;
    r->page_hint = 0;
    r->met_count = 0;
    r->adopted_count = 0;
    for (int b = 0; b < BANKS; b++) {
        struct emu_bank *bank = &r->banks[b];
        bank->free = bank->count;
        bank->hint = 0;
        bank->top = bank->count;
    }
}

bool emu_ram_page_used(const struct emu_machine *m, uint32_t page)
{
    return is_set(m->ram.page_used, page);
}

bool emu_ram_is_met(const struct emu_machine *m, const volatile void *address)
{
    const struct emu_ram *r = &m->ram;
    size_t offset = (uintptr_t)address - (uintptr_t)r->pages;
    return r->met_count > 0 && offset < (size_t)r->page_count << EMU_PAGE_SHIFT &&
           is_set(r->page_met, (uint32_t)(offset >> EMU_PAGE_SHIFT));
}

void emu_ram_meet(struct emu_machine *m, const void *address, size_t bytes)
{
    struct emu_ram *r = &m->ram;
    size_t offset = (uintptr_t)address - (uintptr_t)r->pages;
    size_t all = (size_t)r->page_count << EMU_PAGE_SHIFT;
    if (bytes == 0 || offset >= all)
        return;
    EMU_ASSERT(bytes <= all - offset);
    for (size_t page = offset >> EMU_PAGE_SHIFT; page <= (offset + bytes - 1) >> EMU_PAGE_SHIFT; page++) {
        r->met_count += !is_set(r->page_met, (uint32_t)page);
        set(r->page_met, (uint32_t)page);
    }
}

static void forget_met(struct emu_ram *r, uint32_t page)
{
    r->met_count -= is_set(r->page_met, page);
    clear(r->page_met, page);
}

void *emu_stack_slot(struct emu_machine *m, uint32_t index)
{
    unsigned char *guard = m->ram.stacks + index * m->ram.stack_stride;
    int refused = mprotect(guard, EMU_PAGE_SIZE, PROT_NONE);
    EMU_ASSERT(refused == 0);
    return guard + EMU_PAGE_SIZE;
}

/* ---- Frames
 * ------------------------------------------------------------------------------------------------ */

static void take_frame(struct emu_ram *r, struct emu_bank *bank, uint32_t frame, uint32_t page)
{
    set(bank->used, frame);
    bank->free--;
    bank->page_of[frame] = page;
    r->frame_of[page] = bank->first + frame;
}

static struct emu_bank *bank_of(struct emu_ram *r, uint64_t frame)
{
    for (int b = 0; b < BANKS; b++)
        if (frame >= r->banks[b].first && frame - r->banks[b].first < r->banks[b].count)
            return &r->banks[b];
    return NULL;
}

static void release_frame(struct emu_ram *r, uint32_t page)
{
    struct emu_bank *bank = bank_of(r, r->frame_of[page]);
    EMU_ASSERT(bank != NULL);
    uint32_t frame = r->frame_of[page] - bank->first;
    clear(bank->used, frame);
    bank->free++;
    if (frame < bank->hint)
        bank->hint = frame;
    if (frame >= bank->top)
        bank->top = frame + 1;
    r->frame_of[page] = NO_FRAME;
}

/* The part of a bank that lies within physical limits: [*from, *to) in frames of the bank. */
static bool within(const struct emu_bank *bank, const struct emu_ram_request *q, uint32_t *from, uint32_t *to)
{
    uint64_t lowest = (q->lowest + EMU_PAGE_SIZE - 1) >> EMU_PAGE_SHIFT;
    uint64_t beyond = q->highest == 0 ? UINT64_MAX : (q->highest + 1) >> EMU_PAGE_SHIFT;
    uint64_t end = (uint64_t)bank->first + bank->count;
    if (q->highest == UINT64_MAX)
        beyond = UINT64_MAX;
    uint64_t first = lowest > bank->first ? lowest : bank->first;
    uint64_t last = beyond < end ? beyond : end;
    if (first >= last)
        return false;
    *from = (uint32_t)(first - bank->first);
    *to = (uint32_t)(last - bank->first);
    return true;
}

static bool take_contiguous(struct emu_ram *r, const struct emu_ram_request *q, uint32_t page)
{
    uint64_t align = q->alignment > EMU_PAGE_SIZE ? q->alignment >> EMU_PAGE_SHIFT : 1;
    uint64_t boundary = q->boundary >> EMU_PAGE_SHIFT;
    if (boundary != 0 && q->pages > boundary)
        return false;
    for (int b = 0; b < BANKS; b++) {
        struct emu_bank *bank = &r->banks[b];
        uint32_t from, to;
        if (bank->free < q->pages || !within(bank, q, &from, &to))
            continue;
        for (uint32_t at = from; (at = find_run(bank->used, at, to, q->pages)) != UINT32_MAX; at++) {
            uint64_t frame = (uint64_t)bank->first + at;
            uint64_t last = frame + q->pages - 1;
            if (frame % align != 0 || (boundary != 0 && frame / boundary != last / boundary))
                continue;
            for (uint32_t i = 0; i < q->pages; i++)
                take_frame(r, bank, at + i, page + i);
            return true;
        }
    }
    return false;
}

/* The highest or lowest free frame of a bank within the limits, or UINT32_MAX. */
static uint32_t one_frame(struct emu_bank *bank, const struct emu_ram_request *q, bool lowest_first)
{
    uint32_t from, to;
    if (bank->free == 0 || !within(bank, q, &from, &to))
        return UINT32_MAX;
    if (lowest_first) {
        uint32_t at = from > bank->hint ? from : bank->hint;
        while (at < to && is_set(bank->used, at))
            at++;
        if (from <= bank->hint)
            bank->hint = at;
        return at < to ? at : UINT32_MAX;
    }
    uint32_t at = to < bank->top ? to : bank->top;
    while (at > from && is_set(bank->used, at - 1))
        at--;
    if (to >= bank->top)
        bank->top = at;
    return at > from ? at - 1 : UINT32_MAX;
}

/*
 * Frames one by one. Descending: neighbours in virtual memory are neighbours in the wrong order. Alternating:
 * every other page above 4 GiB. A bank that has none left is replaced by the next. The
 * first page alone has to be aligned.
 */
static bool take_scattered(struct emu_ram *r, const struct emu_ram_request *q, uint32_t page,
                           enum layout layout)
{
    uint32_t start = 0;
    if (q->alignment > EMU_PAGE_SIZE) {
        struct emu_ram_request aligned = *q;
        aligned.pages = 1;
        if (!take_contiguous(r, &aligned, page))
            return false;
        start = 1;
    }
    for (uint32_t i = start; i < q->pages; i++) {
        int first = layout == LAYOUT_ALTERNATING && i % 2 == 0 ? BANK_HIGH : BANK_MID;
        uint32_t frame = UINT32_MAX;
        struct emu_bank *bank = NULL;
        for (int b = 0; b < BANKS && frame == UINT32_MAX; b++) {
            bank = &r->banks[b == 0 ? first : b == first ? 0 : b];
            frame = one_frame(bank, q, layout == LAYOUT_ASCENDING);
        }
        if (frame == UINT32_MAX) {
            for (uint32_t back = 0; back < i; back++)
                release_frame(r, page + back);
            return false;
        }
        take_frame(r, bank, frame, page + i);
    }
    return true;
}

/* ---- Pages
 * ------------------------------------------------------------------------------------------------- */

static void *take_pages(struct emu_machine *m, const struct emu_ram_request *q)
{
    struct emu_ram *r = &m->ram;
    if (q->pages == 0 || q->pages > r->page_count)
        return NULL;
    uint32_t page = find_run(r->page_used, r->page_hint, r->page_count, q->pages);
    if (page == UINT32_MAX)
        return NULL;
    enum layout layout = LAYOUT_DESCENDING;
    if (q->explore && !q->contiguous)
        layout = (enum layout)emu_choose_frames(m, EMU_OP_FRAMES, LAYOUTS);
    if (!(q->contiguous ? take_contiguous(r, q, page) : take_scattered(r, q, page, layout)))
        return NULL;
    for (uint32_t i = 0; i < q->pages; i++)
        set(r->page_used, page + i);
    if (page == r->page_hint)
        r->page_hint = page + q->pages;
    if (page + q->pages > r->page_touched)
        r->page_touched = page + q->pages;
    void *base = r->pages + ((size_t)page << EMU_PAGE_SHIFT);
    memset(base, 0, (size_t)q->pages << EMU_PAGE_SHIFT);
    return base;
}

void *emu_ram_alloc(struct emu_machine *m, const struct emu_ram_request *q)
{
    void *base = NULL;
    EMU_UNSEEN(m, "which of the free pages and frames they are")
    {
        base = take_pages(m, q);
    }
    if (base != NULL)
        emu_access_fresh(m, base, (size_t)q->pages << EMU_PAGE_SHIFT);
    return base;
}

void emu_ram_free(struct emu_machine *m, void *base, uint32_t pages)
{
    struct emu_ram *r = &m->ram;
    size_t offset = (size_t)((unsigned char *)base - r->pages);
    uint32_t page = (uint32_t)(offset >> EMU_PAGE_SHIFT);
    EMU_ASSERT(emu_ram_owns(m, base) && offset % EMU_PAGE_SIZE == 0 && page + pages <= r->page_count);
    emu_touch_place(m, EMU_PLACE_MEMORY, EMU_ACCESS_WRITE); /* a device may still reach it */
    EMU_UNSEEN(m, "which of the free pages and frames are taken next")
    {
        for (uint32_t i = 0; i < pages; i++) {
            EMU_ASSERT(is_set(r->page_used, page + i));
            clear(r->page_used, page + i);
            forget_met(r, page + i);
            release_frame(r, page + i);
            emu_cache_free(m, page + i);
        }
        if (page < r->page_hint)
            r->page_hint = page;
    }
}

/* ---- Addresses
 * --------------------------------------------------------------------------------------------- */

static bool in_area(const void *area, size_t bytes, const void *address)
{
    return (uintptr_t)address - (uintptr_t)area < bytes;
}

bool emu_ram_owns(const struct emu_machine *m, const void *address)
{
    const struct emu_ram *r = &m->ram;
    return in_area(r->pages, (size_t)r->page_count << EMU_PAGE_SHIFT, address) ||
           in_area(r->stacks, r->stacks_bytes, address);
}

bool emu_ram_is_stack(const struct emu_machine *m, const void *address)
{
    return in_area(m->ram.stacks, m->ram.stacks_bytes, address);
}

/* The page's number among those adopted, or ADOPTED_MAX when there are that many already. */
static uint32_t adopt(struct emu_machine *m, uintptr_t page)
{
    struct emu_ram *r = &m->ram;
    uint32_t i = (uint32_t)(page * ADDRESS_MIX >> ADOPTED_SHIFT) % ADOPTED_SLOTS;
    while (r->adopted[i].epoch == m->epoch && r->adopted[i].page != page)
        i = (i + 1) % ADOPTED_SLOTS;
    if (r->adopted[i].epoch != m->epoch) {
        if (r->adopted_count == ADOPTED_MAX)
            return ADOPTED_MAX;
        r->adopted[i] = (struct emu_adopted){page, m->epoch, r->adopted_count};
        r->adopted_page[r->adopted_count++] = page;
    }
    return r->adopted[i].ordinal;
}

void emu_ram_put_back(struct emu_machine *m, const uint32_t *pages, uint32_t count)
{
    struct emu_ram *r = &m->ram;
    for (uint32_t i = 0; i < count; i++) {
        struct emu_bank *bank = bank_of(r, r->frame_of[pages[i]]);
        bank->page_of[r->frame_of[pages[i]] - bank->first] = pages[i];
    }
    uint32_t adopted = r->adopted_count;
    r->adopted_count = 0;
    for (uint32_t i = 0; i < adopted; i++)
        adopt(m, r->adopted_page[i]);
}

/* Epochs count from the beginning again: none of the old ones may be taken for a new one. */
void emu_ram_forget_adopted(struct emu_machine *m)
{
    memset(m->ram.adopted, 0, ADOPTED_SLOTS * sizeof *m->ram.adopted);
}

uint64_t emu_ram_physical(struct emu_machine *m, const void *address)
{
    struct emu_ram *r = &m->ram;
    uint64_t within_page = (uintptr_t)address & (EMU_PAGE_SIZE - 1);
    size_t offset = (uintptr_t)address - (uintptr_t)r->pages;
    uint64_t frame;
    if (EMU_LIKELY(offset < (size_t)r->page_count << EMU_PAGE_SHIFT)) {
        frame = r->frame_of[offset >> EMU_PAGE_SHIFT];
        if (frame == NO_FRAME)
            return EMU_NO_ADDRESS;
    } else if (in_area(r->stacks, r->stacks_bytes, address)) {
        /* Backwards, so that a stack's pages are not neighbours in the right order either. */
        frame = STACK_FRAMES + (r->stacks_bytes >> EMU_PAGE_SHIFT) - 1 -
                (((uintptr_t)address - (uintptr_t)r->stacks) >> EMU_PAGE_SHIFT);
    } else if (in_area(r->io, (size_t)EMU_IO_PAGES << EMU_PAGE_SHIFT, address)) {
        return emu_bus_physical(m, address);
    } else {
        uint32_t ordinal = adopt(m, (uintptr_t)address >> EMU_PAGE_SHIFT);
        if (ordinal == ADOPTED_MAX)
            return EMU_NO_ADDRESS;
        frame = ADOPTED_FRAMES + ordinal;
    }
    return frame << EMU_PAGE_SHIFT | within_page;
}

void *emu_ram_at(struct emu_machine *m, uint64_t physical)
{
    struct emu_ram *r = &m->ram;
    uint64_t frame = physical >> EMU_PAGE_SHIFT;
    size_t within_page = physical & (EMU_PAGE_SIZE - 1);
    struct emu_bank *bank = bank_of(r, frame);
    if (bank != NULL) {
        uint32_t i = (uint32_t)(frame - bank->first);
        return is_set(bank->used, i) ? r->pages + ((size_t)bank->page_of[i] << EMU_PAGE_SHIFT) + within_page
                                     : NULL;
    }
    size_t stack_pages = r->stacks_bytes >> EMU_PAGE_SHIFT;
    if (frame >= STACK_FRAMES && frame - STACK_FRAMES < stack_pages) {
        size_t page = stack_pages - 1 - (size_t)(frame - STACK_FRAMES);
        bool guard = page % (r->stack_stride >> EMU_PAGE_SHIFT) == 0;
        return guard ? NULL : r->stacks + (page << EMU_PAGE_SHIFT) + within_page;
    }
    if (frame >= ADOPTED_FRAMES && frame - ADOPTED_FRAMES < r->adopted_count)
        return (void *)(r->adopted_page[frame - ADOPTED_FRAMES] << EMU_PAGE_SHIFT | within_page);
    return NULL;
}

uint32_t emu_ram_slots(const struct emu_machine *m)
{
    return m->ram.page_count + (uint32_t)(m->ram.stacks_bytes >> EMU_PAGE_SHIFT) + ADOPTED_MAX;
}

uint32_t emu_ram_slot(struct emu_machine *m, uint64_t physical)
{
    struct emu_ram *r = &m->ram;
    uint64_t frame = physical >> EMU_PAGE_SHIFT;
    uint32_t stack_pages = (uint32_t)(r->stacks_bytes >> EMU_PAGE_SHIFT);
    const struct emu_bank *bank = bank_of(r, frame);
    if (bank != NULL)
        return bank->page_of[frame - bank->first];
    if (frame >= STACK_FRAMES && frame - STACK_FRAMES < stack_pages)
        return r->page_count + (uint32_t)(frame - STACK_FRAMES);
    if (frame >= ADOPTED_FRAMES && frame - ADOPTED_FRAMES < r->adopted_count)
        return r->page_count + stack_pages + (uint32_t)(frame - ADOPTED_FRAMES);
    return UINT32_MAX;
}

enum direction { OUT_OF_MEMORY, INTO_MEMORY };

static bool copy(struct emu_machine *m, uint64_t physical, unsigned char *buffer, size_t bytes,
                 enum direction way)
{
    while (bytes > 0) {
        size_t piece = EMU_PAGE_SIZE - (physical & (EMU_PAGE_SIZE - 1));
        piece = piece < bytes ? piece : bytes;
        void *p = emu_ram_at(m, physical);
        if (p == NULL)
            return false;
        if (way == INTO_MEMORY)
            memcpy(p, buffer, piece);
        else
            memcpy(buffer, p, piece);
        physical += piece;
        buffer += piece;
        bytes -= piece;
    }
    return true;
}

static bool meets(uint64_t first, uint64_t last, uint64_t from, uint64_t count)
{
    return count > 0 && first < from + count && from <= last;
}

bool emu_ram_reserved(const struct emu_machine *m, uint64_t physical, uint64_t bytes)
{
    uint64_t first = physical >> EMU_PAGE_SHIFT;
    uint64_t last = (physical + bytes - 1) >> EMU_PAGE_SHIFT;
    for (int b = 0; b < BANKS; b++)
        if (meets(first, last, m->ram.banks[b].first, m->ram.banks[b].count))
            return true;
    return meets(first, last, STACK_FRAMES, ADOPTED_FRAMES - STACK_FRAMES) ||
           meets(first, last, ADOPTED_FRAMES, ADOPTED_MAX);
}

bool emu_ram_read(struct emu_machine *m, uint64_t physical, void *to, size_t bytes)
{
    return copy(m, physical, to, bytes, OUT_OF_MEMORY);
}

bool emu_ram_write(struct emu_machine *m, uint64_t physical, const void *from, size_t bytes)
{
    return copy(m, physical, (unsigned char *)(uintptr_t)from, bytes, INTO_MEMORY);
}
