/*
 * The virtual clock, timer events, device engines and stalling.
 */
#include "bare.h"

enum { TIMERS = 8 };

struct timers {
    struct bare_log log;
    struct timer {
        struct timers *all;
        struct emu_event event;
        struct emu_engine engine;
        char name;
        uint64_t fired_at;
        unsigned fired;
        unsigned again;
        uint64_t period;
        struct timer *stops;
    } timer[TIMERS];
};

static void fire(struct emu_machine *m, void *context)
{
    struct timer *t = context;
    bare_log(&t->all->log, t->name);
    t->fired_at = emu_now(m);
    t->fired++;
    if (t->again > 0) {
        t->again--;
        emu_event_start(m, &t->event, emu_now(m) + t->period);
    }
    if (t->stops != NULL)
        bare_log(&t->all->log, emu_event_stop(m, &t->stops->event) ? '!' : '-');
}

static void fire_engine(struct emu_machine *m, void *context)
{
    struct timer *t = context;
    bare_log(&t->all->log, t->name);
    t->fired_at = emu_now(m);
    t->fired++;
    if (t->again > 0) {
        t->again--;
        emu_engine_start(m, &t->engine, t->period);
    }
}

static void set_up(struct emu_machine *m, struct timers *ts)
{
    memset(ts, 0, sizeof *ts);
    emu_machine_reset(m);
    for (int i = 0; i < TIMERS; i++) {
        struct timer *t = &ts->timer[i];
        t->all = ts;
        t->name = (char)('a' + i);
        emu_event_init(m, &t->event, "event", fire, t);
        emu_engine_init(m, &t->engine, "engine", fire_engine, t);
    }
}

/* rule: EMU-TIME-1 */
static void events_fire_in_order_of_their_due_times_and_move_the_clock(void **state)
{
    (void)state;
    static const uint64_t due[TIMERS] = {50, 10, 70, 0, 30, UINT32_MAX, 20, 60};
    struct timers ts;
    struct emu_machine *m = bare_machine(NULL);
    set_up(m, &ts);
    for (int i = 0; i < TIMERS; i++) {
        emu_event_start(m, &ts.timer[i].event, due[i]);
        assert_true(emu_event_started(&ts.timer[i].event));
    }
    assert_int_equal(emu_next_due(m), 0);
    bare_assert_idle(m);
    assert_string_equal(ts.log.text, "dbgeahcf");
    for (int i = 0; i < TIMERS; i++) {
        assert_int_equal(ts.timer[i].fired_at, due[i]);
        assert_false(emu_event_started(&ts.timer[i].event));
    }
    assert_int_equal(emu_now(m), UINT32_MAX);
    assert_true(emu_next_due(m) == EMU_NEVER);
    emu_machine_destroy(m);
}

/* rule: EMU-TIME-2 */
static void ties_fire_in_order_of_start_by_default_and_in_any_order_by_choice(void **state)
{
    (void)state;
    struct timers ts;
    struct bare_picker picker;
    uint64_t seed = 31337;
    bool seen[4] = {false};
    struct emu_machine *m = bare_machine(NULL);
    set_up(m, &ts);
    for (int i = 3; i >= 0; i--)
        emu_event_start(m, &ts.timer[i].event, 100);
    bare_assert_idle(m);
    assert_string_equal(ts.log.text, "dcba");

    bare_pick_with(m, &picker, bare_random, &seed);
    for (int run = 0; run < 60; run++) {
        set_up(m, &ts);
        for (int i = 0; i < 4; i++)
            emu_event_start(m, &ts.timer[i].event, 100);
        emu_event_start(m, &ts.timer[4].event, 101);
        bare_assert_idle(m);
        assert_int_equal(ts.log.length, 5);
        assert_int_equal(ts.log.text[4], 'e');
        seen[ts.log.text[0] - 'a'] = true;
    }
    for (int i = 0; i < 4; i++)
        assert_true(seen[i]);
    emu_machine_destroy(m);
}

/* rule: EMU-TIME-3 */
static void a_stopped_event_does_not_fire(void **state)
{
    (void)state;
    struct timers ts;
    struct emu_machine *m = bare_machine(NULL);
    set_up(m, &ts);
    assert_false(emu_event_stop(m, &ts.timer[0].event));
    for (int i = 0; i < TIMERS; i++)
        emu_event_start(m, &ts.timer[i].event, 10 + (uint64_t)i);
    assert_true(emu_event_stop(m, &ts.timer[0].event));
    assert_true(emu_event_stop(m, &ts.timer[3].event));
    assert_false(emu_event_stop(m, &ts.timer[3].event));
    assert_true(emu_event_stop(m, &ts.timer[7].event));
    bare_assert_idle(m);
    assert_string_equal(ts.log.text, "bcefg");
    assert_false(emu_event_stop(m, &ts.timer[1].event));
    emu_machine_destroy(m);
}

/* rule: EMU-TIME-3 */
static void a_callback_may_stop_what_ties_with_it(void **state)
{
    (void)state;
    struct timers ts;
    struct emu_machine *m = bare_machine(NULL);
    set_up(m, &ts);
    ts.timer[0].stops = &ts.timer[1];
    ts.timer[2].stops = &ts.timer[0];
    for (int i = 0; i < 3; i++)
        emu_event_start(m, &ts.timer[i].event, 10);
    bare_assert_idle(m);
    assert_string_equal(ts.log.text, "a!c-");
    emu_machine_destroy(m);
}

/* rule: EMU-TIME-4 */
static void a_restart_moves_an_event_and_a_past_time_is_now(void **state)
{
    (void)state;
    struct timers ts;
    struct emu_machine *m = bare_machine(NULL);
    set_up(m, &ts);
    emu_event_start(m, &ts.timer[0].event, 10);
    emu_event_start(m, &ts.timer[1].event, 20);
    emu_event_start(m, &ts.timer[0].event, 30);
    bare_assert_idle(m);
    assert_string_equal(ts.log.text, "ba");
    assert_int_equal(ts.timer[0].fired, 1);
    emu_event_start(m, &ts.timer[2].event, 5);
    assert_int_equal(emu_next_due(m), 30);
    bare_assert_idle(m);
    assert_int_equal(ts.timer[2].fired_at, 30);
    assert_int_equal(emu_now(m), 30);
    emu_machine_destroy(m);
}

/* rule: EMU-TIME-4 */
static void a_callback_may_restart_its_own_event(void **state)
{
    (void)state;
    struct timers ts;
    struct emu_machine *m = bare_machine(NULL);
    set_up(m, &ts);
    ts.timer[0].again = 9;
    ts.timer[0].period = 7;
    emu_event_start(m, &ts.timer[0].event, 7);
    bare_assert_idle(m);
    assert_int_equal(ts.timer[0].fired, 10);
    assert_int_equal(emu_now(m), 70);
    emu_machine_destroy(m);
}

/* rule: EMU-TIME-5 */
static void background_events_do_not_keep_a_machine_awake(void **state)
{
    (void)state;
    struct timers ts;
    struct emu_machine *m = bare_machine(NULL);
    set_up(m, &ts);
    ts.timer[0].again = 1000000;
    ts.timer[0].period = 10;
    ts.timer[0].event.background = true;
    emu_event_start(m, &ts.timer[0].event, 10);
    bare_assert_idle(m);
    assert_int_equal(ts.timer[0].fired, 0);
    emu_event_start(m, &ts.timer[1].event, 35);
    bare_assert_idle(m);
    assert_string_equal(ts.log.text, "aaab");
    assert_true(emu_event_stop(m, &ts.timer[0].event));
    bare_assert_idle(m);
    emu_machine_destroy(m);
}

static void stall_thousand(void *arg)
{
    emu_stall(emu_current(), 1000);
    *(uint64_t *)arg = emu_now(emu_current());
}

/* rule: EMU-TIME-5 */
static void background_events_fire_while_somebody_must_finish(void **state)
{
    (void)state;
    struct timers ts;
    uint64_t end = 0;
    struct emu_machine *m = bare_machine(NULL);
    set_up(m, &ts);
    ts.timer[0].again = 1000000;
    ts.timer[0].period = 100;
    ts.timer[0].event.background = true;
    emu_event_start(m, &ts.timer[0].event, 50);
    bare_start(m, "stalls", 0, stall_thousand, &end);
    bare_assert_idle(m);
    assert_int_equal(end, 1000);
    assert_int_equal(ts.timer[0].fired, 10);
    emu_machine_destroy(m);
}

/* rule: EMU-TIME-6 */
static void engines_follow_their_due_times_by_default_and_any_order_by_choice(void **state)
{
    (void)state;
    struct timers ts;
    struct bare_picker picker;
    uint64_t seed = 77;
    bool seen[3] = {false}, event_first = false, event_last = false;
    struct emu_machine *m = bare_machine(NULL);
    set_up(m, &ts);
    emu_engine_start(m, &ts.timer[0].engine, 300);
    emu_engine_start(m, &ts.timer[1].engine, 100);
    emu_engine_start(m, &ts.timer[2].engine, 200);
    emu_event_start(m, &ts.timer[3].event, 150);
    assert_int_equal(emu_next_due(m), 100);
    bare_assert_idle(m);
    assert_string_equal(ts.log.text, "bdca");
    assert_int_equal(emu_now(m), 300);

    bare_pick_with(m, &picker, bare_random, &seed);
    for (int run = 0; run < 100; run++) {
        set_up(m, &ts);
        emu_engine_start(m, &ts.timer[0].engine, 300);
        emu_engine_start(m, &ts.timer[1].engine, 100);
        emu_engine_start(m, &ts.timer[2].engine, 200);
        emu_event_start(m, &ts.timer[3].event, 150);
        bare_assert_idle(m);
        assert_int_equal(ts.log.length, 4);
        assert_int_equal(emu_now(m), 300);
        if (ts.log.text[0] != 'd')
            seen[ts.log.text[0] - 'a'] = true;
        event_first = event_first || ts.log.text[0] == 'd';
        event_last = event_last || ts.log.text[3] == 'd';
    }
    assert_true(seen[0] && seen[1] && seen[2] && event_first && event_last);
    emu_machine_destroy(m);
}

/* rule: EMU-TIME-6 */
static void an_engine_runs_once_a_start_and_not_after_a_stop(void **state)
{
    (void)state;
    struct timers ts;
    struct emu_machine *m = bare_machine(NULL);
    set_up(m, &ts);
    ts.timer[0].again = 3;
    ts.timer[0].period = 10;
    emu_engine_start(m, &ts.timer[0].engine, 5);
    emu_engine_start(m, &ts.timer[1].engine, 6);
    emu_engine_start(m, &ts.timer[2].engine, 7);
    emu_engine_start(m, &ts.timer[2].engine, 50);
    emu_engine_stop(m, &ts.timer[1].engine);
    emu_engine_stop(m, &ts.timer[1].engine);
    assert_true(emu_engine_started(&ts.timer[0].engine));
    assert_false(emu_engine_started(&ts.timer[1].engine));
    bare_assert_idle(m);
    assert_string_equal(ts.log.text, "aaaac");
    assert_int_equal(ts.timer[0].fired_at, 35);
    assert_int_equal(ts.timer[2].fired_at, 50);
    emu_machine_destroy(m);
}

struct stallers {
    uint64_t from, to;
    uint64_t length;
};

static void stall_for(void *arg)
{
    struct stallers *s = arg;
    s->from = emu_now(emu_current());
    emu_stall(emu_current(), s->length);
    s->to = emu_now(emu_current());
}

/* rule: EMU-TIME-7 */
static void stalling_takes_its_time_while_others_go_on(void **state)
{
    (void)state;
    struct stallers s[] = {{0, 0, 500}, {0, 0, 200}, {0, 0, 0}};
    struct emu_machine *m = bare_processors(3);
    for (unsigned i = 0; i < 3; i++)
        bare_start(m, "stalls", i, stall_for, &s[i]);
    bare_assert_idle(m);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(s[i].from, 0);
        assert_true(s[i].to >= s[i].length);
    }
    assert_int_equal(s[0].to, 500);
    assert_int_equal(s[1].to, 200);
    emu_machine_destroy(m);
}

/* rule: EMU-TIME-8 */
static void what_is_due_after_the_time_limit_stays_undone(void **state)
{
    (void)state;
    struct timers ts;
    uint64_t end = 0;
    struct emu_machine *m = bare_machine(NULL);
    set_up(m, &ts);
    emu_set_time_limit(m, 100);
    emu_event_start(m, &ts.timer[0].event, 100);
    emu_event_start(m, &ts.timer[1].event, 101);
    emu_engine_start(m, &ts.timer[2].engine, 150);
    bare_start(m, "stalls", 0, stall_thousand, &end);
    assert_int_equal(emu_machine_run(m, 0), EMU_STOP_WAIT);
    assert_string_equal(ts.log.text, "a");
    assert_int_equal(emu_next_due(m), 101);
    emu_advance_clock(m, 500);
    assert_int_equal(emu_now(m), 101);
    emu_set_time_limit(m, 150);
    assert_int_equal(emu_machine_run(m, 0), EMU_STOP_WAIT);
    assert_string_equal(ts.log.text, "abc");
    emu_set_time_limit(m, EMU_NEVER);
    bare_assert_idle(m);
    assert_int_equal(end, 1000);
    emu_machine_reset(m);
    set_up(m, &ts);
    emu_event_start(m, &ts.timer[0].event, UINT32_MAX);
    bare_assert_idle(m);
    emu_machine_destroy(m);
}

/* rule: EMU-TIME-8 */
static void a_machine_with_only_background_events_left_is_idle_under_a_limit_too(void **state)
{
    (void)state;
    static const uint64_t limits[] = {5, 10, 1000, EMU_NEVER};
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        struct timers ts;
        struct emu_machine *m = bare_machine(NULL);
        set_up(m, &ts);
        ts.timer[0].event.background = true;
        emu_event_start(m, &ts.timer[0].event, 10);
        emu_set_time_limit(m, limits[i]);
        assert_int_equal(emu_machine_run(m, 0), EMU_STOP_IDLE);
        assert_int_equal(ts.timer[0].fired, 0);
        emu_machine_destroy(m);
    }
}

/* rule: EMU-TIME-1 */
static void thousands_of_random_starts_and_stops_agree_with_a_plain_list(void **state)
{
    (void)state;
    enum { EVENTS = 500, DEEDS = 5000 };
    static struct emu_event events[EVENTS];
    uint64_t seed = 2718281828;
    unsigned fired = 0;
    uint64_t due[EVENTS];
    struct timers ts;
    struct emu_machine *m = bare_machine(NULL);
    set_up(m, &ts);
    for (unsigned i = 0; i < EVENTS; i++) {
        emu_event_init(m, &events[i], "event", fire, &ts.timer[0]);
        due[i] = EMU_NEVER;
    }
    for (unsigned deed = 0; deed < DEEDS; deed++) {
        unsigned i = bare_draw(&seed) % EVENTS;
        if (bare_draw(&seed) % 3 != 0) {
            due[i] = bare_draw(&seed) % 1000;
            emu_event_start(m, &events[i], due[i]);
        } else {
            assert_int_equal(emu_event_stop(m, &events[i]), due[i] != EMU_NEVER);
            due[i] = EMU_NEVER;
        }
        uint64_t least = EMU_NEVER;
        for (unsigned k = 0; k < EVENTS; k++)
            least = due[k] < least ? due[k] : least;
        assert_true(emu_next_due(m) == least);
    }
    for (unsigned k = 0; k < EVENTS; k++)
        fired += due[k] != EMU_NEVER;
    bare_assert_idle(m);
    assert_int_equal(ts.timer[0].fired, fired);
    emu_machine_destroy(m);
}

static void step_in_callback(struct emu_machine *m, void *context)
{
    (void)context;
    emu_step(m, OP_WORK, EMU_NO_OBJECT, 0);
    emu_step(m, OP_WORK, EMU_NO_OBJECT, 0);
}

static void run_step_in_callback(void *arg)
{
    struct emu_event e;
    struct emu_machine *m = arg;
    emu_event_init(m, &e, "event", step_in_callback, NULL);
    emu_event_start(m, &e, 10);
    bare_start(m, "other", 0, stall_thousand, &(uint64_t){0});
    emu_machine_run(m, 0);
}

/* rule: EMU-TIME-9 */
static void a_callback_that_steps_is_an_error_of_the_emulator(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    assert_int_equal(bare_dies_of(run_step_in_callback, m), SIGABRT);
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_fire_in_order_of_their_due_times_and_move_the_clock),
        cmocka_unit_test(ties_fire_in_order_of_start_by_default_and_in_any_order_by_choice),
        cmocka_unit_test(a_stopped_event_does_not_fire),
        cmocka_unit_test(a_callback_may_stop_what_ties_with_it),
        cmocka_unit_test(a_restart_moves_an_event_and_a_past_time_is_now),
        cmocka_unit_test(a_callback_may_restart_its_own_event),
        cmocka_unit_test(background_events_do_not_keep_a_machine_awake),
        cmocka_unit_test(background_events_fire_while_somebody_must_finish),
        cmocka_unit_test(engines_follow_their_due_times_by_default_and_any_order_by_choice),
        cmocka_unit_test(an_engine_runs_once_a_start_and_not_after_a_stop),
        cmocka_unit_test(stalling_takes_its_time_while_others_go_on),
        cmocka_unit_test(what_is_due_after_the_time_limit_stays_undone),
        cmocka_unit_test(a_machine_with_only_background_events_left_is_idle_under_a_limit_too),
        cmocka_unit_test(thousands_of_random_starts_and_stops_agree_with_a_plain_list),
        cmocka_unit_test(a_callback_that_steps_is_an_error_of_the_emulator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
