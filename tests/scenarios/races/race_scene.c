/*
 * What the scenarios of the field's races share.
 */
#include "race_scene.h"

#include <emu/device/soc_dma.h>
#include <string.h>

#include "burst_card.h"

enum { WINDOW = 0xE0000000, DEVICE_IRQL = 5, REQUEST_LINE = 0x1000, FILL = 'w' };

struct scene *scene;

static size_t consume(void *peripheral, struct emu_machine *m, uint64_t address, const uint8_t *bytes,
                      size_t count)
{
    (void)peripheral;
    (void)m;
    (void)address;
    (void)bytes;
    scene->consumed += count;
    return count;
}

static void add_card(unsigned number, enum scene_card card, struct haldma_device *device)
{
    struct emu_machine *m = emu_current();
    static const char *const lines[SCENE_DEVICES] = {"line 0", "line 1"};
    struct emu_line_config line = {.name = lines[number],
                                   .trigger = EMU_TRIGGER_LEVEL,
                                   .level = DEVICE_IRQL,
                                   .processors = 1u << SCENE_INTERRUPTED};
    uint64_t window = WINDOW + (uint64_t)number * EMU_COPIER_WINDOW_BYTES;

    if (card == SCENE_SYSTEM_DMA) {
        static const struct emu_soc_dma_ops ops = {.consume = consume};
        emu_soc_dma_attach(haldma_controller_device(0), REQUEST_LINE, &ops, scene);
        *device = (struct haldma_device){
            .name = "device", .bus = Internal, .has_dma_line = true, .dma_line = REQUEST_LINE};
        return;
    }
    *device = (struct haldma_device){.name = "card",
                                     .bus = PCIBus,
                                     .window = window,
                                     .window_bytes = EMU_COPIER_WINDOW_BYTES,
                                     .line = emu_line_add(m, &line)};
    if (card == SCENE_BURST_CARD) {
        haldma_require(burst_card_create(m, window, device->line), "no card");
    } else {
        struct emu_copier_config copier = {
            .window = window, .line = device->line, .beat_bytes = 2 * PAGE_SIZE}; /* all in one */
        scene->copier[number] = emu_copier_create(m, &copier);
        haldma_require(scene->copier[number] != NULL, "no card");
    }
}

bool scene_start(const char *name, PDRIVER_INITIALIZE entry, enum scene_card card, unsigned devices)
{
    scene = haldma_scratch(sizeof *scene);
    if (!haldma_succeeded(haldma_load_driver(name, entry, &scene->driver), "DriverEntry"))
        return false;
    for (; scene->devices < devices; scene->devices++) {
        unsigned i = scene->devices;
        struct haldma_device device;
        add_card(i, card, &device);
        scene->pdo[i] = haldma_add_device(&device);
        if (!haldma_succeeded(haldma_start_device(scene->driver, scene->pdo[i], &scene->device[i]),
                              "the start"))
            return false;
    }
    return true;
}

struct transfer *scene_request(unsigned device, UCHAR function, uint32_t bytes)
{
    unsigned number = scene->transfers++;
    struct transfer *t = transfer_make(scene->device[device], function, bytes, 0);
    if (function == IRP_MJ_WRITE)
        memset(t->buffer, FILL, bytes);
    scene->transfer[number] = t;
    scene->goes_to[number] = device;
    scene->writes[number] = function == IRP_MJ_WRITE;
    scene->after[number] = haldma_scratch(bytes);
    scene->card[number] = haldma_scratch(bytes);
    return t;
}

/* Is the card's memory in the reader's buffer, or the writer's buffer in the card's memory? */
static bool has_data(unsigned number)
{
    const struct transfer *t = scene->transfer[number];
    const struct emu_copier *copier = scene->copier[scene->goes_to[number]];
    if (copier == NULL)
        return true;
    emu_copier_memory_read(copier, 0, scene->card[number], t->bytes);
    const uint8_t *wanted = scene->writes[number] ? t->buffer : scene->after[number];
    return memcmp(scene->card[number], wanted, t->bytes) == 0;
}

static void look_at(unsigned number)
{
    struct transfer *t = scene->transfer[number];
    memcpy(scene->after[number], t->buffer, t->bytes);
    haldma_require(!NT_SUCCESS(t->status) || has_data(number), "a request succeeded without its data");
}

void scene_send(struct transfer *t)
{
    transfer_send(t);
    for (unsigned i = 0; i < scene->transfers; i++)
        if (scene->transfer[i] == t)
            look_at(i);
}

static void send(void *transfer)
{
    scene_send(transfer);
}

void scene_sends(unsigned device, UCHAR function, uint32_t bytes)
{
    static const char *const names[SCENE_TRANSFERS] = {"sender 0", "sender 1"};
    unsigned number = scene->transfers;
    haldma_thread(names[number], number, send, scene_request(device, function, bytes));
}

static void cancel(void *nothing)
{
    (void)nothing;
    if (IoCancelIrp(scene->transfer[0]->irp)) {
        scene->stopped = scene->consumed;
        scene->is_stopped = true;
    }
}

void scene_cancels(void)
{
    haldma_thread("canceller", SCENE_INTERRUPTED, cancel, NULL);
}

void scene_remove(unsigned device)
{
    scene->removed[device] = true;
    NTSTATUS status = haldma_remove_device(scene->pdo[device]);
    haldma_require(NT_SUCCESS(status), "the device was not removed: 0x%08X", (unsigned)status);
}

static void check_transfer(unsigned number)
{
    struct transfer *t = scene->transfer[number];
    bool succeeded = t->status == STATUS_SUCCESS;
    haldma_require(t->completions == 1, "a request was completed %d times", (int)t->completions);
    haldma_require(succeeded || t->status == STATUS_CANCELLED || haldma_faults() > 0,
                   "a request ended with 0x%08X", (unsigned)t->status);
    haldma_require(!succeeded || t->information == t->bytes, "%u of %u bytes were transferred",
                   (unsigned)t->information, (unsigned)t->bytes);
    haldma_require(memcmp(scene->after[number], t->buffer, t->bytes) == 0,
                   "the buffer of a request was written after its end");
}

void scene_check(void)
{
    for (unsigned i = 0; i < scene->transfers; i++) {
        check_transfer(i);
        transfer_check(scene->transfer[i]);
    }
    haldma_require(!scene->is_stopped || scene->consumed == scene->stopped,
                   "%u bytes were transferred after the transfer was stopped",
                   (unsigned)(scene->consumed - scene->stopped));
    for (unsigned i = 0; i < scene->devices; i++)
        if (!scene->removed[i])
            scene_remove(i);
    if (scene->driver != NULL)
        haldma_unload_driver(scene->driver);
}
