/*
 * A channel of a system DMA controller, shared by the adapters of the request lines that it serves.
 *
 *    IDLE ----- MapTransfer(Ex) -----> RUNNING ---- the controller's interrupt ----> ENDED
 *      ^                                  |                                            |
 *      +---- FlushAdapterBuffers(Ex) -----+----------- FlushAdapterBuffers(Ex) --------+
 *
 * One mapping at a time. Its completion routine is called exactly once, at DISPATCH_LEVEL, whether it ran to
 * its end, was cancelled, or was flushed early.
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
    uint8_t state;                     /* enum dma_channel_state */
    struct dma_request *owner;         /* who has it */
    struct dma_line line;              /* who waits for it */
    struct dma_completion *completion; /* still to be called for the running transfer, or NULL */
};

void dma_completions_init(struct dma_slots *slots, struct emu_machine *m);

/* What each operation on the channel announces. */
emu_object dma_channel_object(const struct dma_channel *c);
uint32_t dma_channel_fragments_max(const struct dma_channel *c);
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
/* Starts a transfer of list on an idle channel. */
void dma_channel_start(struct dma_channel *c, struct dma_adapter *a, const struct dma_list *list,
                       bool to_device, uint32_t device_offset, const struct dma_channel_end *end);
/* Ends whatever runs, so that its memory can be flushed. dma_channel_flushed() completes that. */
void dma_channel_stop(struct dma_channel *c);
void dma_channel_flushed(struct dma_channel *c);

/* The controller says that the transfer ended. */
void dma_channel_ended(struct dma_channel *c, DMA_COMPLETION_STATUS status);

/* CancelMappedTransfer and ReadDmaCounter. */
NTSTATUS dma_cancel_mapped(struct dma_adapter *a, PVOID context);
ULONG dma_read_counter(struct dma_adapter *a);

#endif
