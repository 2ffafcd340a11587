/*
 * FlushAdapterBuffers and FlushAdapterBuffersEx: when data of a double buffer changes sides.
 */
#include "world.h"

typedef UCHAR transfer_bytes[DMA_TRANSFER_CONTEXT_SIZE_V1];

static NTSTATUS flush(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, ULONGLONG offset, ULONG length,
                      BOOLEAN to_device)
{
    return adapter->DmaOperations->FlushAdapterBuffersEx(adapter, mdl, base, offset, length, to_device);
}

/* rule: DMA-FLUSH-1 */
static void what_the_device_wrote_is_the_callers_after_the_flush_and_not_before(void *context)
{
    (void)context;
    transfer_bytes transfer;
    unsigned char *memory;
    struct world_list list;
    ULONG length = 2 * PAGE_SIZE - 20;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(2, true, &memory);
    PVOID base = world_take(adapter, transfer, 2);
    rig_expect_equal(world_map(adapter, mdl, base, 10, &length, false, &list), STATUS_SUCCESS);
    world_device_write(world_address(&list, 0), "device", 6);
    rig_expect_equal(memory[10], 'a');
    rig_expect_equal(flush(adapter, mdl, base, 10, length, FALSE), STATUS_SUCCESS);
    rig_expect(memcmp(memory + 10, "device", 6) == 0);
    rig_expect_equal(memory[9], 'a');
    rig_expect_equal(memory[2 * PAGE_SIZE - 10], 'b');
}

/* rule: DMA-FLUSH-1 */
static void a_flush_of_less_than_was_mapped_leaves_the_rest_alone(void *context)
{
    (void)context;
    enum { TRANSFERRED = 100 };
    transfer_bytes transfer;
    unsigned char *memory, sent[TRANSFERRED];
    struct world_list list;
    ULONG length = 2 * PAGE_SIZE;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(2, true, &memory);
    PVOID base = world_take(adapter, transfer, 2);
    rig_expect_equal(world_map(adapter, mdl, base, 0, &length, false, &list), STATUS_SUCCESS);
    memset(sent, 'z', sizeof sent);
    world_device_write(world_address(&list, 0), sent, sizeof sent);
    rig_expect_equal(flush(adapter, mdl, base, 0, TRANSFERRED, FALSE), STATUS_SUCCESS);
    rig_expect_equal(memory[TRANSFERRED - 1], 'z');
    rig_expect_equal(memory[TRANSFERRED], 'a');
    rig_expect_equal(memory[PAGE_SIZE], 'b');
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
}

/* rule: DMA-FLUSH-2 */
static void what_the_device_reads_is_taken_when_it_is_mapped(void *context)
{
    (void)context;
    transfer_bytes transfer;
    unsigned char *memory, seen[4];
    struct world_list list;
    ULONG length = PAGE_SIZE;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(1, true, &memory);
    PVOID base = world_take(adapter, transfer, 1);
    rig_expect_equal(world_map(adapter, mdl, base, 0, &length, true, &list), STATUS_SUCCESS);
    memset(memory, 'z', PAGE_SIZE);
    world_device_read(world_address(&list, 0), seen, sizeof seen);
    rig_expect(memcmp(seen, "aaaa", sizeof seen) == 0);
    world_device_write(world_address(&list, 0), "never", 5);
    rig_expect_equal(flush(adapter, mdl, base, 0, length, TRUE), STATUS_SUCCESS);
    rig_expect_equal(memory[0], 'z');
}

/* rule: DMA-FLUSH-3 */
static void after_the_flush_the_same_registers_map_again(void *context)
{
    (void)context;
    transfer_bytes transfer;
    unsigned char *memory;
    struct world_list list;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(2, true, &memory);
    PVOID base = world_take(adapter, transfer, 2);
    for (unsigned i = 0; i < 3; i++) {
        ULONG length = 2 * PAGE_SIZE;
        rig_expect_equal(world_map(adapter, mdl, base, 0, &length, false, &list), STATUS_SUCCESS);
        rig_expect_equal(length, 2 * PAGE_SIZE);
        rig_expect_equal(flush(adapter, mdl, base, 0, length, FALSE), STATUS_SUCCESS);
    }
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
}

/* rule: DMA-FLUSH-4 */
static void bad_arguments_are_invalid(void *context)
{
    (void)context;
    unsigned char *memory;
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = world_buffer(1, false, &memory);
    rig_expect_equal(flush(adapter, NULL, NULL, 0, 1, TRUE), STATUS_INVALID_PARAMETER);
    rig_expect_equal(flush(adapter, mdl, NULL, 1, PAGE_SIZE, TRUE), STATUS_INVALID_PARAMETER);
    rig_expect_equal(flush(adapter, mdl, NULL, PAGE_SIZE, 0, TRUE), STATUS_INVALID_PARAMETER);
}

/* rule: DMA-FLUSH-5 */
static void version_1_maps_mdl_by_mdl_and_flushes_mdl_by_mdl(void *context)
{
    (void)context;
    transfer_bytes transfer;
    unsigned char *memory[2];
    PMDL mdls[2];
    uint64_t logical[2];
    PDMA_ADAPTER adapter = world_adapter(32);
    PDMA_OPERATIONS o = adapter->DmaOperations;
    PVOID base = world_take(adapter, transfer, 2);
    for (unsigned i = 0; i < 2; i++) {
        ULONG length = 100;
        mdls[i] = world_buffer(1, true, &memory[i]);
        logical[i] = (uint64_t)o->MapTransfer(adapter, mdls[i], base, memory[i] + 8, &length, FALSE).QuadPart;
        rig_expect_equal(length, 100);
        world_device_write(logical[i], "in", 2);
    }
    rig_expect(logical[0] != logical[1]);
    rig_expect_equal(o->FlushAdapterBuffers(adapter, mdls[0], base, memory[0] + 8, 100, FALSE), TRUE);
    rig_expect(memcmp(memory[0] + 8, "in", 2) == 0);
    rig_expect_equal(memory[1][8], 'a');
    rig_expect_equal(o->FlushAdapterBuffers(adapter, mdls[1], base, memory[1] + 8, 100, FALSE), TRUE);
    rig_expect(memcmp(memory[1] + 8, "in", 2) == 0);
    o->FreeAdapterObject(adapter, DeallocateObject);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
}

/* Two pages of one MDL, each with a call of its own, and the device writes to both. */
static void map_page_by_page(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, unsigned char *memory)
{
    for (unsigned i = 0; i < 2; i++) {
        ULONG length = PAGE_SIZE;
        PHYSICAL_ADDRESS logical = adapter->DmaOperations->MapTransfer(
            adapter, mdl, base, memory + (size_t)i * PAGE_SIZE, &length, FALSE);
        rig_expect_equal(length, PAGE_SIZE);
        world_device_write((uint64_t)logical.QuadPart, "in", 2);
    }
}

/* rule: DMA-FLUSH-5 */
static void version_1_flushes_what_several_calls_mapped_in_any_order_or_at_once(void *context)
{
    (void)context;
    transfer_bytes transfer;
    unsigned char *memory;
    PDMA_ADAPTER adapter = world_adapter(32);
    PDMA_OPERATIONS o = adapter->DmaOperations;
    PMDL mdl = world_buffer(2, true, &memory);
    PVOID base = world_take(adapter, transfer, 2);
    for (unsigned first = 0; first < 2; first++) {
        unsigned char *then = memory + (1 - first) * PAGE_SIZE;
        memset(memory, 'm', 2 * PAGE_SIZE);
        map_page_by_page(adapter, mdl, base, memory);
        o->FlushAdapterBuffers(adapter, mdl, base, memory + first * PAGE_SIZE, PAGE_SIZE, FALSE);
        rig_expect_equal(memory[first * PAGE_SIZE], 'i');
        rig_expect_equal(*then, 'm');
        o->FlushAdapterBuffers(adapter, mdl, base, then, PAGE_SIZE, FALSE);
        rig_expect_equal(*then, 'i');
    }
    memset(memory, 'm', 2 * PAGE_SIZE);
    map_page_by_page(adapter, mdl, base, memory);
    o->FlushAdapterBuffers(adapter, mdl, base, memory, 2 * PAGE_SIZE, FALSE);
    rig_expect(memory[0] == 'i' && memory[PAGE_SIZE] == 'i');
    o->FreeAdapterObject(adapter, DeallocateObject);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
}

/* rule: DMA-FLUSH-5 */
static void version_1_forgetting_to_flush_one_of_two_pieces(void *context)
{
    (void)context;
    transfer_bytes transfer;
    unsigned char *memory;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(2, true, &memory);
    PVOID base = world_take(adapter, transfer, 2);
    map_page_by_page(adapter, mdl, base, memory);
    adapter->DmaOperations->FlushAdapterBuffers(adapter, mdl, base, memory, PAGE_SIZE, FALSE);
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
}

/* rule: DMA-FLUSH-6 */
static void flushing_where_nothing_is_mapped(void *context)
{
    (void)context;
    transfer_bytes transfer;
    unsigned char *memory;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(1, false, &memory);
    flush(adapter, mdl, world_take(adapter, transfer, 1), 0, PAGE_SIZE, TRUE);
}

static void flush_what_was_not_mapped(ULONGLONG offset, BOOLEAN to_device)
{
    transfer_bytes transfer;
    unsigned char *memory;
    struct world_list list;
    ULONG length = PAGE_SIZE;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(2, false, &memory);
    PVOID base = world_take(adapter, transfer, 2);
    rig_expect_equal(world_map(adapter, mdl, base, 0, &length, false, &list), STATUS_SUCCESS);
    flush(adapter, mdl, base, offset, PAGE_SIZE, to_device);
}

/* rule: DMA-FLUSH-8 */
static void flushing_another_part_than_was_mapped(void *context)
{
    (void)context;
    flush_what_was_not_mapped(PAGE_SIZE, FALSE);
}

/* rule: DMA-FLUSH-9 */
static void flushing_in_the_other_direction(void *context)
{
    (void)context;
    flush_what_was_not_mapped(0, TRUE);
}

/* ---- Latitude -------------------------------------------------------------------------------- */

static unsigned buffered, direct; /* over all runs */

static void read_from_device(void *context)
{
    (void)context;
    transfer_bytes transfer;
    unsigned char *memory;
    struct world_list list;
    ULONG length = PAGE_SIZE;
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = world_buffer(1, false, &memory);
    PVOID base = world_take(adapter, transfer, 1);
    rig_expect_equal(world_map(adapter, mdl, base, 0, &length, false, &list), STATUS_SUCCESS);
    world_device_write(world_address(&list, 0), "device", 6);
    buffered += memory[0] == 'a';
    direct += memory[0] == 'd';
    rig_expect_equal(flush(adapter, mdl, base, 0, length, FALSE), STATUS_SUCCESS);
    rig_expect_equal(memory[0], 'd');
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
}

static void set_up_read(void *context)
{
    (void)context;
    rig_thread("reads", 0, read_from_device, NULL);
}

/* rule: DMA-FLUSH-7 */
static void a_platform_may_double_buffer_what_the_device_could_reach(void **state)
{
    (void)state;
    struct haldma_config config = world_config();
    config.machine.profile = EMU_PROFILE_HOSTILE;
    buffered = direct = 0;
    world_explore(&config, set_up_read, NULL, 0);
    assert_true(buffered > 0 && direct > 0);
}

/* rule: DMA-REG-6 */
static void a_fresh_double_buffer_is_not_zero(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    unsigned char *memory, seen[PAGE_SIZE];
    struct world_list list;
    ULONG length = PAGE_SIZE;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(1, true, &memory);
    PVOID base = world_take(adapter, transfer, 1);
    memset(memory, 0, PAGE_SIZE);
    rig_expect_equal(world_map(adapter, mdl, base, 0, &length, false, &list), STATUS_SUCCESS);
    world_device_read(world_address(&list, 0), seen, sizeof seen);
    for (unsigned i = 0; i < sizeof seen; i++)
        rig_expect(seen[i] != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(a_fresh_double_buffer_is_not_zero),
        WORLD_HOLDS(what_the_device_wrote_is_the_callers_after_the_flush_and_not_before),
        WORLD_HOLDS(a_flush_of_less_than_was_mapped_leaves_the_rest_alone),
        WORLD_HOLDS(what_the_device_reads_is_taken_when_it_is_mapped),
        WORLD_HOLDS(after_the_flush_the_same_registers_map_again),
        WORLD_HOLDS(bad_arguments_are_invalid),
        WORLD_HOLDS(version_1_maps_mdl_by_mdl_and_flushes_mdl_by_mdl),
        WORLD_HOLDS(version_1_flushes_what_several_calls_mapped_in_any_order_or_at_once),
        WORLD_STOPS(version_1_forgetting_to_flush_one_of_two_pieces, "DMA-FREE-7", "0xE6/10"),
        WORLD_STOPS(flushing_another_part_than_was_mapped, "DMA-FLUSH-8", "0xE6/16"),
        WORLD_STOPS(flushing_in_the_other_direction, "DMA-FLUSH-9", NULL),
        WORLD_STOPS(flushing_where_nothing_is_mapped, "DMA-FLUSH-6", "0xE6/16"),
        cmocka_unit_test(a_platform_may_double_buffer_what_the_device_could_reach),
    };
    return cmocka_run_group_tests_name("dma.flush", tests, NULL, NULL);
}
