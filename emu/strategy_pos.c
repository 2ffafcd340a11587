/*
 * Partial order sampling: every announced operation has a priority of its own.
 *
 * The first of those that can happen does. Its context draws a new priority for what it does next, and so
 * does everybody who has announced an operation on the same object, unless both only read: so which of two
 * conflicting operations comes first is drawn afresh each time, whatever the contexts did before.
 */
#include <emu/strategies.h>

#include "emu/strategy_sampler.h"

#include <stdlib.h>

enum { SLOTS = 256 /* a power of two */, SLOT_SHIFT = 40 };
#define SLOT_MIX 0x9E3779B97F4A7C15ull

/* What a context has announced. */
struct announced {
    uint64_t run; /* the slot is of this run */
    uint32_t context;
    uint32_t priority; /* 0: to be drawn */
};

struct pos {
    struct emu_sampler sampler;
    uint64_t run;
    uint32_t used;
    struct announced slots[SLOTS];
    struct announced overflow; /* of those for whom there is no slot */
};

static void pos_begin(struct emu_strategy *s, uint64_t run)
{
    struct pos *p = (struct pos *)s;
    emu_sampler_begin(&p->sampler, run);
    p->run++;
    p->used = 0;
}

static struct announced *slot_of(struct pos *p, const struct emu_action *a)
{
    uint32_t context = emu_action_context(a);
    uint32_t i = (uint32_t)(context * SLOT_MIX >> SLOT_SHIFT) % SLOTS;
    while (p->slots[i].run == p->run && p->slots[i].context != context)
        i = (i + 1) % SLOTS;
    struct announced *at = &p->slots[i];
    if (at->run != p->run) {
        if (p->used == SLOTS - 1) {
            p->overflow.priority = 0;
            at = &p->overflow;
        } else {
            p->used++;
            *at = (struct announced){.run = p->run, .context = context};
        }
    }
    if (at->priority == 0)
        at->priority = emu_draw(&p->sampler) | 1;
    return at;
}

static bool reads_only(const struct emu_action *a)
{
    const struct emu_machine *m = emu_current();
    return m != NULL && a->op != 0 && emu_op_info(m, a->op)->access == EMU_ACCESS_READ;
}

static bool conflicts(const struct emu_action *a, const struct emu_action *b)
{
    return a->object != EMU_NO_OBJECT && a->object == b->object && !(reads_only(a) && reads_only(b));
}

static uint32_t pos_choose(struct emu_strategy *s, const struct emu_decision *d)
{
    struct pos *p = (struct pos *)s;
    if (d->kind != EMU_CHOICE_SCHEDULE || d->actions == NULL)
        return emu_sampler_walk(&p->sampler, d);
    uint32_t best = 0, highest = 0;
    for (uint32_t i = 0; i < d->count; i++) {
        uint32_t mine = slot_of(p, &d->actions[i])->priority;
        if (mine > highest) {
            highest = mine;
            best = i;
        }
    }
    for (uint32_t i = 0; i < d->count; i++)
        if (i == best || conflicts(&d->actions[i], &d->actions[best]))
            slot_of(p, &d->actions[i])->priority = 0;
    return best;
}

static bool pos_end(struct emu_strategy *s)
{
    (void)s;
    return true;
}

static void pos_destroy(struct emu_strategy *s)
{
    free(s);
}

struct emu_strategy *emu_strategy_pos(uint64_t seed)
{
    struct pos *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->sampler.base = (struct emu_strategy){
        .name = "pos", .begin = pos_begin, .choose = pos_choose, .end = pos_end, .destroy = pos_destroy};
    p->sampler.seed = seed;
    return &p->sampler.base;
}
