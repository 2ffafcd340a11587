/*
 * The controller of a system-on-chip (emu/device/soc_dma.h), worked through its registers.
 */
#include <emu/device/soc_dma.h>

#include "dma/controller.h"
#include "dma/list.h"
#include "dma/system.h"

/* Where the controllers' registers are: above all RAM. */
#define WINDOW_FIRST 0x1000000000ull
enum { INTERRUPT_LEVEL = 10 };

static uint32_t read_register(struct dma_controller *c, uint32_t channel, uint32_t offset)
{
    return emu_soc_dma_read(c->device, EMU_SOC_DMA_CHANNEL(channel) + offset);
}

static void write_register(struct dma_controller *c, uint32_t channel, uint32_t offset, uint32_t value)
{
    emu_soc_dma_write(c->device, EMU_SOC_DMA_CHANNEL(channel) + offset, value);
}

static void initialize_controller(struct dma_controller *c)
{
    emu_soc_dma_write(c->device, EMU_SOC_DMA_CONTROL, EMU_SOC_DMA_CONTROL_RESET);
}

static bool validate_request_line_binding(struct dma_controller *c, uint32_t line, uint32_t channel)
{
    return line >= c->first_line && line - c->first_line < c->lines && channel < c->channel_count;
}

static uint32_t query_max_fragments(struct dma_controller *c, uint32_t channel)
{
    (void)channel; /* all are alike */
    return emu_soc_dma_read(c->device, EMU_SOC_DMA_FRAGMENTS);
}

/* WidthNoWrap and anything beyond move as bytes do. */
static uint32_t unit_of(DMA_WIDTH width)
{
    return width <= Width64Bits ? (uint32_t)width : (uint32_t)Width8Bits;
}

static void program_channel(struct dma_controller *c, uint32_t channel, const struct dma_program *p)
{
    write_register(c, channel, EMU_SOC_DMA_CHANNEL_CONTROL, EMU_SOC_DMA_CHANNEL_CLEAR);
    write_register(c, channel, EMU_SOC_DMA_CHANNEL_LINE, p->request_line);
    emu_soc_dma_write64(c->device, EMU_SOC_DMA_CHANNEL(channel) + EMU_SOC_DMA_CHANNEL_DEVICE_LOW,
                        p->device_address);
    for (uint32_t i = 0; i < p->list->count; i++) {
        SCATTER_GATHER_ELEMENT e = dma_list_element(p->list, i);
        emu_soc_dma_write64(c->device, EMU_SOC_DMA_CHANNEL(channel) + EMU_SOC_DMA_CHANNEL_ADDRESS_LOW,
                            (uint64_t)e.Address.QuadPart);
        write_register(c, channel, EMU_SOC_DMA_CHANNEL_LENGTH, e.Length);
    }
    uint32_t control = EMU_SOC_DMA_CHANNEL_START | unit_of(p->width) << EMU_SOC_DMA_CHANNEL_UNIT_SHIFT;
    control |= p->interrupts ? EMU_SOC_DMA_CHANNEL_INTERRUPTS : 0;
    control |= p->to_device ? 0 : EMU_SOC_DMA_CHANNEL_TO_MEMORY;
    control |= p->loops ? EMU_SOC_DMA_CHANNEL_LOOP : 0;
    write_register(c, channel, EMU_SOC_DMA_CHANNEL_CONTROL, control);
}

/* It has no functions of its own. */
static NTSTATUS configure_channel(struct dma_controller *c, uint32_t channel, uint32_t function,
                                  void *context)
{
    (void)c;
    (void)channel;
    (void)function;
    (void)context;
    return STATUS_NOT_IMPLEMENTED;
}

static DMA_COMPLETION_STATUS end_of(struct dma_controller *c, uint32_t channel)
{
    uint32_t status = read_register(c, channel, EMU_SOC_DMA_CHANNEL_STATUS);
    if (status & EMU_SOC_DMA_CHANNEL_ERROR)
        return DmaError;
    return status & EMU_SOC_DMA_CHANNEL_ABORTED ? DmaCancelled : DmaComplete;
}

static DMA_COMPLETION_STATUS flush_channel(struct dma_controller *c, uint32_t channel)
{
    DMA_COMPLETION_STATUS status = end_of(c, channel);
    emu_soc_dma_write(c->device, EMU_SOC_DMA_INTERRUPT, 1u << channel);
    write_register(c, channel, EMU_SOC_DMA_CHANNEL_CONTROL, EMU_SOC_DMA_CHANNEL_CLEAR);
    return status;
}

static bool handle_interrupt(struct dma_controller *c, uint32_t *channel, DMA_COMPLETION_STATUS *status)
{
    uint32_t ended = emu_soc_dma_read(c->device, EMU_SOC_DMA_INTERRUPT);
    if (ended == 0)
        return false;
    *channel = (uint32_t)__builtin_ctz(ended);
    *status = end_of(c, *channel);
    emu_soc_dma_write(c->device, EMU_SOC_DMA_INTERRUPT, 1u << *channel);
    return true;
}

static uint32_t read_dma_counter(struct dma_controller *c, uint32_t channel)
{
    return read_register(c, channel, EMU_SOC_DMA_CHANNEL_COUNT);
}

/* It has no use for knowing. */
static void report_common_buffer(struct dma_controller *c, uint32_t channel, void *memory, uint64_t logical)
{
    (void)c;
    (void)channel;
    (void)memory;
    (void)logical;
}

static bool cancel_transfer(struct dma_controller *c, uint32_t channel)
{
    bool active = (read_register(c, channel, EMU_SOC_DMA_CHANNEL_STATUS) & EMU_SOC_DMA_CHANNEL_ACTIVE) != 0;
    if (active)
        write_register(c, channel, EMU_SOC_DMA_CHANNEL_CONTROL, EMU_SOC_DMA_CHANNEL_STOP);
    return active;
}

static const struct dma_controller_ops soc_ops = {
    .initialize_controller = initialize_controller,
    .validate_request_line_binding = validate_request_line_binding,
    .query_max_fragments = query_max_fragments,
    .program_channel = program_channel,
    .configure_channel = configure_channel,
    .flush_channel = flush_channel,
    .handle_interrupt = handle_interrupt,
    .read_dma_counter = read_dma_counter,
    .report_common_buffer = report_common_buffer,
    .cancel_transfer = cancel_transfer,
};

bool dma_controller_soc_make(struct dma_controller *c, const struct haldma_controller *config,
                             unsigned number)
{
    struct emu_machine *m = c->system->machine;
    struct emu_line_config line = {
        .name = "dma controller",
        .trigger = EMU_TRIGGER_LEVEL,
        .level = INTERRUPT_LEVEL,
    };
    struct emu_soc_dma_config device = {
        .window = WINDOW_FIRST + (uint64_t)number * EMU_SOC_DMA_WINDOW_BYTES,
        .line = emu_line_add(m, &line),
        .requester = ++c->system->requesters,
        .first_line = config->first_line,
        .lines = config->lines,
        .channels = config->channels,
        .fragments_max = config->fragments_max,
        .address_width = config->address_width,
        .beat_bytes = config->beat_bytes,
        .beat_ns = config->beat_ns,
    };
    c->device = emu_soc_dma_create(m, &device);
    if (device.line == 0 || c->device == NULL)
        return false;
    c->ops = &soc_ops;
    c->lines = emu_soc_dma_read(c->device, EMU_SOC_DMA_LINES);
    c->width = emu_soc_dma_read(c->device, EMU_SOC_DMA_WIDTH);
    emu_line_connect(m, device.line, dma_controller_interrupt, c);
    return true;
}
