/*
 * Memory that nobody may write: constants and code of the host's modules, drivers among them.
 */
#ifndef HAL_CONSTANTS_H
#define HAL_CONSTANTS_H

#include <stdbool.h>

/* Whether the page of this address is not the machine's own and a module's that is read-only. At any level.
 */
bool hal_is_constant(const void *address);

#endif
