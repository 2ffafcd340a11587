/*
 * Posted writes: when a register write reaches its device.
 *
 * Each program notes what it saw in a word of bits, one for each outcome; a test compares the outcomes of all
 * runs with those that there must be.
 */
#include "tests/emu/bare.h"

#include <emu/explore.h>

#define WINDOW       0xE0000000ull
#define OTHER_WINDOW 0xE1000000ull

enum {
    WINDOW_BYTES = 0x1000,
    DOORBELL = 0x10,
    STATUS = 0x20,
    PORT = 0x300,
    PORTS = 8,
    LINE_LEVEL = 5,
    FLOOD = 20, /* writes in a row: more than are ever on their way */
    FLOOD_HELD = 8,
    BOUND = 2,
    RUNS = 2000,
};

/* What a program can have seen, as bits. */
enum outcome { SAW_NOTHING = 1, SAW_FIRST = 2, SAW_BOTH = 4 };

struct device {
    uint64_t sum; /* of the values that arrived */
    uint64_t last;
    unsigned arrived;
    bool in_disorder; /* values come in ascending order, or else */
};

struct world {
    struct emu_machine *machine;
    struct device device, other;
    volatile char *registers, *more, *others;
    emu_strand_fn *driver, *second;
    emu_line line;
    bool handed_over;
    unsigned behind_max; /* writes on their way, over all runs */
    unsigned outcomes, ends;
};

static uint64_t read_register(void *device, struct emu_machine *m, uint64_t offset, unsigned width)
{
    (void)m;
    (void)offset;
    (void)width;
    return ((struct device *)device)->sum;
}

static void write_register(void *device, struct emu_machine *m, uint64_t offset, unsigned width,
                           uint64_t value)
{
    struct device *d = device;
    (void)m;
    (void)offset;
    (void)width;
    d->in_disorder |= value <= d->last;
    d->last = value;
    d->sum += value;
    d->arrived++;
}

static const struct emu_register_ops ops = {.read = read_register, .write = write_register};

static void ring(struct world *w, uint64_t value)
{
    emu_bus_write(w->machine, w->registers + DOORBELL, sizeof(uint32_t), value);
}

/* Looks at the device from outside, which pushes nothing. */
static void see(struct world *w)
{
    static const enum outcome by_arrivals[] = {SAW_NOTHING, SAW_FIRST, SAW_BOTH};
    if (w->device.arrived < COUNT_OF(by_arrivals))
        w->outcomes |= by_arrivals[w->device.arrived];
}

/* ---- Programs ---- */

static void write_then_work(void *context)
{
    struct world *w = context;
    ring(w, 1);
    bare_work(0);
    see(w);
}

static void write_twice_then_work(void *context)
{
    struct world *w = context;
    ring(w, 1);
    ring(w, 2);
    bare_work(0);
    see(w);
}

static void write_quietly(void *context)
{
    struct world *w = context;
    emu_quiet_begin(w->machine);
    ring(w, 1);
    see(w);
    emu_quiet_end(w->machine);
}

static void write_then_read(void *context)
{
    struct world *w = context;
    uint64_t value = 0;
    ring(w, 1);
    emu_bus_read(w->machine, w->registers + STATUS, sizeof(uint32_t), &value);
    w->outcomes |= value == 1 ? SAW_FIRST : SAW_NOTHING;
    see(w);
}

static void write_then_read_another_window(void *context)
{
    struct world *w = context;
    uint64_t value = 0;
    ring(w, 1);
    emu_bus_read(w->machine, w->more, sizeof(uint32_t), &value);
    see(w);
}

static void write_then_read_another_device(void *context)
{
    struct world *w = context;
    uint64_t value = 0;
    ring(w, 1);
    emu_bus_read(w->machine, w->others, sizeof(uint32_t), &value);
    see(w);
}

static void write_both_windows(void *context)
{
    struct world *w = context;
    ring(w, 1);
    emu_bus_write(w->machine, w->more, sizeof(uint32_t), 2);
    bare_work(0);
    see(w);
}

static void write_then_write_a_port(void *context)
{
    struct world *w = context;
    ring(w, 1);
    emu_port_write(w->machine, PORT, 1, 2);
    see(w);
}

static void flood(void *context)
{
    struct world *w = context;
    for (unsigned i = 1; i <= FLOOD; i++) {
        ring(w, i);
        unsigned behind = i - w->device.arrived;
        w->behind_max = behind > w->behind_max ? behind : w->behind_max;
    }
}

static void write_second(void *context)
{
    struct world *w = context;
    ring(w, 2);
}

static void write_then_hand_over(void *context)
{
    struct world *w = context;
    ring(w, 1);
    bare_work(0);
    w->handed_over = true;
}

static bool is_handed_over(const void *context)
{
    return ((const struct world *)context)->handed_over;
}

static void write_when_handed_over(void *context)
{
    struct world *w = context;
    emu_step_when(w->machine, OP_WAIT, EMU_NO_OBJECT, 0, is_handed_over, w);
    ring(w, 2);
    bare_work(0);
    see(w);
}

static void handle(struct emu_machine *m, void *context)
{
    (void)m;
    see(context);
}

static void write_then_be_interrupted(void *context)
{
    struct world *w = context;
    ring(w, 1);
    emu_line_raise(w->machine, w->line);
    bare_work(0);
}

/* ---- Exploring ---- */

static void start(struct world *w, const char *name, unsigned cpu, emu_strand_fn *fn)
{
    struct emu_strand_config config = {
        .name = name, .fn = fn, .arg = w, .cpu = cpu, .must_finish = true, .held = true};
    emu_strand_start(w->machine, &config);
}

static void set_up(void *context)
{
    struct world *w = context;
    struct emu_machine *m = w->machine;
    w->device = w->other = (struct device){0};
    w->handed_over = false;
    emu_bus_add_window(m, "registers", WINDOW, WINDOW_BYTES, &ops, &w->device);
    emu_bus_add_window(m, "more", WINDOW + WINDOW_BYTES, WINDOW_BYTES, &ops, &w->device);
    emu_bus_add_window(m, "others", OTHER_WINDOW, WINDOW_BYTES, &ops, &w->other);
    emu_bus_add_ports(m, "ports", PORT, PORTS, &ops, &w->device);
    w->registers = emu_bus_map(m, WINDOW, WINDOW_BYTES);
    w->more = emu_bus_map(m, WINDOW + WINDOW_BYTES, WINDOW_BYTES);
    w->others = emu_bus_map(m, OTHER_WINDOW, WINDOW_BYTES);
    struct emu_line_config line = {.name = "line", .level = LINE_LEVEL, .processors = 1};
    w->line = emu_line_add(m, &line);
    emu_line_connect(m, w->line, handle, w);
    start(w, "driver", 0, w->driver);
    if (w->second != NULL)
        start(w, "second", 1, w->second);
}

static void check(void *context)
{
    struct world *w = context;
    if (w->device.in_disorder && w->second != write_second) /* whose place among them is open */
        emu_finding_raise(w->machine, "disorder", NULL, NULL, "the writes arrived in another order");
    w->ends |= 1u << w->device.arrived;
}

static void explore(struct world *w, struct emu_strategy *strategy, uint64_t runs, struct emu_report *report)
{
    struct emu_program program = {.name = "posted", .set_up = set_up, .check = check, .context = w};
    struct emu_explore_options options = {.runs = runs};
    w->outcomes = w->ends = 0;
    emu_explore(w->machine, &program, strategy, &options, report);
    emu_strategy_destroy(strategy);
}

/* Makes all runs with a few preemptions; the outcomes are these. */
static void require_outcomes(struct world w, unsigned outcomes)
{
    struct emu_report report;
    if (w.machine == NULL)
        w.machine = bare_machine(NULL);
    explore(&w, emu_strategy_exhaustive(BOUND), 0, &report);
    assert_true(report.complete);
    assert_int_equal(report.found, 0);
    emu_report_free(&report);
    emu_machine_destroy(w.machine);
    assert_int_equal(w.outcomes, outcomes);
}

/* rule: EMU-POST-1 */
static void a_write_may_still_be_on_its_way_while_the_driver_goes_on(void **state)
{
    (void)state;
    require_outcomes((struct world){.driver = write_then_work}, SAW_NOTHING | SAW_FIRST);
}

/* rule: EMU-POST-2 */
static void by_default_a_write_arrives_before_anything_else_happens(void **state)
{
    (void)state;
    struct world w = {.machine = bare_machine(NULL), .driver = write_twice_then_work};
    struct emu_report report;
    explore(&w, emu_strategy_fifo(), 1, &report);
    assert_int_equal(w.outcomes, SAW_BOTH);
    emu_report_free(&report);
    emu_machine_destroy(w.machine);
}

/* rule: EMU-POST-2 */
static void to_hold_a_write_up_costs_one_preemption(void **state)
{
    (void)state;
    struct world w = {.machine = bare_machine(NULL), .driver = write_then_work};
    struct emu_report report;
    explore(&w, emu_strategy_exhaustive(0), 0, &report);
    assert_int_equal(w.outcomes, SAW_FIRST);
    emu_report_free(&report);
    explore(&w, emu_strategy_exhaustive(1), 0, &report);
    assert_int_equal(w.outcomes, SAW_NOTHING | SAW_FIRST);
    emu_report_free(&report);
    emu_machine_destroy(w.machine);
}

/* rule: EMU-POST-3 */
static void in_the_typical_profile_writes_arrive_at_once(void **state)
{
    (void)state;
    struct emu_config config = {.profile = EMU_PROFILE_TYPICAL};
    require_outcomes((struct world){.machine = bare_machine(&config), .driver = write_then_work}, SAW_FIRST);
}

/* rule: EMU-POST-3 */
static void a_quiet_machine_posts_nothing(void **state)
{
    (void)state;
    require_outcomes((struct world){.driver = write_quietly}, SAW_FIRST);
}

/* rule: EMU-POST-4 */
static void writes_to_a_device_arrive_in_their_order_one_by_one(void **state)
{
    (void)state;
    require_outcomes((struct world){.driver = write_twice_then_work}, SAW_NOTHING | SAW_FIRST | SAW_BOTH);
}

/* rule: EMU-POST-4 */
static void writes_to_two_windows_of_a_device_arrive_in_their_order(void **state)
{
    (void)state;
    require_outcomes((struct world){.driver = write_both_windows}, SAW_NOTHING | SAW_FIRST | SAW_BOTH);
}

/* rule: EMU-POST-4 */
static void a_second_processors_write_stands_behind_the_first_ones(void **state)
{
    (void)state;
    require_outcomes((struct world){.driver = write_then_hand_over, .second = write_when_handed_over},
                     SAW_NOTHING | SAW_FIRST | SAW_BOTH);
}

/* rule: EMU-POST-5 */
static void a_read_from_the_device_pushes_its_writes(void **state)
{
    (void)state;
    require_outcomes((struct world){.driver = write_then_read}, SAW_FIRST);
}

/* rule: EMU-POST-5 */
static void a_read_from_another_window_of_the_device_pushes_as_well(void **state)
{
    (void)state;
    require_outcomes((struct world){.driver = write_then_read_another_window}, SAW_FIRST);
}

/* rule: EMU-POST-6 */
static void a_read_from_another_device_pushes_nothing(void **state)
{
    (void)state;
    require_outcomes((struct world){.driver = write_then_read_another_device}, SAW_NOTHING | SAW_FIRST);
}

/* rule: EMU-POST-6 */
static void the_delivery_of_an_interrupt_pushes_nothing(void **state)
{
    (void)state;
    require_outcomes((struct world){.driver = write_then_be_interrupted}, SAW_NOTHING | SAW_FIRST);
}

/* rule: EMU-POST-7 */
static void port_writes_are_not_posted_and_push(void **state)
{
    (void)state;
    require_outcomes((struct world){.driver = write_then_write_a_port}, SAW_BOTH);
}

/* rule: EMU-POST-8 */
static void only_a_few_writes_are_on_their_way_at_once_and_all_arrive(void **state)
{
    (void)state;
    struct world w = {.machine = bare_machine(NULL), .driver = flood};
    struct emu_report report;
    explore(&w, emu_strategy_exhaustive(1), 0, &report);
    assert_int_equal(report.found, 0);
    assert_int_equal(w.ends, 1u << FLOOD);
    emu_report_free(&report);
    explore(&w, emu_strategy_random(1), RUNS, &report);
    assert_int_equal(report.found, 0);
    assert_int_equal(w.ends, 1u << FLOOD);
    assert_true(w.behind_max > 1);
    assert_true(w.behind_max <= FLOOD_HELD);
    emu_report_free(&report);
    emu_machine_destroy(w.machine);
}

static void write_then_fail(void *context)
{
    struct world *w = context;
    ring(w, 1);
    bare_work(0);
    if (w->device.arrived == 0)
        emu_finding_raise(w->machine, "held up", NULL, NULL, "the write is on its way");
}

/* rule: EMU-POST-9 */
static void what_a_held_up_write_does_is_replayed_and_shrinks_to_one_preemption(void **state)
{
    (void)state;
    struct world w = {.machine = bare_machine(NULL), .driver = write_then_fail, .second = write_second};
    struct emu_report report;
    explore(&w, emu_strategy_random(1), RUNS, &report);
    assert_int_equal(report.found, 1);
    assert_string_equal(report.findings[0].finding.rule, "held up");
    struct emu_program program = {.name = "posted", .set_up = set_up, .check = check, .context = &w};
    struct emu_shrink_options options = {0};
    struct emu_shrink_result result;
    assert_true(emu_shrink(w.machine, &program, &report.findings[0].record, &options, &result));
    assert_int_equal(result.preemptions_after, 1);
    assert_int_equal(result.exhausted_below, 0);
    emu_record_free(&result.record);
    emu_report_free(&report);
    emu_machine_destroy(w.machine);
}

/* rule: EMU-POST-10 */
static void reduction_sees_every_outcome_that_all_runs_have(void **state)
{
    (void)state;
    static emu_strand_fn *const drivers[] = {write_then_work,           write_twice_then_work,
                                             write_then_read,           write_then_read_another_device,
                                             write_then_be_interrupted, write_then_write_a_port};
    for (size_t i = 0; i < COUNT_OF(drivers); i++) {
        struct world w = {.machine = bare_machine(NULL), .driver = drivers[i], .second = write_second};
        struct emu_report all, reduced;
        explore(&w, emu_strategy_exhaustive(EMU_UNBOUNDED), 0, &all);
        assert_true(all.complete);
        unsigned outcomes = w.outcomes;
        explore(&w, emu_strategy_dpor(), 0, &reduced);
        assert_true(reduced.complete ||
                    drivers[i] == write_then_be_interrupted); /* which it says is not proved */
        assert_int_equal(all.found, reduced.found);
        if (w.outcomes != outcomes)
            fail_msg("program %zu: outcomes 0x%x of %llu runs, 0x%x of all %llu", i, w.outcomes,
                     (unsigned long long)reduced.runs, outcomes, (unsigned long long)all.runs);
        assert_true(reduced.runs < all.runs);
        emu_report_free(&all);
        emu_report_free(&reduced);
        emu_machine_destroy(w.machine);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_may_still_be_on_its_way_while_the_driver_goes_on),
        cmocka_unit_test(by_default_a_write_arrives_before_anything_else_happens),
        cmocka_unit_test(to_hold_a_write_up_costs_one_preemption),
        cmocka_unit_test(in_the_typical_profile_writes_arrive_at_once),
        cmocka_unit_test(a_quiet_machine_posts_nothing),
        cmocka_unit_test(writes_to_a_device_arrive_in_their_order_one_by_one),
        cmocka_unit_test(writes_to_two_windows_of_a_device_arrive_in_their_order),
        cmocka_unit_test(a_second_processors_write_stands_behind_the_first_ones),
        cmocka_unit_test(a_read_from_the_device_pushes_its_writes),
        cmocka_unit_test(a_read_from_another_window_of_the_device_pushes_as_well),
        cmocka_unit_test(a_read_from_another_device_pushes_nothing),
        cmocka_unit_test(the_delivery_of_an_interrupt_pushes_nothing),
        cmocka_unit_test(port_writes_are_not_posted_and_push),
        cmocka_unit_test(only_a_few_writes_are_on_their_way_at_once_and_all_arrive),
        cmocka_unit_test(what_a_held_up_write_does_is_replayed_and_shrinks_to_one_preemption),
        cmocka_unit_test(reduction_sees_every_outcome_that_all_runs_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
