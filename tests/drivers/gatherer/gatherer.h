/*
 * A second driver for the copier, which works with scatter/gather lists.
 *
 * Written as for the WDK. Plug and play is that of the copier's other driver; the rest is here. Each read or
 * write asks for its list as soon as it arrives, so many lists may be asked for at a time; requests whose
 * lists are there wait for the device in a queue. A request can be cancelled until its list is there.
 *
 *   ../copier/copier_driver.c  DriverEntry, AddDevice, plug and play, dispatch
 *   gatherer_io.c         requests, lists, interrupt, DPC, cancel routine
 *   gatherer_done.c       the end of a transfer, right
 *   gatherer_done_racy.c  the end of a transfer with a race: linked instead of the above into gatherer_racy
 */
#pragma once
#include "../copier/copier_driver.h"

/* A read or write. In Irp->Tail.Overlay.DriverContext[0]. */
typedef struct _GATHERER_REQUEST {
    LIST_ENTRY Link; /* while it waits for the device */
    PCOPIER_EXTENSION Extension;
    PIRP Irp;
    PSCATTER_GATHER_LIST List;
    BOOLEAN Write;
    NTSTATUS Status;
    LONG References; /* its dispatch routine, its transfer, its cancel routine: it ends with the last */
    UCHAR TransferContext[DMA_TRANSFER_CONTEXT_SIZE_V1];
} GATHERER_REQUEST, *PGATHERER_REQUEST;

/* gatherer_io.c */
VOID GathererPut(PCOPIER_EXTENSION Extension, PSCATTER_GATHER_LIST List, BOOLEAN Write);
VOID GathererEnd(PGATHERER_REQUEST Request, NTSTATUS Status);

/* gatherer_done.c or gatherer_done_racy.c: the device has done with the request. At DISPATCH_LEVEL. */
VOID GathererDone(PGATHERER_REQUEST Request, NTSTATUS Status);
