/*
 * The verifier's checks, for its tables. Each compares what a driver says with the books, and raises what
 * differs; then it writes down what comes of the call.
 */
#ifndef DMA_VERIFIER_CHECK_H
#define DMA_VERIFIER_CHECK_H

#include <stdint.h>
#include <wdm.h>

struct dma_adapter;
struct dma_owned;
struct dma_registers;
struct dma_shadow;
struct dma_shadow_map;
struct dma_shadow_request;
struct dma_shadow_thing;
struct dma_system;

/* ---- verifier.c ------------------------------------------------------------------------------ */

/* PutDmaAdapter: nothing is left. */
void dma_shadow_release(struct dma_shadow *s);

/* ---- verifier_common.c ----------------------------------------------------------------------- */

/* A common buffer was allocated: tags around it; or made of the driver's memory, the newest of the adapter.
 */
void dma_common_note(struct dma_shadow *s, PVOID memory, uint64_t bytes);
void dma_common_note_borrowed(struct dma_shadow *s);
void dma_common_forget(struct dma_shadow *s, PVOID memory);
/* Nothing was written around the adapter's common buffers. */
void dma_common_require_intact(struct dma_shadow *s);

/* ---- verifier_guard.c ------------------------------------------------------------------------ */

/* Nothing was written into double buffers of these registers, or of nobody's, but where something is mapped.
 */
void dma_guard_require(struct dma_adapter *a, PVOID base);
void dma_guard_require_registers(const struct dma_registers *g);
void dma_guard_require_pool(struct dma_system *s);
/* A device writes where it may not: see struct dma_entry. */
void dma_guard_strayed(struct dma_system *s, const struct dma_owned *from, uint64_t logical, bool beyond);

/* ---- verifier_channel.c ---------------------------------------------------------------------- */

/* A request, before it is made. */
struct dma_shadow_ask {
    PDEVICE_OBJECT device;
    const void *context;
    uint32_t registers;
    PDRIVER_CONTROL routine;
    PDRIVER_LIST_CONTROL list_routine;
    PVOID routine_context;
};
struct dma_shadow_request *dma_channel_ask(struct dma_shadow *s, const struct dma_shadow_ask *ask);
/* It was refused, or withdrawn: whoever learns of it first strikes it out. generation: of its slot, before.
 */
void dma_channel_forget(struct dma_shadow_request *r, uint32_t generation);
/* The waiting request of this transfer context; NULL: there is none. */
struct dma_shadow_request *dma_channel_waiting(const struct dma_shadow *s, const void *context);
/* AdapterControl, around the driver's own; Context is the request. */
IO_ALLOCATION_ACTION dma_channel_control(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID MapRegisterBase,
                                         PVOID Context);
/* A request without a routine has the channel, and these registers. */
void dma_channel_grant_now(struct dma_shadow_request *r, PVOID base);
/* The request has ended; its channel goes, if it still has that. */
void dma_channel_end(struct dma_shadow_request *r);
void dma_channel_require_calm(const struct dma_shadow *s, PDEVICE_OBJECT device);
void dma_channel_require_few(const struct dma_shadow *s, ULONG registers);
/* FreeAdapterChannel and FreeAdapterObject. */
void dma_channel_release(struct dma_shadow *s, IO_ALLOCATION_ACTION action, const char *call);
void dma_registers_release(struct dma_shadow *s, PVOID base, ULONG count);

/* ---- verifier_list.c ------------------------------------------------------------------------- */

VOID dma_list_control(PDEVICE_OBJECT DeviceObject, PIRP Irp, PSCATTER_GATHER_LIST List, PVOID Context);
/* A list that was made without a routine. */
void dma_list_grant(struct dma_shadow_request *r, const void *list);
void dma_list_require_few(const struct dma_shadow *s, PMDL mdl, uint64_t offset, ULONG length,
                          const char *call);
void dma_list_release(struct dma_shadow *s, PSCATTER_GATHER_LIST list);

/* ---- verifier_buffer.c ----------------------------------------------------------------------- */

/* What a driver names to be mapped. */
struct dma_named {
    PMDL mdl;
    uint64_t offset; /* of the chain */
    ULONG length;
    bool to_device;
    bool chain; /* it may go on in the next MDL */
};
/* It is locked, has an address, is long enough, and is aligned as the machine needs it. */
void dma_named_require(const struct dma_shadow *s, const struct dma_named *named, const char *call);
/* The offset of an address in its MDL; outside of it is code 0x1B, or of a list's first MDL 0x1F. */
uint64_t dma_named_offset(const struct dma_shadow *s, PMDL mdl, PVOID address, bool of_list,
                          const char *call);
void dma_named_require_bytes(const struct dma_shadow *s, ULONG length, const char *call);

/* ---- verifier_map.c -------------------------------------------------------------------------- */

/* Something will be mapped through these registers; NULL where the books do not know them. */
struct dma_shadow_map *dma_map_note(struct dma_shadow *s, const struct dma_named *named, PVOID base,
                                    const char *call);
/* So much of it was. map may be flushed already: generation is its slot's when it was noted. */
void dma_map_settle(struct dma_shadow *s, PVOID base, struct dma_shadow_map *map, uint32_t generation,
                    uint64_t bytes);
/* What a driver flushes. */
void dma_flush_note(struct dma_shadow *s, const struct dma_named *named, PVOID base, const char *call);
/* FlushAdapterBuffersEx: the channel has ended its transfer, or was cancelled. */
void dma_flush_require_ended(const struct dma_shadow *s);

#endif
