/*
 * What shrinking says of runs with fewer preemptions, and where it puts the preemptions that are needed.
 */
#include <emu/bus.h>
#include <emu/irq.h>

#include "race.h"

enum { BYSTANDERS = 5, ADDERS = 2, POLLS = 3, RUNS_OF_A_KIND = 40, PORT = 0x10, LEVEL = 5 };

/* Explores for a failing run and shrinks it. The caller frees the result's record. */
static bool find_and_shrink(struct emu_machine *m, const struct emu_program *program,
                            struct emu_strategy *strategy, struct emu_shrink_options options,
                            struct emu_shrink_result *result)
{
    struct emu_report report =
        explore_with(m, program, strategy, (struct emu_explore_options){.runs = 100000});
    assert_int_equal(report.found, 1);
    bool shrunk = emu_shrink(m, program, &report.findings[0].record, &options, result);
    emu_report_free(&report);
    return shrunk;
}

/* ---- A lost update in the sight of threads that each have an object of their own ------------------------
 */

struct crowd {
    emu_object place, own[BYSTANDERS];
    unsigned value;
    unsigned bystanders;
};

static void add(void *context)
{
    struct crowd *c = context;
    emu_step(emu_current(), OP_POLL, c->place, 0);
    unsigned seen = c->value;
    emu_step(emu_current(), OP_WORK, c->place, 0);
    c->value = seen + 1;
}

static void stand_by(void *context)
{
    const emu_object *own = context;
    emu_step(emu_current(), OP_WORK, *own, 0);
    emu_step(emu_current(), OP_WORK, *own, 1);
}

static void crowd_set_up(void *context)
{
    struct crowd *c = context;
    c->value = 0;
    c->place = emu_object_new(emu_current(), "place");
    for (unsigned i = 0; i < ADDERS; i++)
        race_start("adder", i, add, c);
    for (unsigned i = 0; i < c->bystanders; i++) {
        c->own[i] = emu_object_new(emu_current(), "own");
        race_start("bystander", ADDERS + i, stand_by, &c->own[i]);
    }
}

static void crowd_check(void *context)
{
    const struct crowd *c = context;
    if (c->value != ADDERS)
        emu_finding_raise(emu_current(), "property", NULL, NULL, "lost");
}

static struct emu_program crowd_program(struct crowd *c)
{
    return (struct emu_program){"crowd", crowd_set_up, crowd_check, c};
}

/* rule: EMU-SHRINK-4 */
static void a_small_space_is_certified_by_every_run(void **state)
{
    (void)state;
    struct crowd c = {.bystanders = 1};
    const struct emu_program program = crowd_program(&c);
    struct emu_machine *m = bare_processors(ADDERS + 1);
    struct emu_shrink_result r;
    assert_true(find_and_shrink(m, &program, emu_strategy_random(1), (struct emu_shrink_options){0}, &r));
    assert_int_equal(r.preemptions_after, 1);
    assert_int_equal(r.certificate.bounds, 1);
    assert_false(r.certificate.by_classes);
    assert_false(r.certificate.stopped);
    struct emu_report all =
        explore_with(m, &program, emu_strategy_exhaustive(0), (struct emu_explore_options){0});
    assert_true(all.complete);
    assert_int_equal(all.found, 0);
    assert_true(r.certificate.runs >= all.runs);
    emu_report_free(&all);
    emu_record_free(&r.record);
    emu_machine_destroy(m);
}

/* rule: EMU-SHRINK-4 */
static void a_large_space_is_certified_by_one_run_of_each_class(void **state)
{
    (void)state;
    enum { BUDGET = 8000 }; /* fewer than the runs without a preemption, more than their classes */
    struct crowd c = {.bystanders = BYSTANDERS};
    const struct emu_program program = crowd_program(&c);
    struct emu_machine *m = bare_processors(ADDERS + BYSTANDERS);
    struct emu_shrink_result r;
    struct emu_shrink_options options = {.runs = BUDGET, .seconds = 100};
    assert_true(find_and_shrink(m, &program, emu_strategy_random(1), options, &r));
    assert_int_equal(r.preemptions_after, 1);
    assert_int_equal(r.certificate.bounds, 1);
    assert_true(r.certificate.by_classes);
    assert_false(r.certificate.stopped);
    assert_in_range(r.certificate.runs, 1, BUDGET);
    emu_record_free(&r.record);
    emu_machine_destroy(m);
}

/* rule: EMU-SHRINK-4 */
static void a_search_that_its_budget_ended_is_no_certificate(void **state)
{
    (void)state;
    enum { BUDGET = 200 };
    struct crowd c = {.bystanders = BYSTANDERS};
    const struct emu_program program = crowd_program(&c);
    struct emu_machine *m = bare_processors(ADDERS + BYSTANDERS);
    struct emu_shrink_result r;
    struct emu_shrink_options options = {.runs = BUDGET, .seconds = 100};
    assert_true(find_and_shrink(m, &program, emu_strategy_random(1), options, &r));
    assert_int_equal(r.certificate.bounds, 0);
    assert_int_equal(r.exhausted_below, -1);
    assert_true(r.certificate.stopped);
    assert_in_range(r.certificate.runs, 1, BUDGET);
    emu_record_free(&r.record);
    emu_machine_destroy(m);
}

/* rule: EMU-SHRINK-7 */
static void a_finding_is_looked_for_in_another_program(void **state)
{
    (void)state;
    struct crowd c = {.bystanders = 1};
    const struct emu_program program = crowd_program(&c);
    const struct emu_finding same = {.rule = "property"}, other = {.rule = "another property"};
    const struct emu_shrink_options options = {.runs = 5000, .seconds = 100};
    struct emu_machine *m = bare_processors(ADDERS + 1);
    struct emu_shrink_result r;
    assert_true(emu_shrink_find(m, &program, &same, 2, &options, &r));
    assert_int_equal(r.preemptions_after, 1);
    assert_int_equal(r.deviations_after, 1);
    assert_int_equal(r.certificate.bounds, 1);
    emu_record_free(&r.record);
    assert_false(emu_shrink_find(m, &program, &same, 0, &options, &r)); /* not with so few */
    assert_int_equal(r.certificate.bounds, 1);
    assert_null(r.record.choices);
    assert_false(emu_shrink_find(m, &program, &other, 2, &options, &r));
    emu_machine_destroy(m);
}

/* ---- Interrupts -----------------------------------------------------------------------------------------
 */

struct rings {
    emu_line needed, idle;
    bool open, caught;
};

static void on_needed(struct emu_machine *m, void *context)
{
    struct rings *r = context;
    emu_line_lower(m, r->needed);
    r->caught = r->caught || r->open;
}

static void on_idle(struct emu_machine *m, void *context)
{
    struct rings *r = context;
    emu_line_lower(m, r->idle);
}

static void be_open(void *context)
{
    struct rings *r = context;
    emu_line_raise(emu_current(), r->needed);
    emu_line_raise(emu_current(), r->idle);
    bare_work(0);
    bare_work(1);
    r->open = true;
    bare_work(2);
    r->open = false;
    bare_work(3);
}

static emu_line ring(const char *name, uint8_t level, emu_interrupt_fn *handler, struct rings *r)
{
    struct emu_line_config config = {
        .name = name, .trigger = EMU_TRIGGER_LEVEL, .level = level, .processors = 1};
    emu_line line = emu_line_add(emu_current(), &config);
    emu_line_connect(emu_current(), line, handler, r);
    return line;
}

static void rings_set_up(void *context)
{
    struct rings *r = context;
    *r = (struct rings){0};
    r->needed = ring("needed", LEVEL, on_needed, r);
    r->idle = ring("idle", LEVEL, on_idle, r);
    race_start("open", 0, be_open, r);
}

static void rings_check(void *context)
{
    const struct rings *r = context;
    if (r->caught)
        emu_finding_raise(emu_current(), "property", NULL, NULL, "caught");
}

/* rule: EMU-SHRINK-5 */
static void interrupts_that_are_not_needed_go(void **state)
{
    (void)state;
    struct rings rings;
    const struct emu_program program = {"rings", rings_set_up, rings_check, &rings};
    struct emu_machine *m = bare_processors(1);
    struct emu_strategy *random = emu_strategy_random(1);
    struct emu_shrink_result r;
    unsigned before = 0;
    for (uint64_t run = 0; before < 2; run++) {
        emu_machine_set_strategy(m, random);
        random->begin(random, run);
        bool failed = emu_run_program(m, &program) == EMU_STOP_FINDING;
        emu_machine_set_strategy(m, NULL);
        if (!failed)
            continue;
        struct emu_record record = {0};
        emu_record_copy(&record, emu_machine_record(m));
        assert_true(emu_shrink(m, &program, &record, &(struct emu_shrink_options){0}, &r));
        before = r.interrupts_before;
        assert_int_equal(r.interrupts_after, 1);
        assert_int_equal(r.preemptions_after, 1);
        emu_record_free(&record);
        emu_record_free(&r.record);
    }
    emu_strategy_destroy(random);
    emu_machine_destroy(m);
}

static void look_in(void *context)
{
    struct rings *r = context;
    bare_work(0);
    r->caught = r->caught || r->open;
}

static void doors_set_up(void *context)
{
    rings_set_up(context);
    race_start("look in", 1, look_in, context);
}

/* rule: EMU-SHRINK-5 */
static void another_context_takes_an_interrupts_place_where_it_does_as_well(void **state)
{
    (void)state;
    struct rings rings;
    const struct emu_program program = {"doors", doors_set_up, rings_check, &rings};
    struct emu_machine *m = bare_processors(2);
    struct emu_strategy *random = emu_strategy_random(1);
    struct emu_shrink_result r;
    for (unsigned run = 0, failed = 0; failed < RUNS_OF_A_KIND; run++) {
        emu_machine_set_strategy(m, random);
        random->begin(random, run);
        bool fails = emu_run_program(m, &program) == EMU_STOP_FINDING;
        emu_machine_set_strategy(m, NULL);
        if (!fails)
            continue;
        struct emu_record record = {0};
        emu_record_copy(&record, emu_machine_record(m));
        assert_true(emu_shrink(m, &program, &record, &(struct emu_shrink_options){0}, &r));
        assert_int_equal(r.interrupts_after, 0);
        assert_int_equal(r.preemptions_after, 1);
        emu_record_free(&record);
        emu_record_free(&r.record);
        failed++;
    }
    emu_strategy_destroy(random);
    emu_machine_destroy(m);
}

/* ---- Where a preemption is ------------------------------------------------------------------------------
 */

struct window {
    emu_object place;
    bool open;
};

static uint64_t read_port(void *device, struct emu_machine *m, uint64_t offset, unsigned width)
{
    (void)device;
    (void)m;
    (void)offset;
    (void)width;
    return 0;
}

static void poll_port(void)
{
    uint64_t value;
    for (unsigned i = 0; i < POLLS; i++)
        emu_port_read(emu_current(), PORT, 1, &value);
}

/* It is open for some accesses before a call and some after it. */
static void hold_open(void *context)
{
    struct window *w = context;
    w->open = true;
    poll_port();
    emu_step(emu_current(), OP_WORK, EMU_NO_OBJECT, 0);
    poll_port();
    w->open = false;
}

static void look(void *context)
{
    const struct window *w = context;
    emu_step(emu_current(), OP_POLL, w->place, 0);
    if (w->open)
        emu_finding_raise(emu_current(), "property", NULL, NULL, "seen open");
}

static void window_set_up(void *context)
{
    struct window *w = context;
    static const struct emu_register_ops ops = {.read = read_port};
    w->open = false;
    emu_bus_add_ports(emu_current(), "port", PORT, 1, &ops, w);
    w->place = emu_object_new(emu_current(), "place");
    race_start("holder", 0, hold_open, w);
    race_start("looker", 1, look, w);
}

struct place {
    struct emu_strategy base;
    struct emu_strategy *replay;
    emu_op left; /* what the context that was preempted was about to do */
};

static uint32_t note_place(struct emu_strategy *s, const struct emu_decision *d)
{
    struct place *p = (struct place *)s;
    uint32_t value = p->replay->choose(p->replay, d);
    if (d->kind == EMU_CHOICE_SCHEDULE && !d->free && value != 0)
        p->left = d->actions[0].op;
    return value;
}

/* The operation before which the record preempts. */
static emu_op place_of(struct emu_machine *m, const struct emu_program *program,
                       const struct emu_record *record)
{
    struct place p = {.replay = emu_strategy_replay(record, true)};
    p.base = *p.replay;
    p.base.choose = note_place;
    emu_machine_set_strategy(m, &p.base);
    p.replay->begin(p.replay, 0);
    emu_run_program(m, program);
    emu_machine_set_strategy(m, NULL);
    emu_strategy_destroy(p.replay);
    return p.left;
}

/* rule: EMU-SHRINK-6 */
static void a_preemption_slides_to_the_nearest_call(void **state)
{
    (void)state;
    struct window w;
    const struct emu_program program = {"window", window_set_up, NULL, &w};
    struct emu_machine *m = bare_processors(2);
    struct emu_report report =
        explore_with(m, &program, emu_strategy_exhaustive(1), (struct emu_explore_options){0});
    assert_int_equal(report.found, 1);
    assert_true(place_of(m, &program, &report.findings[0].record) < EMU_OP_BASE_KERNEL);
    struct emu_shrink_result r;
    assert_true(emu_shrink(m, &program, &report.findings[0].record, &(struct emu_shrink_options){0}, &r));
    assert_int_equal(r.preemptions_after, 1);
    assert_int_equal(place_of(m, &program, &r.record), OP_WORK);
    emu_record_free(&r.record);
    emu_report_free(&report);
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_space_is_certified_by_every_run),
        cmocka_unit_test(a_large_space_is_certified_by_one_run_of_each_class),
        cmocka_unit_test(a_search_that_its_budget_ended_is_no_certificate),
        cmocka_unit_test(a_finding_is_looked_for_in_another_program),
        cmocka_unit_test(interrupts_that_are_not_needed_go),
        cmocka_unit_test(another_context_takes_an_interrupts_place_where_it_does_as_well),
        cmocka_unit_test(a_preemption_slides_to_the_nearest_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
