/*
 * Mistakes that are no matter of luck: each in a driver written for it, bad and mended
 * (tests/drivers/mistakes, docs/mistakes.md).
 */
#include "races/race_scene.h"

/* ---- What happens ---------------------------------------------------------------------------- */

static void one_write(const char *name, PDRIVER_INITIALIZE entry)
{
    scene_start(name, entry, SCENE_COPIER, 1);
    scene_sends(0, IRP_MJ_WRITE, SCENE_LENGTH);
}

static void two_writes(const char *name, PDRIVER_INITIALIZE entry)
{
    one_write(name, entry);
    scene_sends(0, IRP_MJ_WRITE, SCENE_LENGTH);
}

static void one_read(const char *name, PDRIVER_INITIALIZE entry)
{
    scene_start(name, entry, SCENE_COPIER, 1);
    scene_sends(0, IRP_MJ_READ, 2 * PAGE_SIZE);
}

/* ---- The scenarios --------------------------------------------------------------------------- */

/* X(name, what happens, what goes wrong) */
#define MISTAKES(X)                                                                          \
    X(alloc_5_two, two_writes, "two requests of one device object wait at once")             \
    X(alloc_23_nested, one_write, "an allocation from within AdapterControl")                \
    X(complete_1_twice, one_write, "an IRP is completed twice")                              \
    X(complete_7_cancel, one_write, "an IRP is completed with its cancel routine set")       \
    X(context_3_shared, two_writes, "one transfer context for two requests")                 \
    X(context_4_raw, one_write, "a transfer context that nobody initialised")                \
    X(context_5_copied, one_write, "a transfer context that was copied")                     \
    X(context_8_kept, one_write, "a transfer context that stands for what is kept")          \
    X(context_9_gone, one_write, "a transfer context that is freed while its request waits") \
    X(driver_6_timer, one_write, "a timer runs when its driver is unloaded")                 \
    X(flush_8_mdl, one_read, "the flush names another MDL")                                  \
    X(flush_9_direction, one_read, "the flush names the other direction")                    \
    X(free_10_count, one_read, "map registers are freed by another count")                   \
    X(level_1_timer, one_write, "IoInitializeTimer at DISPATCH_LEVEL")                       \
    X(map_14_again, one_read, "the next part is mapped before the flush")                    \
    X(mdl_6_paged, one_write, "an MDL for non-paged pool over paged pool")                   \
    X(mdl_7_stack, one_write, "an MDL for non-paged pool over a stack")                      \
    X(pool_13_paged, one_write, "paged pool is touched at DISPATCH_LEVEL")                   \
    X(pool_14_after, one_write, "an IRP is looked at after it was freed")                    \
    X(pool_15_beyond, one_write, "one element more than the block has")                      \
    X(own_1_early, one_read, "the buffer is read before the flush")                          \
    X(own_2_stamped, one_write, "the buffer is written after it was mapped")                 \
    X(own_3_hasty, one_read, "the flush comes before the device is done")                    \
    X(own_4_short, one_read, "the device transfers more than was mapped")                    \
    X(paged_1_raised, one_write, "paged code at DISPATCH_LEVEL")                             \
    X(spin_4_twice, one_read, "a spin lock is taken twice")                                  \
    X(spin_9_held, one_read, "a DPC returns with its spin lock")                             \
    X(startio_6_passive, one_write, "IoStartNextPacket at PASSIVE_LEVEL")                    \
    X(wait_5_locked, one_write, "a wait with a spin lock held")

#define SET_UP(name, happens, summary)                         \
    DRIVER_INITIALIZE bad_##name##_DriverEntry;                \
    DRIVER_INITIALIZE mended_##name##_DriverEntry;             \
    static void bad_##name(void)                               \
    {                                                          \
        happens("bad_" #name, bad_##name##_DriverEntry);       \
    }                                                          \
    static void mended_##name(void)                            \
    {                                                          \
        happens("mended_" #name, mended_##name##_DriverEntry); \
    }
MISTAKES(SET_UP)
#undef SET_UP

#define SCENARIO(name, happens, summary)                             \
    {"bad_" #name, summary, NULL, bad_##name, scene_check, NULL, 0}, \
        {"mended_" #name, summary ": not here", NULL, mended_##name, scene_check, NULL, 0},
static const struct haldma_scenario scenarios[] = {MISTAKES(SCENARIO)};
#undef SCENARIO

HALDMA_MODULE(scenarios);
