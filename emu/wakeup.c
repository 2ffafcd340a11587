/*
 * Prints and wakeup trees.
 */
#include "emu/wakeup.h"

#include <stdlib.h>
#include <string.h>

enum { POOL_FIRST = 256 };

/* ---- Prints ---- */

static void touch(struct emu_print *p, const struct emu_footprint_access *a)
{
    if (a->place == EMU_PLACE_EVERYTHING) {
        p->all |= a->access == EMU_ACCESS_WRITE;
        return;
    }
    for (unsigned i = 0; i < p->count; i++)
        if (p->touched[i].key == a->key) {
            if (p->touched[i].access < a->access)
                p->touched[i].access = a->access;
            return;
        }
    if (p->count == EMU_PRINT_MAX) {
        p->all = true;
        return;
    }
    p->touched[p->count].key = a->key;
    p->touched[p->count].access = a->access;
    p->count++;
}

void emu_print_add(struct emu_print *p, const struct emu_happens *h, uint32_t event)
{
    const struct emu_footprint_event *e = &h->f->events[event];
    for (uint32_t i = e->accesses; i < e[1].accesses; i++)
        touch(p, &h->f->accesses[i]);
}

void emu_print_take(struct emu_print *p, const struct emu_happens *h, uint32_t event)
{
    p->actor = h->f->events[event].actor;
    p->standing = emu_standing_of(h->f, event);
    p->count = 0;
    p->all = false;
    p->in_order = h->coarse;
    emu_print_add(p, h, event);
}

bool emu_print_commutes(const struct emu_print *p, const struct emu_footprints *f, uint32_t event)
{
    const struct emu_footprint_event *e = &f->events[event];
    uint32_t end = e[1].accesses;
    if (p->actor == e->actor)
        return false;
    if (p->in_order && p->all)
        return false;
    if (p->in_order && p->standing.cpu == e->cpu && e->cpu != EMU_NO_CPU) {
        struct emu_standing other = emu_standing_of(f, event);
        if (!emu_standings_commute(&p->standing, &other))
            return false;
    }
    if (e->accesses == end)
        return true;
    if (p->all)
        return false;
    for (uint32_t i = e->accesses; i < end; i++) {
        const struct emu_footprint_access *a = &f->accesses[i];
        for (unsigned k = 0; k < p->count; k++) {
            bool same = p->touched[k].key == a->key &&
                        (p->touched[k].access == EMU_ACCESS_WRITE || a->access == EMU_ACCESS_WRITE);
            if (a->place == EMU_PLACE_EVERYTHING && a->access == EMU_ACCESS_WRITE)
                same = true;
            if (same)
                return false;
        }
    }
    return true;
}

/* ---- Wakeup trees ---- */

void emu_wakes_destroy(struct emu_wakes *w)
{
    free(w->pool);
}

uint32_t emu_wake_new(struct emu_wakes *w)
{
    uint32_t wake = w->free;
    if (wake != 0) {
        w->free = w->pool[wake].brother;
    } else {
        if (w->used + 1 >= w->capacity) {
            w->capacity = w->capacity == 0 ? POOL_FIRST : 2 * w->capacity;
            w->pool = realloc(w->pool, w->capacity * sizeof *w->pool);
            EMU_ASSERT(w->pool != NULL);
        }
        wake = ++w->used;
    }
    w->pool[wake].brother = 0;
    w->pool[wake].child = 0;
    w->pool[wake].single = false;
    return wake;
}

void emu_wake_drop_one(struct emu_wakes *w, uint32_t wake)
{
    emu_wake_drop(w, w->pool[wake].child);
    w->pool[wake].brother = w->free;
    w->free = wake;
}

void emu_wake_drop(struct emu_wakes *w, uint32_t first)
{
    while (first != 0) {
        uint32_t next = w->pool[first].brother;
        emu_wake_drop_one(w, first);
        first = next;
    }
}

bool emu_wake_begins(const struct emu_print *p, const struct emu_happens *h, uint32_t *sequence,
                     uint32_t *count)
{
    for (uint32_t i = 0; i < *count; i++) {
        if (h->f->events[sequence[i]].actor == p->actor) {
            for (uint32_t k = 0; k < i; k++)
                if (emu_happens_leads(h, sequence[k], sequence[i]))
                    return false;
            memmove(&sequence[i], &sequence[i + 1], (*count - i - 1) * sizeof *sequence);
            --*count;
            return true;
        }
    }
    for (uint32_t i = 0; i < *count; i++)
        if (!emu_print_commutes(p, h->f, sequence[i]))
            return false;
    return true;
}

bool emu_wake_insert(struct emu_wakes *w, uint32_t *first, const struct emu_happens *h, uint32_t *sequence,
                     uint32_t count)
{
    uint32_t parent = 0;
    uint32_t at = *first;
    uint32_t last = 0;
    while (at != 0) {
        if (!emu_wake_begins(&w->pool[at].print, h, sequence, &count)) {
            last = at;
            at = w->pool[at].brother;
            continue;
        }
        if (count == 0 || (w->pool[at].child == 0 && !w->pool[at].single))
            return false;
        w->pool[at].single = false;
        parent = at;
        last = 0;
        at = w->pool[at].child;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t wake = emu_wake_new(w);
        emu_print_take(&w->pool[wake].print, h, sequence[i]);
        if (last != 0)
            w->pool[last].brother = wake;
        else if (parent != 0)
            w->pool[parent].child = wake;
        else
            *first = wake;
        parent = wake;
        last = 0;
    }
    return true;
}
