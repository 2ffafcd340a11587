/*
 * What a device description says and what of it is not read; what a description's adapter tells about itself;
 * and what routines are given.
 */
#include "gather.h"

static struct dma_adapter *inside(PDMA_ADAPTER adapter)
{
    rig_expect(adapter != NULL);
    return dma_adapter_of(adapter);
}

/* ---- Descriptions ---------------------------------------------------------------------------- */

/* rule: DMA-ADAPTER-25 */
static void a_bus_master_is_not_described_by_what_subordinate_devices_say(void *context)
{
    (void)context;
    for (ULONG version = DEVICE_DESCRIPTION_VERSION; version <= DEVICE_DESCRIPTION_VERSION3; version++) {
        DEVICE_DESCRIPTION d = world_master(version, 64);
        d.DemandMode = TRUE;
        d.AutoInitialize = TRUE;
        d.DmaChannel = 77;
        d.DmaWidth = MaximumDmaWidth;
        d.DmaSpeed = MaximumDmaSpeed;
        d.DmaRequestLine = 0x7777;
        d.DeviceAddress.QuadPart = 0x7777;
        struct dma_adapter *a = inside(world_get(d, NULL));
        rig_expect(a->master && a->scatter_gather && a->channel == NULL);
        rig_expect(!a->loops && !a->demands);
        rig_expect_equal(a->width, 64);
    }
}

/* rule: DMA-ADAPTER-26 */
static void a_subordinate_device_is_not_described_by_what_bus_masters_say(void *context)
{
    (void)context;
    static const ULONG widths[] = {0, 24, 64, 200};
    for (unsigned i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        DEVICE_DESCRIPTION d = world_subordinate(WORLD_LINE);
        d.DmaAddressWidth = widths[i];
        d.ScatterGather = i % 2 != 0;
        d.Dma32BitAddresses = TRUE;
        d.Dma64BitAddresses = TRUE;
        struct dma_adapter *a = inside(world_get(d, NULL));
        rig_expect_equal(a->width, 32);
        rig_expect(a->scatter_gather);
    }
}

/* rule: DMA-ADAPTER-27 */
static void before_version_3_nothing_is_read_that_version_3_added(void *context)
{
    (void)context;
    for (ULONG version = DEVICE_DESCRIPTION_VERSION; version < DEVICE_DESCRIPTION_VERSION3; version++) {
        DEVICE_DESCRIPTION master = world_master(version, 32), d = world_subordinate(0x7777);
        master.DmaAddressWidth = 200;
        rig_expect_equal(inside(world_get(master, NULL))->width, 32);
        d.Version = version;
        d.DmaChannel = 0;
        d.DeviceAddress.QuadPart = 0x7777;
        struct dma_adapter *a = inside(world_get(d, NULL));
        rig_expect_equal(a->request_line, WORLD_LINE);
        rig_expect_equal(a->device_address, 0);
    }
}

/* rule: DMA-ADAPTER-28 */
static void ignore_count_is_read_from_version_1_on(void *context)
{
    (void)context;
    for (ULONG version = DEVICE_DESCRIPTION_VERSION; version <= DEVICE_DESCRIPTION_VERSION3; version++) {
        DEVICE_DESCRIPTION d = world_subordinate(WORLD_LINE);
        d.Version = version;
        d.IgnoreCount = TRUE;
        rig_expect_equal(inside(world_get(d, NULL))->ignore_count, version != DEVICE_DESCRIPTION_VERSION);
    }
}

/* rule: DMA-ADAPTER-31 */
static void demand_mode_is_read_in_version_2_alone(void *context)
{
    (void)context;
    for (ULONG version = DEVICE_DESCRIPTION_VERSION; version <= DEVICE_DESCRIPTION_VERSION3; version++) {
        DEVICE_DESCRIPTION d = world_subordinate(WORLD_LINE);
        d.Version = version;
        d.DemandMode = TRUE;
        rig_expect_equal(inside(world_get(d, NULL))->demands, version == DEVICE_DESCRIPTION_VERSION2);
    }
}

/* rule: DMA-ADAPTER-29, DMA-ALLOC-26 */
static void as_many_registers_as_were_promised_can_be_had_and_no_more(void *context)
{
    (void)context;
    ULONG promised = 0;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_get(world_master(DEVICE_DESCRIPTION_VERSION3, 32), &promised);
    rig_expect(adapter != NULL);
    rig_expect_equal(world_ask(adapter, transfer, promised, &call), STATUS_SUCCESS);
    rig_expect_equal(call.calls, 1);
    rig_expect_equal(world_ask(adapter, transfer, promised + 1, &call), STATUS_INSUFFICIENT_RESOURCES);
    rig_expect_equal(call.calls, 1);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
}

/* rule: DMA-INFO-6 */
static void adapter_information_tells_counter_fragments_width_and_unit(void *context)
{
    (void)context;
    DMA_ADAPTER_INFO info = {.Version = DMA_ADAPTER_INFO_VERSION1};
    PDMA_ADAPTER channel = world_channel(WORLD_LINE);
    rig_expect_equal(channel->DmaOperations->GetDmaAdapterInfo(channel, &info), STATUS_SUCCESS);
    rig_expect_equal(info.V1.ReadDmaCounterAvailable, TRUE);
    rig_expect_equal(info.V1.ScatterGatherLimit, WORLD_FRAGMENTS);
    rig_expect_equal(info.V1.DmaAddressWidth, 32);
    rig_expect(info.V1.MinimumTransferUnit > 0);
    DEVICE_DESCRIPTION d = world_master(DEVICE_DESCRIPTION_VERSION3, 32);
    d.ScatterGather = FALSE;
    PDMA_ADAPTER packets = world_get(d, NULL);
    rig_expect_equal(packets->DmaOperations->GetDmaAdapterInfo(packets, &info), STATUS_SUCCESS);
    rig_expect_equal(info.V1.ScatterGatherLimit, 1);
}

/* ---- What routines are given ----------------------------------------------------------------- */

/* rule: DMA-ALLOC-25 */
static void adapter_control_is_given_the_device_the_base_and_the_context_of_its_request(void *context)
{
    (void)context;
    PVOID base = NULL;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call call = {.action = DeallocateObjectKeepRegisters};
    PDEVICE_OBJECT device = world_device();
    PDMA_ADAPTER adapter = world_adapter(32);
    PDMA_OPERATIONS o = adapter->DmaOperations;
    rig_expect_equal(o->InitializeDmaTransferContext(adapter, transfer), STATUS_SUCCESS);
    rig_expect_equal(o->AllocateAdapterChannelEx(adapter, device, transfer, 2, DMA_SYNCHRONOUS_CALLBACK,
                                                 world_control, &call, &base),
                     STATUS_SUCCESS);
    rig_expect(call.calls == 1 && call.device == device);
    rig_expect(call.base != NULL && call.base == base);
    o->FreeMapRegisters(adapter, base, 2);
}

struct completion {
    KEVENT event;
    PDMA_ADAPTER adapter;
    PDEVICE_OBJECT device;
    DMA_COMPLETION_STATUS status;
};

static VOID complete(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID context, DMA_COMPLETION_STATUS status)
{
    struct completion *c = context;
    c->adapter = adapter;
    c->device = device;
    c->status = status;
    KeSetEvent(&c->event, IO_NO_INCREMENT, FALSE);
}

/* rule: DMA-CHANNEL-16 */
static void a_completion_routine_is_given_adapter_device_and_its_context(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct completion done = {.status = DmaError};
    struct world_call call = {.action = KeepObject};
    unsigned char *memory;
    ULONG length = PAGE_SIZE;
    PDEVICE_OBJECT device = world_device();
    PDMA_ADAPTER adapter = world_channel(WORLD_LINE);
    PDMA_OPERATIONS o = adapter->DmaOperations;
    PMDL mdl = world_buffer(1, false, &memory);
    KeInitializeEvent(&done.event, NotificationEvent, FALSE);
    rig_expect_equal(o->InitializeDmaTransferContext(adapter, transfer), STATUS_SUCCESS);
    rig_expect_equal(o->AllocateAdapterChannelEx(adapter, device, transfer, 1, DMA_SYNCHRONOUS_CALLBACK,
                                                 world_control, &call, NULL),
                     STATUS_SUCCESS);
    rig_expect_equal(o->MapTransferEx(adapter, mdl, call.base, 0, 0, &length, TRUE, NULL, 0, complete, &done),
                     STATUS_SUCCESS);
    KeWaitForSingleObject(&done.event, Executive, KernelMode, FALSE, NULL);
    rig_expect(done.adapter == adapter && done.device == device);
    rig_expect_equal(done.status, DmaComplete);
    rig_expect_equal(o->FlushAdapterBuffersEx(adapter, mdl, call.base, 0, length, TRUE), STATUS_SUCCESS);
    o->FreeAdapterChannel(adapter);
}

/* ---- System DMA ------------------------------------------------------------------------------ */

/* rule: DMA-MAP-30 */
static void without_a_list_each_call_of_system_dma_maps_an_element_at_least(void *context)
{
    (void)context;
    enum { PAGES = 12 };
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    unsigned char *memory;
    PDMA_ADAPTER adapter = world_channel(WORLD_LINE);
    PDMA_OPERATIONS o = adapter->DmaOperations;
    PMDL mdl = world_buffer(PAGES, false, &memory);
    PVOID base = world_take(adapter, transfer, PAGES);
    for (ULONG at = 0, length; at < PAGES * PAGE_SIZE; at += length) {
        length = PAGES * PAGE_SIZE - at;
        rig_expect_equal(o->MapTransferEx(adapter, mdl, base, at, 0, &length, TRUE, NULL, 0, NULL, NULL),
                         STATUS_SUCCESS);
        rig_expect(length >= PAGE_SIZE && length <= PAGES * PAGE_SIZE - at);
        rig_expect_equal(o->FlushAdapterBuffersEx(adapter, mdl, base, at, length, TRUE), STATUS_SUCCESS);
    }
    o->FreeAdapterObject(adapter, DeallocateObject);
}

/* rule: DMA-FREE-14 */
static void free_adapter_channel_frees_the_map_registers_as_well(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call call = {.action = KeepObject};
    PDMA_ADAPTER adapter = world_channel(WORLD_LINE);
    rig_expect_equal(world_ask(adapter, transfer, 3, &call), STATUS_SUCCESS);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS - 3);
    adapter->DmaOperations->FreeAdapterChannel(adapter);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
    rig_expect_equal(world_ask(adapter, transfer, 3, &call), STATUS_SUCCESS);
    rig_expect_equal(call.calls, 2);
    adapter->DmaOperations->FreeAdapterChannel(adapter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(a_bus_master_is_not_described_by_what_subordinate_devices_say),
        WORLD_HOLDS(a_subordinate_device_is_not_described_by_what_bus_masters_say),
        WORLD_HOLDS(before_version_3_nothing_is_read_that_version_3_added),
        WORLD_HOLDS(ignore_count_is_read_from_version_1_on),
        WORLD_HOLDS(demand_mode_is_read_in_version_2_alone),
        WORLD_HOLDS(as_many_registers_as_were_promised_can_be_had_and_no_more),
        WORLD_HOLDS(adapter_information_tells_counter_fragments_width_and_unit),
        WORLD_HOLDS(adapter_control_is_given_the_device_the_base_and_the_context_of_its_request),
        WORLD_HOLDS(a_completion_routine_is_given_adapter_device_and_its_context),
        WORLD_HOLDS(without_a_list_each_call_of_system_dma_maps_an_element_at_least),
        WORLD_HOLDS(free_adapter_channel_frees_the_map_registers_as_well),
    };
    return cmocka_run_group_tests_name("dma.described", tests, NULL, NULL);
}
