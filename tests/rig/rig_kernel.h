/*
 * The rig for tests of the kernel layer: machines that have it and nothing above it, and the two shortest
 * kinds of test.
 */
#ifndef RIG_KERNEL_H
#define RIG_KERNEL_H

#include "hal/boot.h"
#include "rig.h"

/* A machine of the hostile profile; see rig_machine(). */
static inline struct emu_machine *rig_kernel_machine(unsigned processors)
{
    const struct emu_config config = {.processors = processors};
    return rig_machine(&config, (struct rig_boot[]){{hal_boot, NULL}, {NULL, NULL}});
}

/* body, alone on a machine with two processors, ends without a finding. */
static inline void rig_kernel_runs(void (*body)(void *), void *context)
{
    struct emu_machine *m = rig_kernel_machine(2);
    struct rig_outcome outcome;
    rig_run(m, body, context, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
}

/* body, alone on a machine with two processors, is stopped for this rule (code NULL: any code). */
static inline void rig_kernel_stops(void (*body)(void *), void *context, const char *rule, const char *code)
{
    struct emu_machine *m = rig_kernel_machine(2);
    struct rig_outcome outcome;
    rig_run(m, body, context, &outcome);
    emu_machine_destroy(m);
    rig_assert_stopped(&outcome, rule, code);
}

/* One run of the program, every choice its default, ends without a finding: time passes only when nothing
 * else can. */
static inline void rig_kernel_runs_program(unsigned processors, const struct emu_program *program)
{
    struct emu_machine *m = rig_kernel_machine(processors);
    struct rig_outcome outcome;
    rig_run_program(m, program, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
}

/* Every interleaving with at most this many preemptions is clean; returns how many runs that were. */
static inline uint64_t rig_kernel_explore(unsigned processors, const struct emu_program *program,
                                          int preemptions)
{
    enum { RUNS_MAX = 2000000 };
    struct emu_machine *m = rig_kernel_machine(processors);
    struct emu_report report;
    rig_explore(m, program, preemptions, RUNS_MAX, &report);
    emu_machine_destroy(m);
    rig_assert_clean(&report);
    rig_assert_complete(&report);
    const uint64_t runs = report.runs;
    emu_report_free(&report);
    return runs;
}

/* Some interleaving with at most this many preemptions is stopped for this rule. */
static inline void rig_kernel_finds(unsigned processors, const struct emu_program *program, int preemptions,
                                    const char *rule, const char *code)
{
    enum { RUNS_MAX = 2000000 };
    struct emu_machine *m = rig_kernel_machine(processors);
    struct emu_report report;
    rig_explore(m, program, preemptions, RUNS_MAX, &report);
    rig_assert_found(&report, rule, code);
    rig_assert_replays(m, program, &report.findings[0], 2);
    emu_machine_destroy(m);
    emu_report_free(&report);
}

#endif
