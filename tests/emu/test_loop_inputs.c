/*
 * A machine on a libuv loop: what comes in from other threads, how it is replayed, how paced time passes.
 */
#include "tests/emu/loop_host.h"

/* ---- Inputs ---------------------------------------------------------------------------------------- */

static void what_another_thread_posts_enters_on_the_loops_thread(void **state)
{
    (void)state;
    struct host h = {0};
    uv_thread_t thread;
    make_machine(&h);
    start_worker(&h);
    attach(&h, NULL);
    assert_int_equal(uv_thread_create(&thread, post_all, &h), 0);
    assert_int_equal(emu_loop_run(h.loop), EMU_STOP_IDLE);
    assert_int_equal(uv_thread_join(&thread), 0);
    assert_int_equal(h.entered, INPUTS);
    assert_false(h.entered_inside);
    uv_thread_t self = uv_thread_self();
    assert_true(uv_thread_equal(&h.entered_on, &self));
    close_now(&h);
}

static void a_post_wakes_an_idle_machine(void **state)
{
    (void)state;
    struct host h = {.rounds = 1};
    uv_loop_t loop;
    uv_thread_t thread;
    assert_int_equal(uv_loop_init(&loop), 0);
    make_machine(&h);
    attach(&h, &loop);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(h.stops, 1);
    /* The timer of the host keeps the loop waiting; the machine sleeps meanwhile. */
    h.timer.data = &h;
    uv_timer_init(&loop, &h.timer);
    uv_timer_start(&h.timer, tick, 10000, 0);
    assert_int_equal(uv_thread_create(&thread, post_all, &h), 0);
    while (h.entered < INPUTS) {
        uv_run(&loop, UV_RUN_ONCE);
    }
    assert_int_equal(uv_thread_join(&thread), 0);
    uv_close((uv_handle_t *)&h.timer, NULL);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_true(h.stops > 1);
    assert_int_equal(h.ticks, 0);
    close_now(&h);
    assert_int_equal(uv_loop_close(&loop), 0);
}

/* A run whose inputs came when they came. */
struct recording {
    double pace;
    struct emu_record record;
    uint64_t hash;
    uint64_t entered_at;
};

/*
 * Unpaced: a worker that works until the last input is in. Paced: a short one, and an alarm every 10
 * milliseconds.
 */
static void prepare(struct host *h, struct alarm *alarm)
{
    make_machine(h);
    if (h->options.pace > 0) {
        h->rounds = 3 * STEPS_PER_TURN;
        set_alarm(h, alarm);
    }
    start_worker(h);
}

/* Runs until the last input is in and the machine is idle, whatever time it takes them to come. */
static void run_all(struct host *h)
{
    assert_int_equal(emu_loop_run(h->loop), EMU_STOP_IDLE);
    while (h->entered < INPUTS) {
        uv_sleep(1);
        assert_int_equal(emu_loop_run(h->loop), EMU_STOP_IDLE);
    }
}

static void record_live(struct recording *r)
{
    struct host h = {.options.pace = r->pace};
    struct alarm alarm = {0};
    uv_thread_t thread;
    prepare(&h, &alarm);
    attach(&h, NULL);
    assert_int_equal(uv_thread_create(&thread, post_all, &h), 0);
    run_all(&h);
    assert_int_equal(uv_thread_join(&thread), 0);
    emu_record_init(&r->record);
    emu_record_copy(&r->record, emu_machine_record(h.m));
    r->hash = emu_trace_hash(h.m);
    r->entered_at = h.entered_at;
    close_now(&h);
}

/*
 * Replays it at a pace of its own, with the inputs posted before the first step or whenever another thread
 * gets to it.
 */
static void replay(const struct recording *r, double pace, bool from_thread)
{
    struct host h = {.options.pace = pace};
    struct alarm alarm = {0};
    uv_thread_t thread;
    struct emu_strategy *s = emu_strategy_replay(&r->record, true);
    assert_non_null(s);
    prepare(&h, &alarm);
    emu_machine_set_strategy(h.m, s);
    s->begin(s, 0);
    attach(&h, NULL);
    if (from_thread) {
        assert_int_equal(uv_thread_create(&thread, post_all, &h), 0);
    } else {
        for (unsigned i = 0; i < INPUTS; i++) {
            assert_true(emu_loop_post(h.loop, input, &h));
        }
    }
    run_all(&h);
    if (from_thread) {
        assert_int_equal(uv_thread_join(&thread), 0);
    }
    assert_false(emu_strategy_divergence(s)->diverged);
    assert_true(emu_trace_hash(h.m) == r->hash);
    assert_true(h.entered_at == r->entered_at);
    emu_machine_set_strategy(h.m, NULL);
    close_now(&h);
    emu_strategy_destroy(s);
}

static void inputs_enter_a_replay_where_they_entered_the_recorded_run(void **state)
{
    (void)state;
    struct recording r = {.pace = 0};
    record_live(&r);
    unsigned taken = 0;
    unsigned held = 0;
    for (size_t i = 0; i < r.record.length; i++) {
        const struct emu_choice *c = &r.record.choices[i];
        if (c->kind == EMU_CHOICE_INPUT) {
            taken += c->value;
            held += !c->value;
        }
    }
    assert_int_equal(taken, INPUTS);
    assert_true(held > 0);
    replay(&r, 0, false);
    replay(&r, 0, true);
    emu_record_free(&r.record);
}

static void posts_itself(struct emu_machine *m, void *arg)
{
    struct host *h = arg;
    input(m, arg);
    if (h->entered < INPUTS) {
        assert_true(emu_loop_post(h->loop, posts_itself, h));
    }
}

static void an_input_may_post_the_next(void **state)
{
    (void)state;
    struct host h = {0};
    make_machine(&h);
    start_worker(&h);
    attach(&h, NULL);
    assert_true(emu_loop_post(h.loop, posts_itself, &h));
    assert_int_equal(emu_loop_run(h.loop), EMU_STOP_IDLE);
    assert_int_equal(h.entered, INPUTS);
    close_now(&h);
}

static void posts(void *arg)
{
    struct host *h = arg;
    rig_expect(emu_loop_post(h->loop, input, h));
}

static void what_waits_when_the_machine_is_idle_enters_before_the_loop_ends(void **state)
{
    (void)state;
    struct host h = {0};
    make_machine(&h);
    assert_non_null(
        emu_strand_start(h.m, &(struct emu_strand_config){.name = "posts", .fn = posts, .arg = &h}));
    attach(&h, NULL);
    assert_int_equal(emu_loop_run(h.loop), EMU_STOP_IDLE);
    assert_int_equal(h.entered, 1);
    assert_int_equal(h.stops, 1);
    close_now(&h);
}

static void runs_into_a_finding(struct emu_machine *m, void *arg)
{
    struct host *h = arg;
    emu_strand_start(m, &(struct emu_strand_config){.name = "fails", .fn = fails, .arg = h});
    assert_int_equal(emu_machine_run(m, 0), EMU_STOP_FINDING);
    h->record_length = emu_machine_record(m)->length;
}

static void an_input_may_run_the_machine_into_a_finding(void **state)
{
    (void)state;
    struct host h = {0};
    make_machine(&h);
    attach(&h, NULL);
    assert_true(emu_loop_post(h.loop, runs_into_a_finding, &h));
    assert_int_equal(emu_loop_run(h.loop), EMU_STOP_FINDING);
    assert_int_equal(h.stops, 1);
    assert_int_equal(h.why, EMU_STOP_FINDING);
    /* Nothing is asked of a machine that was stopped for a finding. */
    assert_int_equal(emu_machine_record(h.m)->length, h.record_length);
    close_now(&h);
}

static void resets(struct emu_machine *m, void *arg)
{
    struct host *h = arg;
    emu_machine_reset(m);
    h->rounds = 10;
    start_worker(h);
}

static void an_input_may_reset_a_machine_with_a_finding(void **state)
{
    (void)state;
    struct host h = {0};
    make_machine(&h);
    assert_non_null(
        emu_strand_start(h.m, &(struct emu_strand_config){.name = "fails", .fn = fails, .arg = &h}));
    attach(&h, NULL);
    assert_int_equal(emu_loop_run(h.loop), EMU_STOP_FINDING);
    assert_true(emu_loop_post(h.loop, resets, &h));
    assert_int_equal(emu_loop_run(h.loop), EMU_STOP_IDLE);
    assert_true(emu_steps(h.m) >= 10);
    close_now(&h);
}

/* ---- Paced ----------------------------------------------------------------------------------------- */

static uint64_t time_paced(double pace)
{
    struct host h = {.options.pace = pace, .rounds = 10};
    struct alarm alarm = {0};
    make_machine(&h);
    start_worker(&h);
    set_alarm(&h, &alarm);
    uint64_t began = uv_hrtime();
    attach(&h, NULL);
    assert_int_equal(emu_loop_run(h.loop), EMU_STOP_IDLE);
    assert_int_equal(alarm.fired, 3);
    assert_true(emu_now(h.m) == 30 * EMU_MILLISECOND);
    close_now(&h);
    return alarm.fired_at - began;
}

static void paced_time_follows_the_wall_clock(void **state)
{
    (void)state;
    uint64_t whole = time_paced(1.0);
    assert_true(whole >= 30 * EMU_MILLISECOND);
    assert_true(whole < 10 * EMU_SECOND);
    uint64_t fifth = time_paced(5.0);
    assert_true(fifth >= 6 * EMU_MILLISECOND);
    assert_true(time_paced(0) < 30 * EMU_MILLISECOND);
}

static void paced_time_begins_again_after_a_reset(void **state)
{
    (void)state;
    struct host h = {.options.pace = 1.0};
    make_machine(&h);
    attach(&h, NULL);
    for (int i = 0; i < 2; i++) {
        struct alarm alarm = {0};
        emu_machine_reset(h.m);
        set_alarm(&h, &alarm);
        uint64_t began = uv_hrtime();
        assert_int_equal(emu_loop_run(h.loop), EMU_STOP_IDLE);
        assert_int_equal(alarm.fired, 3);
        /* The clocks were put together when the machine was attached, or at the first turn after the reset.
         */
        assert_true(alarm.fired_at - began >= 25 * EMU_MILLISECOND);
    }
    close_now(&h);
}

static void a_paced_machine_waits_without_holding_up_the_loop(void **state)
{
    (void)state;
    struct host h = {.options.pace = 1.0};
    struct alarm alarm = {0};
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    make_machine(&h);
    set_alarm(&h, &alarm);
    attach(&h, &loop);
    start_timer(&h, &loop);
    unsigned turns = 0;
    while (uv_run(&loop, UV_RUN_ONCE)) {
        turns++;
    }
    assert_int_equal(h.ticks, 3);
    assert_int_equal(alarm.fired, 3);
    assert_int_equal(h.stops, 1);
    assert_true(turns < 1000); /* it sleeps, it does not spin */
    close_now(&h);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void beats_for_ever(struct emu_machine *m, void *context)
{
    struct alarm *alarm = context;
    alarm->fired++;
    emu_event_start(m, &alarm->event, emu_now(m) + EMU_MILLISECOND);
}

static void what_beats_for_ever_in_the_background_holds_no_loop(void **state)
{
    (void)state;
    struct host h = {.options.pace = 1.0};
    struct alarm alarm = {0};
    struct alarm background = {0};
    make_machine(&h);
    set_alarm(&h, &alarm);
    emu_event_init(h.m, &background.event, "heartbeat", beats_for_ever, &background);
    background.event.background = true;
    emu_event_start(h.m, &background.event, EMU_MILLISECOND);
    attach(&h, NULL);
    assert_int_equal(emu_loop_run(h.loop), EMU_STOP_IDLE);
    assert_int_equal(alarm.fired, 3);
    assert_in_range(background.fired, 25, 35);
    close_now(&h);
}

static void a_paced_input_finds_the_clock_where_the_wall_clock_is(void **state)
{
    (void)state;
    struct host h = {.options.pace = 1.0};
    make_machine(&h);
    attach(&h, NULL);
    assert_int_equal(emu_loop_run(h.loop), EMU_STOP_IDLE);
    uv_sleep(10);
    assert_true(emu_loop_post(h.loop, input, &h));
    assert_int_equal(emu_loop_run(h.loop), EMU_STOP_IDLE);
    assert_int_equal(h.entered, 1);
    assert_true(h.entered_at >= 9 * EMU_MILLISECOND);
    close_now(&h);
}

static void paced_inputs_enter_a_replay_at_the_same_time(void **state)
{
    (void)state;
    struct recording r = {.pace = 1.0};
    record_live(&r);
    assert_true(r.entered_at >= INPUTS * POST_EVERY_MS * EMU_MILLISECOND - EMU_MILLISECOND);
    /* At another pace, and with the inputs at other times, it is the same run. */
    replay(&r, 1e6, false);
    replay(&r, 1e6, true);
    replay(&r, 0.5, true);
    replay(&r, 0.5, false);
    emu_record_free(&r.record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_another_thread_posts_enters_on_the_loops_thread),
        cmocka_unit_test(a_post_wakes_an_idle_machine),
        cmocka_unit_test(inputs_enter_a_replay_where_they_entered_the_recorded_run),
        cmocka_unit_test(an_input_may_post_the_next),
        cmocka_unit_test(what_waits_when_the_machine_is_idle_enters_before_the_loop_ends),
        cmocka_unit_test(an_input_may_run_the_machine_into_a_finding),
        cmocka_unit_test(an_input_may_reset_a_machine_with_a_finding),
        cmocka_unit_test(paced_time_follows_the_wall_clock),
        cmocka_unit_test(paced_time_begins_again_after_a_reset),
        cmocka_unit_test(a_paced_machine_waits_without_holding_up_the_loop),
        cmocka_unit_test(what_beats_for_ever_in_the_background_holds_no_loop),
        cmocka_unit_test(a_paced_input_finds_the_clock_where_the_wall_clock_is),
        cmocka_unit_test(paced_inputs_enter_a_replay_at_the_same_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
