/*
 * The machine object: what a configuration may say, its life, the arena, slots, and several machines beside
 * each other.
 */
#include "bare.h"

/* ---- Configuration ---- */

static void refused(struct emu_config config, const char *reason)
{
    const char *error = NULL;
    assert_null(emu_machine_create(&config, &error));
    assert_non_null(error);
    assert_null(strchr(error, '\n'));
    if (strstr(error, reason) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error, reason);
}

/* rule: EMU-CONFIG-1 */
static void zero_in_every_field_means_its_default(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(&(struct emu_config){0});
    const struct emu_config *c = emu_machine_config(m);
    assert_int_equal(c->processors, 2);
    assert_int_equal(c->ram_low_pages, 1024);
    assert_int_equal(c->ram_mid_pages, 2048);
    assert_int_equal(c->ram_high_pages, 1024);
    assert_int_equal(c->strands_max, 256);
    assert_int_equal(c->stack_bytes, 65536);
    assert_int_equal(c->step_limit, 100000);
    assert_int_equal(c->profile, EMU_PROFILE_HOSTILE);
    assert_false(c->faults);
    emu_machine_destroy(m);
}

/* rule: EMU-CONFIG-2 */
static void every_field_out_of_range_is_refused_with_its_reason(void **state)
{
    (void)state;
    refused((struct emu_config){.processors = 65}, "processors");
    refused((struct emu_config){.processors = UINT32_MAX}, "processors");
    refused((struct emu_config){.ram_low_pages = 3841}, "below 16 MiB");
    refused((struct emu_config){.ram_low_pages = EMU_NO_PAGES}, "below 16 MiB");
    refused((struct emu_config){.ram_mid_pages = 0x7F001}, "between 16 MiB and 4 GiB");
    refused((struct emu_config){.ram_mid_pages = EMU_NO_PAGES}, "between 16 MiB and 4 GiB");
    refused((struct emu_config){.ram_high_pages = 0x400001}, "above 4 GiB");
    refused((struct emu_config){.strands_max = 16385}, "strands");
    refused((struct emu_config){.strands_max = 2}, "strands");
    refused((struct emu_config){.processors = 64, .strands_max = 64}, "strands");
    refused((struct emu_config){.stack_bytes = 12288}, "stack");
    refused((struct emu_config){.stack_bytes = 65537}, "stack");
    refused((struct emu_config){.stack_bytes = 32 * 1024 * 1024}, "stack");
    refused((struct emu_config){.profile = EMU_PROFILES}, "profile");
}

/* rule: EMU-CONFIG-3 */
static void stacks_that_would_reach_other_frames_are_refused(void **state)
{
    (void)state;
    refused((struct emu_config){.strands_max = 16384, .stack_bytes = 65536}, "stacks");
    refused((struct emu_config){.strands_max = 256, .stack_bytes = 16 * 1024 * 1024}, "stacks");
    struct emu_machine *m = bare_machine(&(struct emu_config){.strands_max = 8192});
    emu_machine_destroy(m);
}

/* rule: EMU-CONFIG-2 */
static void the_limits_themselves_are_accepted(void **state)
{
    (void)state;
    static const struct emu_config configs[] = {
        {.processors = 1, .strands_max = 2},
        {.processors = 64, .strands_max = 65},
        {.ram_low_pages = 3840, .ram_mid_pages = 1, .ram_high_pages = 1},
        {.ram_low_pages = 1, .ram_mid_pages = 0x7F000, .ram_high_pages = EMU_NO_PAGES},
        {.ram_high_pages = 0x400000},
        {.stack_bytes = 16 * 1024, .strands_max = 16384},
        {.stack_bytes = 16 * 1024 * 1024, .strands_max = 4},
        {.step_limit = 1, .profile = EMU_PROFILE_TYPICAL, .faults = true},
    };
    for (size_t i = 0; i < COUNT_OF(configs); i++) {
        struct emu_machine *m = bare_machine(&configs[i]);
        emu_machine_destroy(m);
    }
}

/* ---- Life ---- */

/* rule: EMU-LIFE-1 */
static void destroying_nothing_does_nothing(void **state)
{
    (void)state;
    emu_machine_destroy(NULL);
}

/* rule: EMU-LIFE-2 */
static void an_empty_machine_is_idle_at_once(void **state)
{
    (void)state;
    static const uint32_t processors[] = {1, 2, 64};
    for (size_t i = 0; i < COUNT_OF(processors); i++) {
        struct emu_machine *m = bare_processors(processors[i]);
        bare_assert_idle(m);
        bare_assert_idle(m);
        assert_int_equal(emu_steps(m), 0);
        assert_int_equal(emu_now(m), 0);
        assert_null(emu_machine_finding(m));
        emu_machine_destroy(m);
    }
}

static void see_current(void *arg)
{
    struct emu_machine **seen = arg;
    *seen = emu_current();
}

/* rule: EMU-LIFE-3 */
static void the_current_machine_is_the_one_that_runs(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    struct emu_machine *seen = NULL;
    assert_null(emu_current());
    bare_start(m, "looks", 0, see_current, &seen);
    assert_null(emu_current());
    bare_assert_idle(m);
    assert_ptr_equal(seen, m);
    assert_null(emu_current());
    emu_machine_destroy(m);
}

/* ---- Layers ---- */

struct boots {
    struct bare_log log;
    char *state;
    bool was_current;
};

static void boot_a(struct emu_machine *m, void *context)
{
    struct boots *b = context;
    bare_log(&b->log, 'a');
    b->was_current = emu_current() == m;
    b->state = emu_arena_alloc(m, 3);
    emu_set_slot(m, EMU_SLOT_KERNEL, b->state);
}

static void boot_b(struct emu_machine *m, void *context)
{
    struct boots *b = context;
    bare_log(&b->log, emu_slot(m, EMU_SLOT_KERNEL) == b->state ? 'b' : '?');
}

/* rule: EMU-LIFE-4 */
static void boot_functions_run_in_order_at_every_reset(void **state)
{
    (void)state;
    struct boots b = {0};
    struct emu_machine *m = bare_machine(NULL);
    emu_machine_add_boot(m, boot_a, &b);
    emu_machine_add_boot(m, boot_b, &b);
    assert_int_equal(b.log.length, 0);
    emu_machine_reset(m);
    emu_machine_reset(m);
    assert_string_equal(b.log.text, "abab");
    assert_true(b.was_current);
    assert_null(emu_current());
    assert_ptr_equal(emu_slot(m, EMU_SLOT_KERNEL), b.state);
    assert_null(emu_slot(m, EMU_SLOT_DMA));
    emu_machine_destroy(m);
}

/* rule: EMU-LIFE-5 */
static void the_arena_is_aligned_and_zeroed_after_each_reset(void **state)
{
    (void)state;
    enum { BYTES = 5000, ROUNDS = 3 };
    struct emu_machine *m = bare_machine(NULL);
    unsigned char *first_seen = NULL;
    for (int round = 0; round < ROUNDS; round++) {
        unsigned char *small = emu_arena_alloc(m, 1);
        unsigned char *large = emu_arena_alloc(m, BYTES);
        assert_int_equal((uintptr_t)small % 16, 0);
        assert_int_equal((uintptr_t)large % 16, 0);
        assert_true(large > small);
        assert_int_equal(small[0], 0);
        for (size_t i = 0; i < BYTES; i++)
            assert_int_equal(large[i], 0);
        if (round == 0)
            first_seen = small;
        assert_ptr_equal(small, first_seen);
        assert_false(emu_ram_owns(m, small));
        memset(small, 0xEE, 1);
        memset(large, 0xEE, BYTES);
        emu_machine_reset(m);
    }
    emu_machine_destroy(m);
}

static void exhaust_arena(void *arg)
{
    emu_arena_alloc(arg, (size_t)2 << 30);
}

/* rule: EMU-LIFE-5 */
static void an_exhausted_arena_is_an_error_of_the_emulator(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    assert_int_equal(bare_dies_of(exhaust_arena, m), SIGABRT);
    emu_machine_destroy(m);
}

/* ---- Budget ---- */

static void many_steps(void *arg)
{
    for (int i = 0; i < *(int *)arg; i++)
        bare_work(0);
}

/* rule: EMU-RUN-1 */
static void a_budget_stops_and_the_next_call_goes_on(void **state)
{
    (void)state;
    int steps = 100;
    struct emu_machine *m = bare_machine(NULL);
    bare_start(m, "worker", 0, many_steps, &steps);
    assert_int_equal(emu_machine_run(m, 10), EMU_STOP_BUDGET);
    assert_int_equal(emu_steps(m), 10);
    assert_int_equal(emu_machine_run(m, 1), EMU_STOP_BUDGET);
    assert_int_equal(emu_steps(m), 11);
    bare_assert_idle(m);
    assert_int_equal(emu_steps(m), 100);
    emu_machine_destroy(m);
}

/* rule: EMU-RUN-1 */
static void the_largest_budget_is_no_budget(void **state)
{
    (void)state;
    int steps = 10;
    struct emu_machine *m = bare_machine(NULL);
    bare_start(m, "worker", 0, many_steps, &steps);
    assert_int_equal(emu_machine_run(m, 5), EMU_STOP_BUDGET);
    assert_int_equal(emu_machine_run(m, UINT64_MAX), EMU_STOP_IDLE);
    emu_machine_destroy(m);
}

/* rule: EMU-RUN-2 */
static void an_idle_machine_can_be_given_more_to_do(void **state)
{
    (void)state;
    int steps = 3;
    struct emu_machine *m = bare_machine(NULL);
    for (unsigned round = 1; round <= 20; round++) {
        bare_start(m, "worker", round % 2, many_steps, &steps);
        bare_assert_idle(m);
        assert_int_equal(emu_steps(m), 3 * round);
    }
    emu_machine_destroy(m);
}

/* ---- Several machines ---- */

struct walker {
    unsigned char *page;
    uint64_t sum;
};

static void walk(void *arg)
{
    struct walker *w = arg;
    struct emu_machine *m = emu_current();
    w->page = emu_ram_alloc(m, &(struct emu_ram_request){.pages = 1, .explore = true});
    for (unsigned i = 0; i < 50; i++) {
        emu_step(m, OP_WORK, emu_object_at(m, &w->page[i], "byte"), i);
        w->page[i]++;
        w->sum += w->page[i] + emu_cpu(m);
    }
}

static uint64_t walk_once(struct emu_machine *m, struct walker walkers[2])
{
    memset(walkers, 0, 2 * sizeof walkers[0]);
    bare_start(m, "first", 0, walk, &walkers[0]);
    bare_start(m, "second", 1, walk, &walkers[1]);
    bare_assert_idle(m);
    return emu_trace_hash(m);
}

/* rule: EMU-LIFE-6 */
static void machines_run_alternately_without_touching_each_other(void **state)
{
    (void)state;
    enum { MACHINES = 3 };
    struct walker alone[2];
    struct emu_machine *lone = bare_machine(NULL);
    uint64_t expected = walk_once(lone, alone);
    emu_machine_destroy(lone);

    struct emu_machine *m[MACHINES];
    struct walker walkers[MACHINES][2] = {0};
    bool idle[MACHINES] = {false};
    for (int i = 0; i < MACHINES; i++) {
        m[i] = bare_machine(NULL);
        bare_start(m[i], "first", 0, walk, &walkers[i][0]);
        bare_start(m[i], "second", 1, walk, &walkers[i][1]);
    }
    for (unsigned turn = 0; !idle[0] || !idle[1] || !idle[2]; turn++) {
        unsigned which = turn * turn % MACHINES == 1 ? turn % MACHINES : turn / 2 % MACHINES;
        idle[which] = emu_machine_run(m[which], 1 + turn % 4) == EMU_STOP_IDLE;
    }
    for (int i = 0; i < MACHINES; i++) {
        assert_true(emu_trace_hash(m[i]) == expected);
        assert_true(walkers[i][0].sum == alone[0].sum);
        assert_true(emu_ram_owns(m[i], walkers[i][0].page));
        assert_false(emu_ram_owns(m[(i + 1) % MACHINES], walkers[i][0].page));
    }
    for (int i = 0; i < MACHINES; i++)
        emu_machine_destroy(m[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_in_every_field_means_its_default),
        cmocka_unit_test(every_field_out_of_range_is_refused_with_its_reason),
        cmocka_unit_test(stacks_that_would_reach_other_frames_are_refused),
        cmocka_unit_test(the_limits_themselves_are_accepted),
        cmocka_unit_test(destroying_nothing_does_nothing),
        cmocka_unit_test(an_empty_machine_is_idle_at_once),
        cmocka_unit_test(the_current_machine_is_the_one_that_runs),
        cmocka_unit_test(boot_functions_run_in_order_at_every_reset),
        cmocka_unit_test(the_arena_is_aligned_and_zeroed_after_each_reset),
        cmocka_unit_test(an_exhausted_arena_is_an_error_of_the_emulator),
        cmocka_unit_test(a_budget_stops_and_the_next_call_goes_on),
        cmocka_unit_test(the_largest_budget_is_no_budget),
        cmocka_unit_test(an_idle_machine_can_be_given_more_to_do),
        cmocka_unit_test(machines_run_alternately_without_touching_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
