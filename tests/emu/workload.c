/*
 * A run in which a bit of everything happens: see workload.h. Needs no test framework.
 */
#include "workload.h"

#include <emu/bus.h>
#include <emu/choose.h>
#include <emu/cpu.h>
#include <emu/event.h>
#include <emu/irq.h>
#include <emu/mem.h>
#include <emu/strand.h>
#include <emu/trace.h>

#include <stdio.h>

enum { OP_TOUCH = EMU_OP_BASE_HOST, OP_LOCK, OP_UNLOCK, OP_WAIT, OP_HANDLE, OP_SOFT };
enum { ROUNDS = 6, PAGES = 3, DEVICE_LEVEL = 7, TIMER_LEVEL = 13, PERIOD = 400, PACE = 90 };
#define WINDOW 0xE0000000ull

/* Everything lies in the machine's arena, so that a run needs nothing from outside. */
struct workload {
    bool taken;
    uint64_t counter;
    struct emu_strand *sleeper;
    struct emu_event timer;
    struct emu_engine engine;
    emu_line device_line, timer_line;
    uint64_t timer_left, engine_left;
    uint64_t logical;
    char *registers;
    unsigned char *pages;
};

static struct workload *workload(const struct emu_machine *m)
{
    return emu_slot(m, EMU_SLOT_HOST);
}

static bool is_free(const void *context)
{
    return !((const struct workload *)context)->taken;
}

static void handle_device(struct emu_machine *m, void *context)
{
    struct workload *w = context;
    emu_step(m, OP_HANDLE, emu_object_at(m, &w->device_line, "device"), w->counter);
    emu_line_lower(m, w->device_line);
    /* One after the other: the order in which arguments are evaluated is the compiler's. */
    unsigned cpu = emu_choose(m, EMU_CHOICE_ROUTE, OP_HANDLE, 2);
    bool lazy = emu_latitude(m, OP_SOFT, 2) != 0;
    emu_soft_request(m, cpu, EMU_LEVEL_DISPATCH, lazy);
}

static void handle_timer(struct emu_machine *m, void *context)
{
    struct workload *w = context;
    emu_step(m, OP_HANDLE, emu_object_at(m, &w->timer_line, "timer"), w->timer_left);
}

static void soft(struct emu_machine *m, unsigned cpu)
{
    struct workload *w = workload(m);
    emu_step_when(m, OP_LOCK, emu_object_at(m, &w->taken, "lock"), cpu, is_free, w);
    w->taken = true;
    w->counter += 3;
    emu_step(m, OP_UNLOCK, emu_object_at(m, &w->taken, "lock"), cpu);
    w->taken = false;
    if (w->sleeper != NULL) {
        struct emu_strand *s = w->sleeper;
        w->sleeper = NULL;
        emu_strand_ready(m, s);
    }
}

static void tick(struct emu_machine *m, void *context)
{
    struct workload *w = context;
    emu_line_raise(m, w->timer_line);
    if (--w->timer_left > 0)
        emu_event_start(m, &w->timer, emu_now(m) + PERIOD);
}

static void move_data(struct emu_machine *m, void *context)
{
    struct workload *w = context;
    uint64_t word = w->counter * 0x9E3779B97F4A7C15ull;
    emu_bus_dma(m, 1, w->logical + w->engine_left * sizeof word, &word, sizeof word, true);
    if (--w->engine_left > 0)
        emu_engine_start(m, &w->engine, PACE);
    emu_line_raise(m, w->device_line);
}

static uint64_t read_register(void *device, struct emu_machine *m, uint64_t offset, unsigned width)
{
    struct workload *w = device;
    (void)m;
    return w->counter + offset + width;
}

static void write_register(void *device, struct emu_machine *m, uint64_t offset, unsigned width,
                           uint64_t value)
{
    struct workload *w = device;
    (void)offset;
    (void)width;
    w->engine_left = 1 + value % ROUNDS;
    emu_engine_start(m, &w->engine, PACE);
}

static void drive(void *arg)
{
    struct workload *w = arg;
    struct emu_machine *m = emu_current();
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t value = 0;
        void *stack;
        size_t bytes;
        char text[64];
        emu_bus_read(m, w->registers + 8 * i, 4, &value);
        emu_bus_write(m, w->registers, 4, value);
        emu_strand_stack(emu_strand_self(m), &stack, &bytes);
        emu_step(m, OP_TOUCH, emu_object_at(m, &w->pages[i], "byte"),
                 w->pages[i] + emu_ram_physical(m, stack));
        int length = snprintf(text, sizeof text, "round %u at %llu\n", i, (unsigned long long)emu_now(m));
        emu_print(m, text, (size_t)length);
        emu_strand_set_cpu(m, emu_strand_self(m), i % 2);
        emu_stall(m, 10 + value % 50);
    }
}

static void wait_for_soft(void *arg)
{
    struct workload *w = arg;
    struct emu_machine *m = emu_current();
    for (unsigned i = 0; i < 2; i++) {
        w->sleeper = emu_strand_self(m);
        emu_strand_block(m, OP_WAIT, emu_object_at(m, &w->sleeper, "event"));
    }
}

static void contend(void *arg)
{
    struct workload *w = arg;
    struct emu_machine *m = emu_current();
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint8_t old = emu_level_raise(m, EMU_LEVEL_DISPATCH);
        emu_step_when(m, OP_LOCK, emu_object_at(m, &w->taken, "lock"), i, is_free, w);
        w->taken = true;
        w->counter++;
        emu_step(m, OP_UNLOCK, emu_object_at(m, &w->taken, "lock"), i);
        w->taken = false;
        emu_level_lower(m, old);
        void *page = emu_ram_alloc(m, &(struct emu_ram_request){.pages = 1 + i % PAGES, .explore = true});
        emu_step(m, OP_TOUCH, emu_object_at(m, page, "page"), emu_ram_physical(m, page));
        emu_object_forget(m, page);
        emu_ram_free(m, page, 1 + i % PAGES);
    }
}

/* ---- Choices ---- */

struct drawn {
    struct emu_strategy base;
    uint64_t state;
};

static void begin(struct emu_strategy *s, uint64_t run)
{
    (void)s;
    (void)run;
}

static uint32_t choose(struct emu_strategy *s, const struct emu_decision *d)
{
    struct drawn *r = (struct drawn *)s;
    r->state ^= r->state << 13;
    r->state ^= r->state >> 7;
    r->state ^= r->state << 17;
    return (uint32_t)(r->state >> 32) % d->count;
}

static bool end(struct emu_strategy *s)
{
    (void)s;
    return true;
}

static void keep(struct emu_strategy *s)
{
    (void)s;
}

static void start(struct emu_machine *m, const char *name, unsigned cpu, emu_strand_fn *fn, bool must_finish)
{
    struct emu_strand *s = emu_strand_start(
        m, &(struct emu_strand_config){
               .name = name, .fn = fn, .arg = workload(m), .cpu = cpu, .must_finish = must_finish});
    EMU_ASSERT(s != NULL);
}

void workload_run(struct emu_machine *m, uint64_t seed, struct workload_outcome *outcome)
{
    static const struct emu_register_ops ops = {.read = read_register, .write = write_register};
    static char host_memory[EMU_PAGE_SIZE];
    struct drawn drawn = {
        .base = {.name = "drawn", .begin = begin, .choose = choose, .end = end, .destroy = keep},
        .state = seed};
    emu_machine_set_strategy(m, seed != 0 ? &drawn.base : NULL);
    emu_machine_reset(m);
    struct workload *w = emu_arena_alloc(m, sizeof *w);
    emu_set_slot(m, EMU_SLOT_HOST, w);
    w->pages = emu_ram_alloc(m, &(struct emu_ram_request){.pages = PAGES, .explore = true});
    w->logical = emu_ram_physical(m, w->pages);
    w->timer_left = ROUNDS;
    EMU_ASSERT(emu_ram_physical(m, host_memory) != EMU_NO_ADDRESS);
    w->device_line =
        emu_line_add(m, &(struct emu_line_config){.trigger = EMU_TRIGGER_LEVEL, .level = DEVICE_LEVEL});
    w->timer_line = emu_line_add(m, &(struct emu_line_config){.level = TIMER_LEVEL});
    emu_line_connect(m, w->device_line, handle_device, w);
    emu_line_connect(m, w->timer_line, handle_timer, w);
    emu_soft_connect(m, EMU_LEVEL_DISPATCH, soft);
    emu_event_init(m, &w->timer, "timer", tick, w);
    emu_event_start(m, &w->timer, PERIOD);
    emu_engine_init(m, &w->engine, "engine", move_data, w);
    EMU_ASSERT(emu_bus_add_window(m, "device", WINDOW, EMU_PAGE_SIZE, &ops, w));
    w->registers = emu_bus_map(m, WINDOW, EMU_PAGE_SIZE);
    start(m, "driver", 0, drive, true);
    start(m, "waiter", 1, wait_for_soft, false);
    start(m, "contender", 1, contend, true);
    start(m, "rival", 0, contend, true);
    enum emu_stop stop = emu_machine_run(m, 0);
    EMU_ASSERT(stop == EMU_STOP_IDLE);
    emu_machine_set_strategy(m, NULL);
    *outcome = (struct workload_outcome){.hash = emu_trace_hash(m),
                                         .steps = emu_steps(m),
                                         .time = emu_now(m),
                                         .choices = emu_machine_record(m)->length};
}

uint64_t workload_hash(struct emu_machine *m, unsigned runs)
{
    uint64_t hash = 0;
    for (unsigned run = 0; run < runs; run++) {
        struct workload_outcome o;
        workload_run(m, run * 0x9E3779B97F4A7C15ull, &o);
        hash = (hash ^ o.hash ^ o.steps << 40 ^ o.time) * 0x100000001B3ull;
    }
    return hash;
}
