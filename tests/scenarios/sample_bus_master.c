/*
 * A bus master's driver (tests/drivers/copier) against a thread that cancels its request.
 *
 * Processor 0 writes two pages to the device; processor 1 cancels that request at any moment. Whatever comes
 * first, the request must be completed exactly once, with all of its data written or none of its registers
 * kept.
 */
#include "scenario_transfer.h"

#include <emu/device/copier.h>
#include <string.h>

DRIVER_INITIALIZE copier_DriverEntry;
DRIVER_INITIALIZE copier_racy_DriverEntry;

enum {
    WINDOW = 0xE0000000,
    DEVICE_IRQL = 5,
    LENGTH = PAGE_SIZE + 512,
    PAGE_OFFSET = 0x800,
    WRITER = 0,
    CANCELLER = 1,
};

struct sample {
    struct emu_copier *copier;
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT pdo;
    PDEVICE_OBJECT device;
    struct transfer *write;
};

static struct sample *sample; /* of the current run: made anew by set_up */

static void writer(void *context)
{
    (void)context;
    transfer_send(sample->write);
}

static void canceller(void *context)
{
    (void)context;
    IoCancelIrp(sample->write->irp);
}

static void start_driver(PDRIVER_INITIALIZE entry, const char *name)
{
    struct emu_machine *m = emu_current();
    sample = haldma_scratch(sizeof *sample);

    struct emu_line_config line = {.name = "copier line",
                                   .trigger = EMU_TRIGGER_LEVEL,
                                   .level = DEVICE_IRQL,
                                   .processors = 1u << CANCELLER};
    emu_line irq = emu_line_add(m, &line);
    struct emu_copier_config copier = {.window = WINDOW, .line = irq};
    sample->copier = emu_copier_create(m, &copier);
    haldma_require(sample->copier != NULL, "no copier");

    struct haldma_device device = {.name = "copier",
                                   .bus = PCIBus,
                                   .window = WINDOW,
                                   .window_bytes = EMU_COPIER_WINDOW_BYTES,
                                   .line = irq};
    sample->pdo = haldma_add_device(&device);
    NTSTATUS status = haldma_load_driver(name, entry, &sample->driver);
    haldma_require(NT_SUCCESS(status), "DriverEntry returned 0x%08X", (unsigned)status);
    status = haldma_start_device(sample->driver, sample->pdo, &sample->device);
    haldma_require(NT_SUCCESS(status), "the device did not start: 0x%08X", (unsigned)status);

    sample->write = transfer_make(sample->device, IRP_MJ_WRITE, LENGTH, PAGE_OFFSET);
    memset(sample->write->buffer, 'w', LENGTH);
    haldma_thread("writer", WRITER, writer, NULL);
    haldma_thread("canceller", CANCELLER, canceller, NULL);
}

static void start_racy(void)
{
    start_driver(copier_racy_DriverEntry, "copier_racy");
}

static void start_mended(void)
{
    start_driver(copier_DriverEntry, "copier");
}

/* Is what was written in the device's memory? */
static bool arrived(void)
{
    uint8_t got[LENGTH];
    emu_copier_memory_read(sample->copier, 0, got, sizeof got);
    return memcmp(got, sample->write->buffer, sizeof got) == 0;
}

static void check(void)
{
    struct transfer *t = sample->write;
    bool succeeded = t->status == STATUS_SUCCESS && t->information == LENGTH;
    haldma_require(succeeded || t->status == STATUS_CANCELLED, "the write ended with 0x%08X",
                   (unsigned)t->status);
    haldma_require(!succeeded || arrived(), "the write succeeded without its data");
    transfer_check(t);

    NTSTATUS status = haldma_remove_device(sample->pdo);
    haldma_require(NT_SUCCESS(status), "the device was not removed: 0x%08X", (unsigned)status);
    haldma_unload_driver(sample->driver);
}

static const struct haldma_scenario scenarios[] = {
    {
        .name = "cancel_racy",
        .summary =
            "a write against IoCancelIrp; the cancel routine ignores what CancelAdapterChannel returns",
        .set_up = start_racy,
        .check = check,
    },
    {
        .name = "cancel_mended",
        .summary = "the same with a cancel routine that is right",
        .set_up = start_mended,
        .check = check,
    },
};

HALDMA_MODULE(scenarios);
