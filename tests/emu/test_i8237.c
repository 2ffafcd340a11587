/*
 * The pair of 8237A: registers and flip-flop, page registers, masks and requests, modes, terminal counts,
 * wraps.
 */
#include "tests/emu/i8237_bench.h"

enum {
    SMALL = 512,
    TO_MEMORY = EMU_I8237_MODE_SINGLE | EMU_I8237_MODE_TO_MEMORY,
    FROM_MEMORY = EMU_I8237_MODE_SINGLE | EMU_I8237_MODE_FROM_MEMORY
};

static bool is_pattern(const uint8_t *bytes, unsigned channel, uint64_t from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != emu_i8237_pattern(channel, from + i))
            return false;
    return true;
}

static bool is_all(const uint8_t *bytes, uint8_t value, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

/* ---- Registers ------------------------------------------------------------------------------- */

/* rule: EMU-I8237-1 */
static void the_flip_flop_says_which_byte_is_next(void *context)
{
    struct bench *b = context;
    build(b);
    put(b, 1, EMU_I8237_FLIP_FLOP, 0);
    put(b, 1, EMU_I8237_ADDRESS + 2, 0x34);
    put(b, 1, EMU_I8237_ADDRESS + 2, 0x12);
    rig_expect_equal(get16(b, 1, EMU_I8237_ADDRESS), 0x1234);
    rig_expect_equal(get16(b, 0, EMU_I8237_ADDRESS), 0);
    put(b, 1, EMU_I8237_FLIP_FLOP, 0);
    rig_expect_equal(get(b, 1, EMU_I8237_ADDRESS + 2), 0x34);
    put(b, 5, EMU_I8237_FLIP_FLOP, 0); /* the other controller's */
    rig_expect_equal(get(b, 1, EMU_I8237_ADDRESS + 2), 0x12);
    rig_expect_equal(get(b, 1, EMU_I8237_ADDRESS + 2), 0x34);
}

/* rule: EMU-I8237-2 */
static void page_registers_are_where_the_at_has_them(void *context)
{
    static const uint32_t ports[EMU_I8237_CHANNELS] = {0x87, 0x83, 0x81, 0x82, 0x8F, 0x8B, 0x89, 0x8A};
    struct bench *b = context;
    build(b);
    for (unsigned i = 0; i < EMU_I8237_CHANNELS; i++) {
        rig_expect_equal(emu_i8237_page_port(i), ports[i]);
        out(b, ports[i], 0x10 + i);
    }
    out(b, 0x84, 0x77); /* of no channel: a byte to keep */
    for (unsigned i = 0; i < EMU_I8237_CHANNELS; i++)
        rig_expect_equal(in(b, ports[i]), 0x10 + i);
    rig_expect_equal(in(b, 0x84), 0x77);
}

/* rule: EMU-I8237-3 */
static void ports_have_a_byte_and_controller_2_has_even_ones(void *context)
{
    struct bench *b = context;
    uint64_t value = 0;
    build(b);
    rig_expect(emu_port_read(b->m, 0x00, 2, &value));
    rig_expect_equal(value, 0xFFFF);
    rig_expect_equal(in(b, 0xC1), 0xFF);
    put16(b, 6, EMU_I8237_COUNT, 0xABCD);
    put(b, 6, EMU_I8237_FLIP_FLOP, 0);
    rig_expect_equal(in(b, 0xCA), 0xCD);
    rig_expect_equal(in(b, 0xCA), 0xAB);
}

/* rule: EMU-I8237-4 */
static void masks_are_set_one_by_one_and_all_at_once(void *context)
{
    struct bench *b = context;
    build(b);
    rig_expect_equal(get(b, 0, EMU_I8237_ALL_MASKS), 0xF);
    rig_expect_equal(get(b, 5, EMU_I8237_ALL_MASKS), 0xE);
    put(b, 0, EMU_I8237_COMMAND, EMU_I8237_COMMAND_DISABLE);
    set_mask(b, 2, false);
    rig_expect_equal(get(b, 0, EMU_I8237_ALL_MASKS), 0xB);
    put(b, 0, EMU_I8237_CLEAR_MASKS, 0);
    rig_expect_equal(get(b, 0, EMU_I8237_ALL_MASKS), 0);
    put(b, 0, EMU_I8237_ALL_MASKS, 0x5);
    rig_expect_equal(get(b, 0, EMU_I8237_ALL_MASKS), 0x5);
    put(b, 0, EMU_I8237_MASTER_CLEAR, 0);
    rig_expect_equal(get(b, 0, EMU_I8237_ALL_MASKS), 0xF);
    rig_expect_equal(get(b, 5, EMU_I8237_ALL_MASKS), 0xE);
}

/* ---- Transfers ------------------------------------------------------------------------------- */

/* rule: EMU-I8237-5 */
static void a_transfer_counts_to_the_terminal_count_and_masks_itself(void *context)
{
    struct bench *b = context;
    build(b);
    start(b, 1, TO_MEMORY, b->physical, SMALL);
    rig_expect_equal(get16(b, 1, EMU_I8237_COUNT), SMALL - 1);
    emu_stall(b->m, BEAT_NS + BEAT_NS / 2);
    rig_expect_equal(get16(b, 1, EMU_I8237_COUNT), SMALL / 2 - 1);
    rig_expect_equal(get16(b, 1, EMU_I8237_ADDRESS), (b->physical & 0xFFFF) + SMALL / 2);
    rig_expect_equal(get(b, 1, EMU_I8237_STATUS), 1u << (1 + 4));
    emu_stall(b->m, A_WHILE);
    rig_expect(is_pattern(b->memory, 1, 0, SMALL));
    rig_expect(is_all(b->memory + SMALL, 0, SMALL));
    rig_expect_equal(get16(b, 1, EMU_I8237_COUNT), 0xFFFF);
    rig_expect_equal(get(b, 1, EMU_I8237_ALL_MASKS), 0xF);
    rig_expect_equal(get(b, 1, EMU_I8237_STATUS), 1u << 1);
    rig_expect_equal(get(b, 1, EMU_I8237_STATUS), 0); /* reading forgets */
}

/* rule: EMU-I8237-5 */
static void memory_goes_to_the_peripheral_which_hears_the_end(void *context)
{
    struct bench *b = context;
    build(b);
    memset(b->memory, 0x5A, SMALL);
    rig_expect(emu_i8237_attach(b->pair, 3, &box_ops, &b->box));
    start(b, 3, FROM_MEMORY, b->physical, SMALL);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(b->box.at, SMALL);
    rig_expect(is_all(b->box.bytes, 0x5A, SMALL));
    rig_expect_equal(b->box.ends, 1);
}

/* rule: EMU-I8237-6 */
static void a_transfer_of_bytes_wraps_at_64_kib(void *context)
{
    struct bench *b = context;
    build(b);
    start(b, 0, TO_MEMORY, b->physical + BANK - SMALL, 2 * SMALL);
    emu_stall(b->m, A_WHILE);
    rig_expect(is_pattern(b->memory + BANK - SMALL, 0, 0, SMALL));
    rig_expect(is_pattern(b->memory, 0, SMALL, SMALL));
    rig_expect(is_all(b->memory + BANK, 0, SMALL));
}

/* rule: EMU-I8237-6 */
static void a_transfer_of_words_wraps_at_128_kib(void *context)
{
    struct bench *b = context;
    build(b);
    start(b, 5, TO_MEMORY, b->physical + BANK - SMALL, 2 * SMALL);
    emu_stall(b->m, A_WHILE);
    rig_expect(is_pattern(b->memory + BANK - SMALL, 5, 0, 2 * SMALL));
    start(b, 5, TO_MEMORY, b->physical + 2 * BANK - SMALL, 2 * SMALL);
    rig_expect_equal(get16(b, 5, EMU_I8237_COUNT), SMALL - 1); /* words */
    emu_stall(b->m, A_WHILE);
    rig_expect(is_pattern(b->memory + 2 * BANK - SMALL, 5, 0, SMALL));
    rig_expect(is_pattern(b->memory, 5, SMALL, SMALL));
    rig_expect(is_all(b->memory + 2 * BANK, 0, SMALL));
}

/* rule: EMU-I8237-6 */
static void sixty_four_kib_are_one_transfer(void *context)
{
    struct bench *b = context;
    build(b);
    start(b, 2, TO_MEMORY, b->physical, BANK);
    emu_stall(b->m, A_WHILE);
    rig_expect(is_pattern(b->memory, 2, 0, BANK));
    rig_expect_equal(get(b, 2, EMU_I8237_STATUS), 1u << 2);
}

/* rule: EMU-I8237-7 */
static void auto_initialize_begins_again(void *context)
{
    struct bench *b = context;
    build(b);
    rig_expect(emu_i8237_attach(b->pair, 1, &box_ops, &b->box));
    for (size_t i = 0; i < 3 * SMALL; i++)
        b->box.bytes[i] = (uint8_t)(1 + i / SMALL);
    b->box.ready = 2 * SMALL + SMALL / 2;
    start(b, 1, TO_MEMORY | EMU_I8237_MODE_AUTO_INITIALIZE, b->physical, SMALL);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(b->box.ends, 2);
    rig_expect(is_all(b->memory, 3, SMALL / 2));
    rig_expect(is_all(b->memory + SMALL / 2, 2, SMALL / 2));
    rig_expect_equal(get16(b, 1, EMU_I8237_COUNT), SMALL / 2 - 1);
    rig_expect_equal(get(b, 1, EMU_I8237_ALL_MASKS), 0xD);
    set_mask(b, 1, true);
}

/* rule: EMU-I8237-8 */
static void a_peripheral_that_is_not_ready_takes_its_request_back(void *context)
{
    struct bench *b = context;
    build(b);
    b->box.ready = 100;
    rig_expect(emu_i8237_attach(b->pair, 1, &box_ops, &b->box));
    start(b, 1, EMU_I8237_MODE_DEMAND | EMU_I8237_MODE_FROM_MEMORY, b->physical, SMALL);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(b->box.at, 100);
    rig_expect_equal(get16(b, 1, EMU_I8237_COUNT), SMALL - 100 - 1);
    rig_expect_equal(get(b, 1, EMU_I8237_STATUS), 0);
    b->box.ready = SMALL;
    emu_i8237_request(b->pair, 1);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(b->box.at, SMALL);
    rig_expect_equal(b->box.ends, 1);
}

/* rule: EMU-I8237-9 */
static void a_masked_channel_rests_and_goes_on_where_it_was(void *context)
{
    struct bench *b = context;
    build(b);
    start(b, 1, TO_MEMORY, b->physical, SMALL);
    emu_stall(b->m, BEAT_NS + BEAT_NS / 2);
    set_mask(b, 1, true);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(get16(b, 1, EMU_I8237_COUNT), SMALL / 2 - 1);
    set_mask(b, 1, false);
    emu_stall(b->m, A_WHILE);
    rig_expect(is_pattern(b->memory, 1, 0, SMALL));
}

/* rule: EMU-I8237-9 */
static void a_disabled_controller_moves_nothing(void *context)
{
    struct bench *b = context;
    build(b);
    put(b, 5, EMU_I8237_COMMAND, EMU_I8237_COMMAND_DISABLE);
    start(b, 6, TO_MEMORY, b->physical, SMALL);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(get16(b, 6, EMU_I8237_COUNT), SMALL / 2 - 1);
    put(b, 5, EMU_I8237_COMMAND, 0);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(get16(b, 6, EMU_I8237_COUNT), 0xFFFF);
}

/* rule: EMU-I8237-10 */
static void controller_1_needs_the_cascade_channel(void *context)
{
    struct bench *b = context;
    build(b);
    set_mask(b, EMU_I8237_CASCADE, true);
    start(b, 1, TO_MEMORY, b->physical, SMALL);
    start(b, 5, TO_MEMORY, b->physical + BANK, SMALL);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(get16(b, 1, EMU_I8237_COUNT), SMALL - 1);
    rig_expect_equal(get16(b, 5, EMU_I8237_COUNT), 0xFFFF);
    set_mask(b, EMU_I8237_CASCADE, false);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(get16(b, 1, EMU_I8237_COUNT), 0xFFFF);
    rig_expect(!emu_i8237_attach(b->pair, EMU_I8237_CASCADE, &box_ops, &b->box));
    rig_expect(!emu_i8237_attach(b->pair, EMU_I8237_CHANNELS, &box_ops, &b->box));
}

/* rule: EMU-I8237-11 */
static void a_software_request_takes_block_mode_and_passes_the_mask(void *context)
{
    struct bench *b = context;
    build(b);
    start(b, 1, TO_MEMORY, b->physical, SMALL);
    set_mask(b, 1, true);
    put(b, 1, EMU_I8237_REQUEST, 1 | EMU_I8237_SET);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(get16(b, 1, EMU_I8237_COUNT), SMALL - 1);
    put(b, 1, EMU_I8237_MODE, 1 | EMU_I8237_MODE_BLOCK | EMU_I8237_MODE_TO_MEMORY);
    emu_stall(b->m, A_WHILE);
    rig_expect(is_pattern(b->memory, 1, 0, SMALL));
    rig_expect_equal(get16(b, 1, EMU_I8237_COUNT), 0xFFFF);
    rig_expect_equal(get(b, 1, EMU_I8237_STATUS), 1u << 1); /* the request is over with the count */
}

/* rule: EMU-I8237-12 */
static void a_verify_transfer_counts_and_moves_nothing(void *context)
{
    struct bench *b = context;
    build(b);
    start(b, 1, EMU_I8237_MODE_SINGLE | EMU_I8237_MODE_VERIFY, b->physical, SMALL);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(get16(b, 1, EMU_I8237_COUNT), 0xFFFF);
    rig_expect(is_all(b->memory, 0, SMALL));
}

/* rule: EMU-I8237-13 */
static void the_address_can_count_down(void *context)
{
    struct bench *b = context;
    build(b);
    start(b, 1, TO_MEMORY | EMU_I8237_MODE_DECREMENT, b->physical + SMALL - 1, SMALL);
    emu_stall(b->m, A_WHILE);
    for (unsigned i = 0; i < SMALL; i++)
        rig_expect_equal(b->memory[SMALL - 1 - i], emu_i8237_pattern(1, i));
}

/* rule: EMU-I8237-14 */
static void addresses_that_nobody_answers_read_as_ones(void *context)
{
    struct bench *b = context;
    build(b);
    rig_expect(emu_i8237_attach(b->pair, 1, &box_ops, &b->box));
    start(b, 1, FROM_MEMORY, 0, SMALL); /* below all RAM */
    emu_stall(b->m, A_WHILE);
    rig_expect(is_all(b->box.bytes, 0xFF, SMALL));
    start(b, 1, TO_MEMORY, 0, SMALL);
    emu_stall(b->m, A_WHILE);
    rig_expect_equal(b->box.ends, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_STRAND(the_flip_flop_says_which_byte_is_next),
        ON_A_STRAND(page_registers_are_where_the_at_has_them),
        ON_A_STRAND(ports_have_a_byte_and_controller_2_has_even_ones),
        ON_A_STRAND(masks_are_set_one_by_one_and_all_at_once),
        ON_A_STRAND(a_transfer_counts_to_the_terminal_count_and_masks_itself),
        ON_A_STRAND(memory_goes_to_the_peripheral_which_hears_the_end),
        ON_A_STRAND(a_transfer_of_bytes_wraps_at_64_kib),
        ON_A_STRAND(a_transfer_of_words_wraps_at_128_kib),
        ON_A_STRAND(sixty_four_kib_are_one_transfer),
        ON_A_STRAND(auto_initialize_begins_again),
        ON_A_STRAND(a_peripheral_that_is_not_ready_takes_its_request_back),
        ON_A_STRAND(a_masked_channel_rests_and_goes_on_where_it_was),
        ON_A_STRAND(a_disabled_controller_moves_nothing),
        ON_A_STRAND(controller_1_needs_the_cascade_channel),
        ON_A_STRAND(a_software_request_takes_block_mode_and_passes_the_mask),
        ON_A_STRAND(a_verify_transfer_counts_and_moves_nothing),
        ON_A_STRAND(the_address_can_count_down),
        ON_A_STRAND(addresses_that_nobody_answers_read_as_ones),
    };
    return cmocka_run_group_tests_name("i8237", tests, NULL, NULL);
}
