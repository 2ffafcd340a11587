/*
 * The names of Windows NT 4, as exported functions: performed as the members of version 1.
 */
#define _NTHAL_ 1
#include <ntddk.h>

#include "world.h"

#include "dma/system.h"

enum { TRANSFER = 1000, START = 24 };

static PADAPTER_OBJECT old_adapter(ULONG version, ULONG *registers)
{
    DEVICE_DESCRIPTION d = world_master(version, 32);
    return HalGetAdapter(&d, registers);
}

/* rule: DMA-LEGACY-1 */
static void hal_get_adapter_returns_an_adapter_of_versions_1_and_2(void *context)
{
    (void)context;
    ULONG registers = 0;
    PADAPTER_OBJECT first = old_adapter(DEVICE_DESCRIPTION_VERSION, &registers);
    rig_expect(first != NULL && first->DmaOperations == dma_plain.tables[1 - 1]);
    rig_expect_equal(registers, 16 + 1);
    rig_expect(old_adapter(DEVICE_DESCRIPTION_VERSION1, &registers)->DmaOperations ==
               dma_plain.tables[1 - 1]);
    rig_expect(old_adapter(DEVICE_DESCRIPTION_VERSION2, &registers)->DmaOperations ==
               dma_plain.tables[2 - 1]);
    rig_expect(old_adapter(DEVICE_DESCRIPTION_VERSION3, &registers) == NULL);
    rig_expect(HalGetAdapter(NULL, &registers) == NULL);
}

/* rule: DMA-LEGACY-2 */
static void a_bus_masters_transfer_goes_through_the_old_names(void *context)
{
    (void)context;
    static const char text[] = "from the device";
    DEVICE_OBJECT device = {.Type = IO_TYPE_DEVICE};
    struct world_call call = {.action = DeallocateObjectKeepRegisters};
    ULONG registers, length = TRANSFER;
    unsigned char *memory;
    PADAPTER_OBJECT adapter = old_adapter(DEVICE_DESCRIPTION_VERSION, &registers);
    PMDL mdl = world_buffer(1, true, &memory);
    uint32_t free = world_pool()->free;
    KIRQL level;
    KeRaiseIrql(DISPATCH_LEVEL, &level);
    rig_expect_equal(IoAllocateAdapterChannel(adapter, &device, 1, world_control, &call), STATUS_SUCCESS);
    rig_expect_equal(call.calls, 1);
    PHYSICAL_ADDRESS logical = IoMapTransfer(adapter, mdl, call.base, memory + START, &length, FALSE);
    rig_expect_equal(length, TRANSFER);
    world_device_write((uint64_t)logical.QuadPart, text, sizeof text);
    rig_expect_equal(IoFlushAdapterBuffers(adapter, mdl, call.base, memory + START, length, FALSE), TRUE);
    rig_expect(memcmp(memory + START, text, sizeof text) == 0);
    rig_expect_equal(world_pool()->free, free - 1);
    IoFreeMapRegisters(adapter, call.base, 1);
    rig_expect_equal(world_pool()->free, free);
    KeLowerIrql(level);
    HalPutDmaAdapter(adapter);
}

/* rule: DMA-LEGACY-2 */
static void a_system_dma_transfer_goes_through_the_old_names(void *context)
{
    (void)context;
    DEVICE_OBJECT device = {.Type = IO_TYPE_DEVICE};
    DEVICE_DESCRIPTION d = {.DmaChannel = 0, .MaximumLength = PAGE_SIZE};
    struct world_call call = {.action = KeepObject};
    LARGE_INTEGER long_enough = {.QuadPart = -1000};
    ULONG registers, length = TRANSFER;
    unsigned char *memory;
    PMDL mdl = world_buffer(1, false, &memory);
    PADAPTER_OBJECT adapter = HalGetAdapter(&d, &registers);
    KIRQL level;
    rig_expect(adapter != NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &level);
    rig_expect_equal(IoAllocateAdapterChannel(adapter, &device, 1, world_control, &call), STATUS_SUCCESS);
    IoMapTransfer(adapter, mdl, call.base, memory, &length, TRUE);
    rig_expect_equal(HalReadDmaCounter(adapter), TRANSFER);
    KeLowerIrql(level);
    KeDelayExecutionThread(KernelMode, FALSE, &long_enough);
    rig_expect_equal(HalReadDmaCounter(adapter), 0);
    rig_expect_equal(IoFlushAdapterBuffers(adapter, mdl, call.base, memory, length, TRUE), TRUE);
    KeRaiseIrql(DISPATCH_LEVEL, &level);
    IoFreeAdapterChannel(adapter);
    KeLowerIrql(level);
    rig_expect(((struct dma_adapter *)(void *)adapter)->owner == NULL);
}

/* rule: DMA-LEGACY-2 */
static void a_common_buffer_comes_and_goes_by_the_old_names(void *context)
{
    (void)context;
    static const char text[] = "shared";
    PHYSICAL_ADDRESS logical;
    ULONG registers;
    PADAPTER_OBJECT adapter = old_adapter(DEVICE_DESCRIPTION_VERSION1, &registers);
    PVOID memory = HalAllocateCommonBuffer(adapter, PAGE_SIZE, &logical, FALSE);
    rig_expect(memory != NULL);
    world_device_write((uint64_t)logical.QuadPart, text, sizeof text);
    rig_expect(memcmp(memory, text, sizeof text) == 0);
    HalFreeCommonBuffer(adapter, PAGE_SIZE, logical, memory, FALSE);
    HalPutDmaAdapter(adapter);
}

static unsigned diverted;

static VOID diverted_free(PDMA_ADAPTER adapter)
{
    (void)adapter;
    diverted++;
}

/* rule: DMA-LEGACY-3 */
static void an_exported_name_does_not_go_through_a_replaced_table(void *context)
{
    (void)context;
    DEVICE_OBJECT device = {.Type = IO_TYPE_DEVICE};
    struct world_call call = {.action = KeepObject};
    ULONG registers;
    PADAPTER_OBJECT adapter = old_adapter(DEVICE_DESCRIPTION_VERSION, &registers);
    DMA_OPERATIONS mine = *adapter->DmaOperations;
    mine.FreeAdapterChannel = diverted_free;
    adapter->DmaOperations = &mine;
    diverted = 0;
    KeRaiseIrqlToDpcLevel();
    IoAllocateAdapterChannel(adapter, &device, 0, world_control, &call);
    IoFreeAdapterChannel(adapter);
    KeLowerIrql(PASSIVE_LEVEL);
    rig_expect_equal(diverted, 0);
    rig_expect(((struct dma_adapter *)(void *)adapter)->owner == NULL);
}

/* rule: DMA-LEGACY-4 */
static void a_second_waiting_request_of_one_device_object_by_the_old_name(void *context)
{
    (void)context;
    DEVICE_OBJECT device = {.Type = IO_TYPE_DEVICE};
    struct world_call call = {.action = KeepObject};
    ULONG registers;
    PADAPTER_OBJECT one = old_adapter(DEVICE_DESCRIPTION_VERSION, &registers);
    PADAPTER_OBJECT other = old_adapter(DEVICE_DESCRIPTION_VERSION, &registers);
    IoAllocateAdapterChannel(one, &device, 0, world_control, &call);
    IoAllocateAdapterChannel(one, &device, 0, world_control, &call);
    IoAllocateAdapterChannel(other, &device, 0, world_control, &call);
}

static NTSTATUS plain_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)driver;
    (void)path;
    return STATUS_SUCCESS;
}

/* Two devices that share a controller, and an adapter. */
struct shared {
    PCONTROLLER_OBJECT controller;
    PADAPTER_OBJECT adapter;
    PDEVICE_OBJECT devices[2];
    struct world_call channel;
    unsigned controls;
};

static void share(struct shared *s)
{
    PDRIVER_OBJECT driver;
    ULONG registers;
    s->adapter = old_adapter(DEVICE_DESCRIPTION_VERSION, &registers);
    s->controller = IoCreateController(0);
    rig_expect_equal(haldma_load_driver("shared", plain_entry, &driver), STATUS_SUCCESS);
    for (unsigned i = 0; i < 2; i++)
        rig_expect_equal(IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &s->devices[i]),
                         STATUS_SUCCESS);
}

/* Goes on from the controller to the adapter, as drivers of such devices do. */
static IO_ALLOCATION_ACTION take_the_channel(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    struct shared *s = context;
    (void)irp;
    (void)base;
    s->controls++;
    IoAllocateAdapterChannel(s->adapter, device, 1, world_control, &s->channel);
    return KeepObject;
}

/* rule: DMA-LEGACY-5 */
static void a_controller_routine_may_ask_for_the_adapter_with_the_same_device_object(void *context)
{
    (void)context;
    struct shared s = {.channel = {.action = KeepObject}};
    share(&s);
    KeRaiseIrqlToDpcLevel();
    IoAllocateController(s.controller, s.devices[0], take_the_channel, &s);
    IoAllocateController(s.controller, s.devices[1], take_the_channel, &s);
    rig_expect_equal(s.controls, 1);
    rig_expect(s.channel.calls == 1 && s.channel.device == s.devices[0]);
    IoFreeAdapterChannel(s.adapter);
    IoFreeController(s.controller);
    rig_expect_equal(s.controls, 2);
    rig_expect(s.channel.calls == 2 && s.channel.device == s.devices[1]);
    IoFreeAdapterChannel(s.adapter);
    IoFreeController(s.controller);
    KeLowerIrql(PASSIVE_LEVEL);
    IoDeleteController(s.controller);
}

/* rule: DMA-LEGACY-5 */
static void asking_for_an_adapter_while_the_device_object_waits_for_a_controller(void *context)
{
    (void)context;
    struct shared s = {.channel = {.action = KeepObject}};
    share(&s);
    KeRaiseIrqlToDpcLevel();
    IoAllocateController(s.controller, s.devices[0], take_the_channel, &s);
    IoAllocateController(s.controller, s.devices[1], take_the_channel, &s);
    IoAllocateAdapterChannel(s.adapter, s.devices[1], 0, world_control, &s.channel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(hal_get_adapter_returns_an_adapter_of_versions_1_and_2),
        WORLD_HOLDS(a_bus_masters_transfer_goes_through_the_old_names),
        WORLD_HOLDS(a_system_dma_transfer_goes_through_the_old_names),
        WORLD_HOLDS(a_common_buffer_comes_and_goes_by_the_old_names),
        WORLD_HOLDS(an_exported_name_does_not_go_through_a_replaced_table),
        WORLD_STOPS(a_second_waiting_request_of_one_device_object_by_the_old_name, "DMA-ALLOC-5", NULL),
        WORLD_HOLDS(a_controller_routine_may_ask_for_the_adapter_with_the_same_device_object),
        WORLD_STOPS(asking_for_an_adapter_while_the_device_object_waits_for_a_controller, "DMA-ALLOC-5",
                    NULL),
    };
    return cmocka_run_group_tests_name("dma.legacy", tests, NULL, NULL);
}
