/*
 * The PC's pair of 8237A DMA controllers with their page registers, register by register.
 *
 * Controller 1 has channels 0 to 3, which move bytes; controller 2 has channels 5 to 7, which move words of
 * 16 bits, and channel 4, which carries controller 1 (cascade). A channel addresses 24 bits: 16 that count,
 * and a page register that does not. So a transfer wraps at a multiple of 64 KiB (bytes) or 128 KiB (words).
 *
 * There is no interrupt: at the terminal count the peripheral is told, and interrupts if it has a line.
 */
#ifndef EMU_DEVICE_I8237_H
#define EMU_DEVICE_I8237_H

#include <emu/bus.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Ports, one byte each; accesses of another width read as all ones and write nothing. */
enum emu_i8237_port {
    EMU_I8237_PORT_1 = 0x00, /* controller 1: 16 ports */
    EMU_I8237_PORTS_1 = 0x10,
    EMU_I8237_PORT_PAGE = 0x80, /* page registers: 16 ports, those of no channel are bytes to keep */
    EMU_I8237_PORTS_PAGE = 0x10,
    EMU_I8237_PORT_2 = 0xC0, /* controller 2: the same 16 registers at even ports */
    EMU_I8237_PORTS_2 = 0x20,
};

/* Registers of a controller: its first port + n, or + 2 n for controller 2. */
enum emu_i8237_register {
    EMU_I8237_ADDRESS = 0x0, /* + 2 * channel; low byte, then high byte: the flip-flop says which is next */
    EMU_I8237_COUNT = 0x1,   /* + 2 * channel; units less one, likewise */
    EMU_I8237_STATUS =
        0x8, /* read: bits 3:0 terminal count reached (cleared by reading), 7:4 request pending */
    EMU_I8237_COMMAND = 0x8,      /* write: bit 2 disables the controller */
    EMU_I8237_REQUEST = 0x9,      /* write: bits 1:0 channel, bit 2 set or clear its software request */
    EMU_I8237_MASK = 0xA,         /* write: bits 1:0 channel, bit 2 set or clear its mask */
    EMU_I8237_MODE = 0xB,         /* write: bits 1:0 channel, others EMU_I8237_MODE_... */
    EMU_I8237_FLIP_FLOP = 0xC,    /* write: the next byte is a low one */
    EMU_I8237_TEMPORARY = 0xD,    /* read */
    EMU_I8237_MASTER_CLEAR = 0xD, /* write: as at power-on, all channels masked */
    EMU_I8237_CLEAR_MASKS = 0xE,  /* write */
    EMU_I8237_ALL_MASKS = 0xF,    /* read and write: bits 3:0 */
};

enum emu_i8237_mode {
    EMU_I8237_MODE_VERIFY = 0 << 2,      /* counts, and moves nothing */
    EMU_I8237_MODE_TO_MEMORY = 1 << 2,   /* "write transfer" */
    EMU_I8237_MODE_FROM_MEMORY = 2 << 2, /* "read transfer" */
    EMU_I8237_MODE_TRANSFER = 3 << 2,    /* mask; 3 is illegal: nothing is moved */
    EMU_I8237_MODE_AUTO_INITIALIZE = 1 << 4,
    EMU_I8237_MODE_DECREMENT = 1 << 5,
    EMU_I8237_MODE_DEMAND = 0 << 6,
    EMU_I8237_MODE_SINGLE = 1 << 6,
    EMU_I8237_MODE_BLOCK = 2 << 6,
    EMU_I8237_MODE_CASCADE = 3 << 6,
    EMU_I8237_MODE_REQUEST = 3 << 6, /* mask */
};

enum {
    EMU_I8237_CHANNELS = 8,
    EMU_I8237_CASCADE = 4, /* the channel that carries controller 1 */
    EMU_I8237_COMMAND_DISABLE = 1 << 2,
    EMU_I8237_SET = 1 << 2, /* in REQUEST and MASK */
};

/* The port of a channel's page register. */
uint32_t emu_i8237_page_port(unsigned channel);

/* Zero in any field means its default. */
struct emu_i8237_config {
    emu_requester requester;
    uint32_t beat_bytes; /* moved per beat and channel; default: half of the round, so that it has a middle */
    uint64_t beat_ns;    /* default 1,000 */
    uint32_t misdeeds;   /* what it may do wrong: enum emu_misdeed, where docs/devices.md says; default 0 */
};

struct emu_i8237;

/*
 * Puts the pair on the machine's bus until the next reset, as the firmware leaves it: all channels masked but
 * the cascade. NULL: a port taken.
 */
struct emu_i8237 *emu_i8237_create(struct emu_machine *m, const struct emu_i8237_config *config);

/*
 * What stands behind a channel's request line. produce and consume move up to count bytes (whole words on
 * channels 5 to 7) and return how many: fewer says that the request is taken back, until emu_i8237_request().
 * terminal_count comes with the last byte of a round, after it was moved. Callbacks run in a beat: they never
 * step. NULL: as with nothing attached, where a pattern is delivered and everything swallowed at full speed.
 */
struct emu_i8237_ops {
    size_t (*produce)(void *peripheral, struct emu_machine *m, uint8_t *bytes, size_t count);
    size_t (*consume)(void *peripheral, struct emu_machine *m, const uint8_t *bytes, size_t count);
    void (*terminal_count)(void *peripheral, struct emu_machine *m);
};

/* ops (kept by the caller until the reset) of NULL detaches. False: no such channel, or the cascade. */
bool emu_i8237_attach(struct emu_i8237 *c, unsigned channel, const struct emu_i8237_ops *ops,
                      void *peripheral);

/* In place of its configuration's misdeeds. Before a channel is first used. */
void emu_i8237_set_misdeeds(struct emu_i8237 *c, uint32_t misdeeds);

/* The peripheral requests (again). */
void emu_i8237_request(struct emu_i8237 *c, unsigned channel);

/* The byte number n, from the programming of a channel, that a line with nothing attached delivers. */
static inline uint8_t emu_i8237_pattern(unsigned channel, uint64_t n)
{
    const uint32_t step = 7;
    return (uint8_t)(channel + step * (uint32_t)n);
}

#ifdef __cplusplus
}
#endif
#endif
