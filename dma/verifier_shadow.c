/*
 * The verifier's books: see verifier_shadow.h.
 */
#include "dma/verifier_shadow.h"

#include <emu/finding.h>
#include <stdarg.h>
#include <stdio.h>

#include "dma/adapter.h"

void dma_verifier_raise(struct dma_violation v, const char *format, ...)
{
    char rule[EMU_FINDING_RULE], code[EMU_FINDING_CODE];
    va_list arguments;
    snprintf(rule, sizeof rule, "DMA-VERIFY-%02X", v.code);
    snprintf(code, sizeof code, "0xE6/%02X", v.code);
    const uint64_t parameters[4] = {v.code, v.second, v.third, v.fourth};
    va_start(arguments, format);
    emu_finding_vraise(emu_current(), rule, code, parameters, format, arguments);
}

struct dma_shadow *dma_shadow_of(PDMA_ADAPTER adapter, const char *call)
{
    enum { RELEASED = 0x18, NO_ADAPTER = 0x19 };
    struct dma_adapter *a = (struct dma_adapter *)(void *)adapter;
    struct emu_machine *m = emu_current();
    if (a == NULL)
        dma_verifier_raise((struct dma_violation){NO_ADAPTER, 0, 0, 0},
                           "%s was called with a null DMA_ADAPTER", call);
    if (a->magic != DMA_ADAPTER_MAGIC)
        a = dma_adapter_of(adapter);
    struct dma_shadow *s = a->shadow;
    emu_touch(m, s->verifier->object, EMU_ACCESS_WRITE);
    if (!s->released)
        return s;
    emu_finding_came_from(m, a->object, "made", &s->birth);
    emu_finding_came_from(m, a->object, "released", &s->death);
    dma_verifier_raise(
        (struct dma_violation){RELEASED, dma_violation_pointer(a), dma_violation_pointer(s), 0},
        "%s of %s, which was released at step %llu", call, dma_adapter_name(a).text,
        (unsigned long long)s->death.step);
}

struct dma_shadow_thing *dma_shadow_add(struct dma_shadow *s, enum dma_shadow_kind kind, const void *key,
                                        uint32_t count)
{
    struct dma_shadow_thing *t = dma_slots_take(&s->verifier->things);
    t->kind = kind;
    t->key = key;
    t->bytes = 0;
    t->count = count;
    t->borrowed = false;
    t->maps = NULL;
    t->next = s->things[kind];
    s->things[kind] = t;
    s->allocated[kind] += count;
    emu_birth_note(emu_current(), &t->birth);
    return t;
}

struct dma_shadow_thing *dma_shadow_find(const struct dma_shadow *s, enum dma_shadow_kind kind,
                                         const void *key)
{
    struct dma_shadow_thing *t = s->things[kind];
    while (t != NULL && t->key != key)
        t = t->next;
    return t;
}

void dma_shadow_remove(struct dma_shadow *s, struct dma_shadow_thing *thing)
{
    struct dma_shadow_thing **link = &s->things[thing->kind];
    struct dma_shadow_gone *gone = &s->gone[s->gone_count++ % DMA_SHADOW_GONE];
    while (*link != thing)
        link = &(*link)->next;
    *link = thing->next;
    s->freed[thing->kind] += thing->count;
    *gone = (struct dma_shadow_gone){.kind = thing->kind, .key = thing->key, .birth = thing->birth};
    emu_birth_note(emu_current(), &gone->death);
    dma_slots_give(&s->verifier->things, thing);
}

uint32_t dma_shadow_outstanding(const struct dma_shadow *s, enum dma_shadow_kind kind)
{
    return s->allocated[kind] - s->freed[kind];
}

void dma_shadow_tell(const struct dma_shadow_thing *thing)
{
    emu_finding_came_from(emu_current(), EMU_NO_OBJECT, "allocated", &thing->birth);
}

void dma_shadow_tell_gone(const struct dma_shadow *s, enum dma_shadow_kind kind, const void *key)
{
    struct emu_machine *m = emu_current();
    uint32_t kept = s->gone_count < DMA_SHADOW_GONE ? s->gone_count : DMA_SHADOW_GONE;
    for (uint32_t i = 1; i <= kept; i++) {
        const struct dma_shadow_gone *gone = &s->gone[(s->gone_count - i) % DMA_SHADOW_GONE];
        if (gone->kind != kind || gone->key != key)
            continue;
        emu_finding_came_from(m, EMU_NO_OBJECT, "allocated", &gone->birth);
        emu_finding_came_from(m, EMU_NO_OBJECT, "freed first", &gone->death);
        return;
    }
}
