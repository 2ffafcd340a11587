/*
 * The ends of an allocation: what AdapterControl returns, FreeAdapterChannel, FreeAdapterObject,
 * FreeMapRegisters.
 */
#include "world.h"

typedef UCHAR transfer_bytes[DMA_TRANSFER_CONTEXT_SIZE_V1];

/* rule: DMA-FREE-1 */
static void keep_object_keeps_adapter_and_registers(void *context)
{
    (void)context;
    transfer_bytes transfer;
    struct world_call call = {.action = KeepObject};
    PDMA_ADAPTER adapter = world_adapter(32);
    rig_expect_equal(world_ask(adapter, transfer, 3, &call), STATUS_SUCCESS);
    rig_expect(dma_adapter_of(adapter)->owner != NULL);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS - 3);
    adapter->DmaOperations->FreeAdapterChannel(adapter);
    rig_expect(dma_adapter_of(adapter)->owner == NULL);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
}

/* rule: DMA-FREE-2 */
static void deallocate_object_frees_both(void *context)
{
    (void)context;
    transfer_bytes transfer;
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(32);
    rig_expect_equal(world_ask(adapter, transfer, 3, &call), STATUS_SUCCESS);
    rig_expect(dma_adapter_of(adapter)->owner == NULL);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
}

/* rule: DMA-FREE-3 */
static void deallocate_object_keep_registers_keeps_them_until_free_map_registers(void *context)
{
    (void)context;
    transfer_bytes transfer;
    struct world_call call = {.action = DeallocateObjectKeepRegisters};
    PDMA_ADAPTER adapter = world_adapter(32);
    rig_expect_equal(world_ask(adapter, transfer, 3, &call), STATUS_SUCCESS);
    rig_expect(dma_adapter_of(adapter)->owner == NULL);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS - 3);
    adapter->DmaOperations->FreeMapRegisters(adapter, call.base, 3);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
}

/* rule: DMA-FREE-11 */
static void free_adapter_object_does_what_its_action_says(void *context)
{
    (void)context;
    transfer_bytes transfer;
    PDMA_ADAPTER adapter = world_adapter(32);
    PDMA_OPERATIONS o = adapter->DmaOperations;
    PVOID base = world_take(adapter, transfer, 3);
    o->FreeAdapterObject(adapter, KeepObject);
    rig_expect(dma_adapter_of(adapter)->owner != NULL);
    o->FreeAdapterObject(adapter, DeallocateObjectKeepRegisters);
    rig_expect(dma_adapter_of(adapter)->owner == NULL);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS - 3);
    o->FreeMapRegisters(adapter, base, 3);
    world_take(adapter, transfer, 3);
    o->FreeAdapterObject(adapter, DeallocateObject);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
}

/* rule: DMA-FREE-12 */
static void registers_that_were_freed_first_are_kept_out_of_the_adapters_release(void *context)
{
    (void)context;
    transfer_bytes transfer;
    PDMA_ADAPTER adapter = world_adapter(32);
    PVOID base = world_take(adapter, transfer, 3);
    adapter->DmaOperations->FreeMapRegisters(adapter, base, 3);
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObjectKeepRegisters);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
}

/* rule: DMA-FREE-12 */
static void freeing_registers_and_then_the_channel_with_them(void *context)
{
    (void)context;
    transfer_bytes transfer;
    PDMA_ADAPTER adapter = world_adapter(32);
    PVOID base = world_take(adapter, transfer, 3);
    adapter->DmaOperations->FreeMapRegisters(adapter, base, 3);
    adapter->DmaOperations->FreeAdapterChannel(adapter);
}

static IO_ALLOCATION_ACTION free_registers_and_deallocate(PDEVICE_OBJECT device, PIRP irp, PVOID base,
                                                          PVOID context)
{
    PDMA_ADAPTER adapter = context;
    (void)device;
    (void)irp;
    adapter->DmaOperations->FreeMapRegisters(adapter, base, 1);
    return DeallocateObject;
}

/* rule: DMA-FREE-12 */
static void freeing_registers_and_then_returning_deallocate_object(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(32);
    adapter->DmaOperations->AllocateAdapterChannel(adapter, world_device(), 1, free_registers_and_deallocate,
                                                   adapter);
}

/* rule: DMA-FREE-4 */
static void freeing_the_adapter_object_with_no_action(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(32);
    adapter->DmaOperations->FreeAdapterObject(adapter, (IO_ALLOCATION_ACTION)0);
}

/* rule: DMA-FREE-5 */
static void freeing_a_channel_twice(void *context)
{
    (void)context;
    transfer_bytes transfer;
    PDMA_ADAPTER adapter = world_channel(WORLD_LINE);
    world_take(adapter, transfer, 1);
    adapter->DmaOperations->FreeAdapterChannel(adapter);
    adapter->DmaOperations->FreeAdapterChannel(adapter);
}

static IO_ALLOCATION_ACTION free_and_deallocate(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    PDMA_ADAPTER adapter = context;
    (void)device;
    (void)irp;
    (void)base;
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObject);
    return DeallocateObject;
}

/* rule: DMA-FREE-5 */
static void freeing_a_channel_and_then_returning_deallocate_object(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(32);
    adapter->DmaOperations->AllocateAdapterChannel(adapter, world_device(), 1, free_and_deallocate, adapter);
}

/* rule: DMA-FREE-6 */
static void freeing_registers_twice(void *context)
{
    (void)context;
    transfer_bytes transfer;
    PDMA_ADAPTER adapter = world_adapter(32);
    PVOID base = world_take(adapter, transfer, 2);
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObjectKeepRegisters);
    adapter->DmaOperations->FreeMapRegisters(adapter, base, 2);
    world_take(adapter, transfer, 2);
    adapter->DmaOperations->FreeMapRegisters(adapter, base, 2);
}

/* rule: DMA-FREE-7 */
static void freeing_registers_that_are_mapped(void *context)
{
    (void)context;
    transfer_bytes transfer;
    unsigned char *memory;
    struct world_list list;
    ULONG length = PAGE_SIZE;
    PDMA_ADAPTER adapter = world_adapter(32);
    PMDL mdl = world_buffer(1, false, &memory);
    PVOID base = world_take(adapter, transfer, 2);
    rig_expect_equal(world_map(adapter, mdl, base, 0, &length, true, &list), STATUS_SUCCESS);
    adapter->DmaOperations->FreeMapRegisters(adapter, base, 2);
}

/* rule: DMA-FREE-8 */
static void freeing_registers_that_were_not_needed(void *context)
{
    (void)context;
    transfer_bytes transfer;
    PDMA_ADAPTER adapter = world_adapter(64);
    adapter->DmaOperations->FreeMapRegisters(adapter, world_take(adapter, transfer, 2), 2);
}

/* rule: DMA-FREE-9 */
static void freeing_registers_of_another_adapter(void *context)
{
    (void)context;
    transfer_bytes transfer;
    PDMA_ADAPTER one = world_adapter(32), two = world_adapter(32);
    two->DmaOperations->FreeMapRegisters(two, world_take(one, transfer, 2), 2);
}

/* rule: DMA-FREE-10 */
static void freeing_fewer_registers_than_were_allocated(void *context)
{
    (void)context;
    transfer_bytes transfer;
    PDMA_ADAPTER adapter = world_adapter(32);
    adapter->DmaOperations->FreeMapRegisters(adapter, world_take(adapter, transfer, 2), 1);
}

/* ---- Freed while its routine still runs ------------------------------------------------------ */

static struct {
    PDMA_ADAPTER adapter;
    transfer_bytes transfer;
    struct world_call next;
    transfer_bytes next_transfer;
    KEVENT running;
} ended;

static IO_ALLOCATION_ACTION tell_and_keep(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    (void)device;
    (void)irp;
    (void)base;
    (void)context;
    KeSetEvent(&ended.running, IO_NO_INCREMENT, FALSE);
    return KeepObject;
}

static void start_transfer(void *context)
{
    (void)context;
    PDMA_ADAPTER a = ended.adapter;
    rig_expect_equal(
        a->DmaOperations->AllocateAdapterChannelEx(a, NULL, ended.transfer, 1, 0, tell_and_keep, NULL, NULL),
        STATUS_SUCCESS);
}

static void end_transfer(void *context)
{
    (void)context;
    KeWaitForSingleObject(&ended.running, Executive, KernelMode, FALSE, NULL);
    ended.adapter->DmaOperations->FreeAdapterObject(ended.adapter, DeallocateObject);
}

static void set_up_ended(void *context)
{
    (void)context;
    memset(&ended, 0, sizeof ended);
    ended.adapter = world_adapter(32);
    ended.next.action = DeallocateObject;
    KeInitializeEvent(&ended.running, NotificationEvent, FALSE);
    ended.adapter->DmaOperations->InitializeDmaTransferContext(ended.adapter, ended.transfer);
    rig_thread("starts", 0, start_transfer, NULL);
    rig_thread("ends", 1, end_transfer, NULL);
}

static void check_ended(void *context)
{
    (void)context;
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
    rig_expect_equal(dma_system()->requests.taken, 0);
    rig_expect_equal(world_ask(ended.adapter, ended.next_transfer, 1, &ended.next), STATUS_SUCCESS);
    rig_expect_equal(ended.next.calls, 1);
}

/* rule: DMA-FREE-13 */
static void everything_may_be_freed_elsewhere_while_the_routine_still_runs(void **state)
{
    (void)state;
    struct haldma_config config = world_config();
    world_explore(&config, set_up_ended, check_ended, EMU_UNBOUNDED);
}

static void goes_past(void (*body)(void *), const char *rule)
{
    struct emu_machine *m = world_machine(NULL);
    rig_goes_past(m, body, NULL, rule);
    emu_machine_destroy(m);
}

/* rule: DMA-FREE-8, DMA-FREE-10 */
static void a_run_goes_on_after_a_base_of_null_and_after_another_count(void **state)
{
    (void)state;
    goes_past(freeing_registers_that_were_not_needed, "DMA-FREE-8");
    goes_past(freeing_fewer_registers_than_were_allocated, "DMA-FREE-10");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(keep_object_keeps_adapter_and_registers),
        WORLD_HOLDS(deallocate_object_frees_both),
        WORLD_HOLDS(deallocate_object_keep_registers_keeps_them_until_free_map_registers),
        WORLD_HOLDS(free_adapter_object_does_what_its_action_says),
        WORLD_HOLDS(registers_that_were_freed_first_are_kept_out_of_the_adapters_release),
        WORLD_STOPS(freeing_registers_and_then_the_channel_with_them, "DMA-FREE-12", "0xE6/05"),
        WORLD_STOPS(freeing_registers_and_then_returning_deallocate_object, "DMA-FREE-12", "0xE6/05"),
        WORLD_STOPS(freeing_the_adapter_object_with_no_action, "DMA-FREE-4", NULL),
        WORLD_STOPS(freeing_a_channel_twice, "DMA-FREE-5", "0xE6/04"),
        WORLD_STOPS(freeing_a_channel_and_then_returning_deallocate_object, "DMA-FREE-5", "0xE6/04"),
        WORLD_STOPS(freeing_registers_twice, "DMA-FREE-6", "0xE6/05"),
        WORLD_STOPS(freeing_registers_that_are_mapped, "DMA-FREE-7", "0xE6/10"),
        WORLD_STOPS(freeing_registers_that_were_not_needed, "DMA-FREE-8", NULL),
        WORLD_STOPS(freeing_registers_of_another_adapter, "DMA-FREE-9", NULL),
        WORLD_STOPS(freeing_fewer_registers_than_were_allocated, "DMA-FREE-10", NULL),
        cmocka_unit_test(everything_may_be_freed_elsewhere_while_the_routine_still_runs),
        cmocka_unit_test(a_run_goes_on_after_a_base_of_null_and_after_another_count),
    };
    return cmocka_run_group_tests_name("dma.free", tests, NULL, NULL);
}
