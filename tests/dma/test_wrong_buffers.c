/*
 * Buffers that are none any more, or say more than they are; device objects that were deleted.
 */
#include "world.h"

typedef UCHAR transfer_bytes[DMA_TRANSFER_CONTEXT_SIZE_V1];

/* rule: DMA-MDL-1 */
static void mapping_through_an_mdl_that_was_freed(void *context)
{
    (void)context;
    unsigned char *memory;
    struct world_list list;
    ULONG length = PAGE_SIZE;
    PMDL mdl = world_buffer(1, false, &memory);
    IoFreeMdl(mdl);
    world_map(world_adapter(64), mdl, NULL, 0, &length, true, &list);
}

/* rule: DMA-MDL-1 */
static void flushing_a_chain_whose_second_mdl_was_freed(void *context)
{
    (void)context;
    unsigned char *memory;
    PMDL mdl = world_buffer(1, false, &memory);
    PDMA_ADAPTER adapter = world_adapter(64);
    mdl->Next = world_buffer(1, false, &memory);
    IoFreeMdl(mdl->Next);
    adapter->DmaOperations->FlushAdapterBuffersEx(adapter, mdl, NULL, 0, PAGE_SIZE + 1, TRUE);
}

/* rule: DMA-MAP-29 */
static void mapping_more_than_the_pool_block_of_a_large_mdl_describes(void *context)
{
    (void)context;
    enum { PAGES = 9000 }; /* Size has no room for that many */
    struct world_list list;
    ULONG length = PAGE_SIZE;
    unsigned char *memory = world_pages(1, true);
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = IoAllocateMdl(memory, PAGES * PAGE_SIZE, FALSE, FALSE, NULL);
    MmGetMdlPfnArray(mdl)[0] = emu_ram_physical(emu_current(), memory) >> PAGE_SHIFT;
    mdl->MdlFlags |= MDL_PAGES_LOCKED;
    rig_expect_equal(world_map(adapter, mdl, NULL, 0, &length, true, &list), STATUS_SUCCESS);
    mdl->ByteCount += PAGE_SIZE * PAGE_SIZE;
    world_map(adapter, mdl, NULL, 0, &length, true, &list);
}

/* rule: DMA-FLUSH-10 */
static void flushing_more_than_was_mapped(void *context)
{
    (void)context;
    transfer_bytes transfer;
    unsigned char *memory;
    struct world_list list;
    ULONG length = PAGE_SIZE;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(2, true, &memory);
    PVOID base = world_take(adapter, transfer, 2);
    rig_expect_equal(world_map(adapter, mdl, base, 0, &length, true, &list), STATUS_SUCCESS);
    adapter->DmaOperations->FlushAdapterBuffersEx(adapter, mdl, base, 0, PAGE_SIZE + 1, TRUE);
}

/* rule: DMA-FLUSH-10 */
static void flushing_less_than_was_mapped_is_no_mistake(void *context)
{
    (void)context;
    transfer_bytes transfer;
    unsigned char *memory;
    struct world_list list;
    ULONG length = 2 * PAGE_SIZE;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(2, true, &memory);
    PVOID base = world_take(adapter, transfer, 2);
    rig_expect_equal(world_map(adapter, mdl, base, 0, &length, true, &list), STATUS_SUCCESS);
    rig_expect_equal(adapter->DmaOperations->FlushAdapterBuffersEx(adapter, mdl, base, 0, PAGE_SIZE, TRUE),
                     STATUS_SUCCESS);
}

/* rule: DMA-ALLOC-24 */
static void version_1_allocating_without_a_device_object(void *context)
{
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(64);
    (void)context;
    adapter->DmaOperations->AllocateAdapterChannel(adapter, NULL, 0, world_control, &call);
}

/* rule: DMA-ALLOC-24 */
static void cancelling_for_a_device_object_that_was_deleted(void *context)
{
    (void)context;
    transfer_bytes transfer;
    PDMA_ADAPTER adapter = world_adapter(64);
    PDEVICE_OBJECT device = world_device();
    world_take(adapter, transfer, 0);
    device->Type = 0;
    adapter->DmaOperations->CancelAdapterChannel(adapter, device, transfer);
}

/* rule: DMA-ADAPTER-24 */
static void asking_for_an_adapter_of_a_device_that_was_deleted(void *context)
{
    (void)context;
    PDEVICE_OBJECT device = world_device();
    DEVICE_DESCRIPTION d = world_master(DEVICE_DESCRIPTION_VERSION3, 64);
    ULONG registers;
    device->Type = 0;
    IoGetDmaAdapter(device, &d, &registers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_STOPS(mapping_through_an_mdl_that_was_freed, "DMA-MDL-1", NULL),
        WORLD_STOPS(flushing_a_chain_whose_second_mdl_was_freed, "DMA-MDL-1", NULL),
        WORLD_STOPS(mapping_more_than_the_pool_block_of_a_large_mdl_describes, "DMA-MAP-29", NULL),
        WORLD_STOPS(flushing_more_than_was_mapped, "DMA-FLUSH-10", NULL),
        WORLD_HOLDS(flushing_less_than_was_mapped_is_no_mistake),
        WORLD_STOPS(version_1_allocating_without_a_device_object, "DMA-ALLOC-24", NULL),
        WORLD_STOPS(cancelling_for_a_device_object_that_was_deleted, "DMA-ALLOC-24", NULL),
        WORLD_STOPS(asking_for_an_adapter_of_a_device_that_was_deleted, "DMA-ADAPTER-24", NULL),
    };
    return cmocka_run_group_tests_name("dma.wrong_buffers", tests, NULL, NULL);
}
