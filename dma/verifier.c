/*
 * The verifier's entries, and adapters from their birth to their release: see verifier.h.
 */
#include "dma/verifier.h"

#include <emu/finding.h>
#include <emu/mem.h>

#include "dma/adapter.h"
#include "dma/bounce.h"
#include "dma/ddi_adapter.h"
#include "dma/owned.h"
#include "dma/verifier_check.h"
#include "dma/verifier_shadow.h"

enum { MARGIN_PAGES = 1 };

/* ---- Entries --------------------------------------------------------------------------------- */

static bool verifies(const struct dma_system *s, uint32_t what)
{
    return (s->verifier->verify & what) != 0;
}

static PDMA_ADAPTER get_adapter(struct dma_system *s, PDEVICE_OBJECT device, PDEVICE_DESCRIPTION description,
                                PULONG registers)
{
    enum { WRONG_LEVEL = 0x14, UNKNOWN_VERSION = 0x25 };
    KIRQL level = KeGetCurrentIrql();
    if (verifies(s, HALDMA_VERIFY_IRQL) && level != PASSIVE_LEVEL)
        dma_verifier_raise((struct dma_violation){WRONG_LEVEL, 0, 0, 0},
                           "IoGetDmaAdapter was called at IRQL %u; that is done at PASSIVE_LEVEL (0)", level);
    if (verifies(s, HALDMA_VERIFY_DMA) && description != NULL &&
        description->Version > DEVICE_DESCRIPTION_VERSION3)
        dma_verifier_raise((struct dma_violation){UNKNOWN_VERSION, 0, 0, 0},
                           "IoGetDmaAdapter was called with a device description of version %u; the last one "
                           "that there is is %u",
                           (unsigned)description->Version, DEVICE_DESCRIPTION_VERSION3);
    return dma_adapter_get(s, device, description, registers);
}

static void obsolete(struct dma_system *s, const char *call)
{
    enum { OBSOLETE = 0x1E };
    if (verifies(s, HALDMA_VERIFY_DMA))
        dma_verifier_raise((struct dma_violation){OBSOLETE, 0, 0, 0},
                           "%s was called, which is obsolete: IoGetDmaAdapter takes its place", call);
}

/* What verification makes of an adapter: see docs/verifier.md. */
static void made(struct dma_adapter *a)
{
    struct dma_system *s = a->system;
    if (!verifies(s, HALDMA_VERIFY_DMA))
        return;
    struct dma_shadow *shadow = emu_arena_alloc(s->machine, sizeof *shadow);
    shadow->adapter = a;
    shadow->verifier = s->verifier;
    shadow->next = s->verifier->shadows;
    s->verifier->shadows = shadow;
    emu_birth_note(s->machine, &shadow->birth);
    a->shadow = shadow;
    a->needs_registers = true;
    a->always_buffer = true;
    a->padded = true;
    a->margin = MARGIN_PAGES;
}

/* ---- Release --------------------------------------------------------------------------------- */

enum {
    HAS_COMMONS = 0x07,
    HAS_CHANNELS = 0x08,
    HAS_REGISTERS = 0x09,
    HAS_LISTS = 0x0A,
    HAS_REFERENCES = 0x11,
};

static struct dma_violation outstanding(const struct dma_shadow *s, unsigned code, uint32_t count)
{
    return (struct dma_violation){code, dma_violation_pointer(s->adapter), count, dma_violation_pointer(s)};
}

/* deed: what is done without freeing them. */
static void require_none(const struct dma_shadow *s, enum dma_shadow_kind kind, unsigned code,
                         const char *what, const char *deed)
{
    uint32_t count = dma_shadow_outstanding(s, kind);
    if (count == 0)
        return;
    for (const struct dma_shadow_thing *t = s->things[kind]; t != NULL; t = t->next)
        dma_shadow_tell(t);
    dma_verifier_raise(
        outstanding(s, code, count), "%s %s with %s that are not freed: %u (allocated %u, freed %u)",
        dma_adapter_name(s->adapter).text, deed, what, count, s->allocated[kind], s->freed[kind]);
}

static void require_idle(const struct dma_shadow *s, const char *deed)
{
    uint32_t waiting = 0;
    for (const struct dma_shadow_request *r = s->requests; r != NULL; r = r->next)
        waiting += r->stage == DMA_SHADOW_WAITS;
    if (waiting > 0)
        dma_verifier_raise((struct dma_violation){HAS_REFERENCES, waiting + 1,
                                                  dma_violation_pointer(s->adapter),
                                                  dma_violation_pointer(s)},
                           "%s %s with %u requests that wait for it: its reference count is %u, not 1",
                           dma_adapter_name(s->adapter).text, deed, waiting, waiting + 1);
}

static void require_nothing(const struct dma_shadow *s, const char *deed)
{
    require_idle(s, deed);
    require_none(s, DMA_SHADOW_COMMON, HAS_COMMONS, "common buffers", deed);
    require_none(s, DMA_SHADOW_LIST, HAS_LISTS, "scatter/gather lists", deed);
    if (s->owner != NULL) {
        emu_finding_came_from(emu_current(), EMU_NO_OBJECT, "asked for", &s->owner->birth);
        dma_verifier_raise(outstanding(s, HAS_CHANNELS, 1),
                           "%s %s with its adapter channel that was not freed: allocated %u, freed %u",
                           dma_adapter_name(s->adapter).text, deed, s->channels_allocated, s->channels_freed);
    }
    require_none(s, DMA_SHADOW_REGISTERS, HAS_REGISTERS, "map registers", deed);
}

void dma_shadow_release(struct dma_shadow *s)
{
    struct dma_shadow **link = &s->verifier->shadows;
    require_nothing(s, "was released");
    dma_guard_require_pool(s->verifier->system);
    emu_birth_note(emu_current(), &s->death);
    s->released = true;
    while (*link != s)
        link = &(*link)->next;
    *link = s->next;
}

/* A driver that was removed has put its adapters. */
static void removed(struct dma_system *s, PDEVICE_OBJECT device)
{
    for (const struct dma_shadow *shadow = s->verifier->shadows; shadow != NULL; shadow = shadow->next) {
        if (shadow->adapter->physical_device != device)
            continue;
        emu_finding_came_from(s->machine, shadow->adapter->object, "made", &shadow->birth);
        require_nothing(shadow, "is left behind by its device's removal");
        dma_verifier_raise((struct dma_violation){HAS_REFERENCES, 1, dma_violation_pointer(shadow->adapter),
                                                  dma_violation_pointer(shadow)},
                           "%s is left behind by its device's removal: PutDmaAdapter is owed, its reference "
                           "count is 1, not 0",
                           dma_adapter_name(shadow->adapter).text);
    }
}

/* What was written outside is told at the end of a run, if it was not before. */
static void audit(struct dma_system *s)
{
    for (struct dma_shadow *shadow = s->verifier->shadows; shadow != NULL; shadow = shadow->next)
        dma_common_require_intact(shadow);
    dma_guard_require_pool(s);
}

/* ---- Boot ------------------------------------------------------------------------------------ */

#define ENTRIES                                                                                   \
    .get_adapter = get_adapter, .obsolete = obsolete, .made = made, .strayed = dma_guard_strayed, \
    .removed = removed, .audit = audit

void dma_verifier_boot(struct dma_system *s, uint32_t verify)
{
    static const struct dma_entry level = {
        .tables = {&dma_level_tables[0], &dma_level_tables[1], &dma_level_tables[2]}, ENTRIES};
    static const struct dma_entry dma = {
        .tables = {&dma_verifier_tables[0], &dma_verifier_tables[1], &dma_verifier_tables[2]}, ENTRIES};
    struct dma_verifier *v = emu_arena_alloc(s->machine, sizeof *v);
    bool checks = (verify & HALDMA_VERIFY_DMA) != 0;
    v->system = s;
    v->verify = verify;
    v->object = emu_object_new(s->machine, "verifier");
    v->below = checks ? &dma_verifier_tables[DMA_TABLES - 1] : dma_plain.tables[DMA_TABLES - 1];
    dma_slots_init(&v->things, s->machine, sizeof(struct dma_shadow_thing));
    dma_slots_init(&v->requests, s->machine, sizeof(struct dma_shadow_request));
    dma_slots_init(&v->maps, s->machine, sizeof(struct dma_shadow_map));
    s->verifier = v;
    if (checks)
        dma_owned_watch_given_back(s);
    s->entry = (verify & HALDMA_VERIFY_IRQL) != 0 ? &level : &dma;
}
