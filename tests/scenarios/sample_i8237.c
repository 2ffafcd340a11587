/*
 * A sound card on a channel of the PC's DMA controllers (tests/drivers/sounder), which plays from a ring.
 *
 * The card keeps what it played, so that a half that was played too early, twice or not at all is heard.
 */
#include "scenario_transfer.h"

#include <emu/bus.h>
#include <emu/device/i8237.h>
#include <string.h>

DRIVER_INITIALIZE sounder_DriverEntry;
DRIVER_INITIALIZE sounder_hasty_DriverEntry;

enum {
    PORT = 0x220,
    PORTS = 2,
    CHANNEL = 1,
    LEVEL = 5,
    HALF = 64,
    HALVES = 4, /* of the ring, in what is written */
    LENGTH = HALVES * HALF,
    HEARD_MAX = 2 * LENGTH,
};

struct card {
    struct emu_i8237 *pair;
    emu_line line;
    bool played_half; /* the STATUS port */
    size_t ready;     /* bytes that it plays before it interrupts */
    uint8_t heard[HEARD_MAX];
    size_t count;
};

struct sample {
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT pdo;
    struct transfer *write;
    struct card card;
};

static struct sample *sample; /* of the current run: made anew by set_up */

static void configure(struct haldma_config *config)
{
    config->i8237 = true;
}

/* ---- The card -------------------------------------------------------------------------------- */

static size_t play(void *context, struct emu_machine *m, const uint8_t *bytes, size_t count)
{
    struct card *c = context;
    count = count < c->ready ? count : c->ready;
    if (count == 0)
        return 0;
    haldma_require(c->count + count <= HEARD_MAX, "the card plays on and on");
    memcpy(c->heard + c->count, bytes, count);
    c->count += count;
    c->ready -= count;
    if (c->ready == 0) {
        c->played_half = true;
        emu_line_raise(m, c->line);
    }
    return count;
}

static const struct emu_i8237_ops card_on_the_channel = {.consume = play};

static uint64_t read_port(void *device, struct emu_machine *m, uint64_t offset, unsigned width)
{
    const struct card *c = device;
    (void)m;
    (void)width;
    return offset == 1 && c->played_half;
}

/* CONTROL: 1 plays, 0 stops. STATUS: plays the next half. */
static void write_port(void *device, struct emu_machine *m, uint64_t offset, unsigned width, uint64_t value)
{
    struct card *c = device;
    (void)m;
    (void)width;
    c->played_half = false;
    c->ready = offset == 1 || value != 0 ? HALF : 0;
    if (c->ready != 0)
        emu_i8237_request(c->pair, CHANNEL);
}

static const struct emu_register_ops card_ports = {.read = read_port, .write = write_port};

static void add_card(struct card *c)
{
    struct emu_line_config line = {
        .name = "sounder", .trigger = EMU_TRIGGER_EDGE, .level = LEVEL, .processors = 1};
    c->pair = haldma_i8237();
    c->line = emu_line_add(emu_current(), &line);
    haldma_require(c->line != 0 && emu_bus_add_ports(emu_current(), "sounder", PORT, PORTS, &card_ports, c) &&
                       emu_i8237_attach(c->pair, CHANNEL, &card_on_the_channel, c),
                   "no place for the card");
}

/* ---- The race -------------------------------------------------------------------------------- */

static void writer(void *context)
{
    transfer_send(context);
}

static void set_up_driver(PDRIVER_INITIALIZE entry)
{
    PDEVICE_OBJECT device;
    sample = haldma_scratch(sizeof *sample);
    add_card(&sample->card);
    struct haldma_device sounder = {.name = "sounder",
                                    .bus = Isa,
                                    .port = PORT,
                                    .ports = PORTS,
                                    .line = sample->card.line,
                                    .has_dma_line = true,
                                    .dma_channel = CHANNEL};
    sample->pdo = haldma_add_device(&sounder);
    NTSTATUS status = haldma_load_driver("sounder", entry, &sample->driver);
    haldma_require(NT_SUCCESS(status), "DriverEntry returned 0x%08X", (unsigned)status);
    status = haldma_start_device(sample->driver, sample->pdo, &device);
    haldma_require(NT_SUCCESS(status), "the device did not start: 0x%08X", (unsigned)status);
    sample->write = transfer_make(device, IRP_MJ_WRITE, LENGTH, 0);
    for (unsigned half = 0; half < HALVES; half++)
        memset(sample->write->buffer + (size_t)half * HALF, (int)('a' + half), HALF);
    haldma_thread("writer", 0, writer, sample->write);
}

static void set_up(void)
{
    set_up_driver(sounder_DriverEntry);
}

static void set_up_hasty(void)
{
    set_up_driver(sounder_hasty_DriverEntry);
}

static void check(void)
{
    const struct card *c = &sample->card;
    struct transfer *t = sample->write;
    haldma_require(t->status == STATUS_SUCCESS && t->information == LENGTH, "the write ended with 0x%08X",
                   (unsigned)t->status);
    haldma_require(c->count == LENGTH, "the card played %zu bytes of %u", c->count, (unsigned)LENGTH);
    for (unsigned at = 0; at < LENGTH; at++)
        haldma_require(c->heard[at] == t->buffer[at], "byte %u was played as '%c', not '%c'", at,
                       c->heard[at], t->buffer[at]);
    transfer_check(t);
    NTSTATUS status = haldma_remove_device(sample->pdo);
    haldma_require(NT_SUCCESS(status), "the device was not removed: 0x%08X", (unsigned)status);
    haldma_unload_driver(sample->driver);
}

/* Those that have the pair. */
static const char *const platforms[] = {"pc", "pc-remapped", "pc-lowmem", NULL};

static const struct haldma_scenario scenarios[] = {
    {
        .name = "sound",
        .summary = "a sound card plays from a ring, which an 8237 channel carries round and round",
        .configure = configure,
        .set_up = set_up,
        .check = check,
        .platforms = platforms,
    },
    {
        .name = "sound_hasty",
        .summary = "the same, with a driver that acknowledges half a ring before it has refilled it",
        .configure = configure,
        .set_up = set_up_hasty,
        .check = check,
        .platforms = platforms,
    },
};

HALDMA_MODULE(scenarios);
