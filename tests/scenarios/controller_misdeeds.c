/*
 * A system DMA controller that misbehaves, and drivers behind it that trust it (tests/drivers/streamer):
 * writes, one after the other, to a device that counts what it is given.
 */
#include "scenario_card.h"

#include <emu/device/soc_dma.h>
#include <emu/misdeed.h>

DRIVER_INITIALIZE streamer_DriverEntry;
DRIVER_INITIALIZE streamer_trusts_status_DriverEntry;
DRIVER_INITIALIZE streamer_wary_DriverEntry;

enum {
    REQUEST_LINE = 0x1000,
    LENGTH = 512,
    BEAT_BYTES = 256,
    SLOW_BEAT_NS = 8000000,
    /* What the controller can do wrong. */
    ANY = EMU_MISDEED_EARLY | EMU_MISDEED_LATE | EMU_MISDEED_TWICE | EMU_MISDEED_SPURIOUS |
          EMU_MISDEED_NEVER | EMU_MISDEED_SHORT | EMU_MISDEED_ERROR | EMU_MISDEED_AFTER_RESET,
};

static struct world {
    struct card card;
    size_t given; /* bytes, of the current write */
} * world;        /* of the current run */

static size_t take(void *peripheral, struct emu_machine *m, uint64_t address, const uint8_t *bytes,
                   size_t count)
{
    (void)peripheral;
    (void)m;
    (void)address;
    (void)bytes;
    world->given += count;
    return count;
}

static const struct emu_soc_dma_ops ops = {.consume = take};

static void configure(struct haldma_config *config)
{
    config->controllers[0] = (struct haldma_controller){
        .first_line = REQUEST_LINE, .lines = 1, .channels = 1, .fragments_max = 1, .beat_bytes = BEAT_BYTES};
}

static void configure_slow(struct haldma_config *config)
{
    configure(config);
    config->controllers[0].beat_ns = SLOW_BEAT_NS;
}

/* An error may be told; what is said to be written was. */
static void writer(void *context)
{
    (void)context;
    for (unsigned i = 0; i < world->card.count; i++) {
        struct transfer *t = world->card.transfers[i];
        world->given = 0;
        transfer_send(t);
        if (NT_SUCCESS(t->status))
            haldma_require(t->information == LENGTH && world->given == LENGTH,
                           "a write succeeded, and the device has %u of its %u bytes", (unsigned)world->given,
                           (unsigned)LENGTH);
    }
}

static void start(PDRIVER_INITIALIZE entry, uint32_t misdeeds)
{
    world = haldma_scratch(sizeof *world);
    struct emu_soc_dma *controller = haldma_controller_device(0);
    emu_soc_dma_set_misdeeds(controller, misdeeds);
    emu_soc_dma_attach(controller, REQUEST_LINE, &ops, NULL);
    struct haldma_device streamer = {
        .name = "streamer", .bus = Internal, .has_dma_line = true, .dma_line = REQUEST_LINE};
    if (!card_plug(&world->card, &streamer, "streamer", entry))
        return;
    card_make_transfers(&world->card, IRP_MJ_WRITE, LENGTH);
    haldma_thread("writer", 0, writer, NULL);
}

static void check(void)
{
    card_check(&world->card);
}

#define STARTS(name, driver, misdeeds)         \
    static void start_##name(void)             \
    {                                          \
        start(driver##_DriverEntry, misdeeds); \
    }
STARTS(never, streamer, EMU_MISDEED_NEVER)
STARTS(early, streamer, EMU_MISDEED_EARLY)
STARTS(short, streamer, EMU_MISDEED_SHORT)
STARTS(error, streamer_trusts_status, EMU_MISDEED_ERROR)
STARTS(harmless, streamer, EMU_MISDEED_LATE | EMU_MISDEED_TWICE | EMU_MISDEED_SPURIOUS | EMU_MISDEED_ERROR)
STARTS(wary, streamer_wary, ANY)
STARTS(faithful, streamer_wary, 0)

#define SCENARIO(id, begin, machine, text)                                                          \
    {                                                                                               \
        .name = #id, .summary = text, .configure = machine, .set_up = start_##begin, .check = check \
    }

static const struct haldma_scenario scenarios[] = {
    SCENARIO(never, never, configure, "the interrupt never comes, and the driver has no watchdog"),
    SCENARIO(early, early, configure,
             "the interrupt comes before the end only, and the driver has no watchdog"),
    SCENARIO(short, short, configure, "the transfer is short, and the driver does not ask how long it was"),
    SCENARIO(error, error, configure, "the controller reports an error, and the driver does not look"),
    SCENARIO(harmless, harmless, configure,
             "interrupts that are late, double or spurious, and errors that are told"),
    SCENARIO(wary, wary, configure,
             "a controller that does anything wrong, and a driver that believes nothing"),
    SCENARIO(wary_slow, wary, configure_slow, "the same, so slow that the watchdog gives up"),
    SCENARIO(faithful, faithful, configure,
             "the same driver and a controller that does as it should, unless --hardware says otherwise"),
};

HALDMA_MODULE(scenarios);
