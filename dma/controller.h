/*
 * System DMA controllers: how a channel is worked, whatever the hardware.
 *
 * The operations are those of a HAL extension's DMA_FUNCTION_TABLE (nthalext.h), by the same names and with
 * the same duties, so that a controller's file is written as such an extension is. They never step: who calls
 * them has announced it.
 */
#ifndef DMA_CONTROLLER_H
#define DMA_CONTROLLER_H

#include <haldma.h>

#include "dma/channel.h"

struct dma_controller;
struct dma_list;
struct dma_system;
struct emu_soc_dma;

/* One transfer, ready to be programmed. */
struct dma_program {
    uint32_t request_line;
    const struct dma_list *list; /* its fragments, logical addresses */
    bool to_device;
    bool loops;      /* begins again at its end, until it is stopped */
    bool interrupts; /* its end shall interrupt */
    DMA_WIDTH width;
    uint64_t device_address;
};

struct dma_controller_ops {
    void (*initialize_controller)(struct dma_controller *c);
    bool (*validate_request_line_binding)(struct dma_controller *c, uint32_t line, uint32_t channel);
    uint32_t (*query_max_fragments)(struct dma_controller *c, uint32_t channel);
    void (*program_channel)(struct dma_controller *c, uint32_t channel, const struct dma_program *program);
    NTSTATUS(*configure_channel)
    (struct dma_controller *c, uint32_t channel, uint32_t function, void *context);
    /* The channel is at rest: says how its last transfer ended, and forgets it with its interrupt. */
    DMA_COMPLETION_STATUS (*flush_channel)(struct dma_controller *c, uint32_t channel);
    /* A channel that interrupts, acknowledged, and how its transfer ended; false when there is none. */
    bool (*handle_interrupt)(struct dma_controller *c, uint32_t *channel, DMA_COMPLETION_STATUS *status);
    uint32_t (*read_dma_counter)(struct dma_controller *c, uint32_t channel);
    void (*report_common_buffer)(struct dma_controller *c, uint32_t channel, void *memory, uint64_t logical);
    /* Stops a running transfer. False when it had ended. */
    bool (*cancel_transfer)(struct dma_controller *c, uint32_t channel);
};

struct dma_controller {
    const struct dma_controller_ops *ops;
    struct emu_soc_dma *device;
    struct dma_system *system;
    emu_object object; /* what each operation on its channels announces */
    uint32_t first_line;
    uint32_t lines;
    uint32_t channel_count;
    uint32_t width; /* address bits */
    struct dma_channel *channels;
};

/* Makes the machine's controllers as the configuration says. */
void dma_controllers_boot(struct dma_system *s);
/* The channel that serves a request line, and channel number n of the first controller; NULL when there is
 * none. */
struct dma_channel *dma_channel_of_line(struct dma_system *s, uint32_t line);
struct dma_channel *dma_channel_of_number(struct dma_system *s, uint32_t number);
/* The controller interrupts: its handler, on whatever processor. */
void dma_controller_interrupt(struct emu_machine *m, void *controller);

/* controller_soc.c: puts a controller on the bus. */
bool dma_controller_soc_make(struct dma_controller *c, const struct haldma_controller *config,
                             unsigned number);

#endif
