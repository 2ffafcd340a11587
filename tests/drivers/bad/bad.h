/*
 * What the drivers of tests/drivers/bad share: each is a small WDM driver that makes one mistake, the one
 * that its file's name has the bug check of, when it is sent a write; compiled with BAD_MENDED it does not.
 *
 * The device is a card of the copier's kind: a bus master, with a register window. One driver is a
 * BAD_DRIVER() of its own; what all have in common is in bad_driver.c.
 */
#pragma once
#include <wdm.h>

/* Registers, byte offsets, and what is written there. */
#define BAD_CARD_STATUS    0x08
#define BAD_CARD_DOORBELL  0x14
#define BAD_CARD_ADDRESS   0x18 /* 64 bits */
#define BAD_CARD_LENGTH    0x20
#define BAD_CARD_BUSY      0x1
#define BAD_CARD_TO_MEMORY 2

/* Is this the mended driver? */
#ifdef BAD_MENDED
#define MENDED TRUE
#else
#define MENDED FALSE
#endif

typedef struct _BAD_DEVICE {
    PDEVICE_OBJECT Self;
    PDEVICE_OBJECT Pdo;
    PDEVICE_OBJECT Lower;
    PUCHAR Registers;
    PDMA_ADAPTER Adapter;
    PDMA_OPERATIONS Operations;
    ULONG MapRegisters; /* the adapter's most */
    ULONG RequestLine;  /* of a system DMA controller */
    KEVENT Event;       /* a routine of the driver's was called */
    UCHAR Transfer[DMA_TRANSFER_CONTEXT_SIZE_V1];
    PVOID Base; /* map registers, and how many; none: there is no channel */
    ULONG Count;
    PVOID Common; /* a common buffer, or NULL */
    PHYSICAL_ADDRESS CommonLogical;
    PSCATTER_GATHER_LIST List;
    PDMA_COMMON_BUFFER_VECTOR Vector; /* or NULL */
} BAD_DEVICE, *PBAD_DEVICE;

typedef struct _BAD_ROUTINES {
    VOID(*Describe)
    (PBAD_DEVICE Device, PDEVICE_DESCRIPTION Description); /* NULL: as BadStart describes it */
    VOID (*Deed)(PBAD_DEVICE Device, PMDL Mdl);            /* a write, at PASSIVE_LEVEL */
    VOID (*Stop)(PBAD_DEVICE Device); /* removal of what was started; NULL: the adapter is put */
} BAD_ROUTINES, *PBAD_ROUTINES;

NTSTATUS BadDriverEntry(PDRIVER_OBJECT DriverObject, const BAD_ROUTINES *Routines);

/* bad_driver.c: what drivers do right. All at PASSIVE_LEVEL. FALSE: there is none. */

#define BAD_COMMON_LENGTH 100
BOOLEAN BadAllocateCommon(PBAD_DEVICE Device);
VOID BadFreeCommon(PBAD_DEVICE Device);
/* The channel, with so many map registers; and back, both or the channel alone. */
BOOLEAN BadAllocate(PBAD_DEVICE Device, ULONG Count);
VOID BadFreeObject(PBAD_DEVICE Device, IO_ALLOCATION_ACTION Action);
VOID BadFreeRegisters(PBAD_DEVICE Device);
/* MapTransfer and FlushAdapterBuffers of so many bytes from an offset of the MDL on. */
PHYSICAL_ADDRESS BadMap(PBAD_DEVICE Device, PMDL Mdl, ULONG Offset, ULONG Length, BOOLEAN ToDevice);
VOID BadFlush(PBAD_DEVICE Device, PMDL Mdl, ULONG Offset, ULONG Length, BOOLEAN ToDevice);
/* A list for so many bytes of the MDL from Address on; and back. */
BOOLEAN BadGetList(PBAD_DEVICE Device, PMDL Mdl, PUCHAR Address, ULONG Length);
VOID BadPutList(PBAD_DEVICE Device);
/* The card writes to memory; returns when it has. */
VOID BadCardWrites(PBAD_DEVICE Device, ULONGLONG Logical, ULONG Length);

#define BAD_JOIN_(a, b) a##b
#define BAD_JOIN(a, b)  BAD_JOIN_(a, b)
#ifdef BAD_MENDED
#define BAD_ENTRY(name) BAD_JOIN(name, _mended_DriverEntry)
#else
#define BAD_ENTRY(name) BAD_JOIN(name, _DriverEntry)
#endif

/* The entry point of a driver: a module holds many here, where a driver's own build would have one. */
#define BAD_DRIVER(name, describe, deed, stop)                                          \
    __attribute__((visibility("default"))) DRIVER_INITIALIZE BAD_ENTRY(name);           \
    NTSTATUS BAD_ENTRY(name)(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) \
    {                                                                                   \
        static const BAD_ROUTINES routines = {describe, deed, stop};                    \
        UNREFERENCED_PARAMETER(RegistryPath);                                           \
        return BadDriverEntry(DriverObject, &routines);                                 \
    }
