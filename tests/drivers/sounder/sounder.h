/*
 * The sounder: a sound card behind a channel of the PC's DMA controllers, as its driver knows it.
 *
 * The card plays what the channel brings. Whenever half of the ring was played it interrupts, and plays on
 * once that was acknowledged.
 */
#ifndef SOUNDER_H
#define SOUNDER_H

#include <wdm.h>

/* Ports, from the first one of the card's on. */
#define SOUNDER_CONTROL 0 /* write: 1 plays, 0 stops */
#define SOUNDER_STATUS  1 /* read: 1 half a ring was played; write: acknowledges */

#define SOUNDER_HALF    64
#define SOUNDER_RING    (2 * SOUNDER_HALF)
#define SOUNDER_SILENCE 0x80

typedef struct _SOUNDER_EXTENSION {
    PDEVICE_OBJECT Pdo;
    PDEVICE_OBJECT Lower;
    PUCHAR Port;
    PKINTERRUPT Interrupt;
    PDMA_ADAPTER Adapter;
    PUCHAR Ring; /* a common buffer */
    PHYSICAL_ADDRESS RingAddress;
    PMDL RingMdl;
    KDPC Dpc;
    FAST_MUTEX Mutex;

    /* What is being played. */
    PVOID MapRegisterBase;
    KEVENT Granted;
    KEVENT Played;
    const UCHAR *Source;
    ULONG Halves;
    ULONG Queued; /* halves copied to the ring */
    ULONG Done;   /* halves played */
} SOUNDER_EXTENSION, *PSOUNDER_EXTENSION;

KSERVICE_ROUTINE SounderIsr;
KDEFERRED_ROUTINE SounderDpc;

/* Half a ring was played: what comes next is put in its place. TRUE: that was the last one. */
BOOLEAN SounderRefill(PSOUNDER_EXTENSION Extension);

#endif
