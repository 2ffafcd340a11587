/*
 * Partial-order reduction against the exhaustive search, on generated programs of the kernel layer.
 */
#include "emu/brute_force.h"

#include <emu/device/copier.h>
#include <emu/mem.h>

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
    count = oracle_programs(count);
    f.state += oracle_offset();
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

enum { PROGRAMS = SLOW_BUILD ? 20 : 150 };

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

/* Where a pair was turned before the one place that the processor left, each of these lost a class. */
/* rule: EMU-DPOR-8, EMU-DPOR-12 */
static void a_pair_is_turned_wherever_the_later_event_could_have_come(void **state)
{
    (void)state;
    struct ke_family f = {.threads = 2,
                          .codes = 3,
                          .processors = 2,
                          .kinds = words | waits | dpcs | timers | KIND(WORK),
                          .share = true};
    static const uint64_t lists[] = {7212263487811239635u, 7124734329892453903u, 2918059083492959777u};
    f.state = 9075738551624902867u;
    check_family(f, EMU_PROFILE_TYPICAL, 1, EMU_UNBOUNDED);
    f.kinds = words | dpcs | others | KIND(BROADCAST) | KIND(SET);
    for (unsigned i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        f.state = lists[i];
        check_family(f, EMU_PROFILE_TYPICAL, 1, EMU_UNBOUNDED);
    }
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

/* ---- Memory that a device reaches
 * ---------------------------------------------------------------------------
 */

enum { WINDOW = 0x60000000, VALUE = 0x55 };

/* A copier writes the first word of a page, while another processor looks at it, or reads it while the
 * processor writes. */
struct shared_page {
    bool to_memory;
    LONG volatile *word;
    PUCHAR registers;
    struct emu_copier *copier;
    LONG looked;
};

static void ring(void *context)
{
    const struct shared_page *s = context;
    uint64_t physical = emu_ram_physical(emu_current(), (const void *)(ULONG_PTR)s->word);
    WRITE_REGISTER_ULONG((PULONG)(s->registers + EMU_COPIER_ADDRESS_LOW), (ULONG)physical);
    WRITE_REGISTER_ULONG((PULONG)(s->registers + EMU_COPIER_LENGTH), sizeof *s->word);
    WRITE_REGISTER_ULONG((PULONG)(s->registers + EMU_COPIER_DOORBELL),
                         s->to_memory ? EMU_COPIER_DOORBELL_TO_MEMORY : EMU_COPIER_DOORBELL_FROM_MEMORY);
}

static void look(void *context)
{
    struct shared_page *s = context;
    s->looked = s->to_memory ? ReadNoFence(s->word) : InterlockedExchange(s->word, VALUE);
}

static void share_a_page(void *context)
{
    struct shared_page *s = context;
    struct emu_machine *m = emu_current();
    const struct emu_copier_config copier = {.window = WINDOW};
    const PHYSICAL_ADDRESS window = {.QuadPart = WINDOW};
    const struct emu_ram_request page = {.pages = 1, .highest = UINT32_MAX};
    s->looked = 0;
    s->copier = emu_copier_create(m, &copier);
    s->registers = MmMapIoSpace(window, EMU_COPIER_WINDOW_BYTES, MmNonCached);
    s->word = emu_ram_alloc(m, &page);
    const struct emu_strand_config strands[] = {
        {.name = "rings", .fn = ring, .arg = s, .cpu = 0, .must_finish = true, .held = true},
        {.name = "looks", .fn = look, .arg = s, .cpu = 1, .must_finish = true, .held = true}};
    emu_strand_start(m, &strands[0]);
    emu_strand_start(m, &strands[1]);
}

static uint64_t page_outcome(void *context)
{
    const struct shared_page *s = context;
    uint32_t copied;
    emu_copier_memory_read(s->copier, 0, &copied, sizeof copied);
    return (uint64_t)(uint32_t)s->looked << 32 | copied;
}

/* rule: EMU-DPOR-10 */
static void a_word_that_a_device_reaches_is_seen_before_and_after_it(void **state)
{
    (void)state;
    for (unsigned to_memory = 0; to_memory < 2; to_memory++) {
        struct shared_page s = {.to_memory = to_memory != 0};
        const struct emu_program program = {"page", share_a_page, NULL, &s};
        struct emu_machine *m = rig_kernel_machine(2);
        struct seen all =
            explore_seen(m, &program, emu_strategy_exhaustive(EMU_UNBOUNDED), page_outcome, &s, RUNS_MAX);
        struct seen reduced = explore_seen(m, &program, emu_strategy_dpor(), page_outcome, &s, REDUCED_MAX);
        assert_true(all.complete && reduced.complete);
        assert_true(all.outcomes.count > 1);
        assert_true(tally_same(&all.outcomes, &reduced.outcomes));
        seen_free(&all);
        seen_free(&reduced);
        emu_machine_destroy(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dpcs_timers_and_levels_lose_no_class),
        cmocka_unit_test(waits_work_items_and_threaded_dpcs_lose_no_class),
        cmocka_unit_test(broadcasts_lose_no_class),
        cmocka_unit_test(flushes_lists_queued_locks_semaphores_and_mutexes_lose_no_class),
        cmocka_unit_test(a_pair_is_turned_wherever_the_later_event_could_have_come),
        cmocka_unit_test(everything_on_three_processors_loses_no_class),
        cmocka_unit_test(under_a_bound_nothing_within_it_is_lost),
        cmocka_unit_test(a_word_that_a_device_reaches_is_seen_before_and_after_it),
    };
    return cmocka_run_group_tests_name("dpor_ke", tests, NULL, NULL);
}
