/*
 * Hardware that misbehaves, and drivers that trust it (tests/drivers/wary): reads, one after the other, from
 * a card that commits one misdeed, or any.
 */
#include "scenario_card.h"

#include <emu/misdeed.h>

DRIVER_INITIALIZE wary_nothing_DriverEntry;
DRIVER_INITIALIZE wary_trusts_interrupt_DriverEntry;
DRIVER_INITIALIZE wary_trusts_once_DriverEntry;
DRIVER_INITIALIZE wary_no_watchdog_DriverEntry;
DRIVER_INITIALIZE wary_trusts_length_DriverEntry;
DRIVER_INITIALIZE wary_trusts_success_DriverEntry;
DRIVER_INITIALIZE wary_trusts_bounds_DriverEntry;
DRIVER_INITIALIZE wary_trusts_mark_DriverEntry;
DRIVER_INITIALIZE wary_trusts_reset_DriverEntry;

enum { LENGTH = 512, SLOW_BEAT_NS = 8000000 };

static struct card *card; /* of the current run */

/* An error may be told; what is said to be there is. */
static void require_read(const struct transfer *t, uint32_t offset)
{
    if (!NT_SUCCESS(t->status))
        return;
    haldma_require(t->information == LENGTH, "a read moved %u bytes", (unsigned)t->information);
    for (uint32_t i = 0; i < LENGTH; i++)
        haldma_require(t->buffer[i] == emu_copier_pattern(0, offset + i),
                       "a read succeeded, and byte %u of its data is not there", i);
}

static void reader(void *context)
{
    (void)context;
    for (unsigned i = 0; i < card->count; i++) {
        transfer_send(card->transfers[i]);
        require_read(card->transfers[i], i * LENGTH);
    }
}

static void start(PDRIVER_INITIALIZE entry, uint32_t misdeeds, uint64_t beat_ns)
{
    struct emu_copier_config copier = {.misdeeds = misdeeds, .beat_ns = beat_ns};
    card = haldma_scratch(sizeof *card);
    if (!card_plug_copier(card, &copier, "wary", entry))
        return;
    card_make_transfers(card, IRP_MJ_READ, LENGTH);
    haldma_thread("reader", 0, reader, NULL);
}

static void check(void)
{
    card_check(card);
}

#define STARTS(name, driver, misdeeds, beat)                \
    static void start_##name(void)                          \
    {                                                       \
        start(wary_##driver##_DriverEntry, misdeeds, beat); \
    }
STARTS(early, trusts_interrupt, EMU_MISDEED_EARLY, 0)
STARTS(late, trusts_interrupt, EMU_MISDEED_LATE, 0)
STARTS(spurious, trusts_interrupt, EMU_MISDEED_SPURIOUS, 0)
STARTS(twice, trusts_once, EMU_MISDEED_TWICE, 0)
STARTS(never, no_watchdog, EMU_MISDEED_NEVER, 0)
STARTS(short, trusts_length, EMU_MISDEED_SHORT, 0)
STARTS(error, trusts_success, EMU_MISDEED_ERROR, 0)
STARTS(beyond, trusts_bounds, EMU_MISDEED_BEYOND, 0)
STARTS(status_first, trusts_mark, EMU_MISDEED_STATUS_FIRST, 0)
STARTS(after_reset, trusts_reset, EMU_MISDEED_AFTER_RESET, SLOW_BEAT_NS)
STARTS(wary, nothing, EMU_MISDEEDS_ALL, 0)
STARTS(wary_slow, nothing, EMU_MISDEEDS_ALL, SLOW_BEAT_NS)
STARTS(faithful, nothing, 0, 0)

#define SCENARIO(id, text)                                                 \
    {                                                                      \
        .name = #id, .summary = text, .set_up = start_##id, .check = check \
    }

static const struct haldma_scenario scenarios[] = {
    SCENARIO(early, "the interrupt comes before the data, and the driver asks nobody else"),
    SCENARIO(late, "the interrupt comes when the next transfer runs, and the driver takes it for that one's"),
    SCENARIO(spurious, "an interrupt has no cause, and the driver takes it for the end of the transfer"),
    SCENARIO(twice, "the interrupt comes twice, and the driver completes the IRP twice"),
    SCENARIO(never, "the interrupt never comes, and the driver has no watchdog"),
    SCENARIO(short, "the transfer is short, and the driver does not ask how long it was"),
    SCENARIO(error, "the card reports an error, and the driver does not look"),
    SCENARIO(beyond, "the card writes beyond its list, where the driver keeps a count"),
    SCENARIO(status_first, "a descriptor is marked before its data is there, and the driver polls the mark"),
    SCENARIO(after_reset, "the card goes on after a reset, into the next transfer's buffer"),
    SCENARIO(wary, "a card that does anything wrong, and a driver that believes nothing"),
    SCENARIO(wary_slow, "the same with a card so slow that the watchdog gives up"),
    SCENARIO(faithful, "the same driver and a card that does as it should, unless --hardware says otherwise"),
};

HALDMA_MODULE(scenarios);
