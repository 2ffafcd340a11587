/*
 * The field's own races: twelve mistakes that shipped, each in a driver written for it, racy and mended
 * (tests/drivers/races). docs/field-races.md tells their stories.
 */
#include "race_scene.h"

/* ---- What happens, race by race
 * --------------------------------------------------------------------------------------- */

/* 1 and 2: a write that waits for its map registers is cancelled. */
static void cancelled_write(const char *name, PDRIVER_INITIALIZE entry)
{
    if (!scene_start(name, entry, SCENE_COPIER, 1))
        return;
    scene_sends(0, IRP_MJ_WRITE, SCENE_LENGTH);
    scene_cancels();
}

/* 3, 11 and 12: one request, all by itself. */
static void write_alone(const char *name, PDRIVER_INITIALIZE entry)
{
    if (!scene_start(name, entry, SCENE_COPIER, 1))
        return;
    scene_sends(0, IRP_MJ_WRITE, SCENE_LENGTH);
}

static void read_alone(const char *name, PDRIVER_INITIALIZE entry)
{
    if (!scene_start(name, entry, SCENE_COPIER, 1))
        return;
    scene_sends(0, IRP_MJ_READ, 2 * PAGE_SIZE);
}

/* 4: two packets, one after the other. */
static void send_both(void *nothing)
{
    (void)nothing;
    scene_send(scene->transfer[0]);
    scene_send(scene->transfer[1]);
}

static void two_packets(const char *name, PDRIVER_INITIALIZE entry)
{
    if (!scene_start(name, entry, SCENE_COPIER, 1))
        return;
    scene_request(0, IRP_MJ_WRITE, SCENE_LENGTH);
    scene_request(0, IRP_MJ_WRITE, 2 * SCENE_LENGTH);
    haldma_thread("sender", SCENE_STARTER, send_both, NULL);
}

/* 5: a transfer of two pieces through a system DMA controller is stopped. */
static void stopped_write(const char *name, PDRIVER_INITIALIZE entry)
{
    if (!scene_start(name, entry, SCENE_SYSTEM_DMA, 1))
        return;
    scene_sends(0, IRP_MJ_WRITE, 2 * PAGE_SIZE);
    scene_cancels();
}

/* 6 and 7: a read is cancelled while the card fills its buffer. */
static void cancelled_read(const char *name, PDRIVER_INITIALIZE entry)
{
    if (!scene_start(name, entry, SCENE_COPIER, 1))
        return;
    scene_sends(0, IRP_MJ_READ, SCENE_LENGTH);
    scene_cancels();
}

static void cancelled_burst(const char *name, PDRIVER_INITIALIZE entry)
{
    if (!scene_start(name, entry, SCENE_BURST_CARD, 1))
        return;
    scene_sends(0, IRP_MJ_READ, SCENE_LENGTH);
    scene_cancels();
}

/* 8: power goes and comes back. */
static VOID powered(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state, PVOID context,
                    PIO_STATUS_BLOCK status)
{
    (void)device;
    (void)minor;
    (void)state;
    (void)status;
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
}

static void set_power(DEVICE_POWER_STATE state)
{
    KEVENT done;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    PoRequestPowerIrp(scene->device[0], IRP_MN_SET_POWER, (POWER_STATE){.DeviceState = state}, powered, &done,
                      NULL);
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
}

static void sleep_and_wake(void *nothing)
{
    (void)nothing;
    set_power(PowerDeviceD3);
    set_power(PowerDeviceD0);
}

static void power_goes(const char *name, PDRIVER_INITIALIZE entry)
{
    if (!scene_start(name, entry, SCENE_COPIER, 1))
        return;
    scene_sends(0, IRP_MJ_WRITE, SCENE_LENGTH);
    haldma_thread("power", SCENE_STARTER, sleep_and_wake, NULL);
}

/* 9: who sent a write removes the device as soon as it is over. */
static void send_and_remove(void *transfer)
{
    scene_send(transfer);
    scene_remove(0);
}

static void removed_early(const char *name, PDRIVER_INITIALIZE entry)
{
    if (!scene_start(name, entry, SCENE_COPIER, 1))
        return;
    haldma_thread("sender", SCENE_STARTER, send_and_remove, scene_request(0, IRP_MJ_WRITE, SCENE_LENGTH));
}

/* 10: two devices, and registers for one of them. */
static void few_registers(struct haldma_config *config)
{
    config->map_registers = 2;
    config->adapter_map_registers_max = 2;
    config->machine.profile = EMU_PROFILE_TYPICAL; /* it takes nothing unusual */
}

static void two_devices(const char *name, PDRIVER_INITIALIZE entry)
{
    if (!scene_start(name, entry, SCENE_COPIER, 2))
        return;
    scene_sends(0, IRP_MJ_WRITE, 2 * PAGE_SIZE);
    scene_sends(1, IRP_MJ_WRITE, 2 * PAGE_SIZE);
}

/* One piece at a time. */
static void small_controller(struct haldma_config *config)
{
    config->controllers[0] = (struct haldma_controller){
        .first_line = 0x1000, .lines = 1, .channels = 1, .fragments_max = 1, .beat_bytes = PAGE_SIZE};
}

/* ---- The scenarios
 * ---------------------------------------------------------------------------------------------------- */

/* Race 12 is about these two platforms. */
static const char *const with_and_without_remapping[] = {"pc", "pc-remapped", NULL};

/* X(driver and scenario, what happens, how the machine is changed, platforms, summary) */
#define RACES(X)                                                                                           \
    X(race_01_racy, cancelled_write, NULL, NULL, "cancel against grant: both end the request")             \
    X(race_01_racy_none, cancelled_write, NULL, NULL, "cancel against grant: nobody ends the request")     \
    X(race_01_mended, cancelled_write, NULL, NULL, "cancel against grant: one of the two ends it")         \
    X(race_02_racy, cancelled_write, NULL, NULL,                                                           \
      "a request is cancelled before it is executed, and executed")                                        \
    X(race_02_mended, cancelled_write, NULL, NULL,                                                         \
      "the mark of the cancellation is left in the transfer context")                                      \
    X(race_03_racy, write_alone, NULL, NULL, "the request is gone when the allocating call returns")       \
    X(race_03_mended, write_alone, NULL, NULL, "the request is left alone from the call on")               \
    X(race_04_racy, two_packets, NULL, NULL, "a completion while the start path still stages")             \
    X(race_04_mended, two_packets, NULL, NULL, "a completion during staging is deferred")                  \
    X(race_05_racy, stopped_write, small_controller, NULL, "the flush forgets the stop")                   \
    X(race_05_mended, stopped_write, small_controller, NULL, "the driver remembers the stop")              \
    X(race_06_racy, cancelled_read, NULL, NULL, "a read is cancelled, and the card goes on")               \
    X(race_06_mended, cancelled_read, NULL, NULL, "the card is stopped before the read ends")              \
    X(race_07_racy, cancelled_burst, NULL, NULL, "the reset is complete, and the card writes")             \
    X(race_07_mended, cancelled_burst, NULL, NULL, "the read ends when the card is quiet")                 \
    X(race_08_racy, power_goes, NULL, NULL, "power-down requeues what the DPC completes")                  \
    X(race_08_mended, power_goes, NULL, NULL, "one of power-down and DPC takes the request")               \
    X(race_09_racy, removed_early, NULL, NULL, "the adapter is released under a late DPC")                 \
    X(race_09_mended, removed_early, NULL, NULL, "the teardown waits for DPCs")                            \
    X(race_10_racy, two_devices, few_registers, NULL, "two devices hold map registers and wait for more")  \
    X(race_10_mended, two_devices, few_registers, NULL, "each asks for all that it needs at once")         \
    X(race_11_racy, read_alone, NULL, NULL, "map registers that were not needed are freed")                \
    X(race_11_racy_length, read_alone, NULL, NULL, "what was asked for is flushed, not what was mapped")   \
    X(race_11_mended, read_alone, NULL, NULL, "what was mapped is flushed, what was allocated is freed")   \
    X(race_12_racy, write_alone, NULL, with_and_without_remapping, "the card is given a physical address") \
    X(race_12_mended, write_alone, NULL, with_and_without_remapping, "the card is given a logical address")

#define SET_UP(driver, happens, configure, platforms, summary) \
    DRIVER_INITIALIZE driver##_DriverEntry;                    \
    static void driver##_set_up(void)                          \
    {                                                          \
        happens(#driver, driver##_DriverEntry);                \
    }
RACES(SET_UP)
#undef SET_UP

#define SCENARIO(driver, happens, configure, platforms, summary) \
    {#driver, summary, configure, driver##_set_up, scene_check, platforms, 0},
static const struct haldma_scenario scenarios[] = {RACES(SCENARIO)};
#undef SCENARIO

HALDMA_MODULE(scenarios);
