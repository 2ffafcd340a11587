/*
 * What the pair of 8237 does wrong when it is allowed to, one misdeed at a time, as its software and the
 * peripheral see it; and that nothing is asked of one that is not.
 */
#include "tests/emu/i8237_bench.h"

#include <emu/misdeed.h>

enum {
    CHANNEL = 1,
    LENGTH = 64,
    BYTES_OF_NOBODY = 64, /* behind the transfer */
    EMPTY = 0xEE,
    LONG_AFTER = 5000 * BEAT_NS,
    IN_THE_MIDDLE = BEAT_NS + BEAT_NS / 2,
    ENDED = 1 << CHANNEL, /* in STATUS */
    TO_MEMORY = EMU_I8237_MODE_SINGLE | EMU_I8237_MODE_TO_MEMORY
};

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
    uint32_t misdeeds;
    uint32_t settings; /* of the mode */
    void (*body)(struct bench *b);
    struct bench bench;
};

static void try_it(void *context)
{
    struct trial *t = context;
    struct bench *b = &t->bench;
    build(b);
    emu_i8237_set_misdeeds(b->pair, t->misdeeds);
    rig_expect(emu_i8237_attach(b->pair, CHANNEL, &box_ops, &b->box));
    for (unsigned i = 0; i < BOX_BYTES; i++)
        b->box.bytes[i] = (uint8_t)i;
    memset(b->memory, EMPTY, LENGTH + BYTES_OF_NOBODY);
    start(b, CHANNEL, TO_MEMORY | t->settings, b->physical, LENGTH);
    t->body(b);
}

static void start_trial(void *context)
{
    rig_thread("driver", 0, try_it, context);
}

/* The body, with a transfer under way of a pair that may do this; returns how often it was asked. */
static unsigned run_culprit(uint32_t misdeeds, uint32_t settings, void (*body)(struct bench *b))
{
    static struct trial trial;
    struct emu_machine *m = rig_machine(&(struct emu_config){.profile = EMU_PROFILE_TYPICAL}, NULL);
    trial = (struct trial){.misdeeds = misdeeds, .settings = settings, .body = body};
    const struct emu_program program = {"culprit", start_trial, NULL, &trial};
    struct culprit c = {.base = {.name = "culprit", .choose = commit}};
    struct rig_outcome outcome;
    rig_run_program(m, &program, &c.base, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
    return c.asked;
}

/* Bytes of the transfer that are in memory, from the first on. */
static unsigned moved(const struct bench *b)
{
    unsigned count = 0;
    while (count < LENGTH + BYTES_OF_NOBODY && b->memory[count] == (uint8_t)count)
        count++;
    return count;
}

static unsigned status_of(struct bench *b)
{
    return get(b, CHANNEL, EMU_I8237_STATUS) & ENDED;
}

static unsigned count_of(struct bench *b)
{
    return get16(b, CHANNEL, EMU_I8237_COUNT);
}

/* All is moved, and was told so often; STATUS says it as long as nobody has read it. */
static void expect_moved(struct bench *b, unsigned ends, unsigned status)
{
    rig_expect_equal(moved(b), LENGTH);
    rig_expect_equal(b->box.ends, ends);
    rig_expect_equal(status_of(b), status);
    rig_expect_equal(count_of(b), 0xFFFF);
}

static void early(struct bench *b)
{
    emu_stall(b->m, IN_THE_MIDDLE);
    rig_expect_equal(moved(b), LENGTH / 2);
    rig_expect_equal(b->box.ends, 1);
    rig_expect_equal(status_of(b), ENDED);
    emu_stall(b->m, LONG_AFTER);
    expect_moved(b, 1, 0);
}

static void late(struct bench *b)
{
    emu_stall(b->m, A_WHILE);
    expect_moved(b, 0, 0);
    emu_stall(b->m, LONG_AFTER);
    expect_moved(b, 1, ENDED);
}

static void twice(struct bench *b)
{
    emu_stall(b->m, 2 * BEAT_NS + BEAT_NS / 2);
    expect_moved(b, 1, ENDED);
    emu_stall(b->m, LONG_AFTER);
    expect_moved(b, 2, ENDED);
}

static void spurious(struct bench *b)
{
    emu_stall(b->m, IN_THE_MIDDLE);
    rig_expect_equal(b->box.ends, 1);
    rig_expect_equal(status_of(b), 0);
    emu_stall(b->m, LONG_AFTER);
    expect_moved(b, 2, ENDED);
}

static void never(struct bench *b)
{
    emu_stall(b->m, LONG_AFTER);
    expect_moved(b, 0, 0);
}

static void is_short(struct bench *b)
{
    emu_stall(b->m, LONG_AFTER);
    rig_expect_equal(moved(b), LENGTH / 2);
    rig_expect_equal(b->box.ends, 1);
    rig_expect_equal(status_of(b), ENDED);
    rig_expect_equal(count_of(b), LENGTH / 2 - 1);
}

static void beyond(struct bench *b)
{
    emu_stall(b->m, LONG_AFTER);
    rig_expect_equal(moved(b), LENGTH + 16);
    rig_expect_equal(b->box.ends, 1);
}

static void behind(struct bench *b)
{
    emu_stall(b->m, LONG_AFTER);
    rig_expect_equal(moved(b), LENGTH);
    rig_expect_equal(status_of(b), ENDED);
    rig_expect_equal(count_of(b), LENGTH / 2 - 1);
}

static void after_mask(struct bench *b)
{
    emu_stall(b->m, IN_THE_MIDDLE);
    set_mask(b, CHANNEL, true);
    rig_expect_equal(moved(b), LENGTH / 2);
    emu_stall(b->m, LONG_AFTER);
    rig_expect_equal(moved(b), LENGTH);
    rig_expect_equal(b->box.ends, 0);
    rig_expect_equal(count_of(b), LENGTH / 2 - 1);
}

/* rule: EMU-MISDEED-2 */
static void each_misdeed_of_the_pair_is_seen_in_its_registers_and_by_the_peripheral(void **state)
{
    static const struct {
        uint32_t misdeed;
        void (*body)(struct bench *b);
    } trials[] = {{EMU_MISDEED_EARLY, early},   {EMU_MISDEED_LATE, late},
                  {EMU_MISDEED_TWICE, twice},   {EMU_MISDEED_SPURIOUS, spurious},
                  {EMU_MISDEED_NEVER, never},   {EMU_MISDEED_SHORT, is_short},
                  {EMU_MISDEED_BEYOND, beyond}, {EMU_MISDEED_AFTER_RESET, after_mask},
                  {EMU_MISDEED_COUNT, behind}};
    (void)state;
    for (size_t i = 0; i < sizeof trials / sizeof trials[0]; i++)
        assert_int_equal(run_culprit(trials[i].misdeed, 0, trials[i].body), 1);
}

static void faithful(struct bench *b)
{
    emu_stall(b->m, LONG_AFTER);
    expect_moved(b, 1, ENDED);
}

static void goes_round(struct bench *b)
{
    emu_stall(b->m, A_WHILE);
    rig_expect(b->box.ends > 1);
}

/* rule: EMU-MISDEED-1 */
static void a_faithful_pair_and_one_that_goes_round_are_asked_nothing(void **state)
{
    (void)state;
    assert_int_equal(run_culprit(0, 0, faithful), 0);
    assert_int_equal(run_culprit(EMU_MISDEEDS_ALL, EMU_I8237_MODE_AUTO_INITIALIZE, goes_round), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_misdeed_of_the_pair_is_seen_in_its_registers_and_by_the_peripheral),
        cmocka_unit_test(a_faithful_pair_and_one_that_goes_round_are_asked_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
