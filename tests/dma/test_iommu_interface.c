/*
 * The remapping unit's interface for drivers: domains, devices in them, what they reach.
 */
#include "remapped.h"

enum { GPU = 0x40, DISK = 0x41, PAGES = 4, BYTES = PAGES * PAGE_SIZE };

#define AT         0x70000000ull
#define READ_WRITE (IOMMU_ACCESS_READ | IOMMU_ACCESS_WRITE)

static DMA_IOMMU_INTERFACE_V1 first(void)
{
    DMA_IOMMU_INTERFACE_EX interface;
    rig_expect_equal(IoGetIommuInterfaceEx(1, 0, &interface), STATUS_SUCCESS);
    return interface.V1;
}

static DMA_IOMMU_INTERFACE_V2 second(void)
{
    DMA_IOMMU_INTERFACE_EX interface;
    rig_expect_equal(IoGetIommuInterfaceEx(2, 0, &interface), STATUS_SUCCESS);
    return interface.V2;
}

static PIOMMU_DMA_DOMAIN domain_of(IOMMU_DMA_DOMAIN_TYPE type)
{
    PIOMMU_DMA_DOMAIN domain = NULL;
    rig_expect_equal(second().CreateDomainEx(type, (IOMMU_DMA_DOMAIN_CREATION_FLAGS){.AsUlonglong = 0}, NULL,
                                             NULL, &domain),
                     STATUS_SUCCESS);
    rig_expect(domain != NULL);
    return domain;
}

static PIOMMU_DMA_DEVICE device_of(const char *name, uint32_t requester)
{
    PIOMMU_DMA_DEVICE device = NULL;
    rig_expect_equal(second().CreateDevice(remapped_device(name, requester), NULL, &device), STATUS_SUCCESS);
    rig_expect(device != NULL);
    return device;
}

/* A device in a new domain of its driver's. */
static PIOMMU_DMA_DOMAIN attached(uint32_t requester)
{
    PIOMMU_DMA_DOMAIN domain = domain_of(DomainTypeTranslate);
    rig_expect_equal(second().AttachDeviceEx(domain, device_of("gpu", requester)), STATUS_SUCCESS);
    return domain;
}

static IOMMU_MAP_PHYSICAL_ADDRESS of_mdl(PMDL mdl)
{
    return (IOMMU_MAP_PHYSICAL_ADDRESS){.MapType = MapPhysicalAddressTypeMdl, .Mdl.Mdl = mdl};
}

static NTSTATUS map(PIOMMU_DMA_DOMAIN domain, PMDL mdl, ULONG permissions, uint64_t logical)
{
    IOMMU_MAP_PHYSICAL_ADDRESS memory = of_mdl(mdl);
    IOMMU_DMA_LOGICAL_ADDRESS at = logical, out = 0;
    NTSTATUS status = second().MapLogicalRangeEx(domain, permissions, &memory, &at, NULL, NULL, &out);
    rig_expect(!NT_SUCCESS(status) || out == logical);
    return status;
}

/* ---- The interfaces -------------------------------------------------------------------------- */

/* rule: DMA-IOMMU-3 */
static void each_version_has_all_of_its_functions(void *context)
{
    (void)context;
    DMA_IOMMU_INTERFACE old;
    DMA_IOMMU_INTERFACE_EX ex;
    PVOID *function;
    rig_expect_equal(IoGetIommuInterface(DMA_IOMMU_INTERFACE_VERSION, &old), STATUS_SUCCESS);
    rig_expect_equal(old.Version, 1);
    rig_expect_equal(sizeof old, 112);
    for (function = (PVOID *)(PVOID)&old.CreateDomain; function < (PVOID *)(PVOID)(&old + 1); function++)
        rig_expect(*function != NULL);
    for (ULONG version = 1; version <= 2; version++) {
        const size_t bytes = version == 1 ? sizeof ex.V1 : sizeof ex.V2;
        rig_expect_equal(bytes, version == 1 ? 104 : 176);
        rig_expect_equal(IoGetIommuInterfaceEx(version, 0, &ex), STATUS_SUCCESS);
        rig_expect_equal(ex.Version, version);
        rig_expect_equal(ex.Size, sizeof ex);
        function = (PVOID *)(PVOID)&ex.V1;
        for (size_t i = 0; i < bytes / sizeof *function; i++)
            rig_expect(function[i] != NULL);
    }
}

/* rule: DMA-IOMMU-4 */
static void other_versions_are_not_supported(void *context)
{
    (void)context;
    DMA_IOMMU_INTERFACE old;
    DMA_IOMMU_INTERFACE_EX ex;
    rig_expect_equal(IoGetIommuInterface(0, &old), STATUS_NOT_SUPPORTED);
    rig_expect_equal(IoGetIommuInterface(2, &old), STATUS_NOT_SUPPORTED);
    rig_expect_equal(IoGetIommuInterfaceEx(0, 0, &ex), STATUS_NOT_SUPPORTED);
    rig_expect_equal(IoGetIommuInterfaceEx(3, 0, &ex), STATUS_NOT_SUPPORTED);
    rig_expect_equal(IoGetIommuInterface(1, NULL), STATUS_INVALID_PARAMETER_2);
    rig_expect_equal(IoGetIommuInterfaceEx(1, 0, NULL), STATUS_INVALID_PARAMETER_3);
}

/* rule: DMA-IOMMU-5 */
static void without_a_remapping_unit_there_is_no_interface(void *context)
{
    (void)context;
    DMA_IOMMU_INTERFACE old;
    DMA_IOMMU_INTERFACE_EX ex;
    rig_expect_equal(IoGetIommuInterface(1, &old), STATUS_NOT_SUPPORTED);
    rig_expect_equal(IoGetIommuInterfaceEx(2, 0, &ex), STATUS_NOT_SUPPORTED);
}

/* ---- What a device reaches ------------------------------------------------------------------- */

/* rule: DMA-IOMMU-6 */
static void a_device_reaches_what_its_domain_maps(void *context)
{
    (void)context;
    unsigned char *memory;
    PIOMMU_DMA_DOMAIN domain = attached(GPU);
    PMDL mdl = world_buffer(PAGES, true, &memory);
    rig_expect_equal(map(domain, mdl, READ_WRITE, AT), STATUS_SUCCESS);
    for (unsigned page = 0; page < PAGES; page++)
        rig_expect_equal(remapped_read(GPU, AT + page * PAGE_SIZE), 'a' + page);
    remapped_write(GPU, AT + BYTES - 1, 'z');
    rig_expect_equal(memory[BYTES - 1], 'z');
}

/* rule: DMA-IOMMU-7 */
static void a_device_reads_beside_what_its_domain_maps(void *context)
{
    (void)context;
    unsigned char *memory;
    rig_expect_equal(map(attached(GPU), world_buffer(PAGES, false, &memory), READ_WRITE, AT), STATUS_SUCCESS);
    remapped_read(GPU, AT + BYTES);
}

/* rule: DMA-IOMMU-7 */
static void a_device_in_no_domain_reads(void *context)
{
    (void)context;
    unsigned char *memory = world_pages(1, false);
    device_of("gpu", GPU);
    remapped_read(GPU, emu_ram_physical(emu_current(), memory));
}

/* rule: DMA-IOMMU-7 */
static void a_device_reads_what_was_unmapped(void *context)
{
    (void)context;
    unsigned char *memory;
    PIOMMU_DMA_DOMAIN domain = attached(GPU);
    rig_expect_equal(map(domain, world_buffer(PAGES, false, &memory), READ_WRITE, AT), STATUS_SUCCESS);
    rig_expect_equal(second().UnmapLogicalRange(domain, AT + PAGE_SIZE, 1), STATUS_SUCCESS);
    remapped_read(GPU, AT);
    remapped_read(GPU, AT + PAGE_SIZE);
}

/* rule: DMA-IOMMU-8 */
static void a_device_writes_what_is_mapped_for_reading(void *context)
{
    (void)context;
    unsigned char *memory;
    rig_expect_equal(map(attached(GPU), world_buffer(1, false, &memory), IOMMU_ACCESS_READ, AT),
                     STATUS_SUCCESS);
    remapped_read(GPU, AT);
    remapped_write(GPU, AT, 1);
}

/* rule: DMA-IOMMU-8 */
static void a_device_reads_what_is_mapped_for_writing(void *context)
{
    (void)context;
    unsigned char *memory;
    rig_expect_equal(map(attached(GPU), world_buffer(1, false, &memory), IOMMU_ACCESS_WRITE, AT),
                     STATUS_SUCCESS);
    remapped_write(GPU, AT, 1);
    remapped_read(GPU, AT);
}

/* rule: DMA-IOMMU-9 */
static void a_device_that_was_detached_reads(void *context)
{
    (void)context;
    unsigned char *memory;
    PIOMMU_DMA_DOMAIN domain = domain_of(DomainTypeTranslate);
    PIOMMU_DMA_DEVICE device = device_of("gpu", GPU);
    rig_expect_equal(map(domain, world_buffer(1, false, &memory), READ_WRITE, AT), STATUS_SUCCESS);
    rig_expect_equal(second().AttachDeviceEx(domain, device), STATUS_SUCCESS);
    remapped_read(GPU, AT);
    rig_expect_equal(second().DetachDeviceEx(device), STATUS_SUCCESS);
    remapped_read(GPU, AT);
}

/* rule: DMA-IOMMU-10 */
static void a_domain_without_a_page_table_blocks_all(void *context)
{
    (void)context;
    unsigned char *memory = world_pages(1, false);
    rig_expect_equal(second().AttachDeviceEx(domain_of(DomainTypeUnmanaged), device_of("gpu", GPU)),
                     STATUS_SUCCESS);
    remapped_read(GPU, emu_ram_physical(emu_current(), memory));
}

/* rule: DMA-IOMMU-11 */
static void several_devices_share_a_domain(void *context)
{
    (void)context;
    unsigned char *memory;
    PIOMMU_DMA_DOMAIN domain = attached(GPU);
    rig_expect_equal(second().AttachDeviceEx(domain, device_of("disk", DISK)), STATUS_SUCCESS);
    rig_expect_equal(map(domain, world_buffer(1, false, &memory), READ_WRITE, AT), STATUS_SUCCESS);
    remapped_write(GPU, AT, 'g');
    rig_expect_equal(remapped_read(DISK, AT), 'g');
}

/* ---- Domains --------------------------------------------------------------------------------- */

/* rule: DMA-IOMMU-12 */
static void a_domain_is_deleted_when_nobody_is_in_it(void *context)
{
    (void)context;
    PIOMMU_DMA_DOMAIN domain = domain_of(DomainTypeTranslate);
    PIOMMU_DMA_DEVICE device = device_of("gpu", GPU);
    rig_expect_equal(second().AttachDeviceEx(domain, device), STATUS_SUCCESS);
    rig_expect_equal(second().DeleteDomain(domain), STATUS_RESOURCE_IN_USE);
    rig_expect_equal(second().DetachDeviceEx(device), STATUS_SUCCESS);
    rig_expect_equal(second().DeleteDomain(domain), STATUS_SUCCESS);
}

/* rule: DMA-IOMMU-1 */
static void using_a_domain_that_was_deleted(void *context)
{
    (void)context;
    PIOMMU_DMA_DOMAIN domain = domain_of(DomainTypeTranslate);
    rig_expect_equal(second().DeleteDomain(domain), STATUS_SUCCESS);
    domain_of(DomainTypeTranslate); /* in its place */
    second().DeleteDomain(domain);
}

/* rule: DMA-IOMMU-1 */
static void using_no_domain(void *context)
{
    (void)context;
    first().FlushDomain(NULL);
}

/* rule: DMA-IOMMU-13 */
static void only_domains_that_drivers_manage_are_configured(void *context)
{
    (void)context;
    DOMAIN_CONFIGURATION x64 = {.Type = DomainConfigurationX64}, arm = {.Type = DomainConfigurationArm64};
    DOMAIN_CONFIGURATION invalid = {.Type = DomainConfigurationInvalid};
    PIOMMU_DMA_DOMAIN old = NULL, unmanaged = domain_of(DomainTypeUnmanaged);
    rig_expect_equal(first().CreateDomain(TRUE, &old), STATUS_SUCCESS);
    rig_expect_equal(first().ConfigureDomain(old, &x64), STATUS_INVALID_PARAMETER_1);
    rig_expect_equal(first().ConfigureDomain(domain_of(DomainTypeTranslate), &arm),
                     STATUS_INVALID_PARAMETER_1);
    rig_expect_equal(first().CreateDomain(FALSE, &old), STATUS_SUCCESS);
    rig_expect_equal(first().ConfigureDomain(old, &x64), STATUS_NOT_SUPPORTED);
    rig_expect_equal(second().ConfigureDomain(unmanaged, &x64), STATUS_NOT_SUPPORTED);
    rig_expect_equal(second().ConfigureDomain(unmanaged, &arm), STATUS_NOT_SUPPORTED);
    rig_expect_equal(second().ConfigureDomain(unmanaged, &invalid), STATUS_INVALID_PARAMETER_2);
    rig_expect_equal(second().ConfigureDomain(unmanaged, NULL), STATUS_INVALID_PARAMETER_2);
}

/* rule: DMA-IOMMU-14 */
static void only_domains_that_drivers_manage_are_flushed(void *context)
{
    (void)context;
    uint64_t address = AT;
    PIOMMU_DMA_DOMAIN managed = domain_of(DomainTypeTranslate), unmanaged = domain_of(DomainTypeUnmanaged);
    rig_expect_equal(first().FlushDomain(managed), STATUS_INVALID_PARAMETER_1);
    rig_expect_equal(first().FlushDomainByVaList(managed, FALSE, 1, &address), STATUS_INVALID_PARAMETER_1);
    rig_expect_equal(first().FlushDomain(unmanaged), STATUS_SUCCESS);
    rig_expect_equal(second().FlushDomainByVaList(unmanaged, TRUE, 1, &address), STATUS_SUCCESS);
    rig_expect_equal(second().FlushDomainByVaList(unmanaged, TRUE, 1, NULL), STATUS_INVALID_PARAMETER_4);
}

/* rule: DMA-IOMMU-15 */
static void types_that_the_machine_does_not_allow_are_not_supported(void *context)
{
    (void)context;
    PIOMMU_DMA_DOMAIN domain;
    IOMMU_DMA_DOMAIN_CREATION_FLAGS none = {.AsUlonglong = 0};
    rig_expect_equal(second().CreateDomainEx(DomainTypePassThrough, none, NULL, NULL, &domain),
                     STATUS_NOT_SUPPORTED);
    rig_expect_equal(second().CreateDomainEx(DomainTypeTranslateS1, none, NULL, NULL, &domain),
                     STATUS_NOT_SUPPORTED);
    rig_expect_equal(second().CreateDomainEx(DomainTypeMax, none, NULL, NULL, &domain),
                     STATUS_INVALID_PARAMETER_1);
}

/* rule: DMA-IOMMU-16 */
static void wrong_arguments_make_no_domain(void *context)
{
    (void)context;
    PIOMMU_DMA_DOMAIN domain;
    IOMMU_DMA_DOMAIN_CREATION_FLAGS none = {.AsUlonglong = 0}, some = {.AsUlonglong = 1};
    IOMMU_DMA_LOGICAL_ALLOCATOR_CONFIG wide = {.LogicalAllocatorType = IommuDmaLogicalAllocatorBuddy};
    IOMMU_DMA_LOGICAL_ALLOCATOR_CONFIG unknown = {.LogicalAllocatorType = IommuDmaLogicalAllocatorMax};
    IOMMU_DMA_RESERVED_REGION odd = {.Base = 1, .NumberOfPages = 1};
    IOMMU_DMA_DOMAIN_TYPE type = DomainTypeTranslate;
    rig_expect_equal(second().CreateDomainEx(type, some, NULL, NULL, &domain), STATUS_INVALID_PARAMETER_2);
    wide.BuddyAllocatorConfig.AddressWidth = 64;
    rig_expect_equal(second().CreateDomainEx(type, none, &wide, NULL, &domain), STATUS_INVALID_PARAMETER_3);
    wide.BuddyAllocatorConfig.AddressWidth = 0;
    rig_expect_equal(second().CreateDomainEx(type, none, &wide, NULL, &domain), STATUS_INVALID_PARAMETER_3);
    rig_expect_equal(second().CreateDomainEx(type, none, &unknown, NULL, &domain),
                     STATUS_INVALID_PARAMETER_3);
    rig_expect_equal(second().CreateDomainEx(type, none, NULL, &odd, &domain), STATUS_INVALID_PARAMETER_4);
    rig_expect_equal(second().CreateDomainEx(type, none, NULL, NULL, NULL), STATUS_INVALID_PARAMETER_5);
    rig_expect_equal(first().CreateDomain(TRUE, NULL), STATUS_INVALID_PARAMETER_2);
}

/* ---- Devices --------------------------------------------------------------------------------- */

/* rule: DMA-IOMMU-17 */
static void a_device_is_in_one_domain_at_a_time(void *context)
{
    (void)context;
    PIOMMU_DMA_DOMAIN one = domain_of(DomainTypeTranslate), other = domain_of(DomainTypeTranslate);
    PDEVICE_OBJECT object = remapped_device("gpu", GPU);
    PIOMMU_DMA_DEVICE device = NULL;
    rig_expect_equal(second().CreateDevice(object, NULL, &device), STATUS_SUCCESS);
    rig_expect_equal(second().AttachDeviceEx(one, device), STATUS_SUCCESS);
    rig_expect_equal(second().AttachDeviceEx(one, device), STATUS_INVALID_PARAMETER);
    rig_expect_equal(second().AttachDeviceEx(other, device), STATUS_INVALID_PARAMETER);
    rig_expect_equal(first().AttachDevice(other, object, 0, 1), STATUS_INVALID_PARAMETER);
    rig_expect_equal(second().DetachDeviceEx(device), STATUS_SUCCESS);
    rig_expect_equal(second().AttachDeviceEx(other, device), STATUS_SUCCESS);
}

/* rule: DMA-IOMMU-18 */
static void a_device_with_an_adapter_is_in_the_systems_domain(void *context)
{
    (void)context;
    DEVICE_DESCRIPTION description = world_master(DEVICE_DESCRIPTION_VERSION3, 64);
    ULONG registers;
    PDEVICE_OBJECT object = remapped_device("gpu", GPU);
    PIOMMU_DMA_DOMAIN domain = domain_of(DomainTypeTranslate);
    PIOMMU_DMA_DEVICE device = NULL;
    PDMA_ADAPTER adapter = remapped_adapter(object, 64);
    rig_expect_equal(second().CreateDevice(object, NULL, &device), STATUS_SUCCESS);
    rig_expect_equal(second().AttachDeviceEx(domain, device), STATUS_INVALID_PARAMETER);
    adapter->DmaOperations->PutDmaAdapter(adapter);
    rig_expect_equal(second().AttachDeviceEx(domain, device), STATUS_SUCCESS);
    rig_expect(IoGetDmaAdapter(object, &description, &registers) == NULL);
    rig_expect_equal(second().DetachDeviceEx(device), STATUS_SUCCESS);
    rig_expect(IoGetDmaAdapter(object, &description, &registers) != NULL);
}

/* rule: DMA-IOMMU-19 */
static void a_device_that_is_in_no_domain_is_not_detached(void *context)
{
    (void)context;
    PIOMMU_DMA_DEVICE device = device_of("gpu", GPU);
    rig_expect_equal(second().DetachDeviceEx(device), STATUS_INVALID_PARAMETER_1);
}

/* rule: DMA-IOMMU-20 */
static void a_device_is_deleted_after_it_was_detached(void *context)
{
    (void)context;
    PIOMMU_DMA_DEVICE device = device_of("gpu", GPU);
    rig_expect_equal(second().AttachDeviceEx(domain_of(DomainTypeTranslate), device), STATUS_SUCCESS);
    rig_expect_equal(second().DeleteDevice(device), STATUS_RESOURCE_IN_USE);
    rig_expect_equal(second().DetachDeviceEx(device), STATUS_SUCCESS);
    rig_expect_equal(second().DeleteDevice(device), STATUS_SUCCESS);
}

/* rule: DMA-IOMMU-2 */
static void using_a_device_that_was_deleted(void *context)
{
    (void)context;
    PIOMMU_DMA_DEVICE device = device_of("gpu", GPU);
    rig_expect_equal(second().DeleteDevice(device), STATUS_SUCCESS);
    second().DetachDeviceEx(device);
}

/* rule: DMA-IOMMU-21 */
static void a_device_that_is_not_behind_the_unit_is_none(void *context)
{
    (void)context;
    PIOMMU_DMA_DEVICE device;
    PDEVICE_OBJECT unknown = remapped_device("keyboard", 0);
    rig_expect_equal(second().CreateDevice(NULL, NULL, &device), STATUS_INVALID_PARAMETER);
    rig_expect_equal(second().CreateDevice(unknown, NULL, &device), STATUS_NOT_FOUND);
    rig_expect_equal(first().AttachDevice(domain_of(DomainTypeTranslate), unknown, 0, 1),
                     STATUS_INVALID_PARAMETER_2);
}

/* rule: DMA-IOMMU-22 */
static void this_machine_wants_no_configuration_of_devices(void *context)
{
    (void)context;
    PIOMMU_DMA_DEVICE device;
    PDEVICE_OBJECT object = remapped_device("gpu", GPU);
    IOMMU_DEVICE_CREATION_CONFIGURATION acpi = {.ConfigType = IommuDeviceCreationConfigTypeAcpi};
    rig_expect_equal(second().CreateDevice(object, &acpi, &device), STATUS_INVALID_PARAMETER_2);
    rig_expect_equal(second().CreateDevice(object, NULL, NULL), STATUS_INVALID_PARAMETER_3);
}

/* rule: DMA-IOMMU-23 */
static void version_1_attaches_device_objects(void *context)
{
    (void)context;
    unsigned char *memory;
    PDEVICE_OBJECT object = remapped_device("gpu", GPU);
    PIOMMU_DMA_DOMAIN domain = NULL, other = domain_of(DomainTypeTranslate);
    rig_expect_equal(first().CreateDomain(TRUE, &domain), STATUS_SUCCESS);
    rig_expect_equal(first().AttachDevice(domain, NULL, 0, 1), STATUS_INVALID_PARAMETER_2);
    rig_expect_equal(first().AttachDevice(domain, object, 1, 1), STATUS_INVALID_PARAMETER_3);
    rig_expect_equal(first().AttachDevice(domain, object, 0, 2), STATUS_INVALID_PARAMETER_4);
    rig_expect_equal(first().AttachDevice(domain, object, 0, 1), STATUS_SUCCESS);
    rig_expect_equal(first().AttachDevice(domain, object, 0, 1), STATUS_INVALID_PARAMETER);
    rig_expect_equal(first().MapLogicalRange(domain, READ_WRITE, world_buffer(1, false, &memory), AT),
                     STATUS_SUCCESS);
    rig_expect_equal(remapped_read(GPU, AT), 'a');
    rig_expect_equal(first().DetachDevice(other, object, 0), STATUS_INVALID_PARAMETER_2);
    rig_expect_equal(first().DetachDevice(domain, object, 1), STATUS_INVALID_PARAMETER_3);
    rig_expect_equal(first().DetachDevice(domain, object, 0), STATUS_SUCCESS);
    rig_expect_equal(first().DetachDevice(domain, object, 0), STATUS_INVALID_PARAMETER_2);
    rig_expect_equal(first().DeleteDomain(domain), STATUS_SUCCESS);
}

/* rule: DMA-IOMMU-24 */
static void a_device_may_be_in_domains_of_two_types(void *context)
{
    (void)context;
    ULONG types = 0;
    second().QueryAvailableDomainTypes(device_of("gpu", GPU), &types);
    rig_expect_equal(types, 1 << DomainTypeTranslate | 1 << DomainTypeUnmanaged);
}

/* ---- State changes and faults ---------------------------------------------------------------- */

struct told {
    unsigned calls;
    ULONG present, types;
};

static VOID tell(PIOMMU_INTERFACE_STATE_CHANGE change, PVOID context)
{
    struct told *told = context;
    told->calls++;
    told->present = change->PresentFields.AsULONG;
    told->types = change->AvailableDomainTypes;
}

static VOID tell_another(PIOMMU_INTERFACE_STATE_CHANGE change, PVOID context)
{
    tell(change, context);
}

static IOMMU_INTERFACE_STATE_CHANGE_FIELDS fields(ULONG bits)
{
    return (IOMMU_INTERFACE_STATE_CHANGE_FIELDS){.AsULONG = bits};
}

/* rule: DMA-IOMMU-25 */
static void a_callback_is_called_when_it_is_registered(void *context)
{
    (void)context;
    struct told told = {0};
    IOMMU_INTERFACE_STATE_CHANGE_FIELDS types = fields(1);
    rig_expect_equal(
        second().RegisterInterfaceStateChangeCallback(tell, &told, device_of("gpu", GPU), &types),
        STATUS_SUCCESS);
    rig_expect_equal(told.calls, 1);
    rig_expect_equal(told.present, 1);
    rig_expect_equal(told.types, 1 << DomainTypeTranslate | 1 << DomainTypeUnmanaged);
}

/* rule: DMA-IOMMU-26 */
static void a_device_has_one_callback(void *context)
{
    (void)context;
    struct told told = {0};
    IOMMU_INTERFACE_STATE_CHANGE_FIELDS types = fields(1), none = fields(0);
    PIOMMU_DMA_DEVICE device = device_of("gpu", GPU);
    DMA_IOMMU_INTERFACE_V2 i = second();
    rig_expect_equal(i.RegisterInterfaceStateChangeCallback(NULL, &told, device, &types),
                     STATUS_INVALID_PARAMETER_1);
    rig_expect_equal(i.RegisterInterfaceStateChangeCallback(tell, &told, device, &none),
                     STATUS_INVALID_PARAMETER_4);
    rig_expect_equal(i.RegisterInterfaceStateChangeCallback(tell, &told, device, NULL),
                     STATUS_INVALID_PARAMETER_4);
    rig_expect_equal(i.UnregisterInterfaceStateChangeCallback(tell, device), STATUS_UNSUCCESSFUL);
    rig_expect_equal(i.RegisterInterfaceStateChangeCallback(tell, &told, device, &types), STATUS_SUCCESS);
    rig_expect_equal(i.RegisterInterfaceStateChangeCallback(tell_another, &told, device, &types),
                     STATUS_UNSUCCESSFUL);
    rig_expect_equal(i.UnregisterInterfaceStateChangeCallback(tell_another, device), STATUS_UNSUCCESSFUL);
    rig_expect_equal(i.UnregisterInterfaceStateChangeCallback(tell, device), STATUS_SUCCESS);
    rig_expect_equal(told.calls, 1);
    rig_expect_equal(i.DeleteDevice(device), STATUS_SUCCESS);
}

/* rule: DMA-IOMMU-27 */
static void deleting_a_device_with_its_callback(void *context)
{
    (void)context;
    struct told told = {0};
    IOMMU_INTERFACE_STATE_CHANGE_FIELDS types = fields(1);
    PIOMMU_DMA_DEVICE device = device_of("gpu", GPU);
    second().RegisterInterfaceStateChangeCallback(tell, &told, device, &types);
    second().DeleteDevice(device);
}

static VOID handle_fault(PVOID context, PFAULT_INFORMATION information)
{
    (void)context;
    (void)information;
}

/* rule: DMA-IOMMU-28 */
static void fault_reporting_is_set_for_attached_devices(void *context)
{
    (void)context;
    DEVICE_FAULT_CONFIGURATION configuration = {.FaultHandler = handle_fault}, none = {.FaultHandler = NULL};
    PDEVICE_OBJECT object = remapped_device("gpu", GPU);
    PIOMMU_DMA_DOMAIN domain = domain_of(DomainTypeTranslate);
    DMA_IOMMU_INTERFACE_V1 i = first();
    rig_expect_equal(i.SetDeviceFaultReporting(object, 0, TRUE, &configuration), STATUS_INVALID_PARAMETER_1);
    rig_expect_equal(i.AttachDevice(domain, object, 0, 1), STATUS_SUCCESS);
    rig_expect_equal(i.SetDeviceFaultReporting(object, 1, TRUE, &configuration), STATUS_INVALID_PARAMETER_2);
    rig_expect_equal(i.SetDeviceFaultReporting(object, 0, TRUE, &none), STATUS_INVALID_PARAMETER_4);
    rig_expect_equal(i.SetDeviceFaultReporting(object, 0, TRUE, NULL), STATUS_INVALID_PARAMETER_4);
    rig_expect_equal(i.SetDeviceFaultReporting(object, 0, TRUE, &configuration), STATUS_SUCCESS);
    rig_expect_equal(i.SetDeviceFaultReporting(object, 0, FALSE, NULL), STATUS_SUCCESS);
}

/* rule: DMA-IOMMU-29 */
static void what_the_pages_say_is_not_there_is_not(void *context)
{
    (void)context;
    INPUT_MAPPING_ELEMENT element;
    ULONG length;
    PDEVICE_OBJECT object = remapped_device("gpu", GPU);
    PIOMMU_DMA_DEVICE device = NULL;
    rig_expect_equal(second().CreateDevice(object, NULL, &device), STATUS_SUCCESS);
    rig_expect_equal(second().SetDeviceFaultReportingEx(device, 0, FALSE, NULL), STATUS_NOT_IMPLEMENTED);
    rig_expect_equal(first().QueryInputMappings(object, &element, sizeof element, &length),
                     STATUS_UNSUCCESSFUL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        REMAPPED_HOLDS(each_version_has_all_of_its_functions),
        REMAPPED_HOLDS(other_versions_are_not_supported),
        WORLD_HOLDS(without_a_remapping_unit_there_is_no_interface),
        REMAPPED_HOLDS(a_device_reaches_what_its_domain_maps),
        REMAPPED_STOPS(a_device_reads_beside_what_its_domain_maps, "DMA-REMAP-3", "0xE6/26"),
        REMAPPED_STOPS(a_device_in_no_domain_reads, "DMA-REMAP-3", "0xE6/26"),
        REMAPPED_STOPS(a_device_reads_what_was_unmapped, "DMA-REMAP-3", "0xE6/26"),
        REMAPPED_STOPS(a_device_writes_what_is_mapped_for_reading, "DMA-REMAP-3", "0xE6/26"),
        REMAPPED_STOPS(a_device_reads_what_is_mapped_for_writing, "DMA-REMAP-3", "0xE6/26"),
        REMAPPED_STOPS(a_device_that_was_detached_reads, "DMA-REMAP-3", "0xE6/26"),
        REMAPPED_STOPS(a_domain_without_a_page_table_blocks_all, "DMA-REMAP-3", "0xE6/26"),
        REMAPPED_HOLDS(several_devices_share_a_domain),
        REMAPPED_HOLDS(a_domain_is_deleted_when_nobody_is_in_it),
        REMAPPED_STOPS(using_a_domain_that_was_deleted, "DMA-IOMMU-1", NULL),
        REMAPPED_STOPS(using_no_domain, "DMA-IOMMU-1", NULL),
        REMAPPED_HOLDS(only_domains_that_drivers_manage_are_configured),
        REMAPPED_HOLDS(only_domains_that_drivers_manage_are_flushed),
        REMAPPED_HOLDS(types_that_the_machine_does_not_allow_are_not_supported),
        REMAPPED_HOLDS(wrong_arguments_make_no_domain),
        REMAPPED_HOLDS(a_device_is_in_one_domain_at_a_time),
        REMAPPED_HOLDS(a_device_with_an_adapter_is_in_the_systems_domain),
        REMAPPED_HOLDS(a_device_that_is_in_no_domain_is_not_detached),
        REMAPPED_HOLDS(a_device_is_deleted_after_it_was_detached),
        REMAPPED_STOPS(using_a_device_that_was_deleted, "DMA-IOMMU-2", NULL),
        REMAPPED_HOLDS(a_device_that_is_not_behind_the_unit_is_none),
        REMAPPED_HOLDS(this_machine_wants_no_configuration_of_devices),
        REMAPPED_HOLDS(version_1_attaches_device_objects),
        REMAPPED_HOLDS(a_device_may_be_in_domains_of_two_types),
        REMAPPED_HOLDS(a_callback_is_called_when_it_is_registered),
        REMAPPED_HOLDS(a_device_has_one_callback),
        REMAPPED_STOPS(deleting_a_device_with_its_callback, "DMA-IOMMU-27", NULL),
        REMAPPED_HOLDS(fault_reporting_is_set_for_attached_devices),
        REMAPPED_HOLDS(what_the_pages_say_is_not_there_is_not),
    };
    return cmocka_run_group_tests_name("dma.iommu_interface", tests, NULL, NULL);
}
