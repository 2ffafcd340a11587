/*
 * A card that is pulled out at any step, and its driver (tests/drivers/wary): two reads, one after the other,
 * against a surprise removal.
 */
#include "scenario_card.h"

DRIVER_INITIALIZE wary_nothing_DriverEntry;
DRIVER_INITIALIZE wary_trusts_presence_DriverEntry;
DRIVER_INITIALIZE wary_forgets_irp_DriverEntry;
DRIVER_INITIALIZE wary_frees_early_DriverEntry;
DRIVER_INITIALIZE wary_detaches_early_DriverEntry;

enum { LENGTH = 512 };

static struct card *card; /* of the current run */

static void reader(void *context)
{
    (void)context;
    for (unsigned i = 0; i < card->count; i++) {
        struct transfer *t = card->transfers[i];
        transfer_send(t);
        for (uint32_t k = 0; NT_SUCCESS(t->status) && k < LENGTH; k++)
            haldma_require(t->buffer[k] == emu_copier_pattern(0, i * LENGTH + k),
                           "a read succeeded, and byte %u of its data is not there", k);
    }
}

static void start(PDRIVER_INITIALIZE entry)
{
    struct emu_copier_config copier = {0};
    card = haldma_scratch(sizeof *card);
    if (!card_plug_copier(card, &copier, "wary", entry))
        return;
    card_make_transfers(card, IRP_MJ_READ, LENGTH);
    haldma_thread("reader", 0, reader, NULL);
    haldma_surprise_removal_thread(card->pdo, 1);
}

static void check(void)
{
    card_check(card);
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
