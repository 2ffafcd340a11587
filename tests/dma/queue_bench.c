/*
 * The waiting queue of the emulator beside the model: see queue_bench.h.
 */
#include "queue_bench.h"

#include "dma/channel.h"

static const char *const deed_names[QUEUE_DEEDS] = {
    "AllocateAdapterChannelEx", "CancelAdapterChannel",         "FreeAdapterObject",
    "FreeMapRegisters",         "InitializeDmaTransferContext",
};

static const IO_ALLOCATION_ACTION actions[MODEL_ACTIONS] = {KeepObject, DeallocateObject,
                                                            DeallocateObjectKeepRegisters};

static void require_equal(const struct queue_bench *b, const struct queue_deed *deed, const char *sentence,
                          uint64_t actual, uint64_t expected)
{
    if (actual != expected)
        haldma_fail("queue",
                    "%s: %llu, the model says %llu: after deed %llu, %s of slot %d (adapter %d, %u "
                    "registers, now %d, "
                    "routine %d, action %d)",
                    sentence, (unsigned long long)actual, (unsigned long long)expected,
                    (unsigned long long)b->deeds, deed_names[deed->kind], deed->ask.slot, deed->ask.adapter,
                    deed->ask.registers, deed->ask.now, deed->ask.has_routine, (int)deed->ask.action);
}

/* ---- The bench ------------------------------------------------------------------------------- */

struct haldma_config queue_config(void)
{
    struct haldma_config config = world_config();
    config.map_registers = QUEUE_REGISTERS;
    config.adapter_map_registers_max = QUEUE_ADAPTER_REGISTERS;
    return config;
}

struct queue_bench *queue_open(int slots)
{
    struct queue_bench *b = haldma_scratch(sizeof *b);
    b->slots_count = slots;
    b->adapters[0] = world_adapter(32);
    b->adapters[1] = world_adapter(32);
    b->adapters[2] = world_adapter(64);
    b->adapters[3] = world_channel(WORLD_LINE);
    b->adapters[4] = world_channel(WORLD_LINE + 1);
    b->model.total = QUEUE_REGISTERS;
    b->model.free = QUEUE_REGISTERS;
    for (int i = 0; i < MODEL_ADAPTERS; i++)
        b->model.adapters[i] = (struct model_adapter){
            .needs_registers = i != 2,
            .registers_max = QUEUE_ADAPTER_REGISTERS,
            .channel = i < 3 ? MODEL_NO_CHANNEL : 0,
        };
    for (int i = 0; i < slots; i++) {
        b->slots[i].bench = b;
        queue_do(b, &(struct queue_deed){.kind = QUEUE_INITIALIZE, .ask = {.slot = i}});
    }
    return b;
}

static IO_ALLOCATION_ACTION control(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    struct queue_slot *slot = context;
    struct queue_bench *b = slot->bench;
    int number = (int)(slot - b->slots);
    (void)device;
    (void)irp;
    slot->base = base;
    rig_expect(b->calls_count < MODEL_CALLS_MAX);
    b->calls[b->calls_count++] = number;
    return actions[b->model.requests[number].action];
}

/* ---- Deeds ----------------------------------------------------------------------------------- */

bool queue_is_legal(const struct model_queue *q, const struct queue_deed *deed)
{
    const struct model_request *r = &q->requests[deed->ask.slot];
    bool is_master = q->adapters[deed->kind == QUEUE_ALLOCATE ? deed->ask.adapter : r->adapter].channel ==
                     MODEL_NO_CHANNEL;
    switch (deed->kind) {
    case QUEUE_ALLOCATE:
        return (r->stage <= MODEL_MARKED || r->stage == MODEL_ENDED) &&
               (deed->ask.has_routine || deed->ask.now) &&
               (is_master || deed->ask.action != MODEL_FREE_ALL_BUT_REGISTERS);
    case QUEUE_RELEASE:
        return r->stage == MODEL_OWNS && (is_master || deed->ask.action == MODEL_FREE);
    case QUEUE_FREE_REGISTERS:
        return r->stage == MODEL_HOLDS;
    case QUEUE_INITIALIZE:
        return r->stage <= MODEL_MARKED || r->stage == MODEL_ENDED;
    default:
        return true;
    }
}

static uint32_t imagine(struct model_queue *q, const struct queue_deed *deed)
{
    static const NTSTATUS statuses[] = {STATUS_SUCCESS, STATUS_INSUFFICIENT_RESOURCES, STATUS_CANCELLED};
    int slot = deed->ask.slot;
    switch (deed->kind) {
    case QUEUE_ALLOCATE:
        if (q->requests[slot].stage == MODEL_ENDED)
            model_initialize(q, slot);
        return (uint32_t)statuses[model_allocate(q, &deed->ask)];
    case QUEUE_CANCEL:
        return model_cancel(q, slot);
    case QUEUE_RELEASE:
        model_release(q, slot, deed->ask.action);
        return 0;
    case QUEUE_FREE_REGISTERS:
        model_free_registers(q, slot);
        return 0;
    default:
        model_initialize(q, slot);
        return (uint32_t)STATUS_SUCCESS;
    }
}

void queue_imagine(struct model_queue *q, const struct queue_deed *deed)
{
    (void)imagine(q, deed);
}

static uint32_t allocate(struct queue_bench *b, const struct model_ask *ask, bool initialize)
{
    PDMA_ADAPTER adapter = b->adapters[ask->adapter];
    struct queue_slot *slot = &b->slots[ask->slot];
    slot->base = NULL;
    slot->asked = ask->registers;
    if (initialize)
        rig_expect_equal(adapter->DmaOperations->InitializeDmaTransferContext(adapter, slot->context),
                         STATUS_SUCCESS);
    return (uint32_t)adapter->DmaOperations->AllocateAdapterChannelEx(
        adapter, NULL, slot->context, ask->registers, ask->now ? DMA_SYNCHRONOUS_CALLBACK : 0,
        ask->has_routine ? control : NULL, slot, ask->has_routine ? NULL : &slot->base);
}

/* stage and adapter: of the slot, before the deed. */
static uint32_t perform(struct queue_bench *b, const struct queue_deed *deed, enum model_stage stage,
                        int number)
{
    struct queue_slot *slot = &b->slots[deed->ask.slot];
    PDMA_ADAPTER adapter = b->adapters[number];
    PDMA_OPERATIONS o = adapter->DmaOperations;
    switch (deed->kind) {
    case QUEUE_ALLOCATE:
        return allocate(b, &deed->ask, stage == MODEL_ENDED);
    case QUEUE_CANCEL:
        return o->CancelAdapterChannel(adapter, NULL, slot->context);
    case QUEUE_RELEASE:
        o->FreeAdapterObject(adapter, actions[deed->ask.action]);
        return 0;
    case QUEUE_FREE_REGISTERS:
        o->FreeMapRegisters(adapter, slot->base, slot->asked);
        return 0;
    default:
        return (uint32_t)o->InitializeDmaTransferContext(adapter, slot->context);
    }
}

/* ---- Comparing ------------------------------------------------------------------------------- */

static void compare(const struct queue_bench *b, const struct queue_deed *deed)
{
    const struct model_queue *q = &b->model;
    const struct dma_pool *pool = world_pool();
    require_equal(b, deed, "routines called", (uint64_t)b->calls_count, (uint64_t)q->calls_count);
    for (int i = 0; i < q->calls_count; i++)
        require_equal(b, deed, "the slot whose routine was called", (uint64_t)b->calls[i],
                      (uint64_t)q->calls[i]);
    require_equal(b, deed, "free map registers", pool->free, q->free);
    require_equal(b, deed, "reserved map registers", pool->reserved, q->total - q->free);
    require_equal(b, deed, "who waits for map registers", pool->line.length,
                  model_count(q, MODEL_NOBODY, MODEL_WAITS_REGISTERS));
    for (int i = 0; i < MODEL_ADAPTERS; i++) {
        const struct dma_adapter *a = dma_adapter_of(b->adapters[i]);
        require_equal(b, deed, "an owner of the adapter", a->owner != NULL,
                      model_owner(q, i) != MODEL_NOBODY);
        require_equal(b, deed, "who waits for the adapter", a->line.length,
                      model_count(q, i, MODEL_WAITS_ADAPTER));
        if (a->channel != NULL)
            require_equal(b, deed, "who waits for the channel", a->channel->line.length,
                          model_count(q, MODEL_NOBODY, MODEL_WAITS_CHANNEL));
    }
    for (int i = 0; i < b->slots_count; i++) {
        const struct model_request *r = &q->requests[i];
        if (r->stage == MODEL_OWNS || r->stage == MODEL_HOLDS)
            require_equal(b, deed, "a base", b->slots[i].base != NULL, r->registers != 0);
    }
}

void queue_do(struct queue_bench *b, const struct queue_deed *deed)
{
    enum model_stage stage = b->model.requests[deed->ask.slot].stage;
    int adapter = b->model.requests[deed->ask.slot].adapter;
    b->deeds++;
    b->calls_count = 0;
    uint32_t expected = imagine(&b->model, deed);
    require_equal(b, deed, "the result", perform(b, deed, stage, adapter), expected);
    compare(b, deed);
}

void queue_drain(struct queue_bench *b)
{
    static const enum queue_deed_kind kinds[] = {QUEUE_CANCEL, QUEUE_RELEASE, QUEUE_FREE_REGISTERS};
    for (unsigned kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++)
        for (int slot = 0; slot < b->slots_count; slot++) {
            struct queue_deed deed = {.kind = kinds[kind], .ask = {.slot = slot, .action = MODEL_FREE}};
            if (queue_is_legal(&b->model, &deed) &&
                (deed.kind != QUEUE_CANCEL || model_waits(&b->model.requests[slot])))
                queue_do(b, &deed);
        }
    for (int slot = 0; slot < b->slots_count; slot++)
        queue_do(b, &(struct queue_deed){.kind = QUEUE_INITIALIZE, .ask = {.slot = slot}});
    rig_expect_equal(world_pool()->free, QUEUE_REGISTERS);
}
