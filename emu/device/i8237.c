/*
 * The pair of 8237A: channels, requests and transfers.
 *
 * A channel moves while it is unmasked (or asked by software), its peripheral requests, its controller is
 * enabled, and, for controller 1, the cascade channel lets it through. Then its engine is started: each beat
 * moves some units, one bus cycle each on the real thing. How far a channel gets before another one moves is
 * the machine's choice, so priorities are not modelled.
 */
#include <emu/misdeed.h>

#include "emu/device/i8237_state.h"

enum {
    DEFAULT_BEAT_NS = 1000,
    BUFFER_BYTES = 512,
    PAGE_SHIFT = 16,
    BEYOND_BYTES = 16, /* written behind the last unit */
    AFTER_NS = 1000,   /* how long after the mask what goes on shows */
    LATE_NS = 3000000, /* how long after the end a late terminal count comes */
    /* What it can do wrong in a round, the last of them where that goes to memory. */
    OF_A_ROUND = EMU_MISDEED_EARLY | EMU_MISDEED_LATE | EMU_MISDEED_TWICE | EMU_MISDEED_SPURIOUS |
                 EMU_MISDEED_NEVER | EMU_MISDEED_SHORT | EMU_MISDEED_COUNT,
    OF_A_ROUND_TO_MEMORY = OF_A_ROUND | EMU_MISDEED_BEYOND,
};

static bool moves_words(const struct i8237_channel *ch)
{
    return i8237_number(ch) > EMU_I8237_CASCADE;
}

static uint32_t unit_of(const struct i8237_channel *ch)
{
    return moves_words(ch) ? 2 : 1;
}

static bool in_mode(const struct i8237_channel *ch, enum emu_i8237_mode mode)
{
    return (ch->mode & EMU_I8237_MODE_REQUEST) == (unsigned)mode;
}

/* Where the next unit is. Words are addressed by their number, and the lowest page bit is not used. */
static uint64_t place(const struct i8237_channel *ch)
{
    if (moves_words(ch))
        return (uint64_t)(ch->page & 0xFEu) << PAGE_SHIFT | (uint64_t)ch->address << 1;
    return (uint64_t)ch->page << PAGE_SHIFT | ch->address;
}

/* ---- Requests -------------------------------------------------------------------------------- */

/* A software request cannot be masked, and takes block mode. */
static bool is_requested(const struct i8237_channel *ch)
{
    return (!ch->masked && ch->requests) || (ch->asked_by_software && in_mode(ch, EMU_I8237_MODE_BLOCK));
}

static bool is_enabled(const struct emu_i8237 *c, unsigned controller)
{
    return (c->command[controller] & EMU_I8237_COMMAND_DISABLE) == 0;
}

static bool reaches_the_bus(const struct i8237_channel *ch)
{
    const struct emu_i8237 *c = ch->pair;
    const struct i8237_channel *cascade = &c->channels[EMU_I8237_CASCADE];
    unsigned controller = i8237_number(ch) / I8237_PER_CONTROLLER;
    if (!is_enabled(c, controller))
        return false;
    return controller == 1 ||
           (is_enabled(c, 1) && !cascade->masked && in_mode(cascade, EMU_I8237_MODE_CASCADE));
}

bool emu_i8237_wants(const struct i8237_channel *ch)
{
    return i8237_number(ch) != EMU_I8237_CASCADE && !in_mode(ch, EMU_I8237_MODE_CASCADE) &&
           is_requested(ch) && reaches_the_bus(ch);
}

/* ---- Moving ---------------------------------------------------------------------------------- */

static size_t produce(struct i8237_channel *ch, uint8_t *bytes, size_t count)
{
    if (ch->ops != NULL && ch->ops->produce != NULL)
        return ch->ops->produce(ch->peripheral, ch->pair->machine, bytes, count);
    for (size_t i = 0; i < count; i++)
        bytes[i] = emu_i8237_pattern(i8237_number(ch), ch->moved + i);
    return count;
}

static size_t consume(struct i8237_channel *ch, const uint8_t *bytes, size_t count)
{
    if (ch->ops != NULL && ch->ops->consume != NULL)
        return ch->ops->consume(ch->peripheral, ch->pair->machine, bytes, count);
    return count;
}

/* A bus that refuses an address shows to nobody: reads are all ones, writes are lost. */
static void access_memory(struct i8237_channel *ch, uint64_t at, uint8_t *bytes, size_t count, bool to_memory)
{
    enum { NO_ANSWER = 0xFF };
    struct emu_i8237 *c = ch->pair;
    bool done = emu_bus_dma(c->machine, c->config.requester, at, bytes, count, to_memory) == EMU_DMA_DONE;
    for (size_t i = 0; !done && !to_memory && i < count; i++)
        bytes[i] = NO_ANSWER;
}

/* Bytes that lie in a row in memory, on one page of the machine's, of at most so many. */
static size_t run_length(const struct i8237_channel *ch, size_t count)
{
    if (ch->mode & EMU_I8237_MODE_DECREMENT)
        return unit_of(ch);
    uint64_t page = EMU_PAGE_SIZE - place(ch) % EMU_PAGE_SIZE;
    uint64_t left = ((uint64_t)ch->count + 1) * unit_of(ch);
    size_t run = count < BUFFER_BYTES ? count : BUFFER_BYTES;
    run = run < page ? run : page;
    return run < left ? run : left;
}

/* Whole units of at most count bytes, which lie in a row; returns how many bytes were moved. */
static size_t move_run(struct i8237_channel *ch, size_t count)
{
    uint8_t buffer[BUFFER_BYTES] = {0};
    uint64_t at = place(ch);
    size_t moved = count;
    switch (ch->mode & EMU_I8237_MODE_TRANSFER) {
    case EMU_I8237_MODE_TO_MEMORY:
        moved = produce(ch, buffer, count);
        EMU_ASSERT(moved <= count && moved % unit_of(ch) == 0);
        if (moved != 0)
            access_memory(ch, at, buffer, moved, true);
        break;
    case EMU_I8237_MODE_FROM_MEMORY:
        access_memory(ch, at, buffer, count, false);
        moved = consume(ch, buffer, count);
        EMU_ASSERT(moved <= count && moved % unit_of(ch) == 0);
        break;
    default: /* verify, or illegal */
        break;
    }
    return moved;
}

/* The address counts within its 16 bits; the count goes to 0xFFFF with the last unit. */
static bool count_down(struct i8237_channel *ch, size_t moved)
{
    size_t units = moved / unit_of(ch);
    bool last = units == (size_t)ch->count + 1;
    ch->address = (uint16_t)(ch->mode & EMU_I8237_MODE_DECREMENT ? ch->address - units : ch->address + units);
    ch->count = (uint16_t)(ch->count - units);
    ch->moved += moved;
    return last;
}

static bool goes_to_memory(const struct i8237_channel *ch)
{
    return (ch->mode & EMU_I8237_MODE_TRANSFER) == (unsigned)EMU_I8237_MODE_TO_MEMORY;
}

/* The peripheral is told; it cannot know whether the status says so as well. */
static void strobe(const struct i8237_channel *ch)
{
    if (ch->ops != NULL && ch->ops->terminal_count != NULL)
        ch->ops->terminal_count(ch->peripheral, ch->pair->machine);
}

static void tell_end(struct i8237_channel *ch)
{
    ch->reached_count = true;
    strobe(ch);
}

/* ---- What it does wrong ---------------------------------------------------------------------- */

static bool may(const struct i8237_channel *ch, uint32_t misdeeds)
{
    const struct emu_i8237 *c = ch->pair;
    return (c->config.misdeeds & misdeeds) != 0 || emu_machine_config(c->machine)->misbehaving;
}

static void come_later(struct i8237_channel *ch, uint64_t delay)
{
    if (!emu_engine_started(&ch->after))
        emu_engine_start(ch->pair->machine, &ch->after, delay);
}

static void come_after(struct emu_machine *m, void *context)
{
    struct i8237_channel *ch = context;
    struct emu_i8237 *c = ch->pair;
    uint8_t buffer[BUFFER_BYTES];
    size_t rest = ch->after_bytes;
    emu_bus_touch_device(m, c, EMU_ACCESS_WRITE);
    ch->after_bytes = 0;
    if (rest == 0)
        tell_end(ch);
    else if (emu_misdeed_choose(m, ch->engine.object, EMU_MISDEED_AFTER_RESET, c->config.misdeeds) != 0)
        access_memory(ch, ch->after_address, buffer, produce(ch, buffer, rest), true);
}

/* Software took the bus away in the middle. Asked when it is due: the mask may be a part of another step. */
static void go_on_after(struct i8237_channel *ch)
{
    if (!goes_to_memory(ch) || !may(ch, EMU_MISDEED_AFTER_RESET) || emu_engine_started(&ch->after))
        return;
    ch->after_address = place(ch);
    ch->after_bytes = (uint32_t)run_length(ch, BUFFER_BYTES);
    come_later(ch, AFTER_NS);
}

/* With the first beat of a round that has an end. */
static void choose_misdeed(struct i8237_channel *ch)
{
    const struct emu_i8237 *c = ch->pair;
    if (ch->asked || (ch->mode & EMU_I8237_MODE_AUTO_INITIALIZE) != 0)
        return;
    ch->asked = true;
    ch->misdeed =
        emu_misdeed_choose(c->machine, ch->engine.object,
                           goes_to_memory(ch) ? OF_A_ROUND_TO_MEMORY : OF_A_ROUND, c->config.misdeeds);
    if (ch->misdeed & EMU_MISDEED_EARLY)
        tell_end(ch);
    if (ch->misdeed & EMU_MISDEED_SPURIOUS)
        strobe(ch);
}

static void tell_end_or_not(struct i8237_channel *ch)
{
    if (ch->misdeed & EMU_MISDEED_LATE)
        come_later(ch, LATE_NS);
    if (ch->misdeed & EMU_MISDEED_TWICE)
        come_later(ch, ch->pair->config.beat_ns);
    if ((ch->misdeed & (EMU_MISDEED_EARLY | EMU_MISDEED_LATE | EMU_MISDEED_NEVER)) == 0)
        tell_end(ch);
}

static void write_beyond(struct i8237_channel *ch)
{
    uint8_t buffer[BEYOND_BYTES];
    size_t bytes = produce(ch, buffer, sizeof buffer);
    if (bytes != 0)
        access_memory(ch, place(ch), buffer, bytes, true);
}

/* ---- Rounds ---------------------------------------------------------------------------------- */

void emu_i8237_begin(struct i8237_channel *ch)
{
    ch->moved = 0;
    ch->asked = false;
    ch->misdeed = 0;
}

static void reach_count(struct i8237_channel *ch)
{
    ch->asked_by_software = false;
    if (ch->misdeed & EMU_MISDEED_BEYOND)
        write_beyond(ch);
    if (ch->mode & EMU_I8237_MODE_AUTO_INITIALIZE) {
        ch->address = ch->base_address;
        ch->count = ch->base_count;
    } else {
        ch->masked = true;
    }
    tell_end_or_not(ch);
}

static size_t beat_length(const struct i8237_channel *ch)
{
    uint32_t unit = unit_of(ch);
    size_t bytes = ch->pair->config.beat_bytes;
    if (bytes == 0)
        bytes = (((size_t)ch->base_count + 1) * unit + 1) / 2;
    return (bytes + unit - 1) / unit * unit;
}

static void beat(struct emu_machine *m, void *context)
{
    struct i8237_channel *ch = context;
    EMU_ASSERT(ch->pair->machine == m && emu_i8237_wants(ch));
    emu_bus_touch_device(m, ch->pair, EMU_ACCESS_READ); /* at once: a finding may end the run in here */
    size_t left = beat_length(ch);
    uint16_t count = ch->count;
    bool ended = false;
    choose_misdeed(ch);
    while (left > 0 && !ended) {
        size_t wanted = run_length(ch, left);
        size_t moved = move_run(ch, wanted);
        if (moved > 0)
            ended = count_down(ch, moved);
        left -= moved;
        if (moved < wanted) {
            ch->requests = false;
            break;
        }
    }
    if (ended || ((ch->misdeed & EMU_MISDEED_SHORT) && ch->moved != 0))
        reach_count(ch);
    if (ended && (ch->misdeed & EMU_MISDEED_COUNT))
        ch->count = count;
    emu_i8237_settle(ch->pair);
}

void emu_i8237_settle(struct emu_i8237 *c)
{
    emu_bus_touch_device(c->machine, c, EMU_ACCESS_WRITE);
    for (unsigned i = 0; i < EMU_I8237_CHANNELS; i++) {
        struct i8237_channel *ch = &c->channels[i];
        bool wants = emu_i8237_wants(ch);
        if (wants && !ch->is_ready) {
            emu_engine_init(c->machine, &ch->engine, "8237 channel", beat, ch);
            if (may(ch, EMU_MISDEEDS_ALL))
                emu_engine_init(c->machine, &ch->after, "8237 channel", come_after, ch);
            ch->is_ready = true;
        }
        bool started = ch->is_ready && emu_engine_started(&ch->engine);
        if (wants && !started)
            emu_engine_start(c->machine, &ch->engine, c->config.beat_ns);
        else if (!wants && started) {
            emu_engine_stop(c->machine, &ch->engine);
            go_on_after(ch);
        }
    }
}

void emu_i8237_clear(struct emu_i8237 *c, unsigned controller)
{
    c->command[controller] = 0;
    c->high_byte[controller] = false;
    for (unsigned i = 0; i < I8237_PER_CONTROLLER; i++) {
        struct i8237_channel *ch = &c->channels[controller * I8237_PER_CONTROLLER + i];
        ch->masked = true;
        ch->asked_by_software = false;
        ch->reached_count = false;
    }
    emu_i8237_settle(c);
}

/* ---- Peripherals and creation ---------------------------------------------------------------- */

bool emu_i8237_attach(struct emu_i8237 *c, unsigned channel, const struct emu_i8237_ops *ops,
                      void *peripheral)
{
    if (channel >= EMU_I8237_CHANNELS || channel == EMU_I8237_CASCADE)
        return false;
    c->channels[channel].ops = ops;
    c->channels[channel].peripheral = peripheral;
    emu_i8237_request(c, channel);
    return true;
}

void emu_i8237_set_misdeeds(struct emu_i8237 *c, uint32_t misdeeds)
{
    c->config.misdeeds = misdeeds;
}

void emu_i8237_request(struct emu_i8237 *c, unsigned channel)
{
    EMU_ASSERT(channel < EMU_I8237_CHANNELS);
    c->channels[channel].requests = true;
    emu_i8237_settle(c);
}

struct emu_i8237 *emu_i8237_create(struct emu_machine *m, const struct emu_i8237_config *config)
{
    struct emu_i8237 *c = emu_arena_alloc(m, sizeof *c);
    c->machine = m;
    c->config = *config;
    c->config.beat_ns = config->beat_ns ? config->beat_ns : DEFAULT_BEAT_NS;
    for (unsigned i = 0; i < EMU_I8237_CHANNELS; i++) {
        c->channels[i].pair = c;
        c->channels[i].masked = i != EMU_I8237_CASCADE;
        c->channels[i].requests = true;
    }
    c->channels[EMU_I8237_CASCADE].mode = EMU_I8237_MODE_CASCADE;
    if (!emu_bus_add_ports(m, "8237 controller 1", EMU_I8237_PORT_1, EMU_I8237_PORTS_1, &emu_i8237_first_ops,
                           c) ||
        !emu_bus_add_ports(m, "8237 page registers", EMU_I8237_PORT_PAGE, EMU_I8237_PORTS_PAGE,
                           &emu_i8237_page_ops, c) ||
        !emu_bus_add_ports(m, "8237 controller 2", EMU_I8237_PORT_2, EMU_I8237_PORTS_2, &emu_i8237_second_ops,
                           c))
        return NULL;
    return c;
}
