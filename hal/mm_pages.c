/*
 * Whole pages and who holds them.
 *
 * A table from the first page of a run to its record, for everything that is handed out in whole pages.
 * Looked up by exact address only; no run can see in which order a bucket is walked.
 */
#include <emu/choose.h>

#include "hal/kernel.h"

static struct mm_pages **bucket_of(struct mm_state *s, const void *base)
{
    return &s->pages[((uintptr_t)base >> EMU_PAGE_SHIFT) % MM_PAGE_BUCKETS];
}

void mm_boot(struct hal_kernel *k)
{
    EMU_ASSERT(k->machine != NULL);
    EMU_ASSERT(k->mm.blocks == NULL);
}

struct mm_pages *mm_pages_hold(struct hal_kernel *k, void *base, uint32_t pages, uint64_t bytes,
                               enum mm_pages_kind kind)
{
    struct mm_state *s = &k->mm;
    struct mm_pages **bucket = bucket_of(s, base);
    struct mm_pages *p = s->spare_pages;

    if (p != NULL)
        s->spare_pages = p->next;
    else
        p = emu_arena_alloc(k->machine, sizeof *p);
    p->base = base;
    p->pages = pages;
    p->bytes = bytes;
    p->kind = kind;
    p->block = NULL;
    p->birth = emu_steps(k->machine);
    p->drivers = !emu_is_spared(k->machine);
    p->next = *bucket;
    *bucket = p;
    s->live_pages[kind]++;
    return p;
}

struct mm_pages *mm_pages_find(struct hal_kernel *k, const void *base, enum mm_pages_kind kind)
{
    struct mm_pages *p = *bucket_of(&k->mm, base);

    while (p != NULL && (p->base != base || p->kind != kind))
        p = p->next;
    return p;
}

struct mm_pages *mm_pages_take(struct hal_kernel *k, const void *base, enum mm_pages_kind kind)
{
    struct mm_state *s = &k->mm;
    struct mm_pages **link = bucket_of(s, base);

    while (*link != NULL && ((*link)->base != base || (*link)->kind != kind))
        link = &(*link)->next;
    struct mm_pages *p = *link;
    if (p == NULL)
        return NULL;
    *link = p->next;
    p->next = s->spare_pages;
    s->spare_pages = p;
    EMU_ASSERT(s->live_pages[kind] > 0);
    s->live_pages[kind]--;
    return p;
}

static bool is_older(const struct mm_pages *a, const struct mm_pages *b)
{
    return a->birth != b->birth ? a->birth < b->birth : a->bytes > b->bytes;
}

const struct mm_pages *mm_pages_oldest(const struct hal_kernel *k, enum mm_pages_kind kind)
{
    const struct mm_pages *oldest = NULL;

    for (unsigned i = 0; k->mm.live_pages[kind] > 0 && i < MM_PAGE_BUCKETS; i++)
        for (const struct mm_pages *p = k->mm.pages[i]; p != NULL; p = p->next)
            if (p->kind == kind && p->drivers && (oldest == NULL || is_older(p, oldest)))
                oldest = p;
    return oldest;
}
