/*
 * One-interrupt sweep: the default run, with one thing happening earlier than it would.
 *
 * Candidates are counted along the default run: each interrupt, software interrupt, engine and timer that is
 * on offer at a decision and is not the default. Run k takes number k. After an engine or a timer the first
 * delivery that is on offer is taken, too, since on the default run interrupts come when nobody else can go
 * on. A run that ends before its candidate is the last.
 */
#include <emu/strategies.h>

#include <stdlib.h>

enum phase { ON_THE_WAY, AWAITING_DELIVERY, DONE };

struct sweep {
    struct emu_strategy base;
    uint64_t wanted; /* candidate of this run, from 1; 0: none, the default run */
    uint64_t seen;
    enum phase phase;
};

static void sweep_begin(struct emu_strategy *s, uint64_t run)
{
    struct sweep *w = (struct sweep *)s;
    w->wanted = run;
    w->seen = 0;
    w->phase = run == 0 ? DONE : ON_THE_WAY;
}

static bool is_delivery(const struct emu_action *a)
{
    return a->kind == EMU_ACTION_DELIVER || a->kind == EMU_ACTION_SOFT;
}

static bool is_from_outside(const struct emu_action *a)
{
    return is_delivery(a) || a->kind == EMU_ACTION_ENGINE || a->kind == EMU_ACTION_EVENT;
}

static uint32_t sweep_choose(struct emu_strategy *s, const struct emu_decision *d)
{
    struct sweep *w = (struct sweep *)s;
    if (d->kind != EMU_CHOICE_SCHEDULE || d->actions == NULL || w->phase == DONE)
        return 0;
    for (uint32_t i = 0; i < d->count; i++) {
        const struct emu_action *a = &d->actions[i];
        if (w->phase == AWAITING_DELIVERY && is_delivery(a)) {
            w->phase = DONE;
            return i;
        }
        if (w->phase == ON_THE_WAY && i > 0 && is_from_outside(a) && ++w->seen == w->wanted) {
            w->phase = is_delivery(a) ? DONE : AWAITING_DELIVERY;
            return i;
        }
    }
    return 0;
}

static bool sweep_end(struct emu_strategy *s)
{
    const struct sweep *w = (const struct sweep *)s;
    return w->phase != ON_THE_WAY;
}

static void sweep_destroy(struct emu_strategy *s)
{
    free(s);
}

struct emu_strategy *emu_strategy_sweep(void)
{
    struct sweep *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    w->base = (struct emu_strategy){.name = "sweep",
                                    .begin = sweep_begin,
                                    .choose = sweep_choose,
                                    .end = sweep_end,
                                    .destroy = sweep_destroy};
    return &w->base;
}
