/*
 * The PC's pair of 8237, misbehaving, and drivers for a card behind one of its channels that trust it
 * (tests/drivers/digitizer): two reads, one after the other. What the card measures is numbered, so that
 * bytes that are missing, or of another read, are noticed.
 *
 * The card can be pulled out as well: what stands behind the channel is gone then, the channel is not.
 */
#include "scenario_card.h"

#include <emu/bus.h>
#include <emu/device/i8237.h>
#include <emu/misdeed.h>

DRIVER_INITIALIZE digitizer_nothing_DriverEntry;
DRIVER_INITIALIZE digitizer_trusts_interrupt_DriverEntry;
DRIVER_INITIALIZE digitizer_no_watchdog_DriverEntry;
DRIVER_INITIALIZE digitizer_trusts_bounds_DriverEntry;
DRIVER_INITIALIZE digitizer_trusts_mask_DriverEntry;
DRIVER_INITIALIZE old_style_DriverEntry;

enum {
    PORT = 0x300,
    PORTS = 2,
    CHANNEL = 1,
    DEVICE_IRQL = 5,
    LENGTH = 64,
    STEP = 7,    /* from one byte to the next */
    SHIFT = 100, /* from one read to the next */
};

struct digitizer {
    struct emu_i8237 *pair;
    emu_line line;
    bool measures;
    bool ended;     /* STATUS */
    unsigned reads; /* begun so far */
    unsigned at;    /* bytes of the current one that were delivered */
};

static struct world {
    struct card card;
    struct digitizer digitizer;
} * world; /* of the current run */

static void configure(struct haldma_config *config)
{
    config->i8237 = true;
}

/* ---- The card -------------------------------------------------------------------------------- */

static uint8_t measured(unsigned read, unsigned at)
{
    return (uint8_t)(read * SHIFT + at * STEP);
}

static size_t measure(void *context, struct emu_machine *m, uint8_t *bytes, size_t count)
{
    struct digitizer *d = context;
    (void)m;
    for (size_t i = 0; d->measures && i < count; i++)
        bytes[i] = measured(d->reads, d->at++);
    return d->measures ? count : 0;
}

static void end(void *context, struct emu_machine *m)
{
    struct digitizer *d = context;
    if (!d->measures)
        return;
    d->ended = true;
    emu_line_raise(m, d->line);
}

static const struct emu_i8237_ops digitizer_on_the_channel = {.produce = measure, .terminal_count = end};

static uint64_t read_port(void *device, struct emu_machine *m, uint64_t offset, unsigned width)
{
    struct digitizer *d = device;
    bool ended = offset == 1 && d->ended;
    (void)m;
    (void)width;
    if (offset == 1)
        d->ended = false;
    return ended;
}

static void write_port(void *device, struct emu_machine *m, uint64_t offset, unsigned width, uint64_t value)
{
    struct digitizer *d = device;
    (void)m;
    (void)width;
    if (offset != 0)
        return;
    d->measures = value != 0;
    if (!d->measures)
        return;
    d->reads++;
    d->at = 0;
    emu_i8237_request(d->pair, CHANNEL);
}

static void pulled_out(void *device, struct emu_machine *m)
{
    struct digitizer *d = device;
    (void)m;
    d->measures = false;
}

static const struct emu_register_ops digitizer_ports = {
    .read = read_port, .write = write_port, .removed = pulled_out};

/* ---- The scenarios --------------------------------------------------------------------------- */

static void reader(void *context)
{
    (void)context;
    for (unsigned i = 0; i < world->card.count; i++) {
        struct transfer *t = world->card.transfers[i];
        transfer_send(t);
        for (unsigned k = 0; NT_SUCCESS(t->status) && k < LENGTH; k++)
            haldma_require(t->buffer[k] == measured(world->digitizer.reads, k),
                           "a read succeeded, and byte %u of its data is not there", k);
    }
}

static bool start(PDRIVER_INITIALIZE entry, uint32_t misdeeds)
{
    struct emu_machine *m = emu_current();
    struct emu_line_config line = {
        .name = "digitizer", .trigger = EMU_TRIGGER_EDGE, .level = DEVICE_IRQL, .processors = 1};
    world = haldma_scratch(sizeof *world);
    struct digitizer *d = &world->digitizer;
    d->pair = haldma_i8237();
    d->line = emu_line_add(m, &line);
    emu_i8237_set_misdeeds(d->pair, misdeeds);
    haldma_require(emu_bus_add_ports(m, "digitizer", PORT, PORTS, &digitizer_ports, d) &&
                       emu_i8237_attach(d->pair, CHANNEL, &digitizer_on_the_channel, d),
                   "no place for the card");
    struct haldma_device device = {.name = "digitizer",
                                   .bus = Isa,
                                   .port = PORT,
                                   .ports = PORTS,
                                   .line = d->line,
                                   .has_dma_line = true,
                                   .dma_channel = CHANNEL};
    if (!card_plug(&world->card, &device, "digitizer", entry))
        return false;
    card_make_transfers(&world->card, IRP_MJ_READ, LENGTH);
    haldma_thread("reader", 0, reader, NULL);
    return true;
}

static void check(void)
{
    card_check(&world->card);
}

static void start_unplugged(void)
{
    if (start(digitizer_nothing_DriverEntry, 0))
        haldma_surprise_removal_thread(world->card.pdo, 1);
}

static void read_once(void *context)
{
    transfer_send(context);
}

/* A driver that knows the end by the counter alone (tests/drivers/old_style). */
static void start_count(void)
{
    world = haldma_scratch(sizeof *world);
    emu_i8237_set_misdeeds(haldma_i8237(), EMU_MISDEED_COUNT);
    if (!haldma_succeeded(haldma_load_driver("old_style", old_style_DriverEntry, &world->card.driver),
                          "DriverEntry"))
        return;
    struct transfer *t = transfer_make(world->card.driver->DeviceObject, IRP_MJ_READ, LENGTH, 0);
    world->card.transfers[world->card.count++] = t;
    haldma_thread("reader", 0, read_once, t);
}

#define STARTS(name, driver, misdeeds)                     \
    static void start_##name(void)                         \
    {                                                      \
        start(digitizer_##driver##_DriverEntry, misdeeds); \
    }
STARTS(early, trusts_interrupt, EMU_MISDEED_EARLY)
STARTS(twice, trusts_interrupt, EMU_MISDEED_TWICE)
STARTS(spurious, trusts_interrupt, EMU_MISDEED_SPURIOUS)
STARTS(short, trusts_interrupt, EMU_MISDEED_SHORT)
STARTS(never, no_watchdog, EMU_MISDEED_NEVER)
STARTS(beyond, trusts_bounds, EMU_MISDEED_BEYOND)
STARTS(after_mask, trusts_mask, EMU_MISDEED_SPURIOUS | EMU_MISDEED_AFTER_RESET)
STARTS(wary, nothing, EMU_MISDEEDS_ALL)
STARTS(faithful, nothing, 0)

#define SCENARIO(id, text)                                                                          \
    {                                                                                               \
        .name = #id, .summary = text, .configure = configure, .set_up = start_##id, .check = check, \
        .platforms = platforms                                                                      \
    }

/* Those that have the pair. */
static const char *const platforms[] = {"pc", "pc-remapped", "pc-lowmem", NULL};

static const struct haldma_scenario scenarios[] = {
    SCENARIO(early, "the terminal count comes with the first beat, and the driver believes the interrupt"),
    SCENARIO(twice, "the terminal count comes twice, and the driver believes the interrupt"),
    SCENARIO(spurious, "the card is told of a terminal count that is none, and the driver believes it"),
    SCENARIO(short, "the transfer is short, and the driver does not ask the counter"),
    SCENARIO(never, "the terminal count never comes, and the driver has no watchdog"),
    SCENARIO(beyond, "the channel goes on beyond its count, into what is not the driver's"),
    SCENARIO(after_mask, "the channel goes on after it was masked, into what is the reader's again"),
    SCENARIO(count, "the counter stays behind, and the driver polls it until it is at its end"),
    SCENARIO(wary, "a pair that does anything wrong, and a driver that believes nothing"),
    SCENARIO(faithful, "the same driver and a pair that does as it should, unless --hardware says otherwise"),
    SCENARIO(unplugged, "the same driver, whose card is pulled out at any step"),
};

HALDMA_MODULE(scenarios);
