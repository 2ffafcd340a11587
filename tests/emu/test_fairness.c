/*
 * Fairness under every strategy: who polls is never called a livelock, for in the end everybody else has a
 * turn.
 */
#include "tests/emu/bare.h"

#include <emu/explore.h>

enum {
    POLL_NS = 1000,  /* between two looks of a thread that sleeps */
    DEVICE_NS = 500, /* how long the device takes */
    RUNS = 2000,
    PERIOD_NS = 100,     /* of a timer that ticks in the background for ever */
    LATE_LOOKS_MAX = 16, /* a sleeper need not look more often: the device is late by a few timers at most */
};

/* One world for all: made anew in each run. */
struct world {
    struct emu_machine *machine;
    struct emu_engine device;
    struct emu_event tick;
    struct emu_event alarm;
    struct emu_strand *sleeper;
    bool done;
    unsigned looks_max; /* over all runs */
};

static void finish_device(struct emu_machine *m, void *context)
{
    (void)m;
    ((struct world *)context)->done = true;
}

static void start_device(struct world *w)
{
    w->done = false;
    emu_engine_init(w->machine, &w->device, "device", finish_device, w);
    emu_engine_start(w->machine, &w->device, DEVICE_NS);
}

static void poll_done(void *context)
{
    struct world *w = context;
    while (!w->done)
        emu_step(w->machine, OP_POLL, EMU_NO_OBJECT, 0);
}

static void set_done(void *context)
{
    struct world *w = context;
    emu_step(w->machine, OP_WORK, EMU_NO_OBJECT, 0);
    w->done = true;
}

static void wake_sleeper(struct emu_machine *m, void *context)
{
    emu_strand_ready(m, ((struct world *)context)->sleeper);
}

static void sleep_until_done(void *context)
{
    struct world *w = context;
    w->sleeper = emu_strand_self(w->machine);
    unsigned looks = 0;
    for (; !w->done; looks++) {
        emu_event_start(w->machine, &w->alarm, emu_now(w->machine) + POLL_NS);
        emu_strand_block(w->machine, OP_WAIT, w->alarm.object);
    }
    if (looks > w->looks_max)
        w->looks_max = looks;
}

static void tick_again(struct emu_machine *m, void *context)
{
    struct world *w = context;
    emu_event_start(m, &w->tick, emu_now(m) + PERIOD_NS);
}

static void start(struct world *w, const char *name, unsigned cpu, emu_strand_fn *fn)
{
    struct emu_strand_config config = {
        .name = name, .fn = fn, .arg = w, .cpu = cpu, .must_finish = true, .held = true};
    emu_strand_start(w->machine, &config);
}

/* What is started in the set-up happens there: the device is started by who races. */
static void start_device_and_poll(void *context)
{
    start_device(context);
    poll_done(context);
}

static void start_device_and_sleep(void *context)
{
    start_device(context);
    sleep_until_done(context);
}

static void poll_a_device(void *context)
{
    start(context, "poller", 0, start_device_and_poll);
}

static void poll_another_processor(void *context)
{
    ((struct world *)context)->done = false;
    start(context, "poller", 0, poll_done);
    start(context, "other poller", 1, poll_done);
    start(context, "setter", 1, set_done);
}

static void sleep_for_a_device(void *context)
{
    struct world *w = context;
    emu_event_init(w->machine, &w->alarm, "alarm", wake_sleeper, w);
    start(w, "sleeper", 0, start_device_and_sleep);
}

static void tick_beside_a_setter(void *context)
{
    struct world *w = context;
    w->done = false;
    emu_event_init(w->machine, &w->tick, "tick", tick_again, w);
    w->tick.background = true;
    emu_event_start(w->machine, &w->tick, PERIOD_NS);
    start(w, "setter", 1, set_done);
}

static void require_no_livelock(void (*set_up)(void *context))
{
    struct world w = {.machine = bare_machine(NULL)};
    struct emu_program program = {.name = "fairness", .set_up = set_up, .context = &w};
    struct emu_strategy *strategies[] = {emu_strategy_exhaustive(0), emu_strategy_exhaustive(1),
                                         emu_strategy_random(1)};
    for (size_t i = 0; i < COUNT_OF(strategies); i++) {
        struct emu_explore_options options = {.runs = RUNS};
        struct emu_report report;
        emu_explore(w.machine, &program, strategies[i], &options, &report);
        if (report.found != 0)
            fail_msg("%s: %s: %s", strategies[i]->name, report.findings[0].finding.rule,
                     report.findings[0].finding.message);
        assert_true(w.done);
        emu_report_free(&report);
        emu_strategy_destroy(strategies[i]);
    }
    assert_true(w.looks_max <= LATE_LOOKS_MAX);
    emu_machine_destroy(w.machine);
}

/* rule: EMU-SCHED-7 */
static void a_program_that_polls_a_device_is_no_livelock(void **state)
{
    (void)state;
    require_no_livelock(poll_a_device);
}

/* rule: EMU-SCHED-7 */
static void programs_that_poll_another_processor_are_no_livelock(void **state)
{
    (void)state;
    require_no_livelock(poll_another_processor);
}

/* rule: EMU-SCHED-8 */
static void a_device_is_late_by_a_few_timers_at_most(void **state)
{
    (void)state;
    require_no_livelock(sleep_for_a_device);
}

/* rule: EMU-SCHED-7 */
static void a_timer_that_ticks_for_ever_keeps_nobody_from_running(void **state)
{
    (void)state;
    require_no_livelock(tick_beside_a_setter);
}

static void stall_once(void *arg)
{
    emu_stall(arg, DEVICE_NS);
}

/* In a child, which an alarm ends where the two pass the processor to each other for ever. */
static void stall_side_by_side(void *arg)
{
    enum { SECONDS = 2 };
    alarm(SECONDS);
    struct emu_strategy *strategies[] = {emu_strategy_fifo(), emu_strategy_random(1),
                                         emu_strategy_exhaustive(EMU_UNBOUNDED)};
    (void)arg;
    for (size_t i = 0; i < COUNT_OF(strategies); i++) {
        struct emu_machine *m = bare_machine(NULL);
        emu_machine_set_strategy(m, strategies[i]);
        strategies[i]->begin(strategies[i], 0);
        bare_start(m, "first", 0, stall_once, m);
        bare_start(m, "second", 0, stall_once, m);
        if (emu_machine_run(m, 0) != EMU_STOP_IDLE || emu_now(m) < DEVICE_NS)
            abort();
        emu_machine_set_strategy(m, NULL);
        emu_machine_destroy(m);
        emu_strategy_destroy(strategies[i]);
    }
}

/* rule: EMU-SCHED-9 */
static void two_that_stall_on_one_processor_let_the_clock_move(void **state)
{
    (void)state;
    assert_int_equal(bare_dies_of(stall_side_by_side, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_that_polls_a_device_is_no_livelock),
        cmocka_unit_test(programs_that_poll_another_processor_are_no_livelock),
        cmocka_unit_test(a_device_is_late_by_a_few_timers_at_most),
        cmocka_unit_test(a_timer_that_ticks_for_ever_keeps_nobody_from_running),
        cmocka_unit_test(two_that_stall_on_one_processor_let_the_clock_move),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
