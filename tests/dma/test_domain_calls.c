/*
 * GetDmaDomain, JoinDmaDomain, LeaveDmaDomain, AllocateDomainCommonBuffer.
 */
#include "remapped.h"

enum { DISK = 0x10, SOUND = 0x20, CAMERA = 0x30, BYTES = 3 * PAGE_SIZE, LARGE = 512 * PAGE_SIZE };

static HANDLE domain_of(PDMA_ADAPTER adapter)
{
    return adapter->DmaOperations->GetDmaDomain(adapter);
}

static NTSTATUS join(PDMA_ADAPTER adapter, HANDLE domain)
{
    return adapter->DmaOperations->JoinDmaDomain(adapter, domain);
}

static NTSTATUS leave(PDMA_ADAPTER adapter)
{
    return adapter->DmaOperations->LeaveDmaDomain(adapter);
}

struct ask {
    HANDLE domain;
    uint64_t highest; /* 0: NULL is passed */
    ULONG length, flags;
    MEMORY_CACHING_TYPE *cache;
    NODE_REQUIREMENT node;
};

static NTSTATUS allocate(PDMA_ADAPTER adapter, const struct ask *ask, unsigned char **memory,
                         uint64_t *logical)
{
    PHYSICAL_ADDRESS highest = {.QuadPart = (LONGLONG)ask->highest}, address = {.QuadPart = 0};
    PVOID buffer = NULL;
    NTSTATUS status = adapter->DmaOperations->AllocateDomainCommonBuffer(
        adapter, ask->domain, ask->highest != 0 ? &highest : NULL, ask->length, ask->flags, ask->cache,
        ask->node, &address, &buffer);
    *memory = buffer;
    *logical = (uint64_t)address.QuadPart;
    return status;
}

static unsigned char *shared(PDMA_ADAPTER adapter, HANDLE domain, uint64_t *logical)
{
    unsigned char *memory;
    rig_expect_equal(allocate(adapter, &(struct ask){.domain = domain, .length = BYTES}, &memory, logical),
                     STATUS_SUCCESS);
    rig_expect(memory != NULL);
    return memory;
}

/* ---- Being in a domain ----------------------------------------------------------------------- */

/* rule: DMA-DOMAIN-1 */
static void each_device_is_in_a_domain_of_its_own(void *context)
{
    (void)context;
    PDEVICE_OBJECT disk = remapped_device("disk", DISK);
    PDMA_ADAPTER one = remapped_adapter(disk, 64), other = remapped_adapter(disk, 32);
    PDMA_ADAPTER sound = remapped_adapter(remapped_device("sound", SOUND), 64);
    rig_expect(domain_of(one) != NULL);
    rig_expect(domain_of(one) == domain_of(other));
    rig_expect(domain_of(one) != domain_of(sound));
    rig_expect(domain_of(one) == domain_of(one));
}

/* rule: DMA-DOMAIN-2 */
static void without_a_remapping_unit_there_are_no_domains(void *context)
{
    (void)context;
    unsigned char *memory;
    uint64_t logical;
    PDMA_ADAPTER adapter = world_adapter(64);
    rig_expect(domain_of(adapter) == NULL);
    rig_expect_equal(join(adapter, NULL), STATUS_NOT_SUPPORTED);
    rig_expect_equal(leave(adapter), STATUS_NOT_SUPPORTED);
    rig_expect_equal(allocate(adapter, &(struct ask){.length = BYTES}, &memory, &logical),
                     STATUS_NOT_SUPPORTED);
}

/* rule: DMA-DOMAIN-3 */
static void a_device_that_joins_a_domain_reaches_what_is_mapped_there(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER disk = remapped_adapter(remapped_device("disk", DISK), 64);
    PDMA_ADAPTER sound = remapped_adapter(remapped_device("sound", SOUND), 64);
    unsigned char *memory = shared(disk, domain_of(disk), &logical);
    rig_expect_equal(join(sound, domain_of(disk)), STATUS_SUCCESS);
    rig_expect(domain_of(sound) == domain_of(disk));
    memory[BYTES - 1] = 's';
    rig_expect_equal(remapped_read(SOUND, logical + BYTES - 1), 's');
    rig_expect_equal(remapped_read(DISK, logical + BYTES - 1), 's');
    PHYSICAL_ADDRESS address;
    unsigned char *more = sound->DmaOperations->AllocateCommonBuffer(sound, BYTES, &address, TRUE);
    more[0] = 'd';
    rig_expect_equal(remapped_read(DISK, (uint64_t)address.QuadPart), 'd');
}

/* rule: DMA-DOMAIN-4 */
static void a_device_that_did_not_join_reads_it(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER disk = remapped_adapter(remapped_device("disk", DISK), 64);
    remapped_adapter(remapped_device("sound", SOUND), 64);
    shared(disk, domain_of(disk), &logical);
    remapped_read(SOUND, logical);
}

/* rule: DMA-DOMAIN-5 */
static void a_device_that_left_reads_it(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER disk = remapped_adapter(remapped_device("disk", DISK), 64);
    PDMA_ADAPTER sound = remapped_adapter(remapped_device("sound", SOUND), 64);
    HANDLE own = domain_of(sound);
    shared(disk, domain_of(disk), &logical);
    rig_expect_equal(join(sound, domain_of(disk)), STATUS_SUCCESS);
    remapped_read(SOUND, logical);
    rig_expect_equal(leave(sound), STATUS_SUCCESS);
    rig_expect(domain_of(sound) == own);
    remapped_read(SOUND, logical);
}

/* rule: DMA-DOMAIN-6 */
static void only_a_domain_can_be_joined(void *context)
{
    (void)context;
    PDEVICE_OBJECT device = remapped_device("disk", DISK);
    PDMA_ADAPTER disk = remapped_adapter(device, 64);
    PDMA_ADAPTER sound = remapped_adapter(remapped_device("sound", SOUND), 64);
    HANDLE gone = domain_of(disk);
    int nothing = 0;
    rig_expect_equal(join(sound, NULL), STATUS_INVALID_PARAMETER);
    rig_expect_equal(join(sound, &nothing), STATUS_INVALID_PARAMETER);
    rig_expect_equal(join(sound, (HANDLE) ~(ULONG_PTR)0), STATUS_INVALID_PARAMETER);
    disk->DmaOperations->PutDmaAdapter(disk);
    rig_expect_equal(join(sound, gone), STATUS_INVALID_PARAMETER);
    remapped_adapter(device, 64); /* whose domain may lie where the other was */
    rig_expect_equal(join(sound, gone), STATUS_INVALID_PARAMETER);
}

/* rule: DMA-DOMAIN-7 */
static void a_device_joins_from_its_own_domain_and_leaves_another(void *context)
{
    (void)context;
    PDMA_ADAPTER disk = remapped_adapter(remapped_device("disk", DISK), 64);
    PDMA_ADAPTER sound = remapped_adapter(remapped_device("sound", SOUND), 64);
    PDMA_ADAPTER camera = remapped_adapter(remapped_device("camera", CAMERA), 64);
    rig_expect_equal(leave(sound), STATUS_INVALID_DEVICE_STATE);
    rig_expect_equal(join(sound, domain_of(sound)), STATUS_SUCCESS);
    rig_expect_equal(join(sound, domain_of(disk)), STATUS_SUCCESS);
    rig_expect_equal(join(sound, domain_of(disk)), STATUS_SUCCESS);
    rig_expect_equal(join(sound, domain_of(camera)), STATUS_INVALID_DEVICE_STATE);
    rig_expect_equal(leave(sound), STATUS_SUCCESS);
    rig_expect_equal(leave(sound), STATUS_INVALID_DEVICE_STATE);
    rig_expect_equal(join(sound, domain_of(camera)), STATUS_SUCCESS);
}

/* rule: DMA-DOMAIN-8 */
static void what_is_mapped_keeps_a_device_where_it_is(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    PHYSICAL_ADDRESS address;
    PDMA_ADAPTER disk = remapped_adapter(remapped_device("disk", DISK), 64);
    PDMA_ADAPTER sound = remapped_adapter(remapped_device("sound", SOUND), 64);
    PVOID memory = sound->DmaOperations->AllocateCommonBuffer(sound, BYTES, &address, TRUE);
    rig_expect_equal(join(sound, domain_of(disk)), STATUS_RESOURCE_IN_USE);
    remapped_free(sound, BYTES, (uint64_t)address.QuadPart, memory);
    rig_expect_equal(join(sound, domain_of(disk)), STATUS_SUCCESS);
    world_take(sound, transfer, 1);
    rig_expect_equal(leave(sound), STATUS_RESOURCE_IN_USE);
    sound->DmaOperations->FreeAdapterObject(sound, DeallocateObject);
    rig_expect_equal(leave(sound), STATUS_SUCCESS);
}

/* rule: DMA-DOMAIN-9 */
static void a_domain_lasts_as_long_as_somebody_is_in_it(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER disk = remapped_adapter(remapped_device("disk", DISK), 64);
    PDMA_ADAPTER sound = remapped_adapter(remapped_device("sound", SOUND), 64);
    PDMA_ADAPTER camera = remapped_adapter(remapped_device("camera", CAMERA), 64);
    HANDLE domain = domain_of(disk);
    rig_expect_equal(join(sound, domain), STATUS_SUCCESS);
    unsigned char *memory = shared(sound, domain, &logical);
    disk->DmaOperations->PutDmaAdapter(disk);
    memory[0] = 'q';
    rig_expect_equal(remapped_read(SOUND, logical), 'q');
    rig_expect_equal(join(camera, domain), STATUS_SUCCESS);
    rig_expect_equal(remapped_read(CAMERA, logical), 'q');
    rig_expect_equal(leave(camera), STATUS_SUCCESS);
    remapped_free(sound, BYTES, logical, memory);
    rig_expect_equal(leave(sound), STATUS_SUCCESS);
    rig_expect_equal(join(camera, domain), STATUS_INVALID_PARAMETER);
}

/* rule: DMA-DOMAIN-9 */
static void a_buffer_keeps_its_domain(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER disk = remapped_adapter(remapped_device("disk", DISK), 64);
    PDMA_ADAPTER sound = remapped_adapter(remapped_device("sound", SOUND), 64);
    HANDLE domain = domain_of(disk);
    unsigned char *memory = shared(sound, domain, &logical);
    disk->DmaOperations->PutDmaAdapter(disk);
    remapped_free(sound, BYTES, logical, memory);
    rig_expect_equal(join(sound, domain), STATUS_INVALID_PARAMETER);
    sound->DmaOperations->PutDmaAdapter(sound);
}

/* ---- A common buffer for a domain ------------------------------------------------------------ */

/* rule: DMA-DOMAIN-10 */
static void its_logical_address_lies_below_the_maximum(void *context)
{
    (void)context;
    unsigned char *memory;
    uint64_t logical;
    PDMA_ADAPTER disk = remapped_adapter(remapped_device("disk", DISK), 64);
    struct ask ask = {.domain = domain_of(disk), .highest = 0x1000000, .length = BYTES};
    rig_expect_equal(allocate(disk, &ask, &memory, &logical), STATUS_SUCCESS);
    rig_expect(logical + BYTES <= 0x1000000);
    remapped_free(disk, BYTES, logical, memory);
    ask.highest = PAGE_SIZE;
    rig_expect_equal(allocate(disk, &ask, &memory, &logical), STATUS_INSUFFICIENT_RESOURCES);
}

/* rule: DMA-DOMAIN-11 */
static void wrong_arguments_are_invalid_parameters(void *context)
{
    (void)context;
    unsigned char *memory;
    uint64_t logical;
    MEMORY_CACHING_TYPE combined = MmWriteCombined;
    PHYSICAL_ADDRESS address;
    PVOID buffer;
    PDMA_ADAPTER disk = remapped_adapter(remapped_device("disk", DISK), 64);
    PDMA_OPERATIONS o = disk->DmaOperations;
    HANDLE domain = domain_of(disk);
    const struct ask wrong[] = {
        {.domain = NULL, .length = BYTES},
        {.domain = disk, .length = BYTES},
        {.domain = domain, .length = 0},
        {.domain = domain, .length = BYTES, .flags = 2},
        {.domain = domain, .length = BYTES, .cache = &combined},
        {.domain = domain, .length = BYTES, .node = 1},
    };
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        rig_expect_equal(allocate(disk, &wrong[i], &memory, &logical), STATUS_INVALID_PARAMETER);
    rig_expect_equal(o->AllocateDomainCommonBuffer(disk, domain, NULL, BYTES, 0, NULL, 0, NULL, &buffer),
                     STATUS_INVALID_PARAMETER);
    rig_expect_equal(o->AllocateDomainCommonBuffer(disk, domain, NULL, BYTES, 0, NULL, 0, &address, NULL),
                     STATUS_INVALID_PARAMETER);
}

/* rule: DMA-DOMAIN-12 */
static void it_may_have_large_pages_and_either_caching(void *context)
{
    (void)context;
    unsigned char *memory;
    uint64_t logical;
    MEMORY_CACHING_TYPE types[] = {MmNonCached, MmCached};
    PDMA_ADAPTER disk = remapped_adapter(remapped_device("disk", DISK), 64);
    struct ask ask = {.domain = domain_of(disk), .length = BYTES};
    ask.flags = DOMAIN_COMMON_BUFFER_LARGE_PAGE;
    for (unsigned i = 0; i < 2; i++) {
        PHYSICAL_ADDRESS address;
        ask.cache = &types[i];
        rig_expect_equal(allocate(disk, &ask, &memory, &logical), STATUS_SUCCESS);
        rig_expect_equal(logical % LARGE, 0);
        address.QuadPart = (LONGLONG)logical;
        disk->DmaOperations->FreeCommonBuffer(disk, BYTES, address, memory, types[i] == MmCached);
    }
    disk->DmaOperations->PutDmaAdapter(disk);
}

/* rule: DMA-DOMAIN-13 */
static void releasing_the_adapter_before_its_domain_buffer(void *context)
{
    (void)context;
    uint64_t logical;
    PDMA_ADAPTER disk = remapped_adapter(remapped_device("disk", DISK), 64);
    shared(disk, domain_of(disk), &logical);
    disk->DmaOperations->PutDmaAdapter(disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        REMAPPED_HOLDS(each_device_is_in_a_domain_of_its_own),
        WORLD_HOLDS(without_a_remapping_unit_there_are_no_domains),
        REMAPPED_HOLDS(a_device_that_joins_a_domain_reaches_what_is_mapped_there),
        REMAPPED_STOPS(a_device_that_did_not_join_reads_it, "DMA-REMAP-3", "0xE6/26"),
        REMAPPED_STOPS(a_device_that_left_reads_it, "DMA-REMAP-3", "0xE6/26"),
        REMAPPED_HOLDS(only_a_domain_can_be_joined),
        REMAPPED_HOLDS(a_device_joins_from_its_own_domain_and_leaves_another),
        REMAPPED_HOLDS(what_is_mapped_keeps_a_device_where_it_is),
        REMAPPED_HOLDS(a_domain_lasts_as_long_as_somebody_is_in_it),
        REMAPPED_HOLDS(a_buffer_keeps_its_domain),
        REMAPPED_HOLDS(its_logical_address_lies_below_the_maximum),
        REMAPPED_HOLDS(wrong_arguments_are_invalid_parameters),
        REMAPPED_HOLDS(it_may_have_large_pages_and_either_caching),
        REMAPPED_STOPS(releasing_the_adapter_before_its_domain_buffer, "DMA-ADAPTER-10", "0xE6/07"),
    };
    return cmocka_run_group_tests_name("dma.domain_calls", tests, NULL, NULL);
}
