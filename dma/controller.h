/*
 * System DMA controllers: how a channel is worked, whatever the hardware.
 *
 * Every controller is what a HAL extension registered: a DMA_FUNCTION_TABLE (nthalext.h), the extension's
 * data, channels. Those of a machine's configuration are extensions that come with the library.
 *
 * Routines of an extension are called one at a time for a controller, its interrupt included, at the level of
 * that interrupt or above: dma_controller_enter() and _leave() in controller.c, which every call goes
 * through. What they do to registers is either one step with the operation that was announced (the
 * library's own), or can be interleaved with the device and with other processors (is_explored).
 */
#ifndef DMA_CONTROLLER_H
#define DMA_CONTROLLER_H

#include <emu/bus.h>
#include <haldma.h>
#include <nthalext.h>

#include "dma/channel.h"

struct dma_adapter;
struct dma_controller;
struct dma_list;
struct dma_system;
struct emu_i8237;
struct emu_soc_dma;

struct dma_controller {
    DMA_FUNCTION_TABLE operations;
    PVOID data;         /* ControllerContext */
    const char *name;   /* of the extension */
    bool is_explored;   /* register accesses are yield points */
    bool is_ready;      /* InitializeController was called */
    bool is_busy;       /* a routine runs */
    bool interrupts;    /* the controller has an interrupt for all its channels */
    uint8_t level;      /* at which its routines run */
    uint8_t left_level; /* of who called the routine that runs */
    struct dma_system *system;
    emu_requester requester;
    emu_object object; /* what each operation on its channels announces */
    uint32_t id;
    uint32_t first_line; /* request lines, both inclusive */
    uint32_t last_line;
    uint32_t width;       /* address bits */
    uint32_t port_widths; /* DMA_..._PORT_WIDTH */
    /* What a function table has no words for: called before ProgramChannel. NULL: nothing. */
    void (*prepare)(struct dma_controller *c, uint32_t channel, const struct dma_adapter *a);
    /* Can the channel serve such an adapter? NULL: any. */
    bool (*accepts)(const struct dma_controller *c, uint32_t channel, const DEVICE_DESCRIPTION *d);
    uint32_t channel_count;
    struct dma_channel *channels;
    DMA_SCATTER_GATHER_LIST *list; /* for ProgramChannel */
    uint32_t list_elements;        /* that it has room for */
};

/* A controller of a DMA_INITIALIZATION_BLOCK that was found good, without channels that are usable yet. */
struct dma_controller *dma_controller_make(struct dma_system *s, const DMA_INITIALIZATION_BLOCK *block);
/* The controller with this id, or NULL. */
struct dma_controller *dma_controller_of_id(struct dma_system *s, uint32_t id);
/* Calls InitializeController and ReportCommonBuffer, once. False: no memory for a channel's common buffer. */
bool dma_controller_make_ready(struct dma_controller *c);
/* The channel for a description of a subordinate device, bound to its line; NULL when there is none. */
struct dma_channel *dma_controller_bind(struct dma_system *s, const DEVICE_DESCRIPTION *d, uint32_t *line);

/* Announces an operation on an adapter's transfers: like emu_step(), when no routine of its controller runs.
 */
void dma_controller_step(const struct dma_adapter *a, emu_op op, uint64_t arg);
/* Waits for the routine that another processor is in: the next one that is called here is called at once. */
void dma_controller_await(struct dma_controller *c);

/* The routines, for a channel. */
uint32_t dma_controller_fragments(struct dma_controller *c, uint32_t channel, uint32_t wanted);
void dma_controller_program(struct dma_controller *c, uint32_t channel, const struct dma_adapter *a,
                            const struct dma_list *list, uint64_t device_address, bool to_device);
NTSTATUS dma_controller_configure(struct dma_controller *c, uint32_t channel, uint32_t function,
                                  PVOID context);
void dma_controller_flush(struct dma_controller *c, uint32_t channel);
uint32_t dma_controller_counter(struct dma_controller *c, uint32_t channel);
/* Where it could be stopped: dma_channel_stopped(). */
void dma_controller_cancel(struct dma_controller *c, uint32_t channel);
/* Hears every interrupt of the controller: dma_channel_ended() for each channel that has one. */
void dma_controller_listen(struct dma_controller *c);

/* An interrupt of the controller, or of one of its channels, comes on this line. False: no such line. */
bool dma_controller_connect(struct dma_controller *c, LONG gsi, KINTERRUPT_MODE mode);

/* controller_builtin.c: the hardware of the configuration, at boot; and the extensions for it, at first use.
 */
void dma_builtin_boot(struct dma_system *s);
void dma_builtin_load(struct dma_system *s);
/* The hardware of configured controller number n, or NULL; and the pair of 8237, or NULL. */
struct emu_soc_dma *dma_builtin_soc(const struct dma_system *s, unsigned number);
struct emu_i8237 *dma_builtin_i8237(const struct dma_system *s);

#endif
