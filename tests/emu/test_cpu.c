/*
 * Processors: the level, software interrupts, and handlers that nest.
 */
#include "bare.h"
#include "lock.h"

struct soft_log {
    struct bare_log log;
    unsigned cpus[8];
    uint8_t levels[8];
    unsigned count;
    bool in_interrupt;
};

/* Software handlers get no context: the log is kept in a slot. */
static struct soft_log *soft_log(const struct emu_machine *m)
{
    return emu_slot(m, EMU_SLOT_HOST);
}

static void note_soft(struct emu_machine *m, unsigned cpu, char what)
{
    struct soft_log *s = soft_log(m);
    bare_log(&s->log, what);
    if (s->count < COUNT_OF(s->cpus)) {
        s->cpus[s->count] = cpu;
        s->levels[s->count] = emu_level(m);
    }
    s->count++;
    s->in_interrupt = s->in_interrupt || emu_cpu_in_interrupt(m);
    emu_step(m, OP_IN_SOFT, EMU_NO_OBJECT, cpu);
}

static void soft_one(struct emu_machine *m, unsigned cpu)
{
    note_soft(m, cpu, '1');
}

static void soft_two(struct emu_machine *m, unsigned cpu)
{
    note_soft(m, cpu, '2');
}

static struct emu_machine *machine_with_soft(struct soft_log *s, uint32_t processors)
{
    struct emu_machine *m = bare_processors(processors);
    memset(s, 0, sizeof *s);
    emu_set_slot(m, EMU_SLOT_HOST, s);
    emu_soft_connect(m, EMU_LEVEL_APC, soft_one);
    emu_soft_connect(m, EMU_LEVEL_DISPATCH, soft_two);
    return m;
}

static void log_char(struct emu_machine *m, char what)
{
    bare_log(&soft_log(m)->log, what);
}

/* ---- The level ---- */

static void raise_and_lower(void *arg)
{
    struct emu_machine *m = emu_current();
    uint8_t *seen = arg;
    for (uint8_t level = 0; level < EMU_LEVELS; level++) {
        uint8_t old = emu_level_raise(m, level);
        seen[level] = old == (level ? level - 1 : 0) && emu_level(m) == level;
        bare_work(level);
    }
    for (uint8_t level = EMU_LEVELS; level-- > 0;) {
        emu_level_lower(m, level);
        seen[level] = seen[level] && emu_level(m) == level;
    }
}

/* rule: EMU-CPU-1 */
static void raising_gives_the_old_level_and_lowering_the_new(void **state)
{
    (void)state;
    uint8_t seen[EMU_LEVELS] = {0};
    struct emu_machine *m = bare_machine(NULL);
    bare_start(m, "levels", 0, raise_and_lower, seen);
    bare_assert_idle(m);
    for (int i = 0; i < EMU_LEVELS; i++)
        assert_true(seen[i]);
    emu_machine_destroy(m);
}

struct wrong_level {
    struct emu_machine *machine;
    uint8_t first, second;
    bool raise;
};

static void use_wrong_level(void *arg)
{
    struct wrong_level *w = arg;
    emu_level_raise(w->machine, w->first);
    if (w->raise)
        emu_level_raise(w->machine, w->second);
    else
        emu_level_lower(w->machine, w->second);
}

static void run_wrong_level(void *arg)
{
    struct wrong_level *w = arg;
    bare_start(w->machine, "wrong", 0, use_wrong_level, arg);
    emu_machine_run(w->machine, 0);
}

/* rule: EMU-CPU-1 */
static void a_raise_that_lowers_and_a_lower_that_raises_are_errors_of_the_emulator(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    struct wrong_level wrong[] = {{m, 2, 1, true}, {m, 2, 3, false}, {m, 0, 16, true}};
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_int_equal(bare_dies_of(run_wrong_level, &wrong[i]), SIGABRT);
    emu_machine_destroy(m);
}

/* ---- Software interrupts ---- */

static void request_at_passive(void *arg)
{
    struct emu_machine *m = arg;
    log_char(m, '<');
    emu_soft_request(m, emu_cpu(m), EMU_LEVEL_DISPATCH, false);
    log_char(m, '|');
    emu_soft_request(m, emu_cpu(m), EMU_LEVEL_APC, false);
    log_char(m, '>');
}

/* rule: EMU-CPU-2 */
static void a_request_above_the_level_is_delivered_before_the_call_returns(void **state)
{
    (void)state;
    struct soft_log s;
    struct emu_machine *m = machine_with_soft(&s, 2);
    bare_start(m, "requests", 1, request_at_passive, m);
    bare_assert_idle(m);
    assert_string_equal(s.log.text, "<2|1>");
    assert_int_equal(s.cpus[0], 1);
    assert_int_equal(s.levels[0], 2);
    assert_int_equal(s.levels[1], 1);
    assert_true(s.in_interrupt);
    emu_machine_destroy(m);
}

static void request_while_raised(void *arg)
{
    struct emu_machine *m = arg;
    uint8_t old = emu_level_raise(m, 5);
    emu_soft_request(m, emu_cpu(m), EMU_LEVEL_APC, false);
    emu_soft_request(m, emu_cpu(m), EMU_LEVEL_DISPATCH, false);
    emu_soft_request(m, emu_cpu(m), EMU_LEVEL_DISPATCH, false);
    bare_work(0);
    bare_work(1);
    log_char(m, 'a');
    emu_level_lower(m, EMU_LEVEL_DISPATCH);
    bare_work(2);
    log_char(m, 'b');
    emu_level_lower(m, EMU_LEVEL_APC);
    log_char(m, emu_level(m) == EMU_LEVEL_APC ? 'c' : '?');
    emu_level_lower(m, old);
    log_char(m, 'd');
}

/* rule: EMU-CPU-3 */
static void lowering_drains_what_is_above_the_new_level_and_nothing_else(void **state)
{
    (void)state;
    struct soft_log s;
    uint64_t seed = 99;
    struct bare_picker picker;
    struct emu_machine *m = machine_with_soft(&s, 1);
    bare_pick_with(m, &picker, bare_random, &seed);
    bare_start(m, "raised", 0, request_while_raised, m);
    bare_assert_idle(m);
    assert_string_equal(s.log.text, "ab2c1d");
    emu_machine_destroy(m);
}

static void lower_all_at_once(void *arg)
{
    struct emu_machine *m = arg;
    emu_level_raise(m, EMU_LEVEL_HIGH);
    emu_soft_request(m, emu_cpu(m), EMU_LEVEL_APC, false);
    emu_soft_request(m, emu_cpu(m), EMU_LEVEL_DISPATCH, true);
    emu_level_lower(m, EMU_LEVEL_PASSIVE);
    log_char(m, 'e');
}

/* rule: EMU-CPU-3 */
static void the_highest_software_interrupt_is_drained_first_lazy_or_not(void **state)
{
    (void)state;
    struct soft_log s;
    struct emu_machine *m = machine_with_soft(&s, 1);
    bare_start(m, "raised", 0, lower_all_at_once, m);
    bare_assert_idle(m);
    assert_string_equal(s.log.text, "21e");
    emu_machine_destroy(m);
}

static void request_lazily(void *arg)
{
    struct emu_machine *m = arg;
    emu_soft_request(m, emu_cpu(m), EMU_LEVEL_DISPATCH, true);
    log_char(m, 'a');
    bare_work(0);
    log_char(m, 'b');
}

/* rule: EMU-CPU-4 */
static void a_lazy_request_is_delivered_at_a_later_yield_point_by_choice(void **state)
{
    (void)state;
    static const struct {
        enum emu_action_kind prefer;
        const char *expected;
    } cases[] = {{EMU_ACTION_STEP, "ab2"}, {EMU_ACTION_SOFT, "a2b"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct soft_log s;
        struct bare_picker picker;
        enum emu_action_kind prefer = cases[i].prefer;
        struct emu_machine *m = machine_with_soft(&s, 1);
        bare_pick_with(m, &picker, bare_prefer, &prefer);
        bare_start(m, "lazy", 0, request_lazily, m);
        bare_assert_idle(m);
        assert_string_equal(s.log.text, cases[i].expected);
        emu_machine_destroy(m);
    }
}

static void request_elsewhere(void *arg)
{
    struct emu_machine *m = arg;
    emu_soft_request(m, 1, EMU_LEVEL_DISPATCH, false);
    log_char(m, 'r');
    bare_work(0);
    log_char(m, 's');
}

/* rule: EMU-CPU-4 */
static void another_processor_takes_its_request_later_even_when_it_is_idle(void **state)
{
    (void)state;
    struct soft_log s;
    struct emu_machine *m = machine_with_soft(&s, 2);
    bare_start(m, "requests", 0, request_elsewhere, m);
    bare_assert_idle(m);
    assert_string_equal(s.log.text, "rs2");
    assert_int_equal(s.cpus[0], 1);
    assert_int_equal(s.levels[0], EMU_LEVEL_DISPATCH);
    emu_machine_destroy(m);
}

static void stay_raised(void *arg)
{
    struct emu_machine *m = arg;
    emu_level_raise(m, EMU_LEVEL_DISPATCH);
    for (unsigned i = 0; i < 5; i++) {
        log_char(m, 'x');
        bare_work(i);
    }
    log_char(m, 'y');
    emu_level_lower(m, EMU_LEVEL_PASSIVE);
    log_char(m, 'z');
}

/* rule: EMU-CPU-4 */
static void a_raised_processor_takes_anothers_request_at_the_latest_when_its_level_drops(void **state)
{
    (void)state;
    struct bare_picker picker;
    for (uint64_t run = 1; run < 200; run++) {
        struct soft_log s;
        uint64_t seed = run * 7919;
        struct emu_machine *m = machine_with_soft(&s, 2);
        bare_pick_with(m, &picker, bare_random, &seed);
        bare_start(m, "requests", 0, request_elsewhere, m);
        bare_start(m, "raised", 1, stay_raised, m);
        bare_assert_idle(m);
        const char *requested = strchr(s.log.text, 'r'), *lowering = strchr(s.log.text, 'y');
        const char *soft = strchr(s.log.text, '2'), *lowered = strchr(s.log.text, 'z');
        const char *raised = strchr(s.log.text, 'x');
        assert_non_null(soft);
        assert_false(soft > raised && soft < lowering);
        if (requested < lowering)
            assert_true(soft < lowered);
        emu_machine_destroy(m);
    }
}

static void soft_requests_itself(struct emu_machine *m, unsigned cpu)
{
    struct soft_log *s = soft_log(m);
    bare_log(&s->log, '2');
    if (s->log.length < 4) {
        emu_soft_request(m, cpu, EMU_LEVEL_DISPATCH, false);
        bare_log(&s->log, 'r');
    }
}

/* rule: EMU-CPU-3 */
static void a_handler_that_requests_its_own_level_runs_again_after_its_end(void **state)
{
    (void)state;
    struct soft_log s;
    struct emu_machine *m = machine_with_soft(&s, 1);
    emu_soft_connect(m, EMU_LEVEL_DISPATCH, soft_requests_itself);
    bare_start(m, "requests", 0, request_at_passive, m);
    bare_assert_idle(m);
    assert_string_equal(s.log.text, "<2r2|1>");
    emu_machine_destroy(m);
}

static void soft_one_asks_for_two(struct emu_machine *m, unsigned cpu)
{
    log_char(m, '(');
    emu_soft_request(m, cpu, EMU_LEVEL_DISPATCH, false);
    log_char(m, ')');
}

static void ask_for_one(void *arg)
{
    emu_soft_request(arg, emu_cpu(arg), EMU_LEVEL_APC, false);
    log_char(arg, '.');
}

/* rule: EMU-CPU-5 */
static void software_interrupts_nest_by_level(void **state)
{
    (void)state;
    struct soft_log s;
    struct emu_machine *m = machine_with_soft(&s, 1);
    emu_soft_connect(m, EMU_LEVEL_APC, soft_one_asks_for_two);
    bare_start(m, "requests", 0, ask_for_one, m);
    bare_assert_idle(m);
    assert_string_equal(s.log.text, "(2).");
    emu_machine_destroy(m);
}

static void request_in_event(struct emu_machine *m, void *context)
{
    (void)context;
    emu_soft_request(m, 0, EMU_LEVEL_DISPATCH, false);
    log_char(m, 'e');
}

static void stall_a_while(void *arg)
{
    emu_stall(arg, 100);
    log_char(arg, 's');
}

/* rule: EMU-CPU-4 */
static void a_request_from_a_callback_never_nests_in_the_callback(void **state)
{
    (void)state;
    struct soft_log s;
    struct emu_event e;
    struct emu_machine *m = machine_with_soft(&s, 1);
    emu_event_init(m, &e, "event", request_in_event, NULL);
    emu_event_start(m, &e, 10);
    bare_start(m, "stalls", 0, stall_a_while, m);
    bare_assert_idle(m);
    assert_int_equal(s.log.text[0], 'e');
    assert_non_null(strchr(s.log.text, '2'));
    emu_machine_destroy(m);
}

static void host_reads_levels(void *arg)
{
    struct emu_machine *m = arg;
    log_char(m, emu_cpu_in_interrupt(m) ? '?' : 'n');
}

/* rule: EMU-CPU-5 */
static void a_strand_is_not_inside_an_interrupt(void **state)
{
    (void)state;
    struct soft_log s;
    struct emu_machine *m = machine_with_soft(&s, 1);
    bare_start(m, "looks", 0, host_reads_levels, m);
    bare_assert_idle(m);
    assert_string_equal(s.log.text, "n");
    emu_machine_destroy(m);
}

static void soft_takes_lock(struct emu_machine *m, unsigned cpu)
{
    struct lock *l = emu_slot(m, EMU_SLOT_KERNEL);
    (void)cpu;
    lock_acquire(m, l);
    lock_release(m, l);
    log_char(m, '2');
}

static void spin_then_work(void *arg)
{
    struct emu_machine *m = arg;
    struct lock *l = emu_slot(m, EMU_SLOT_KERNEL);
    lock_acquire(m, l);
    log_char(m, '<');
    bare_work(0);
    bare_work(1);
    log_char(m, '>');
    lock_release(m, l);
}

/* rule: EMU-CPU-5 */
static void a_software_handler_spins_for_a_lock_that_another_processor_holds(void **state)
{
    (void)state;
    struct bare_picker picker;
    for (uint64_t run = 1; run < 100; run++) {
        struct soft_log s;
        struct lock lock = {0};
        uint64_t seed = run * 104729;
        struct emu_machine *m = machine_with_soft(&s, 2);
        emu_set_slot(m, EMU_SLOT_KERNEL, &lock);
        emu_soft_connect(m, EMU_LEVEL_DISPATCH, soft_takes_lock);
        bare_pick_with(m, &picker, bare_random, &seed);
        bare_start(m, "holder", 0, spin_then_work, m);
        bare_start(m, "requests", 1, request_lazily, m);
        bare_assert_idle(m);
        assert_non_null(strstr(s.log.text, "<"));
        const char *begin = strchr(s.log.text, '<'), *finish = strchr(s.log.text, '>');
        for (const char *at = begin; at < finish; at++)
            assert_int_not_equal(*at, '2');
        emu_machine_destroy(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raising_gives_the_old_level_and_lowering_the_new),
        cmocka_unit_test(a_raise_that_lowers_and_a_lower_that_raises_are_errors_of_the_emulator),
        cmocka_unit_test(a_request_above_the_level_is_delivered_before_the_call_returns),
        cmocka_unit_test(lowering_drains_what_is_above_the_new_level_and_nothing_else),
        cmocka_unit_test(the_highest_software_interrupt_is_drained_first_lazy_or_not),
        cmocka_unit_test(a_lazy_request_is_delivered_at_a_later_yield_point_by_choice),
        cmocka_unit_test(another_processor_takes_its_request_later_even_when_it_is_idle),
        cmocka_unit_test(a_raised_processor_takes_anothers_request_at_the_latest_when_its_level_drops),
        cmocka_unit_test(a_handler_that_requests_its_own_level_runs_again_after_its_end),
        cmocka_unit_test(software_interrupts_nest_by_level),
        cmocka_unit_test(a_request_from_a_callback_never_nests_in_the_callback),
        cmocka_unit_test(a_strand_is_not_inside_an_interrupt),
        cmocka_unit_test(a_software_handler_spins_for_a_lock_that_another_processor_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
