/*
 * Timers, for the rest of the kernel layer.
 */
#ifndef HAL_KE_TIMER_H
#define HAL_KE_TIMER_H

#include <stddef.h>

struct hal_kernel;

/* Stops the run when memory that is being freed holds a timer that is running. */
void ke_timer_freed(struct hal_kernel *k, const void *block, size_t bytes);

#endif
