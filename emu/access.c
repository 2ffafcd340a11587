/*
 * Accesses: who touched what, whether it races, whether it is a yield point.
 *
 * Each granule of 8 bytes that was touched has a cell, found through its page. A cell keeps the accesses that
 * a later one could race with, and drops those that a new one stands for: an access that is ordered after
 * another, covers its bytes and conflicts with whatever the other conflicts with takes its place, because
 * whatever races with the old one then races with the new one too. So no race is forgotten, and what a cell
 * keeps is short. Each access is compared by its epoch (its context and that context's time) with the clock
 * of the context that comes later.
 */
#include <emu/bus.h>
#include <emu/unseen.h>

#include "emu/access_state.h"
#include "emu/footprint.h"

#include <stdlib.h>
#include <string.h>

enum { PAGES_FIRST = 256, FILL_NUMERATOR = 3, FILL_DENOMINATOR = 4, HASH_SHIFT = 32, GRANULE_MASK = 7 };
#define PAGE_MIX    0x9E3779B97F4A7C15ull
#define MARKED      (EMU_MEMORY_VOLATILE | EMU_MEMORY_ATOMIC)
#define KIND        (EMU_MEMORY_WRITE | MARKED)
#define ALL_OF_THEM 0xFFu

/* One access on its way through here. */
struct touch {
    struct emu_machine *m;
    struct emu_watch *w;
    struct emu_context *context;
    uintptr_t address;
    size_t bytes;
    uintptr_t pc;
    unsigned memory;
    uint32_t clock; /* of the context, when the access is made */
    bool met;       /* devices reach it */
};

/* ---- Cells ------------------------------------------------------------------------------------------------
 */

static uint32_t place_of(const struct emu_watch *w, uintptr_t number)
{
    return (uint32_t)(number * PAGE_MIX >> HASH_SHIFT) & w->page_mask;
}

static void put_page(struct emu_watch *w, struct emu_shadow_page *page)
{
    uint32_t i = place_of(w, page->number);
    while (w->pages[i] != NULL)
        i = (i + 1) & w->page_mask;
    w->pages[i] = page;
}

static void grow_pages(struct emu_watch *w)
{
    struct emu_shadow_page **old = w->pages;
    uint32_t slots = old != NULL ? w->page_mask + 1 : 0;
    uint32_t more = slots != 0 ? 2 * slots : PAGES_FIRST;
    w->pages = calloc(more, sizeof(struct emu_shadow_page *));
    EMU_ASSERT(w->pages != NULL);
    w->page_mask = more - 1;
    for (uint32_t i = 0; i < slots; i++)
        if (old[i] != NULL)
            put_page(w, old[i]);
    free(old);
}

/* NULL: nothing of it was ever touched. */
static struct emu_shadow_page *find_page(struct emu_watch *w, uintptr_t number)
{
    if (w->pages == NULL)
        return NULL;
    uint32_t i = place_of(w, number);
    while (w->pages[i] != NULL && w->pages[i]->number != number)
        i = (i + 1) & w->page_mask;
    return w->pages[i];
}

/* All of its cells begin anew. */
static void renew(struct emu_watch *w, struct emu_shadow_page *page)
{
    if (++w->life == 0) { /* lives are counted from the beginning again: none may look like an old one */
        for (uint32_t i = 0; i <= w->page_mask; i++)
            if (w->pages[i] != NULL)
                memset(w->pages[i]->cells, 0, sizeof w->pages[i]->cells);
        w->life = 1;
    }
    page->era = w->era;
    page->life = w->life;
}

static struct emu_shadow_page *page_of(struct emu_watch *w, uintptr_t number)
{
    struct emu_shadow_page *page = find_page(w, number);
    if (page == NULL) {
        if (w->pages == NULL ||
            (uint64_t)w->page_count * FILL_DENOMINATOR >= ((uint64_t)w->page_mask + 1) * FILL_NUMERATOR)
            grow_pages(w);
        page = calloc(1, sizeof *page);
        EMU_ASSERT(page != NULL);
        page->number = number;
        w->page_count++;
        put_page(w, page);
    }
    if (page->era != w->era)
        renew(w, page);
    w->last = page;
    return page;
}

static inline struct emu_cell *cell_of(struct emu_watch *w, uintptr_t granule)
{
    uintptr_t number = granule >> (EMU_PAGE_SHIFT - EMU_GRANULE_SHIFT);
    struct emu_shadow_page *page = w->last;
    if (EMU_UNLIKELY(page == NULL || page->number != number || page->era != w->era))
        page = page_of(w, number);
    struct emu_cell *cell = &page->cells[granule & (EMU_PAGE_CELLS - 1)];
    if (EMU_UNLIKELY(cell->life != page->life))
        *cell = (struct emu_cell){.life = page->life};
    return cell;
}

void emu_access_fresh(struct emu_machine *m, const void *address, size_t bytes)
{
#ifdef EMU_CHECK_FOOTPRINTS
    emu_unseen_fresh(m, address, bytes);
#endif
    struct emu_watch *w = m->watch;
    if (EMU_LIKELY(w == NULL) || bytes == 0)
        return;
    uintptr_t granule = (uintptr_t)address >> EMU_GRANULE_SHIFT;
    uintptr_t end = ((uintptr_t)address + bytes - 1) / EMU_GRANULE + 1;
    while (granule < end) {
        uintptr_t number = granule >> (EMU_PAGE_SHIFT - EMU_GRANULE_SHIFT);
        uintptr_t beyond = (number + 1) << (EMU_PAGE_SHIFT - EMU_GRANULE_SHIFT);
        struct emu_shadow_page *page = find_page(w, number);
        bool whole = granule % EMU_PAGE_CELLS == 0 && end >= beyond;
        if (page != NULL && page->era == w->era && whole)
            renew(w, page);
        else if (page != NULL && page->era == w->era)
            for (uintptr_t i = granule; i < end && i < beyond; i++)
                page->cells[i & (EMU_PAGE_CELLS - 1)].life = 0;
        granule = beyond;
    }
}

/* ---- Guarded pages ----------------------------------------------------------------------------------------
 */

void emu_access_add_guard(struct emu_machine *m, emu_guard_fn *guard, void *context)
{
    EMU_ASSERT(m->guard_count < EMU_GUARDS_MAX);
    m->guards[m->guard_count].look = guard;
    m->guards[m->guard_count++].context = context;
}

void emu_access_guard(struct emu_machine *m, const void *address, size_t bytes, bool on)
{
    struct emu_watch *w = m->watch;
    if (EMU_LIKELY(w == NULL) || bytes == 0)
        return;
    uintptr_t last = ((uintptr_t)address + bytes - 1) >> EMU_PAGE_SHIFT;
    for (uintptr_t number = (uintptr_t)address >> EMU_PAGE_SHIFT; number <= last; number++) {
        struct emu_shadow_page *page = page_of(w, number);
        if (page->guarded_run != w->run) {
            page->guarded_run = w->run;
            page->guards = 0;
        }
        if (on) {
            page->guards++;
            w->guards++;
        } else if (page->guards > 0) { /* it may have been guarded before the watch began */
            page->guards--;
            w->guards--;
        }
    }
}

static void ask_guard(const struct touch *t)
{
    struct emu_watch *w = t->w;
    uintptr_t last = (t->address + t->bytes - 1) >> EMU_PAGE_SHIFT;
    for (uintptr_t number = t->address >> EMU_PAGE_SHIFT; number <= last; number++) {
        const struct emu_shadow_page *page =
            w->last != NULL && w->last->number == number ? w->last : find_page(w, number);
        if (page != NULL && page->guarded_run == w->run && page->guards > 0) {
            for (uint32_t i = 0; i < t->m->guard_count; i++)
                t->m->guards[i].look(t->m, t->m->guards[i].context, t->address, t->bytes,
                                     (t->memory & EMU_MEMORY_WRITE) != 0);
            return;
        }
    }
}

/* ---- Records ----------------------------------------------------------------------------------------------
 */

static uint32_t new_record(struct emu_watch *w)
{
    uint32_t index = w->record_free;
    if (index != 0) {
        w->record_free = w->records[index].next;
        return index;
    }
    if (w->record_count == w->record_capacity)
        w->records = emu_watch_grow(w->records, &w->record_capacity, sizeof *w->records);
    return w->record_count++;
}

static inline bool is_ordered(const struct touch *t, const struct emu_access_record *r)
{
    return r->context == t->context->id || r->clock <= emu_clock_of(&t->context->clock, r->context);
}

/* Whatever conflicts with the record conflicts with the touch of these bytes as well. */
static inline bool stands_for(const struct touch *t, uint8_t bytes, const struct emu_access_record *r)
{
    return (r->bytes & ~bytes) == 0 && ((t->memory | ~r->memory) & EMU_MEMORY_WRITE) != 0 &&
           ((t->memory & MARKED) == 0 || (r->memory & MARKED) != 0);
}

static struct emu_access_record describe(const struct touch *t, uint8_t bytes)
{
    const struct emu_machine *m = t->m;
    return (struct emu_access_record){
        .clock = t->clock,
        .pc = t->pc,
        .step = m->steps,
        .locks = t->context->locks,
        .object = t->context->object,
        .context = t->context->id,
        .bytes = bytes,
        .memory = (uint8_t)(t->memory & KIND),
        .cpu = m->self->cpu,
        .level = m->cpus[m->self->cpu].level,
        .handler = t->context->handler,
    };
}

static inline void add_toucher(uint16_t *who, uint16_t context)
{
    *who = *who == EMU_NOBODY || *who == context ? context : EMU_SEVERAL;
}

static void remember(const struct touch *t, struct emu_cell *cell, uint8_t bytes)
{
    struct emu_watch *w = t->w;
    add_toucher(t->memory & EMU_MEMORY_WRITE ? &cell->writer : &cell->reader, t->context->id);
    uint32_t *link = &cell->first;
    while (*link != 0) {
        uint32_t index = *link;
        struct emu_access_record *r = &w->records[index];
        if (stands_for(t, bytes, r) && is_ordered(t, r)) {
            *link = r->next;
            r->next = w->record_free;
            w->record_free = index;
        } else {
            link = &r->next;
        }
    }
    uint32_t index = new_record(w);
    w->records[index] = describe(t, bytes);
    w->records[index].next = cell->first;
    cell->first = index;
}

/* ---- Races ------------------------------------------------------------------------------------------------
 */

static inline bool by_another(uint16_t who, uint16_t context)
{
    return who != EMU_NOBODY && who != context;
}

/* Did another context make a conflicting access, ordered or not? */
static inline bool is_shared(const struct touch *t, const struct emu_cell *cell)
{
    return by_another(cell->writer, t->context->id) ||
           ((t->memory & EMU_MEMORY_WRITE) != 0 && by_another(cell->reader, t->context->id));
}

static void raise(const struct touch *t, const struct emu_access_record *earlier, uint8_t bytes,
                  uintptr_t granule) __attribute__((noreturn));
static void raise(const struct touch *t, const struct emu_access_record *earlier, uint8_t bytes,
                  uintptr_t granule)
{
    struct emu_watch *w = t->w;
    uint8_t both = earlier->bytes & bytes;
    w->raced = true;
    emu_footprint_forced(t->m); /* the other access may have been no step: nobody turns the two */
    w->earlier = *earlier;
    w->later = describe(t, bytes);
    w->race_address = granule * EMU_GRANULE + (unsigned)__builtin_ctz(both);
    w->race_bytes = (uint32_t)__builtin_popcount(both);
    emu_note(t->m, t->memory & EMU_MEMORY_WRITE ? EMU_OP_MEMORY_WRITE : EMU_OP_MEMORY_READ, EMU_NO_OBJECT,
             t->bytes);
    emu_finding_raise(t->m, "EMU-RACE-1", NULL, NULL, "data race"); /* the rest is told after the run */
}

static void look_for_race(const struct touch *t, const struct emu_cell *cell, uint8_t bytes,
                          uintptr_t granule)
{
    for (uint32_t index = cell->first; index != 0; index = t->w->records[index].next) {
        const struct emu_access_record *r = &t->w->records[index];
        bool conflicts = (r->bytes & bytes) != 0 && ((r->memory | t->memory) & EMU_MEMORY_WRITE) != 0 &&
                         ((r->memory & MARKED) == 0 || (t->memory & MARKED) == 0);
        if (conflicts && !is_ordered(t, r))
            raise(t, r, bytes, granule);
    }
}

/* ---- An access --------------------------------------------------------------------------------------------
 */

static inline uint8_t bytes_in(const struct touch *t, uintptr_t granule)
{
    uintptr_t low = granule * EMU_GRANULE;
    uintptr_t from = t->address > low ? t->address - low : 0;
    uintptr_t to = t->address + t->bytes < low + EMU_GRANULE ? t->address + t->bytes - low : EMU_GRANULE;
    return (uint8_t)((ALL_OF_THEM << from) & (ALL_OF_THEM >> (EMU_GRANULE - to)));
}

static emu_object object_of(const struct touch *t, uintptr_t granule)
{
    struct emu_cell *cell = cell_of(t->w, granule);
    if (cell->object == EMU_NO_OBJECT)
        cell->object = emu_object_at(t->m, (const void *)(granule * EMU_GRANULE), "memory");
    return cell->object;
}

/*
 * For a search that reasons about independence: these granules are part of the step. Of plain accesses only
 * where another context came before, because all others are ordered by operations that are steps.
 */
static void touch_objects(const struct touch *t, uintptr_t first, uintptr_t last)
{
    for (uintptr_t g = first; g <= last; g++)
        if ((t->memory & MARKED) != 0 || is_shared(t, cell_of(t->w, g)))
            emu_touch(t->m, object_of(t, g),
                      (t->memory & EMU_MEMORY_WRITE) != 0 ? EMU_ACCESS_WRITE : EMU_ACCESS_READ);
}

/* The context goes on when this returns. */
static void announce(const struct touch *t, uintptr_t first, uintptr_t last)
{
    emu_op op = (t->memory & EMU_MEMORY_ATOMIC) != 0  ? EMU_OP_MEMORY_ATOMIC
                : (t->memory & EMU_MEMORY_WRITE) != 0 ? EMU_OP_MEMORY_WRITE
                                                      : EMU_OP_MEMORY_READ;
    t->w->still = 0;
    emu_step(t->m, op, object_of(t, first), t->bytes);
    if (t->met)
        emu_bus_touch_variable(t->m, (const void *)t->address);
    touch_objects(t, first + 1, last);
}

/* What marked accesses order, apart from the locations they touch. */
static void order(struct touch *t, uintptr_t first)
{
    struct emu_machine *m = t->m;
    struct emu_context *c = t->context;
    struct emu_carrier *carrier = emu_watch_carrier(t->w, object_of(t, first));
    if (t->memory & EMU_MEMORY_ACQUIRE)
        emu_context_acquire(m, carrier);
    else if ((t->memory & EMU_MEMORY_WRITE) == 0)
        emu_clock_join(&c->seen, &carrier->clock);
    if (t->memory & EMU_MEMORY_RELEASE)
        emu_context_release(m, carrier);
    else if ((t->memory & EMU_MEMORY_WRITE) != 0 && c->has_fenced)
        emu_clock_join(&carrier->clock, &c->fenced);
}

/* The general case: several granules, something shared, or marked. */
static void touch_memory(struct touch *t, uintptr_t first, uintptr_t last)
{
    bool yields = (t->memory & MARKED) != 0 || t->met || t->w->still > EMU_STILL_MAX;
    for (uintptr_t g = first; g <= last; g++) {
        struct emu_cell *cell = cell_of(t->w, g);
        if (!is_shared(t, cell))
            continue;
        yields = true;
        look_for_race(t, cell, bytes_in(t, g), g);
    }
    if (yields && (t->memory & EMU_MEMORY_ANNOUNCED) == 0) {
        announce(t, first, last);
        if (t->w->guards > 0)
            ask_guard(t);
        for (uintptr_t g = first; g <= last; g++)
            look_for_race(t, cell_of(t->w, g), bytes_in(t, g), g);
    }
    if ((t->memory & EMU_MEMORY_ANNOUNCED) != 0)
        touch_objects(t, first, last);
    t->clock = emu_clock_of(&t->context->clock, t->context->id);
    if ((t->memory & MARKED) != 0)
        order(t, first);
    for (uintptr_t g = first; g <= last; g++)
        remember(t, cell_of(t->w, g), bytes_in(t, g));
}

/* The same access again, since its context last released something. */
static inline bool is_known(const struct touch *t, const struct emu_cell *cell, uint8_t bytes)
{
    if (cell->first == 0)
        return false;
    const struct emu_access_record *r = &t->w->records[cell->first];
    return r->context == t->context->id && r->clock == emu_clock_of(&t->context->clock, r->context) &&
           (bytes & ~r->bytes) == 0 && (r->memory & MARKED) == 0 &&
           ((r->memory | ~t->memory) & EMU_MEMORY_WRITE) != 0;
}

void emu_access_memory(struct emu_machine *m, const volatile void *address, size_t bytes, unsigned memory,
                       uintptr_t pc)
{
    struct emu_watch *w = m->watch;
    if (EMU_UNLIKELY(w == NULL)) {
        if ((memory & EMU_MEMORY_INSTRUMENTED) == 0 || m->self == &m->host)
            return;
        emu_access_watch(m);
        w = m->watch;
    }
    if (EMU_UNLIKELY(bytes == 0 || m->in_callback))
        return;
    struct touch t = {.m = m,
                      .w = w,
                      .context = emu_watch_context(m),
                      .address = (uintptr_t)address,
                      .bytes = bytes,
                      .pc = pc,
                      .memory = memory,
                      .met = (memory & EMU_MEMORY_INSTRUMENTED) != 0 && emu_ram_is_met(m, address)};
    if (EMU_UNLIKELY(w->guards > 0))
        ask_guard(&t);
    uintptr_t first = t.address >> EMU_GRANULE_SHIFT, last = (t.address + bytes - 1) >> EMU_GRANULE_SHIFT;
    if (m->steps != w->still_step) {
        w->still_step = m->steps;
        w->still = 0;
    }
    w->still++;
    if (EMU_LIKELY(first == last && (memory & MARKED) == 0 && !t.met && w->still <= EMU_STILL_MAX)) {
        struct emu_cell *cell = cell_of(w, first);
        uint8_t mask = bytes_in(&t, first);
        if (!is_shared(&t, cell)) {
            if (is_known(&t, cell, mask))
                return;
            t.clock = emu_clock_of(&t.context->clock, t.context->id);
            remember(&t, cell, mask);
            return;
        }
    }
    touch_memory(&t, first, last);
}

void emu_access_fence(struct emu_machine *m)
{
    if (EMU_LIKELY(m->watch == NULL) || m->in_callback || m->self == &m->host)
        return;
    struct emu_context *c = emu_watch_context(m);
    emu_clock_join(&c->clock, &c->seen);
    c->seen.count = 0;
    c->fenced.count = 0;
    emu_clock_join(&c->fenced, &c->clock);
    c->has_fenced = true;
    c->clock.at[c->id]++; /* what comes after the barrier is not part of what it lets others see */
}

void emu_access_end(void *watch)
{
    struct emu_watch *w = watch;
    for (uint32_t i = 0; w->pages != NULL && i <= w->page_mask; i++)
        free(w->pages[i]);
    for (uint32_t i = 1; i < w->context_made; i++) {
        free(w->contexts[i]->clock.at);
        free(w->contexts[i]->fenced.at);
        free(w->contexts[i]->seen.at);
        free(w->contexts[i]);
    }
    for (uint32_t i = 0; i < w->carrier_count; i++)
        free(w->carriers[i].clock.at);
    for (unsigned i = 0; w->levels != NULL && i < w->processors * EMU_LEVELS * EMU_LEVELS; i++)
        free((&w->levels[0][0][0])[i].clock.at);
    free(w->levels);
    free(w->registers.clock.at);
    free(w->device.at);
    free(w->pages);
    free(w->records);
    free(w->contexts);
    free(w->carriers);
    free(w->locks);
}
