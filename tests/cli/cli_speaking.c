/*
 * A scenario that prints, for the tests of `haldma reproduce`: two threads add to a count, and say so.
 */
#include <haldma.h>

static const char *const pc[] = {"pc", NULL};

enum { THREADS = 2 };

static LONG *count; /* of the current run: made anew by set_up */

static void add(void *context)
{
    const char *who = context;
    LONG seen = InterlockedOr(count, 0);
    DbgPrint("speaking: %s reads %ld at %p\n", who, seen, (void *)count);
    InterlockedExchange(count, seen + 1);
    DbgPrint("speaking: %s writes %ld\n", who, seen + 1);
}

static void set_up(void)
{
    static char names[THREADS][sizeof "first"] = {"first", "other"};
    count = haldma_scratch(sizeof *count);
    for (unsigned i = 0; i < THREADS; i++)
        haldma_thread(names[i], i, add, names[i]);
}

static void check(void)
{
    haldma_require(*count == THREADS, "the count is %d after %d additions", (int)*count, THREADS);
}

static const struct haldma_scenario scenarios[] = {
    {"speaking", "a lost update that is told", NULL, set_up, check, pc, 0}};

HALDMA_MODULE(scenarios);
