/*
 * System DMA controllers: making them, binding request lines to channels, calling their routines.
 */
#include "dma/controller.h"

#include <emu/choose.h>
#include <emu/cpu.h>
#include <emu/finding.h>
#include <emu/irq.h>
#include <emu/mem.h>
#include <string.h>

#include "dma/adapter.h"
#include "dma/list.h"
#include "dma/operations.h"
#include "dma/system.h"

enum { BITS_64 = 64 };

struct dma_controller *dma_controller_make(struct dma_system *s, const DMA_INITIALIZATION_BLOCK *block)
{
    if (s->controller_count == DMA_CONTROLLERS_MAX)
        return NULL;
    struct dma_controller *c = emu_arena_alloc(s->machine, sizeof *c);
    *c = (struct dma_controller){
        .operations = *block->Operations,
        .name = "the DMA controller's extension",
        .is_explored = true,
        .level = EMU_LEVEL_DISPATCH,
        .system = s,
        .object = emu_object_new(s->machine, "dma controller"),
        .id = s->controller_count + 1,
        .first_line = block->MinimumRequestLine,
        .last_line = block->MaximumRequestLine,
        .width = block->DmaAddressWidth,
        .port_widths = block->SupportedPortWidths,
        .channel_count = block->ChannelCount,
        .channels = emu_arena_alloc(s->machine, block->ChannelCount * sizeof(struct dma_channel)),
    };
    if (block->InternalDataSize != 0) {
        c->data = emu_arena_alloc(s->machine, block->InternalDataSize);
        memcpy(c->data, block->InternalData, block->InternalDataSize);
    }
    for (uint32_t n = 0; n < c->channel_count; n++) {
        c->channels[n].controller = c;
        c->channels[n].number = n;
        c->channels[n].unit_bytes = block->MinimumTransferUnit != 0 ? block->MinimumTransferUnit : 1;
    }
    s->controllers[s->controller_count++] = c;
    return c;
}

struct dma_controller *dma_controller_of_id(struct dma_system *s, uint32_t id)
{
    return id != 0 && id <= s->controller_count ? s->controllers[id - 1] : NULL;
}

/* ---- Calling an extension -------------------------------------------------------------------- */

static bool is_free(const void *context)
{
    const struct dma_controller *c = context;
    return !c->is_busy;
}

void dma_controller_await(struct dma_controller *c)
{
    struct emu_machine *m = c->system->machine;
    if (!c->is_busy)
        return;
    /* What was done on the way here belongs to the event that ends now. */
    emu_touch(m, c->object, EMU_ACCESS_WRITE);
    emu_step_when(m, DMA_OP_ROUTINE, c->object, 0, is_free, c);
}

static void enter(struct dma_controller *c)
{
    struct emu_machine *m = c->system->machine;
    dma_controller_await(c);
    EMU_ASSERT(!c->is_busy);
    c->is_busy = true;
    emu_touch(m, c->object, EMU_ACCESS_WRITE);
    c->left_level = emu_level(m);
    if (!c->is_explored)
        emu_quiet_begin(m);
    else if (c->left_level < c->level)
        emu_level_raise(m, c->level);
}

/* The routine is over, and nobody has gone on yet: what it said is acted upon before lower(), which is given
 * what this returns. */
static uint8_t finish(struct dma_controller *c, const char *routine)
{
    struct emu_machine *m = c->system->machine;
    uint8_t level = c->left_level;
    uint8_t raised = c->is_explored && level < c->level ? c->level : level;
    if (emu_level(m) != raised)
        emu_finding_raise(m, "DMA-EXT-8", NULL, NULL, "%s of %s was called at IRQL %u and returned at %u",
                          routine, c->name, raised, emu_level(m));
    c->is_busy = false;
    emu_touch(m, c->object, EMU_ACCESS_WRITE);
    if (!c->is_explored)
        emu_quiet_end(m);
    return level;
}

/* What waits for this level runs here, and other processors meanwhile. */
static void lower(const struct dma_controller *c, uint8_t level)
{
    struct emu_machine *m = c->system->machine;
    if (level < emu_level(m))
        emu_level_lower(m, level);
}

static void leave(struct dma_controller *c, const char *routine)
{
    lower(c, finish(c, routine));
}

static void step(struct dma_controller *c, emu_op op, uint64_t arg)
{
    struct emu_machine *m = c->system->machine;
    if (c->is_explored)
        emu_step_when(m, op, c->object, arg, is_free, c);
    else
        emu_step(m, op, c->object, arg);
}

void dma_controller_step(const struct dma_adapter *a, emu_op op, uint64_t arg)
{
    if (a->channel != NULL)
        step(a->channel->controller, op, arg);
    else
        emu_step(a->system->machine, op, a->object, arg);
}

uint32_t dma_controller_fragments(struct dma_controller *c, uint32_t channel, uint32_t wanted)
{
    enter(c);
    uint32_t count = c->operations.QueryMaxFragments(c->data, channel, wanted);
    leave(c, "QueryMaxFragments");
    return count;
}

/* The list as the extension gets it. */
static DMA_SCATTER_GATHER_LIST *list_of(struct dma_controller *c, const struct dma_list *list)
{
    if (c->list_elements < list->count) {
        enum { ELEMENTS_MIN = 16 };
        c->list_elements = list->count < ELEMENTS_MIN ? ELEMENTS_MIN : list->count;
        c->list = emu_arena_alloc(c->system->machine,
                                  sizeof *c->list + c->list_elements * sizeof(SCATTER_GATHER_ELEMENT));
    }
    c->list->NumberOfElements = list->count;
    memcpy(c->list->Elements, list->elements, list->count * sizeof(SCATTER_GATHER_ELEMENT));
    return c->list;
}

void dma_controller_program(struct dma_controller *c, uint32_t channel, const struct dma_adapter *a,
                            const struct dma_list *list, uint64_t device_address, bool to_device)
{
    PHYSICAL_ADDRESS device = {.QuadPart = (LONGLONG)device_address};
    enter(c);
    if (c->prepare != NULL)
        c->prepare(c, channel, a);
    c->operations.ProgramChannel(c->data, channel, a->request_line, list_of(c, list), device, to_device,
                                 a->loops);
    leave(c, "ProgramChannel");
}

NTSTATUS dma_controller_configure(struct dma_controller *c, uint32_t channel, uint32_t function,
                                  PVOID context)
{
    if (c->operations.ConfigureChannel == NULL)
        return STATUS_NOT_IMPLEMENTED;
    enter(c);
    NTSTATUS status = c->operations.ConfigureChannel(c->data, channel, function, context);
    leave(c, "ConfigureChannel");
    return status;
}

void dma_controller_flush(struct dma_controller *c, uint32_t channel)
{
    enter(c);
    c->operations.FlushChannel(c->data, channel);
    leave(c, "FlushChannel");
}

uint32_t dma_controller_counter(struct dma_controller *c, uint32_t channel)
{
    if (c->operations.ReadDmaCounter == NULL)
        return 0;
    enter(c);
    uint32_t bytes = c->operations.ReadDmaCounter(c->data, channel);
    leave(c, "ReadDmaCounter");
    return bytes;
}

void dma_controller_cancel(struct dma_controller *c, uint32_t channel)
{
    enter(c);
    bool cancelled = c->operations.CancelTransfer(c->data, channel) != FALSE;
    uint8_t level = finish(c, "CancelTransfer");
    if (cancelled)
        dma_channel_stopped(&c->channels[channel]);
    lower(c, level);
}

/* ---- Interrupts ------------------------------------------------------------------------------ */

static DMA_COMPLETION_STATUS status_of(const struct dma_controller *c, DMA_INTERRUPT_TYPE type)
{
    switch (type) {
    case InterruptTypeCompletion:
        return DmaComplete;
    case InterruptTypeError:
        return DmaError;
    case InterruptTypeCancelled:
        return DmaCancelled;
    }
    emu_finding_raise(c->system->machine, "DMA-EXT-9", NULL, NULL,
                      "HandleInterrupt of %s reported %d, which is no DMA_INTERRUPT_TYPE", c->name,
                      (int)type);
}

/* HandleInterrupt says that a transfer has ended. */
static void end(struct dma_controller *c, uint32_t channel, DMA_INTERRUPT_TYPE type)
{
    struct emu_machine *m = c->system->machine;
    if (channel >= c->channel_count)
        emu_finding_raise(m, "DMA-EXT-9", NULL, NULL, "HandleInterrupt of %s reported channel %u of %u",
                          c->name, channel, c->channel_count);
    if (c->channels[channel].was_cancelled)
        emu_finding_raise(
            m, "DMA-EXT-10", NULL, NULL,
            "HandleInterrupt of %s reported channel %u, whose transfer CancelTransfer had stopped", c->name,
            channel);
    dma_channel_ended(&c->channels[channel], status_of(c, type));
}

void dma_controller_listen(struct dma_controller *c)
{
    for (;;) {
        ULONG channel = 0;
        DMA_INTERRUPT_TYPE type = InterruptTypeCompletion;
        enter(c);
        bool found = c->operations.HandleInterrupt(c->data, &channel, &type) != FALSE;
        uint8_t level = finish(c, "HandleInterrupt");
        if (found)
            end(c, channel, type);
        lower(c, level);
        if (!found)
            return;
    }
}

static void interrupt(struct emu_machine *m, void *context)
{
    struct dma_controller *c = context;
    EMU_ASSERT(c->system->machine == m);
    step(c, DMA_OP_INTERRUPT, 0);
    dma_controller_listen(c);
}

bool dma_controller_connect(struct dma_controller *c, LONG gsi, KINTERRUPT_MODE mode)
{
    struct emu_machine *m = c->system->machine;
    enum emu_trigger trigger = mode == LevelSensitive ? EMU_TRIGGER_LEVEL : EMU_TRIGGER_EDGE;
    uint8_t level = gsi > 0 ? emu_line_level(m, (emu_line)gsi) : 0;
    if (level == 0 || emu_line_trigger(m, (emu_line)gsi) != trigger)
        return false;
    if (level > c->level)
        c->level = level;
    emu_line_connect(m, (emu_line)gsi, interrupt, c);
    return true;
}

/* ---- Binding --------------------------------------------------------------------------------- */

static void report_common_buffer(struct dma_controller *c, const struct dma_channel *channel, void *memory)
{
    PHYSICAL_ADDRESS logical = {.QuadPart = (LONGLONG)emu_ram_physical(c->system->machine, memory)};
    enter(c);
    c->operations.ReportCommonBuffer(c->data, channel->number, memory, logical);
    leave(c, "ReportCommonBuffer");
}

bool dma_controller_make_ready(struct dma_controller *c)
{
    if (c->is_ready)
        return true;
    c->is_ready = true;
    enter(c);
    c->operations.InitializeController(c->data);
    leave(c, "InitializeController");
    for (uint32_t n = 0; n < c->channel_count; n++) {
        struct dma_channel *channel = &c->channels[n];
        if (channel->common_bytes == 0)
            continue;
        struct emu_ram_request request = {
            .pages = (channel->common_bytes + EMU_PAGE_SIZE - 1) >> EMU_PAGE_SHIFT,
            .highest = c->width < BITS_64 ? (1ull << c->width) - 1 : 0,
            .contiguous = true,
        };
        void *memory = emu_ram_alloc(c->system->machine, &request);
        if (memory == NULL)
            return false;
        report_common_buffer(c, channel, memory);
    }
    return true;
}

/* May the line use the channel, which is there, and serves such a device? */
static bool binds(struct dma_controller *c, const DEVICE_DESCRIPTION *d, uint32_t line, uint32_t channel)
{
    if (channel >= c->channel_count || !c->channels[channel].is_registered)
        return false;
    if (c->accepts != NULL && !c->accepts(c, channel, d))
        return false;
    DMA_REQUEST_LINE_BINDING_DESCRIPTION binding = {.RequestLine = line, .ChannelNumber = channel};
    enter(c);
    bool valid = c->operations.ValidateRequestLineBinding(c->data, &binding) != FALSE;
    leave(c, "ValidateRequestLineBinding");
    return valid;
}

/*
 * The channel that the description names. One that names none (0, as in a description that is zeroed first)
 * gets the first one that takes its line; lines begin to look with different ones, so that they share the
 * channels in order.
 */
static struct dma_channel *bind_line(struct dma_controller *c, const DEVICE_DESCRIPTION *d, uint32_t line)
{
    if (d->DmaChannel != 0)
        return binds(c, d, line, d->DmaChannel) ? &c->channels[d->DmaChannel] : NULL;
    for (uint32_t i = 0; i < c->channel_count; i++) {
        uint32_t n = (line - c->first_line + i) % c->channel_count;
        if (binds(c, d, line, n))
            return &c->channels[n];
    }
    return NULL;
}

/* Before version 3 there are channels only: the PC's pair's where there is one, else those of the first. */
static struct dma_channel *bind_channel(struct dma_controller *c, const DEVICE_DESCRIPTION *d, uint32_t *line)
{
    *line = c->first_line + d->DmaChannel;
    return *line >= c->first_line && binds(c, d, *line, d->DmaChannel) ? &c->channels[d->DmaChannel] : NULL;
}

static bool takes_width(const struct dma_controller *c, DMA_WIDTH width)
{
    const uint32_t widths[] = {DMA_8_BIT_PORT_WIDTH, DMA_16_BIT_PORT_WIDTH, DMA_32_BIT_PORT_WIDTH,
                               DMA_64_BIT_PORT_WIDTH, DMA_UNLIMITED_PORT_WIDTH};
    return (unsigned)width < sizeof widths / sizeof widths[0] && (c->port_widths & widths[width]) != 0;
}

struct dma_channel *dma_controller_bind(struct dma_system *s, const DEVICE_DESCRIPTION *d, uint32_t *line)
{
    bool version3 = d->Version == DEVICE_DESCRIPTION_VERSION3;
    dma_builtin_load(s);
    *line = d->DmaRequestLine;
    for (uint32_t i = 0; i < s->controller_count; i++) {
        struct dma_controller *c = s->controllers[i];
        if (version3 && (*line < c->first_line || *line > c->last_line))
            continue;
        if (!takes_width(c, d->DmaWidth) || !dma_controller_make_ready(c))
            return NULL;
        return version3 ? bind_line(c, d, *line) : bind_channel(c, d, line);
    }
    return NULL;
}
