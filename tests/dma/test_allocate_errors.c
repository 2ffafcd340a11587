/*
 * AllocateAdapterChannel, AllocateAdapterChannelEx and AdapterControl: what drivers get wrong.
 */
#include "world.h"

/* rule: DMA-ALLOC-5 */
static void a_second_waiting_request_of_one_device_object(void *context)
{
    (void)context;
    DEVICE_OBJECT device = {.Type = IO_TYPE_DEVICE};
    struct world_call first = {.action = KeepObject}, second = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(64);
    for (int i = 0; i < 2; i++) {
        adapter->DmaOperations->AllocateAdapterChannel(adapter, &device, 0, world_control,
                                                       i ? &second : &first);
        adapter->DmaOperations->AllocateAdapterChannel(adapter, &device, 0, world_control, &second);
    }
}

static IO_ALLOCATION_ACTION return_nonsense(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    (void)device;
    (void)irp;
    (void)base;
    (void)context;
    return (IO_ALLOCATION_ACTION)(DeallocateObjectKeepRegisters + 1);
}

/* rule: DMA-ALLOC-12 */
static void a_routine_that_returns_no_action(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    adapter->DmaOperations->AllocateAdapterChannel(adapter, world_device(), 0, return_nonsense, NULL);
}

static IO_ALLOCATION_ACTION keep_irql_raised(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    KIRQL old;
    (void)device;
    (void)irp;
    (void)base;
    (void)context;
    KeRaiseIrql(HIGH_LEVEL, &old);
    return DeallocateObject;
}

/* rule: DMA-ALLOC-13 */
static void a_routine_that_returns_at_another_level(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    adapter->DmaOperations->AllocateAdapterChannel(adapter, world_device(), 0, keep_irql_raised, NULL);
}

static IO_ALLOCATION_ACTION drop_adapter(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    PDMA_ADAPTER adapter = context;
    (void)device;
    (void)irp;
    (void)base;
    adapter->DmaOperations->PutDmaAdapter(adapter);
    return DeallocateObject;
}

/* rule: DMA-ALLOC-18 */
static void a_routine_that_drops_its_adapter(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    PDMA_ADAPTER adapter = world_adapter(32);
    adapter->DmaOperations->InitializeDmaTransferContext(adapter, transfer);
    rig_expect_equal(adapter->DmaOperations->AllocateAdapterChannelEx(adapter, NULL, transfer, 2, 0,
                                                                      drop_adapter, adapter, NULL),
                     STATUS_SUCCESS);
}

/* A routine of version 1 that asks again. */
struct again {
    PDMA_ADAPTER adapter;
    PDEVICE_OBJECT device;
    struct world_call call;
};

static IO_ALLOCATION_ACTION ask_again(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    struct again *again = context;
    (void)device;
    (void)irp;
    (void)base;
    again->call.action = DeallocateObject;
    again->adapter->DmaOperations->AllocateAdapterChannel(again->adapter, again->device, 0, world_control,
                                                          &again->call);
    return KeepObject;
}

/* rule: DMA-ALLOC-5 */
static void asking_again_for_a_device_object_before_its_routine_has_returned(void *context)
{
    (void)context;
    DEVICE_OBJECT device = {.Type = IO_TYPE_DEVICE};
    PDMA_ADAPTER adapter = world_adapter(64);
    struct again again = {world_adapter(64), &device, {0}};
    adapter->DmaOperations->AllocateAdapterChannel(adapter, &device, 0, ask_again, &again);
}

/* rule: DMA-ALLOC-23 */
static void asking_again_from_within_the_routine(void *context)
{
    (void)context;
    struct again again = {world_adapter(64), world_device(), {0}};
    again.adapter->DmaOperations->AllocateAdapterChannel(again.adapter, world_device(), 0, ask_again, &again);
}

/* rule: DMA-ALLOC-22 */
static void version_1_asking_without_a_routine(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    adapter->DmaOperations->AllocateAdapterChannel(adapter, world_device(), 0, NULL, NULL);
}

/* rule: DMA-ALLOC-24 */
static void version_1_asking_for_what_is_no_device_object(void *context)
{
    (void)context;
    DEVICE_OBJECT device = {.Type = 0};
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(64);
    adapter->DmaOperations->AllocateAdapterChannel(adapter, &device, 0, world_control, &call);
}

/* rule: DMA-ALLOC-24 */
static void version_1_granting_after_its_device_object_is_gone(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    DEVICE_OBJECT device = {.Type = IO_TYPE_DEVICE};
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(64);
    world_take(adapter, transfer, 1);
    adapter->DmaOperations->AllocateAdapterChannel(adapter, &device, 1, world_control, &call);
    device.Type = 0;
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
}

/* rule: DMA-ALLOC-24 */
static void granting_after_the_device_object_is_gone(void *context)
{
    (void)context;
    UCHAR first[DMA_TRANSFER_CONTEXT_SIZE_V1], second[DMA_TRANSFER_CONTEXT_SIZE_V1];
    DEVICE_OBJECT device = {.Type = IO_TYPE_DEVICE};
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(64);
    world_take(adapter, first, 1);
    adapter->DmaOperations->InitializeDmaTransferContext(adapter, second);
    adapter->DmaOperations->AllocateAdapterChannelEx(adapter, &device, second, 1, 0, world_control, &call,
                                                     NULL);
    device.Type = 0;
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
}

static IO_ALLOCATION_ACTION keep_registers(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    (void)device;
    (void)irp;
    (void)base;
    (void)context;
    return DeallocateObjectKeepRegisters;
}

/* rule: DMA-ALLOC-27 */
static void a_routine_for_system_dma_that_keeps_registers_alone(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    PDMA_ADAPTER adapter = world_channel(WORLD_LINE);
    adapter->DmaOperations->InitializeDmaTransferContext(adapter, transfer);
    adapter->DmaOperations->AllocateAdapterChannelEx(adapter, world_device(), transfer, 1, 0, keep_registers,
                                                     NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_STOPS(version_1_asking_for_what_is_no_device_object, "DMA-ALLOC-24", NULL),
        WORLD_STOPS(version_1_granting_after_its_device_object_is_gone, "DMA-ALLOC-24", NULL),
        WORLD_STOPS(granting_after_the_device_object_is_gone, "DMA-ALLOC-24", NULL),
        WORLD_STOPS(a_second_waiting_request_of_one_device_object, "DMA-ALLOC-5", NULL),
        WORLD_STOPS(asking_again_for_a_device_object_before_its_routine_has_returned, "DMA-ALLOC-5", NULL),
        WORLD_STOPS(asking_again_from_within_the_routine, "DMA-ALLOC-23", NULL),
        WORLD_STOPS(version_1_asking_without_a_routine, "DMA-ALLOC-22", NULL),
        WORLD_STOPS(a_routine_for_system_dma_that_keeps_registers_alone, "DMA-ALLOC-27", NULL),
        WORLD_STOPS(a_routine_that_returns_no_action, "DMA-ALLOC-12", NULL),
        WORLD_STOPS(a_routine_that_returns_at_another_level, "DMA-ALLOC-13", NULL),
        WORLD_STOPS(a_routine_that_drops_its_adapter, "DMA-ADAPTER-11", "0xE6/08"),
    };
    return cmocka_run_group_tests_name("dma.allocate_errors", tests, NULL, NULL);
}
