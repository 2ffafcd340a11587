/*
 * One read or write request to a driver's device, as the I/O manager would send it, for scenarios.
 */
#ifndef SCENARIO_TRANSFER_H
#define SCENARIO_TRANSFER_H

#include <haldma.h>

struct transfer {
    PDEVICE_OBJECT device;
    PIRP irp;
    PMDL mdl;
    uint8_t *buffer;
    uint32_t bytes;
    KEVENT completed;
    LONG completions; /* how often the driver completed it */
    NTSTATUS status;
    ULONG_PTR information;
};

/* An IRP for bytes at a page offset of a fresh buffer; function is IRP_MJ_READ or IRP_MJ_WRITE. Lives as long
 * as the run. */
struct transfer *transfer_make(PDEVICE_OBJECT device, UCHAR function, uint32_t bytes, uint32_t page_offset);

/* Sends it and waits until it is completed. PASSIVE_LEVEL. */
void transfer_send(struct transfer *t);

/* Fails the scenario unless the driver completed it exactly once. Then frees it. */
void transfer_check(struct transfer *t);

#endif
