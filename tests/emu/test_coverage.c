/*
 * The coverage of the space: classes of runs, the orders of moments, and what is estimated from them.
 */
#include "lock.h"
#include "race.h"

#include "emu/coverage_state.h"

#include <emu/coverage.h>
#include <emu/strategies.h>

/* ---- Classes ----------------------------------------------------------------------------------------------
 */

enum { STEPS = 3, INTERLEAVINGS = 20 /* of 3 steps and 3 */ };

struct pair {
    emu_op op;
    bool same; /* both touch the same object */
    char objects[2];
};

static void touch_left(void *context)
{
    struct pair *p = context;
    for (unsigned i = 0; i < STEPS; i++)
        emu_step(emu_current(), p->op, emu_object_at(emu_current(), &p->objects[0], "variable"), i);
}

static void touch_right(void *context)
{
    struct pair *p = context;
    for (unsigned i = 0; i < STEPS; i++)
        emu_step(emu_current(), p->op, emu_object_at(emu_current(), &p->objects[p->same ? 0 : 1], "variable"),
                 i);
}

static void pair_set_up(void *context)
{
    race_start("left", 0, touch_left, context);
    race_start("right", 1, touch_right, context);
}

static uint64_t classes_of(void (*set_up)(void *context), void *context, unsigned processors)
{
    struct emu_program program = {"coverage", set_up, NULL, context};
    struct emu_machine *m = bare_processors(processors);
    struct emu_coverage *c = emu_coverage_create();
    struct emu_report report = explore_with(m, &program, emu_strategy_exhaustive(EMU_UNBOUNDED),
                                            (struct emu_explore_options){.coverage = c});
    uint64_t classes = emu_coverage_classes(c);
    assert_true(report.complete);
    emu_report_free(&report);
    emu_coverage_destroy(c);
    emu_machine_destroy(m);
    return classes;
}

/* rule: EMU-COVERAGE-1 */
static void runs_that_differ_in_unrelated_steps_only_are_one_class(void **state)
{
    (void)state;
    struct pair apart = {.op = OP_WORK};
    struct pair readers = {.op = OP_POLL, .same = true};
    assert_int_equal(classes_of(pair_set_up, &apart, 2), 1);
    assert_int_equal(classes_of(pair_set_up, &readers, 2), 1);
}

/* rule: EMU-COVERAGE-1 */
static void every_order_of_steps_on_one_object_is_a_class(void **state)
{
    (void)state;
    struct pair together = {.op = OP_WORK, .same = true};
    assert_int_equal(classes_of(pair_set_up, &together, 2), INTERLEAVINGS);
}

static void touch_nothing(void *context)
{
    (void)context;
    for (unsigned i = 0; i < STEPS; i++)
        bare_work(i);
}

static void one_without_object_set_up(void *context)
{
    race_start("left", 0, touch_nothing, NULL);
    race_start("right", 1, touch_right, context);
}

/* rule: EMU-COVERAGE-1 */
static void a_step_on_nothing_in_particular_is_ordered_with_every_other(void **state)
{
    (void)state;
    struct walkers walkers = {.steps = STEPS};
    struct pair with_object = {.op = OP_WORK};
    assert_int_equal(classes_of(walkers_set_up, &walkers, 2), INTERLEAVINGS);
    assert_int_equal(classes_of(one_without_object_set_up, &with_object, 2), INTERLEAVINGS);
}

static void read_it(void *context)
{
    struct pair *p = context;
    for (unsigned i = 0; i < STEPS; i++)
        emu_step(emu_current(), OP_POLL, emu_object_at(emu_current(), &p->objects[0], "variable"), i);
}

static void write_it_once(void *context)
{
    struct pair *p = context;
    emu_step(emu_current(), OP_WORK, emu_object_at(emu_current(), &p->objects[0], "variable"), 0);
}

static void readers_and_writer_set_up(void *context)
{
    race_start("reader", 0, read_it, context);
    race_start("reader", 1, read_it, context);
    race_start("writer", 2, write_it_once, context);
}

/* rule: EMU-COVERAGE-1 */
static void of_reads_it_counts_what_they_saw(void **state)
{
    (void)state;
    struct pair p = {.same = true};
    /* Each of two readers has seen the write from its first, second or third read on, or never. */
    assert_int_equal(classes_of(readers_and_writer_set_up, &p, 3), 4 * 4);
}

struct three {
    struct lock lock;
};

static void lock_once(void *context)
{
    struct three *t = context;
    lock_acquire(emu_current(), &t->lock);
    lock_release(emu_current(), &t->lock);
}

static void three_set_up(void *context)
{
    struct three *t = context;
    t->lock = (struct lock){0};
    for (unsigned i = 0; i < 3; i++)
        race_start("locker", i, lock_once, t);
}

/* rule: EMU-COVERAGE-1 */
static void three_that_take_one_lock_have_six_classes(void **state)
{
    (void)state;
    struct three t;
    assert_int_equal(classes_of(three_set_up, &t, 3), 6);
}

static void choose_one_of_five(void *context)
{
    (void)context;
    emu_choose(emu_current(), EMU_CHOICE_DEVICE, RACE_SITE, 5);
}

static void chooser_set_up(void *context)
{
    race_start("chooser", 0, choose_one_of_five, context);
}

/* rule: EMU-COVERAGE-1 */
static void what_else_was_chosen_tells_classes_apart(void **state)
{
    (void)state;
    assert_int_equal(classes_of(chooser_set_up, NULL, 1), 5);
}

/* Each makes objects of its own while it runs: their numbers depend on who was first, the class does not. */
static void make_and_touch(void *context)
{
    struct emu_machine *m = emu_current();
    (void)context;
    for (unsigned i = 0; i < STEPS; i++)
        emu_step(m, OP_WORK, emu_object_new(m, "made"), i);
}

static void makers_set_up(void *context)
{
    race_start("left", 0, make_and_touch, context);
    race_start("right", 1, make_and_touch, context);
}

/* rule: EMU-COVERAGE-2 */
static void objects_made_in_the_race_are_known_by_their_maker(void **state)
{
    (void)state;
    assert_int_equal(classes_of(makers_set_up, NULL, 2), 1);
}

/* ---- Estimates --------------------------------------------------------------------------------------------
 */

/* A run of which nothing is known but its class. */
static bool run_of_class(struct emu_coverage *c, uint64_t class)
{
    emu_coverage_begin_run(c);
    emu_coverage_step(c, 1, class);
    return emu_coverage_end_run(c);
}

/* rule: EMU-COVERAGE-3 */
static void what_is_left_is_estimated_from_classes_seen_once_and_twice(void **state)
{
    (void)state;
    struct emu_coverage *c = emu_coverage_create();
    struct emu_coverage_report r;
    for (uint64_t class = 0; class < 6; class ++)
        assert_true(run_of_class(c, class));
    assert_false(run_of_class(c, 0));
    assert_false(run_of_class(c, 1));
    assert_false(run_of_class(c, 1));
    assert_false(run_of_class(c, 2));
    /* Ten runs of 6 classes: 0 and 2 twice, 1 three times, 3, 4 and 5 once. */
    emu_coverage_read(c, &r);
    assert_int_equal(r.runs, 10);
    assert_int_equal(r.classes, 6);
    assert_int_equal(r.once, 3);
    assert_int_equal(r.twice, 2);
    assert_int_equal(r.since_new, 4);
    assert_true(r.next_new > 0.299 && r.next_new < 0.301);
    assert_true(r.classes_expected > 6.999 && r.classes_expected < 7.001); /* 6 + 3 * 2 / (2 * 3) */
    emu_coverage_destroy(c);
}

/* rule: EMU-COVERAGE-3 */
static void the_curve_has_a_point_at_each_doubling_of_runs_and_one_now(void **state)
{
    (void)state;
    static const struct emu_coverage_point expected[] = {{1, 1}, {2, 2}, {4, 4}, {8, 5}, {10, 5}};
    struct emu_coverage *c = emu_coverage_create();
    struct emu_coverage_report r;
    for (uint64_t run = 0; run < 10; run++)
        run_of_class(c, run < 5 ? run : 0);
    emu_coverage_read(c, &r);
    assert_int_equal(r.points, COUNT_OF(expected));
    for (unsigned i = 0; i < r.points; i++) {
        assert_int_equal(r.curve[i].runs, expected[i].runs);
        assert_int_equal(r.curve[i].classes, expected[i].classes);
    }
    emu_coverage_destroy(c);
}

/* rule: EMU-COVERAGE-3 */
static void classes_are_told_apart_after_the_table_grew(void **state)
{
    (void)state;
    enum { MANY = 50000 };
    struct emu_coverage *c = emu_coverage_create();
    for (uint64_t class = 0; class < MANY; class ++)
        assert_true(run_of_class(c, class));
    for (uint64_t class = 0; class < MANY; class ++)
        assert_false(run_of_class(c, class));
    assert_int_equal(emu_coverage_classes(c), MANY);
    emu_coverage_destroy(c);
}

/* rule: EMU-COVERAGE-4 */
static void saturation_takes_a_thousand_runs_and_half_of_all_without_anything_new(void **state)
{
    (void)state;
    struct emu_coverage *c = emu_coverage_create();
    run_of_class(c, 0);
    for (unsigned i = 0; i < EMU_SATURATED_RUNS - 1; i++)
        run_of_class(c, 0);
    assert_false(emu_coverage_is_saturated(c));
    run_of_class(c, 0);
    assert_true(emu_coverage_is_saturated(c));
    for (unsigned i = 0; i < EMU_SATURATED_RUNS; i++)
        run_of_class(c, 0);
    run_of_class(c, 1);
    for (unsigned i = 0; i < 2 * EMU_SATURATED_RUNS; i++)
        run_of_class(c, 0);
    assert_false(emu_coverage_is_saturated(c)); /* 2,000 of 4,002 */
    run_of_class(c, 0);
    run_of_class(c, 0);
    assert_true(emu_coverage_is_saturated(c));
    emu_coverage_destroy(c);
}

/* rule: EMU-COVERAGE-4 */
static void an_exploration_until_saturated_ends_there(void **state)
{
    (void)state;
    struct pair together = {.op = OP_WORK, .same = true};
    struct emu_program program = {"coverage", pair_set_up, NULL, &together};
    struct emu_machine *m = bare_processors(2);
    struct emu_coverage *c = emu_coverage_create();
    struct emu_report report =
        explore_with(m, &program, emu_strategy_random(1),
                     (struct emu_explore_options){.coverage = c, .until_saturated = true, .runs = 100000});
    assert_true(report.saturated);
    assert_false(report.complete);
    assert_true(report.runs >= EMU_SATURATED_RUNS && report.runs < 100000);
    assert_int_equal(emu_coverage_classes(c), INTERLEAVINGS);
    emu_report_free(&report);
    emu_coverage_destroy(c);
    emu_machine_destroy(m);
}

/* ---- Moments ----------------------------------------------------------------------------------------------
 */

static void moments(struct emu_coverage *c, const char *run)
{
    emu_coverage_begin_run(c);
    for (; *run != '\0'; run++)
        emu_coverage_moment(c, (emu_op)*run);
    emu_coverage_end_run(c);
}

/* rule: EMU-COVERAGE-5 */
static void orders_of_moments_are_counted_by_runs(void **state)
{
    (void)state;
    static const emu_op watched[] = {'a', 'b', 'c'};
    struct emu_coverage *c = emu_coverage_create();
    emu_coverage_watch(c, watched, COUNT_OF(watched));
    moments(c, "abxc"); /* x is nobody's */
    moments(c, "acb");
    moments(c, "baab");
    assert_int_equal(emu_coverage_before(c, 'a', 'b'), 3);
    assert_int_equal(emu_coverage_before(c, 'b', 'a'), 1);
    assert_int_equal(emu_coverage_before(c, 'a', 'c'), 2);
    assert_int_equal(emu_coverage_before(c, 'c', 'a'), 0);
    assert_int_equal(emu_coverage_before(c, 'a', 'a'), 1);
    assert_int_equal(emu_coverage_before(c, 'c', 'c'), 0);
    assert_int_equal(emu_coverage_followed(c, 'a', 'b'), 2);
    assert_int_equal(emu_coverage_followed(c, 'b', 'c'), 1);
    assert_int_equal(emu_coverage_followed(c, 'a', 'c'), 1);
    assert_int_equal(emu_coverage_between(c, 'a', 'b', 'c'), 1);
    assert_int_equal(emu_coverage_between(c, 'a', 'c', 'b'), 1);
    assert_int_equal(emu_coverage_between(c, 'c', 'b', 'a'), 0);
    emu_coverage_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_that_differ_in_unrelated_steps_only_are_one_class),
        cmocka_unit_test(every_order_of_steps_on_one_object_is_a_class),
        cmocka_unit_test(a_step_on_nothing_in_particular_is_ordered_with_every_other),
        cmocka_unit_test(of_reads_it_counts_what_they_saw),
        cmocka_unit_test(three_that_take_one_lock_have_six_classes),
        cmocka_unit_test(what_else_was_chosen_tells_classes_apart),
        cmocka_unit_test(objects_made_in_the_race_are_known_by_their_maker),
        cmocka_unit_test(what_is_left_is_estimated_from_classes_seen_once_and_twice),
        cmocka_unit_test(the_curve_has_a_point_at_each_doubling_of_runs_and_one_now),
        cmocka_unit_test(classes_are_told_apart_after_the_table_grew),
        cmocka_unit_test(saturation_takes_a_thousand_runs_and_half_of_all_without_anything_new),
        cmocka_unit_test(an_exploration_until_saturated_ends_there),
        cmocka_unit_test(orders_of_moments_are_counted_by_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
