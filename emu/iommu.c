/*
 * The remapping unit: page tables, who is attached to which, and the translation that the bus asks for.
 *
 * A page table is a tree of six levels with 64 entries each, made where something is mapped and kept for the
 * run: most domains map a few pages, so small tables keep a reset and a first mapping cheap. The table that
 * was used last is remembered.
 */
#include "emu/machine_state.h"

#include <emu/iommu.h>
#include <string.h>

enum {
    LEVEL_BITS = 6,
    TABLE_ENTRIES = 1 << LEVEL_BITS,
    LEVELS = (EMU_IOMMU_BITS - EMU_PAGE_SHIFT) / LEVEL_BITS,
    REQUESTER_CHAINS = 64,
    ENTRY_RESERVED = 4, /* beside enum emu_iommu_access, below the page's address */
    ENTRY_FLAGS = EMU_IOMMU_BOTH | ENTRY_RESERVED,
};
#define NO_LEAF UINT64_MAX
_Static_assert(LEVELS *LEVEL_BITS == EMU_IOMMU_BITS - EMU_PAGE_SHIFT, "no level is cut");

union entry {
    struct table *below; /* NULL: nothing is mapped there */
    uint64_t page;       /* lowest level: physical address and flags */
};

struct table {
    union entry entries[TABLE_ENTRIES];
    struct table *next_free;
};

struct emu_iommu_domain {
    struct emu_iommu *unit;
    struct emu_iommu_domain *next_free;
    void *owner;
    emu_object object; /* what a search that reasons about independence knows it by */
    uint32_t requesters;
    struct table *root;
    uint64_t leaf_number; /* of the leaf that was used last: page number >> LEVEL_BITS */
    struct table *leaf;
};

struct attachment {
    struct attachment *next;
    emu_requester requester;
    struct emu_iommu_domain *domain;
};

struct emu_iommu {
    struct emu_machine *machine;
    emu_iommu_fault_fn *fault;
    void *context;
    struct attachment *chains[REQUESTER_CHAINS];
    struct emu_iommu_domain *free_domains;
    struct table *free_tables;
};

/* ---- Tables ----------------------------------------------------------------------------------- */

static struct table *make_table(struct emu_iommu *u)
{
    struct table *t = u->free_tables;
    if (t == NULL)
        return emu_arena_alloc(u->machine, sizeof *t);
    u->free_tables = t->next_free;
    memset(t, 0, sizeof *t);
    return t;
}

static void free_tables(struct emu_iommu *u, struct table *t, int level)
{
    for (int i = 0; level > 0 && i < TABLE_ENTRIES; i++)
        if (t->entries[i].below != NULL)
            free_tables(u, t->entries[i].below, level - 1);
    t->next_free = u->free_tables;
    u->free_tables = t;
}

/* The lowest table of a page; NULL: there is none, and none was to be made. */
static struct table *find_leaf(struct emu_iommu_domain *d, uint64_t page, bool make)
{
    uint64_t number = page >> LEVEL_BITS;
    if (EMU_LIKELY(number == d->leaf_number))
        return d->leaf;
    struct table *t = d->root;
    for (int level = LEVELS - 1; level > 0; level--) {
        union entry *e = &t->entries[page >> (level * LEVEL_BITS) & (TABLE_ENTRIES - 1)];
        if (e->below == NULL && !make)
            return NULL;
        if (e->below == NULL)
            e->below = make_table(d->unit);
        t = e->below;
    }
    d->leaf_number = number;
    d->leaf = t;
    return t;
}

static uint64_t *find_entry(struct emu_iommu_domain *d, uint64_t page, bool make)
{
    struct table *t = find_leaf(d, page, make);
    return t != NULL ? &t->entries[page & (TABLE_ENTRIES - 1)].page : NULL;
}

static void require_pages(uint64_t logical, uint64_t pages)
{
    EMU_ASSERT(logical % EMU_PAGE_SIZE == 0 && logical <= EMU_IOMMU_HIGHEST &&
               pages <= (EMU_IOMMU_HIGHEST - logical + 1) >> EMU_PAGE_SHIFT);
}

/* ---- Domains ---------------------------------------------------------------------------------- */

struct emu_iommu_domain *emu_iommu_domain_create(struct emu_iommu *u, void *owner)
{
    struct emu_iommu_domain *d = u->free_domains;
    if (d != NULL)
        u->free_domains = d->next_free;
    else
        d = emu_arena_alloc(u->machine, sizeof *d);
    *d = (struct emu_iommu_domain){.unit = u,
                                   .owner = owner,
                                   .object = emu_object_new(u->machine, "domain"),
                                   .root = make_table(u),
                                   .leaf_number = NO_LEAF};
    return d;
}

void *emu_iommu_owner(const struct emu_iommu_domain *d)
{
    return d->owner;
}

void emu_iommu_domain_destroy(struct emu_iommu_domain *d)
{
    struct emu_iommu *u = d->unit;
    EMU_ASSERT(d->requesters == 0 && d->root != NULL);
    free_tables(u, d->root, LEVELS - 1);
    d->root = NULL;
    d->next_free = u->free_domains;
    u->free_domains = d;
}

void emu_iommu_map(struct emu_iommu_domain *d, uint64_t logical, uint64_t physical, uint64_t pages,
                   enum emu_iommu_access access)
{
    require_pages(logical, pages);
    EMU_ASSERT(physical % EMU_PAGE_SIZE == 0 && access != 0);
    uint64_t page = logical >> EMU_PAGE_SHIFT;
    for (uint64_t i = 0; i < pages; i++) {
        uint64_t *entry = find_entry(d, page + i, true);
        *entry = (physical + (i << EMU_PAGE_SHIFT)) | (*entry & ENTRY_RESERVED) | (uint64_t)access;
    }
}

void emu_iommu_unmap(struct emu_iommu_domain *d, uint64_t logical, uint64_t pages)
{
    require_pages(logical, pages);
    emu_touch(d->unit->machine, d->object, EMU_ACCESS_WRITE);
    uint64_t page = logical >> EMU_PAGE_SHIFT;
    for (uint64_t i = 0; i < pages; i++) {
        uint64_t *entry = find_entry(d, page + i, false);
        if (entry != NULL)
            *entry &= ENTRY_RESERVED;
    }
}

void emu_iommu_reserve(struct emu_iommu_domain *d, uint64_t logical, uint64_t pages, bool reserved)
{
    require_pages(logical, pages);
    uint64_t page = logical >> EMU_PAGE_SHIFT;
    for (uint64_t i = 0; i < pages; i++) {
        uint64_t *entry = find_entry(d, page + i, reserved);
        if (entry != NULL)
            *entry = reserved ? *entry | ENTRY_RESERVED : *entry & ~(uint64_t)ENTRY_RESERVED;
    }
}

uint64_t emu_iommu_free_run(struct emu_iommu_domain *d, uint64_t logical, uint64_t pages)
{
    require_pages(logical, pages);
    emu_touch(d->unit->machine, d->object, EMU_ACCESS_WRITE); /* who looks for room is about to take it */
    uint64_t page = logical >> EMU_PAGE_SHIFT;
    uint64_t run = 0;
    while (run < pages) {
        struct table *t = find_leaf(d, page + run, false);
        uint64_t in_table = (page + run) & (TABLE_ENTRIES - 1);
        if (t == NULL)
            run += TABLE_ENTRIES - in_table;
        else if ((t->entries[in_table].page & ENTRY_FLAGS) == 0)
            run++;
        else
            return run;
    }
    return pages;
}

uint64_t emu_iommu_lookup(struct emu_iommu_domain *d, uint64_t logical, enum emu_iommu_access *access)
{
    uint64_t *entry = logical <= EMU_IOMMU_HIGHEST ? find_entry(d, logical >> EMU_PAGE_SHIFT, false) : NULL;
    if (entry == NULL || (*entry & EMU_IOMMU_BOTH) == 0)
        return EMU_NO_ADDRESS;
    *access = (enum emu_iommu_access)(*entry & EMU_IOMMU_BOTH);
    return *entry & ~(uint64_t)(EMU_PAGE_SIZE - 1);
}

/* ---- Requesters ------------------------------------------------------------------------------- */

static struct attachment *find_attachment(const struct emu_iommu *u, emu_requester requester)
{
    struct attachment *a = u->chains[requester % REQUESTER_CHAINS];
    while (a != NULL && a->requester != requester)
        a = a->next;
    return a;
}

void emu_iommu_attach(struct emu_iommu *u, emu_requester requester, struct emu_iommu_domain *d)
{
    struct attachment *a = find_attachment(u, requester);
    if (a == NULL) {
        struct attachment **chain = &u->chains[requester % REQUESTER_CHAINS];
        a = emu_arena_alloc(u->machine, sizeof *a);
        *a = (struct attachment){.next = *chain, .requester = requester};
        *chain = a;
    }
    if (a->domain != NULL)
        a->domain->requesters--;
    a->domain = d;
    if (d != NULL)
        d->requesters++;
}

struct emu_iommu_domain *emu_iommu_domain_of(const struct emu_iommu *u, emu_requester requester)
{
    const struct attachment *a = find_attachment(u, requester);
    return a != NULL ? a->domain : NULL;
}

/* ---- Translation ------------------------------------------------------------------------------ */

static uint64_t refuse(const struct emu_iommu *u, const struct emu_iommu_fault *fault)
{
    if (u->fault != NULL)
        u->fault(u->machine, u->context, fault);
    return EMU_NO_ADDRESS;
}

static uint64_t translate(struct emu_machine *m, void *context, emu_requester requester, uint64_t logical,
                          bool to_memory, size_t *run)
{
    const struct emu_iommu *u = context;
    enum emu_iommu_access access = 0;
    uint64_t in_page = logical & (EMU_PAGE_SIZE - 1);
    struct emu_iommu_fault fault = {
        .requester = requester,
        .domain = emu_iommu_domain_of(u, requester),
        .logical = logical,
        .to_memory = to_memory,
    };
    *run = EMU_PAGE_SIZE - in_page;
    if (fault.domain == NULL) {
        fault.type = EMU_IOMMU_FAULT_UNATTACHED;
        return refuse(u, &fault);
    }
    emu_touch(m, fault.domain->object, EMU_ACCESS_READ);
    uint64_t physical = emu_iommu_lookup(fault.domain, logical, &access);
    if (physical == EMU_NO_ADDRESS) {
        fault.type = EMU_IOMMU_FAULT_UNMAPPED;
        return refuse(u, &fault);
    }
    if ((access & (to_memory ? EMU_IOMMU_WRITE : EMU_IOMMU_READ)) == 0) {
        fault.type = to_memory ? EMU_IOMMU_FAULT_WRITE : EMU_IOMMU_FAULT_READ;
        return refuse(u, &fault);
    }
    return physical | in_page;
}

struct emu_iommu *emu_iommu_create(struct emu_machine *m, emu_iommu_fault_fn *fault, void *context)
{
    struct emu_iommu *u = emu_arena_alloc(m, sizeof *u);
    *u = (struct emu_iommu){.machine = m, .fault = fault, .context = context};
    emu_bus_set_translator(m, translate, u);
    return u;
}
