/*
 * Small programs with known races, for the tests of exploration and shrinking.
 */
#ifndef TESTS_EMU_RACE_H
#define TESTS_EMU_RACE_H

#include "bare.h"

#include <emu/explore.h>

static inline void race_start(const char *name, unsigned cpu, emu_strand_fn *fn, void *arg)
{
    struct emu_strand_config config = {
        .name = name, .fn = fn, .arg = arg, .cpu = cpu, .must_finish = true, .held = true};
    emu_strand_start(emu_current(), &config);
}

/* ---- Two strands that each take steps and touch nothing: C(2 * steps, steps) interleavings of what they
 * announce ---- */

struct walkers {
    unsigned steps;
};

static inline void walk(void *context)
{
    const struct walkers *w = context;
    for (unsigned i = 0; i < w->steps; i++)
        bare_work(i);
}

static inline void walkers_set_up(void *context)
{
    race_start("left", 0, walk, context);
    race_start("right", 1, walk, context);
}

/* ---- Two strands that each add one to a counter in two steps; with latitude around it that does not matter
 * ---- */

enum { RACE_SITE = EMU_OP_BASE_HOST + 0x20, RACE_NOISE = 3 };

struct counter {
    unsigned value;
    unsigned noise; /* choices that each adder makes besides */
};

static inline void add_one(void *context)
{
    struct counter *c = context;
    for (unsigned i = 0; i < c->noise; i++)
        emu_latitude(emu_current(), RACE_SITE, 3);
    bare_work(1);
    unsigned seen = c->value;
    bare_work(2);
    c->value = seen + 1;
}

static inline void counter_set_up(void *context)
{
    struct counter *c = context;
    c->value = 0;
    race_start("first adder", 0, add_one, c);
    race_start("second adder", 1, add_one, c);
}

static inline void counter_check(void *context)
{
    const struct counter *c = context;
    if (c->value != 2)
        emu_finding_raise(emu_current(), "property", "LOST/01", NULL, "two were added, %u arrived", c->value);
}

static inline struct emu_program counter_program(struct counter *c)
{
    return (struct emu_program){"counter", counter_set_up, counter_check, c};
}

/* Explores with a strategy of the call's own; the caller frees the report. */
static inline struct emu_report explore_with(struct emu_machine *m, const struct emu_program *program,
                                             struct emu_strategy *strategy,
                                             struct emu_explore_options options)
{
    struct emu_report report;
    assert_non_null(strategy);
    emu_explore(m, program, strategy, &options, &report);
    emu_strategy_destroy(strategy);
    return report;
}

#endif
