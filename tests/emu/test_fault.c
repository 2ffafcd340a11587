/*
 * Fault policies: who fails in which run, asked by programs that are nothing but questions, and by a machine.
 */
#include "bare.h"

#include <emu/fault.h>
#include <emu/strategies.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { CALLS = 5, WORK_RUNS = 3 };

static struct emu_strategy *make_fifo(void *context)
{
    (void)context;
    return emu_strategy_fifo();
}

static struct emu_strategy *make_random(void *context)
{
    (void)context;
    return emu_strategy_random(1);
}

static struct emu_strategy *make_exhaustive(void *context)
{
    (void)context;
    return emu_strategy_exhaustive(EMU_UNBOUNDED);
}

/* Which of five calls failed, a bit each, in the last run. */
static unsigned failed;
static unsigned seen[64];
static unsigned runs;

static void call_five(void *context)
{
    (void)context;
    struct emu_machine *m = emu_current();
    failed = 0;
    for (unsigned i = 0; i < CALLS; i++)
        failed |= (unsigned)emu_fault(m, OP_WORK + i) << i;
    if (runs < sizeof seen / sizeof seen[0])
        seen[runs] = failed;
    runs++;
}

static void set_up(void *context)
{
    (void)context;
    struct emu_strand_config caller = {.name = "caller", .fn = call_five, .must_finish = true, .held = true};
    emu_strand_start(emu_current(), &caller);
}

static struct emu_report explore(const struct emu_faults *faults, emu_strategy_maker *make, uint64_t most,
                                 struct emu_fault_sweep *sweep)
{
    const struct emu_config config = {.faults = true};
    const struct emu_program program = {"calls", set_up, NULL, NULL};
    const struct emu_explore_options options = {.runs = most};
    struct emu_machine *m = bare_machine(&config);
    struct emu_strategy *s = emu_strategy_faults(faults, make, NULL);
    struct emu_report report;
    assert_non_null(s);
    runs = 0;
    emu_explore(m, &program, s, &options, &report);
    if (sweep != NULL)
        assert_true(emu_fault_sweep(s, sweep));
    emu_strategy_destroy(s);
    emu_machine_destroy(m);
    assert_int_equal(report.found, 0);
    return report;
}

/* rule: EMU-FAULT-3 */
static void a_sweep_lets_each_call_fail_in_turn_and_ends(void **state)
{
    (void)state;
    const struct emu_faults faults = {.policy = EMU_FAULTS_SWEEP};
    struct emu_fault_sweep sweep;
    struct emu_report report = explore(&faults, make_exhaustive, 0, &sweep);
    assert_true(report.complete);
    assert_int_equal(report.runs, CALLS + 2); /* one without, and one in which nothing is left to fail */
    for (unsigned n = 0; n <= CALLS; n++)
        assert_int_equal(seen[n], n == 0 ? 0 : 1u << (n - 1));
    assert_int_equal(seen[CALLS + 1], 0);
    assert_int_equal(sweep.calls, CALLS);
    assert_int_equal(sweep.done, CALLS);
    assert_int_equal(sweep.whole, CALLS);
    assert_true(sweep.ended);
    emu_report_free(&report);
}

/* rule: EMU-FAULT-3 */
static void a_sweep_that_is_cut_off_says_so(void **state)
{
    (void)state;
    const struct emu_faults faults = {.policy = EMU_FAULTS_SWEEP};
    struct emu_fault_sweep sweep;
    struct emu_report report = explore(&faults, make_exhaustive, CALLS, &sweep);
    assert_false(report.complete);
    assert_false(sweep.ended);
    assert_int_equal(sweep.done, CALLS - 1);
    emu_report_free(&report);
}

/* rule: EMU-FAULT-4 */
static void a_persistent_sweep_lets_all_later_calls_fail_as_well(void **state)
{
    (void)state;
    const struct emu_faults faults = {.policy = EMU_FAULTS_SWEEP, .persistent = true};
    struct emu_report report = explore(&faults, make_exhaustive, 0, NULL);
    const unsigned all = (1u << CALLS) - 1;
    for (unsigned n = 1; n <= CALLS; n++)
        assert_int_equal(seen[n], all & ~((1u << (n - 1)) - 1));
    emu_report_free(&report);
}

/* rule: EMU-FAULT-5 */
static void every_fault_has_the_base_schedule_and_so_many_runs_of_the_strategy(void **state)
{
    (void)state;
    const struct emu_faults faults = {.policy = EMU_FAULTS_SWEEP, .runs = WORK_RUNS};
    struct emu_fault_sweep sweep;
    struct emu_report report = explore(&faults, make_random, 0, &sweep);
    assert_int_equal(report.runs, (CALLS + 2) * (1 + WORK_RUNS));
    for (unsigned i = 0; i < (CALLS + 1) * (1 + WORK_RUNS); i++) {
        unsigned n = i / (1 + WORK_RUNS);
        assert_int_equal(seen[i], n == 0 ? 0 : 1u << (n - 1));
    }
    assert_int_equal(sweep.whole, 0); /* a sampler has always further runs */
    emu_report_free(&report);
}

/* rule: EMU-FAULT-6 */
static void random_faults_are_the_same_again_from_one_seed_and_come_in_clusters(void **state)
{
    (void)state;
    enum { RUNS = 64 };
    unsigned first[RUNS], none = 0, some = 0;
    struct emu_faults faults = {.policy = EMU_FAULTS_RANDOM, .rate = EMU_FAULTS_CERTAIN / 2, .seed = 7};
    struct emu_report report = explore(&faults, make_random, RUNS, NULL);
    emu_report_free(&report);
    memcpy(first, seen, sizeof first);
    report = explore(&faults, make_random, RUNS, NULL);
    emu_report_free(&report);
    assert_memory_equal(first, seen, sizeof first);
    for (unsigned i = 0; i < RUNS; i++) {
        none += first[i] == 0;
        some += first[i] != 0;
    }
    assert_true(none > 0 && some > RUNS / 3);
    faults.seed = 8;
    report = explore(&faults, make_random, RUNS, NULL);
    emu_report_free(&report);
    assert_memory_not_equal(first, seen, sizeof first);
}

/* A search repeats its beginnings: within a draw the same calls fail, and it never diverges. */
/* rule: EMU-FAULT-6 */
static void random_faults_do_not_lead_a_search_astray(void **state)
{
    (void)state;
    const struct emu_faults faults = {.policy = EMU_FAULTS_RANDOM, .rate = EMU_FAULTS_CERTAIN / 2};
    struct emu_report report = explore(&faults, make_exhaustive, 500, NULL);
    assert_int_equal(report.runs, 500);
    emu_report_free(&report);
}

/* rule: EMU-FAULT-7 */
static void faults_lie_in_the_record_and_a_replay_has_them(void **state)
{
    (void)state;
    const struct emu_config config = {.faults = true};
    const struct emu_program program = {"calls", set_up, NULL, NULL};
    const struct emu_faults faults = {.policy = EMU_FAULTS_RANDOM, .rate = EMU_FAULTS_CERTAIN};
    struct emu_machine *m = bare_machine(&config);
    struct emu_strategy *s = emu_strategy_faults(&faults, make_fifo, NULL);
    struct emu_record record;
    emu_machine_set_strategy(m, s);
    s->begin(s, 0);
    emu_run_program(m, &program);
    s->end(s);
    assert_int_equal(failed, (1u << CALLS) - 1);
    assert_int_equal(emu_faults_so_far(m), CALLS);
    uint64_t hash = emu_trace_hash(m);
    emu_record_init(&record);
    emu_record_copy(&record, emu_machine_record(m));
    assert_int_equal(emu_record_faults(&record), CALLS);
    emu_strategy_destroy(s);

    s = emu_strategy_replay(&record, true);
    emu_machine_set_strategy(m, s);
    s->begin(s, 0);
    failed = 0;
    emu_run_program(m, &program);
    s->end(s);
    assert_int_equal(failed, (1u << CALLS) - 1);
    assert_true(hash == emu_trace_hash(m));
    emu_machine_set_strategy(m, NULL);
    emu_strategy_destroy(s);
    emu_record_free(&record);
    emu_machine_destroy(m);
}

static void take_line(void *context, const char *line)
{
    unsigned *mentions = context;
    *mentions += strstr(line, "fault: fails here ") != NULL;
}

/* rule: EMU-FAULT-8 */
static void a_timeline_says_where_a_call_failed(void **state)
{
    (void)state;
    const struct emu_config config = {.faults = true};
    const struct emu_program program = {"calls", set_up, NULL, NULL};
    const struct emu_faults faults = {.policy = EMU_FAULTS_RANDOM, .rate = EMU_FAULTS_CERTAIN};
    struct emu_machine *m = bare_machine(&config);
    struct emu_strategy *s = emu_strategy_faults(&faults, make_fifo, NULL);
    unsigned mentions = 0;
    emu_trace_record(m, true);
    emu_machine_set_strategy(m, s);
    s->begin(s, 0);
    emu_run_program(m, &program);
    emu_trace_timeline(m, 0, take_line, &mentions);
    assert_int_equal(mentions, CALLS);
    emu_machine_set_strategy(m, NULL);
    emu_strategy_destroy(s);
    emu_machine_destroy(m);
}

/* rule: EMU-FAULT-2 */
static void the_strand_that_sets_up_is_spared_and_without_faults_nothing_is_asked(void **state)
{
    (void)state;
    const struct emu_config with = {.faults = true}, without = {0};
    const struct emu_program program = {"calls", call_five, NULL, NULL};
    for (unsigned i = 0; i < 2; i++) {
        struct emu_machine *m = bare_machine(i == 0 ? &with : &without);
        emu_run_program(m, i == 0 ? &program : &(struct emu_program){"calls", set_up, NULL, NULL});
        assert_int_equal(emu_machine_record(m)->length, 0);
        emu_machine_destroy(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sweep_lets_each_call_fail_in_turn_and_ends),
        cmocka_unit_test(a_sweep_that_is_cut_off_says_so),
        cmocka_unit_test(a_persistent_sweep_lets_all_later_calls_fail_as_well),
        cmocka_unit_test(every_fault_has_the_base_schedule_and_so_many_runs_of_the_strategy),
        cmocka_unit_test(random_faults_are_the_same_again_from_one_seed_and_come_in_clusters),
        cmocka_unit_test(random_faults_do_not_lead_a_search_astray),
        cmocka_unit_test(faults_lie_in_the_record_and_a_replay_has_them),
        cmocka_unit_test(a_timeline_says_where_a_call_failed),
        cmocka_unit_test(the_strand_that_sets_up_is_spared_and_without_faults_nothing_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
