/*
 * The register pool and the waiting queue against the model: exhaustively for short sequences of deeds, at
 * random for long ones.
 */
#include "queue_bench.h"
#include "slow_build.h"

enum { STEPS_ENOUGH = 1u << 30 };

/* ---- Every sequence -------------------------------------------------------------------------- */

/* What the deeds of a sequence are taken from. */
struct choice {
    int slots;
    const int *adapters;
    int adapters_count;
    uint32_t registers_max; /* that are asked for: 1, 3, ... */
    uint32_t length;
};

enum { DEEDS_MAX = 256, LENGTH_MAX = 8, LENGTH = SLOW_BUILD ? 3 : 4 };

struct search {
    const struct choice *choice;
    struct queue_bench *bench;
    struct queue_deed path[LENGTH_MAX];
    struct queue_deed deeds[DEEDS_MAX];
    uint32_t deeds_count;
    uint64_t sequences;
};

static void add(struct search *s, enum queue_deed_kind kind, struct model_ask ask)
{
    rig_expect(s->deeds_count < DEEDS_MAX);
    s->deeds[s->deeds_count++] = (struct queue_deed){kind, ask};
}

static void add_allocations(struct search *s, int slot, int adapter)
{
    for (uint32_t n = 1; n <= s->choice->registers_max; n += 2) {
        for (int action = 0; action < MODEL_ACTIONS; action++)
            add(s, QUEUE_ALLOCATE,
                (struct model_ask){slot, adapter, n, false, true, (enum model_action)action});
        add(s, QUEUE_ALLOCATE, (struct model_ask){slot, adapter, n, true, false, MODEL_KEEP});
    }
}

static void list_deeds(struct search *s)
{
    for (int slot = 0; slot < s->choice->slots; slot++) {
        for (int i = 0; i < s->choice->adapters_count; i++)
            add_allocations(s, slot, s->choice->adapters[i]);
        add(s, QUEUE_CANCEL, (struct model_ask){.slot = slot});
        add(s, QUEUE_RELEASE, (struct model_ask){.slot = slot, .action = MODEL_FREE});
        add(s, QUEUE_RELEASE, (struct model_ask){.slot = slot, .action = MODEL_FREE_ALL_BUT_REGISTERS});
        add(s, QUEUE_FREE_REGISTERS, (struct model_ask){.slot = slot});
    }
}

/* Slots are alike: the first that was never used stands for all of those. */
static bool is_needless(const struct model_queue *q, const struct queue_deed *deed)
{
    if (deed->kind == QUEUE_CANCEL && q->requests[deed->ask.slot].stage >= MODEL_OWNS)
        return true; /* changes nothing; said by test_cancel.c */
    return deed->ask.slot > 0 && q->requests[deed->ask.slot - 1].stage == MODEL_FRESH;
}

static void run_sequence(struct search *s)
{
    for (uint32_t i = 0; i < s->choice->length; i++)
        queue_do(s->bench, &s->path[i]);
    queue_drain(s->bench);
    s->sequences++;
}

/* Which deeds are legal is the model's to say: each whole sequence is then done on both. */
static void descend(struct search *s, const struct model_queue *q, uint32_t depth)
{
    if (depth == s->choice->length) {
        run_sequence(s);
        return;
    }
    for (uint32_t i = 0; i < s->deeds_count; i++) {
        if (!queue_is_legal(q, &s->deeds[i]) || is_needless(q, &s->deeds[i]))
            continue;
        struct model_queue next = *q;
        queue_imagine(&next, &s->deeds[i]);
        s->path[depth] = s->deeds[i];
        descend(s, &next, depth + 1);
    }
}

static void every_sequence(void *context)
{
    enum { SEQUENCES_MIN = SLOW_BUILD ? 500 : 10000 };
    struct search *s = haldma_scratch(sizeof *s);
    s->choice = context;
    s->bench = queue_open(s->choice->slots);
    list_deeds(s);
    struct model_queue start = s->bench->model;
    descend(s, &start, 0);
    rig_expect(s->sequences > SEQUENCES_MIN);
}

/* ---- At random ------------------------------------------------------------------------------- */

static uint32_t draw(uint64_t *state, uint32_t count)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)((*state >> 32) % count);
}

static struct queue_deed draw_deed(uint64_t *state)
{
    return (struct queue_deed){
        .kind = (enum queue_deed_kind)draw(state, QUEUE_DEEDS),
        .ask = {.slot = (int)draw(state, MODEL_SLOTS),
                .adapter = (int)draw(state, MODEL_ADAPTERS),
                .registers = draw(state, QUEUE_ADAPTER_REGISTERS + 2),
                .now = draw(state, 4) == 0,
                .has_routine = draw(state, 4) != 0,
                .action = (enum model_action)draw(state, MODEL_ACTIONS)},
    };
}

static void random_sequences(void *context)
{
    enum { DRAWS = SLOW_BUILD ? 20000 : 400000, DRAIN_EVERY = 5000 };
    uint64_t state = 0x9E3779B97F4A7C15ull;
    struct queue_bench *b = queue_open(MODEL_SLOTS);
    (void)context;
    for (uint32_t i = 0; i < DRAWS; i++) {
        struct queue_deed deed = draw_deed(&state);
        if (queue_is_legal(&b->model, &deed))
            queue_do(b, &deed);
        if (i % DRAIN_EVERY == 0)
            queue_drain(b);
    }
    queue_drain(b);
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void run(void (*body)(void *), const struct choice *choice)
{
    struct haldma_config config = queue_config();
    config.machine.step_limit = STEPS_ENOUGH;
    struct emu_machine *m = world_machine(&config);
    struct rig_outcome outcome;
    rig_run(m, body, (void *)(uintptr_t)choice, &outcome);
    rig_assert_idle(&outcome);
    emu_machine_destroy(m);
}

/* rule: DMA-REG-1, DMA-REG-5, DMA-ALLOC-14, DMA-ALLOC-15 */
static void every_short_sequence_on_two_bus_masters_is_as_the_model_says(void **state)
{
    static const int adapters[] = {0, 1};
    static const struct choice choice = {3, adapters, 2, 3, LENGTH};
    (void)state;
    run(every_sequence, &choice);
}

/* rule: DMA-REG-1, DMA-REG-5, DMA-ALLOC-14, DMA-ALLOC-15 */
static void every_short_sequence_with_an_adapter_that_needs_no_registers_is_as_the_model_says(void **state)
{
    static const int adapters[] = {0, 2};
    static const struct choice choice = {3, adapters, 2, 3, LENGTH};
    (void)state;
    run(every_sequence, &choice);
}

/* rule: DMA-REG-1, DMA-REG-5, DMA-ALLOC-14 */
static void every_short_sequence_on_a_shared_channel_is_as_the_model_says(void **state)
{
    static const int adapters[] = {0, 3, 4};
    static const struct choice choice = {4, adapters, 3, 3, LENGTH};
    (void)state;
    run(every_sequence, &choice);
}

/* rule: DMA-REG-1, DMA-REG-5, DMA-ALLOC-14, DMA-ALLOC-15 */
static void long_random_sequences_are_as_the_model_says(void **state)
{
    (void)state;
    run(random_sequences, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_short_sequence_on_two_bus_masters_is_as_the_model_says),
        cmocka_unit_test(every_short_sequence_with_an_adapter_that_needs_no_registers_is_as_the_model_says),
        cmocka_unit_test(every_short_sequence_on_a_shared_channel_is_as_the_model_says),
        cmocka_unit_test(long_random_sequences_are_as_the_model_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
