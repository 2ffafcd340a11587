/*
 * The operations tables: sizes, members, and the small questions that they answer.
 */
#include "world.h"

#include "dma/system.h"

static bool is_null(const DMA_OPERATIONS *table, size_t offset)
{
    void *member;
    memcpy(&member, (const char *)table + offset, sizeof member);
    return member == NULL;
}

/* rule: DMA-TABLE-1 */
static void each_table_says_how_large_it_is(void **state)
{
    (void)state;
    assert_int_equal(dma_plain.tables[1 - 1]->Size, 104);
    assert_int_equal(dma_plain.tables[2 - 1]->Size, 128);
    assert_int_equal(dma_plain.tables[3 - 1]->Size, 320);
}

/* rule: DMA-TABLE-2 */
static void no_member_within_a_tables_size_is_null_and_all_beyond_are(void **state)
{
    (void)state;
    for (unsigned version = 1; version <= 3; version++) {
        const DMA_OPERATIONS *table = dma_plain.tables[version - 1];
        for (size_t at = sizeof(void *); at < sizeof *table; at += sizeof(void *))
            assert_int_equal(is_null(table, at), at >= table->Size);
    }
}

/* rule: DMA-TABLE-3 */
static void members_that_the_platform_does_not_perform_say_so(void *context)
{
    (void)context;
    PDMA_ADAPTER a = world_adapter(64);
    PDMA_OPERATIONS o = a->DmaOperations;
    PHYSICAL_ADDRESS address = {.QuadPart = 0};
    PVOID memory;
    rig_expect_equal(o->AllocateDomainCommonBuffer(a, NULL, NULL, PAGE_SIZE, 0, NULL, 0, &address, &memory),
                     STATUS_NOT_SUPPORTED);
    rig_expect_equal(o->JoinDmaDomain(a, NULL), STATUS_NOT_SUPPORTED);
    rig_expect_equal(o->LeaveDmaDomain(a), STATUS_NOT_SUPPORTED);
    rig_expect(o->GetDmaDomain(a) == NULL);
}

static unsigned filtered_calls;

static VOID filtered_free(PDMA_ADAPTER adapter)
{
    (void)adapter;
    filtered_calls++;
}

/* rule: DMA-TABLE-4 */
static void a_filter_may_replace_the_table_and_nothing_of_ours_calls_through_it(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    PDMA_ADAPTER adapter = world_adapter(32);
    PDMA_OPERATIONS original = adapter->DmaOperations;
    DMA_OPERATIONS filter = *original;
    struct world_call call = {.action = DeallocateObject};
    filter.FreeAdapterChannel = filtered_free;
    filtered_calls = 0;
    adapter->DmaOperations = &filter;
    rig_expect_equal(world_ask(adapter, transfer, 2, &call), STATUS_SUCCESS);
    rig_expect_equal(call.calls, 1);
    rig_expect_equal(filtered_calls, 0);
    adapter->DmaOperations->FreeAdapterChannel(adapter);
    rig_expect_equal(filtered_calls, 1);
    original->PutDmaAdapter(adapter);
}

/* rule: DMA-INFO-1 */
static void adapter_information_is_given_in_version_1(void *context)
{
    (void)context;
    DMA_ADAPTER_INFO info = {.Version = DMA_ADAPTER_INFO_VERSION1};
    PDMA_ADAPTER master = world_adapter(36), channel = world_channel(WORLD_LINE);
    rig_expect_equal(master->DmaOperations->GetDmaAdapterInfo(master, &info), STATUS_SUCCESS);
    rig_expect_equal(info.V1.DmaAddressWidth, 36);
    rig_expect_equal(info.V1.ReadDmaCounterAvailable, FALSE);
    rig_expect_equal(info.V1.Flags, ADAPTER_INFO_SYNCHRONOUS_CALLBACK);
    rig_expect_equal(channel->DmaOperations->GetDmaAdapterInfo(channel, &info), STATUS_SUCCESS);
    rig_expect_equal(info.V1.ScatterGatherLimit, WORLD_FRAGMENTS);
    rig_expect_equal(info.V1.ReadDmaCounterAvailable, TRUE);
    info.Version = DMA_ADAPTER_INFO_VERSION1 + 1;
    rig_expect_equal(master->DmaOperations->GetDmaAdapterInfo(master, &info), STATUS_NOT_SUPPORTED);
}

/* rule: DMA-INFO-2 */
static void transfer_information_counts_pages_over_the_chain(void *context)
{
    (void)context;
    unsigned char *memory, *more;
    PDMA_ADAPTER adapter = world_adapter(64);
    DMA_TRANSFER_INFO info = {.Version = DMA_TRANSFER_INFO_VERSION2};
    PMDL mdl = world_buffer(2, false, &memory);
    mdl->Next = world_buffer(2, false, &more);
    rig_expect_equal(
        adapter->DmaOperations->GetDmaTransferInfo(adapter, mdl, PAGE_SIZE + 1, PAGE_SIZE, TRUE, &info),
        STATUS_SUCCESS);
    rig_expect_equal(info.V2.MapRegisterCount, 2);
    rig_expect_equal(info.V2.ScatterGatherElementCount, 2);
    rig_expect_equal(info.V2.ScatterGatherListSize, 16 + 2 * 24 + 24); /* with the platform's bytes */
    rig_expect_equal(info.V2.LogicalPageCount, 2);
    rig_expect_equal(
        adapter->DmaOperations->GetDmaTransferInfo(adapter, mdl, PAGE_SIZE, 4 * PAGE_SIZE, TRUE, &info),
        STATUS_INVALID_PARAMETER);
}

/* rule: DMA-INFO-3 */
static void transfer_information_of_another_version_is_not_supported_and_left_alone(void *context)
{
    (void)context;
    unsigned char *memory;
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = world_buffer(1, false, &memory);
    DMA_TRANSFER_INFO info = {.Version = 0};
    rig_expect_equal(adapter->DmaOperations->GetDmaTransferInfo(adapter, mdl, 0, 1, TRUE, &info),
                     STATUS_NOT_SUPPORTED);
    rig_expect_equal(info.V1.MapRegisterCount, 0);
}

/* rule: DMA-INFO-4 */
static void buffers_may_begin_at_any_byte(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    rig_expect_equal(adapter->DmaOperations->GetDmaAlignment(adapter), 1);
}

/* rule: DMA-INFO-5 */
static void a_controller_without_functions_of_its_own_configures_nothing(void *context)
{
    (void)context;
    PDMA_ADAPTER master = world_adapter(64), channel = world_channel(WORLD_LINE);
    rig_expect_equal(master->DmaOperations->ConfigureAdapterChannel(master, 0, NULL), STATUS_NOT_IMPLEMENTED);
    rig_expect_equal(channel->DmaOperations->ConfigureAdapterChannel(channel, 0, NULL),
                     STATUS_NOT_IMPLEMENTED);
}

/* rule: DMA-TABLE-5 */
static void asking_for_a_common_buffer_of_a_vector_without_places_for_the_answer(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    adapter->DmaOperations->GetCommonBufferFromVectorByIndex(adapter, NULL, 0, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_STOPS(asking_for_a_common_buffer_of_a_vector_without_places_for_the_answer, "DMA-TABLE-5",
                    NULL),
        cmocka_unit_test(each_table_says_how_large_it_is),
        cmocka_unit_test(no_member_within_a_tables_size_is_null_and_all_beyond_are),
        WORLD_HOLDS(members_that_the_platform_does_not_perform_say_so),
        WORLD_HOLDS(a_filter_may_replace_the_table_and_nothing_of_ours_calls_through_it),
        WORLD_HOLDS(adapter_information_is_given_in_version_1),
        WORLD_HOLDS(transfer_information_counts_pages_over_the_chain),
        WORLD_HOLDS(transfer_information_of_another_version_is_not_supported_and_left_alone),
        WORLD_HOLDS(buffers_may_begin_at_any_byte),
        WORLD_HOLDS(a_controller_without_functions_of_its_own_configures_nothing),
    };
    return cmocka_run_group_tests_name("dma.tables", tests, NULL, NULL);
}
