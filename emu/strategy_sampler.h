/*
 * What the samplers share: a generator, the temper of a run, who an action is of, and the profile.
 *
 * Choices other than the scheduler's are answered alike by all of them, at rates that the run draws first;
 * see strategy_random.c.
 */
#ifndef EMU_STRATEGY_SAMPLER_H
#define EMU_STRATEGY_SAMPLER_H

#include <emu/choose.h>

struct emu_sampler {
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
#define EMU_SPLITMIX_STEP 0x9e3779b97f4a7c15ull

static inline uint64_t emu_splitmix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

static inline uint32_t emu_draw(struct emu_sampler *s)
{
    s->state += EMU_SPLITMIX_STEP;
    return (uint32_t)(emu_splitmix(s->state) >> 32);
}

/* One of 0 to count - 1. The bias is below count / 2^32. */
static inline uint32_t emu_draw_below(struct emu_sampler *s, uint32_t count)
{
    return (uint32_t)(((uint64_t)emu_draw(s) * count) >> 32);
}

/* The run's state and temper, from (seed, run) alone. */
void emu_sampler_begin(struct emu_sampler *s, uint64_t run);
/* A choice that is not the scheduler's. */
uint32_t emu_sampler_other(struct emu_sampler *s, const struct emu_decision *d);
/* Any choice, by the random walk. */
uint32_t emu_sampler_walk(struct emu_sampler *s, const struct emu_decision *d);

/* Who would take an action: never 0, and the same in every run as far as objects are. */
static inline uint32_t emu_action_context(const struct emu_action *a)
{
    enum { CLASS_SHIFT = 28, CPU_SHIFT = 8 };
    switch ((enum emu_action_kind)a->kind) {
    case EMU_ACTION_STEP:
    case EMU_ACTION_SWITCH:
        return a->id;
    case EMU_ACTION_SOFT:
        return (uint32_t)EMU_ACTION_SOFT << CLASS_SHIFT | (uint32_t)a->cpu << CPU_SHIFT | a->id;
    case EMU_ACTION_EVENT:
        return (uint32_t)EMU_ACTION_EVENT << CLASS_SHIFT | a->object;
    case EMU_ACTION_DELIVER:
    case EMU_ACTION_ENGINE:
        break;
    }
    return (uint32_t)a->kind << CLASS_SHIFT | a->id;
}

/*
 * What a few runs showed: how many decisions a run has, which contexts there are, how much each of them did
 * (strands: their steps, those while they were alone included; others: how often they were chosen), and how
 * often each was chosen for a step on an object.
 */
enum {
    EMU_PROFILE_RUNS = 8,
    EMU_PROFILE_CONTEXTS = 128,
    EMU_PROFILE_PAIRS = 512, /* a power of two */
    EMU_PROFILE_DECISIONS_GUESS = 64,
    EMU_PROFILE_CONTEXTS_GUESS = 4,
};
struct emu_profile_context {
    uint32_t context;
    uint32_t now;  /* in this run */
    uint32_t most; /* in any */
};
struct emu_profile_pair {
    uint32_t context; /* 0: free */
    emu_object object;
    uint32_t now, most;
};
struct emu_program_profile {
    unsigned runs;
    uint32_t decisions_now, decisions; /* now, at most */
    const struct emu_machine *machine; /* whose run it is; NULL: nobody has decided anything yet */
    uint32_t context_count;
    struct emu_profile_context contexts[EMU_PROFILE_CONTEXTS];
    struct emu_profile_pair pairs[EMU_PROFILE_PAIRS];
    uint32_t pair_count;
    uint32_t shared_count; /* objects that several contexts used */
    emu_object shared[EMU_PROFILE_PAIRS];
};
/* A run of the profile: the first takes defaults, the others walk at random; all is noted. */
void emu_profile_begin(struct emu_program_profile *p);
uint32_t emu_profile_choose(struct emu_program_profile *p, struct emu_sampler *s,
                            const struct emu_decision *d);
void emu_profile_end(struct emu_program_profile *p);

#endif
