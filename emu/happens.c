/*
 * Happens-before: vector clocks over the events of a run.
 */
#include "emu/happens.h"

#include "emu/number_set.h"

#include <stdlib.h>
#include <string.h>

enum { STRIDE_STEP = 8, PAIRS_FIRST = 1024 };

/* What is known of a place while the events are gone through. */
struct emu_place {
    uint32_t stamp;
    uint32_t write;   /* 1 + the last event that wrote */
    uint32_t reader;  /* 1 + the last access that read since */
    uint32_t taken;   /* 1 + the event that took it last */
    uint32_t release; /* 1 + the write by which that one's actor gave it back */
};

void emu_happens_destroy(struct emu_happens *h)
{
    free(h->order);
    free(h->local);
    free(h->before);
    free(h->beside);
    free(h->standings);
    free(h->conflicts);
    free(h->pairs);
    free(h->first);
    free(h->last);
    free(h->places);
    free(h->readers);
}

static void make_room(struct emu_happens *h)
{
    const struct emu_footprints *f = h->f;
    uint32_t stride = (f->actor_count + STRIDE_STEP - 1) / STRIDE_STEP * STRIDE_STEP;
    h->stride = stride;
    if (h->capacity < h->all + 1) {
        h->capacity = 2 * (h->all + 1);
        h->local = emu_grown(h->local, h->capacity, sizeof *h->local);
        h->before = emu_grown(h->before, h->capacity, sizeof *h->before);
        h->beside = emu_grown(h->beside, h->capacity, sizeof *h->beside);
        h->standings = emu_grown(h->standings, h->capacity, sizeof *h->standings);
        h->conflicts = emu_grown(h->conflicts, h->capacity, sizeof *h->conflicts);
    }
    if (h->clocks < (size_t)h->all * stride) {
        h->clocks = 2 * (size_t)h->all * stride;
        h->order = emu_grown(h->order, h->clocks, sizeof *h->order);
    }
    if (h->actor_capacity < f->actor_count) {
        h->actor_capacity = 2 * f->actor_count;
        h->first = emu_grown(h->first, h->actor_capacity, sizeof *h->first);
        h->last = emu_grown(h->last, h->actor_capacity, sizeof *h->last);
    }
    if (h->reader_capacity < f->access_count + 1) {
        h->reader_capacity = 2 * (f->access_count + 1);
        h->readers = emu_grown(h->readers, h->reader_capacity, sizeof *h->readers);
    }
}

static struct emu_place *place(struct emu_happens *h, uint32_t number)
{
    if (EMU_UNLIKELY(number >= h->place_capacity)) {
        uint32_t capacity = 2 * (number + 1);
        h->places = emu_grown(h->places, capacity, sizeof *h->places);
        memset(h->places + h->place_capacity, 0, (capacity - h->place_capacity) * sizeof *h->places);
        h->place_capacity = capacity;
    }
    struct emu_place *p = &h->places[number];
    if (p->stamp != h->stamp)
        *p = (struct emu_place){.stamp = h->stamp};
    return p;
}

static uint16_t *row(uint16_t *clocks, const struct emu_happens *h, uint32_t event)
{
    return clocks + (size_t)event * h->stride;
}

static void join(const struct emu_happens *h, uint16_t *into, const uint16_t *from)
{
    for (uint32_t i = 0; i < h->stride; i++)
        into[i] = into[i] > from[i] ? into[i] : from[i];
}

/* ---- Direct conflicts ---- */

static void add_pair(struct emu_happens *h, uint32_t event, uint32_t earlier)
{
    if (h->f->events[event].actor == h->f->events[earlier].actor)
        return;
    for (uint32_t i = h->conflicts[event]; i < h->pair_count; i++)
        if (h->pairs[i].earlier == earlier)
            return;
    if (EMU_UNLIKELY(h->pair_count == h->pair_capacity)) {
        h->pair_capacity = h->pair_capacity == 0 ? PAIRS_FIRST : 2 * h->pair_capacity;
        h->pairs = emu_grown(h->pairs, h->pair_capacity, sizeof *h->pairs);
    }
    h->pairs[h->pair_count++] = (struct emu_pair){earlier, earlier + 1};
}

/* Which strand goes first is no state of the program: it makes no classes. */
static bool is_ready_place(uint32_t place)
{
    return place >= EMU_PLACE_READY && place < EMU_PLACE_OBJECTS;
}

static bool touches_anything(const struct emu_happens *h, uint32_t event)
{
    const struct emu_footprint_event *e = &h->f->events[event];
    for (uint32_t i = e->accesses; i < e[1].accesses; i++)
        if (h->in_order || !is_ready_place(h->f->accesses[i].place))
            return true;
    return false;
}

static void add_everything(struct emu_happens *h, uint32_t event)
{
    for (emu_actor a = 1; a < h->f->actor_count; a++) {
        uint32_t last = h->last[a];
        while (last > h->everything && !touches_anything(h, last - 1))
            last = h->before[last - 1];
        if (last > h->everything)
            add_pair(h, event, last - 1);
    }
}

static void add_access(struct emu_happens *h, uint32_t event, uint32_t access)
{
    const struct emu_footprint_access *a = &h->f->accesses[access];
    if (a->place == EMU_PLACE_EVERYTHING) {
        if (a->access == EMU_ACCESS_WRITE)
            add_everything(h, event);
        return;
    }
    if (!h->in_order && is_ready_place(a->place))
        return;
    struct emu_place *p = place(h, a->place);
    if (p->write != 0)
        add_pair(h, event, p->write - 1);
    if (a->access != EMU_ACCESS_WRITE) {
        h->readers[access] = p->reader;
        p->reader = access + 1;
        return;
    }
    for (uint32_t r = p->reader; r != 0; r = h->readers[r - 1]) {
        uint32_t at = event;
        while (h->f->events[at].accesses > r - 1)
            at--;
        add_pair(h, event, at);
    }
}

/* After the pairs of all its accesses were added. */
static void write_places(struct emu_happens *h, uint32_t event)
{
    const struct emu_footprint_event *e = &h->f->events[event];
    for (uint32_t i = e->accesses; i < e[1].accesses; i++) {
        const struct emu_footprint_access *a = &h->f->accesses[i];
        if (a->access != EMU_ACCESS_WRITE)
            continue;
        if (a->place == EMU_PLACE_EVERYTHING) {
            h->everything = event + 1;
            continue;
        }
        struct emu_place *p = place(h, a->place);
        p->write = event + 1;
        p->reader = 0;
        if (a->takes) {
            p->taken = event + 1;
            p->release = 0;
        } else if (p->taken != 0 && p->release == 0 && h->f->events[p->taken - 1].actor == e->actor) {
            p->release = event + 1;
        }
    }
}

/*
 * What an event with a condition could have come before, instead of the write that made the condition hold:
 * the event that took the place before that write. 1 + its index; 0: none.
 */
static uint32_t taker_before(struct emu_happens *h, uint32_t event, uint32_t earlier)
{
    const struct emu_footprint_event *e = &h->f->events[event];
    for (uint32_t i = e->accesses; i < e[1].accesses; i++) {
        const struct emu_footprint_access *a = &h->f->accesses[i];
        if (!a->takes)
            continue;
        const struct emu_place *p = place(h, a->place);
        if (p->release == earlier + 1 || p->taken == earlier + 1)
            return p->taken;
    }
    return 0;
}

static bool conflict(const struct emu_footprint_access *a, const struct emu_footprint_access *b)
{
    bool everything = (a->place == EMU_PLACE_EVERYTHING && a->access == EMU_ACCESS_WRITE) ||
                      (b->place == EMU_PLACE_EVERYTHING && b->access == EMU_ACCESS_WRITE);
    return everything ||
           (a->place == b->place && (a->access == EMU_ACCESS_WRITE || b->access == EMU_ACCESS_WRITE));
}

bool emu_events_conflict(const struct emu_footprints *f, uint32_t a, uint32_t b)
{
    const struct emu_footprint_event *x = &f->events[a], *y = &f->events[b];
    for (uint32_t i = x->accesses; i < x[1].accesses; i++)
        for (uint32_t k = y->accesses; k < y[1].accesses; k++)
            if (conflict(&f->accesses[i], &f->accesses[k]))
                return true;
    return false;
}

/* Do the two conflict only where the event waited for what stays? */
static bool only_waited(const struct emu_happens *h, uint32_t event, uint32_t earlier)
{
    const struct emu_footprint_event *e = &h->f->events[event], *x = &h->f->events[earlier];
    for (uint32_t i = e->accesses; i < e[1].accesses; i++)
        for (uint32_t k = x->accesses; k < x[1].accesses; k++)
            if (conflict(&h->f->accesses[i], &h->f->accesses[k]) &&
                !(h->f->accesses[i].waits && h->f->accesses[i].place == h->f->accesses[k].place))
                return false;
    return true;
}

/* Where the event has a condition, what only made it hold cannot come after it. */
static void mend_guarded(struct emu_happens *h, uint32_t event)
{
    const struct emu_footprint_event *e = &h->f->events[event];
    for (uint32_t i = h->conflicts[event]; i < h->pair_count; i++) {
        struct emu_pair *p = &h->pairs[i];
        uint32_t taker = taker_before(h, event, p->earlier);
        if (taker != 0)
            p->turn = h->f->events[taker - 1].actor != e->actor ? taker : 0;
        else if (e->disabled_at >= p->earlier + 1 || only_waited(h, event, p->earlier))
            p->turn = 0;
    }
}

/* Does what another event of its processor did to that one's level, or its pending DPCs, show? */
static bool writes_soft(const struct emu_footprints *f, const struct emu_footprint_event *e)
{
    for (uint32_t i = e->accesses; i < e[1].accesses; i++)
        if (f->accesses[i].place == EMU_PLACE_SOFT + (uint32_t)e->cpu &&
            f->accesses[i].access == EMU_ACCESS_WRITE)
            return true;
    return false;
}

struct emu_standing emu_standing_of(const struct emu_footprints *f, uint32_t event)
{
    const struct emu_footprint_event *e = &f->events[event];
    const struct emu_footprint_actor *a = &f->actors[e->actor];
    struct emu_standing s = {.cpu = e->cpu, .before = e->level, .after = e->after, .priority = e->priority};
    if (e->cpu == EMU_NO_CPU || (e->flags & EMU_EVENT_WITHDRAWN))
        return s;
    if (emu_actor_is_handler(a)) {
        s.handler = a->level;
        s.whole =
            e->level < a->level && e->after == e->level && (a->kind == EMU_ACTOR_SOFT || !writes_soft(f, e));
    } else {
        /* Which of two ran last matters where a third one goes before the other. */
        s.low = e->level < EMU_LEVEL_DISPATCH && e->after < EMU_LEVEL_DISPATCH &&
                (e->flags & EMU_EVENT_NESTED) == 0 && !f->ranked;
    }
    return s;
}

/* Coarsely: what it does not commute with on its processor. */
static void add_processor(struct emu_happens *h, uint32_t event)
{
    const struct emu_footprint_event *e = &h->f->events[event];
    if (e->cpu == EMU_NO_CPU || (e->flags & EMU_EVENT_WITHDRAWN))
        return;
    struct emu_standing mine = h->standings[event];
    for (uint32_t at = h->beside[event]; at != 0; at = h->beside[at - 1]) {
        struct emu_standing other = h->standings[at - 1];
        if (emu_standings_commute(&mine, &other))
            continue;
        add_pair(h, event, at - 1);
        /* All before this one come before it, but for whole handlers. */
        if (!other.low && !other.whole && (h->whole[e->cpu] == 0 || h->whole[e->cpu] > at))
            break;
    }
    if (mine.whole && h->whole[e->cpu] == 0)
        h->whole[e->cpu] = event + 1;
}

/* ---- Clocks ---- */

static void set_clock(struct emu_happens *h, uint32_t event)
{
    const struct emu_footprint_event *e = &h->f->events[event];
    uint16_t *mine = row(h->order, h, event);
    bool withdrawn = (e->flags & EMU_EVENT_WITHDRAWN) != 0;
    uint32_t before = h->last[e->actor];
    while (withdrawn && before > e->disabled_at)
        before = h->before[before - 1];
    if (before != 0) {
        memcpy(mine, row(h->order, h, before - 1), h->stride * sizeof *mine);
    } else if (withdrawn && h->first[e->actor] != 0) {
        memset(mine, 0, h->stride * sizeof *mine);
    } else {
        memset(mine, 0, h->stride * sizeof *mine);
        h->first[e->actor] = event + 1;
    }
    h->before[event] = before;
    if (!withdrawn || h->last[e->actor] == 0)
        h->last[e->actor] = event + 1;
    h->local[event] = (uint16_t)(mine[e->actor] + 1);
    if (e->cause != 0 && e->cause <= event)
        join(h, mine, row(h->order, h, e->cause - 1));
    h->conflicts[event] = h->pair_count;
    if (h->everything != 0 && touches_anything(h, event))
        add_pair(h, event, h->everything - 1);
    for (uint32_t i = e->accesses; i < e[1].accesses; i++)
        add_access(h, event, i);
    if (e->flags & EMU_EVENT_GUARDED)
        mend_guarded(h, event);
    if (h->in_order)
        add_processor(h, event);
    if (e->flags & EMU_EVENT_WITHDRAWN) {
        h->pair_count = h->conflicts[event];
        add_pair(h, event, e->disabled_at - 1);
    }
    for (uint32_t i = h->conflicts[event]; i < h->pair_count; i++)
        join(h, mine, row(h->order, h, h->pairs[i].earlier));
    mine[e->actor] = h->local[event];
    write_places(h, event);
}

/* Do the strands of each processor commute there? Then nothing but conflicts orders them. */
static bool strands_commute(const struct emu_happens *h)
{
    bool ordered[EMU_PROCESSORS_MAX] = {false}, shared[EMU_PROCESSORS_MAX] = {false};
    for (uint32_t i = 0; i < h->all; i++) {
        const struct emu_footprint_event *e = &h->f->events[i];
        if (e->cpu == EMU_NO_CPU)
            continue;
        ordered[e->cpu] |= !h->standings[i].low;
        if (h->beside[i] != 0) {
            const struct emu_footprint_event *before = &h->f->events[h->beside[i] - 1];
            shared[e->cpu] |= before->actor != e->actor;
            ordered[e->cpu] |= before->priority != e->priority;
        }
        if (emu_actor_is_handler(&h->f->actors[e->actor]) || (shared[e->cpu] && ordered[e->cpu]))
            return false;
    }
    return true;
}

/* Who was before on the same processor; and whether two that share one do not commute there. */
static void find_neighbours(struct emu_happens *h)
{
    uint32_t last[EMU_PROCESSORS_MAX] = {0};
    bool shared = false;
    for (uint32_t i = 0; i < h->all; i++) {
        const struct emu_footprint_event *e = &h->f->events[i];
        h->beside[i] = 0;
        h->standings[i] = emu_standing_of(h->f, i);
        if (e->cpu == EMU_NO_CPU)
            continue;
        uint32_t before = last[e->cpu];
        h->beside[i] = before;
        shared |= emu_actor_is_handler(&h->f->actors[e->actor]) ||
                  (before != 0 && h->f->events[before - 1].actor != e->actor);
        if (i < h->count)
            last[e->cpu] = i + 1;
    }
    h->units = shared && !strands_commute(h);
}

/* ---- All of it ---- */

static uint64_t class_of(const struct emu_happens *h)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < h->count; i++) {
        const uint16_t *clocks = h->order + (size_t)i * h->stride;
        uint64_t past = emu_mix(h->f->actors[h->f->events[i].actor].key);
        for (emu_actor a = 1; a < h->f->actor_count; a++)
            past += emu_mix(h->f->actors[a].key + clocks[a]) * (clocks[a] != 0);
        sum += emu_mix(past);
    }
    return sum;
}

static void set_clocks(struct emu_happens *h, bool in_order)
{
    const struct emu_footprints *f = h->f;
    h->pair_count = 0;
    h->everything = 0;
    h->stamp++;
    memset(h->first, 0, f->actor_count * sizeof *h->first);
    memset(h->last, 0, f->actor_count * sizeof *h->last);
    memset(h->whole, 0, sizeof h->whole);
    h->in_order = in_order;
    for (uint32_t i = 0; i < h->all; i++)
        set_clock(h, i);
    h->conflicts[h->all] = h->pair_count;
}

void emu_happens_compute(struct emu_happens *h, const struct emu_footprints *f, uint32_t count)
{
    h->f = f;
    h->count = count;
    h->all = count == f->count - f->waiting ? f->count : count;
    make_room(h);
    set_clocks(h, false);
    find_neighbours(h);
    if (h->coarse) {
        h->class = class_of(h);
        set_clocks(h, true);
    }
}

uint64_t emu_happens_class(const struct emu_happens *h)
{
    return h->coarse ? h->class : class_of(h);
}

uint64_t emu_happens_value(const struct emu_footprints *f, uint32_t event, uint32_t number, uint32_t value)
{
    uint64_t who = 0, which = 0;
    if (event != 0) {
        who = f->actors[f->events[event - 1].actor].key;
        for (uint32_t i = 0; i < event; i++)
            which += f->events[i].actor == f->events[event - 1].actor;
    }
    return emu_mix(emu_mix(emu_mix(emu_mix(who) + which) + number) + value);
}
