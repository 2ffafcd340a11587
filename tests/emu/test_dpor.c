/*
 * Partial-order reduction against the brute-force oracle, on generated programs.
 */
#include "brute_force.h"
#include "lock.h"
#include "rig/slow_build.h"

#include <emu/part.h>

/* ---- Generated programs
 * ------------------------------------------------------------------------------------
 *
 * Strands on processors, interrupts, software interrupts and timers that read, write and lock a few shared
 * variables. Everything is drawn from a seed.
 */

enum {
    CODES_MAX = 6,
    STRANDS_MAX = 4,
    LINES = 2,
    VARIABLES = 3,
    LOCKS = 2,
    TIMERS = 2,
    CPUS = 3,
    EXHAUSTIVE_MAX = 20000,
};

enum kind {
    K_READ,
    K_WRITE,
    K_ADD,
    K_IF,     /* the rest only when the variable is 0 */
    K_LOCKED, /* write between lock and unlock */
    K_TRY,    /* the same, if the lock is free */
    K_NESTED, /* one lock inside the other: it may be a deadlock */
    K_RAISE,  /* a line */
    K_SOFT,   /* a software interrupt on some processor */
    K_TIMER,  /* start one */
    K_STOP,
    K_HIGH, /* a write and a read at DISPATCH */
    K_KINDS
};

struct code {
    uint8_t kind, at;
};

struct routine {
    struct code codes[CODES_MAX];
    unsigned length;
    unsigned cpu;
};

struct made {
    struct routine strands[STRANDS_MAX];
    struct routine handlers[LINES];
    struct routine soft;
    struct routine alarms[TIMERS];
    unsigned strand_count;
    unsigned line_level[LINES];
    unsigned line_cpu[LINES];
    /* state */
    uint64_t variables[VARIABLES];
    uint64_t results[16];
    struct lock locks[LOCKS];
    emu_line lines[LINES];
    struct emu_event timers[TIMERS];
    bool timer_ran[TIMERS];
};

struct generator {
    uint64_t state;
    unsigned strands, codes, cpus;
    bool interrupts, soft, timers, locks, nested, shared_cpus, low;
};

static struct made *made_now;

static void touch_variable(unsigned at, emu_op op)
{
    struct emu_machine *m = emu_current();
    emu_step(m, op, emu_object_at(m, &made_now->variables[at], "variable"), 0);
}

static void run_routine(const struct routine *r, uint64_t *sum)
{
    struct emu_machine *m = emu_current();
    struct made *p = made_now;
    for (unsigned i = 0; i < r->length; i++) {
        unsigned at = r->codes[i].at;
        unsigned v = at % VARIABLES;
        uint8_t level;
        switch ((enum kind)r->codes[i].kind) {
        case K_READ:
            touch_variable(v, OP_POLL);
            *sum = *sum * 31 + p->variables[v];
            break;
        case K_WRITE:
            touch_variable(v, OP_WORK);
            p->variables[v] = *sum * 7 + i + 1;
            break;
        case K_ADD:
            touch_variable(v, OP_WORK);
            p->variables[v] += 1;
            *sum = *sum * 31 + p->variables[v];
            break;
        case K_IF:
            touch_variable(v, OP_POLL);
            if (p->variables[v] != 0)
                return;
            break;
        case K_LOCKED:
            lock_acquire(m, &p->locks[at % LOCKS]);
            touch_variable(v, OP_WORK);
            p->variables[v] = p->variables[v] * 3 + *sum + 1;
            lock_release(m, &p->locks[at % LOCKS]);
            break;
        case K_TRY:
            level = emu_level_raise(m, emu_level(m) > EMU_LEVEL_DISPATCH ? emu_level(m) : EMU_LEVEL_DISPATCH);
            if (lock_try(m, &p->locks[at % LOCKS])) {
                touch_variable(v, OP_WORK);
                p->variables[v] = p->variables[v] * 3 + *sum + 2;
                lock_release(m, &p->locks[at % LOCKS]);
                *sum += 1;
            }
            emu_level_lower(m, level);
            break;
        case K_NESTED:
            lock_acquire(m, &p->locks[at % LOCKS]);
            lock_acquire(m, &p->locks[(at + 1) % LOCKS]);
            touch_variable(v, OP_WORK);
            p->variables[v] = p->variables[v] * 3 + *sum + 3;
            lock_release(m, &p->locks[(at + 1) % LOCKS]);
            lock_release(m, &p->locks[at % LOCKS]);
            break;
        case K_RAISE:
            emu_step(m, OP_POLL, EMU_NO_OBJECT, 0);
            emu_line_raise(m, p->lines[at % LINES]);
            break;
        case K_SOFT:
            emu_step(m, OP_POLL, EMU_NO_OBJECT, 0);
            emu_soft_request(m, at % emu_machine_config(m)->processors, EMU_LEVEL_DISPATCH, true);
            break;
        case K_TIMER:
            emu_step(m, OP_WORK, emu_object_at(m, &p->timer_ran[at % TIMERS], "timer"), 0);
            if (!p->timer_ran[at % TIMERS])
                emu_event_start(m, &p->timers[at % TIMERS], 1000 * (1 + at / TIMERS % 2));
            p->timer_ran[at % TIMERS] = true;
            break;
        case K_STOP:
            emu_step(m, OP_POLL, EMU_NO_OBJECT, 0);
            emu_event_stop(m, &p->timers[at % TIMERS]);
            break;
        case K_HIGH:
            level = emu_level_raise(m, emu_level(m) > EMU_LEVEL_DISPATCH ? emu_level(m) : EMU_LEVEL_DISPATCH);
            touch_variable(v, OP_WORK);
            p->variables[v] = *sum * 5 + i + 1;
            touch_variable((v + 1) % VARIABLES, OP_POLL);
            *sum = *sum * 31 + p->variables[(v + 1) % VARIABLES];
            emu_level_lower(m, level);
            break;
        case K_KINDS:
            break;
        }
    }
}

static void made_strand(void *arg)
{
    const struct routine *r = arg;
    uint64_t sum = 0;
    run_routine(r, &sum);
    made_now->results[r - made_now->strands] = sum + 1;
}

static void made_handler(struct emu_machine *m, void *context)
{
    const struct routine *r = context;
    uint64_t sum = 0;
    (void)m;
    run_routine(r, &sum);
    made_now->results[STRANDS_MAX + (r - made_now->handlers)] += sum * 3 + 1;
}

static void made_soft(struct emu_machine *m, unsigned cpu)
{
    uint64_t sum = 0;
    (void)m;
    run_routine(&made_now->soft, &sum);
    made_now->results[8 + cpu] += sum * 3 + 1;
}

static void made_alarm(struct emu_machine *m, void *context)
{
    const struct routine *r = context;
    unsigned v = r->codes[0].at % VARIABLES;
    emu_touch(m, emu_object_at(m, &made_now->variables[v], "variable"), EMU_ACCESS_WRITE);
    made_now->variables[v] = made_now->variables[v] * 2 + 1;
}

static void made_set_up(void *context)
{
    struct made *p = context;
    struct emu_machine *m = emu_current();
    made_now = p;
    memset(p->variables, 0, sizeof p->variables);
    memset(p->results, 0, sizeof p->results);
    memset(p->locks, 0, sizeof p->locks);
    memset(p->timer_ran, 0, sizeof p->timer_ran);
    for (unsigned i = 0; i < VARIABLES; i++)
        emu_object_at(m, &p->variables[i], "variable");
    for (unsigned i = 0; i < LINES; i++) {
        p->lines[i] = emu_line_add(m, &(struct emu_line_config){.trigger = EMU_TRIGGER_EDGE,
                                                                .level = (uint8_t)p->line_level[i],
                                                                .processors = 1ull << p->line_cpu[i]});
        emu_line_connect(m, p->lines[i], made_handler, &p->handlers[i]);
    }
    emu_soft_connect(m, EMU_LEVEL_DISPATCH, made_soft);
    for (unsigned i = 0; i < TIMERS; i++)
        emu_event_init(m, &p->timers[i], "timer", made_alarm, &p->alarms[i]);
    for (unsigned i = 0; i < p->strand_count; i++)
        race_start("strand", p->strands[i].cpu, made_strand, &p->strands[i]);
}

static uint64_t made_outcome(void *context)
{
    const struct made *p = context;
    uint64_t hash = 0;
    for (unsigned i = 0; i < VARIABLES; i++)
        hash = (hash ^ p->variables[i]) * 0x9E3779B97F4A7C15ull;
    for (unsigned i = 0; i < COUNT_OF(p->results); i++)
        hash = (hash ^ p->results[i]) * 0xBB67AE8584CAA73Bull + (hash >> 29);
    return hash;
}

static void draw_routine(struct generator *g, struct routine *r, unsigned most, bool strand)
{
    r->length = 1 + bare_draw(&g->state) % most;
    for (unsigned i = 0; i < r->length; i++) {
        unsigned kind;
        bool allowed;
        do {
            kind = bare_draw(&g->state) % K_KINDS;
            allowed = !(((kind == K_LOCKED || kind == K_TRY) && (!g->locks || !strand)) ||
                        (kind == K_NESTED && (!g->nested || !strand)) ||
                        (kind == K_RAISE && !g->interrupts) || (kind == K_RAISE && !strand) ||
                        (kind == K_SOFT && !g->soft) || (kind == K_HIGH && g->low) ||
                        ((kind == K_TIMER || kind == K_STOP) && (!g->timers || !strand)));
        } while (!allowed);
        r->codes[i] = (struct code){(uint8_t)kind, (uint8_t)(bare_draw(&g->state) % 12)};
    }
}

static void draw_program(struct generator *g, struct made *p)
{
    memset(p, 0, sizeof *p);
    p->strand_count = 1 + bare_draw(&g->state) % g->strands;
    for (unsigned i = 0; i < p->strand_count; i++) {
        draw_routine(g, &p->strands[i], g->codes, true);
        p->strands[i].cpu = g->shared_cpus ? bare_draw(&g->state) % g->cpus : i % g->cpus;
    }
    for (unsigned i = 0; i < LINES; i++) {
        draw_routine(g, &p->handlers[i], 2, false);
        p->line_level[i] = 3 + i * 2;
        p->line_cpu[i] = bare_draw(&g->state) % g->cpus;
    }
    draw_routine(g, &p->soft, 2, false);
    for (unsigned i = 0; i < p->soft.length; i++)
        if (p->soft.codes[i].kind == K_SOFT)
            p->soft.codes[i].kind = K_ADD;
    for (unsigned i = 0; i < TIMERS; i++)
        p->alarms[i] =
            (struct routine){.codes = {{K_WRITE, (uint8_t)(bare_draw(&g->state) % VARIABLES)}}, .length = 1};
}

static void print_routine(const char *name, const struct routine *r)
{
    static const char *const names[] = {"read",   "write", "add",  "if",    "locked", "try",
                                        "nested", "raise", "soft", "timer", "stop",   "high"};
    print_message("  %s cpu %u:", name, r->cpu);
    for (unsigned i = 0; i < r->length; i++)
        print_message(" %s(%u)", names[r->codes[i].kind], r->codes[i].at);
    print_message("\n");
}

static void print_program(const struct made *p)
{
    for (unsigned i = 0; i < p->strand_count; i++)
        print_routine("strand", &p->strands[i]);
    for (unsigned i = 0; i < LINES; i++) {
        print_message("  level %u, cpu %u", p->line_level[i], p->line_cpu[i]);
        print_routine("handler", &p->handlers[i]);
    }
    print_routine("soft", &p->soft);
    for (unsigned i = 0; i < TIMERS; i++)
        print_routine("alarm", &p->alarms[i]);
}

struct score {
    unsigned programs, classes;
    uint64_t runs, source_runs;
    unsigned wrong;
    bool exact; /* one run for each class */
};

/* Every class and every outcome, no class counted twice; exact: no run more than classes. */
static bool is_right(const struct seen *all, const struct seen *reduced, bool exact)
{
    return reduced->complete && tally_same(&all->classes, &reduced->classes) &&
           tally_same(&all->outcomes, &reduced->outcomes) &&
           reduced->reduction.classes == reduced->classes.count &&
           (!exact || (reduced->runs == reduced->classes.count && tally_most(&reduced->classes) == 1));
}

static void check_program(struct emu_machine *m, struct made *p, void *context)
{
    struct score *score = context;
    const struct emu_program program = {"made", made_set_up, NULL, p};
    struct seen all =
        explore_seen(m, &program, emu_strategy_exhaustive(EMU_UNBOUNDED), made_outcome, p, EXHAUSTIVE_MAX);
    if (all.complete) {
        struct seen optimal = explore_seen(m, &program, emu_strategy_dpor(), made_outcome, p, EXHAUSTIVE_MAX);
        struct seen source =
            explore_seen(m, &program, emu_strategy_dpor_source(), made_outcome, p, EXHAUSTIVE_MAX);
        score->programs++;
        score->classes += (unsigned)all.classes.count;
        score->runs += optimal.runs;
        score->source_runs += source.runs;
        if (!is_right(&all, &optimal, score->exact) || !is_right(&all, &source, false)) {
            score->wrong++;
            print_program(p);
            print_message("%zu classes, optimal %zu, source sets %zu\n", all.classes.count,
                          optimal.classes.count, source.classes.count);
        }
        seen_free(&optimal);
        seen_free(&source);
    }
    seen_free(&all);
}

enum { ONE_FOR_EACH = 100 };

/* Draws programs, and calls check for each. */
typedef void check_fn(struct emu_machine *m, struct made *p, void *context);
static void draw_programs(struct generator g, unsigned count, check_fn *check, void *context)
{
    struct emu_machine *m = bare_processors(g.cpus);
    struct made *p = calloc(1, sizeof *p);
    assert_non_null(p);
    g.state += oracle_offset();
    for (unsigned i = oracle_programs(count); i > 0; i--) {
        draw_program(&g, p);
        check(m, p, context);
    }
    free(p);
    emu_machine_destroy(m);
}

/* Most: runs for a hundred classes; with one for each it is so in each program. */
static void check_programs(struct generator g, unsigned count, unsigned most)
{
    struct score score = {.exact = most == ONE_FOR_EACH};
    draw_programs(g, count, check_program, &score);
    print_message("%u programs, %u classes: %llu runs, with source sets %llu\n", score.programs,
                  score.classes, (unsigned long long)score.runs, (unsigned long long)score.source_runs);
    assert_int_equal(score.wrong, 0);
    assert_true(SLOW_BUILD || oracle_offset() != 0 || score.runs * 100 <= (uint64_t)score.classes * most);
}

enum {
    PROGRAMS = SLOW_BUILD ? 6 : 200,
    PROGRAMS_OF_EVERYTHING = SLOW_BUILD ? 2 : 40,
    PROGRAMS_WITHIN = SLOW_BUILD ? 10 : 100
};

/* rule: EMU-DPOR-1 */
static void strands_that_share_variables_and_locks_are_explored_once_for_each_class(void **state)
{
    (void)state;
    check_programs((struct generator){.state = 1, .strands = 3, .codes = 3, .cpus = 3}, PROGRAMS,
                   ONE_FOR_EACH);
    check_programs((struct generator){.state = 2, .strands = 3, .codes = 2, .cpus = 3, .locks = true},
                   PROGRAMS, ONE_FOR_EACH);
    check_programs((struct generator){.state = 11, .strands = 2, .codes = 4, .cpus = 2, .locks = true},
                   PROGRAMS, ONE_FOR_EACH);
    check_programs(
        (struct generator){.state = 12, .strands = 2, .codes = 3, .cpus = 2, .locks = true, .nested = true},
        PROGRAMS, ONE_FOR_EACH);
}

/* rule: EMU-DPOR-1 */
static void strands_that_share_processors_at_low_levels_are_explored_once_for_each_class(void **state)
{
    (void)state;
    check_programs(
        (struct generator){.state = 4, .strands = 3, .codes = 3, .cpus = 2, .shared_cpus = true, .low = true},
        PROGRAMS, ONE_FOR_EACH);
}

/* rule: EMU-DPOR-4 */
static void interrupts_of_two_levels_swap_with_what_they_do_not_conflict_with(void **state)
{
    (void)state;
    check_programs((struct generator){.state = 5, .strands = 1, .codes = 4, .cpus = 1, .interrupts = true},
                   PROGRAMS, 155);
}

/* rule: EMU-DPOR-5 */
static void no_class_is_missed_where_interrupts_and_strands_share_processors(void **state)
{
    (void)state;
    struct generator all = {.state = 10,
                            .strands = 2,
                            .codes = 3,
                            .cpus = 2,
                            .timers = true,
                            .interrupts = true,
                            .soft = true,
                            .locks = true};
    check_programs((struct generator){.state = 3, .strands = 3, .codes = 2, .cpus = 2, .shared_cpus = true},
                   PROGRAMS, 164);
    /* In one of these whoever sleeps conflicts with what the level was raised after, and not with what is
     * turned. */
    check_programs(
        (struct generator){.state = 401003, .strands = 3, .codes = 2, .cpus = 2, .shared_cpus = true},
        PROGRAMS, 164);
    check_programs((struct generator){.state = 6, .strands = 2, .codes = 3, .cpus = 2, .interrupts = true},
                   PROGRAMS, 236);
    check_programs((struct generator){.state = 7, .strands = 2, .codes = 3, .cpus = 2, .soft = true},
                   PROGRAMS, 140);
    check_programs(all, PROGRAMS, 164);
    all.state = 77;
    all.shared_cpus = true;
    check_programs(all, PROGRAMS_OF_EVERYTHING, 160);
}

/* rule: EMU-DPOR-6 */
static void timers_are_explored_once_for_each_class(void **state)
{
    (void)state;
    check_programs((struct generator){.state = 9, .strands = 2, .codes = 3, .cpus = 2, .timers = true},
                   PROGRAMS, 103);
}

/*
 * A strand reads a flag and raises its level, if it is clear: what another one does on its processor may come
 * before that, though not where the flag was set in time. And a timer that could only fire before another one
 * was started reads what was written since.
 */
/* rule: EMU-DPOR-12 */
static void what_an_event_would_touch_where_it_comes_earlier_is_taken_care_of(void **state)
{
    (void)state;
    check_programs(
        (struct generator){
            .state = 16367264332173601943u, .strands = 3, .codes = 2, .cpus = 2, .shared_cpus = true},
        1, 200);
    check_programs(
        (struct generator){
            .state = 11316540984694071341u, .strands = 2, .codes = 3, .cpus = 2, .timers = true},
        1, 103);
}

static void add_shard(struct emu_machine *m, struct made *p, uint32_t index, uint32_t count,
                      struct tally *classes)
{
    const struct emu_program program = {"made", made_set_up, NULL, p};
    struct emu_strategy *shard = emu_strategy_dpor();
    assert_true(emu_strategy_set_shard(shard, index, count));
    struct seen seen = explore_seen(m, &program, shard, made_outcome, p, EXHAUSTIVE_MAX);
    assert_true(seen.complete);
    for (size_t i = 0; i < seen.classes.capacity; i++)
        if (seen.classes.times[i] != 0)
            tally_add(classes, seen.classes.values[i]);
    seen_free(&seen);
}

/* The shards' classes, together. */
static void check_shards(struct emu_machine *m, struct made *p, void *context)
{
    enum { SHARDS = 3 };
    const struct emu_program program = {"made", made_set_up, NULL, p};
    unsigned *compared = context;
    struct seen all =
        explore_seen(m, &program, emu_strategy_exhaustive(EMU_UNBOUNDED), made_outcome, p, EXHAUSTIVE_MAX);
    struct tally classes = {0};
    for (uint32_t i = 0; all.complete && i < SHARDS; i++)
        add_shard(m, p, i, SHARDS, &classes);
    if (all.complete && !tally_same(&all.classes, &classes)) {
        print_program(p);
        fail_msg("%zu classes, %zu in the shards", all.classes.count, classes.count);
    }
    *compared += all.complete;
    tally_free(&classes);
    seen_free(&all);
}

/* rule: EMU-JOBS-1 */
static void shards_lose_no_class_where_processors_are_shared(void **state)
{
    (void)state;
    unsigned compared = 0;
    draw_programs((struct generator){.state = 21, .strands = 3, .codes = 2, .cpus = 2, .shared_cpus = true},
                  PROGRAMS_OF_EVERYTHING, check_shards, &compared);
    draw_programs((struct generator){.state = 22,
                                     .strands = 2,
                                     .codes = 3,
                                     .cpus = 2,
                                     .timers = true,
                                     .interrupts = true,
                                     .soft = true,
                                     .locks = true},
                  PROGRAMS_OF_EVERYTHING, check_shards, &compared);
    /* Only some of its shards would find out by themselves that a processor is shared. */
    draw_programs(
        (struct generator){
            .state = 11653200482380026192u, .strands = 3, .codes = 2, .cpus = 2, .shared_cpus = true},
        1, check_shards, &compared);
    assert_true(compared > PROGRAMS_OF_EVERYTHING);
}

/* A few of everything, with at most so many preemptions: the classes are those of the runs within the bound.
 */
struct within {
    int bound;
    uint64_t all_runs, runs;
};

static void check_within(struct emu_machine *m, struct made *p, void *context)
{
    struct within *w = context;
    const struct emu_program program = {"made", made_set_up, NULL, p};
    struct seen all =
        explore_seen(m, &program, emu_strategy_exhaustive(w->bound), made_outcome, p, EXHAUSTIVE_MAX);
    if (all.complete) {
        struct seen reduced =
            explore_seen(m, &program, emu_strategy_dpor_bounded(w->bound), made_outcome, p, EXHAUSTIVE_MAX);
        if (!reduced.complete || !tally_same(&all.classes, &reduced.classes) ||
            !tally_same(&all.outcomes, &reduced.outcomes)) {
            print_program(p);
            fail_msg("bound %d: %zu classes, %zu found", w->bound, all.classes.count, reduced.classes.count);
        }
        w->all_runs += all.runs;
        w->runs += reduced.runs;
        seen_free(&reduced);
    }
    seen_free(&all);
}

static void check_bound(struct generator g, unsigned count, int bound)
{
    struct within w = {.bound = bound};
    draw_programs(g, count, check_within, &w);
    print_message("bound %d: %llu runs for %llu\n", bound, (unsigned long long)w.runs,
                  (unsigned long long)w.all_runs);
    assert_true(bound == EMU_UNBOUNDED ? w.runs < w.all_runs : w.runs <= w.all_runs);
}

/* rule: EMU-DPOR-7 */
static void under_a_bound_no_class_of_a_run_within_it_is_lost(void **state)
{
    (void)state;
    for (int bound = EMU_UNBOUNDED; bound <= 2; bound++) {
        check_bound((struct generator){.state = 21, .strands = 3, .codes = 2, .cpus = 3, .locks = true},
                    PROGRAMS_WITHIN, bound);
        check_bound((struct generator){.state = 22,
                                       .strands = 2,
                                       .codes = 3,
                                       .cpus = 2,
                                       .timers = true,
                                       .interrupts = true,
                                       .soft = true,
                                       .locks = true,
                                       .shared_cpus = true},
                    PROGRAMS_WITHIN, bound);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strands_that_share_variables_and_locks_are_explored_once_for_each_class),
        cmocka_unit_test(strands_that_share_processors_at_low_levels_are_explored_once_for_each_class),
        cmocka_unit_test(interrupts_of_two_levels_swap_with_what_they_do_not_conflict_with),
        cmocka_unit_test(no_class_is_missed_where_interrupts_and_strands_share_processors),
        cmocka_unit_test(timers_are_explored_once_for_each_class),
        cmocka_unit_test(what_an_event_would_touch_where_it_comes_earlier_is_taken_care_of),
        cmocka_unit_test(shards_lose_no_class_where_processors_are_shared),
        cmocka_unit_test(under_a_bound_no_class_of_a_run_within_it_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
