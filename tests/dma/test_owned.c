/*
 * What devices own: drivers that touch it or give it back, devices that go on with what they had, and flushes
 * of mappings that needed no map registers.
 *
 * The driver's loads and stores are played here: emu_access_memory() is what an instrumented driver calls.
 */
#include <emu/access.h>

#include "gather.h"

enum {
    INSTRUMENTED_READ = EMU_MEMORY_INSTRUMENTED,
    INSTRUMENTED_WRITE = EMU_MEMORY_INSTRUMENTED | EMU_MEMORY_WRITE
};

/* An adapter, a buffer of two pages, and what is mapped of it. */
struct transfer {
    PDMA_ADAPTER adapter;
    PMDL mdl;
    PVOID base;
    unsigned char *memory;
    ULONG length;
    UCHAR context[DMA_TRANSFER_CONTEXT_SIZE_V1];
    struct world_list list;
};

static void map_part(struct transfer *t, ULONGLONG offset, ULONG length, bool to_device)
{
    t->length = length;
    rig_expect_equal(world_map(t->adapter, t->mdl, t->base, offset, &t->length, to_device, &t->list),
                     STATUS_SUCCESS);
}

static void flush_part(const struct transfer *t, ULONGLONG offset, ULONG length, bool to_device)
{
    t->adapter->DmaOperations->FlushAdapterBuffersEx(t->adapter, t->mdl, t->base, offset, length, to_device);
}

/* With 64 address bits nothing stands between device and buffer, with 32 map registers do. */
static void begin(struct transfer *t, ULONG width, bool to_device)
{
    emu_access_watch(emu_current());
    t->adapter = world_adapter(width);
    t->mdl = world_buffer(2, width == 32, &t->memory);
    t->base = width == 32 ? world_take(t->adapter, t->context, 2) : NULL;
    map_part(t, 0, PAGE_SIZE, to_device);
}

static void touch(const void *address, unsigned memory)
{
    emu_access_memory(emu_current(), address, 1, memory, 0);
}

static void device_writes(const struct transfer *t, uint64_t logical)
{
    unsigned char byte = 1;
    emu_bus_dma(emu_current(), haldma_requester(t->adapter), logical, &byte, sizeof byte, true);
}

static void device_reads(const struct transfer *t, uint64_t logical)
{
    unsigned char byte;
    emu_bus_dma(emu_current(), haldma_requester(t->adapter), logical, &byte, sizeof byte, false);
}

/* ---- The driver ------------------------------------------------------------------------------ */

/* rule: DMA-OWN-1 */
static void reading_what_the_device_writes_before_the_flush(void *context)
{
    (void)context;
    struct transfer t;
    begin(&t, 64, false);
    touch(t.memory + 12, INSTRUMENTED_READ);
}

/* rule: DMA-OWN-1 */
static void reading_it_before_the_flush_although_it_is_double_buffered(void *context)
{
    (void)context;
    struct transfer t;
    begin(&t, 32, false);
    touch(t.memory + PAGE_SIZE - 1, INSTRUMENTED_READ);
}

/* rule: DMA-OWN-2 */
static void writing_what_the_device_reads_after_the_map(void *context)
{
    (void)context;
    struct transfer t;
    begin(&t, 64, true);
    touch(t.memory, INSTRUMENTED_WRITE);
}

/* rule: DMA-OWN-2 */
static void writing_what_the_device_writes(void *context)
{
    (void)context;
    struct transfer t;
    begin(&t, 32, false);
    touch(t.memory, INSTRUMENTED_WRITE);
}

/* rule: DMA-OWN-5 */
static void what_is_not_the_devices_may_be_touched(void *context)
{
    (void)context;
    struct transfer t;
    PHYSICAL_ADDRESS logical;
    begin(&t, 64, true);
    touch(t.memory, INSTRUMENTED_READ);
    touch(t.memory + PAGE_SIZE, INSTRUMENTED_WRITE);
    flush_part(&t, 0, PAGE_SIZE, true);
    touch(t.memory, INSTRUMENTED_WRITE);
    map_part(&t, 0, PAGE_SIZE / 2, false);
    touch(t.memory + PAGE_SIZE / 2, INSTRUMENTED_WRITE);
    flush_part(&t, 0, PAGE_SIZE / 2, false);
    touch(t.memory, INSTRUMENTED_READ);
    unsigned char *shared =
        t.adapter->DmaOperations->AllocateCommonBuffer(t.adapter, PAGE_SIZE, &logical, TRUE);
    touch(shared, INSTRUMENTED_READ);
    touch(shared, INSTRUMENTED_WRITE);
}

/* ---- Devices --------------------------------------------------------------------------------- */

/* rule: DMA-OWN-3 */
static void the_device_writes_after_the_flush(void *context)
{
    (void)context;
    struct transfer t;
    begin(&t, 64, false);
    device_writes(&t, world_address(&t.list, 0));
    flush_part(&t, 0, PAGE_SIZE, false);
    device_writes(&t, world_address(&t.list, 0) + 7);
}

/* rule: DMA-OWN-3 */
static void the_device_reads_a_double_buffer_after_the_flush(void *context)
{
    (void)context;
    struct transfer t;
    begin(&t, 32, true);
    device_reads(&t, world_address(&t.list, 0));
    flush_part(&t, 0, PAGE_SIZE, true);
    device_reads(&t, world_address(&t.list, 0));
}

/* rule: DMA-OWN-3 */
static void the_device_writes_a_common_buffer_that_was_freed(void *context)
{
    (void)context;
    struct transfer t;
    PHYSICAL_ADDRESS logical;
    t.adapter = world_adapter(64);
    PVOID shared = t.adapter->DmaOperations->AllocateCommonBuffer(t.adapter, PAGE_SIZE, &logical, TRUE);
    device_writes(&t, (uint64_t)logical.QuadPart);
    t.adapter->DmaOperations->FreeCommonBuffer(t.adapter, PAGE_SIZE, logical, shared, TRUE);
    device_writes(&t, (uint64_t)logical.QuadPart);
}

/* rule: DMA-OWN-3 */
static void the_device_writes_what_is_another_devices_by_now(void *context)
{
    (void)context;
    struct transfer t, other;
    begin(&t, 64, false);
    uint64_t logical = world_address(&t.list, 0);
    flush_part(&t, 0, PAGE_SIZE, false);
    other = t;
    other.adapter = world_adapter(64);
    map_part(&other, 0, PAGE_SIZE, false);
    device_writes(&other, logical);
    device_writes(&t, logical);
}

/* rule: DMA-OWN-4 */
static void the_device_runs_beyond_what_is_mapped(void *context)
{
    (void)context;
    struct transfer t;
    begin(&t, 64, false);
    uint64_t end = world_address(&t.list, 0) + PAGE_SIZE;
    device_writes(&t, end - 1);
    device_writes(&t, end);
}

/* rule: DMA-OWN-5 */
static void the_device_may_go_on_with_what_it_was_given_anew(void *context)
{
    (void)context;
    struct transfer t;
    begin(&t, 64, false);
    flush_part(&t, 0, PAGE_SIZE, false);
    map_part(&t, 0, PAGE_SIZE, false);
    device_writes(&t, world_address(&t.list, 0));
    flush_part(&t, 0, PAGE_SIZE, false);
    device_writes(&t, (uint64_t)MmGetPhysicalAddress(t.memory + PAGE_SIZE).QuadPart); /* never mapped */
}

/* ---- Mappings without map registers ---------------------------------------------------------- */

/* rule: DMA-MAP-14 */
static void mapping_again_before_the_flush_without_registers(void *context)
{
    (void)context;
    struct transfer t;
    begin(&t, 64, true);
    t.length = PAGE_SIZE;
    world_map(t.adapter, t.mdl, NULL, PAGE_SIZE, &t.length, true, &t.list);
}

/* rule: DMA-FLUSH-6 */
static void flushing_twice_without_registers(void *context)
{
    (void)context;
    struct transfer t;
    begin(&t, 64, true);
    flush_part(&t, 0, PAGE_SIZE, true);
    flush_part(&t, 0, PAGE_SIZE, true);
}

/* rule: DMA-FLUSH-8 */
static void flushing_another_part_without_registers(void *context)
{
    (void)context;
    struct transfer t;
    begin(&t, 64, true);
    flush_part(&t, PAGE_SIZE, PAGE_SIZE, true);
}

/* rule: DMA-FLUSH-8 */
static void flushing_another_mdl_without_registers(void *context)
{
    (void)context;
    struct transfer t;
    unsigned char *memory;
    begin(&t, 64, true);
    t.mdl = world_buffer(1, false, &memory);
    flush_part(&t, 0, PAGE_SIZE, true);
}

/* rule: DMA-FLUSH-9 */
static void flushing_in_the_other_direction_without_registers(void *context)
{
    (void)context;
    struct transfer t;
    begin(&t, 64, true);
    flush_part(&t, 0, PAGE_SIZE, false);
}

/* rule: DMA-FLUSH-10 */
static void flushing_more_than_was_mapped_without_registers(void *context)
{
    (void)context;
    struct transfer t;
    begin(&t, 64, true);
    flush_part(&t, 0, 2 * PAGE_SIZE, true);
}

/* rule: DMA-ADAPTER-33 */
static void releasing_the_adapter_before_the_flush_without_registers(void *context)
{
    (void)context;
    struct transfer t;
    begin(&t, 64, true);
    t.adapter->DmaOperations->PutDmaAdapter(t.adapter);
}

/* rule: DMA-ADAPTER-33 */
static void the_adapter_is_released_after_the_flush(void *context)
{
    (void)context;
    struct transfer t;
    begin(&t, 64, true);
    flush_part(&t, 0, PAGE_SIZE, true);
    t.adapter->DmaOperations->PutDmaAdapter(t.adapter);
}

/* rule: DMA-FLUSH-9, DMA-FLUSH-10 */
static void a_run_goes_on_after_a_flush_of_too_much_or_in_the_other_direction(void **state)
{
    (void)state;
    struct emu_machine *m = world_machine(NULL);
    rig_goes_past(m, flushing_more_than_was_mapped_without_registers, NULL, "DMA-FLUSH-10");
    rig_goes_past(m, flushing_in_the_other_direction_without_registers, NULL, "DMA-FLUSH-9");
    emu_machine_destroy(m);
}

/* ---- Buffers that are given back ------------------------------------------------------------- */

enum { TAG = 0x74736574 };

static PMDL lock_pool(PVOID *pool)
{
    *pool = ExAllocatePool2(POOL_FLAG_NON_PAGED, PAGE_SIZE, TAG);
    PMDL mdl = IoAllocateMdl(*pool, PAGE_SIZE, FALSE, FALSE, NULL);
    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
    return mdl;
}

/* The buffer is mapped, given back, flushed: in this order, or the last two the other way round. */
static void give_back(bool too_early, bool frees)
{
    struct world_list list;
    ULONG length = PAGE_SIZE;
    PVOID pool;
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL mdl = lock_pool(&pool);
    rig_expect_equal(world_map(adapter, mdl, NULL, 0, &length, false, &list), STATUS_SUCCESS);
    if (!too_early)
        adapter->DmaOperations->FlushAdapterBuffersEx(adapter, mdl, NULL, 0, length, FALSE);
    if (!frees || !too_early)
        MmUnlockPages(mdl);
    ExFreePoolWithTag(pool, TAG);
}

static void a_buffer_is_unlocked_before_the_flush(void *context)
{
    (void)context;
    give_back(true, false);
}

static void a_buffer_is_freed_before_the_flush(void *context)
{
    (void)context;
    give_back(true, true);
}

static void a_buffer_is_given_back_after_the_flush(void *context)
{
    (void)context;
    give_back(false, false);
}

static struct rig_outcome run_giving_back(void (*body)(void *), void *context, uint32_t verify)
{
    struct haldma_config config = world_config();
    struct rig_outcome outcome;
    config.verify = verify;
    struct emu_machine *m = world_machine(&config);
    rig_run(m, body, context, &outcome);
    emu_machine_destroy(m);
    return outcome;
}

/* rule: DMA-OWN-6 */
static void a_buffer_that_is_given_back_before_the_flush_is_told(void **state)
{
    (void)state;
    struct rig_outcome outcome =
        run_giving_back(a_buffer_is_unlocked_before_the_flush, NULL, HALDMA_VERIFY_DMA);
    rig_assert_stopped(&outcome, "DMA-OWN-6", NULL);
    outcome = run_giving_back(a_buffer_is_freed_before_the_flush, NULL, HALDMA_VERIFY_DMA);
    rig_assert_stopped(&outcome, "DMA-OWN-6", NULL);
    outcome = run_giving_back(a_buffer_is_given_back_after_the_flush, NULL, HALDMA_VERIFY_DMA);
    rig_assert_idle(&outcome);
    outcome = run_giving_back(a_buffer_is_unlocked_before_the_flush, NULL, 0);
    rig_assert_idle(&outcome);
}

/* ---- MDLs that are given back ---------------------------------------------------------------- */

/* Two pages behind two MDLs are mapped, in one of two ways; something is done with the MDLs; and it is
 * flushed: in this order, or the last two the other way round. */
struct lending {
    bool as_list, too_early;
    void (*deed)(PMDL chain);
};

static void free_first(PMDL chain)
{
    IoFreeMdl(chain);
}

static void free_second(PMDL chain)
{
    IoFreeMdl(chain->Next);
}

static void build_in_second(PMDL chain)
{
    unsigned char *memory;
    PMDL whole = world_buffer(1, false, &memory);
    IoBuildPartialMdl(whole, chain->Next, memory, PAGE_SIZE);
}

static void lend(void *context)
{
    const struct lending *l = context;
    struct gather_call call = {0};
    struct world_list list;
    unsigned char *memory;
    ULONG length = 2 * PAGE_SIZE;
    PDMA_ADAPTER adapter = world_adapter(64);
    PMDL chain = world_buffer(1, false, &memory);
    chain->Next = world_buffer(1, false, &memory);
    rig_expect_equal(l->as_list ? gather_get(adapter, chain, 0, length, true, &call)
                                : world_map(adapter, chain, NULL, 0, &length, true, &list),
                     STATUS_SUCCESS);
    if (l->too_early)
        l->deed(chain);
    if (l->as_list)
        adapter->DmaOperations->PutScatterGatherList(adapter, call.list, TRUE);
    else
        adapter->DmaOperations->FlushAdapterBuffersEx(adapter, chain, NULL, 0, length, TRUE);
    if (!l->too_early)
        l->deed(chain);
}

/* rule: DMA-OWN-7 */
static void an_mdl_that_is_freed_or_built_anew_before_the_flush_is_told(void **state)
{
    (void)state;
    static void (*const deeds[])(PMDL) = {free_first, free_second, build_in_second};
    enum { DEEDS = sizeof deeds / sizeof deeds[0], WAYS = 2 };
    for (unsigned i = 0; i < DEEDS * WAYS; i++) {
        struct lending l = {.as_list = i % WAYS != 0, .too_early = true, .deed = deeds[i / WAYS]};
        struct rig_outcome outcome = run_giving_back(lend, &l, HALDMA_VERIFY_DMA);
        rig_assert_stopped(&outcome, "DMA-OWN-7", NULL);
        l.too_early = false;
        outcome = run_giving_back(lend, &l, HALDMA_VERIFY_DMA);
        rig_assert_idle(&outcome);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_STOPS(reading_what_the_device_writes_before_the_flush, "DMA-OWN-1", NULL),
        WORLD_STOPS(reading_it_before_the_flush_although_it_is_double_buffered, "DMA-OWN-1", NULL),
        WORLD_STOPS(writing_what_the_device_reads_after_the_map, "DMA-OWN-2", NULL),
        WORLD_STOPS(writing_what_the_device_writes, "DMA-OWN-2", NULL),
        WORLD_HOLDS(what_is_not_the_devices_may_be_touched),
        WORLD_STOPS(the_device_writes_after_the_flush, "DMA-OWN-3", NULL),
        WORLD_STOPS(the_device_reads_a_double_buffer_after_the_flush, "DMA-OWN-3", NULL),
        WORLD_STOPS(the_device_writes_a_common_buffer_that_was_freed, "DMA-OWN-3", NULL),
        WORLD_STOPS(the_device_writes_what_is_another_devices_by_now, "DMA-OWN-3", NULL),
        WORLD_STOPS(the_device_runs_beyond_what_is_mapped, "DMA-OWN-4", NULL),
        WORLD_HOLDS(the_device_may_go_on_with_what_it_was_given_anew),
        WORLD_STOPS(mapping_again_before_the_flush_without_registers, "DMA-MAP-14", "0xE6/0D"),
        WORLD_STOPS(flushing_twice_without_registers, "DMA-FLUSH-6", "0xE6/16"),
        WORLD_STOPS(flushing_another_part_without_registers, "DMA-FLUSH-8", "0xE6/16"),
        WORLD_STOPS(flushing_another_mdl_without_registers, "DMA-FLUSH-8", "0xE6/16"),
        WORLD_STOPS(flushing_in_the_other_direction_without_registers, "DMA-FLUSH-9", NULL),
        WORLD_STOPS(flushing_more_than_was_mapped_without_registers, "DMA-FLUSH-10", NULL),
        WORLD_STOPS(releasing_the_adapter_before_the_flush_without_registers, "DMA-ADAPTER-33", NULL),
        WORLD_HOLDS(the_adapter_is_released_after_the_flush),
        cmocka_unit_test(a_run_goes_on_after_a_flush_of_too_much_or_in_the_other_direction),
        cmocka_unit_test(a_buffer_that_is_given_back_before_the_flush_is_told),
        cmocka_unit_test(an_mdl_that_is_freed_or_built_anew_before_the_flush_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
