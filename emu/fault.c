/*
 * Fault policies: a strategy around another one, which answers choices of kind FAULT itself.
 *
 * The strategy inside never sees those choices. What it repeats (the prefix of a search, the shape of a
 * reduction) it must find again, so as long as one lives, the nth call fails in all of its runs or in none,
 * as far as its runs are alike; for other faults a new one is made. Samplers repeat nothing: with RANDOM
 * their runs have a draw each, by the run's number, so that any of them can be made without the ones before.
 */
#include <emu/callers.h>
#include <emu/fault.h>
#include <emu/part.h>
#include <emu/strategies.h>

#include "emu/number_set.h"
#include "emu/strategy_sampler.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { STACKS_MAX = 1 << 14 };

struct faults {
    struct emu_strategy base;
    struct emu_faults policy;
    emu_strategy_maker *make;
    void *context;
    struct emu_strategy *inside;
    uint64_t number;   /* SWEEP: which call fails, from 1; 0: none. RANDOM: of the draw */
    uint64_t step;     /* to the next number: there are so many shards */
    uint64_t runs;     /* for this number, by whomever */
    uint64_t made;     /* of the strategy inside, those of its profile not counted */
    uint64_t renewed;  /* a draw for each run: before which one the strategy inside was made */
    unsigned profiled; /* of its profile */
    enum { OF_INSIDE, OF_PROFILE, OF_NOBODY } kind; /* whose this run is; nobody's takes defaults */
    bool based;                                     /* the run of nobody was made for this number */
    const char *ran;                                /* whose the last run was */
    uint64_t calls;                                 /* that could fail in this run */
    bool reached;                                   /* some run of this number met so many */
    bool struck;                                    /* STACKS: this run's call has failed */
    struct emu_number_set stacks;                   /* met so far ... */
    uint64_t order[STACKS_MAX];                     /* ... in this order */
    uint64_t met;                                   /* of them */
    struct emu_sampler dice;
    struct emu_fault_sweep sweep;
};

static uint64_t runs_of(const struct faults *f)
{
    return f->policy.runs != 0 ? f->policy.runs : EMU_FAULTS_RUNS;
}

/* ---- Who fails --------------------------------------------------------------------------------------------
 */

static void draw(struct faults *f)
{
    f->dice.state =
        emu_splitmix(emu_splitmix(f->policy.seed + EMU_SPLITMIX_STEP) ^ (f->number + 1) * EMU_SPLITMIX_STEP);
    f->dice.sites = emu_splitmix(f->dice.state);
}

/* By its number and site alone, so that it is the same in every run of a draw. */
static bool fails_by_chance(const struct faults *f, uint32_t site)
{
    uint64_t rate = f->policy.rate != 0 ? f->policy.rate : EMU_FAULTS_RATE;
    uint64_t dice = emu_splitmix(f->dice.state ^ f->calls * EMU_SPLITMIX_STEP);
    bool on = rate >= EMU_FAULTS_CERTAIN || (emu_splitmix(f->dice.sites ^ site) & 1) != 0;
    return on && (dice >> 32) * EMU_FAULTS_CERTAIN >> 32 < rate;
}

/* Where a call that can fail comes from, and what it is. */
static uint64_t stack_of(uint32_t site)
{
    struct emu_callers callers;
    emu_callers_take(emu_current(), &callers);
    return emu_mix(emu_callers_identity(emu_current(), &callers) + site * EMU_SPLITMIX_STEP) | 1;
}

static bool fails_by_stack(struct faults *f, uint32_t site)
{
    uint64_t stack = stack_of(site);
    if (f->met < STACKS_MAX && emu_number_set_add(&f->stacks, stack))
        f->order[f->met++] = stack;
    if (f->struck || f->number == 0 || f->order[f->number - 1] != stack)
        return false;
    f->struck = true;
    return true;
}

static bool fails(struct faults *f, const struct emu_decision *d)
{
    f->calls++;
    if (f->policy.policy == EMU_FAULTS_STACKS)
        return fails_by_stack(f, d->site);
    if (f->policy.policy == EMU_FAULTS_RANDOM)
        return fails_by_chance(f, d->site);
    return f->number != 0 && (f->calls == f->number || (f->policy.persistent && f->calls > f->number));
}

/* ---- Runs -------------------------------------------------------------------------------------------------
 */

static bool renew(struct faults *f)
{
    emu_strategy_destroy(f->inside);
    f->inside = f->make(f->context);
    f->runs = 0;
    f->made = 0;
    f->profiled = 0;
    f->based = false;
    f->reached = false;
    return f->inside != NULL;
}

/* Repeats what it did: its first run is the default one, and the same calls must fail in all. */
static bool is_search(const struct emu_strategy *s)
{
    return s->divergence != NULL || s->reduction != NULL;
}

/* A draw for each run, which is told by its number. */
static bool draws_for_runs(const struct faults *f)
{
    return f->policy.policy == EMU_FAULTS_RANDOM && !is_search(f->inside);
}

static void begin_drawn(struct faults *f, uint64_t run)
{
    struct emu_strategy *in = f->inside;
    bool profiles = run >= EMU_PROFILE_FIRST;
    f->kind = profiles ? OF_PROFILE : OF_INSIDE;
    f->number = run;
    draw(f);
    in->begin(in, profiles ? run : run - f->renewed);
    f->base.footprints = in->footprints;
}

static void faults_begin(struct emu_strategy *s, uint64_t run)
{
    struct faults *f = (struct faults *)s;
    struct emu_strategy *in = f->inside;
    f->calls = 0;
    f->struck = false;
    if (draws_for_runs(f)) {
        begin_drawn(f, run);
        return;
    }
    if (f->policy.policy == EMU_FAULTS_RANDOM)
        draw(f);
    s->footprints = NULL;
    f->kind = f->profiled < in->profile_runs ? OF_PROFILE : OF_INSIDE;
    if (f->policy.policy != EMU_FAULTS_RANDOM && !f->based && !is_search(in)) {
        f->kind = OF_NOBODY;
        return;
    }
    in->begin(in, f->kind == OF_PROFILE ? EMU_PROFILE_FIRST + f->profiled : f->made);
    s->footprints = in->footprints;
}

static uint32_t faults_choose(struct emu_strategy *s, const struct emu_decision *d)
{
    struct faults *f = (struct faults *)s;
    if (d->kind == EMU_CHOICE_FAULT)
        return fails(f, d);
    return f->kind == OF_NOBODY ? 0 : f->inside->choose(f->inside, d);
}

static bool has_diverged(const struct emu_strategy *s)
{
    const struct emu_divergence *d = emu_strategy_divergence(s);
    return d != NULL && d->diverged;
}

/* The strategy inside has had its runs for this number. False: there is no next number. */
static bool next_number(struct faults *f, bool whole)
{
    bool sweeps = f->policy.policy == EMU_FAULTS_SWEEP, by_stacks = f->policy.policy == EMU_FAULTS_STACKS;
    if (f->number != 0 && (by_stacks || (sweeps && f->reached))) {
        f->sweep.done++;
        f->sweep.whole += whole;
    }
    f->sweep.ended = (sweeps && f->number != 0 && !f->reached) || (by_stacks && f->number == f->met);
    if (f->sweep.ended)
        return false;
    f->number += f->step;
    EMU_ASSERT(renew(f));
    return true;
}

static bool end_inside(struct faults *f)
{
    struct emu_strategy *in = f->inside;
    bool more = in->end(in);
    f->ran = f->kind == OF_PROFILE ? "profile" : in->running != NULL ? in->running(in) : in->name;
    f->profiled += f->kind == OF_PROFILE;
    f->made += f->kind == OF_INSIDE;
    if (has_diverged(in))
        return false;
    if (draws_for_runs(f)) {
        if (!more) {
            f->renewed = f->number + 1;
            EMU_ASSERT(renew(f));
        }
        return true;
    }
    if (more && (f->kind == OF_PROFILE || f->made < runs_of(f)))
        return true;
    return next_number(f, !more && emu_strategy_is_proof(in));
}

static bool faults_end(struct emu_strategy *s)
{
    struct faults *f = (struct faults *)s;
    if (f->policy.policy == EMU_FAULTS_STACKS)
        f->sweep.calls = f->met;
    else if (f->calls > f->sweep.calls)
        f->sweep.calls = f->calls;
    f->reached |= f->number != 0 && f->calls >= f->number;
    f->runs++;
    if (f->kind != OF_NOBODY)
        return end_inside(f);
    f->based = true;
    f->ran = "fifo";
    return true;
}

/* ---- Parts ------------------------------------------------------------------------------------------------
 */

/* Every so manyth number, from this one on. */
static void faults_set_shard(struct emu_strategy *s, uint32_t index, uint32_t count)
{
    struct faults *f = (struct faults *)s;
    f->number = index;
    f->step = count;
}

/* The runs for a number are made again: what their strategy inside knew is theirs. */
static void faults_save(const struct emu_strategy *s, struct emu_words *to)
{
    const struct faults *f = (const struct faults *)s;
    const uint64_t words[] = {f->number, f->sweep.calls, f->sweep.done, f->sweep.whole, f->runs, f->met};
    if (draws_for_runs(f)) {
        emu_strategy_save(f->inside, to);
        return;
    }
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
        emu_words_put(to, words[i]);
    for (uint64_t i = 0; i < f->met; i++)
        emu_words_put(to, f->order[i]);
}

static bool faults_restore(struct emu_strategy *s, struct emu_words *from)
{
    struct faults *f = (struct faults *)s;
    if (draws_for_runs(f))
        return f->inside->restore == NULL || f->inside->restore(f->inside, from);
    f->number = emu_words_take(from);
    f->sweep.calls = emu_words_take(from);
    f->sweep.done = emu_words_take(from);
    f->sweep.whole = emu_words_take(from);
    s->to_be_made_again = emu_words_take(from);
    f->met = emu_words_take_below(from, STACKS_MAX + 1);
    for (uint64_t i = 0; i < f->met; i++) {
        f->order[i] = emu_words_take(from);
        emu_number_set_add(&f->stacks, f->order[i]);
    }
    bool names_none = f->policy.policy == EMU_FAULTS_STACKS && f->number > f->met;
    return !from->short_of && !names_none;
}

static void faults_destroy(struct emu_strategy *s)
{
    struct faults *f = (struct faults *)s;
    emu_strategy_destroy(f->inside);
    emu_number_set_free(&f->stacks);
    free(f);
}

static const struct emu_divergence *faults_divergence(const struct emu_strategy *s)
{
    return emu_strategy_divergence(((const struct faults *)s)->inside);
}

static const char *faults_running(const struct emu_strategy *s)
{
    return ((const struct faults *)s)->ran;
}

static bool faults_describe(const struct emu_strategy *s, char *text, size_t size)
{
    const struct faults *f = (const struct faults *)s;
    const struct emu_fault_sweep *w = &f->sweep;
    if (f->policy.policy == EMU_FAULTS_RANDOM)
        return emu_strategy_describe(f->inside, text, size);
    static const char *const names[][2] = {
        {"calls that can fail", "call that can fail"},
        {"call stacks with a call that can fail", "call stack with a call that can fail"}};
    bool by_stacks = f->policy.policy == EMU_FAULTS_STACKS;
    snprintf(text, size,
             "faults: %" PRIu64 " %s failed in turn%s (%s %" PRIu64 "), in up to %" PRIu64
             " run%s each; for %" PRIu64 " these are all runs that there are",
             w->done, names[by_stacks][w->done == 1], f->policy.persistent ? ", with all calls after it" : "",
             by_stacks ? "met:" : "a run has up to", w->calls, runs_of(f), runs_of(f) == 1 ? "" : "s",
             w->whole);
    return true;
}

bool emu_fault_sweep(const struct emu_strategy *s, struct emu_fault_sweep *sweep)
{
    const struct faults *f = (const struct faults *)s;
    if (s->begin != faults_begin || f->policy.policy == EMU_FAULTS_RANDOM)
        return false;
    *sweep = f->sweep;
    return true;
}

struct emu_strategy *emu_strategy_faults(const struct emu_faults *faults, emu_strategy_maker *make,
                                         void *context)
{
    static const char *const names[] = {[EMU_FAULTS_SWEEP] = "fault sweep",
                                        [EMU_FAULTS_STACKS] = "faults by stacks",
                                        [EMU_FAULTS_RANDOM] = "random faults"};
    EMU_ASSERT(faults->policy >= EMU_FAULTS_SWEEP && faults->policy <= EMU_FAULTS_RANDOM);
    struct faults *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    f->base = (struct emu_strategy){.name = names[faults->policy],
                                    .begin = faults_begin,
                                    .choose = faults_choose,
                                    .end = faults_end,
                                    .destroy = faults_destroy,
                                    .divergence = faults_divergence,
                                    .describe = faults_describe,
                                    .running = faults_running,
                                    .save = faults_save,
                                    .restore = faults_restore};
    f->policy = *faults;
    f->step = 1;
    f->make = make;
    f->context = context;
    if (!renew(f)) {
        free(f);
        return NULL;
    }
    if (draws_for_runs(f))
        f->base.profile_runs = f->inside->profile_runs;
    else if (faults->policy != EMU_FAULTS_STACKS)
        f->base.set_shard = faults_set_shard;
    return &f->base;
}

size_t emu_record_faults(const struct emu_record *r)
{
    size_t count = 0;
    for (size_t i = 0; i < r->length; i++)
        count += r->choices[i].kind == EMU_CHOICE_FAULT && r->choices[i].value != 0;
    return count;
}
