/*
 * A machine on a libuv loop: how long it holds the loop, how others stay live beside it, how it ends.
 */
#include "tests/emu/loop_host.h"

/* ---- A loop of its own ----------------------------------------------------------------------------- */

static void an_own_loop_runs_the_machine_until_it_is_idle(void **state)
{
    (void)state;
    struct host h = {.rounds = 1000};
    make_machine(&h);
    start_worker(&h);
    attach(&h, NULL);
    assert_int_equal(emu_loop_run(h.loop), EMU_STOP_IDLE);
    assert_true(emu_steps(h.m) >= 1000);
    assert_int_equal(h.stops, 1);
    assert_int_equal(h.why, EMU_STOP_IDLE);
    uint64_t hash = emu_trace_hash(h.m);
    for (int i = 0; i < 3; i++) {
        emu_machine_reset(h.m);
        start_worker(&h);
        assert_int_equal(emu_loop_run(h.loop), EMU_STOP_IDLE);
        assert_true(emu_trace_hash(h.m) == hash);
    }
    close_now(&h);
}

static void a_finding_stops_the_loop(void **state)
{
    (void)state;
    struct host h = {0};
    make_machine(&h);
    assert_non_null(
        emu_strand_start(h.m, &(struct emu_strand_config){.name = "fails", .fn = fails, .arg = &h}));
    attach(&h, NULL);
    assert_int_equal(emu_loop_run(h.loop), EMU_STOP_FINDING);
    assert_int_equal(h.why, EMU_STOP_FINDING);
    assert_int_equal(h.stops, 1);
    assert_non_null(emu_machine_finding(h.m));
    /* Nothing but a reset leads on. */
    assert_int_equal(emu_loop_run(h.loop), EMU_STOP_FINDING);
    assert_int_equal(h.stops, 1);
    emu_machine_reset(h.m);
    h.rounds = 10;
    start_worker(&h);
    assert_int_equal(emu_loop_run(h.loop), EMU_STOP_IDLE);
    close_now(&h);
}

/* ---- The caller's loop ----------------------------------------------------------------------------- */

static void other_handles_stay_live_while_a_machine_runs(void **state)
{
    (void)state;
    struct host h = {0};
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    make_machine(&h);
    start_worker(&h);
    attach(&h, &loop);
    start_timer(&h, &loop);
    /* The worker works until the timer has ticked three times: without turns it would never end. */
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(h.ticks, 3);
    assert_int_equal(h.stops, 1);
    close_now(&h);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void an_idle_machine_does_not_hold_the_loop(void **state)
{
    (void)state;
    struct host h = {.rounds = 10};
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    make_machine(&h);
    attach(&h, &loop);
    assert_true(uv_loop_alive(&loop));
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(h.stops, 1);
    assert_false(uv_loop_alive(&loop));
    /* A post without a function makes it look again. */
    start_worker(&h);
    assert_true(emu_loop_post(h.loop, NULL, NULL));
    assert_true(uv_loop_alive(&loop));
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(h.stops, 2);
    assert_true(emu_steps(h.m) >= 10);
    close_now(&h);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void count_steps(uv_check_t *check)
{
    struct host *h = check->data;
    h->ticks++;
    uint64_t steps = emu_steps(h->m);
    assert_true(steps - h->entered_at <= STEPS_PER_TURN + 16);
    h->entered_at = steps;
}

static void a_turn_has_a_budget_of_steps(void **state)
{
    (void)state;
    struct host h = {.rounds = 50 * STEPS_PER_TURN};
    uv_loop_t loop;
    uv_check_t check;
    assert_int_equal(uv_loop_init(&loop), 0);
    make_machine(&h);
    start_worker(&h);
    attach(&h, &loop);
    assert_int_equal(uv_check_init(&loop, &check), 0);
    check.data = &h;
    assert_int_equal(uv_check_start(&check, count_steps), 0);
    uv_unref((uv_handle_t *)&check);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_in_range(h.ticks, 45, 60);
    uv_close((uv_handle_t *)&check, NULL);
    close_now(&h);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void two_machines_share_a_loop(void **state)
{
    (void)state;
    struct host a = {.rounds = 20 * STEPS_PER_TURN};
    struct host b = {.rounds = 40 * STEPS_PER_TURN};
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    make_machine(&a);
    make_machine(&b);
    start_worker(&a);
    start_worker(&b);
    attach(&a, &loop);
    attach(&b, &loop);
    for (int i = 0; i < 10; i++) {
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    assert_true(emu_steps(a.m) > STEPS_PER_TURN && emu_steps(b.m) > STEPS_PER_TURN);
    assert_int_equal(a.stops + b.stops, 0);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(a.stops, 1);
    assert_int_equal(b.stops, 1);
    emu_loop_close(a.loop, on_closed, &a);
    close_now(&b);
    assert_int_equal(a.closes, 1);
    emu_machine_destroy(a.m);
    assert_int_equal(uv_loop_close(&loop), 0);
}

/* ---- The end --------------------------------------------------------------------------------------- */

static void closing_from_stopped_ends_the_loop(void **state)
{
    (void)state;
    for (int own = 0; own < 2; own++) {
        struct host h = {.rounds = 10, .close_when_stopped = true, .reset_when_stopped = true};
        uv_loop_t loop;
        assert_int_equal(uv_loop_init(&loop), 0);
        make_machine(&h);
        start_worker(&h);
        attach(&h, own ? NULL : &loop);
        if (own) {
            assert_int_equal(emu_loop_run(h.loop), EMU_STOP_IDLE);
        } else {
            assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
        }
        assert_int_equal(h.stops, 2);
        assert_int_equal(h.closes, 1);
        emu_machine_destroy(h.m);
        assert_int_equal(uv_loop_close(&loop), 0);
    }
}

static void closes(struct emu_machine *m, void *arg)
{
    struct host *h = arg;
    h->steps_at_close = emu_steps(m);
    emu_loop_close(h->loop, on_closed, h);
    assert_false(emu_loop_post(h->loop, input, h));
}

static void closing_from_an_input_ends_the_loop(void **state)
{
    (void)state;
    struct host h = {0};
    make_machine(&h);
    start_worker(&h);
    attach(&h, NULL);
    assert_true(emu_loop_post(h.loop, closes, &h));
    assert_true(emu_loop_post(h.loop, input, &h));
    assert_int_equal(emu_loop_run(h.loop), EMU_STOP_BUDGET);
    assert_int_equal(h.closes, 1);
    assert_int_equal(h.entered, 0);
    assert_int_equal(h.stops, 0);
    assert_true(emu_steps(h.m) == h.steps_at_close);
    emu_machine_destroy(h.m);
}

static void closing_ends_a_machine_that_runs_waits_or_never_ran(void **state)
{
    (void)state;
    emu_loop_close(NULL, NULL, NULL);
    /* Never ran, on a loop of its own. */
    struct host fresh = {.rounds = 10};
    make_machine(&fresh);
    attach(&fresh, NULL);
    close_now(&fresh);
    /* In the middle of its work. */
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    struct host busy = {0};
    make_machine(&busy);
    start_worker(&busy);
    attach(&busy, &loop);
    uv_run(&loop, UV_RUN_NOWAIT);
    close_now(&busy);
    assert_int_equal(busy.stops, 0);
    /* Waiting for the wall clock. */
    struct host waiting = {.options.pace = 1e-3};
    struct alarm alarm = {0};
    make_machine(&waiting);
    set_alarm(&waiting, &alarm);
    attach(&waiting, &loop);
    uv_run(&loop, UV_RUN_NOWAIT);
    uv_run(&loop, UV_RUN_NOWAIT);
    emu_loop_close(waiting.loop, on_closed, &waiting);
    assert_int_equal(waiting.closes, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(waiting.closes, 1);
    assert_int_equal(alarm.fired, 0);
    /* The machine goes on without the loop, without its time limit. */
    assert_int_equal(emu_machine_run(waiting.m, 0), EMU_STOP_IDLE);
    assert_int_equal(alarm.fired, 3);
    emu_machine_destroy(waiting.m);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void closing_twice_is_an_error_as_with_libuv(void **state)
{
    (void)state;
    struct host h = {0};
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    make_machine(&h);
    attach(&h, &loop);
    emu_loop_close(h.loop, on_closed, &h);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        fclose(stderr);
        emu_loop_close(h.loop, NULL, NULL);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(h.closes, 1);
    emu_machine_destroy(h.m);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void an_impossible_pace_is_refused(void **state)
{
    (void)state;
    static const double paces[] = {-1.0, 1e10, 1e300 * 1e300, 0.0 * (1e300 * 1e300)};
    struct host h = {0};
    make_machine(&h);
    for (size_t i = 0; i < sizeof paces / sizeof paces[0]; i++) {
        const char *error = NULL;
        const struct emu_loop_options options = {.pace = paces[i]};
        assert_null(emu_loop_attach(h.m, &options, &error));
        assert_non_null(error);
        assert_non_null(strstr(error, "pace"));
    }
    emu_machine_destroy(h.m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_own_loop_runs_the_machine_until_it_is_idle),
        cmocka_unit_test(a_finding_stops_the_loop),
        cmocka_unit_test(other_handles_stay_live_while_a_machine_runs),
        cmocka_unit_test(an_idle_machine_does_not_hold_the_loop),
        cmocka_unit_test(a_turn_has_a_budget_of_steps),
        cmocka_unit_test(two_machines_share_a_loop),
        cmocka_unit_test(closing_from_stopped_ends_the_loop),
        cmocka_unit_test(closing_from_an_input_ends_the_loop),
        cmocka_unit_test(closing_ends_a_machine_that_runs_waits_or_never_ran),
        cmocka_unit_test(closing_twice_is_an_error_as_with_libuv),
        cmocka_unit_test(an_impossible_pace_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
