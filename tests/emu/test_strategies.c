/*
 * The strategies, asked by programs that are nothing but questions: no machine is needed to see what they
 * answer.
 */
#include <emu/explore.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* ---- Asking
 * ------------------------------------------------------------------------------------------------ */

struct talk {
    struct emu_strategy *strategy;
    struct emu_record record;
};

static uint32_t ask_at(struct talk *t, enum emu_choice_kind kind, uint32_t site, uint32_t count, bool is_free)
{
    struct emu_decision d = {.kind = kind, .site = site, .count = count, .free = is_free};
    uint32_t value = t->strategy->choose(t->strategy, &d);
    assert_true(value < count);
    emu_record_append(&t->record, (struct emu_choice){.kind = (uint8_t)kind,
                                                      .free = is_free,
                                                      .site = (uint16_t)site,
                                                      .count = (uint16_t)count,
                                                      .value = (uint16_t)value});
    return value;
}

static uint32_t ask(struct talk *t, enum emu_choice_kind kind, uint32_t count)
{
    return ask_at(t, kind, 1, count, true);
}

/* A schedule choice that may cost a preemption. */
static uint32_t ask_switch(struct talk *t, uint32_t count)
{
    return ask_at(t, EMU_CHOICE_SCHEDULE, 1, count, false);
}

static void talk_begin(struct talk *t, uint64_t run)
{
    t->record.length = 0;
    t->strategy->begin(t->strategy, run);
}

static struct talk talk_open(struct emu_strategy *strategy)
{
    assert_non_null(strategy);
    struct talk t = {.strategy = strategy};
    emu_record_init(&t.record);
    return t;
}

static void talk_close(struct talk *t)
{
    emu_strategy_destroy(t->strategy);
    emu_record_free(&t->record);
}

static bool diverged(const struct talk *t)
{
    return emu_strategy_divergence(t->strategy)->diverged;
}

/* Runs until the strategy has no more; returns the number of runs. */
static uint64_t all_runs(struct talk *t, void (*program)(struct talk *t), uint64_t most)
{
    uint64_t runs = 0;
    bool more = true;
    while (more && runs < most) {
        talk_begin(t, runs++);
        program(t);
        more = t->strategy->end(t->strategy);
    }
    assert_false(more);
    return runs;
}

/* ---- First-in-first-out
 * ------------------------------------------------------------------------------------ */

static void fifo_answers_with_the_default_and_has_one_run(void **state)
{
    (void)state;
    struct talk t = talk_open(emu_strategy_fifo());
    talk_begin(&t, 0);
    assert_int_equal(ask(&t, EMU_CHOICE_FAULT, 2), 0);
    assert_int_equal(ask_switch(&t, 9), 0);
    assert_false(t.strategy->end(t.strategy));
    assert_null(emu_strategy_divergence(t.strategy));
    talk_close(&t);
    emu_strategy_destroy(NULL);
}

/* ---- Exhaustive
 * -------------------------------------------------------------------------------------------- */

enum { LEAVES = 2 * 3 * 4 };
static unsigned leaf_seen[LEAVES];

static void tree(struct talk *t)
{
    uint32_t a = ask(t, EMU_CHOICE_LATITUDE, 2);
    uint32_t b = ask_switch(t, 3);
    uint32_t c = ask(t, EMU_CHOICE_DEVICE, 4);
    leaf_seen[(a * 3 + b) * 4 + c]++;
}

/* rule: EMU-SEARCH-1 */
static void exhaustive_makes_every_run_exactly_once(void **state)
{
    (void)state;
    memset(leaf_seen, 0, sizeof leaf_seen);
    struct talk t = talk_open(emu_strategy_exhaustive(EMU_UNBOUNDED));
    assert_int_equal(all_runs(&t, tree, 1000), LEAVES);
    for (unsigned i = 0; i < LEAVES; i++)
        assert_int_equal(leaf_seen[i], 1);
    assert_false(diverged(&t));
    talk_close(&t);
}

/* Where the left branch asks more than the right one does. */
static void crooked_tree(struct talk *t)
{
    if (ask(t, EMU_CHOICE_ROUTE, 2) == 0) {
        ask_switch(t, 2);
        ask(t, EMU_CHOICE_FRAMES, 5);
    } else if (ask(t, EMU_CHOICE_INPUT, 3) == 2) {
        ask(t, EMU_CHOICE_FAULT, 2);
    }
}

/* rule: EMU-SEARCH-1 */
static void exhaustive_follows_questions_that_depend_on_answers(void **state)
{
    (void)state;
    struct talk t = talk_open(emu_strategy_exhaustive(EMU_UNBOUNDED));
    assert_int_equal(all_runs(&t, crooked_tree, 1000), 2 * 5 + 2 + 2);
    talk_close(&t);
}

static void silent(struct talk *t)
{
    (void)t;
}

static void exhaustive_has_one_run_where_nothing_is_asked(void **state)
{
    (void)state;
    struct talk t = talk_open(emu_strategy_exhaustive(EMU_UNBOUNDED));
    assert_int_equal(all_runs(&t, silent, 10), 1);
    talk_close(&t);
}

enum { SWITCHES = 10 };

static void ten_switches(struct talk *t)
{
    for (unsigned i = 0; i < SWITCHES; i++)
        ask_switch(t, 2);
}

/* rule: EMU-SEARCH-2 */
static void a_bound_leaves_the_runs_with_at_most_so_many_preemptions(void **state)
{
    (void)state;
    static const uint64_t runs[] = {1, 1 + 10, 1 + 10 + 45, 1 + 10 + 45 + 120};
    for (int bound = 0; bound < 4; bound++) {
        struct talk t = talk_open(emu_strategy_exhaustive(bound));
        assert_int_equal(all_runs(&t, ten_switches, 100000), runs[bound]);
        assert_false(diverged(&t));
        talk_close(&t);
    }
    struct talk t = talk_open(emu_strategy_exhaustive(EMU_UNBOUNDED));
    assert_int_equal(all_runs(&t, ten_switches, 100000), 1u << SWITCHES);
    talk_close(&t);
}

static void one_of_each(struct talk *t)
{
    ask_at(t, EMU_CHOICE_SCHEDULE, 1, 3, true);
    ask(t, EMU_CHOICE_LATITUDE, 2);
    ask_switch(t, 7);
}

/* rule: EMU-SEARCH-2 */
static void what_costs_no_preemption_is_explored_at_bound_zero(void **state)
{
    (void)state;
    struct talk t = talk_open(emu_strategy_exhaustive(0));
    assert_int_equal(all_runs(&t, one_of_each, 100), 3 * 2);
    talk_close(&t);
}

/* rule: EMU-SEARCH-3 */
static void deepening_makes_a_pass_per_bound_and_stops_when_nothing_was_cut(void **state)
{
    (void)state;
    struct talk t = talk_open(emu_strategy_deepening(2));
    assert_int_equal(all_runs(&t, ten_switches, 100000), 1 + 11 + 56);
    talk_close(&t);

    /* One preemption is all there can be: the pass with 1 cuts nothing off. */
    t = talk_open(emu_strategy_deepening(EMU_UNBOUNDED));
    assert_int_equal(all_runs(&t, one_of_each, 100000), 6 + 6 * 7);
    talk_close(&t);
}

/* rule: EMU-SEARCH-3 */
static void deepening_never_preempts_more_than_it_did_and_has_to(void **state)
{
    (void)state;
    struct talk t = talk_open(emu_strategy_deepening(3));
    unsigned most = 0;
    bool more = true;
    for (uint64_t run = 0; more; run++) {
        talk_begin(&t, run);
        ten_switches(&t);
        unsigned preemptions = emu_record_preemptions(&t.record);
        assert_true(preemptions <= most + 1);
        most = preemptions > most ? preemptions : most;
        more = t.strategy->end(t.strategy);
    }
    assert_int_equal(most, 3);
    talk_close(&t);
}

/* A first run of two questions, to be repeated with something else in the first place. */
static struct talk search_of_one_run(void)
{
    struct talk t = talk_open(emu_strategy_exhaustive(EMU_UNBOUNDED));
    talk_begin(&t, 0);
    ask_at(&t, EMU_CHOICE_DEVICE, 5, 2, true);
    ask_at(&t, EMU_CHOICE_DEVICE, 6, 2, true);
    assert_true(t.strategy->end(t.strategy));
    talk_begin(&t, 1);
    return t;
}

/* rule: EMU-SEARCH-4 */
static void a_search_notices_that_a_prefix_does_not_repeat(void **state)
{
    (void)state;
    static const struct {
        enum emu_choice_kind kind;
        uint32_t site, count;
    } others[] = {{EMU_CHOICE_FAULT, 5, 2}, {EMU_CHOICE_DEVICE, 4, 2}, {EMU_CHOICE_DEVICE, 5, 3}};
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct talk t = search_of_one_run();
        assert_int_equal(ask_at(&t, others[i].kind, others[i].site, others[i].count, true), 0);
        assert_int_equal(ask_at(&t, EMU_CHOICE_DEVICE, 6, 2, true), 0);
        assert_false(t.strategy->end(t.strategy));
        const struct emu_divergence *d = emu_strategy_divergence(t.strategy);
        assert_true(d->diverged);
        assert_int_equal(d->index, 0);
        assert_int_equal(d->recorded.kind, EMU_CHOICE_DEVICE);
        assert_int_equal(d->recorded.site, 5);
        assert_int_equal(d->recorded.count, 2);
        assert_int_equal(d->offered.kind, others[i].kind);
        assert_int_equal(d->offered.site, others[i].site);
        assert_int_equal(d->offered.count, others[i].count);
        talk_close(&t);
    }
}

/* rule: EMU-SEARCH-4 */
static void a_search_notices_a_run_that_ends_inside_its_prefix(void **state)
{
    (void)state;
    struct talk t = search_of_one_run();
    ask_at(&t, EMU_CHOICE_DEVICE, 5, 2, true);
    assert_false(t.strategy->end(t.strategy));
    assert_true(diverged(&t));
    assert_int_equal(emu_strategy_divergence(t.strategy)->index, 1);
    assert_int_equal(emu_strategy_divergence(t.strategy)->recorded.site, 6);
    assert_int_equal(emu_strategy_divergence(t.strategy)->offered.count, 0);
    talk_close(&t);
}

/* ---- Random
 * ------------------------------------------------------------------------------------------------ */

enum { QUESTIONS = 400 };

static void many_questions(struct talk *t)
{
    for (unsigned i = 0; i < QUESTIONS; i++)
        ask_switch(t, 3);
    for (unsigned i = 0; i < QUESTIONS; i++)
        ask(t, EMU_CHOICE_LATITUDE, 4);
}

static bool same_answers(const struct emu_record *a, const struct emu_record *b)
{
    return a->length == b->length && memcmp(a->choices, b->choices, a->length * sizeof a->choices[0]) == 0;
}

/* rule: EMU-RANDOM-1 */
static void a_random_run_depends_on_seed_and_number_alone(void **state)
{
    (void)state;
    struct talk sequence = talk_open(emu_strategy_random(11));
    struct talk alone = talk_open(emu_strategy_random(11));
    struct talk other = talk_open(emu_strategy_random(12));
    for (uint64_t run = 0; run < 5; run++) {
        talk_begin(&sequence, run);
        many_questions(&sequence);
        assert_true(sequence.strategy->end(sequence.strategy));
    }
    talk_begin(&alone, 4);
    many_questions(&alone);
    assert_true(same_answers(&alone.record, &sequence.record));
    talk_begin(&other, 4);
    many_questions(&other);
    assert_false(same_answers(&other.record, &sequence.record));
    talk_begin(&alone, 5);
    many_questions(&alone);
    assert_false(same_answers(&alone.record, &sequence.record));
    talk_close(&sequence);
    talk_close(&alone);
    talk_close(&other);
}

/* rule: EMU-RANDOM-2 */
static void random_runs_have_few_preemptions_as_often_as_many(void **state)
{
    (void)state;
    enum { RUNS = 2000, FEW = QUESTIONS / 32, MANY = QUESTIONS / 3 };
    unsigned few = 0, many = 0, calm = 0;
    struct talk t = talk_open(emu_strategy_random(1));
    for (uint64_t run = 0; run < RUNS; run++) {
        talk_begin(&t, run);
        many_questions(&t);
        unsigned preemptions = emu_record_preemptions(&t.record);
        few += preemptions <= FEW;
        many += preemptions >= MANY;
        calm += emu_record_deviations(&t.record) == preemptions; /* latitude not used at all */
    }
    assert_in_range(few, RUNS / 10, RUNS / 2);
    assert_in_range(many, RUNS / 10, RUNS / 2);
    assert_in_range(calm, RUNS / 8, RUNS / 2);
    talk_close(&t);
}

/* rule: EMU-RANDOM-2 */
static void random_takes_every_answer_there_is(void **state)
{
    (void)state;
    enum { ANSWERS = 6 };
    unsigned free_seen = 0, cost_seen = 0, latitude_seen = 0;
    struct talk t = talk_open(emu_strategy_random(3));
    for (uint64_t run = 0; run < 1000; run++) {
        talk_begin(&t, run);
        free_seen |= 1u << ask_at(&t, EMU_CHOICE_SCHEDULE, 1, ANSWERS, true);
        cost_seen |= 1u << ask_switch(&t, ANSWERS);
        latitude_seen |= 1u << ask(&t, EMU_CHOICE_LATITUDE, ANSWERS);
    }
    assert_int_equal(free_seen, (1u << ANSWERS) - 1);
    assert_int_equal(cost_seen, (1u << ANSWERS) - 1);
    assert_int_equal(latitude_seen, (1u << ANSWERS) - 1);
    talk_close(&t);
}

/* rule: EMU-RANDOM-2 */
static void random_follows_who_cannot_go_on_by_any_of_the_others_alike(void **state)
{
    (void)state;
    enum { ANSWERS = 4, RUNS = 4000, EACH = RUNS / ANSWERS };
    unsigned taken[ANSWERS] = {0};
    struct talk t = talk_open(emu_strategy_random(9));
    for (uint64_t run = 0; run < RUNS; run++) {
        talk_begin(&t, run);
        taken[ask_at(&t, EMU_CHOICE_SCHEDULE, 1, ANSWERS, true)]++;
    }
    for (unsigned i = 0; i < ANSWERS; i++)
        assert_in_range(taken[i], EACH - EACH / 8, EACH + EACH / 8);
    talk_close(&t);
}

/* rule: EMU-RANDOM-3 */
static void random_faults_come_at_the_sites_of_the_run_only(void **state)
{
    (void)state;
    enum { RUNS = 600, SITES = 2, ASKED = 200 };
    unsigned failed[1 << SITES] = {0}; /* by the set of sites that failed in a run */
    struct talk t = talk_open(emu_strategy_random(5));
    for (uint64_t run = 0; run < RUNS; run++) {
        talk_begin(&t, run);
        unsigned sites = 0;
        for (unsigned i = 0; i < ASKED; i++)
            for (unsigned site = 0; site < SITES; site++)
                sites |= ask_at(&t, EMU_CHOICE_FAULT, 0x100 + site, 2, true) << site;
        failed[sites]++;
    }
    for (unsigned sites = 0; sites < 1 << SITES; sites++)
        assert_true(failed[sites] > RUNS / 12);
    talk_close(&t);
}

/* ---- Replay
 * ------------------------------------------------------------------------------------------------ */

static void make_record(struct emu_record *r)
{
    struct talk t = talk_open(emu_strategy_random(2));
    talk_begin(&t, 0);
    many_questions(&t);
    emu_record_init(r);
    emu_record_copy(r, &t.record);
    talk_close(&t);
}

/* rule: EMU-REPLAY-1 */
static void a_strict_replay_gives_the_recorded_answers(void **state)
{
    (void)state;
    struct emu_record r;
    make_record(&r);
    struct talk t = talk_open(emu_strategy_replay(&r, true));
    for (uint64_t run = 0; run < 2; run++) {
        talk_begin(&t, run);
        many_questions(&t);
        assert_false(t.strategy->end(t.strategy));
        assert_true(same_answers(&t.record, &r));
        assert_false(diverged(&t));
    }
    talk_close(&t);
    emu_record_free(&r);
}

static struct emu_choice two_choices[] = {
    {.kind = EMU_CHOICE_DEVICE, .site = 5, .count = 3, .value = 2},
    {.kind = EMU_CHOICE_DEVICE, .site = 6, .count = 4, .value = 3},
};
static const struct emu_record two = {.choices = two_choices, .length = 2, .capacity = 2};

/* rule: EMU-REPLAY-2 */
static void a_strict_replay_reports_the_first_difference_with_both_sides(void **state)
{
    (void)state;
    struct talk t = talk_open(emu_strategy_replay(&two, true));
    talk_begin(&t, 0);
    assert_int_equal(ask_at(&t, EMU_CHOICE_DEVICE, 5, 3, true), 2);
    assert_int_equal(ask_at(&t, EMU_CHOICE_DEVICE, 7, 9, true), 0);
    assert_int_equal(ask_at(&t, EMU_CHOICE_DEVICE, 6, 4, true), 0);
    t.strategy->end(t.strategy);
    const struct emu_divergence *d = emu_strategy_divergence(t.strategy);
    assert_true(d->diverged);
    assert_int_equal(d->index, 1);
    assert_int_equal(d->recorded.site, 6);
    assert_int_equal(d->recorded.count, 4);
    assert_int_equal(d->recorded.value, 3);
    assert_int_equal(d->offered.site, 7);
    assert_int_equal(d->offered.count, 9);

    talk_begin(&t, 1);
    assert_false(diverged(&t));
    talk_close(&t);
}

/* rule: EMU-REPLAY-2 */
static void kind_site_and_count_each_make_a_difference(void **state)
{
    (void)state;
    static const struct {
        enum emu_choice_kind kind;
        uint32_t site, count;
        bool differs;
    } cases[] = {{EMU_CHOICE_DEVICE, 5, 3, false},
                 {EMU_CHOICE_ROUTE, 5, 3, true},
                 {EMU_CHOICE_DEVICE, 6, 3, true},
                 {EMU_CHOICE_DEVICE, 5, 4, true}};
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct talk t = talk_open(emu_strategy_replay(&two, true));
        talk_begin(&t, 0);
        ask_at(&t, cases[i].kind, cases[i].site, cases[i].count, true);
        assert_int_equal(diverged(&t), cases[i].differs);
        talk_close(&t);
    }
}

/* rule: EMU-REPLAY-2 */
static void a_run_that_ends_before_its_record_diverged(void **state)
{
    (void)state;
    struct talk t = talk_open(emu_strategy_replay(&two, true));
    talk_begin(&t, 0);
    ask_at(&t, EMU_CHOICE_DEVICE, 5, 3, true);
    t.strategy->end(t.strategy);
    assert_true(diverged(&t));
    assert_int_equal(emu_strategy_divergence(t.strategy)->index, 1);
    assert_int_equal(emu_strategy_divergence(t.strategy)->offered.count, 0);
    talk_close(&t);
}

static void past_its_record_a_replay_answers_with_defaults(void **state)
{
    (void)state;
    for (int strict = 0; strict < 2; strict++) {
        struct talk t = talk_open(emu_strategy_replay(&two, strict != 0));
        talk_begin(&t, 0);
        ask_at(&t, EMU_CHOICE_DEVICE, 5, 3, true);
        assert_int_equal(ask_at(&t, EMU_CHOICE_DEVICE, 6, 4, true), 3);
        assert_int_equal(ask(&t, EMU_CHOICE_FAULT, 2), 0);
        t.strategy->end(t.strategy);
        assert_true(strict == 0 || !diverged(&t));
        talk_close(&t);
    }
}

/* rule: EMU-REPLAY-3 */
static void what_a_token_does_not_carry_matches_anything(void **state)
{
    (void)state;
    struct emu_choice choices[] = {{0}, {.kind = EMU_CHOICE_ROUTE, .count = 3, .value = 1}};
    const struct emu_record r = {.choices = choices, .length = 2, .capacity = 2};
    struct talk t = talk_open(emu_strategy_replay(&r, true));
    talk_begin(&t, 0);
    assert_int_equal(ask_at(&t, EMU_CHOICE_FAULT, 99, 17, true), 0);
    assert_int_equal(ask_at(&t, EMU_CHOICE_ROUTE, 98, 3, true), 1);
    t.strategy->end(t.strategy);
    assert_false(diverged(&t));
    talk_close(&t);
}

/* rule: EMU-REPLAY-4 */
static void a_tolerant_replay_takes_what_is_on_offer(void **state)
{
    (void)state;
    struct talk t = talk_open(emu_strategy_replay(&two, false));
    assert_null(emu_strategy_divergence(t.strategy));
    talk_begin(&t, 0);
    assert_int_equal(ask_at(&t, EMU_CHOICE_DEVICE, 9, 8, true), 2); /* another site, more to choose from */
    assert_int_equal(ask_at(&t, EMU_CHOICE_DEVICE, 6, 3, true), 0); /* 3 is not on offer */
    talk_begin(&t, 1);
    assert_int_equal(ask_at(&t, EMU_CHOICE_ROUTE, 5, 3, true), 0); /* another kind */
    assert_int_equal(ask_at(&t, EMU_CHOICE_DEVICE, 6, 4, true), 3);
    talk_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fifo_answers_with_the_default_and_has_one_run),
        cmocka_unit_test(exhaustive_makes_every_run_exactly_once),
        cmocka_unit_test(exhaustive_follows_questions_that_depend_on_answers),
        cmocka_unit_test(exhaustive_has_one_run_where_nothing_is_asked),
        cmocka_unit_test(a_bound_leaves_the_runs_with_at_most_so_many_preemptions),
        cmocka_unit_test(what_costs_no_preemption_is_explored_at_bound_zero),
        cmocka_unit_test(deepening_makes_a_pass_per_bound_and_stops_when_nothing_was_cut),
        cmocka_unit_test(deepening_never_preempts_more_than_it_did_and_has_to),
        cmocka_unit_test(a_search_notices_that_a_prefix_does_not_repeat),
        cmocka_unit_test(a_search_notices_a_run_that_ends_inside_its_prefix),
        cmocka_unit_test(a_random_run_depends_on_seed_and_number_alone),
        cmocka_unit_test(random_runs_have_few_preemptions_as_often_as_many),
        cmocka_unit_test(random_takes_every_answer_there_is),
        cmocka_unit_test(random_follows_who_cannot_go_on_by_any_of_the_others_alike),
        cmocka_unit_test(random_faults_come_at_the_sites_of_the_run_only),
        cmocka_unit_test(a_strict_replay_gives_the_recorded_answers),
        cmocka_unit_test(a_strict_replay_reports_the_first_difference_with_both_sides),
        cmocka_unit_test(kind_site_and_count_each_make_a_difference),
        cmocka_unit_test(a_run_that_ends_before_its_record_diverged),
        cmocka_unit_test(past_its_record_a_replay_answers_with_defaults),
        cmocka_unit_test(what_a_token_does_not_carry_matches_anything),
        cmocka_unit_test(a_tolerant_replay_takes_what_is_on_offer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
