/*
 * The remapping unit's interface for drivers: what is mapped where, by whom, and set aside for later.
 */
#include "remapped.h"

enum { GPU = 0x40, PAGES = 3, BYTES = PAGES * PAGE_SIZE, ALLOCATOR_BITS = 32 };

#define AT         0x70000000ull
#define READ_WRITE (IOMMU_ACCESS_READ | IOMMU_ACCESS_WRITE)
#define TOP        (1ull << 48) /* logical addresses have 48 bits */

static DMA_IOMMU_INTERFACE_V2 unit(void)
{
    DMA_IOMMU_INTERFACE_EX interface;
    rig_expect_equal(IoGetIommuInterfaceEx(2, 0, &interface), STATUS_SUCCESS);
    return interface.V2;
}

static PIOMMU_DMA_DOMAIN make(IOMMU_DMA_DOMAIN_TYPE type, bool allocator, IOMMU_DMA_RESERVED_REGION *regions)
{
    PIOMMU_DMA_DOMAIN domain = NULL;
    IOMMU_DMA_LOGICAL_ALLOCATOR_CONFIG buddy = {.LogicalAllocatorType = IommuDmaLogicalAllocatorBuddy};
    buddy.BuddyAllocatorConfig.AddressWidth = ALLOCATOR_BITS;
    rig_expect_equal(unit().CreateDomainEx(type, (IOMMU_DMA_DOMAIN_CREATION_FLAGS){.AsUlonglong = 0},
                                           allocator ? &buddy : NULL, regions, &domain),
                     STATUS_SUCCESS);
    return domain;
}

static PIOMMU_DMA_DOMAIN plain(void)
{
    return make(DomainTypeTranslate, false, NULL);
}

static void attach(PIOMMU_DMA_DOMAIN domain)
{
    PIOMMU_DMA_DEVICE device;
    rig_expect_equal(unit().CreateDevice(remapped_device("gpu", GPU), NULL, &device), STATUS_SUCCESS);
    rig_expect_equal(unit().AttachDeviceEx(domain, device), STATUS_SUCCESS);
}

static PMDL buffer(void)
{
    unsigned char *memory;
    return world_buffer(PAGES, false, &memory);
}

static IOMMU_MAP_PHYSICAL_ADDRESS of_mdl(PMDL mdl)
{
    return (IOMMU_MAP_PHYSICAL_ADDRESS){.MapType = MapPhysicalAddressTypeMdl, .Mdl.Mdl = mdl};
}

static IOMMU_MAP_PHYSICAL_ADDRESS of_range(uint64_t base, uint64_t bytes)
{
    IOMMU_MAP_PHYSICAL_ADDRESS a = {.MapType = MapPhysicalAddressTypeContiguousRange};
    a.ContiguousRange.Base.QuadPart = (LONGLONG)base;
    a.ContiguousRange.Size = bytes;
    return a;
}

static IOMMU_MAP_PHYSICAL_ADDRESS of_frames(PPFN_NUMBER frames, uint64_t count)
{
    IOMMU_MAP_PHYSICAL_ADDRESS a = {.MapType = MapPhysicalAddressTypePfn};
    a.PfnArray.PageFrame = frames;
    a.PfnArray.NumberOfPages = count;
    return a;
}

static NTSTATUS map(PIOMMU_DMA_DOMAIN domain, IOMMU_MAP_PHYSICAL_ADDRESS memory, uint64_t logical)
{
    IOMMU_DMA_LOGICAL_ADDRESS at = logical, out;
    return unit().MapLogicalRangeEx(domain, READ_WRITE, &memory, &at, NULL, NULL, &out);
}

static NTSTATUS map_anywhere(PIOMMU_DMA_DOMAIN domain, IOMMU_MAP_PHYSICAL_ADDRESS memory, uint64_t lowest,
                             uint64_t highest, uint64_t *logical)
{
    IOMMU_DMA_LOGICAL_ADDRESS min = lowest, max = highest, out = 0;
    NTSTATUS status = unit().MapLogicalRangeEx(domain, READ_WRITE, &memory, NULL, &min, &max, &out);
    *logical = out;
    return status;
}

/* ---- Where the driver says ------------------------------------------------------------------- */

/* rule: DMA-IOMMU-30 */
static void memory_is_told_in_three_ways(void *context)
{
    (void)context;
    unsigned char *memory;
    PIOMMU_DMA_DOMAIN domain = plain();
    PMDL mdl = world_buffer(PAGES, true, &memory);
    PPFN_NUMBER frames = MmGetMdlPfnArray(mdl);
    attach(domain);
    rig_expect_equal(map(domain, of_mdl(mdl), AT), STATUS_SUCCESS);
    rig_expect_equal(map(domain, of_range(frames[2] << PAGE_SHIFT, PAGE_SIZE), AT + BYTES), STATUS_SUCCESS);
    rig_expect_equal(map(domain, of_frames(frames + 1, 2), AT + BYTES + PAGE_SIZE), STATUS_SUCCESS);
    for (unsigned page = 0; page < PAGES; page++)
        rig_expect_equal(remapped_read(GPU, AT + page * PAGE_SIZE), 'a' + page);
    rig_expect_equal(remapped_read(GPU, AT + BYTES), 'c');
    rig_expect_equal(remapped_read(GPU, AT + BYTES + PAGE_SIZE), 'b');
    rig_expect_equal(remapped_read(GPU, AT + BYTES + 2 * PAGE_SIZE), 'c');
}

/* rule: DMA-IOMMU-31 */
static void memory_is_whole_pages(void *context)
{
    (void)context;
    unsigned char *memory = world_pages(PAGES, false);
    PIOMMU_DMA_DOMAIN domain = plain();
    PFN_NUMBER frame = 0x1000;
    const IOMMU_MAP_PHYSICAL_ADDRESS wrong[] = {
        of_mdl(NULL),
        of_mdl(world_mdl(memory + 1, PAGE_SIZE)),
        of_mdl(world_mdl(memory, PAGE_SIZE + 1)),
        of_mdl(IoAllocateMdl(memory, PAGE_SIZE, FALSE, FALSE, NULL)), /* not locked */
        of_range(1, PAGE_SIZE),
        of_range(PAGE_SIZE, 1),
        of_range(PAGE_SIZE, 0),
        of_frames(NULL, 1),
        of_frames(&frame, 0),
        {.MapType = MapPhysicalAddressTypeMax},
    };
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        IOMMU_MAP_PHYSICAL_ADDRESS a = wrong[i];
        rig_expect_equal(map(domain, a, AT), STATUS_INVALID_PARAMETER_3);
        rig_expect_equal(unit().MapIdentityRangeEx(domain, READ_WRITE, &a), STATUS_INVALID_PARAMETER_3);
        rig_expect_equal(unit().UnmapIdentityRangeEx(domain, &a), STATUS_INVALID_PARAMETER_2);
    }
    IOMMU_DMA_LOGICAL_ADDRESS at = AT, out;
    rig_expect_equal(unit().MapLogicalRangeEx(domain, READ_WRITE, NULL, &at, NULL, NULL, &out),
                     STATUS_INVALID_PARAMETER_3);
}

/* rule: DMA-IOMMU-32 */
static void an_address_is_page_aligned_and_within_the_units(void *context)
{
    (void)context;
    PIOMMU_DMA_DOMAIN domain = plain();
    PMDL mdl = buffer();
    rig_expect_equal(map(domain, of_mdl(mdl), AT + 1), STATUS_INVALID_PARAMETER_4);
    rig_expect_equal(map(domain, of_mdl(mdl), TOP), STATUS_INVALID_PARAMETER_4);
    rig_expect_equal(map(domain, of_mdl(mdl), TOP - BYTES + PAGE_SIZE), STATUS_INVALID_PARAMETER_4);
    rig_expect_equal(map(domain, of_mdl(mdl), ~0ull << PAGE_SHIFT), STATUS_INVALID_PARAMETER_4);
    rig_expect_equal(map(domain, of_mdl(mdl), TOP - BYTES), STATUS_SUCCESS);
    rig_expect_equal(map(domain, of_mdl(mdl), 0), STATUS_SUCCESS);
}

/* rule: DMA-IOMMU-33 */
static void permissions_are_two_bits(void *context)
{
    (void)context;
    PIOMMU_DMA_DOMAIN domain = plain();
    IOMMU_MAP_PHYSICAL_ADDRESS memory = of_mdl(buffer());
    IOMMU_DMA_LOGICAL_ADDRESS at = AT, out;
    rig_expect_equal(unit().MapLogicalRangeEx(domain, 0, &memory, &at, NULL, NULL, &out),
                     STATUS_INVALID_PARAMETER_2);
    rig_expect_equal(unit().MapLogicalRangeEx(domain, 4, &memory, &at, NULL, NULL, &out),
                     STATUS_INVALID_PARAMETER_2);
    rig_expect_equal(unit().MapIdentityRangeEx(domain, 7, &memory), STATUS_INVALID_PARAMETER_2);
}

/* rule: DMA-IOMMU-35 */
static void what_is_mapped_is_not_mapped_again(void *context)
{
    (void)context;
    PIOMMU_DMA_DOMAIN domain = plain();
    rig_expect_equal(map(domain, of_mdl(buffer()), AT), STATUS_SUCCESS);
    rig_expect_equal(map(domain, of_mdl(buffer()), AT), STATUS_RESOURCE_IN_USE);
    rig_expect_equal(map(domain, of_mdl(buffer()), AT + BYTES - PAGE_SIZE), STATUS_RESOURCE_IN_USE);
    rig_expect_equal(map(domain, of_mdl(buffer()), AT - BYTES + PAGE_SIZE), STATUS_RESOURCE_IN_USE);
    rig_expect_equal(map(domain, of_mdl(buffer()), AT + BYTES), STATUS_SUCCESS);
    rig_expect_equal(map(plain(), of_mdl(buffer()), AT), STATUS_SUCCESS);
}

/* rule: DMA-IOMMU-36 */
static void what_is_not_mapped_is_not_unmapped(void *context)
{
    (void)context;
    PIOMMU_DMA_DOMAIN domain = plain();
    rig_expect_equal(map(domain, of_mdl(buffer()), AT), STATUS_SUCCESS);
    rig_expect_equal(unit().UnmapLogicalRange(domain, AT + 1, 1), STATUS_INVALID_PARAMETER_2);
    rig_expect_equal(unit().UnmapLogicalRange(domain, AT, 0), STATUS_INVALID_PARAMETER_3);
    rig_expect_equal(unit().UnmapLogicalRange(domain, AT, PAGES + 1), STATUS_INVALID_PARAMETER);
    rig_expect_equal(unit().UnmapLogicalRange(domain, AT - PAGE_SIZE, 1), STATUS_INVALID_PARAMETER);
    rig_expect_equal(unit().UnmapLogicalRange(domain, AT, ~0ull), STATUS_INVALID_PARAMETER);
    rig_expect_equal(unit().UnmapLogicalRange(domain, AT + PAGE_SIZE, 1), STATUS_SUCCESS);
    rig_expect_equal(unit().UnmapLogicalRange(domain, AT, PAGES), STATUS_INVALID_PARAMETER);
    rig_expect_equal(map(domain, of_range(0x1000000, PAGE_SIZE), AT + PAGE_SIZE), STATUS_SUCCESS);
    rig_expect_equal(unit().UnmapLogicalRange(domain, AT, PAGES), STATUS_SUCCESS);
}

/* rule: DMA-IOMMU-37 */
static void only_domains_that_the_system_manages_are_mapped(void *context)
{
    (void)context;
    PIOMMU_DMA_DOMAIN domain = make(DomainTypeUnmanaged, false, NULL);
    PMDL mdl = buffer();
    IOMMU_MAP_PHYSICAL_ADDRESS memory = of_mdl(mdl);
    DMA_IOMMU_INTERFACE old;
    rig_expect_equal(IoGetIommuInterface(1, &old), STATUS_SUCCESS);
    rig_expect_equal(map(domain, memory, AT), STATUS_INVALID_PARAMETER_1);
    rig_expect_equal(unit().UnmapLogicalRange(domain, AT, 1), STATUS_INVALID_PARAMETER_1);
    rig_expect_equal(unit().MapIdentityRangeEx(domain, READ_WRITE, &memory), STATUS_INVALID_PARAMETER_1);
    rig_expect_equal(unit().UnmapIdentityRangeEx(domain, &memory), STATUS_INVALID_PARAMETER_1);
    rig_expect_equal(old.MapLogicalRange(domain, READ_WRITE, mdl, AT), STATUS_INVALID_PARAMETER_1);
    rig_expect_equal(old.MapIdentityRange(domain, READ_WRITE, mdl), STATUS_INVALID_PARAMETER_1);
}

/* rule: DMA-IOMMU-38 */
static void version_1_maps_mdls(void *context)
{
    (void)context;
    unsigned char *memory;
    DMA_IOMMU_INTERFACE old;
    PIOMMU_DMA_DOMAIN domain = plain();
    PMDL mdl = world_buffer(PAGES, false, &memory);
    attach(domain);
    rig_expect_equal(IoGetIommuInterface(1, &old), STATUS_SUCCESS);
    rig_expect_equal(old.MapLogicalRange(domain, 0, mdl, AT), STATUS_INVALID_PARAMETER_2);
    rig_expect_equal(old.MapLogicalRange(domain, READ_WRITE, NULL, AT), STATUS_INVALID_PARAMETER_3);
    rig_expect_equal(old.MapLogicalRange(domain, READ_WRITE, mdl, AT + 1), STATUS_INVALID_PARAMETER_4);
    rig_expect_equal(old.MapLogicalRange(domain, READ_WRITE, mdl, AT), STATUS_SUCCESS);
    rig_expect_equal(old.MapLogicalRange(domain, READ_WRITE, mdl, AT), STATUS_RESOURCE_IN_USE);
    rig_expect_equal(remapped_read(GPU, AT + BYTES - 1), 'c');
    rig_expect_equal(old.UnmapLogicalRange(domain, AT, PAGES), STATUS_SUCCESS);
    rig_expect_equal(old.MapIdentityRange(domain, READ_WRITE, mdl), STATUS_SUCCESS);
    rig_expect_equal(remapped_read(GPU, emu_ram_physical(emu_current(), memory)), 'a');
    rig_expect_equal(old.UnmapIdentityRange(domain, mdl), STATUS_SUCCESS);
    rig_expect_equal(old.UnmapIdentityRange(domain, mdl), STATUS_INVALID_PARAMETER);
}

/* rule: DMA-IOMMU-39 */
static void an_identity_mapping_has_physical_addresses(void *context)
{
    (void)context;
    unsigned char *memory;
    PIOMMU_DMA_DOMAIN domain = plain();
    IOMMU_MAP_PHYSICAL_ADDRESS pages = of_mdl(world_buffer(PAGES, true, &memory));
    attach(domain);
    rig_expect_equal(unit().MapIdentityRangeEx(domain, READ_WRITE, &pages), STATUS_SUCCESS);
    for (unsigned page = 0; page < PAGES; page++)
        rig_expect_equal(remapped_read(GPU, emu_ram_physical(emu_current(), memory + page * PAGE_SIZE)),
                         'a' + page);
    rig_expect_equal(unit().MapIdentityRangeEx(domain, READ_WRITE, &pages), STATUS_RESOURCE_IN_USE);
    rig_expect_equal(unit().UnmapIdentityRangeEx(domain, &pages), STATUS_SUCCESS);
    rig_expect_equal(unit().UnmapIdentityRangeEx(domain, &pages), STATUS_INVALID_PARAMETER);
    PFN_NUMBER beyond = TOP >> PAGE_SHIFT;
    pages = of_frames(&beyond, 1);
    rig_expect_equal(unit().MapIdentityRangeEx(domain, READ_WRITE, &pages), STATUS_INVALID_PARAMETER_3);
    rig_expect_equal(unit().UnmapIdentityRangeEx(domain, &pages), STATUS_INVALID_PARAMETER);
}

/* rule: DMA-IOMMU-40 */
static void more_than_4_gib_at_once_are_too_much(void *context)
{
    (void)context;
    PIOMMU_DMA_DOMAIN domain = plain();
    IOMMU_MAP_PHYSICAL_ADDRESS much = of_range(0, (4ull << 30) + PAGE_SIZE);
    IOMMU_DMA_LOGICAL_ADDRESS at = 0;
    PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN token;
    rig_expect_equal(map(domain, much, 0), STATUS_INSUFFICIENT_RESOURCES);
    rig_expect_equal(unit().MapIdentityRangeEx(domain, READ_WRITE, &much), STATUS_INSUFFICIENT_RESOURCES);
    rig_expect_equal(
        unit().ReserveLogicalAddressRange(domain, (4ull << 30) + PAGE_SIZE, &at, NULL, NULL, &token),
        STATUS_INSUFFICIENT_RESOURCES);
}

/* ---- Where the system finds room ------------------------------------------------------------- */

/* rule: DMA-IOMMU-41 */
static void the_allocator_takes_low_addresses_at_powers_of_two(void *context)
{
    (void)context;
    uint64_t one, three, next;
    PIOMMU_DMA_DOMAIN domain = make(DomainTypeTranslate, true, NULL);
    rig_expect_equal(map_anywhere(domain, of_range(0x1000000, PAGE_SIZE), 0, TOP, &one), STATUS_SUCCESS);
    rig_expect_equal(map_anywhere(domain, of_mdl(buffer()), 0, TOP, &three), STATUS_SUCCESS);
    rig_expect_equal(map_anywhere(domain, of_range(0x1000000, PAGE_SIZE), 0, TOP, &next), STATUS_SUCCESS);
    rig_expect_equal(one % PAGE_SIZE, 0);
    rig_expect_equal(three % (4 * PAGE_SIZE), 0);
    rig_expect(next < three && next > one);
    rig_expect_equal(unit().UnmapLogicalRange(domain, three, PAGES), STATUS_SUCCESS);
}

/* rule: DMA-IOMMU-42 */
static void the_allocator_keeps_to_limits_and_its_width(void *context)
{
    (void)context;
    uint64_t logical, other;
    PIOMMU_DMA_DOMAIN domain = make(DomainTypeTranslate, true, NULL);
    rig_expect_equal(map_anywhere(domain, of_mdl(buffer()), AT, AT + 4 * PAGE_SIZE - 1, &logical),
                     STATUS_SUCCESS);
    rig_expect(logical >= AT && logical + BYTES <= AT + 4 * PAGE_SIZE);
    rig_expect_equal(map_anywhere(domain, of_mdl(buffer()), AT, AT + 4 * PAGE_SIZE - 1, &other),
                     STATUS_INVALID_PARAMETER_MIX);
    rig_expect_equal(map_anywhere(domain, of_mdl(buffer()), 1ull << ALLOCATOR_BITS, TOP, &other),
                     STATUS_INVALID_PARAMETER_MIX);
    rig_expect_equal(map_anywhere(domain, of_mdl(buffer()), AT, AT, &other), STATUS_INVALID_PARAMETER_MIX);
}

/* rule: DMA-IOMMU-43 */
static void with_an_allocator_the_driver_names_no_address(void *context)
{
    (void)context;
    uint64_t logical;
    PIOMMU_DMA_DOMAIN domain = make(DomainTypeTranslate, true, NULL);
    IOMMU_MAP_PHYSICAL_ADDRESS memory = of_mdl(buffer());
    DMA_IOMMU_INTERFACE old;
    rig_expect_equal(IoGetIommuInterface(1, &old), STATUS_SUCCESS);
    rig_expect_equal(map(domain, memory, AT), STATUS_NOT_SUPPORTED);
    rig_expect_equal(unit().MapIdentityRangeEx(domain, READ_WRITE, &memory), STATUS_NOT_SUPPORTED);
    rig_expect_equal(unit().UnmapIdentityRangeEx(domain, &memory), STATUS_NOT_SUPPORTED);
    rig_expect_equal(old.MapLogicalRange(domain, READ_WRITE, memory.Mdl.Mdl, AT), STATUS_NOT_SUPPORTED);
    rig_expect_equal(map_anywhere(plain(), memory, 0, TOP, &logical), STATUS_NOT_SUPPORTED);
}

/* rule: DMA-IOMMU-44 */
static void reserved_regions_are_not_handed_out(void *context)
{
    (void)context;
    uint64_t logical;
    unsigned char *memory = world_pages(1, false);
    uint64_t physical = emu_ram_physical(emu_current(), memory);
    IOMMU_DMA_RESERVED_REGION mapped = {NULL, physical, 1, TRUE};
    IOMMU_DMA_RESERVED_REGION low = {&mapped, 0, 256, FALSE};
    PIOMMU_DMA_DOMAIN domain = make(DomainTypeTranslate, true, &low);
    memory[0] = 'm';
    attach(domain);
    rig_expect_equal(remapped_read(GPU, physical), 'm');
    rig_expect_equal(map_anywhere(domain, of_mdl(buffer()), 0, TOP, &logical), STATUS_SUCCESS);
    rig_expect(logical >= 256 * PAGE_SIZE);
    rig_expect_equal(map(make(DomainTypeTranslate, false, &low), of_mdl(buffer()), PAGE_SIZE),
                     STATUS_RESOURCE_IN_USE);
}

/* rule: DMA-IOMMU-44 */
static void a_device_reads_a_reserved_region_that_is_not_mapped(void *context)
{
    (void)context;
    IOMMU_DMA_RESERVED_REGION low = {NULL, AT, 1, FALSE};
    attach(make(DomainTypeTranslate, false, &low));
    remapped_read(GPU, AT);
}

/* ---- Ranges set aside ------------------------------------------------------------------------ */

static PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN reserve(PIOMMU_DMA_DOMAIN domain)
{
    IOMMU_DMA_LOGICAL_ADDRESS at = AT;
    PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN token = NULL;
    rig_expect_equal(unit().ReserveLogicalAddressRange(domain, 2 * BYTES, &at, NULL, NULL, &token),
                     STATUS_SUCCESS);
    rig_expect(token != NULL);
    return token;
}

typedef IOMMU_DMA_LOGICAL_ADDRESS_TOKEN_MAPPED_SEGMENT segment;

static NTSTATUS map_part(PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN token, uint64_t offset, segment *mapped)
{
    IOMMU_MAP_PHYSICAL_ADDRESS memory = of_mdl(buffer());
    return unit().MapReservedLogicalRange(token, offset, READ_WRITE, &memory, mapped);
}

/* rule: DMA-IOMMU-45 */
static void parts_of_a_range_are_mapped_and_unmapped(void *context)
{
    (void)context;
    segment one, other;
    PIOMMU_DMA_DOMAIN domain = plain();
    PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN token = reserve(domain);
    attach(domain);
    rig_expect_equal(token->LogicalAddressBase, AT);
    rig_expect_equal(token->Size, 2 * BYTES);
    rig_expect_equal(map_part(token, 0, &one), STATUS_SUCCESS);
    rig_expect_equal(map_part(token, BYTES, &other), STATUS_SUCCESS);
    rig_expect(other.OwningToken == token && other.Offset == BYTES && other.Size == BYTES);
    rig_expect_equal(remapped_read(GPU, AT + BYTES + PAGE_SIZE), 'b');
    rig_expect_equal(unit().UnmapReservedLogicalRange(&one), STATUS_SUCCESS);
    rig_expect_equal(remapped_read(GPU, AT + BYTES), 'a');
    rig_expect_equal(map_part(token, 0, &one), STATUS_SUCCESS);
    rig_expect_equal(remapped_read(GPU, AT), 'a');
}

/* rule: DMA-IOMMU-46 */
static void a_device_reads_a_range_that_is_only_set_aside(void *context)
{
    (void)context;
    PIOMMU_DMA_DOMAIN domain = plain();
    reserve(domain);
    attach(domain);
    remapped_read(GPU, AT);
}

/* rule: DMA-IOMMU-47 */
static void a_range_that_is_set_aside_is_nobody_elses(void *context)
{
    (void)context;
    segment mapped;
    IOMMU_DMA_LOGICAL_ADDRESS at = AT;
    PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN token, again;
    PIOMMU_DMA_DOMAIN domain = plain();
    token = reserve(domain);
    rig_expect_equal(map(domain, of_mdl(buffer()), AT), STATUS_RESOURCE_IN_USE);
    rig_expect_equal(unit().ReserveLogicalAddressRange(domain, PAGE_SIZE, &at, NULL, NULL, &again),
                     STATUS_RESOURCE_IN_USE);
    rig_expect_equal(map_part(token, 0, &mapped), STATUS_SUCCESS);
    rig_expect_equal(unit().UnmapLogicalRange(domain, AT, 1), STATUS_INVALID_PARAMETER);
    rig_expect_equal(unit().UnmapReservedLogicalRange(&mapped), STATUS_SUCCESS);
    rig_expect_equal(map(domain, of_mdl(buffer()), AT), STATUS_RESOURCE_IN_USE);
    rig_expect_equal(unit().FreeReservedLogicalAddressRange(token), STATUS_SUCCESS);
    rig_expect_equal(map(domain, of_mdl(buffer()), AT), STATUS_SUCCESS);
}

/* rule: DMA-IOMMU-48 */
static void wrong_arguments_set_nothing_aside(void *context)
{
    (void)context;
    IOMMU_DMA_LOGICAL_ADDRESS at = AT, odd = AT + 1, low = AT, high = AT;
    PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN token;
    PIOMMU_DMA_DOMAIN domain = plain(), found = make(DomainTypeTranslate, true, NULL);
    PIOMMU_DMA_DOMAIN unmanaged = make(DomainTypeUnmanaged, false, NULL);
    DMA_IOMMU_INTERFACE_V2 u = unit();
    rig_expect_equal(u.ReserveLogicalAddressRange(unmanaged, PAGE_SIZE, &at, NULL, NULL, &token),
                     STATUS_INVALID_PARAMETER_1);
    rig_expect_equal(u.ReserveLogicalAddressRange(domain, 1, &at, NULL, NULL, &token),
                     STATUS_INVALID_PARAMETER_2);
    rig_expect_equal(u.ReserveLogicalAddressRange(domain, 0, &at, NULL, NULL, &token),
                     STATUS_INVALID_PARAMETER_2);
    rig_expect_equal(u.ReserveLogicalAddressRange(domain, PAGE_SIZE, &odd, NULL, NULL, &token),
                     STATUS_INVALID_PARAMETER_3);
    rig_expect_equal(u.ReserveLogicalAddressRange(found, PAGE_SIZE, NULL, &low, &high, &token),
                     STATUS_INVALID_PARAMETER_MIX);
    rig_expect_equal(u.ReserveLogicalAddressRange(found, PAGE_SIZE, &at, NULL, NULL, &token),
                     STATUS_NOT_SUPPORTED);
    rig_expect_equal(u.ReserveLogicalAddressRange(domain, PAGE_SIZE, NULL, NULL, NULL, &token),
                     STATUS_NOT_SUPPORTED);
    rig_expect_equal(u.ReserveLogicalAddressRange(found, PAGE_SIZE, NULL, NULL, NULL, &token),
                     STATUS_SUCCESS);
}

/* rule: DMA-IOMMU-49 */
static void wrong_arguments_map_nothing_there(void *context)
{
    (void)context;
    segment mapped;
    PIOMMU_DMA_DOMAIN domain = plain();
    PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN token = reserve(domain);
    IOMMU_MAP_PHYSICAL_ADDRESS memory = of_mdl(buffer()), odd = of_range(1, PAGE_SIZE);
    DMA_IOMMU_INTERFACE_V2 u = unit();
    rig_expect_equal(map_part(token, 1, &mapped), STATUS_INVALID_PARAMETER_2);
    rig_expect_equal(map_part(token, 2 * BYTES, &mapped), STATUS_INVALID_PARAMETER_2);
    rig_expect_equal(map_part(token, BYTES + PAGE_SIZE, &mapped), STATUS_INVALID_PARAMETER_4);
    rig_expect_equal(u.MapReservedLogicalRange(token, 0, 0, &memory, &mapped), STATUS_INVALID_PARAMETER_3);
    rig_expect_equal(u.MapReservedLogicalRange(token, 0, READ_WRITE, &odd, &mapped),
                     STATUS_INVALID_PARAMETER_4);
    rig_expect_equal(u.MapReservedLogicalRange(token, 0, READ_WRITE, &memory, NULL),
                     STATUS_INVALID_PARAMETER_5);
    rig_expect_equal(map_part(token, 0, &mapped), STATUS_SUCCESS);
    rig_expect_equal(map_part(token, 2 * PAGE_SIZE, &mapped), STATUS_RESOURCE_IN_USE);
}

/* rule: DMA-IOMMU-50 */
static void a_segment_that_is_not_mapped_is_not_unmapped(void *context)
{
    (void)context;
    segment mapped, copy;
    PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN token = reserve(plain());
    rig_expect_equal(map_part(token, 0, &mapped), STATUS_SUCCESS);
    copy = mapped;
    rig_expect_equal(unit().UnmapReservedLogicalRange(&mapped), STATUS_SUCCESS);
    rig_expect_equal(unit().UnmapReservedLogicalRange(&mapped), STATUS_INVALID_PARAMETER);
    rig_expect_equal(unit().UnmapReservedLogicalRange(&copy), STATUS_INVALID_PARAMETER);
    rig_expect_equal(unit().UnmapReservedLogicalRange(NULL), STATUS_INVALID_PARAMETER);
}

/* rule: DMA-IOMMU-51 */
static void a_range_is_freed_when_nothing_is_mapped_there(void *context)
{
    (void)context;
    segment mapped;
    PIOMMU_DMA_DOMAIN domain = plain();
    PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN token = reserve(domain);
    rig_expect_equal(map_part(token, BYTES, &mapped), STATUS_SUCCESS);
    rig_expect_equal(unit().FreeReservedLogicalAddressRange(token), STATUS_RESOURCE_IN_USE);
    rig_expect_equal(unit().UnmapReservedLogicalRange(&mapped), STATUS_SUCCESS);
    rig_expect_equal(unit().DeleteDomain(domain), STATUS_RESOURCE_IN_USE);
    rig_expect_equal(unit().FreeReservedLogicalAddressRange(token), STATUS_SUCCESS);
    rig_expect_equal(unit().DeleteDomain(domain), STATUS_SUCCESS);
}

/* rule: DMA-IOMMU-34 */
static void freeing_a_range_twice(void *context)
{
    (void)context;
    PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN token = reserve(plain());
    rig_expect_equal(unit().FreeReservedLogicalAddressRange(token), STATUS_SUCCESS);
    unit().FreeReservedLogicalAddressRange(token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        REMAPPED_HOLDS(memory_is_told_in_three_ways),
        REMAPPED_HOLDS(memory_is_whole_pages),
        REMAPPED_HOLDS(an_address_is_page_aligned_and_within_the_units),
        REMAPPED_HOLDS(permissions_are_two_bits),
        REMAPPED_HOLDS(what_is_mapped_is_not_mapped_again),
        REMAPPED_HOLDS(what_is_not_mapped_is_not_unmapped),
        REMAPPED_HOLDS(only_domains_that_the_system_manages_are_mapped),
        REMAPPED_HOLDS(version_1_maps_mdls),
        REMAPPED_HOLDS(an_identity_mapping_has_physical_addresses),
        REMAPPED_HOLDS(more_than_4_gib_at_once_are_too_much),
        REMAPPED_HOLDS(the_allocator_takes_low_addresses_at_powers_of_two),
        REMAPPED_HOLDS(the_allocator_keeps_to_limits_and_its_width),
        REMAPPED_HOLDS(with_an_allocator_the_driver_names_no_address),
        REMAPPED_HOLDS(reserved_regions_are_not_handed_out),
        REMAPPED_STOPS(a_device_reads_a_reserved_region_that_is_not_mapped, "DMA-REMAP-3", "0xE6/26"),
        REMAPPED_HOLDS(parts_of_a_range_are_mapped_and_unmapped),
        REMAPPED_STOPS(a_device_reads_a_range_that_is_only_set_aside, "DMA-REMAP-3", "0xE6/26"),
        REMAPPED_HOLDS(a_range_that_is_set_aside_is_nobody_elses),
        REMAPPED_HOLDS(wrong_arguments_set_nothing_aside),
        REMAPPED_HOLDS(wrong_arguments_map_nothing_there),
        REMAPPED_HOLDS(a_segment_that_is_not_mapped_is_not_unmapped),
        REMAPPED_HOLDS(a_range_is_freed_when_nothing_is_mapped_there),
        REMAPPED_STOPS(freeing_a_range_twice, "DMA-IOMMU-34", NULL),
    };
    return cmocka_run_group_tests_name("dma.iommu_maps", tests, NULL, NULL);
}
