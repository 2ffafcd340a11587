/*
 * Parts of an exploration: shards are disjoint and together the whole, and a strategy that was kept goes on
 * where it stood.
 */
#include "race.h"
#include "rig/slow_build.h"

#include "scenarios/known/known_programs.h"

#include <emu/fault.h>
#include <emu/part.h>
#include <emu/strategies.h>

#include <limits.h>

enum { SEED = 7, SHARDS_MAX = 7, STOPS_STEP = SLOW_BUILD ? 3 : 1, PASS_STEP = SLOW_BUILD ? 9 : 1 };

struct subject {
    const char *name;
    void (*program)(unsigned n);
    unsigned n, processors;
    bool is_large; /* for reductions alone */
};

/* Two strands, each with calls that may fail; where one did, it does something more. */
static void call_what_can_fail(void *context)
{
    (void)context;
    enum { CALLS = 3 };
    for (unsigned i = 0; i < CALLS; i++) {
        bare_work(i);
        if (emu_fault(emu_current(), OP_WORK + i))
            bare_work(CALLS + i);
    }
}

static void fallible(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        race_start("caller", i, call_what_can_fail, NULL);
}

static const struct subject fallible_2 = {"fallible(2)", fallible, 2, 2, false};

static const struct subject subjects[] = {
    {"readers(2)", known_readers, 2, 3, false},  {"readers(5)", known_readers, 5, 6, true},
    {"lastzero(5)", known_lastzero, 5, 6, true}, {"protocol(1)", known_protocol, 1, 3, false},
    {"protocol(2)", known_protocol, 2, 5, true}, {"careless(1)", known_careless, 1, 3, false},
};
enum { PROTOCOL_1 = 3, CARELESS = 5 };
static const struct subject careless_3 = {"careless(3)", known_careless, 3, 7, true};

static void subject_set_up(void *context)
{
    const struct subject *s = context;
    s->program(s->n);
}

static void subject_check(void *context)
{
    const struct subject *s = context;
    if (s->program == known_careless)
        known_protocol_check();
}

static struct emu_strategy *make(const char *name, struct emu_coverage *coverage);

static struct emu_strategy *make_inside(void *context)
{
    return make(context, NULL);
}

/* "with POLICY, STRATEGY" */
static struct emu_strategy *make_with_faults(const char *name)
{
    struct emu_faults faults = {.seed = SEED, .rate = EMU_FAULTS_CERTAIN / 4};
    faults.policy = strncmp(name, "with random", 11) == 0   ? EMU_FAULTS_RANDOM
                    : strncmp(name, "with stacks", 11) == 0 ? EMU_FAULTS_STACKS
                                                            : EMU_FAULTS_SWEEP;
    return emu_strategy_faults(&faults, make_inside, (void *)(uintptr_t)(strchr(name, ',') + 2));
}

static struct emu_strategy *make(const char *name, struct emu_coverage *coverage)
{
    if (strncmp(name, "with ", 5) == 0)
        return make_with_faults(name);
    struct emu_bounds bounds = {EMU_UNBOUNDED, EMU_UNBOUNDED, EMU_UNBOUNDED, false};
    if (strcmp(name, "exhaustive") == 0)
        return emu_strategy_bounded(&bounds);
    if (strcmp(name, "bound 2") == 0)
        return emu_strategy_exhaustive(2);
    if (strcmp(name, "deepening") == 0)
        return emu_strategy_deepening(3);
    if (strcmp(name, "delay") == 0)
        return emu_strategy_bounded(&(struct emu_bounds){EMU_UNBOUNDED, EMU_UNBOUNDED, 3, true});
    if (strcmp(name, "dpor") == 0)
        return emu_strategy_dpor();
    if (strcmp(name, "dpor-source") == 0)
        return emu_strategy_dpor_source();
    if (strcmp(name, "dpor bound 2") == 0)
        return emu_strategy_dpor_bounded(2);
    if (strcmp(name, "random") == 0)
        return emu_strategy_random(SEED);
    if (strcmp(name, "pct") == 0)
        return emu_strategy_pct(SEED, 0);
    if (strcmp(name, "pos") == 0)
        return emu_strategy_pos(SEED);
    if (strcmp(name, "surw") == 0)
        return emu_strategy_surw(SEED);
    if (strcmp(name, "sweep") == 0)
        return emu_strategy_sweep();
    bounds.deepening = true;
    bounds.preemptions = INT_MAX;
    return emu_strategy_auto(SEED, &bounds, coverage);
}

/* One part of an exploration and what came of it. */
struct part {
    struct emu_machine *machine;
    struct subject subject;
    struct emu_program program;
    struct emu_coverage *coverage;
    struct emu_strategy *strategy;
    struct emu_report report;
};

static void part_open(struct part *p, const struct subject *subject, const char *strategy)
{
    *p = (struct part){.subject = *subject, .coverage = emu_coverage_create()};
    p->program = (struct emu_program){subject->name, subject_set_up, subject_check, &p->subject};
    p->machine = bare_machine(
        &(struct emu_config){.processors = subject->processors, .faults = subject->program == fallible});
    p->strategy = make(strategy, p->coverage);
    assert_non_null(p->strategy);
}

static void part_explore(struct part *p, uint64_t runs, uint64_t first, uint64_t stride)
{
    const struct emu_explore_options options = {
        .runs = runs, .keep_going = true, .coverage = p->coverage, .first = first, .stride = stride};
    emu_explore(p->machine, &p->program, p->strategy, &options, &p->report);
}

static void part_close(struct part *p)
{
    emu_report_free(&p->report);
    emu_strategy_destroy(p->strategy);
    emu_coverage_destroy(p->coverage);
    emu_machine_destroy(p->machine);
}

/* Adds what one coverage has seen to another one. */
static void add_coverage(struct emu_coverage *to, const struct emu_coverage *from)
{
    struct emu_words words = {0};
    emu_coverage_save(from, &words);
    assert_true(emu_coverage_add(to, &words));
    assert_int_equal(words.at, words.count);
    emu_words_free(&words);
}

static const char *const searches[] = {"exhaustive", "bound 2", "deepening", "delay", "dpor", "dpor-source"};

static bool reduces(const char *strategy)
{
    return strncmp(strategy, "dpor", 4) == 0 && strchr(strategy, ' ') == NULL;
}

/* Each shard of a sweep of faults ends with the runs for a call that no run has. */
static bool right_runs(const char *strategy, uint64_t runs, uint64_t of_whole)
{
    return strncmp(strategy, "with sweep", 10) == 0 ? runs >= of_whole : runs == of_whole;
}

static void check_shards(const struct subject *subject, const char *strategy, uint32_t count)
{
    struct part whole;
    part_open(&whole, subject, strategy);
    part_explore(&whole, 0, 0, 0);
    struct emu_coverage *sum = emu_coverage_create();
    uint64_t runs = 0, classes = 0, times = 0, with_runs = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct part shard;
        part_open(&shard, subject, strategy);
        assert_true(emu_strategy_set_shard(shard.strategy, i, count));
        part_explore(&shard, 0, 0, 0);
        assert_int_equal(shard.report.complete, whole.report.complete);
        runs += shard.report.runs;
        with_runs += shard.report.runs > 0;
        add_coverage(sum, shard.coverage);
        classes += reduces(strategy) ? emu_strategy_reduction(shard.strategy)->classes : 0;
        for (unsigned f = 0; f < shard.report.found; f++)
            times += shard.report.findings[f].times;
        part_close(&shard);
    }
    uint64_t whole_times = 0;
    for (unsigned f = 0; f < whole.report.found; f++)
        whole_times += whole.report.findings[f].times;
    if (emu_coverage_classes(sum) != emu_coverage_classes(whole.coverage) ||
        (!reduces(strategy) && (times != whole_times || !right_runs(strategy, runs, whole.report.runs))) ||
        (reduces(strategy) && (classes != emu_strategy_reduction(whole.strategy)->classes)) || with_runs < 2)
        fail_msg("%s, %s in %u: %llu runs of %llu, %llu classes of %llu, %llu of the reduction, %llu shards "
                 "with runs",
                 subject->name, strategy, count, (unsigned long long)runs,
                 (unsigned long long)whole.report.runs, (unsigned long long)emu_coverage_classes(sum),
                 (unsigned long long)emu_coverage_classes(whole.coverage), (unsigned long long)classes,
                 (unsigned long long)with_runs);
    emu_coverage_destroy(sum);
    part_close(&whole);
}

/* rule: EMU-JOBS-1 */
static void the_shards_of_a_search_are_disjoint_and_together_the_whole(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT_OF(subjects); i++)
        for (unsigned k = 0; k < COUNT_OF(searches); k++) {
            if (subjects[i].is_large && !reduces(searches[k]))
                continue;
            for (uint32_t count = 2; count <= SHARDS_MAX; count += 1 + count / 2)
                check_shards(&subjects[i], searches[k], count);
        }
}

/* How far a shard comes with at most so many runs (0: all that it has). */
static struct emu_report report_of_shard(const char *strategy, uint32_t index, uint32_t count, uint64_t runs)
{
    struct part shard;
    part_open(&shard, &subjects[0], strategy);
    assert_true(emu_strategy_set_shard(shard.strategy, index, count));
    part_explore(&shard, runs, 0, 0);
    struct emu_report report = {.runs = shard.report.runs, .complete = shard.report.complete};
    part_close(&shard);
    return report;
}

/* Behind its last run it may meet others' subtrees: these are no runs of its own. */
/* rule: EMU-JOBS-1 */
static void a_shard_that_has_no_more_runs_than_its_limit_is_complete(void **state)
{
    enum { COUNT = 5 };
    (void)state;
    for (unsigned k = 0; k < COUNT_OF(searches); k++)
        for (uint32_t i = 0; i < COUNT; i++) {
            uint64_t runs = report_of_shard(searches[k], i, COUNT, 0).runs;
            if (runs == 0)
                continue;
            struct emu_report all = report_of_shard(searches[k], i, COUNT, runs);
            assert_int_equal(all.runs, runs);
            assert_true(all.complete);
            if (runs == 1)
                continue;
            struct emu_report cut = report_of_shard(searches[k], i, COUNT, runs - 1);
            assert_int_equal(cut.runs, runs - 1);
            assert_false(cut.complete);
        }
}

/* Each of its numbers has its turn in one shard. */
/* rule: EMU-JOBS-5 */
static void the_shards_of_a_sweep_of_faults_are_disjoint_and_together_the_whole(void **state)
{
    (void)state;
    static const char *const sweeps[] = {"with sweep, bound 2", "with sweep, random", "with sweep, dpor",
                                         "with sweep, surw"};
    for (unsigned k = 0; k < COUNT_OF(sweeps); k++)
        for (uint32_t count = 2; count <= SHARDS_MAX; count += 1 + count / 2)
            check_shards(&fallible_2, sweeps[k], count);
}

static const char *const samplers[] = {"random", "pct", "pos", "surw"};

/* What it finds, where there is something to find, is found once, by the first run that finds it. */
static void check_numbers(const struct subject *subject, const char *strategy)
{
    enum { RUNS = 500, COUNT = 3 };
    struct part whole;
    part_open(&whole, subject, strategy);
    part_explore(&whole, RUNS, 0, 0);
    struct emu_coverage *sum = emu_coverage_create();
    uint64_t runs = 0, first = UINT64_MAX, times = 0;
    for (uint64_t i = 0; i < COUNT; i++) {
        struct part shard;
        part_open(&shard, subject, strategy);
        assert_false(emu_strategy_set_shard(shard.strategy, (uint32_t)i, COUNT));
        part_explore(&shard, (RUNS - i + COUNT - 1) / COUNT, i, COUNT);
        runs += shard.report.runs;
        add_coverage(sum, shard.coverage);
        if (shard.report.found > 0) {
            times += shard.report.findings[0].times;
            first = shard.report.findings[0].run < first ? shard.report.findings[0].run : first;
        }
        part_close(&shard);
    }
    struct emu_coverage_report one, all;
    emu_coverage_read(whole.coverage, &one);
    emu_coverage_read(sum, &all);
    assert_int_equal(runs, RUNS);
    assert_int_equal(all.runs, RUNS);
    assert_int_equal(all.classes, one.classes);
    assert_int_equal(all.once, one.once);
    assert_int_equal(all.twice, one.twice);
    assert_int_equal(whole.report.found, subject->program == known_careless);
    assert_int_equal(first, whole.report.found > 0 ? whole.report.findings[0].run : UINT64_MAX);
    assert_int_equal(times, whole.report.found > 0 ? whole.report.findings[0].times : 0);
    emu_coverage_destroy(sum);
    part_close(&whole);
}

/* rule: EMU-JOBS-2 */
static void the_shards_of_a_sampler_make_every_run_of_the_whole_once(void **state)
{
    (void)state;
    for (unsigned k = 0; k < COUNT_OF(samplers); k++)
        check_numbers(&subjects[CARELESS], samplers[k]);
}

/* rule: EMU-JOBS-5 */
static void random_faults_are_divided_by_the_runs_of_the_sampler_around_them(void **state)
{
    (void)state;
    static const char *const random[] = {"with random, random", "with random, pct", "with random, pos",
                                         "with random, surw"};
    for (unsigned k = 0; k < COUNT_OF(random); k++)
        check_numbers(&fallible_2, random[k]);
}

/* As a second process would: nothing but the numbers goes over. */
static void go_on_in_another(struct part *first, struct part *second, const struct subject *subject,
                             const char *strategy)
{
    struct emu_words words = {0};
    part_open(second, subject, strategy);
    emu_strategy_save(first->strategy, &words);
    assert_true(emu_strategy_restore(second->strategy, second->machine, &second->program, &words, NULL));
    assert_int_equal(words.at, words.count);
    emu_words_free(&words);
    add_coverage(second->coverage, first->coverage);
}

static void check_going_on(const struct subject *subject, const char *strategy, uint64_t stop)
{
    enum { RUNS = 4000 };
    struct part whole, first, second;
    part_open(&whole, subject, strategy);
    part_explore(&whole, RUNS, 0, 0);
    stop = stop < whole.report.runs ? stop : whole.report.runs - 1;
    part_open(&first, subject, strategy);
    part_explore(&first, stop, 0, 0);
    go_on_in_another(&first, &second, subject, strategy);
    part_explore(&second, RUNS - stop, stop, 0);
    struct emu_coverage_report one, all;
    emu_coverage_read(whole.coverage, &one);
    emu_coverage_read(second.coverage, &all);
    uint64_t runs = first.report.runs + second.report.runs;
    uint64_t times = 0, whole_times = 0;
    for (unsigned f = 0; f < whole.report.found; f++)
        whole_times += whole.report.findings[f].times;
    for (unsigned f = 0; f < first.report.found; f++)
        times += first.report.findings[f].times;
    for (unsigned f = 0; f < second.report.found; f++)
        times += second.report.findings[f].times;
    if (runs != whole.report.runs || one.classes != all.classes || one.once != all.once ||
        second.report.complete != whole.report.complete || one.runs != all.runs || times != whole_times ||
        one.since_new != all.since_new)
        fail_msg("%s, stopped after %llu: %llu runs of %llu, %llu classes of %llu, %llu findings of %llu",
                 strategy, (unsigned long long)stop, (unsigned long long)runs,
                 (unsigned long long)whole.report.runs, (unsigned long long)all.classes,
                 (unsigned long long)one.classes, (unsigned long long)times, (unsigned long long)whole_times);
    part_close(&whole);
    part_close(&first);
    part_close(&second);
}

/* rule: EMU-JOBS-3 */
static void what_was_stopped_anywhere_goes_on_as_if_it_had_not(void **state)
{
    (void)state;
    static const uint64_t stops[] = {1, 5, 17, 100, 2100, 2150, 2900, 3500};
    for (unsigned i = 0; i < COUNT_OF(stops); i += STOPS_STEP) {
        for (unsigned k = 0; k < COUNT_OF(searches); k++)
            check_going_on(&subjects[CARELESS], searches[k], stops[i]);
        for (unsigned k = 0; k < COUNT_OF(samplers); k++)
            check_going_on(&subjects[CARELESS], samplers[k], stops[i]);
        check_going_on(&subjects[CARELESS], "sweep", stops[i]);
        check_going_on(&subjects[CARELESS], "dpor bound 2", stops[i]);
        check_going_on(&careless_3, "auto", stops[i]);
    }
    for (uint64_t stop = 1; stop < 100; stop += PASS_STEP) /* somewhere a pass of it is about to end */
        check_going_on(&subjects[CARELESS], "deepening", stop);
}

/* rule: EMU-JOBS-5 */
static void policies_of_faults_that_were_stopped_anywhere_go_on_as_if_they_had_not(void **state)
{
    (void)state;
    static const uint64_t stops[] = {1, 5, 17, 33, 34, 100, 231};
    static const char *const policies[] = {
        "with sweep, bound 2",  "with sweep, random",  "with sweep, dpor",     "with sweep, surw",
        "with stacks, bound 2", "with stacks, random", "with random, bound 2", "with random, random",
        "with random, pct",     "with random, surw"};
    for (unsigned i = 0; i < COUNT_OF(stops); i += STOPS_STEP)
        for (unsigned k = 0; k < COUNT_OF(policies); k++)
            check_going_on(&fallible_2, policies[k], stops[i]);
}

/* rule: EMU-JOBS-4 */
static void numbers_of_another_strategy_are_refused(void **state)
{
    (void)state;
    struct part p;
    struct emu_words few = {0};
    part_open(&p, &subjects[PROTOCOL_1], "exhaustive");
    emu_words_put(&few, 1);
    assert_false(emu_strategy_restore(p.strategy, p.machine, &p.program, &few, NULL));
    emu_words_free(&few);
    struct emu_words unchoosable = {0}; /* a search whose first choice has a kind that there is not */
    for (unsigned i = 0; i < 3; i++)
        emu_words_put(&unchoosable, 0);
    emu_words_put(&unchoosable, 1);
    emu_words_put(&unchoosable, EMU_CHOICE_KINDS | (uint64_t)2 << 32);
    emu_words_put(&unchoosable, 0);
    assert_false(emu_strategy_restore(p.strategy, p.machine, &p.program, &unchoosable, NULL));
    emu_words_free(&unchoosable);
    struct emu_words nonsense = {0};
    for (unsigned i = 0; i < 8; i++)
        emu_words_put(&nonsense, UINT64_MAX);
    assert_false(emu_strategy_restore(p.strategy, p.machine, &p.program, &nonsense, NULL));
    nonsense.at = 0;
    nonsense.short_of = false;
    assert_false(emu_coverage_add(p.coverage, &nonsense));
    emu_words_free(&nonsense);
    part_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shards_of_a_search_are_disjoint_and_together_the_whole),
        cmocka_unit_test(a_shard_that_has_no_more_runs_than_its_limit_is_complete),
        cmocka_unit_test(the_shards_of_a_sampler_make_every_run_of_the_whole_once),
        cmocka_unit_test(the_shards_of_a_sweep_of_faults_are_disjoint_and_together_the_whole),
        cmocka_unit_test(random_faults_are_divided_by_the_runs_of_the_sampler_around_them),
        cmocka_unit_test(policies_of_faults_that_were_stopped_anywhere_go_on_as_if_they_had_not),
        cmocka_unit_test(what_was_stopped_anywhere_goes_on_as_if_it_had_not),
        cmocka_unit_test(numbers_of_another_strategy_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
