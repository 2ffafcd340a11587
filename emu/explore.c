/*
 * The exploring loop: one program, run again and again, and the book of what was found.
 *
 * A run is three phases on one machine: set-up, quiet; the race of the strands that the set-up started held;
 * the check, quiet. Where it can, a run begins with a copy of what a set-up left behind (checkpoint.h). In
 * the steady state the loop allocates nothing and makes no system call; a finding that was not seen before
 * costs a copy of its record and one replay.
 */
#include <emu/coverage.h>
#include <emu/explore.h>
#include <emu/strand.h>
#include <emu/trace.h>

#include "emu/checkpoint.h"
#include "emu/footprint.h"
#include "emu/stopwatch.h"

#include <stdio.h>
#include <string.h>

#define PROGRESS_SECONDS_DEFAULT 0.1

/* ---- One run ----------------------------------------------------------------------------------------------
 */

/* A run that is long stops now and then, so that somebody may look at the clock. NULL: it does not. */
struct pauses {
    bool (*goes_on)(void *context);
    void *context;
};
enum { PAUSE_STEPS = 8192 };

/* EMU_STOP_BUDGET: it did not go on. */
static enum emu_stop run(struct emu_machine *m, const struct pauses *pauses)
{
    enum emu_stop stop = EMU_STOP_BUDGET;
    bool goes_on = true;
    while (stop == EMU_STOP_BUDGET && goes_on) {
        stop = emu_machine_run(m, pauses != NULL ? PAUSE_STEPS : 0);
        goes_on = stop != EMU_STOP_BUDGET || pauses->goes_on(pauses->context);
    }
    return stop;
}

static enum emu_stop run_phase_quietly(struct emu_machine *m, const struct pauses *pauses, const char *name,
                                       emu_strand_fn *fn, void *context)
{
    struct emu_strand_config config = {
        .name = name, .fn = fn, .arg = context, .must_finish = true, .spared = true};
    emu_quiet_begin(m);
    struct emu_strand *strand = emu_strand_start(m, &config);
    EMU_ASSERT(strand != NULL);
    enum emu_stop stop = run(m, pauses);
    emu_quiet_end(m);
    return stop;
}

static enum emu_stop set_up(struct emu_machine *m, const struct emu_program *program,
                            const struct pauses *pauses)
{
    enum emu_stop stop = EMU_STOP_IDLE;
    emu_machine_reset(m);
    if (emu_machine_finding(m) != NULL)
        return EMU_STOP_FINDING;
    emu_checkpoint_watch(m);
    if (program->set_up != NULL)
        stop = run_phase_quietly(m, pauses, "set-up", program->set_up, program->context);
    if (stop == EMU_STOP_IDLE)
        emu_checkpoint_take(m);
    return stop;
}

static enum emu_stop run_program(struct emu_machine *m, const struct emu_program *program,
                                 const struct pauses *pauses)
{
    enum emu_stop stop = EMU_STOP_IDLE;
    if (!emu_checkpoint_resume(m))
        stop = set_up(m, program, pauses);
    if (stop == EMU_STOP_IDLE) {
        emu_trace_begin_race(m);
        emu_strand_release_held(m);
        emu_footprints_begin(m);
        stop = run(m, pauses);
        emu_footprints_end(m);
    }
    if (stop == EMU_STOP_IDLE && program->check != NULL)
        stop = run_phase_quietly(m, pauses, "check", program->check, program->context);
    EMU_ASSERT((stop == EMU_STOP_FINDING) == (emu_machine_finding(m) != NULL));
    return stop;
}

enum emu_stop emu_run_program(struct emu_machine *m, const struct emu_program *program)
{
    struct emu_checkpoints *checkpoints = m->checkpoints; /* of an exploration that makes one run anew */
    m->checkpoints = NULL;
    enum emu_stop stop = run_program(m, program, NULL);
    m->checkpoints = checkpoints;
    return stop;
}

/* ---- What was found ---------------------------------------------------------------------------------------
 */

static bool same_finding(const struct emu_finding *a, const struct emu_finding *b)
{
    return strcmp(a->rule, b->rule) == 0 && strcmp(a->code, b->code) == 0;
}

static bool same_stack(const struct emu_callers *a, const struct emu_callers *b)
{
    bool same = a->count == b->count;
    for (unsigned i = 0; same && i < a->count; i++)
        same = a->module[i] == b->module[i] && a->offset[i] == b->offset[i];
    return same;
}

/* A place for it among findings, of which there are *count; NULL: seen before, or there is no room, which is
 * counted in *unlisted. */
static struct emu_found *place_of(struct emu_found *findings, unsigned *count, uint64_t *unlisted,
                                  const struct emu_finding *finding, bool by_stack)
{
    for (unsigned i = 0; i < *count; i++) {
        const struct emu_finding *other = &findings[i].finding;
        if (!same_finding(other, finding) || (by_stack && !same_stack(&other->callers, &finding->callers)))
            continue;
        findings[i].times++;
        return NULL;
    }
    if (*count < EMU_FOUND_MAX)
        return &findings[(*count)++];
    (*unlisted)++;
    return NULL;
}

/* NULL: seen before, or the book is full. */
static struct emu_found *book(struct emu_report *report, uint64_t run, const struct emu_finding *finding,
                              const struct emu_record *record, uint64_t hash, bool passed_over)
{
    struct emu_found *found =
        passed_over ? place_of(report->passed_over, &report->passed, &report->passed_unlisted, finding, true)
                    : place_of(report->findings, &report->found, &report->found_unlisted, finding, false);
    if (found == NULL)
        return NULL;
    *found = (struct emu_found){.finding = *finding, .run = run, .hash = hash, .times = 1};
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

static void book_divergence(struct emu_machine *m, struct emu_report *report, uint64_t run,
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
    book(report, run, &finding, emu_machine_record(m), emu_trace_hash(m), false);
}

/* How a run ended. */
struct ending {
    const struct emu_finding *finding; /* NULL: none */
    uint64_t hash;
    uint64_t run;
    uint32_t past;
};

static const char *rule_of(const struct emu_finding *finding)
{
    return finding != NULL ? finding->rule : "no finding";
}

/* Does the record give the same run once more, from its set-up? replay answers from it. Where it does not,
 * that is booked as well. */
static bool is_same_again(struct emu_machine *m, const struct emu_program *program, struct emu_report *report,
                          const struct ending *first, struct emu_strategy *replay)
{
    uint32_t go_past = emu_machine_config(m)->go_past;
    emu_machine_set_strategy(m, replay);
    replay->begin(replay, 0);
    if (first->finding != NULL)
        emu_machine_set_go_past(m, first->past); /* this run halts where the other one went on */
    emu_run_program(m, program);
    emu_machine_set_go_past(m, go_past);
    replay->end(replay);
    const struct emu_divergence *divergence = emu_strategy_divergence(replay);
    const struct emu_finding *again = emu_machine_finding(m);
    if (divergence->diverged) {
        book_divergence(m, report, first->run, divergence);
        return false;
    }
    bool same = (again != NULL) == (first->finding != NULL) &&
                (again == NULL || same_finding(again, first->finding)) && emu_trace_hash(m) == first->hash;
    if (same)
        return true;
    struct emu_finding finding = {.rule = EMU_RULE_DETERMINISM, .step = emu_steps(m)};
    snprintf(finding.message, sizeof finding.message,
             "the choices that led to \"%.64s\" with trace %016llx led to \"%.64s\" with trace %016llx "
             "when they "
             "were made again: the program depends on more than the choices",
             rule_of(first->finding), (unsigned long long)first->hash, rule_of(again),
             (unsigned long long)emu_trace_hash(m));
    book(report, first->run, &finding, emu_machine_record(m), emu_trace_hash(m), false);
    return false;
}

static bool confirm(struct emu_machine *m, const struct emu_program *program, struct emu_report *report,
                    const struct emu_found *found)
{
    struct ending first = {&found->finding, found->hash, found->run, found->past};
    struct emu_strategy *replay = emu_strategy_replay(&found->record, true);
    EMU_ASSERT(replay != NULL);
    bool same = is_same_again(m, program, report, &first, replay);
    emu_strategy_destroy(replay);
    return same;
}

void emu_report_free(struct emu_report *r)
{
    for (unsigned i = 0; i < r->found; i++)
        emu_record_free(&r->findings[i].record);
    for (unsigned i = 0; i < r->passed; i++)
        emu_record_free(&r->passed_over[i].record);
    r->found = r->passed = 0;
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
    uint64_t number;            /* of the run that is made now */
    uint64_t next;              /* the one after it, at least */
    struct emu_record last;     /* of the run that is made once more from its set-up ... */
    struct emu_strategy *again; /* ... by this; NULL: there was none yet */
};

static bool is_passed_over(const struct exploration *x, const struct emu_finding *finding)
{
    const struct emu_explore_options *o = x->options;
    return o->pass_over != NULL && o->pass_over(o->pass_over_context, finding);
}

/* Those of the run that has just ended, the one that stopped it last. */
struct finding_list {
    struct emu_reported list[EMU_REPORTED_MAX + 1];
    uint32_t count;
    bool stopped; /* the last one did */
};

static void list_findings(const struct emu_machine *m, struct finding_list *l)
{
    const struct emu_reported *reported;
    while ((reported = emu_machine_reported(m, l->count)) != NULL)
        l->list[l->count++] = *reported;
    l->stopped = emu_machine_finding(m) != NULL;
    if (l->stopped)
        l->list[l->count++] =
            (struct emu_reported){*emu_machine_finding(m), emu_machine_record(m)->length, emu_trace_hash(m)};
}

/* Books one of the findings, which the run of record made after it went past others. False: it was another
 * one when it was made again. */
static bool take_one(struct exploration *x, const struct emu_reported *r, const struct emu_record *record,
                     uint32_t past, bool over)
{
    struct emu_machine *m = x->machine;
    const struct emu_strategy *s = x->strategy;
    struct emu_found *found = book(x->report, x->number, &r->finding, record, r->hash, over);
    if (found == NULL)
        return true;
    found->record.length = r->choices;
    found->past = past;
    found->strategy = s->running != NULL ? s->running(s) : s->name;
    if (over)
        return true;
    emu_machine_set_coverage(m, NULL);
    bool confirmed = confirm(m, x->program, x->report, found);
    emu_machine_set_coverage(m, x->options->coverage);
    emu_machine_set_strategy(m, x->strategy);
    return confirmed;
}

/* Books the findings of the run that has just ended. False: the exploration is over. */
static bool take_findings(struct exploration *x)
{
    const struct emu_explore_options *o = x->options;
    struct finding_list found = {.count = 0};
    struct emu_record record = {0};
    bool more = true, confirmed = true;
    list_findings(x->machine, &found);
    emu_record_copy(&record, emu_machine_record(x->machine));
    for (uint32_t i = 0; i < found.count && confirmed; i++) {
        bool over = is_passed_over(x, &found.list[i].finding);
        bool stops = found.stopped && i + 1 == found.count;
        confirmed = take_one(x, &found.list[i], &record, i, over);
        more &= !stops || over || o->keep_going;
    }
    emu_record_free(&record);
    return confirmed && more;
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

/* In the middle of a run. */
static bool goes_on(void *context)
{
    struct exploration *x = context;
    x->watch.looked = emu_stopwatch_read(&x->watch);
    x->report->underway = true;
    bool more = take_time(x);
    x->report->underway = false;
    return more;
}

/* The number, from this one on, that is next among those of the part. */
static uint64_t of_part(const struct exploration *x, uint64_t number)
{
    uint64_t first = x->options->first, stride = x->options->stride;
    if (number <= first)
        return first;
    return stride <= 1 ? number : first + (number - first + stride - 1) / stride * stride;
}

/* Goes to the next run: those of the profile come first, and all of them are made. True: it counts. */
static bool next_run(struct exploration *x)
{
    uint64_t next = of_part(x, x->next);
    x->number = x->next < x->strategy->profile_runs ? x->next : next;
    x->next = x->number + 1;
    return x->number == next;
}

/* As the strategy counts them. */
static uint64_t run_of_strategy(const struct exploration *x)
{
    unsigned profile = x->strategy->profile_runs;
    return x->number < profile ? EMU_PROFILE_FIRST + x->number : x->number - profile;
}

static void count_run(struct exploration *x)
{
    x->report->runs++;
    x->report->steps += emu_steps(x->machine);
    size_t choices = emu_machine_record(x->machine)->length;
    if (choices > x->report->choices_max)
        x->report->choices_max = choices;
}

/* A run that began at a checkpoint is made once more from its set-up. False: it was another one. */
static bool compare_with_set_up(struct exploration *x)
{
    struct emu_machine *m = x->machine;
    struct ending first = {.hash = emu_trace_hash(m), .run = x->number};
    emu_print_fn *print = m->print;
    emu_record_copy(&x->last, emu_machine_record(m));
    if (x->again == NULL)
        x->again = emu_strategy_replay(&x->last, true);
    EMU_ASSERT(x->again != NULL);
    m->print = NULL;
    emu_machine_set_coverage(m, NULL);
    bool same = is_same_again(m, x->program, x->report, &first, x->again);
    emu_machine_set_coverage(m, x->options->coverage);
    m->print = print;
    emu_machine_set_strategy(m, x->strategy);
    return same;
}

/* The run is not made: whoever goes on begins with it. */
static void give_up(struct exploration *x)
{
    struct emu_strategy *s = x->strategy;
    if (x->options->coverage != NULL)
        emu_coverage_forget_run(x->options->coverage);
    if (s->give_up != NULL)
        s->give_up(s);
}

/*
 * A run that came to its limit of steps is no base for the search of others, and may be too long to be
 * looked at: where it ends the exploration, the strategy does not look at it.
 */
static bool is_endless(const struct exploration *x, enum emu_stop stop)
{
    return stop == EMU_STOP_FINDING && !x->options->keep_going &&
           emu_steps(x->machine) >= emu_machine_config(x->machine)->step_limit &&
           !is_passed_over(x, emu_machine_finding(x->machine));
}

static bool is_used_up(const struct exploration *x)
{
    return x->options->runs != 0 && x->report->runs >= x->options->runs;
}

/* Makes one run. False: the exploration is over. */
static bool explore_once(struct exploration *x)
{
    struct emu_machine *m = x->machine;
    struct emu_report *report = x->report;
    struct emu_strategy *s = x->strategy;
    struct emu_coverage *coverage = x->options->coverage;
    bool counts = next_run(x);
    s->begin(s, run_of_strategy(x));
    if (coverage != NULL)
        emu_coverage_begin_run(coverage);
    enum emu_stop stop = run_program(m, x->program, &(struct pauses){goes_on, x});
    if (stop == EMU_STOP_BUDGET) {
        give_up(x);
        return false;
    }
    counts &= !s->is_elsewhere;
    if (counts && is_used_up(x)) {
        give_up(x);
        return false;
    }
    if (coverage != NULL && counts)
        emu_coverage_end_run(coverage);
    else if (coverage != NULL)
        emu_coverage_forget_run(coverage);
    bool endless = counts && is_endless(x, stop);
    bool more = endless || s->end(s);
    if (counts)
        count_run(x);

    const struct emu_divergence *divergence = endless ? NULL : emu_strategy_divergence(s);
    if (emu_checkpoint_divergence(m) != NULL)
        divergence = emu_checkpoint_divergence(m);
    if (divergence != NULL && divergence->diverged) {
        book_divergence(m, report, x->number, divergence);
        return false;
    }
    report->complete = !more && emu_strategy_is_proof(s);
    bool has_findings = stop == EMU_STOP_FINDING || emu_machine_reported(m, 0) != NULL;
    if (has_findings && counts && !take_findings(x))
        return false;
    if (!has_findings && emu_checkpoint_is_due(m) && !compare_with_set_up(x)) {
        report->complete = false;
        return false;
    }
    if (!more || (is_used_up(x) && !s->is_shard)) /* all that a shard still has may be another's */
        return false;
    report->saturated =
        x->options->until_saturated && coverage != NULL && emu_coverage_is_saturated(coverage);
    if (report->saturated)
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
    emu_machine_set_coverage(m, options->coverage);
    emu_checkpoints_begin(m, program, options->memory);
    while (explore_once(&x))
        continue;
    report->resumed = emu_checkpoint_uses(m);
    emu_checkpoints_end(m);
    emu_strategy_destroy(x.again);
    emu_record_free(&x.last);
    emu_machine_set_coverage(m, NULL);
    emu_machine_set_strategy(m, NULL);
    report->seconds = emu_stopwatch_read(&x.watch);
}
