/*
 * What the system DMA controller does wrong when it is allowed to, one misdeed at a time, as its software
 * sees it; and that nothing is asked of one that is not.
 */
#include "tests/emu/soc_dma_bench.h"

#include <emu/misdeed.h>

enum { LENGTH = 2 * BEAT_BYTES, LONG_AFTER = 5000 * BEAT_NS };

/* Commits the first misdeed that is on offer. */
struct culprit {
    struct emu_strategy base;
    unsigned asked;
};

static uint32_t commit(struct emu_strategy *s, const struct emu_decision *d)
{
    struct culprit *c = (struct culprit *)s;
    return d->kind == EMU_CHOICE_DEVICE && c->asked++ == 0;
}

struct trial {
    struct bench bench;
    uint32_t settings; /* of the transfer */
    void (*body)(struct bench *b);
};

static void try_it(void *context)
{
    struct trial *t = context;
    struct bench *b = &t->bench;
    build(b);
    push(b, 0, b->physical, LENGTH);
    start(b, 0, FIRST_LINE, EMU_SOC_DMA_CHANNEL_TO_MEMORY | t->settings);
    t->body(b);
}

static void start_trial(void *context)
{
    rig_thread("driver", 0, try_it, context);
}

/* The body, with a transfer under way of a controller that may do this; returns how often it was asked. */
static unsigned run_culprit(uint32_t misdeeds, enum emu_trigger trigger, uint32_t settings,
                            void (*body)(struct bench *b))
{
    struct emu_machine *m = rig_machine(&(struct emu_config){.profile = EMU_PROFILE_TYPICAL}, NULL);
    struct trial trial = {
        .bench = {.trigger = trigger, .config = {.misdeeds = misdeeds}}, .settings = settings, .body = body};
    const struct emu_program program = {"culprit", start_trial, NULL, &trial};
    struct culprit c = {.base = {.name = "culprit", .choose = commit}};
    struct rig_outcome outcome;
    rig_run_program(m, &program, &c.base, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
    return c.asked;
}

static bool has_all(const struct bench *b)
{
    return b->buffer[LENGTH - 1] == emu_soc_dma_pattern(FIRST_LINE, LENGTH - 1);
}

static void expect_complete(struct bench *b, unsigned interrupts)
{
    rig_expect(has_all(b));
    rig_expect_equal(b->interrupts, interrupts);
    expect_end(b, 0, EMU_SOC_DMA_CHANNEL_COMPLETE, EMU_SOC_DMA_REASON_NONE);
}

static void early(struct bench *b)
{
    emu_stall(b->m, BEAT_NS + BEAT_NS / 2);
    rig_expect(!has_all(b) && b->interrupts == 1 && b->ended == 1);
    rig_expect_equal(status_of(b, 0), EMU_SOC_DMA_CHANNEL_ACTIVE);
    emu_stall(b->m, LONG_AFTER);
    expect_complete(b, 1);
}

static void late(struct bench *b)
{
    emu_stall(b->m, A_WHILE);
    expect_complete(b, 0);
    emu_stall(b->m, LONG_AFTER);
    expect_complete(b, 1);
    rig_expect_equal(b->ended, 1);
}

static void twice(struct bench *b)
{
    emu_stall(b->m, LONG_AFTER);
    expect_complete(b, 2);
}

static void spurious(struct bench *b)
{
    emu_stall(b->m, BEAT_NS + BEAT_NS / 2);
    rig_expect(b->interrupts == 1 && b->ended == 0);
    emu_stall(b->m, LONG_AFTER);
    expect_complete(b, 2);
    rig_expect_equal(b->ended, 1);
}

static void never(struct bench *b)
{
    emu_stall(b->m, LONG_AFTER);
    expect_complete(b, 0);
}

static void is_short(struct bench *b)
{
    emu_stall(b->m, LONG_AFTER);
    rig_expect(!has_all(b) && b->interrupts == 1);
    rig_expect_equal(count_of(b, 0), LENGTH - BEAT_BYTES);
    expect_end(b, 0, EMU_SOC_DMA_CHANNEL_COMPLETE, EMU_SOC_DMA_REASON_NONE);
}

static void error(struct bench *b)
{
    emu_stall(b->m, LONG_AFTER);
    rig_expect(!has_all(b) && b->interrupts == 1);
    expect_end(b, 0, EMU_SOC_DMA_CHANNEL_ERROR, EMU_SOC_DMA_REASON_DEVICE);
}

static void after_stop(struct bench *b)
{
    emu_stall(b->m, BEAT_NS + BEAT_NS / 2);
    set_control(b, 0, EMU_SOC_DMA_CHANNEL_STOP);
    emu_stall(b->m, LONG_AFTER);
    rig_expect(!has_all(b));
    rig_expect_equal(b->interrupts, 2);
    expect_end(b, 0, EMU_SOC_DMA_CHANNEL_ABORTED, EMU_SOC_DMA_REASON_NONE);
}

/* rule: EMU-MISDEED-2 */
static void each_misdeed_of_the_controller_is_seen_in_its_registers(void **state)
{
    static const struct {
        uint32_t misdeed;
        void (*body)(struct bench *b);
    } trials[] = {{EMU_MISDEED_EARLY, early}, {EMU_MISDEED_LATE, late},
                  {EMU_MISDEED_TWICE, twice}, {EMU_MISDEED_SPURIOUS, spurious},
                  {EMU_MISDEED_NEVER, never}, {EMU_MISDEED_SHORT, is_short},
                  {EMU_MISDEED_ERROR, error}, {EMU_MISDEED_AFTER_RESET, after_stop}};
    (void)state;
    for (size_t i = 0; i < sizeof trials / sizeof trials[0]; i++) {
        assert_int_equal(run_culprit(trials[i].misdeed, EMU_TRIGGER_LEVEL, 0, trials[i].body), 1);
        assert_int_equal(run_culprit(trials[i].misdeed, EMU_TRIGGER_EDGE, 0, trials[i].body), 1);
    }
}

static void faithful(struct bench *b)
{
    emu_stall(b->m, LONG_AFTER);
    expect_complete(b, 1);
}

static void goes_round(struct bench *b)
{
    emu_stall(b->m, A_WHILE);
    rig_expect(b->interrupts > 1);
    put(b, EMU_SOC_DMA_CONTROL, EMU_SOC_DMA_CONTROL_RESET);
}

/* rule: EMU-MISDEED-1 */
static void a_faithful_controller_and_a_loop_are_asked_nothing(void **state)
{
    (void)state;
    assert_int_equal(run_culprit(0, EMU_TRIGGER_LEVEL, 0, faithful), 0);
    assert_int_equal(run_culprit(EMU_MISDEEDS_ALL, EMU_TRIGGER_LEVEL, EMU_SOC_DMA_CHANNEL_LOOP, goes_round),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_misdeed_of_the_controller_is_seen_in_its_registers),
        cmocka_unit_test(a_faithful_controller_and_a_loop_are_asked_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
