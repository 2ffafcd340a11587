/*
 * The stopwatch: see stopwatch.h.
 */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */

#include "emu/stopwatch.h"

#include <time.h>

/* The stride grows while looks are closer together than this, and shrinks while they are further apart. */
#define CLOSE_SECONDS 0.001
#define FAR_SECONDS   0.004
#define NANOSECOND    1e-9

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + NANOSECOND * (double)now.tv_nsec;
}

void emu_stopwatch_start(struct emu_stopwatch *w)
{
    *w = (struct emu_stopwatch){.started = now_seconds(), .stride = 1, .left = 1};
}

double emu_stopwatch_read(const struct emu_stopwatch *w)
{
    return now_seconds() - w->started;
}

bool emu_stopwatch_tick(struct emu_stopwatch *w)
{
    if (--w->left != 0)
        return false;
    double now = emu_stopwatch_read(w);
    if (now - w->looked < CLOSE_SECONDS)
        w->stride *= 2;
    else if (now - w->looked > FAR_SECONDS && w->stride > 1)
        w->stride /= 2;
    w->looked = now;
    w->left = w->stride;
    return true;
}
