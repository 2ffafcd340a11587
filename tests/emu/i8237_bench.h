/*
 * The pair of 8237 on a bare machine, with a peripheral: what its tests share.
 */
#ifndef I8237_BENCH_H
#define I8237_BENCH_H

#include <emu/device/i8237.h>
#include <emu/event.h>
#include <emu/mem.h>

#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum {
    BYTE = 8,
    HALF_MIB = 0x80000,
    BANK = 0x10000,
    BOX_BYTES = 0x20000,
    BEAT_NS = 1000,
    A_WHILE = 100 * BEAT_NS
};

/* A peripheral: what it was given, or will give; ready says how many bytes it moves until then. */
struct box {
    uint8_t bytes[BOX_BYTES];
    size_t at;
    size_t ready;
    unsigned ends; /* terminal counts */
};

struct bench {
    struct emu_machine *m;
    struct emu_i8237 *pair;
    uint8_t *memory; /* of the low bank, 256 KiB on a multiple of 128 KiB */
    uint32_t physical;
    struct box box;
};

static inline size_t box_produce(void *context, struct emu_machine *m, uint8_t *bytes, size_t count)
{
    struct box *b = context;
    (void)m;
    count = count < b->ready ? count : b->ready;
    memcpy(bytes, b->bytes + b->at, count);
    b->at += count;
    b->ready -= count;
    return count;
}

static inline size_t box_consume(void *context, struct emu_machine *m, const uint8_t *bytes, size_t count)
{
    struct box *b = context;
    (void)m;
    count = count < b->ready ? count : b->ready;
    memcpy(b->bytes + b->at, bytes, count);
    b->at += count;
    b->ready -= count;
    return count;
}

static inline void box_end(void *context, struct emu_machine *m)
{
    struct box *b = context;
    (void)m;
    b->ends++;
}

static const struct emu_i8237_ops box_ops = {box_produce, box_consume, box_end};

static inline uint32_t port(unsigned channel, unsigned at)
{
    return channel < EMU_I8237_CASCADE ? EMU_I8237_PORT_1 + at : EMU_I8237_PORT_2 + 2 * at;
}

static inline uint8_t in(struct bench *b, uint32_t number)
{
    uint64_t value = 0;
    rig_expect(emu_port_read(b->m, number, 1, &value));
    return (uint8_t)value;
}

static inline void out(struct bench *b, uint32_t number, unsigned value)
{
    rig_expect(emu_port_write(b->m, number, 1, value));
}

/* The register of a channel's controller. */
static inline uint8_t get(struct bench *b, unsigned channel, unsigned at)
{
    return in(b, port(channel, at));
}

static inline void put(struct bench *b, unsigned channel, unsigned at, unsigned value)
{
    out(b, port(channel, at), value);
}

/* A counting register of 16 bits, through the flip-flop. */
static inline unsigned get16(struct bench *b, unsigned channel, unsigned at)
{
    put(b, channel, EMU_I8237_FLIP_FLOP, 0);
    unsigned low = get(b, channel, at + 2 * (channel % 4));
    return low | (unsigned)get(b, channel, at + 2 * (channel % 4)) << BYTE;
}

static inline void put16(struct bench *b, unsigned channel, unsigned at, unsigned value)
{
    put(b, channel, EMU_I8237_FLIP_FLOP, 0);
    put(b, channel, at + 2 * (channel % 4), value & 0xFF);
    put(b, channel, at + 2 * (channel % 4), value >> BYTE);
}

static inline void set_mask(struct bench *b, unsigned channel, bool masked)
{
    put(b, channel, EMU_I8237_MASK, channel % 4 | (masked ? (unsigned)EMU_I8237_SET : 0));
}

/* Programs and unmasks. */
static inline void start(struct bench *b, unsigned channel, unsigned mode, uint32_t address, uint32_t bytes)
{
    bool words = channel > EMU_I8237_CASCADE;
    put(b, channel, EMU_I8237_MODE, channel % 4 | mode);
    put16(b, channel, EMU_I8237_ADDRESS, (words ? address >> 1 : address) & 0xFFFF);
    put16(b, channel, EMU_I8237_COUNT, (words ? bytes / 2 : bytes) - 1);
    out(b, emu_i8237_page_port(channel), address >> 16);
    set_mask(b, channel, false);
}

static inline void build(struct bench *b)
{
    b->m = emu_current();
    memset(&b->box, 0, sizeof b->box); /* no temporary: it is larger than a strand's stack */
    b->box.ready = BOX_BYTES;
    struct emu_i8237_config config = {.beat_ns = BEAT_NS};
    b->pair = emu_i8237_create(b->m, &config);
    rig_expect(b->pair != NULL);
    struct emu_ram_request request = {
        .pages = 64, .highest = 0xFFFFFF, .alignment = 2 * BANK, .contiguous = true};
    b->memory = emu_ram_alloc(b->m, &request);
    rig_expect(b->memory != NULL);
    b->physical = (uint32_t)emu_ram_physical(b->m, b->memory);
}

static inline void run(void (*body)(void *))
{
    static struct bench b;
    struct rig_outcome outcome;
    struct emu_machine *m = rig_machine(NULL, NULL);
    rig_run(m, body, &b, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
}

/* A test whose body runs on a strand. */
#define ON_A_STRAND(body)                                           \
    {                                                               \
#body, run_state, NULL, NULL, (void *)&(struct strand_test) \
        {                                                           \
            body                                                    \
        }                                                           \
    }
struct strand_test {
    void (*body)(void *);
};
static inline void run_state(void **state)
{
    const struct strand_test *test = *state;
    run(test->body);
}

#endif
