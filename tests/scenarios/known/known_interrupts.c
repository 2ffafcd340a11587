/*
 * Programs with interrupts and DPCs whose number of classes brute force gives. They need the bare machine
 * only: a DPC is what runs at a software interrupt of level DISPATCH.
 */
#include "known_programs.h"

#include "shared.h"

#include <emu/cpu.h>
#include <emu/irq.h>

enum {
    LOW_LEVEL = 3,
    HIGH_LEVEL = 5,
    WRITTEN_BY_LOW = 1,
    WRITTEN_BY_HIGH,
    WRITTEN_BY_DPC,
    WRITTEN_BY_THREAD
};

/* Whoever reads, and what it has seen. */
enum reader { FIRST_THREAD, SECOND_THREAD, LOW_HANDLER, DPC, READERS, SEEN_BASE = 8 };

struct interrupt_board {
    shared_word x, y;
    emu_line low, high;
    uint64_t seen[READERS];
};

/* A scenario's own, made anew by each run's set_up. */
static struct interrupt_board *board;

static void look(enum reader who, const shared_word *w)
{
    board->seen[who] = board->seen[who] * SEEN_BASE + shared_read(w) + 1;
}

static void begin(void)
{
    shared_describe();
    board = emu_arena_alloc(emu_current(), sizeof *board);
}

static emu_line line_of(uint8_t level, unsigned processor, emu_interrupt_fn *handler)
{
    struct emu_machine *m = emu_current();
    emu_line line = emu_line_add(m, &(struct emu_line_config){.name = "line",
                                                              .trigger = EMU_TRIGGER_EDGE,
                                                              .level = level,
                                                              .processors = (uint64_t)1 << processor});
    emu_line_connect(m, line, handler, NULL);
    return line;
}

/* ---- interrupt(1): one level on one processor ---- */

static void write_x(struct emu_machine *m, void *context)
{
    (void)m;
    (void)context;
    shared_write(&board->x, WRITTEN_BY_LOW);
}

static void raise_and_look(void *context)
{
    (void)context;
    emu_line_raise(emu_current(), board->low);
    look(FIRST_THREAD, &board->x);
    look(FIRST_THREAD, &board->y);
    look(FIRST_THREAD, &board->x);
}

static void one_level(void)
{
    board->low = line_of(LOW_LEVEL, 0, write_x);
    shared_thread("thread", 0, raise_and_look, NULL);
}

/* ---- interrupt(2): two levels on one processor, of which the higher comes between steps of the lower ----
 */

static void look_and_write(struct emu_machine *m, void *context)
{
    (void)m;
    (void)context;
    look(LOW_HANDLER, &board->y);
    shared_write(&board->x, WRITTEN_BY_LOW);
    look(LOW_HANDLER, &board->y);
}

static void write_y(struct emu_machine *m, void *context)
{
    (void)m;
    (void)context;
    shared_write(&board->y, WRITTEN_BY_HIGH);
}

static void raise_both(void *context)
{
    (void)context;
    emu_line_raise(emu_current(), board->low);
    emu_line_raise(emu_current(), board->high);
    look(FIRST_THREAD, &board->x);
    look(FIRST_THREAD, &board->y);
}

static void two_levels(void)
{
    board->low = line_of(LOW_LEVEL, 0, look_and_write);
    board->high = line_of(HIGH_LEVEL, 0, write_y);
    shared_thread("thread", 0, raise_both, NULL);
}

/* ---- interrupt(3): raised on one processor, delivered to a thread of another ---- */

static void write_then_look(struct emu_machine *m, void *context)
{
    (void)m;
    (void)context;
    shared_write(&board->x, WRITTEN_BY_LOW);
    look(LOW_HANDLER, &board->y);
}

static void raise_then_look(void *context)
{
    (void)context;
    shared_write(&board->y, WRITTEN_BY_THREAD);
    emu_line_raise(emu_current(), board->low);
    look(FIRST_THREAD, &board->x);
}

static void interrupted(void *context)
{
    (void)context;
    look(SECOND_THREAD, &board->x);
    shared_write(&board->y, WRITTEN_BY_THREAD + 1);
}

static void two_processors(void)
{
    board->low = line_of(LOW_LEVEL, 1, write_then_look);
    shared_thread("raising", 0, raise_then_look, NULL);
    shared_thread("interrupted", 1, interrupted, NULL);
}

void known_interrupt(unsigned n)
{
    static void (*const programs[])(void) = {one_level, two_levels, two_processors};
    begin();
    programs[n - 1]();
}

/* ---- dpc(1): a handler queues a DPC of its processor, a thread of the other one looks on ---- */

static void queue_dpc(struct emu_machine *m, void *context)
{
    (void)context;
    shared_write(&board->x, WRITTEN_BY_LOW);
    emu_soft_request(m, emu_cpu(m), EMU_LEVEL_DISPATCH, false);
}

static void dpc(struct emu_machine *m, unsigned processor)
{
    (void)m;
    (void)processor;
    look(DPC, &board->x);
    shared_write(&board->y, WRITTEN_BY_DPC);
}

static void raise_and_look_once(void *context)
{
    (void)context;
    emu_line_raise(emu_current(), board->low);
    look(FIRST_THREAD, &board->y);
}

static void look_at_both(void *context)
{
    (void)context;
    look(SECOND_THREAD, &board->y);
    shared_write(&board->x, WRITTEN_BY_THREAD);
}

static void dpc_of_an_interrupt(void)
{
    board->low = line_of(LOW_LEVEL, 0, queue_dpc);
    shared_thread("raising", 0, raise_and_look_once, NULL);
    shared_thread("looking", 1, look_at_both, NULL);
}

/* ---- dpc(2): queued for the other processor, where a thread is interrupted by it ---- */

static void queue_for_the_other(void *context)
{
    (void)context;
    shared_write(&board->x, WRITTEN_BY_THREAD);
    emu_soft_request(emu_current(), 1, EMU_LEVEL_DISPATCH, false);
    look(FIRST_THREAD, &board->y);
}

static void dpc_for_the_other(void)
{
    shared_thread("queueing", 0, queue_for_the_other, NULL);
    shared_thread("looking", 1, look_at_both, NULL);
}

void known_dpc(unsigned n)
{
    static void (*const programs[])(void) = {dpc_of_an_interrupt, dpc_for_the_other};
    begin();
    emu_soft_connect(emu_current(), EMU_LEVEL_DISPATCH, dpc);
    programs[n - 1]();
}

/* ---- What was seen ---- */

uint64_t known_interrupt_outcome(void)
{
    uint64_t outcome = board->x.value * SEEN_BASE + board->y.value;
    for (unsigned i = 0; i < READERS; i++)
        outcome = outcome * SEEN_BASE * SEEN_BASE * SEEN_BASE + board->seen[i];
    return outcome;
}
