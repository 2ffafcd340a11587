/*
 * Verification of what is mapped and flushed, and of the buffers that are named.
 */
#include "dma/verified.h"

#include "dma/bounce.h"
#include "dma/channel.h"
#include "dma/controller.h"

enum { BYTES = 100 };

/* Version 1's calls on an adapter without scatter/gather, with so many registers. */
struct piecewise {
    PDMA_ADAPTER adapter;
    PVOID base;
    PMDL mdl;
    unsigned char *memory;
    unsigned char transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
};

static struct piecewise *piecewise(ULONG registers, uint32_t pages)
{
    DEVICE_DESCRIPTION d = world_master(DEVICE_DESCRIPTION_VERSION3, 32);
    d.ScatterGather = FALSE;
    struct piecewise *p = emu_arena_alloc(emu_current(), sizeof *p);
    p->adapter = world_get(d, NULL);
    p->base = world_take(p->adapter, p->transfer, registers);
    p->mdl = world_buffer(pages, false, &p->memory);
    return p;
}

static uint64_t map(struct piecewise *p, uint32_t at, ULONG bytes, bool to_device)
{
    ULONG length = bytes;
    uint64_t logical = (uint64_t)p->adapter->DmaOperations
                           ->MapTransfer(p->adapter, p->mdl, p->base, p->memory + at, &length, to_device)
                           .QuadPart;
    rig_expect_equal(length, bytes);
    return logical;
}

static void flush(struct piecewise *p, uint32_t at, ULONG bytes, bool to_device)
{
    p->adapter->DmaOperations->FlushAdapterBuffers(p->adapter, p->mdl, p->base, p->memory + at, bytes,
                                                   to_device);
}

static struct dma_registers *registers_of(PVOID base)
{
    return dma_slots_find(&world_pool()->held, dma_handle_of(base));
}

/* ---- Registers ------------------------------------------------------------------------------- */

/* rule: DMA-VERIFY-00 */
static void a_flush_behind_what_is_mapped_is_told(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(1, 2);
    map(p, 0, BYTES, true);
    verified_told(0x00, 1, 2 * PAGE_SIZE - BYTES, 50);
    flush(p, 0, BYTES + 50, true);
}

/* rule: DMA-VERIFY-00 */
static void a_mapping_of_more_pages_than_registers_is_told(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(2, 3);
    verified_told(0x00, 2, 3, 2);
    map(p, 0, 3 * PAGE_SIZE, true);
}

/* rule: DMA-VERIFY-0D */
static void a_mapping_before_the_last_one_was_flushed_is_told(void *context)
{
    (void)context;
    struct world_list list;
    unsigned char transfer[DMA_TRANSFER_CONTEXT_SIZE_V1], *memory;
    ULONG length = BYTES, more = BYTES;
    PDMA_ADAPTER a = world_adapter(64);
    PVOID base = world_take(a, transfer, 3);
    PMDL mdl = world_buffer(1, false, &memory);
    rig_expect_equal(world_map(a, mdl, base, 0, &length, true, &list), STATUS_SUCCESS);
    verified_told(0x0D, BYTES, 3 * PAGE_SIZE, 0);
    world_map(a, mdl, base, 2 * BYTES, &more, true, &list);
}

/* rule: DMA-VERIFY-0D */
static void a_piece_for_which_no_register_is_left_is_told(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(1, 2);
    map(p, 0, BYTES, true);
    verified_told(0x0D, BYTES, PAGE_SIZE, 0);
    map(p, PAGE_SIZE, BYTES, true);
}

/* rule: DMA-VERIFY-10 */
static void registers_that_are_freed_while_they_map_are_told(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(3, 2);
    p->adapter->DmaOperations->FreeAdapterObject(p->adapter, DeallocateObjectKeepRegisters);
    map(p, 0, PAGE_SIZE + 1, true);
    verified_told(0x10, 2, 0, 0);
    p->adapter->DmaOperations->FreeMapRegisters(p->adapter, p->base, 3);
}

/* rule: DMA-VERIFY-10 */
static void a_channel_that_is_freed_while_its_registers_map_is_told(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(3, 2);
    map(p, 0, BYTES, true);
    verified_told(0x10, 1, 0, 0);
    p->adapter->DmaOperations->FreeAdapterObject(p->adapter, DeallocateObject);
}

/* rule: DMA-VERIFY-16 */
static void a_flush_of_another_buffer_than_the_mapped_one_is_told(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(3, 3);
    map(p, 0, BYTES, true);
    verified_told(0x16, verified_pointer(dma_bounce_memory(registers_of(p->base))), VERIFIED_OWN, 0);
    flush(p, PAGE_SIZE, BYTES, true);
}

/* rule: DMA-VERIFY-1D */
static void a_range_that_is_mapped_twice_is_told(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(3, 2);
    map(p, 0, BYTES, true);
    verified_told(0x1D, verified_pointer(p->memory + 50), verified_pointer(p->memory + 50 + BYTES),
                  verified_pointer(p->memory + 50));
    map(p, 50, BYTES, true);
}

/* rule: DMA-VERIFY-20 */
static void a_flush_of_registers_that_map_nothing_is_told(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(3, 2);
    map(p, 0, BYTES, true);
    flush(p, 0, BYTES, true);
    verified_told(0x20, verified_pointer(p->base), verified_pointer(p->memory), verified_pointer(p->mdl));
    flush(p, 0, BYTES, true);
}

/* rule: DMA-VERIFY-20 */
static void a_flush_of_registers_that_were_freed_is_told(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(3, 2);
    p->adapter->DmaOperations->FreeAdapterObject(p->adapter, DeallocateObject);
    verified_told(0x20, verified_pointer(p->base), verified_pointer(p->memory), verified_pointer(p->mdl));
    flush(p, 0, BYTES, true);
}

static VOID ignore_completion(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID context,
                              DMA_COMPLETION_STATUS status)
{
    (void)adapter;
    (void)device;
    (void)context;
    (void)status;
}

/* rule: DMA-VERIFY-23 */
static void a_flush_before_the_end_of_a_transfer_is_told(void *context)
{
    (void)context;
    unsigned char transfer[DMA_TRANSFER_CONTEXT_SIZE_V1], *memory;
    ULONG length = PAGE_SIZE;
    PDMA_ADAPTER a = world_channel(WORLD_LINE);
    PVOID base = world_take(a, transfer, 1);
    PMDL mdl = world_buffer(1, false, &memory);
    rig_expect_equal(
        a->DmaOperations->MapTransferEx(a, mdl, base, 0, 0, &length, TRUE, NULL, 0, ignore_completion, NULL),
        STATUS_SUCCESS);
    const struct dma_channel *c = ((struct dma_adapter *)(void *)a)->channel;
    verified_told(0x23, 0, c->controller->id, c->number);
    a->DmaOperations->FlushAdapterBuffersEx(a, mdl, base, 0, length, TRUE);
}

/* ---- Buffers --------------------------------------------------------------------------------- */

/* rule: DMA-VERIFY-0E */
static void a_buffer_that_is_not_locked_is_told(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(1, 1);
    p->mdl = IoAllocateMdl(p->memory, PAGE_SIZE, FALSE, FALSE, NULL);
    verified_told(0x0E, verified_pointer(p->mdl), 0, 0);
    map(p, 0, BYTES, true);
}

/* rule: DMA-VERIFY-1B */
static void an_address_outside_of_its_mdl_is_told(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(1, 2);
    verified_told(0x1B, verified_pointer(p->memory + 2 * PAGE_SIZE), verified_pointer(p->mdl), 0);
    map(p, 2 * PAGE_SIZE, BYTES, true);
}

static VOID no_list(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    (void)device;
    (void)irp;
    (void)list;
    (void)context;
}

static void get_list(PDMA_ADAPTER a, PMDL mdl, unsigned char *at, ULONG bytes)
{
    a->DmaOperations->GetScatterGatherList(a, world_device(), mdl, at, bytes, no_list, NULL, TRUE);
}

/* rule: DMA-VERIFY-1F */
static void a_list_from_before_the_first_mdl_is_told(void *context)
{
    (void)context;
    unsigned char *memory;
    PDMA_ADAPTER a = world_adapter(64);
    PMDL mdl = world_mdl(world_buffer(1, false, &memory) != NULL ? memory + BYTES : NULL, BYTES);
    verified_told(0x1F, 1, verified_pointer(memory), verified_pointer(mdl));
    get_list(a, mdl, memory, BYTES);
}

/* rule: DMA-VERIFY-1F */
static void a_list_from_behind_the_first_mdl_is_told(void *context)
{
    (void)context;
    unsigned char *memory;
    PDMA_ADAPTER a = world_adapter(64);
    PMDL mdl = world_buffer(1, false, &memory);
    verified_told(0x1F, 2, verified_pointer(memory + PAGE_SIZE), verified_pointer(mdl));
    get_list(a, mdl, memory + PAGE_SIZE, BYTES);
}

/* rule: DMA-VERIFY-1F */
static void a_length_that_leaves_the_mdls_last_page_is_told(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(2, 1);
    verified_told(0x1F, 3, verified_pointer(p->mdl), PAGE_SIZE + 1);
    map(p, 0, PAGE_SIZE + 1, true);
}

/* rule: DMA-VERIFY-24 */
static void a_length_beyond_the_mdl_in_its_last_page_is_told(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(2, 1);
    p->mdl = world_mdl(p->memory, BYTES);
    verified_told(0x24, 7, 0, 0);
    map(p, 0, BYTES + 7, true);
}

/* rule: DMA-VERIFY-24 */
static void a_chain_that_is_shorter_than_its_list_is_told(void *context)
{
    (void)context;
    unsigned char *memory;
    PDMA_ADAPTER a = world_adapter(64);
    PMDL mdl = world_buffer(1, false, &memory);
    verified_told(0x24, 5, 0, 0);
    get_list(a, mdl, memory, PAGE_SIZE + 5);
}

/* rule: DMA-VERIFY-21 */
static void a_buffer_of_zero_bytes_is_told(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(1, 1);
    verified_told(0x21, VERIFIED_OWN, 0, 0);
    map(p, 0, 0, true);
}

/* rule: DMA-VERIFY-22 */
static void a_buffer_whose_mapping_is_nowhere_is_told(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(1, 1);
    p->mdl->MdlFlags = MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA;
    p->mdl->MappedSystemVa = NULL;
    verified_told(0x22, verified_pointer(p->mdl), 0, 0);
    map(p, 0, BYTES, true);
}

/* rule: DMA-VERIFY-22 */
static void a_buffer_that_is_no_memory_is_told(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(1, 1);
    p->mdl->MdlFlags = MDL_IO_SPACE;
    MmGetMdlPfnArray(p->mdl)[0] = 1;
    verified_told(0x22, verified_pointer(p->mdl), 0, 0);
    map(p, 0, BYTES, true);
}

/* Where devices do not see caches. */
static void verified_incoherent(void **state)
{
    const struct world_test *test = *state;
    struct haldma_config config = verified_config();
    config.machine.incoherent = true;
    verified_run_on(&config, test->body, test->code);
}

#define INCOHERENT(body, code)                                       \
    {                                                                \
#body, verified_incoherent, NULL, NULL, &(struct world_test) \
        {                                                            \
            body, NULL, code                                         \
        }                                                            \
    }

/* rule: DMA-VERIFY-1F */
static void a_buffer_that_begins_within_a_cache_line_is_told(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(1, 1);
    verified_told(0x1F, 4, verified_pointer(p->memory + 4), verified_pointer(p->mdl));
    map(p, 4, 64, false);
}

/* rule: DMA-VERIFY-1F */
static void a_buffer_that_ends_within_a_cache_line_is_told(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(1, 1);
    verified_told(0x1F, 5, BYTES, verified_pointer(p->mdl));
    map(p, 0, BYTES, false);
}

/* rule: DMA-VERIFY-1F */
static void to_the_device_any_alignment_is_fine(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(1, 1);
    map(p, 4, BYTES, true);
    flush(p, 4, BYTES, true);
}

/* ---- Written outside ------------------------------------------------------------------------- */

/* rule: DMA-VERIFY-SET-5 */
static void every_page_is_double_buffered_whatever_the_device_reaches(void *context)
{
    (void)context;
    enum { PAGES = 16 };
    struct world_list list;
    unsigned char transfer[DMA_TRANSFER_CONTEXT_SIZE_V1], *memory;
    ULONG length = PAGES * PAGE_SIZE;
    PDMA_ADAPTER a = world_adapter(64);
    PVOID base = world_take(a, transfer, PAGES);
    PMDL mdl = world_buffer(PAGES, false, &memory);
    rig_expect_equal(world_map(a, mdl, base, 0, &length, false, &list), STATUS_SUCCESS);
    for (uint32_t i = 0; i < PAGES; i++)
        rig_expect(dma_bounce_piece(registers_of(base), i)->memory == memory + (size_t)i * PAGE_SIZE);
    world_device_write(world_address(&list, 0), "new", 3);
    rig_expect(memory[0] == 'a');
    rig_expect_equal(a->DmaOperations->FlushAdapterBuffersEx(a, mdl, base, 0, length, FALSE), STATUS_SUCCESS);
    rig_expect(memcmp(memory, "new", 3) == 0);
}

/* rule: DMA-VERIFY-0F */
static void a_device_that_writes_behind_its_buffer_is_told_at_the_flush(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(1, 1);
    uint64_t logical = map(p, 0, BYTES, false);
    const unsigned char *start = dma_bounce_memory(registers_of(p->base));
    world_device_write(logical + BYTES + 3, "!", 1);
    verified_told(0x0F, 5, verified_pointer(start), verified_pointer(start + BYTES + 3));
    flush(p, 0, BYTES, false);
}

/* rule: DMA-VERIFY-0F */
static void a_device_that_writes_before_its_buffer_is_told_at_the_flush(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(1, 1);
    uint64_t logical = map(p, BYTES, BYTES, false);
    const unsigned char *page = dma_bounce_memory(registers_of(p->base));
    world_device_write(logical - 1, "!", 1);
    verified_told(0x0F, 4, verified_pointer(page + BYTES), verified_pointer(page + BYTES - 1));
    flush(p, BYTES, BYTES, false);
}

/* rule: DMA-VERIFY-0F */
static void a_device_that_writes_through_a_register_that_maps_nothing_is_told(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(2, 1);
    uint64_t logical = map(p, 0, BYTES, false);
    const unsigned char *page = dma_bounce_memory(registers_of(p->base));
    world_device_write(logical + PAGE_SIZE, "!", 1);
    verified_told(0x0F, 3, verified_pointer(page + PAGE_SIZE), 0);
    flush(p, 0, BYTES, false);
}

/* rule: DMA-VERIFY-0F */
static void a_device_that_writes_after_all_is_over_is_told_at_the_adapters_release(void *context)
{
    (void)context;
    struct piecewise *p = piecewise(1, 1);
    uint64_t logical = map(p, 0, BYTES, false);
    const unsigned char *page = dma_bounce_memory(registers_of(p->base));
    flush(p, 0, BYTES, false);
    p->adapter->DmaOperations->FreeAdapterObject(p->adapter, DeallocateObject);
    world_device_write(logical + 1, "!", 1);
    verified_told(0x0F, 3, verified_pointer(page + 1), 0);
    p->adapter->DmaOperations->PutDmaAdapter(p->adapter);
}

struct shared {
    PDMA_ADAPTER adapter;
    unsigned char *memory;
    PHYSICAL_ADDRESS logical;
};

static struct shared shared(void)
{
    struct shared c = {.adapter = world_adapter(64)};
    c.memory = c.adapter->DmaOperations->AllocateCommonBuffer(c.adapter, BYTES, &c.logical, TRUE);
    rig_expect(c.memory != NULL && (uintptr_t)c.memory % PAGE_SIZE == 0);
    return c;
}

static void unshare(const struct shared *c)
{
    c->adapter->DmaOperations->FreeCommonBuffer(c->adapter, BYTES, c->logical, c->memory, TRUE);
}

/* rule: DMA-VERIFY-0F */
static void a_write_just_before_a_common_buffer_is_told(void *context)
{
    (void)context;
    struct shared c = shared();
    c.memory[-1] = 0;
    verified_told(0x0F, 1, BYTES, verified_pointer(c.memory));
    unshare(&c);
}

/* rule: DMA-VERIFY-0F */
static void a_write_just_behind_a_common_buffer_is_told(void *context)
{
    (void)context;
    struct shared c = shared();
    c.memory[BYTES] = 0;
    verified_told(0x0F, 2, BYTES, verified_pointer(c.memory));
    unshare(&c);
}

/* rule: DMA-VERIFY-0F */
static void a_write_far_before_a_common_buffer_is_told(void *context)
{
    (void)context;
    struct shared c = shared();
    c.memory[-BYTES] = 0;
    verified_told(0x0F, 4, verified_pointer(c.memory), verified_pointer(c.memory - BYTES));
    unshare(&c);
}

/* rule: DMA-VERIFY-0F */
static void a_write_far_behind_a_common_buffer_is_told(void *context)
{
    (void)context;
    struct shared c = shared();
    c.memory[PAGE_SIZE + 1] = 0;
    verified_told(0x0F, 5, verified_pointer(c.memory), verified_pointer(c.memory + PAGE_SIZE + 1));
    unshare(&c);
}

static void write_around_a_vectors_buffer(int32_t at, uint64_t told)
{
    const PHYSICAL_ADDRESS lowest = {.QuadPart = 0}, highest = {.QuadPart = INT64_MAX};
    PDMA_ADAPTER a = world_adapter(64);
    PDMA_COMMON_BUFFER_VECTOR vector;
    PHYSICAL_ADDRESS logical;
    unsigned char *memory;
    rig_expect_equal(a->DmaOperations->AllocateCommonBufferVector(a, lowest, highest, MmCached,
                                                                  MM_ANY_NODE_OK, 0, 2, BYTES, &vector),
                     STATUS_SUCCESS);
    a->DmaOperations->GetCommonBufferFromVectorByIndex(a, vector, 1, (PVOID *)&memory, &logical);
    memory[at] = 0;
    verified_told(0x0F, told, verified_pointer(memory), verified_pointer(memory + at));
    a->DmaOperations->FreeCommonBufferFromVector(a, vector, 1);
}

static void verified_vector(void **state)
{
    const struct world_test *test = *state;
    struct haldma_config config = verified_config();
    struct rig_outcome outcome;
    struct emu_machine *m = world_machine(&config);
    rig_run(m, test->body, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_stopped(&outcome, "DMA-COMMON-8", "0xE6/0F");
    verified_compare(&outcome.finding);
}

#define VECTOR(body)                                             \
    {                                                            \
#body, verified_vector, NULL, NULL, &(struct world_test) \
        {                                                        \
            body, NULL, NULL                                     \
        }                                                        \
    }

/* rule: DMA-VERIFY-0F, DMA-COMMON-8 */
static void a_write_before_a_vectors_buffer_is_told(void *context)
{
    (void)context;
    write_around_a_vectors_buffer(-1, 4);
}

/* rule: DMA-VERIFY-0F, DMA-COMMON-8 */
static void a_write_behind_a_vectors_buffer_is_told(void *context)
{
    (void)context;
    write_around_a_vectors_buffer(BYTES, 5);
}

/* rule: DMA-VERIFY-0F */
static void common_buffers_and_mappings_that_are_left_alone_are_fine(void *context)
{
    (void)context;
    struct shared c = shared();
    struct piecewise *p = piecewise(2, 2);
    memset(c.memory, 0, BYTES);
    world_device_write(map(p, 10, PAGE_SIZE, false), "data", 4);
    flush(p, 10, PAGE_SIZE, false);
    rig_expect(memcmp(p->memory + 10, "data", 4) == 0);
    map(p, 0, BYTES, true);
    map(p, BYTES, BYTES, false);
    flush(p, 0, BYTES, true);
    flush(p, BYTES, BYTES, false);
    p->adapter->DmaOperations->FreeAdapterObject(p->adapter, DeallocateObject);
    p->adapter->DmaOperations->PutDmaAdapter(p->adapter);
    unshare(&c);
    c.adapter->DmaOperations->PutDmaAdapter(c.adapter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VERIFIED(a_flush_behind_what_is_mapped_is_told, "00"),
        VERIFIED(a_mapping_of_more_pages_than_registers_is_told, "00"),
        VERIFIED(a_mapping_before_the_last_one_was_flushed_is_told, "0D"),
        VERIFIED(a_piece_for_which_no_register_is_left_is_told, "0D"),
        VERIFIED(registers_that_are_freed_while_they_map_are_told, "10"),
        VERIFIED(a_channel_that_is_freed_while_its_registers_map_is_told, "10"),
        VERIFIED(a_flush_of_another_buffer_than_the_mapped_one_is_told, "16"),
        VERIFIED(a_range_that_is_mapped_twice_is_told, "1D"),
        VERIFIED(a_flush_of_registers_that_map_nothing_is_told, "20"),
        VERIFIED(a_flush_of_registers_that_were_freed_is_told, "20"),
        VERIFIED(a_flush_before_the_end_of_a_transfer_is_told, "23"),
        VERIFIED(a_buffer_that_is_not_locked_is_told, "0E"),
        VERIFIED(an_address_outside_of_its_mdl_is_told, "1B"),
        VERIFIED(a_list_from_before_the_first_mdl_is_told, "1F"),
        VERIFIED(a_list_from_behind_the_first_mdl_is_told, "1F"),
        VERIFIED(a_length_that_leaves_the_mdls_last_page_is_told, "1F"),
        VERIFIED(a_length_beyond_the_mdl_in_its_last_page_is_told, "24"),
        VERIFIED(a_chain_that_is_shorter_than_its_list_is_told, "24"),
        VERIFIED(a_buffer_of_zero_bytes_is_told, "21"),
        VERIFIED(a_buffer_whose_mapping_is_nowhere_is_told, "22"),
        VERIFIED(a_buffer_that_is_no_memory_is_told, "22"),
        INCOHERENT(a_buffer_that_begins_within_a_cache_line_is_told, "1F"),
        INCOHERENT(a_buffer_that_ends_within_a_cache_line_is_told, "1F"),
        INCOHERENT(to_the_device_any_alignment_is_fine, NULL),
        VERIFIED(every_page_is_double_buffered_whatever_the_device_reaches, NULL),
        VERIFIED(a_device_that_writes_behind_its_buffer_is_told_at_the_flush, "0F"),
        VERIFIED(a_device_that_writes_before_its_buffer_is_told_at_the_flush, "0F"),
        VERIFIED(a_device_that_writes_through_a_register_that_maps_nothing_is_told, "0F"),
        VERIFIED(a_device_that_writes_after_all_is_over_is_told_at_the_adapters_release, "0F"),
        VERIFIED(a_write_just_before_a_common_buffer_is_told, "0F"),
        VERIFIED(a_write_just_behind_a_common_buffer_is_told, "0F"),
        VERIFIED(a_write_far_before_a_common_buffer_is_told, "0F"),
        VERIFIED(a_write_far_behind_a_common_buffer_is_told, "0F"),
        VECTOR(a_write_before_a_vectors_buffer_is_told),
        VECTOR(a_write_behind_a_vectors_buffer_is_told),
        VERIFIED(common_buffers_and_mappings_that_are_left_alone_are_fine, NULL),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
