/*
 * Vectors of common buffers: see vector.h.
 *
 * A vector is a record with an array of blocks, one an element; an element that was freed has no memory. The
 * array stays with the record when the vector is gone, for the record's next owner, and grows when that has
 * more elements: allocating and freeing vectors over and over takes no memory but at first.
 */
#include "dma/vector.h"

#include <emu/choose.h>
#include <emu/finding.h>

#include "dma/adapter.h"
#include "dma/handle.h"
#include "dma/operations.h"
#include "dma/system.h"

/* Bug check 0x1DC's first parameter. */
enum { WRONG_LEVEL = 0x01, NOT_EMPTY = 0x02, OUT_OF_BOUNDS = 0x03, FREED = 0x04 };

struct dma_vector {
    struct dma_slot slot;
    uint32_t count; /* of elements */
    uint32_t left;  /* of them, not freed */
    uint32_t room;  /* in blocks: 0 or a power of two */
    uint64_t bytes; /* of an element, as asked for */
    const struct dma_adapter *adapter;
    struct dma_block *blocks; /* one an element; without memory: freed */
};

void dma_vectors_boot(struct dma_system *s)
{
    dma_slots_init(&s->vectors, s->machine, sizeof(struct dma_vector));
}

/* ---- What drivers do wrong ------------------------------------------------------------------- */

static void require_passive(const struct dma_adapter *a, const char *call)
{
    struct emu_machine *m = a->system->machine;
    KIRQL level = KeGetCurrentIrql();
    if (level != PASSIVE_LEVEL)
        emu_finding_raise(m, "DMA-VECTOR-9", "0x1DC/01", (const uint64_t[4]){WRONG_LEVEL, level, 0, 0},
                          "%s of %s at level %u; that is done at PASSIVE_LEVEL (0)", call,
                          dma_adapter_name(a).text, level);
}

/* The vector that the driver's handle names. */
static struct dma_vector *vector_of(const struct dma_adapter *a, PDMA_COMMON_BUFFER_VECTOR handle,
                                    const char *call)
{
    struct dma_system *s = a->system;
    struct dma_vector *v = dma_handle_find(DMA_HANDLE_VECTOR, &s->vectors, handle);
    if (v == NULL)
        emu_finding_raise(s->machine, "DMA-VECTOR-8", NULL, NULL,
                          "%s of %s with what is no vector, or was one until it was freed", call,
                          dma_adapter_name(a).text);
    if (v->adapter != a)
        emu_finding_raise(s->machine, "DMA-VECTOR-8", NULL, NULL,
                          "%s of %s with a vector that was allocated through %s", call,
                          dma_adapter_name(a).text, dma_adapter_name(v->adapter).text);
    EMU_ASSERT(v->left <= v->count && v->count <= v->room);
    return v;
}

/* An element that is there. */
static struct dma_block *element_of(const struct dma_adapter *a, const struct dma_vector *v, ULONG index,
                                    const char *call)
{
    struct emu_machine *m = a->system->machine;
    if (index >= v->count)
        emu_finding_raise(m, "DMA-VECTOR-5", "0x1DC/03",
                          (const uint64_t[4]){OUT_OF_BOUNDS, v->count, index, 0},
                          "%s of %s with index %u of a vector that has %u buffers", call,
                          dma_adapter_name(a).text, (unsigned)index, v->count);
    struct dma_block *b = &v->blocks[index];
    if (b->memory == NULL)
        emu_finding_raise(m, "DMA-VECTOR-6", "0x1DC/04", (const uint64_t[4]){FREED, index, 0, 0},
                          "%s of %s with index %u of a vector, whose buffer was freed", call,
                          dma_adapter_name(a).text, (unsigned)index);
    return b;
}

static void require_empty(const struct dma_adapter *a, const struct dma_vector *v)
{
    uint32_t first = 0;
    if (v->left == 0)
        return;
    while (v->blocks[first].memory == NULL)
        first++;
    EMU_ASSERT(first < v->count);
    const struct dma_block *b = &v->blocks[first];
    emu_finding_raise(
        a->system->machine, "DMA-VECTOR-7", "0x1DC/02",
        (const uint64_t[4]){NOT_EMPTY, first, (uintptr_t)b->memory, b->logical},
        "FreeCommonBufferVector of %s with %u of %u buffers left, the first of them with index %u",
        dma_adapter_name(a).text, v->left, v->count, first);
}

/* ---- Allocating ------------------------------------------------------------------------------ */

/* Could so many ever be had? No array is made for what the whole machine has no memory for. */
static bool imaginable(const struct dma_adapter *a, ULONG count, uint64_t bytes)
{
    const struct emu_config *c = emu_machine_config(a->system->machine);
    uint64_t pages = (uint64_t)c->ram_low_pages + c->ram_mid_pages + c->ram_high_pages;
    uint64_t each = (bytes - 1) / EMU_PAGE_SIZE + 1;
    return count <= pages / each;
}

static void make_room(struct dma_system *s, struct dma_vector *v, uint32_t count)
{
    uint32_t room = v->room != 0 ? v->room : 1;
    if (count <= v->room)
        return;
    while (room < count)
        room *= 2;
    v->blocks = emu_arena_alloc(s->machine, room * sizeof *v->blocks);
    v->room = room;
}

/* All elements, or none and false. */
static bool fill(struct dma_adapter *a, struct dma_vector *v, const struct dma_block_ask *each)
{
    while (v->left < v->count && dma_block_obtain(a, each, &v->blocks[v->left]))
        v->left++;
    if (v->left == v->count)
        return true;
    while (v->left > 0)
        dma_block_return(a, &v->blocks[--v->left]);
    return false;
}

NTSTATUS dma_vector_allocate(struct dma_adapter *a, ULONG count, const struct dma_block_ask *each,
                             PDMA_COMMON_BUFFER_VECTOR *vector)
{
    struct dma_system *s = a->system;
    require_passive(a, "AllocateCommonBufferVector");
    emu_step(s->machine, DMA_OP_VECTOR, a->object, count);
    if (count == 0 || each->bytes == 0 || each->lowest > each->highest || vector == NULL ||
        !dma_block_node_exists(a, each->node))
        return STATUS_INVALID_PARAMETER;
    if (emu_fault(s->machine, DMA_OP_VECTOR) || !imaginable(a, count, each->bytes))
        return STATUS_INSUFFICIENT_RESOURCES;
    struct dma_vector *v = dma_slots_take(&s->vectors);
    make_room(s, v, count);
    v->adapter = a;
    v->count = count;
    v->bytes = each->bytes;
    v->left = 0;
    if (!fill(a, v, each)) {
        dma_slots_give(&s->vectors, v);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    a->vectors_count++;
    *vector = dma_handle_pointer(DMA_HANDLE_VECTOR, &v->slot);
    return STATUS_SUCCESS;
}

/* ---- Using and freeing ----------------------------------------------------------------------- */

void dma_vector_get(struct dma_adapter *a, PDMA_COMMON_BUFFER_VECTOR vector, ULONG index, PVOID *memory,
                    PPHYSICAL_ADDRESS logical)
{
    static const char call[] = "GetCommonBufferFromVectorByIndex";
    struct emu_machine *m = a->system->machine;
    emu_step(m, DMA_OP_VECTOR_GET, a->object, index);
    if (memory == NULL || logical == NULL)
        emu_finding_raise(m, "DMA-TABLE-5", NULL, NULL, "%s of %s without a place for the %s address", call,
                          dma_adapter_name(a).text, memory == NULL ? "virtual" : "logical");
    const struct dma_block *b = element_of(a, vector_of(a, vector, call), index, call);
    *memory = b->memory;
    logical->QuadPart = (LONGLONG)b->logical;
}

void dma_vector_free_one(struct dma_adapter *a, PDMA_COMMON_BUFFER_VECTOR vector, ULONG index)
{
    static const char call[] = "FreeCommonBufferFromVector";
    require_passive(a, call);
    emu_step(a->system->machine, DMA_OP_VECTOR_FREE_ONE, a->object, index);
    struct dma_vector *v = vector_of(a, vector, call);
    struct dma_block *b = element_of(a, v, index, call);
    dma_block_require_intact(a, b, v->bytes);
    dma_block_return(a, b);
    b->memory = NULL;
    EMU_ASSERT(v->left > 0);
    v->left--;
}

void dma_vector_free(struct dma_adapter *a, PDMA_COMMON_BUFFER_VECTOR vector)
{
    static const char call[] = "FreeCommonBufferVector";
    require_passive(a, call);
    emu_step(a->system->machine, DMA_OP_VECTOR_FREE, a->object, 0);
    struct dma_vector *v = vector_of(a, vector, call);
    require_empty(a, v);
    EMU_ASSERT(a->vectors_count > 0);
    a->vectors_count--;
    dma_slots_give(&a->system->vectors, v);
}
