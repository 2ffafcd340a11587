/*
 * The queue: the lines in which requests wait, the pump that serves them, and the dispatcher that calls back.
 *
 * A request takes, in this order, the adapter object, for system DMA the controller's channel, and map
 * registers. Each has a line; only the head of a line is looked at, so nobody overtakes. Granting and calling
 * back are two states: the pump moves granted requests to this processor's list, and the dispatcher calls
 * them one after the other, as a loop and never from within itself. No line, lock or iterator is held
 * meanwhile: AdapterControl may free, cancel and submit.
 *
 * Everything here is done at DISPATCH_LEVEL, between dma_queue_rise() and dma_queue_sink(), so that no DPC of
 * this processor comes between; and ends with dma_queue_run(), which calls what was granted.
 */
#ifndef DMA_QUEUE_H
#define DMA_QUEUE_H

#include <wdm.h>

#include "dma/request.h"

struct dma_adapter;
struct dma_registers;
struct dma_system;

/* To DISPATCH_LEVEL, and back to the level that rise returned. */
uint8_t dma_queue_rise(struct emu_machine *m);
void dma_queue_sink(struct emu_machine *m, uint8_t level);

/* Everything that a request for so many registers needs is free, and nobody waits for any of it. */
bool dma_queue_is_free(const struct dma_adapter *a, uint32_t registers);

/* A new request takes what it needs as far as that is free, and waits for the rest in line. Afterwards it
 * waits or is granted. */
void dma_queue_submit(struct dma_request *r);
/* A waiting request leaves its line, and is no more. */
void dma_queue_withdraw(struct dma_request *r);

/* A granted request is left to a DPC, if that is what the platform does (true); or is called now, here. */
bool dma_queue_defer(struct dma_request *r);
void dma_queue_call(struct dma_request *r);
/* Calls it, unless too many AdapterControls run beneath on this processor's stack: dma_queue_run() does then.
 */
void dma_queue_call_soon(struct dma_request *r);
/* A finding where device is neither NULL nor a live device object. what: "a request", in the message. */
void dma_queue_require_device(const struct dma_adapter *a, const DEVICE_OBJECT *device, const char *what);
/* Does this adapter's AdapterControl run beneath on this processor's stack? */
bool dma_queue_calls(const struct dma_adapter *a);
/* Calls what this processor has granted, unless that is being done beneath on its stack. */
void dma_queue_run(struct dma_system *s);

/*
 * Gives back what r has: registers unless they are kept, the channel, the adapter object, in this order. The
 * record is then in state to, RELEASED while its AdapterControl still runs, else FREE. deed names who does
 * it, in messages.
 */
void dma_queue_end(struct dma_request *r, bool keep_registers, enum dma_request_state to, const char *deed);
void dma_queue_give_registers(struct dma_system *s, struct dma_registers *g);

/* Findings: nothing is allocated that could be freed; registers are freed while they map something. */
__attribute__((noreturn)) void dma_queue_raise_freed_twice(const struct dma_adapter *a, const char *deed);
void dma_queue_require_unmapped(const struct dma_registers *g, const char *deed);

#endif
