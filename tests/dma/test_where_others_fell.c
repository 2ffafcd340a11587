/*
 * Failures that were seen in other open implementations: each is a test here.
 */
#include "gather.h"

/* ---- Double buffers -------------------------------------------------------------------------- */

/* rule: DMA-LIST-18 */
static void a_64_bit_device_never_bounces(void *context)
{
    (void)context;
    unsigned char *memory;
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_adapter(64);
    for (int far = 0; far < 2; far++) {
        PMDL mdl = world_buffer(4, far != 0, &memory);
        rig_expect_equal(gather_get(adapter, mdl, 0, 4 * PAGE_SIZE, false, &call), STATUS_SUCCESS);
        for (ULONG i = 0; i < call.list->NumberOfElements; i++)
            rig_expect_equal(call.list->Elements[i].Address.QuadPart, MmGetMdlPfnArray(mdl)[i] << PAGE_SHIFT);
        rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
        rig_expect(world_pool()->banks == NULL);
        gather_put(adapter, call.list, false);
    }
}

static PDMA_ADAPTER packet_adapter(void)
{
    DEVICE_DESCRIPTION description = world_master(DEVICE_DESCRIPTION_VERSION3, 64);
    description.ScatterGather = FALSE;
    PDMA_ADAPTER adapter = world_get(description, NULL);
    rig_expect(adapter != NULL);
    return adapter;
}

/* Two pages that follow each other in physical memory. */
static PMDL contiguous_buffer(unsigned char **memory)
{
    struct emu_ram_request request = {.pages = 2, .contiguous = true};
    *memory = emu_ram_alloc(emu_current(), &request);
    rig_expect(*memory != NULL);
    return world_mdl(*memory, 2 * PAGE_SIZE);
}

/* rule: DMA-LIST-44 */
static void a_read_without_scatter_gather_keeps_its_data_through_the_flush(void *context)
{
    (void)context;
    gather_context transfer;
    struct world_list list;
    unsigned char *scattered, *memory, data[2 * PAGE_SIZE];
    ULONG length = 2 * PAGE_SIZE;
    PDMA_ADAPTER adapter = packet_adapter();
    PDMA_OPERATIONS o = adapter->DmaOperations;
    PMDL first = world_buffer(2, true, &scattered), second = contiguous_buffer(&memory);
    PVOID base = world_take(adapter, transfer, 2);
    memset(data, 'D', sizeof data);

    rig_expect_equal(world_map(adapter, first, base, 0, &length, false, &list), STATUS_SUCCESS);
    rig_expect(world_address(&list, 0) != MmGetMdlPfnArray(first)[0] << PAGE_SHIFT);
    o->FlushAdapterBuffersEx(adapter, first, base, 0, length, FALSE);

    rig_expect_equal(world_map(adapter, second, base, 0, &length, false, &list), STATUS_SUCCESS);
    gather_device(world_list(&list), data, true);
    o->FlushAdapterBuffersEx(adapter, second, base, 0, length, FALSE);
    rig_expect(memcmp(memory, data, sizeof data) == 0);

    o->FreeAdapterObject(adapter, DeallocateObject);
    memset(memory, 0, sizeof data);
    PSCATTER_GATHER_LIST gathered = gather_now(adapter, transfer, second, 0, false);
    gather_device(gathered, data, true);
    gather_put(adapter, gathered, false);
    rig_expect(memcmp(memory, data, sizeof data) == 0);
}

/* rule: DMA-LIST-44 */
static void a_put_copies_each_element_from_its_own_register(void *context)
{
    (void)context;
    enum { PAGES = 5 };
    unsigned char *memory, data[PAGES * PAGE_SIZE];
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(PAGES, true, &memory);
    for (uint32_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i / PAGE_SIZE * 50 + i % 50);
    rig_expect_equal(gather_get(adapter, mdl, 0, sizeof data, false, &call), STATUS_SUCCESS);
    gather_device(call.list, data, true);
    gather_put(adapter, call.list, false);
    rig_expect(memcmp(memory, data, sizeof data) == 0);
}

/* ---- Counts and sizes ------------------------------------------------------------------------ */

/* rule: DMA-LIST-1 */
static void a_list_of_more_than_16_elements_is_built_and_its_routine_called(void *context)
{
    (void)context;
    enum { PAGES = 40 };
    struct gather_call call = {0};
    DEVICE_DESCRIPTION description = world_master(DEVICE_DESCRIPTION_VERSION3, 64);
    description.MaximumLength = PAGES * PAGE_SIZE;
    PDMA_ADAPTER adapter = world_get(description, NULL);
    PMDL mdl = gather_piece(0, PAGES * PAGE_SIZE, true, 'x');
    for (ULONG pages = 15; pages <= PAGES; pages++) {
        call.calls = 0;
        rig_expect_equal(gather_get(adapter, mdl, 0, pages * PAGE_SIZE, true, &call), STATUS_SUCCESS);
        rig_expect_equal(call.calls, 1);
        rig_expect_equal(call.list->NumberOfElements, pages);
        gather_put(adapter, call.list, true);
    }
}

static void require_list_at_0x800(ULONG width, ULONG length, ULONG elements)
{
    enum { OFFSET = 0x800, MOST = 0x10000 };
    unsigned char *got = haldma_scratch(MOST);
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_adapter(width);
    PMDL mdl = gather_piece(OFFSET, length, true, 0);
    unsigned char *memory = gather_memory(mdl);
    for (ULONG i = 0; i < length; i++)
        memory[i] = (unsigned char)(i * 7 + (i >> 8));
    rig_expect_equal(gather_get(adapter, mdl, 0, length, true, &call), STATUS_SUCCESS);
    rig_expect_equal(call.list->Elements[0].Address.QuadPart % PAGE_SIZE, OFFSET);
    if (width == 64) {
        rig_expect_equal(call.list->NumberOfElements, elements);
        rig_expect_equal(call.list->Elements[0].Length, OFFSET);
        rig_expect_equal(call.list->Elements[elements - 1].Length, OFFSET);
    } else {
        rig_expect_equal(world_pool()->mapped, elements);
    }
    gather_device(call.list, got, false);
    rig_expect(memcmp(got, memory, length) == 0);
    gather_put(adapter, call.list, true);
}

/* rule: DMA-LIST-2 */
static void a_list_for_4_kib_at_page_offset_0x800_has_two_pages(void *context)
{
    (void)context;
    require_list_at_0x800(64, PAGE_SIZE, 2);
    require_list_at_0x800(32, PAGE_SIZE, 2);
}

/* rule: DMA-LIST-2 */
static void a_list_for_64_kib_at_page_offset_0x800_has_17_pages(void *context)
{
    (void)context;
    require_list_at_0x800(64, 0x10000, 17);
    require_list_at_0x800(32, 0x10000, 17);
}

/* The first MDL has no bytes at all, or ends with its page; the second goes on at an odd place. */
static void require_chain(uint32_t offset, uint32_t bytes)
{
    enum { MORE = 3000, MOST = 3 * PAGE_SIZE };
    for (ULONG width = 32; width <= 64; width += 32) {
        unsigned char got[MOST];
        struct gather_call call = {0};
        PDMA_ADAPTER adapter = world_adapter(width);
        PMDL mdl = gather_piece(offset, bytes, true, '1');
        mdl->Next = gather_piece(0x123, MORE, true, '2');
        rig_expect_equal(gather_get(adapter, mdl, 0, bytes + MORE, true, &call), STATUS_SUCCESS);
        rig_expect_equal(gather_bytes(call.list), bytes + MORE);
        gather_device(call.list, got, false);
        for (uint32_t i = 0; i < bytes + MORE; i++)
            rig_expect_equal(got[i], i < bytes ? '1' : '2');
        gather_put(adapter, call.list, true);
    }
}

/* rule: DMA-LIST-3 */
static void a_chain_may_begin_with_an_empty_mdl(void *context)
{
    (void)context;
    require_chain(0, 0);
    require_chain(0x500, 0);
}

/* rule: DMA-LIST-3 */
static void the_first_mdl_of_a_chain_may_end_on_a_page_boundary(void *context)
{
    (void)context;
    require_chain(0, PAGE_SIZE);
    require_chain(0xFFF, 1);
    require_chain(0x800, PAGE_SIZE + 0x800);
}

/* ---- 4 GiB ----------------------------------------------------------------------------------- */

/* Two pages of which the second is the first above 4 GiB. The page below is no memory on this machine. */
static PMDL across_4_gib(unsigned char **above)
{
    unsigned char *unused;
    PMDL mdl = world_buffer(2, false, &unused);
    MmGetMdlPfnArray(mdl)[0] = (EMU_4GIB >> PAGE_SHIFT) - 1;
    MmGetMdlPfnArray(mdl)[1] = EMU_4GIB >> PAGE_SHIFT;
    struct emu_ram_request request = {.pages = 1, .lowest = EMU_4GIB, .highest = EMU_4GIB + PAGE_SIZE - 1};
    *above = emu_ram_alloc(emu_current(), &request);
    rig_expect(*above != NULL);
    return mdl;
}

/* rule: DMA-LIST-35 */
static void a_run_across_4_gib_is_one_element_for_a_device_that_reaches_it(void *context)
{
    (void)context;
    unsigned char *above;
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_adapter(64);
    rig_expect_equal(gather_get(adapter, across_4_gib(&above), 0x100, 0x1800, false, &call), STATUS_SUCCESS);
    rig_expect_equal(call.list->NumberOfElements, 1);
    rig_expect_equal(call.list->Elements[0].Address.QuadPart, EMU_4GIB - 0xF00);
    rig_expect_equal(call.list->Elements[0].Length, 0x1800);
    gather_put(adapter, call.list, false);
}

/* rule: DMA-LIST-35 */
static void a_32_bit_device_does_not_get_the_part_above_4_gib(void *context)
{
    (void)context;
    unsigned char *above;
    struct gather_call call = {0};
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = across_4_gib(&above);
    memset(above, 'o', 0x900);
    rig_expect_equal(gather_get(adapter, mdl, 0x100, 0x1800, false, &call), STATUS_SUCCESS);
    rig_expect_equal(call.list->NumberOfElements, 2);
    SCATTER_GATHER_ELEMENT below = call.list->Elements[0], bounced = call.list->Elements[1];
    rig_expect_equal(below.Address.QuadPart, EMU_4GIB - 0xF00);
    rig_expect_equal(below.Length, 0xF00);
    rig_expect(bounced.Address.QuadPart + (LONGLONG)bounced.Length <= (LONGLONG)EMU_4GIB);
    rig_expect_equal(bounced.Length, 0x900);
    unsigned char data[0x900];
    memset(data, 'n', sizeof data);
    world_device_write((uint64_t)bounced.Address.QuadPart, data, sizeof data);
    gather_put(adapter, call.list, false);
    rig_expect(memcmp(above, data, sizeof data) == 0);
}

/* ---- Waiting --------------------------------------------------------------------------------- */

/* rule: DMA-LIST-18 */
static void a_queued_grant_gives_no_registers_to_an_adapter_that_needs_none(void *context)
{
    (void)context;
    unsigned char *memory;
    gather_context holder, transfer;
    struct gather_call list = {0};
    struct world_call channel = {.action = DeallocateObjectKeepRegisters};
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = world_buffer(8, true, &memory);
    world_take(adapter, holder, 8);
    rig_expect_equal(gather_get(adapter, mdl, 0, 8 * PAGE_SIZE, true, &list), STATUS_SUCCESS);
    rig_expect_equal(world_ask(adapter, transfer, 8, &channel), STATUS_SUCCESS);
    rig_expect_equal(list.calls + channel.calls, 0);
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
    rig_expect_equal(list.calls, 1);
    rig_expect_equal(channel.calls, 1);
    rig_expect(channel.base == NULL);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
    gather_put(adapter, list.list, true);
}

/* rule: DMA-LIST-5 */
static void a_request_larger_than_the_pool_is_refused_and_blocks_nobody(void *context)
{
    (void)context;
    gather_context transfer;
    struct gather_call list = {0};
    struct world_call channel = {.action = DeallocateObject};
    ULONG registers;
    DEVICE_DESCRIPTION description = world_master(DEVICE_DESCRIPTION_VERSION3, 32);
    description.MaximumLength = 10 * WORLD_REGISTERS * PAGE_SIZE;
    PDMA_ADAPTER greedy = world_get(description, &registers), other = world_adapter(32);
    rig_expect_equal(registers, WORLD_REGISTERS);
    PMDL mdl = gather_piece(0, (WORLD_REGISTERS + 1) * PAGE_SIZE, false, 'x');
    rig_expect_equal(gather_get(greedy, mdl, 0, (WORLD_REGISTERS + 1) * PAGE_SIZE, true, &list),
                     STATUS_INSUFFICIENT_RESOURCES);
    rig_expect_equal(world_ask(greedy, transfer, WORLD_REGISTERS + 1, &channel),
                     STATUS_INSUFFICIENT_RESOURCES);
    rig_expect_equal(list.calls + channel.calls, 0);
    rig_expect_equal(world_ask(greedy, transfer, 1, &channel), STATUS_SUCCESS);
    rig_expect_equal(channel.calls, 1);
    rig_expect_equal(gather_get(other, mdl, 0, PAGE_SIZE, true, &list), STATUS_SUCCESS);
    rig_expect_equal(list.calls, 1);
    gather_put(other, list.list, true);
}

/* ---- 20,000 waiters -------------------------------------------------------------------------- */

enum { FEW = 20, MANY = 20000 };

/* Waiters, each with an adapter of its own, for the only map register. */
struct crowd {
    PDMA_ADAPTER *adapters;
    unsigned count;
    unsigned called;
    uintptr_t top; /* of the stack of who frees first */
    size_t deepest;
};

static void sound(struct crowd *c)
{
    unsigned char here;
    size_t depth = c->top - (uintptr_t)&here;
    c->deepest = depth > c->deepest ? depth : c->deepest;
}

static VOID put_at_once(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    struct crowd *c = context;
    (void)device;
    (void)irp;
    sound(c);
    gather_put(c->adapters[c->called++], list, true);
}

static IO_ALLOCATION_ACTION free_at_once(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    struct crowd *c = context;
    (void)device;
    (void)irp;
    (void)base;
    sound(c);
    PDMA_ADAPTER adapter = c->adapters[c->called++];
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
    return KeepObject;
}

static struct crowd *crowd_of(unsigned count)
{
    struct crowd *c = haldma_scratch(sizeof *c);
    *c = (struct crowd){.count = count, .adapters = haldma_scratch(count * sizeof(PDMA_ADAPTER))};
    for (unsigned i = 0; i < count; i++)
        c->adapters[i] = world_adapter(32);
    return c;
}

static size_t depth_of_lists(unsigned count)
{
    unsigned char *memory, top;
    gather_context transfer;
    struct crowd *c = crowd_of(count);
    PDMA_ADAPTER holder = world_adapter(32);
    PMDL mdl = world_buffer(1, false, &memory);
    world_take(holder, transfer, 1);
    for (unsigned i = 0; i < count; i++)
        rig_expect_equal(c->adapters[i]->DmaOperations->GetScatterGatherList(
                             c->adapters[i], NULL, mdl, memory, PAGE_SIZE, put_at_once, c, TRUE),
                         STATUS_SUCCESS);
    c->top = (uintptr_t)&top;
    rig_expect_equal(c->called, 0);
    holder->DmaOperations->FreeAdapterObject(holder, DeallocateObject);
    rig_expect_equal(c->called, count);
    rig_expect_equal(world_pool()->free, 1);
    return c->deepest;
}

static size_t depth_of_channels(unsigned count)
{
    unsigned char top;
    gather_context transfer;
    struct crowd *c = crowd_of(count);
    gather_context *transfers = haldma_scratch(count * sizeof *transfers);
    PDMA_ADAPTER holder = world_adapter(32);
    world_take(holder, transfer, 1);
    for (unsigned i = 0; i < count; i++) {
        PDMA_OPERATIONS o = c->adapters[i]->DmaOperations;
        o->InitializeDmaTransferContext(c->adapters[i], transfers[i]);
        rig_expect_equal(
            o->AllocateAdapterChannelEx(c->adapters[i], NULL, transfers[i], 1, 0, free_at_once, c, NULL),
            STATUS_SUCCESS);
    }
    c->top = (uintptr_t)&top;
    holder->DmaOperations->FreeAdapterObject(holder, DeallocateObject);
    rig_expect_equal(c->called, count);
    return c->deepest;
}

/* rule: DMA-ALLOC-16 */
static void the_stack_is_as_deep_for_20000_lists_as_for_20(void *context)
{
    (void)context;
    size_t few = depth_of_lists(FEW);
    rig_expect_equal(depth_of_lists(MANY), few);
}

/* rule: DMA-ALLOC-16 */
static void the_stack_is_as_deep_for_20000_channels_as_for_20(void *context)
{
    (void)context;
    size_t few = depth_of_channels(FEW);
    rig_expect_equal(depth_of_channels(MANY), few);
}

/* One map register in the whole machine, and room for the crowd's lists. */
static void crowded(void **state)
{
    const struct world_test *test = *state;
    struct haldma_config config = world_config();
    struct rig_outcome outcome;
    config.map_registers = 1;
    config.machine.ram_mid_pages = MANY;
    config.machine.step_limit = 100 * MANY;
    struct emu_machine *m = world_machine(&config);
    rig_run(m, test->body, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
}

#define CROWDED(body)                                    \
    {                                                    \
#body, crowded, NULL, NULL, &(struct world_test) \
        {                                                \
            body, NULL, NULL                             \
        }                                                \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(a_64_bit_device_never_bounces),
        WORLD_HOLDS(a_read_without_scatter_gather_keeps_its_data_through_the_flush),
        WORLD_HOLDS(a_put_copies_each_element_from_its_own_register),
        WORLD_HOLDS(a_list_of_more_than_16_elements_is_built_and_its_routine_called),
        WORLD_HOLDS(a_list_for_4_kib_at_page_offset_0x800_has_two_pages),
        WORLD_HOLDS(a_list_for_64_kib_at_page_offset_0x800_has_17_pages),
        WORLD_HOLDS(a_chain_may_begin_with_an_empty_mdl),
        WORLD_HOLDS(the_first_mdl_of_a_chain_may_end_on_a_page_boundary),
        WORLD_HOLDS(a_run_across_4_gib_is_one_element_for_a_device_that_reaches_it),
        WORLD_HOLDS(a_32_bit_device_does_not_get_the_part_above_4_gib),
        WORLD_HOLDS(a_queued_grant_gives_no_registers_to_an_adapter_that_needs_none),
        WORLD_HOLDS(a_request_larger_than_the_pool_is_refused_and_blocks_nobody),
        CROWDED(the_stack_is_as_deep_for_20000_lists_as_for_20),
        CROWDED(the_stack_is_as_deep_for_20000_channels_as_for_20),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
