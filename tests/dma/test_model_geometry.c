/*
 * Mapping geometry against the model, exhaustively for small sizes: on every platform, for devices of every
 * kind, every chain of up to three small MDLs with every part whose ends are at a boundary or beside one.
 *
 * All limits of 1 to 4 map registers and elements are tried with every part of every single MDL; with longer
 * chains they, the direction and the call take turns, since those have many more parts.
 */
#include "geometry_bench.h"
#include "slow_build.h"

enum {
    STEPS_ENOUGH = 1u << 30,
    LIMIT_MAX = 4,
    MARKS_MAX = 32,
    LONG_CHAIN = 3,
    SHAPES_STEP = SLOW_BUILD ? 4 : 2
};

static const uint32_t offsets[] = {0, 1, PAGE_SIZE - 1};
static const uint32_t sizes[] = {0, 1, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1};
enum {
    OFFSETS = sizeof offsets / sizeof offsets[0],
    SIZES = sizeof sizes / sizeof sizes[0],
    SHAPES = OFFSETS * SIZES,
};
/* Of chains of three: at the start and the end of a page; nothing, a byte, a page. */
static const struct geometry_shape few_shapes[] = {
    {0, 0}, {0, 1}, {0, PAGE_SIZE}, {PAGE_SIZE - 1, 0}, {PAGE_SIZE - 1, 1}, {PAGE_SIZE - 1, PAGE_SIZE},
};
enum { FEW_SHAPES = sizeof few_shapes / sizeof few_shapes[0] };

static const struct {
    uint32_t width;
    bool scatter_gather;
} devices[] = {{64, true}, {32, true}, {24, false}, {64, false}};
enum { DEVICES = sizeof devices / sizeof devices[0] };

/* ---- Parts ----------------------------------------------------------------------------------- */

/* Places in the chain at which a part may begin or end, rising. */
struct marks {
    uint32_t at[MARKS_MAX];
    uint32_t count;
};

static void mark(struct marks *marks, uint32_t at, uint32_t bytes)
{
    uint32_t place = marks->count;
    if (at > bytes)
        return;
    while (place > 0 && marks->at[place - 1] > at)
        place--;
    if (place > 0 && marks->at[place - 1] == at)
        return;
    rig_expect(marks->count < MARKS_MAX);
    memmove(&marks->at[place + 1], &marks->at[place], (marks->count - place) * sizeof marks->at[0]);
    marks->at[place] = at;
    marks->count++;
}

static void mark_around(struct marks *marks, uint32_t at, uint32_t bytes)
{
    if (at > 0)
        mark(marks, at - 1, bytes);
    mark(marks, at, bytes);
    mark(marks, at + 1, bytes);
}

/* Every page boundary and every MDL's end, and the bytes beside them. */
static void mark_chain(const struct geometry_bench *b, struct marks *marks)
{
    uint32_t begin = 0;
    *marks = (struct marks){0};
    mark_around(marks, 0, b->bytes);
    for (uint32_t p = 0; p < b->pieces_count; begin += b->pieces[p].bytes, p++) {
        for (uint32_t at = PAGE_SIZE - b->pieces[p].offset; at < b->pieces[p].bytes; at += PAGE_SIZE)
            mark_around(marks, begin + at, b->bytes);
        mark_around(marks, begin + b->pieces[p].bytes, b->bytes);
    }
}

/* ---- Cases ----------------------------------------------------------------------------------- */

/* More registers or elements than one beyond the part's pages are like that one. */
static void check_all_limits(struct geometry_bench *b, struct geometry_case what)
{
    uint32_t pages =
        ADDRESS_AND_SIZE_TO_SPAN_PAGES((ULONG_PTR)b->pieces[0].offset + what.offset, what.length);
    uint32_t limit_max = pages < LIMIT_MAX ? pages + 1 : LIMIT_MAX;
    for (unsigned to_device = 0; to_device < 2; to_device++) {
        what.to_device = to_device != 0;
        for (what.registers = 1; what.registers <= limit_max; what.registers++) {
            what.call = GEOMETRY_MAP;
            geometry_check(b, &what);
            what.call = GEOMETRY_MAP_EX;
            for (what.elements = 1; what.elements <= limit_max; what.elements++)
                geometry_check(b, &what);
        }
        for (what.call = GEOMETRY_GET; what.call < GEOMETRY_CALLS; what.call++) {
            what.fail_on_bounce = what.to_device;
            geometry_check(b, &what);
        }
    }
}

/* Limits, direction and call by turns. Half of the calls are MapTransferEx, which has the limits. */
static void check_by_turns(struct geometry_bench *b, struct geometry_case what)
{
    uint32_t turn = b->turn * 7 + what.offset + what.length;
    what.to_device = turn / 2 % 2 != 0;
    what.fail_on_bounce = turn / 4 % 2 != 0;
    what.registers = 1 + turn / 3 % LIMIT_MAX;
    what.elements = 1 + turn / 5 % LIMIT_MAX;
    what.call = turn % 2 == 0 ? GEOMETRY_MAP_EX : (enum geometry_call_kind)(turn / 7 % GEOMETRY_CALLS);
    geometry_check(b, &what);
}

static void check_chain(struct geometry_bench *b, const struct geometry_shape *shapes, uint32_t count)
{
    struct marks marks;
    /* Behind a remapping unit it does not matter which frames they are; longer chains take turns. */
    unsigned step = b->device.remapped || count > 1 ? GEOMETRY_FRAMES / 2 : 1;
    unsigned first = count > 1 ? b->chains++ % step : 0;
    for (unsigned frames = first; frames < GEOMETRY_FRAMES; frames += step) {
        geometry_chain(b, shapes, count, (enum geometry_frames)frames);
        mark_chain(b, &marks);
        for (uint32_t from = 0; from < marks.count; from++)
            for (uint32_t to = from + 1; to < marks.count; to++) {
                struct geometry_case what = {.offset = marks.at[from],
                                             .length = marks.at[to] - marks.at[from]};
                if (count == 1)
                    check_all_limits(b, what);
                else
                    check_by_turns(b, what);
            }
    }
}

static struct geometry_shape shape(uint32_t number)
{
    return (struct geometry_shape){offsets[number / SIZES], sizes[number % SIZES]};
}

static void check_single_mdls(struct geometry_bench *b)
{
    for (uint32_t i = 0; i < SHAPES; i++)
        check_chain(b, (struct geometry_shape[]){shape(i)}, 1);
}

static void check_two_mdls(struct geometry_bench *b)
{
    for (uint32_t i = 0; i < SHAPES * SHAPES; i += SHAPES_STEP)
        check_chain(b, (struct geometry_shape[]){shape(i / SHAPES), shape(i % SHAPES)}, 2);
}

static void check_three_mdls(struct geometry_bench *b)
{
    for (uint32_t i = 0; i < FEW_SHAPES * FEW_SHAPES * FEW_SHAPES; i += SHAPES_STEP)
        check_chain(b,
                    (struct geometry_shape[]){few_shapes[i / FEW_SHAPES / FEW_SHAPES],
                                              few_shapes[i / FEW_SHAPES % FEW_SHAPES],
                                              few_shapes[i % FEW_SHAPES]},
                    LONG_CHAIN);
}

/* ---- Tests ----------------------------------------------------------------------------------- */

struct shown {
    unsigned device;
    void (*check)(struct geometry_bench *b);
};

static void body(void *context)
{
    const struct shown *shown = context;
    shown->check(geometry_open(devices[shown->device].width, devices[shown->device].scatter_gather));
}

static void on_every_platform(void (*check)(struct geometry_bench *b))
{
    const struct haldma_platform *platform;
    for (unsigned i = 0; (platform = haldma_platform_at(i)) != NULL; i++) {
        struct haldma_config config;
        haldma_platform_configure(platform, &config);
        config.machine.step_limit = STEPS_ENOUGH;
        struct emu_machine *m = world_machine(&config);
        /* Slow builds: the devices take turns. */
        for (unsigned device = SLOW_BUILD ? i % DEVICES : 0; device < DEVICES;
             device += SLOW_BUILD ? DEVICES : 1) {
            struct shown shown = {device, check};
            struct rig_outcome outcome;
            rig_run(m, body, &shown, &outcome);
            rig_assert_idle(&outcome);
        }
        emu_machine_destroy(m);
    }
}

/* rule: DMA-MAP-1, DMA-MAP-2, DMA-MAP-3, DMA-MAP-4, DMA-MAP-6, DMA-MAP-11, DMA-REG-4 */
static void every_part_of_an_mdl_is_mapped_as_the_model_says_with_every_limit(void **state)
{
    (void)state;
    on_every_platform(check_single_mdls);
}

/* rule: DMA-MAP-1, DMA-MAP-2, DMA-MAP-3, DMA-MAP-4, DMA-MAP-6, DMA-LIST-2, DMA-LIST-3 */
static void every_part_of_two_mdls_is_mapped_as_the_model_says(void **state)
{
    (void)state;
    on_every_platform(check_two_mdls);
}

/* rule: DMA-MAP-1, DMA-MAP-2, DMA-MAP-3, DMA-MAP-4, DMA-MAP-6, DMA-LIST-2, DMA-LIST-3 */
static void every_part_of_three_mdls_is_mapped_as_the_model_says(void **state)
{
    (void)state;
    on_every_platform(check_three_mdls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_of_an_mdl_is_mapped_as_the_model_says_with_every_limit),
        cmocka_unit_test(every_part_of_two_mdls_is_mapped_as_the_model_says),
        cmocka_unit_test(every_part_of_three_mdls_is_mapped_as_the_model_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
