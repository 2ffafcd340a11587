/*
 * Generated programs of one processor: a thread that raises and lowers its level, and two interrupts of
 * different levels, against an oracle that tries every moment for each interrupt.
 *
 * The oracle knows one rule: an event of context C at level A orders an event of context D at level B behind
 * it when neither could have come in the middle of the other (docs/data-races.md), and this is transitive
 * together with the order of each context. A program races when in some interleaving two conflicting accesses
 * are unordered; the exploration must find exactly those programs.
 */
#include "bare.h"
#include "rig/slow_build.h"

#include <emu/access.h>
#include <emu/explore.h>

enum {
    THREAD,
    LOW_HANDLER,
    HIGH_HANDLER,
    CONTEXTS,
    LOW_LEVEL = 5,
    HIGH_LEVEL = 7,
    OPS_MAX = 6,
    HANDLER_OPS_MAX = 2,
    VARIABLES = 2,
    WORD = 8,
    LOG_MAX_EVENTS = OPS_MAX + 2 * (HANDLER_OPS_MAX + 2) + 1,
    PROGRAMS = SLOW_BUILD ? 1000 : 10000
};

enum kind { READ, WRITE, RAISE, LOWER, BEGIN, END };

struct op {
    enum kind kind;
    unsigned value; /* variable, or level */
};

struct code {
    struct op ops[OPS_MAX];
    unsigned count;
};

struct event {
    unsigned context;
    struct op op;
    unsigned level;
};

struct world {
    struct code code[CONTEXTS];
    _Alignas(WORD) unsigned char memory[VARIABLES * WORD];
    emu_line lines[CONTEXTS];
    struct event log[LOG_MAX_EVENTS];
};

static const unsigned entry_levels[CONTEXTS] = {EMU_LEVEL_DISPATCH, LOW_LEVEL, HIGH_LEVEL};

/* ---- Programs ---- */

static void draw_code(uint64_t *state, struct code *c, unsigned most, bool levels)
{
    static const unsigned to[] = {EMU_LEVEL_DISPATCH, LOW_LEVEL, HIGH_LEVEL};
    bool raised = false;
    c->count = 1 + bare_draw(state) % most;
    for (unsigned i = 0; i < c->count; i++) {
        c->ops[i] = (struct op){(enum kind)(bare_draw(state) % 2), bare_draw(state) % VARIABLES};
        if (levels && (raised ? i + 1 == c->count || bare_draw(state) % 2 == 0
                              : i + 1 < c->count && bare_draw(state) % 2 == 0)) {
            c->ops[i] =
                raised ? (struct op){LOWER, 0} : (struct op){RAISE, to[bare_draw(state) % COUNT_OF(to)]};
            raised = !raised;
        }
    }
}

/* ---- The machine's side ---- */

static void perform(struct world *w, const struct op *op)
{
    struct emu_machine *m = emu_current();
    if (op->kind == RAISE) {
        emu_level_raise(m, (uint8_t)op->value);
    } else if (op->kind == LOWER) {
        emu_level_lower(m, EMU_LEVEL_PASSIVE);
        bare_work(0); /* whoever lowers lets others in */
    } else {
        emu_access_memory(m, w->memory + op->value * WORD, WORD,
                          (op->kind == WRITE ? EMU_MEMORY_WRITE : EMU_MEMORY_READ) | EMU_MEMORY_INSTRUMENTED,
                          1);
    }
}

static struct world *world_of_run; /* set by the test before its exploration */

static void run_code(void *code)
{
    const struct code *c = code;
    for (unsigned i = 0; i < c->count; i++)
        perform(world_of_run, &c->ops[i]);
}

static void handle(struct emu_machine *m, void *code)
{
    (void)m;
    run_code(code);
}

static void device(void *context)
{
    const struct world *w = context;
    bare_work(1);
    emu_line_raise(emu_current(), w->lines[LOW_HANDLER]);
    bare_work(2);
    emu_line_raise(emu_current(), w->lines[HIGH_HANDLER]);
}

static void start(const char *name, unsigned cpu, emu_strand_fn *fn, void *arg)
{
    struct emu_strand_config config = {
        .name = name, .fn = fn, .arg = arg, .cpu = cpu, .must_finish = true, .held = true};
    emu_strand_start(emu_current(), &config);
}

static void set_up(void *context)
{
    struct world *w = context;
    for (unsigned c = LOW_HANDLER; c < CONTEXTS; c++) {
        struct emu_line_config config = {.level = (uint8_t)entry_levels[c], .processors = 1};
        w->lines[c] = emu_line_add(emu_current(), &config);
        emu_line_connect(emu_current(), w->lines[c], handle, &w->code[c]);
    }
    start("thread", 0, run_code, &w->code[THREAD]);
    start("device", 1, device, w);
}

/* ---- The oracle's ---- */

static bool excluded(const struct event *a, const struct event *b)
{
    return entry_levels[b->context] <= a->level && entry_levels[a->context] <= b->level;
}

static bool conflict(const struct event *a, const struct event *b)
{
    return a->op.kind <= WRITE && b->op.kind <= WRITE && a->op.value == b->op.value &&
           (a->op.kind == WRITE || b->op.kind == WRITE);
}

static bool last_races(const struct event *log, unsigned length)
{
    bool before[LOG_MAX_EVENTS][LOG_MAX_EVENTS] = {{false}};
    for (unsigned j = 0; j < length; j++)
        for (unsigned i = 0; i < j; i++)
            before[i][j] = log[i].context == log[j].context || excluded(&log[i], &log[j]);
    for (unsigned k = 0; k < length; k++)
        for (unsigned i = 0; i < k; i++)
            for (unsigned j = k + 1; j < length; j++)
                before[i][j] |= before[i][k] && before[k][j];
    for (unsigned i = 0; i + 1 < length; i++)
        if (conflict(&log[i], &log[length - 1]) && !before[i][length - 1])
            return true;
    return false;
}

struct state {
    unsigned at[CONTEXTS];
    unsigned level;
    unsigned stack[CONTEXTS], old_level[CONTEXTS], depth; /* who runs, above whom */
    bool taken[CONTEXTS];
    unsigned length;
};

static bool some_race(struct world *w, struct state s);

static bool add(struct world *w, struct state *s, unsigned context, struct op op, unsigned level)
{
    w->log[s->length++] = (struct event){context, op, level};
    return last_races(w->log, s->length);
}

static bool deliver(struct world *w, struct state s, unsigned context)
{
    s.taken[context] = true;
    s.old_level[s.depth] = s.level;
    s.stack[s.depth++] = context;
    s.level = entry_levels[context];
    add(w, &s, context, (struct op){BEGIN, 0}, s.level);
    return some_race(w, s);
}

static bool go_on(struct world *w, struct state s)
{
    unsigned context = s.depth > 0 ? s.stack[s.depth - 1] : THREAD;
    const struct code *c = &w->code[context];
    if (s.at[context] == c->count) {
        if (s.depth == 0)
            return false;
        add(w, &s, context, (struct op){END, 0}, s.level);
        s.level = s.old_level[--s.depth];
        return some_race(w, s);
    }
    const struct op *op = &c->ops[s.at[context]++];
    if (op->kind == RAISE)
        s.level = op->value;
    if (add(w, &s, context, *op, s.level))
        return true;
    if (op->kind == LOWER)
        s.level = EMU_LEVEL_PASSIVE;
    return some_race(w, s);
}

/* Every moment for each interrupt that is above the level. */
static bool some_race(struct world *w, struct state s)
{
    for (unsigned c = LOW_HANDLER; c < CONTEXTS; c++)
        if (!s.taken[c] && entry_levels[c] > s.level && deliver(w, s, c))
            return true;
    return go_on(w, s);
}

/* ---- The test ---- */

/* rule: EMU-RACE-9, EMU-RACE-11 */
static void interrupts_race_exactly_where_some_moment_for_them_shows_it(void **state)
{
    (void)state;
    uint64_t draws = 1;
    unsigned races = 0;
    struct emu_machine *m = bare_processors(2);
    for (unsigned p = 0; p < PROGRAMS; p++) {
        struct world w = {0};
        world_of_run = &w;
        draw_code(&draws, &w.code[THREAD], OPS_MAX, true);
        draw_code(&draws, &w.code[LOW_HANDLER], HANDLER_OPS_MAX, false);
        draw_code(&draws, &w.code[HIGH_HANDLER], HANDLER_OPS_MAX, false);
        bool expected = some_race(&w, (struct state){0});
        struct emu_program program = {"generated", set_up, NULL, &w};
        struct emu_strategy *exhaustive = emu_strategy_exhaustive(EMU_UNBOUNDED);
        struct emu_explore_options options = {0};
        struct emu_report report;
        emu_explore(m, &program, exhaustive, &options, &report);
        assert_int_equal(report.found, expected);
        assert_true(expected || report.complete);
        races += expected;
        emu_report_free(&report);
        emu_strategy_destroy(exhaustive);
    }
    assert_in_range(races, PROGRAMS / 8, PROGRAMS - PROGRAMS / 8);
    emu_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interrupts_race_exactly_where_some_moment_for_them_shows_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
