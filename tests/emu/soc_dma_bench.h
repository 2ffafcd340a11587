/*
 * A system DMA controller on a bare machine, with a peripheral: what the tests of the controller share.
 */
#ifndef SOC_DMA_BENCH_H
#define SOC_DMA_BENCH_H

#include <emu/device/soc_dma.h>
#include <emu/event.h>
#include <emu/irq.h>

#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define WINDOW 0xFD000000ull

enum {
    FIRST_LINE = 0x1000,
    LINES = 8,
    CHANNELS = 4,
    FRAGMENTS = 4,
    LEVEL = 6,
    BEAT_BYTES = 64,
    BEAT_NS = 1000,
    A_WHILE = 1000 * BEAT_NS,
    PAGES = 4,
    SINK_BYTES = 4096,
};

/*
 * A peripheral with a box of bytes: what it was given, or what it will give; ready says how many it moves
 * until then.
 */
struct box {
    uint8_t bytes[SINK_BYTES];
    size_t at;
    size_t ready;
    uint64_t address;
    size_t most; /* asked for at once */
};

struct bench {
    struct emu_soc_dma_config config;
    enum emu_trigger trigger;
    struct emu_machine *m;
    struct emu_soc_dma *dma;
    char *registers;
    uint8_t *buffer;
    uint64_t physical;
    unsigned interrupts;
    uint32_t ended; /* bits of INTERRUPT that the handler saw */
    struct box box;
};

static inline uint32_t get(struct bench *b, uint32_t offset)
{
    uint64_t value = 0;
    rig_expect(emu_bus_read(b->m, b->registers + offset, 4, &value));
    return (uint32_t)value;
}

static inline void put(struct bench *b, uint32_t offset, uint32_t value)
{
    rig_expect(emu_bus_write(b->m, b->registers + offset, 4, value));
}

static inline void put64(struct bench *b, uint32_t offset, uint64_t value)
{
    rig_expect(emu_bus_write(b->m, b->registers + offset, 8, value));
}

static inline uint32_t status_of(struct bench *b, unsigned channel)
{
    return get(b, EMU_SOC_DMA_CHANNEL(channel) + EMU_SOC_DMA_CHANNEL_STATUS);
}

static inline uint32_t count_of(struct bench *b, unsigned channel)
{
    return get(b, EMU_SOC_DMA_CHANNEL(channel) + EMU_SOC_DMA_CHANNEL_COUNT);
}

static inline void on_interrupt(struct emu_machine *m, void *context)
{
    struct bench *b = context;
    uint32_t ended = get(b, EMU_SOC_DMA_INTERRUPT);
    (void)m;
    b->interrupts++;
    b->ended |= ended;
    put(b, EMU_SOC_DMA_INTERRUPT, ended);
    get(b, EMU_SOC_DMA_INTERRUPT); /* else the line may still be up when this returns */
}

static inline void build(struct bench *b)
{
    struct emu_machine *m = emu_current();
    b->m = m;
    b->interrupts = 0;
    b->ended = 0;
    b->box = (struct box){.ready = SINK_BYTES};
    emu_line line = emu_line_add(
        m, &(struct emu_line_config){.name = "dma", .trigger = b->trigger, .level = LEVEL, .processors = 1});
    rig_expect(line != 0);
    emu_line_connect(m, line, on_interrupt, b);
    struct emu_soc_dma_config config = b->config;
    config.window = WINDOW;
    config.line = line;
    config.first_line = FIRST_LINE;
    config.lines = LINES;
    config.channels = CHANNELS;
    config.fragments_max = FRAGMENTS;
    b->dma = emu_soc_dma_create(m, &config);
    rig_expect(b->dma != NULL);
    b->registers = emu_bus_map(m, WINDOW, EMU_SOC_DMA_WINDOW_BYTES);
    rig_expect(b->registers != NULL);
    b->buffer = emu_ram_alloc(
        m, &(struct emu_ram_request){.pages = PAGES, .highest = UINT32_MAX, .contiguous = true});
    rig_expect(b->buffer != NULL);
    b->physical = emu_ram_physical(m, b->buffer);
}

static inline void push(struct bench *b, unsigned channel, uint64_t address, uint32_t length)
{
    put64(b, EMU_SOC_DMA_CHANNEL(channel) + EMU_SOC_DMA_CHANNEL_ADDRESS_LOW, address);
    put(b, EMU_SOC_DMA_CHANNEL(channel) + EMU_SOC_DMA_CHANNEL_LENGTH, length);
}

static inline void set_control(struct bench *b, unsigned channel, uint32_t value)
{
    put(b, EMU_SOC_DMA_CHANNEL(channel) + EMU_SOC_DMA_CHANNEL_CONTROL, value);
}

static inline void start(struct bench *b, unsigned channel, uint32_t line, uint32_t settings)
{
    put(b, EMU_SOC_DMA_CHANNEL(channel) + EMU_SOC_DMA_CHANNEL_LINE, line);
    set_control(b, channel, EMU_SOC_DMA_CHANNEL_START | EMU_SOC_DMA_CHANNEL_INTERRUPTS | settings);
}

static inline void expect_end(struct bench *b, unsigned channel, uint32_t status,
                              enum emu_soc_dma_reason reason)
{
    rig_expect_equal(status_of(b, channel), status | (uint32_t)reason << EMU_SOC_DMA_CHANNEL_REASON_SHIFT);
}

static inline size_t box_produce(void *peripheral, struct emu_machine *m, uint64_t address, uint8_t *bytes,
                                 size_t count)
{
    struct box *box = peripheral;
    (void)m;
    box->address = address;
    box->most = count > box->most ? count : box->most;
    size_t moved = count < box->ready ? count : box->ready;
    for (size_t i = 0; i < moved; i++) {
        bytes[i] = (uint8_t)(box->at++ * 5);
    }
    box->ready -= moved;
    return moved;
}

static inline size_t box_consume(void *peripheral, struct emu_machine *m, uint64_t address,
                                 const uint8_t *bytes, size_t count)
{
    struct box *box = peripheral;
    (void)m;
    box->address = address;
    size_t moved = count < box->ready ? count : box->ready;
    memcpy(box->bytes + box->at, bytes, moved);
    box->at += moved;
    box->ready -= moved;
    return moved;
}

static const struct emu_soc_dma_ops box_ops = {.produce = box_produce, .consume = box_consume};

static inline void run(struct bench *b, void (*body)(void *))
{
    struct emu_machine *m = rig_machine(&(struct emu_config){.profile = EMU_PROFILE_TYPICAL}, NULL);
    struct rig_outcome outcome;
    rig_run(m, body, b, &outcome);
    rig_assert_idle(&outcome);
    emu_machine_destroy(m);
}

#endif
