/*
 * The DMA subsystem of one machine: what is shared by all adapters.
 *
 * Allocated from the machine's arena at each boot, found through its DMA slot. Each part is touched by its
 * own file only.
 */
#ifndef DMA_SYSTEM_H
#define DMA_SYSTEM_H

#include <emu/bus.h>
#include <emu/machine.h>
#include <haldma.h>

#include "dma/line.h"
#include "dma/owned.h"
#include "dma/registers.h"
#include "dma/slots.h"

struct dma_adapter;
struct dma_common;
struct dma_builtin;
struct dma_controller;
struct haldma_extension;
struct dma_domains;
struct dma_iommu;
struct dma_owned;
struct dma_request;
struct dma_system;
struct dma_verifier;

/* Granted requests whose AdapterControl this processor will call. */
struct dma_dispatcher {
    struct dma_line ready;
    bool running;                /* the loop is somewhere beneath on this processor's stack */
    uint32_t depth;              /* AdapterControls that run on this processor's stack */
    struct dma_request *calling; /* whose AdapterControl runs on this processor; NULL: nobody's */
};

enum { DMA_CONTROLLERS_MAX = 16, DMA_EXTENSIONS_MAX = 16, DMA_CHANNELS_MAX = 1024 };

enum { DMA_TABLES = 3 };

/* What drivers call, and what they cause: the subsystem's own (dma_plain), or the verifier's (verifier.h). */
struct dma_entry {
    const DMA_OPERATIONS *tables[DMA_TABLES]; /* version 1 first */
    PDMA_ADAPTER(*get_adapter)
    (struct dma_system *s, PDEVICE_OBJECT device, PDEVICE_DESCRIPTION description,
     PULONG registers);                                       /* IoGetDmaAdapter */
    void (*obsolete)(struct dma_system *s, const char *call); /* a function was called that nobody may call */
    void (*made)(struct dma_adapter *a);
    /* A device writes at logical, to what it was given and has no more, or (beyond) right behind what it has.
     */
    void (*strayed)(struct dma_system *s, const struct dma_owned *from, uint64_t logical, bool beyond);
    void (*removed)(struct dma_system *s, PDEVICE_OBJECT device); /* and so is its stack */
    void (*audit)(struct dma_system *s);                          /* a run's end */
};
extern const struct dma_entry dma_plain;

struct dma_system {
    struct emu_machine *machine;
    const struct dma_entry *entry;
    struct dma_verifier *verifier; /* the verifier's own; NULL: nothing is verified */
    const struct haldma_config *config;
    struct dma_pool pool;
    struct dma_owners owners;
    struct dma_slots requests;          /* struct dma_request */
    struct dma_slots lists;             /* struct dma_sglist */
    struct dma_slots deferred;          /* struct dma_deferred */
    struct dma_slots completions;       /* struct dma_completion */
    struct dma_dispatcher *dispatchers; /* one per processor */
    struct dma_controller *controllers[DMA_CONTROLLERS_MAX];
    uint32_t controller_count;
    struct dma_builtin *builtin; /* those of the configuration */
    const struct haldma_extension *extensions[DMA_EXTENSIONS_MAX];
    uint32_t extension_count;
    const struct haldma_extension *loading; /* whose entry point runs; NULL: nobody's */
    struct dma_common *free_commons;
    struct dma_slots vectors;                   /* struct dma_vector */
    emu_requester requesters;                   /* handed out so far */
    struct dma_iommu *iommu;                    /* its interface for drivers; NULL without one */
    struct dma_domains *domains;                /* NULL: no remapping unit */
    struct dma_adapter *dead_first, *dead_last; /* released adapters, kept to tell who still uses them */
    uint32_t dead_count;
    struct dma_adapter *live; /* newest first */
    bool sets_up;             /* a scenario's set_up runs */
    PDRIVER_OBJECT filter;    /* of the configuration, once it is loaded */
    NTSTATUS filter_status;   /* a failure: a call of it failed by choice, and no device starts */
};

/* Called at each boot, after the kernel's. context: the machine's struct haldma_config, kept by the caller.
 */
void dma_boot(struct emu_machine *m, void *context);

/* drain.c: its part of who waits for whom */
void dma_drain_boot(struct dma_system *s);

/* The DMA subsystem of the machine that runs on this thread. */
static inline struct dma_system *dma_system(void)
{
    return (struct dma_system *)emu_slot(emu_current(), EMU_SLOT_DMA);
}

#endif
