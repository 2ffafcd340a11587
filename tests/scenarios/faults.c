/*
 * Drivers whose mistakes show when a call fails (tests/drivers/faulty): two writes, one after the other, from
 * the loading of the driver to its unloading. To be explored with --faults.
 */
#include "scenario_transfer.h"

#include <emu/device/copier.h>
#include <string.h>

DRIVER_INITIALIZE faulty_mended_DriverEntry;
DRIVER_INITIALIZE faulty_leaks_pool_DriverEntry;
DRIVER_INITIALIZE faulty_leaks_buffer_DriverEntry;
DRIVER_INITIALIZE faulty_frees_twice_DriverEntry;
DRIVER_INITIALIZE faulty_ignores_partial_DriverEntry;
DRIVER_INITIALIZE faulty_completes_twice_DriverEntry;
DRIVER_INITIALIZE faulty_forgets_registers_DriverEntry;

enum { WINDOW = 0xE0000000, DEVICE_IRQL = 5, LENGTH = 2 * PAGE_SIZE, WRITES = 2 };

static struct world {
    struct emu_copier *copier;
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT pdo, device;
    struct transfer *writes[WRITES];
    unsigned count; /* of them: a loop that nobody unrolls makes its calls from one place */
} * world;          /* of the current run */

/* What is written must be there, unless something failed by choice. */
static void require_written(const struct transfer *t)
{
    uint8_t got[LENGTH];
    haldma_succeeded(t->status, "the write");
    if (!NT_SUCCESS(t->status))
        return;
    emu_copier_memory_read(world->copier, 0, got, sizeof got);
    haldma_require(t->information == LENGTH && memcmp(got, t->buffer, LENGTH) == 0,
                   "a write succeeded without its data");
}

static void writer(void *context)
{
    (void)context;
    for (unsigned i = 0; i < world->count; i++) {
        memset(world->writes[i]->buffer, (int)('a' + i), LENGTH);
        transfer_send(world->writes[i]);
        require_written(world->writes[i]);
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
    if (!haldma_succeeded(haldma_load_driver("faulty", entry, &world->driver), "DriverEntry"))
        return;
    if (!haldma_succeeded(haldma_start_device(world->driver, world->pdo, &world->device), "the start"))
        return;
    for (unsigned i = 0; i < WRITES; i++)
        world->writes[i] = transfer_make(world->device, IRP_MJ_WRITE, LENGTH, 0);
    world->count = WRITES;
    haldma_thread("writer", 0, writer, NULL);
}

static void check(void)
{
    if (world->device != NULL) {
        for (unsigned i = 0; i < WRITES; i++)
            transfer_check(world->writes[i]);
        haldma_remove_device(world->pdo);
    }
    if (world->driver != NULL)
        haldma_unload_driver(world->driver);
}

#define STARTS(bug)                        \
    static void start_##bug(void)          \
    {                                      \
        start(faulty_##bug##_DriverEntry); \
    }
STARTS(mended)
STARTS(leaks_pool)
STARTS(leaks_buffer)
STARTS(frees_twice)
STARTS(ignores_partial)
STARTS(completes_twice)
STARTS(forgets_registers)

static const struct haldma_scenario scenarios[] = {
    {.name = "mended",
     .summary = "a driver that is ready for failures",
     .set_up = start_mended,
     .check = check},
    {.name = "leaks_pool",
     .summary = "a block of pool stays allocated where the interrupt cannot be connected",
     .set_up = start_leaks_pool,
     .check = check},
    {.name = "leaks_buffer",
     .summary = "the common buffer stays allocated where the allocation after it fails",
     .set_up = start_leaks_buffer,
     .check = check},
    {.name = "frees_twice",
     .summary = "the failure path of the start frees what the removal frees again",
     .set_up = start_frees_twice,
     .check = check},
    {.name = "ignores_partial",
     .summary = "what MapTransferEx did not map is taken for transferred",
     .set_up = start_ignores_partial,
     .check = check},
    {.name = "completes_twice",
     .summary = "two functions complete the IRP where there are no map registers",
     .set_up = start_completes_twice,
     .check = check},
    {.name = "forgets_registers",
     .summary = "map registers are kept where there is no MDL after they were granted",
     .set_up = start_forgets_registers,
     .check = check},
};

HALDMA_MODULE(scenarios);
