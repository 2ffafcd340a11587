/*
 * The oracle for reductions.
 */
#include "brute_force.h"

/* ---- Sets ---- */

enum { TALLY_FIRST = 256 };

void tally_free(struct tally *t)
{
    free(t->values);
    free(t->times);
    *t = (struct tally){0};
}

static size_t tally_place(const struct tally *t, uint64_t value)
{
    size_t at = (size_t)(value * 0x9E3779B97F4A7C15ull >> 20) & (t->capacity - 1);
    while (t->times[at] != 0 && t->values[at] != value)
        at = (at + 1) & (t->capacity - 1);
    return at;
}

static void tally_put(struct tally *t, uint64_t value, uint32_t times)
{
    size_t at = tally_place(t, value);
    t->count += t->times[at] == 0;
    t->values[at] = value;
    t->times[at] += times;
}

void tally_add(struct tally *t, uint64_t value)
{
    if (2 * t->count >= t->capacity) {
        struct tally old = *t;
        t->capacity = old.capacity == 0 ? TALLY_FIRST : 2 * old.capacity;
        t->values = calloc(t->capacity, sizeof *t->values);
        t->times = calloc(t->capacity, sizeof *t->times);
        t->count = 0;
        assert_true(t->values != NULL && t->times != NULL);
        for (size_t i = 0; i < old.capacity; i++)
            if (old.times[i] != 0)
                tally_put(t, old.values[i], old.times[i]);
        tally_free(&old);
    }
    tally_put(t, value, 1);
}

bool tally_has(const struct tally *t, uint64_t value)
{
    return t->capacity != 0 && t->times[tally_place(t, value)] != 0;
}

uint32_t tally_most(const struct tally *t)
{
    uint32_t most = 0;
    for (size_t i = 0; i < t->capacity; i++)
        most = t->times[i] > most ? t->times[i] : most;
    return most;
}

bool tally_same(const struct tally *a, const struct tally *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->capacity; i++)
        if (a->times[i] != 0 && !tally_has(b, a->values[i]))
            return false;
    return true;
}

void seen_free(struct seen *s)
{
    tally_free(&s->classes);
    tally_free(&s->whole);
    tally_free(&s->outcomes);
}

/* ---- Classes ---- */

static uint64_t scramble(uint64_t a, uint64_t b)
{
    uint64_t z = (a ^ (b * 0xff51afd7ed558ccdull)) + 0x9E3779B97F4A7C15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

/* Which actor, and which of its events. */
static uint64_t label(const struct emu_footprints *f, uint32_t event)
{
    uint64_t number = 0;
    for (uint32_t i = 0; i < event; i++)
        number += f->events[i].actor == f->events[event].actor;
    return scramble(f->actors[f->events[event].actor].key, number);
}

/* Which strand goes first on a processor is no state of the program. */
static bool is_state(const struct emu_footprint_access *a)
{
    return a->place < EMU_PLACE_READY || a->place >= EMU_PLACE_OBJECTS;
}

static bool touches(const struct emu_footprints *f, uint32_t event)
{
    for (uint32_t i = f->events[event].accesses; i < f->events[event + 1].accesses; i++)
        if (is_state(&f->accesses[i]))
            return true;
    return false;
}

static bool conflict(const struct emu_footprints *f, uint32_t a, uint32_t b)
{
    for (uint32_t i = f->events[a].accesses; i < f->events[a + 1].accesses; i++)
        for (uint32_t k = f->events[b].accesses; k < f->events[b + 1].accesses; k++) {
            const struct emu_footprint_access *x = &f->accesses[i], *y = &f->accesses[k];
            bool writes = x->access == EMU_ACCESS_WRITE || y->access == EMU_ACCESS_WRITE;
            if (is_state(x) && writes && x->key == y->key)
                return true;
        }
    for (unsigned side = 0; side < 2; side++) {
        uint32_t one = side == 0 ? a : b, other = side == 0 ? b : a;
        for (uint32_t i = f->events[one].accesses; i < f->events[one + 1].accesses; i++)
            if (f->accesses[i].place == EMU_PLACE_EVERYTHING && f->accesses[i].access == EMU_ACCESS_WRITE)
                return touches(f, other);
    }
    return false;
}

uint64_t brute_class(const struct emu_footprints *f)
{
    enum { EVENTS_MAX = 256 };
    static bool before[EVENTS_MAX][EVENTS_MAX]; /* [later][earlier] */
    uint32_t events = f->count - f->waiting;
    uint64_t class = 0;
    assert_true(events <= EVENTS_MAX);
    for (uint32_t b = 0; b < events; b++) {
        memset(before[b], 0, sizeof before[b]);
        for (uint32_t a = 0; a < b; a++)
            before[b][a] =
                f->events[a].actor == f->events[b].actor || f->events[b].cause == a + 1 || conflict(f, a, b);
        for (uint32_t c = 0; c < b; c++)
            for (uint32_t a = 0; before[b][c] && a < c; a++)
                before[b][a] |= before[c][a];
        uint64_t later = label(f, b);
        class += scramble(later, 0);
        for (uint32_t a = 0; a < b; a++)
            if (before[b][a])
                class += scramble(later, label(f, a));
    }
    return class;
}

/* ---- Exploring ---- */

struct observer {
    struct emu_strategy base;
    struct emu_strategy *inner;
    struct emu_footprints own;
    struct seen *seen;
    const struct emu_machine *machine;
    outcome_fn *outcome;
    void *context;
};

static void observer_begin(struct emu_strategy *s, uint64_t run)
{
    struct observer *o = (struct observer *)s;
    o->inner->begin(o->inner, run);
}

static uint32_t observer_choose(struct emu_strategy *s, const struct emu_decision *d)
{
    struct observer *o = (struct observer *)s;
    return o->inner->choose(o->inner, d);
}

static bool observer_end(struct emu_strategy *s)
{
    struct observer *o = (struct observer *)s;
    uint64_t class = brute_class(o->base.footprints);
    const struct emu_reduction *r = emu_strategy_reduction(o->inner);
    uint64_t blocked = r != NULL ? r->blocked : 0;
    bool more = o->inner->end(o->inner);
    if (r != NULL && r->blocked != blocked)
        return more;
    tally_add(&o->seen->classes, class);
    if (emu_machine_finding(o->machine) == NULL)
        tally_add(&o->seen->whole, class);
    if (o->outcome != NULL)
        tally_add(&o->seen->outcomes, o->outcome(o->context));
    return more;
}

static const struct emu_divergence *observer_divergence(const struct emu_strategy *s)
{
    return emu_strategy_divergence(((const struct observer *)s)->inner);
}

static const struct emu_reduction *observer_reduction(const struct emu_strategy *s)
{
    return emu_strategy_reduction(((const struct observer *)s)->inner);
}

static void observer_destroy(struct emu_strategy *s)
{
    (void)s;
}

struct seen explore_seen(struct emu_machine *m, const struct emu_program *program,
                         struct emu_strategy *strategy, outcome_fn *outcome, void *context, uint64_t runs_max)
{
    struct seen seen = {0};
    struct observer o = {.base = {.name = "observer",
                                  .begin = observer_begin,
                                  .choose = observer_choose,
                                  .end = observer_end,
                                  .destroy = observer_destroy,
                                  .divergence = observer_divergence,
                                  .reduction = observer_reduction},
                         .inner = strategy,
                         .seen = &seen,
                         .machine = m,
                         .outcome = outcome,
                         .context = context};
    assert_non_null(strategy);
    assert_true(emu_footprints_create(&o.own));
    o.base.footprints = strategy->footprints != NULL ? strategy->footprints : &o.own;
    struct emu_report report;
    emu_explore(m, program, &o.base, &(struct emu_explore_options){.runs = runs_max, .keep_going = true},
                &report);
    seen.runs = report.runs;
    seen.complete = report.complete;
    if (emu_strategy_reduction(strategy) != NULL)
        seen.reduction = *emu_strategy_reduction(strategy);
    seen.blocked = seen.reduction.blocked;
    for (unsigned i = 0; i < report.found; i++)
        if (strcmp(report.findings[i].finding.rule, EMU_RULE_DETERMINISM) == 0)
            fail_msg("%s", report.findings[i].finding.message);
    emu_report_free(&report);
    emu_strategy_destroy(strategy);
    emu_footprints_destroy(&o.own);
    return seen;
}

/* ---- Beyond the tests ---- */

static unsigned long long environment(const char *name, unsigned long long otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

uint64_t oracle_offset(void)
{
    enum { STATES = 1000 };
    return environment("HALDMA_ORACLE_OFFSET", 0) * STATES;
}

unsigned oracle_programs(unsigned count)
{
    return (unsigned)environment("HALDMA_ORACLE_PROGRAMS", count);
}
