/*
 * Explorations that end in the middle of a run.
 */
#include "race.h"

#include <emu/coverage.h>
#include <emu/part.h>
#include <emu/strategies.h>

enum { STEPS = 3, RUNS_BEFORE = 4, SEED = 1, FOR_EVER = 1 << 30 };
#define SHORT_TIME 0.02
#define SOON       5.0

/* Two walkers, and a check that goes on for ever while it is told to. */
struct long_run {
    struct walkers walkers;
    bool goes_on;
};

static void set_up(void *context)
{
    struct long_run *l = context;
    walkers_set_up(&l->walkers);
}

static void check(void *context)
{
    const struct long_run *l = context;
    while (l->goes_on)
        bare_work(0);
}

static struct emu_machine *patient_machine(void)
{
    return bare_machine(&(struct emu_config){.step_limit = UINT32_MAX});
}

static bool until_underway(void *context, const struct emu_report *so_far)
{
    *(bool *)context |= so_far->underway;
    return !so_far->underway;
}

/* rule: EMU-EXPLORE-5 */
static void seconds_and_the_caller_end_an_exploration_in_the_middle_of_a_run(void **state)
{
    (void)state;
    struct long_run set_up_ends = {{STEPS}, true}, race = {{FOR_EVER}, false};
    struct long_run *const runs[] = {&set_up_ends, &race};
    struct emu_machine *m = patient_machine();
    for (size_t i = 0; i < COUNT_OF(runs); i++) {
        const struct emu_program program = {"long", set_up, check, runs[i]};
        struct emu_strategy *s = emu_strategy_random(SEED);
        struct emu_report r;
        emu_explore(m, &program, s, &(struct emu_explore_options){.seconds = SHORT_TIME}, &r);
        assert_true(r.runs == 0 && r.found == 0);
        assert_true(r.seconds >= SHORT_TIME && r.seconds < SOON);
        assert_false(r.complete || r.interrupted);

        bool was_underway = false;
        struct emu_explore_options options = {
            .progress = until_underway, .progress_context = &was_underway, .progress_seconds = SHORT_TIME};
        emu_explore(m, &program, s, &options, &r);
        assert_true(was_underway && r.interrupted && r.runs == 0 && r.seconds < SOON);
        emu_strategy_destroy(s);
    }
    emu_machine_destroy(m);
}

static bool any_finding(void *context, const struct emu_finding *finding)
{
    (void)context;
    (void)finding;
    return true;
}

/* rule: EMU-EXPLORE-4 */
static void a_run_without_end_that_is_passed_over_is_one_of_many(void **state)
{
    (void)state;
    enum { LIMIT = 1000 };
    struct long_run l = {{STEPS}, true};
    const struct emu_program program = {"long", set_up, check, &l};
    struct emu_machine *m = bare_machine(&(struct emu_config){.step_limit = LIMIT});
    struct emu_strategy *s = emu_strategy_exhaustive(EMU_UNBOUNDED);
    struct emu_report r;
    emu_explore(m, &program, s, &(struct emu_explore_options){.pass_over = any_finding, .runs = LIMIT}, &r);
    assert_true(r.complete && r.runs > 1);
    assert_true(r.found == 0 && r.passed == 1);
    emu_report_free(&r);
    emu_strategy_destroy(s);
    emu_machine_destroy(m);
}

static struct emu_strategy *make(unsigned which, struct emu_coverage *coverage)
{
    switch (which) {
    case 0:
        return emu_strategy_exhaustive(EMU_UNBOUNDED);
    case 1:
        return emu_strategy_deepening(EMU_UNBOUNDED);
    case 2:
        return emu_strategy_dpor();
    case 3:
        return emu_strategy_dpor_bounded(1);
    case 4:
        return emu_strategy_pct(SEED, 0);
    case 5:
        return emu_strategy_auto(SEED, &(struct emu_bounds){2, EMU_UNBOUNDED, EMU_UNBOUNDED, true}, coverage);
    default:
        return NULL;
    }
}

static struct emu_report explore(struct emu_machine *m, struct long_run *l, struct emu_strategy *s,
                                 struct emu_coverage *coverage, uint64_t first, uint64_t runs)
{
    const struct emu_program program = {"long", set_up, check, l};
    struct emu_explore_options options = {.first = first,
                                          .stride = 1,
                                          .runs = runs,
                                          .coverage = coverage,
                                          .seconds = l->goes_on ? SHORT_TIME : 0};
    struct emu_report r;
    emu_explore(m, &program, s, &options, &r);
    assert_int_equal(r.found, 0);
    return r;
}

static void require_same(struct emu_words *a, struct emu_words *b)
{
    assert_int_equal(a->count, b->count);
    if (a->count > 0)
        assert_memory_equal(a->words, b->words, a->count * sizeof a->words[0]);
    emu_words_free(b);
}

/* rule: EMU-EXPLORE-5 */
static void a_run_that_was_given_up_is_made_by_who_goes_on(void **state)
{
    (void)state;
    struct emu_coverage *coverage = emu_coverage_create(), *unbroken = emu_coverage_create();
    struct emu_strategy *s;
    for (unsigned which = 0; (s = make(which, coverage)) != NULL; which++) {
        struct long_run l = {{STEPS}, false};
        struct emu_machine *m = patient_machine();
        struct emu_words before = {0}, after = {0};
        uint64_t limit = which < 4 ? 0 : 100;
        struct emu_report first = explore(m, &l, s, coverage, 0, RUNS_BEFORE);
        emu_strategy_save(s, &before);
        l.goes_on = true;
        struct emu_report none = explore(m, &l, s, coverage, first.runs, 0);
        assert_int_equal(none.runs, 0);
        emu_strategy_save(s, &after);
        require_same(&before, &after);
        l.goes_on = false;
        emu_strategy_destroy(s);
        s = make(which, coverage);
        const struct emu_program program = {"long", set_up, check, &l};
        assert_true(emu_strategy_restore(s, m, &program, &before, NULL));
        struct emu_report rest = explore(m, &l, s, coverage, first.runs, limit != 0 ? limit - first.runs : 0);

        struct emu_strategy *at_once = make(which, unbroken);
        struct emu_report whole = explore(m, &l, at_once, unbroken, 0, limit);
        assert_int_equal(first.runs + rest.runs, whole.runs);
        assert_int_equal(rest.complete, whole.complete);
        emu_strategy_save(s, &after);
        emu_words_free(&before);
        emu_strategy_save(at_once, &before);
        require_same(&before, &after);
        emu_words_free(&before);
        emu_strategy_destroy(at_once);
        emu_strategy_destroy(s);
        emu_machine_destroy(m);
    }
    emu_coverage_destroy(coverage);
    emu_coverage_destroy(unbroken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seconds_and_the_caller_end_an_exploration_in_the_middle_of_a_run),
        cmocka_unit_test(a_run_without_end_that_is_passed_over_is_one_of_many),
        cmocka_unit_test(a_run_that_was_given_up_is_made_by_who_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
