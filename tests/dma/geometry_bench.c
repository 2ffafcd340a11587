/*
 * Mappings of the emulator beside those of the model: see geometry_bench.h.
 */
#include "geometry_bench.h"

#include <stdio.h>

#include "gather.h"

enum {
    LIST_ELEMENTS = GEOMETRY_CHAIN_PAGES,
    LIST_EXTRA = 64, /* bytes, for what the platform keeps in a list */
    DESCRIBED_PAGES = GEOMETRY_CHAIN_PAGES,
    MIX = 251,
    BYTE_BITS = 8,
};

/* No row of pages is there: nothing joins it. */
#define NOWHERE (1ull << 62)

static const char *const call_names[GEOMETRY_CALLS] = {
    "MapTransferEx",          "MapTransfer",
    "GetScatterGatherList",   "BuildScatterGatherList",
    "GetScatterGatherListEx", "BuildScatterGatherListEx",
};

/* ---- What differs ---------------------------------------------------------------------------- */

static void require(const struct geometry_bench *b, const struct geometry_case *what, bool holds,
                    const char *sentence, uint64_t actual, uint64_t expected)
{
    char chain[256];
    int used = 0;
    if (holds)
        return;
    for (uint32_t i = 0; i < b->pieces_count && used < (int)sizeof chain - 32; i++)
        used += snprintf(chain + used, sizeof chain - (size_t)used, " %u+%u", b->pieces[i].offset,
                         b->pieces[i].bytes);
    haldma_fail(
        "geometry",
        "%s: %llu, the model says %llu: %s of %u bytes at %u, %u registers, %u elements, %s the device, %u "
        "address bits, scatter/gather %d, remapping %d, chain%s (first frame %#llx)",
        sentence, (unsigned long long)actual, (unsigned long long)expected, call_names[what->call],
        what->length, what->offset, what->registers, what->elements, what->to_device ? "to" : "from",
        b->width, b->device.scatter_gather, b->device.remapped, chain, (unsigned long long)b->frames[0]);
}

static void require_equal(const struct geometry_bench *b, const struct geometry_case *what,
                          const char *sentence, uint64_t actual, uint64_t expected)
{
    require(b, what, actual == expected, sentence, actual, expected);
}

/* ---- The bench ------------------------------------------------------------------------------- */

static void take_row(uint64_t *row, uint64_t lowest, uint64_t highest)
{
    struct emu_ram_request request = {
        .pages = GEOMETRY_ROW_PAGES, .lowest = lowest, .highest = highest, .contiguous = true};
    unsigned char *memory = emu_ram_alloc(emu_current(), &request);
    rig_expect(memory != NULL);
    for (uint32_t i = 0; i < GEOMETRY_ROW_PAGES; i++)
        row[i] = emu_ram_physical(emu_current(), memory + (size_t)i * PAGE_SIZE);
}

struct geometry_bench *geometry_open(uint32_t width, bool scatter_gather)
{
    struct geometry_bench *b = haldma_scratch(sizeof *b);
    DEVICE_DESCRIPTION description = world_master(DEVICE_DESCRIPTION_VERSION3, width);
    description.ScatterGather = scatter_gather;
    description.MaximumLength = DESCRIBED_PAGES * PAGE_SIZE;
    ULONG registers = 0;
    b->adapter = world_get(description, &registers);
    rig_expect(b->adapter != NULL);
    const struct haldma_config *config = haldma_machine_config(emu_current());
    uint32_t bits = config->bus_width != 0 && config->bus_width < width ? config->bus_width : width;
    b->width = width;
    b->device = (struct model_device){
        .scatter_gather = scatter_gather,
        .remapped = config->remapping,
        .highest = bits < 64 ? (1ull << bits) - 1 : UINT64_MAX,
    };
    b->limited = !scatter_gather || config->remapping || bits < 64;
    b->registers_max = registers;
    take_row(b->near_row, 0, EMU_16MIB - 1);
    take_row(b->far_row, EMU_4GIB, 0);
    b->expected = haldma_scratch(GEOMETRY_CHAIN_PAGES * PAGE_SIZE);
    b->transfer = haldma_scratch(GEOMETRY_CHAIN_PAGES * PAGE_SIZE * sizeof *b->transfer);
    b->data = haldma_scratch(GEOMETRY_CHAIN_PAGES * PAGE_SIZE);
    b->list_bytes =
        (ULONG)(sizeof(SCATTER_GATHER_LIST) + LIST_ELEMENTS * sizeof(SCATTER_GATHER_ELEMENT) + LIST_EXTRA);
    b->list = haldma_scratch(b->list_bytes);
    return b;
}

static uint64_t frame(const struct geometry_bench *b, enum geometry_frames frames, uint32_t page)
{
    switch (frames) {
    case GEOMETRY_RISING:
        return b->near_row[page];
    case GEOMETRY_FALLING:
        return b->near_row[GEOMETRY_CHAIN_PAGES - 1 - page];
    case GEOMETRY_FAR:
        return b->far_row[page];
    default:
        return page % 2 == 0 ? b->near_row[page] : b->far_row[page];
    }
}

static unsigned char *page_memory(const struct geometry_bench *b, uint32_t page)
{
    return emu_ram_at(emu_current(), b->frames[page]);
}

void geometry_chain(struct geometry_bench *b, const struct geometry_shape *shapes, uint32_t count,
                    enum geometry_frames frames)
{
    for (uint32_t p = 0; p < b->pieces_count; p++) {
        b->mdls[p]->MdlFlags &= (CSHORT)~MDL_PAGES_LOCKED;
        IoFreeMdl(b->mdls[p]);
    }
    b->pieces_count = count;
    b->bytes = 0;
    b->pages = 0;
    for (uint32_t p = 0; p < count; p++) {
        struct geometry_shape shape = shapes[p];
        uint32_t pages = (shape.offset + shape.bytes + PAGE_SIZE - 1) / PAGE_SIZE;
        PMDL mdl = IoAllocateMdl((PVOID)(uintptr_t)(NOWHERE + shape.offset), shape.bytes, FALSE, FALSE, NULL);
        rig_expect(mdl != NULL && b->pages + pages <= GEOMETRY_CHAIN_PAGES && pages <= MODEL_PIECE_PAGES_MAX);
        mdl->MdlFlags |= MDL_PAGES_LOCKED;
        b->mdls[p] = mdl;
        b->pieces[p] = (struct model_piece){.offset = shape.offset, .bytes = shape.bytes};
        if (p > 0)
            b->mdls[p - 1]->Next = mdl;
        for (uint32_t i = 0; i < pages; i++, b->pages++) {
            b->frames[b->pages] = frame(b, frames, b->pages);
            b->pieces[p].frames[i] = b->frames[b->pages];
            if (shape.bytes > 0)
                MmGetMdlPfnArray(mdl)[i] = b->frames[b->pages] >> PAGE_SHIFT;
        }
        b->bytes += shape.bytes;
    }
    for (uint32_t i = 0; i < b->pages * PAGE_SIZE; i++)
        b->expected[i] = (unsigned char)(i % MIX + i / PAGE_SIZE);
    for (uint32_t page = 0; page < b->pages; page++)
        memcpy(page_memory(b, page), b->expected + (size_t)page * PAGE_SIZE, PAGE_SIZE);
}

/* Where the bench expects what is at a physical address of the chain. */
static unsigned char *expected_at(const struct geometry_bench *b, uint64_t physical)
{
    for (uint32_t page = 0; page < b->pages; page++)
        if (b->frames[page] == (physical & ~(uint64_t)(PAGE_SIZE - 1)))
            return b->expected + (size_t)page * PAGE_SIZE + physical % PAGE_SIZE;
    return NULL;
}

/* ---- One mapping ----------------------------------------------------------------------------- */

/* The bytes from at on, as a call that may use so many registers and elements. */
static struct model_call call_for(struct geometry_bench *b, const struct geometry_case *what, uint32_t at,
                                  uint32_t registers, uint32_t elements)
{
    struct model_call call = {
        .device = b->device,
        .bytes = b->transfer,
        .registers = b->limited ? registers : MODEL_UNLIMITED,
        .elements = elements,
    };
    call.count = model_bytes(b->pieces, b->pieces_count, at, what->offset + what->length - at, b->transfer);
    return call;
}

/* The row of pages is where the first byte that is in it says. */
static uint64_t find_row(const struct geometry_bench *b, const struct geometry_case *what,
                         const struct model_call *call, struct model_plan plan,
                         const SCATTER_GATHER_ELEMENT *elements, uint32_t count)
{
    uint32_t byte = 0;
    for (uint32_t e = 0; e < count; e++)
        for (uint32_t i = 0; i < elements[e].Length && byte < plan.covered; i++, byte++)
            if (model_is_moved(call, plan, byte)) {
                uint64_t row =
                    (uint64_t)elements[e].Address.QuadPart + i - model_address(call, plan, byte, 0);
                require_equal(b, what, "the row of pages begins within a page at", row % PAGE_SIZE, 0);
                return row;
            }
    return NOWHERE;
}

static void compare_addresses(const struct geometry_bench *b, const struct geometry_case *what,
                              const struct model_call *call, struct model_plan plan, uint64_t row,
                              const SCATTER_GATHER_ELEMENT *elements, uint32_t count)
{
    uint32_t byte = 0;
    for (uint32_t e = 0; e < count; e++)
        for (uint32_t i = 0; i < elements[e].Length; i++, byte++) {
            uint64_t address = (uint64_t)elements[e].Address.QuadPart + i;
            uint64_t expected = model_address(call, plan, byte, row);
            if (address != expected)
                require_equal(b, what, "a byte's address", address, expected);
            if (i > 0 && address % PAGE_SIZE != 0)
                continue;
            require(b, what, address <= b->device.highest, "an address out of reach", address,
                    b->device.highest);
            if (model_is_moved(call, plan, byte) && !b->device.remapped)
                require(b, what, expected_at(b, address) == NULL, "a double buffer in the driver's memory",
                        address, 0);
        }
}

/* The device does its part, byte by byte in the order of the list. */
static void transfer(struct geometry_bench *b, const struct geometry_case *what,
                     const struct model_call *call, const SCATTER_GATHER_ELEMENT *elements, uint32_t count,
                     uint32_t bytes)
{
    uint32_t requester = haldma_requester(b->adapter);
    unsigned char *data = b->data;
    b->turn++;
    for (uint32_t i = 0; i < bytes && !what->to_device; i++)
        b->data[i] = (unsigned char)(i + (i >> BYTE_BITS) + b->turn);
    for (uint32_t e = 0; e < count; e++)
        for (uint32_t done = 0, part; done < elements[e].Length; done += part, data += part) {
            uint64_t at = (uint64_t)elements[e].Address.QuadPart + done;
            part = PAGE_SIZE - (uint32_t)(at % PAGE_SIZE);
            part = part < elements[e].Length - done ? part : elements[e].Length - done;
            rig_expect(emu_bus_dma(emu_current(), requester, at, data, part, !what->to_device) ==
                       EMU_DMA_DONE);
        }
    unsigned char *expected = NULL;
    for (uint32_t i = 0; i < bytes; i++) {
        const struct model_byte *byte = &call->bytes[i];
        expected = i > 0 && byte->page == byte[-1].page ? expected + 1 : expected_at(b, byte->physical);
        if (!what->to_device)
            *expected = b->data[i];
        else if (b->data[i] != *expected)
            require_equal(b, what, "a byte that the device read", b->data[i], *expected);
    }
}

/* What the device has read is the driver's again to write: a flush does not take that back. */
static void write_again(struct geometry_bench *b, uint64_t physical)
{
    unsigned char *expected = expected_at(b, physical);
    *expected = (unsigned char)(*expected + 1);
    memcpy(emu_ram_at(emu_current(), physical), expected, 1);
}

static void compare_memory(const struct geometry_bench *b, const struct geometry_case *what)
{
    for (uint32_t page = 0; page < b->pages; page++)
        require(b, what, memcmp(page_memory(b, page), b->expected + (size_t)page * PAGE_SIZE, PAGE_SIZE) == 0,
                "the driver's memory in page", page, page);
}

/* Lays what a call mapped beside the model, and lets the device use it. used: registers that mapped pages
 * before. */
static void compare(struct geometry_bench *b, const struct geometry_case *what, const struct model_call *call,
                    const SCATTER_GATHER_ELEMENT *elements, uint32_t count, uint32_t mapped, uint32_t used)
{
    struct model_plan plan = model_plan(call);
    uint64_t row = find_row(b, what, call, plan, elements, count);
    struct model_answer answer = model_map(call, plan, row);
    uint32_t sum = 0;
    for (uint32_t e = 0; e < count; e++)
        sum += elements[e].Length;
    require_equal(b, what, "bytes mapped", mapped, answer.bytes);
    require_equal(b, what, "bytes of the elements", sum, answer.bytes);
    require_equal(b, what, "elements", count, answer.elements);
    compare_addresses(b, what, call, plan, row, elements, count);
    if (b->limited)
        require_equal(b, what, "map registers in use", world_pool()->mapped,
                      used + call->bytes[mapped - 1].page + 1);
    transfer(b, what, call, elements, count, mapped);
    if (what->to_device)
        write_again(b, call->bytes[0].physical);
}

/* ---- MapTransferEx and MapTransfer ----------------------------------------------------------- */

static PVOID take(struct geometry_bench *b, const struct geometry_case *what, gather_context context)
{
    PVOID base = world_take(b->adapter, context, what->registers);
    require_equal(b, what, "a base", base != NULL, b->limited);
    return base;
}

static void end_of_case(struct geometry_bench *b, const struct geometry_case *what)
{
    compare_memory(b, what);
    require_equal(b, what, "free map registers", world_pool()->free, world_pool()->total);
}

static void check_map_ex(struct geometry_bench *b, const struct geometry_case *what)
{
    PDMA_OPERATIONS o = b->adapter->DmaOperations;
    gather_context context;
    PVOID base = take(b, what, context);
    ULONG room =
        (ULONG)(offsetof(SCATTER_GATHER_LIST, Elements) + what->elements * sizeof(SCATTER_GATHER_ELEMENT));
    for (uint32_t at = what->offset, end = at + what->length; at < end;) {
        ULONG length = end - at;
        struct model_call call = call_for(b, what, at, what->registers, what->elements);
        require_equal(b, what, "MapTransferEx",
                      (ULONG)o->MapTransferEx(b->adapter, b->mdls[0], base, at, 0, &length, what->to_device,
                                              b->list, room, NULL, NULL),
                      STATUS_SUCCESS);
        compare(b, what, &call, b->list->Elements, b->list->NumberOfElements, length, 0);
        require_equal(
            b, what, "FlushAdapterBuffersEx",
            (ULONG)o->FlushAdapterBuffersEx(b->adapter, b->mdls[0], base, at, length, what->to_device),
            STATUS_SUCCESS);
        at += length;
    }
    o->FreeAdapterObject(b->adapter, DeallocateObject);
}

static void check_map(struct geometry_bench *b, const struct geometry_case *what)
{
    PDMA_OPERATIONS o = b->adapter->DmaOperations;
    gather_context context;
    PVOID base = take(b, what, context);
    PUCHAR first = MmGetMdlVirtualAddress(b->mdls[0]);
    uint32_t at = what->offset, end = at + what->length, used = 0;
    while (at < end && (!b->limited || used < what->registers)) {
        ULONG length = end - at;
        struct model_call call = call_for(b, what, at, what->registers - used, 1);
        if (!b->device.scatter_gather)
            length = model_plan(&call).covered;
        PHYSICAL_ADDRESS address =
            o->MapTransfer(b->adapter, b->mdls[0], base, first + at, &length, what->to_device);
        SCATTER_GATHER_ELEMENT element = {.Address = address, .Length = length};
        compare(b, what, &call, &element, 1, length, used);
        used += call.bytes[length - 1].page + 1;
        at += length;
        if (!b->device.scatter_gather)
            break;
    }
    rig_expect(o->FlushAdapterBuffers(b->adapter, b->mdls[0], base, first + what->offset, at - what->offset,
                                      what->to_device));
    o->FreeAdapterObject(b->adapter, DeallocateObject);
}

/* ---- Lists ----------------------------------------------------------------------------------- */

static bool is_ex(const struct geometry_case *what)
{
    return what->call == GEOMETRY_GET_EX || what->call == GEOMETRY_BUILD_EX;
}

static NTSTATUS ask(struct geometry_bench *b, const struct geometry_case *what, ULONG room, PVOID context,
                    struct gather_call *answer)
{
    PDMA_ADAPTER a = b->adapter;
    PDMA_OPERATIONS o = a->DmaOperations;
    PMDL mdl = b->mdls[0];
    PUCHAR address = (PUCHAR)MmGetMdlVirtualAddress(mdl) + what->offset;
    ULONG flags = what->fail_on_bounce ? DMA_FAIL_ON_BOUNCE : 0;
    if (is_ex(what))
        rig_expect_equal(o->InitializeDmaTransferContext(a, context), STATUS_SUCCESS);
    switch (what->call) {
    case GEOMETRY_GET:
        return o->GetScatterGatherList(a, NULL, mdl, address, what->length, gather_control, answer,
                                       what->to_device);
    case GEOMETRY_BUILD:
        return o->BuildScatterGatherList(a, NULL, mdl, address, what->length, gather_control, answer,
                                         what->to_device, b->list, room);
    case GEOMETRY_GET_EX:
        return o->GetScatterGatherListEx(a, NULL, context, mdl, what->offset, what->length, flags,
                                         gather_control, answer, what->to_device, NULL, NULL, NULL);
    default:
        return o->BuildScatterGatherListEx(a, NULL, context, mdl, what->offset, what->length, flags,
                                           gather_control, answer, what->to_device, b->list, room, NULL, NULL,
                                           NULL);
    }
}

/* What CalculateScatterGatherList says about a part that begins in the first MDL. */
static ULONG calculate(struct geometry_bench *b, const struct geometry_case *what, uint32_t pages)
{
    ULONG room = 0, registers = 0;
    NTSTATUS status = b->adapter->DmaOperations->CalculateScatterGatherList(
        b->adapter, b->mdls[0], (PUCHAR)MmGetMdlVirtualAddress(b->mdls[0]) + what->offset, what->length,
        &room, &registers);
    require_equal(b, what, "CalculateScatterGatherList", (ULONG)status,
                  (ULONG)(pages > b->registers_max ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS));
    if (NT_SUCCESS(status))
        require_equal(b, what, "map registers of the list", registers, pages);
    return room;
}

static void check_list(struct geometry_bench *b, const struct geometry_case *what)
{
    struct gather_call answer = {0};
    gather_context context;
    struct model_call call = call_for(b, what, what->offset, MODEL_UNLIMITED, MODEL_UNLIMITED);
    uint32_t pages = call.bytes[call.count - 1].page + 1;
    ULONG room = b->list_bytes;
    if (what->offset < b->pieces[0].bytes)
        room = calculate(b, what, pages);
    bool refused = pages > b->registers_max ||
                   (is_ex(what) && what->fail_on_bounce && model_copies(&call, model_plan(&call)));
    if (pages <= b->registers_max && room < b->list_bytes &&
        (what->call == GEOMETRY_BUILD || what->call == GEOMETRY_BUILD_EX))
        require_equal(b, what, "a list in less room than was calculated",
                      (ULONG)ask(b, what, room - 1, context, &answer), (ULONG)STATUS_BUFFER_TOO_SMALL);
    NTSTATUS status = ask(b, what, pages <= b->registers_max ? room : b->list_bytes, context, &answer);
    require_equal(b, what, "the status", (ULONG)status,
                  (ULONG)(refused ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS));
    require_equal(b, what, "calls of the routine", answer.calls, refused ? 0 : 1);
    if (refused)
        return;
    compare(b, what, &call, answer.list->Elements, answer.list->NumberOfElements, what->length, 0);
    b->adapter->DmaOperations->PutScatterGatherList(b->adapter, answer.list, what->to_device);
}

/* ---- Cases ----------------------------------------------------------------------------------- */

/* The calls without Ex say where they begin by an address in the first MDL. */
static bool fits_first_mdl(const struct geometry_bench *b, const struct geometry_case *what)
{
    uint32_t first = b->pieces[0].bytes;
    if (what->call == GEOMETRY_MAP)
        return what->offset + what->length <= first;
    return what->offset < first || (what->offset == 0 && first == 0);
}

void geometry_check(struct geometry_bench *b, const struct geometry_case *asked)
{
    struct geometry_case what = *asked;
    if (what.call == GEOMETRY_MAP && !fits_first_mdl(b, &what))
        what.call = GEOMETRY_MAP_EX;
    if ((what.call == GEOMETRY_GET || what.call == GEOMETRY_BUILD) && !fits_first_mdl(b, &what))
        what.call = what.call == GEOMETRY_GET ? GEOMETRY_GET_EX : GEOMETRY_BUILD_EX;
    what.registers = what.registers < b->registers_max ? what.registers : b->registers_max;
    if (what.call == GEOMETRY_MAP_EX)
        check_map_ex(b, &what);
    else if (what.call == GEOMETRY_MAP)
        check_map(b, &what);
    else
        check_list(b, &what);
    end_of_case(b, &what);
}
