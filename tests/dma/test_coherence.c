/*
 * Transfers on a machine whose devices do not see processors' caches.
 */
#include "dma/world.h"

#include <emu/cache.h>

enum { WIDTH_64 = 64, WIDTH_32 = 32, PAGES = 2, BYTES = PAGES * PAGE_SIZE, PART = 100, PART_BYTES = 300 };

static struct haldma_config incoherent_config(void)
{
    struct haldma_config config = world_config();
    config.machine.incoherent = true;
    return config;
}

static void run_incoherent(void **state)
{
    struct haldma_config config = incoherent_config();
    world_run_on(&config, *state);
}
#define INCOHERENT_HOLDS(body)                                  \
    {                                                           \
#body, run_incoherent, NULL, NULL, &(struct world_test) \
        {                                                       \
            body, NULL, NULL                                    \
        }                                                       \
    }

/* A buffer that is mapped, or about to be. */
struct subject {
    PDMA_ADAPTER adapter;
    unsigned char context[DMA_TRANSFER_CONTEXT_SIZE_V1];
    PVOID base;
    PMDL mdl;
    unsigned char *memory;
    struct world_list list;
};

static void make_buffer(struct subject *x, PDMA_ADAPTER adapter, bool far)
{
    x->adapter = adapter;
    x->mdl = world_buffer(PAGES, far, &x->memory);
    memset(x->memory, 'p', BYTES);
    x->base = world_take(adapter, x->context, PAGES);
}

static void map(struct subject *x, bool to_device)
{
    ULONG length = BYTES;
    rig_expect_equal(world_map(x->adapter, x->mdl, x->base, 0, &length, to_device, &x->list), STATUS_SUCCESS);
    rig_expect_equal(length, BYTES);
}

static void flush(struct subject *x, ULONG length, bool to_device)
{
    rig_expect_equal(
        x->adapter->DmaOperations->FlushAdapterBuffersEx(x->adapter, x->mdl, x->base, 0, length, to_device),
        STATUS_SUCCESS);
}

/* The device goes through the list. */
static void device_reads(struct subject *x, unsigned char got[BYTES])
{
    uint32_t at = 0;
    for (ULONG i = 0; i < world_list(&x->list)->NumberOfElements; i++) {
        ULONG length = world_list(&x->list)->Elements[i].Length;
        world_device_read(world_address(&x->list, i), got + at, length);
        at += length;
    }
}

static void device_writes(struct subject *x, int byte)
{
    unsigned char data[PAGE_SIZE];
    memset(data, byte, sizeof data);
    for (ULONG i = 0; i < world_list(&x->list)->NumberOfElements; i++) {
        uint64_t at = world_address(&x->list, i), end = at + world_list(&x->list)->Elements[i].Length;
        for (; at < end; at += PAGE_SIZE)
            world_device_write(at, data, end - at < PAGE_SIZE ? end - at : PAGE_SIZE);
    }
}

static void expect_all(const unsigned char *bytes, int byte, size_t count)
{
    for (size_t i = 0; i < count; i++)
        rig_expect_equal(bytes[i], byte);
}

/* ---- Memory to device ---- */

static void written_data_is_the_devices_after_mapping(PDMA_ADAPTER adapter, bool far)
{
    struct subject x;
    unsigned char got[BYTES];
    make_buffer(&x, adapter, far);
    if (!far) {
        world_device_read(emu_ram_physical(emu_current(), x.memory), got, PAGE_SIZE);
        rig_expect(got[0] != 'p');
    }
    map(&x, true);
    device_reads(&x, got);
    expect_all(got, 'p', BYTES);
    memset(x.memory, 'q', BYTES);
    device_reads(&x, got);
    expect_all(got, 'p', BYTES);
    flush(&x, BYTES, true);
    map(&x, true);
    device_reads(&x, got);
    expect_all(got, 'q', BYTES);
    flush(&x, BYTES, true);
}

/* rule: DMA-COHERENT-1 */
static void what_the_processor_wrote_reaches_the_device_by_mapping(void *context)
{
    (void)context;
    written_data_is_the_devices_after_mapping(world_adapter(WIDTH_64), false);
    written_data_is_the_devices_after_mapping(world_adapter(WIDTH_32), false);
}

/* rule: DMA-COHERENT-2 */
static void double_buffers_take_what_the_processor_sees(void *context)
{
    (void)context;
    written_data_is_the_devices_after_mapping(world_adapter(WIDTH_32), true);
}

/* rule: DMA-COHERENT-1 */
static void version_1_maps_likewise(void *context)
{
    unsigned char got[PAGE_SIZE];
    ULONG length = PAGE_SIZE;
    struct subject x;
    (void)context;
    make_buffer(&x, world_adapter(WIDTH_64), false);
    PDMA_OPERATIONS operations = x.adapter->DmaOperations;
    PHYSICAL_ADDRESS logical = operations->MapTransfer(x.adapter, x.mdl, x.base, x.memory, &length, TRUE);
    world_device_read((uint64_t)logical.QuadPart, got, length);
    expect_all(got, 'p', length);
    rig_expect(operations->FlushAdapterBuffers(x.adapter, x.mdl, x.base, x.memory, length, TRUE));
    logical = operations->MapTransfer(x.adapter, x.mdl, x.base, x.memory, &length, FALSE);
    memset(got, 'd', sizeof got);
    world_device_write((uint64_t)logical.QuadPart, got, length);
    expect_all(x.memory, 'p', length);
    rig_expect(operations->FlushAdapterBuffers(x.adapter, x.mdl, x.base, x.memory, length, FALSE));
    expect_all(x.memory, 'd', length);
}

/* ---- Device to memory ---- */

static void device_data_is_the_processors_after_the_flush(PDMA_ADAPTER adapter, bool far)
{
    struct subject x;
    make_buffer(&x, adapter, far);
    map(&x, false);
    device_writes(&x, 'd');
    expect_all(x.memory, 'p', BYTES);
    flush(&x, BYTES, false);
    expect_all(x.memory, 'd', BYTES);
}

/* rule: DMA-COHERENT-3 */
static void what_the_device_wrote_reaches_the_processor_by_flushing(void *context)
{
    (void)context;
    device_data_is_the_processors_after_the_flush(world_adapter(WIDTH_64), false);
    device_data_is_the_processors_after_the_flush(world_adapter(WIDTH_32), false);
    device_data_is_the_processors_after_the_flush(world_adapter(WIDTH_32), true);
}

/* rule: DMA-COHERENT-3 */
static void only_the_flushed_part_is_seen(void *context)
{
    struct subject x;
    (void)context;
    make_buffer(&x, world_adapter(WIDTH_64), false);
    map(&x, false);
    device_writes(&x, 'd');
    flush(&x, PAGE_SIZE + PART, false);
    expect_all(x.memory, 'd', PAGE_SIZE + PART);
    expect_all(x.memory + PAGE_SIZE + PART, 'p', PAGE_SIZE - PART);
}

/* rule: DMA-COHERENT-4 */
static void flushing_what_the_device_read_changes_nothing(void *context)
{
    struct subject x;
    (void)context;
    make_buffer(&x, world_adapter(WIDTH_64), false);
    map(&x, true);
    memset(x.memory, 'q', BYTES);
    flush(&x, BYTES, true);
    expect_all(x.memory, 'q', BYTES);
}

/* rule: DMA-COHERENT-5 */
static void a_system_dma_transfer_is_seen_after_its_flush(void *context)
{
    struct subject x;
    (void)context;
    make_buffer(&x, world_channel(WORLD_LINE), false);
    map(&x, false);
    for (uint32_t left = BYTES; left != 0; left = x.adapter->DmaOperations->ReadDmaCounter(x.adapter))
        KeStallExecutionProcessor(1);
    expect_all(x.memory, 'p', BYTES);
    flush(&x, BYTES, false);
    rig_expect_equal(x.memory[1], (WORLD_LINE + 7) % 256);
    rig_expect_equal(x.memory[BYTES - 1], (WORLD_LINE + 7 * (BYTES - 1)) % 256);
}

/* ---- Lists ---- */

static void use_list(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    struct subject *x = context;
    unsigned char got[BYTES];
    (void)device;
    (void)irp;
    rig_expect(list->NumberOfElements <= WORLD_LIST_ELEMENTS);
    memcpy(x->list.bytes, list, sizeof *list + list->NumberOfElements * sizeof list->Elements[0]);
    device_reads(x, got);
    expect_all(got, 'p', BYTES);
    device_writes(x, 'd');
    expect_all(x->memory, 'p', BYTES);
    x->adapter->DmaOperations->PutScatterGatherList(x->adapter, list, FALSE);
    expect_all(x->memory, 'd', BYTES);
}

static void list_of(ULONG width, bool far)
{
    struct subject x = {.adapter = world_adapter(width)};
    DEVICE_OBJECT device = {.Type = IO_TYPE_DEVICE};
    KIRQL irql;
    x.mdl = world_buffer(PAGES, far, &x.memory);
    memset(x.memory, 'p', BYTES);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    rig_expect_equal(x.adapter->DmaOperations->GetScatterGatherList(x.adapter, &device, x.mdl, x.memory,
                                                                    BYTES, use_list, &x, FALSE),
                     STATUS_SUCCESS);
    KeLowerIrql(irql);
}

/* rule: DMA-COHERENT-3 */
static void a_list_is_seen_by_the_device_when_it_is_built_and_by_the_processor_when_it_is_put(void *context)
{
    (void)context;
    list_of(WIDTH_64, false);
    list_of(WIDTH_32, false);
}

/* ---- Memory that needs no flushing, and flushing by hand ---- */

/* rule: DMA-COHERENT-6 */
static void a_common_buffer_is_not_cached(void *context)
{
    PHYSICAL_ADDRESS logical;
    unsigned char byte;
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(WIDTH_64);
    unsigned char *memory = adapter->DmaOperations->AllocateCommonBuffer(adapter, PAGE_SIZE, &logical, TRUE);
    rig_expect(memory != NULL);
    memory[PART] = 'p';
    world_device_read((uint64_t)logical.QuadPart + PART, &byte, 1);
    rig_expect_equal(byte, 'p');
    byte = 'd';
    world_device_write((uint64_t)logical.QuadPart + PART, &byte, 1);
    rig_expect_equal(memory[PART], 'd');
}

/* rule: DMA-COHERENT-7 */
static void memory_that_was_asked_for_uncached_is_shared(void *context)
{
    const PHYSICAL_ADDRESS none = {.QuadPart = 0}, all = {.QuadPart = INT64_MAX};
    unsigned char byte;
    (void)context;
    unsigned char *uncached = MmAllocateContiguousMemorySpecifyCache(PAGE_SIZE, none, all, none, MmNonCached);
    unsigned char *cached = MmAllocateContiguousMemorySpecifyCache(PAGE_SIZE, none, all, none, MmCached);
    unsigned char *more = MmAllocateNonCachedMemory(PAGE_SIZE);
    uncached[0] = cached[0] = more[0] = 'p';
    world_device_read((uint64_t)MmGetPhysicalAddress(uncached).QuadPart, &byte, 1);
    rig_expect_equal(byte, 'p');
    world_device_read((uint64_t)MmGetPhysicalAddress(more).QuadPart, &byte, 1);
    rig_expect_equal(byte, 'p');
    world_device_read((uint64_t)MmGetPhysicalAddress(cached).QuadPart, &byte, 1);
    rig_expect(byte != 'p');
}

/* rule: KE-CACHE-2 */
static void a_driver_may_flush_by_hand(void *context)
{
    unsigned char *memory = NULL;
    unsigned char bytes[PART_BYTES];
    (void)context;
    world_buffer(PAGES, false, &memory);
    unsigned char *part = memory + PAGE_SIZE - PART;
    PMDL mdl = world_mdl(part, PART_BYTES);
    memset(memory, 'p', BYTES);
    KeFlushIoBuffers(mdl, FALSE, TRUE);
    for (unsigned i = 0; i < PART_BYTES; i++) {
        world_device_read(emu_ram_physical(emu_current(), part + i), bytes, 1);
        rig_expect_equal(bytes[0], 'p');
    }
    memset(bytes, 'd', sizeof bytes);
    world_device_write(emu_ram_physical(emu_current(), part), bytes, PART);
    KeFlushIoBuffers(mdl, TRUE, TRUE);
    expect_all(part, 'd', EMU_CACHE_LINE);
    expect_all(part + PART, 'p', PART_BYTES - PART);
}

/* rule: DMA-COHERENT-8 */
static void the_alignment_is_a_cache_line(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(WIDTH_64);
    rig_expect_equal(adapter->DmaOperations->GetDmaAlignment(adapter), EMU_CACHE_LINE);
}

/* rule: DMA-COHERENT-8 */
static void on_a_coherent_machine_any_alignment_will_do(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(WIDTH_64);
    rig_expect_equal(adapter->DmaOperations->GetDmaAlignment(adapter), 1);
}

/* ---- Lines that are shared ---- */

static unsigned lost_neighbours, lost_data, whole;

/* A buffer that shares a line with a byte that the driver counts in meanwhile. */
static void transfer_beside_a_counter(void *context)
{
    unsigned char transfer[DMA_TRANSFER_CONTEXT_SIZE_V1], *memory, data[PART_BYTES];
    struct world_list list;
    ULONG length = PART_BYTES;
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(WIDTH_64);
    world_buffer(1, false, &memory);
    memset(memory, 'p', PAGE_SIZE);
    PMDL mdl = world_mdl(memory + PART, PART_BYTES);
    PVOID base = world_take(adapter, transfer, 1);
    rig_expect_equal(world_map(adapter, mdl, base, 0, &length, false, &list), STATUS_SUCCESS);
    memset(data, 'd', sizeof data);
    world_device_write(world_address(&list, 0), data, PART_BYTES);
    memory[PART - 1] = 'n';
    rig_expect_equal(adapter->DmaOperations->FlushAdapterBuffersEx(adapter, mdl, base, 0, PART_BYTES, FALSE),
                     STATUS_SUCCESS);
    rig_expect(memory[PART - 1] == 'n' || memory[PART] == 'd');
    rig_expect_equal(memory[PART + EMU_CACHE_LINE], 'd');
    lost_neighbours += memory[PART - 1] != 'n';
    lost_data += memory[PART] != 'd';
    whole += memory[PART - 1] == 'n' && memory[PART] == 'd';
}

static void race_beside_a_counter(void *context)
{
    rig_thread("driver", 0, transfer_beside_a_counter, context);
}

/* rule: DMA-COHERENT-9 */
static void what_shares_a_line_with_a_buffer_may_be_lost_and_that_is_explored(void **state)
{
    struct haldma_config config = incoherent_config();
    (void)state;
    config.machine.profile = EMU_PROFILE_HOSTILE;
    lost_neighbours = lost_data = whole = 0;
    world_explore(&config, race_beside_a_counter, NULL, 0);
    assert_true(lost_neighbours > 0);
    assert_true(lost_data > 0);
    assert_true(whole > 0);
}

static unsigned outcomes;

/* A page that goes through a double buffer, after a transfer of the same page that did not. */
static void transfer_through_a_double_buffer(void *context)
{
    unsigned char transfers[2][DMA_TRANSFER_CONTEXT_SIZE_V1], *memory, data[PART_BYTES];
    struct world_list list;
    ULONG length = PART_BYTES;
    (void)context;
    PDMA_ADAPTER wide = world_adapter(WIDTH_64), narrow = world_adapter(WIDTH_32);
    world_buffer(1, true, &memory);
    PMDL mdl = world_mdl(memory + PART, PART_BYTES);
    PVOID base = world_take(wide, transfers[0], 1);
    rig_expect_equal(world_map(wide, mdl, base, 0, &length, true, &list), STATUS_SUCCESS);
    wide->DmaOperations->FlushAdapterBuffersEx(wide, mdl, base, 0, PART_BYTES, TRUE);
    base = world_take(narrow, transfers[1], 1);
    rig_expect_equal(world_map(narrow, mdl, base, 0, &length, false, &list), STATUS_SUCCESS);
    memset(data, 'd', sizeof data);
    world_device_write(world_address(&list, 0), data, PART_BYTES);
    memory[PART - 1] = 'n';
    narrow->DmaOperations->FlushAdapterBuffersEx(narrow, mdl, base, 0, PART_BYTES, FALSE);
    rig_expect_equal(memory[PART - 1], 'n');
    expect_all(memory + PART, 'd', PART_BYTES);
    outcomes++;
}

static void race_through_a_double_buffer(void *context)
{
    rig_thread("driver", 0, transfer_through_a_double_buffer, context);
}

/* rule: DMA-COHERENT-2 */
static void nothing_is_lost_beside_what_went_through_a_double_buffer(void **state)
{
    struct haldma_config config = incoherent_config();
    (void)state;
    config.machine.profile = EMU_PROFILE_HOSTILE;
    outcomes = 0;
    world_explore(&config, race_through_a_double_buffer, NULL, 0);
    assert_true(outcomes > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        INCOHERENT_HOLDS(what_the_processor_wrote_reaches_the_device_by_mapping),
        INCOHERENT_HOLDS(double_buffers_take_what_the_processor_sees),
        INCOHERENT_HOLDS(version_1_maps_likewise),
        INCOHERENT_HOLDS(what_the_device_wrote_reaches_the_processor_by_flushing),
        INCOHERENT_HOLDS(only_the_flushed_part_is_seen),
        INCOHERENT_HOLDS(flushing_what_the_device_read_changes_nothing),
        INCOHERENT_HOLDS(a_system_dma_transfer_is_seen_after_its_flush),
        INCOHERENT_HOLDS(a_list_is_seen_by_the_device_when_it_is_built_and_by_the_processor_when_it_is_put),
        INCOHERENT_HOLDS(a_common_buffer_is_not_cached),
        INCOHERENT_HOLDS(memory_that_was_asked_for_uncached_is_shared),
        INCOHERENT_HOLDS(a_driver_may_flush_by_hand),
        INCOHERENT_HOLDS(the_alignment_is_a_cache_line),
        WORLD_HOLDS(on_a_coherent_machine_any_alignment_will_do),
        cmocka_unit_test(nothing_is_lost_beside_what_went_through_a_double_buffer),
        cmocka_unit_test(what_shares_a_line_with_a_buffer_may_be_lost_and_that_is_explored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
