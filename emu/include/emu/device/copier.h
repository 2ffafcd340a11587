/*
 * The copier: a scatter/gather bus master with memory of its own, as a card in a slot would be.
 *
 * It copies between its memory and the machine's, piece by piece as a list of descriptors says, in beats over
 * virtual time, and interrupts when it is done. The list is pushed into registers, or lies in the machine's
 * memory. Its memory holds a pattern until something is written there, so that every byte of a transfer can
 * be verified. It decides nothing: what may land between two of its beats is the machine's choice.
 *
 * A driver does not see this header. Its own description of the registers follows docs/devices.md, which says
 * the same.
 */
#ifndef EMU_DEVICE_COPIER_H
#define EMU_DEVICE_COPIER_H

#include <emu/bus.h>
#include <emu/irq.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Registers, byte offsets into the window. All have 32 bits; the pairs LOW, HIGH may be accessed as one of 64
 * bits. Other widths and offsets read as all ones, and writes to them do nothing.
 */
enum emu_copier_register {
    EMU_COPIER_ID = 0x00,             /* read: EMU_COPIER_ID_VALUE */
    EMU_COPIER_CONTROL = 0x04,        /* EMU_COPIER_CONTROL_... */
    EMU_COPIER_STATUS = 0x08,         /* EMU_COPIER_STATUS_..., of the current or the last transfer */
    EMU_COPIER_INTERRUPT = 0x0C,      /* EMU_COPIER_INTERRUPT_...; writing 1 to a cause acknowledges it */
    EMU_COPIER_INTERRUPT_TAKE = 0x10, /* reading it returns the causes and acknowledges them all */
    EMU_COPIER_DOORBELL = 0x14,       /* write: EMU_COPIER_DOORBELL_..., starts */
    EMU_COPIER_ADDRESS_LOW = 0x18,    /* of the piece to push */
    EMU_COPIER_ADDRESS_HIGH = 0x1C,
    EMU_COPIER_LENGTH = 0x20,    /* write: pushes a piece of so many bytes at ADDRESS; read: pieces pushed */
    EMU_COPIER_OFFSET = 0x24,    /* where in the copier's memory the next transfer begins */
    EMU_COPIER_COUNT_LOW = 0x28, /* read: bytes that the current or the last transfer has moved */
    EMU_COPIER_COUNT_HIGH = 0x2C,
    EMU_COPIER_LIST_LOW = 0x30, /* logical address of a list in memory */
    EMU_COPIER_LIST_HIGH = 0x34,
    EMU_COPIER_LIST_LENGTH = 0x38, /* descriptors in that list; 0: the pushed pieces are the list */
    EMU_COPIER_CAPACITY = 0x3C,    /* read: the most descriptors that a transfer can have */
    EMU_COPIER_FAULT_LOW = 0x40,   /* read: the logical address at which the last transfer failed */
    EMU_COPIER_FAULT_HIGH = 0x44,
    EMU_COPIER_WINDOW_BYTES = 0x1000,
};

#define EMU_COPIER_ID_VALUE 0x00434F50u

enum emu_copier_control {
    EMU_COPIER_CONTROL_INTERRUPTS = 1u << 0, /* causes reach the interrupt line */
    EMU_COPIER_CONTROL_RESET = 1u << 1,      /* stops at once, all registers as at power-on; reads as 0 */
    EMU_COPIER_CONTROL_WRITE_BACK = 1u << 2, /* marks each descriptor of a list in memory when it was moved */
};

enum emu_copier_status {
    EMU_COPIER_STATUS_BUSY = 1u << 0,
    EMU_COPIER_STATUS_DONE = 1u << 1,      /* the whole list was moved */
    EMU_COPIER_STATUS_ERROR = 1u << 2,     /* it stopped early: see REASON, and COUNT for how far it got */
    EMU_COPIER_STATUS_OVERRUN = 1u << 3,   /* doorbell or piece dropped: busy or full; writing 1 clears it */
    EMU_COPIER_STATUS_REASON = 0xFFu << 8, /* enum emu_copier_reason */
};
enum { EMU_COPIER_STATUS_REASON_SHIFT = 8 };

enum emu_copier_reason {
    EMU_COPIER_REASON_NONE = 0,
    EMU_COPIER_REASON_EMPTY = 1,   /* a doorbell without pieces */
    EMU_COPIER_REASON_LENGTH = 2,  /* a piece of no bytes, or a list longer than the capacity */
    EMU_COPIER_REASON_ADDRESS = 3, /* a piece or list beyond the copier's address width */
    EMU_COPIER_REASON_FAULT = 4,   /* the bus refused the address */
    EMU_COPIER_REASON_DEVICE = 5,  /* of its own: it misbehaves */
};

enum emu_copier_interrupt {
    EMU_COPIER_INTERRUPT_DONE = 1u << 0,
    EMU_COPIER_INTERRUPT_ERROR = 1u << 1,
};

/* Any other value is ignored. */
enum emu_copier_doorbell {
    EMU_COPIER_DOORBELL_FROM_MEMORY = 1, /* the machine's memory to the copier's */
    EMU_COPIER_DOORBELL_TO_MEMORY = 2,   /* the copier's memory to the machine's */
};

/*
 * One descriptor of a list in memory, 16 bytes: address at 0 (64 bits), length at 8 (32 bits), mark at 12 (32
 * bits, which are not read; written with WRITE_BACK).
 */
enum { EMU_COPIER_DESCRIPTOR_BYTES = 16, EMU_COPIER_DESCRIPTOR_MARK = 12, EMU_COPIER_MARK_MOVED = 1 };

enum {
    EMU_COPIER_CAPACITY_MAX = 65536,
    EMU_COPIER_MEMORY_MIN = 1024,
    EMU_COPIER_MEMORY_MAX = 1 << 30,
};

/* Zero in any field but window means its default. */
struct emu_copier_config {
    const char *name;        /* outlives the machine; default "copier" */
    uint64_t window;         /* physical address of the registers, page-aligned */
    emu_line line;           /* its interrupt line, of either trigger; 0: none, a driver polls */
    emu_requester requester; /* as whom it asks for memory; 0: emu_requester_at(window) */
    uint32_t beat_bytes;     /* moved per beat; default: half of the transfer, so that each has a middle */
    uint64_t beat_ns;        /* from the doorbell to the first beat, and between beats; default 1,000 */
    uint32_t address_width;  /* bits, 1 to 64; default 64 */
    uint32_t capacity;       /* most descriptors of a transfer, to EMU_COPIER_CAPACITY_MAX; default 64 */
    uint32_t memory_bytes;   /* of its own memory, a power of two, MEMORY_MIN to MEMORY_MAX; default 65,536 */
    uint32_t seed;           /* of the pattern in it */
    uint32_t misdeeds;       /* what it may do wrong, bits of enum emu_misdeed; default: nothing */
};

struct emu_copier;

/*
 * Puts a copier on the machine's bus until its next reset. NULL when a field is out of range or the window is
 * taken.
 */
struct emu_copier *emu_copier_create(struct emu_machine *m, const struct emu_copier_config *config);

/* From the next bus access on. For when the number is known only after the device is there. */
void emu_copier_set_requester(struct emu_copier *c, emu_requester requester);

/*
 * The copier's memory from offset on, across its end to its beginning, without steps: for a scenario's
 * checks.
 */
void emu_copier_memory_read(const struct emu_copier *c, uint32_t offset, void *to, size_t bytes);
void emu_copier_memory_write(struct emu_copier *c, uint32_t offset, const void *from, size_t bytes);

/* The byte that its memory holds at this offset before anything was written there. */
static inline uint8_t emu_copier_pattern(uint32_t seed, uint32_t offset)
{
    const uint32_t golden = 0x9E3779B1u;
    return (uint8_t)(((offset + seed) * golden) >> 24);
}

#ifdef __cplusplus
}
#endif
#endif
