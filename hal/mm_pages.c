/*
 * Whole pages and who holds them.
 *
 * A table from the first page of a run to its record, for everything that is handed out in whole pages.
 * Looked up by exact address only; nothing ever walks a bucket in an order that a run could see.
 */
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
