/*
 * Scatter/gather lists: an allocation, a mapping and a release in three calls.
 *
 *    NEW ---- submitted ----> WAITING ---- granted, mapped ----> BUILT ---- PutScatterGatherList ----> gone
 *                                |
 *                                +--- CancelAdapterChannel ----> gone
 *
 * A list waits in the queue as any other request does (request.h) and belongs to that until it is built. The
 * request ends when AdapterListControl returns; the list, which then has the map registers, when the driver
 * puts it. Either may come first where there is no routine.
 *
 * What the driver sees is a buffer: its own, or a block of the machine's pool, so that writing behind it and
 * using it after its end are told there. It holds the list's head, an element for each page, and then some
 * bytes of the platform's:
 *
 *    NumberOfElements | Reserved: a handle | Elements ... | struct dma_sglist_seal
 *
 * The handle and the seal say which list this is and where it was built. The truth is the record here.
 */
#ifndef DMA_SGLIST_H
#define DMA_SGLIST_H

#include <emu/step.h>
#include <wdm.h>

#include "dma/slots.h"
#include "dma/transfer.h"

struct dma_request;

struct dma_sglist {
    struct dma_slot slot;
    struct dma_adapter *adapter;
    PDRIVER_LIST_CONTROL routine;  /* NULL: synchronous without one */
    PSCATTER_GATHER_LIST buffer;   /* the driver's, or from the pool */
    PSCATTER_GATHER_LIST *answer;  /* where the driver wants its address written; or NULL */
    struct dma_part part;          /* of the driver's memory */
    uint64_t registers;            /* handle of those that map it; 0: none */
    PMDL copies;                   /* what BuildMdlFromScatterGatherList made; NULL: nothing */
    uint32_t pages;                /* that the part touches: registers, and elements at most */
    uint32_t mdl_bytes, mdl_start; /* ByteCount and ByteOffset of the MDL when the list was built */
    emu_op op;                     /* the call that asked for it */
    bool from_pool;
    bool zero_buffers;   /* DMA_ZERO_BUFFERS */
    bool fail_on_bounce; /* DMA_FAIL_ON_BOUNCE */
    bool built;
    bool described; /* BuildMdlFromScatterGatherList was called */
};

/* What a driver asks for. */
struct dma_sglist_ask {
    emu_op op; /* which of the four calls */
    PDEVICE_OBJECT device;
    PVOID context; /* transfer context; NULL for the forms before version 3 */
    PMDL mdl;
    uint64_t offset;
    uint32_t length;
    ULONG flags;
    PDRIVER_LIST_CONTROL routine;
    PVOID routine_context;
    bool to_device;
    bool has_buffer; /* Build...: the list goes there */
    PVOID buffer;
    uint32_t buffer_bytes;
    PSCATTER_GATHER_LIST *answer; /* or NULL */
};

void dma_sglists_init(struct dma_slots *slots, struct emu_machine *m);

/* GetScatterGatherListEx and BuildScatterGatherListEx. */
NTSTATUS dma_sglist_ask_ex(struct dma_adapter *a, const struct dma_sglist_ask *ask);
/* GetScatterGatherList and BuildScatterGatherList: ask->offset is found from an address in the MDL. */
NTSTATUS dma_sglist_ask(struct dma_adapter *a, struct dma_sglist_ask *ask, PVOID virtual_address);
void dma_sglist_put(struct dma_adapter *a, PSCATTER_GATHER_LIST list, bool to_device);

/* ---- For the queue --------------------------------------------------------------------------- */

/* Maps the list of a granted request. False: no memory for the double buffer, and there is no list. */
bool dma_sglist_build(struct dma_request *r);
/* Builds the list where that is still to be done, and calls AdapterListControl; what the request does next.
 */
IO_ALLOCATION_ACTION dma_sglist_call(struct dma_request *r);
/* A list that was not built is no more. */
void dma_sglist_drop(struct dma_sglist *l);

/* ---- What drivers name ----------------------------------------------------------------------- */

/* The live list that the driver's pointer names; anything else is a finding. deed names the call. */
struct dma_sglist *dma_sglist_of(struct dma_adapter *a, PSCATTER_GATHER_LIST list, const char *deed);

/* The offset of an address into its MDL, which may be empty or shorter than the transfer. */
uint64_t dma_sglist_offset(const struct dma_adapter *a, PMDL mdl, PVOID virtual_address, const char *deed);

/* Bytes of a list's buffer for a transfer that touches so many pages. */
uint32_t dma_sglist_bytes(const struct dma_adapter *a, uint32_t pages);
/* Elements that the list of such a transfer can have. */
uint32_t dma_sglist_elements(const struct dma_adapter *a, uint32_t pages);
/* CalculateScatterGatherList. */
NTSTATUS dma_sglist_calculate(struct dma_adapter *a, PMDL mdl, PVOID virtual_address, uint32_t length,
                              PULONG bytes, PULONG registers);

/* BuildMdlFromScatterGatherList. */
NTSTATUS dma_sglist_describe(struct dma_adapter *a, PSCATTER_GATHER_LIST list, PMDL original, PMDL *target);
/* Frees what that made. */
void dma_sglist_forget_copies(struct dma_sglist *l);

#endif
