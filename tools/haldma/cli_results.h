/*
 * Results on their way out: of one command, in the format that was asked for, and beside it as JUnit XML and
 * as SARIF where files for these were named. All files are there in whole or not at all.
 */
#ifndef CLI_RESULTS_H
#define CLI_RESULTS_H

#include "cli_options.h"
#include "cli_output.h"
#include "cli_session.h"
#include "cli_suppress.h"

struct cli_results {
    const struct cli_options *options;
    struct cli_output out;                 /* text goes to out.stream as it comes */
    struct cli_output junit, sarif;        /* stream NULL: not asked for */
    json_t *array;                         /* of results: see cli_results_add() */
    struct cli_suppressions *suppressions; /* of explore */
};

/* False: said why; nothing was touched. */
bool cli_results_open(struct cli_results *r, const struct cli_options *options);

/* Takes over a result: an exploration's as cli_report_json() makes it. */
void cli_results_add(struct cli_results *r, json_t *result);
/* The same for one run: runs were made in so many seconds until it came. finding (taken over) may be null. */
void cli_results_add_run(struct cli_results *r, const struct cli_session *session, json_t *finding,
                         uint64_t runs, double seconds);

/* An exploration's results as --format json gives them: one as it is, several in an object. */
json_t *cli_results_json(const struct cli_results *r);

/* Writes everything. json: what --format json gives (taken over). False: said why. */
bool cli_results_commit(struct cli_results *r, json_t *json);
/* Nothing of it is wanted. */
void cli_results_discard(struct cli_results *r);

/* The formats: see cli_junit.c, cli_sarif.c. results: an array. root: an absolute path; "": none. */
void cli_junit_write(FILE *out, const json_t *results, const char *root);
json_t *cli_sarif_json(const json_t *results, const char *root);

/* A path below root as one from there; another as it is; returns a part of path. */
const char *cli_below(const char *path, const char *root);

#endif
