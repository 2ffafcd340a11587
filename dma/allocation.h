/*
 * Allocation: what drivers call to get adapter objects, channels and map registers, and to give them back.
 *
 * Each call announces itself, decides what the driver asked for and whether it may, and leaves the rest to
 * the queue.
 */
#ifndef DMA_ALLOCATION_H
#define DMA_ALLOCATION_H

#include <emu/step.h>
#include <wdm.h>

struct dma_adapter;
struct dma_request;
struct dma_sglist;

/* What is asked for. */
struct dma_ask {
    PDEVICE_OBJECT device;
    PVOID context; /* transfer context; NULL for version 1 */
    ULONG registers;
    bool synchronous;        /* now or not at all */
    PDRIVER_CONTROL routine; /* NULL only where synchronous */
    PVOID routine_context;
    PVOID *base;             /* synchronous: where the register base goes; or NULL */
    struct dma_sglist *list; /* scatter/gather: not built yet, and with a routine of its own; or NULL */
};

/*
 * AllocateAdapterChannel (context NULL) and AllocateAdapterChannelEx; with a list, what asks for that. The
 * routine may have run before it returns, and the list may be gone. Without success the list is still the
 * caller's.
 */
NTSTATUS dma_allocate(struct dma_adapter *a, const struct dma_ask *ask);

/* CancelAdapterChannel: TRUE exactly when the routine will never be called. */
BOOLEAN dma_cancel(struct dma_adapter *a, PVOID context);

/* FreeAdapterChannel and FreeAdapterObject. op is the operation to announce. */
void dma_release(struct dma_adapter *a, IO_ALLOCATION_ACTION action, emu_op op);

/* FreeMapRegisters. */
void dma_free_registers(struct dma_adapter *a, PVOID base, ULONG count);

#endif
