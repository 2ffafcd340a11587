/*
 * A copier on a bare machine, with a driver's view of it: what the tests of the copier share.
 */
#ifndef COPIER_BENCH_H
#define COPIER_BENCH_H

#include <emu/device/copier.h>
#include <emu/event.h>
#include <emu/irq.h>

#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum {
    SEED = 77,
    LEVEL = 5,
    BEAT_NS = 1000,
    PAGES = 4,
    BYTES = PAGES * EMU_PAGE_SIZE,
    MEMORY = 65536,
    A_WHILE = 1000 * BEAT_NS,
};

#define WINDOW 0xFE000000ull

/* One machine's copier with a driver's view of it. Lives on the test's stack; every run fills it anew. */
struct bench {
    struct emu_copier_config config;
    enum emu_trigger trigger;
    bool keep_asserted; /* the handler acknowledges nothing */
    struct emu_machine *m;
    struct emu_copier *copier;
    char *registers;
    uint8_t *buffer;
    uint64_t physical;
    unsigned interrupts;
    uint32_t causes;
};

static inline uint64_t get(struct bench *b, uint32_t offset, unsigned width)
{
    uint64_t value = 0;
    rig_expect(emu_bus_read(b->m, b->registers + offset, width, &value));
    return value;
}

static inline uint32_t get32(struct bench *b, uint32_t offset)
{
    return (uint32_t)get(b, offset, 4);
}

static inline void put32(struct bench *b, uint32_t offset, uint32_t value)
{
    rig_expect(emu_bus_write(b->m, b->registers + offset, 4, value));
}

static inline void put64(struct bench *b, uint32_t offset, uint64_t value)
{
    rig_expect(emu_bus_write(b->m, b->registers + offset, 8, value));
}

static inline void on_interrupt(struct emu_machine *m, void *context)
{
    struct bench *b = context;
    b->interrupts++;
    if (!b->keep_asserted) {
        uint64_t causes = 0;
        rig_expect(emu_bus_read(m, b->registers + EMU_COPIER_INTERRUPT_TAKE, 4, &causes));
        b->causes |= (uint32_t)causes;
    } else if (b->interrupts == 3) {
        rig_expect(emu_bus_write(m, b->registers + EMU_COPIER_INTERRUPT, 4, EMU_COPIER_INTERRUPT_DONE));
    }
}

static inline void build(struct bench *b)
{
    struct emu_machine *m = emu_current();
    b->m = m;
    b->interrupts = 0;
    b->causes = 0;
    emu_line line = emu_line_add(
        m,
        &(struct emu_line_config){.name = "copier", .trigger = b->trigger, .level = LEVEL, .processors = 1});
    rig_expect(line != 0);
    emu_line_connect(m, line, on_interrupt, b);
    b->config.window = WINDOW;
    b->config.line = line;
    b->config.seed = SEED;
    b->copier = emu_copier_create(m, &b->config);
    rig_expect(b->copier != NULL);
    b->registers = emu_bus_map(m, WINDOW, EMU_COPIER_WINDOW_BYTES);
    rig_expect(b->registers != NULL);
    b->buffer = emu_ram_alloc(m, &(struct emu_ram_request){.pages = PAGES, .contiguous = true});
    rig_expect(b->buffer != NULL);
    b->physical = emu_ram_physical(m, b->buffer);
    put32(b, EMU_COPIER_CONTROL, EMU_COPIER_CONTROL_INTERRUPTS);
}

static inline void push(struct bench *b, uint64_t address, uint32_t length)
{
    put64(b, EMU_COPIER_ADDRESS_LOW, address);
    put32(b, EMU_COPIER_LENGTH, length);
}

static inline void start(struct bench *b, uint32_t offset, uint32_t doorbell)
{
    put32(b, EMU_COPIER_OFFSET, offset);
    put32(b, EMU_COPIER_DOORBELL, doorbell);
}

static inline void wait_for_end(struct bench *b)
{
    for (unsigned i = 0; i < 1000 && (get32(b, EMU_COPIER_STATUS) & EMU_COPIER_STATUS_BUSY); i++) {
        emu_stall(b->m, BEAT_NS);
    }
}

static inline void expect_status(struct bench *b, uint32_t status, enum emu_copier_reason reason)
{
    rig_expect_equal(get32(b, EMU_COPIER_STATUS),
                     status | (uint32_t)reason << EMU_COPIER_STATUS_REASON_SHIFT);
}

static inline void expect_pattern(const uint8_t *bytes, uint32_t offset, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        rig_expect_equal(bytes[i], emu_copier_pattern(SEED, (offset + i) % MEMORY));
    }
}

static inline void fill(uint8_t *bytes, uint32_t length, uint32_t salt)
{
    for (uint32_t i = 0; i < length; i++) {
        bytes[i] = (uint8_t)(i * 3 + i / 256 + salt);
    }
}

static inline void run(struct bench *b, void (*body)(void *))
{
    struct emu_machine *m = rig_machine(&(struct emu_config){.profile = EMU_PROFILE_TYPICAL}, NULL);
    struct rig_outcome outcome;
    rig_run(m, body, b, &outcome);
    rig_assert_idle(&outcome);
    emu_machine_destroy(m);
}

#endif
