/*
 * Decisions: runs in pieces, what is on the menu, and the choices that layers above ask for.
 */
#include "bare.h"
#include "lock.h"
#include "rig/slow_build.h"

#include <emu/explore.h>

static void poll_for_ever(void *arg)
{
    const volatile bool *flag = arg;
    struct emu_machine *m = emu_current();
    emu_object object = emu_object_at(m, arg, "flag");
    while (!*flag)
        emu_step(m, OP_POLL, object, 0);
}

static void set_flag(void *arg)
{
    bare_work(0);
    bare_work(1);
    *(volatile bool *)arg = true;
}

static void count_call(struct emu_machine *m, void *context)
{
    (void)m;
    ++*(unsigned *)context;
}

/* ---- Budgets ---- */

struct busy {
    struct lock lock;
    bool flag;
    unsigned counter;
    struct emu_strand *sleeper;
    struct emu_event event;
    struct emu_engine engine;
    emu_line line;
};

static void busy_line(struct emu_machine *m, void *context)
{
    struct busy *b = context;
    emu_step(m, OP_IN_HANDLER, emu_object_at(m, &b->counter, "counter"), b->counter);
    b->counter++;
    emu_soft_request(m, emu_cpu(m) ^ 1, EMU_LEVEL_DISPATCH, false);
}

static void busy_soft(struct emu_machine *m, unsigned cpu)
{
    emu_step(m, OP_IN_SOFT, EMU_NO_OBJECT, cpu);
}

static void busy_event(struct emu_machine *m, void *context)
{
    struct busy *b = context;
    emu_line_raise(m, b->line);
    if (b->counter < 10)
        emu_event_start(m, &b->event, emu_now(m) + 100);
}

static void busy_engine(struct emu_machine *m, void *context)
{
    struct busy *b = context;
    if (b->sleeper != NULL) {
        emu_strand_ready(m, b->sleeper);
        b->sleeper = NULL;
    } else {
        emu_engine_start(m, &b->engine, 50);
    }
}

static void busy_sleeper(void *arg)
{
    struct busy *b = arg;
    struct emu_machine *m = emu_current();
    for (int i = 0; i < 3; i++) {
        emu_engine_start(m, &b->engine, 70);
        b->sleeper = emu_strand_self(m);
        emu_strand_block(m, OP_WAIT, emu_object_at(m, &b->engine, "engine"));
        emu_stall(m, 30);
    }
}

static void busy_child(void *arg)
{
    struct busy *b = arg;
    struct emu_machine *m = emu_current();
    for (unsigned i = 0; i < 20; i++) {
        lock_acquire(m, &b->lock);
        b->counter++;
        lock_release(m, &b->lock);
    }
    emu_strand_set_cpu(m, emu_strand_self(m), 0);
    bare_work(0);
    b->flag = true;
}

/* Long alone, then among others: what a budget counts must not be seen by the scheduler. */
static void busy_parent(void *arg)
{
    struct busy *b = arg;
    struct emu_machine *m = emu_current();
    for (unsigned i = 0; i < 150; i++)
        bare_work(i);
    bare_start(m, "child", 1, busy_child, b);
    bare_start(m, "sleeper", 0, busy_sleeper, b);
    emu_event_start(m, &b->event, 100);
    poll_for_ever(&b->flag);
}

struct outcome {
    uint64_t hash, steps, time;
    uint64_t choices;
    uint64_t counter;
};

static struct outcome run_busily(struct emu_machine *m, uint64_t budget, uint64_t seed)
{
    struct busy b = {0};
    struct bare_picker picker;
    bare_pick_with(m, &picker, bare_random, &seed);
    if (seed == 0)
        emu_machine_set_strategy(m, NULL);
    emu_machine_reset(m);
    b.line = emu_line_add(m, &(struct emu_line_config){.level = 7});
    emu_line_connect(m, b.line, busy_line, &b);
    emu_soft_connect(m, EMU_LEVEL_DISPATCH, busy_soft);
    emu_event_init(m, &b.event, "event", busy_event, &b);
    emu_engine_init(m, &b.engine, "engine", busy_engine, &b);
    bare_start(m, "parent", 0, busy_parent, &b);
    enum emu_stop stop;
    do
        stop = emu_machine_run(m, budget);
    while (stop == EMU_STOP_BUDGET);
    assert_int_equal(stop, EMU_STOP_IDLE);
    emu_machine_set_strategy(m, NULL);
    return (struct outcome){.hash = emu_trace_hash(m),
                            .steps = emu_steps(m),
                            .time = emu_now(m),
                            .choices = emu_machine_record(m)->length,
                            .counter = b.counter};
}

/* rule: EMU-RUN-3 */
static void a_run_in_pieces_is_the_same_run(void **state)
{
    (void)state;
    static const uint64_t budgets[] = {1, 2, 3, 7, 100, 1000000};
    struct emu_machine *m = bare_machine(NULL);
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct outcome whole = run_busily(m, 0, seed * 7919);
        assert_true(whole.steps > 150);
        for (size_t i = 0; i < COUNT_OF(budgets); i++) {
            struct outcome pieces = run_busily(m, budgets[i], seed * 7919);
            assert_memory_equal(&whole, &pieces, sizeof whole);
        }
    }
    emu_machine_destroy(m);
}

/* rule: EMU-RUN-3 */
static void a_run_in_pieces_is_the_same_run_while_quiet(void **state)
{
    (void)state;
    uint64_t hashes[2];
    for (int pieces = 0; pieces < 2; pieces++) {
        int rounds = 0;
        struct emu_machine *m = bare_machine(NULL);
        emu_quiet_begin(m);
        struct busy b = {.flag = false};
        b.line = emu_line_add(m, &(struct emu_line_config){.level = 7});
        emu_line_connect(m, b.line, busy_line, &b);
        emu_soft_connect(m, EMU_LEVEL_DISPATCH, busy_soft);
        emu_event_init(m, &b.event, "event", busy_event, &b);
        emu_engine_init(m, &b.engine, "engine", busy_engine, &b);
        bare_start(m, "parent", 0, busy_parent, &b);
        while (emu_machine_run(m, pieces ? 3 : 0) == EMU_STOP_BUDGET)
            rounds++;
        assert_null(emu_machine_finding(m));
        assert_true(pieces ? rounds > 10 : rounds == 0);
        hashes[pieces] = emu_trace_hash(m);
        emu_quiet_end(m);
        emu_machine_destroy(m);
    }
    assert_true(hashes[0] == hashes[1]);
}

/* ---- The menu ---- */

struct menu_seen {
    uint32_t kinds[EMU_ACTION_EVENT + 1];
    bool first_is_current;
    bool step_announced;
};

static uint32_t look_at_menu(void *context, const struct emu_decision *d)
{
    struct menu_seen *seen = context;
    if (d->kind != EMU_CHOICE_SCHEDULE || d->site != OP_WORK || seen->kinds[EMU_ACTION_STEP] != 0)
        return 0;
    for (uint32_t i = 0; i < d->count; i++)
        seen->kinds[d->actions[i].kind]++;
    seen->first_is_current = d->actions[0].kind == EMU_ACTION_STEP && d->actions[0].cpu == 0 && !d->free;
    seen->step_announced = d->actions[0].op == OP_WORK;
    return 0;
}

static void nothing_due(struct emu_machine *m, void *context)
{
    (void)m;
    (void)context;
}

static void nothing_soft(struct emu_machine *m, unsigned cpu)
{
    (void)m;
    (void)cpu;
}

struct everything {
    struct emu_event events[3];
    struct emu_engine engines[2];
    emu_line line;
};

static void bring_everything_about(void *arg)
{
    struct everything *e = arg;
    struct emu_machine *m = emu_current();
    emu_event_start(m, &e->events[0], 500);
    emu_event_start(m, &e->events[1], 500);
    emu_event_start(m, &e->events[2], 501);
    emu_engine_start(m, &e->engines[0], 900);
    emu_engine_start(m, &e->engines[1], 100);
    emu_line_raise(m, e->line);
    emu_soft_request(m, 1, EMU_LEVEL_DISPATCH, false);
    bare_start(m, "neighbour", 0, set_flag, &(bool){false});
    bare_work(0);
}

static void other_top(void *arg)
{
    bare_work(*(unsigned *)arg);
}

/* rule: EMU-SCHED-5 */
static void the_menu_has_all_that_can_happen_with_the_current_context_first(void **state)
{
    (void)state;
    struct menu_seen seen = {0};
    struct everything e = {0};
    struct bare_picker picker;
    unsigned value = 5;
    struct emu_machine *m = bare_processors(2);
    e.line = emu_line_add(m, &(struct emu_line_config){.level = 5, .processors = 2});
    emu_line_connect(m, e.line, nothing_due, NULL);
    emu_soft_connect(m, EMU_LEVEL_DISPATCH, nothing_soft);
    for (int i = 0; i < 3; i++)
        emu_event_init(m, &e.events[i], "event", nothing_due, NULL);
    for (int i = 0; i < 2; i++)
        emu_engine_init(m, &e.engines[i], "engine", nothing_due, NULL);
    bare_start(m, "everything", 0, bring_everything_about, &e);
    bare_start(m, "elsewhere", 1, other_top, &value);
    bare_pick_with(m, &picker, look_at_menu, &seen);
    bare_assert_idle(m);
    assert_true(seen.first_is_current);
    assert_true(seen.step_announced);
    assert_int_equal(seen.kinds[EMU_ACTION_STEP], 1);
    assert_int_equal(seen.kinds[EMU_ACTION_SWITCH], 2);
    assert_int_equal(seen.kinds[EMU_ACTION_DELIVER], 1);
    assert_int_equal(seen.kinds[EMU_ACTION_SOFT], 1);
    assert_int_equal(seen.kinds[EMU_ACTION_ENGINE], 2);
    assert_int_equal(seen.kinds[EMU_ACTION_EVENT], 2);
    emu_machine_destroy(m);
}

/* rule: EMU-SCHED-6 */
static void very_many_things_that_can_happen_all_do(void **state)
{
    (void)state;
    enum { EVENTS = SLOW_BUILD ? 500 : 2000, ENGINES = SLOW_BUILD ? 200 : 700 };
    static struct emu_event events[EVENTS];
    static struct emu_engine engines[ENGINES];
    unsigned fired = 0;
    struct emu_machine *m = bare_processors(64);
    for (unsigned i = 0; i < EVENTS; i++) {
        emu_event_init(m, &events[i], "event", count_call, &fired);
        emu_event_start(m, &events[i], 1000);
    }
    for (unsigned i = 0; i < ENGINES; i++) {
        emu_engine_init(m, &engines[i], "engine", count_call, &fired);
        emu_engine_start(m, &engines[i], 5000 - i);
    }
    bare_assert_idle(m);
    assert_int_equal(fired, EVENTS + ENGINES);
    assert_int_equal(emu_now(m), 5000);
    emu_machine_destroy(m);
}

/* ---- Choices ---- */

static void choose_some(void *arg)
{
    uint32_t *answers = arg;
    struct emu_machine *m = emu_current();
    answers[0] = emu_choose(m, EMU_CHOICE_DEVICE, OP_WORK, 1);
    answers[1] = emu_choose(m, EMU_CHOICE_DEVICE, OP_WORK, 3);
    answers[2] = emu_latitude(m, OP_WORK, 4);
    answers[3] = emu_fault(m, OP_WORK);
    emu_quiet_begin(m);
    answers[4] = emu_choose(m, EMU_CHOICE_DEVICE, OP_WORK, 3);
    answers[5] = emu_latitude(m, OP_WORK, 4);
    answers[6] = emu_fault(m, OP_WORK);
    emu_quiet_end(m);
}

static uint32_t last(void *context, const struct emu_decision *d)
{
    (void)context;
    return d->count - 1;
}

/* rule: EMU-CHOICE-1 */
static void choices_are_asked_recorded_and_but_for_faults_silent_while_quiet(void **state)
{
    (void)state;
    struct bare_picker picker;
    static const uint32_t expected[2][2][7] = {
        {{0, 2, 3, 0, 0, 0, 0}, {0, 2, 3, 1, 0, 0, 1}},
        {{0, 2, 0, 0, 0, 0, 0}, {0, 2, 0, 1, 0, 0, 1}},
    };
    static const size_t lengths[2][2] = {{2, 4}, {1, 3}};
    struct emu_machine *m = bare_machine(NULL);
    bare_pick_with(m, &picker, last, NULL);
    for (int profile = 0; profile < 2; profile++)
        for (int faults = 0; faults < 2; faults++) {
            uint32_t answers[7];
            emu_machine_set_profile(m, profile ? EMU_PROFILE_TYPICAL : EMU_PROFILE_HOSTILE);
            emu_machine_set_faults(m, faults != 0);
            emu_machine_reset(m);
            bare_start(m, "chooses", 0, choose_some, answers);
            bare_assert_idle(m);
            assert_memory_equal(answers, expected[profile][faults], sizeof answers);
            const struct emu_record *r = emu_machine_record(m);
            assert_int_equal(r->length, lengths[profile][faults]);
            assert_int_equal(r->choices[0].kind, EMU_CHOICE_DEVICE);
            assert_int_equal(r->choices[0].site, OP_WORK);
            assert_int_equal(r->choices[0].count, 3);
            assert_int_equal(r->choices[0].value, 2);
        }
    emu_machine_destroy(m);
}

static uint32_t out_of_range(void *context, const struct emu_decision *d)
{
    (void)context;
    return d->count;
}

static void run_out_of_range(void *arg)
{
    struct bare_picker picker;
    uint32_t answers[7];
    struct emu_machine *m = arg;
    bare_pick_with(m, &picker, out_of_range, NULL);
    bare_start(m, "chooses", 0, choose_some, answers);
    emu_machine_run(m, 0);
}

/* rule: EMU-CHOICE-1 */
static void an_answer_out_of_range_is_an_error_of_the_emulator(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    assert_int_equal(bare_dies_of(run_out_of_range, m), SIGABRT);
    emu_machine_destroy(m);
}

/* What a condition looks at, and whether that is still there. */
struct gate {
    bool gone;
    unsigned asked_late;
};

static bool is_open(const void *context)
{
    struct gate *gate = *(struct gate *const *)context;
    gate->asked_late += gate->gone;
    return true;
}

static void pass_and_fail(void *arg)
{
    struct gate *gate = arg;
    struct emu_machine *m = emu_current();
    emu_step_when(m, OP_WAIT, emu_object_at(m, gate, "gate"), 0, is_open, &gate);
    gate->gone = true;
    emu_finding_raise(m, "property", NULL, NULL, "passed");
}

static void poll_once(void *arg)
{
    emu_step(emu_current(), OP_POLL, emu_object_at(emu_current(), arg, "gate"), 0);
}

static void set_up_gate(void *arg)
{
    ((struct gate *)arg)->gone = false;
    struct emu_strand_config strand = {.name = "passes", .fn = pass_and_fail, .arg = arg, .held = true};
    emu_strand_start(emu_current(), &strand);
    strand = (struct emu_strand_config){.name = "polls", .fn = poll_once, .arg = arg, .cpu = 1, .held = true};
    emu_strand_start(emu_current(), &strand);
}

/* rule: EMU-SCHED-10 */
static void a_condition_is_not_asked_for_when_its_step_was_made(void **state)
{
    (void)state;
    struct gate gate = {0};
    const struct emu_program program = {"gate", set_up_gate, NULL, &gate};
    struct emu_machine *m = bare_processors(2);
    struct emu_strategy *strategy = emu_strategy_dpor(); /* looks at what was kept back when a run stops */
    struct emu_report report;
    emu_explore(m, &program, strategy, &(struct emu_explore_options){.keep_going = true}, &report);
    assert_true(report.found > 0);
    assert_int_equal(gate.asked_late, 0);
    emu_report_free(&report);
    emu_strategy_destroy(strategy);
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_in_pieces_is_the_same_run),
        cmocka_unit_test(a_run_in_pieces_is_the_same_run_while_quiet),
        cmocka_unit_test(the_menu_has_all_that_can_happen_with_the_current_context_first),
        cmocka_unit_test(very_many_things_that_can_happen_all_do),
        cmocka_unit_test(choices_are_asked_recorded_and_but_for_faults_silent_while_quiet),
        cmocka_unit_test(an_answer_out_of_range_is_an_error_of_the_emulator),
        cmocka_unit_test(a_condition_is_not_asked_for_when_its_step_was_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
