/*
 * The system DMA controller's inside: channels, their registers and lists, the peripherals behind the request
 * lines.
 *
 * A channel is at rest, active (its engine is started) or waiting (active, its engine stopped until the
 * peripheral asks). start() begins, beat() moves, end() ends: end() alone sets COMPLETE, ABORTED or ERROR, so
 * exactly one of them comes first. Whatever is wrong with a list shows in a beat, never in the start.
 */
#include <emu/misdeed.h>

#include "emu/device/pair.h"
#include "emu/device/soc_dma_state.h"

enum {
    DEFAULT_ADDRESS_WIDTH = 32,
    DEFAULT_BEAT_BYTES = 64,
    DEFAULT_BEAT_NS = 1000,
    BUFFER_BYTES = 512,
    AFTER_NS = 1000,   /* how long after a STOP an interrupt comes all the same */
    LATE_NS = 3000000, /* how long after the end a late interrupt comes */
    OF_A_TRANSFER = EMU_MISDEED_EARLY | EMU_MISDEED_LATE | EMU_MISDEED_TWICE | EMU_MISDEED_SPURIOUS |
                    EMU_MISDEED_NEVER | EMU_MISDEED_SHORT | EMU_MISDEED_ERROR,
};

/* What a channel keeps of its CONTROL register. */
#define SETTINGS                                                                          \
    ((uint32_t)EMU_SOC_DMA_CHANNEL_INTERRUPTS | (uint32_t)EMU_SOC_DMA_CHANNEL_TO_MEMORY | \
     (uint32_t)EMU_SOC_DMA_CHANNEL_LOOP | (uint32_t)EMU_SOC_DMA_CHANNEL_UNIT)

static uint32_t channel_index(const struct soc_dma_channel *ch)
{
    return (uint32_t)(ch - ch->controller->channels);
}

static bool serves(const struct emu_soc_dma *c, uint32_t line)
{
    return line >= c->config.first_line && line - c->config.first_line < c->config.lines;
}

/* ---- The interrupt --------------------------------------------------------------------------------- */

static void interrupt(struct soc_dma_channel *ch)
{
    struct emu_soc_dma *c = ch->controller;
    emu_bus_touch_device(c->machine, c, EMU_ACCESS_WRITE);
    if (ch->control & EMU_SOC_DMA_CHANNEL_INTERRUPTS) {
        c->ended |= 1u << channel_index(ch);
        if (c->config.line) {
            emu_line_raise(c->machine, c->config.line);
        }
    }
}

void emu_soc_dma_acknowledge(struct emu_soc_dma *c, uint32_t channels)
{
    c->ended &= ~channels;
    if (c->ended == 0 && c->level_triggered) {
        emu_line_lower(c->machine, c->config.line);
    }
}

/* ---- What it does wrong ---------------------------------------------------------------------------- */

void emu_soc_dma_look(struct emu_soc_dma *c)
{
    if (c->has_no_cause) {
        c->has_no_cause = false;
        emu_soc_dma_acknowledge(c, 0);
    }
}

static void interrupt_later(struct soc_dma_channel *ch, uint64_t delay)
{
    if (!emu_engine_started(&ch->after)) {
        emu_engine_start(ch->controller->machine, &ch->after, delay);
    }
}

static void come_after(struct emu_machine *m, void *context)
{
    struct soc_dma_channel *ch = context;
    struct emu_soc_dma *c = ch->controller;
    bool comes = !ch->is_stopped ||
                 emu_misdeed_choose(m, ch->engine.object, EMU_MISDEED_AFTER_RESET, c->config.misdeeds) != 0;
    ch->is_stopped = false;
    if (comes) {
        interrupt(ch);
    }
}

/* With the first beat of a transfer that has an end. */
static void choose_misdeed(struct soc_dma_channel *ch)
{
    struct emu_soc_dma *c = ch->controller;
    if (ch->asked || (ch->control & EMU_SOC_DMA_CHANNEL_LOOP)) {
        return;
    }
    ch->asked = true;
    ch->misdeed = emu_misdeed_choose(c->machine, ch->engine.object, OF_A_TRANSFER, c->config.misdeeds);
    if (ch->misdeed & EMU_MISDEED_EARLY) {
        interrupt(ch);
    }
    if ((ch->misdeed & EMU_MISDEED_SPURIOUS) && (ch->control & EMU_SOC_DMA_CHANNEL_INTERRUPTS) &&
        c->config.line) {
        emu_bus_touch_device(c->machine, c, EMU_ACCESS_WRITE);
        c->has_no_cause = c->level_triggered;
        emu_line_raise(c->machine, c->config.line);
    }
}

/* The interrupt of a transfer that is complete. */
static void interrupt_of_end(struct soc_dma_channel *ch)
{
    if (ch->misdeed & EMU_MISDEED_LATE) {
        interrupt_later(ch, LATE_NS);
    }
    if (ch->misdeed & EMU_MISDEED_TWICE) {
        interrupt_later(ch, ch->controller->config.beat_ns);
    }
    if (!(ch->misdeed & (EMU_MISDEED_EARLY | EMU_MISDEED_LATE | EMU_MISDEED_NEVER))) {
        interrupt(ch);
    }
}

/* Asked when it is due: the STOP may be a part of another step, in which nothing is. */
static void interrupt_after_stop(struct soc_dma_channel *ch)
{
    const struct emu_soc_dma *c = ch->controller;
    bool may = (c->config.misdeeds & EMU_MISDEED_AFTER_RESET) || emu_machine_config(c->machine)->misbehaving;
    if (may && !emu_engine_started(&ch->after)) {
        ch->is_stopped = true;
        interrupt_later(ch, AFTER_NS);
    }
}

/* ---- Peripherals ----------------------------------------------------------------------------------- */

static size_t produce(struct soc_dma_channel *ch, uint8_t *bytes, size_t count)
{
    struct emu_soc_dma *c = ch->controller;
    const struct soc_dma_peripheral *p = &c->peripherals[ch->line - c->config.first_line];
    if (p->ops && p->ops->produce) {
        return p->ops->produce(p->context, c->machine, ch->device, bytes, count);
    }
    for (size_t i = 0; i < count; i++) {
        bytes[i] = emu_soc_dma_pattern(ch->line, ch->moved + i);
    }
    return count;
}

static size_t consume(struct soc_dma_channel *ch, const uint8_t *bytes, size_t count)
{
    struct emu_soc_dma *c = ch->controller;
    const struct soc_dma_peripheral *p = &c->peripherals[ch->line - c->config.first_line];
    if (p->ops && p->ops->consume) {
        return p->ops->consume(p->context, c->machine, ch->device, bytes, count);
    }
    return count;
}

/* ---- The transfer ---------------------------------------------------------------------------------- */

/* how is COMPLETE, ABORTED or ERROR. */
static void end(struct soc_dma_channel *ch, enum emu_soc_dma_channel_status how,
                enum emu_soc_dma_reason reason)
{
    EMU_ASSERT(soc_dma_active(ch) && !emu_engine_started(&ch->engine));
    ch->status &= ~((uint32_t)EMU_SOC_DMA_CHANNEL_ACTIVE | (uint32_t)EMU_SOC_DMA_CHANNEL_WAITING);
    ch->status |= (uint32_t)how | (uint32_t)reason << EMU_SOC_DMA_CHANNEL_REASON_SHIFT;
    ch->fragments_length = 0;
    if (how == EMU_SOC_DMA_CHANNEL_COMPLETE) {
        interrupt_of_end(ch);
    } else {
        interrupt(ch);
    }
}

static void begin_round(struct soc_dma_channel *ch)
{
    ch->fragment = 0;
    ch->fragment_done = 0;
    ch->left = 0;
    for (uint32_t i = 0; i < ch->fragments_length; i++) {
        ch->left += ch->fragments[i].length;
    }
}

static bool line_in_use(const struct emu_soc_dma *c, uint32_t line)
{
    for (uint32_t i = 0; i < c->config.channels; i++) {
        if (soc_dma_active(&c->channels[i]) && c->channels[i].line == line) {
            return true;
        }
    }
    return false;
}

static enum emu_soc_dma_reason wrong_with(const struct soc_dma_channel *ch)
{
    const struct emu_soc_dma *c = ch->controller;
    if (ch->line_taken || !serves(c, ch->line)) {
        return EMU_SOC_DMA_REASON_LINE;
    }
    if (ch->fragments_length == 0) {
        return EMU_SOC_DMA_REASON_EMPTY;
    }
    for (uint32_t i = 0; i < ch->fragments_length; i++) {
        if (ch->fragments[i].length == 0) {
            return EMU_SOC_DMA_REASON_LENGTH;
        }
        if (!address_reaches(ch->fragments[i].address, ch->fragments[i].length, c->config.address_width)) {
            return EMU_SOC_DMA_REASON_ADDRESS;
        }
    }
    return ch->left > UINT32_MAX ? EMU_SOC_DMA_REASON_LENGTH : EMU_SOC_DMA_REASON_NONE;
}

/* Moves what lies in one page: at most count bytes. *fault when the bus refused. */
static size_t move_run(struct soc_dma_channel *ch, size_t count, bool *fault)
{
    struct emu_soc_dma *c = ch->controller;
    uint64_t logical = ch->fragments[ch->fragment].address + ch->fragment_done;
    bool to_memory = (ch->control & EMU_SOC_DMA_CHANNEL_TO_MEMORY) != 0;
    uint8_t buffer[BUFFER_BYTES];
    size_t moved = to_memory ? produce(ch, buffer, count) : count;
    EMU_ASSERT(moved <= count);
    *fault = moved &&
             emu_bus_dma(c->machine, c->config.requester, logical, buffer, moved, to_memory) != EMU_DMA_DONE;
    if (*fault) {
        return 0;
    }
    if (!to_memory) {
        moved = consume(ch, buffer, count);
        EMU_ASSERT(moved <= count);
    }
    return moved;
}

static size_t run_length(const struct soc_dma_channel *ch, uint64_t left)
{
    const struct soc_dma_fragment *f = &ch->fragments[ch->fragment];
    uint64_t run = EMU_PAGE_SIZE - (f->address + ch->fragment_done) % EMU_PAGE_SIZE;
    uint64_t limits[] = {f->length - ch->fragment_done, left, BUFFER_BYTES};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        run = limits[i] < run ? limits[i] : run;
    }
    return (size_t)run;
}

static void advance(struct soc_dma_channel *ch, size_t moved)
{
    ch->left -= moved;
    ch->moved += moved;
    ch->fragment_done += (uint32_t)moved;
    if (ch->fragment_done == ch->fragments[ch->fragment].length) {
        ch->fragment++;
        ch->fragment_done = 0;
    }
}

/* A beat's bytes: whole units. */
static uint32_t beat_length(const struct soc_dma_channel *ch)
{
    uint32_t shift = (ch->control & EMU_SOC_DMA_CHANNEL_UNIT) >> EMU_SOC_DMA_CHANNEL_UNIT_SHIFT;
    uint32_t unit = 1u << shift;
    return (ch->controller->config.beat_bytes + unit - 1) & ~(unit - 1);
}

static void beat(struct emu_machine *m, void *context)
{
    struct soc_dma_channel *ch = context;
    emu_bus_touch_device(m, ch->controller, EMU_ACCESS_READ);
    EMU_ASSERT(soc_dma_active(ch));
    if (ch->moved == 0) {
        enum emu_soc_dma_reason reason = wrong_with(ch);
        if (reason != EMU_SOC_DMA_REASON_NONE) {
            end(ch, EMU_SOC_DMA_CHANNEL_ERROR, reason);
            return;
        }
        choose_misdeed(ch);
    }
    uint32_t left = beat_length(ch);
    while (left && ch->left) {
        size_t wanted = run_length(ch, left);
        bool fault = false;
        size_t moved = move_run(ch, wanted, &fault);
        if (fault) {
            end(ch, EMU_SOC_DMA_CHANNEL_ERROR, EMU_SOC_DMA_REASON_FAULT);
            return;
        }
        advance(ch, moved);
        left -= (uint32_t)moved;
        if (moved < wanted) {
            ch->status |= EMU_SOC_DMA_CHANNEL_WAITING;
            return;
        }
    }
    if (ch->misdeed & EMU_MISDEED_ERROR) {
        end(ch, EMU_SOC_DMA_CHANNEL_ERROR, EMU_SOC_DMA_REASON_DEVICE);
        return;
    }
    if (ch->left == 0 || (ch->misdeed & EMU_MISDEED_SHORT)) {
        if (!(ch->control & EMU_SOC_DMA_CHANNEL_LOOP)) {
            end(ch, EMU_SOC_DMA_CHANNEL_COMPLETE, EMU_SOC_DMA_REASON_NONE);
            return;
        }
        ch->status |= EMU_SOC_DMA_CHANNEL_COMPLETE;
        begin_round(ch);
        interrupt(ch);
    }
    emu_engine_start(m, &ch->engine, ch->controller->config.beat_ns);
}

/* What most runs never need is made when a channel is first used. */
static void make_ready(struct soc_dma_channel *ch)
{
    if (!ch->ready) {
        struct emu_soc_dma *c = ch->controller;
        ch->ready = true;
        ch->fragments = emu_arena_alloc(c->machine, c->config.fragments_max * sizeof *ch->fragments);
        emu_engine_init(c->machine, &ch->engine, "dma channel", beat, ch);
        if (c->config.misdeeds != 0 || emu_machine_config(c->machine)->misbehaving) {
            emu_engine_init(c->machine, &ch->after, "dma channel", come_after, ch);
        }
    }
}

void emu_soc_dma_push(struct soc_dma_channel *ch, uint32_t length)
{
    if (soc_dma_active(ch) || ch->fragments_length == ch->controller->config.fragments_max) {
        ch->status |= EMU_SOC_DMA_CHANNEL_OVERRUN;
        return;
    }
    make_ready(ch);
    ch->fragments[ch->fragments_length++] =
        (struct soc_dma_fragment){.address = ch->address, .length = length};
}

static void start(struct soc_dma_channel *ch)
{
    make_ready(ch);
    ch->line_taken = line_in_use(ch->controller, ch->line);
    ch->status = (ch->status & EMU_SOC_DMA_CHANNEL_OVERRUN) | EMU_SOC_DMA_CHANNEL_ACTIVE;
    ch->moved = 0;
    ch->asked = false;
    ch->misdeed = 0;
    begin_round(ch);
    emu_engine_start(ch->controller->machine, &ch->engine, ch->controller->config.beat_ns);
}

static void halt(struct soc_dma_channel *ch)
{
    if (ch->ready && emu_engine_started(&ch->engine)) {
        emu_engine_stop(ch->controller->machine, &ch->engine);
    }
}

void emu_soc_dma_set_control(struct soc_dma_channel *ch, uint32_t value)
{
    if (value & EMU_SOC_DMA_CHANNEL_STOP) {
        if (soc_dma_active(ch)) {
            halt(ch);
            end(ch, EMU_SOC_DMA_CHANNEL_ABORTED, EMU_SOC_DMA_REASON_NONE);
            interrupt_after_stop(ch);
        }
    } else if (soc_dma_active(ch)) {
        ch->status |= EMU_SOC_DMA_CHANNEL_OVERRUN;
    } else {
        ch->control = value & SETTINGS;
        if (value & EMU_SOC_DMA_CHANNEL_CLEAR) {
            ch->fragments_length = 0;
        }
        if (value & EMU_SOC_DMA_CHANNEL_START) {
            start(ch);
        }
    }
}

void emu_soc_dma_reset(struct emu_soc_dma *c)
{
    for (uint32_t i = 0; i < c->config.channels; i++) {
        struct soc_dma_channel *ch = &c->channels[i];
        halt(ch);
        if (ch->ready && emu_engine_started(&ch->after)) {
            emu_engine_stop(c->machine, &ch->after);
            ch->is_stopped = false;
        }
        ch->control = 0;
        ch->status = 0;
        ch->line = 0;
        ch->address = 0;
        ch->device = 0;
        ch->left = 0;
        ch->fragments_length = 0;
    }
    emu_soc_dma_acknowledge(c, c->ended);
}

/* ---- Request lines --------------------------------------------------------------------------------- */

bool emu_soc_dma_attach(struct emu_soc_dma *c, uint32_t line, const struct emu_soc_dma_ops *ops,
                        void *peripheral)
{
    if (!serves(c, line)) {
        return false;
    }
    c->peripherals[line - c->config.first_line] =
        (struct soc_dma_peripheral){.ops = ops, .context = peripheral};
    return true;
}

void emu_soc_dma_request(struct emu_soc_dma *c, uint32_t line)
{
    emu_bus_touch_device(c->machine, c, EMU_ACCESS_WRITE);
    for (uint32_t i = 0; i < c->config.channels; i++) {
        struct soc_dma_channel *ch = &c->channels[i];
        if ((ch->status & EMU_SOC_DMA_CHANNEL_WAITING) && ch->line == line) {
            ch->status &= ~(uint32_t)EMU_SOC_DMA_CHANNEL_WAITING;
            emu_engine_start(c->machine, &ch->engine, c->config.beat_ns);
        }
    }
}

/* ---- Creation -------------------------------------------------------------------------------------- */

static bool settle(struct emu_soc_dma_config *config)
{
    config->name = config->name ? config->name : "dma controller";
    config->lines = config->lines ? config->lines : 1;
    config->channels = config->channels ? config->channels : 1;
    config->fragments_max = config->fragments_max ? config->fragments_max : 1;
    config->address_width = config->address_width ? config->address_width : DEFAULT_ADDRESS_WIDTH;
    config->beat_bytes = config->beat_bytes ? config->beat_bytes : DEFAULT_BEAT_BYTES;
    config->beat_ns = config->beat_ns ? config->beat_ns : DEFAULT_BEAT_NS;
    return config->lines <= EMU_SOC_DMA_LINES_MAX && config->channels <= EMU_SOC_DMA_CHANNELS_MAX &&
           config->fragments_max <= EMU_SOC_DMA_FRAGMENTS_MAX && config->address_width <= ADDRESS_BITS_MAX &&
           config->beat_bytes <= EMU_SOC_DMA_BEAT_MAX && config->first_line <= UINT32_MAX - config->lines;
}

struct emu_soc_dma *emu_soc_dma_create(struct emu_machine *m, const struct emu_soc_dma_config *config)
{
    struct emu_soc_dma_config settled = *config;
    if (!settle(&settled)) {
        return NULL;
    }
    struct emu_soc_dma *c = emu_arena_alloc(m, sizeof *c);
    if (!emu_bus_add_window(m, settled.name, settled.window, EMU_SOC_DMA_WINDOW_BYTES,
                            &emu_soc_dma_register_ops, c)) {
        return NULL;
    }
    c->machine = m;
    c->config = settled;
    c->level_triggered = settled.line && emu_line_trigger(m, settled.line) == EMU_TRIGGER_LEVEL;
    c->channels = emu_arena_alloc(m, settled.channels * sizeof *c->channels);
    for (uint32_t i = 0; i < settled.channels; i++) {
        c->channels[i].controller = c;
    }
    c->peripherals = emu_arena_alloc(m, settled.lines * sizeof *c->peripherals);
    return c;
}

void emu_soc_dma_set_requester(struct emu_soc_dma *c, emu_requester requester)
{
    c->config.requester = requester;
}

void emu_soc_dma_set_misdeeds(struct emu_soc_dma *c, uint32_t misdeeds)
{
    c->config.misdeeds = misdeeds;
}
