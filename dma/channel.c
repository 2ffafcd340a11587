/*
 * Channels of system DMA controllers: see channel.h.
 */
#include "dma/channel.h"

#include <emu/cpu.h>
#include <emu/finding.h>
#include <emu/unseen.h>

#include "dma/adapter.h"
#include "dma/context.h"
#include "dma/controller.h"
#include "dma/deferred.h"
#include "dma/list.h"
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

uint32_t dma_channel_fragments_next(struct dma_channel *c, uint32_t wanted)
{
    uint32_t count = dma_controller_fragments(c->controller, c->number, wanted);
    if (count == 0)
        emu_finding_raise(c->controller->system->machine, "DMA-EXT-9", NULL, NULL,
                          "QueryMaxFragments of %s says that the next transfer of channel %u can have none",
                          c->controller->name, c->number);
    return count;
}

uint32_t dma_channel_fragments_max(struct dma_channel *c)
{
    return dma_channel_fragments_next(c, UINT32_MAX);
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
    emu_finding_raise(a->system->machine, "DMA-CHANNEL-4", "0xE6/0D",
                      (const uint64_t[4]){0x0D, c->bytes, 0, 0},
                      "%s of %s while a transfer is mapped that was not flushed: FlushAdapterBuffers is owed",
                      deed, dma_adapter_name(a).text);
}

bool dma_channel_cancelled(const struct dma_channel *c)
{
    return c->owner != NULL && c->owner->transfer_cancelled;
}

static void require_units(const struct dma_channel *c, const struct dma_adapter *a, ULONG bytes)
{
    if (bytes % c->unit_bytes != 0)
        emu_finding_raise(
            a->system->machine, "DMA-CHANNEL-17", NULL, NULL,
            "a transfer of %s has an element of %u bytes, and its controller moves %u at a time",
            dma_adapter_name(a).text, (unsigned)bytes, c->unit_bytes);
}

void dma_channel_start(struct dma_channel *c, struct dma_adapter *a, const struct dma_list *list,
                       bool to_device, uint32_t device_offset, const struct dma_channel_end *end)
{
    static const char deed[] = "a mapping";
    /* An interrupt that is being handled is of a transfer before: this one begins when that is over. */
    dma_controller_await(c->controller);
    dma_channel_require_owned(c, a, deed);
    dma_channel_require_flushed(c, a, deed);
    EMU_DECLARED(a->system->machine, dma_channel_object(c), EMU_ACCESS_WRITE);
    EMU_ASSERT(c->completion == NULL);
    if (end->routine != NULL && c->interrupts) {
        c->completion = dma_slots_take(&a->system->completions);
        c->completion->adapter = a;
        c->completion->device = c->owner->device;
        c->completion->routine = end->routine;
        c->completion->context = end->context;
        a->completions_owed++;
    }
    c->state = DMA_CHANNEL_RUNNING;
    c->was_cancelled = false;
    c->loops = a->loops;
    c->bytes = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        require_units(c, a, dma_list_element(list, i).Length);
        c->bytes += dma_list_element(list, i).Length;
    }
    dma_controller_program(c->controller, c->number, a, list, a->device_address + device_offset, to_device);
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

/* The end of a round: the routine is called, and still owed. */
static void call_round(struct dma_channel *c)
{
    struct dma_system *s = c->controller->system;
    if (c->completion == NULL)
        return;
    struct dma_completion *round = dma_slots_take(&s->completions);
    struct dma_slot slot = round->slot;
    *round = *c->completion;
    round->slot = slot;
    round->adapter->completions_owed++;
    dma_defer(s, emu_cpu(s->machine), complete, round, DmaComplete);
}

void dma_channel_ended(struct dma_channel *c, DMA_COMPLETION_STATUS status)
{
    if (c->state != DMA_CHANNEL_RUNNING)
        return;
    if (c->loops && status == DmaComplete) {
        call_round(c);
        return;
    }
    c->state = DMA_CHANNEL_ENDED;
    call_completion(c, status);
}

void dma_channel_stopped(struct dma_channel *c)
{
    c->was_cancelled = true;
    c->loops = false;
    dma_channel_ended(c, DmaCancelled);
}

/* A transfer that the controller could not stop any more has ended, or interrupts: that is heard of soon. */
void dma_channel_stop(struct dma_channel *c)
{
    if (c->state == DMA_CHANNEL_RUNNING)
        dma_controller_cancel(c->controller, c->number);
}

uint64_t dma_channel_done(struct dma_channel *c, const struct dma_adapter *a, uint64_t bytes)
{
    if (a->ignore_count || a->loops || c->state == DMA_CHANNEL_IDLE)
        return bytes;
    uint64_t left = dma_controller_counter(c->controller, c->number);
    uint64_t done = left < c->bytes ? c->bytes - left : 0;
    return done < bytes ? done : bytes;
}

void dma_channel_flushed(struct dma_channel *c)
{
    if (c->owner != NULL)
        c->owner->transfer_cancelled = false;
    if (c->state == DMA_CHANNEL_IDLE)
        return;
    if (c->state == DMA_CHANNEL_RUNNING && c->interrupts) {
        c->loops = false;
        dma_controller_listen(c->controller);
    }
    if (c->completion != NULL)
        dma_channel_ended(c,
                          dma_controller_counter(c->controller, c->number) == 0 ? DmaComplete : DmaAborted);
    dma_controller_flush(c->controller, c->number);
    c->state = DMA_CHANNEL_IDLE;
}

NTSTATUS dma_configure(struct dma_adapter *a, ULONG function, PVOID context)
{
    dma_controller_step(a, DMA_OP_CONFIGURE, function);
    return a->channel != NULL
               ? dma_controller_configure(a->channel->controller, a->channel->number, function, context)
               : STATUS_NOT_IMPLEMENTED;
}

NTSTATUS dma_cancel_mapped(struct dma_adapter *a, PVOID context)
{
    struct dma_channel *c = a->channel;
    dma_controller_step(a, DMA_OP_CANCEL_MAPPED, 0);
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
    dma_controller_step(a, DMA_OP_READ_COUNTER, 0);
    if (c != NULL && c->owner != NULL && c->owner != a->owner)
        dma_channel_require_owned(c, a, "ReadDmaCounter");
    return c != NULL ? dma_controller_counter(c->controller, c->number) : 0;
}
