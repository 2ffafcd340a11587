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

#include "emu/strategy.h"

#include <stdlib.h>

/* Probabilities are out of 2^32. */
static const uint32_t switch_rates[] = {1u << 31, 1u << 30, 1u << 29, 1u << 28, 1u << 27, 1u << 26};
static const uint32_t latitude_rates[] = {0, 1u << 29, 1u << 30, 1u << 31};
static const uint32_t fault_rates[] = {0, 1u << 28, 1u << 30};

#define LENGTH(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

struct random_strategy {
    struct emu_strategy base;
    uint64_t seed;
    uint64_t state;
    uint64_t sites; /* decides which sites may fail in this run */
    uint32_t switch_rate;
    uint32_t latitude_rate;
    uint32_t fault_rate;
};

/* splitmix64 (Steele, Lea, Flood 2014): the state counts in steps of the golden ratio, the output is its
 * mixture. */
#define SPLITMIX_STEP 0x9e3779b97f4a7c15ull

static inline uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

static inline uint32_t draw(struct random_strategy *r)
{
    r->state += SPLITMIX_STEP;
    return (uint32_t)(mix(r->state) >> 32);
}

/* One of 0 to count - 1. The bias is below count / 2^32. */
static inline uint32_t draw_below(struct random_strategy *r, uint32_t count)
{
    return (uint32_t)(((uint64_t)draw(r) * count) >> 32);
}

static void random_begin(struct emu_strategy *s, uint64_t run)
{
    struct random_strategy *r = (struct random_strategy *)s;
    r->state = mix(mix(r->seed + SPLITMIX_STEP) ^ (run + 1));
    r->switch_rate = switch_rates[draw_below(r, LENGTH(switch_rates))];
    r->latitude_rate = latitude_rates[draw_below(r, LENGTH(latitude_rates))];
    r->fault_rate = fault_rates[draw_below(r, LENGTH(fault_rates))];
    r->sites = mix(r->state);
}

static uint32_t random_choose(struct emu_strategy *s, const struct emu_decision *d)
{
    struct random_strategy *r = (struct random_strategy *)s;
    uint32_t rate = r->latitude_rate;
    if (d->kind == EMU_CHOICE_SCHEDULE) {
        if (d->free)
            return draw_below(r, d->count);
        rate = r->switch_rate;
    } else if (d->kind == EMU_CHOICE_FAULT) {
        rate = (mix(r->sites ^ d->site) & 1) != 0 ? r->fault_rate : 0;
    }
    if (draw(r) >= rate)
        return 0;
    return 1 + draw_below(r, d->count - 1);
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
    struct random_strategy *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->base = (struct emu_strategy){.name = "random",
                                    .begin = random_begin,
                                    .choose = random_choose,
                                    .end = random_end,
                                    .destroy = random_destroy};
    r->seed = seed;
    random_begin(&r->base, 0);
    return &r->base;
}
