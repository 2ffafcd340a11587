/*
 * BuildMdlFromScatterGatherList: MDLs of the memory that the device really uses.
 */
#include "gather.h"

enum { MDL_TAG = 0x206C644D /* "Mdl " */ };

static NTSTATUS describe(PDMA_ADAPTER adapter, PSCATTER_GATHER_LIST list, PMDL original, PMDL *target)
{
    return adapter->DmaOperations->BuildMdlFromScatterGatherList(adapter, list, original, target);
}

/* A page that a device with 32 address bits reaches, two that it does not. */
static PMDL mixed_chain(void)
{
    PMDL mdl = gather_piece(0x10, 100, false, 'n');
    mdl->Next = gather_piece(0x800, PAGE_SIZE, true, 'f');
    return mdl;
}

enum { MIXED_BYTES = 100 + PAGE_SIZE };

static PSCATTER_GATHER_LIST list_of(PDMA_ADAPTER adapter, PMDL mdl, bool to_device)
{
    struct gather_call call = {0};
    rig_expect_equal(gather_get(adapter, mdl, 0, MIXED_BYTES, to_device, &call), STATUS_SUCCESS);
    return call.list;
}

/* rule: DMA-LIST-49 */
static void where_nothing_is_copied_the_original_is_handed_back(void *context)
{
    (void)context;
    PMDL mdl = mixed_chain(), target = NULL;
    PDMA_ADAPTER adapter = world_adapter(64);
    PSCATTER_GATHER_LIST list = list_of(adapter, mdl, true);
    rig_expect_equal(describe(adapter, list, mdl, &target), STATUS_SUCCESS);
    rig_expect(target == mdl);
    gather_put(adapter, list, true);
    rig_expect_equal(mdl->ByteCount, 100);
}

/* rule: DMA-LIST-50 */
static void the_answer_describes_what_the_device_uses_in_order(void *context)
{
    (void)context;
    PMDL mdl = mixed_chain(), target = NULL;
    PDMA_ADAPTER adapter = world_adapter(32);
    uint32_t mdls = haldma_pool_blocks(MDL_TAG);
    PSCATTER_GATHER_LIST list = list_of(adapter, mdl, true);
    rig_expect_equal(describe(adapter, list, mdl, &target), STATUS_SUCCESS);
    rig_expect(target != mdl);
    ULONG bytes = 0;
    for (PMDL part = target; part != NULL; part = part->Next) {
        rig_expect(part->MdlFlags & MDL_PAGES_LOCKED);
        uint64_t physical = (MmGetMdlPfnArray(part)[0] << PAGE_SHIFT) + part->ByteOffset;
        PUCHAR memory = MmGetSystemAddressForMdlSafe(part, NormalPagePriority);
        rig_expect(memory != NULL);
        for (ULONG i = 0; i < part->ByteCount; i++)
            rig_expect_equal(memory[i], bytes + i < 100 ? 'n' : 'f');
        if (bytes == 0)
            rig_expect_equal(physical, list->Elements[0].Address.QuadPart);
        else
            rig_expect(physical < EMU_4GIB);
        bytes += part->ByteCount;
    }
    rig_expect_equal(bytes, MIXED_BYTES);
    gather_put(adapter, list, true);
    rig_expect_equal(haldma_pool_blocks(MDL_TAG), mdls);
}

/* rule: DMA-LIST-50 */
static void what_the_device_wrote_is_seen_through_it_before_the_put(void *context)
{
    (void)context;
    unsigned char data[MIXED_BYTES];
    PMDL mdl = mixed_chain(), target = NULL;
    PDMA_ADAPTER adapter = world_adapter(32);
    PSCATTER_GATHER_LIST list = list_of(adapter, mdl, false);
    rig_expect_equal(describe(adapter, list, mdl, &target), STATUS_SUCCESS);
    memset(data, 'D', sizeof data);
    gather_device(list, data, true);
    for (PMDL part = target; part != NULL; part = part->Next) {
        PUCHAR memory = MmGetSystemAddressForMdlSafe(part, NormalPagePriority);
        for (ULONG i = 0; i < part->ByteCount; i++)
            rig_expect_equal(memory[i], 'D');
    }
    rig_expect_equal(gather_memory(mdl->Next)[0], 'f');
    gather_put(adapter, list, false);
    rig_expect_equal(gather_memory(mdl->Next)[0], 'D');
}

/* rule: DMA-LIST-47 */
static void without_the_original_it_is_an_invalid_parameter(void *context)
{
    (void)context;
    PMDL mdl = mixed_chain(), target = NULL;
    PDMA_ADAPTER adapter = world_adapter(32);
    PSCATTER_GATHER_LIST list = list_of(adapter, mdl, true);
    rig_expect_equal(describe(adapter, list, NULL, &target), STATUS_INVALID_PARAMETER);
    rig_expect(target == NULL);
    rig_expect_equal(describe(adapter, list, mdl, &target), STATUS_SUCCESS);
    gather_put(adapter, list, true);
}

/* rule: DMA-LIST-48 */
static void twice_for_one_list_none_is_mapped(void *context)
{
    (void)context;
    PMDL mdl = mixed_chain(), target = NULL, second = NULL;
    for (ULONG width = 32; width <= 64; width += 32) {
        PDMA_ADAPTER adapter = world_adapter(width);
        PSCATTER_GATHER_LIST list = list_of(adapter, mdl, true);
        rig_expect_equal(describe(adapter, list, mdl, &target), STATUS_SUCCESS);
        rig_expect_equal(describe(adapter, list, mdl, &second), STATUS_NONE_MAPPED);
        rig_expect(second == NULL);
        gather_put(adapter, list, true);
    }
}

/* rule: DMA-LIST-31 */
static void without_a_place_for_the_answer(void *context)
{
    (void)context;
    PMDL mdl = mixed_chain();
    PDMA_ADAPTER adapter = world_adapter(32);
    describe(adapter, list_of(adapter, mdl, true), mdl, NULL);
}

/* rule: DMA-LIST-32 */
static void with_another_mdl_than_the_lists(void *context)
{
    (void)context;
    PMDL target, mdl = mixed_chain();
    PDMA_ADAPTER adapter = world_adapter(32);
    describe(adapter, list_of(adapter, mdl, true), mdl->Next, &target);
}

/* rule: DMA-LIST-26 */
static void without_a_list(void *context)
{
    (void)context;
    PMDL target, mdl = mixed_chain();
    describe(world_adapter(32), NULL, mdl, &target);
}

/* rule: DMA-LIST-27 */
static void with_a_list_that_was_put(void *context)
{
    (void)context;
    PMDL target, mdl = mixed_chain();
    PDMA_ADAPTER adapter = world_adapter(32);
    PSCATTER_GATHER_LIST list = list_of(adapter, mdl, true);
    gather_put(adapter, list, true);
    describe(adapter, list, mdl, &target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(where_nothing_is_copied_the_original_is_handed_back),
        WORLD_HOLDS(the_answer_describes_what_the_device_uses_in_order),
        WORLD_HOLDS(what_the_device_wrote_is_seen_through_it_before_the_put),
        WORLD_HOLDS(without_the_original_it_is_an_invalid_parameter),
        WORLD_HOLDS(twice_for_one_list_none_is_mapped),
        WORLD_STOPS(without_a_place_for_the_answer, "DMA-LIST-31", NULL),
        WORLD_STOPS(with_another_mdl_than_the_lists, "DMA-LIST-32", NULL),
        WORLD_STOPS(without_a_list, "DMA-LIST-26", NULL),
        WORLD_STOPS(with_a_list_that_was_put, "DMA-LIST-27", "0xE6/06"),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
