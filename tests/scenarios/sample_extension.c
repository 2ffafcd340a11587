/*
 * A DMA controller that a HAL extension serves (tests/drivers/soc_dma_extension), with every register access
 * of the extension as a yield point: two system DMA drivers' threads write through it at the same time.
 */
#include "scenario_transfer.h"

#include <emu/device/soc_dma.h>
#include <nthalext.h>
#include <string.h>

DRIVER_INITIALIZE streamer_DriverEntry;
NTSTATUS soc_dma_extension_AddResourceGroup(ULONG Handle, PCSRT_RESOURCE_GROUP_HEADER ResourceGroup);

#define REGISTERS 0x2000000000ull
enum { REQUEST_LINE = 0x40, LEVEL = 9, LENGTH = PAGE_SIZE, BEAT_BYTES = PAGE_SIZE, WRITERS = 2 };

/* What the firmware says about the controller. */
#pragma pack(push, 1)
struct group {
    CSRT_RESOURCE_GROUP_HEADER head;
    CSRT_RESOURCE_DESCRIPTOR_HEADER controller;
    ULONG interrupt;
    ULONGLONG registers;
};
#pragma pack(pop)

struct sample {
    struct group group;
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT pdo;
    struct transfer *writes[WRITERS];
};

static struct sample *sample; /* of the current run: made anew by set_up */

static void configure(struct haldma_config *config)
{
    config->controllers[0] = (struct haldma_controller){0}; /* the only one comes with the extension */
}

static void add_controller(void)
{
    struct emu_line_config line = {.name = "dma controller", .trigger = EMU_TRIGGER_LEVEL, .level = LEVEL};
    emu_line interrupt = emu_line_add(emu_current(), &line);
    struct emu_soc_dma_config hardware = {
        .window = REGISTERS, .line = interrupt, .first_line = REQUEST_LINE, .beat_bytes = BEAT_BYTES};
    haldma_require(emu_soc_dma_create(emu_current(), &hardware) != NULL, "no place for the controller");
    sample->group = (struct group){
        .head = {.Length = sizeof sample->group},
        .controller = {.Length = sizeof sample->group - sizeof sample->group.head,
                       .Type = CSRT_RD_TYPE_DMA,
                       .Subtype = CSRT_RD_SUBTYPE_DMA_CONTROLLER},
        .interrupt = interrupt,
        .registers = REGISTERS,
    };
    struct haldma_extension extension = {.name = "soc_dma_extension",
                                         .entry = soc_dma_extension_AddResourceGroup,
                                         .group = &sample->group.head};
    NTSTATUS status = haldma_load_extension(&extension);
    haldma_require(NT_SUCCESS(status), "AddResourceGroup returned 0x%08X", (unsigned)status);
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
    add_controller();
    struct haldma_device streamer = {
        .name = "streamer", .bus = Internal, .has_dma_line = true, .dma_line = REQUEST_LINE};
    sample->pdo = haldma_add_device(&streamer);
    NTSTATUS status = haldma_load_driver("streamer", streamer_DriverEntry, &sample->driver);
    haldma_require(NT_SUCCESS(status), "DriverEntry returned 0x%08X", (unsigned)status);
    status = haldma_start_device(sample->driver, sample->pdo, &device);
    haldma_require(NT_SUCCESS(status), "the device did not start: 0x%08X", (unsigned)status);
    for (unsigned i = 0; i < WRITERS; i++) {
        sample->writes[i] = transfer_make(device, IRP_MJ_WRITE, LENGTH, 0);
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
        .name = "extension",
        .summary = "two threads write through a DMA controller that a HAL extension serves",
        .configure = configure,
        .set_up = set_up,
        .check = check,
    },
};

HALDMA_MODULE(scenarios);
