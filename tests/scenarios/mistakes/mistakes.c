/*
 * Mistakes that are no matter of luck: each in a driver written for it, bad and mended
 * (tests/drivers/mistakes, docs/mistakes.md).
 */
#include "races/race_scene.h"

/* ---- What happens ---------------------------------------------------------------------------- */

static void one_write(const char *name, PDRIVER_INITIALIZE entry)
{
    if (!scene_start(name, entry, SCENE_COPIER, 1))
        return;
    scene_sends(0, IRP_MJ_WRITE, SCENE_LENGTH);
}

static void two_writes(const char *name, PDRIVER_INITIALIZE entry)
{
    if (!scene_start(name, entry, SCENE_COPIER, 1))
        return;
    scene_sends(0, IRP_MJ_WRITE, SCENE_LENGTH);
    scene_sends(0, IRP_MJ_WRITE, SCENE_LENGTH);
}

static void one_read(const char *name, PDRIVER_INITIALIZE entry)
{
    if (!scene_start(name, entry, SCENE_COPIER, 1))
        return;
    scene_sends(0, IRP_MJ_READ, 2 * PAGE_SIZE);
}

static void one_short_read(const char *name, PDRIVER_INITIALIZE entry)
{
    if (!scene_start(name, entry, SCENE_COPIER, 1))
        return;
    scene_sends(0, IRP_MJ_READ, SCENE_LENGTH);
}

/* A device behind a system DMA controller. */
static void one_slave_write(const char *name, PDRIVER_INITIALIZE entry)
{
    if (!scene_start(name, entry, SCENE_SYSTEM_DMA, 1))
        return;
    scene_sends(0, IRP_MJ_WRITE, SCENE_LENGTH);
}

static void one_controller(struct haldma_config *config)
{
    config->controllers[0] = (struct haldma_controller){
        .first_line = 0x1000, .lines = 1, .channels = 1, .fragments_max = 1, .beat_bytes = PAGE_SIZE};
}

/* What Driver Verifier alone tells is told. */
static void verified(struct haldma_config *config)
{
    config->verify = HALDMA_VERIFY_DMA;
}

/* ---- The scenarios --------------------------------------------------------------------------- */

/* Where devices may reach memory without map registers. */
static const char *const without_registers[] = {"pc", "soc", NULL};

/* X(name, what happens, how the machine is changed, platforms, what goes wrong) */
#define MISTAKES(X)                                                                                      \
    X(alloc_12_status, one_write, NULL, NULL, "AdapterControl returns a status")                         \
    X(adapter_33_mapped, one_write, NULL, without_registers,                                             \
      "the flush is forgotten where there are no map registers")                                         \
    X(alloc_24_extension, one_write, NULL, NULL, "a device extension where a device object is wanted")   \
    X(call_8_unmarked, one_write, NULL, NULL, "STATUS_PENDING for an IRP that is not marked")            \
    X(call_9_returned, one_write, NULL, NULL, "a marked IRP and another status than STATUS_PENDING")     \
    X(complete_6_pending, one_write, NULL, NULL, "an IRP is completed with STATUS_PENDING")              \
    X(free_5_twice, one_slave_write, one_controller, NULL, "a channel is freed twice")                   \
    X(map_15_unlocked, one_write, NULL, NULL, "an MDL that nobody locked is mapped")                     \
    X(mdl_1_freed, one_short_read, NULL, NULL, "an MDL is freed before the flush")                       \
    X(spin_5_free, one_write, NULL, NULL, "a spin lock is released that nobody holds")                   \
    X(alloc_13_lowered, one_write, NULL, NULL, "AdapterControl returns at another level")                \
    X(call_6_raised, one_write, NULL, NULL, "a dispatch routine returns at another level")               \
    X(dpc_10_raised, one_read, NULL, NULL, "a DPC returns at another level")                             \
    X(spin_7_lowered, one_read, NULL, NULL, "a spin lock is released to PASSIVE_LEVEL")                  \
    X(dpc_13_freed, one_write, NULL, NULL, "a queued DPC is freed")                                      \
    X(dpc_14_again, two_writes, NULL, NULL, "a queued DPC is initialised again")                         \
    X(driver_4_device, one_write, NULL, NULL, "a device object is left at unload")                       \
    X(left_1_pool, one_write, NULL, NULL, "pool is left at unload")                                      \
    X(left_2_interrupt, one_write, NULL, NULL, "an interrupt is left connected at unload")               \
    X(left_3_pages, one_write, NULL, NULL, "pages behind an MDL are left at unload")                     \
    X(left_4_item, one_write, NULL, NULL, "a work item is left at unload")                               \
    X(timer_8_freed, one_write, NULL, NULL, "a running timer is freed")                                  \
    X(timer_9_again, two_writes, NULL, NULL, "a running timer is initialised again")                     \
    X(alloc_5_two, two_writes, NULL, NULL, "two requests of one device object wait at once")             \
    X(alloc_23_nested, one_write, NULL, NULL, "an allocation from within AdapterControl")                \
    X(alloc_27_keeps, one_slave_write, one_controller, NULL, "system DMA keeps registers alone")         \
    X(free_7_cancelled, one_slave_write, one_controller, NULL,                                           \
      "the flush after CancelMappedTransfer is forgotten")                                               \
    X(complete_1_twice, one_write, NULL, NULL, "an IRP is completed twice")                              \
    X(complete_7_cancel, one_write, NULL, NULL, "an IRP is completed with its cancel routine set")       \
    X(complete_10_cancel, one_write, NULL, NULL, "a cancel routine is set when the IRP is completed")    \
    X(complete_10_status, one_write, NULL, NULL, "an IRP is read after it was completed")                \
    X(context_3_shared, two_writes, NULL, NULL, "one transfer context for two requests")                 \
    X(context_4_raw, one_write, NULL, NULL, "a transfer context that nobody initialised")                \
    X(context_5_copied, one_write, NULL, NULL, "a transfer context that was copied")                     \
    X(context_8_kept, one_write, NULL, NULL, "a transfer context that stands for what is kept")          \
    X(context_9_gone, one_write, NULL, NULL, "a transfer context that is freed while its request waits") \
    X(context_10_other, one_write, verified, NULL, "a transfer context of another adapter")              \
    X(driver_6_timer, one_write, NULL, NULL, "a timer runs when its driver is unloaded")                 \
    X(exc_1_constant, one_write, NULL, NULL, "a constant is locked for a device that writes")            \
    X(flush_6_twice, one_read, NULL, NULL, "what was flushed is flushed again")                          \
    X(map_12_address, one_read, NULL, NULL, "the flush names another CurrentVa")                         \
    X(flush_8_mdl, one_read, NULL, NULL, "the flush names another MDL")                                  \
    X(flush_8_offset, one_read, NULL, NULL, "the flush names another offset")                            \
    X(flush_9_direction, one_read, NULL, NULL, "the flush names the other direction")                    \
    X(free_7_mapped, one_read, NULL, NULL, "map registers are freed before the flush")                   \
    X(free_10_count, one_read, NULL, NULL, "map registers are freed by another count")                   \
    X(int_8_raised, one_read, NULL, NULL, "an interrupt service routine returns at another level")       \
    X(level_1_timer, one_write, NULL, NULL, "IoInitializeTimer at DISPATCH_LEVEL")                       \
    X(list_19_slave, one_slave_write, one_controller, NULL, "a list from a system DMA adapter")          \
    X(map_11_many, one_read, NULL, NULL, "one map register for two pages")                               \
    X(map_14_again, one_read, NULL, NULL, "the next part is mapped before the flush")                    \
    X(map_31_constant, one_write, NULL, NULL, "a constant is mapped for a device that writes")           \
    X(mdl_6_paged, one_write, NULL, NULL, "an MDL for non-paged pool over paged pool")                   \
    X(mdl_7_stack, one_write, NULL, NULL, "an MDL for non-paged pool over a stack")                      \
    X(pool_13_paged, one_write, NULL, NULL, "paged pool is touched at DISPATCH_LEVEL")                   \
    X(pool_14_after, one_write, NULL, NULL, "an IRP is looked at after it was freed")                    \
    X(pool_15_beyond, one_write, NULL, NULL, "one element more than the block has")                      \
    X(own_1_early, one_read, NULL, NULL, "the buffer is read before the flush")                          \
    X(own_2_stamped, one_write, NULL, NULL, "the buffer is written after it was mapped")                 \
    X(own_3_hasty, one_read, NULL, NULL, "the flush comes before the device is done")                    \
    X(own_4_short, one_read, NULL, NULL, "the device transfers more than was mapped")                    \
    X(own_6_unlocked, one_short_read, verified, NULL, "the buffer is unlocked before the flush")         \
    X(own_7_freed, one_write, verified, NULL, "the MDL is freed and the flush forgotten")                \
    X(own_7_rebuilt, one_read, verified, NULL, "the MDL is built for the next page before the flush")    \
    X(paged_1_raised, one_write, NULL, NULL, "paged code at DISPATCH_LEVEL")                             \
    X(reg_3_address, one_read, NULL, NULL, "the flush is given another base")                            \
    X(spin_4_twice, one_read, NULL, NULL, "a spin lock is taken twice")                                  \
    X(spin_6_other, one_read, NULL, NULL, "a spin lock is released by another processor")                \
    X(spin_9_held, one_read, NULL, NULL, "a DPC returns with its spin lock")                             \
    X(startio_6_passive, one_write, NULL, NULL, "IoStartNextPacket at PASSIVE_LEVEL")                    \
    X(wait_5_locked, one_write, NULL, NULL, "a wait with a spin lock held")                              \
    X(location_1_again, one_write, NULL, NULL, "an IRP is prepared again and its locations are used up") \
    X(location_2_half, one_write, NULL, NULL, "a stack location is skipped by hand, by half")            \
    X(complete_11_freed, one_write, NULL, NULL, "a completion routine frees its IRP and lets it go on")  \
    X(int_11_pointer, one_write, NULL, NULL, "the address of the pointer to the interrupt object")

#define SET_UP(name, happens, configure, platforms, summary)   \
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

#define SCENARIO(name, happens, configure, platforms, summary)                 \
    {"bad_" #name, summary, configure, bad_##name, scene_check, platforms, 0}, \
        {"mended_" #name, summary ": not here", configure, mended_##name, scene_check, platforms, 0},
static const struct haldma_scenario scenarios[] = {MISTAKES(SCENARIO)};
#undef SCENARIO

HALDMA_MODULE(scenarios);
