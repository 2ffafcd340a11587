/*
 * The copier, driven as a driver would: through its registers, with memory of the machine, awaiting its
 * interrupt.
 */
#include "tests/emu/copier_bench.h"

/* ---- Registers ------------------------------------------------------------------------------------- */

static void looks_at_registers(void *context)
{
    struct bench *b = context;
    build(b);
    rig_expect_equal(get32(b, EMU_COPIER_ID), EMU_COPIER_ID_VALUE);
    rig_expect_equal(get32(b, EMU_COPIER_CONTROL), EMU_COPIER_CONTROL_INTERRUPTS);
    rig_expect_equal(get32(b, EMU_COPIER_CAPACITY), 64);
    rig_expect_equal(get32(b, EMU_COPIER_DOORBELL), UINT32_MAX);
    rig_expect_equal(get32(b, 0x800), UINT32_MAX);
    rig_expect_equal(get(b, EMU_COPIER_ID, 1), UINT8_MAX);
    put64(b, EMU_COPIER_ADDRESS_LOW, 0x123456789ABCDEF0);
    rig_expect_equal(get32(b, EMU_COPIER_ADDRESS_LOW), 0x9ABCDEF0);
    rig_expect_equal(get32(b, EMU_COPIER_ADDRESS_HIGH), 0x12345678);
    put32(b, EMU_COPIER_ADDRESS_HIGH, 1);
    rig_expect_equal(get(b, EMU_COPIER_ADDRESS_LOW, 8), 0x19ABCDEF0);
    put64(b, EMU_COPIER_CONTROL, 0);
    rig_expect_equal(get32(b, EMU_COPIER_CONTROL), EMU_COPIER_CONTROL_INTERRUPTS);
    rig_expect_equal(get32(b, EMU_COPIER_STATUS), 0);
}

static void registers_have_32_bits_and_pairs_64(void **state)
{
    (void)state;
    struct bench b = {0};
    run(&b, looks_at_registers);
}

static void creates_badly(void *context)
{
    struct bench *b = context;
    build(b);
    struct emu_machine *m = b->m;
    const struct emu_copier_config good = {.window = WINDOW + 0x10000};
    struct emu_copier_config bad = good;
    bad.window = WINDOW;
    rig_expect(emu_copier_create(m, &bad) == NULL);
    bad = good;
    bad.address_width = 65;
    rig_expect(emu_copier_create(m, &bad) == NULL);
    bad = good;
    bad.memory_bytes = 3000;
    rig_expect(emu_copier_create(m, &bad) == NULL);
    bad = good;
    bad.memory_bytes = 512;
    rig_expect(emu_copier_create(m, &bad) == NULL);
    bad = good;
    bad.capacity = EMU_COPIER_CAPACITY_MAX + 1;
    rig_expect(emu_copier_create(m, &bad) == NULL);
    rig_expect(emu_copier_create(m, &good) != NULL);
}

static void impossible_configurations_are_refused(void **state)
{
    (void)state;
    struct bench b = {0};
    run(&b, creates_badly);
}

static void is_used_and_left(void *context)
{
    struct bench *b = context;
    build(b);
    expect_status(b, 0, EMU_COPIER_REASON_NONE);
    uint8_t byte;
    emu_copier_memory_read(b->copier, 0, &byte, 1);
    rig_expect_equal(byte, emu_copier_pattern(SEED, 0));
    byte = (uint8_t)~byte;
    emu_copier_memory_write(b->copier, 0, &byte, 1);
    push(b, b->physical, BYTES);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
}

static void a_reset_of_the_machine_takes_the_device_away(void **state)
{
    (void)state;
    struct bench b = {.config.line = 0};
    struct emu_machine *m = rig_machine(NULL, NULL);
    struct rig_outcome first, second;
    rig_run(m, is_used_and_left, &b, &first);
    rig_assert_idle(&first);
    rig_run(m, is_used_and_left, &b, &second);
    rig_assert_idle(&second);
    assert_int_equal(first.hash, second.hash);
    emu_machine_destroy(m);
}

/* ---- Transfers ------------------------------------------------------------------------------------- */

static void reads_the_device(void *context)
{
    struct bench *b = context;
    build(b);
    push(b, b->physical, BYTES);
    rig_expect_equal(get32(b, EMU_COPIER_LENGTH), 1);
    start(b, 100, EMU_COPIER_DOORBELL_TO_MEMORY);
    expect_status(b, EMU_COPIER_STATUS_BUSY, EMU_COPIER_REASON_NONE);
    wait_for_end(b);
    expect_status(b, EMU_COPIER_STATUS_DONE, EMU_COPIER_REASON_NONE);
    rig_expect_equal(get(b, EMU_COPIER_COUNT_LOW, 8), BYTES);
    rig_expect_equal(get32(b, EMU_COPIER_LENGTH), 0);
    rig_expect_equal(b->interrupts, 1);
    rig_expect_equal(b->causes, EMU_COPIER_INTERRUPT_DONE);
    rig_expect_equal(get32(b, EMU_COPIER_INTERRUPT), 0);
    expect_pattern(b->buffer, 100, BYTES);
}

static void a_transfer_to_memory_delivers_the_pattern_and_one_interrupt(void **state)
{
    (void)state;
    for (int trigger = EMU_TRIGGER_EDGE; trigger <= EMU_TRIGGER_LEVEL; trigger++) {
        struct bench b = {.trigger = (enum emu_trigger)trigger};
        run(&b, reads_the_device);
    }
}

/* Out in pieces of odd lengths across pages, back in others. */
static void writes_and_reads_back(void *context)
{
    static const uint32_t cuts_out[] = {1, 1023, 4096, 3, 1000};
    static const uint32_t cuts_in[] = {2000, 7, 4116};
    struct bench *b = context;
    build(b);
    fill(b->buffer, BYTES / 2, 1);
    uint64_t at = b->physical;
    uint32_t total = 0;
    for (size_t i = 0; i < sizeof cuts_out / sizeof cuts_out[0]; i++) {
        push(b, at, cuts_out[i]);
        at += cuts_out[i];
        total += cuts_out[i];
    }
    const uint32_t offset = MEMORY - 500;
    start(b, offset, EMU_COPIER_DOORBELL_FROM_MEMORY);
    wait_for_end(b);
    expect_status(b, EMU_COPIER_STATUS_DONE, EMU_COPIER_REASON_NONE);
    uint8_t seen[64];
    emu_copier_memory_read(b->copier, offset + 480, seen, sizeof seen);
    rig_expect(memcmp(seen, b->buffer + 480, sizeof seen) == 0);

    uint8_t *back = b->buffer + BYTES / 2;
    at = b->physical + BYTES / 2;
    for (size_t i = 0; i < sizeof cuts_in / sizeof cuts_in[0]; i++) {
        push(b, at, cuts_in[i]);
        at += cuts_in[i];
        total -= cuts_in[i];
    }
    rig_expect_equal(total, 0);
    start(b, offset, EMU_COPIER_DOORBELL_TO_MEMORY);
    wait_for_end(b);
    uint32_t moved = (uint32_t)(at - b->physical - BYTES / 2);
    rig_expect(memcmp(b->buffer, back, moved) == 0);
    rig_expect_equal(back[moved], 0);

    /* Around what was written the pattern still stands. */
    emu_copier_memory_read(b->copier, offset - 20, seen, 20);
    expect_pattern(seen, offset - 20, 20);
    emu_copier_memory_read(b->copier, offset + moved, seen, 20);
    expect_pattern(seen, offset + moved, 20);
}

static void what_was_written_from_memory_comes_back(void **state)
{
    (void)state;
    struct bench b = {0};
    run(&b, writes_and_reads_back);
    struct bench slow = {.config.beat_bytes = 64};
    run(&slow, writes_and_reads_back);
}

static void uses_a_list_in_memory(void *context)
{
    struct bench *b = context;
    build(b);
    struct {
        uint64_t address;
        uint32_t length;
        uint32_t ignored;
    } list[] = {{b->physical + 4096, 4000, 0}, {b->physical + 9000, 96, UINT32_MAX}};
    memcpy(b->buffer, list, sizeof list);
    push(b, b->physical + 12288, 1); /* not used: the list is the one in memory */
    put64(b, EMU_COPIER_LIST_LOW, b->physical);
    put32(b, EMU_COPIER_LIST_LENGTH, 2);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
    wait_for_end(b);
    expect_status(b, EMU_COPIER_STATUS_DONE, EMU_COPIER_REASON_NONE);
    rig_expect_equal(get32(b, EMU_COPIER_COUNT_LOW), 4096);
    expect_pattern(b->buffer + 4096, 0, 4000);
    expect_pattern(b->buffer + 9000, 4000, 96);
    rig_expect_equal(b->buffer[12288], 0);
}

static void a_list_may_lie_in_memory(void **state)
{
    (void)state;
    struct bench b = {0};
    run(&b, uses_a_list_in_memory);
}

struct asked {
    emu_requester requester;
    uint64_t base;
    unsigned times;
};

/* Logical 0x1000 .. 0x1FFF is the buffer's first page. */
static uint64_t one_page(struct emu_machine *m, void *context, emu_requester requester, uint64_t logical,
                         bool to_memory, size_t *run_bytes)
{
    struct asked *asked = context;
    (void)m;
    (void)to_memory;
    asked->requester = requester;
    asked->times++;
    if (logical < 0x1000 || logical >= 0x2000) {
        return EMU_NO_ADDRESS;
    }
    *run_bytes = 0x2000 - logical;
    return asked->base + logical - 0x1000;
}

static void is_translated(void *context)
{
    struct bench *b = context;
    build(b);
    struct asked asked = {.base = b->physical};
    emu_bus_set_translator(b->m, one_page, &asked);
    push(b, 0x1800, 0x1000);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
    wait_for_end(b);
    expect_status(b, EMU_COPIER_STATUS_ERROR, EMU_COPIER_REASON_FAULT);
    rig_expect_equal(asked.requester, 9);
    rig_expect_equal(get(b, EMU_COPIER_FAULT_LOW, 8), 0x2000);
    rig_expect_equal(get32(b, EMU_COPIER_COUNT_LOW), 0x800);
    rig_expect_equal(b->causes, EMU_COPIER_INTERRUPT_ERROR);
    rig_expect_equal(b->interrupts, 1);
    expect_pattern(b->buffer + 0x800, 0, 0x800);
    emu_copier_set_requester(b->copier, 12);
    push(b, 0x1000, 0x10);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
    wait_for_end(b);
    expect_status(b, EMU_COPIER_STATUS_DONE, EMU_COPIER_REASON_NONE);
    rig_expect_equal(asked.requester, 12);
    emu_bus_set_translator(b->m, NULL, NULL);
}

static void a_fault_of_the_bus_ends_the_transfer_with_an_error(void **state)
{
    (void)state;
    struct bench b = {.config.requester = 9};
    run(&b, is_translated);
}

static void makes_every_mistake(void *context)
{
    struct bench *b = context;
    build(b);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
    wait_for_end(b);
    expect_status(b, EMU_COPIER_STATUS_ERROR, EMU_COPIER_REASON_EMPTY);

    push(b, b->physical, 16);
    push(b, b->physical + 16, 0);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
    wait_for_end(b);
    expect_status(b, EMU_COPIER_STATUS_ERROR, EMU_COPIER_REASON_LENGTH);
    rig_expect_equal(get32(b, EMU_COPIER_COUNT_LOW), 16);

    push(b, 0xFFFFFFFF, 1);
    push(b, 0xFFFFFFFF, 2);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
    wait_for_end(b);
    rig_expect_equal(get32(b, EMU_COPIER_STATUS) & EMU_COPIER_STATUS_ERROR, EMU_COPIER_STATUS_ERROR);

    push(b, 0x100000000, 1);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
    wait_for_end(b);
    expect_status(b, EMU_COPIER_STATUS_ERROR, EMU_COPIER_REASON_ADDRESS);
    rig_expect_equal(get(b, EMU_COPIER_FAULT_LOW, 8), 0x100000000);

    put64(b, EMU_COPIER_LIST_LOW, b->physical);
    put32(b, EMU_COPIER_LIST_LENGTH, 5);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
    wait_for_end(b);
    expect_status(b, EMU_COPIER_STATUS_ERROR, EMU_COPIER_REASON_LENGTH);

    put64(b, EMU_COPIER_LIST_LOW, 0xFFFFFFF8);
    put32(b, EMU_COPIER_LIST_LENGTH, 1);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
    wait_for_end(b);
    expect_status(b, EMU_COPIER_STATUS_ERROR, EMU_COPIER_REASON_ADDRESS);
    rig_expect_equal(get(b, EMU_COPIER_COUNT_LOW, 8), 0);
    rig_expect_equal(b->interrupts, 6);

    put32(b, EMU_COPIER_DOORBELL, 3);
    expect_status(b, EMU_COPIER_STATUS_ERROR, EMU_COPIER_REASON_ADDRESS);
}

static void what_is_wrong_with_a_list_is_told_by_the_status(void **state)
{
    (void)state;
    struct bench b = {.config = {.address_width = 32, .capacity = 4}};
    run(&b, makes_every_mistake);
}

static void overruns(void *context)
{
    struct bench *b = context;
    build(b);
    for (unsigned i = 0; i < 3; i++) {
        push(b, b->physical + i * 100, 100);
    }
    rig_expect_equal(get32(b, EMU_COPIER_LENGTH), 2);
    expect_status(b, EMU_COPIER_STATUS_OVERRUN, EMU_COPIER_REASON_NONE);
    put32(b, EMU_COPIER_STATUS, EMU_COPIER_STATUS_OVERRUN);
    expect_status(b, 0, EMU_COPIER_REASON_NONE);

    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
    start(b, 7, EMU_COPIER_DOORBELL_FROM_MEMORY);
    expect_status(b, EMU_COPIER_STATUS_BUSY | EMU_COPIER_STATUS_OVERRUN, EMU_COPIER_REASON_NONE);
    put32(b, EMU_COPIER_STATUS, UINT32_MAX);
    push(b, b->physical + 4096, 100);
    expect_status(b, EMU_COPIER_STATUS_BUSY | EMU_COPIER_STATUS_OVERRUN, EMU_COPIER_REASON_NONE);
    wait_for_end(b);
    expect_status(b, EMU_COPIER_STATUS_DONE | EMU_COPIER_STATUS_OVERRUN, EMU_COPIER_REASON_NONE);
    rig_expect_equal(get32(b, EMU_COPIER_COUNT_LOW), 200);
    expect_pattern(b->buffer, 0, 200);

    push(b, b->physical, 100);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
    expect_status(b, EMU_COPIER_STATUS_BUSY | EMU_COPIER_STATUS_OVERRUN, EMU_COPIER_REASON_NONE);
    push(b, b->physical + 4096, 100);
    rig_expect_equal(get32(b, EMU_COPIER_LENGTH), 1);
    wait_for_end(b);
    rig_expect_equal(get32(b, EMU_COPIER_COUNT_LOW), 100);
}

static void what_comes_while_it_is_busy_or_full_is_dropped_and_shown(void **state)
{
    (void)state;
    struct bench b = {.config.capacity = 2};
    run(&b, overruns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_have_32_bits_and_pairs_64),
        cmocka_unit_test(impossible_configurations_are_refused),
        cmocka_unit_test(a_reset_of_the_machine_takes_the_device_away),
        cmocka_unit_test(a_transfer_to_memory_delivers_the_pattern_and_one_interrupt),
        cmocka_unit_test(what_was_written_from_memory_comes_back),
        cmocka_unit_test(a_list_may_lie_in_memory),
        cmocka_unit_test(a_fault_of_the_bus_ends_the_transfer_with_an_error),
        cmocka_unit_test(what_is_wrong_with_a_list_is_told_by_the_status),
        cmocka_unit_test(what_comes_while_it_is_busy_or_full_is_dropped_and_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
