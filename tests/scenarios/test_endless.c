/*
 * Programs without an end, and those that take all there is, come to one: a finding under every strategy,
 * soon, and without memory that grows with the time they are given.
 */
#include "subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 1, PREEMPTIONS = 1, RUNS = 200, CHOICES_MAX = 200000 };

static struct emu_strategy *by_fifo(void)
{
    return emu_strategy_fifo();
}

static struct emu_strategy *by_search(void)
{
    return emu_strategy_exhaustive(PREEMPTIONS);
}

static struct emu_strategy *by_random(void)
{
    return emu_strategy_random(SEED);
}

static struct emu_strategy *by_pct(void)
{
    return emu_strategy_pct(SEED, 0);
}

static struct emu_strategy *(*const strategies[])(void) = {
    by_fifo, by_search, by_random, by_pct, emu_strategy_dpor, emu_strategy_dpor_source};
enum { STRATEGIES = sizeof strategies / sizeof strategies[0] };

/* Its machine is the scenario's own. */
static struct subject open_endless(const char *module, const char *name)
{
    struct subject s = open_subject(module, name);
    move_subject(&s, haldma_platform_find("pc"));
    return s;
}

/* The first run of each strategy is a livelock that says this. */
static void require_livelock(const char *module, const char *name, const char *words)
{
    struct subject s = open_endless(module, name);
    for (unsigned i = 0; i < STRATEGIES; i++) {
        struct emu_report r = explore_subject(&s, strategies[i](), RUNS);
        assert_int_equal(r.found, 1);
        assert_int_equal(r.runs, 1);
        assert_string_equal(r.findings[0].finding.rule, "livelock");
        if (strstr(r.findings[0].finding.message, words) == NULL)
            fail_msg("%s: \"%s\" does not say \"%s\"", name, r.findings[0].finding.message, words);
        assert_true(r.choices_max < CHOICES_MAX);
        emu_report_free(&r);
    }
    close_subject(&s);
}

static void require_end(const char *module, const char *name)
{
    struct subject s = open_endless(module, name);
    for (unsigned i = 0; i < STRATEGIES; i++) {
        struct emu_report r = explore_subject(&s, strategies[i](), RUNS);
        require_clean(&r);
        emu_report_free(&r);
    }
    close_subject(&s);
}

/* rule: EMU-SCHED-9 */
static void strands_that_stall_on_one_processor_come_to_their_end(void **state)
{
    require_end(*state, "stalls_on_one");
    struct subject s = open_endless(*state, "stalls_on_one");
    struct emu_report r = explore_subject(&s, emu_strategy_dpor(), 0);
    require_clean(&r);
    assert_true(r.complete);
    emu_report_free(&r);
    close_subject(&s);
}

/* rule: EMU-LIVE-3 */
static void threads_that_stall_or_delay_for_ever_are_a_livelock(void **state)
{
    require_livelock(*state, "stalls", "for ever: ");
    require_livelock(*state, "delays", "KeDelayExecutionThread");
    require_livelock(*state, "delays_on_two", "KeDelayExecutionThread");
    require_livelock(*state, "time", "read time");
}

/* rule: EMU-SCHED-9 */
static void handlers_that_stall_come_to_their_end(void **state)
{
    require_end(*state, "stalling_dpcs");
    require_end(*state, "stalling_handlers");
}

/* rule: EMU-LIVE-3 */
static void dpcs_and_timers_that_come_again_for_ever_are_a_livelock(void **state)
{
    require_livelock(*state, "queueing_dpcs", "on processor");
    require_livelock(*state, "periodic_timer", "stall");
    require_livelock(*state, "timer_at_once", "no end after 5000 steps");
}

/* rule: EMU-LIVE-3 */
static void threads_that_make_threads_for_ever_are_a_livelock(void **state)
{
    require_livelock(*state, "threads", "system thread");
    require_livelock(*state, "threads_of_threads", "system thread");
}

/* rule: EMU-LIVE-8 */
static void calls_without_a_step_for_ever_are_a_livelock(void **state)
{
    require_livelock(*state, "prints",
                     "calls that are no steps, and 0 steps: one on processor 0 calls print");
    require_livelock(*state, "pool", "calls ExAllocatePool");
    require_livelock(*state, "pool_faults", "calls that are no steps");
    require_livelock(*state, "pool_and_stall", "no end after 5000 steps");
}

static void who_takes_all_pool_gets_null(void **state)
{
    struct subject s = open_endless(*state, "all_pool");
    struct emu_report r = explore_subject(&s, emu_strategy_exhaustive(0), 1);
    require_clean(&r);
    emu_report_free(&r);
    close_subject(&s);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s endless.so\n", argv[0]);
        return 2;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(strands_that_stall_on_one_processor_come_to_their_end, argv[1]),
        cmocka_unit_test_prestate(threads_that_stall_or_delay_for_ever_are_a_livelock, argv[1]),
        cmocka_unit_test_prestate(handlers_that_stall_come_to_their_end, argv[1]),
        cmocka_unit_test_prestate(dpcs_and_timers_that_come_again_for_ever_are_a_livelock, argv[1]),
        cmocka_unit_test_prestate(threads_that_make_threads_for_ever_are_a_livelock, argv[1]),
        cmocka_unit_test_prestate(calls_without_a_step_for_ever_are_a_livelock, argv[1]),
        cmocka_unit_test_prestate(who_takes_all_pool_gets_null, argv[1]),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
