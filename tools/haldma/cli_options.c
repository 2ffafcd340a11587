/*
 * One table of options; each command shows and takes those that are marked for it. Parsing is argp's.
 */
#include "cli_options.h"

#include "cli_status.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const cli_strategy_names[CLI_STRATEGIES] = {"auto", "fifo", "random", "exhaustive"};

enum key {
    KEY_SCENARIO = 256, /* above every character: no short options */
    KEY_STRATEGY,
    KEY_RUNS,
    KEY_SECONDS,
    KEY_SEED,
    KEY_PREEMPTIONS,
    KEY_PROFILE,
    KEY_TIMES,
    KEY_FORMAT,
    KEY_OUTPUT,
    KEY_QUIET,
    KEY_ALL,
    KEY_TIMELINE,
    KEY_WIDTH,
    KEY_LOG,
    KEY_EXACT,
    KEY_USAGE,
    KEY_HELP = '?', /* as argp's own */
};
enum { WIDTH_LEAST = 40, WIDTH_MOST = 1000 };
enum { GROUP_LAST = -1 }; /* of argp: after all others */

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
      "auto (exhaustive with 0, 1, 2 preemptions, then random; the default), fifo, random or exhaustive", 0}},
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
     {"seed", KEY_SEED, "N", 0, "Seed of the random strategy (default 1)", 0}},
    {CLI_EXPLORE,
     {"preemptions", KEY_PREEMPTIONS, "N", 0, "Exhaustive, auto: at most N preemptions in a run", 0}},
    {CLI_RUN | CLI_EXPLORE | CLI_REPRODUCE,
     {"profile", KEY_PROFILE, "NAME", 0,
      "typical: the machine does what a common PC does; hostile: whatever is legal (default: as the scenario "
      "has it)",
      0}},
    {CLI_REPLAY, {"times", KEY_TIMES, "N", 0, "Replay N times, with one trace hash (default 1)", 0}},
    {UINT_MAX, {"format", KEY_FORMAT, "NAME", 0, "text (the default) or json", 0}},
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
    char list[64] = "";
    for (unsigned i = 0; i < count; i++) {
        if (i > 0)
            strcat(list, i + 1 < count ? ", " : " or ");
        strcat(list, words[i]);
    }
    argp_failure(state, CLI_BAD_INPUT, 0, "--%s: '%s' is not %s", option, text, list);
    return 0;
}

static void take_argument(struct argp_state *state, const struct parsing *p, const char *text)
{
    bool takes_token = strstr(p->command->arguments, "TOKEN") != NULL;
    if (p->options->module == NULL)
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
    if (o->module == NULL || (takes_token && o->token == NULL))
        argp_failure(state, CLI_BAD_INPUT, 0, "an argument is missing; wanted: %s", p->command->arguments);
    if (p->command->id == CLI_REPRODUCE && o->log == NULL)
        argp_failure(state, CLI_BAD_INPUT, 0, "--log FILE is missing");
    if (p->command->id == CLI_REPRODUCE && o->strategy != CLI_STRATEGY_AUTO &&
        o->strategy != CLI_STRATEGY_RANDOM)
        argp_failure(state, CLI_BAD_INPUT, 0, "--strategy: a log is reproduced by auto or random");
    if (p->command->id == CLI_RUN && o->strategy != CLI_STRATEGY_FIFO && o->strategy != CLI_STRATEGY_RANDOM)
        argp_failure(state, CLI_BAD_INPUT, 0, "--strategy: one run is fifo or random");
    if (o->preemptions != CLI_UNBOUNDED && o->strategy != CLI_STRATEGY_EXHAUSTIVE &&
        o->strategy != CLI_STRATEGY_AUTO)
        argp_failure(state, CLI_BAD_INPUT, 0, "--preemptions goes with the strategies exhaustive and auto");
}

static error_t take(int key, char *text, struct argp_state *state)
{
    static const char *const profiles[] = {"typical", "hostile"};
    static const char *const formats[] = {"text", "json"};
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
    case KEY_PROFILE:
        o->profile =
            word(state, "profile", text, profiles, 2) == 0 ? CLI_PROFILE_TYPICAL : CLI_PROFILE_HOSTILE;
        return 0;
    case KEY_TIMES:
        o->times = number(state, "times", text, 1, INT64_MAX);
        return 0;
    case KEY_FORMAT:
        o->json = word(state, "format", text, formats, 2) == 1;
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
                             .times = 1};
    struct parsing parsing = {.command = command, .options = options};
    struct argp argp = {
        .options = mine, .parser = take, .args_doc = command->arguments, .doc = command->help};
    argp_err_exit_status = CLI_BAD_INPUT;
    argp_parse(&argp, argc, argv, ARGP_NO_HELP, NULL, &parsing);
}
