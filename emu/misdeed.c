/*
 * What devices do wrong: asked in one place, told in the timeline by its name.
 */
#include <emu/misdeed.h>

#include "emu/machine_state.h"

uint32_t emu_misdeed_choose(struct emu_machine *m, emu_object device, uint32_t possible, uint32_t allowed)
{
    uint32_t may = possible & (m->config.misbehaving ? (uint32_t)EMU_MISDEEDS_ALL : allowed);
    if (EMU_LIKELY(may == 0))
        return 0;
    m->misdeed_offered = true;
    uint32_t skip = emu_choose(m, EMU_CHOICE_DEVICE, EMU_OP_MISDEED, (uint32_t)__builtin_popcount(may) + 1);
    if (skip == 0)
        return 0;
    for (; skip > 1; skip--)
        may &= may - 1;
    uint32_t misdeed = may & -may;
    emu_note(m, (emu_op)(EMU_OP_MISDEED_EARLY + __builtin_ctz(misdeed)), device, 0);
    return misdeed;
}

bool emu_misdeed_offered(const struct emu_machine *m)
{
    return m->misdeed_offered;
}

bool emu_removed_goes_on(struct emu_machine *m)
{
    return emu_profile_is_hostile(m->config.profile) &&
           emu_choose(m, EMU_CHOICE_DEVICE, EMU_OP_REMOVED, 2) != 0;
}
