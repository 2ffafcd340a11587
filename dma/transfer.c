/*
 * Mapping: see transfer.h.
 */
#include "dma/transfer.h"

#include <emu/cache.h>
#include <emu/choose.h>
#include <emu/finding.h>
#include <emu/mem.h>
#include <hal/constants.h>
#include <string.h>

#include "dma/adapter.h"
#include "dma/bounce.h"
#include "dma/channel.h"
#include "dma/controller.h"
#include "dma/domain.h"
#include "dma/legal.h"
#include "dma/list.h"
#include "dma/operations.h"
#include "dma/owned.h"
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
    bool one_piece;            /* for the device it must be contiguous */
    bool may_stop;             /* the platform may map less than it could */
    bool no_memory;            /* for a double buffer, or no logical addresses */
    struct dma_domain *domain; /* NULL: nothing is remapped */
    uint64_t logical;          /* where the domain has room for what may be mapped */
    uint32_t logical_pages;    /* of it in use */
    bool is_list;              /* a scatter/gather list is made of it */
    struct dma_owned *owned;   /* what of it the device was given last */
    struct dma_walk walk;
    struct dma_list list;
};

/* What is mapped of the MDL's chain, through g or without registers, and was not flushed. */
static uint64_t unflushed_bytes(const struct dma_adapter *a, const struct dma_registers *g, const MDL *mdl)
{
    return g != NULL ? dma_registers_bytes(g) : dma_owned_bytes(a, mdl);
}

static void require_flushed(const struct dma_adapter *a, const struct dma_registers *g, const MDL *mdl,
                            const char *deed)
{
    if (a->channel != NULL)
        dma_channel_require_flushed(a->channel, a, deed);
    uint64_t bytes = unflushed_bytes(a, g, mdl);
    if (bytes == 0)
        return;
    emu_finding_raise(
        a->system->machine, "DMA-MAP-14", "0xE6/0D",
        (const uint64_t[4]){0x0D, bytes, g != NULL ? (uint64_t)g->count << EMU_PAGE_SHIFT : 0, 0},
        "%s of %s while %llu bytes are mapped that were not flushed: FlushAdapterBuffersEx is owed", deed,
        dma_adapter_name(a).text, (unsigned long long)bytes);
}

/* ---- Mapping --------------------------------------------------------------------------------- */

static bool reachable(const struct mapping *x, struct dma_step step)
{
    return x->domain != NULL || step.physical + step.bytes - 1 <= x->adapter->highest;
}

/* Gives the mapping a range of logical addresses for as many pages as it can need; with no register left,
 * none. */
static bool take_addresses(struct mapping *x, uint32_t pages)
{
    if (x->registers == NULL || pages == 0)
        return false;
    x->logical = dma_domain_find_within(x->domain, pages, 0, x->adapter->highest, x->adapter->boundary);
    x->no_memory = x->logical == EMU_NO_ADDRESS;
    return !x->no_memory;
}

/* What the next page of that range will be for the device; what lies behind it comes with set_page(). */
static uint64_t next_logical(const struct mapping *x, uint64_t physical)
{
    return x->logical + ((uint64_t)x->logical_pages << EMU_PAGE_SHIFT) + physical % EMU_PAGE_SIZE;
}

static void set_page(struct mapping *x, uint64_t physical)
{
    dma_domain_set(x->domain, x->logical + ((uint64_t)x->logical_pages << EMU_PAGE_SHIFT),
                   physical & ~(uint64_t)(EMU_PAGE_SIZE - 1),
                   x->to_device ? EMU_IOMMU_READ : EMU_IOMMU_WRITE);
    x->logical_pages++;
}

/* Are both between the same two multiples of what a piece may not cross? */
static bool beside(const struct mapping *x, uint64_t first, uint64_t other)
{
    uint64_t boundary = x->adapter->boundary;
    return x->domain != NULL || boundary == 0 || (first ^ other) < boundary;
}

static bool registers_left(const struct mapping *x)
{
    return x->registers == NULL || x->registers->next < x->registers->count;
}

/* Gives the mapping its double buffer, if it has none. */
static bool take_buffer(struct mapping *x)
{
    struct dma_system *s = x->adapter->system;
    if (x->registers == NULL)
        return false;
    x->no_memory = !dma_bounce_take(&s->pool, x->registers, s->machine);
    return !x->no_memory;
}

/* The next register maps a piece: directly, or through offset of the double buffer. */
static void use_register(struct mapping *x, struct dma_step step, bool buffered, uint32_t offset)
{
    struct dma_registers *g = x->registers;
    struct dma_system *s = x->adapter->system;
    if (!buffered && s->config->machine.incoherent)
        emu_cache_clean(s->machine, step.physical, step.bytes);
    if (g == NULL)
        return;
    if (buffered) {
        unsigned char *memory = emu_ram_at(s->machine, step.physical);
        if (memory == NULL)
            emu_finding_raise(s->machine, "DMA-MAP-16", NULL, NULL,
                              "a transfer of %s needs a double buffer for pages that are no memory",
                              dma_adapter_name(x->adapter).text);
        *dma_bounce_piece(g, g->next) = (struct dma_piece){
            .memory = memory,
            .at = x->start + x->mapped,
            .bytes = step.bytes,
            .offset = offset,
        };
        emu_bus_touch_memory(s->machine, EMU_ACCESS_WRITE);
        emu_bus_touch_pages(s->machine, memory, step.bytes);
        if (x->to_device)
            memcpy(dma_bounce_memory(g) + offset, memory, step.bytes);
        else if (g->zero_buffers)
            memset(dma_bounce_memory(g) + offset, 0, step.bytes);
    }
    dma_registers_use(&s->pool, g);
}

/* The buffer of a transfer to memory is written: by the device, or by the flush of its double buffer. */
static void require_variable(const struct mapping *x, struct dma_step step)
{
    struct emu_machine *m = x->adapter->system->machine;
    const void *memory = x->to_device ? NULL : emu_ram_at(m, step.physical);
    if (memory != NULL && hal_is_constant(memory))
        emu_finding_raise(
            m, "DMA-MAP-31", NULL, NULL,
            "a transfer of %s to memory is mapped whose buffer is read-only from byte %llu on: a "
            "module's constants or code",
            dma_adapter_name(x->adapter).text, (unsigned long long)(x->start + x->mapped));
}

/* The device, which has it at this address, owns a piece. */
static void own(struct mapping *x, struct dma_step step, uint64_t device)
{
    require_variable(x, step);
    const struct dma_owning by = {
        .adapter = x->adapter,
        .mdl = x->mdl,
        .part = x->walk.mdl,
        .kind = x->registers != NULL ? DMA_OWNED_THROUGH_REGISTERS
                : x->is_list         ? DMA_OWNED_BY_LIST
                                     : DMA_OWNED_WITHOUT,
        .to_device = x->to_device,
    };
    x->owned = dma_owned_add(&by, x->owned, x->start + x->mapped, step.physical, device, step.bytes);
}

static void go(struct mapping *x, struct dma_step step)
{
    x->mapped += step.bytes;
    dma_walk_go(&x->walk, step.bytes);
}

static uint32_t pages_at_most(const struct mapping *x, uint32_t pages)
{
    const struct dma_registers *g = x->registers;
    return g != NULL && g->count - g->next < pages ? g->count - g->next : pages;
}

/* Page by page, each where it is or in the double buffer at the same place in its page. */
static void map_scattered(struct mapping *x)
{
    struct dma_registers *g = x->registers;
    struct dma_system *s = x->adapter->system;
    if (x->domain != NULL && x->length > 0 &&
        !take_addresses(x, pages_at_most(x, dma_walk_pages(&x->walk, x->length))))
        return;
    while (x->mapped < x->length && registers_left(x)) {
        struct dma_step step = dma_walk_look(&x->walk, x->length - x->mapped);
        bool direct = reachable(x, step) && (g == NULL || !g->always_buffer);
        uint64_t logical = step.physical;
        uint32_t offset = 0;
        if (!direct) {
            if (!take_buffer(x))
                return;
            offset = g->next << EMU_PAGE_SHIFT | (uint32_t)(step.physical % EMU_PAGE_SIZE);
            logical = dma_bounce_logical(g) + offset;
        }
        uint64_t physical = logical;
        if (x->domain != NULL)
            logical = next_logical(x, physical);
        if (!dma_list_takes(&x->list, logical))
            return;
        bool parts = x->list.count > 0 && (!dma_list_joins(&x->list, logical) || x->adapter->always_buffer);
        if (x->may_stop && parts) {
            x->may_stop = false;
            if (emu_latitude(s->machine, DMA_OP_MAP_EX, 2) != 0)
                return;
        }
        use_register(x, step, !direct, offset);
        if (x->domain != NULL)
            set_page(x, physical);
        dma_list_add(&x->list, logical, step.bytes);
        own(x, step, logical);
        go(x, step);
    }
}

/* How far the transfer gets as one piece, and whether it can stay where it is. */
struct survey {
    uint64_t direct;   /* bytes from the start that are one reachable piece */
    uint64_t buffered; /* bytes for which there are registers */
};

/* Is a page that begins there the device's next one, after memory that ends at this address? */
static bool follows(const struct mapping *x, uint64_t physical, uint64_t end)
{
    if (x->domain != NULL)
        return physical % EMU_PAGE_SIZE == 0 && end % EMU_PAGE_SIZE == 0;
    return physical == end;
}

static struct survey look_ahead(const struct mapping *x)
{
    const struct dma_registers *g = x->registers;
    uint32_t registers = g != NULL ? g->count - g->next : UINT32_MAX;
    struct survey v = {0};
    struct dma_walk walk = x->walk;
    uint64_t next = 0, first = 0;
    while (v.buffered < x->length && registers-- > 0) {
        struct dma_step step = dma_walk_look(&walk, x->length - v.buffered);
        first = v.buffered == 0 ? step.physical : first;
        bool goes_on = v.direct == v.buffered && (v.buffered == 0 || follows(x, step.physical, next));
        if (goes_on && reachable(x, step) && beside(x, first, step.physical))
            v.direct += step.bytes;
        next = step.physical + step.bytes;
        v.buffered += step.bytes;
        dma_walk_go(&walk, step.bytes);
    }
    return v;
}

/* A platform may make a piece of each MDL: the mapping ends with the first one then. */
static void stop_at_mdl(struct mapping *x)
{
    uint64_t rest = x->length != 0 ? x->walk.mdl->ByteCount - x->walk.at : 0;
    if (x->may_stop && rest < x->length && emu_latitude(x->adapter->system->machine, DMA_OP_MAP_EX, 2) != 0)
        x->length = rest;
}

/* As one piece, which begins at the same place in its page. */
static void map_contiguous(struct mapping *x)
{
    struct dma_registers *g = x->registers;
    stop_at_mdl(x);
    struct survey v = look_ahead(x);
    bool direct = g == NULL || (v.direct == v.buffered && !g->always_buffer);
    uint64_t end = direct ? v.direct : v.buffered;
    if (end == 0 || (!direct && !take_buffer(x)))
        return;
    struct dma_step first = dma_walk_look(&x->walk, end);
    uint32_t offset = direct ? 0 : g->next << EMU_PAGE_SHIFT | (uint32_t)(first.physical % EMU_PAGE_SIZE);
    uint64_t logical = direct ? first.physical : dma_bounce_logical(g) + offset;
    uint64_t last = logical + end - 1;
    if (x->domain != NULL) {
        uint64_t in_page = logical % EMU_PAGE_SIZE;
        if (!take_addresses(x, (uint32_t)((in_page + end + EMU_PAGE_SIZE - 1) >> EMU_PAGE_SHIFT)))
            return;
        uint64_t physical = logical;
        logical = next_logical(x, physical);
        for (; !direct && physical <= last; physical += EMU_PAGE_SIZE - physical % EMU_PAGE_SIZE)
            set_page(x, physical);
    }
    while (x->mapped < end) {
        struct dma_step step = dma_walk_look(&x->walk, end - x->mapped);
        use_register(x, step, !direct, offset + (uint32_t)x->mapped);
        if (direct && x->domain != NULL)
            set_page(x, step.physical);
        own(x, step, logical + x->mapped);
        go(x, step);
    }
    dma_list_add(&x->list, logical, (uint32_t)end);
}

static void map(struct mapping *x)
{
    struct dma_registers *g = x->registers;
    x->domain = dma_domain_of(x->adapter);
    struct dma_mapped what = {
        .mdl = x->mdl,
        .start = x->start,
        .first = g != NULL ? g->next : 0,
        .to_device = x->to_device,
    };
    if (x->one_piece)
        map_contiguous(x);
    else
        map_scattered(x);
    dma_list_end(&x->list);
    if (g == NULL || x->mapped == 0)
        return;
    what.owned = x->owned;
    what.bytes = x->mapped;
    what.logical = x->logical;
    what.logical_pages = x->logical_pages;
    dma_registers_record(&x->adapter->system->pool, g, &what);
}

bool dma_bounces(struct dma_adapter *a, const struct dma_part *part)
{
    struct mapping x = {.adapter = a, .length = part->length, .domain = dma_domain_of(a)};
    bool there = dma_walk_to(&x.walk, part->mdl, part->offset);
    EMU_ASSERT(there);
    if (part->one_piece)
        return look_ahead(&x).direct < x.length;
    for (struct dma_step step; x.mapped < x.length; go(&x, step)) {
        step = dma_walk_look(&x.walk, x.length - x.mapped);
        if (!reachable(&x, step))
            return true;
    }
    return false;
}

bool dma_map_all(struct dma_adapter *a, struct dma_registers *g, const struct dma_part *part,
                 struct dma_list *list)
{
    struct mapping x = {
        .adapter = a,
        .registers = g,
        .mdl = part->mdl,
        .start = part->offset,
        .length = part->length,
        .to_device = part->to_device,
        .one_piece = part->one_piece,
        .is_list = true,
        .list = *list,
    };
    bool there = dma_walk_to(&x.walk, part->mdl, part->offset);
    EMU_ASSERT(there);
    map(&x);
    *list = x.list;
    if (x.mapped == x.length)
        return true;
    EMU_ASSERT(x.no_memory);
    if (x.mapped != 0)
        dma_unmap_all(a, g, part, "the platform");
    return false;
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
        return true;
    return ask->buffer != NULL && ask->completion == NULL && ask->device_offset == 0;
}

NTSTATUS dma_map_ex(struct dma_adapter *a, const struct dma_map_ask *ask)
{
    static const char deed[] = "MapTransferEx";
    SCATTER_GATHER_ELEMENT own[DEFAULT_LIST_ELEMENTS];
    uint32_t wanted = ask->length != NULL ? *ask->length : 0;
    dma_controller_step(a, DMA_OP_MAP_EX, wanted);
    if (!good(a, ask))
        return STATUS_INVALID_PARAMETER;
    struct mapping x = {
        .adapter = a,
        .registers = dma_legal_registers(a, ask->base, deed),
        .mdl = ask->mdl,
        .start = ask->offset,
        .length = wanted,
        .to_device = ask->to_device,
        .one_piece = !a->scatter_gather,
        .may_stop = true,
    };
    dma_legal_chain(a, ask->mdl, ask->offset, wanted, deed);
    if (!dma_walk_to(&x.walk, ask->mdl, ask->offset) || !dma_walk_has(&x.walk, wanted))
        return STATUS_INVALID_PARAMETER;
    dma_legal_locked(a, &x.walk, wanted, deed);
    if (a->channel != NULL) {
        dma_channel_require_owned(a->channel, a, deed);
        if (dma_channel_cancelled(a->channel))
            return STATUS_CANCELLED;
    }
    require_flushed(a, x.registers, ask->mdl, deed);
    if (emu_fault(a->system->machine, DMA_OP_MAP_EX))
        return STATUS_INSUFFICIENT_RESOURCES;
    uint32_t page = wanted != 0 ? dma_walk_look(&x.walk, wanted).bytes : 0;
    if (page < wanted && emu_fault(a->system->machine, DMA_OP_MAP_LESS))
        x.length = page;

    if (ask->buffer != NULL)
        dma_list_init(&x.list, (unsigned char *)ask->buffer + offsetof(SCATTER_GATHER_LIST, Elements),
                      elements_in(ask->buffer_bytes));
    else
        dma_list_init(&x.list, own, DEFAULT_LIST_ELEMENTS);
    if (a->channel != NULL) {
        uint32_t fragments = dma_channel_fragments_next(a->channel, x.list.limit);
        x.list.limit = x.list.limit < fragments ? x.list.limit : fragments;
    }
    map(&x);
    if (x.mapped == 0 && wanted != 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    *ask->length = (ULONG)x.mapped;
    if (ask->buffer != NULL)
        write_list_head(ask->buffer, x.list.count);
    if (a->channel != NULL && x.mapped != 0)
        dma_channel_start(a->channel, a, &x.list, ask->to_device, ask->device_offset,
                          &(struct dma_channel_end){ask->completion, ask->completion_context});
    return STATUS_SUCCESS;
}

/*
 * A call of version 1 says nothing but an address: what it cannot map is the driver's error, unless the
 * machine lacks memory for the double buffer.
 */
static void require_mapped(const struct mapping *x, const char *deed)
{
    if (x->mapped == x->length || (!x->one_piece && x->mapped > 0))
        return;
    if (x->no_memory)
        emu_finding_raise(
            x->adapter->system->machine, "DMA-MAP-25", NULL, NULL,
            "the machine lacks memory for the double buffer of %s, %u pages in a row within %u address bits, "
            "and %s cannot say so: no error of the driver",
            dma_adapter_name(x->adapter).text, x->registers->count, x->adapter->width, deed);
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
    dma_controller_step(a, DMA_OP_MAP, length != NULL ? *length : 0);
    dma_legal_mdl(a, mdl, deed);
    if (length == NULL)
        emu_finding_raise(a->system->machine, "DMA-MAP-28", NULL, NULL,
                          "%s of %s without a place for the length", deed, dma_adapter_name(a).text);
    if (*length == 0)
        emu_finding_raise(a->system->machine, "DMA-MAP-17", "0xE6/21", (const uint64_t[4]){0x21, 0, 0, 0},
                          "%s of %s for zero bytes", deed, dma_adapter_name(a).text);
    struct mapping x = {
        .adapter = a,
        .registers = dma_legal_registers(a, base, deed),
        .mdl = mdl,
        .start = dma_legal_offset(a, mdl, virtual_address, *length, deed),
        .length = *length,
        .to_device = to_device,
        .one_piece = !a->master || !a->scatter_gather,
    };
    dma_legal_chain(a, mdl, x.start, *length, deed);
    x.walk = (struct dma_walk){mdl, (uint32_t)x.start};
    dma_legal_locked(a, &x.walk, *length, deed);
    if (a->channel != NULL) {
        dma_channel_require_owned(a->channel, a, deed);
        dma_channel_require_flushed(a->channel, a, deed);
    }
    dma_list_init(&x.list, &piece, 1);
    map(&x);
    require_mapped(&x, deed);
    *length = (ULONG)x.mapped;
    if (a->channel != NULL)
        dma_channel_start(a->channel, a, &x.list, to_device, 0, &(struct dma_channel_end){NULL, NULL});
    return (uint64_t)piece.Address.QuadPart;
}
