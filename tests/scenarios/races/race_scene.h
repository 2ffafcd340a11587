/*
 * What the scenarios of the field's races share: one or two devices with a driver, requests, and what must
 * hold at the end.
 */
#ifndef RACE_SCENE_H
#define RACE_SCENE_H

#include "scenario_transfer.h"

#include <emu/device/copier.h>

enum {
    SCENE_DEVICES = 2,
    SCENE_TRANSFERS = 2,
    SCENE_STARTER = 0,     /* the processor of those who send */
    SCENE_INTERRUPTED = 1, /* that of cancellers and interrupts */
    SCENE_LENGTH = 512,    /* of a request that has one piece */
};

enum scene_card { SCENE_COPIER, SCENE_BURST_CARD, SCENE_SYSTEM_DMA };

struct scene {
    unsigned devices; /* that were started */
    unsigned transfers;
    struct emu_copier *copier[SCENE_DEVICES];
    PDRIVER_OBJECT driver; /* NULL: DriverEntry failed */
    PDEVICE_OBJECT pdo[SCENE_DEVICES];
    PDEVICE_OBJECT device[SCENE_DEVICES];
    struct transfer *transfer[SCENE_TRANSFERS];
    unsigned goes_to[SCENE_TRANSFERS]; /* which device */
    bool writes[SCENE_TRANSFERS];
    uint8_t *after[SCENE_TRANSFERS]; /* of a read: the buffer when it was over */
    uint8_t *card[SCENE_TRANSFERS];  /* room for what the card's memory has of it */
    bool removed[SCENE_DEVICES];
    uint64_t consumed; /* by what is behind the system DMA controller */
    uint64_t stopped;  /* of that, when its stop had returned */
    bool is_stopped;
};

/* Of the current run. */
extern struct scene *scene;

/* Loads the driver and starts so many devices. False: something failed by choice; anything else fails the
 * scenario. */
bool scene_start(const char *name, PDRIVER_INITIALIZE entry, enum scene_card card, unsigned devices);

/* A request of so many bytes to a device. */
struct transfer *scene_request(unsigned device, UCHAR function, uint32_t bytes);
/* Sends it, waits, and keeps its buffer's content of that moment; where it succeeded its data is there. */
void scene_send(struct transfer *t);
/* A thread that does so; the first on processor 0, the second on processor 1. */
void scene_sends(unsigned device, UCHAR function, uint32_t bytes);

/* A thread that cancels the first request. */
void scene_cancels(void);

/* Removes a device; scene_check() does not do it again. */
void scene_remove(unsigned device);

/* Every request ended once, successfully, cancelled, or after a failure by choice; nobody wrote a buffer
 * after that; nothing was transferred after a stop; and the devices can be removed. */
void scene_check(void);

#endif
