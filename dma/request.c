/*
 * The state of a request: the one writer, and what holds in each state. The diagram is in request.h.
 */
#include "dma/request.h"

#include <emu/unseen.h>

#include "dma/adapter.h"
#include "dma/channel.h"
#include "dma/system.h"

#define BIT(state) (1u << (state))

/* The states that may follow each state. */
static const uint16_t legal[DMA_REQUEST_STATES] = {
    [DMA_REQUEST_FREE] = BIT(DMA_REQUEST_WAIT_ADAPTER),
    [DMA_REQUEST_WAIT_ADAPTER] = BIT(DMA_REQUEST_WAIT_CHANNEL) | BIT(DMA_REQUEST_FREE),
    [DMA_REQUEST_WAIT_CHANNEL] = BIT(DMA_REQUEST_WAIT_REGISTERS) | BIT(DMA_REQUEST_FREE),
    [DMA_REQUEST_WAIT_REGISTERS] = BIT(DMA_REQUEST_GRANTED) | BIT(DMA_REQUEST_FREE),
    [DMA_REQUEST_GRANTED] = BIT(DMA_REQUEST_CALLING) | BIT(DMA_REQUEST_KEPT),
    [DMA_REQUEST_CALLING] = BIT(DMA_REQUEST_KEPT) | BIT(DMA_REQUEST_RELEASED) | BIT(DMA_REQUEST_FREE),
    [DMA_REQUEST_RELEASED] = BIT(DMA_REQUEST_FREE),
    [DMA_REQUEST_KEPT] = BIT(DMA_REQUEST_FREE),
};

static bool owns_adapter(const struct dma_request *r)
{
    return r->adapter->owner == r;
}

static bool owns_channel(const struct dma_request *r)
{
    return r->adapter->channel == NULL || r->adapter->channel->owner == r;
}

/* What is true of a request between two operations. */
static bool holds(const struct dma_request *r)
{
    switch ((enum dma_request_state)r->state) {
    case DMA_REQUEST_FREE:
    case DMA_REQUEST_RELEASED:
        return r->place.line == NULL && !owns_adapter(r) && r->registers == 0;
    case DMA_REQUEST_WAIT_ADAPTER:
        return !owns_adapter(r) && r->registers == 0;
    case DMA_REQUEST_WAIT_CHANNEL:
        return owns_adapter(r) && r->registers == 0;
    case DMA_REQUEST_WAIT_REGISTERS:
        return owns_adapter(r) && owns_channel(r) && r->registers == 0;
    case DMA_REQUEST_GRANTED:
        return r->place.line == NULL && owns_adapter(r) && owns_channel(r) &&
               (r->registers == 0) == (r->wanted == 0);
    case DMA_REQUEST_CALLING:
        return r->place.line == NULL && owns_adapter(r) && (r->routine != NULL || r->list != NULL);
    case DMA_REQUEST_KEPT:
        return r->place.line == NULL && owns_adapter(r) && owns_channel(r);
    case DMA_REQUEST_STATES:
        break;
    }
    return false;
}

void dma_request_enter(struct dma_request *r, enum dma_request_state to)
{
    const struct dma_adapter *a = r->adapter;
    EMU_ASSERT(legal[r->state] & BIT(to));
    EMU_DECLARED(a->system->machine, dma_adapter_domain(a),
                 to == DMA_REQUEST_CALLING ? EMU_ACCESS_READ : EMU_ACCESS_WRITE);
    bool had = dma_request_has_adapter(r);
    r->state = (uint8_t)to;
    if (a->channel != NULL && (had || dma_request_has_adapter(r)))
        emu_touch(a->system->machine, dma_channel_object(a->channel),
                  EMU_ACCESS_WRITE); /* which asks for it */
    EMU_ASSERT(holds(r));
}
