/*
 * Scatter/gather lists: asking for one, building it, putting it back. See sglist.h.
 */
#include "dma/sglist.h"

#include <emu/finding.h>
#include <hal/pool.h>

#include "dma/adapter.h"
#include "dma/allocation.h"
#include "dma/channel.h"
#include "dma/legal.h"
#include "dma/list.h"
#include "dma/operations.h"
#include "dma/queue.h"
#include "dma/registers.h"
#include "dma/request.h"
#include "dma/sglist_seal.h"
#include "dma/system.h"
#include "dma/walk.h"

/* The tag of lists that the platform allocates: "SgLt", first character in the low byte. */
#define LIST_TAG 0x744C6753u

#define FLAGS (DMA_SYNCHRONOUS_CALLBACK | DMA_ZERO_BUFFERS | DMA_FAIL_ON_BOUNCE)

void dma_sglists_init(struct dma_slots *slots, struct emu_machine *m)
{
    dma_slots_init(slots, m, sizeof(struct dma_sglist));
}

/* ---- Asking ---------------------------------------------------------------------------------- */

static const char *deed_of(const struct dma_adapter *a, emu_op op)
{
    return emu_op_info(a->system->machine, op)->name;
}

void dma_sglist_drop(struct dma_sglist *l)
{
    struct dma_system *s = l->adapter->system;
    if (l->from_pool)
        ExFreePoolWithTag(l->buffer, LIST_TAG);
    dma_slots_give(&s->lists, l);
}

/* The record of a list, with its buffer; NULL without memory for that. */
static struct dma_sglist *make_list(struct dma_adapter *a, const struct dma_sglist_ask *ask, uint32_t pages)
{
    PVOID buffer = ask->buffer;
    if (!ask->has_buffer)
        buffer = hal_pool_take(ask->op, NonPagedPoolNx, dma_sglist_bytes(a, pages), LIST_TAG);
    if (buffer == NULL)
        return NULL;
    struct dma_sglist *l = dma_slots_take(&a->system->lists);
    struct dma_slot slot = l->slot;
    *l = (struct dma_sglist){
        .slot = slot,
        .adapter = a,
        .routine = ask->routine,
        .buffer = buffer,
        .answer = ask->answer,
        .part = {.mdl = ask->mdl,
                 .offset = ask->offset,
                 .length = ask->length,
                 .to_device = ask->to_device,
                 .one_piece = dma_sglist_elements(a, pages) == 1},
        .pages = pages,
        .mdl_bytes = ask->mdl->ByteCount,
        .mdl_start = ask->mdl->ByteOffset,
        .op = ask->op,
        .from_pool = !ask->has_buffer,
        .zero_buffers = (ask->flags & DMA_ZERO_BUFFERS) != 0,
        .fail_on_bounce = (ask->flags & DMA_FAIL_ON_BOUNCE) != 0,
    };
    return l;
}

/* The part of the chain is good; whether there is room for its list, and registers, is still to be seen. */
static NTSTATUS submit(struct dma_adapter *a, const struct dma_sglist_ask *ask, const struct dma_walk *walk)
{
    dma_legal_locked(a, walk, ask->length, deed_of(a, ask->op));
    uint32_t pages = dma_walk_pages(walk, ask->length);
    if (ask->has_buffer && ask->buffer_bytes < dma_sglist_bytes(a, pages))
        return STATUS_BUFFER_TOO_SMALL;
    if (pages >
        a->registers_max) /* dma_allocate() says so too: here before there is memory for such a list */
        return STATUS_INSUFFICIENT_RESOURCES;
    struct dma_sglist *l = make_list(a, ask, pages);
    if (l == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    if (!l->fail_on_bounce || !dma_bounces(a, &l->part))
        status = dma_allocate(a, &(struct dma_ask){
                                     .device = ask->device,
                                     .context = ask->context,
                                     .registers = pages,
                                     .synchronous = (ask->flags & DMA_SYNCHRONOUS_CALLBACK) != 0,
                                     .routine_context = ask->routine_context,
                                     .list = l,
                                 });
    if (!NT_SUCCESS(status))
        dma_sglist_drop(l);
    return status;
}

static bool good(const struct dma_sglist_ask *ask)
{
    bool synchronous = (ask->flags & DMA_SYNCHRONOUS_CALLBACK) != 0;
    if (ask->context == NULL || ask->mdl == NULL || ask->length == 0 || (ask->flags & ~(ULONG)FLAGS) != 0)
        return false;
    if (ask->has_buffer && ask->buffer == NULL)
        return false;
    return ask->routine != NULL || (synchronous && ask->answer != NULL);
}

NTSTATUS dma_sglist_ask_ex(struct dma_adapter *a, const struct dma_sglist_ask *ask)
{
    struct emu_machine *m = a->system->machine;
    const char *deed = deed_of(a, ask->op);
    if (!a->master)
        emu_finding_raise(m, "DMA-LIST-19", NULL, NULL,
                          "%s of %s, which is a system DMA adapter: it is for bus masters only", deed,
                          dma_adapter_name(a).text);
    struct dma_walk walk;
    if (!good(ask))
        return STATUS_INVALID_PARAMETER;
    dma_legal_chain(a, ask->mdl, ask->offset, ask->length, deed);
    if (!dma_walk_to(&walk, ask->mdl, ask->offset) || !dma_walk_has(&walk, ask->length))
        return STATUS_INVALID_PARAMETER;
    return submit(a, ask, &walk);
}

NTSTATUS dma_sglist_ask(struct dma_adapter *a, struct dma_sglist_ask *ask, PVOID virtual_address)
{
    struct emu_machine *m = a->system->machine;
    const char *deed = deed_of(a, ask->op);
    dma_legal_mdl(a, ask->mdl, deed);
    if (ask->routine == NULL)
        emu_finding_raise(m, "DMA-LIST-20", NULL, NULL, "%s of %s without an AdapterListControl routine",
                          deed, dma_adapter_name(a).text);
    if (ask->has_buffer && ask->buffer == NULL)
        emu_finding_raise(m, "DMA-LIST-21", NULL, NULL, "%s of %s without a buffer for the list", deed,
                          dma_adapter_name(a).text);
    if (ask->length == 0)
        emu_finding_raise(m, "DMA-MAP-17", "0xE6/21", (const uint64_t[4]){0x21, 0, 0, 0},
                          "%s of %s for zero bytes", deed, dma_adapter_name(a).text);
    struct dma_walk walk;
    ask->offset = dma_sglist_offset(a, ask->mdl, virtual_address, deed);
    dma_legal_chain(a, ask->mdl, ask->offset, ask->length, deed);
    if (!dma_walk_to(&walk, ask->mdl, ask->offset) || !dma_walk_has(&walk, ask->length))
        return STATUS_BUFFER_TOO_SMALL;
    return submit(a, ask, &walk);
}

/* ---- Building -------------------------------------------------------------------------------- */

/* Nobody has changed the MDL since the list was asked for: the memory that it describes is in use. */
static void require_same_mdl(const struct dma_sglist *l, const char *deed)
{
    const MDL *mdl = l->part.mdl;
    dma_legal_touch_mdl(l->adapter, mdl);
    if (mdl->ByteCount == l->mdl_bytes && mdl->ByteOffset == l->mdl_start)
        return;
    emu_finding_raise(l->adapter->system->machine, "DMA-LIST-24", NULL, NULL,
                      "the MDL of a scatter/gather list of %s was changed or freed before %s",
                      dma_adapter_name(l->adapter).text, deed);
}

static void require_chain(const struct dma_sglist *l)
{
    static const char deed[] = "the list was built";
    const struct dma_part *part = &l->part;
    struct dma_walk walk;
    require_same_mdl(l, deed);
    if (dma_walk_to(&walk, part->mdl, part->offset) && dma_walk_has(&walk, part->length) &&
        dma_walk_pages(&walk, part->length) == l->pages)
        return;
    emu_finding_raise(l->adapter->system->machine, "DMA-LIST-24", NULL, NULL,
                      "an MDL in the chain of a scatter/gather list of %s was changed or freed before %s",
                      dma_adapter_name(l->adapter).text, deed);
}

bool dma_sglist_build(struct dma_request *r)
{
    struct dma_sglist *l = r->list;
    struct dma_adapter *a = l->adapter;
    struct dma_registers *g = dma_slots_find(&a->system->pool.held, r->registers);
    struct dma_list list;
    require_chain(l);
    dma_sglist_require_unused(l);
    uint32_t elements = dma_sglist_elements(a, l->pages);
    dma_list_init(&list, (unsigned char *)l->buffer + offsetof(SCATTER_GATHER_LIST, Elements), elements);
    if (!dma_map_all(a, g, &l->part, &list))
        return false;
    EMU_ASSERT(list.count >= 1 && list.count <= elements);
    emu_touch(a->system->machine, dma_adapter_transfers(a), EMU_ACCESS_WRITE);
    l->registers = r->registers;
    l->built = true;
    a->lists_built++;
    dma_sglist_seal(l, list.count);
    if (a->channel != NULL)
        dma_channel_start(a->channel, a, &list, l->part.to_device, 0, &(struct dma_channel_end){NULL, NULL});
    return true;
}

IO_ALLOCATION_ACTION dma_sglist_call(struct dma_request *r)
{
    struct dma_sglist *l = r->list;
    struct dma_adapter *a = l->adapter;
    if (!l->built && !dma_sglist_build(r))
        emu_finding_raise(a->system->machine, "DMA-MAP-25", NULL, NULL,
                          "the machine lacks memory for the double buffer of %s, %u pages in a row within %u "
                          "address bits, and AdapterListControl cannot be told: no error of the driver",
                          dma_adapter_name(a).text, l->pages, a->width);
    l->routine(r->device, r->irp, l->buffer, r->routine_context);
    /* A system DMA controller works on with its channel: that stays until the list is put. */
    return a->channel != NULL && a->owner == r && r->list != NULL ? KeepObject
                                                                  : DeallocateObjectKeepRegisters;
}

/* ---- Putting it back ------------------------------------------------------------------------- */

void dma_sglist_put(struct dma_adapter *a, PSCATTER_GATHER_LIST list, bool to_device)
{
    static const char deed[] = "PutScatterGatherList";
    struct dma_system *s = a->system;
    emu_step(s->machine, DMA_OP_PUT_LIST, dma_adapter_domain(a), 0);
    struct dma_sglist *l = dma_sglist_of(a, list, deed);
    if (l->part.to_device != to_device)
        emu_finding_report(s->machine, "DMA-FLUSH-9", NULL, NULL,
                           "%s of %s says that the data went %s the device, and it was mapped to go %s it",
                           deed, dma_adapter_name(a).text, to_device ? "to" : "from",
                           to_device ? "from" : "to");
    require_same_mdl(l, deed);
    emu_touch(s->machine, dma_adapter_transfers(a), EMU_ACCESS_WRITE);
    uint8_t level = dma_queue_rise(s->machine);
    struct dma_registers *g = dma_slots_find(&s->pool.held, l->registers);
    struct dma_request *r = a->owner != NULL && a->owner->list == l ? a->owner : NULL;
    dma_unmap_all(a, g, &l->part, deed);
    dma_sglist_forget_copies(l);
    a->lists_put++;
    dma_sglist_drop(l);
    if (r != NULL) {
        r->list = NULL;
        r->registers = 0;
    }
    if (g != NULL)
        dma_queue_give_registers(s, g);
    if (r != NULL && a->channel != NULL && r->state == DMA_REQUEST_KEPT)
        dma_queue_end(r, true, DMA_REQUEST_FREE, deed);
    dma_queue_run(s);
    dma_queue_sink(s->machine, level);
}
