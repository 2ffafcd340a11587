/*
 * The relay's driver (tests/drivers/relay) with four writes from two processors: what a customer's machine
 * did before it lost one of them. tests/scenarios/field_race.log is that machine's log.
 *
 * A write that succeeded must be in the device's memory when its thread goes on. Smaller sizes have fewer
 * threads, or fewer writes from each.
 */
#include "scenario_transfer.h"

#include <emu/device/copier.h>
#include <string.h>

DRIVER_INITIALIZE relay_DriverEntry;
DRIVER_INITIALIZE relay_mended_DriverEntry;

enum { WINDOW = 0xE0000000, DEVICE_IRQL = 5, WRITERS = 2, WRITES = 2, LENGTH_STEP = 256, PLACE = 1024 };

/* By haldma_size(). */
static const struct {
    unsigned writers, writes;
} sizes[] = {{WRITERS, WRITES}, {WRITERS, 1}, {1, WRITES}};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

struct field {
    struct emu_copier *copier;
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT pdo;
    PDEVICE_OBJECT device;
    struct transfer *writes[WRITERS][WRITES];
};

static struct field *field; /* of the current run: made anew by set_up */

/* Is all of it in its place in the device's memory? Its first byte is its number. */
static bool arrived(const struct transfer *t)
{
    uint8_t got[PLACE];
    emu_copier_memory_read(field->copier, t->buffer[0] * PLACE, got, t->bytes);
    return memcmp(got, t->buffer, t->bytes) == 0;
}

static void writer(void *context)
{
    struct transfer **writes = context;
    for (unsigned i = 0; i < sizes[haldma_size()].writes; i++) {
        transfer_send(writes[i]);
        haldma_require(!NT_SUCCESS(writes[i]->status) || arrived(writes[i]),
                       "a write of %u bytes succeeded without its data", writes[i]->bytes);
    }
}

static struct transfer *make_write(unsigned number)
{
    uint32_t bytes = (number + 1) * LENGTH_STEP;
    struct transfer *t = transfer_make(field->device, IRP_MJ_WRITE, bytes, 0);
    memset(t->buffer, (int)number, bytes);
    IoGetNextIrpStackLocation(t->irp)->Parameters.Write.ByteOffset.QuadPart = number * PLACE;
    return t;
}

static void start_driver(PDRIVER_INITIALIZE entry, const char *name)
{
    struct emu_machine *m = emu_current();
    field = haldma_scratch(sizeof *field);
    struct emu_line_config line = {
        .name = "copier line", .trigger = EMU_TRIGGER_LEVEL, .level = DEVICE_IRQL, .processors = 1u << 1};
    emu_line irq = emu_line_add(m, &line);
    struct emu_copier_config copier = {.window = WINDOW, .line = irq};
    field->copier = emu_copier_create(m, &copier);
    struct haldma_device device = {.name = "relay",
                                   .bus = PCIBus,
                                   .window = WINDOW,
                                   .window_bytes = EMU_COPIER_WINDOW_BYTES,
                                   .line = irq};
    field->pdo = haldma_add_device(&device);
    NTSTATUS status = haldma_load_driver(name, entry, &field->driver);
    haldma_require(NT_SUCCESS(status), "DriverEntry returned 0x%08X", (unsigned)status);
    status = haldma_start_device(field->driver, field->pdo, &field->device);
    haldma_require(NT_SUCCESS(status), "the device did not start: 0x%08X", (unsigned)status);
    static const char *const names[WRITERS] = {"writer 0", "writer 1"};
    for (unsigned w = 0; w < sizes[haldma_size()].writers; w++) {
        for (unsigned i = 0; i < sizes[haldma_size()].writes; i++)
            field->writes[w][i] = make_write(w * WRITES + i);
        haldma_thread(names[w], w, writer, field->writes[w]);
    }
}

static void start_racy(void)
{
    start_driver(relay_DriverEntry, "relay");
}

static void start_mended(void)
{
    start_driver(relay_mended_DriverEntry, "relay_mended");
}

static void check(void)
{
    for (unsigned w = 0; w < sizes[haldma_size()].writers; w++)
        for (unsigned i = 0; i < sizes[haldma_size()].writes; i++)
            transfer_check(field->writes[w][i]);
    NTSTATUS status = haldma_remove_device(field->pdo);
    haldma_require(NT_SUCCESS(status), "the device was not removed: 0x%08X", (unsigned)status);
    haldma_unload_driver(field->driver);
}

static const struct haldma_scenario scenarios[] = {
    {
        .name = "late_dpc",
        .summary = "four writes, a watchdog, and a DPC that comes when its transfer was given up",
        .set_up = start_racy,
        .check = check,
        .sizes = SIZES,
    },
    {
        .name = "late_dpc_mended",
        .summary = "the same with a driver that knows which transfer ended",
        .set_up = start_mended,
        .check = check,
        .sizes = SIZES,
    },
};

HALDMA_MODULE(scenarios);
