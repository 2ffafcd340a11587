/*
 * Interrupt lines: levels, triggers, nesting, routing.
 */
#include "bare.h"
#include "lock.h"

struct device {
    struct emu_machine *machine;
    struct bare_log *log;
    emu_line line;
    char name;
    unsigned seen_cpu;
    uint8_t seen_level;
    unsigned count;
    unsigned keep; /* deliveries after which a level line is lowered */
};

static void handle(struct emu_machine *m, void *context)
{
    struct device *d = context;
    d->count++;
    d->seen_cpu = emu_cpu(m);
    d->seen_level = emu_level(m);
    bare_log(d->log, d->name);
    if (d->count > d->keep)
        emu_line_lower(m, d->line);
    emu_step(m, OP_IN_HANDLER, EMU_NO_OBJECT, d->seen_level);
    bare_log(d->log, '.');
}

static void plug(struct emu_machine *m, struct device *d, struct bare_log *log, char name, uint8_t level,
                 enum emu_trigger trigger, uint64_t processors)
{
    *d = (struct device){.machine = m, .log = log, .name = name};
    d->line = emu_line_add(
        m, &(struct emu_line_config){.trigger = trigger, .level = level, .processors = processors});
    assert_int_not_equal(d->line, 0);
    emu_line_connect(m, d->line, handle, d);
}

static uint32_t prefer_deliver(void *context, const struct emu_decision *d)
{
    (void)context;
    int at = bare_find(d, EMU_ACTION_DELIVER);
    return at < 0 ? 0 : (uint32_t)at;
}

/* rule: EMU-IRQ-1 */
static void an_impossible_line_is_refused(void **state)
{
    (void)state;
    struct emu_machine *m = bare_processors(2);
    for (uint8_t level = 0; level < 3; level++)
        assert_int_equal(emu_line_add(m, &(struct emu_line_config){.level = level}), 0);
    assert_int_equal(emu_line_add(m, &(struct emu_line_config){.level = 16}), 0);
    assert_int_equal(emu_line_add(m, &(struct emu_line_config){.level = 5, .processors = 4}), 0);
    for (emu_line line = 1; line <= 256; line++)
        assert_int_equal(emu_line_add(m, &(struct emu_line_config){.level = (uint8_t)(3 + line % 13)}), line);
    assert_int_equal(emu_line_add(m, &(struct emu_line_config){.level = 5}), 0);
    emu_machine_reset(m);
    assert_int_equal(emu_line_add(m, &(struct emu_line_config){.level = 5}), 1);
    emu_machine_destroy(m);
}

/* rule: EMU-IRQ-1 */
static void a_line_tells_how_it_was_configured(void **state)
{
    (void)state;
    struct emu_machine *m = bare_processors(64);
    emu_line a = emu_line_add(m, &(struct emu_line_config){.level = 3});
    emu_line b = emu_line_add(
        m, &(struct emu_line_config){.trigger = EMU_TRIGGER_LEVEL, .level = 15, .processors = 6});
    assert_int_equal(emu_line_level(m, a), 3);
    assert_int_equal(emu_line_level(m, b), 15);
    assert_true(emu_line_processors(m, a) == UINT64_MAX);
    assert_true(emu_line_processors(m, b) == 6);
    assert_int_equal(emu_line_trigger(m, a), EMU_TRIGGER_EDGE);
    assert_int_equal(emu_line_trigger(m, b), EMU_TRIGGER_LEVEL);
    emu_machine_destroy(m);
}

/* rule: EMU-IRQ-2 */
static void an_idle_processor_takes_interrupts_at_the_lines_level(void **state)
{
    (void)state;
    struct bare_log log = {0};
    struct device d;
    struct emu_machine *m = bare_processors(2);
    plug(m, &d, &log, 'a', 9, EMU_TRIGGER_EDGE, 2);
    emu_line_raise(m, d.line);
    bare_assert_idle(m);
    assert_int_equal(d.count, 1);
    assert_int_equal(d.seen_cpu, 1);
    assert_int_equal(d.seen_level, 9);
    emu_machine_destroy(m);
}

struct masked {
    struct device *device;
    uint8_t level;
};

static void raise_while_masked(void *arg)
{
    struct masked *k = arg;
    struct emu_machine *m = k->device->machine;
    uint8_t old = emu_level_raise(m, k->level);
    emu_line_raise(m, k->device->line);
    bare_log(k->device->log, '[');
    for (unsigned i = 0; i < 3; i++)
        bare_work(i);
    bare_log(k->device->log, ']');
    emu_level_lower(m, old);
    bare_work(3);
}

/* rule: EMU-IRQ-3 */
static void lines_at_or_below_the_level_wait_until_it_drops(void **state)
{
    (void)state;
    for (uint8_t line_level = 3; line_level < EMU_LEVELS; line_level++)
        for (uint8_t level = 0; level < EMU_LEVELS; level++) {
            struct bare_log log = {0};
            struct device d;
            struct bare_picker picker;
            struct emu_machine *m = bare_processors(1);
            struct masked k = {&d, level};
            bare_pick_with(m, &picker, prefer_deliver, NULL);
            plug(m, &d, &log, 'a', line_level, EMU_TRIGGER_EDGE, 0);
            bare_start(m, "masked", 0, raise_while_masked, &k);
            bare_assert_idle(m);
            assert_string_equal(log.text, line_level > level ? "[a.]" : "[]a.");
            emu_machine_destroy(m);
        }
}

struct two_lines {
    struct device low, high;
};

static void raise_low_then_high(void *arg)
{
    struct two_lines *t = arg;
    struct emu_machine *m = t->low.machine;
    emu_line_raise(m, t->low.line);
    bare_work(0);
}

static void handle_and_raise_high(struct emu_machine *m, void *context)
{
    struct two_lines *t = context;
    bare_log(t->low.log, '(');
    emu_line_raise(m, t->high.line);
    emu_step(m, OP_IN_HANDLER, EMU_NO_OBJECT, 0);
    t->low.seen_level = emu_level(m);
    bare_log(t->low.log, ')');
}

/* rule: EMU-IRQ-4 */
static void interrupts_nest_by_level(void **state)
{
    (void)state;
    static const struct {
        uint8_t low, high;
        const char *expected;
    } cases[] = {{4, 9, "(h.)"}, {9, 9, "()h."}, {9, 4, "()h."}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bare_log log = {0};
        struct two_lines t;
        struct bare_picker picker;
        struct emu_machine *m = bare_processors(1);
        bare_pick_with(m, &picker, prefer_deliver, NULL);
        plug(m, &t.low, &log, 'l', cases[i].low, EMU_TRIGGER_EDGE, 0);
        plug(m, &t.high, &log, 'h', cases[i].high, EMU_TRIGGER_EDGE, 0);
        emu_line_connect(m, t.low.line, handle_and_raise_high, &t);
        bare_start(m, "raises", 0, raise_low_then_high, &t);
        bare_assert_idle(m);
        assert_string_equal(log.text, cases[i].expected);
        assert_int_equal(t.low.seen_level, cases[i].low);
        emu_machine_destroy(m);
    }
}

/* rule: EMU-IRQ-4 */
static void interrupts_nest_on_an_idle_processor_too(void **state)
{
    (void)state;
    struct bare_log log = {0};
    struct two_lines t;
    struct bare_picker picker;
    struct emu_machine *m = bare_processors(2);
    bare_pick_with(m, &picker, prefer_deliver, NULL);
    plug(m, &t.low, &log, 'l', 4, EMU_TRIGGER_EDGE, 2);
    plug(m, &t.high, &log, 'h', 9, EMU_TRIGGER_EDGE, 2);
    emu_line_connect(m, t.low.line, handle_and_raise_high, &t);
    emu_line_raise(m, t.low.line);
    bare_assert_idle(m);
    assert_string_equal(log.text, "(h.)");
    assert_int_equal(t.high.seen_cpu, 1);
    emu_machine_destroy(m);
}

static void soft_after(struct emu_machine *m, unsigned cpu)
{
    struct bare_log *log = emu_slot(m, EMU_SLOT_HOST);
    (void)cpu;
    bare_log(log, emu_level(m) == EMU_LEVEL_DISPATCH ? '2' : '?');
}

static void handle_and_ask_for_soft(struct emu_machine *m, void *context)
{
    struct device *d = context;
    bare_log(d->log, '(');
    emu_soft_request(m, emu_cpu(m), EMU_LEVEL_DISPATCH, false);
    emu_step(m, OP_IN_HANDLER, EMU_NO_OBJECT, 0);
    bare_log(d->log, ')');
}

static void raise_at(void *arg)
{
    struct masked *k = arg;
    struct emu_machine *m = k->device->machine;
    emu_level_raise(m, k->level);
    emu_line_raise(m, k->device->line);
    bare_work(0);
    bare_log(k->device->log, 'x');
    emu_level_lower(m, EMU_LEVEL_PASSIVE);
    bare_log(k->device->log, 'y');
}

/* rule: EMU-IRQ-4 */
static void a_handlers_soft_request_runs_at_its_end_or_when_the_interrupted_level_drops(void **state)
{
    (void)state;
    static const char *const expected[] = {"()2xy", "()x2y"};
    for (uint8_t dispatch = 0; dispatch < 2; dispatch++) {
        struct bare_log log = {0};
        struct device d;
        struct bare_picker picker;
        struct emu_machine *m = bare_processors(1);
        struct masked k = {&d, dispatch ? EMU_LEVEL_DISPATCH : EMU_LEVEL_PASSIVE};
        emu_set_slot(m, EMU_SLOT_HOST, &log);
        emu_soft_connect(m, EMU_LEVEL_DISPATCH, soft_after);
        bare_pick_with(m, &picker, prefer_deliver, NULL);
        plug(m, &d, &log, 'a', 6, EMU_TRIGGER_EDGE, 0);
        emu_line_connect(m, d.line, handle_and_ask_for_soft, &d);
        bare_start(m, "raises", 0, raise_at, &k);
        bare_assert_idle(m);
        assert_string_equal(log.text, expected[dispatch]);
        emu_machine_destroy(m);
    }
}

struct spinner {
    struct lock lock;
    struct device device;
    bool got;
};

static void handle_and_release(struct emu_machine *m, void *context)
{
    struct spinner *s = context;
    bare_log(s->device.log, 'i');
    s->device.seen_level = emu_level(m);
    s->lock.taken = false;
}

static void spin(void *arg)
{
    struct spinner *s = arg;
    lock_acquire(s->device.machine, &s->lock);
    s->got = true;
    bare_log(s->device.log, 'g');
    lock_release(s->device.machine, &s->lock);
}

/* rule: EMU-IRQ-5 */
static void a_processor_that_spins_takes_interrupts_above_its_level(void **state)
{
    (void)state;
    struct bare_log log = {0};
    struct spinner s = {.lock = {.taken = true}};
    struct emu_machine *m = bare_processors(1);
    plug(m, &s.device, &log, 'i', 3, EMU_TRIGGER_EDGE, 0);
    emu_line_connect(m, s.device.line, handle_and_release, &s);
    bare_start(m, "spins", 0, spin, &s);
    emu_line_raise(m, s.device.line);
    bare_assert_idle(m);
    assert_true(s.got);
    assert_int_equal(s.device.seen_level, 3);
    emu_machine_destroy(m);
}

/* ---- Edge ---- */

/* rule: EMU-IRQ-6 */
static void a_second_edge_before_the_delivery_is_lost(void **state)
{
    (void)state;
    struct bare_log log = {0};
    struct device d;
    struct emu_machine *m = bare_processors(1);
    plug(m, &d, &log, 'a', 5, EMU_TRIGGER_EDGE, 0);
    emu_line_raise(m, d.line);
    emu_line_raise(m, d.line);
    emu_line_raise(m, d.line);
    bare_assert_idle(m);
    assert_int_equal(d.count, 1);
    assert_false(emu_line_asserted(m, d.line));
    emu_line_raise(m, d.line);
    bare_assert_idle(m);
    assert_int_equal(d.count, 2);
    emu_machine_destroy(m);
}

static void handle_with_another_edge(struct emu_machine *m, void *context)
{
    struct device *d = context;
    bare_log(d->log, '(');
    if (d->count++ == 0)
        emu_line_raise(m, d->line);
    emu_step(m, OP_IN_HANDLER, EMU_NO_OBJECT, 0);
    bare_log(d->log, ')');
}

/* rule: EMU-IRQ-6 */
static void an_edge_during_the_handler_is_latched_for_after_it(void **state)
{
    (void)state;
    struct bare_log log = {0};
    struct device d;
    struct emu_machine *m = bare_processors(1);
    plug(m, &d, &log, 'a', 5, EMU_TRIGGER_EDGE, 0);
    emu_line_connect(m, d.line, handle_with_another_edge, &d);
    emu_line_raise(m, d.line);
    bare_assert_idle(m);
    assert_string_equal(log.text, "()()");
    emu_machine_destroy(m);
}

/* rule: EMU-IRQ-6 */
static void lowering_does_not_take_an_edge_back(void **state)
{
    (void)state;
    struct bare_log log = {0};
    struct device d;
    struct emu_machine *m = bare_processors(1);
    plug(m, &d, &log, 'a', 5, EMU_TRIGGER_EDGE, 0);
    emu_line_raise(m, d.line);
    emu_line_lower(m, d.line);
    bare_assert_idle(m);
    assert_int_equal(d.count, 1);
    emu_machine_destroy(m);
}

/* ---- Level ---- */

/* rule: EMU-IRQ-7 */
static void a_level_line_is_delivered_until_it_is_lowered(void **state)
{
    (void)state;
    struct bare_log log = {0};
    struct device d;
    struct emu_machine *m = bare_processors(1);
    plug(m, &d, &log, 'a', 5, EMU_TRIGGER_LEVEL, 0);
    d.keep = 4;
    emu_line_raise(m, d.line);
    assert_true(emu_line_asserted(m, d.line));
    bare_assert_idle(m);
    assert_int_equal(d.count, 5);
    assert_false(emu_line_asserted(m, d.line));
    emu_machine_destroy(m);
}

/* rule: EMU-IRQ-7 */
static void a_level_line_that_is_lowered_before_it_is_taken_goes_away(void **state)
{
    (void)state;
    struct bare_log log = {0};
    struct device d;
    struct emu_machine *m = bare_processors(1);
    plug(m, &d, &log, 'a', 5, EMU_TRIGGER_LEVEL, 0);
    emu_line_raise(m, d.line);
    emu_line_lower(m, d.line);
    emu_line_lower(m, d.line);
    bare_assert_idle(m);
    assert_int_equal(d.count, 0);
    emu_machine_destroy(m);
}

/* rule: EMU-IRQ-8 */
static void a_line_without_a_handler_stays_pending_until_one_is_connected(void **state)
{
    (void)state;
    static const enum emu_trigger triggers[] = {EMU_TRIGGER_EDGE, EMU_TRIGGER_LEVEL};
    for (size_t i = 0; i < COUNT_OF(triggers); i++) {
        struct bare_log log = {0};
        struct device d;
        struct emu_machine *m = bare_processors(1);
        plug(m, &d, &log, 'a', 5, triggers[i], 0);
        emu_line_connect(m, d.line, NULL, NULL);
        emu_line_raise(m, d.line);
        bare_assert_idle(m);
        emu_line_connect(m, d.line, handle, &d);
        bare_assert_idle(m);
        assert_int_equal(d.count, 1);
        emu_machine_destroy(m);
    }
}

/* ---- Routing ---- */

static uint32_t route_to(void *context, const struct emu_decision *d)
{
    uint32_t *wanted = context;
    if (d->kind != EMU_CHOICE_ROUTE)
        return 0;
    assert_int_equal(d->count, 3);
    return *wanted;
}

/* rule: EMU-IRQ-9 */
static void the_processor_that_takes_it_is_a_choice_of_the_hostile_profile(void **state)
{
    (void)state;
    static const unsigned processors[] = {1, 4, 6};
    for (int typical = 0; typical < 2; typical++)
        for (uint32_t wanted = 0; wanted < 3; wanted++) {
            struct bare_log log = {0};
            struct device d;
            struct bare_picker picker;
            struct emu_machine *m = bare_processors(8);
            emu_machine_set_profile(m, typical ? EMU_PROFILE_TYPICAL : EMU_PROFILE_HOSTILE);
            bare_pick_with(m, &picker, route_to, &wanted);
            plug(m, &d, &log, 'a', 5, EMU_TRIGGER_EDGE, 1u << 1 | 1u << 4 | 1u << 6);
            emu_line_raise(m, d.line);
            bare_assert_idle(m);
            assert_int_equal(d.count, 1);
            assert_int_equal(d.seen_cpu, typical ? 1 : processors[wanted]);
            emu_machine_destroy(m);
        }
}

/* rule: EMU-IRQ-10 */
static void which_of_several_pending_lines_goes_first_is_a_choice(void **state)
{
    (void)state;
    uint64_t seed = 4711;
    bool first_a = false, first_b = false;
    struct bare_picker picker;
    struct emu_machine *m = bare_processors(1);
    bare_pick_with(m, &picker, bare_random, &seed);
    for (int run = 0; run < 50; run++) {
        struct bare_log log = {0};
        struct device a, b;
        emu_machine_reset(m);
        plug(m, &a, &log, 'a', 5, EMU_TRIGGER_EDGE, 0);
        plug(m, &b, &log, 'b', 5, EMU_TRIGGER_EDGE, 0);
        emu_line_raise(m, b.line);
        emu_line_raise(m, a.line);
        bare_assert_idle(m);
        assert_int_equal(log.length, 4);
        first_a = first_a || log.text[0] == 'a';
        first_b = first_b || log.text[0] == 'b';
    }
    assert_true(first_a && first_b);
    emu_machine_destroy(m);
}

/* rule: EMU-IRQ-10 */
static void every_line_of_two_hundred_and_fifty_six_is_delivered(void **state)
{
    (void)state;
    enum { LINES = 256 };
    struct device *devices = calloc(LINES, sizeof *devices);
    struct bare_log log = {0};
    uint64_t seed = 5;
    struct bare_picker picker;
    struct emu_machine *m = bare_processors(64);
    assert_non_null(devices);
    bare_pick_with(m, &picker, bare_random, &seed);
    for (unsigned i = 0; i < LINES; i++)
        plug(m, &devices[i], &log, 'a', (uint8_t)(3 + i % 13), i % 2 ? EMU_TRIGGER_LEVEL : EMU_TRIGGER_EDGE,
             0);
    for (unsigned i = LINES; i-- > 0;)
        emu_line_raise(m, devices[i].line);
    bare_assert_idle(m);
    for (unsigned i = 0; i < LINES; i++)
        assert_int_equal(devices[i].count, 1);
    free(devices);
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_impossible_line_is_refused),
        cmocka_unit_test(a_line_tells_how_it_was_configured),
        cmocka_unit_test(an_idle_processor_takes_interrupts_at_the_lines_level),
        cmocka_unit_test(lines_at_or_below_the_level_wait_until_it_drops),
        cmocka_unit_test(interrupts_nest_by_level),
        cmocka_unit_test(interrupts_nest_on_an_idle_processor_too),
        cmocka_unit_test(a_handlers_soft_request_runs_at_its_end_or_when_the_interrupted_level_drops),
        cmocka_unit_test(a_processor_that_spins_takes_interrupts_above_its_level),
        cmocka_unit_test(a_second_edge_before_the_delivery_is_lost),
        cmocka_unit_test(an_edge_during_the_handler_is_latched_for_after_it),
        cmocka_unit_test(lowering_does_not_take_an_edge_back),
        cmocka_unit_test(a_level_line_is_delivered_until_it_is_lowered),
        cmocka_unit_test(a_level_line_that_is_lowered_before_it_is_taken_goes_away),
        cmocka_unit_test(a_line_without_a_handler_stays_pending_until_one_is_connected),
        cmocka_unit_test(the_processor_that_takes_it_is_a_choice_of_the_hostile_profile),
        cmocka_unit_test(which_of_several_pending_lines_goes_first_is_a_choice),
        cmocka_unit_test(every_line_of_two_hundred_and_fifty_six_is_delivered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
