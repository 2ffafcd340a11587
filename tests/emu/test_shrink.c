/*
 * Shrinking: what is left of a failing record, and what is said about it.
 */
#include "race.h"

struct shrunk {
    struct emu_found found; /* what exploration came upon */
    bool failed;
    struct emu_shrink_result result;
};

/* A random failing run with at least this many deviations, and what shrinking makes of it. */
static void find_and_shrink(struct emu_machine *m, const struct emu_program *program, size_t deviations,
                            struct emu_shrink_options options, struct shrunk *out)
{
    struct emu_strategy *random = emu_strategy_random(1);
    struct emu_record record;
    emu_record_init(&record);
    for (uint64_t run = 0; record.length == 0; run++) {
        emu_machine_set_strategy(m, random);
        random->begin(random, run);
        bool failed = emu_run_program(m, program) == EMU_STOP_FINDING;
        if (failed && emu_record_deviations(emu_machine_record(m)) >= deviations) {
            emu_record_copy(&record, emu_machine_record(m));
            out->found = (struct emu_found){
                .finding = *emu_machine_finding(m), .record = record, .hash = emu_trace_hash(m), .run = run};
        }
    }
    emu_machine_set_strategy(m, NULL);
    emu_strategy_destroy(random);
    out->failed = emu_shrink(m, program, &record, &options, &out->result);
}

static void shrunk_free(struct shrunk *s)
{
    emu_record_free(&s->found.record);
    emu_record_free(&s->result.record);
}

static void assert_fails_alike(struct emu_machine *m, const struct emu_program *program,
                               const struct shrunk *s)
{
    struct emu_strategy *replay = emu_strategy_replay(&s->result.record, true);
    emu_machine_set_strategy(m, replay);
    replay->begin(replay, 0);
    assert_int_equal(emu_run_program(m, program), EMU_STOP_FINDING);
    replay->end(replay);
    assert_false(emu_strategy_divergence(replay)->diverged);
    assert_string_equal(emu_machine_finding(m)->rule, s->found.finding.rule);
    assert_string_equal(emu_machine_finding(m)->code, s->found.finding.code);
    assert_true(emu_trace_hash(m) == s->result.hash);
    emu_machine_set_strategy(m, NULL);
    emu_strategy_destroy(replay);
}

static bool same_record(const struct emu_record *a, const struct emu_record *b)
{
    return a->length == b->length && memcmp(a->choices, b->choices, a->length * sizeof a->choices[0]) == 0;
}

/* rule: EMU-SHRINK-1 */
static void a_lost_update_shrinks_to_one_preemption_and_nothing_else(void **state)
{
    (void)state;
    struct counter c = {.noise = RACE_NOISE};
    const struct emu_program program = counter_program(&c);
    struct emu_machine *m = bare_machine(NULL);
    struct shrunk s;
    find_and_shrink(m, &program, 6, (struct emu_shrink_options){0}, &s);
    assert_true(s.failed);
    assert_true(s.result.deviations_before >= 6);
    assert_int_equal(s.result.preemptions_after, 1);
    assert_int_equal(s.result.deviations_after, 1);
    assert_int_equal(emu_record_preemptions(&s.result.record), 1);
    assert_int_equal(emu_record_deviations(&s.result.record), 1);
    assert_non_null(emu_machine_finding(m)); /* the machine's last run is the reduced one */
    assert_true(emu_trace_hash(m) == s.result.hash);
    assert_fails_alike(m, &program, &s);
    shrunk_free(&s);
    emu_machine_destroy(m);
}

/* rule: EMU-SHRINK-2 */
static void the_bound_below_is_certified(void **state)
{
    (void)state;
    struct counter c = {.noise = 1};
    const struct emu_program program = counter_program(&c);
    struct emu_machine *m = bare_machine(NULL);
    struct shrunk s;
    find_and_shrink(m, &program, 1, (struct emu_shrink_options){0}, &s);
    assert_true(s.failed);
    assert_int_equal(s.result.exhausted_below, 0);

    /* It is true, too. */
    struct emu_report r =
        explore_with(m, &program, emu_strategy_exhaustive(0), (struct emu_explore_options){0});
    assert_true(r.complete);
    assert_int_equal(r.found, 0);
    shrunk_free(&s);
    emu_machine_destroy(m);
}

/* rule: EMU-SHRINK-2 */
static void a_space_too_large_to_search_is_not_certified_but_shrinks_all_the_same(void **state)
{
    (void)state;
    enum { LOUD = 12, BUDGET = 300 };
    struct counter c = {.noise = LOUD};
    const struct emu_program program = counter_program(&c);
    struct emu_machine *m = bare_machine(NULL);
    struct shrunk s;
    find_and_shrink(m, &program, LOUD, (struct emu_shrink_options){.runs = BUDGET, .seconds = 100}, &s);
    assert_true(s.failed);
    assert_true(s.result.preemptions_before > 1);
    assert_int_equal(s.result.preemptions_after, 1);
    assert_int_equal(s.result.deviations_after, 1);
    assert_int_equal(s.result.exhausted_below, -1);
    shrunk_free(&s);
    emu_machine_destroy(m);
}

/* ---- Two ways to one finding: two strands in turn, step by step; or one that is left once between two steps
 * ----
 */

enum { TURNS = 3, CROWD = 4 };

struct ways {
    unsigned turn, value;
    bool in_turn, torn;
    emu_object crowded;
};

static void take_turns(struct ways *w, unsigned mine)
{
    for (unsigned i = 0; i < TURNS; i++) {
        bare_work(mine);
        if (w->turn % 2 == mine)
            w->turn++;
    }
    w->in_turn |= w->turn == 2 * TURNS;
}

static void takes_turns_first(void *context)
{
    take_turns(context, 0);
}

static void takes_turns_second(void *context)
{
    take_turns(context, 1);
}

static void looks_twice(void *context)
{
    struct ways *w = context;
    unsigned seen = w->value;
    bare_work(0);
    w->torn = seen == 0 && w->value != 0;
}

static void changes(void *context)
{
    struct ways *w = context;
    bare_work(0);
    w->value = 1;
}

/* So many orders that neither every run nor one of each class can be made. */
static void crowds(void *context)
{
    struct ways *w = context;
    emu_step(emu_current(), OP_WORK, w->crowded, 0);
    emu_step(emu_current(), OP_WORK, w->crowded, 0);
}

static void ways_set_up(void *context)
{
    struct ways *w = context;
    *w = (struct ways){.crowded = emu_object_new(emu_current(), "crowded")};
    for (unsigned i = 0; i < CROWD; i++)
        race_start("crowd", i, crowds, w);
    race_start("changes", CROWD, changes, w);
    race_start("looks", CROWD + 1, looks_twice, w);
    race_start("first", CROWD + 2, takes_turns_first, w);
    race_start("second", CROWD + 3, takes_turns_second, w);
}

static void ways_check(void *context)
{
    const struct ways *w = context;
    if (w->in_turn || w->torn)
        emu_finding_raise(emu_current(), "property", NULL, NULL, "in turn or torn");
}

/* rule: EMU-SHRINK-9 */
static void a_run_from_which_there_is_no_way_down_is_given_up_for_another_one(void **state)
{
    (void)state;
    struct ways w;
    const struct emu_program program = {"ways", ways_set_up, ways_check, &w};
    struct emu_machine *m = bare_processors(CROWD + 4);
    struct emu_strategy *random = emu_strategy_random(1);
    struct emu_record record;
    struct emu_shrink_result result;
    emu_record_init(&record);
    emu_machine_set_strategy(m, random);
    uint64_t run = 0;
    do {
        random->begin(random, run++);
        emu_run_program(m, &program);
    } while (!w.in_turn || w.torn);
    emu_record_copy(&record, emu_machine_record(m));
    emu_machine_set_strategy(m, NULL);
    emu_strategy_destroy(random);
    assert_true(emu_shrink(m, &program, &record, &(struct emu_shrink_options){.runs = 4000, .seconds = 100},
                           &result));
    assert_true(result.certificate.stopped);
    assert_int_equal(result.preemptions_after, 1);
    emu_record_free(&record);
    emu_record_free(&result.record);
    emu_machine_destroy(m);
}

/* ---- Two preemptions are needed: a value must be seen and then seen gone
 * --------------------------------------- */

struct flicker {
    unsigned value, seen;
};

static void watch(void *context)
{
    struct flicker *f = context;
    bare_work(0);
    f->seen = f->value;
    bare_work(1);
    f->seen = f->seen * 10 + f->value;
}

static void flick(void *context)
{
    struct flicker *f = context;
    bare_work(0);
    f->value = 1;
    bare_work(1);
    f->value = 2;
}

static void flicker_set_up(void *context)
{
    struct flicker *f = context;
    *f = (struct flicker){0};
    race_start("watching", 0, watch, f);
    race_start("flickering", 1, flick, f);
}

static void flicker_check(void *context)
{
    const struct flicker *f = context;
    if (f->seen == 12)
        emu_finding_raise(emu_current(), "property", NULL, NULL, "seen 1, then 2");
    if (f->seen == 2)
        emu_finding_raise(emu_current(), "another property", NULL, NULL, "seen late");
}

/* rule: EMU-SHRINK-1 */
static void another_finding_on_the_way_is_not_taken_for_the_one(void **state)
{
    (void)state;
    struct flicker f;
    const struct emu_program program = {"flicker", flicker_set_up, flicker_check, &f};
    struct emu_machine *m = bare_machine(NULL);
    struct emu_report r = explore_with(m, &program, emu_strategy_exhaustive(EMU_UNBOUNDED),
                                       (struct emu_explore_options){.keep_going = true});
    assert_int_equal(r.found, 2);
    for (unsigned i = 0; i < r.found; i++) {
        struct shrunk s = {.found = r.findings[i]};
        s.failed = emu_shrink(m, &program, &r.findings[i].record, &(struct emu_shrink_options){0}, &s.result);
        assert_true(s.failed);
        assert_fails_alike(m, &program, &s);
        bool first = strcmp(s.found.finding.rule, "property") == 0;
        assert_int_equal(s.result.preemptions_after, first ? 2 : 1);
        assert_int_equal(s.result.exhausted_below, first ? 1 : 0);
        emu_record_free(&s.result.record);
    }
    emu_report_free(&r);
    emu_machine_destroy(m);
}

/* rule: EMU-SHRINK-3 */
static void equal_budgets_give_equal_results(void **state)
{
    (void)state;
    static const uint64_t budgets[] = {1, 2, 7, 30, 200, 0};
    struct counter c = {.noise = RACE_NOISE};
    const struct emu_program program = counter_program(&c);
    struct emu_machine *m = bare_machine(NULL);
    for (unsigned i = 0; i < COUNT_OF(budgets); i++) {
        struct shrunk a, b;
        struct emu_shrink_options options = {.runs = budgets[i], .seconds = 100};
        find_and_shrink(m, &program, 6, options, &a);
        find_and_shrink(m, &program, 6, options, &b);
        assert_true(a.failed && b.failed);
        assert_true(same_record(&a.result.record, &b.result.record));
        assert_true(a.result.runs == b.result.runs && a.result.hash == b.result.hash);
        assert_int_equal(a.result.exhausted_below, b.result.exhausted_below);
        assert_true(budgets[i] == 0 || a.result.runs <= budgets[i] + 1); /* the last run confirms */
        assert_true(a.result.deviations_after <= a.result.deviations_before);
        assert_true(a.result.preemptions_after <= a.result.preemptions_before);
        assert_fails_alike(m, &program, &a);
        shrunk_free(&a);
        shrunk_free(&b);
    }
    emu_machine_destroy(m);
}

static void a_record_that_does_not_fail_is_said_to(void **state)
{
    (void)state;
    struct counter c = {.noise = 1};
    const struct emu_program program = counter_program(&c);
    struct emu_machine *m = bare_machine(NULL);
    struct emu_shrink_result result;
    assert_false(emu_shrink(m, &program, &(struct emu_record){0}, &(struct emu_shrink_options){0}, &result));
    assert_null(result.record.choices);
    assert_int_equal(result.record.length, 0);
    emu_machine_destroy(m);
}

static void fail_always(void *context)
{
    (void)context;
    emu_latitude(emu_current(), RACE_SITE, 2);
    emu_finding_raise(emu_current(), "property", NULL, NULL, "always");
}

static void always_set_up(void *context)
{
    race_start("failing", 0, fail_always, context);
}

/* rule: EMU-SHRINK-1 */
static void what_fails_always_shrinks_to_the_default_run(void **state)
{
    (void)state;
    const struct emu_program program = {"always", always_set_up, NULL, NULL};
    struct emu_machine *m = bare_machine(NULL);
    struct shrunk s;
    find_and_shrink(m, &program, 1, (struct emu_shrink_options){0}, &s);
    assert_true(s.failed);
    assert_int_equal(s.result.deviations_before, 1);
    assert_int_equal(s.result.deviations_after, 0);
    assert_int_equal(s.result.exhausted_below, -1);
    shrunk_free(&s);
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_update_shrinks_to_one_preemption_and_nothing_else),
        cmocka_unit_test(the_bound_below_is_certified),
        cmocka_unit_test(a_space_too_large_to_search_is_not_certified_but_shrinks_all_the_same),
        cmocka_unit_test(a_run_from_which_there_is_no_way_down_is_given_up_for_another_one),
        cmocka_unit_test(another_finding_on_the_way_is_not_taken_for_the_one),
        cmocka_unit_test(equal_budgets_give_equal_results),
        cmocka_unit_test(a_record_that_does_not_fail_is_said_to),
        cmocka_unit_test(what_fails_always_shrinks_to_the_default_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
