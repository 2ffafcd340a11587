/*
 * Adapters behind a DMA remapping unit: logical addresses, what they are good for and how long, and who is
 * stopped.
 */
#include "dma/remapped.h"

#include "dma/domain.h"

#include <emu/device/copier.h>

enum { WIDTH_64 = 64, WIDTH_32 = 32, WIDTH_24 = 24, PAGES = 3 };

static struct haldma_config remapped_config(void)
{
    struct haldma_config config = world_config();
    config.remapping = true;
    return config;
}

#define REMAPPED_FAULTS(body) REMAPPED_STOPS(body, "DMA-REMAP-3", "0xE6/26")

/* A mapped buffer of a bus master. */
struct mapped {
    PDMA_ADAPTER adapter;
    unsigned char context[DMA_TRANSFER_CONTEXT_SIZE_V1];
    PVOID base;
    PMDL mdl;
    unsigned char *memory;
    struct world_list list;
    bool to_device;
};

static void map_buffer(struct mapped *x, uint32_t width, uint32_t pages, bool to_device)
{
    ULONG length = pages * PAGE_SIZE;
    x->adapter = world_adapter(width);
    x->mdl = world_buffer(pages, true, &x->memory);
    x->base = world_take(x->adapter, x->context, pages);
    x->to_device = to_device;
    rig_expect(x->base != NULL);
    rig_expect_equal(world_map(x->adapter, x->mdl, x->base, 0, &length, to_device, &x->list), STATUS_SUCCESS);
    rig_expect_equal(length, pages * PAGE_SIZE);
}

static void flush_buffer(struct mapped *x)
{
    rig_expect_equal(x->adapter->DmaOperations->FlushAdapterBuffersEx(x->adapter, x->mdl, x->base, 0,
                                                                      x->mdl->ByteCount, x->to_device),
                     STATUS_SUCCESS);
}

static enum emu_dma_result touch(const struct mapped *x, uint64_t logical, void *bytes, size_t count,
                                 bool to_memory)
{
    return emu_bus_dma(emu_current(), haldma_requester(x->adapter), logical, bytes, count, to_memory);
}

/* ---- Addresses ---- */

/* rule: DMA-REMAP-1 */
static void logical_addresses_are_not_physical_ones_and_reach_the_buffer(void *context)
{
    struct mapped x;
    unsigned char got[PAGES * PAGE_SIZE];
    (void)context;
    map_buffer(&x, WIDTH_64, PAGES, true);
    rig_expect_equal(world_list(&x.list)->NumberOfElements, 1);
    rig_expect_equal(world_list(&x.list)->Elements[0].Length, PAGES * PAGE_SIZE);
    for (unsigned i = 0; i < PAGES; i++)
        rig_expect(emu_ram_at(emu_current(), world_address(&x.list, 0) + (uint64_t)i * PAGE_SIZE) == NULL);
    rig_expect_equal(touch(&x, world_address(&x.list, 0), got, sizeof got, false), EMU_DMA_DONE);
    rig_expect(memcmp(got, x.memory, sizeof got) == 0);
    flush_buffer(&x);
}

/* rule: DMA-REMAP-2 */
static void a_bus_master_of_any_width_needs_map_registers_and_reaches_its_addresses(void *context)
{
    static const uint32_t widths[] = {WIDTH_24, WIDTH_32, 36, 40, WIDTH_64, 12 + 4};
    (void)context;
    for (unsigned i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        struct mapped x;
        unsigned char got[2];
        map_buffer(&x, widths[i], PAGES, true);
        uint64_t last = world_address(&x.list, 0) + PAGES * PAGE_SIZE - 1;
        rig_expect(widths[i] == WIDTH_64 || last >> widths[i] == 0);
        rig_expect_equal(touch(&x, last - 1, got, sizeof got, false), EMU_DMA_DONE);
        rig_expect_equal(got[1], 'a' + PAGES - 1);
        rig_expect_equal(world_pool()->banks == NULL, true);
        flush_buffer(&x);
    }
}

/* rule: DMA-REMAP-4 */
static void a_device_without_scatter_gather_gets_whole_pages_where_they_lie(void *context)
{
    unsigned char transfer[DMA_TRANSFER_CONTEXT_SIZE_V1], got[PAGES * PAGE_SIZE];
    struct world_list list;
    DEVICE_DESCRIPTION description = world_master(DEVICE_DESCRIPTION_VERSION3, WIDTH_32);
    (void)context;
    description.ScatterGather = FALSE;
    struct mapped x = {.adapter = world_get(description, NULL)};
    PMDL mdl = world_buffer(PAGES, true, &x.memory);
    PVOID base = world_take(x.adapter, transfer, PAGES);
    ULONG length = PAGES * PAGE_SIZE;
    rig_expect_equal(world_map(x.adapter, mdl, base, 0, &length, true, &list), STATUS_SUCCESS);
    rig_expect_equal(length, PAGES * PAGE_SIZE);
    rig_expect_equal(world_list(&list)->NumberOfElements, 1);
    rig_expect_equal(touch(&x, world_address(&list, 0), got, sizeof got, false), EMU_DMA_DONE);
    rig_expect(memcmp(got, x.memory, sizeof got) == 0);
    rig_expect(world_pool()->banks == NULL);
}

/* rule: DMA-REMAP-4 */
static void a_chain_that_is_no_row_of_pages_is_double_buffered_for_such_a_device(void *context)
{
    enum { FIRST = 100, SECOND = 200 };
    unsigned char transfer[DMA_TRANSFER_CONTEXT_SIZE_V1], got[FIRST + SECOND];
    struct world_list list;
    DEVICE_DESCRIPTION description = world_master(DEVICE_DESCRIPTION_VERSION3, WIDTH_32);
    (void)context;
    description.ScatterGather = FALSE;
    struct mapped x = {.adapter = world_get(description, NULL)};
    x.memory = world_pages(2, true);
    memset(x.memory, 'x', PAGE_SIZE);
    memset(x.memory + PAGE_SIZE, 'y', PAGE_SIZE);
    PMDL mdl = world_mdl(x.memory + 1, FIRST);
    mdl->Next = world_mdl(x.memory + PAGE_SIZE + 1, SECOND);
    PVOID base = world_take(x.adapter, transfer, 2);
    ULONG length = FIRST + SECOND;
    rig_expect_equal(world_map(x.adapter, mdl, base, 0, &length, false, &list), STATUS_SUCCESS);
    rig_expect_equal(length, FIRST + SECOND);
    memset(got, 'd', sizeof got);
    rig_expect_equal(touch(&x, world_address(&list, 0), got, sizeof got, true), EMU_DMA_DONE);
    rig_expect_equal(x.memory[1], 'x');
    rig_expect_equal(
        x.adapter->DmaOperations->FlushAdapterBuffersEx(x.adapter, mdl, base, 0, FIRST + SECOND, FALSE),
        STATUS_SUCCESS);
    rig_expect_equal(x.memory[0], 'x');
    rig_expect_equal(x.memory[1], 'd');
    rig_expect_equal(x.memory[FIRST], 'd');
    rig_expect_equal(x.memory[FIRST + 1], 'x');
    rig_expect_equal(x.memory[PAGE_SIZE + 1], 'd');
    rig_expect_equal(x.memory[PAGE_SIZE + SECOND], 'd');
    rig_expect_equal(x.memory[PAGE_SIZE + SECOND + 1], 'y');
}

/* rule: DMA-REMAP-5 */
static void an_address_is_not_used_again_at_once(void *context)
{
    enum { ROUNDS = 100 };
    struct mapped x;
    ULONG length = PAGE_SIZE;
    (void)context;
    map_buffer(&x, WIDTH_32, 1, true);
    uint64_t last = world_address(&x.list, 0);
    for (int i = 0; i < ROUNDS; i++) {
        flush_buffer(&x);
        rig_expect_equal(world_map(x.adapter, x.mdl, x.base, 0, &length, true, &x.list), STATUS_SUCCESS);
        rig_expect(world_address(&x.list, 0) > last);
        last = world_address(&x.list, 0);
    }
}

/* rule: DMA-REMAP-6 */
static void when_all_addresses_had_their_turn_they_are_used_again(void *context)
{
    enum { WIDTH = 16, ROUNDS = 40 };
    struct mapped x, held;
    ULONG length = PAGE_SIZE;
    unsigned char byte;
    (void)context;
    map_buffer(&x, WIDTH, 1, true);
    map_buffer(&held, WIDTH, 1, true);
    for (int i = 0; i < ROUNDS; i++) {
        flush_buffer(&x);
        rig_expect_equal(world_map(x.adapter, x.mdl, x.base, 0, &length, true, &x.list), STATUS_SUCCESS);
        rig_expect_equal(touch(&x, world_address(&x.list, 0), &byte, 1, false), EMU_DMA_DONE);
    }
}

/* rule: DMA-REMAP-7 */
static void a_mapping_without_addresses_lacks_resources(void *context)
{
    enum { WIDTH = 14, REACH_PAGES = 3 }; /* all but page 0 */
    unsigned char transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    unsigned char *memory;
    struct world_list list;
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(WIDTH);
    PMDL mdl = world_buffer(REACH_PAGES + 1, true, &memory);
    PVOID base = world_take(adapter, transfer, REACH_PAGES + 1);
    ULONG length = (REACH_PAGES + 1) * PAGE_SIZE;
    rig_expect_equal(world_map(adapter, mdl, base, 0, &length, true, &list), STATUS_INSUFFICIENT_RESOURCES);
    length = REACH_PAGES * PAGE_SIZE;
    rig_expect_equal(world_map(adapter, mdl, base, 0, &length, true, &list), STATUS_SUCCESS);
    rig_expect_equal(length, REACH_PAGES * PAGE_SIZE);
}

/* rule: DMA-REMAP-2 */
static void without_map_registers_nothing_is_mapped(void *context)
{
    unsigned char *memory;
    struct world_list list;
    ULONG length = PAGE_SIZE;
    (void)context;
    PMDL mdl = world_buffer(1, false, &memory);
    rig_expect_equal(world_map(world_adapter(WIDTH_64), mdl, NULL, 0, &length, true, &list),
                     STATUS_INSUFFICIENT_RESOURCES);
}

/* ---- Faults ---- */

/* rule: DMA-REMAP-3 */
static void a_device_that_uses_the_physical_address_is_stopped(void *context)
{
    struct mapped x;
    unsigned char byte;
    (void)context;
    map_buffer(&x, WIDTH_64, 1, true);
    touch(&x, emu_ram_physical(emu_current(), x.memory), &byte, 1, false);
}

/* rule: DMA-REMAP-3 */
static void a_device_that_comes_after_the_flush_is_stopped(void *context)
{
    struct mapped x;
    unsigned char byte;
    (void)context;
    map_buffer(&x, WIDTH_64, 1, true);
    rig_expect_equal(touch(&x, world_address(&x.list, 0), &byte, 1, false), EMU_DMA_DONE);
    flush_buffer(&x);
    touch(&x, world_address(&x.list, 0), &byte, 1, false);
}

/* rule: DMA-REMAP-8 */
static void a_device_that_writes_what_is_mapped_to_be_read_is_stopped(void *context)
{
    struct mapped x;
    unsigned char byte = 0;
    (void)context;
    map_buffer(&x, WIDTH_64, 1, true);
    touch(&x, world_address(&x.list, 0), &byte, 1, true);
}

/* rule: DMA-REMAP-8 */
static void a_device_that_reads_what_is_mapped_to_be_written_is_stopped(void *context)
{
    struct mapped x;
    unsigned char byte = 0;
    (void)context;
    map_buffer(&x, WIDTH_64, 1, false);
    touch(&x, world_address(&x.list, 0), &byte, 1, false);
}

/* rule: DMA-REMAP-3 */
static void a_device_that_goes_beyond_its_buffer_is_stopped(void *context)
{
    struct mapped x;
    unsigned char bytes[2];
    (void)context;
    map_buffer(&x, WIDTH_64, 1, true);
    touch(&x, world_address(&x.list, 0) + PAGE_SIZE - 1, bytes, sizeof bytes, false);
}

/* rule: DMA-REMAP-9 */
static void a_device_that_uses_anothers_address_is_stopped(void *context)
{
    struct mapped mine, others;
    unsigned char byte;
    (void)context;
    map_buffer(&mine, WIDTH_64, 1, true);
    map_buffer(&others, WIDTH_32, 1, true);
    touch(&mine, world_address(&others.list, 0), &byte, 1, false);
}

/* rule: DMA-REMAP-10 */
static void a_device_without_an_adapter_is_stopped(void *context)
{
    unsigned char byte;
    (void)context;
    enum { NOBODY = 99 };
    emu_bus_dma(emu_current(), NOBODY, 0, &byte, 1, false);
}

/* rule: DMA-REMAP-10 */
static void a_device_whose_adapter_was_released_is_stopped(void *context)
{
    struct mapped x;
    unsigned char byte;
    (void)context;
    map_buffer(&x, WIDTH_64, 1, true);
    emu_requester requester = haldma_requester(x.adapter);
    flush_buffer(&x);
    x.adapter->DmaOperations->FreeAdapterObject(x.adapter, DeallocateObject);
    x.adapter->DmaOperations->PutDmaAdapter(x.adapter);
    emu_bus_dma(emu_current(), requester, world_address(&x.list, 0), &byte, 1, false);
}

/* A device model, told a physical address by a driver that takes it for a logical one. */
static void a_device_that_was_programmed_with_a_physical_address_is_stopped(void *context)
{
    const uint64_t window = 0xE0000000;
    const struct emu_copier_config copier = {.window = window};
    const struct haldma_device hardware = {
        .name = "card", .bus = PCIBus, .window = window, .window_bytes = EMU_COPIER_WINDOW_BYTES};
    DEVICE_DESCRIPTION description = world_master(DEVICE_DESCRIPTION_VERSION3, WIDTH_64);
    struct emu_machine *m = emu_current();
    ULONG registers;
    (void)context;
    rig_expect(emu_copier_create(m, &copier) != NULL);
    IoGetDmaAdapter(haldma_add_device(&hardware), &description, &registers);
    char *base = emu_bus_map(m, window, EMU_COPIER_WINDOW_BYTES);
    emu_bus_write(m, base + EMU_COPIER_ADDRESS_LOW, 8, emu_ram_physical(m, world_pages(1, false)));
    emu_bus_write(m, base + EMU_COPIER_LENGTH, 4, PAGE_SIZE);
    emu_bus_write(m, base + EMU_COPIER_DOORBELL, 4, EMU_COPIER_DOORBELL_TO_MEMORY);
    for (;;)
        KeStallExecutionProcessor(1);
}

/* What the finding says, and the bug check's parameters. */
struct wording {
    void (*body)(void *context);
    const char *says;
    enum emu_iommu_fault_type type;
};

/* rule: DMA-REMAP-11 */
static void the_finding_names_device_address_deed_and_what_the_address_was(void **state)
{
    static const struct wording wordings[] = {
        {a_device_that_uses_the_physical_address_is_stopped, "the physical address of some memory",
         EMU_IOMMU_FAULT_UNMAPPED},
        {a_device_that_comes_after_the_flush_is_stopped, "stale", EMU_IOMMU_FAULT_UNMAPPED},
        {a_device_that_writes_what_is_mapped_to_be_read_is_stopped, "mapped for reading",
         EMU_IOMMU_FAULT_WRITE},
        {a_device_that_reads_what_is_mapped_to_be_written_is_stopped, "mapped for writing",
         EMU_IOMMU_FAULT_READ},
        {a_device_that_goes_beyond_its_buffer_is_stopped, "not mapped for it", EMU_IOMMU_FAULT_UNMAPPED},
        {a_device_that_uses_anothers_address_is_stopped, "mapped for the device of adapter#2",
         EMU_IOMMU_FAULT_UNMAPPED},
        {a_device_without_an_adapter_is_stopped, "has no DMA adapter", EMU_IOMMU_FAULT_UNATTACHED},
        {a_device_that_was_programmed_with_a_physical_address_is_stopped, "card wrote to",
         EMU_IOMMU_FAULT_UNMAPPED},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof wordings / sizeof wordings[0]; i++) {
        struct haldma_config config = remapped_config();
        struct emu_machine *m = world_machine(&config);
        struct rig_outcome outcome;
        rig_run(m, wordings[i].body, NULL, &outcome);
        emu_machine_destroy(m);
        rig_assert_stopped(&outcome, "DMA-REMAP-3", "0xE6/26");
        if (strstr(outcome.finding.message, wordings[i].says) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", outcome.finding.message, wordings[i].says);
        assert_non_null(strstr(outcome.finding.message, "logical address 0x"));
        assert_int_equal(outcome.finding.parameters[0], 0x26);
        assert_int_equal(outcome.finding.parameters[3], wordings[i].type);
    }
}

/* ---- Devices ---- */

/* rule: DMA-REMAP-12 */
static void adapters_of_one_device_share_its_domain(void *context)
{
    const uint64_t window = 0xE0000000;
    const struct haldma_device hardware = {
        .name = "card", .bus = PCIBus, .window = window, .window_bytes = PAGE_SIZE};
    DEVICE_DESCRIPTION description = world_master(DEVICE_DESCRIPTION_VERSION3, WIDTH_64);
    ULONG registers;
    (void)context;
    PDEVICE_OBJECT pdo = haldma_add_device(&hardware);
    PDMA_ADAPTER first = IoGetDmaAdapter(pdo, &description, &registers);
    PDMA_ADAPTER second = IoGetDmaAdapter(pdo, &description, &registers);
    rig_expect_equal(haldma_requester(first), emu_requester_at(window));
    rig_expect_equal(haldma_requester(second), emu_requester_at(window));
    rig_expect(dma_domain_of(dma_adapter_of(first)) == dma_domain_of(dma_adapter_of(second)));
    rig_expect(dma_domain_of(dma_adapter_of(first)) !=
               dma_domain_of(dma_adapter_of(world_adapter(WIDTH_64))));
    rig_expect_equal(dma_domain_members(dma_domain_of(dma_adapter_of(first))), 1);
    first->DmaOperations->PutDmaAdapter(first);
    rig_expect(dma_domain_of(dma_adapter_of(second)) != NULL);
    second->DmaOperations->PutDmaAdapter(second);
}

/* rule: DMA-REMAP-12 */
static void a_device_may_be_told_who_it_is(void *context)
{
    enum { WHO = 77 };
    const struct haldma_device hardware = {.name = "card", .bus = PCIBus, .requester = WHO};
    DEVICE_DESCRIPTION description = world_master(DEVICE_DESCRIPTION_VERSION3, WIDTH_64);
    ULONG registers;
    (void)context;
    PDMA_ADAPTER adapter = IoGetDmaAdapter(haldma_add_device(&hardware), &description, &registers);
    rig_expect_equal(haldma_requester(adapter), WHO);
}

/* rule: DMA-REMAP-10 */
static void a_held_device_is_nowhere_before_its_first_adapter_and_after_its_last(void *context)
{
    enum { WHO = 77 };
    const struct haldma_device hardware = {.name = "card", .bus = PCIBus, .requester = WHO};
    DEVICE_DESCRIPTION description = world_master(DEVICE_DESCRIPTION_VERSION3, WIDTH_64);
    struct dma_system *s = dma_system();
    ULONG registers;
    (void)context;
    PDEVICE_OBJECT pdo = haldma_add_device(&hardware);
    struct dma_reach *r = dma_reach_hold(s, pdo);
    rig_expect(r != NULL && r->domain == NULL && r->adapters == 0);
    PDMA_ADAPTER adapter = IoGetDmaAdapter(pdo, &description, &registers);
    struct dma_domain *own = dma_domain_of(dma_adapter_of(adapter));
    rig_expect(own != NULL && r->domain == own);
    dma_domain_hold(own);
    HANDLE handle = dma_domain_handle(own);
    adapter->DmaOperations->PutDmaAdapter(adapter);
    rig_expect(r->domain == NULL && r->adapters == 0);
    rig_expect(dma_domain_of_handle(s, handle) == own);
    dma_domain_drop(own);
    rig_expect(dma_domain_of_handle(s, handle) == NULL);
    struct dma_domain *other = dma_domain_make(s);
    dma_reach_move(s, r, other);
    rig_expect_equal(dma_domain_members(other), 1);
    dma_domain_end(other);
    rig_expect(dma_domain_of_handle(s, dma_domain_handle(other)) == other);
    dma_reach_release(s, r);
    rig_expect(dma_reach_hold(s, haldma_add_device(&(struct haldma_device){.name = "nobody"})) == NULL);
}

/* rule: DMA-REMAP-13 */
static void a_system_dma_controller_is_a_device_of_its_own(void *context)
{
    unsigned char transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    unsigned char *memory;
    struct world_list list;
    ULONG length = PAGE_SIZE;
    (void)context;
    PDMA_ADAPTER adapter = world_channel(WORLD_LINE);
    PMDL mdl = world_buffer(1, true, &memory);
    PVOID base = world_take(adapter, transfer, 1);
    memset(memory, 0, PAGE_SIZE);
    rig_expect_equal(world_map(adapter, mdl, base, 0, &length, false, &list), STATUS_SUCCESS);
    rig_expect(world_address(&list, 0) != emu_ram_physical(emu_current(), memory));
    for (uint32_t left = PAGE_SIZE; left != 0; left = adapter->DmaOperations->ReadDmaCounter(adapter))
        KeStallExecutionProcessor(1);
    rig_expect_equal(adapter->DmaOperations->FlushAdapterBuffersEx(adapter, mdl, base, 0, PAGE_SIZE, FALSE),
                     STATUS_SUCCESS);
    rig_expect_equal(memory[1], (WORLD_LINE + 7) % 256);
}

/* ---- Domains ---- */

/* rule: DMA-REMAP-14 */
static void a_domains_handle_is_good_until_it_ends(void *context)
{
    struct dma_system *s = dma_system();
    (void)context;
    struct dma_domain *d = dma_domain_make(s);
    HANDLE handle = dma_domain_handle(d);
    rig_expect(dma_domain_of_handle(s, handle) == d);
    dma_domain_end(d);
    rig_expect(dma_domain_of_handle(s, handle) == NULL);
    rig_expect(dma_domain_of_handle(s, NULL) == NULL);
    rig_expect(dma_domain_of_handle(s, &handle) == NULL);
    rig_expect(dma_domain_of_handle(s, dma_domain_handle(dma_domain_make(s))) != NULL);
}

/* rule: DMA-REMAP-15 */
static void a_device_that_joined_a_domain_sees_what_that_maps_and_no_more(void *context)
{
    unsigned char byte = 0;
    struct dma_system *s = dma_system();
    (void)context;
    struct mapped x = {.adapter = world_adapter(WIDTH_64)};
    struct dma_adapter *a = dma_adapter_of(x.adapter);
    unsigned char *memory = world_pages(PAGES, false);
    memset(memory, 'm', PAGES * PAGE_SIZE);
    struct dma_domain *d = dma_domain_make(s);
    uint64_t logical = dma_domain_map(d, memory, PAGES, 0, a->highest, EMU_IOMMU_BOTH);
    rig_expect(dma_domain_is_own(a));
    dma_domain_join(d, a);
    rig_expect(!dma_domain_is_own(a));
    rig_expect_equal(dma_domain_members(d), 1);
    rig_expect_equal(touch(&x, logical + PAGES * PAGE_SIZE - 1, &byte, 1, false), EMU_DMA_DONE);
    rig_expect_equal(byte, 'm');
    rig_expect(dma_domain_physical(d, logical + 5) == emu_ram_physical(emu_current(), memory) + 5);
    dma_domain_leave(a);
    rig_expect(dma_domain_is_own(a));
    dma_domain_unmap(d, logical, PAGES);
    rig_expect(dma_domain_physical(d, logical) == EMU_NO_ADDRESS);
    dma_domain_end(d);
}

/* rule: DMA-REMAP-16 */
static void ranges_keep_their_limits_and_do_not_overlap(void *context)
{
    struct dma_system *s = dma_system();
    enum { LOWEST = 0x200000, HIGHEST = 0x203FFF };
    (void)context;
    struct dma_domain *d = dma_domain_make(s);
    unsigned char *memory = world_pages(2, false);
    uint64_t reserved = dma_domain_reserve(d, 2, LOWEST, HIGHEST);
    uint64_t mapped = dma_domain_map(d, memory, 2, LOWEST, HIGHEST, EMU_IOMMU_BOTH);
    rig_expect(reserved >= LOWEST && reserved + 2 * PAGE_SIZE - 1 <= HIGHEST);
    rig_expect(mapped >= LOWEST && mapped + 2 * PAGE_SIZE - 1 <= HIGHEST && mapped != reserved);
    rig_expect(dma_domain_find(d, 1, LOWEST, HIGHEST) == EMU_NO_ADDRESS);
    rig_expect(!dma_domain_map_at(d, mapped, 0x100000, 1, EMU_IOMMU_READ));
    rig_expect(!dma_domain_map_at(d, EMU_IOMMU_HIGHEST + 1, 0x100000, 1, EMU_IOMMU_READ));
    dma_domain_unmap(d, reserved, 2);
    rig_expect(dma_domain_map_at(d, reserved + PAGE_SIZE, 0x100000, 1, EMU_IOMMU_READ));
    rig_expect(dma_domain_find(d, 1, LOWEST, HIGHEST) == reserved);
    dma_domain_unmap(d, mapped, 2);
    dma_domain_unmap(d, reserved + PAGE_SIZE, 1);
    dma_domain_end(d);
}

/* rule: DMA-REMAP-16 */
static void a_range_crosses_no_boundary(void *context)
{
    enum { BOUNDARY = 0x10000, ROUNDS = 50, LARGEST = BOUNDARY / PAGE_SIZE };
    const uint64_t highest = 0xFFFFFF;
    (void)context;
    struct dma_domain *d = dma_domain_make(dma_system());
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint64_t pages = 1 + i * 7 % LARGEST;
        uint64_t first = dma_domain_find_within(d, pages, 0, highest, BOUNDARY);
        rig_expect(first != EMU_NO_ADDRESS);
        rig_expect_equal(first / BOUNDARY, (first + pages * PAGE_SIZE - 1) / BOUNDARY);
        rig_expect(dma_domain_map_at(d, first, 0x100000, pages, EMU_IOMMU_READ));
    }
    rig_expect(dma_domain_reserve_at(d, 0x40000000, 2));
    rig_expect(!dma_domain_reserve_at(d, 0x40000000 + PAGE_SIZE, 1));
    dma_domain_end(d);
}

/* ---- A driver ---- */

/* What a scenario finds out about where addresses lie. */
static unsigned near_seen, far_seen;

static void note_address(void *context)
{
    struct mapped x;
    (void)context;
    map_buffer(&x, WIDTH_64, 1, true);
    if (world_address(&x.list, 0) < 1ull << FAR_BIT)
        near_seen++;
    else
        far_seen++;
    flush_buffer(&x);
}

static void race_for_address(void *context)
{
    rig_thread("mapper", 0, note_address, context);
}

/* rule: DMA-REMAP-17 */
static void where_addresses_lie_is_explored(void **state)
{
    struct haldma_config config = remapped_config();
    (void)state;
    config.machine.profile = EMU_PROFILE_HOSTILE;
    near_seen = far_seen = 0;
    world_explore(&config, race_for_address, NULL, 0);
    assert_true(near_seen > 0);
    assert_true(far_seen > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        REMAPPED_HOLDS(logical_addresses_are_not_physical_ones_and_reach_the_buffer),
        REMAPPED_HOLDS(a_bus_master_of_any_width_needs_map_registers_and_reaches_its_addresses),
        REMAPPED_HOLDS(a_device_without_scatter_gather_gets_whole_pages_where_they_lie),
        REMAPPED_HOLDS(a_chain_that_is_no_row_of_pages_is_double_buffered_for_such_a_device),
        REMAPPED_HOLDS(an_address_is_not_used_again_at_once),
        REMAPPED_HOLDS(when_all_addresses_had_their_turn_they_are_used_again),
        REMAPPED_HOLDS(a_mapping_without_addresses_lacks_resources),
        REMAPPED_HOLDS(without_map_registers_nothing_is_mapped),
        REMAPPED_FAULTS(a_device_that_uses_the_physical_address_is_stopped),
        REMAPPED_FAULTS(a_device_that_comes_after_the_flush_is_stopped),
        REMAPPED_FAULTS(a_device_that_writes_what_is_mapped_to_be_read_is_stopped),
        REMAPPED_FAULTS(a_device_that_reads_what_is_mapped_to_be_written_is_stopped),
        REMAPPED_FAULTS(a_device_that_goes_beyond_its_buffer_is_stopped),
        REMAPPED_FAULTS(a_device_that_uses_anothers_address_is_stopped),
        REMAPPED_FAULTS(a_device_without_an_adapter_is_stopped),
        REMAPPED_FAULTS(a_device_whose_adapter_was_released_is_stopped),
        cmocka_unit_test(the_finding_names_device_address_deed_and_what_the_address_was),
        REMAPPED_HOLDS(adapters_of_one_device_share_its_domain),
        REMAPPED_HOLDS(a_device_may_be_told_who_it_is),
        REMAPPED_HOLDS(a_held_device_is_nowhere_before_its_first_adapter_and_after_its_last),
        REMAPPED_HOLDS(a_range_crosses_no_boundary),
        REMAPPED_HOLDS(a_system_dma_controller_is_a_device_of_its_own),
        REMAPPED_HOLDS(a_domains_handle_is_good_until_it_ends),
        REMAPPED_HOLDS(a_device_that_joined_a_domain_sees_what_that_maps_and_no_more),
        REMAPPED_HOLDS(ranges_keep_their_limits_and_do_not_overlap),
        cmocka_unit_test(where_addresses_lie_is_explored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
