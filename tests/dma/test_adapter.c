/*
 * IoGetDmaAdapter and PutDmaAdapter: what a device description gets, and what letting go asks for.
 */
#include "world.h"

static struct dma_adapter *inside(PDMA_ADAPTER adapter)
{
    return dma_adapter_of(adapter);
}

/* rule: DMA-ADAPTER-1 */
static void an_adapter_is_of_version_1_whatever_its_table(void *context)
{
    (void)context;
    for (ULONG version = DEVICE_DESCRIPTION_VERSION; version <= DEVICE_DESCRIPTION_VERSION3; version++) {
        PDMA_ADAPTER adapter = world_get(world_master(version, 64), NULL);
        rig_expect(adapter != NULL);
        rig_expect_equal(adapter->Version, 1);
        rig_expect_equal(adapter->Size, 16);
    }
}

/* rule: DMA-ADAPTER-2 */
static void the_description_version_selects_the_table(void *context)
{
    (void)context;
    static const ULONG sizes[] = {104, 104, 128, 320};
    for (ULONG version = DEVICE_DESCRIPTION_VERSION; version <= DEVICE_DESCRIPTION_VERSION3; version++)
        rig_expect_equal(world_get(world_master(version, 64), NULL)->DmaOperations->Size, sizes[version]);
}

/* rule: DMA-ADAPTER-3 */
static void an_unknown_description_version_gets_no_adapter(void *context)
{
    (void)context;
    rig_expect(world_get(world_master(DEVICE_DESCRIPTION_VERSION3 + 1, 64), NULL) == NULL);
}

/* rule: DMA-ADAPTER-4 */
static void version_3_masters_have_1_to_64_address_bits(void *context)
{
    (void)context;
    rig_expect(world_get(world_master(DEVICE_DESCRIPTION_VERSION3, 0), NULL) == NULL);
    rig_expect(world_get(world_master(DEVICE_DESCRIPTION_VERSION3, 65), NULL) == NULL);
    rig_expect_equal(inside(world_adapter(1))->highest, 1);
    rig_expect_equal(inside(world_adapter(36))->highest, (1ull << 36) - 1);
    rig_expect_equal(inside(world_adapter(64))->highest, UINT64_MAX);
}

/* rule: DMA-ADAPTER-5 */
static void earlier_versions_say_the_width_by_flags(void *context)
{
    (void)context;
    DEVICE_DESCRIPTION d = world_master(DEVICE_DESCRIPTION_VERSION2, 0);
    rig_expect_equal(inside(world_get(d, NULL))->width, 24);
    d.InterfaceType = PCIBus;
    rig_expect_equal(inside(world_get(d, NULL))->width, 32);
    d.ScatterGather = FALSE;
    rig_expect_equal(inside(world_get(d, NULL))->width, 24);
    d.Dma32BitAddresses = TRUE;
    rig_expect_equal(inside(world_get(d, NULL))->width, 32);
    d.Dma64BitAddresses = TRUE;
    rig_expect_equal(inside(world_get(d, NULL))->width, 64);
}

/* rule: DMA-ADAPTER-6 */
static void version_3_does_not_read_the_flags(void *context)
{
    (void)context;
    DEVICE_DESCRIPTION d = world_master(DEVICE_DESCRIPTION_VERSION3, 28);
    d.Dma64BitAddresses = TRUE;
    rig_expect_equal(inside(world_get(d, NULL))->width, 28);
}

/* rule: DMA-ADAPTER-7 */
static void the_register_count_is_one_more_than_the_longest_transfer_has_pages(void *context)
{
    (void)context;
    ULONG registers = 0;
    DEVICE_DESCRIPTION d = world_master(DEVICE_DESCRIPTION_VERSION3, 64);
    d.MaximumLength = 3 * PAGE_SIZE + 1;
    world_get(d, &registers);
    rig_expect_equal(registers, 5);
    d.MaximumLength = 0xFFFFFFFF;
    world_get(d, &registers);
    rig_expect_equal(registers, WORLD_REGISTERS);
}

/* rule: DMA-ADAPTER-8 */
static void a_subordinate_device_has_what_the_controller_of_its_line_has(void *context)
{
    (void)context;
    rig_expect(world_get(world_subordinate(WORLD_LINE - 1), NULL) == NULL);
    rig_expect(world_get(world_subordinate(WORLD_LINE + 2), NULL) == NULL);
    struct dma_adapter *a = inside(world_channel(WORLD_LINE + 1));
    rig_expect_equal(a->width, 32);
    rig_expect(a->scatter_gather);
    rig_expect(a->channel == inside(world_channel(WORLD_LINE))->channel);
}

/* rule: DMA-ADAPTER-9 */
static void before_version_3_a_subordinate_device_names_its_channel(void *context)
{
    (void)context;
    DEVICE_DESCRIPTION d = world_subordinate(0);
    d.Version = DEVICE_DESCRIPTION_VERSION1;
    d.DmaChannel = 1;
    rig_expect(world_get(d, NULL) == NULL);
    d.DmaChannel = 0;
    rig_expect_equal(inside(world_get(d, NULL))->request_line, WORLD_LINE);
}

/* rule: DMA-ADAPTER-10 */
static void releasing_an_adapter_with_a_common_buffer(void *context)
{
    (void)context;
    PHYSICAL_ADDRESS logical;
    PDMA_ADAPTER adapter = world_adapter(64);
    rig_expect(adapter->DmaOperations->AllocateCommonBuffer(adapter, PAGE_SIZE, &logical, TRUE) != NULL);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* rule: DMA-ADAPTER-11 */
static void releasing_an_adapter_with_its_channel(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    PDMA_ADAPTER adapter = world_adapter(64);
    world_take(adapter, transfer, 1);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* rule: DMA-ADAPTER-12 */
static void releasing_an_adapter_with_map_registers(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    PDMA_ADAPTER adapter = world_adapter(32);
    world_take(adapter, transfer, 1);
    adapter->DmaOperations->FreeAdapterObject(adapter, DeallocateObjectKeepRegisters);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* rule: DMA-ADAPTER-13 */
static void releasing_an_adapter_with_a_waiting_request(void *context)
{
    (void)context;
    UCHAR first[DMA_TRANSFER_CONTEXT_SIZE_V1], second[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER adapter = world_adapter(64);
    world_take(adapter, first, 1);
    rig_expect_equal(world_ask(adapter, second, 1, &call), STATUS_SUCCESS);
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

/* rule: DMA-ADAPTER-14 */
static void a_null_adapter(void *context)
{
    (void)context;
    world_adapter(64)->DmaOperations->FreeAdapterChannel(NULL);
}

/* rule: DMA-ADAPTER-15 */
static void an_adapter_of_the_drivers_own_making(void *context)
{
    (void)context;
    struct dma_adapter copy = *inside(world_adapter(64));
    copy.magic = 0;
    copy.face.DmaOperations->FreeAdapterChannel(&copy.face);
}

/* rule: DMA-ADAPTER-16 */
static void an_adapter_that_was_released(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_adapter(64);
    PDMA_OPERATIONS operations = adapter->DmaOperations;
    operations->PutDmaAdapter(adapter);
    for (int i = 0; i < 8; i++)
        rig_expect(world_adapter(64) != adapter);
    operations->GetDmaAlignment(adapter);
}

static unsigned full, fewer; /* over all runs */

static void get_adapter(void *context)
{
    (void)context;
    ULONG registers = 0;
    DEVICE_DESCRIPTION d = world_master(DEVICE_DESCRIPTION_VERSION3, 64);
    d.MaximumLength = 3 * PAGE_SIZE;
    world_get(d, &registers);
    rig_expect(registers == 4 || registers == 3);
    full += registers == 4;
    fewer += registers == 3;
    d.MaximumLength = 0;
    world_get(d, &registers);
    rig_expect_equal(registers, 1);
}

static void set_up_get_adapter(void *context)
{
    (void)context;
    rig_thread("gets", 0, get_adapter, NULL);
}

/* rule: DMA-ADAPTER-23 */
static void a_platform_may_have_a_register_less(void **state)
{
    (void)state;
    struct haldma_config config = world_config();
    config.machine.profile = EMU_PROFILE_HOSTILE;
    full = fewer = 0;
    world_explore(&config, set_up_get_adapter, NULL, 0);
    assert_true(full > 0 && fewer > 0);
}

/* rule: DMA-ADAPTER-22 */
static void a_description_that_names_no_bus_means_the_devices_own(void *context)
{
    (void)context;
    ULONG registers = 0;
    struct haldma_device pci = {.name = "pci", .bus = PCIBus}, isa = {.name = "isa", .bus = Isa};
    DEVICE_DESCRIPTION d = world_master(DEVICE_DESCRIPTION_VERSION2, 0);
    d.InterfaceType = InterfaceTypeUndefined;
    rig_expect_equal(inside(IoGetDmaAdapter(haldma_add_device(&pci), &d, &registers))->width, 32);
    rig_expect_equal(inside(IoGetDmaAdapter(haldma_add_device(&isa), &d, &registers))->width, 24);
    rig_expect_equal(inside(IoGetDmaAdapter(NULL, &d, &registers))->width, 24);
}

/* ---- A bus driver with an adapter of its own ------------------------------------------------- */

struct own_bus {
    DMA_ADAPTER adapter;
    unsigned asked;
    unsigned released;
};

static PDMA_ADAPTER own_adapter(PVOID context, PDEVICE_DESCRIPTION description, PULONG registers)
{
    struct own_bus *bus = context;
    (void)description;
    bus->asked++;
    *registers = 7;
    return &bus->adapter;
}

static VOID release_interface(PVOID context)
{
    ((struct own_bus *)context)->released++;
}

static NTSTATUS answer_interface(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status = irp->IoStatus.Status;
    if (stack->MinorFunction == IRP_MN_QUERY_INTERFACE) {
        PBUS_INTERFACE_STANDARD bus =
            (PBUS_INTERFACE_STANDARD)(PVOID)stack->Parameters.QueryInterface.Interface;
        bus->Context = *(struct own_bus **)device->DeviceExtension;
        bus->GetDmaAdapter = own_adapter;
        bus->InterfaceDereference = release_interface;
        status = STATUS_SUCCESS;
    }
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS own_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->MajorFunction[IRP_MJ_PNP] = answer_interface;
    return STATUS_SUCCESS;
}

/* rule: DMA-ADAPTER-17 */
static void a_bus_driver_with_adapters_of_its_own_is_asked_first(void *context)
{
    (void)context;
    struct own_bus bus = {.asked = 0};
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT pdo;
    ULONG registers = 0;
    rig_expect_equal(haldma_load_driver("own bus", own_entry, &driver), STATUS_SUCCESS);
    rig_expect_equal(
        IoCreateDevice(driver, sizeof(struct own_bus *), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &pdo),
        STATUS_SUCCESS);
    *(struct own_bus **)pdo->DeviceExtension = &bus;
    DEVICE_DESCRIPTION d = world_master(DEVICE_DESCRIPTION_VERSION3, 64);
    rig_expect(IoGetDmaAdapter(pdo, &d, &registers) == &bus.adapter);
    rig_expect_equal(registers, 7);
    rig_expect_equal(bus.asked, 1);
    rig_expect_equal(bus.released, 1);
}

/* rule: DMA-ADAPTER-18 */
static void a_device_without_such_a_bus_gets_the_platforms_adapter(void *context)
{
    (void)context;
    struct haldma_device device = {.name = "plain", .bus = PCIBus};
    PDEVICE_OBJECT pdo = haldma_add_device(&device);
    DEVICE_DESCRIPTION d = world_master(DEVICE_DESCRIPTION_VERSION3, 64);
    ULONG registers = 0;
    PDMA_ADAPTER adapter = IoGetDmaAdapter(pdo, &d, &registers);
    rig_expect(adapter != NULL && inside(adapter)->physical_device == pdo);
}

/* rule: DMA-ADAPTER-19 */
static void nothing_can_be_had_without_a_description_or_a_place_for_the_count(void *context)
{
    (void)context;
    ULONG registers;
    DEVICE_DESCRIPTION d = world_master(DEVICE_DESCRIPTION_VERSION3, 64);
    rig_expect(IoGetDmaAdapter(NULL, NULL, &registers) == NULL);
    rig_expect(IoGetDmaAdapter(NULL, &d, NULL) == NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(an_adapter_is_of_version_1_whatever_its_table),
        WORLD_HOLDS(the_description_version_selects_the_table),
        WORLD_HOLDS(an_unknown_description_version_gets_no_adapter),
        WORLD_HOLDS(version_3_masters_have_1_to_64_address_bits),
        WORLD_HOLDS(earlier_versions_say_the_width_by_flags),
        WORLD_HOLDS(version_3_does_not_read_the_flags),
        WORLD_HOLDS(the_register_count_is_one_more_than_the_longest_transfer_has_pages),
        WORLD_HOLDS(a_subordinate_device_has_what_the_controller_of_its_line_has),
        WORLD_HOLDS(before_version_3_a_subordinate_device_names_its_channel),
        WORLD_STOPS(releasing_an_adapter_with_a_common_buffer, "DMA-ADAPTER-10", "0xE6/07"),
        WORLD_STOPS(releasing_an_adapter_with_its_channel, "DMA-ADAPTER-11", "0xE6/08"),
        WORLD_STOPS(releasing_an_adapter_with_map_registers, "DMA-ADAPTER-12", "0xE6/09"),
        WORLD_STOPS(releasing_an_adapter_with_a_waiting_request, "DMA-ADAPTER-13", NULL),
        WORLD_STOPS(a_null_adapter, "DMA-ADAPTER-14", "0xE6/19"),
        WORLD_STOPS(an_adapter_of_the_drivers_own_making, "DMA-ADAPTER-15", NULL),
        WORLD_STOPS(an_adapter_that_was_released, "DMA-ADAPTER-16", "0xE6/18"),
        WORLD_HOLDS(a_bus_driver_with_adapters_of_its_own_is_asked_first),
        WORLD_HOLDS(a_device_without_such_a_bus_gets_the_platforms_adapter),
        WORLD_HOLDS(nothing_can_be_had_without_a_description_or_a_place_for_the_count),
        WORLD_HOLDS(a_description_that_names_no_bus_means_the_devices_own),
        cmocka_unit_test(a_platform_may_have_a_register_less),
    };
    return cmocka_run_group_tests_name("dma.adapter", tests, NULL, NULL);
}
