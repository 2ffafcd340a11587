/*
 * The command line's words: which options each command has, and what was said.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <emu/fault.h>
#include <emu/machine.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli_rule.h"

struct haldma_platform;

enum cli_command_id {
    CLI_LIST = 1 << 0,
    CLI_RUN = 1 << 1,
    CLI_EXPLORE = 1 << 2,
    CLI_REPLAY = 1 << 3,
    CLI_SHRINK = 1 << 4,
    CLI_EXPLAIN = 1 << 5,
    CLI_REPRODUCE = 1 << 6,
    CLI_MERGE = 1 << 7,
    CLI_RULES = 1 << 8,
};

enum cli_strategy {
    CLI_STRATEGY_AUTO,
    CLI_STRATEGY_FIFO,
    CLI_STRATEGY_RANDOM,
    CLI_STRATEGY_EXHAUSTIVE,
    CLI_STRATEGY_DELAY,
    CLI_STRATEGY_SWEEP,
    CLI_STRATEGY_PCT,
    CLI_STRATEGY_POS,
    CLI_STRATEGY_SURW,
    CLI_STRATEGY_DPOR,
    CLI_STRATEGY_DPOR_SOURCE,
    CLI_STRATEGIES
};
extern const char *const cli_strategy_names[CLI_STRATEGIES];

enum cli_profile {
    CLI_PROFILE_OF_SCENARIO,
    CLI_PROFILE_TYPICAL,
    CLI_PROFILE_HOSTILE,
    CLI_PROFILE_VERIFIER,
    CLI_PROFILES
};
/* What each but the first stands for. */
enum emu_profile cli_profile_of_machine(enum cli_profile profile);

enum cli_format { CLI_FORMAT_TEXT, CLI_FORMAT_JSON, CLI_FORMAT_JUNIT, CLI_FORMAT_SARIF, CLI_FORMATS };
enum cli_hardware { CLI_HARDWARE_OF_SCENARIO, CLI_HARDWARE_FAITHFUL, CLI_HARDWARE_MISBEHAVING };

enum { CLI_JOBS_MAX = 1024 };
enum { CLI_UNBOUNDED = -1, CLI_SEED_DEFAULT = 1 };

struct cli_options {
    const char *module;   /* of rules: the rule; NULL: all of them */
    const char *token;    /* replay, shrink, explain */
    char **files;         /* merge: NULL behind the last; else NULL */
    const char *scenario; /* NULL: not said */
    enum cli_strategy strategy;
    uint64_t runs;  /* 0: not said */
    double seconds; /* 0: not said */
    uint64_t seed;
    int preemptions;      /* CLI_UNBOUNDED: not said */
    int interrupts;       /* the same */
    int delays;           /* the same */
    unsigned depth;       /* of pct; 0: not said */
    bool until_saturated; /* explore */
    enum cli_profile profile;
    enum cli_hardware hardware;
    const char *faults_said;                /* NULL: not said, as the scenario has it */
    struct emu_faults faults;               /* which calls fail, where that was said */
    const struct haldma_platform *platform; /* NULL: not said */
    uint64_t times;                         /* replay */
    enum cli_format format;
    bool json;                 /* that is the format */
    const char *junit;         /* where JUnit XML goes besides; NULL: nowhere */
    const char *sarif;         /* the same for SARIF */
    bool go_on;                /* explore: past findings after which a machine can go on */
    const char *suppress;      /* explore: a file; NULL: none */
    enum cli_severity fail_on; /* what is less severe is passed over */
    const char *source_root;   /* what files are told from there; NULL: not said */
    const char *output;        /* NULL: standard output */
    bool quiet;
    bool all;               /* of the timeline */
    bool timeline;          /* explain: the timeline, not the story */
    unsigned width;         /* explain: of a line; 0: not said */
    const char *log;        /* reproduce */
    unsigned jobs;          /* explore: worker processes; 0: none */
    uint32_t shard, shards; /* explore: part shard of shards, from 1; 0: not said */
    const char *resume;     /* explore: what to go on with; NULL: nothing */
    const char *save;       /* explore: where to keep what to go on with; NULL: not said */
    bool worker;            /* explore: this is one */
    bool exact;             /* reproduce: nothing is printed that the log has not */
};

struct cli_command {
    enum cli_command_id id;
    const char *name;
    const char *arguments;                         /* "MODULE TOKEN" */
    const char *summary;                           /* one line, for the list of commands */
    const char *help;                              /* a paragraph */
    int (*run)(const struct cli_options *options); /* an enum cli_status */
};

/* Fills *options from the words after the command's name, which is argv[0]. Ends the program for --help and
 * mistakes. */
void cli_options_parse(const struct cli_command *command, int argc, char **argv, struct cli_options *options);

#endif
