/*
 * MapTransfer and MapTransferEx: what drivers get wrong.
 */
#include "world.h"

typedef UCHAR transfer_bytes[DMA_TRANSFER_CONTEXT_SIZE_V1];

/* rule: DMA-MAP-11 */
static void version_1_mapping_more_pages_than_it_has_registers(void *context)
{
    (void)context;
    transfer_bytes transfer;
    unsigned char *memory;
    DEVICE_DESCRIPTION d = world_master(DEVICE_DESCRIPTION_VERSION3, 32);
    d.ScatterGather = FALSE;
    PDMA_ADAPTER adapter = world_get(d, NULL);
    PMDL mdl = world_buffer(3, true, &memory);
    ULONG length = 3 * PAGE_SIZE;
    adapter->DmaOperations->MapTransfer(adapter, mdl, world_take(adapter, transfer, 2), memory, &length,
                                        TRUE);
}

/* rule: DMA-MAP-12 */
static void mapping_an_address_that_is_not_in_the_mdl(void *context)
{
    (void)context;
    unsigned char *memory;
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = world_buffer(1, false, &memory);
    ULONG length = 1;
    adapter->DmaOperations->MapTransfer(adapter, mdl, NULL, memory + PAGE_SIZE, &length, TRUE);
}

/* rule: DMA-MAP-13 */
static void mapping_more_than_the_mdl_has(void *context)
{
    (void)context;
    unsigned char *memory;
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = world_buffer(1, false, &memory);
    ULONG length = PAGE_SIZE;
    adapter->DmaOperations->MapTransfer(adapter, mdl, NULL, memory + 1, &length, TRUE);
}

/* rule: DMA-MAP-14 */
static void mapping_again_before_the_flush(void *context)
{
    (void)context;
    transfer_bytes transfer;
    unsigned char *memory;
    struct world_list list;
    ULONG length = PAGE_SIZE;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(1, false, &memory);
    PVOID base = world_take(adapter, transfer, 2);
    for (int i = 0; i < 2; i++)
        world_map(adapter, mdl, base, 0, &length, true, &list);
}

/* rule: DMA-MAP-15 */
static void mapping_a_buffer_that_is_not_locked(void *context)
{
    (void)context;
    struct world_list list;
    ULONG length = PAGE_SIZE;
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = IoAllocateMdl(world_pages(1, false), PAGE_SIZE, FALSE, FALSE, NULL);
    world_map(adapter, mdl, NULL, 0, &length, true, &list);
}

/* rule: DMA-MAP-15 */
static void mapping_a_chain_of_which_one_part_is_not_locked(void *context)
{
    (void)context;
    unsigned char *memory;
    struct world_list list;
    ULONG length = PAGE_SIZE;
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = world_buffer(1, false, &memory);
    mdl->Next = IoAllocateMdl(world_pages(1, false), PAGE_SIZE, FALSE, FALSE, NULL);
    rig_expect_equal(world_map(adapter, mdl, NULL, 0, &length, true, &list), STATUS_SUCCESS);
    length = PAGE_SIZE;
    world_map(adapter, mdl, NULL, 1, &length, true, &list);
}

/* rule: DMA-MAP-16 */
static void double_buffering_what_is_no_memory(void *context)
{
    (void)context;
    transfer_bytes transfer;
    unsigned char *memory;
    struct world_list list;
    ULONG length = PAGE_SIZE;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(1, true, &memory);
    MmGetMdlPfnArray(mdl)[0] = (PFN_NUMBER)1 << 40;
    world_map(adapter, mdl, world_take(adapter, transfer, 1), 0, &length, true, &list);
}

/* rule: DMA-MAP-17 */
static void version_1_mapping_nothing(void *context)
{
    (void)context;
    unsigned char *memory;
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = world_buffer(1, false, &memory);
    ULONG length = 0;
    adapter->DmaOperations->MapTransfer(adapter, mdl, NULL, memory, &length, TRUE);
}

/* rule: DMA-MAP-25 */
static void version_1_mapping_where_the_machine_has_no_memory_for_the_double_buffer(void *context)
{
    (void)context;
    transfer_bytes transfer;
    unsigned char *memory;
    PDMA_ADAPTER adapter = world_adapter(16);
    PMDL mdl = world_buffer(1, false, &memory);
    PVOID base = world_take(adapter, transfer, 1);
    ULONG length = PAGE_SIZE;
    adapter->DmaOperations->MapTransfer(adapter, mdl, base, memory, &length, TRUE);
}

/* rule: DMA-MAP-23 */
static void version_1_mapping_without_an_mdl(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    ULONG length = 1;
    adapter->DmaOperations->MapTransfer(adapter, NULL, NULL, NULL, &length, TRUE);
}

/* rule: DMA-MAP-23 */
static void version_1_flushing_without_an_mdl(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    adapter->DmaOperations->FlushAdapterBuffers(adapter, NULL, NULL, NULL, 1, TRUE);
}

/* A chain of two, of which the second one follows itself. */
static PMDL endless_chain(uint32_t second_bytes)
{
    unsigned char *memory;
    PMDL first = world_buffer(1, false, &memory), second = world_buffer(1, false, &memory);
    first->Next = second;
    second->Next = second;
    second->ByteCount = second_bytes;
    return first;
}

/* rule: DMA-MAP-27 */
static void mapping_beyond_an_endless_chain_of_empty_mdls(void *context)
{
    (void)context;
    struct world_list list;
    ULONG length = 2 * PAGE_SIZE;
    world_map(world_adapter(64), endless_chain(0), NULL, 0, &length, true, &list);
}

/* rule: DMA-MAP-27 */
static void mapping_all_of_what_an_endless_chain_of_empty_mdls_follows(void *context)
{
    (void)context;
    struct world_list list;
    ULONG length = PAGE_SIZE;
    world_map(world_adapter(64), endless_chain(0), NULL, 0, &length, true, &list);
}

/* rule: DMA-MAP-27 */
static void mapping_at_an_offset_that_an_endless_chain_never_reaches(void *context)
{
    (void)context;
    struct world_list list;
    ULONG length = PAGE_SIZE;
    world_map(world_adapter(64), endless_chain(1), NULL, UINT64_MAX, &length, true, &list);
}

/* rule: DMA-MAP-27 */
static void flushing_an_endless_chain(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    adapter->DmaOperations->FlushAdapterBuffersEx(adapter, endless_chain(1), NULL, 0, 4 * PAGE_SIZE, TRUE);
}

/* rule: DMA-MAP-27 */
static void asking_about_an_endless_chain(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    DMA_TRANSFER_INFO info = {.Version = DMA_TRANSFER_INFO_VERSION1};
    adapter->DmaOperations->GetDmaTransferInfo(adapter, endless_chain(0), 0, 2 * PAGE_SIZE, TRUE, &info);
}

/* rule: DMA-MAP-27 */
static void version_1_mapping_what_an_endless_chain_follows(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = endless_chain(0);
    ULONG length = PAGE_SIZE;
    adapter->DmaOperations->MapTransfer(adapter, mdl, NULL, mdl->StartVa, &length, TRUE);
}

/* rule: DMA-MAP-28 */
static void version_1_mapping_without_a_place_for_the_length(void *context)
{
    (void)context;
    unsigned char *memory;
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = world_buffer(1, false, &memory);
    adapter->DmaOperations->MapTransfer(adapter, mdl, NULL, memory, NULL, TRUE);
}

/* rule: DMA-MAP-29 */
static void mapping_more_bytes_than_the_mdl_was_made_for(void *context)
{
    (void)context;
    unsigned char *memory;
    struct world_list list;
    ULONG length = WORLD_REGISTERS * PAGE_SIZE;
    PMDL mdl = world_buffer(1, false, &memory);
    mdl->ByteCount = length;
    world_map(world_adapter(64), mdl, NULL, 0, &length, true, &list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_STOPS(version_1_mapping_more_pages_than_it_has_registers, "DMA-MAP-11", NULL),
        WORLD_STOPS(mapping_an_address_that_is_not_in_the_mdl, "DMA-MAP-12", "0xE6/1B"),
        WORLD_STOPS(mapping_more_than_the_mdl_has, "DMA-MAP-13", "0xE6/24"),
        WORLD_STOPS(mapping_again_before_the_flush, "DMA-MAP-14", "0xE6/0D"),
        WORLD_STOPS(mapping_a_buffer_that_is_not_locked, "DMA-MAP-15", "0xE6/0E"),
        WORLD_STOPS(mapping_a_chain_of_which_one_part_is_not_locked, "DMA-MAP-15", "0xE6/0E"),
        WORLD_STOPS(version_1_mapping_where_the_machine_has_no_memory_for_the_double_buffer, "DMA-MAP-25",
                    NULL),
        WORLD_STOPS(double_buffering_what_is_no_memory, "DMA-MAP-16", NULL),
        WORLD_STOPS(version_1_mapping_nothing, "DMA-MAP-17", "0xE6/21"),
        WORLD_STOPS(version_1_mapping_without_an_mdl, "DMA-MAP-23", NULL),
        WORLD_STOPS(version_1_flushing_without_an_mdl, "DMA-MAP-23", NULL),
        WORLD_STOPS(mapping_beyond_an_endless_chain_of_empty_mdls, "DMA-MAP-27", NULL),
        WORLD_STOPS(mapping_all_of_what_an_endless_chain_of_empty_mdls_follows, "DMA-MAP-27", NULL),
        WORLD_STOPS(mapping_at_an_offset_that_an_endless_chain_never_reaches, "DMA-MAP-27", NULL),
        WORLD_STOPS(flushing_an_endless_chain, "DMA-MAP-27", NULL),
        WORLD_STOPS(asking_about_an_endless_chain, "DMA-MAP-27", NULL),
        WORLD_STOPS(version_1_mapping_what_an_endless_chain_follows, "DMA-MAP-27", NULL),
        WORLD_STOPS(mapping_more_bytes_than_the_mdl_was_made_for, "DMA-MAP-29", NULL),
        WORLD_STOPS(version_1_mapping_without_a_place_for_the_length, "DMA-MAP-28", NULL),
    };
    return cmocka_run_group_tests_name("dma.map_errors", tests, NULL, NULL);
}
