/*
 * The ports of the pair of 8237A: what each reads as, and what a write to it does.
 *
 * Addresses and counts are reached a byte at a time through a flip-flop that each controller has one of. A
 * write sets the base and the current register; a read tells the current one. Settings may be changed while a
 * channel moves, as on the real thing.
 */
#include "emu/device/i8237_state.h"
#include "emu/device/pair.h"

enum {
    CHANNEL_BITS = 3,
    REQUESTS_SHIFT = 4,
    COUNT_BIT = 1,
    BYTE_MASK = 0xFF,
};

/* Where in the page ports each channel's register is; the cascade's belongs to the refresh. */
static const uint8_t page_of[EMU_I8237_CHANNELS] = {0x7, 0x3, 0x1, 0x2, 0xF, 0xB, 0x9, 0xA};

uint32_t emu_i8237_page_port(unsigned channel)
{
    EMU_ASSERT(channel < EMU_I8237_CHANNELS);
    return EMU_I8237_PORT_PAGE + page_of[channel];
}

static struct i8237_channel *channel_of(struct emu_i8237 *c, unsigned controller, uint64_t number)
{
    return &c->channels[controller * I8237_PER_CONTROLLER + (number & CHANNEL_BITS)];
}

static uint8_t read_counter(struct emu_i8237 *c, unsigned controller, uint64_t at)
{
    const struct i8237_channel *ch = channel_of(c, controller, at >> 1);
    uint16_t value = at & COUNT_BIT ? ch->count : ch->address;
    bool high = c->high_byte[controller];
    c->high_byte[controller] = !high;
    return (uint8_t)(high ? value >> BYTE_BITS : value);
}

static void write_counter(struct emu_i8237 *c, unsigned controller, uint64_t at, uint8_t byte)
{
    struct i8237_channel *ch = channel_of(c, controller, at >> 1);
    uint16_t *base = at & COUNT_BIT ? &ch->base_count : &ch->base_address;
    bool high = c->high_byte[controller];
    c->high_byte[controller] = !high;
    *base = (uint16_t)(high ? (*base & BYTE_MASK) | byte << BYTE_BITS : (*base & ~BYTE_MASK) | byte);
    ch->address = at & COUNT_BIT ? ch->address : *base;
    ch->count = at & COUNT_BIT ? *base : ch->count;
    emu_i8237_begin(ch);
}

static uint8_t read_status(struct emu_i8237 *c, unsigned controller)
{
    unsigned status = 0;
    for (unsigned i = 0; i < I8237_PER_CONTROLLER; i++) {
        struct i8237_channel *ch = channel_of(c, controller, i);
        status |= ch->reached_count ? 1u << i : 0;
        status |= emu_i8237_wants(ch) ? 1u << (i + REQUESTS_SHIFT) : 0;
        ch->reached_count = false;
    }
    return (uint8_t)status;
}

static uint8_t read_masks(struct emu_i8237 *c, unsigned controller)
{
    unsigned masks = 0;
    for (unsigned i = 0; i < I8237_PER_CONTROLLER; i++)
        masks |= channel_of(c, controller, i)->masked ? 1u << i : 0;
    return (uint8_t)masks;
}

static void write_masks(struct emu_i8237 *c, unsigned controller, unsigned masks)
{
    for (unsigned i = 0; i < I8237_PER_CONTROLLER; i++)
        channel_of(c, controller, i)->masked = (masks >> i & 1u) != 0;
}

static uint8_t read_controller(struct emu_i8237 *c, unsigned controller, uint64_t at)
{
    switch (at) {
    case EMU_I8237_STATUS:
        return read_status(c, controller);
    case EMU_I8237_TEMPORARY:
        return 0;
    case EMU_I8237_ALL_MASKS:
        return read_masks(c, controller);
    default:
        return at < EMU_I8237_STATUS ? read_counter(c, controller, at) : BYTE_MASK;
    }
}

static void write_controller(struct emu_i8237 *c, unsigned controller, uint64_t at, uint8_t byte)
{
    struct i8237_channel *ch = channel_of(c, controller, byte);
    switch (at) {
    case EMU_I8237_COMMAND:
        c->command[controller] = byte;
        break;
    case EMU_I8237_REQUEST:
        ch->asked_by_software = (byte & EMU_I8237_SET) != 0;
        break;
    case EMU_I8237_MASK:
        ch->masked = (byte & EMU_I8237_SET) != 0;
        break;
    case EMU_I8237_MODE:
        ch->mode = byte & (uint8_t)~CHANNEL_BITS;
        break;
    case EMU_I8237_FLIP_FLOP:
        c->high_byte[controller] = false;
        break;
    case EMU_I8237_MASTER_CLEAR:
        emu_i8237_clear(c, controller);
        break;
    case EMU_I8237_CLEAR_MASKS:
        write_masks(c, controller, 0);
        break;
    case EMU_I8237_ALL_MASKS:
        write_masks(c, controller, byte);
        break;
    default:
        write_counter(c, controller, at, byte);
        break;
    }
    emu_i8237_settle(c);
}

/* ---- The ports ------------------------------------------------------------------------------- */

static uint64_t first_read(void *device, struct emu_machine *m, uint64_t offset, unsigned width)
{
    (void)m;
    return width == 1 ? read_controller(device, 0, offset) : no_answer(width);
}

static void first_write(void *device, struct emu_machine *m, uint64_t offset, unsigned width, uint64_t value)
{
    (void)m;
    if (width == 1)
        write_controller(device, 0, offset, (uint8_t)value);
}

static uint64_t second_read(void *device, struct emu_machine *m, uint64_t offset, unsigned width)
{
    (void)m;
    return width == 1 && offset % 2 == 0 ? read_controller(device, 1, offset / 2) : no_answer(width);
}

static void second_write(void *device, struct emu_machine *m, uint64_t offset, unsigned width, uint64_t value)
{
    (void)m;
    if (width == 1 && offset % 2 == 0)
        write_controller(device, 1, offset / 2, (uint8_t)value);
}

static uint64_t page_read(void *device, struct emu_machine *m, uint64_t offset, unsigned width)
{
    const struct emu_i8237 *c = device;
    (void)m;
    return width == 1 ? c->page_ports[offset] : no_answer(width);
}

static void page_write(void *device, struct emu_machine *m, uint64_t offset, unsigned width, uint64_t value)
{
    struct emu_i8237 *c = device;
    (void)m;
    if (width != 1)
        return;
    c->page_ports[offset] = (uint8_t)value;
    for (unsigned i = 0; i < EMU_I8237_CHANNELS; i++)
        if (page_of[i] == offset)
            c->channels[i].page = (uint8_t)value;
}

const struct emu_register_ops emu_i8237_first_ops = {.read = first_read, .write = first_write};
const struct emu_register_ops emu_i8237_second_ops = {.read = second_read, .write = second_write};
const struct emu_register_ops emu_i8237_page_ops = {.read = page_read, .write = page_write};
