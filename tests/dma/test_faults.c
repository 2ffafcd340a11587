/*
 * What can fail does, in some run, when the machine injects faults: with the documented result and nothing
 * left behind.
 */
#include "world.h"

#include <emu/fault.h>

typedef UCHAR transfer_bytes[DMA_TRANSFER_CONTEXT_SIZE_V1];

/* Over all runs. */
static unsigned failed, succeeded, refused;

/* Explores the body with faults; both outcomes must have been seen. */
static void explore(void (*set_up)(void *))
{
    struct haldma_config config = world_config();
    config.machine.faults = true;
    failed = succeeded = refused = 0;
    world_explore(&config, set_up, NULL, 0);
    assert_true(failed > 0 && succeeded > 0);
}

static void get_adapter(void *context)
{
    (void)context;
    PDMA_ADAPTER adapter = world_get(world_master(DEVICE_DESCRIPTION_VERSION3, 64), NULL);
    failed += adapter == NULL;
    succeeded += adapter != NULL;
}

static void set_up_get_adapter(void *context)
{
    (void)context;
    rig_thread("gets", 0, get_adapter, NULL);
}

/* rule: DMA-ADAPTER-20 */
static void there_may_be_no_adapter(void **state)
{
    (void)state;
    explore(set_up_get_adapter);
}

static PDMA_ADAPTER adapter_of_run;

/* Nothing is called where the request was refused. */
static void expect_refused_or_called(NTSTATUS status, struct world_call *call)
{
    rig_expect(status == STATUS_SUCCESS || status == STATUS_INSUFFICIENT_RESOURCES);
    rig_expect_equal(call->calls, status == STATUS_SUCCESS);
    refused += status != STATUS_SUCCESS;
    call->calls = 0;
}

static void allocate(void *context)
{
    (void)context;
    transfer_bytes now, later;
    PVOID base;
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER a = adapter_of_run;
    a->DmaOperations->InitializeDmaTransferContext(a, now);
    NTSTATUS status = a->DmaOperations->AllocateAdapterChannelEx(a, NULL, now, 1, DMA_SYNCHRONOUS_CALLBACK,
                                                                 NULL, NULL, &base);
    rig_expect(status == STATUS_SUCCESS || status == STATUS_INSUFFICIENT_RESOURCES);
    failed += status == STATUS_INSUFFICIENT_RESOURCES;
    succeeded += status == STATUS_SUCCESS;
    if (NT_SUCCESS(status))
        a->DmaOperations->FreeAdapterObject(a, DeallocateObject);
    expect_refused_or_called(world_ask(a, later, 1, &call), &call);
    expect_refused_or_called(
        a->DmaOperations->AllocateAdapterChannel(a, world_device(), 1, world_control, &call), &call);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
}

static void set_up_allocate(void *context)
{
    (void)context;
    adapter_of_run = world_adapter(32);
    rig_thread("allocates", 0, allocate, NULL);
}

/* rule: DMA-ALLOC-21 */
static void every_form_of_allocation_may_be_refused(void **state)
{
    (void)state;
    enum { RUNS_WITH_ONE_MORE_REFUSED = 8 };
    explore(set_up_allocate);
    assert_int_equal(failed, 4);
    assert_int_equal(refused, RUNS_WITH_ONE_MORE_REFUSED);
}

static PMDL buffer_of_run;

static void map(void *context)
{
    (void)context;
    transfer_bytes transfer;
    struct world_list list;
    struct world_call call = {.action = KeepObject};
    ULONG length = PAGE_SIZE;
    PDMA_ADAPTER a = adapter_of_run;
    if (!NT_SUCCESS(world_ask(a, transfer, 1, &call)))
        return;
    NTSTATUS status = world_map(a, buffer_of_run, call.base, 0, &length, true, &list);
    failed += status == STATUS_INSUFFICIENT_RESOURCES;
    succeeded += status == STATUS_SUCCESS;
    rig_expect_equal(world_pool()->mapped, status == STATUS_SUCCESS);
    if (NT_SUCCESS(status))
        a->DmaOperations->FlushAdapterBuffersEx(a, buffer_of_run, call.base, 0, length, TRUE);
    a->DmaOperations->FreeAdapterChannel(a);
}

static void set_up_map(void *context)
{
    (void)context;
    unsigned char *memory;
    adapter_of_run = world_adapter(32);
    buffer_of_run = world_buffer(1, true, &memory);
    rig_thread("maps", 0, map, NULL);
}

/* rule: DMA-MAP-22 */
static void a_mapping_may_lack_resources(void **state)
{
    (void)state;
    explore(set_up_map);
}

static void share(void *context)
{
    (void)context;
    PHYSICAL_ADDRESS logical;
    PDMA_ADAPTER a = adapter_of_run;
    PVOID memory = a->DmaOperations->AllocateCommonBuffer(a, PAGE_SIZE, &logical, TRUE);
    failed += memory == NULL;
    succeeded += memory != NULL;
    if (memory != NULL)
        a->DmaOperations->FreeCommonBuffer(a, PAGE_SIZE, logical, memory, TRUE);
    a->DmaOperations->PutDmaAdapter(a);
}

static void set_up_share(void *context)
{
    (void)context;
    adapter_of_run = world_adapter(32);
    rig_thread("shares", 0, share, NULL);
}

/* rule: DMA-COMMON-6 */
static void there_may_be_no_common_buffer(void **state)
{
    (void)state;
    explore(set_up_share);
}

static void share_many_ways(void *context)
{
    (void)context;
    PHYSICAL_ADDRESS logical, zero = {.QuadPart = 0}, all = {.QuadPart = -1};
    PDMA_COMMON_BUFFER_VECTOR vector;
    PDMA_ADAPTER a = adapter_of_run;
    PDMA_OPERATIONS o = a->DmaOperations;
    NTSTATUS status = o->AllocateCommonBufferVector(a, zero, all, MmCached, 0, 0, 1, PAGE_SIZE, &vector);
    rig_expect(status == STATUS_SUCCESS || status == STATUS_INSUFFICIENT_RESOURCES);
    if (NT_SUCCESS(status)) {
        o->FreeCommonBufferFromVector(a, vector, 0);
        o->FreeCommonBufferVector(a, vector);
    }
    NTSTATUS of_mdl = o->CreateCommonBufferFromMdl(a, buffer_of_run, NULL, 0, &logical);
    rig_expect(of_mdl == STATUS_SUCCESS || of_mdl == STATUS_INSUFFICIENT_RESOURCES);
    if (NT_SUCCESS(of_mdl))
        o->FreeCommonBuffer(a, PAGE_SIZE, logical, MmGetMdlVirtualAddress(buffer_of_run), TRUE);
    failed += !NT_SUCCESS(status) && !NT_SUCCESS(of_mdl);
    succeeded += NT_SUCCESS(status) && NT_SUCCESS(of_mdl);
    o->PutDmaAdapter(a);
}

static void set_up_share_many_ways(void *context)
{
    (void)context;
    unsigned char *memory;
    adapter_of_run = world_adapter(64);
    buffer_of_run = world_buffer(1, false, &memory);
    rig_thread("shares", 0, share_many_ways, NULL);
}

/* rule: DMA-VECTOR-16 */
static void there_may_be_no_vector_and_no_buffer_of_an_mdl(void **state)
{
    (void)state;
    explore(set_up_share_many_ways);
}

static void map_less(void *context)
{
    (void)context;
    transfer_bytes transfer;
    struct world_list list;
    struct world_call call = {.action = KeepObject};
    const ULONG whole = 2 * PAGE_SIZE;
    ULONG done = 0;
    PDMA_ADAPTER a = adapter_of_run;
    if (!NT_SUCCESS(world_ask(a, transfer, 2, &call)))
        return;
    while (done < whole) {
        ULONG length = whole - done;
        if (!NT_SUCCESS(world_map(a, buffer_of_run, call.base, done, &length, true, &list)))
            break;
        rig_expect(length == whole - done || length == PAGE_SIZE);
        failed += length < whole - done;
        succeeded += length == whole;
        a->DmaOperations->FlushAdapterBuffersEx(a, buffer_of_run, call.base, done, length, TRUE);
        done += length;
    }
    a->DmaOperations->FreeAdapterChannel(a);
}

static void set_up_map_less(void *context)
{
    (void)context;
    unsigned char *memory;
    adapter_of_run = world_adapter(32);
    buffer_of_run = world_buffer(2, true, &memory);
    rig_thread("maps", 0, map_less, NULL);
}

/* rule: DMA-MAP-50 */
static void a_mapping_may_be_of_the_first_page_alone(void **state)
{
    (void)state;
    explore(set_up_map_less);
}

/* ---- Scenarios ---- */

static bool starts_anyway;

static NTSTATUS add_keeping_adapter(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    DEVICE_DESCRIPTION description = world_master(DEVICE_DESCRIPTION_VERSION3, 64);
    ULONG registers;
    (void)driver;
    return IoGetDmaAdapter(pdo, &description, &registers) != NULL && starts_anyway
               ? STATUS_SUCCESS
               : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS enter(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverExtension->AddDevice = add_keeping_adapter;
    return STATUS_SUCCESS;
}

static void load_and_unload(void)
{
    PDRIVER_OBJECT driver;
    const struct haldma_device device = {.name = "device", .bus = PCIBus};
    PDEVICE_OBJECT pdo = haldma_add_device(&device), top;
    haldma_load_driver("keeper", enter, &driver);
    haldma_succeeded(haldma_start_device(driver, pdo, &top), "the start");
    haldma_unload_driver(driver);
}

static struct rig_outcome run_scenario(bool faults, struct emu_strategy *strategy)
{
    const struct haldma_scenario scenario = {.name = "keeps", .set_up = load_and_unload};
    struct haldma_config config = world_config();
    struct emu_program program;
    struct rig_outcome outcome;
    config.machine.faults = faults;
    struct emu_machine *m = world_machine(&config);
    haldma_scenario_program(&scenario, &program);
    if (strategy != NULL)
        strategy->begin(strategy, 0);
    rig_run_program(m, &program, strategy, &outcome);
    emu_machine_destroy(m);
    emu_strategy_destroy(strategy);
    return outcome;
}

static struct emu_strategy *make_fifo(void *context)
{
    (void)context;
    return emu_strategy_fifo();
}

/* rule: DMA-ADAPTER-32 */
static void an_adapter_that_no_driver_released_is_told_after_the_last_unload(void **state)
{
    (void)state;
    starts_anyway = true;
    struct rig_outcome outcome = run_scenario(false, NULL);
    rig_assert_stopped(&outcome, "DMA-ADAPTER-32", NULL);
}

/* rule: EMU-FAULT-11 */
static void a_failed_start_is_a_finding_only_where_nothing_had_failed(void **state)
{
    (void)state;
    const struct emu_faults all = {.policy = EMU_FAULTS_RANDOM, .rate = EMU_FAULTS_CERTAIN};
    starts_anyway = false;
    struct rig_outcome outcome = run_scenario(false, NULL);
    rig_assert_stopped(&outcome, "property", NULL);
    outcome = run_scenario(true, emu_strategy_faults(&all, make_fifo, NULL));
    rig_assert_idle(&outcome);
}

/* The page tables' memory, for each way to map; what was not mapped can be mapped again. */
static void map_for_the_unit(void *context)
{
    enum { AT = 0x10000 };
    (void)context;
    struct emu_machine *m = emu_current();
    unsigned char *memory;
    DMA_IOMMU_INTERFACE_EX unit;
    PIOMMU_DMA_DOMAIN domain = NULL;
    PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN token = NULL;
    IOMMU_DMA_LOGICAL_ADDRESS at = AT, set_aside = 2 * AT, out = 0;
    IOMMU_DMA_LOGICAL_ADDRESS_TOKEN_MAPPED_SEGMENT segment;
    emu_spare(m, true);
    IOMMU_MAP_PHYSICAL_ADDRESS buffer = {.MapType = MapPhysicalAddressTypeMdl,
                                         .Mdl.Mdl = world_buffer(1, false, &memory)};
    rig_expect_equal(IoGetIommuInterfaceEx(2, 0, &unit), STATUS_SUCCESS);
    rig_expect_equal(unit.V2.CreateDomainEx(DomainTypeTranslate,
                                            (IOMMU_DMA_DOMAIN_CREATION_FLAGS){.AsUlonglong = 0}, NULL, NULL,
                                            &domain),
                     STATUS_SUCCESS);
    rig_expect_equal(unit.V2.ReserveLogicalAddressRange(domain, PAGE_SIZE, &set_aside, NULL, NULL, &token),
                     STATUS_SUCCESS);
    emu_spare(m, false);
    const ULONG both = IOMMU_ACCESS_READ | IOMMU_ACCESS_WRITE;
    const NTSTATUS statuses[] = {
        unit.V2.MapLogicalRangeEx(domain, both, &buffer, &at, NULL, NULL, &out),
        unit.V2.MapIdentityRangeEx(domain, both, &buffer),
        unit.V2.MapReservedLogicalRange(token, 0, both, &buffer, &segment),
    };
    for (unsigned i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        rig_expect(statuses[i] == STATUS_SUCCESS || statuses[i] == STATUS_INSUFFICIENT_RESOURCES);
        failed += statuses[i] == STATUS_INSUFFICIENT_RESOURCES;
        succeeded += statuses[i] == STATUS_SUCCESS;
    }
    emu_spare(m, true);
    if (!NT_SUCCESS(statuses[0]))
        rig_expect_equal(unit.V2.MapLogicalRangeEx(domain, both, &buffer, &at, NULL, NULL, &out),
                         STATUS_SUCCESS);
}

static void set_up_map_for_the_unit(void *context)
{
    (void)context;
    rig_thread("maps", 0, map_for_the_unit, NULL);
}

/* rule: DMA-IOMMU-52 */
static void the_remapping_unit_may_lack_page_tables(void **state)
{
    enum { CALLS = 3 };
    (void)state;
    struct haldma_config config = world_config();
    config.machine.faults = true;
    config.remapping = true;
    failed = succeeded = 0;
    world_explore(&config, set_up_map_for_the_unit, NULL, 0);
    assert_int_equal(failed, CALLS << (CALLS - 1));
    assert_int_equal(succeeded, CALLS << (CALLS - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_may_be_no_adapter),
        cmocka_unit_test(every_form_of_allocation_may_be_refused),
        cmocka_unit_test(a_mapping_may_lack_resources),
        cmocka_unit_test(there_may_be_no_common_buffer),
        cmocka_unit_test(there_may_be_no_vector_and_no_buffer_of_an_mdl),
        cmocka_unit_test(a_mapping_may_be_of_the_first_page_alone),
        cmocka_unit_test(the_remapping_unit_may_lack_page_tables),
        cmocka_unit_test(an_adapter_that_no_driver_released_is_told_after_the_last_unload),
        cmocka_unit_test(a_failed_start_is_a_finding_only_where_nothing_had_failed),
    };
    return cmocka_run_group_tests_name("dma.faults", tests, NULL, NULL);
}
