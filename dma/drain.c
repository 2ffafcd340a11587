/*
 * Requests that wait for an adapter, a channel or map registers: for those who ask who waits for whom.
 */
#include <emu/liveness.h>
#include <stdio.h>

#include "dma/adapter.h"
#include "dma/channel.h"
#include "dma/request.h"
#include "dma/system.h"

enum { HOLDERS_TEXT = 240 };

static bool waits(const struct dma_system *s, const struct dma_adapter *a)
{
    for (uint32_t i = 0; i < s->requests.count; i++) {
        const struct dma_request *r = dma_slots_at(&s->requests, i);
        if (r != NULL && r->adapter == a && dma_request_waits(r))
            return true;
    }
    return false;
}

/* ": adapter#1 holds 3, adapter#2 holds 2", and whether each of them waits itself. */
static const char *holders(const struct dma_system *s, char *out, size_t size)
{
    const struct dma_slots *held = &s->pool.held;
    size_t used = 0;
    bool all_wait = true;
    unsigned named = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < held->count && used < size; i++) {
        const struct dma_registers *g = dma_slots_at(held, i);
        if (g == NULL)
            continue;
        int n = snprintf(out + used, size - used, "%s%s holds %u", named++ == 0 ? ": " : ", ",
                         dma_adapter_name(g->adapter).text, (unsigned)g->count);
        used += n > 0 ? (size_t)n : 0;
        all_wait = all_wait && waits(s, g->adapter);
    }
    if (named > 0 && all_wait && used < size)
        snprintf(out + used, size - used, ", and each of these waits itself: a cycle");
    return out;
}

static void tell(const struct dma_system *s, const struct dma_request *r, struct emu_waiters *w)
{
    const struct dma_adapter *a = r->adapter;
    char held[HOLDERS_TEXT];
    switch ((enum dma_request_state)r->state) {
    case DMA_REQUEST_WAIT_ADAPTER:
        emu_waiter(w, UINT64_MAX, "a request of %s waits for the adapter, which another request has",
                   dma_adapter_name(a).text);
        break;
    case DMA_REQUEST_WAIT_CHANNEL:
        emu_waiter(w, UINT64_MAX, "a request of %s waits for channel %u, which %s has",
                   dma_adapter_name(a).text, (unsigned)a->channel->number,
                   a->channel->owner != NULL ? dma_adapter_name(a->channel->owner->adapter).text : "nobody");
        break;
    case DMA_REQUEST_WAIT_REGISTERS:
        emu_waiter(w, UINT64_MAX, "a request of %s waits for %u map registers, %u are free%s",
                   dma_adapter_name(a).text, (unsigned)r->wanted, (unsigned)s->pool.free,
                   holders(s, held, sizeof held));
        break;
    default:
        break;
    }
}

static void list_requests(struct emu_machine *m, void *context, struct emu_waiters *w)
{
    const struct dma_system *s = context;
    (void)m;
    for (uint32_t i = 0; i < s->requests.count; i++) {
        const struct dma_request *r = dma_slots_at(&s->requests, i);
        if (r != NULL)
            tell(s, r, w);
    }
}

void dma_drain_boot(struct dma_system *s)
{
    emu_waiters_add(s->machine, list_requests, s);
}
