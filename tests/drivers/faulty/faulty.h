/*
 * A small driver for the copier (docs/devices.md has its registers) whose failure paths are the subject.
 *
 * One source, several drivers: FAULTY_BUG says which mistake it has, each one that drivers in the field have
 * had. None of them shows unless a certain call fails, which on a machine at rest none ever does.
 *
 *   faulty_driver.c   DriverEntry, AddDevice, plug and play: what is got at the start and given back
 *   faulty_io.c       writes: StartIo, map registers, interrupt, DPC
 */
#pragma once
#include <wdm.h>

#define FAULTY_NOTHING           0 /* mended */
#define FAULTY_LEAKS_POOL        1 /* no interrupt: the log stays allocated */
#define FAULTY_LEAKS_BUFFER      2 /* no log: the common buffer stays allocated */
#define FAULTY_FREES_TWICE       3 /* no interrupt: the log is freed, and once more when the device is removed */
#define FAULTY_IGNORES_PARTIAL   4 /* what MapTransferEx did not map is taken for transferred */
#define FAULTY_COMPLETES_TWICE   5 /* no map registers: the IRP is completed by two functions */
#define FAULTY_FORGETS_REGISTERS 6 /* no MDL after the map registers were granted: they are kept for ever */

#ifndef FAULTY_BUG
#define FAULTY_BUG FAULTY_NOTHING
#endif

/* Registers, byte offsets. */
#define FAULTY_CONTROL        0x04
#define FAULTY_STATUS         0x08
#define FAULTY_INTERRUPT_TAKE 0x10
#define FAULTY_DOORBELL       0x14
#define FAULTY_OFFSET         0x24
#define FAULTY_LIST_LOW       0x30
#define FAULTY_LIST_HIGH      0x34
#define FAULTY_LIST_LENGTH    0x38

#define FAULTY_CONTROL_INTERRUPTS 0x1
#define FAULTY_CONTROL_RESET      0x2
#define FAULTY_INTERRUPT_ERROR    0x2
#define FAULTY_FROM_MEMORY        1

#define FAULTY_MAXIMUM_LENGTH (16 * PAGE_SIZE)
#define FAULTY_LIST_CAPACITY  (FAULTY_MAXIMUM_LENGTH / PAGE_SIZE + 1)
#define FAULTY_LOG_BYTES      512
#define FAULTY_TAG            'tluF'

typedef struct _FAULTY_DESCRIPTOR {
    ULONGLONG Address;
    ULONG Length;
    ULONG Reserved;
} FAULTY_DESCRIPTOR, *PFAULTY_DESCRIPTOR;

/* The write that has the device. */
typedef struct _FAULTY_REQUEST {
    PIRP Irp;
    PMDL Part; /* describes what is left when a transfer begins */
    PVOID MapRegisterBase;
    ULONG Registers;
    ULONG Length;
    ULONG Offset; /* of the part that is mapped now */
    ULONG Mapped; /* its length */
    UCHAR TransferContext[DMA_TRANSFER_CONTEXT_SIZE_V1];
} FAULTY_REQUEST, *PFAULTY_REQUEST;

typedef struct _FAULTY_EXTENSION {
    PDEVICE_OBJECT Self;
    PDEVICE_OBJECT Pdo;
    PDEVICE_OBJECT Lower;
    PUCHAR Registers;
    ULONG RegistersLength;
    PDMA_ADAPTER Adapter;
    ULONG MapRegisters;
    PFAULTY_DESCRIPTOR List;
    PHYSICAL_ADDRESS ListAddress;
    PULONG Log; /* what the interrupt routine saw last */
    PKINTERRUPT Interrupt;
    PFAULTY_REQUEST Request;
} FAULTY_EXTENSION, *PFAULTY_EXTENSION;

DRIVER_DISPATCH FaultyWrite;
DRIVER_STARTIO FaultyStartIo;
KSERVICE_ROUTINE FaultyIsr;
IO_DPC_ROUTINE FaultyDpc;
