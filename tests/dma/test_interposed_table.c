/*
 * The interposer's adapters (tests/drivers/interposer): as many members as the platform's, each its own, and
 * completion routines that see the adapter that their driver knows.
 */
#include "world.h"

#include "drivers/interposer/interposer.h"

/* rule: DMA-LEGACY-6 */
static void a_wrapped_table_has_the_size_of_the_one_below_and_members_of_its_own(void *context)
{
    (void)context;
    for (ULONG version = DEVICE_DESCRIPTION_VERSION1; version <= DEVICE_DESCRIPTION_VERSION3; version++) {
        PDMA_ADAPTER lower = world_get(world_master(version, 64), NULL);
        PDMA_ADAPTER wrapped = InterposerWrap(lower);
        rig_expect(wrapped != lower && wrapped->Version == lower->Version && wrapped->Size == lower->Size);
        rig_expect_equal(wrapped->DmaOperations->Size, lower->DmaOperations->Size);
        for (size_t at = sizeof(void *); at < sizeof(DMA_OPERATIONS); at += sizeof(void *)) {
            void *mine, *below;
            memcpy(&mine, (char *)wrapped->DmaOperations + at, sizeof mine);
            memcpy(&below, (char *)lower->DmaOperations + at, sizeof below);
            rig_expect((mine == NULL) == (below == NULL));
            rig_expect(mine == NULL || mine != below);
        }
        wrapped->DmaOperations->PutDmaAdapter(wrapped);
    }
}

struct completion {
    PDMA_ADAPTER adapter;
    unsigned calls;
};

static VOID completed(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID context,
                      DMA_COMPLETION_STATUS status)
{
    struct completion *c = context;
    (void)device;
    c->adapter = adapter;
    c->calls += status == DmaComplete;
}

/* rule: DMA-LEGACY-6 */
static void a_completion_routine_sees_the_adapter_that_its_driver_has(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    LARGE_INTEGER long_enough = {.QuadPart = -1000};
    struct completion c = {.calls = 0};
    unsigned char *memory;
    ULONG length = PAGE_SIZE;
    PDMA_ADAPTER adapter = InterposerWrap(world_channel(WORLD_LINE));
    PDMA_OPERATIONS o = adapter->DmaOperations;
    PMDL mdl = world_buffer(1, false, &memory);
    PVOID base = world_take(adapter, transfer, 1);
    rig_expect_equal(o->MapTransferEx(adapter, mdl, base, 0, 0, &length, TRUE, NULL, 0, completed, &c),
                     STATUS_SUCCESS);
    KeDelayExecutionThread(KernelMode, FALSE, &long_enough);
    rig_expect(c.calls == 1 && c.adapter == adapter);
    rig_expect_equal(o->FlushAdapterBuffersEx(adapter, mdl, base, 0, length, TRUE), STATUS_SUCCESS);
    o->FreeAdapterChannel(adapter);
    o->PutDmaAdapter(adapter);
    rig_expect_equal(haldma_pool_blocks(INTERPOSER_TAG), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(a_wrapped_table_has_the_size_of_the_one_below_and_members_of_its_own),
        WORLD_HOLDS(a_completion_routine_sees_the_adapter_that_its_driver_has),
    };
    return cmocka_run_group_tests_name("dma.interposed_table", tests, NULL, NULL);
}
