/*
 * The standard bus interface: who is asked for an adapter, how, and what becomes of the answers.
 *
 * The bus driver of these tests makes its device objects itself, and has an adapter with a table of its own.
 */
#include "world.h"

#include <wdmguid.h>

/* What the bus driver does, and what it was asked. */
struct bus {
    NTSTATUS answer;
    bool without_adapters; /* its interface has no GetDmaAdapter */
    bool refuses;          /* GetDmaAdapter returns NULL */
    DMA_ADAPTER adapter;
    DMA_OPERATIONS operations;
    unsigned queries, wrong_queries;
    unsigned asked, released, counters, puts;
    DEVICE_DESCRIPTION description; /* that it was asked with */
};

static struct bus *bus_of(PVOID context)
{
    return context;
}

static PDMA_ADAPTER get_adapter(PVOID context, PDEVICE_DESCRIPTION description, PULONG registers)
{
    struct bus *bus = bus_of(context);
    bus->asked++;
    bus->description = *description;
    *registers = 7;
    return bus->refuses ? NULL : &bus->adapter;
}

static VOID release_interface(PVOID context)
{
    bus_of(context)->released++;
}

static struct bus *of_adapter(PDMA_ADAPTER adapter)
{
    return CONTAINING_RECORD(adapter, struct bus, adapter);
}

static ULONG read_counter(PDMA_ADAPTER adapter)
{
    return ++of_adapter(adapter)->counters;
}

static VOID put_adapter(PDMA_ADAPTER adapter)
{
    of_adapter(adapter)->puts++;
}

/* Is it asked for what it should be, in the documented way? */
static bool is_well_asked(const IO_STACK_LOCATION *stack)
{
    return IsEqualGUID(stack->Parameters.QueryInterface.InterfaceType, &GUID_BUS_INTERFACE_STANDARD) &&
           stack->Parameters.QueryInterface.Size == sizeof(BUS_INTERFACE_STANDARD) &&
           stack->Parameters.QueryInterface.Version == BUS_INTERFACE_STANDARD_VERSION_1 &&
           stack->Parameters.QueryInterface.InterfaceSpecificData == NULL;
}

static NTSTATUS answer_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    struct bus *bus = *(struct bus **)device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    PBUS_INTERFACE_STANDARD interface =
        (PBUS_INTERFACE_STANDARD)(PVOID)stack->Parameters.QueryInterface.Interface;
    bus->queries++;
    bus->wrong_queries += !is_well_asked(stack) || irp->IoStatus.Status != STATUS_NOT_SUPPORTED;
    *interface = (BUS_INTERFACE_STANDARD){
        .Size = sizeof *interface,
        .Version = BUS_INTERFACE_STANDARD_VERSION_1,
        .Context = bus,
        .InterfaceDereference = release_interface,
        .GetDmaAdapter = bus->without_adapters ? NULL : get_adapter,
    };
    irp->IoStatus.Status = bus->answer;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return bus->answer;
}

static NTSTATUS entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->MajorFunction[IRP_MJ_PNP] = answer_pnp;
    return STATUS_SUCCESS;
}

static PDEVICE_OBJECT device_on(struct bus *bus)
{
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT device;
    rig_expect_equal(haldma_load_driver("bus", entry, &driver), STATUS_SUCCESS);
    rig_expect_equal(IoCreateDevice(driver, sizeof bus, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device),
                     STATUS_SUCCESS);
    *(struct bus **)device->DeviceExtension = bus;
    bus->operations.Size = sizeof bus->operations;
    bus->operations.ReadDmaCounter = read_counter;
    bus->operations.PutDmaAdapter = put_adapter;
    bus->adapter.DmaOperations = &bus->operations;
    return device;
}

static PDMA_ADAPTER ask(struct bus *bus, DEVICE_DESCRIPTION d, ULONG *registers)
{
    return IoGetDmaAdapter(device_on(bus), &d, registers);
}

/* rule: DMA-ADAPTER-17 */
static void the_stack_is_asked_once_for_the_standard_interface_and_its_reference_is_given_back(void *context)
{
    (void)context;
    struct bus bus = {.answer = STATUS_SUCCESS};
    ULONG registers = 0;
    PDMA_ADAPTER adapter = ask(&bus, world_master(DEVICE_DESCRIPTION_VERSION3, 64), &registers);
    rig_expect(adapter == &bus.adapter);
    rig_expect_equal(registers, 7);
    rig_expect(bus.queries == 1 && bus.wrong_queries == 0);
    rig_expect(bus.asked == 1 && bus.released == 1);
}

/* rule: DMA-LEGACY-3 */
static void the_older_names_go_through_the_table_of_whoever_gave_the_adapter(void *context)
{
    (void)context;
    struct bus bus = {.answer = STATUS_SUCCESS};
    ULONG registers;
    PDMA_ADAPTER adapter = ask(&bus, world_master(DEVICE_DESCRIPTION_VERSION3, 64), &registers);
    rig_expect_equal(HalReadDmaCounter(adapter), 1);
    HalPutDmaAdapter(adapter);
    rig_expect(bus.counters == 1 && bus.puts == 1);
}

static bool is_of_the_platform(PDMA_ADAPTER adapter, const struct bus *bus)
{
    return adapter != NULL && adapter != &bus->adapter &&
           ((struct dma_adapter *)(void *)adapter)->magic == DMA_ADAPTER_MAGIC;
}

/* rule: DMA-ADAPTER-18 */
static void an_interface_without_adapters_leaves_it_to_the_platform(void *context)
{
    (void)context;
    struct bus bus = {.answer = STATUS_SUCCESS, .without_adapters = true};
    ULONG registers;
    rig_expect(
        is_of_the_platform(ask(&bus, world_master(DEVICE_DESCRIPTION_VERSION3, 64), &registers), &bus));
    rig_expect_equal(bus.released, 1);
}

/* rule: DMA-ADAPTER-18 */
static void a_stack_that_fails_the_query_leaves_it_to_the_platform(void *context)
{
    (void)context;
    struct bus bus = {.answer = STATUS_NOT_SUPPORTED};
    ULONG registers;
    rig_expect(
        is_of_the_platform(ask(&bus, world_master(DEVICE_DESCRIPTION_VERSION3, 64), &registers), &bus));
    rig_expect(bus.asked == 0 && bus.released == 0);
}

/* rule: DMA-ADAPTER-18 */
static void a_bus_driver_that_has_no_adapter_for_the_device_leaves_it_to_the_platform(void *context)
{
    (void)context;
    struct bus bus = {.answer = STATUS_SUCCESS, .refuses = true};
    ULONG registers;
    rig_expect(
        is_of_the_platform(ask(&bus, world_master(DEVICE_DESCRIPTION_VERSION3, 64), &registers), &bus));
    rig_expect(bus.asked == 1 && bus.released == 1);
    rig_expect_equal(registers, 16 + 1);
}

/* rule: DMA-ADAPTER-19 */
static void what_gets_no_adapter_anyway_is_not_asked_about(void *context)
{
    (void)context;
    struct bus bus = {.answer = STATUS_SUCCESS};
    ULONG registers;
    DEVICE_DESCRIPTION d = world_master(DEVICE_DESCRIPTION_VERSION3 + 1, 64);
    rig_expect(ask(&bus, d, &registers) == NULL);
    rig_expect_equal(bus.queries, 0);
}

/* rule: DMA-ADAPTER-22 */
static void pnp_bus_means_the_devices_own_bus_too(void *context)
{
    (void)context;
    ULONG registers = 0;
    struct haldma_device pci = {.name = "pci", .bus = PCIBus};
    DEVICE_DESCRIPTION d = world_master(DEVICE_DESCRIPTION_VERSION2, 0);
    d.InterfaceType = PNPBus;
    PDMA_ADAPTER adapter = IoGetDmaAdapter(haldma_add_device(&pci), &d, &registers);
    rig_expect_equal(((struct dma_adapter *)(void *)adapter)->width, 32);
    rig_expect_equal(d.InterfaceType, PNPBus);
}

/* rule: DMA-ADAPTER-22 */
static void a_bus_driver_gets_a_copy_of_the_description(void *context)
{
    (void)context;
    struct bus bus = {.answer = STATUS_SUCCESS};
    ULONG registers;
    DEVICE_DESCRIPTION d = world_master(DEVICE_DESCRIPTION_VERSION3, 48);
    ask(&bus, d, &registers);
    rig_expect(memcmp(&bus.description, &d, sizeof d) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_HOLDS(the_stack_is_asked_once_for_the_standard_interface_and_its_reference_is_given_back),
        WORLD_HOLDS(the_older_names_go_through_the_table_of_whoever_gave_the_adapter),
        WORLD_HOLDS(an_interface_without_adapters_leaves_it_to_the_platform),
        WORLD_HOLDS(a_stack_that_fails_the_query_leaves_it_to_the_platform),
        WORLD_HOLDS(a_bus_driver_that_has_no_adapter_for_the_device_leaves_it_to_the_platform),
        WORLD_HOLDS(what_gets_no_adapter_anyway_is_not_asked_about),
        WORLD_HOLDS(pnp_bus_means_the_devices_own_bus_too),
        WORLD_HOLDS(a_bus_driver_gets_a_copy_of_the_description),
    };
    return cmocka_run_group_tests_name("dma.bus_interface", tests, NULL, NULL);
}
