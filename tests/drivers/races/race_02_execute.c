/*
 * Race 2: cancel before the allocation, then execute.
 *
 * The lower layer of a driver, as frameworks have one: it executes what the upper layer (race_01_grant.c)
 * made ready and cancellable. A cancel that comes between the two finds nothing to withdraw yet, marks the
 * transfer context, and ends the request; the allocation that follows is STATUS_CANCELLED. The racy version
 * initializes the context afresh, because it is called for retries too. That takes the mark away, and a
 * request that is over is transferred.
 */
#include "race_01_grant.h"

NTSTATUS GrantExecute(PGRANT_EXTENSION Extension, PIRP Irp)
{
    PRACE_DEVICE device = &Extension->Device;
    PDMA_OPERATIONS operations = device->Adapter->DmaOperations;

#ifdef RACE_AFRESH
    operations->InitializeDmaTransferContext(device->Adapter, device->TransferContext);
#endif
    return operations->AllocateAdapterChannelEx(device->Adapter, device->Self, device->TransferContext,
                                                device->Allocated, 0, GrantAdapterControl, Irp, NULL);
}
