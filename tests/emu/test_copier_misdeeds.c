/*
 * What a copier does wrong when it is allowed to, one misdeed at a time, as its driver sees it; and that
 * nothing is asked of one that is not.
 */
#include "tests/emu/copier_bench.h"

#include <emu/misdeed.h>

enum { LENGTH = 256, HALF = LENGTH / 2, LONG_AFTER = 5000 * BEAT_NS, LIST = 2 * EMU_PAGE_SIZE };

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
    void (*body)(struct bench *b);
};

static void try_it(void *context)
{
    struct trial *t = context;
    build(&t->bench);
    t->body(&t->bench);
}

static void start_trial(void *context)
{
    rig_thread("driver", 0, try_it, context);
}

/* The body with a copier that may do this; returns how often it was asked. */
static unsigned run_culprit(uint32_t misdeeds, void (*body)(struct bench *b))
{
    struct emu_machine *m = rig_machine(&(struct emu_config){.profile = EMU_PROFILE_TYPICAL}, NULL);
    struct trial trial = {.bench = {.trigger = EMU_TRIGGER_LEVEL, .config = {.misdeeds = misdeeds}},
                          .body = body};
    const struct emu_program program = {"culprit", start_trial, NULL, &trial};
    struct culprit c = {.base = {.name = "culprit", .choose = commit}};
    struct rig_outcome outcome;
    rig_run_program(m, &program, &c.base, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
    return c.asked;
}

/* To memory: the copier's first bytes. */
static void transfer(struct bench *b)
{
    push(b, b->physical, LENGTH);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
}

static bool has_all(const struct bench *b)
{
    return b->buffer[LENGTH - 1] == emu_copier_pattern(SEED, LENGTH - 1);
}

static void early(struct bench *b)
{
    transfer(b);
    while (b->interrupts == 0)
        emu_stall(b->m, BEAT_NS / 4);
    rig_expect(!has_all(b) && (get32(b, EMU_COPIER_STATUS) & EMU_COPIER_STATUS_BUSY) != 0);
    emu_stall(b->m, LONG_AFTER);
    rig_expect(has_all(b) && b->interrupts == 1);
    expect_status(b, EMU_COPIER_STATUS_DONE, EMU_COPIER_REASON_NONE);
}

static void late(struct bench *b)
{
    transfer(b);
    wait_for_end(b);
    rig_expect(has_all(b) && b->interrupts == 0);
    emu_stall(b->m, LONG_AFTER);
    rig_expect(b->interrupts == 1 && b->causes == EMU_COPIER_INTERRUPT_DONE);
}

static void twice(struct bench *b)
{
    transfer(b);
    emu_stall(b->m, LONG_AFTER);
    rig_expect(has_all(b) && b->interrupts == 2);
}

static void spurious(struct bench *b)
{
    transfer(b);
    while (b->interrupts == 0)
        emu_stall(b->m, BEAT_NS / 4);
    rig_expect(b->causes == 0);
    emu_stall(b->m, LONG_AFTER);
    rig_expect(b->interrupts == 2 && b->causes == EMU_COPIER_INTERRUPT_DONE);
}

static void never(struct bench *b)
{
    transfer(b);
    emu_stall(b->m, LONG_AFTER);
    rig_expect(has_all(b) && b->interrupts == 0);
    expect_status(b, EMU_COPIER_STATUS_DONE, EMU_COPIER_REASON_NONE);
}

static void is_short(struct bench *b)
{
    transfer(b);
    emu_stall(b->m, LONG_AFTER);
    rig_expect(!has_all(b) && b->interrupts == 1);
    rig_expect_equal(get32(b, EMU_COPIER_COUNT_LOW), HALF);
    expect_status(b, EMU_COPIER_STATUS_DONE, EMU_COPIER_REASON_NONE);
}

static void error(struct bench *b)
{
    transfer(b);
    emu_stall(b->m, LONG_AFTER);
    rig_expect(!has_all(b) && b->causes == EMU_COPIER_INTERRUPT_ERROR);
    expect_status(b, EMU_COPIER_STATUS_ERROR, EMU_COPIER_REASON_DEVICE);
}

static void beyond(struct bench *b)
{
    memset(b->buffer, 0, BYTES);
    transfer(b);
    emu_stall(b->m, LONG_AFTER);
    rig_expect_equal(b->buffer[LENGTH], emu_copier_pattern(SEED, LENGTH));
    expect_status(b, EMU_COPIER_STATUS_DONE, EMU_COPIER_REASON_NONE);
}

/* A list in memory of one piece; returns where it is marked. */
static uint8_t *transfer_list(struct bench *b)
{
    uint8_t *descriptor = b->buffer + LIST;
    const uint64_t address = b->physical;
    const uint32_t length = LENGTH;
    memset(b->buffer, 0, BYTES);
    memcpy(descriptor, &address, sizeof address);
    memcpy(descriptor + sizeof address, &length, sizeof length);
    put32(b, EMU_COPIER_CONTROL, EMU_COPIER_CONTROL_INTERRUPTS | EMU_COPIER_CONTROL_WRITE_BACK);
    put64(b, EMU_COPIER_LIST_LOW, b->physical + LIST);
    put32(b, EMU_COPIER_LIST_LENGTH, 1);
    start(b, 0, EMU_COPIER_DOORBELL_TO_MEMORY);
    return descriptor + EMU_COPIER_DESCRIPTOR_MARK;
}

static void status_first(struct bench *b)
{
    const volatile uint8_t *mark = transfer_list(b);
    while (*mark != EMU_COPIER_MARK_MOVED)
        emu_stall(b->m, BEAT_NS / 4);
    rig_expect(!has_all(b));
    emu_stall(b->m, LONG_AFTER);
    rig_expect(has_all(b));
}

static void data_first(struct bench *b)
{
    const volatile uint8_t *mark = transfer_list(b);
    while (*mark != EMU_COPIER_MARK_MOVED)
        emu_stall(b->m, BEAT_NS / 4);
    rig_expect(has_all(b));
}

static void after_reset(struct bench *b)
{
    memset(b->buffer, 0, BYTES);
    transfer(b);
    while (b->buffer[0] != emu_copier_pattern(SEED, 0))
        emu_stall(b->m, BEAT_NS / 4);
    put32(b, EMU_COPIER_CONTROL, EMU_COPIER_CONTROL_RESET | EMU_COPIER_CONTROL_INTERRUPTS);
    rig_expect_equal(get32(b, EMU_COPIER_STATUS), 0);
    rig_expect(!has_all(b));
    emu_stall(b->m, LONG_AFTER);
    rig_expect(has_all(b) && b->interrupts == 1);
    rig_expect_equal(get32(b, EMU_COPIER_STATUS), 0);
}

/* rule: EMU-MISDEED-2 */
static void each_misdeed_is_what_its_name_says(void **state)
{
    (void)state;
    static const struct {
        uint32_t misdeed;
        void (*body)(struct bench *b);
    } misdeeds[] = {
        {EMU_MISDEED_EARLY, early},
        {EMU_MISDEED_LATE, late},
        {EMU_MISDEED_TWICE, twice},
        {EMU_MISDEED_SPURIOUS, spurious},
        {EMU_MISDEED_NEVER, never},
        {EMU_MISDEED_SHORT, is_short},
        {EMU_MISDEED_ERROR, error},
        {EMU_MISDEED_BEYOND, beyond},
        {EMU_MISDEED_STATUS_FIRST, status_first},
        {EMU_MISDEED_AFTER_RESET, after_reset},
    };
    for (unsigned i = 0; i < sizeof misdeeds / sizeof misdeeds[0]; i++)
        assert_int_equal(run_culprit(misdeeds[i].misdeed, misdeeds[i].body), 1);
}

/* rule: EMU-MISDEED-1 */
static void a_copier_that_may_do_nothing_wrong_is_asked_nothing(void **state)
{
    (void)state;
    assert_int_equal(run_culprit(0, data_first), 0);
    assert_int_equal(run_culprit(EMU_MISDEED_AFTER_RESET, data_first), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_misdeed_is_what_its_name_says),
        cmocka_unit_test(a_copier_that_may_do_nothing_wrong_is_asked_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
