/*
 * A system DMA driver (tests/drivers/streamer): two threads write through one controller channel at the same
 * time.
 */
#include "scenario_transfer.h"

#include <string.h>

DRIVER_INITIALIZE streamer_DriverEntry;

enum {
    REQUEST_LINE = 0x1000,
    LENGTH = 2 * PAGE_SIZE,
    WRITERS = 2,
    BEAT_BYTES = 4096,
};

struct sample {
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT pdo;
    struct transfer *writes[WRITERS];
};

static struct sample *sample; /* of the current run: made anew by set_up */

static void configure(struct haldma_config *config)
{
    config->controllers[0] = (struct haldma_controller){
        .first_line = REQUEST_LINE, .lines = 1, .channels = 1, .fragments_max = 1, .beat_bytes = BEAT_BYTES};
}

static void writer(void *context)
{
    transfer_send(context);
}

static void set_up(void)
{
    static const char *const names[WRITERS] = {"writer 0", "writer 1"};
    PDEVICE_OBJECT device;
    sample = haldma_scratch(sizeof *sample);

    struct haldma_device streamer = {
        .name = "streamer", .bus = Internal, .has_dma_line = true, .dma_line = REQUEST_LINE};
    sample->pdo = haldma_add_device(&streamer);
    NTSTATUS status = haldma_load_driver("streamer", streamer_DriverEntry, &sample->driver);
    haldma_require(NT_SUCCESS(status), "DriverEntry returned 0x%08X", (unsigned)status);
    status = haldma_start_device(sample->driver, sample->pdo, &device);
    haldma_require(NT_SUCCESS(status), "the device did not start: 0x%08X", (unsigned)status);

    for (unsigned i = 0; i < WRITERS; i++) {
        sample->writes[i] = transfer_make(device, IRP_MJ_WRITE, LENGTH, 0);
        memset(sample->writes[i]->buffer, (int)('0' + i), LENGTH);
        haldma_thread(names[i], i, writer, sample->writes[i]);
    }
}

static void check(void)
{
    for (unsigned i = 0; i < WRITERS; i++) {
        struct transfer *t = sample->writes[i];
        haldma_require(t->status == STATUS_SUCCESS && t->information == LENGTH, "write %u ended with 0x%08X",
                       i, (unsigned)t->status);
        transfer_check(t);
    }
    NTSTATUS status = haldma_remove_device(sample->pdo);
    haldma_require(NT_SUCCESS(status), "the device was not removed: 0x%08X", (unsigned)status);
    haldma_unload_driver(sample->driver);
}

static const struct haldma_scenario scenarios[] = {
    {
        .name = "write",
        .summary = "two threads write through one system DMA channel, each waiting at PASSIVE_LEVEL",
        .configure = configure,
        .set_up = set_up,
        .check = check,
    },
};

HALDMA_MODULE(scenarios);
