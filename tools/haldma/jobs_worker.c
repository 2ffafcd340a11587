/*
 * The worker's side: a line asks, a line answers.
 */
#include "cli_progress.h"
#include "cli_status.h"
#include "jobs.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

bool jobs_by_numbers(const struct cli_options *options)
{
    enum cli_strategy strategy = options->strategy;
    if (options->faults.policy == EMU_FAULTS_SWEEP || options->faults.policy == EMU_FAULTS_STACKS)
        return false;
    return strategy == CLI_STRATEGY_FIFO || strategy == CLI_STRATEGY_RANDOM ||
           strategy == CLI_STRATEGY_SWEEP || strategy == CLI_STRATEGY_PCT || strategy == CLI_STRATEGY_POS ||
           strategy == CLI_STRATEGY_SURW;
}

int jobs_work(void (*explore)(void *context, const struct jobs_part *part, struct cli_report *report),
              void *context)
{
    enum { LINE = 256, NUMBERS = 5 };
    char line[LINE];
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody is left to read the answer */
    if (getppid() == 1)
        return CLI_BAD_INPUT;
    while (!cli_progress_interrupted() && fgets(line, sizeof line, stdin) != NULL) {
        struct jobs_part part;
        struct cli_report report;
        if (sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNu32 " %" SCNu32 " %lf", &part.first, &part.count,
                   &part.shard, &part.shards, &part.seconds) != NUMBERS)
            return CLI_BAD_INPUT;
        explore(context, &part, &report);
        json_t *answer = cli_report_write(&report);
        json_dumpf(answer, stdout, JSON_COMPACT);
        putchar('\n');
        fflush(stdout);
        json_decref(answer);
        cli_report_end(&report);
    }
    return CLI_CLEAN;
}
