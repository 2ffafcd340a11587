/*
 * Adapters: making them, telling good pointers from bad ones, letting them go.
 *
 * A released adapter's memory is not used again until many more were released, so that a driver that goes on
 * using it is told.
 */
#include "dma/adapter.h"

#include <emu/choose.h>
#include <emu/finding.h>

#include "dma/channel.h"
#include "dma/controller.h"
#include "dma/domain.h"
#include "dma/operations.h"
#include "dma/owned.h"
#include "dma/system.h"

enum { DEAD_ADAPTERS_KEPT = 64, BITS_64 = 64, BITS_32 = 32 };

static struct dma_adapter *find_memory(struct dma_system *s)
{
    struct dma_adapter *a = s->dead_first;
    if (s->dead_count <= DEAD_ADAPTERS_KEPT)
        return emu_arena_alloc(s->machine, sizeof *a);
    s->dead_first = a->next_dead;
    s->dead_count--;
    return a;
}

/* Without them a device could not reach all memory, or not as one piece, or without the remapping unit. */
static bool needs_registers(const struct dma_system *s, const struct dma_adapter_plan *plan)
{
    bool above_4gib = emu_machine_config(s->machine)->ram_high_pages != 0;
    return s->domains != NULL || !plan->scatter_gather || plan->width < BITS_32 ||
           (plan->width < BITS_64 && above_4gib);
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The driver's structure has a pointer to what may be written; nobody writes through it. */
static PDMA_OPERATIONS table_of(const struct dma_system *s, unsigned version)
{
    EMU_ASSERT(version >= 1 && version <= DMA_TABLES);
    return (PDMA_OPERATIONS)(uintptr_t)s->entry->tables[version - 1];
}

struct dma_adapter *dma_adapter_make(struct dma_system *s, const struct dma_adapter_plan *asked)
{
    struct dma_adapter_plan narrowed = *asked;
    const struct dma_adapter_plan *plan = &narrowed;
    if (plan->master)
        narrowed.width = least(plan->width, s->config->bus_width);
    uint32_t limit = least(s->config->adapter_map_registers_max, s->pool.total);
    if (plan->boundary != 0)
        limit = least(limit, (uint32_t)(plan->boundary >> EMU_PAGE_SHIFT));
    struct dma_adapter *a = find_memory(s);
    *a = (struct dma_adapter){
        .face = {.Version = 1, .Size = sizeof(DMA_ADAPTER), .DmaOperations = table_of(s, plan->version)},
        .magic = DMA_ADAPTER_MAGIC,
        .state = DMA_ADAPTER_LIVES,
        .master = plan->master,
        .scatter_gather = plan->scatter_gather,
        .needs_registers = needs_registers(s, plan),
        .registers_max = least(plan->pages, limit - 1) + 1,
        .width = plan->width,
        .highest = plan->width < BITS_64 ? (1ull << plan->width) - 1 : UINT64_MAX,
        .requester = plan->channel != NULL ? plan->channel->controller->requester
                                           : dma_reach_requester(s, plan->physical_device),
        .object = emu_object_new(s->machine, "adapter"),
        .system = s,
        .physical_device = plan->physical_device,
        .channel = plan->channel,
        .request_line = plan->request_line,
        .transfer_width = plan->transfer_width,
        .loops = plan->loops,
        .demands = plan->demands,
        .ignore_count = plan->ignore_count,
        .boundary = plan->boundary,
        .device_address = plan->device_address,
    };
    dma_reach_take(s, a);
    a->next_live = s->live;
    s->live = a;
    a->birth = emu_steps(s->machine);
    a->drivers = !emu_is_spared(s->machine);
    s->entry->made(a);
    return a;
}

void dma_adapters_left(const struct dma_system *s, const char *driver)
{
    for (const struct dma_adapter *a = s->live; a != NULL; a = a->next_live)
        if (a->drivers)
            emu_finding_raise(s->machine, "DMA-ADAPTER-32", NULL, NULL,
                              "driver %s was unloaded, and %s, which IoGetDmaAdapter returned at step %llu, "
                              "was not released",
                              driver, dma_adapter_name(a).text, (unsigned long long)a->birth);
}

struct dma_adapter *dma_adapter_of(PDMA_ADAPTER face)
{
    enum { RELEASED = 0x18, NO_ADAPTER = 0x19 };
    struct dma_adapter *a = (struct dma_adapter *)(void *)face;
    if (a != NULL && a->magic == DMA_ADAPTER_MAGIC && a->state == DMA_ADAPTER_LIVES)
        return a;
    struct emu_machine *m = emu_current();
    if (a == NULL)
        emu_finding_raise(m, "DMA-ADAPTER-14", "0xE6/19", (const uint64_t[4]){NO_ADAPTER, 0, 0, 0},
                          "a DMA operation was called with a null DMA_ADAPTER");
    if (a->magic != DMA_ADAPTER_MAGIC)
        emu_finding_raise(
            m, "DMA-ADAPTER-15", NULL, NULL,
            "a DMA operation was called with a DMA_ADAPTER that IoGetDmaAdapter did not return");
    emu_finding_raise(m, "DMA-ADAPTER-16", "0xE6/18", (const uint64_t[4]){RELEASED, (uintptr_t)a, 0, 0},
                      "a DMA operation was called with %s, which was released", dma_adapter_name(a).text);
}

static void require_none(const struct dma_adapter *a, uint32_t count, const char *rule, const char *code,
                         uint64_t violation, const char *what)
{
    if (count == 0)
        return;
    emu_finding_raise(a->system->machine, rule, code, (const uint64_t[4]){violation, (uintptr_t)a, count, 0},
                      "PutDmaAdapter of %s with %u %s outstanding", dma_adapter_name(a).text, count, what);
}

static void bury(struct dma_adapter *a)
{
    struct dma_system *s = a->system;
    struct dma_adapter **link = &s->live;
    while (*link != a)
        link = &(*link)->next_live;
    *link = a->next_live;
    dma_reach_give(a);
    a->state = DMA_ADAPTER_DEAD;
    a->next_dead = NULL;
    if (s->dead_count == 0)
        s->dead_first = a;
    else
        s->dead_last->next_dead = a;
    s->dead_last = a;
    s->dead_count++;
}

void dma_adapter_put(struct dma_adapter *a)
{
    enum { VECTORS = 0x05, COMMON_BUFFERS = 0x07, CHANNELS = 0x08, REGISTERS = 0x09, LISTS = 0x0A };
    emu_step(a->system->machine, DMA_OP_PUT_ADAPTER, dma_adapter_domain(a), 0);
    require_none(a, a->line.length, "DMA-ADAPTER-13", NULL, 0, "waiting requests");
    require_none(a, a->commons_count, "DMA-ADAPTER-10", "0xE6/07", COMMON_BUFFERS, "common buffers");
    require_none(a, a->vectors_count, "DMA-VECTOR-10", "0x1DC/05", VECTORS, "common buffer vectors");
    require_none(a, a->owner != NULL, "DMA-ADAPTER-11", "0xE6/08", CHANNELS, "adapter channels");
    require_none(a, a->lists_built - a->lists_put, "DMA-ADAPTER-30", "0xE6/0A", LISTS,
                 "scatter/gather lists");
    require_none(a, a->registers_held, "DMA-ADAPTER-12", "0xE6/09", REGISTERS, "map registers");
    require_none(a, dma_owned_any(a), "DMA-ADAPTER-33", NULL, 0, "mappings, which were not flushed,");
    require_none(a, a->completions_owed, "DMA-ADAPTER-21", NULL, 0, "completion routines");
    bury(a);
}

emu_object dma_adapter_domain(const struct dma_adapter *a)
{
    struct dma_system *s = a->system;
    bool alone = !a->needs_registers && a->channel == NULL &&
                 emu_machine_config(s->machine)->profile == EMU_PROFILE_TYPICAL;
    return alone ? a->object : s->pool.object;
}

emu_object dma_adapter_transfers(const struct dma_adapter *a)
{
    return a->channel != NULL ? dma_channel_object(a->channel) : a->object;
}

struct dma_name dma_adapter_name(const struct dma_adapter *a)
{
    struct dma_name name;
    emu_object_text(a->system->machine, a->object, name.text, sizeof name.text);
    return name;
}
