/*
 * A device that is removed: what its driver reads from then on, what is lost, and what may still arrive.
 */
#include "tests/emu/copier_bench.h"

enum { LENGTH = 256, A_LONG_WHILE = 1000 * BEAT_NS };

static void begin_transfer(struct bench *b)
{
    memset(b->buffer, 0, BYTES);
    push(b, b->physical, LENGTH);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
    while (b->buffer[0] != emu_copier_pattern(SEED, 0))
        emu_stall(b->m, BEAT_NS / 4);
}

static void remove_idle(void *context)
{
    struct bench *b = context;
    build(b);
    put32(b, EMU_COPIER_OFFSET, 1);
    emu_bus_remove(b->m, false, WINDOW);
    rig_expect_equal(get32(b, EMU_COPIER_ID), UINT32_MAX);
    rig_expect_equal(get(b, EMU_COPIER_ADDRESS_LOW, 8), UINT64_MAX);
    rig_expect_equal(get(b, EMU_COPIER_ID, 1), UINT8_MAX);
    put32(b, EMU_COPIER_DOORBELL, EMU_COPIER_DOORBELL_TO_MEMORY);
    emu_stall(b->m, A_LONG_WHILE);
    rig_expect_equal(b->interrupts, 0);
    emu_bus_remove(b->m, false, WINDOW); /* it is gone already */
}

/* rule: EMU-REMOVE-1 */
static void what_is_gone_reads_as_all_ones_and_hears_nothing(void **state)
{
    (void)state;
    struct bench b = {.trigger = EMU_TRIGGER_LEVEL};
    run(&b, remove_idle);
}

static void remove_busy(void *context)
{
    struct bench *b = context;
    build(b);
    begin_transfer(b);
    emu_bus_remove(b->m, false, WINDOW);
    emu_stall(b->m, A_LONG_WHILE);
    rig_expect_equal(b->interrupts, 0);
    rig_expect_equal(b->buffer[LENGTH - 1], 0);
}

static void remove_asserted(void *context)
{
    struct bench *b = context;
    b->keep_asserted = true;
    build(b);
    push(b, b->physical, LENGTH);
    uint8_t level = emu_level_raise(b->m, LEVEL);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
    emu_stall(b->m, A_LONG_WHILE);
    emu_bus_remove(b->m, false, WINDOW); /* with its line up */
    emu_level_lower(b->m, level);
    emu_stall(b->m, A_LONG_WHILE);
    rig_expect(b->interrupts <= 1);
}

/* rule: EMU-REMOVE-1 */
static void its_engine_stops_and_its_line_falls(void **state)
{
    (void)state;
    struct bench b = {.trigger = EMU_TRIGGER_LEVEL};
    run(&b, remove_busy);
    b = (struct bench){.trigger = EMU_TRIGGER_LEVEL};
    run(&b, remove_asserted);
}

/* Answers what a device is asked with yes. */
static uint32_t say_yes(struct emu_strategy *s, const struct emu_decision *d)
{
    (void)s;
    return d->kind == EMU_CHOICE_DEVICE;
}

static void remove_hostile(void *context)
{
    struct bench *b = context;
    build(b);
    begin_transfer(b);
    emu_bus_remove(b->m, false, WINDOW);
    emu_stall(b->m, A_LONG_WHILE);
    rig_expect_equal(b->interrupts, 0);
    rig_expect_equal(b->buffer[LENGTH - 1], emu_copier_pattern(SEED, LENGTH - 1));
}

static void start_hostile(void *context)
{
    rig_thread("driver", 0, remove_hostile, context);
}

/* rule: EMU-REMOVE-2 */
static void what_was_on_its_way_to_memory_may_still_arrive(void **state)
{
    (void)state;
    struct emu_machine *m = rig_machine(NULL, NULL);
    struct bench b = {.trigger = EMU_TRIGGER_LEVEL};
    const struct emu_program program = {"removed", start_hostile, NULL, &b};
    struct emu_strategy yes = {.name = "yes", .choose = say_yes};
    struct rig_outcome outcome;
    rig_run_program(m, &program, &yes, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_gone_reads_as_all_ones_and_hears_nothing),
        cmocka_unit_test(its_engine_stops_and_its_line_falls),
        cmocka_unit_test(what_was_on_its_way_to_memory_may_still_arrive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
