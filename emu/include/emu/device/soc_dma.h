/*
 * A system DMA controller, as a system-on-chip has it: channels that carry bytes between memory and the
 * peripherals behind request lines.
 *
 * Each channel has its registers, its list of memory fragments, its status and its count; they run
 * independently of each other, in beats over virtual time. One interrupt line serves the controller, one
 * register tells which channels ended. A peripheral is a pair of callbacks attached to a request line; a line
 * with nothing attached delivers a pattern and swallows what it is given, at full speed.
 *
 * Whether an abort or the end of a transfer comes first is decided by who comes first; the channel's status
 * tells.
 */
#ifndef EMU_DEVICE_SOC_DMA_H
#define EMU_DEVICE_SOC_DMA_H

#include <emu/bus.h>
#include <emu/irq.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Registers of the controller, byte offsets into the window. All have 32 bits; the pairs LOW, HIGH may be
 * accessed as one of 64 bits. Other widths and offsets read as all ones, and writes to them do nothing.
 */
enum emu_soc_dma_register {
    EMU_SOC_DMA_ID = 0x00,         /* read: EMU_SOC_DMA_ID_VALUE */
    EMU_SOC_DMA_CONTROL = 0x04,    /* write: EMU_SOC_DMA_CONTROL_... */
    EMU_SOC_DMA_INTERRUPT = 0x08,  /* bit n: channel n ended; writing 1 to a bit acknowledges it */
    EMU_SOC_DMA_CHANNELS = 0x0C,   /* read: how many */
    EMU_SOC_DMA_FIRST_LINE = 0x10, /* read */
    EMU_SOC_DMA_LINES = 0x14,      /* read: how many */
    EMU_SOC_DMA_FRAGMENTS = 0x18,  /* read: the most fragments of one transfer */
    EMU_SOC_DMA_WIDTH = 0x1C,      /* read: address bits */
    EMU_SOC_DMA_CHANNEL_BASE = 0x100,
    EMU_SOC_DMA_CHANNEL_BYTES = 0x40,
    EMU_SOC_DMA_WINDOW_BYTES = 0x1000,
};

#define EMU_SOC_DMA_ID_VALUE 0x00534443u

enum emu_soc_dma_control {
    EMU_SOC_DMA_CONTROL_RESET = 1u << 0, /* stops and clears every channel and the interrupts */
};

/*
 * Registers of a channel, byte offsets from EMU_SOC_DMA_CHANNEL(n). While the channel is active its settings
 * stay as they are: only STOP is obeyed, any other write is dropped and shows as OVERRUN.
 */
enum emu_soc_dma_channel_register {
    EMU_SOC_DMA_CHANNEL_CONTROL = 0x00,
    EMU_SOC_DMA_CHANNEL_STATUS = 0x04,      /* read: of the current or the last transfer */
    EMU_SOC_DMA_CHANNEL_LINE = 0x08,        /* request line */
    EMU_SOC_DMA_CHANNEL_COUNT = 0x0C,       /* read: bytes left in the current or the last transfer */
    EMU_SOC_DMA_CHANNEL_ADDRESS_LOW = 0x10, /* of the fragment to push */
    EMU_SOC_DMA_CHANNEL_ADDRESS_HIGH = 0x14,
    EMU_SOC_DMA_CHANNEL_LENGTH = 0x18, /* write: pushes a fragment of so many bytes; read: fragments pushed */
    EMU_SOC_DMA_CHANNEL_RESERVED = 0x1C,
    EMU_SOC_DMA_CHANNEL_DEVICE_LOW = 0x20, /* address of the peripheral's data register */
    EMU_SOC_DMA_CHANNEL_DEVICE_HIGH = 0x24,
};

#define EMU_SOC_DMA_CHANNEL(n) \
    ((uint32_t)EMU_SOC_DMA_CHANNEL_BASE + (uint32_t)(n) * (uint32_t)EMU_SOC_DMA_CHANNEL_BYTES)

enum emu_soc_dma_channel_control {
    EMU_SOC_DMA_CHANNEL_START = 1u << 0, /* reads as 1 while active */
    EMU_SOC_DMA_CHANNEL_STOP = 1u << 1,  /* aborts an active channel, does nothing to another; reads as 0 */
    EMU_SOC_DMA_CHANNEL_CLEAR = 1u << 2, /* forgets the pushed fragments of a channel at rest; reads as 0 */
    EMU_SOC_DMA_CHANNEL_INTERRUPTS = 1u << 3, /* its end, of whatever sort, sets its bit in INTERRUPT */
    EMU_SOC_DMA_CHANNEL_TO_MEMORY = 1u << 4,  /* peripheral to memory; else memory to peripheral */
    EMU_SOC_DMA_CHANNEL_LOOP = 1u << 5,       /* begins again with the first fragment, until it is stopped */
    EMU_SOC_DMA_CHANNEL_UNIT = 3u << 6,       /* 8, 16, 32 or 64 bits: beats are whole units of it */
};
enum { EMU_SOC_DMA_CHANNEL_UNIT_SHIFT = 6 };

enum emu_soc_dma_channel_status {
    EMU_SOC_DMA_CHANNEL_ACTIVE = 1u << 0,
    EMU_SOC_DMA_CHANNEL_COMPLETE = 1u << 1,  /* every byte was moved; with LOOP: at least one round was */
    EMU_SOC_DMA_CHANNEL_ABORTED = 1u << 2,   /* STOP came first */
    EMU_SOC_DMA_CHANNEL_ERROR = 1u << 3,     /* it stopped early: see REASON */
    EMU_SOC_DMA_CHANNEL_OVERRUN = 1u << 4,   /* a write was dropped: active or full; writing 1 clears it */
    EMU_SOC_DMA_CHANNEL_WAITING = 1u << 5,   /* active, and the peripheral is not ready */
    EMU_SOC_DMA_CHANNEL_REASON = 0xFFu << 8, /* enum emu_soc_dma_reason */
};
enum { EMU_SOC_DMA_CHANNEL_REASON_SHIFT = 8 };

enum emu_soc_dma_reason {
    EMU_SOC_DMA_REASON_NONE = 0,
    EMU_SOC_DMA_REASON_EMPTY = 1,   /* a start without fragments */
    EMU_SOC_DMA_REASON_LENGTH = 2,  /* a fragment of no bytes, or 4 GiB in all */
    EMU_SOC_DMA_REASON_ADDRESS = 3, /* a fragment beyond the controller's address width */
    EMU_SOC_DMA_REASON_FAULT = 4,   /* the bus refused the address */
    EMU_SOC_DMA_REASON_LINE = 5,    /* a request line that is not served here, or that another channel uses */
    EMU_SOC_DMA_REASON_DEVICE = 6,  /* of its own: it misbehaves */
};

enum {
    EMU_SOC_DMA_CHANNELS_MAX = 32,
    EMU_SOC_DMA_LINES_MAX = 1024,
    EMU_SOC_DMA_FRAGMENTS_MAX = 4096,
    EMU_SOC_DMA_BEAT_MAX = 65536
};

/* Zero in any field but window and first_line means its default. */
struct emu_soc_dma_config {
    const char *name;        /* outlives the machine; default "dma controller" */
    uint64_t window;         /* physical address of the registers, page-aligned */
    emu_line line;           /* its interrupt line, of either trigger; 0: none, the status is polled */
    emu_requester requester; /* as whom it asks for memory */
    uint32_t first_line;     /* serves request lines first_line .. first_line + lines - 1 */
    uint32_t lines;          /* to EMU_SOC_DMA_LINES_MAX; default 1 */
    uint32_t channels;       /* to EMU_SOC_DMA_CHANNELS_MAX; default 1 */
    uint32_t fragments_max;  /* fragments of one transfer, to EMU_SOC_DMA_FRAGMENTS_MAX; default 1 */
    uint32_t address_width;  /* bits, 1 to 64; default 32 */
    uint32_t beat_bytes;     /* moved per beat and channel, to EMU_SOC_DMA_BEAT_MAX; default 64 */
    uint64_t beat_ns;        /* from the start to the first beat, and between beats; default 1,000 */
    uint32_t misdeeds; /* what it may do wrong: enum emu_misdeed, where docs/devices.md says; default 0 */
};

struct emu_soc_dma;

/*
 * Puts a controller on the machine's bus until the next reset. NULL: a field out of range, or the window
 * taken.
 */
struct emu_soc_dma *emu_soc_dma_create(struct emu_machine *m, const struct emu_soc_dma_config *config);

/* In place of its configuration's misdeeds. Before a channel is first used. */
void emu_soc_dma_set_misdeeds(struct emu_soc_dma *c, uint32_t misdeeds);

/* From the next bus access on. */
void emu_soc_dma_set_requester(struct emu_soc_dma *c, emu_requester requester);

/*
 * The same registers without a step and without a mapping, for the software that owns the controller and has
 * announced what it does. 32 bits; the pairs LOW, HIGH as one of 64 bits through the second form.
 */
uint32_t emu_soc_dma_read(struct emu_soc_dma *c, uint32_t offset);
void emu_soc_dma_write(struct emu_soc_dma *c, uint32_t offset, uint32_t value);
void emu_soc_dma_write64(struct emu_soc_dma *c, uint32_t offset, uint64_t value);

/*
 * What stands behind a request line. A callback moves up to count bytes and returns how many; fewer than
 * count means that the peripheral is not ready for more: the channel waits until emu_soc_dma_request().
 * address is what the channel's DEVICE register holds. Callbacks run in a beat: they never step. NULL: as
 * with nothing attached.
 */
struct emu_soc_dma_ops {
    size_t (*produce)(void *peripheral, struct emu_machine *m, uint64_t address, uint8_t *bytes,
                      size_t count);
    size_t (*consume)(void *peripheral, struct emu_machine *m, uint64_t address, const uint8_t *bytes,
                      size_t count);
};

/*
 * ops (kept by the caller until the reset) of NULL detaches. False when the controller does not serve the
 * line.
 */
bool emu_soc_dma_attach(struct emu_soc_dma *c, uint32_t line, const struct emu_soc_dma_ops *ops,
                        void *peripheral);

/* The peripheral is ready again: a channel that waits for this line goes on. */
void emu_soc_dma_request(struct emu_soc_dma *c, uint32_t line);

/* The byte number n, from the start of a transfer, that a line with nothing attached delivers. */
static inline uint8_t emu_soc_dma_pattern(uint32_t line, uint64_t n)
{
    const uint32_t step = 7;
    return (uint8_t)(line + step * (uint32_t)n);
}

#ifdef __cplusplus
}
#endif
#endif
