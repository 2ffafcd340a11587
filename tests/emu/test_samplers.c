/*
 * The samplers and what they promise: each run from its number alone, PCT's bound, SURW's even hand, and
 * races that a plain walk does not find.
 */
#include "hard_races.h"

#include <emu/strategies.h>

enum { SEED = 1, SETTERS = 17, HARD_RUNS = 10000 };

typedef struct emu_strategy *make_fn(void);

static struct emu_strategy *make_pct(void)
{
    return emu_strategy_pct(SEED, 0);
}

static struct emu_strategy *make_pos(void)
{
    return emu_strategy_pos(SEED);
}

static struct emu_strategy *make_surw(void)
{
    return emu_strategy_surw(SEED);
}

static struct emu_strategy *make_random(void)
{
    return emu_strategy_random(SEED);
}

static make_fn *const samplers[] = {make_random, make_pct, make_pos, make_surw};

/* ---- A run by its number ----------------------------------------------------------------------------------
 */

static uint64_t run_of(struct emu_machine *m, const struct emu_program *program, struct emu_strategy *s,
                       uint64_t run)
{
    s->begin(s, run);
    emu_run_program(m, program);
    assert_true(s->end(s));
    return emu_trace_hash(m);
}

static void make_profile(struct emu_machine *m, const struct emu_program *program, struct emu_strategy *s)
{
    emu_machine_set_strategy(m, s);
    for (unsigned i = 0; i < s->profile_runs; i++)
        run_of(m, program, s, EMU_PROFILE_FIRST + i);
}

/* rule: EMU-SAMPLE-1 */
static void a_run_follows_from_seed_number_and_profile_alone(void **state)
{
    (void)state;
    enum { RUNS = 24 };
    struct hard_race race = {.setters = 3};
    struct emu_program program = {"reorder", reorder_set_up, NULL, &race};
    struct emu_machine *m = bare_processors(5);
    for (unsigned i = 0; i < COUNT_OF(samplers); i++) {
        uint64_t hashes[RUNS];
        unsigned different = 0;
        struct emu_strategy *s = samplers[i]();
        make_profile(m, &program, s);
        for (unsigned run = 0; run < RUNS; run++) {
            hashes[run] = run_of(m, &program, s, run);
            different += hashes[run] != hashes[0];
        }
        emu_strategy_destroy(s);
        s = samplers[i]();
        make_profile(m, &program, s);
        for (unsigned run = RUNS; run-- > 0;)
            assert_int_equal(run_of(m, &program, s, run), hashes[run]);
        emu_machine_set_strategy(m, NULL);
        emu_strategy_destroy(s);
        assert_true(different > RUNS / 2);
    }
    emu_machine_destroy(m);
}

/* ---- Races that are hard to find --------------------------------------------------------------------------
 */

/* At each decision one of all that can happen, all alike: what a plain random walk is. */
static uint32_t uniformly(void *context, const struct emu_decision *d)
{
    return bare_draw(context) % d->count;
}

static unsigned uniform_walk_finds(struct emu_machine *m, const struct emu_program *program, unsigned runs)
{
    uint64_t seed = SEED;
    struct bare_picker picker;
    unsigned found = 0;
    bare_pick_with(m, &picker, uniformly, &seed);
    for (unsigned i = 0; i < runs; i++)
        found += emu_run_program(m, program) == EMU_STOP_FINDING;
    emu_machine_set_strategy(m, NULL);
    return found;
}

static bool finds(struct emu_machine *m, const struct emu_program *program, make_fn *make)
{
    struct emu_report report =
        explore_with(m, program, make(), (struct emu_explore_options){.runs = HARD_RUNS});
    bool found = report.found == 1;
    emu_report_free(&report);
    return found;
}

static void only_aimed_samplers_find(void (*set_up)(void *context))
{
    struct hard_race race = {.setters = SETTERS};
    struct emu_program program = {"hard", set_up, NULL, &race};
    struct emu_machine *m = bare_processors(SETTERS + 2);
    assert_int_equal(uniform_walk_finds(m, &program, HARD_RUNS), 0);
    assert_true(finds(m, &program, make_pct));
    assert_true(finds(m, &program, make_surw));
    emu_machine_destroy(m);
}

/* rule: EMU-SAMPLE-2 */
static void a_reordered_pair_among_17_threads_takes_a_sampler_that_aims(void **state)
{
    (void)state;
    only_aimed_samplers_find(reorder_set_up);
}

/* rule: EMU-SAMPLE-2 */
static void a_missing_second_stage_among_17_threads_takes_a_sampler_that_aims(void **state)
{
    (void)state;
    only_aimed_samplers_find(twostage_set_up);
}

/* ---- PCT's bound ------------------------------------------------------------------------------------------
 */

/* rule: EMU-PCT-1 */
static void pct_finds_a_race_of_depth_two_at_least_as_often_as_its_bound(void **state)
{
    (void)state;
    enum { RUNS = 4000 };
    struct counter counter = {0};
    struct emu_program program = counter_program(&counter);
    struct emu_machine *m = bare_processors(2);
    struct emu_strategy *s = emu_strategy_pct(SEED, 2);
    struct emu_explore_options options = {.runs = RUNS, .keep_going = true};
    struct emu_report report;
    char text[512];
    unsigned contexts = 0, decisions = 0;

    emu_explore(m, &program, s, &options, &report);
    assert_true(emu_strategy_describe(s, text, sizeof text));
    const char *numbers = strstr(text, "n = ");
    assert_non_null(numbers);
    assert_int_equal(sscanf(numbers, "n = %u, k = %u:", &contexts, &decisions), 2);
    assert_true(contexts >= 2 && decisions >= 2);
    double chance = 0;
    const char *depth = strstr(text, "d = 2: ");
    assert_non_null(depth);
    assert_int_equal(sscanf(depth, "d = 2: %lf a run", &chance), 1);
    double exact = 1.0 / (contexts * decisions);
    assert_true(chance > 0.9 * exact && chance < 1.1 * exact);
    assert_int_equal(report.found, 1);
    double bound = (double)RUNS / (contexts * decisions);
    assert_true((double)report.findings[0].times >= bound);
    emu_report_free(&report);
    emu_strategy_destroy(s);
    emu_machine_destroy(m);
}

/* rule: EMU-PCT-1 */
static void pct_of_depth_one_never_changes_its_mind(void **state)
{
    (void)state;
    struct walkers walkers = {.steps = 10};
    struct emu_program program = {"walkers", walkers_set_up, NULL, &walkers};
    struct emu_machine *m = bare_processors(2);
    struct emu_coverage *c = emu_coverage_create();
    struct emu_report report = explore_with(m, &program, emu_strategy_pct(SEED, 1),
                                            (struct emu_explore_options){.runs = 8 + 500, .coverage = c});
    struct emu_coverage *aimless = emu_coverage_create();
    struct emu_report profile = explore_with(m, &program, emu_strategy_pct(SEED, 1),
                                             (struct emu_explore_options){.runs = 8, .coverage = aimless});
    /* One of two goes first, to its end; besides what the runs of the profile showed. */
    assert_true(emu_coverage_classes(c) <= emu_coverage_classes(aimless) + 2);
    emu_report_free(&report);
    emu_report_free(&profile);
    emu_coverage_destroy(c);
    emu_coverage_destroy(aimless);
    emu_machine_destroy(m);
}

/* ---- SURW's even hand -------------------------------------------------------------------------------------
 */

enum { SHORT = 2, LONG = 10, ORDERS = 1 << (SHORT + LONG), MIXTURES = 66 /* of 2 steps among 12 */ };

/* Who made each step, as bits from the first step on; and how often each order came. */
struct uneven {
    unsigned step, order;
    unsigned times[ORDERS];
};

static void make_steps(struct uneven *u, unsigned steps, unsigned who)
{
    for (unsigned i = 0; i < steps; i++) {
        bare_work(i);
        u->order |= who << u->step++;
    }
}

static void walk_short(void *context)
{
    make_steps(context, SHORT, 1);
}

static void walk_long(void *context)
{
    make_steps(context, LONG, 0);
}

static void uneven_set_up(void *context)
{
    struct uneven *u = context;
    u->step = u->order = 0;
    race_start("short", 0, walk_short, u);
    race_start("long", 1, walk_long, u);
}

static void uneven_check(void *context)
{
    struct uneven *u = context;
    u->times[u->order]++;
}

/* How often the most frequent order came; the number of those that came at all. */
static unsigned most_frequent(make_fn *make, unsigned runs, unsigned *seen)
{
    struct uneven u = {0};
    struct emu_program program = {"uneven", uneven_set_up, uneven_check, &u};
    struct emu_machine *m = bare_processors(2);
    struct emu_report report = explore_with(m, &program, make(), (struct emu_explore_options){.runs = runs});
    unsigned most = 0;
    *seen = 0;
    for (unsigned i = 0; i < ORDERS; i++) {
        most = u.times[i] > most ? u.times[i] : most;
        *seen += u.times[i] > 0;
    }
    emu_report_free(&report);
    emu_machine_destroy(m);
    return most;
}

/* rule: EMU-SURW-1 */
static void surw_takes_interleavings_of_uneven_threads_more_evenly_than_a_walk(void **state)
{
    (void)state;
    enum { EACH = 100, RUNS = MIXTURES * EACH };
    unsigned seen_by_surw, seen_by_random;
    unsigned by_surw = most_frequent(make_surw, RUNS, &seen_by_surw);
    unsigned by_random = most_frequent(make_random, RUNS, &seen_by_random);
    assert_int_equal(seen_by_surw, MIXTURES);
    /* With a tenth of the runs nearly all: what a thread does while it is alone counts as well. */
    unsigned most = most_frequent(make_surw, RUNS / 10, &seen_by_surw);
    assert_true(seen_by_surw > MIXTURES - MIXTURES / 10 && most < EACH);
    assert_true(by_surw < 5 * EACH / 2);
    assert_true(by_random > 6 * EACH);
}

/* ---- POS --------------------------------------------------------------------------------------------------
 */

/* How often, in percent, the context that came first comes first again. */
static unsigned first_again(emu_object one, emu_object other)
{
    enum { RUNS = 4000, PERCENT = 100 };
    const struct emu_action menu[] = {{.kind = EMU_ACTION_STEP, .id = 1, .object = one},
                                      {.kind = EMU_ACTION_STEP, .id = 2, .object = other}};
    const struct emu_decision d = {.kind = EMU_CHOICE_SCHEDULE, .count = 2, .actions = menu};
    struct emu_strategy *s = make_pos();
    unsigned again = 0;
    for (unsigned run = 0; run < RUNS; run++) {
        s->begin(s, run);
        uint32_t first = s->choose(s, &d);
        again += s->choose(s, &d) == first;
    }
    emu_strategy_destroy(s);
    return again * PERCENT / RUNS;
}

/* rule: EMU-POS-1 */
static void pos_draws_anew_who_conflicts(void **state)
{
    (void)state;
    unsigned conflicting = first_again(1, 1), unrelated = first_again(1, 2);
    assert_true(conflicting >= 47 && conflicting <= 53); /* one half */
    assert_true(unrelated >= 63 && unrelated <= 70);     /* two thirds: what waits lost once already */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_follows_from_seed_number_and_profile_alone),
        cmocka_unit_test(a_reordered_pair_among_17_threads_takes_a_sampler_that_aims),
        cmocka_unit_test(a_missing_second_stage_among_17_threads_takes_a_sampler_that_aims),
        cmocka_unit_test(pct_finds_a_race_of_depth_two_at_least_as_often_as_its_bound),
        cmocka_unit_test(pct_of_depth_one_never_changes_its_mind),
        cmocka_unit_test(pos_draws_anew_who_conflicts),
        cmocka_unit_test(surw_takes_interleavings_of_uneven_threads_more_evenly_than_a_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
