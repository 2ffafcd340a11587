/*
 * The scheduler: deadlock, livelock and fairness.
 */
#include "bare.h"
#include "lock.h"

/* ---- Deadlock ---- */

struct crossing {
    struct lock left, right;
    bool ran[2];
};

static void take_left_then_right(void *arg)
{
    struct crossing *c = arg;
    struct emu_machine *m = emu_current();
    lock_acquire(m, &c->left);
    bare_work(0);
    lock_acquire(m, &c->right);
    lock_release(m, &c->right);
    lock_release(m, &c->left);
    c->ran[0] = true;
}

static void take_right_then_left(void *arg)
{
    struct crossing *c = arg;
    struct emu_machine *m = emu_current();
    lock_acquire(m, &c->right);
    bare_work(0);
    lock_acquire(m, &c->left);
    lock_release(m, &c->left);
    lock_release(m, &c->right);
    c->ran[1] = true;
}

/* Goes on with another processor whenever there is one. */
static uint32_t alternate(void *context, const struct emu_decision *d)
{
    (void)context;
    return d->count - 1;
}

/* rule: EMU-SCHED-1 */
static void two_strands_crossing_two_locks_are_a_deadlock_that_names_both(void **state)
{
    (void)state;
    struct crossing c = {0};
    struct bare_picker picker;
    struct emu_machine *m = bare_machine(NULL);
    bare_pick_with(m, &picker, alternate, NULL);
    emu_object_name(m, emu_object_at(m, &c.left, "lock"), "left lock");
    bare_start(m, "driver one", 0, take_left_then_right, &c);
    bare_start(m, "driver two", 1, take_right_then_left, &c);
    bare_assert_finding(m, "deadlock",
                        (const char *const[]){"driver one on processor 0 waits for lock#1 (lock)",
                                              "driver two on processor 1 waits for left lock (lock)", NULL});
    assert_false(c.ran[0] || c.ran[1]);
    assert_int_equal(emu_machine_run(m, 0), EMU_STOP_FINDING);
    emu_machine_destroy(m);
}

/* rule: EMU-SCHED-1 */
static void the_same_strands_one_after_the_other_are_no_deadlock(void **state)
{
    (void)state;
    struct crossing c = {0};
    struct emu_machine *m = bare_machine(NULL);
    bare_start(m, "driver one", 0, take_left_then_right, &c);
    bare_start(m, "driver two", 1, take_right_then_left, &c);
    bare_assert_idle(m);
    assert_true(c.ran[0] && c.ran[1]);
    emu_machine_destroy(m);
}

static void wait_for_ever(void *arg)
{
    struct emu_machine *m = emu_current();
    emu_strand_block(m, OP_WAIT, emu_object_at(m, arg, "event"));
}

/* rule: EMU-SCHED-1 */
static void strands_blocked_for_ever_are_a_deadlock_that_names_all(void **state)
{
    (void)state;
    char a, b, c;
    struct emu_machine *m = bare_machine(NULL);
    bare_start(m, "reader", 1, wait_for_ever, &a);
    bare_start(m, "writer", 1, wait_for_ever, &b);
    emu_strand_start(m, &(struct emu_strand_config){.name = "server", .fn = wait_for_ever, .arg = &c});
    bare_assert_finding(m, "deadlock",
                        (const char *const[]){"reader on processor 1 waits for event#2 (wait)",
                                              "writer on processor 1 waits for event#3 (wait)", NULL});
    assert_null(strstr(emu_machine_finding(m)->message, "server"));
    emu_machine_destroy(m);
}

/* rule: EMU-SCHED-2 */
static void one_who_need_not_finish_may_wait_for_ever(void **state)
{
    (void)state;
    char a;
    struct emu_machine *m = bare_machine(NULL);
    emu_strand_start(m, &(struct emu_strand_config){.name = "server", .fn = wait_for_ever, .arg = &a});
    bare_assert_idle(m);
    emu_machine_destroy(m);
}

static void take_twice(void *arg)
{
    struct lock *l = arg;
    struct emu_machine *m = emu_current();
    lock_acquire(m, l);
    lock_acquire(m, l);
}

/* rule: EMU-SCHED-1 */
static void a_lock_taken_twice_by_one_strand_is_a_deadlock(void **state)
{
    (void)state;
    struct lock lock = {0};
    struct emu_machine *m = bare_processors(1);
    bare_start(m, "greedy", 0, take_twice, &lock);
    bare_start(m, "bystander", 0, take_twice, &lock);
    bare_assert_finding(m, "deadlock",
                        (const char *const[]){"greedy on processor 0 waits for lock#1 (lock)", NULL});
    assert_int_equal(emu_machine_finding(m)->cpu, 0);
    emu_machine_destroy(m);
}

static void spin_in_handler(struct emu_machine *m, void *context)
{
    lock_acquire(m, context);
}

struct interrupted_holder {
    struct lock lock;
    emu_line line;
};

static void hold_and_raise(void *arg)
{
    struct interrupted_holder *h = arg;
    struct emu_machine *m = emu_current();
    lock_acquire(m, &h->lock);
    emu_line_raise(m, h->line);
    bare_work(0);
    bare_work(1);
    lock_release(m, &h->lock);
}

static uint32_t prefer_deliver(void *context, const struct emu_decision *d)
{
    (void)context;
    int at = bare_find(d, EMU_ACTION_DELIVER);
    return at < 0 ? 0 : (uint32_t)at;
}

/* rule: EMU-SCHED-1 */
static void a_handler_that_spins_on_a_lock_held_beneath_it_is_a_deadlock(void **state)
{
    (void)state;
    struct interrupted_holder h = {0};
    struct bare_picker picker;
    struct emu_machine *m = bare_processors(1);
    bare_pick_with(m, &picker, prefer_deliver, NULL);
    h.line = emu_line_add(m, &(struct emu_line_config){.level = 5});
    emu_line_connect(m, h.line, spin_in_handler, &h.lock);
    bare_start(m, "holder", 0, hold_and_raise, &h);
    bare_assert_finding(m, "deadlock",
                        (const char *const[]){"holder on processor 0 waits for lock#1 (lock)", NULL});
    assert_int_equal(emu_machine_finding(m)->level, 5);
    emu_machine_destroy(m);
}

/* ---- Livelock ---- */

static void poll_for_ever(void *arg)
{
    const volatile bool *flag = arg;
    struct emu_machine *m = emu_current();
    emu_object object = emu_object_at(m, arg, "flag");
    while (!*flag)
        emu_step(m, OP_POLL, object, 0);
}

/* rule: EMU-SCHED-3 */
static void a_poll_without_end_is_a_livelock_at_the_step_limit(void **state)
{
    (void)state;
    bool never = false;
    struct emu_machine *m = bare_machine(&(struct emu_config){.step_limit = 5000});
    bare_start(m, "poller", 1, poll_for_ever, &never);
    bare_assert_finding(m, "livelock",
                        (const char *const[]){"5000 steps", "poller on processor 1 at poll of flag#1", NULL});
    assert_int_equal(emu_machine_finding(m)->step, 5000);
    emu_machine_destroy(m);
}

static void storm(struct emu_machine *m, void *context)
{
    (void)m;
    ++*(unsigned *)context;
}

/* rule: EMU-SCHED-3 */
static void an_interrupt_storm_is_a_livelock(void **state)
{
    (void)state;
    unsigned count = 0;
    struct emu_machine *m = bare_machine(&(struct emu_config){.step_limit = 2000});
    emu_line line = emu_line_add(m, &(struct emu_line_config){.trigger = EMU_TRIGGER_LEVEL, .level = 5});
    emu_line_connect(m, line, storm, &count);
    emu_line_raise(m, line);
    bare_assert_finding(m, "livelock", (const char *const[]){"2000 steps", NULL});
    assert_int_equal(count, 2000);
    emu_machine_destroy(m);
}

static void again(struct emu_machine *m, void *context)
{
    emu_event_start(m, context, 0);
}

/* rule: EMU-SCHED-3 */
static void an_event_that_restarts_itself_at_once_is_a_livelock(void **state)
{
    (void)state;
    struct emu_event e;
    struct emu_machine *m = bare_machine(&(struct emu_config){.step_limit = 2000});
    emu_event_init(m, &e, "event", again, &e);
    emu_event_start(m, &e, 0);
    bare_assert_finding(m, "livelock", (const char *const[]){"2000 steps", NULL});
    emu_machine_destroy(m);
}

/* ---- Fairness ---- */

static void set_flag(void *arg)
{
    bare_work(0);
    bare_work(1);
    *(volatile bool *)arg = true;
}

static void take_and_set_flag(struct emu_machine *m, void *arg)
{
    (void)m;
    *(volatile bool *)arg = true;
}

static void start_poller(struct emu_machine *m, bool *flag)
{
    emu_machine_reset(m);
    *flag = false;
    bare_start(m, "poller", 0, poll_for_ever, flag);
}

/* rule: EMU-SCHED-4 */
static void a_poller_lets_everybody_else_run_under_the_default_strategy(void **state)
{
    (void)state;
    bool flag;
    struct emu_event e;
    struct emu_engine engine;
    struct emu_machine *m = bare_machine(NULL);

    start_poller(m, &flag);
    bare_start(m, "neighbour", 0, set_flag, &flag);
    bare_assert_idle(m);

    start_poller(m, &flag);
    bare_start(m, "on another processor", 1, set_flag, &flag);
    bare_assert_idle(m);

    start_poller(m, &flag);
    emu_line line = emu_line_add(m, &(struct emu_line_config){.level = 5, .processors = 1});
    emu_line_connect(m, line, take_and_set_flag, &flag);
    emu_line_raise(m, line);
    bare_assert_idle(m);

    start_poller(m, &flag);
    emu_event_init(m, &e, "event", take_and_set_flag, &flag);
    emu_event_start(m, &e, EMU_SECOND);
    bare_assert_idle(m);

    start_poller(m, &flag);
    emu_engine_init(m, &engine, "engine", take_and_set_flag, &flag);
    emu_engine_start(m, &engine, EMU_SECOND);
    bare_assert_idle(m);
    emu_machine_destroy(m);
}

/* rule: EMU-SCHED-4 */
static void two_pollers_do_not_shut_out_the_third_who_sets_the_flag(void **state)
{
    (void)state;
    bool flag = false, quiet_flag = false;
    struct emu_machine *m = bare_processors(4);
    bare_start(m, "poller a", 0, poll_for_ever, &flag);
    bare_start(m, "poller b", 1, poll_for_ever, &flag);
    bare_start(m, "poller c", 2, poll_for_ever, &flag);
    bare_start(m, "setter", 2, set_flag, &flag);
    bare_assert_idle(m);

    emu_machine_reset(m);
    emu_quiet_begin(m);
    bare_start(m, "poller", 0, poll_for_ever, &quiet_flag);
    bare_start(m, "setter", 0, set_flag, &quiet_flag);
    bare_assert_idle(m);
    emu_quiet_end(m);
    assert_int_equal(emu_machine_record(m)->length, 0);
    emu_machine_destroy(m);
}

struct room {
    uint32_t free_choices;
    uint32_t choices;
};

static uint32_t count_free(void *context, const struct emu_decision *d)
{
    struct room *room = context;
    room->choices++;
    room->free_choices += d->free;
    return 0;
}

/* rule: EMU-SCHED-4 */
static void making_room_costs_no_preemption(void **state)
{
    (void)state;
    bool flag = false;
    struct room room = {0};
    struct bare_picker picker;
    struct emu_machine *m = bare_machine(NULL);
    bare_pick_with(m, &picker, count_free, &room);
    bare_start(m, "poller", 0, poll_for_ever, &flag);
    bare_start(m, "setter", 1, set_flag, &flag);
    bare_assert_idle(m);
    assert_int_equal(emu_record_preemptions(emu_machine_record(m)), 0);
    assert_true(room.free_choices > 0);
    assert_true(room.choices > 200);
    assert_true(room.choices < 1000);
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_strands_crossing_two_locks_are_a_deadlock_that_names_both),
        cmocka_unit_test(the_same_strands_one_after_the_other_are_no_deadlock),
        cmocka_unit_test(strands_blocked_for_ever_are_a_deadlock_that_names_all),
        cmocka_unit_test(one_who_need_not_finish_may_wait_for_ever),
        cmocka_unit_test(a_lock_taken_twice_by_one_strand_is_a_deadlock),
        cmocka_unit_test(a_handler_that_spins_on_a_lock_held_beneath_it_is_a_deadlock),
        cmocka_unit_test(a_poll_without_end_is_a_livelock_at_the_step_limit),
        cmocka_unit_test(an_interrupt_storm_is_a_livelock),
        cmocka_unit_test(an_event_that_restarts_itself_at_once_is_a_livelock),
        cmocka_unit_test(a_poller_lets_everybody_else_run_under_the_default_strategy),
        cmocka_unit_test(two_pollers_do_not_shut_out_the_third_who_sets_the_flag),
        cmocka_unit_test(making_room_costs_no_preemption),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
