/*
 * Transfer contexts: DMA_TRANSFER_CONTEXT_SIZE_V1 bytes of the driver's, read and written as bytes.
 *
 * They may lie anywhere and at any alignment, so only memcpy touches them. They say whose request they carry
 * (a handle) and whether something was cancelled before there was one; nothing on any heap hangs off them.
 * The own address tells a copied context. All of this is written when the driver calls, never later: by the
 * time a request ends, its context may be gone.
 */
#ifndef DMA_CONTEXT_H
#define DMA_CONTEXT_H

#include <emu/step.h>
#include <wdm.h>

struct dma_adapter;
struct dma_request;

NTSTATUS dma_context_initialize(struct dma_adapter *a, PVOID context);

/*
 * May the context carry a new request? STATUS_SUCCESS; STATUS_CANCELLED when it was cancelled before;
 * STATUS_INVALID_PARAMETER without one. One that was never initialized, was copied, or whose request still
 * waits, or keeps what it got, is a finding.
 */
NTSTATUS dma_context_admit(struct dma_adapter *a, PVOID context);
/* The context carries r from now on. */
void dma_context_bind(PVOID context, struct dma_request *r);
/* A finding where the bytes of r's context are no longer those that carry r. */
void dma_context_require_intact(const struct dma_request *r);

/* The context's request, as far as it lives; NULL with *idle where it never had one. A bad context is a
 * finding. */
struct dma_request *dma_context_request(struct dma_adapter *a, PVOID context, bool *idle);

/* CancelAdapterChannel, CancelMappedTransfer came first; false: for the second time. */
void dma_context_cancel_allocation(PVOID context);
bool dma_context_cancel_transfer(PVOID context);

#endif
