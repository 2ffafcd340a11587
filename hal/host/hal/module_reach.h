/*
 * What a scenario and its drivers may write outside of the machine.
 */
#ifndef HAL_MODULE_REACH_H
#define HAL_MODULE_REACH_H

#include <stdbool.h>
#include <stddef.h>

typedef void hal_memory_fn(void *to, void *start, size_t bytes);

/*
 * Tells the writable memory of the module that code belongs to, and of all modules that it uses symbols of.
 * False: it uses something that may keep more than that from call to call (the heap, files, a library), or it
 * is the main program. Allocates; to be called now and then only.
 */
bool hal_module_reach(const void *code, hal_memory_fn *tell, void *to);

#endif
