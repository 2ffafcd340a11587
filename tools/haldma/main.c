/*
 * haldma: the command line. Loads scenario modules; explores, replays, shrinks and explains what they do.
 */
#include "cli_abort.h"
#include "cli_output.h"
#include "cli_status.h"
#include "commands.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct cli_command commands[] = {
    {CLI_LIST, "list", "MODULE", "name the scenarios of a module",
     "Names the scenarios of MODULE, a shared object that was built with haldma_add_scenarios().",
     command_list},
    {CLI_RUN, "run", "MODULE", "make one run and show its trace",
     "Makes one run of a scenario and shows everything that happened, in order.", command_run},
    {CLI_EXPLORE, "explore", "MODULE", "look for an interleaving that fails",
     "Runs a scenario again and again, each time with other answers to what a real machine leaves open, "
     "until a run fails, "
     "there is nothing left to try, or the limits are reached. Without --runs and --seconds, auto and random "
     "stop after 10 "
     "seconds. Ctrl-C ends it with what was seen so far.",
     command_explore},
    {CLI_REPLAY, "replay", "MODULE TOKEN", "make the run that a token names",
     "Makes the run that TOKEN names, choice by choice, and shows it. A run that meets other choices than "
     "the token has is "
     "told, not continued.",
     command_replay},
    {CLI_SHRINK, "shrink", "MODULE TOKEN", "find a simpler run that fails in the same way",
     "Reduces the run that TOKEN names: fewer preemptions first, then fewer choices, while the same rule "
     "fails. The "
     "new token is all that is written to standard output; what was done goes to standard error.",
     command_shrink},
    {CLI_EXPLAIN, "explain", "MODULE TOKEN", "tell how a finding comes about",
     "Tells the finding of the run that TOKEN names as a story: the steps that matter, the two whose order "
     "decides, and the closest run that does not fail.",
     command_explain},
    {CLI_REPRODUCE, "reproduce", "MODULE", "find the run that printed what a log from the field says",
     "Looks for a run in which the driver prints what it printed on a machine in the field, in that order, "
     "up "
     "to the failure; each run begins where an earlier one agreed with the log for longest. Without --runs "
     "and --seconds it stops after 60 seconds. docs/reproduce.md tells what a log may look like.",
     command_reproduce},
    {CLI_MERGE, "merge", "FILE...", "put the reports of shards together",
     "Puts reports that explore --shard K/N --format json wrote together: one for each K, in any order. The "
     "result is that of the whole exploration.",
     command_merge},
    {CLI_RULES, "rules", "[RULE]", "tell what the rules are that findings name",
     "Tells what RULE asks of drivers, which page of the documentation says so, and how severe a breach is; "
     "without RULE, of all rules.",
     command_rules},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void usage(FILE *out)
{
    fprintf(out, "Usage: haldma COMMAND MODULE [TOKEN] [OPTION...]\n\nCommands:\n");
    for (unsigned i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].summary);
    fprintf(
        out,
        "\n'haldma COMMAND --help' tells the options of each. MODULE is a shared object with scenarios, "
        "TOKEN what\n"
        "explore printed for a finding.\n\nExit status: %d no finding, %d a finding, %d bad usage or input, "
        "%d an error of the emulator.\n",
        CLI_CLEAN, CLI_FINDING, CLI_BAD_INPUT, CLI_EMULATOR);
}

/* Standard files that were closed would be the next files opened: a message would go into a result. */
static bool open_standard_files(void)
{
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
        if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", O_RDWR) != descriptor)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    if (!open_standard_files())
        return CLI_EMULATOR;
    cli_abort_install();
    if (argc < 2) {
        usage(stderr);
        return CLI_BAD_INPUT;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "help") == 0) {
        usage(stdout);
        return CLI_CLEAN;
    }
    if (strcmp(word, "--version") == 0) {
        puts("haldma " HALDMA_VERSION);
        return CLI_CLEAN;
    }
    for (unsigned i = 0; i < COMMANDS; i++) {
        if (strcmp(word, commands[i].name) != 0)
            continue;
        char name[32]; /* what argp calls the program in usage and messages */
        snprintf(name, sizeof name, "haldma %s", word);
        argv[1] = name;
        struct cli_options options;
        cli_options_parse(&commands[i], argc - 1, argv + 1, &options);
        cli_abort_guard(true);
        int status = commands[i].run(&options);
        cli_abort_guard(false);
        return status;
    }
    cli_complain(
        "'%s' is no command; they are: list, run, explore, replay, shrink, explain, reproduce, merge, rules",
        word);
    return CLI_BAD_INPUT;
}
