/*
 * The progress line on a terminal, and Ctrl-C.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <emu/explore.h>

/* From now on Ctrl-C asks the running exploration to end; a second one ends the program. */
void cli_progress_catch_interrupt(void);
bool cli_progress_interrupted(void);

struct cli_progress {
    const char *label; /* what is being done */
    bool shown;        /* on a terminal, and not told to be quiet */
};

/* For emu_explore_options.progress; context is a struct cli_progress. */
bool cli_progress_report(void *context, const struct emu_report *so_far);
/* Wipes the line. */
void cli_progress_end(const struct cli_progress *p);

#endif
