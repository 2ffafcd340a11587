/*
 * The burst card: registers, the burst, the posted write.
 */
#include "burst_card.h"

#include <emu/bus.h>
#include <emu/device/copier.h>
#include <emu/event.h>
#include <string.h>

enum { SENT_NS = 1000, ARRIVED_NS = 1000 };

struct burst_card {
    struct emu_machine *machine;
    emu_line line;
    emu_requester requester;
    struct emu_engine engine;
    uint64_t address;
    uint32_t length;
    bool interrupts;
    bool busy;      /* STATUS says so */
    bool posted;    /* bytes are on their way */
    bool was_reset; /* meanwhile: nobody hears of them, but that they have come */
    uint32_t causes;
};

static void set_line(struct burst_card *c)
{
    if (c->causes != 0 && c->interrupts)
        emu_line_raise(c->machine, c->line);
    else
        emu_line_lower(c->machine, c->line);
}

static void cause(struct burst_card *c, uint32_t bit)
{
    c->causes |= bit;
    set_line(c);
}

static void step_on(struct emu_machine *m, void *context)
{
    struct burst_card *c = context;
    uint8_t bytes[BURST_CARD_BYTES_MAX];
    if (!c->posted) {
        c->posted = true;
        emu_engine_start(m, &c->engine, ARRIVED_NS);
        return;
    }
    memset(bytes, BURST_CARD_BYTE, c->length);
    enum emu_dma_result result = emu_bus_dma(m, c->requester, c->address, bytes, c->length, true);
    c->posted = false;
    c->busy = false;
    if (c->was_reset)
        cause(c, BURST_CARD_INTERRUPT_QUIET);
    else
        cause(c, result == EMU_DMA_DONE ? EMU_COPIER_INTERRUPT_DONE : EMU_COPIER_INTERRUPT_ERROR);
    c->was_reset = false;
}

static void control(struct burst_card *c, uint32_t value)
{
    c->interrupts = (value & EMU_COPIER_CONTROL_INTERRUPTS) != 0;
    if (value & EMU_COPIER_CONTROL_RESET) {
        c->causes = 0;
        c->busy = false; /* the reset is complete: so says STATUS */
        if (c->posted) {
            c->was_reset = true;
        } else {
            if (emu_engine_started(&c->engine))
                emu_engine_stop(c->machine, &c->engine);
            c->causes = BURST_CARD_INTERRUPT_QUIET;
        }
    }
    set_line(c);
}

static uint64_t register_read(void *device, struct emu_machine *m, uint64_t offset, unsigned width)
{
    struct burst_card *c = device;
    uint32_t causes = c->causes;
    (void)m;
    (void)width;
    switch (offset) {
    case EMU_COPIER_STATUS:
        return c->busy ? EMU_COPIER_STATUS_BUSY : 0;
    case EMU_COPIER_INTERRUPT_TAKE:
        c->causes = 0;
        set_line(c);
        return causes;
    default:
        return UINT32_MAX;
    }
}

static void register_write(void *device, struct emu_machine *m, uint64_t offset, unsigned width,
                           uint64_t value)
{
    struct burst_card *c = device;
    (void)width;
    switch (offset) {
    case EMU_COPIER_CONTROL:
        control(c, (uint32_t)value);
        break;
    case EMU_COPIER_ADDRESS_LOW:
        c->address = value;
        break;
    case EMU_COPIER_LENGTH:
        c->length = value < BURST_CARD_BYTES_MAX ? (uint32_t)value : BURST_CARD_BYTES_MAX;
        break;
    case EMU_COPIER_DOORBELL:
        if (value == EMU_COPIER_DOORBELL_TO_MEMORY && !c->busy && !c->posted) {
            c->busy = true;
            emu_engine_start(m, &c->engine, SENT_NS);
        }
        break;
    default:
        break;
    }
}

static const struct emu_register_ops ops = {.read = register_read, .write = register_write};

bool burst_card_create(struct emu_machine *m, uint64_t window, emu_line line)
{
    struct burst_card *c = haldma_scratch(sizeof *c);
    c->machine = m;
    c->line = line;
    c->requester = emu_requester_at(window);
    emu_engine_init(m, &c->engine, "burst card", step_on, c);
    return emu_bus_add_window(m, "burst card", window, EMU_COPIER_WINDOW_BYTES, &ops, c);
}
