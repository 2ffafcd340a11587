/*
 * Searches with bounds of several kinds, the sweep, and the strategy that shares its runs among all.
 */
#include "race.h"

#include <emu/coverage.h>
#include <emu/strategies.h>

/* ---- Searches that are asked by hand ----------------------------------------------------------------------
 */

typedef void question_fn(struct emu_strategy *s);

static uint64_t runs_of(struct emu_strategy *s, question_fn *ask)
{
    enum { MANY = 100000 };
    uint64_t runs = 0;
    bool more = true;
    while (more && runs < MANY) {
        s->begin(s, runs++);
        ask(s);
        more = s->end(s);
    }
    assert_false(more);
    emu_strategy_destroy(s);
    return runs;
}

static void ask_menus(struct emu_strategy *s, const struct emu_action *menu, uint32_t count, bool is_free)
{
    enum { MENUS = 4 };
    struct emu_decision d = {
        .kind = EMU_CHOICE_SCHEDULE, .site = 1, .count = count, .free = is_free, .actions = menu};
    for (unsigned i = 0; i < MENUS; i++)
        assert_true(s->choose(s, &d) < count);
}

static void three_strands(struct emu_strategy *s)
{
    static const struct emu_action menu[] = {{.kind = EMU_ACTION_STEP, .id = 1},
                                             {.kind = EMU_ACTION_STEP, .id = 2},
                                             {.kind = EMU_ACTION_STEP, .id = 3}};
    ask_menus(s, menu, COUNT_OF(menu), false);
}

static void three_strands_freely(struct emu_strategy *s)
{
    static const struct emu_action menu[] = {{.kind = EMU_ACTION_STEP, .id = 1},
                                             {.kind = EMU_ACTION_STEP, .id = 2},
                                             {.kind = EMU_ACTION_STEP, .id = 3}};
    ask_menus(s, menu, COUNT_OF(menu), true);
}

static void strands_and_interrupts(struct emu_strategy *s)
{
    static const struct emu_action menu[] = {{.kind = EMU_ACTION_STEP, .id = 1},
                                             {.kind = EMU_ACTION_STEP, .id = 2},
                                             {.kind = EMU_ACTION_DELIVER, .id = 1},
                                             {.kind = EMU_ACTION_SOFT, .id = 2},
                                             {.kind = EMU_ACTION_ENGINE, .id = 1}};
    ask_menus(s, menu, COUNT_OF(menu), false);
}

static struct emu_strategy *bounded(int preemptions, int interrupts, int delays)
{
    return emu_strategy_bounded(
        &(struct emu_bounds){.preemptions = preemptions, .interrupts = interrupts, .delays = delays});
}

/* rule: EMU-BOUND-1 */
static void a_choice_of_value_v_costs_v_delays_whether_free_or_not(void **state)
{
    (void)state;
    /* Four values of 0 to 2 whose sum is at most the bound. */
    static const uint64_t sums[] = {1, 5, 15, 31, 50, 66, 76, 80, 81};
    for (int bound = 0; bound < (int)COUNT_OF(sums); bound++) {
        assert_int_equal(runs_of(bounded(EMU_UNBOUNDED, EMU_UNBOUNDED, bound), three_strands), sums[bound]);
        assert_int_equal(runs_of(bounded(EMU_UNBOUNDED, EMU_UNBOUNDED, bound), three_strands_freely),
                         sums[bound]);
    }
}

/* rule: EMU-BOUND-1 */
static void a_deepening_of_delays_makes_a_pass_for_each(void **state)
{
    (void)state;
    struct emu_bounds bounds = {EMU_UNBOUNDED, EMU_UNBOUNDED, 2, true};
    assert_int_equal(runs_of(emu_strategy_bounded(&bounds), three_strands), 1 + 5 + 15);
    bounds.delays = 1000; /* nothing is cut off at 8 */
    assert_int_equal(runs_of(emu_strategy_bounded(&bounds), three_strands),
                     1 + 5 + 15 + 31 + 50 + 66 + 76 + 80 + 81);
}

/* rule: EMU-BOUND-2 */
static void interrupts_with_a_bound_of_their_own_are_no_preemptions(void **state)
{
    (void)state;
    /* Of 4 decisions, i are one of 2 deliveries and p one of 2 others: 4! / (i! p! (4-i-p)!) * 2^i * 2^p. */
    assert_int_equal(runs_of(bounded(0, 0, EMU_UNBOUNDED), strands_and_interrupts), 1);
    assert_int_equal(runs_of(bounded(0, 1, EMU_UNBOUNDED), strands_and_interrupts), 1 + 8);
    assert_int_equal(runs_of(bounded(1, 0, EMU_UNBOUNDED), strands_and_interrupts), 1 + 8);
    assert_int_equal(runs_of(bounded(1, 1, EMU_UNBOUNDED), strands_and_interrupts), 1 + 8 + 8 + 12 * 4);
    assert_int_equal(runs_of(bounded(0, 2, EMU_UNBOUNDED), strands_and_interrupts), 1 + 8 + 6 * 4);
}

/* rule: EMU-BOUND-2 */
static void without_a_bound_of_their_own_interrupts_are_preemptions(void **state)
{
    (void)state;
    assert_int_equal(runs_of(bounded(1, EMU_UNBOUNDED, EMU_UNBOUNDED), strands_and_interrupts), 1 + 4 * 4);
}

/* ---- The sweep --------------------------------------------------------------------------------------------
 */

enum { LINE_LEVEL = 7, WORK = 5 };

struct interrupted {
    emu_line line;
    unsigned done;         /* steps of the worker */
    unsigned at[WORK + 1]; /* how often the interrupt came after so many of them, over all runs */
};

static void on_interrupt(struct emu_machine *m, void *context)
{
    struct interrupted *x = context;
    (void)m;
    x->at[x->done]++;
}

static void work_on(void *context)
{
    struct interrupted *x = context;
    emu_line_raise(emu_current(), x->line);
    for (x->done = 0; x->done < WORK; x->done++)
        bare_work(x->done);
}

static void interrupted_set_up(void *context)
{
    struct interrupted *x = context;
    struct emu_line_config line = {.trigger = EMU_TRIGGER_EDGE, .level = LINE_LEVEL, .processors = 1};
    x->line = emu_line_add(emu_current(), &line);
    emu_line_connect(emu_current(), x->line, on_interrupt, x);
    x->done = 0;
    race_start("worker", 0, work_on, x);
}

/* rule: EMU-SWEEP-1 */
static void a_sweep_puts_the_interrupt_at_each_decision_in_turn(void **state)
{
    (void)state;
    struct interrupted x = {0};
    struct emu_program program = {"interrupted", interrupted_set_up, NULL, &x};
    struct emu_machine *m = bare_processors(1);
    struct emu_report report =
        explore_with(m, &program, emu_strategy_sweep(), (struct emu_explore_options){0});
    assert_true(report.complete);
    for (unsigned i = 0; i < WORK; i++)
        assert_true(x.at[i] >= 1);
    assert_true(x.at[WORK] >= 1); /* the default run */
    assert_int_equal(report.runs, 1 + WORK + 1);
    emu_report_free(&report);
    emu_machine_destroy(m);
}

/* ---- The portfolio ----------------------------------------------------------------------------------------
 */

static const struct emu_bounds no_bounds = {INT32_MAX, EMU_UNBOUNDED, EMU_UNBOUNDED, true};

struct noted {
    struct emu_strategy base;
    struct emu_strategy *inner;
    struct emu_machine *machine;
    uint64_t hash; /* of all runs' hashes */
};

static void noted_begin(struct emu_strategy *s, uint64_t run)
{
    struct noted *n = (struct noted *)s;
    n->inner->begin(n->inner, run);
    n->base.footprints = n->inner->footprints; /* where the machine looks for them */
}

static uint32_t noted_choose(struct emu_strategy *s, const struct emu_decision *d)
{
    struct noted *n = (struct noted *)s;
    return n->inner->choose(n->inner, d);
}

static bool noted_end(struct emu_strategy *s)
{
    struct noted *n = (struct noted *)s;
    n->hash = n->hash * 31 + emu_trace_hash(n->machine);
    return n->inner->end(n->inner);
}

static uint64_t auto_runs(uint64_t seed, uint64_t runs)
{
    struct walkers walkers = {.steps = 20};
    struct emu_program program = {"walkers", walkers_set_up, NULL, &walkers};
    struct emu_machine *m = bare_processors(2);
    struct emu_coverage *c = emu_coverage_create();
    struct noted n = {.inner = emu_strategy_auto(seed, &no_bounds, c), .machine = m};
    n.base = (struct emu_strategy){.name = "noted",
                                   .begin = noted_begin,
                                   .choose = noted_choose,
                                   .end = noted_end,
                                   .profile_runs = n.inner->profile_runs};
    struct emu_explore_options options = {.runs = runs, .coverage = c};
    struct emu_report report;
    emu_explore(m, &program, &n.base, &options, &report);
    assert_int_equal(report.runs, runs);
    emu_report_free(&report);
    emu_strategy_destroy(n.inner);
    emu_coverage_destroy(c);
    emu_machine_destroy(m);
    return n.hash;
}

/* rule: EMU-AUTO-1 */
static void the_runs_of_auto_follow_from_program_and_seed(void **state)
{
    (void)state;
    enum { RUNS = 6000 };
    assert_int_equal(auto_runs(1, RUNS), auto_runs(1, RUNS));
    assert_int_not_equal(auto_runs(1, RUNS), auto_runs(2, RUNS));
}

/* rule: EMU-AUTO-2 */
static void auto_gives_everybody_a_share(void **state)
{
    (void)state;
    enum { RUNS = 20000, STRATEGIES = 7, SLICE = 64 };
    struct walkers walkers = {.steps = 20};
    struct emu_program program = {"walkers", walkers_set_up, NULL, &walkers};
    struct emu_machine *m = bare_processors(2);
    struct emu_coverage *c = emu_coverage_create();
    struct emu_strategy *s = emu_strategy_auto(1, &no_bounds, c);
    struct emu_explore_options options = {.runs = RUNS, .coverage = c};
    struct emu_report report;
    emu_explore(m, &program, s, &options, &report);
    struct emu_share share;
    uint64_t runs = 0, classes = 0;
    unsigned count = 0;
    for (; emu_strategy_share(s, count, &share); count++) {
        assert_true(share.runs >= 3 * SLICE || share.ended);
        assert_true(share.classes <= share.runs);
        runs += share.runs;
        classes += share.classes;
    }
    assert_true(count >= STRATEGIES);
    assert_int_equal(runs, RUNS - 8); /* besides the profile */
    assert_true(classes + 8 >= emu_coverage_classes(c));
    emu_report_free(&report);
    emu_strategy_destroy(s);
    emu_coverage_destroy(c);
    emu_machine_destroy(m);
}

struct aside {
    unsigned steps;
};

static void step_aside(void *context)
{
    const struct aside *a = context;
    struct emu_machine *m = emu_current();
    for (unsigned i = 0; i < a->steps; i++)
        emu_step(m, OP_WORK, emu_object_at(m, a, "variable"), i);
}

static void aside_set_up(void *context)
{
    struct aside *asides = context;
    race_start("left", 0, step_aside, &asides[0]);
    race_start("right", 1, step_aside, &asides[1]);
}

/* rule: EMU-AUTO-3 */
static void auto_is_complete_when_its_search_is(void **state)
{
    (void)state;
    struct walkers walkers = {.steps = 2};
    struct emu_program program = {"walkers", walkers_set_up, NULL, &walkers};
    struct emu_machine *m = bare_processors(2);
    struct emu_coverage *c = emu_coverage_create();
    struct emu_report report = explore_with(m, &program, emu_strategy_auto(1, &no_bounds, c),
                                            (struct emu_explore_options){.runs = 100000, .coverage = c});
    assert_true(report.complete);
    assert_true(report.runs < 100000);
    emu_report_free(&report);
    emu_coverage_destroy(c);

    /* A bound that cuts something off leaves nothing complete. */
    const struct emu_bounds one = {1, EMU_UNBOUNDED, EMU_UNBOUNDED, true};
    walkers.steps = 20;
    c = emu_coverage_create();
    report = explore_with(m, &program, emu_strategy_auto(1, &one, c),
                          (struct emu_explore_options){.runs = 10000, .coverage = c});
    assert_false(report.complete);
    assert_int_equal(report.runs, 10000);
    emu_report_free(&report);
    emu_coverage_destroy(c);
    emu_machine_destroy(m);
}

/* rule: EMU-AUTO-3 */
static void auto_is_complete_when_its_reducer_is(void **state)
{
    (void)state;
    /* Far too many runs for a search; but what each touches is its own, so there is one class. */
    struct aside asides[2] = {{.steps = 40}, {.steps = 40}};
    struct emu_program program = {"aside", aside_set_up, NULL, asides};
    struct emu_machine *m = bare_processors(2);
    struct emu_coverage *c = emu_coverage_create();
    struct emu_strategy *s = emu_strategy_auto(1, &no_bounds, c);
    struct emu_explore_options options = {.runs = 100000, .coverage = c};
    struct emu_report report;
    emu_explore(m, &program, s, &options, &report);
    assert_true(report.complete);
    assert_non_null(emu_strategy_reduction(s));
    assert_int_equal(emu_strategy_reduction(s)->classes, 1);
    assert_int_equal(emu_coverage_classes(c), 1);
    emu_report_free(&report);
    emu_strategy_destroy(s);
    emu_coverage_destroy(c);
    emu_machine_destroy(m);
}

/* rule: EMU-AUTO-4 */
static void what_auto_finds_soon_has_the_fewest_preemptions(void **state)
{
    (void)state;
    struct counter counter = {.noise = 2}; /* so that without preemptions there are some hundred runs */
    struct emu_program program = counter_program(&counter);
    struct emu_machine *m = bare_processors(2);
    struct emu_coverage *c = emu_coverage_create();
    struct emu_report report = explore_with(m, &program, emu_strategy_auto(1, &no_bounds, c),
                                            (struct emu_explore_options){.runs = 10000, .coverage = c});
    assert_int_equal(report.found, 1);
    assert_int_equal(emu_record_preemptions(&report.findings[0].record), 1);
    assert_string_equal(report.findings[0].strategy, "deepening");
    emu_report_free(&report);
    emu_coverage_destroy(c);
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_choice_of_value_v_costs_v_delays_whether_free_or_not),
        cmocka_unit_test(a_deepening_of_delays_makes_a_pass_for_each),
        cmocka_unit_test(interrupts_with_a_bound_of_their_own_are_no_preemptions),
        cmocka_unit_test(without_a_bound_of_their_own_interrupts_are_preemptions),
        cmocka_unit_test(a_sweep_puts_the_interrupt_at_each_decision_in_turn),
        cmocka_unit_test(the_runs_of_auto_follow_from_program_and_seed),
        cmocka_unit_test(auto_gives_everybody_a_share),
        cmocka_unit_test(auto_is_complete_when_its_search_is),
        cmocka_unit_test(auto_is_complete_when_its_reducer_is),
        cmocka_unit_test(what_auto_finds_soon_has_the_fewest_preemptions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
