/*
 * The host's clock, for budgets and progress only: nothing that a run does depends on it.
 *
 * A stopwatch is told of every run and looks at the clock after every so many, as many as take about two
 * milliseconds, so that the inner loop of an exploration is free of system calls.
 */
#ifndef EMU_STOPWATCH_H
#define EMU_STOPWATCH_H

#include <stdbool.h>
#include <stdint.h>

struct emu_stopwatch {
    double started;
    double looked;   /* when it last looked, in seconds since the start */
    uint64_t stride; /* runs between two looks */
    uint64_t left;   /* runs until the next look */
};

void emu_stopwatch_start(struct emu_stopwatch *w);

/* Seconds since the start, now. */
double emu_stopwatch_read(const struct emu_stopwatch *w);

/* Counts a run. True when it looked at the clock; w->looked is the time then. */
bool emu_stopwatch_tick(struct emu_stopwatch *w);

#endif
