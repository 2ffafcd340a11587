/*
 * A bus master's driver with scatter/gather lists (tests/drivers/gatherer).
 *
 * gather: a read, whose caller looks at the data, and frees its MDL, as soon as the request is completed.
 * gather_cancel: a write that is cancelled at any moment.
 */
#include "scenario_transfer.h"

#include <emu/device/copier.h>
#include <string.h>

DRIVER_INITIALIZE gatherer_DriverEntry;
DRIVER_INITIALIZE gatherer_racy_DriverEntry;

enum {
    WINDOW = 0xE0000000,
    DEVICE_IRQL = 5,
    LENGTH = PAGE_SIZE + 512,
    PAGE_OFFSET = 0x800,
    CALLER = 0,
    OTHER = 1,
    SEED = 7,
    LIST_TAG = 0x744C6753, /* "SgLt" */
};

struct gathering {
    struct emu_copier *copier;
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT pdo;
    PDEVICE_OBJECT device;
    struct transfer *transfer;
};

static struct gathering *gathering; /* of the current run: made anew by set_up */

static void start_driver(PDRIVER_INITIALIZE entry, const char *name)
{
    struct emu_machine *m = emu_current();
    gathering = haldma_scratch(sizeof *gathering);
    struct emu_line_config line = {
        .name = "copier line", .trigger = EMU_TRIGGER_LEVEL, .level = DEVICE_IRQL, .processors = 1u << OTHER};
    emu_line irq = emu_line_add(m, &line);
    struct emu_copier_config copier = {.window = WINDOW, .line = irq, .seed = SEED};
    gathering->copier = emu_copier_create(m, &copier);
    haldma_require(gathering->copier != NULL, "no copier");
    struct haldma_device device = {.name = "copier",
                                   .bus = PCIBus,
                                   .window = WINDOW,
                                   .window_bytes = EMU_COPIER_WINDOW_BYTES,
                                   .line = irq};
    gathering->pdo = haldma_add_device(&device);
    NTSTATUS status = haldma_load_driver(name, entry, &gathering->driver);
    haldma_require(NT_SUCCESS(status), "DriverEntry returned 0x%08X", (unsigned)status);
    status = haldma_start_device(gathering->driver, gathering->pdo, &gathering->device);
    haldma_require(NT_SUCCESS(status), "the device did not start: 0x%08X", (unsigned)status);
}

static void stop_driver(void)
{
    NTSTATUS status = haldma_remove_device(gathering->pdo);
    haldma_require(NT_SUCCESS(status), "the device was not removed: 0x%08X", (unsigned)status);
    haldma_unload_driver(gathering->driver);
}

/* ---- A read ---------------------------------------------------------------------------------- */

static void reader(void *context)
{
    struct transfer *t = gathering->transfer;
    (void)context;
    transfer_send(t);
    haldma_require(t->status == STATUS_SUCCESS && t->information == LENGTH, "the read ended with 0x%08X",
                   (unsigned)t->status);
    for (uint32_t i = 0; i < LENGTH; i++)
        haldma_require(t->buffer[i] == emu_copier_pattern(SEED, i),
                       "the read is completed, and byte %u of its data is not there", i);
    transfer_check(t);
}

static void start_read(PDRIVER_INITIALIZE entry, const char *name)
{
    start_driver(entry, name);
    gathering->transfer = transfer_make(gathering->device, IRP_MJ_READ, LENGTH, PAGE_OFFSET);
    haldma_thread("reader", CALLER, reader, NULL);
}

static void start_racy(void)
{
    start_read(gatherer_racy_DriverEntry, "gatherer_racy");
}

static void start_mended(void)
{
    start_read(gatherer_DriverEntry, "gatherer");
}

/* ---- A write and a cancel -------------------------------------------------------------------- */

static void writer(void *context)
{
    transfer_send(context);
}

static void canceller(void *context)
{
    (void)context;
    IoCancelIrp(gathering->transfer->irp);
}

static void start_cancel(void)
{
    start_driver(gatherer_DriverEntry, "gatherer");
    gathering->transfer = transfer_make(gathering->device, IRP_MJ_WRITE, LENGTH, PAGE_OFFSET);
    memset(gathering->transfer->buffer, 'w', LENGTH);
    haldma_thread("writer", CALLER, writer, gathering->transfer);
    haldma_thread("canceller", OTHER, canceller, NULL);
}

static void check_cancel(void)
{
    struct transfer *t = gathering->transfer;
    haldma_require((t->status == STATUS_SUCCESS && t->information == LENGTH) || t->status == STATUS_CANCELLED,
                   "the write ended with 0x%08X", (unsigned)t->status);
    uint8_t got[LENGTH];
    emu_copier_memory_read(gathering->copier, 0, got, sizeof got);
    haldma_require(t->status == STATUS_CANCELLED || memcmp(got, t->buffer, LENGTH) == 0,
                   "the write succeeded without its data");
    haldma_require(haldma_pool_blocks(LIST_TAG) == 0, "a scatter/gather list was not put");
    transfer_check(t);
    stop_driver();
}

static const struct haldma_scenario scenarios[] = {
    {
        .name = "gather_racy",
        .summary = "a read whose request is completed before its scatter/gather list is put back",
        .set_up = start_racy,
        .check = stop_driver,
    },
    {
        .name = "gather_mended",
        .summary = "the same with a driver that is right",
        .set_up = start_mended,
        .check = stop_driver,
    },
    {
        .name = "gather_cancel",
        .summary = "a write through a scatter/gather list against IoCancelIrp",
        .set_up = start_cancel,
        .check = check_cancel,
    },
};

HALDMA_MODULE(scenarios);
