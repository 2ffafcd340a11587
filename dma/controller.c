/*
 * The machine's system DMA controllers: which channel serves which request line, and their interrupts.
 */
#include "dma/controller.h"

#include "dma/operations.h"
#include "dma/system.h"

void dma_controllers_boot(struct dma_system *s)
{
    const struct haldma_controller *config = s->config->controllers;
    for (unsigned i = 0; i < HALDMA_CONTROLLERS_MAX && config[i].channels != 0; i++) {
        struct dma_controller *c = emu_arena_alloc(s->machine, sizeof *c);
        *c = (struct dma_controller){
            .system = s,
            .object = emu_object_new(s->machine, "dma controller"),
            .first_line = config[i].first_line,
            .lines = config[i].lines,
            .channel_count = config[i].channels,
            .channels = emu_arena_alloc(s->machine, config[i].channels * sizeof(struct dma_channel)),
        };
        for (uint32_t n = 0; n < c->channel_count; n++) {
            c->channels[n].controller = c;
            c->channels[n].number = n;
        }
        bool made = dma_controller_soc_make(c, &config[i], i);
        EMU_ASSERT(made);
        c->ops->initialize_controller(c);
        s->controllers[s->controller_count++] = c;
    }
}

/* Request lines share the channels in order. */
struct dma_channel *dma_channel_of_line(struct dma_system *s, uint32_t line)
{
    for (uint32_t i = 0; i < s->controller_count; i++) {
        struct dma_controller *c = s->controllers[i];
        uint32_t number = (line - c->first_line) % c->channel_count;
        if (line >= c->first_line && c->ops->validate_request_line_binding(c, line, number))
            return &c->channels[number];
    }
    return NULL;
}

struct dma_channel *dma_channel_of_number(struct dma_system *s, uint32_t number)
{
    struct dma_controller *c = s->controllers[0];
    return c != NULL && number < c->channel_count ? &c->channels[number] : NULL;
}

void dma_controller_interrupt(struct emu_machine *m, void *controller)
{
    struct dma_controller *c = controller;
    uint32_t channel;
    DMA_COMPLETION_STATUS status;
    emu_step(m, DMA_OP_INTERRUPT, c->object, 0);
    while (c->ops->handle_interrupt(c, &channel, &status))
        dma_channel_ended(&c->channels[channel], status);
}
