/*
 * Lists under every interleaving, every mood of the platform and every fault.
 */
#include "gather.h"

enum { PAGES = 2, BYTES = PAGES * PAGE_SIZE - 100 };

/* The state of one run. */
static struct race {
    PDMA_ADAPTER adapter;
    PMDL mdl;
    unsigned char *memory;
    gather_context holder, transfer;
    struct world_list buffer;
    struct gather_call call;
    ULONG flags;
    NTSTATUS status;
    bool returned, called_before_return;
    BOOLEAN cancelled;
} * race;

/* What was seen over all runs. */
static struct {
    unsigned called, cancelled, before, at_once, later, elsewhere, failed, buffered;
} seen;

static VOID take_list(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    gather_control(device, irp, list, context);
    race->called_before_return = !race->returned;
}

static void ask_get(void *context)
{
    (void)context;
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    race->status = race->adapter->DmaOperations->GetScatterGatherListEx(
        race->adapter, NULL, race->transfer, race->mdl, 0, BYTES, race->flags, take_list, &race->call, FALSE,
        NULL, NULL, NULL);
    race->returned = true;
    KeLowerIrql(old);
}

static void ask_build(void *context)
{
    (void)context;
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    race->status = race->adapter->DmaOperations->BuildScatterGatherListEx(
        race->adapter, NULL, race->transfer, race->mdl, 0, BYTES, 0, take_list, &race->call, FALSE,
        &race->buffer, sizeof race->buffer, NULL, NULL, NULL);
    race->returned = true;
    KeLowerIrql(old);
}

static void cancel(void *context)
{
    (void)context;
    race->cancelled = race->adapter->DmaOperations->CancelAdapterChannel(race->adapter, NULL, race->transfer);
}

static void release(void *context)
{
    (void)context;
    race->adapter->DmaOperations->FreeAdapterObject(race->adapter, DeallocateObject);
}

static void prepare(ULONG width)
{
    race = haldma_scratch(sizeof *race);
    race->adapter = world_adapter(width);
    race->mdl = world_buffer(PAGES, true, &race->memory);
    race->adapter->DmaOperations->InitializeDmaTransferContext(race->adapter, race->transfer);
}

/* Processors 0 to 2: a request, its cancelling, and the release of what it waits for. */
static void set_up_get(void *context)
{
    (void)context;
    prepare(32);
    world_take(race->adapter, race->holder, 1);
    rig_thread("requester", 0, ask_get, NULL);
    rig_thread("canceller", 1, cancel, NULL);
    rig_thread("releaser", 2, release, NULL);
}

static void set_up_build(void *context)
{
    (void)context;
    prepare(32);
    world_take(race->adapter, race->holder, 1);
    rig_thread("requester", 0, ask_build, NULL);
    rig_thread("canceller", 1, cancel, NULL);
    rig_thread("releaser", 2, release, NULL);
}

/* Called, with a list through which a device's data arrives; or cancelled, with nothing left. */
static void check_exactly_one(void *context)
{
    (void)context;
    rig_expect_equal(race->call.calls + race->cancelled, 1);
    rig_expect(race->status == STATUS_SUCCESS || (race->status == STATUS_CANCELLED && race->cancelled));
    if (race->call.calls == 1) {
        unsigned char data[BYTES];
        memset(data, 'D', sizeof data);
        rig_expect_equal(gather_bytes(race->call.list), BYTES);
        gather_device(race->call.list, data, true);
        gather_put(race->adapter, race->call.list, false);
        rig_expect(memcmp(race->memory, data, sizeof data) == 0);
    }
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
    rig_expect_equal(haldma_pool_blocks(GATHER_LIST_TAG), 0);
    race->adapter->DmaOperations->PutDmaAdapter(race->adapter);
    seen.called += race->call.calls;
    seen.cancelled += race->cancelled && race->status == STATUS_SUCCESS;
    seen.before += race->status == STATUS_CANCELLED;
}

static void explore_race(void (*set_up)(void *), enum emu_profile profile, int preemptions)
{
    struct haldma_config config = world_config();
    config.machine.processors = 3;
    config.machine.profile = profile;
    memset(&seen, 0, sizeof seen);
    world_explore(&config, set_up, check_exactly_one, preemptions);
    assert_true(seen.called > 0 && seen.cancelled > 0 && seen.before > 0);
}

/* rule: DMA-LIST-42 */
static void either_the_routine_is_called_or_cancel_succeeds_under_every_interleaving(void **state)
{
    (void)state;
    explore_race(set_up_get, EMU_PROFILE_TYPICAL, EMU_UNBOUNDED);
    explore_race(set_up_build, EMU_PROFILE_TYPICAL, EMU_UNBOUNDED);
}

/* rule: DMA-LIST-42 */
static void the_same_whatever_the_platform_makes_of_the_grant(void **state)
{
    (void)state;
    explore_race(set_up_get, EMU_PROFILE_HOSTILE, 2);
    explore_race(set_up_build, EMU_PROFILE_HOSTILE, 2);
}

/* ---- Moods ----------------------------------------------------------------------------------- */

static void set_up_alone(void *context)
{
    (void)context;
    prepare(64);
    rig_thread("requester", 0, ask_get, NULL);
}

static void ask_version1(void *context)
{
    (void)context;
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    race->status = race->adapter->DmaOperations->GetScatterGatherList(
        race->adapter, NULL, race->mdl, race->memory, BYTES, take_list, &race->call, FALSE);
    race->returned = true;
    KeLowerIrql(old);
}

static void set_up_version1(void *context)
{
    (void)context;
    prepare(64);
    rig_thread("requester", 0, ask_version1, NULL);
}

static void set_up_without_bounce(void *context)
{
    (void)context;
    prepare(64);
    race->flags = DMA_FAIL_ON_BOUNCE;
    rig_thread("requester", 0, ask_get, NULL);
}

static void check_mood(void *context)
{
    (void)context;
    rig_expect_equal(race->call.calls, 1);
    seen.at_once += race->called_before_return;
    seen.later += !race->called_before_return && race->call.processor == 0;
    seen.elsewhere += race->call.processor != 0;
    seen.buffered += world_pool()->free != WORLD_REGISTERS;
    check_exactly_one(context);
}

static void explore_moods(void (*set_up)(void *))
{
    struct haldma_config config = world_config();
    config.machine.profile = EMU_PROFILE_HOSTILE;
    memset(&seen, 0, sizeof seen);
    world_explore(&config, set_up, check_mood, 0);
    assert_true(seen.at_once > 0 && seen.later > 0 && seen.elsewhere > 0);
}

/* rule: DMA-LIST-16 */
/* rule: DMA-LIST-18 */
static void the_routine_runs_at_once_later_or_elsewhere_with_registers_or_without(void **state)
{
    (void)state;
    explore_moods(set_up_alone);
    assert_true(seen.buffered > 0);
    explore_moods(set_up_version1);
    assert_true(seen.buffered > 0);
}

/* rule: DMA-LIST-37 */
static void a_platform_does_not_double_buffer_what_must_not_bounce(void **state)
{
    (void)state;
    explore_moods(set_up_without_bounce);
    assert_int_equal(seen.buffered, 0);
}

/* ---- Faults ---------------------------------------------------------------------------------- */

static void ask_for_all(void *context)
{
    PDMA_OPERATIONS o = race->adapter->DmaOperations;
    (void)context;
    ask_get(NULL);
    bool got = race->status == STATUS_SUCCESS;
    rig_expect(got || race->status == STATUS_INSUFFICIENT_RESOURCES);
    rig_expect_equal(race->call.calls, got);
    seen.failed += !got;
    seen.called += got;
    if (!got) {
        rig_expect_equal(haldma_pool_blocks(GATHER_LIST_TAG), 0);
        return;
    }
    PMDL target = NULL;
    NTSTATUS status = o->BuildMdlFromScatterGatherList(race->adapter, race->call.list, race->mdl, &target);
    if (status == STATUS_INSUFFICIENT_RESOURCES) {
        rig_expect(target == NULL);
        seen.before++;
        status = o->BuildMdlFromScatterGatherList(race->adapter, race->call.list, race->mdl, &target);
    }
    rig_expect(status == STATUS_SUCCESS || status == STATUS_INSUFFICIENT_RESOURCES);
    rig_expect((status == STATUS_SUCCESS) == (target != NULL));
    gather_put(race->adapter, race->call.list, false);
    rig_expect_equal(haldma_pool_blocks(GATHER_LIST_TAG), 0);
    rig_expect_equal(world_pool()->free, WORLD_REGISTERS);
}

static void set_up_faults(void *context)
{
    (void)context;
    prepare(32);
    rig_thread("requester", 0, ask_for_all, NULL);
}

/* rule: DMA-LIST-17 */
/* rule: DMA-LIST-51 */
static void what_finds_no_memory_is_refused_and_leaves_nothing_behind(void **state)
{
    (void)state;
    struct haldma_config config = world_config();
    config.machine.faults = true;
    memset(&seen, 0, sizeof seen);
    world_explore(&config, set_up_faults, NULL, 0);
    assert_true(seen.called > 0 && seen.failed > 1 && seen.before > 0);
}

static void build_without_memory(void *context)
{
    (void)context;
    ask_build(NULL);
    seen.failed += race->status != STATUS_SUCCESS;
    seen.called += race->call.calls;
}

static void set_up_build_faults(void *context)
{
    (void)context;
    prepare(64);
    rig_thread("requester", 0, build_without_memory, NULL);
}

/* rule: DMA-LIST-17 */
static void a_build_request_can_fail_for_want_of_resources_only_once(void **state)
{
    (void)state;
    struct haldma_config config = world_config();
    config.machine.faults = true;
    memset(&seen, 0, sizeof seen);
    world_explore(&config, set_up_build_faults, NULL, 0);
    assert_int_equal(seen.called, 1);
    assert_int_equal(seen.failed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(either_the_routine_is_called_or_cancel_succeeds_under_every_interleaving),
        cmocka_unit_test(the_same_whatever_the_platform_makes_of_the_grant),
        cmocka_unit_test(the_routine_runs_at_once_later_or_elsewhere_with_registers_or_without),
        cmocka_unit_test(a_platform_does_not_double_buffer_what_must_not_bounce),
        cmocka_unit_test(what_finds_no_memory_is_refused_and_leaves_nothing_behind),
        cmocka_unit_test(a_build_request_can_fail_for_want_of_resources_only_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
