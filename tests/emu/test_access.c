/*
 * Watching accesses on the bare machine: what is a race, what orders, what is a yield point, what is
 * forgotten.
 *
 * Strands call what an instrumented driver's loads and stores would call. Nothing is asserted on a strand.
 */
#include "lock.h"
#include "race.h"

#include <emu/access.h>
#include <emu/explore.h>

enum { PC_FIRST = 0x1000, PC_SECOND = 0x2000, DEVICE_LEVEL = 5, HIGHER_LEVEL = 7, BYTES = 64 };

struct shared {
    _Alignas(8) unsigned char bytes[BYTES];
    struct lock lock;
    emu_line line;
    emu_object object;
    uint64_t steps_before, steps_after;
};

static struct shared shared; /* set up anew by each test */

static void touch(const void *address, size_t bytes, unsigned memory, uintptr_t pc)
{
    emu_access_memory(emu_current(), address, bytes, memory | EMU_MEMORY_INSTRUMENTED, pc);
}

static void write_first(void *address)
{
    touch(address, 4, EMU_MEMORY_WRITE, PC_FIRST);
}

static void write_second(void *address)
{
    touch(address, 4, EMU_MEMORY_WRITE, PC_SECOND);
}

static void read_second(void *address)
{
    touch(address, 4, EMU_MEMORY_READ, PC_SECOND);
}

static struct emu_machine *begin(uint32_t processors)
{
    memset(&shared, 0, sizeof shared);
    return bare_processors(processors);
}

static void require_race(struct emu_machine *m)
{
    static const char *const words[] = {"data race on memory (", NULL};
    bare_assert_finding(m, "EMU-RACE-1", words);
    emu_machine_destroy(m);
}

static void require_none(struct emu_machine *m)
{
    bare_assert_idle(m);
    emu_machine_destroy(m);
}

/* rule: EMU-RACE-1 */
static void two_writes_race(void **state)
{
    (void)state;
    struct emu_machine *m = begin(2);
    bare_start(m, "a", 0, write_first, shared.bytes);
    bare_start(m, "b", 1, write_second, shared.bytes);
    require_race(m);
}

/* rule: EMU-RACE-1 */
static void threads_of_one_processor_race_too(void **state)
{
    (void)state;
    struct emu_machine *m = begin(1);
    bare_start(m, "a", 0, write_first, shared.bytes);
    bare_start(m, "b", 0, read_second, shared.bytes);
    require_race(m);
}

static void read_first(void *address)
{
    touch(address, 4, EMU_MEMORY_READ, PC_FIRST);
}

/* rule: EMU-RACE-1 */
static void two_reads_do_not_race(void **state)
{
    (void)state;
    struct emu_machine *m = begin(2);
    bare_start(m, "a", 0, read_first, shared.bytes);
    bare_start(m, "b", 1, read_second, shared.bytes);
    require_none(m);
}

static void read_and_start_writer(void *address)
{
    touch(address, 4, EMU_MEMORY_READ, PC_FIRST);
    bare_start(emu_current(), "writer", 2, write_second, address);
}

/* rule: EMU-RACE-1 */
static void a_read_is_not_forgotten_for_a_later_one_that_is_ordered(void **state)
{
    (void)state;
    struct emu_machine *m = begin(3);
    bare_start(m, "a", 0, read_first, shared.bytes);
    bare_start(m, "b", 1, read_and_start_writer, shared.bytes);
    require_race(m);
}

/* ---- Bytes ---- */

static void write_bytes_0_to_2(void *address)
{
    touch(address, 3, EMU_MEMORY_WRITE, PC_FIRST);
}

static void write_byte_3(void *address)
{
    touch((unsigned char *)address + 3, 1, EMU_MEMORY_WRITE, PC_SECOND);
}

static void write_byte_2(void *address)
{
    touch((unsigned char *)address + 2, 1, EMU_MEMORY_WRITE, PC_SECOND);
}

/* rule: EMU-RACE-3 */
static void neighbours_in_a_word_do_not_race(void **state)
{
    (void)state;
    struct emu_machine *m = begin(2);
    bare_start(m, "a", 0, write_bytes_0_to_2, shared.bytes);
    bare_start(m, "b", 1, write_byte_3, shared.bytes);
    require_none(m);
    m = begin(2);
    bare_start(m, "a", 0, write_bytes_0_to_2, shared.bytes);
    bare_start(m, "b", 1, write_byte_2, shared.bytes);
    require_race(m);
}

static void write_across(void *address)
{
    touch((unsigned char *)address + 5, 30, EMU_MEMORY_WRITE, PC_FIRST);
}

static void read_at_34(void *address)
{
    touch((unsigned char *)address + 34, 1, EMU_MEMORY_READ, PC_SECOND);
}

static void read_at_35(void *address)
{
    touch((unsigned char *)address + 35, 1, EMU_MEMORY_READ, PC_SECOND);
}

/* rule: EMU-RACE-3 */
static void a_range_has_exactly_its_bytes(void **state)
{
    (void)state;
    struct emu_machine *m = begin(2);
    bare_start(m, "a", 0, write_across, shared.bytes);
    bare_start(m, "b", 1, read_at_34, shared.bytes);
    require_race(m);
    m = begin(2);
    bare_start(m, "a", 0, write_across, shared.bytes);
    bare_start(m, "b", 1, read_at_35, shared.bytes);
    require_none(m);
}

/* ---- Order ---- */

static void locked_write(void *address)
{
    lock_acquire(emu_current(), &shared.lock);
    write_first(address);
    lock_release(emu_current(), &shared.lock);
}

/* rule: EMU-RACE-5 */
static void a_lock_orders(void **state)
{
    (void)state;
    struct emu_machine *m = begin(2);
    bare_start(m, "a", 0, locked_write, shared.bytes);
    bare_start(m, "b", 1, locked_write, shared.bytes);
    require_none(m);
}

static void late_write(void *address)
{
    locked_write(address);
    write_first(address);
}

/* rule: EMU-RACE-5 */
static void what_follows_a_lock_is_not_ordered_by_it(void **state)
{
    (void)state;
    struct emu_machine *m = begin(2);
    bare_start(m, "a", 0, late_write, shared.bytes);
    bare_start(m, "b", 1, locked_write, shared.bytes);
    require_race(m);
}

static void operate_and_write(void *address)
{
    write_first(shared.bytes + BYTES / 2); /* the watch begins */
    emu_step(emu_current(), OP_WORK, shared.object, 0);
    write_first(address);
}

static void operate_and_read(void *address)
{
    emu_step(emu_current(), OP_WORK, shared.object, 0);
    read_second(address);
}

static void write_and_operate(void *address)
{
    write_first(address);
    emu_step(emu_current(), OP_WORK, shared.object, 0);
}

/* rule: EMU-RACE-8 */
static void an_operation_orders_what_came_before_it_and_nothing_later(void **state)
{
    (void)state;
    struct emu_machine *m = begin(2);
    shared.object = emu_object_new(m, "thing");
    bare_start(m, "a", 0, write_and_operate, shared.bytes);
    bare_start(m, "b", 1, operate_and_read, shared.bytes);
    require_none(m);
    m = begin(2);
    shared.object = emu_object_new(m, "thing");
    bare_start(m, "a", 0, operate_and_write, shared.bytes);
    bare_start(m, "b", 1, operate_and_read, shared.bytes);
    require_race(m);
}

static void child(void *address)
{
    write_second(address);
}

static void parent(void *address)
{
    write_first(address);
    bare_start(emu_current(), "child", 1, child, address);
}

static void parent_that_goes_on(void *address)
{
    bare_start(emu_current(), "child", 1, child, address);
    write_first(address);
}

/* rule: EMU-RACE-8 */
static void starting_a_strand_orders_what_came_before(void **state)
{
    (void)state;
    struct emu_machine *m = begin(2);
    bare_start(m, "parent", 0, parent, shared.bytes);
    require_none(m);
    m = begin(2);
    bare_start(m, "parent", 0, parent_that_goes_on, shared.bytes);
    require_race(m);
}

/* ---- Interrupts ---- */

static void handler(struct emu_machine *m, void *address)
{
    (void)m;
    write_second(address);
}

static void raise_line(void *context)
{
    (void)context;
    emu_line_raise(emu_current(), shared.line);
}

static void add_line(struct emu_machine *m, uint8_t level)
{
    shared.line = emu_line_add(m, &(struct emu_line_config){.level = level, .processors = 1});
    emu_line_connect(m, shared.line, handler, shared.bytes);
}

static void raised_write(uint8_t level, void *address)
{
    uint8_t old = emu_level_raise(emu_current(), level);
    write_first(address);
    emu_level_lower(emu_current(), old);
}

static void write_at_device_level(void *address)
{
    raised_write(DEVICE_LEVEL, address);
}

static void write_at_higher_level(void *address)
{
    raised_write(HIGHER_LEVEL, address);
}

static void write_at_dispatch(void *address)
{
    raised_write(EMU_LEVEL_DISPATCH, address);
}

static void against_interrupt(emu_strand_fn *fn, bool races)
{
    for (int later = 0; later < 2; later++) {
        struct emu_machine *m = begin(2);
        add_line(m, DEVICE_LEVEL);
        if (later == 0)
            bare_start(m, "device", 1, raise_line, NULL);
        bare_start(m, "thread", 0, fn, shared.bytes);
        if (later == 1)
            bare_start(m, "device", 1, raise_line, NULL);
        if (races)
            require_race(m);
        else
            require_none(m);
    }
}

/* rule: EMU-RACE-9 */
static void code_below_the_level_of_an_interrupt_races_with_it_in_either_order(void **state)
{
    (void)state;
    against_interrupt(write_first, true);
    against_interrupt(write_at_dispatch, true);
}

/* rule: EMU-RACE-9 */
static void code_at_the_level_of_an_interrupt_or_above_does_not(void **state)
{
    (void)state;
    against_interrupt(write_at_device_level, false);
    against_interrupt(write_at_higher_level, false);
}

static void second_handler(struct emu_machine *m, void *address)
{
    (void)m;
    write_first(address);
}

static void raise_both(void *context)
{
    emu_line_raise(emu_current(), shared.line);
    emu_line_raise(emu_current(), *(emu_line *)context);
}

static void two_interrupts(uint8_t other_level, bool races)
{
    struct emu_machine *m = begin(2);
    add_line(m, DEVICE_LEVEL);
    emu_line other = emu_line_add(m, &(struct emu_line_config){.level = other_level, .processors = 1});
    emu_line_connect(m, other, second_handler, shared.bytes);
    bare_start(m, "device", 1, raise_both, &other);
    if (races)
        require_race(m);
    else
        require_none(m);
}

/* rule: EMU-RACE-9 */
static void handlers_of_one_level_do_not_race_and_of_two_levels_do(void **state)
{
    (void)state;
    two_interrupts(DEVICE_LEVEL, false);
    two_interrupts(HIGHER_LEVEL, true);
}

/* ---- Yield points ---- */

static void write_alone(void *address)
{
    shared.steps_before = emu_steps(emu_current());
    for (int i = 0; i < 100; i++)
        write_first((unsigned char *)address + 4 * (i % 8));
    shared.steps_after = emu_steps(emu_current());
}

/* rule: EMU-RACE-11 */
static void memory_of_one_context_is_no_yield_point(void **state)
{
    (void)state;
    struct emu_machine *m = begin(2);
    bare_start(m, "a", 0, write_alone, shared.bytes);
    bare_start(m, "b", 1, write_second, shared.bytes + BYTES / 2);
    bare_assert_idle(m);
    assert_int_equal(shared.steps_after, shared.steps_before);
    emu_machine_destroy(m);
}

static void write_after_another(void *address)
{
    lock_acquire(emu_current(), &shared.lock);
    shared.steps_before = emu_steps(emu_current());
    write_first(address);
    shared.steps_after = emu_steps(emu_current());
    lock_release(emu_current(), &shared.lock);
}

/* rule: EMU-RACE-11 */
static void memory_that_another_context_changed_is_a_yield_point(void **state)
{
    (void)state;
    struct emu_machine *m = begin(2);
    bare_start(m, "a", 0, locked_write, shared.bytes);
    bare_start(m, "b", 1, write_after_another, shared.bytes);
    bare_assert_idle(m);
    assert_int_equal(shared.steps_after, shared.steps_before + 1);
    emu_machine_destroy(m);
}

static void write_volatile(void *address)
{
    shared.steps_before = emu_steps(emu_current());
    touch(address, 4, EMU_MEMORY_WRITE | EMU_MEMORY_VOLATILE, PC_FIRST);
    shared.steps_after = emu_steps(emu_current());
}

/* rule: EMU-RACE-11 */
static void a_volatile_access_is_always_a_yield_point(void **state)
{
    (void)state;
    struct emu_machine *m = begin(1);
    bare_start(m, "a", 0, write_volatile, shared.bytes);
    bare_assert_idle(m);
    assert_int_equal(shared.steps_after, shared.steps_before + 1);
    emu_machine_destroy(m);
}

static void poll(void *address)
{
    volatile unsigned char *flag = address;
    do
        touch(address, 1, EMU_MEMORY_READ, PC_FIRST);
    while (*flag == 0);
}

static void set_flag(void *address)
{
    touch(address, 1, EMU_MEMORY_WRITE, PC_SECOND);
    *(volatile unsigned char *)address = 1;
}

/* rule: EMU-RACE-11 */
static void a_poll_of_a_plain_variable_lets_others_go_on(void **state)
{
    (void)state;
    struct emu_machine *m = begin(2);
    bare_start(m, "a", 0, poll, shared.bytes);
    bare_start(m, "b", 1, set_flag, shared.bytes);
    require_race(m);
}

/* ---- New lives ---- */

static void allocate_and_write(void *address)
{
    write_first(address);
    emu_access_fresh(emu_current(), address, 4);
}

static void write_beside_fresh(void *address)
{
    write_first(address);
    emu_access_fresh(emu_current(), (unsigned char *)address + 8, 8);
}

/* rule: EMU-RACE-12 */
static void memory_that_is_given_out_anew_forgets_who_touched_it(void **state)
{
    (void)state;
    struct emu_machine *m = begin(2);
    bare_start(m, "a", 0, allocate_and_write, shared.bytes);
    bare_start(m, "b", 1, write_second, shared.bytes);
    require_none(m);
    m = begin(2);
    bare_start(m, "a", 0, write_beside_fresh, shared.bytes);
    bare_start(m, "b", 1, write_second, shared.bytes);
    require_race(m);
}

static void soft_handler(struct emu_machine *m, unsigned cpu)
{
    unsigned char local[BYTES] = {0};
    (void)m;
    (void)cpu;
    touch(local, sizeof local, EMU_MEMORY_WRITE, PC_SECOND);
}

__attribute__((noinline)) static void use_stack(void)
{
    unsigned char local[4 * BYTES] = {0};
    touch(local, sizeof local, EMU_MEMORY_WRITE, PC_FIRST);
}

static void stack_and_interrupt(void *context)
{
    (void)context;
    use_stack();
    emu_soft_request(emu_current(), 0, EMU_LEVEL_DISPATCH, false);
    use_stack();
}

/* rule: EMU-RACE-12 */
static void a_handler_on_the_same_stack_has_variables_of_its_own(void **state)
{
    (void)state;
    struct emu_machine *m = begin(1);
    emu_soft_connect(m, EMU_LEVEL_DISPATCH, soft_handler);
    bare_start(m, "a", 0, stack_and_interrupt, NULL);
    require_none(m);
}

static void use_stack_only(void *context)
{
    (void)context;
    use_stack();
}

static void start_another(void *context)
{
    bare_start(emu_current(), "later", 1, use_stack_only, context);
}

/* rule: EMU-RACE-12 */
static void a_strand_on_the_stack_of_one_that_ended_has_variables_of_its_own(void **state)
{
    (void)state;
    struct emu_machine *m = begin(2);
    bare_start(m, "ends", 0, use_stack_only, NULL);
    bare_start(m, "starts", 1, start_another, NULL);
    require_none(m);
}

/* ---- Phases ---- */

static void phases_set_up(void *context)
{
    write_first(shared.bytes);
    struct emu_strand_config config = {.name = "racer",
                                       .fn = write_second,
                                       .arg = shared.bytes,
                                       .cpu = 1,
                                       .must_finish = true,
                                       .held = true};
    emu_strand_start(emu_current(), &config);
    write_first(shared.bytes + 4);
    write_first(context);
}

static void phases_check(void *context)
{
    (void)context;
    write_first(shared.bytes);
}

/* rule: EMU-RACE-13 */
static void set_up_comes_before_the_race_and_check_after_it(void **state)
{
    (void)state;
    struct emu_machine *m = begin(2);
    const struct emu_program program = {"phases", phases_set_up, phases_check, shared.bytes};
    assert_int_equal(emu_run_program(m, &program), EMU_STOP_IDLE);
    assert_true(emu_access_watched(m));
    emu_machine_destroy(m);
}

/* rule: EMU-RACE-10 */
static void runs_do_not_know_each_others_accesses(void **state)
{
    (void)state;
    enum { RUNS = 3 };
    struct emu_machine *m = begin(2);
    for (int i = 0; i < RUNS; i++) {
        emu_machine_reset(m);
        bare_start(m, "a", 0, i == 1 ? write_first : read_first, shared.bytes);
        bare_assert_idle(m);
        assert_true(emu_access_watched(m));
    }
    emu_machine_reset(m);
    assert_false(emu_access_watched(m));
    bare_start(m, "b", 1, write_second, shared.bytes);
    require_none(m);
}

static void write_after_a_step(void *address)
{
    bare_work(emu_cpu(emu_current()));
    write_first(address);
}

static void two_writers(void *racing)
{
    bool races = *(const bool *)racing;
    race_start("first", 0, write_after_a_step, shared.bytes);
    race_start("second", 1, write_after_a_step, races ? shared.bytes : shared.bytes + BYTES / 2);
}

static bool is_proved(struct emu_strategy *strategy, bool races)
{
    struct emu_machine *m = begin(2);
    struct emu_report report;
    emu_explore(m, &(struct emu_program){"writers", two_writers, NULL, &races}, strategy,
                &(struct emu_explore_options){.keep_going = true}, &report);
    assert_int_equal(report.found, races);
    bool complete = report.complete;
    emu_report_free(&report);
    emu_strategy_destroy(strategy);
    emu_machine_destroy(m);
    return complete;
}

/* rule: EMU-DPOR-13 */
static void a_reduction_that_goes_on_behind_a_data_race_proves_nothing(void **state)
{
    (void)state;
    struct emu_strategy *(*const reductions[])(void) = {emu_strategy_dpor, emu_strategy_dpor_source};
    for (unsigned i = 0; i < 2; i++) {
        assert_true(is_proved(reductions[i](), false));
        assert_false(is_proved(reductions[i](), true));
    }
    assert_false(is_proved(emu_strategy_dpor_bounded(1), true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_writes_race),
        cmocka_unit_test(threads_of_one_processor_race_too),
        cmocka_unit_test(two_reads_do_not_race),
        cmocka_unit_test(a_read_is_not_forgotten_for_a_later_one_that_is_ordered),
        cmocka_unit_test(neighbours_in_a_word_do_not_race),
        cmocka_unit_test(a_range_has_exactly_its_bytes),
        cmocka_unit_test(a_lock_orders),
        cmocka_unit_test(what_follows_a_lock_is_not_ordered_by_it),
        cmocka_unit_test(an_operation_orders_what_came_before_it_and_nothing_later),
        cmocka_unit_test(starting_a_strand_orders_what_came_before),
        cmocka_unit_test(code_below_the_level_of_an_interrupt_races_with_it_in_either_order),
        cmocka_unit_test(code_at_the_level_of_an_interrupt_or_above_does_not),
        cmocka_unit_test(handlers_of_one_level_do_not_race_and_of_two_levels_do),
        cmocka_unit_test(memory_of_one_context_is_no_yield_point),
        cmocka_unit_test(memory_that_another_context_changed_is_a_yield_point),
        cmocka_unit_test(a_volatile_access_is_always_a_yield_point),
        cmocka_unit_test(a_poll_of_a_plain_variable_lets_others_go_on),
        cmocka_unit_test(memory_that_is_given_out_anew_forgets_who_touched_it),
        cmocka_unit_test(a_handler_on_the_same_stack_has_variables_of_its_own),
        cmocka_unit_test(a_strand_on_the_stack_of_one_that_ended_has_variables_of_its_own),
        cmocka_unit_test(set_up_comes_before_the_race_and_check_after_it),
        cmocka_unit_test(runs_do_not_know_each_others_accesses),
        cmocka_unit_test(a_reduction_that_goes_on_behind_a_data_race_proves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
