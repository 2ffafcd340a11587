/*
 * A driver of Windows NT 4 (tests/drivers/old_style): one unit writes while the other reads, over one DMA
 * channel and one controller object.
 */
#include "scenario_transfer.h"

#include <string.h>

DRIVER_INITIALIZE old_style_DriverEntry;

enum { LENGTH = 600, FILL = 0xEE, UNITS = 2 };

struct units {
    PDRIVER_OBJECT driver;
    struct transfer *transfers[UNITS];
};

static struct units *units; /* of the current run: made anew by set_up */

static void send(void *context)
{
    transfer_send(context);
}

static void set_up(void)
{
    static const char *const names[UNITS] = {"reader", "writer"};
    static const UCHAR functions[UNITS] = {IRP_MJ_READ, IRP_MJ_WRITE};
    units = haldma_scratch(sizeof *units);
    NTSTATUS status = haldma_load_driver("old_style", old_style_DriverEntry, &units->driver);
    haldma_require(NT_SUCCESS(status), "DriverEntry returned 0x%08X", (unsigned)status);
    PDEVICE_OBJECT device = units->driver->DeviceObject;
    for (unsigned i = 0; i < UNITS; i++, device = device->NextDevice) {
        units->transfers[i] = transfer_make(device, functions[i], LENGTH, 0);
        memset(units->transfers[i]->buffer, FILL, LENGTH);
        haldma_thread(names[i], i, send, units->transfers[i]);
    }
}

/* Did the device write something everywhere? What is there, is a pattern of the device's. */
static bool was_written(const uint8_t *buffer)
{
    unsigned same = 0;
    for (unsigned i = 0; i < LENGTH; i++)
        same += buffer[i] == FILL;
    return same < LENGTH / 16;
}

static void check(void)
{
    for (unsigned i = 0; i < UNITS; i++) {
        const struct transfer *t = units->transfers[i];
        haldma_require(t->status == STATUS_SUCCESS && t->information == LENGTH, "unit %u ended with 0x%08X",
                       i, (unsigned)t->status);
    }
    haldma_require(was_written(units->transfers[0]->buffer), "the reader got nothing");
    haldma_require(!was_written(units->transfers[1]->buffer), "the writer's buffer was written");
    for (unsigned i = 0; i < UNITS; i++)
        transfer_check(units->transfers[i]);
    haldma_unload_driver(units->driver);
}

static const struct haldma_scenario scenarios[] = {
    {
        .name = "old_style",
        .summary =
            "a driver of Windows NT 4: HalGetAdapter, IoMapTransfer, and two units behind one controller",
        .set_up = set_up,
        .check = check,
    },
};

HALDMA_MODULE(scenarios);
