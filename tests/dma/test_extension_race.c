/*
 * CancelMappedTransfer against the interrupt of a controller that an extension serves, with every register
 * access of the extension as a yield point: the cancellation lands before, between and after the beats, and
 * between any two accesses.
 */
#include "extension_bench.h"
#include "slow_build.h"

#include "dma/controller.h"

enum { BEATS = 3, BEAT = PAGE_SIZE / 2, PREEMPTIONS = 2, NEXT_FILL = 'n' };

static struct stream *raced;
static NTSTATUS cancel_status;
static struct {
    unsigned complete, cancelled, refused;
    unsigned beats; /* bit n: a cancelled transfer had moved n beats */
} seen;             /* over all runs */

/* The beats that reached memory: whole, in order, and none beyond. */
static unsigned count_beats(const struct stream *s)
{
    unsigned beats = 0;
    while (beats < s->length / BEAT &&
           s->memory[beats * BEAT] == emu_soc_dma_pattern(LINE_FIRST, beats * BEAT))
        beats++;
    for (unsigned i = 0; i < beats * BEAT; i++)
        rig_expect_equal(s->memory[i], emu_soc_dma_pattern(LINE_FIRST, i));
    for (unsigned i = beats * BEAT; i < s->length; i++)
        rig_expect_equal(s->memory[i], NEXT_FILL);
    return beats;
}

static void transfer(void *context)
{
    (void)context;
    NTSTATUS status = stream_start(raced, FALSE);
    if (status == STATUS_CANCELLED) {
        seen.refused++;
        return;
    }
    rig_expect_equal(status, STATUS_SUCCESS);
    stream_wait(raced);
    rig_expect_equal(stream_flush(raced, FALSE), STATUS_SUCCESS);
    unsigned beats = count_beats(raced);
    if (raced->status == DmaComplete)
        rig_expect_equal(beats, BEATS);
    else
        seen.beats |= 1u << beats;
}

static void cancel(void *context)
{
    (void)context;
    cancel_status = raced->o->CancelMappedTransfer(raced->adapter, raced->transfer);
}

static PUCHAR registers;

static void set_up_stream(void)
{
    rig_expect_equal(bench_load(dma_soc_AddResourceGroup, &bench_hardware(BEAT)->group), STATUS_SUCCESS);
    PHYSICAL_ADDRESS address = {.QuadPart = (LONGLONG)REGISTERS};
    registers = HalMapIoSpace(address, EMU_SOC_DMA_WINDOW_BYTES, MmNonCached);
    raced = stream_make(LINE_FIRST, 2);
    raced->length = BEATS * BEAT;
    memset(raced->memory, NEXT_FILL, 2 * PAGE_SIZE);
}

static void set_up(void *context)
{
    (void)context;
    set_up_stream();
    rig_thread("transfers", 0, transfer, NULL);
    rig_thread("cancels", 1, cancel, NULL);
}

static void check(void *context)
{
    (void)context;
    rig_expect(raced->completions <= 1);
    rig_expect(raced->completions == 1 || cancel_status == STATUS_SUCCESS);
    rig_expect(raced->status == DmaComplete ||
               (raced->status == DmaCancelled && cancel_status == STATUS_SUCCESS));
    seen.complete += raced->completions == 1 && raced->status == DmaComplete;
    seen.cancelled += raced->completions == 1 && raced->status == DmaCancelled;
    rig_expect_equal(dma_system()->completions.taken, 0);
    rig_expect_equal(dma_system()->deferred.taken, 0);
}

/* rule: DMA-CHANNEL-13 */
static void a_cancellation_at_every_beat_completes_the_transfer_once(void **state)
{
    (void)state;
    struct haldma_config config = bare_config();
    memset(&seen, 0, sizeof seen);
    world_explore(&config, set_up, check, PREEMPTIONS);
    assert_true(seen.complete > 0 && seen.cancelled > 0 && seen.refused > 0);
    assert_int_equal(seen.beats, (1u << BEATS) - 1); /* after none, one and two beats */
}

/* ---- An extension that does not expect the race ---------------------------------------------- */

/* It looks whether the channel is active, and stops it: the end may come between. */
static BOOLEAN careless_cancel(PVOID context, ULONG channel)
{
    (void)context;
    PUCHAR at = registers + EMU_SOC_DMA_CHANNEL(channel);
    ULONG status = READ_REGISTER_ULONG((volatile ULONG *)(void *)(at + EMU_SOC_DMA_CHANNEL_STATUS));
    if (!(status & EMU_SOC_DMA_CHANNEL_ACTIVE))
        return FALSE;
    WRITE_REGISTER_ULONG((volatile ULONG *)(void *)(at + EMU_SOC_DMA_CHANNEL_CONTROL),
                         EMU_SOC_DMA_CHANNEL_STOP);
    status = READ_REGISTER_ULONG((volatile ULONG *)(void *)(at + EMU_SOC_DMA_CHANNEL_STATUS));
    if (status & EMU_SOC_DMA_CHANNEL_ABORTED)
        WRITE_REGISTER_ULONG((volatile ULONG *)(void *)(registers + EMU_SOC_DMA_INTERRUPT), 1u << channel);
    return TRUE;
}

static void set_up_careless(void *context)
{
    set_up(context);
    dma_system()->controllers[0]->operations.CancelTransfer = careless_cancel;
}

/* rule: DMA-EXT-10 */
static void an_extension_that_looks_before_it_stops_is_found_out(void **state)
{
    enum { RUNS = 200000 };
    (void)state;
    struct haldma_config config = bare_config();
    struct emu_machine *m = world_machine(&config);
    struct emu_program program = {"careless", set_up_careless, NULL, NULL};
    struct emu_report report;
    rig_explore(m, &program, PREEMPTIONS, RUNS, &report);
    rig_assert_found(&report, "DMA-EXT-10", NULL);
    emu_report_free(&report);
    emu_machine_destroy(m);
}

/* ---- The next transfer against the interrupt of the last one ---------------------------------- */

/* Asks the hardware how much it can, so that other processors go on while it does. */
static ULONG slow_fragments(PVOID context, ULONG channel, ULONG wanted)
{
    (void)context;
    (void)channel;
    (void)wanted;
    return READ_REGISTER_ULONG((volatile ULONG *)(void *)(registers + EMU_SOC_DMA_FRAGMENTS));
}

static KDPC something_else;

/* What the first processor does between two routines that one call needs. */
static VOID do_something_else(PKDPC dpc, PVOID context, PVOID first, PVOID second)
{
    (void)dpc;
    (void)context;
    (void)first;
    (void)second;
    READ_REGISTER_ULONG((volatile ULONG *)(void *)(registers + EMU_SOC_DMA_ID));
}

/* The interrupt of the transfer before comes again, on a line of its own. */
static struct {
    bool comes;
    emu_line line;
    PDMA_HANDLE_INTERRUPT handle;
} again;

static void come_again(void *context)
{
    (void)context;
    emu_line_raise(emu_current(), again.line);
    KeInsertQueueDpc(&something_else, NULL, NULL);
}

static BOOLEAN handle_again(PVOID context, PULONG channel, PDMA_INTERRUPT_TYPE type)
{
    enum { REGISTER = EMU_SOC_DMA_CHANNEL(0) + EMU_SOC_DMA_CHANNEL_STATUS };
    ULONG status = READ_REGISTER_ULONG((volatile ULONG *)(void *)(registers + REGISTER));
    bool came = again.comes && (status & EMU_SOC_DMA_CHANNEL_ACTIVE) == 0;
    again.comes = false;
    emu_line_lower(emu_current(), again.line);
    if (!came)
        return again.handle(context, channel, type);
    *channel = 0;
    *type = InterruptTypeCompletion;
    return TRUE;
}

static void transfer_the_next(void *context)
{
    (void)context;
    rig_expect_equal(stream_start(raced, FALSE), STATUS_SUCCESS);
    stream_wait(raced);
    rig_expect_equal(raced->status, DmaComplete);
    rig_expect_equal(count_beats(raced), BEATS);
}

static void set_up_again(void *context)
{
    (void)context;
    set_up_stream();
    const struct emu_line_config line = {
        .name = "again", .trigger = EMU_TRIGGER_LEVEL, .level = LEVEL, .processors = 1 << 1};
    struct dma_controller *c = dma_system()->controllers[0];
    again.comes = true;
    again.line = emu_line_add(emu_current(), &line);
    again.handle = c->operations.HandleInterrupt;
    c->operations.QueryMaxFragments = slow_fragments;
    c->operations.HandleInterrupt = handle_again;
    rig_expect(dma_controller_connect(c, (LONG)again.line, LevelSensitive));
    KeInitializeDpc(&something_else, do_something_else, NULL);
    KeSetTargetProcessorDpc(&something_else, 0);
    rig_thread("transfers", 0, transfer_the_next, NULL);
    rig_thread("comes again", 1, come_again, NULL);
}

/* rule: DMA-CHANNEL-18 */
static void an_interrupt_that_comes_again_does_not_end_the_next_transfer(void **state)
{
    enum { RUNS = SLOW_BUILD ? 1000 : 20000, ALL_PREEMPTIONS = SLOW_BUILD ? 1 : PREEMPTIONS };
    (void)state;
    struct haldma_config config = bare_config();
    world_explore(&config, set_up_again, NULL, ALL_PREEMPTIONS);
    struct emu_machine *m = world_machine(&config);
    struct emu_program program = {"again", set_up_again, NULL, NULL};
    struct emu_report report;
    rig_explore_random(m, &program, 1, RUNS, &report);
    rig_assert_clean(&report);
    emu_report_free(&report);
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cancellation_at_every_beat_completes_the_transfer_once),
        cmocka_unit_test(an_extension_that_looks_before_it_stops_is_found_out),
        cmocka_unit_test(an_interrupt_that_comes_again_does_not_end_the_next_transfer),
    };
    return cmocka_run_group_tests_name("races of extensions", tests, NULL, NULL);
}
