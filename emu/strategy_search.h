/*
 * What the portfolio asks a depth-first search.
 */
#ifndef EMU_STRATEGY_SEARCH_H
#define EMU_STRATEGY_SEARCH_H

#include <emu/choose.h>

/* Did the bounds take anything away in the search that has just ended? If not, every run there is was made.
 */
bool emu_search_was_cut(const struct emu_strategy *s);

#endif
