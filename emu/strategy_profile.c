/*
 * The profile: what a few runs show about a program before it is sampled.
 *
 * Tables are of fixed size. Of very many contexts or objects those that came first are known; the others
 * count as seen once.
 */
#include "emu/machine_state.h"
#include "emu/strategy_sampler.h"

#define PAIR_MIX 0x9E3779B97F4A7C15ull
enum { PAIR_SHIFT = 40, OBJECT_SHIFT = 32, PAIRS_USED_MAX = EMU_PROFILE_PAIRS / 4 * 3 };

void emu_profile_begin(struct emu_program_profile *p)
{
    p->decisions_now = 0;
    p->machine = NULL;
    for (uint32_t i = 0; i < p->context_count; i++)
        p->contexts[i].now = 0;
    for (uint32_t i = 0; i < EMU_PROFILE_PAIRS; i++)
        p->pairs[i].now = 0;
}

static void count_context(struct emu_program_profile *p, uint32_t context)
{
    uint32_t i = 0;
    while (i < p->context_count && p->contexts[i].context != context)
        i++;
    if (i == EMU_PROFILE_CONTEXTS)
        return;
    if (i == p->context_count)
        p->contexts[p->context_count++] = (struct emu_profile_context){.context = context};
    p->contexts[i].now++;
}

/* Strands whose slots are still theirs: a strand that was started into another's slot hides that one. To
 * begin is chosen as well. */
static void count_steps(struct emu_program_profile *p)
{
    for (uint32_t i = 0; i < p->context_count; i++) {
        struct emu_profile_context *c = &p->contexts[i];
        for (uint32_t s = 0; s < p->machine->strands_used; s++)
            if (p->machine->strands[s].object == c->context)
                c->now = p->machine->strands[s].steps + 1;
    }
}

static void count_pair(struct emu_program_profile *p, uint32_t context, emu_object object)
{
    uint64_t key = (uint64_t)object << OBJECT_SHIFT | context;
    uint32_t i = (uint32_t)(key * PAIR_MIX >> PAIR_SHIFT) % EMU_PROFILE_PAIRS;
    struct emu_profile_pair *at = &p->pairs[i];
    while (at->context != 0 && (at->context != context || at->object != object)) {
        i = (i + 1) % EMU_PROFILE_PAIRS;
        at = &p->pairs[i];
    }
    if (at->context == 0) {
        if (p->pair_count == PAIRS_USED_MAX)
            return;
        p->pair_count++;
        *at = (struct emu_profile_pair){.context = context, .object = object};
    }
    at->now++;
}

uint32_t emu_profile_choose(struct emu_program_profile *p, struct emu_sampler *s,
                            const struct emu_decision *d)
{
    uint32_t value = p->runs == 0 ? 0 : emu_sampler_walk(s, d);
    if (d->kind != EMU_CHOICE_SCHEDULE || d->actions == NULL)
        return value;
    const struct emu_action *a = &d->actions[value];
    p->decisions_now++;
    p->machine = emu_current();
    count_context(p, emu_action_context(a));
    if (a->kind == EMU_ACTION_STEP && a->object != EMU_NO_OBJECT)
        count_pair(p, emu_action_context(a), a->object);
    return value;
}

static bool is_known(const struct emu_program_profile *p, emu_object object)
{
    uint32_t i = 0;
    while (i < p->shared_count && p->shared[i] != object)
        i++;
    return i < p->shared_count;
}

static bool is_used_by_another(const struct emu_program_profile *p, const struct emu_profile_pair *pair)
{
    uint32_t i = 0;
    while (i < EMU_PROFILE_PAIRS && (p->pairs[i].context == 0 || p->pairs[i].object != pair->object ||
                                     p->pairs[i].context == pair->context))
        i++;
    return i < EMU_PROFILE_PAIRS;
}

static void find_shared(struct emu_program_profile *p)
{
    p->shared_count = 0;
    for (uint32_t i = 0; i < EMU_PROFILE_PAIRS; i++) {
        const struct emu_profile_pair *pair = &p->pairs[i];
        if (pair->context != 0 && !is_known(p, pair->object) && is_used_by_another(p, pair))
            p->shared[p->shared_count++] = pair->object;
    }
}

void emu_profile_end(struct emu_program_profile *p)
{
    p->runs++;
    if (p->machine != NULL)
        count_steps(p);
    if (p->decisions_now > p->decisions)
        p->decisions = p->decisions_now;
    for (uint32_t i = 0; i < p->context_count; i++) {
        struct emu_profile_context *c = &p->contexts[i];
        c->most = c->now > c->most ? c->now : c->most;
    }
    for (uint32_t i = 0; i < EMU_PROFILE_PAIRS; i++) {
        struct emu_profile_pair *pair = &p->pairs[i];
        pair->most = pair->now > pair->most ? pair->now : pair->most;
    }
    if (p->runs == EMU_PROFILE_RUNS)
        find_shared(p);
}
