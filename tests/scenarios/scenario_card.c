/*
 * A device and its driver, whose start may fail: see scenario_card.h.
 */
#include "scenario_card.h"

enum { WINDOW = 0xE0000000, DEVICE_IRQL = 5 };

bool card_plug(struct card *card, const struct haldma_device *device, const char *driver,
               PDRIVER_INITIALIZE entry)
{
    card->pdo = haldma_add_device(device);
    return haldma_succeeded(haldma_load_driver(driver, entry, &card->driver), "DriverEntry") &&
           haldma_succeeded(haldma_start_device(card->driver, card->pdo, &card->device), "the start");
}

bool card_plug_copier(struct card *card, struct emu_copier_config *copier, const char *driver,
                      PDRIVER_INITIALIZE entry)
{
    struct emu_machine *m = emu_current();
    struct emu_line_config line = {
        .name = "copier line", .trigger = EMU_TRIGGER_LEVEL, .level = DEVICE_IRQL, .processors = 1};
    copier->window = WINDOW;
    copier->line = emu_line_add(m, &line);
    card->copier = emu_copier_create(m, copier);
    struct haldma_device device = {.name = "copier",
                                   .bus = PCIBus,
                                   .window = WINDOW,
                                   .window_bytes = EMU_COPIER_WINDOW_BYTES,
                                   .line = copier->line};
    return card_plug(card, &device, driver, entry);
}

void card_make_transfers(struct card *card, UCHAR function, uint32_t bytes)
{
    card->count = CARD_TRANSFERS;
    for (unsigned i = 0; i < card->count; i++) {
        struct transfer *t = transfer_make(card->device, function, bytes, 0);
        if (function == IRP_MJ_READ)
            IoGetNextIrpStackLocation(t->irp)->Parameters.Read.ByteOffset.QuadPart = i * bytes;
        card->transfers[i] = t;
    }
}

void card_check(struct card *card)
{
    for (unsigned i = 0; i < card->count; i++)
        transfer_check(card->transfers[i]);
    if (card->device != NULL)
        haldma_remove_device(card->pdo);
    if (card->driver != NULL)
        haldma_unload_driver(card->driver);
}
