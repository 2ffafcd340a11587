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
    bool own;       /* each of the two makes an object of its own, too */
    emu_object place, elsewhere;
};

static void make_own(const struct gift *g, const char *class_name)
{
    if (g->own)
        emu_step(emu_current(), OP_WORK, emu_object_new(emu_current(), class_name), 0);
}

static void give(void *context)
{
    struct gift *g = context;
    make_own(g, "giver's");
    bool refused = g->asks && emu_latitude(emu_current(), RACE_SITE, 2) != 0;
    emu_step(emu_current(), OP_WORK, g->place, 1);
    g->given = !refused;
}

static void take(void *context)
{
    struct gift *g = context;
    emu_step(emu_current(), OP_POLL, g->place, 0);
    bool missing = !g->given;
    make_own(g, "taker's");
    if (g->must_fail || (missing && !g->asks))
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

static void taker_first_set_up(void *context)
{
    struct gift *g = context;
    g->given = false;
    g->place = emu_object_new(emu_current(), "place");
    race_start("taker", 0, take, g);
    race_start("giver", 1, give, g);
}

/* rule: EMU-STORY-1 */
static void objects_that_have_each_others_number_are_not_taken_for_one(void **state)
{
    (void)state;
    struct gift gift = {.own = true};
    struct emu_story story;
    struct emu_machine *m = bare_processors(2);
    const struct emu_program program = {"own", taker_first_set_up, NULL, &gift};
    assert_true(emu_story_tell(m, &program, &(struct emu_record){0}, 0, &story));
    const struct emu_story_run *f = &story.failing, *p = &story.passing;
    assert_in_range(f->decisive, 0, f->count - 1);
    assert_string_equal(f->steps[f->decisive].text, "poll place#1");
    assert_string_equal(p->steps[p->decisive].text, "work place#1  value=1");
    emu_story_free(&story);
    emu_machine_destroy(m);
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

/* ---- One that sleeps, and fails when it was woken too early ---- */

struct nap {
    struct emu_strand *sleeper;
    bool slept, ready;
    emu_object place, bed;
};

static void sleep_and_look(void *context)
{
    struct nap *n = context;
    n->sleeper = emu_strand_self(emu_current());
    emu_step(emu_current(), OP_POLL, n->bed, 0);
    n->slept = true;
    emu_strand_block(emu_current(), OP_WAIT, EMU_NO_OBJECT);
    if (!n->ready)
        emu_finding_raise(emu_current(), "property", NULL, NULL, "woken too early");
}

/* Somebody else of the failure's past. */
static void make_bed(void *context)
{
    struct nap *n = context;
    emu_step(emu_current(), OP_WORK, n->bed, 0);
}

static bool has_slept(const void *context)
{
    return ((const struct nap *)context)->slept;
}

static void wake_in_two(void *context)
{
    struct nap *n = context;
    emu_step_when(emu_current(), OP_POLL, n->place, 0, has_slept, n);
    emu_strand_ready(emu_current(), n->sleeper);
    emu_step(emu_current(), OP_WORK, n->place, 1);
    n->ready = true;
}

static void nap_set_up(void *context)
{
    struct nap *n = context;
    *n = (struct nap){.place = emu_object_new(emu_current(), "place"),
                      .bed = emu_object_new(emu_current(), "bed")};
    race_start("bed maker", 0, make_bed, n);
    race_start("one of a name", 1, sleep_and_look, n);
    race_start("one of a name", 2, wake_in_two, n);
}

static size_t count_told(const struct emu_story_run *run, const char *text)
{
    size_t count = 0;
    for (size_t i = 0; i < run->count; i++)
        count += run->steps[i].matters && strncmp(run->steps[i].text, text, strlen(text)) == 0;
    return count;
}

/* Tells the nap; the caller frees the story and destroys the machine. */
static struct emu_machine *tell_nap(struct nap *nap, struct emu_story *story)
{
    struct emu_machine *m = bare_processors(3);
    const struct emu_program program = {"nap", nap_set_up, NULL, nap};
    struct emu_report report =
        explore_with(m, &program, emu_strategy_exhaustive(EMU_UNBOUNDED), (struct emu_explore_options){0});
    assert_int_equal(report.found, 1);
    assert_true(emu_story_tell(m, &program, &report.findings[0].record, 0, story));
    emu_report_free(&report);
    return m;
}

/* rule: EMU-STORY-8 */
static void what_woke_the_one_that_fails_is_told(void **state)
{
    (void)state;
    struct nap nap;
    struct emu_story story;
    struct emu_machine *m = tell_nap(&nap, &story);
    assert_true(count_told(&story.failing, "ready one of a name") > 0);
    assert_int_equal(count_told(&story.failing, "finding property"), 1);
    emu_story_free(&story);
    emu_machine_destroy(m);
}

/* rule: EMU-STORY-9 */
static void strands_of_one_name_are_told_apart(void **state)
{
    (void)state;
    struct nap nap;
    struct emu_story story;
    unsigned strands = 0;
    struct emu_machine *m = tell_nap(&nap, &story);
    for (unsigned i = 0; i < story.context_count; i++)
        strands += strcmp(story.contexts[i].name, "one of a name") == 0;
    assert_int_equal(strands, 2);
    emu_story_free(&story);
    emu_machine_destroy(m);
}

/* ---- An order decides, and an answer of the platform would help, too ---- */

static void ask_and_take(void *context)
{
    struct gift *g = context;
    emu_step(emu_current(), OP_POLL, g->place, 0);
    bool missing = !g->given;
    if (emu_latitude(emu_current(), RACE_SITE, 2) == 0 && missing)
        emu_finding_raise(emu_current(), "property", NULL, NULL, "nothing was there");
}

static void asking_set_up(void *context)
{
    struct gift *g = context;
    g->given = false;
    g->place = emu_object_new(emu_current(), "place");
    race_start("taker", 0, ask_and_take, g);
    race_start("giver", 1, give, g);
}

/* rule: EMU-STORY-10 */
static void an_order_is_told_before_an_answer_that_comes_later(void **state)
{
    (void)state;
    struct gift gift = {0};
    struct emu_story story;
    struct emu_machine *m = bare_processors(2);
    const struct emu_program program = {"asking", asking_set_up, NULL, &gift};
    assert_true(emu_story_tell(m, &program, &(struct emu_record){0}, 0, &story));
    assert_int_equal(story.fork.kind, EMU_CHOICE_SCHEDULE);
    assert_in_range(story.failing.decisive, 0, story.failing.count - 1);
    assert_string_equal(story.failing.steps[story.failing.decisive].text, "poll place#1");
    emu_story_free(&story);
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_two_steps_whose_order_decides_are_named),
        cmocka_unit_test(objects_that_have_each_others_number_are_not_taken_for_one),
        cmocka_unit_test(what_others_do_elsewhere_is_not_told),
        cmocka_unit_test(the_passing_run_replays_and_passes),
        cmocka_unit_test(an_answer_of_the_platform_that_decides_is_named),
        cmocka_unit_test(where_every_other_answer_fails_that_is_said),
        cmocka_unit_test(a_budget_that_ends_the_search_is_said),
        cmocka_unit_test(a_run_that_passes_is_no_story),
        cmocka_unit_test(what_woke_the_one_that_fails_is_told),
        cmocka_unit_test(strands_of_one_name_are_told_apart),
        cmocka_unit_test(an_order_is_told_before_an_answer_that_comes_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
