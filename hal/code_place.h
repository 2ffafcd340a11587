/*
 * Code of drivers and scenarios: which modules they are, and where an instruction stands in the sources.
 */
#ifndef HAL_CODE_PLACE_H
#define HAL_CODE_PLACE_H

#include <emu/callers.h>

/* An emu_source_fn. Reads debug information, which takes milliseconds, memory and much stack. */
void hal_code_places(const uintptr_t *addresses, struct emu_source *places, size_t count);

#endif
