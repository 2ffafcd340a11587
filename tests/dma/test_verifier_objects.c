/*
 * Verification of what a driver has of its adapters: everything is freed once, nothing is left.
 */
#include "dma/verified.h"

enum { BYTES = 100 };

static PVOID common(PDMA_ADAPTER a, ULONG bytes, PPHYSICAL_ADDRESS logical)
{
    PVOID memory = a->DmaOperations->AllocateCommonBuffer(a, bytes, logical, TRUE);
    rig_expect(memory != NULL);
    return memory;
}

static PDMA_ADAPTER old_master(void)
{
    PDMA_ADAPTER a = world_get(world_master(DEVICE_DESCRIPTION_VERSION2, 64), NULL);
    rig_expect(a != NULL);
    return a;
}

/* ---- Freed twice ----------------------------------------------------------------------------- */

/* rule: DMA-VERIFY-03 */
static void a_common_buffer_that_is_freed_twice_is_told(void *context)
{
    (void)context;
    PHYSICAL_ADDRESS logical;
    PDMA_ADAPTER a = world_adapter(64);
    PVOID memory = common(a, BYTES, &logical);
    a->DmaOperations->FreeCommonBuffer(a, BYTES, logical, memory, TRUE);
    verified_told(0x03, 1, 0, 0);
    a->DmaOperations->FreeCommonBuffer(a, BYTES, logical, memory, TRUE);
}

/* rule: DMA-VERIFY-04 */
static void a_channel_that_is_freed_twice_is_told(void *context)
{
    (void)context;
    struct world_call call = {.action = KeepObject};
    PDMA_ADAPTER a = world_channel(WORLD_LINE);
    rig_expect_equal(a->DmaOperations->AllocateAdapterChannel(a, world_device(), 1, world_control, &call),
                     STATUS_SUCCESS);
    a->DmaOperations->FreeAdapterChannel(a);
    verified_told(0x04, 1, 0, 0);
    a->DmaOperations->FreeAdapterChannel(a);
}

/* rule: DMA-VERIFY-04 */
static void a_channel_that_is_freed_and_then_deallocated_is_told(void *context)
{
    (void)context;
    unsigned char transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    PDMA_ADAPTER a = world_adapter(64);
    PVOID base = world_take(a, transfer, 1);
    a->DmaOperations->FreeAdapterObject(a, DeallocateObjectKeepRegisters);
    a->DmaOperations->FreeMapRegisters(a, base, 1);
    verified_told(0x04, 1, 0, 0);
    a->DmaOperations->FreeAdapterObject(a, DeallocateObject);
}

/* rule: DMA-VERIFY-05 */
static void map_registers_that_are_freed_twice_are_told(void *context)
{
    (void)context;
    unsigned char transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    PDMA_ADAPTER a = world_adapter(64);
    PVOID base = world_take(a, transfer, 3);
    a->DmaOperations->FreeAdapterObject(a, DeallocateObjectKeepRegisters);
    a->DmaOperations->FreeMapRegisters(a, base, 3);
    verified_told(0x05, 3, 0, 0);
    a->DmaOperations->FreeMapRegisters(a, base, 3);
}

/* rule: DMA-VERIFY-05 */
static void more_map_registers_freed_than_allocated_are_told(void *context)
{
    (void)context;
    unsigned char transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    PDMA_ADAPTER a = world_adapter(64);
    PVOID base = world_take(a, transfer, 3);
    a->DmaOperations->FreeAdapterObject(a, DeallocateObjectKeepRegisters);
    verified_told(0x05, 2, 0, 0);
    a->DmaOperations->FreeMapRegisters(a, base, 5);
}

static VOID keep_list(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    (void)device;
    (void)irp;
    *(PSCATTER_GATHER_LIST *)context = list;
}

static PSCATTER_GATHER_LIST list_of(PDMA_ADAPTER a)
{
    unsigned char *memory;
    PSCATTER_GATHER_LIST list = NULL;
    PMDL mdl = world_buffer(1, false, &memory);
    rig_expect_equal(
        a->DmaOperations->GetScatterGatherList(a, world_device(), mdl, memory, BYTES, keep_list, &list, TRUE),
        STATUS_SUCCESS);
    rig_expect(list != NULL);
    return list;
}

/* rule: DMA-VERIFY-06 */
static void a_list_that_is_put_twice_is_told(void *context)
{
    (void)context;
    PDMA_ADAPTER a = world_adapter(64);
    PSCATTER_GATHER_LIST list = list_of(a);
    a->DmaOperations->PutScatterGatherList(a, list, TRUE);
    verified_told(0x06, 1, 2, 0);
    a->DmaOperations->PutScatterGatherList(a, list, TRUE);
}

/* ---- Left ------------------------------------------------------------------------------------ */

/* rule: DMA-VERIFY-07 */
static void an_adapter_released_with_a_common_buffer_is_told(void *context)
{
    (void)context;
    PHYSICAL_ADDRESS logical;
    PDMA_ADAPTER a = world_adapter(64);
    common(a, BYTES, &logical);
    common(a, BYTES, &logical);
    verified_told(0x07, verified_pointer(a), 2, VERIFIED_OWN);
    a->DmaOperations->PutDmaAdapter(a);
}

/* rule: DMA-VERIFY-08 */
static void an_adapter_released_with_its_channel_is_told(void *context)
{
    (void)context;
    struct world_call call = {.action = KeepObject};
    PDMA_ADAPTER a = world_channel(WORLD_LINE);
    rig_expect_equal(a->DmaOperations->AllocateAdapterChannel(a, world_device(), 1, world_control, &call),
                     STATUS_SUCCESS);
    verified_told(0x08, verified_pointer(a), 1, VERIFIED_OWN);
    a->DmaOperations->PutDmaAdapter(a);
}

/* rule: DMA-VERIFY-09 */
static void an_adapter_released_with_map_registers_is_told(void *context)
{
    (void)context;
    unsigned char transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    PDMA_ADAPTER a = world_adapter(64);
    world_take(a, transfer, 3);
    a->DmaOperations->FreeAdapterObject(a, DeallocateObjectKeepRegisters);
    verified_told(0x09, verified_pointer(a), 3, VERIFIED_OWN);
    a->DmaOperations->PutDmaAdapter(a);
}

/* rule: DMA-VERIFY-0A */
static void an_adapter_released_with_a_list_is_told(void *context)
{
    (void)context;
    PDMA_ADAPTER a = world_adapter(64);
    list_of(a);
    verified_told(0x0A, verified_pointer(a), 1, VERIFIED_OWN);
    a->DmaOperations->PutDmaAdapter(a);
}

/* rule: DMA-VERIFY-11 */
static void an_adapter_released_while_requests_wait_for_it_is_told(void *context)
{
    (void)context;
    struct world_call call = {.action = DeallocateObject};
    unsigned char first[DMA_TRANSFER_CONTEXT_SIZE_V1], second[DMA_TRANSFER_CONTEXT_SIZE_V1];
    PDMA_ADAPTER a = world_adapter(64);
    world_take(a, first, 1);
    rig_expect_equal(world_ask(a, second, 1, &call), STATUS_SUCCESS);
    verified_told(0x11, 2, verified_pointer(a), VERIFIED_OWN);
    a->DmaOperations->PutDmaAdapter(a);
}

/* ---- Too many -------------------------------------------------------------------------------- */

static IO_ALLOCATION_ACTION ask_again(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    (void)irp;
    (void)base;
    PDMA_ADAPTER a = context;
    struct world_call call = {.action = DeallocateObject};
    verified_told(0x0B, 2, 0, 0);
    a->DmaOperations->AllocateAdapterChannel(a, device, 1, world_control, &call);
    return DeallocateObject;
}

/* rule: DMA-VERIFY-0B */
static void a_second_channel_asked_for_within_adapter_control_is_told(void *context)
{
    (void)context;
    PDMA_ADAPTER a = world_adapter(64);
    a->DmaOperations->AllocateAdapterChannel(a, world_device(), 1, ask_again, a);
}

/* rule: DMA-VERIFY-0B */
static void a_second_request_of_a_device_object_that_waits_is_told(void *context)
{
    (void)context;
    struct world_call keep = {.action = KeepObject};
    PDMA_ADAPTER a = world_channel(WORLD_LINE);
    PDEVICE_OBJECT device = world_device();
    a->DmaOperations->AllocateAdapterChannel(a, world_device(), 1, world_control, &keep);
    a->DmaOperations->AllocateAdapterChannel(a, device, 1, world_control, &keep);
    verified_told(0x0B, 2, 0, 0);
    a->DmaOperations->AllocateAdapterChannel(a, device, 1, world_control, &keep);
}

/* rule: DMA-VERIFY-0C */
static void more_map_registers_than_the_adapter_has_are_told(void *context)
{
    (void)context;
    ULONG most = 0;
    struct world_call call = {.action = DeallocateObject};
    PDMA_ADAPTER a = world_get(world_master(DEVICE_DESCRIPTION_VERSION3, 64), &most);
    verified_told(0x0C, most + 1, most, 0);
    a->DmaOperations->AllocateAdapterChannel(a, world_device(), most + 1, world_control, &call);
}

/* rule: DMA-VERIFY-15 */
static void a_list_that_needs_more_map_registers_than_the_adapter_has_is_told(void *context)
{
    (void)context;
    ULONG most = 0;
    unsigned char *memory;
    PSCATTER_GATHER_LIST list = NULL;
    PDMA_ADAPTER a = world_get(world_master(DEVICE_DESCRIPTION_VERSION3, 64), &most);
    PMDL mdl = world_buffer(most + 1, false, &memory);
    verified_told(0x15, most + 1, most, 0);
    a->DmaOperations->GetScatterGatherList(a, world_device(), mdl, memory, (most + 1) * PAGE_SIZE, keep_list,
                                           &list, TRUE);
}

/* ---- No adapter ------------------------------------------------------------------------------ */

/* rule: DMA-VERIFY-18 */
static void a_released_adapter_is_told(void *context)
{
    (void)context;
    PDMA_ADAPTER a = world_adapter(64);
    a->DmaOperations->PutDmaAdapter(a);
    verified_told(0x18, verified_pointer(a), VERIFIED_OWN, 0);
    a->DmaOperations->GetDmaAlignment(a);
}

/* rule: DMA-VERIFY-19 */
static void a_null_adapter_is_told(void *context)
{
    (void)context;
    PDMA_ADAPTER a = world_adapter(64);
    verified_told(0x19, 0, 0, 0);
    a->DmaOperations->ReadDmaCounter(NULL);
}

/* rule: DMA-VERIFY-25 */
static void an_unknown_version_of_the_description_is_told(void *context)
{
    (void)context;
    DEVICE_DESCRIPTION d = world_master(DEVICE_DESCRIPTION_VERSION3 + 1, 64);
    verified_told(0x25, 0, 0, 0);
    world_get(d, NULL);
}

PADAPTER_OBJECT HalGetAdapter(PDEVICE_DESCRIPTION DeviceDescription, PULONG NumberOfMapRegisters);

/* rule: DMA-VERIFY-1E */
static void hal_get_adapter_is_told(void *context)
{
    (void)context;
    ULONG registers;
    DEVICE_DESCRIPTION d = world_master(DEVICE_DESCRIPTION_VERSION1, 32);
    verified_told(0x1E, 0, 0, 0);
    HalGetAdapter(&d, &registers);
}

/* ---- What is right --------------------------------------------------------------------------- */

/* rule: DMA-VERIFY-SET-3 */
static void what_is_freed_once_is_fine(void *context)
{
    (void)context;
    PHYSICAL_ADDRESS logical;
    unsigned char transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_call keep = {.action = KeepObject}, end = {.action = DeallocateObject};
    PDMA_ADAPTER a = world_adapter(64), c = world_channel(WORLD_LINE), old = old_master();
    PVOID memory = common(a, BYTES, &logical);
    a->DmaOperations->FreeCommonBuffer(a, BYTES, logical, memory, TRUE);
    PVOID base = world_take(a, transfer, 2);
    a->DmaOperations->FreeAdapterObject(a, DeallocateObjectKeepRegisters);
    a->DmaOperations->FreeMapRegisters(a, base, 2);
    world_take(a, transfer, 2);
    a->DmaOperations->FreeAdapterObject(a, DeallocateObject);
    rig_expect_equal(world_ask(a, transfer, 1, &end), STATUS_SUCCESS);
    a->DmaOperations->PutScatterGatherList(a, list_of(a), TRUE);
    old->DmaOperations->PutScatterGatherList(old, list_of(old), TRUE);
    c->DmaOperations->AllocateAdapterChannel(c, world_device(), 1, world_control, &keep);
    rig_expect_equal(world_ask(c, transfer, 1, &end), STATUS_SUCCESS);
    rig_expect(c->DmaOperations->CancelAdapterChannel(c, NULL, transfer));
    c->DmaOperations->FreeAdapterChannel(c);
    a->DmaOperations->PutDmaAdapter(a);
    c->DmaOperations->PutDmaAdapter(c);
    old->DmaOperations->PutDmaAdapter(old);
}

/* rule: DMA-VERIFY-SET-3 */
static void a_synchronous_lists_channel_is_freed_before_or_after_it(void *context)
{
    (void)context;
    unsigned char transfer[DMA_TRANSFER_CONTEXT_SIZE_V1], *memory;
    PDMA_ADAPTER a = world_adapter(64);
    PMDL mdl = world_buffer(1, false, &memory);
    for (int before = 0; before < 2; before++) {
        PSCATTER_GATHER_LIST list = NULL;
        a->DmaOperations->InitializeDmaTransferContext(a, transfer);
        rig_expect_equal(a->DmaOperations->GetScatterGatherListEx(a, NULL, transfer, mdl, 0, BYTES,
                                                                  DMA_SYNCHRONOUS_CALLBACK, NULL, NULL, TRUE,
                                                                  NULL, NULL, &list),
                         STATUS_SUCCESS);
        if (before)
            a->DmaOperations->FreeAdapterObject(a, DeallocateObjectKeepRegisters);
        a->DmaOperations->PutScatterGatherList(a, list, TRUE);
        if (!before)
            a->DmaOperations->FreeAdapterObject(a, DeallocateObjectKeepRegisters);
    }
    a->DmaOperations->PutDmaAdapter(a);
}

/* rule: DMA-VERIFY-SET-3 */
static void a_cancelled_transfer_is_refused_and_flushed(void *context)
{
    (void)context;
    unsigned char transfer[DMA_TRANSFER_CONTEXT_SIZE_V1], *memory;
    ULONG length = PAGE_SIZE;
    PDMA_ADAPTER c = world_channel(WORLD_LINE);
    PDMA_OPERATIONS o = c->DmaOperations;
    PMDL mdl = world_buffer(1, false, &memory);
    PVOID base = world_take(c, transfer, 1);
    for (int mapped = 0; mapped < 2; mapped++) {
        if (mapped)
            rig_expect_equal(o->MapTransferEx(c, mdl, base, 0, 0, &length, TRUE, NULL, 0, NULL, NULL),
                             STATUS_SUCCESS);
        rig_expect_equal(o->CancelMappedTransfer(c, transfer), STATUS_SUCCESS);
        rig_expect_equal(o->MapTransferEx(c, mdl, base, 0, 0, &length, TRUE, NULL, 0, NULL, NULL),
                         STATUS_CANCELLED);
        rig_expect_equal(o->FlushAdapterBuffersEx(c, mdl, base, 0, length, TRUE), STATUS_SUCCESS);
    }
    rig_expect_equal(o->MapTransferEx(c, mdl, base, 0, 0, &length, TRUE, NULL, 0, NULL, NULL),
                     STATUS_SUCCESS);
    rig_expect_equal(o->FlushAdapterBuffersEx(c, mdl, base, 0, length, TRUE), STATUS_SUCCESS);
    o->FreeAdapterObject(c, DeallocateObject);
    o->PutDmaAdapter(c);
}

/* ---- Races ----------------------------------------------------------------------------------- */

static struct race {
    PDMA_ADAPTER adapter;
    PDEVICE_OBJECT device;
    PMDL mdl;
    unsigned char transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    unsigned char first[DMA_TRANSFER_CONTEXT_SIZE_V1]; /* of who has the adapter: the list waits */
} * race;                                              /* of the current run */

static VOID put_at_once(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    (void)device;
    (void)irp;
    (void)context;
    race->adapter->DmaOperations->PutScatterGatherList(race->adapter, list, TRUE);
}

static void ask(void *context)
{
    (void)context;
    race->adapter->DmaOperations->GetScatterGatherListEx(race->adapter, race->device, race->transfer,
                                                         race->mdl, 0, BYTES, 0, put_at_once, NULL, TRUE,
                                                         NULL, NULL, NULL);
}

static void cancel(void *context)
{
    (void)context;
    race->adapter->DmaOperations->CancelAdapterChannel(race->adapter, race->device, race->transfer);
}

static void let_go(void *context)
{
    (void)context;
    race->adapter->DmaOperations->FreeAdapterObject(race->adapter, DeallocateObject);
}

static void set_up_race(void *context)
{
    (void)context;
    unsigned char *memory;
    race = haldma_scratch(sizeof *race);
    race->adapter = world_adapter(64);
    race->device = world_device();
    race->mdl = world_buffer(1, false, &memory);
    race->adapter->DmaOperations->InitializeDmaTransferContext(race->adapter, race->transfer);
    world_take(race->adapter, race->first, 1);
    rig_thread("holder", 0, let_go, NULL);
    rig_thread("asker", 0, ask, NULL);
    rig_thread("canceller", 1, cancel, NULL);
}

static void check_race(void *context)
{
    (void)context;
    race->adapter->DmaOperations->PutDmaAdapter(race->adapter);
}

/* rule: DMA-VERIFY-SET-3 */
static void a_request_that_is_cancelled_at_any_moment_is_not_left(void **state)
{
    struct haldma_config config = verified_config();
    (void)state;
    config.machine.profile = EMU_PROFILE_HOSTILE;
    world_explore(&config, set_up_race, check_race, 2);
}

/* ---- What there is --------------------------------------------------------------------------- */

/* rule: DMA-VERIFY-SET-8 */
static void a_dump_shows_what_each_adapter_has(void *context)
{
    enum { TEXT = 4096 };
    (void)context;
    PHYSICAL_ADDRESS logical;
    struct emu_machine *m = emu_current();
    unsigned char transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    char *text = haldma_scratch(TEXT);
    PDMA_ADAPTER a = world_adapter(64), c = world_channel(WORLD_LINE);
    common(a, BYTES, &logical);
    PVOID base = world_take(a, transfer, 3);
    rig_expect(base != NULL && c != NULL);
    size_t length = haldma_dump_dma(m, HALDMA_DUMP_ALL, text, TEXT);
    rig_expect(length < TEXT && strlen(text) == length);
    static const char *const lines[] = {
        "adapter#1\n  map registers: 0 mapped, 3 allocated, 17 max\n",
        "  map registers:       3 allocated, 0 freed\n",
        "  common buffers:      1 allocated, 0 freed\n",
        "  adapter channels:    1 allocated, 0 freed\n",
        "  common buffer of 100 bytes, allocated at step ",
        "  channel: a request for 3 map registers has it\n",
        "  subordinate device, 32 address bits, with scatter/gather\n  channel 0 of ",
        "all adapters: 64 map registers, 0 mapped, 3 reserved, 61 free; 0 requests wait for some\n",
    };
    for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++)
        rig_expect(strstr(text, lines[i]) != NULL);
    rig_expect_equal(haldma_dump_dma(m, HALDMA_DUMP_ALL, NULL, 0), length);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VERIFIED(a_common_buffer_that_is_freed_twice_is_told, "03"),
        VERIFIED(a_channel_that_is_freed_twice_is_told, "04"),
        VERIFIED(a_channel_that_is_freed_and_then_deallocated_is_told, "04"),
        VERIFIED(map_registers_that_are_freed_twice_are_told, "05"),
        VERIFIED(more_map_registers_freed_than_allocated_are_told, "05"),
        VERIFIED(a_list_that_is_put_twice_is_told, "06"),
        VERIFIED(an_adapter_released_with_a_common_buffer_is_told, "07"),
        VERIFIED(an_adapter_released_with_its_channel_is_told, "08"),
        VERIFIED(an_adapter_released_with_map_registers_is_told, "09"),
        VERIFIED(an_adapter_released_with_a_list_is_told, "0A"),
        VERIFIED(an_adapter_released_while_requests_wait_for_it_is_told, "11"),
        VERIFIED(a_second_channel_asked_for_within_adapter_control_is_told, "0B"),
        VERIFIED(a_second_request_of_a_device_object_that_waits_is_told, "0B"),
        VERIFIED(more_map_registers_than_the_adapter_has_are_told, "0C"),
        VERIFIED(a_list_that_needs_more_map_registers_than_the_adapter_has_is_told, "15"),
        VERIFIED(a_released_adapter_is_told, "18"),
        VERIFIED(a_null_adapter_is_told, "19"),
        VERIFIED(an_unknown_version_of_the_description_is_told, "25"),
        VERIFIED(hal_get_adapter_is_told, "1E"),
        VERIFIED(what_is_freed_once_is_fine, NULL),
        VERIFIED(a_synchronous_lists_channel_is_freed_before_or_after_it, NULL),
        VERIFIED(a_cancelled_transfer_is_refused_and_flushed, NULL),
        cmocka_unit_test(a_request_that_is_cancelled_at_any_moment_is_not_left),
        VERIFIED(a_dump_shows_what_each_adapter_has, NULL),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
