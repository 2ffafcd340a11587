/*
 * Transfer contexts: see context.h.
 */
#include "dma/context.h"

#include <emu/deed.h>
#include <emu/finding.h>
#include <string.h>

#include "dma/adapter.h"
#include "dma/request.h"
#include "dma/system.h"

#define CONTEXT_MAGIC 0x3158544344414Dull
#define PLACE_MASK    0x9E3779B97F4A7C15ull

enum { ALLOCATION_CANCELLED = 1, TRANSFER_CANCELLED = 2 };

/* What lies in the driver's bytes. */
struct layout {
    uint64_t magic;
    uint64_t place;   /* its own address, as place_of() writes it */
    uint64_t request; /* handle; 0: it had none */
    uint64_t marks;
    uint64_t adapter; /* that it was initialized for: a number */
};
_Static_assert(sizeof(struct layout) <= DMA_TRANSFER_CONTEXT_SIZE_V1,
               "a transfer context must hold its layout");

static uint64_t place_of(const void *context)
{
    return (uint64_t)(uintptr_t)context ^ PLACE_MASK;
}

/* The context whose place that is. */
static const void *context_at(uint64_t place)
{
    return (const void *)(uintptr_t)(place ^ PLACE_MASK);
}

static struct layout get(const void *context)
{
    struct layout l;
    memcpy(&l, context, sizeof l);
    return l;
}

static void put(void *context, const struct layout *l)
{
    memcpy(context, l, sizeof *l);
}

static bool is_context(const struct layout *l, const void *context)
{
    return l->magic == CONTEXT_MAGIC && l->place == place_of(context);
}

/* The live request that l names and that was made with this context. */
static struct dma_request *request_of(const struct dma_system *s, const struct layout *l, const void *context)
{
    struct dma_request *r = dma_slots_find(&s->requests, l->request);
    return r != NULL && r->context == context ? r : NULL;
}

static void require_context(struct dma_adapter *a, const struct layout *l, const void *context)
{
    if (is_context(l, context))
        return;
    struct emu_machine *m = a->system->machine;
    if (l->magic == CONTEXT_MAGIC) {
        emu_deed_tell(m, context_at(l->place));
        emu_finding_raise(m, "DMA-CONTEXT-5", NULL, NULL,
                          "a DMA transfer context for %s was copied: it was initialized at another address",
                          dma_adapter_name(a).text);
    }
    emu_finding_raise(m, "DMA-CONTEXT-4", NULL, NULL,
                      "a DMA transfer context for %s was never initialized with InitializeDmaTransferContext",
                      dma_adapter_name(a).text);
}

static void require_no_waiting_request(struct dma_adapter *a, const struct layout *l, const void *context,
                                       const char *deed)
{
    struct dma_request *r = request_of(a->system, l, context);
    if (r == NULL || !(dma_request_waits(r) || r->state == DMA_REQUEST_GRANTED))
        return;
    emu_deed_tell(a->system->machine, context);
    emu_finding_raise(
        a->system->machine, "DMA-CONTEXT-3", NULL, NULL,
        "%s was given a DMA transfer context whose request on %s is still pending: a context carries one "
        "request at a time",
        deed, dma_adapter_name(r->adapter).text);
}

static void require_nothing_kept(struct dma_adapter *a, const struct layout *l, const void *context)
{
    struct dma_request *r = request_of(a->system, l, context);
    if (r == NULL || r->state != DMA_REQUEST_KEPT)
        return;
    emu_deed_tell(a->system->machine, context);
    emu_finding_raise(a->system->machine, "DMA-CONTEXT-8", NULL, NULL,
                      "an allocation was given a DMA transfer context that still stands for what %s has "
                      "allocated: FreeAdapterObject is owed",
                      dma_adapter_name(r->adapter).text);
}

/* With verification alone: nothing goes wrong by it. */
static void require_own(const struct dma_adapter *a, const struct layout *l)
{
    bool verifies = (haldma_verify(a->system->machine) & HALDMA_VERIFY_DMA) != 0;
    if (verifies && l->adapter != a->object)
        emu_finding_raise(a->system->machine, "DMA-CONTEXT-10", NULL, NULL,
                          "an allocation of %s was given a DMA transfer context that was initialized for "
                          "another adapter",
                          dma_adapter_name(a).text);
}

NTSTATUS dma_context_initialize(struct dma_adapter *a, PVOID context)
{
    if (context == NULL)
        return STATUS_INVALID_PARAMETER;
    struct layout l = get(context);
    if (is_context(&l, context))
        require_no_waiting_request(a, &l, context, "InitializeDmaTransferContext");
    unsigned char fresh[DMA_TRANSFER_CONTEXT_SIZE_V1] = {0};
    l = (struct layout){.magic = CONTEXT_MAGIC, .place = place_of(context), .adapter = a->object};
    memcpy(fresh, &l, sizeof l);
    memcpy(context, fresh, sizeof fresh);
    emu_deed_first(a->system->machine, context, "initialized");
    return STATUS_SUCCESS;
}

NTSTATUS dma_context_admit(struct dma_adapter *a, PVOID context)
{
    if (context == NULL)
        return STATUS_INVALID_PARAMETER;
    struct layout l = get(context);
    require_context(a, &l, context);
    require_no_waiting_request(a, &l, context, "an allocation");
    require_nothing_kept(a, &l, context);
    require_own(a, &l);
    return l.marks & ALLOCATION_CANCELLED ? STATUS_CANCELLED : STATUS_SUCCESS;
}

void dma_context_bind(PVOID context, struct dma_request *r)
{
    struct layout l = get(context);
    l.request = dma_slot_handle(&r->slot);
    r->context = context;
    r->transfer_cancelled = (l.marks & TRANSFER_CANCELLED) != 0;
    l.marks &= ~(uint64_t)TRANSFER_CANCELLED;
    put(context, &l);
    emu_deed_note(r->adapter->system->machine, context, "given a request");
}

void dma_context_require_intact(const struct dma_request *r)
{
    struct layout l = get(r->context);
    if (is_context(&l, r->context) && l.request == dma_slot_handle(&r->slot))
        return;
    emu_deed_tell(r->adapter->system->machine, r->context);
    emu_finding_raise(r->adapter->system->machine, "DMA-CONTEXT-9", NULL, NULL,
                      "the DMA transfer context of a request on %s was overwritten or freed before "
                      "AdapterControl was called",
                      dma_adapter_name(r->adapter).text);
}

struct dma_request *dma_context_request(struct dma_adapter *a, PVOID context, bool *idle)
{
    struct layout l = get(context);
    require_context(a, &l, context);
    *idle = l.request == 0;
    return request_of(a->system, &l, context);
}

/* False: it has that mark already. */
static bool add_mark(PVOID context, uint64_t mark)
{
    struct layout l = get(context);
    if (l.marks & mark)
        return false;
    l.marks |= mark;
    put(context, &l);
    return true;
}

void dma_context_cancel_allocation(PVOID context)
{
    add_mark(context, ALLOCATION_CANCELLED);
}

bool dma_context_cancel_transfer(PVOID context)
{
    return add_mark(context, TRANSFER_CANCELLED);
}
