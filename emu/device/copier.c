/*
 * The copier's inside: registers, the list it works through, its memory, its interrupt.
 *
 * Everything lies in one structure in the machine's arena. A transfer is begun by the doorbell, moved by
 * beat(), and ended by end() alone, which is the only function that sets DONE or ERROR; whatever is wrong
 * with a list shows in a beat, never in the doorbell. Between a doorbell and the end the engine is started;
 * at all other times it is not.
 */
#include <emu/device/copier.h>
#include <emu/event.h>
#include <emu/misdeed.h>

#include "emu/device/copier_memory.h"
#include "emu/device/pair.h"

enum {
    DEFAULT_CAPACITY = 64,
    DEFAULT_MEMORY_BYTES = 65536,
    DEFAULT_BEAT_NS = 1000,
    RUN_MAX = 1024,    /* bytes that one bus access moves */
    AFTER_NS = 1000,   /* how long after a reset what goes on shows */
    LATE_NS = 3000000, /* how long after the end a late interrupt comes */
    BEYOND_BYTES = 16, /* that are written behind the last piece */
    OF_A_TRANSFER = EMU_MISDEED_EARLY | EMU_MISDEED_LATE | EMU_MISDEED_TWICE | EMU_MISDEED_SPURIOUS |
                    EMU_MISDEED_NEVER | EMU_MISDEED_SHORT | EMU_MISDEED_ERROR,
};

/* As it lies in memory, too. */
struct descriptor {
    uint64_t address;
    uint32_t length;
    uint32_t ignored;
};
_Static_assert(sizeof(struct descriptor) == EMU_COPIER_DESCRIPTOR_BYTES, "a descriptor is 16 bytes");

struct emu_copier {
    struct emu_machine *machine;
    struct emu_copier_config config;
    struct emu_engine engine;
    bool level_triggered;

    /* Registers. */
    uint32_t control;
    uint32_t status;
    uint32_t causes;
    uint32_t offset;
    uint32_t list_length;
    uint64_t address;
    uint64_t list;
    uint64_t count;
    uint64_t fault;

    /* The list: pushed pieces, or what was fetched. */
    struct descriptor *pieces;
    uint32_t pieces_length;

    /* The transfer: where it is. */
    bool to_memory;
    uint64_t fetch;        /* the first beat fetches the list from here ... */
    uint32_t fetch_length; /* ... so many descriptors; 0: the pieces were pushed */
    uint32_t piece;        /* index of the piece that is being moved */
    uint32_t piece_done;   /* bytes of it */
    uint32_t position;     /* in the copier's memory */
    uint64_t beat_bytes;   /* 0 before the first beat */

    /* What it does wrong. */
    uint32_t misdeed;        /* in this transfer; 0: nothing */
    bool marked;             /* the piece that is being moved, before its data */
    struct emu_engine after; /* a late or second interrupt, or the rest of a transfer that was reset */
    uint64_t after_address;  /* of that rest */
    uint32_t after_bytes;    /* 0: none, an interrupt */
    uint32_t after_position;

    struct copier_memory memory;
};

/* ---- Interrupts ------------------------------------------------------------------------------------ */

static bool interrupts_on(const struct emu_copier *c)
{
    return c->config.line && (c->control & EMU_COPIER_CONTROL_INTERRUPTS);
}

/* After a new cause, or the switch: an edge each time, a level once. */
static void line_raise(struct emu_copier *c)
{
    if (interrupts_on(c) && c->causes) {
        emu_line_raise(c->machine, c->config.line);
    }
}

static void line_lower(struct emu_copier *c)
{
    if (c->level_triggered && !(interrupts_on(c) && c->causes)) {
        emu_line_lower(c->machine, c->config.line);
    }
}

static void acknowledge(struct emu_copier *c, uint32_t causes)
{
    c->causes &= ~causes;
    line_lower(c);
}

/* ---- What it does wrong ---------------------------------------------------------------------------- */

/* delay 0: not at all. */
static void interrupt_later(struct emu_copier *c, uint64_t delay)
{
    if (delay != 0 && !emu_engine_started(&c->after)) {
        c->after_bytes = 0;
        emu_engine_start(c->machine, &c->after, delay);
    }
}

static void come_after(struct emu_machine *m, void *context)
{
    struct emu_copier *c = context;
    uint8_t buffer[RUN_MAX];
    if (c->after_bytes != 0) {
        emu_copier_card_read(&c->memory, c->after_position, buffer, c->after_bytes);
        emu_bus_dma(m, c->config.requester, c->after_address, buffer, c->after_bytes, true);
        c->after_bytes = 0;
    }
    c->causes |= EMU_COPIER_INTERRUPT_DONE;
    line_raise(c);
}

/* Is there a run that is due next, which could still arrive? */
static bool has_rest(const struct emu_copier *c)
{
    return (c->status & EMU_COPIER_STATUS_BUSY) && !emu_engine_started(&c->after) && c->to_memory &&
           c->piece < c->pieces_length && c->beat_bytes != 0;
}

/* The run that was due next arrives all the same. */
static void go_on(struct emu_copier *c)
{
    const struct descriptor *piece = &c->pieces[c->piece];
    uint32_t left = piece->length - c->piece_done;
    c->after_address = piece->address + c->piece_done;
    c->after_bytes = left < RUN_MAX ? left : RUN_MAX;
    c->after_position = c->position;
    emu_engine_start(c->machine, &c->after, AFTER_NS);
}

static void go_on_after_reset(struct emu_copier *c)
{
    if (has_rest(c) &&
        emu_misdeed_choose(c->machine, c->engine.object, EMU_MISDEED_AFTER_RESET, c->config.misdeeds)) {
        go_on(c);
    }
}

static void write_beyond(struct emu_copier *c)
{
    const struct descriptor *last = &c->pieces[c->pieces_length - 1];
    uint8_t buffer[BEYOND_BYTES];
    emu_copier_card_read(&c->memory, c->position, buffer, sizeof buffer);
    emu_bus_dma(c->machine, c->config.requester, last->address + last->length, buffer, sizeof buffer, true);
}

/* With the first beat. */
static void choose_misdeed(struct emu_copier *c)
{
    uint32_t possible = OF_A_TRANSFER;
    possible |= c->to_memory ? EMU_MISDEED_BEYOND : 0;
    possible |=
        c->fetch_length && (c->control & EMU_COPIER_CONTROL_WRITE_BACK) ? EMU_MISDEED_STATUS_FIRST : 0;
    c->misdeed = emu_misdeed_choose(c->machine, c->engine.object, possible, c->config.misdeeds);
    if (c->misdeed & EMU_MISDEED_EARLY) {
        c->causes |= EMU_COPIER_INTERRUPT_DONE;
        line_raise(c);
    }
    if ((c->misdeed & EMU_MISDEED_SPURIOUS) && interrupts_on(c)) {
        emu_line_raise(c->machine, c->config.line);
    }
}

/* ---- The transfer ---------------------------------------------------------------------------------- */

static void end(struct emu_copier *c, enum emu_copier_reason reason, uint64_t fault)
{
    EMU_ASSERT(c->status & EMU_COPIER_STATUS_BUSY);
    c->status &= ~(uint32_t)EMU_COPIER_STATUS_BUSY;
    c->pieces_length = 0;
    if (reason == EMU_COPIER_REASON_NONE) {
        c->status |= EMU_COPIER_STATUS_DONE;
        if (c->misdeed & (EMU_MISDEED_EARLY | EMU_MISDEED_LATE | EMU_MISDEED_NEVER)) {
            interrupt_later(c, c->misdeed & EMU_MISDEED_LATE ? LATE_NS : 0);
            return;
        }
        interrupt_later(c, c->misdeed & EMU_MISDEED_TWICE ? c->config.beat_ns : 0);
        c->causes |= EMU_COPIER_INTERRUPT_DONE;
    } else {
        c->status |= EMU_COPIER_STATUS_ERROR | (uint32_t)reason << EMU_COPIER_STATUS_REASON_SHIFT;
        c->causes |= EMU_COPIER_INTERRUPT_ERROR;
        c->fault = fault;
    }
    line_raise(c);
}

/* The first beat takes the list in and sets the pace. */
static enum emu_copier_reason take_list(struct emu_copier *c, uint64_t *fault)
{
    if (c->fetch_length) {
        uint64_t bytes = (uint64_t)c->fetch_length * sizeof *c->pieces;
        *fault = c->fetch;
        if (c->fetch_length > c->config.capacity) {
            return EMU_COPIER_REASON_LENGTH;
        }
        if (!address_reaches(c->fetch, bytes, c->config.address_width)) {
            return EMU_COPIER_REASON_ADDRESS;
        }
        if (emu_bus_dma(c->machine, c->config.requester, c->fetch, c->pieces, (size_t)bytes, false) !=
            EMU_DMA_DONE) {
            return EMU_COPIER_REASON_FAULT;
        }
        c->pieces_length = c->fetch_length;
    }
    if (c->pieces_length == 0) {
        return EMU_COPIER_REASON_EMPTY;
    }
    c->beat_bytes = c->config.beat_bytes;
    if (c->beat_bytes == 0) {
        uint64_t total = 0;
        for (uint32_t i = 0; i < c->pieces_length; i++) {
            total += c->pieces[i].length;
        }
        c->beat_bytes = total / 2 + total % 2;
    }
    return EMU_COPIER_REASON_NONE;
}

/* Moves what lies in one page of the machine's memory: at most bytes. Returns 0 on a fault. */
static uint32_t move_run(struct emu_copier *c, uint64_t logical, uint64_t bytes)
{
    uint8_t buffer[RUN_MAX];
    uint32_t run = EMU_PAGE_SIZE - (uint32_t)(logical % EMU_PAGE_SIZE);
    run = run < RUN_MAX ? run : RUN_MAX;
    run = run < bytes ? run : (uint32_t)bytes;
    if (c->to_memory) {
        emu_copier_card_read(&c->memory, c->position, buffer, run);
    }
    if (emu_bus_dma(c->machine, c->config.requester, logical, buffer, run, c->to_memory) != EMU_DMA_DONE) {
        return 0;
    }
    if (!c->to_memory) {
        emu_copier_card_write(&c->memory, c->position, buffer, run);
    }
    return run;
}

/* Marks the piece that is being moved in its descriptor in memory. */
static void mark(struct emu_copier *c)
{
    uint32_t moved = EMU_COPIER_MARK_MOVED;
    if (c->fetch_length && (c->control & EMU_COPIER_CONTROL_WRITE_BACK)) {
        emu_bus_dma(c->machine, c->config.requester,
                    c->fetch + (uint64_t)c->piece * sizeof *c->pieces + EMU_COPIER_DESCRIPTOR_MARK, &moved,
                    sizeof moved, true);
    }
}

static void advance(struct emu_copier *c, uint32_t run)
{
    c->count += run;
    c->position += run;
    c->piece_done += run;
    if (c->piece_done == c->pieces[c->piece].length) {
        if (!c->marked) {
            mark(c);
        }
        c->marked = false;
        c->piece++;
        c->piece_done = 0;
    }
}

static void beat(struct emu_machine *m, void *context)
{
    struct emu_copier *c = context;
    EMU_ASSERT(c->status & EMU_COPIER_STATUS_BUSY);
    if (c->beat_bytes == 0) {
        uint64_t fault = 0;
        enum emu_copier_reason reason = take_list(c, &fault);
        if (reason != EMU_COPIER_REASON_NONE) {
            end(c, reason, fault);
            return;
        }
        choose_misdeed(c);
    }
    if ((c->misdeed & EMU_MISDEED_STATUS_FIRST) && c->piece_done == 0 && !c->marked) {
        mark(c);
        c->marked = true;
        emu_engine_start(m, &c->engine, c->config.beat_ns);
        return;
    }
    uint64_t left = c->beat_bytes;
    do {
        const struct descriptor *piece = &c->pieces[c->piece];
        uint64_t logical = piece->address + c->piece_done;
        if (piece->length == 0) {
            end(c, EMU_COPIER_REASON_LENGTH, piece->address);
            return;
        }
        if (!address_reaches(piece->address, piece->length, c->config.address_width)) {
            end(c, EMU_COPIER_REASON_ADDRESS, piece->address);
            return;
        }
        uint64_t wanted = piece->length - c->piece_done;
        uint32_t run = move_run(c, logical, wanted < left ? wanted : left);
        if (run == 0) {
            end(c, EMU_COPIER_REASON_FAULT, logical);
            return;
        }
        advance(c, run);
        left -= run;
    } while (left && c->piece < c->pieces_length);
    if (c->piece == c->pieces_length || (c->misdeed & EMU_MISDEED_SHORT)) {
        if (c->misdeed & EMU_MISDEED_BEYOND) {
            write_beyond(c);
        }
        end(c, EMU_COPIER_REASON_NONE, 0);
    } else if (c->misdeed & EMU_MISDEED_ERROR) {
        end(c, EMU_COPIER_REASON_DEVICE, c->pieces[c->piece].address + c->piece_done);
    } else {
        emu_engine_start(m, &c->engine, c->config.beat_ns);
    }
}

static void doorbell(struct emu_copier *c, uint32_t value)
{
    if (value != EMU_COPIER_DOORBELL_FROM_MEMORY && value != EMU_COPIER_DOORBELL_TO_MEMORY) {
        return;
    }
    if (c->status & EMU_COPIER_STATUS_BUSY) {
        c->status |= EMU_COPIER_STATUS_OVERRUN;
        return;
    }
    c->status = (c->status & EMU_COPIER_STATUS_OVERRUN) | EMU_COPIER_STATUS_BUSY;
    c->count = 0;
    c->fault = 0;
    c->to_memory = value == EMU_COPIER_DOORBELL_TO_MEMORY;
    c->fetch = c->list;
    c->fetch_length = c->list_length;
    c->piece = 0;
    c->piece_done = 0;
    c->position = c->offset;
    c->beat_bytes = 0;
    c->misdeed = 0;
    c->marked = false;
    emu_engine_start(c->machine, &c->engine, c->config.beat_ns);
}

static void push(struct emu_copier *c, uint32_t length)
{
    if ((c->status & EMU_COPIER_STATUS_BUSY) || c->pieces_length == c->config.capacity) {
        c->status |= EMU_COPIER_STATUS_OVERRUN;
        return;
    }
    c->pieces[c->pieces_length++] = (struct descriptor){.address = c->address, .length = length};
}

static void reset(struct emu_copier *c)
{
    if (emu_engine_started(&c->after) && c->after_bytes == 0) {
        emu_engine_stop(c->machine, &c->after);
    }
    go_on_after_reset(c);
    if (emu_engine_started(&c->engine)) {
        emu_engine_stop(c->machine, &c->engine);
    }
    c->status = 0;
    c->offset = 0;
    c->list_length = 0;
    c->address = 0;
    c->list = 0;
    c->count = 0;
    c->fault = 0;
    c->pieces_length = 0;
    acknowledge(c, c->causes);
}

static void control(struct emu_copier *c, uint32_t value)
{
    if (value & EMU_COPIER_CONTROL_RESET) {
        reset(c);
    }
    bool were_on = interrupts_on(c);
    c->control = value & (EMU_COPIER_CONTROL_INTERRUPTS | EMU_COPIER_CONTROL_WRITE_BACK);
    if (!were_on) {
        line_raise(c);
    }
    line_lower(c);
}

/* ---- Registers ------------------------------------------------------------------------------------- */

static uint32_t read_word(struct emu_copier *c, uint64_t offset)
{
    switch (offset) {
    case EMU_COPIER_ID:
        return EMU_COPIER_ID_VALUE;
    case EMU_COPIER_CONTROL:
        return c->control;
    case EMU_COPIER_STATUS:
        return c->status;
    case EMU_COPIER_INTERRUPT:
        line_lower(c); /* where it was raised without a cause */
        return c->causes;
    case EMU_COPIER_INTERRUPT_TAKE: {
        uint32_t causes = c->causes;
        acknowledge(c, causes);
        return causes;
    }
    case EMU_COPIER_ADDRESS_LOW:
        return low_half(c->address);
    case EMU_COPIER_ADDRESS_HIGH:
        return high_half(c->address);
    case EMU_COPIER_LENGTH:
        return c->pieces_length;
    case EMU_COPIER_OFFSET:
        return c->offset;
    case EMU_COPIER_COUNT_LOW:
        return low_half(c->count);
    case EMU_COPIER_COUNT_HIGH:
        return high_half(c->count);
    case EMU_COPIER_LIST_LOW:
        return low_half(c->list);
    case EMU_COPIER_LIST_HIGH:
        return high_half(c->list);
    case EMU_COPIER_LIST_LENGTH:
        return c->list_length;
    case EMU_COPIER_CAPACITY:
        return c->config.capacity;
    case EMU_COPIER_FAULT_LOW:
        return low_half(c->fault);
    case EMU_COPIER_FAULT_HIGH:
        return high_half(c->fault);
    default:
        return UINT32_MAX;
    }
}

static void write_word(struct emu_copier *c, uint64_t offset, uint32_t value)
{
    switch (offset) {
    case EMU_COPIER_CONTROL:
        control(c, value);
        break;
    case EMU_COPIER_STATUS:
        c->status &= ~(value & EMU_COPIER_STATUS_OVERRUN);
        break;
    case EMU_COPIER_INTERRUPT:
        acknowledge(c, value);
        break;
    case EMU_COPIER_DOORBELL:
        doorbell(c, value);
        break;
    case EMU_COPIER_ADDRESS_LOW:
        set_low_half(&c->address, value);
        break;
    case EMU_COPIER_ADDRESS_HIGH:
        set_high_half(&c->address, value);
        break;
    case EMU_COPIER_LENGTH:
        push(c, value);
        break;
    case EMU_COPIER_OFFSET:
        c->offset = value;
        break;
    case EMU_COPIER_LIST_LOW:
        set_low_half(&c->list, value);
        break;
    case EMU_COPIER_LIST_HIGH:
        set_high_half(&c->list, value);
        break;
    case EMU_COPIER_LIST_LENGTH:
        c->list_length = value;
        break;
    default:
        break;
    }
}

static bool is_pair(uint64_t offset)
{
    return offset == EMU_COPIER_ADDRESS_LOW || offset == EMU_COPIER_COUNT_LOW ||
           offset == EMU_COPIER_LIST_LOW || offset == EMU_COPIER_FAULT_LOW;
}

static uint64_t register_read(void *device, struct emu_machine *m, uint64_t offset, unsigned width)
{
    struct emu_copier *c = device;
    EMU_ASSERT(c->machine == m);
    if (width == WORD_BYTES) {
        return read_word(c, offset);
    }
    if (width == PAIR_BYTES && is_pair(offset)) {
        return pair_of(read_word(c, offset), read_word(c, offset + WORD_BYTES));
    }
    return no_answer(width);
}

static void register_write(void *device, struct emu_machine *m, uint64_t offset, unsigned width,
                           uint64_t value)
{
    struct emu_copier *c = device;
    EMU_ASSERT(c->machine == m);
    if (width == WORD_BYTES) {
        write_word(c, offset, low_half(value));
    } else if (width == PAIR_BYTES && is_pair(offset)) {
        write_word(c, offset, low_half(value));
        write_word(c, offset + WORD_BYTES, high_half(value));
    }
}

/* What was on its way to memory may still arrive; nothing else happens any more. */
static void removed(void *device, struct emu_machine *m)
{
    struct emu_copier *c = device;
    bool goes_on = has_rest(c) && emu_removed_goes_on(m);
    if (emu_engine_started(&c->after)) {
        emu_engine_stop(m, &c->after);
    }
    if (emu_engine_started(&c->engine)) {
        emu_engine_stop(m, &c->engine);
    }
    if (goes_on) {
        if (c->after.fn == NULL) {
            emu_engine_init(m, &c->after, c->config.name, come_after, c);
        }
        go_on(c);
    }
    c->status = 0;
    c->control = 0;
    acknowledge(c, c->causes);
}

static const struct emu_register_ops register_ops = {
    .read = register_read, .write = register_write, .removed = removed};

/* ---- Creation -------------------------------------------------------------------------------------- */

static bool settle(struct emu_copier_config *config)
{
    config->name = config->name ? config->name : "copier";
    config->requester = config->requester ? config->requester : emu_requester_at(config->window);
    config->beat_ns = config->beat_ns ? config->beat_ns : DEFAULT_BEAT_NS;
    config->address_width = config->address_width ? config->address_width : ADDRESS_BITS_MAX;
    config->capacity = config->capacity ? config->capacity : DEFAULT_CAPACITY;
    config->memory_bytes = config->memory_bytes ? config->memory_bytes : DEFAULT_MEMORY_BYTES;
    return config->address_width <= ADDRESS_BITS_MAX && config->capacity <= EMU_COPIER_CAPACITY_MAX &&
           config->memory_bytes >= EMU_COPIER_MEMORY_MIN && config->memory_bytes <= EMU_COPIER_MEMORY_MAX &&
           (config->memory_bytes & (config->memory_bytes - 1)) == 0;
}

struct emu_copier *emu_copier_create(struct emu_machine *m, const struct emu_copier_config *config)
{
    struct emu_copier_config settled = *config;
    if (!settle(&settled)) {
        return NULL;
    }
    struct emu_copier *c = emu_arena_alloc(m, sizeof *c);
    if (!emu_bus_add_window(m, settled.name, settled.window, EMU_COPIER_WINDOW_BYTES, &register_ops, c)) {
        return NULL;
    }
    c->machine = m;
    c->config = settled;
    c->pieces = emu_arena_alloc(m, settled.capacity * sizeof *c->pieces);
    emu_copier_card_init(&c->memory, m, settled.memory_bytes, settled.seed);
    c->level_triggered = settled.line && emu_line_trigger(m, settled.line) == EMU_TRIGGER_LEVEL;
    emu_engine_init(m, &c->engine, settled.name, beat, c);
    if (settled.misdeeds != 0 || emu_machine_config(m)->misbehaving) {
        emu_engine_init(m, &c->after, settled.name, come_after, c);
    }
    return c;
}

void emu_copier_set_requester(struct emu_copier *c, emu_requester requester)
{
    c->config.requester = requester;
}

void emu_copier_memory_read(const struct emu_copier *c, uint32_t offset, void *to, size_t bytes)
{
    emu_bus_touch_device(c->machine, c, EMU_ACCESS_READ);
    emu_copier_card_read(&c->memory, offset, to, bytes);
}

void emu_copier_memory_write(struct emu_copier *c, uint32_t offset, const void *from, size_t bytes)
{
    emu_bus_touch_device(c->machine, c, EMU_ACCESS_WRITE);
    emu_copier_card_write(&c->memory, offset, from, bytes);
}
