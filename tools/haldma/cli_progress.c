/*
 * One line on standard error, written over and over; results go elsewhere.
 */
#include "cli_progress.h"

#include "cli_describe.h"

#include <signal.h>

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

void cli_progress_catch_interrupt(void)
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

bool cli_progress_interrupted(void)
{
    return interrupted != 0;
}

bool cli_progress_report(void *context, const struct emu_report *so_far)
{
    const struct cli_progress *p = context;
    if (p->shown) {
        char runs[CLI_COUNT_TEXT], rate[CLI_COUNT_TEXT];
        double per_second = so_far->seconds > 0 ? (double)so_far->runs / so_far->seconds : 0;
        fprintf(stderr, "\r  %s: %s, %s a second, %.1f s\033[K", p->label, cli_runs(so_far->runs, runs),
                cli_count((uint64_t)per_second, rate), so_far->seconds);
        fflush(stderr);
    }
    return !cli_progress_interrupted();
}

void cli_progress_end(const struct cli_progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
}
