/*
 * Partial-order reduction counts what theory says: optimal exactly, with source sets at least. Programs with
 * interrupts have the classes that brute force gives, and runs in vain.
 */
#include "brute_force.h"

#include "emu/dpor.h"

#include "scenarios/known/known_programs.h"

struct known {
    const char *name;
    void (*program)(unsigned n);
    unsigned n, processors;
    uint64_t classes;
};

static const struct known all_known[] = {
    {"readers(2)", known_readers, 2, 3, 4},           {"readers(5)", known_readers, 5, 6, 32},
    {"readers(8)", known_readers, 8, 9, 256},         {"lastzero(5)", known_lastzero, 5, 6, 64},
    {"lastzero(10)", known_lastzero, 10, 11, 3328},   {"indexer(11)", known_indexer, 11, 11, 1},
    {"indexer(12)", known_indexer, 12, 12, 8},        {"indexer(13)", known_indexer, 13, 13, 64},
    {"indexer(14)", known_indexer, 14, 14, 512},      {"indexer(15)", known_indexer, 15, 15, 4096},
    {"filesystem(13)", known_filesystem, 13, 13, 1},  {"filesystem(14)", known_filesystem, 14, 14, 2},
    {"filesystem(16)", known_filesystem, 16, 16, 8},  {"filesystem(18)", known_filesystem, 18, 18, 32},
    {"filesystem(19)", known_filesystem, 19, 19, 64}, {"protocol(1)", known_protocol, 1, 3, 6},
    {"protocol(2)", known_protocol, 2, 5, 120},       {"protocol(3)", known_protocol, 3, 7, 5040},
};

static void known_set_up(void *context)
{
    const struct known *k = context;
    k->program(k->n);
}

static struct emu_reduction reduce(const struct known *k, struct emu_strategy *strategy, bool *complete)
{
    struct known copy = *k;
    const struct emu_program program = {k->name, known_set_up, NULL, &copy};
    struct emu_machine *m = bare_machine(&(struct emu_config){.processors = k->processors});
    struct emu_report report;
    assert_non_null(strategy);
    emu_explore(m, &program, strategy, &(struct emu_explore_options){0}, &report);
    struct emu_reduction r = *emu_strategy_reduction(strategy);
    *complete = report.complete;
    assert_int_equal(report.runs, r.classes + r.blocked);
    emu_report_free(&report);
    emu_strategy_destroy(strategy);
    emu_machine_destroy(m);
    return r;
}

/* rule: EMU-DPOR-1 */
static void optimal_reduction_counts_what_theory_says(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT_OF(all_known); i++) {
        bool complete;
        struct emu_reduction r = reduce(&all_known[i], emu_strategy_dpor(), &complete);
        if (!complete || r.classes != all_known[i].classes || r.blocked != 0)
            fail_msg("%s: %llu classes and %llu runs in vain%s, %llu expected", all_known[i].name,
                     (unsigned long long)r.classes, (unsigned long long)r.blocked,
                     complete ? "" : " (not complete)", (unsigned long long)all_known[i].classes);
    }
}

/* rule: EMU-DPOR-2 */
static void source_sets_count_no_fewer_and_no_class_twice(void **state)
{
    (void)state;
    uint64_t in_vain = 0;
    for (unsigned i = 0; i < COUNT_OF(all_known); i++) {
        bool complete;
        struct emu_reduction r = reduce(&all_known[i], emu_strategy_dpor_source(), &complete);
        if (!complete || r.classes != all_known[i].classes)
            fail_msg("%s: %llu classes%s, %llu expected", all_known[i].name, (unsigned long long)r.classes,
                     complete ? "" : " (not complete)", (unsigned long long)all_known[i].classes);
        in_vain += r.blocked;
    }
    assert_true(in_vain > 0);
}

/* rule: EMU-DPOR-9 */
static void trees_that_grow_too_large_give_way_to_source_sets(void **state)
{
    (void)state;
    const struct known lastzero = {"lastzero(10)", known_lastzero, 10, 11, 3328};
    struct emu_strategy *strategy = emu_strategy_dpor();
    assert_non_null(strategy);
    ((struct dpor *)strategy)->wakes_most = 1000;
    bool complete;
    struct emu_reduction r = reduce(&lastzero, strategy, &complete);
    assert_true(complete);
    assert_int_equal(r.classes, lastzero.classes);
    assert_true(r.blocked > 0);
}

static void careless_set_up(void *context)
{
    (void)context;
    known_careless(1);
}

static void careless_check(void *context)
{
    (void)context;
    known_protocol_check();
}

/* rule: EMU-DPOR-3 */
static void the_mistake_in_the_protocol_is_found_and_replays(void **state)
{
    (void)state;
    const struct emu_program program = {"careless", careless_set_up, careless_check, NULL};
    struct emu_machine *m = bare_processors(3);
    struct emu_report r = explore_with(m, &program, emu_strategy_dpor(), (struct emu_explore_options){0});
    assert_int_equal(r.found, 1);
    assert_string_equal(r.findings[0].finding.rule, "property");
    assert_false(r.complete);
    emu_report_free(&r);
    emu_machine_destroy(m);
}

/* ---- Interrupts: brute force counts ---- */

enum { EXHAUSTIVE_MAX = 100000 };

static const struct known all_counted[] = {
    {"interrupt(1)", known_interrupt, 1, 1, 3},
    {"interrupt(2)", known_interrupt, 2, 1, 10},
    {"interrupt(3)", known_interrupt, 3, 2, 8},
    {"dpc(1)", known_dpc, 1, 2, 8},
    {"dpc(2)", known_dpc, 2, 2, 8},
};

static uint64_t interrupt_outcome(void *context)
{
    (void)context;
    return known_interrupt_outcome();
}

static struct seen see(const struct known *k, struct emu_strategy *strategy)
{
    struct known copy = *k;
    const struct emu_program program = {k->name, known_set_up, NULL, &copy};
    struct emu_machine *m = bare_machine(&(struct emu_config){.processors = k->processors});
    struct seen seen = explore_seen(m, &program, strategy, interrupt_outcome, NULL, EXHAUSTIVE_MAX);
    emu_machine_destroy(m);
    return seen;
}

static void require_classes(const struct known *k, struct emu_strategy *strategy, const struct seen *all)
{
    struct seen reduced = see(k, strategy);
    assert_true(reduced.complete);
    assert_int_equal(reduced.reduction.classes, k->classes);
    assert_true(reduced.runs >= k->classes);
    assert_int_equal(reduced.runs, reduced.reduction.classes + reduced.blocked);
    assert_true(tally_same(&all->classes, &reduced.classes));
    assert_true(tally_same(&all->outcomes, &reduced.outcomes));
    seen_free(&reduced);
}

/* rule: EMU-DPOR-5 */
static void interrupts_of_levels_processors_and_dpcs_count_what_brute_force_counts(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT_OF(all_counted); i++) {
        const struct known *k = &all_counted[i];
        struct seen all = see(k, emu_strategy_exhaustive(EMU_UNBOUNDED));
        assert_true(all.complete);
        if (k->classes != all.classes.count)
            fail_msg("%s: %zu classes, %llu expected", k->name, all.classes.count,
                     (unsigned long long)k->classes);
        require_classes(k, emu_strategy_dpor(), &all);
        require_classes(k, emu_strategy_dpor_source(), &all);
        seen_free(&all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(optimal_reduction_counts_what_theory_says),
        cmocka_unit_test(source_sets_count_no_fewer_and_no_class_twice),
        cmocka_unit_test(trees_that_grow_too_large_give_way_to_source_sets),
        cmocka_unit_test(the_mistake_in_the_protocol_is_found_and_replays),
        cmocka_unit_test(interrupts_of_levels_processors_and_dpcs_count_what_brute_force_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
