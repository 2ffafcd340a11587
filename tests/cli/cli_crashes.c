/*
 * Scenarios that crash, each in its own way, and one behind them that does not.
 */
#include <haldma.h>
#include <stdlib.h>

static const char *const pc[] = {"pc", NULL};

static void write_nowhere(void *context)
{
    volatile int *nowhere = context;
    *nowhere = 0;
}

static unsigned recurse(unsigned depth)
{
    volatile unsigned char here[512];
    here[0] = (unsigned char)depth;
    return depth == 0 ? here[0] : recurse(depth - 1) + here[0];
}

static void overflow(void *context)
{
    (void)context;
    recurse(1u << 20);
}

static void give_up(void *context)
{
    (void)context;
    abort();
}

static void spin(void *context)
{
    volatile bool forever = true;
    (void)context;
    while (forever)
        continue;
}

static void rest(void *context)
{
    (void)context;
}

static void set_up_wild_pointer(void)
{
    haldma_thread("wild", 0, write_nowhere, NULL);
}

enum { CRASH_TAG = 0x68737243 };

static void follow_freed(void *context)
{
    struct link {
        struct link *next;
        int value;
    } *link = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *link, CRASH_TAG);
    (void)context;
    if (link == NULL)
        return;
    ExFreePool(link);
    link->next->value = 1;
}

static void set_up_freed(void)
{
    haldma_thread("late", 0, follow_freed, NULL);
}

static void set_up_overflow(void)
{
    haldma_thread("deep", 0, overflow, NULL);
}

static void set_up_abort(void)
{
    haldma_thread("tired", 0, give_up, NULL);
}

static void set_up_hang(void)
{
    haldma_thread("restless", 0, spin, NULL);
}

static void set_up_fine(void)
{
    haldma_thread("quiet", 0, rest, NULL);
}

static void configure(struct haldma_config *config)
{
    config->machine.processors = 1;
}

static const struct haldma_scenario scenarios[] = {
    {.name = "wild_pointer",
     .platforms = pc,
     .summary = "a null pointer",
     .configure = configure,
     .set_up = set_up_wild_pointer},
    {.name = "freed",
     .platforms = pc,
     .summary = "a pointer in memory that was freed",
     .configure = configure,
     .set_up = set_up_freed},
    {.name = "overflow",
     .platforms = pc,
     .summary = "a stack too small",
     .configure = configure,
     .set_up = set_up_overflow},
    {.name = "abort", .platforms = pc, .summary = "gives up", .configure = configure, .set_up = set_up_abort},
    {.name = "hang",
     .platforms = pc,
     .summary = "never yields",
     .configure = configure,
     .set_up = set_up_hang},
    {.name = "fine", .platforms = pc, .summary = "ends well", .configure = configure, .set_up = set_up_fine},
};

HALDMA_MODULE(scenarios);
