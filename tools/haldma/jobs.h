/*
 * Worker processes: one exploration, spread over several processors of the host.
 */
#ifndef JOBS_H
#define JOBS_H

#include "cli_resume.h"
#include "cli_status.h"

/*
 * Explores the session's scenario with options->jobs workers, from where *standing stands, until it is done
 * or a limit is reached; *standing is then where it stands, and *shown the report to show, begun by the
 * caller. save is called now and then. CLI_CLEAN; CLI_BAD_INPUT: no workers can be had; CLI_EMULATOR: they
 * could not do their share; said why.
 */
enum cli_status jobs_explore(const struct cli_options *options, const struct cli_session *session,
                             struct cli_standing *standing, struct cli_report *shown,
                             void (*save)(void *context), void *context);

/*
 * A worker: answers each line of standard input that asks for a part of the exploration with a line of JSON,
 * until there are no more. explore() makes the part. An enum cli_status.
 */
struct jobs_part {
    uint64_t first, count;  /* numbers of runs; count 0: no limit */
    uint32_t shard, shards; /* shards 0: none, the numbers alone */
    double seconds;         /* 0: no limit */
};
int jobs_work(void (*explore)(void *context, const struct jobs_part *part, struct cli_report *report),
              void *context);

/* Is the exploration divided by the numbers of its runs, not by subtrees or by the faults that it sweeps? */
bool jobs_by_numbers(const struct cli_options *options);

#endif
