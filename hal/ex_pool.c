/*
 * The pool: what ExAllocatePool and its kin (ex_pool_forms.c) stand on.
 *
 * Slots of a few sizes are cut from pages of simulated RAM; a block below a page never crosses one, a block
 * of a page or more begins on one. Before each slot's block lies a header, before each block of whole pages
 * another page, after every block guard bytes; all are verified when the block is freed. A record per slot,
 * out of the driver's reach, is the truth that they are compared with. Fresh blocks are filled with one
 * pattern, freed ones with another, and the second is verified before the slot is used again.
 *
 * Addresses decide nothing: slots are used in the order in which they were cut and freed.
 */
#include <string.h>
#include <wdm.h>

#include <emu/access.h>
#include <emu/choose.h>
#include <emu/cpu.h>
#include <emu/crash.h>
#include <emu/finding.h>
#include <emu/liveness.h>
#include <emu/unseen.h>

#include "hal/ke_dpc.h"
#include "hal/ke_timer.h"
#include "hal/kernel.h"
#include "hal/ops.h"

enum {
    POOL_GRANULE = 16,    /* alignment of every block */
    POOL_GUARD_LEAST = 8, /* guard bytes after every block */
    POOL_GUARD_MOST = 32, /* no more than this is written and verified */
    POOL_CACHE_LINE = 64,
    POOL_FILL_FRESH = 0xA5, /* what a driver finds in memory that it did not initialise */
    POOL_FILL_FREED = 0xDF, /* what it finds in memory that it freed */
    POOL_FILL_GUARD = 0x7B,
    UNSET_BY_GCC = 0xFE, /* local variables of a driver that were not set: the driver's dialect */
    UNSET_BY_CLANG = 0xAA,
    POOL_CLASS_LARGE = POOL_CLASSES
};

#define POOL_HEADER_SEAL 0x9E3779B97F4A7C15ull

/* Lies before each block below a page. The two words vouch for each other. */
struct pool_header {
    struct pool_block *block;
    uint64_t seal;
};
_Static_assert(sizeof(struct pool_header) == POOL_GRANULE, "a block behind its header stays aligned");

static const uint16_t coarse_sizes[POOL_COARSE_CLASSES] = {640, 816, 1024, 1360, 2048, EMU_PAGE_SIZE};

static const struct emu_fill fills[] = {{POOL_FILL_FREED, "pool that was freed"},
                                        {POOL_FILL_FRESH, "memory that was allocated and not written yet"},
                                        {UNSET_BY_GCC, "variables that were not set yet"},
                                        {UNSET_BY_CLANG, "variables that were not set yet"}};

void pool_boot(struct hal_kernel *k)
{
    emu_crash_fills(k->machine, fills, sizeof fills / sizeof fills[0]);
}

static uint64_t seal_of(const struct pool_block *block)
{
    return ((uint64_t)(uintptr_t)block * POOL_HEADER_SEAL) ^ block->tag;
}

const char *pool_tag_text(uint32_t tag, char out[POOL_TAG_BYTES + 1])
{
    for (unsigned i = 0; i < POOL_TAG_BYTES; i++) {
        char c = (char)((tag >> (8 * i)) & 0x7F);
        out[i] = c >= ' ' && c != 0x7F ? c : '.';
    }
    out[POOL_TAG_BYTES] = '\0';
    return out;
}

static uint32_t class_for(size_t total)
{
    if (total <= POOL_FINE_MAX)
        return (uint32_t)((total - 1) / POOL_FINE_STEP);
    for (uint32_t i = 0; i < POOL_COARSE_CLASSES; i++)
        if (total <= coarse_sizes[i])
            return POOL_FINE_CLASSES + i;
    return POOL_CLASS_LARGE;
}

static uint32_t class_bytes(uint32_t index)
{
    return index < POOL_FINE_CLASSES ? (index + 1) * POOL_FINE_STEP : coarse_sizes[index - POOL_FINE_CLASSES];
}

static bool all_bytes(const uint8_t *at, size_t bytes, uint8_t value)
{
    return bytes == 0 || (at[0] == value && memcmp(at, at + 1, bytes - 1) == 0);
}

static size_t guard_bytes(const struct pool_block *b)
{
    size_t slack = (size_t)(b->slot + b->slot_bytes - (b->user + b->bytes));

    return slack < POOL_GUARD_MOST ? slack : POOL_GUARD_MOST;
}

static void link_block(struct mm_state *s, struct pool_block *b)
{
    if (s->last_block == NULL)
        s->blocks = b;
    else
        s->last_block->next = b;
    s->last_block = b;
}

__attribute__((noreturn)) static void corrupt(struct emu_machine *m, const struct pool_block *b,
                                              const char *rule, const char *code, uint64_t subcode,
                                              const char *what)
{
    char tag[POOL_TAG_BYTES + 1];
    uint64_t parameters[4] = {subcode, (uintptr_t)b->user, b->bytes, 0};

    emu_finding_raise(m, rule, code, parameters,
                      "%s: the block of %zu bytes with tag '%s', allocated at step %llu", what, b->bytes,
                      pool_tag_text(b->tag, tag), (unsigned long long)b->birth);
}

static void verify_guard(struct emu_machine *m, const struct pool_block *b)
{
    if (!all_bytes(b->user + b->bytes, guard_bytes(b), POOL_FILL_GUARD))
        corrupt(m, b, "EX-POOL-6", "0x19/21", 0x21, "memory behind a pool block was overwritten");
}

/* Of a block that begins on a page: the end of the page before it. */
static uint8_t *front_of(const struct pool_block *b)
{
    return b->slot - POOL_GUARD_MOST;
}

static void verify_front(struct emu_machine *m, const struct pool_block *b)
{
    struct pool_header h;

    if (b->class_index == POOL_CLASS_LARGE) {
        if (!all_bytes(front_of(b), POOL_GUARD_MOST, POOL_FILL_GUARD))
            corrupt(m, b, "EX-POOL-7", "0x19/20", 0x20, "memory before a pool block was overwritten");
        return;
    }
    memcpy(&h, b->user - sizeof h, sizeof h);
    if (h.block != b || h.seal != seal_of(b))
        corrupt(m, b, "EX-POOL-7", "0x19/20", 0x20, "the header before a pool block was overwritten");
}

static void verify_poison(struct emu_machine *m, const struct pool_block *b)
{
    if (!all_bytes(b->user, b->bytes, POOL_FILL_FREED))
        corrupt(m, b, "EX-POOL-8", "0x19/03", 0x3, "pool was written after it had been freed");
}

/* A slot of the class: one that was freed, else one that was never used. NULL without memory. */
static struct pool_block *take_slot(struct hal_kernel *k, uint32_t index)
{
    struct pool_class *c = &k->mm.classes[index];
    struct pool_block *b = c->free_first;
    struct mm_pages *page = NULL; /* cut for it */
    uint32_t size = class_bytes(index);

    if (b != NULL) {
        verify_poison(k->machine, b);
        c->free_first = b->next_free;
        if (c->free_first == NULL)
            c->free_last = NULL;
        return b;
    }
    if (c->fresh_slots == 0) {
        const struct emu_ram_request request = {.pages = 1};
        c->fresh = emu_ram_alloc(k->machine, &request);
        if (c->fresh == NULL)
            return NULL;
        c->fresh_slots = EMU_PAGE_SIZE / size;
        page = mm_pages_hold(k, c->fresh, 1, EMU_PAGE_SIZE, MM_PAGES_SLOTS);
        emu_access_guard(k->machine, c->fresh, EMU_PAGE_SIZE, true);
    }
    b = emu_arena_alloc(k->machine, sizeof *b);
    b->slot = c->fresh;
    b->slot_bytes = size;
    b->class_index = (uint8_t)index;
    if (page != NULL)
        page->block = b;
    link_block(&k->mm, b);
    c->fresh += size;
    c->fresh_slots--;
    return b;
}

/* With the page before them; and what lies in each page is known by its number. */
static void guard_large(struct hal_kernel *k, struct pool_block *b, bool on)
{
    emu_access_guard(k->machine, b->slot - EMU_PAGE_SIZE, b->slot_bytes + EMU_PAGE_SIZE, on);
    if (on) {
        b->next_large = k->mm.large;
        k->mm.large = b;
        return;
    }
    struct pool_block **link = &k->mm.large;
    while (*link != b)
        link = &(*link)->next_large;
    *link = b->next_large;
}

/* Whole pages, one more than asked for where the last would have no room for guard bytes, behind a page that
 * guards their front. */
static struct pool_block *take_pages(struct hal_kernel *k, size_t bytes)
{
    struct pool_block *b = k->mm.spare_blocks;

    if (bytes >
        UINT32_MAX - 2 * EMU_PAGE_SIZE) /* what is rounded up, with its page before, has a 32-bit size */
        return NULL;
    uint64_t pages = ((uint64_t)bytes + POOL_GUARD_LEAST + EMU_PAGE_SIZE - 1) >> EMU_PAGE_SHIFT;
    const struct emu_ram_request request = {.pages = (uint32_t)pages + 1};
    uint8_t *base = emu_ram_alloc(k->machine, &request);
    if (base == NULL)
        return NULL;
    if (b != NULL) {
        k->mm.spare_blocks = b->next_free;
    } else {
        b = emu_arena_alloc(k->machine, sizeof *b);
        b->class_index = POOL_CLASS_LARGE;
        link_block(&k->mm, b);
    }
    b->slot = base + EMU_PAGE_SIZE;
    b->slot_bytes = (uint32_t)(pages << EMU_PAGE_SHIFT);
    memset(front_of(b), POOL_FILL_GUARD, POOL_GUARD_MOST);
    mm_pages_hold(k, b->slot, (uint32_t)pages, bytes, MM_PAGES_POOL)->block = b;
    guard_large(k, b, true);
    return b;
}

static void put_back(struct hal_kernel *k, struct pool_block *b)
{
    if (b->class_index == POOL_CLASS_LARGE) {
        mm_pages_take(k, b->slot, MM_PAGES_POOL);
        guard_large(k, b, false);
        emu_ram_free(k->machine, b->slot - EMU_PAGE_SIZE, (b->slot_bytes >> EMU_PAGE_SHIFT) + 1);
        b->next_free = k->mm.spare_blocks;
        k->mm.spare_blocks = b;
        return;
    }
    struct pool_class *c = &k->mm.classes[b->class_index];
    if (c->free_last == NULL)
        c->free_first = b;
    else
        c->free_last->next_free = b;
    c->free_last = b;
}

static void check_allocation(struct emu_machine *m, const struct pool_request *r)
{
    uint8_t level = emu_level(m);
    uint8_t highest = r->paged ? EMU_LEVEL_APC : EMU_LEVEL_DISPATCH;
    char tag[POOL_TAG_BYTES + 1];

    if (level > highest) {
        uint64_t parameters[4] = {0x08, level, r->type, r->bytes};
        emu_finding_report(
            m, "EX-POOL-4", "0xC2/08", parameters,
            "%s pool (%zu bytes, tag '%s') was asked for at IRQL %u; %u is the highest allowed",
            r->paged ? "paged" : "non-paged", r->bytes, pool_tag_text(r->tag, tag), level, highest);
    }
    if (r->tag == 0) {
        uint64_t parameters[4] = {0x9B, r->type, r->bytes, 0};
        emu_finding_report(m, "EX-POOL-5", "0xC2/9B", parameters,
                           "pool (%zu bytes) was asked for with a tag of 0", r->bytes);
    }
}

void *pool_allocate(const struct pool_request *r)
{
    struct hal_kernel *k = hal_kernel();
    struct emu_machine *m = k->machine;

    check_allocation(m, r);
    emu_called(m, r->site != 0 ? (emu_op)r->site : HAL_OP_EX_POOL);
    if (r->site != 0 && emu_fault(m, r->site))
        return NULL;
    size_t front = sizeof(struct pool_header);
    size_t align = r->cache_aligned ? POOL_CACHE_LINE : POOL_GRANULE;
    size_t most = EMU_PAGE_SIZE - front - (align - POOL_GRANULE) - POOL_GUARD_LEAST;
    uint32_t index = r->bytes > most
                         ? POOL_CLASS_LARGE
                         : class_for(front + (align - POOL_GRANULE) + r->bytes + POOL_GUARD_LEAST);
    struct pool_block *b = NULL;
    EMU_UNSEEN(m, "which of the free blocks it is")
    {
        b = index == POOL_CLASS_LARGE ? take_pages(k, r->bytes) : take_slot(k, index);
    }
    if (b == NULL)
        return NULL;
    emu_access_fresh(m, b, sizeof *b);
    emu_access_fresh(m, b->slot, b->slot_bytes);
    EMU_ASSERT(!b->live);
    b->user = b->slot;
    if (index != POOL_CLASS_LARGE)
        b->user += front + (-((uintptr_t)b->slot + front) & (align - 1));
    b->bytes = r->bytes;
    b->tag = r->tag;
    b->paged = r->paged;
    b->drivers = !emu_is_spared(m);
    b->live = true;
    b->birth = emu_steps(m);
    b->watched = emu_access_watched(m);
    if (b->watched)
        emu_birth_note(m, &b->allocated);
    if (index != POOL_CLASS_LARGE) {
        struct pool_header h = {b, seal_of(b)};
        memcpy(b->user - sizeof h, &h, sizeof h);
    }
    memset(b->user, r->zero ? 0 : POOL_FILL_FRESH, b->bytes);
    memset(b->user + b->bytes, POOL_FILL_GUARD, guard_bytes(b));
    emu_access_fresh(m, b->user, b->bytes);
    emu_object_forget(m, b->user); /* what the block was before */
    return b->user;
}

static const void *page_of(const void *address)
{
    return (const uint8_t *)address - ((uintptr_t)address & (EMU_PAGE_SIZE - 1));
}

/* The block whose header lies at the beginning of a slot, or behind what aligns it to a cache line. */
static struct pool_block *block_in(const uint8_t *slot)
{
    for (unsigned at = 0; at < POOL_CACHE_LINE; at += POOL_GRANULE) {
        struct pool_header h;
        memcpy(&h, slot + at, sizeof h);
        uint64_t tag = h.seal ^ ((uint64_t)(uintptr_t)h.block * POOL_HEADER_SEAL);
        if (tag <= UINT32_MAX && h.block != NULL && h.block->slot == slot)
            return h.block;
    }
    return NULL;
}

struct pool_block *pool_block_at(struct hal_kernel *k, const void *address)
{
    const uint8_t *at = address, *page = page_of(address);
    const struct mm_pages *p = mm_pages_find(k, page, MM_PAGES_SLOTS);
    if (p != NULL) {
        size_t size = p->block->slot_bytes, number = (size_t)(at - page) / size;
        return (number + 1) * size <= EMU_PAGE_SIZE ? block_in(page + number * size) : NULL;
    }
    struct pool_block *b = k->mm.large;
    while (b != NULL && (at < b->slot - EMU_PAGE_SIZE || at >= b->slot + b->slot_bytes))
        b = b->next_large;
    return b;
}

/* The record behind an address that is being freed; a finding when there is none. */
static struct pool_block *block_of(struct hal_kernel *k, void *address)
{
    struct emu_machine *m = k->machine;
    uint64_t parameters[4] = {0x99, (uintptr_t)address, 0, 0};

    if (((uintptr_t)address & (EMU_PAGE_SIZE - 1)) == 0) {
        struct mm_pages *p = mm_pages_find(k, address, MM_PAGES_POOL);
        if (p != NULL)
            return p->block;
        for (struct pool_block *b = k->mm.spare_blocks; b != NULL; b = b->next_free)
            if (b->slot == address)
                return b;
    } else if (((uintptr_t)address & (POOL_GRANULE - 1)) == 0 &&
               mm_pages_find(k, page_of(address), MM_PAGES_SLOTS) != NULL) {
        struct pool_header h;
        memcpy(&h, (uint8_t *)address - sizeof h, sizeof h);
        uint64_t tag = h.seal ^ ((uint64_t)(uintptr_t)h.block * POOL_HEADER_SEAL);
        if (tag <= UINT32_MAX && h.block != NULL && h.block->user == address)
            return h.block;
        for (struct pool_block *b = k->mm.blocks; b != NULL; b = b->next)
            if (b->user == address)
                return b; /* its header was overwritten */
    }
    emu_finding_raise(m, "EX-POOL-3", "0xC2/99", parameters,
                      "an address was freed that pool never handed out");
}

void pool_release(void *address, uint32_t tag)
{
    struct hal_kernel *k = hal_kernel();
    struct emu_machine *m = k->machine;
    uint8_t level = emu_level(m);
    if (level > EMU_LEVEL_DISPATCH)
        emu_finding_report(m, "EX-POOL-4", "0xC2/09", (const uint64_t[4]){0x09, level, 0, (uintptr_t)address},
                           "pool was freed at IRQL %u; %u is the highest allowed", level, EMU_LEVEL_DISPATCH);
    struct pool_block *b = block_of(k, address);
    char tag1[POOL_TAG_BYTES + 1];
    char tag2[POOL_TAG_BYTES + 1];

    if (!b->live)
        corrupt(m, b, "EX-POOL-1", "0xC2/07", 0x07, "pool was freed twice");
    verify_front(m, b);
    if (tag != 0 && tag != b->tag) {
        uint64_t parameters[4] = {0x0A, (uintptr_t)address, b->tag, tag};
        emu_finding_report(m, "EX-POOL-2", "0xC2/0A", parameters,
                           "pool of %zu bytes was allocated with tag '%s' and freed with tag '%s'", b->bytes,
                           pool_tag_text(b->tag, tag1), pool_tag_text(tag, tag2));
    }
    if (b->paged && level > EMU_LEVEL_APC) {
        uint64_t parameters[4] = {0x09, level, b->paged, (uintptr_t)address};
        emu_finding_report(m, "EX-POOL-4", "0xC2/09", parameters,
                           "paged pool with tag '%s' was freed at IRQL %u", pool_tag_text(b->tag, tag1),
                           level);
    }
    verify_guard(m, b);
    if (k->mm.given_back.freed != NULL)
        k->mm.given_back.freed(k->mm.given_back.context, b->user, b->bytes);
    emu_touch_within(m, b->user, b->bytes, EMU_ACCESS_WRITE);
    EMU_UNSEEN(m, "what runs or waits in the block is an object there, which the block's end touches")
    {
        if (k->ke.timers_running != NULL)
            ke_timer_freed(k, b->user, b->bytes);
        if (k->ke.dpcs_queued != 0)
            ke_dpc_freed(k, b->user, b->bytes);
    }
    b->live = false;
    b->next_free = NULL;
    if (b->watched)
        emu_birth_note(m, &b->freed);
    memset(b->user, POOL_FILL_FREED, b->bytes);
    EMU_UNSEEN(m, "which of the free blocks is taken next")
    {
        put_back(k, b);
    }
}

size_t hal_pool_room(const void *address)
{
    struct hal_kernel *k = hal_kernel();
    const void *page = page_of(address);
    struct mm_pages *p = page == address ? mm_pages_find(k, address, MM_PAGES_POOL) : NULL;

    if (p != NULL)
        return p->block->bytes;
    if (((uintptr_t)address & (POOL_GRANULE - 1)) != 0 || page == address ||
        mm_pages_find(k, page, MM_PAGES_SLOTS) == NULL)
        return SIZE_MAX;
    struct pool_header h;
    memcpy(&h, (const uint8_t *)address - sizeof h, sizeof h);
    uint64_t tag = h.seal ^ ((uint64_t)(uintptr_t)h.block * POOL_HEADER_SEAL);
    bool begins_here = tag <= UINT32_MAX && h.block != NULL && h.block->user == address;
    return begins_here ? h.block->bytes : SIZE_MAX;
}

uint32_t hal_pool_each(uint32_t tag, void (*fn)(void *context, const struct hal_pool_live *block),
                       void *context)
{
    uint32_t count = 0;

    for (const struct pool_block *b = hal_kernel()->mm.blocks; b != NULL; b = b->next) {
        if (!b->live || (tag != 0 && b->tag != tag))
            continue;
        count++;
        if (fn != NULL) {
            struct hal_pool_live live = {b->user, b->bytes, b->birth, b->tag, b->paged, b->drivers};
            fn(context, &live);
        }
    }
    return count;
}

void hal_pool_audit(void)
{
    struct hal_kernel *k = hal_kernel();

    for (const struct pool_block *b = k->mm.blocks; b != NULL; b = b->next) {
        if (b->live) {
            verify_front(k->machine, b);
            verify_guard(k->machine, b);
        } else if (b->class_index != POOL_CLASS_LARGE) {
            verify_poison(k->machine, b);
        }
    }
}
