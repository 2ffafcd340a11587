/*
 * A driver for the copier that reads from a card that may misbehave (docs/devices.md), through a common
 * buffer, one IRP_MJ_READ at a time.
 *
 * One source, several drivers: WARY_BUG says what it trusts the hardware with. Without it the driver believes
 * nothing: it has a watchdog, asks the card how a transfer ended before it completes the IRP, completes it
 * once, leaves room behind the buffer, does not use a card again that it had to reset, and is ready for its
 * being pulled out.
 *
 *   wary_driver.c   DriverEntry, AddDevice, plug and play
 *   wary_io.c       reads: StartIo, interrupt, DPC, watchdog
 */
#pragma once
#include <wdm.h>

#define WARY_NOTHING 0 /* mended */
#define WARY_TRUSTS_INTERRUPT \
    1 /* an interrupt is the end of the transfer: early, late and without a cause, too */
#define WARY_TRUSTS_ONCE    2 /* every DPC completes an IRP, and there is no watchdog */
#define WARY_NO_WATCHDOG    3 /* the interrupt comes */
#define WARY_TRUSTS_LENGTH  4 /* what was asked for was moved */
#define WARY_TRUSTS_SUCCESS 5 /* nothing goes wrong */
#define WARY_TRUSTS_BOUNDS  6 /* nothing is written behind the buffer */
#define WARY_TRUSTS_MARK    7 /* a descriptor that is marked has its data */
#define WARY_TRUSTS_RESET   8 /* a card that was reset is at rest */

#define WARY_TRUSTS_PRESENCE 9  /* the card is there: it is polled until it says that it is done */
#define WARY_FORGETS_IRP     10 /* when the card is gone its read is not completed; no watchdog either */
#define WARY_FREES_EARLY     11 /* when the card is gone all is given back, whoever uses it */
#define WARY_DETACHES_EARLY  12 /* when the card is gone the device leaves its stack */

#ifndef WARY_BUG
#define WARY_BUG WARY_NOTHING
#endif

/* Registers, byte offsets. */
#define WARY_CONTROL        0x04
#define WARY_STATUS         0x08
#define WARY_INTERRUPT_TAKE 0x10
#define WARY_DOORBELL       0x14
#define WARY_OFFSET         0x24
#define WARY_COUNT_LOW      0x28
#define WARY_LIST_LOW       0x30
#define WARY_LIST_HIGH      0x34
#define WARY_LIST_LENGTH    0x38

#define WARY_CONTROL_INTERRUPTS 0x1
#define WARY_CONTROL_RESET      0x2
#define WARY_CONTROL_WRITE_BACK 0x4
#define WARY_STATUS_BUSY        0x1
#define WARY_STATUS_DONE        0x2
#define WARY_TO_MEMORY          2
#define WARY_ABSENT             0xFFFFFFFF /* what a register of a card reads as that is not there */

#define WARY_READ_BYTES   512
#define WARY_PIECES       2
#define WARY_WATCHDOG_MS  1
#define WARY_WATCHDOG_MAX 4 /* times before it gives up */

typedef struct _WARY_DESCRIPTOR {
    ULONGLONG Address;
    ULONG Length;
    ULONG Mark;
} WARY_DESCRIPTOR;

/* What the card reaches. */
typedef struct _WARY_SHARED {
    WARY_DESCRIPTOR List[WARY_PIECES];
    UCHAR Data[WARY_READ_BYTES];
#if WARY_BUG != WARY_TRUSTS_BOUNDS
    UCHAR Slack[64];
#endif
    ULONG Expected; /* bytes of the read that the card has */
} WARY_SHARED, *PWARY_SHARED;

typedef struct _WARY_EXTENSION {
    PDEVICE_OBJECT Self;
    PDEVICE_OBJECT Pdo;
    PDEVICE_OBJECT Lower;
    PUCHAR Registers;
    ULONG RegistersLength;
    PDMA_ADAPTER Adapter;
    PWARY_SHARED Shared;
    PHYSICAL_ADDRESS SharedAddress;
    PKINTERRUPT Interrupt;
    KSPIN_LOCK Lock; /* protects what follows */
    BOOLEAN Broken;  /* it did not answer, and was reset: the buffer may still be written */
    BOOLEAN Gone;    /* IRP_MN_SURPRISE_REMOVAL has come */
    PIRP Irp;        /* that the card works for; NULL: none */
    ULONG Patience;
    KTIMER Watchdog;
    KDPC WatchdogDpc;
} WARY_EXTENSION, *PWARY_EXTENSION;

DRIVER_DISPATCH WaryRead;
DRIVER_STARTIO WaryStartIo;
KSERVICE_ROUTINE WaryIsr;
IO_DPC_ROUTINE WaryDpc;
VOID WaryComplete(PWARY_EXTENSION Extension, PIRP Irp, NTSTATUS Status);
KDEFERRED_ROUTINE WaryWatchdog;
