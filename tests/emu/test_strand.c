/*
 * Strands: their stacks and their slots.
 */
#include "bare.h"

/* ---- Stacks ---- */

struct stack_seen {
    void *base;
    size_t bytes;
    bool own_frame_inside;
    bool all_zero;
    bool owned;
};

enum { FRAMES = 1024, FRAMES_OF_DECISIONS = 16 * 1024 /* of the machine's own code, with sanitizers */ };

/* Is all zero well below the running frame? */
static __attribute__((noinline)) bool is_zero_below(const void *base, size_t frames)
{
    const volatile unsigned char *low = base;
    size_t below = (size_t)((uintptr_t)__builtin_frame_address(0) - (uintptr_t)base) - frames;
    for (size_t i = 0; i < below; i++)
        if (low[i] != 0)
            return false;
    return true;
}

static void see_stack(void *arg)
{
    struct stack_seen *seen = arg;
    struct emu_machine *m = emu_current();
    emu_strand_stack(emu_strand_self(m), &seen->base, &seen->bytes);
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    seen->own_frame_inside = frame > (uintptr_t)seen->base && frame < (uintptr_t)seen->base + seen->bytes;
    seen->owned = emu_ram_owns(m, seen->base) && emu_ram_physical(m, (void *)frame) != EMU_NO_ADDRESS;
    seen->all_zero = is_zero_below(seen->base, FRAMES);
}

/* rule: EMU-STRAND-1 */
static void a_strand_runs_on_a_stack_in_simulated_memory(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    struct stack_seen seen = {0};
    bare_start(m, "looks", 0, see_stack, &seen);
    bare_assert_idle(m);
    assert_int_equal(seen.bytes, 65536);
    assert_int_equal((uintptr_t)seen.base % EMU_PAGE_SIZE, 0);
    assert_true(seen.own_frame_inside);
    assert_true(seen.owned);
    emu_machine_destroy(m);
}

/* Called through a volatile pointer, so that no compiler makes a loop of it. */
struct overflow {
    unsigned (*volatile again)(struct overflow *o, unsigned depth);
};

static unsigned overflow(struct overflow *o, unsigned depth)
{
    volatile unsigned char frame[512];
    memset((unsigned char *)(uintptr_t)frame, (int)depth, sizeof frame);
    return depth == 0 ? 0 : o->again(o, depth - 1) + frame[depth % sizeof frame];
}

static void overflow_stack(void *arg)
{
    struct overflow o = {overflow};
    *(unsigned *)arg = overflow(&o, 1000);
}

static void run_overflow(void *arg)
{
    unsigned result = 0;
    struct emu_machine *m = arg;
    bare_start(m, "before", 0, see_stack, &(struct stack_seen){0});
    bare_start(m, "overflows", 0, overflow_stack, &result);
    emu_machine_run(m, 0);
}

/* rule: EMU-STRAND-2 */
static void a_stack_overflow_dies_at_the_guard_page(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    assert_int_equal(bare_dies_of(run_overflow, m), SIGSEGV);
    emu_machine_destroy(m);
}

static void touch_guard(void *arg)
{
    *((volatile char *)arg - 1) = 1;
}

/* rule: EMU-STRAND-2 */
static void the_byte_below_every_stack_is_guarded(void **state)
{
    (void)state;
    enum { STRANDS = 4 };
    struct emu_machine *m = bare_machine(NULL);
    struct stack_seen seen[STRANDS] = {0};
    for (unsigned i = 0; i < STRANDS; i++)
        bare_start(m, "looks", i % 2, see_stack, &seen[i]);
    bare_assert_idle(m);
    for (unsigned i = 0; i < STRANDS; i++) {
        assert_int_equal(bare_dies_of(touch_guard, seen[i].base), SIGSEGV);
        assert_null(emu_ram_at(m, emu_ram_physical(m, (char *)seen[i].base - 1)));
    }
    emu_machine_destroy(m);
}

static __attribute__((noinline)) void dirty(size_t bytes, bool park)
{
    volatile unsigned char *waste = __builtin_alloca(bytes);
    for (size_t i = 0; i < bytes; i++)
        waste[i] = 0xDD;
    if (park)
        bare_work(0);
}

static void dirty_and_park(void *arg)
{
    (void)arg;
    dirty(50000, true);
}

static void dirty_and_return(void *arg)
{
    (void)arg;
    bare_work(0);
    dirty(50000, false);
    bare_work(0);
}

static void dirty_and_stop(void *arg)
{
    (void)arg;
    dirty(50000, false);
    emu_finding_raise(emu_current(), "property", NULL, NULL, "stopped in mid-air");
}

/* rule: EMU-STRAND-3 */
static void a_fresh_stack_is_zero_whatever_an_earlier_run_left_there(void **state)
{
    (void)state;
    static emu_strand_fn *const wasters[] = {dirty_and_park, dirty_and_return, dirty_and_stop};
    for (size_t i = 0; i < COUNT_OF(wasters); i++) {
        struct emu_machine *m = bare_machine(NULL);
        for (int round = 0; round < 3; round++) {
            bare_start(m, "wastes", 0, wasters[i], NULL);
            bare_start(m, "too", 0, wasters[i], NULL);
            emu_machine_run(m, 0);
            emu_machine_reset(m);
            struct stack_seen seen[2] = {0};
            bare_start(m, "looks", 0, see_stack, &seen[0]);
            bare_start(m, "looks too", 0, see_stack, &seen[1]);
            bare_assert_idle(m);
            assert_true(seen[0].all_zero);
            assert_true(seen[1].all_zero);
            emu_machine_reset(m);
        }
        emu_machine_destroy(m);
    }
}

/* rule: EMU-STRAND-3 */
static void a_slot_that_is_used_again_has_a_zero_stack(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    struct stack_seen first = {0};
    bare_start(m, "looks", 0, see_stack, &first);
    bare_assert_idle(m);
    for (int round = 0; round < 3; round++) {
        struct stack_seen seen = {0};
        bare_start(m, "wastes", 0, dirty_and_return, NULL);
        bare_assert_idle(m);
        bare_start(m, "looks", 0, see_stack, &seen);
        bare_assert_idle(m);
        assert_ptr_equal(seen.base, first.base);
        assert_true(seen.all_zero);
    }
    emu_machine_destroy(m);
}

/* ---- Idle processors ---- */

struct idle_handler {
    bool was_zero;
    bool was_idle;
};

static void see_and_soil(struct emu_machine *m, void *context)
{
    struct idle_handler *h = context;
    struct stack_seen seen;
    emu_strand_stack(emu_strand_self(m), &seen.base, &seen.bytes);
    h->was_idle = emu_cpu(m) == 1;
    h->was_zero = is_zero_below(seen.base, FRAMES_OF_DECISIONS);
    dirty(50000, false);
}

static void interrupt(void *line)
{
    emu_line_raise(emu_current(), *(emu_line *)line);
}

/* rule: EMU-STRAND-3 */
static void a_handler_of_an_idle_processor_sees_nothing_that_an_earlier_run_left(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    for (int round = 0; round < 3; round++) {
        struct idle_handler h = {0};
        emu_line line = emu_line_add(m, &(struct emu_line_config){.level = 5, .processors = 2});
        emu_line_connect(m, line, see_and_soil, &h);
        bare_start(m, "interrupts", 0, interrupt, &line);
        bare_assert_idle(m);
        assert_true(h.was_idle);
        assert_true(h.was_zero);
        emu_machine_reset(m);
    }
    emu_machine_destroy(m);
}

/* ---- Slots ---- */

static void count_life(void *arg)
{
    ++*(unsigned *)arg;
}

/* rule: EMU-STRAND-4 */
static void ten_thousand_strands_live_one_after_another_in_sixteen_slots(void **state)
{
    (void)state;
    unsigned lives = 0;
    struct emu_machine *m = bare_machine(&(struct emu_config){.strands_max = 16, .step_limit = 1000000});
    for (unsigned i = 0; i < 10000; i++) {
        assert_non_null(bare_start(m, "short", i % 2, count_life, &lives));
        bare_assert_idle(m);
    }
    assert_int_equal(lives, 10000);
    emu_machine_destroy(m);
}

struct family {
    unsigned left;
    unsigned lives;
};

static void beget(void *arg)
{
    struct family *f = arg;
    f->lives++;
    if (f->left-- > 0 && bare_start(emu_current(), "child", f->left % 2, beget, f) == NULL)
        emu_finding_raise(emu_current(), "property", NULL, NULL, "no slot is left");
    bare_work(f->left);
}

/* rule: EMU-STRAND-4 */
static void a_strand_that_ends_leaves_its_slot_to_its_successors(void **state)
{
    (void)state;
    struct family f = {.left = 10000};
    struct emu_machine *m = bare_machine(&(struct emu_config){.strands_max = 16});
    bare_start(m, "parent", 0, beget, &f);
    bare_assert_idle(m);
    assert_int_equal(f.lives, 10001);
    emu_machine_destroy(m);
}

/* rule: EMU-STRAND-4 */
static void exactly_strands_max_less_one_idle_per_processor_are_alive_at_once(void **state)
{
    (void)state;
    static const struct emu_config configs[] = {
        {.processors = 1, .strands_max = 2},
        {.processors = 2, .strands_max = 16},
        {.processors = 64, .strands_max = 65},
        {.processors = 64, .strands_max = 100},
    };
    for (size_t i = 0; i < COUNT_OF(configs); i++) {
        struct emu_machine *m = bare_machine(&configs[i]);
        unsigned room = configs[i].strands_max - configs[i].processors;
        unsigned lives = 0;
        for (int round = 0; round < 3; round++) {
            for (unsigned s = 0; s < room; s++)
                assert_non_null(bare_start(m, "lives", s % configs[i].processors, count_life, &lives));
            assert_null(bare_start(m, "one too many", 0, count_life, &lives));
            bare_assert_idle(m);
            lives = lives == room ? 0 : UINT32_MAX / 2;
        }
        assert_int_equal(lives, 0);
        emu_machine_destroy(m);
    }
}

/* rule: EMU-STRAND-5 */
static void hundreds_of_strands_may_be_ready_at_once(void **state)
{
    (void)state;
    enum { STRANDS = 3000 };
    unsigned lives = 0;
    struct emu_machine *m =
        bare_machine(&(struct emu_config){.strands_max = STRANDS + 2, .stack_bytes = 16 * 1024});
    for (unsigned i = 0; i < STRANDS; i++)
        assert_non_null(bare_start(m, "ready", i % 2, count_life, &lives));
    bare_assert_idle(m);
    assert_int_equal(lives, STRANDS);
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_strand_runs_on_a_stack_in_simulated_memory),
        cmocka_unit_test(a_stack_overflow_dies_at_the_guard_page),
        cmocka_unit_test(the_byte_below_every_stack_is_guarded),
        cmocka_unit_test(a_fresh_stack_is_zero_whatever_an_earlier_run_left_there),
        cmocka_unit_test(a_slot_that_is_used_again_has_a_zero_stack),
        cmocka_unit_test(a_handler_of_an_idle_processor_sees_nothing_that_an_earlier_run_left),
        cmocka_unit_test(ten_thousand_strands_live_one_after_another_in_sixteen_slots),
        cmocka_unit_test(a_strand_that_ends_leaves_its_slot_to_its_successors),
        cmocka_unit_test(exactly_strands_max_less_one_idle_per_processor_are_alive_at_once),
        cmocka_unit_test(hundreds_of_strands_may_be_ready_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
