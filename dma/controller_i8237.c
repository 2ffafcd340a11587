/*
 * The PC's pair of 8237, worked through its ports, byte by byte, as a HAL does: docs/devices.md.
 *
 * It is written as an extension is, with what an extension cannot be told in prepare(): the request mode. No
 * interrupt: how far a transfer is, is read from the counters.
 */
#include "dma/controller_i8237.h"

#include <emu/device/i8237.h>
#include <emu/finding.h>

#include "dma/adapter.h"
#include "dma/controller.h"
#include "dma/system.h"

enum { BYTE_BITS = 8, BYTE_MASK = 0xFF, COUNT_END = 0xFFFF, PAGE_REGISTER_SHIFT = 16, ADDRESS_BITS = 24 };
#define BYTES_BOUNDARY 0x10000ull
#define WORDS_BOUNDARY 0x20000ull

/* What the ports do not tell. */
struct pair {
    UCHAR modes[EMU_I8237_CHANNELS]; /* without direction and channel */
    bool ended[EMU_I8237_CHANNELS];  /* reading the status forgets it */
};

static bool moves_words(ULONG channel)
{
    return channel > EMU_I8237_CASCADE;
}

static unsigned controller_of(ULONG channel)
{
    return channel / (EMU_I8237_CHANNELS / 2);
}

/* The port of a controller's register. */
static PUCHAR port_of(unsigned controller, unsigned at)
{
    uintptr_t port =
        controller == 0 ? (uintptr_t)EMU_I8237_PORT_1 + at : (uintptr_t)EMU_I8237_PORT_2 + 2 * at;
    return (PUCHAR)port;
}

static void write_register(ULONG channel, unsigned at, unsigned byte)
{
    WRITE_PORT_UCHAR(port_of(controller_of(channel), at), (UCHAR)byte);
}

static UCHAR read_register(ULONG channel, unsigned at)
{
    return READ_PORT_UCHAR(port_of(controller_of(channel), at));
}

static unsigned local(ULONG channel)
{
    return channel % (EMU_I8237_CHANNELS / 2);
}

static void mask(ULONG channel)
{
    write_register(channel, EMU_I8237_MASK, local(channel) | EMU_I8237_SET);
}

/* The terminal counts since somebody read the status last. */
static void note_ends(struct pair *p, ULONG channel)
{
    ULONG first = channel - local(channel);
    UCHAR status = read_register(channel, EMU_I8237_STATUS);
    for (unsigned i = 0; i < EMU_I8237_CHANNELS / 2; i++)
        p->ended[first + i] = p->ended[first + i] || (status >> i & 1) != 0;
}

/* ---- The routines ---------------------------------------------------------------------------- */

/* The firmware has left every channel masked, and the cascade working. */
static VOID initialize(PVOID context)
{
    (void)context;
}

/* A request line has one channel, that of its number; the cascade is none. */
static BOOLEAN validate(PVOID context, PDMA_REQUEST_LINE_BINDING_DESCRIPTION binding)
{
    (void)context;
    return binding->RequestLine == binding->ChannelNumber && binding->ChannelNumber != EMU_I8237_CASCADE;
}

static ULONG query_max_fragments(PVOID context, ULONG channel, ULONG wanted)
{
    (void)context;
    (void)channel;
    (void)wanted;
    return 1;
}

static void write_address(ULONG channel, uint64_t address)
{
    uint64_t counting = moves_words(channel) ? address >> 1 : address;
    unsigned at = EMU_I8237_ADDRESS + 2 * local(channel);
    write_register(channel, at, counting & BYTE_MASK);
    write_register(channel, at, counting >> BYTE_BITS & BYTE_MASK);
    WRITE_PORT_UCHAR((PUCHAR)(uintptr_t)emu_i8237_page_port(channel),
                     (UCHAR)(address >> PAGE_REGISTER_SHIFT));
}

static void write_count(ULONG channel, ULONG bytes)
{
    ULONG count = (moves_words(channel) ? bytes / 2 : bytes) - 1;
    unsigned at = EMU_I8237_COUNT + 2 * local(channel);
    write_register(channel, at, count & BYTE_MASK);
    write_register(channel, at, count >> BYTE_BITS & BYTE_MASK);
}

static VOID program(PVOID context, ULONG channel, ULONG line, PDMA_SCATTER_GATHER_LIST list,
                    PHYSICAL_ADDRESS device, BOOLEAN to_device, BOOLEAN loops)
{
    struct pair *p = context;
    const SCATTER_GATHER_ELEMENT *e = &list->Elements[0];
    unsigned direction = to_device ? EMU_I8237_MODE_FROM_MEMORY : EMU_I8237_MODE_TO_MEMORY;
    (void)line;
    (void)device;
    if (moves_words(channel) && (e->Address.LowPart & 1) != 0)
        emu_finding_raise(
            emu_current(), "DMA-I8237-7", NULL, NULL,
            "a transfer of %u bytes at an odd address is mapped for channel %u, which moves words",
            (unsigned)e->Length, (unsigned)channel);
    EMU_ASSERT(list->NumberOfElements == 1 && e->Length != 0);
    mask(channel);
    note_ends(p, channel);
    p->ended[channel] = false;
    write_register(channel, EMU_I8237_MODE,
                   local(channel) | p->modes[channel] | direction |
                       (loops ? EMU_I8237_MODE_AUTO_INITIALIZE : 0));
    write_register(channel, EMU_I8237_FLIP_FLOP, 0);
    write_address(channel, (uint64_t)e->Address.QuadPart);
    write_count(channel, e->Length);
    write_register(channel, EMU_I8237_MASK, local(channel));
}

static VOID flush(PVOID context, ULONG channel)
{
    (void)context;
    mask(channel);
}

/* Units left: the channel may move between the two bytes, so they are read until the high one stays. */
static unsigned read_count(ULONG channel)
{
    unsigned at = EMU_I8237_COUNT + 2 * local(channel);
    unsigned high = 0, low, before;
    do {
        before = high;
        write_register(channel, EMU_I8237_FLIP_FLOP, 0);
        low = read_register(channel, at);
        high = read_register(channel, at);
    } while (high != before);
    return (high << BYTE_BITS | low) + 1;
}

/* The counter is one less than what is left, and 0xFFFF both before 65,536 units and after the last one. */
static ULONG counter(PVOID context, ULONG channel)
{
    struct pair *p = context;
    unsigned units = read_count(channel);
    note_ends(p, channel);
    if (units == COUNT_END + 1 && p->ended[channel])
        return 0;
    return moves_words(channel) ? units * 2 : units;
}

static BOOLEAN cancel(PVOID context, ULONG channel)
{
    struct pair *p = context;
    mask(channel);
    note_ends(p, channel);
    return !p->ended[channel];
}

/* ---- Making it ------------------------------------------------------------------------------- */

static void prepare(struct dma_controller *c, uint32_t channel, const struct dma_adapter *a)
{
    struct pair *p = c->data;
    p->modes[channel] = a->demands ? EMU_I8237_MODE_DEMAND : EMU_I8237_MODE_SINGLE;
}

/* Channels 0 to 3 move bytes, 5 to 7 words; there is one speed, whatever is asked for. */
static bool accepts(const struct dma_controller *c, uint32_t channel, const DEVICE_DESCRIPTION *d)
{
    (void)c;
    bool speed = d->Version == DEVICE_DESCRIPTION_VERSION3 || (unsigned)d->DmaSpeed < MaximumDmaSpeed;
    return speed && d->DmaWidth == (moves_words(channel) ? Width16Bits : Width8Bits);
}

struct emu_i8237 *dma_i8237_boot(struct emu_machine *m, emu_requester requester)
{
    struct emu_i8237_config config = {.requester = requester};
    struct emu_i8237 *hardware = emu_i8237_create(m, &config);
    EMU_ASSERT(hardware != NULL);
    return hardware;
}

void dma_i8237_load(struct dma_system *s, emu_requester requester)
{
    DMA_FUNCTION_TABLE routines = {
        .InitializeController = initialize,
        .ValidateRequestLineBinding = validate,
        .QueryMaxFragments = query_max_fragments,
        .ProgramChannel = program,
        .FlushChannel = flush,
        .ReadDmaCounter = counter,
        .CancelTransfer = cancel,
    };
    struct pair nothing = {.modes = {0}};
    DMA_INITIALIZATION_BLOCK block = {
        .ChannelCount = EMU_I8237_CHANNELS,
        .CacheCoherent = TRUE,
        .DmaAddressWidth = ADDRESS_BITS,
        .SupportedPortWidths = DMA_8_BIT_PORT_WIDTH | DMA_16_BIT_PORT_WIDTH,
        .MaximumRequestLine = EMU_I8237_CHANNELS - 1,
        .InternalData = &nothing,
        .InternalDataSize = sizeof nothing,
        .Operations = &routines,
    };
    struct dma_controller *c = dma_controller_make(s, &block);
    EMU_ASSERT(c != NULL);
    c->name = "the 8237 pair";
    c->is_explored = false;
    c->requester = requester;
    c->prepare = prepare;
    c->accepts = accepts;
    for (uint32_t n = 0; n < c->channel_count; n++) {
        c->channels[n].is_registered = n != EMU_I8237_CASCADE;
        c->channels[n].unit_bytes = moves_words(n) ? 2 : 1;
        c->channels[n].boundary = moves_words(n) ? WORDS_BOUNDARY : BYTES_BOUNDARY;
    }
}
