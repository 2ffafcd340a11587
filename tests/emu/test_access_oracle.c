/*
 * Generated programs of loads, stores, volatile accesses, one lock: what the watch finds
 * against an oracle that is too simple to be wrong.
 *
 * The oracle takes the operations in the order in which they happened, draws an edge for the order of each
 * thread and one from each release of the lock to each later acquisition, closes that under transitivity, and
 * looks at every pair. Compared are single runs, where a race must be told at exactly the access that
 * completes the first one; and whole programs: a race exists in some interleaving of all operations exactly
 * when the exploration, which lets others come in only where the watch asks for it, finds one.
 */
#include "lock.h"
#include "rig/slow_build.h"

#include <emu/access.h>
#include <emu/explore.h>

enum {
    THREADS = 3,
    OPS_MAX = 4,
    LOG_OPS = THREADS * OPS_MAX,
    VARIABLES = 2,
    SINGLE_PROGRAMS = SLOW_BUILD ? 2000 : 20000,
    WHOLE_PROGRAMS = SLOW_BUILD ? 1000 : 10000,
    WORD = 4
};

enum kind { READ, WRITE, VOLATILE_READ, VOLATILE_WRITE, LOCK, UNLOCK, KINDS };

struct op {
    enum kind kind;
    unsigned first, bytes; /* of the memory: pieces that overlap in part */
};

struct thread {
    struct op ops[OPS_MAX];
    unsigned count;
    struct oracle *oracle;
};

struct event {
    unsigned thread;
    struct op op;
};

struct oracle {
    struct thread threads[THREADS];
    unsigned thread_count;
    _Alignas(8) unsigned char memory[VARIABLES * 8];
    struct lock lock;
    struct event log[LOG_OPS + 1];
    unsigned length;
    struct op attempt[THREADS];
    uint64_t draws;
};

/* ---- Programs ---- */

static struct op draw_access(uint64_t *state)
{
    static const struct op places[] = {{READ, 0, WORD}, {READ, 2, WORD}, {READ, WORD, WORD}, {READ, 6, WORD}};
    struct op op = places[bare_draw(state) % COUNT_OF(places)];
    op.kind =
        bare_draw(state) % 3 == 0 ? (enum kind)(bare_draw(state) % LOCK) : (enum kind)(bare_draw(state) % 2);
    return op;
}

static void draw_thread(uint64_t *state, struct thread *t)
{
    bool locked = false;
    t->count = 1 + bare_draw(state) % OPS_MAX;
    for (unsigned i = 0; i < t->count; i++) {
        t->ops[i] = draw_access(state);
        if (locked ? i + 1 == t->count || bare_draw(state) % 3 == 0
                   : i + 1 < t->count && bare_draw(state) % 2 == 0) {
            t->ops[i].kind = locked ? UNLOCK : LOCK;
            locked = !locked;
        }
    }
}

static void draw_program(uint64_t *state, struct oracle *o, unsigned threads)
{
    memset(o, 0, sizeof *o);
    o->thread_count = threads;
    for (unsigned i = 0; i < threads; i++) {
        draw_thread(state, &o->threads[i]);
        o->threads[i].oracle = o;
    }
}

/* ---- The machine's side ---- */

static void perform(struct oracle *o, const struct op *op)
{
    static const unsigned memory[] = {EMU_MEMORY_READ, EMU_MEMORY_WRITE,
                                      EMU_MEMORY_READ | EMU_MEMORY_VOLATILE,
                                      EMU_MEMORY_WRITE | EMU_MEMORY_VOLATILE};
    struct emu_machine *m = emu_current();
    if (op->kind == LOCK)
        lock_acquire(m, &o->lock);
    else if (op->kind == UNLOCK)
        lock_release(m, &o->lock);
    else
        emu_access_memory(m, o->memory + op->first, op->bytes, memory[op->kind] | EMU_MEMORY_INSTRUMENTED, 1);
}

static void run_thread(void *context)
{
    struct thread *t = context;
    struct oracle *o = t->oracle;
    unsigned number = (unsigned)(t - o->threads);
    for (unsigned i = 0; i < t->count; i++) {
        o->attempt[number] = t->ops[i];
        /* A lock counts from its release on, which others may see before the call returns. */
        if (t->ops[i].kind == UNLOCK)
            o->log[o->length++] = (struct event){number, t->ops[i]};
        perform(o, &t->ops[i]);
        if (t->ops[i].kind != UNLOCK)
            o->log[o->length++] = (struct event){number, t->ops[i]};
    }
}

static void set_up(void *context)
{
    static const char *const names[THREADS] = {"0", "1", "2"};
    struct oracle *o = context;
    o->length = 0;
    o->lock.taken = false;
    for (unsigned i = 0; i < o->thread_count; i++) {
        struct emu_strand_config config = {.name = names[i],
                                           .fn = run_thread,
                                           .arg = &o->threads[i],
                                           .cpu = i,
                                           .must_finish = true,
                                           .held = true};
        emu_strand_start(emu_current(), &config);
    }
}

/* ---- The oracle's ---- */

static bool is_access(enum kind k)
{
    return k < LOCK;
}

static bool conflict(const struct op *a, const struct op *b)
{
    bool overlap = a->first < b->first + b->bytes && b->first < a->first + a->bytes;
    bool writes =
        a->kind == WRITE || a->kind == VOLATILE_WRITE || b->kind == WRITE || b->kind == VOLATILE_WRITE;
    bool plain = a->kind <= WRITE || b->kind <= WRITE;
    return is_access(a->kind) && is_access(b->kind) && overlap && writes && plain;
}

/* Does the last event race with an earlier one? */
static bool last_races(const struct event *log, unsigned length)
{
    bool before[LOG_OPS + 1][LOG_OPS + 1] = {{false}};
    for (unsigned j = 0; j < length; j++)
        for (unsigned i = 0; i < j; i++) {
            bool lock = log[i].op.kind == UNLOCK && log[j].op.kind == LOCK;
            before[i][j] = log[i].thread == log[j].thread || lock;
        }
    for (unsigned k = 0; k < length; k++)
        for (unsigned i = 0; i < k; i++)
            for (unsigned j = k + 1; j < length; j++)
                before[i][j] |= before[i][k] && before[k][j];
    for (unsigned i = 0; i + 1 < length; i++)
        if (conflict(&log[i].op, &log[length - 1].op) && !before[i][length - 1])
            return true;
    return false;
}

/* Is there an interleaving of what is left in which something races? */
static bool some_race(struct oracle *o, unsigned *at, bool taken, unsigned length)
{
    for (unsigned i = 0; i < o->thread_count; i++) {
        const struct thread *t = &o->threads[i];
        if (at[i] == t->count || (t->ops[at[i]].kind == LOCK && taken))
            continue;
        const struct op *op = &t->ops[at[i]];
        o->log[length] = (struct event){i, *op};
        if (last_races(o->log, length + 1))
            return true;
        at[i]++;
        bool found = some_race(o, at, op->kind == LOCK || (taken && op->kind != UNLOCK), length + 1);
        at[i]--;
        if (found)
            return true;
    }
    return false;
}

/* ---- Tests ---- */

/* rule: EMU-RACE-1 */
static void a_run_is_stopped_by_the_access_that_completes_the_first_race(void **state)
{
    (void)state;
    uint64_t draws = 1;
    unsigned races = 0;
    struct emu_machine *m = bare_processors(THREADS);
    struct emu_strategy *random = emu_strategy_random(1);
    emu_machine_set_strategy(m, random);
    for (unsigned p = 0; p < SINGLE_PROGRAMS; p++) {
        struct oracle o;
        draw_program(&draws, &o, THREADS);
        struct emu_program program = {"generated", set_up, NULL, &o};
        random->begin(random, p);
        enum emu_stop stop = emu_run_program(m, &program);
        random->end(random);
        for (unsigned i = 1; i <= o.length; i++)
            assert_false(last_races(o.log, i));
        if (stop == EMU_STOP_FINDING) {
            races++;
            assert_string_equal(emu_machine_finding(m)->rule, "EMU-RACE-1");
            unsigned who = (unsigned)(emu_machine_finding(m)->strand[0] - '0');
            o.log[o.length] = (struct event){who, o.attempt[who]};
            assert_true(last_races(o.log, o.length + 1));
        }
    }
    assert_in_range(races, SINGLE_PROGRAMS / 4, SINGLE_PROGRAMS - SINGLE_PROGRAMS / 16);
    emu_machine_set_strategy(m, NULL);
    emu_strategy_destroy(random);
    emu_machine_destroy(m);
}

static void compare_whole_programs(struct emu_strategy *(*make)(void))
{
    uint64_t draws = 2;
    unsigned races = 0, whole = 0;
    struct emu_machine *m = bare_processors(THREADS);
    for (unsigned p = 0; p < WHOLE_PROGRAMS; p++) {
        struct oracle o;
        unsigned at[THREADS] = {0};
        draw_program(&draws, &o, 2);
        bool expected = some_race(&o, at, false, 0);
        struct emu_program program = {"generated", set_up, NULL, &o};
        struct emu_strategy *strategy = make();
        struct emu_explore_options options = {0};
        struct emu_report report;
        emu_explore(m, &program, strategy, &options, &report);
        assert_int_equal(report.found, expected);
        assert_true(expected || report.complete);
        whole += report.complete;
        races += expected;
        emu_report_free(&report);
        emu_strategy_destroy(strategy);
    }
    assert_in_range(races, WHOLE_PROGRAMS / 8, WHOLE_PROGRAMS - WHOLE_PROGRAMS / 8);
    assert_true(whole > WHOLE_PROGRAMS / 16);
    emu_machine_destroy(m);
}

static struct emu_strategy *every_run(void)
{
    return emu_strategy_exhaustive(EMU_UNBOUNDED);
}

/* rule: EMU-RACE-11 */
static void a_program_races_exactly_when_the_exploration_says_so(void **state)
{
    (void)state;
    compare_whole_programs(every_run);
}

/* rule: EMU-RACE-11 */
static void one_run_for_each_class_finds_the_same_races(void **state)
{
    (void)state;
    compare_whole_programs(emu_strategy_dpor);
    compare_whole_programs(emu_strategy_dpor_source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_stopped_by_the_access_that_completes_the_first_race),
        cmocka_unit_test(a_program_races_exactly_when_the_exploration_says_so),
        cmocka_unit_test(one_run_for_each_class_finds_the_same_races),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
