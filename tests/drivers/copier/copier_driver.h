/*
 * A complete WDM driver for the copier, a scatter/gather bus master (docs/devices.md has its registers).
 *
 * Written as for the WDK. It serves IRP_MJ_READ and IRP_MJ_WRITE with direct I/O, one transfer at a time;
 * others wait in its own queue. A request can be cancelled until its transfer begins.
 *
 *   copier_driver.c            DriverEntry, AddDevice, plug and play, dispatch
 *   copier_io.c           queue, map registers, transfer, interrupt, DPC
 *   copier_cancel.c       the cancel routine, right
 *   copier_cancel_racy.c  the cancel routine with a race: linked instead of the above into copier_racy
 */
#pragma once
#include <wdm.h>

/* Registers, byte offsets. */
#define COPIER_CONTROL        0x04
#define COPIER_STATUS         0x08
#define COPIER_INTERRUPT_TAKE 0x10
#define COPIER_DOORBELL       0x14
#define COPIER_OFFSET         0x24
#define COPIER_LIST_LOW       0x30
#define COPIER_LIST_HIGH      0x34
#define COPIER_LIST_LENGTH    0x38

#define COPIER_CONTROL_INTERRUPTS 0x1
#define COPIER_CONTROL_RESET      0x2
#define COPIER_INTERRUPT_DONE     0x1
#define COPIER_INTERRUPT_ERROR    0x2
#define COPIER_FROM_MEMORY        1
#define COPIER_TO_MEMORY          2

#define COPIER_MAXIMUM_LENGTH (64 * 1024)
#define COPIER_LIST_CAPACITY  (COPIER_MAXIMUM_LENGTH / PAGE_SIZE + 1)

/* What the device reads: one piece of a transfer. */
typedef struct _COPIER_DESCRIPTOR {
    ULONGLONG Address;
    ULONG Length;
    ULONG Reserved;
} COPIER_DESCRIPTOR, *PCOPIER_DESCRIPTOR;

/*
 * The request that has the device. Three things must be over before its IRP is completed and the device goes
 * to the next: the starting of it, its place in the adapter's line (it was granted and CopierAdapterControl
 * saw to that, or it was withdrawn), and its outcome must be known (from the DPC, a failed mapping, or the
 * cancel routine).
 */
#define COPIER_STARTED 0x1
#define COPIER_LINE    0x2
#define COPIER_OUTCOME 0x4
#define COPIER_ALL     (COPIER_STARTED | COPIER_LINE | COPIER_OUTCOME)

typedef struct _COPIER_REQUEST {
    PIRP Irp;
    LONG Done; /* which of the three are over */
    BOOLEAN Write;
    NTSTATUS Status;
    ULONG Length;
    ULONG Offset; /* where the part begins that is mapped now */
    ULONG Mapped; /* its length */
    ULONG Registers;
    PVOID MapRegisterBase;
    /* The next request may begin before this one's CopierAdapterControl has returned: two take turns. */
    UCHAR TransferContexts[2][DMA_TRANSFER_CONTEXT_SIZE_V1];
    PVOID TransferContext;
} COPIER_REQUEST, *PCOPIER_REQUEST;

typedef struct _COPIER_EXTENSION {
    PDEVICE_OBJECT Self;
    PDEVICE_OBJECT Pdo;
    PDEVICE_OBJECT Lower;

    PUCHAR Registers;
    ULONG RegistersLength;
    PKINTERRUPT Interrupt;

    PDMA_ADAPTER Adapter;
    ULONG MapRegisters;
    PCOPIER_DESCRIPTOR List;
    PHYSICAL_ADDRESS ListAddress;

    KSPIN_LOCK Lock;  /* protects the queue and who has the device */
    LIST_ENTRY Queue; /* IRPs that wait, by Tail.Overlay.ListEntry */
    BOOLEAN Busy;     /* Request is in use */
    COPIER_REQUEST Request;
    PVOID Gathering; /* the gatherer's instead (tests/drivers/gatherer): the request that has the device */

    ULONG Causes; /* from the ISR to the DPC */
} COPIER_EXTENSION, *PCOPIER_EXTENSION;

/* copier.c */
DRIVER_INITIALIZE DriverEntry;
DRIVER_ADD_DEVICE CopierAddDevice;

/* copier_io.c */
DRIVER_DISPATCH CopierReadWrite;
KSERVICE_ROUTINE CopierIsr;
IO_DPC_ROUTINE CopierDpc;
DRIVER_CONTROL CopierAdapterControl;
VOID CopierOver(PCOPIER_EXTENSION Extension, LONG What);
VOID CopierOutcome(PCOPIER_EXTENSION Extension, LONG What, NTSTATUS Status);
BOOLEAN CopierUnqueue(PCOPIER_EXTENSION Extension, PIRP Irp);
VOID CopierComplete(PIRP Irp, NTSTATUS Status, ULONG Information);

/* copier_cancel.c or copier_cancel_racy.c */
DRIVER_CANCEL CopierCancel;
