/*
 * Which pieces of the driver in tests/drivers/data_race race, and at which lines; which are clean in every
 * run.
 *
 * The driver's sources say so themselves: a line that races carries "race:" and the piece's name. A racy
 * piece must be found at exactly these lines, a clean one must be clean in every run with at most PREEMPTIONS
 * preemptions.
 */
#include "../rig/slow_build.h"
#include "subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    PREEMPTIONS = 2,
    SHOWN = 128,
    LINE_BYTES = 256,
    PATH_BYTES = 512,
    LINES_MAX = 2,
    RANDOM_RUNS = SLOW_BUILD ? 300 : 10000
};

struct inputs {
    const char *module;
    const char *sources; /* folder of the driver's sources */
};

/* Does the line's "race:" name the piece? */
static bool names_piece(const char *line, const char *piece)
{
    const char *at = strstr(line, "/* race: ");
    size_t length = strlen(piece);
    while (at != NULL && (at = strstr(at + 1, piece)) != NULL)
        if (at[-1] == ' ' && (at[length] == ' ' || at[length] == ','))
            return true;
    return false;
}

/* Where the piece races: "file:first/second" as a finding's code has it; false where it does not. */
static bool marked_lines(const char *sources, const char *piece, char *out, size_t size)
{
    static const char *const files[] = {"data_race_threads.c", "data_race_handlers.c", "data_race_memory.c"};
    for (unsigned i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[PATH_BYTES], text[LINE_BYTES];
        unsigned lines[LINES_MAX] = {0}, found = 0, number = 0;
        snprintf(path, sizeof path, "%s/%s", sources, files[i]);
        FILE *in = fopen(path, "r");
        assert_non_null(in);
        while (fgets(text, sizeof text, in) != NULL) {
            number++;
            if (names_piece(text, piece)) {
                assert_true(found < LINES_MAX);
                lines[found++] = number;
            }
        }
        fclose(in);
        if (found > 0) {
            snprintf(out, size, "%s:%u/%u", files[i], lines[0], lines[found - 1]);
            return true;
        }
    }
    return false;
}

static void require_race(const struct inputs *in, const char *piece)
{
    char where[SHOWN];
    assert_true(marked_lines(in->sources, piece, where, sizeof where));
    struct subject s = open_subject(in->module, piece);
    struct emu_report report = explore_subject(&s, emu_strategy_exhaustive(PREEMPTIONS), 0);
    if (report.found != 1)
        fail_msg("%s: no race in %llu runs", piece, (unsigned long long)report.runs);
    assert_string_equal(report.findings[0].finding.rule, "EMU-RACE-1");
    if (strcmp(report.findings[0].finding.code, where) != 0)
        fail_msg("%s: expected at %s: %s", piece, where, report.findings[0].finding.message);
    emu_report_free(&report);
    close_subject(&s);
}

static void require_no_race(const struct inputs *in, const char *piece)
{
    char where[SHOWN];
    assert_false(marked_lines(in->sources, piece, where, sizeof where));
    struct subject s = open_subject(in->module, piece);
    struct emu_report report = explore_subject(&s, emu_strategy_exhaustive(PREEMPTIONS), 0);
    require_clean(&report);
    assert_true(report.complete);
    emu_report_free(&report);
    report = explore_subject(&s, emu_strategy_random(1), RANDOM_RUNS);
    require_clean(&report);
    emu_report_free(&report);
    close_subject(&s);
}

static void require_races(void **state, const char *const *pieces)
{
    for (; *pieces != NULL; pieces++)
        require_race(*state, *pieces);
}

static void require_no_races(void **state, const char *const *pieces)
{
    for (; *pieces != NULL; pieces++)
        require_no_race(*state, *pieces);
}

#define RACES(...)    require_races(state, (const char *const[]){__VA_ARGS__, NULL})
#define NO_RACES(...) require_no_races(state, (const char *const[]){__VA_ARGS__, NULL})

/* rule: EMU-RACE-1 */
static void what_nothing_orders_is_found_at_both_lines(void **state)
{
    RACES("counter_plain", "publish_plain", "once_plain");
}

static struct emu_finding finding_of(const struct inputs *in, const char *piece)
{
    struct subject s = open_subject(in->module, piece);
    struct emu_report report = explore_subject(&s, emu_strategy_exhaustive(PREEMPTIONS), 0);
    assert_int_equal(report.found, 1);
    struct emu_finding finding = report.findings[0].finding;
    emu_report_free(&report);
    close_subject(&s);
    return finding;
}

static void require_words(const struct emu_finding *finding, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strstr(finding->message, *words) == NULL)
            fail_msg("no \"%s\" in: %s", *words, finding->message);
}

/* rule: EMU-RACE-2 */
static void a_race_is_told_with_both_contexts_processors_levels_functions_and_locks(void **state)
{
    static const char *const locks[] = {"data race on Counter (4 bytes): ",
                                        "second on processor 1 at IRQL 2 ",
                                        " in CountOtherLocked ",
                                        ", holding lock#",
                                        "; first on processor 0 at IRQL 2 wrote at data_race_threads.c:",
                                        " in CountLockedToo at step ",
                                        "; nothing orders the two",
                                        NULL};
    static const char *const interrupt[] = {"interrupt of device line on processor 0 at IRQL 5 ",
                                            " in CountInterrupt ",
                                            "first on processor 0 at IRQL 0 wrote ",
                                            " in CountPlain ",
                                            "holding no lock",
                                            NULL};
    struct emu_finding finding = finding_of(*state, "counter_two_locks");
    require_words(&finding, locks);
    finding = finding_of(*state, "isr_plain");
    require_words(&finding, interrupt);
}

/* rule: EMU-RACE-3 */
static void only_bytes_that_both_touch_race(void **state)
{
    RACES("bits", "copied");
    NO_RACES("letters", "copied_beside");
}

/* rule: EMU-RACE-4 */
static void copies_fills_and_comparisons_are_accesses(void **state)
{
    RACES("copied", "moved", "compared", "structure");
}

/* rule: EMU-RACE-5 */
static void one_lock_orders_and_two_do_not(void **state)
{
    NO_RACES("counter_locked", "counter_queued", "counter_mutex");
    RACES("counter_two_locks");
}

/* rule: EMU-RACE-6 */
static void interlocked_and_atomic_operations_order_as_they_say(void **state)
{
    NO_RACES("publish_interlocked", "publish_atomic", "counter_interlocked", "counter_atomic",
             "once_ordered");
    RACES("publish_relaxed", "publish_half", "counter_mixed");
}

/* rule: EMU-RACE-7 */
static void a_volatile_variable_does_not_race_and_orders_only_with_barriers(void **state)
{
    NO_RACES("volatile_poll", "volatile_barrier");
    RACES("volatile_flag");
}

/* rule: EMU-RACE-8 */
static void what_hands_work_over_orders(void **state)
{
    NO_RACES("publish_event", "publish_multiple", "dpc_flushed", "timer_dpc", "work_item", "work_items",
             "thread", "isr_disconnected", "stack");
    RACES("publish_late");
}

/* rule: EMU-RACE-9 */
static void an_interrupt_races_with_whom_it_could_have_interrupted(void **state)
{
    RACES("isr_plain", "isr_dispatch", "dpc_plain");
    NO_RACES("isr_level", "isr_synchronized", "dpc_raised");
}

/* rule: EMU-RACE-9 */
static void a_level_keeps_nobody_out_on_another_processor(void **state)
{
    RACES("dpc_elsewhere", "counter_raised");
}

/* rule: EMU-RACE-10 */
static void a_race_replays_from_its_token_with_one_hash(void **state)
{
    enum { REPLAYS = 20 };
    const struct inputs *in = *state;
    struct subject s = open_subject(in->module, "dpc_elsewhere");
    struct emu_report report = explore_subject(&s, emu_strategy_random(1), RANDOM_RUNS);
    assert_int_equal(report.found, 1);
    char *text = haldma_token(s.machine, s.scenario, &report.findings[0].record, report.findings[0].hash);
    struct emu_token token;
    const char *why = NULL;
    assert_true(emu_token_read(text, &token, &why));
    for (int i = 0; i < REPLAYS; i++) {
        struct emu_strategy *replay = emu_strategy_replay(&token.record, true);
        emu_machine_set_strategy(s.machine, replay);
        replay->begin(replay, 0);
        assert_int_equal(emu_run_program(s.machine, &s.program), EMU_STOP_FINDING);
        replay->end(replay);
        assert_false(emu_strategy_divergence(replay)->diverged);
        assert_true(emu_trace_hash(s.machine) == report.findings[0].hash);
        assert_string_equal(emu_machine_finding(s.machine)->code, report.findings[0].finding.code);
        emu_machine_set_strategy(s.machine, NULL);
        emu_strategy_destroy(replay);
    }
    emu_record_free(&token.record);
    free(text);
    emu_report_free(&report);
    close_subject(&s);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s data_race_scenarios.so DRIVER-SOURCES\n", argv[0]);
        return 2;
    }
    struct inputs in = {argv[1], argv[2]};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(what_nothing_orders_is_found_at_both_lines, &in),
        cmocka_unit_test_prestate(a_race_is_told_with_both_contexts_processors_levels_functions_and_locks,
                                  &in),
        cmocka_unit_test_prestate(only_bytes_that_both_touch_race, &in),
        cmocka_unit_test_prestate(copies_fills_and_comparisons_are_accesses, &in),
        cmocka_unit_test_prestate(one_lock_orders_and_two_do_not, &in),
        cmocka_unit_test_prestate(interlocked_and_atomic_operations_order_as_they_say, &in),
        cmocka_unit_test_prestate(a_volatile_variable_does_not_race_and_orders_only_with_barriers, &in),
        cmocka_unit_test_prestate(what_hands_work_over_orders, &in),
        cmocka_unit_test_prestate(an_interrupt_races_with_whom_it_could_have_interrupted, &in),
        cmocka_unit_test_prestate(a_level_keeps_nobody_out_on_another_processor, &in),
        cmocka_unit_test_prestate(a_race_replays_from_its_token_with_one_hash, &in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
