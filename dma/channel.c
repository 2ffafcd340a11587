/*
 * Channels of system DMA controllers: see channel.h.
 */
#include "dma/channel.h"

#include <emu/cpu.h>
#include <emu/finding.h>

#include "dma/adapter.h"
#include "dma/context.h"
#include "dma/controller.h"
#include "dma/deferred.h"
#include "dma/operations.h"
#include "dma/request.h"
#include "dma/system.h"

/* A completion routine that is owed, with what it is told. */
struct dma_completion {
    struct dma_slot slot;
    struct dma_adapter *adapter;
    PDEVICE_OBJECT device;
    PDMA_COMPLETION_ROUTINE routine;
    PVOID context;
};

void dma_completions_init(struct dma_slots *slots, struct emu_machine *m)
{
    dma_slots_init(slots, m, sizeof(struct dma_completion));
}

emu_object dma_channel_object(const struct dma_channel *c)
{
    return c->controller->object;
}

uint32_t dma_channel_fragments_max(const struct dma_channel *c)
{
    return c->controller->ops->query_max_fragments(c->controller, c->number);
}

uint32_t dma_channel_width(const struct dma_channel *c)
{
    return c->controller->width;
}

void dma_channel_require_owned(const struct dma_channel *c, const struct dma_adapter *a, const char *deed)
{
    if (a->owner != NULL && c->owner == a->owner && dma_request_has_adapter(a->owner))
        return;
    emu_finding_raise(a->system->machine, "DMA-CHANNEL-3", NULL, NULL,
                      "%s on %s, which does not have its adapter channel allocated", deed,
                      dma_adapter_name(a).text);
}

void dma_channel_require_flushed(const struct dma_channel *c, const struct dma_adapter *a, const char *deed)
{
    if (c->state == DMA_CHANNEL_IDLE)
        return;
    emu_finding_raise(a->system->machine, "DMA-CHANNEL-4", "0xE6/0D", NULL,
                      "%s of %s while a transfer is mapped that was not flushed: FlushAdapterBuffers is owed",
                      deed, dma_adapter_name(a).text);
}

bool dma_channel_cancelled(const struct dma_channel *c)
{
    return c->owner != NULL && c->owner->transfer_cancelled;
}

void dma_channel_start(struct dma_channel *c, struct dma_adapter *a, const struct dma_list *list,
                       bool to_device, uint32_t device_offset, const struct dma_channel_end *end)
{
    EMU_ASSERT(c->state == DMA_CHANNEL_IDLE && c->owner != NULL && c->completion == NULL);
    if (end->routine != NULL) {
        c->completion = dma_slots_take(&a->system->completions);
        c->completion->adapter = a;
        c->completion->device = c->owner->device;
        c->completion->routine = end->routine;
        c->completion->context = end->context;
        a->completions_owed++;
    }
    c->state = DMA_CHANNEL_RUNNING;
    struct dma_program program = {
        .request_line = a->request_line,
        .list = list,
        .to_device = to_device,
        .loops = a->loops,
        .interrupts = true,
        .width = a->transfer_width,
        .device_address = a->device_address + device_offset,
    };
    c->controller->ops->program_channel(c->controller, c->number, &program);
}

static void complete(struct dma_system *s, void *argument, uint64_t value)
{
    struct dma_completion call = *(struct dma_completion *)argument;
    dma_slots_give(&s->completions, argument);
    emu_step(s->machine, DMA_OP_COMPLETION, dma_adapter_transfers(call.adapter), value);
    call.adapter->completions_owed--;
    call.routine(&call.adapter->face, call.device, call.context, (DMA_COMPLETION_STATUS)value);
}

/* The completion routine of the transfer that ended, if one is owed, gets its DPC. */
static void call_completion(struct dma_channel *c, DMA_COMPLETION_STATUS status)
{
    struct dma_system *s = c->controller->system;
    struct dma_completion *completion = c->completion;
    c->completion = NULL;
    if (completion != NULL)
        dma_defer(s, emu_cpu(s->machine), complete, completion, (uint64_t)status);
}

void dma_channel_ended(struct dma_channel *c, DMA_COMPLETION_STATUS status)
{
    if (c->state != DMA_CHANNEL_RUNNING)
        return;
    c->state = DMA_CHANNEL_ENDED;
    call_completion(c, status);
}

void dma_channel_stop(struct dma_channel *c)
{
    if (c->state == DMA_CHANNEL_RUNNING)
        c->controller->ops->cancel_transfer(c->controller, c->number);
}

void dma_channel_flushed(struct dma_channel *c)
{
    if (c->owner != NULL)
        c->owner->transfer_cancelled = false;
    if (c->state == DMA_CHANNEL_IDLE)
        return;
    DMA_COMPLETION_STATUS status = c->controller->ops->flush_channel(c->controller, c->number);
    c->state = DMA_CHANNEL_IDLE;
    call_completion(c, status);
}

NTSTATUS dma_cancel_mapped(struct dma_adapter *a, PVOID context)
{
    struct dma_channel *c = a->channel;
    emu_step(a->system->machine, DMA_OP_CANCEL_MAPPED, dma_adapter_transfers(a), 0);
    if (c == NULL)
        return STATUS_NOT_SUPPORTED;
    if (context == NULL)
        return STATUS_INVALID_PARAMETER;
    bool idle;
    struct dma_request *r = dma_context_request(a, context, &idle);
    if (idle)
        return dma_context_cancel_transfer(context) ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
    if (r == NULL || r->adapter != a || r->transfer_cancelled)
        return STATUS_UNSUCCESSFUL;
    r->transfer_cancelled = true;
    if (c->owner == r)
        dma_channel_stop(c);
    return STATUS_SUCCESS;
}

ULONG dma_read_counter(struct dma_adapter *a)
{
    struct dma_channel *c = a->channel;
    emu_step(a->system->machine, DMA_OP_READ_COUNTER, dma_adapter_transfers(a), 0);
    if (c != NULL && c->owner != NULL && c->owner != a->owner)
        dma_channel_require_owned(c, a, "ReadDmaCounter");
    return c != NULL ? c->controller->ops->read_dma_counter(c->controller, c->number) : 0;
}
