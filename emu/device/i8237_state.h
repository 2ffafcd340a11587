/*
 * What the pair of 8237A is made of: private to i8237.c (channels and their transfers) and i8237_registers.c
 * (the ports).
 */
#ifndef EMU_DEVICE_I8237_STATE_H
#define EMU_DEVICE_I8237_STATE_H

#include <emu/device/i8237.h>
#include <emu/event.h>

enum { I8237_PER_CONTROLLER = 4, I8237_CONTROLLERS = 2 };

struct i8237_channel {
    struct emu_i8237 *pair;
    struct emu_engine engine;
    bool is_ready; /* the engine exists: from the first unmasking on */

    /* Registers. */
    uint16_t base_address;
    uint16_t address;
    uint16_t base_count;
    uint16_t count;
    uint8_t page;
    uint8_t mode; /* without the channel bits */
    bool masked;
    bool asked_by_software;
    bool reached_count; /* the status bit */

    bool requests;  /* its peripheral does */
    uint64_t moved; /* bytes since the channel was programmed */
    const struct emu_i8237_ops *ops;
    void *peripheral;

    bool asked;              /* what it does wrong in this round */
    uint32_t misdeed;        /* 0: nothing */
    struct emu_engine after; /* a late or second terminal count, or the rest of a transfer that was masked */
    uint64_t after_address;  /* of that rest */
    uint32_t after_bytes;    /* 0: none, a terminal count */
};

struct emu_i8237 {
    struct emu_machine *machine;
    struct emu_i8237_config config;
    struct i8237_channel channels[EMU_I8237_CHANNELS];
    uint8_t command[I8237_CONTROLLERS];
    bool high_byte[I8237_CONTROLLERS]; /* the flip-flop */
    uint8_t page_ports[EMU_I8237_PORTS_PAGE];
};

static inline unsigned i8237_number(const struct i8237_channel *ch)
{
    return (unsigned)(ch - ch->pair->channels);
}

/* Is the channel of a mind to move, and would something be moved? */
bool emu_i8237_wants(const struct i8237_channel *ch);
/* After a change of masks, requests, commands: channels begin to move, or stop. */
void emu_i8237_settle(struct emu_i8237 *c);
/* The channel was programmed: what it does next is another transfer. */
void emu_i8237_begin(struct i8237_channel *ch);
/* As at power-on: one controller's channels, all masked. */
void emu_i8237_clear(struct emu_i8237 *c, unsigned controller);

extern const struct emu_register_ops emu_i8237_first_ops;
extern const struct emu_register_ops emu_i8237_second_ops;
extern const struct emu_register_ops emu_i8237_page_ops;

#endif
