/*
 * What the strategies share: how a decision looks once it is written down, and whether it is the one that was
 * expected.
 */
#ifndef EMU_STRATEGY_PRIVATE_H
#define EMU_STRATEGY_PRIVATE_H

#include <emu/choose.h>

/* The decision as a choice that takes the default. Sites and counts have 16 bits: emu_choose() sees to that.
 */
static inline struct emu_choice emu_decision_choice(const struct emu_decision *d)
{
    return (struct emu_choice){.kind = (uint8_t)d->kind,
                               .free = d->free,
                               .site = (uint16_t)d->site,
                               .count = (uint16_t)d->count,
                               .value = 0};
}

/* Does answering with this value cost a preemption, when it is not 0? */
static inline bool emu_decision_costs(const struct emu_decision *d)
{
    return d->kind == EMU_CHOICE_SCHEDULE && !d->free;
}

#endif
