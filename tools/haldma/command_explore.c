/*
 * haldma explore: many runs of one scenario, or of every scenario of a module in turn.
 *
 * The strategy auto is several passes: every run with 0 preemptions, with at most 1, with at most 2; then
 * random ones. An exhaustive pass may take a third of what is left of the limits, so that none starves the
 * others. When a pass made no more runs than the one before, there are no runs with more preemptions at
 * all: the space is exhausted.
 */
#include "cli_describe.h"
#include "cli_module.h"
#include "cli_progress.h"
#include "cli_status.h"
#include "commands.h"

#include <stdlib.h>
#include <unistd.h>

#define SECONDS_DEFAULT 10.0
enum { AUTO_PREEMPTIONS = 2, AUTO_SHARE = 3, LABEL_TEXT = 64 };

/* The exploration of one scenario. */
struct exploration {
    const struct cli_options *options;
    struct cli_session session;
    FILE *out;      /* text, or NULL */
    json_t *passes; /* JSON */
    json_t *findings;
    uint64_t runs;
    double seconds;
    double seconds_max; /* 0: no limit */
    unsigned found;
    bool complete;
    bool interrupted;
};

static struct emu_strategy *make_strategy(const struct exploration *x, enum cli_strategy strategy,
                                          int preemptions)
{
    struct emu_strategy *s = strategy == CLI_STRATEGY_FIFO     ? emu_strategy_fifo()
                             : strategy == CLI_STRATEGY_RANDOM ? emu_strategy_random(x->options->seed)
                                                               : emu_strategy_exhaustive(preemptions);
    EMU_ASSERT(s != NULL);
    return s;
}

static void label_pass(char label[LABEL_TEXT], enum cli_strategy strategy, int preemptions)
{
    if (preemptions == CLI_UNBOUNDED)
        snprintf(label, LABEL_TEXT, "%s", cli_strategy_names[strategy]);
    else
        snprintf(label, LABEL_TEXT, "%s, at most %d preemption%s", cli_strategy_names[strategy], preemptions,
                 preemptions == 1 ? "" : "s");
}

/* ---- Findings ---------------------------------------------------------------------------------------------
 */

static void show_timeline(struct exploration *x, const struct emu_found *found)
{
    struct emu_divergence divergence;
    if (!cli_session_replay(&x->session, &found->record, true, &divergence) || divergence.diverged)
        return;
    fputc('\n', x->out);
    cli_timeline_text(x->out, x->session.machine, x->options->all);
    emu_trace_record(x->session.machine, false);
    fputc('\n', x->out);
}

static void book_finding(struct exploration *x, const struct emu_found *found)
{
    const struct cli_options *o = x->options;
    char *token = cli_session_token(&x->session, &found->record, found->hash);
    unsigned preemptions = emu_record_preemptions(&found->record);
    if (x->out != NULL) {
        char run[CLI_COUNT_TEXT];
        cli_finding_text(x->out, &found->finding);
        fprintf(x->out, "  in run %s of this pass, with %u preemption%s\n", cli_count(found->run + 1, run),
                preemptions, preemptions == 1 ? "" : "s");
        if (!o->quiet)
            show_timeline(x, found);
        cli_token_text(x->out, token);
        if (!o->quiet && token != NULL)
            fprintf(x->out, "replay it:  haldma replay %s %s\n", o->module, token);
    }
    json_t *finding = cli_finding_json(&found->finding, token, found->hash);
    json_object_set_new(finding, "run", json_integer((json_int_t)found->run));
    json_object_set_new(finding, "preemptions", json_integer((json_int_t)preemptions));
    json_array_append_new(x->findings, finding);
    free(token);
}

/* ---- Passes -----------------------------------------------------------------------------------------------
 */

static void show_pass(const struct exploration *x, const char *label, const struct emu_report *r)
{
    char runs[CLI_COUNT_TEXT], time[CLI_COUNT_TEXT], rate[CLI_COUNT_TEXT];
    double per_second = r->seconds > 0 ? (double)r->runs / r->seconds : 0;
    const char *end = r->found > 0     ? "stopped at a finding"
                      : r->complete    ? "complete"
                      : r->interrupted ? "interrupted"
                                       : "limit reached";
    fprintf(x->out, "  %s: %s in %s (%s a second), %s\n", label, cli_runs(r->runs, runs),
            cli_time(r->seconds, time), cli_count((uint64_t)per_second, rate), end);
}

/* A pass's share of what is left of --runs and --seconds (0 of either: no limit); false when nothing is. */
static bool limits_left(const struct exploration *x, unsigned share, struct emu_explore_options *limits)
{
    uint64_t runs = x->options->runs;
    if ((runs != 0 && x->runs >= runs) || (x->seconds_max > 0 && x->seconds >= x->seconds_max))
        return false;
    limits->runs = runs != 0 ? (runs - x->runs + share - 1) / share : 0;
    limits->seconds = x->seconds_max > 0 ? (x->seconds_max - x->seconds) / share : 0;
    return true;
}

/* One strategy, to its end or to one share of the limits. Returns the runs of a complete pass, else 0. */
static uint64_t pass(struct exploration *x, enum cli_strategy kind, int preemptions, unsigned share)
{
    char label[LABEL_TEXT];
    label_pass(label, kind, preemptions);
    struct cli_progress progress = {.label = label, .shown = !x->options->quiet && isatty(STDERR_FILENO)};
    struct emu_explore_options limits = {.progress = cli_progress_report, .progress_context = &progress};
    if (x->found > 0 || x->interrupted || !limits_left(x, share, &limits))
        return 0;

    struct emu_report report;
    struct emu_strategy *strategy = make_strategy(x, kind, preemptions);
    emu_explore(x->session.machine, &x->session.program, strategy, &limits, &report);
    emu_strategy_destroy(strategy);
    cli_progress_end(&progress);

    x->runs += report.runs;
    x->seconds += report.seconds;
    x->interrupted = report.interrupted || cli_progress_interrupted();
    x->found += report.found;
    bool complete = report.complete && report.found == 0;
    if (x->out != NULL)
        show_pass(x, label, &report);
    json_array_append_new(
        x->passes, json_pack("{s:s, s:o, s:I, s:b}", "strategy", cli_strategy_names[kind], "preemptions",
                             preemptions != CLI_UNBOUNDED ? json_integer(preemptions) : json_null(), "runs",
                             (json_int_t)report.runs, "complete", (int)complete));
    for (unsigned i = 0; i < report.found; i++)
        book_finding(x, &report.findings[i]);
    uint64_t runs = complete ? report.runs : 0;
    emu_report_free(&report);
    return runs;
}

static void explore_auto(struct exploration *x)
{
    int most = x->options->preemptions != CLI_UNBOUNDED ? x->options->preemptions : AUTO_PREEMPTIONS;
    uint64_t before = 0;
    for (int bound = 0; bound <= most; bound++) {
        uint64_t runs = pass(x, CLI_STRATEGY_EXHAUSTIVE, bound, AUTO_SHARE);
        if (runs == 0)
            break;
        x->complete = runs == before;
        if (x->complete)
            return;
        before = runs;
    }
    pass(x, CLI_STRATEGY_RANDOM, CLI_UNBOUNDED, 1);
}

/* ---- One scenario -----------------------------------------------------------------------------------------
 */

/* No finding, and how much that says. */
static void show_clean(const struct exploration *x)
{
    const struct cli_options *o = x->options;
    bool every = x->complete && (o->strategy == CLI_STRATEGY_AUTO || o->strategy == CLI_STRATEGY_EXHAUSTIVE);
    if (every && o->strategy == CLI_STRATEGY_EXHAUSTIVE && o->preemptions != CLI_UNBOUNDED)
        fprintf(x->out, "no finding: every run with at most %d preemption%s was made\n", o->preemptions,
                o->preemptions == 1 ? "" : "s");
    else
        fprintf(x->out, "no finding%s\n", every ? ": every run that there is was made" : "");
}

static void explore(struct exploration *x)
{
    const struct cli_options *o = x->options;
    if (x->out != NULL)
        fprintf(x->out, "%s: %s\n", x->session.scenario->name, x->session.scenario->summary);
    if (o->strategy == CLI_STRATEGY_AUTO)
        explore_auto(x);
    else
        x->complete = pass(x, o->strategy, o->preemptions, 1) > 0;
    if (x->out != NULL && x->found == 0)
        show_clean(x);
}

static json_t *describe(const struct exploration *x)
{
    const struct cli_options *o = x->options;
    double rate = x->seconds > 0 ? (double)x->runs / x->seconds : 0;
    return json_pack(
        "{s:s, s:s, s:I, s:o, s:s, s:I, s:b, s:b, s:f, s:f, s:O, s:O}", "scenario", x->session.scenario->name,
        "strategy", cli_strategy_names[o->strategy], "seed", (json_int_t)o->seed, "preemptions",
        o->preemptions != CLI_UNBOUNDED ? json_integer(o->preemptions) : json_null(), "profile",
        emu_machine_config(x->session.machine)->profile == EMU_PROFILE_TYPICAL ? "typical" : "hostile",
        "runs", (json_int_t)x->runs, "complete", (int)x->complete, "interrupted", (int)x->interrupted,
        "seconds", x->seconds, "runs_per_second", rate, "passes", x->passes, "findings", x->findings);
}

/* Appends to results where JSON is wanted. An enum cli_status. */
static int explore_scenario(const struct cli_options *options, const struct haldma_scenario *scenario,
                            FILE *out, json_t *results)
{
    bool endless = options->strategy == CLI_STRATEGY_AUTO || options->strategy == CLI_STRATEGY_RANDOM;
    bool limited = options->runs != 0 || options->seconds > 0;
    struct exploration x = {.options = options,
                            .out = options->json ? NULL : out,
                            .seconds_max = endless && !limited ? SECONDS_DEFAULT : options->seconds};
    if (!cli_session_open(&x.session, scenario, options->profile))
        return CLI_BAD_INPUT;
    x.passes = json_array();
    x.findings = json_array();
    explore(&x);
    json_array_append_new(results, describe(&x));
    json_decref(x.passes);
    json_decref(x.findings);
    cli_session_close(&x.session);
    return x.found > 0 ? CLI_FINDING : CLI_CLEAN;
}

/* From the first to the one before end, until Ctrl-C. The worst of their statuses. */
static int explore_each(const struct cli_options *options, const struct haldma_scenario *first,
                        const struct haldma_scenario *end, FILE *out, json_t *results)
{
    int worst = CLI_CLEAN;
    for (const struct haldma_scenario *s = first; s < end && !cli_progress_interrupted(); s++) {
        if (s > first && !options->json)
            fputc('\n', out);
        int status = explore_scenario(options, s, out, results);
        worst = status > worst ? status : worst;
    }
    return worst;
}

int command_explore(const struct cli_options *options)
{
    const struct haldma_module *module = cli_module_load(options->module);
    if (module == NULL)
        return CLI_BAD_INPUT;
    const struct haldma_scenario *first = module->scenarios, *end = first + module->count;
    if (options->scenario != NULL) {
        first = cli_module_scenario(module, options->module, options->scenario);
        if (first == NULL)
            return CLI_BAD_INPUT;
        end = first + 1;
    }
    struct cli_output out;
    if (!cli_output_open(&out, options->output))
        return CLI_BAD_INPUT;
    cli_progress_catch_interrupt();
    json_t *results = json_array();
    int status = explore_each(options, first, end, out.stream, results);
    if (status == CLI_BAD_INPUT)
        cli_output_discard(&out);
    else if (options->json && end == first + 1)
        cli_output_json(&out, json_incref(json_array_get(results, 0)));
    else if (options->json)
        cli_output_json(&out, json_pack("{s:O}", "scenarios", results));
    json_decref(results);
    if (status != CLI_BAD_INPUT && !cli_output_commit(&out))
        status = CLI_BAD_INPUT;
    return status;
}
