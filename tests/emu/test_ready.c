/*
 * Strands among themselves: ready lines, preemption, blocking, moving, holding.
 */
#include "bare.h"

/* ---- Ready lines ---- */

struct named {
    struct bare_log *log;
    char name;
    unsigned steps;
};

static void log_steps(void *arg)
{
    struct named *n = arg;
    for (unsigned i = 0; i < n->steps; i++) {
        bare_work(i);
        bare_log(n->log, n->name);
    }
}

/* rule: EMU-STRAND-6 */
static void ready_strands_of_one_processor_run_in_order_of_arrival(void **state)
{
    (void)state;
    struct bare_log log = {0};
    struct named names[] = {{&log, 'a', 2}, {&log, 'b', 2}, {&log, 'c', 2}};
    struct emu_machine *m = bare_processors(1);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        bare_start(m, "named", 0, log_steps, &names[i]);
    bare_assert_idle(m);
    assert_string_equal(log.text, "aabbcc");
    emu_machine_destroy(m);
}

static void start_at(struct emu_machine *m, struct named *n, unsigned cpu, uint8_t priority)
{
    emu_strand_start(m, &(struct emu_strand_config){.name = "named",
                                                    .fn = log_steps,
                                                    .arg = n,
                                                    .cpu = cpu,
                                                    .priority = priority,
                                                    .must_finish = true});
}

/* rule: EMU-STRAND-6 */
static void ready_strands_of_higher_priority_go_first(void **state)
{
    (void)state;
    struct bare_log log = {0};
    struct named names[] = {{&log, 'l', 1}, {&log, 'h', 2}, {&log, 'm', 1}, {&log, 'H', 1}};
    static const uint8_t priorities[] = {1, 9, 5, 9};
    struct emu_machine *m = bare_processors(1);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        start_at(m, &names[i], 0, priorities[i]);
    bare_assert_idle(m);
    assert_string_equal(log.text, "hhHml");
    emu_machine_destroy(m);
}

static uint32_t prefer_switch(void *context, const struct emu_decision *d)
{
    (void)context;
    int at = bare_find(d, EMU_ACTION_SWITCH);
    return at < 0 ? 0 : (uint32_t)at;
}

/* rule: EMU-STRAND-6 */
static void a_strand_of_lower_priority_never_preempts(void **state)
{
    (void)state;
    struct bare_log log = {0};
    struct named high = {&log, 'h', 4}, low = {&log, 'l', 2};
    struct bare_picker picker;
    struct emu_machine *m = bare_processors(1);
    bare_pick_with(m, &picker, prefer_switch, NULL);
    start_at(m, &high, 0, 8);
    start_at(m, &low, 0, 7);
    bare_assert_idle(m);
    assert_string_equal(log.text, "hhhhll");
    emu_machine_destroy(m);
}

/* rule: EMU-STRAND-7 */
static void equals_may_preempt_each_other_at_every_step_below_dispatch(void **state)
{
    (void)state;
    struct bare_log log = {0};
    struct named a = {&log, 'a', 3}, b = {&log, 'b', 3};
    struct bare_picker picker;
    struct emu_machine *m = bare_processors(1);
    bare_pick_with(m, &picker, prefer_switch, NULL);
    start_at(m, &a, 0, 8);
    start_at(m, &b, 0, 8);
    bare_assert_idle(m);
    assert_string_equal(log.text, "ababab");
    emu_machine_destroy(m);
}

static void set_own_priority(void *arg)
{
    struct named *n = arg;
    struct emu_machine *m = emu_current();
    bare_log(n->log, emu_strand_set_priority(emu_strand_self(m), 2) == 9 ? '<' : '?');
    bare_work(0);
    bare_log(n->log, '>');
}

/* rule: EMU-STRAND-6 */
static void a_lowered_priority_lets_another_preempt(void **state)
{
    (void)state;
    struct bare_log log = {0};
    struct named sinker = {&log, 's', 0}, other = {&log, 'o', 1};
    struct bare_picker picker;
    struct emu_machine *m = bare_processors(1);
    bare_pick_with(m, &picker, prefer_switch, NULL);
    emu_strand_start(m, &(struct emu_strand_config){
                            .name = "sinks", .fn = set_own_priority, .arg = &sinker, .priority = 9});
    start_at(m, &other, 0, 5);
    bare_assert_idle(m);
    assert_string_equal(log.text, "<o>");
    emu_machine_destroy(m);
}

/* ---- Preemption and the level ---- */

struct raised {
    struct bare_log *log;
    uint8_t level;
};

static void log_at_level(void *arg)
{
    struct raised *r = arg;
    struct emu_machine *m = emu_current();
    uint8_t old = emu_level_raise(m, r->level);
    for (int i = 0; i < 3; i++) {
        bare_work(0);
        bare_log(r->log, 'r');
    }
    emu_level_lower(m, old);
}

/* rule: EMU-STRAND-7 */
static void a_strand_is_preempted_at_levels_0_and_1_but_not_from_dispatch_on(void **state)
{
    (void)state;
    for (uint8_t level = 0; level < EMU_LEVELS; level++) {
        struct bare_log log = {0};
        struct raised raised = {&log, level};
        struct named other = {&log, 'o', 3};
        struct bare_picker picker;
        struct emu_machine *m = bare_processors(1);
        bare_pick_with(m, &picker, prefer_switch, NULL);
        bare_start(m, "raised", 0, log_at_level, &raised);
        bare_start(m, "other", 0, log_steps, &other);
        bare_assert_idle(m);
        if (level < EMU_LEVEL_DISPATCH)
            assert_true(strstr(log.text, "ror") != NULL);
        else
            assert_true(strstr(log.text, "rrr") != NULL);
        emu_machine_destroy(m);
    }
}

/* rule: EMU-STRAND-7 */
static void dispatch_level_does_not_hold_up_other_processors(void **state)
{
    (void)state;
    struct bare_log log = {0};
    struct raised raised = {&log, EMU_LEVEL_HIGH};
    struct named other = {&log, 'o', 3};
    struct bare_picker picker;
    uint64_t seed = 12345;
    struct emu_machine *m = bare_processors(2);
    bare_pick_with(m, &picker, bare_random, &seed);
    bool mixed = false;
    for (int run = 0; run < 50; run++) {
        memset(&log, 0, sizeof log);
        bare_start(m, "raised", 0, log_at_level, &raised);
        bare_start(m, "other", 1, log_steps, &other);
        bare_assert_idle(m);
        mixed = mixed || strstr(log.text, "ror") != NULL;
        emu_machine_reset(m);
    }
    assert_true(mixed);
    emu_machine_destroy(m);
}

/* A preempted strand comes back with the level that it had. */
struct level_seen {
    uint8_t own, after, other;
};

static void keep_apc_level(void *arg)
{
    struct level_seen *l = arg;
    struct emu_machine *m = emu_current();
    emu_level_raise(m, EMU_LEVEL_APC);
    bare_work(0);
    bare_work(1);
    l->own = emu_level(m);
    emu_level_lower(m, EMU_LEVEL_PASSIVE);
    l->after = emu_level(m);
}

static void see_level(void *arg)
{
    struct level_seen *l = arg;
    l->other = emu_level(emu_current());
    bare_work(2);
}

/* rule: EMU-STRAND-8 */
static void a_level_belongs_to_the_strand_across_a_preemption(void **state)
{
    (void)state;
    struct level_seen seen = {9, 9, 9};
    struct bare_picker picker;
    struct emu_machine *m = bare_processors(1);
    bare_pick_with(m, &picker, prefer_switch, NULL);
    bare_start(m, "raised", 0, keep_apc_level, &seen);
    bare_start(m, "sees", 0, see_level, &seen);
    bare_assert_idle(m);
    assert_int_equal(seen.own, EMU_LEVEL_APC);
    assert_int_equal(seen.after, EMU_LEVEL_PASSIVE);
    assert_int_equal(seen.other, EMU_LEVEL_PASSIVE);
    emu_machine_destroy(m);
}

/* ---- Blocking ---- */

struct meeting {
    struct emu_strand *sleeper;
    struct bare_log log;
    unsigned woken_on;
};

static void sleeps(void *arg)
{
    struct meeting *meeting = arg;
    struct emu_machine *m = emu_current();
    meeting->sleeper = emu_strand_self(m);
    bare_log(&meeting->log, 's');
    emu_strand_block(m, OP_WAIT, emu_object_at(m, meeting, "event"));
    bare_log(&meeting->log, 'w');
    meeting->woken_on = emu_cpu(m);
}

static void wakes(void *arg)
{
    struct meeting *meeting = arg;
    struct emu_machine *m = emu_current();
    while (meeting->sleeper == NULL)
        bare_work(0);
    bare_log(&meeting->log, 'k');
    emu_strand_ready(m, meeting->sleeper);
    bare_log(&meeting->log, 'K');
}

/* rule: EMU-STRAND-9 */
static void a_blocked_strand_runs_again_only_when_it_is_readied(void **state)
{
    (void)state;
    for (unsigned waker = 0; waker < 2; waker++) {
        struct meeting meeting = {0};
        struct emu_machine *m = bare_machine(NULL);
        bare_start(m, "sleeper", 0, sleeps, &meeting);
        bare_start(m, "waker", waker, wakes, &meeting);
        bare_assert_idle(m);
        assert_string_equal(meeting.log.text, "skKw");
        assert_int_equal(meeting.woken_on, 0);
        emu_machine_destroy(m);
    }
}

/* rule: EMU-STRAND-9 */
static void the_host_may_ready_a_blocked_strand_between_runs(void **state)
{
    (void)state;
    struct meeting meeting = {0};
    struct emu_machine *m = bare_machine(NULL);
    emu_strand_start(m, &(struct emu_strand_config){.name = "sleeper", .fn = sleeps, .arg = &meeting});
    bare_assert_idle(m);
    assert_string_equal(meeting.log.text, "s");
    emu_strand_ready(m, meeting.sleeper);
    bare_assert_idle(m);
    assert_string_equal(meeting.log.text, "sw");
    emu_machine_destroy(m);
}

static void block_at_dispatch(void *arg)
{
    struct emu_machine *m = arg;
    emu_level_raise(m, EMU_LEVEL_DISPATCH);
    emu_strand_block(m, OP_WAIT, EMU_NO_OBJECT);
}

static void run_block_at_dispatch(void *arg)
{
    bare_start(arg, "blocks", 0, block_at_dispatch, arg);
    emu_machine_run(arg, 0);
}

/* rule: EMU-STRAND-9 */
static void blocking_at_dispatch_level_is_an_error_of_the_emulator(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    assert_int_equal(bare_dies_of(run_block_at_dispatch, m), SIGABRT);
    emu_machine_destroy(m);
}

/* ---- Moving ---- */

struct journey {
    unsigned seen[8];
    unsigned count;
    uint8_t level;
};

static void travels(void *arg)
{
    struct journey *j = arg;
    struct emu_machine *m = emu_current();
    static const unsigned path[] = {3, 3, 1, 0, 2};
    emu_level_raise(m, EMU_LEVEL_APC);
    for (size_t i = 0; i < COUNT_OF(path); i++) {
        emu_strand_set_cpu(m, emu_strand_self(m), path[i]);
        j->seen[j->count++] = emu_cpu(m);
        bare_work(i);
    }
    j->level = emu_level(m);
    emu_level_lower(m, EMU_LEVEL_PASSIVE);
}

/* rule: EMU-STRAND-10 */
static void the_running_strand_moves_at_once_with_its_level(void **state)
{
    (void)state;
    struct journey j = {0};
    struct emu_machine *m = bare_processors(4);
    bare_start(m, "travels", 0, travels, &j);
    bare_assert_idle(m);
    assert_int_equal(j.count, 5);
    assert_int_equal(j.seen[0], 3);
    assert_int_equal(j.seen[1], 3);
    assert_int_equal(j.seen[2], 1);
    assert_int_equal(j.seen[3], 0);
    assert_int_equal(j.seen[4], 2);
    assert_int_equal(j.level, EMU_LEVEL_APC);
    emu_machine_destroy(m);
}

static void wakes_elsewhere(void *arg)
{
    struct meeting *meeting = arg;
    struct emu_machine *m = emu_current();
    while (meeting->sleeper == NULL)
        bare_work(0);
    emu_strand_set_cpu(m, meeting->sleeper, 1);
    emu_strand_ready(m, meeting->sleeper);
}

static void arrive_there(void *arg)
{
    struct raised *r = arg;
    struct emu_machine *m = emu_current();
    bare_work(0);
    emu_strand_set_cpu(m, emu_strand_self(m), 1);
    bare_log(r->log, 'a');
}

/* rule: EMU-STRAND-10 */
static void a_strand_that_moves_does_not_go_on_where_another_keeps_the_processor(void **state)
{
    (void)state;
    struct bare_picker picker;
    for (uint64_t run = 1; run < 100; run++) {
        struct bare_log log = {0};
        struct raised raised = {&log, EMU_LEVEL_DISPATCH};
        uint64_t seed = run * 7919;
        struct emu_machine *m = bare_processors(2);
        bare_pick_with(m, &picker, bare_random, &seed);
        bare_start(m, "stays", 1, log_at_level, &raised);
        bare_start(m, "moves", 0, arrive_there, &raised);
        bare_assert_idle(m);
        assert_null(strstr(log.text, "rar"));
        emu_machine_destroy(m);
    }
}

/* rule: EMU-STRAND-10 */
static void another_strand_moves_when_it_is_next_readied(void **state)
{
    (void)state;
    struct meeting meeting = {0};
    struct emu_machine *m = bare_machine(NULL);
    bare_start(m, "sleeper", 0, sleeps, &meeting);
    bare_start(m, "waker", 0, wakes_elsewhere, &meeting);
    bare_assert_idle(m);
    assert_int_equal(meeting.woken_on, 1);
    emu_machine_destroy(m);
}

/* ---- Holding ---- */

/* rule: EMU-STRAND-11 */
static void held_strands_wait_for_their_release_and_then_run_in_order(void **state)
{
    (void)state;
    struct bare_log log = {0};
    struct named names[] = {{&log, 'a', 1}, {&log, 'b', 1}, {&log, 'c', 1}};
    struct emu_machine *m = bare_processors(1);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        emu_strand_start(
            m, &(struct emu_strand_config){
                   .name = "held", .fn = log_steps, .arg = &names[i], .must_finish = true, .held = i != 1});
    bare_assert_idle(m);
    assert_string_equal(log.text, "b");
    emu_strand_release_held(m);
    bare_assert_idle(m);
    assert_string_equal(log.text, "bac");
    emu_strand_release_held(m);
    bare_assert_idle(m);
    assert_string_equal(log.text, "bac");
    emu_machine_destroy(m);
}

/* rule: EMU-STRAND-11 */
static void a_reset_forgets_held_strands(void **state)
{
    (void)state;
    struct bare_log log = {0};
    struct named n = {&log, 'x', 1};
    struct emu_machine *m = bare_machine(NULL);
    emu_strand_start(m, &(struct emu_strand_config){
                            .name = "held", .fn = log_steps, .arg = &n, .must_finish = true, .held = true});
    emu_machine_reset(m);
    emu_strand_release_held(m);
    bare_assert_idle(m);
    assert_int_equal(log.length, 0);
    emu_machine_destroy(m);
}

/* ---- Identity ---- */

static void knows_itself(void *arg)
{
    struct emu_machine *m = emu_current();
    struct emu_strand *self = emu_strand_self(m);
    emu_strand_set_user(self, arg);
    bare_work(0);
    if (emu_strand_user(emu_strand_self(m)) == arg && emu_strand_cpu(self) == emu_cpu(m) &&
        emu_strand_object(self) != EMU_NO_OBJECT)
        ++*(unsigned *)arg;
    emu_strand_exit(m);
}

/* rule: EMU-STRAND-12 */
static void a_strand_keeps_its_user_pointer_and_exits_from_anywhere(void **state)
{
    (void)state;
    unsigned good[64] = {0};
    struct emu_machine *m = bare_processors(64);
    for (unsigned i = 0; i < 64; i++)
        bare_start(m, "self", i, knows_itself, &good[i]);
    bare_assert_idle(m);
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(good[i], 1);
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ready_strands_of_one_processor_run_in_order_of_arrival),
        cmocka_unit_test(ready_strands_of_higher_priority_go_first),
        cmocka_unit_test(a_strand_of_lower_priority_never_preempts),
        cmocka_unit_test(equals_may_preempt_each_other_at_every_step_below_dispatch),
        cmocka_unit_test(a_lowered_priority_lets_another_preempt),
        cmocka_unit_test(a_strand_is_preempted_at_levels_0_and_1_but_not_from_dispatch_on),
        cmocka_unit_test(dispatch_level_does_not_hold_up_other_processors),
        cmocka_unit_test(a_level_belongs_to_the_strand_across_a_preemption),
        cmocka_unit_test(a_blocked_strand_runs_again_only_when_it_is_readied),
        cmocka_unit_test(the_host_may_ready_a_blocked_strand_between_runs),
        cmocka_unit_test(blocking_at_dispatch_level_is_an_error_of_the_emulator),
        cmocka_unit_test(the_running_strand_moves_at_once_with_its_level),
        cmocka_unit_test(a_strand_that_moves_does_not_go_on_where_another_keeps_the_processor),
        cmocka_unit_test(another_strand_moves_when_it_is_next_readied),
        cmocka_unit_test(held_strands_wait_for_their_release_and_then_run_in_order),
        cmocka_unit_test(a_reset_forgets_held_strands),
        cmocka_unit_test(a_strand_keeps_its_user_pointer_and_exits_from_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
