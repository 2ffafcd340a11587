/*
 * Seeded random runs. Run k is made from (seed, k) alone, so that any of them can be made again without the
 * ones before.
 *
 * Uniform answers would be a poor sampler: a context would hardly ever get two steps in a row, and bugs that
 * need one long undisturbed stretch would never show. So each run first draws a temper, three rates, and
 * keeps them:
 *
 *   switch    a context that could go on is left with probability 1/2, 1/4 ... 1/64: runs with many short
 * stretches and runs with one or two preemptions anywhere are equally common, whatever the length of the
 * program latitude  every other choice deviates with probability 0, 1/8, 1/4 or 1/2 fault     an operation
 * fails with probability 0, 1/16 or 1/4, and only at the half of the sites that this run drew, so that faults
 * come in believable clusters
 *
 * A choice that deviates takes one of the other values, all alike. A context that could not go on anyway is
 * followed by any of the others, all alike.
 */
#include <emu/explore.h>

#include "emu/strategy_sampler.h"

#include <stdlib.h>

/* Probabilities are out of 2^32. */
static const uint32_t switch_rates[] = {1u << 31, 1u << 30, 1u << 29, 1u << 28, 1u << 27, 1u << 26};
static const uint32_t latitude_rates[] = {0, 1u << 29, 1u << 30, 1u << 31};
static const uint32_t fault_rates[] = {0, 1u << 28, 1u << 30};

#define LENGTH(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

void emu_sampler_begin(struct emu_sampler *r, uint64_t run)
{
    r->state = emu_splitmix(emu_splitmix(r->seed + EMU_SPLITMIX_STEP) ^ (run + 1));
    r->switch_rate = switch_rates[emu_draw_below(r, LENGTH(switch_rates))];
    r->latitude_rate = latitude_rates[emu_draw_below(r, LENGTH(latitude_rates))];
    r->fault_rate = fault_rates[emu_draw_below(r, LENGTH(fault_rates))];
    r->sites = emu_splitmix(r->state);
}

static inline uint32_t deviate(struct emu_sampler *r, uint32_t rate, uint32_t count)
{
    return emu_draw(r) >= rate ? 0 : 1 + emu_draw_below(r, count - 1);
}

uint32_t emu_sampler_other(struct emu_sampler *r, const struct emu_decision *d)
{
    uint32_t rate = r->latitude_rate;
    if (d->kind == EMU_CHOICE_FAULT)
        rate = (emu_splitmix(r->sites ^ d->site) & 1) != 0 ? r->fault_rate : 0;
    return deviate(r, rate, d->count);
}

uint32_t emu_sampler_walk(struct emu_sampler *r, const struct emu_decision *d)
{
    if (d->kind != EMU_CHOICE_SCHEDULE)
        return emu_sampler_other(r, d);
    return d->free ? emu_draw_below(r, d->count) : deviate(r, r->switch_rate, d->count);
}

static void random_begin(struct emu_strategy *s, uint64_t run)
{
    emu_sampler_begin((struct emu_sampler *)s, run);
}

static uint32_t random_choose(struct emu_strategy *s, const struct emu_decision *d)
{
    return emu_sampler_walk((struct emu_sampler *)s, d);
}

static bool random_end(struct emu_strategy *s)
{
    (void)s;
    return true;
}

static void random_destroy(struct emu_strategy *s)
{
    free(s);
}

struct emu_strategy *emu_strategy_random(uint64_t seed)
{
    struct emu_sampler *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->base = (struct emu_strategy){.name = "random",
                                    .begin = random_begin,
                                    .choose = random_choose,
                                    .end = random_end,
                                    .destroy = random_destroy};
    r->seed = seed;
    emu_sampler_begin(r, 0);
    return &r->base;
}
