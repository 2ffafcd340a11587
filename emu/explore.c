/*
 * The exploring loop: one program, run again and again, and the book of what was found.
 *
 * A run is three phases on one machine: set-up, quiet; the race of the strands that the set-up started held;
 * the check, quiet. In the steady state the loop allocates nothing and makes no system call; a finding that
 * was not seen before costs a copy of its record and one replay.
 */
#include <emu/explore.h>
#include <emu/strand.h>
#include <emu/trace.h>

#include "emu/stopwatch.h"

#include <stdio.h>
#include <string.h>

#define PROGRESS_SECONDS_DEFAULT 0.1

/* ---- One run ----------------------------------------------------------------------------------------------
 */

static enum emu_stop run_phase_quietly(struct emu_machine *m, const char *name, emu_strand_fn *fn,
                                       void *context)
{
    struct emu_strand_config config = {.name = name, .fn = fn, .arg = context, .must_finish = true};
    emu_quiet_begin(m);
    struct emu_strand *strand = emu_strand_start(m, &config);
    EMU_ASSERT(strand != NULL);
    enum emu_stop stop = emu_machine_run(m, 0);
    emu_quiet_end(m);
    return stop;
}

enum emu_stop emu_run_program(struct emu_machine *m, const struct emu_program *program)
{
    emu_machine_reset(m);
    if (emu_machine_finding(m) != NULL)
        return EMU_STOP_FINDING;
    enum emu_stop stop = EMU_STOP_IDLE;
    if (program->set_up != NULL)
        stop = run_phase_quietly(m, "set-up", program->set_up, program->context);
    if (stop == EMU_STOP_IDLE) {
        emu_trace_begin_race(m);
        emu_strand_release_held(m);
        stop = emu_machine_run(m, 0);
    }
    if (stop == EMU_STOP_IDLE && program->check != NULL)
        stop = run_phase_quietly(m, "check", program->check, program->context);
    EMU_ASSERT((stop == EMU_STOP_FINDING) == (emu_machine_finding(m) != NULL));
    return stop;
}

/* ---- What was found ---------------------------------------------------------------------------------------
 */

static bool same_finding(const struct emu_finding *a, const struct emu_finding *b)
{
    return strcmp(a->rule, b->rule) == 0 && strcmp(a->code, b->code) == 0;
}

/* NULL: seen before, or the book is full. */
static struct emu_found *book(struct emu_report *report, const struct emu_finding *finding,
                              const struct emu_record *record, uint64_t hash)
{
    for (unsigned i = 0; i < report->found; i++) {
        if (same_finding(&report->findings[i].finding, finding)) {
            report->findings[i].times++;
            return NULL;
        }
    }
    if (report->found == EMU_FOUND_MAX)
        return NULL;
    struct emu_found *found = &report->findings[report->found++];
    *found = (struct emu_found){.finding = *finding, .run = report->runs - 1, .hash = hash, .times = 1};
    emu_record_copy(&found->record, record);
    return found;
}

/* Writes "schedule at site 12, 3 of them" style text about one side of a divergence. */
static const char *choice_text(const struct emu_choice *c, char *out, size_t size)
{
    if (c->count == 0)
        snprintf(out, size, "the end of the run");
    else
        snprintf(out, size, "a %s choice among %u at site %u", emu_choice_kind_name(c->kind), c->count,
                 c->site);
    return out;
}

static void book_divergence(struct emu_machine *m, struct emu_report *report,
                            const struct emu_divergence *divergence)
{
    enum { SIDE_TEXT = 96 };
    char recorded[SIDE_TEXT], offered[SIDE_TEXT];
    struct emu_finding finding = {.rule = EMU_RULE_DETERMINISM, .step = emu_steps(m)};
    snprintf(finding.message, sizeof finding.message,
             "choice %zu was %s when these choices were made first and is %s now: the program depends on "
             "more than "
             "the choices",
             divergence->index, choice_text(&divergence->recorded, recorded, sizeof recorded),
             choice_text(&divergence->offered, offered, sizeof offered));
    book(report, &finding, emu_machine_record(m), emu_trace_hash(m));
}

/* Does the record give the same run once more? Where it does not, that is booked as well. */
static bool confirm(struct emu_machine *m, const struct emu_program *program, struct emu_report *report,
                    const struct emu_found *found)
{
    struct emu_strategy *replay = emu_strategy_replay(&found->record, true);
    EMU_ASSERT(replay != NULL);
    emu_machine_set_strategy(m, replay);
    replay->begin(replay, 0);
    enum emu_stop stop = emu_run_program(m, program);
    replay->end(replay);
    const struct emu_divergence *divergence = emu_strategy_divergence(replay);
    bool same = true;
    if (divergence->diverged) {
        book_divergence(m, report, divergence);
        same = false;
    } else if (stop != EMU_STOP_FINDING || !same_finding(emu_machine_finding(m), &found->finding) ||
               emu_trace_hash(m) != found->hash) {
        struct emu_finding finding = {.rule = EMU_RULE_DETERMINISM, .step = emu_steps(m)};
        snprintf(finding.message, sizeof finding.message,
                 "the choices that led to \"%.64s\" with trace %016llx led to \"%.64s\" with trace %016llx "
                 "when they "
                 "were made again: the program depends on more than the choices",
                 found->finding.rule, (unsigned long long)found->hash,
                 stop == EMU_STOP_FINDING ? emu_machine_finding(m)->rule : "no finding",
                 (unsigned long long)emu_trace_hash(m));
        book(report, &finding, emu_machine_record(m), emu_trace_hash(m));
        same = false;
    }
    emu_strategy_destroy(replay);
    return same;
}

void emu_report_free(struct emu_report *r)
{
    for (unsigned i = 0; i < r->found; i++)
        emu_record_free(&r->findings[i].record);
    r->found = 0;
}

/* ---- Many runs --------------------------------------------------------------------------------------------
 */

struct exploration {
    struct emu_machine *machine;
    const struct emu_program *program;
    struct emu_strategy *strategy;
    const struct emu_explore_options *options;
    struct emu_report *report;
    struct emu_stopwatch watch;
    double progress_due;
};

/* Books the finding of the run that has just ended. False: the exploration is over. */
static bool take_finding(struct exploration *x)
{
    struct emu_machine *m = x->machine;
    const struct emu_found *found =
        book(x->report, emu_machine_finding(m), emu_machine_record(m), emu_trace_hash(m));
    bool confirmed = found == NULL || confirm(m, x->program, x->report, found);
    emu_machine_set_strategy(m, x->strategy);
    return confirmed && x->options->keep_going;
}

/* After a look at the clock. False: the exploration is over. */
static bool take_time(struct exploration *x)
{
    const struct emu_explore_options *o = x->options;
    x->report->seconds = x->watch.looked;
    if (o->progress != NULL && x->watch.looked >= x->progress_due) {
        x->progress_due =
            x->watch.looked + (o->progress_seconds > 0 ? o->progress_seconds : PROGRESS_SECONDS_DEFAULT);
        if (!o->progress(o->progress_context, x->report)) {
            x->report->interrupted = true;
            return false;
        }
    }
    return !(o->seconds > 0 && x->watch.looked >= o->seconds);
}

/* Makes one run. False: the exploration is over. */
static bool explore_once(struct exploration *x)
{
    struct emu_machine *m = x->machine;
    struct emu_report *report = x->report;
    struct emu_strategy *s = x->strategy;
    s->begin(s, report->runs);
    enum emu_stop stop = emu_run_program(m, x->program);
    bool more = s->end(s);
    report->runs++;
    report->steps += emu_steps(m);
    size_t choices = emu_machine_record(m)->length;
    if (choices > report->choices_max)
        report->choices_max = choices;

    const struct emu_divergence *divergence = emu_strategy_divergence(s);
    if (divergence != NULL && divergence->diverged) {
        book_divergence(m, report, divergence);
        return false;
    }
    report->complete = !more;
    if (stop == EMU_STOP_FINDING && !take_finding(x))
        return false;
    if (!more || (x->options->runs != 0 && report->runs >= x->options->runs))
        return false;
    return !emu_stopwatch_tick(&x->watch) || take_time(x);
}

void emu_explore(struct emu_machine *m, const struct emu_program *program, struct emu_strategy *strategy,
                 const struct emu_explore_options *options, struct emu_report *report)
{
    struct exploration x = {
        .machine = m, .program = program, .strategy = strategy, .options = options, .report = report};
    memset(report, 0, sizeof *report);
    emu_stopwatch_start(&x.watch);
    emu_machine_set_strategy(m, strategy);
    while (explore_once(&x))
        continue;
    emu_machine_set_strategy(m, NULL);
    report->seconds = emu_stopwatch_read(&x.watch);
}
