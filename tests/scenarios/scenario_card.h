/*
 * A device and its driver, whose start may fail: it is plugged in, has a few requests, is unplugged, and its
 * driver is unloaded. For scenarios that are explored with faults, misdeeds or removals.
 */
#ifndef SCENARIO_CARD_H
#define SCENARIO_CARD_H

#include "scenario_transfer.h"

#include <emu/device/copier.h>

enum { CARD_TRANSFERS = 2 };

struct card {
    struct emu_copier *copier; /* NULL: it is none of the copier's kind */
    PDRIVER_OBJECT driver;     /* NULL: DriverEntry failed */
    PDEVICE_OBJECT pdo;
    PDEVICE_OBJECT device; /* NULL: it was not started */
    struct transfer *transfers[CARD_TRANSFERS];
    unsigned count; /* of them: a loop that nobody unrolls makes its calls from one place */
};

/* Loads the driver and starts the device. False: something failed by choice; anything else fails the
 * scenario. */
bool card_plug(struct card *card, const struct haldma_device *device, const char *driver,
               PDRIVER_INITIALIZE entry);

/* The same for a copier; its window and its line are filled in. */
bool card_plug_copier(struct card *card, struct emu_copier_config *copier, const char *driver,
                      PDRIVER_INITIALIZE entry);

/* Makes its requests, IRP_MJ_READ or IRP_MJ_WRITE, of so many bytes; reads are of one place after the other.
 */
void card_make_transfers(struct card *card, UCHAR function, uint32_t bytes);

/* In check: each request was completed once. Removes the device and unloads the driver, as far as there are
 * any. */
void card_check(struct card *card);

#endif
