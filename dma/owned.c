/*
 * What devices own: see owned.h.
 *
 * What is mapped now stands in lines by requester, which devices are looked up in, and, where no registers
 * know of it, in lines by MDL as well; the pieces of a call form a ring. So a cycle of mapping and flushing
 * costs the same, however much else is mapped. What a driver touches or gives back is looked for in one line
 * of all buffers: there are few at a time. A list holds the pieces that ended last; one leaves it when
 * its device is given some of it anew. Devices are looked at on machines without a remapping unit only.
 *
 * The lines are everybody's, and each piece one adapter's: its adapter is declared by who changes it and by
 * who meets it; in what order the pieces stand nobody sees.
 */
#include "dma/owned.h"

#include <emu/access.h>
#include <emu/finding.h>
#include <emu/mem.h>
#include <emu/unseen.h>
#include <hal/given_back.h>

#include "dma/adapter.h"
#include "dma/system.h"

enum { ENDED_KEPT = 64 };

/* In front of a block that goes through the lines and the list. */
#define LINES(machine) EMU_UNSEEN(machine, "pieces of several adapters, each declared by its own")

/* ---- The lines ------------------------------------------------------------------------------- */

static struct dma_owned_place **line_of(struct dma_owners *all, emu_requester requester)
{
    return &all->of_device[requester % DMA_OWNED_LINES];
}

static struct dma_owned_place **line_of_mdl(struct dma_owners *all, const MDL *mdl)
{
    return &all->of_mdl[(uintptr_t)mdl / sizeof *mdl % DMA_OWNED_LINES];
}

static void enter(struct dma_owned_place **line, struct dma_owned_place *place, struct dma_owned *o)
{
    *place = (struct dma_owned_place){.next = *line, .link = line, .owned = o};
    if (*line != NULL)
        (*line)->link = &place->next;
    *line = place;
}

static void leave(struct dma_owned_place *place)
{
    if (place->link == NULL)
        return;
    *place->link = place->next;
    if (place->next != NULL)
        place->next->link = place->link;
    place->link = NULL;
}

static struct dma_owned *take_spare(struct dma_system *s)
{
    struct dma_owned *o = s->owners.spare;
    if (o == NULL)
        return emu_arena_alloc(s->machine, sizeof *o);
    s->owners.spare = o->next;
    return o;
}

static void give_spare(struct dma_owners *all, struct dma_owned *o)
{
    o->next = all->spare;
    all->spare = o;
}

static bool meets(const struct dma_owned *o, uint64_t device, uint64_t bytes)
{
    return o->device < device + bytes && device < o->device + o->bytes;
}

/* What ended of this requester's and meets that memory is its own again. */
static void renew(struct dma_owners *all, emu_requester requester, uint64_t device, uint64_t bytes)
{
    struct dma_owned *before = NULL;
    for (struct dma_owned *o = all->ended_first, *next; o != NULL; o = next) {
        next = o->next;
        if (o->requester != requester || !meets(o, device, bytes)) {
            before = o;
            continue;
        }
        *(before != NULL ? &before->next : &all->ended_first) = next;
        if (next == NULL)
            all->ended_last = before;
        all->ended_count--;
        give_spare(all, o);
    }
}

static void guard(struct dma_system *s, const unsigned char *memory, uint64_t bytes, bool on)
{
    if (memory != NULL)
        emu_access_guard(s->machine, memory, bytes, on);
}

/* From the mapped ones to those that ended. */
static void end(struct dma_system *s, struct dma_owned *o)
{
    struct dma_owners *all = &s->owners;
    leave(&o->of_device);
    leave(&o->of_mdl);
    leave(&o->of_all);
    o->next = NULL;
    guard(s, o->memory, o->bytes, false);
    emu_touch(s->machine, o->adapter, EMU_ACCESS_WRITE);
    if (all->hit == o)
        all->hit = NULL;
    emu_birth_note(s->machine, &o->birth);
    *(all->ended_last != NULL ? &all->ended_last->next : &all->ended_first) = o;
    all->ended_last = o;
    if (++all->ended_count <= ENDED_KEPT)
        return;
    struct dma_owned *oldest = all->ended_first;
    all->ended_first = oldest->next;
    all->ended_count--;
    give_spare(all, oldest);
}

/* ---- Beginning and ending -------------------------------------------------------------------- */

/* The last piece goes on: the driver's bytes follow each other, and the device's do. */
static bool goes_on(const struct dma_owned *o, const MDL *part, uint64_t at, const unsigned char *memory,
                    uint64_t device)
{
    return o != NULL && o->part == part && o->device + o->bytes == device && o->at + o->bytes == at &&
           (o->memory == NULL ? memory == NULL : o->memory + o->bytes == memory);
}

static struct dma_owned *add(const struct dma_owning *by, struct dma_owned *last, uint64_t at,
                             uint64_t physical, uint64_t device, uint64_t bytes)
{
    const struct dma_adapter *a = by->adapter;
    struct dma_system *s = a->system;
    struct dma_owners *all = &s->owners;
    /* A transfer that begins anew by itself is watched by its driver while it goes on. */
    unsigned char *memory = a->loops ? NULL : emu_ram_at(s->machine, physical);
    renew(all, a->requester, device, bytes);
    guard(s, memory, bytes, true);
    if (goes_on(last, by->part, at, memory, device)) {
        last->bytes += bytes;
        return last;
    }
    struct dma_owned *o = take_spare(s);
    *o = (struct dma_owned){
        .device = device,
        .bytes = bytes,
        .memory = memory,
        .mdl = by->mdl,
        .part = by->part,
        .at = at,
        .requester = a->requester,
        .adapter = a->object,
        .kind = (uint8_t)by->kind,
        .to_device = by->to_device,
    };
    o->next = last != NULL ? last->next : o;
    if (last != NULL) {
        last->next = o;
        o->birth = last->birth;
    } else {
        emu_birth_note(s->machine, &o->birth);
    }
    enter(line_of(all, a->requester), &o->of_device, o);
    enter(&all->of_all, &o->of_all, o);
    if (by->kind != DMA_OWNED_THROUGH_REGISTERS)
        enter(line_of_mdl(all, by->mdl), &o->of_mdl, o);
    return o;
}

struct dma_owned *dma_owned_add(const struct dma_owning *by, struct dma_owned *last, uint64_t at,
                                uint64_t physical, uint64_t device, uint64_t bytes)
{
    struct dma_owned *o = last;
    emu_touch(by->adapter->system->machine, by->adapter->object, EMU_ACCESS_WRITE);
    LINES(by->adapter->system->machine)
    {
        o = add(by, last, at, physical, device, bytes);
    }
    return o;
}

void dma_owned_end(struct dma_system *s, struct dma_owned *piece)
{
    EMU_ASSERT(piece != NULL && piece->of_device.link != NULL);
    LINES(s->machine)
    {
        struct dma_owned *o = piece, *next;
        do {
            next = o->next;
            end(s, o);
            o = next;
        } while (o != piece);
    }
}

/* A part without bytes is somewhere as well. */
static bool has_some_of(const struct dma_owned *o, uint64_t start, uint64_t end_of_part)
{
    return start < o->at + o->bytes && (end_of_part > o->at || (start == end_of_part && start >= o->at));
}

static bool is_of(const struct dma_owned *o, const struct dma_adapter *a, enum dma_owned_kind kind,
                  const MDL *mdl)
{
    return o->kind == kind && o->mdl == mdl && o->adapter == a->object;
}

struct dma_owned_part dma_owned_find(const struct dma_adapter *a, enum dma_owned_kind kind, const MDL *mdl,
                                     uint64_t start, uint64_t end_of_part)
{
    struct dma_owned_part part = {0};
    emu_touch(a->system->machine, a->object, EMU_ACCESS_READ);
    LINES(a->system->machine)
    {
        for (const struct dma_owned_place *p = *line_of_mdl(&a->system->owners, mdl); p != NULL;
             p = p->next) {
            struct dma_owned *o = p->owned;
            if (!is_of(o, a, kind, mdl) || !has_some_of(o, start, end_of_part))
                continue;
            part.piece = o;
            part.to_device = o->to_device;
            part.end = o->at + o->bytes > part.end ? o->at + o->bytes : part.end;
        }
    }
    return part;
}

uint64_t dma_owned_bytes(const struct dma_adapter *a, const MDL *mdl)
{
    uint64_t bytes = 0;
    emu_touch(a->system->machine, a->object, EMU_ACCESS_READ);
    LINES(a->system->machine)
    {
        for (const struct dma_owned_place *p = *line_of_mdl(&a->system->owners, mdl); p != NULL; p = p->next)
            if (is_of(p->owned, a, DMA_OWNED_WITHOUT, mdl))
                bytes += p->owned->bytes;
    }
    return bytes;
}

bool dma_owned_any(const struct dma_adapter *a)
{
    bool any = false;
    emu_touch(a->system->machine, a->object, EMU_ACCESS_READ);
    LINES(a->system->machine)
    {
        const struct dma_owned_place *p = *line_of(&a->system->owners, a->requester);
        for (; p != NULL && !any; p = p->next)
            any = p->owned->kind == DMA_OWNED_WITHOUT && p->owned->adapter == a->object;
    }
    return any;
}

void dma_owned_share(const struct dma_adapter *a, uint64_t device, uint64_t bytes)
{
    struct dma_system *s = a->system;
    emu_touch(s->machine, a->object, EMU_ACCESS_WRITE);
    LINES(s->machine)
    {
        struct dma_owned *o = take_spare(s);
        renew(&s->owners, a->requester, device, bytes);
        *o = (struct dma_owned){
            .next = o,
            .device = device,
            .bytes = bytes,
            .requester = a->requester,
            .adapter = a->object,
            .kind = DMA_OWNED_COMMON,
        };
        enter(line_of(&s->owners, a->requester), &o->of_device, o);
    }
}

void dma_owned_unshare(const struct dma_adapter *a, uint64_t device)
{
    LINES(a->system->machine)
    {
        struct dma_owned_place *p = *line_of(&a->system->owners, a->requester);
        while (p != NULL && (p->owned->kind != DMA_OWNED_COMMON || p->owned->device != device ||
                             p->owned->requester != a->requester))
            p = p->next;
        if (p != NULL)
            end(a->system, p->owned);
    }
}

/* ---- The driver ------------------------------------------------------------------------------ */

/* Does this much from address on meet what a device owns, which may not be done with it? */
static bool is_wrong(const struct dma_owned *o, uintptr_t address, size_t bytes, bool writes)
{
    uintptr_t first = (uintptr_t)o->memory;
    return o->memory != NULL && address < first + o->bytes && first < address + bytes &&
           (writes || !o->to_device);
}

static const struct dma_owned *find_wrong(const struct dma_owners *all, uintptr_t address, size_t bytes,
                                          bool writes)
{
    const struct dma_owned_place *p = all->of_all;
    while (p != NULL && !is_wrong(p->owned, address, bytes, writes))
        p = p->next;
    return p != NULL ? p->owned : NULL;
}

/* Its bytes from address on are touched while some of them may be a device's. */
static void look_at_driver(struct emu_machine *m, void *context, uintptr_t address, size_t bytes, bool writes)
{
    const struct dma_system *s = context;
    const struct dma_owned *o = find_wrong(&s->owners, address, bytes, writes);
    if (o == NULL)
        return;
    uintptr_t first = (uintptr_t)o->memory;
    uint64_t at = o->at + (address > first ? address - first : 0);
    char name[sizeof(struct dma_name)];
    emu_finding_came_from(m, o->adapter, "given the buffer", &o->birth);
    emu_finding_raise(m, writes ? "DMA-OWN-2" : "DMA-OWN-1", NULL, NULL,
                      "the driver %s byte %llu of a buffer that is mapped for %s, %s: until the flush it "
                      "is the device's",
                      writes ? "writes" : "reads", (unsigned long long)at,
                      emu_object_text(m, o->adapter, name, sizeof name),
                      o->to_device ? "which reads it" : "which writes it");
}

/* ---- Memory that is given back --------------------------------------------------------------- */

static void require_own(struct emu_machine *m, const struct dma_owned *o, const char *rule, const char *deed)
{
    char name[sizeof(struct dma_name)];
    if (o == NULL)
        return;
    emu_finding_came_from(m, o->adapter, "given the buffer", &o->birth);
    emu_finding_raise(m, rule, NULL, NULL, "%s that is mapped for %s, %s: until the flush it is the device's",
                      deed, emu_object_text(m, o->adapter, name, sizeof name),
                      o->to_device ? "which reads it" : "which writes it");
}

/* A piece that an MDL in these bytes describes, by the MDL that was mapped: others may describe the same
 * pages as well. */
static const struct dma_owned *described_in(const struct dma_owners *all, const void *memory, size_t bytes)
{
    const struct dma_owned_place *p = all->of_all;
    while (p != NULL && (uintptr_t)p->owned->part - (uintptr_t)memory >= bytes)
        p = p->next;
    return p != NULL ? p->owned : NULL;
}

static void look_at_freed(void *context, const void *memory, size_t bytes)
{
    struct dma_system *s = context;
    LINES(s->machine)
    {
        require_own(s->machine, find_wrong(&s->owners, (uintptr_t)memory, bytes, true), "DMA-OWN-6",
                    "the driver frees memory");
        require_own(s->machine, described_in(&s->owners, memory, bytes), "DMA-OWN-7",
                    "the driver frees the MDL of a buffer");
    }
}

static void look_at_unlocked(void *context, PMDL mdl)
{
    struct dma_system *s = context;
    LINES(s->machine)
    {
        require_own(s->machine, described_in(&s->owners, mdl, sizeof *mdl), "DMA-OWN-6",
                    "the driver unlocks the pages of a buffer");
    }
}

static void look_at_rebuilt(void *context, PMDL mdl)
{
    struct dma_system *s = context;
    LINES(s->machine)
    {
        require_own(s->machine, described_in(&s->owners, mdl, sizeof *mdl), "DMA-OWN-7",
                    "the driver builds a partial MDL in the MDL of a buffer");
    }
}

void dma_owned_watch_given_back(struct dma_system *s)
{
    hal_tell_given_back(s->machine,
                        &(struct hal_given_back){look_at_freed, look_at_unlocked, look_at_rebuilt, s});
}

/* ---- Devices --------------------------------------------------------------------------------- */

static bool holds(const struct dma_owned *o, emu_requester requester, uint64_t device)
{
    return o->requester == requester && device >= o->device && device - o->device < o->bytes;
}

static const struct dma_owned *find_mapped(struct dma_owners *all, emu_requester requester, uint64_t device)
{
    const struct dma_owned_place *p = *line_of(all, requester);
    while (p != NULL && !holds(p->owned, requester, device))
        p = p->next;
    return p != NULL ? p->owned : NULL;
}

static const struct dma_owned *find_ended(const struct dma_owners *all, emu_requester requester,
                                          uint64_t device)
{
    const struct dma_owned *o = all->ended_first;
    while (o != NULL && !holds(o, requester, device))
        o = o->next;
    return o;
}

static void raise_ended(struct emu_machine *m, const struct dma_owned *o, bool to_memory)
    __attribute__((noreturn));
static void raise_ended(struct emu_machine *m, const struct dma_owned *o, bool to_memory)
{
    bool common = o->kind == DMA_OWNED_COMMON;
    char name[sizeof(struct dma_name)];
    emu_object_text(m, o->adapter, name, sizeof name);
    emu_finding_came_from(m, o->adapter, common ? "freed the common buffer" : "flushed", &o->birth);
    emu_finding_raise(
        m, "DMA-OWN-3", NULL, NULL,
        "the device of %s %s memory that was mapped for it until step %llu and is not any more: %s", name,
        to_memory ? "writes to" : "reads from", (unsigned long long)o->birth.step,
        common ? "the common buffer was freed" : "it was flushed");
}

static void raise_beyond(struct emu_machine *m, const struct dma_owned *o, bool to_memory)
    __attribute__((noreturn));
static void raise_beyond(struct emu_machine *m, const struct dma_owned *o, bool to_memory)
{
    char name[sizeof(struct dma_name)];
    emu_object_text(m, o->adapter, name, sizeof name);
    emu_finding_came_from(m, o->adapter, "given the buffer", &o->birth);
    emu_finding_raise(
        m, "DMA-OWN-4", NULL, NULL,
        "the device of %s %s on beyond the %llu bytes that are mapped for it: the transfer is longer "
        "than its mapping",
        name, to_memory ? "writes" : "reads", (unsigned long long)o->bytes);
}

static void look(struct dma_system *s, emu_requester requester, uint64_t logical, bool to_memory, size_t *run)
{
    struct emu_machine *m = s->machine;
    const struct dma_owned *hit = s->owners.hit;
    if (hit == NULL || !holds(hit, requester, logical)) {
        const struct dma_owned *o = find_mapped(&s->owners, requester, logical);
        const struct dma_owned *ended = o == NULL ? find_ended(&s->owners, requester, logical) : NULL;
        bool beyond = hit != NULL && hit->requester == requester && logical == hit->device + hit->bytes;
        if (to_memory && (ended != NULL || (o == NULL && beyond)))
            s->entry->strayed(s, ended != NULL ? ended : hit, logical, ended == NULL);
        if (ended != NULL)
            emu_touch(m, ended->adapter, EMU_ACCESS_READ);
        if (ended != NULL)
            raise_ended(m, ended, to_memory);
        if (o == NULL && beyond)
            raise_beyond(m, hit, to_memory);
        s->owners.hit = hit = o;
    }
    if (hit != NULL)
        emu_touch(m, hit->adapter, EMU_ACCESS_READ);
    if (hit != NULL && hit->device + hit->bytes - logical < *run)
        *run = hit->device + hit->bytes - logical;
}

/* The bus's translator where nothing is remapped: an address is what it is. */
static uint64_t look_at_device(struct emu_machine *m, void *context, emu_requester requester,
                               uint64_t logical, bool to_memory, size_t *run)
{
    LINES(m)
    {
        look(context, requester, logical, to_memory, run);
    }
    return logical;
}

void dma_owned_boot(struct dma_system *s)
{
    emu_access_add_guard(s->machine, look_at_driver, s);
    if (s->domains == NULL)
        emu_bus_set_translator(s->machine, look_at_device, s);
}
