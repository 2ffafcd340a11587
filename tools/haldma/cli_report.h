/*
 * The report of an exploration, or of a part of one: what came of it, on its own feet, so that it can be
 * shown, written, read in another process and put together with others.
 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "cli_options.h"
#include "cli_session.h"
#include "cli_suppress.h"

#include <emu/part.h>
#include <jansson.h>
#include <stdio.h>

struct cli_report {
    json_t *what; /* of which exploration: module, scenario, strategy and all else that has to be equal */
    uint64_t runs, steps;
    double seconds;
    bool complete, interrupted, saturated;
    bool watched; /* the drivers' plain accesses were looked at */
    bool reduces;
    struct emu_reduction reduction;
    json_t *findings; /* by run */
    json_t *passed;   /* findings that were passed over, each with suppression and times */
    /* how often there were findings of more kinds than an exploration keeps; they are not in the arrays */
    uint64_t findings_unlisted, passed_unlisted;
    json_t *shares; /* who had how many runs */
    char *bound;    /* a line about what a clean result says; NULL: nothing */
    struct emu_coverage *coverage;
};

/* Of nothing so far. what is kept (a reference of its own). */
void cli_report_begin(struct cli_report *r, json_t *what);
void cli_report_end(struct cli_report *r);

/* What has to be equal in all parts of an exploration. */
json_t *cli_report_what(const struct cli_options *options, const struct cli_session *session,
                        const struct cli_suppressions *suppressions);

/* What an exploration that emu_explore() made came to; strategy is the one that made it, suppressions what
 * it passed findings over by. */
void cli_report_take(struct cli_report *r, const struct cli_session *session,
                     struct cli_suppressions *suppressions, const struct emu_report *explored,
                     const struct emu_strategy *strategy, const struct emu_coverage *coverage);

/* Adds what takes runs of its own to learn: the last steps before each finding. After the exploration. */
void cli_report_complete(struct cli_report *r, struct cli_session *session);

/* Adds what was done before r, of which strategy and coverage in r know already. */
void cli_report_go_on(struct cli_report *r, const struct cli_report *before);

/*
 * Adds another part's report. Of findings with one rule and code the first one is kept. complete: both have
 * to be, and by the same strategy's end, unless r is of nothing so far.
 */
void cli_report_add(struct cli_report *r, const struct cli_report *part);

/* As another process reads it: all of it. read(): false when it is none; then *r is as after end(). */
json_t *cli_report_write(const struct cli_report *r);
bool cli_report_read(struct cli_report *r, const json_t *json);
/* Numbers as a string, and back. */
json_t *cli_words_json(const struct emu_words *words);
bool cli_words_read(struct emu_words *words, const json_t *json);

/* As people read it; machine knows the names of operations. */
struct cli_report_shape {
    const struct emu_machine *machine;
    struct cli_session *session; /* to show timelines; NULL: they are not */
    const char *module;          /* as it was named; NULL: as the report has it */
    bool quiet, all;
};
void cli_report_text(FILE *out, const struct cli_report *r, const struct cli_report_shape *shape);
json_t *cli_report_json(const struct cli_report *r, const struct emu_machine *machine);
/* "exhaustive, at most 2 preemptions"; returns label. */
enum { CLI_LABEL_TEXT = 128 };
const char *cli_report_label(const struct cli_report *r, char label[CLI_LABEL_TEXT]);

#endif
