/*
 * A driver that takes a written register for an arrived one (tests/drivers/posted), and the same driver
 * mended by a read.
 *
 * In one pair it gives up a read, resets the device and gives the buffer back, which its owner uses for
 * something else. In the other its ISR acknowledges an interrupt, which comes again as long as the device has
 * not heard of that.
 */
#include "scenario_transfer.h"

#include <emu/device/copier.h>
#include <string.h>

DRIVER_INITIALIZE posted_racy_DriverEntry;
DRIVER_INITIALIZE posted_mended_DriverEntry;

enum { WINDOW = 0xE0000000, DEVICE_IRQL = 5, LENGTH = 1024, OWNER = 0, INTERRUPTED = 1 };

struct posted {
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT pdo;
    struct transfer *transfer;
};

static struct posted *posted; /* of the current run: made anew by set_up */

/* The buffer is the owner's again, whatever came of the request. */
static void owner(void *context)
{
    (void)context;
    transfer_send(posted->transfer);
    if (posted->transfer->status == STATUS_IO_TIMEOUT)
        memset(posted->transfer->buffer, 'o', LENGTH);
}

static void start(PDRIVER_INITIALIZE entry, UCHAR function)
{
    struct emu_machine *m = emu_current();
    PDEVICE_OBJECT device;
    posted = haldma_scratch(sizeof *posted);

    struct emu_line_config line = {.name = "copier line",
                                   .trigger = EMU_TRIGGER_LEVEL,
                                   .level = DEVICE_IRQL,
                                   .processors = 1u << INTERRUPTED};
    emu_line irq = emu_line_add(m, &line);
    struct emu_copier_config copier = {.window = WINDOW, .line = irq};
    haldma_require(emu_copier_create(m, &copier) != NULL, "no copier");

    struct haldma_device hardware = {.name = "copier",
                                     .bus = PCIBus,
                                     .window = WINDOW,
                                     .window_bytes = EMU_COPIER_WINDOW_BYTES,
                                     .line = irq};
    posted->pdo = haldma_add_device(&hardware);
    NTSTATUS status = haldma_load_driver("posted", entry, &posted->driver);
    haldma_require(NT_SUCCESS(status), "DriverEntry returned 0x%08X", (unsigned)status);
    status = haldma_start_device(posted->driver, posted->pdo, &device);
    haldma_require(NT_SUCCESS(status), "the device did not start: 0x%08X", (unsigned)status);

    posted->transfer = transfer_make(device, function, LENGTH, 0);
    haldma_thread("owner", OWNER, owner, NULL);
}

static void give_up_racy(void)
{
    start(posted_racy_DriverEntry, IRP_MJ_READ);
}

static void give_up_mended(void)
{
    start(posted_mended_DriverEntry, IRP_MJ_READ);
}

static void acknowledge_racy(void)
{
    start(posted_racy_DriverEntry, IRP_MJ_WRITE);
}

static void acknowledge_mended(void)
{
    start(posted_mended_DriverEntry, IRP_MJ_WRITE);
}

static void check(void)
{
    struct transfer *t = posted->transfer;
    haldma_require(t->status == STATUS_SUCCESS || t->status == STATUS_IO_TIMEOUT,
                   "the request ended with 0x%08X", (unsigned)t->status);
    for (uint32_t i = 0; t->status == STATUS_IO_TIMEOUT && i < LENGTH; i++)
        haldma_require(t->buffer[i] == 'o', "the device wrote to byte %u of a buffer that was given back",
                       (unsigned)i);
    transfer_check(t);
}

/* Where processors see what a device writes without a flush. */
static const char *const coherent[] = {"pc", "pc-remapped", "pc-lowmem", NULL};

static const struct haldma_scenario scenarios[] = {
    {
        .name = "give_up_racy",
        .summary = "a read is given up: the device is reset, without a read-back, and the buffer given back",
        .set_up = give_up_racy,
        .check = check,
        .platforms = coherent,
    },
    {
        .name = "give_up_mended",
        .summary = "the same with a read-back",
        .set_up = give_up_mended,
        .check = check,
        .platforms = coherent,
    },
    {
        .name = "acknowledge_racy",
        .summary = "an ISR acknowledges the interrupt, without a read-back, and takes each call for a "
                   "transfer's end",
        .set_up = acknowledge_racy,
        .check = check,
    },
    {
        .name = "acknowledge_mended",
        .summary = "the same with a read-back",
        .set_up = acknowledge_mended,
        .check = check,
    },
};

HALDMA_MODULE(scenarios);
