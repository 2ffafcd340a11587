/*
 * GetScatterGatherList, BuildScatterGatherList and PutScatterGatherList: what the list says, when the routine
 * is called, and where the data goes.
 */
#include "gather.h"

/* rule: DMA-LIST-1 */
static void the_routine_gets_device_irp_list_and_context_at_dispatch_level(void *context)
{
    (void)context;
    DEVICE_OBJECT device = {.Type = IO_TYPE_DEVICE};
    IRP asked, later;
    unsigned char *memory;
    gather_context transfer;
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_adapter(32);
    PDMA_OPERATIONS o = adapter->DmaOperations;
    PMDL mdl = world_buffer(2, false, &memory);
    world_take(adapter, transfer, 1);
    device.CurrentIrp = &asked;
    rig_expect_equal(
        o->GetScatterGatherList(adapter, &device, mdl, memory, 2 * PAGE_SIZE, gather_control, &call, TRUE),
        STATUS_SUCCESS);
    rig_expect_equal(call.calls, 0);
    device.CurrentIrp = &later;
    o->FreeAdapterObject(adapter, DeallocateObject);
    rig_expect_equal(call.calls, 1);
    rig_expect(call.device == &device && call.irp == &asked);
    rig_expect_equal(call.level, DISPATCH_LEVEL);
    rig_expect_equal(gather_bytes(call.list), 2 * PAGE_SIZE);
    gather_put(adapter, call.list, true);
}

/* rule: DMA-LIST-2 */
static void the_elements_are_the_buffers_pieces_where_they_lie(void *context)
{
    (void)context;
    unsigned char *memory;
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = world_buffer(3, true, &memory);
    PPFN_NUMBER frames = MmGetMdlPfnArray(mdl);
    rig_expect_equal(gather_get(adapter, mdl, 100, 2 * PAGE_SIZE, true, &call), STATUS_SUCCESS);
    rig_expect_equal(call.list->NumberOfElements, 3);
    rig_expect_equal(call.list->Elements[0].Address.QuadPart, (frames[0] << PAGE_SHIFT) + 100);
    rig_expect_equal(call.list->Elements[0].Length, PAGE_SIZE - 100);
    rig_expect_equal(call.list->Elements[1].Address.QuadPart, frames[1] << PAGE_SHIFT);
    rig_expect_equal(call.list->Elements[1].Length, PAGE_SIZE);
    rig_expect_equal(call.list->Elements[2].Address.QuadPart, frames[2] << PAGE_SHIFT);
    rig_expect_equal(call.list->Elements[2].Length, 100);
    gather_put(adapter, call.list, true);
}

/* Six MDLs, of which the first and the fourth are empty, the second ends at a page boundary. */
static PMDL chain_of_six(bool far)
{
    static const uint32_t offsets[] = {0x300, 0xC00, 7, 0, 0x800, 0xFFF};
    static const uint32_t bytes[] = {0, 0x400, 5000, 0, 0x1001, 1};
    PMDL first = NULL, *link = &first;
    for (unsigned i = 0; i < sizeof bytes / sizeof bytes[0]; i++, link = &(*link)->Next)
        *link = gather_piece(offsets[i], bytes[i], far, (unsigned char)('a' + i));
    return first;
}

enum { CHAIN_BYTES = 0x400 + 5000 + 0x1001 + 1 };

static void fill(unsigned char *data, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++)
        data[i] = (unsigned char)(i * 31 + (i >> 8));
}

/* What the driver has in its chain. */
static void gather_chain(PMDL mdl, unsigned char *out)
{
    for (; mdl != NULL; out += mdl->ByteCount, mdl = mdl->Next)
        memcpy(out, gather_memory(mdl), mdl->ByteCount);
}

static void read_and_write_the_chain(ULONG width, bool far)
{
    unsigned char *got = haldma_scratch(CHAIN_BYTES), *want = haldma_scratch(CHAIN_BYTES);
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_adapter(width);
    PMDL mdl = chain_of_six(far);
    gather_chain(mdl, want);
    rig_expect_equal(gather_get(adapter, mdl, 0, CHAIN_BYTES, true, &call), STATUS_SUCCESS);
    rig_expect_equal(gather_bytes(call.list), CHAIN_BYTES);
    gather_device(call.list, got, false);
    rig_expect(memcmp(got, want, CHAIN_BYTES) == 0);
    gather_put(adapter, call.list, true);

    fill(want, CHAIN_BYTES);
    rig_expect_equal(gather_get(adapter, mdl, 0, CHAIN_BYTES, false, &call), STATUS_SUCCESS);
    gather_device(call.list, want, true);
    gather_put(adapter, call.list, false);
    gather_chain(mdl, got);
    rig_expect(memcmp(got, want, CHAIN_BYTES) == 0);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
}

/* rule: DMA-LIST-3 */
static void a_chain_with_empty_mdls_is_one_transfer_where_it_lies(void *context)
{
    (void)context;
    read_and_write_the_chain(64, true);
}

/* rule: DMA-LIST-3 */
static void a_chain_with_empty_mdls_is_one_transfer_through_double_buffers(void *context)
{
    (void)context;
    read_and_write_the_chain(32, true);
}

/* rule: DMA-LIST-4 */
static void the_adapter_is_free_after_the_routine_and_the_registers_stay(void *context)
{
    (void)context;
    unsigned char *memory;
    gather_context transfer;
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(3, false, &memory);
    rig_expect_equal(gather_get(adapter, mdl, 0, 3 * PAGE_SIZE, true, &call), STATUS_SUCCESS);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS - 3);
    world_take(adapter, transfer, 1);
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS - 3);
    gather_put(adapter, call.list, true);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* rule: DMA-LIST-4 */
static void the_routine_may_put_its_list(void *context)
{
    (void)context;
    unsigned char *memory;
    gather_context transfer;
    PDMA_ADAPTER adapter = world_adapter(32);
    struct gather_call call = {.put_through = adapter, .to_device = TRUE};
    PMDL mdl = world_buffer(3, true, &memory);
    rig_expect_equal(gather_get(adapter, mdl, 0, 3 * PAGE_SIZE, true, &call), STATUS_SUCCESS);
    rig_expect_equal(gather_get_ex(adapter, transfer, mdl, 0, PAGE_SIZE, 0, true, &call), STATUS_SUCCESS);
    rig_expect_equal(call.calls, 2);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
    rig_expect_equal(haldma_pool_blocks(GATHER_LIST_TAG), 0);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* rule: DMA-LIST-5 */
static void more_registers_than_the_adapter_has_are_refused_and_nothing_is_called(void *context)
{
    (void)context;
    struct world_list buffer;
    gather_context transfer;
    ULONG registers;
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_get(world_master(DEVICE_DESCRIPTION_VERSION3, 32), &registers);
    PDMA_OPERATIONS o = adapter->DmaOperations;
    PMDL mdl = gather_piece(1, registers * PAGE_SIZE, false, 'x');
    PUCHAR memory = gather_memory(mdl);
    ULONG fits = registers * PAGE_SIZE - 1;
    rig_expect_equal(gather_get(adapter, mdl, 0, fits + 1, true, &call), STATUS_INSUFFICIENT_RESOURCES);
    rig_expect_equal(gather_get_ex(adapter, transfer, mdl, 0, fits + 1, 0, true, &call),
                     STATUS_INSUFFICIENT_RESOURCES);
    rig_expect_equal(o->BuildScatterGatherList(adapter, NULL, mdl, memory, fits + 1, gather_control, &call,
                                               TRUE, &buffer, sizeof buffer),
                     STATUS_INSUFFICIENT_RESOURCES);
    rig_expect_equal(call.calls, 0);
    rig_expect_equal(gather_get(adapter, mdl, 0, fits, true, &call), STATUS_SUCCESS);
    rig_expect_equal(call.calls, 1);
    gather_put(adapter, call.list, true);
}

/* rule: DMA-LIST-6 */
static void a_chain_that_is_shorter_than_the_length_is_too_small(void *context)
{
    (void)context;
    struct world_list buffer;
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_adapter(64);
    PDMA_OPERATIONS o = adapter->DmaOperations;
    PMDL mdl = gather_piece(0, 1000, false, 'x');
    mdl->Next = gather_piece(0, 500, false, 'y');
    rig_expect_equal(gather_get(adapter, mdl, 100, 1401, true, &call), STATUS_BUFFER_TOO_SMALL);
    rig_expect_equal(o->BuildScatterGatherList(adapter, NULL, mdl, gather_memory(mdl) + 100, 1401,
                                               gather_control, &call, TRUE, &buffer, sizeof buffer),
                     STATUS_BUFFER_TOO_SMALL);
    rig_expect_equal(call.calls, 0);
    rig_expect_equal(gather_get(adapter, mdl, 100, 1400, true, &call), STATUS_SUCCESS);
    rig_expect_equal(gather_bytes(call.list), 1400);
    gather_put(adapter, call.list, true);
}

struct another {
    PDMA_ADAPTER adapter;
    PDEVICE_OBJECT device;
    PMDL mdl;
    struct gather_call inner;
    unsigned inner_calls_within;
};

static VOID ask_for_another(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    struct another *a = context;
    (void)irp;
    rig_expect_equal(a->adapter->DmaOperations->GetScatterGatherList(a->adapter, device, a->mdl,
                                                                     gather_memory(a->mdl), PAGE_SIZE,
                                                                     gather_control, &a->inner, TRUE),
                     STATUS_SUCCESS);
    a->inner_calls_within = a->inner.calls;
    gather_put(a->adapter, list, true);
}

/* rule: DMA-LIST-7 */
static void a_device_object_may_ask_for_many_lists_also_within_the_routine(void *context)
{
    (void)context;
    DEVICE_OBJECT device = {.Type = IO_TYPE_DEVICE};
    unsigned char *memory;
    gather_context transfer;
    struct gather_call first = {0}, second = {0};
    struct another a = {.adapter = world_adapter(32)};
    PDMA_OPERATIONS o = a.adapter->DmaOperations;
    a.mdl = world_buffer(1, false, &memory);
    world_take(a.adapter, transfer, 1);
    o->GetScatterGatherList(a.adapter, &device, a.mdl, memory, 1, gather_control, &first, TRUE);
    o->GetScatterGatherList(a.adapter, &device, a.mdl, memory, 1, gather_control, &second, TRUE);
    o->GetScatterGatherList(a.adapter, &device, a.mdl, memory, 1, ask_for_another, &a, TRUE);
    rig_expect_equal(first.calls + second.calls, 0);
    o->FreeAdapterObject(a.adapter, DeallocateObject);
    rig_expect_equal(first.calls, 1);
    rig_expect_equal(second.calls, 1);
    rig_expect_equal(a.inner_calls_within, 0);
    rig_expect_equal(a.inner.calls, 1);
    gather_put(a.adapter, first.list, true);
    gather_put(a.adapter, second.list, true);
    gather_put(a.adapter, a.inner.list, true);
}

static PDMA_ADAPTER packet_adapter(ULONG width)
{
    DEVICE_DESCRIPTION description = world_master(DEVICE_DESCRIPTION_VERSION3, width);
    description.ScatterGather = FALSE;
    PDMA_ADAPTER adapter = world_get(description, NULL);
    rig_expect(adapter != NULL);
    return adapter;
}

/* rule: DMA-LIST-8 */
static void a_device_without_scatter_gather_gets_one_element(void *context)
{
    (void)context;
    unsigned char *got = haldma_scratch(CHAIN_BYTES), *want = haldma_scratch(CHAIN_BYTES);
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = packet_adapter(64);
    PMDL mdl = chain_of_six(true);
    gather_chain(mdl, want);
    rig_expect_equal(gather_get(adapter, mdl, 0, CHAIN_BYTES, true, &call), STATUS_SUCCESS);
    rig_expect_equal(call.list->NumberOfElements, 1);
    gather_device(call.list, got, false);
    rig_expect(memcmp(got, want, CHAIN_BYTES) == 0);
    gather_put(adapter, call.list, true);
    fill(want, CHAIN_BYTES);
    rig_expect_equal(gather_get(adapter, mdl, 0, CHAIN_BYTES, false, &call), STATUS_SUCCESS);
    gather_device(call.list, want, true);
    gather_put(adapter, call.list, false);
    gather_chain(mdl, got);
    rig_expect(memcmp(got, want, CHAIN_BYTES) == 0);
}

/* rule: DMA-LIST-44 */
static void what_the_device_wrote_is_there_after_the_put_and_nothing_beside_it(void *context)
{
    (void)context;
    enum { FROM = 0x900, BYTES = 0x1400 };
    unsigned char *memory, data[BYTES];
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(3, true, &memory);
    fill(data, sizeof data);
    rig_expect_equal(gather_get(adapter, mdl, FROM, BYTES, false, &call), STATUS_SUCCESS);
    gather_device(call.list, data, true);
    rig_expect_equal(memory[FROM], 'a');
    gather_put(adapter, call.list, false);
    rig_expect(memcmp(memory + FROM, data, BYTES) == 0);
    rig_expect_equal(memory[FROM - 1], 'a');
    rig_expect_equal(memory[FROM + BYTES], 'b');
    rig_expect_equal(memory[3 * PAGE_SIZE - 1], 'c');
}

/* rule: DMA-LIST-44 */
static void what_the_device_changed_of_outgoing_data_does_not_come_back(void *context)
{
    (void)context;
    unsigned char *memory, data[16];
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(1, true, &memory);
    memset(data, 'Z', sizeof data);
    rig_expect_equal(gather_get(adapter, mdl, 0, sizeof data, true, &call), STATUS_SUCCESS);
    gather_device(call.list, data, true);
    gather_put(adapter, call.list, true);
    rig_expect_equal(memory[0], 'a');
}

/* rule: DMA-LIST-45 */
static void the_put_frees_registers_and_list_and_serves_who_waits_for_them(void *context)
{
    (void)context;
    unsigned char *memory;
    struct gather_call first[4] = {{0}}, waiter = {0};
    PDMA_ADAPTER adapter = world_adapter(32), other = world_adapter(32);
    PMDL mdl = world_buffer(16, false, &memory);
    for (int i = 0; i < 4; i++)
        rig_expect_equal(gather_get(adapter, mdl, 0, 16 * PAGE_SIZE, true, &first[i]), STATUS_SUCCESS);
    rig_expect_equal(world_pool()->free, 0);
    rig_expect_equal(gather_get(other, mdl, 0, 1, true, &waiter), STATUS_SUCCESS);
    rig_expect_equal(waiter.calls, 0);
    rig_expect_equal(haldma_pool_blocks(GATHER_LIST_TAG), 5);
    gather_put(adapter, first[2].list, true);
    rig_expect_equal(waiter.calls, 1);
    rig_expect_equal(haldma_pool_blocks(GATHER_LIST_TAG), 4);
    gather_put(other, waiter.list, true);
    gather_put(adapter, first[0].list, true);
    gather_put(adapter, first[3].list, true);
    gather_put(adapter, first[1].list, true);
    rig_expect_equal(haldma_pool_blocks(GATHER_LIST_TAG), 0);
    adapter->DmaOperations->PutDmaAdapter(adapter);
    other->DmaOperations->PutDmaAdapter(other);
}

/* rule: DMA-LIST-45 */
static void a_built_lists_buffer_is_the_drivers_again_after_the_put(void *context)
{
    (void)context;
    unsigned char *memory;
    struct world_list buffer;
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(2, true, &memory);
    for (unsigned i = 1; i <= 3; i++) {
        rig_expect_equal(adapter->DmaOperations->BuildScatterGatherList(adapter, NULL, mdl, memory,
                                                                        2 * PAGE_SIZE, gather_control, &call,
                                                                        FALSE, &buffer, sizeof buffer),
                         STATUS_SUCCESS);
        rig_expect_equal(call.calls, i);
        rig_expect(call.list == (PVOID)&buffer);
        gather_put(adapter, call.list, false);
    }
    rig_expect_equal(haldma_pool_blocks(GATHER_LIST_TAG), 0);
}

/* rule: DMA-LIST-18 */
static void a_device_that_reaches_everything_takes_no_registers(void *context)
{
    (void)context;
    unsigned char *memory;
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = world_buffer(4, true, &memory);
    rig_expect_equal(gather_get(adapter, mdl, 0, 4 * PAGE_SIZE, false, &call), STATUS_SUCCESS);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
    gather_device(call.list, (unsigned char[4 * PAGE_SIZE]){"straight into memory"}, true);
    rig_expect(strcmp((char *)memory, "straight into memory") == 0);
    gather_put(adapter, call.list, false);
}

static PDMA_ADAPTER old_adapter(ULONG version)
{
    PDMA_ADAPTER adapter = world_get(world_master(version, 32), NULL);
    rig_expect(adapter != NULL);
    return adapter;
}

/* rule: DMA-LIST-1 */
static void lists_work_on_adapters_of_versions_1_and_2(void *context)
{
    (void)context;
    unsigned char *memory;
    struct world_list buffer;
    struct gather_call call = {0};
    PMDL mdl = world_buffer(1, true, &memory);
    PDMA_ADAPTER first = old_adapter(DEVICE_DESCRIPTION_VERSION1);
    PDMA_ADAPTER second = old_adapter(DEVICE_DESCRIPTION_VERSION2);
    rig_expect_equal(gather_get(first, mdl, 0, PAGE_SIZE, true, &call), STATUS_SUCCESS);
    gather_put(first, call.list, true);
    rig_expect_equal(second->DmaOperations->BuildScatterGatherList(second, NULL, mdl, memory, PAGE_SIZE,
                                                                   gather_control, &call, TRUE, &buffer,
                                                                   sizeof buffer),
                     STATUS_SUCCESS);
    gather_put(second, call.list, true);
    rig_expect_equal(call.calls, 2);
}

/* rule: DMA-LIST-17 */
static void a_list_at_an_odd_address_is_built_all_the_same(void *context)
{
    (void)context;
    unsigned char *memory, bytes[256];
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(1, true, &memory);
    rig_expect_equal(adapter->DmaOperations->BuildScatterGatherList(adapter, NULL, mdl, memory, PAGE_SIZE,
                                                                    gather_control, &call, TRUE, bytes + 1,
                                                                    sizeof bytes - 1),
                     STATUS_SUCCESS);
    ULONG elements;
    memcpy(&elements, bytes + 1, sizeof elements);
    rig_expect_equal(elements, 1);
    gather_put(adapter, call.list, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(the_routine_gets_device_irp_list_and_context_at_dispatch_level),
        WORLD_HOLDS(the_elements_are_the_buffers_pieces_where_they_lie),
        WORLD_HOLDS(a_chain_with_empty_mdls_is_one_transfer_where_it_lies),
        WORLD_HOLDS(a_chain_with_empty_mdls_is_one_transfer_through_double_buffers),
        WORLD_HOLDS(the_adapter_is_free_after_the_routine_and_the_registers_stay),
        WORLD_HOLDS(the_routine_may_put_its_list),
        WORLD_HOLDS(more_registers_than_the_adapter_has_are_refused_and_nothing_is_called),
        WORLD_HOLDS(a_chain_that_is_shorter_than_the_length_is_too_small),
        WORLD_HOLDS(a_device_object_may_ask_for_many_lists_also_within_the_routine),
        WORLD_HOLDS(a_device_without_scatter_gather_gets_one_element),
        WORLD_HOLDS(what_the_device_wrote_is_there_after_the_put_and_nothing_beside_it),
        WORLD_HOLDS(what_the_device_changed_of_outgoing_data_does_not_come_back),
        WORLD_HOLDS(the_put_frees_registers_and_list_and_serves_who_waits_for_them),
        WORLD_HOLDS(a_built_lists_buffer_is_the_drivers_again_after_the_put),
        WORLD_HOLDS(a_device_that_reaches_everything_takes_no_registers),
        WORLD_HOLDS(lists_work_on_adapters_of_versions_1_and_2),
        WORLD_HOLDS(a_list_at_an_odd_address_is_built_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
