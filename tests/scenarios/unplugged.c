/*
 * A card that is pulled out at any step, and its driver (tests/drivers/wary): two reads, one after the other,
 * against a surprise removal.
 */
#include "scenario_transfer.h"

#include <emu/device/copier.h>

DRIVER_INITIALIZE wary_nothing_DriverEntry;
DRIVER_INITIALIZE wary_trusts_presence_DriverEntry;
DRIVER_INITIALIZE wary_forgets_irp_DriverEntry;
DRIVER_INITIALIZE wary_frees_early_DriverEntry;
DRIVER_INITIALIZE wary_detaches_early_DriverEntry;

enum { WINDOW = 0xE0000000, DEVICE_IRQL = 5, LENGTH = 512, READS = 2 };

static struct world {
    struct emu_copier *copier;
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT pdo, device;
    struct transfer *reads[READS];
    unsigned count;
} * world; /* of the current run */

static void reader(void *context)
{
    (void)context;
    for (unsigned i = 0; i < world->count; i++) {
        struct transfer *t = world->reads[i];
        transfer_send(t);
        for (uint32_t k = 0; NT_SUCCESS(t->status) && k < LENGTH; k++)
            haldma_require(t->buffer[k] == emu_copier_pattern(0, i * LENGTH + k),
                           "a read succeeded, and byte %u of its data is not there", k);
    }
}

static void start(PDRIVER_INITIALIZE entry)
{
    struct emu_machine *m = emu_current();
    world = haldma_scratch(sizeof *world);
    struct emu_line_config line = {
        .name = "copier line", .trigger = EMU_TRIGGER_LEVEL, .level = DEVICE_IRQL, .processors = 1};
    emu_line irq = emu_line_add(m, &line);
    struct emu_copier_config copier = {.window = WINDOW, .line = irq};
    world->copier = emu_copier_create(m, &copier);
    struct haldma_device device = {.name = "copier",
                                   .bus = PCIBus,
                                   .window = WINDOW,
                                   .window_bytes = EMU_COPIER_WINDOW_BYTES,
                                   .line = irq};
    world->pdo = haldma_add_device(&device);
    if (!haldma_succeeded(haldma_load_driver("wary", entry, &world->driver), "DriverEntry") ||
        !haldma_succeeded(haldma_start_device(world->driver, world->pdo, &world->device), "the start"))
        return;
    world->count = READS;
    for (unsigned i = 0; i < READS; i++) {
        world->reads[i] = transfer_make(world->device, IRP_MJ_READ, LENGTH, 0);
        IoGetNextIrpStackLocation(world->reads[i]->irp)->Parameters.Read.ByteOffset.QuadPart = i * LENGTH;
    }
    haldma_thread("reader", 0, reader, NULL);
    haldma_surprise_removal_thread(world->pdo, 1);
}

static void check(void)
{
    if (world->device != NULL) {
        for (unsigned i = 0; i < READS; i++)
            transfer_check(world->reads[i]);
        haldma_remove_device(world->pdo);
    }
    if (world->driver != NULL)
        haldma_unload_driver(world->driver);
}

#define STARTS(driver)                      \
    static void start_##driver(void)        \
    {                                       \
        start(wary_##driver##_DriverEntry); \
    }
STARTS(nothing)
STARTS(trusts_presence)
STARTS(forgets_irp)
STARTS(frees_early)
STARTS(detaches_early)

#define SCENARIO(id, driver, text)                                             \
    {                                                                          \
        .name = #id, .summary = text, .set_up = start_##driver, .check = check \
    }

static const struct haldma_scenario scenarios[] = {
    SCENARIO(mended, nothing, "a driver that is ready for its card's being pulled out"),
    SCENARIO(polls, trusts_presence, "the driver polls a register that reads as all ones for ever"),
    SCENARIO(forgets, forgets_irp, "the driver does not complete the read of a card that is gone"),
    SCENARIO(frees, frees_early, "the driver gives back what another processor still uses"),
    SCENARIO(detaches, detaches_early, "the driver leaves its stack before IRP_MN_REMOVE_DEVICE"),
};

HALDMA_MODULE(scenarios);
