/*
 * What the drivers of the twelve races share (docs/field-races.md): a card of the copier's kind, its
 * registers, plug and play, its interrupt, and a transfer that is mapped, started and ended in the plain way.
 *
 * Each race has its own file with its own RaceDriver: how requests come in, wait, are cancelled and end. It
 * is built twice or more; RACE_MENDED is the version that is right.
 *
 *   race_entry.c     DriverEntry, in each driver
 *   race_driver.c    what it does, AddDevice, plug and play, interrupt; once for all, in a library
 *   race_transfer.c  mapping, programming, flushing, freeing; for drivers that have no bug there; likewise
 */
#pragma once
#include <wdm.h>

/* Registers, byte offsets. */
#define RACE_CONTROL        0x04
#define RACE_STATUS         0x08
#define RACE_INTERRUPT_TAKE 0x10
#define RACE_DOORBELL       0x14
#define RACE_ADDRESS        0x18 /* 64 bits */
#define RACE_LENGTH         0x20
#define RACE_OFFSET         0x24

#define RACE_CONTROL_INTERRUPTS 0x1
#define RACE_CONTROL_RESET      0x2
#define RACE_STATUS_BUSY        0x1
#define RACE_INTERRUPT_QUIET    0x4 /* the burst card's: after a reset, when nothing is under way any more */
#define RACE_FROM_MEMORY        1
#define RACE_TO_MEMORY          2

#define RACE_PAGES          2 /* that a buffer may lie in */
#define RACE_MAXIMUM_LENGTH (RACE_PAGES * PAGE_SIZE)

/* A list buffer for MapTransferEx, on the stack. */
typedef union _RACE_LIST {
    SCATTER_GATHER_LIST List;
    UCHAR Bytes[sizeof(SCATTER_GATHER_LIST) + RACE_PAGES * sizeof(SCATTER_GATHER_ELEMENT)];
} RACE_LIST;

/* How a device extension begins. */
typedef struct _RACE_DEVICE {
    PDEVICE_OBJECT Self;
    PDEVICE_OBJECT Pdo;
    PDEVICE_OBJECT Lower;
    PUCHAR Registers; /* NULL: the device sits behind a system DMA controller */
    ULONG RegistersLength;
    PKINTERRUPT Interrupt;
    PDMA_ADAPTER Adapter;
    ULONG MapRegisters; /* the adapter's most */
    LONG Causes;        /* from the ISR to the DPC */

    /* The request that has the device, one at a time. */
    LONG Busy;       /* who still uses what follows: the IRP, and whom RaceHold() counted; 0: nobody */
    KSPIN_LOCK Lock; /* protects Irp where more than one context looks at it */
    PIRP Irp;
    BOOLEAN Write;
    ULONG Length;
    ULONG Offset; /* where the part begins that is mapped now */
    ULONG Mapped; /* its length */
    ULONG Allocated;
    PVOID MapRegisterBase;
    UCHAR TransferContext[DMA_TRANSFER_CONTEXT_SIZE_V1];
} RACE_DEVICE, *PRACE_DEVICE;

/* What a race's file defines. Members that it does not need are NULL. */
typedef struct _RACE_DRIVER {
    ULONG ExtensionLength; /* of an extension that begins with a RACE_DEVICE */
    ULONG AddressWidth;    /* of the card; 0: a system DMA device */
    PDRIVER_DISPATCH ReadWrite;
    PDRIVER_STARTIO StartIo;
    PDRIVER_DISPATCH Power;
    PKSERVICE_ROUTINE Isr; /* NULL: RaceIsr */
    PIO_DPC_ROUTINE Dpc;
    VOID (*Stop)(PRACE_DEVICE Device); /* when interrupts are disconnected, before the adapter is released */
} RACE_DRIVER;

extern const RACE_DRIVER RaceDriver;

/* race_driver.c */
VOID RaceEntry(PDRIVER_OBJECT DriverObject);
KSERVICE_ROUTINE RaceIsr;
VOID RaceComplete(PIRP Irp, NTSTATUS Status, ULONG Information);
/* Stops the card at once. */
VOID RaceReset(PRACE_DEVICE Device);

/* race_transfer.c */
/* Takes the device for the IRP, whose buffer lies in so many pages at most; or completes it with what is
 * wrong, and FALSE. */
BOOLEAN RaceBegin(PRACE_DEVICE Device, PIRP Irp, ULONG Pages);
/* Tells the card the pieces and starts it. */
VOID RaceProgram(PRACE_DEVICE Device, PSCATTER_GATHER_LIST List);
/* Maps what is left of the transfer, or as much as the HAL does in one go, and starts the card. */
NTSTATUS RaceStage(PRACE_DEVICE Device, PIRP Irp);
/* Flushes the part that is mapped. TRUE: it was the last one. */
BOOLEAN RaceFlush(PRACE_DEVICE Device, PIRP Irp);
/* Frees the map registers, where there are any. */
VOID RaceFree(PRACE_DEVICE Device);
/* The IRP is over, and the device free, if nobody holds it beside the IRP. */
VOID RaceEnd(PRACE_DEVICE Device, PIRP Irp, NTSTATUS Status);
/* A dispatch routine: takes the device and asks for a map register for each page. STATUS_PENDING. */
NTSTATUS RaceSubmit(PDEVICE_OBJECT DeviceObject, PIRP Irp, ULONG Pages, PDRIVER_CONTROL AdapterControl);
/* One more user of the device, beside its IRP; and one less. */
VOID RaceHold(PRACE_DEVICE Device);
VOID RaceRelease(PRACE_DEVICE Device);
/* The DPC takes the request whose transfer is over; NULL: it was taken already, or is not over. */
PIRP RaceTake(PRACE_DEVICE Device);
/* The same for a request that can be cancelled meanwhile, by a routine that takes it with the lock: it cannot
 * any more. */
PIRP RaceTakeFromCancel(PRACE_DEVICE Device);
/* A DPC: flushes, and starts the next part or ends the request. */
IO_DPC_ROUTINE RaceDpc;
/* The IRP as Context: starts the first part, or ends the request. */
DRIVER_CONTROL RaceAdapterControl;
