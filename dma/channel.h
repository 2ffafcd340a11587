/*
 * A channel of a system DMA controller, shared by the adapters of the request lines that it serves.
 *
 *    IDLE ----- MapTransfer(Ex) -----> RUNNING ---- the controller's interrupt ----> ENDED
 *      ^                                  |                                            |
 *      +---- FlushAdapterBuffers(Ex) -----+----------- FlushAdapterBuffers(Ex) --------+
 *
 * One mapping at a time. Its completion routine is called exactly once, at DISPATCH_LEVEL, whether it ran to
 * its end, was cancelled, or was flushed early; of a transfer that loops, at the end of each round as well. A
 * controller without an interrupt tells of no end: there it is not called.
 */
#ifndef DMA_CHANNEL_H
#define DMA_CHANNEL_H

#include <emu/step.h>
#include <wdm.h>

#include "dma/line.h"
#include "dma/slots.h"

struct dma_adapter;
struct dma_completion;
struct dma_controller;
struct dma_list;
struct dma_registers;
struct dma_request;

enum dma_channel_state { DMA_CHANNEL_IDLE, DMA_CHANNEL_RUNNING, DMA_CHANNEL_ENDED };

struct dma_channel {
    struct dma_controller *controller;
    uint32_t number;
    uint32_t common_bytes; /* of memory that its extension asked for */
    uint64_t boundary;     /* a piece of memory may not cross a multiple of it; 0: none */
    uint32_t unit_bytes;   /* the least that it transfers */
    bool is_registered;
    bool interrupts;                   /* ends are told by an interrupt, of its own or of the controller */
    uint8_t state;                     /* enum dma_channel_state */
    struct dma_request *owner;         /* who has it */
    struct dma_line line;              /* who waits for it */
    struct dma_completion *completion; /* still to be called for the running transfer, or NULL */
    uint64_t bytes;                    /* of the transfer that is mapped */
    bool loops;                        /* it does */
    bool was_cancelled;                /* the controller said so: it will not interrupt for it */
};

void dma_completions_init(struct dma_slots *slots, struct emu_machine *m);

/* What each operation on the channel announces. */
emu_object dma_channel_object(const struct dma_channel *c);
/* How many fragments a transfer can have; and how many the next one can, of so many wanted. */
uint32_t dma_channel_fragments_max(struct dma_channel *c);
uint32_t dma_channel_fragments_next(struct dma_channel *c, uint32_t wanted);
uint32_t dma_channel_width(const struct dma_channel *c);

/* Findings: the adapter does not have the channel; something is mapped that was not flushed. */
void dma_channel_require_owned(const struct dma_channel *c, const struct dma_adapter *a, const char *deed);
void dma_channel_require_flushed(const struct dma_channel *c, const struct dma_adapter *a, const char *deed);

/* What to call when a transfer ends. */
struct dma_channel_end {
    PDMA_COMPLETION_ROUTINE routine; /* NULL: nothing */
    PVOID context;
};

/* Was the transfer context of the channel's owner cancelled? */
bool dma_channel_cancelled(const struct dma_channel *c);
/* Starts a transfer of list on an idle channel that the adapter has, as it was when fragments were asked for:
 * required once more, since other threads may have gone on since then. */
void dma_channel_start(struct dma_channel *c, struct dma_adapter *a, const struct dma_list *list,
                       bool to_device, uint32_t device_offset, const struct dma_channel_end *end);
/* Ends whatever runs, so that its memory can be flushed. dma_channel_flushed() completes that. */
void dma_channel_stop(struct dma_channel *c);
/* Bytes of the transfer's first so many that were moved, as the controller counts. */
uint64_t dma_channel_done(struct dma_channel *c, const struct dma_adapter *a, uint64_t bytes);
void dma_channel_flushed(struct dma_channel *c);

/* The controller says that the transfer ended; that it could be stopped, and will not interrupt for it. */
void dma_channel_ended(struct dma_channel *c, DMA_COMPLETION_STATUS status);
void dma_channel_stopped(struct dma_channel *c);

/* ConfigureAdapterChannel, CancelMappedTransfer and ReadDmaCounter. */
NTSTATUS dma_configure(struct dma_adapter *a, ULONG function, PVOID context);
NTSTATUS dma_cancel_mapped(struct dma_adapter *a, PVOID context);
ULONG dma_read_counter(struct dma_adapter *a);

#endif
