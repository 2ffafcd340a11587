/*
 * An adapter: what IoGetDmaAdapter hands out, and what it can do.
 *
 * The driver sees only its first member, which is writable: filter drivers replace the operations table
 * there. Nothing of ours calls through it.
 */
#ifndef DMA_ADAPTER_H
#define DMA_ADAPTER_H

#include <emu/bus.h>
#include <wdm.h>

#include "dma/line.h"

struct dma_channel;
struct dma_common;
struct dma_reach;
struct dma_request;
struct dma_shadow;
struct dma_system;

enum dma_adapter_state {
    DMA_ADAPTER_LIVES,
    DMA_ADAPTER_DEAD,
};

struct dma_adapter {
    DMA_ADAPTER face;
    uint32_t magic; /* DMA_ADAPTER_MAGIC */
    uint8_t state;  /* enum dma_adapter_state */
    bool master;
    bool scatter_gather;
    bool always_buffer;     /* pages that the device can reach are double-buffered as well */
    bool padded;            /* what is not in use of double buffers is kept DMA_PADDING */
    uint32_t margin;        /* pages of DMA_PADDING before and behind common buffers */
    bool needs_registers;   /* some memory of this machine is out of the device's reach, must be made
                               contiguous, or is remapped */
    uint32_t registers_max; /* of one allocation: what IoGetDmaAdapter returned */
    uint32_t registers_held;
    uint32_t lists_built, lists_put; /* scatter/gather lists */
    uint32_t completions_owed;       /* completion routines that are still to be called */
    uint32_t width;                  /* address bits */
    uint64_t highest;                /* last address that the device, or its controller, can reach */
    emu_requester requester;
    struct dma_reach *reach; /* domain.c's: NULL where nothing is remapped */
    emu_object object;
    struct dma_system *system;
    PDEVICE_OBJECT physical_device;

    struct dma_request *owner; /* who has the adapter object */
    struct dma_line line;      /* who waits for it */
    struct dma_common *commons;
    uint32_t commons_count;
    uint32_t vectors_count; /* of common buffers */

    /* subordinate devices */
    struct dma_channel *channel;
    uint32_t request_line;
    DMA_WIDTH transfer_width;
    bool loops;              /* AutoInitialize */
    bool demands;            /* DemandMode */
    bool ignore_count;       /* the controller's counter is not to be relied on */
    uint64_t boundary;       /* that a contiguous piece may not cross a multiple of; 0: none */
    uint64_t device_address; /* of its data register */

    struct dma_shadow *shadow; /* the verifier's; NULL: nothing is verified */
    struct dma_adapter *next_live, *next_dead;
    uint64_t birth; /* step of IoGetDmaAdapter */
    bool drivers;   /* a driver got it, and not a test itself */
};

#define DMA_ADAPTER_MAGIC 0x44414458u

/* What an adapter shall be, from a device description that was found good. */
struct dma_adapter_plan {
    USHORT version; /* of the operations table, 1 to 3 */
    bool master;
    bool scatter_gather;
    uint32_t width;
    uint32_t pages; /* that the longest transfer can touch */
    struct dma_channel *channel;
    uint32_t request_line;
    DMA_WIDTH transfer_width;
    bool loops;
    bool demands;
    bool ignore_count;
    uint64_t boundary;
    uint64_t device_address;
    PDEVICE_OBJECT physical_device;
};
struct dma_adapter *dma_adapter_make(struct dma_system *s, const struct dma_adapter_plan *plan);

/* The adapter behind the driver's pointer. A null, foreign or released one is a finding. */
struct dma_adapter *dma_adapter_of(PDMA_ADAPTER face);

/* No driver is loaded: none may have an adapter. driver: the name of the last one. */
void dma_adapters_left(const struct dma_system *s, const char *driver);

/* PutDmaAdapter: what was allocated through it must be gone. */
void dma_adapter_put(struct dma_adapter *a);

/*
 * What an operation on the adapter's line or registers announces: the pool where it can touch that, since one
 * adapter's release is another's grant; its own object where it cannot.
 */
emu_object dma_adapter_domain(const struct dma_adapter *a);
/* What a mapping announces: the controller, or the adapter's own object. */
emu_object dma_adapter_transfers(const struct dma_adapter *a);

/* "adapter#1", for messages. */
struct dma_name {
    char text[48];
};
struct dma_name dma_adapter_name(const struct dma_adapter *a);

#endif
