/*
 * Vectors of common buffers, and bug check 0x1DC for what is done wrong with them.
 */
#include "world.h"

#include "emu/machine_state.h"

enum { ELEMENTS = 5, ELEMENT_BYTES = PAGE_SIZE + 1, LARGE = 512 * PAGE_SIZE };

struct ask {
    uint64_t lowest, highest;
    MEMORY_CACHING_TYPE cache;
    ULONG node, flags, count;
    ULONGLONG bytes;
};
static const struct ask usual = {0, UINT64_MAX, MmCached, 0, 0, ELEMENTS, ELEMENT_BYTES};

static NTSTATUS allocate(PDMA_ADAPTER adapter, const struct ask *ask, PDMA_COMMON_BUFFER_VECTOR *vector)
{
    PHYSICAL_ADDRESS low = {.QuadPart = (LONGLONG)ask->lowest}, high = {.QuadPart = (LONGLONG)ask->highest};
    return adapter->DmaOperations->AllocateCommonBufferVector(adapter, low, high, ask->cache, ask->node,
                                                              ask->flags, ask->count, ask->bytes, vector);
}

static PDMA_COMMON_BUFFER_VECTOR make(PDMA_ADAPTER adapter)
{
    PDMA_COMMON_BUFFER_VECTOR vector = NULL;
    rig_expect_equal(allocate(adapter, &usual, &vector), STATUS_SUCCESS);
    rig_expect(vector != NULL);
    return vector;
}

static unsigned char *at(PDMA_ADAPTER adapter, PDMA_COMMON_BUFFER_VECTOR vector, ULONG index,
                         uint64_t *logical)
{
    PHYSICAL_ADDRESS address = {.QuadPart = 0};
    PVOID memory = NULL;
    adapter->DmaOperations->GetCommonBufferFromVectorByIndex(adapter, vector, index, &memory, &address);
    *logical = (uint64_t)address.QuadPart;
    return memory;
}

static void free_one(PDMA_ADAPTER adapter, PDMA_COMMON_BUFFER_VECTOR vector, ULONG index)
{
    adapter->DmaOperations->FreeCommonBufferFromVector(adapter, vector, index);
}

static void free_all(PDMA_ADAPTER adapter, PDMA_COMMON_BUFFER_VECTOR vector, ULONG count)
{
    for (ULONG i = 0; i < count; i++)
        free_one(adapter, vector, i);
    adapter->DmaOperations->FreeCommonBufferVector(adapter, vector);
}

/* ---- What it is ------------------------------------------------------------------------------ */

/* rule: DMA-VECTOR-1 */
static void each_buffer_is_shared_with_the_device_and_contiguous(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(32);
    PDMA_COMMON_BUFFER_VECTOR vector = make(adapter);
    uint64_t logical[ELEMENTS];
    unsigned char *memory[ELEMENTS];
    for (ULONG i = 0; i < ELEMENTS; i++) {
        unsigned char seen = 0;
        memory[i] = at(adapter, vector, i, &logical[i]);
        memory[i][ELEMENT_BYTES - 1] = (unsigned char)i;
        world_device_read(logical[i] + ELEMENT_BYTES - 1, &seen, 1);
        rig_expect_equal(seen, i);
        rig_expect(logical[i] + ELEMENT_BYTES <= 1ull << 32);
        for (ULONG other = 0; other < i; other++)
            rig_expect(logical[i] >= logical[other] + ELEMENT_BYTES ||
                       logical[other] >= logical[i] + ELEMENT_BYTES);
    }
    free_all(adapter, vector, ELEMENTS);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* rule: EMU-RACE-14 */
static void accesses_to_its_buffers_meet_those_of_devices_until_they_are_freed(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(32);
    PDMA_COMMON_BUFFER_VECTOR vector = make(adapter);
    uint64_t logical;
    unsigned char *memory[ELEMENTS];
    for (ULONG i = 0; i < ELEMENTS; i++) {
        memory[i] = at(adapter, vector, i, &logical);
        rig_expect(emu_ram_is_met(emu_current(), memory[i] + ELEMENT_BYTES - 1));
    }
    free_all(adapter, vector, ELEMENTS);
    for (ULONG i = 0; i < ELEMENTS; i++)
        rig_expect(!emu_ram_is_met(emu_current(), memory[i]));
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* rule: DMA-VECTOR-2 */
static void all_buffers_lie_between_the_two_addresses(void *context)
{
    (void)context;
    struct ask ask = usual;
    ask.lowest = 17 << 20;
    ask.highest = (18 << 20) - 1;
    PDMA_ADAPTER adapter = world_adapter(64);
    PDMA_COMMON_BUFFER_VECTOR vector = NULL;
    rig_expect_equal(allocate(adapter, &ask, &vector), STATUS_SUCCESS);
    for (ULONG i = 0; i < ELEMENTS; i++) {
        uint64_t logical;
        at(adapter, vector, i, &logical);
        rig_expect(logical >= ask.lowest && logical + ELEMENT_BYTES - 1 <= ask.highest);
    }
    free_all(adapter, vector, ELEMENTS);
}

/* rule: DMA-VECTOR-3 */
static void wrong_arguments_are_invalid_parameters(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    PDMA_COMMON_BUFFER_VECTOR vector;
    struct ask wrong[] = {usual, usual, usual, usual, usual, usual};
    wrong[0].count = 0;
    wrong[1].bytes = 0;
    wrong[2].lowest = 2;
    wrong[2].highest = 1;
    wrong[3].node = 1;
    wrong[4].flags = 2;
    wrong[5].cache = MmWriteCombined;
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        rig_expect_equal(allocate(adapter, &wrong[i], &vector), STATUS_INVALID_PARAMETER);
    rig_expect_equal(allocate(adapter, &usual, NULL), STATUS_INVALID_PARAMETER);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* rule: DMA-VECTOR-4 */
static void without_memory_for_all_there_is_none_and_nothing_is_kept(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(24);
    PDMA_COMMON_BUFFER_VECTOR vector;
    struct ask ask = usual;
    for (unsigned round = 0; round < 3; round++) {
        ask.count = 600; /* of two pages each; 1,024 are low */
        rig_expect_equal(allocate(adapter, &ask, &vector), STATUS_INSUFFICIENT_RESOURCES);
        ask.count = 500;
        rig_expect_equal(allocate(adapter, &ask, &vector), STATUS_SUCCESS);
        free_all(adapter, vector, 500);
    }
    ask.count = 5000; /* more than the machine has */
    rig_expect_equal(allocate(adapter, &ask, &vector), STATUS_INSUFFICIENT_RESOURCES);
    ask.count = 1u << 31;
    rig_expect_equal(allocate(adapter, &ask, &vector), STATUS_INSUFFICIENT_RESOURCES);
    ask = usual;
    ask.bytes = UINT64_MAX;
    rig_expect_equal(allocate(adapter, &ask, &vector), STATUS_INSUFFICIENT_RESOURCES);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* rule: DMA-VECTOR-1 */
static void vectors_of_other_sizes_follow_each_other(void *context)
{
    (void)context;
    enum { ROUNDS = 40, MOST = 61 };
    struct ask ask = usual;
    PDMA_ADAPTER adapter = world_adapter(64);
    PDMA_COMMON_BUFFER_VECTOR first = make(adapter);
    for (ULONG round = 0; round < ROUNDS; round++) {
        uint64_t logical;
        PDMA_COMMON_BUFFER_VECTOR vector = NULL;
        ask.count = 1 + round * 17 % MOST;
        rig_expect_equal(allocate(adapter, &ask, &vector), STATUS_SUCCESS);
        for (ULONG i = 0; i < ask.count; i++)
            memset(at(adapter, vector, i, &logical), (int)i, ELEMENT_BYTES);
        for (ULONG i = 0; i < ask.count; i++) {
            const unsigned char *memory = at(adapter, vector, i, &logical);
            rig_expect(memory[0] == i && memory[ELEMENT_BYTES - 1] == i);
        }
        free_all(adapter, vector, ask.count);
    }
    free_all(adapter, first, ELEMENTS);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* rule: DMA-VECTOR-11 */
static void buffers_of_large_pages(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    PDMA_COMMON_BUFFER_VECTOR vector;
    uint64_t logical;
    struct ask ask = usual;
    ask.flags = DOMAIN_COMMON_BUFFER_LARGE_PAGE;
    ask.count = 2;
    rig_expect_equal(allocate(adapter, &ask, &vector), STATUS_SUCCESS);
    for (ULONG i = 0; i < 2; i++) {
        at(adapter, vector, i, &logical);
        rig_expect_equal(logical % LARGE, 0);
    }
    free_all(adapter, vector, 2);
}

/* rule: DMA-VECTOR-12 */
static void buffers_are_freed_one_by_one_in_any_order(void *context)
{
    (void)context;
    static const ULONG order[ELEMENTS] = {3, 0, 4, 1, 2};
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(64);
    PDMA_COMMON_BUFFER_VECTOR vector = make(adapter);
    for (unsigned i = 0; i < ELEMENTS; i++) {
        free_one(adapter, vector, order[i]);
        for (unsigned left = i + 1; left < ELEMENTS; left++)
            rig_expect(at(adapter, vector, order[left], &logical) != NULL);
    }
    adapter->DmaOperations->FreeCommonBufferVector(adapter, vector);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* ---- What is done wrong with it -------------------------------------------------------------- */

/* rule: DMA-VECTOR-5 */
static void getting_beyond_the_last(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(64);
    at(adapter, make(adapter), ELEMENTS, &logical);
}

/* rule: DMA-VECTOR-5 */
static void freeing_beyond_the_last(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    free_one(adapter, make(adapter), UINT32_MAX);
}

/* rule: DMA-VECTOR-6 */
static void freeing_one_twice(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    PDMA_COMMON_BUFFER_VECTOR vector = make(adapter);
    free_one(adapter, vector, 2);
    free_one(adapter, vector, 2);
}

/* rule: DMA-VECTOR-6 */
static void getting_one_that_was_freed(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(64);
    PDMA_COMMON_BUFFER_VECTOR vector = make(adapter);
    free_one(adapter, vector, 2);
    at(adapter, vector, 2, &logical);
}

/* rule: DMA-VECTOR-7 */
static void freeing_the_vector_before_its_buffers(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    PDMA_COMMON_BUFFER_VECTOR vector = make(adapter);
    for (ULONG i = 0; i < ELEMENTS - 1; i++)
        free_one(adapter, vector, i);
    adapter->DmaOperations->FreeCommonBufferVector(adapter, vector);
}

/* rule: DMA-VECTOR-8 */
static void using_a_vector_that_was_freed(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(64);
    PDMA_COMMON_BUFFER_VECTOR vector = make(adapter);
    free_all(adapter, vector, ELEMENTS);
    make(adapter); /* in its place */
    at(adapter, vector, 0, &logical);
}

/* rule: DMA-VECTOR-8 */
static void using_another_adapters_vector(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    free_one(world_adapter(64), make(adapter), 0);
}

/* rule: DMA-VECTOR-8 */
static void using_no_vector(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    adapter->DmaOperations->FreeCommonBufferVector(adapter, NULL);
}

/* rule: DMA-VECTOR-9 */
static void allocating_at_dispatch_level(void *context)
{
    (void)context;
    KIRQL old;
    PDMA_ADAPTER adapter = world_adapter(64);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    make(adapter);
}

/* rule: DMA-VECTOR-9 */
static void freeing_one_at_dispatch_level(void *context)
{
    (void)context;
    KIRQL old;
    PDMA_ADAPTER adapter = world_adapter(64);
    PDMA_COMMON_BUFFER_VECTOR vector = make(adapter);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    free_one(adapter, vector, 0);
}

/* rule: DMA-VECTOR-9 */
static void freeing_it_at_apc_level(void *context)
{
    (void)context;
    KIRQL old;
    PDMA_ADAPTER adapter = world_adapter(64);
    PDMA_COMMON_BUFFER_VECTOR vector = make(adapter);
    for (ULONG i = 0; i < ELEMENTS; i++)
        free_one(adapter, vector, i);
    KeRaiseIrql(APC_LEVEL, &old);
    adapter->DmaOperations->FreeCommonBufferVector(adapter, vector);
}

/* rule: DMA-VECTOR-13 */
static void getting_one_at_dispatch_level(void *context)
{
    (void)context;
    KIRQL old;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(64);
    PDMA_COMMON_BUFFER_VECTOR vector = make(adapter);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    rig_expect(at(adapter, vector, 0, &logical) != NULL);
    KeLowerIrql(old);
}

/* rule: DMA-VECTOR-10 */
static void releasing_the_adapter_before_its_vector(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    PDMA_COMMON_BUFFER_VECTOR vector = make(adapter);
    for (ULONG i = 0; i < ELEMENTS; i++)
        free_one(adapter, vector, i);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* The bug check's other parameters. */
static void parameters_of(void (*body)(void *), uint64_t second, uint64_t third)
{
    struct haldma_config config = world_config();
    struct emu_machine *m = world_machine(&config);
    struct rig_outcome outcome;
    rig_run(m, body, NULL, &outcome);
    emu_machine_destroy(m);
    assert_true(outcome.found);
    assert_int_equal(outcome.finding.parameters[1], second);
    assert_int_equal(outcome.finding.parameters[2], third);
}

/* rule: DMA-VECTOR-14 */
static void the_bug_check_tells_levels_counts_and_indexes(void **state)
{
    (void)state;
    parameters_of(allocating_at_dispatch_level, DISPATCH_LEVEL, 0);
    parameters_of(getting_beyond_the_last, ELEMENTS, ELEMENTS);
    parameters_of(freeing_beyond_the_last, ELEMENTS, UINT32_MAX);
    parameters_of(freeing_one_twice, 2, 0);
}

/* rule: DMA-VECTOR-14 */
static void the_bug_check_tells_the_first_buffer_that_is_left(void **state)
{
    (void)state;
    struct haldma_config config = world_config();
    struct emu_machine *m = world_machine(&config);
    struct rig_outcome outcome;
    rig_run(m, freeing_the_vector_before_its_buffers, NULL, &outcome);
    emu_machine_destroy(m);
    assert_true(outcome.found);
    assert_int_equal(outcome.finding.parameters[0], 2);
    assert_int_equal(outcome.finding.parameters[1], ELEMENTS - 1);
    assert_int_not_equal(outcome.finding.parameters[2], 0);
    assert_int_not_equal(outcome.finding.parameters[3], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(each_buffer_is_shared_with_the_device_and_contiguous),
        WORLD_HOLDS(accesses_to_its_buffers_meet_those_of_devices_until_they_are_freed),
        WORLD_HOLDS(all_buffers_lie_between_the_two_addresses),
        WORLD_HOLDS(wrong_arguments_are_invalid_parameters),
        WORLD_HOLDS(without_memory_for_all_there_is_none_and_nothing_is_kept),
        WORLD_HOLDS(vectors_of_other_sizes_follow_each_other),
        WORLD_HOLDS(buffers_of_large_pages),
        WORLD_HOLDS(buffers_are_freed_one_by_one_in_any_order),
        WORLD_STOPS(getting_beyond_the_last, "DMA-VECTOR-5", "0x1DC/03"),
        WORLD_STOPS(freeing_beyond_the_last, "DMA-VECTOR-5", "0x1DC/03"),
        WORLD_STOPS(freeing_one_twice, "DMA-VECTOR-6", "0x1DC/04"),
        WORLD_STOPS(getting_one_that_was_freed, "DMA-VECTOR-6", "0x1DC/04"),
        WORLD_STOPS(freeing_the_vector_before_its_buffers, "DMA-VECTOR-7", "0x1DC/02"),
        WORLD_STOPS(using_a_vector_that_was_freed, "DMA-VECTOR-8", NULL),
        WORLD_STOPS(using_another_adapters_vector, "DMA-VECTOR-8", NULL),
        WORLD_STOPS(using_no_vector, "DMA-VECTOR-8", NULL),
        WORLD_STOPS(allocating_at_dispatch_level, "DMA-VECTOR-9", "0x1DC/01"),
        WORLD_STOPS(freeing_one_at_dispatch_level, "DMA-VECTOR-9", "0x1DC/01"),
        WORLD_STOPS(freeing_it_at_apc_level, "DMA-VECTOR-9", "0x1DC/01"),
        WORLD_HOLDS(getting_one_at_dispatch_level),
        WORLD_STOPS(releasing_the_adapter_before_its_vector, "DMA-VECTOR-10", "0x1DC/05"),
        cmocka_unit_test(the_bug_check_tells_levels_counts_and_indexes),
        cmocka_unit_test(the_bug_check_tells_the_first_buffer_that_is_left),
    };
    return cmocka_run_group_tests_name("dma.vector", tests, NULL, NULL);
}
