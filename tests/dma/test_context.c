/*
 * Transfer contexts: bytes of the driver's, at any address.
 */
#include "world.h"

enum { GUARD = 16, GUARD_BYTE = 0xA5 };

/* rule: DMA-CONTEXT-1 */
static void initializing_a_context_succeeds_and_null_is_no_context(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    PDMA_ADAPTER adapter = world_adapter(64);
    rig_expect_equal(adapter->DmaOperations->InitializeDmaTransferContext(adapter, transfer), STATUS_SUCCESS);
    rig_expect_equal(adapter->DmaOperations->InitializeDmaTransferContext(adapter, NULL),
                     STATUS_INVALID_PARAMETER);
}

/* rule: DMA-CONTEXT-2 */
static void a_context_works_at_any_alignment_and_nothing_beyond_it_is_touched(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    for (unsigned at = GUARD; at < GUARD + 8; at++) {
        UCHAR bytes[GUARD + 8 + DMA_TRANSFER_CONTEXT_SIZE_V1 + GUARD];
        struct world_call call = {.action = DeallocateObject};
        memset(bytes, GUARD_BYTE, sizeof bytes);
        rig_expect_equal(world_ask(adapter, bytes + at, 1, &call), STATUS_SUCCESS);
        rig_expect_equal(call.calls, 1);
        rig_expect_equal(adapter->DmaOperations->CancelAdapterChannel(adapter, NULL, bytes + at), FALSE);
        for (unsigned i = 0; i < sizeof bytes; i++)
            rig_expect((i >= at && i < at + DMA_TRANSFER_CONTEXT_SIZE_V1) || bytes[i] == GUARD_BYTE);
    }
}

/* rule: DMA-CONTEXT-3 */
static void using_a_context_whose_request_waits(void *context)
{
    (void)context;
    UCHAR first[DMA_TRANSFER_CONTEXT_SIZE_V1], second[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(64);
    world_take(adapter, first, 1);
    rig_expect_equal(world_ask(adapter, second, 1, &call), STATUS_SUCCESS);
    adapter->DmaOperations->AllocateAdapterChannelEx(adapter, NULL, second, 1, 0, world_control, &call, NULL);
}

/* rule: DMA-CONTEXT-3 */
static void initializing_a_context_whose_request_waits(void *context)
{
    (void)context;
    UCHAR first[DMA_TRANSFER_CONTEXT_SIZE_V1], second[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(64);
    world_take(adapter, first, 1);
    rig_expect_equal(world_ask(adapter, second, 1, &call), STATUS_SUCCESS);
    adapter->DmaOperations->InitializeDmaTransferContext(adapter, second);
}

/* rule: DMA-CONTEXT-9 */
static void erasing_and_initializing_a_context_whose_request_waits(void *context)
{
    (void)context;
    UCHAR first[DMA_TRANSFER_CONTEXT_SIZE_V1], second[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(64);
    world_take(adapter, first, 1);
    rig_expect_equal(world_ask(adapter, second, 1, &call), STATUS_SUCCESS);
    memset(second, 0, sizeof second);
    rig_expect_equal(adapter->DmaOperations->InitializeDmaTransferContext(adapter, second), STATUS_SUCCESS);
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
}

/* rule: DMA-CONTEXT-9 */
static void erasing_a_context_whose_request_waits(void *context)
{
    (void)context;
    UCHAR first[DMA_TRANSFER_CONTEXT_SIZE_V1], second[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(64);
    world_take(adapter, first, 1);
    rig_expect_equal(world_ask(adapter, second, 1, &call), STATUS_SUCCESS);
    memset(second, 0, sizeof second);
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
}

/* rule: DMA-CONTEXT-8 */
static void using_a_context_whose_allocation_is_still_kept(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER one = world_adapter(64), two = world_adapter(64);
    world_take(one, transfer, 1);
    two->DmaOperations->AllocateAdapterChannelEx(two, NULL, transfer, 1, 0, world_control, &call, NULL);
}

/* rule: DMA-CONTEXT-4 */
static void using_a_context_that_was_never_initialized(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1] = {0};
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(64);
    adapter->DmaOperations->AllocateAdapterChannelEx(adapter, NULL, transfer, 1, 0, world_control, &call,
                                                     NULL);
}

/* rule: DMA-CONTEXT-5 */
static void using_a_copy_of_a_context(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1], copy[DMA_TRANSFER_CONTEXT_SIZE_V1];
    PDMA_ADAPTER adapter = world_adapter(64);
    world_take(adapter, transfer, 1);
    memcpy(copy, transfer, sizeof copy);
    adapter->DmaOperations->CancelAdapterChannel(adapter, NULL, copy);
}

static void use_with_another_adapter(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(64), other = world_adapter(64);
    adapter->DmaOperations->InitializeDmaTransferContext(adapter, transfer);
    other->DmaOperations->AllocateAdapterChannelEx(other, NULL, transfer, 1, 0, world_control, &call, NULL);
}

static void initialize_anew_for_another_adapter(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(64), other = world_adapter(64);
    rig_expect_equal(world_ask(adapter, transfer, 1, &call), STATUS_SUCCESS);
    rig_expect_equal(world_ask(other, transfer, 1, &call), STATUS_SUCCESS);
    rig_expect_equal(call.calls, 2);
}

/* rule: DMA-CONTEXT-10 */
static void using_a_context_with_another_adapter_is_told_with_verification(void **state)
{
    (void)state;
    struct haldma_config config = world_config();
    world_run_on(&config, &(struct world_test){use_with_another_adapter, NULL, NULL});
    config.verify = HALDMA_VERIFY_DMA;
    world_run_on(&config, &(struct world_test){use_with_another_adapter, "DMA-CONTEXT-10", NULL});
    world_run_on(&config, &(struct world_test){initialize_anew_for_another_adapter, NULL, NULL});
}

/* rule: DMA-CONTEXT-6 */
static void a_context_whose_request_ended_can_be_used_again(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(32);
    rig_expect_equal(world_ask(adapter, transfer, 1, &call), STATUS_SUCCESS);
    rig_expect_equal(world_ask(adapter, transfer, 1, &call), STATUS_SUCCESS);
    rig_expect_equal(adapter->DmaOperations->AllocateAdapterChannelEx(adapter, NULL, transfer, 1, 0,
                                                                      world_control, &call, NULL),
                     STATUS_SUCCESS);
    rig_expect_equal(call.calls, 3);
}

struct vanishing {
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
};

static IO_ALLOCATION_ACTION forget_context(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    struct vanishing *v = context;
    (void)device;
    (void)irp;
    (void)base;
    memset(v->transfer, GUARD_BYTE, sizeof v->transfer);
    return DeallocateObject;
}

/* rule: DMA-CONTEXT-7 */
static void a_context_is_not_touched_once_its_routine_was_called(void *context)
{
    (void)context;
    struct vanishing v;
    PDMA_ADAPTER adapter = world_adapter(32);
    adapter->DmaOperations->InitializeDmaTransferContext(adapter, v.transfer);
    rig_expect_equal(adapter->DmaOperations->AllocateAdapterChannelEx(adapter, NULL, v.transfer, 1, 0,
                                                                      forget_context, &v, NULL),
                     STATUS_SUCCESS);
    for (unsigned i = 0; i < sizeof v.transfer; i++)
        rig_expect_equal(v.transfer[i], GUARD_BYTE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(initializing_a_context_succeeds_and_null_is_no_context),
        WORLD_HOLDS(a_context_works_at_any_alignment_and_nothing_beyond_it_is_touched),
        WORLD_STOPS(using_a_context_whose_request_waits, "DMA-CONTEXT-3", NULL),
        WORLD_STOPS(initializing_a_context_whose_request_waits, "DMA-CONTEXT-3", NULL),
        WORLD_STOPS(erasing_and_initializing_a_context_whose_request_waits, "DMA-CONTEXT-9", NULL),
        WORLD_STOPS(erasing_a_context_whose_request_waits, "DMA-CONTEXT-9", NULL),
        WORLD_STOPS(using_a_context_whose_allocation_is_still_kept, "DMA-CONTEXT-8", NULL),
        WORLD_STOPS(using_a_context_that_was_never_initialized, "DMA-CONTEXT-4", NULL),
        WORLD_STOPS(using_a_copy_of_a_context, "DMA-CONTEXT-5", NULL),
        cmocka_unit_test(using_a_context_with_another_adapter_is_told_with_verification),
        WORLD_HOLDS(a_context_whose_request_ended_can_be_used_again),
        WORLD_HOLDS(a_context_is_not_touched_once_its_routine_was_called),
    };
    return cmocka_run_group_tests_name("dma.context", tests, NULL, NULL);
}
