/*
 * Telling a failing run: what of it matters, and where it could last have gone well.
 *
 * A step matters when it is in the past of the run's end (linked to it by the order within its context, or by
 * an object that both use and one changes) and when another context used its object before, or will use it.
 * Of steps that one context makes on one object in a row the first stands for all.
 *
 * The closest passing run is the one that parts from the failing run as late as possible, at one choice, and
 * goes on with defaults. The decisive steps are the first two that conflict and whose order the two runs do
 * not share.
 */
#include <emu/story.h>

#include "emu/machine_state.h"
#include "emu/stopwatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX   20000000ull
#define SECONDS_MAX 5.0
enum { RUNS_DEFAULT = 20000, NESTING = EMU_LEVELS, COMPARED_MAX = 4000, TOLD_MAX = 100000 };

/* ---- Names ------------------------------------------------------------------------------------- */

enum { NO_PROCESSOR = -1 };

/* Indices of names, which are new where they are not there; what is beyond the tables is their last one.
 * Strands of one name are several contexts. */
static uint8_t context_named(struct emu_story *story, const char *name, emu_object strand, int processor)
{
    for (unsigned i = 0; i < story->context_count; i++) {
        const struct emu_story_context *c = &story->contexts[i];
        if (c->processor == processor && c->strand == strand &&
            strncmp(c->name, name, EMU_STORY_NAME - 1) == 0)
            return (uint8_t)i;
    }
    if (story->context_count < EMU_STORY_NAMES_MAX) {
        struct emu_story_context *c = &story->contexts[story->context_count++];
        c->processor = processor;
        c->strand = strand;
        snprintf(c->name, sizeof c->name, "%s", name);
    }
    return (uint8_t)(story->context_count - 1);
}

static uint8_t column_named(struct emu_story *story, const char *name)
{
    for (unsigned i = 0; i < story->column_count; i++) {
        if (strncmp(story->columns[i], name, EMU_STORY_NAME - 1) == 0)
            return (uint8_t)i;
    }
    if (story->column_count < EMU_STORY_NAMES_MAX)
        snprintf(story->columns[story->column_count++], EMU_STORY_NAME, "%s", name);
    return (uint8_t)(story->column_count - 1);
}

/* ---- Taking a run ------------------------------------------------------------------------------ */

/* Who runs where, while a trace is read. */
struct reading {
    struct emu_story *story;
    const struct emu_machine *machine;
    uint8_t nested[EMU_PROCESSORS_MAX][NESTING]; /* contexts of handlers */
    uint8_t depth[EMU_PROCESSORS_MAX];
    uint32_t callback_step; /* entries of this step are the callback's */
    bool in_callback;
    uint8_t column, context; /* of the callback */
};

static void enter_handler(struct reading *r, const struct emu_trace_entry *e)
{
    char name[EMU_STORY_NAME];
    emu_trace_text(r->machine, e, name, sizeof name);
    if (r->depth[e->cpu] < NESTING)
        r->nested[e->cpu][r->depth[e->cpu]] = context_named(r->story, name, EMU_NO_OBJECT, e->cpu);
    r->depth[e->cpu]++;
}

static void leave_handler(struct reading *r, const struct emu_trace_entry *e)
{
    if (r->depth[e->cpu] > 0)
        r->depth[e->cpu]--;
}

static void enter_callback(struct reading *r, const struct emu_trace_entry *e)
{
    char name[EMU_STORY_NAME];
    emu_object_text(r->machine, e->object, name, sizeof name);
    r->in_callback = true;
    r->callback_step = e->step;
    r->context = context_named(r->story, name, EMU_NO_OBJECT, NO_PROCESSOR);
    r->column = column_named(r->story, e->op == EMU_OP_EVENT ? "timers" : name);
}

static uint8_t strand_context(struct reading *r, emu_object strand)
{
    char name[EMU_STORY_NAME] = "host";
    if (strand != EMU_NO_OBJECT)
        emu_object_text(r->machine, strand, name, sizeof name);
    return context_named(r->story, name, strand, NO_PROCESSOR);
}

static uint8_t context_of(struct reading *r, const struct emu_trace_entry *e)
{
    uint8_t depth = r->depth[e->cpu];
    if (depth > 0)
        return r->nested[e->cpu][(depth < NESTING ? depth : NESTING) - 1];
    return strand_context(r, e->strand);
}

/* Is it worth a line whatever its object? */
static bool speaks(const struct emu_trace_entry *e)
{
    return e->op == EMU_OP_PRINT || e->op == EMU_OP_FINDING ||
           (e->op == EMU_OP_CHOICE && emu_choice_of(e->arg).value != 0);
}

static struct emu_story_step read_entry(struct reading *r, const struct emu_trace_entry *e)
{
    struct emu_story_step s = {
        .time = e->time,
        .step = e->step,
        .object = e->object,
        .op = e->op,
        .access = (uint8_t)emu_op_info(r->machine, e->op)->access,
        .level = e->level,
        .wakes = e->op == EMU_OP_STRAND_READY,
    };
    emu_trace_text(r->machine, e, s.text, sizeof s.text);
    emu_object_text(r->machine, e->object, s.thing, sizeof s.thing);
    if (e->op == EMU_OP_FINDING)
        snprintf(s.text, sizeof s.text, "finding %s", emu_machine_finding(r->machine)->rule);
    if (s.wakes)
        s.woken = strand_context(r, e->object);
    r->in_callback = r->in_callback && e->step == r->callback_step;
    bool callback = e->op == EMU_OP_ENGINE || e->op == EMU_OP_EVENT;
    bool handler = e->op == EMU_OP_INTERRUPT || e->op == EMU_OP_SOFT;
    if (callback)
        enter_callback(r, e);
    if (handler)
        enter_handler(r, e);
    s.begins = callback || handler;
    s.speaks = s.begins || speaks(e);
    if (r->in_callback) {
        s.context = r->context;
        s.column = r->column;
    } else {
        bool runs = e->op == EMU_OP_STRAND_RUN; /* told by whoever left the processor to it */
        char name[EMU_STORY_NAME];
        snprintf(name, sizeof name, "processor %u", runs ? (unsigned)e->arg : (unsigned)e->cpu);
        s.context = runs ? strand_context(r, e->object) : context_of(r, e);
        s.column = column_named(r->story, name);
    }
    if (e->op == EMU_OP_INTERRUPT_END || e->op == EMU_OP_SOFT_END)
        leave_handler(r, e);
    return s;
}

/* The machine's last run, which was traced. */
static void take_run(struct emu_story *story, const struct emu_machine *m, struct emu_story_run *run)
{
    struct reading r = {.story = story, .machine = m};
    size_t first = emu_trace_race(m), length = emu_trace_length(m);
    first = length - first > TOLD_MAX ? length - TOLD_MAX : first;
    run->count = length - first;
    run->steps = calloc(run->count + 1, sizeof *run->steps);
    EMU_ASSERT(run->steps != NULL);
    for (size_t i = 0; i < run->count; i++)
        run->steps[i] = read_entry(&r, emu_trace_entry(m, first + i));
    run->fork = run->decisive = run->count;
    emu_record_copy(&run->record, emu_machine_record(m));
    run->hash = emu_trace_hash(m);
}

/* ---- What matters ------------------------------------------------------------------------------ */

/* What is known of an object while a run is read backwards or forwards. */
struct use {
    bool used, written; /* by a step of the past, later in the run */
    bool shared;        /* by two contexts, one of which writes */
    bool touched;
    uint8_t last; /* context */
};

static bool changes(const struct emu_story_step *s)
{
    return s->access == EMU_ACCESS_WRITE;
}

static bool uses(const struct emu_story_step *s)
{
    return s->object != EMU_NO_OBJECT && s->access != EMU_ACCESS_LOCAL;
}

static void find_shared(const struct emu_story_run *run, struct use *objects)
{
    for (size_t i = 0; i < run->count; i++) {
        const struct emu_story_step *s = &run->steps[i];
        if (!uses(s))
            continue;
        struct use *u = &objects[s->object];
        u->shared |= u->touched && u->last != s->context;
        u->touched = true;
        u->last = s->context;
    }
}

/*
 * Marks what leads to the end. Where the end is of a context that touched nothing that others touch, as a
 * check after the race, all of the race leads to it.
 */
static void mark_past(struct emu_story_run *run, struct use *objects)
{
    bool in_past[EMU_STORY_NAMES_MAX] = {false};
    unsigned contexts = 0;
    for (size_t i = run->count; i-- > 0;) {
        struct emu_story_step *s = &run->steps[i];
        bool linked = i + 1 == run->count || in_past[s->context];
        if (uses(s))
            linked |= changes(s) ? objects[s->object].used : objects[s->object].written;
        linked |= s->wakes && in_past[s->woken];
        if (!linked)
            continue;
        contexts += !in_past[s->context];
        in_past[s->context] = true;
        s->matters = true;
        if (uses(s)) {
            objects[s->object].used = true;
            objects[s->object].written |= changes(s);
        }
    }
    for (size_t i = 0; contexts == 1 && i < run->count; i++)
        run->steps[i].matters = true;
}

/* Leaves of it what orders contexts. */
static void thin_out(struct emu_story_run *run, struct use *objects)
{
    for (size_t i = 0; i < run->count; i++) {
        struct emu_story_step *s = &run->steps[i];
        bool orders = false;
        if (uses(s)) {
            struct use *u = &objects[s->object];
            orders = u->shared && (!u->touched || u->last != s->context);
            u->touched = true;
            u->last = s->context;
        }
        s->matters = s->matters && (orders || s->speaks || s->wakes);
    }
}

static emu_object objects_of(const struct emu_story_run *run)
{
    emu_object most = 0;
    for (size_t i = 0; i < run->count; i++)
        most = run->steps[i].object > most ? run->steps[i].object : most;
    return most + 1;
}

static void find_what_matters(struct emu_story_run *run)
{
    emu_object count = objects_of(run);
    struct use *objects = calloc(count, sizeof *objects);
    EMU_ASSERT(objects != NULL);
    find_shared(run, objects);
    mark_past(run, objects);
    for (emu_object i = 0; i < count; i++)
        objects[i].touched = false;
    thin_out(run, objects);
    free(objects);
}

/* ---- The closest passing run ------------------------------------------------------------------- */

struct search {
    struct emu_machine *machine;
    const struct emu_program *program;
    struct emu_record edited;
    struct emu_strategy *tolerant; /* replay of edited */
    uint64_t runs, runs_max;
    uint64_t steps; /* of all runs: long ones are fewer */
    struct emu_stopwatch watch;
    bool late; /* a guard for runs that hang */
};

static bool passes(struct search *s)
{
    emu_machine_set_strategy(s->machine, s->tolerant);
    s->tolerant->begin(s->tolerant, 0);
    bool passed = emu_run_program(s->machine, s->program) == EMU_STOP_IDLE;
    emu_machine_set_strategy(s->machine, NULL);
    s->runs++;
    s->steps += emu_steps(s->machine);
    s->late = s->late || (emu_stopwatch_tick(&s->watch) && s->watch.looked >= SECONDS_MAX);
    return passed;
}

static bool is_spent(const struct search *s)
{
    return s->late || s->runs >= s->runs_max || s->steps >= STEPS_MAX;
}

/* Every other answer at this choice; true: with *instead the run passes. */
static bool part_at(struct search *s, const struct emu_record *failing, size_t index, uint32_t *instead)
{
    struct emu_choice here = failing->choices[index];
    for (uint32_t value = 0; value < here.count && !is_spent(s); value++) {
        if (value == here.value)
            continue;
        emu_record_copy(&s->edited, failing);
        s->edited.length = index + 1;
        s->edited.choices[index].value = (uint16_t)value;
        if (passes(s)) {
            *instead = value;
            return true;
        }
    }
    return false;
}

/* The failing run parts as late as possible, at a choice of the scheduler's or at another one; true:
 * s->edited passes. */
static bool find_fork(struct search *s, struct emu_story *story, bool schedule)
{
    const struct emu_record *failing = &story->failing.record;
    for (size_t index = failing->length; index-- > 0 && !is_spent(s);) {
        bool is_schedule = failing->choices[index].kind == EMU_CHOICE_SCHEDULE;
        if (schedule && !is_schedule && failing->choices[index].value != 0)
            break; /* what comes after would pass for the other answer's sake */
        bool wanted = is_schedule == schedule;
        if (wanted && part_at(s, failing, index, &story->instead)) {
            story->fork = failing->choices[index];
            snprintf(story->asks, sizeof story->asks, "%s", emu_op_info(s->machine, story->fork.site)->name);
            story->every = true;
            return true;
        }
    }
    return false;
}

/* An order that decides tells more than an answer with which all comes in another order. */
static bool find_passing(struct search *s, struct emu_story *story)
{
    bool found = find_fork(s, story, true) || find_fork(s, story, false);
    story->every = found || !is_spent(s);
    return found;
}

/* ---- Where the two differ ---------------------------------------------------------------------- */

static bool same_event(const struct emu_story_step *a, const struct emu_story_step *b)
{
    return a->context == b->context && a->op == b->op && strcmp(a->thing, b->thing) == 0;
}

static bool conflict(const struct emu_story_step *a, const struct emu_story_step *b)
{
    return a->context != b->context && uses(a) && uses(b) && (changes(a) || changes(b)) &&
           strcmp(a->thing, b->thing) == 0;
}

/* How often an event like this one came from the fork on, this one included. */
static size_t occurrence(const struct emu_story_run *run, size_t at)
{
    size_t count = 0;
    for (size_t i = run->fork; i <= at; i++)
        count += same_event(&run->steps[i], &run->steps[at]);
    return count;
}

/* Where the other run has the same event; its count: nowhere. */
static size_t find_event(const struct emu_story_run *run, size_t at, const struct emu_story_run *other)
{
    size_t wanted = occurrence(run, at);
    for (size_t i = other->fork; i < other->count && i < other->fork + COMPARED_MAX; i++) {
        if (same_event(&other->steps[i], &run->steps[at]) && --wanted == 0)
            return i;
    }
    return other->count;
}

/* The first step of the failing run's that comes before event y there, after it in the passing run, and
 * conflicts with it; count: none. */
static size_t find_overtaker(const struct emu_story *story, size_t y)
{
    const struct emu_story_run *f = &story->failing, *p = &story->passing;
    size_t end = find_event(p, y, f);
    for (size_t x = f->fork; x < end && x < f->fork + COMPARED_MAX; x++) {
        if (conflict(&f->steps[x], &p->steps[y]) && find_event(f, x, p) > y)
            return x;
    }
    return f->count;
}

static void compare(struct emu_story *story)
{
    struct emu_story_run *f = &story->failing, *p = &story->passing;
    size_t shorter = f->count < p->count ? f->count : p->count;
    size_t fork = 0;
    while (fork < shorter && same_event(&f->steps[fork], &p->steps[fork]) &&
           strcmp(f->steps[fork].text, p->steps[fork].text) == 0)
        fork++;
    f->fork = p->fork = fork;
    if (fork < shorter)
        f->steps[fork].matters = p->steps[fork].matters = true;
    for (size_t y = fork; y < p->count && y < fork + COMPARED_MAX; y++) {
        size_t x = find_overtaker(story, y);
        if (x < f->count) {
            f->decisive = x;
            p->decisive = y;
            f->steps[x].matters = p->steps[y].matters = true;
            return;
        }
    }
}

/* ---- The whole --------------------------------------------------------------------------------- */

static bool fails_traced(struct search *s, const struct emu_record *record)
{
    emu_record_copy(&s->edited, record);
    emu_trace_record(s->machine, true);
    bool failed = !passes(s);
    emu_trace_record(s->machine, false);
    return failed;
}

bool emu_story_tell(struct emu_machine *m, const struct emu_program *program,
                    const struct emu_record *failing, uint64_t runs, struct emu_story *story)
{
    struct search s = {.machine = m, .program = program, .runs_max = runs != 0 ? runs : RUNS_DEFAULT};
    *story = (struct emu_story){0};
    emu_stopwatch_start(&s.watch);
    s.tolerant = emu_strategy_replay(&s.edited, false);
    EMU_ASSERT(s.tolerant != NULL);
    bool failed = fails_traced(&s, failing);
    if (failed) {
        story->finding = *emu_machine_finding(m);
        take_run(story, m, &story->failing);
        find_what_matters(&story->failing);
    }
    if (failed && find_passing(&s, story)) {
        struct emu_record passing = {0};
        emu_record_copy(&passing, emu_machine_record(m));
        fails_traced(&s, &passing);
        emu_record_free(&passing);
        take_run(story, m, &story->passing);
        find_what_matters(&story->passing);
        compare(story);
    }
    story->runs = s.runs;
    emu_strategy_destroy(s.tolerant);
    emu_record_free(&s.edited);
    return failed;
}

void emu_story_free(struct emu_story *story)
{
    free(story->failing.steps);
    free(story->passing.steps);
    emu_record_free(&story->failing.record);
    emu_record_free(&story->passing.record);
}
