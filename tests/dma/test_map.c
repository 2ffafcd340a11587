/*
 * MapTransfer and MapTransferEx: what the device gets to see.
 */
#include "world.h"

typedef UCHAR transfer_bytes[DMA_TRANSFER_CONTEXT_SIZE_V1];

static NTSTATUS flush(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, ULONGLONG offset, ULONG length,
                      BOOLEAN to_device)
{
    return adapter->DmaOperations->FlushAdapterBuffersEx(adapter, mdl, base, offset, length, to_device);
}

static uint64_t physical(const void *memory)
{
    return emu_ram_physical(emu_current(), memory);
}

/* Bytes that the elements of a list describe. */
static uint64_t bytes_in(struct world_list *list)
{
    uint64_t bytes = 0;
    for (ULONG i = 0; i < world_list(list)->NumberOfElements; i++)
        bytes += world_list(list)->Elements[i].Length;
    return bytes;
}

/* rule: DMA-MAP-1 */
static void a_device_that_reaches_all_memory_gets_pages_where_they_lie_in_order(void *context)
{
    (void)context;
    unsigned char *memory;
    struct world_list list;
    ULONG length = 2 * PAGE_SIZE;
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = world_buffer(3, true, &memory);
    rig_expect_equal(world_map(adapter, mdl, NULL, 100, &length, true, &list), STATUS_SUCCESS);
    rig_expect_equal(length, 2 * PAGE_SIZE);
    rig_expect_equal(bytes_in(&list), 2 * PAGE_SIZE);
    uint64_t at = 100;
    for (ULONG i = 0; i < world_list(&list)->NumberOfElements; i++) {
        rig_expect_equal(world_address(&list, i), physical(memory + at));
        at += world_list(&list)->Elements[i].Length;
    }
}

/* rule: DMA-MAP-2 */
static void physical_neighbours_are_one_element(void *context)
{
    (void)context;
    struct emu_ram_request request = {.pages = 4, .contiguous = true};
    unsigned char *memory = emu_ram_alloc(emu_current(), &request);
    struct world_list list;
    ULONG length = 4 * PAGE_SIZE - 8;
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = world_mdl(memory, 4 * PAGE_SIZE);
    rig_expect_equal(world_map(adapter, mdl, NULL, 4, &length, true, &list), STATUS_SUCCESS);
    rig_expect_equal(world_list(&list)->NumberOfElements, 1);
    rig_expect_equal(world_address(&list, 0), physical(memory) + 4);
    rig_expect_equal(world_list(&list)->Elements[0].Length, length);
}

/* rule: DMA-MAP-3 */
static void a_mapping_stops_where_its_registers_are_used_up_and_the_next_goes_on(void *context)
{
    (void)context;
    transfer_bytes transfer;
    unsigned char *memory, seen[1];
    struct world_list list;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(5, true, &memory);
    PVOID base = world_take(adapter, transfer, 2);
    ULONG done = 0;
    for (unsigned call = 0; call < 3; call++) {
        ULONG length = 5 * PAGE_SIZE - done;
        rig_expect_equal(world_map(adapter, mdl, base, done, &length, true, &list), STATUS_SUCCESS);
        rig_expect_equal(length, call < 2 ? 2 * PAGE_SIZE : PAGE_SIZE);
        world_device_read(world_address(&list, 0), seen, 1);
        rig_expect_equal(seen[0], 'a' + 2 * call);
        rig_expect_equal(flush(adapter, mdl, base, done, length, TRUE), STATUS_SUCCESS);
        done += length;
    }
}

/* Pages whose neighbours in the buffer are none in memory: every second one of a run. */
static PMDL scattered(unsigned pages)
{
    struct emu_ram_request request = {.pages = 2 * pages, .contiguous = true};
    unsigned char *memory = emu_ram_alloc(emu_current(), &request);
    PMDL first = NULL, *link = &first;
    for (unsigned i = 0; i < pages; i++) {
        *link = world_mdl(memory + 2 * i * PAGE_SIZE, PAGE_SIZE);
        link = &(*link)->Next;
    }
    return first;
}

/* rule: DMA-MAP-4 */
static void a_mapping_stops_where_the_list_is_full(void *context)
{
    (void)context;
    struct world_list list;
    ULONG length = 3 * PAGE_SIZE;
    PDMA_ADAPTER adapter = world_adapter(64);
    rig_expect_equal(adapter->DmaOperations->MapTransferEx(adapter, scattered(3), NULL, 0, 0, &length, TRUE,
                                                           world_list(&list), 16 + 2 * 24 + 23, NULL, NULL),
                     STATUS_SUCCESS);
    rig_expect_equal(length, 2 * PAGE_SIZE);
    rig_expect_equal(world_list(&list)->NumberOfElements, 2);
}

/* rule: DMA-MAP-5 */
static void a_mapping_stops_at_the_controllers_fragment_limit(void *context)
{
    (void)context;
    transfer_bytes transfer;
    struct world_list list;
    ULONG length = 8 * PAGE_SIZE;
    PDMA_ADAPTER adapter = world_channel(WORLD_LINE);
    PMDL mdl = scattered(8);
    PVOID base = world_take(adapter, transfer, 8);
    rig_expect_equal(world_map(adapter, mdl, base, 0, &length, true, &list), STATUS_SUCCESS);
    rig_expect_equal(length, WORLD_FRAGMENTS * PAGE_SIZE);
    rig_expect_equal(flush(adapter, mdl, base, 0, length, TRUE), STATUS_SUCCESS);
}

/* rule: DMA-MAP-6 */
static void the_offset_goes_through_the_chain_of_mdls(void *context)
{
    (void)context;
    unsigned char *first, *second;
    struct world_list list;
    ULONG length = 10;
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = world_mdl(first = world_pages(1, false), 100);
    mdl->Next = world_mdl(second = world_pages(1, false), 50);
    rig_expect_equal(world_map(adapter, mdl, NULL, 95, &length, true, &list), STATUS_SUCCESS);
    rig_expect_equal(length, 10);
    rig_expect_equal(world_address(&list, 0), physical(first + 95));
    rig_expect_equal(world_list(&list)->Elements[0].Length, 5);
    rig_expect_equal(world_address(&list, 1), physical(second));
    rig_expect_equal(world_list(&list)->Elements[1].Length, 5);
}

/* rule: DMA-MAP-7 */
static void bad_arguments_are_invalid(void *context)
{
    (void)context;
    unsigned char *memory;
    struct world_list list;
    PDMA_ADAPTER a = world_adapter(64);
    PMAP_TRANSFER_EX map = a->DmaOperations->MapTransferEx;
    PMDL mdl = world_buffer(1, false, &memory);
    PSCATTER_GATHER_LIST buffer = world_list(&list);
    ULONG length = PAGE_SIZE, bytes = sizeof list.bytes;
    PDMA_COMPLETION_ROUTINE routine = (PDMA_COMPLETION_ROUTINE)(void (*)(void))bad_arguments_are_invalid;
    rig_expect_equal(map(a, NULL, NULL, 0, 0, &length, TRUE, buffer, bytes, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
    rig_expect_equal(map(a, mdl, NULL, 0, 0, NULL, TRUE, buffer, bytes, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
    rig_expect_equal(map(a, mdl, NULL, 1, 0, &length, TRUE, buffer, bytes, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
    rig_expect_equal(map(a, mdl, NULL, PAGE_SIZE, 0, &length, TRUE, buffer, bytes, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
    rig_expect_equal(map(a, mdl, NULL, 0, 0, &length, TRUE, NULL, 0, NULL, NULL), STATUS_INVALID_PARAMETER);
    rig_expect_equal(map(a, mdl, NULL, 0, 0, &length, TRUE, buffer, bytes, routine, NULL),
                     STATUS_INVALID_PARAMETER);
    rig_expect_equal(map(a, mdl, NULL, 0, 8, &length, TRUE, buffer, bytes, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
    rig_expect_equal(length, PAGE_SIZE);
}

/* rule: DMA-MAP-8 */
static void a_list_buffer_without_room_for_one_element_is_invalid(void *context)
{
    (void)context;
    unsigned char *memory;
    struct world_list list;
    ULONG length = PAGE_SIZE;
    PDMA_ADAPTER a = world_adapter(64);
    PMDL mdl = world_buffer(1, false, &memory);
    rig_expect_equal(a->DmaOperations->MapTransferEx(a, mdl, NULL, 0, 0, &length, TRUE, world_list(&list),
                                                     16 + 24 - 1, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
}

/* rule: DMA-MAP-9 */
static void nothing_can_be_mapped_successfully(void *context)
{
    (void)context;
    unsigned char *memory;
    struct world_list list;
    ULONG length = 0;
    PDMA_ADAPTER adapter = world_adapter(64);
    rig_expect_equal(world_map(adapter, world_buffer(1, false, &memory), NULL, 0, &length, true, &list),
                     STATUS_SUCCESS);
    rig_expect_equal(world_list(&list)->NumberOfElements, 0);
}

/* rule: DMA-MAP-18 */
static void pages_out_of_reach_are_double_buffered_and_others_are_not(void *context)
{
    (void)context;
    transfer_bytes transfer;
    unsigned char *near, *far, seen[8];
    struct world_list list;
    ULONG length = 2 * PAGE_SIZE;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(1, false, &near);
    mdl->Next = world_buffer(1, true, &far);
    memset(far, 'F', PAGE_SIZE);
    PVOID base = world_take(adapter, transfer, 2);
    rig_expect_equal(world_map(adapter, mdl, base, 0, &length, true, &list), STATUS_SUCCESS);
    rig_expect_equal(length, 2 * PAGE_SIZE);
    rig_expect_equal(world_address(&list, 0), physical(near));
    rig_expect(world_address(&list, 1) != physical(far) && world_address(&list, 1) < 1ull << 32);
    world_device_read(world_address(&list, 1), seen, sizeof seen);
    rig_expect(memcmp(seen, "FFFFFFFF", sizeof seen) == 0);
    rig_expect_equal(world_address(&list, 1) % PAGE_SIZE, 0);
}

/* rule: DMA-MAP-19 */
static void a_device_without_scatter_gather_gets_one_piece(void *context)
{
    (void)context;
    transfer_bytes transfer;
    struct world_list list;
    unsigned char seen[PAGE_SIZE];
    DEVICE_DESCRIPTION d = world_master(DEVICE_DESCRIPTION_VERSION3, 64);
    d.ScatterGather = FALSE;
    PDMA_ADAPTER adapter = world_get(d, NULL);
    PMDL mdl = scattered(3);
    unsigned char fill = 'a';
    for (PMDL part = mdl; part != NULL; part = part->Next)
        memset(MmGetSystemAddressForMdlSafe(part, NormalPagePriority), fill++, PAGE_SIZE);
    ULONG length = 3 * PAGE_SIZE - 200;
    PVOID base = world_take(adapter, transfer, 3);
    rig_expect_equal(world_map(adapter, mdl, base, 100, &length, true, &list), STATUS_SUCCESS);
    rig_expect_equal(length, 3 * PAGE_SIZE - 200);
    rig_expect_equal(world_list(&list)->NumberOfElements, 1);
    rig_expect_equal(world_address(&list, 0) % PAGE_SIZE, 100);
    for (unsigned page = 0; page < 3; page++) {
        world_device_read(world_address(&list, 0) - 100 + page * PAGE_SIZE + 1000, seen, 8);
        rig_expect_equal(seen[0], 'a' + page);
    }
    rig_expect_equal(flush(adapter, mdl, base, 100, length, TRUE), STATUS_SUCCESS);
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
}

/* rule: DMA-MAP-20 */
static void version_1_maps_one_piece_a_call_and_tells_its_length(void *context)
{
    (void)context;
    transfer_bytes transfer;
    unsigned char *memory;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(3, true, &memory);
    PVOID base = world_take(adapter, transfer, 3);
    ULONG length = 3 * PAGE_SIZE - 8;
    PHYSICAL_ADDRESS logical =
        adapter->DmaOperations->MapTransfer(adapter, mdl, base, memory + 8, &length, TRUE);
    rig_expect(length > 0 && length <= 3 * PAGE_SIZE - 8);
    rig_expect_equal(logical.QuadPart % PAGE_SIZE, 8);
    unsigned char seen[1];
    world_device_read((uint64_t)logical.QuadPart, seen, 1);
    rig_expect_equal(seen[0], 'a');
    rig_expect_equal(
        adapter->DmaOperations->FlushAdapterBuffers(adapter, mdl, base, memory + 8, length, TRUE), TRUE);
}

/* rule: DMA-MAP-21 */
static void a_page_out_of_reach_cannot_be_mapped_without_registers(void *context)
{
    (void)context;
    unsigned char *memory;
    struct world_list list;
    ULONG length = PAGE_SIZE;
    PDMA_ADAPTER adapter = world_adapter(32);
    rig_expect_equal(world_map(adapter, world_buffer(1, true, &memory), NULL, 0, &length, true, &list),
                     STATUS_INSUFFICIENT_RESOURCES);
    rig_expect_equal(length, PAGE_SIZE);
}

/* ---- Latitude -------------------------------------------------------------------------------- */

static struct {
    unsigned all, first_fragment;
} seen_lengths; /* over all runs */

static void map_three(void *context)
{
    (void)context;
    struct world_list list;
    ULONG length = 3 * PAGE_SIZE;
    PDMA_ADAPTER adapter = world_adapter(64);
    rig_expect_equal(world_map(adapter, scattered(3), NULL, 0, &length, true, &list), STATUS_SUCCESS);
    rig_expect(length == 3 * PAGE_SIZE || length == PAGE_SIZE);
    rig_expect_equal(bytes_in(&list), length);
    seen_lengths.all += length == 3 * PAGE_SIZE;
    seen_lengths.first_fragment += length == PAGE_SIZE;
}

static void set_up_three(void *context)
{
    (void)context;
    rig_thread("maps", 0, map_three, NULL);
}

/* rule: DMA-MAP-10 */
static void a_platform_may_map_less_than_it_could(void **state)
{
    (void)state;
    struct haldma_config config = world_config();
    config.machine.profile = EMU_PROFILE_HOSTILE;
    memset(&seen_lengths, 0, sizeof seen_lengths);
    world_explore(&config, set_up_three, NULL, 0);
    assert_true(seen_lengths.all > 0 && seen_lengths.first_fragment > 0);
}

static void map_three_as_one_piece(void *context)
{
    (void)context;
    transfer_bytes transfer;
    struct world_list list;
    ULONG length = 3 * PAGE_SIZE - 8;
    DEVICE_DESCRIPTION d = world_master(DEVICE_DESCRIPTION_VERSION3, 64);
    d.ScatterGather = FALSE;
    PDMA_ADAPTER adapter = world_get(d, NULL);
    PVOID base = world_take(adapter, transfer, 3);
    PMDL mdl = scattered(3);
    rig_expect_equal(world_map(adapter, mdl, base, 8, &length, true, &list), STATUS_SUCCESS);
    rig_expect_equal(world_list(&list)->NumberOfElements, 1);
    rig_expect_equal(bytes_in(&list), length);
    rig_expect_equal(flush(adapter, mdl, base, 8, length, TRUE), STATUS_SUCCESS);
    seen_lengths.all += length == 3 * PAGE_SIZE - 8;
    seen_lengths.first_fragment += length == PAGE_SIZE - 8;
}

static void set_up_three_as_one_piece(void *context)
{
    (void)context;
    rig_thread("maps", 0, map_three_as_one_piece, NULL);
}

/* rule: DMA-MAP-26 */
static void a_platform_may_stop_at_the_end_of_an_mdl_where_the_device_needs_one_piece(void **state)
{
    (void)state;
    struct haldma_config config = world_config();
    config.machine.profile = EMU_PROFILE_HOSTILE;
    memset(&seen_lengths, 0, sizeof seen_lengths);
    world_explore(&config, set_up_three_as_one_piece, NULL, 0);
    assert_true(seen_lengths.all > 0 && seen_lengths.first_fragment > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(a_device_that_reaches_all_memory_gets_pages_where_they_lie_in_order),
        WORLD_HOLDS(physical_neighbours_are_one_element),
        WORLD_HOLDS(a_mapping_stops_where_its_registers_are_used_up_and_the_next_goes_on),
        WORLD_HOLDS(a_mapping_stops_where_the_list_is_full),
        WORLD_HOLDS(a_mapping_stops_at_the_controllers_fragment_limit),
        WORLD_HOLDS(the_offset_goes_through_the_chain_of_mdls),
        WORLD_HOLDS(bad_arguments_are_invalid),
        WORLD_HOLDS(a_list_buffer_without_room_for_one_element_is_invalid),
        WORLD_HOLDS(nothing_can_be_mapped_successfully),
        WORLD_HOLDS(pages_out_of_reach_are_double_buffered_and_others_are_not),
        WORLD_HOLDS(a_device_without_scatter_gather_gets_one_piece),
        WORLD_HOLDS(version_1_maps_one_piece_a_call_and_tells_its_length),
        WORLD_HOLDS(a_page_out_of_reach_cannot_be_mapped_without_registers),
        cmocka_unit_test(a_platform_may_map_less_than_it_could),
        cmocka_unit_test(a_platform_may_stop_at_the_end_of_an_mdl_where_the_device_needs_one_piece),
    };
    return cmocka_run_group_tests_name("dma.map", tests, NULL, NULL);
}
