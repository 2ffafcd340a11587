/*
 * Coverage: the hash of a run's happens-before order, and the set of those seen.
 *
 * Each place has a cell. A step's hash is made of what it is, of the hash of its context's last step and of
 * the hash of the last step that wrote the place it touches. The class is the sum of the hashes of all steps:
 * equal for equal orders, whatever order unrelated steps came in.
 *
 * An object that comes into being during the race is known by who made it and how many that one had made, or,
 * if all that is known of it is its address, by the step that wrote it first: not by its number, which
 * depends on what others made before.
 *
 * Cells are found by the place's number modulo their count. Two places that share one are taken for one:
 * runs that are alike may then be told apart, never the other way round.
 */
#include <emu/part.h>

#include "emu/coverage_state.h"

#include "emu/footprint.h"

#include <stdlib.h>
#include <string.h>

enum {
    CELLS = 4096,          /* a power of two */
    SLOTS_FIRST = 1 << 12, /* powers of two */
    SLOTS_MAX = 2 * EMU_COVERAGE_CLASSES_MAX,
    COUNT_BITS = 8,
    COUNT_MAX = (1 << COUNT_BITS) - 1,
    NO_MOMENT = 0, /* moments count from 1 */
    OP_SHIFT = 48, /* where a step's operation stands in what it is */
    NAMELESS = 0,  /* the cell of an object that nobody wrote yet */
};
#define MIX_A 0x9E3779B97F4A7C15ull
#define MIX_B 0xD6E8FEB86659FD93ull
enum { MIX_SHIFT = 32 };

struct cell {
    uint64_t run; /* the rest is of this run */
    uint64_t name;
    uint64_t step;  /* its last one, where it is a context */
    uint64_t write; /* the last step that wrote it */
    uint64_t made;  /* objects that it made, where it is a context */
};

struct moments {
    unsigned count;
    uint8_t of_op[EMU_OP_LIMIT];
    uint32_t seen;       /* in this run, a bit each */
    uint8_t last, older; /* the two before, or NO_MOMENT */
    uint32_t before_now[EMU_MOMENTS_MAX];
    uint32_t followed_now[EMU_MOMENTS_MAX];
    uint64_t before[EMU_MOMENTS_MAX][EMU_MOMENTS_MAX]; /* [later][earlier] */
    uint64_t followed[EMU_MOMENTS_MAX][EMU_MOMENTS_MAX];
    uint64_t between[EMU_MOMENTS_MAX][EMU_MOMENTS_MAX][EMU_MOMENTS_MAX];
};

struct emu_coverage {
    uint64_t run; /* from 1 */
    uint64_t sum; /* of the run so far */
    uint64_t steps;
    uint64_t class_of_last;
    uint64_t last_new; /* the run that was */
    struct emu_coverage_report report;
    uint64_t *slots; /* a hash above, how often below */
    size_t slot_count;
    struct moments moments;
    struct cell cells[CELLS];
};

struct emu_coverage *emu_coverage_create(void)
{
    struct emu_coverage *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->slot_count = SLOTS_FIRST;
    c->slots = calloc(c->slot_count, sizeof *c->slots);
    if (c->slots == NULL) {
        free(c);
        return NULL;
    }
    return c;
}

void emu_coverage_destroy(struct emu_coverage *c)
{
    if (c == NULL)
        return;
    free(c->slots);
    free(c);
}

/* ---- The hash of a run ------------------------------------------------------------------------------------
 */

static inline uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t h = (a ^ b) * MIX_A;
    return (h ^ h >> MIX_SHIFT) * MIX_B;
}

static inline struct cell *cell_of(struct emu_coverage *c, uint32_t place)
{
    struct cell *at = &c->cells[place % CELLS];
    if (at->run != c->run)
        *at = (struct cell){.run = c->run, .name = place};
    return at;
}

/* The context's last step is now this; it counts in the sum. */
static inline void take_step(struct emu_coverage *c, struct cell *context, uint64_t h)
{
    context->step = h;
    c->sum += h ^ h >> MIX_SHIFT;
}

static inline void step(struct emu_coverage *c, struct cell *who, uint64_t what)
{
    c->steps++;
    take_step(c, who, mix(mix(who->step, what ^ who->name), who->write));
}

/*
 * What it reads or overwrites is in the hash. That orders reads and writes, too: a read comes before a write
 * when what it saw was written before it. Who touches everything comes after the sum of all that was, and
 * what comes later is not in that sum.
 */
static inline void touch(struct emu_coverage *c, struct cell *who, uint32_t place, enum emu_access access)
{
    if (access == EMU_ACCESS_LOCAL)
        return;
    if (place == EMU_PLACE_EVERYTHING) {
        take_step(c, who, mix(who->step, c->sum));
        return;
    }
    struct cell *at = cell_of(c, place);
    if (at->name == NAMELESS && access == EMU_ACCESS_WRITE)
        at->name = mix(who->step, who->name) | 1;
    uint64_t h = mix(who->step ^ at->name, at->write);
    if (access == EMU_ACCESS_WRITE)
        at->write = h;
    take_step(c, who, h);
}

void emu_coverage_step(struct emu_coverage *c, uint32_t context, uint64_t what)
{
    step(c, cell_of(c, context), what);
}

void emu_coverage_access(struct emu_coverage *c, uint32_t context, uint32_t place, enum emu_access access)
{
    touch(c, cell_of(c, context), place, access);
}

void emu_coverage_perform(struct emu_coverage *c, uint32_t context, emu_op op, uint32_t place,
                          enum emu_access access)
{
    struct cell *who = cell_of(c, context);
    if (c->moments.of_op[op] != NO_MOMENT)
        emu_coverage_moment(c, op);
    step(c, who, (uint64_t)op << OP_SHIFT);
    touch(c, who, place, access);
}

void emu_coverage_made(struct emu_coverage *c, uint32_t context, uint32_t place)
{
    struct cell *maker = cell_of(c, context);
    uint64_t name = mix(maker->name, ++maker->made) | 1;
    bool shares = c->cells[place % CELLS].run == c->run;
    struct cell *at = cell_of(c, place);
    at->name = shares ? mix(at->name, name) | 1 : name;
}

void emu_coverage_appeared(struct emu_coverage *c, uint32_t place)
{
    if (c->cells[place % CELLS].run != c->run)
        cell_of(c, place)->name = NAMELESS;
}

/* ---- Moments ----------------------------------------------------------------------------------------------
 */

void emu_coverage_watch(struct emu_coverage *c, const emu_op *moments, unsigned count)
{
    EMU_ASSERT(count <= EMU_MOMENTS_MAX && c->run == 0);
    memset(c->moments.of_op, 0, sizeof c->moments.of_op);
    c->moments.count = count;
    for (unsigned i = 0; i < count; i++) {
        EMU_ASSERT(moments[i] < EMU_OP_LIMIT);
        c->moments.of_op[moments[i]] = (uint8_t)(i + 1);
    }
}

const uint8_t *emu_coverage_moments(const struct emu_coverage *c)
{
    return c->moments.of_op;
}

void emu_coverage_moment(struct emu_coverage *c, emu_op op)
{
    struct moments *w = &c->moments;
    uint8_t now = w->of_op[op];
    if (now == NO_MOMENT)
        return;
    unsigned i = now - 1u;
    w->before_now[i] |= w->seen;
    w->seen |= 1u << i;
    if (w->last != NO_MOMENT) {
        w->followed_now[i] |= 1u << (w->last - 1);
        if (w->older != NO_MOMENT)
            w->between[w->older - 1][w->last - 1][i]++;
    }
    w->older = w->last;
    w->last = now;
}

static void add_runs(uint64_t totals[EMU_MOMENTS_MAX], uint32_t bits)
{
    for (; bits != 0; bits &= bits - 1)
        totals[__builtin_ctz(bits)]++;
}

static void end_moments(struct moments *w)
{
    for (uint32_t left = w->seen; left != 0; left &= left - 1) {
        int i = __builtin_ctz(left);
        add_runs(w->before[i], w->before_now[i]);
        add_runs(w->followed[i], w->followed_now[i]);
        w->before_now[i] = w->followed_now[i] = 0;
    }
    w->seen = 0;
    w->last = w->older = NO_MOMENT;
}

static unsigned moment_of(const struct emu_coverage *c, emu_op op)
{
    EMU_ASSERT(op < EMU_OP_LIMIT && c->moments.of_op[op] != NO_MOMENT);
    return c->moments.of_op[op] - 1u;
}

uint64_t emu_coverage_before(const struct emu_coverage *c, emu_op a, emu_op b)
{
    return c->moments.before[moment_of(c, b)][moment_of(c, a)];
}

uint64_t emu_coverage_followed(const struct emu_coverage *c, emu_op a, emu_op b)
{
    return c->moments.followed[moment_of(c, b)][moment_of(c, a)];
}

uint64_t emu_coverage_between(const struct emu_coverage *c, emu_op a, emu_op b, emu_op last)
{
    return c->moments.between[moment_of(c, a)][moment_of(c, b)][moment_of(c, last)];
}

/* ---- The set of classes -----------------------------------------------------------------------------------
 */

/* The slot that holds the hash, or the free one where it belongs. */
static uint64_t *slot_of(uint64_t *slots, size_t count, uint64_t hash)
{
    size_t i = (size_t)(hash >> COUNT_BITS) & (count - 1);
    while (slots[i] != 0 && slots[i] >> COUNT_BITS != hash >> COUNT_BITS)
        i = (i + 1) & (count - 1);
    return &slots[i];
}

/* Between runs, to twice the size. Without memory the set is full. */
static bool grow(struct emu_coverage *c)
{
    uint64_t *slots = c->slot_count < SLOTS_MAX ? calloc(2 * c->slot_count, sizeof *slots) : NULL;
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < c->slot_count; i++)
        if (c->slots[i] != 0)
            *slot_of(slots, 2 * c->slot_count, c->slots[i]) = c->slots[i];
    free(c->slots);
    c->slots = slots;
    c->slot_count *= 2;
    return true;
}

/* True: it was not there. */
static bool count_class(struct emu_coverage *c, uint64_t hash)
{
    struct emu_coverage_report *r = &c->report;
    uint64_t *slot = slot_of(c->slots, c->slot_count, hash);
    if (*slot == 0) {
        if (r->full)
            return false;
        *slot = (hash & ~(uint64_t)COUNT_MAX) | 1;
        r->classes++;
        r->once++;
        r->full = 2 * r->classes >= c->slot_count && !grow(c);
        return true;
    }
    uint64_t times = *slot & COUNT_MAX;
    r->once -= times == 1;
    r->twice += times == 1;
    r->twice -= times == 2;
    *slot += times < COUNT_MAX;
    return false;
}

void emu_coverage_begin_run(struct emu_coverage *c)
{
    c->run++;
    c->sum = 0;
    c->steps = 0;
}

bool emu_coverage_end_run(struct emu_coverage *c)
{
    struct emu_coverage_report *r = &c->report;
    c->class_of_last = mix(c->sum, MIX_A);
    r->runs++;
    bool is_new = count_class(c, c->class_of_last);
    if (is_new)
        c->last_new = r->runs;
    if ((r->runs & (r->runs - 1)) == 0 && r->points < EMU_COVERAGE_POINTS_MAX - 1)
        r->curve[r->points++] = (struct emu_coverage_point){r->runs, r->classes};
    end_moments(&c->moments);
    return is_new;
}

void emu_coverage_forget_run(struct emu_coverage *c)
{
    struct moments *w = &c->moments;
    for (uint32_t left = w->seen; left != 0; left &= left - 1)
        w->before_now[__builtin_ctz(left)] = w->followed_now[__builtin_ctz(left)] = 0;
    w->seen = 0;
    w->last = w->older = NO_MOMENT;
}

/* ---- Kept and put together -------------------------------------------------------------------------------
 */

/* Numbers that are mostly 0: pairs of place and number, and how many there are. */
static void save_sparse(struct emu_words *to, const uint64_t *numbers, size_t count)
{
    uint64_t used = 0;
    for (size_t i = 0; i < count; i++)
        used += numbers[i] != 0;
    emu_words_put(to, used);
    for (size_t i = 0; i < count; i++) {
        if (numbers[i] != 0) {
            emu_words_put(to, i);
            emu_words_put(to, numbers[i]);
        }
    }
}

static void add_sparse(struct emu_words *from, uint64_t *numbers, size_t count)
{
    for (uint64_t left = emu_words_take_below(from, count + 1); left > 0 && !from->short_of; left--) {
        size_t at = (size_t)emu_words_take_below(from, count);
        numbers[at] += emu_words_take(from);
    }
}

void emu_coverage_save(const struct emu_coverage *c, struct emu_words *to)
{
    const struct emu_coverage_report *r = &c->report;
    const struct moments *w = &c->moments;
    emu_words_put(to, r->runs);
    emu_words_put(to, c->last_new);
    emu_words_put(to, r->full);
    emu_words_put(to, r->points);
    for (unsigned i = 0; i < r->points; i++) {
        emu_words_put(to, r->curve[i].runs);
        emu_words_put(to, r->curve[i].classes);
    }
    emu_words_put(to, r->classes);
    for (size_t i = 0; i < c->slot_count; i++)
        if (c->slots[i] != 0)
            emu_words_put(to, c->slots[i]);
    save_sparse(to, w->before[0], EMU_MOMENTS_MAX * EMU_MOMENTS_MAX);
    save_sparse(to, w->followed[0], EMU_MOMENTS_MAX * EMU_MOMENTS_MAX);
    save_sparse(to, w->between[0][0], EMU_MOMENTS_MAX * EMU_MOMENTS_MAX * EMU_MOMENTS_MAX);
}

/* A class that somebody saw so many times. True: it was not there. */
static bool add_class(struct emu_coverage *c, uint64_t hash, uint64_t times)
{
    bool is_new = false;
    for (uint64_t i = 0; i < times; i++)
        is_new |= count_class(c, hash);
    return is_new;
}

bool emu_coverage_add(struct emu_coverage *c, struct emu_words *from)
{
    struct emu_coverage_report *r = &c->report;
    struct moments *w = &c->moments;
    uint64_t runs = emu_words_take(from);
    uint64_t last_new = emu_words_take_below(from, runs + 1);
    bool full = emu_words_take_below(from, 2);
    bool is_first = r->runs == 0;
    unsigned points = (unsigned)emu_words_take_below(from, EMU_COVERAGE_POINTS_MAX);
    for (unsigned i = 0; i < points && !from->short_of; i++) {
        struct emu_coverage_point p = {.runs = emu_words_take(from)};
        p.classes = emu_words_take(from);
        if (is_first)
            r->curve[r->points++] = p;
    }
    bool is_new = false;
    for (uint64_t left = emu_words_take(from); left > 0 && !from->short_of; left--) {
        uint64_t slot = emu_words_take(from);
        is_new |= add_class(c, slot, slot & COUNT_MAX);
    }
    if (is_new)
        c->last_new = r->runs + last_new;
    r->runs += runs;
    r->full |= full;
    add_sparse(from, w->before[0], EMU_MOMENTS_MAX * EMU_MOMENTS_MAX);
    add_sparse(from, w->followed[0], EMU_MOMENTS_MAX * EMU_MOMENTS_MAX);
    add_sparse(from, w->between[0][0], EMU_MOMENTS_MAX * EMU_MOMENTS_MAX * EMU_MOMENTS_MAX);
    if (r->points > 0 && r->runs >= 2 * r->curve[r->points - 1].runs &&
        r->points < EMU_COVERAGE_POINTS_MAX - 1)
        r->curve[r->points++] = (struct emu_coverage_point){r->runs, r->classes};
    return !from->short_of;
}

/* ---- What is told ----------------------------------------------------------------------------------------
 */

uint64_t emu_coverage_class(const struct emu_coverage *c)
{
    return c->class_of_last;
}

uint64_t emu_coverage_classes(const struct emu_coverage *c)
{
    return c->report.classes;
}

uint64_t emu_coverage_steps(const struct emu_coverage *c)
{
    return c->steps;
}

static uint64_t since_new(const struct emu_coverage *c)
{
    return c->report.runs - c->last_new;
}

bool emu_coverage_is_saturated(const struct emu_coverage *c)
{
    return !c->report.full && since_new(c) >= EMU_SATURATED_RUNS && 2 * since_new(c) >= c->report.runs;
}

void emu_coverage_read(const struct emu_coverage *c, struct emu_coverage_report *r)
{
    *r = c->report;
    if (r->runs == 0)
        return;
    r->since_new = since_new(c);
    r->next_new = (double)r->once / (double)r->runs;
    /* In the form that needs no class seen twice. */
    r->classes_expected =
        (double)r->classes + (double)r->once * ((double)r->once - 1) / (2.0 * ((double)r->twice + 1));
    r->saturated = emu_coverage_is_saturated(c);
    if (r->points == 0 || r->curve[r->points - 1].runs != r->runs)
        r->curve[r->points++] = (struct emu_coverage_point){r->runs, r->classes};
}
