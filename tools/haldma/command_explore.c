/*
 * haldma explore: many runs of one scenario, or of every scenario of a module in turn, under one strategy;
 * and what they covered of the space of runs.
 */
#include "cli_coverage.h"
#include "cli_module.h"
#include "cli_output.h"
#include "cli_progress.h"
#include "cli_results.h"
#include "cli_resume.h"
#include "cli_status.h"
#include "commands.h"
#include "jobs.h"

#include <emu/misdeed.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECONDS_DEFAULT 10.0
#define SAVE_SECONDS    5.0

enum { RUNS_ALONE = 4096 };

/* What is left for a scenario; 0: nothing, or no limit. */
struct limits {
    uint64_t runs;
    double seconds;
};

/* The exploration of one scenario on one platform. */
struct exploration {
    const struct cli_options *options;
    struct cli_session session;
    struct cli_suppressions *suppressions;
    struct cli_resume *resume;
    struct cli_standing standing;
    struct cli_progress progress;
    struct emu_coverage *coverage;
    struct emu_strategy *strategy;
    uint64_t first, stride; /* of the numbers of its runs */
    double saved_at;
};

static struct emu_strategy *make_plain(const struct cli_options *o, struct emu_coverage *coverage)
{
    struct emu_bounds bounds = {
        .preemptions = o->preemptions, .interrupts = o->interrupts, .delays = o->delays};
    switch (o->strategy) {
    case CLI_STRATEGY_AUTO:
        bounds.deepening = true;
        bounds.preemptions = o->preemptions != CLI_UNBOUNDED ? o->preemptions : INT_MAX;
        return emu_strategy_auto(o->seed, &bounds, coverage);
    case CLI_STRATEGY_FIFO:
        return emu_strategy_fifo();
    case CLI_STRATEGY_RANDOM:
        return emu_strategy_random(o->seed);
    case CLI_STRATEGY_EXHAUSTIVE:
        return emu_strategy_bounded(&bounds);
    case CLI_STRATEGY_DELAY:
        bounds.deepening = true;
        bounds.delays = o->delays != CLI_UNBOUNDED ? o->delays : INT_MAX;
        return emu_strategy_bounded(&bounds);
    case CLI_STRATEGY_SWEEP:
        return emu_strategy_sweep();
    case CLI_STRATEGY_PCT:
        return emu_strategy_pct(o->seed, o->depth);
    case CLI_STRATEGY_POS:
        return emu_strategy_pos(o->seed);
    case CLI_STRATEGY_SURW:
        return emu_strategy_surw(o->seed);
    case CLI_STRATEGY_DPOR:
        return o->preemptions != CLI_UNBOUNDED ? emu_strategy_dpor_bounded(o->preemptions)
                                               : emu_strategy_dpor();
    case CLI_STRATEGY_DPOR_SOURCE:
        return emu_strategy_dpor_source();
    case CLI_STRATEGIES:
        break;
    }
    EMU_NEVER_HERE("a strategy");
}

static struct emu_strategy *make_again(void *context)
{
    const struct exploration *x = context;
    return make_plain(x->options, x->coverage);
}

/* The maker is called again later: *x stays where it is. */
static struct emu_strategy *make_strategy(struct exploration *x)
{
    struct emu_faults faults = x->options->faults;
    faults.seed = x->options->seed;
    return faults.policy > EMU_FAULTS_ALL ? emu_strategy_faults(&faults, make_again, x) : make_again(x);
}

/* ---- In this process --------------------------------------------------------------------------------------
 */

/* Where it stands now, with what was explored since. The strategy and the coverage know what was before, too.
 */
static void stand(struct exploration *x, const struct emu_report *explored, struct cli_standing *s)
{
    const struct cli_report *before = &x->standing.report;
    cli_report_begin(&s->report, before->what);
    cli_report_take(&s->report, &x->session, x->suppressions, explored, x->strategy, x->coverage);
    cli_report_go_on(&s->report, before);
    s->ended = s->report.complete || (explored->found > 0 && !x->options->go_on) || explored->saturated;
    s->next = x->first + explored->runs * x->stride;
    s->shards = json_object();
    emu_strategy_save(x->strategy, &s->words);
}

static bool on_progress(void *context, const struct emu_report *so_far)
{
    struct exploration *x = context;
    if (x->resume->path != NULL && !so_far->underway && so_far->seconds - x->saved_at >= SAVE_SECONDS) {
        struct cli_standing now = {0};
        x->saved_at = so_far->seconds;
        stand(x, so_far, &now);
        cli_resume_note(x->resume, now.report.what, &now);
        cli_standing_end(&now);
    }
    struct emu_report whole = {.runs = so_far->runs + x->standing.report.runs,
                               .seconds = so_far->seconds + x->standing.report.seconds};
    return cli_progress_report(&x->progress, &whole);
}

static bool goes_on(void)
{
    return !cli_progress_interrupted();
}

static void explore(struct exploration *x, uint64_t runs, double seconds, struct emu_report *report)
{
    const struct emu_explore_options limits = {.runs = runs,
                                               .seconds = seconds,
                                               .progress = on_progress,
                                               .progress_context = x,
                                               .pass_over = cli_suppress_passes,
                                               .pass_over_context = x->suppressions,
                                               .coverage = x->coverage,
                                               .until_saturated = x->options->until_saturated,
                                               .first = x->first,
                                               .stride = x->stride,
                                               .memory = haldma_scenario_memory};
    emu_explore(x->session.machine, &x->session.program, x->strategy, &limits, report);
    report->interrupted |= cli_progress_interrupted();
}

/* Which numbers its runs have, or which subtrees. */
static void divide(struct exploration *x, uint32_t shard, uint32_t shards, uint64_t first)
{
    x->first = first;
    x->stride = 1;
    if (shards == 0 || emu_strategy_set_shard(x->strategy, shard, shards))
        return;
    x->first = first > shard ? first : shard;
    x->stride = shards;
}

/* Of a limit on the runs of all shards, what is this one's; 0: nothing. */
static uint64_t share_of_runs(const struct exploration *x)
{
    const struct cli_options *o = x->options;
    uint64_t all = o->runs;
    if (o->shards == 0)
        return all;
    return jobs_by_numbers(o) ? (all + o->shards - o->shard) / o->shards : (all + o->shards - 1) / o->shards;
}

/* The rest of what is to be done. False: said why. */
static bool explore_here(struct exploration *x)
{
    const struct cli_options *o = x->options;
    const struct cli_report *before = &x->standing.report;
    struct emu_words *words = &x->standing.words;
    uint64_t runs = share_of_runs(x);
    bool out_of_runs = o->runs > 0 && before->runs >= runs;
    bool out_of_time = o->seconds > 0 && before->seconds >= o->seconds;
    if (x->standing.ended || out_of_runs || out_of_time)
        return true;
    x->coverage = cli_coverage_create();
    x->strategy = make_strategy(x);
    EMU_ASSERT(x->strategy != NULL);
    divide(x, o->shard - (o->shards > 0), o->shards, x->standing.next);
    if (x->standing.is_known) {
        struct emu_words seen = {0};
        emu_coverage_save(before->coverage, &seen);
        EMU_ASSERT(emu_coverage_add(x->coverage, &seen));
        emu_words_free(&seen);
    }
    bool good = !x->standing.is_known ||
                emu_strategy_restore(x->strategy, x->session.machine, &x->session.program, words, goes_on);
    if (good) {
        struct emu_report report;
        struct cli_standing now = {0};
        explore(x, o->runs > 0 ? runs - before->runs : 0, o->seconds > 0 ? o->seconds - before->seconds : 0,
                &report);
        cli_progress_end(&x->progress);
        stand(x, &report, &now);
        cli_report_complete(&now.report, &x->session);
        emu_report_free(&report);
        cli_standing_end(&x->standing);
        x->standing = now;
    } else if (!cli_progress_interrupted()) {
        cli_complain("the resume file is damaged where it tells of scenario %s", x->session.scenario->name);
    }
    emu_strategy_destroy(x->strategy);
    emu_coverage_destroy(x->coverage);
    return good || cli_progress_interrupted();
}

/* ---- For another process ----------------------------------------------------------------------------------
 */

static void explore_part(void *context, const struct jobs_part *part, struct cli_report *r)
{
    struct exploration *x = context;
    struct emu_report report;
    x->coverage = cli_coverage_create();
    x->strategy = make_strategy(x);
    EMU_ASSERT(x->strategy != NULL);
    divide(x, part->shard, part->shards, part->first);
    explore(x, part->count, part->seconds, &report);
    cli_report_begin(r, x->standing.report.what);
    cli_report_take(r, &x->session, x->suppressions, &report, x->strategy, x->coverage);
    cli_report_complete(r, &x->session);
    emu_report_free(&report);
    emu_strategy_destroy(x->strategy);
    emu_coverage_destroy(x->coverage);
}

static void save_standing(void *context)
{
    struct exploration *x = context;
    if (x->resume->path != NULL)
        cli_resume_note(x->resume, x->standing.report.what, &x->standing);
}

/* ---- One scenario -----------------------------------------------------------------------------------------
 */

/* Strategies that come to an end of their own, which workers that share the work may not be able to prove. */
static bool may_prove(enum cli_strategy strategy)
{
    return strategy == CLI_STRATEGY_AUTO || strategy == CLI_STRATEGY_DPOR ||
           strategy == CLI_STRATEGY_DPOR_SOURCE;
}

/*
 * A small scenario is done before workers have started, and proved: so many runs are tried in this process
 * first. Where they do not suffice nothing is kept of them, but what there is to show after Ctrl-C. False:
 * said why.
 */
static bool explore_alone(struct exploration *x, struct cli_report *shown)
{
    const struct cli_options *options = x->options;
    struct cli_resume *resume = x->resume, nowhere = {0};
    struct cli_options few = *options;
    few.runs = options->runs > 0 && options->runs < RUNS_ALONE ? options->runs : RUNS_ALONE;
    x->options = &few;
    x->resume = &nowhere;
    bool good = explore_here(x);
    x->options = options;
    x->resume = resume;
    if (!good || x->standing.ended)
        return good;
    if (cli_progress_interrupted())
        cli_report_add(shown, &x->standing.report);
    json_t *what = json_incref(x->standing.report.what);
    cli_standing_end(&x->standing);
    good = cli_resume_find(resume, what, &x->standing);
    json_decref(what);
    return good;
}

/* CLI_CLEAN, or said why not. */
static enum cli_status explore_somehow(struct exploration *x, struct cli_report *shown)
{
    if (x->options->jobs > 0 && x->options->shards == 0 && !x->standing.is_known &&
        may_prove(x->options->strategy)) {
        if (!explore_alone(x, shown))
            return CLI_BAD_INPUT;
        if (!x->standing.ended && cli_progress_interrupted())
            return CLI_CLEAN;
    }
    if (x->standing.ended || x->options->jobs == 0) {
        bool good = explore_here(x);
        cli_report_add(shown, &x->standing.report);
        shown->complete = x->standing.report.complete;
        return good ? CLI_CLEAN : CLI_BAD_INPUT;
    }
    return jobs_explore(x->options, &x->session, &x->standing, shown, save_standing, x);
}

/* Shows what came of it, and notes where it stands. False: said why. */
static bool show(struct exploration *x, const struct cli_report *shown, struct cli_results *results)
{
    const struct cli_options *o = x->options;
    const struct cli_report_shape shape = {.machine = x->session.machine,
                                           .session = &x->session,
                                           .module = o->module,
                                           .quiet = o->quiet,
                                           .all = o->all};
    if (o->format == CLI_FORMAT_TEXT)
        cli_report_text(results->out.stream, shown, &shape);
    cli_results_add(results, cli_report_json(shown, x->session.machine));
    return cli_resume_note(x->resume, shown->what, &x->standing);
}

/* A clean exploration in which nothing could misbehave proves less than it seems. Known of runs of this
 * process alone. */
static void tell_of_hardware(const struct exploration *x)
{
    const struct cli_options *o = x->options;
    if (o->hardware == CLI_HARDWARE_MISBEHAVING && o->jobs == 0 && x->resume->path == NULL &&
        !emu_misdeed_offered(x->session.machine))
        cli_complain("scenario %s: no device came to a point where it could misbehave",
                     x->session.scenario->name);
}

/* Takes what it used from what is left. An enum cli_status. */
static int explore_on(const struct cli_options *options, const struct haldma_scenario *scenario,
                      const struct haldma_platform *platform, struct limits *left, struct cli_resume *resume,
                      struct cli_results *results)
{
    char label[CLI_LABEL_TEXT];
    struct exploration x = {.options = options, .resume = resume, .suppressions = results->suppressions};
    if (!cli_session_open(&x.session, scenario, platform, 0, options->profile))
        return CLI_BAD_INPUT;
    cli_session_set_hardware(&x.session, options->hardware);
    cli_session_set_faults(&x.session, options);
    int status = CLI_BAD_INPUT;
    emu_machine_set_go_past(x.session.machine, options->go_on ? EMU_REPORTED_MAX : 0);
    cli_suppress_for(x.suppressions, x.session.machine);
    json_t *what = cli_report_what(options, &x.session, x.suppressions);
    if (cli_resume_find(resume, what, &x.standing)) {
        struct cli_report shown;
        cli_report_begin(&shown, what);
        x.progress = (struct cli_progress){.label = cli_report_label(&shown, label),
                                           .shown = !options->quiet && isatty(STDERR_FILENO)};
        if (options->worker) {
            x.progress.shown = false;
            status = jobs_work(explore_part, &x);
        } else if ((status = (int)explore_somehow(&x, &shown)) == CLI_CLEAN) {
            status = json_array_size(shown.findings) > 0 ? CLI_FINDING : CLI_CLEAN;
            if (!show(&x, &shown, results))
                status = CLI_BAD_INPUT;
            if (status == CLI_CLEAN)
                tell_of_hardware(&x);
        }
        uint64_t used = options->shards > 0 ? options->runs : shown.runs;
        left->runs -= used < left->runs ? used : left->runs;
        left->seconds -= shown.seconds < left->seconds ? shown.seconds : left->seconds;
        cli_report_end(&shown);
        cli_standing_end(&x.standing);
    }
    json_decref(what);
    cli_session_close(&x.session);
    return status;
}

/* Each platform gets an even share of what is left of the limits when its turn comes. */
static int explore_scenario(const struct cli_options *options, const struct haldma_scenario *scenario,
                            struct cli_resume *resume, struct cli_results *results)
{
    bool ends = options->strategy == CLI_STRATEGY_FIFO || options->strategy == CLI_STRATEGY_EXHAUSTIVE ||
                options->strategy == CLI_STRATEGY_SWEEP || options->strategy == CLI_STRATEGY_DELAY ||
                options->strategy == CLI_STRATEGY_DPOR || options->strategy == CLI_STRATEGY_DPOR_SOURCE ||
                options->faults.policy == EMU_FAULTS_SWEEP || options->faults.policy == EMU_FAULTS_STACKS;
    ends &= options->faults.policy != EMU_FAULTS_RANDOM;
    bool limited = options->runs != 0 || options->seconds > 0 || options->until_saturated;
    struct limits left = {options->runs, !ends && !limited ? SECONDS_DEFAULT : options->seconds};
    bool has_runs = left.runs > 0, has_seconds = left.seconds > 0;
    const struct haldma_platform *platforms[CLI_PLATFORMS_MAX];
    unsigned count = cli_session_platforms(scenario, options->platform, platforms);
    int worst = CLI_CLEAN;
    if (count == 0) {
        cli_complain("scenario %s is not for platform %s", scenario->name, options->platform->name);
        return CLI_BAD_INPUT;
    }
    for (unsigned i = 0; i < count && !cli_progress_interrupted(); i++) {
        struct cli_options share = *options;
        if ((has_runs && left.runs == 0) || (has_seconds && left.seconds <= 0)) {
            cli_complain("nothing is left of the limits for %s on %s", scenario->name, platforms[i]->name);
            break;
        }
        share.runs = (left.runs + count - i - 1) / (count - i);
        share.seconds = left.seconds / (count - i);
        if (i > 0 && options->format == CLI_FORMAT_TEXT)
            fputc('\n', results->out.stream);
        int status = explore_on(&share, scenario, platforms[i], &left, resume, results);
        worst = status > worst ? status : worst;
    }
    return worst;
}

/* From the first to the one before end, until Ctrl-C. The worst of their statuses. */
static int explore_each(const struct cli_options *options, const struct haldma_scenario *first,
                        const struct haldma_scenario *end, struct cli_resume *resume,
                        struct cli_results *results)
{
    int worst = CLI_CLEAN;
    unsigned shown = 0;
    for (const struct haldma_scenario *s = first; s < end && !cli_progress_interrupted(); s++) {
        const struct haldma_platform *platforms[CLI_PLATFORMS_MAX];
        if (cli_session_platforms(s, options->platform, platforms) == 0 && options->scenario == NULL)
            continue;
        if (shown++ > 0 && options->format == CLI_FORMAT_TEXT)
            fputc('\n', results->out.stream);
        int status = explore_scenario(options, s, resume, results);
        worst = status > worst ? status : worst;
    }
    if (shown == 0 && !cli_progress_interrupted()) {
        cli_complain("no scenario of %s is for platform %s", options->module, options->platform->name);
        return CLI_BAD_INPUT;
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
    struct cli_resume resume;
    struct cli_results results;
    struct cli_suppressions suppressions;
    if (!cli_suppress_open(&suppressions, options->suppress, options->fail_on))
        return CLI_BAD_INPUT;
    if (!cli_resume_open(&resume, options) || !cli_results_open(&results, options)) {
        cli_resume_close(&resume);
        cli_suppress_close(&suppressions);
        return CLI_BAD_INPUT;
    }
    results.suppressions = &suppressions;
    cli_progress_catch_interrupt();
    int status = explore_each(options, first, end, &resume, &results);
    if (status != CLI_BAD_INPUT && !options->worker && cli_progress_interrupted() &&
        !cli_resume_keep(&resume))
        status = CLI_BAD_INPUT;
    cli_resume_close(&resume);
    bool whole = options->scenario == NULL && options->shards == 0 && !cli_progress_interrupted();
    if (status != CLI_BAD_INPUT && !options->worker && whole)
        cli_suppress_tell_unused(&suppressions, results.array);
    cli_suppress_close(&suppressions);
    if (status == CLI_BAD_INPUT || options->worker)
        cli_results_discard(&results);
    else if (!cli_results_commit(&results, cli_results_json(&results)))
        status = CLI_BAD_INPUT;
    return status;
}
