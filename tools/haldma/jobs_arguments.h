/*
 * The command line of a worker process.
 */
#ifndef JOBS_ARGUMENTS_H
#define JOBS_ARGUMENTS_H

#include "cli_options.h"
#include "cli_session.h"

enum { JOBS_ARGUMENTS_MAX = 48, JOBS_NUMBER_TEXT = 24 };

struct jobs_arguments {
    char *words[JOBS_ARGUMENTS_MAX]; /* behind the last one a NULL */
    char numbers[JOBS_ARGUMENTS_MAX][JOBS_NUMBER_TEXT];
    unsigned count;
};

/* Of one that explores as options say; they are kept by the caller, and program too. */
void jobs_arguments_of_worker(struct jobs_arguments *a, const struct cli_options *options,
                              const struct cli_session *session, const char *program);

#endif
