/*
 * The exploring loop on a real machine: phases, limits, the book of findings, and programs that do not
 * repeat.
 */
#include "lock.h"
#include "race.h"

#include <emu/token.h>

/* ---- One run
 * ----------------------------------------------------------------------------------------------- */

struct phases {
    char order[8];
    unsigned length;
    bool fail_set_up, fail_race, fail_check;
    uint32_t latitude[3];
};

static void phase(struct phases *p, char name, bool fail)
{
    bare_work(0);
    p->order[p->length++] = name;
    if (fail)
        emu_finding_raise(emu_current(), "property", NULL, NULL, "phase %c", name);
}

static void phases_race(void *context)
{
    struct phases *p = context;
    p->latitude[1] = emu_latitude(emu_current(), RACE_SITE, 2);
    phase(p, 'r', p->fail_race);
}

static void phases_set_up(void *context)
{
    struct phases *p = context;
    race_start("racer", 1, phases_race, p);
    p->latitude[0] = emu_latitude(emu_current(), RACE_SITE, 2);
    phase(p, 's', p->fail_set_up);
}

static void phases_check(void *context)
{
    struct phases *p = context;
    p->latitude[2] = emu_latitude(emu_current(), RACE_SITE, 2);
    phase(p, 'c', p->fail_check);
}

static uint32_t pick_last(void *context, const struct emu_decision *d)
{
    (void)context;
    return d->count - 1;
}

/* rule: EMU-PROGRAM-1 */
static void set_up_and_check_are_quiet_and_what_was_held_races_between_them(void **state)
{
    (void)state;
    struct phases p = {0};
    struct emu_machine *m = bare_machine(NULL);
    struct bare_picker picker;
    bare_pick_with(m, &picker, pick_last, NULL);
    const struct emu_program program = {"phases", phases_set_up, phases_check, &p};
    assert_int_equal(emu_run_program(m, &program), EMU_STOP_IDLE);
    assert_string_equal(p.order, "src");
    assert_int_equal(p.latitude[0], 0);
    assert_int_equal(p.latitude[1], 1);
    assert_int_equal(p.latitude[2], 0);
    assert_int_equal(emu_machine_record(m)->length, 1);
    emu_machine_destroy(m);
}

/* rule: EMU-PROGRAM-2 */
static void a_finding_in_any_phase_ends_the_run(void **state)
{
    (void)state;
    static const char *const reached[] = {"s", "sr", "src"};
    struct emu_machine *m = bare_machine(NULL);
    for (unsigned i = 0; i < COUNT_OF(reached); i++) {
        struct phases p = {.fail_set_up = i == 0, .fail_race = i == 1, .fail_check = i == 2};
        const struct emu_program program = {"phases", phases_set_up, phases_check, &p};
        assert_int_equal(emu_run_program(m, &program), EMU_STOP_FINDING);
        assert_string_equal(p.order, reached[i]);
        assert_non_null(emu_machine_finding(m));
    }
    struct phases p = {0};
    const struct emu_program again = {"phases", phases_set_up, phases_check, &p};
    assert_int_equal(emu_run_program(m, &again), EMU_STOP_IDLE);
    assert_string_equal(p.order, "src");
    const struct emu_program nothing = {"nothing", NULL, NULL, NULL};
    assert_int_equal(emu_run_program(m, &nothing), EMU_STOP_IDLE);
    emu_machine_destroy(m);
}

/* ---- Every interleaving
 * ------------------------------------------------------------------------------------ */

static struct emu_report explore_walkers(unsigned steps, int preemptions)
{
    struct walkers w = {steps};
    const struct emu_program program = {"walkers", walkers_set_up, NULL, &w};
    struct emu_machine *m = bare_machine(NULL);
    struct emu_report r =
        explore_with(m, &program, emu_strategy_exhaustive(preemptions), (struct emu_explore_options){0});
    emu_machine_destroy(m);
    assert_true(r.complete);
    assert_false(r.interrupted);
    assert_int_equal(r.found, 0);
    return r;
}

/*
 * Each strand is put on its processor, takes its steps and ends in the last: steps + 1 atomic pieces each.
 */
/* rule: EMU-SEARCH-1 */
static void two_walkers_have_as_many_runs_as_there_are_ways_to_interleave_them(void **state)
{
    (void)state;
    static const uint64_t ways[] = {2, 6, 20, 70, 252, 924}; /* C(2n + 2, n + 1) for n steps */
    for (unsigned steps = 0; steps < COUNT_OF(ways); steps++) {
        struct emu_report r = explore_walkers(steps, EMU_UNBOUNDED);
        assert_int_equal(r.runs, ways[steps]);
        assert_int_equal(r.steps, ways[steps] * steps * 2);
    }
}

/* rule: EMU-SEARCH-2 */
static void bounds_grow_to_the_whole(void **state)
{
    (void)state;
    uint64_t before = 0;
    for (int bound = 0; bound <= 6; bound++) {
        uint64_t runs = explore_walkers(3, bound).runs;
        assert_true(runs >= before && runs <= 70);
        before = runs;
    }
    assert_int_equal(before, 70);
    assert_int_equal(explore_walkers(3, 0).runs, 2);
}

/* ---- Findings
 * ---------------------------------------------------------------------------------------------- */

static void assert_is_the_lost_update(struct emu_machine *m, const struct emu_program *program,
                                      const struct emu_found *found)
{
    assert_string_equal(found->finding.rule, "property");
    assert_string_equal(found->finding.code, "LOST/01");
    assert_string_equal(found->finding.message, "two were added, 1 arrived");
    struct emu_strategy *replay = emu_strategy_replay(&found->record, true);
    for (unsigned i = 0; i < 100; i++) {
        emu_machine_set_strategy(m, replay);
        replay->begin(replay, 0);
        assert_int_equal(emu_run_program(m, program), EMU_STOP_FINDING);
        replay->end(replay);
        assert_false(emu_strategy_divergence(replay)->diverged);
        assert_true(emu_trace_hash(m) == found->hash);
        assert_int_equal(emu_machine_record(m)->length, found->record.length);
    }
    emu_machine_set_strategy(m, NULL);
    emu_strategy_destroy(replay);
}

/* rule: EMU-EXPLORE-1 */
static void every_strategy_but_the_first_finds_the_lost_update_and_it_replays(void **state)
{
    (void)state;
    struct counter c = {.noise = 1};
    const struct emu_program program = counter_program(&c);
    struct emu_machine *m = bare_machine(NULL);
    struct emu_report r = explore_with(m, &program, emu_strategy_fifo(), (struct emu_explore_options){0});
    assert_int_equal(r.found, 0);
    assert_int_equal(r.runs, 1);
    assert_true(r.complete);
    emu_report_free(&r);

    struct emu_strategy *strategies[] = {emu_strategy_random(1), emu_strategy_exhaustive(EMU_UNBOUNDED),
                                         emu_strategy_exhaustive(1), emu_strategy_deepening(3)};
    for (unsigned i = 0; i < COUNT_OF(strategies); i++) {
        r = explore_with(m, &program, strategies[i], (struct emu_explore_options){.runs = 10000});
        assert_int_equal(r.found, 1);
        assert_false(r.complete);
        assert_int_equal(r.findings[0].run, r.runs - 1);
        assert_int_equal(r.findings[0].times, 1);
        assert_true(r.choices_max >= r.findings[0].record.length);
        assert_is_the_lost_update(m, &program, &r.findings[0]);
        emu_report_free(&r);
        assert_int_equal(r.found, 0);
    }
    emu_machine_destroy(m);
}

/* rule: EMU-TOKEN-1 */
static void a_token_alone_replays_what_was_found(void **state)
{
    (void)state;
    struct counter c = {.noise = 2};
    const struct emu_program program = counter_program(&c);
    struct emu_machine *m = bare_machine(NULL);
    struct emu_report r = explore_with(m, &program, emu_strategy_random(7), (struct emu_explore_options){0});
    assert_int_equal(r.found, 1);
    const struct emu_found *found = &r.findings[0];
    struct emu_token token = {.hash = (uint32_t)found->hash, .record = found->record};
    char *text = emu_token_write(&token);
    const char *why = NULL;
    struct emu_token read;
    assert_true(emu_token_read(text, &read, &why));

    struct emu_strategy *replay = emu_strategy_replay(&read.record, true);
    emu_machine_set_strategy(m, replay);
    replay->begin(replay, 0);
    assert_int_equal(emu_run_program(m, &program), EMU_STOP_FINDING);
    replay->end(replay);
    assert_false(emu_strategy_divergence(replay)->diverged);
    assert_true(emu_trace_hash(m) == found->hash);
    assert_int_equal(emu_machine_record(m)->length, read.record.length);
    assert_memory_equal(emu_machine_record(m)->choices, found->record.choices,
                        found->record.length * sizeof found->record.choices[0]);
    emu_machine_set_strategy(m, NULL);
    emu_strategy_destroy(replay);
    emu_record_free(&read.record);
    free(text);
    emu_report_free(&r);
    emu_machine_destroy(m);
}

/* rule: EMU-SEARCH-3 */
static void deepening_finds_it_with_the_fewest_preemptions_first(void **state)
{
    (void)state;
    struct counter c = {.noise = 0};
    const struct emu_program program = counter_program(&c);
    struct emu_machine *m = bare_machine(NULL);
    struct emu_report r =
        explore_with(m, &program, emu_strategy_deepening(3), (struct emu_explore_options){0});
    assert_int_equal(r.found, 1);
    assert_int_equal(emu_record_preemptions(&r.findings[0].record), 1);
    emu_report_free(&r);
    emu_machine_destroy(m);
}

/* Fails with one of three rules, or with one rule and another code, as the choices have it. */
static void fail_variously(void *context)
{
    static const char *const rules[] = {"A", "B", "B"};
    static const char *const codes[] = {"1", "1", "2"};
    (void)context;
    struct emu_machine *m = emu_current();
    uint32_t which = emu_choose(m, EMU_CHOICE_DEVICE, RACE_SITE, COUNT_OF(rules) + 1);
    emu_choose(m, EMU_CHOICE_DEVICE, RACE_SITE, 5);
    if (which > 0)
        emu_finding_raise(m, rules[which - 1], codes[which - 1], NULL, "failed");
}

static void various_set_up(void *context)
{
    race_start("failing", 0, fail_variously, context);
}

/* rule: EMU-EXPLORE-2 */
static void going_on_counts_findings_by_rule_and_code(void **state)
{
    (void)state;
    const struct emu_program program = {"various", various_set_up, NULL, NULL};
    struct emu_machine *m = bare_machine(NULL);
    struct emu_report r = explore_with(m, &program, emu_strategy_exhaustive(EMU_UNBOUNDED),
                                       (struct emu_explore_options){.keep_going = true});
    assert_true(r.complete);
    assert_int_equal(r.runs, 20);
    assert_int_equal(r.found, 3);
    for (unsigned i = 0; i < r.found; i++) {
        assert_int_equal(r.findings[i].times, 5);
        assert_int_equal(r.findings[i].run, 5 * (i + 1));
    }
    assert_string_equal(r.findings[2].finding.rule, "B");
    assert_string_equal(r.findings[2].finding.code, "2");
    emu_report_free(&r);

    r = explore_with(m, &program, emu_strategy_exhaustive(EMU_UNBOUNDED), (struct emu_explore_options){0});
    assert_int_equal(r.runs, 6);
    assert_int_equal(r.found, 1);
    emu_report_free(&r);
    emu_machine_destroy(m);
}

static bool is_of_rule(void *context, const struct emu_finding *finding)
{
    return strcmp(finding->rule, context) == 0;
}

/* rule: EMU-EXPLORE-4 */
static void what_is_passed_over_does_not_end_an_exploration(void **state)
{
    (void)state;
    const struct emu_program program = {"various", various_set_up, NULL, NULL};
    char rule[] = "B";
    struct emu_machine *m = bare_machine(NULL);
    struct emu_report r = explore_with(
        m, &program, emu_strategy_exhaustive(EMU_UNBOUNDED),
        (struct emu_explore_options){.keep_going = true, .pass_over = is_of_rule, .pass_over_context = rule});
    assert_int_equal(r.runs, 20);
    for (unsigned i = 0; i < r.found; i++)
        assert_string_not_equal(r.findings[i].finding.rule, "B");
    uint64_t passed = 0;
    for (unsigned i = 0; i < r.passed; i++) {
        assert_string_equal(r.passed_over[i].finding.rule, "B");
        passed += r.passed_over[i].times;
    }
    assert_true(r.passed > 0);
    assert_int_equal(r.found + r.passed, 3);
    assert_int_equal(passed, 5 * r.passed);
    emu_report_free(&r);
    assert_int_equal(r.passed, 0);
    emu_machine_destroy(m);
}

static void fail_in_many_ways(void *context)
{
    (void)context;
    char rule[EMU_FINDING_RULE];
    struct emu_machine *m = emu_current();
    unsigned way = emu_choose(m, EMU_CHOICE_DEVICE, RACE_SITE, 2 * EMU_FOUND_MAX);
    snprintf(rule, sizeof rule, "%u", way);
    emu_finding_raise(m, rule, NULL, NULL, "one of many");
}

static void ways_set_up(void *context)
{
    race_start("failing", 0, fail_in_many_ways, context);
}

static bool is_any(void *context, const struct emu_finding *finding)
{
    (void)context;
    (void)finding;
    return true;
}

/* rule: EMU-EXPLORE-2 */
static void findings_of_more_kinds_than_have_room_are_counted(void **state)
{
    (void)state;
    const struct emu_program program = {"ways", ways_set_up, NULL, NULL};
    struct emu_machine *m = bare_machine(NULL);
    struct emu_report r = explore_with(m, &program, emu_strategy_exhaustive(EMU_UNBOUNDED),
                                       (struct emu_explore_options){.keep_going = true});
    assert_int_equal(r.found, EMU_FOUND_MAX);
    assert_int_equal(r.found_unlisted, EMU_FOUND_MAX);
    assert_int_equal(r.passed_unlisted, 0);
    emu_report_free(&r);
    r = explore_with(m, &program, emu_strategy_exhaustive(EMU_UNBOUNDED),
                     (struct emu_explore_options){.pass_over = is_any});
    assert_int_equal(r.passed, EMU_FOUND_MAX);
    assert_int_equal(r.passed_unlisted, EMU_FOUND_MAX);
    assert_int_equal(r.found_unlisted, 0);
    emu_report_free(&r);
    emu_machine_destroy(m);
}

static void report_two(void *context)
{
    (void)context;
    bare_work(1);
    emu_finding_report(emu_current(), "FIRST", NULL, NULL, "one can go on");
    bare_work(2);
    emu_finding_report(emu_current(), "SECOND", NULL, NULL, "here, too");
    bare_work(3);
}

static void reporters_set_up(void *context)
{
    (void)context;
    race_start("reporter", 0, report_two, NULL);
    static struct walkers two = {2};
    race_start("other", 1, walk, &two);
}

/* rule: EMU-EXPLORE-7 */
static void an_exploration_goes_on_past_reports_and_has_a_record_for_each(void **state)
{
    (void)state;
    const struct emu_program program = {"reporters", reporters_set_up, NULL, NULL};
    struct emu_machine *m = bare_machine(NULL);
    emu_machine_set_go_past(m, EMU_REPORTED_MAX);
    struct emu_report r =
        explore_with(m, &program, emu_strategy_exhaustive(EMU_UNBOUNDED), (struct emu_explore_options){0});
    assert_true(r.complete);
    assert_true(r.runs > 1);
    assert_int_equal(r.found, 2);
    assert_int_equal(emu_machine_config(m)->go_past, EMU_REPORTED_MAX);
    for (unsigned i = 0; i < r.found; i++) {
        assert_int_equal(r.findings[i].times, r.runs);
        assert_int_equal(r.findings[i].past, i);
        assert_string_equal(r.findings[i].finding.rule, i == 0 ? "FIRST" : "SECOND");
        struct emu_strategy *replay = emu_strategy_replay(&r.findings[i].record, true);
        emu_machine_set_go_past(m, r.findings[i].past);
        emu_machine_set_strategy(m, replay);
        replay->begin(replay, 0);
        assert_int_equal(emu_run_program(m, &program), EMU_STOP_FINDING);
        replay->end(replay);
        assert_false(emu_strategy_divergence(replay)->diverged);
        assert_true(emu_trace_hash(m) == r.findings[i].hash);
        emu_machine_set_strategy(m, NULL);
        emu_strategy_destroy(replay);
        emu_machine_set_go_past(m, EMU_REPORTED_MAX);
    }
    emu_report_free(&r);
    emu_machine_destroy(m);
}

struct crossing {
    struct lock left, right;
};

static void left_then_right(void *context)
{
    struct crossing *c = context;
    struct emu_machine *m = emu_current();
    lock_acquire(m, &c->left);
    lock_acquire(m, &c->right);
    lock_release(m, &c->right);
    lock_release(m, &c->left);
}

static void right_then_left(void *context)
{
    struct crossing *c = context;
    struct emu_machine *m = emu_current();
    lock_acquire(m, &c->right);
    lock_acquire(m, &c->left);
    lock_release(m, &c->left);
    lock_release(m, &c->right);
}

static void crossing_set_up(void *context)
{
    memset(context, 0, sizeof(struct crossing));
    race_start("one", 0, left_then_right, context);
    race_start("two", 1, right_then_left, context);
}

/* rule: EMU-EXPLORE-1 */
static void a_deadlock_is_found_like_any_other_error(void **state)
{
    (void)state;
    struct crossing c;
    const struct emu_program program = {"crossing", crossing_set_up, NULL, &c};
    struct emu_machine *m = bare_machine(NULL);
    struct emu_report r =
        explore_with(m, &program, emu_strategy_deepening(2), (struct emu_explore_options){0});
    assert_int_equal(r.found, 1);
    assert_string_equal(r.findings[0].finding.rule, "deadlock");
    assert_int_equal(emu_record_preemptions(&r.findings[0].record), 1);
    emu_report_free(&r);
    emu_machine_destroy(m);
}

/* ---- Limits
 * ------------------------------------------------------------------------------------------------ */

static bool count_calls(void *context, const struct emu_report *so_far)
{
    unsigned *calls = context;
    assert_true(so_far->runs > 0 && so_far->seconds > 0);
    return ++*calls < 3;
}

/* rule: EMU-EXPLORE-3 */
static void runs_seconds_and_the_caller_end_an_exploration(void **state)
{
    (void)state;
    struct walkers w = {3};
    const struct emu_program program = {"walkers", walkers_set_up, NULL, &w};
    struct emu_machine *m = bare_machine(NULL);

    struct emu_report r =
        explore_with(m, &program, emu_strategy_random(1), (struct emu_explore_options){.runs = 1234});
    assert_int_equal(r.runs, 1234);
    assert_false(r.complete || r.interrupted);

    r = explore_with(m, &program, emu_strategy_random(1), (struct emu_explore_options){.seconds = 0.05});
    assert_true(r.seconds >= 0.05 && r.seconds < 5);
    assert_false(r.complete || r.interrupted);
    assert_true(r.runs > 1);

    unsigned calls = 0;
    r = explore_with(
        m, &program, emu_strategy_random(1),
        (struct emu_explore_options){
            .progress = count_calls, .progress_context = &calls, .progress_seconds = 0.01, .seconds = 10});
    assert_int_equal(calls, 3);
    assert_true(r.interrupted);
    assert_true(r.seconds < 5);
    emu_machine_destroy(m);
}

/* ---- Programs that do not repeat
 * --------------------------------------------------------------------------- */

static void drift(void *context)
{
    unsigned *runs = context;
    emu_choose(emu_current(), EMU_CHOICE_DEVICE, RACE_SITE, 2 + (*runs)++ % 2);
    emu_choose(emu_current(), EMU_CHOICE_DEVICE, RACE_SITE, 2);
}

static void drift_set_up(void *context)
{
    race_start("drifting", 0, drift, context);
}

/* rule: EMU-DETERMINISM */
static void a_search_through_a_program_that_drifts_ends_with_a_finding(void **state)
{
    (void)state;
    unsigned runs = 0; /* outlives the run, as a static variable would */
    const struct emu_program program = {"drift", drift_set_up, NULL, &runs};
    struct emu_machine *m = bare_machine(NULL);
    struct emu_report r = explore_with(m, &program, emu_strategy_exhaustive(EMU_UNBOUNDED),
                                       (struct emu_explore_options){.keep_going = true, .runs = 1000});
    assert_int_equal(r.runs, 2);
    assert_false(r.complete);
    assert_int_equal(r.found, 1);
    assert_string_equal(r.findings[0].finding.rule, EMU_RULE_DETERMINISM);
    assert_string_equal(
        r.findings[0].finding.message,
        "choice 0 was a device choice among 2 at site 800 when these choices were made first and is a "
        "device choice among 3 at site 800 now: the program depends on more than the choices");
    emu_report_free(&r);
    emu_machine_destroy(m);
}

static void fail_once(void *context)
{
    unsigned *runs = context;
    bare_work(0);
    if (++*runs == 3)
        emu_finding_raise(emu_current(), "property", NULL, NULL, "the third run");
}

static void fail_once_set_up(void *context)
{
    race_start("failing once", 0, fail_once, context);
}

/* rule: EMU-DETERMINISM */
static void a_finding_that_does_not_come_again_is_told_from_one_that_does(void **state)
{
    (void)state;
    unsigned runs = 0;
    const struct emu_program program = {"once", fail_once_set_up, NULL, &runs};
    struct emu_machine *m = bare_machine(NULL);
    struct emu_report r = explore_with(m, &program, emu_strategy_random(1),
                                       (struct emu_explore_options){.keep_going = true, .runs = 1000});
    assert_int_equal(r.runs, 3);
    assert_int_equal(r.found, 2);
    assert_string_equal(r.findings[0].finding.rule, "property");
    assert_string_equal(r.findings[1].finding.rule, EMU_RULE_DETERMINISM);
    emu_report_free(&r);
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_up_and_check_are_quiet_and_what_was_held_races_between_them),
        cmocka_unit_test(a_finding_in_any_phase_ends_the_run),
        cmocka_unit_test(two_walkers_have_as_many_runs_as_there_are_ways_to_interleave_them),
        cmocka_unit_test(bounds_grow_to_the_whole),
        cmocka_unit_test(every_strategy_but_the_first_finds_the_lost_update_and_it_replays),
        cmocka_unit_test(a_token_alone_replays_what_was_found),
        cmocka_unit_test(deepening_finds_it_with_the_fewest_preemptions_first),
        cmocka_unit_test(going_on_counts_findings_by_rule_and_code),
        cmocka_unit_test(what_is_passed_over_does_not_end_an_exploration),
        cmocka_unit_test(findings_of_more_kinds_than_have_room_are_counted),
        cmocka_unit_test(an_exploration_goes_on_past_reports_and_has_a_record_for_each),
        cmocka_unit_test(a_deadlock_is_found_like_any_other_error),
        cmocka_unit_test(runs_seconds_and_the_caller_end_an_exploration),
        cmocka_unit_test(a_search_through_a_program_that_drifts_ends_with_a_finding),
        cmocka_unit_test(a_finding_that_does_not_come_again_is_told_from_one_that_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
