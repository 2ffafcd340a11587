/*
 * What a strand switch and a step cost.
 */
#include "bench.h"

#include "emu/fiber.h"

#include <stdlib.h>

enum {
    SWITCHES = 10 * 1000 * 1000,
    STEPS = 10 * 1000 * 1000,
    STACK_BYTES = 64 * 1024,
    OP = EMU_OP_BASE_HOST
};

static struct emu_fiber here, there;

static void bounce(void *arg)
{
    (void)arg;
    emu_fiber_arrived(&here);
    for (;;)
        emu_fiber_switch(&there, &here);
}

/* One switch: half of a round trip. */
static double switches(void *context)
{
    (void)context;
    double start = bench_now();
    for (int i = 0; i < SWITCHES / 2; i++)
        emu_fiber_switch(&here, &there);
    return (bench_now() - start) / SWITCHES;
}

struct steps {
    double alone;
};

static double steps_alone(void *context)
{
    struct emu_machine *m = context;
    emu_object object = emu_object_new(m, "bench");
    double start = bench_now();
    for (int i = 0; i < STEPS; i++)
        emu_step(m, OP, object, 0);
    return (bench_now() - start) / STEPS;
}

static void measure_steps(void *context)
{
    struct steps *s = context;
    s->alone = bench_median(steps_alone, emu_current());
}

void bench_switch(void)
{
    void *stack = aligned_alloc(EMU_PAGE_SIZE, STACK_BYTES);
    emu_fiber_adopt(&here);
    emu_fiber_init(&there, stack, STACK_BYTES, bounce, NULL);
    bench_line("strand switch", bench_median(switches, NULL), "ns", 0, NULL);
    free(stack);

    struct steps s;
    struct haldma_config config = {.machine = {.step_limit = UINT64_MAX}};
    bench_on_strand(&config, measure_steps, &s);
    bench_line("step of a lone strand", s.alone, "ns", 0, NULL);
}
