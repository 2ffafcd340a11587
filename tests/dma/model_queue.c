/*
 * The waiting queue, with plain arrays: see model_queue.h.
 */
#include "model_queue.h"

#include <string.h>

bool model_waits(const struct model_request *r)
{
    return r->stage >= MODEL_WAITS_ADAPTER && r->stage <= MODEL_WAITS_REGISTERS;
}

static bool has_adapter(const struct model_request *r)
{
    return r->stage > MODEL_WAITS_ADAPTER && r->stage <= MODEL_OWNS;
}

static bool has_channel(const struct model_request *r)
{
    return r->stage > MODEL_WAITS_CHANNEL && r->stage <= MODEL_OWNS;
}

int model_owner(const struct model_queue *q, int adapter)
{
    for (int i = 0; i < MODEL_SLOTS; i++)
        if (q->requests[i].adapter == adapter && has_adapter(&q->requests[i]))
            return i;
    return MODEL_NOBODY;
}

uint32_t model_count(const struct model_queue *q, int adapter, enum model_stage stage)
{
    uint32_t count = 0;
    for (int i = 0; i < MODEL_SLOTS; i++)
        count +=
            q->requests[i].stage == stage && (adapter == MODEL_NOBODY || q->requests[i].adapter == adapter);
    return count;
}

static bool channel_is_taken(const struct model_queue *q, int channel)
{
    for (int i = 0; i < MODEL_SLOTS; i++)
        if (has_channel(&q->requests[i]) && q->adapters[q->requests[i].adapter].channel == channel)
            return true;
    return false;
}

/* May this one have what it waits for, being the first that does? */
static bool can_go_on(const struct model_queue *q, const struct model_request *r)
{
    int channel = q->adapters[r->adapter].channel;
    switch (r->stage) {
    case MODEL_WAITS_ADAPTER:
        return model_owner(q, r->adapter) == MODEL_NOBODY;
    case MODEL_WAITS_CHANNEL:
        return channel == MODEL_NO_CHANNEL || !channel_is_taken(q, channel);
    default:
        return r->registers <= q->free;
    }
}

/* Do both wait for the same thing? */
static bool in_one_line(const struct model_queue *q, const struct model_request *a,
                        const struct model_request *b)
{
    if (a->stage != b->stage)
        return false;
    if (a->stage == MODEL_WAITS_ADAPTER)
        return a->adapter == b->adapter;
    if (a->stage == MODEL_WAITS_CHANNEL)
        return q->adapters[a->adapter].channel == q->adapters[b->adapter].channel &&
               q->adapters[a->adapter].channel != MODEL_NO_CHANNEL;
    return a->registers != 0 && b->registers != 0;
}

static bool is_first(const struct model_queue *q, const struct model_request *r)
{
    for (int i = 0; i < MODEL_SLOTS; i++)
        if (in_one_line(q, r, &q->requests[i]) && q->requests[i].since < r->since)
            return false;
    return true;
}

/* One request goes on; what is furthest in its life first. False: nobody can. */
static bool go_on(struct model_queue *q)
{
    for (int stage = MODEL_WAITS_REGISTERS; stage >= MODEL_WAITS_ADAPTER; stage--)
        for (int i = 0; i < MODEL_SLOTS; i++) {
            struct model_request *r = &q->requests[i];
            if ((int)r->stage != stage || !is_first(q, r) || !can_go_on(q, r))
                continue;
            r->stage++;
            r->since = q->clock++;
            if (r->stage == MODEL_GRANTED) {
                q->free -= r->registers;
                q->ready[q->ready_count++] = i;
            }
            return true;
        }
    return false;
}

static void let_go(struct model_queue *q, struct model_request *r, enum model_action action)
{
    if (action == MODEL_FREE)
        q->free += r->registers;
    if (action == MODEL_FREE || (action == MODEL_FREE_ALL_BUT_REGISTERS && r->registers == 0))
        r->stage = MODEL_ENDED;
    else
        r->stage = action == MODEL_KEEP ? MODEL_OWNS : MODEL_HOLDS;
}

/* Grants what can be granted and calls what was, until nothing is left. */
static void settle(struct model_queue *q)
{
    for (;;) {
        while (go_on(q))
            ;
        if (q->ready_count == 0)
            return;
        int slot = q->ready[0];
        memmove(q->ready, q->ready + 1, (size_t)--q->ready_count * sizeof q->ready[0]);
        struct model_request *r = &q->requests[slot];
        if (r->has_routine)
            q->calls[q->calls_count++] = slot;
        let_go(q, r, r->has_routine ? r->action : MODEL_KEEP);
    }
}

void model_initialize(struct model_queue *q, int slot)
{
    q->calls_count = 0;
    q->requests[slot] = (struct model_request){.stage = MODEL_FRESH};
}

enum model_outcome model_allocate(struct model_queue *q, const struct model_ask *ask)
{
    const struct model_adapter *a = &q->adapters[ask->adapter];
    struct model_request *r = &q->requests[ask->slot];
    q->calls_count = 0;
    if (r->stage == MODEL_MARKED)
        return MODEL_CANCELLED;
    if (ask->registers > a->registers_max)
        return MODEL_INSUFFICIENT;
    struct model_queue before = *q;
    *r = (struct model_request){
        .stage = MODEL_WAITS_ADAPTER,
        .action = ask->action,
        .has_routine = ask->has_routine,
        .adapter = ask->adapter,
        .registers = a->needs_registers ? ask->registers : 0,
        .since = q->clock++,
    };
    settle(q);
    if (!ask->now || !model_waits(r))
        return MODEL_SUCCESS;
    *q = before;
    return MODEL_INSUFFICIENT;
}

bool model_cancel(struct model_queue *q, int slot)
{
    struct model_request *r = &q->requests[slot];
    q->calls_count = 0;
    if (r->stage == MODEL_FRESH || r->stage == MODEL_MARKED) {
        r->stage = MODEL_MARKED;
        return true;
    }
    if (!model_waits(r))
        return false;
    r->stage = MODEL_ENDED;
    settle(q);
    return true;
}

void model_release(struct model_queue *q, int slot, enum model_action action)
{
    q->calls_count = 0;
    let_go(q, &q->requests[slot], action);
    settle(q);
}

void model_free_registers(struct model_queue *q, int slot)
{
    q->calls_count = 0;
    q->free += q->requests[slot].registers;
    q->requests[slot].stage = MODEL_ENDED;
    settle(q);
}
