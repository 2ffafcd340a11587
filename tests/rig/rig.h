/*
 * The rig: how a test runs code inside a machine and looks at it from outside.
 *
 * A test has two sides. On the main stack it builds a machine, runs or explores, and asserts with cmocka. On
 * a strand (set_up, the threads that race, check, drivers) it never asserts: cmocka fails a test by longjmp,
 * which would leave a coroutine's stack. There it uses rig_expect() and rig_expect_equal(), which stop the
 * run with a finding of rule "expectation" that names file, line and values; rig_assert_clean() on the main
 * stack then prints it and fails.
 *
 *     static void set_up(void *context) { rig_thread("setter", 0, setter, context); }
 *     ...
 *     struct emu_machine *m = rig_machine(NULL, (struct rig_boot[]){{hal_boot, NULL}, {NULL, NULL}});
 *     struct emu_program program = {"name", set_up, check, &state};
 *     struct emu_report report;
 *     rig_explore(m, &program, 2, 100000, &report);
 *     rig_assert_clean(&report);
 *     emu_report_free(&report);
 *     emu_machine_destroy(m);
 *
 * The rig knows only emu: the caller names the boot functions of the layers above that its machine shall
 * have.
 */
#ifndef RIG_H
#define RIG_H

#include <emu/explore.h>
#include <emu/finding.h>
#include <emu/machine.h>
#include <emu/strand.h>
#include <emu/trace.h>

/* A layer of the machine: its boot function and what that is given. */
struct rig_boot {
    emu_boot_fn *boot;
    void *context;
};

/* ---- On the main stack ---- */

/*
 * A machine with the layers of boots (ended by a NULL boot; NULL for a bare one). config NULL: the default.
 * Fails the test when it cannot be had. emu_machine_destroy() ends it.
 */
struct emu_machine *rig_machine(const struct emu_config *config, const struct rig_boot *boots);

/* How one run ended. */
struct rig_outcome {
    enum emu_stop stop;
    bool found;
    struct emu_finding finding; /* where found */
    uint64_t hash;              /* of the trace */
    uint64_t steps;
};

/* Resets m and makes one run, every choice its default: body(context) on a strand of processor 0 that must
 * finish. */
void rig_run(struct emu_machine *m, void (*body)(void *), void *context, struct rig_outcome *outcome);
/* The same for a program (set_up, what it starts, check), under a strategy; NULL: every choice its default.
 */
void rig_run_program(struct emu_machine *m, const struct emu_program *program, struct emu_strategy *strategy,
                     struct rig_outcome *outcome);
/* Fail the test (after printing what was found) unless the run was clean, or was stopped for this rule. */
void rig_assert_idle(const struct rig_outcome *outcome);
void rig_assert_stopped(const struct rig_outcome *outcome, const char *rule, const char *code);

/* rig_run(), going past findings; fails the test unless the first was of this rule and the run came to its
 * end. */
void rig_goes_past(struct emu_machine *m, void (*body)(void *), void *context, const char *rule);

/* Every interleaving with at most this many preemptions (or EMU_UNBOUNDED), at most runs runs, up to the
 * first finding. */
void rig_explore(struct emu_machine *m, const struct emu_program *program, int preemptions, uint64_t runs,
                 struct emu_report *report);
/* runs random runs, up to the first finding. */
void rig_explore_random(struct emu_machine *m, const struct emu_program *program, uint64_t seed,
                        uint64_t runs, struct emu_report *report);
/* Fail the test (after printing what was found) unless nothing was found, or this rule and code (NULL: any
 * code). */
void rig_assert_clean(const struct emu_report *report);
void rig_assert_found(const struct emu_report *report, const char *rule, const char *code);
/* Fails the test unless every run that the strategy has was made. */
void rig_assert_complete(const struct emu_report *report);
/* Fails the test unless the found run's record gives the same rule and the same hash, times times. */
void rig_assert_replays(struct emu_machine *m, const struct emu_program *program,
                        const struct emu_found *found, unsigned times);

/* The last run again, as text: for a look at it while a test is being written. Needs emu_trace_record(m,
 * true) before the run. */
void rig_print_timeline(const struct emu_machine *m);

/* ---- On a strand ---- */

/* A strand that must finish, at level 0. For set_up only: it starts when set_up has returned. */
struct emu_strand *rig_thread(const char *name, unsigned cpu, void (*fn)(void *), void *arg);

/* Stop the run with a finding of rule "expectation" unless it holds. */
#define rig_expect(condition) ((condition) ? (void)0 : rig_expectation_failed(__FILE__, __LINE__, #condition))
#define rig_expect_equal(actual, expected) \
    rig_expect_equal_at(__FILE__, __LINE__, #actual, (uint64_t)(actual), (uint64_t)(expected))

__attribute__((noreturn)) void rig_expectation_failed(const char *file, int line, const char *condition);
void rig_expect_equal_at(const char *file, int line, const char *what, uint64_t actual, uint64_t expected);

#endif
