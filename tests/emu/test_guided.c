/*
 * Guided runs, by a lock with a combination: each right digit counts, and only when those before are right.
 */
#include <emu/explore.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { DIGITS = 12, VALUES = 4, SEEDS = 20, BUDGET = 20000, TRAP = 6 };

/* A program that is nothing but questions, and how far its present run has got. */
struct lock {
    struct emu_strategy *strategy;
    unsigned opened; /* digits */
    bool trapped;
    bool has_trap;
};

static unsigned opened(void *context)
{
    return ((const struct lock *)context)->opened;
}

static uint32_t digit(unsigned index)
{
    return (index * index + 1) % VALUES;
}

static uint32_t ask(struct lock *l)
{
    struct emu_decision d = {.kind = EMU_CHOICE_LATITUDE, .site = 1, .count = VALUES};
    return l->strategy->choose(l->strategy, &d);
}

/*
 * One run. The trap is a first digit that opens TRAP digits at once, and never another: runs that begin at
 * the highest score all lead there.
 */
static void turn(struct lock *l, uint64_t run)
{
    l->opened = 0;
    l->trapped = false;
    l->strategy->begin(l->strategy, run);
    for (unsigned i = 0; i < DIGITS; i++) {
        uint32_t value = ask(l);
        if (i == 0 && l->has_trap && value != digit(0)) {
            l->trapped = true;
            l->opened = TRAP;
        }
        if (!l->trapped && l->opened == i && value == digit(i))
            l->opened++;
    }
    l->strategy->end(l->strategy);
}

/* Runs until the lock is open; BUDGET: it is not. */
static uint64_t turns(struct lock *l)
{
    for (uint64_t run = 0; run < BUDGET; run++) {
        turn(l, run);
        if (l->opened == DIGITS && !l->trapped)
            return run;
    }
    return BUDGET;
}

static struct lock unguided(uint64_t seed, bool has_trap)
{
    return (struct lock){.strategy = emu_strategy_random(seed), .has_trap = has_trap};
}

static void guide(struct lock *l)
{
    l->strategy = emu_strategy_guided(l->strategy, DIGITS, opened, l);
    assert_non_null(l->strategy);
}

/* rule: EMU-GUIDE-1 */
static void what_random_runs_do_not_reach_guided_ones_do(void **state)
{
    (void)state;
    unsigned at_random = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct lock l = unguided(seed, false);
        at_random += turns(&l) < BUDGET;
        emu_strategy_destroy(l.strategy);
        l = unguided(seed, false);
        guide(&l);
        assert_true(turns(&l) < BUDGET);
        emu_strategy_destroy(l.strategy);
    }
    assert_true(at_random == 0);
}

/* rule: EMU-GUIDE-2 */
static void a_way_that_leads_no_further_does_not_hold_them(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct lock l = unguided(seed, true);
        guide(&l);
        assert_true(turns(&l) < BUDGET);
        emu_strategy_destroy(l.strategy);
    }
}

/* rule: EMU-GUIDE-3 */
static void equal_seeds_and_scores_give_equal_runs(void **state)
{
    (void)state;
    struct lock a = unguided(1, true), b = unguided(1, true);
    guide(&a);
    guide(&b);
    for (uint64_t run = 0; run < BUDGET / SEEDS; run++) {
        turn(&a, run);
        turn(&b, run);
        assert_int_equal(a.opened, b.opened);
        assert_int_equal(a.trapped, b.trapped);
    }
    emu_strategy_destroy(a.strategy);
    emu_strategy_destroy(b.strategy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_random_runs_do_not_reach_guided_ones_do),
        cmocka_unit_test(a_way_that_leads_no_further_does_not_hold_them),
        cmocka_unit_test(equal_seeds_and_scores_give_equal_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
