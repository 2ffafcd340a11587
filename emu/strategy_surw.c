/*
 * Selectively uniform random walk: contexts are drawn by what they have left to do.
 *
 * If every context is drawn with the number of its remaining operations as its weight, all interleavings are
 * equally likely, where a plain walk hardly ever lets a long context finish before a short one. The numbers
 * come from the profile, and count down; a weight of 0 is raised to 1. Every other run orders only what is
 * done to one object in this way: a context is drawn whose operation on it comes next, and whoever else
 * arrives at the object waits; all other operations are drawn alike.
 */
#include <emu/strategies.h>

#include "emu/strategy_sampler.h"

#include <stdlib.h>

enum { NOBODY = 0 };

struct weight {
    uint32_t context;
    uint32_t left;
};

struct surw {
    struct emu_sampler sampler;
    struct emu_program_profile profile;
    bool profiling;
    emu_object object; /* whose operations are ordered; EMU_NO_OBJECT: all */
    uint32_t intended; /* the context whose operation on it comes next, or NOBODY */
    uint32_t weight_count;
    struct weight weights[EMU_PROFILE_CONTEXTS];
};

static void set_weight(struct surw *w, uint32_t context, uint32_t left)
{
    if (left > 0 && w->weight_count < EMU_PROFILE_CONTEXTS)
        w->weights[w->weight_count++] = (struct weight){context, left};
}

static void surw_begin(struct emu_strategy *s, uint64_t run)
{
    struct surw *w = (struct surw *)s;
    const struct emu_program_profile *p = &w->profile;
    emu_sampler_begin(&w->sampler, run);
    w->profiling = run >= EMU_PROFILE_FIRST;
    if (w->profiling) {
        emu_profile_begin(&w->profile);
        return;
    }
    w->weight_count = 0;
    w->intended = NOBODY;
    w->object = EMU_NO_OBJECT;
    if (run % 2 == 1 && p->shared_count > 0)
        w->object = p->shared[emu_draw_below(&w->sampler, p->shared_count)];
    if (w->object == EMU_NO_OBJECT) {
        for (uint32_t i = 0; i < p->context_count; i++)
            set_weight(w, p->contexts[i].context, p->contexts[i].most);
        return;
    }
    for (uint32_t i = 0; i < EMU_PROFILE_PAIRS; i++)
        if (p->pairs[i].context != 0 && p->pairs[i].object == w->object)
            set_weight(w, p->pairs[i].context, p->pairs[i].most);
}

/* Its place in the table, which is made; NULL when the table is full. */
static struct weight *weight_of(struct surw *w, uint32_t context)
{
    uint32_t i = 0;
    while (i < w->weight_count && w->weights[i].context != context)
        i++;
    if (i == w->weight_count)
        set_weight(w, context, 1);
    return i < w->weight_count ? &w->weights[i] : NULL;
}

static uint32_t left_of(struct surw *w, const struct emu_action *a)
{
    const struct weight *mine = weight_of(w, emu_action_context(a));
    return mine != NULL && mine->left > 0 ? mine->left : 1;
}

static bool is_ordered(const struct surw *w, const struct emu_action *a)
{
    return w->object == EMU_NO_OBJECT || (a->kind == EMU_ACTION_STEP && a->object == w->object);
}

/* One of those actions whose operation is (not) ordered, by weight or all alike. d->count: there is none. */
static uint32_t draw_action(struct surw *w, const struct emu_decision *d, bool ordered)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < d->count; i++)
        if (is_ordered(w, &d->actions[i]) == ordered)
            total += ordered ? left_of(w, &d->actions[i]) : 1;
    if (total == 0)
        return d->count;
    uint64_t point = (uint64_t)emu_draw(&w->sampler) * total >> 32;
    uint32_t i = 0;
    for (;; i++) {
        if (is_ordered(w, &d->actions[i]) != ordered)
            continue;
        uint64_t mine = ordered ? left_of(w, &d->actions[i]) : 1;
        if (point < mine)
            return i;
        point -= mine;
    }
}

/* Who comes next at the object, by weight; contexts that have nothing left there are not drawn. */
static uint32_t draw_intended(struct surw *w)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < w->weight_count; i++)
        total += w->weights[i].left;
    if (total == 0)
        return NOBODY;
    uint64_t point = (uint64_t)emu_draw(&w->sampler) * total >> 32;
    uint32_t i = 0;
    while (point >= w->weights[i].left)
        point -= w->weights[i++].left;
    return w->weights[i].context;
}

static uint32_t perform(struct surw *w, const struct emu_decision *d, uint32_t value)
{
    struct weight *mine = weight_of(w, emu_action_context(&d->actions[value]));
    if (mine != NULL && mine->left > 0)
        mine->left--;
    w->intended = NOBODY;
    return value;
}

/* The intended context's step on the object, where it has arrived; else what does not touch the object; else
 * somebody who waits for it, by weight. */
static uint32_t choose_for_object(struct surw *w, const struct emu_decision *d)
{
    if (w->intended == NOBODY)
        w->intended = draw_intended(w);
    for (uint32_t i = 0; i < d->count; i++)
        if (is_ordered(w, &d->actions[i]) && emu_action_context(&d->actions[i]) == w->intended)
            return perform(w, d, i);
    uint32_t value = draw_action(w, d, false);
    return value < d->count ? value : perform(w, d, draw_action(w, d, true));
}

static uint32_t surw_choose(struct emu_strategy *s, const struct emu_decision *d)
{
    struct surw *w = (struct surw *)s;
    if (w->profiling)
        return emu_profile_choose(&w->profile, &w->sampler, d);
    if (d->kind != EMU_CHOICE_SCHEDULE || d->actions == NULL)
        return emu_sampler_walk(&w->sampler, d);
    return w->object == EMU_NO_OBJECT ? perform(w, d, draw_action(w, d, true)) : choose_for_object(w, d);
}

static bool surw_end(struct emu_strategy *s)
{
    struct surw *w = (struct surw *)s;
    if (w->profiling)
        emu_profile_end(&w->profile);
    return true;
}

static void surw_destroy(struct emu_strategy *s)
{
    free(s);
}

struct emu_strategy *emu_strategy_surw(uint64_t seed)
{
    struct surw *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    w->sampler.base = (struct emu_strategy){.name = "surw",
                                            .begin = surw_begin,
                                            .choose = surw_choose,
                                            .end = surw_end,
                                            .destroy = surw_destroy,
                                            .profile_runs = EMU_PROFILE_RUNS};
    w->sampler.seed = seed;
    return &w->sampler.base;
}
