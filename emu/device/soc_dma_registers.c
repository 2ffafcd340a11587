/*
 * The DMA controller's register file: what each offset reads as, and what a write to it does.
 *
 * A setting of an active channel is never changed: the write is dropped and shows as OVERRUN.
 */
#include "emu/device/pair.h"
#include "emu/device/soc_dma_state.h"

/* The channel whose registers are at this offset, or NULL. */
static struct soc_dma_channel *channel_at(struct emu_soc_dma *c, uint32_t offset)
{
    uint32_t first = EMU_SOC_DMA_CHANNEL(0);
    if (offset < first || offset >= EMU_SOC_DMA_CHANNEL(c->config.channels)) {
        return NULL;
    }
    return &c->channels[(offset - first) / EMU_SOC_DMA_CHANNEL_BYTES];
}

static uint32_t channel_register(uint32_t offset)
{
    return (offset - EMU_SOC_DMA_CHANNEL(0)) % EMU_SOC_DMA_CHANNEL_BYTES;
}

static uint32_t read_channel(const struct soc_dma_channel *ch, uint32_t offset)
{
    switch (offset) {
    case EMU_SOC_DMA_CHANNEL_CONTROL:
        return ch->control | (soc_dma_active(ch) ? (uint32_t)EMU_SOC_DMA_CHANNEL_START : 0);
    case EMU_SOC_DMA_CHANNEL_STATUS:
        return ch->status;
    case EMU_SOC_DMA_CHANNEL_LINE:
        return ch->line;
    case EMU_SOC_DMA_CHANNEL_COUNT:
        return low_half(ch->left);
    case EMU_SOC_DMA_CHANNEL_ADDRESS_LOW:
        return low_half(ch->address);
    case EMU_SOC_DMA_CHANNEL_ADDRESS_HIGH:
        return high_half(ch->address);
    case EMU_SOC_DMA_CHANNEL_LENGTH:
        return ch->fragments_length;
    case EMU_SOC_DMA_CHANNEL_DEVICE_LOW:
        return low_half(ch->device);
    case EMU_SOC_DMA_CHANNEL_DEVICE_HIGH:
        return high_half(ch->device);
    default:
        return UINT32_MAX;
    }
}

static void write_setting(struct soc_dma_channel *ch, uint32_t offset, uint32_t value)
{
    if (soc_dma_active(ch)) {
        ch->status |= EMU_SOC_DMA_CHANNEL_OVERRUN;
        return;
    }
    switch (offset) {
    case EMU_SOC_DMA_CHANNEL_LINE:
        ch->line = value;
        break;
    case EMU_SOC_DMA_CHANNEL_ADDRESS_LOW:
        set_low_half(&ch->address, value);
        break;
    case EMU_SOC_DMA_CHANNEL_ADDRESS_HIGH:
        set_high_half(&ch->address, value);
        break;
    case EMU_SOC_DMA_CHANNEL_DEVICE_LOW:
        set_low_half(&ch->device, value);
        break;
    case EMU_SOC_DMA_CHANNEL_DEVICE_HIGH:
        set_high_half(&ch->device, value);
        break;
    default:
        break;
    }
}

static void write_channel(struct soc_dma_channel *ch, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case EMU_SOC_DMA_CHANNEL_CONTROL:
        emu_soc_dma_set_control(ch, value);
        break;
    case EMU_SOC_DMA_CHANNEL_STATUS:
        ch->status &= ~(value & EMU_SOC_DMA_CHANNEL_OVERRUN);
        break;
    case EMU_SOC_DMA_CHANNEL_LENGTH:
        emu_soc_dma_push(ch, value);
        break;
    default:
        write_setting(ch, offset, value);
        break;
    }
}

uint32_t emu_soc_dma_read(struct emu_soc_dma *c, uint32_t offset)
{
    const struct soc_dma_channel *ch = channel_at(c, offset);
    if (ch) {
        return read_channel(ch, channel_register(offset));
    }
    switch (offset) {
    case EMU_SOC_DMA_ID:
        return EMU_SOC_DMA_ID_VALUE;
    case EMU_SOC_DMA_INTERRUPT:
        emu_soc_dma_look(c);
        return c->ended;
    case EMU_SOC_DMA_CHANNELS:
        return c->config.channels;
    case EMU_SOC_DMA_FIRST_LINE:
        return c->config.first_line;
    case EMU_SOC_DMA_LINES:
        return c->config.lines;
    case EMU_SOC_DMA_FRAGMENTS:
        return c->config.fragments_max;
    case EMU_SOC_DMA_WIDTH:
        return c->config.address_width;
    default:
        return UINT32_MAX;
    }
}

void emu_soc_dma_write(struct emu_soc_dma *c, uint32_t offset, uint32_t value)
{
    struct soc_dma_channel *ch = channel_at(c, offset);
    if (ch) {
        write_channel(ch, channel_register(offset), value);
    } else if (offset == EMU_SOC_DMA_CONTROL) {
        if (value & EMU_SOC_DMA_CONTROL_RESET) {
            emu_soc_dma_reset(c);
        }
    } else if (offset == EMU_SOC_DMA_INTERRUPT) {
        emu_soc_dma_acknowledge(c, value);
    }
}

void emu_soc_dma_write64(struct emu_soc_dma *c, uint32_t offset, uint64_t value)
{
    emu_soc_dma_write(c, offset, low_half(value));
    emu_soc_dma_write(c, offset + WORD_BYTES, high_half(value));
}

static bool is_pair(struct emu_soc_dma *c, uint32_t offset)
{
    if (!channel_at(c, offset)) {
        return false;
    }
    uint32_t at = channel_register(offset);
    return at == EMU_SOC_DMA_CHANNEL_ADDRESS_LOW || at == EMU_SOC_DMA_CHANNEL_DEVICE_LOW;
}

static uint64_t register_read(void *device, struct emu_machine *m, uint64_t offset, unsigned width)
{
    struct emu_soc_dma *c = device;
    EMU_ASSERT(c->machine == m && offset < EMU_SOC_DMA_WINDOW_BYTES);
    uint32_t at = (uint32_t)offset;
    if (width == WORD_BYTES) {
        return emu_soc_dma_read(c, at);
    }
    if (width == PAIR_BYTES && is_pair(c, at)) {
        return pair_of(emu_soc_dma_read(c, at), emu_soc_dma_read(c, at + WORD_BYTES));
    }
    return no_answer(width);
}

static void register_write(void *device, struct emu_machine *m, uint64_t offset, unsigned width,
                           uint64_t value)
{
    struct emu_soc_dma *c = device;
    EMU_ASSERT(c->machine == m && offset < EMU_SOC_DMA_WINDOW_BYTES);
    uint32_t at = (uint32_t)offset;
    if (width == WORD_BYTES) {
        emu_soc_dma_write(c, at, low_half(value));
    } else if (width == PAIR_BYTES && is_pair(c, at)) {
        emu_soc_dma_write64(c, at, value);
    }
}

const struct emu_register_ops emu_soc_dma_register_ops = {.read = register_read, .write = register_write};
