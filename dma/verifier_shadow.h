/*
 * The verifier's books: what each adapter's driver has, from where it got it, and what it maps with it.
 *
 * Written by the verifier's tables alone, from what goes through them. Something is in the books no later
 * than a driver can use it, and is out of them before it is given back.
 */
#ifndef DMA_VERIFIER_SHADOW_H
#define DMA_VERIFIER_SHADOW_H

#include <emu/callers.h>
#include <wdm.h>

#include "dma/slots.h"
#include "dma/system.h"

/* What a driver can have of an adapter. */
enum dma_shadow_kind {
    DMA_SHADOW_COMMON,    /* a common buffer, named by its memory */
    DMA_SHADOW_REGISTERS, /* the map registers of one allocation, named by their base */
    DMA_SHADOW_LIST,      /* a scatter/gather list, named by its address */
    DMA_SHADOW_KINDS
};

/* What one call mapped. */
struct dma_shadow_map {
    struct dma_slot slot;
    struct dma_shadow_map *next;
    PMDL mdl;
    uint64_t start, bytes; /* of its chain */
    uint32_t registers;
};

struct dma_shadow_thing {
    struct dma_slot slot;
    struct dma_shadow_thing *next;
    enum dma_shadow_kind kind;
    const void *key; /* what the driver names it by */
    uint64_t bytes;
    uint32_t count;              /* REGISTERS: so many */
    bool borrowed;               /* COMMON: the memory is the driver's */
    struct dma_shadow_map *maps; /* REGISTERS: what they map */
    struct emu_birth birth;
};

/* A request for the adapter's channel. */
enum dma_shadow_stage { DMA_SHADOW_WAITS, DMA_SHADOW_CALLED, DMA_SHADOW_KEPT };
struct dma_shadow_request {
    struct dma_slot slot;
    struct dma_shadow_request *next; /* of its adapter */
    struct dma_shadow *of;
    enum dma_shadow_stage stage;
    PDEVICE_OBJECT device;
    const void *context; /* transfer context; NULL: version 1 */
    PDRIVER_CONTROL routine;
    PDRIVER_LIST_CONTROL list_routine;
    PVOID routine_context;
    uint32_t registers; /* asked for */
    PVOID base;         /* of those it has; NULL: none */
    const void *list;   /* that it is for, when it is built */
    unsigned cpu;       /* CALLED: where */
    bool released;      /* while its routine ran */
    struct emu_birth birth;
};

/* Something that is no more. */
struct dma_shadow_gone {
    enum dma_shadow_kind kind;
    const void *key;
    struct emu_birth birth, death;
};
enum { DMA_SHADOW_GONE = 8 };

struct dma_shadow {
    struct dma_shadow *next;
    struct dma_adapter *adapter;
    struct dma_verifier *verifier;
    bool released;
    struct dma_shadow_thing *things[DMA_SHADOW_KINDS];
    uint32_t allocated[DMA_SHADOW_KINDS], freed[DMA_SHADOW_KINDS]; /* registers are counted one by one */
    uint32_t channels_allocated, channels_freed;
    uint64_t bytes_mapped; /* since the last flush */
    struct dma_shadow_request *requests;
    struct dma_shadow_request *owner; /* who has the channel */
    struct dma_shadow_gone gone[DMA_SHADOW_GONE];
    uint32_t gone_count;
    struct emu_birth birth, death;
};

struct dma_verifier {
    struct dma_system *system;
    emu_object object; /* the books, for whoever asks what depends on what */
    uint32_t verify;
    const DMA_OPERATIONS *below; /* verifier_level.c's: the table behind it */
    struct dma_shadow *shadows;  /* of adapters that live */
    struct dma_slots things, requests, maps;
};

/* ---- Saying what is wrong -------------------------------------------------------------------- */

/* A bug check 0xE6, with its parameters. */
struct dma_violation {
    unsigned code;
    uint64_t second, third, fourth;
};
static inline uint64_t dma_violation_pointer(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}
/* Raises it, under the rule DMA-VERIFY-<code>. */
__attribute__((noreturn, format(printf, 2, 3))) void dma_verifier_raise(struct dma_violation v,
                                                                        const char *format, ...);

/* ---- The books ------------------------------------------------------------------------------- */

/* The books of the adapter that a driver names; a null or released one is a finding. */
struct dma_shadow *dma_shadow_of(PDMA_ADAPTER adapter, const char *call);

struct dma_shadow_thing *dma_shadow_add(struct dma_shadow *s, enum dma_shadow_kind kind, const void *key,
                                        uint32_t count);
struct dma_shadow_thing *dma_shadow_find(const struct dma_shadow *s, enum dma_shadow_kind kind,
                                         const void *key);
/* It is given back: out of the books. */
void dma_shadow_remove(struct dma_shadow *s, struct dma_shadow_thing *thing);
uint32_t dma_shadow_outstanding(const struct dma_shadow *s, enum dma_shadow_kind kind);

/* Tells the next finding whence it came, and when something of that name was freed before. */
void dma_shadow_tell(const struct dma_shadow_thing *thing);
void dma_shadow_tell_gone(const struct dma_shadow *s, enum dma_shadow_kind kind, const void *key);

/* verifier_map.c: what registers map */
void dma_shadow_unmap(struct dma_shadow *s, struct dma_shadow_thing *registers);
uint32_t dma_shadow_mapped(const struct dma_shadow_thing *registers);

#endif
