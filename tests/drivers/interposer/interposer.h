/*
 * A lower filter driver that puts itself between every driver above it and the platform's DMA adapters, as
 * the drivers of virtualization do: it answers for the device's standard bus interface, and hands out
 * adapters whose table is its own, with every member of every version.
 *
 *   interposer_driver.c   DriverEntry, AddDevice, Plug and Play, the bus interface
 *   interposer_adapter.c  making adapters, completion routines, the table
 *   interposer_dma.c      the members
 *
 * Two drivers are made of it: interposer_wraps hands out an adapter of its own that leads to the platform's;
 * interposer_replaces (INTERPOSER_REPLACES) hands out the platform's with another DmaOperations pointer.
 */
#pragma once
#include <wdm.h>

#define INTERPOSER_TAG 0x72746E49 /* "Intr" */

typedef struct _INTERPOSER_EXTENSION {
    PDEVICE_OBJECT Pdo;
    PDEVICE_OBJECT Lower;
    BUS_INTERFACE_STANDARD LowerBus; /* of the bus driver; GetDmaAdapter is NULL where it has none */
    PKTHREAD Asking;                 /* asks the platform now: its question is not answered here */
} INTERPOSER_EXTENSION, *PINTERPOSER_EXTENSION;

/* An adapter that was handed out. */
typedef struct _INTERPOSER_ADAPTER {
    DMA_ADAPTER Adapter; /* the driver's; unused where the platform's own is handed out */
    DMA_OPERATIONS Operations;
    PDMA_ADAPTER Lower;
    PDMA_OPERATIONS LowerOperations;
} INTERPOSER_ADAPTER, *PINTERPOSER_ADAPTER;

/* A completion routine that waits for its transfer: it is to see the adapter that its driver knows. */
typedef struct _INTERPOSER_COMPLETION {
    PDMA_ADAPTER Adapter;
    PDMA_COMPLETION_ROUTINE Routine;
    PVOID Context;
} INTERPOSER_COMPLETION, *PINTERPOSER_COMPLETION;

/* interposer_adapter.c */
PDMA_ADAPTER InterposerWrap(PDMA_ADAPTER Lower);
VOID InterposerUnwrap(PINTERPOSER_ADAPTER Wrapped);
PINTERPOSER_ADAPTER InterposerOf(PDMA_ADAPTER DmaAdapter);
/* A completion for the lower adapter. FALSE without memory; with a NULL Routine there is none to make. */
BOOLEAN InterposerComplete(PDMA_ADAPTER DmaAdapter, PDMA_COMPLETION_ROUTINE *Routine, PVOID *Context);
/* The transfer did not begin: its completion will not be called. */
VOID InterposerForget(PDMA_COMPLETION_ROUTINE Routine, PVOID Context);

/* interposer_dma.c */
extern const DMA_OPERATIONS InterposerOperations;
