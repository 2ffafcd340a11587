/*
 * Domains: see domain.h.
 *
 * What was unmapped lately is remembered per domain, so that a device that comes too late is told so.
 */
#include "dma/domain.h"

#include <emu/choose.h>
#include <emu/finding.h>
#include <emu/mem.h>
#include <hal/pnp.h>
#include <stdio.h>

#include "dma/channel.h"
#include "dma/controller.h"
#include "dma/handle.h"
#include "dma/operations.h"
#include "dma/system.h"

enum { REACH_CHAINS = 64, GONE_RANGES = 32, FAULT_TEXT = 192 };

/* Where logical addresses are taken from, for devices that reach so far. */
enum zone { ZONE_SMALL, ZONE_32, ZONE_36, ZONE_FAR, ZONES };

#define ZONE_32_FIRST  0xD0000000ull   /* above adopted host pages: no memory there below 4 GiB */
#define ZONE_36_FIRST  0x600000000ull  /* above all memory */
#define ZONE_FAR_FIRST 0x4000000000ull /* far above it */
#define NEAR_FIRST     0x100000ull     /* where the lowest memory begins */

struct range {
    uint64_t first;
    uint64_t pages; /* 0: none */
    uint64_t step;
};

struct dma_domain {
    struct dma_slot slot;
    struct dma_domain *next, *before; /* of the machine's domains */
    struct dma_system *system;
    struct emu_iommu_domain *table;
    uint32_t members;
    uint32_t holds;         /* see dma_domain_hold() */
    bool ended;             /* by its owner */
    bool decided;           /* where its addresses are */
    bool near;              /* among small numbers */
    uint64_t cursor[ZONES]; /* where to look next; 0: at the zone's beginning */
    struct range gone[GONE_RANGES];
    uint32_t gone_next;
};

struct dma_domains {
    struct emu_iommu *unit;
    struct dma_reach *chains[REACH_CHAINS];
    struct dma_reach *free_reaches;
    struct dma_slots domains;
    struct dma_domain *first; /* all of them */
};

/* ---- Making and ending ------------------------------------------------------------------------ */

struct dma_domain *dma_domain_make(struct dma_system *s)
{
    struct dma_domains *all = s->domains;
    EMU_ASSERT(all != NULL);
    struct dma_domain *d = dma_slots_take(&all->domains);
    *d = (struct dma_domain){.slot = d->slot, .next = all->first, .system = s};
    d->table = emu_iommu_domain_create(all->unit, d);
    if (all->first != NULL)
        all->first->before = d;
    all->first = d;
    return d;
}

/* It is gone when nobody has to do with it any more. */
static void settle(struct dma_domain *d)
{
    struct dma_domains *all = d->system->domains;
    if (!d->ended || d->members > 0 || d->holds > 0)
        return;
    emu_iommu_domain_destroy(d->table);
    if (d->before != NULL)
        d->before->next = d->next;
    else
        all->first = d->next;
    if (d->next != NULL)
        d->next->before = d->before;
    dma_slots_give(&all->domains, d);
}

void dma_domain_end(struct dma_domain *d)
{
    EMU_ASSERT(!d->ended);
    d->ended = true;
    settle(d);
}

void dma_domain_hold(struct dma_domain *d)
{
    d->holds++;
}

void dma_domain_drop(struct dma_domain *d)
{
    EMU_ASSERT(d->holds > 0);
    d->holds--;
    settle(d);
}

HANDLE dma_domain_handle(const struct dma_domain *d)
{
    return dma_handle_pointer(DMA_HANDLE_DOMAIN, &d->slot);
}

struct dma_domain *dma_domain_of_handle(struct dma_system *s, HANDLE handle)
{
    return s->domains != NULL ? dma_handle_find(DMA_HANDLE_DOMAIN, &s->domains->domains, handle) : NULL;
}

uint32_t dma_domain_members(const struct dma_domain *d)
{
    return d->members;
}

/* ---- Who is where ----------------------------------------------------------------------------- */

static void move(struct dma_domains *all, struct dma_reach *r, struct dma_domain *to)
{
    struct dma_domain *from = r->domain;
    r->domain = to;
    if (to != NULL)
        to->members++;
    emu_iommu_attach(all->unit, r->requester, to != NULL ? to->table : NULL);
    if (from != NULL) {
        from->members--;
        settle(from);
    }
}

void dma_domain_join(struct dma_domain *d, struct dma_adapter *a)
{
    move(a->system->domains, a->reach, d);
}

void dma_domain_leave(struct dma_adapter *a)
{
    move(a->system->domains, a->reach, a->reach->own);
}

bool dma_domain_is_own(const struct dma_adapter *a)
{
    return a->reach != NULL && a->reach->domain == a->reach->own;
}

static struct dma_reach **chain_of(struct dma_domains *all, emu_requester requester)
{
    return &all->chains[requester % REACH_CHAINS];
}

static struct dma_reach *find_reach(struct dma_domains *all, emu_requester requester)
{
    struct dma_reach *r = *chain_of(all, requester);
    while (r != NULL && r->requester != requester)
        r = r->next;
    return r;
}

/* Finds it, or makes one that is nowhere; name: as the device is called. */
static struct dma_reach *get_reach(struct dma_system *s, emu_requester requester, const char *name)
{
    struct dma_domains *all = s->domains;
    struct dma_reach *r = find_reach(all, requester);
    if (r == NULL) {
        struct dma_reach **chain = chain_of(all, requester);
        r = all->free_reaches;
        if (r != NULL)
            all->free_reaches = r->next;
        else
            r = emu_arena_alloc(s->machine, sizeof *r);
        *r = (struct dma_reach){.next = *chain, .requester = requester};
        *chain = r;
        snprintf(r->name, sizeof r->name, "%s", name);
    }
    r->holders++;
    return r;
}

static void let_go(struct dma_system *s, struct dma_reach *r)
{
    struct dma_domains *all = s->domains;
    struct dma_reach **link = chain_of(all, r->requester);
    if (--r->holders > 0)
        return;
    move(all, r, NULL);
    while (*link != r)
        link = &(*link)->next;
    *link = r->next;
    r->next = all->free_reaches;
    all->free_reaches = r;
}

static const struct hal_pnp_device *hardware_of(PDEVICE_OBJECT device)
{
    return device != NULL ? hal_pnp_hardware(device) : NULL;
}

static emu_requester known_requester(const struct hal_pnp_device *hardware)
{
    if (hardware == NULL)
        return 0;
    if (hardware->requester == 0 && hardware->window != 0)
        return emu_requester_at(hardware->window);
    return hardware->requester;
}

emu_requester dma_reach_requester(struct dma_system *s, PDEVICE_OBJECT device)
{
    emu_requester known = known_requester(hardware_of(device));
    return known != 0 ? known : ++s->requesters;
}

void dma_reach_take(struct dma_system *s, struct dma_adapter *a)
{
    const struct hal_pnp_device *hardware = a->channel == NULL ? hardware_of(a->physical_device) : NULL;
    char name[sizeof a->reach->name];
    if (s->domains == NULL)
        return;
    if (hardware != NULL && hardware->name != NULL)
        snprintf(name, sizeof name, "%s", hardware->name);
    else if (a->channel != NULL)
        emu_object_text(s->machine, a->channel->controller->object, name, sizeof name);
    else
        snprintf(name, sizeof name, "the device of %.16s", dma_adapter_name(a).text);
    struct dma_reach *r = get_reach(s, a->requester, name);
    if (r->own == NULL)
        r->own = dma_domain_make(s);
    if (r->adapters++ == 0) {
        r->device = a->physical_device;
        move(s->domains, r, r->own);
    }
    a->reach = r;
}

void dma_reach_give(struct dma_adapter *a)
{
    struct dma_reach *r = a->reach;
    if (r == NULL)
        return;
    a->reach = NULL;
    if (--r->adapters == 0) {
        move(a->system->domains, r, NULL);
        dma_domain_end(r->own);
        r->own = NULL;
    }
    let_go(a->system, r);
}

struct dma_reach *dma_reach_hold(struct dma_system *s, PDEVICE_OBJECT device)
{
    const struct hal_pnp_device *hardware = hardware_of(device);
    emu_requester requester = known_requester(hardware);
    if (s->domains == NULL || requester == 0)
        return NULL;
    struct dma_reach *r = get_reach(s, requester, hardware->name != NULL ? hardware->name : "a device");
    if (r->device == NULL)
        r->device = device;
    return r;
}

void dma_reach_release(struct dma_system *s, struct dma_reach *r)
{
    let_go(s, r);
}

void dma_reach_move(struct dma_system *s, struct dma_reach *r, struct dma_domain *to)
{
    move(s->domains, r, to);
}

/* ---- Addresses -------------------------------------------------------------------------------- */

struct span {
    enum zone zone;
    uint64_t first;
    uint64_t last;
};

/* Where addresses up to highest are to lie. */
static struct span span_of(const struct dma_domain *d, uint64_t highest)
{
    highest = highest < EMU_IOMMU_HIGHEST ? highest : EMU_IOMMU_HIGHEST;
    if (d->near)
        return (struct span){ZONE_SMALL, highest > NEAR_FIRST ? NEAR_FIRST : EMU_PAGE_SIZE, highest};
    if (highest > ZONE_FAR_FIRST)
        return (struct span){ZONE_FAR, ZONE_FAR_FIRST, highest};
    if (highest > ZONE_36_FIRST)
        return (struct span){ZONE_36, ZONE_36_FIRST, highest};
    if (highest > ZONE_32_FIRST)
        return (struct span){ZONE_32, ZONE_32_FIRST, highest};
    return (struct span){ZONE_SMALL, (highest + 1) / 2, highest};
}

static uint64_t page_up(uint64_t address)
{
    return (address + EMU_PAGE_SIZE - 1) & ~(uint64_t)(EMU_PAGE_SIZE - 1);
}

/* The first run of free pages in first to last (inclusive) that crosses no multiple of boundary (0: of
 * nothing). */
static uint64_t search(struct dma_domain *d, uint64_t pages, uint64_t first, uint64_t last, uint64_t boundary)
{
    uint64_t bytes = pages << EMU_PAGE_SHIFT;
    EMU_ASSERT(boundary == 0 || ((boundary & (boundary - 1)) == 0 && bytes <= boundary));
    for (uint64_t at = page_up(first); at <= last && last - at >= bytes - 1;) {
        if (boundary != 0 && (at ^ (at + bytes - 1)) >= boundary)
            at = (at & ~(boundary - 1)) + boundary;
        if (at > last || last - at < bytes - 1)
            break;
        uint64_t run = emu_iommu_free_run(d->table, at, pages);
        if (run == pages)
            return at;
        at += (run + 1) << EMU_PAGE_SHIFT;
    }
    return EMU_NO_ADDRESS;
}

/* Decided once, when a race first needs an address: not while a scenario is set up. */
static void decide(struct dma_domain *d)
{
    struct dma_system *s = d->system;
    if (d->decided || s->sets_up)
        return;
    d->decided = true;
    d->near = emu_latitude(s->machine, DMA_OP_MAP_EX, 2) != 0;
}

uint64_t dma_domain_find(struct dma_domain *d, uint64_t pages, uint64_t lowest, uint64_t highest)
{
    return dma_domain_find_within(d, pages, lowest, highest, 0);
}

uint64_t dma_domain_find_within(struct dma_domain *d, uint64_t pages, uint64_t lowest, uint64_t highest,
                                uint64_t boundary)
{
    EMU_ASSERT(pages > 0 && pages <= EMU_IOMMU_HIGHEST >> EMU_PAGE_SHIFT);
    decide(d);
    struct span span = span_of(d, highest);
    uint64_t *cursor = &d->cursor[span.zone];
    uint64_t first = lowest > span.first ? lowest : span.first;
    uint64_t at = EMU_NO_ADDRESS;
    if (*cursor > first)
        at = search(d, pages, *cursor, span.last, boundary);
    if (at == EMU_NO_ADDRESS)
        at = search(d, pages, first, span.last, boundary);
    if (at == EMU_NO_ADDRESS)
        at = search(d, pages, lowest > EMU_PAGE_SIZE ? lowest : EMU_PAGE_SIZE, span.last, boundary);
    if (at != EMU_NO_ADDRESS)
        *cursor = at + (pages << EMU_PAGE_SHIFT);
    return at;
}

uint64_t dma_domain_reserve(struct dma_domain *d, uint64_t pages, uint64_t lowest, uint64_t highest)
{
    uint64_t logical = dma_domain_find(d, pages, lowest, highest);
    if (logical != EMU_NO_ADDRESS)
        emu_iommu_reserve(d->table, logical, pages, true);
    return logical;
}

uint64_t dma_domain_free_run(struct dma_domain *d, uint64_t logical, uint64_t pages)
{
    return emu_iommu_free_run(d->table, logical, pages);
}

void dma_domain_set(struct dma_domain *d, uint64_t logical, uint64_t physical, enum emu_iommu_access access)
{
    emu_iommu_map(d->table, logical, physical, 1, access);
}

uint64_t dma_domain_map(struct dma_domain *d, void *memory, uint32_t pages, uint64_t lowest, uint64_t highest,
                        enum emu_iommu_access access)
{
    uint64_t logical = dma_domain_find(d, pages, lowest, highest);
    if (logical == EMU_NO_ADDRESS)
        return EMU_NO_ADDRESS;
    for (uint64_t at = 0; at < (uint64_t)pages << EMU_PAGE_SHIFT; at += EMU_PAGE_SIZE)
        dma_domain_set(d, logical + at,
                       emu_ram_physical(d->system->machine, (const unsigned char *)memory + at), access);
    return logical;
}

uint64_t dma_domain_map_frames(struct dma_domain *d, const PFN_NUMBER *frames, uint32_t pages,
                               uint64_t lowest, uint64_t highest, enum emu_iommu_access access)
{
    uint64_t logical = dma_domain_find(d, pages, lowest, highest);
    if (logical == EMU_NO_ADDRESS)
        return EMU_NO_ADDRESS;
    for (uint32_t i = 0; i < pages; i++)
        dma_domain_set(d, logical + ((uint64_t)i << EMU_PAGE_SHIFT), (uint64_t)frames[i] << EMU_PAGE_SHIFT,
                       access);
    return logical;
}

static bool is_free(struct dma_domain *d, uint64_t logical, uint64_t pages)
{
    return logical <= EMU_IOMMU_HIGHEST && pages <= (EMU_IOMMU_HIGHEST - logical + 1) >> EMU_PAGE_SHIFT &&
           emu_iommu_free_run(d->table, logical, pages) == pages;
}

bool dma_domain_reserve_at(struct dma_domain *d, uint64_t logical, uint64_t pages)
{
    if (!is_free(d, logical, pages))
        return false;
    emu_iommu_reserve(d->table, logical, pages, true);
    return true;
}

bool dma_domain_map_at(struct dma_domain *d, uint64_t logical, uint64_t physical, uint64_t pages,
                       enum emu_iommu_access access)
{
    if (!is_free(d, logical, pages))
        return false;
    emu_iommu_map(d->table, logical, physical, pages, access);
    return true;
}

void dma_domain_unmap(struct dma_domain *d, uint64_t logical, uint64_t pages)
{
    emu_iommu_unmap(d->table, logical, pages);
    emu_iommu_reserve(d->table, logical, pages, false);
    d->gone[d->gone_next] = (struct range){logical, pages, emu_steps(d->system->machine)};
    d->gone_next = (d->gone_next + 1) % GONE_RANGES;
}

uint64_t dma_domain_physical(struct dma_domain *d, uint64_t logical)
{
    enum emu_iommu_access access;
    uint64_t page = emu_iommu_lookup(d->table, logical, &access);
    return page != EMU_NO_ADDRESS ? page | (logical & (EMU_PAGE_SIZE - 1)) : EMU_NO_ADDRESS;
}

/* ---- Faults ----------------------------------------------------------------------------------- */

/* The range that was unmapped last and had this address, or NULL. */
static const struct range *find_gone(const struct dma_domain *d, uint64_t logical)
{
    const struct range *last = NULL;
    for (const struct range *r = d->gone; r < d->gone + GONE_RANGES; r++)
        if (logical >= r->first && (logical - r->first) >> EMU_PAGE_SHIFT < r->pages &&
            (last == NULL || r->step >= last->step))
            last = r;
    return last;
}

/* Somebody else's domain that has the address mapped: one of its devices. */
static const struct dma_reach *find_foreign(struct dma_domains *all, uint64_t logical)
{
    for (unsigned i = 0; i < REACH_CHAINS; i++)
        for (const struct dma_reach *r = all->chains[i]; r != NULL; r = r->next)
            if (r->domain != NULL && dma_domain_physical(r->domain, logical) != EMU_NO_ADDRESS)
                return r;
    return NULL;
}

/* What is known of the address. */
static void describe(struct dma_system *s, const struct emu_iommu_fault *f, char text[FAULT_TEXT])
{
    const struct dma_domain *d = f->domain != NULL ? emu_iommu_owner(f->domain) : NULL;
    const struct range *gone = d != NULL ? find_gone(d, f->logical) : NULL;
    const struct dma_reach *foreign = find_foreign(s->domains, f->logical);
    if (f->type == EMU_IOMMU_FAULT_READ || f->type == EMU_IOMMU_FAULT_WRITE)
        snprintf(text, FAULT_TEXT, "which is mapped for %s only",
                 f->to_memory ? "reading (memory to device)" : "writing (device to memory)");
    else if (f->type == EMU_IOMMU_FAULT_UNATTACHED)
        snprintf(text, FAULT_TEXT, "and has no DMA adapter: none was made for it, or it was released");
    else if (gone != NULL)
        snprintf(text, FAULT_TEXT,
                 "which was mapped for it until step %llu and is stale: it was flushed or freed",
                 (unsigned long long)gone->step);
    else if (foreign != NULL)
        snprintf(text, FAULT_TEXT, "which is mapped for %s, not for it", foreign->name);
    else if (emu_ram_at(s->machine, f->logical) != NULL)
        snprintf(text, FAULT_TEXT,
                 "which is no logical address of it but the physical address of some memory");
    else
        snprintf(text, FAULT_TEXT, "which is not mapped for it");
}

static void fault(struct emu_machine *m, void *context, const struct emu_iommu_fault *f)
{
    enum { IOMMU_VIOLATION = 0x26 };
    struct dma_system *s = context;
    const struct dma_reach *r = find_reach(s->domains, f->requester);
    char text[FAULT_TEXT], unknown[32];
    describe(s, f, text);
    snprintf(unknown, sizeof unknown, "device 0x%X", f->requester);
    const uint64_t parameters[4] = {IOMMU_VIOLATION, r != NULL ? (uint64_t)(uintptr_t)r->device : 0,
                                    f->logical, (uint64_t)f->type};
    emu_finding_raise(m, "DMA-REMAP-3", "0xE6/26", parameters, "%s %s logical address 0x%llX, %s",
                      r != NULL ? r->name : unknown, f->to_memory ? "wrote to" : "read from",
                      (unsigned long long)f->logical, text);
}

void dma_domains_boot(struct dma_system *s)
{
    if (!s->config->remapping)
        return;
    s->domains = emu_arena_alloc(s->machine, sizeof *s->domains);
    dma_slots_init(&s->domains->domains, s->machine, sizeof(struct dma_domain));
    s->domains->unit = emu_iommu_create(s->machine, fault, s);
}
