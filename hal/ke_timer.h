/*
 * Timers, for the rest of the kernel layer.
 */
#ifndef HAL_KE_TIMER_H
#define HAL_KE_TIMER_H

#include <stddef.h>

#include "hal/ke_state.h"

struct hal_kernel;

/* Stops the run when memory that is being freed holds a timer that is running. */
void ke_timer_freed(struct hal_kernel *k, const void *block, size_t bytes);

/* A running timer whose DPC is such code; EMU_NO_OBJECT: none. */
emu_object ke_timer_with_code(struct hal_kernel *k, ke_code_fn *is, const void *context);

#endif
