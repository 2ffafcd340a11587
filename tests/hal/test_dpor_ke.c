/*
 * Partial-order reduction against the exhaustive search, on generated programs of the kernel layer.
 */
#include "emu/brute_force.h"

#include "ke_programs.h"
#include "rig_kernel.h"
#include "slow_build.h"

#define KIND(name) (1u << KE_CODE_##name)

enum { RUNS_MAX = 3000, REDUCED_MAX = 60000 };

static const uint32_t words = KIND(WRITE) | KIND(READ) | KIND(INCREMENT);
static const uint32_t locks = KIND(LOCKED) | KIND(TRY);
static const uint32_t levels = KIND(RAISE) | KIND(LOWER);
static const uint32_t dpcs = KIND(INSERT) | KIND(REMOVE);
static const uint32_t timers = KIND(START_TIMER) | KIND(CANCEL_TIMER);
static const uint32_t waits = KIND(SET) | KIND(RESET) | KIND(LOOK) | KIND(WAIT);

static const uint32_t others = KIND(QUEUED) | KIND(PUSH) | KIND(POP) | KIND(FLUSH) | KIND(RELEASE) |
                               KIND(TAKE) | KIND(MUTEX) | KIND(FOREVER);

struct score {
    unsigned programs;
    uint64_t classes, runs, reduced;
    unsigned wrong;
};

static struct seen see(struct emu_machine *m, struct ke_program *p, struct emu_strategy *strategy,
                       uint64_t runs)
{
    const struct emu_program program = {"made", ke_program_set_up, NULL, p};
    return explore_seen(m, &program, strategy, ke_program_outcome, p, runs);
}

static void compare(struct emu_machine *m, struct ke_program *p, const struct seen *all,
                    struct emu_strategy *strategy, const char *name, struct score *score)
{
    struct seen reduced = see(m, p, strategy, REDUCED_MAX);
    score->reduced += reduced.runs;
    if (!reduced.complete || !tally_same(&all->classes, &reduced.classes) ||
        !tally_same(&all->outcomes, &reduced.outcomes)) {
        score->wrong++;
        print_message("%s: %zu classes and %zu outcomes of %zu and %zu\n", name, reduced.classes.count,
                      reduced.outcomes.count, all->classes.count, all->outcomes.count);
        ke_program_print(p);
    }
    seen_free(&reduced);
}

/* The same classes and outcomes with both reductions, and with the bounded one within this bound. */
static void check(struct emu_machine *m, struct ke_program *p, int bound, struct score *score)
{
    struct seen all = see(m, p, emu_strategy_exhaustive(bound), RUNS_MAX);
    if (all.complete) {
        score->programs++;
        score->classes += all.classes.count;
        score->runs += all.runs;
        if (bound == EMU_UNBOUNDED) {
            compare(m, p, &all, emu_strategy_dpor(), "dpor", score);
            compare(m, p, &all, emu_strategy_dpor_source(), "dpor-source", score);
        }
        compare(m, p, &all, emu_strategy_dpor_bounded(bound), "bounded", score);
    }
    seen_free(&all);
}

static void check_family(struct ke_family f, enum emu_profile profile, unsigned count, int bound)
{
    struct emu_machine *m = rig_kernel_machine(f.processors);
    struct ke_program *p = calloc(1, sizeof(*p));
    struct score score = {0};
    assert_non_null(p);
    emu_machine_set_profile(m, profile);
    for (unsigned i = 0; i < count; i++) {
        ke_program_draw(&f, p);
        check(m, p, bound, &score);
    }
    print_message("%u programs, %llu classes: %llu runs, %llu of the reductions\n", score.programs,
                  (unsigned long long)score.classes, (unsigned long long)score.runs,
                  (unsigned long long)score.reduced);
    free(p);
    emu_machine_destroy(m);
    assert_int_equal(score.wrong, 0);
    assert_true(score.programs > count / 4);
}

enum { PROGRAMS = SLOW_BUILD ? 20 : 250 };

/* rule: EMU-DPOR-8 */
static void dpcs_timers_and_levels_lose_no_class(void **state)
{
    (void)state;
    const struct ke_family f = {.state = 1,
                                .threads = 2,
                                .codes = 3,
                                .processors = 2,
                                .kinds = words | locks | levels | dpcs | timers};
    check_family(f, EMU_PROFILE_TYPICAL, PROGRAMS, EMU_UNBOUNDED);
    check_family(f, EMU_PROFILE_HOSTILE, PROGRAMS, EMU_UNBOUNDED);
}

/* rule: EMU-DPOR-8 */
static void waits_work_items_and_threaded_dpcs_lose_no_class(void **state)
{
    (void)state;
    const struct ke_family f = {.state = 2,
                                .threads = 2,
                                .codes = 3,
                                .processors = 2,
                                .kinds = words | waits | dpcs | timers | KIND(WORK),
                                .share = true};
    check_family(f, EMU_PROFILE_TYPICAL, PROGRAMS, EMU_UNBOUNDED);
    check_family(f, EMU_PROFILE_HOSTILE, PROGRAMS, EMU_UNBOUNDED);
}

/* rule: EMU-DPOR-8 */
static void broadcasts_lose_no_class(void **state)
{
    (void)state;
    struct ke_family f = {.state = 3,
                          .threads = 2,
                          .codes = 2,
                          .processors = 2,
                          .kinds = words | locks | levels | dpcs | KIND(BROADCAST)};
    check_family(f, EMU_PROFILE_TYPICAL, PROGRAMS, EMU_UNBOUNDED);
    f.share = true;
    check_family(f, EMU_PROFILE_TYPICAL, PROGRAMS, EMU_UNBOUNDED);
}

/* rule: EMU-DPOR-8 */
static void flushes_lists_queued_locks_semaphores_and_mutexes_lose_no_class(void **state)
{
    (void)state;
    const struct ke_family f = {.state = 6,
                                .threads = 2,
                                .codes = 3,
                                .processors = 2,
                                .kinds = words | dpcs | others | KIND(BROADCAST) | KIND(SET),
                                .share = true};
    check_family(f, EMU_PROFILE_TYPICAL, PROGRAMS, EMU_UNBOUNDED);
    check_family(f, EMU_PROFILE_HOSTILE, PROGRAMS, EMU_UNBOUNDED);
}

/* rule: EMU-DPOR-8 */
static void everything_on_three_processors_loses_no_class(void **state)
{
    (void)state;
    const struct ke_family f = {.state = 4,
                                .threads = 3,
                                .codes = 2,
                                .processors = 3,
                                .kinds =
                                    words | locks | levels | dpcs | timers | waits | others | KIND(WORK)};
    check_family(f, EMU_PROFILE_TYPICAL, PROGRAMS, EMU_UNBOUNDED);
}

/* rule: EMU-DPOR-7 */
static void under_a_bound_nothing_within_it_is_lost(void **state)
{
    (void)state;
    for (int bound = 0; bound <= 2; bound++) {
        const struct ke_family f = {.state = 5,
                                    .threads = 2,
                                    .codes = 3,
                                    .processors = 2,
                                    .kinds = words | locks | levels | dpcs | timers | waits | KIND(WORK),
                                    .share = true};
        check_family(f, EMU_PROFILE_TYPICAL, PROGRAMS, bound);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dpcs_timers_and_levels_lose_no_class),
        cmocka_unit_test(waits_work_items_and_threaded_dpcs_lose_no_class),
        cmocka_unit_test(broadcasts_lose_no_class),
        cmocka_unit_test(flushes_lists_queued_locks_semaphores_and_mutexes_lose_no_class),
        cmocka_unit_test(everything_on_three_processors_loses_no_class),
        cmocka_unit_test(under_a_bound_nothing_within_it_is_lost),
    };
    return cmocka_run_group_tests_name("dpor_ke", tests, NULL, NULL);
}
