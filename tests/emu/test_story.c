/*
 * Stories: which steps of a failing run are told, where it could last have gone well, and which two steps
 * decide.
 *
 * The program: a taker uses what a giver has put there, and fails where it was not yet there. A bystander has
 * an object of its own.
 */
#include <emu/story.h>

#include "race.h"

enum { STEPS_BY = 3 };

struct gift {
    bool given;
    bool must_fail; /* whoever comes first */
    bool asks;      /* the giver gives only where the platform answers with the default */
    emu_object place, elsewhere;
};

static void give(void *context)
{
    struct gift *g = context;
    bool refused = g->asks && emu_latitude(emu_current(), RACE_SITE, 2) != 0;
    emu_step(emu_current(), OP_WORK, g->place, 1);
    g->given = !refused;
}

static void take(void *context)
{
    struct gift *g = context;
    emu_step(emu_current(), OP_POLL, g->place, 0);
    if (g->must_fail || (!g->given && !g->asks))
        emu_finding_raise(emu_current(), "property", NULL, NULL, "nothing was there");
}

static void stand_by(void *context)
{
    struct gift *g = context;
    for (unsigned i = 0; i < STEPS_BY; i++)
        emu_step(emu_current(), OP_WORK, g->elsewhere, i);
}

static void set_up(void *context)
{
    struct gift *g = context;
    g->given = false;
    g->place = emu_object_new(emu_current(), "place");
    g->elsewhere = emu_object_new(emu_current(), "elsewhere");
    race_start("giver", 0, give, g);
    race_start("taker", 1, take, g);
    race_start("bystander", 2, stand_by, g);
}

static void check_given(void *context)
{
    const struct gift *g = context;
    if (g->asks && !g->given)
        emu_finding_raise(emu_current(), "property", NULL, NULL, "nothing was given");
}

struct tale {
    struct emu_machine *machine;
    struct gift gift;
    struct emu_program program;
    struct emu_story story;
    bool told;
};

static void tell(struct tale *t)
{
    struct emu_config config = {.processors = 3};
    t->machine = bare_machine(&config);
    t->program = (struct emu_program){"gift", set_up, check_given, &t->gift};
    struct emu_report report = explore_with(t->machine, &t->program, emu_strategy_exhaustive(EMU_UNBOUNDED),
                                            (struct emu_explore_options){0});
    static const struct emu_record nothing;
    const struct emu_record *failing = report.found > 0 ? &report.findings[0].record : &nothing;
    t->told = emu_story_tell(t->machine, &t->program, failing, 0, &t->story);
    emu_report_free(&report);
}

static void forget(struct tale *t)
{
    emu_story_free(&t->story);
    emu_machine_destroy(t->machine);
}

static const char *context_of(const struct tale *t, const struct emu_story_step *s)
{
    return t->story.contexts[s->context].name;
}

/* rule: EMU-STORY-1 */
static void the_two_steps_whose_order_decides_are_named(void **state)
{
    (void)state;
    struct tale t = {0};
    tell(&t);
    assert_true(t.told);
    const struct emu_story_run *f = &t.story.failing, *p = &t.story.passing;
    assert_in_range(f->decisive, 0, f->count - 1);
    assert_in_range(p->decisive, 0, p->count - 1);
    assert_string_equal(context_of(&t, &f->steps[f->decisive]), "taker");
    assert_string_equal(f->steps[f->decisive].text, "poll place#1");
    assert_string_equal(context_of(&t, &p->steps[p->decisive]), "giver");
    assert_string_equal(p->steps[p->decisive].text, "work place#1  value=1");
    forget(&t);
}

/* rule: EMU-STORY-2 */
static void what_others_do_elsewhere_is_not_told(void **state)
{
    (void)state;
    struct tale t = {0};
    tell(&t);
    assert_true(t.told);
    for (size_t i = 0; i < t.story.failing.count; i++) {
        const struct emu_story_step *s = &t.story.failing.steps[i];
        assert_true(!s->matters || strcmp(context_of(&t, s), "bystander") != 0);
    }
    assert_true(t.story.failing.steps[t.story.failing.count - 1].matters);
    forget(&t);
}

/* rule: EMU-STORY-3 */
static void the_passing_run_replays_and_passes(void **state)
{
    (void)state;
    struct tale t = {0};
    tell(&t);
    struct emu_strategy *replay = emu_strategy_replay(&t.story.passing.record, true);
    emu_machine_set_strategy(t.machine, replay);
    replay->begin(replay, 0);
    assert_int_equal(emu_run_program(t.machine, &t.program), EMU_STOP_IDLE);
    replay->end(replay);
    assert_false(emu_strategy_divergence(replay)->diverged);
    assert_true(emu_trace_hash(t.machine) == t.story.passing.hash);
    emu_machine_set_strategy(t.machine, NULL);
    emu_strategy_destroy(replay);
    forget(&t);
}

/* rule: EMU-STORY-4 */
static void an_answer_of_the_platform_that_decides_is_named(void **state)
{
    (void)state;
    struct tale t = {.gift = {.asks = true}};
    tell(&t);
    assert_true(t.told);
    assert_int_equal(t.story.fork.kind, EMU_CHOICE_LATITUDE);
    assert_int_equal(t.story.fork.value, 1);
    assert_int_equal(t.story.instead, 0);
    assert_true(t.story.passing.count > 0);
    forget(&t);
}

/* rule: EMU-STORY-5 */
static void where_every_other_answer_fails_that_is_said(void **state)
{
    (void)state;
    struct tale t = {.gift = {.must_fail = true}};
    tell(&t);
    assert_true(t.told);
    assert_null(t.story.passing.steps);
    assert_true(t.story.every);
    forget(&t);
}

/* rule: EMU-STORY-6 */
static void a_budget_that_ends_the_search_is_said(void **state)
{
    (void)state;
    struct tale t = {.gift = {.must_fail = true}};
    tell(&t);
    struct emu_record failing = {0};
    emu_record_copy(&failing, &t.story.failing.record);
    assert_true(failing.length > 1);
    emu_story_free(&t.story);
    assert_true(emu_story_tell(t.machine, &t.program, &failing, 2, &t.story));
    assert_false(t.story.every);
    assert_int_equal(t.story.runs, 2);
    emu_record_free(&failing);
    forget(&t);
}

/* rule: EMU-STORY-7 */
static void a_run_that_passes_is_no_story(void **state)
{
    (void)state;
    struct tale t = {0};
    tell(&t);
    struct emu_record passing = {0};
    emu_record_copy(&passing, &t.story.passing.record);
    emu_story_free(&t.story);
    assert_false(emu_story_tell(t.machine, &t.program, &passing, 0, &t.story));
    emu_record_free(&passing);
    forget(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_two_steps_whose_order_decides_are_named),
        cmocka_unit_test(what_others_do_elsewhere_is_not_told),
        cmocka_unit_test(the_passing_run_replays_and_passes),
        cmocka_unit_test(an_answer_of_the_platform_that_decides_is_named),
        cmocka_unit_test(where_every_other_answer_fails_that_is_said),
        cmocka_unit_test(a_budget_that_ends_the_search_is_said),
        cmocka_unit_test(a_run_that_passes_is_no_story),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
