/*
 * A driver of small pieces that race, or just do not: what it shares with the scenarios that run them.
 *
 * Each piece has a routine for two threads, or for one and the device's interrupt, and what begins it. The
 * lines that race are marked "race:" with the piece's name; the test finds them by that.
 */
#ifndef DATA_RACE_H
#define DATA_RACE_H

#include <wdm.h>

typedef VOID RACE_ROUTINE(VOID);

struct race_piece {
    const char *Name;
    BOOLEAN Racy;
    RACE_ROUTINE *Begin;  /* at PASSIVE_LEVEL, before both; may be NULL */
    RACE_ROUTINE *First;  /* a thread on processor 0 */
    RACE_ROUTINE *Second; /* a thread on processor 1; NULL: the device interrupts processor 0 instead */
    RACE_ROUTINE *End;    /* at PASSIVE_LEVEL, when all is over; may be NULL */
};

/* The extension of the driver's only device. */
struct race_extension {
    const struct race_piece *Pieces[3]; /* each ends with one without a name */
    PDEVICE_OBJECT Device;
    ULONG Vector; /* of the interrupt, given by whoever loads the driver */
    KIRQL Irql;
};

extern const struct race_piece RaceThreads[];
extern const struct race_piece RaceHandlers[];
extern const struct race_piece RaceMemory[];
extern struct race_extension *RaceExtension;

#endif
