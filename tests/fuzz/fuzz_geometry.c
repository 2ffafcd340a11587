/*
 * Fuzz target: mapping geometry against the model, for large chains.
 *
 * An input names a platform, a device, the frames and up to eight MDLs of up to six pages, and then transfers
 * of them until it ends: part, call, direction, map registers and elements.
 */
#include "fuzz_input.h"
#include "geometry_bench.h"

enum {
    PLATFORMS_MAX = 8,
    STEPS_ENOUGH = 1u << 30,
    PIECE_BYTES = 6 * PAGE_SIZE,
    REGISTERS = 64,
    ELEMENTS = 32,
    CASES_MAX = 16,
};

static const struct {
    uint32_t width;
    bool scatter_gather;
} devices[] = {{64, true}, {32, true}, {24, true}, {24, false}, {32, false}, {64, false}};

/* One for each platform, made when first needed. */
static struct emu_machine *machine_for(uint32_t number)
{
    static struct emu_machine *machines[PLATFORMS_MAX];
    if (machines[number] == NULL) {
        struct haldma_config config;
        haldma_platform_configure(haldma_platform_at(number), &config);
        config.machine.step_limit = STEPS_ENOUGH;
        machines[number] = world_machine(&config);
    }
    return machines[number];
}

static uint32_t platforms(void)
{
    uint32_t count = 0;
    while (count < PLATFORMS_MAX && haldma_platform_at(count) != NULL)
        count++;
    return count;
}

static void make_chain(struct geometry_bench *b, struct fuzz_input *in)
{
    struct geometry_shape shapes[MODEL_PIECES_MAX];
    enum geometry_frames frames = (enum geometry_frames)fuzz_below(in, GEOMETRY_FRAMES);
    uint32_t count = 1 + fuzz_below(in, MODEL_PIECES_MAX);
    for (uint32_t i = 0; i < count; i++) {
        shapes[i].offset = fuzz_below(in, PAGE_SIZE);
        shapes[i].bytes = fuzz_below(in, PIECE_BYTES);
    }
    geometry_chain(b, shapes, count, frames);
}

static void body(void *context)
{
    struct fuzz_input *in = context;
    uint32_t device = fuzz_below(in, sizeof devices / sizeof devices[0]);
    struct geometry_bench *b = geometry_open(devices[device].width, devices[device].scatter_gather);
    make_chain(b, in);
    for (uint32_t i = 0; i < CASES_MAX && in->size > 0 && b->bytes > 0; i++) {
        uint32_t offset = fuzz_below(in, b->bytes);
        struct geometry_case what = {
            .offset = offset,
            .length = b->bytes - offset - fuzz_below(in, b->bytes - offset),
            .call = (enum geometry_call_kind)fuzz_below(in, GEOMETRY_CALLS),
            .registers = 1 + fuzz_below(in, REGISTERS),
            .elements = 1 + fuzz_below(in, ELEMENTS),
            .to_device = fuzz_below(in, 2) != 0,
            .fail_on_bounce = fuzz_below(in, 2) != 0,
        };
        geometry_check(b, &what);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    fuzz_run(machine_for(fuzz_below(&in, platforms())), body, &in);
    return 0;
}
