/*
 * Liveness: runs without an end, who still waits, and that loops which end under a fair scheduler are none.
 */
#include "tests/emu/bare.h"

#include <emu/explore.h>
#include <emu/liveness.h>

enum {
    STEP_LIMIT = 4000,
    RUNS = 300,
    SOFT_LEVEL = 2,
};

struct world {
    struct emu_machine *machine;
    emu_strand_fn *first, *second;
    bool one_waits;     /* what the layer lists */
    uint64_t one_since; /* a step */
    uint64_t turns;
};

static void list_one(struct emu_machine *m, void *context, struct emu_waiters *w)
{
    const struct world *world = context;
    (void)m;
    if (world->one_waits)
        emu_waiter(w, world->one_since, "request A waits for %s", "B");
}

static void ask_the_other(struct emu_machine *m, unsigned cpu)
{
    emu_step(m, OP_IN_SOFT, EMU_NO_OBJECT, 0);
    emu_soft_request(m, 1 - cpu, SOFT_LEVEL, false);
}

static void boot(struct emu_machine *m, void *context)
{
    emu_waiters_add(m, list_one, context);
    emu_soft_connect(m, SOFT_LEVEL, ask_the_other);
}

/* ---- Programs ---- */

static void end(void *context)
{
    (void)context;
    bare_work(0);
}

static void wait_for_ever(void *context)
{
    struct world *w = context;
    emu_strand_block(w->machine, OP_WAIT, EMU_NO_OBJECT);
}

/* Each looks whether it is its turn: a strategy that lets one of them go on for ever makes no progress. */
static void take_turns(struct world *w, unsigned mine)
{
    enum { TURNS = 20 };
    while (w->turns < TURNS) {
        emu_step(w->machine, OP_POLL, EMU_NO_OBJECT, mine);
        if (w->turns % 2 == mine)
            w->turns++;
    }
}

static void take_even_turns(void *context)
{
    take_turns(context, 0);
}

static void take_odd_turns(void *context)
{
    take_turns(context, 1);
}

/* Two that keep each other from going on, whatever the order. */
static void give_way_for_ever(void *context)
{
    struct world *w = context;
    for (;;) {
        emu_step(w->machine, OP_LOCK, EMU_NO_OBJECT, 0);
        emu_step(w->machine, OP_UNLOCK, EMU_NO_OBJECT, 0);
    }
}

/* Ends requests for ever, and never the one that waits. */
static void serve_others(void *context)
{
    struct world *w = context;
    for (;;) {
        emu_step(w->machine, OP_WORK, EMU_NO_OBJECT, 0);
        emu_progress(w->machine);
    }
}

static void start_ping_pong(void *context)
{
    emu_soft_request(((struct world *)context)->machine, 1, SOFT_LEVEL, false);
}

/* ---- Runs ---- */

static void start(struct world *w, const char *name, unsigned cpu, emu_strand_fn *fn)
{
    struct emu_strand_config config = {
        .name = name, .fn = fn, .arg = w, .cpu = cpu, .must_finish = true, .held = true};
    emu_strand_start(w->machine, &config);
}

static void set_up(void *context)
{
    struct world *w = context;
    w->turns = 0;
    start(w, "first", 0, w->first);
    if (w->second != NULL)
        start(w, "second", 1, w->second);
}

static void check(void *context)
{
    emu_require_drained(((struct world *)context)->machine);
}

static struct emu_program program_of(struct world *w)
{
    return (struct emu_program){.name = "liveness", .set_up = set_up, .check = check, .context = w};
}

static void make_machine(struct world *w)
{
    w->machine = bare_machine(&(struct emu_config){.step_limit = STEP_LIMIT});
    emu_machine_add_boot(w->machine, boot, w);
}

/* The run under the default answers ends with this finding, which has these words. */
static void require_finding(struct world w, const char *rule, const char *const words[])
{
    make_machine(&w);
    struct emu_program program = program_of(&w);
    assert_int_equal(emu_run_program(w.machine, &program), EMU_STOP_FINDING);
    const struct emu_finding *f = emu_machine_finding(w.machine);
    assert_string_equal(f->rule, rule);
    for (; *words != NULL; words++)
        if (strstr(f->message, *words) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", f->message, *words);
    emu_machine_destroy(w.machine);
}

/* rule: EMU-LIVE-1 */
static void whoever_waits_when_all_is_idle_is_a_finding(void **state)
{
    (void)state;
    require_finding((struct world){.first = end, .one_waits = true}, "undrained",
                    (const char *const[]){"nothing can run", "request A waits for B", NULL});
}

/* rule: EMU-LIVE-1 */
static void a_machine_where_nobody_waits_is_drained(void **state)
{
    (void)state;
    struct world w = {.first = end};
    make_machine(&w);
    struct emu_program program = program_of(&w);
    assert_int_equal(emu_run_program(w.machine, &program), EMU_STOP_IDLE);
    emu_machine_destroy(w.machine);
}

/* rule: EMU-LIVE-2 */
static void a_deadlock_names_strands_and_requests(void **state)
{
    (void)state;
    require_finding((struct world){.first = wait_for_ever, .one_waits = true}, "deadlock",
                    (const char *const[]){"first on processor 0 waits", "request A waits for B", NULL});
}

/* rule: EMU-LIVE-3 */
static void a_livelock_names_the_moves_that_repeat(void **state)
{
    (void)state;
    require_finding(
        (struct world){.first = give_way_for_ever, .second = give_way_for_ever}, "livelock",
        (const char *const[]){"for ever: ", "lock on processor 0", "unlock on processor 1", NULL});
}

/* rule: EMU-LIVE-3 */
static void software_interrupts_that_ask_for_each_other_are_a_livelock(void **state)
{
    (void)state;
    require_finding((struct world){.first = start_ping_pong}, "livelock",
                    (const char *const[]){"for ever: ", "software interrupt on processor 0",
                                          "software interrupt on processor 1", NULL});
}

/* rule: EMU-LIVE-4 */
static void a_request_that_is_passed_over_for_ever_starves(void **state)
{
    (void)state;
    require_finding(
        (struct world){.first = serve_others, .second = end, .one_waits = true, .one_since = 7}, "starvation",
        (const char *const[]){"requests ended", "waits since step 7", "request A waits for B", NULL});
}

static uint32_t stay(void *context, const struct emu_decision *d)
{
    (void)context;
    return d->count - 1; /* whoever comes last in the menu */
}

/* rule: EMU-LIVE-5 */
static void a_loop_that_ends_under_a_fair_scheduler_is_no_livelock(void **state)
{
    (void)state;
    struct world w = {.first = take_even_turns, .second = take_odd_turns};
    make_machine(&w);
    struct emu_program program = program_of(&w);
    struct bare_picker picker;
    bare_pick_with(w.machine, &picker, stay, NULL);
    assert_int_equal(emu_run_program(w.machine, &program), EMU_STOP_IDLE);
    emu_machine_set_strategy(w.machine, NULL);
    struct emu_report report;
    struct emu_strategy *random = emu_strategy_random(1);
    struct emu_explore_options options = {.runs = RUNS};
    emu_explore(w.machine, &program, random, &options, &report);
    assert_int_equal(report.found, 0);
    emu_report_free(&report);
    emu_strategy_destroy(random);
    emu_machine_destroy(w.machine);
}

static uint32_t count_asked(void *context, const struct emu_decision *d)
{
    (void)d;
    ++*(uint64_t *)context;
    return 0;
}

/* rule: EMU-LIVE-5 */
static void in_the_second_half_of_the_steps_no_strategy_is_asked(void **state)
{
    (void)state;
    struct world w = {.first = give_way_for_ever, .second = give_way_for_ever};
    make_machine(&w);
    struct emu_program program = program_of(&w);
    struct bare_picker picker;
    uint64_t asked = 0;
    bare_pick_with(w.machine, &picker, count_asked, &asked);
    assert_int_equal(emu_run_program(w.machine, &program), EMU_STOP_FINDING);
    assert_true(asked > STEP_LIMIT / 4);
    assert_true(asked <= STEP_LIMIT / 2 + 1);
    emu_machine_set_strategy(w.machine, NULL);
    emu_machine_destroy(w.machine);
}

/* rule: EMU-LIVE-5 */
static void a_livelock_is_replayed_from_its_record(void **state)
{
    (void)state;
    struct world w = {.first = give_way_for_ever, .second = give_way_for_ever};
    make_machine(&w);
    struct emu_program program = program_of(&w);
    struct emu_report report;
    struct emu_strategy *random = emu_strategy_random(1);
    struct emu_explore_options options = {.runs = 1};
    emu_explore(w.machine, &program, random, &options, &report);
    assert_int_equal(report.found, 1); /* and not a second one that the replay differs */
    assert_string_equal(report.findings[0].finding.rule, "livelock");
    emu_report_free(&report);
    emu_strategy_destroy(random);
    emu_machine_destroy(w.machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_waits_when_all_is_idle_is_a_finding),
        cmocka_unit_test(a_machine_where_nobody_waits_is_drained),
        cmocka_unit_test(a_deadlock_names_strands_and_requests),
        cmocka_unit_test(a_livelock_names_the_moves_that_repeat),
        cmocka_unit_test(software_interrupts_that_ask_for_each_other_are_a_livelock),
        cmocka_unit_test(a_request_that_is_passed_over_for_ever_starves),
        cmocka_unit_test(a_loop_that_ends_under_a_fair_scheduler_is_no_livelock),
        cmocka_unit_test(in_the_second_half_of_the_steps_no_strategy_is_asked),
        cmocka_unit_test(a_livelock_is_replayed_from_its_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
