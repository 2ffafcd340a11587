/*
 * AllocateCommonBufferEx and AllocateCommonBufferWithBounds: where a common buffer lies.
 */
#include "world.h"

enum { BYTES = 3 * PAGE_SIZE, NODES = 4, LARGE = 512 * PAGE_SIZE };

#define MIB     0x100000ull
#define NOWHERE 0xFFFull /* no page lies below it */

static PVOID ex(PDMA_ADAPTER adapter, const uint64_t *highest, ULONG length, NODE_REQUIREMENT node,
                uint64_t *logical)
{
    PHYSICAL_ADDRESS limit = {.QuadPart = highest != NULL ? (LONGLONG)*highest : 0};
    PHYSICAL_ADDRESS address = {.QuadPart = 0};
    PVOID memory = adapter->DmaOperations->AllocateCommonBufferEx(adapter, highest != NULL ? &limit : NULL,
                                                                  length, &address, TRUE, node);
    *logical = (uint64_t)address.QuadPart;
    return memory;
}

struct bounds {
    uint64_t lowest, highest;
    ULONG length;
    ULONG flags;
    MEMORY_CACHING_TYPE cache;
    NODE_REQUIREMENT node;
};

static PVOID bounded(PDMA_ADAPTER adapter, const struct bounds *b, uint64_t *logical)
{
    PHYSICAL_ADDRESS lowest = {.QuadPart = (LONGLONG)b->lowest}, highest = {.QuadPart = (LONGLONG)b->highest};
    PHYSICAL_ADDRESS address = {.QuadPart = 0};
    MEMORY_CACHING_TYPE cache = b->cache;
    PVOID memory = adapter->DmaOperations->AllocateCommonBufferWithBounds(
        adapter, &lowest, &highest, b->length, b->flags, &cache, b->node, &address);
    *logical = (uint64_t)address.QuadPart;
    return memory;
}

static void release(PDMA_ADAPTER adapter, ULONG length, uint64_t logical, PVOID memory, BOOLEAN cached)
{
    PHYSICAL_ADDRESS address = {.QuadPart = (LONGLONG)logical};
    adapter->DmaOperations->FreeCommonBuffer(adapter, length, address, memory, cached);
}

/* ---- AllocateCommonBufferEx ------------------------------------------------------------------ */

/* rule: DMA-COMMON-9 */
static void no_byte_of_it_lies_above_the_maximum(void *context)
{
    (void)context;
    static const uint64_t highest[] = {2 * MIB - 1, 16 * MIB - 1, 18 * MIB, 0xFFFFFFFF};
    PDMA_ADAPTER adapter = world_adapter(64);
    for (unsigned i = 0; i < sizeof highest / sizeof highest[0]; i++) {
        uint64_t logical;
        unsigned char *memory = ex(adapter, &highest[i], BYTES, 0, &logical);
        rig_expect(memory != NULL && logical + BYTES - 1 <= highest[i]);
        release(adapter, BYTES, logical, memory, TRUE);
    }
}

/* rule: DMA-COMMON-9 */
static void the_last_byte_may_lie_at_the_maximum(void *context)
{
    (void)context;
    uint64_t logical, highest = MIB + BYTES - 1; /* memory begins at 1 MiB */
    PDMA_ADAPTER adapter = world_adapter(64);
    rig_expect(ex(adapter, &highest, BYTES, 0, &logical) != NULL);
    rig_expect_equal(logical, MIB);
    rig_expect(ex(adapter, &highest, PAGE_SIZE, 0, &logical) == NULL);
}

/* rule: DMA-COMMON-10 */
static void a_maximum_below_all_memory_gets_none(void *context)
{
    (void)context;
    static const uint64_t highest[] = {0, NOWHERE, MIB - 1, MIB + PAGE_SIZE - 2};
    PDMA_ADAPTER adapter = world_adapter(64);
    for (unsigned i = 0; i < sizeof highest / sizeof highest[0]; i++) {
        uint64_t logical;
        rig_expect(ex(adapter, &highest[i], 1, 0, &logical) == NULL);
    }
}

/* rule: DMA-COMMON-11 */
static void without_a_maximum_the_devices_reach_is_the_limit(void *context)
{
    (void)context;
    uint64_t logical, above = 1ull << 40;
    PDMA_ADAPTER narrow = world_adapter(24), wide = world_adapter(64);
    rig_expect(ex(narrow, NULL, BYTES, 0, &logical) != NULL);
    rig_expect(logical + BYTES <= 16 * MIB);
    rig_expect(ex(narrow, &above, BYTES, 0, &logical) != NULL);
    rig_expect(logical + BYTES <= 16 * MIB);
    rig_expect(ex(wide, NULL, BYTES, 0, &logical) != NULL);
}

/* rule: DMA-COMMON-12 */
static void a_buffer_without_a_length_or_a_place_for_the_address_is_none(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(64);
    rig_expect(ex(adapter, NULL, 0, 0, &logical) == NULL);
    rig_expect(adapter->DmaOperations->AllocateCommonBufferEx(adapter, NULL, BYTES, NULL, TRUE, 0) == NULL);
    rig_expect(adapter->DmaOperations->AllocateCommonBufferWithBounds(adapter, NULL, NULL, BYTES, 0, NULL, 0,
                                                                      NULL) == NULL);
}

/* rule: DMA-COMMON-5 */
static void freeing_an_extended_one_as_if_it_were_not_cached(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(64);
    PVOID memory = ex(adapter, NULL, BYTES, 0, &logical);
    release(adapter, BYTES, logical, memory, FALSE);
}

/* ---- AllocateCommonBufferWithBounds ---------------------------------------------------------- */

/* rule: DMA-COMMON-13 */
static void it_lies_within_its_bounds(void *context)
{
    (void)context;
    static const struct bounds within[] = {
        {0, 16 * MIB - 1, BYTES, 0, MmCached, 0},
        {16 * MIB, 17 * MIB - 1, BYTES, 0, MmNonCached, 0},
        {18 * MIB, 18 * MIB + BYTES - 1, BYTES, 0, MmCached, 0},
        {1ull << 32, UINT64_MAX, BYTES, 0, MmCached, 0},
    };
    PDMA_ADAPTER adapter = world_adapter(64);
    for (unsigned i = 0; i < sizeof within / sizeof within[0]; i++) {
        uint64_t logical;
        unsigned char *memory = bounded(adapter, &within[i], &logical);
        rig_expect(memory != NULL);
        rig_expect(logical >= within[i].lowest && logical + BYTES - 1 <= within[i].highest);
        rig_expect_equal(emu_ram_physical(emu_current(), memory), logical);
        release(adapter, BYTES, logical, memory, within[i].cache == MmCached);
    }
}

/* rule: DMA-COMMON-14 */
static void bounds_that_hold_no_memory_get_none(void *context)
{
    (void)context;
    static const struct bounds without[] = {
        {16 * MIB, 16 * MIB + BYTES - 2, BYTES, 0, MmCached, 0}, /* a byte too few */
        {16 * MIB + 1, 16 * MIB + BYTES, BYTES, 0, MmCached, 0}, /* too few whole pages */
        {17 * MIB, 16 * MIB, PAGE_SIZE, 0, MmCached, 0},         /* the wrong way round */
        {1ull << 40, UINT64_MAX, PAGE_SIZE, 0, MmCached, 0},     /* above all memory */
    };
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(64), narrow = world_adapter(24);
    for (unsigned i = 0; i < sizeof without / sizeof without[0]; i++)
        rig_expect(bounded(adapter, &without[i], &logical) == NULL);
    rig_expect(bounded(narrow, &(struct bounds){16 * MIB, UINT64_MAX, BYTES, 0, MmCached, 0}, &logical) ==
               NULL);
}

/* rule: DMA-COMMON-15 */
static void without_bounds_the_devices_reach_is_the_limit(void *context)
{
    (void)context;
    PHYSICAL_ADDRESS address;
    PDMA_ADAPTER adapter = world_adapter(24);
    PVOID memory = adapter->DmaOperations->AllocateCommonBufferWithBounds(adapter, NULL, NULL, BYTES, 0, NULL,
                                                                          0, &address);
    rig_expect(memory != NULL && (uint64_t)address.QuadPart + BYTES <= 16 * MIB);
    release(adapter, BYTES, (uint64_t)address.QuadPart, memory, TRUE);
}

/* rule: DMA-COMMON-16 */
static void only_cached_and_non_cached_are_supported(void *context)
{
    (void)context;
    static const MEMORY_CACHING_TYPE others[] = {MmWriteCombined, MmHardwareCoherentCached,
                                                 MmNonCachedUnordered, MmUSWCCached};
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(64);
    struct bounds b = {.highest = UINT64_MAX, .length = BYTES};
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
        b.cache = others[i];
        rig_expect(bounded(adapter, &b, &logical) == NULL);
    }
}

/* rule: DMA-COMMON-17 */
static void large_pages_are_512_pages_at_a_multiple_of_that(void *context)
{
    (void)context;
    uint64_t logical, neighbour, small;
    PDMA_ADAPTER adapter = world_adapter(32);
    rig_expect(ex(adapter, NULL, PAGE_SIZE, 0, &small) != NULL); /* so that free memory begins anywhere */
    struct bounds b = {.highest = UINT64_MAX, .length = PAGE_SIZE + 1};
    b.flags = DOMAIN_COMMON_BUFFER_LARGE_PAGE;
    b.cache = MmCached;
    unsigned char *memory = bounded(adapter, &b, &logical);
    rig_expect(memory != NULL && logical % LARGE == 0);
    rig_expect(bounded(adapter, &b, &neighbour) != NULL);
    rig_expect(neighbour % LARGE == 0 && neighbour != logical);
    for (unsigned page = 0; page < LARGE / PAGE_SIZE; page++)
        rig_expect_equal(emu_ram_physical(emu_current(), memory + (size_t)page * PAGE_SIZE),
                         logical + (uint64_t)page * PAGE_SIZE);
    release(adapter, PAGE_SIZE + 1, logical, memory, TRUE);
}

/* rule: DMA-COMMON-18 */
static void large_pages_fail_where_small_ones_would_do(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(64);
    struct bounds b = {
        .lowest = 16 * MIB + PAGE_SIZE, .highest = 18 * MIB, .length = BYTES, .cache = MmCached};
    rig_expect(bounded(adapter, &b, &logical) != NULL);
    b.flags = DOMAIN_COMMON_BUFFER_LARGE_PAGE;
    rig_expect(bounded(adapter, &b, &logical) == NULL);
}

/* rule: DMA-COMMON-19 */
static void flags_that_nobody_defined_get_none(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(64);
    struct bounds b = {.highest = UINT64_MAX, .length = BYTES, .flags = 2, .cache = MmCached};
    rig_expect(bounded(adapter, &b, &logical) == NULL);
}

/* ---- What is whose --------------------------------------------------------------------------- */

/* rule: DMA-COMMON-8 */
static void writing_behind_it_on_its_last_page(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(64);
    unsigned char *memory = ex(adapter, NULL, PAGE_SIZE + 100, 0, &logical);
    memory[PAGE_SIZE + 100] = 0;
    release(adapter, PAGE_SIZE + 100, logical, memory, TRUE);
}

/* rule: DMA-COMMON-8 */
static void a_device_that_writes_behind_it(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(64);
    unsigned char *memory = ex(adapter, NULL, 100, 0, &logical);
    world_device_write(logical + PAGE_SIZE - 1, "", 1);
    release(adapter, 100, logical, memory, TRUE);
}

/* rule: DMA-COMMON-8 */
static void every_byte_of_it_may_be_written(void *context)
{
    (void)context;
    static const ULONG lengths[] = {1, 100, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1};
    PDMA_ADAPTER adapter = world_adapter(64);
    for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint64_t logical;
        unsigned char *memory = ex(adapter, NULL, lengths[i], 0, &logical);
        memset(memory, 0, lengths[i]);
        release(adapter, lengths[i], logical, memory, TRUE);
    }
}

/* rule: DMA-COMMON-20 */
static void the_smallest_one_has_a_page_of_its_own(void *context)
{
    (void)context;
    uint64_t one, other;
    PDMA_ADAPTER adapter = world_adapter(64);
    unsigned char *memory = ex(adapter, NULL, 1, 0, &one), *more = ex(adapter, NULL, 1, 0, &other);
    rig_expect((uintptr_t)memory % PAGE_SIZE == 0 && (uintptr_t)more % PAGE_SIZE == 0 && memory != more);
    rig_expect(one % PAGE_SIZE == 0 && other % PAGE_SIZE == 0 && one != other);
}

/* rule: DMA-COMMON-21 */
static void freeing_a_part_of_it(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(64);
    unsigned char *memory = ex(adapter, NULL, 2 * PAGE_SIZE, 0, &logical);
    release(adapter, PAGE_SIZE, logical + PAGE_SIZE, memory + PAGE_SIZE, TRUE);
}

/* rule: DMA-COMMON-22 */
static void freeing_it_gives_all_of_its_memory_back(void *context)
{
    (void)context;
    enum { ROUNDS = 3000 };
    uint64_t logical, first = 0;
    PDMA_ADAPTER adapter = world_adapter(24);
    for (unsigned i = 0; i < ROUNDS; i++) {
        PVOID memory = ex(adapter, NULL, 100 * PAGE_SIZE + 1, 0, &logical);
        rig_expect(memory != NULL && (i == 0 || logical == first));
        first = logical;
        release(adapter, 100 * PAGE_SIZE + 1, logical, memory, TRUE);
    }
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* ---- Nodes ----------------------------------------------------------------------------------- */

/* A bank's fourth part of the default machine: 2 MiB from 16 MiB on, 1 MiB from 1 MiB and from 4 GiB on. */
static unsigned node_of(uint64_t physical)
{
    if (physical >= 1ull << 32)
        return (unsigned)((physical - (1ull << 32)) / MIB);
    if (physical >= 16 * MIB)
        return (unsigned)((physical - 16 * MIB) / (2 * MIB));
    return (unsigned)((physical - MIB) / MIB);
}

static void on_each_node(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64), narrow = world_adapter(24);
    for (unsigned node = 0; node < NODES; node++) {
        uint64_t logical;
        rig_expect(ex(adapter, NULL, BYTES, node, &logical) != NULL);
        rig_expect_equal(node_of(logical), node);
        rig_expect(ex(narrow, NULL, BYTES, node, &logical) != NULL);
        rig_expect_equal(node_of(logical), node);
        rig_expect(bounded(adapter, &(struct bounds){1ull << 32, UINT64_MAX, BYTES, 0, MmCached, node},
                           &logical) != NULL);
        rig_expect_equal(node_of(logical), node);
    }
}

static void a_full_node(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(32);
    rig_expect(ex(adapter, NULL, 3 * (ULONG)MIB, 1, &logical) != NULL); /* larger than the node */
    uint64_t highest = 18 * MIB - 1; /* where node 3 has nothing but a MiB */
    for (unsigned i = 0; i < 2; i++)
        rig_expect(ex(adapter, &highest, (ULONG)MIB, 3, &logical) != NULL);
    rig_expect(node_of(logical) != 3);
}

static void no_such_node(void *context)
{
    const unsigned *nodes = context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(64);
    rig_expect(ex(adapter, NULL, BYTES, *nodes - 1, &logical) != NULL);
    rig_expect(ex(adapter, NULL, BYTES, *nodes, &logical) == NULL);
    rig_expect(ex(adapter, NULL, BYTES, MM_ANY_NODE_OK, &logical) != NULL);
}

static void with_nodes(unsigned nodes, void (*body)(void *), void *context)
{
    struct haldma_config config = world_config();
    struct rig_outcome outcome;
    config.numa_nodes = nodes;
    struct emu_machine *m = world_machine(&config);
    rig_run(m, body, context, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
}

/* rule: DMA-COMMON-23 */
static void memory_comes_from_the_preferred_node(void **state)
{
    (void)state;
    with_nodes(NODES, on_each_node, NULL);
}

/* rule: DMA-COMMON-24 */
static void a_node_without_room_gives_way_to_others(void **state)
{
    (void)state;
    with_nodes(NODES, a_full_node, NULL);
}

/* rule: DMA-COMMON-25 */
static void a_node_that_does_not_exist_gets_none(void **state)
{
    (void)state;
    for (unsigned nodes = 1; nodes <= NODES; nodes++)
        with_nodes(nodes, no_such_node, &nodes);
}

static void a_machine_has_64_nodes_at_most(void **state)
{
    (void)state;
    const char *error = NULL;
    struct haldma_config config = {.numa_nodes = 65};
    assert_null(haldma_machine_create(&config, &error));
    assert_string_equal(error, "a machine has at most 64 NUMA nodes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(no_byte_of_it_lies_above_the_maximum),
        WORLD_HOLDS(the_last_byte_may_lie_at_the_maximum),
        WORLD_HOLDS(a_maximum_below_all_memory_gets_none),
        WORLD_HOLDS(without_a_maximum_the_devices_reach_is_the_limit),
        WORLD_HOLDS(a_buffer_without_a_length_or_a_place_for_the_address_is_none),
        WORLD_STOPS(freeing_an_extended_one_as_if_it_were_not_cached, "DMA-COMMON-5", NULL),
        WORLD_HOLDS(it_lies_within_its_bounds),
        WORLD_HOLDS(bounds_that_hold_no_memory_get_none),
        WORLD_HOLDS(without_bounds_the_devices_reach_is_the_limit),
        WORLD_HOLDS(only_cached_and_non_cached_are_supported),
        WORLD_HOLDS(large_pages_are_512_pages_at_a_multiple_of_that),
        WORLD_HOLDS(large_pages_fail_where_small_ones_would_do),
        WORLD_HOLDS(flags_that_nobody_defined_get_none),
        WORLD_STOPS(writing_behind_it_on_its_last_page, "DMA-COMMON-8", "0xE6/0F"),
        WORLD_STOPS(a_device_that_writes_behind_it, "DMA-COMMON-8", "0xE6/0F"),
        WORLD_HOLDS(every_byte_of_it_may_be_written),
        WORLD_HOLDS(the_smallest_one_has_a_page_of_its_own),
        WORLD_STOPS(freeing_a_part_of_it, "DMA-COMMON-4", "0xE6/03"),
        WORLD_HOLDS(freeing_it_gives_all_of_its_memory_back),
        cmocka_unit_test(memory_comes_from_the_preferred_node),
        cmocka_unit_test(a_node_without_room_gives_way_to_others),
        cmocka_unit_test(a_node_that_does_not_exist_gets_none),
        cmocka_unit_test(a_machine_has_64_nodes_at_most),
    };
    return cmocka_run_group_tests_name("dma.common_limits", tests, NULL, NULL);
}
