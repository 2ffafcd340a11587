/*
 * A scenario that comes in three sizes: threads that add to a count under a lock that is let go between
 * reading and writing. In the smallest there is one thread, and nothing is lost. And one that fails only with
 * two preemptions: a value must be seen, and seen gone.
 */
#include <haldma.h>

enum { THREADS = 3, SIZES = 3 };

struct shared {
    KSPIN_LOCK lock;
    LONG count;
};

static struct shared *shared; /* of the current run: made anew by set_up */
static const char *const pc[] = {"pc", NULL};

static unsigned threads(void)
{
    return THREADS - haldma_size();
}

static void configure(struct haldma_config *config)
{
    config->machine.processors = THREADS - config->size;
}

static LONG read_count(void)
{
    KIRQL irql;
    KeAcquireSpinLock(&shared->lock, &irql);
    LONG count = shared->count;
    KeReleaseSpinLock(&shared->lock, irql);
    return count;
}

static void add_in_two(void *context)
{
    KIRQL irql;
    (void)context;
    LONG count = read_count();
    KeAcquireSpinLock(&shared->lock, &irql);
    shared->count = count + 1;
    KeReleaseSpinLock(&shared->lock, irql);
}

static void set_up(void)
{
    static const char *const names[THREADS] = {"first", "second", "third"};
    shared = haldma_scratch(sizeof *shared);
    KeInitializeSpinLock(&shared->lock);
    for (unsigned i = 0; i < threads(); i++)
        haldma_thread(names[i], i, add_in_two, NULL);
}

static void check(void)
{
    haldma_require(shared->count == (LONG)threads(), "the count is %d after %u additions", (int)shared->count,
                   threads());
}

/* ---- Seen, then seen gone --------------------------------------------------------------------- */

struct flicker {
    LONG value, first, second;
};

static struct flicker *flicker; /* of the current run: made anew by set_up */

static void configure_flicker(struct haldma_config *config)
{
    config->machine.processors = 2;
}

static void look_twice(void *context)
{
    (void)context;
    flicker->first = InterlockedOr(&flicker->value, 0);
    flicker->second = InterlockedOr(&flicker->value, 0);
}

static void show_briefly(void *context)
{
    (void)context;
    InterlockedExchange(&flicker->value, 1);
    InterlockedExchange(&flicker->value, 0);
}

static void set_up_flicker(void)
{
    flicker = haldma_scratch(sizeof *flicker);
    haldma_thread("looking", 0, look_twice, NULL);
    haldma_thread("showing", 1, show_briefly, NULL);
}

static void check_flicker(void)
{
    haldma_require(flicker->first == 0 || flicker->second == 1, "it was seen, and then it was gone");
}

static const struct haldma_scenario scenarios[] = {
    {.name = "lost_update",
     .summary = "one thread to three add to a count",
     .configure = configure,
     .set_up = set_up,
     .check = check,
     .platforms = pc,
     .sizes = SIZES},
    {.name = "flicker",
     .summary = "a value that is there for a moment",
     .configure = configure_flicker,
     .set_up = set_up_flicker,
     .check = check_flicker,
     .platforms = pc},
};

HALDMA_MODULE(scenarios);
