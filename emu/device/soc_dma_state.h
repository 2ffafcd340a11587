/*
 * What the DMA controller is made of: private to its two files, soc_dma.c (channels and their transfers) and
 * soc_dma_registers.c (the register file).
 */
#ifndef EMU_DEVICE_SOC_DMA_STATE_H
#define EMU_DEVICE_SOC_DMA_STATE_H

#include <emu/device/soc_dma.h>
#include <emu/event.h>

struct soc_dma_fragment {
    uint64_t address;
    uint32_t length;
};

struct soc_dma_peripheral {
    const struct emu_soc_dma_ops *ops;
    void *context;
};

struct soc_dma_channel {
    struct emu_soc_dma *controller;
    struct emu_engine engine;
    bool ready; /* the engine and the list exist: from the first fragment or start on */

    /* Registers. */
    uint32_t control; /* SETTINGS only */
    uint32_t status;
    uint32_t line;
    uint64_t address;
    uint64_t device;
    uint64_t left;

    struct soc_dma_fragment *fragments;
    uint32_t fragments_length;

    /* The transfer: where it is. */
    bool line_taken;        /* another channel had the line when this one started */
    uint32_t fragment;      /* index of the one that is being moved */
    uint32_t fragment_done; /* bytes of it */
    uint64_t moved;         /* bytes since the start, rounds of a loop included */

    /* What it does wrong. */
    bool asked;              /* in this transfer, whether it does */
    uint32_t misdeed;        /* in this transfer; 0: nothing */
    struct emu_engine after; /* an interrupt that is late, or one too many */
    bool is_stopped;         /* after is due because of a STOP, and may come to nothing */
};

struct emu_soc_dma {
    struct emu_machine *machine;
    struct emu_soc_dma_config config;
    bool level_triggered;
    uint32_t ended;    /* the INTERRUPT register */
    bool has_no_cause; /* the line was raised with nothing in it */
    struct soc_dma_channel *channels;
    struct soc_dma_peripheral *peripherals; /* by line, from first_line on */
};

static inline bool soc_dma_active(const struct soc_dma_channel *ch)
{
    return (ch->status & EMU_SOC_DMA_CHANNEL_ACTIVE) != 0;
}

/* What a write to CONTROL, LENGTH, or the controller's CONTROL and INTERRUPT does. */
void emu_soc_dma_set_control(struct soc_dma_channel *ch, uint32_t value);
void emu_soc_dma_push(struct soc_dma_channel *ch, uint32_t length);
void emu_soc_dma_reset(struct emu_soc_dma *c);
void emu_soc_dma_acknowledge(struct emu_soc_dma *c, uint32_t channels);

/* INTERRUPT is read: a line that was raised without a cause falls. */
void emu_soc_dma_look(struct emu_soc_dma *c);

extern const struct emu_register_ops emu_soc_dma_register_ops;

#endif
