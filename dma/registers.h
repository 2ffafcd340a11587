/*
 * Map registers: the pool that all adapters of a machine share, and what one allocation holds of it.
 *
 * A map register is the right to map one page. The pool counts rights; the memory behind them is fetched when
 * a page must really be double-buffered (bounce.h), so a machine that never does so pays nothing. One
 * equation audits the counters, after each change:
 *
 *     total == free + reserved + mapped
 *
 * free: nobody's; reserved: held by an allocation, nothing mapped; mapped: held, and a page is mapped.
 *
 * MapRegisterBase is a handle: a tag that makes it no address, a generation and an index. One that was freed,
 * or that belongs to another adapter, is told.
 */
#ifndef DMA_REGISTERS_H
#define DMA_REGISTERS_H

#include <emu/step.h>
#include <wdm.h>

#include "dma/line.h"
#include "dma/slots.h"

struct dma_adapter;
struct dma_bank;
struct dma_owned;
struct dma_system;

struct dma_pool {
    emu_object object; /* what every operation that can touch the pool announces */
    uint32_t total;
    uint32_t free;
    uint32_t reserved;
    uint32_t mapped;
    struct dma_line line;  /* requests that wait for registers, each the first of its adapter */
    struct dma_slots held; /* struct dma_registers */
    struct dma_bank *banks;
    struct dma_mapped *free_maps;
};

/* What one call mapped through an allocation's registers. */
struct dma_mapped {
    struct dma_mapped *next;
    PMDL mdl;       /* as the driver named it */
    uint64_t start; /* where in it, or in its chain, the part begins */
    uint64_t bytes;
    uint32_t first; /* register */
    uint32_t count; /* registers; 0: nothing is mapped */
    bool to_device;
    uint32_t logical_pages; /* of the adapter's domain, from logical on; 0: nothing is remapped */
    uint64_t logical;
    struct dma_owned *owned; /* a piece of it */
};

/* The registers of one allocation, and what is mapped through them. */
struct dma_registers {
    struct dma_slot slot;
    struct dma_adapter *adapter;
    uint32_t count;
    uint32_t used;         /* registers that map a page now */
    uint32_t next;         /* the register that maps the next one */
    bool always_buffer;    /* pages that the device can reach are double-buffered as well */
    bool zero_buffers;     /* what a device writes through a double buffer begins as zeros */
    struct dma_mapped map; /* version 1 maps call by call: the other calls hang off it */
    struct dma_bank *bank; /* memory behind the registers; NULL until a page needed some */
    uint32_t first;        /* first page of it in the bank */
};

/* pool is zeroed. */
void dma_pool_init(struct dma_pool *pool, struct emu_machine *m, uint32_t total);

/* All of them, or none and NULL. */
struct dma_registers *dma_registers_take(struct dma_pool *pool, struct dma_adapter *a, uint32_t count);
void dma_registers_give(struct dma_pool *pool, struct dma_registers *g);

/* The next register of g maps a page. */
void dma_registers_use(struct dma_pool *pool, struct dma_registers *g);
/* A call has mapped this much, through the registers used since *what.first; and it is mapped no more. */
void dma_registers_record(struct dma_pool *pool, struct dma_registers *g, const struct dma_mapped *what);
void dma_registers_unmap(struct dma_pool *pool, struct dma_registers *g, struct dma_mapped *what);
/* Bytes that are mapped and not yet flushed. */
uint64_t dma_registers_bytes(const struct dma_registers *g);

/* MapRegisterBase of a handle and back; 0 is NULL. A pointer that is no handle gives one that names nothing.
 */
PVOID dma_base_of(uint64_t handle);
uint64_t dma_handle_of(PVOID base);

#endif
