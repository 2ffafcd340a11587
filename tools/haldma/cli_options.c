/*
 * One table of options; each command shows and takes those that are marked for it. Parsing is argp's.
 */
#include "cli_options.h"

#include "cli_status.h"

#include <argp.h>
#include <emu/part.h>
#include <emu/strategies.h>
#include <errno.h>
#include <haldma.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const cli_strategy_names[CLI_STRATEGIES] = {
    "auto", "fifo", "random", "exhaustive", "delay", "sweep", "pct", "pos", "surw", "dpor", "dpor-source"};

enum emu_profile cli_profile_of_machine(enum cli_profile profile)
{
    static const enum emu_profile profiles[CLI_PROFILES] = {
        [CLI_PROFILE_TYPICAL] = EMU_PROFILE_TYPICAL,
        [CLI_PROFILE_HOSTILE] = EMU_PROFILE_HOSTILE,
        [CLI_PROFILE_VERIFIER] = EMU_PROFILE_VERIFIER,
    };
    return profiles[profile];
}

enum key {
    KEY_SCENARIO = 256, /* above every character: no short options */
    KEY_STRATEGY,
    KEY_RUNS,
    KEY_SECONDS,
    KEY_SEED,
    KEY_PREEMPTIONS,
    KEY_INTERRUPTS,
    KEY_DELAYS,
    KEY_DEPTH,
    KEY_SATURATED,
    KEY_PROFILE,
    KEY_HARDWARE,
    KEY_FAULTS,
    KEY_FAULT_RUNS,
    KEY_PLATFORM,
    KEY_TIMES,
    KEY_FORMAT,
    KEY_JUNIT,
    KEY_SARIF,
    KEY_SOURCE_ROOT,
    KEY_SUPPRESS,
    KEY_FAIL_ON,
    KEY_GO_ON,
    KEY_OUTPUT,
    KEY_QUIET,
    KEY_ALL,
    KEY_TIMELINE,
    KEY_WIDTH,
    KEY_LOG,
    KEY_EXACT,
    KEY_JOBS,
    KEY_SHARD,
    KEY_RESUME,
    KEY_SAVE,
    KEY_WORKER,
    KEY_USAGE,
    KEY_HELP = '?', /* as argp's own */
};
enum { WIDTH_LEAST = 40, WIDTH_MOST = 1000, PLATFORMS_MAX = 8 };
enum { GROUP_LAST = -1 }; /* of argp: after all others */
/* Commands that report findings. */
enum { CLI_REPORTING = CLI_RUN | CLI_EXPLORE | CLI_REPLAY | CLI_REPRODUCE | CLI_MERGE };

static const struct {
    unsigned commands;
    struct argp_option option;
} all_options[] = {
    {CLI_EXPLORE, {"scenario", KEY_SCENARIO, "NAME", 0, "The scenario (default: all of them in turn)", 0}},
    {CLI_EXPLAIN, {"timeline", KEY_TIMELINE, NULL, 0, "Show the timeline, with each preemption marked", 0}},
    {CLI_EXPLAIN,
     {"width", KEY_WIDTH, "N", 0, "Characters in a line (default: the terminal's, else 100)", 0}},
    {CLI_REPRODUCE,
     {"log", KEY_LOG, "FILE", 0, "What the driver printed in the field (docs/reproduce.md)", 0}},
    {CLI_REPRODUCE, {"exact", KEY_EXACT, NULL, 0, "The run may print nothing that the log has not", 0}},
    {CLI_RUN | CLI_REPRODUCE,
     {"scenario", KEY_SCENARIO, "NAME", 0, "The scenario (default: the only one)", 0}},
    {CLI_EXPLORE,
     {"strategy", KEY_STRATEGY, "NAME", 0,
      "auto (shares the runs among all others; the default), fifo, exhaustive, dpor, dpor-source, delay, "
      "sweep, random, pct, pos or surw",
      0}},
    {CLI_REPRODUCE,
     {"strategy", KEY_STRATEGY, "NAME", 0, "auto (guided by the log; the default) or random", 0}},
    {CLI_RUN, {"strategy", KEY_STRATEGY, "NAME", 0, "fifo (the default) or random", 0}},
    {CLI_EXPLORE | CLI_REPRODUCE, {"runs", KEY_RUNS, "N", 0, "Make at most N runs", 0}},
    {CLI_SHRINK,
     {"runs", KEY_RUNS, "N", 0, "Make at most N runs, besides those that check the token and the new one",
      0}},
    {CLI_EXPLORE | CLI_SHRINK | CLI_REPRODUCE,
     {"seconds", KEY_SECONDS, "S", 0, "Go on for at most S seconds", 0}},
    {CLI_RUN | CLI_EXPLORE | CLI_REPRODUCE,
     {"seed", KEY_SEED, "N", 0, "Seed of what is random (default 1)", 0}},
    {CLI_EXPLORE,
     {"preemptions", KEY_PREEMPTIONS, "N", 0, "Exhaustive, dpor, auto: at most N preemptions in a run", 0}},
    {CLI_EXPLORE,
     {"interrupts", KEY_INTERRUPTS, "N", 0,
      "Exhaustive, auto: at most N interrupts that preempt, counted for themselves", 0}},
    {CLI_EXPLORE, {"delays", KEY_DELAYS, "N", 0, "Delay: pass others over at most N times in a run", 0}},
    {CLI_EXPLORE, {"depth", KEY_DEPTH, "N", 0, "Pct: depth of the bugs (default 2, 3, 4, 5 in turn)", 0}},
    {CLI_EXPLORE,
     {"until-saturated", KEY_SATURATED, NULL, 0, "End when the last half of the runs brought nothing new",
      0}},
    {CLI_EXPLORE, {"jobs", KEY_JOBS, "N", 0, "Spread the runs over N worker processes", 0}},
    {CLI_EXPLORE,
     {"shard", KEY_SHARD, "K/N", 0, "Explore part K of N alone; 'haldma merge' puts them together", 0}},
    {CLI_EXPLORE, {"resume", KEY_RESUME, "FILE", 0, "Go on where the exploration that left FILE stopped", 0}},
    {CLI_EXPLORE,
     {"save", KEY_SAVE, "FILE", 0, "Keep in FILE what --resume needs (default: only after Ctrl-C)", 0}},
    {CLI_EXPLORE, {"worker", KEY_WORKER, NULL, OPTION_HIDDEN, NULL, 0}},
    {CLI_RUN | CLI_EXPLORE | CLI_REPRODUCE,
     {"profile", KEY_PROFILE, "NAME", 0,
      "typical: the machine does what a common PC does; hostile: whatever is legal; verifier: that, "
      "verified as by Driver Verifier (default: as the scenario has it)",
      0}},
    {CLI_RUN | CLI_EXPLORE | CLI_REPRODUCE,
     {"hardware", KEY_HARDWARE, "NAME", 0,
      "faithful: devices do what the scenario has them do; misbehaving: whatever wrong they can "
      "(docs/devices.md)",
      0}},
    {CLI_EXPLORE | CLI_REPRODUCE,
     {"faults", KEY_FAULTS, "HOW", 0,
      "What can fail does: off, all (a choice like others), sweep (the Nth call for each N; "
      "sweep:persistent: "
      "and all after it), stacks (one for each call stack) or random[:RATE] (docs/faults.md)",
      0}},
    {CLI_EXPLORE | CLI_REPRODUCE,
     {"fault-runs", KEY_FAULT_RUNS, "N", 0, "Sweep, stacks: runs of the strategy for each fault (default 32)",
      0}},
    {CLI_EXPLORE,
     {"platform", KEY_PLATFORM, "NAME", 0,
      "pc, pc-remapped, pc-lowmem or soc (default: each that the scenario is for, in turn)", 0}},
    {CLI_RUN | CLI_REPRODUCE,
     {"platform", KEY_PLATFORM, "NAME", 0,
      "pc, pc-remapped, pc-lowmem or soc (default: the first that the scenario is for)", 0}},
    {CLI_REPLAY, {"times", KEY_TIMES, "N", 0, "Replay N times, with one trace hash (default 1)", 0}},
    {CLI_REPORTING, {"format", KEY_FORMAT, "NAME", 0, "text (the default), json, junit or sarif", 0}},
    {~(unsigned)CLI_REPORTING, {"format", KEY_FORMAT, "NAME", 0, "text (the default) or json", 0}},
    {CLI_REPORTING, {"junit", KEY_JUNIT, "FILE", 0, "Write the result to FILE as JUnit XML, besides", 0}},
    {CLI_REPORTING, {"sarif", KEY_SARIF, "FILE", 0, "Write the findings to FILE as SARIF 2.1.0, besides", 0}},
    {CLI_EXPLORE,
     {"go-on", KEY_GO_ON, NULL, 0, "Report findings after which the machine can go on, and go on", 0}},
    {CLI_EXPLORE,
     {"suppress", KEY_SUPPRESS, "FILE", 0, "Pass over the findings that FILE names, by rule and place", 0}},
    {CLI_EXPLORE,
     {"fail-on", KEY_FAIL_ON, "NAME", 0,
      "error, warning or note (the default): findings that are less severe are passed over", 0}},
    {CLI_REPORTING,
     {"source-root", KEY_SOURCE_ROOT, "DIR", 0,
      "In JUnit XML and SARIF, files below DIR are named from there (default: the current folder)", 0}},
    {UINT_MAX, {"output", KEY_OUTPUT, "FILE", 0, "Write the result to FILE, all of it or nothing", 0}},
    {UINT_MAX, {"quiet", KEY_QUIET, NULL, 0, "No progress and no timeline", 0}},
    {CLI_RUN | CLI_EXPLORE | CLI_REPLAY | CLI_EXPLAIN,
     {"all", KEY_ALL, NULL, 0, "Show the whole timeline, the set-up as well", 0}},
    {UINT_MAX, {"help", KEY_HELP, NULL, 0, "Give this help list", GROUP_LAST}},
    {UINT_MAX, {"usage", KEY_USAGE, NULL, 0, "Give a short usage message", GROUP_LAST}},
};
enum { OPTIONS = sizeof all_options / sizeof all_options[0] };

struct parsing {
    const struct cli_command *command;
    struct cli_options *options;
};

/* A whole number from least to most, in decimal digits only. */
static uint64_t number(struct argp_state *state, const char *option, const char *text, uint64_t least,
                       uint64_t most)
{
    errno = 0;
    unsigned long long value = strtoull(text, NULL, 10);
    if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0' || errno != 0 || value < least ||
        value > most)
        argp_failure(state, CLI_BAD_INPUT, 0, "--%s: '%s' is no whole number from %llu to %llu", option, text,
                     (unsigned long long)least, (unsigned long long)most);
    return value;
}

/* Above 0, in decimal digits with or without a point. */
static double seconds(struct argp_state *state, const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (text[strspn(text, "0123456789.")] != '\0' || end == text || *end != '\0' || !isfinite(value) ||
        value <= 0)
        argp_failure(state, CLI_BAD_INPUT, 0, "--seconds: '%s' is no number above 0", text);
    return value;
}

/* The index of text among count words. */
static unsigned word(struct argp_state *state, const char *option, const char *text, const char *const *words,
                     unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0)
            return i;
    }
    char list[128] = "";
    for (unsigned i = 0; i < count; i++) {
        if (i > 0)
            strcat(list, i + 1 < count ? ", " : " or ");
        strcat(list, words[i]);
    }
    argp_failure(state, CLI_BAD_INPUT, 0, "--%s: '%s' is not %s", option, text, list);
    return 0;
}

/* "off", "all", "sweep", "sweep:persistent", "stacks", "random", "random:0.05" */
static void take_faults(struct argp_state *state, const char *text, struct cli_options *o)
{
    static const char *const plain[] = {[EMU_FAULTS_OFF] = "off",
                                        [EMU_FAULTS_ALL] = "all",
                                        [EMU_FAULTS_SWEEP] = "sweep",
                                        [EMU_FAULTS_STACKS] = "stacks",
                                        [EMU_FAULTS_RANDOM] = "random"};
    o->faults_said = text;
    for (unsigned i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (strcmp(text, plain[i]) == 0) {
            o->faults.policy = (enum emu_fault_policy)i;
            return;
        }
    }
    if (strcmp(text, "sweep:persistent") == 0) {
        o->faults.policy = EMU_FAULTS_SWEEP;
        o->faults.persistent = true;
        return;
    }
    const size_t prefix = strlen("random:");
    const char *rate = strncmp(text, "random:", prefix) == 0 ? text + prefix : "";
    char *end;
    double value = strtod(rate, &end);
    if (rate[strspn(rate, "0123456789.")] != '\0' || end == rate || *end != '\0' ||
        !(value * EMU_FAULTS_CERTAIN >= 1) || value > 1)
        argp_failure(state, CLI_BAD_INPUT, 0,
                     "--faults: '%s' is not off, all, sweep, sweep:persistent, stacks, random or "
                     "random:RATE with a rate from 0.001 to 1",
                     text);
    o->faults.policy = EMU_FAULTS_RANDOM;
    o->faults.rate = (unsigned)(value * EMU_FAULTS_CERTAIN + 0.5);
}

static enum cli_profile profile(struct argp_state *state, const char *text)
{
    const char *names[CLI_PROFILES];
    for (unsigned p = CLI_PROFILE_TYPICAL; p < CLI_PROFILES; p++)
        names[p] = emu_profile_name(cli_profile_of_machine((enum cli_profile)p));
    unsigned count = CLI_PROFILES - CLI_PROFILE_TYPICAL;
    return (enum cli_profile)(CLI_PROFILE_TYPICAL +
                              word(state, "profile", text, names + CLI_PROFILE_TYPICAL, count));
}

static const struct haldma_platform *platform(struct argp_state *state, const char *text)
{
    const char *names[PLATFORMS_MAX];
    unsigned count = 0;
    for (; count < PLATFORMS_MAX && haldma_platform_at(count) != NULL; count++)
        names[count] = haldma_platform_at(count)->name;
    return haldma_platform_at(word(state, "platform", text, names, count));
}

/* "2/3" */
static void take_shard(struct argp_state *state, const char *text, struct cli_options *o)
{
    enum { DIGITS_MAX = 9 };
    size_t first = strspn(text, "0123456789");
    size_t second = text[first] == '/' ? strspn(text + first + 1, "0123456789") : 0;
    bool good = first > 0 && first <= DIGITS_MAX && second > 0 && second <= DIGITS_MAX &&
                text[first + 1 + second] == '\0';
    unsigned long shard = good ? strtoul(text, NULL, 10) : 0;
    unsigned long shards = good ? strtoul(text + first + 1, NULL, 10) : 0;
    if (shard < 1 || shard > shards || shards > EMU_SHARDS_MAX)
        argp_failure(state, CLI_BAD_INPUT, 0, "--shard: '%s' is not K/N with K from 1 to N and N up to %d",
                     text, EMU_SHARDS_MAX);
    o->shard = (uint32_t)shard;
    o->shards = (uint32_t)shards;
}

static void take_argument(struct argp_state *state, const struct parsing *p, const char *text)
{
    bool takes_token = strstr(p->command->arguments, "TOKEN") != NULL;
    if (p->command->id == CLI_MERGE) /* all of them are */
        p->options->files = p->options->files != NULL ? p->options->files : &state->argv[state->next - 1];
    if (p->options->module == NULL || p->command->id == CLI_MERGE)
        p->options->module = text;
    else if (takes_token && p->options->token == NULL)
        p->options->token = text;
    else
        argp_failure(state, CLI_BAD_INPUT, 0, "'%s' is one argument too many; wanted: %s", text,
                     p->command->arguments);
}

/* What only together makes sense. */
static void check_whole(struct argp_state *state, const struct parsing *p)
{
    const struct cli_options *o = p->options;
    bool takes_token = strstr(p->command->arguments, "TOKEN") != NULL;
    bool takes_nothing = p->command->arguments[0] == '[';
    if ((o->module == NULL && !takes_nothing) || (takes_token && o->token == NULL))
        argp_failure(state, CLI_BAD_INPUT, 0, "an argument is missing; wanted: %s", p->command->arguments);
    if (p->command->id == CLI_REPRODUCE && o->log == NULL)
        argp_failure(state, CLI_BAD_INPUT, 0, "--log FILE is missing");
    if (p->command->id == CLI_REPRODUCE && o->strategy != CLI_STRATEGY_AUTO &&
        o->strategy != CLI_STRATEGY_RANDOM)
        argp_failure(state, CLI_BAD_INPUT, 0, "--strategy: a log is reproduced by auto or random");
    if (p->command->id == CLI_RUN && o->strategy != CLI_STRATEGY_FIFO && o->strategy != CLI_STRATEGY_RANDOM)
        argp_failure(state, CLI_BAD_INPUT, 0, "--strategy: one run is fifo or random");
    bool searches = o->strategy == CLI_STRATEGY_EXHAUSTIVE || o->strategy == CLI_STRATEGY_AUTO;
    if (o->preemptions != CLI_UNBOUNDED && !searches && o->strategy != CLI_STRATEGY_DPOR)
        argp_failure(state, CLI_BAD_INPUT, 0,
                     "--preemptions goes with the strategies exhaustive, dpor and auto");
    if (o->interrupts != CLI_UNBOUNDED && !searches)
        argp_failure(state, CLI_BAD_INPUT, 0, "--interrupts goes with the strategies exhaustive and auto");
    if (o->delays != CLI_UNBOUNDED && o->strategy != CLI_STRATEGY_DELAY)
        argp_failure(state, CLI_BAD_INPUT, 0, "--delays goes with the strategy delay");
    if (o->strategy == CLI_STRATEGY_DPOR && o->preemptions != CLI_UNBOUNDED && (o->jobs > 0 || o->shards > 0))
        argp_failure(state, CLI_BAD_INPUT, 0,
                     "dpor with --preemptions is not divided: --jobs and --shard go with exhaustive then");
    const char *const files[] = {o->output, o->junit, o->sarif, o->save};
    for (unsigned i = 0; i < sizeof files / sizeof files[0]; i++)
        for (unsigned k = 0; k < i; k++)
            if (files[i] != NULL && files[k] != NULL && strcmp(files[i], files[k]) == 0)
                argp_failure(state, CLI_BAD_INPUT, 0, "two results cannot go to one file, %s", files[i]);
    if (o->jobs > 0 && o->shards > 0)
        argp_failure(state, CLI_BAD_INPUT, 0, "--jobs and --shard do not go together");
    bool by_policy = o->faults.policy > EMU_FAULTS_ALL;
    bool divided = o->jobs > 0 || o->shards > 0, kept = o->resume != NULL || o->save != NULL;
    if (o->faults.policy == EMU_FAULTS_STACKS && divided)
        argp_failure(
            state, CLI_BAD_INPUT, 0,
            "--jobs and --shard do not go with --faults stacks: which there are is known from the runs "
            "before");
    if (by_policy && o->strategy == CLI_STRATEGY_AUTO && kept)
        argp_failure(
            state, CLI_BAD_INPUT, 0,
            "with --faults sweep, stacks and random --resume and --save go with strategies other than "
            "auto");
    if (o->faults.policy == EMU_FAULTS_RANDOM && o->strategy == CLI_STRATEGY_SWEEP && (divided || kept))
        argp_failure(state, CLI_BAD_INPUT, 0,
                     "--jobs, --shard, --resume and --save do not go with --faults random and the strategy "
                     "sweep");
    if (o->faults.runs != 0 && !by_policy)
        argp_failure(state, CLI_BAD_INPUT, 0, "--fault-runs goes with --faults sweep, stacks and random");
    if (o->depth != 0 && o->strategy != CLI_STRATEGY_PCT)
        argp_failure(state, CLI_BAD_INPUT, 0, "--depth goes with the strategy pct");
}

static error_t take(int key, char *text, struct argp_state *state)
{
    static const char *const hardware[] = {"faithful", "misbehaving"};
    static const char *const formats[CLI_FORMATS] = {"text", "json", "junit", "sarif"};
    const struct parsing *p = state->input;
    struct cli_options *o = p->options;
    switch (key) {
    case KEY_SCENARIO:
        o->scenario = text;
        return 0;
    case KEY_STRATEGY:
        o->strategy = (enum cli_strategy)word(state, "strategy", text, cli_strategy_names, CLI_STRATEGIES);
        return 0;
    case KEY_RUNS:
        o->runs = number(state, "runs", text, 1, INT64_MAX);
        return 0;
    case KEY_SECONDS:
        o->seconds = seconds(state, text);
        return 0;
    case KEY_SEED:
        o->seed = number(state, "seed", text, 0, INT64_MAX);
        return 0;
    case KEY_PREEMPTIONS:
        o->preemptions = (int)number(state, "preemptions", text, 0, INT_MAX);
        return 0;
    case KEY_INTERRUPTS:
        o->interrupts = (int)number(state, "interrupts", text, 0, INT_MAX);
        return 0;
    case KEY_DELAYS:
        o->delays = (int)number(state, "delays", text, 0, INT_MAX);
        return 0;
    case KEY_DEPTH:
        o->depth = (unsigned)number(state, "depth", text, 1, EMU_PCT_DEPTH_MAX);
        return 0;
    case KEY_SATURATED:
        o->until_saturated = true;
        return 0;
    case KEY_PROFILE:
        o->profile = profile(state, text);
        return 0;
    case KEY_HARDWARE:
        o->hardware = word(state, "hardware", text, hardware, 2) == 0 ? CLI_HARDWARE_FAITHFUL
                                                                      : CLI_HARDWARE_MISBEHAVING;
        return 0;
    case KEY_FAULTS:
        take_faults(state, text, o);
        return 0;
    case KEY_FAULT_RUNS:
        o->faults.runs = number(state, "fault-runs", text, 1, UINT64_MAX);
        return 0;
    case KEY_PLATFORM:
        o->platform = platform(state, text);
        return 0;
    case KEY_TIMES:
        o->times = number(state, "times", text, 1, INT64_MAX);
        return 0;
    case KEY_FORMAT:
        o->format = (enum cli_format)word(state, "format", text, formats,
                                          p->command->id & CLI_REPORTING ? CLI_FORMATS : CLI_FORMAT_JUNIT);
        o->json = o->format == CLI_FORMAT_JSON;
        return 0;
    case KEY_JUNIT:
        o->junit = text;
        return 0;
    case KEY_SARIF:
        o->sarif = text;
        return 0;
    case KEY_GO_ON:
        o->go_on = true;
        return 0;
    case KEY_SUPPRESS:
        o->suppress = text;
        return 0;
    case KEY_FAIL_ON:
        o->fail_on = (enum cli_severity)word(state, "fail-on", text, cli_severity_names, CLI_SEVERITIES);
        return 0;
    case KEY_SOURCE_ROOT:
        o->source_root = text;
        return 0;
    case KEY_OUTPUT:
        o->output = text;
        return 0;
    case KEY_QUIET:
        o->quiet = true;
        return 0;
    case KEY_ALL:
        o->all = true;
        return 0;
    case KEY_TIMELINE:
        o->timeline = true;
        return 0;
    case KEY_WIDTH:
        o->width = (unsigned)number(state, "width", text, WIDTH_LEAST, WIDTH_MOST);
        return 0;
    case KEY_LOG:
        o->log = text;
        return 0;
    case KEY_EXACT:
        o->exact = true;
        return 0;
    case KEY_JOBS:
        o->jobs = (unsigned)number(state, "jobs", text, 1, CLI_JOBS_MAX);
        return 0;
    case KEY_SHARD:
        take_shard(state, text, o);
        return 0;
    case KEY_RESUME:
        o->resume = text;
        return 0;
    case KEY_SAVE:
        o->save = text;
        return 0;
    case KEY_WORKER:
        o->worker = true;
        return 0;
    case KEY_HELP:
        argp_state_help(state, state->out_stream, ARGP_HELP_STD_HELP);
        return 0;
    case KEY_USAGE:
        argp_state_help(state, state->out_stream, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
        return 0;
    case ARGP_KEY_ARG:
        take_argument(state, p, text);
        return 0;
    case ARGP_KEY_END:
        check_whole(state, p);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void cli_options_parse(const struct cli_command *command, int argc, char **argv, struct cli_options *options)
{
    struct argp_option mine[OPTIONS + 1] = {{0}};
    unsigned count = 0;
    for (unsigned i = 0; i < OPTIONS; i++) {
        if (all_options[i].commands & command->id)
            mine[count++] = all_options[i].option;
    }
    *options =
        (struct cli_options){.strategy = command->id == CLI_RUN ? CLI_STRATEGY_FIFO : CLI_STRATEGY_AUTO,
                             .seed = CLI_SEED_DEFAULT,
                             .preemptions = CLI_UNBOUNDED,
                             .interrupts = CLI_UNBOUNDED,
                             .delays = CLI_UNBOUNDED,
                             .times = 1};
    struct parsing parsing = {.command = command, .options = options};
    struct argp argp = {
        .options = mine, .parser = take, .args_doc = command->arguments, .doc = command->help};
    argp_err_exit_status = CLI_BAD_INPUT;
    argp_parse(&argp, argc, argv, ARGP_NO_HELP, NULL, &parsing);
}
