/*
 * Common buffers and FlushDmaBuffer on a machine whose devices do not see processors' caches.
 */
#include "world.h"

enum { BYTES = 2 * PAGE_SIZE };

static unsigned char *allocate(PDMA_ADAPTER adapter, MEMORY_CACHING_TYPE *cache, uint64_t *logical)
{
    PHYSICAL_ADDRESS address;
    unsigned char *memory = adapter->DmaOperations->AllocateCommonBufferWithBounds(adapter, NULL, NULL, BYTES,
                                                                                   0, cache, 0, &address);
    rig_expect(memory != NULL);
    *logical = (uint64_t)address.QuadPart;
    return memory;
}

static void expect_shared(unsigned char *memory, uint64_t logical)
{
    char seen = 0;
    memory[BYTES - 1] = 'p';
    world_device_read(logical + BYTES - 1, &seen, 1);
    rig_expect_equal(seen, 'p');
    world_device_write(logical + PAGE_SIZE, "d", 1);
    rig_expect_equal(memory[PAGE_SIZE], 'd');
}

static void system_decides(void *context)
{
    (void)context;
    PHYSICAL_ADDRESS address;
    PDMA_ADAPTER adapter = world_adapter(64);
    for (unsigned cached = 0; cached < 2; cached++) {
        PDMA_OPERATIONS o = adapter->DmaOperations;
        PVOID memory = o->AllocateCommonBuffer(adapter, BYTES, &address, cached != 0);
        expect_shared(memory, (uint64_t)address.QuadPart);
        memory = o->AllocateCommonBufferEx(adapter, NULL, BYTES, &address, cached != 0, 0);
        expect_shared(memory, (uint64_t)address.QuadPart);
    }
}

static void driver_decides(void *context)
{
    (void)context;
    uint64_t logical;
    char seen = 0;
    MEMORY_CACHING_TYPE cached = MmCached, uncached = MmNonCached;
    PDMA_ADAPTER adapter = world_adapter(64);
    unsigned char *memory = allocate(adapter, NULL, &logical);
    expect_shared(memory, logical);
    memory = allocate(adapter, &uncached, &logical);
    expect_shared(memory, logical);
    memory = allocate(adapter, &cached, &logical);
    memory[0] = 'p';
    world_device_read(logical, &seen, 1);
    rig_expect(seen != 'p');
}

static void flushed(void *context)
{
    (void)context;
    uint64_t logical;
    char seen = 0;
    MEMORY_CACHING_TYPE cached = MmCached;
    PDMA_ADAPTER adapter = world_adapter(64);
    unsigned char *memory = allocate(adapter, &cached, &logical);
    PMDL mdl = world_mdl(memory + 100, BYTES - 100);
    memory[100] = 'p';
    memory[BYTES - 1] = 'q';
    rig_expect_equal(adapter->DmaOperations->FlushDmaBuffer(adapter, mdl, FALSE), STATUS_SUCCESS);
    world_device_read(logical + 100, &seen, 1);
    rig_expect_equal(seen, 'p');
    world_device_read(logical + BYTES - 1, &seen, 1);
    rig_expect_equal(seen, 'q');
    world_device_write(logical + PAGE_SIZE, "d", 1);
    rig_expect(memory[PAGE_SIZE] != 'd');
    rig_expect_equal(adapter->DmaOperations->FlushDmaBuffer(adapter, mdl, TRUE), STATUS_SUCCESS);
    rig_expect_equal(memory[PAGE_SIZE], 'd');
}

/* A common buffer of the driver's pages is cached as they are. */
static void of_cached_pages(void *context)
{
    (void)context;
    char seen = 0;
    PHYSICAL_ADDRESS address;
    unsigned char *memory = world_pages(1, false);
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = world_mdl(memory, PAGE_SIZE);
    rig_expect_equal(adapter->DmaOperations->CreateCommonBufferFromMdl(adapter, mdl, NULL, 0, &address),
                     STATUS_SUCCESS);
    memory[0] = 'p';
    world_device_read((uint64_t)address.QuadPart, &seen, 1);
    rig_expect(seen != 'p');
    rig_expect_equal(adapter->DmaOperations->FlushDmaBuffer(adapter, mdl, FALSE), STATUS_SUCCESS);
    world_device_read((uint64_t)address.QuadPart, &seen, 1);
    rig_expect_equal(seen, 'p');
}

static void where_devices_do_not_see_caches(void (*body)(void *))
{
    struct haldma_config config = world_config();
    struct rig_outcome outcome;
    config.machine.incoherent = true;
    struct emu_machine *m = world_machine(&config);
    rig_run(m, body, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
}

/* rule: DMA-COMMON-32 */
static void the_system_disables_caching_whatever_the_driver_asks_for(void **state)
{
    (void)state;
    where_devices_do_not_see_caches(system_decides);
}

/* rule: DMA-COMMON-33 */
static void a_caching_type_of_the_drivers_is_followed(void **state)
{
    (void)state;
    where_devices_do_not_see_caches(driver_decides);
}

/* rule: DMA-FLUSHBUFFER-1 */
static void flushing_a_buffer_lets_both_sides_see_it(void **state)
{
    (void)state;
    where_devices_do_not_see_caches(flushed);
}

/* rule: DMA-MDLBUFFER-23 */
static void a_buffer_of_cached_pages_has_to_be_flushed(void **state)
{
    (void)state;
    where_devices_do_not_see_caches(of_cached_pages);
}

/* rule: DMA-FLUSHBUFFER-2 */
static void flushing_does_nothing_where_devices_see_caches(void *context)
{
    (void)context;
    unsigned char *memory;
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = world_buffer(2, false, &memory);
    rig_expect_equal(adapter->DmaOperations->FlushDmaBuffer(adapter, mdl, TRUE), STATUS_SUCCESS);
    rig_expect_equal(memory[PAGE_SIZE], 'b');
}

/* rule: DMA-FLUSHBUFFER-3 */
static void flushing_no_buffer_is_an_invalid_parameter(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    rig_expect_equal(adapter->DmaOperations->FlushDmaBuffer(adapter, NULL, TRUE), STATUS_INVALID_PARAMETER);
}

/* rule: DMA-FLUSHBUFFER-4 */
static void flushing_a_buffer_that_is_not_locked(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = IoAllocateMdl(world_pages(1, false), PAGE_SIZE, FALSE, FALSE, NULL);
    adapter->DmaOperations->FlushDmaBuffer(adapter, mdl, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_system_disables_caching_whatever_the_driver_asks_for),
        cmocka_unit_test(a_caching_type_of_the_drivers_is_followed),
        cmocka_unit_test(flushing_a_buffer_lets_both_sides_see_it),
        cmocka_unit_test(a_buffer_of_cached_pages_has_to_be_flushed),
        WORLD_HOLDS(flushing_does_nothing_where_devices_see_caches),
        WORLD_HOLDS(flushing_no_buffer_is_an_invalid_parameter),
        WORLD_STOPS(flushing_a_buffer_that_is_not_locked, "DMA-MAP-15", "0xE6/0E"),
    };
    return cmocka_run_group_tests_name("dma.common_cached", tests, NULL, NULL);
}
