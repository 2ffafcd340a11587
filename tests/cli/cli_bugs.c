/*
 * Scenarios for the tests of the command line: small, without a driver, each ends in another way.
 */
#include <haldma.h>

static const char *const pc[] = {"pc", NULL};
enum { THREADS = 2 };

struct shared {
    KSPIN_LOCK lock;
    LONG count;
};

static struct shared *shared; /* of the current run: made anew by set_up */

static LONG read_count(void)
{
    KIRQL irql;
    KeAcquireSpinLock(&shared->lock, &irql);
    LONG count = shared->count;
    KeReleaseSpinLock(&shared->lock, irql);
    return count;
}

static void write_count(LONG count)
{
    KIRQL irql;
    KeAcquireSpinLock(&shared->lock, &irql);
    shared->count = count;
    KeReleaseSpinLock(&shared->lock, irql);
}

/* The lock is let go between reading and writing. */
static void add_in_two(void *context)
{
    (void)context;
    write_count(read_count() + 1);
}

static void add_in_one(void *context)
{
    KIRQL irql;
    (void)context;
    KeAcquireSpinLock(&shared->lock, &irql);
    shared->count++;
    KeReleaseSpinLock(&shared->lock, irql);
}

static void start(void (*routine)(void *context))
{
    static const char *const names[THREADS] = {"first", "second"};
    shared = haldma_scratch(sizeof *shared);
    KeInitializeSpinLock(&shared->lock);
    for (unsigned i = 0; i < THREADS; i++)
        haldma_thread(names[i], i, routine, NULL);
}

static void set_up_lost_update(void)
{
    start(add_in_two);
}

static void set_up_kept_update(void)
{
    start(add_in_one);
}

static void check(void)
{
    haldma_require(shared->count == THREADS, "the count is %d after %d additions", (int)shared->count,
                   THREADS);
}

#ifdef CLI_OTHER_MACHINE

static void configure(struct haldma_config *config)
{
    config->machine.processors = THREADS + 1;
}

static const struct haldma_scenario scenarios[] = {
    {"lost_update", "the same name on a machine with another processor", configure, set_up_lost_update, check,
     pc, 0},
    {"another_update", "a name of its own", configure, set_up_kept_update, check, pc, 0},
};

#elif defined(CLI_FEWER_REGISTERS)

static void configure(struct haldma_config *config)
{
    enum { FEWER = 64 };
    config->map_registers = FEWER;
    config->adapter_map_registers_max = FEWER;
}

static const struct haldma_scenario scenarios[] = {
    {"lost_update", "the same name on a machine with fewer map registers", configure, set_up_lost_update,
     check, pc, 0},
    {"kept_update", "the same with one critical section", configure, set_up_kept_update, check, pc, 0},
};

#elif defined(CLI_CHANGED)

static const struct haldma_scenario scenarios[] = {
    {"lost_update", "the same name and machine, but mended", NULL, set_up_kept_update, check, pc, 0},
    {"kept_update", "the same name and machine, but broken", NULL, set_up_lost_update, NULL, pc, 0},
};

#else

static void set_up_emulator_error(void)
{
    EMU_ASSERT(THREADS == 0); /* on purpose */
}

static void write_nowhere(void *context)
{
    volatile int *nowhere = context;
    *nowhere = 0;
}

static void set_up_crash(void)
{
    haldma_thread("crashing", 1, write_nowhere, NULL);
}

static void configure_wrongly(struct haldma_config *config)
{
    config->machine.processors = EMU_PROCESSORS_MAX + 1;
}

static const struct haldma_scenario scenarios[] = {
    {"lost_update", "two threads add to a count, reading and writing under a lock, but not at once", NULL,
     set_up_lost_update, check, pc, 0},
    {"kept_update", "the same with one critical section", NULL, set_up_kept_update, check, pc, 0},
    {"emulator_error", "an assertion of the emulator fails", NULL, set_up_emulator_error, NULL, pc, 0},
    {"crash", "a thread writes through a null pointer", NULL, set_up_crash, NULL, pc, 0},
    {"no_machine", "wants more processors than there can be", configure_wrongly, set_up_kept_update, NULL, pc,
     0},
};

#endif

HALDMA_MODULE(scenarios);
