/*
 * The two sides of memory on a machine that is not coherent: see emu/cache.h.
 *
 * Processors' side is the host memory that drivers' code reads and writes. Devices' side is a second area of
 * as many pages, filled page by page when first needed in a run. A third one remembers lines of which a
 * transfer has only a part, as they were when they were cleaned: so that a change of the rest shows. Whether
 * a processor changed a line that nobody else touched shows by comparing the two sides.
 */
#include "emu/machine_state.h"

#include <emu/cache.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    OLD_BYTE = 0x5E, /* in memory before the first cleaning */
    WHAT_IS_LOST = 3,
};
enum loss { LOSS_NONE, LOSS_OF_PROCESSOR, LOSS_OF_DEVICE };

/* One page, as long as the run's epoch is the machine's. */
struct page {
    uint64_t written; /* lines that a device wrote and nobody invalidated since, a bit each */
    uint64_t parts;   /* lines that are remembered */
    uint32_t epoch;
    bool shared;
};

struct emu_cache {
    struct page *pages;
    unsigned char *memory;     /* devices' side */
    unsigned char *remembered; /* lines of which a transfer has a part */
    uint32_t count;
    emu_object object; /* what a search that reasons about independence knows it by, in this run */
    uint32_t epoch;    /* of object */
};

/* A part of one page, on each side. */
struct place {
    struct page *page;
    unsigned char *processors;
    unsigned char *memory;
    unsigned char *remembered;
    uint32_t first;
    uint32_t end;
};

static unsigned char *reserve(uint32_t pages)
{
    void *p = mmap(NULL, (size_t)pages << EMU_PAGE_SHIFT, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

bool emu_cache_create(struct emu_machine *m)
{
    if (!m->config.incoherent)
        return true;
    struct emu_cache *c = calloc(1, sizeof *c);
    if (c == NULL)
        return false;
    m->cache = c;
    c->count = emu_ram_slots(m);
    c->pages = calloc(c->count, sizeof *c->pages);
    c->memory = reserve(c->count);
    c->remembered = reserve(c->count);
    return c->pages != NULL && c->memory != NULL && c->remembered != NULL;
}

void emu_cache_destroy(struct emu_machine *m)
{
    struct emu_cache *c = m->cache;
    if (c == NULL)
        return;
    if (c->memory != NULL)
        munmap(c->memory, (size_t)c->count << EMU_PAGE_SHIFT);
    if (c->remembered != NULL)
        munmap(c->remembered, (size_t)c->count << EMU_PAGE_SHIFT);
    free(c->pages);
    free(c);
}

void emu_cache_forget(struct emu_machine *m)
{
    if (m->cache != NULL)
        memset(m->cache->pages, 0, m->cache->count * sizeof *m->cache->pages);
}

void emu_cache_free(struct emu_machine *m, uint32_t slot)
{
    if (m->cache != NULL)
        m->cache->pages[slot] = (struct page){0};
}

/* ---- Places ----------------------------------------------------------------------------------- */

static void begin(struct emu_machine *m, struct page *page, unsigned char *memory)
{
    *page = (struct page){.epoch = m->epoch};
    memset(memory, OLD_BYTE, EMU_PAGE_SIZE);
}

/* The event that is under way moves bytes between the two sides, or what is on the devices'. */
static void touch(struct emu_machine *m)
{
    struct emu_cache *c = m->cache;
    if (c->epoch != m->epoch)
        c->object = emu_object_new(m, "caches");
    c->epoch = m->epoch;
    emu_touch(m, c->object, EMU_ACCESS_WRITE);
}

/* At most bytes from physical on, within its page. False: no memory. */
static bool find(struct emu_machine *m, uint64_t physical, uint64_t bytes, struct place *p)
{
    struct emu_cache *c = m->cache;
    uint32_t slot = emu_ram_slot(m, physical);
    uint32_t in_page = physical & (EMU_PAGE_SIZE - 1);
    uint64_t rest = EMU_PAGE_SIZE - in_page;
    unsigned char *at = emu_ram_at(m, physical);
    touch(m);
    p->first = in_page;
    p->end = in_page + (uint32_t)(bytes < rest ? bytes : rest);
    if (at == NULL || slot >= c->count)
        return false;
    p->page = &c->pages[slot];
    p->processors = at - in_page;
    p->memory = c->memory + ((size_t)slot << EMU_PAGE_SHIFT);
    p->remembered = c->remembered + ((size_t)slot << EMU_PAGE_SHIFT);
    if (p->page->epoch != m->epoch)
        begin(m, p->page, p->memory);
    return true;
}

static uint64_t bit_of(uint32_t at)
{
    return 1ull << at / EMU_CACHE_LINE;
}

/* The lines that from to end (not included) touch. */
static uint64_t lines(uint32_t from, uint32_t end)
{
    if (from >= end)
        return 0;
    uint32_t first = from / EMU_CACHE_LINE, last = (end - 1) / EMU_CACHE_LINE;
    enum { LINES = EMU_PAGE_SIZE / EMU_CACHE_LINE };
    return (UINT64_MAX >> (LINES - 1 - (last - first))) << first;
}

/* The lines that lie in it as a whole. */
static uint64_t whole_lines(uint32_t from, uint32_t end)
{
    uint32_t first = (from + EMU_CACHE_LINE - 1) & ~(uint32_t)(EMU_CACHE_LINE - 1);
    return lines(first, end & ~(uint32_t)(EMU_CACHE_LINE - 1));
}

/* ---- Cleaning and invalidating ---------------------------------------------------------------- */

static void remember(struct place *p, uint32_t at)
{
    uint32_t line = at & ~(uint32_t)(EMU_CACHE_LINE - 1);
    memcpy(p->remembered + line, p->processors + line, EMU_CACHE_LINE);
    p->page->parts |= bit_of(at);
}

static void clean(struct place *p)
{
    memcpy(p->memory + p->first, p->processors + p->first, p->end - p->first);
    p->page->written &= ~whole_lines(p->first, p->end);
    if (p->first % EMU_CACHE_LINE != 0)
        remember(p, p->first);
    if (p->end % EMU_CACHE_LINE != 0)
        remember(p, p->end);
}

static bool same(const unsigned char *a, const unsigned char *b, uint32_t from, uint32_t end)
{
    return from >= end || memcmp(a + from, b + from, end - from) == 0;
}

/* The line at this place is invalidated, and only from first to end of it is the buffer. */
static void invalidate_part(struct emu_machine *m, struct place *p, uint32_t at)
{
    uint32_t line = at & ~(uint32_t)(EMU_CACHE_LINE - 1), line_end = line + EMU_CACHE_LINE;
    uint32_t first = p->first > line ? p->first : line;
    uint32_t end = p->end < line_end ? p->end : line_end;
    bool changed = (p->page->parts & bit_of(at)) != 0 && !(same(p->processors, p->remembered, line, first) &&
                                                           same(p->processors, p->remembered, end, line_end));
    enum loss loss = LOSS_NONE;
    if (changed)
        loss = (enum loss)emu_latitude(m, EMU_OP_CACHE, WHAT_IS_LOST);
    if (loss == LOSS_OF_PROCESSOR) {
        memcpy(p->processors + line, p->remembered + line, first - line);
        memcpy(p->processors + end, p->remembered + end, line_end - end);
    } else if (loss == LOSS_OF_DEVICE) {
        memcpy(p->memory + first, p->remembered + first, end - first);
    }
    memcpy(p->processors + first, p->memory + first, end - first);
    p->page->parts &= ~bit_of(at);
    if (same(p->processors, p->memory, line, line_end))
        p->page->written &= ~bit_of(at);
}

static void invalidate(struct emu_machine *m, struct place *p)
{
    uint32_t first = (p->first + EMU_CACHE_LINE - 1) & ~(uint32_t)(EMU_CACHE_LINE - 1);
    uint32_t end = p->end & ~(uint32_t)(EMU_CACHE_LINE - 1);
    if (p->first % EMU_CACHE_LINE != 0)
        invalidate_part(m, p, p->first);
    if (p->end % EMU_CACHE_LINE != 0 && p->end > first)
        invalidate_part(m, p, p->end);
    if (first < end)
        memcpy(p->processors + first, p->memory + first, end - first);
    p->page->written &= ~whole_lines(p->first, p->end);
}

/* Line by line: whose bytes are the newer ones. */
static void flush(struct place *p)
{
    for (uint32_t from = p->first, end; from < p->end; from = end) {
        end = (from & ~(uint32_t)(EMU_CACHE_LINE - 1)) + EMU_CACHE_LINE;
        end = end < p->end ? end : p->end;
        if (p->page->written & bit_of(from))
            memcpy(p->processors + from, p->memory + from, end - from);
        else
            memcpy(p->memory + from, p->processors + from, end - from);
    }
    p->page->written &= ~whole_lines(p->first, p->end);
}

void emu_cache_clean(struct emu_machine *m, uint64_t physical, uint64_t bytes)
{
    struct place p;
    for (; m->cache != NULL && bytes > 0; physical += p.end - p.first, bytes -= p.end - p.first)
        if (find(m, physical, bytes, &p) && !p.page->shared)
            clean(&p);
}

void emu_cache_invalidate(struct emu_machine *m, uint64_t physical, uint64_t bytes)
{
    struct place p;
    for (; m->cache != NULL && bytes > 0; physical += p.end - p.first, bytes -= p.end - p.first)
        if (find(m, physical, bytes, &p) && !p.page->shared)
            invalidate(m, &p);
}

void emu_cache_flush(struct emu_machine *m, uint64_t physical, uint64_t bytes)
{
    struct place p;
    for (; m->cache != NULL && bytes > 0; physical += p.end - p.first, bytes -= p.end - p.first)
        if (find(m, physical, bytes, &p) && !p.page->shared)
            flush(&p);
}

void emu_cache_share(struct emu_machine *m, void *base, uint32_t pages, bool shared)
{
    struct place p;
    for (uint32_t i = 0; m->cache != NULL && i < pages; i++) {
        bool there = find(m, emu_ram_physical(m, (unsigned char *)base + ((size_t)i << EMU_PAGE_SHIFT)),
                          EMU_PAGE_SIZE, &p);
        EMU_ASSERT(there);
        begin(m, p.page, p.memory);
        p.page->shared = shared;
    }
}

/* ---- Devices ---------------------------------------------------------------------------------- */

/* Of the lines of this place: those that a processor changed and nobody cleaned. */
static uint64_t changed_lines(const struct place *p)
{
    uint64_t changed = 0;
    uint64_t candidates = lines(p->first, p->end) & ~p->page->written;
    if (candidates == 0 || same(p->processors, p->memory, p->first, p->end))
        return 0;
    for (uint32_t from = p->first, end; from < p->end; from = end) {
        end = (from & ~(uint32_t)(EMU_CACHE_LINE - 1)) + EMU_CACHE_LINE;
        end = end < p->end ? end : p->end;
        if ((candidates & bit_of(from)) != 0 && !same(p->processors, p->memory, from, end))
            changed |= bit_of(from);
    }
    return changed;
}

/* These lines of the place are written back. */
static void write_back(struct place *p, uint64_t which)
{
    for (uint32_t from = p->first, end; from < p->end; from = end) {
        end = (from & ~(uint32_t)(EMU_CACHE_LINE - 1)) + EMU_CACHE_LINE;
        end = end < p->end ? end : p->end;
        if (which & bit_of(from))
            memcpy(p->memory + from, p->processors + from, end - from);
    }
}

bool emu_cache_device(struct emu_machine *m, uint64_t physical, void *buffer, size_t bytes, bool to_memory)
{
    struct place p;
    bool there = find(m, physical, bytes, &p);
    if (!there || p.end - p.first != bytes)
        return false;
    if (p.page->shared) {
        unsigned char *at = p.processors + p.first;
        memcpy(to_memory ? at : buffer, to_memory ? buffer : at, bytes);
        return true;
    }
    uint64_t changed = changed_lines(&p);
    bool by_chance = changed != 0 && emu_latitude(m, EMU_OP_CACHE, 2) != 0;
    if (to_memory) {
        memcpy(p.memory + p.first, buffer, bytes);
        p.page->written |= lines(p.first, p.end);
    }
    if (by_chance) {
        write_back(&p, changed);
        p.page->written &= ~changed;
    }
    if (!to_memory)
        memcpy(buffer, p.memory + p.first, bytes);
    return true;
}
