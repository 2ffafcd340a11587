/*
 * One request for an adapter channel, from the call that asks for it to the end of what it was given.
 *
 *                  submit
 *                     |
 *                     v
 *    +---------- WAIT_ADAPTER        another request has the adapter object
 *    |                |
 *    |                v
 *    +---------- WAIT_CHANNEL        system DMA: another adapter has the controller's channel
 *    |                |
 *    |                v
 *    +---------- WAIT_REGISTERS      too few map registers are free, or others came first
 *    |                |
 *    | cancel         v
 *    |             GRANTED           everything is taken; AdapterControl is about to be called: cancel comes
 * too late |                |    \ synchronous, without AdapterControl
 *    |                v     \
 *    |             CALLING ----> KEPT     AdapterControl runs / returned KeepObject
 *    |             |     \          |
 *    |             v      \         |
 *    |         RELEASED    \        |     the driver released everything while AdapterControl still ran
 *    |             |        \       |
 *    v             v         v      v
 *    +----------------> FREE <------+     the record is nobody's
 *
 * A request whose needs are all free passes the waiting states in one call. Who performs a transition:
 *
 *    FREE           -> WAIT_ADAPTER     dma_allocate(): a new request
 *    WAIT_ADAPTER   -> WAIT_CHANNEL     it has the adapter object
 *    WAIT_CHANNEL   -> WAIT_REGISTERS   it has the channel, or needs none
 *    WAIT_REGISTERS -> GRANTED          it has its map registers, or needs none
 *    WAIT_*         -> FREE             dma_cancel(), from within a line
 *    GRANTED        -> CALLING          the dispatcher calls AdapterControl
 *    GRANTED        -> KEPT             dma_allocate(): the caller goes on with the resources
 *    CALLING        -> KEPT             AdapterControl returned KeepObject
 *    CALLING        -> FREE             it returned DeallocateObject or DeallocateObjectKeepRegisters
 *    CALLING        -> RELEASED         dma_release() while it runs, on whatever processor
 *    RELEASED       -> FREE             it returned
 *    KEPT           -> FREE             dma_release()
 *
 * What holds in each state is written as code: holds() in request.c, asked after each transition.
 */
#ifndef DMA_REQUEST_H
#define DMA_REQUEST_H

#include <wdm.h>

#include "dma/line.h"
#include "dma/slots.h"

struct dma_adapter;
struct dma_registers;
struct dma_sglist;

enum dma_request_state {
    DMA_REQUEST_FREE,
    DMA_REQUEST_WAIT_ADAPTER,
    DMA_REQUEST_WAIT_CHANNEL,
    DMA_REQUEST_WAIT_REGISTERS,
    DMA_REQUEST_GRANTED,
    DMA_REQUEST_CALLING,
    DMA_REQUEST_RELEASED,
    DMA_REQUEST_KEPT,
    DMA_REQUEST_STATES
};

/* What the documentation leaves to the platform when a request is granted. */
enum dma_mood {
    DMA_MOOD_AT_ONCE, /* AdapterControl is called by whoever grants, registers where they are needed: a PC */
    DMA_MOOD_LATER,   /* it is called later, on the processor that grants */
    DMA_MOOD_ELSEWHERE, /* it is called later, on another processor */
    DMA_MOOD_BUFFERED,  /* registers are given where none are needed, and every page is double-buffered */
    DMA_MOODS
};

struct dma_request {
    struct dma_slot slot;
    struct dma_place place; /* in the line where it waits, or among those to be called */
    struct dma_adapter *adapter;
    PDEVICE_OBJECT device;
    PIRP irp;                /* the device object's current one when it was asked */
    PDRIVER_CONTROL routine; /* NULL: synchronous without one */
    PVOID routine_context;
    struct dma_sglist *list; /* scatter/gather: what is built for it, with a routine of its own; or NULL */
    const void *context;     /* the driver's transfer context: compared, never followed; NULL: version 1 */
    uint64_t registers;      /* handle of what it holds; 0: none */
    uint32_t wanted;         /* map registers */
    uint8_t state;           /* enum dma_request_state; written by dma_request_enter() alone */
    uint8_t mood;            /* enum dma_mood */
    bool transfer_cancelled; /* CancelMappedTransfer marked it */
    bool one_per_device;     /* version 1: marked in the device object until AdapterControl has run */
    bool registers_freed;    /* FreeMapRegisters came before the end of the request */
};

/* The only writer of a request's state. */
void dma_request_enter(struct dma_request *r, enum dma_request_state to);

static inline bool dma_request_waits(const struct dma_request *r)
{
    return r->state >= DMA_REQUEST_WAIT_ADAPTER && r->state <= DMA_REQUEST_WAIT_REGISTERS;
}

/* Does it own its adapter object, and may release it? */
static inline bool dma_request_has_adapter(const struct dma_request *r)
{
    return r->state == DMA_REQUEST_CALLING || r->state == DMA_REQUEST_KEPT;
}

#endif
