/*
 * Mapping and flushing: see transfer.h.
 */
#include "dma/transfer.h"

#include <emu/choose.h>
#include <emu/finding.h>
#include <emu/mem.h>
#include <string.h>

#include "dma/adapter.h"
#include "dma/bounce.h"
#include "dma/channel.h"
#include "dma/list.h"
#include "dma/operations.h"
#include "dma/registers.h"
#include "dma/system.h"
#include "dma/walk.h"

/* Elements of the list that MapTransferEx uses for system DMA without a buffer of the caller's. */
enum { DEFAULT_LIST_ELEMENTS = 16 };

/* A mapping while it is made. */
struct mapping {
    struct dma_adapter *adapter;
    struct dma_registers *registers; /* NULL: none are needed, or none were asked for */
    PMDL mdl;                        /* as the driver named it */
    uint64_t start;                  /* where in it, or in its chain, the transfer begins */
    uint64_t length;                 /* wanted */
    uint64_t mapped;
    bool to_device;
    bool may_stop; /* the platform may map less than it could */
    struct dma_walk walk;
    struct dma_list list;
};

/* ---- What drivers get wrong ------------------------------------------------------------------ */

/* The registers that a base names: NULL for NULL. Others' and freed ones are findings. */
static struct dma_registers *registers_of(struct dma_adapter *a, PVOID base, const char *deed)
{
    if (base == NULL)
        return NULL;
    struct dma_registers *g = dma_slots_find(&a->system->pool.held, dma_handle_of(base));
    if (g != NULL && g->adapter == a)
        return g;
    emu_finding_raise(a->system->machine, "DMA-REG-3", NULL, NULL, "%s of %s with a MapRegisterBase that %s",
                      deed, dma_adapter_name(a).text,
                      g != NULL ? "belongs to another adapter" : "was freed, or was never allocated");
}

static void require_locked(const struct dma_adapter *a, const MDL *mdl, const char *deed)
{
    enum { RESIDENT = MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL | MDL_IO_SPACE };
    if (mdl->MdlFlags & RESIDENT)
        return;
    emu_finding_raise(a->system->machine, "DMA-MAP-15", "0xE6/0E", NULL,
                      "%s of %s for a buffer that is not locked: its MDL describes no pages", deed,
                      dma_adapter_name(a).text);
}

static void require_flushed(const struct dma_adapter *a, const struct dma_registers *g, const char *deed)
{
    if (a->channel != NULL)
        dma_channel_require_flushed(a->channel, a, deed);
    if (g == NULL || g->used == 0)
        return;
    emu_finding_raise(
        a->system->machine, "DMA-MAP-14", "0xE6/0D", (const uint64_t[4]){0x0D, g->bytes, 0, 0},
        "%s of %s while %llu bytes are mapped that were not flushed: FlushAdapterBuffersEx is owed", deed,
        dma_adapter_name(a).text, (unsigned long long)g->bytes);
}

static void require_mdl(const struct dma_adapter *a, const MDL *mdl, const char *deed)
{
    if (mdl == NULL)
        emu_finding_raise(a->system->machine, "DMA-MAP-23", NULL, NULL, "%s of %s without an MDL", deed,
                          dma_adapter_name(a).text);
}

/* A virtual address as offset into its MDL, with length bytes behind it. */
static uint64_t offset_of(const struct dma_adapter *a, PMDL mdl, PVOID virtual_address, ULONG length,
                          const char *deed)
{
    uint64_t first = (uint64_t)(uintptr_t)mdl->StartVa + mdl->ByteOffset;
    uint64_t at = (uint64_t)(uintptr_t)virtual_address - first;
    if (at >= mdl->ByteCount)
        emu_finding_raise(a->system->machine, "DMA-MAP-12", "0xE6/1B", NULL,
                          "%s of %s with an address that is not in the MDL", deed, dma_adapter_name(a).text);
    if (length > mdl->ByteCount - at)
        emu_finding_raise(a->system->machine, "DMA-MAP-13", "0xE6/24",
                          (const uint64_t[4]){0x24, length, 0, 0},
                          "%s of %s for %u bytes where the MDL has %u left", deed, dma_adapter_name(a).text,
                          (unsigned)length, (unsigned)(mdl->ByteCount - at));
    return at;
}

/* ---- Mapping --------------------------------------------------------------------------------- */

static bool reachable(const struct mapping *x, struct dma_step step)
{
    return step.physical + step.bytes - 1 <= x->adapter->highest;
}

static bool registers_left(const struct mapping *x)
{
    return x->registers == NULL || x->registers->used < x->registers->count;
}

/* The next register maps a piece: directly, or through offset of the double buffer. */
static void use_register(struct mapping *x, struct dma_step step, bool buffered, uint32_t offset)
{
    struct dma_registers *g = x->registers;
    struct dma_system *s = x->adapter->system;
    if (g == NULL)
        return;
    if (buffered) {
        unsigned char *memory = emu_ram_at(s->machine, step.physical);
        if (memory == NULL)
            emu_finding_raise(s->machine, "DMA-MAP-16", NULL, NULL,
                              "a transfer of %s needs a double buffer for pages that are no memory",
                              dma_adapter_name(x->adapter).text);
        *dma_bounce_piece(g, g->used) = (struct dma_piece){
            .memory = memory,
            .mdl = x->mdl,
            .at = x->start + x->mapped,
            .bytes = step.bytes,
            .offset = offset,
        };
        if (x->to_device)
            memcpy(dma_bounce_memory(g) + offset, memory, step.bytes);
    }
    dma_registers_use(&s->pool, g);
}

static void go(struct mapping *x, struct dma_step step)
{
    x->mapped += step.bytes;
    dma_walk_go(&x->walk, step.bytes);
}

/* Page by page, each where it is or in the double buffer at the same place in its page. */
static void map_scattered(struct mapping *x)
{
    struct dma_registers *g = x->registers;
    struct dma_system *s = x->adapter->system;
    while (x->mapped < x->length && registers_left(x)) {
        struct dma_step step = dma_walk_look(&x->walk, x->length - x->mapped);
        bool direct = reachable(x, step) && (g == NULL || !g->always_buffer);
        uint64_t logical = step.physical;
        uint32_t offset = 0;
        if (!direct) {
            if (g == NULL || !dma_bounce_take(&s->pool, g, s->machine))
                return;
            offset = g->used << EMU_PAGE_SHIFT | (uint32_t)(step.physical % EMU_PAGE_SIZE);
            logical = dma_bounce_logical(g) + offset;
        }
        if (!dma_list_takes(&x->list, logical))
            return;
        if (x->may_stop && x->list.count > 0 && !dma_list_joins(&x->list, logical)) {
            x->may_stop = false;
            if (emu_latitude(s->machine, DMA_OP_MAP_EX, 2) != 0)
                return;
        }
        use_register(x, step, !direct, offset);
        dma_list_add(&x->list, logical, step.bytes);
        go(x, step);
    }
}

/* How far the transfer gets as one piece, and whether it can stay where it is. */
struct survey {
    uint64_t direct;   /* bytes from the start that are one reachable piece */
    uint64_t buffered; /* bytes for which there are registers */
};

static struct survey look_ahead(const struct mapping *x)
{
    const struct dma_registers *g = x->registers;
    uint32_t registers = g != NULL ? g->count - g->used : UINT32_MAX;
    struct survey v = {0};
    struct dma_walk walk = x->walk;
    uint64_t next = 0;
    while (v.buffered < x->length && registers-- > 0) {
        struct dma_step step = dma_walk_look(&walk, x->length - v.buffered);
        bool goes_on = v.direct == v.buffered && (v.buffered == 0 || step.physical == next);
        if (goes_on && reachable(x, step))
            v.direct += step.bytes;
        next = step.physical + step.bytes;
        v.buffered += step.bytes;
        dma_walk_go(&walk, step.bytes);
    }
    return v;
}

/* As one piece, which begins at the same place in its page. */
static void map_contiguous(struct mapping *x)
{
    struct dma_registers *g = x->registers;
    struct dma_system *s = x->adapter->system;
    struct survey v = look_ahead(x);
    bool direct = g == NULL || (v.direct == v.buffered && !g->always_buffer);
    uint64_t end = direct ? v.direct : v.buffered;
    if (end == 0 || (!direct && !dma_bounce_take(&s->pool, g, s->machine)))
        return;
    struct dma_step first = dma_walk_look(&x->walk, end);
    uint32_t offset = direct ? 0 : g->used << EMU_PAGE_SHIFT | (uint32_t)(first.physical % EMU_PAGE_SIZE);
    uint64_t logical = direct ? first.physical : dma_bounce_logical(g) + offset;
    while (x->mapped < end) {
        struct dma_step step = dma_walk_look(&x->walk, end - x->mapped);
        use_register(x, step, !direct, offset + (uint32_t)x->mapped);
        go(x, step);
    }
    dma_list_add(&x->list, logical, (uint32_t)end);
}

static void map(struct mapping *x)
{
    struct dma_registers *g = x->registers;
    if (x->adapter->scatter_gather)
        map_scattered(x);
    else
        map_contiguous(x);
    dma_list_end(&x->list);
    if (g == NULL || x->mapped == 0)
        return;
    g->several |= g->mdl != NULL && g->mdl != x->mdl;
    g->mdl = x->mdl;
    g->bytes += x->mapped;
}

/* Elements that fit behind the list's head in a buffer of so many bytes. */
static uint32_t elements_in(ULONG bytes)
{
    uint32_t head = (uint32_t)offsetof(SCATTER_GATHER_LIST, Elements);
    return bytes < head ? 0 : (bytes - head) / (uint32_t)sizeof(SCATTER_GATHER_ELEMENT);
}

static void write_list_head(PSCATTER_GATHER_LIST buffer, uint32_t count)
{
    SCATTER_GATHER_LIST head = {.NumberOfElements = count};
    memcpy(buffer, &head, offsetof(SCATTER_GATHER_LIST, Elements));
}

static bool good(const struct dma_adapter *a, const struct dma_map_ask *ask)
{
    if (ask->mdl == NULL || ask->length == NULL)
        return false;
    if (ask->buffer != NULL && elements_in(ask->buffer_bytes) == 0)
        return false;
    if (a->channel != NULL)
        return *ask->length != 0;
    return ask->buffer != NULL && ask->completion == NULL && ask->device_offset == 0;
}

NTSTATUS dma_map_ex(struct dma_adapter *a, const struct dma_map_ask *ask)
{
    static const char deed[] = "MapTransferEx";
    SCATTER_GATHER_ELEMENT own[DEFAULT_LIST_ELEMENTS];
    uint32_t wanted = ask->length != NULL ? *ask->length : 0;
    emu_step(a->system->machine, DMA_OP_MAP_EX, dma_adapter_transfers(a), wanted);
    if (!good(a, ask))
        return STATUS_INVALID_PARAMETER;
    struct mapping x = {
        .adapter = a,
        .registers = registers_of(a, ask->base, deed),
        .mdl = ask->mdl,
        .start = ask->offset,
        .length = wanted,
        .to_device = ask->to_device,
        .may_stop = true,
    };
    require_locked(a, ask->mdl, deed);
    if (!dma_walk_to(&x.walk, ask->mdl, ask->offset) || !dma_walk_has(&x.walk, wanted))
        return STATUS_INVALID_PARAMETER;
    if (a->channel != NULL) {
        dma_channel_require_owned(a->channel, a, deed);
        if (dma_channel_cancelled(a->channel))
            return STATUS_CANCELLED;
    }
    require_flushed(a, x.registers, deed);
    if (emu_fault(a->system->machine, DMA_OP_MAP_EX))
        return STATUS_INSUFFICIENT_RESOURCES;

    if (ask->buffer != NULL)
        dma_list_init(&x.list, (unsigned char *)ask->buffer + offsetof(SCATTER_GATHER_LIST, Elements),
                      elements_in(ask->buffer_bytes));
    else
        dma_list_init(&x.list, own, DEFAULT_LIST_ELEMENTS);
    if (a->channel != NULL && x.list.limit > dma_channel_fragments_max(a->channel))
        x.list.limit = dma_channel_fragments_max(a->channel);
    map(&x);
    if (x.mapped == 0 && wanted != 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    *ask->length = (ULONG)x.mapped;
    if (ask->buffer != NULL)
        write_list_head(ask->buffer, x.list.count);
    if (a->channel != NULL)
        dma_channel_start(a->channel, a, &x.list, ask->to_device, ask->device_offset,
                          &(struct dma_channel_end){ask->completion, ask->completion_context});
    return STATUS_SUCCESS;
}

/* A call of version 1 says nothing but an address: what it cannot map is the driver's error. */
static void require_mapped(const struct mapping *x, const char *deed)
{
    bool may_be_short = x->adapter->master && x->adapter->scatter_gather;
    if (x->mapped == x->length || (may_be_short && x->mapped > 0))
        return;
    uint32_t count = x->registers != NULL ? x->registers->count : 0;
    emu_finding_raise(x->adapter->system->machine, "DMA-MAP-11", NULL, NULL,
                      "%s of %s for %llu bytes, of which %u map registers map %llu", deed,
                      dma_adapter_name(x->adapter).text, (unsigned long long)x->length, count,
                      (unsigned long long)x->mapped);
}

uint64_t dma_map(struct dma_adapter *a, PMDL mdl, PVOID base, PVOID virtual_address, PULONG length,
                 bool to_device)
{
    static const char deed[] = "MapTransfer";
    SCATTER_GATHER_ELEMENT piece;
    emu_step(a->system->machine, DMA_OP_MAP, dma_adapter_transfers(a), *length);
    require_mdl(a, mdl, deed);
    require_locked(a, mdl, deed);
    if (*length == 0)
        emu_finding_raise(a->system->machine, "DMA-MAP-17", "0xE6/21", NULL, "%s of %s for zero bytes", deed,
                          dma_adapter_name(a).text);
    struct mapping x = {
        .adapter = a,
        .registers = registers_of(a, base, deed),
        .mdl = mdl,
        .start = offset_of(a, mdl, virtual_address, *length, deed),
        .length = *length,
        .to_device = to_device,
    };
    if (a->channel != NULL) {
        dma_channel_require_owned(a->channel, a, deed);
        dma_channel_require_flushed(a->channel, a, deed);
    }
    x.walk = (struct dma_walk){mdl, (uint32_t)x.start};
    dma_list_init(&x.list, &piece, 1);
    map(&x);
    require_mapped(&x, deed);
    *length = (ULONG)x.mapped;
    if (a->channel != NULL)
        dma_channel_start(a->channel, a, &x.list, to_device, 0, &(struct dma_channel_end){NULL, NULL});
    return (uint64_t)piece.Address.QuadPart;
}

/* ---- Flushing -------------------------------------------------------------------------------- */

/* What lies in double buffers of this part of the MDL goes back to the driver's memory. */
static void put_back(const struct dma_registers *g, PMDL mdl, uint64_t at, uint64_t length, bool to_device)
{
    for (uint32_t i = 0; i < g->used; i++) {
        struct dma_piece *p = dma_bounce_piece(g, i);
        if (p->memory == NULL || p->mdl != mdl || p->at + p->bytes <= at || p->at >= at + length)
            continue;
        if (!to_device)
            memcpy(p->memory, dma_bounce_memory(g) + p->offset, p->bytes);
        p->memory = NULL;
    }
}

static void require_something_mapped(const struct dma_adapter *a, const struct dma_registers *g, ULONG length,
                                     const char *deed)
{
    const struct dma_channel *c = a->channel;
    bool nothing =
        c != NULL ? c->state == DMA_CHANNEL_IDLE && !dma_channel_cancelled(c) : g != NULL && g->used == 0;
    if (!nothing || length == 0)
        return;
    emu_finding_raise(a->system->machine, "DMA-FLUSH-6", "0xE6/16", NULL, "%s of %s where nothing is mapped",
                      deed, dma_adapter_name(a).text);
}

static void flush(struct dma_adapter *a, PMDL mdl, PVOID base, uint64_t at, ULONG length, bool to_device,
                  const char *deed)
{
    struct dma_registers *g = registers_of(a, base, deed);
    require_something_mapped(a, g, length, deed);
    if (a->channel != NULL)
        dma_channel_stop(a->channel);
    if (g != NULL && g->used > 0) {
        if (g->bank != NULL)
            put_back(g, mdl, at, length, to_device);
        g->bytes -= length < g->bytes ? length : g->bytes;
        if (!g->several || g->bytes == 0)
            dma_registers_unmap(&a->system->pool, g);
    }
    if (a->channel != NULL)
        dma_channel_flushed(a->channel);
}

NTSTATUS dma_flush_ex(struct dma_adapter *a, PMDL mdl, PVOID base, ULONGLONG offset, ULONG length,
                      bool to_device)
{
    struct dma_walk walk;
    emu_step(a->system->machine, DMA_OP_FLUSH_EX, dma_adapter_transfers(a), length);
    if (mdl == NULL || !dma_walk_to(&walk, mdl, offset) || !dma_walk_has(&walk, length))
        return STATUS_INVALID_PARAMETER;
    flush(a, mdl, base, offset, length, to_device, "FlushAdapterBuffersEx");
    return STATUS_SUCCESS;
}

BOOLEAN dma_flush(struct dma_adapter *a, PMDL mdl, PVOID base, PVOID virtual_address, ULONG length,
                  bool to_device)
{
    static const char deed[] = "FlushAdapterBuffers";
    emu_step(a->system->machine, DMA_OP_FLUSH, dma_adapter_transfers(a), length);
    require_mdl(a, mdl, deed);
    flush(a, mdl, base, offset_of(a, mdl, virtual_address, length, deed), length, to_device, deed);
    return TRUE;
}
