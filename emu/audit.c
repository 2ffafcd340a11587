/*
 * Accesses as they are written down, and their comparison when the race is over.
 */
#include "emu/audit.h"

#include <stdlib.h>
#include <string.h>

enum {
    LOG_FIRST = 1 << 16,
    LOG_MAX = 1 << 23,
    WORDS_FIRST = 1 << 14,
    WORD_BYTES = 8,
    ALL_BYTES = 0xFF,
    HASH_SHIFT = 32,
    CLOCKS_MAX = 1 << 22, /* events times actors */
    EVENTS_MAX = 1 << 15, /* of a run that is compared: clocks have 16 bits */
};
#define WORD_MIX 0x9E3779B97F4A7C15ull

void emu_audit_begin(struct emu_machine *m)
{
    struct emu_audit *a = m->audit;
    if (a == NULL) {
        a = calloc(1, sizeof *a);
        EMU_ASSERT(a != NULL);
        a->capacity = LOG_FIRST;
        a->log = emu_grown(NULL, a->capacity, sizeof *a->log);
        a->stamp = 1;
        a->word_mask = WORDS_FIRST - 1;
        a->words = calloc(WORDS_FIRST, sizeof *a->words);
        EMU_ASSERT(a->words != NULL);
        m->audit = a;
    }
    a->unseen = 0;
    a->count = 0;
    a->full = false;
    if (a->announced_capacity > 0)
        memset(a->announced, 0, a->announced_capacity * sizeof *a->announced);
}

void emu_audit_destroy(struct emu_machine *m)
{
    struct emu_audit *a = m->audit;
    if (a == NULL)
        return;
    emu_happens_destroy(&a->happens);
    free(a->log);
    free(a->words);
    free(a->announced);
    free(a);
}

bool emu_unseen_begin(struct emu_machine *m, const char *why)
{
    (void)why;
    if (m->audit != NULL)
        m->audit->unseen++;
    return true;
}

bool emu_unseen_end(struct emu_machine *m)
{
    if (m->audit != NULL && m->audit->unseen > 0)
        m->audit->unseen--;
    return false;
}

void emu_audit_performed(struct emu_machine *m, emu_op op, emu_object object)
{
    struct emu_audit *a = m->audit;
    uint32_t event = m->footprints->count - 1;
    if (event >= a->announced_capacity) {
        uint32_t had = a->announced_capacity;
        a->announced_capacity = 2 * (event + 1);
        a->announced = emu_grown(a->announced, a->announced_capacity, sizeof *a->announced);
        memset(a->announced + had, 0, (a->announced_capacity - had) * sizeof *a->announced);
    }
    a->announced[event] = (struct emu_audit_deed_of){op, object};
}

/* ---- Words ---- */

static struct emu_audit_word *find(struct emu_audit *a, uintptr_t word)
{
    uint32_t at = (uint32_t)(word * WORD_MIX >> HASH_SHIFT) & a->word_mask;
    while (a->words[at].stamp == a->stamp && a->words[at].word != word)
        at = (at + 1) & a->word_mask;
    return &a->words[at];
}

static struct emu_audit_word *word_of(struct emu_audit *a, uintptr_t word)
{
    struct emu_audit_word *w = find(a, word);
    if (w->stamp == a->stamp)
        return w;
    if (2 * a->word_count > a->word_mask) {
        struct emu_audit_word *old = a->words;
        uint32_t size = a->word_mask + 1;
        a->word_mask = 2 * size - 1;
        a->words = calloc(2 * (size_t)size, sizeof *a->words);
        EMU_ASSERT(a->words != NULL);
        for (uint32_t i = 0; i < size; i++)
            if (old[i].stamp == a->stamp)
                *find(a, old[i].word) = old[i];
        free(old);
        w = find(a, word);
    }
    a->word_count++;
    *w = (struct emu_audit_word){.word = word, .stamp = a->stamp};
    return w;
}

static void forget_words(struct emu_audit *a)
{
    a->word_count = 0;
    if (++a->stamp == 0) {
        memset(a->words, 0, ((size_t)a->word_mask + 1) * sizeof *a->words);
        a->stamp = 1;
    }
}

/* ---- Writing down ---- */

static void add(struct emu_audit *a, struct emu_audit_access access)
{
    if (a->count == a->capacity) {
        if (a->capacity == LOG_MAX) {
            a->full = true;
            return;
        }
        a->capacity *= 2;
        a->log = emu_grown(a->log, a->capacity, sizeof *a->log);
    }
    a->log[a->count++] = access;
}

static bool is_looked_at(const struct emu_machine *m)
{
    const struct emu_audit *a = m->audit;
    return a != NULL && a->unseen == 0 && !a->full && m->footprints != NULL && m->footprints->count > 0 &&
           m->self != &m->host;
}

/* A stack on which somebody runs belongs to whoever that is: handlers and devices have their frames there. */
static bool is_own_stack(const struct emu_machine *m, uintptr_t address)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    uintptr_t stacks = (uintptr_t)m->ram.stacks;
    if (here - stacks >= m->ram.stacks_bytes)
        return false;
    uintptr_t low = here - (here - stacks) % m->ram.stack_stride;
    return address - low < m->ram.stack_stride;
}

static void put(struct emu_machine *m, uintptr_t address, size_t bytes, enum emu_audit_deed deed,
                uintptr_t pc)
{
    struct emu_audit *a = m->audit;
    uint32_t event = m->footprints->count - 1;
    uintptr_t end = address + bytes;
    while (address < end && !a->full) {
        uintptr_t word = address / WORD_BYTES;
        unsigned first = (unsigned)(address % WORD_BYTES);
        unsigned beyond = end - address < WORD_BYTES - first ? first + (unsigned)(end - address) : WORD_BYTES;
        uint8_t mask = (uint8_t)((ALL_BYTES << first) & (ALL_BYTES >> (WORD_BYTES - beyond)));
        address = (word + 1) * WORD_BYTES;
        struct emu_audit_word *w = word_of(a, word);
        if (w->last != 0) {
            const struct emu_audit_access *last = &a->log[w->last - 1];
            if (last->event == event && last->deed == deed && (mask & ~last->bytes) == 0)
                continue;
        }
        add(a, (struct emu_audit_access){
                   .word = word, .pc = pc, .event = event, .bytes = mask, .deed = (uint8_t)deed});
        w->last = a->count;
    }
}

void emu_unseen_memory(struct emu_machine *m, const volatile void *address, size_t bytes, bool is_write,
                       uintptr_t pc)
{
    uintptr_t from = (uintptr_t)address;
    if (bytes > 0 && is_looked_at(m) && !is_own_stack(m, from) && !emu_audit_is_private(m, from))
        put(m, from, bytes, is_write ? EMU_AUDIT_WRITE : EMU_AUDIT_READ, pc);
}

void emu_unseen_fresh(struct emu_machine *m, const void *address, size_t bytes)
{
    if (bytes > 0 && m->audit != NULL && !m->audit->full && m->footprints != NULL && m->footprints->count > 0)
        put(m, (uintptr_t)address, bytes, EMU_AUDIT_FRESH, 0);
}

/* ---- Comparing ---- */

static bool is_told(struct emu_audit *a, uintptr_t first, uintptr_t second)
{
    for (uint32_t i = 0; i < a->told_count; i++)
        if (a->told[i].first == first && a->told[i].second == second)
            return true;
    if (a->told_count == EMU_AUDIT_TOLD)
        return true;
    a->told[a->told_count].first = first;
    a->told[a->told_count++].second = second;
    return false;
}

static bool is_ordered(const struct emu_audit *a, uint32_t earlier, uint32_t later)
{
    const struct emu_footprint_event *events = a->happens.f->events;
    return events[earlier].actor == events[later].actor || emu_happens_before(&a->happens, earlier, later);
}

/* Does a later access make it unnecessary to remember this one? */
static bool is_covered(const struct emu_audit *a, const struct emu_audit_access *old,
                       const struct emu_audit_access *by)
{
    const struct emu_footprint_event *events = a->happens.f->events;
    if ((old->bytes & ~by->bytes) != 0)
        return false;
    return by->deed != EMU_AUDIT_READ ||
           (old->deed == EMU_AUDIT_READ && events[old->event].actor == events[by->event].actor);
}

static void compare(struct emu_machine *m, uint32_t index)
{
    struct emu_audit *a = m->audit;
    struct emu_audit_access *access = &a->log[index];
    struct emu_audit_word *w = word_of(a, access->word);
    uint32_t *link = &w->last;
    while (*link != 0) {
        struct emu_audit_access *old = &a->log[*link - 1];
        bool conflict = access->deed != EMU_AUDIT_FRESH && (old->bytes & access->bytes) != 0 &&
                        (old->deed == EMU_AUDIT_WRITE || access->deed == EMU_AUDIT_WRITE);
        if (conflict && !is_ordered(a, old->event, access->event) && !is_told(a, old->pc, access->pc))
            emu_audit_tell(m, old, access);
        if (is_covered(a, old, access))
            *link = old->next;
        else
            link = &old->next;
    }
    if (access->deed != EMU_AUDIT_FRESH) {
        access->next = w->last;
        w->last = index + 1;
    }
}

void emu_audit_end(struct emu_machine *m)
{
    struct emu_audit *a = m->audit;
    const struct emu_footprints *f = m->footprints;
    uint32_t events = f->count - f->waiting;
    uint32_t told = a->told_count;
    if (events < 2 || events > EVENTS_MAX || (uint64_t)events * f->actor_count > CLOCKS_MAX) {
        forget_words(a);
        return;
    }
    emu_happens_compute(&a->happens, f, events);
    forget_words(a);
    for (uint32_t i = 0; i < a->count; i++)
        compare(m, i);
    forget_words(a);
    if (getenv("HALDMA_FOOTPRINTS_GO_ON") == NULL)
        EMU_ASSERT(a->told_count == told);
}
