/*
 * What going on asks the portfolio: whom it is made of. Private to emu.
 */
#ifndef EMU_STRATEGY_PART_H
#define EMU_STRATEGY_PART_H

#include <emu/choose.h>

/* One of those among whom it shares its runs; NULL: no such, or s is no portfolio. */
struct emu_strategy *emu_auto_arm(struct emu_strategy *s, unsigned index);
/* Runs of the profile that were begun, as every arm that has one was shown. */
uint64_t emu_auto_profiled(const struct emu_strategy *s);

#endif
