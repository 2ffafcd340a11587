/*
 * System DMA on the PC: the pair of 8237 behind the DMA interface.
 */
#include "world.h"

#include <emu/device/i8237.h>

#include "emu/device/i8237_state.h"

enum {
    BYTES = 1,      /* a channel of bytes */
    WORDS = 5,      /* a channel of words */
    BANK = 0x10000, /* that a channel of bytes cannot leave; one of words has twice as much */
    BANK_PAGES = BANK / PAGE_SIZE,
    UNTOUCHED = 0x11,
    READY = 100, /* bytes that a peripheral moves and no more */
};
#define ISA_LIMIT 0x1000000ull

/* ---- The machine ----------------------------------------------------------------------------- */

static struct haldma_config pc_config(void)
{
    struct haldma_config config = world_config();
    config.i8237 = true;
    return config;
}

static void pc_run(void **state)
{
    const struct world_test *test = *state;
    struct haldma_config config = pc_config();
    struct emu_machine *m = world_machine(&config);
    struct rig_outcome outcome;
    rig_run(m, test->body, NULL, &outcome);
    emu_machine_destroy(m);
    if (test->rule == NULL)
        rig_assert_idle(&outcome);
    else
        rig_assert_stopped(&outcome, test->rule, test->code);
}

#define PC_TEST(body, rule, code)                       \
    {                                                   \
#body, pc_run, NULL, NULL, &(struct world_test) \
        {                                               \
            body, rule, code                            \
        }                                               \
    }
#define PC_HOLDS(body) PC_TEST(body, NULL, NULL)

/* ---- A driver that uses a channel ------------------------------------------------------------ */

static DEVICE_DESCRIPTION slave(ULONG channel)
{
    return (DEVICE_DESCRIPTION){
        .Version = DEVICE_DESCRIPTION_VERSION2,
        .DmaChannel = channel,
        .InterfaceType = Isa,
        .DmaWidth = channel > EMU_I8237_CASCADE ? Width16Bits : Width8Bits,
        .DmaSpeed = Compatible,
        .MaximumLength = 4 * BANK,
    };
}

struct card {
    PDMA_ADAPTER adapter;
    PDMA_OPERATIONS o;
    ULONG registers;
    struct world_call call;
    unsigned char *memory;
    ULONG bytes;
    PMDL mdl;
    uint64_t logical; /* of what is mapped */
};

static struct card *open_card(DEVICE_DESCRIPTION description)
{
    struct card *c = haldma_scratch(sizeof *c);
    c->adapter = world_get(description, &c->registers);
    rig_expect(c->adapter != NULL);
    c->o = c->adapter->DmaOperations;
    c->call.action = KeepObject;
    return c;
}

static void allocate(struct card *c, ULONG registers)
{
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    rig_expect_equal(
        c->o->AllocateAdapterChannel(c->adapter, world_device(), registers, world_control, &c->call),
        STATUS_SUCCESS);
    KeLowerIrql(irql);
    rig_expect_equal(c->call.calls, 1);
}

static void give(struct card *c, void *memory, ULONG bytes)
{
    c->memory = memory;
    c->bytes = bytes;
    c->mdl = world_mdl(memory, bytes);
    memset(memory, UNTOUCHED, bytes);
}

static void start(struct card *c, BOOLEAN to_device)
{
    ULONG length = c->bytes;
    c->logical = (uint64_t)c->o
                     ->MapTransfer(c->adapter, c->mdl, c->call.base, MmGetMdlVirtualAddress(c->mdl), &length,
                                   to_device)
                     .QuadPart;
    rig_expect_equal(length, c->bytes);
}

static void flush(struct card *c, BOOLEAN to_device)
{
    rig_expect(c->o->FlushAdapterBuffers(c->adapter, c->mdl, c->call.base, MmGetMdlVirtualAddress(c->mdl),
                                         c->bytes, to_device));
}

static void release(struct card *c)
{
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    c->o->FreeAdapterChannel(c->adapter);
    KeLowerIrql(irql);
    c->o->PutDmaAdapter(c->adapter);
}

/* Longer than any transfer here. */
static void wait(void)
{
    LARGE_INTEGER interval = {.QuadPart = -10000};
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

static VOID never_called(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID context,
                         DMA_COMPLETION_STATUS status)
{
    (void)adapter;
    (void)device;
    (void)context;
    (void)status;
    haldma_fail("property", "a completion routine was called without an interrupt");
}

static void expect_pattern(const unsigned char *memory, unsigned channel, ULONG bytes)
{
    for (ULONG i = 0; i < bytes; i++)
        rig_expect_equal(memory[i], emu_i8237_pattern(channel, i));
}

/* Memory that is one piece, from a multiple of 128 KiB on. */
static unsigned char *low_memory(uint32_t pages)
{
    struct emu_ram_request request = {
        .pages = pages, .highest = ISA_LIMIT - 1, .alignment = 2 * BANK, .contiguous = true};
    unsigned char *memory = emu_ram_alloc(emu_current(), &request);
    rig_expect(memory != NULL);
    return memory;
}

static void read_all(struct card *c)
{
    allocate(c, c->registers);
    start(c, FALSE);
    while (c->o->ReadDmaCounter(c->adapter) != 0)
        wait();
    flush(c, FALSE);
}

/* ---- Adapters -------------------------------------------------------------------------------- */

/* rule: DMA-I8237-1 */
static void each_channel_has_its_width_and_the_cascade_is_refused(void *context)
{
    (void)context;
    for (ULONG n = 0; n < EMU_I8237_CHANNELS; n++) {
        DEVICE_DESCRIPTION good = slave(n), bad = slave(n);
        bad.DmaWidth = good.DmaWidth == Width8Bits ? Width16Bits : Width8Bits;
        PDMA_ADAPTER adapter = world_get(good, NULL);
        rig_expect_equal(adapter != NULL, n != EMU_I8237_CASCADE);
        rig_expect(world_get(bad, NULL) == NULL);
        bad.DmaWidth = Width32Bits;
        rig_expect(world_get(bad, NULL) == NULL);
        bad = good;
        bad.DmaSpeed = MaximumDmaSpeed;
        rig_expect(world_get(bad, NULL) == NULL);
    }
    rig_expect(world_get(slave(EMU_I8237_CHANNELS), NULL) == NULL);
}

/* rule: DMA-I8237-2 */
static void an_adapter_has_registers_for_64_kib_or_128_kib(void *context)
{
    (void)context;
    DEVICE_DESCRIPTION small = slave(BYTES);
    small.MaximumLength = PAGE_SIZE;
    rig_expect_equal(open_card(slave(BYTES))->registers, BANK_PAGES);
    rig_expect_equal(open_card(slave(WORDS))->registers, 2 * BANK_PAGES);
    rig_expect_equal(open_card(small)->registers, 2);
}

/* rule: DMA-I8237-3 */
static void version_3_reaches_a_channel_by_its_request_line_and_hears_of_no_end(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    DEVICE_DESCRIPTION description = slave(0);
    description.Version = DEVICE_DESCRIPTION_VERSION3;
    description.DmaRequestLine = BYTES;
    struct card *c = open_card(description);
    give(c, world_pages(1, false), PAGE_SIZE);
    PVOID base = world_take(c->adapter, transfer, 1);
    ULONG length = c->bytes;
    rig_expect_equal(
        c->o->MapTransferEx(c->adapter, c->mdl, base, 0, 0, &length, FALSE, NULL, 0, never_called, NULL),
        STATUS_SUCCESS);
    wait();
    rig_expect_equal(c->o->ReadDmaCounter(c->adapter), 0);
    rig_expect_equal(c->o->FlushAdapterBuffersEx(c->adapter, c->mdl, base, 0, length, FALSE), STATUS_SUCCESS);
    expect_pattern(c->memory, BYTES, PAGE_SIZE);
    release(c);
    description.DmaRequestLine = EMU_I8237_CASCADE;
    rig_expect(world_get(description, NULL) == NULL);
    description.DmaRequestLine = EMU_I8237_CHANNELS;
    rig_expect(world_get(description, NULL) == NULL);
}

/* ---- Transfers ------------------------------------------------------------------------------- */

/* rule: DMA-I8237-4 */
static void memory_beyond_16_mib_goes_through_a_buffer_below(void *context)
{
    (void)context;
    struct card *c = open_card(slave(BYTES));
    give(c, world_pages(3, true), 3 * PAGE_SIZE);
    read_all(c);
    rig_expect(c->logical < ISA_LIMIT);
    expect_pattern(c->memory, BYTES, c->bytes);
    release(c);
}

/* rule: DMA-I8237-5 */
static void a_transfer_never_crosses_64_kib(void *context)
{
    (void)context;
    struct card *c = open_card(slave(BYTES));
    give(c, low_memory(2 * BANK_PAGES) + BANK - PAGE_SIZE, 2 * PAGE_SIZE);
    read_all(c);
    rig_expect_equal(c->logical / BANK, (c->logical + c->bytes - 1) / BANK);
    expect_pattern(c->memory, BYTES, c->bytes);
    release(c);
}

/* rule: DMA-I8237-5 */
static void words_cross_64_kib_and_never_128_kib(void *context)
{
    (void)context;
    unsigned char *memory = low_memory(4 * BANK_PAGES);
    for (unsigned banks = 1; banks <= 2; banks++) {
        struct card *c = open_card(slave(WORDS));
        give(c, memory + (size_t)banks * BANK - PAGE_SIZE, 2 * PAGE_SIZE);
        read_all(c);
        bool stays = c->logical == emu_ram_physical(emu_current(), c->memory);
        rig_expect_equal(stays, banks == 1);
        rig_expect_equal(c->logical / (2 * BANK), (c->logical + c->bytes - 1) / (2 * BANK));
        expect_pattern(c->memory, WORDS, c->bytes);
        release(c);
    }
}

/* rule: DMA-I8237-5 */
static void sixty_four_kib_are_one_transfer_wherever_they_lie(void *context)
{
    (void)context;
    struct card *c = open_card(slave(BYTES));
    give(c, world_pages(BANK_PAGES, true), BANK);
    allocate(c, c->registers);
    start(c, FALSE);
    rig_expect_equal(c->o->ReadDmaCounter(c->adapter), BANK);
    wait();
    rig_expect_equal(c->o->ReadDmaCounter(c->adapter), 0);
    flush(c, FALSE);
    rig_expect_equal(c->logical % BANK, 0);
    expect_pattern(c->memory, BYTES, BANK);
    release(c);
}

/* rule: DMA-I8237-5 */
static void what_lies_in_one_piece_is_used_where_it_is(void *context)
{
    (void)context;
    struct card *c = open_card(slave(BYTES));
    give(c, low_memory(2), 2 * PAGE_SIZE);
    read_all(c);
    rig_expect_equal(c->logical, emu_ram_physical(emu_current(), c->memory));
    release(c);
}

/* rule: DMA-I8237-6 */
static void the_counter_counts_bytes_on_either_sort_of_channel(void *context)
{
    (void)context;
    for (ULONG channel = BYTES; channel <= WORDS; channel += WORDS - BYTES) {
        struct card *c = open_card(slave(channel));
        give(c, low_memory(1), PAGE_SIZE);
        allocate(c, 1);
        start(c, TRUE);
        rig_expect_equal(c->o->ReadDmaCounter(c->adapter), PAGE_SIZE);
        KeStallExecutionProcessor(1);
        emu_stall(emu_current(), 500);
        rig_expect_equal(c->o->ReadDmaCounter(c->adapter), PAGE_SIZE / 2);
        wait();
        rig_expect_equal(c->o->ReadDmaCounter(c->adapter), 0);
        flush(c, TRUE);
        release(c);
    }
}

/* rule: DMA-I8237-7 */
static void an_odd_address_on_a_channel_of_words(void *context)
{
    (void)context;
    struct card *c = open_card(slave(WORDS));
    give(c, low_memory(1) + 1, 2);
    allocate(c, 1);
    start(c, TRUE);
}

/* rule: DMA-CHANNEL-17 */
static void an_odd_length_on_a_channel_of_words(void *context)
{
    (void)context;
    struct card *c = open_card(slave(WORDS));
    give(c, low_memory(1), 3);
    allocate(c, 1);
    start(c, TRUE);
}

/* ---- Modes ----------------------------------------------------------------------------------- */

/* rule: DMA-I8237-8 */
static void a_sound_buffer_is_played_round_and_round(void *context)
{
    (void)context;
    DEVICE_DESCRIPTION description = slave(BYTES);
    PHYSICAL_ADDRESS logical;
    description.AutoInitialize = TRUE;
    struct card *c = open_card(description);
    PVOID memory = c->o->AllocateCommonBuffer(c->adapter, 2 * PAGE_SIZE, &logical, FALSE);
    rig_expect(memory != NULL);
    give(c, memory, 2 * PAGE_SIZE);
    allocate(c, 2);
    start(c, FALSE);
    rig_expect_equal(c->logical, (uint64_t)logical.QuadPart);
    const struct i8237_channel *ch = &haldma_i8237()->channels[BYTES];
    while (ch->moved <= 4 * PAGE_SIZE) {
        rig_expect(c->o->ReadDmaCounter(c->adapter) > 0);
        wait();
    }
    rig_expect(c->memory[0] != UNTOUCHED && c->memory[2 * PAGE_SIZE - 1] != UNTOUCHED);
    flush(c, FALSE);
    rig_expect(ch->masked);
    c->o->FreeCommonBuffer(c->adapter, 2 * PAGE_SIZE, logical, memory, FALSE);
    release(c);
}

/* rule: DMA-I8237-9 */
static void demand_mode_is_for_who_asks_for_it_in_version_2(void *context)
{
    (void)context;
    const struct i8237_channel *ch = &haldma_i8237()->channels[BYTES];
    for (ULONG version = DEVICE_DESCRIPTION_VERSION1; version <= DEVICE_DESCRIPTION_VERSION2; version++) {
        DEVICE_DESCRIPTION description = slave(BYTES);
        description.Version = version;
        description.DemandMode = TRUE;
        struct card *c = open_card(description);
        give(c, low_memory(1), PAGE_SIZE);
        read_all(c);
        rig_expect_equal(ch->mode & EMU_I8237_MODE_REQUEST, version == DEVICE_DESCRIPTION_VERSION2
                                                                ? EMU_I8237_MODE_DEMAND
                                                                : EMU_I8237_MODE_SINGLE);
        release(c);
    }
}

/* rule: DMA-I8237-10 */
static void a_buffer_is_a_common_one_below_16_mib_that_stays_in_its_64_kib(void *context)
{
    (void)context;
    struct card *c = open_card(slave(BYTES));
    for (unsigned i = 0; i < 8; i++) {
        PHYSICAL_ADDRESS logical;
        uint64_t bytes = 5 * PAGE_SIZE;
        rig_expect(c->o->AllocateCommonBuffer(c->adapter, (ULONG)bytes, &logical, FALSE) != NULL);
        rig_expect((uint64_t)logical.QuadPart + bytes <= ISA_LIMIT);
        rig_expect_equal((uint64_t)logical.QuadPart / BANK, ((uint64_t)logical.QuadPart + bytes - 1) / BANK);
    }
}

/* ---- Ends ------------------------------------------------------------------------------------ */

static size_t produce_some(void *context, struct emu_machine *m, uint8_t *bytes, size_t count)
{
    size_t *ready = context;
    (void)m;
    count = count < *ready ? count : *ready;
    memset(bytes, 'x', count);
    *ready -= count;
    return count;
}

static const struct emu_i8237_ops some_ops = {.produce = produce_some};

static struct card *read_some(bool ignore_count)
{
    size_t *ready = haldma_scratch(sizeof *ready);
    *ready = READY;
    rig_expect(emu_i8237_attach(haldma_i8237(), BYTES, &some_ops, ready));
    DEVICE_DESCRIPTION description = slave(BYTES);
    description.IgnoreCount = ignore_count;
    struct card *c = open_card(description);
    give(c, world_pages(1, true), PAGE_SIZE);
    allocate(c, 1);
    start(c, FALSE);
    wait();
    rig_expect_equal(c->o->ReadDmaCounter(c->adapter), PAGE_SIZE - READY);
    flush(c, FALSE);
    for (unsigned i = 0; i < READY; i++)
        rig_expect_equal(c->memory[i], 'x');
    return c;
}

/* rule: DMA-I8237-11 */
static void a_flush_puts_back_what_the_counter_says_was_moved(void *context)
{
    (void)context;
    struct card *c = read_some(false);
    for (unsigned i = READY; i < PAGE_SIZE; i++)
        rig_expect_equal(c->memory[i], UNTOUCHED);
    rig_expect(haldma_i8237()->channels[BYTES].masked);
    release(c);
}

/* rule: DMA-I8237-11 */
static void a_counter_that_is_to_be_ignored_is(void *context)
{
    (void)context;
    struct card *c = read_some(true);
    rig_expect(c->memory[READY] != UNTOUCHED);
    release(c);
}

/* rule: DMA-I8237-12 */
static void a_cancelled_transfer_moves_nothing_more(void *context)
{
    (void)context;
    UCHAR transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    DEVICE_DESCRIPTION description = slave(BYTES);
    description.Version = DEVICE_DESCRIPTION_VERSION3;
    description.DmaRequestLine = BYTES;
    struct card *c = open_card(description);
    give(c, low_memory(1), PAGE_SIZE);
    PVOID base = world_take(c->adapter, transfer, 1);
    ULONG length = c->bytes;
    c->o->MapTransferEx(c->adapter, c->mdl, base, 0, 0, &length, FALSE, NULL, 0, NULL, NULL);
    rig_expect_equal(c->o->CancelMappedTransfer(c->adapter, transfer), STATUS_SUCCESS);
    wait();
    rig_expect_equal(c->memory[0], UNTOUCHED);
    rig_expect_equal(c->o->ReadDmaCounter(c->adapter), PAGE_SIZE);
    rig_expect_equal(c->o->FlushAdapterBuffersEx(c->adapter, c->mdl, base, 0, length, FALSE), STATUS_SUCCESS);
    release(c);
}

/* rule: DMA-I8237-13 */
static void the_pair_has_no_functions_of_its_own(void *context)
{
    (void)context;
    DEVICE_DESCRIPTION description = slave(BYTES);
    description.Version = DEVICE_DESCRIPTION_VERSION3;
    description.DmaRequestLine = BYTES;
    struct card *c = open_card(description);
    rig_expect_equal(c->o->ConfigureAdapterChannel(c->adapter, 1, NULL), STATUS_NOT_IMPLEMENTED);
}

/* ---- Explored -------------------------------------------------------------------------------- */

static void plays(void *context)
{
    a_sound_buffer_is_played_round_and_round(context);
}

static void reads(void *context)
{
    (void)context;
    for (unsigned i = 0; i < 2; i++)
        words_cross_64_kib_and_never_128_kib(NULL);
}

static void set_up_race(void *context)
{
    rig_thread("player", 0, plays, context);
    rig_thread("reader", 1, reads, context);
}

/* Whatever the platform may do: double-buffer what it need not, call back later. rule: DMA-I8237-8 */
static void two_channels_do_not_disturb_each_other(void **state)
{
    enum { RUNS = 2000 };
    (void)state;
    struct haldma_config config = pc_config();
    config.machine.profile = EMU_PROFILE_TYPICAL;
    struct emu_machine *m = world_machine(&config);
    struct emu_program program = {"two channels", set_up_race, NULL, NULL};
    struct emu_report report;
    rig_explore_random(m, &program, 1, RUNS, &report);
    emu_machine_destroy(m);
    rig_assert_clean(&report);
    emu_report_free(&report);
}

static void configurations_that_serve_a_line_twice_are_refused(void **state)
{
    (void)state;
    const char *error = NULL;
    struct haldma_config config = pc_config();
    config.controllers[0].first_line = EMU_I8237_CHANNELS - 1;
    assert_null(haldma_machine_create(&config, &error));
    assert_non_null(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PC_HOLDS(each_channel_has_its_width_and_the_cascade_is_refused),
        PC_HOLDS(an_adapter_has_registers_for_64_kib_or_128_kib),
        PC_HOLDS(version_3_reaches_a_channel_by_its_request_line_and_hears_of_no_end),
        PC_HOLDS(memory_beyond_16_mib_goes_through_a_buffer_below),
        PC_HOLDS(a_transfer_never_crosses_64_kib),
        PC_HOLDS(words_cross_64_kib_and_never_128_kib),
        PC_HOLDS(sixty_four_kib_are_one_transfer_wherever_they_lie),
        PC_HOLDS(what_lies_in_one_piece_is_used_where_it_is),
        PC_HOLDS(the_counter_counts_bytes_on_either_sort_of_channel),
        PC_TEST(an_odd_address_on_a_channel_of_words, "DMA-I8237-7", NULL),
        PC_TEST(an_odd_length_on_a_channel_of_words, "DMA-CHANNEL-17", NULL),
        PC_HOLDS(a_sound_buffer_is_played_round_and_round),
        PC_HOLDS(demand_mode_is_for_who_asks_for_it_in_version_2),
        PC_HOLDS(a_buffer_is_a_common_one_below_16_mib_that_stays_in_its_64_kib),
        PC_HOLDS(a_flush_puts_back_what_the_counter_says_was_moved),
        PC_HOLDS(a_counter_that_is_to_be_ignored_is),
        PC_HOLDS(a_cancelled_transfer_moves_nothing_more),
        PC_HOLDS(the_pair_has_no_functions_of_its_own),
        cmocka_unit_test(two_channels_do_not_disturb_each_other),
        cmocka_unit_test(configurations_that_serve_a_line_twice_are_refused),
    };
    return cmocka_run_group_tests_name("system DMA of the PC", tests, NULL, NULL);
}
