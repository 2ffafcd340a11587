/*
 * The system DMA controller: how transfers end that do not just complete. Errors, aborts, resets.
 */
#include "tests/emu/soc_dma_bench.h"

/* ---- What goes wrong ------------------------------------------------------------------------------- */

static void makes_every_mistake(void *context)
{
    struct bench *b = context;
    build(b);
    start(b, 0, FIRST_LINE, 0);
    emu_stall(b->m, A_WHILE);
    expect_end(b, 0, EMU_SOC_DMA_CHANNEL_ERROR, EMU_SOC_DMA_REASON_EMPTY);

    push(b, 0, b->physical, 0);
    start(b, 0, FIRST_LINE, 0);
    emu_stall(b->m, A_WHILE);
    expect_end(b, 0, EMU_SOC_DMA_CHANNEL_ERROR, EMU_SOC_DMA_REASON_LENGTH);

    push(b, 0, 0xFFFFFFFF, 2);
    start(b, 0, FIRST_LINE, 0);
    emu_stall(b->m, A_WHILE);
    expect_end(b, 0, EMU_SOC_DMA_CHANNEL_ERROR, EMU_SOC_DMA_REASON_ADDRESS);

    push(b, 0, b->physical, 64);
    push(b, 0, 0xFFFFF000, 16);
    start(b, 0, FIRST_LINE, 0);
    emu_stall(b->m, A_WHILE);
    expect_end(b, 0, EMU_SOC_DMA_CHANNEL_ERROR, EMU_SOC_DMA_REASON_FAULT);
    rig_expect_equal(count_of(b, 0), 16);

    push(b, 0, b->physical, 16);
    start(b, 0, FIRST_LINE + LINES, 0);
    emu_stall(b->m, A_WHILE);
    expect_end(b, 0, EMU_SOC_DMA_CHANNEL_ERROR, EMU_SOC_DMA_REASON_LINE);
    rig_expect_equal(b->interrupts, 5);

    push(b, 0, b->physical, 16);
    push(b, 1, b->physical, 16);
    start(b, 0, FIRST_LINE, 0);
    start(b, 1, FIRST_LINE, 0);
    emu_stall(b->m, A_WHILE);
    expect_end(b, 0, EMU_SOC_DMA_CHANNEL_COMPLETE, EMU_SOC_DMA_REASON_NONE);
    expect_end(b, 1, EMU_SOC_DMA_CHANNEL_ERROR, EMU_SOC_DMA_REASON_LINE);

    for (unsigned i = 0; i <= FRAGMENTS; i++) {
        push(b, 0, b->physical, 16);
    }
    rig_expect_equal(get(b, EMU_SOC_DMA_CHANNEL(0) + EMU_SOC_DMA_CHANNEL_LENGTH), FRAGMENTS);
    rig_expect(status_of(b, 0) & EMU_SOC_DMA_CHANNEL_OVERRUN);
    put(b, EMU_SOC_DMA_CHANNEL(0) + EMU_SOC_DMA_CHANNEL_STATUS, EMU_SOC_DMA_CHANNEL_OVERRUN);
    rig_expect(!(status_of(b, 0) & EMU_SOC_DMA_CHANNEL_OVERRUN));
    set_control(b, 0, EMU_SOC_DMA_CHANNEL_CLEAR);
    rig_expect_equal(get(b, EMU_SOC_DMA_CHANNEL(0) + EMU_SOC_DMA_CHANNEL_LENGTH), 0);
}

static void what_is_wrong_with_a_transfer_is_told_by_the_status(void **state)
{
    (void)state;
    struct bench b = {0};
    run(&b, makes_every_mistake);
}

static void disturbs_an_active_channel(void *context)
{
    struct bench *b = context;
    build(b);
    uint32_t base = EMU_SOC_DMA_CHANNEL(0);
    push(b, 0, b->physical, 300);
    start(b, 0, FIRST_LINE, EMU_SOC_DMA_CHANNEL_TO_MEMORY);
    emu_stall(b->m, BEAT_NS + BEAT_NS / 2);
    static const uint32_t settings[] = {EMU_SOC_DMA_CHANNEL_LINE, EMU_SOC_DMA_CHANNEL_ADDRESS_LOW,
                                        EMU_SOC_DMA_CHANNEL_LENGTH, EMU_SOC_DMA_CHANNEL_DEVICE_HIGH,
                                        EMU_SOC_DMA_CHANNEL_CONTROL};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        put(b, base + EMU_SOC_DMA_CHANNEL_STATUS, EMU_SOC_DMA_CHANNEL_OVERRUN);
        rig_expect_equal(status_of(b, 0), EMU_SOC_DMA_CHANNEL_ACTIVE);
        put(b, base + settings[i], EMU_SOC_DMA_CHANNEL_START);
        rig_expect_equal(status_of(b, 0), EMU_SOC_DMA_CHANNEL_ACTIVE | EMU_SOC_DMA_CHANNEL_OVERRUN);
    }
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(status_of(b, 0), EMU_SOC_DMA_CHANNEL_COMPLETE | EMU_SOC_DMA_CHANNEL_OVERRUN);
    rig_expect_equal(b->interrupts, 1);
    for (uint32_t i = 0; i < 300; i++) {
        rig_expect_equal(b->buffer[i], emu_soc_dma_pattern(FIRST_LINE, i));
    }
}

static void an_active_channel_keeps_its_settings(void **state)
{
    (void)state;
    struct bench b = {0};
    run(&b, disturbs_an_active_channel);
}

/* ---- Aborts and resets ----------------------------------------------------------------------------- */

static void aborts(void *context)
{
    struct bench *b = context;
    build(b);
    push(b, 0, b->physical, 300);
    start(b, 0, FIRST_LINE, EMU_SOC_DMA_CHANNEL_TO_MEMORY);
    emu_stall(b->m, BEAT_NS + BEAT_NS / 2);
    set_control(b, 0, EMU_SOC_DMA_CHANNEL_STOP);
    emu_stall(b->m, A_WHILE);
    expect_end(b, 0, EMU_SOC_DMA_CHANNEL_ABORTED, EMU_SOC_DMA_REASON_NONE);
    rig_expect_equal(count_of(b, 0), 300 - BEAT_BYTES);
    rig_expect_equal(b->interrupts, 1);
    rig_expect_equal(b->buffer[BEAT_BYTES], 0);
    /* One that has ended stays as it ended. */
    push(b, 0, b->physical, 64);
    start(b, 0, FIRST_LINE, EMU_SOC_DMA_CHANNEL_TO_MEMORY);
    emu_stall(b->m, A_WHILE);
    set_control(b, 0, EMU_SOC_DMA_CHANNEL_STOP);
    emu_stall(b->m, A_WHILE);
    expect_end(b, 0, EMU_SOC_DMA_CHANNEL_COMPLETE, EMU_SOC_DMA_REASON_NONE);
    rig_expect_equal(b->interrupts, 2);
    /* One that waits for its peripheral can be aborted. */
    rig_expect(emu_soc_dma_attach(b->dma, FIRST_LINE, &box_ops, &b->box));
    b->box.ready = 0;
    push(b, 0, b->physical, 64);
    start(b, 0, FIRST_LINE, EMU_SOC_DMA_CHANNEL_TO_MEMORY);
    emu_stall(b->m, A_WHILE);
    set_control(b, 0, EMU_SOC_DMA_CHANNEL_STOP);
    expect_end(b, 0, EMU_SOC_DMA_CHANNEL_ABORTED, EMU_SOC_DMA_REASON_NONE);
    b->box.ready = 64;
    emu_soc_dma_request(b->dma, FIRST_LINE);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(b->box.ready, 64);
}

static void an_abort_stops_an_active_channel_only(void **state)
{
    (void)state;
    struct bench b = {0};
    run(&b, aborts);
}

static void resets(void *context)
{
    struct bench *b = context;
    build(b);
    for (unsigned i = 0; i < 2; i++) {
        push(b, i, b->physical + i * 4096, 300);
        start(b, i, FIRST_LINE + i, EMU_SOC_DMA_CHANNEL_TO_MEMORY);
    }
    emu_stall(b->m, BEAT_NS + BEAT_NS / 2);
    put(b, EMU_SOC_DMA_CONTROL, EMU_SOC_DMA_CONTROL_RESET);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(b->interrupts, 0);
    for (unsigned i = 0; i < 2; i++) {
        expect_end(b, i, 0, EMU_SOC_DMA_REASON_NONE);
        rig_expect_equal(b->buffer[i * 4096 + BEAT_BYTES], 0);
    }
    push(b, 0, b->physical, 64);
    start(b, 0, FIRST_LINE, EMU_SOC_DMA_CHANNEL_TO_MEMORY);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(b->interrupts, 1);
}

static void a_reset_stops_every_channel(void **state)
{
    (void)state;
    struct bench b = {.trigger = EMU_TRIGGER_LEVEL};
    run(&b, resets);
}

static void stays_silent(void *context)
{
    struct bench *b = context;
    build(b);
    push(b, 0, b->physical, 64);
    put(b, EMU_SOC_DMA_CHANNEL(0) + EMU_SOC_DMA_CHANNEL_LINE, FIRST_LINE);
    set_control(b, 0, EMU_SOC_DMA_CHANNEL_START);
    rig_expect_equal(get(b, EMU_SOC_DMA_CHANNEL(0) + EMU_SOC_DMA_CHANNEL_CONTROL), EMU_SOC_DMA_CHANNEL_START);
    emu_stall(b->m, A_WHILE);
    expect_end(b, 0, EMU_SOC_DMA_CHANNEL_COMPLETE, EMU_SOC_DMA_REASON_NONE);
    rig_expect_equal(get(b, EMU_SOC_DMA_CHANNEL(0) + EMU_SOC_DMA_CHANNEL_CONTROL), 0);
    rig_expect_equal(get(b, EMU_SOC_DMA_INTERRUPT), 0);
    rig_expect_equal(b->interrupts, 0);
}

static void a_channel_without_interrupts_is_polled(void **state)
{
    (void)state;
    struct bench b = {0};
    run(&b, stays_silent);
}

/* An abort races with the end: one of the two comes first, and both occur. */
struct race {
    struct bench bench;
    bool completed, aborted;
};

static void transfers(void *context)
{
    struct race *race = context;
    push(&race->bench, 0, race->bench.physical, 64);
    start(&race->bench, 0, FIRST_LINE, EMU_SOC_DMA_CHANNEL_TO_MEMORY);
}

static void stops(void *context)
{
    struct race *race = context;
    set_control(&race->bench, 0, EMU_SOC_DMA_CHANNEL_STOP);
}

static void set_up_race(void *context)
{
    struct race *race = context;
    build(&race->bench);
    rig_thread("transfers", 0, transfers, race);
    rig_thread("stops", 1, stops, race);
}

static void look_at_race(void *context)
{
    struct race *race = context;
    uint32_t status = status_of(&race->bench, 0);
    bool moved = race->bench.buffer[63] == emu_soc_dma_pattern(FIRST_LINE, 63);
    rig_expect(status == EMU_SOC_DMA_CHANNEL_COMPLETE || status == EMU_SOC_DMA_CHANNEL_ABORTED);
    rig_expect_equal(moved, status == EMU_SOC_DMA_CHANNEL_COMPLETE);
    rig_expect_equal(race->bench.interrupts, 1);
    race->completed |= moved;
    race->aborted |= !moved;
}

static void an_abort_or_the_end_comes_first_and_never_both(void **state)
{
    (void)state;
    struct race race = {.bench = {.trigger = EMU_TRIGGER_LEVEL}};
    struct emu_machine *m = rig_machine(NULL, NULL);
    struct emu_program program = {"dma abort", set_up_race, look_at_race, &race};
    struct emu_report report;
    rig_explore(m, &program, 2, 100000, &report);
    rig_assert_clean(&report);
    rig_assert_complete(&report);
    assert_true(race.completed);
    assert_true(race.aborted);
    emu_report_free(&report);
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_with_a_transfer_is_told_by_the_status),
        cmocka_unit_test(an_active_channel_keeps_its_settings),
        cmocka_unit_test(an_abort_stops_an_active_channel_only),
        cmocka_unit_test(a_reset_stops_every_channel),
        cmocka_unit_test(a_channel_without_interrupts_is_polled),
        cmocka_unit_test(an_abort_or_the_end_comes_first_and_never_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
