/*
 * HAL extensions: which routine is called when, and the example at work.
 */
#include "extension_mock.h"

/* ---- Which routine when ---------------------------------------------------------------------- */

/* rule: DMA-EXT-1 */
static void a_controller_is_initialized_before_anything_else_and_its_data_is_a_copy(void *context)
{
    (void)context;
    rig_expect_equal(bench_load(mock_entry, mock_group()), STATUS_SUCCESS);
    expect_calls("IB");
    rig_expect_equal(*(ULONG *)recorded->data, DATA);
    rig_expect_equal(recorded->channel, 1);
}

/* rule: DMA-EXT-2 */
static void a_channel_gets_the_memory_that_it_asked_for_within_its_reach(void *context)
{
    (void)context;
    bench_load(mock_entry, mock_group());
    unsigned char *memory = recorded->common_memory;
    rig_expect(memory != NULL);
    for (unsigned i = 0; i < COMMON_BYTES; i += PAGE_SIZE)
        rig_expect_equal(emu_ram_physical(emu_current(), memory + i), recorded->common + i);
    rig_expect(recorded->common + COMMON_BYTES <= 1ull << WIDTH);
}

/* rule: DMA-EXT-3 */
static void a_line_is_bound_to_a_channel_that_the_extension_allows(void *context)
{
    (void)context;
    bench_load(mock_entry, mock_group());
    forget();
    DEVICE_DESCRIPTION d = world_subordinate(LINE_FIRST);
    PDMA_ADAPTER adapter = world_get(d, NULL);
    rig_expect(adapter != NULL);
    rig_expect_equal(dma_adapter_of(adapter)->channel->number, 2);
    rig_expect_equal(recorded->line, LINE_FIRST);
    d.DmaChannel = 2;
    rig_expect(world_get(d, NULL) != NULL);
    d.DmaChannel = 3;
    rig_expect(world_get(d, NULL) == NULL);
    d.DmaChannel = CHANNELS;
    rig_expect(world_get(d, NULL) == NULL);
    d = world_subordinate(LINE_FIRST + LINES);
    rig_expect(world_get(d, NULL) == NULL);
    d = world_subordinate(LINE_FIRST);
    d.DmaWidth = Width16Bits;
    rig_expect(world_get(d, NULL) == NULL);
}

/* rule: DMA-EXT-4 */
static void a_transfer_is_programmed_and_its_interrupt_heard_until_there_is_no_more(void *context)
{
    (void)context;
    struct stream *s = mock_stream(2);
    forget();
    rig_expect_equal(stream_start(s, TRUE), STATUS_SUCCESS);
    expect_calls("QP");
    rig_expect_equal(recorded->channel, 2);
    rig_expect_equal(recorded->line, LINE_FIRST + 1);
    rig_expect_equal(recorded->bytes, 2 * PAGE_SIZE);
    rig_expect(recorded->elements >= 1 && recorded->elements <= FRAGMENTS);
    rig_expect(recorded->to_device && !recorded->loops);
    recorded->type = InterruptTypeCompletion;
    interrupt(1);
    stream_wait(s);
    expect_calls("HH");
    rig_expect_equal(s->status, DmaComplete);
    rig_expect_equal(stream_flush(s, TRUE), STATUS_SUCCESS);
    expect_calls("RF");
    rig_expect_equal(s->completions, 1);
}

/* rule: DMA-CHANNEL-17 */
static void a_transfer_that_is_no_multiple_of_what_the_controller_moves(void *context)
{
    (void)context;
    struct stream *s = mock_stream(1);
    s->length = PAGE_SIZE / 2 + 2; /* it moves 4 bytes at a time */
    (void)stream_start(s, TRUE);
}

/* rule: DMA-EXT-5 */
static void the_interrupt_says_how_the_transfer_ended(void *context)
{
    static const struct {
        DMA_INTERRUPT_TYPE type;
        DMA_COMPLETION_STATUS status;
    } ends[] = {{InterruptTypeCompletion, DmaComplete},
                {InterruptTypeError, DmaError},
                {InterruptTypeCancelled, DmaCancelled}};
    (void)context;
    struct stream *s = mock_stream(1);
    for (unsigned i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        rig_expect_equal(stream_start(s, TRUE), STATUS_SUCCESS);
        recorded->type = ends[i].type;
        interrupt(1);
        stream_wait(s);
        rig_expect_equal(s->status, ends[i].status);
        rig_expect_equal(stream_flush(s, TRUE), STATUS_SUCCESS);
    }
}

/* rule: DMA-EXT-6 */
static void a_stopped_transfer_completes_without_an_interrupt(void *context)
{
    (void)context;
    struct stream *s = mock_stream(1);
    rig_expect_equal(stream_start(s, TRUE), STATUS_SUCCESS);
    forget();
    rig_expect_equal(s->o->CancelMappedTransfer(s->adapter, s->transfer), STATUS_SUCCESS);
    stream_wait(s);
    expect_calls("X");
    rig_expect_equal(s->status, DmaCancelled);
    rig_expect_equal(stream_flush(s, TRUE), STATUS_SUCCESS);
    rig_expect_equal(s->completions, 1);
}

/* rule: DMA-EXT-6 */
static void one_that_cannot_be_stopped_any_more_completes_with_its_interrupt(void *context)
{
    (void)context;
    struct stream *s = mock_stream(1);
    rig_expect_equal(stream_start(s, TRUE), STATUS_SUCCESS);
    recorded->cancels = FALSE;
    rig_expect_equal(s->o->CancelMappedTransfer(s->adapter, s->transfer), STATUS_SUCCESS);
    rig_expect_equal(s->completions, 0);
    interrupt(1);
    stream_wait(s);
    rig_expect_equal(s->status, DmaComplete);
    rig_expect_equal(stream_flush(s, TRUE), STATUS_SUCCESS);
    rig_expect_equal(s->completions, 1);
}

/* rule: DMA-EXT-6 */
static void a_flush_hears_the_interrupt_that_nobody_took_yet(void *context)
{
    (void)context;
    KIRQL old;
    struct stream *s = mock_stream(1);
    rig_expect_equal(stream_start(s, TRUE), STATUS_SUCCESS);
    recorded->cancels = FALSE;
    recorded->type = InterruptTypeError;
    KeRaiseIrql(LEVEL, &old);
    interrupt(1);
    forget();
    rig_expect_equal(stream_flush(s, TRUE), STATUS_SUCCESS);
    expect_calls("XRHHF");
    KeLowerIrql(old);
    stream_wait(s);
    rig_expect_equal(s->status, DmaError);
    rig_expect_equal(s->completions, 1);
}

/* rule: DMA-EXT-7 */
static void a_looping_transfer_completes_every_round_and_once_more_when_it_is_cancelled(void *context)
{
    enum { ROUNDS = 3 };
    (void)context;
    DEVICE_DESCRIPTION d = world_subordinate(LINE_FIRST);
    d.AutoInitialize = TRUE;
    bench_load(mock_entry, mock_group());
    struct stream *s = stream_of(world_get(d, NULL), 1);
    rig_expect_equal(stream_start(s, TRUE), STATUS_SUCCESS);
    rig_expect(recorded->loops);
    for (unsigned i = 1; i <= ROUNDS; i++) {
        interrupt(1);
        stream_wait(s);
        rig_expect_equal(s->completions, i);
        rig_expect_equal(s->status, DmaComplete);
    }
    rig_expect_equal(s->o->CancelMappedTransfer(s->adapter, s->transfer), STATUS_SUCCESS);
    stream_wait(s);
    rig_expect_equal(s->completions, ROUNDS + 1);
    rig_expect_equal(s->status, DmaCancelled);
    rig_expect_equal(stream_flush(s, TRUE), STATUS_SUCCESS);
    rig_expect_equal(dma_system()->completions.taken, 0);
    s->o->FreeAdapterChannel(s->adapter);
    s->o->PutDmaAdapter(s->adapter);
}

/* rule: DMA-EXT-8 */
static void routines_run_at_the_level_of_the_interrupt(void *context)
{
    (void)context;
    struct stream *s = mock_stream(1);
    rig_expect_equal(stream_start(s, TRUE), STATUS_SUCCESS);
    s->o->ReadDmaCounter(s->adapter);
    rig_expect_equal(recorded->lowest, LEVEL);
    rig_expect_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

/* rule: DMA-EXT-8 */
static void a_routine_that_returns_at_another_level(void *context)
{
    (void)context;
    struct stream *s = mock_stream(1);
    recorded->leaves_at = HIGH_LEVEL;
    stream_start(s, TRUE);
}

/* rule: DMA-EXT-9 */
static void an_interrupt_of_a_channel_that_is_not_there(void *context)
{
    (void)context;
    struct stream *s = mock_stream(1);
    recorded->interrupt_channel = CHANNELS;
    rig_expect_equal(stream_start(s, TRUE), STATUS_SUCCESS);
    interrupt(1);
    stream_wait(s);
}

/* rule: DMA-EXT-9 */
static void an_interrupt_of_an_unknown_type(void *context)
{
    (void)context;
    struct stream *s = mock_stream(1);
    recorded->type = (DMA_INTERRUPT_TYPE)3;
    rig_expect_equal(stream_start(s, TRUE), STATUS_SUCCESS);
    interrupt(1);
    stream_wait(s);
}

/* rule: DMA-EXT-9 */
static void a_channel_that_takes_no_fragment(void *context)
{
    (void)context;
    struct stream *s = mock_stream(1);
    recorded->fragments = 0;
    stream_start(s, TRUE);
}

/* rule: DMA-EXT-10 */
static void an_interrupt_for_what_was_stopped(void *context)
{
    (void)context;
    struct stream *s = mock_stream(1);
    rig_expect_equal(stream_start(s, TRUE), STATUS_SUCCESS);
    rig_expect_equal(s->o->CancelMappedTransfer(s->adapter, s->transfer), STATUS_SUCCESS);
    stream_wait(s);
    interrupt(1);
    KeStallExecutionProcessor(1);
}

/* rule: DMA-EXT-11 */
static void configure_adapter_channel_reaches_the_extension(void *context)
{
    enum { FUNCTION = 77 };
    (void)context;
    struct stream *s = mock_stream(1);
    forget();
    recorded->configured = STATUS_DEVICE_BUSY;
    rig_expect_equal(s->o->ConfigureAdapterChannel(s->adapter, FUNCTION, recorded), STATUS_DEVICE_BUSY);
    expect_calls("C");
    rig_expect_equal(recorded->function, FUNCTION);
    rig_expect_equal(recorded->channel, 2);
    dma_system()->controllers[0]->operations.ConfigureChannel = NULL;
    rig_expect_equal(s->o->ConfigureAdapterChannel(s->adapter, FUNCTION, recorded), STATUS_NOT_IMPLEMENTED);
}

/* rule: DMA-EXT-12 */
static void read_dma_counter_asks_the_extension(void *context)
{
    (void)context;
    struct stream *s = mock_stream(1);
    recorded->counter = 1234;
    rig_expect_equal(s->o->ReadDmaCounter(s->adapter), 1234);
}

/* ---- The example ----------------------------------------------------------------------------- */

/* rule: DMA-EXT-22 */
static void the_example_carries_a_buffer_to_memory(void *context)
{
    (void)context;
    rig_expect_equal(bench_load(dma_soc_AddResourceGroup, &bench_hardware(0)->group), STATUS_SUCCESS);
    struct stream *s = stream_make(LINE_FIRST, 2);
    rig_expect_equal(stream_start(s, FALSE), STATUS_SUCCESS);
    rig_expect(s->o->ReadDmaCounter(s->adapter) > 0);
    stream_wait(s);
    rig_expect_equal(s->status, DmaComplete);
    rig_expect_equal(stream_flush(s, FALSE), STATUS_SUCCESS);
    for (unsigned i = 0; i < 2 * PAGE_SIZE; i++)
        rig_expect_equal(s->memory[i], emu_soc_dma_pattern(LINE_FIRST, i));
    s->o->FreeAdapterChannel(s->adapter);
    s->o->PutDmaAdapter(s->adapter);
}

/* rule: DMA-EXT-11 */
static void the_example_has_one_function_for_drivers(void *context)
{
    (void)context;
    ULONG unit = 64, wrong = 24;
    bench_load(dma_soc_AddResourceGroup, &bench_hardware(100)->group);
    struct stream *s = stream_make(LINE_FIRST, 1);
    rig_expect_equal(s->o->ConfigureAdapterChannel(s->adapter, FUNCTION_SET_UNIT, &unit), STATUS_SUCCESS);
    rig_expect_equal(s->o->ConfigureAdapterChannel(s->adapter, FUNCTION_SET_UNIT, &wrong),
                     STATUS_INVALID_PARAMETER);
    rig_expect_equal(s->o->ConfigureAdapterChannel(s->adapter, FUNCTION_SET_UNIT, NULL),
                     STATUS_INVALID_PARAMETER);
    rig_expect_equal(s->o->ConfigureAdapterChannel(s->adapter, FUNCTION_SET_UNIT + 1, &unit),
                     STATUS_NOT_IMPLEMENTED);
    rig_expect_equal(stream_start(s, FALSE), STATUS_SUCCESS);
    emu_stall(emu_current(), 1500);
    rig_expect_equal(s->o->ReadDmaCounter(s->adapter), PAGE_SIZE - 104); /* a beat of 100 in units of 8 */
}

/* rule: DMA-EXT-22 */
static void the_example_refuses_what_is_no_hardware_of_its(void *context)
{
    (void)context;
    struct soc_group *g = bench_hardware(0);
    g->registers = REGISTERS * 2;
    rig_expect_equal(bench_load(dma_soc_AddResourceGroup, &g->group), STATUS_NO_SUCH_DEVICE);
    rig_expect(world_get(world_subordinate(LINE_FIRST), NULL) == NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_HOLDS(a_controller_is_initialized_before_anything_else_and_its_data_is_a_copy),
        BENCH_HOLDS(a_channel_gets_the_memory_that_it_asked_for_within_its_reach),
        BENCH_HOLDS(a_line_is_bound_to_a_channel_that_the_extension_allows),
        BENCH_HOLDS(a_transfer_is_programmed_and_its_interrupt_heard_until_there_is_no_more),
        BENCH_HOLDS(the_interrupt_says_how_the_transfer_ended),
        BENCH_HOLDS(a_stopped_transfer_completes_without_an_interrupt),
        BENCH_HOLDS(one_that_cannot_be_stopped_any_more_completes_with_its_interrupt),
        BENCH_HOLDS(a_flush_hears_the_interrupt_that_nobody_took_yet),
        BENCH_HOLDS(a_looping_transfer_completes_every_round_and_once_more_when_it_is_cancelled),
        BENCH_HOLDS(routines_run_at_the_level_of_the_interrupt),
        BENCH_STOPS(a_routine_that_returns_at_another_level, "DMA-EXT-8"),
        BENCH_STOPS(an_interrupt_of_a_channel_that_is_not_there, "DMA-EXT-9"),
        BENCH_STOPS(an_interrupt_of_an_unknown_type, "DMA-EXT-9"),
        BENCH_STOPS(a_channel_that_takes_no_fragment, "DMA-EXT-9"),
        BENCH_STOPS(an_interrupt_for_what_was_stopped, "DMA-EXT-10"),
        BENCH_STOPS(a_transfer_that_is_no_multiple_of_what_the_controller_moves, "DMA-CHANNEL-17"),
        BENCH_HOLDS(configure_adapter_channel_reaches_the_extension),
        BENCH_HOLDS(read_dma_counter_asks_the_extension),
        BENCH_HOLDS(the_example_carries_a_buffer_to_memory),
        BENCH_HOLDS(the_example_has_one_function_for_drivers),
        BENCH_HOLDS(the_example_refuses_what_is_no_hardware_of_its),
    };
    return cmocka_run_group_tests_name("HAL extensions", tests, NULL, NULL);
}
