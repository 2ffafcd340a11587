/*
 * The copier: its beats over virtual time, its reset in their middle, its interrupt.
 */
#include "tests/emu/copier_bench.h"

/* ---- Beats ----------------------------------------------------------------------------------------- */

static void watches_beats(void *context)
{
    struct bench *b = context;
    build(b);
    push(b, b->physical, 1000);
    push(b, b->physical + 1000, 25);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
    rig_expect_equal(get32(b, EMU_COPIER_COUNT_LOW), 0);
    emu_stall(b->m, BEAT_NS + BEAT_NS / 2);
    rig_expect_equal(get32(b, EMU_COPIER_COUNT_LOW), 513);
    rig_expect_equal(b->buffer[512], emu_copier_pattern(SEED, 512));
    rig_expect_equal(b->buffer[513], 0);
    emu_stall(b->m, BEAT_NS);
    rig_expect_equal(get32(b, EMU_COPIER_COUNT_LOW), 1025);
    expect_status(b, EMU_COPIER_STATUS_DONE, EMU_COPIER_REASON_NONE);
}

static void a_transfer_has_two_beats_unless_it_is_told_otherwise(void **state)
{
    (void)state;
    struct bench b = {0};
    run(&b, watches_beats);
}

static void counts_beats(void *context)
{
    struct bench *b = context;
    build(b);
    push(b, b->physical, 1000);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
    emu_stall(b->m, 3 * 50 + 25);
    rig_expect_equal(get32(b, EMU_COPIER_COUNT_LOW), 300);
    emu_stall(b->m, 6 * 50);
    expect_status(b, EMU_COPIER_STATUS_BUSY, EMU_COPIER_REASON_NONE);
    emu_stall(b->m, 50);
    expect_status(b, EMU_COPIER_STATUS_DONE, EMU_COPIER_REASON_NONE);
}

static void beats_have_the_configured_size_and_pace(void **state)
{
    (void)state;
    struct bench b = {.config = {.beat_bytes = 100, .beat_ns = 50}};
    run(&b, counts_beats);
}

static void resets_in_the_middle(void *context)
{
    struct bench *b = context;
    build(b);
    push(b, b->physical, BYTES);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
    emu_stall(b->m, BEAT_NS + BEAT_NS / 2);
    rig_expect_equal(get32(b, EMU_COPIER_COUNT_LOW), BYTES / 2);
    put32(b, EMU_COPIER_CONTROL,
          (uint32_t)EMU_COPIER_CONTROL_RESET | (uint32_t)EMU_COPIER_CONTROL_INTERRUPTS);
    rig_expect_equal(get32(b, EMU_COPIER_CONTROL), EMU_COPIER_CONTROL_INTERRUPTS);
    expect_status(b, 0, EMU_COPIER_REASON_NONE);
    rig_expect_equal(get32(b, EMU_COPIER_COUNT_LOW), 0);
    emu_stall(b->m, A_WHILE);
    expect_status(b, 0, EMU_COPIER_REASON_NONE);
    rig_expect_equal(b->interrupts, 0);
    rig_expect_equal(b->buffer[BYTES / 2], 0);
    rig_expect_equal(b->buffer[BYTES - 1], 0);
    /* And it works as before. */
    push(b, b->physical + BYTES / 2, 64);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
    wait_for_end(b);
    rig_expect_equal(b->interrupts, 1);
    expect_pattern(b->buffer + BYTES / 2, 0, 64);
    /* It forgets a cause that nobody acknowledged. */
    put32(b, EMU_COPIER_CONTROL, 0);
    push(b, b->physical, 64);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
    wait_for_end(b);
    rig_expect_equal(get32(b, EMU_COPIER_INTERRUPT), EMU_COPIER_INTERRUPT_DONE);
    put32(b, EMU_COPIER_CONTROL, EMU_COPIER_CONTROL_RESET);
    rig_expect_equal(get32(b, EMU_COPIER_INTERRUPT), 0);
}

static void a_reset_stops_a_transfer_in_its_middle(void **state)
{
    (void)state;
    struct bench b = {0};
    run(&b, resets_in_the_middle);
}

/* ---- The interrupt --------------------------------------------------------------------------------- */

static void leaves_it_asserted(void *context)
{
    struct bench *b = context;
    build(b);
    push(b, b->physical, 64);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
    wait_for_end(b);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(b->interrupts, b->trigger == EMU_TRIGGER_LEVEL ? 3 : 1);
    rig_expect_equal(get32(b, EMU_COPIER_INTERRUPT),
                     b->trigger == EMU_TRIGGER_LEVEL ? 0u : (uint32_t)EMU_COPIER_INTERRUPT_DONE);
    /* Switching on what is on gives no second edge. */
    if (b->trigger == EMU_TRIGGER_EDGE) {
        put32(b, EMU_COPIER_CONTROL, EMU_COPIER_CONTROL_INTERRUPTS);
        emu_stall(b->m, BEAT_NS);
        rig_expect_equal(b->interrupts, 1);
    }
}

static void a_level_line_stays_asserted_until_it_is_acknowledged(void **state)
{
    (void)state;
    struct bench level = {.trigger = EMU_TRIGGER_LEVEL, .keep_asserted = true};
    run(&level, leaves_it_asserted);
    struct bench edge = {.trigger = EMU_TRIGGER_EDGE, .keep_asserted = true};
    run(&edge, leaves_it_asserted);
}

static void switches_interrupts(void *context)
{
    struct bench *b = context;
    build(b);
    put32(b, EMU_COPIER_CONTROL, 0);
    push(b, b->physical, 64);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
    wait_for_end(b);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(b->interrupts, 0);
    rig_expect_equal(get32(b, EMU_COPIER_INTERRUPT), EMU_COPIER_INTERRUPT_DONE);
    put32(b, EMU_COPIER_CONTROL, EMU_COPIER_CONTROL_INTERRUPTS);
    emu_stall(b->m, BEAT_NS);
    rig_expect_equal(b->interrupts, 1);
    rig_expect_equal(b->causes, EMU_COPIER_INTERRUPT_DONE);
    put32(b, EMU_COPIER_CONTROL, EMU_COPIER_CONTROL_INTERRUPTS);
    emu_stall(b->m, BEAT_NS);
    rig_expect_equal(b->interrupts, 1);
}

static void a_cause_waits_until_interrupts_are_switched_on(void **state)
{
    (void)state;
    for (int trigger = EMU_TRIGGER_EDGE; trigger <= EMU_TRIGGER_LEVEL; trigger++) {
        struct bench b = {.trigger = (enum emu_trigger)trigger};
        run(&b, switches_interrupts);
    }
}

static void is_polled(void *context)
{
    struct bench *b = context;
    build(b);
    struct emu_copier *other =
        emu_copier_create(b->m, &(struct emu_copier_config){.window = WINDOW + 0x10000, .seed = SEED});
    rig_expect(other != NULL);
    b->registers = emu_bus_map(b->m, WINDOW + 0x10000, EMU_COPIER_WINDOW_BYTES);
    put32(b, EMU_COPIER_CONTROL, EMU_COPIER_CONTROL_INTERRUPTS);
    push(b, b->physical, 64);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
    wait_for_end(b);
    expect_status(b, EMU_COPIER_STATUS_DONE, EMU_COPIER_REASON_NONE);
    rig_expect_equal(get32(b, EMU_COPIER_INTERRUPT_TAKE), EMU_COPIER_INTERRUPT_DONE);
    rig_expect_equal(get32(b, EMU_COPIER_INTERRUPT), 0);
    rig_expect_equal(b->interrupts, 0);
}

static void without_a_line_it_is_polled(void **state)
{
    (void)state;
    struct bench b = {0};
    run(&b, is_polled);
}

/* ---- Exploration ----------------------------------------------------------------------------------- */

/* A reset races with a transfer: how much had moved when it came, over all interleavings. */
struct race {
    struct bench bench;
    bool seen[3]; /* nothing, half, all */
};

static void transfers(void *context)
{
    struct race *race = context;
    push(&race->bench, race->bench.physical, 64);
    start(&race->bench, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
}

static void resets(void *context)
{
    struct race *race = context;
    put32(&race->bench, EMU_COPIER_CONTROL, EMU_COPIER_CONTROL_RESET);
}

static void set_up_race(void *context)
{
    struct race *race = context;
    build(&race->bench);
    rig_thread("transfers", 0, transfers, race);
    rig_thread("resets", 1, resets, race);
}

static void look_at_race(void *context)
{
    struct race *race = context;
    const uint8_t *buffer = race->bench.buffer;
    bool first = buffer[31] == emu_copier_pattern(SEED, 31);
    bool second = buffer[63] == emu_copier_pattern(SEED, 63);
    rig_expect(first || !second);
    race->seen[(first ? 1 : 0) + (second ? 1 : 0)] = true;
    rig_expect((get32(&race->bench, EMU_COPIER_STATUS) & EMU_COPIER_STATUS_BUSY) == 0);
}

static void exploration_resets_it_before_between_and_after_its_beats(void **state)
{
    (void)state;
    struct race race = {.bench = {.trigger = EMU_TRIGGER_LEVEL}};
    struct emu_machine *m = rig_machine(NULL, NULL);
    struct emu_program program = {"copier reset", set_up_race, look_at_race, &race};
    struct emu_report report;
    rig_explore(m, &program, 2, 100000, &report);
    rig_assert_clean(&report);
    rig_assert_complete(&report);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(race.seen[i]);
    }
    emu_report_free(&report);
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_transfer_has_two_beats_unless_it_is_told_otherwise),
        cmocka_unit_test(beats_have_the_configured_size_and_pace),
        cmocka_unit_test(a_reset_stops_a_transfer_in_its_middle),
        cmocka_unit_test(a_level_line_stays_asserted_until_it_is_acknowledged),
        cmocka_unit_test(a_cause_waits_until_interrupts_are_switched_on),
        cmocka_unit_test(without_a_line_it_is_polled),
        cmocka_unit_test(exploration_resets_it_before_between_and_after_its_beats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
