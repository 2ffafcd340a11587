/*
 * What there is of DMA in a machine, as text: after the debugger's !dma.
 *
 * Adapters in the order in which they were made. Counts of what was allocated and freed are the verifier's;
 * where nothing is verified the lines that need them are left out, as the debugger leaves them out.
 */
#include <emu/step.h>
#include <haldma.h>
#include <stdarg.h>
#include <stdio.h>

#include "dma/adapter.h"
#include "dma/channel.h"
#include "dma/common.h"
#include "dma/controller.h"
#include "dma/request.h"
#include "dma/system.h"
#include "dma/verifier_shadow.h"

/* Text while it is written; length counts what did not fit as well. */
struct paper {
    char *text;
    size_t size, length;
};

__attribute__((format(printf, 2, 3))) static void say(struct paper *p, const char *format, ...)
{
    va_list arguments;
    size_t at = p->length < p->size ? p->length : p->size;
    va_start(arguments, format);
    int bytes = vsnprintf(p->text != NULL ? p->text + at : NULL, p->size - at, format, arguments);
    va_end(arguments);
    p->length += bytes > 0 ? (size_t)bytes : 0;
}

static void say_adapter(struct paper *p, const struct dma_adapter *a)
{
    uint32_t mapped = 0;
    for (uint32_t i = 0; i < a->system->pool.held.count; i++) {
        const struct dma_registers *g = dma_slots_at(&a->system->pool.held, i);
        mapped += g != NULL && g->adapter == a ? g->used : 0;
    }
    say(p, "  map registers: %u mapped, %u allocated, %u max\n", mapped, a->registers_held, a->registers_max);
    const struct dma_shadow *s = a->shadow;
    if (s == NULL)
        return;
    const uint32_t *got = s->allocated, *freed = s->freed;
    say(p, "  verified: made at step %llu\n", (unsigned long long)s->birth.step);
    say(p, "  map registers:       %u allocated, %u freed\n", got[DMA_SHADOW_REGISTERS],
        freed[DMA_SHADOW_REGISTERS]);
    say(p, "  scatter/gather lists: %u allocated, %u freed\n", got[DMA_SHADOW_LIST], freed[DMA_SHADOW_LIST]);
    say(p, "  common buffers:      %u allocated, %u freed\n", got[DMA_SHADOW_COMMON],
        freed[DMA_SHADOW_COMMON]);
    say(p, "  adapter channels:    %u allocated, %u freed\n", s->channels_allocated, s->channels_freed);
    say(p, "  bytes mapped since the last flush: %llu\n", (unsigned long long)s->bytes_mapped);
}

static void say_description(struct paper *p, const struct dma_adapter *a)
{
    say(p, "  %s, %u address bits, %s scatter/gather\n", a->master ? "bus master" : "subordinate device",
        a->width, a->scatter_gather ? "with" : "without");
    if (a->channel != NULL)
        say(p, "  channel %u of %s, request line %u%s%s\n", a->channel->number, a->channel->controller->name,
            a->request_line, a->loops ? ", goes round and round" : "", a->demands ? ", demand mode" : "");
}

static void say_registers(struct paper *p, const struct dma_shadow *s)
{
    for (const struct dma_shadow_thing *t = s->things[DMA_SHADOW_REGISTERS]; t != NULL; t = t->next) {
        say(p, "  %u map registers, allocated at step %llu\n", t->count, (unsigned long long)t->birth.step);
        for (const struct dma_shadow_map *map = t->maps; map != NULL; map = map->next)
            say(p, "    %u map bytes %llu to %llu of an MDL\n", map->registers,
                (unsigned long long)map->start, (unsigned long long)(map->start + map->bytes));
    }
}

static void say_things(struct paper *p, const struct dma_shadow *s, enum dma_shadow_kind kind,
                       const char *what)
{
    for (const struct dma_shadow_thing *t = s->things[kind]; t != NULL; t = t->next) {
        say(p, "  %s", what);
        if (t->bytes != 0)
            say(p, " of %llu bytes", (unsigned long long)t->bytes);
        say(p, ", allocated at step %llu\n", (unsigned long long)t->birth.step);
    }
}

static void say_requests(struct paper *p, const struct dma_adapter *a)
{
    const struct dma_request *r = a->owner;
    if (r != NULL)
        say(p, "  channel: a request for %u map registers has it\n", r->wanted);
    if (a->line.length != 0)
        say(p, "  channel: %u requests wait for it\n", a->line.length);
}

static void say_all(struct paper *p, const struct dma_adapter *a, uint32_t what)
{
    say(p, "%s\n", dma_adapter_name(a).text);
    if (what & HALDMA_DUMP_ADAPTER)
        say_adapter(p, a);
    if (what & HALDMA_DUMP_DESCRIPTION)
        say_description(p, a);
    if (what & HALDMA_DUMP_REQUESTS)
        say_requests(p, a);
    if (a->shadow == NULL)
        return;
    if (what & HALDMA_DUMP_REGISTERS)
        say_registers(p, a->shadow);
    if (what & HALDMA_DUMP_COMMON_BUFFERS)
        say_things(p, a->shadow, DMA_SHADOW_COMMON, "common buffer");
    if (what & HALDMA_DUMP_LISTS)
        say_things(p, a->shadow, DMA_SHADOW_LIST, "scatter/gather list");
}

size_t haldma_dump_dma(const struct emu_machine *m, uint32_t what, char *text, size_t size)
{
    const struct dma_system *s = emu_slot(m, EMU_SLOT_DMA);
    struct paper p = {.text = text, .size = size};
    uint32_t count = 0;
    for (const struct dma_adapter *a = s->live; a != NULL; a = a->next_live)
        count++;
    for (uint32_t i = count; i-- > 0;) { /* the newest comes first there */
        const struct dma_adapter *a = s->live;
        for (uint32_t skip = i; skip > 0; skip--)
            a = a->next_live;
        say_all(&p, a, what);
    }
    const struct dma_pool *pool = &s->pool;
    say(&p, "all adapters: %u map registers, %u mapped, %u reserved, %u free; %u requests wait for some\n",
        pool->total, pool->mapped, pool->reserved, pool->free, pool->line.length);
    return p.length;
}
