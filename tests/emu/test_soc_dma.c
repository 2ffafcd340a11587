/*
 * The system DMA controller: its channels, its request lines with and without peripherals, its interrupt, its
 * aborts.
 */
#include "tests/emu/soc_dma_bench.h"

/* ---- Registers ------------------------------------------------------------------------------------- */

static void looks_at_registers(void *context)
{
    struct bench *b = context;
    build(b);
    rig_expect_equal(get(b, EMU_SOC_DMA_ID), EMU_SOC_DMA_ID_VALUE);
    rig_expect_equal(get(b, EMU_SOC_DMA_CHANNELS), CHANNELS);
    rig_expect_equal(get(b, EMU_SOC_DMA_FIRST_LINE), FIRST_LINE);
    rig_expect_equal(get(b, EMU_SOC_DMA_LINES), LINES);
    rig_expect_equal(get(b, EMU_SOC_DMA_FRAGMENTS), FRAGMENTS);
    rig_expect_equal(get(b, EMU_SOC_DMA_WIDTH), 32);
    rig_expect_equal(get(b, 0x80), UINT32_MAX);
    rig_expect_equal(get(b, EMU_SOC_DMA_CHANNEL(CHANNELS)), UINT32_MAX);
    uint32_t third = EMU_SOC_DMA_CHANNEL(2);
    put64(b, third + EMU_SOC_DMA_CHANNEL_DEVICE_LOW, 0x1122334455667788);
    rig_expect_equal(get(b, third + EMU_SOC_DMA_CHANNEL_DEVICE_LOW), 0x55667788);
    rig_expect_equal(get(b, third + EMU_SOC_DMA_CHANNEL_DEVICE_HIGH), 0x11223344);
    rig_expect_equal(get(b, EMU_SOC_DMA_CHANNEL(1) + EMU_SOC_DMA_CHANNEL_DEVICE_LOW), 0);
    uint64_t both = 0;
    rig_expect(emu_bus_read(b->m, b->registers + third + EMU_SOC_DMA_CHANNEL_DEVICE_LOW, 8, &both));
    rig_expect_equal(both, 0x1122334455667788);
    /* The same registers without a step. */
    uint64_t steps = emu_steps(b->m);
    rig_expect_equal(emu_soc_dma_read(b->dma, third + EMU_SOC_DMA_CHANNEL_DEVICE_HIGH), 0x11223344);
    emu_soc_dma_write64(b->dma, third + EMU_SOC_DMA_CHANNEL_ADDRESS_LOW, 0xABCDEF0123);
    emu_soc_dma_write(b->dma, third + EMU_SOC_DMA_CHANNEL_LINE, 3);
    rig_expect_equal(emu_steps(b->m), steps);
    rig_expect_equal(get(b, third + EMU_SOC_DMA_CHANNEL_ADDRESS_HIGH), 0xAB);
    rig_expect_equal(get(b, third + EMU_SOC_DMA_CHANNEL_LINE), 3);
}

static void each_channel_has_its_registers(void **state)
{
    (void)state;
    struct bench b = {0};
    run(&b, looks_at_registers);
}

static void creates_badly(void *context)
{
    struct bench *b = context;
    build(b);
    const struct emu_soc_dma_config good = {.window = WINDOW + 0x10000};
    struct emu_soc_dma_config bad = good;
    bad.window = WINDOW;
    rig_expect(emu_soc_dma_create(b->m, &bad) == NULL);
    bad = good;
    bad.channels = EMU_SOC_DMA_CHANNELS_MAX + 1;
    rig_expect(emu_soc_dma_create(b->m, &bad) == NULL);
    bad = good;
    bad.address_width = 65;
    rig_expect(emu_soc_dma_create(b->m, &bad) == NULL);
    bad = good;
    bad.fragments_max = EMU_SOC_DMA_FRAGMENTS_MAX + 1;
    rig_expect(emu_soc_dma_create(b->m, &bad) == NULL);
    bad = good;
    bad.beat_bytes = EMU_SOC_DMA_BEAT_MAX + 1;
    rig_expect(emu_soc_dma_create(b->m, &bad) == NULL);
    bad = good;
    bad.lines = 2;
    bad.first_line = UINT32_MAX - 1;
    rig_expect(emu_soc_dma_create(b->m, &bad) == NULL);
    rig_expect(emu_soc_dma_create(b->m, &good) != NULL);
    rig_expect(!emu_soc_dma_attach(b->dma, FIRST_LINE - 1, &box_ops, &b->box));
    rig_expect(!emu_soc_dma_attach(b->dma, FIRST_LINE + LINES, &box_ops, &b->box));
    rig_expect(emu_soc_dma_attach(b->dma, FIRST_LINE + LINES - 1, &box_ops, &b->box));
}

static void impossible_configurations_are_refused(void **state)
{
    (void)state;
    struct bench b = {0};
    run(&b, creates_badly);
}

/* ---- Transfers ------------------------------------------------------------------------------------- */

static void reads_a_bare_line(void *context)
{
    struct bench *b = context;
    build(b);
    push(b, 1, b->physical + 10, 100);
    push(b, 1, b->physical + 4000, 200);
    start(b, 1, FIRST_LINE + 2, EMU_SOC_DMA_CHANNEL_TO_MEMORY);
    rig_expect_equal(count_of(b, 1), 300);
    expect_end(b, 1, EMU_SOC_DMA_CHANNEL_ACTIVE, EMU_SOC_DMA_REASON_NONE);
    emu_stall(b->m, BEAT_NS + BEAT_NS / 2);
    rig_expect_equal(count_of(b, 1), 300 - BEAT_BYTES);
    emu_stall(b->m, BEAT_NS);
    rig_expect_equal(count_of(b, 1), 300 - 2 * BEAT_BYTES);
    emu_stall(b->m, A_WHILE);
    expect_end(b, 1, EMU_SOC_DMA_CHANNEL_COMPLETE, EMU_SOC_DMA_REASON_NONE);
    rig_expect_equal(count_of(b, 1), 0);
    rig_expect_equal(b->interrupts, 1);
    rig_expect_equal(b->ended, 1u << 1);
    rig_expect_equal(get(b, EMU_SOC_DMA_CHANNEL(1) + EMU_SOC_DMA_CHANNEL_LENGTH), 0);
    for (uint32_t i = 0; i < 300; i++) {
        uint8_t byte = i < 100 ? b->buffer[10 + i] : b->buffer[4000 + i - 100];
        rig_expect_equal(byte, emu_soc_dma_pattern(FIRST_LINE + 2, i));
    }
    rig_expect_equal(b->buffer[9], 0);
    rig_expect_equal(b->buffer[110], 0);
}

static void a_line_with_nothing_attached_delivers_a_pattern(void **state)
{
    (void)state;
    for (int trigger = EMU_TRIGGER_EDGE; trigger <= EMU_TRIGGER_LEVEL; trigger++) {
        struct bench b = {.trigger = (enum emu_trigger)trigger};
        run(&b, reads_a_bare_line);
    }
}

static void writes_a_bare_line(void *context)
{
    struct bench *b = context;
    build(b);
    push(b, 0, b->physical, 5000);
    start(b, 0, FIRST_LINE, 0);
    emu_stall(b->m, A_WHILE);
    expect_end(b, 0, EMU_SOC_DMA_CHANNEL_COMPLETE, EMU_SOC_DMA_REASON_NONE);
    rig_expect_equal(b->interrupts, 1);
    for (uint32_t i = 0; i < 5000; i++) {
        rig_expect_equal(b->buffer[i], 0);
    }
}

static void a_line_with_nothing_attached_swallows_everything(void **state)
{
    (void)state;
    struct bench b = {0};
    run(&b, writes_a_bare_line);
}

static void uses_a_peripheral(void *context)
{
    struct bench *b = context;
    build(b);
    rig_expect(emu_soc_dma_attach(b->dma, FIRST_LINE + 1, &box_ops, &b->box));
    put64(b, EMU_SOC_DMA_CHANNEL(0) + EMU_SOC_DMA_CHANNEL_DEVICE_LOW, 0x10C0FFEE0);
    for (uint32_t i = 0; i < 200; i++) {
        b->buffer[i] = (uint8_t)(i ^ 0x5A);
    }
    push(b, 0, b->physical, 200);
    start(b, 0, FIRST_LINE + 1, 0);
    emu_stall(b->m, A_WHILE);
    expect_end(b, 0, EMU_SOC_DMA_CHANNEL_COMPLETE, EMU_SOC_DMA_REASON_NONE);
    rig_expect_equal(b->box.at, 200);
    rig_expect(memcmp(b->box.bytes, b->buffer, 200) == 0);
    rig_expect_equal(b->box.address, 0x10C0FFEE0);

    b->box.at = 0;
    push(b, 0, b->physical + 4090, 12);
    start(b, 0, FIRST_LINE + 1, EMU_SOC_DMA_CHANNEL_TO_MEMORY);
    emu_stall(b->m, A_WHILE);
    for (uint32_t i = 0; i < 12; i++) {
        rig_expect_equal(b->buffer[4090 + i], i * 5);
    }
    /* Detached, the line is bare again. */
    rig_expect(emu_soc_dma_attach(b->dma, FIRST_LINE + 1, NULL, NULL));
    push(b, 0, b->physical, 1);
    start(b, 0, FIRST_LINE + 1, EMU_SOC_DMA_CHANNEL_TO_MEMORY);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(b->buffer[0], emu_soc_dma_pattern(FIRST_LINE + 1, 0));
}

static void a_peripheral_gives_and_takes_the_bytes(void **state)
{
    (void)state;
    struct bench b = {0};
    run(&b, uses_a_peripheral);
}

static void waits_for_a_peripheral(void *context)
{
    struct bench *b = context;
    build(b);
    rig_expect(emu_soc_dma_attach(b->dma, FIRST_LINE, &box_ops, &b->box));
    b->box.ready = 100;
    push(b, 2, b->physical, 150);
    start(b, 2, FIRST_LINE, EMU_SOC_DMA_CHANNEL_TO_MEMORY);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(status_of(b, 2), EMU_SOC_DMA_CHANNEL_ACTIVE | EMU_SOC_DMA_CHANNEL_WAITING);
    rig_expect_equal(count_of(b, 2), 50);
    rig_expect_equal(b->interrupts, 0);
    b->box.ready = 30;
    emu_soc_dma_request(b->dma, FIRST_LINE + 1);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(count_of(b, 2), 50);
    emu_soc_dma_request(b->dma, FIRST_LINE);
    emu_soc_dma_request(b->dma, FIRST_LINE);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(count_of(b, 2), 20);
    b->box.ready = 1000;
    emu_soc_dma_request(b->dma, FIRST_LINE);
    emu_stall(b->m, A_WHILE);
    expect_end(b, 2, EMU_SOC_DMA_CHANNEL_COMPLETE, EMU_SOC_DMA_REASON_NONE);
    for (uint32_t i = 0; i < 150; i++) {
        rig_expect_equal(b->buffer[i], (uint8_t)(i * 5));
    }
    /* To the peripheral, too. */
    b->box.at = 0;
    b->box.ready = 10;
    push(b, 2, b->physical, 64);
    start(b, 2, FIRST_LINE, 0);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(count_of(b, 2), 54);
    b->box.ready = 1000;
    emu_soc_dma_request(b->dma, FIRST_LINE);
    emu_stall(b->m, A_WHILE);
    expect_end(b, 2, EMU_SOC_DMA_CHANNEL_COMPLETE, EMU_SOC_DMA_REASON_NONE);
    rig_expect(memcmp(b->box.bytes, b->buffer, 64) == 0);
}

static void a_channel_waits_until_its_peripheral_is_ready(void **state)
{
    (void)state;
    struct bench b = {0};
    run(&b, waits_for_a_peripheral);
}

static void runs_three_at_once(void *context)
{
    struct bench *b = context;
    build(b);
    for (unsigned i = 0; i < 3; i++) {
        push(b, i, b->physical + i * 4096, 128 * (3 - i));
        start(b, i, FIRST_LINE + i, EMU_SOC_DMA_CHANNEL_TO_MEMORY);
    }
    emu_stall(b->m, 2 * BEAT_NS + BEAT_NS / 2);
    expect_end(b, 2, EMU_SOC_DMA_CHANNEL_COMPLETE, EMU_SOC_DMA_REASON_NONE);
    expect_end(b, 1, EMU_SOC_DMA_CHANNEL_ACTIVE, EMU_SOC_DMA_REASON_NONE);
    rig_expect_equal(b->ended, 1u << 2);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(b->ended, 7);
    for (unsigned i = 0; i < 3; i++) {
        expect_end(b, i, EMU_SOC_DMA_CHANNEL_COMPLETE, EMU_SOC_DMA_REASON_NONE);
        for (uint32_t at = 0; at < 128 * (3 - i); at++) {
            rig_expect_equal(b->buffer[i * 4096 + at], emu_soc_dma_pattern(FIRST_LINE + i, at));
        }
    }
}

static void channels_run_independently_of_each_other(void **state)
{
    (void)state;
    for (int trigger = EMU_TRIGGER_EDGE; trigger <= EMU_TRIGGER_LEVEL; trigger++) {
        struct bench b = {.trigger = (enum emu_trigger)trigger};
        run(&b, runs_three_at_once);
    }
}

static void loops(void *context)
{
    struct bench *b = context;
    build(b);
    push(b, 0, b->physical, 100);
    push(b, 0, b->physical + 200, 28);
    start(b, 0, FIRST_LINE, EMU_SOC_DMA_CHANNEL_TO_MEMORY | EMU_SOC_DMA_CHANNEL_LOOP);
    emu_stall(b->m, 5 * BEAT_NS + BEAT_NS / 2);
    rig_expect_equal(status_of(b, 0), EMU_SOC_DMA_CHANNEL_ACTIVE | EMU_SOC_DMA_CHANNEL_COMPLETE);
    rig_expect_equal(b->interrupts, 2);
    rig_expect_equal(count_of(b, 0), 64);
    rig_expect_equal(b->buffer[0], emu_soc_dma_pattern(FIRST_LINE, 256));
    set_control(b, 0, EMU_SOC_DMA_CHANNEL_STOP);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(status_of(b, 0), EMU_SOC_DMA_CHANNEL_COMPLETE | EMU_SOC_DMA_CHANNEL_ABORTED);
    rig_expect_equal(b->interrupts, 3);
}

static void a_loop_begins_again_until_it_is_stopped(void **state)
{
    (void)state;
    struct bench b = {0};
    run(&b, loops);
}

static void moves_whole_units(void *context)
{
    struct bench *b = context;
    build(b);
    rig_expect(emu_soc_dma_attach(b->dma, FIRST_LINE, &box_ops, &b->box));
    push(b, 0, b->physical, 30);
    start(b, 0, FIRST_LINE, EMU_SOC_DMA_CHANNEL_TO_MEMORY | 3u << EMU_SOC_DMA_CHANNEL_UNIT_SHIFT);
    emu_stall(b->m, BEAT_NS + BEAT_NS / 2);
    rig_expect_equal(count_of(b, 0), 30 - 16);
    rig_expect_equal(b->box.most, 16);
    emu_stall(b->m, A_WHILE);
    expect_end(b, 0, EMU_SOC_DMA_CHANNEL_COMPLETE, EMU_SOC_DMA_REASON_NONE);
}

static void beats_are_whole_units(void **state)
{
    (void)state;
    struct bench b = {.config.beat_bytes = 9};
    run(&b, moves_whole_units);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_channel_has_its_registers),
        cmocka_unit_test(impossible_configurations_are_refused),
        cmocka_unit_test(a_line_with_nothing_attached_delivers_a_pattern),
        cmocka_unit_test(a_line_with_nothing_attached_swallows_everything),
        cmocka_unit_test(a_peripheral_gives_and_takes_the_bytes),
        cmocka_unit_test(a_channel_waits_until_its_peripheral_is_ready),
        cmocka_unit_test(channels_run_independently_of_each_other),
        cmocka_unit_test(a_loop_begins_again_until_it_is_stopped),
        cmocka_unit_test(beats_are_whole_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
