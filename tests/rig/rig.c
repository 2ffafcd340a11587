/*
 * The rig's machinery. Everything in the first part runs on the main stack and may fail the test; everything
 * in the second runs on strands and may only raise findings.
 */
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- On the main stack ---- */

struct emu_machine *rig_machine(const struct emu_config *config, const struct rig_boot *boots)
{
    const struct emu_config defaults = {0};
    const char *error = NULL;
    struct emu_machine *m = emu_machine_create(config != NULL ? config : &defaults, &error);
    if (m == NULL) {
        fail_msg("no machine: %s", error);
    }
    for (; boots != NULL && boots->boot != NULL; boots++) {
        emu_machine_add_boot(m, boots->boot, boots->context);
    }
    return m;
}

struct body {
    void (*fn)(void *);
    void *context;
};

static void start_body(void *context)
{
    const struct body *body = context;
    rig_thread("body", 0, body->fn, body->context);
}

void rig_run(struct emu_machine *m, void (*body)(void *), void *context, struct rig_outcome *outcome)
{
    struct body what = {body, context};
    const struct emu_program program = {"rig_run", start_body, NULL, &what};
    rig_run_program(m, &program, NULL, outcome);
}

void rig_run_program(struct emu_machine *m, const struct emu_program *program, struct emu_strategy *strategy,
                     struct rig_outcome *outcome)
{
    memset(outcome, 0, sizeof(*outcome));
    emu_machine_set_strategy(m, strategy);
    outcome->stop = emu_run_program(m, program);
    const struct emu_finding *finding = emu_machine_finding(m);
    if (finding != NULL) {
        outcome->found = true;
        outcome->finding = *finding;
    }
    outcome->hash = emu_trace_hash(m);
    outcome->steps = emu_steps(m);
    emu_machine_set_strategy(m, NULL);
}

static void print_finding(const struct emu_finding *f)
{
    print_error("found %s %s at step %llu on %s (processor %u, level %u): %s\n", f->rule, f->code,
                (unsigned long long)f->step, f->strand, f->cpu, (unsigned)f->level, f->message);
}

static bool is_finding(const struct emu_finding *f, const char *rule, const char *code)
{
    return strcmp(f->rule, rule) == 0 && (code == NULL || strcmp(f->code, code) == 0);
}

void rig_assert_idle(const struct rig_outcome *outcome)
{
    if (outcome->found) {
        print_finding(&outcome->finding);
    }
    assert_false(outcome->found);
    assert_int_equal(outcome->stop, EMU_STOP_IDLE);
}

void rig_assert_stopped(const struct rig_outcome *outcome, const char *rule, const char *code)
{
    if (!outcome->found) {
        fail_msg("nothing was found; expected %s", rule);
    }
    if (!is_finding(&outcome->finding, rule, code)) {
        print_finding(&outcome->finding);
        fail_msg("expected %s %s", rule, code != NULL ? code : "");
    }
}

void rig_goes_past(struct emu_machine *m, void (*body)(void *), void *context, const char *rule)
{
    struct rig_outcome outcome;
    emu_machine_set_go_past(m, EMU_REPORTED_MAX);
    rig_run(m, body, context, &outcome);
    const struct emu_reported *first = emu_machine_reported(m, 0);
    emu_machine_set_go_past(m, 0);
    rig_assert_idle(&outcome);
    assert_non_null(first);
    assert_string_equal(first->finding.rule, rule);
}

static void explore(struct emu_machine *m, const struct emu_program *program, struct emu_strategy *strategy,
                    uint64_t runs, struct emu_report *report)
{
    const struct emu_explore_options options = {.runs = runs};
    assert_non_null(strategy);
    memset(report, 0, sizeof(*report));
    emu_explore(m, program, strategy, &options, report);
    emu_machine_set_strategy(m, NULL);
    emu_strategy_destroy(strategy);
}

void rig_explore(struct emu_machine *m, const struct emu_program *program, int preemptions, uint64_t runs,
                 struct emu_report *report)
{
    explore(m, program, emu_strategy_exhaustive(preemptions), runs, report);
}

void rig_explore_random(struct emu_machine *m, const struct emu_program *program, uint64_t seed,
                        uint64_t runs, struct emu_report *report)
{
    explore(m, program, emu_strategy_random(seed), runs, report);
}

void rig_assert_clean(const struct emu_report *report)
{
    for (unsigned i = 0; i < report->found; i++) {
        print_finding(&report->findings[i].finding);
    }
    assert_int_equal(report->found, 0);
    assert_true(report->runs > 0);
}

void rig_assert_found(const struct emu_report *report, const char *rule, const char *code)
{
    for (unsigned i = 0; i < report->found; i++) {
        if (is_finding(&report->findings[i].finding, rule, code)) {
            return;
        }
        print_finding(&report->findings[i].finding);
    }
    fail_msg("not found in %llu runs: %s %s", (unsigned long long)report->runs, rule,
             code != NULL ? code : "");
}

void rig_assert_complete(const struct emu_report *report)
{
    assert_true(report->complete);
}

void rig_assert_replays(struct emu_machine *m, const struct emu_program *program,
                        const struct emu_found *found, unsigned times)
{
    struct rig_outcome outcome;
    for (unsigned i = 0; i < times; i++) {
        struct emu_strategy *replay = emu_strategy_replay(&found->record, true);
        assert_non_null(replay);
        rig_run_program(m, program, replay, &outcome);
        const bool diverged = emu_strategy_divergence(replay)->diverged;
        emu_strategy_destroy(replay);
        assert_false(diverged);
        rig_assert_stopped(&outcome, found->finding.rule, found->finding.code);
        assert_true(outcome.hash == found->hash);
    }
}

static void print_line(void *context, const char *line)
{
    (void)context;
    print_message("%s\n", line);
}

void rig_print_timeline(const struct emu_machine *m)
{
    emu_trace_timeline(m, 0, print_line, NULL);
}

/* ---- On a strand ---- */

struct emu_strand *rig_thread(const char *name, unsigned cpu, void (*fn)(void *), void *arg)
{
    const struct emu_strand_config config = {
        .name = name, .fn = fn, .arg = arg, .cpu = cpu, .must_finish = true, .held = true};
    struct emu_strand *strand = emu_strand_start(emu_current(), &config);
    rig_expect(strand != NULL);
    return strand;
}

/* Findings tell the file's name alone: where the tree lies is no part of a run. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

void rig_expectation_failed(const char *file, int line, const char *condition)
{
    emu_finding_raise(emu_current(), "expectation", NULL, NULL, "%s:%d: %s does not hold", base_name(file),
                      line, condition);
}

void rig_expect_equal_at(const char *file, int line, const char *what, uint64_t actual, uint64_t expected)
{
    if (actual != expected) {
        emu_finding_raise(emu_current(), "expectation", NULL, NULL, "%s:%d: %s is %#llx, expected %#llx",
                          base_name(file), line, what, (unsigned long long)actual,
                          (unsigned long long)expected);
    }
}
