/*
 * haldma reproduce: the run that printed what a machine in the field printed, and failed.
 *
 * A few random runs tell which lines of the log are this scenario's at all. Then guided runs
 * (emu_strategy_guided) begin again and again where the agreement with the log got furthest, until one agrees
 * with all of it and fails.
 */
#include "cli_bug_check.h"
#include "cli_describe.h"
#include "cli_finding.h"
#include "cli_module.h"
#include "cli_progress.h"
#include "cli_results.h"
#include "cli_session.h"
#include "cli_status.h"
#include "commands.h"
#include "field_match.h"

#include <emu/fault.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECONDS_DEFAULT 60.0
enum { LISTENING_RUNS = 200, HEXADECIMAL = 16 };

/* What a strategy's runs do against the log. */
struct search {
    struct emu_strategy base;
    const struct cli_options *options;
    struct emu_strategy *runs; /* who answers */
    struct emu_machine *machine;
    struct field_match match;
    size_t furthest; /* lines */
    struct emu_record record;
    uint64_t hash;
    bool reproduced;
    uint64_t failed_otherwise; /* runs */
};

/* Is it what the machine in the field stopped with? Not every finding has a bug check's code: a crash may be
 * one of several, and what breaks a rule may be told by Windows in any way, or not at all. */
static bool is_failure_of(const struct field_log *log, const struct emu_finding *finding)
{
    if (log->bugcheck == 0)
        return true;
    if (finding->code[0] == '\0')
        return cli_bug_check_may_be(finding->rule, log->bugcheck);
    return strtoul(finding->code, NULL, HEXADECIMAL) == log->bugcheck;
}

static void search_begin(struct emu_strategy *s, uint64_t run)
{
    struct search *x = (struct search *)s;
    field_match_begin(&x->match);
    x->runs->begin(x->runs, run);
}

static uint32_t search_choose(struct emu_strategy *s, const struct emu_decision *d)
{
    struct search *x = (struct search *)s;
    return x->runs->choose(x->runs, d);
}

static bool search_end(struct emu_strategy *s)
{
    struct search *x = (struct search *)s;
    const struct field_match *match = &x->match;
    const struct emu_finding *finding = emu_machine_finding(x->machine);
    bool all = !match->lost && match->agreed == match->log->count;
    x->reproduced = all && finding != NULL && is_failure_of(match->log, finding);
    x->failed_otherwise += finding != NULL && !x->reproduced;
    if (x->reproduced || match->agreed > x->furthest) {
        x->furthest = match->agreed;
        emu_record_copy(&x->record, emu_machine_record(x->machine));
        x->hash = emu_trace_hash(x->machine);
    }
    return x->runs->end(x->runs) && !x->reproduced;
}

static void search_destroy(struct emu_strategy *s)
{
    struct search *x = (struct search *)s;
    emu_strategy_destroy(x->runs);
    emu_record_free(&x->record);
}

static struct emu_strategy *make_random(void *context)
{
    const struct search *x = context;
    return emu_strategy_random(x->options->seed);
}

/* The sampler's runs, guided unless they are to be left alone. */
static struct emu_strategy *guide(struct search *x, struct emu_strategy *sampler)
{
    return x->options->strategy == CLI_STRATEGY_RANDOM
               ? sampler
               : emu_strategy_guided(sampler, (unsigned)x->match.log->count, field_match_score, &x->match);
}

static struct emu_strategy *make_guided(void *context)
{
    return guide(context, make_random(context));
}

/* Random faults are the sampler's, so that guided runs repeat those that led far; a sweep goes round the
 * guided runs for each of its faults. The makers are called again later: *x stays where it is. */
static struct emu_strategy *make_runs(struct search *x)
{
    struct emu_faults faults = x->options->faults;
    faults.seed = x->options->seed;
    if (faults.policy == EMU_FAULTS_RANDOM)
        return guide(x, emu_strategy_faults(&faults, make_random, x));
    return faults.policy > EMU_FAULTS_ALL ? emu_strategy_faults(&faults, make_guided, x) : make_guided(x);
}

/* ---- Which lines count -----------------------------------------------------------------------------------
 */

/* Leaves the lines in the log that are of the scenario's drivers; false: there are none, said so. */
static bool listen_first(struct cli_session *s, const struct cli_options *o, struct field_log *log)
{
    struct field_ear ear;
    struct emu_report report;
    struct emu_explore_options limits = {
        .runs = LISTENING_RUNS, .keep_going = true, .memory = haldma_scenario_memory};
    struct emu_strategy *random = emu_strategy_random(o->seed);
    bool made = random != NULL && field_ear_init(&ear, log);
    EMU_ASSERT(made);
    emu_set_print(s->machine, field_ear_print, &ear);
    emu_explore(s->machine, &s->program, random, &limits, &report);
    emu_set_print(s->machine, NULL, NULL);
    emu_report_free(&report);
    emu_strategy_destroy(random);
    unsigned first = log->lines[0].number;
    size_t dropped = field_ear_drop(&ear);
    if (log->count == 0)
        cli_complain("%s: no line is like what scenario %s prints (the first is line %u)", o->log,
                     s->scenario->name, first);
    else if (dropped > 0 && !o->quiet)
        cli_complain("%s: %zu line%s of other drivers left out", o->log, dropped, dropped == 1 ? "" : "s");
    return log->count != 0;
}

/* ---- Results ---------------------------------------------------------------------------------------------
 */

static void show_text(FILE *out, struct cli_session *s, const struct cli_options *o, const struct search *x,
                      const struct emu_report *report, const char *token)
{
    enum { DESCRIPTION = 256 };
    char runs[CLI_COUNT_TEXT], otherwise[CLI_COUNT_TEXT], time[CLI_COUNT_TEXT], faults[DESCRIPTION];
    const struct field_log *log = x->match.log;
    cli_runs(report->runs, runs);
    cli_time(report->seconds, time);
    if (x->reproduced) {
        fprintf(out, "reproduced after %s in %s: all %zu lines of the log, then\n", runs, time, log->count);
        json_t *finding = cli_finding_of_run(s->machine, token, false);
        cli_finding_text(out, finding, 0, false);
        json_decref(finding);
        cli_token_text(out, token);
        if (token != NULL)
            fprintf(out, "replay it:  haldma replay %s %s\n", o->module, token);
        return;
    }
    fprintf(out, "not reproduced in %s, %s: the furthest run agrees with %zu of %zu lines\n", runs, time,
            x->furthest, log->count);
    if (x->furthest < log->count)
        fprintf(out, "  next was to come line %u: %s\n", log->lines[x->furthest].number,
                log->lines[x->furthest].text);
    else
        fprintf(out, "  it does not fail as the log does\n");
    if (emu_strategy_describe(x->runs, faults, sizeof faults))
        fprintf(out, "  %s\n", faults);
    if (x->failed_otherwise > 0)
        fprintf(out, "  %s failed without agreeing with the log\n", cli_runs(x->failed_otherwise, otherwise));
    cli_token_text(out, token);
}

static json_t *describe(struct cli_session *s, const struct search *x, const struct emu_report *report,
                        const char *token)
{
    const struct field_log *log = x->match.log;
    json_t *finding = x->reproduced ? cli_finding_of_run(s->machine, token, false) : json_null();
    json_t *next = !x->reproduced && x->furthest < log->count
                       ? json_pack("{s:i, s:o}", "number", (int)log->lines[x->furthest].number, "text",
                                   cli_text_json(log->lines[x->furthest].text))
                       : json_null();
    return json_pack("{s:s, s:s*, s:b, s:I, s:f, s:I, s:I, s:I, s:o, s:s?, s:o, s:o}", "scenario",
                     s->scenario->name, "faults", x->options->faults_said, "reproduced", (int)x->reproduced,
                     "runs", (json_int_t)report->runs, "seconds", report->seconds, "lines",
                     (json_int_t)log->count, "agreed", (json_int_t)x->furthest, "failed_otherwise",
                     (json_int_t)x->failed_otherwise, "next", next, "token", token, "trace_hash",
                     cli_hash_json(x->hash), "finding", finding);
}

/* ---- One scenario ----------------------------------------------------------------------------------------
 */

static int reproduce(struct cli_session *s, const struct cli_options *o, struct field_log *log,
                     struct cli_results *results, json_t **json)
{
    if (!listen_first(s, o, log))
        return CLI_BAD_INPUT;
    unsigned processors = emu_machine_config(s->machine)->processors;
    bool fits = field_match_processors_fit(log, processors);
    if (!fits && !o->quiet)
        cli_complain("%s: lines of more processors than the %u of scenario %s: they are not told apart",
                     o->log, processors, s->scenario->name);
    struct search x = {
        .base = {.name = "reproduce",
                 .begin = search_begin,
                 .choose = search_choose,
                 .end = search_end,
                 .destroy = search_destroy},
        .options = o,
        .machine = s->machine,
        .match = {.log = log, .machine = s->machine, .exact = o->exact, .heeds_processors = fits},
    };
    x.runs = make_runs(&x);
    EMU_ASSERT(x.runs != NULL);
    struct cli_progress progress = {.label = s->scenario->name, .shown = !o->quiet && isatty(STDERR_FILENO)};
    struct emu_explore_options limits = {
        .runs = o->runs,
        .seconds = o->seconds > 0 || o->runs != 0 ? o->seconds : SECONDS_DEFAULT,
        .keep_going = true,
        .progress = cli_progress_report,
        .progress_context = &progress,
        .memory = haldma_scenario_memory,
    };
    struct emu_report report;
    emu_set_print(s->machine, field_match_print, &x.match);
    emu_explore(s->machine, &s->program, &x.base, &limits, &report);
    emu_set_print(s->machine, NULL, NULL);
    cli_progress_end(&progress);

    struct emu_divergence divergence;
    char *token = NULL;
    if (cli_session_replay(s, &x.record, false, &divergence) && !divergence.diverged)
        token = cli_session_token(s, &x.record, emu_trace_hash(s->machine));
    if (o->format == CLI_FORMAT_TEXT)
        show_text(results->out.stream, s, o, &x, &report, token);
    cli_results_add_run(results, s, x.reproduced ? cli_finding_of_run(s->machine, token, false) : json_null(),
                        report.runs, report.seconds);
    *json = o->json ? describe(s, &x, &report, token) : NULL;
    int status = x.reproduced ? CLI_FINDING : CLI_CLEAN;
    free(token);
    emu_report_free(&report);
    emu_strategy_destroy(&x.base);
    return status;
}

int command_reproduce(const struct cli_options *options)
{
    const struct haldma_module *module = cli_module_load(options->module);
    const struct haldma_scenario *scenario =
        module != NULL ? cli_module_scenario(module, options->module, options->scenario) : NULL;
    struct field_log log;
    if (scenario == NULL || !field_log_read(&log, options->log))
        return CLI_BAD_INPUT;
    struct cli_session s;
    struct cli_results results;
    json_t *json = NULL;
    int status = CLI_BAD_INPUT;
    if (cli_session_open(&s, scenario, options->platform, 0, options->profile)) {
        cli_session_set_hardware(&s, options->hardware);
        cli_session_set_faults(&s, options);
        if (cli_results_open(&results, options)) {
            cli_progress_catch_interrupt();
            status = reproduce(&s, options, &log, &results, &json);
            if (status == CLI_BAD_INPUT)
                cli_results_discard(&results);
            else if (!cli_results_commit(&results, json))
                status = CLI_BAD_INPUT;
        }
        cli_session_close(&s);
    }
    field_log_free(&log);
    return status;
}
